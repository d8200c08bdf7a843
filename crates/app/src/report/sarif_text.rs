//! The strings of SARIF: message strings, relative addresses, names.

/// Escapes a message string, in which brackets make links and braces placeholders (§3.11.5, §3.11.6).
pub(super) fn message_string(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '{' => safe.push_str("{{"),
            '}' => safe.push_str("}}"),
            '[' | ']' | '\\' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Percent-encodes a relative path (RFC 3986); a colon too, so that no first part looks like a scheme.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => push_percent(&mut uri, byte),
        }
    }
    uri
}

/// Percent-encodes what no address may hold, such as spaces and quotation marks.
pub(super) fn address_uri(address: &str) -> String {
    let mut uri = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            push_percent(&mut uri, byte);
        }
    }
    uri
}

/// The name of a rule in Pascal case, as the standard suggests.
pub(super) fn pascal_case(code: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    code.split('-').filter_map(part).collect()
}

fn push_percent(uri: &mut String, byte: u8) {
    use std::fmt::Write as _;
    // Writing to a `String` cannot fail.
    let _ = write!(uri, "%{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_the_standard_says() {
        assert_eq!(message_string(r"[a](b) {0} \"), r"\[a\](b) {{0}} \\");
        assert_eq!(uri("/data/ü b:c%.csv"), "data/%C3%BC%20b%3Ac%25.csv");
        assert_eq!(
            address_uri("https://x.org/a b\"<é"),
            "https://x.org/a%20b%22%3C%C3%A9"
        );
        assert_eq!(pascal_case("pickle-imports-os"), "PickleImportsOs");
    }
}
