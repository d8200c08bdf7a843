//! `tutela scan`: examines files without a project. Nothing is written, signed or logged, and the report says so.

use std::path::Path;

use tutela_core::{Artifact, Limits, Outcome, Timestamp};
use tutela_evidence::{CheckPredicate, Dossier, Evidence, Standing};

use super::Call;
use super::explain::unknown;
use crate::args::ScanArguments;
use crate::examine::{Conditions, digest_of, examine};
use crate::failure::{Exit, Failure};
use crate::output::{Press, outputs};
use crate::project::{Rules, recognise};
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
    let mut artifacts = Vec::new();
    let bar = call.terminal.bar("examining");
    let rules = rules(arguments)?;
    for path in &arguments.paths {
        artifacts.extend(found(path, &rules, arguments.paths.len() > 1, &bar)?);
    }
    if artifacts.is_empty() {
        call.terminal.say("nothing to examine: there are no files");
    }
    let limits = Limits::default();
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
    let dossier = unsigned(&artifacts, examined, as_of)?;
    let press = Press {
        catalogue: &catalogue,
        fail_on: arguments.fail_on,
        terminal: call.terminal,
    };
    press.print(&dossier, &outputs)?;
    Ok(exit)
}

fn rules(arguments: &ScanArguments) -> Result<Rules, Failure> {
    let mut rules = Rules::default().follow(arguments.follow);
    for pattern in &arguments.exclude {
        rules.leave_out(pattern).map_err(Failure::usage)?;
    }
    Ok(rules)
}

/// What lies at a path. With several paths each artifact is named after its own.
fn found(
    path: &Path,
    rules: &Rules,
    several: bool,
    progress: &dyn tutela_core::Progress,
) -> Result<Vec<Artifact>, Failure> {
    if !path.exists() {
        return Err(Failure::usage(format!(
            "`{}` does not exist",
            path.display()
        )));
    }
    let mut artifacts = recognise(path, rules, progress);
    if several {
        for artifact in &mut artifacts {
            artifact.name = format!("{}: {}", path.display(), artifact.name);
        }
    }
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
        let subject = artifacts.get(index).map_or(id, |artifact| artifact.digest);
        Ok(Evidence {
            id,
            subject,
            predicate,
            standing: Standing::Unsigned,
        })
    };
    Ok(Dossier {
        system: "scan".to_owned(),
        as_of,
        checks: examined
            .into_iter()
            .map(evidence)
            .collect::<Result<_, Failure>>()?,
        manifests: Vec::new(),
        decision: None,
        refused: Vec::new(),
        log: None,
    })
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
