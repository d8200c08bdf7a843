//! The page: strict, self-contained, well-formed, honest.

use base64::Engine as _;
use roxmltree::{Document, Node, ParsingOptions};
use tutela_app::report::Format;
use tutela_core::Digest;
use tutela_evidence::Dossier;
use tutela_evidence::gate::Verdict;

use super::{fixture, rendered};

/// The page has a document type, which XML parsers refuse unless they are told.
pub(super) fn lenient<'a>() -> ParsingOptions<'a> {
    ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    }
}

fn with_page(dossier: &Dossier, look: impl Fn(&str, &Document<'_>)) {
    let page = rendered(Format::Html, dossier);
    let document = Document::parse_with_options(&page, lenient()).unwrap();
    look(&page, &document);
}

fn all() -> [Dossier; 5] {
    [
        fixture::rich(),
        fixture::clean(),
        fixture::unsigned(),
        fixture::empty(),
        fixture::huge(300),
    ]
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter_map(|node| if node.is_text() { node.text() } else { None })
        .collect()
}

fn section(document: &Document<'_>, id: &str) -> String {
    let found = document
        .descendants()
        .find(|node| node.attribute("id") == Some(id));
    text_of(found.unwrap_or_else(|| panic!("no section {id}")))
}

#[test]
fn the_policy_allows_nothing_but_this_style() {
    for dossier in all() {
        with_page(&dossier, |page, _| {
            let (_, rest) = page.split_once("<style>").unwrap();
            let (style, rest) = rest.split_once("</style>").unwrap();
            assert!(!rest.contains("<style"));
            let hash = base64::engine::general_purpose::STANDARD
                .encode(Digest::of(style.as_bytes()).as_bytes());
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
            );
            let written = policy.replace('\'', "&#39;");
            assert!(page.contains(&written), "{written}");
            assert!(!style.contains("url(") && !style.contains("@import"));
        });
    }
}

#[test]
fn hostile_text_became_neither_element_nor_attribute() {
    let elements = "html head meta title style body a div header svg path b span nav ol li main section h1 h2 h3 h4 p ul dl dt dd code small details summary article pre table caption colgroup col thead tbody tfoot tr th td line circle text br footer";
    let attributes = "lang charset http-equiv content name class href id aria-label aria-labelledby aria-hidden role width height viewBox preserveAspectRatio d fill stroke stroke-width stroke-linejoin stroke-linecap x y x1 x2 y1 y2 cx cy r scope colspan data-label tabindex open rel";
    let elements: Vec<&str> = elements.split(' ').collect();
    let attributes: Vec<&str> = attributes.split(' ').collect();
    for dossier in all() {
        with_page(&dossier, |page, document| {
            for node in document.descendants() {
                assert!(!node.is_comment() && !node.is_pi(), "{node:?}");
                assert!(
                    !node.is_element() || elements.contains(&node.tag_name().name()),
                    "{node:?}"
                );
                for attribute in node.attributes() {
                    assert!(attributes.contains(&attribute.name()), "{attribute:?}");
                }
            }
            assert!(!page.contains("<script"));
        });
    }
}

#[test]
fn every_link_is_https_or_leads_into_the_page() {
    for dossier in all() {
        with_page(&dossier, |_, document| {
            let mut ids: Vec<&str> = document
                .descendants()
                .filter_map(|node| node.attribute("id"))
                .collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all, "an id is used twice");
            for link in document
                .descendants()
                .filter_map(|node| node.attribute("href"))
            {
                match link.strip_prefix('#') {
                    Some(id) => assert!(ids.contains(&id), "{link}"),
                    None => assert!(link.starts_with("https://"), "{link}"),
                }
            }
        });
    }
}

#[test]
fn drawings_are_named_or_hidden_and_headings_in_order() {
    with_page(&fixture::rich(), |_, document| {
        for drawing in document
            .descendants()
            .filter(|node| node.has_tag_name("svg"))
        {
            let named = drawing.attribute("role") == Some("img")
                && drawing.attribute("aria-label").is_some();
            assert!(named || drawing.attribute("aria-hidden") == Some("true"));
        }
        for table in document
            .descendants()
            .filter(|node| node.has_tag_name("table"))
        {
            assert!(table.children().any(|child| child.has_tag_name("caption")));
        }
        let headings = document.descendants().filter_map(|node| {
            node.tag_name()
                .name()
                .strip_prefix('h')?
                .parse::<u32>()
                .ok()
        });
        let levels: Vec<u32> = headings.collect();
        assert_eq!(levels.first(), Some(&1));
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{levels:?}"
        );
    });
}

#[test]
fn every_section_is_there_even_when_there_is_nothing() {
    for dossier in all() {
        with_page(&dossier, |_, document| {
            for id in [
                "verdict",
                "next",
                "life-cycle",
                "findings",
                "measures",
                "artifacts",
                "coverage",
                "waivers",
                "warnings",
                "audit",
                "not-tested",
                "method",
            ] {
                assert!(section(document, id).len() > 20, "{id}");
            }
        });
    }
}

#[test]
fn the_verdict_is_told_in_words() {
    let word = |dossier: &Dossier| {
        let mut word = String::new();
        let page = rendered(Format::Html, dossier);
        let document = Document::parse_with_options(&page, lenient()).unwrap();
        let stamp = document
            .descendants()
            .find(|node| node.attribute("class") == Some("stamp"))
            .unwrap();
        word.push_str(text_of(stamp).trim());
        word
    };
    assert_eq!(word(&fixture::rich()), "✗ Deny");
    assert_eq!(word(&fixture::clean()), "✓ Allow");
    assert_eq!(word(&fixture::unsigned()), "✗ No decision");
    assert_eq!(word(&fixture::empty()), "○ No decision");
    let mut incomplete = fixture::rich();
    incomplete.decision.as_mut().unwrap().predicate.verdict = Verdict::Incomplete;
    assert_eq!(word(&incomplete), "! Incomplete");
}

#[test]
fn an_allowance_that_does_not_cover_what_is_shown_is_not_green() {
    let mut dossier = fixture::rich();
    dossier.decision.as_mut().unwrap().predicate.verdict = Verdict::Allow;
    assert!(rendered(Format::Html, &dossier).contains("Allow?"));
    let mut dossier = fixture::clean();
    dossier.decision.as_mut().unwrap().standing = tutela_evidence::Standing::Unsigned;
    assert!(rendered(Format::Html, &dossier).contains("Allow?"));
}

#[test]
fn what_is_not_signed_says_so_loudly() {
    let alarm = "not signed, not logged";
    for format in [Format::Html, Format::Table, Format::Full, Format::Junit] {
        assert!(
            rendered(format, &fixture::unsigned()).contains(alarm),
            "{format}"
        );
        assert!(
            !rendered(format, &fixture::rich()).contains(alarm),
            "{format}"
        );
    }
}

#[test]
fn what_was_not_tested_is_listed() {
    with_page(&fixture::rich(), |_, document| {
        let gaps = section(document, "not-tested");
        for gap in [
            "test",
            "permission denied",
            "20 of 21 columns examined",
            "named in .gitignore",
            "the planted fault was not found",
            "which is not trusted",
            "Data are too old",
        ] {
            assert!(gaps.contains(gap), "{gap}");
        }
    });
}

#[test]
fn a_stage_that_nothing_looked_at_is_grey_and_an_incomplete_one_never_green() {
    let strip = |dossier: &Dossier| -> Vec<String> {
        let page = rendered(Format::Html, dossier);
        let document = Document::parse_with_options(&page, lenient()).unwrap();
        let strip = document
            .descendants()
            .find(|node| node.attribute("class") == Some("strip"))
            .unwrap();
        strip
            .children()
            .filter_map(|stage| stage.attribute("class").map(str::to_owned))
            .collect()
    };
    assert_eq!(
        strip(&fixture::rich()),
        ["amber", "red", "grey", "red", "red"]
    );
    assert_eq!(
        strip(&fixture::clean()),
        ["green", "green", "grey", "green", "green"]
    );
    assert_eq!(strip(&fixture::empty()), ["grey"; 5]);
    let mut dossier = fixture::clean();
    dossier.checks[2].predicate.outcome = tutela_core::Outcome::Incomplete {
        why: vec!["unread".to_owned()],
    };
    assert_eq!(
        strip(&dossier),
        ["green", "amber", "grey", "amber", "green"]
    );
    dossier.checks[2].predicate.outcome = tutela_core::Outcome::NotApplicable {
        why: "none".to_owned(),
    };
    assert_eq!(strip(&dossier), ["green", "green", "grey", "grey", "green"]);
}

#[test]
fn every_signed_piece_has_its_verify_command() {
    let dossier = fixture::rich();
    with_page(&dossier, |_, document| {
        let trail = section(document, "audit");
        for evidence in &dossier.checks {
            let command = format!(
                "tutela verify .tutela/evidence/{}.json",
                evidence.id.to_hex()
            );
            assert!(trail.contains(&command), "{command}");
        }
    });
}
