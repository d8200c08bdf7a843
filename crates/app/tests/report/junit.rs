//! `JUnit`: well-formed, with the right case in the right state.

use roxmltree::{Document, Node};
use tutela_app::report::Format;

use super::{fixture, rendered};

fn cases<'a>(suite: Node<'a, 'a>) -> Vec<(&'a str, &'static str)> {
    let state = |case: Node<'_, '_>| {
        let has = |name: &str| case.children().any(|child| child.has_tag_name(name));
        match (has("error"), has("failure"), has("skipped")) {
            (true, false, false) => "error",
            (false, true, false) => "failure",
            (false, false, true) => "skipped",
            (false, false, false) => "success",
            _ => "several",
        }
    };
    let cases = suite
        .children()
        .filter(|child| child.has_tag_name("testcase"));
    cases
        .map(|case| (case.attribute("name").unwrap(), state(case)))
        .collect()
}

#[test]
fn each_outcome_has_its_state() {
    let text = rendered(Format::Junit, &fixture::rich());
    let document = Document::parse(&text).unwrap();
    let suites: Vec<Node<'_, '_>> = document
        .root_element()
        .children()
        .filter(Node::is_element)
        .collect();
    let suite = |name: &str| {
        *suites
            .iter()
            .find(|suite| suite.attribute("name") == Some(name))
            .unwrap()
    };
    assert_eq!(
        cases(suite("dataset loans")),
        [
            ("dataset-missing-values: Values are missing", "success"),
            ("dataset-stale: Data are too old", "success")
        ]
    );
    assert_eq!(
        cases(suite("files project files")),
        [
            (
                "pickle-dangerous-imports: Pickle imports a dangerous function",
                "skipped"
            ),
            ("secret-in-file: Secret in a file", "error")
        ]
    );
    assert_eq!(
        cases(suite("model scorer")),
        [(
            "pickle-dangerous-imports: Pickle imports a dangerous function",
            "failure"
        )]
    );
    let gate = cases(suite("gate"));
    assert_eq!(gate.len(), 10);
    assert_eq!(
        gate.iter().filter(|(_, state)| *state == "failure").count(),
        6
    );
    assert_eq!(
        gate.iter().filter(|(_, state)| *state == "error").count(),
        4
    );
    let root = document.root_element();
    assert_eq!(
        (root.attribute("failures"), root.attribute("errors")),
        (Some("7"), Some("5"))
    );
}

#[test]
fn a_clean_dossier_has_no_failure() {
    let text = rendered(Format::Junit, &fixture::clean());
    let document = Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(
        (root.attribute("failures"), root.attribute("errors")),
        (Some("0"), Some("0"))
    );
    assert_eq!(root.attribute("tests"), Some("4"));
}

#[test]
fn hostile_text_stays_text() {
    let text = rendered(Format::Junit, &fixture::rich());
    let document = Document::parse(&text).unwrap();
    let known = [
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
        "system-out",
        "system-err",
        "properties",
        "property",
    ];
    for node in document.descendants() {
        assert!(!node.is_comment() && !node.is_pi());
        assert!(
            !node.is_element() || known.contains(&node.tag_name().name()),
            "{node:?}"
        );
    }
}
