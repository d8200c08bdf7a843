//! Headers with one broken rule each.

use proptest::prelude::*;

use super::*;

fn file(header: &str, buffer: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.resize(bytes.len() + buffer, 7);
    bytes
}

fn faults(header: &str, buffer: usize) -> Vec<String> {
    let read = read(&file(header, buffer), &Limits::default()).unwrap();
    read.faults.iter().map(ToString::to_string).collect()
}

const SOUND: &str = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1,4],"data_offsets":[8,12]}}  "#;

#[test]
fn a_sound_header_has_no_faults() {
    let header = read(&file(SOUND, 12), &Limits::default()).unwrap();
    assert_eq!(header.faults, []);
    assert_eq!(header.tensors.len(), 2);
    assert_eq!(header.metadata, [("format".to_owned(), "pt".to_owned())]);
    assert!(looks_like(&file(SOUND, 12)).unwrap());
}

#[test]
fn each_broken_rule_is_named() {
    let one = |fields: &str| format!("{{\"a\":{{{fields}}}}}");
    let tensor = |start: u64, end: u64| {
        one(&format!(
            "\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[{start},{end}]"
        ))
    };
    let two = |start: u64| {
        format!(
            "{{\"a\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}},\"b\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[{start},{}]}}}}",
            start + 4
        )
    };
    for (header, buffer, wanted) in [
        (tensor(0, 4), 9, "5 bytes follow"),
        (tensor(2, 6), 6, "bytes 0..2 of the buffer"),
        (tensor(0, 4), 3, "outside the buffer of 3"),
        (tensor(4, 0), 4, "outside the buffer"),
        (tensor(0, 5), 5, "make 4"),
        (two(2), 6, "`a` and `b` share bytes"),
        (two(6), 10, "bytes 4..6"),
        (
            one(r#""dtype":"Q7","shape":[4],"data_offsets":[0,4]"#),
            4,
            "unknown type `Q7`",
        ),
        (
            one(r#""dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]"#),
            4,
            "more than a file can hold",
        ),
        (
            one(r#""dtype":"U8","shape":[-1],"data_offsets":[0,4]"#),
            4,
            "no valid `shape`",
        ),
        (
            one(r#""dtype":"U8","shape":[4],"data_offsets":[0]"#),
            4,
            "no valid `data_offsets`",
        ),
        (
            one(r#""dtype":"U8","shape":[4],"data_offsets":[0,4],"code":"x""#),
            4,
            "unknown field `code`",
        ),
        (
            one(r#""dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]"#),
            4,
            "`a.dtype` stands twice",
        ),
    ] {
        let faults = faults(&header, buffer);
        assert!(
            faults.iter().any(|fault| fault.contains(wanted)),
            "{header}: {faults:?}"
        );
    }
}

#[test]
fn each_broken_rule_of_the_whole_header_is_named() {
    for (header, buffer, wanted) in [
        (r#"{"a":1,"a":2}"#, 0, "`a` stands twice"),
        (r#"{"__metadata__":{"x":1}}"#, 0, "other than texts"),
        (" {}", 0, "begins with byte 0x20"),
        ("{}\0", 0, "padded"),
        ("[]", 0, "not an object"),
        ("{", 0, "not JSON"),
    ] {
        let faults = faults(header, buffer);
        assert!(
            faults.iter().any(|fault| fault.contains(wanted)),
            "{header}: {faults:?}"
        );
    }
}

#[test]
fn lengths_are_checked_before_anything_is_read() {
    let mut bytes = file("{}", 0);
    bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let header = read(&bytes, &Limits::default()).unwrap();
    assert!(matches!(
        header.faults[..],
        [Fault::HeaderTooLong(_), Fault::HeaderBeyondFile { .. }]
    ));
    assert!(looks_like(&bytes).unwrap());
    let limits = Limits {
        member_bytes: 1,
        ..Limits::default()
    };
    assert_eq!(
        read(&file("{}", 0), &limits).unwrap().faults,
        [Fault::Unread(2)]
    );
}

#[test]
fn truncated_at_every_byte() {
    let whole = file(SOUND, 12);
    for length in 0..whole.len() {
        let header = read(&whole[..length].to_vec(), &Limits::default()).unwrap();
        assert!(!header.faults.is_empty(), "{length}");
    }
}

#[test]
fn other_files_do_not_look_like_one() {
    for text in ["{\"a\": {}}", "12345678{\"a\":1}", "\0\0\0\0\0\0\0\0", ""] {
        assert!(!looks_like(&text.as_bytes().to_vec()).unwrap(), "{text}");
    }
}

proptest! {
    #[test]
    fn sound_files_have_no_faults(sizes in proptest::collection::vec(0_u64..50, 0..20)) {
        let mut at = 0;
        let mut entries = Vec::new();
        for (index, size) in sizes.iter().enumerate() {
            entries.push(format!("\"t{index}\":{{\"dtype\":\"I16\",\"shape\":[{size}],\"data_offsets\":[{at},{}]}}", at + size * 2));
            at += size * 2;
        }
        let header = format!("{{{}}}", entries.join(","));
        prop_assert_eq!(faults(&header, usize::try_from(at).unwrap()), Vec::<String>::new());
    }

    #[test]
    fn any_header_is_described(header in "[{}\\[\\]\":,0-9a-z ]{0,80}", buffer in 0_usize..20) {
        let _described: Vec<String> = faults(&header, buffer);
    }
}
