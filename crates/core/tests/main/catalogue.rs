//! A catalogue names every rule that a check breaks.

use tutela_core::{
    Artifact, Catalogue, Check, CheckInfo, Context, Describe, Docs, Error, Scratch, Setting, Sink,
};

use crate::support::Sample;

/// A check with any description.
struct Described(CheckInfo);

impl Describe for Described {
    fn info(&self) -> &'static CheckInfo {
        Box::leak(Box::new(self.0))
    }
}

impl Check for Described {
    fn run(&self, _: &Artifact, _: &Context<'_>, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }

    fn plant(&self, _: &mut Scratch) -> Result<(), Error> {
        Ok(())
    }
}

fn faults(infos: Vec<CheckInfo>) -> Vec<String> {
    let checks: Vec<&'static dyn Check> = infos
        .into_iter()
        .map(|info| &*Box::leak(Box::new(Described(info))) as &dyn Check)
        .collect();
    Catalogue::new(&[&checks])
        .faults()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_sound_check_has_no_faults() {
    assert_eq!(faults(vec![Sample::INFO]), Vec::<String>::new());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one rule a line")]
fn each_broken_rule_is_named() {
    let info = Sample::INFO;
    let outside = Setting {
        name: "x",
        help: "",
        default: 2.0,
        least: 0.0,
        greatest: 1.0,
    };
    let broken: Vec<(CheckInfo, &str)> = vec![
        (
            CheckInfo {
                code: "Not_Kebab",
                ..info
            },
            "kebab-case",
        ),
        (CheckInfo { code: "", ..info }, "kebab-case"),
        (
            CheckInfo {
                code: "a--b",
                ..info
            },
            "kebab-case",
        ),
        (CheckInfo { title: "", ..info }, "no title"),
        (
            CheckInfo {
                title: "Ends so.",
                ..info
            },
            "ends with a period",
        ),
        (
            CheckInfo {
                stages: &[],
                ..info
            },
            "no stage",
        ),
        (CheckInfo { kinds: &[], ..info }, "no kind"),
        (
            CheckInfo {
                references: &[],
                ..info
            },
            "no references",
        ),
        (
            CheckInfo {
                user: "short",
                ..info
            },
            "users",
        ),
        (
            CheckInfo {
                policymaker: "short",
                ..info
            },
            "policymakers",
        ),
        (
            CheckInfo {
                docs: Docs(&[" # What it finds", " x"]),
                ..info
            },
            "its sections are not",
        ),
        (
            CheckInfo {
                settings: Box::leak(Box::new([outside])),
                ..info
            },
            "out of range",
        ),
    ];
    for (info, part) in broken {
        let faults = faults(vec![info]);
        assert!(
            faults.iter().any(|fault| fault.contains(part)),
            "{faults:?} lack `{part}`"
        );
    }
    assert!(
        faults(vec![info, info])
            .iter()
            .any(|fault| fault.contains("used twice"))
    );
}

#[test]
fn checks_are_sorted_and_found_by_code() {
    let named = |code| CheckInfo {
        code,
        ..Sample::INFO
    };
    let checks: Vec<&'static dyn Check> = ["c", "a", "b"]
        .into_iter()
        .map(|code| &*Box::leak(Box::new(Described(named(code)))) as &dyn Check)
        .collect();
    let (first, rest) = checks.split_at(1);
    let catalogue = Catalogue::new(&[first, rest]);
    let codes: Vec<&str> = catalogue.iter().map(|check| check.info().code).collect();
    assert_eq!(codes, ["a", "b", "c"]);
    assert!(catalogue.get("b").is_some() && catalogue.get("d").is_none());
}

#[test]
fn sections_are_cut_at_headings_only() {
    let docs = Docs(&[
        " First line.",
        "",
        " # What it finds",
        " one # not a heading",
        "",
        " two",
        " # Empty",
        " # Last",
    ]);
    assert_eq!(docs.headings(), ["What it finds", "Empty", "Last"]);
    assert_eq!(
        docs.section("What it finds").unwrap(),
        "one # not a heading\n\ntwo"
    );
    assert_eq!(docs.section("Empty"), None);
    assert_eq!(docs.section("Missing"), None);
}
