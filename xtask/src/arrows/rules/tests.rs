//! Each fault, planted into a small house that is sound without it.

use super::*;
use crate::arrows::workspace::product_lines;

const TABLE: &str = r#"
packages = 3
forbidden = ["socket"]
[crate.core]
storey = 0
job = "words"
lines = 10
[crate.formats]
storey = 1
job = "parses"
may_use = ["core"]
owns = ["zip", "zip-*"]
[crate.tensor]
storey = 1
job = "computes"
may_use = ["core"]
sideways = ["formats"]
[crate.scan]
storey = 2
job = "checks"
may_use = ["core", "formats"]
[crate.app]
storey = 3
job = "the program"
may_use = ["core", "scan"]
owns = ["clap"]
[tool.testkit]
job = "fixtures"
may_use = ["core"]
[tool.xtask]
job = "tasks"
may_use = ["app"]
borrows = ["clap"]
"#;

fn table() -> Table {
    Table::parse(TABLE).unwrap()
}

fn member(name: &str, uses: &[&str]) -> Crate {
    Crate {
        name: name.to_owned(),
        uses: uses.iter().map(|&used| used.to_owned()).collect(),
        lines: 10,
    }
}

fn packages(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn sound() -> Workspace {
    Workspace {
        crates: vec![
            member("core", &["serde"]),
            member("formats", &["core", "zip", "zip-deflate"]),
            member("tensor", &["core", "formats"]),
            member("scan", &["core", "formats"]),
            member("app", &["core", "scan", "clap"]),
            member("testkit", &["core"]),
            member("xtask", &["app", "clap"]),
        ],
        packages: packages(&["serde", "zip", "clap"]),
    }
}

/// The faults after `name` uses `used` besides.
fn with_arrow(name: &str, used: &str) -> Vec<String> {
    let mut workspace = sound();
    for member in &mut workspace.crates {
        if member.name == name {
            member.uses.push(used.to_owned());
        }
    }
    faults(&table(), &workspace)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn faults_of(table: &str) -> Vec<Fault> {
    faults(&Table::parse(table).unwrap(), &sound())
}

#[test]
fn a_sound_house_has_no_faults() {
    assert_eq!(faults(&table(), &sound()), []);
}

#[test]
fn forbidden_arrows_are_named() {
    let forbidden = |from: &str, to: &str| {
        vec![format!(
            "`{from}` uses `{to}`, which the table does not allow"
        )]
    };
    // Up, sideways the wrong way, skipping what the table leaves out, into a tool.
    for (from, to) in [
        ("core", "scan"),
        ("formats", "tensor"),
        ("app", "formats"),
        ("scan", "testkit"),
        ("app", "xtask"),
    ] {
        assert_eq!(with_arrow(from, to), forbidden(from, to));
    }
}

#[test]
fn a_heavy_library_has_one_owner() {
    assert_eq!(
        with_arrow("scan", "zip-deflate"),
        ["`scan` uses `zip-deflate`, which only `formats` may use"]
    );
    assert_eq!(
        with_arrow("testkit", "clap"),
        ["`testkit` uses `clap`, which only `app` may use"]
    );
    assert_eq!(with_arrow("scan", "zipper"), Vec::<String>::new());
}

#[test]
fn table_and_workspace_name_the_same_crates() {
    let mut workspace = sound();
    workspace.crates.push(member("stray", &[]));
    workspace.crates.retain(|member| member.name != "tensor");
    assert_eq!(
        faults(&table(), &workspace),
        [
            Fault::Gone {
                name: "tensor".to_owned()
            },
            Fault::Unlisted {
                name: "stray".to_owned()
            },
        ]
    );
}

#[test]
fn ceilings_and_prohibitions_hold() {
    let mut workspace = sound();
    workspace.packages = packages(&["a", "b", "c", "socket"]);
    for member in &mut workspace.crates {
        member.lines = 11;
    }
    assert_eq!(
        faults(&table(), &workspace),
        [
            Fault::Lines {
                name: "core".to_owned(),
                found: 11,
                most: 10
            },
            Fault::Forbidden {
                name: "socket".to_owned()
            },
            Fault::Packages { found: 4, most: 3 },
        ]
    );
}

#[test]
fn the_table_must_describe_a_house() {
    let up = TABLE.replace(
        r#"may_use = ["core"]
owns = ["zip", "zip-*"]"#,
        r#"may_use = ["core", "scan"]
owns = ["zip", "zip-*"]"#,
    );
    assert_eq!(
        faults_of(&up),
        [Fault::NotDown {
            from: "formats".to_owned(),
            to: "scan".to_owned()
        }]
    );
    let sideways = TABLE.replace(
        r#"sideways = ["formats"]"#,
        r#"sideways = ["formats", "core"]"#,
    );
    assert_eq!(
        faults_of(&sideways),
        [Fault::NotSideways {
            from: "tensor".to_owned(),
            to: "core".to_owned()
        }]
    );
    let tool = TABLE.replace(
        r#"may_use = ["core", "scan"]"#,
        r#"may_use = ["core", "scan", "testkit"]"#,
    );
    assert_eq!(
        faults_of(&tool),
        [Fault::Tool {
            from: "app".to_owned(),
            to: "testkit".to_owned()
        }]
    );
    let owners = TABLE.replace(r#"owns = ["clap"]"#, r#"owns = ["clap", "zip-bomb"]"#);
    assert_eq!(
        faults_of(&owners),
        [Fault::TwoOwners {
            library: "zip-bomb".to_owned(),
            first: "app".to_owned(),
            second: "formats".to_owned()
        }]
    );
    assert!(Table::parse(&TABLE.replace("owns", "own")).is_err());
}

#[test]
fn tests_at_the_end_of_a_file_are_not_counted() {
    assert_eq!(product_lines("one\ntwo\n#[cfg(test)]\nmod tests {}\n"), 2);
}

#[test]
fn this_workspace_obeys_its_table() {
    let root = crate::root().unwrap();
    let table = crate::arrows::read_table(&root).unwrap();
    let workspace = Workspace::read(&root).unwrap();
    assert_eq!(faults(&table, &workspace), []);
}
