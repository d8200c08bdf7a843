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
fn names_types_and_empty_tensors_are_judged() {
    let of = |header: &str, buffer| {
        read(&file(header, buffer), &Limits::default())
            .unwrap()
            .faults
    };
    let typed =
        |dtype: &str| format!(r#"{{"a":{{"dtype":"{dtype}","shape":[8],"data_offsets":[0,4]}}}}"#);
    for (dtype, fits) in [
        ("I4", true),
        ("U4", true),
        ("F8_X", false),
        ("EVIL4", false),
        ("4", false),
    ] {
        let faults = of(&typed(dtype), 4);
        assert!(
            matches!(&faults[..], [Fault::Dtype { fits: told, .. }] if *told == fits),
            "{dtype}: {faults:?}"
        );
    }
    let empty = r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#;
    assert_eq!(of(empty, 4), [Fault::EmptyInside("b".to_owned())]);
    let name = r#"{"a\u001b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#;
    assert!(matches!(&of(name, 4)[..], [Fault::Name(_)]));
}

#[test]
fn the_number_of_values_is_bounded() {
    let header = format!("{{\"a\":[{}0]}}", "0,".repeat(2_100_000));
    let faults = faults(&header, 0);
    assert!(faults[0].contains("more than 2000000 values"), "{faults:?}");
}

/// What the reference library refuses must be told; what it accepts and is told is told on purpose.
fn agrees_with_the_reference(bytes: &[u8]) -> Result<(), String> {
    let ours = read(&bytes.to_vec(), &Limits::default()).unwrap().faults;
    let theirs = safetensors::SafeTensors::deserialize(bytes).map(|_| ());
    let on_purpose = |fault: &Fault| {
        // Ignored there: other readers take other values, or the bytes conceal something.
        matches!(
            fault,
            Fault::DuplicateKey(_)
                | Fault::UnknownField { .. }
                | Fault::Padding { blank: true }
                | Fault::Name(_)
        )
    };
    match theirs {
        Err(error) if ours.is_empty() => Err(format!("refused by the reference: {error}")),
        // It takes one of two entries; both are told.
        Ok(())
            if ours
                .iter()
                .any(|fault| matches!(fault, Fault::DuplicateKey(_))) =>
        {
            Ok(())
        }
        Ok(()) if !ours.iter().all(on_purpose) => Err(format!("accepted by it: {ours:?}")),
        _ => Ok(()),
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
    fn the_reference_library_agrees_on_headers(
        entries in proptest::collection::vec((
            "[ab]", "(F32|U8|F4|C64|X9)", proptest::collection::vec(0_u64..5, 0..3), 0_u64..12, 0_u64..12,
        ), 0..4),
        padding in "[ \n\0]{0,2}",
        buffer in 0_usize..12,
    ) {
        let entries: Vec<String> = entries.iter().map(|(name, dtype, shape, start, length)| {
            format!("\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{}]}}", start + length)
        }).collect();
        let bytes = file(&format!("{{{}}}{padding}", entries.join(",")), buffer);
        prop_assert_eq!(agrees_with_the_reference(&bytes), Ok(()));
    }

    #[test]
    fn the_reference_library_agrees_on_mutations(at in 0_usize..200, value in any::<u8>(), cut in 0_usize..20) {
        let mut bytes = file(SOUND, 12);
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(bytes.len() - cut.saturating_sub(16));
        prop_assert_eq!(agrees_with_the_reference(&bytes), Ok(()));
    }

    #[test]
    fn any_header_is_described(header in "[{}\\[\\]\":,0-9a-z ]{0,80}", buffer in 0_usize..20) {
        let _described: Vec<String> = faults(&header, buffer);
    }
}
