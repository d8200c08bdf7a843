//! Text that attacks reaches no reader as anything but text, whatever the format.

use tutela_app::report::Format;

use super::{fixture, rendered};

/// Characters that no report may carry: controls, bidirectional and zero-width characters.
fn is_dangerous(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn no_format_carries_a_dangerous_character() {
    for dossier in [fixture::rich(), fixture::unsigned(), fixture::huge(50)] {
        for format in Format::ALL {
            let text = rendered(format, &dossier);
            let found = text.chars().find(|character| is_dangerous(*character));
            assert_eq!(found, None, "{format}");
        }
    }
}

#[test]
fn github_sees_only_our_own_commands() {
    let text = rendered(Format::Github, &fixture::rich());
    for line in text.lines() {
        let rest = line.strip_prefix("::").unwrap();
        let (head, _message) = rest.split_once("::").unwrap();
        let (level, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "col", "title"].contains(&name), "{line}");
            assert!(!value.contains(':'), "{line}");
        }
    }
}

#[test]
fn no_more_annotations_than_github_shows() {
    let text = rendered(Format::Github, &fixture::huge(500));
    for level in ["::error", "::warning", "::notice"] {
        let of_level: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(level))
            .collect();
        assert_eq!(of_level.len(), 10, "{level}");
        assert!(of_level[9].contains("more"), "{level}");
    }
}

#[test]
fn a_terminal_line_is_never_wider_than_the_terminal_but_for_commands() {
    use unicode_width::UnicodeWidthStr as _;
    let catalogue = super::catalogue::catalogue();
    for width in [1, 40, 57, 80, 200] {
        let mut options = super::options(&catalogue);
        options.width = width;
        for format in [Format::Table, Format::Full] {
            let text = super::rendered_with(format, &fixture::rich(), &options);
            let lines = text.lines().filter(|line| {
                !line.trim_start().starts_with("$ ") && !line.starts_with("tutela verify")
            });
            for line in lines {
                assert!(line.width() <= width.max(40), "{width}: {line}");
            }
        }
    }
}
