//! Bounds on measures.

use std::sync::Arc;

use super::*;

fn bounded(min: Option<f64>, max: Option<f64>, decide_on: Bound) -> Threshold {
    Threshold {
        check: "balance".to_owned(),
        measure: "ratio".to_owned(),
        min,
        max,
        decide_on,
    }
}

fn scene(threshold: Threshold, measures: Vec<Measure>) -> Scene {
    let mut scene = Scene::green();
    scene.policy.thresholds = vec![threshold];
    scene.piece("loans", "balance").predicate.measures = measures;
    scene
}

fn interval(low: f64, value: f64, high: f64) -> Measure {
    let uncertainty = Uncertainty::Interval {
        low,
        high,
        level: 0.95,
    };
    measure("ratio", value, uncertainty)
}

#[test]
fn each_bound_has_its_answer() {
    use Bound::{Interval, Value};
    use Verdict::{Allow, Deny, Incomplete};
    let exact = |value| measure("ratio", value, Uncertainty::Exact);
    let nan = f64::NAN;
    let rows = [
        (Some(0.8), None, Interval, exact(0.8), Allow),
        (Some(0.8), None, Interval, exact(0.79), Deny),
        (None, Some(0.8), Interval, exact(0.8), Allow),
        (None, Some(0.8), Interval, exact(0.81), Deny),
        (Some(0.8), None, Interval, interval(0.79, 0.9, 0.95), Deny),
        (Some(0.8), None, Value, interval(0.79, 0.9, 0.95), Allow),
        (Some(0.8), None, Interval, interval(0.8, 0.9, 0.95), Allow),
        (None, Some(0.8), Interval, interval(0.1, 0.2, 0.81), Deny),
        (None, Some(0.8), Value, interval(0.1, 0.2, 0.81), Allow),
        // An interval beside its value: the worst of the three decides.
        (Some(0.8), None, Interval, interval(0.9, 0.5, 0.95), Deny),
        (Some(0.8), None, Interval, interval(0.95, 0.9, 0.7), Deny),
        (Some(0.8), None, Interval, exact(nan), Incomplete),
        (None, Some(0.8), Interval, exact(nan), Incomplete),
        (
            Some(0.8),
            None,
            Interval,
            interval(nan, 0.9, 0.95),
            Incomplete,
        ),
        (
            Some(0.8),
            None,
            Interval,
            interval(0.85, 0.9, nan),
            Incomplete,
        ),
        (Some(0.8), None, Interval, exact(f64::INFINITY), Incomplete),
        (Some(nan), None, Interval, exact(0.9), Incomplete),
        (None, Some(f64::INFINITY), Interval, exact(0.9), Incomplete),
        (Some(0.9), Some(0.1), Interval, exact(0.5), Deny),
        (None, None, Interval, exact(0.5), Allow),
    ];
    for (number, (min, max, on, measure, verdict)) in rows.into_iter().enumerate() {
        let decision = scene(bounded(min, max, on), vec![measure]).decide();
        assert_eq!(
            decision.verdict, verdict,
            "row {number}: {:?}",
            decision.reasons
        );
    }
}

#[test]
fn every_group_is_compared() {
    let exact = |value| measure("ratio", value, Uncertainty::Exact);
    let groups = vec![
        exact(0.9).about("men"),
        exact(0.7).about("women"),
        exact(0.95),
    ];
    let scene = scene(bounded(Some(0.8), None, Bound::Interval), groups);
    scene.expect(Verdict::Deny, &["threshold"]);
    let reason = scene.decide().reasons.remove(0);
    assert_eq!(
        reason.message,
        "`ratio` of `women` on `loans` must be at least 0.8 but is 0.7 share"
    );
    assert_eq!(reason.check.as_deref(), Some("balance"));
}

#[test]
fn what_was_not_measured_is_not_within_bounds() {
    let mut scene = scene(bounded(Some(0.8), None, Bound::Interval), Vec::new());
    scene.expect(Verdict::Incomplete, &["missing-measure"]);
    // A check without meaning here measures nothing: then nothing is known.
    scene.piece("loans", "balance").predicate.outcome =
        Outcome::NotApplicable { why: String::new() };
    scene.expect(Verdict::Incomplete, &["missing-measure"]);
    scene.policy.thresholds[0].check = "no-such-check".to_owned();
    scene.expect(Verdict::Incomplete, &["missing-measure"]);
}

#[test]
fn a_bounded_check_is_a_required_one() {
    let mut scene = scene(bounded(Some(0.8), None, Bound::Interval), Vec::new());
    scene.policy.require = vec![Requirement::Sign];
    scene
        .dossier
        .checks
        .retain(|piece| piece.predicate.check.code != "balance");
    scene.expect(Verdict::Incomplete, &["missing-evidence"]);
}

#[test]
fn measures_under_another_configuration_meet_no_bound() {
    let exact = measure("ratio", 0.9, Uncertainty::Exact);
    let mut scene = scene(bounded(Some(0.8), None, Bound::Interval), vec![exact]);
    scene.expect(Verdict::Allow, &[]);
    let piece = scene.piece("loans", "balance");
    Arc::make_mut(&mut piece.predicate.configuration).digest = digest("other");
    scene.expect(Verdict::Incomplete, &["other-configuration"]);
}
