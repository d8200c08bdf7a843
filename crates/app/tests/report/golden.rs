//! Golden files: what each format looks like, for reviewers to read.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes them anew; read the difference before you commit it.

use std::fs;
use std::path::Path;

use tutela_app::report::{Colour, Format};
use tutela_evidence::Dossier;

use super::catalogue::catalogue;
use super::{fixture, options, rendered, rendered_with};

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    let difference = wanted
        .lines()
        .zip(text.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new);
    if let Some((line, (old, new))) = difference {
        panic!(
            "{name}:{}\n golden: {old}\n    now: {new}\nUPDATE_GOLDEN=1 writes it anew",
            line + 1
        );
    }
    assert_eq!(
        wanted.len(),
        text.len(),
        "{name} has another length; UPDATE_GOLDEN=1 writes it anew"
    );
}

fn all_formats(prefix: &str, dossier: &Dossier) {
    for (format, ending) in [
        (Format::Html, "html"),
        (Format::Json, "json"),
        (Format::Jsonl, "jsonl"),
        (Format::Sarif, "sarif"),
        (Format::Junit, "xml"),
        (Format::Github, "github.txt"),
        (Format::Table, "table.txt"),
        (Format::Full, "full.txt"),
    ] {
        compare(&format!("{prefix}.{ending}"), &rendered(format, dossier));
    }
}

#[test]
fn rich() {
    all_formats("rich", &fixture::rich());
}

#[test]
fn clean() {
    all_formats("clean", &fixture::clean());
}

#[test]
fn unsigned() {
    let dossier = fixture::unsigned();
    for (format, name) in [
        (Format::Html, "unsigned.html"),
        (Format::Table, "unsigned.table.txt"),
        (Format::Github, "unsigned.github.txt"),
    ] {
        compare(name, &rendered(format, &dossier));
    }
}

#[test]
fn empty() {
    let dossier = fixture::empty();
    compare("empty.html", &rendered(Format::Html, &dossier));
    compare("empty.table.txt", &rendered(Format::Table, &dossier));
}

#[test]
fn a_narrow_terminal_with_colour() {
    let catalogue = catalogue();
    let mut options = options(&catalogue);
    options.colour = Colour::Ansi;
    options.width = 50;
    compare(
        "narrow.ansi.txt",
        &rendered_with(Format::Table, &fixture::rich(), &options),
    );
}

#[test]
fn the_same_dossier_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(
            rendered(format, &fixture::rich()),
            rendered(format, &fixture::rich())
        );
    }
}
