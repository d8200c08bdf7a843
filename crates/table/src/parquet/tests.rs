//! Tests of the Parquet reader on honest, cut and broken files.

use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::*;
use parquet::basic::{GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::*;
use crate::testing::{Fixture, kinds, parquet_bytes, rows};
use crate::{Cell, Kind, Table};

#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    reason = "a list of every type, with small numbers"
)]
fn batch(rows: i32) -> RecordBatch {
    let text: StringArray = (0..rows)
        .map(|row| (row % 3 > 0).then(|| format!("t{row}")))
        .collect();
    let dictionary: DictionaryArray<Int8Type> = (0..rows)
        .map(|row| Some(["x", "y"][(row % 2) as usize]))
        .collect();
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..rows).map(|row| Some(vec![Some(row), None])),
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "small",
            Arc::new(
                (0..rows)
                    .map(|row| Some((row % 100) as i8))
                    .collect::<Int8Array>(),
            ),
        ),
        (
            "large",
            Arc::new(UInt64Array::from(vec![u64::MAX; rows as usize])),
        ),
        (
            "real",
            Arc::new(
                (0..rows)
                    .map(|row| Some(f32::from(row as i16) / 2.0))
                    .collect::<Float32Array>(),
            ),
        ),
        ("text", Arc::new(text)),
        ("word", Arc::new(dictionary)),
        (
            "flag",
            Arc::new(
                (0..rows)
                    .map(|row| Some(row % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "day",
            Arc::new((0..rows).map(Some).collect::<Date32Array>()),
        ),
        (
            "at",
            Arc::new(
                (0..rows)
                    .map(|row| Some(i64::from(row) * 1000))
                    .collect::<TimestampMillisecondArray>(),
            ),
        ),
        (
            "price",
            Arc::new(
                Decimal128Array::from(vec![1234_i128; rows as usize])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        (
            "raw",
            Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..]; rows as usize])),
        ),
        ("list", Arc::new(lists)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn written(compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    parquet_bytes(&batch(50), properties)
}

#[test]
fn every_type_becomes_a_cell() {
    let fixture = Fixture::new("a.parquet", &written(Compression::SNAPPY));
    let table = fixture.open().unwrap();
    let kinds: Vec<Kind> = kinds(&table)
        .into_iter()
        .map(|(_name, kind)| kind)
        .collect();
    use Kind::*;
    assert_eq!(
        kinds,
        [
            Integer, Integer, Real, Text, Text, Boolean, Date, Moment, Real, Bytes, Text
        ]
    );
    let row: Vec<String> = rows(&table)[3]
        .iter()
        .map(|cell| cell.clone().unwrap_or_default())
        .collect();
    assert_eq!(
        row,
        [
            "3",
            "18446744073709551615",
            "1.5",
            "",
            "y",
            "false",
            "1970-01-04",
            "1970-01-01T00:00:03Z",
            "12.34",
            "00ff",
            "[3, ]"
        ]
    );
    assert_eq!(rows(&table)[3][3], None);
}

#[test]
fn all_codecs_hold_the_same_table() {
    let plain = Fixture::new("a", &written(Compression::UNCOMPRESSED));
    let expected = crate::print(&plain.open().unwrap()).unwrap();
    for codec in [
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let fixture = Fixture::new("a", &written(codec));
        assert_eq!(
            crate::print(&fixture.open().unwrap()).unwrap(),
            expected,
            "{codec}"
        );
    }
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(7))
        .build();
    let fixture = Fixture::new("a", &parquet_bytes(&batch(50), properties));
    assert_eq!(crate::print(&fixture.open().unwrap()).unwrap(), expected);
}

/// Whatever the bytes: an error or cells, never a panic that gets out, never a row too many.
fn survives(bytes: &[u8]) -> bool {
    let fixture = Fixture::new("a.parquet", bytes);
    let limits = Limits {
        rows: 10_000,
        unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    let Ok(table) = Table::open(&fixture.file, &limits) else {
        return false;
    };
    let mut rows = 0;
    for batch in table.batches().into_iter().flatten() {
        match batch {
            Ok(batch) => rows += batch.rows() as u64,
            Err(_refused) => return false,
        }
    }
    assert_eq!(rows, table.rows());
    true
}

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let bytes = written(Compression::SNAPPY);
    assert!(survives(&bytes));
    for end in (4..bytes.len()).step_by(17) {
        assert!(!survives(&bytes[..end]), "cut at {end}");
    }
}

#[test]
fn a_file_with_any_byte_changed_does_no_harm() {
    let bytes = written(Compression::SNAPPY);
    let mut refused = 0;
    for place in (4..bytes.len()).step_by(23) {
        for change in [0xff, 0x80, 0x01] {
            let mut broken = bytes.clone();
            broken[place] ^= change;
            refused += usize::from(!survives(&broken));
        }
    }
    assert!(refused > 0);
}

/// All rows point at one text in memory: a copy for each row would be a bomb.
#[test]
fn a_dictionary_is_not_copied_for_each_row() {
    let long = "x".repeat(1 << 16);
    let texts: StringArray = (0..8).map(|_row| Some(long.as_str())).collect();
    let batch = RecordBatch::try_from_iter([("t", Arc::new(texts) as ArrayRef)]).unwrap();
    let fixture = Fixture::new("a", &parquet_bytes(&batch, WriterProperties::default()));
    let table = fixture.open().unwrap();
    let batch = table.batches().unwrap().next().unwrap().unwrap();
    let texts: Vec<_> = (0..8).map(|row| batch.cell(row, 0)).collect();
    let Cell::Text(first) = texts[0] else {
        panic!("{:?}", texts[0])
    };
    for text in &texts {
        let Cell::Text(text) = text else {
            panic!("{text:?}")
        };
        assert_eq!(text.as_ptr(), first.as_ptr());
    }
}

/// Two thousand rows of 64 KiB in a file of a few hundred KiB.
#[test]
fn rows_that_unpack_without_end_are_refused() {
    let long = "x".repeat(1 << 16);
    let texts: StringArray = (0..2000).map(|_row| Some(long.as_str())).collect();
    let batch = RecordBatch::try_from_iter([("t", Arc::new(texts) as ArrayRef)]).unwrap();
    let fixture = Fixture::new("a", &parquet_bytes(&batch, WriterProperties::default()));
    let limits = Limits {
        unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    let table = Table::open(&fixture.file, &limits).unwrap();
    let last = table.batches().unwrap().last().unwrap();
    assert!(matches!(
        last,
        Err(Error::Core(tutela_core::Error::Limit { .. }))
    ));
    assert!(
        fixture
            .open()
            .unwrap()
            .batches()
            .unwrap()
            .all(|batch| batch.is_ok())
    );
}

#[test]
fn encrypted_files_are_told_apart() {
    let error = Fixture::new("a", b"PARE....PARE").open().unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    let error = Fixture::new("a", b"PAR1\xff\xff\xff\xffPAR1")
        .open()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the footer declares 4294967295 bytes"),
        "{error}"
    );
    let error = Fixture::new("a", b"PAR1").open().unwrap_err();
    assert!(matches!(error, Error::Malformed { .. } | Error::Core(_)));
}

#[test]
fn too_many_rows_are_refused_before_they_are_read() {
    let fixture = Fixture::new("a", &written(Compression::SNAPPY));
    let limits = Limits {
        rows: 49,
        ..Limits::default()
    };
    assert!(matches!(
        Table::open(&fixture.file, &limits).unwrap_err(),
        Error::Core(tutela_core::Error::Limit { .. })
    ));
}
