//! Headers of numpy arrays (`numpy.lib.format`, versions 1.0 to 3.0).

use std::io;

use tutela_core::Bytes;

use crate::input::{CHUNK, Input};
use crate::little::{u16_at, u32_at};

/// How a numpy array begins.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The header of a numpy array.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The version of the format.
    pub version: (u8, u8),
    /// The header's text: a Python dictionary literal.
    pub text: String,
    /// Where the data starts.
    pub data: u64,
    /// Whether the array holds Python objects, so that its data is a pickle.
    pub objects: bool,
}

/// Reads the header; none when it is not one or is longer than 64 KiB.
///
/// # Errors
/// What reading the bytes returns.
pub fn header(bytes: &dyn Bytes) -> io::Result<Option<Header>> {
    let mut input = Input::new(bytes);
    let start = input.prefix(0, 12)?.to_vec();
    if !start.starts_with(MAGIC) {
        return Ok(None);
    }
    let (Some(major), Some(minor)) = (start.get(6).copied(), start.get(7).copied()) else {
        return Ok(None);
    };
    let (length, from) = if major == 1 {
        (u16_at(&start, 8).map(u64::from), 10_u64)
    } else {
        (u32_at(&start, 8).map(u64::from), 12_u64)
    };
    let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
        return Ok(None);
    };
    if length > CHUNK {
        return Ok(None);
    }
    let Some(text) = input.slice(from, length)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(text).into_owned();
    Ok(Some(Header {
        version: (major, minor),
        objects: holds_objects(&text),
        data: from.saturating_add(length as u64),
        text,
    }))
}

/// Whether a type string inside the header names objects: `'|O'`, `'O'`, `'|O8'`, also as a field.
fn holds_objects(text: &str) -> bool {
    let mut parts = text.split(['\'', '"']);
    // Every second part stands between quotes.
    std::iter::from_fn(|| {
        parts.next()?;
        parts.next()
    })
    .map(|quoted| quoted.trim_start_matches(['|', '<', '>', '=']))
    .any(|code| {
        code.strip_prefix('O')
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            || code.contains(",O")
            || code == "object"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(descr: &str) -> Vec<u8> {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.bytes());
        bytes
    }

    #[test]
    fn objects_are_seen_wherever_they_stand() {
        let objects = |descr| header(&array(descr)).unwrap().unwrap().objects;
        assert!(objects("'|O'"));
        assert!(objects("'O8'"));
        assert!(objects("[('a', '<f8'), ('b', '|O')]"));
        assert!(!objects("'<f8'"));
        assert!(!objects("[('Other', '<i4')]"));
    }

    #[test]
    fn truncated_at_every_byte() {
        let whole = array("'|O'");
        let parsed = header(&whole).unwrap().unwrap();
        assert_eq!(parsed.data, whole.len() as u64);
        for length in 0..whole.len() {
            assert_eq!(header(&whole[..length].to_vec()).unwrap(), None);
        }
    }
}
