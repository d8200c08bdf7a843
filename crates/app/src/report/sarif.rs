//! SARIF 2.1.0 within the limits of GitHub's code scanning.
//!
//! Messages are SARIF *message strings*, in which brackets make links and braces placeholders: hostile
//! text could forge either, so both are escaped (§3.11.5 and §3.11.6).

use std::collections::BTreeMap;
use std::io;

use tutela_core::{Class, Region, Severity};
use tutela_evidence::CheckRecord;

use super::Error;
use super::escaped_json::{Layout, write};
use super::sarif_model as model;
use super::sarif_text::{address_uri, message_string, pascal_case, uri};
use super::text::{MESSAGE, NAME, count, show};
use super::view::{Row, Signatures, Status, View};

/// The official schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Paths are relative to the project.
const ROOT: &str = "%SRCROOT%";
/// GitHub refuses a run with more results.
const MOST_RESULTS: usize = 25_000;
/// GitHub shows no more tags of a rule.
const MOST_TAGS: usize = 10;

/// Writes the log.
pub(super) fn render(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    let rules = Rules::of(view);
    let files = Files::of(view);
    let rows = view.rows.iter().take(MOST_RESULTS);
    let run = model::Run {
        tool: model::Tool {
            driver: model::Driver {
                name: "Tutela",
                version: view.options.version.to_owned(),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules: rules
                    .records
                    .iter()
                    .map(|record| rule(view, record))
                    .collect(),
            },
        },
        automation_details: model::AutomationDetails {
            id: format!("tutela/{}/", uri(&view.dossier.system).replace('/', "%2F")),
        },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::from([(
            ROOT,
            model::BaseId {
                description: message("the folder of the project"),
            },
        )]),
        invocations: [invocation(view, &rules)],
        results: rows.map(|row| result(row, &rules, &files)).collect(),
        artifacts: files.artifacts,
        properties: model::RunProperties {
            as_of: view.dossier.as_of.to_string(),
            verdict: view
                .dossier
                .decision
                .as_ref()
                .map(|decision| decision.predicate.verdict.as_str()),
            signed: view.signatures() == Signatures::All,
            log_root: view.dossier.log.as_ref().map(|log| log.root),
        },
    };
    let log = model::Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run],
    };
    write(&log, Layout::Pretty, writer)
}

/// The checks that left evidence, by code.
struct Rules<'a> {
    records: Vec<&'a CheckRecord>,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Rules<'a> {
    fn of(view: &View<'a>) -> Self {
        let checks = view
            .dossier
            .checks
            .iter()
            .map(|evidence| &*evidence.predicate.check);
        let by_code: BTreeMap<&str, &CheckRecord> = checks
            .map(|record| (record.code.as_str(), record))
            .collect();
        let places = by_code
            .keys()
            .enumerate()
            .map(|(place, code)| (*code, place));
        Self {
            places: places.collect(),
            records: by_code.into_values().collect(),
        }
    }

    fn place(&self, code: &str) -> usize {
        self.places.get(code).copied().unwrap_or_default()
    }
}

fn rule(view: &View<'_>, record: &CheckRecord) -> model::Rule {
    let help = view
        .options
        .catalogue
        .get(&record.code)
        .map(|check| check.info().docs.markdown());
    let explain = format!("Run `tutela explain {}`.", record.code);
    let full = view.help(&record.code, "What it finds");
    // Quality is no weakness: without a security score GitHub files it under code quality.
    let is_security = record.class != Class::Quality;
    let addresses = record
        .references
        .iter()
        .filter_map(tutela_core::Reference::address);
    model::Rule {
        id: record.code.clone(),
        name: pascal_case(&record.code),
        short_description: text(&show(&record.title, 1000), None),
        full_description: text(&full.unwrap_or_else(|| show(&record.title, 1000)), None),
        help: text(help.as_deref().unwrap_or(&explain), help.as_deref()),
        help_uri: addresses
            .map(|address| address_uri(&address))
            .find(|address| address.starts_with("https://")),
        default_configuration: model::RuleConfiguration {
            level: level(record.severity),
        },
        properties: model::RuleProperties {
            tags: tags(record, is_security),
            security_severity: is_security.then(|| score(record.severity)),
        },
    }
}

fn tags(record: &CheckRecord, is_security: bool) -> Vec<String> {
    let mut tags = Vec::new();
    if is_security {
        tags.push("security".to_owned());
    }
    tags.push(record.class.as_str().to_owned());
    for reference in &record.references {
        if let tutela_core::Reference::Cwe(number) = reference {
            tags.push(format!("external/cwe/cwe-{number:03}"));
        }
    }
    tags.extend(
        record
            .stages
            .iter()
            .map(|stage| format!("stage/{}", stage.as_str())),
    );
    tags.dedup();
    tags.truncate(MOST_TAGS);
    tags
}

/// The files that manifests and findings name, with digests where a manifest has them.
struct Files<'a> {
    artifacts: Vec<model::Artifact>,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Files<'a> {
    fn of(view: &View<'a>) -> Self {
        let mut known: BTreeMap<&'a str, Option<&'a tutela_core::ManifestFile>> = BTreeMap::new();
        for row in view.rows.iter().take(MOST_RESULTS) {
            known.insert(place_of(row), None);
        }
        for manifest in &view.dossier.manifests {
            let files = manifest.predicate.files.iter();
            known.extend(files.map(|file| (file.path.as_str(), Some(file))));
        }
        let places = known
            .keys()
            .enumerate()
            .map(|(place, path)| (*path, place))
            .collect();
        let artifact = |(path, file): (&str, Option<&tutela_core::ManifestFile>)| model::Artifact {
            location: location(path, None),
            length: file.map(|file| file.size),
            hashes: file.map(|file| BTreeMap::from([("sha-256", file.digest.to_hex())])),
        };
        Self {
            artifacts: known.into_iter().map(artifact).collect(),
            places,
        }
    }
}

/// The file of a finding; the artifact's name when it is about the whole artifact, because code
/// scanning refuses a result without a file.
fn place_of<'a>(row: &Row<'a>) -> &'a str {
    let file = row.finding.location.file.as_deref();
    file.unwrap_or(&row.evidence.predicate.artifact.name)
}

fn location(path: &str, index: Option<usize>) -> model::ArtifactLocation {
    model::ArtifactLocation {
        uri: uri(path),
        uri_base_id: ROOT,
        index,
    }
}

fn result(row: &Row<'_>, rules: &Rules<'_>, files: &Files<'_>) -> model::SarifResult {
    let finding = row.finding;
    let artifact = &row.evidence.predicate.artifact.name;
    let path = place_of(row);
    let suppression = |justification| model::Suppression {
        kind: "external",
        justification,
    };
    model::SarifResult {
        rule_id: row.evidence.predicate.check.code.clone(),
        rule_index: rules.place(&row.evidence.predicate.check.code),
        level: level(finding.severity),
        message: message(&full_message(row)),
        locations: [model::Location {
            physical_location: model::PhysicalLocation {
                artifact_location: location(path, files.places.get(path).copied()),
                region: finding.location.region.as_ref().and_then(region),
            },
            logical_locations: logical(row),
        }],
        code_flows: code_flows(row, &location(path, files.places.get(path).copied())),
        partial_fingerprints: BTreeMap::from([("tutela/v1", finding.fingerprint(artifact))]),
        suppressions: match row.status {
            Status::Open => Vec::new(),
            Status::Waived(_) | Status::Known(_) => {
                row.status.note().into_iter().map(suppression).collect()
            }
        },
        properties: model::ResultProperties {
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            evidence: row.evidence.id,
            artifact: show(artifact, NAME),
            subject: row.evidence.subject,
            excerpt: finding
                .excerpt
                .as_deref()
                .map(|excerpt| show(excerpt, MESSAGE)),
            fix: finding.fix.as_deref().map(|fix| show(fix, MESSAGE)),
        },
    }
}

/// The calls that lead up to a finding, each where it stands.
fn code_flows(row: &Row<'_>, file: &model::ArtifactLocation) -> Vec<model::CodeFlow> {
    let steps = row.finding.trace.iter().enumerate();
    let locations: Vec<model::ThreadFlowLocation> = steps
        .map(|(index, step)| model::ThreadFlowLocation {
            location: model::StepLocation {
                physical_location: model::PhysicalLocation {
                    artifact_location: file.clone(),
                    region: step.region.as_ref().and_then(region),
                },
                message: message(&show(&step.text, MESSAGE)),
            },
            nesting_level: step.nesting,
            execution_order: index.saturating_add(1),
        })
        .collect();
    let flow = |locations| model::CodeFlow {
        thread_flows: [model::ThreadFlow { locations }],
    };
    Some(locations)
        .filter(|locations| !locations.is_empty())
        .map(flow)
        .into_iter()
        .collect()
}

fn full_message(row: &Row<'_>) -> String {
    let finding = row.finding;
    let mut text = show(&finding.message, MESSAGE);
    if finding.location.member.is_some() || finding.location.region.is_some() {
        text = format!("{text} ({})", show(&finding.location.to_string(), MESSAGE));
    }
    match &finding.fix {
        Some(fix) => format!("{text}. Fix: {}", show(fix, MESSAGE)),
        None => text,
    }
}

fn region(region: &Region) -> Option<model::Region> {
    match region {
        // Both count from 1; evidence that says 0 is not worth an invalid document.
        Region::Line { line, column } => (*line > 0).then(|| model::Region {
            start_line: Some(*line),
            start_column: Some(*column).filter(|column| *column > 0),
            ..model::Region::default()
        }),
        Region::Bytes { start, end } => Some(model::Region {
            byte_offset: Some(*start),
            byte_length: Some(end.saturating_sub(*start)),
            ..model::Region::default()
        }),
        _ => None,
    }
}

fn logical(row: &Row<'_>) -> Vec<model::LogicalLocation> {
    let location = &row.finding.location;
    let path = show(place_of(row), 1000);
    let mut found = Vec::new();
    if let Some(member) = &location.member {
        let name = show(member, 1000);
        found.push(model::LogicalLocation {
            fully_qualified_name: format!("{path}!{name}"),
            name,
            kind: "member",
        });
    }
    let kind = match &location.region {
        Some(Region::Row { .. } | Region::Rows { .. }) => "row",
        Some(Region::Column { .. }) => "column",
        Some(Region::Pointer { .. }) => "value",
        _ => return found,
    };
    if let Some(region) = &location.region {
        let name = region.to_string();
        found.push(model::LogicalLocation {
            fully_qualified_name: format!("{path} {name}"),
            name,
            kind,
        });
    }
    found
}

fn invocation(view: &View<'_>, rules: &Rules<'_>) -> model::Invocation {
    let mut notifications = Vec::new();
    let mut notify = |level, text: String, code: Option<&str>| {
        notifications.push(model::Notification {
            level,
            message: message(&text),
            associated_rule: code.map(|code| model::RuleReference {
                id: code.to_owned(),
                index: rules.place(code),
            }),
        });
    };
    for (evidence, why) in view.incomplete() {
        let code = &evidence.predicate.check.code;
        let artifact = show(&evidence.predicate.artifact.name, NAME);
        for why in why {
            notify(
                "error",
                format!("{code} could not check {artifact}: {}", show(why, MESSAGE)),
                Some(code),
            );
        }
    }
    for refused in &view.dossier.refused {
        let (file, why) = (show(&refused.file, NAME), show(&refused.why, MESSAGE));
        notify("error", format!("evidence {file} was refused: {why}"), None);
    }
    let successful = notifications_are_empty(view);
    let more = view.rows.len().saturating_sub(MOST_RESULTS);
    if more > 0 {
        let findings = count(more, "finding is", "findings are");
        notify(
            "warning",
            format!(
                "{findings} not in this file, which code scanning would refuse; `{}` lists all",
                view.list_all()
            ),
            None,
        );
    }
    model::Invocation {
        execution_successful: successful,
        tool_execution_notifications: notifications,
    }
}

fn notifications_are_empty(view: &View<'_>) -> bool {
    view.incomplete().next().is_none() && view.dossier.refused.is_empty()
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A score in the band that GitHub shows under the same name.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.1",
    }
}

fn message(text: &str) -> model::Message {
    model::Message {
        text: message_string(text),
    }
}

fn text(text: &str, markdown: Option<&str>) -> model::Text {
    model::Text {
        text: message_string(text),
        markdown: markdown.map(|text| text.replace('{', "{{").replace('}', "}}")),
    }
}
