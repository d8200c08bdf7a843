use proptest::prelude::*;

use super::*;
use crate::{Format, sniff};

fn of(bytes: &[u8]) -> File {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn int(number: i32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn text(text: &[u8]) -> Vec<u8> {
    [&int(i32::try_from(text.len()).unwrap()), text].concat()
}

/// A table of a layer with a tensor of three numbers, and another name of the same tensor.
fn layer(extra: &[u8], count: i32) -> Vec<u8> {
    let class = |index, name: &[u8]| [int(4), int(index), text(b"V 1"), text(name)].concat();
    let tensor = [
        class(3, b"torch.FloatTensor"),
        int(1),
        3_i64.to_le_bytes().to_vec(),
        1_i64.to_le_bytes().to_vec(),
        1_i64.to_le_bytes().to_vec(),
        class(4, b"torch.FloatStorage"),
        3_i64.to_le_bytes().to_vec(),
        vec![0; 12],
    ];
    let key = |name| [int(2), text(name)].concat();
    [
        class(1, b"nn.Linear"),
        [int(3), int(2), int(count)].concat(),
        key(b"weight"),
        tensor.concat(),
        key(b"gradWeight"),
        [int(4), int(3)].concat(),
        key(b"train"),
        [int(5), int(1)].concat(),
        key(b"n"),
        [int(1), vec![0; 8]].concat(),
        extra.to_vec(),
    ]
    .concat()
}

/// A function of the kind that is written today, without anything around it.
fn function() -> Vec<u8> {
    let key = [int(2), text(b"forward")].concat();
    [key, int(8), int(9), text(b"\x1bLJ\x02"), int(0)].concat()
}

#[test]
fn layers_are_data() {
    let bytes = layer(&[], 4);
    let file = of(&bytes);
    assert_eq!((file.fault, file.functions.len()), (None, 0));
    assert_eq!(file.end, bytes.len() as u64);
    let format = sniff(&bytes, &Limits::default()).unwrap();
    assert_eq!(format, Some(Format::Torch7));
}

#[test]
fn functions_are_found_where_they_lie() {
    let bytes = layer(&function(), 5);
    let [found] = of(&bytes).functions[..] else {
        panic!("one function");
    };
    let at = usize::try_from(found.at).unwrap();
    assert_eq!(&bytes[at..at + 4], b"\x1bLJ\x02");
    let alone = [int(8), int(1), text(b"\x1bLJ\x02"), int(0)].concat();
    let format = sniff(&alone, &Limits::default()).unwrap();
    assert_eq!(format, Some(Format::Torch7));
}

#[test]
fn files_written_as_text_are_read_too() {
    let lines = [
        "4",
        "1",
        "3",
        "V 1",
        "9",
        "nn.Linear",
        "3",
        "2",
        "2",
        "2",
        "4",
        "bias",
        "4",
        "3",
        "3",
        "V 1",
        "17",
        "torch.FloatTensor",
        "1",
        "2",
        "1",
        "1",
        "4",
        "4",
        "3",
        "V 1",
        "18",
        "torch.FloatStorage",
        "2",
        "0.5 1",
        "2",
        "1",
        "f",
        "8",
        "5",
        "4",
        "\x1bLua",
        "0",
        "",
    ];
    let bytes = lines.join("\n").into_bytes();
    let file = of(&bytes);
    assert_eq!((file.fault, file.functions.len()), (None, 1));
    assert_eq!(file.end, bytes.len() as u64);
}

#[test]
fn counts_that_the_file_does_not_keep() {
    for count in [i32::MAX, -1] {
        let fault = of(&layer(&[], count)).fault;
        let Some(Fault::Beyond { what, .. }) = fault else {
            panic!("{fault:?}");
        };
        assert_eq!(what, "table");
    }
}

#[test]
fn truncated_at_every_byte() {
    let whole = layer(&function(), 5);
    for length in 0..whole.len() {
        assert!(of(&whole[..length]).fault.is_some(), "{length}");
    }
}

#[test]
fn depth_costs_no_stack() {
    let mut bytes = Vec::new();
    for index in 1..100_000 {
        bytes.extend([int(3), int(index), int(1), int(1), vec![0; 8]].concat());
    }
    let fault = of(&bytes).fault;
    assert!(matches!(fault, Some(Fault::Limit { what: "levels", .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let file = of(&[b"\x03\0\0\0\x01\0\0\0\x05\0\0\0".as_slice(), &bytes].concat());
        prop_assert!(file.end <= bytes.len() as u64 + 12);
        of(&[b"3\n1\n5\n".as_slice(), &bytes].concat());
    }
}
