//! What a text gives away that a pickle hands to a function of which little is known.
//!
//! Functions that honest picklers write to restore an object are given data. One that is given code, the name of a
//! function that harms, or the place of something to fetch or open, does what the text says.

use tutela_core::Severity;
use tutela_formats::pickle::{Argument, Call, Callee, Import, Opcode, Pickles};

use crate::callables::{Effect, effect};
use crate::config::{effect_of_path, is_path};
use crate::signs;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Code of Python or of a shell, or the name of a function that runs some.
    Code,
    /// A module to load, written as an address.
    Module,
    /// The address of something elsewhere.
    Address,
    /// A path that leads out of the folder of the pickle.
    Path,
}

/// What makes an import worth a high finding that is not one by itself: a text that a call hands to it.
pub(super) fn tells(
    pickles: &Pickles,
    index: usize,
    import: &Import,
    known: Effect,
) -> Option<&'static str> {
    if known.severity() >= Some(Severity::High) {
        return None;
    }
    let calls = |call: &&Call| {
        let runs = matches!(call.opcode, Opcode::Reduce | Opcode::Inst | Opcode::Obj);
        runs && call.callee == Callee::Import(index)
    };
    let mut texts = pickles
        .calls
        .iter()
        .filter(calls)
        .flat_map(|call| &call.arguments)
        .filter_map(|argument| match argument {
            Argument::Text(text) => kind(text),
            _ => None,
        });
    // An unknown class may well stand for an address or a path, as `URIRef` does; a function does something with it.
    let acts = known == Effect::Unknown && is_function(import);
    texts.find_map(|kind| match kind {
        Kind::Module => Some("is given a module to load"),
        Kind::Code if matches!(known, Effect::Unknown | Effect::Calls) => {
            Some("is given code, or the name of a function that harms")
        }
        Kind::Address if acts => Some("is not known to be harmless, and is given an address"),
        Kind::Path if acts => {
            Some("is not known to be harmless, and is given a path out of its folder")
        }
        _ => None,
    })
}

fn is_function(import: &Import) -> bool {
    let name = import.name.as_deref().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_start_matches('_').starts_with(char::is_lowercase)
}

fn kind(text: &str) -> Option<Kind> {
    let text = text.trim();
    if text.len() < 4 {
        return None;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let is_scheme =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
        if scheme.is_empty() || rest.is_empty() || !scheme.chars().all(is_scheme) {
            return is_code(text).then_some(Kind::Code);
        }
        return Some(if scheme == "module" {
            Kind::Module
        } else {
            Kind::Address
        });
    }
    if is_code(text) || names_code(text) {
        return Some(Kind::Code);
    }
    leaves(text).then_some(Kind::Path)
}

/// Whether a text is a program: it starts with a statement, calls a builtin that harms, or gives a shell work.
fn is_code(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let mut words = first.split_whitespace();
    let is_statement = match (words.next(), words.next(), words.next()) {
        (Some("import"), Some(module), next) => {
            is_path(module.trim_end_matches([',', ';']))
                && (next.is_none() || module.ends_with([',', ';']) || next == Some("as"))
        }
        (Some("from"), Some(module), Some("import")) => is_path(module.trim_start_matches('.')),
        (Some("def" | "class"), Some(name), _) => name.contains(['(', ':']) && first.ends_with(':'),
        (Some("async"), Some("def"), Some(_)) => first.ends_with(':'),
        (Some("lambda"), Some(_), _) | (Some("lambda:"), Some(_), _) => first.contains(':'),
        _ => false,
    };
    is_statement || calls_builtin(text) || signs::find(text).is_some()
}

/// Whether a builtin that runs code or opens files is called by its name in a text.
fn calls_builtin(text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_');
    text.match_indices('(').any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let name = before
            .rsplit(|letter| !is_part(letter))
            .next()
            .unwrap_or_default();
        matches!(
            effect("builtins", name),
            Effect::Code | Effect::Loads | Effect::Files
        )
    })
}

/// Whether a text is the name of a function that harms, as `os.system` or `pkg.module:function`.
fn names_code(text: &str) -> bool {
    let path = text.replacen(':', ".", 1);
    path.contains('.')
        && is_path(&path)
        && effect_of_path(&path).severity() == Some(Severity::Critical)
}

/// Whether a text is a path that leads out of the folder in which it is used.
fn leaves(text: &str) -> bool {
    let is_plain = |letter: char| !letter.is_control() && !"<>\"'`|*?\n".contains(letter);
    if !text.chars().all(is_plain) || text.contains("  ") {
        return false;
    }
    let parts: Vec<&str> = text.split(['/', '\\']).collect();
    let is_rooted = text.starts_with('/') || text.starts_with("~/") || text.starts_with("\\\\");
    let has_drive = text.get(1..3) == Some(":\\") || text.get(1..3) == Some(":/");
    let steps = parts.iter().filter(|part| !part.is_empty()).count();
    steps >= 2 && (is_rooted || has_drive || parts.contains(&".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_give_themselves_away_are_told_from_data() {
        for (text, wanted) in [
            ("import os; os.getpid()", Some(Kind::Code)),
            ("from os import system", Some(Kind::Code)),
            ("def f(self):\n    pass", Some(Kind::Code)),
            ("lambda x: x + 1", Some(Kind::Code)),
            ("print(open('/nonexistent').read())", Some(Kind::Code)),
            ("os.system", Some(Kind::Code)),
            ("subprocess:Popen", Some(Kind::Code)),
            ("module://mine.backend", Some(Kind::Module)),
            ("https://example.org/model.bin", Some(Kind::Address)),
            ("/usr/lib/x.py", Some(Kind::Path)),
            ("../../other/model", Some(Kind::Path)),
            ("C:\\Temp\\x", Some(Kind::Path)),
            ("import duties of the country", None),
            ("from here to there", None),
            ("class A", None),
            ("type(x)", None),
            ("model.eval()", None),
            ("sklearn.linear_model", None),
            ("numpy.float64", None),
            ("np.log(x) + C(group)", None),
            ("a/b", None),
            ("/", None),
            ("1/2", None),
            ("text/html", None),
            ("12:30:00", None),
            ("key: value", None),
            ("://", None),
        ] {
            assert_eq!(kind(text), wanted, "{text}");
        }
    }
}
