//! `verify` says VERIFIED of nothing but what was asked about, whole, and as it was signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Project, Run};

/// A project with a signed folder `d`, in which are `a` and `sub/b`, and a signed file `f`.
fn signed() -> Project {
    let project = Project::checked_by_another();
    project.write("d/a", "one");
    project.write("d/sub/b", "two");
    project.write("f", "three");
    project.tutela(&["sign", "d", "f"]).ends_with(0);
    project.tutela(&["verify", "d", "f"]).ends_with(0);
    project
}

fn beside(project: &Project, from: &str, to: &str) {
    fs::copy(project.at(from), project.at(to)).unwrap();
}

/// Fails if it verified.
#[track_caller]
fn not_verified(run: Run, why: &str) -> Run {
    let refused = run.code == 1 || run.code == 3;
    assert!(refused, "{why}: {}\n{}\n{}", run.code, run.out, run.err);
    run
}

#[test]
fn a_manifest_copied_beside_something_else_vouches_for_nothing() {
    let project = signed();
    project.write("good/a", "altered");
    project.write("good.bin", "altered");
    for (from, to, target) in [
        ("d.manifest.json", "good.manifest.json", "good"),
        ("f.manifest.json", "good.bin.manifest.json", "good.bin"),
        ("d.manifest.json", "good.bin.manifest.json", "good.bin"),
        ("f.manifest.json", "good.manifest.json", "good"),
        ("f.manifest.json", "d/a.manifest.json", "d/a"),
    ] {
        beside(&project, from, to);
        project
            .tutela(&["verify", target])
            .ends_with(1)
            .says("not for");
    }
}

#[test]
fn a_manifest_does_not_look_for_its_folder_further_up() {
    let project = signed();
    project.write("deep/er/d/a", "altered");
    for manifest in ["deep/er/d.manifest.json", "deep/x.manifest.json"] {
        beside(&project, "d.manifest.json", manifest);
        not_verified(project.tutela(&["verify", manifest]), manifest);
    }
    not_verified(project.tutela(&["verify", "deep/er/d"]), "the altered one");
}

#[test]
fn a_declared_model_s_manifest_vouches_for_that_model_alone() {
    let project = Project::checked();
    project.write("models/other.onnx", "altered");
    beside(
        &project,
        "models/credit.onnx.manifest.json",
        "models/other.onnx.manifest.json",
    );
    project
        .tutela(&["verify", "models/other.onnx"])
        .ends_with(1)
        .says("not for");
}

#[test]
fn manifests_start_from_their_folder_or_from_the_project() {
    let project = Project::checked();
    let key = ["--key", "keys/steward.pub"];
    let verify = |target: &str| project.tutela(&[&["verify", target], &key[..]].concat());
    for target in [
        "models/credit.onnx",
        "models/credit.onnx.manifest.json",
        "data/credit.manifest.json",
    ] {
        verify(target).ends_with(0);
    }
    project.write("sigs/note.txt", "");
    beside(
        &project,
        "data/credit.manifest.json",
        "sigs/credit.manifest.json",
    );
    verify("sigs/credit.manifest.json").ends_with(0);
    // Where both have what it names, both must be what was signed.
    project.write("sigs/data/train.parquet", "altered");
    verify("sigs/credit.manifest.json").ends_with(1);
    fs::remove_dir_all(project.at("sigs/data")).unwrap();
    // Without the project there is only the manifest's own folder.
    beside(
        &project,
        "data/credit.manifest.json",
        "credit.manifest.json",
    );
    fs::remove_file(project.at("tutela.toml")).unwrap();
    verify("credit.manifest.json").ends_with(0);
    not_verified(verify("sigs/credit.manifest.json"), "nothing is there");
}

#[test]
fn a_folder_is_verified_however_it_is_written() {
    let project = signed();
    let absolute = project.at("d").display().to_string();
    for target in ["d/", "./d", "d/sub/..", absolute.as_str()] {
        project.tutela(&["verify", target]).ends_with(0);
    }
}

#[test]
fn whatever_was_added_to_a_signed_folder_is_noticed() {
    for (file, text) in [
        ("d/.hidden", ""),
        ("d/new/x", ""),
        ("d/.git/hooks/x", ""),
        ("d/node_modules/x.js", ""),
        ("d/env/pyvenv.cfg", ""),
        (
            "d/cache/CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55",
        ),
    ] {
        let project = signed();
        project.write(file, text);
        project
            .tutela(&["verify", "d"])
            .ends_with(1)
            .says("was added");
        project
            .tutela(&["verify", "d.manifest.json"])
            .ends_with(1)
            .says("was added");
    }
}

#[test]
fn a_file_that_is_gone_or_became_a_folder_is_refused() {
    let project = signed();
    fs::remove_file(project.at("d/sub/b")).unwrap();
    let gone = "`d/sub/b` is gone";
    project.tutela(&["verify", "d"]).ends_with(1).says(gone);
    fs::create_dir(project.at("d/sub/b")).unwrap();
    project.tutela(&["verify", "d"]).ends_with(1).says(gone);
    fs::remove_dir_all(project.at("d/sub")).unwrap();
    project.write("d/sub", "now a file");
    project.tutela(&["verify", "d"]).ends_with(1).says(gone);
    fs::remove_file(project.at("f")).unwrap();
    not_verified(project.tutela(&["verify", "f.manifest.json"]), "no file");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn pipe(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success(), "mkfifo {}", path.display());
    }

    /// Puts a pipe in place of a file.
    fn pipe_instead(path: &Path) {
        fs::remove_file(path).unwrap();
        pipe(path);
    }

    #[test]
    fn pipes_and_links_added_to_a_signed_folder_are_noticed() {
        let project = signed();
        pipe(&project.at("d/new"));
        not_verified(project.tutela(&["verify", "d"]), "a pipe").says("d/new");
        for (what, to) in [
            ("a link to a folder", "sub"),
            ("a link to a folder elsewhere", "/"),
            ("a link to a file", "a"),
            ("a link to a file elsewhere", "../f"),
            ("a link to nothing", "nowhere"),
        ] {
            let project = signed();
            symlink(to, project.at("d/new")).unwrap();
            not_verified(project.tutela(&["verify", "d"]), what).says("d/new");
        }
    }

    #[test]
    fn a_link_that_leads_out_is_not_what_was_signed() {
        let project = signed();
        let elsewhere = Project::empty();
        elsewhere.write("a", "one");
        elsewhere.write("sub/b", "two");
        elsewhere.write("f", "three");
        for (inside, outside) in [("d/a", "a"), ("f", "f")] {
            fs::remove_file(project.at(inside)).unwrap();
            symlink(elsewhere.at(outside), project.at(inside)).unwrap();
        }
        project
            .tutela(&["verify", "d"])
            .ends_with(1)
            .says("`d/a` leads out of");
        not_verified(project.tutela(&["verify", "f.manifest.json"]), "f").says("leads out of");
        let whole = signed();
        fs::remove_dir_all(whole.at("d")).unwrap();
        symlink(elsewhere.path(), whole.at("d")).unwrap();
        not_verified(whole.tutela(&["verify", "d"]), "the folder is elsewhere");
    }

    #[test]
    fn a_link_to_what_was_signed_is_followed() {
        let project = signed();
        symlink("d", project.at("link")).unwrap();
        project.tutela(&["verify", "link"]).ends_with(0);
        // Nor does a manifest for another thing count because a link bears its name.
        project.write("good/a", "altered");
        fs::remove_dir_all(project.at("d")).unwrap();
        symlink("good", project.at("d")).unwrap();
        project.tutela(&["verify", "d"]).ends_with(1);
    }

    #[test]
    fn what_cannot_be_read_is_not_called_gone() {
        let project = signed();
        pipe_instead(&project.at("d/a"));
        let run = project.tutela(&["verify", "d"]).ends_with(3);
        assert!(!run.out.contains("gone"), "{}", run.out);
        fs::remove_file(project.at("d/a")).unwrap();
        symlink("a", project.at("d/a")).unwrap();
        let run = project.tutela(&["verify", "d"]).ends_with(3);
        assert!(!run.out.contains("gone"), "{}", run.out);
        project.write("d/sub/b", "changed");
        project.tutela(&["verify", "d"]).ends_with(1);
    }

    #[test]
    fn a_pipe_in_place_of_a_manifest_ends_the_work_and_does_not_hang() {
        let project = signed();
        pipe_instead(&project.at("d.manifest.json"));
        project.tutela(&["verify", "d"]).ends_with(3);
        project.tutela(&["verify", "d.manifest.json"]).ends_with(3);
    }

    #[test]
    fn a_pipe_in_place_of_evidence_ends_the_work_and_does_not_hang() {
        let project = Project::checked();
        let file = some_evidence(&project);
        let proof = file.with_extension("tlog-proof");
        let name = file.display().to_string();
        let bytes = fs::read(&proof).unwrap();
        pipe_instead(&proof);
        project.tutela(&["verify", &name]).ends_with(3);
        not_verified(project.tutela(&["verify", "."]), "the proof is a pipe");
        fs::remove_file(&proof).unwrap();
        fs::write(&proof, bytes).unwrap();
        pipe_instead(&file);
        project.tutela(&["verify", &name]).ends_with(3);
        not_verified(project.tutela(&["verify", "."]), "the statement is a pipe");
    }

    #[test]
    fn keys_come_from_the_project_in_which_a_manifest_lies() {
        let (project, stranger) = (signed(), signed());
        fs::remove_file(project.at("f.manifest.json")).unwrap();
        symlink(
            stranger.at("f.manifest.json"),
            project.at("f.manifest.json"),
        )
        .unwrap();
        project.tutela(&["verify", "f"]).ends_with(1);
    }
}

#[test]
fn a_file_too_long_to_be_evidence_is_not_read() {
    let project = signed();
    let file = fs::File::create(project.at("f.manifest.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    project
        .tutela(&["verify", "f"])
        .ends_with(3)
        .says("at most");
}

fn some_evidence(project: &Project) -> PathBuf {
    let file = project.files(".tutela/evidence").into_iter().find(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    file.unwrap()
}

/// One logged statement of each type, by its type.
fn one_of_each(project: &Project) -> BTreeMap<String, String> {
    let shown = project.tutela(&["log", "show", "--last", "1000"]).out;
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, _, id, kind] => Some(((*kind).to_owned(), (*id).to_owned())),
            _ => None,
        }
    };
    shown.lines().filter_map(entry).collect()
}

#[test]
fn deleted_evidence_is_missed() {
    let project = Project::checked();
    let elsewhere = Project::empty();
    let baseline = elsewhere.at("baseline.json").display().to_string();
    project
        .tutela(&["gate", ".", "--write-baseline", &baseline])
        .ends_with(0);
    project.tutela(&["verify", "."]).ends_with(0);
    let kinds = one_of_each(&project);
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    for (kind, id) in kinds {
        let at = |ending: &str| project.at(&format!(".tutela/evidence/{id}.{ending}"));
        let (statement, proof) = (at("json"), at("tlog-proof"));
        for gone in [vec![&statement], vec![&proof], vec![&statement, &proof]] {
            let kept: Vec<Vec<u8>> = gone.iter().map(|file| fs::read(file).unwrap()).collect();
            gone.iter().for_each(|file| fs::remove_file(file).unwrap());
            let run = not_verified(project.tutela(&["verify", "."]), &kind);
            assert!(run.out.contains("missing"), "{kind}: {}", run.out);
            assert!(run.out.contains(&id[..12]), "{kind}: {}", run.out);
            for (file, bytes) in gone.iter().zip(kept) {
                fs::write(file, bytes).unwrap();
            }
        }
    }
    project.tutela(&["verify", "."]).ends_with(0);
}

#[test]
fn every_kind_of_file_of_a_project_is_missed() {
    for gone in [
        "data/credit.manifest.json",
        "models/credit.onnx.manifest.json",
        "models/credit.onnx",
        "data/test.parquet",
        "requirements.txt",
        ".tutela/log/checkpoint",
        ".tutela/log/tile/0",
        ".tutela/log/tile/entries",
        ".tutela/log",
        ".tutela/evidence",
    ] {
        let project = Project::checked();
        let path = project.at(gone);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        let run = project.tutela(&["verify", "."]);
        assert!(
            matches!(run.code, 1..=3),
            "{gone} is gone: {}\n{}",
            run.code,
            run.out
        );
    }
}

#[test]
fn a_statement_that_the_log_does_not_have_is_refused() {
    let project = Project::checked();
    let later = Project::empty();
    crate::support::copy(project.path(), later.path(), &[]);
    later
        .run(&["check", ".", "--as-of", "2026-11-21"])
        .ends_with(0);
    for file in later.files(".tutela/evidence") {
        let here = project
            .at(".tutela/evidence")
            .join(file.file_name().unwrap());
        if !here.exists() {
            fs::copy(file, here).unwrap();
        }
    }
    project.tutela(&["verify", "."]).ends_with(1);
}

#[test]
fn keys_that_are_given_do_not_lower_how_many_must_sign() {
    let project = Project::example("credit");
    let other = Project::checked_by_another();
    let (own, second) = (".tutela/keys/statement.pub", "keys/other.pub");
    fs::copy(other.at(own), project.at(second)).unwrap();
    project.edit("tutela.toml", "trust = [", "trust = [\"keys/other.pub\", ");
    project.edit("tutela.toml", "signatures = 1", "signatures = 2");
    let checked = project.tutela(&["check", "."]);
    assert_ne!(checked.code, 0, "one signature is not two");
    project.write("f", "three");
    project.tutela(&["sign", "f"]).ends_with(0);
    let evidence = some_evidence(&project).display().to_string();
    let log_key = project.at(".tutela/keys/log.pub").display().to_string();
    for target in [".", "f", evidence.as_str()] {
        let verify = ["verify", target, "--log-key", log_key.as_str()];
        let one = [&verify[..], &["--key", own]].concat();
        project.tutela(&one).ends_with(2).says("signatures");
        let two = [&one[..], &["--key", second]].concat();
        project.tutela(&two).ends_with(1).says("2 needed");
    }
}
