//! Colour and width on a terminal. Colour only repeats what a word or symbol says.

use tutela_core::Severity;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Colour;
use super::view::Tone;

/// The least width that is laid out for.
const LEAST: usize = 40;

/// How text is laid out on a terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    colour: Colour,
    /// Columns to use.
    pub(super) width: usize,
}

impl Style {
    /// A style for a terminal of this many columns.
    pub(super) const fn new(colour: Colour, width: usize) -> Self {
        Self {
            colour,
            width: if width < LEAST { LEAST } else { width },
        }
    }

    fn paint(self, codes: &str, text: &str) -> String {
        match self.colour {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\u{1b}[{codes}m{text}\u{1b}[0m"),
        }
    }

    /// Headings.
    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Commands to copy.
    pub(super) fn command(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// A verdict.
    pub(super) fn verdict(self, tone: Tone, text: &str) -> String {
        self.paint(
            match tone {
                Tone::Red => "1;97;41",
                Tone::Amber => "1;30;43",
                Tone::Green => "1;30;42",
                Tone::Grey => "1;7",
            },
            text,
        )
    }

    /// Text in the colour of a tone.
    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        self.paint(
            match tone {
                Tone::Red => "31",
                Tone::Amber => "33",
                Tone::Green => "32",
                Tone::Grey => "2",
            },
            text,
        )
    }

    /// Text in the colour of a severity.
    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        self.paint(
            match severity {
                Severity::Critical => "1;31",
                Severity::High => "31",
                Severity::Medium => "33",
                Severity::Low => "34",
                Severity::Info => "2",
            },
            text,
        )
    }
}

/// Cuts text to so many columns, with an ellipsis when something was cut.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used: usize = 1;
    let mut cut = String::new();
    for character in text.chars() {
        used = used.saturating_add(character.width().unwrap_or_default());
        if used > columns {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

/// Fills text with spaces up to so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks text into lines of at most so many columns, between words where it can.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        let space = usize::from(!line.is_empty());
        if line
            .width()
            .saturating_add(space)
            .saturating_add(word.width())
            <= columns
        {
            if space == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > columns {
            let (head, tail) = split_at_width(word, columns);
            lines.push(head.to_owned());
            word = tail;
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Splits after as many characters as fit, and at least one.
fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used: usize = 0;
    for (place, character) in text.char_indices() {
        used = used.saturating_add(character.width().unwrap_or_default());
        if used > columns && place > 0 {
            return text.split_at(place);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fit("日本語日本語", 7), "日本語…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(pad("日", 4), "日  ");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing() {
        let text = "a model 日本語日本語日本語 imports averyveryverylongname of nothing";
        for columns in 2..40 {
            let lines = wrap(text, columns);
            assert!(
                lines.iter().all(|line| line.width() <= columns),
                "{columns}: {lines:?}"
            );
            let letters = |text: &str| text.replace(' ', "");
            assert_eq!(letters(&lines.concat()), letters(text));
        }
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("日", 1), ["日"]);
    }
}
