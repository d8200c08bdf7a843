//! Checks of model files, programs and secrets.
//!
//! A check is one folder below `checks` and one line in `checks/mod.rs`.

mod advisories;
mod beside;
mod callables;
mod carried;
mod checks;
mod claims;
mod config;
mod inside;
mod inventory;
mod keras;
mod names;
mod signs;
mod source;
mod template;
mod tensorflow;
mod together;
mod torch;

pub use checks::CHECKS;
