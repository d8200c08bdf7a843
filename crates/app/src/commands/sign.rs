//! `tutela sign`: vouches for data sets, models, files and folders with a signed manifest beside them.

mod cosign;
mod target;

use std::path::PathBuf;

use tutela_core::{ArtifactFile, Kind, Limits, Manifest};
use tutela_evidence::keys::StatementKey;
use tutela_evidence::{Envelope, sign_manifest};
use tutela_table::Table;

use self::target::{Target, unread};
use super::Call;
use crate::args::SignArguments;
use crate::examine::known_digest;
use crate::failure::{Exit, Failure, chain};
use crate::output::Staged;
use crate::terminal::Terminal;
use crate::workplace::Workplace;

/// What was read of a target: all that can fail because of it has not failed.
struct Draft {
    target: Target,
    manifest: Manifest,
    known: Option<Envelope>,
}

/// A signed file that has only to be written.
struct Signed {
    file: PathBuf,
    bytes: Vec<u8>,
    /// What is said once it is written.
    what: String,
}

/// Reads everything, then signs everything, then writes everything: a target that fails leaves nothing written,
/// and no keys made.
pub(super) fn run(arguments: &SignArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let workplace = Workplace::find(&arguments.project, call.shared, call.terminal)?;
    let given = given_key(arguments, workplace.as_ref())?;
    let bar = call.terminal.bar("signing");
    let (files, names) = cosign::split(&arguments.targets)?;
    let mut evidence = Vec::new();
    for file in files {
        let envelope = cosign::evidence(&file)?;
        evidence.push((file, envelope));
    }
    let drafts = if names.is_empty() && !evidence.is_empty() {
        Vec::new()
    } else {
        drafts(target::find(&names, workplace.as_ref(), &bar)?)?
    };
    drop(bar);
    let key = match (given, &workplace) {
        (None, Some(workplace)) => workplace.keys_or_new()?.statement,
        (Some(key), _) => key,
        (None, None) => return Err(no_key(arguments)),
    };
    let evidence = evidence
        .into_iter()
        .map(|(file, envelope)| sign_once_more(file, envelope, &key))
        .collect::<Result<Vec<_>, _>>()?;
    let manifests = drafts
        .into_iter()
        .map(|draft| sign(draft, &key))
        .collect::<Result<Vec<_>, _>>()?;
    write(evidence.iter().chain(&manifests), call.terminal)?;
    match &workplace {
        Some(workplace) if !manifests.is_empty() => log(workplace, manifests)?,
        _ => {}
    }
    Ok(Exit::Pass)
}

/// The key that was named; none when the project's own counts.
fn given_key(
    arguments: &SignArguments,
    workplace: Option<&Workplace>,
) -> Result<Option<StatementKey>, Failure> {
    match (&arguments.key, workplace) {
        (Some(file), _) => Ok(Some(StatementKey::load(file)?)),
        (None, Some(_)) => Ok(None),
        (None, None) => Err(no_key(arguments)),
    }
}

fn no_key(arguments: &SignArguments) -> Failure {
    let folder = arguments.project.display();
    Failure::usage(format!("`{folder}` is no project and has no key"))
        .with_hint("give a private key with `--key`, or make a project with `tutela init`")
}

/// Reads all that a signature on each target needs, besides the key.
fn drafts(targets: Vec<Target>) -> Result<Vec<Draft>, Failure> {
    targets.into_iter().map(draft).collect()
}

fn draft(target: Target) -> Result<Draft, Failure> {
    let artifact = &target.artifact;
    if let Some(entry) = artifact.unread.first() {
        return Err(unread(&entry.path, &entry.why));
    }
    let mut manifest = Manifest::of(artifact)
        .map_err(|error| Failure::because("the manifest cannot be made", &error))?;
    if artifact.kind == Kind::Dataset {
        for (entry, file) in manifest.files.iter_mut().zip(&artifact.files) {
            entry.table = Some(table_print(file)?);
        }
    }
    let known = cosign::known(&target.manifest)?;
    Ok(Draft {
        target,
        manifest,
        known,
    })
}

fn sign(draft: Draft, key: &StatementKey) -> Result<Signed, Failure> {
    let fresh = sign_manifest(&draft.manifest, key)
        .map_err(|error| Failure::because("the manifest cannot be signed", &error))?;
    let Target { artifact, manifest } = draft.target;
    Ok(Signed {
        // Whoever signed the same manifest before still vouches for it.
        bytes: cosign::joined(draft.known, fresh, key)?,
        what: format!(
            "signed {} ({}): {}",
            artifact.name,
            known_digest(&artifact)?,
            manifest.display()
        ),
        file: manifest,
    })
}

fn sign_once_more(
    file: PathBuf,
    mut envelope: Envelope,
    key: &StatementKey,
) -> Result<Signed, Failure> {
    envelope.add_signature(key)?;
    Ok(Signed {
        bytes: envelope.to_bytes(),
        what: format!("signed evidence {}", file.display()),
        file,
    })
}

/// Writes all files aside before the first is moved into place: a full disk or a folder that cannot be written
/// shows while nothing has changed yet.
fn write<'a>(files: impl Iterator<Item = &'a Signed>, terminal: Terminal) -> Result<(), Failure> {
    let mut staged = Vec::new();
    for signed in files {
        let aside = Staged::write(&signed.file, &signed.bytes)
            .map_err(|error| Failure::cannot_write(&signed.file, &error))?;
        staged.push((signed, aside));
    }
    for (signed, aside) in staged {
        aside
            .place()
            .map_err(|error| Failure::cannot_write(&signed.file, &error))?;
        terminal.say(&signed.what);
    }
    Ok(())
}

/// Digests of rows and columns, by which a changed cell is named later.
fn table_print(file: &ArtifactFile) -> Result<tutela_core::TablePrint, Failure> {
    let table = Table::open(file, &Limits::default());
    table
        .and_then(|table| tutela_table::print(&table))
        .map_err(|error| {
            Failure::incomplete(format!(
                "`{}` cannot be vouched for as a table: {}",
                file.path,
                chain(&error)
            ))
        })
}

/// Logs the manifests where the project keeps its evidence.
fn log(workplace: &Workplace, manifests: Vec<Signed>) -> Result<(), Failure> {
    let keys = workplace.keys_or_new()?;
    let envelopes: Vec<Vec<u8>> = manifests.into_iter().map(|signed| signed.bytes).collect();
    workplace
        .store()
        .import(&keys, &envelopes, workplace.moment)?;
    Ok(())
}
