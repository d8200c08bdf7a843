//! `tutela verify`: repeats every proof, offline. It trusts keys, never the program that wrote the files.

mod claim;
mod compare;
mod project;
mod single;

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::Call;
use crate::args::VerifyArguments;
use crate::failure::{Exit, Failure};
use crate::output::print;
use crate::report::escaped_json::{Layout, write};

/// What one proof showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    /// What was verified: `log`, `evidence`, `manifest`, `artifact`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub result: ProofResult,
    /// What was seen.
    pub detail: String,
}

/// How a proof ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProofResult {
    /// It holds.
    Verified,
    /// It could not be carried out.
    Incomplete,
    /// It does not hold: something is not what was signed.
    Refused,
}

impl Proof {
    fn verified(what: &'static str, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what,
            name: name.into(),
            result: ProofResult::Verified,
            detail: detail.into(),
        }
    }

    fn refused(what: &'static str, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what,
            name: name.into(),
            result: ProofResult::Refused,
            detail: detail.into(),
        }
    }

    fn incomplete(what: &'static str, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what,
            name: name.into(),
            result: ProofResult::Incomplete,
            detail: detail.into(),
        }
    }
}

pub(super) fn run(arguments: &VerifyArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let json = wants_json(call)?;
    let mut proofs = Vec::new();
    for target in &arguments.targets {
        proofs.extend(verify(target, arguments, call)?);
    }
    let worst = proofs
        .iter()
        .map(|proof| proof.result)
        .max()
        .unwrap_or(ProofResult::Incomplete);
    let text = if json {
        json_text(&proofs)?
    } else {
        plain_text(&proofs, worst)
    };
    match &call.shared.output {
        Some(file) => crate::output::write_whole(file, text.as_bytes()).map_err(|error| {
            Failure::incomplete(format!("cannot write `{}`: {error}", file.display()))
        })?,
        None => print(text.as_bytes())?,
    }
    Ok(match worst {
        ProofResult::Verified => Exit::Pass,
        ProofResult::Incomplete => Exit::Incomplete,
        ProofResult::Refused => Exit::Findings,
    })
}

fn verify(
    target: &Path,
    arguments: &VerifyArguments,
    call: Call<'_>,
) -> Result<Vec<Proof>, Failure> {
    if !target.exists() {
        return Err(Failure::usage(format!(
            "`{}` does not exist",
            target.display()
        )));
    }
    let is_project = target.is_dir() && crate::config::find(target)?.is_some();
    if is_project {
        project::verify(target, arguments, call)
    } else {
        single::verify(target, arguments, call)
    }
}

fn wants_json(call: Call<'_>) -> Result<bool, Failure> {
    match call.shared.formats.as_slice() {
        [] => Ok(false),
        [format] if format == "table" => Ok(false),
        [format] if format == "json" => Ok(true),
        [other, ..] => Err(Failure::usage(format!(
            "`verify` writes `table` or `json`, one of them; found `{other}`"
        ))),
    }
}

fn json_text(proofs: &[Proof]) -> Result<String, Failure> {
    let mut text = Vec::new();
    write(&proofs, Layout::Pretty, &mut text)
        .map_err(|error| Failure::because("the result cannot be written as JSON", &error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn plain_text(proofs: &[Proof], worst: ProofResult) -> String {
    let mut text = String::new();
    for proof in proofs {
        let mark = match proof.result {
            ProofResult::Verified => "ok     ",
            ProofResult::Incomplete => "UNKNOWN",
            ProofResult::Refused => "REFUSED",
        };
        let name = tutela_core::escape(&proof.name, 200);
        let detail = tutela_core::escape(&proof.detail, 2000);
        let _ = writeln!(text, "{mark}  {:8}  {name}  {detail}", proof.what);
    }
    let count = |result| proofs.iter().filter(|proof| proof.result == result).count();
    let _ = writeln!(
        text,
        "\n{}: {} verified, {} refused, {} could not be verified",
        match worst {
            ProofResult::Verified => "VERIFIED",
            ProofResult::Incomplete => "INCOMPLETE",
            ProofResult::Refused => "REFUSED",
        },
        count(ProofResult::Verified),
        count(ProofResult::Refused),
        count(ProofResult::Incomplete),
    );
    text
}
