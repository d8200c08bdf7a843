//! The floor: what was reached for each group of files, and must be reached again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::files::Expected;
use super::judge::Verdict;

/// What was reached for a group of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    expected: Expected,
    files: u64,
    blocked: u64,
    passed: u64,
}

impl Tally {
    /// No file yet.
    pub(crate) const fn new(expected: Expected) -> Self {
        Self {
            expected,
            files: 0,
            blocked: 0,
            passed: 0,
        }
    }

    /// Counts one file.
    pub(crate) const fn count(&mut self, verdict: Verdict) {
        self.files = self.files.saturating_add(1);
        match verdict {
            Verdict::Blocked => self.blocked = self.blocked.saturating_add(1),
            Verdict::Passed => self.passed = self.passed.saturating_add(1),
            Verdict::Incomplete => {}
        }
    }

    /// How many are judged as they should be, and how many in the opposite way.
    const fn right_and_wrong(self) -> (u64, u64) {
        match self.expected {
            Expected::Block => (self.blocked, self.passed),
            Expected::Pass => (self.passed, self.blocked),
        }
    }

    /// Whether a rate is worse than the floor's, or files were taken away.
    fn is_below(self, floor: Self) -> bool {
        let (right, wrong) = self.right_and_wrong();
        let (least, most) = floor.right_and_wrong();
        let rate = |part: u64, files: u64| u128::from(part) * u128::from(files);
        self.expected != floor.expected
            || self.files < floor.files
            || rate(right, floor.files) < rate(least, self.files)
            || rate(wrong, floor.files) > rate(most, self.files)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let incomplete = self
            .files
            .saturating_sub(self.blocked.saturating_add(self.passed));
        write!(
            formatter,
            "{:4} files: {:4} blocked, {incomplete:3} incomplete, {:4} passed",
            self.files, self.blocked, self.passed
        )
    }
}

/// The tallies by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Floor(BTreeMap<String, Tally>);

impl Floor {
    /// Takes what was measured.
    pub(crate) const fn new(groups: BTreeMap<String, Tally>) -> Self {
        Self(groups)
    }

    /// Reads a floor file.
    pub(crate) fn parse(text: &str) -> Result<Self, toml_edit::de::Error> {
        toml_edit::de::from_str(text).map(Self)
    }

    /// The groups in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Tally)> {
        self.0.iter()
    }

    /// The tally of one group.
    pub(crate) fn get(&self, group: &str) -> Option<&Tally> {
        self.0.get(group)
    }

    /// Each group that is worse than this floor, gone although `present`, or without a floor.
    pub(crate) fn faults(&self, measured: &Self, present: impl Fn(&str) -> bool) -> Vec<String> {
        let gone = self
            .0
            .keys()
            .filter(|group| !measured.0.contains_key(*group) && present(group))
            .map(|group| format!("{group}: there is a floor, but there are no files"));
        let low = measured.0.iter().filter_map(|(group, now)| {
            let Some(floor) = self.0.get(group) else {
                let own = !group.starts_with("extra/");
                return own.then(|| format!("{group}: has no floor yet; `--raise` writes one"));
            };
            now.is_below(*floor)
                .then(|| format!("{group}: {now}; the floor is {floor}"))
        });
        gone.chain(low).collect()
    }

    /// This floor with every group that got no worse put up to what was measured, and new groups added.
    pub(crate) fn raised(&self, measured: &Self) -> Self {
        let mut raised = self.0.clone();
        for (group, now) in &measured.0 {
            if self.0.get(group).is_none_or(|floor| !now.is_below(*floor)) {
                raised.insert(group.clone(), *now);
            }
        }
        Self(raised)
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "# What the scanner reaches on the corpus; written by `cargo xtask corpus --raise`.\n\
             # A change may raise these numbers. One that must lower them says why in its commit."
        )?;
        for (group, tally) in &self.0 {
            let expected = match tally.expected {
                Expected::Block => "block",
                Expected::Pass => "pass",
            };
            write!(
                formatter,
                "\n[\"{group}\"]\nexpected = \"{expected}\"\nfiles = {}\nblocked = {}\npassed = {}\n",
                tally.files, tally.blocked, tally.passed
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(expected: Expected, blocked: u64, incomplete: u64, passed: u64) -> Tally {
        Tally {
            expected,
            files: blocked + incomplete + passed,
            blocked,
            passed,
        }
    }

    fn floor(tally: Tally) -> Floor {
        Floor::new(BTreeMap::from([("malicious/x".to_owned(), tally)]))
    }

    #[test]
    fn a_worse_rate_fails_and_a_better_one_does_not() {
        use Expected::{Block, Pass};
        let old = tally(Block, 8, 1, 1);
        for (new, fails) in [
            (tally(Block, 8, 1, 1), false),
            (tally(Block, 9, 1, 0), false),
            (tally(Block, 16, 2, 2), false),
            (tally(Block, 7, 2, 1), true),
            (tally(Block, 8, 0, 2), true),
            (tally(Block, 15, 5, 0), true),
            // Taking failing files away is no improvement.
            (tally(Block, 8, 0, 0), true),
            (tally(Pass, 8, 1, 1), true),
        ] {
            let faults = floor(old).faults(&floor(new), |_| true);
            assert_eq!(!faults.is_empty(), fails, "{new}: {faults:?}");
        }
        let quiet = tally(Pass, 0, 1, 9);
        assert!(tally(Pass, 1, 0, 9).is_below(quiet));
        assert!(tally(Pass, 0, 2, 8).is_below(quiet));
        assert!(!tally(Pass, 0, 0, 10).is_below(quiet));
    }

    #[test]
    fn a_floor_is_never_lowered_and_reads_back() {
        let old = floor(tally(Expected::Block, 8, 1, 1));
        let worse = floor(tally(Expected::Block, 7, 2, 1));
        let better = floor(tally(Expected::Block, 9, 1, 0));
        assert_eq!(old.raised(&worse), old);
        assert_eq!(old.raised(&better), better);
        assert_eq!(Floor::parse(&better.to_string()).unwrap(), better);
    }

    #[test]
    fn groups_do_not_vanish_or_come_unseen() {
        let some = floor(tally(Expected::Block, 1, 0, 0));
        let none = Floor::new(BTreeMap::new());
        assert_eq!(some.faults(&none, |_| true).len(), 1);
        assert_eq!(some.faults(&none, |_| false).len(), 0);
        assert_eq!(none.faults(&some, |_| true).len(), 1);
    }
}
