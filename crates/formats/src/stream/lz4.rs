//! LZ4 frames: one at a time, the checksums verified. Frames that need a dictionary are refused.

use lz4_flex::frame::FrameDecoder;

use super::source::{Output, Source, Stop};

pub(super) const MAGIC: &[u8] = b"\x04\x22\x4d\x18";
/// The format of before frames: it ends where the file ends.
pub(super) const LEGACY: &[u8] = b"\x02\x21\x4c\x18";

pub(super) fn decode(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    let is_legacy = source.peek(4).is_ok_and(|magic| magic == LEGACY);
    let mut decoder = FrameDecoder::new(source);
    let mut ended = false;
    loop {
        let before = decoder.get_ref().position();
        let length = output.bytes.len();
        let done = output.take(&mut decoder);
        let source = decoder.get_mut();
        match done {
            // The decoder says "no more" at the end of a frame, but also at an empty block within one.
            Ok(()) if source.starved => return if is_legacy { Ok(()) } else { Err(Stop::Broken) },
            Ok(()) if at_boundary(source) => return Ok(()),
            Ok(()) => ended = true,
            Err(Stop::Broken) if ended && output.bytes.len() == length => {
                // What follows "no more" is no block: the frame had ended, and other bytes follow.
                source.seek(before);
                return Ok(());
            }
            Err(why) => return Err(why),
        }
    }
}

/// Whether the bytes end here, or another frame begins.
fn at_boundary(source: &mut Source<'_>) -> bool {
    source.peek(4).is_ok_and(|next| {
        next.is_empty()
            || next == MAGIC
            || next == LEGACY
            || matches!(next, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
    })
}
