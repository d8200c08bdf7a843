//! Conditions of requirements (PEP 508): only what they say about the version of Python is judged.
//!
//! Which system a project runs on is not known, so a condition on it neither holds nor fails.

use super::version::{Range, Relation, Version};

/// What is known about a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Holds,
    Fails,
    Unknown,
}

/// The longest condition that is judged.
const LONGEST: usize = 4096;

/// Judges a condition for the versions of Python that a project allows.
pub(super) fn judge(marker: &str, python: &Range) -> Truth {
    if marker.len() > LONGEST || marker.contains(['(', ')']) {
        // Groups are rare; not to know is safe.
        return Truth::Unknown;
    }
    let any = split(marker, "or").into_iter().map(|alternative| {
        let all = split(alternative, "and").into_iter();
        all.map(|part| compare(part, python))
            .fold(Truth::Holds, both)
    });
    any.fold(Truth::Fails, either)
}

const fn both(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Truth::Fails, _) | (_, Truth::Fails) => Truth::Fails,
        (Truth::Holds, Truth::Holds) => Truth::Holds,
        _ => Truth::Unknown,
    }
}

const fn either(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Truth::Holds, _) | (_, Truth::Holds) => Truth::Holds,
        (Truth::Fails, Truth::Fails) => Truth::Fails,
        _ => Truth::Unknown,
    }
}

fn split<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let separator = format!(" {word} ");
    text.split(separator.as_str()).collect()
}

fn compare(part: &str, python: &Range) -> Truth {
    let part = part.trim();
    let Some(rest) = ["python_version", "python_full_version"]
        .iter()
        .rev()
        .find_map(|name| part.strip_prefix(name))
    else {
        return Truth::Unknown;
    };
    let rest: String = rest
        .chars()
        .filter(|next| !"'\" ".contains(*next))
        .collect();
    let minor_only = part.starts_with("python_version");
    // `python_version` has two numbers, so that 3.8.5 is not above "3.8".
    let (rest, negated) = match rest.strip_prefix("!=") {
        Some(version) => (format!("=={version}"), true),
        None => (rest, false),
    };
    let widened = match (minor_only, rest.strip_prefix("==")) {
        (true, Some(version)) if !version.ends_with('*') => format!("=={version}.*"),
        _ => rest.clone(),
    };
    let range = match (minor_only, rest.strip_prefix("<="), strictly_above(&rest)) {
        (true, Some(version), _) => next_minor(version).map(|to| Range {
            from: None,
            to: Some((to, false)),
        }),
        (true, None, Some(version)) => next_minor(version).map(|from| Range {
            from: Some((from, true)),
            to: None,
        }),
        _ => Range::parse(&widened),
    };
    let known = range.map_or(Truth::Unknown, |range| match python.relation(&range) {
        Relation::Apart => Truth::Fails,
        Relation::Within => Truth::Holds,
        Relation::Overlapping => Truth::Unknown,
    });
    match (known, negated) {
        (Truth::Holds, true) => Truth::Fails,
        (Truth::Fails, true) => Truth::Holds,
        _ => known,
    }
}

fn strictly_above(rest: &str) -> Option<&str> {
    rest.strip_prefix('>').filter(|rest| !rest.starts_with('='))
}

fn next_minor(version: &str) -> Option<Version> {
    let (major, minor) = version.split_once('.')?;
    let minor: u64 = minor.parse().ok()?;
    Version::parse(&format!("{major}.{}", minor.saturating_add(1)))
}

/// Every Python that is still in use where a project says nothing.
pub(super) fn any_python() -> Range {
    Range::parse(">=3").unwrap_or_default()
}
