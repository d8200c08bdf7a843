//! Each command does what its help says.

use std::fs;

use crate::support::Project;

#[test]
fn init_writes_a_project_that_can_be_checked() {
    let project = Project::example("credit");
    fs::remove_file(project.at("tutela.toml")).unwrap();
    project
        .tutela(&["init", "."])
        .ends_with(0)
        .says("tutela check");
    let text = fs::read_to_string(project.at("tutela.toml")).unwrap();
    assert!(
        text.contains("models/credit.onnx") && text.contains("split"),
        "{text}"
    );
    let run = project.tutela(&["check", "."]);
    assert!([0, 1].contains(&run.code), "{}", run.err);
    project
        .tutela(&["init", "."])
        .ends_with(0)
        .says("left as it is");
    assert_eq!(text, fs::read_to_string(project.at("tutela.toml")).unwrap());
}

#[test]
fn scan_writes_nothing_and_finds_malware() {
    let project = Project::example("compromised");
    let before = project.files(".").len();
    project
        .tutela(&["scan", "models/credit_backup.pkl"])
        .ends_with(1)
        .says("pickle-dangerous-import");
    project
        .tutela(&["scan", "."])
        .ends_with(1)
        .says("not signed");
    assert_eq!(before, project.files(".").len());
}

#[test]
fn scan_reads_standard_input_and_several_files() {
    use std::io::Write as _;
    use std::process::Stdio;
    let project = Project::example("compromised");
    let pickle = fs::read(project.at("models/credit_backup.pkl")).unwrap();
    let mut child = project
        .command(&["scan", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&pickle).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("standard input"), "{text}");
    let run = project.tutela(&["scan", "README.md", "requirements.txt", "-f", "json"]);
    let run = run.ends_with(0);
    assert!(run.out.contains("\"files\": 2"), "{}", run.out);
}

#[test]
fn sign_vouches_for_data_models_files_and_folders() {
    let project = Project::example("credit");
    project.tutela(&["sign", "--project", "."]).ends_with(0);
    assert!(project.at("models/credit.onnx.manifest.json").is_file());
    project
        .tutela(&["sign", "data", "requirements.txt"])
        .ends_with(0);
    project
        .tutela(&["verify", "data", "requirements.txt", "models/credit.onnx"])
        .ends_with(0);
    project.write("data/README.md", "changed");
    project
        .tutela(&["verify", "data"])
        .ends_with(1)
        .says("`data/README.md` was changed");
    project.write("data/new.txt", "added");
    project
        .tutela(&["verify", "data"])
        .ends_with(1)
        .says("`data/new.txt` was added");
    project
        .tutela(&["sign", "missing"])
        .ends_with(2)
        .says("does not exist");
}

#[test]
fn a_required_signature_is_cured_by_the_command_that_the_gate_prints() {
    let project = Project::example("credit");
    for file in project.files(".") {
        if file.to_string_lossy().ends_with(".manifest.json") {
            fs::remove_file(file).unwrap();
        }
    }
    let text = fs::read_to_string(project.at("tutela.toml")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("require"))
        .unwrap();
    project.edit(
        "tutela.toml",
        line,
        "require = [\"scan\", \"data\", \"sign\"]",
    );
    let run = project.tutela(&["check", "."]);
    assert_ne!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("tutela sign"), "{}", run.out);
    project.tutela(&["sign", "--project", "."]).ends_with(0);
    project.tutela(&["check", "."]).ends_with(0);
}

#[test]
fn two_signatures_are_demanded_and_given() {
    let project = Project::example("credit");
    let other = Project::checked_by_another();
    let key = other.at(".tutela/keys/statement.pem").display().to_string();
    fs::copy(
        other.at(".tutela/keys/statement.pub"),
        project.at("keys/other.pub"),
    )
    .unwrap();
    project.edit("tutela.toml", "trust = [", "trust = [\"keys/other.pub\", ");
    project.edit("tutela.toml", "signatures = 1", "signatures = 2");
    project
        .tutela(&["sign", "--project", ".", "--key", &key])
        .ends_with(0);
    let run = project.tutela(&["check", "."]);
    assert_ne!(run.code, 0, "one signature is not two: {}", run.out);
    project
        .tutela(&["sign", ".tutela/evidence", "--project", ".", "--key", &key])
        .ends_with(0);
    project.tutela(&["gate", "."]).ends_with(0);
}

#[test]
fn explain_speaks_to_three_readers() {
    let project = Project::empty();
    let pages: Vec<String> = ["developer", "user", "policymaker"]
        .iter()
        .map(|reader| {
            project
                .run(&["explain", "pickle-dangerous-import", "--for", reader])
                .ends_with(0)
                .out
        })
        .collect();
    assert!(pages[0].contains("# How to fix"));
    assert!(pages[0] != pages[1] && pages[1] != pages[2]);
    let list = project.run(&["explain"]).ends_with(0).out;
    assert!(list.lines().count() > 10, "{list}");
}

#[test]
fn log_shows_proves_and_examines() {
    let project = Project::checked();
    let shown = project.tutela(&["log", "show"]).ends_with(0).out;
    assert!(
        shown.contains("origin") && shown.contains("root"),
        "{shown}"
    );
    let proof = project.tutela(&["log", "prove", "0"]).ends_with(0).out;
    assert!(proof.contains("tlog-proof"), "{proof}");
    project
        .tutela(&["log", "prove", "999999"])
        .ends_with(2)
        .says("no entry");
    project.tutela(&["log", "fsck"]).ends_with(0).says("agrees");
}

#[test]
fn report_is_rendered_from_evidence_alone() {
    let project = Project::checked();
    let page = fs::read(project.at(".tutela/report.html")).unwrap();
    // The artifacts may be gone; the evidence is enough.
    fs::remove_dir_all(project.at("data")).unwrap();
    fs::remove_dir_all(project.at("models")).unwrap();
    let run = project.tutela(&["report", "html", "."]).ends_with(0);
    assert_eq!(run.out.as_bytes(), page);
    for format in ["table", "json", "sarif", "junit", "github"] {
        assert!(
            !project
                .tutela(&["report", format, "."])
                .ends_with(0)
                .out
                .is_empty()
        );
    }
    project
        .tutela(&["report", "sarif", ".", "-o", "out.sarif"])
        .ends_with(0);
    assert!(project.at("out.sarif").is_file());
}

#[test]
fn data_goes_to_standard_output_and_talk_to_standard_error() {
    let project = Project::checked();
    let run = project.tutela(&["check", ".", "-f", "json"]).ends_with(0);
    serde_json::from_str::<serde_json::Value>(&run.out).unwrap();
    let run = project
        .tutela(&["check", ".", "-f", "json", "--quiet"])
        .ends_with(0);
    assert_eq!(run.err, "");
    let run = project.tutela(&["check", "."]).ends_with(0);
    assert!(!run.out.contains('\u{1b}'), "colours in a pipe");
    let run = project
        .tutela(&["check", ".", "--color", "always"])
        .ends_with(0);
    assert!(run.out.contains('\u{1b}'));
}

#[test]
fn completions_and_help() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            project
                .run(&["completions", shell])
                .ends_with(0)
                .out
                .contains("tutela")
        );
    }
    assert!(
        project
            .run(&["--help"])
            .ends_with(0)
            .out
            .contains("Exit codes")
    );
    project
        .run(&["--version"])
        .ends_with(0)
        .says("tutela 0.1.0");
}

#[test]
fn verify_speaks_json() {
    let project = Project::checked();
    let run = project.tutela(&["verify", ".", "-f", "json"]).ends_with(0);
    let proofs: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(
        proofs.as_array().is_some_and(|proofs| proofs.len() > 10),
        "{}",
        run.out
    );
}
