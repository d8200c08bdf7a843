//! Words and numbers as every report writes them, with hostile text made visible.

use tutela_core::escape;

/// How many characters of a message are shown to people.
pub(super) const MESSAGE: usize = 400;
/// How many characters of a name are shown to people.
pub(super) const NAME: usize = 120;

/// Makes text safe to show: control, bidirectional and invisible characters become visible escapes,
/// and so do the characters that XML cannot hold.
pub(super) fn show(text: &str, limit: usize) -> String {
    let safe = escape(text, limit);
    if !safe.chars().any(is_invisible) {
        return safe;
    }
    safe.chars()
        .map(|character| {
            if is_invisible(character) {
                format!("\\u{{{:x}}}", u32::from(character))
            } else {
                character.to_string()
            }
        })
        .collect()
}

/// Characters that print nothing or that XML forbids, besides those that `escape` knows.
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
        || (character as u32) & 0xfffe == 0xfffe
}

/// `1 finding`, `2 findings`, `12,345 findings`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    count_u64(number, one, many)
}

/// The same for a `u64`.
pub(super) fn count_u64(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Digits in groups of three: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_add(6));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number for people: four significant digits, no trailing zeros.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let whole = format!("{:.0}", value.abs());
        let digits = whole.parse().map_or(whole, grouped);
        return if value < 0.0 {
            format!("−{digits}")
        } else {
            digits
        };
    }
    let size = value.abs();
    let text = if !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    } else if size >= 1000.0 {
        format!("{size:.1}")
    } else if size >= 100.0 {
        format!("{size:.2}")
    } else if size >= 1.0 {
        format!("{size:.3}")
    } else {
        format!("{size:.4}")
    };
    let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if value < 0.0 {
        format!("−{text}")
    } else {
        text
    }
}

/// A size for people: `0 B`, `1.5 KiB`, `2.0 GiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        let one = 1_u64 << shift;
        if bytes >= one {
            // Tenths by whole numbers: no rounding differs between machines.
            let tenths = u128::from(bytes) * 10 / u128::from(one);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(number(0.25), "0.25");
        assert_eq!(number(-1234.0), "−1,234");
        assert_eq!(number(0.123_456), "0.1235");
        assert_eq!(number(1e-9), "1.000e-9");
        assert_eq!(number(12.3456), "12.346");
        assert_eq!(number(1e300), "1.000e300");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(u64::MAX), "16777215.9 TiB");
        assert_eq!(count(1, "row", "rows"), "1 row");
        assert_eq!(count(2000, "row", "rows"), "2,000 rows");
    }

    #[test]
    fn nothing_invisible_is_left() {
        assert_eq!(
            show("a\u{ad}b\u{fffe}c\u{1ffff}d\u{202e}", 99),
            "a\\u{ad}b\\u{fffe}c\\u{1ffff}d\\u{202e}"
        );
        assert_eq!(show("naïve 日本", 99), "naïve 日本");
    }
}
