//! Check digits: the arithmetic that tells a real number from a random one.
//!
//! Every function takes the bare characters of a number, separators removed, and answers `false` or
//! `None` for a character that has no place in it.

/// The values of decimal digits; `None` at the first other byte.
pub(crate) fn digits(code: &[u8]) -> Option<Vec<u32>> {
    code.iter()
        .map(|byte| char::from(*byte).to_digit(10))
        .collect()
}

/// The number that decimal digits spell; at most 19 of them, so that it always fits.
pub(crate) fn number(code: &[u8]) -> Option<u64> {
    if code.is_empty() || code.len() > 19 {
        return None;
    }
    digits(code)?.into_iter().try_fold(0_u64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The sum of digits times weights, as far as the weights go.
pub(crate) fn weighted(code: &[u8], weights: &[u32]) -> Option<u32> {
    if code.len() < weights.len() {
        return None;
    }
    code.iter().zip(weights).try_fold(0, |sum, (byte, weight)| {
        Some(sum + char::from(*byte).to_digit(10)? * weight)
    })
}

/// The digit at a place, counted from the left.
pub(crate) fn digit(code: &[u8], place: usize) -> Option<u32> {
    char::from(*code.get(place)?).to_digit(10)
}

/// Luhn's formula (ISO/IEC 7812-1, annex B): from the right, every second digit doubled.
#[must_use]
pub fn luhn(code: &[u8]) -> bool {
    let Some(values) = digits(code) else {
        return false;
    };
    let sum: u32 = values
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, *digit) {
            (0, digit) => digit,
            (_, digit) if digit < 5 => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    values.len() > 1 && sum.is_multiple_of(10)
}

/// ISO/IEC 7064 MOD 97-10 over digits and letters (A = 10 … Z = 35): the remainder is 1.
#[must_use]
pub fn mod_97(code: &[u8]) -> bool {
    let remainder = code.iter().try_fold(0_u32, |remainder, byte| {
        let value = char::from(*byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((remainder * shift + value) % 97)
    });
    remainder == Some(1)
}

/// ISO/IEC 7064 MOD 11,10: a pure decimal system, here over all digits with the check digit last.
#[must_use]
pub fn mod_11_10(code: &[u8]) -> bool {
    let Some(values) = digits(code) else {
        return false;
    };
    let Some((check, body)) = values.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + check) % 10 == 1
}

/// ISO/IEC 7064 MOD 11-2: the last character is a digit or `X` for ten.
#[must_use]
pub fn mod_11_2(code: &[u8]) -> bool {
    let Some((last, body)) = code.split_last() else {
        return false;
    };
    let check = if *last == b'X' {
        Some(10)
    } else {
        char::from(*last).to_digit(10)
    };
    let rest =
        digits(body).map(|values| values.iter().fold(0, |sum, digit| (sum + digit) * 2 % 11));
    check
        .zip(rest)
        .is_some_and(|(check, rest)| (rest + check) % 11 == 1)
}

/// Verhoeff's scheme (1969): detects every single error and every swap of neighbours.
#[must_use]
pub fn verhoeff(code: &[u8]) -> bool {
    let Some(values) = digits(code) else {
        return false;
    };
    let check = values
        .iter()
        .rev()
        .enumerate()
        .fold(0, |check, (place, digit)| {
            dihedral(check, permuted(*digit, place))
        });
    values.len() > 1 && check == 0
}

/// Multiplication in the dihedral group of order ten: 0–4 are rotations, 5–9 reflections.
const fn dihedral(left: u32, right: u32) -> u32 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right) % 5,
        (false, true) => 5 + (left + 5 - right) % 5,
        (false, false) => (left + 5 - right % 5) % 5,
    }
}

/// Verhoeff's permutation (0)(1 5 8 9 4 2 7)(3 6)… applied `times` times.
fn permuted(digit: u32, times: usize) -> u32 {
    const ONCE: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    // The permutation has order eight.
    (0..times % 8).fold(digit, |digit, _| {
        usize::try_from(digit)
            .ok()
            .and_then(|place| ONCE.get(place))
            .copied()
            .unwrap_or(digit)
    })
}

/// Whether a day exists in the Gregorian calendar.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// Whether two-digit parts make a day in 1900–1999 or 2000–2099.
pub(crate) fn is_short_date(year: u64, month: u64, day: u64) -> bool {
    year < 100 && (is_date(1900 + year, month, day) || is_date(2000 + year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luhn by the book: write the doubled digits out and add all their digits.
    fn luhn_by_hand(code: &str) -> bool {
        let written: String = code
            .chars()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                (digit.to_digit(10).unwrap() * u32::from(place % 2 == 1)
                    + digit.to_digit(10).unwrap())
                .to_string()
            })
            .collect();
        let sum: u32 = written
            .chars()
            .map(|digit| digit.to_digit(10).unwrap())
            .sum();
        sum.is_multiple_of(10)
    }

    /// The group and the permutation as Verhoeff printed them.
    fn verhoeff_by_table(code: &str) -> bool {
        const GROUP: [&str; 10] = [
            "0123456789",
            "1234067895",
            "2340178956",
            "3401289567",
            "4012395678",
            "5987604321",
            "6598710432",
            "7659821043",
            "8765932104",
            "9876543210",
        ];
        const PERMUTATION: [&str; 8] = [
            "0123456789",
            "1576283094",
            "5803796142",
            "8916043527",
            "9453126870",
            "4286573901",
            "2793806415",
            "7046913258",
        ];
        let at = |row: &str, place: u32| row.as_bytes()[place as usize] - b'0';
        let check = code
            .bytes()
            .rev()
            .enumerate()
            .fold(0_u8, |check, (place, byte)| {
                let permuted = at(PERMUTATION[place % 8], u32::from(byte - b'0'));
                at(GROUP[usize::from(check)], u32::from(permuted))
            });
        check == 0
    }

    #[test]
    fn luhn_and_verhoeff_agree_with_the_books_on_every_short_number() {
        for number in 0..200_000_u32 {
            let code = format!("{number:06}");
            assert_eq!(luhn(code.as_bytes()), luhn_by_hand(&code), "{code}");
            assert_eq!(
                verhoeff(code.as_bytes()),
                verhoeff_by_table(&code),
                "{code}"
            );
        }
    }

    #[test]
    fn mod_97_agrees_with_long_division() {
        for number in 0..100_000_u128 {
            let code = format!("{number:05}AZ{:02}", number % 97);
            let spelled: u128 = format!("{number:05}1035{:02}", number % 97)
                .parse()
                .unwrap();
            assert_eq!(mod_97(code.as_bytes()), spelled % 97 == 1, "{code}");
        }
    }

    #[test]
    fn published_examples_hold() {
        // Verhoeff 1969; ISO 7064 examples; GB 11643; the German tax office.
        assert!(verhoeff(b"2363"));
        assert!(mod_11_2(b"07940"));
        assert!(!mod_11_2(b"07941"));
        assert!(mod_11_2(b"11010519491231002X"));
        assert!(mod_11_10(b"07945"));
        assert!(mod_11_10(b"86095742719"));
        assert!(luhn(b"79927398713"));
        assert!(!luhn(b"0") && !luhn(b"") && !verhoeff(b"x") && !mod_97(b""));
    }

    #[test]
    fn days_exist() {
        assert!(is_date(2000, 2, 29) && !is_date(1900, 2, 29) && !is_date(2023, 4, 31));
        assert!(is_short_date(0, 2, 29) && !is_short_date(1, 2, 29) && !is_short_date(0, 13, 1));
    }
}
