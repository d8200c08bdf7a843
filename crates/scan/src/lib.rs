//! Checks of model files, programs and secrets.
//!
//! A check is one folder below `checks` and one line in `checks/mod.rs`.

mod callables;
mod checks;
mod inside;

pub use checks::CHECKS;
