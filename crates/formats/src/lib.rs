//! Parses hostile files into plain descriptions; judges nothing, executes nothing.
//!
//! Every parser takes [`tutela_core::Bytes`] and [`tutela_core::Limits`], reads through a small buffer,
//! and returns what it saw, including everything that is not as the format wants it. What that means is
//! for the checks to say. [`sniff`] tells formats by content, [`walk`] goes through everything packed
//! inside a file.

pub mod boosted;
pub mod bytecode;
pub mod concealed;
pub mod coreml;
mod entry;
pub mod executable;
pub mod executorch;
mod extent;
mod fields;
mod flat;
mod format;
pub mod gguf;
pub mod hdf5;
mod input;
pub mod json;
mod kept;
pub mod keras;
pub mod layers;
pub mod layout;
mod little;
pub mod mnn;
mod models;
pub mod msgpack;
mod nested;
pub mod npy;
pub mod ocdbt;
pub mod oci;
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
pub mod torch7;
pub mod torchscript;
pub mod tree;
mod wire;
pub mod xml;
pub mod yaml;
pub mod zip;

pub use entry::Entry;
pub use flat::Fault as FlatFault;
pub use format::Format;
pub use nested::{Limit, Unread, walk};
pub use sniff::{sniff, sniff_all};
pub use sweep::{Sweep, sweep};
