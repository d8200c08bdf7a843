//! Text taken from what is examined, made safe to show on a terminal.

use std::fmt::Write as _;

/// Escapes control, bidirectional and zero-width characters and cuts after `limit` characters.
///
/// The text of models and data is hostile: an escape sequence could repaint the terminal, and a
/// right-to-left override could make a line read differently from what it is (CVE-2021-42574).
#[must_use]
pub fn escape(text: &str, limit: usize) -> String {
    // Most text is plain and short.
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len().min(limit));
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            safe.push('…');
            break;
        }
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if is_unsafe(character) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Escapes bytes that may not be text, and cuts after `limit` characters.
#[must_use]
pub fn escape_bytes(bytes: &[u8], limit: usize) -> String {
    let mut safe = String::new();
    // A character takes at most four bytes, so nothing past this can be shown.
    let shown = bytes.get(..limit.saturating_mul(4)).unwrap_or(bytes);
    for chunk in shown.utf8_chunks() {
        safe.push_str(&escape(chunk.valid(), usize::MAX));
        for byte in chunk.invalid() {
            let _ = write!(safe, "\\x{byte:02x}");
        }
    }
    if safe.chars().count() > limit || shown.len() < bytes.len() {
        safe = safe.chars().take(limit).collect();
        safe.push('…');
    }
    safe
}

/// Control characters, bidirectional controls, zero-width characters, separators, tags.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_not_obeyed() {
        assert_eq!(
            escape("a\u{1b}[2Jb\u{202e}c\nd", 99),
            "a\\u{1b}[2Jb\\u{202e}c\\nd"
        );
        assert_eq!(escape("abcdef", 3), "abc…");
        assert_eq!(escape("abc", 3), "abc");
        assert_eq!(escape_bytes(b"ok\xff\x00", 99), "ok\\xff\\u{0}");
        assert_eq!(escape_bytes(&[b'a'; 100], 5), "aaaaa…");
    }
}
