//! Extra fields and comments: what is known of them, and what may hold anything (APPNOTE, sections 4.5 and 4.6).
//!
//! Every header may carry 64 KiB of fields that a reader skips when it does not know their number. Those that are known
//! have a form; what has none, or is longer than its form, is a place to keep something, so it is looked into by itself.

use super::Archive;
use crate::little::u16_at;

/// Bytes that are too few to hold anything; they count as the header around them.
const LEAST: usize = 12;

/// Bytes of an archive's headers that its format says nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loose {
    /// Where they begin.
    pub start: u64,
    /// How many there are.
    pub length: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The content of an extra field with this number.
    Field(u16),
    /// What stands among the extra fields and is none.
    Rest,
    /// The comment of a member.
    Comment,
}

impl Loose {
    /// What they are called where they are looked into.
    #[must_use]
    pub fn member(&self) -> String {
        let start = self.start;
        match self.what {
            What::Field(number) => format!("extra field 0x{number:04x} at {start}"),
            What::Rest => format!("bytes among extra fields at {start}"),
            What::Comment => format!("comment at {start}"),
        }
    }
}

impl Archive {
    /// Adds what may hold anything in the extra fields that begin at a place, at most so many in all.
    pub(super) fn loosen(&mut self, extra: &[u8], at: u64, most: u64) {
        let mut place = 0_usize;
        while let Some(rest) = extra.get(place..).filter(|rest| !rest.is_empty()) {
            let (Some(number), Some(size)) = (u16_at(rest, 0), u16_at(rest, 2)) else {
                self.add(What::Rest, (at, place), rest, most);
                break;
            };
            let Some(content) = rest.get(4..usize::from(size).saturating_add(4)) else {
                self.add(What::Rest, (at, place), rest, most);
                break;
            };
            place = place.saturating_add(4);
            let known = known(number, content).min(content.len());
            let left = content.get(known..).unwrap_or_default();
            let start = place.saturating_add(known);
            self.add(What::Field(number), (at, start), left, most);
            place = place.saturating_add(content.len());
        }
    }

    /// Adds the comment of a member.
    pub(super) fn comment_at(&mut self, start: u64, length: u64, most: u64) {
        if length >= LEAST as u64 && (self.loose.len() as u64) < most {
            self.loose.push(Loose {
                start,
                length,
                what: What::Comment,
            });
        }
    }

    fn add(&mut self, what: What, (at, place): (u64, usize), bytes: &[u8], most: u64) {
        let is_blank = bytes.iter().all(|byte| *byte == 0);
        if bytes.len() < LEAST || is_blank || (self.loose.len() as u64) >= most {
            return;
        }
        self.loose.push(Loose {
            start: at.saturating_add(place as u64),
            length: bytes.len() as u64,
            what,
        });
    }
}

/// How many bytes of a field's content have the form that its number promises.
fn known(number: u16, content: &[u8]) -> usize {
    match number {
        // Zip64: two sizes, a place and a disk.
        0x0001 => 28,
        // NTFS: a reserved word, a tag, three times.
        0x000a => 32,
        // Unix of PKWARE: two times, user and group, and for devices two numbers.
        0x000d => 20,
        // Times, and user and group, of Info-ZIP, the old and the newer.
        0x5455 => 13,
        0x5855 => 12,
        0x7855 => 4,
        0x7875 => 19,
        // The name and the comment in UTF-8; a name that differs is told by itself.
        0x7075 | 0x6375 => content.len(),
        // AES: version, vendor, strength, method.
        0x9901 => 7,
        // Android and PyTorch put data at a multiple of their page or of 64 bytes: the first with zeros, the second
        // with a field `FB` of the letter Z.
        0xd935 => 2,
        0x4246 => content.iter().take_while(|byte| **byte == b'Z').count(),
        // Office's room to grow: a signature and a size, then zeros.
        0xa220 => 4,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u16, content: &[u8]) -> Vec<u8> {
        let size = u16::try_from(content.len()).unwrap();
        [&number.to_le_bytes()[..], &size.to_le_bytes(), content].concat()
    }

    fn found(extra: &[u8]) -> Vec<(String, u64)> {
        let mut archive = Archive::default();
        archive.loosen(extra, 100, 1000);
        let loose = archive.loose().iter();
        loose.map(|it| (it.member(), it.length)).collect()
    }

    #[test]
    fn what_has_its_form_is_no_place_to_hide() {
        let plain = [
            field(0x0001, &[7; 28]),
            field(0x5455, &[3; 13]),
            field(0x7875, &[1; 11]),
            field(0x4246, &[b'Z'; 60]),
            field(0xd935, &[[4, 0].as_slice(), &[0; 40]].concat()),
            field(0x9901, &[1; 7]),
            field(0xcafe, &[]),
            field(0x1234, b"short"),
        ];
        assert_eq!(found(&plain.concat()), []);
    }

    #[test]
    fn what_has_no_form_or_is_longer_than_it_is_told() {
        let extra = [
            field(0x1234, &[7; 20]),
            field(0x5455, &[3; 40]),
            field(0x4246, &[b"ZZ".as_slice(), &[9; 30]].concat()),
            b"\x34\x12\xff\xff behind the fields".to_vec(),
        ];
        let expected = [
            ("extra field 0x1234 at 104", 20),
            ("extra field 0x5455 at 141", 27),
            ("extra field 0x4246 at 174", 30),
            ("bytes among extra fields at 204", 22),
        ];
        let expected = expected.map(|(name, length)| (name.to_owned(), length));
        assert_eq!(found(&extra.concat()), expected);
    }
}
