//! Cuts the source of `TorchScript` into words, as torch's own lexer does.

/// A word of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Name(&'a str),
    /// A text, with its escapes resolved.
    Text(String),
    Number,
    /// One sign; longer operators are several of them.
    Sign(char),
    /// The end of a line outside of brackets, or a semicolon.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words of a source, one at a time: a file of megabytes need not lie in memory as words.
pub(super) struct Tokens<'a> {
    source: &'a str,
    at: usize,
    /// Brackets that are open: a line ends only outside of them.
    open: usize,
    /// Where a text is that does not end.
    pub(super) unfinished: Option<usize>,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(source: &'a str) -> Self {
        Self {
            source,
            at: 0,
            open: 0,
            unfinished: None,
        }
    }

    fn kind(&mut self, rest: &'a str) -> (Option<Kind<'a>>, usize) {
        let Some(first) = rest.chars().next() else {
            return (None, 0);
        };
        match first {
            '\n' | ';' if self.open > 0 => (None, 1),
            '\n' | ';' => (Some(Kind::End), 1),
            '\\' if rest.starts_with("\\\n") => (None, 2),
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' => self.text(rest),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ if first.is_ascii_digit() => (Some(Kind::Number), number(rest)),
            _ if is_of_name(first) => {
                let end = rest.find(|next| !is_of_name(next)).unwrap_or(rest.len());
                (rest.get(..end).map(Kind::Name), end)
            }
            _ => {
                match first {
                    '(' | '[' | '{' => self.open = self.open.saturating_add(1),
                    ')' | ']' | '}' => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
                (Some(Kind::Sign(first)), first.len_utf8())
            }
        }
    }

    fn text(&mut self, rest: &'a str) -> (Option<Kind<'a>>, usize) {
        let triple = ["\"\"\"", "'''"]
            .into_iter()
            .find(|it| rest.starts_with(it));
        let quote = triple.unwrap_or_else(|| rest.get(..1).unwrap_or("\""));
        let mut text = String::new();
        let mut at = quote.len();
        while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
            if left.starts_with(quote) {
                return (Some(Kind::Text(text)), at.saturating_add(quote.len()));
            }
            if triple.is_none() && left.starts_with('\n') {
                break;
            }
            let (letter, length) = letter(left);
            text.extend(letter);
            at = at.saturating_add(length.max(1));
        }
        self.unfinished = self.unfinished.or(Some(self.at));
        (Some(Kind::Text(text)), at)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.source.get(self.at..).filter(|rest| !rest.is_empty())?;
            let start = self.at;
            let (kind, length) = self.kind(rest);
            self.at = start.saturating_add(length.max(1));
            if let Some(kind) = kind {
                let end = self.at;
                return Some(Token { kind, start, end });
            }
        }
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The length of a number: digits, letters, full stops, and the sign of an exponent.
fn number(rest: &str) -> usize {
    let mut before = ' ';
    for (at, letter) in rest.char_indices() {
        let is_exponent = matches!(letter, '+' | '-') && matches!(before, 'e' | 'E');
        if !(is_of_name(letter) || letter == '.' || is_exponent) {
            return at;
        }
        before = letter;
    }
    rest.len()
}

/// A letter of a text with its escape resolved, and how many bytes it takes.
fn letter(rest: &str) -> (Option<char>, usize) {
    let mut letters = rest.chars();
    let first = letters.next();
    if first != Some('\\') {
        return (first, first.map_or(0, char::len_utf8));
    }
    let Some(second) = letters.next() else {
        return (None, 1);
    };
    let plain = |letter| (Some(letter), second.len_utf8().saturating_add(1));
    match second {
        'n' => plain('\n'),
        't' => plain('\t'),
        'r' => plain('\r'),
        '\n' => (None, 2),
        '0'..='7' => coded(rest, 1, 3, 8),
        'x' => coded(rest, 2, 2, 16),
        _ => plain(second),
    }
}

/// A letter by its number, of at most `most` digits.
fn coded(rest: &str, from: usize, most: usize, base: u32) -> (Option<char>, usize) {
    let digits = rest.get(from..).unwrap_or_default();
    let count = digits
        .chars()
        .take(most)
        .take_while(|digit| digit.is_digit(base))
        .count();
    let value = digits
        .get(..count)
        .and_then(|digits| u32::from_str_radix(digits, base).ok());
    (value.and_then(char::from_u32), from.saturating_add(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        Tokens::new(source)
            .filter_map(|token| match token.kind {
                Kind::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(
            texts(r#""a\"b" '\057etc' "\x2fx" '''it's''' "\\n""#),
            ["a\"b", "/etc", "/x", "it's", "\\n"]
        );
    }

    #[test]
    fn a_line_ends_outside_of_brackets_only() {
        let ends = |source: &str| {
            Tokens::new(source)
                .filter(|token| token.kind == Kind::End)
                .count()
        };
        assert_eq!(ends("f(1,\n  2)\nx = 1 # f(\n"), 2);
    }

    #[test]
    fn a_text_without_an_end_is_told() {
        let mut tokens = Tokens::new("x = 'abc\ny = 1");
        assert_eq!(tokens.by_ref().count(), 7);
        assert_eq!(tokens.unfinished, Some(4));
    }
}
