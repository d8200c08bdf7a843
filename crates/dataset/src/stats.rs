//! Small statistics with their sources.

use tutela_core::{Measure, Sink};

/// The level of every interval here.
pub(crate) const LEVEL: f64 = 0.95;
/// The 0.975 quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A count as a double; exact below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of rows stay far below 2^53"
)]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

/// `part / whole`; 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        real(part) / real(whole)
    }
}

/// Wilson's score interval for a share, at 95 % (Wilson 1927; Newcombe 1998, method 3):
/// `(2np + z² ± z·√(z² + 4npq)) / (2(n + z²))`.
pub(crate) fn wilson(part: u64, whole: u64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (real(whole), share(part, whole));
    let middle = 2.0f64.mul_add(n * p, Z * Z);
    let spread = Z * Z.mul_add(Z, 4.0 * n * p * (1.0 - p)).sqrt();
    let below = 2.0 * Z.mul_add(Z, n);
    // Rounding may put an end a hair inside the value, which would be no interval.
    let low = ((middle - spread) / below).clamp(0.0, p);
    let high = ((middle + spread) / below).clamp(p, 1.0);
    (low, high)
}

/// Half the width of a 95 % interval, from a standard error.
pub(crate) fn half_width(standard_error: f64) -> f64 {
    Z * standard_error
}

/// Passes on a measure; one that is not a finite number within its interval is told as incomplete.
pub(crate) fn tell<E: std::fmt::Display>(sink: &mut dyn Sink, measure: Result<Measure, E>) {
    match measure {
        Ok(measure) => sink.measure(measure),
        Err(error) => sink.incomplete(error.to_string()),
    }
}

/// `3 rows`, `1 row`.
pub(crate) fn rows(count: u64) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}

/// A share for people: `12.5 %`; never a 0 or a 100 that is not one.
pub(crate) fn percent(share: f64) -> String {
    let digits = if share > 0.0 && share < 0.001 { 4 } else { 1 };
    let text = format!("{:.digits$} %", share * 100.0);
    if share < 1.0 && text == "100.0 %" {
        "over 99.9 %".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
    #[test]
    fn wilson_gives_the_published_intervals() {
        for (part, whole, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = wilson(part, whole);
            assert!(
                (found_low - low).abs() < 5e-5,
                "{part}/{whole}: {found_low}"
            );
            assert!(
                (found_high - high).abs() < 5e-5,
                "{part}/{whole}: {found_high}"
            );
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert!((wilson(20, 20).1 - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn shares_read_well() {
        assert_eq!(percent(0.125), "12.5 %");
        assert_eq!(percent(0.999_99), "over 99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!(percent(0.000_01), "0.0010 %");
    }
}
