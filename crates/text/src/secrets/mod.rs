//! Secrets in text: private keys, tokens of services, passwords.
//!
//! A *detector* is one entry in a slice: the letters that every such secret begins with or stands
//! beside (its anchors), and a rule about what follows. One automaton finds all anchors in one pass; the
//! rule then looks at structure, at a checksum where the format has one, and at entropy where nothing
//! else tells a password from a word. Each entry names where its format is written down.

mod assignment;
mod bech32;
mod cloud;
mod detector;
mod keys;
mod kind;
mod token;
mod url;
mod value;

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use tutela_core::Confidence;

use detector::{Case, Detector, Hit};
pub use kind::{Power, SecretKind};

/// A piece of text that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSpan {
    /// What it looks like.
    pub kind: SecretKind,
    /// Where it stands, in bytes; the secret part alone where it can be told apart.
    pub range: Range<usize>,
    /// How sure that is; high for a valid checksum or a structure that chance does not make.
    pub confidence: Confidence,
}

struct Engine {
    anchors: AhoCorasick,
    /// Which detector an anchor belongs to, and how it is written.
    owners: Vec<(&'static Detector, &'static str)>,
}

impl Engine {
    #[expect(
        clippy::expect_used,
        reason = "the anchors are constants of this crate, and every test builds them"
    )]
    fn build() -> Self {
        let owners: Vec<(&'static Detector, &'static str)> = detectors()
            .flat_map(|detector| {
                detector
                    .anchors
                    .iter()
                    .map(move |anchor| (detector, *anchor))
            })
            .collect();
        let anchors = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(owners.iter().map(|(_, anchor)| anchor))
            .expect("the anchors are few and short");
        Self { anchors, owners }
    }
}

fn detectors() -> impl Iterator<Item = &'static Detector> {
    [
        keys::DETECTORS,
        cloud::DETECTORS,
        token::DETECTORS,
        url::DETECTORS,
        assignment::DETECTORS,
    ]
    .into_iter()
    .flatten()
}

/// Every kind of secret that is looked for, with the public text that describes its structure.
pub fn kinds() -> impl Iterator<Item = (SecretKind, &'static str)> {
    detectors().map(|detector| (detector.kind, detector.source))
}

/// Finds secrets in text, in the order of where they begin; spans do not overlap.
///
/// ```
/// use tutela_text::find_secrets;
/// let spans = find_secrets("url = redis://:7fQz9-long-pass@cache.internal/0");
/// assert_eq!(spans[0].kind.code(), "database-url");
/// assert!(find_secrets("password = os.environ['DB_PASSWORD']").is_empty());
/// ```
#[must_use]
pub fn find_secrets(text: &str) -> Vec<SecretSpan> {
    find_secrets_in(text.as_bytes())
}

/// Finds secrets in bytes of any encoding that holds ASCII.
#[must_use]
pub fn find_secrets_in(text: &[u8]) -> Vec<SecretSpan> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(Engine::build);
    let mut spans = Vec::new();
    for found in engine.anchors.find_overlapping_iter(text) {
        let Some((detector, anchor)) = engine.owners.get(found.pattern().as_usize()) else {
            continue;
        };
        let range = found.start()..found.end();
        let as_written = text.get(range.clone()) == Some(anchor.as_bytes());
        if detector.case == Case::Any || as_written {
            spans.extend(detector.look(&Hit { text, range }));
        }
    }
    without_overlaps(spans)
}

/// Of spans that overlap the surest stays, then the longest: a token in an assignment is the token.
fn without_overlaps(mut spans: Vec<SecretSpan>) -> Vec<SecretSpan> {
    spans.sort_by_key(|span| (span.range.start, span.range.end));
    let mut kept: Vec<SecretSpan> = Vec::new();
    for span in spans {
        match kept.last_mut() {
            Some(last) if span.range.start < last.range.end => {
                if (last.confidence, last.range.len()) < (span.confidence, span.range.len()) {
                    *last = span;
                }
            }
            _ => kept.push(span),
        }
    }
    kept
}
