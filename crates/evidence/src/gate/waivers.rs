//! Waivers: findings that a named person answers for, for a while, on exactly these bytes.

use tutela_core::{Class, Finding, Timestamp};

use super::cases::Case;
use super::draft::Draft;
use super::wording::{count, explain, name};
use super::{Reason, Waiver, WaiverUse};

/// The longest time that a waiver may run, in days: half a year, then somebody must look again.
pub const MAX_WAIVER_DAYS: i64 = 180;
const SECONDS_A_DAY: i64 = 86_400;
/// A waiver that ends sooner is announced.
const SOON_DAYS: i64 = 14;

/// Why a waiver does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaiverFault {
    /// A field that must be filled in is empty.
    #[error("its `{0}` is empty")]
    Empty(&'static str),
    /// It has ended.
    #[error("it ended on {}", .0.date())]
    Expired(Timestamp),
    /// It runs for longer than [`MAX_WAIVER_DAYS`].
    #[error("it ends on {}, more than {MAX_WAIVER_DAYS} days from now", .0.date())]
    TooLong(Timestamp),
    /// No waiver may cover findings of this class.
    #[error("nobody may answer for {}", .0.as_str())]
    Forbidden(Class),
}

impl WaiverFault {
    /// The rule that it breaks, as reasons name it.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Empty(_) => "incomplete-waiver",
            Self::Expired(_) => "expired-waiver",
            Self::TooLong(_) => "long-waiver",
            Self::Forbidden(_) => "forbidden-waiver",
        }
    }
}

impl Waiver {
    /// Why the waiver does not count at this moment; empty when it does.
    ///
    /// It counts up to and including the second in which it ends. `class` is that of the check it names,
    /// where it is known.
    #[must_use]
    pub fn faults(&self, now: Timestamp, class: Option<Class>) -> Vec<WaiverFault> {
        let fields = [
            ("rule", &self.rule),
            ("reason", &self.reason),
            ("owner", &self.owner),
        ];
        let empty = fields
            .into_iter()
            .filter(|(_, text)| text.trim().is_empty())
            .map(|(field, _)| WaiverFault::Empty(field));
        let left = self.expires.since(now);
        let time = if left < 0 {
            Some(WaiverFault::Expired(self.expires))
        } else if left > MAX_WAIVER_DAYS * SECONDS_A_DAY {
            Some(WaiverFault::TooLong(self.expires))
        } else {
            None
        };
        let forbidden = class
            .filter(|class| !class.can_be_waived())
            .map(WaiverFault::Forbidden);
        empty.chain(time).chain(forbidden).collect()
    }

    /// Whole days left; negative when it has ended.
    #[must_use]
    pub const fn days_left(&self, now: Timestamp) -> i64 {
        self.expires.since(now).div_euclid(SECONDS_A_DAY)
    }
}

/// The waivers of a policy while findings are weighed.
pub(super) struct Waivers<'a> {
    now: Timestamp,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    waiver: &'a Waiver,
    faults: Vec<WaiverFault>,
    covered: u64,
}

impl<'a> Waivers<'a> {
    pub(super) fn new(waivers: &'a [Waiver], now: Timestamp, cases: &[Case<'_>]) -> Self {
        let mut sorted: Vec<&Waiver> = waivers.iter().collect();
        sorted.sort_by_key(|waiver| {
            (
                (&waiver.rule, waiver.subject),
                (waiver.expires, &waiver.owner, &waiver.reason),
            )
        });
        let entries = sorted.into_iter().map(|waiver| Entry {
            waiver,
            faults: waiver.faults(now, class_of(&waiver.rule, cases)),
            covered: 0,
        });
        Self {
            now,
            entries: entries.collect(),
        }
    }

    /// Whether a waiver that counts covers this finding; if so, it has been used once more.
    pub(super) fn cover(&mut self, case: &Case<'_>, finding: &Finding) -> bool {
        // A finding under the code of another check has no class that could be relied on.
        if finding.code != case.code {
            return false;
        }
        let covering = self.entries.iter_mut().find(|entry| {
            entry.faults.is_empty()
                && entry.waiver.rule == finding.code
                && finding.is_about(entry.waiver.subject, case.artifact.digest)
        });
        match covering {
            Some(entry) => {
                entry.covered = entry.covered.saturating_add(1);
                true
            }
            None => false,
        }
    }

    /// Says what became of the waivers.
    pub(super) fn close(self, draft: &mut Draft) -> Vec<WaiverUse> {
        let now = self.now;
        for entry in &self.entries {
            entry.tell(now, draft);
        }
        let uses = self.entries.into_iter().map(|entry| WaiverUse {
            rule: entry.waiver.rule.clone(),
            subject: entry.waiver.subject,
            reason: entry.waiver.reason.clone(),
            owner: entry.waiver.owner.clone(),
            expires: entry.waiver.expires,
            days_left: entry.waiver.days_left(now),
            covered: entry.covered,
        });
        uses.collect()
    }
}

impl Entry<'_> {
    fn tell(&self, now: Timestamp, draft: &mut Draft) {
        let waiver = self.waiver;
        let what = format!(
            "the waiver of {} for {}",
            name(&waiver.rule),
            waiver.subject.short()
        );
        for fault in &self.faults {
            let message = format!("{what} does not count: {fault}");
            let cure = format!(
                "{}  # mend the finding, then renew or remove the [[waiver]] in tutela.toml",
                explain(&waiver.rule, None)
            );
            draft.reason(Reason::deny(fault.rule(), message, cure).by_check(&waiver.rule));
        }
        if !self.faults.is_empty() {
            return;
        }
        if self.covered == 0 {
            let message = format!("{what} covers nothing: remove it from tutela.toml");
            draft.warn("unused-waiver", message, None);
        }
        let days = waiver.days_left(now);
        if days < SOON_DAYS {
            let left = count(u64::try_from(days).unwrap_or_default(), "day");
            let message = format!("{what} ends in {left}, on {}", waiver.expires.date());
            let cure = explain(&waiver.rule, None);
            draft.warn("waiver-ends-soon", message, Some(cure));
        }
    }
}

/// The class of a check; the one that forbids a waiver where there are several.
fn class_of(rule: &str, cases: &[Case<'_>]) -> Option<Class> {
    let of_rule = cases.iter().filter(|case| case.code == rule);
    of_rule
        .flat_map(Case::classes)
        .min_by_key(|class| class.can_be_waived())
}
