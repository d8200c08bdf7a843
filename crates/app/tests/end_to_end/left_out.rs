//! Nothing hides from a check: what is left out is declared and named, and what cannot be read is told.

use std::fs;

use crate::support::Project;

/// `os.system("true")` in protocol 0.
const PICKLE: &[u8] = b"cos\nsystem\n(S'true'\ntR.";

#[test]
fn no_folder_hides_a_malicious_pickle() {
    for (folder, mark) in [
        ("cache", "CACHEDIR.TAG"),
        ("env", "pyvenv.cfg"),
        ("node_modules", "package.json"),
        ("models/.tutela", "report.html"),
        (".tutela", "more.txt"),
    ] {
        let project = Project::empty();
        fs::create_dir_all(project.at(folder)).unwrap();
        project.write(&format!("{folder}/{mark}"), "");
        project.write(&format!("{folder}/model.pkl"), PICKLE);
        project.write("tutela.toml", "schema = 1\n");
        project.tutela(&["check"]).ends_with(1);
        project.tutela(&["scan"]).ends_with(1);
    }
}

#[test]
fn a_history_is_left_out_of_projects_and_named() {
    let project = Project::empty();
    fs::create_dir(project.at(".git")).unwrap();
    project.write(".git/model.pkl", PICKLE);
    project.write("tutela.toml", "schema = 1\n");
    let run = project.tutela(&["check", "-f", "json"]).ends_with(0);
    assert!(
        run.out.contains("`exclude` names it: `.git`"),
        "{}",
        run.out
    );
    project.tutela(&["scan"]).ends_with(1);
    project.write("tutela.toml", "schema = 1\n[files]\nexclude = []\n");
    project.tutela(&["check"]).ends_with(1);
}

#[test]
fn a_scan_says_what_it_leaves_out() {
    let project = Project::empty();
    fs::create_dir_all(project.at("env/lib")).unwrap();
    project.write("env/lib/model.pkl", PICKLE);
    let run = project.tutela(&["scan", "--exclude", "env/", "-f", "json"]);
    assert!(run.ends_with(0).out.contains("`env/`"));
    project.tutela(&["scan", "--exclude", "["]).ends_with(2);
}

/// Weights with a pickle in the middle, and a small file beside them.
fn concealing() -> Project {
    let project = Project::empty();
    let pickle = b"\x80\x02cos\nsystem\nX\x0b\0\0\0echo inert!\x85R.";
    let noise = [0xbf_u8; 5000];
    project.write("weights.bin", [&noise, pickle.as_slice(), &noise].concat());
    project
}

#[test]
fn a_look_at_the_structure_alone_says_that_raw_data_were_not_searched() {
    let project = concealing();
    project.tutela(&["scan"]).ends_with(1);
    project.tutela(&["scan", "--structure"]).ends_with(0);
    for format in ["json", "html"] {
        let run = project.tutela(&["scan", "--structure", "-f", format]);
        let said = run.ends_with(0).out;
        assert!(said.contains("only the structure of files"), "{said}");
    }
}

#[test]
fn digests_are_taken_where_an_output_names_them() {
    let project = concealing();
    assert!(!project.tutela(&["scan"]).out.contains("sha256:"));
    let digest = tutela_core::Digest::of(&fs::read(project.at("weights.bin")).unwrap());
    for format in ["json", "sarif", "full"] {
        let run = project.tutela(&["scan", "-f", format]).ends_with(1);
        let found = run.out.contains("sha256:") || run.out.contains(&digest.to_hex());
        assert!(found, "{format}");
    }
    let file = project.tutela(&["scan", "weights.bin", "-f", "json"]);
    assert!(file.ends_with(1).out.contains(&digest.to_hex()));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_never_a_pass() {
    use std::os::unix::fs::symlink;
    for plant in [
        |project: &Project| symlink("nowhere", project.at("model.pkl")).unwrap(),
        |project: &Project| symlink("/usr", project.at("models")).unwrap(),
        |project: &Project| drop(socket(project)),
    ] {
        let project = Project::empty();
        plant(&project);
        for only in [None, Some("onnx-external-data")] {
            let mut arguments = vec!["scan", "-f", "sarif=out.sarif"];
            arguments.extend(only.into_iter().flat_map(|code| ["--only", code]));
            project.tutela(&arguments).ends_with(3);
            assert!(project.at("out.sarif").is_file());
            fs::remove_file(project.at("out.sarif")).unwrap();
        }
    }
}

#[cfg(unix)]
fn socket(project: &Project) -> std::os::unix::net::UnixListener {
    std::os::unix::net::UnixListener::bind(project.at("socket")).unwrap()
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_followed_when_asked() {
    let (project, other) = (Project::empty(), Project::empty());
    other.write("model.pkl", PICKLE);
    std::os::unix::fs::symlink(other.at("model.pkl"), project.at("model.pkl")).unwrap();
    project.tutela(&["scan"]).ends_with(3);
    project.tutela(&["scan", "--follow"]).ends_with(1);
    project.write("tutela.toml", "schema = 1\n");
    project.tutela(&["check"]).ends_with(3);
    project.write("tutela.toml", "schema = 1\n[files]\nfollow_links = true\n");
    project.tutela(&["check"]).ends_with(1);
}

#[test]
fn an_empty_folder_gives_an_empty_report() {
    let project = Project::empty();
    let run = project.tutela(&["scan", "-f", "sarif"]).ends_with(0);
    assert!(run.out.contains("\"results\": []"), "{}", run.out);
}
