//! What must hold whatever the dossier: the gate never turns green because of a loss or an addition.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::random::{green_scenes, scenes};
use super::*;

/// Deny is worse than incomplete, which is worse than allow.
fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => 0,
        Verdict::Incomplete => 1,
        Verdict::Deny => 2,
    }
}

#[test]
fn the_scenes_drawn_are_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0; 3];
    for _ in 0..1000 {
        let scene = scenes().new_tree(&mut runner).unwrap().current();
        counts[usize::from(badness(scene.decide().verdict))] += 1;
    }
    // Otherwise the invariants below would say little.
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

proptest! {
    #[test]
    fn removing_any_required_evidence_never_leaves_green(scene in green_scenes(), which: Index) {
        prop_assert_eq!(scene.decide().verdict, Verdict::Allow);
        let mut scene = scene;
        let checks = scene.dossier.checks.len();
        let number = which.index(checks + scene.dossier.manifests.len());
        if number < checks {
            scene.dossier.checks.remove(number);
        } else {
            scene.dossier.manifests.remove(number - checks);
        }
        prop_assert_eq!(scene.decide().verdict, Verdict::Incomplete);
    }

    #[test]
    fn changing_any_required_evidence_never_leaves_green(
        scene in green_scenes(), which: Index, change in 0..7_u8, byte: [u8; 32], seconds in 1..i64::MAX / 2,
    ) {
        let mut scene = scene;
        let other = Digest::from_bytes(byte);
        let number = which.index(scene.dossier.checks.len());
        let piece = &mut scene.dossier.checks[number];
        match change {
            0 => piece.subject = other,
            1 => Arc::make_mut(&mut piece.predicate.configuration).digest = other,
            2 => piece.standing = signed(&[&other.to_hex()], 4),
            3 => piece.standing = Standing::Unsigned,
            4 => Arc::make_mut(&mut piece.predicate.check).code.push('x'),
            5 => Arc::make_mut(&mut piece.predicate.artifact).name.push('x'),
            _ => piece.predicate.as_of = Timestamp::from_seconds(now().seconds() + seconds),
        }
        prop_assert_ne!(scene.decide().verdict, Verdict::Allow);
    }

    #[test]
    fn changing_any_artifact_never_leaves_green(scene in green_scenes(), which: Index, byte: [u8; 32]) {
        let mut scene = scene;
        let number = which.index(scene.expected.len());
        scene.expected[number].digest = Digest::from_bytes(byte);
        prop_assert_ne!(scene.decide().verdict, Verdict::Allow);
    }

    #[test]
    fn adding_a_finding_never_improves(
        scene in scenes(), which: Index, severity in select(&Severity::ALL[..]), identity in 0..4_u8,
        with_baseline: bool,
    ) {
        prop_assume!(!scene.dossier.checks.is_empty());
        let baseline = Evidence {
            id: digest("baseline"),
            subject: digest("credit"),
            predicate: BaselinePredicate::of(&scene.policy, &scene.expected, &scene.dossier),
            standing: signed(&["ci", "release"], 3),
        };
        let input = if with_baseline { BaselineInput::Verified(&baseline) } else { BaselineInput::None };
        let before = scene.decide_with(input);
        let mut worse = scene;
        let number = which.index(worse.dossier.checks.len());
        let piece = &mut worse.dossier.checks[number].predicate;
        piece.outcome = Outcome::Findings;
        piece.findings.push(finding(&piece.check.code, severity, &identity.to_string()));
        let after = worse.decide_with(input);
        prop_assert!(badness(after.verdict) >= badness(before.verdict), "{:?}\n{:?}", before, after);
    }

    #[test]
    fn a_baseline_of_now_hides_nothing_but_what_it_may(scene in scenes()) {
        let baseline = Evidence {
            id: digest("baseline"),
            subject: digest("credit"),
            predicate: BaselinePredicate::of(&scene.policy, &scene.expected, &scene.dossier),
            standing: signed(&["ci", "release"], 3),
        };
        let without = scene.decide();
        let with = scene.decide_with(BaselineInput::Verified(&baseline));
        prop_assert_eq!(with.baseline.as_ref().map(|found| found.gone), Some(0));
        let denied = |decision: &Decision, code: &str| {
            let findings = decision.reasons.iter().filter(|reason| reason.rule == "finding");
            findings.filter(|reason| reason.check.as_deref() == Some(code)).count()
        };
        prop_assert_eq!(denied(&with, "balance"), 0);
        for code in ["bad-pickle", "leaked-key"] {
            prop_assert_eq!(denied(&with, code), denied(&without, code));
        }
    }

    #[test]
    fn the_order_of_the_input_leaves_no_trace(scene in scenes(), seed: u64) {
        let before = scene.decide();
        let mut other = scene;
        shuffle(&mut other.expected, seed);
        other.expected.iter_mut().for_each(|artifact| shuffle(&mut artifact.checks, seed));
        shuffle(&mut other.dossier.checks, seed);
        for piece in &mut other.dossier.checks {
            shuffle(&mut piece.predicate.findings, seed);
        }
        shuffle(&mut other.dossier.manifests, seed);
        shuffle(&mut other.policy.waivers, seed);
        shuffle(&mut other.policy.require, seed);
        shuffle(&mut other.policy.trusted_keys, seed);
        prop_assert_eq!(other.decide(), before);
    }

    #[test]
    fn no_waiver_touches_malware(scene in scenes()) {
        let mut bare = scene.clone();
        bare.policy.waivers.clear();
        let malware = |scene: &Scene| {
            let reasons = scene.decide().reasons.into_iter();
            let of_malware = reasons.filter(|reason| reason.check.as_deref() == Some("bad-pickle"));
            of_malware.filter(|reason| reason.rule == "finding").collect::<Vec<_>>()
        };
        prop_assert_eq!(malware(&scene), malware(&bare));
        for waiver in scene.decide().waivers.iter().filter(|waiver| waiver.rule == "bad-pickle") {
            prop_assert_eq!(waiver.covered, 0);
        }
    }

    #[test]
    fn a_waiver_counts_exactly_from_its_end_back_to_half_a_year(left in -200 * 86_400..400 * 86_400_i64) {
        let waiver = Waiver {
            rule: "balance".to_owned(),
            subject: digest("loans"),
            reason: "seen".to_owned(),
            owner: "ada".to_owned(),
            expires: Timestamp::from_seconds(now().seconds() + left),
        };
        let counts = waiver.faults(now(), Some(Class::Quality)).is_empty();
        prop_assert_eq!(counts, (0..=180 * 86_400).contains(&left));
        prop_assert_eq!(waiver.days_left(now()) < 0, left < 0);
    }
}

/// Fisher and Yates with a multiplicative generator: enough to bring a list out of order.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for place in (1..items.len()).rev() {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        items.swap(place, (state >> 33) as usize % (place + 1));
    }
}
