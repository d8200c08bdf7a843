//! Reading in windows finds what reading at once finds, with the same places.

use tutela_text::{Encoding, Hint, Reading, each_window, find_personal_in};

/// Every e-mail address with its line and column.
fn found(bytes: &[u8]) -> (Reading, Vec<(String, u64, u64)>) {
    let mut all = Vec::new();
    let reading = each_window(&bytes.to_vec(), &mut |window| {
        for span in find_personal_in(window.text, &Hint::default()) {
            if window.owns(span.range.start) {
                let place = window.place(span.range.start);
                let text = String::from_utf8(window.text[span.range].to_vec()).unwrap();
                all.push((text, place.line, place.column));
            }
        }
    });
    (reading.unwrap(), all)
}

/// About 2 MB with an address on every line; each line begins with characters of several bytes.
fn long_text() -> (String, Vec<(String, u64, u64)>) {
    let mut text = String::new();
    let mut expected = Vec::new();
    for number in 0..40_000_u64 {
        let address = format!("u{number}@example.org");
        let filling = "é".repeat(usize::try_from(number % 37).unwrap());
        text.push_str(&format!("{filling} {address} x\n"));
        expected.push((address, number + 1, number % 37 + 2));
    }
    (text, expected)
}

#[test]
fn every_address_is_reported_once_at_its_place() {
    let (text, expected) = long_text();
    let (reading, all) = found(text.as_bytes());
    assert_eq!(
        reading,
        Reading::Text {
            encoding: Encoding::Ascii,
            bytes: text.len() as u64
        }
    );
    assert_eq!(all, expected);
}

#[test]
fn utf_16_is_the_same_text() {
    let (text, expected) = long_text();
    let text = format!("\u{1F600}{text}");
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(address, line, column)| (address, line, column + u64::from(line == 1)))
        .collect();
    let little: Vec<u8> = [0xFEFF_u16]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = [0xFEFF_u16]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    let (reading, all) = found(&little);
    assert_eq!(
        reading,
        Reading::Text {
            encoding: Encoding::Utf16Le,
            bytes: little.len() as u64
        }
    );
    assert_eq!(all, expected);
    assert_eq!(found(&big).1, expected);
}

#[test]
fn one_endless_line_has_columns() {
    let mut text = "x ".repeat(700_000);
    text.push_str("ada@example.org");
    assert_eq!(
        found(text.as_bytes()).1,
        [("ada@example.org".to_owned(), 1, 1_400_001)]
    );
}

#[test]
fn binary_files_and_odd_ends() {
    assert_eq!(found(b"ab\0c@d.org").0, Reading::Binary);
    assert_eq!(
        found(&[0xFF, 0xFE, 0, 0, b'a', 0, 0, 0]).0,
        Reading::Binary,
        "UTF-32"
    );
    assert_eq!(
        found(b"").0,
        Reading::Text {
            encoding: Encoding::Ascii,
            bytes: 0
        }
    );
    assert_eq!(
        found(b"\xEF\xBB\xBFc@d.org").1,
        [("c@d.org".to_owned(), 1, 1)]
    );
    // Half a character at the end, half a surrogate pair, nothing but the mark.
    for bytes in [&b"\xFF\xFEa\0b"[..], b"\xFF\xFE\x3D\xD8", b"\xFE\xFF"] {
        assert!(matches!(found(bytes).0, Reading::Text { .. }));
    }
    let mut late = vec![b' '; 9000];
    late.extend_from_slice(b"\0 c@d.org");
    assert_eq!(
        found(&late).1.len(),
        1,
        "a NUL after 8 KiB is a character like others"
    );
}
