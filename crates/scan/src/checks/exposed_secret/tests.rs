//! What a report says about a secret, and what it must never say.

use tutela_core::{
    Artifact, ArtifactFile, Check as _, Context, Kind, Limits, NoProgress, Record, Scratch, Settings,
};

use super::ExposedSecret;

fn examined(texts: &[(&str, &[u8])], limits: &Limits) -> Record {
    let folder = tempfile::tempdir().unwrap();
    let files = texts.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        ArtifactFile::take(*name, &path, &NoProgress).unwrap()
    });
    let artifact = Artifact::new("project", Kind::Files, files.collect());
    let settings = Settings::default();
    let context = Context {
        as_of: "2026-11-01".parse().unwrap(),
        seed: 1,
        limits,
        settings: &settings,
        artifacts: std::slice::from_ref(&artifact),
        memo: &tutela_core::Memo::default(),
        progress: &NoProgress,
    };
    tutela_core::run(&ExposedSecret, &artifact, &context)
}

#[test]
fn no_piece_of_a_secret_leaves() {
    let secrets = ["tr0ub4dor&3-Xq", "k7WzPq0LmN4vB8sD2fGh6JyR", "pl4nted-Kq7w9z"];
    let text = format!(
        "db_password = \"{}\"\napi_key: {}\nurl = redis://user:{}@cache.internal.net/0\n",
        secrets[0], secrets[1], secrets[2]
    );
    let record = examined(&[("a.yaml", text.as_bytes())], &Limits::default());
    assert_eq!(record.findings.len(), 3);
    let told = serde_json::to_string(&record.findings).unwrap();
    for secret in secrets {
        for piece in secret.as_bytes().windows(5) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!told.contains(piece), "{piece} of {secret}");
        }
    }
}

#[test]
fn a_secret_that_moves_stays_the_same_finding_and_another_one_does_not() {
    let line = "DB_PASSWORD=tr0ub4dor&3x\n";
    let identities = |text: &str| {
        let record = examined(&[("a.env", text.as_bytes())], &Limits::default());
        let all = record.findings.into_iter().map(|finding| finding.identity);
        all.collect::<Vec<_>>()
    };
    assert_eq!(identities(line), identities(&format!("# moved\n\n{line}")));
    assert_ne!(identities(line), identities(&line.replace("DB_", "MAIL_")));
    let twice = identities(&format!("{line}{line}"));
    assert_eq!(twice.len(), 2);
    assert_ne!(twice[0], twice[1]);
}

#[test]
fn findings_of_a_flood_are_bounded_and_counted() {
    let text = (0..50).map(|number| format!("password_{number}x = 1\npassword = \"tr0ub4dor&{number}\"\n"));
    let limits = Limits {
        findings: 10,
        ..Limits::default()
    };
    let record = examined(&[("a.env", text.collect::<String>().as_bytes())], &limits);
    assert_eq!((record.findings.len(), record.findings_omitted), (10, 1));
}

#[test]
fn binary_files_are_told_as_not_examined() {
    let record = examined(&[("a.bin", b"\0DB_PASSWORD=tr0ub4dor&3x"), ("b.txt", b"abc")], &Limits::default());
    assert!(record.findings.is_empty());
    assert_eq!(record.skipped.len(), 1);
    let bytes = record.coverage.first().unwrap();
    assert_eq!((bytes.examined, bytes.total), (3, 28));
}

#[test]
fn the_planted_fault_is_no_secret_in_the_source() {
    let source = include_str!("mod.rs");
    assert!(tutela_text::find_secrets(source).is_empty());
    let folder = tempfile::tempdir().unwrap();
    let mut scratch = Scratch::copy(&Artifact::new("x", Kind::Files, Vec::new()), folder.path()).unwrap();
    ExposedSecret.plant(&mut scratch).unwrap();
    assert_eq!(scratch.artifact.files.len(), 1);
}
