//! Unpacks compressed streams: gzip, zlib (bare, and in joblib's old frame), bzip2, xz, legacy lzma, Zstandard and LZ4.
//!
//! The idea: a stream is a row of parts, each with its own header and checksum. Loaders differ in how
//! many parts they read and in what they do with bytes behind the last, so every part and every byte
//! that is left over is told, and what came out before a break is kept: a loader that reads piece by
//! piece would have acted on it.

mod bzip2;
mod deflated;
mod lz4;
mod lzma;
mod source;
#[cfg(test)]
mod tests;
mod zstd;

use std::io;

use tutela_core::{Bytes, Limits};

use crate::Format;
pub(crate) use deflated::ZFILE_HEADER;
use source::{Output, Source, Stop};

/// The largest dictionary that a stream may ask for: `xz` and `zstd` write at most 64 and 128 MiB by
/// themselves.
const DICTIONARY: u64 = 512 << 20;

/// How much of what is larger than its limit is kept: loaders run what stands first.
pub(crate) const KEPT: u64 = 16 << 20;

/// A way of packing one stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// RFC 1951: nothing stands around the data.
    Deflate,
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// zlib behind the unpacked size in hexadecimal, of joblib before 0.10.
    ZFile,
    /// bzip2.
    Bzip2,
    /// xz, with LZMA2 inside.
    Xz,
    /// The format of before xz, which Python calls `FORMAT_ALONE`.
    Lzma,
    /// RFC 8878.
    Zstd,
    /// LZ4 frames.
    Lz4,
    /// LZMA as zip archives hold it, with its unpacked size where it has no end mark.
    LzmaInZip(Option<u64>),
}

impl Codec {
    /// The codec of a format, if it is a stream.
    #[must_use]
    pub const fn of(format: Format) -> Option<Self> {
        match format {
            Format::Gzip => Some(Self::Gzip),
            Format::Zlib => Some(Self::Zlib),
            Format::ZFile => Some(Self::ZFile),
            Format::Bzip2 => Some(Self::Bzip2),
            Format::Xz => Some(Self::Xz),
            Format::Lzma => Some(Self::Lzma),
            Format::Zstd => Some(Self::Zstd),
            Format::Lz4 => Some(Self::Lz4),
            _ => None,
        }
    }

    fn decode(self, source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
        match self {
            Self::Deflate => deflated::bare(source, output),
            Self::Gzip => deflated::gzip(source, output),
            Self::Zlib => deflated::zlib(source, output),
            Self::ZFile => deflated::zfile(source, output),
            Self::Bzip2 => bzip2::decode(source, output),
            Self::Xz => lzma::xz(source, output),
            Self::Lzma => lzma::alone(source, output),
            Self::Zstd => zstd::decode(source, output),
            Self::Lz4 => lz4::decode(source, output),
            Self::LzmaInZip(unpacked) => lzma::in_zip(source, output, unpacked),
        }
    }

    /// How a part begins, where another may follow; none when the first part is the only one.
    const fn magics(self) -> &'static [&'static [u8]] {
        match self {
            Self::Gzip => &[b"\x1f\x8b"],
            Self::Bzip2 => &[b"BZh"],
            Self::Xz => &[b"\xfd7zXZ\0"],
            Self::Zstd => &[zstd::MAGIC],
            Self::Lz4 => &[lz4::MAGIC, lz4::LEGACY],
            Self::Deflate | Self::Zlib | Self::ZFile | Self::Lzma | Self::LzmaInZip(_) => &[],
        }
    }
}

/// Why something could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// The stream is broken before anything came out.
    #[error("its packed data is broken")]
    Broken,
    /// The bytes could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
}

/// What came out of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// The bytes of all parts, one after the other.
    pub bytes: Vec<u8>,
    /// The parts that came out whole, and at the end perhaps one that did not.
    pub parts: Vec<Part>,
    /// Everything that loaders may read differently.
    pub faults: Vec<Fault>,
    /// Where bytes of any length lie that unpacking steps over: skippable frames, extra fields and comments.
    pub asides: Vec<(u64, u64)>,
}

impl Stream {
    /// Whether every part ended as it should, with the right checksum.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self
            .faults
            .iter()
            .any(|fault| matches!(fault, Fault::Broken { .. } | Fault::TooLarge(_)))
    }

    /// The limit, when there is more: only the start is here then.
    #[must_use]
    pub fn too_large(&self) -> Option<u64> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::TooLarge(limit) => Some(*limit),
            _ => None,
        })
    }

    /// Where the bytes begin that belong to no part.
    #[must_use]
    pub fn trailing(&self) -> Option<u64> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Trailing { at, .. } => Some(*at),
            _ => None,
        })
    }
}

/// A part of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where it begins in the packed bytes.
    pub packed: u64,
    /// Where it begins in the unpacked bytes.
    pub unpacked: usize,
}

/// What loaders may read differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The data breaks off, or does not fit its checksum.
    #[error("the packed data at byte {at} is broken or does not fit its checksum")]
    Broken {
        /// Where the broken part begins.
        at: u64,
    },
    /// It unpacks to more than the limit; only its start was kept.
    #[error("it unpacks to more than the limit of {0} bytes")]
    TooLarge(u64),
    /// Bytes that belong to no part.
    #[error("{length} bytes from byte {at} stand behind the packed data")]
    Trailing {
        /// Where they begin.
        at: u64,
        /// How many.
        length: u64,
    },
    /// More parts than the limit.
    #[error("there are more parts than the limit of {0}")]
    TooMany(u64),
    /// The header names the file as it was before packing.
    #[error("the header calls the packed file `{0}`")]
    Name(String),
}

/// Unpacks a stream, at most `limit` bytes; of more, only the start is kept.
///
/// # Errors
/// [`Failed`], when nothing comes out.
pub fn unpack(
    bytes: &dyn Bytes,
    codec: Codec,
    limit: u64,
    limits: &Limits,
) -> Result<Stream, Failed> {
    let mut source = Source::new(bytes);
    let mut output = Output::new(limit);
    let mut stream = Stream::default();
    while next_part(codec, &mut source, &mut stream, limits).map_err(Failed::Read)? {
        let part = Part {
            packed: source.position(),
            unpacked: output.bytes.len(),
        };
        let done = codec.decode(&mut source, &mut output);
        if let Some(error) = source.failed.take() {
            return Err(Failed::Read(error));
        }
        stream.parts.push(part);
        match done {
            // INVARIANT: every part takes bytes, so the loop ends.
            Ok(()) if source.position() > part.packed => {}
            Ok(()) => break,
            Err(Stop::Full) => {
                stream.faults.push(Fault::TooLarge(limit));
                let kept = usize::try_from(KEPT).unwrap_or(usize::MAX);
                output.bytes.truncate(kept);
                output.bytes.shrink_to_fit();
                break;
            }
            Err(Stop::Broken) if output.bytes.is_empty() && stream.asides.is_empty() => {
                return Err(Failed::Broken);
            }
            Err(Stop::Broken) => {
                stream.faults.push(Fault::Broken { at: part.packed });
                break;
            }
        }
    }
    stream.faults.extend(output.name.map(Fault::Name));
    stream.asides.append(&mut output.asides);
    stream.bytes = output.bytes;
    Ok(stream)
}

/// Whether another part begins here; tells what stands here instead.
fn next_part(
    codec: Codec,
    source: &mut Source<'_>,
    stream: &mut Stream,
    limits: &Limits,
) -> io::Result<bool> {
    let can_skip = matches!(codec, Codec::Zstd | Codec::Lz4);
    if stream.parts.is_empty() {
        while can_skip && aside(source, stream, limits)? {}
        return Ok(true);
    }
    let end = source.position();
    loop {
        if can_skip && aside(source, stream, limits)? {
            continue;
        }
        // Loaders step over zeros between parts: tapes and xz pad with them.
        if source.peek(1)? == [0] {
            source.skip(1);
            continue;
        }
        break;
    }
    let at = source.position();
    let begins = source.peek(6)?;
    if begins.is_empty() {
        return Ok(false);
    }
    if !codec.magics().iter().any(|magic| begins.starts_with(magic)) {
        let length = source.length().saturating_sub(at);
        // Where nothing may follow, zeros are content as well.
        let (at, length) = match codec {
            _ if codec.magics().is_empty() => (end, source.length().saturating_sub(end)),
            _ => (at, length),
        };
        stream.faults.push(Fault::Trailing { at, length });
        return Ok(false);
    }
    if stream.parts.len() as u64 >= limits.members {
        stream.faults.push(Fault::TooMany(limits.members));
        return Ok(false);
    }
    Ok(true)
}

/// The format of a stream that begins with frames that carry no data: that of the first one that does.
pub(crate) fn behind_skippable(bytes: &dyn Bytes) -> io::Result<Option<Format>> {
    let mut source = Source::new(bytes);
    let mut skipped = false;
    // An honest stream begins with one, if any: enough is looked through.
    for _ in 0..1_000 {
        if !skip_frame(&mut source)? {
            break;
        }
        skipped = true;
    }
    let magic = source.peek(4)?;
    Ok([
        (zstd::MAGIC, Format::Zstd),
        (lz4::MAGIC, Format::Lz4),
        (lz4::LEGACY, Format::Lz4),
    ]
    .into_iter()
    .find(|(wanted, _)| skipped && *wanted == magic)
    .map(|(_, format)| format))
}

/// Steps over a frame that carries no data for the loader, and notes where its bytes lie.
fn aside(source: &mut Source<'_>, stream: &mut Stream, limits: &Limits) -> io::Result<bool> {
    let start = source.position().saturating_add(8);
    let is_frame = skip_frame(source)?;
    let length = source.position().saturating_sub(start);
    if is_frame && length > 0 {
        if (stream.asides.len() as u64) < limits.members {
            stream.asides.push((start, length));
        } else if !stream.faults.contains(&Fault::TooMany(limits.members)) {
            stream.faults.push(Fault::TooMany(limits.members));
        }
    }
    Ok(is_frame)
}

/// Steps over a frame that carries no data (RFC 8878, section 3.1.2; LZ4 has the same).
fn skip_frame(source: &mut Source<'_>) -> io::Result<bool> {
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = *source.peek(8)? else {
        return Ok(false);
    };
    source.skip(8_u64.saturating_add(u64::from(u32::from_le_bytes([a, b, c, d]))));
    Ok(true)
}
