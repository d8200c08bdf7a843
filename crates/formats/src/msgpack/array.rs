//! Arrays in the manner of Flax: an extension of a shape, the name of a type and the numbers.

use crate::fields::Fields;

/// Dimensions that are read; numpy has at most 64.
const DIMENSIONS: usize = 64;

/// The head of an array: what it says about the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Array {
    /// Bytes that the shape asks for; none when the type is of no known size.
    pub(super) declared: Option<u64>,
    /// Bytes of numbers that are there.
    pub(super) held: u64,
    /// Whether its type is that of Python objects.
    pub(super) objects: bool,
    /// Bytes of the head.
    pub(super) head: u64,
}

/// Reads `(shape, type, numbers)` as far as the numbers.
pub(super) fn read(bytes: &[u8]) -> Option<Array> {
    let mut fields = Fields::new(bytes);
    if fields.byte()? != 0x93 {
        return None;
    }
    let elements = shape(&mut fields)?;
    let length = text_length(&mut fields)?;
    let name = std::str::from_utf8(fields.take(length)?).ok()?;
    let held = bytes_length(&mut fields)?;
    let size = size_of(name);
    let declared = size.map(|size| {
        elements
            .and_then(|elements| elements.checked_mul(size))
            .unwrap_or(u64::MAX)
    });
    Some(Array {
        declared,
        held,
        objects: name == "object" || name == "O",
        head: bytes.len().saturating_sub(fields.rest().len()) as u64,
    })
}

/// The number of elements of a list of dimensions; none inside when no number holds it.
#[expect(
    clippy::option_option,
    reason = "no shape and one that overflows are two answers"
)]
fn shape(fields: &mut Fields<'_>) -> Option<Option<u64>> {
    let count = match fields.byte()? {
        byte @ 0x90..=0x9f => usize::from(byte & 0x0f),
        0xdc => big(fields, 2).and_then(|count| usize::try_from(count).ok())?,
        _ => return None,
    };
    if count > DIMENSIONS {
        return None;
    }
    let mut sizes = Vec::new();
    for _ in 0..count {
        sizes.push(match fields.byte()? {
            byte @ 0..=0x7f => u64::from(byte),
            0xcc => big(fields, 1)?,
            0xcd => big(fields, 2)?,
            0xce => big(fields, 4)?,
            0xcf => big(fields, 8)?,
            _ => return None,
        });
    }
    // An empty dimension makes an empty array, however large the others are.
    if sizes.contains(&0) {
        return Some(Some(0));
    }
    let product = sizes
        .iter()
        .try_fold(1_u64, |product, size| product.checked_mul(*size));
    Some(product)
}

fn text_length(fields: &mut Fields<'_>) -> Option<usize> {
    match fields.byte()? {
        byte @ 0xa0..=0xbf => Some(usize::from(byte & 0x1f)),
        0xc4 | 0xd9 => big(fields, 1).and_then(|length| usize::try_from(length).ok()),
        _ => None,
    }
}

fn bytes_length(fields: &mut Fields<'_>) -> Option<u64> {
    match fields.byte()? {
        byte @ 0xa0..=0xbf => Some(u64::from(byte & 0x1f)),
        0xc4 | 0xd9 => big(fields, 1),
        0xc5 | 0xda => big(fields, 2),
        0xc6 | 0xdb => big(fields, 4),
        _ => None,
    }
}

fn big(fields: &mut Fields<'_>, size: usize) -> Option<u64> {
    let bytes = fields.take(size)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

/// Bytes of one element, by numpy's name of its type (`numpy.dtype.name`), those of `ml_dtypes` included.
fn size_of(name: &str) -> Option<u64> {
    let small = ["float8_", "float6_", "float4_"];
    if small.iter().any(|start| name.starts_with(start)) {
        return Some(1);
    }
    if name.starts_with("datetime64") || name.starts_with("timedelta64") {
        return Some(8);
    }
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let bits = || digits.parse::<u64>().ok();
    match name.strip_suffix(digits).unwrap_or_default() {
        "bool" => Some(1),
        "bfloat" => Some(2),
        "int" | "uint" => bits().map(|bits| bits.div_ceil(8)),
        // Texts and raw bytes name their width in bits too; an empty one has none.
        "float" | "complex" | "str" | "bytes" | "void" => bits()
            .filter(|bits| bits.is_multiple_of(8))
            .map(|bits| bits / 8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_numpy() {
        for (name, size) in [
            ("float32", Some(4)),
            ("bfloat16", Some(2)),
            ("int4", Some(1)),
            ("uint64", Some(8)),
            ("bool", Some(1)),
            ("complex128", Some(16)),
            ("str160", Some(20)),
            ("float8_e4m3fn", Some(1)),
            ("datetime64[ns]", Some(8)),
            ("object", None),
            ("int", None),
        ] {
            assert_eq!(size_of(name), size, "{name}");
        }
    }

    #[test]
    fn a_shape_that_no_number_holds_is_told() {
        let huge = b"\x93\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x02\xa7float32\xc4\x04";
        let array = read(huge).unwrap();
        assert_eq!((array.declared, array.held), (Some(u64::MAX), 4));
        for length in 0..huge.len() {
            assert_eq!(read(&huge[..length]), None, "{length}");
        }
    }
}
