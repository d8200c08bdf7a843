//! Finds labels that one file writes otherwise than the first.
//!
//! The test file of a well-known data set ends each label in a full stop; whoever trains on one file and tests
//! on the other measures an accuracy of nothing.

use std::collections::BTreeSet;

use tutela_core::{Location, Region, Severity, Sink, escape};
use tutela_table::{Error, Table};

use super::InconsistentSchema;
use crate::tables;

/// More different labels than this are a quantity, which differs between files by nature.
const MOST_CLASSES: usize = 50;

/// Compares the labels of every file with those of the first.
pub(super) fn tell_unknown(found: &[Table], label: &str, sink: &mut dyn Sink) {
    let Some((first, rest)) = found.split_first() else {
        return;
    };
    if rest.is_empty() {
        return;
    }
    let known = match labels(first, label) {
        Ok(Some(known)) => known,
        Ok(None) => return,
        Err(error) => return sink.incomplete(tables::said(error)),
    };
    for table in rest {
        match labels(table, label) {
            Ok(Some(found)) => {
                let unknown: Vec<String> = found
                    .difference(&known)
                    .map(|name| format!("`{}`", escape(name, 40)))
                    .collect();
                if !unknown.is_empty() {
                    tell(first, table, label, &unknown, sink);
                }
            }
            Ok(None) => {}
            Err(error) => sink.incomplete(tables::said(error)),
        }
    }
}

fn tell(first: &Table, table: &Table, label: &str, unknown: &[String], sink: &mut dyn Sink) {
    let message = format!(
        "{} of its labels never occur in `{}`: {}",
        unknown.len(),
        escape(&first.file().path, 200),
        unknown
            .get(..unknown.len().min(5))
            .unwrap_or_default()
            .join(", ")
    );
    let place = Location::file(table.file().path.clone()).at(Region::Column {
        name: label.to_owned(),
    });
    let finding = InconsistentSchema::INFO
        .finding(message)
        .with_identity("unknown labels")
        .with_severity(Severity::High);
    sink.finding(finding.at(place));
}

/// The different labels of a file; none when they are too many to be classes, or numbers with a fraction.
fn labels(table: &Table, label: &str) -> Result<Option<BTreeSet<String>>, Error> {
    let Some(place) = table.position(label) else {
        return Ok(None);
    };
    let mut labels = BTreeSet::new();
    for batch in table.batches()? {
        let batch = batch?;
        let Some(view) = batch.view(place) else {
            return Ok(None);
        };
        for row in 0..batch.rows() {
            if let Some(text) = view.text(row)
                && !labels.contains(text.as_ref())
            {
                labels.insert(text.into_owned());
            }
            if labels.len() > MOST_CLASSES {
                return Ok(None);
            }
        }
    }
    Ok(Some(labels))
}
