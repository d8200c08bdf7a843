//! Fixtures, cases and harnesses for tests. Never a dependency of the product.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test harness fails by panicking"
)]

mod cases;
mod crash;

pub use cases::{artifact_of, run_cases};
pub use crash::Crash;
