//! What a function takes from outside when its source text is carried instead of its code.

use super::{Base, Function, TEXTS, Use, shortened};
use crate::python;

/// Characters within which the arguments of a call are looked through.
const CALL: usize = 1 << 10;

/// Describes a source text as one function.
#[must_use]
pub fn of_source(name: &str, source: &str) -> Function {
    let mut function = Function {
        name: shortened(name),
        followed: true,
        // What stands inside a formatted text is run as well, and is not read.
        complete: !has_formatted_text(source),
        ..Function::default()
    };
    for used in python::uses(source) {
        if function.names.len() < TEXTS && !function.names.contains(&used.path) {
            function.names.push(used.path.clone());
        }
        let end = usize::try_from(used.region.1).unwrap_or(usize::MAX);
        let found = if used.path == "getattr" {
            constant_name(source.get(end..).unwrap_or_default())
                .map(|attribute| of(Base::Value, attribute))
        } else {
            None
        };
        function
            .uses
            .push(found.unwrap_or_else(|| of(Base::Global, &used.path)));
    }
    function.uses.extend(attributes(source));
    function.complete &= function.uses.len() < super::USES;
    function.uses.truncate(super::USES);
    function.writes = function.uses.iter().any(|used| used.path == "open");
    function
}

fn of(base: Base, path: &str) -> Use {
    Use {
        base,
        path: path.to_owned(),
        goes_on: true,
    }
}

/// Every name behind a dot, whatever stands ahead of it.
fn attributes(source: &str) -> impl Iterator<Item = Use> {
    source.split('.').skip(1).filter_map(|rest| {
        let name = rest.trim_start();
        let end = name
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(name.len());
        let name = name.get(..end).filter(|name| !name.is_empty())?;
        Some(of(Base::Value, name))
    })
}

/// The second argument of a call, when it is a plain text.
fn constant_name(call: &str) -> Option<&str> {
    let call = call.get(..CALL.min(call.len())).unwrap_or(call);
    let mut depth = 0_usize;
    let mut quote = None;
    let mut hidden = false;
    let comma = call.char_indices().find_map(|(at, letter)| {
        if let Some(end) = quote {
            let is_hidden = hidden;
            hidden = letter == '\\' && !is_hidden;
            if letter == end && !is_hidden {
                quote = None;
            }
            return None;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '(' | '[' => depth = depth.saturating_add(1),
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (letter == ',' && depth == 1).then_some(at)
    })?;
    let rest = call.get(comma.saturating_add(1)..)?.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let (name, after) = rest.get(1..)?.split_once(quote)?;
    let ends = after.trim_start().starts_with([',', ')']);
    (ends && !name.contains('\\')).then_some(name)
}

/// Whether a text with an `f` ahead of its quote may stand in a source.
fn has_formatted_text(source: &str) -> bool {
    source.match_indices(['"', '\'']).any(|(at, _)| {
        let before = source.get(..at).unwrap_or_default();
        let prefix = before.chars().rev().take_while(char::is_ascii_alphabetic);
        let prefix: Vec<char> = prefix.take(3).collect();
        prefix.len() < 3
            && prefix
                .iter()
                .any(|letter| matches!(letter, 'f' | 'F' | 't' | 'T'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_described() {
        let traced = of_source(
            "forward",
            "import torch\ndef forward(self, x):\n    l = getattr(self.layers, \"0\")(x)\n    return torch.relu(l).sum(dim = 1)\n",
        );
        assert!(traced.complete && !traced.writes);
        let has = |base, path: &str| {
            traced
                .uses
                .iter()
                .any(|used| used.base == base && used.path == path)
        };
        assert!(has(Base::Global, "torch.relu") && has(Base::Value, "sum"));
        assert!(!has(Base::Global, "getattr") && has(Base::Value, "0"));
        for source in [
            "getattr(x, y)",
            "getattr(x, 'a' + y)",
            "getattr(x, 'a\\x62')",
        ] {
            let uses = of_source("f", source).uses;
            assert!(uses.iter().any(|used| used.path == "getattr"), "{source}");
        }
        assert!(!of_source("f", "x = f'{exec(y)}'").complete);
        assert!(
            of_source("f", "x = ().__class__")
                .uses
                .iter()
                .any(|used| used.path == "__class__")
        );
    }
}
