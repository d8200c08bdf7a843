use proptest::prelude::*;

use super::*;
use crate::keras::base64::decode;

/// Written by torch 1.13.0 (`corpus/make_benign.py torch-mobile`): two linear layers with a `ReLU` between them.
const TRACED: &str = include_str!("traced.ff.b64");

fn traced() -> Vec<u8> {
    decode(TRACED, 1 << 20).unwrap()
}

fn of(bytes: &[u8]) -> Module {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn a_module_of_the_real_library_is_described() {
    let module = of(&traced());
    let names: Vec<&str> = module.names.keys().map(String::as_str).collect();
    assert_eq!(names, ["aten::linear", "aten::relu"]);
    assert_eq!((module.functions, module.tensors), (1, 4));
    assert!(!module.sources.is_empty());
    assert_eq!(module.faults, []);
}

#[test]
fn the_source_is_where_it_is_said_to_be() {
    let bytes = traced();
    for source in of(&bytes).sources {
        let range = usize::try_from(source.start).unwrap()..usize::try_from(source.end).unwrap();
        let text = std::str::from_utf8(&bytes[range]).unwrap();
        assert!(text.contains("class "), "{text}");
    }
}

#[test]
fn truncated_at_every_byte() {
    let whole = traced();
    let names = of(&whole).names;
    for length in 8..whole.len() {
        let module = of(&whole[..length]);
        // Storages lie at the end; what runs was seen, or something is told.
        assert!(
            !module.faults.is_empty() || module.names == names,
            "{length}"
        );
    }
    assert!(!of(&whole[..256]).faults.is_empty());
}

#[test]
fn every_number_may_be_anything() {
    let whole = traced();
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
    let module = read(&traced(), &limits).unwrap();
    let is_limit = |fault: &Fault| matches!(fault, Fault::Limit { .. });
    assert!(module.faults.iter().any(is_limit));
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&[b"\x08\0\0\0PTMF".as_slice(), &bytes].concat());
    }
}
