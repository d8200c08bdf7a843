//! Reads Python source for the functions that it names, without running or compiling it.
//!
//! Comments and texts are passed over, and names are followed through `import … as` and `from … import …`,
//! so that `from os import system as s; s("x")` is seen to name `os.system`.

use std::collections::HashMap;

/// A dotted name in the source, as the modules that it imports make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The full name, such as `os.system`; a plain built-in stands for itself.
    pub path: String,
    /// Whether it is called where it stands.
    pub is_called: bool,
    /// Where it stands.
    pub region: (u64, u64),
}

/// Parts of the name of a module that are looked at; without a bound, looking ahead would be quadratic.
const NAME: usize = 100;
/// Names that are kept.
const USES: usize = 100_000;

/// Every name that the source uses, through its imports.
#[must_use]
pub fn uses(source: &str) -> Vec<Use> {
    let tokens = tokens(source);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        known: HashMap::new(),
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Name(&'a str),
    Text(&'a str),
    Sign(char),
    /// The end of a statement.
    End,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind<'a>,
    start: usize,
    end: usize,
}

fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    let mut open = 0_usize;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = token(rest);
        let end = at.saturating_add(length.max(1));
        let kind = match kind {
            Some(Kind::End) if open > 0 => None,
            other => other,
        };
        match kind {
            Some(Kind::Sign('(' | '[' | '{')) => open = open.saturating_add(1),
            Some(Kind::Sign(')' | ']' | '}')) => open = open.saturating_sub(1),
            _ => {}
        }
        found.extend(kind.map(|kind| Token {
            kind,
            start: at,
            end,
        }));
        at = end;
    }
    found
}

fn token(text: &str) -> (Option<Kind<'_>>, usize) {
    let Some(first) = text.chars().next() else {
        return (None, 0);
    };
    match first {
        '\n' | ';' => (Some(Kind::End), 1),
        '\\' if text.starts_with("\\\n") => (None, 2),
        '#' => (None, text.find('\n').unwrap_or(text.len())),
        '"' | '\'' => quoted(text, 0),
        _ if first.is_whitespace() => (None, first.len_utf8()),
        _ if first.is_alphanumeric() || first == '_' => {
            let end = text
                .find(|next: char| !next.is_alphanumeric() && next != '_')
                .unwrap_or(text.len());
            let name = text.get(..end).unwrap_or_default();
            let next = text.get(end..).and_then(|rest| rest.chars().next());
            let is_prefix =
                name.len() <= 2 && name.chars().all(|letter| "rRbBuUfFtT".contains(letter));
            if is_prefix && matches!(next, Some('"' | '\'')) {
                return quoted(text, end);
            }
            (Some(Kind::Name(name)), end)
        }
        _ => (Some(Kind::Sign(first)), first.len_utf8()),
    }
}

/// A text behind a prefix of the given length.
fn quoted(text: &str, prefix: usize) -> (Option<Kind<'_>>, usize) {
    let body = text.get(prefix..).unwrap_or_default();
    let triple = ["\"\"\"", "'''"]
        .into_iter()
        .find(|quote| body.starts_with(quote));
    let quote = triple.unwrap_or_else(|| body.get(..1).unwrap_or("\""));
    let mut at = prefix.saturating_add(quote.len());
    let start = at;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            let end = at.saturating_add(quote.len());
            return (
                Some(Kind::Text(text.get(start..at).unwrap_or_default())),
                end,
            );
        }
        if triple.is_none() && rest.starts_with('\n') {
            break;
        }
        let escaped = rest.starts_with('\\');
        let mut letters = rest.chars();
        let mut step = letters.next().map_or(1, char::len_utf8);
        if escaped {
            step = step.saturating_add(letters.next().map_or(0, char::len_utf8));
        }
        at = at.saturating_add(step);
    }
    (
        Some(Kind::Text(text.get(start..at).unwrap_or_default())),
        at,
    )
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    /// Names that imports have bound, and what they stand for.
    known: HashMap<&'a str, String>,
    found: Vec<Use>,
}

impl<'a> Reader<'a> {
    fn kind(&self, ahead: usize) -> Option<Kind<'a>> {
        self.tokens
            .get(self.at.saturating_add(ahead))
            .map(|token| token.kind)
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn read(&mut self) {
        while let Some(token) = self.tokens.get(self.at).filter(|_| self.found.len() < USES) {
            match token.kind {
                Kind::Name("import") => {
                    self.step();
                    self.import();
                }
                Kind::Name("from") if self.imports_from() => self.names_of_module(),
                Kind::Name("def" | "class") => {
                    self.step();
                    self.step();
                }
                Kind::Sign('.') => {
                    // An attribute of something that is no plain name.
                    self.step();
                    if matches!(self.kind(0), Some(Kind::Name(_))) {
                        self.step();
                    }
                }
                Kind::Name(_) => self.name(),
                _ => self.step(),
            }
        }
    }

    /// Whether a `from` begins an import: an `import` follows before the statement ends.
    fn imports_from(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        rest.iter()
            .skip(1)
            .take(NAME)
            .take_while(|token| matches!(token.kind, Kind::Name(_) | Kind::Sign('.')))
            .any(|token| token.kind == Kind::Name("import"))
    }

    /// A dotted name from here on.
    fn dotted(&mut self) -> String {
        let mut path = String::new();
        loop {
            match self.kind(0) {
                Some(Kind::Name("import" | "as")) => return path,
                Some(Kind::Name(name)) => path.push_str(name),
                Some(Kind::Sign('.')) => path.push('.'),
                _ => return path,
            }
            self.step();
        }
    }

    /// `as name`, or none.
    fn alias(&mut self) -> Option<&'a str> {
        if self.kind(0) != Some(Kind::Name("as")) {
            return None;
        }
        self.step();
        let Some(Kind::Name(name)) = self.kind(0) else {
            return None;
        };
        self.step();
        Some(name)
    }

    fn import(&mut self) {
        loop {
            let Some(Kind::Name(first)) = self.kind(0) else {
                return;
            };
            let path = self.dotted();
            match self.alias() {
                Some(alias) => self.known.insert(alias, path),
                None => self.known.insert(first, first.to_owned()),
            };
            if self.kind(0) != Some(Kind::Sign(',')) {
                return;
            }
            self.step();
        }
    }

    fn names_of_module(&mut self) {
        self.step();
        let module = self.dotted();
        self.step();
        while let Some(kind) = self.kind(0) {
            match kind {
                Kind::Name(name) => {
                    let start = self
                        .tokens
                        .get(self.at)
                        .map_or((0, 0), |token| (token.start as u64, token.end as u64));
                    self.step();
                    let path = format!("{module}.{name}");
                    let bound = self.alias().unwrap_or(name);
                    self.known.insert(bound, path.clone());
                    // Imported is as good as used: it may be handed on under any name.
                    self.found.push(Use {
                        path,
                        is_called: false,
                        region: start,
                    });
                }
                Kind::Sign('(' | ',' | ')' | '*') => self.step(),
                _ => return,
            }
        }
    }

    /// A name and its attributes.
    fn name(&mut self) {
        let Some(Token {
            kind: Kind::Name(first),
            start,
            ..
        }) = self.tokens.get(self.at).copied()
        else {
            return;
        };
        self.step();
        let mut path = self
            .known
            .get(first)
            .cloned()
            .unwrap_or_else(|| first.to_owned());
        while let (Some(Kind::Sign('.')), Some(Kind::Name(next))) = (self.kind(0), self.kind(1)) {
            path.push('.');
            path.push_str(next);
            self.step();
            self.step();
        }
        let end = self
            .tokens
            .get(self.at.saturating_sub(1))
            .map_or(start, |token| token.end);
        let is_called = self.kind(0) == Some(Kind::Sign('('));
        if is_called && path == "getattr" {
            self.getattr(start);
        }
        self.found.push(Use {
            path,
            is_called,
            region: (start as u64, end as u64),
        });
    }

    /// `getattr(module, "name")` is the name.
    fn getattr(&mut self, start: usize) {
        let (Some(Kind::Name(object)), Some(Kind::Sign(',')), Some(Kind::Text(name))) =
            (self.kind(1), self.kind(2), self.kind(3))
        else {
            return;
        };
        let object = self.known.get(object).map_or(object, String::as_str);
        self.found.push(Use {
            path: format!("{object}.{name}"),
            is_called: true,
            region: (
                start as u64,
                self.tokens
                    .get(self.at.saturating_add(3))
                    .map_or(start, |token| token.end) as u64,
            ),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(source: &str) -> Vec<String> {
        uses(source).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn names_are_followed_through_imports() {
        for source in [
            "import os\nos.system('x')",
            "import os as o\no.system('x')",
            "from os import system\nsystem('x')",
            "from os import (path,\n  system as s)\ns('x')",
            "import json, os; os.system('x')",
            "import os\nf = os.system",
            "import os\ngetattr(os, 'system')('x')",
            "import os\nx = f(1,\n  os \\\n  .system)",
        ] {
            assert!(
                paths(source).contains(&"os.system".to_owned()),
                "{source}: {:?}",
                paths(source)
            );
        }
    }

    #[test]
    fn texts_comments_and_attributes_are_none() {
        let source = "# os.system('x')\n\"\"\"os.system\n'x' \"\"\"\nimport os\nx = 'os.system' + r\"os.system\\\" + f'{1}'\nself.os.system('x')\n[1].system('y')\ndef system(): pass\n";
        assert!(
            !paths(source).contains(&"os.system".to_owned()),
            "{:?}",
            paths(source)
        );
        assert!(!paths("model.eval()").contains(&"eval".to_owned()));
        let place = uses("import os\nos.system('x')").pop().unwrap();
        assert_eq!((place.region, place.is_called), ((10, 19), true));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(source in "(import|from|as|os|\\.|,|\\(|\\)|'|\"|\"\"\"|#|\\\\|\n| |é|=|getattr){0,60}") {
            drop(uses(&source));
        }
    }
}
