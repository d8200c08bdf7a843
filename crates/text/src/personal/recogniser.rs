//! What a recogniser is, and what it makes of a candidate.

use std::ops::Range;

use tutela_core::Confidence;

use super::{PersonalKind, PersonalSpan};
use crate::checkdigit::number;

/// One entry in a slice: how one kind of number looks and what makes it valid.
pub(super) struct Recogniser {
    /// What it recognises.
    pub kind: PersonalKind,
    /// Its shape as a regular expression over ASCII, separators included.
    pub shape: &'static str,
    /// What must hold besides the shape.
    pub rule: Rule,
    /// Confidence where nothing but the shape speaks for it and it has separators or letters.
    pub written: Option<Confidence>,
    /// The same for a bare run of digits; none where that would be noise.
    pub bare: Option<Confidence>,
    /// Words that say what the number is; see [`crate::words::Words::have`].
    pub words: &'static [&'static str],
}

/// What must hold besides the shape; `None` counts as no.
pub(super) enum Rule {
    /// Arithmetic over letters and digits, separators removed, letters in upper case.
    Code(fn(&[u8]) -> Option<bool>),
    /// A rule that needs the separators.
    Text(fn(&[u8]) -> Option<bool>),
}

impl Recogniser {
    /// Judges text that has the shape.
    pub(super) fn judge(
        &self,
        text: &[u8],
        range: Range<usize>,
        has_word: impl FnOnce(&[&str]) -> bool,
    ) -> Option<PersonalSpan> {
        let raw = text.get(range.clone())?;
        let holds = match self.rule {
            Rule::Code(rule) => rule(&compact(raw)),
            Rule::Text(rule) => rule(raw),
        };
        let valid = holds.unwrap_or(false);
        let is_bare = raw.iter().all(u8::is_ascii_digit);
        let alone = if is_bare { self.bare } else { self.written };
        // A word beside it lifts a bare number too, and keeps one with a typing error as a hint.
        let confidence = match (valid, alone) {
            (true, Some(Confidence::High)) => Some(Confidence::High),
            (true, alone) => has_word(self.words).then_some(Confidence::High).or(alone),
            (false, _) => has_word(self.words).then_some(Confidence::Low),
        };
        Some(PersonalSpan {
            kind: self.kind,
            range,
            confidence: confidence?,
            valid,
        })
    }
}

/// Letters and digits alone, letters in upper case.
pub(super) fn compact(raw: &[u8]) -> Vec<u8> {
    raw.iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_uppercase)
        .collect()
}

/// The number that some places of a code spell.
pub(super) fn part(code: &[u8], places: Range<usize>) -> Option<u64> {
    number(code.get(places)?)
}

/// Whether all characters are the same: nobody's number, and it passes many a rule.
pub(super) fn is_one_digit(code: &[u8]) -> bool {
    code.windows(2).all(|pair| pair.first() == pair.last())
}
