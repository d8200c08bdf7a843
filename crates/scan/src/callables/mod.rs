//! What the names that a pickle imports do when they are called.
//!
//! Two tables, neither of which depends on what is installed where the check runs. The reviewed one
//! (`table`) is short and written by hand: a name or a package, and its effect; the longest entry that a
//! name begins with decides. The derived one (`database`) is made from the sources of real libraries.
//! A reviewed name wins over a derived one; so does a reviewed package that is dangerous as a whole.

mod database;
mod table;

use tutela_core::Severity;

use database::Answer;
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
    /// Reads files that its caller names.
    Reads,
    /// Writes, moves or deletes files that its caller names.
    Writes,
    /// Changes the interpreter or the process.
    Process,
    /// Reaches attributes or calls by name: harmless alone, the hinge of most attacks.
    Reaches,
    /// Switches off a scanner.
    Sabotage,
    /// Calls what it is given, and is no worse than that.
    Calls,
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
            Self::Programs
            | Self::Code
            | Self::Loads
            | Self::Network
            | Self::Process
            | Self::Sabotage => Some(Severity::Critical),
            Self::Files | Self::Reads | Self::Writes | Self::Reaches => Some(Severity::High),
            Self::Unknown => Some(Severity::Medium),
            Self::Calls | Self::Pure | Self::Library => None,
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
            Self::Reads => "reads files",
            Self::Writes => "writes, moves or deletes files",
            Self::Process => "changes the running process",
            Self::Reaches => "reaches functions by name, as attacks do",
            Self::Sabotage => "switches off a scanner",
            Self::Unknown => "is not known to be harmless",
            Self::Calls => "calls what it is given",
            Self::Pure | Self::Library => "makes a value",
        }
    }
}

/// The effect of calling a name, as it is written in the pickle or configuration.
pub(crate) fn effect(module: &str, name: &str) -> Effect {
    effects(module, name).0
}

/// What having a module amounts to: the effect of its package, where that is dangerous as a whole.
///
/// A module whose names are known one by one makes nothing worse by being there.
pub(crate) fn package_effect(module: &str) -> Effect {
    let module = current_name(module);
    let (reviewed, _) = longest(module);
    let is_known = matches!(reviewed, Effect::Library | Effect::Pure | Effect::Reaches)
        || TABLE.binary_search_by_key(&module, |entry| entry.0).is_ok();
    match reviewed {
        Effect::Unknown if is_known || database::has_module(module) => Effect::Library,
        effect => effect,
    }
}

/// The effect of making an instance by `__new__` and a state, as most pickles do: `__init__` does not run.
pub(crate) fn effect_when_made(module: &str, name: &str) -> Effect {
    effects(module, name).1
}

/// Classes that act when they are called but not when an instance is given back its state.
const MADE_ONLY: &[(&str, &str)] = &[("joblib.memory", "Memory")];

/// Whether a name is a method of texts or bytes, which makes a value; formatting reaches attributes.
fn is_method_of_text(name: &str) -> bool {
    matches!(name.split_once('.'), Some(("str" | "bytes", method))
        if !method.starts_with('_') && !method.contains('.') && !method.starts_with("format"))
}

/// The effects of calling a name and of only making an instance.
fn effects(module: &str, name: &str) -> (Effect, Effect) {
    let module = current_name(module);
    let path = format!("{module}.{name}");
    let (reviewed, exact) = longest(&path);
    if module == "builtins" && is_method_of_text(name) {
        return (Effect::Pure, Effect::Pure);
    }
    if MADE_ONLY.contains(&(module, name)) {
        return (reviewed, Effect::Pure);
    }
    let decided = exact && !matches!(reviewed, Effect::Library | Effect::Unknown);
    if decided || reviewed.severity() >= Some(Severity::High) {
        let made = if !exact && is_plain_class(reviewed, module, name) {
            Effect::Pure
        } else {
            reviewed
        };
        return (reviewed, made);
    }
    let found = match database::look_up(module, name) {
        Answer::Known { called, made } => return (called, made),
        // A method of a class is as little known as a function beside it.
        Answer::NoSuchLibrary if reviewed == Effect::Unknown && is_method(module, name) => {
            Effect::Unknown
        }
        // A dotted name reaches what lies behind a class or a library, such as `Path.write_text`.
        _ if name.contains('.') => reached(name),
        Answer::NoSuchName => Effect::Unknown,
        Answer::NoSuchLibrary => unanalysed(reviewed, name),
    };
    (found, found)
}

/// Whether it is a class of a package that is dangerous as a whole, which only holds values, and is given back its
/// state: `mlflow.pyfunc.PythonModel`, `urllib.parse.ParseResult`.
fn is_plain_class(reviewed: Effect, module: &str, name: &str) -> bool {
    let pure = Answer::Known {
        called: Effect::Pure,
        made: Effect::Pure,
    };
    let may_hold = !matches!(reviewed, Effect::Programs | Effect::Sabotage);
    let is_class = !name.contains('.') && is_class_name(name);
    may_hold && is_class && database::look_up(module, name) == pure
}

/// Whether a dotted name is a method of a class, and of none that every library imports under its own name.
fn is_method(module: &str, name: &str) -> bool {
    const IMPORTED: &[&str] = &["Path", "Popen", "PosixPath", "Process", "Pool", "Thread"];
    name.rsplit_once('.').is_some_and(|(class, method)| {
        // What is called as its module is, `bidict.bidict`, is of the same library.
        let is_own = |part: &str| module.split('.').any(|name| name == part);
        let is_class = |part: &str| is_own(part) || is_class_name(part);
        class
            .split('.')
            .all(|part| is_class(part) && !IMPORTED.contains(&part))
            && !method.starts_with("__")
            && !is_telling(method)
            && reached(method) == Effect::Reaches
    })
}

/// Classes are written with a capital, modules and functions are not.
fn is_class_name(name: &str) -> bool {
    name.trim_start_matches('_').starts_with(char::is_uppercase)
}

/// The effect of a name in a library that only the reviewed table knows.
fn unanalysed(reviewed: Effect, name: &str) -> Effect {
    match reviewed {
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
    // A class inside a class is as little known as its outer one; what acts is a function, and written small.
    let is_class = |part: &str| is_class_name(part) && !is_telling(part);
    let otherwise = if name.split('.').all(is_class) {
        Effect::Unknown
    } else {
        Effect::Reaches
    };
    found.unwrap_or(otherwise)
}

/// Function names that mean the same wherever a library exports them.
fn is_telling(name: &str) -> bool {
    const TELLING: &[&str] = &[
        "Popen",
        "apply",
        "call",
        "check_call",
        "check_output",
        "compile",
        "eval",
        "exec",
        "exec_module",
        "execfile",
        "getattr",
        "import_module",
        "load",
        "load_module",
        "loads",
        "open",
        "popen",
        "read_pickle",
        "run",
        "runcode",
        "runstring",
        "setattr",
        "spawn",
        "system",
        "unpickle",
        "urlopen",
        "urlretrieve",
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
        other => tutela_formats::pickle::unvendored(other),
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
mod tests;
