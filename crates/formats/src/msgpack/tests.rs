use proptest::prelude::*;

use super::*;
use crate::{Format, sniff, walk};

fn of(bytes: &[u8]) -> Document {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn is(bytes: &[u8]) -> bool {
    sniff(&bytes.to_vec(), &Limits::default()).unwrap() == Some(Format::Msgpack)
}

/// `{"params": {"w": an array of Flax}}`, the numbers being four.
fn flax(shape: u8, kind: &[u8]) -> Vec<u8> {
    let name = [&[0xa0 | u8::try_from(kind.len()).unwrap()], kind].concat();
    let array = [&[0x93, 0x91, shape], name.as_slice(), b"\xc4\x10", &[0; 16]].concat();
    let length = u8::try_from(array.len()).unwrap();
    [
        b"\x81\xa6params\x81\xa1w\xc7".as_slice(),
        &[length, 1],
        &array,
    ]
    .concat()
}

#[test]
fn arrays_of_flax_are_data() {
    let bytes = flax(4, b"float32");
    let document = of(&bytes);
    assert_eq!((document.arrays, document.roots), (1, 1));
    assert_eq!((document.parts, document.faults), (vec![], vec![]));
    assert!(is(&bytes));
}

#[test]
fn arrays_that_are_not_what_they_say() {
    let [Fault::Shape { declared, held, .. }] = of(&flax(5, b"float32")).faults[..] else {
        panic!("no fault of the shape");
    };
    assert_eq!((declared, held), (20, 16));
    let faults = of(&flax(4, b"object")).faults;
    assert!(matches!(faults[..], [Fault::ObjectType { .. }]));
}

#[test]
fn objects_of_msgpack_numpy_are_parts() {
    let bytes = b"\x84\xc4\x02nd\xc3\xc4\x04type\xc4\x02|O\xc4\x04kind\xc4\x01O\xc4\x04data\xc4\x04\x80\x04N.";
    let [part] = &of(bytes).parts[..] else {
        panic!("one part");
    };
    assert_eq!((part.length, &part.kind), (4, &Kind::Objects));
    let numbers =
        b"\x84\xc4\x02nd\xc3\xc4\x04type\xc4\x02<i\xc4\x04kind\xc4\x00\xc4\x04data\xc4\x04\0\0\0\0";
    assert_eq!((of(numbers).arrays, of(numbers).parts.len()), (1, 0));
}

#[test]
fn extensions_that_name_a_function_are_told() {
    let bytes = b"\xc7\x0f\x00\x93\xa2os\xa6system\xa2id\xc0";
    let [part] = &of(bytes).parts[..] else {
        panic!("one part");
    };
    let Kind::Call { module, name, .. } = &part.kind else {
        panic!("{:?}", part.kind);
    };
    assert_eq!((module.as_str(), name.as_str()), ("os", "system"));
}

#[test]
fn counts_that_the_file_does_not_keep() {
    for (bytes, what) in [
        (&b"\x81\xa1a\xdf\xff\xff\xff\xff"[..], "map"),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", "list"),
        (b"\x81\xa1a\xc6\xff\xff\xff\xff", "text or bytes"),
        (b"\x81\xa1a\xc9\xff\xff\xff\xff\x01", "extension"),
    ] {
        let faults = of(bytes).faults;
        assert!(
            matches!(faults[..], [Fault::Beyond { what: found, .. }] if found == what),
            "{faults:?}"
        );
    }
    assert!(is(b"\x82\xa6params\xdf\xff\xff\xff\xff\xa6kernel\xc0"));
}

#[test]
fn depth_costs_no_stack() {
    let mut bytes = b"\x81\xa6params".to_vec();
    bytes.extend([0x91; 1_000_000]);
    assert!(matches!(of(&bytes).faults[..], [Fault::TooDeep { .. }]));
    assert!(is(&[
        b"\x82\xa6params\x01\xa5model".to_vec(),
        vec![0x91; 5000]
    ]
    .concat()));
}

#[test]
fn doubled_keys_and_what_follows_are_told() {
    let faults = of(b"\x82\xa1a\x01\xa1a\x02").faults;
    assert_eq!(faults, [Fault::DoubledKey { at: 7 }]);
    let faults = of(b"\x81\xa1a\x01PK").faults;
    assert_eq!(faults, [Fault::Trailing { at: 4, length: 2 }]);
    assert_eq!(of(b"\x81\xa1a\x01\x81\xa1a\x01").roots, 2);
}

#[test]
fn what_only_begins_alike_is_none() {
    for bytes in [
        &b"\x80"[..],
        b"\x81\x01\x02",
        b"\x89PNG\r\n\x1a\n",
        b"\x93NUMPY",
        b"\x92\x01\x02",
        b"\x8c\x02os\x8c\x06system\x93.",
        b"\x81\xa1",
    ] {
        assert!(!is(bytes), "{}", bytes.escape_ascii());
    }
}

#[test]
fn noise_is_none() {
    // Tensors look like this, and a model has thousands (xorshift64, Marsaglia 2003).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    for first in [0x81, 0x85, 0x8f, 0x91, 0x9f, 0xc7, 0xdc, 0xde, 0xdf] {
        for _ in 0..2_000 {
            let mut bytes: Vec<u8> = (0..64).flat_map(|_| noise()).collect();
            bytes[0] = first;
            assert!(!is(&bytes), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn truncated_at_every_byte() {
    let whole = flax(4, b"float32");
    for length in 1..whole.len() {
        let document = of(&whole[..length]);
        assert_eq!(document.faults.len(), 1, "{length}");
        assert!(document.end <= length as u64);
    }
}

#[test]
fn bytes_are_walked() {
    let mut seen = Vec::new();
    let bytes = b"\x81\xa6params\xc7\x10\x2a\x80\x04\x8c\x02os\x8c\x06system\x93.".to_vec();
    let unread = walk(&bytes, &Limits::default(), &mut |entry| {
        seen.extend(entry.formats.first().copied());
        Ok(())
    });
    assert_eq!(seen, [Format::Msgpack, Format::Pickle]);
    assert_eq!(unread.unwrap(), []);
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let document = of(&bytes);
        prop_assert!(document.values <= bytes.len() as u64);
        prop_assert!(document.end <= bytes.len() as u64);
    }
}
