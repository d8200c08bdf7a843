//! A dossier with everything in it: all severities, outcomes, stages, and text that attacks.

mod model;

use std::collections::BTreeMap;

use tutela_core::{
    Confidence, Coverage, Digest, Finding, Kind, Location, Manifest, ManifestFile, Measure,
    Outcome, Reference, Region, Severity, Skipped, Step, Stretch, Timestamp, Unit,
};
use tutela_evidence::gate::{BaselineUse, Decision, Notice, Reason, Verdict, WaiverUse};
use tutela_evidence::{
    ArtifactRecord, CheckPredicate, CheckRecord, Configuration, Dossier, Evidence, LogState,
    Refused, SelfTest, Standing, Tool,
};

use super::catalogue::catalogue;

/// Text that attacks every format at once.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>]]><!--\"'&amp; \u{202e}txt.exe\u{1b}[31m\u{9b}2J\u{0}\u{fffe}\n::error::x%0A,{0}[a](javascript:x)";

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn as_of() -> Timestamp {
    moment("2026-11-23T08:00:00Z")
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn verified(index: u64) -> Standing {
    Standing::Verified {
        signers: vec!["ci:3f9ac0d1".to_owned()],
        index,
    }
}

/// Makes one piece of evidence; the caller fills in what it is about.
pub(super) fn evidence(
    code: &str,
    artifact: &str,
    kind: Kind,
    outcome: Outcome,
) -> Evidence<CheckPredicate> {
    let catalogue = catalogue();
    let check = match catalogue.get(code) {
        Some(check) => CheckRecord::of(check.info()),
        None => CheckRecord {
            code: code.to_owned(),
            title: "A check of another version".to_owned(),
            severity: Severity::Medium,
            class: tutela_core::Class::Integrity,
            suite: tutela_core::Suite::Data,
            stages: vec![tutela_core::Stage::Data],
            references: vec![Reference::Link("https://example.org/a check".into())],
        },
    };
    Evidence {
        id: digest(&format!("{code} {artifact}")),
        subject: digest(artifact),
        standing: verified(digest(&format!("{code}{artifact}")).as_bytes()[0].into()),
        predicate: CheckPredicate {
            tool: Tool {
                name: "tutela".to_owned(),
                version: "0.1.0".to_owned(),
            }
            .into(),
            check: check.into(),
            artifact: ArtifactRecord {
                name: artifact.to_owned(),
                kind,
                files: 2,
                bytes: 1_234_567,
            }
            .into(),
            outcome,
            findings: Vec::new(),
            findings_omitted: 0,
            measures: Vec::new(),
            coverage: vec![Coverage {
                unit: Unit::Bytes,
                examined: 1_234_567,
                total: 1_234_567,
            }],
            stretches: Vec::new(),
            stretches_omitted: 0,
            skipped: Vec::new(),
            configuration: Configuration {
                digest: digest("configuration"),
                settings: BTreeMap::from([("max-share".to_owned(), 0.05)]),
            }
            .into(),
            self_test: None,
            seed: 7,
            as_of: as_of(),
        },
    }
}

pub(super) fn finding(
    code: &str,
    severity: Severity,
    message: &str,
    location: Location,
) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        confidence: Confidence::High,
        message: message.to_owned(),
        location,
        excerpt: None,
        trace: Vec::new(),
        fix: None,
        references: Vec::new(),
        identity: message.to_owned(),
        file_digest: None,
    }
}

fn secrets() -> Evidence<CheckPredicate> {
    let code = "secret-in-file";
    let mut secrets = evidence(
        code,
        "project files",
        Kind::Files,
        Outcome::Incomplete {
            why: vec![
                "cannot read `private/keys.env`: permission denied".to_owned(),
                HOSTILE.to_owned(),
            ],
        },
    );
    secrets.predicate.findings = vec![Finding {
        excerpt: Some("ghp_****************Qx".to_owned()),
        ..finding(
            code,
            Severity::High,
            "a GitHub token with a valid checksum",
            Location::file("config/prod.env").at(Region::Line { line: 3, column: 9 }),
        )
    }];
    secrets.predicate.findings_omitted = 3;
    secrets.predicate.skipped = vec![Skipped {
        what: "target/".to_owned(),
        why: "named in `.gitignore`".to_owned(),
    }];
    secrets.predicate.coverage.push(Coverage {
        unit: Unit::Files,
        examined: 41,
        total: 42,
    });
    secrets
}

fn missing_values() -> Evidence<CheckPredicate> {
    let code = "dataset-missing-values";
    let mut missing = evidence(code, "loans", Kind::Dataset, Outcome::Findings);
    missing.predicate.findings = vec![
        finding(
            code,
            Severity::Medium,
            "12.4 % of `age` is missing, at most 5 % are allowed",
            Location::file("data/loans.parquet").at(Region::Column {
                name: "age".to_owned(),
            }),
        ),
        finding(
            code,
            Severity::Low,
            "one value of `purpose` is empty text",
            Location::file("data/loans.parquet").at(Region::Row {
                row: 417,
                column: Some("purpose".to_owned()),
            }),
        ),
        finding(
            code,
            Severity::Info,
            "column `Ünïcode 日本語` has no missing value in 1,000 rows",
            Location::file("data/löans 2.csv").at(Region::Rows {
                start: 0,
                end: 1000,
                column: None,
            }),
        ),
        finding(
            code,
            Severity::Info,
            &"very long ".repeat(300),
            Location::default(),
        ),
    ];
    let share = |column: &str, value, low, high| {
        let share = Measure::exact(
            "missing-share",
            value,
            "share",
            1000,
            "count / rows; Wilson score interval",
        )
        .unwrap();
        share.with_interval(low, high, 0.95).unwrap().about(column)
    };
    missing.predicate.measures = vec![
        share("age", 0.124, 0.105, 0.146),
        share("purpose", 0.021, 0.0138, 0.0319),
        share("income", 0.043, 0.0321, 0.0574),
        share(HOSTILE, 0.002, 0.0005, 0.0073),
        Measure::exact("rows", 1000.0, "rows", 1000, "count").unwrap(),
        Measure::exact("complete-rows", 823.0, "rows", 1000, "count").unwrap(),
    ];
    missing.predicate.coverage = vec![
        Coverage {
            unit: Unit::Rows,
            examined: 1000,
            total: 1000,
        },
        Coverage {
            unit: Unit::Columns,
            examined: 20,
            total: 21,
        },
    ];
    missing.predicate.self_test = Some(SelfTest {
        red: false,
        saw: "the planted fault was not found".to_owned(),
    });
    missing
}

fn others() -> Vec<Evidence<CheckPredicate>> {
    let why = "there is no pickle among its files".to_owned();
    vec![
        evidence("dataset-stale", "loans", Kind::Dataset, Outcome::Clean),
        evidence("manifest-mismatch", HOSTILE, Kind::Dataset, Outcome::Clean),
        evidence(
            "pickle-dangerous-imports",
            "project files",
            Kind::Files,
            Outcome::NotApplicable { why },
        ),
    ]
}

fn manifest() -> Evidence<Manifest> {
    Evidence {
        id: digest("manifest loans"),
        subject: digest("loans"),
        standing: verified(4),
        predicate: Manifest {
            name: "loans".to_owned(),
            kind: Kind::Dataset,
            digest: digest("loans"),
            files: vec![ManifestFile {
                path: "data/loans.parquet".to_owned(),
                digest: digest("data"),
                size: 48_213,
                table: None,
            }],
        },
    }
}

fn reason(verdict: Verdict, rule: &str, message: &str, cure: &str) -> Reason {
    Reason {
        verdict,
        rule: rule.to_owned(),
        message: message.to_owned(),
        cure: cure.to_owned(),
        artifact: None,
        evidence: None,
        check: None,
        severity: None,
    }
}

fn waiver(rule: &str, artifact: &str, reason: &str, days: i64, covered: u64) -> WaiverUse {
    WaiverUse {
        rule: rule.to_owned(),
        subject: digest(artifact),
        reason: reason.to_owned(),
        owner: "dpo@example.org".to_owned(),
        expires: as_of().plus_days(days),
        days_left: days,
        covered,
    }
}

fn decision(checks: &[Evidence<CheckPredicate>]) -> Evidence<Decision> {
    let pickle = &checks
        .iter()
        .find(|check| check.predicate.check.severity == Severity::Critical)
        .unwrap()
        .id;
    let mut relied_on: Vec<Digest> = checks.iter().map(|check| check.id).collect();
    relied_on.sort();
    let malware = Reason {
        artifact: Some("scorer".to_owned()),
        evidence: Some(*pickle),
        check: Some("pickle-dangerous-imports".to_owned()),
        severity: Some(Severity::Critical),
        ..reason(
            Verdict::Deny,
            "finding",
            "`scorer` imports `os.system`, which runs a command when the model is loaded",
            "rm models/scorer.pt && tutela check",
        )
    };
    let missing = Reason {
        check: Some("dataset-stale".to_owned()),
        ..reason(
            Verdict::Incomplete,
            "missing-evidence",
            "no evidence of `dataset-stale` on `loans-2`",
            "tutela check --only dataset-stale",
        )
    };
    Evidence {
        id: digest("decision"),
        subject: digest("system"),
        standing: verified(9),
        predicate: Decision {
            verdict: Verdict::Deny,
            reasons: vec![
                malware,
                missing,
                reason(
                    Verdict::Deny,
                    "expired-waiver",
                    "the waiver of `secret-in-file` ended 3 days ago",
                    "tutela check",
                ),
                reason(Verdict::Deny, "unsigned", HOSTILE, HOSTILE),
                reason(
                    Verdict::Deny,
                    "sign",
                    "no signed manifest of `scorer`",
                    "tutela sign models/scorer.pt",
                ),
                reason(
                    Verdict::Deny,
                    "again",
                    "another reason with the same cure",
                    "tutela check",
                ),
                reason(
                    Verdict::Incomplete,
                    "stale-evidence",
                    "evidence of `secret-in-file` is 45 days old, at most 30 are allowed",
                    "tutela check --fresh",
                ),
            ],
            warnings: vec![
                Notice {
                    rule: "own-key-trusted".to_owned(),
                    message: "the key that signs is also the only trusted key".to_owned(),
                    cure: Some("tutela init --key ci".to_owned()),
                },
                Notice {
                    rule: "unused-waiver".to_owned(),
                    message: HOSTILE.to_owned(),
                    cure: None,
                },
            ],
            waivers: vec![
                waiver(
                    "dataset-missing-values",
                    "loans",
                    "age is optional on the paper form until the new form is out",
                    39,
                    4,
                ),
                waiver("secret-in-file", "project files", HOSTILE, -3, 0),
            ],
            baseline: Some(BaselineUse {
                evidence: digest("baseline"),
                known: 4,
                gone: 1,
            }),
            relied_on,
            policy: digest("policy"),
            fail_on: Severity::High,
            as_of: as_of(),
        },
    }
}

/// A signed dossier with everything in it.
pub(super) fn rich() -> Dossier {
    let mut checks = others();
    checks.extend([missing_values(), model::pickle(), secrets()]);
    checks.sort_by(|left, right| {
        let key = |one: &Evidence<CheckPredicate>| {
            (
                one.predicate.artifact.name.clone(),
                one.predicate.check.code.clone(),
            )
        };
        key(left).cmp(&key(right))
    });
    Dossier {
        system: "credit-score".to_owned(),
        as_of: as_of(),
        decision: Some(decision(&checks)),
        checks,
        manifests: vec![manifest()],
        refused: vec![
            Refused {
                file: ".tutela/evidence/0a1b.json".to_owned(),
                why: "signed by `dev:77aa`, which is not trusted".to_owned(),
            },
            Refused {
                file: HOSTILE.to_owned(),
                why: HOSTILE.to_owned(),
            },
        ],
        log: Some(LogState {
            origin: "tutela.local/credit-score".to_owned(),
            size: 10,
            root: digest("root"),
        }),
    }
}

/// A dossier that passes.
pub(super) fn clean() -> Dossier {
    let mut dossier = rich();
    dossier.checks = vec![
        evidence(
            "dataset-missing-values",
            "loans",
            Kind::Dataset,
            Outcome::Clean,
        ),
        evidence("dataset-stale", "loans", Kind::Dataset, Outcome::Clean),
        evidence(
            "pickle-dangerous-imports",
            "scorer",
            Kind::Model,
            Outcome::Clean,
        ),
    ];
    dossier.refused.clear();
    if let Some(decision) = &mut dossier.decision {
        let decision = &mut decision.predicate;
        decision.verdict = Verdict::Allow;
        decision.reasons.clear();
        decision.warnings.clear();
        decision.waivers.clear();
        decision.baseline = None;
        decision.relied_on = dossier
            .checks
            .iter()
            .map(|check| check.id)
            .chain([dossier.manifests[0].id])
            .collect();
        decision.relied_on.sort();
    }
    dossier
}

/// What `tutela scan` makes: nothing signed, nothing logged, nothing decided.
pub(super) fn unsigned() -> Dossier {
    let mut dossier = rich();
    dossier.decision = None;
    dossier.manifests.clear();
    dossier.refused.clear();
    dossier.log = None;
    for check in &mut dossier.checks {
        check.standing = Standing::Unsigned;
    }
    dossier
}

/// Nothing at all.
pub(super) fn empty() -> Dossier {
    Dossier {
        system: String::new(),
        as_of: as_of(),
        checks: Vec::new(),
        manifests: Vec::new(),
        decision: None,
        refused: Vec::new(),
        log: None,
    }
}

/// So many findings in one check, with text that grows when it is escaped.
pub(super) fn huge(findings: usize) -> Dossier {
    let mut dossier = rich();
    let code = "secret-in-file";
    let mut secrets = evidence(code, "project files", Kind::Files, Outcome::Findings);
    secrets.predicate.findings = (0..findings)
        .map(|number| Finding {
            excerpt: Some("<\u{202e}&".repeat(200)),
            fix: Some("\"\u{1b}'".repeat(200)),
            ..finding(
                code,
                Severity::ALL[number % 5],
                &format!("finding {number} {}", "<\u{e0041}".repeat(300)),
                Location::file(format!("{number}/{}", "<".repeat(200))),
            )
        })
        .collect();
    dossier.checks = vec![secrets];
    dossier
}

/// So many short findings in one check.
pub(super) fn many(findings: usize) -> Dossier {
    let mut dossier = huge(0);
    dossier.checks[0].predicate.findings = (0..findings)
        .map(|number| {
            finding(
                "secret-in-file",
                Severity::High,
                &number.to_string(),
                Location::file("a"),
            )
        })
        .collect();
    dossier
}
