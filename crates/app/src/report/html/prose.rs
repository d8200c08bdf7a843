//! The little Markdown of rule pages, as blocks that the template escapes like any other text.

/// A paragraph, a list item or a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// One item of a list.
    Item(Vec<Span>),
    /// Text to be shown as it is.
    Listing(String),
}

/// Text, or code inside of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    /// Words.
    Text(String),
    /// Code.
    Code(String),
}

/// Reads paragraphs, lists (`- `), fenced listings and inline code; everything else stays as written.
pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            close(&mut blocks, &mut open);
            let listing: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.trim().starts_with("```"))
                .collect();
            blocks.push(Block::Listing(listing.join("\n")));
        } else if trimmed.is_empty() {
            close(&mut blocks, &mut open);
        } else if let Some(item) = trimmed
            .strip_prefix("- ")
            .or_else(|| trimmed.strip_prefix("* "))
        {
            close(&mut blocks, &mut open);
            open = Some((true, item.to_owned()));
        } else if let Some((_, text)) = &mut open {
            text.push(' ');
            text.push_str(trimmed);
        } else {
            open = Some((false, trimmed.to_owned()));
        }
    }
    close(&mut blocks, &mut open);
    blocks
}

fn close(blocks: &mut Vec<Block>, open: &mut Option<(bool, String)>) {
    if let Some((is_item, text)) = open.take() {
        let spans = spans(&text);
        blocks.push(if is_item {
            Block::Item(spans)
        } else {
            Block::Paragraph(spans)
        });
    }
}

/// Splits at backticks; one without its partner stays as written.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let last = parts.len().saturating_sub(1);
    let mut spans = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let is_code = place % 2 == 1 && (paired || place < last);
        match (is_code, part.is_empty()) {
            (true, _) => spans.push(Span::Code((*part).to_owned())),
            (false, false) if place % 2 == 1 => spans.push(Span::Text(format!("`{part}"))),
            (false, false) => spans.push(Span::Text((*part).to_owned())),
            (false, true) => {}
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_markdown_becomes_blocks() {
        let text = "One `os.system` call\nover two lines.\n\n- first\n- second `x`\n```text\na < b\n```\nend ` open";
        let code = |text: &str| Span::Code(text.into());
        let word = |text: &str| Span::Text(text.into());
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph(vec![
                    word("One "),
                    code("os.system"),
                    word(" call over two lines.")
                ]),
                Block::Item(vec![word("first")]),
                Block::Item(vec![word("second "), code("x")]),
                Block::Listing("a < b".into()),
                Block::Paragraph(vec![word("end "), word("` open")]),
            ]
        );
        assert_eq!(blocks(""), []);
        assert_eq!(
            blocks("```\nnever closed"),
            [Block::Listing("never closed".into())]
        );
    }
}
