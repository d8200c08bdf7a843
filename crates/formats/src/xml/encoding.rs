//! Tells how an XML document is encoded, as parsers do: by its first bytes, then by what it declares.
//!
//! A document may be encoded so that whoever searches its bytes for `<!ENTITY` finds nothing and a parser finds it:
//! in UTF-16 or UTF-32, in EBCDIC (`libxml2`, Xerces, and Python's `expat` by way of its codecs), or in UTF-7.

use std::borrow::Cow;

use crate::json;

/// A document as text.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, [u8]>,
    /// The encoding, when it hides the document from whoever reads its bytes.
    pub(super) hides: Option<String>,
    /// The encoding, when it is not known how to read it.
    pub(super) unknown: Option<String>,
}

/// How much of the start is looked at for the declaration.
const DECLARATION: usize = 512;
/// `<?xm` in EBCDIC (XML 1.0, appendix F).
const EBCDIC: &[u8] = b"\x4c\x6f\xa7\x94";

/// Whether the bytes begin as EBCDIC does.
pub(super) fn is_ebcdic(start: &[u8]) -> bool {
    start.starts_with(EBCDIC)
}

/// Reads a document as its encoding wants it.
pub(super) fn decode(bytes: &[u8]) -> Decoded<'_> {
    if is_ebcdic(bytes) {
        return Decoded {
            text: Cow::Owned(ebcdic(bytes)),
            hides: Some("EBCDIC".to_owned()),
            unknown: None,
        };
    }
    let text = json::decode(bytes);
    let (name, end) = declared(&text).unwrap_or_default();
    let plain = |text| Decoded {
        text,
        hides: None,
        unknown: None,
    };
    match kind(&name) {
        Kind::Plain => plain(text),
        // What was decoded by its marks is not decoded again.
        _ if matches!(text, Cow::Owned(_)) => plain(text),
        Kind::Ebcdic => Decoded {
            // The declaration is read before the encoding is known; from there on it counts.
            text: Cow::Owned(behind(&text, end, ebcdic)),
            hides: Some(name),
            unknown: None,
        },
        Kind::Seven => Decoded {
            text: Cow::Owned(behind(&text, end, seven)),
            hides: Some(name),
            unknown: None,
        },
        Kind::Unknown => Decoded {
            text,
            hides: None,
            unknown: Some(name),
        },
    }
}

fn behind(text: &[u8], end: usize, decode: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (head, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    [head, &decode(rest)].concat()
}

/// The encoding in the declaration, and where the declaration ends.
fn declared(text: &[u8]) -> Option<(String, usize)> {
    let start = text.get(..DECLARATION).unwrap_or(text);
    let skipped = start.len().saturating_sub(start.trim_ascii_start().len());
    let head = String::from_utf8_lossy(start.get(skipped..)?).into_owned();
    let head = head.strip_prefix("<?xml")?;
    let (declaration, _) = head.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let name = value.split(quote).nth(1)?.to_owned();
    let end = start.windows(2).position(|pair| pair == b"?>")?;
    Some((name, end.saturating_add(2)))
}

/// What an encoding means for whoever reads the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Letters, brackets and quotes are those of ASCII.
    Plain,
    Ebcdic,
    /// UTF-7.
    Seven,
    Unknown,
}

fn kind(name: &str) -> Kind {
    /// How names begin whose encodings keep ASCII, or are told by their marks.
    const PLAIN: &[&str] = &[
        "", "ansi", "armscii", "ascii", "big5", "cp12", "cp437", "cp8", "cp9", "euc", "gb", "ibm8",
        "iso10646", "iso646", "iso88", "isolatin", "koi8", "latin", "mac", "shiftjis", "sjis",
        "tis620", "ucs", "usascii", "utf16", "utf32", "utf8", "viscii", "windows",
    ];
    const EBCDIC: &[&str] = &[
        "cp037", "cp1026", "cp1047", "cp114", "cp273", "cp28", "cp29", "cp424", "cp500", "cp87",
        "csebcdic", "csibm037", "ebcdic", "ibm0", "ibm1", "ibm2", "ibm424", "ibm500", "ibm87",
    ];
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let begins = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|start| name == *start || !start.is_empty() && name.starts_with(start))
    };
    if name.contains("utf7") {
        Kind::Seven
    } else if begins(EBCDIC) || matches!(name.as_str(), "037" | "1140" | "500" | "273" | "1026") {
        Kind::Ebcdic
    } else if begins(PLAIN) {
        Kind::Plain
    } else {
        Kind::Unknown
    }
}

/// Code page 037. Others differ in a few signs, which the words of a document type do without.
fn ebcdic(bytes: &[u8]) -> Vec<u8> {
    let letters = bytes
        .iter()
        .filter_map(|byte| PAGE_037.get(usize::from(*byte)));
    let text: String = letters.map(|letter| char::from(*letter)).collect();
    text.into_bytes()
}

/// UTF-7 (RFC 2152): UTF-16 as Base64 between `+` and `-`; `+-` is a plus.
fn seven(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'+' {
            text.push(char::from(*first));
            continue;
        }
        let length = rest
            .iter()
            .take_while(|byte| digit(**byte).is_some())
            .count();
        let (coded, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        rest = behind.strip_prefix(b"-").unwrap_or(behind);
        if coded.is_empty() {
            text.push('+');
        }
        let units = units(coded);
        let letters =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        text.extend(letters);
    }
    text.into_bytes()
}

fn units(coded: &[u8]) -> Vec<u16> {
    let mut units = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for value in coded.iter().filter_map(|byte| digit(*byte)) {
        // INVARIANT: fewer than 16 bits are held, and six come in.
        bits = (bits << 6 | u32::from(value)) & 0x003f_ffff;
        held = held.saturating_add(6);
        if held >= 16 {
            held = held.saturating_sub(16);
            units.push(u16::try_from(bits >> held & 0xffff).unwrap_or_default());
        }
    }
    units
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(byte.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[rustfmt::skip]
const PAGE_037: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x9d, 0x85, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a,
    0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c,
    0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac,
    0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f,
    0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22,
    0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
    0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4,
    0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae,
    0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7,
    0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5,
    0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff,
    0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f,
];

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///nonexistent\">]><x>&e;</x>";

    fn to_ebcdic(text: &str) -> Vec<u8> {
        let place = |letter: u8| PAGE_037.iter().position(|known| *known == letter).unwrap();
        text.bytes()
            .map(|letter| u8::try_from(place(letter)).unwrap())
            .collect()
    }

    #[test]
    fn hidden_documents_are_read() {
        let head = "<?xml version='1.0' encoding='cp037'?>";
        let whole = to_ebcdic(&format!("<?xml version='1.0'?>{DOCUMENT}"));
        assert!(is_ebcdic(&whole));
        let declared = [head.as_bytes(), &to_ebcdic(DOCUMENT)].concat();
        let seven = format!(
            "<?xml version='1.0' encoding=\"UTF-7\"?>{}",
            DOCUMENT
                .replace('<', "+ADw-")
                .replace('>', "+AD4-")
                .replace('&', "+ACY-")
        );
        for bytes in [whole, declared, seven.into_bytes()] {
            let decoded = decode(&bytes);
            let text = String::from_utf8(decoded.text.into_owned()).unwrap();
            assert!(text.ends_with(DOCUMENT), "{text}");
            assert!(decoded.hides.is_some());
        }
    }

    #[test]
    fn ordinary_encodings_are_plain() {
        for name in [
            "UTF-8",
            "utf8",
            "ISO-8859-1",
            "latin1",
            "US-ASCII",
            "Windows-1252",
            "cp1252",
            "GB18030",
            "Shift_JIS",
            "EUC-JP",
            "UTF-16",
            "KOI8-R",
            "Big5",
        ] {
            assert_eq!(kind(name), Kind::Plain, "{name}");
        }
        for name in ["IBM037", "cp500", "EBCDIC-CP-US", "IBM01140", "CP1047"] {
            assert_eq!(kind(name), Kind::Ebcdic, "{name}");
        }
        assert_eq!(kind("unicode-1-1-utf-7"), Kind::Seven);
        assert_eq!(kind("rot13"), Kind::Unknown);
    }

    #[test]
    fn truncated_at_every_byte() {
        let seven = b"<?xml version='1.0' encoding='UTF-7'?>+ADw-x+AD4-+-";
        for length in 0..seven.len() {
            let decoded = decode(&seven[..length]);
            assert!(decoded.text.len() <= length);
        }
    }
}
