//! Checks of model files, programs and secrets.
//!
//! A check is one folder below `checks` and one line in `checks/mod.rs`.

mod checks;
mod claims;
mod inside;
mod signs;

pub use checks::CHECKS;
