//! The measures as forest plots: a dot for the value, a line for its interval, and the same in words.

use tutela_core::{Measure, Uncertainty};
use tutela_evidence::{CheckPredicate, Evidence};

use super::plot::Axis;
use super::{Budget, Cut};
use crate::report::text::{NAME, grouped, number, show};
use crate::report::view::View;

/// The measures of one check on one artifact that share a unit, and so an axis.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) code: String,
    pub(super) title: String,
    pub(super) artifact: String,
    pub(super) unit: String,
    pub(super) evidence: String,
    pub(super) rows: Cut<Line>,
    pub(super) ticks: Vec<Tick>,
}

/// One measure.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) value: String,
    pub(super) interval: Option<Interval>,
    pub(super) samples: String,
    pub(super) method: String,
    pub(super) x: String,
}

/// A confidence interval.
#[derive(Debug)]
pub(super) struct Interval {
    pub(super) words: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// A labelled place on the axis.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
}

/// The plots that fit, in the order of the evidence.
pub(super) fn plots(view: &View<'_>, budget: Budget) -> Cut<Plot> {
    let plots = view.dossier.checks.iter().flat_map(by_unit);
    Cut::map(plots, budget.rows / 4, |(evidence, unit, measures)| {
        plot(evidence, unit, &measures, budget)
    })
}

/// The measures of one result that share a unit, in the order of the evidence.
type OfUnit<'a> = (&'a Evidence<CheckPredicate>, &'a str, Vec<&'a Measure>);

fn by_unit(evidence: &Evidence<CheckPredicate>) -> Vec<OfUnit<'_>> {
    let mut units: Vec<OfUnit<'_>> = Vec::new();
    for measure in &evidence.predicate.measures {
        match units.iter_mut().find(|(_, unit, _)| *unit == measure.unit) {
            Some((_, _, of_unit)) => of_unit.push(measure),
            None => units.push((evidence, &measure.unit, vec![measure])),
        }
    }
    units
}

fn plot(
    evidence: &Evidence<CheckPredicate>,
    unit: &str,
    measures: &[&Measure],
    budget: Budget,
) -> Plot {
    let most = budget.rows / 8;
    let shown = measures.iter().take(most);
    let axis = Axis::around(shown.flat_map(|measure| match measure.uncertainty {
        Uncertainty::Exact => [measure.value, measure.value, measure.value],
        Uncertainty::Interval { low, high, .. } => [measure.value, low, high],
    }));
    let tick = |value: &f64| Tick {
        x: axis.x(*value),
        label: number(*value),
    };
    Plot {
        code: show(&evidence.predicate.check.code, NAME),
        title: show(&evidence.predicate.check.title, NAME),
        artifact: show(&evidence.predicate.artifact.name, NAME),
        unit: show(unit, NAME),
        evidence: evidence.id.short(),
        rows: Cut::map(measures, most, |measure| line(measure, &axis)),
        ticks: axis.ticks.iter().map(tick).collect(),
    }
}

fn line(measure: &Measure, axis: &Axis) -> Line {
    let interval = match measure.uncertainty {
        Uncertainty::Exact => None,
        Uncertainty::Interval { low, high, level } => Some(Interval {
            words: format!(
                "{} to {} ({}\u{a0}%)",
                number(low),
                number(high),
                number(level * 100.0)
            ),
            from: axis.x(low),
            to: axis.x(high),
        }),
    };
    Line {
        name: show(&measure.name, NAME),
        about: measure.about.as_deref().map(|about| show(about, NAME)),
        value: number(measure.value),
        interval,
        samples: grouped(measure.samples),
        method: show(&measure.method, NAME),
        x: axis.x(measure.value),
    }
}
