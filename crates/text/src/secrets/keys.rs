//! Private keys: PEM blocks, age, `PuTTY`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tutela_core::Confidence;

use super::bech32;
use super::detector::{Alphabet, Case, Detector, Found, Hit, Rule};
use super::kind::{Power, SecretKind};

/// The longest block looked at: a 16,384-bit RSA key has 13 KiB.
const LONGEST: usize = 48 << 10;

/// Private keys.
pub(super) const DETECTORS: &[Detector] = &[
    Detector {
        kind: SecretKind::new("private-key", "private key", Power::Identity),
        anchors: &["-----BEGIN "],
        case: Case::Exact,
        rule: Rule::Custom(|hit| block(hit, Lock::Open)),
        source: "RFC 7468, RFC 5958 (PKCS #8), RFC 8017 (PKCS #1), RFC 5915 (SEC 1), OpenSSH PROTOCOL.key, RFC 9580",
    },
    Detector {
        kind: SecretKind::new(
            "encrypted-private-key",
            "private key under a passphrase",
            Power::Limited,
        ),
        anchors: &["-----BEGIN "],
        case: Case::Exact,
        rule: Rule::Custom(|hit| block(hit, Lock::Passphrase)),
        source: "RFC 5958 section 3, RFC 1421 section 4.6.1.1, OpenSSH PROTOCOL.key",
    },
    Detector {
        kind: SecretKind::new("age-secret-key", "age secret key", Power::Identity),
        anchors: &["AGE-SECRET-KEY-1"],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Upper, 58..=58, bech32::is_valid),
        source: "C2SP age specification, the X25519 recipient type; BIP 173",
    },
    Detector {
        kind: SecretKind::new("private-key", "private key", Power::Identity),
        anchors: &["PuTTY-User-Key-File-"],
        case: Case::Exact,
        rule: Rule::Custom(putty),
        source: "PuTTY manual, appendix C: PPK file format",
    },
];

/// Whether a key lies open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// It does.
    Open,
    /// It is encrypted under a passphrase.
    Passphrase,
}

/// A PEM block whose content is a private key and not merely called one.
fn block(hit: &Hit<'_>, wanted: Lock) -> Found {
    let after = hit.after();
    let after = after.get(..LONGEST).unwrap_or(after);
    let label_end = find(after.get(..64).unwrap_or(after), b"-----")?;
    let label = after.get(..label_end)?;
    if !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let rest = after.get(label_end + 5..)?;
    // Base64 has no dashes. A block that is cut off is a key nevertheless.
    let length = find(rest, b"-----").unwrap_or(rest.len());
    let inside = rest.get(..length)?;
    let lock = lock_of(label, inside)?;
    let tail = rest
        .get(length..)?
        .iter()
        .take(64)
        .take_while(|byte| !matches!(byte, b'\n' | b'\\' | b'"'));
    let end = hit.range.end + label_end + 5 + length + tail.count();
    (lock == wanted).then_some((hit.range.start..end, Confidence::High))
}

/// Decodes the content and tells from its first fields whether it is a key and encrypted.
fn lock_of(label: &[u8], inside: &[u8]) -> Option<Lock> {
    if find(inside, b"Proc-Type: 4,ENCRYPTED").is_some() {
        return Some(Lock::Passphrase);
    }
    let content = decode(inside)?;
    if label == b"OPENSSH PRIVATE KEY" {
        // "openssh-key-v1", NUL, then the name of the cipher with its length in front.
        let cipher = content.strip_prefix(b"openssh-key-v1\0")?;
        let open = cipher.starts_with(b"\0\0\0\x04none");
        return Some(if open { Lock::Open } else { Lock::Passphrase });
    }
    if label == b"PGP PRIVATE KEY BLOCK" {
        // The first bit of every packet is set (RFC 9580 section 4.2); the lock is deeper than we look.
        return (*content.first()? >= 0x80).then_some(Lock::Open);
    }
    match sequence(&content)? {
        // PKCS #8, PKCS #1 and SEC 1 begin with a version of 0 or 1; an encrypted key with its algorithm.
        [0x02, 0x01, 0 | 1, ..] if label != b"ENCRYPTED PRIVATE KEY" => Some(Lock::Open),
        [0x30, ..] if label == b"ENCRYPTED PRIVATE KEY" => Some(Lock::Passphrase),
        _ => None,
    }
}

/// The Base64 characters of a block, whatever stands between them: line ends, their escapes, quotes.
fn decode(inside: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for line in inside.split(|byte| matches!(byte, b'\n' | b'\r')) {
        // Headers such as `Version: …` have a colon, which Base64 has not; `=xxxx` is an OpenPGP checksum.
        if line.contains(&b':') || line.starts_with(b"=") {
            continue;
        }
        let mut bytes = line.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                // `\n` in a JSON string.
                b'\\' => drop(bytes.next()),
                _ if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') => text.push(byte),
                b'=' | b' ' | b'\t' | b'"' | b'\'' | b',' => {}
                _ => return None,
            }
        }
    }
    // Cut to whole groups, so that a block that is cut off decodes.
    let lenient = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let whole = if text.len() % 4 == 1 {
        text.len() - 1
    } else {
        text.len()
    };
    let content = lenient.decode(text.get(..whole)?).ok()?;
    (content.len() >= 32).then_some(content)
}

/// What an ASN.1 SEQUENCE holds, when its length is that of the content or the content is cut off.
fn sequence(content: &[u8]) -> Option<&[u8]> {
    let (length, inner) = match content {
        [0x30, short @ 0..=0x7f, inner @ ..] => (usize::from(*short), inner),
        [0x30, 0x81, length, inner @ ..] => (usize::from(*length), inner),
        [0x30, 0x82, high, low, inner @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), inner)
        }
        _ => return None,
    };
    (inner.len() <= length).then_some(inner)
}

fn putty(hit: &Hit<'_>) -> Found {
    let after = hit.after();
    // The header says within two lines whether the key is encrypted.
    let header = after.get(..128).unwrap_or(after);
    let open = find(header, b"Encryption: none")?;
    let rest = after.get(open..LONGEST).or_else(|| after.get(open..))?;
    let lines = find(rest, b"Private-Lines:")?;
    let mac = find(rest.get(lines..)?, b"Private-MAC:").unwrap_or(0);
    let end = hit.range.end + open + lines + mac;
    Some((hit.range.start..end, Confidence::High))
}

/// Where a part first stands in a text.
pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
