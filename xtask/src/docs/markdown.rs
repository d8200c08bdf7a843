//! Small pieces of Markdown.

use tutela_core::Reference;

/// The head of every page that is generated as a whole.
pub(crate) const GENERATED: &str = "<!-- Written by `cargo xtask docs`; edit the code instead. -->";

/// Makes text safe for a cell of a table: one line, no column separator.
pub(crate) fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

/// Joins items with commas; a dash when there are none.
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    if items.is_empty() {
        "–".to_owned()
    } else {
        items.join(", ")
    }
}

/// A row of a table.
pub(crate) fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The two lines that open a table.
pub(crate) fn header(cells: &[&str]) -> String {
    let rule: Vec<&str> = cells.iter().map(|_| "---").collect();
    row(cells) + &row(&rule)
}

/// A reference, linked where it has an address.
pub(crate) fn reference(reference: &Reference) -> String {
    let name = cell(&reference.to_string());
    match reference.address() {
        Some(address) if address == reference.to_string() => format!("<{address}>"),
        Some(address) => format!("[{name}]({address})"),
        None => name,
    }
}

/// Words that stand in code font.
pub(crate) fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_its_table() {
        assert_eq!(cell("a | b\n\n  c"), "a \\| b c");
        assert_eq!(header(&["a", "b"]), "| a | b |\n| --- | --- |\n");
    }

    #[test]
    fn references_are_linked_where_they_can_be() {
        assert_eq!(
            reference(&Reference::Cwe(502)),
            "[CWE-502](https://cwe.mitre.org/data/definitions/502.html)"
        );
        assert_eq!(reference(&Reference::owasp("ML06:2023")), "OWASP ML06:2023");
        assert_eq!(
            reference(&Reference::link("https://example.org/a")),
            "<https://example.org/a>"
        );
    }
}
