//! Time enters through a parameter, so that two runs with the same `--as-of` are the same run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the second, written as in RFC 3339 (`2026-11-23T08:00:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is neither a date nor a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date; expected `2026-11-23` or `2026-11-23T08:00:00Z`")]
pub struct TimestampError(pub String);

impl Timestamp {
    /// Makes a moment from seconds since 1970, clamped to the years 0000 to 9999 that
    /// RFC 3339 can write, less the last hours that a time zone could push into the year 10000.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        // 0000-01-01T00:00:00Z and 9999-12-30T22:00:00Z.
        const FIRST: i64 = -62_167_219_200;
        const LAST: i64 = 253_402_207_200;
        if seconds < FIRST {
            Self(FIRST)
        } else if seconds > LAST {
            Self(LAST)
        } else {
            Self(seconds)
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment this many days later (earlier when negative).
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self::from_seconds(self.0.saturating_add(days.saturating_mul(86_400)))
    }

    /// The calendar date in UTC, `2026-11-23`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(formatter, "{}", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads a date (its first second, UTC) or an RFC 3339 moment with its offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |_error| TimestampError(text.to_owned());
        if text.len() == 10 {
            let date: jiff::civil::Date = text.parse().map_err(wrong)?;
            let moment = date
                .at(0, 0, 0, 0)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_err(wrong)?;
            return Ok(Self::from_seconds(moment.timestamp().as_second()));
        }
        let moment: jiff::Timestamp = text.parse().map_err(wrong)?;
        Ok(Self::from_seconds(moment.as_second()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_moments() {
        let date: Timestamp = "2026-11-23".parse().unwrap();
        assert_eq!(date.to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(date.seconds(), 1_795_392_000);
        let moment: Timestamp = "2026-11-23T02:00:00+02:00".parse().unwrap();
        assert_eq!(moment, date);
        assert_eq!(date.plus_days(8).date(), "2026-12-01");
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("2026-13-01".parse::<Timestamp>().is_err());
    }

    #[test]
    fn extreme_seconds_still_print() {
        assert_eq!(Timestamp::from_seconds(i64::MAX).date(), "9999-12-30");
        assert_eq!(Timestamp::from_seconds(i64::MIN).date(), "0000-01-01");
    }
}
