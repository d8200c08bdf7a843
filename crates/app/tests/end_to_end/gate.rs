//! The gate never turns green because something was missing, old, unsigned or about another digest.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::Project;

#[test]
fn any_missing_evidence_is_missed() {
    let project = Project::checked();
    let evidence: Vec<_> = project
        .files(".tutela/evidence")
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    for file in evidence {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        fs::remove_file(&file).unwrap();
        let run = project.tutela(&["gate", "."]);
        // A decision may be missing: the gate makes a new one.
        let is_check = decoded(&text).contains("https://tutela.dev/check/v1");
        if is_check {
            assert_ne!(
                run.code,
                0,
                "{} was deleted and the gate is green:\n{}",
                file.display(),
                run.out
            );
        }
        fs::write(&file, bytes).unwrap();
    }
    project.tutela(&["gate", "."]).ends_with(0);
}

/// The payload of an envelope.
fn decoded(envelope: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(envelope).unwrap();
    let payload = value["payload"].as_str().unwrap();
    let output = STANDARD.decode(payload).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn evidence_about_another_digest_does_not_count() {
    let project = Project::checked();
    project.write("data/README.md", "changed after the check");
    let run = project.tutela(&["gate", "."]);
    assert!([1, 3].contains(&run.code), "{}", run.out);
    project.tutela(&["check", "."]).ends_with(0);
}

#[test]
fn evidence_under_another_configuration_does_not_count() {
    let project = Project::checked();
    project.edit("tutela.toml", "label = \"default\"", "label = \"age\"");
    assert_ne!(project.tutela(&["gate", "."]).code, 0);
}

#[test]
fn the_report_shows_this_decision_and_not_a_later_one() {
    let project = Project::checked();
    project.write("new.txt", "new");
    assert_ne!(project.tutela(&["gate", "."]).code, 0);
    fs::remove_file(project.at("new.txt")).unwrap();
    // The same decision as at first, which the log has already.
    project.tutela(&["check", "."]).ends_with(0).says("ALLOW");
}

#[test]
fn old_evidence_does_not_count() {
    let project = Project::checked();
    project
        .run(&["gate", ".", "--as-of", "2026-12-19"])
        .ends_with(0);
    let run = project.run(&["gate", ".", "--as-of", "2026-12-30"]);
    assert_ne!(run.code, 0, "{}", run.out);
    // Evidence from a future that the gate's moment does not know.
    assert_ne!(project.run(&["gate", ".", "--as-of", "2026-11-01"]).code, 0);
}

#[test]
fn a_stranger_s_signature_does_not_count() {
    let project = Project::checked();
    let stranger = Project::checked_by_another();
    fs::copy(
        stranger.at(".tutela/keys/statement.pub"),
        project.at("stranger.pub"),
    )
    .unwrap();
    project.edit("tutela.toml", "trust = [", "trust = [\"stranger.pub\"] # ");
    assert_ne!(project.tutela(&["gate", "."]).code, 0);
}

#[test]
fn more_signatures_than_there_are_do_not_count() {
    let project = Project::checked();
    project.edit("tutela.toml", "signatures = 1", "signatures = 9");
    project
        .tutela(&["gate", "."])
        .ends_with(2)
        .says("signatures");
}

/// A project with one finding over the threshold, and the digest that a waiver must name.
fn with_a_secret() -> (Project, String) {
    let project = Project::example("credit");
    let from = Project::example("compromised");
    fs::copy(from.at("config/settings.env"), project.at("settings.env")).unwrap();
    let digest = tutela_core::Digest::of(&fs::read(project.at("settings.env")).unwrap());
    (project, digest.to_string())
}

fn waiver(rule: &str, subject: &str, expires: &str) -> String {
    format!(
        "\n[[waiver]]\nrule = \"{rule}\"\nsubject = \"{subject}\"\nreason = \"a key for teaching\"\nowner = \"o\"\nexpires = {expires}\n\n[gate]"
    )
}

#[test]
fn a_waiver_covers_until_it_expires() {
    let (project, digest) = with_a_secret();
    let original = fs::read_to_string(project.at("tutela.toml")).unwrap();
    let with = |text: String| {
        fs::write(
            project.at("tutela.toml"),
            original.replace("\n[gate]", &text),
        )
        .unwrap();
    };
    project
        .tutela(&["check", "."])
        .ends_with(1)
        .says("exposed-secret")
        .says(&digest);
    with(waiver("exposed-secret", &digest, "2026-12-31"));
    // The project file is one of the files that were examined.
    assert_ne!(
        project.tutela(&["gate", "."]).code,
        0,
        "evidence about another digest"
    );
    project
        .tutela(&["check", "."])
        .ends_with(0)
        .says("waived until 2026-12-31");
    with(waiver("exposed-secret", &digest, "2026-11-19"));
    project.tutela(&["check", "."]).ends_with(1).says("EXPIRED");
    with(waiver("exposed-secret", &digest, "2027-11-19"));
    assert_ne!(
        project.tutela(&["check", "."]).code,
        0,
        "longer than 180 days"
    );
    let other = tutela_core::Digest::of(b"other").to_string();
    with(waiver("exposed-secret", &other, "2026-12-31"));
    project.tutela(&["check", "."]).ends_with(1);
    with(waiver("pickle-dangerous-import", &digest, "2026-12-31"));
    project
        .tutela(&["gate", "."])
        .ends_with(2)
        .says("cannot be waived");
}

#[test]
fn a_baseline_lets_only_new_findings_deny_and_must_verify() {
    let project = Project::example("credit");
    project.edit("tutela.toml", "fail_on = \"high\"", "fail_on = \"low\"");
    project.tutela(&["check", "."]).ends_with(1);
    project
        .tutela(&["gate", ".", "--write-baseline", "known.json"])
        .ends_with(0);
    project
        .tutela(&["check", ".", "--baseline", "known.json"])
        .ends_with(0);
    project.tutela(&["check", "."]).ends_with(1);
    let text = fs::read_to_string(project.at("known.json")).unwrap();
    project.write("known.json", text.replacen('a', "b", 1));
    let run = project.tutela(&["check", ".", "--baseline", "known.json"]);
    assert_ne!(run.code, 0, "{}", run.out);
    let run = project.tutela(&["check", ".", "--baseline", "missing.json"]);
    assert_ne!(run.code, 0, "{}", run.out);
}

#[cfg(unix)]
#[test]
fn a_baseline_that_is_a_pipe_is_not_waited_for() {
    let project = Project::checked();
    project.pipe("baseline.json");
    for command in ["check", "gate"] {
        project
            .tutela(&[command, ".", "--baseline", "baseline.json"])
            .ends_with(3)
            .says("not a regular file");
    }
}
