//! Parses hostile files into plain descriptions; judges nothing, executes nothing.
//!
//! Every parser takes [`tutela_core::Bytes`] and [`tutela_core::Limits`], reads through a small buffer,
//! and returns what it saw, including everything that is not as the format wants it. What that means is
//! for the checks to say.

mod input;
pub mod pickle;
