//! CRC-32 as in zlib and PNG, for the checksums inside tokens.

/// The CRC-32 (ISO-HDLC, reflected polynomial 0xEDB88320) of a few bytes.
///
/// Bit by bit: tokens have some thirty bytes, so a table would cost more than it saves.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    !crc
}

/// The value that base 62 digits spell, in the order `0–9A–Za–z`.
pub(crate) fn base62(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        // The catalogue of parametrised CRC algorithms gives this for "123456789".
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(base62(b"10"), Some(62));
        assert_eq!(base62(b"z"), Some(61));
        assert_eq!(base62(b"-"), None);
    }
}
