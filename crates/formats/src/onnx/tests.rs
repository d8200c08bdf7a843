//! Models assembled field by field.

use proptest::prelude::*;

use tutela_core::Limits;

use super::*;
use crate::input::Input;
use crate::wire::field;

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
    let external = &of(&model(&span(5, &double))).external[0];
    assert_eq!(
        (&external.doubled[..], &external.odd_keys[..]),
        (&["location".to_owned()][..], &["mode".to_owned()][..])
    );
}

fn node(name: &str, domain: &str, more: &[u8]) -> Vec<u8> {
    let fields = [
        span(4, name.as_bytes()),
        span(7, domain.as_bytes()),
        more.to_vec(),
    ];
    span(1, &fields.concat())
}

#[test]
fn operators_and_functions_are_listed() {
    let text = |name: &str, value: &str| {
        span(
            5,
            &[span(1, name.as_bytes()), span(4, value.as_bytes())].concat(),
        )
    };
    let graph = [
        node("Relu", "", b""),
        node("Relu", "", &text("auto_pad", "SAME")),
        node("PyOp", "mine", &text("module", "evil")),
        node("PyOp", "mine", &text("module", "other")),
    ];
    let function = span(
        25,
        &[
            span(1, b"Relu"),
            span(7, &span(4, b"Add")),
            span(10, b"ai.onnx"),
        ]
        .concat(),
    );
    let entry = span(14, &[span(1, b"key"), span(2, b"value")].concat());
    let model = of(&[model(&graph.concat()), function, entry].concat());
    let mut names: Vec<(&str, u64)> = model
        .operators
        .iter()
        .map(|one| (one.name.as_str(), one.count))
        .collect();
    names.sort_unstable();
    assert_eq!(names, [("Add", 1), ("PyOp", 1), ("PyOp", 1), ("Relu", 2)]);
    assert!(
        model
            .operators
            .iter()
            .any(|one| one.texts == [("module".to_owned(), "evil".to_owned())])
    );
    assert_eq!(
        (
            model.functions[0].domain.as_str(),
            model.functions[0].name.as_str()
        ),
        ("ai.onnx", "Relu")
    );
    assert_eq!(model.metadata, [("key".to_owned(), "value".to_owned())]);
    assert_eq!(model.faults, []);
}

#[test]
fn each_abuse_of_the_encoding_is_named() {
    let raw = |dims: u64, bytes: usize| {
        let parts = [
            whole(1, dims),
            whole(2, 1),
            span(8, b"t"),
            span(9, &vec![0; bytes]),
        ];
        span(5, &parts.concat())
    };
    for (bytes, wanted) in [
        (
            [model(b""), span(7, b"")].concat(),
            "field 7 of a model stands again",
        ),
        (
            model(&node("A", "", &span(7, b"b"))),
            "field 7 of a node stands again",
        ),
        (
            [model(b""), span(99, b"payload")].concat(),
            "field 99 of a model does not exist",
        ),
        (
            model(&node("A", "", &whole(6, 1))),
            "field 6 of a node is written as something else",
        ),
        ([model(b""), b"\x9b\x06".to_vec()].concat(), "is malformed"),
        (
            model(&raw(3, 8)),
            "tensor `t` has 8 bytes, but its shape and type make 12",
        ),
        (
            model(&span(
                5,
                &[whole(1, 1), whole(2, 99), span(8, b"t")].concat(),
            )),
            "tensor `t` has the unknown type 99",
        ),
        (
            model(&raw(u64::MAX, 8)),
            "the shape of tensor `t` overflows",
        ),
    ] {
        let faults: Vec<String> = of(&bytes).faults.iter().map(ToString::to_string).collect();
        assert!(
            faults.iter().any(|fault| fault.contains(wanted)),
            "{wanted}: {faults:?}"
        );
    }
    assert_eq!(of(&model(&raw(2, 8))).faults, []);
}

#[test]
fn a_model_is_recognised_whatever_stands_around_it() {
    let sound = model(&node("Relu", "", b""));
    for (before, behind) in [
        (span(99, b"payload"), vec![]),
        (vec![], span(99, b"payload")),
        (vec![], b"PK and more".to_vec()),
    ] {
        assert!(looks_like(&[before, sound.clone(), behind].concat()).unwrap());
    }
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
