//! What R's functions on texts and numbers give; none where the exact answer is not worked out.

use super::fold::LONGEST;

/// A whole number that is not negative.
pub(super) fn small(number: f64) -> Option<u32> {
    let is_whole = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
    // The text of a whole number parses as one.
    is_whole.then(|| format!("{number:.0}").parse().ok())?
}

/// A count as R's number.
pub(super) fn number(count: usize) -> Option<f64> {
    u32::try_from(count).ok().map(f64::from)
}

/// Numbers as the letters that they stand for.
pub(super) fn letters(numbers: &[f64]) -> Option<String> {
    let letter = |number: &f64| {
        let code = small(*number).filter(|code| *code >= 9)?;
        char::from_u32(code)
    };
    numbers.iter().map(letter).collect()
}

/// `from:to`.
pub(super) fn range(from: f64, to: f64) -> Option<Vec<f64>> {
    let count = small((to - from).abs())?;
    if usize::try_from(count).ok()? >= LONGEST {
        return None;
    }
    let step: f64 = if to < from { -1.0 } else { 1.0 };
    Some(
        (0..=count)
            .map(|it| step.mul_add(f64::from(it), from))
            .collect(),
    )
}

/// Texts as numbers of a base.
pub(super) fn in_base(texts: &[String], base: u32) -> Option<Vec<f64>> {
    if !(2..=36).contains(&base) {
        return None;
    }
    let one = |text: &String| {
        let digits = text.trim_start_matches("0x").trim_start_matches("0X");
        u32::from_str_radix(if base == 16 { digits } else { text }, base)
            .ok()
            .map(f64::from)
    };
    texts.iter().map(one).collect()
}

/// `chartr`: letter for letter.
pub(super) fn translated(old: &str, new: &str, text: &str) -> Option<String> {
    let (old, new) = (spelled(old), spelled(new));
    if new.len() < old.len() {
        return None;
    }
    let letter = |it: char| {
        // The last mapping of a letter counts.
        let place = old.iter().rposition(|from| *from == it);
        place
            .and_then(|place| new.get(place))
            .copied()
            .unwrap_or(it)
    };
    Some(text.chars().map(letter).collect())
}

/// A set of letters as `chartr` and brackets write it: `a-z` stands for all between.
fn spelled(set: &str) -> Vec<char> {
    let letters: Vec<char> = set.chars().collect();
    let mut all = Vec::new();
    let mut rest = letters.as_slice();
    while let [first, behind @ ..] = rest {
        if let ['-', last, after @ ..] = behind
            && first <= last
        {
            all.extend(*first..=*last);
            rest = after;
        } else {
            all.push(*first);
            rest = behind;
        }
    }
    all
}

/// `sub` and `gsub` with `(all, fixed)`: literal patterns, and one set in brackets.
pub(super) fn replaced(
    text: &str,
    pattern: &str,
    by: &str,
    (all, fixed): (bool, bool),
) -> Option<String> {
    let count = if all { usize::MAX } else { 1 };
    if pattern.is_empty() || by.contains('\\') {
        return None;
    }
    let is_literal =
        |text: &str| !text.contains(['\\', '.', '^', '$', '*', '+', '?', '(', '[', '{', '|']);
    let grown = text.len().checked_mul(by.len().max(1))?;
    if grown > LONGEST {
        return None;
    }
    if fixed || is_literal(pattern) {
        return Some(text.replacen(pattern, by, count));
    }
    let inside = pattern.strip_prefix('[')?;
    let inside = inside
        .strip_suffix("]+")
        .or_else(|| inside.strip_suffix(']'))?;
    if inside.is_empty()
        || inside.contains(['[', ']', '\\'])
        || !by.is_empty() && pattern.ends_with('+')
    {
        return None;
    }
    let (is_other, set) = match inside.strip_prefix('^') {
        Some(set) => (true, spelled(set)),
        None => (false, spelled(inside)),
    };
    Some(text.replacen(|it: char| set.contains(&it) != is_other, by, count))
}

/// `strsplit` of one text.
pub(super) fn split(text: &str, between: &str) -> Option<Vec<String>> {
    if between.is_empty() {
        return Some(text.chars().map(String::from).collect());
    }
    let is_literal = !between.contains(['\\', '.', '^', '$', '*', '+', '?', '(', '[', '{', '|']);
    (is_literal || between == "|").then(|| text.split(between).map(str::to_owned).collect())
}

/// `paste`: row by row; short columns begin again.
pub(super) fn pasted(columns: &[Vec<String>], between: &str) -> Option<Vec<String>> {
    let columns: Vec<&Vec<String>> = columns.iter().filter(|it| !it.is_empty()).collect();
    let rows = columns.iter().map(|it| it.len()).max()?;
    let longest = columns
        .iter()
        .flat_map(|it| it.iter())
        .map(String::len)
        .max()?;
    let width = longest
        .checked_add(between.len())?
        .checked_mul(columns.len())?;
    if width.max(1).checked_mul(rows)? > LONGEST {
        return None;
    }
    let row = |row: usize| {
        let parts: Vec<&str> = columns
            .iter()
            .filter_map(|column| column.get(row.checked_rem(column.len())?))
            .map(String::as_str)
            .collect();
        parts.join(between)
    };
    Some((0..rows).map(row).collect())
}

/// `substring`: one part for each pair of places.
pub(super) fn parts(text: &str, from: &[f64], to: &[f64]) -> Option<Vec<String>> {
    let count = from.len().max(to.len());
    if count.checked_mul(text.len().max(1))? > LONGEST.checked_mul(16)? {
        return None;
    }
    let part = |row: usize| {
        let place = |all: &[f64]| small(*all.get(row.checked_rem(all.len())?)?);
        let (from, to) = (place(from)?.max(1), place(to)?);
        let skipped = usize::try_from(from.checked_sub(1)?).ok()?;
        let taken = usize::try_from(to.saturating_add(1).saturating_sub(from)).ok()?;
        Some(text.chars().skip(skipped).take(taken).collect())
    };
    (0..count).map(part).collect()
}

/// Number by number; the shorter begins again.
pub(super) fn arithmetic(sign: &str, one: &[f64], other: &[f64]) -> Option<Vec<f64>> {
    let count = one.len().max(other.len());
    let cell = |row: usize| {
        let a = *one.get(row.checked_rem(one.len())?)?;
        let b = *other.get(row.checked_rem(other.len())?)?;
        Some(match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "bitwXor" | "xor" => f64::from(small(a)? ^ small(b)?),
            "bitwAnd" => f64::from(small(a)? & small(b)?),
            _ => f64::from(small(a)? | small(b)?),
        })
    };
    (0..count).map(cell).collect()
}

/// `sprintf` with `%s`, `%d`, `%i` and `%%`.
pub(super) fn printed(format: &str, given: &[String]) -> Option<String> {
    let mut text = String::new();
    let mut given = given.iter();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next()? {
            '%' => text.push('%'),
            's' | 'd' | 'i' => text.push_str(given.next()?),
            _ => return None,
        }
    }
    Some(text)
}

/// The bytes of base64.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut bytes = Vec::new();
    for letter in text
        .bytes()
        .filter(|it| !it.is_ascii_whitespace() && *it != b'=')
    {
        let six = match letter {
            b'A'..=b'Z' => letter.checked_sub(b'A'),
            b'a'..=b'z' => letter.checked_sub(b'a')?.checked_add(26),
            b'0'..=b'9' => letter.checked_sub(b'0')?.checked_add(52),
            b'+' | b'-' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        }?;
        bits = (bits << 6 | u32::from(six)) & 0xff_ffff;
        count = count.checked_add(6)?;
        if count >= 8 {
            count = count.checked_sub(8)?;
            bytes.push(bits.checked_shr(count)?.to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_changed_as_r_changes_them() {
        let all = (true, false);
        assert_eq!(translated("a-c", "x-z", "abcd").as_deref(), Some("xyzd"));
        assert_eq!(translated("abc", "xy", "abc"), None);
        assert_eq!(replaced("sXyXs", "X", "", all).as_deref(), Some("sys"));
        assert_eq!(replaced("s.y.s", ".", "", all), None);
        assert_eq!(
            replaced("s.y.s", ".", "", (true, true)).as_deref(),
            Some("sys")
        );
        assert_eq!(replaced("s1y2s", "[0-9]", "", all).as_deref(), Some("sys"));
        assert_eq!(replaced("s1y2s", "[^a-z]", "", all).as_deref(), Some("sys"));
        assert_eq!(
            replaced("XX", "X", "y", (false, false)).as_deref(),
            Some("yX")
        );
        assert_eq!(
            split("a,b", ","),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(
            printed("%s_%d%%", &["a".to_owned(), "1".to_owned()]).as_deref(),
            Some("a_1%")
        );
        assert_eq!(printed("%5s", &["a".to_owned()]), None);
        assert_eq!(base64("c3lzdGVt"), Some(b"system".to_vec()));
        assert_eq!(base64("c3k="), Some(b"sy".to_vec()));
    }

    #[test]
    fn numbers_are_worked_out_as_r_does() {
        assert_eq!(range(1.0, 3.0), Some(vec![1.0, 2.0, 3.0]));
        assert_eq!(range(3.0, 1.0), Some(vec![3.0, 2.0, 1.0]));
        assert_eq!(range(0.0, 1e9), None);
        assert_eq!(in_base(&["73".to_owned()], 16), Some(vec![115.0]));
        assert_eq!(
            arithmetic("-", &[116.0, 122.0], &[1.0]),
            Some(vec![115.0, 121.0])
        );
        assert_eq!(arithmetic("xor", &[1.0], &[3.0]), Some(vec![2.0]));
        assert_eq!(letters(&[115.0, 121.0]), Some("sy".to_owned()));
        assert_eq!(letters(&[0.5]), None);
        assert_eq!(
            parts("metsys", &[6.0, 5.0], &[6.0, 5.0]),
            Some(vec!["s".to_owned(), "y".to_owned()])
        );
    }
}
