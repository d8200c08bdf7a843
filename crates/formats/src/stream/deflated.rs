//! gzip, zlib and bare deflate: one part at a time, the checksum verified.

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use tutela_core::escape;

use super::source::{Output, Source, Step, Stop, Then, pump};

/// The part of a header that all have (RFC 1952, section 2.3).
const FIXED: u64 = 10;

pub(super) fn gzip(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    let start = source.position();
    let mut decoder = GzDecoder::new(source);
    let done = output.take(&mut decoder);
    if let Some(header) = decoder.header() {
        let mut at = start.saturating_add(FIXED);
        if let Some(extra) = header.extra() {
            at = at.saturating_add(2);
            output.aside(at, extra.len());
            at = at.saturating_add(extra.len() as u64);
        }
        // Each text ends with a zero byte.
        for text in [header.filename(), header.comment()].into_iter().flatten() {
            output.aside(at, text.len());
            at = at.saturating_add(text.len() as u64).saturating_add(1);
        }
    }
    let name = decoder.header().and_then(|header| header.filename());
    if let (None, Some(name)) = (&output.name, name) {
        output.name = Some(escape(&String::from_utf8_lossy(name), 200));
    }
    done
}

pub(super) fn zlib(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    inflate(Decompress::new(true), source, output)
}

/// Bytes before the zlib stream of joblib's old format: `ZF`, and the unpacked size as `hex` writes a number
/// of 64 bits, filled up with blanks (`numpy_pickle_compat.py`).
pub(crate) const ZFILE_HEADER: usize = 21;

/// The size is a hint for a buffer to joblib too: a wrong one changes nothing.
pub(super) fn zfile(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    source.skip(ZFILE_HEADER as u64);
    // On Windows it once wrote one character more.
    if source.peek(1).is_ok_and(|next| next == b" ") {
        source.skip(1);
    }
    zlib(source, output)
}

pub(super) fn bare(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    inflate(Decompress::new(false), source, output)
}

/// `flate2`'s own readers take a stream that breaks off for a whole one; this does not.
fn inflate(
    mut inflater: Decompress,
    source: &mut Source<'_>,
    output: &mut Output,
) -> Result<(), Stop> {
    pump(source, output, &mut |input, out| {
        let (before, made) = (inflater.total_in(), inflater.total_out());
        let then = match inflater.decompress(input, out, FlushDecompress::None) {
            Ok(Status::StreamEnd) => Then::End,
            Ok(Status::Ok | Status::BufError) => Then::More,
            Err(_) => Then::Break,
        };
        Some(Step {
            taken: usize::try_from(inflater.total_in().saturating_sub(before)).ok()?,
            made: usize::try_from(inflater.total_out().saturating_sub(made)).ok()?,
            then,
        })
    })
}
