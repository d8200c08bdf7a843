//! Models assembled field by field.

use proptest::prelude::*;

use super::*;

/// A length-delimited field.
fn span(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = varint(u64::from(number) << 3 | 2);
    bytes.extend(varint(content.len() as u64));
    bytes.extend_from_slice(content);
    bytes
}

fn whole(number: u8, value: u64) -> Vec<u8> {
    [varint(u64::from(number) << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    span(
        13,
        &[span(1, key.as_bytes()), span(2, value.as_bytes())].concat(),
    )
}

fn tensor(name: &str, location: &str) -> Vec<u8> {
    [
        whole(1, 3),
        whole(1, 2),
        whole(2, 1),
        span(8, name.as_bytes()),
        entry("location", location),
        entry("offset", "16"),
        whole(14, 1),
    ]
    .concat()
}

fn model(graph: &[u8]) -> Vec<u8> {
    [
        whole(1, 9),
        span(2, b"test"),
        span(7, graph),
        span(8, &whole(2, 17)),
    ]
    .concat()
}

fn of(bytes: &[u8]) -> Model {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn locations(bytes: &[u8]) -> Vec<String> {
    let external = of(bytes).external;
    external
        .into_iter()
        .filter_map(|one| one.location)
        .collect()
}

#[test]
fn a_model_describes_itself() {
    let bytes = model(&span(5, &tensor("w", "w.bin")));
    assert!(looks_like(&bytes).unwrap());
    let model = of(&bytes);
    assert_eq!(
        (model.ir_version, model.producer.as_deref()),
        (Some(9), Some("test"))
    );
    assert_eq!(model.opsets, [(String::new(), 17)]);
    let external = &model.external[0];
    assert_eq!(
        (external.tensor.as_str(), external.size, external.declared),
        ("w", Some(24), true)
    );
    assert_eq!(external.offset.as_deref(), Some("16"));
    assert_eq!(model.faults, []);
}

#[test]
fn tensors_are_found_wherever_they_lie() {
    let inner = span(5, &tensor("t", "x"));
    let attribute = |number, content: &[u8]| span(1, &span(5, &span(number, content)));
    for graph in [
        attribute(5, &tensor("t", "x")),
        attribute(10, &tensor("t", "x")),
        attribute(6, &inner),
        attribute(11, &attribute(6, &inner)),
        attribute(22, &span(1, &tensor("t", "x"))),
        span(15, &span(2, &tensor("t", "x"))),
    ] {
        assert_eq!(locations(&model(&graph)), ["x"]);
    }
    let function = span(25, &span(7, &span(5, &span(5, &tensor("t", "x")))));
    let training = span(20, &span(2, &inner));
    for part in [function, training] {
        assert_eq!(locations(&[model(b""), part].concat()), ["x"]);
    }
}

#[test]
fn depth_costs_nothing() {
    let mut graph = span(5, &tensor("t", "deep"));
    for _ in 0..2_000 {
        graph = span(1, &span(5, &span(6, &graph)));
    }
    assert_eq!(locations(&model(&graph)), ["deep"]);
}

#[test]
fn custom_domains_and_odd_keys_are_told() {
    let node = span(1, &span(7, b"ai.onnx.contrib"));
    assert!(of(&model(&node)).domains.contains("ai.onnx.contrib"));
    let double = [tensor("t", "a"), entry("location", "b"), entry("mode", "x")].concat();
    assert_eq!(
        of(&model(&span(5, &double))).external[0].odd_keys,
        ["location", "mode"]
    );
}

#[test]
fn truncated_at_every_byte() {
    let bytes = model(&span(5, &tensor("w", "w.bin")));
    let starts_of_fields = {
        let mut input_at = vec![0];
        let mut input = Input::new(&bytes);
        while let Some(field) =
            field(&mut input, *input_at.last().unwrap(), bytes.len() as u64).unwrap()
        {
            input_at.push(field.end);
        }
        input_at
    };
    for length in 0..bytes.len() {
        let model = of(&bytes[..length]);
        let between = starts_of_fields.contains(&(length as u64));
        assert_eq!(model.faults.is_empty(), between, "{length}");
    }
}

#[test]
fn other_files_do_not_look_like_one() {
    for text in ["", "hello world", "{\"a\":1}", "\x08\x01\x12\x02ab"] {
        assert!(!looks_like(&text.as_bytes().to_vec()).unwrap(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_described(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let model = of(&bytes);
        prop_assert!(model.external.len() <= bytes.len());
    }
}
