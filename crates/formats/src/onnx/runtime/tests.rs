use proptest::prelude::*;

use super::*;
use crate::keras::base64::decode;

/// Written by onnxruntime 1.32.0 (`corpus/make_benign.py onnxruntime`): a product, an `If` with two branches, a fused operator.
const BRANCHES: &str = include_str!("branches.ort.b64");

fn branches() -> Vec<u8> {
    decode(BRANCHES, 1 << 20).unwrap()
}

fn of(bytes: &[u8]) -> Model {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

/// Where a text of the file stands.
fn place(bytes: &[u8], text: &[u8]) -> usize {
    let found = bytes.windows(text.len()).position(|window| window == text);
    found.unwrap()
}

#[test]
fn a_model_of_the_real_library_is_described() {
    let model = of(&branches());
    let mut names: Vec<(&str, &str)> = model
        .operators
        .iter()
        .map(|it| (it.domain.as_str(), it.name.as_str()))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            ("", "If"),
            ("", "MatMul"),
            ("", "Neg"),
            ("", "Relu"),
            ("com.microsoft", "BiasGelu")
        ]
    );
    assert_eq!((model.nodes, model.tensors), (5, 2));
    assert_eq!(model.ir_version, Some(9));
    assert!(model.opsets.contains(&(String::new(), 17)));
    let author = ("author".to_owned(), "someone".to_owned());
    assert!(model.metadata.contains(&author), "{:?}", model.metadata);
    assert_eq!(model.faults, []);
}

#[test]
fn a_tensor_that_is_shorter_than_its_shape_is_told() {
    let mut bytes = branches();
    // The shape of the weight, three by three, grows.
    let shape = [3_u64.to_le_bytes(), 3_u64.to_le_bytes()].concat();
    let at = place(&bytes, &shape);
    bytes[at + 4] = 1;
    let faults = of(&bytes).faults;
    assert!(
        faults
            .iter()
            .any(|fault| matches!(fault, Fault::Size { .. })),
        "{faults:?}"
    );
}

#[test]
fn another_operator_is_seen_in_a_branch() {
    let mut bytes = branches();
    let at = place(&bytes, b"\x04\0\0\0Relu\0");
    bytes[at + 4..at + 8].copy_from_slice(b"PyOp");
    let model = of(&bytes);
    assert!(model.operators.iter().any(|it| it.name == "PyOp"));
}

#[test]
fn truncated_at_every_byte() {
    let whole = branches();
    let nodes = of(&whole).nodes;
    for length in 8..whole.len() - 4 {
        let model = of(&whole[..length]);
        // The tables of types lie at the end, and nothing of the graph is in them.
        assert!(
            model.faults.iter().any(Fault::leaves_unread) || model.nodes == nodes,
            "{length}"
        );
    }
    assert!(of(&whole[..64]).faults.iter().any(Fault::leaves_unread));
}

#[test]
fn every_number_may_be_anything() {
    let whole = branches();
    let mut told = 0;
    for at in (8..whole.len() - 4).step_by(4) {
        let mut bytes = whole.clone();
        bytes[at..at + 4].fill(0xff);
        told += usize::from(!of(&bytes).faults.is_empty());
    }
    assert!(told > 50, "{told}");
}

#[test]
fn steps_bound_what_is_read() {
    let limits = Limits {
        steps: 100,
        ..Limits::default()
    };
    let model = read(&branches(), &limits).unwrap();
    let is_limit = |fault: &Fault| matches!(fault, Fault::Limit { .. });
    assert!(model.faults.iter().any(is_limit));
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&[b"\x08\0\0\0ORTM".as_slice(), &bytes].concat());
    }
}
