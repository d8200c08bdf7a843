//! Unpacks deflate, zlib and gzip into memory, within a limit.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use tutela_core::{Bytes, Reader};

/// What stands around the deflate stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrapper {
    /// Nothing.
    None,
    /// A zlib header and checksum.
    Zlib,
    /// A gzip header and checksum; several streams may follow each other.
    Gzip,
}

/// Why something could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// It unpacks to more than the limit.
    #[error("it unpacks to more than the limit of {0} bytes")]
    TooLarge(u64),
    /// The stream is broken before anything came out.
    #[error("its packed data is broken")]
    Broken,
    /// The bytes could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
}

/// What came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether the stream ended as it should.
    pub complete: bool,
}

/// Unpacks a stream, at most `limit` bytes.
///
/// A stream that breaks off gives what came out before: a loader that reads piece by piece would have
/// acted on it.
///
/// # Errors
/// [`Failed`].
pub fn unpack(bytes: &dyn Bytes, wrapper: Wrapper, limit: u64) -> Result<Unpacked, Failed> {
    let reader = Reader::new(bytes);
    let mut decoder: Box<dyn Read> = match wrapper {
        Wrapper::None => Box::new(DeflateDecoder::new(reader)),
        Wrapper::Zlib => Box::new(ZlibDecoder::new(reader)),
        Wrapper::Gzip => Box::new(MultiGzDecoder::new(reader)),
    };
    let mut out = Vec::new();
    let done = decoder
        .by_ref()
        .take(limit.saturating_add(1))
        .read_to_end(&mut out);
    match done {
        Ok(_) if out.len() as u64 > limit => Err(Failed::TooLarge(limit)),
        Ok(_) => Ok(Unpacked {
            bytes: out,
            complete: true,
        }),
        Err(error) if is_of_the_data(&error) && !out.is_empty() => Ok(Unpacked {
            bytes: out,
            complete: false,
        }),
        Err(error) if is_of_the_data(&error) => Err(Failed::Broken),
        Err(error) => Err(Failed::Read(error)),
    }
}

/// Whether an error is about what was read, not about reading it.
fn is_of_the_data(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_whole_in_part_or_not_at_all() {
        let whole = packed(&[7; 10_000]);
        let out = unpack(&whole, Wrapper::Gzip, 10_000).unwrap();
        assert_eq!((out.bytes.len(), out.complete), (10_000, true));
        assert!(matches!(
            unpack(&whole, Wrapper::Gzip, 9_999),
            Err(Failed::TooLarge(9_999))
        ));
        for length in 0..whole.len() {
            let cut = unpack(&whole[..length].to_vec(), Wrapper::Gzip, 10_000);
            // An empty input is an empty stream to some loaders; it holds nothing either way.
            assert!(cut.is_err() || cut.is_ok_and(|out| !out.complete || out.bytes.is_empty()));
        }
    }
}
