//! `tutela sign`: vouches for data sets, models, files and folders with a signed manifest beside them.

mod cosign;

use std::path::{Path, PathBuf};

use tutela_core::{Artifact, ArtifactFile, Kind, Limits, Manifest};
use tutela_evidence::keys::StatementKey;
use tutela_evidence::sign_manifest;
use tutela_table::Table;

use super::Call;
use crate::args::SignArguments;
use crate::failure::{Exit, Failure, chain};
use crate::output::write_whole;
use crate::project::{Rules, manifest_path, walk};
use crate::terminal::Bar;
use crate::workplace::Workplace;

/// What is to be signed, and where its manifest goes.
struct Target {
    artifact: Artifact,
    manifest: PathBuf,
}

pub(super) fn run(arguments: &SignArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let workplace = Workplace::find(&arguments.project, call.shared, call.terminal)?;
    let key = signing_key(arguments, workplace.as_ref())?;
    let bar = call.terminal.bar("signing");
    let (evidence, names) = cosign::split(&arguments.targets)?;
    for file in &evidence {
        cosign::add(file, &key)?;
        call.terminal
            .say(&format!("signed evidence {}", file.display()));
    }
    if names.is_empty() && !evidence.is_empty() {
        return Ok(Exit::Pass);
    }
    let targets = targets(&names, workplace.as_ref(), &bar)?;
    let mut envelopes = Vec::new();
    for target in &targets {
        let envelope = sign(target, &key)?;
        write_whole(&target.manifest, &envelope).map_err(|error| {
            Failure::incomplete(format!(
                "cannot write `{}`: {error}",
                target.manifest.display()
            ))
        })?;
        call.terminal.say(&format!(
            "signed {} ({}): {}",
            target.artifact.name,
            target.artifact.digest,
            target.manifest.display()
        ));
        envelopes.push(envelope);
    }
    if let Some(workplace) = &workplace {
        log(workplace, &envelopes)?;
    }
    Ok(Exit::Pass)
}

fn signing_key(
    arguments: &SignArguments,
    workplace: Option<&Workplace>,
) -> Result<StatementKey, Failure> {
    match (&arguments.key, workplace) {
        (Some(file), _) => Ok(StatementKey::load(file)?),
        (None, Some(workplace)) => Ok(workplace.keys_or_new()?.statement),
        (None, None) => Err(Failure::usage(format!(
            "`{}` is no project and has no key",
            arguments.project.display()
        ))
        .with_hint("give a private key with `--key`, or make a project with `tutela init`")),
    }
}

fn targets(
    names: &[String],
    workplace: Option<&Workplace>,
    bar: &Bar,
) -> Result<Vec<Target>, Failure> {
    let declared = match workplace {
        Some(workplace) => declared(workplace, bar)?,
        None => Vec::new(),
    };
    if names.is_empty() {
        if declared.is_empty() {
            return Err(Failure::usage(
                "nothing to sign: the project declares no model and no data set",
            )
            .with_hint("name a file or folder"));
        }
        return Ok(declared);
    }
    let mut targets = Vec::new();
    for name in names {
        let known = declared.iter().find(|target| target.artifact.name == *name);
        targets.push(match known {
            Some(target) => Target {
                artifact: target.artifact.clone(),
                manifest: target.manifest.clone(),
            },
            None => other(Path::new(name), bar)?,
        });
    }
    Ok(targets)
}

/// The declared models and data sets; one with a file that cannot be read cannot be vouched for.
fn declared(workplace: &Workplace, bar: &Bar) -> Result<Vec<Target>, Failure> {
    let discovery = crate::project::discover(&workplace.root, &workplace.project, bar);
    if !discovery.problems.is_empty() {
        return Err(workplace.misconfigured(discovery.problems));
    }
    let target = |artifact: Artifact| {
        let manifest = workplace
            .root
            .join(manifest_path(&artifact, &workplace.project)?);
        Some(Target { artifact, manifest })
    };
    Ok(discovery.artifacts.into_iter().filter_map(target).collect())
}

/// Any file or folder: its manifest names files relative to where the manifest lies.
fn other(path: &Path, bar: &Bar) -> Result<Target, Failure> {
    if !path.exists() {
        return Err(Failure::usage(format!(
            "`{}` is no declared id and does not exist",
            path.display()
        )));
    }
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name().map_or_else(
        || "folder".to_owned(),
        |name| tutela_core::escape_bytes(name.as_encoded_bytes(), 1024),
    );
    let mut manifest = whole.as_os_str().to_owned();
    manifest.push(".manifest.json");
    let mut unread = Vec::new();
    let mut files = Vec::new();
    let found = if path.is_dir() {
        let listing = walk(path, &Rules::default());
        unread.extend(
            listing
                .unread
                .into_iter()
                .map(|unread| format!("`{}`: {}", unread.path, unread.why)),
        );
        listing
            .files
            .into_iter()
            .map(|file| (format!("{name}/{}", file.path), file.source))
            .collect()
    } else {
        vec![(name.clone(), path.to_owned())]
    };
    for (path, source) in found {
        match ArtifactFile::take(path.clone(), &source, bar) {
            Ok(file) => files.push(file),
            Err(error) => unread.push(format!("`{path}`: {error}")),
        }
    }
    if let Some(why) = unread.first() {
        return Err(Failure::incomplete(format!(
            "nobody can vouch for what cannot be read: {why}"
        )));
    }
    Ok(Target {
        artifact: Artifact::new(name, Kind::Files, files),
        manifest: PathBuf::from(manifest),
    })
}

fn sign(target: &Target, key: &StatementKey) -> Result<Vec<u8>, Failure> {
    let artifact = &target.artifact;
    if let Some(unread) = artifact.unread.first() {
        return Err(Failure::incomplete(format!(
            "nobody can vouch for `{}`: {}",
            unread.path, unread.why
        )));
    }
    let mut manifest = Manifest::of(artifact);
    if artifact.kind == Kind::Dataset {
        for (entry, file) in manifest.files.iter_mut().zip(&artifact.files) {
            entry.table = Some(table_print(file)?);
        }
    }
    let fresh = sign_manifest(&manifest, key)
        .map_err(|error| Failure::because("the manifest cannot be signed", &error))?;
    // Whoever signed the same manifest before still vouches for it.
    cosign::with_known(&target.manifest, fresh, key)
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
fn log(workplace: &Workplace, envelopes: &[Vec<u8>]) -> Result<(), Failure> {
    let keys = workplace.keys_or_new()?;
    workplace
        .store()
        .import(&keys, envelopes, workplace.moment)?;
    Ok(())
}
