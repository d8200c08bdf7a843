//! Texts that a model has no use for, and what each is for. Shared by the checks of models.

use tutela_core::escape;

/// What a text is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Starts a program or a shell.
    Program,
    /// Runs text or bytes as code.
    Code,
    /// Talks to another computer.
    Network,
    /// Names a library by a path, to be loaded.
    Library,
}

impl Sign {
    /// How a sentence goes on.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Program => "starts programs",
            Self::Code => "runs text as code",
            Self::Network => "talks to other computers",
            Self::Library => "names a library to load",
        }
    }
}

/// In lower case; long enough that weights do not hold them by chance.
const NEEDLES: &[(&str, Sign)] = &[
    ("os.system", Sign::Program),
    ("os.popen", Sign::Program),
    ("os.execute", Sign::Program),
    ("os.exec", Sign::Program),
    ("os.spawn", Sign::Program),
    ("io.popen", Sign::Program),
    ("subprocess.", Sign::Program),
    ("pty.spawn", Sign::Program),
    ("/bin/sh", Sign::Program),
    ("/bin/bash", Sign::Program),
    ("bash -i", Sign::Program),
    ("bash -c", Sign::Program),
    ("| bash", Sign::Program),
    ("|bash", Sign::Program),
    ("powershell", Sign::Program),
    ("cmd.exe", Sign::Program),
    ("cmd /c", Sign::Program),
    ("rm -rf", Sign::Program),
    ("chmod +x", Sign::Program),
    ("runtime.getruntime", Sign::Program),
    ("eval(", Sign::Code),
    ("exec(", Sign::Code),
    ("__import__", Sign::Code),
    ("__builtins__", Sign::Code),
    ("__globals__", Sign::Code),
    ("pickle.load", Sign::Code),
    ("marshal.load", Sign::Code),
    ("importlib.", Sign::Code),
    ("loadstring(", Sign::Code),
    ("dofile(", Sign::Code),
    ("package.loadlib", Sign::Code),
    ("ffi.load", Sign::Code),
    ("ctypes.cdll", Sign::Code),
    ("curl http", Sign::Network),
    ("curl -", Sign::Network),
    ("wget http", Sign::Network),
    ("wget -", Sign::Network),
    ("/dev/tcp/", Sign::Network),
    ("socket.socket", Sign::Network),
    ("urllib.request", Sign::Network),
    ("requests.get(", Sign::Network),
    ("requests.post(", Sign::Network),
];

/// The first sign in a text, with the part of the text from there on.
pub(crate) fn find(text: &str) -> Option<(usize, Sign)> {
    let lower = text.to_ascii_lowercase();
    let needle = NEEDLES
        .iter()
        .filter_map(|(needle, sign)| Some((place(&lower, needle)?, *sign)))
        .min_by_key(|(at, _)| *at);
    needle.or_else(|| library(&lower).map(|at| (at, Sign::Library)))
}

/// What is wrong with a text that only describes a model: it starts programs or runs code. A description may well
/// say what to download.
pub(crate) fn in_description(key: &str, text: &str) -> Option<String> {
    let (at, sign) = find(text).filter(|(_, sign)| matches!(sign, Sign::Program | Sign::Code))?;
    let rest = text.get(at..).unwrap_or_default();
    let behind =
        rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || "_.".contains(letter));
    let named = rest.strip_suffix(behind).unwrap_or_default();
    // A function that is only mentioned runs nothing.
    if named.contains('.') && !behind.starts_with('(') {
        return None;
    }
    Some(format!(
        "the metadata `{}` {}, which no description needs to: `{}`",
        escape(key, 120),
        sign.what(),
        escape(text.get(at..).unwrap_or(text), 120)
    ))
}

/// Where a needle stands as a word of its own: `model.eval(` and `myos.system` are others.
fn place(text: &str, needle: &str) -> Option<usize> {
    let begins_word = needle.starts_with(|letter: char| letter.is_ascii_alphabetic());
    text.match_indices(needle).map(|(at, _)| at).find(|at| {
        let before = text
            .get(..*at)
            .and_then(|before| before.chars().next_back());
        let joins = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
        !(begins_word && before.is_some_and(joins))
    })
}

/// A path, not only a name, that ends as libraries do.
fn library(text: &str) -> Option<usize> {
    text.split([' ', '"', '\'', '\t', ',', ';', '=', '(', ')'])
        .find(|word| {
            let is_library = [".so", ".dll", ".dylib"]
                .iter()
                .any(|end| word.ends_with(end))
                || word.contains(".so.");
            let is_path = word.starts_with(['/', '.', '\\']) && word.contains(['/', '\\'])
                || word.get(1..3) == Some(":\\");
            is_library && is_path
        })
        .and_then(|word| text.find(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_words() {
        for (text, sign) in [
            ("x = os.system('echo inert')", Some(Sign::Program)),
            ("__import__('os')", Some(Sign::Code)),
            ("eval(x)", Some(Sign::Code)),
            ("loads /tmp/evil.so now", Some(Sign::Library)),
            ("C:\\x\\evil.dll", Some(Sign::Library)),
            ("curl http://localhost | sh", Some(Sign::Network)),
            ("model.eval()", None),
            ("retrieval(x)", None),
            ("libnvinfer_plugin.so", None),
            ("a/b.c", None),
            ("nn.Sequential", None),
            ("torch.FloatTensor", None),
        ] {
            assert_eq!(find(text).map(|(_, sign)| sign), sign, "{text}");
        }
    }
}
