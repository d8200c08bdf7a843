//! The gate: decides from verified evidence, and fails closed.
//!
//! [`decide`] is a pure function of the policy, the artifacts as they are now, and a dossier. It answers
//! *deny* when something speaks against the system, *incomplete* when something could not be checked or
//! verified, and *allow* only when neither is so. What speaks for a system must be signed by enough trusted
//! keys and be about exactly the present bytes and configuration; what speaks against it counts as soon as
//! one trusted key says so about the present bytes, whether it was required or not.
//!
//! | what is wrong | rule | answer |
//! |---|---|---|
//! | a finding at or over the threshold, not waived, not in the baseline | `finding`, `more-findings`, `omitted-findings` | deny |
//! | a measure outside its bounds | `threshold` | deny |
//! | evidence about the present bytes that no trusted key signed, and none that counts | `untrusted-signer` | deny |
//! | evidence that does not verify | `refused-evidence` | deny |
//! | a required manifest that vouches for other bytes | `other-manifest` | deny |
//! | a waiver that has ended, is too long, lacks a field or names malware | `expired-waiver`, `long-waiver`, `incomplete-waiver`, `forbidden-waiver` | deny |
//! | required evidence that is not there | `missing-evidence`, `missing-manifest` | incomplete |
//! | required evidence about other bytes or another configuration | `other-digest`, `other-configuration` | incomplete |
//! | required evidence signed by nobody, or by too few trusted keys | `unsigned-evidence`, `missing-signature` | incomplete |
//! | required evidence that is too old, or from after now | `stale-evidence`, `future-evidence` | incomplete |
//! | a check that could not look, contradicts itself, or stayed green on a planted fault | `incomplete-check`, `contradictory-evidence`, `failed-self-test` | incomplete |
//! | a bounded measure that nobody took, or that is not a number | `missing-measure` | incomplete |
//! | a baseline that cannot be relied on | `unverifiable-baseline` | incomplete |
//! | a requirement that nothing here can meet | `nothing-to-check` | incomplete |
//! | more signatures demanded than keys are trusted | `too-few-trusted-keys` | incomplete |

mod baseline;
mod cases;
mod decision;
mod draft;
mod evidence;
mod findings;
mod manifests;
mod policy;
#[cfg(test)]
mod tests;
mod thresholds;
mod vsa;
mod waivers;
mod wording;

pub use baseline::{BaselineEntry, BaselineInput, BaselinePredicate};
pub use decision::{BaselineUse, Decision, Notice, Reason, Verdict, WaiverUse};
pub use policy::{Bound, Expected, ExpectedCheck, Policy, Requirement, Threshold, Waiver};
pub use vsa::{
    DECISION_FIELD, InputAttestation, PolicyDescriptor, VerificationResult, Verifier, Vsa, VsaError,
};
pub use waivers::{MAX_WAIVER_DAYS, WaiverFault};

use crate::Dossier;
use baseline::Ledger;
use draft::Draft;
use waivers::Waivers;

/// Decides whether a system may go on, from evidence alone.
///
/// Pure and deterministic: the moment that counts as now is the dossier's, and the order of anything in
/// the policy, the expected artifacts or the dossier does not change the answer.
#[must_use]
pub fn decide(
    policy: &Policy,
    expected: &[Expected],
    dossier: &Dossier,
    baseline: BaselineInput<'_>,
) -> Decision {
    let mut draft = Draft::default();
    let cases = cases::cases(policy, expected, dossier);
    let mut waivers = Waivers::new(&policy.waivers, dossier.as_of, &cases);
    let mut ledger = Ledger::open(policy, dossier, baseline, &mut draft);

    evidence::demand(policy, expected, dossier, &mut draft);
    evidence::weigh(policy, &cases, dossier.as_of, &mut draft);
    manifests::weigh(policy, expected, dossier, &mut draft);
    thresholds::weigh(policy, &cases, &mut draft);
    findings::weigh(policy, &cases, &mut waivers, &mut ledger, &mut draft);
    let waivers = waivers.close(&mut draft);
    let baseline = ledger.close(&mut draft);
    draft.decide(policy, dossier.as_of, waivers, baseline)
}
