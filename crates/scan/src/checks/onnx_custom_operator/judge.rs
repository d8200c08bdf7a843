//! What an operator does, judged by its domain, its name and the texts that it is given.

use std::collections::BTreeSet;

use tutela_core::{Severity, escape};
use tutela_formats::onnx::{Function, Operator};

use super::standard::is_standard;

/// Domains of the standard.
const STANDARD: &[&str] = &[
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
    "ai.onnx.training",
];
/// Domains of onnxruntime itself: built in, native, without a library to load.
const RUNTIME: &[&str] = &[
    "com.microsoft",
    "com.microsoft.dml",
    "com.microsoft.experimental",
    "com.microsoft.nchwc",
    "com.ms.internal.nhwc",
];
/// Domains of onnxruntime-extensions, which also runs Python functions as operators.
const EXTENSIONS: &[&str] = &["ai.onnx.contrib", "com.microsoft.extensions"];
/// What onnxruntime-extensions brings in native code that computes only.
const NATIVE: &[&str] = &[
    "AudioDecoder",
    "BertTokenizer",
    "BertTokenizerDecoder",
    "BlingFireSentenceBreaker",
    "BpeDecoder",
    "CLIPTokenizer",
    "DecodeImage",
    "DrawBoundingBoxes",
    "EncodeImage",
    "GPT2Tokenizer",
    "GaussianBlur",
    "HfBertTokenizer",
    "HfJsonTokenizer",
    "ImageDecoder",
    "Inverse",
    "MaskedFill",
    "MergeSignalSegments",
    "NegPos",
    "RaggedTensorToDense",
    "RaggedTensorToSparse",
    "RobertaTokenizer",
    "SegmentExtraction",
    "SegmentSum",
    "SentencepieceDecoder",
    "SentencepieceTokenizer",
    "SplitSignalSegments",
    "SpmTokenizer",
    "StftNorm",
    "StringConcat",
    "StringECMARegexReplace",
    "StringECMARegexSplitWithOffsets",
    "StringEqual",
    "StringHash",
    "StringHashFast",
    "StringJoin",
    "StringLength",
    "StringLower",
    "StringMapping",
    "StringRaggedTensorToDense",
    "StringRegexReplace",
    "StringRegexSplitWithOffsets",
    "StringSlice",
    "StringSplit",
    "StringStrip",
    "StringToCRC32",
    "StringToHashBucket",
    "StringToHashBucketFast",
    "StringToVector",
    "StringUpper",
    "TrieDetokenizer",
    "TrieTokenizer",
    "VectorToString",
    "WordpieceTokenizer",
];
/// Words in a name that say that it runs, loads or reaches something.
const POWERS: &[&str] = &[
    "bash",
    "cmd",
    "command",
    "dlopen",
    "download",
    "exec",
    "execute",
    "file",
    "http",
    "https",
    "javascript",
    "library",
    "lua",
    "pickle",
    "popen",
    "powershell",
    "script",
    "shell",
    "socket",
    "spawn",
    "subprocess",
    "upload",
    "url",
    "wasm",
];
/// Words that say so only at the start or the end of a name: a linear system is solved, a spline evaluated.
const POWERS_AT_ENDS: &[&str] = &["eval", "syscall", "system"];
/// Operators that run whichever function of the host a text of the model names.
const DISPATCHERS: &[&str] = &["ATen", "aten"];
/// Attributes whose texts name code.
const CODE_KEYS: &[&str] = &[
    "class_name",
    "code",
    "command",
    "library",
    "library_path",
    "module",
    "module_name",
    "plugin_path",
    "script",
    "shared_library",
];
/// Ends of files that hold code.
const CODE_FILES: &[&str] = &[
    ".so", ".dll", ".dylib", ".py", ".pyc", ".sh", ".bat", ".exe", ".ps1",
];

/// What an operator is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) severity: Severity,
    /// A sentence that goes on from the operator's name.
    pub(super) why: String,
}

fn judgement(severity: Severity, why: impl Into<String>) -> Option<Judgement> {
    Some(Judgement {
        severity,
        why: why.into(),
    })
}

/// Judges an operator; none when every runtime knows it or the model itself defines it.
pub(super) fn operator(operator: &Operator, defined: &BTreeSet<(&str, &str)>) -> Option<Judgement> {
    let words = words(&operator.name);
    let domain = domain(&operator.domain);
    let is_python = |word: &String| matches!(word.as_str(), "py" | "pyop" | "pyfunc" | "python");
    if words.iter().any(is_python) {
        let given = texts(operator);
        return judgement(
            Severity::Critical,
            format!("runs Python code of the host{given}"),
        );
    }
    let is_known = STANDARD.contains(&domain) && is_standard(&operator.name);
    if is_known || defined.contains(&(domain, operator.name.as_str())) {
        return None;
    }
    if EXTENSIONS.contains(&domain) {
        return extension(operator, domain, &words);
    }
    if let Some(path) = compiled_outside(operator) {
        return judgement(
            Severity::Critical,
            format!("loads compiled code from `{path}`, which leads out of the model's folder"),
        );
    }
    if let Some(power) = power(&words) {
        return judgement(
            Severity::High,
            format!(
                "says by its name (`{power}`) that it runs, loads or reaches something{}",
                texts(operator)
            ),
        );
    }
    if RUNTIME.contains(&domain) {
        return None;
    }
    if DISPATCHERS.contains(&operator.name.as_str()) {
        return dispatcher(operator);
    }
    if let Some(meant) = misspelling(&operator.domain) {
        return judgement(
            Severity::High,
            format!("is of a domain that only looks like `{meant}`"),
        );
    }
    if let Some(text) = names_code(operator) {
        return judgement(Severity::High, format!("is given code to load: {text}"));
    }
    judgement(
        Severity::Medium,
        "is of no standard: the host must load a library that has it, and nobody can tell from the model what it does",
    )
}

/// An operator that runs another one, which a text of the model names.
///
/// Exporters write it for what ONNX has no operator for, always with the name in `operator`.
fn dispatcher(operator: &Operator) -> Option<Judgement> {
    let is_deed = |(_, text): &(String, String)| {
        let words = words(text);
        let moves = |word: &String| matches!(word.as_str(), "save" | "load");
        words.iter().any(moves) || power(&words).is_some()
    };
    let is_named = operator.texts.iter().any(|(key, _)| key == "operator");
    let given = texts(operator);
    if !is_named || operator.texts.iter().any(is_deed) {
        return judgement(
            Severity::High,
            format!("has the host run a function of its own that the model names{given}"),
        );
    }
    judgement(
        Severity::Medium,
        format!("has the host run the operator of PyTorch that the model names{given}"),
    )
}

/// Judges a function that the model brings along.
pub(super) fn function(function: &Function) -> Option<Judgement> {
    let shadows = STANDARD.contains(&domain(&function.domain)) && is_standard(&function.name);
    if shadows {
        return judgement(
            Severity::High,
            "takes the place of the standard operator of this name, so that the graph shows another computation than it runs",
        );
    }
    let meant = misspelling(&function.domain)?;
    judgement(
        Severity::High,
        format!("is of a domain that only looks like `{meant}`"),
    )
}

/// The domain, with the standard's two names as one.
pub(super) fn domain(domain: &str) -> &str {
    if domain.is_empty() { "ai.onnx" } else { domain }
}

fn extension(operator: &Operator, domain: &str, words: &[String]) -> Option<Judgement> {
    let is = |wanted: &str| words.iter().any(|word| word == wanted);
    if NATIVE.contains(&operator.name.as_str()) {
        None
    } else if is("azure") || is("triton") || operator.name.starts_with("OpenAI") {
        judgement(
            Severity::High,
            format!(
                "sends what it is given to a service in the network{}",
                texts(operator)
            ),
        )
    } else if operator.name == "ImageReader" {
        judgement(Severity::Medium, "reads the files that its input names")
    } else if domain == "ai.onnx.contrib" {
        judgement(
            Severity::High,
            format!("is run by a Python function of the host{}", texts(operator)),
        )
    } else {
        judgement(
            Severity::Medium,
            "is none that onnxruntime-extensions brings: the host must load a library that has it",
        )
    }
}

/// An `EPContext` names the file with code that was compiled for a device.
fn compiled_outside(operator: &Operator) -> Option<String> {
    if operator.name != "EPContext" {
        return None;
    }
    let (_, path) = operator
        .texts
        .iter()
        .find(|(key, _)| key == "ep_cache_context")?;
    let is_path = path.len() < 1024
        && !path
            .chars()
            .any(|letter| letter.is_control() || letter == '\u{fffd}');
    let leads_out = path.starts_with(['/', '\\'])
        || path.get(1..3) == Some(":\\")
        || path.split(['/', '\\']).any(|part| part == "..");
    (is_path && leads_out).then(|| escape(path, 200))
}

fn power(words: &[String]) -> Option<&str> {
    let ends = [words.first(), words.last()];
    words
        .iter()
        .find(|word| POWERS.contains(&word.as_str()))
        .or_else(|| {
            ends.into_iter()
                .flatten()
                .find(|word| POWERS_AT_ENDS.contains(&word.as_str()))
        })
        .map(String::as_str)
}

fn names_code(operator: &Operator) -> Option<String> {
    let is_code = |key: &str, text: &str| {
        let key = key.to_ascii_lowercase();
        let text = text.to_ascii_lowercase();
        CODE_KEYS.contains(&key.as_str()) || CODE_FILES.iter().any(|end| text.ends_with(end))
    };
    operator
        .texts
        .iter()
        .find(|(key, text)| is_code(key, text))
        .map(|(key, text)| shown(key, text))
}

/// The texts that an operator is given, as the end of a sentence.
fn texts(operator: &Operator) -> String {
    let texts: Vec<String> = operator
        .texts
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .take(4)
        .map(|(key, text)| shown(key, text))
        .collect();
    if texts.is_empty() {
        String::new()
    } else {
        format!(": {}", texts.join(", "))
    }
}

fn shown(key: &str, text: &str) -> String {
    format!("{} `{}`", escape(key, 40), escape(text, 80))
}

/// A domain that differs from a known one by what the eye does not see.
fn misspelling(domain: &str) -> Option<&'static str> {
    let known = || STANDARD.iter().chain(RUNTIME).chain(EXTENSIONS).copied();
    if domain.is_empty() || known().any(|known| known == domain) {
        return None;
    }
    let folded = fold(domain);
    known().find(|known| fold(known) == folded || differs_by_one(known, domain))
}

/// Lower case, without what is not seen, look-alikes as one.
fn fold(domain: &str) -> String {
    domain
        .chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control())
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            '0' | 'о' | 'ο' => 'o',
            '1' | 'l' | 'і' | 'ı' | '|' => 'i',
            'а' | 'α' => 'a',
            'с' => 'c',
            'х' | 'χ' => 'x',
            'ѕ' | '5' => 's',
            '-' | '_' | '·' => '.',
            other => other,
        })
        .filter(|letter| letter.is_alphanumeric() || *letter == '.')
        .collect()
}

/// Whether one letter more, less or other makes one text of the other.
fn differs_by_one(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let end = short
        .iter()
        .rev()
        .zip(long.iter().rev())
        .take(short.len().saturating_sub(start))
        .take_while(|(a, b)| a == b)
        .count();
    let left = |letters: &[char]| letters.len().saturating_sub(start).saturating_sub(end);
    left(long) <= 1 && left(short) <= 1
}

/// The words of a name: `PyCustomOp` and `py_custom_op` have three.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        // In `HTTPRequest` the last capital begins the word behind the acronym.
        let ends_acronym = letters.peek().is_some_and(|next| next.is_lowercase());
        let starts = letter.is_uppercase() && (!before.is_uppercase() || ends_acronym)
            || !before.is_alphabetic();
        if letter.is_alphabetic() {
            match words.last_mut() {
                Some(word) if !starts => word.extend(letter.to_lowercase()),
                _ => words.push(letter.to_lowercase().collect()),
            }
        }
        before = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(domain: &str, name: &str, texts: &[(&str, &str)]) -> Option<Severity> {
        let mut used = Operator::default();
        used.domain = domain.to_owned();
        used.name = name.to_owned();
        used.texts = texts
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect();
        operator(&used, &BTreeSet::from([("local", "Mine")])).map(|judged| judged.severity)
    }

    #[test]
    fn operators_are_judged_by_what_they_do() {
        use Severity::{Critical, High, Medium};
        for (domain, name, texts, severity) in [
            ("", "Relu", &[][..], None),
            ("ai.onnx", "Conv", &[], None),
            ("ai.onnx.ml", "TreeEnsembleClassifier", &[], None),
            ("com.microsoft", "FusedMatMul", &[], None),
            ("com.microsoft.extensions", "BertTokenizer", &[], None),
            ("local", "Mine", &[], None),
            ("", "EfficientNMS_TRT", &[], None),
            ("", "DCNv2", &[], Some(Medium)),
            ("org.example", "LinearSystemSolve", &[], Some(Medium)),
            ("mmdeploy", "NMSRotated", &[], Some(Medium)),
            ("", "PyOp", &[("module", "os")], Some(Critical)),
            ("ai.onnx.contrib", "PyCustomOp", &[], Some(Critical)),
            ("com.microsoft", "PythonOp", &[], Some(Critical)),
            ("ai.onnx.contrib", "MyFunction", &[], Some(High)),
            (
                "com.microsoft.extensions",
                "AzureAudioToText",
                &[],
                Some(High),
            ),
            ("com.evil", "SystemCommand", &[], Some(High)),
            ("com.evil", "Run_Shell", &[], Some(High)),
            ("com.evil", "HTTPRequest", &[], Some(High)),
            ("", "pyop", &[], Some(Critical)),
            ("com.evil", "X", &[("lib", "./evil.so")], Some(High)),
            ("com.evil", "X", &[("module", "os")], Some(High)),
            ("ai.onx", "Relu", &[], Some(High)),
            ("AI.ONNX", "Relu", &[], Some(High)),
            ("com.micros0ft", "Gelu", &[], Some(High)),
            (
                "com.microsoft",
                "EPContext",
                &[("ep_cache_context", "m.bin")],
                None,
            ),
            (
                "com.microsoft",
                "EPContext",
                &[("ep_cache_context", "../m.bin")],
                Some(Critical),
            ),
        ] {
            assert_eq!(worst(domain, name, texts), severity, "{domain} {name}");
        }
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("PyCustomOp"), ["py", "custom", "op"]);
        assert_eq!(words("run_shell2X"), ["run", "shell", "x"]);
        assert_eq!(words("Copy"), ["copy"]);
        assert_eq!(words("HTTPRequest"), ["http", "request"]);
        assert_eq!(words("NMSRotated"), ["nms", "rotated"]);
    }
}
