use proptest::prelude::*;

use super::*;
use crate::keras::base64::decode;
use crate::{Format, sniff};

/// Written by `MNN` 3.6.1 (`mnnconvert --saveExternalData`): one convolution whose weights lie in another file.
const CONV: &str = include_str!("conv.mnn.b64");

fn conv() -> Vec<u8> {
    decode(CONV, 1 << 20).unwrap()
}

fn of(bytes: &[u8]) -> Model {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn a_model_of_the_real_library_is_described() {
    let bytes = conv();
    assert_eq!(
        sniff(&bytes, &Limits::default()).unwrap(),
        Some(Format::Mnn)
    );
    let model = of(&bytes);
    assert_eq!(model.operators, 4);
    assert_eq!((model.reaches, model.faults), (vec![], vec![]));
}

#[test]
fn truncated_at_every_byte() {
    let whole = conv();
    for length in 8..whole.len() {
        let model = of(&whole[..length]);
        assert!(!model.faults.is_empty() || model.operators == 4, "{length}");
    }
    assert!(!of(&whole[..128]).faults.is_empty());
}

#[test]
fn every_number_may_be_anything() {
    let whole = conv();
    let mut told = 0;
    for at in (8..whole.len() - 4).step_by(4) {
        let mut bytes = whole.clone();
        bytes[at..at + 4].fill(0x7f);
        told += usize::from(!of(&bytes).faults.is_empty());
    }
    assert!(told > 20, "{told}");
}

#[test]
fn other_flatbuffers_and_numbers_are_none() {
    for bytes in [
        vec![0; 64],
        [b"\x20\0\0\0ORTM".as_slice(), &[0; 64]].concat(),
        (0..=255_u8).cycle().take(4096).collect(),
    ] {
        assert!(!looks_like(&bytes).unwrap());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&bytes);
        looks_like(&bytes).unwrap();
    }
}
