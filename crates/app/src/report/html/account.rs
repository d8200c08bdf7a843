//! What the bytes of each artifact are, and which of them nobody examined.

use std::collections::BTreeMap;

use tutela_core::Stretch;
use tutela_evidence::{CheckPredicate, Evidence};

use super::{Budget, Cut};
use crate::report::text::{MESSAGE, NAME, count_u64, grouped, show, size};
use crate::report::view::View;

/// What the bytes of all artifacts are.
#[derive(Debug)]
pub(super) struct Account {
    /// Each sort of bytes in each artifact.
    pub(super) sorts: Cut<Sort>,
    /// What was not examined.
    pub(super) left: Cut<Left>,
    /// What evidence left out of the list.
    pub(super) omitted: Option<String>,
}

/// One sort of bytes in one artifact.
#[derive(Debug)]
pub(super) struct Sort {
    pub(super) artifact: String,
    pub(super) what: String,
    pub(super) size: String,
    pub(super) stretches: String,
    pub(super) is_whole: bool,
    pub(super) examined: String,
}

/// Bytes in a row that were not examined.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) place: String,
    pub(super) range: String,
    pub(super) what: String,
}

/// Adds up one sort.
#[derive(Default)]
struct Sum {
    bytes: u64,
    examined: u64,
    stretches: u64,
}

/// The account, from the evidence of the check that keeps it.
pub(super) fn account(view: &View<'_>, budget: Budget) -> Account {
    let checks = view.dossier.checks.iter();
    let keeping: Vec<&Evidence<CheckPredicate>> = checks
        .filter(|evidence| !evidence.predicate.stretches.is_empty())
        .collect();
    let all = keeping.iter().flat_map(|it| &it.predicate.stretches);
    let omitted: u64 = keeping
        .iter()
        .map(|it| it.predicate.stretches_omitted)
        .fold(0, u64::saturating_add);
    let sums = keeping.iter().flat_map(|it| sums(&it.predicate));
    Account {
        sorts: Cut::map(sums, budget.rows, |(artifact, what, sum)| {
            sort(artifact, what, &sum)
        }),
        left: Cut::map(all.filter(|it| !it.examined), budget.rows, left),
        omitted: (omitted > 0).then(|| {
            let more = count_u64(omitted, "more stretch", "more stretches");
            format!("{more} of bytes are not in the evidence, which keeps a limited number.")
        }),
    }
}

/// The sums of one artifact, the largest first.
fn sums(predicate: &CheckPredicate) -> Vec<(&str, &str, Sum)> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for stretch in &predicate.stretches {
        let sum = sums.entry(&stretch.what).or_default();
        let length = stretch.end.saturating_sub(stretch.start);
        sum.bytes = sum.bytes.saturating_add(length);
        sum.stretches = sum.stretches.saturating_add(1);
        if stretch.examined {
            sum.examined = sum.examined.saturating_add(length);
        }
    }
    let artifact = predicate.artifact.name.as_str();
    let mut sums: Vec<_> = sums
        .into_iter()
        .map(|(what, sum)| (artifact, what, sum))
        .collect();
    sums.sort_by_key(|(_, _, sum)| std::cmp::Reverse(sum.bytes));
    sums
}

fn sort(artifact: &str, what: &str, sum: &Sum) -> Sort {
    Sort {
        artifact: show(artifact, NAME),
        what: show(what, NAME),
        size: size(sum.bytes),
        stretches: grouped(sum.stretches),
        is_whole: sum.examined == sum.bytes,
        examined: size(sum.examined),
    }
}

fn left(stretch: &Stretch) -> Left {
    Left {
        place: show(&stretch.place, MESSAGE),
        range: format!("{}..{}", stretch.start, stretch.end),
        what: match &stretch.holds {
            Some(name) => show(&format!("{}: {name}", stretch.what), MESSAGE),
            None => show(&stretch.what, NAME),
        },
    }
}
