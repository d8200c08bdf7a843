//! xz and the legacy lzma format, one part at a time; xz's checksums are verified, lzma has none.

use lzma_rust2::{Action, LzmaStream, Status, StreamResult, XzStream};

use super::DICTIONARY;
use super::source::{Output, Source, Step, Stop, Then, pump};

pub(super) fn xz(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    let mut stream = XzStream::new_mem_limit(false, limit());
    pump(source, output, &mut |input, out| {
        stream.process(input, out, action(input)).ok().map(step)
    })
}

pub(super) fn alone(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    run(LzmaStream::new_mem_limit(limit(), None), source, output)
}

/// As zip archives hold it: two bytes of version, the length of the properties, and the properties
/// (APPNOTE, section 5.8.8). It ends with a mark, or after `unpacked` bytes.
pub(super) fn in_zip(
    source: &mut Source<'_>,
    output: &mut Output,
    unpacked: Option<u64>,
) -> Result<(), Stop> {
    let [_, _, 5, 0, properties, a, b, c, d] = *source
        .peek(9)
        .map_err(|_read_again_by_the_decoder| Stop::Broken)?
    else {
        return Err(Stop::Broken);
    };
    let dictionary = u32::from_le_bytes([a, b, c, d]);
    if u64::from(dictionary) > DICTIONARY {
        return Err(Stop::Broken);
    }
    source.skip(9);
    let size = unpacked.unwrap_or(u64::MAX);
    let stream = LzmaStream::new_with_props(size, properties, dictionary, None)
        .map_err(|_why_does_not_matter| Stop::Broken)?;
    run(stream, source, output)
}

fn run(mut stream: LzmaStream, source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    pump(source, output, &mut |input, out| {
        stream.process(input, out, action(input)).ok().map(step)
    })
}

const fn action(input: &[u8]) -> Action {
    if input.is_empty() {
        Action::Finish
    } else {
        Action::Run
    }
}

fn step(result: StreamResult) -> Step {
    Step {
        taken: result.bytes_consumed,
        made: result.bytes_produced,
        then: match result.status {
            Status::StreamEnd => Then::End,
            Status::Ok => Then::More,
        },
    }
}

fn limit() -> u32 {
    u32::try_from(DICTIONARY >> 10).unwrap_or(u32::MAX)
}
