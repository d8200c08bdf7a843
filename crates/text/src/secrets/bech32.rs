//! The checksum of Bech32 (BIP 173), by which an age key is told from a typing error.

const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether text in one case, such as `AGE-SECRET-KEY-1…`, has a valid checksum.
pub(super) fn is_valid(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(separator) = lower.iter().rposition(|byte| *byte == b'1') else {
        return false;
    };
    let prefix = lower.get(..separator).unwrap_or_default();
    let data = lower.get(separator + 1..).unwrap_or_default();
    let high = prefix.iter().map(|byte| u32::from(byte >> 5));
    let low = prefix.iter().map(|byte| u32::from(byte & 31));
    let values: Option<Vec<u32>> = data.iter().map(|byte| value(*byte)).collect();
    values.is_some_and(|values| {
        let all = high.chain([0]).chain(low).chain(values);
        data.len() >= 6 && all.fold(1, step) == 1
    })
}

fn value(byte: u8) -> Option<u32> {
    let place = DIGITS.iter().position(|digit| *digit == byte)?;
    u32::try_from(place).ok()
}

/// One step of the BCH code over GF(32), with the generator of BIP 173.
fn step(checksum: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = checksum >> 25;
    let shifted = ((checksum & 0x01ff_ffff) << 5) ^ value;
    GENERATOR
        .iter()
        .enumerate()
        .filter(|(bit, _)| (top >> bit) & 1 == 1)
        .fold(shifted, |sum, (_, part)| sum ^ part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_bip_173() {
        for valid in [
            "A12UEL5L",
            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        ] {
            assert!(is_valid(valid.as_bytes()), "{valid}");
        }
        for invalid in [
            "A12UEL5M",
            "x1b4n0q5v",
            "li1dgmt3",
            "pzry9x0s0muk",
            "1axkwrx",
        ] {
            assert!(!is_valid(invalid.as_bytes()), "{invalid}");
        }
    }
}
