//! What compiled Python functions do that using a model does not need, told from the names that they take.
//!
//! A function that a model file carries runs when the model is used, at the latest. Whatever it names
//! decides: a name is judged as far as it can be resolved, and a module that goes to where it cannot be
//! followed counts for every attribute that any of the functions takes.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::Severity;
use tutela_formats::bytecode::{Base, Function, Use};

use crate::callables::Effect;
use crate::config::effect_of_path;
use crate::source::{Deed, deed};

/// Modules that others hold as an attribute: `numpy.os` is `os`. Sorted.
const CORE: &[&str] = &[
    "builtins",
    "ctypes",
    "importlib",
    "marshal",
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
/// Attributes that lead out of any object, or do so much by themselves that the object does not matter. Sorted.
const TELLING: &[&str] = &[
    "__bases__",
    "__builtins__",
    "__closure__",
    "__code__",
    "__getattribute__",
    "__globals__",
    "__import__",
    "__loader__",
    "__mro__",
    "__reduce__",
    "__reduce_ex__",
    "__spec__",
    "__subclasses__",
    "ag_frame",
    "check_call",
    "check_output",
    "cr_frame",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "exec_command",
    "exec_module",
    "execv",
    "execve",
    "execvp",
    "f_back",
    "f_builtins",
    "f_globals",
    "f_locals",
    "func_code",
    "func_globals",
    "getoutput",
    "getstatusoutput",
    "gi_frame",
    "import_module",
    "load_module",
    "posix_spawn",
    "rmtree",
    "run_module",
    "run_path",
    "runcode",
    "runsource",
    "spawnl",
    "spawnv",
    "subprocess_exec",
    "subprocess_shell",
    "tb_frame",
    "unlink",
    "urlopen",
    "urlretrieve",
    "write_bytes",
    "write_text",
];
/// Built-ins that run, load or reach what they are told to; `getattr` stands here with a name that is put
/// together, for with a constant one the attribute itself is told. Sorted.
const BUILTINS: &[&str] = &[
    "__builtins__",
    "__import__",
    "__loader__",
    "__spec__",
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "execfile",
    "getattr",
    "globals",
    "reload",
    "vars",
];
/// What `os`, `sys` and `shutil` have that a model has no need for. Sorted.
const SYSTEM: &[(&str, &[&str])] = &[
    (
        "os",
        &[
            "chmod",
            "chown",
            "kill",
            "killpg",
            "link",
            "putenv",
            "remove",
            "removedirs",
            "rename",
            "renames",
            "replace",
            "rmdir",
            "setgid",
            "setuid",
            "symlink",
            "truncate",
            "unlink",
            "write",
        ],
    ),
    (
        "shutil",
        &[
            "chown",
            "copy",
            "copy2",
            "copyfile",
            "copyfileobj",
            "copytree",
            "move",
            "rmtree",
            "unpack_archive",
        ],
    ),
    (
        "sys",
        &[
            "__dict__",
            "_getframe",
            "addaudithook",
            "meta_path",
            "modules",
            "path_hooks",
            "setprofile",
            "settrace",
        ],
    ),
];
/// Packages of Python whose functions load code that they are told the name or bytes of. Sorted.
const LOADERS: &[&str] = &[
    "_imp",
    "code",
    "codeop",
    "imp",
    "importlib",
    "pkgutil",
    "pydoc",
    "runpy",
    "zipimport",
];
/// Packages that are judged by the lists here alone: as a whole they are judged as what is worst in them, or
/// they run code of their own making. Sorted.
const BLUNT: &[&str] = &[
    "abc",
    "builtins",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "inspect",
    "io",
    "logging",
    "os",
    "pathlib",
    "posixpath",
    "shutil",
    "string",
    "sys",
    "tempfile",
    "typing",
    "warnings",
];
/// Names by which modules are known everywhere. Sorted.
const ALIASES: &[(&str, &str)] = &[
    ("K", "keras.backend"),
    ("np", "numpy"),
    ("pd", "pandas"),
    ("sp", "subprocess"),
    ("tf", "tensorflow"),
];
/// Modules that are combined with every attribute; more are not needed by any function.
const LOOSE: usize = 64;

/// Something that a function does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Harm {
    /// The name that says so, as far as it is resolved.
    pub(crate) path: String,
    /// What it does, after "which".
    pub(crate) clause: &'static str,
    /// How bad it is that a model does it.
    pub(crate) severity: Severity,
}

/// The functions of one file, judged together.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Modules by the names under which functions find them.
    bound: BTreeMap<String, BTreeSet<String>>,
    /// Modules that may be known by any name.
    loose: BTreeSet<String>,
}

impl Carried {
    /// A module that functions find under these names, and perhaps under any other.
    pub(crate) fn module(&mut self, name: &str, keys: &[String], loose: bool) {
        for key in keys {
            let modules = self.bound.entry(key.clone()).or_default();
            modules.insert(name.to_owned());
        }
        if loose && self.loose.len() < LOOSE {
            self.loose.insert(name.to_owned());
        }
    }

    /// Notes the modules that a function lets go to where they cannot be followed.
    pub(crate) fn hear(&mut self, function: &Function) {
        for used in function.uses.iter().filter(|used| used.goes_on) {
            for path in self.paths(used) {
                let last = path.rsplit('.').next().unwrap_or_default();
                let core = last.trim_start_matches('_');
                if CORE.binary_search(&core).is_ok() {
                    self.loosen(core);
                } else if used.base == Base::Module || self.names_module(used, &path) {
                    self.loosen(&path);
                }
            }
        }
    }

    fn loosen(&mut self, module: &str) {
        if self.loose.len() < LOOSE {
            self.loose.insert(module.to_owned());
        }
    }

    fn names_module(&self, used: &Use, path: &str) -> bool {
        let bound = self.bound.get(&used.path);
        bound.is_some_and(|modules| modules.contains(path))
    }

    /// The worst that a function does.
    pub(crate) fn harm(&self, function: &Function) -> Option<Harm> {
        let opens = function.writes.then(|| Harm {
            path: "open".to_owned(),
            clause: "writes a file",
            severity: Severity::High,
        });
        let harms = function.uses.iter().flat_map(|used| self.harms(used));
        let harms = harms.chain(opens).chain(self.fetches(function));
        // Of equals the first is told.
        harms.fold(None, |worst: Option<Harm>, harm| match worst {
            Some(worst) if worst.severity >= harm.severity => Some(worst),
            _ => Some(harm),
        })
    }

    /// A loader in a function that holds an address: `pandas.read_pickle("https://…")`.
    fn fetches(&self, function: &Function) -> Option<Harm> {
        function.texts.iter().find(|text| is_address(text))?;
        let loads = |path: &String| {
            matches!(deed(path, true), Some(Deed::Pickles))
                || matches!(effect_of_path(path), Effect::Loads)
        };
        let mut paths = function.uses.iter().flat_map(|used| self.paths(used));
        Some(Harm {
            path: paths.find(loads)?,
            clause: "loads code or objects, from an address that the function holds",
            severity: Severity::High,
        })
    }

    fn harms(&self, used: &Use) -> Vec<Harm> {
        let mut found: Vec<Harm> = self
            .paths(used)
            .into_iter()
            .filter_map(|path| harm(&path, used.base == Base::Value))
            .collect();
        if used.base == Base::Global {
            found.extend(builtin(&used.path));
        }
        if used.base != Base::Value && used.path.split('.').nth(1) == Some("__self__") {
            // Of a built-in function it is the module of all of them.
            found.push(Harm {
                path: used.path.clone(),
                clause: "leads from a function to what it belongs to",
                severity: Severity::High,
            });
        }
        for (at, _) in used.path.match_indices('.').chain([(0, "")]) {
            let rest = used.path.get(at..).unwrap_or_default();
            let rest = rest.trim_start_matches('.');
            let first = rest.split('.').next().unwrap_or_default();
            if CORE.binary_search(&first.trim_start_matches('_')).is_ok() {
                // It is judged by itself.
                continue;
            }
            for module in &self.loose {
                found.extend(harm(&format!("{module}.{rest}"), false));
            }
        }
        let parts = used.path.split('.');
        let telling = parts
            .into_iter()
            .find(|part| TELLING.binary_search(part).is_ok());
        found.extend(telling.map(|_| Harm {
            path: used.path.clone(),
            clause: "leads to anything, or does harm to whatever it is taken of",
            severity: Severity::High,
        }));
        found
    }

    /// What a path may stand for.
    fn paths(&self, used: &Use) -> Vec<String> {
        let mut paths = vec![used.path.clone()];
        let parts: Vec<&str> = used.path.split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            let rest = parts.get(at.saturating_add(1)..).unwrap_or_default();
            let from = |module: &str| {
                let all: Vec<&str> = std::iter::once(module)
                    .chain(rest.iter().copied())
                    .collect();
                all.join(".")
            };
            let is_first = at == 0 && used.base != Base::Value;
            if let Some(modules) = self.bound.get(*part)
                && !(is_first && used.base == Base::Module)
            {
                paths.extend(modules.iter().map(|module| from(module)));
            } else if is_first && used.base == Base::Global {
                let alias = ALIASES.binary_search_by_key(part, |entry| entry.0).ok();
                let alias = alias.and_then(|index| ALIASES.get(index));
                paths.extend(alias.map(|entry| from(entry.1)));
            }
            let core = part.trim_start_matches('_');
            if !is_first && !rest.is_empty() && CORE.binary_search(&core).is_ok() {
                paths.push(from(core));
            }
        }
        paths
    }
}

/// Built-ins, under their own name.
fn builtin(path: &str) -> Option<Harm> {
    BUILTINS.binary_search(&path).is_ok().then(|| Harm {
        path: path.to_owned(),
        clause: "runs or reaches what it is told to",
        severity: Severity::High,
    })
}

/// What a resolved path does. The attribute of an unknown value is no path of a module.
fn harm(path: &str, is_value: bool) -> Option<Harm> {
    let (root, rest) = path.split_once('.')?;
    if is_value && !path.contains('.') {
        return None;
    }
    let tell = |clause, severity| {
        Some(Harm {
            path: path.to_owned(),
            clause,
            severity,
        })
    };
    let first = rest.split('.').next().unwrap_or_default();
    if root == "builtins" && (first == "open" || BUILTINS.binary_search(&first).is_ok()) {
        return tell("runs or reaches what it is told to", Severity::High);
    }
    match deed(path, true) {
        Some(Deed::Pickles) => {
            return (first == "loads")
                .then(|| tell("loads a pickle that it holds", Severity::High))
                .flatten();
        }
        Some(deed @ Deed::Programs) => return tell(deed.clause(), Severity::Critical),
        Some(deed) => return tell(deed.clause(), Severity::High),
        None => {}
    }
    if let Ok(index) = SYSTEM.binary_search_by_key(&root, |entry| entry.0)
        && let Some((_, names)) = SYSTEM.get(index)
        && names.binary_search(&first).is_ok()
    {
        return tell("changes files or the interpreter", Severity::High);
    }
    if path.starts_with("torch.hub.") && first == "hub" {
        return tell("loads code from the network", Severity::High);
    }
    if LOADERS.binary_search(&root).is_ok() {
        return tell("loads code", Severity::High);
    }
    if BLUNT.binary_search(&root).is_ok() {
        return None;
    }
    let mut behind = rest.split('.').map(|part| part.trim_start_matches('_'));
    if behind.any(|part| CORE.binary_search(&part).is_ok()) {
        // What lies behind is judged by itself.
        return None;
    }
    match effect_of_path(path) {
        effect @ (Effect::Programs | Effect::Sabotage) => tell(effect.clause(), Severity::Critical),
        effect @ (Effect::Code | Effect::Network | Effect::Writes) => {
            tell(effect.clause(), Severity::High)
        }
        effect @ Effect::Loads if rest.rsplit('.').next() == Some("loads") => {
            tell(effect.clause(), Severity::High)
        }
        _ => None,
    }
}

/// Whether a text is an address and nothing else.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_word = |scheme: &str| {
        !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    scheme.is_some_and(is_word) && !text.contains(char::is_whitespace)
}

/// The names that functions use, for a sentence: what is resolved first.
pub(crate) fn named<'a>(functions: impl Iterator<Item = &'a Function>) -> Vec<&'a str> {
    const NAMES: usize = 8;
    let mut names = Vec::new();
    for used in functions.flat_map(|function| &function.uses) {
        let path = used.path.as_str();
        if used.base != Base::Value && !names.contains(&path) && names.len() < NAMES {
            names.push(path);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(uses: &[(Base, &str, bool)]) -> Function {
        let mut function = Function::default();
        function.uses = uses
            .iter()
            .map(|(base, path, goes_on)| Use {
                base: *base,
                path: (*path).to_owned(),
                goes_on: *goes_on,
            })
            .collect();
        function
    }

    fn harm_of(carried: &mut Carried, uses: &[(Base, &str, bool)]) -> Option<String> {
        let function = function(uses);
        carried.hear(&function);
        carried.harm(&function).map(|harm| harm.path)
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(CORE.is_sorted() && TELLING.is_sorted() && BUILTINS.is_sorted());
        assert!(LOADERS.is_sorted() && BLUNT.is_sorted());
        assert!(ALIASES.is_sorted() && SYSTEM.is_sorted());
        assert!(SYSTEM.iter().all(|(_, names)| names.is_sorted()));
    }

    #[test]
    fn a_module_that_goes_on_counts_for_every_attribute() {
        let value = (Base::Value, "system", false);
        let mut carried = Carried::default();
        assert_eq!(harm_of(&mut carried, &[value]), None);
        let mut carried = Carried::default();
        let uses = [(Base::Module, "os", true), value];
        assert_eq!(harm_of(&mut carried, &uses).as_deref(), Some("os.system"));
        let mut carried = Carried::default();
        carried.module("os", &["harmless".to_owned()], false);
        let uses = [(Base::Global, "harmless.system", false)];
        assert_eq!(harm_of(&mut carried, &uses).as_deref(), Some("os.system"));
        assert_eq!(harm_of(&mut carried, &[value]), None);
    }

    #[test]
    fn ordinary_names_do_no_harm() {
        for path in [
            "numpy.mean",
            "os.path.join",
            "re.compile",
            "torch.nn.functional.relu",
            "json.load",
            "pickle.load",
            "platform.system",
            "os.environ.get",
            "sys.path.append",
        ] {
            let uses = [(Base::Module, path, false), (Base::Value, "eval", false)];
            assert_eq!(harm_of(&mut Carried::default(), &uses), None, "{path}");
        }
        for path in [
            "os.system",
            "pickle.loads",
            "importlib.import_module",
            "json.codecs.builtins.exec",
            "sys.modules",
            "requests.get",
            "shutil.rmtree",
        ] {
            let uses = [(Base::Module, path, false)];
            assert!(harm_of(&mut Carried::default(), &uses).is_some(), "{path}");
        }
    }

    #[test]
    fn a_loader_with_an_address_fetches() {
        let harm = |text: &str| {
            let mut function = function(&[(Base::Module, "pandas.read_pickle", false)]);
            function.texts = vec![text.to_owned()];
            Carried::default().harm(&function).map(|harm| harm.path)
        };
        assert_eq!(
            harm("https://example.org/x.pkl").as_deref(),
            Some("pandas.read_pickle")
        );
        // A path of its own is what a model loads, and a sentence may speak of addresses.
        assert_eq!(harm("weights/model.pkl"), None);
        assert_eq!(harm("see https://example.org/ for more"), None);
    }

    #[test]
    fn functions_lead_to_what_they_belong_to() {
        let of = |path| harm_of(&mut Carried::default(), &[(Base::Global, path, false)]);
        assert_eq!(
            of("print.__self__.eval").as_deref(),
            Some("print.__self__.eval")
        );
        assert_eq!(of("torch.hub.load").as_deref(), Some("torch.hub.load"));
        assert_eq!(of("self.hub.load"), None);
    }
}
