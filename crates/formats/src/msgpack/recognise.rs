//! Tells `MessagePack` from noise: the format has no magic number, and almost any byte begins a value.

use std::io;

use tutela_core::Bytes;

use super::walk::Walk;
use super::{Document, Fault, Kind};

/// Values that are looked at. Noise breaks at the first key.
const VALUES: u64 = 256;

/// Whether the bytes are `MessagePack`: a map whose keys are names, a list of such, or an array of Flax.
pub(crate) fn looks_like(bytes: &dyn Bytes, start: &[u8]) -> io::Result<bool> {
    let is_map = matches!(start, [0x81..=0x8f | 0xde | 0xdf, ..]);
    let is_list = matches!(start, [0x91..=0x9f | 0xdc | 0xdd, ..]);
    let is_extension = matches!(start, [0xc7..=0xc9, ..]);
    if !(is_map || is_list || is_extension) || is_map && first_key(start).is_none() {
        return Ok(false);
    }
    let mut walk = Walk::new(bytes, VALUES);
    walk.run()?;
    let (named, names, document) = (walk.named, walk.names, &walk.document);
    Ok(match kept(document) {
        _ if !named => false,
        Kept::Whole | Kept::SoFar if is_map => true,
        Kept::Whole => document.arrays > 0 || names > 0 || has_extension(document),
        Kept::SoFar => names > 2,
        // Broken: the names have to speak for it. Five letters in a row are rare in noise.
        Kept::Broken => names > 1 || first_key(start).is_some_and(|key| key.len() > 4),
    })
}

enum Kept {
    Whole,
    SoFar,
    Broken,
}

fn kept(document: &Document) -> Kept {
    let malformed = |fault: &&Fault| {
        !matches!(
            fault,
            Fault::Shape { .. } | Fault::ObjectType { .. } | Fault::DoubledKey { .. }
        )
    };
    match document.faults.iter().find(malformed) {
        None => Kept::Whole,
        Some(Fault::Limit { .. }) => Kept::SoFar,
        Some(_) => Kept::Broken,
    }
}

fn has_extension(document: &Document) -> bool {
    let is_call = |kind: &Kind| matches!(kind, Kind::Call { .. });
    document.parts.iter().any(|part| is_call(&part.kind))
}

/// The first key of a map, when it is a text without control characters.
fn first_key(start: &[u8]) -> Option<&str> {
    let key = match start {
        [0x81..=0x8f, rest @ ..] => rest,
        [0xde, _, _, rest @ ..] => rest,
        [0xdf, _, _, _, _, rest @ ..] => rest,
        _ => return None,
    };
    let (length, rest) = match key {
        [length @ 0xa1..=0xbf, rest @ ..] => (length & 0x1f, rest),
        [0xc4 | 0xd9, length, rest @ ..] if *length > 0 => (*length, rest),
        _ => return None,
    };
    let name = rest.get(..usize::from(length)).unwrap_or(rest);
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
}
