//! Values of the metadata that do harm where they are used: printed, made file names of, or counted with.

use tutela_core::escape;
use tutela_formats::gguf::{Entry, Kind, Model, Value};

use crate::signs;

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

/// Ends of keys whose values are sizes of a model, which loaders multiply and allocate by.
const SIZES: &[&str] = &[
    ".attention.head_count",
    ".attention.head_count_kv",
    ".block_count",
    ".context_length",
    ".embedding_length",
    ".expert_count",
    ".feed_forward_length",
    ".vocab_size",
];
/// More than any size of a model: from here on, products of two overflow.
const LARGEST: u64 = i32::MAX as u64;
/// What is told of a token beside its text; loaders read one for each token.
const OF_TOKENS: &[&str] = &["tokenizer.ggml.scores", "tokenizer.ggml.token_type"];

/// The entries whose values do harm where they are used, and why.
pub(super) fn wrong(model: &Model) -> Vec<(&Entry, String)> {
    let tokens = model.value("tokenizer.ggml.tokens").and_then(items);
    let why = |entry| {
        text(entry)
            .or_else(|| kind(entry))
            .or_else(|| size(entry))
            .or_else(|| count(entry, tokens))
    };
    model
        .metadata
        .iter()
        .filter_map(|entry| Some((entry, why(entry)?)))
        .collect()
}

fn items(value: &Value) -> Option<u64> {
    match value {
        Value::Texts(texts) => u64::try_from(texts.len()).ok(),
        Value::Array(_, count) => Some(*count),
        _ => None,
    }
}

/// Loaders take these for what they should be, and stop or go wrong when they are not.
fn kind(entry: &Entry) -> Option<String> {
    let (wanted, is_right) = match entry.key.as_str() {
        "general.architecture" => ("a text", matches!(entry.value, Value::Text(_))),
        "tokenizer.ggml.tokens" => (
            "a list of texts",
            matches!(entry.value, Value::Texts(_) | Value::Array(Kind::Text, _)),
        ),
        // Read as four bytes an item, whatever the file says: smaller ones are read past the end.
        "tokenizer.ggml.scores" => (
            "a list of floats of 32 bits",
            is_list(&entry.value, &[Kind::Float32]),
        ),
        "tokenizer.ggml.token_type" | "tokenizer.ggml.suppress_tokens" => (
            "a list of numbers of 32 bits",
            is_list(&entry.value, &[Kind::Int32, Kind::Uint32]),
        ),
        _ => return None,
    };
    (!is_right).then(|| format!("`{}` is not {wanted}, which loaders take it for", entry.key))
}

fn is_list(value: &Value, kinds: &[Kind]) -> bool {
    matches!(value, Value::Array(kind, count) if *count == 0 || kinds.contains(kind))
}

fn size(entry: &Entry) -> Option<String> {
    let Value::Whole(kind, size) = entry.value else {
        return None;
    };
    let is_float = matches!(kind, Kind::Float32 | Kind::Float64);
    let is_size = SIZES.iter().any(|end| entry.key.ends_with(end));
    (is_size && !is_float && size > LARGEST).then(|| {
        let key = escape(&entry.key, 120);
        format!("`{key}` is {size}, which overflows where loaders count with it")
    })
}

fn count(entry: &Entry, tokens: Option<u64>) -> Option<String> {
    let (tokens, count) = (tokens?, items(&entry.value)?);
    (OF_TOKENS.contains(&entry.key.as_str()) && count != tokens).then(|| {
        let key = escape(&entry.key, 120);
        format!("`{key}` has {count} items for {tokens} tokens, and loaders read one for each")
    })
}

fn text(entry: &Entry) -> Option<String> {
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
    // Templates of chats are judged by another check, and tokenizers hold the words of every language.
    if entry.key.starts_with("tokenizer.") {
        return None;
    }
    signs::in_description(&entry.key, text)
}

fn leads_out(text: &str) -> bool {
    text.starts_with(['/', '\\']) || text.split(['/', '\\']).any(|part| part == "..")
}
