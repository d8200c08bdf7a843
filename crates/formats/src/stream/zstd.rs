//! Zstandard: one frame at a time, the checksum verified. Frames that need a dictionary are refused.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::DICTIONARY;
use super::source::{Output, Source, Stop};

pub(super) const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";

/// How much is decoded before it is moved on.
const STEP: usize = 128 << 10;

pub(super) fn decode(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(DICTIONARY);
    decoder
        .init(&mut *source)
        .map_err(|_why_does_not_matter| Stop::Broken)?;
    while !decoder.is_finished() {
        let done = decoder.decode_blocks(&mut *source, BlockDecodingStrategy::UptoBytes(STEP));
        // What came out before the data broke is kept.
        output.take(&mut decoder)?;
        done.map_err(|_why_does_not_matter| Stop::Broken)?;
    }
    output.take(&mut decoder)?;
    let declared = decoder.get_checksum_from_data();
    if declared.is_some() && declared != decoder.get_calculated_checksum() {
        return Err(Stop::Broken);
    }
    Ok(())
}
