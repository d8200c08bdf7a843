//! The start of a file, kept in memory: whoever tells formats apart reads it many times.

use std::io;
use std::sync::OnceLock;

use tutela_core::{Bytes, Window, read_all};

/// How much is kept.
const KEPT: u64 = 64 << 10;

/// Bytes whose start is read once, when it is first asked for.
pub(crate) struct Kept<'a> {
    inner: &'a dyn Bytes,
    start: OnceLock<Vec<u8>>,
}

impl<'a> Kept<'a> {
    pub(crate) const fn new(inner: &'a dyn Bytes) -> Self {
        Self {
            inner,
            start: OnceLock::new(),
        }
    }

    fn start(&self) -> io::Result<&[u8]> {
        if self.start.get().is_none() {
            let start = read_all(&Window::new(self.inner, 0, KEPT), KEPT)?;
            // Another thread may have been faster; then its bytes count.
            drop(self.start.set(start));
        }
        Ok(self.start.get().map_or(&[], Vec::as_slice))
    }
}

impl Bytes for Kept<'_> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let end = offset.saturating_add(buffer.len() as u64);
        if end <= KEPT || self.len() <= KEPT {
            self.start()?.read_at(offset, buffer)
        } else {
            self.inner.read_at(offset, buffer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_lies_there() {
        let kept = usize::try_from(KEPT).unwrap();
        for length in [0, 5, kept - 1, kept, kept + 9] {
            let content: Vec<u8> = (0..=250).cycle().take(length).collect();
            let bytes = Kept::new(&content);
            for offset in [0, 3, length.saturating_sub(7), kept - 2, kept, kept + 3] {
                for wanted in [0, 1, 4, 40, kept + 20] {
                    let mut buffer = vec![0; wanted];
                    let count = bytes.read_at(offset as u64, &mut buffer).unwrap();
                    let rest = content.get(offset..).unwrap_or_default();
                    assert_eq!(count, rest.len().min(wanted), "{length} {offset} {wanted}");
                    assert_eq!(buffer[..count], rest[..count]);
                }
            }
        }
    }

    #[test]
    fn bytes_that_become_fewer_end_early() {
        /// Says that it has ten bytes, and has three.
        struct Shrunk;
        impl Bytes for Shrunk {
            fn len(&self) -> u64 {
                10
            }
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
                b"abc".read_at(offset, buffer)
            }
        }
        let mut buffer = [0; 10];
        let error = Kept::new(&Shrunk).read_exact_at(0, &mut buffer);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
