//! Tests of the print: stable between formats, and pointing at the cell that changed.

use std::sync::Arc;

use arrow_array::{Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::file::properties::WriterProperties;
use sha2::{Digest as _, Sha256};

use super::print;
use crate::testing::{Fixture, parquet_bytes};

const CSV: &[u8] = b"n,x,day,word\n1,0.5,2026-01-02,a\n2,,2026-01-03,\n3,7.0,2026-01-04,b\n";

#[test]
fn csv_and_parquet_have_one_print() {
    let batch = RecordBatch::try_from_iter([
        (
            "n",
            Arc::new(Int64Array::from(vec![1, 2, 3])) as arrow_array::ArrayRef,
        ),
        (
            "x",
            Arc::new(Float64Array::from(vec![Some(0.5), None, Some(7.0)])),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![20_455, 20_456, 20_457])),
        ),
        (
            "word",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])),
        ),
    ])
    .unwrap();
    let parquet = parquet_bytes(&batch, WriterProperties::default());
    let one = print(&Fixture::new("a.csv", CSV).open().unwrap()).unwrap();
    let two = print(&Fixture::new("a.parquet", &parquet).open().unwrap()).unwrap();
    assert_eq!(one, two);
    assert_eq!((one.rows, one.block_rows, one.blocks.len()), (3, 1, 3));
}

/// The documented form, written out by hand.
#[test]
fn the_digests_are_the_documented_ones() {
    let print = print(&Fixture::new("a.csv", CSV).open().unwrap()).unwrap();
    let mut bytes = b"tutela table block v1\0".to_vec();
    for cell in ["n2", "0", "d20456", "0"] {
        bytes.extend_from_slice(&(cell.len() as u64).to_be_bytes());
        bytes.extend_from_slice(cell.as_bytes());
    }
    assert_eq!(print.blocks[1].as_bytes()[..], Sha256::digest(&bytes)[..]);
    let mut bytes = b"tutela table column v1\0".to_vec();
    for cell in ["n0.5", "0", "n7"] {
        bytes.extend_from_slice(&(cell.len() as u64).to_be_bytes());
        bytes.extend_from_slice(cell.as_bytes());
    }
    assert_eq!(
        print.columns[1].digest.as_bytes()[..],
        Sha256::digest(&bytes)[..]
    );
}

#[test]
fn a_changed_cell_changes_one_block_and_one_column() {
    let before = print(&Fixture::new("a.csv", CSV).open().unwrap()).unwrap();
    let changed = String::from_utf8(CSV.to_vec())
        .unwrap()
        .replace("7.0", "7.1");
    let after = print(&Fixture::new("a.csv", changed.as_bytes()).open().unwrap()).unwrap();
    let blocks: Vec<bool> = before
        .blocks
        .iter()
        .zip(&after.blocks)
        .map(|(a, b)| a == b)
        .collect();
    assert_eq!(blocks, [true, true, false]);
    let columns: Vec<bool> = before
        .columns
        .iter()
        .zip(&after.columns)
        .map(|(a, b)| a == b)
        .collect();
    assert_eq!(columns, [true, false, true, true]);
}

#[test]
fn large_tables_have_at_most_4096_blocks() {
    let text: String = (0..10_000).map(|row| format!("{row},{row}\n")).collect();
    let fixture = Fixture::new("a.csv", format!("a,b\n{text}").as_bytes());
    let print = print(&fixture.open().unwrap()).unwrap();
    assert_eq!((print.block_rows, print.blocks.len()), (3, 3334));
}

#[test]
fn a_table_with_problems_has_no_print() {
    let table = Fixture::new("a.csv", b"a,b\n1,2\n3\n").open().unwrap();
    assert!(print(&table).is_err());
}
