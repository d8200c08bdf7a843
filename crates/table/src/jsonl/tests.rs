//! Tests of the JSON Lines reader.

use crate::testing::{Fixture, kinds, rows};
use crate::{Error, Format, Kind};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn members_become_columns() {
    let fixture = Fixture::new(
        "a.jsonl",
        br#"{"id": 1, "name": "Ann", "when": "2026-01-02", "tags": ["a", 1]}

{"name": "7", "id": 2.5, "extra": true, "tags": null}
{"id": 3, "name": null}
"#,
    );
    let table = fixture.open().unwrap();
    assert_eq!(table.format(), Format::JsonLines);
    assert_eq!(
        kinds(&table),
        [
            ("id", Kind::Real),
            ("name", Kind::Text),
            ("when", Kind::Date),
            ("tags", Kind::Text),
            ("extra", Kind::Boolean)
        ]
    );
    assert_eq!(
        rows(&table),
        [
            vec![
                text("1"),
                text("Ann"),
                text("2026-01-02"),
                text("[\"a\",1]"),
                None
            ],
            vec![text("2.5"), text("7"), None, None, text("true")],
            vec![text("3"), None, None, None, None],
        ]
    );
}

#[test]
fn broken_lines_are_told() {
    let fixture = Fixture::new(
        "a.jsonl",
        b"{\"a\": 1}\n{\"a\": \n[1]\n{\"a\": 2, \"a\": 3}\n{\"a\": \"\xff\"}\n",
    );
    let table = fixture.open().unwrap();
    let lines: Vec<String> = table
        .problems()
        .kept()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("line 2"), "{lines:?}");
    assert!(lines[2].contains("member `a` occurs twice"), "{lines:?}");
    assert_eq!(table.rows(), 5);
    assert_eq!(rows(&table)[3], [text("2")]);
}

#[test]
fn a_json_document_is_not_read_and_that_is_told() {
    let error = Fixture::new("a.json", b"{\n \"a\": 1\n}\n")
        .open()
        .unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
}

#[test]
fn deep_nesting_is_told_not_obeyed() {
    let deep = format!("{{\"a\": 1}}\n{{\"a\": {}}}\n", "[".repeat(100_000));
    let table = Fixture::new("a.jsonl", deep.as_bytes()).open().unwrap();
    assert_eq!(table.problems().total(), 1);
}
