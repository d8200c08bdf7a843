//! Checks of data sets: integrity, quality, freshness, personal data.
//!
//! A check is one folder below `checks` and one line in [`CHECKS`].

use tutela_core::Check;

/// The checks of this crate, sorted by code.
pub const CHECKS: &[&dyn Check] = &[];
