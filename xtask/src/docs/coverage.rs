//! Which check speaks to which stage, technique, weakness and article.

use std::collections::BTreeMap;

use tutela_core::{Catalogue, CheckInfo, Reference, Stage};

use super::Page;
use super::markdown::{GENERATED, code, header, list, reference, row};

/// The schemes of the matrix, in the order of its columns.
const SCHEMES: [Scheme; 5] = [
    Scheme {
        title: "MITRE ATLAS",
        holds: |reference| matches!(reference, Reference::Atlas(_)),
    },
    Scheme {
        title: "OWASP",
        holds: |reference| matches!(reference, Reference::Owasp(_)),
    },
    Scheme {
        title: "CWE",
        holds: |reference| matches!(reference, Reference::Cwe(_)),
    },
    Scheme {
        title: "AI Act",
        holds: |reference| matches!(reference, Reference::AiAct(_)),
    },
    Scheme {
        title: "GDPR",
        holds: |reference| matches!(reference, Reference::Gdpr(_)),
    },
];

/// A family of public names.
struct Scheme {
    title: &'static str,
    holds: fn(&Reference) -> bool,
}

/// The matrix, and the same read the other way round.
pub(crate) fn page(catalogue: &Catalogue) -> Page {
    let infos: Vec<&CheckInfo> = catalogue.iter().map(|check| check.info()).collect();
    let text = format!(
        "{GENERATED}\n\n# Coverage\n\nWhat the checks of Tutela speak to. An entry says that a check gives \
         evidence on the technique, weakness or article; it does not say that the check settles it. Each \
         rule page has a section on what its check misses.\n\n## Checks and life-cycle stages\n\n{}{}\n\
         ## Checks and public names\n\n{}{}{}",
        stage_matrix(&infos),
        unchecked_stages(&infos),
        name_matrix(&infos),
        advisories(&infos),
        SCHEMES
            .iter()
            .map(|scheme| by_name(scheme, &infos))
            .collect::<String>(),
    );
    Page {
        path: "docs/coverage.md".to_owned(),
        text,
    }
}

fn link(info: &CheckInfo) -> String {
    format!("[`{0}`](rules/{0}.md)", info.code)
}

fn stage_matrix(infos: &[&CheckInfo]) -> String {
    let mut titles = vec!["check", "examines"];
    titles.extend(Stage::ALL.iter().map(|stage| stage.as_str()));
    let rows: String = infos
        .iter()
        .map(|info| {
            let kinds = info.kinds.iter().map(|kind| kind.as_str().to_owned());
            let mut cells = vec![link(info), list(kinds)];
            cells.extend(Stage::ALL.iter().map(|stage| {
                let mark = if info.stages.contains(stage) {
                    "●"
                } else {
                    ""
                };
                mark.to_owned()
            }));
            row(&cells)
        })
        .collect();
    header(&titles) + &rows
}

fn unchecked_stages(infos: &[&CheckInfo]) -> String {
    let missing: Vec<String> = Stage::ALL
        .iter()
        .filter(|stage| !infos.iter().any(|info| info.stages.contains(stage)))
        .map(|stage| code(stage.as_str()))
        .collect();
    if missing.is_empty() {
        return String::new();
    }
    format!(
        "\nNo check looks at {} yet; a report shows it grey.\n",
        missing.join(", ")
    )
}

fn name_matrix(infos: &[&CheckInfo]) -> String {
    let mut titles = vec!["check"];
    titles.extend(SCHEMES.iter().map(|scheme| scheme.title));
    let rows: String = infos
        .iter()
        .map(|info| {
            let mut cells = vec![link(info)];
            cells.extend(SCHEMES.iter().map(|scheme| {
                let held = info.references.iter().filter(|name| (scheme.holds)(name));
                list(held.map(reference))
            }));
            row(&cells)
        })
        .collect();
    header(&titles) + &rows
}

fn advisories(infos: &[&CheckInfo]) -> String {
    let rows: String = infos
        .iter()
        .filter_map(|info| {
            let held = info
                .references
                .iter()
                .filter(|name| matches!(name, Reference::Advisory(_)));
            let names: Vec<String> = held.map(reference).collect();
            (!names.is_empty()).then(|| row(&[link(info), names.join(", ")]))
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "\n## Checks and advisories\n\n{}{rows}",
        header(&["check", "advisories"])
    )
}

fn by_name(scheme: &Scheme, infos: &[&CheckInfo]) -> String {
    let mut names: BTreeMap<&Reference, Vec<String>> = BTreeMap::new();
    for info in infos {
        for name in info.references.iter().filter(|name| (scheme.holds)(name)) {
            names.entry(name).or_default().push(link(info));
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let rows: String = names
        .iter()
        .map(|(name, checks)| row(&[reference(name), checks.join(", ")]))
        .collect();
    format!(
        "\n## {} and checks\n\n{}{rows}",
        scheme.title,
        header(&["name", "checks"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::fixture;

    #[test]
    fn every_check_stands_in_both_matrices() {
        let text = page(&fixture::catalogue()).text;
        assert!(text.contains(
            "| [`loose-screw`](rules/loose-screw.md) | model, files |  | ● |  | ● |  |\n"
        ));
        assert!(text.contains("No check looks at `test`, `maintenance` yet"));
        assert!(text.contains(
            "| [`red-rust`](rules/red-rust.md) | – | – | – | \
             [AI Act art. 15(5)](https://eur-lex.europa.eu/eli/reg/2024/1689/oj) | \
             [GDPR art. 5(1)(d)](https://eur-lex.europa.eu/eli/reg/2016/679/oj) |\n"
        ));
    }

    #[test]
    fn a_name_lists_all_its_checks() {
        let text = page(&fixture::catalogue()).text;
        assert!(text.contains(
            "| [AI Act art. 15(5)](https://eur-lex.europa.eu/eli/reg/2024/1689/oj) | \
             [`loose-screw`](rules/loose-screw.md), [`red-rust`](rules/red-rust.md) |\n"
        ));
        assert!(!text.contains("## Checks and advisories"));
    }
}
