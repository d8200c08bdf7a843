//! What holds for every input.

use proptest::prelude::*;
use tutela_text::{
    Hint, find_personal_in, find_secrets_in, luhn, mask, mod_11_2, mod_11_10, mod_97, verhoeff,
};

/// Finds the last digit that makes a number valid; every scheme has at most one.
fn completed(body: &str, valid: fn(&[u8]) -> bool) -> Option<String> {
    let all = (0..10).map(|digit| format!("{body}{digit}"));
    let mut sound = all.filter(|code| valid(code.as_bytes()));
    let found = sound.next();
    assert!(sound.next().is_none(), "two check digits for {body}");
    found
}

/// The number with one digit changed.
fn flipped(code: &str, place: usize, by: u8) -> String {
    let mut bytes = code.as_bytes().to_vec();
    let place = place % bytes.len();
    bytes[place] = b'0' + (bytes[place] - b'0' + 1 + by % 9) % 10;
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_changed_digit_is_always_noticed(body in "[0-9]{6,18}", place: prop::sample::Index, by: u8) {
        let schemes: [fn(&[u8]) -> bool; 4] = [luhn, verhoeff, mod_11_10, mod_11_2];
        for valid in schemes {
            if let Some(code) = completed(&body, valid) {
                let changed = flipped(&code, place.index(code.len()), by);
                prop_assert!(!valid(changed.as_bytes()), "{code} and {changed}");
            }
        }
    }

    #[test]
    fn mod_97_notices_one_changed_digit(body in "[0-9]{6,28}", place: prop::sample::Index, by: u8) {
        // The check digits are 98 minus the remainder, by long division over the text.
        let rest = format!("{body}00").bytes().fold(0_u32, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
        let code = format!("{body}{:02}", 98 - rest);
        prop_assert!(mod_97(code.as_bytes()));
        let changed = flipped(&code, place.index(code.len()), by);
        prop_assert!(!mod_97(changed.as_bytes()));
    }

    #[test]
    fn any_bytes_are_searched_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check_spans(&bytes)?;
    }

    #[test]
    fn text_full_of_anchors_is_searched(
        parts in prop::collection::vec(prop::sample::select(ANCHORS), 0..60),
    ) {
        check_spans(parts.concat().as_bytes())?;
    }

    #[test]
    fn what_stands_around_a_span_moves_it_and_nothing_else(before in "[a-z ,\n]{0,80}", after in "[a-z ,\n]{0,80}") {
        let text = format!("{before}\nada@example.org, {after}");
        let spans = find_personal_in(text.as_bytes(), &Hint::default());
        prop_assert_eq!(spans.len(), 1);
        prop_assert_eq!(&text[spans[0].range.clone()], "ada@example.org");
    }

    #[test]
    fn a_mask_hides(secret in "[!-~]{1,200}") {
        let masked = mask(&secret);
        let shown = masked.split('…').next().unwrap();
        prop_assert!(shown.len() * 8 <= secret.len());
    }
}

const ANCHORS: &[&str] = &[
    "4111",
    "1111",
    " ",
    "-",
    "+49",
    "@",
    "a.b",
    ".com",
    "DE89",
    "\"",
    "=",
    ":",
    "password",
    "token",
    "eyJ",
    "://",
    "-----BEGIN ",
    "PRIVATE KEY",
    "-----",
    "\n",
    "ghp_",
    "AKIA",
    "machine ",
    "login",
    "é",
    "身",
    "secret",
    "\\",
    "'",
    "Q~",
    "SG.",
    "T3BlbkFJ",
    "sk-",
    "\"auth\"",
    "1",
    "::",
    "(0)",
    "AGE-SECRET-KEY-1",
    ".",
    "/",
    "MII",
    "user:",
];

fn check_spans(text: &[u8]) -> Result<(), TestCaseError> {
    let mut last = 0;
    for span in find_personal_in(text, &Hint::of("card")) {
        prop_assert!(
            span.range.start >= last && span.range.end <= text.len() && !span.range.is_empty()
        );
        last = span.range.start;
    }
    last = 0;
    for span in find_secrets_in(text) {
        prop_assert!(
            span.range.start >= last && span.range.end <= text.len() && !span.range.is_empty()
        );
        last = span.range.end;
    }
    Ok(())
}
