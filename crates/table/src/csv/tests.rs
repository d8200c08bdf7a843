//! Tests of the CSV reader; `csv-core` is the independent witness.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::testing::{Fixture, kinds, rows};
use crate::{Kind, Sheet, Table};

fn open(name: &str, text: &str) -> (Fixture, Table) {
    let fixture = Fixture::new(name, text.as_bytes());
    let table = fixture.open().unwrap();
    (fixture, table)
}

fn texts(table: &Table) -> Vec<Vec<String>> {
    let text = |cell: Option<String>| cell.unwrap_or_else(|| "∅".to_owned());
    rows(table)
        .into_iter()
        .map(|row| row.into_iter().map(text).collect())
        .collect()
}

#[test]
fn kinds_are_settled_over_the_whole_file() {
    let (_file, table) = open(
        "a.csv",
        "id,when,ok,share,code\n1,2026-01-02,true,0.5,007\n2,2026-01-03,false,3,12\n3,,NA,?,x\n",
    );
    assert_eq!(
        kinds(&table),
        [
            ("id", Kind::Integer),
            ("when", Kind::Date),
            ("ok", Kind::Boolean),
            ("share", Kind::Real),
            ("code", Kind::Text)
        ]
    );
    assert_eq!(
        texts(&table),
        [
            ["1", "2026-01-02", "true", "0.5", "007"],
            ["2", "2026-01-03", "false", "3", "12"],
            ["3", "∅", "∅", "∅", "x"]
        ]
    );
    assert!(table.problems().is_empty());
    assert_eq!(table.rows(), 3);
}

#[test]
fn a_late_text_makes_the_column_text() {
    let mut text = String::from("n,m\n");
    for number in 0..9000 {
        writeln!(text, "{number},1").unwrap();
    }
    text.push_str("oops,1\n");
    let (_file, table) = open("a.csv", &text);
    assert_eq!(kinds(&table), [("n", Kind::Text), ("m", Kind::Integer)]);
    let odd = table.columns()[0].lexical[1];
    assert_eq!(
        (odd.lexical, odd.count, odd.first_row),
        (crate::Lexical::Text, 1, 9000)
    );
}

#[test]
fn delimiters_and_headers_are_recognised() {
    let (_file, table) = open("x.csv", "a;b\n1,5;2,5\n2,5;3,5\n");
    assert_eq!(texts(&table), [["1,5", "2,5"], ["2,5", "3,5"]]);
    let (_file, table) = open("german.data", "\nA11\t6\tA34\nA12\t48\tA32\nA14\t12\tA34\n");
    assert_eq!(table.rows(), 3);
    assert_eq!(table.columns()[1].name, "column_2");
    let (_file, table) = open(
        "adult.data",
        "age, job, y\n39, State-gov, <=50K\n50, ?, >50K\n",
    );
    assert_eq!(texts(&table)[1], ["50", "?", ">50K"]);
    let (_file, table) = open("x.tsv", "\u{feff}né\tb\n1\t2\n");
    assert_eq!(table.columns()[0].name, "né");
    let (_file, table) = open("one.csv", "name\nx\ny\n");
    assert_eq!(kinds(&table), [("name", Kind::Text)]);
    // Names that occur again below are values.
    let (_file, table) = open("two.csv", "red,big\ngreen,small\nred,big\n");
    assert_eq!(table.rows(), 3);
}

#[test]
fn what_is_no_table_is_refused() {
    for (name, bytes) in [
        ("README", &b"Some prose, with a comma.\nAnd more.\n"[..]),
        ("a.md", b"a,b\n1,2\n3,4\n"),
        ("x.bin", b"a,b\0\n1,2\n"),
        ("empty", b""),
    ] {
        let error = Fixture::new(name, bytes).open().unwrap_err();
        assert!(matches!(error, Error::NotATable { .. }), "{name}: {error}");
    }
    // Who calls it a table is told that it is a broken one.
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("x.csv", b"a\0b"),
        ("x.parquet", b"\0\0\0\0"),
    ] {
        let error = Fixture::new(name, bytes).open().unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
    }
    let error = Fixture::new("x.xlsx", b"PK").open().unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    let error = Fixture::new("u.csv", b"\xff\xfea\0,\0").open().unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
}

#[test]
fn broken_rows_are_told_with_their_line() {
    let (_file, table) = open(
        "a.csv",
        "a,b\r\n1,2\r\n\r\n3\r\n4,5,6\r\n\"x\ny\",\"q\"z\r\n\"open,7\r\n",
    );
    let told: Vec<String> = table
        .problems()
        .kept()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "the row has 1 values where the table has 2 columns (line 4, column 1)",
            "the row has 3 values where the table has 2 columns (line 5, column 1)",
            "text follows a closing quotation mark (line 6, column 1)",
            "a quotation mark is never closed; the rest of the file is one value (line 8, column 1)",
            "the row has 1 values where the table has 2 columns (line 8, column 1)",
        ]
    );
    assert_eq!(texts(&table)[2], ["4", "5"]);
    let table = Fixture::new("l.csv", b"a,b\n\xe9,1\n").open().unwrap();
    assert!(table.problems().kept()[0].what.contains("UTF-8"));
}

#[test]
fn doubled_names_are_told_and_replaced() {
    let (_file, table) = open("a.csv", "a,a,column_2,\n1,2,3,4\n");
    let names: Vec<&str> = table
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["a", "column_2", "column_3", "column_4"]);
    assert_eq!(table.problems().total(), 2);
}

#[test]
fn limits_are_kept() {
    let fixture = Fixture::new("a.csv", format!("a,b\n1,{}\n", "x".repeat(5000)).as_bytes());
    let limits = Limits {
        member_bytes: 4096,
        ..Limits::default()
    };
    let error = Table::open(&fixture.file, &limits).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let fixture = Fixture::new("a.csv", b"a,b\n1,2\n3,4\n");
    let limits = Limits {
        rows: 1,
        ..Limits::default()
    };
    let error = Table::open(&fixture.file, &limits).unwrap_err();
    assert!(matches!(
        error,
        Error::Core(tutela_core::Error::Limit { .. })
    ));
    let wide = ",".repeat(70_000);
    let error = Fixture::new("a.csv", wide.as_bytes()).open().unwrap_err();
    assert!(
        matches!(error, Error::NotATable { .. } | Error::Malformed { .. }),
        "{error}"
    );
}

#[test]
fn an_empty_text_is_not_a_missing_one() {
    let (_file, table) = open("a.csv", "a,b\n\"\",x\n,y\n");
    assert_eq!(rows(&table)[0][0].as_deref(), Some(""));
    assert_eq!(rows(&table)[1][0], None);
}

/// The records as `csv-core` splits them.
fn witness(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv_core::Reader::new();
    let mut output = vec![0; text.len() + 64];
    let mut ends = vec![0; text.len() + 64];
    let (mut at, mut filled, mut count) = (0, 0, 0);
    let mut records = Vec::new();
    loop {
        let (result, read, written, ended) =
            reader.read_record(&text[at..], &mut output[filled..], &mut ends[count..]);
        at += read;
        filled += written;
        count += ended;
        match result {
            csv_core::ReadRecordResult::End => return records,
            csv_core::ReadRecordResult::Record => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let pairs = starts.zip(&ends[..count]);
                records.push(
                    pairs
                        .map(|(start, end)| output[start..*end].to_vec())
                        .collect(),
                );
                (filled, count) = (0, 0);
            }
            _ => {}
        }
    }
}

/// The records as we split them.
fn split(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let dialect = Dialect {
        delimiter: b',',
        padded: false,
        header: false,
        width: 0,
    };
    let fixture = Fixture::new("x", text);
    let bytes = Arc::new(fixture.file.open().unwrap());
    let mut records = Records::new(bytes, dialect, &Limits::default());
    let mut record = Record::default();
    let mut all = Vec::new();
    while records.read("x", &mut record).unwrap() {
        let values = (0..record.len()).map(|field| record.text(field).unwrap());
        all.push(values.map(|value| value.as_bytes().to_vec()).collect());
    }
    all
}

proptest! {
    /// Half-open quotes are read as `csv-core` reads them too; only the flaw is told besides.
    #[test]
    fn splits_as_csv_core_does(text in "[ab,\"\r\n ]{0,40}") {
        prop_assert_eq!(split(text.as_bytes()), witness(text.as_bytes()), "{:?}", text);
    }

    #[test]
    fn what_is_written_is_read_back(
        cells in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of("[a-z\"\r\n,;\t é]{0,6}"), 3), 1..20)
    ) {
        let names = ["first", "second", "third"].map(str::to_owned).to_vec();
        // Text only: a number sign keeps every cell from being anything else.
        let rows: Vec<Vec<Option<String>>> = cells.into_iter()
            .map(|row| row.into_iter().map(|cell| cell.map(|text| format!("#{text}"))).collect())
            .collect();
        let sheet = Sheet { names, rows };
        let fixture = Fixture::new("x.csv", &sheet.to_csv());
        let table = fixture.open().unwrap();
        prop_assert!(table.problems().is_empty());
        prop_assert_eq!(Sheet::read(&table, usize::MAX).unwrap(), sheet);
    }
}
