//! Scans the corpus with the program itself and holds the result to a floor that can only rise.
//!
//! A floor is a promise about each source and each format: so many attacks blocked, so many harmless files
//! left alone. A change that makes one of them worse fails; one that makes them better can be written down
//! with `--raise`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Error, output};

mod files;
mod floor;
mod judge;

pub(crate) use files::Extra;
use files::{Expected, Sample};
use floor::{Floor, Tally};
use judge::Verdict;

/// What to do besides measuring.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// Write a floor that is at least as high everywhere.
    pub(crate) raise: bool,
    /// Name every file that is not judged as expected.
    pub(crate) explain: bool,
    /// Folders outside of the repository.
    pub(crate) extra: Vec<Extra>,
}

/// A sample and what the program said.
type Judged = (Sample, Verdict);

/// Measures, compares, and writes the floor if asked to.
pub(crate) fn run(root: &Path, wishes: &Wishes) -> Result<(), Error> {
    let folder = root.join("corpus");
    let mut samples = files::own(&folder)?;
    for extra in &wishes.extra {
        match files::extra(extra, &folder)? {
            Some(found) => samples.extend(found),
            None => output::say(&format!(
                "skipped: there is no folder {}",
                extra.folder.display()
            )),
        }
    }
    let judged = judge::all(samples)?;
    let measured = tallies(&judged);
    show(&judged, &measured, wishes.explain);
    let path = folder.join("floor.toml");
    let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
    let floor = Floor::parse(&text).map_err(|source| Error::Table {
        path: path.clone(),
        source: Box::new(source),
    })?;
    let floor = if wishes.raise {
        let raised = floor.raised(&measured);
        write_if_new(&path, &text, &raised.to_string())?;
        raised
    } else {
        floor
    };
    let present = |group: &str| !group.starts_with("extra/") || measured.get(group).is_some();
    let faults = floor.faults(&measured, present);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Floor(faults))
    }
}

fn write_if_new(path: &Path, old: &str, new: &str) -> Result<(), Error> {
    if old != new {
        fs::write(path, new).map_err(Error::write(path))?;
        output::say("the floor was raised");
    }
    Ok(())
}

/// Counts by source and by format.
fn tallies(judged: &[Judged]) -> Floor {
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    for (sample, verdict) in judged {
        for group in sample.groups() {
            groups
                .entry(group)
                .or_insert_with(|| Tally::new(sample.expected))
                .count(*verdict);
        }
    }
    Floor::new(groups)
}

fn show(judged: &[Judged], measured: &Floor, explain: bool) {
    for (group, tally) in measured.iter() {
        output::say(&format!("{group:56} {tally}"));
    }
    for (sample, verdict) in judged.iter().filter(|_| explain) {
        if !sample.is_as_expected(*verdict) {
            output::say(&format!("{verdict}: {} ({})", sample.name(), sample.note));
        }
    }
    for expected in [Expected::Block, Expected::Pass] {
        let mut all = Tally::new(expected);
        for (_, verdict) in judged
            .iter()
            .filter(|(sample, _)| sample.expected == expected)
        {
            all.count(*verdict);
        }
        output::say(&format!(
            "{:56} {all}",
            format!("all {}", expected.plural())
        ));
    }
}
