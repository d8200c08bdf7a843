//! `tutela gate`: decides again from the evidence that is there, without running a check.

use std::fs;
use std::path::Path;

use tutela_core::Limits;
use tutela_evidence::gate::BaselinePredicate;
use tutela_evidence::{BASELINE_PREDICATE, Draft, Statement};

use super::Call;
use crate::args::GateArguments;
use crate::examine::digest_of;
use crate::failure::{Exit, Failure};
use crate::judge::{Bench, proof_of};
use crate::output::{Press, outputs, write_whole};
use crate::report::Format;
use crate::workplace::Workplace;

pub(super) fn run(arguments: &GateArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let outputs = outputs(call.shared, Format::Table)?;
    let workplace = Workplace::open(&arguments.path, call.shared, call.terminal)?;
    let keys = workplace.keys()?;
    let trust = workplace.trust()?;
    let bar = workplace.terminal.bar("reading");
    let stock = workplace.stock(&trust.signers, &bar)?;
    drop(bar);
    let limits = Limits::default();
    let expected = workplace
        .conditions(arguments.seed, &limits)
        .expected(&stock.artifacts)?;
    let bench = Bench {
        workplace: &workplace,
        keys: &keys,
        trust: &trust,
        expected: &expected,
    };
    if let Some(file) = &arguments.write_baseline {
        write_baseline(&bench, file)?;
    }
    let baseline = arguments
        .baseline
        .as_deref()
        .or(arguments.write_baseline.as_deref());
    let (dossier, exit) = bench.judge(baseline)?;
    let press = Press {
        catalogue: &workplace.catalogue,
        fail_on: workplace.project.gate.fail_on,
        terminal: workplace.terminal,
    };
    press.print(&dossier, &outputs)?;
    Ok(exit)
}

/// Signs and logs what is found now, and copies the evidence with its proof to where the user keeps it.
fn write_baseline(bench: &Bench<'_>, file: &Path) -> Result<(), Failure> {
    let workplace = bench.workplace;
    let policy = workplace.policy(&bench.trust.signers);
    let predicate = BaselinePredicate::of(&policy, bench.expected, &bench.dossier()?);
    let count = predicate.entries.len();
    let subject = digest_of(&predicate)?;
    let statement = Statement::new(
        &workplace.project.system.name,
        subject,
        BASELINE_PREDICATE,
        predicate,
    );
    let draft = Draft::new(&statement)
        .map_err(|error| Failure::because("the baseline cannot be written", &error))?;
    let mut store = workplace.store();
    for recorded in store.record(bench.keys, &[draft], workplace.moment)? {
        copy(&store.evidence_file(&recorded.id), file)?;
        copy(&store.proof_file(&recorded.id), &proof_of(file))?;
    }
    workplace
        .terminal
        .say(&format!("baseline of {count} findings: {}", file.display()));
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::read(from)
        .and_then(|bytes| write_whole(to, &bytes))
        .map_err(|error| Failure::cannot_write(to, &error))
}
