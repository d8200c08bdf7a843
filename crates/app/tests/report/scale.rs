//! Reports of very much evidence stay small enough to open.

use tutela_app::report::Format;
use tutela_core::{Digest, Kind, Outcome};

use super::{fixture, rendered};

#[test]
fn twenty_thousand_findings_fit_into_a_megabyte_of_html() {
    let page = rendered(Format::Html, &fixture::huge(20_000));
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.len() > 50_000, "something must be shown");
    assert!(page.contains("20,000 findings"));
    assert!(page.contains("more findings of this check are not shown here. All of them: <code>tutela report json</code>"));
    roxmltree::Document::parse_with_options(&page, super::html::lenient()).unwrap();
}

#[test]
fn a_thousand_artifacts_and_hundreds_of_checks_fit_into_a_megabyte_of_html() {
    let mut dossier = fixture::rich();
    for number in 0..1_000 {
        let name = format!("{number} {}", fixture::HOSTILE.repeat(3));
        let mut evidence = fixture::evidence(
            &format!("check-{}", number % 250),
            &name,
            Kind::Model,
            Outcome::Incomplete {
                why: vec![fixture::HOSTILE.repeat(9); 3],
            },
        );
        evidence.id = Digest::of(name.as_bytes());
        dossier.checks.push(evidence);
    }
    let page = rendered(Format::Html, &dossier);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.contains("more pieces of evidence are not shown here"));
}

/// Slow because a limit of 25,000 needs more than 25,000 results.
#[test]
fn slow_code_scanning_accepts_the_number_of_results() {
    let log = rendered(Format::Sarif, &fixture::many(25_010));
    assert_eq!(log.matches("\"ruleIndex\"").count(), 25_000);
    assert!(log.contains("\"text\": \"10 findings are not in this file"));
}
