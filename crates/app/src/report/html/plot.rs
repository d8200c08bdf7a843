//! Where things stand on the axis of a plot. The template draws; this only computes.

/// Width of the plot in units of its view box.
pub(super) const WIDTH: f64 = 260.0;
/// Room left and right, so that dots and tick labels at the ends are not cut.
const MARGIN: f64 = 14.0;
/// About how many ticks an axis has.
const TICKS: f64 = 4.0;

/// A linear axis with round ends.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    /// The places that are labelled.
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// An axis that holds all these values; zero too, when that costs little room.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low > 0.0 && (low < high * 0.6 || low >= high) {
            low = 0.0;
        }
        if low >= high {
            high = low + low.abs().max(1.0);
        }
        Self::round(low, high)
    }

    /// Widens the ends to whole steps of 1, 2 or 5 times a power of ten.
    fn round(low: f64, high: f64) -> Self {
        let raw = (high - low) / TICKS;
        let power = 10_f64.powf(raw.log10().floor());
        let factors = [1.0, 2.0, 5.0, 10.0];
        let factor = factors
            .into_iter()
            .find(|factor| factor * power >= raw)
            .unwrap_or(10.0);
        let step = factor * power;
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // Huge or tiny spans have no round steps in floating point; their ends are ticks enough.
        let sound =
            step.is_normal() && first.abs() < 1e12 && last.abs() < 1e12 && last - first <= 12.0;
        if !sound {
            return Self {
                low,
                high,
                ticks: vec![low, high],
            };
        }
        let steps = std::iter::successors(Some(first), |place| Some(place + 1.0));
        Self {
            low: first * step,
            high: last * step,
            ticks: steps
                .take_while(|place| *place <= last)
                .map(|place| tidy(place * step, step))
                .collect(),
        }
    }

    /// The horizontal place of a value, with one digit after the point.
    pub(super) fn x(&self, value: f64) -> String {
        // Halves, because the span of two finite numbers may not be finite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        };
        format!("{:.1}", share.mul_add(WIDTH - 2.0 * MARGIN, MARGIN))
    }
}

/// Removes the dust of floating point below a thousandth of a step.
fn tidy(value: f64, step: f64) -> f64 {
    let fine = step / 1000.0;
    let tidied = (value / fine).round() * fine;
    if tidied == 0.0 { 0.0 } else { tidied }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_values() {
        let labels = |axis: &Axis| -> Vec<String> {
            axis.ticks
                .iter()
                .map(|tick| crate::report::text::number(*tick))
                .collect()
        };
        assert_eq!(labels(&Axis::around([0.12, 0.97])), ["0", "0.5", "1"]);
        assert_eq!(
            labels(&Axis::around([0.61, 0.64])),
            ["0.61", "0.62", "0.63", "0.64"]
        );
        assert_eq!(labels(&Axis::around([0.0])), ["0", "0.5", "1"]);
        assert_eq!(labels(&Axis::around([-3.0, 9.0])), ["−5", "0", "5", "10"]);
        assert_eq!(labels(&Axis::around([1000.0])), ["0", "500", "1,000"]);
        assert_eq!(labels(&Axis::around([])), ["0", "0.5", "1"]);
    }

    #[test]
    fn no_value_leaves_the_plot() {
        let extremes = [
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            0.0,
            1e-300,
            5e-324,
            f64::INFINITY,
            f64::NAN,
            1.0,
        ];
        for first in extremes {
            for second in extremes {
                let axis = Axis::around([first, second]);
                assert!(axis.ticks.len() >= 2 && axis.ticks.len() <= 14);
                for value in [first, second] {
                    let place: f64 = axis.x(value).parse().unwrap();
                    assert!(
                        (MARGIN..=WIDTH - MARGIN).contains(&place),
                        "{first} {second} {place}"
                    );
                }
            }
        }
    }
}
