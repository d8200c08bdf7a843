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
}
