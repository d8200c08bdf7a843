//! Archives as writers make them, and as attackers do.

use super::*;

fn member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    link(name, kind, "", data)
}

fn link(name: &str, kind: u8, target: &str, data: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[257..262].copy_from_slice(b"ustar");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    block.extend(data);
    block.resize(block.len().div_ceil(512) * 512, 0);
    block
}

fn archive() -> Vec<u8> {
    let mut bytes = member("a", b'0', b"one");
    bytes.extend(member("folder", b'5', b""));
    bytes.extend(member("long", b'L', b"very/long/name\0"));
    bytes.extend(member("cut", b'0', &[7; 600]));
    bytes.extend(member("pax", b'x', b"14 path=a/b/c\n17 linkpath=../x\n"));
    bytes.extend(link("short", b'2', "y", b""));
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn of(bytes: &[u8]) -> Archive {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn members_are_listed() {
    let found = of(&archive());
    let members: Vec<_> = found
        .members
        .iter()
        .map(|member| (member.name.as_str(), member.kind, member.length))
        .collect();
    assert_eq!(
        members,
        [
            ("a", Kind::File, 3),
            ("folder", Kind::Folder, 0),
            ("very/long/name", Kind::File, 600),
            ("a/b/c", Kind::SymbolicLink, 0),
        ]
    );
    assert_eq!(found.members[3].target.as_deref(), Some("../x"));
    assert_eq!((found.complete, found.trailing), (true, None));
    assert_eq!(found.faults, []);
    assert!(looks_like(&archive()).unwrap());
    assert!(!looks_like(&vec![b'a'; 600]).unwrap());
    assert!(!looks_like(&vec![0; 600]).unwrap());
}

#[test]
fn a_checksum_of_signed_bytes_is_taken_too() {
    let mut bytes = member("\u{fc}", b'0', b"x");
    bytes[148..156].fill(b' ');
    let sum: i32 = bytes[..512]
        .iter()
        .map(|byte| i32::from(byte.cast_signed()))
        .sum();
    bytes[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    assert!(looks_like(&bytes).unwrap());
}

#[test]
fn what_loaders_read_differently_is_told() {
    let mut bytes = member("pax", b'x', b"10 size=2\n");
    bytes.extend(member("a", b'0', b"one"));
    bytes.extend(member("a", b'0', b"two"));
    bytes.extend(member("bad", b'x', b"99 path=a\n"));
    bytes.extend(member("folder", b'5', b"data"));
    bytes.resize(bytes.len() + 1024, 0);
    let end = bytes.len() as u64;
    bytes.extend(member("behind", b'0', b"x"));
    let found = of(&bytes);
    assert_eq!(
        found.faults,
        [
            Fault::Size {
                name: "a".to_owned(),
                plain: 3,
                extended: 2
            },
            Fault::Extended(3072 + 512),
            Fault::Data("folder".to_owned()),
            Fault::Duplicate("a".to_owned()),
        ]
    );
    assert_eq!((found.complete, found.trailing), (true, Some(end)));
}

fn pax_record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..).find(|length| length.to_string().len() + rest == *length);
    format!("{} {key}={value}\n", length.unwrap()).into_bytes()
}

#[test]
fn both_readings_of_a_size_are_listed() {
    // By its plain header `data` is empty, and what it holds are headers (CVE-2025-62518).
    let inner = member("inner", b'0', b"hidden");
    let mut bytes = member("pax", b'x', &pax_record("size", &inner.len().to_string()));
    let mut outer = member("data", b'0', &inner);
    outer[124..135].copy_from_slice(b"00000000000");
    outer[148..156].fill(b' ');
    let sum: u64 = outer[..512].iter().map(|byte| u64::from(*byte)).sum();
    outer[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    bytes.extend(outer);
    bytes.extend(member("last", b'0', b"x"));
    bytes.resize(bytes.len() + 1024, 0);
    let found = of(&bytes);
    let names: Vec<_> = found
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["data", "last", "inner"]);
    assert_eq!(found.members[2].length, 6);
    let extended = inner.len() as u64;
    let (name, plain) = ("data".to_owned(), 0);
    assert_eq!(
        found.faults,
        [Fault::Size {
            name,
            plain,
            extended
        }]
    );
}

#[test]
fn global_and_doubled_keys_and_odd_numbers_are_told() {
    let twice = [pax_record("path", "a"), pax_record("path", "b")].concat();
    let mut bytes = member("global", b'g', &pax_record("size", "3"));
    bytes.extend(member("one", b'0', b"one"));
    bytes.extend(member("pax", b'x', &twice));
    bytes.extend(member("two", b'0', b"two"));
    bytes.resize(bytes.len() + 1024, 0);
    let found = of(&bytes);
    assert_eq!(
        found.faults,
        [Fault::Global("size"), Fault::Doubled("path")]
    );
    assert_eq!(found.members[1].name, "b");
    let mut odd = member("odd", b'0', b"12345678");
    odd[124..136].copy_from_slice(&[0xff; 12]);
    odd[148..156].fill(b' ');
    let sum: u64 = odd[..512].iter().map(|byte| u64::from(*byte)).sum();
    odd[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    assert_eq!(of(&odd).faults, [Fault::Number("odd".to_owned())]);
}

#[test]
fn truncated_at_every_byte() {
    let whole = archive();
    for length in 0..whole.len() - 1024 {
        assert!(!of(&whole[..length]).complete);
    }
}

proptest::proptest! {
    #[test]
    fn any_change_is_survived(at in proptest::prelude::any::<proptest::sample::Index>(), byte in proptest::prelude::any::<u8>()) {
        let mut bytes = archive();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        assert!(of(&bytes).members.len() < 10);
    }
}
