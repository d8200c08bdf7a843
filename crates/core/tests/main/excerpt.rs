//! What is shown can neither command a terminal nor reorder a line.

use tutela_core::{escape, escape_bytes};

fn is_harmless(text: &str) -> bool {
    text.chars().all(|one| {
        !one.is_control()
            && !matches!(one, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            && !matches!(one, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    })
}

#[test]
fn every_character_is_harmless_afterwards() {
    for character in (0..=0x0010_ffff).filter_map(char::from_u32) {
        let shown = escape(&character.to_string(), 10);
        assert!(is_harmless(&shown), "{:x}", u32::from(character));
        // Shown once, shown the same again.
        assert_eq!(escape(&shown, usize::MAX), shown);
    }
}

#[test]
fn every_byte_is_harmless_afterwards_and_the_limit_holds() {
    for first in 0..=255_u8 {
        for second in [0, 0x1b, 0x41, 0x80, 0xc3, 0xff] {
            assert!(is_harmless(&escape_bytes(&[first, second], 50)));
        }
    }
    for limit in 0..20 {
        let shown = escape_bytes(&[0x1b; 1000], limit);
        assert!(shown.chars().count() <= limit + 1, "{shown}");
    }
}
