//! Pickles inside the values of a pickle: as they are, packed, or written in another alphabet.
//!
//! A value is looked into when it begins as a pickle does, in one of these codings; what turns out to be
//! none is dropped. The machine only collects such values; they are followed when its own run has ended,
//! so that memory is needed for one machine at a time.

use std::collections::HashMap;
use std::io;

use tutela_core::{Bytes, Limits, Window};

use super::machine::Machine;
use super::merge::{Place, merge};
use super::value::{Encoding, Value};
use super::{Anomaly, Argument, Coding, Fault, Nested, Pickles, follow};
use crate::stream::{self, Codec};

/// Values of one pickle that are looked into.
const CANDIDATES: usize = 20_000;
/// Nested pickles that are told one by one.
const NESTED: usize = 1_000;
/// Calls with the same value that are remembered, to be taken back if it is no pickle.
const FED: usize = 16;
/// Codings around one value, such as base64 of zlib.
const CODINGS: usize = 3;
/// A value longer than this is decoded no further than to tell that it was not looked into.
const DECODED: u64 = 64 << 20;

/// A value that may be a pickle.
#[derive(Debug)]
pub(super) struct Candidate {
    at: u64,
    length: u64,
    encoding: Encoding,
    /// Imports that are called with it.
    fed: Vec<usize>,
}

/// The values of one run that may be pickles.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    list: Vec<Candidate>,
    places: HashMap<u64, usize>,
    /// Whether there were more than are looked into.
    overflow: Option<u64>,
}

/// What may still be spent on nested pickles, over all levels.
pub(super) struct Budget {
    pub(super) steps: u64,
    bytes: u64,
    candidates: usize,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            steps: limits.steps,
            bytes: limits.member_bytes,
            candidates: CANDIDATES,
        }
    }
}

impl Machine<'_> {
    /// Keeps a value for later when it begins as a pickle might.
    pub(super) fn consider(&mut self, at: u64, length: u64, encoding: Encoding) -> io::Result<()> {
        if length < 6 {
            return Ok(());
        }
        let head = self.input.prefix(at, length.min(8))?;
        let quoted = usize::from(encoding == Encoding::Quoted);
        let Some(begins) = begins(head.get(quoted..).unwrap_or_default()) else {
            return Ok(());
        };
        if begins == Begins::Lines && !self.ends_as_lines(at, length, encoding)? {
            return Ok(());
        }
        if begins == Begins::Coded(Coding::Base85) && !self.is_base85(at, length, quoted)? {
            return Ok(());
        }
        let candidates = &mut self.candidates;
        if candidates.places.contains_key(&at) {
            return Ok(());
        }
        if candidates.list.len() >= CANDIDATES {
            candidates.overflow.get_or_insert(at);
            return Ok(());
        }
        candidates.places.insert(at, candidates.list.len());
        candidates.list.push(Candidate {
            at,
            length,
            encoding,
            fed: Vec::new(),
        });
        Ok(())
    }

    /// A pickle of protocol 0 ends with STOP and has lines; a word of a vocabulary does not.
    fn ends_as_lines(&mut self, at: u64, length: u64, encoding: Encoding) -> io::Result<bool> {
        if matches!(encoding, Encoding::Quoted | Encoding::RawUnicodeEscape) {
            // Its newlines are written as escapes.
            return Ok(self.input.prefix(at, length.min(512))?.contains(&b'\\'));
        }
        let last = at.saturating_add(length).saturating_sub(1);
        let stops = self.input.peek(last, 1)? == b".";
        Ok(stops && self.input.prefix(at, length.min(512))?.contains(&b'\n'))
    }

    /// Many words begin like base 85; what its first digits give does not.
    fn is_base85(&mut self, at: u64, length: u64, quoted: usize) -> io::Result<bool> {
        let head = self.input.prefix(at, length.min(12))?;
        let first = head.get(quoted..quoted.saturating_add(10));
        let decoded = first.and_then(from_base85);
        Ok(decoded.is_some_and(|decoded| {
            matches!(decoded.as_slice(), [0x80, 2..=5, ..] | [0x1f, 0x8b, 8, ..])
                || matches!(decoded.as_slice(), [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..])
        }))
    }

    /// Notes that a call of an import is given a value that may be a pickle.
    pub(super) fn feed(&mut self, import: usize, arguments: &[Value]) {
        let Some(first) = arguments.first() else {
            return;
        };
        let Value::Text { at, .. } = self.literal(*first) else {
            return;
        };
        let place = self.candidates.places.get(&at).copied();
        let Some(candidate) = place.and_then(|place| self.candidates.list.get_mut(place)) else {
            return;
        };
        if candidate.fed.len() < FED
            && let Some(import) = self.out.imports.get_mut(import).map(|found| {
                found.fed = found.fed.saturating_add(1);
                import
            })
        {
            candidate.fed.push(import);
        }
    }
}

/// How a value begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// As a pickle with its magic.
    Pickle,
    /// As something packed or written in another alphabet.
    Coded(Coding),
    /// As a pickle of protocol 0 or 1, or as any text.
    Lines,
}

fn begins(head: &[u8]) -> Option<Begins> {
    Some(match head {
        // The second shape is a text in UTF-8 whose characters stand for bytes.
        [0x80, 0..=5, ..] | [0xc2, 0x80, 0..=5, ..] => Begins::Pickle,
        [0x1f, 0x8b, 8, ..] | [0x1f, 0xc2, 0x8b, 8, ..] => Begins::Coded(Coding::Gzip),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] | [0x78, 0xc2, 0x9c, ..] | [0x78, 0xc3, 0x9a, ..] => {
            Begins::Coded(Coding::Zlib)
        }
        [b'g', b'A', b'A'..=b'X', ..]
        | [b'e', b'J' | b'N' | b'A' | b'F', ..]
        | [b'H', b'4', b's', b'I', ..]
        | [b'Y', b'1'..=b'3', ..]
        | [b'K', b'F' | b'G', ..] => Begins::Coded(Coding::Base64),
        // Base64 of one of the above.
        [b'Z', b'0', b'E' | b'F', ..] | [b'Z', b'U', b'p', ..] | [b'S', b'D', b'R', b'z', ..] => {
            Begins::Coded(Coding::Base64)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Begins::Coded(Coding::Bzip2),
        [b'Q', b'l', b'p', b'o', ..]
        | [b'/', b'T', b'd', b'6', ..]
        | [b'X', b'Q', b'A', b'A', ..] => Begins::Coded(Coding::Base64),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Begins::Coded(Coding::Xz),
        [0x5d, 0, 0, ..] => Begins::Coded(Coding::Lzma),
        [b'Q', b'A', b'B' | b'C', b'A'..=b'Z' | b'2'..=b'7', ..] => Begins::Coded(Coding::Base32),
        // What the magic of a pickle, zlib and gzip begin with in the two alphabets of base 85.
        [b'f', b'C', ..]
        | [b'c', b'$', ..]
        | [b'A', b'B', ..]
        | [b'J', b'-', ..]
        | [b'G', b'a', ..]
        | [b'+', b',', ..] => Begins::Coded(Coding::Base85),
        [b'8', b'0', b'0', b'0'..=b'5', ..]
        | [b'7', b'8', b'0' | b'5' | b'9' | b'd' | b'D', ..]
        | [b'1', b'f' | b'F', b'8', b'b' | b'B', ..]
        | [b'6', b'3', ..]
        | [b'2', b'8', ..] => Begins::Coded(Coding::Hex),
        [b'c' | b'(', ..] => Begins::Lines,
        _ => return None,
    })
}

/// What was fed to a call turned out to be no pickle.
fn take_back(out: &mut Pickles, candidate: &Candidate) {
    for import in &candidate.fed {
        if let Some(import) = out.imports.get_mut(*import) {
            import.fed = import.fed.saturating_sub(1);
        }
    }
}

fn add(out: &mut Pickles, inner: Pickles, codings: Vec<Coding>, candidate: &Candidate) {
    let index = out.nested.len();
    let end = candidate.at.saturating_add(candidate.length);
    let place = if codings.is_empty() {
        Place::At(candidate.at, index)
    } else {
        Place::Within(candidate.at, end, index)
    };
    if index < NESTED {
        out.nested.push(Nested {
            start: candidate.at,
            end,
            codings,
            complete: inner.streams.iter().all(|stream| stream.complete),
        });
    }
    merge(out, inner, place);
}

/// Looks into the values of one pickle.
pub(super) struct Inner<'a> {
    pub(super) bytes: &'a dyn Bytes,
    /// How many values this pickle itself lies inside.
    pub(super) depth: u32,
    pub(super) limits: &'a Limits,
    pub(super) budget: &'a mut Budget,
}

impl Inner<'_> {
    /// Follows the candidates of a run and adds what they would do to its description.
    pub(super) fn look(mut self, out: &mut Pickles, candidates: Candidates) -> io::Result<()> {
        let mut skipped = candidates.overflow;
        for candidate in candidates.list {
            let found = if self.is_spent() {
                skipped.get_or_insert(candidate.at);
                None
            } else {
                self.budget.candidates = self.budget.candidates.saturating_sub(1);
                self.follow(&candidate)?
            };
            match found.filter(|(inner, _)| inner.is_plausible()) {
                Some((inner, codings)) => add(out, inner, codings, &candidate),
                None => take_back(out, &candidate),
            }
        }
        if let Some(at) = skipped {
            out.anomalies.push(Anomaly {
                at,
                fault: Fault::Limit {
                    what: "values that may be pickles",
                    limit: CANDIDATES as u64,
                },
            });
        }
        Ok(())
    }

    fn is_spent(&self) -> bool {
        self.depth >= self.limits.depth || self.budget.candidates == 0 || self.budget.steps == 0
    }

    fn follow(&mut self, candidate: &Candidate) -> io::Result<Option<(Pickles, Vec<Coding>)>> {
        let window = Window::new(self.bytes, candidate.at, candidate.length);
        let is_bytes = matches!(candidate.encoding, Encoding::Data | Encoding::Ascii);
        let mut head = [0; 4];
        let read = window.read_at(0, &mut head)?;
        let magic = matches!(head.get(..read), Some([0x80, 0..=5, ..]));
        let lines = matches!(head, [b'c' | b'(', ..]);
        if (is_bytes && magic)
            || (lines
                && !matches!(
                    candidate.encoding,
                    Encoding::Quoted | Encoding::RawUnicodeEscape
                ))
        {
            return Ok(Some((self.describe(&window)?, Vec::new())));
        }
        if candidate.length > DECODED.min(self.budget.bytes) {
            return Ok(None);
        }
        self.budget.bytes = self.budget.bytes.saturating_sub(candidate.length);
        let mut whole = vec![0; usize::try_from(candidate.length).unwrap_or(0)];
        window.read_exact_at(0, &mut whole)?;
        let Some(content) = super::render::bytes_of(&whole, candidate.encoding) else {
            return Ok(None);
        };
        self.decode(content, is_bytes)
    }

    /// Takes one coding off after the other until a pickle lies bare.
    fn decode(
        &mut self,
        mut content: Vec<u8>,
        is_bytes: bool,
    ) -> io::Result<Option<(Pickles, Vec<Coding>)>> {
        let mut codings = Vec::new();
        if !is_bytes {
            codings.push(Coding::Text);
        }
        for _ in 0..=CODINGS {
            match begins(&content) {
                Some(Begins::Pickle | Begins::Lines) => {
                    return Ok(Some((self.describe(&content)?, codings)));
                }
                Some(Begins::Coded(coding)) => {
                    let limit = self.budget.bytes.min(DECODED);
                    let Some(decoded) = coding.decode(&content, limit) else {
                        return Ok(None);
                    };
                    self.budget.bytes = self.budget.bytes.saturating_sub(decoded.len() as u64);
                    codings.push(coding);
                    content = decoded;
                }
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Goes one level deeper, which [`Inner::is_spent`] bounds.
    fn describe(&mut self, bytes: &dyn Bytes) -> io::Result<Pickles> {
        follow(
            bytes,
            self.limits,
            self.depth.saturating_add(1),
            self.budget,
        )
    }
}

impl Coding {
    fn decode(self, content: &[u8], limit: u64) -> Option<Vec<u8>> {
        let codec = match self {
            Self::Text => return Some(content.to_vec()),
            Self::Base64 => return from_base64(content),
            Self::Hex => return from_hex(content),
            Self::Base32 => return from_base32(content),
            Self::Base85 => return from_base85(content),
            Self::Zlib => Codec::Zlib,
            Self::Gzip => Codec::Gzip,
            Self::Bzip2 => Codec::Bzip2,
            Self::Xz => Codec::Xz,
            Self::Lzma => Codec::Lzma,
        };
        let unpacked = stream::unpack(&content.to_vec(), codec, limit, &Limits::default()).ok()?;
        Some(unpacked.bytes)
    }
}

fn from_base64(content: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(content.len().saturating_mul(3) / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in content.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte.saturating_sub(b'A'),
            b'a'..=b'z' => byte.saturating_sub(b'a').saturating_add(26),
            b'0'..=b'9' => byte.saturating_sub(b'0').saturating_add(52),
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xff_ffff;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.push(bits.checked_shr(held)?.to_le_bytes()[0]);
        }
    }
    Some(out)
}

fn from_base32(content: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(content.len().saturating_mul(5) / 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in content.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte.saturating_sub(b'A'),
            b'2'..=b'7' => byte.saturating_sub(b'2').saturating_add(26),
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(digit)) & 0xff_ffff;
        held = held.saturating_add(5);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.push(bits.checked_shr(held)?.to_le_bytes()[0]);
        }
    }
    Some(out)
}

/// Python's alphabet of base 85; Ascii85 takes the characters from `!` on in their order.
const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Either alphabet: the one in which the first digits give what a pickle, zlib or gzip begins with.
fn from_base85(content: &[u8]) -> Option<Vec<u8>> {
    let is_ascii85 = matches!(content, [b'J' | b'G' | b'+', ..]);
    let digit = |byte: &u8| -> Option<u64> {
        if is_ascii85 {
            byte.checked_sub(b'!')
                .filter(|digit| *digit < 85)
                .map(u64::from)
        } else {
            let place = BASE85.iter().position(|letter| letter == byte)?;
            u64::try_from(place).ok()
        }
    };
    let digits: Option<Vec<u64>> = content
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(digit)
        .collect();
    let mut out = Vec::with_capacity(content.len().saturating_mul(4) / 5);
    for group in digits?.chunks(5) {
        // A short last group is filled up with the highest digit, and its last bytes are dropped.
        let filled = group.iter().copied().chain([84; 5]).take(5);
        let value = filled.fold(0_u64, |value, digit| {
            value.saturating_mul(85).saturating_add(digit)
        });
        let bytes = u32::try_from(value).ok()?.to_be_bytes();
        out.extend_from_slice(bytes.get(..group.len().checked_sub(1)?)?);
    }
    Some(out)
}

fn from_hex(content: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = content
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(*byte).to_digit(16))
        .collect();
    let pairs = digits?;
    let bytes = pairs.chunks_exact(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    bytes.collect()
}

/// Whether a call's argument is worth a place in its list of uses.
pub(super) const fn is_use(argument: &Argument) -> bool {
    matches!(argument, Argument::Import(_) | Argument::Returned(_))
}
