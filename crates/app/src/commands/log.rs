//! `tutela log`: looks into the transparency log.

use std::fmt::Write as _;

use tutela_evidence::log::{Log, fsck};

use super::Call;
use crate::args::{LogArguments, LogCommand, LogProveArguments, LogShowArguments};
use crate::failure::{Exit, Failure};
use crate::output::print;
use crate::workplace::Workplace;

pub(super) fn run(command: &LogCommand, call: Call<'_>) -> Result<Exit, Failure> {
    match command {
        LogCommand::Show(arguments) => show(arguments, call),
        LogCommand::Prove(arguments) => prove(arguments, call),
        LogCommand::Fsck(arguments) => examine(arguments, call),
    }
}

fn open(workplace: &Workplace) -> Result<Log, Failure> {
    let trust = workplace.trust()?;
    let folder = workplace.store().log_folder();
    if !folder.exists() {
        return Err(Failure::incomplete(format!(
            "`{}` does not exist: nothing was logged yet",
            folder.display()
        ))
        .with_hint(format!(
            "`tutela check {}` logs its evidence",
            workplace.root.display()
        )));
    }
    Ok(Log::open(&folder, &trust.log)?)
}

fn show(arguments: &LogShowArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let workplace = Workplace::open(&arguments.path, call.shared, call.terminal)?;
    let log = open(&workplace)?;
    let state = log.state();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "origin  {}\nsize    {}\nroot    {}\n",
        state.origin, state.size, state.root
    );
    let shown = state.size.saturating_sub(arguments.last)..state.size;
    for (index, entry) in shown.clone().zip(log.entries(shown)?) {
        let kind = tutela_core::escape(&entry.predicate_type, 200);
        let _ = writeln!(
            text,
            "{index:>8}  {}  {}  {kind}",
            entry.time,
            entry.sha256.to_hex()
        );
    }
    print(text.as_bytes())?;
    Ok(Exit::Pass)
}

fn prove(arguments: &LogProveArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let workplace = Workplace::open(&arguments.path, call.shared, call.terminal)?;
    let log = open(&workplace)?;
    let index = find(&log, &arguments.entry)?;
    print(log.prove(index)?.to_text().as_bytes())?;
    Ok(Exit::Pass)
}

/// An entry by its index, or by the first digits of its statement's digest.
fn find(log: &Log, text: &str) -> Result<u64, Failure> {
    let size = log.state().size;
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    if let Some(index) = digits.parse::<u64>().ok().filter(|index| *index < size) {
        return Ok(index);
    }
    let entries = if digits.len() >= 4 {
        log.entries(0..size)?
    } else {
        Vec::new()
    };
    let named = entries
        .iter()
        .zip(0..)
        .filter(|(entry, _)| entry.sha256.to_hex().starts_with(digits));
    let matching: Vec<u64> = named.map(|(_, index)| index).collect();
    match matching.as_slice() {
        [only] => Ok(*only),
        [] => Err(Failure::usage(format!("no entry `{text}` in a log of {size}"))
            .with_hint("give an index, or at least four digits of an evidence id; `tutela log show` lists entries")),
        [_, _, ..] => Err(Failure::usage(format!("`{text}` names {} entries", matching.len()))
            .with_hint("give more digits")),
    }
}

fn examine(arguments: &LogArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let workplace = Workplace::open(&arguments.path, call.shared, call.terminal)?;
    let trust = workplace.trust()?;
    let examined = fsck(&workplace.store().log_folder(), &trust.log)?;
    let mut text = String::new();
    if let Some(state) = &examined.state {
        let _ = writeln!(text, "{} entries, root {}", state.size, state.root);
    }
    for problem in &examined.problems {
        let file = tutela_core::escape(&problem.file, 1000);
        let what = tutela_core::escape(&problem.what, 2000);
        let _ = writeln!(text, "wrong: {file}: {what}");
    }
    if examined.problems.is_empty() {
        text.push_str("every file of the log agrees with its entries and its signed checkpoint\n");
    }
    print(text.as_bytes())?;
    Ok(if examined.problems.is_empty() {
        Exit::Pass
    } else {
        Exit::Findings
    })
}
