//! Tests of the vocabulary through its public door.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod catalogue;
mod excerpt;
mod runner;
mod scratch;
mod support;
