//! Runs the cases that lie beside each check; a new case needs no recompile.
//!
//! A case is a folder `src/checks/<check>/cases/<case>/` with a `case.toml` and a folder `files/`. A file
//! named `x.b64` stands for `x` with its Base64 text decoded: binary files stay reviewable, and the
//! repository holds no live secret. `x.sh` with the executable bit keeps it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tutela_core::{
    Artifact, ArtifactFile, Check, Context, DatasetDeclaration, Declaration, FilesDeclaration,
    Kind, Limits, Manifest, ManifestStatus, ModelDeclaration, NoProgress, Record, Scratch,
    Settings, Severity, Split, Timestamp,
};

/// What `case.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// `bad`, `good` or `near-miss`.
    is: Sort,
    /// What the case shows.
    why: String,
    /// The kind of artifact.
    kind: Kind,
    /// The artifact's name; default `artifact`.
    name: Option<String>,
    /// The moment that counts as now; default 2026-11-01.
    as_of: Option<String>,
    /// The outcome's name; default `findings` for bad cases, `clean` for others.
    outcome: Option<String>,
    /// Settings other than the defaults.
    #[serde(default)]
    settings: BTreeMap<String, f64>,
    /// What the project file would say.
    #[serde(default)]
    declaration: RawDeclaration,
    /// The findings, in order; all of them.
    #[serde(default)]
    finding: Vec<ExpectedFinding>,
}

#[derive(Debug, Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Sort {
    Bad,
    Good,
    NearMiss,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawDeclaration {
    label: Option<String>,
    sensitive: Vec<String>,
    subject_key: Option<String>,
    personal: Vec<String>,
    timestamp: Option<String>,
    collected: Option<String>,
    max_age_days: Option<u32>,
    train: Vec<String>,
    validation: Vec<String>,
    test: Vec<String>,
    trained_on: Vec<String>,
    executables: Vec<String>,
    /// A file beside `case.toml` with a manifest as JSON.
    manifest: Option<String>,
    manifest_refused: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFinding {
    /// A part of the message.
    message: String,
    severity: Option<Severity>,
    /// A part of the location as printed.
    location: Option<String>,
}

/// Makes an artifact of all files below a folder.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
pub fn artifact_of(folder: &Path, name: &str, kind: Kind) -> Artifact {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    let files = paths.iter().map(|path| {
        let relative = path
            .strip_prefix(folder)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        ArtifactFile::take(relative, path, &NoProgress).unwrap()
    });
    Artifact::new(name, kind, files.collect())
}

/// Runs every case of every check of a crate, and plants each check's fault into its first good case.
///
/// # Panics
/// When a case fails, a check lacks a bad, a good or a near-miss case, a folder belongs to no check, or the
/// slice is not sorted by code.
pub fn run_cases(crate_root: &str, checks: &[&dyn Check]) {
    let folder = Path::new(crate_root).join("src/checks");
    let mut report = String::new();
    if !checks.is_sorted_by_key(|check| check.info().code) {
        writeln!(report, "CHECKS is not sorted by code").unwrap();
    }
    for entry in sorted(&folder).into_iter().filter(|path| path.is_dir()) {
        let name = entry
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .replace('_', "-");
        if !checks.iter().any(|check| check.info().code == name) {
            writeln!(
                report,
                "{}: no registered check has this code",
                entry.display()
            )
            .unwrap();
        }
    }
    for check in checks {
        let cases = folder
            .join(check.info().code.replace('-', "_"))
            .join("cases");
        run_cases_of(*check, &cases, &mut report);
    }
    assert!(report.is_empty(), "cases failed:\n{report}");
}

fn run_cases_of(check: &dyn Check, cases: &Path, report: &mut String) {
    let code = check.info().code;
    let mut sorts = Vec::new();
    let mut planted = false;
    let folders = if cases.is_dir() {
        sorted(cases)
    } else {
        Vec::new()
    };
    for folder in folders {
        let text = fs::read_to_string(folder.join("case.toml"))
            .unwrap_or_else(|error| panic!("{}: case.toml: {error}", folder.display()));
        let case: Case = toml_edit::de::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: case.toml: {error}", folder.display()));
        assert!(!case.why.is_empty(), "{}: `why` is empty", folder.display());
        let scratch = tempfile::tempdir().unwrap();
        let artifact = unpack(&folder, &case, scratch.path());
        let record = run(check, &artifact, &case);
        for fault in faults(&case, &record) {
            writeln!(report, "{code}: {}: {fault}", folder.display()).unwrap();
        }
        if case.is == Sort::Good && !planted {
            planted = true;
            plant(check, &artifact, &case, report);
        }
        sorts.push(case.is);
    }
    for (sort, name) in [
        (Sort::Bad, "bad"),
        (Sort::Good, "good"),
        (Sort::NearMiss, "near-miss"),
    ] {
        if !sorts.contains(&sort) {
            writeln!(report, "{code}: no {name} case in {}", cases.display()).unwrap();
        }
    }
}

fn plant(check: &dyn Check, artifact: &Artifact, case: &Case, report: &mut String) {
    let root = tempfile::tempdir().unwrap();
    let mut scratch = Scratch::copy(artifact, root.path()).unwrap();
    if let Err(error) = check.plant(&mut scratch) {
        writeln!(
            report,
            "{}: planting failed: {}",
            check.info().code,
            error.chain()
        )
        .unwrap();
        return;
    }
    let record = run(check, &scratch.artifact, case);
    if record.findings.is_empty() {
        let outcome = record.outcome();
        writeln!(
            report,
            "{}: stays {outcome:?} on its planted fault",
            check.info().code
        )
        .unwrap();
    }
}

fn run(check: &dyn Check, artifact: &Artifact, case: &Case) -> Record {
    let settings = case.settings.iter().fold(
        Settings::defaults(check.info()),
        |settings, (name, value)| settings.with(name, *value),
    );
    let as_of: Timestamp = case
        .as_of
        .as_deref()
        .unwrap_or("2026-11-01")
        .parse()
        .unwrap();
    let context = Context {
        as_of,
        seed: 1,
        limits: &Limits::default(),
        settings: &settings,
        artifacts: std::slice::from_ref(artifact),
        memo: &tutela_core::Memo::default(),
        progress: &NoProgress,
    };
    tutela_core::run(check, artifact, &context)
}

fn faults(case: &Case, record: &Record) -> Vec<String> {
    let mut faults = Vec::new();
    let usual = if case.is == Sort::Bad {
        "findings"
    } else {
        "clean"
    };
    let expected = case.outcome.as_deref().unwrap_or(usual);
    let outcome = record.outcome();
    if outcome.as_str() != expected {
        faults.push(format!("outcome {outcome:?}, expected {expected}"));
    }
    let seen: Vec<String> = record
        .findings
        .iter()
        .map(|finding| {
            format!(
                "[{}] {} ({})",
                finding.severity, finding.message, finding.location
            )
        })
        .collect();
    if record.findings.len() != case.finding.len() {
        faults.push(format!(
            "{} findings, expected {}: {seen:#?}",
            seen.len(),
            case.finding.len()
        ));
        return faults;
    }
    for (finding, expected) in record.findings.iter().zip(&case.finding) {
        let location = finding.location.to_string();
        let fits = finding.message.contains(&expected.message)
            && expected
                .severity
                .is_none_or(|severity| severity == finding.severity)
            && expected
                .location
                .as_ref()
                .is_none_or(|part| location.contains(part));
        if !fits {
            faults.push(format!(
                "found [{}] {} ({location}), expected {expected:?}",
                finding.severity, finding.message
            ));
        }
    }
    faults
}

/// Copies the case's files to a scratch folder, decoding `.b64`, and makes the artifact.
fn unpack(folder: &Path, case: &Case, scratch: &Path) -> Artifact {
    let source = folder.join("files");
    let mut paths = Vec::new();
    if source.is_dir() {
        collect(&source, &mut paths);
    }
    for path in &paths {
        let target = scratch.join(path.strip_prefix(&source).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if target
            .extension()
            .is_some_and(|extension| extension == "b64")
        {
            let text: String = fs::read_to_string(path)
                .unwrap()
                .split_whitespace()
                .collect();
            fs::write(target.with_extension(""), STANDARD.decode(text).unwrap()).unwrap();
        } else {
            fs::copy(path, &target).unwrap();
        }
    }
    let name = case.name.as_deref().unwrap_or("artifact");
    let mut artifact = artifact_of(scratch, name, case.kind);
    let raw = &case.declaration;
    for file in &mut artifact.files {
        let is_in = |list: &[String]| list.contains(&file.path);
        file.split = [
            (&raw.train, Split::Train),
            (&raw.validation, Split::Validation),
            (&raw.test, Split::Test),
        ]
        .into_iter()
        .find_map(|(list, split)| is_in(list).then_some(split));
    }
    artifact.declared(declaration(folder, case))
}

fn declaration(folder: &Path, case: &Case) -> Declaration {
    let raw = &case.declaration;
    let manifest = match (&raw.manifest, &raw.manifest_refused) {
        (Some(file), _) => {
            let text = fs::read(folder.join(file)).unwrap();
            let manifest: Manifest = serde_json::from_slice(&text).unwrap();
            ManifestStatus::Verified {
                manifest: Box::new(manifest),
                signer: "steward".to_owned(),
            }
        }
        (None, Some(why)) => ManifestStatus::Refused { why: why.clone() },
        (None, None) => ManifestStatus::Absent,
    };
    match case.kind {
        Kind::Dataset => Declaration::Dataset(Box::new(DatasetDeclaration {
            label: raw.label.clone(),
            sensitive: raw.sensitive.clone(),
            subject_key: raw.subject_key.clone(),
            personal: raw.personal.clone(),
            timestamp: raw.timestamp.clone(),
            collected: raw.collected.as_ref().map(|text| text.parse().unwrap()),
            max_age_days: raw.max_age_days,
            manifest,
        })),
        Kind::Model => Declaration::Model(ModelDeclaration {
            kind: None,
            trained_on: raw.trained_on.clone(),
            manifest,
        }),
        _ => Declaration::Files(FilesDeclaration {
            executables: raw.executables.iter().cloned().collect(),
            ..FilesDeclaration::default()
        }),
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for path in sorted(folder) {
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}
