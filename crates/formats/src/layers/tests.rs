use proptest::prelude::*;

use super::*;
use crate::keras::base64::decode;
use crate::{json, sniff};

/// Written by Paddle 2.6.2: two tensors.
const TENSORS: &str = include_str!("infer.pdiparams.b64");
/// Written by `MXNet` 1.9.1: three arrays with their names.
const ARRAYS: &str = include_str!("model.params.b64");

fn limits() -> Limits {
    Limits::default()
}

fn real(text: &str) -> Vec<u8> {
    decode(text, 1 << 20).unwrap()
}

fn of(bytes: &[u8], format: Format) -> Model {
    read(&bytes.to_vec(), format, &limits()).unwrap()
}

/// A field of a protocol buffer with bytes in it, which must be few.
fn field(number: u16, bytes: &[u8]) -> Vec<u8> {
    let tag = number << 3 | 2;
    let length = u8::try_from(bytes.len()).unwrap();
    assert!(length < 128);
    let mut field = match u8::try_from(tag).ok().filter(|tag| *tag < 128) {
        Some(tag) => vec![tag],
        None => vec![
            u8::try_from(tag & 0x7f).unwrap() | 0x80,
            u8::try_from(tag >> 7).unwrap(),
        ],
    };
    field.push(length);
    field.extend(bytes);
    field
}

fn paddle(kind: &[u8], name: &[u8], text: &[u8]) -> Vec<u8> {
    let attribute = [field(1, name), b"\x10\x02".to_vec(), field(5, text)].concat();
    let operator = [field(3, kind), field(4, &attribute)].concat();
    let block = [
        b"\x08\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
        field(4, &operator),
    ];
    field(1, &block.concat())
}

fn caffe(module: &[u8], layer: &[u8]) -> Vec<u8> {
    let python = [field(1, module), field(2, layer)].concat();
    let layer = [field(1, b"a"), field(2, b"Python"), field(130, &python)].concat();
    [field(1, b"net"), field(100, &layer)].concat()
}

#[test]
fn weights_of_the_real_libraries_are_data() {
    for (text, format, arrays) in [(TENSORS, Format::Paddle, 2), (ARRAYS, Format::MxNet, 3)] {
        let bytes = real(text);
        assert_eq!(sniff(&bytes, &limits()).unwrap(), Some(format));
        let model = of(&bytes, format);
        assert_eq!((model.arrays, model.faults), (arrays, vec![]), "{format}");
    }
}

#[test]
fn weights_that_break_off_are_told() {
    for (text, format) in [(TENSORS, Format::Paddle), (ARRAYS, Format::MxNet)] {
        let whole = real(text);
        let faults = (1..whole.len()).filter(|length| {
            let model = of(&whole[..*length], format);
            model.faults.is_empty()
        });
        // Only where one tensor of Paddle ends: nothing says how many there are.
        let ends = usize::from(format == Format::Paddle);
        assert_eq!(faults.count(), ends, "{format}");
    }
}

#[test]
fn shapes_that_no_memory_holds_are_told() {
    let mut bytes = real(ARRAYS);
    bytes[0x24..0x2c].fill(0x7f);
    let faults = of(&bytes, Format::MxNet).faults;
    let [Fault::Beyond { declared, .. }] = faults[..] else {
        panic!("{faults:?}");
    };
    assert_eq!(declared, u64::MAX);
}

#[test]
fn operators_of_paddle_are_kept_without_the_script_that_made_them() {
    let bytes = paddle(b"save", b"file_path", b"/nonexistent");
    assert_eq!(sniff(&bytes, &limits()).unwrap(), Some(Format::Paddle));
    let model = of(&bytes, Format::Paddle);
    let [operator] = &model.operators[..] else {
        panic!("one operator");
    };
    assert_eq!(operator.kind, "save");
    assert_eq!(operator.text("file_path"), Some("/nonexistent"));
    let model = of(
        &paddle(b"relu", b"op_callstack", b"exec(x)"),
        Format::Paddle,
    );
    assert_eq!(model.operators[0].texts, []);
}

#[test]
fn layers_of_caffe_are_read_in_both_forms() {
    let bytes = caffe(b"os", b"system");
    assert_eq!(sniff(&bytes, &limits()).unwrap(), Some(Format::Caffe));
    let text = "# a net\nlayer {\n type: 'Python' # x\n python_param {\n  module: \"os\" # y\n  layer: 'system'\n share_in_parallel: true }\n}\n";
    for model in [of(&bytes, Format::Caffe), prototxt(text).unwrap()] {
        let [operator] = &model.operators[..] else {
            panic!("one layer");
        };
        assert_eq!(operator.kind, "Python");
        assert_eq!(operator.text("module"), Some("os"));
        assert_eq!(operator.text("layer"), Some("system"));
    }
    assert_eq!(
        prototxt("the layer has a python_param"),
        Some(Model::default())
    );
    // What an unclosed block holds is its own, and is not read once more for each of the next.
    let open = prototxt(&format!(
        "layer {{ {}",
        "python_param { module: 'm' ".repeat(9)
    ))
    .unwrap();
    assert_eq!(open.operators.len(), 1);
    assert_eq!(prototxt("python_param { module: 'os' }"), None);
}

#[test]
fn graphs_of_mxnet_are_told_from_other_json() {
    let graph = br#"{"nodes": [{"op": "null", "name": "x"}, {"op": "Custom", "attrs": {"op_type": "mine"}}], "arg_nodes": [0]}"#;
    let model = symbol(&json::parse(graph)).unwrap();
    let [operator] = &model.operators[..] else {
        panic!("one operator");
    };
    assert_eq!(
        (operator.kind.as_str(), operator.text("op_type")),
        ("Custom", Some("mine"))
    );
    assert_eq!(symbol(&json::parse(b"{\"nodes\": []}")), None);
}

#[test]
fn look_alikes_are_none() {
    for bytes in [
        &b"\x0a\x03net"[..],
        b"\x0a\x03net\xa2\x06\x02\x0a\x00",
        b"\x12\x01\0\0\0\0\0\0",
        b"\x0a\x00",
    ] {
        let found = sniff(&bytes.to_vec(), &limits()).unwrap();
        assert!(
            !matches!(found, Some(Format::Caffe | Format::MxNet)),
            "{found:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        for (start, format) in [
            (&b"\x0a"[..], Format::Paddle),
            (b"\0\0\0\0", Format::Paddle),
            (b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Format::MxNet),
            (b"\xa2\x06", Format::Caffe),
        ] {
            of(&[start, &bytes].concat(), format);
        }
        let net = prototxt(&format!("layer {{ python_param {{{text}"));
        prop_assert!(net.is_some());
    }
}

#[test]
fn a_program_of_paddle_3_is_described() {
    // As Paddle 3.3.1 writes it: names of dialects are numbers, blocks lie in operators.
    let text = br##"{"base_code":{"magic":"pir","version":4},"program":{"regions":[{"#":"region_0","blocks":[{"#":"block_0","ops":[
        {"#":"1.data","A":[{"AT":{"#":"0.a_str","D":"x"},"N":"name"},{"AT":{"#":"1.a_place","D":[0,0,""]},"N":"place"}]},
        {"#":"1.if","A":[],"regions":[{"#":"region_1","blocks":[{"#":"block_1","ops":[
            {"#":"1.save_combine","A":[{"AT":{"#":"0.a_str","D":"/a"},"N":"file_path"}]}]}]}]},
        {"#":"custom_op.mine","A":[]}]}]}]}}"##;
    let model = program(&json::parse(text)).unwrap();
    let kinds: Vec<&str> = model.operators.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "pd_op.data",
            "pd_op.if",
            "pd_op.save_combine",
            "custom_op.mine"
        ]
    );
    assert_eq!(model.operators[2].text("file_path"), Some("/a"));
    assert_eq!(
        program(&json::parse(br#"{"base_code":{"magic":"x"}}"#)),
        None
    );
}

/// A dictionary of CNTK with texts, and one in it.
fn cntk(texts: &[(&str, &str)], inner: &[u8]) -> Vec<u8> {
    let entry =
        |key: &str, value: &[u8]| field(2, &[field(1, key.as_bytes()), field(2, value)].concat());
    let mut bytes = b"\x08\x01".to_vec();
    for (key, text) in texts {
        let value = [b"\x08\x01\x10\x06".to_vec(), field(8, text.as_bytes())].concat();
        bytes.extend(entry(key, &value));
    }
    if !inner.is_empty() {
        let value = [b"\x08\x01\x10\x0a".to_vec(), field(12, inner)].concat();
        bytes.extend(entry("state", &value));
    }
    bytes
}

#[test]
fn functions_of_the_user_in_cntk_are_described() {
    let python = cntk(&[("module", "os"), ("class", "system")], &[]);
    let bytes = cntk(&[("type", "UserDefinedFunction")], &python);
    assert_eq!(sniff(&bytes, &limits()).unwrap(), Some(Format::Cntk));
    let model = of(&bytes, Format::Cntk);
    assert_eq!(model.faults, []);
    assert_eq!(model.operators.len(), 1);
    assert_eq!(model.operators[0].kind, "python");
    assert_eq!(model.operators[0].text("module"), Some("os"));
    // The form for large models has a mark and a length before it.
    let length = u32::try_from(bytes.len()).unwrap();
    let large = [b"ktnc", length.to_le_bytes().as_slice(), &bytes, &[0; 9]].concat();
    assert_eq!(sniff(&large, &limits()).unwrap(), Some(Format::Cntk));
    assert_eq!(of(&large, Format::Cntk).operators.len(), 1);
    for length in 0..bytes.len() {
        let model = of(&bytes[..length], Format::Cntk);
        assert!(model.operators.is_empty() || length > 60, "{length}");
    }
    let native = cntk(&[("module", "a"), ("deserialize_method", "f")], &[]);
    assert_eq!(of(&native, Format::Cntk).operators[0].kind, "native");
}
