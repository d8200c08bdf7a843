use proptest::prelude::*;

use super::*;

/// The reference: what `serde_json` reads, with the last of doubled keys and without numbers.
fn reference(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null | Json::Number(_) => Value::Other,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(|item| node(reference(item))).collect()),
        Json::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), node(reference(value))))
                .collect(),
        ),
    }
}

fn node(value: Value) -> Node {
    Node {
        start: 0,
        end: 0,
        value,
    }
}

fn without_places(of: &Node) -> Node {
    node(match &of.value {
        Value::List(items) => Value::List(items.iter().map(without_places).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| (key.clone(), without_places(value)))
                .collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries)
        }
        other => other.clone(),
    })
}

const TEXTS: &[&str] = &[
    r#"{"a": [1, -2.5e3, true, null, "x\n\u0041\ud83d\ude00"], "b": {"c": {}}, "d": []}"#,
    "[]",
    "{\"é\": \"ü\\\\\\\"\"}",
    "[[[[\"deep\"]]]]",
];

#[test]
fn it_reads_what_the_reference_reads() {
    for text in TEXTS {
        let wanted = serde_json::from_str(text).unwrap();
        let document = parse(text.as_bytes());
        assert_eq!(document.fault, None, "{text}");
        let read: Vec<Node> = document.roots.iter().map(without_places).collect();
        assert_eq!(read, [node(reference(&wanted))], "{text}");
    }
}

#[test]
fn doubled_keys_and_places_are_kept() {
    let document = parse(br#"{"a": "x", "a": "yz"}"#);
    let root = &document.roots[0];
    assert_eq!(root.texts("a").collect::<Vec<_>>(), ["x", "yz"]);
    let second = root.all("a").nth(1).unwrap();
    assert_eq!((second.start, second.end), (16, 20));
}

#[test]
fn what_some_loader_reads_is_read() {
    for text in [
        "{\"a\": \"b\",} // end",
        "/* head */ {\"a\": \"b\"}",
        "{\"a\": NaN, \"b\": -Infinity}",
        "{\"a\": \"b\"}\n{\"a\": \"c\"}\n",
        "{\"a\": \"line\nbreak\"}",
    ] {
        assert_eq!(parse(text.as_bytes()).fault, None, "{text}");
    }
    let wide: Vec<u8> = "{\"a\": \"b\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(parse(&wide).roots[0].texts("a").next(), Some("b"));
    assert!(looks_like(&wide));
}

#[test]
fn bounds_are_faults() {
    let deep = "[".repeat(DEPTH + 1);
    assert!(matches!(
        parse(deep.as_bytes()).fault,
        Some((_, Fault::TooDeep))
    ));
    let limits = Limits {
        member_bytes: 3,
        ..Limits::default()
    };
    let long = read(&b"[1, 2]".to_vec(), &limits).unwrap();
    assert!(matches!(long.fault, Some((_, Fault::TooLong(6)))));
}

#[test]
fn every_cut_is_told() {
    for text in TEXTS {
        for end in 1..text.len() {
            let document = parse(&text.as_bytes()[..end]);
            assert!(document.fault.is_some(), "{text} cut at {end}");
        }
    }
}

#[test]
fn other_texts_are_not_json() {
    for text in [
        "",
        "{",
        "[",
        "{{ bos }}",
        "{% for %}",
        "[link](address)",
        "[section]\na=1",
        "{x: 1}",
        "[1] first",
        "\"text\"",
        "12",
        "{'a': 1}",
    ] {
        assert!(!looks_like(text.as_bytes()), "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(parse(&bytes));
        prop_assert!(!looks_like(&bytes) || !bytes.is_empty());
    }

    #[test]
    fn mutations_do_not_make_it_panic(which in 0..TEXTS.len(), at in 0..80_usize, byte in any::<u8>()) {
        let mut text = TEXTS[which].as_bytes().to_vec();
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        drop(parse(&text));
    }
}
