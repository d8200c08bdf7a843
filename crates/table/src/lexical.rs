//! What a piece of text looks like: number, date, word for a missing value …
//!
//! Deliberately narrow. `007` is text (a code, not seven), so are `1,000`, `+5` and 20-digit numbers:
//! reading them as numbers would lose something.

use jiff::civil::{Date, DateTime};

use crate::Lexical;

/// Longest text that can be a number, a date or a word for a missing value.
const LONGEST: usize = 64;

/// Words that stand for a missing value where all other values of the column are numbers, truth
/// values, dates or moments. In a column of text they stay text: `NA` may be Namibia.
const NULL_WORDS: [&str; 12] = [
    "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "none", "#N/A", "?", "-",
];

/// Whether the text is a word that stands for a missing value, whatever its case.
#[must_use]
pub fn is_null_word(text: &str) -> bool {
    let text = text.trim();
    NULL_WORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
}

/// What the text looks like.
pub(crate) fn classify(text: &str) -> Lexical {
    if text.is_empty() {
        return Lexical::Null;
    }
    if text.len() > LONGEST {
        return Lexical::Text;
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    if first.is_ascii_digit() || first == b'-' || first == b'.' {
        return classify_number_or_date(text);
    }
    if boolean(text).is_some() {
        Lexical::Boolean
    } else if is_null_word(text) {
        Lexical::NullWord
    } else {
        Lexical::Text
    }
}

fn classify_number_or_date(text: &str) -> Lexical {
    match number_shape(text) {
        Some(Lexical::Integer) if text.parse::<i64>().is_err() => Lexical::Text,
        Some(Lexical::Real) if real(text).is_none() => Lexical::Text,
        Some(shape) => shape,
        None if is_null_word(text) => Lexical::NullWord,
        None if date(text).is_some() => Lexical::Date,
        None if moment(text).is_some() => Lexical::Moment,
        None => Lexical::Text,
    }
}

/// The grammar `-? (0 | [1-9][0-9]*)? (. [0-9]*)? ([eE] [+-]? [0-9]+)?` with at least one digit.
fn number_shape(text: &str) -> Option<Lexical> {
    let body = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        None => (body, None),
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        None => (mantissa, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let no_padding = whole.len() <= 1 || !whole.starts_with('0');
    let some_digit = !whole.is_empty() || fraction.is_some_and(|part| !part.is_empty());
    let exponent_fits = exponent.is_none_or(|part| {
        let part = part.strip_prefix(['+', '-']).unwrap_or(part);
        !part.is_empty() && digits(part)
    });
    if !(digits(whole) && fraction.is_none_or(digits) && no_padding && some_digit && exponent_fits)
    {
        return None;
    }
    let is_whole = fraction.is_none() && exponent.is_none();
    Some(if is_whole {
        Lexical::Integer
    } else {
        Lexical::Real
    })
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A finite number; the shape has been checked.
pub(crate) fn real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Days since 1970-01-01 of `2026-11-23`.
pub(crate) fn date(text: &str) -> Option<i32> {
    if text.len() != 10 {
        return None;
    }
    let date: Date = text.parse().ok()?;
    let seconds = seconds_of(date.at(0, 0, 0, 0))?;
    i32::try_from(seconds.div_euclid(86_400)).ok()
}

/// Nanoseconds since 1970-01-01T00:00:00Z of `2026-11-23T08:00:00Z`, or of a date and time with a blank
/// between them; without an offset the moment is taken as UTC.
pub(crate) fn moment(text: &str) -> Option<i64> {
    // The shortest is `2026-11-23T08:00`.
    if text.len() < 16 || !matches!(text.as_bytes().get(10), Some(b'T' | b' ')) {
        return None;
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return i64::try_from(moment.as_nanosecond()).ok();
    }
    let local: DateTime = text.parse().ok()?;
    let seconds = seconds_of(local)?;
    let nanoseconds = seconds.checked_mul(1_000_000_000)?;
    nanoseconds.checked_add(i64::from(local.subsec_nanosecond()))
}

fn seconds_of(local: DateTime) -> Option<i64> {
    let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("", Lexical::Null),
            ("0", Lexical::Integer),
            ("-17", Lexical::Integer),
            ("007", Lexical::Text),
            ("9223372036854775807", Lexical::Integer),
            ("9223372036854775808", Lexical::Text),
            ("1.", Lexical::Real),
            (".5", Lexical::Real),
            ("-0.5e-3", Lexical::Real),
            ("1e999", Lexical::Text),
            ("1e", Lexical::Text),
            (".", Lexical::Text),
            ("-", Lexical::NullWord),
            ("+5", Lexical::Text),
            ("1,000", Lexical::Text),
            ("inf", Lexical::Text),
            ("0x10", Lexical::Text),
            ("2026-11-23", Lexical::Date),
            ("2026-13-23", Lexical::Text),
            ("2026-11-23T08:00:00Z", Lexical::Moment),
            ("2026-11-23 08:00:00", Lexical::Moment),
            ("2026-11-23T08:00:00+02:00", Lexical::Moment),
            ("12.5.2026", Lexical::Text),
            ("True", Lexical::Boolean),
            ("yes", Lexical::Text),
            ("N/A", Lexical::NullWord),
            ("?", Lexical::NullWord),
            ("NAN", Lexical::NullWord),
        ] {
            assert_eq!(classify(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_count_from_1970() {
        assert_eq!(date("1970-01-02"), Some(1));
        assert_eq!(date("1969-12-31"), Some(-1));
        assert_eq!(date("2026-11-23"), Some(20_780));
        assert_eq!(moment("1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
        assert_eq!(moment("1970-01-01 02:00:00+02:00"), Some(0));
        assert_eq!(moment("1970-01-01 00:01:00"), Some(60_000_000_000));
    }
}
