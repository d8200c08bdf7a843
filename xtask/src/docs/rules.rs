//! One page a check, and their index.

use tutela_core::{Catalogue, CheckInfo, Docs, Setting, Suite};

use super::Page;
use super::markdown::{GENERATED, cell, code, header, list, reference, row};

/// The page of every check, and the index.
pub(crate) fn pages(catalogue: &Catalogue) -> Vec<Page> {
    let mut pages: Vec<Page> = catalogue.iter().map(|check| page(check.info())).collect();
    pages.push(index(catalogue));
    pages
}

fn page(info: &CheckInfo) -> Page {
    let text = format!(
        "{GENERATED}\n\n# `{code}`: {title}\n\n{summary}{facts}\n{sections}{settings}\
         ## For people who use the system\n\n{user}\n\n## For policymakers\n\n{policymaker}\n",
        code = info.code,
        title = info.title,
        summary = summary(&info.docs),
        facts = facts(info),
        sections = sections(&info.docs),
        settings = settings(info),
        user = info.user.trim(),
        policymaker = info.policymaker.trim(),
    );
    Page {
        path: format!("docs/rules/{}.md", info.code),
        text,
    }
}

/// What stands before the first section.
fn summary(docs: &Docs) -> String {
    let whole = docs.markdown();
    let head: Vec<&str> = whole
        .lines()
        .take_while(|line| !line.starts_with("# "))
        .collect();
    let text = head.join("\n").trim().to_owned();
    if text.is_empty() { text } else { text + "\n\n" }
}

fn facts(info: &CheckInfo) -> String {
    let class = info.class;
    let covered = match (class.can_be_waived(), class.can_be_baselined()) {
        (true, true) => "yes / yes",
        (true, false) => "yes / no",
        (false, true) => "no / yes",
        (false, false) => "no / no",
    };
    header(&["fact", "value"])
        + &row(&["Usual severity", info.severity.as_str()])
        + &row(&["Class", class.as_str()])
        + &row(&["Suite (`[gate] require`)", &code(info.suite.as_str())])
        + &row(&[
            "Examines",
            &list(info.kinds.iter().map(|kind| kind.as_str().to_owned())),
        ])
        + &row(&[
            "Life-cycle stages",
            &list(info.stages.iter().map(|stage| stage.as_str().to_owned())),
        ])
        + &row(&["May be waived / may be in a baseline", covered])
        + &row(&["References", &list(info.references.iter().map(reference))])
}

fn sections(docs: &Docs) -> String {
    Docs::SECTIONS
        .iter()
        .filter_map(|heading| {
            let body = docs.section(heading)?;
            Some(format!("## {heading}\n\n{body}\n\n"))
        })
        .collect()
}

fn settings(info: &CheckInfo) -> String {
    if info.settings.is_empty() {
        return String::new();
    }
    let rows: String = info.settings.iter().map(setting_row).collect();
    let defaults: String = info
        .settings
        .iter()
        .map(|setting| format!("{} = {}\n", setting.name, setting.default))
        .collect();
    format!(
        "## Settings\n\n{}{rows}\nThe defaults, as they would stand in `tutela.toml`:\n\n\
         ```toml\n[checks.{}]\n{defaults}```\n\n",
        header(&["setting", "default", "allowed", "what it does"]),
        info.code,
    )
}

fn setting_row(setting: &Setting) -> String {
    row(&[
        code(setting.name),
        setting.default.to_string(),
        format!("{} to {}", setting.least, setting.greatest),
        cell(setting.help),
    ])
}

fn index(catalogue: &Catalogue) -> Page {
    let suites: String = Suite::ALL
        .iter()
        .map(|suite| suite_table(catalogue, *suite))
        .collect();
    let text = format!(
        "{GENERATED}\n\n# Rules\n\nThe {count} checks of Tutela, by suite. `tutela explain CODE` shows the \
         same pages without a network; `--for user` and `--for policymaker` show them for other readers. \
         [coverage.md](../coverage.md) lists them by attack technique, weakness and article of law.\n{suites}",
        count = catalogue.len(),
    );
    Page {
        path: "docs/rules/README.md".to_owned(),
        text,
    }
}

fn suite_table(catalogue: &Catalogue, suite: Suite) -> String {
    let rows: String = catalogue
        .iter()
        .map(|check| check.info())
        .filter(|info| info.suite == suite)
        .map(|info| {
            row(&[
                format!("[`{0}`]({0}.md)", info.code),
                cell(info.title),
                info.severity.to_string(),
                list(info.kinds.iter().map(|kind| kind.as_str().to_owned())),
            ])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "\n## Suite `{}`\n\n{}{rows}",
        suite.as_str(),
        header(&["code", "what it finds", "severity", "examines"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::fixture;

    #[test]
    fn the_page_of_a_check_says_everything_about_it() {
        let pages = pages(&fixture::catalogue());
        let paths: Vec<&str> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "docs/rules/loose-screw.md",
                "docs/rules/red-rust.md",
                "docs/rules/README.md"
            ]
        );
        assert_eq!(pages[0].text, include_str!("rules/loose-screw.md"));
    }

    #[test]
    fn a_check_without_settings_has_no_settings() {
        let page = &pages(&fixture::catalogue())[1];
        assert!(!page.text.contains("Settings"));
        assert!(
            page.text
                .contains("| May be waived / may be in a baseline | yes / yes |")
        );
    }

    #[test]
    fn the_index_lists_each_check_under_its_suite() {
        let index = index(&fixture::catalogue()).text;
        let scan = index.find("## Suite `scan`").unwrap();
        let data = index.find("## Suite `data`").unwrap();
        let screw = index.find("[`loose-screw`](loose-screw.md)").unwrap();
        let rust = index.find("[`red-rust`](red-rust.md)").unwrap();
        assert!(scan < screw && screw < data && data < rust, "{index}");
        assert!(index.contains("A screw is loose \\| badly"));
    }
}
