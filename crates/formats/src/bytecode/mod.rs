//! Tells what Python's compiled functions name, without executing anything.
//!
//! A function holds its instructions, and tables of the names and constants that they use. What a function
//! can do follows from the names that it takes from outside: what it imports, which globals it reads and
//! which attributes of them. [`marshal`] reads functions as Python's own `marshal` writes them; [`Parts`]
//! describes one whose tables are known otherwise, as in a pickle. The numbers of the instructions differ by
//! version; where they fit none, every name counts as whatever it could be.

mod marshal;
mod source;
#[cfg(test)]
mod tests;
mod versions;
mod walk;

pub use marshal::{looks_like, read};
pub use source::of_source;

/// Names of one function that are kept.
const USES: usize = 4_000;
/// Texts of one function that are kept.
const TEXTS: usize = 64;
/// Characters of a text that are kept.
const TEXT: usize = 400;

/// Compiled functions, the outermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bytecode {
    /// The functions, inner ones behind those that hold them.
    pub functions: Vec<Function>,
    /// Whether all of it could be followed to its end.
    pub complete: bool,
}

impl Bytecode {
    /// The names that its functions use, each once, in the order of first use.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.functions.iter().flat_map(|function| &function.names) {
            if !names.contains(&name.as_str()) && names.len() < TEXTS {
                names.push(name.as_str());
            }
        }
        names
    }

    /// The texts among its constants, each once.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        for text in self.functions.iter().flat_map(|function| &function.texts) {
            if !texts.contains(&text.as_str()) && texts.len() < TEXTS {
                texts.push(text.as_str());
            }
        }
        texts
    }
}

/// One compiled function, or the body of a class or module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// What it is called.
    pub name: String,
    /// Its names of globals, attributes and modules (`co_names`).
    pub names: Vec<String>,
    /// Texts among its constants.
    pub texts: Vec<String>,
    /// What it takes from outside.
    pub uses: Vec<Use>,
    /// Whether it opens a file to write, or in a way that cannot be told.
    pub writes: bool,
    /// Whether its instructions were understood. If not, `uses` holds each name as all that it could be.
    pub followed: bool,
    /// Whether its tables were read whole; if not, it may use more than is told.
    pub complete: bool,
}

/// Something that a function takes from outside, with the attributes that it takes of it at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Use {
    /// Where the first part of the path comes from.
    pub base: Base,
    /// A dotted path.
    pub path: String,
    /// Whether the value goes on to where it cannot be followed, so that anything may be done with it.
    pub goes_on: bool,
}

/// Where the first part of a path comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Base {
    /// It is a module that the function imports.
    Module,
    /// It is a global or a built-in.
    Global,
    /// It is an attribute of a value of which nothing is known.
    Value,
}

/// The tables of one function.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// What it is called.
    pub name: String,
    /// How many parameters it has at least; they hold values from outside.
    pub parameters: usize,
    /// The instructions.
    pub instructions: Vec<u8>,
    /// The constants.
    pub constants: Vec<Constant>,
    /// Names of globals, attributes and modules.
    pub names: Vec<String>,
    /// Which family of instructions it is written in.
    pub family: Family,
    /// Whether all of this is as the function has it.
    pub complete: bool,
}

/// A constant of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constant {
    /// Nothing, which also says that an import takes the module and no names from it.
    Nil,
    /// A text.
    Text(String),
    /// A tuple; the texts in it.
    Texts(Vec<String>),
    /// Anything else.
    Other,
}

/// Families of instructions that the tables of a function tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Family {
    /// Python 3.6 to 3.10.
    Words,
    /// Python 3.11 and later, whose versions differ in numbers.
    Cached,
    /// Python 2, or not known.
    #[default]
    Unknown,
}

impl Parts {
    /// Says what the function takes from outside.
    #[must_use]
    pub fn describe(self) -> Function {
        let found = walk::uses(&self);
        let followed = found.is_some();
        let (mut uses, mut writes) = found.unwrap_or_else(|| (walk::anything(&self.names), false));
        uses.truncate(USES);
        let is_lost = |used: &Use| used.goes_on && used.base != Base::Value && used.path == "open";
        if uses.iter().any(is_lost) {
            // What it is called with is not known; a mode among the constants tells.
            writes |= self.constants.iter().any(|constant| match constant {
                Constant::Text(text) => is_writing_mode(text),
                _ => false,
            });
        }
        let texts = self.constants.iter().flat_map(|constant| match constant {
            Constant::Text(text) => std::slice::from_ref(text),
            Constant::Texts(texts) => texts,
            Constant::Nil | Constant::Other => &[],
        });
        Function {
            name: self.name,
            complete: self.complete && uses.len() < USES,
            texts: texts.take(TEXTS).cloned().collect(),
            names: self.names,
            uses,
            writes,
            followed,
        }
    }
}

/// Whether a text is a mode in which a file is opened to be written.
fn is_writing_mode(mode: &str) -> bool {
    mode.len() <= 4
        && mode.chars().all(|letter| "rwaxbtU+".contains(letter))
        && mode.chars().any(|letter| "wax+".contains(letter))
}

/// The first characters of a text.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(TEXT).collect()
}
