//! Entry bundles: up to 256 entries, each after its length as a big-endian 16-bit number.

/// The largest bundle: 256 entries of 65535 bytes.
pub(super) const LIMIT: u64 = 256 * (65_535 + 2);

/// Writes a bundle. Entries were checked to fit when they were made.
pub(super) fn encode<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

/// Cuts a bundle into its entries.
pub(super) fn decode(mut bytes: &[u8]) -> Result<Vec<&[u8]>, &'static str> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest
            .split_at_checked(length)
            .ok_or("an entry is longer than what is left of the file")?;
        entries.push(entry);
        bytes = rest;
        if entries.len() > 256 {
            return Err("it has more than 256 entries");
        }
    }
    if bytes.is_empty() {
        Ok(entries)
    } else {
        Err("half a length is left over")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_truncation_at_every_byte() {
        let entries: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = encode(entries);
        assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
        assert_eq!(decode(&bytes).unwrap(), entries);
        for length in 0..bytes.len() {
            let whole = [0, 5, 7].contains(&length);
            assert_eq!(decode(&bytes[..length]).is_ok(), whole, "{length}");
        }
        assert!(decode(&[0; 2 * 257]).is_err());
    }
}
