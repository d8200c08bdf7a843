//! Texts of the metadata that programs print, or make file names of.

use tutela_core::escape;
use tutela_formats::gguf::{Entry, Model, Value};

/// Keys whose values become parts of file names (ggml's naming convention, llama.cpp's split files).
const NAMES: &[&str] = &[
    "general.architecture",
    "general.basename",
    "general.finetune",
    "general.name",
    "general.size_label",
    "general.type",
    "general.version",
];

/// The entries whose texts do harm where they are used, and why.
pub(super) fn wrong(model: &Model) -> Vec<(&Entry, String)> {
    model
        .metadata
        .iter()
        .filter_map(|entry| Some((entry, why(entry)?)))
        .collect()
}

fn why(entry: &Entry) -> Option<String> {
    let Value::Text(text) = &entry.value else {
        return None;
    };
    let key = escape(&entry.key, 120);
    let shown = escape(text, 120);
    if NAMES.contains(&entry.key.as_str()) && leads_out(text) {
        return Some(format!(
            "`{key}` is `{shown}`, and file names are made of it that so lead out of their folder"
        ));
    }
    // NUL is told by the parser; these repaint the terminal of whoever loads the model with a log.
    let repaints = |letter: char| {
        letter != '\0' && letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
    };
    if entry.key.starts_with("general.") && text.chars().any(repaints) {
        return Some(format!(
            "`{key}` holds control characters, which repaint a terminal: `{shown}`"
        ));
    }
    None
}

fn leads_out(text: &str) -> bool {
    text.starts_with(['/', '\\']) || text.split(['/', '\\']).any(|part| part == "..")
}
