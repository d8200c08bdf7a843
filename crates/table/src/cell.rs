//! One value of a table, and its canonical form.
//!
//! # Canonical form
//! Signatures and comparisons rest on bytes that depend on the value alone, not on the file format:
//!
//! | value | bytes |
//! |---|---|
//! | missing | `0` |
//! | true, false | `b1`, `b0` |
//! | number | `n` and its text: whole numbers in decimal (also `3.0` and `3e0`: `n3`) up to 2^53 in size where the file holds doubles, others in the shortest decimal form that reads back as the same IEEE 754 double; `nNaN`, `ninf`, `n-inf` |
//! | text | `t` and its UTF-8 bytes |
//! | date | `d` and the days since 1970-01-01 in decimal |
//! | moment | `m` and the nanoseconds since 1970-01-01T00:00:00Z in decimal |
//! | raw bytes | `x` and the bytes |
//!
//! Each is preceded by its length as eight bytes, most significant first, so that no two rows of
//! different cells have the same bytes. Minus zero is zero.

use std::borrow::Cow;

use tutela_core::Hasher;

/// Whole numbers up to here are exact as IEEE 754 doubles (2^53).
const EXACT_WHOLE: f64 = 9_007_199_254_740_992.0;
const NANOSECONDS: i128 = 1_000_000_000;

/// One value of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Missing,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// Days since 1970-01-01.
    Date(i32),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Moment(i128),
    /// Raw bytes.
    Bytes(&'a [u8]),
}

impl<'a> Cell<'a> {
    /// Whether there is no value.
    #[must_use]
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The value as a number, if it is a finite one; large whole numbers are rounded.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(to_double(value)),
            Self::Real(value) => value.is_finite().then_some(value),
            _ => None,
        }
    }

    /// The value as seconds since 1970-01-01T00:00:00Z, if it is a date or a moment.
    #[must_use]
    pub fn seconds(self) -> Option<i64> {
        match self {
            Self::Date(days) => Some(i64::from(days).saturating_mul(86_400)),
            Self::Moment(nanoseconds) => i64::try_from(nanoseconds.div_euclid(NANOSECONDS)).ok(),
            _ => None,
        }
    }

    /// The value as text; none when it is missing. Raw bytes are written in hexadecimal.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::Missing => return None,
            Self::Text(text) => Cow::Borrowed(text),
            Self::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Real(value) => Cow::Owned(real_text(value)),
            Self::Date(days) => Cow::Owned(date_text(days)),
            Self::Moment(nanoseconds) => Cow::Owned(moment_text(nanoseconds)),
            Self::Bytes(bytes) => Cow::Owned(hexadecimal(bytes)),
        })
    }

    /// Appends the canonical form, preceded by its length.
    pub fn canonical(self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; 8]);
        self.write_canonical(buffer);
        let length = buffer.len().saturating_sub(start).saturating_sub(8) as u64;
        if let Some(place) = buffer.get_mut(start..start.saturating_add(8)) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn write_canonical(self, buffer: &mut Vec<u8>) {
        use std::io::Write as _;
        // Writing to a vector cannot fail.
        let _written = match self {
            Self::Missing => buffer.write_all(b"0"),
            Self::Boolean(value) => buffer.write_all(if value { b"b1" } else { b"b0" }),
            Self::Integer(value) => write!(buffer, "n{value}"),
            Self::Real(value) => write!(buffer, "n{}", real_text(value)),
            Self::Text(text) => write!(buffer, "t{text}"),
            Self::Date(days) => write!(buffer, "d{days}"),
            Self::Moment(nanoseconds) => write!(buffer, "m{nanoseconds}"),
            Self::Bytes(bytes) => buffer
                .write_all(b"x")
                .and_then(|()| buffer.write_all(bytes)),
        };
    }
}

/// 128 bits of the SHA-256 of some cells: equal for equal cells, and nobody can make two that collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Takes the fingerprint of cells in order. `buffer` is scratch space, to be used again.
    #[must_use]
    pub fn of<'a>(cells: impl IntoIterator<Item = Cell<'a>>, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        cells.into_iter().for_each(|cell| cell.canonical(buffer));
        let mut hasher = Hasher::default();
        hasher.update(buffer);
        let digest = hasher.finish();
        let half = digest.as_bytes().first_chunk::<16>().copied();
        Self(u128::from_be_bytes(half.unwrap_or_default()))
    }

    /// The 128 bits as a number.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers past 2^53 are rounded, as documented"
)]
const fn to_double(value: i128) -> f64 {
    value as f64
}

fn real_text(value: f64) -> String {
    if value == 0.0 {
        // Minus zero prints its sign.
        return "0".to_owned();
    }
    if value.is_finite() && value.abs() >= EXACT_WHOLE {
        return format!("{value:e}");
    }
    value.to_string()
}

fn date_text(days: i32) -> String {
    let date = jiff::Timestamp::from_second(i64::from(days).saturating_mul(86_400));
    date.map_or_else(
        |_out_of_range| format!("day {days}"),
        |date| date.strftime("%Y-%m-%d").to_string(),
    )
}

fn moment_text(nanoseconds: i128) -> String {
    jiff::Timestamp::from_nanosecond(nanoseconds).map_or_else(
        |_out_of_range| format!("nanosecond {nanoseconds}"),
        |moment| moment.to_string(),
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _written = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(cell: Cell<'_>) -> Vec<u8> {
        let mut buffer = Vec::new();
        cell.canonical(&mut buffer);
        buffer
    }

    #[test]
    fn the_canonical_form_is_the_documented_one() {
        for (cell, expected) in [
            (Cell::Missing, "0"),
            (Cell::Boolean(true), "b1"),
            (Cell::Integer(-3), "n-3"),
            (Cell::Real(-3.0), "n-3"),
            (Cell::Real(-0.0), "n0"),
            (Cell::Real(0.1), "n0.1"),
            (Cell::Real(1e300), "n1e300"),
            (Cell::Real(f64::NAN), "nNaN"),
            (Cell::Real(f64::NEG_INFINITY), "n-inf"),
            (Cell::Text("0"), "t0"),
            (Cell::Text(""), "t"),
            (Cell::Date(20_780), "d20780"),
            (Cell::Moment(1), "m1"),
            (Cell::Bytes(b"ab"), "xab"),
        ] {
            let bytes = canonical(cell);
            assert_eq!(
                bytes[..8],
                (expected.len() as u64).to_be_bytes(),
                "{cell:?}"
            );
            assert_eq!(&bytes[8..], expected.as_bytes(), "{cell:?}");
        }
    }

    #[test]
    fn cells_cannot_run_into_each_other() {
        let mut buffer = Vec::new();
        let one = Fingerprint::of([Cell::Text("ab"), Cell::Text("c")], &mut buffer);
        let two = Fingerprint::of([Cell::Text("a"), Cell::Text("bc")], &mut buffer);
        assert_ne!(one, two);
    }

    #[test]
    fn text_and_numbers() {
        assert_eq!(Cell::Date(20_780).text().unwrap(), "2026-11-23");
        assert_eq!(Cell::Date(i32::MAX).text().unwrap(), "day 2147483647");
        let moment = Cell::Moment(1_795_392_000_500_000_000);
        assert_eq!(moment.text().unwrap(), "2026-11-23T00:00:00.5Z");
        assert_eq!(moment.seconds(), Some(1_795_392_000));
        assert_eq!(Cell::Moment(-1).seconds(), Some(-1));
        assert_eq!(Cell::Bytes(&[0, 255]).text().unwrap(), "00ff");
        assert_eq!(Cell::Real(f64::NAN).number(), None);
        assert_eq!(Cell::Integer(7).number(), Some(7.0));
        assert_eq!(Cell::Text("7").number(), None);
    }
}
