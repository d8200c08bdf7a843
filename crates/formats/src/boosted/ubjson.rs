//! Reads Universal Binary JSON (specification, draft 12), of which `XGBoost` writes a part.

use tutela_core::escape;

use super::fault::{Fault, Flaws};
use super::item::{Item, packed};
use crate::tree::{DEPTH, VALUES};

/// Reads the value at the start; returns it with the place where it ends.
///
/// Reading stops at the first thing that is wrong, which is told; what was read before it is kept.
pub(super) fn parse(bytes: &[u8], flaws: &mut Flaws) -> (Item, u64) {
    let mut reader = Reader {
        bytes,
        at: 0,
        values: 0,
        flaws,
        stopped: false,
    };
    let item = match reader.marker() {
        Some(marker) => reader.value(marker, 0),
        None => Item::Null,
    };
    let end = reader.at as u64;
    (item, end)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    values: usize,
    flaws: &'a mut Flaws,
    stopped: bool,
}

impl Reader<'_> {
    fn stop(&mut self, fault: Fault) {
        if !self.stopped {
            let at = self.at as u64;
            self.flaws.add(at, at.saturating_add(1), fault);
        }
        self.stopped = true;
    }

    const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(count)?;
        let Some(taken) = self.bytes.get(self.at..end) else {
            self.stop(Fault::Ends("a value".to_owned()));
            return None;
        };
        self.at = end;
        Some(taken)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next marker, behind any that mean nothing.
    fn marker(&mut self) -> Option<u8> {
        while self.peek() == Some(b'N') {
            self.at = self.at.saturating_add(1);
        }
        self.take(1)?.first().copied()
    }

    /// A number of fixed size, big-endian.
    fn number(&mut self, marker: u8) -> Option<f64> {
        fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
            bytes.try_into().ok()
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers beyond 2^53 are outside of every bound, exact or not"
        )]
        Some(match marker {
            b'i' => f64::from(i8::from_be_bytes(array(self.take(1)?)?)),
            b'U' => f64::from(u8::from_be_bytes(array(self.take(1)?)?)),
            b'I' => f64::from(i16::from_be_bytes(array(self.take(2)?)?)),
            b'l' => f64::from(i32::from_be_bytes(array(self.take(4)?)?)),
            b'L' => i64::from_be_bytes(array(self.take(8)?)?) as f64,
            b'd' => f64::from(f32::from_be_bytes(array(self.take(4)?)?)),
            b'D' => f64::from_be_bytes(array(self.take(8)?)?),
            _ => return None,
        })
    }

    /// A length: an integer that is not negative and not more than can follow.
    fn length(&mut self, what: &str, least: usize) -> Option<usize> {
        let marker = self.marker()?;
        let width = match marker {
            b'i' | b'U' => 1,
            b'I' => 2,
            b'l' => 4,
            b'L' => 8,
            _ => {
                self.stop(Fault::Broken(format!("the length of {what}")));
                return None;
            }
        };
        let bytes = self.take(width)?;
        let is_negative = marker != b'U' && bytes.first().is_some_and(|first| *first >= 0x80);
        let first = if is_negative { -1 } else { 0 };
        let length = bytes
            .iter()
            .fold(first, |length: i128, byte| length << 8 | i128::from(*byte));
        let left = self.left();
        let fits = usize::try_from(length)
            .ok()
            .filter(|length| length.checked_mul(least).is_some_and(|size| size <= left));
        if fits.is_none() {
            self.stop(Fault::Length {
                what: what.to_owned(),
                length,
                left: left as u64,
            });
        }
        fits
    }

    fn text(&mut self, what: &str) -> Option<String> {
        let length = self.length(what, 1)?;
        let bytes = self.take(length)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Recurses once a level, to [`DEPTH`].
    fn value(&mut self, marker: u8, depth: usize) -> Item {
        self.values = self.values.saturating_add(1);
        if depth >= DEPTH {
            self.stop(Fault::TooDeep(DEPTH));
        } else if self.values > VALUES {
            self.stop(Fault::Limit {
                what: "the number of values",
                limit: VALUES as u64,
            });
        }
        if self.stopped {
            return Item::Null;
        }
        match marker {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'Z' => Item::Null,
            b'T' => Item::Number(1.0),
            b'F' => Item::Number(0.0),
            b'S' | b'H' => self.text("a text").map_or(Item::Null, Item::Text),
            b'C' => match self.take(1) {
                Some(bytes) => Item::Text(String::from_utf8_lossy(bytes).into_owned()),
                None => Item::Null,
            },
            _ => match self.number(marker) {
                Some(number) => Item::Number(number),
                None => {
                    self.stop(Fault::Broken(format!("the marker {marker:#04x}")));
                    Item::Null
                }
            },
        }
    }

    /// The type and the count that a container may begin with.
    fn head(&mut self) -> (Option<u8>, Option<usize>) {
        let mut kind = None;
        if self.peek() == Some(b'$') {
            self.at = self.at.saturating_add(1);
            kind = self.take(1).and_then(|bytes| bytes.first().copied());
        }
        if self.peek() == Some(b'#') {
            self.at = self.at.saturating_add(1);
            // Types without a value take no bytes: a count of them is bounded by the bytes that are left, too.
            let least = kind.and_then(width).unwrap_or(1);
            let count = self.length("a container", least);
            return (kind, count);
        }
        if kind.is_some() {
            self.stop(Fault::Broken(
                "a container with a type and no count".to_owned(),
            ));
        }
        (kind, None)
    }

    fn list(&mut self, depth: usize) -> Item {
        let (kind, count) = self.head();
        if let (Some(kind), Some(count)) = (kind, count)
            && width(kind).is_some()
        {
            let numbers = (0..count).map_while(|_| self.number(kind)).collect();
            return Item::Numbers(numbers);
        }
        let mut items = Vec::new();
        while !self.stopped && count != Some(items.len()) {
            let Some(marker) = kind.or_else(|| self.marker()) else {
                break;
            };
            if count.is_none() && marker == b']' {
                break;
            }
            items.push(self.value(marker, depth.saturating_add(1)));
        }
        packed(items)
    }

    fn object(&mut self, depth: usize) -> Item {
        let (kind, count) = self.head();
        let mut entries = Vec::new();
        while !self.stopped && count != Some(entries.len()) {
            while self.peek() == Some(b'N') {
                self.at = self.at.saturating_add(1);
            }
            if count.is_none() && self.peek() == Some(b'}') {
                self.at = self.at.saturating_add(1);
                break;
            }
            let at = self.at as u64;
            let Some(key) = self.text("a key") else { break };
            let Some(marker) = kind.or_else(|| self.marker()) else {
                break;
            };
            let item = self.value(marker, depth.saturating_add(1));
            if self.stopped {
                let shown = escape(&key, 100);
                self.context(&shown);
            }
            entries.push((key, at, item));
        }
        Item::Object(entries)
    }

    /// Says under which key reading stopped, once.
    fn context(&mut self, key: &str) {
        if let Some(flaw) = self.flaws.list.last_mut()
            && let Fault::Length { what, .. } = &mut flaw.fault
            && !what.contains('`')
        {
            *what = format!("{what} under `{key}`");
        }
    }
}

/// Bytes that a number of this type takes.
const fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}
