//! The evidence that a decision speaks of, out of all that was ever recorded.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::Digest;
use tutela_evidence::{CheckPredicate, Dossier, Evidence, Standing};

/// Keeps for each artifact and check the evidence that the decision relied on, else the newest.
///
/// Artifacts about which the decision relied on nothing are gone from the project and are left out.
#[must_use]
pub(crate) fn snapshot(mut dossier: Dossier) -> Dossier {
    let relied_on: BTreeSet<Digest> = dossier
        .decision
        .iter()
        .flat_map(|decision| decision.predicate.relied_on.iter().copied())
        .collect();
    let known: BTreeSet<String> = dossier
        .checks
        .iter()
        .filter(|piece| relied_on.contains(&piece.id))
        .map(|piece| piece.predicate.artifact.name.clone())
        .collect();
    let mut kept: BTreeMap<(String, String), Evidence<CheckPredicate>> = BTreeMap::new();
    for piece in dossier.checks.drain(..) {
        let key = (
            piece.predicate.artifact.name.clone(),
            piece.predicate.check.code.clone(),
        );
        let rank = |piece: &Evidence<CheckPredicate>| {
            (relied_on.contains(&piece.id), index(&piece.standing))
        };
        if !known.is_empty() && !known.contains(&key.0) {
            continue;
        }
        match kept.get(&key) {
            Some(other) if rank(other) >= rank(&piece) => {}
            _ => drop(kept.insert(key, piece)),
        }
    }
    dossier.checks = kept.into_values().collect();
    let mut manifests = BTreeMap::new();
    for manifest in dossier.manifests.drain(..) {
        let name = manifest.predicate.name.clone();
        let newest = manifests
            .get(&name)
            .is_none_or(|other: &Evidence<_>| index(&other.standing) < index(&manifest.standing));
        if newest && (known.is_empty() || known.contains(&name)) {
            manifests.insert(name, manifest);
        }
    }
    dossier.manifests = manifests.into_values().collect();
    dossier
}

fn index(standing: &Standing) -> Option<u64> {
    match standing {
        Standing::Verified { index, .. } => Some(*index),
        Standing::Unsigned | Standing::Undigested => None,
    }
}
