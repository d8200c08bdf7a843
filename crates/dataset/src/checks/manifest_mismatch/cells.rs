//! Finds out what changed between two prints of a table.
//!
//! A print has a digest for each block of rows and one for each column. A changed cell changes one of
//! either, and where they cross is the cell.

use std::collections::BTreeSet;

use tutela_core::{ColumnPrint, Digest, TablePrint};

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Something about the table as a whole.
    Table(String),
    /// One cell.
    Cell {
        /// Its row.
        row: u64,
        /// Its column.
        column: String,
    },
    /// Rows from `start` up to, not including, `end`.
    Rows {
        /// What happened to them.
        what: String,
        /// The first.
        start: u64,
        /// One past the last.
        end: u64,
        /// The column, where only one is concerned.
        column: Option<String>,
    },
    /// Some values of one column.
    Column(String),
}

/// All changes; empty when every cell is equal.
pub(super) fn changes(signed: &TablePrint, now: &TablePrint) -> Vec<Change> {
    let columns = column_changes(signed, now);
    if !columns.is_empty() {
        return columns;
    }
    if signed.blocks == now.blocks && signed.rows == now.rows {
        return Vec::new();
    }
    if signed.rows != now.rows || signed.block_rows != now.block_rows {
        return vec![count_change(signed, now)];
    }
    if sorted(&signed.blocks) == sorted(&now.blocks) {
        let (start, end) = span(signed, now);
        return vec![rows_at("the rows stand in another order", start, end, None)];
    }
    cell_changes(signed, now)
}

/// Columns that came, went, moved or changed their type: every row differs then, so columns are compared.
fn column_changes(signed: &TablePrint, now: &TablePrint) -> Vec<Change> {
    let names = |print: &TablePrint| -> Vec<String> {
        print
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    };
    let (before, after) = (names(signed), names(now));
    let retyped = signed
        .columns
        .iter()
        .zip(&now.columns)
        .any(|(old, new)| is_retyped(old, new));
    if before == after && !retyped {
        return Vec::new();
    }
    let old: BTreeSet<&String> = before.iter().collect();
    let new: BTreeSet<&String> = after.iter().collect();
    let shown = |name: &String| tutela_core::escape(name, 80);
    let mut changes: Vec<Change> = Vec::new();
    for name in old.difference(&new) {
        changes.push(Change::Table(format!("column `{}` has gone", shown(name))));
    }
    for name in new.difference(&old) {
        changes.push(Change::Table(format!("column `{}` has come", shown(name))));
    }
    if changes.is_empty() && before != after {
        changes.push(Change::Table(
            "the columns stand in another order".to_owned(),
        ));
    }
    for column in &now.columns {
        match signed
            .columns
            .iter()
            .find(|known| known.name == column.name)
        {
            Some(known) if is_retyped(known, column) => changes.push(Change::Table(format!(
                "column `{}` holds {} instead of {}",
                shown(&column.name),
                shown(&column.data_type),
                shown(&known.data_type)
            ))),
            Some(known) if known.digest != column.digest => {
                changes.push(Change::Column(column.name.clone()));
            }
            _ => {}
        }
    }
    changes
}

/// Numbers have one canonical form, so whole numbers that became others can still be compared cell by cell.
fn is_retyped(old: &ColumnPrint, new: &ColumnPrint) -> bool {
    let is_number = |column: &ColumnPrint| matches!(column.data_type.as_str(), "Int64" | "Float64");
    old.name == new.name && old.data_type != new.data_type && !(is_number(old) && is_number(new))
}

fn sorted(blocks: &[Digest]) -> Vec<Digest> {
    let mut blocks = blocks.to_vec();
    blocks.sort();
    blocks
}

/// Rows came or went. With a block for each row, what is left between the equal ends is where.
fn count_change(signed: &TablePrint, now: &TablePrint) -> Change {
    let counts = format!("the table has {} rows instead of {}", now.rows, signed.rows);
    if signed.block_rows != 1 || now.block_rows != 1 {
        return Change::Table(counts);
    }
    let pairs = || signed.blocks.iter().zip(&now.blocks);
    let head = pairs().take_while(|(old, new)| old == new).count();
    let shorter = signed.blocks.len().min(now.blocks.len());
    let ends = signed.blocks.iter().rev().zip(now.blocks.iter().rev());
    let tail = ends
        .take(shorter.saturating_sub(head))
        .take_while(|(old, new)| old == new)
        .count();
    let start = head as u64;
    let old_end = signed.blocks.len().saturating_sub(tail) as u64;
    let new_end = now.blocks.len().saturating_sub(tail) as u64;
    if old_end == start {
        return rows_at(
            format!("{counts}: these were inserted"),
            start,
            new_end,
            None,
        );
    }
    if new_end == start {
        return rows_at(
            format!(
                "{counts}: {} rows were removed before this one",
                old_end.saturating_sub(start)
            ),
            start,
            start.saturating_add(1),
            None,
        );
    }
    rows_at(format!("{counts}: these are others"), start, new_end, None)
}

/// The first and one past the last row that differ.
fn span(signed: &TablePrint, now: &TablePrint) -> (u64, u64) {
    let differing = differing(signed, now);
    let first = differing.first().copied().unwrap_or_default();
    let last = differing.last().copied().unwrap_or_default();
    block_rows(now, first, last)
}

fn differing(signed: &TablePrint, now: &TablePrint) -> Vec<u64> {
    let pairs = signed.blocks.iter().zip(&now.blocks);
    (0..)
        .zip(pairs)
        .filter(|(_block, (old, new))| old != new)
        .map(|(block, _pair)| block)
        .collect()
}

/// The rows of the blocks from `first` to `last`.
fn block_rows(print: &TablePrint, first: u64, last: u64) -> (u64, u64) {
    let start = first.saturating_mul(print.block_rows);
    let end = last.saturating_add(1).saturating_mul(print.block_rows);
    (start, end.min(print.rows))
}

fn cell_changes(signed: &TablePrint, now: &TablePrint) -> Vec<Change> {
    let columns: Vec<&str> = signed
        .columns
        .iter()
        .zip(&now.columns)
        .filter(|(old, new)| old.digest != new.digest)
        .map(|(_old, new)| new.name.as_str())
        .collect();
    let only = match columns.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    };
    let mut changes = Vec::new();
    for block in differing(signed, now) {
        let (start, end) = block_rows(now, block, block);
        if now.block_rows > 1 {
            changes.push(rows_at(
                "a value among these rows changed",
                start,
                end,
                only.clone(),
            ));
            continue;
        }
        changes.extend(columns.iter().map(|column| Change::Cell {
            row: start,
            column: (*column).to_owned(),
        }));
    }
    changes
}

fn rows_at(what: impl Into<String>, start: u64, end: u64, column: Option<String>) -> Change {
    Change::Rows {
        what: what.into(),
        start,
        end,
        column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prints a table of text, with as many rows to a block as said.
    fn print(rows: &[[&str; 2]], block_rows: u64) -> TablePrint {
        let blocks = rows.chunks(usize::try_from(block_rows).unwrap());
        let columns = ["a", "b"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| ColumnPrint {
                name: name.to_owned(),
                data_type: "Utf8".to_owned(),
                digest: Digest::of(
                    rows.iter()
                        .map(|row| row[index])
                        .collect::<Vec<_>>()
                        .join("|")
                        .as_bytes(),
                ),
            });
        TablePrint {
            rows: rows.len() as u64,
            block_rows,
            blocks: blocks
                .map(|block| Digest::of(block.concat().join("|").as_bytes()))
                .collect(),
            columns: columns.collect(),
        }
    }

    const BEFORE: [[&str; 2]; 4] = [["1", "x"], ["2", "y"], ["3", "z"], ["4", "w"]];

    fn after(change: impl FnOnce(&mut Vec<[&'static str; 2]>)) -> Vec<Change> {
        let mut rows = BEFORE.to_vec();
        change(&mut rows);
        changes(&print(&BEFORE, 1), &print(&rows, 1))
    }

    #[test]
    fn one_cell_is_named() {
        let cell = Change::Cell {
            row: 2,
            column: "b".to_owned(),
        };
        assert_eq!(after(|rows| rows[2][1] = "Z"), [cell]);
        assert_eq!(after(|_rows| {}), []);
    }

    #[test]
    fn rows_that_came_went_or_moved_are_named() {
        let said = |changes: &[Change]| match changes {
            [
                Change::Rows {
                    what, start, end, ..
                },
            ] => (what.clone(), *start, *end),
            other => panic!("{other:?}"),
        };
        let (what, start, end) = said(&after(|rows| rows.insert(1, ["9", "q"])));
        assert!(what.ends_with("these were inserted"), "{what}");
        assert_eq!((start, end), (1, 2));
        let (what, start, _end) = said(&after(|rows| drop(rows.drain(1..3))));
        assert!(what.contains("2 rows were removed"), "{what}");
        assert_eq!(start, 1);
        let (what, start, end) = said(&after(|rows| rows.swap(1, 2)));
        assert!(what.contains("another order"), "{what}");
        assert_eq!((start, end), (1, 3));
    }

    #[test]
    fn large_tables_name_the_block_and_the_column() {
        let mut rows = BEFORE;
        rows[3][0] = "5";
        let found = changes(&print(&BEFORE, 2), &print(&rows, 2));
        assert_eq!(
            found,
            [rows_at(
                "a value among these rows changed",
                2,
                4,
                Some("a".to_owned())
            )]
        );
    }

    #[test]
    fn columns_that_came_are_named_before_anything_else() {
        let mut now = print(&BEFORE, 1);
        now.columns[1].name = "c".to_owned();
        now.columns[0].digest = Digest::of(b"other");
        let found = changes(&print(&BEFORE, 1), &now);
        assert_eq!(
            found,
            [
                Change::Table("column `b` has gone".to_owned()),
                Change::Table("column `c` has come".to_owned()),
                Change::Column("a".to_owned())
            ]
        );
    }
}
