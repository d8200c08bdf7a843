//! Describes models of Paddle, `MXNet`, Caffe and CNTK: which operators run, with the texts that they are given.
//!
//! Weights are stepped over; that they fit into the file is looked at.

mod caffe;
mod cntk;
mod mxnet;
mod paddle;
mod pir;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::Format;

pub use mxnet::symbol;
pub use pir::program;
pub(crate) use {
    caffe::looks_like as is_caffe, cntk::looks_like as is_cntk, mxnet::is_parameters as is_mxnet,
};

/// Operators and faults that are kept.
const KEPT: usize = 100_000;
/// Bytes of a text that are kept.
const TEXT: u64 = 4 << 10;
/// Texts of one operator that are kept.
const TEXTS: usize = 100;

/// What a model runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// Its operators or layers.
    pub operators: Vec<Operator>,
    /// Arrays of weights.
    pub arrays: u64,
    /// What is malformed, or was not followed.
    pub faults: Vec<Fault>,
}

/// An operator or a layer. Texts are as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operator {
    /// What it does.
    pub kind: String,
    /// The texts that it is given, by the names of its settings.
    pub texts: Vec<(String, String)>,
    /// Where it starts in the file.
    pub at: u64,
}

impl Operator {
    /// The text of a setting.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str())
    }

    /// Every text of a setting, which may stand more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.texts.iter().filter(move |(known, _)| known == name);
        found.map(|(_, text)| text.as_str())
    }

    fn add(&mut self, name: &str, text: String) {
        if self.texts.len() < TEXTS {
            self.texts.push((name.to_owned(), text));
        }
    }
}

/// What is malformed in a model, or was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Something is not as the format wants it.
    #[error("the model is malformed at byte {at}")]
    Malformed {
        /// Where.
        at: u64,
    },
    /// More is declared than the file holds.
    #[error("the array at byte {at} declares {declared} bytes, but {left} follow")]
    Beyond {
        /// Where it is.
        at: u64,
        /// How many; all ones when that is more than a number holds.
        declared: u64,
        /// Bytes that follow.
        left: u64,
    },
    /// A part that is known and not looked into.
    #[error("the {what} at byte {at} is not looked into")]
    NotRead {
        /// What it is.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// A limit was reached.
    #[error("there is more to read than the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Model {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < KEPT {
            self.faults.push(fault);
        }
    }

    fn keep(&mut self, operator: Operator) {
        if self.operators.len() < KEPT {
            self.operators.push(operator);
        } else if self.operators.len() == KEPT {
            self.note(Fault::Limit {
                what: "operators",
                limit: KEPT as u64,
            });
        }
    }
}

/// Describes a model of one of these formats.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, format: Format, limits: &Limits) -> io::Result<Model> {
    match format {
        Format::Paddle => paddle::read(bytes, limits),
        Format::MxNet => mxnet::parameters(bytes, limits),
        Format::Caffe => caffe::read(bytes, limits),
        Format::Cntk => cntk::read(bytes, limits),
        _ => Ok(Model::default()),
    }
}

/// Describes a Caffe model in its text form; none when the text is none.
#[must_use]
pub fn prototxt(text: &str) -> Option<Model> {
    caffe::prototxt(text)
}
