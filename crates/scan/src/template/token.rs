//! Cuts a Jinja template into its tags, and a tag into tokens, as Jinja's own lexer does.

/// A tag of a template: what stands between `{{` and `}}`, or between `{%` and `%}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// The offset of its first byte in the template.
    pub(super) at: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// Whether it is a statement.
    pub(super) is_statement: bool,
    /// What stands in it.
    pub(super) tokens: Vec<Token>,
}

/// A token inside a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword.
    Name(String),
    /// A text, with its escapes resolved.
    Text(String),
    /// A whole number; other numbers are none.
    Number(Option<u64>),
    /// An operator or bracket.
    Sign(&'static str),
}

/// Operators, the long ones first.
const SIGNS: &[&str] = &[
    "**", "//", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "%", "~",
    "<", ">", "=", ".", ",", ":", "|", ";", "!", "&", "@", "?", "^", "$", "\\",
];
/// Tags that are looked at: the longest templates of well-known models have about 300.
const TAGS: usize = 50_000;

/// Every tag of a template. Comments and what stands between `raw` and `endraw` is left out.
pub(super) fn tags(template: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while found.len() < TAGS {
        let rest = template.get(at..).unwrap_or_default();
        let Some(open) = next_open(rest) else { break };
        let start = at.saturating_add(open);
        let inside = start.saturating_add(2);
        match template.get(start..inside) {
            Some("{#") => {
                let body = template.get(inside..).unwrap_or_default();
                let length = body
                    .find("#}")
                    .map_or(body.len(), |end| end.saturating_add(2));
                at = inside.saturating_add(length);
            }
            opening => {
                let is_statement = opening == Some("{%");
                let (tokens, end) = tokens(template, inside, is_statement);
                at = end.max(inside);
                let is_raw = is_statement && tokens.first() == Some(&Token::Name("raw".to_owned()));
                if is_raw {
                    at = after_raw(template, at);
                    continue;
                }
                found.push(Tag {
                    at: start,
                    end,
                    is_statement,
                    tokens,
                });
            }
        }
    }
    found
}

fn next_open(text: &str) -> Option<usize> {
    let mut from = 0_usize;
    loop {
        let brace = text.get(from..)?.find('{')?.saturating_add(from);
        let next = text.as_bytes().get(brace.saturating_add(1)).copied();
        if matches!(next, Some(b'{' | b'%' | b'#')) {
            return Some(brace);
        }
        from = brace.saturating_add(1);
    }
}

fn after_raw(template: &str, at: usize) -> usize {
    let body = template.get(at..).unwrap_or_default();
    let end = body
        .match_indices("{%")
        .find(|(open, _)| {
            let inside = body.get(open.saturating_add(2)..).unwrap_or_default();
            inside
                .trim_start_matches(['-', '+'])
                .trim_start()
                .starts_with("endraw")
        })
        .map_or(body.len(), |(open, _)| open);
    let close = body
        .get(end..)
        .and_then(|rest| rest.find("%}"))
        .map_or(body.len(), |close| {
            end.saturating_add(close).saturating_add(2)
        });
    at.saturating_add(close)
}

/// The tokens from a place on, and the place behind the end of the tag.
fn tokens(template: &str, from: usize, is_statement: bool) -> (Vec<Token>, usize) {
    let close = if is_statement { "%}" } else { "}}" };
    let mut found = Vec::new();
    let mut open = 0_usize;
    let mut at = from;
    while let Some(rest) = template.get(at..).filter(|rest| !rest.is_empty()) {
        if open == 0 && rest.starts_with(close) {
            return (found, at.saturating_add(2));
        }
        let (token, length) = token(rest);
        match &token {
            Some(Token::Sign("{" | "(" | "[")) => open = open.saturating_add(1),
            Some(Token::Sign("}" | ")" | "]")) => open = open.saturating_sub(1),
            _ => {}
        }
        found.extend(token);
        at = at.saturating_add(length.max(1));
    }
    (found, template.len())
}

/// The token at the start of a text, none for white space, and its length.
fn token(text: &str) -> (Option<Token>, usize) {
    let Some(first) = text.chars().next() else {
        return (None, 0);
    };
    if first.is_whitespace() {
        return (None, first.len_utf8());
    }
    if first == '"' || first == '\'' {
        return quoted(text, first);
    }
    if first.is_alphabetic() || first == '_' {
        let end = text
            .find(|next: char| !next.is_alphanumeric() && next != '_')
            .unwrap_or(text.len());
        let name = text.get(..end).unwrap_or_default();
        return (Some(Token::Name(name.to_owned())), end);
    }
    if first.is_ascii_digit() {
        let end = text
            .find(|next: char| !next.is_ascii_alphanumeric() && next != '_')
            .unwrap_or(text.len());
        return (
            Some(Token::Number(number(text.get(..end).unwrap_or_default()))),
            end,
        );
    }
    let sign = SIGNS.iter().find(|sign| text.starts_with(**sign));
    (
        sign.map(|sign| Token::Sign(sign)),
        sign.map_or(first.len_utf8(), |sign| sign.len()),
    )
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.replace('_', "").to_ascii_lowercase();
    let radix = |prefix, base| {
        plain
            .strip_prefix(prefix)
            .and_then(|digits| u64::from_str_radix(digits, base).ok())
    };
    plain
        .parse()
        .ok()
        .or_else(|| radix("0x", 16))
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
}

fn quoted(text: &str, quote: char) -> (Option<Token>, usize) {
    let mut value = String::new();
    let mut rest = text.chars();
    rest.next();
    while let Some(next) = rest.next() {
        if next == quote {
            break;
        }
        if next == '\\' {
            escape(&mut rest, &mut value);
        } else {
            value.push(next);
        }
    }
    let length = text.len().saturating_sub(rest.as_str().len());
    (Some(Token::Text(value)), length)
}

/// Python's escapes, which Jinja resolves in its texts.
fn escape(rest: &mut std::str::Chars<'_>, value: &mut String) {
    let Some(next) = rest.next() else { return };
    match next {
        'n' => value.push('\n'),
        't' => value.push('\t'),
        'r' => value.push('\r'),
        '\n' => {}
        'x' => value.extend(digits(rest, 16, 2)),
        'u' => value.extend(digits(rest, 16, 4)),
        'U' => value.extend(digits(rest, 16, 8)),
        'N' => {
            let name = rest.as_str().split_once('}').map_or("", |(name, _)| name);
            let skip = name.chars().count().saturating_add(1);
            value.push(if name.eq_ignore_ascii_case("{low line") {
                '_'
            } else {
                '?'
            });
            for _ in 0..skip {
                rest.next();
            }
        }
        '0'..='7' => {
            let mut code = next.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = rest
                    .as_str()
                    .chars()
                    .next()
                    .and_then(|next| next.to_digit(8))
                else {
                    break;
                };
                rest.next();
                code = code.saturating_mul(8).saturating_add(digit);
            }
            value.extend(char::from_u32(code));
        }
        other => value.push(other),
    }
}

fn digits(rest: &mut std::str::Chars<'_>, radix: u32, count: usize) -> Option<char> {
    let mut code = 0_u32;
    for _ in 0..count {
        let digit = rest.as_str().chars().next()?.to_digit(radix)?;
        rest.next();
        code = code.checked_mul(radix)?.checked_add(digit)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_cut_as_jinja_cuts_them() {
        let template = "a {{- {'x': {'y': 1}} -}} { {%- if a == '%}' %}b{# {{ c }} #}{% raw %}{{ d }}{% endraw %}{{ e }}";
        let tags = tags(template);
        let tails: Vec<&str> = tags.iter().map(|tag| &template[tag.at..tag.end]).collect();
        assert_eq!(
            tails,
            ["{{- {'x': {'y': 1}} -}}", "{%- if a == '%}' %}", "{{ e }}"]
        );
        assert_eq!(tags[2].tokens, [Token::Name("e".to_owned())]);
    }

    #[test]
    fn escapes_are_resolved() {
        for text in [r"\x5f\x5f", r"\u005f_", r"\137\137", r"\N{LOW LINE}_"] {
            let template = format!("{{{{ '{text}' }}}}");
            assert_eq!(
                tags(&template)[0].tokens,
                [Token::Text("__".to_owned())],
                "{text}"
            );
        }
    }
}
