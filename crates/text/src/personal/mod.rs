//! Personal data in text: addresses, phone and payment numbers, and numbers that states give to people.
//!
//! A *recogniser* is one entry in a slice: a shape, a rule of arithmetic, and the words that usually
//! stand beside it. All shapes are one automaton, run only where a digit stands; an `@` is looked at by
//! [`email`]. The confidence of a span comes from three things: does the rule hold, does the text have
//! the separators people write, does a word beside it say what it is.

mod contact;
mod email;
mod engine;
mod europe;
mod kind;
mod payment;
mod recogniser;
mod world;

use std::ops::Range;

use tutela_core::Confidence;

use crate::words::Words;

pub use kind::{NationalId, PersonalKind};

/// A piece of text that looks like personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalSpan {
    /// What it looks like.
    pub kind: PersonalKind,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether check digits and structure hold. They may fail only where a word beside the number says
    /// what it was meant to be; confidence is low then.
    pub valid: bool,
}

/// Words that the caller knows about the text, such as the name of its column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hint(Words);

impl Hint {
    /// Takes the words of a name: `customerPhone` and `customer_phone` are the same.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(Words::of(name.as_bytes()))
    }
}

/// Finds personal data in text, in the order of where it begins.
///
/// Spans of different kinds may cover the same text, since one number can satisfy two countries' rules.
///
/// ```
/// use tutela_text::{PersonalKind, find_personal};
/// let spans = find_personal("write to ada@example.org");
/// assert_eq!(spans[0].kind, PersonalKind::Email);
/// assert_eq!(spans[0].range, 9..24);
/// ```
#[must_use]
pub fn find_personal(text: &str) -> Vec<PersonalSpan> {
    find_personal_in(text.as_bytes(), &Hint::default())
}

/// Finds personal data in bytes of any encoding that holds ASCII, helped by what the caller knows.
#[must_use]
pub fn find_personal_in(text: &[u8], hint: &Hint) -> Vec<PersonalSpan> {
    engine::find(text, &hint.0)
}
