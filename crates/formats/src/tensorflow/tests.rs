//! Graphs assembled field by field, and the same in the text form.

use proptest::prelude::*;

use super::*;
use crate::sniff;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// A length-delimited field.
fn span(number: u64, content: &[u8]) -> Vec<u8> {
    [
        varint(number << 3 | 2),
        varint(content.len() as u64),
        content.to_vec(),
    ]
    .concat()
}

fn whole(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn text(number: u64, text: &str) -> Vec<u8> {
    span(number, text.as_bytes())
}

fn node(name: &str, op: &str, inputs: &[&str], attributes: &[u8]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| text(3, input)).collect();
    [text(1, name), text(2, op), inputs, attributes.to_vec()].concat()
}

fn attribute(name: &str, value: &[u8]) -> Vec<u8> {
    span(5, &[text(1, name), span(2, value)].concat())
}

/// A constant with one text.
fn constant(name: &str, value: &str) -> Vec<u8> {
    let tensor = [whole(1, 7), span(2, b""), text(8, value)].concat();
    node(name, "Const", &[], &attribute("value", &span(8, &tensor)))
}

/// A graph that calls a function that reads a file.
fn graph() -> Vec<u8> {
    let call = node(
        "call",
        "PartitionedCall",
        &["path"],
        &attribute("f", &span(10, &text(1, "inner"))),
    );
    let signature = [text(1, "inner"), span(2, &text(1, "x"))].concat();
    let body = node("read", "ReadFile", &["x"], b"");
    let function = [span(1, &signature), span(3, &body)].concat();
    [
        span(1, &constant("path", "/tmp/x")),
        span(1, &call),
        span(2, &span(1, &function)),
    ]
    .concat()
}

fn saved_model() -> Vec<u8> {
    let info = text(5, "2.21.0");
    let asset = [span(1, &text(1, "asset:0")), text(2, "vocab.txt")].concat();
    let meta = [span(1, &info), span(2, &graph()), span(6, &asset)].concat();
    [whole(1, 1), span(2, &meta)].concat()
}

const TEXT_FORM: &str = r#"
# a comment with { in it
saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tensorflow_version: "2.21.0" }
  graph_def {
    node { name: "path" op: 'Const'
      attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape { } string_val: "/tm" "p\x2f\170" } } } }
    node: < name: "call" op: "PartitionedCall" input: ["path"]
      attr { key: "f" value { func { name: "inner" } } } >
    library { function {
      signature { name: "inner" input_arg { name: "x" type: DT_STRING } }
      node_def { name: "read", op: "ReadFile"; input: "x" }
    } }
  }
  asset_file_def { tensor_info { name: "asset:0" } filename: "vocab.txt" }
}
"#;

fn of(bytes: &[u8], format: Format) -> Model {
    read(&bytes.to_vec(), format, &Limits::default()).unwrap()
}

fn format_of(bytes: &[u8]) -> Option<Format> {
    sniff(&bytes.to_vec(), &Limits::default()).unwrap()
}

/// A model without the places in the file.
fn placeless(mut model: Model) -> Model {
    for node in model.scopes.iter_mut().flat_map(|scope| &mut scope.nodes) {
        (node.at, node.end) = (0, 0);
    }
    for asset in &mut model.assets {
        (asset.at, asset.end) = (0, 0);
    }
    model.extents = Extents::default();
    model.scopes.sort_by_key(|scope| scope.function.clone());
    model
}

#[test]
fn graphs_functions_and_assets_are_described() {
    let model = of(&saved_model(), Format::SavedModel);
    assert_eq!(model.faults, []);
    assert_eq!((model.nodes, model.version.as_deref()), (3, Some("2.21.0")));
    let function = &model.scopes[0];
    assert_eq!(function.function.as_deref(), Some("inner"));
    assert_eq!(
        (
            function.arguments[0].as_str(),
            function.nodes[0].op.as_str()
        ),
        ("x", "ReadFile")
    );
    let graph = &model.scopes[1];
    assert_eq!(graph.nodes[0].texts("value"), ["/tmp/x"]);
    assert_eq!(graph.nodes[1].functions().collect::<Vec<_>>(), ["inner"]);
    assert_eq!(
        (
            model.assets[0].file.as_str(),
            model.assets[0].tensor.as_str()
        ),
        ("vocab.txt", "asset:0")
    );
}

#[test]
fn the_text_form_says_the_same() {
    assert_eq!(format_of(TEXT_FORM.as_bytes()), Some(Format::SavedModel));
    assert_eq!(
        placeless(of(TEXT_FORM.as_bytes(), Format::SavedModel)),
        placeless(of(&saved_model(), Format::SavedModel))
    );
}

#[test]
fn formats_are_told_apart() {
    let meta = [span(2, &graph()), span(7, b"")].concat();
    for (bytes, format) in [
        (saved_model(), Some(Format::SavedModel)),
        // The version may stand behind, or be left out.
        (saved_model()[2..].to_vec(), Some(Format::SavedModel)),
        (meta.clone(), Some(Format::TfGraph)),
        (graph(), Some(Format::TfGraph)),
        (
            b"node { name: \"a\" op: \"ReadFile\" }".to_vec(),
            Some(Format::TfGraph),
        ),
        // Other protocol buffers: pieces of a vocabulary, a network of Caffe, a lone text.
        (
            span(1, &[text(1, "piece"), vec![0x15, 0, 0, 0, 0]].concat()),
            None,
        ),
        (text(1, "ResNet"), None),
        (b"node { selector: x }".to_vec(), None),
        // Fields that no reader knows, and groups, hide nothing.
        (
            [text(90, "x"), vec![0xf3, 0x05, 0xf4, 0x05], saved_model()].concat(),
            Some(Format::SavedModel),
        ),
        ([text(90, "x"), graph()].concat(), Some(Format::TfGraph)),
    ] {
        assert_eq!(format_of(&bytes), format, "{}", bytes.escape_ascii());
    }
    assert_eq!(of(&meta, Format::TfGraph).nodes, 3);
}

#[test]
fn a_group_hides_nothing() {
    let bytes = [
        vec![0xf3, 0x05],
        text(1, "a"),
        vec![0xf4, 0x05],
        saved_model(),
    ]
    .concat();
    let model = of(&bytes, Format::SavedModel);
    assert_eq!((model.nodes, model.faults), (3, vec![]));
}

#[test]
fn packed_texts_are_unpacked() {
    let tensor = [whole(1, 7), span(4, b"\x04\x02/tmpab")].concat();
    let bytes = span(
        1,
        &node("a", "Const", &[], &attribute("value", &span(8, &tensor))),
    );
    let model = of(&bytes, Format::TfGraph);
    assert_eq!(model.scopes[0].nodes[0].texts("value"), ["/tmp", "ab"]);
}

#[test]
fn nested_attributes_have_a_depth() {
    let mut value = span(10, &text(1, "deepest"));
    for _ in 0..20 {
        value = span(10, &span(2, &span(2, &value)));
    }
    let bytes = span(1, &node("a", "Op", &[], &attribute("f", &value)));
    assert!(matches!(
        of(&bytes, Format::TfGraph).faults[..],
        [Fault::Limit { .. }]
    ));
    let deep = format!("graph_def {{ {}", "node { ".repeat(1000));
    assert!(!of(deep.as_bytes(), Format::TfGraph).faults.is_empty());
}

#[test]
fn truncated_at_every_byte() {
    let whole = saved_model();
    for length in 12..whole.len() {
        let model = of(&whole[..length], Format::SavedModel);
        assert!(!model.faults.is_empty(), "{length}");
        assert_eq!(
            format_of(&whole[..length]),
            Some(Format::SavedModel),
            "{length}"
        );
    }
    let end = TEXT_FORM.trim_end().len();
    for length in 80..end {
        let model = of(&TEXT_FORM.as_bytes()[..length], Format::SavedModel);
        assert!(!model.faults.is_empty(), "{length}");
    }
}

/// A table with one block of entries and one block of blocks.
fn table(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let block = |entries: &[(&str, Vec<u8>)]| {
        let mut bytes = Vec::new();
        for (key, value) in entries {
            bytes.extend(
                [
                    varint(0),
                    varint(key.len() as u64),
                    varint(value.len() as u64),
                ]
                .concat(),
            );
            bytes.extend(key.as_bytes());
            bytes.extend(value);
        }
        bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        bytes
    };
    let data = block(entries);
    let handle = [varint(0), varint(data.len() as u64)].concat();
    let blocks = block(&[("~", handle)]);
    let mut bytes = data;
    bytes.extend([0; 5]);
    let at = bytes.len() as u64;
    let mut footer = [
        varint(0),
        varint(0),
        varint(at),
        varint(blocks.len() as u64),
    ]
    .concat();
    footer.resize(40, 0);
    bytes.extend(blocks);
    bytes.extend([0; 5]);
    bytes.extend(footer);
    bytes.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    bytes
}

fn checkpoint() -> Vec<u8> {
    let shape = span(2, &span(2, &whole(1, 3)));
    let entry = [whole(1, 1), shape, whole(4, 8), whole(5, 12)].concat();
    table(&[("", whole(1, 1)), ("w", entry)])
}

#[test]
fn a_checkpoint_describes_its_tensors() {
    let bytes = checkpoint();
    assert_eq!(format_of(&bytes), Some(Format::TfCheckpoint));
    let index = checkpoint::read(&bytes, &Limits::default()).unwrap();
    assert_eq!((index.shards, index.faults.as_slice()), (1, &[][..]));
    let tensor = &index.tensors[0];
    assert_eq!(
        (tensor.name.as_str(), tensor.offset, tensor.size),
        ("w", 8, 12)
    );
    assert_eq!(tensor.expected(), Some(12));
}

#[test]
fn a_broken_table_is_told() {
    for at in 0..checkpoint().len() {
        let mut bytes = checkpoint();
        bytes[at] ^= 0xff;
        // Not every byte matters, but none may stop the reader.
        checkpoint::read(&bytes, &Limits::default()).unwrap();
    }
    let mut bytes = checkpoint();
    let footer = bytes.len() - 48;
    bytes[footer + 2] = 0x7f;
    let index = checkpoint::read(&bytes, &Limits::default()).unwrap();
    assert!(!index.faults.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_described(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&bytes, Format::SavedModel);
        of(&bytes, Format::TfGraph);
        checkpoint::read(&bytes, &Limits::default()).unwrap();
        format_of(&bytes);
    }

    #[test]
    fn any_change_is_described(at in 0_usize..150, byte in any::<u8>()) {
        for mut bytes in [saved_model(), TEXT_FORM.as_bytes().to_vec(), checkpoint()] {
            let place = at % bytes.len();
            bytes[place] = byte;
            of(&bytes, Format::SavedModel);
            checkpoint::read(&bytes, &Limits::default()).unwrap();
        }
    }
}

/// A graph whose constant holds the graph given as a text.
fn holding(held: &[u8]) -> Vec<u8> {
    let tensor = [whole(1, 7), span(2, b""), span(8, held)].concat();
    let holder = node("g", "Const", &[], &attribute("value", &span(8, &tensor)));
    span(1, &holder)
}

#[test]
fn graphs_in_texts_are_read_to_a_depth() {
    let deeper = |graph: Vec<u8>, times: u32| (0..times).fold(graph, |graph, _| holding(&graph));
    let innermost = span(1, &node("w", "WriteFile", &["fn", "c"], b""));
    let read = |bytes: &Vec<u8>| read(bytes, Format::TfGraph, &Limits::default()).unwrap();

    let model = read(&deeper(innermost.clone(), 2));
    let held: Vec<bool> = model.scopes.iter().map(|scope| scope.is_held).collect();
    assert_eq!(held, [true, true, false]);
    assert_eq!(model.scopes[0].nodes[0].op, "WriteFile");
    assert!(model.faults.is_empty());

    let model = read(&deeper(innermost, NESTED + 1));
    assert!(matches!(model.faults.as_slice(), [Fault::Limit { .. }]));

    // Words are no graph, whatever byte they begin with.
    let model = read(&holding(b"\n\x04node\x12\x05words"));
    assert_eq!(model.scopes.len(), 1);
}
