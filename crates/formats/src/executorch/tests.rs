use proptest::prelude::*;

use super::*;
use crate::keras::base64::decode;

/// Written by `ExecuTorch` 1.5.1: one call of `aten::add`, a constant, and a segment.
const ADD: &str = include_str!("add.pte.b64");

fn add() -> Vec<u8> {
    decode(ADD, 1 << 20).unwrap()
}

fn of(bytes: &[u8]) -> Program {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn a_program_of_the_real_library_is_described() {
    let program = of(&add());
    let names: Vec<&str> = program
        .operators
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["aten::add"]);
    assert_eq!((program.segments, program.delegates.len()), (1, 0));
    assert_eq!(program.faults, []);
}

#[test]
fn a_segment_outside_the_file_is_told() {
    let mut bytes = add();
    // The start of the segments in the extended header.
    bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    let faults = of(&bytes).faults;
    assert!(
        faults.iter().any(|fault| matches!(
            fault,
            Fault::Outside {
                what: "segment",
                ..
            }
        )),
        "{faults:?}"
    );
}

#[test]
fn truncated_at_every_byte() {
    let whole = add();
    for length in 8..whole.len() {
        assert!(!of(&whole[..length]).faults.is_empty(), "{length}");
    }
}

#[test]
fn every_number_may_be_anything() {
    // Each group of four bytes becomes the largest number; nothing panics, and most of it is seen.
    let whole = add();
    let mut told = 0;
    for at in (32..whole.len().saturating_sub(4)).step_by(4) {
        let mut bytes = whole.clone();
        bytes[at..at + 4].fill(0xff);
        told += usize::from(!of(&bytes).faults.is_empty());
    }
    assert!(told > 50, "{told}");
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        of(&[b"\x20\0\0\0ET12".as_slice(), &bytes].concat());
    }
}
