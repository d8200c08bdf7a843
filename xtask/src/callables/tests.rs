use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/callables")
}

/// The effects that the analysis finds in the fixture, or none where there is no Python.
fn effects() -> Option<HashMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("entries.txt");
    let status = Command::new("python3")
        .arg(scripts().join("analyse.py"))
        .arg("--seeds")
        .arg(scripts().join("seeds.txt"))
        .arg("--libraries")
        .arg(scripts().join("fixture"))
        .args(["--jobs", "1", "--out"])
        .arg(&out)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status();
    let Ok(status) = status else {
        return None;
    };
    assert!(status.success());
    let text = std::fs::read_to_string(out).unwrap();
    let entries = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, effect) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), effect.to_owned())
        });
    Some(entries.collect())
}

#[test]
fn effects_are_derived_through_imports_methods_and_arguments() {
    let Some(effects) = effects() else {
        drop(std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: there is no python3 here\n",
        ));
        return;
    };
    let expected = [
        ("pots._inside Plain", "p"),
        ("pots._inside Loader", "lp"),
        ("pots PublicLoader", "lp"),
        ("pots._inside Restored", "l"),
        ("pots._inside Quiet", "p"),
        ("pots._inside Runner", "p"),
        ("pots._inside Runner.start", "x"),
        ("pots deep", "x"),
        ("pots._inside deep", "x"),
        ("pots._inside _one", "x"),
        ("pots system", "x"),
        ("pots._inside stored", "w"),
        ("pots._inside mean", "p"),
        ("pots mean", "p"),
        ("pots._inside each", "g"),
        ("pots._inside handed", "w"),
        ("pots._inside version", "u"),
        ("pots._inside by_name", "a"),
    ];
    for (name, effect) in expected {
        assert_eq!(
            effects.get(name).map(String::as_str),
            Some(effect),
            "{name}"
        );
    }
}

#[test]
fn every_seed_has_a_known_effect() {
    let text = std::fs::read_to_string(scripts().join("seeds.txt")).unwrap();
    for line in text.lines() {
        let fields: Vec<&str> = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        if let [_, effects, _] = fields.as_slice() {
            assert!(
                effects.chars().all(|letter| "pgarwonlcxi".contains(letter)),
                "{line}"
            );
        } else {
            assert!(fields.is_empty(), "{line}");
        }
    }
}
