//! Flatbuffers assembled table by table.

use proptest::prelude::*;

use super::*;

/// Puts tables behind each other; offsets are patched when their target is known.
#[derive(Default)]
struct Builder {
    bytes: Vec<u8>,
}

impl Builder {
    fn put(&mut self, bytes: &[u8]) -> usize {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        at
    }

    fn number(&mut self, value: usize) -> usize {
        self.put(&u32::try_from(value).unwrap().to_le_bytes())
    }

    /// A table whose fields are all four bytes wide, and where they are; `None` leaves a field out.
    fn table(&mut self, fields: &[Option<u32>]) -> (usize, Vec<usize>) {
        let description = self.bytes.len();
        let present = fields.iter().flatten().count();
        let number = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
        self.put(&number(4 + 2 * fields.len()));
        self.put(&number(4 + 4 * present));
        let mut next = 4;
        for field in fields {
            self.put(&number(if field.is_some() { next } else { 0 }));
            next += if field.is_some() { 4 } else { 0 };
        }
        let at = self.bytes.len();
        self.number(at - description);
        let places = fields
            .iter()
            .map(|field| field.map_or(0, |value| self.number(value as usize)));
        (at, places.collect())
    }

    fn point(&mut self, from: usize, to: usize) {
        let offset = u32::try_from(to - from).unwrap().to_le_bytes();
        self.bytes[from..from + 4].copy_from_slice(&offset);
    }

    /// A vector of one table, which is put behind it; returns the vector and the table's place.
    fn vector_of_one(&mut self, fields: &[Option<u32>]) -> (usize, Vec<usize>) {
        let vector = self.number(1);
        let item = self.number(0);
        let (table, places) = self.table(fields);
        self.point(item, table);
        (vector, places)
    }

    fn text(&mut self, text: &str) -> usize {
        let at = self.number(text.len());
        self.put(text.as_bytes());
        self.put(&[0]);
        at
    }
}

/// A model with one custom operator and one tensor; `options` are the operator's.
fn model(name: &str, options: &[u8]) -> Vec<u8> {
    let mut builder = Builder::default();
    let root = builder.number(0);
    builder.put(b"TFL3");
    let (table, fields) = builder.table(&[Some(3), Some(0), Some(0), None, Some(0)]);
    builder.point(root, table);
    // The operator's code: custom, and its name.
    let (codes, code) = builder.vector_of_one(&[None, Some(0), None, Some(32)]);
    builder.point(fields[1], codes);
    let text = builder.text(name);
    builder.point(code[1], text);
    let (buffers, _) = builder.vector_of_one(&[None]);
    builder.point(fields[4], buffers);
    let (graphs, graph) = builder.vector_of_one(&[Some(0), None, None, Some(0)]);
    builder.point(fields[2], graphs);
    let (tensors, _) = builder.vector_of_one(&[None, None, Some(0)]);
    builder.point(graph[0], tensors);
    let (operators, operator) =
        builder.vector_of_one(&[Some(0), Some(0), None, None, None, Some(0)]);
    builder.point(graph[3], operators);
    let inputs = builder.number(1);
    builder.number(0);
    builder.point(operator[1], inputs);
    let length = builder.number(options.len());
    builder.put(options);
    builder.point(operator[5], length);
    builder.bytes
}

/// The options of a Flex operator as its converter writes them: a vector of two texts.
fn flex_options(operator: &str, definition: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(operator.len()).unwrap()];
    let name = bytes.len();
    bytes.extend(operator.as_bytes());
    bytes.extend([0, u8::try_from(definition.len()).unwrap()]);
    let node = bytes.len();
    bytes.extend(definition);
    bytes.extend([0, 2]);
    let vector = bytes.len();
    bytes.push(u8::try_from(vector - name).unwrap());
    bytes.push(u8::try_from(vector + 1 - node).unwrap());
    bytes.extend([5 << 2, 5 << 2]);
    let root = bytes.len();
    bytes.push(u8::try_from(root - vector).unwrap());
    bytes.extend([10 << 2, 1]);
    bytes
}

fn of(bytes: &[u8]) -> Model {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn custom_operators_are_described() {
    let model = of(&model("Mine", b""));
    assert_eq!(model.faults, []);
    assert_eq!((model.version, model.operators, model.tensors), (3, 1, 1));
    assert_eq!(model.custom[0].name, "Mine");
}

#[test]
fn operators_that_are_only_declared_are_described() {
    // The only operator runs code number 9, which does not exist, so that the declared one is not run.
    let mut bytes = model("Mine", b"");
    let at = bytes.len() - 24;
    assert!(of(&bytes).custom[0].used);
    bytes[at..at + 4].copy_from_slice(&9_u32.to_le_bytes());
    let model = of(&bytes);
    assert_eq!(
        (model.custom[0].name.as_str(), model.custom[0].used),
        ("Mine", false)
    );
}

#[test]
fn flex_operators_show_their_node() {
    let options = flex_options("ReadFile", b"\x0a\x01n\x12\x09WriteFile");
    let model = of(&model("FlexReadFile", &options));
    // What runs is what the node says, not what the operator is called.
    assert_eq!(model.custom[0].node.as_ref().unwrap().op, "WriteFile");
}

#[test]
fn offsets_and_indices_that_lead_out_are_told() {
    let good = model("Mine", b"");
    let mut root = good.clone();
    root[0] = 0xff;
    root[1] = 0xff;
    assert!(matches!(of(&root).faults[..], [Fault::Outside { .. }]));
    // The only input of the operator names a tensor that does not exist.
    let mut index = good.clone();
    let at = good.len() - 8;
    index[at..at + 4].copy_from_slice(&7_i32.to_le_bytes());
    assert!(matches!(
        of(&index).faults[..],
        [Fault::Index {
            index: 7,
            count: 1,
            ..
        }]
    ));
    index[at..at + 4].copy_from_slice(&(-9_i32).to_le_bytes());
    assert!(matches!(
        of(&index).faults[..],
        [Fault::Index { index: -9, .. }]
    ));
    index[at..at + 4].copy_from_slice(&(-1_i32).to_le_bytes());
    assert_eq!(of(&index).faults, []);
}

#[test]
fn truncated_at_every_byte() {
    let whole = model("Mine", b"options");
    for length in 0..whole.len() {
        assert!(!of(&whole[..length]).faults.is_empty(), "{length}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_described(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&bytes);
    }

    #[test]
    fn any_change_is_described(at in 0_usize..300, byte in any::<u8>()) {
        let mut bytes = model("FlexReadFile", &flex_options("a", b"\x0a\x01n\x12\x01N"));
        let place = at % bytes.len();
        bytes[place] = byte;
        of(&bytes);
    }
}
