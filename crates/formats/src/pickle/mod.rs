//! Describes pickles by running their opcodes on a symbolic machine. Nothing is imported or called.
//!
//! The idea: follow every opcode as Python's `Unpickler` would, with a stack, marks and a memo, but let a
//! call only *record* what would be called and leave a value that stands for its result. So a name that
//! is put together through the memo, and a call on the result of a call, are seen for what they are.
//! Where Python would stop with an exception the machine notes the fault and, if it can, goes on: the
//! payload of an attack usually runs before the stream breaks.

mod argument;
mod arrays;
mod by_name;
mod calls;
mod code;
mod concealed;
mod execute;
mod expansion;
mod inner;
mod machine;
mod merge;
mod opcode;
mod render;
mod semantics;
#[cfg(test)]
mod tests;
mod texts;
mod value;

use std::fmt;
use std::io;

use tutela_core::{Bytes, Limits};

use crate::bytecode::Function;
pub use concealed::concealed;
use machine::{Machine, Reading};
pub use opcode::Opcode;
pub use semantics::unvendored;
pub use texts::texts;

/// What a run of pickles would do.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Pickles {
    /// The pickles in order: one file may hold several, and loaders read on.
    pub streams: Vec<Stream>,
    /// Everything imported, each name once, in the order of first use.
    pub imports: Vec<Import>,
    /// Calls in order. Of one import only the first [`CALLS_SHOWN`]; all are counted in the import.
    pub calls: Vec<Call>,
    /// Everything that is not as the format wants it, in order.
    pub anomalies: Vec<Anomaly>,
    /// How many bytes were followed.
    pub examined: u64,
    /// How many values the loader's own `persistent_load` would be asked for.
    pub persistent: u64,
    /// The first of these values, as Python would write them.
    pub persistent_ids: Vec<String>,
    /// Pickles inside values, at all levels; what they import and call is told with the rest.
    pub nested: Vec<Nested>,
    /// Where raw numbers of joblib's arrays lie between the opcodes, start and end.
    pub arrays: Vec<(u64, u64)>,
    /// Functions whose code the pickle carries, in the order in which they are made.
    pub code: Vec<Code>,
    /// Modules that the pickle gets as values, each name once.
    pub modules: Vec<Module>,
}

/// A function whose code lies in the pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it takes from outside.
    pub function: Function,
    /// Where the opcode is that makes it.
    pub at: u64,
    /// The import that makes it, by its index in [`Pickles::imports`]; none when that cannot be told.
    pub maker: Option<usize>,
    /// The value that it lies in, by its index in [`Pickles::nested`]; none for the pickle itself.
    pub inside: Option<usize>,
}

/// A module that a pickle gets as a value, or `builtins.getattr` or `builtins.open`, which reach as much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// The texts that it stands under in dictionaries, such as the globals of a function.
    pub keys: Vec<String>,
    /// Whether it also stands elsewhere, so that it may be known by any name.
    pub loose: bool,
}

/// A pickle inside a value of a pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// Where the value starts.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// What it is written in, outermost first; nothing when it lies there as it is.
    pub codings: Vec<Coding>,
    /// Whether every pickle in it ended with STOP.
    pub complete: bool,
}

/// What a pickle inside a value is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// Characters that stand for bytes.
    Text,
    /// Base64, plain or for URLs.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// A zlib stream.
    Zlib,
    /// A gzip stream.
    Gzip,
    /// Base32.
    Base32,
    /// Base85 in Python's alphabet, or Ascii85.
    Base85,
    /// A bzip2 stream.
    Bzip2,
    /// An xz stream.
    Xz,
    /// An lzma stream.
    Lzma,
}

impl fmt::Display for Coding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "text",
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Base32 => "base32",
            Self::Base85 => "base85",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
        })
    }
}

/// Calls of one import that are described one by one.
pub const CALLS_SHOWN: u64 = 256;

/// One pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Its first byte.
    pub start: u64,
    /// One past the last byte that was followed.
    pub end: u64,
    /// The protocol that it declares; none before protocol 2.
    pub protocol: Option<u8>,
    /// Whether it ended with STOP.
    pub complete: bool,
}

/// A name that a pickle imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module, as written; none when the machine could not resolve it.
    pub module: Option<String>,
    /// The name in the module, dots included; none when the machine could not resolve it.
    pub name: Option<String>,
    /// Where the first opcode that imports it starts.
    pub start: u64,
    /// One past that opcode.
    pub end: u64,
    /// The opcode that imports it first.
    pub opcode: Opcode,
    /// How often it is called, directly.
    pub called: u64,
    /// How many of these calls are given a pickle as their first argument that is described as well.
    pub fed: u64,
    /// Of how many of these calls the result is known, so that what is done with it is told by itself.
    pub resolved: u64,
    /// Whether an opcode changes the import itself, such as its attributes, not an object made from it.
    pub patched: bool,
    /// How the pickle comes by it.
    pub origin: Origin,
    /// The value that it lies in, by its index in [`Pickles::nested`]; none for the pickle itself.
    pub inside: Option<usize>,
}

/// How a pickle comes by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// An opcode names it.
    Named,
    /// It is reached through calls such as `getattr`.
    Attribute,
    /// It is reached as an attribute of an object that a call has made.
    Method,
}

impl fmt::Display for Import {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |part: &Option<String>| {
            part.as_ref()
                .map_or_else(|| "?".to_owned(), |text| tutela_core::escape(text, 120))
        };
        write!(formatter, "{}.{}", shown(&self.module), shown(&self.name))
    }
}

/// A call that a pickle makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// The opcode that calls.
    pub opcode: Opcode,
    /// Where the opcode is.
    pub at: u64,
    /// The first arguments.
    pub arguments: Vec<Argument>,
    /// Imports and results anywhere in the arguments, the first few.
    pub uses: Vec<Argument>,
    /// Whether a text stands anywhere in its arguments.
    pub holds_text: bool,
    /// Keys with two underscores in the state that BUILD sets.
    pub keys: Vec<String>,
    /// Whether its result is known, so that what is done with it is told by itself.
    pub resolved: bool,
    /// The value that it lies in, by its index in [`Pickles::nested`]; none for the pickle itself.
    pub inside: Option<usize>,
    /// The call as Python would write it, escaped and bounded.
    pub expression: String,
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Callee {
    /// An import, by its index in [`Pickles::imports`].
    Import(usize),
    /// The result of a call, by its index in [`Pickles::calls`].
    Returned(usize),
    /// Something that the loader's `persistent_load` returns.
    Persistent,
    /// Plain data, on which Python would stop.
    Data,
    /// The machine could not tell.
    Unknown,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Argument {
    /// A text or byte string, decoded; its first 256 bytes.
    Text(String),
    /// An import, by its index.
    Import(usize),
    /// The result of a call, by its index.
    Returned(usize),
    /// Anything else.
    Other,
}

/// Something that is not as the format wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Where.
    pub at: u64,
    /// What.
    pub fault: Fault,
}

/// What is not as the format wants it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A byte that is no opcode.
    #[error("byte 0x{0:02x} is not an opcode")]
    UnknownOpcode(u8),
    /// The bytes end inside an opcode or before STOP.
    #[error("the stream ends before its STOP")]
    Truncated,
    /// An argument that does not read as what it should be.
    #[error("the argument of {0} is malformed")]
    Malformed(Opcode),
    /// An opcode takes more from the stack than is on it.
    #[error("{0} takes from an empty stack")]
    Underflow(Opcode),
    /// An opcode needs a mark, and there is none.
    #[error("{0} finds no mark")]
    NoMark(Opcode),
    /// A memo index that nothing was stored under.
    #[error("memo entry {0} is read before it is written")]
    MissingMemo(u64),
    /// A protocol that this machine does not know.
    #[error("pickle protocol {0} is unknown")]
    Protocol(u8),
    /// A frame that an opcode, another frame or the pickle's end does not fit, so that loaders differ.
    #[error("a frame does not enclose whole opcodes, so loaders may read it differently")]
    Frame,
    /// A frame that is longer than what is left.
    #[error("a frame is longer than the rest of the file")]
    FrameLength,
    /// An import whose module or name is computed in a way that the machine cannot follow.
    #[error("an import's name cannot be resolved")]
    UnresolvedImport,
    /// A class by a number that only the loading program's registry knows.
    #[error("extension code {0} stands for a class that only the loading program knows")]
    Extension(i64),
    /// A call whose arguments are no tuple, which only the Python loader takes.
    #[error("{0} is given arguments that are no tuple, so loaders differ")]
    Arguments(Opcode),
    /// A call of plain data, on which Python would stop.
    #[error("{0} calls plain data")]
    CalledData(Opcode),
    /// A call of a value that the machine cannot follow.
    #[error("{0} calls a value that cannot be resolved")]
    CalledUnknown(Opcode),
    /// A value that holds the same parts over and over.
    #[error("it holds the same parts over and over, so that it stands for billions of values")]
    Expansion,
    /// Raw array bytes of joblib whose length cannot be told.
    #[error("raw array bytes follow whose length cannot be told")]
    RawArray,
    /// Bytes after the last pickle that are not a pickle; ends at the offset given.
    #[error("bytes up to {0} follow that are not a pickle")]
    Trailing(u64),
    /// A limit was reached.
    #[error("the limit of {limit} {what} is reached")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Fault {
    /// Whether something behind it was not followed, so that "nothing found" proves nothing.
    #[must_use]
    pub const fn blinds(&self) -> bool {
        matches!(
            self,
            Self::UnknownOpcode(_)
                | Self::Truncated
                | Self::Malformed(_)
                | Self::Protocol(_)
                | Self::UnresolvedImport
                | Self::Extension(_)
                | Self::CalledUnknown(_)
                | Self::RawArray
                | Self::Limit { .. }
        )
    }
}

impl Pickles {
    /// Whether the first pickle ended as it should, or something would have run before it broke.
    ///
    /// Almost any text is a few valid opcodes; this tells a pickle from other bytes.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let Some(first) = self.streams.first() else {
            return false;
        };
        let sound = !self.anomalies.iter().any(|anomaly| {
            anomaly.at < first.end
                && matches!(
                    anomaly.fault,
                    Fault::Underflow(_) | Fault::NoMark(_) | Fault::MissingMemo(_)
                )
        });
        // A few bytes with a full stop behind them end well by chance.
        let trailing = |anomaly: &Anomaly| matches!(anomaly.fault, Fault::Trailing(_));
        let by_chance = self.imports.is_empty() && self.anomalies.iter().any(trailing);
        let is_told = first.complete && sound && !by_chance;
        self.calls_by_name() || (is_told && self.imports.iter().all(is_named))
    }

    /// Whether something is called that has a name. One such call is enough to tell a pickle: an import with an odd name
    /// beside it must not conceal it. Raw numbers read as calls too, of names that are none.
    pub(crate) fn calls_by_name(&self) -> bool {
        self.calls.iter().any(|call| match call.callee {
            Callee::Import(index) => self.imports.get(index).is_some_and(|import| {
                import.module.is_some() && import.name.is_some() && is_named(import)
            }),
            _ => false,
        })
    }
}

/// Whether what is known of an import could be dotted Python names.
fn is_named(import: &Import) -> bool {
    let is_name = |part: &Option<String>| part.as_deref().is_none_or(is_dotted_name);
    is_name(&import.module) && is_name(&import.name)
}

/// Whether a text could be a dotted Python name.
#[must_use]
pub fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut characters = part.chars();
        characters
            .next()
            .is_some_and(|first| first.is_alphabetic() || first == '_' || first == '<')
            && characters.all(|character| {
                character.is_alphanumeric() || matches!(character, '_' | '<' | '>')
            })
    })
}

/// Describes the pickles that the bytes begin with.
///
/// Linear in the number of bytes. Memory is bounded by the limits and by what the pickle keeps on its
/// stack and in its memo, at most a few hundred MiB for the most hostile input.
///
/// # Errors
/// What reading the bytes returns.
///
/// # Examples
/// ```
/// use tutela_core::Limits;
/// let bytes = b"cos\nsystem\n(S'echo inert'\ntR.".to_vec();
/// let pickles = tutela_formats::pickle::describe(&bytes, &Limits::default()).unwrap();
/// assert_eq!(pickles.calls[0].expression, "os.system(\"echo inert\")");
/// ```
pub fn describe(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Pickles> {
    follow(bytes, limits, 0, &mut inner::Budget::new(limits))
}

/// Describes only what lies bare, for telling formats apart: what is called, and not with what.
pub(crate) fn glance(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Pickles> {
    let mut machine = Machine::new(bytes, limits, Reading::Joined);
    machine.written = false;
    Ok(machine.run()?.0)
}

/// Describes pickles that lie so many levels deep inside the values of others.
fn follow(
    bytes: &dyn Bytes,
    limits: &Limits,
    depth: u32,
    budget: &mut inner::Budget,
) -> io::Result<Pickles> {
    let limits = Limits {
        steps: if depth == 0 {
            limits.steps
        } else {
            budget.steps
        },
        ..*limits
    };
    let read = |reading, budget: &mut inner::Budget| -> io::Result<Pickles> {
        let (mut out, candidates, steps) = Machine::new(bytes, &limits, reading).run()?;
        if depth > 0 {
            budget.steps = budget.steps.saturating_sub(steps);
        }
        let inner = inner::Inner {
            bytes,
            depth,
            limits: &limits,
            budget,
        };
        inner.look(&mut out, candidates)?;
        Ok(out)
    };
    let mut out = read(Reading::Joined, budget)?;
    if out
        .anomalies
        .iter()
        .any(|anomaly| anomaly.fault == Fault::Frame)
    {
        let other = read(Reading::Dropped, budget)?;
        merge::merge(&mut out, other, merge::Place::Same);
    }
    Ok(out)
}
