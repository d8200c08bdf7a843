//! `tutela scan`: examines files without a project. Nothing is written, signed or logged, and the report says so.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tutela_core::{Artifact, Digest, Limits, Outcome, Progress, Timestamp};
use tutela_evidence::{CheckPredicate, Dossier, Evidence, Standing};

use super::Call;
use super::explain::unknown;
use crate::args::ScanArguments;
use crate::examine::{Conditions, digest_of, examine, known_digest};
use crate::failure::{Exit, Failure};
use crate::output::{Output, Press, outputs};
use crate::project::{Found, Rules, Take, recognise, recognise_files};
use crate::report::Format;
use crate::workplace::moment;

pub(super) fn run(arguments: &ScanArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let outputs = outputs(call.shared, Format::Table)?;
    let catalogue = crate::catalogue();
    if let Some(code) = arguments
        .only
        .iter()
        .find(|code| catalogue.get(code).is_none())
    {
        return Err(unknown(code, &catalogue));
    }
    let bar = call.terminal.bar("examining");
    let rules = rules(arguments)?;
    let input = if arguments.paths.iter().any(|path| is_input(path)) {
        Some(standard_input()?)
    } else {
        None
    };
    let take = take(&outputs);
    let artifacts = found(&arguments.paths, input.as_ref(), (&rules, take), &bar)?;
    if artifacts.is_empty() {
        call.terminal.say("nothing to examine: there are no files");
    }
    let limits = limits(arguments);
    let as_of = moment(call.shared).now;
    let conditions = Conditions {
        catalogue: &catalogue,
        project: None,
        as_of,
        seed: 0,
        limits: &limits,
    };
    let examined = examine(&conditions, &artifacts, &arguments.only, &bar);
    drop(bar);
    let exit = verdict(&examined, &artifacts, arguments);
    let dossier = match take {
        Take::Digest => unsigned(&artifacts, examined, as_of)?,
        Take::Nothing => undigested(examined, as_of),
    };
    let press = Press {
        catalogue: &catalogue,
        fail_on: arguments.fail_on,
        terminal: call.terminal,
    };
    press.print(&dossier, &outputs)?;
    Ok(exit)
}

/// Digests are taken where an output names them; else a byte is read when a check looks at it.
fn take(outputs: &[Output]) -> Take {
    if outputs.iter().any(Output::names_digests) {
        Take::Digest
    } else {
        Take::Nothing
    }
}

fn limits(arguments: &ScanArguments) -> Limits {
    let usual = Limits::default();
    Limits {
        raw_bytes: if arguments.structure {
            0
        } else {
            usual.raw_bytes
        },
        ..usual
    }
}

fn rules(arguments: &ScanArguments) -> Result<Rules, Failure> {
    let mut rules = Rules::default().follow(arguments.follow);
    for pattern in &arguments.exclude {
        rules.leave_out(pattern).map_err(Failure::usage)?;
    }
    Ok(rules)
}

/// Standard input, kept in a file that is deleted with this value, so that it can be read by position.
fn standard_input() -> Result<NamedTempFile, Failure> {
    let keep = || {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        io::Result::Ok(file)
    };
    keep().map_err(|error| Failure::incomplete(format!("standard input cannot be kept: {error}")))
}

fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What lies at the paths. All files together are like one folder; of several folders each names its artifacts.
fn found(
    paths: &[PathBuf],
    input: Option<&NamedTempFile>,
    (rules, take): (&Rules, Take),
    progress: &dyn Progress,
) -> Result<Vec<Artifact>, Failure> {
    let mut artifacts = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        if let (true, Some(input)) = (is_input(path), input) {
            files.push(Found::new("standard input", input.path()));
        } else if !path.exists() {
            return Err(Failure::usage(format!(
                "`{}` does not exist",
                path.display()
            )));
        } else if path.is_dir() {
            let mut found = recognise(path, rules, take, progress);
            if paths.len() > 1 {
                for artifact in &mut found {
                    artifact.name = format!("{}: {}", path.display(), artifact.name);
                }
            }
            artifacts.extend(found);
        } else {
            let name = match (paths.len(), path.file_name()) {
                (1, Some(name)) => name,
                _ => path.as_os_str(),
            };
            let name = tutela_core::escape_bytes(name.as_encoded_bytes(), 1024);
            files.push(Found::new(&name, path));
        }
    }
    files.sort();
    files.dedup();
    artifacts.extend(recognise_files(files, take, progress));
    Ok(artifacts)
}

fn verdict(
    examined: &[(usize, CheckPredicate)],
    artifacts: &[Artifact],
    arguments: &ScanArguments,
) -> Exit {
    let over = |predicate: &CheckPredicate| {
        predicate
            .findings
            .iter()
            .any(|finding| finding.severity >= arguments.fail_on)
    };
    let incomplete =
        |predicate: &CheckPredicate| matches!(predicate.outcome, Outcome::Incomplete { .. });
    if examined.iter().any(|(_, predicate)| over(predicate)) {
        Exit::Findings
    } else if examined.iter().any(|(_, predicate)| incomplete(predicate))
        // With `--only` there may be no check that says so.
        || artifacts.iter().any(|artifact| !artifact.unread.is_empty())
    {
        Exit::Incomplete
    } else {
        Exit::Pass
    }
}

/// A dossier of results that nobody signed.
///
/// # Errors
/// When a result cannot be named by a digest.
fn unsigned(
    artifacts: &[Artifact],
    examined: Vec<(usize, CheckPredicate)>,
    as_of: Timestamp,
) -> Result<Dossier, Failure> {
    let evidence = |(index, predicate): (usize, CheckPredicate)| {
        let id = digest_of(&predicate)?;
        let subject = match artifacts.get(index) {
            Some(artifact) => known_digest(artifact)?,
            None => id,
        };
        Ok(Evidence {
            id,
            subject,
            predicate,
            standing: Standing::Unsigned,
        })
    };
    let checks = examined.into_iter().map(evidence);
    Ok(dossier(checks.collect::<Result<_, Failure>>()?, as_of))
}

/// A dossier of results for outputs that name no digests: their places stand for the digests that nobody took.
fn undigested(examined: Vec<(usize, CheckPredicate)>, as_of: Timestamp) -> Dossier {
    let checks = examined.into_iter().enumerate();
    let checks = checks.map(|(place, (index, predicate))| Evidence {
        id: stand_in(place),
        subject: stand_in(index),
        predicate,
        standing: Standing::Undigested,
    });
    dossier(checks.collect(), as_of)
}

/// What stands for a digest in a run that takes none: it tells things apart, and nothing more.
fn stand_in(place: usize) -> Digest {
    let mut bytes = [0; 32];
    if let Some(end) = bytes.last_chunk_mut() {
        *end = (place as u64).to_be_bytes();
    }
    Digest::from_bytes(bytes)
}

fn dossier(checks: Vec<Evidence<CheckPredicate>>, as_of: Timestamp) -> Dossier {
    Dossier {
        system: "scan".to_owned(),
        as_of,
        checks,
        manifests: Vec::new(),
        decision: None,
        refused: Vec::new(),
        log: None,
    }
}

#[cfg(test)]
mod tests {
    use tutela_core::{Kind, NoProgress};

    use super::*;

    #[test]
    fn a_result_that_no_digest_can_name_is_an_error() {
        let (catalogue, limits) = (crate::catalogue(), Limits::default());
        let as_of = "2026-11-20".parse().unwrap();
        let dossier = |seed| {
            let conditions = Conditions {
                catalogue: &catalogue,
                project: None,
                as_of,
                seed,
                limits: &limits,
            };
            let artifacts = [Artifact::new("files".to_owned(), Kind::Files, Vec::new())];
            let examined = examine(&conditions, &artifacts, &[], &NoProgress);
            assert!(!examined.is_empty());
            unsigned(&artifacts, examined, as_of)
        };
        assert!(dossier(0).is_ok());
        // Canonical JSON has no integer this large.
        assert!(dossier(u64::MAX).unwrap_err().message.contains("2^53"));
    }
}
