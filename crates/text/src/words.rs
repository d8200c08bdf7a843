//! The words beside a number, which say what the number is.

/// Words in lower case with one space around each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(String);

impl Words {
    /// Takes the words of a piece of text: `customerPhone_no` has the words customer, phone and no.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut words = String::from(" ");
        let mut before = ' ';
        for character in String::from_utf8_lossy(text).chars() {
            let begins = character.is_uppercase() && before.is_lowercase();
            if (begins || !character.is_alphanumeric()) && !words.ends_with(' ') {
                words.push(' ');
            }
            if character.is_alphanumeric() {
                words.extend(character.to_lowercase());
            }
            before = character;
        }
        if !words.ends_with(' ') {
            words.push(' ');
        }
        Self(words)
    }

    /// Whether a word begins with the entry; an entry of up to three letters must be the whole word, and
    /// one in a script without spaces may stand anywhere.
    pub(crate) fn have(&self, entry: &str) -> bool {
        if !entry.is_ascii() {
            return self.0.contains(entry);
        }
        let mut found = self.0.match_indices(entry).filter(|(place, _)| {
            self.0
                .get(..*place)
                .is_some_and(|before| before.ends_with(' '))
        });
        found.any(|(place, word)| {
            let after = self.0.get(place + word.len()..).unwrap_or_default();
            entry.len() > 3 || after.starts_with(' ')
        })
    }

    /// Whether one of the entries is there.
    pub(crate) fn have_any(&self, entries: &[&str]) -> bool {
        entries.iter().any(|entry| self.have(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_words() {
        let words = Words::of("customerPhone-No.: Hotel, IBAN_account téléphone 手机号".as_bytes());
        assert!(words.have("phone") && words.have("no") && words.have("iban"));
        assert!(!words.have("tel"), "hotel is not tel");
        assert!(words.have("telefon") || words.have("téléphone"));
        assert!(words.have("手机"));
        assert!(words.have("iban account"));
        assert!(!Words::of(b"telling").have("tel"));
        assert!(Words::of(b"Telefonnummer").have("telefon"));
        assert!(!Words::default().have("x"));
    }
}
