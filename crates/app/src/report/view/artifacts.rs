//! The evidence by artifact.

use tutela_core::{Digest, Kind, Manifest};
use tutela_evidence::{CheckPredicate, Evidence, Standing};

use super::{Row, View};

/// Everything about one artifact in one state.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its digest.
    pub(crate) subject: Digest,
    /// How many files it has; none when only a manifest speaks of it.
    pub(crate) files: u64,
    /// How many bytes they have.
    pub(crate) bytes: u64,
    /// The results of checks on it.
    pub(crate) checks: Vec<&'a Evidence<CheckPredicate>>,
    /// The signed manifests of it.
    pub(crate) manifests: Vec<&'a Evidence<Manifest>>,
}

impl Group<'_> {
    /// Whether its subject is a digest; it is not where no output names one.
    pub(crate) fn is_digested(&self) -> bool {
        let mut standings = self.checks.iter().map(|check| &check.standing);
        !standings.any(|standing| *standing == Standing::Undigested)
    }
}

impl<'a> View<'a> {
    /// The artifacts in the order of the dossier; two states of one artifact stay apart.
    pub(crate) fn artifacts(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for evidence in &self.dossier.checks {
            let record = &evidence.predicate.artifact;
            let place = *places
                .entry((record.name.as_str(), evidence.subject))
                .or_insert_with(|| {
                    groups.push(Group {
                        name: &record.name,
                        kind: record.kind,
                        subject: evidence.subject,
                        files: record.files,
                        bytes: record.bytes,
                        checks: Vec::new(),
                        manifests: Vec::new(),
                    });
                    groups.len().saturating_sub(1)
                });
            if let Some(group) = groups.get_mut(place) {
                group.checks.push(evidence);
            }
        }
        for evidence in &self.dossier.manifests {
            let manifest = &evidence.predicate;
            let sizes = manifest.files.iter().map(|file| file.size);
            let place = *places
                .entry((manifest.name.as_str(), evidence.subject))
                .or_insert_with(|| {
                    groups.push(Group {
                        name: &manifest.name,
                        kind: manifest.kind,
                        subject: evidence.subject,
                        files: manifest.files.len() as u64,
                        bytes: sizes.fold(0, u64::saturating_add),
                        checks: Vec::new(),
                        manifests: Vec::new(),
                    });
                    groups.len().saturating_sub(1)
                });
            if let Some(group) = groups.get_mut(place) {
                group.manifests.push(evidence);
            }
        }
        groups
    }

    /// The findings of one artifact, worst first.
    pub(crate) fn rows_on<'v>(&'v self, group: &'v Group<'_>) -> impl Iterator<Item = &'v Row<'a>> {
        self.rows.iter().filter(move |row| {
            row.evidence.subject == group.subject
                && row.evidence.predicate.artifact.name == group.name
        })
    }
}
