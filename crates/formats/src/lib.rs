//! Parses hostile files into plain descriptions; judges nothing, executes nothing.
//!
//! Every parser takes [`tutela_core::Bytes`] and [`tutela_core::Limits`], reads through a small buffer,
//! and returns what it saw, including everything that is not as the format wants it. What that means is
//! for the checks to say. [`sniff`] tells formats by content, [`walk`] goes through everything packed
//! inside a file.

pub mod executable;
mod format;
pub mod inflate;
mod input;
mod little;
mod nested;
pub mod npy;
pub mod onnx;
pub mod pickle;
pub mod safetensors;
mod sniff;
pub mod tar;
pub mod tensorflow;
pub mod tflite;
mod wire;
pub mod zip;

pub use format::Format;
pub use nested::{Entry, Unread, walk};
pub use sniff::{sniff, sniff_all};
