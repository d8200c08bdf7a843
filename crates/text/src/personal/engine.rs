//! Finds where a number may stand and asks the recognisers.

use std::cell::OnceCell;
use std::ops::Range;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::hybrid::dfa::{Cache, DFA, OverlappingState};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::Pool;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::recogniser::Recogniser;
use super::{PersonalSpan, contact, email, europe, payment, world};
use crate::words::Words;

/// How far before and after a number a word still belongs to it.
const BEFORE: usize = 48;
const AFTER: usize = 24;
/// No shape is longer: an IBAN in groups has 42 bytes, an IPv6 address 45.
const LONGEST: usize = 64;

type NewCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// All shapes as one automaton that tells every shape that fits, and every place where it may end.
struct Engine {
    recognisers: Vec<&'static Recogniser>,
    automaton: DFA,
    caches: Pool<Cache, NewCache>,
}

impl Engine {
    #[expect(
        clippy::expect_used,
        reason = "the shapes are constants of this crate, and every test builds them"
    )]
    fn build() -> Self {
        let slices = [
            contact::RECOGNISERS,
            payment::RECOGNISERS,
            europe::RECOGNISERS,
            world::RECOGNISERS,
        ];
        let recognisers: Vec<&'static Recogniser> = slices.into_iter().flatten().collect();
        let shapes: Vec<&str> = recognisers.iter().map(|one| one.shape).collect();
        let automaton = DFA::builder()
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .cache_capacity(4 << 20)
                    .skip_cache_capacity_check(true),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build_many(&shapes)
            .expect("the shapes are regular expressions");
        let cached = automaton.clone();
        Self {
            recognisers,
            automaton,
            caches: Pool::new(Box::new(move || cached.create_cache())),
        }
    }

    /// Everything that fits from `start`, longest span of each kind.
    fn look(
        &self,
        cache: &mut Cache,
        start: usize,
        seen: &Seen<'_>,
        spans: &mut Vec<PersonalSpan>,
    ) {
        let text = seen.text;
        if !opens(text, start) {
            return;
        }
        let end = text.len().min(start.saturating_add(LONGEST));
        let input = Input::new(text).range(start..end).anchored(Anchored::Yes);
        let words = OnceCell::new();
        let first = spans.len();
        let mut state = OverlappingState::start();
        // An automaton without a limit on cache clearing and without quit bytes never fails.
        while self
            .automaton
            .try_search_overlapping_fwd(cache, &input, &mut state)
            .is_ok()
        {
            let Some(found) = state.get_match() else {
                return;
            };
            let range = start..found.offset();
            let recogniser = self.recognisers.get(found.pattern().as_usize());
            let Some(recogniser) = recogniser.filter(|_| closes(text, range.end)) else {
                continue;
            };
            let has_word = |entries: &[&str]| {
                seen.hint.have_any(entries)
                    || words.get_or_init(|| nearby(text, &range)).have_any(entries)
            };
            if let Some(span) = recogniser.judge(text, range.clone(), has_word) {
                keep_best(spans, first, span);
            }
        }
    }
}

/// What is searched, and what the caller knows about it.
struct Seen<'a> {
    text: &'a [u8],
    hint: &'a Words,
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::build)
}

/// Finds everything in one pass.
pub(super) fn find(text: &[u8], hint: &Words) -> Vec<PersonalSpan> {
    let seen = Seen { text, hint };
    let mut spans = Vec::new();
    // Taken at the first digit: most text never needs it.
    let mut cache = None;
    let (mut place, mut taken) = (0, 0);
    while let Some(anchor) = next_anchor(text, place) {
        let found = spans.len();
        if text.get(anchor) == Some(&b'@') {
            spans.extend(email::around(text, anchor, taken));
            place = anchor + 1;
        } else {
            let token = token_around(text, anchor, taken);
            place = token.end;
            if is_promising(text, &token) {
                let engine = engine();
                let cache = cache.get_or_insert_with(|| engine.caches.get());
                for start in starts(text, &token, taken).into_iter().flatten() {
                    engine.look(cache, start, &seen, &mut spans);
                    // What begins later is a part of it: `(212) 555-0123` of `+1 (212) 555-0123`.
                    if spans.iter().skip(found).any(|span| span.valid) {
                        break;
                    }
                }
            }
        }
        let reached = spans
            .iter()
            .skip(found)
            .filter(|span| span.valid)
            .map(|span| span.range.end);
        taken = reached.max().unwrap_or(taken);
        place = place.max(taken);
    }
    spans.sort_by_key(|span| (span.range.start, span.range.end, span.kind));
    spans
}

/// The next digit or `@`.
fn next_anchor(text: &[u8], from: usize) -> Option<usize> {
    // Written so that the compiler makes vector instructions of it.
    const BLOCK: usize = 64;
    let is_anchor = |byte: &u8| byte.is_ascii_digit() | (*byte == b'@');
    let rest = text.get(from..)?;
    let clean = rest
        .chunks(BLOCK)
        .take_while(|block| !block.iter().fold(false, |any, byte| any | is_anchor(byte)))
        .count();
    let skipped = clean.saturating_mul(BLOCK);
    let place = rest.get(skipped..)?.iter().position(is_anchor)?;
    Some(from + skipped + place)
}

/// The letters and digits around a place, not before `floor`.
fn token_around(text: &[u8], place: usize, floor: usize) -> Range<usize> {
    let before = text.get(floor..place).unwrap_or_default();
    let after = text.get(place..).unwrap_or_default();
    let length = |bytes: &mut dyn Iterator<Item = &u8>| {
        bytes
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count()
    };
    let start = place - length(&mut before.iter().rev());
    start..place + length(&mut after.iter()).max(1)
}

/// Whether enough of a number follows to run the automaton: most digits in text are years and counts.
fn is_promising(text: &[u8], token: &Range<usize>) -> bool {
    if token.len() >= 10 {
        return true;
    }
    let rest = text.get(token.start..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    if matches!(rest, [a, b, c, d, ..]
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit())
    {
        return true;
    }
    let (mut digits, mut dots, mut colons, mut gap) = (0_u32, 0_u32, 0_u32, 0_u32);
    for byte in rest {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => dots += 1,
            b':' => colons += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b' ' | b'-' | b'/' | b'(' | b')' | b'+' => {}
            _ => break,
        }
        gap = if byte.is_ascii_alphanumeric() {
            0
        } else {
            gap + 1
        };
        if gap > 3 || digits >= 6 {
            break;
        }
    }
    // An address in digits and dots has at least four of one and three of the other.
    digits >= 6 || dots >= 3 || colons >= 2
}

/// Where a shape may begin for a token: at a sign before it, at the token, at an IPv6 address's start.
fn starts(text: &[u8], token: &Range<usize>, floor: usize) -> [Option<usize>; 3] {
    let before = text.get(floor..token.start).unwrap_or_default();
    let prefix = match before {
        [.., b'+', b'('] => Some(2),
        [.., b'+' | b'('] => Some(1),
        // The letter of a Spanish foreigner's number.
        [.., b'X'..=b'Z', b'-'] => Some(2),
        // The two letters of a British insurance number, set apart.
        [.., b'A'..=b'Z', b'A'..=b'Z', b' '] => Some(3),
        _ => None,
    };
    let colons = before
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':')
        .count();
    [
        prefix.map(|length| token.start - length),
        Some(token.start),
        (colons > 1).then(|| token.start - colons),
    ]
}

/// Whether a number may begin here: not inside a word, a fraction or a longer number.
fn opens(text: &[u8], start: usize) -> bool {
    match text.get(..start).unwrap_or_default() {
        [.., last] if last.is_ascii_alphanumeric() || *last == b'_' => false,
        [.., last, b'-' | b'.' | b'/' | b'+'] => !last.is_ascii_digit(),
        _ => true,
    }
}

/// Whether a number may end here.
fn closes(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        [next, ..] if next.is_ascii_alphanumeric() || matches!(next, b'_' | b'@') => false,
        [b'-' | b'.' | b'/', next, ..] => !next.is_ascii_digit(),
        _ => true,
    }
}

/// The words near a span, on the same line.
fn nearby(text: &[u8], range: &Range<usize>) -> Words {
    let before = text
        .get(range.start.saturating_sub(BEFORE)..range.start)
        .unwrap_or_default();
    let before = before
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let end = text.len().min(range.end.saturating_add(AFTER));
    let after = text.get(range.end..end).unwrap_or_default();
    let after = after
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    Words::of(&[before, b" ", after].concat())
}

/// Of several spans of one kind from one start the valid, then the longer one stays.
fn keep_best(spans: &mut Vec<PersonalSpan>, first: usize, span: PersonalSpan) {
    let known = spans
        .iter_mut()
        .skip(first)
        .find(|known| known.kind == span.kind && known.range.start == span.range.start);
    match known {
        Some(known) if (known.valid, known.range.end) < (span.valid, span.range.end) => {
            *known = span;
        }
        Some(known) => known.confidence = known.confidence.max(span.confidence),
        None => spans.push(span),
    }
}
