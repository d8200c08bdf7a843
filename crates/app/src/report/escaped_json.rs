//! JSON that is safe on a terminal: control, bidirectional and invisible characters inside strings are
//! written as `\uXXXX`. Nothing is lost, because a JSON reader gives the same string back.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::Error;

/// How the JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Indented by two spaces, with a line break at the end.
    Pretty,
    /// On one line, with a line break at the end.
    Line,
}

/// Writes a value as JSON.
pub(crate) fn write(
    value: &impl Serialize,
    layout: Layout,
    writer: &mut dyn io::Write,
) -> Result<(), Error> {
    match layout {
        Layout::Pretty => with(value, PrettyFormatter::new(), writer),
        Layout::Line => with(value, CompactFormatter, writer),
    }
}

fn with(
    value: &impl Serialize,
    inner: impl Formatter,
    mut writer: &mut dyn io::Write,
) -> Result<(), Error> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut writer, Visible(inner));
    value.serialize(&mut serializer)?;
    writer.write_all(b"\n")?;
    Ok(())
}

/// A formatter that makes invisible characters visible.
struct Visible<F>(F);

impl<F: Formatter> Formatter for Visible<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0_u16; 2];
        let mut start = 0;
        for (place, character) in fragment.char_indices().filter(|(_, c)| is_hidden(*c)) {
            let before = fragment.get(start..place).unwrap_or_default();
            writer.write_all(before.as_bytes())?;
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            start = place.saturating_add(character.len_utf8());
        }
        writer.write_all(fragment.get(start..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

fn is_hidden(character: char) -> bool {
    // Below 0x7f serde_json has escaped what must be escaped; what is left is printable.
    if character < '\u{7f}' {
        return false;
    }
    let mut buffer = [0; 4];
    let text: &str = character.encode_utf8(&mut buffer);
    super::text::show(text, 1) != text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_as_escapes_and_read_back() {
        let text = "a\u{1b}[2J\u{202e}b\u{9b}\u{7f}é日\u{e0041}\"\\\n";
        for layout in [Layout::Pretty, Layout::Line] {
            let mut buffer = Vec::new();
            write(&[text], layout, &mut buffer).unwrap();
            let written = String::from_utf8(buffer).unwrap();
            assert!(
                written.contains(r"\u001b[2J\u202eb\u009b\u007fé日\udb40\udc41"),
                "{written}"
            );
            let back: Vec<String> = serde_json::from_str(&written).unwrap();
            assert_eq!(back, [text]);
        }
    }
}
