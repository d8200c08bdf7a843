//! Checks of data sets: integrity, quality, freshness, personal data.
//!
//! A check is one folder below `checks` and one line in [`CHECKS`].

mod tables;

use tutela_core::Check;

/// The checks of this crate, sorted by code.
pub const CHECKS: &[&dyn Check] = &[];
