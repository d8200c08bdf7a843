//! Whatever a path, a name or an option holds: nothing that steers a terminal is printed.

use std::fs;

use crate::support::{Project, Run};

/// Colour, the string terminator, the one-character form of the escape sequences, erasing, going back.
const HOSTILE: &str = "no\u{1b}[31m\u{7f}\u{9b}2J\r\u{8}";

fn steers(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t')
}

#[track_caller]
fn shows_only_text(run: &Run, arguments: &[&str]) {
    assert!(
        !run.out.contains(steers) && !run.err.contains(steers),
        "{arguments:?}\nstdout: {:?}\nstderr: {:?}",
        run.out,
        run.err
    );
    assert!(!run.err.contains("panicked"), "{}", run.err);
}

/// Every way to type a path or a name, for something that is not there.
const REFUSED: [&[&str]; 30] = [
    &[HOSTILE],
    &["--as-of", HOSTILE],
    &["init", HOSTILE],
    &["check", HOSTILE],
    &["check", ".", "--only", HOSTILE],
    &["check", ".", "--config", HOSTILE],
    &["check", ".", "--seed", HOSTILE],
    &["check", ".", "--color", HOSTILE],
    &["check", ".", "-f", HOSTILE],
    &["check", ".", "-o", "no\u{1b}[31m/file"],
    &["scan", HOSTILE],
    &["scan", ".", "--only", HOSTILE],
    &["scan", ".", "--fail-on", HOSTILE],
    &["sign", HOSTILE],
    &["sign", "--project", HOSTILE],
    &["sign", "--key", HOSTILE],
    &["verify", HOSTILE],
    &["verify", ".", "--key", HOSTILE],
    &["verify", ".", "--log-key", HOSTILE],
    &["verify", ".", "-f", HOSTILE],
    &["gate", HOSTILE],
    &["report", HOSTILE],
    &["report", "html", HOSTILE],
    &["explain", HOSTILE],
    &["explain", "pickle-protocol", "--for", HOSTILE],
    &["log", HOSTILE],
    &["log", "show", HOSTILE],
    &["log", "prove", HOSTILE],
    &["log", "fsck", HOSTILE],
    &["completions", HOSTILE],
];

#[test]
fn what_is_refused_is_repeated_as_text() {
    let project = Project::checked();
    for arguments in REFUSED {
        let run = project.run(arguments);
        assert!([2, 3].contains(&run.code), "{arguments:?}: {}", run.err);
        assert!(run.err.contains("error: "), "{arguments:?}: {}", run.err);
        shows_only_text(&run, arguments);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_and_files_with_hostile_names_are_shown_as_text() {
    let project = Project::empty();
    let inside = format!("{HOSTILE}/{HOSTILE}.txt");
    let (data, baseline) = (format!("{HOSTILE}/x.csv"), format!("{HOSTILE}/b.json"));
    project.write(&inside, "x");
    project.write(&data, "a,b\n1,2\n");
    let runs: [(i32, &[&str]); 14] = [
        (0, &["check", HOSTILE]),
        (0, &["init", HOSTILE]),
        (0, &["init", HOSTILE]),
        (0, &["check", HOSTILE, "--self-test"]),
        (3, &["check", HOSTILE, "--baseline", HOSTILE]),
        (0, &["gate", HOSTILE, "--write-baseline", &baseline]),
        (0, &["sign", &inside, "--project", HOSTILE]),
        (0, &["sign", "--project", HOSTILE]),
        (0, &["sign", &baseline, "--project", HOSTILE]),
        (0, &["log", "show", HOSTILE]),
        (0, &["log", "prove", "0", HOSTILE]),
        (0, &["log", "fsck", HOSTILE]),
        (0, &["scan", &inside, "-o", &data]),
        (3, &["scan", &inside, "-o", HOSTILE]),
    ];
    for (code, arguments) in runs {
        shows_only_text(&project.tutela(arguments).ends_with(code), arguments);
    }
    for target in [HOSTILE, &inside, &baseline] {
        let arguments = ["verify", target];
        shows_only_text(&project.tutela(&arguments), &arguments);
    }
    for format in [
        "table", "full", "html", "json", "jsonl", "sarif", "junit", "github",
    ] {
        let several: [&str; 5] = ["scan", HOSTILE, &inside, "-f", format];
        shows_only_text(&project.tutela(&several), &several);
        let report: [&str; 3] = ["report", format, HOSTILE];
        shows_only_text(&project.tutela(&report).ends_with(0), &report);
    }
    fs::remove_file(project.at(&format!("{HOSTILE}/.tutela/keys/statement.pem"))).unwrap();
    project.write(&format!("{HOSTILE}/.tutela/log/{HOSTILE}"), "x");
    project.write(&format!("{HOSTILE}/.tutela/log/tile/{HOSTILE}"), "x");
    let broken: [&[&str]; 3] = [
        &["check", HOSTILE],
        &["log", "fsck", HOSTILE],
        &["verify", HOSTILE],
    ];
    for arguments in broken {
        shows_only_text(&project.tutela(arguments), arguments);
    }
    project.write(&format!("{HOSTILE}/tutela.toml"), "schema = 1\n[gate\n");
    let arguments = ["check", HOSTILE];
    shows_only_text(&project.tutela(&arguments).ends_with(2), &arguments);
}
