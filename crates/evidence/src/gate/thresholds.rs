//! Bounds on measures.

use tutela_core::{Measure, Outcome, Uncertainty};

use super::cases::{Case, Miss};
use super::draft::Draft;
use super::wording::{explain, name};
use super::{Bound, Policy, Reason, Threshold};

/// Compares every bounded measure with its bounds.
pub(super) fn weigh(policy: &Policy, cases: &[Case<'_>], draft: &mut Draft) {
    for threshold in &policy.thresholds {
        let mut known = false;
        for case in cases.iter().filter(|case| case.code == threshold.check) {
            known |= weigh_one(threshold, case, draft);
        }
        if !known {
            draft.reason(missing(threshold, "nothing here was measured by it"));
        }
    }
}

/// Compares what one check measured on one artifact; whether the threshold has been dealt with there.
fn weigh_one(threshold: &Threshold, case: &Case<'_>, draft: &mut Draft) -> bool {
    let Some(piece) = case.speaks.filter(|_| fits(case)) else {
        // A bounded check is a required one: that its evidence is not there has been said already.
        return case.required;
    };
    let measures = || {
        let all = piece.predicate.measures.iter();
        all.filter(|measure| measure.name == threshold.measure)
    };
    if measures().next().is_none() {
        if matches!(piece.predicate.outcome, Outcome::NotApplicable { .. }) {
            return false;
        }
        let what = format!("it was not measured on {}", name(&case.artifact.artifact));
        let reason = missing(threshold, &what).about(&case.artifact.artifact);
        draft.reason(reason.backed_by(piece.id));
        return true;
    }
    for measure in measures() {
        if let Some(reason) = judge(threshold, measure, &case.artifact.artifact) {
            let reason = reason.about(&case.artifact.artifact);
            draft.reason(reason.by_check(case.code).backed_by(piece.id));
        }
    }
    true
}

/// Whether the evidence is about the check as it applies now, be it old or not.
const fn fits(case: &Case<'_>) -> bool {
    matches!(case.miss, None | Some(Miss::Stale | Miss::Future))
}

fn missing(threshold: &Threshold, what: &str) -> Reason {
    let message = format!(
        "{} of {} is bounded, but {what}",
        name(&threshold.measure),
        name(&threshold.check)
    );
    let cure = explain(&threshold.check, None);
    Reason::incomplete("missing-measure", message, cure).by_check(&threshold.check)
}

fn judge(threshold: &Threshold, measure: &Measure, artifact: &str) -> Option<Reason> {
    let (low, high) = ends(threshold.decide_on, measure);
    let about = measure
        .about
        .as_ref()
        .map(|about| format!(" of {}", name(about)))
        .unwrap_or_default();
    let what = format!("{}{about} on {}", name(&measure.name), name(artifact));
    let cure = explain(&threshold.check, None);
    let numbers = [Some(low), Some(high), threshold.min, threshold.max];
    if numbers
        .into_iter()
        .flatten()
        .any(|number| !number.is_finite())
    {
        let message = format!("{what} cannot be compared: not every number is finite");
        return Some(Reason::incomplete("missing-measure", message, cure));
    }
    let too_low = threshold.min.filter(|min| low < *min);
    let too_high = threshold.max.filter(|max| high > *max);
    let broken = match (too_low, too_high) {
        (None, None) => return None,
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (Some(min), Some(max)) => format!("at least {min} and at most {max}"),
    };
    let found = match (threshold.decide_on, measure.uncertainty) {
        (Bound::Interval, Uncertainty::Interval { low, high, .. }) => {
            format!("between {low} and {high}")
        }
        _ => measure.value.to_string(),
    };
    let message = format!("{what} must be {broken} but is {found} {}", measure.unit);
    Some(Reason::deny("threshold", message, cure))
}

/// The least and the greatest value that a measure may stand for.
///
/// An interval that does not hold its own value is widened to it: evidence must not look better than it is.
fn ends(decide_on: Bound, measure: &Measure) -> (f64, f64) {
    let value = measure.value;
    match (decide_on, measure.uncertainty) {
        (Bound::Interval, Uncertainty::Interval { low, high, .. }) => {
            // `f64::min` would hide a NaN.
            let known = [low, high, value];
            if known.iter().any(|end| end.is_nan()) {
                return (f64::NAN, f64::NAN);
            }
            (low.min(high).min(value), high.max(low).max(value))
        }
        (Bound::Value, _) | (Bound::Interval, Uncertainty::Exact) => (value, value),
    }
}
