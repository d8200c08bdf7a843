//! A whole project: its log, its evidence, its manifests, and the artifacts that they speak of.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use tutela_core::{Artifact, Digest, Manifest, ManifestStatus};
use tutela_evidence::log::{Entry, Log, fsck};
use tutela_evidence::{Dossier, Standing, Store, Trust};

use super::compare::{Comparison, Sight};
use super::{Call, Failure, Proof};
use crate::args::VerifyArguments;
use crate::snapshot::snapshot;
use crate::workplace::Workplace;

pub(super) fn verify(
    target: &Path,
    arguments: &VerifyArguments,
    call: Call<'_>,
) -> Result<Vec<Proof>, Failure> {
    let workplace = Workplace::open(target, call.shared, call.terminal)?;
    let trust = super::single::trust(&workplace, arguments)?;
    let store = workplace.store();
    if !store.evidence_folder().exists() && !store.log_folder().exists() {
        return Err(Failure::incomplete(format!(
            "`{}` has no evidence to verify",
            target.display()
        ))
        .with_hint(format!("`tutela check {}` makes it", target.display())));
    }
    let mut proofs = log(&workplace, &trust)?;
    // Read before the evidence: another process logs a statement first and writes it then. What is wrong with
    // the log itself is told above and by the dossier.
    let logged = store.log(&trust.log).ok();
    let dossier = store.dossier(&trust, &workplace.project.system.name, workplace.as_of())?;
    proofs.extend(evidence(&dossier));
    if let Some(logged) = logged {
        proofs.extend(missing(&store, &logged)?);
    }
    let bar = call.terminal.bar("verifying");
    let stock = workplace.stock(&trust.signers, &bar)?;
    proofs.extend(stock.artifacts.iter().filter_map(manifest));
    proofs.extend(artifacts(&stock.artifacts, &snapshot(dossier)));
    Ok(proofs)
}

fn log(workplace: &Workplace, trust: &Trust) -> Result<Vec<Proof>, Failure> {
    let examined = fsck(&workplace.store().log_folder(), &trust.log)?;
    if !examined.problems.is_empty() {
        let problems = examined.problems.into_iter();
        return Ok(problems
            .map(|problem| Proof::refused("log", problem.file, problem.what))
            .collect());
    }
    let proof = match examined.state {
        Some(state) => Proof::verified(
            "log",
            &state.origin,
            format!("{} entries, root {}", state.size, state.root),
        ),
        None => Proof::incomplete("log", "log", "it has no checkpoint"),
    };
    Ok(vec![proof])
}

fn evidence(dossier: &Dossier) -> Vec<Proof> {
    let refused = dossier
        .refused
        .iter()
        .map(|refused| Proof::refused("evidence", &refused.file, &refused.why));
    let checks = dossier.checks.iter().map(|piece| {
        let predicate = &piece.predicate;
        let detail = format!(
            "{} on {}: {}, {}",
            predicate.check.code,
            predicate.artifact.name,
            predicate.outcome.as_str(),
            place(&piece.standing)
        );
        Proof::verified("evidence", piece.id.short(), detail)
    });
    let manifests = dossier.manifests.iter().map(|piece| {
        let detail = format!(
            "manifest of {}, {}",
            piece.predicate.name,
            place(&piece.standing)
        );
        Proof::verified("evidence", piece.id.short(), detail)
    });
    let decision = dossier.decision.iter().map(|piece| {
        let detail = format!(
            "decision: {}, {}",
            piece.predicate.verdict.as_str(),
            place(&piece.standing)
        );
        Proof::verified("evidence", piece.id.short(), detail)
    });
    refused
        .chain(checks)
        .chain(manifests)
        .chain(decision)
        .collect()
}

/// What was logged and has no statement now: it was deleted, or a run was interrupted before it was written.
///
/// Every sort of statement lies in the folder of evidence; a statement without its proof is refused when it is
/// read. It may be right to erase one, so this is no refusal, but what it said can no longer be verified.
fn missing(store: &Store, log: &Log) -> Result<Vec<Proof>, Failure> {
    let entries = log.entries(0..log.state().size)?;
    let is_missing = |(_, entry): &(u64, Entry)| {
        let file = store.evidence_file(&entry.sha256);
        file.symlink_metadata()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    let proof = |(index, entry): (u64, Entry)| {
        let detail = format!(
            "{} is logged at index {index}, but its statement is missing",
            entry.predicate_type
        );
        Proof::incomplete("evidence", entry.sha256.short(), detail)
    };
    Ok((0..).zip(entries).filter(is_missing).map(proof).collect())
}

fn place(standing: &Standing) -> String {
    match standing {
        Standing::Verified { signers, index } => {
            let signers: Vec<String> = signers
                .iter()
                .map(|id| id.chars().take(12).collect())
                .collect();
            format!("signed by {}, log index {index}", signers.join(" and "))
        }
        Standing::Unsigned | Standing::Undigested => "signed by nobody".to_owned(),
    }
}

fn manifest(artifact: &Artifact) -> Option<Proof> {
    match artifact.declaration.manifest()? {
        ManifestStatus::Absent => None,
        ManifestStatus::Refused { why } => Some(Proof::refused("manifest", &artifact.name, why)),
        ManifestStatus::Verified { manifest, signer }
            if Some(manifest.digest) == artifact.digest =>
        {
            Some(Proof::verified(
                "manifest",
                &artifact.name,
                format!("{} signed by {signer}", manifest.digest),
            ))
        }
        ManifestStatus::Verified { manifest, .. } => Some(not_as_signed(artifact, manifest)),
    }
}

fn not_as_signed(artifact: &Artifact, manifest: &Manifest) -> Proof {
    let files: BTreeMap<&str, Digest> = artifact
        .files
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.digest?)))
        .collect();
    let unread = |path: &str| artifact.unread.iter().find(|unread| unread.path == path);
    let now = |path: &str| match (files.get(path), unread(path)) {
        (Some(digest), _) => Sight::There(*digest),
        (None, Some(unread)) => Sight::Unread(unread.why.clone()),
        (None, None) => Sight::Gone,
    };
    let there = files.keys().map(|path| (*path).to_owned());
    let comparison = Comparison::new(manifest, now, there);
    match (comparison.differences(), comparison.unread()) {
        (None, Some(unread)) => Proof::incomplete("manifest", &artifact.name, unread),
        (differences, _) => {
            let differences = differences.unwrap_or_default();
            let detail = format!("it is not what was signed: {differences}");
            Proof::refused("manifest", &artifact.name, detail)
        }
    }
}

/// Each artifact as it is now, against the newest evidence about one of its name.
fn artifacts(artifacts: &[Artifact], dossier: &Dossier) -> Vec<Proof> {
    let mut subjects: BTreeMap<&str, Vec<Digest>> = BTreeMap::new();
    for piece in &dossier.checks {
        subjects
            .entry(&piece.predicate.artifact.name)
            .or_default()
            .push(piece.subject);
    }
    let one = |artifact: &Artifact| {
        let known = subjects.remove(artifact.name.as_str());
        if let Some(unread) = artifact.unread.first() {
            let why = format!("`{}` cannot be read: {}", unread.path, unread.why);
            return Proof::incomplete("artifact", &artifact.name, why);
        }
        let digest = match artifact.known_digest() {
            Ok(digest) => digest,
            Err(error) => return Proof::incomplete("artifact", &artifact.name, error.to_string()),
        };
        match known {
            None => Proof::incomplete(
                "artifact",
                &artifact.name,
                "no evidence speaks of it; run `tutela check`",
            ),
            Some(known) if known.iter().all(|subject| *subject == digest) => {
                Proof::verified("artifact", &artifact.name, digest.to_string())
            }
            Some(known) => {
                let signed = known
                    .iter()
                    .find(|subject| **subject != digest)
                    .map(Digest::short);
                let signed = signed.unwrap_or_default();
                let detail = format!("it is {}, its evidence speaks of {signed}", digest.short());
                Proof::refused("artifact", &artifact.name, detail)
            }
        }
    };
    let mut proofs: Vec<Proof> = artifacts.iter().map(one).collect();
    let gone = subjects
        .keys()
        .map(|name| Proof::refused("artifact", *name, "evidence speaks of it and it is gone"));
    proofs.extend(gone);
    proofs
}
