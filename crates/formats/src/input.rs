//! Forward reading of [`Bytes`] through one small buffer, so that no parser holds a whole file.

use std::io;

use tutela_core::Bytes;

/// How much is read at once; also the most that one call to [`Input::slice`] may ask for.
pub(crate) const CHUNK: usize = 64 << 10;

/// Bytes with a buffer over the part that was read last.
pub(crate) struct Input<'a> {
    bytes: &'a dyn Bytes,
    length: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a dyn Bytes) -> Self {
        Self {
            bytes,
            length: bytes.len(),
            start: 0,
            buffer: Vec::new(),
        }
    }

    pub(crate) const fn len(&self) -> u64 {
        self.length
    }

    /// Exactly `count` bytes from `at`, or none when there are fewer. `count` is at most [`CHUNK`].
    pub(crate) fn slice(&mut self, at: u64, count: usize) -> io::Result<Option<&[u8]>> {
        let wanted = at.saturating_add(count as u64);
        if wanted > self.length || count > CHUNK {
            return Ok(None);
        }
        let buffered = self.start.saturating_add(self.buffer.len() as u64);
        if at < self.start || wanted > buffered {
            self.fill(at)?;
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        Ok(self.buffer.get(from..from.saturating_add(count)))
    }

    /// The byte at a place, or none past the end.
    pub(crate) fn byte(&mut self, at: u64) -> io::Result<Option<u8>> {
        Ok(self.slice(at, 1)?.and_then(|bytes| bytes.first().copied()))
    }

    /// The first `wanted` bytes from `at`, fewer at the end or past [`CHUNK`].
    pub(crate) fn prefix(&mut self, at: u64, wanted: u64) -> io::Result<&[u8]> {
        let count = wanted.min(self.length.saturating_sub(at)).min(CHUNK as u64);
        let count = usize::try_from(count).unwrap_or(CHUNK);
        Ok(self.slice(at, count)?.unwrap_or_default())
    }

    /// At most `wanted` bytes from `at`, without giving up the buffer when they lie elsewhere.
    ///
    /// A pickle may name the same far text at every step; filling the buffer there and back each time
    /// would turn a linear walk into a quadratic one.
    pub(crate) fn peek(&mut self, at: u64, wanted: u64) -> io::Result<Vec<u8>> {
        let count = wanted.min(self.length.saturating_sub(at)).min(CHUNK as u64);
        let count = usize::try_from(count).unwrap_or(CHUNK);
        let buffered = at
            .checked_sub(self.start)
            .and_then(|from| usize::try_from(from).ok())
            .and_then(|from| self.buffer.get(from..from.saturating_add(count)));
        if let Some(bytes) = buffered {
            return Ok(bytes.to_vec());
        }
        let mut bytes = vec![0; count];
        self.bytes.read_exact_at(at, &mut bytes)?;
        Ok(bytes)
    }

    /// The place of the next newline from `at` on.
    pub(crate) fn newline(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        while at < self.length {
            // Looked for in short pieces first: most lines are short, and the buffer holds them.
            let piece = self.prefix(at, 256)?;
            if let Some(found) = piece.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(at.saturating_add(found as u64)));
            }
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at = at.saturating_add(piece.len() as u64);
        }
        Ok(None)
    }

    fn fill(&mut self, at: u64) -> io::Result<()> {
        let count = self.length.saturating_sub(at).min(CHUNK as u64);
        self.buffer
            .resize(usize::try_from(count).unwrap_or(CHUNK), 0);
        self.start = at;
        let done = self.bytes.read_exact_at(at, &mut self.buffer);
        if done.is_err() {
            // INVARIANT: what is buffered was read; a failed read leaves nothing behind.
            self.buffer.clear();
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_reading_agrees() {
        let data: Vec<u8> = (0..200_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
        let mut input = Input::new(&data);
        for at in [0_u64, 65_530, 131_072, 199_990, 3] {
            let place = usize::try_from(at).unwrap();
            assert_eq!(input.slice(at, 10).unwrap(), Some(&data[place..place + 10]));
            assert_eq!(input.peek(at, 10).unwrap(), &data[place..place + 10]);
            assert_eq!(input.byte(at).unwrap(), Some(data[place]));
        }
        assert_eq!(input.slice(199_995, 10).unwrap(), None);
        assert_eq!(input.peek(199_995, 10).unwrap().len(), 5);
        assert_eq!(input.byte(200_000).unwrap(), None);
        assert_eq!(input.newline(11).unwrap(), Some(266));
    }
}
