//! Looks for places where a program, an archive or a pickle seems to begin in the middle of other bytes.
//!
//! Weights are gigabytes of noise, so the search has to be cheap: one pass for pairs of bytes over each buffer, with vector
//! instructions; then a few more bytes at each hit. It is made to run while a digest is taken, on bytes that are in the cache anyway. A mark proves nothing;
//! [`begins`] looks closer.

use std::io;
use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::Searcher;
use tutela_core::{Bytes, Limits, Window};

use crate::{Format, executable, pickle, zip};

/// How many bytes a decision needs, the first included.
const NEEDED: usize = 12;

/// Bytes that are looked at one by one behind a pair. Noise has one in every seven thousand bytes.
const BLOCK: usize = 64;

/// Marks that are kept. Noise has a few thousand in a gigabyte; who plants more has something to conceal.
const MOST: usize = 1 << 20;

/// Collects marks over consecutive buffers.
#[derive(Debug, Default)]
pub struct Finder {
    /// Bytes before the current buffer.
    offset: u64,
    /// The last bytes before it, too few to decide on.
    tail: Vec<u8>,
    marks: Vec<u64>,
    overflowed: bool,
}

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Places, ascending.
    pub places: Vec<u64>,
    /// Whether there were more than are kept.
    pub overflowed: bool,
}

impl Finder {
    /// Looks at the next bytes.
    pub fn see(&mut self, bytes: &[u8]) {
        let mut tail = std::mem::take(&mut self.tail);
        let seam = tail.len();
        if seam > 0 {
            let joined = [&tail, bytes.get(..NEEDED).unwrap_or(bytes)].concat();
            let start = self.offset.saturating_sub(seam as u64);
            self.search(&joined, start, seam);
        }
        self.search(bytes, self.offset, bytes.len());
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        // What could not be decided at the end is looked at again together with what follows.
        tail.extend(
            bytes
                .get(bytes.len().saturating_sub(NEEDED)..)
                .unwrap_or_default(),
        );
        self.tail = tail.split_off(tail.len().saturating_sub(NEEDED));
    }

    /// Marks what begins in the first `within` bytes.
    fn search(&mut self, bytes: &[u8], start: u64, within: usize) {
        let mut from = 0;
        while let Some(pair) = next_pair(bytes, from).filter(|pair| *pair < within) {
            // Byte by byte for a while: bytes that are made of nothing but pairs must not cost a new search for each.
            from = pair.saturating_add(BLOCK).min(within);
            for at in pair..from {
                if bytes.get(at..).is_some_and(seems_to_begin) {
                    self.mark(start.saturating_add(at as u64));
                }
            }
        }
    }

    fn mark(&mut self, place: u64) {
        if self.marks.len() < MOST {
            self.marks.push(place);
        } else {
            self.overflowed = true;
        }
    }

    /// Ends the search.
    #[must_use]
    pub fn finish(mut self) -> Marks {
        self.marks.sort_unstable();
        self.marks.dedup();
        Marks {
            places: self.marks,
            overflowed: self.overflowed,
        }
    }
}

/// The first two bytes of everything that [`seems_to_begin`] accepts.
const PAIRS: [&[u8; 2]; 9] = [
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
    b"\x7fE",
    b"MZ",
    b"PK",
    b"\xcf\xfa",
    b"#!",
];

/// Where the next pair begins.
fn next_pair(bytes: &[u8], from: usize) -> Option<usize> {
    /// None on a processor without the vector instructions.
    static SEARCHER: LazyLock<Option<Searcher>> = LazyLock::new(|| Searcher::new(PAIRS));
    match &*SEARCHER {
        Some(searcher) => {
            let span = Span {
                start: from.min(bytes.len()),
                end: bytes.len(),
            };
            searcher.find_in(bytes, span).map(|found| found.start())
        }
        None => next_pair_by_byte(bytes, from),
    }
}

fn next_pair_by_byte(bytes: &[u8], from: usize) -> Option<usize> {
    let mut pairs = bytes.get(from..)?.windows(2);
    let place = pairs.position(|pair| PAIRS.iter().any(|known| known.as_slice() == pair))?;
    Some(from.saturating_add(place))
}

fn seems_to_begin(bytes: &[u8]) -> bool {
    match bytes {
        [0x7f, b'E', b'L', b'F', 1 | 2, 1 | 2, 1, ..]
        | [b'M', b'Z', 0x90, 0, 3, 0, ..]
        | [b'P', b'K', 3, 4, ..=63, ..]
        | [0xcf, 0xfa, 0xed, 0xfe, ..]
        | [b'#', b'!', b'/', b'b' | b'u', b'i' | b's', ..] => true,
        // A frame of less than 4 GiB.
        [0x80, 4 | 5, 0x95, _, _, _, _, 0, 0, 0, 0, ..] => true,
        [0x80, 2..=5, opcode, ..] => {
            // What picklers, and attackers who write by hand, begin with.
            matches!(
                opcode,
                b'c' | b'(' | b'}' | b']' | b')' | b'X' | b'U' | b'K' | 0x8a | 0x8c
            )
        }
        _ => false,
    }
}

/// What begins at a mark.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Concealed {
    /// A program, or a script.
    Program(Format),
    /// A zip archive with members and a directory.
    Archive,
    /// A pickle that imports something.
    Pickle(Box<pickle::Pickles>),
}

/// What really begins at a place, if anything does.
///
/// # Errors
/// What reading the bytes returns.
pub fn begins(bytes: &dyn Bytes, place: u64, limits: &Limits) -> io::Result<Option<Concealed>> {
    /// As far as a header reaches, or an attack's pickle.
    const REACH: u64 = 256 << 10;
    let window = Window::new(bytes, place, REACH);
    let mut head = [0; NEEDED];
    let count = window.read_at(0, &mut head)?;
    Ok(match head.get(..count).unwrap_or_default() {
        [0x80, ..] => {
            let glance = pickle::glance(&window, limits)?;
            if !glance.imports.iter().any(is_named) || !glance.is_plausible() {
                return Ok(None);
            }
            let pickles = pickle::describe(&window, limits)?;
            Some(Concealed::Pickle(Box::new(pickles)))
        }
        [b'P', ..] => {
            let rest = Window::new(bytes, place, u64::MAX);
            let archive = zip::read(&rest, limits)?;
            let lost = |anomaly: &zip::Anomaly| matches!(anomaly.fault, zip::Fault::NoDirectory);
            let whole = !archive.members.is_empty() && !archive.anomalies.iter().any(lost);
            whole.then_some(Concealed::Archive)
        }
        _ => executable::recognise(&window)?.map(Concealed::Program),
    })
}

fn is_named(import: &pickle::Import) -> bool {
    let is_name = |part: &Option<String>| part.as_deref().is_some_and(pickle::is_dotted_name);
    is_name(&import.module) && is_name(&import.name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(bytes: &[u8]) -> Vec<u64> {
        crate::sweep(&bytes.to_vec()).unwrap().marks.places
    }

    const PICKLE: &[u8] = b"\x80\x02cos\nsystem\nX\x0b\0\0\0echo inert!\x85R.";

    #[test]
    fn what_begins_is_told() {
        let mut bytes = vec![0_u8; 1000];
        bytes.extend(PICKLE);
        bytes.extend([7; 100]);
        bytes.extend(b"\x7fELF\x02\x01\x01");
        bytes.extend([0; 100]);
        assert_eq!(found(&bytes), [1000, 1000 + PICKLE.len() as u64 + 100]);
        let limits = Limits::default();
        assert!(matches!(
            begins(&bytes, 1000, &limits),
            Ok(Some(Concealed::Pickle(_)))
        ));
        let elf = found(&bytes)[1];
        assert!(matches!(
            begins(&bytes, elf, &limits),
            Ok(Some(Concealed::Program(Format::Elf)))
        ));
    }

    #[test]
    fn bytes_that_only_look_alike_are_nothing() {
        let bytes = b"\x80\x04K\x01 MZ\x90\0\x03\0 PK\x03\x04 #!/bad".to_vec();
        for place in found(&bytes) {
            let begins = begins(&bytes, place, &Limits::default()).unwrap();
            assert!(begins.is_none(), "{place}: {begins:?}");
        }
    }

    proptest! {
        /// The search for pairs finds what is found at every place by itself.
        #[test]
        fn pairs_miss_nothing(
            filling in proptest::collection::vec(
                prop_oneof![Just(0x80), Just(4), Just(0x95), Just(b'P'), Just(b'K'), Just(3), any::<u8>()],
                0..400,
            ),
        ) {
            let expected: Vec<u64> = (0..filling.len())
                .filter(|at| seems_to_begin(&filling[*at..]))
                .map(|at| at as u64)
                .collect();
            prop_assert_eq!(found(&filling), expected);
            for from in 0..filling.len() {
                prop_assert_eq!(next_pair(&filling, from), next_pair_by_byte(&filling, from));
            }
        }

        /// However the bytes are cut into buffers, the marks are the same.
        #[test]
        fn seams_change_nothing(
            filling in proptest::collection::vec(any::<u8>(), 0..40),
            cuts in proptest::collection::vec(1_usize..30, 1..20),
        ) {
            let mut bytes = filling.clone();
            bytes.extend(PICKLE);
            bytes.extend(&filling);
            bytes.extend(b"\x7fELF\x02\x01\x01");
            let mut finder = Finder::default();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                finder.see(now);
                rest = later;
            }
            finder.see(rest);
            prop_assert_eq!(finder.finish().places, found(&bytes));
        }
    }
}
