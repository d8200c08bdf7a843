//! `tutela check`: the main job, from the project file to the report.

use std::collections::BTreeMap;

use tutela_core::{Artifact, Limits};
use tutela_evidence::{CHECK_PREDICATE, Draft, SelfTest, Statement};

use super::explain::unknown;
use super::{Call, scan};
use crate::args::{CheckArguments, ScanArguments};
use crate::examine::{Conditions, Examined, examine, known_digest};
use crate::failure::{Exit, Failure};
use crate::judge::Bench;
use crate::output::{Output, Press, outputs};
use crate::report::Format;
use crate::selftest::self_test;
use crate::workplace::{STATE_FOLDER, Workplace};

pub(super) fn run(arguments: &CheckArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let outputs = outputs(call.shared, Format::Table)?;
    let Some(workplace) = Workplace::find(&arguments.path, call.shared, call.terminal)? else {
        return undeclared(arguments, call);
    };
    if let Some(code) = arguments
        .only
        .iter()
        .find(|code| workplace.catalogue.get(code).is_none())
    {
        return Err(unknown(code, &workplace.catalogue));
    }
    check(&workplace, arguments, &outputs)
}

/// Without a project file the folder is scanned, and the way on is shown.
fn undeclared(arguments: &CheckArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let scanned = ScanArguments {
        paths: vec![arguments.path.clone()],
        only: arguments.only.clone(),
        ..ScanArguments::default()
    };
    let exit = scan::run(&scanned, call)?;
    let folder = arguments.path.display();
    call.terminal.say(&format!(
        "no tutela.toml in `{folder}`: files were scanned, nothing was signed or decided\nhint: `tutela init {folder}` declares the project"
    ));
    Ok(exit)
}

fn check(
    workplace: &Workplace,
    arguments: &CheckArguments,
    outputs: &[Output],
) -> Result<Exit, Failure> {
    let keys = workplace.keys_or_new()?;
    let trust = workplace.trust()?;
    let bar = workplace.terminal.bar("examining");
    let stock = workplace.stock(&trust.signers, &bar)?;
    let limits = Limits::default();
    let conditions = workplace.conditions(arguments.seed, &limits);
    let mut examined = examine(&conditions, &stock.artifacts, &arguments.only, &bar);
    drop(bar);
    let red = match arguments.self_test {
        true => Some(attach_self_test(
            workplace,
            &conditions,
            &stock.artifacts,
            &mut examined,
        )),
        false => None,
    };
    let mut store = workplace.store();
    store.import(&keys, &stock.manifests, workplace.moment)?;
    store.record(
        &keys,
        &drafts(&stock.artifacts, examined)?,
        workplace.moment,
    )?;
    let expected = conditions.expected(&stock.artifacts)?;
    let bench = Bench {
        workplace,
        keys: &keys,
        trust: &trust,
        expected: &expected,
    };
    let (dossier, exit) = bench.judge(arguments.baseline.as_deref())?;
    let press = Press {
        catalogue: &workplace.catalogue,
        fail_on: workplace.project.gate.fail_on,
        terminal: workplace.terminal,
    };
    let page = workplace.root.join(STATE_FOLDER).join("report.html");
    // The decision is logged: a page that cannot be written must not keep it from being seen.
    let printed = press.print(&dossier, outputs);
    printed.and(press.write_file(Format::Html, &dossier, &page))?;
    workplace
        .terminal
        .say(&format!("report: {}", page.display()));
    Ok(match red {
        Some(false) => exit.max(Exit::Incomplete),
        _ => exit,
    })
}

/// Adds the result of the self-test to each check's evidence; returns whether all went red.
fn attach_self_test(
    workplace: &Workplace,
    conditions: &Conditions<'_>,
    artifacts: &[Artifact],
    examined: &mut [Examined],
) -> bool {
    let results = self_test(conditions, artifacts);
    for (_, predicate) in examined {
        predicate.self_test = results.get(predicate.check.code.as_str()).cloned();
    }
    workplace.terminal.say(&describe(&results));
    results.values().all(|result| result.red)
}

fn describe(results: &BTreeMap<&str, SelfTest>) -> String {
    let width = results
        .keys()
        .map(|code| code.len())
        .max()
        .unwrap_or_default();
    let lines = results.iter().map(|(code, result)| {
        let colour = if result.red { "red  " } else { "FAILS" };
        format!("  {code:width$}  {colour}  {}", result.saw)
    });
    let red = results.values().filter(|result| result.red).count();
    let summary = format!(
        "self-test: {red} of {} checks went red on a planted fault",
        results.len()
    );
    std::iter::once(summary)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

fn drafts(artifacts: &[Artifact], examined: Vec<Examined>) -> Result<Vec<Draft>, Failure> {
    let draft = |(index, predicate): Examined| -> Option<Result<Draft, Failure>> {
        let artifact = artifacts.get(index)?;
        Some(known_digest(artifact).and_then(|digest| {
            let statement = Statement::new(&artifact.name, digest, CHECK_PREDICATE, predicate);
            Draft::new(&statement)
                .map_err(|error| Failure::because("a result cannot be written down", &error))
        }))
    };
    examined.into_iter().filter_map(draft).collect()
}
