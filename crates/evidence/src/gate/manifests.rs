//! The demand that somebody signed what is there: a manifest of every declared model and data set.

use tutela_core::{Kind, Manifest};

use super::cases::{Trust, age_key, demanded_signatures};
use super::draft::Draft;
use super::wording::{name, shell, some};
use super::{Expected, Policy, Reason, Requirement};
use crate::{Dossier, Evidence};

/// Why an artifact has no manifest that counts.
enum Fault<'a> {
    Missing,
    Untrusted(&'a Evidence<Manifest>),
    TooFewSignatures(&'a Evidence<Manifest>),
    OtherBytes(&'a Evidence<Manifest>),
}

/// Whether somebody could vouch for it: only declared models and data sets are signed by name.
pub(super) fn can_be_signed(artifact: &Expected) -> bool {
    artifact.declared && matches!(artifact.kind, Kind::Model | Kind::Dataset)
}

/// Looks for a manifest of every declared model and data set.
pub(super) fn weigh(policy: &Policy, expected: &[Expected], dossier: &Dossier, draft: &mut Draft) {
    let required = policy.require.contains(&Requirement::Sign);
    let mut without = Vec::new();
    for artifact in expected.iter().filter(|artifact| can_be_signed(artifact)) {
        match find(policy, artifact, dossier) {
            Ok(manifest) => draft.rely_on(manifest.id),
            Err(fault) if required => draft.reason(explain(policy, artifact, &fault)),
            Err(_) => without.push(artifact.artifact.as_str()),
        }
    }
    if !without.is_empty() {
        without.sort_unstable();
        let message = format!(
            "no trusted manifest vouches for {}",
            some(without.iter().copied())
        );
        let cure = match without.as_slice() {
            [only] => format!("tutela sign {}", shell(only)),
            _ => "tutela sign".to_owned(),
        };
        draft.warn("no-manifest", message, Some(cure));
    }
}

/// The newest manifest of the artifact that enough trusted keys signed, if it is about the present bytes.
///
/// An older one that is does not count: whoever signed a newer one has taken the older one back.
fn find<'a>(
    policy: &Policy,
    artifact: &Expected,
    dossier: &'a Dossier,
) -> Result<&'a Evidence<Manifest>, Fault<'a>> {
    let of_artifact = || {
        let all = dossier.manifests.iter();
        all.filter(|piece| piece.predicate.name == artifact.artifact)
    };
    let newest = |wanted: Trust| {
        of_artifact()
            .filter(|piece| Trust::of(policy, &piece.standing) == wanted)
            .max_by_key(|piece| age_key(piece))
    };
    if let Some(piece) = newest(Trust::Enough) {
        let manifest = &piece.predicate;
        let matches = piece.subject == artifact.digest
            && manifest.digest == artifact.digest
            && manifest.kind == artifact.kind;
        return if matches {
            Ok(piece)
        } else {
            Err(Fault::OtherBytes(piece))
        };
    }
    Err(newest(Trust::TooFew).map_or_else(
        || newest(Trust::Nobody).map_or(Fault::Missing, Fault::Untrusted),
        Fault::TooFewSignatures,
    ))
}

fn explain(policy: &Policy, artifact: &Expected, fault: &Fault<'_>) -> Reason {
    let who = name(&artifact.artifact);
    let cure = format!("tutela sign {}", shell(&artifact.artifact));
    let reason = match fault {
        Fault::Missing => {
            let message = format!("{who}: nobody has signed a manifest of it");
            Reason::incomplete("missing-manifest", message, cure)
        }
        Fault::TooFewSignatures(piece) => {
            let demanded = demanded_signatures(policy);
            let message = format!("{who}: fewer than {demanded} trusted keys signed its manifest");
            Reason::incomplete("missing-signature", message, cure).backed_by(piece.id)
        }
        Fault::Untrusted(piece) => {
            let message = format!("{who}: no trusted key signed its manifest");
            Reason::deny("untrusted-signer", message, cure).backed_by(piece.id)
        }
        Fault::OtherBytes(piece) => {
            let message = format!(
                "{who}: its newest manifest vouches for {}, but the bytes now are {}",
                piece.predicate.digest.short(),
                artifact.digest.short()
            );
            let cure = format!("{cure}  # only if the change is meant");
            Reason::deny("other-manifest", message, cure).backed_by(piece.id)
        }
    };
    reason.about(&artifact.artifact)
}
