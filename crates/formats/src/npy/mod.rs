//! Headers of numpy arrays (`numpy.lib.format`, versions 1.0 to 3.0), read twice: as the Python literal that they must
//! be, and as readers do that look for words in it.

mod kind;
mod literal;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, escape, escape_bytes};

use crate::input::Input;
use crate::little::{u16_at, u32_at};
use literal::{Broken, Literal};

/// How a numpy array begins.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The longest header that is read; a structured type of a thousand fields takes 30 KiB.
const LONGEST: u64 = 4 << 20;
/// numpy reads longer ones only from files that its user trusts (`max_header_size`).
const TRUSTED: u64 = 10_000;
/// The keys of a header.
const KEYS: [&str; 3] = ["descr", "fortran_order", "shape"];

/// The header of a numpy array.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The version of the format.
    pub version: (u8, u8),
    /// The header's text: a Python dictionary literal.
    pub text: String,
    /// Where the data starts.
    pub data: u64,
    /// Whether the array holds Python objects, so that its data is a pickle.
    pub objects: bool,
    /// Where the data ends, by type and shape; none when it is a pickle, or its size is not known.
    pub end: Option<u64>,
    /// Everything that is not as numpy writes it.
    pub faults: Vec<Fault>,
}

/// What is wrong with an array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A version that numpy does not read.
    #[error("the version of the format is {0}.{1}; numpy knows 1.0, 2.0 and 3.0")]
    Version(u8, u8),
    /// The header is longer than the file.
    #[error("the header declares {length} bytes, but only {left} are left in the file")]
    Ends {
        /// The length that it declares.
        length: u64,
        /// The bytes that are left.
        left: u64,
    },
    /// The header is longer than is read.
    #[error("the header has {0} bytes, which is more than is read")]
    TooLong(u64),
    /// The header is longer than numpy reads unless its user trusts the file.
    #[error(
        "the header has {0} bytes; numpy reads more than {TRUSTED} only from files that it is told to trust"
    )]
    Long(u64),
    /// The header nests deeper than Python's parser goes.
    #[error(
        "the header nests deeper than {} levels, which breaks Python's parser",
        literal::DEPTH
    )]
    TooDeep,
    /// The header is an expression: who evaluates it runs code.
    #[error(
        "the header is no plain value but an expression, which readers that evaluate it run: `{0}`"
    )]
    Expression(String),
    /// The header is no dictionary of Python.
    #[error("the header is no Python dictionary")]
    Grammar,
    /// The header is not in the encoding of its version.
    #[error("the header is not encoded as version {0} wants it")]
    Encoding(u8),
    /// A key that stands twice.
    #[error("the key `{0}` stands twice: numpy takes the last, others the first")]
    Doubled(String),
    /// A key that is not there, or has another type than it must have.
    #[error("the header has no valid `{0}`")]
    Missing(&'static str),
    /// A key that numpy does not know, and refuses.
    #[error("the header has the key `{0}`, which numpy refuses")]
    Unknown(String),
    /// Another reader finds a different type of data than Python does.
    #[error(
        "read as words the data are Python objects, read as Python they are not, or the other way round"
    )]
    Readings,
    /// A shape with a negative number, or one that overflows.
    #[error("the shape is negative or overflows: `{0}`")]
    Shape(String),
    /// More data than the file has.
    #[error("type and shape want {wanted} bytes, but the file has {found}")]
    Short {
        /// By type and shape.
        wanted: u128,
        /// In the file.
        found: u64,
    },
    /// Bytes behind the data.
    #[error("{0} bytes stand behind the data of the array")]
    Trailing(u64),
}

/// Reads the header; none when it breaks off, or is longer than is read.
///
/// # Errors
/// What reading the bytes returns.
pub fn header(bytes: &dyn Bytes) -> io::Result<Option<Header>> {
    Ok(read(bytes)?.ok())
}

/// Reads the header, or says why it cannot be read.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes) -> io::Result<Result<Header, Fault>> {
    let start = Input::new(bytes).prefix(0, 12)?.to_vec();
    if !start.starts_with(MAGIC) {
        return Ok(Err(Fault::Grammar));
    }
    let ends = |length: u64, from: u64| Fault::Ends {
        length,
        left: bytes.len().saturating_sub(from),
    };
    let (Some(major), Some(minor)) = (start.get(6).copied(), start.get(7).copied()) else {
        return Ok(Err(ends(2, 6)));
    };
    let (length, from) = if major == 1 {
        (u16_at(&start, 8).map(u64::from), 10_u64)
    } else {
        (u32_at(&start, 8).map(u64::from), 12_u64)
    };
    let Some(length) = length else {
        return Ok(Err(ends(4, 8)));
    };
    if length > bytes.len().saturating_sub(from) {
        return Ok(Err(ends(length, from)));
    }
    if length > LONGEST {
        return Ok(Err(Fault::TooLong(length)));
    }
    let mut text = vec![0; usize::try_from(length).unwrap_or_default()];
    bytes.read_exact_at(from, &mut text)?;
    let mut header = Header {
        version: (major, minor),
        text: String::new(),
        data: from.saturating_add(length),
        objects: false,
        end: None,
        faults: Vec::new(),
    };
    header.judge(&text, bytes.len());
    Ok(Ok(header))
}

impl Header {
    fn judge(&mut self, raw: &[u8], length: u64) {
        let (major, minor) = self.version;
        if !(1..=3).contains(&major) || minor != 0 {
            self.faults.push(Fault::Version(major, minor));
        }
        if raw.len() as u64 > TRUSTED {
            self.faults.push(Fault::Long(raw.len() as u64));
        }
        self.text = self.decoded(raw);
        let by_words = holds_objects(&self.text);
        let literal = match literal::read(&self.text) {
            Ok(Literal::Dict(entries)) => entries,
            other => {
                // Nothing but words is left; who reads only them may load objects.
                self.objects = by_words;
                self.faults.push(match other {
                    Err(Broken::Deep) => Fault::TooDeep,
                    _ if calls(&self.text) => Fault::Expression(escape_bytes(raw, 120)),
                    _ => Fault::Grammar,
                });
                return;
            }
        };
        self.keys(&literal);
        self.layout(&literal, by_words, length);
    }

    /// Versions 1 and 2 are Latin-1, where every byte is a letter; version 3 is UTF-8.
    fn decoded(&mut self, raw: &[u8]) -> String {
        if self.version.0 < 3 {
            return raw.iter().copied().map(char::from).collect();
        }
        if std::str::from_utf8(raw).is_err() {
            self.faults.push(Fault::Encoding(self.version.0));
        }
        String::from_utf8_lossy(raw).into_owned()
    }

    fn keys(&mut self, entries: &[(Literal, Literal)]) {
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in entries {
            match key {
                Literal::Text(key) if seen.contains(&key.as_str()) => {
                    self.faults.push(Fault::Doubled(escape(key, 60)));
                }
                Literal::Text(key) if KEYS.contains(&key.as_str()) => seen.push(key),
                Literal::Text(key) => self.faults.push(Fault::Unknown(escape(key, 60))),
                _ => self.faults.push(Fault::Unknown("no text".to_owned())),
            }
        }
    }

    fn layout(&mut self, entries: &[(Literal, Literal)], by_words: bool, length: u64) {
        let all = |wanted: &str| -> Vec<&Literal> {
            let named = entries
                .iter()
                .filter(|(key, _)| matches!(key, Literal::Text(key) if key == wanted));
            named.map(|(_, value)| value).collect()
        };
        let types: Vec<kind::Kind> = all("descr").into_iter().map(kind::of).collect();
        let by_python = types.iter().any(|kind| kind.objects);
        // Whoever reads one of several types as objects loads a pickle.
        self.objects = by_python || by_words && types.is_empty();
        if by_words != by_python && !types.is_empty() && is_plain(&self.text) {
            self.faults.push(Fault::Readings);
        }
        if types.is_empty() {
            self.faults.push(Fault::Missing("descr"));
        }
        if !matches!(all("fortran_order").last(), Some(Literal::Bool(_))) {
            self.faults.push(Fault::Missing("fortran_order"));
        }
        let shapes = all("shape");
        let Some(shape @ Literal::Tuple(items)) = shapes.last() else {
            self.faults.push(Fault::Missing("shape"));
            return;
        };
        let is_negative = items
            .iter()
            .any(|item| !matches!(item, Literal::Number(Some(0..))));
        let Some(count) =
            kind::count(shape).filter(|count| !is_negative && i64::try_from(*count).is_ok())
        else {
            self.faults
                .push(Fault::Shape(escape(&format!("{items:?}"), 120)));
            return;
        };
        let size = types
            .last()
            .and_then(|kind| kind.size)
            .filter(|_| !self.objects);
        self.size(size, u128::try_from(count).unwrap_or_default(), length);
    }

    fn size(&mut self, size: Option<u128>, count: u128, length: u64) {
        let Some(size) = size else { return };
        let found = length.saturating_sub(self.data);
        let wanted = size.saturating_mul(count);
        match u64::try_from(wanted).ok().filter(|wanted| *wanted <= found) {
            None => self.faults.push(Fault::Short { wanted, found }),
            Some(wanted) => {
                self.end = Some(self.data.saturating_add(wanted));
                if wanted < found {
                    self.faults
                        .push(Fault::Trailing(found.saturating_sub(wanted)));
                }
            }
        }
    }
}

/// Whether a text calls something or reaches into it, as no literal does.
fn calls(text: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let opens = text.match_indices('(').any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        before
            .chars()
            .next_back()
            .is_some_and(|letter| is_name(letter) || letter == ')')
    });
    opens || text.contains("__") || text.contains("lambda") || text.contains(" for ")
}

/// Whether nothing in the text lets Python see another word than stands there: no escapes, no joined texts.
fn is_plain(text: &str) -> bool {
    // Names of fields may be anything, so only a header of one plain type is compared.
    !text.contains('[')
}

/// Whether a type string inside the header names objects: `'|O'`, `'O'`, `'|O8'`, also as a field.
fn holds_objects(text: &str) -> bool {
    let mut parts = text.split(['\'', '"']);
    // Every second part stands between quotes.
    std::iter::from_fn(|| {
        parts.next()?;
        parts.next()
    })
    .any(|quoted| kind::of_code(quoted).objects)
}
