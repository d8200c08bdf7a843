//! bzip2: one part at a time, the checksums verified.

use bzip2::bufread::BzDecoder;

use super::source::{Output, Source, Stop};

pub(super) fn decode(source: &mut Source<'_>, output: &mut Output) -> Result<(), Stop> {
    output.take(&mut BzDecoder::new(source))
}
