//! Asks the program itself, as a user would: `tutela scan FILE`, in this process.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use serde::Deserialize;

use super::files::Sample;
use crate::Error;

/// What the program said about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 1: a finding at the threshold.
    Blocked,
    /// Exit code 3: it could not examine everything.
    Incomplete,
    /// Exit code 0.
    Passed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Blocked => "blocked",
            Self::Incomplete => "incomplete",
            Self::Passed => "passed",
        })
    }
}

/// The part of a report that tells the exit code.
#[derive(Debug, Deserialize)]
struct Report {
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Summary {
    failing: u64,
    outcomes: Outcomes,
}

#[derive(Debug, Deserialize)]
struct Outcomes {
    #[serde(default)]
    incomplete: u64,
}

/// Judges every sample, in their order, on all cores.
pub(crate) fn all(samples: Vec<Sample>) -> Result<Vec<(Sample, Verdict)>, Error> {
    let scratch = tempfile::tempdir().map_err(Error::write(Path::new("a scratch folder")))?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let judged = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for worker in 0..cores {
            let (samples, judged, failed) = (&samples, &judged, &failed);
            let report = scratch.path().join(format!("{worker}.json"));
            scope.spawn(move || {
                for (index, sample) in samples.iter().enumerate().skip(worker).step_by(cores) {
                    match one(&sample.path, &report) {
                        Ok(verdict) => lock(judged).push((index, verdict)),
                        Err(error) => *lock(failed) = Some(error),
                    }
                }
            });
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    let mut judged = std::mem::take(&mut *lock(&judged));
    judged.sort_by_key(|(index, _)| *index);
    let verdicts = judged.into_iter().map(|(_, verdict)| verdict);
    Ok(samples.into_iter().zip(verdicts).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A worker that panicked left whole entries behind; the scope passes its panic on.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn one(path: &Path, report: &Path) -> Result<Verdict, Error> {
    let words = [
        "tutela",
        "scan",
        "--quiet",
        "--as-of",
        "2026-11-01",
        "-f",
        "json",
    ];
    let mut arguments: Vec<OsString> = words.map(OsString::from).to_vec();
    arguments.push("--output".into());
    arguments.push(report.into());
    arguments.push("--".into());
    arguments.push(path.into());
    // A report of an earlier file must not be taken for this one's.
    if report.exists() {
        fs::remove_file(report).map_err(Error::write(report))?;
    }
    // What it returns cannot be compared; the report says the same.
    let _exit = tutela_app::run(arguments);
    let text = fs::read(report).map_err(Error::read(path))?;
    let report: Report = serde_json::from_slice(&text)?;
    Ok(if report.summary.failing > 0 {
        Verdict::Blocked
    } else if report.summary.outcomes.incomplete > 0 {
        Verdict::Incomplete
    } else {
        Verdict::Passed
    })
}
