//! One reading of all bytes of a part, for everyone who wants to know something of all of them.

use std::io;

use flate2::Crc;
use tutela_core::Bytes;

use crate::concealed::{Finder, Marks};

/// What one reading of all bytes tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The checksum that zip archives use (CRC-32 of ISO-HDLC).
    pub crc: u32,
    /// Where something seems to begin.
    pub marks: Marks,
}

/// Reads all bytes once.
///
/// # Errors
/// What reading the bytes returns.
pub fn sweep(bytes: &dyn Bytes) -> io::Result<Sweep> {
    let mut finder = Finder::default();
    let mut crc = Crc::new();
    // Small enough to stay in the second-level cache between the two looks at it.
    let mut buffer = vec![0; usize::try_from(bytes.len().clamp(1, 256 << 10)).unwrap_or(1)];
    let mut offset = 0_u64;
    loop {
        let count = bytes.read_at(offset, &mut buffer)?;
        if count == 0 {
            break;
        }
        let read = buffer.get(..count).unwrap_or_default();
        crc.update(read);
        finder.see(read);
        offset = offset.saturating_add(count as u64);
    }
    Ok(Sweep {
        crc: crc.sum(),
        marks: finder.finish(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_told_in_one_reading() {
        let mut bytes = b"123456789".to_vec();
        let first = sweep(&bytes).unwrap();
        // The check value that the catalogue of CRCs gives.
        assert_eq!(first.crc, 0xcbf4_3926);
        assert!(first.marks.places.is_empty());
        bytes.extend(b"\x7fELF\x02\x01\x01");
        assert_eq!(sweep(&bytes).unwrap().marks.places, [9]);
    }
}
