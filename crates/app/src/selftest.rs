//! `--self-test`: plants each check's fault in a scratch copy and expects the check to go red.
//!
//! A gate that cannot say no proves nothing; so each run can show that each of its checks can.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tutela_core::{Artifact, ArtifactFile, Check, Kind, NoProgress, Scratch, escape};
use tutela_evidence::SelfTest;

use crate::examine::Conditions;

/// Artifacts larger than this are not copied; a small one of the same kind stands in for them.
const COPY_LIMIT: u64 = 64 << 20;

/// A small table on which every check of data sets can plant its fault.
const STAND_IN: &str = include_str!("selftest/stand_in.csv");

/// Plants every check's fault; the results by code.
#[must_use]
pub(crate) fn self_test(
    conditions: &Conditions<'_>,
    artifacts: &[Artifact],
) -> BTreeMap<&'static str, SelfTest> {
    let checks: Vec<&'static dyn Check> = conditions.catalogue.iter().collect();
    checks
        .into_par_iter()
        .map(|check| {
            (
                check.info().code,
                plant_and_run(conditions, check, artifacts),
            )
        })
        .collect()
}

fn plant_and_run(
    conditions: &Conditions<'_>,
    check: &'static dyn Check,
    artifacts: &[Artifact],
) -> SelfTest {
    planted(conditions, check, artifacts).unwrap_or_else(|saw| SelfTest { red: false, saw })
}

fn planted(
    conditions: &Conditions<'_>,
    check: &'static dyn Check,
    artifacts: &[Artifact],
) -> Result<SelfTest, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no scratch folder: {error}"))?;
    let base =
        base(check, artifacts, folder.path()).map_err(|error| format!("no stand-in: {error}"))?;
    let copy = folder.path().join("copy");
    let mut scratch = Scratch::copy(&base, &copy).map_err(|error| error.chain())?;
    let before = conditions.run(check, &scratch.artifact);
    check
        .plant(&mut scratch)
        .map_err(|error| format!("the fault could not be planted: {}", error.chain()))?;
    let after = conditions.run(check, &scratch.artifact);
    // What was there before the fault was planted does not count as seeing it.
    let new = after
        .findings
        .iter()
        .find(|finding| !before.findings.contains(finding));
    Ok(match new {
        Some(finding) => SelfTest {
            red: true,
            saw: escape(&finding.message, 300),
        },
        None => SelfTest {
            red: false,
            saw: format!(
                "no new finding; the outcome was {}",
                after.outcome().as_str()
            ),
        },
    })
}

/// The smallest artifact that the check applies to, or a stand-in.
fn base(
    check: &'static dyn Check,
    artifacts: &[Artifact],
    folder: &std::path::Path,
) -> std::io::Result<Artifact> {
    let applies = |artifact: &&Artifact| {
        check.info().applies_to(artifact.kind)
            && artifact.size() <= COPY_LIMIT
            && artifact.unread.is_empty()
    };
    if let Some(artifact) = artifacts
        .iter()
        .filter(applies)
        .min_by_key(|artifact| artifact.size())
    {
        return Ok(artifact.clone());
    }
    let kind = check.info().kinds.first().copied().unwrap_or(Kind::Files);
    let mut files = Vec::new();
    if kind == Kind::Dataset {
        let path = folder.join("stand-in.csv");
        std::fs::write(&path, STAND_IN)?;
        files.push(ArtifactFile::take("stand-in.csv", &path, &NoProgress)?);
    }
    Ok(Artifact::new("stand-in", kind, files))
}
