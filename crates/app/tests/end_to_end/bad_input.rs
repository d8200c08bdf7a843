//! Every bad input has a defined answer: a clear message, the documented exit code, nothing lost, no panic.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{AS_OF, Project};

#[test]
fn an_empty_folder() {
    let project = Project::empty();
    project
        .tutela(&["scan"])
        .ends_with(0)
        .says("nothing to examine");
    project.tutela(&["check"]).ends_with(0).says("tutela init");
    project.tutela(&[]).ends_with(0).says("tutela init");
    project.tutela(&["gate"]).ends_with(2).says("tutela init");
    project
        .tutela(&["report", "html"])
        .ends_with(2)
        .says("no tutela.toml");
}

#[test]
fn a_missing_file() {
    let project = Project::empty();
    project
        .tutela(&["scan", "nothing.pt"])
        .ends_with(2)
        .says("does not exist");
    project
        .tutela(&["check", "nowhere"])
        .ends_with(2)
        .says("does not exist");
    project
        .tutela(&["verify", "nothing"])
        .ends_with(2)
        .says("does not exist");
    project.write(
        "tutela.toml",
        "schema = 1\n[[model]]\npath = \"models/*.onnx\"\n",
    );
    project
        .tutela(&["check"])
        .ends_with(2)
        .says("no file matches `models/*.onnx`")
        .says("tutela.toml:3:8");
    project
        .tutela(&["check", "tutela.toml"])
        .ends_with(2)
        .says("is not a folder");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_incomplete_not_clean() {
    let project = Project::empty();
    // A link to itself cannot be opened by anybody, not even by an administrator.
    std::os::unix::fs::symlink("/proc/self/mem", project.at("model.pkl")).unwrap();
    project.write(
        "tutela.toml",
        "schema = 1\n[[model]]\npath = \"model.pkl\"\n",
    );
    let run = project.tutela(&["check"]);
    assert_ne!(run.code, 0, "{}", run.out);
    assert_ne!(run.code, 4, "{}", run.err);
}

#[cfg(unix)]
#[test]
fn folders_that_go_round_in_circles() {
    let project = Project::empty();
    fs::create_dir(project.at("a")).unwrap();
    std::os::unix::fs::symlink("..", project.at("a/up")).unwrap();
    project.write("a/x.txt", "x");
    project.tutela(&["scan"]).ends_with(0);
}

#[test]
fn broken_project_files_point_at_the_line() {
    let project = Project::empty();
    for (text, part) in [
        ("schema = 1\n[gate\n", "tutela.toml:2"),
        (
            "schema = 1\n[gate]\nfail_onn = \"high\"\n",
            "did you mean `fail_on`?",
        ),
        (
            "schema = 1\n[checks.pickle-dangerous-imports]\n",
            "did you mean `pickle-dangerous-import`?",
        ),
        ("schema = 1\n[gate]\nfail_on = 3\n", "expected a string"),
        ("\u{1b}[2J", "error"),
    ] {
        project.write("tutela.toml", text);
        let run = project.tutela(&["check"]).ends_with(2).says(part);
        assert!(
            !run.err.contains('\u{1b}'),
            "an escape sequence reached the terminal: {:?}",
            run.err
        );
        assert!(
            !project.at(".tutela").exists(),
            "something was written for `{text}`"
        );
    }
    project.write("tutela.toml", b"schema = 1\xff");
    project.tutela(&["check"]).ends_with(2);
}

#[test]
fn unknown_words_on_the_command_line() {
    let project = Project::checked();
    project.tutela(&["chekc"]).ends_with(2).says("check");
    project
        .tutela(&["check", "--only", "pickle-dangerous"])
        .ends_with(2)
        .says("did you mean");
    project
        .tutela(&["explain", "nothing"])
        .ends_with(2)
        .says("tutela explain");
    project.tutela(&["report", "pdf"]).ends_with(2).says("html");
    project
        .tutela(&["check", "-f", "pdf"])
        .ends_with(2)
        .says("html");
    project
        .run(&["check", "--as-of", "soon"])
        .ends_with(2)
        .says("2026-11-23");
    project
        .tutela(&["scan", "--fail-on", "bad"])
        .ends_with(2)
        .says("critical");
    project
        .tutela(&["check", "-f", "table", "-f", "json"])
        .ends_with(2)
        .says("-f sarif=out.sarif");
}

#[test]
fn an_output_without_a_name_is_wrong_usage_before_any_work() {
    let project = Project::example("credit");
    let outputs: [(&[&str], &str); 4] = [
        (&["-f", "html="], "`html=` names no file"),
        (&["-f", "table", "-f", "json="], "`json=` names no file"),
        (&["-f", "=x"], "expected `table`"),
        (&["-o", ""], "--output"),
    ];
    for (output, part) in outputs {
        for command in [&["check", "."][..], &["scan", "."], &["report", "html"]] {
            let run = project.tutela(&[command, output].concat());
            let run = run.ends_with(2).says(part);
            assert_eq!(run.out, "");
        }
        project
            .tutela(&[&["verify", "."], output].concat())
            .ends_with(2);
    }
    assert!(!project.at(".tutela").exists() && !project.at("x").exists());
}

#[test]
fn a_page_that_cannot_be_written_does_not_hide_the_verdict() {
    let project = Project::checked();
    fs::remove_file(project.at(".tutela/report.html")).unwrap();
    project.write(".tutela/report.html/in-the-way", "");
    let run = project
        .tutela(&["check", "."])
        .ends_with(3)
        .says("report.html`");
    assert!(run.out.contains("ALLOW"), "{}", run.out);
    // Nor does one report keep back the others.
    fs::create_dir(project.at("taken")).unwrap();
    let run = project
        .tutela(&["gate", ".", "-f", "json=taken", "-f", "table"])
        .ends_with(3)
        .says("cannot write `taken`");
    assert!(run.out.contains("ALLOW"), "{}", run.out);
}

#[test]
fn a_clock_set_back_loses_nothing_and_says_so() {
    let project = Project::example("credit");
    project.run(&["check", ".", "--as-of", "2199-01-01"]);
    let before = fs::read(project.at(".tutela/log/checkpoint")).unwrap();
    // Without --as-of the machine's clock counts, which is before the last entry.
    project.run(&["check", "."]).ends_with(3).says("clock");
    assert_eq!(
        before,
        fs::read(project.at(".tutela/log/checkpoint")).unwrap()
    );
    project.tutela(&["log", "fsck"]).ends_with(0);
}

#[test]
fn keys_of_the_wrong_type() {
    let project = Project::checked();
    let log_key = fs::read(project.at(".tutela/keys/log.pem")).unwrap();
    project.write(".tutela/keys/statement.pem", log_key);
    project
        .tutela(&["check", "."])
        .ends_with(2)
        .says("expected");
    let project = Project::checked();
    project.write("not-a.key", "hello");
    project.edit("tutela.toml", "trust = [", "trust = [\"not-a.key\", ");
    project
        .tutela(&["check", "."])
        .ends_with(2)
        .says("not-a.key")
        .says("tutela.toml:");
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::checked();
    let key = project.at(".tutela/keys/statement.pem");
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    project
        .tutela(&["check", "."])
        .ends_with(2)
        .says("can be read by others");
}

#[test]
fn two_checks_at_once_both_end_well() {
    let project = Project::checked();
    let start = |moment: &str| {
        let mut command = project.command(&["check", ".", "--as-of", moment]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [start("2026-11-20T01:00:00Z"), start("2026-11-20T02:00:00Z")];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    project.tutela(&["log", "fsck"]).ends_with(0);
    project
        .run(&["verify", ".", "--as-of", "2026-11-21"])
        .ends_with(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_so() {
    let project = Project::checked();
    project
        .tutela(&["check", ".", "-f", "json=/dev/full"])
        .ends_with(3);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = project
        .command(&["check", ".", "--as-of", AS_OF])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    project.tutela(&["verify", "."]).ends_with(0);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let project = Project::checked();
    let mut child = project
        .command(&["report", "html", ".", "--as-of", AS_OF])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait_with_output().unwrap();
    assert_eq!(
        status.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written() {
    let project = Project::example("credit");
    // A file in the place of the folder stops everybody, also an administrator.
    project.write(".tutela", "in the way");
    project
        .tutela(&["check", "."])
        .ends_with(3)
        .says(".tutela` cannot be used: it is not a folder");
}

#[test]
fn a_large_file_with_holes() {
    let project = Project::empty();
    let file = fs::File::create(project.at("model.bin")).unwrap();
    // Large enough to show that nothing is read whole, small enough for a slow disk.
    file.set_len(300 << 20).unwrap();
    let run = project.tutela(&["scan"]);
    assert!([0, 3].contains(&run.code), "{}", run.err);
}

#[test]
fn many_files() {
    let project = Project::empty();
    for folder in 0..20 {
        fs::create_dir(project.at(&folder.to_string())).unwrap();
        for file in 0..100 {
            fs::write(project.at(&format!("{folder}/{file}.txt")), "x").unwrap();
        }
    }
    project.tutela(&["scan", "-f", "json"]).ends_with(0);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_never_clean() {
    let project = Project::empty();
    project.write("model.bin", vec![b'x'; 64 << 20]);
    let mut child = project
        .command(&["scan", "--as-of", AS_OF])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut file = fs::File::options()
        .append(true)
        .open(project.at("model.bin"))
        .unwrap();
    let mut writes = 0;
    while child.try_wait().unwrap().is_none() {
        file.write_all(b"y").unwrap();
        writes += 1;
    }
    let output = child.wait_with_output().unwrap();
    assert!(writes > 0);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[cfg(unix)]
#[test]
fn a_project_file_that_is_a_pipe() {
    let project = Project::empty();
    let made = std::process::Command::new("mkfifo")
        .arg(project.at("tutela.toml"))
        .status();
    assert!(made.unwrap().success());
    project.tutela(&["check"]).ends_with(2).says("tutela.toml");
    project
        .tutela(&["check", "--config", "tutela.toml"])
        .ends_with(2);
}
