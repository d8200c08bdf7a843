//! Describes files of OCDBT, the database that Orbax keeps checkpoints in (`manifest.ocdbt` and the nodes in `d/`).
//!
//! Each file begins with a node: a magic number, its length, a version and a way of packing; then a body, packed by
//! Zstandard as a rule, and a checksum. The bodies are looked into like files. A manifest names the other files.

use std::io;

use tutela_core::{Bytes, Limits, Window, read_all};

use crate::input::Input;
use crate::little::u64_at;
use crate::stream::{self, Codec};
use crate::strings;

/// Bytes before the body: magic, length, version, way of packing.
const HEAD: u64 = 14;
/// Bytes of the checksum behind it.
const CHECKSUM: u64 = 4;
/// What the body of a manifest may unpack to; it lists versions and files.
const BODY: u64 = 16 << 20;
/// Paths that are kept.
const PATHS: usize = 10_000;

/// The node that a file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Whether it is the manifest, which names the other files.
    pub manifest: bool,
    /// Where the body begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// Where the node ends.
    pub after: u64,
    /// Whether the body is packed by Zstandard.
    pub packed: bool,
}

/// Whether the first bytes are those of a node.
pub(crate) fn looks_like(start: &[u8]) -> bool {
    let is_magic = matches!(
        start,
        [0x0c, 0xdb, 0x3a, 0x2a, ..] | [0x0c, 0xdb, 0x20, 0xde, ..] | [0x0c, 0xdb, 0x12, 0x34, ..]
    );
    is_magic && matches!(start.get(12..14), Some([0, 0 | 1]))
}

/// Reads the head of the node; none when it promises more than there is.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes) -> io::Result<Option<Node>> {
    let head = Input::new(bytes).prefix(0, HEAD)?.to_vec();
    let (Some(length), Some(way)) = (u64_at(&head, 4), head.get(13)) else {
        return Ok(None);
    };
    if !looks_like(&head) || length > bytes.len() || length < HEAD.saturating_add(CHECKSUM) {
        return Ok(None);
    }
    Ok(Some(Node {
        manifest: head.get(2) == Some(&0x3a),
        start: HEAD,
        end: length.saturating_sub(CHECKSUM),
        after: length,
        packed: *way == 1,
    }))
}

/// The texts of a manifest that look like paths; files are named by a common start and their own ends.
///
/// # Errors
/// What reading the bytes returns.
pub fn paths(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Vec<String>> {
    let Some(node) = read(bytes)?.filter(|node| node.manifest) else {
        return Ok(Vec::new());
    };
    let body = Window::new(bytes, node.start, node.end.saturating_sub(node.start));
    let body = if node.packed {
        match stream::unpack(&body, Codec::Zstd, BODY, limits) {
            Ok(stream) => stream.bytes,
            Err(stream::Failed::Read(error)) => return Err(error),
            Err(_) => return Ok(Vec::new()),
        }
    } else {
        read_all(&Window::new(&body, 0, BODY), BODY)?
    };
    let mut paths = Vec::new();
    strings::texts(&body, 3, &mut |_, text| {
        if text.contains(['/', '\\']) && paths.len() < PATHS {
            paths.push(text.to_owned());
        }
        Ok(())
    })?;
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, sniff, walk};

    /// A manifest that is not packed and names one file.
    fn manifest(path: &[u8]) -> Vec<u8> {
        let length = u64::try_from(path.len() + 18).unwrap();
        [
            b"\x0c\xdb\x3a\x2a".as_slice(),
            &length.to_le_bytes(),
            &[0, 0],
            path,
            &[0; 4],
        ]
        .concat()
    }

    #[test]
    fn manifests_are_recognised_and_name_files() {
        let bytes = manifest(b"\x01\x02d/42db0f5b\x03");
        let limits = Limits::default();
        assert_eq!(sniff(&bytes, &limits).unwrap(), Some(Format::Ocdbt));
        assert_eq!(paths(&bytes, &limits).unwrap(), ["d/42db0f5b"]);
        let mut seen = 0;
        let unread = walk(&bytes, &limits, &mut |_| {
            seen += 1;
            Ok(())
        });
        assert_eq!((seen, unread.unwrap()), (2, vec![]));
    }

    #[test]
    fn truncated_at_every_byte() {
        let whole = manifest(b"d/42db0f5b");
        let limits = Limits::default();
        for length in 14..whole.len() {
            let bytes = whole[..length].to_vec();
            assert_eq!(read(&bytes).unwrap(), None);
            let unread = walk(&bytes, &limits, &mut |_| Ok(())).unwrap();
            assert_eq!(unread.len(), 1, "{length}");
        }
        assert_eq!(read(&whole[..13].to_vec()).unwrap(), None);
    }
}
