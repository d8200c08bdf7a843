//! Which evidence counts: for every check on every artifact, the piece that speaks, and what it lacks.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::{Class, Digest, Timestamp};

use super::{Expected, ExpectedCheck, Policy, Requirement};
use crate::{CheckPredicate, Dossier, Evidence, Standing};

const SECONDS_A_DAY: i64 = 86_400;

/// How many of the keys that signed are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// As many as the policy demands.
    Enough,
    /// Some, but fewer than the policy demands.
    TooFew,
    /// None.
    Nobody,
    /// Nobody signed at all.
    Unsigned,
}

impl Trust {
    pub(super) fn of(policy: &Policy, standing: &Standing) -> Self {
        let Standing::Verified { signers, .. } = standing else {
            return Self::Unsigned;
        };
        let trusted: BTreeSet<&String> = signers
            .iter()
            .filter(|signer| policy.trusted_keys.contains(signer))
            .collect();
        match trusted.len() {
            0 => Self::Nobody,
            number if number >= demanded_signatures(policy) => Self::Enough,
            _ => Self::TooFew,
        }
    }
}

/// At least one: a policy that demands no signature would let anybody speak.
pub(super) fn demanded_signatures(policy: &Policy) -> usize {
    usize::try_from(policy.signatures.max(1)).unwrap_or(usize::MAX)
}

/// What the newest evidence is chosen by: its place in the log, then its name, so that it is never chance.
pub(super) const fn age_key<P>(evidence: &Evidence<P>) -> (u64, Digest) {
    let index = match evidence.standing {
        Standing::Verified { index, .. } => index,
        Standing::Unsigned | Standing::Undigested => 0,
    };
    (index, evidence.id)
}

/// Why evidence does not satisfy a demand; the nearest miss first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Miss {
    /// Older than the policy allows.
    Stale,
    /// Made after the moment that counts as now.
    Future,
    /// Signed by some trusted keys, but too few.
    TooFewSignatures,
    /// Signed, but by no trusted key.
    Untrusted,
    /// Signed by nobody.
    Unsigned,
    /// Made under another configuration.
    OtherConfiguration,
    /// About other bytes.
    OtherDigest,
    /// Not there.
    Missing,
}

type Piece = Evidence<CheckPredicate>;

/// One check on one artifact, and what is known about it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) artifact: &'a Expected,
    pub(super) code: &'a str,
    /// The check as it applies now; none when only evidence knows it.
    pub(super) check: Option<&'a ExpectedCheck>,
    /// Whether the policy demands the check's result.
    pub(super) required: bool,
    /// The piece about the present bytes that fits best, of those that a trusted key signed.
    pub(super) speaks: Option<&'a Piece>,
    /// Why `speaks` does not count *for* the system; none when it does.
    pub(super) miss: Option<Miss>,
    /// How many pieces about the present bytes no trusted key signed.
    pub(super) unreliable: usize,
}

impl Case<'_> {
    /// Every class that somebody gives the check: old evidence must not soften what it is today.
    pub(super) fn classes(&self) -> impl Iterator<Item = Class> {
        let then = self.speaks.map(|piece| piece.predicate.check.class);
        let now = self.check.map(|check| check.class);
        now.into_iter().chain(then)
    }
}

/// Every check on every artifact: those that apply now, and those that only evidence speaks of.
pub(super) fn cases<'a>(
    policy: &Policy,
    expected: &'a [Expected],
    dossier: &'a Dossier,
) -> Vec<Case<'a>> {
    let mut known: BTreeMap<&str, BTreeMap<&str, Vec<&Piece>>> = BTreeMap::new();
    for piece in &dossier.checks {
        let artifact = known.entry(&piece.predicate.artifact.name).or_default();
        let check = artifact.entry(&piece.predicate.check.code).or_default();
        check.push(piece);
    }
    let mut artifacts: Vec<&Expected> = expected.iter().collect();
    artifacts.sort_by_key(|artifact| (&artifact.artifact, artifact.digest));
    let mut cases = Vec::new();
    for artifact in artifacts {
        let none = BTreeMap::new();
        let pieces = known.get(artifact.artifact.as_str()).unwrap_or(&none);
        let applying = artifact.checks.iter().map(|check| check.code.as_str());
        let codes: BTreeSet<&str> = applying.chain(pieces.keys().copied()).collect();
        for code in codes {
            let candidates = pieces.get(code).map(Vec::as_slice).unwrap_or_default();
            cases.push(weigh(policy, artifact, code, candidates, dossier.as_of));
        }
    }
    cases
}

fn weigh<'a>(
    policy: &Policy,
    artifact: &'a Expected,
    code: &'a str,
    candidates: &[&'a Piece],
    now: Timestamp,
) -> Case<'a> {
    let check = artifact.checks.iter().find(|check| check.code == code);
    let present: Vec<(&Piece, Trust, bool)> = candidates
        .iter()
        .filter(|piece| piece.subject == artifact.digest)
        .map(|piece| {
            let trust = Trust::of(policy, &piece.standing);
            (*piece, trust, fits(artifact, check, piece))
        })
        .collect();
    let speaks = present
        .iter()
        .filter(|(_, trust, _)| matches!(trust, Trust::Enough | Trust::TooFew))
        .max_by_key(|(piece, trust, fits)| {
            (*fits && *trust == Trust::Enough, *fits, age_key(piece))
        });
    let miss = match speaks {
        Some((piece, Trust::Enough, true)) => off_time(policy, piece, now),
        _ => {
            let nearest = present.iter().map(|(_, trust, fits)| miss(*trust, *fits));
            nearest.min().or(Some(if candidates.is_empty() {
                Miss::Missing
            } else {
                Miss::OtherDigest
            }))
        }
    };
    Case {
        artifact,
        code,
        check,
        required: check.is_some_and(|check| requires(policy, check)),
        speaks: speaks.map(|(piece, _, _)| *piece),
        miss,
        unreliable: present
            .iter()
            .filter(|(_, trust, _)| matches!(trust, Trust::Nobody | Trust::Unsigned))
            .count(),
    }
}

/// Whether the evidence is about the check as it applies now.
fn fits(artifact: &Expected, check: Option<&ExpectedCheck>, piece: &Piece) -> bool {
    piece.predicate.artifact.kind == artifact.kind
        && check.is_some_and(|check| check.configuration == piece.predicate.configuration.digest)
}

fn off_time(policy: &Policy, piece: &Piece, now: Timestamp) -> Option<Miss> {
    let age = now.since(piece.predicate.as_of);
    let greatest = policy
        .max_evidence_age_days
        .map(|days| i64::from(days).saturating_mul(SECONDS_A_DAY));
    if age < 0 {
        Some(Miss::Future)
    } else {
        greatest
            .filter(|greatest| age > *greatest)
            .map(|_| Miss::Stale)
    }
}

/// What a piece about the present bytes lacks, which does not both fit and have enough signatures.
const fn miss(trust: Trust, fits: bool) -> Miss {
    match (trust, fits) {
        (Trust::Nobody, _) => Miss::Untrusted,
        (Trust::TooFew, true) => Miss::TooFewSignatures,
        (Trust::Unsigned, true) => Miss::Unsigned,
        (Trust::Enough | Trust::TooFew | Trust::Unsigned, _) => Miss::OtherConfiguration,
    }
}

/// Whether the policy demands the result of a check; bounding what it measures demands it too.
fn requires(policy: &Policy, check: &ExpectedCheck) -> bool {
    let named = policy.require.iter().any(|requirement| match requirement {
        Requirement::Suite(suite) => *suite == check.suite,
        Requirement::Check(code) => *code == check.code,
        Requirement::Sign => false,
    });
    let bounded = policy
        .thresholds
        .iter()
        .any(|threshold| threshold.check == check.code);
    policy.require.is_empty() || named || bounded
}
