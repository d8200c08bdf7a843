//! Showing that something is there without showing it.

/// Longest beginning that is ever shown: enough for `ghp_` or `AKIA`.
const SHOWN: usize = 4;

/// Shows the first few characters and the length, never the whole.
///
/// At most one character in eight and at most four are shown; of fewer than sixteen characters none
/// is, because a beginning narrows a short password down to guessing.
///
/// ```
/// assert_eq!(tutela_text::mask("AKIAABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "AKIA… (36 characters)");
/// assert_eq!(tutela_text::mask("correct horse"), "… (13 characters)");
/// ```
#[must_use]
pub fn mask(text: &str) -> String {
    let length = text.chars().count();
    let shown = if length < 16 {
        0
    } else {
        SHOWN.min(length / 8)
    };
    let beginning: String = text.chars().take(shown).collect();
    format!("{beginning}… ({length} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_an_eighth() {
        for length in 0..200 {
            let masked = mask(&"é".repeat(length));
            assert!(masked.matches('é').count() <= length / 8);
            assert!(masked.contains(&format!("({length} characters)")));
        }
    }
}
