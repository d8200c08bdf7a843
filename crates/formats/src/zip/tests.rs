//! Archives assembled by hand, with the two headers told apart.

use proptest::prelude::*;
use tutela_core::read_all;

use super::*;

struct Entry<'a> {
    listed: &'a str,
    local: &'a str,
    flags: u16,
    data: &'a [u8],
    crc: u32,
}

fn entry<'a>(name: &'a str, data: &'a [u8]) -> Entry<'a> {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    Entry {
        listed: name,
        local: name,
        flags: 0,
        data,
        crc: crc.sum(),
    }
}

fn header(signature: &[u8], extra: &[u8], entry: &Entry<'_>, name: &str) -> Vec<u8> {
    let size = u32::try_from(entry.data.len()).unwrap().to_le_bytes();
    let mut bytes = signature.to_vec();
    bytes.extend_from_slice(extra);
    bytes.extend([20, 0]);
    bytes.extend(entry.flags.to_le_bytes());
    bytes.extend([0; 6]);
    bytes.extend(entry.crc.to_le_bytes());
    bytes.extend(size);
    bytes.extend(size);
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = u32::try_from(bytes.len()).unwrap();
        bytes.extend(header(b"PK\x03\x04", &[], entry, entry.local));
        bytes.extend(entry.local.bytes());
        bytes.extend(entry.data);
        if entry.listed.is_empty() {
            continue;
        }
        directory.extend(header(b"PK\x01\x02", &[20, 3], entry, entry.listed));
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(entry.listed.bytes());
    }
    let (at, size) = (bytes.len(), directory.len());
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let listed = entries.iter().filter(|entry| !entry.listed.is_empty());
    let count = u16::try_from(listed.count()).unwrap().to_le_bytes();
    bytes.extend([count, count].concat());
    bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
    bytes.extend(u32::try_from(at).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn of(bytes: &[u8]) -> Archive {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn faults(bytes: &[u8]) -> Vec<Fault> {
    of(bytes)
        .anomalies
        .into_iter()
        .map(|anomaly| anomaly.fault)
        .collect()
}

#[test]
fn a_plain_archive_has_nothing_to_tell() {
    let bytes = archive(&[entry("a", b"one"), entry("b/c", b"two")]);
    assert_eq!(faults(&bytes), []);
    let members = of(&bytes).members;
    let content = members[1].open(&bytes, 100).unwrap();
    assert_eq!(read_all(&content, 100).unwrap(), b"two");
    assert!(members[1].is_intact(&content).unwrap());
}

#[test]
fn each_trick_is_told() {
    let renamed = Entry {
        local: "z",
        ..entry("a", b"one")
    };
    assert!(matches!(
        faults(&archive(&[renamed]))[..],
        [Fault::Name { .. }]
    ));
    let locked = Entry {
        flags: 1,
        ..entry("a", b"one")
    };
    let bytes = archive(&[locked]);
    assert_eq!(faults(&bytes), [Fault::Encryption(1)]);
    // The flag lies: the data reads without a key, as torch's loader does.
    assert!(of(&bytes).members[0].open(&bytes, 100).is_ok());
    let hidden = Entry {
        listed: "",
        ..entry("x", b"hidden")
    };
    assert_eq!(
        faults(&archive(&[entry("a", b"one"), hidden])),
        [Fault::Unlisted("x".to_owned())]
    );
    assert_eq!(
        faults(&archive(&[entry("a", b"1"), entry("a", b"2")])),
        [Fault::Duplicate("a".to_owned())]
    );
    let wrong = archive(&[Entry {
        crc: 7,
        ..entry("a", b"one")
    }]);
    let member = &of(&wrong).members[0];
    assert!(!member.is_intact(&member.open(&wrong, 9).unwrap()).unwrap());
}

#[test]
fn bytes_around_the_archive_are_told() {
    let whole = archive(&[entry("a", b"one")]);
    let mut around = b"prefix".to_vec();
    around.extend(&whole);
    around.extend(b"behind");
    assert_eq!(faults(&around), [Fault::Prefix(6), Fault::Trailing(6)]);
    let content = of(&around).members[0]
        .open(&around, 9)
        .map(|content| read_all(&content, 9));
    assert_eq!(content.unwrap().unwrap(), b"one");
}

#[test]
fn members_are_found_without_a_directory() {
    let whole = archive(&[entry("a", b"one"), entry("b", b"two")]);
    let cut = &whole[..whole.len() - 22];
    let found = of(cut);
    assert_eq!(found.members.len(), 2);
    assert!(faults(cut).contains(&Fault::NoDirectory));
}

#[test]
fn truncated_at_every_byte() {
    let whole = archive(&[entry("a", b"one"), entry("b", b"two")]);
    for length in 0..whole.len() {
        assert!(!faults(&whole[..length]).is_empty(), "{length}");
    }
}

#[test]
fn limits_are_kept() {
    let entries: Vec<_> = (0..5).map(|_| entry("a", b"")).collect();
    let limits = Limits {
        members: 3,
        ..Limits::default()
    };
    let found = read(&archive(&entries), &limits).unwrap();
    assert_eq!(found.members.len(), 3);
    assert!(
        found
            .anomalies
            .iter()
            .any(|anomaly| anomaly.fault == Fault::TooMany(3))
    );
}

/// Two members called `a`, and the directory entry of the first.
fn two_members() -> (Vec<u8>, Vec<u8>) {
    let (first, second) = (entry("a", b"one"), entry("a", b"two"));
    let local = |entry: &Entry<'_>| {
        let mut bytes = header(b"PK\x03\x04", &[], entry, entry.local);
        bytes.extend(entry.local.bytes());
        bytes.extend(entry.data);
        bytes
    };
    let listed = |entry: &Entry<'_>, at: u32| {
        let mut bytes = header(b"PK\x01\x02", &[20, 3], entry, entry.listed);
        bytes.extend([0; 10]);
        bytes.extend(at.to_le_bytes());
        bytes.extend(entry.listed.bytes());
        bytes
    };
    let data = [local(&first), local(&second)].concat();
    let directory = listed(&first, 0);
    (data, directory)
}

fn end(count: u16, size: usize, at: usize, comment: &[u8]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([number(size), number(at)].concat());
    bytes.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    bytes.extend(comment);
    bytes
}

fn contents(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bytes = bytes.to_vec();
    let members = of(&bytes).members;
    let open = |member: &Member| read_all(&member.open(&bytes, 100).unwrap(), 100).unwrap();
    members.iter().map(open).collect()
}

#[test]
fn entries_behind_the_directory_are_read() {
    let (data, first) = two_members();
    let mut second = first.clone();
    let at = u32::try_from(data.len() / 2).unwrap().to_le_bytes();
    second[42..46].copy_from_slice(&at);
    let bytes = [
        &data[..],
        &first,
        &second,
        &end(1, first.len(), data.len(), b""),
    ]
    .concat();
    let found = faults(&bytes);
    assert!(
        found.contains(&Fault::OtherDirectory("a".to_owned())),
        "{found:?}"
    );
    assert_eq!(contents(&bytes), [b"one", b"two"]);
}

#[test]
fn a_directory_in_the_comment_is_read() {
    let (data, first) = two_members();
    let whole = archive(&[entry("b", b"inner")]);
    let bytes = [&data[..], &first, &end(1, first.len(), data.len(), &whole)].concat();
    let found = faults(&bytes);
    assert!(found.contains(&Fault::SeveralEnds), "{found:?}");
    assert!(contents(&bytes).contains(&b"inner".to_vec()));
    assert!(contents(&bytes).contains(&b"one".to_vec()));
}

#[test]
fn an_archive_stored_at_the_end_of_another_is_no_second_end() {
    let inner = archive(&[entry("a", b"one")]);
    let outer = archive(&[entry("x", b"1"), entry("in.zip", &inner)]);
    assert_eq!(faults(&outer), []);
}

#[test]
fn a_member_is_read_as_both_headers_say() {
    let mut bytes = archive(&[entry("a", b"one-two")]);
    // The directory says three bytes, the member's header seven.
    let at = bytes
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .unwrap();
    bytes[at + 20] = 3;
    bytes[at + 24] = 3;
    assert!(faults(&bytes).contains(&Fault::Size {
        listed: 3,
        local: 7
    }));
    let members = of(&bytes).members;
    assert_eq!((members[0].listed, members[1].listed), (true, false));
    assert_eq!(contents(&bytes), [&b"one"[..], b"one-two"]);
}

#[test]
fn members_are_found_behind_other_bytes_and_without_sizes() {
    let (data, first) = two_members();
    let half = data.len() / 2;
    let mut streamed = data[half..].to_vec();
    // Bit 3: the sizes stand behind the data.
    streamed[6] = 8;
    streamed[14..26].fill(0);
    let gap = [b"junk", &streamed[..], b"PK\x07\x08", &[0; 12]].concat();
    let at = half + gap.len();
    let bytes = [&data[..half], &gap, &first, &end(1, first.len(), at, b"")].concat();
    let found = faults(&bytes);
    let length = 4;
    assert_eq!(
        found,
        [
            Fault::Gap {
                at: half as u64,
                length
            },
            Fault::Unlisted("a".to_owned())
        ]
    );
    assert_eq!(contents(&bytes), [b"one", b"two"]);
}

#[test]
fn overlaps_and_likenesses_are_told() {
    let inner = archive(&[entry("in", b"x")]);
    let mut bytes = archive(&[
        entry("out", &inner),
        entry("B/a", b"1"),
        entry("b\\./A", b"2"),
    ]);
    assert_eq!(
        faults(&bytes),
        [Fault::Alike("B/a".to_owned(), "b\\./A".to_owned())]
    );
    // The second member of the directory is sent into the first one's data.
    let at = bytes.len() - 22 - (46 + 5) - (46 + 3);
    bytes[at + 42] = 33;
    let found = faults(&bytes);
    let overlap = Fault::Overlap("B/a".to_owned(), "out".to_owned());
    assert!(found.contains(&overlap), "{found:?}");
}

#[test]
fn plain_data_behind_an_encryption_flag_is_read_when_packed_too() {
    let packed = [0x01, 3, 0, 0xfc, 0xff, b'o', b'n', b'e'];
    let mut bytes = archive(&[Entry {
        flags: 1,
        crc: 7,
        ..entry("a", &packed)
    }]);
    let listed = bytes
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .unwrap();
    for (at, value) in [(8, 8), (22, 3), (listed + 10, 8), (listed + 24, 3)] {
        bytes[at] = value;
    }
    assert_eq!(contents(&bytes), [b"one"]);
}

proptest! {
    #[test]
    fn any_bytes_are_described(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..100) {
        let found = of(&bytes);
        prop_assert!(found.members.len() < 20);
        // The same behind a real member, and with the end of a real archive.
        let whole = archive(&[entry("a", b"one")]);
        bytes.extend(&whole[cut.min(whole.len())..]);
        for member in of(&bytes).members {
            if let Ok(content) = member.open(&bytes, 1 << 20) {
                prop_assert!(content.len() <= 1 << 20);
            }
        }
    }

    #[test]
    fn any_change_of_an_archive_is_survived(at in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 1..9)) {
        let inner = archive(&[entry("in", b"x")]);
        let mut whole = archive(&[entry("a", b"one"), entry("in.zip", &inner), entry("b", b"two")]);
        let at = at.index(whole.len() - bytes.len());
        whole[at..at + bytes.len()].copy_from_slice(&bytes);
        let walked = crate::walk(&whole, &Limits::default(), &mut |_| Ok(()));
        prop_assert!(walked.is_ok());
    }
}

#[test]
fn an_extra_field_with_another_name_is_told() {
    let field = |name: &[u8]| {
        let size = u8::try_from(name.len() + 5).unwrap();
        [b"up", &[size, 0, 1, 0, 0, 0, 0][..], name].concat()
    };
    let other = |name: &[u8], other: &[u8]| directory::other_name(name, &field(other));
    assert_eq!(other(b"a.txt", b"data.pkl").as_deref(), Some("data.pkl"));
    assert!(other(b"\x82.txt", "\u{e9}.pkl".as_bytes()).is_some());
    // What Info-ZIP writes for names that its character set lacks.
    assert_eq!(other(b"caf#U00e9.txt", "caf\u{e9}.txt".as_bytes()), None);
    assert_eq!(other(b"caf\x82.txt", "caf\u{e9}.txt".as_bytes()), None);
    assert_eq!(other(b"a.txt", b"a.txt"), None);
    for length in 0..9 {
        let cut = field(b"x");
        assert_eq!(directory::other_name(b"a", &cut[..length]), None);
    }
}
