//! One piece of evidence with its proof, or one signed file or folder: no project needed, only keys.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tutela_core::Manifest;
use tutela_evidence::keys::{LogVerifier, StatementVerifier};
use tutela_evidence::{SignerTrust, Trust, verify_evidence, verify_manifest};

use super::claim::Claim;
use super::{Call, Failure, Proof};
use crate::args::VerifyArguments;
use crate::failure::chain;
use crate::judge::proof_of;
use crate::project::read_envelope;
use crate::workplace::{STATE_FOLDER, Workplace};

/// How the name of a manifest ends, after the name of what it vouches for.
const MANIFEST: &str = ".manifest.json";

/// Whose signatures count: the keys given, else those that the project trusts.
pub(super) fn trust(workplace: &Workplace, arguments: &VerifyArguments) -> Result<Trust, Failure> {
    let signers = match given_signers(arguments, Some(workplace))? {
        Some(signers) => signers,
        None => workplace.signers()?,
    };
    let log = match &arguments.log_key {
        Some(file) => LogVerifier::load(file)?,
        None => workplace.log_verifier()?,
    };
    Ok(Trust { signers, log })
}

/// The keys given; who gives keys says whose signatures count, not that fewer are enough for the project.
fn given_signers(
    arguments: &VerifyArguments,
    workplace: Option<&Workplace>,
) -> Result<Option<SignerTrust>, Failure> {
    if arguments.keys.is_empty() {
        return Ok(None);
    }
    let keys = arguments
        .keys
        .iter()
        .map(|file| StatementVerifier::load(file))
        .collect::<Result<Vec<_>, _>>()?;
    let needed = workplace.map_or(1, |workplace| workplace.project.gate.signatures);
    SignerTrust::new(keys, needed).map(Some).map_err(|error| {
        Failure::usage(chain(&error)).with_hint(
            "`[gate] signatures` of the project says how many; give each key with `--key`",
        )
    })
}

pub(super) fn verify(
    target: &Path,
    arguments: &VerifyArguments,
    call: Call<'_>,
) -> Result<Vec<Proof>, Failure> {
    if !target.is_dir() && is_there(&proof_of(target)) {
        return Ok(vec![evidence(target, arguments, call)?]);
    }
    if !target.is_dir() && target.to_string_lossy().ends_with(MANIFEST) {
        return signed(target, None, arguments, call);
    }
    let whole = fs::canonicalize(target).map_err(|error| {
        Failure::because(&format!("cannot find `{}`", target.display()), &error)
    })?;
    let [given, real] = [target, &whole].map(manifest_beside);
    // `tutela sign` puts the manifest of a link beside what it leads to.
    let Some(manifest) = [&given, &real].into_iter().find(|path| is_there(path)) else {
        return Err(Failure::incomplete(format!("nobody vouches for `{}`", target.display())).with_hint(format!(
            "evidence has a .tlog-proof beside it, signed files have {}; `tutela sign` makes one",
            real.display()
        )));
    };
    signed(manifest, Some(&whole), arguments, call)
}

/// Whether anything is there, be it a pipe or a link to nothing: what cannot be read is not missing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn manifest_beside(target: &Path) -> PathBuf {
    let mut name = target.file_name().map(OsStr::to_owned).unwrap_or_default();
    name.push(MANIFEST);
    target.with_file_name(name)
}

/// The folder in which a file lies, without links. A link to the file itself is not followed: what is claimed
/// about this place, and whose word counts here, does not depend on where somebody lets a link lead.
fn folder_of(file: &Path) -> Result<PathBuf, Failure> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::canonicalize(folder)
        .map_err(|error| Failure::because(&format!("cannot find `{}`", folder.display()), &error))
}

/// The project around a folder: it says how many signatures are needed, and has keys when none are given.
fn around(folder: &Path, call: Call<'_>) -> Result<Option<Workplace>, Failure> {
    for folder in folder
        .ancestors()
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
    let workplace = around(&folder_of(file)?, call)?;
    let trust = match (&workplace, &arguments.log_key) {
        (Some(workplace), _) => trust(workplace, arguments)?,
        (None, Some(log)) => Trust {
            signers: given_signers(arguments, None)?.ok_or_else(|| no_keys(file))?,
            log: LogVerifier::load(log)?,
        },
        (None, None) => return Err(no_keys(file)),
    };
    let name = file.display().to_string();
    let (envelope, proof) = match (read(file), read(&proof_of(file))) {
        (Ok(envelope), Ok(proof)) => (envelope, proof),
        (Err(why), _) | (_, Err(why)) => return Ok(Proof::incomplete("evidence", name, why)),
    };
    Ok(match verify_evidence(&envelope, &proof, &trust) {
        Ok(verified) => {
            let statement = verified.signed.statement;
            let subjects: Vec<&str> = statement
                .subject
                .iter()
                .map(|subject| subject.name.as_str())
                .collect();
            let detail = format!(
                "{} about {}, log index {}",
                statement.predicate_type,
                tutela_core::escape(&subjects.join(", "), 200),
                verified.logged.index
            );
            Proof::verified("evidence", name, detail)
        }
        Err(error) => Proof::refused("evidence", name, chain(&error)),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |why: &str| format!("cannot read `{}`: {why}", path.display());
    match read_envelope(path) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(cannot("it leads to nothing")),
        Err(error) => Err(cannot(&error.to_string())),
    }
}

/// Verifies a manifest, and that it vouches for the target, where one is given.
fn signed(
    file: &Path,
    target: Option<&Path>,
    arguments: &VerifyArguments,
    call: Call<'_>,
) -> Result<Vec<Proof>, Failure> {
    let own = folder_of(file)?;
    let workplace = around(&own, call)?;
    let signers = match (given_signers(arguments, workplace.as_ref())?, &workplace) {
        (Some(signers), _) => signers,
        (None, Some(workplace)) => workplace.signers()?,
        (None, None) => return Err(no_keys(file)),
    };
    let name = file.display().to_string();
    let bytes = match read(file) {
        Ok(bytes) => bytes,
        Err(why) => return Ok(vec![Proof::incomplete("manifest", name, why)]),
    };
    let (signed, by) = match verify_manifest(&bytes, &signers) {
        Ok(verified) => verified,
        Err(error) => return Ok(vec![Proof::refused("manifest", name, chain(&error))]),
    };
    let project = workplace.as_ref().map(|workplace| workplace.root.as_path());
    let mut claims = Claim::all(&signed, &own, project);
    claims.retain(|claim| target.map_or_else(|| claim.is_there(), |target| claim.is_about(target)));
    if claims.is_empty() {
        return Ok(vec![Proof::refused(
            "manifest",
            name,
            nothing(&signed, target),
        )]);
    }
    let by: Vec<String> = by.iter().map(|id| id.chars().take(12).collect()).collect();
    let by = by.join(" and ");
    let proof = |claim: &Claim<'_>| compared(&name, claim, &signed, &by);
    Ok(claims.iter().map(proof).collect())
}

/// Why a manifest says nothing here.
fn nothing(signed: &Manifest, target: Option<&Path>) -> String {
    let about = &signed.name;
    match target {
        Some(target) => format!("it vouches for `{about}`, not for `{}`", target.display()),
        None => format!("it vouches for `{about}`, and none of its files is there"),
    }
}

fn compared(name: &str, claim: &Claim<'_>, signed: &Manifest, by: &str) -> Proof {
    let comparison = claim.compare();
    match (comparison.differences(), comparison.unread()) {
        (Some(differences), _) => Proof::refused("manifest", name, differences),
        (None, Some(unread)) => Proof::incomplete("manifest", name, unread),
        (None, None) => {
            let detail = format!(
                "{} files of `{}` in `{}` signed by {by}",
                signed.files.len(),
                signed.name,
                claim.root().display()
            );
            Proof::verified("manifest", name, detail)
        }
    }
}
