//! The files on disk, and what the papers show, against the program.

use super::*;

/// Papers with commands or project files that a reader will copy.
const PAPERS: [&str; 5] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/performance.md",
];

fn page(path: &str, text: &str) -> Page {
    Page {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn stale_missing_and_left_over_files_are_named_and_mended() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    fs::create_dir_all(root.join("docs/rules")).unwrap();
    fs::write(root.join("docs/rules/gone.md"), "old").unwrap();
    fs::write(root.join("docs/rules/stale.md"), "old").unwrap();
    fs::write(root.join("docs/by-hand.md"), "mine").unwrap();
    let pages = [
        page("docs/rules/stale.md", "new"),
        page("schemas/missing.json", "{}"),
    ];
    let found = differences(root, &pages).unwrap();
    assert_eq!(
        found.iter().map(describe).collect::<Vec<_>>(),
        [
            "left over: docs/rules/gone.md",
            "stale:     docs/rules/stale.md",
            "missing:   schemas/missing.json",
        ]
    );
    write(root, &pages, &found).unwrap();
    assert_eq!(differences(root, &pages).unwrap(), []);
    assert_eq!(
        fs::read_to_string(root.join("docs/by-hand.md")).unwrap(),
        "mine"
    );
}

/// A reader copies what the papers show; the program must accept it.
#[test]
fn project_files_in_the_papers_are_accepted() {
    let root = crate::root().unwrap();
    let catalogue = tutela_app::catalogue();
    for paper in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root.join(paper)).unwrap();
        let blocks = text.split("```toml\n").skip(1);
        let shown: Vec<&str> = blocks
            .filter_map(|rest| rest.split("```").next())
            .filter(|block| block.starts_with("schema"))
            .collect();
        assert_eq!(
            shown.len(),
            1,
            "{paper} shows {} project files",
            shown.len()
        );
        for block in shown {
            tutela_app::config::parse(paper, block, &catalogue).unwrap();
        }
    }
}

/// The commands in the shell blocks of a text, without comments.
fn shown_commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .filter_map(|rest| rest.split("```").next())
        .flat_map(str::lines)
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter_map(|line| {
            let ours = line.strip_prefix("cargo run --release -- ");
            ours.or_else(|| line.strip_prefix("tutela "))
        })
        .map(|line| {
            let words = line.split_whitespace().map(str::to_owned);
            std::iter::once("tutela".to_owned()).chain(words).collect()
        })
        .collect()
}

#[test]
fn commands_in_the_papers_are_accepted() {
    let root = crate::root().unwrap();
    let rules = tutela_app::catalogue();
    let mut texts: Vec<String> = PAPERS
        .iter()
        .map(|paper| fs::read_to_string(root.join(paper)).unwrap())
        .collect();
    texts.extend(rules::pages(&rules).into_iter().map(|page| page.text));
    let mut count = 0;
    for words in texts.iter().flat_map(|text| shown_commands(text)) {
        let parsed = tutela_app::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        count += 1;
    }
    // README alone shows four; fewer means that they are no longer found.
    assert!(count >= 4, "{count} commands found");
    assert!(
        tutela_app::command()
            .try_get_matches_from(["tutela", "frobnicate"])
            .is_err()
    );
}

#[test]
fn the_readme_lists_every_command() {
    let readme = fs::read_to_string(crate::root().unwrap().join("README.md")).unwrap();
    let command = tutela_app::command();
    let names = command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set());
    let missing: Vec<&str> = names
        .map(Command::get_name)
        .filter(|name| *name != "help" && !readme.contains(&format!("\n| `tutela {name}` |")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
    let listed = readme.matches("\n| `tutela ").count();
    assert_eq!(listed, command.get_subcommands().count());
}

#[test]
fn the_catalogue_of_the_program_is_sound() {
    assert_eq!(tutela_app::catalogue().faults(), []);
}

#[test]
fn the_catalogue_of_the_fixture_is_sound() {
    assert_eq!(fixture::catalogue().faults(), []);
}
