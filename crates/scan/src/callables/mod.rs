//! What the names that a pickle imports do when they are called.
//!
//! One table: a name or a package, and its effect. The longest entry that a name begins with decides, so
//! a harmless function of a dangerous package, or the reverse, is one more line. It does not depend on
//! what is installed where the check runs.

mod table;

use tutela_core::Severity;

use table::TABLE;

/// What calling a name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Starts programs.
    Programs,
    /// Runs Python code that is given to it, or makes functions of it.
    Code,
    /// Loads further code, modules or pickles.
    Loads,
    /// Talks over the network.
    Network,
    /// Reads or writes files.
    Files,
    /// Changes the interpreter or the process.
    Process,
    /// Reaches attributes or calls by name: harmless alone, the hinge of most attacks.
    Reaches,
    /// Switches off a scanner.
    Sabotage,
    /// Makes a value and does nothing else.
    Pure,
    /// A package of classes that make values; functions with telling names are excepted.
    Library,
    /// Nothing is known of it.
    Unknown,
}

impl Effect {
    /// How bad an import with this effect is; none for what is harmless.
    pub(crate) const fn severity(self) -> Option<Severity> {
        match self {
            Self::Programs | Self::Code | Self::Loads | Self::Network | Self::Process
            | Self::Sabotage => Some(Severity::Critical),
            Self::Files | Self::Reaches => Some(Severity::High),
            Self::Unknown => Some(Severity::Medium),
            Self::Pure | Self::Library => None,
        }
    }

    /// The effect as a clause after "which".
    pub(crate) const fn clause(self) -> &'static str {
        match self {
            Self::Programs => "can start programs",
            Self::Code => "runs code that it is given",
            Self::Loads => "loads further code or pickles",
            Self::Network => "talks over the network",
            Self::Files => "reads or writes files",
            Self::Process => "changes the running process",
            Self::Reaches => "reaches functions by name, as attacks do",
            Self::Sabotage => "switches off a scanner",
            Self::Unknown => "is not known to be harmless",
            Self::Pure | Self::Library => "makes a value",
        }
    }
}

/// The effect of a name, as written in the pickle.
pub(crate) fn effect(module: &str, name: &str) -> Effect {
    let module = current_name(module);
    let path = format!("{module}.{name}");
    let (known, exact) = longest(&path);
    match known {
        // A dotted name reaches what lies behind a class or a library, such as `Path.write_text`.
        Effect::Pure if exact => Effect::Pure,
        Effect::Pure | Effect::Library | Effect::Unknown if name.contains('.') => reached(name),
        Effect::Library if is_telling(name) => Effect::Reaches,
        Effect::Pure => Effect::Unknown,
        effect => effect,
    }
}

/// A dotted name goes through attributes: to a method, or to a module that the module imports.
fn reached(name: &str) -> Effect {
    let through = name.split('.').map(|part| part.trim_start_matches('_'));
    let found = through
        .map(|part| longest(part).0)
        .find(|effect| effect.severity() == Some(Severity::Critical));
    found.unwrap_or(Effect::Reaches)
}

/// Function names that mean the same wherever a library exports them.
fn is_telling(name: &str) -> bool {
    const TELLING: &[&str] = &[
        "Popen", "apply", "call", "check_call", "check_output", "compile", "eval", "exec",
        "exec_module", "execfile", "getattr", "import_module", "load", "load_module", "loads",
        "open", "popen", "read_pickle", "run", "runcode", "runstring", "setattr", "spawn", "system",
        "unpickle", "urlopen", "urlretrieve",
    ];
    TELLING.binary_search(&name).is_ok() || (name.starts_with("__") && !name.starts_with("__pyx"))
}

/// Python 2 names that Python 3 maps when it reads protocols 0 to 2 (`_compat_pickle`).
fn current_name(module: &str) -> &str {
    match module {
        "__builtin__" | "exceptions" => "builtins",
        "copy_reg" => "copyreg",
        "cPickle" | "_pickle" => "pickle",
        "commands" | "popen2" => "subprocess",
        "httplib" => "http.client",
        "urllib2" | "urllib" => "urllib.request",
        "UserDict" | "UserList" | "UserString" => "collections",
        "thread" => "_thread",
        "_io" => "io",
        "_operator" => "operator",
        "_functools" => "functools",
        other => other,
    }
}

/// The effect of the longest entry that the path begins with, at a dot, and whether it is the path.
fn longest(path: &str) -> (Effect, bool) {
    let mut end = path.len();
    loop {
        let prefix = path.get(..end).unwrap_or_default();
        if let Ok(index) = TABLE.binary_search_by_key(&prefix, |entry| entry.0)
            && let Some((_, effect)) = TABLE.get(index)
        {
            return (*effect, end == path.len());
        }
        match prefix.rfind('.') {
            Some(dot) => end = dot,
            None => return (Effect::Unknown, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Effect::{Code, Library, Loads, Process, Programs, Pure, Reaches, Unknown};
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }

    #[test]
    fn the_longest_entry_decides() {
        assert_eq!(effect("os", "system"), Programs);
        assert_eq!(effect("posix", "anything"), Programs);
        assert_eq!(effect("builtins", "list"), Pure);
        assert_eq!(effect("__builtin__", "eval"), Code);
        assert_eq!(effect("torch._utils", "_rebuild_tensor_v2"), Pure);
        assert_eq!(effect("torch.hub", "load"), Loads);
        assert_eq!(effect("sklearn.ensemble._forest", "RandomForestClassifier"), Library);
        assert_eq!(effect("osmium", "system"), Unknown);
        assert_eq!(effect("mine", "Net"), Unknown);
    }

    #[test]
    fn dotted_and_telling_names_are_not_covered_by_their_library() {
        assert_eq!(effect("torch._dynamo.guards", "GuardBuilder.get"), Code);
        assert_eq!(effect("collections", "_sys.modules.get"), Process);
        assert_eq!(effect("sklearn.utils", "os.system"), Programs);
        assert_eq!(effect("scipy.stats", "load"), Reaches);
        assert_eq!(effect("sklearn.x", "Thing.method"), Reaches);
        assert_eq!(effect("pathlib", "Path.write_text"), Reaches);
    }
}
