//! Artifacts, and the trail by which an auditor repeats everything.

use tutela_core::Digest;
use tutela_evidence::{Evidence, Standing};

use super::{Budget, Cut};
use crate::report::text::{NAME, count_u64, grouped, show, size};
use crate::report::view::{Group, View, signers, verify_command};

/// One artifact.
#[derive(Debug)]
pub(super) struct ArtifactLine {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) digest: Digest,
    pub(super) files: String,
    pub(super) size: String,
    pub(super) results: usize,
    pub(super) manifest: Option<String>,
    pub(super) is_signed: bool,
}

/// One piece of evidence.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) anchor: String,
    pub(super) what: String,
    pub(super) artifact: String,
    pub(super) signers: String,
    pub(super) index: Option<String>,
    pub(super) command: String,
}

/// The artifacts with what a signed manifest says of them.
pub(super) fn artifacts(groups: &[Group<'_>], budget: Budget) -> Cut<ArtifactLine> {
    let line = |group: &Group<'_>| {
        let signed = group
            .manifests
            .iter()
            .find(|manifest| manifest.standing != Standing::Unsigned);
        ArtifactLine {
            name: show(group.name, NAME),
            kind: group.kind.as_str(),
            digest: group.subject,
            files: count_u64(group.files, "file", "files"),
            size: size(group.bytes),
            results: group.checks.len(),
            manifest: signed.map(|manifest| signers(&manifest.standing)),
            is_signed: signed.is_some(),
        }
    };
    Cut::map(groups, budget.rows, line)
}

/// Every piece of evidence with the command that verifies it: the decision first.
pub(super) fn trail(view: &View<'_>, budget: Budget) -> Cut<Piece> {
    let dossier = view.dossier;
    let decision = dossier.decision.iter().map(|evidence| {
        piece(
            evidence,
            "gate decision".to_owned(),
            show(&dossier.system, NAME),
        )
    });
    let checks = dossier.checks.iter().map(|evidence| {
        let predicate = &evidence.predicate;
        piece(
            evidence,
            show(&predicate.check.code, NAME),
            show(&predicate.artifact.name, NAME),
        )
    });
    let manifests = dossier.manifests.iter().map(|evidence| {
        piece(
            evidence,
            "manifest".to_owned(),
            show(&evidence.predicate.name, NAME),
        )
    });
    Cut::of(decision.chain(checks).chain(manifests), budget.rows)
}

fn piece<P>(evidence: &Evidence<P>, what: String, artifact: String) -> Piece {
    Piece {
        anchor: evidence.id.short(),
        what,
        artifact,
        signers: signers(&evidence.standing),
        index: match evidence.standing {
            Standing::Verified { index, .. } => Some(grouped(index)),
            Standing::Unsigned | Standing::Undigested => None,
        },
        command: verify_command(evidence.id),
    }
}
