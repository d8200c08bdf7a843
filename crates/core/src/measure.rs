//! Numbers that carry their uncertainty.

use serde::{Deserialize, Serialize};

/// How far the true value may lie from the number given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Uncertainty {
    /// Nothing was sampled: every row, byte or file was counted.
    Exact,
    /// A confidence interval.
    Interval {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Confidence level, such as 0.95.
        level: f64,
    },
}

/// A number with its unit, uncertainty, sample size and method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measure {
    /// What was measured, kebab-case, unique within its check.
    pub name: String,
    /// What the number is about, when there are several: a column, a class, a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The number; finite.
    pub value: f64,
    /// Its unit: `rows`, `share`, `days`, `bits` …
    pub unit: String,
    /// Its uncertainty.
    pub uncertainty: Uncertainty,
    /// How many rows, bytes or files it rests on.
    pub samples: u64,
    /// How it was computed, with the source of the formula.
    pub method: String,
}

/// A number that cannot be a measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("measure `{name}` is not a finite number within its interval")]
pub struct MeasureError {
    /// The measure's name.
    pub name: String,
}

impl Measure {
    /// Makes a measure that was counted in full.
    ///
    /// # Errors
    /// [`MeasureError`] when the value is not finite.
    pub fn exact(
        name: &str,
        value: f64,
        unit: &str,
        samples: u64,
        method: &str,
    ) -> Result<Self, MeasureError> {
        Self {
            name: name.to_owned(),
            about: None,
            value,
            unit: unit.to_owned(),
            uncertainty: Uncertainty::Exact,
            samples,
            method: method.to_owned(),
        }
        .validated()
    }

    /// Gives the measure a confidence interval.
    ///
    /// # Errors
    /// [`MeasureError`] when an end is not finite, the value lies outside, or the level is not in (0, 1).
    pub fn with_interval(mut self, low: f64, high: f64, level: f64) -> Result<Self, MeasureError> {
        self.uncertainty = Uncertainty::Interval { low, high, level };
        self.validated()
    }

    /// Says what the number is about.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    fn validated(self) -> Result<Self, MeasureError> {
        let sound = match self.uncertainty {
            Uncertainty::Exact => self.value.is_finite(),
            Uncertainty::Interval { low, high, level } => {
                low.is_finite()
                    && high.is_finite()
                    && (low..=high).contains(&self.value)
                    && level > 0.0
                    && level < 1.0
            }
        };
        if sound {
            Ok(self)
        } else {
            Err(MeasureError { name: self.name })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_finite_and_inside_its_interval() {
        let share = || Measure::exact("share", 0.5, "share", 10, "count");
        assert!(share().unwrap().with_interval(0.2, 0.8, 0.95).is_ok());
        assert!(share().unwrap().with_interval(0.6, 0.8, 0.95).is_err());
        assert!(
            share()
                .unwrap()
                .with_interval(0.2, f64::INFINITY, 0.95)
                .is_err()
        );
        assert!(share().unwrap().with_interval(0.2, 0.8, 1.0).is_err());
        assert!(Measure::exact("x", f64::NAN, "rows", 0, "count").is_err());
    }
}
