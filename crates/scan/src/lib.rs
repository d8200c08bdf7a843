//! Checks of model files, programs and secrets.
//!
//! A check is one folder below `checks` and one line in `checks/mod.rs`.

mod checks;
mod inside;
mod tensorflow;

pub use checks::CHECKS;
