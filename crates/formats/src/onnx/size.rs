//! How many bytes a tensor takes.

/// The last type of a tensor (`TensorProto.DataType` of ONNX 1.20).
pub(super) const LAST_TYPE: u64 = 28;

/// Items of a shape; none when readers, who count in signed 64 bits, cannot.
pub(super) fn times(items: Option<u64>, size: u64) -> Option<u64> {
    items?
        .checked_mul(size)
        .filter(|items| i64::try_from(*items).is_ok() && i64::try_from(size).is_ok())
}

/// Bytes of so many items of a `TensorProto.DataType`.
pub(super) fn size_of(items: u64, dtype: u64) -> Option<u64> {
    let bits = match dtype {
        1 | 6 | 12 => 32,
        2 | 3 | 9 | 17..=20 | 24 => 8,
        4 | 5 | 10 | 16 => 16,
        7 | 11 | 13 | 14 => 64,
        15 => 128,
        21..=23 => 4,
        25 | 26 => 2,
        _ => return None,
    };
    Some(items.checked_mul(bits)?.div_ceil(8))
}
