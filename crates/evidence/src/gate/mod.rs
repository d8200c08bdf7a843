//! The gate: decides from verified evidence, and fails closed.

mod decision;
mod policy;

pub use decision::{BaselineUse, Decision, Notice, Reason, Verdict, WaiverUse};
pub use policy::{Bound, Expected, ExpectedCheck, Policy, Requirement, Threshold, Waiver};
