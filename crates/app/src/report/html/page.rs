//! Everything the template shows, as text that it only has to escape.

use std::collections::BTreeSet;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tutela_core::{Digest, Severity, Stage};

use super::account::{Account, account};
use super::audit::{ArtifactLine, Piece, artifacts, trail};
use super::coverage::{Extent, Matrix, extents, matrix};
use super::findings::{Group, groups};
use super::measures::{Plot, plots};
use super::plot;
use super::prose::{Block, Span, blocks};
use super::{Budget, Cut};
use crate::report::text::{MESSAGE, NAME, count, count_u64, grouped, show};
use crate::report::view::{Headline, NoEvidence, StageView, Step, ThinStage, Tone, View, signers};

/// How many steps are suggested.
const STEPS: usize = 5;

/// The page.
#[derive(Debug, Template)]
#[template(path = "report/page.html")]
pub(super) struct Page {
    system: String,
    version: String,
    style: String,
    policy: String,
    date: String,
    as_of: String,
    headline: Headline,
    alarm: Option<&'static str>,
    facts: Vec<(&'static str, String, bool)>,
    open: Vec<(Severity, String)>,
    fail_on: Severity,
    disagreements: Vec<String>,
    steps: Vec<Step>,
    steps_more: usize,
    stages: Vec<StageView>,
    findings: Cut<Group>,
    findings_all: String,
    omitted: Option<String>,
    plots: Cut<Plot>,
    plot_width: f64,
    artifacts: Cut<ArtifactLine>,
    matrix: Matrix,
    extents: Cut<Extent>,
    account: Account,
    waivers: Cut<WaiverLine>,
    warnings: Cut<(String, String, Option<String>)>,
    baseline: Option<String>,
    trail: Cut<Piece>,
    refused: Cut<(String, String)>,
    gaps: Gaps,
    method: Method,
    list_all: &'static str,
}

/// A waiver.
#[derive(Debug)]
struct WaiverLine {
    rule: String,
    subject: String,
    owner: String,
    reason: String,
    expires: String,
    left: String,
    tone: Tone,
    covered: String,
}

/// What was not tested, cut to the budget.
#[derive(Debug)]
struct Gaps {
    without_evidence: Cut<NoEvidence>,
    incomplete: Cut<(String, String)>,
    partly: Cut<(String, String)>,
    skipped: Cut<(String, String)>,
    blunt: Cut<(String, String)>,
    grey: Vec<Stage>,
    thin: Vec<ThinStage>,
}

/// How this was made, and what it cannot see.
#[derive(Debug)]
struct Method {
    tools: String,
    other_version: bool,
    seeds: String,
    policy: Option<Digest>,
    limits: Vec<(String, Vec<Block>)>,
}

impl Page {
    /// Gathers what the budget allows.
    pub(super) fn new(view: &View<'_>, budget: Budget) -> Self {
        let dossier = view.dossier;
        let everything = view.artifacts();
        let (steps, all_steps) = view.steps(STEPS);
        let style = include_str!("../../../templates/report/style.css").replace("\r\n", "\n");
        let omitted = view.omitted();
        Self {
            system: show(&dossier.system, NAME),
            version: show(view.options.version, NAME),
            policy: policy(&style),
            style,
            date: dossier.as_of.date(),
            as_of: dossier.as_of.to_string(),
            headline: view.headline(),
            alarm: view.alarm(),
            facts: facts(view, everything.len()),
            open: open(view),
            fail_on: view.fail_on(),
            disagreements: view.disagreements(),
            steps_more: all_steps.saturating_sub(steps.len()),
            steps,
            stages: view.stages(),
            findings: groups(view, budget),
            findings_all: count(view.rows.len(), "finding", "findings"),
            omitted: (omitted > 0).then(|| count_u64(omitted, "finding was", "findings were")),
            plots: plots(view, budget),
            plot_width: plot::WIDTH,
            artifacts: artifacts(&everything, budget),
            matrix: matrix(view, &everything, budget),
            extents: extents(view, budget),
            account: account(view, budget),
            waivers: waivers(view, budget),
            warnings: warnings(view, budget),
            baseline: baseline(view),
            trail: trail(view, budget),
            refused: refused(view, budget),
            gaps: gaps(view, budget),
            method: method(view),
            list_all: view.list_all(),
        }
    }
}

/// The policy allows nothing but the style sheet with this digest (CSP level 3, §2.3.1).
fn policy(style: &str) -> String {
    let hash = STANDARD.encode(Digest::of(style.as_bytes()).as_bytes());
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// Label, text, and whether it is a digest.
fn facts(view: &View<'_>, artifacts: usize) -> Vec<(&'static str, String, bool)> {
    let dossier = view.dossier;
    let mut facts = vec![
        ("As of", dossier.as_of.to_string(), false),
        ("Examined", count(artifacts, "artifact", "artifacts"), false),
        (
            "Results",
            count(dossier.checks.len(), "signed result", "signed results"),
            false,
        ),
    ];
    if view.alarm().is_some() {
        facts.pop();
        facts.push((
            "Results",
            count(dossier.checks.len(), "result", "results"),
            false,
        ));
    }
    let decision = dossier.decision.as_ref();
    let pieces = dossier.checks.iter().map(|evidence| &evidence.standing);
    let names: BTreeSet<String> = pieces
        .chain(decision.map(|decision| &decision.standing))
        .map(signers)
        .collect();
    let names = Cut::of(names, 4);
    let more = if names.more > 0 {
        format!(" and {} more", names.more)
    } else {
        String::new()
    };
    facts.push((
        "Signed by",
        format!("{}{more}", names.shown.join(", ")),
        false,
    ));
    if let Some(decision) = decision {
        facts.push(("Decision", decision.id.to_string(), true));
        facts.push(("Policy", decision.predicate.policy.to_string(), true));
    }
    match &dossier.log {
        Some(log) => {
            let name = format!(
                "{}, {}",
                show(&log.origin, NAME),
                count_u64(log.size, "entry", "entries")
            );
            facts.push(("Log", name, false));
            facts.push(("Log root", log.root.to_string(), true));
        }
        None => facts.push(("Log", "none: nothing here is logged".to_owned(), false)),
    }
    facts
}

fn open(view: &View<'_>) -> Vec<(Severity, String)> {
    let open = view.open().into_iter().rev();
    open.map(|(severity, number)| (severity, grouped(u64::try_from(number).unwrap_or(u64::MAX))))
        .collect()
}

fn waivers(view: &View<'_>, budget: Budget) -> Cut<WaiverLine> {
    let decision = view.dossier.decision.iter();
    let waivers = decision
        .flat_map(|decision| &decision.predicate.waivers)
        .map(|waiver| WaiverLine {
            rule: show(&waiver.rule, NAME),
            subject: waiver.subject.short(),
            owner: show(&waiver.owner, NAME),
            reason: show(&waiver.reason, MESSAGE),
            expires: waiver.expires.date(),
            left: match waiver.days_left {
                days if days < 0 => format!("expired {} days ago", days.unsigned_abs()),
                0 => "ends today".to_owned(),
                1 => "1 day left".to_owned(),
                days => format!("{days} days left"),
            },
            tone: match waiver.days_left {
                days if days < 0 => Tone::Red,
                0..=14 => Tone::Amber,
                _ => Tone::Green,
            },
            covered: count_u64(waiver.covered, "finding", "findings"),
        });
    Cut::of(waivers, budget.rows)
}

fn warnings(view: &View<'_>, budget: Budget) -> Cut<(String, String, Option<String>)> {
    let decision = view.dossier.decision.iter();
    let warnings = decision
        .flat_map(|decision| &decision.predicate.warnings)
        .map(|warning| {
            let cure = warning.cure.as_deref().map(|cure| show(cure, MESSAGE));
            (
                show(&warning.rule, NAME),
                show(&warning.message, MESSAGE),
                cure,
            )
        });
    Cut::of(warnings, budget.rows)
}

fn baseline(view: &View<'_>) -> Option<String> {
    let baseline = view
        .dossier
        .decision
        .as_ref()?
        .predicate
        .baseline
        .as_ref()?;
    Some(format!(
        "Baseline {}: {} known already, {} gone since.",
        baseline.evidence,
        count_u64(baseline.known, "finding was", "findings were"),
        count_u64(baseline.gone, "is", "are"),
    ))
}

fn refused(view: &View<'_>, budget: Budget) -> Cut<(String, String)> {
    let refused = view.dossier.refused.iter();
    Cut::of(
        refused.map(|refused| (show(&refused.file, NAME), show(&refused.why, MESSAGE))),
        budget.rows,
    )
}

fn gaps(view: &View<'_>, budget: Budget) -> Gaps {
    let untested = view.untested();
    Gaps {
        without_evidence: Cut::of(untested.without_evidence, budget.rows),
        incomplete: Cut::of(untested.incomplete, budget.rows),
        partly: Cut::of(untested.partly, budget.rows),
        skipped: Cut::of(untested.skipped, budget.rows),
        blunt: Cut::of(untested.blunt, budget.rows),
        grey: untested.grey,
        thin: untested.thin,
    }
}

fn method(view: &View<'_>) -> Method {
    let checks = &view.dossier.checks;
    let tools: BTreeSet<String> = checks
        .iter()
        .map(|evidence| &evidence.predicate.tool)
        .map(|tool| format!("{} {}", show(&tool.name, NAME), show(&tool.version, NAME)))
        .collect();
    let own = format!("tutela {}", show(view.options.version, NAME));
    let seeds: BTreeSet<u64> = checks
        .iter()
        .map(|evidence| evidence.predicate.seed)
        .collect();
    let codes: BTreeSet<&str> = checks
        .iter()
        .map(|evidence| evidence.predicate.check.code.as_str())
        .collect();
    let limits = codes.into_iter().filter_map(|code| {
        let text = view.help(code, "Limits")?;
        Some((show(code, NAME), blocks(&text)))
    });
    Method {
        limits: limits.collect(),
        other_version: tools.iter().any(|tool| *tool != own),
        tools: Cut::of(tools, 5).shown.join(", "),
        seeds: Cut::of(seeds, 5)
            .shown
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        policy: view
            .dossier
            .decision
            .as_ref()
            .map(|decision| decision.predicate.policy),
    }
}
