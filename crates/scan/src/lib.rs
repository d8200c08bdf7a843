//! Checks of model files, programs and secrets.
//!
//! A check is one folder below `checks` and one line in `checks/mod.rs`.

mod callables;
mod checks;
mod claims;
mod config;
mod inside;
mod keras;
mod signs;
mod template;
mod tensorflow;
mod together;
mod torch;

pub use checks::CHECKS;
