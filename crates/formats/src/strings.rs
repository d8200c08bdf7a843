//! What can be seen in bytes whose format is not understood: texts, and programs packed among them.

use std::io;

use tutela_core::Bytes;

use crate::input::{CHUNK, Input};
use crate::little::{u16_at, u32_at};

/// The longest piece of a text that is shown at once.
const PIECE: usize = 4096;
/// How much of a piece is shown again with the next, so that no word is cut for good.
const OVERLAP: usize = 128;
/// Bytes that a program's header takes until it can be told.
const HEADER: u64 = 1024;

/// Shows every run of at least `least` printable ASCII characters, with its place; long runs in pieces.
///
/// # Errors
/// What reading the bytes, or `visit`, returns.
pub fn texts(
    bytes: &dyn Bytes,
    least: usize,
    visit: &mut dyn FnMut(u64, &str) -> io::Result<()>,
) -> io::Result<()> {
    let mut input = Input::new(bytes);
    let mut text = String::new();
    let mut at = 0_u64;
    while at < input.len() {
        let chunk = input.prefix(at, CHUNK as u64)?.to_vec();
        if chunk.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for byte in chunk {
            let is_printable = byte == b'\t' || (0x20..0x7f).contains(&byte);
            if is_printable {
                text.push(char::from(byte));
            }
            if !is_printable || text.len() >= PIECE {
                let end = if is_printable {
                    at.saturating_add(1)
                } else {
                    at
                };
                show(&text, end, least, visit)?;
                let kept = if is_printable {
                    text.len().saturating_sub(OVERLAP)
                } else {
                    text.len()
                };
                text.drain(..kept);
            }
            at = at.saturating_add(1);
        }
    }
    show(&text, at, least, visit)
}

/// Shows every run of at least `least` printable ASCII letters of two bytes each, as Windows keeps texts; long runs in
/// pieces.
///
/// # Errors
/// What reading the bytes, or `visit`, returns.
pub fn wide_texts(
    bytes: &dyn Bytes,
    least: usize,
    visit: &mut dyn FnMut(u64, &str) -> io::Result<()>,
) -> io::Result<()> {
    let mut input = Input::new(bytes);
    // A text may begin at an even place or at an odd one.
    let mut runs = [Wide::default(), Wide::default()];
    let mut at = 0_u64;
    while at < input.len() {
        let chunk = input.prefix(at, CHUNK as u64)?.to_vec();
        if chunk.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for byte in chunk {
            for (parity, run) in runs.iter_mut().enumerate() {
                let is_letter = at % 2 == parity as u64;
                run.see(byte, is_letter, (at, least), visit)?;
            }
            at = at.saturating_add(1);
        }
    }
    for run in &mut runs {
        run.end(at, least, visit)?;
    }
    Ok(())
}

/// A run of letters of two bytes.
#[derive(Default)]
struct Wide {
    text: String,
    /// The first byte of a letter, until the second is seen.
    letter: Option<char>,
}

impl Wide {
    fn see(
        &mut self,
        byte: u8,
        is_letter: bool,
        (at, least): (u64, usize),
        visit: &mut dyn FnMut(u64, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        if is_letter {
            let is_printable = byte == b'\t' || (0x20..0x7f).contains(&byte);
            self.letter = is_printable.then(|| char::from(byte));
            if !is_printable {
                self.end(at, least, visit)?;
            }
            return Ok(());
        }
        match self.letter.take().filter(|_| byte == 0) {
            Some(letter) => self.text.push(letter),
            None => self.end(at.saturating_sub(1), least, visit)?,
        }
        if self.text.len() >= PIECE {
            self.end(at.saturating_add(1), least, visit)?;
        }
        Ok(())
    }

    fn end(
        &mut self,
        end: u64,
        least: usize,
        visit: &mut dyn FnMut(u64, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        if text.len() < least {
            return Ok(());
        }
        let length = (text.len() as u64).saturating_mul(2);
        visit(end.saturating_sub(length), &text)
    }
}

fn show(
    text: &str,
    end: u64,
    least: usize,
    visit: &mut dyn FnMut(u64, &str) -> io::Result<()>,
) -> io::Result<()> {
    if text.len() < least {
        return Ok(());
    }
    visit(end.saturating_sub(text.len() as u64), text)
}

/// Where programs for processors of computers begin, whatever stands before them. Code for graphics cards and
/// other accelerators, which models carry as a matter of course, is left out.
///
/// # Errors
/// What reading the bytes returns.
pub fn programs(bytes: &dyn Bytes, most: usize) -> io::Result<Vec<u64>> {
    let mut input = Input::new(bytes);
    let mut found = Vec::new();
    let mut at = 0_u64;
    while at < input.len() && found.len() < most {
        let chunk = input.prefix(at, CHUNK as u64)?.to_vec();
        if chunk.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (index, byte) in chunk.iter().enumerate() {
            if !matches!(byte, 0x7f | b'M') {
                continue;
            }
            let place = at.saturating_add(index as u64);
            if is_program(&input.peek(place, HEADER)?) && found.len() < most {
                found.push(place);
            }
        }
        at = at.saturating_add(chunk.len() as u64);
    }
    Ok(found)
}

fn is_program(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', 1 | 2, order @ (1 | 2), 1, ..] => {
            let machine = u16_at(head, 18).map(|machine| {
                if *order == 1 {
                    machine
                } else {
                    machine.swap_bytes()
                }
            });
            // The processors of elf.h that computers and telephones have.
            matches!(
                machine,
                Some(3 | 8 | 20 | 21 | 22 | 40 | 62 | 183 | 243 | 258)
            )
        }
        [b'M', b'Z', ..] => u32_at(head, 0x3c)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| head.get(at..))
            .is_some_and(|rest| rest.starts_with(b"PE\0\0")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut seen = Vec::new();
        let done = texts(&bytes.to_vec(), 4, &mut |at, text| {
            seen.push((at, text.to_owned()));
            Ok(())
        });
        done.unwrap();
        seen
    }

    fn elf(machine: u8) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[18] = machine;
        bytes
    }

    #[test]
    fn texts_are_shown_with_their_places() {
        let bytes = b"\0\x01abc\0hello\xffworld!";
        assert_eq!(
            seen(bytes),
            [(6, "hello".to_owned()), (12, "world!".to_owned())]
        );
    }

    #[test]
    fn wide_texts_are_shown_wherever_they_begin() {
        let wide = |text: &str| -> Vec<u8> { text.bytes().flat_map(|byte| [byte, 0]).collect() };
        let bytes = [
            &[1, 2, 3][..],
            &wide("hello"),
            &[9],
            &wide("world!"),
            &wide("abc"),
            b"plain",
        ]
        .concat();
        let mut seen = Vec::new();
        let done = wide_texts(&bytes, 4, &mut |at, text| {
            seen.push((at, text.to_owned()));
            Ok(())
        });
        done.unwrap();
        assert_eq!(
            seen,
            [(3, "hello".to_owned()), (14, "world!abc".to_owned())]
        );
        let long = wide(&"x".repeat(10_000));
        let mut letters = 0;
        wide_texts(&long, 4, &mut |_, text| {
            letters += text.len();
            Ok(())
        })
        .unwrap();
        assert_eq!(letters, 10_000);
    }

    #[test]
    fn long_texts_come_in_pieces_that_overlap() {
        let text: String = (0..9000_u32)
            .map(|at| char::from(b'a' + u8::try_from(at % 26).unwrap()))
            .collect();
        let mut reached = 0;
        for (at, piece) in seen(text.as_bytes()) {
            let start = usize::try_from(at).unwrap();
            assert_eq!(text.get(start..start + piece.len()), Some(piece.as_str()));
            assert!(start <= reached);
            reached = start + piece.len();
        }
        assert_eq!(reached, 9000);
    }

    #[test]
    fn programs_are_found_and_code_of_accelerators_is_not() {
        let bytes = [vec![7; 70_000], elf(62), elf(190), elf(183)].concat();
        assert_eq!(programs(&bytes, 9).unwrap(), [70_000, 70_128]);
        assert_eq!(programs(&bytes, 1).unwrap(), [70_000]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_gone_through(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(seen(&bytes).len() <= bytes.len());
            prop_assert!(programs(&bytes, 9).unwrap().len() <= bytes.len());
        }
    }
}
