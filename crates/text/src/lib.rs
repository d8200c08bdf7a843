//! Finds spans in text: personal data and secrets.
//!
//! Both engines work the same way: one fast pass looks for *anchors* (a digit, an `@`, the first letters
//! of a known token), a shape is matched where an anchor is, and arithmetic decides: check digits for
//! numbers of people, checksums and entropy for secrets. Nothing backtracks, so hostile text costs no
//! more than plain text. Text is taken as bytes; what is not ASCII only ever separates.

mod checkdigit;
mod crc;
mod mask;
pub mod personal;
pub mod secrets;
mod window;
mod words;

pub use checkdigit::{luhn, mod_11_2, mod_11_10, mod_97, verhoeff};
pub use mask::mask;
pub use personal::{Hint, NationalId, PersonalKind, PersonalSpan, find_personal, find_personal_in};
pub use secrets::{Power, SecretKind, SecretSpan, find_secrets, find_secrets_in};
pub use window::{Encoding, Place, Reading, TextWindow, each_window};
