//! Configurations beside the weights: JSON and YAML as one tree, and what a check has to say about a place in it.

use std::io;

use tutela_core::{
    ArtifactFile, Bytes, CheckInfo, Context, Finding, Region, Severity, Sink, Window, escape,
    read_all,
};
use tutela_formats::tree::{Document, Node, Value};
use tutela_formats::{Entry, Format, json, yaml};

use crate::callables::{Effect, effect};
use crate::inside::{location, place};

/// The longest YAML text that is read: configurations are a few KiB, and their reader is slow.
const YAML: u64 = 4 << 20;

/// What makes a YAML file worth a word even where it cannot be read to its end.
const BROKEN: &[&str] = &["_target_", "auto_map", "python/", "trust_remote_code"];

/// Something to say about a place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The sentence.
    pub(crate) message: String,
    /// The bytes that it is about.
    pub(crate) region: (u64, u64),
}

impl Remark {
    /// A remark about a value.
    pub(crate) fn about(node: &Node, severity: Severity, message: String) -> Self {
        Self {
            severity,
            message,
            region: (node.start, node.end),
        }
    }

    /// The finding of a check.
    pub(crate) fn finding(
        self,
        info: &CheckInfo,
        file: &ArtifactFile,
        entry: &Entry<'_>,
    ) -> Finding {
        let region = Region::Bytes {
            start: self.region.0,
            end: self.region.1,
        };
        info.finding(self.message)
            .with_severity(self.severity)
            .at(location(file, entry).at(region))
    }
}

/// Remarks that a judgement of one text may make: what a hostile text could repeat a million times.
pub(crate) const REMARKS: usize = 1_000;

/// Reports remarks, each sentence once a file.
pub(crate) fn report(
    info: &CheckInfo,
    remarks: Vec<Remark>,
    (file, entry): (&ArtifactFile, &Entry<'_>),
    sink: &mut dyn Sink,
) {
    let mut told: Vec<String> = Vec::new();
    for remark in remarks {
        if told.len() < 200 && !told.contains(&remark.message) {
            told.push(remark.message.clone());
            sink.finding(remark.finding(info, file, entry));
        }
    }
}

/// The configuration that a part of a file is, if it holds one of the words, in the clear or escaped.
///
/// What of it could not be read is told to the sink.
pub(crate) fn document(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    words: &[&str],
    sink: &mut dyn Sink,
) -> io::Result<Option<Document>> {
    let document = read((name_of(file, entry), entry), context, words)?;
    if let Some((at, fault)) = document
        .as_ref()
        .and_then(|document| document.fault.as_ref())
    {
        let place = place(file, entry.member);
        sink.incomplete(format!("`{place}` byte {at}: {fault}"));
    }
    Ok(document)
}

/// Reads a configuration, if the entry is one and holds one of the words.
fn read(
    (name, entry): (&str, &Entry<'_>),
    context: &Context<'_>,
    words: &[&str],
) -> io::Result<Option<Document>> {
    if entry.formats.contains(&Format::Json) {
        return read_json(entry, context, words);
    }
    if !entry.formats.is_empty() {
        return Ok(None);
    }
    let Some(text) = text_of(entry.bytes, YAML)? else {
        return Ok(None);
    };
    if !holds(&text, words) {
        return Ok(None);
    }
    let document = yaml::read_text(&text);
    let named = name.ends_with(".yaml") || name.ends_with(".yml");
    let is_config = document.roots.iter().any(is_structure);
    // Programs, prose and templates of YAML often begin as YAML does; then they break its grammar.
    let matters = named && holds(&text, BROKEN);
    let fits = is_config && (document.fault.is_none() || matters);
    Ok(fits.then_some(document))
}

fn read_json(
    entry: &Entry<'_>,
    context: &Context<'_>,
    words: &[&str],
) -> io::Result<Option<Document>> {
    let longest = tutela_formats::tree::LENGTH.min(context.limits.member_bytes);
    if entry.bytes.len() <= longest {
        let bytes = read_all(entry.bytes, longest)?;
        let text = json::decode(&bytes);
        let known =
            std::str::from_utf8(&text).is_ok_and(|text| !holds(text, words) && !escapes(text));
        return Ok((!known).then(|| json::parse(&bytes)));
    }
    json::read(entry.bytes, context.limits).map(Some)
}

fn is_structure(root: &Node) -> bool {
    matches!(
        root.value,
        Value::Object(_) | Value::List(_) | Value::Tagged(..)
    )
}

fn holds(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a text escapes what it could write plainly: an ASCII letter, digit or underscore.
fn escapes(text: &str) -> bool {
    text.match_indices("\\u00").any(|(at, _)| {
        let next = text.as_bytes().get(at.saturating_add(4));
        next.is_some_and(|digit| (b'3'..=b'7').contains(digit))
    })
}

/// The entry as text, when it is text and not too long.
pub(crate) fn text_of(bytes: &dyn Bytes, longest: u64) -> io::Result<Option<String>> {
    if bytes.len() > longest || bytes.is_empty() {
        return Ok(None);
    }
    let head = read_all(&Window::new(bytes, 0, 4096), 4096)?;
    let is_wide = matches!(head.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if head.contains(&0) && !is_wide {
        return Ok(None);
    }
    let bytes = read_all(bytes, longest)?;
    Ok(String::from_utf8(json::decode(&bytes).into_owned()).ok())
}

/// The name of the entry: of the member, or of the file, without folders.
pub(crate) fn name_of<'a>(file: &'a ArtifactFile, entry: &Entry<'a>) -> &'a str {
    let path = entry.member.unwrap_or(&file.path);
    path.rsplit(['/', '!']).next().unwrap_or(path)
}

/// A text made safe to show inside a sentence.
pub(crate) fn shown(text: &str) -> String {
    escape(text, 120)
}

/// What a dotted path such as `os.system` does when it is called.
///
/// A library reaches the modules that it imports: `torch.os.system` is `os.system`.
pub(crate) fn effect_of_path(path: &str) -> Effect {
    const REACHED: &[&str] = &[
        "builtins",
        "ctypes",
        "importlib",
        "marshal",
        "nt",
        "os",
        "pickle",
        "posix",
        "pty",
        "runpy",
        "shutil",
        "socket",
        "subprocess",
        "sys",
    ];
    let path = path.trim();
    for (at, _) in path.match_indices('.') {
        let rest = path.get(at.saturating_add(1)..).unwrap_or_default();
        if let Some((first, name)) = rest.split_once('.')
            && REACHED.binary_search(&first).is_ok()
        {
            return effect(first, name);
        }
    }
    // What lies behind a class is reached through it: `pathlib.Path.write_text`.
    let class = path
        .match_indices('.')
        .find(|(at, _)| {
            let rest = path.get(at.saturating_add(1)..).unwrap_or_default();
            rest.starts_with(char::is_uppercase) && rest.contains('.')
        })
        .and_then(|(at, _)| Some((path.get(..at)?, path.get(at.saturating_add(1)..)?)));
    match class.or_else(|| path.rsplit_once('.')) {
        Some((module, name)) => effect(module, name),
        None if BUILTINS.contains(&path) => effect("builtins", path),
        None => Effect::Unknown,
    }
}

/// Built-in functions that configurations name without their module.
const BUILTINS: &[&str] = &[
    "eval",
    "exec",
    "compile",
    "__import__",
    "open",
    "breakpoint",
    "input",
];

/// Whether a text is a dotted path of Python names.
pub(crate) fn is_path(text: &str) -> bool {
    let is_name = |part: &str| {
        let mut characters = part.chars();
        characters
            .next()
            .is_some_and(|first| first.is_alphabetic() || first == '_')
            && characters.all(|next| next.is_alphanumeric() || next == '_')
    };
    text.len() < 500 && text.trim().split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_judged_through_the_libraries_that_reach_them() {
        for path in [
            "os.system",
            "torch.os.system",
            "eval",
            "builtins.exec",
            "subprocess.Popen",
        ] {
            let severity = effect_of_path(path).severity();
            assert_eq!(severity, Some(Severity::Critical), "{path}");
        }
        assert_eq!(effect_of_path("mine.io.Reader"), Effect::Unknown);
        let reached = effect_of_path("pathlib.Path.write_text").severity();
        assert!(reached >= Some(Severity::High));
        assert!(is_path("a.b_c.D1") && !is_path("a b") && !is_path("a..b") && !is_path("1.5"));
    }

    #[test]
    fn escaped_words_are_read() {
        assert!(escapes(r#"{"auto\u005fmap": 1}"#));
        assert!(!escapes(r#"{"\u0120the": 1}"#));
    }
}
