//! The tables by which a project makes demands: `[gate]`, its thresholds, and `[[waiver]]`.

use tutela_core::{Catalogue, Digest, Severity, Suite};
use tutela_evidence::gate::{Bound, Requirement, Threshold, Waiver};

use super::GateConfig;
use super::parse::known_check;
use super::problem::did_you_mean;
use super::section::{Section, Spanned};

pub(super) fn gate(section: Section<'_>, catalogue: &Catalogue) -> GateConfig {
    let usual = GateConfig::default();
    let severities = Severity::ALL.map(|severity| (severity.as_str(), severity));
    let config = GateConfig {
        fail_on: section
            .word("fail_on", &severities)
            .unwrap_or(usual.fail_on),
        require: section
            .strings("require")
            .iter()
            .filter_map(|name| requirement(&section, name, catalogue))
            .collect(),
        max_evidence_age_days: section.days("max_evidence_age"),
        thresholds: section
            .tables("threshold")
            .into_iter()
            .filter_map(|table| threshold(table, catalogue))
            .collect(),
        signatures: signatures(&section).unwrap_or(usual.signatures),
    };
    section.finish();
    config
}

fn signatures(section: &Section<'_>) -> Option<u32> {
    let count = section.integer("signatures")?;
    let valid = u32::try_from(count.value)
        .ok()
        .filter(|count| (1..=100).contains(count));
    if valid.is_none() {
        section.problem(
            format!("`signatures` is {}; expected 1 to 100", count.value),
            count.span,
        );
    }
    valid
}

fn requirement(
    section: &Section<'_>,
    name: &Spanned<String>,
    catalogue: &Catalogue,
) -> Option<Requirement> {
    if name.value == "sign" {
        return Some(Requirement::Sign);
    }
    if let Some(suite) = Suite::ALL
        .into_iter()
        .find(|suite| suite.as_str() == name.value)
    {
        return Some(Requirement::Suite(suite));
    }
    if catalogue.get(&name.value).is_some() {
        return Some(Requirement::Check(name.value.clone()));
    }
    let known = || {
        let suites = Suite::ALL.into_iter().map(Suite::as_str);
        suites
            .chain(["sign"])
            .chain(catalogue.iter().map(|check| check.info().code))
    };
    let hint = did_you_mean(&name.value, known())
        .unwrap_or_else(|| "expected `scan`, `data`, `sign` or the code of a check".to_owned());
    section.problem_with_hint(
        format!(
            "`{}` is not evidence that this version can require",
            name.value
        ),
        name.span.clone(),
        hint,
    );
    None
}

fn threshold(section: Section<'_>, catalogue: &Catalogue) -> Option<Threshold> {
    let check = section
        .required("check")
        .filter(|code| known_check(&section, code, catalogue).is_some());
    let measure = section.required("measure");
    let (min, max) = (section.number("min"), section.number("max"));
    let bounds = [("interval", Bound::Interval), ("value", Bound::Value)];
    let decide_on = section.word("decide_on", &bounds).unwrap_or_default();
    match (&min, &max) {
        (None, None) => section.problem(
            "`[[gate.threshold]]` lacks a bound; expected `min`, `max` or both",
            section.span(),
        ),
        (Some(min), Some(max)) if min.value > max.value => {
            section.problem(
                format!("`min` {} is greater than `max` {}", min.value, max.value),
                min.span.clone(),
            );
        }
        _ => {}
    }
    section.finish();
    Some(Threshold {
        check: check?.value,
        measure: measure?.value,
        min: min.map(|bound| bound.value),
        max: max.map(|bound| bound.value),
        decide_on,
    })
}

pub(super) fn waiver(section: Section<'_>, catalogue: &Catalogue) -> Option<Waiver> {
    let rule = section.required("rule");
    if let Some(info) = rule
        .as_ref()
        .and_then(|rule| known_check(&section, rule, catalogue))
        && !info.class.can_be_waived()
    {
        let span = rule
            .as_ref()
            .map_or(section.span(), |rule| rule.span.clone());
        let hint = "remove the file, or replace it by one that holds no code";
        section.problem_with_hint(
            format!("`{}` finds malware, which cannot be waived", info.code),
            span,
            hint,
        );
    }
    let subject = section.required("subject").and_then(|text| {
        let digest = text.value.parse::<Digest>();
        if let Err(error) = &digest {
            section.problem(format!("`subject` in `[[waiver]]`: {error}"), text.span);
        }
        digest.ok()
    });
    let reason = section.required("reason");
    let owner = section.required("owner");
    let expires = section.date("expires");
    if expires.is_none()
        && section.span().start > 0
        && !section
            .entries()
            .iter()
            .any(|(key, _)| key.value == "expires")
    {
        section.problem_with_hint(
            "`[[waiver]]` lacks `expires`",
            section.span(),
            "at most 180 days from now: `expires = 2027-01-31`",
        );
    }
    section.finish();
    Some(Waiver {
        rule: rule?.value,
        subject: subject?,
        reason: reason?.value,
        owner: owner?.value,
        expires: expires?.value,
    })
}
