//! Reads numbers and texts one after the other from a block in memory.

/// A place in a block. Every read past the end is none and stays there.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    taken: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            taken: 0,
        }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        self.taken = self.taken.saturating_add(count);
        Some(taken)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    /// Steps to the next multiple of eight from the start of the block.
    pub(crate) fn align(&mut self) -> Option<()> {
        self.skip(self.taken.wrapping_neg() & 7)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A little-endian number of up to eight bytes.
    pub(crate) fn number(&mut self, size: usize) -> Option<u64> {
        if size > 8 {
            return None;
        }
        let bytes = self.take(size)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
        )
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(crate) fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A number of four bytes as a length in memory.
    pub(crate) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.word()?).ok()
    }

    /// An address or a length of the file's size; none when it is undefined (all ones).
    pub(crate) fn address(&mut self, size: usize) -> Option<Option<u64>> {
        let number = self.number(size)?;
        let undefined = u64::MAX >> (64_usize.saturating_sub(size.saturating_mul(8)) & 63);
        Some((number != undefined).then_some(number))
    }

    /// Bytes up to a NUL, which is consumed.
    pub(crate) fn until_nul(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.skip(1)?;
        Some(text)
    }
}

/// Text as it is; what is not UTF-8 is replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_and_bounded() {
        let mut fields = Fields::new(b"\x01\x02\x03\x04\x05name\0\xff\xff\xff\xff");
        assert_eq!(fields.short(), Some(0x0201));
        assert_eq!(fields.number(3), Some(0x0005_0403));
        assert_eq!(fields.until_nul(), Some(&b"name"[..]));
        assert_eq!(fields.address(4), Some(None));
        assert_eq!(fields.byte(), None);
        assert_eq!(Fields::new(&[7; 9]).number(9), None);
    }

    #[test]
    fn undefined_is_all_ones_of_its_size() {
        for size in [2, 4, 8] {
            assert_eq!(Fields::new(&[255; 8]).address(size), Some(None));
            assert_ne!(Fields::new(&[254; 8]).address(size), Some(None));
        }
    }
}
