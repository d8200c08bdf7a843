//! One piece of evidence with its proof, or one signed file or folder: no project needed, only keys.

use std::fs;
use std::path::{Path, PathBuf};

use tutela_core::{ArtifactFile, Manifest, NoProgress};
use tutela_evidence::keys::{LogVerifier, StatementVerifier};
use tutela_evidence::{SignerTrust, Trust, verify_evidence, verify_manifest};

use super::{Call, Failure, Proof};
use crate::args::VerifyArguments;
use crate::failure::chain;
use crate::judge::proof_of;
use crate::workplace::{STATE_FOLDER, Workplace};

/// How many differences are named one by one.
const NAMED: usize = 10;

/// Whose signatures count: the keys given, else those that the project trusts.
pub(super) fn trust(workplace: &Workplace, arguments: &VerifyArguments) -> Result<Trust, Failure> {
    let signers = match given_signers(arguments)? {
        Some(signers) => signers,
        None => workplace.signers()?,
    };
    let log = match &arguments.log_key {
        Some(file) => LogVerifier::load(file)?,
        None => workplace.log_verifier()?,
    };
    Ok(Trust { signers, log })
}

fn given_signers(arguments: &VerifyArguments) -> Result<Option<SignerTrust>, Failure> {
    if arguments.keys.is_empty() {
        return Ok(None);
    }
    let keys = arguments
        .keys
        .iter()
        .map(|file| StatementVerifier::load(file))
        .collect::<Result<Vec<_>, _>>()?;
    SignerTrust::new(keys, 1)
        .map(Some)
        .map_err(|error| Failure::usage(chain(&error)))
}

pub(super) fn verify(
    target: &Path,
    arguments: &VerifyArguments,
    call: Call<'_>,
) -> Result<Vec<Proof>, Failure> {
    if target.is_file() && proof_of(target).is_file() {
        return Ok(vec![evidence(target, arguments, call)?]);
    }
    let manifest = if target.to_string_lossy().ends_with(".manifest.json") {
        target.to_owned()
    } else {
        let mut beside = target.as_os_str().to_owned();
        beside.push(".manifest.json");
        PathBuf::from(beside)
    };
    if !manifest.is_file() {
        return Err(Failure::incomplete(format!("nobody vouches for `{}`", target.display())).with_hint(format!(
            "evidence has a .tlog-proof beside it, signed files have {}; `tutela sign` makes one",
            manifest.display()
        )));
    }
    Ok(vec![signed(&manifest, arguments, call)?])
}

/// The project around a file, from which keys are taken when none are given.
fn around(file: &Path, call: Call<'_>) -> Result<Option<Workplace>, Failure> {
    let whole = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    for folder in whole
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.ends_with(STATE_FOLDER))
    {
        if crate::config::find(folder)?.is_some() {
            return Workplace::find(folder, call.shared, call.terminal);
        }
    }
    Ok(None)
}

fn no_keys(file: &Path) -> Failure {
    Failure::usage(format!("no keys to verify `{}` with", file.display()))
        .with_hint("give public keys with `--key`, and for evidence the log's with `--log-key`")
}

fn evidence(file: &Path, arguments: &VerifyArguments, call: Call<'_>) -> Result<Proof, Failure> {
    let trust = match (given_signers(arguments)?, &arguments.log_key) {
        (Some(signers), Some(log)) => Trust {
            signers,
            log: LogVerifier::load(log)?,
        },
        _ => trust(
            &around(file, call)?.ok_or_else(|| no_keys(file))?,
            arguments,
        )?,
    };
    let name = file.display().to_string();
    let read = |path: &Path| {
        fs::read(path).map_err(|error| {
            Failure::incomplete(format!("cannot read `{}`: {error}", path.display()))
        })
    };
    Ok(
        match verify_evidence(&read(file)?, &read(&proof_of(file))?, &trust) {
            Ok(verified) => {
                let subjects: Vec<&str> = verified
                    .signed
                    .statement
                    .subject
                    .iter()
                    .map(|subject| subject.name.as_str())
                    .collect();
                let detail = format!(
                    "{} about {}, log index {}",
                    verified.signed.statement.predicate_type,
                    tutela_core::escape(&subjects.join(", "), 200),
                    verified.logged.index
                );
                Proof::verified("evidence", name, detail)
            }
            Err(error) => Proof::refused("evidence", name, chain(&error)),
        },
    )
}

fn signed(manifest: &Path, arguments: &VerifyArguments, call: Call<'_>) -> Result<Proof, Failure> {
    let signers = match given_signers(arguments)? {
        Some(signers) => signers,
        None => around(manifest, call)?
            .ok_or_else(|| no_keys(manifest))?
            .signers()?,
    };
    let name = manifest.display().to_string();
    let bytes = fs::read(manifest)
        .map_err(|error| Failure::incomplete(format!("cannot read `{name}`: {error}")))?;
    let (signed, by) = match verify_manifest(&bytes, &signers) {
        Ok(verified) => verified,
        Err(error) => return Ok(Proof::refused("manifest", name, chain(&error))),
    };
    let Some(root) = root_of(manifest, &signed) else {
        return Ok(Proof::refused(
            "manifest",
            name,
            "none of the files that it names is there",
        ));
    };
    let files: Vec<ArtifactFile> = signed
        .files
        .iter()
        // A path that leads out is not looked at, so that it counts as gone.
        .filter(|file| is_plain(&file.path))
        .filter_map(|file| {
            ArtifactFile::take(file.path.clone(), &root.join(&file.path), &NoProgress).ok()
        })
        .collect();
    let mut differences = differences(&signed, &files);
    differences.extend(added(&root, &signed));
    Ok(if differences.is_empty() {
        let by: Vec<String> = by.iter().map(|id| id.chars().take(12).collect()).collect();
        Proof::verified(
            "manifest",
            name,
            format!("{} files signed by {}", files.len(), by.join(" and ")),
        )
    } else {
        Proof::refused("manifest", name, differences.join("; "))
    })
}

/// The folder that the manifest's paths start from: its own, or one around it.
fn root_of(manifest: &Path, signed: &Manifest) -> Option<PathBuf> {
    let whole = fs::canonicalize(manifest).ok()?;
    let is_there = |folder: &&Path| {
        signed.files.is_empty()
            || signed
                .files
                .iter()
                .any(|file| is_plain(&file.path) && folder.join(&file.path).is_file())
    };
    whole.ancestors().skip(1).find(is_there).map(Path::to_owned)
}

/// A signed path is still data: it must not lead out of the folder.
fn is_plain(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Files of a signed folder that nobody signed.
fn added(root: &Path, signed: &Manifest) -> Vec<String> {
    let folder = root.join(&signed.name);
    if !is_plain(&signed.name) || !folder.is_dir() {
        return Vec::new();
    }
    let listing = crate::project::walk(&folder, &crate::project::Rules::default());
    let known = |path: &str| {
        signed
            .files
            .iter()
            .any(|file| file.path == format!("{}/{path}", signed.name))
    };
    let added = listing.files.iter().filter(|file| !known(&file.path));
    added
        .take(NAMED)
        .map(|file| format!("`{}/{}` was added", signed.name, file.path))
        .collect()
}

/// How files differ from what was signed.
pub(super) fn differences(signed: &Manifest, files: &[ArtifactFile]) -> Vec<String> {
    let now = |path: &str| files.iter().find(|file| file.path == path);
    let was = |path: &str| signed.files.iter().any(|file| file.path == path);
    let mut differences = Vec::new();
    for file in &signed.files {
        match now(&file.path) {
            None => differences.push(format!("`{}` is gone", file.path)),
            Some(found) if found.digest != file.digest => {
                differences.push(format!("`{}` was changed", file.path));
            }
            Some(_) => {}
        }
    }
    let added = files.iter().filter(|file| !was(&file.path));
    differences.extend(added.map(|file| format!("`{}` was added", file.path)));
    let more = differences.len().saturating_sub(NAMED);
    differences.truncate(NAMED);
    if more > 0 {
        differences.push(format!("and {more} more"));
    }
    differences
}
