//! JSON of our own: everything the dossier holds, after `schemas/report-v1.json`; and one finding a line.
//!
//! Names are stable within version 1: fields may be added, none renamed or removed.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use tutela_core::{Digest, Finding, Manifest, Severity, Timestamp};
use tutela_evidence::gate::Decision;
use tutela_evidence::{CheckPredicate, Evidence, Standing};

use super::Error;
use super::escaped_json::{Layout, write};
use super::view::{Row, Signatures, View};

/// The schema of the document.
const SCHEMA: &str = "https://tutela.dev/report/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    system: &'a str,
    as_of: Timestamp,
    summary: Summary,
    decision: Option<Piece<'a, Decision>>,
    checks: Vec<CheckPiece<'a>>,
    manifests: Vec<Piece<'a, Manifest>>,
    refused: Vec<RefusedPiece<'a>>,
    log: Option<Log<'a>>,
    stages: Vec<StagePiece>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    verdict: Option<&'static str>,
    signatures: &'static str,
    fail_on: Severity,
    open: BTreeMap<Severity, usize>,
    findings: usize,
    failing: usize,
    findings_omitted: u64,
    outcomes: BTreeMap<&'static str, usize>,
    disagreements: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a, P> {
    id: Digest,
    subject: Digest,
    standing: StandingPiece<'a>,
    predicate: &'a P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckPiece<'a> {
    #[serde(flatten)]
    piece: Piece<'a, CheckPredicate>,
    /// What became of each finding, in the order of the predicate.
    statuses: Vec<&'static str>,
    /// What makes each finding the same in a later run.
    fingerprints: Vec<Digest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StandingPiece<'a> {
    verified: bool,
    signers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    log_index: Option<u64>,
}

#[derive(Serialize)]
struct RefusedPiece<'a> {
    file: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Log<'a> {
    origin: &'a str,
    size: u64,
    root: Digest,
}

#[derive(Serialize)]
struct StagePiece {
    stage: tutela_core::Stage,
    standing: &'static str,
    facts: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    artifact: &'a str,
    subject: Digest,
    evidence: Digest,
    status: &'static str,
    failing: bool,
    fingerprint: Digest,
    finding: &'a Finding,
}

/// Writes the whole document.
pub(super) fn render(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    let dossier = view.dossier;
    let document = Document {
        schema: SCHEMA,
        tool: Tool {
            name: "tutela",
            version: view.options.version,
        },
        system: &dossier.system,
        as_of: dossier.as_of,
        summary: summary(view),
        decision: dossier.decision.as_ref().map(Piece::of),
        checks: check_pieces(view),
        manifests: dossier.manifests.iter().map(Piece::of).collect(),
        refused: dossier
            .refused
            .iter()
            .map(|refused| RefusedPiece {
                file: &refused.file,
                why: &refused.why,
            })
            .collect(),
        log: dossier.log.as_ref().map(|log| Log {
            origin: &log.origin,
            size: log.size,
            root: log.root,
        }),
        stages: stages(view),
    };
    write(&document, Layout::Pretty, writer)
}

/// Writes one finding a line.
pub(super) fn render_lines(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    for row in &view.rows {
        let artifact = &row.evidence.predicate.artifact.name;
        let line = Line {
            artifact,
            subject: row.evidence.subject,
            evidence: row.evidence.id,
            status: row.status.as_str(),
            failing: view.fails(row),
            fingerprint: row.finding.fingerprint(artifact),
            finding: row.finding,
        };
        write(&line, Layout::Line, writer)?;
    }
    Ok(())
}

fn summary(view: &View<'_>) -> Summary {
    let mut outcomes =
        BTreeMap::from(["clean", "findings", "incomplete", "not-applicable"].map(|name| (name, 0)));
    for evidence in &view.dossier.checks {
        let count: &mut usize = outcomes
            .entry(evidence.predicate.outcome.as_str())
            .or_default();
        *count = count.saturating_add(1);
    }
    let decision = view.dossier.decision.as_ref();
    Summary {
        verdict: decision.map(|decision| decision.predicate.verdict.as_str()),
        signatures: match view.signatures() {
            Signatures::All => "all",
            Signatures::Some => "some",
            Signatures::None => "none",
        },
        fail_on: view.fail_on(),
        open: view.open(),
        findings: view.rows.len(),
        failing: view.rows.iter().filter(|row| view.fails(row)).count(),
        findings_omitted: view.omitted(),
        outcomes,
        disagreements: view.disagreements(),
    }
}

fn check_pieces<'a>(view: &View<'a>) -> Vec<CheckPiece<'a>> {
    let mut rows: BTreeMap<Digest, Vec<&Row<'_>>> = BTreeMap::new();
    for row in &view.rows {
        rows.entry(row.evidence.id).or_default().push(row);
    }
    for of_one in rows.values_mut() {
        of_one.sort_by_key(|row| row.place);
    }
    let piece = |evidence: &'a Evidence<CheckPredicate>| {
        let rows = rows
            .get(&evidence.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let artifact = &evidence.predicate.artifact.name;
        CheckPiece {
            piece: Piece::of(evidence),
            statuses: rows.iter().map(|row| row.status.as_str()).collect(),
            fingerprints: rows
                .iter()
                .map(|row| row.finding.fingerprint(artifact))
                .collect(),
        }
    };
    view.dossier.checks.iter().map(piece).collect()
}

fn stages(view: &View<'_>) -> Vec<StagePiece> {
    let piece = |stage: super::view::StageView| StagePiece {
        stage: stage.stage,
        standing: stage.tone.class(),
        facts: stage.facts,
    };
    view.stages().into_iter().map(piece).collect()
}

impl<'a, P> Piece<'a, P> {
    fn of(evidence: &'a Evidence<P>) -> Self {
        Self {
            id: evidence.id,
            subject: evidence.subject,
            standing: StandingPiece::of(&evidence.standing),
            predicate: &evidence.predicate,
        }
    }
}

impl<'a> StandingPiece<'a> {
    fn of(standing: &'a Standing) -> Self {
        match standing {
            Standing::Verified { signers, index } => Self {
                verified: true,
                signers,
                log_index: Some(*index),
            },
            Standing::Unsigned | Standing::Undigested => Self {
                verified: false,
                signers: &[],
                log_index: None,
            },
        }
    }
}
