//! Reads the header of a safetensors file and tells everything by which it breaks the format's rules.
//!
//! The rules are those of the format's own description: eight bytes of length, a JSON object, a buffer
//! that the tensors cover without gap or overlap. Readers that skip a rule can be shown one model while
//! another reader sees a second one; bytes that no tensor covers can conceal anything.

mod json;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;

use tutela_core::{Bytes, Limits, Window, escape, read_all};

use json::Json;

/// The longest header that the reference reader accepts.
pub const MAX_HEADER: u64 = 100_000_000;
/// Faults that are kept.
const FAULTS: usize = 1_000;

/// What a safetensors header says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Its length, without the eight bytes before it.
    pub length: u64,
    /// The tensors in the order of the header.
    pub tensors: Vec<Tensor>,
    /// The entries of `__metadata__` that are texts.
    pub metadata: Vec<(String, String)>,
    /// Everything that breaks a rule.
    pub faults: Vec<Fault>,
}

/// A tensor of a safetensors file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// Where its bytes start in the buffer.
    pub start: u64,
    /// One past its last byte in the buffer.
    pub end: u64,
}

/// A rule of the format that is broken. Texts are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file is shorter than the eight bytes of length.
    #[error("the file has {0} bytes, fewer than a header needs")]
    TooShort(u64),
    /// The header is longer than readers accept.
    #[error("the header declares {0} bytes; readers accept at most {MAX_HEADER}")]
    HeaderTooLong(u64),
    /// The header is longer than the file.
    #[error("the header declares {declared} bytes but only {left} are left in the file")]
    HeaderBeyondFile {
        /// What it declares.
        declared: u64,
        /// What there is.
        left: u64,
    },
    /// The header does not begin with `{`.
    #[error("the header begins with byte 0x{0:02x} instead of a brace")]
    Start(u8),
    /// The header is padded with something other than spaces.
    #[error("the header is padded with something other than spaces")]
    Padding {
        /// Whether it is white space, which readers of JSON step over.
        blank: bool,
    },
    /// The header is not UTF-8.
    #[error("the header is not UTF-8")]
    NotUtf8,
    /// The header is not a JSON object.
    #[error("the header is not JSON: {0}")]
    NotJson(String),
    /// A key stands twice; readers differ in which they take.
    #[error("`{0}` stands twice in the header, and readers differ in which they take")]
    DuplicateKey(String),
    /// An entry is not what the format wants.
    #[error("tensor `{name}` has no valid `{field}`")]
    Field {
        /// The tensor.
        name: String,
        /// The field.
        field: &'static str,
    },
    /// An entry has a field that the format does not know.
    #[error("tensor `{name}` has the unknown field `{field}`")]
    UnknownField {
        /// The tensor.
        name: String,
        /// The field.
        field: String,
    },
    /// A type that the format does not know.
    #[error("tensor `{name}` has the unknown type `{dtype}`")]
    Dtype {
        /// The tensor.
        name: String,
        /// The type.
        dtype: String,
        /// Whether it is written as the format writes types, and the bytes are as many as it then takes.
        fits: bool,
    },
    /// A name that no library gives: control characters repaint terminals and end names early.
    #[error("the name `{0}` holds control characters")]
    Name(String),
    /// The shape does not fit the bytes, or its product overflows.
    #[error("tensor `{name}` has {bytes} bytes, but its shape and type make {expected}")]
    Size {
        /// The tensor.
        name: String,
        /// Its bytes.
        bytes: u64,
        /// What shape and type make.
        expected: String,
    },
    /// It ends before it starts, or lies outside the buffer.
    #[error("tensor `{name}` lies at {start}..{end}, outside the buffer of {buffer} bytes")]
    OutOfBounds {
        /// The tensor.
        name: String,
        /// Where it starts.
        start: u64,
        /// One past its end.
        end: u64,
        /// The buffer's length.
        buffer: u64,
    },
    /// Two tensors share bytes.
    #[error("tensors `{first}` and `{second}` share bytes")]
    Overlap {
        /// The one that starts first.
        first: String,
        /// The other.
        second: String,
    },
    /// An empty tensor lies between the first and the last byte of another.
    #[error("the empty tensor `{0}` lies inside another one, which readers refuse")]
    EmptyInside(String),
    /// Bytes inside the buffer belong to no tensor.
    #[error("bytes {start}..{end} of the buffer belong to no tensor")]
    Gap {
        /// Where they start.
        start: u64,
        /// One past their end.
        end: u64,
    },
    /// Bytes behind the last tensor.
    #[error("{0} bytes follow the last tensor")]
    Trailing(u64),
    /// `__metadata__` is not an object of texts.
    #[error("`__metadata__` holds something other than texts")]
    Metadata,
    /// The header is longer than the limit on memory, so it was not read.
    #[error("the header of {0} bytes is over the limit on memory and was not read")]
    Unread(u64),
}

impl Fault {
    /// Whether bytes are concealed or two readers may load different models, not only a reader refuse.
    #[must_use]
    pub const fn conceals(&self) -> bool {
        matches!(
            self,
            Self::DuplicateKey(_) | Self::Overlap { .. } | Self::Gap { .. } | Self::Trailing(_)
        )
    }
}

/// Whether the bytes begin as a safetensors file does: a length, then a JSON object with a key.
///
/// A length that reaches past the file counts as well: that is an abuse to be told, not another format.
///
/// # Errors
/// What reading the bytes returns.
pub fn looks_like(bytes: &dyn Bytes) -> io::Result<bool> {
    let head = read_all(&Window::new(bytes, 0, 64), 64)?;
    let text = head.get(8..).unwrap_or_default().trim_ascii_start();
    let is_object = matches!(text, [b'{', rest @ ..]
        if matches!(rest.trim_ascii_start(), [b'"' | b'}', ..]));
    // Eight characters before a brace are text, not a length.
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    Ok(is_object && !head.iter().take(8).all(is_text))
}

/// Reads the header. The tensors' bytes are not read.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Header> {
    let mut header = Header::default();
    let mut start = [0; 8];
    if bytes.len() < 8 {
        header.faults.push(Fault::TooShort(bytes.len()));
        return Ok(header);
    }
    bytes.read_exact_at(0, &mut start)?;
    header.length = u64::from_le_bytes(start);
    let left = bytes.len().saturating_sub(8);
    if header.length > MAX_HEADER {
        header.faults.push(Fault::HeaderTooLong(header.length));
    }
    if header.length > left {
        header.faults.push(Fault::HeaderBeyondFile {
            declared: header.length,
            left,
        });
        return Ok(header);
    }
    if header.length > limits.member_bytes {
        header.faults.push(Fault::Unread(header.length));
        return Ok(header);
    }
    let text = read_all(&Window::new(bytes, 8, header.length), limits.member_bytes)?;
    header.read_text(&text, left.saturating_sub(header.length));
    header.faults.truncate(FAULTS);
    Ok(header)
}

impl Header {
    fn read_text(&mut self, text: &[u8], buffer: u64) {
        if let Some(first) = text.first().filter(|first| **first != b'{') {
            self.faults.push(Fault::Start(*first));
        }
        let Ok(text) = std::str::from_utf8(text) else {
            self.faults.push(Fault::NotUtf8);
            return;
        };
        let json = text.trim_end_matches(' ');
        if json.ends_with(|last: char| last != '}') {
            let padding = json.rsplit('}').next().unwrap_or_default();
            let blank = padding.bytes().all(|byte| byte.is_ascii_whitespace());
            self.faults.push(Fault::Padding { blank });
        }
        match json::parse(json.trim_end_matches(['\0', '\n', '\t', '\r'])) {
            Ok(Json::Object(entries)) => self.read_entries(entries, buffer),
            Ok(_) => self
                .faults
                .push(Fault::NotJson("it is not an object".to_owned())),
            Err(error) => self
                .faults
                .push(Fault::NotJson(escape(&error.to_string(), 200))),
        }
    }

    fn read_entries(&mut self, entries: Vec<(String, Json)>, buffer: u64) {
        let mut seen = HashSet::new();
        for (name, value) in entries {
            if !seen.insert(name.clone()) {
                self.faults.push(Fault::DuplicateKey(escape(&name, 200)));
            }
            if name.chars().any(char::is_control) {
                self.faults.push(Fault::Name(escape(&name, 200)));
            }
            if name == "__metadata__" {
                self.read_metadata(value);
            } else {
                self.read_tensor(name, value, buffer);
            }
        }
        self.check_cover(buffer);
    }

    fn read_metadata(&mut self, value: Json) {
        let Json::Object(entries) = value else {
            self.faults.push(Fault::Metadata);
            return;
        };
        let mut seen = HashSet::new();
        for (key, value) in entries {
            if !seen.insert(key.clone()) {
                self.faults.push(Fault::DuplicateKey(escape(&key, 200)));
            }
            match value {
                Json::Text(text) => self.metadata.push((key, text)),
                _ => self.faults.push(Fault::Metadata),
            }
        }
    }

    fn read_tensor(&mut self, name: String, value: Json, buffer: u64) {
        let shown = escape(&name, 200);
        let Json::Object(fields) = value else {
            let field = "description";
            self.faults.push(Fault::Field { name: shown, field });
            return;
        };
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        for (key, value) in fields {
            let doubled = match key.as_str() {
                "dtype" => dtype.replace(value).is_some(),
                "shape" => shape.replace(value).is_some(),
                "data_offsets" => offsets.replace(value).is_some(),
                _ => {
                    self.faults.push(Fault::UnknownField {
                        name: shown.clone(),
                        field: escape(&key, 200),
                    });
                    false
                }
            };
            if doubled {
                let key = format!("{shown}.{key}");
                self.faults.push(Fault::DuplicateKey(key));
            }
        }
        let fault = |field| Fault::Field {
            name: shown.clone(),
            field,
        };
        let Some(Json::Text(dtype)) = dtype else {
            return self.faults.push(fault("dtype"));
        };
        let Some(shape) = shape.and_then(whole_numbers) else {
            return self.faults.push(fault("shape"));
        };
        let Some([start, end]) = offsets.and_then(whole_numbers).as_deref().and_then(pair) else {
            return self.faults.push(fault("data_offsets"));
        };
        let tensor = Tensor {
            name,
            dtype,
            shape,
            start,
            end,
        };
        self.check_tensor(&tensor, buffer);
        self.tensors.push(tensor);
    }

    fn check_tensor(&mut self, tensor: &Tensor, buffer: u64) {
        let name = escape(&tensor.name, 200);
        if tensor.end < tensor.start || tensor.end > buffer {
            self.faults.push(Fault::OutOfBounds {
                name,
                start: tensor.start,
                end: tensor.end,
                buffer,
            });
            return;
        }
        let bytes = tensor.end.saturating_sub(tensor.start);
        let Some(bits) = bits_of(&tensor.dtype) else {
            let bits = bits_by_name(&tensor.dtype);
            self.faults.push(Fault::Dtype {
                name,
                dtype: escape(&tensor.dtype, 40),
                fits: bits.is_some_and(|bits| size_of(&tensor.shape, bits) == Some(bytes)),
            });
            return;
        };
        let expected = size_of(&tensor.shape, bits);
        if expected != Some(bytes) {
            self.faults.push(Fault::Size {
                name,
                bytes,
                expected: expected.map_or_else(
                    || "more than a file can hold".to_owned(),
                    |size| size.to_string(),
                ),
            });
        }
    }

    /// The tensors must cover the buffer without gap or overlap.
    fn check_cover(&mut self, buffer: u64) {
        let mut order: Vec<&Tensor> = self
            .tensors
            .iter()
            .filter(|tensor| tensor.end >= tensor.start && tensor.end <= buffer)
            .collect();
        order.sort_by_key(|tensor| (tensor.start, tensor.end));
        let mut faults = Vec::new();
        let mut reached = 0;
        let mut last = "";
        for tensor in order {
            if tensor.start > reached {
                faults.push(Fault::Gap {
                    start: reached,
                    end: tensor.start,
                });
            } else if tensor.start < reached && tensor.end == tensor.start {
                faults.push(Fault::EmptyInside(escape(&tensor.name, 200)));
            } else if tensor.start < reached {
                faults.push(Fault::Overlap {
                    first: escape(last, 200),
                    second: escape(&tensor.name, 200),
                });
            }
            if tensor.end >= reached {
                reached = tensor.end;
                last = &tensor.name;
            }
        }
        if buffer > reached {
            faults.push(Fault::Trailing(buffer.saturating_sub(reached)));
        }
        self.faults.extend(faults);
    }
}

fn whole_numbers(value: Json) -> Option<Vec<u64>> {
    let Json::List(items) = value else {
        return None;
    };
    items
        .into_iter()
        .map(|item| match item {
            Json::Whole(number) => Some(number),
            _ => None,
        })
        .collect()
}

fn pair(numbers: &[u64]) -> Option<[u64; 2]> {
    numbers.try_into().ok()
}

/// The bytes that a shape of items of so many bits takes; none on overflow or a broken last byte.
fn size_of(shape: &[u64], bits: u64) -> Option<u64> {
    let items = shape
        .iter()
        .try_fold(1_u64, |product, size| product.checked_mul(*size))?;
    let total = items.checked_mul(bits)?;
    (total % 8 == 0).then_some(total / 8)
}

/// The types of the format, by their size in bits.
fn bits_of(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" | "F8_E4M3FNUZ"
        | "F8_E5M2FNUZ" => 8,
        "U16" | "I16" | "F16" | "BF16" => 16,
        "U32" | "I32" | "F32" => 32,
        "U64" | "I64" | "F64" | "C64" => 64,
        _ => return None,
    })
}

/// The bits of a type newer than the table, when it is written as the format writes types: letters, the
/// number of bits, perhaps a variant behind `_`.
fn bits_by_name(dtype: &str) -> Option<u64> {
    let (name, variant) = dtype.split_once('_').unwrap_or((dtype, ""));
    let digits = name.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letters = name.len().saturating_sub(digits.len());
    let is_variant = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    let bits: u64 = digits.parse().ok()?;
    ((1..=2).contains(&letters)
        && bits <= 128
        && variant.len() <= 8
        && variant.chars().all(is_variant))
    .then_some(bits)
}
