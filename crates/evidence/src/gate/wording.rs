//! The words of reasons and cures: names from hostile projects made safe to print and to paste.

use tutela_core::{Digest, escape};

/// How many names of a list are said before the rest is counted.
const NAMED: usize = 5;

/// Shows a name in backticks.
pub(super) fn name(text: &str) -> String {
    format!("`{}`", escape(text, 120))
}

/// Shows a sentence of a check, bounded and without control characters.
pub(super) fn sentence(text: &str) -> String {
    escape(text, 300)
}

/// Names the first few and counts the rest: `a`, `b` and 3 more.
pub(super) fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(NAMED).map(|text| name(text)).collect();
    let more = names.len().saturating_sub(NAMED);
    match (shown.split_last(), more) {
        (None, _) => String::new(),
        (Some(_), 1..) => format!("{} and {more} more", shown.join(", ")),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, rest)), 0) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 finding`, `2 findings`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A word as the shell reads it: a file name must never become a command when a cure is pasted.
pub(super) fn shell(word: &str) -> String {
    let word = escape(word, 300);
    let is_plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '/' | '_' | ':' | '@')
    };
    // A name that begins with a dash would be read as an option.
    let guard = if word.starts_with('-') { "-- " } else { "" };
    if !word.is_empty() && word.chars().all(|one| is_plain(one) || one == '-') {
        return format!("{guard}{word}");
    }
    format!("{guard}'{}'", word.replace('\'', r"'\''"))
}

/// The cure of a finding.
pub(super) fn explain(code: &str, waivable: Option<&Digest>) -> String {
    let command = format!("tutela explain {}", shell(code));
    match waivable {
        None => command,
        Some(subject) => format!("{command}  # mend it, or add a [[waiver]] for {subject}"),
    }
}
