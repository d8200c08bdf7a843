//! Streams made by the reference programs (gzip, bzip2, xz, zstd, lz4, Python's zlib and lzma).

use proptest::prelude::*;

use super::*;

/// `hello, packed world\n` forty times, as each program packs it.
const PACKED: &[(Codec, &[u8])] = &[
    (Codec::Gzip, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcbH\xcd\xc9\xc9\xd7Q(HL\xceNMQ(\xcf/\xcaI\xe1\xca\x18\x15\x1b\x15\x1b\x15\x03\x8b\x01\x00m\xae\x12; \x03\x00\x00"),
    (Codec::Zlib, b"x\x9c\xcbH\xcd\xc9\xc9\xd7Q(HL\xceNMQ(\xcf/\xcaI\xe1\xca\x18\x15\x1b\x15\x1b\x15\x03\x8b\x01\x00\xd9T\x1c "),
    (Codec::ZFile, b"ZF0x320              x\x9c\xcbH\xcd\xc9\xc9\xd7Q(HL\xceNMQ(\xcf/\xcaI\xe1\xca\x18\x15\x1b\x15\x1b\x15\x03\x8b\x01\x00\xd9T\x1c "),
    (Codec::Bzip2, b"BZh91AY&SY.\x84\xf3\xe0\x00\x00\xdb\xd1\x80\x00\x10@\x04.L\xd0\x80 \x00p@\x00\x00\xa5P\x02~\xa9\x9c\x09\xb0\x9a\x09\xf8L\x13\x910O\x04\xc10O\x04\xc1?\x89\xc0\x9c\x84\xf4OD\xc14\x13\xe1w$S\x85\x09\x02\xe8O>\x00"),
    (Codec::Xz, b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\xe0\x03\x1f\x00\x1e]\x004\x19I\xee\x8d\xef\x8cj\xdc\xbdZv\xd0\xf3\xcf\xeeT\x85]\xf8\x1aN\x1b\xe0b\x17S\xa0\x88\x80\x00\x00\x00\x0a\x8f\x5c\xbe\xcf\x10\xdc\xf8\x00\x01:\xa0\x06\x00\x00\x00\x5c0\xf83\xb1\xc4g\xfb\x02\x00\x00\x00\x00\x04YZ"),
    (Codec::Lzma, b"]\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x004\x19I\xee\x8d\xef\x8cj\xdc\xbdZv\xd0\xf3\xcf\xeeT\x85]\xf8\x1aN\x1b\xe0b\x17T9\x99\x0b\xff\xff\xba6\x00\x00"),
    (Codec::Zstd, b"(\xb5/\xfd\x04X\xdd\x00\x00\xa0hello, packed world\x0a\x01\x00\x12^5\x99\xf8\xd9U\xad"),
    (Codec::Lz4, b"\x04\x22M\x18d@\xa7!\x00\x00\x00\xff\x05hello, packed world\x0a\x14\x00\xff\xff\xf6Porld\x0a\x00\x00\x00\x00\xaeZ9\xbb"),
];

fn plain() -> Vec<u8> {
    b"hello, packed world\n".repeat(40)
}

fn of(bytes: &[u8], codec: Codec) -> Result<Stream, Failed> {
    unpack(&bytes.to_vec(), codec, 1 << 20, &Limits::default())
}

#[test]
fn what_the_reference_programs_pack_is_unpacked() {
    for (codec, packed) in PACKED {
        let stream = of(packed, *codec).unwrap();
        assert_eq!(stream.bytes, plain(), "{codec:?}");
        assert_eq!(
            (stream.parts.len(), stream.faults),
            (1, vec![]),
            "{codec:?}"
        );
    }
}

#[test]
fn a_limit_is_kept() {
    for (codec, packed) in PACKED {
        let packed = packed.to_vec();
        let limits = Limits::default();
        let enough = unpack(&packed, *codec, 800, &limits).unwrap();
        assert_eq!(enough.faults, [], "{codec:?}");
        let small = unpack(&packed, *codec, 799, &limits).unwrap();
        assert_eq!(small.faults, [Fault::TooLarge(799)], "{codec:?}");
        assert_eq!(small.bytes, plain()[..799], "{codec:?}");
    }
}

#[test]
fn several_parts_and_what_follows_them_are_told() {
    for (codec, packed) in PACKED {
        let mut bytes = packed.repeat(2);
        let stream = of(&bytes, *codec).unwrap();
        if codec.magics().is_empty() {
            let (at, length) = (packed.len() as u64, packed.len() as u64);
            assert_eq!(stream.bytes, plain(), "{codec:?}");
            assert_eq!(stream.faults, [Fault::Trailing { at, length }], "{codec:?}");
            continue;
        }
        assert_eq!(stream.bytes, plain().repeat(2), "{codec:?}");
        assert_eq!(
            (stream.parts.len(), stream.faults),
            (2, vec![]),
            "{codec:?}"
        );
        bytes.extend(b"\0\0\0\0behind");
        let at = bytes.len() as u64 - 6;
        let faults = of(&bytes, *codec).unwrap().faults;
        assert_eq!(faults, [Fault::Trailing { at, length: 6 }], "{codec:?}");
    }
}

#[test]
fn frames_without_data_are_stepped_over() {
    for (codec, packed) in PACKED {
        if !matches!(codec, Codec::Zstd | Codec::Lz4) {
            continue;
        }
        let empty = b"\x52\x2a\x4d\x18\x03\0\0\0abc";
        let bytes = [empty, *packed, empty, packed].concat();
        let format = crate::sniff(&bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(Codec::of(format), Some(*codec));
        let stream = of(&bytes, *codec).unwrap();
        assert_eq!(
            (stream.parts.len(), stream.faults),
            (2, vec![]),
            "{codec:?}"
        );
        let second = (empty.len() + packed.len() + 8) as u64;
        assert_eq!(stream.asides, [(8, 3), (second, 3)], "{codec:?}");
    }
}

#[test]
fn fields_of_a_header_are_told() {
    let extra = [7; 20];
    let mut bytes = b"\x1f\x8b\x08\x1c\0\0\0\0\x02\x03\x14\0".to_vec();
    bytes.extend(extra);
    bytes.extend(b"a\0and a comment that is long\0\x03\0\0\0\0\0\0\0\0\0");
    let stream = of(&bytes, Codec::Gzip).unwrap();
    assert_eq!(stream.asides, [(12, 20), (34, 26)]);
}

#[test]
fn a_name_in_the_header_is_told() {
    let named = b"\x1f\x8b\x08\x08\0\0\0\0\x02\x03../x\0\x03\0\0\0\0\0\0\0\0\0";
    assert_eq!(
        of(named, Codec::Gzip).unwrap().faults,
        [Fault::Name("../x".to_owned())]
    );
}

#[test]
fn truncated_at_every_byte() {
    for (codec, packed) in PACKED {
        for length in 0..packed.len() {
            // The legacy format's own end mark may be cut: nothing is missing then.
            if let Ok(stream) = of(&packed[..length], *codec) {
                assert!(!stream.is_complete(), "{codec:?} {length}");
                assert!(plain().starts_with(&stream.bytes), "{codec:?} {length}");
            }
        }
    }
}

#[test]
fn a_wrong_checksum_is_told_and_the_data_kept() {
    for (codec, packed) in PACKED {
        // gzip's and zlib's checksums, xz's check behind the data, and the frames' checksums.
        let back = match codec {
            Codec::Gzip => 8,
            Codec::Zlib | Codec::Zstd | Codec::Lz4 => 1,
            _ => continue,
        };
        let mut bytes = packed.to_vec();
        let at = bytes.len() - back;
        bytes[at] ^= 1;
        let stream = of(&bytes, *codec).unwrap();
        assert_eq!(stream.bytes, plain(), "{codec:?}");
        assert_eq!(stream.faults, [Fault::Broken { at: 0 }], "{codec:?}");
    }
}

proptest! {
    #[test]
    fn any_change_is_survived(which in 0..PACKED.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (codec, packed) = PACKED[which];
        let mut bytes = packed.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(stream) = of(&bytes, codec) {
            prop_assert!(stream.bytes.len() <= 1 << 20);
        }
    }

    #[test]
    fn any_bytes_are_survived(which in 0..PACKED.len(), cut in 1_usize..20, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (codec, packed) = PACKED[which];
        let mut bytes = packed[..cut].to_vec();
        bytes.extend(tail);
        if let Ok(stream) = of(&bytes, codec) {
            prop_assert!(stream.bytes.len() <= 1 << 20);
        }
    }
}
