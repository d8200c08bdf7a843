//! What the values of one column say about people.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::Confidence;
use tutela_text::{Hint, PersonalKind, find_personal_in, mask};

use crate::stats::share;

/// How many different values with a valid check digit prove that it is no chance: random digits pass one
/// time in ten, so ten of ten pass one time in 10^10.
const PROOF: usize = 10;
/// The same where the column's name says what the numbers are.
const NAMED_PROOF: usize = 2;
/// The share of values that must pass a rule which random values pass now and then.
const CHECKED_SHARE: f64 = 0.9;
/// The same where the column's name says what the numbers are.
const NAMED_SHARE: f64 = 0.5;

/// The values of one column.
pub(super) struct Column {
    hint: Hint,
    values: u64,
    kinds: BTreeMap<PersonalKind, Seen>,
}

/// Values that look like one kind of personal data.
#[derive(Default)]
struct Seen {
    /// Values in which the shape alone is proof.
    sure: u64,
    /// Values that are wholly such a number, by a rule that chance may satisfy.
    likely: u64,
    /// Whether the column's name says the same.
    named: bool,
    /// Some of the different values.
    different: BTreeSet<Vec<u8>>,
}

/// What a column was found to hold.
pub(super) struct Verdict {
    /// What it is.
    pub kind: PersonalKind,
    /// How many values look like it.
    pub count: u64,
    /// How sure that is.
    pub confidence: Confidence,
    /// One value, masked.
    pub example: String,
}

impl Column {
    /// Starts a column.
    pub(super) fn new(name: &str) -> Self {
        Self {
            hint: Hint::of(name),
            values: 0,
            kinds: BTreeMap::new(),
        }
    }

    /// How many values were there.
    pub(super) const fn values(&self) -> u64 {
        self.values
    }

    /// Looks at one value that is not missing.
    pub(super) fn see(&mut self, value: &str) {
        self.values += 1;
        let text = value.trim().as_bytes();
        let spans = find_personal_in(text, &self.hint);
        if spans.is_empty() {
            return;
        }
        // Without the name, so that a name alone never makes a value sure.
        let bare = find_personal_in(text, &Hint::default());
        let mut counted = BTreeSet::new();
        for span in spans.iter().filter(|span| span.valid) {
            let sure = bare
                .iter()
                .any(|other| other.kind == span.kind && other.confidence == Confidence::High);
            let whole = span.range.len() == text.len();
            if !(sure || whole) || !counted.insert(span.kind) {
                continue;
            }
            let seen = self.kinds.entry(span.kind).or_default();
            seen.sure += u64::from(sure);
            seen.likely += u64::from(!sure);
            seen.named |= !sure && span.confidence == Confidence::High;
            if seen.different.len() < PROOF {
                let found = text.get(span.range.clone()).unwrap_or_default();
                seen.different.insert(found.to_vec());
            }
        }
    }

    /// What the column holds, most frequent first.
    pub(super) fn verdicts(&self, min_share: f64) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = self
            .kinds
            .iter()
            .filter_map(|(kind, seen)| seen.verdict(*kind, self.values, min_share))
            .collect();
        verdicts.sort_by_key(|verdict| std::cmp::Reverse((verdict.count, verdict.confidence)));
        verdicts
    }
}

impl Seen {
    fn verdict(&self, kind: PersonalKind, values: u64, min_share: f64) -> Option<Verdict> {
        let count = self.sure + self.likely;
        let (proof, least) = if self.named {
            (NAMED_PROOF, NAMED_SHARE)
        } else {
            (PROOF, CHECKED_SHARE)
        };
        let by_share = share(count, values) >= least && self.different.len() >= proof;
        let by_shape = self.sure > 0 && share(self.sure, values) >= min_share;
        let confidence = match (by_shape, by_share, self.named) {
            (true, _, _) | (_, true, true) => Confidence::High,
            (false, true, false) => Confidence::Medium,
            (false, false, _) => return None,
        };
        let example = self
            .different
            .first()
            .map(|value| String::from_utf8_lossy(value));
        Some(Verdict {
            kind,
            count,
            confidence,
            example: mask(&example.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(name: &str, values: &[&str]) -> Vec<String> {
        let mut column = Column::new(name);
        values.iter().for_each(|value| column.see(value));
        column
            .verdicts(0.001)
            .into_iter()
            .map(|verdict| verdict.kind.code())
            .collect()
    }

    #[test]
    fn a_shape_that_chance_does_not_make_is_enough() {
        assert_eq!(
            kinds("note", &["call ada@example.org", "late", "late again"]),
            ["e-mail"]
        );
        assert_eq!(kinds("x", &["DE89370400440532013000"]), ["iban"]);
    }

    #[test]
    fn a_check_digit_needs_many_values_or_a_name() {
        let valid = ["44051401359", "02070803628", "90090515836"];
        assert!(
            kinds("x", &valid).is_empty(),
            "three of three may be chance"
        );
        assert!(kinds("pesel", &valid).contains(&"pl-pesel".to_owned()));
        // A tenth of them passes, as of any numbers; the name does not change that.
        let serial: Vec<String> = (0..200)
            .map(|number| format!("{}", 4_405_140_135_u64 + number))
            .collect();
        let serial: Vec<&str> = serial.iter().map(String::as_str).collect();
        assert!(kinds("x", &serial).is_empty());
        assert!(!kinds("patient_id", &serial).contains(&"gb-nhs".to_owned()));
        assert!(
            kinds("x", &["44051401359"; 50]).is_empty(),
            "one value fifty times proves nothing"
        );
    }
}
