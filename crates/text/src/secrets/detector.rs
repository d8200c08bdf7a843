//! What a detector is.

use std::ops::{Range, RangeInclusive};

use tutela_core::Confidence;

use super::value::is_filler;
use super::{SecretKind, SecretSpan};

/// One entry in a slice: how one kind of secret is found.
pub(super) struct Detector {
    /// What it finds.
    pub kind: SecretKind,
    /// Letters that every such secret begins with or stands beside.
    pub anchors: &'static [&'static str],
    /// Whether the anchors' capitals matter.
    pub case: Case,
    /// What must follow.
    pub rule: Rule,
    /// Where the structure is written down.
    pub source: &'static str,
}

/// Whether capitals matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// As written.
    Exact,
    /// Either.
    Any,
}

/// Where the secret is and how sure that is.
pub(super) type Found = Option<(Range<usize>, Confidence)>;

/// What must follow an anchor.
pub(super) enum Rule {
    /// So many characters of an alphabet and then another character.
    Token(Alphabet, RangeInclusive<usize>),
    /// The same, and the whole token passes a test.
    Checked(Alphabet, RangeInclusive<usize>, fn(&[u8]) -> bool),
    /// Anything else: the span of the secret, if it is one.
    Custom(fn(&Hit<'_>) -> Found),
}

/// The characters that a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// `A–Za–z0–9`.
    Alphanumeric,
    /// `0–9a–f`.
    Hex,
    /// `A–Z0–9`.
    Upper,
    /// `A–Za–z0–9_-`, as Base64 in addresses.
    Url,
    /// `A–Za–z0–9_-.`.
    UrlDot,
    /// `A–Za–z0–9+/=`.
    Base64,
}

impl Alphabet {
    /// Whether a byte belongs to it.
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Upper => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::UrlDot => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        }
    }
}

/// An anchor in a text.
pub(super) struct Hit<'a> {
    /// The text.
    pub text: &'a [u8],
    /// The anchor.
    pub range: Range<usize>,
}

impl<'a> Hit<'a> {
    /// What follows the anchor.
    pub(super) fn after(&self) -> &'a [u8] {
        self.text.get(self.range.end..).unwrap_or_default()
    }

    /// What stands before the anchor.
    pub(super) fn before(&self) -> &'a [u8] {
        self.text.get(..self.range.start).unwrap_or_default()
    }

    /// Whether the anchor does not stand inside a word.
    pub(super) fn begins_word(&self) -> bool {
        !self
            .before()
            .last()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    }
}

/// How many bytes of a text belong to an alphabet, at most `limit`.
pub(super) fn run(text: &[u8], alphabet: Alphabet, limit: usize) -> usize {
    text.iter()
        .take(limit)
        .take_while(|byte| alphabet.has(**byte))
        .count()
}

impl Detector {
    /// Looks at an anchor.
    pub(super) fn look(&self, hit: &Hit<'_>) -> Option<SecretSpan> {
        let (range, confidence) = match &self.rule {
            Rule::Token(alphabet, lengths) => (token(hit, *alphabet, lengths)?, Confidence::High),
            Rule::Checked(alphabet, lengths, test) => {
                let range = token(hit, *alphabet, lengths)?;
                test(hit.text.get(range.clone())?).then_some((range, Confidence::High))?
            }
            Rule::Custom(rule) => rule(hit)?,
        };
        Some(SecretSpan {
            kind: self.kind,
            range,
            confidence,
        })
    }
}

/// A word of the right length that begins with the anchor and is not filled in for show.
fn token(
    hit: &Hit<'_>,
    alphabet: Alphabet,
    lengths: &RangeInclusive<usize>,
) -> Option<Range<usize>> {
    let after = hit.after();
    let length = run(after, alphabet, lengths.end() + 1);
    // A dash or dot that ends a sentence or a flag is not part of the token.
    let body = after.get(..length)?;
    let sound = hit.begins_word()
        && lengths.contains(&length)
        && !after.get(length).is_some_and(u8::is_ascii_alphanumeric)
        && !is_filler(body);
    sound.then(|| hit.range.start..hit.range.end + length)
}
