//! The table of the crates, inside ARCHITECTURE.md.

use std::fs;
use std::path::Path;

use super::Page;
use super::markdown::{cell, code, header, list, row};
use crate::Error;
use crate::arrows::Table;

const FILE: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- the house: written by `cargo xtask docs` from xtask/arrows.toml -->";
const END: &str = "<!-- end of the house -->";

/// ARCHITECTURE.md with the table between its two markers renewed.
pub(crate) fn page(root: &Path, table: &Table) -> Result<Page, Error> {
    let path = root.join(FILE);
    let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
    let missing = |marker| Error::Marker {
        path: path.clone(),
        marker,
    };
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(Page {
        path: FILE.to_owned(),
        text: format!("{before}{BEGIN}\n{}{END}{after}", render(table)),
    })
}

fn render(table: &Table) -> String {
    let mut crates: Vec<_> = table.crates.iter().collect();
    crates.sort_by_key(|(name, house)| (house.storey, name.as_str()));
    let rows: String = crates
        .into_iter()
        .map(|(name, house)| {
            let uses = house.may_use.iter().chain(&house.sideways);
            row(&[
                house.storey.to_string(),
                code(name),
                cell(&house.job),
                names(uses),
                names(&house.owns),
            ])
        })
        .collect();
    let tools: String = table
        .tool
        .iter()
        .map(|(name, tool)| {
            row(&[
                "tool".to_owned(),
                code(name),
                cell(&tool.job),
                names(&tool.may_use),
                "–".to_owned(),
            ])
        })
        .collect();
    let titles = ["storey", "crate", "its one job", "may use", "alone may use"];
    header(&titles) + &rows + &tools
}

fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    list(
        names
            .into_iter()
            .map(|name| code(name.strip_prefix("tutela-").unwrap_or(name))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::parse(
            "packages = 1\n[crate.tutela-b]\nstorey = 1\njob = \"parses\"\nmay_use = [\"tutela-a\"]\n\
             owns = [\"zip\"]\n[crate.tutela-a]\nstorey = 0\njob = \"words\"\n\
             [tool.xtask]\njob = \"tasks\"\n",
        )
        .unwrap()
    }

    #[test]
    fn only_what_stands_between_the_markers_is_renewed() {
        let root = tempfile::tempdir().unwrap();
        let old = format!("# A\n{BEGIN}\nold\n{END}\nrest\n");
        fs::write(root.path().join(FILE), old).unwrap();
        let text = page(root.path(), &table()).unwrap().text;
        let expected = format!(
            "# A\n{BEGIN}\n| storey | crate | its one job | may use | alone may use |\n\
             | --- | --- | --- | --- | --- |\n\
             | 0 | `tutela-a` | words | – | – |\n\
             | 1 | `tutela-b` | parses | `a` | `zip` |\n\
             | tool | `xtask` | tasks | – | – |\n{END}\nrest\n"
        );
        assert_eq!(text, expected);
        fs::write(root.path().join(FILE), &text).unwrap();
        assert_eq!(page(root.path(), &table()).unwrap().text, text);
    }

    #[test]
    fn a_lost_marker_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(FILE), BEGIN).unwrap();
        let error = page(root.path(), &table()).unwrap_err().to_string();
        assert!(error.contains(END), "{error}");
    }
}
