//! Parses hostile files into plain descriptions; judges nothing, executes nothing.
//!
//! Every parser takes [`tutela_core::Bytes`] and [`tutela_core::Limits`], reads through a small buffer,
//! and returns what it saw, including everything that is not as the format wants it. What that means is
//! for the checks to say. [`sniff`] tells formats by content, [`walk`] goes through everything packed
//! inside a file.

pub mod bytecode;
pub mod concealed;
pub mod coreml;
pub mod executable;
mod fields;
mod format;
pub mod gguf;
pub mod hdf5;
mod input;
pub mod json;
pub mod keras;
mod little;
mod models;
mod nested;
pub mod npy;
pub mod onnx;
pub mod packages;
pub mod pickle;
pub mod python;
pub mod rdata;
pub mod safetensors;
pub mod sevenzip;
mod sniff;
pub mod stream;
pub mod strings;
mod sweep;
pub mod tar;
pub mod tensorflow;
pub mod tflite;
pub mod toml;
pub mod torchscript;
pub mod tree;
mod wire;
pub mod xml;
pub mod yaml;
pub mod zip;

pub use format::Format;
pub use nested::{Entry, Limit, Unread, walk};
pub use sniff::{sniff, sniff_all};
pub use sweep::{Sweep, sweep};
