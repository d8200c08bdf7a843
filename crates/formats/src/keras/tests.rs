use proptest::prelude::*;

use super::*;

/// `marshal.dumps` of a function that imports a module and calls it with a text, by Python 2.7, 3.8 and 3.11:
/// `def f(x): import os; os.system("echo inert"); return x`.
const CODE: &[(&str, &str)] = &[
    ("3.11", include_str!("../bytecode/samples/python311.b64")),
    (
        "3.8 layout",
        include_str!("../bytecode/samples/python38.b64"),
    ),
    (
        "2.7 layout",
        include_str!("../bytecode/samples/python27.b64"),
    ),
];

fn of(text: &str) -> Config {
    read(&text.as_bytes().to_vec(), &Limits::default()).unwrap()
}

#[test]
fn bytecode_of_every_layout_is_read() {
    for (version, text) in CODE {
        let bytes = code_bytes(text).unwrap();
        let bytecode = bytecode::read(&bytes);
        assert!(bytecode.complete, "{version}: {bytecode:?}");
        assert!(bytecode.names().contains(&"system"), "{version}");
        assert!(
            bytecode.texts().contains(&"echo inert"),
            "{version}: {bytecode:?}"
        );
    }
}

#[test]
fn cut_off_bytecode_is_not_complete() {
    for (version, text) in CODE {
        let bytes = code_bytes(text).unwrap();
        for end in 0..bytes.len() {
            assert!(!bytecode::read(&bytes[..end]).complete, "{version} {end}");
        }
    }
}

#[test]
fn every_object_is_found_with_its_place() {
    let config = of(r#"{"class_name": "Sequential", "config": {"layers": [
            {"module": "a", "class_name": "function", "config": "f", "registered_name": "b>f"},
            {"class_name": "__typespec__", "module": "m", "spec_name": "S", "config": []}]},
            "inbound_nodes": [[{"class_name": "Inner", "x": [[{"class_name": "Deep"}]]}]]}"#);
    let seen: Vec<(&str, &str, Option<usize>)> = config
        .objects
        .iter()
        .map(|object| {
            (
                object.pointer.as_str(),
                object.class_name.as_str(),
                object.owner,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("", "Sequential", None),
            ("/config/layers/0", "function", Some(0)),
            ("/config/layers/1", "__typespec__", Some(0)),
            ("/inbound_nodes/0/0", "Inner", Some(0)),
            ("/inbound_nodes/0/0/x/0/0", "Deep", Some(3)),
        ]
    );
    assert_eq!(config.objects[1].function.as_deref(), Some("f"));
    assert_eq!(config.objects[1].registered_name.as_deref(), Some("b>f"));
    assert_eq!(config.objects[2].spec_name.as_deref(), Some("S"));
}

#[test]
fn code_is_found_in_every_form() {
    let base64 = CODE[0].1.trim();
    let bytes = code_bytes(base64).unwrap();
    let letters: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let value = |text: &str| serde_json::to_string(text).unwrap();
    for function in [
        format!("[{}, null, null]", value(base64)),
        format!("[{}, null, null]", value(&letters)),
        format!(
            r#"{{"class_name": "__lambda__", "config": {{"code": {}}}}}"#,
            value(base64)
        ),
        format!(
            r#"{{"class_name": "__lambda__", "config": {{"value": {}}}}}"#,
            value(base64)
        ),
        format!("{{\"anything\": {}}}", value(&base64.replace('\n', ""))),
    ] {
        let config = of(&format!(
            r#"{{"class_name": "Lambda", "config": {{"function": {function}}}}}"#
        ));
        assert_eq!(config.code.len(), 1, "{function}");
        let bytecode = config.code[0].bytecode.as_ref().unwrap();
        assert!(bytecode.names().contains(&"system"));
    }
}

#[test]
fn doubled_keys_are_told() {
    let config = of(r#"{"class_name": "A", "config": {"module": "x", "y": 1, "module": "z"}}"#);
    assert_eq!(config.doubled, ["/config/module"]);
}

#[test]
fn old_yaml_is_read_by_lines() {
    let config = of(
        "class_name: Sequential\nconfig:\n- class_name: Dense\n  config: {activation: !!python/name:os.system ''}\n",
    );
    assert_eq!(config.tags, ["!!python/name:os.system"]);
    assert_eq!(config.objects.len(), 2);
}

#[test]
fn cut_off_configurations_are_at_fault() {
    let text = r#"{"class_name": "S", "config": {"layers": [{"class_name": "Dense", "config": {"units": 1}}]}}"#;
    assert_eq!(of(text).faults, []);
    for end in 0..text.len() {
        assert_eq!(of(&text[..end]).faults, [Fault::Unreadable], "{end}");
    }
}

#[test]
fn metadata_is_read_object_by_object() {
    let node = |text: &str| {
        let mut object = b"\x10\x01\x1a\x04root\x22\x15_tf_keras_sequential_".to_vec();
        object.push(0x2a);
        object.push(u8::try_from(text.len()).unwrap());
        object.extend_from_slice(text.as_bytes());
        let mut node = vec![0x0a, u8::try_from(object.len()).unwrap()];
        node.extend(object);
        node
    };
    let mut bytes = node(r#"{"class_name": "Sequential"}"#);
    bytes.extend(node(r#"{"class_name": "Lambda"}"#));
    assert_eq!(
        crate::sniff(&bytes, &Limits::default()).unwrap(),
        Some(crate::Format::KerasMetadata)
    );
    let config = read_metadata(&bytes, &Limits::default()).unwrap();
    assert_eq!(config.faults, []);
    assert_eq!(config.objects.len(), 2);
    for end in 1..bytes.len() {
        let cut = read_metadata(&bytes[..end].to_vec(), &Limits::default()).unwrap();
        assert!(cut.objects.len() < 2);
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        of(&text);
        drop(bytecode::read(&bytes));
        let mut code = code_bytes(CODE[0].1).unwrap();
        for (place, byte) in bytes.iter().enumerate() {
            let at = (place * 7 + usize::from(*byte)) % code.len();
            code[at] = *byte;
        }
        drop(bytecode::read(&code));
    }
}
