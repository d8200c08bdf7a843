//! Signed notes (c2sp.org/signed-note): a text and the lines that sign it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::keys::{LogKey, LogVerifier};

/// More than a checkpoint with its sixteen largest cosignatures needs.
pub(super) const LIMIT: usize = 1024 * 1024;
/// The specification demands room for at least sixteen.
const SIGNATURE_LIMIT: usize = 64;

/// Why a note cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Not a signed note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// No signature of the trusted key.
    #[error("the note is not signed by the trusted key of `{0}`")]
    Unsigned(String),
    /// The trusted key's signature is wrong.
    #[error("the signature of `{0}` does not fit the note")]
    BadSignature(String),
}

/// Signs a text, which must end in a newline, as a note.
pub(crate) fn sign(text: &str, key: &LogKey) -> String {
    let verifier = key.verifier();
    let mut signature = verifier.hash().to_vec();
    signature.extend(key.sign(text.as_bytes()));
    format!(
        "{text}\n— {} {}\n",
        verifier.name(),
        STANDARD.encode(signature)
    )
}

/// Verifies a note and returns its text, with the final newline.
///
/// Signatures of other keys are not looked at, as the specification demands; their lines must be well formed.
pub(crate) fn open<'a>(note: &'a str, verifier: &LogVerifier) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let mut signed = false;
    for line in signatures.lines() {
        let (name, bytes) = signature_line(line)?;
        let (hash, signature) = bytes.split_at_checked(4).unwrap_or_default();
        if name != verifier.name().as_str() || hash != verifier.hash() {
            continue;
        }
        let fits = <&[u8; 64]>::try_from(signature)
            .is_ok_and(|signature| verifier.verifies(text.as_bytes(), signature));
        if !fits {
            return Err(NoteError::BadSignature(name.to_owned()));
        }
        signed = true;
    }
    if signed {
        Ok(text)
    } else {
        Err(NoteError::Unsigned(verifier.name().to_string()))
    }
}

/// The text and the signature lines; the last empty line is between them.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > LIMIT {
        return Err(NoteError::Malformed("too long"));
    }
    if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Malformed("it has control characters"));
    }
    let middle = note
        .rfind("\n\n")
        .ok_or(NoteError::Malformed("no empty line before the signatures"))?;
    let (text, rest) = note
        .split_at_checked(middle + 1)
        .ok_or(NoteError::Malformed("no text"))?;
    let signatures = rest
        .strip_prefix('\n')
        .filter(|lines| lines.ends_with('\n'))
        .ok_or(NoteError::Malformed("no signature lines"))?;
    if signatures.lines().count() > SIGNATURE_LIMIT {
        return Err(NoteError::Malformed("too many signatures"));
    }
    Ok((text, signatures))
}

fn signature_line(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let (name, base64) = line
        .strip_prefix("— ")
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteError::Malformed("a signature line has another form"))?;
    let wrong_name = name.is_empty() || name.contains('+') || name.chars().any(char::is_whitespace);
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    // Four bytes of key id and at least one of signature.
    if wrong_name || bytes.len() < 5 {
        return Err(NoteError::Malformed("a signature line has another form"));
    }
    Ok((name, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Entropy;

    struct Seed;

    impl Entropy for Seed {
        fn fill(&mut self, buffer: &mut [u8]) -> std::io::Result<()> {
            let key = STANDARD
                .decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
                .unwrap();
            buffer.copy_from_slice(&key[1..]);
            Ok(())
        }
    }

    /// golang.org/x/mod/sumdb/note, the package's example: Ed25519 is deterministic, so the bytes are equal.
    #[test]
    fn signs_what_go_signs() {
        let key = LogKey::generate("PeterNeumann".parse().unwrap(), &mut Seed).unwrap();
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let note = sign(text, &key);
        assert_eq!(
            note,
            format!(
                "{text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
            )
        );
        assert_eq!(open(&note, key.verifier()), Ok(text));
    }

    /// The text may have empty lines; the last one parts it from the signatures.
    #[test]
    fn the_last_empty_line_counts() {
        let key = LogKey::generate("PeterNeumann".parse().unwrap(), &mut Seed).unwrap();
        let text = "one\n\ntwo\n";
        assert_eq!(open(&sign(text, &key), key.verifier()), Ok(text));
    }
}
