//! Checks of data sets: integrity, quality, freshness, personal data.
//!
//! A check is one folder below `checks` and one line in [`CHECKS`].

mod checks;
mod plant;
mod stats;
mod tables;

pub use checks::CHECKS;
