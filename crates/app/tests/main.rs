//! Tests of the program as its users meet it: one binary, one module a subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod end_to_end;
mod report;
mod support;
