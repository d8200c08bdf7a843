//! What a few functions of Python's standard library return, so that a chain of them can be followed.
//!
//! `getattr(__import__("os"), "system")` is `os.system` however it is written. Only functions whose result
//! follows from constant arguments are here; all others return a value of which nothing is known.

use std::io;

use super::machine::Machine;
use super::value::{Encoding, Kind, Node, Value};
use super::{Callee, Opcode, Origin, by_name};

/// Modules that many others import, so that they can be reached as an attribute of one of those.
/// Sorted.
const CORE: &[&str] = &[
    "builtins",
    "ctypes",
    "importlib",
    "marshal",
    "os",
    "pickle",
    "posix",
    "runpy",
    "shutil",
    "socket",
    "subprocess",
    "sys",
];
/// Parts of a dotted name that are kept; longer ones are no real names.
const PARTS: usize = 32;

/// Characters of a name that is put together; real ones have under a hundred.
const NAME: usize = 256;

/// Something that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Module(String),
    /// A module, and a dotted name in it.
    Path(String, String),
    /// An object of a class: the class's module and name.
    Instance(String, String),
}

/// What the result of a call is known to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Module(String),
    /// An import, by its index.
    Attribute(usize),
    /// `operator.attrgetter` with its names.
    AttributeGetter(Vec<String>),
    /// `operator.itemgetter` with its key.
    ItemGetter(String),
    /// `operator.methodcaller` with its name and arguments.
    MethodCaller(String, Vec<Value>),
    /// `functools.partial` with its function and arguments.
    Partial(Value, Vec<Value>),
    /// Bytes made of a text or of other bytes.
    Bytes(Value),
    /// A number, a range or a singleton, whatever it is.
    Constant,
    /// The code of a function, which is described.
    Code,
    /// A function or class that is made of such code only.
    Carried,
}

impl Machine<'_> {
    /// What a value names, if it is known.
    fn subject(&self, value: Value) -> Option<Subject> {
        let class = match (value, self.node_of(value)) {
            (
                Value::Text {
                    encoding: Encoding::Data,
                    ..
                },
                _,
            ) => Some("bytes"),
            (Value::Text { .. }, _) => Some("str"),
            (_, Some(Node::Dict { .. })) => Some("dict"),
            (_, Some(Node::Items { kind, .. })) => match kind {
                Kind::List => Some("list"),
                Kind::Tuple => Some("tuple"),
                Kind::Set => Some("set"),
            },
            _ => None,
        };
        if let Some(class) = class {
            return Some(Subject::Instance("builtins".to_owned(), class.to_owned()));
        }
        match self.node_of(value)? {
            Node::Import(import) => self.subject_of(*import),
            Node::Returned { call, meaning, .. } => match meaning.and_then(|at| self.known(at)) {
                Some(Meaning::Module(module)) => Some(Subject::Module(module.clone())),
                Some(Meaning::Attribute(import)) => self.subject_of(*import),
                Some(_) => None,
                None => self.instance(*call),
            },
            _ => None,
        }
    }

    fn subject_of(&self, import: usize) -> Option<Subject> {
        let import = self.out.imports.get(import)?;
        Some(canonical(
            import.module.as_deref()?,
            import.name.as_deref()?,
        ))
    }

    fn instance(&self, call: usize) -> Option<Subject> {
        match self.out.calls.get(call)?.callee {
            Callee::Import(import) => match self.subject_of(import)? {
                Subject::Path(module, name) => Some(Subject::Instance(module, name)),
                _ => None,
            },
            _ => None,
        }
    }

    /// What calling a value with these arguments comes down to: another value and its arguments.
    pub(super) fn redirect(
        &mut self,
        callee: Value,
        arguments: &[Value],
        opcode: Opcode,
        at: u64,
    ) -> io::Result<Option<(Value, Vec<Value>)>> {
        let first = arguments.first().copied();
        match self.meaning_of(callee) {
            Some(Meaning::Attribute(import)) => {
                let value = self.import_value(import);
                return Ok(Some((value, arguments.to_vec())));
            }
            Some(Meaning::Partial(inner, given)) => {
                return Ok(Some((
                    inner,
                    given.iter().chain(arguments).copied().collect(),
                )));
            }
            Some(Meaning::MethodCaller(name, given)) => {
                let subject = first.and_then(|value| self.subject(value));
                let reached = subject.and_then(|subject| attribute(&subject, &name));
                let Some(Meaning::Attribute(import)) = self.reach(reached, opcode, at) else {
                    return Ok(None);
                };
                return Ok(Some((self.import_value(import), given)));
            }
            Some(_) => return Ok(None),
            None => {}
        }
        let Some(Subject::Path(module, name)) = self.subject_of_import(callee) else {
            return Ok(None);
        };
        let given = self.passed_on(&format!("{module}.{name}"), arguments);
        Ok(first.zip(given))
    }

    /// The arguments that a function passes on to its first argument.
    fn passed_on(&self, path: &str, arguments: &[Value]) -> Option<Vec<Value>> {
        let rest = arguments.get(1..).unwrap_or_default();
        let items =
            |value: Option<&Value>| value.map_or_else(Vec::new, |value| self.spread(*value));
        Some(match path {
            "dill._dill._create_array"
            | "dill.dill._create_array"
            | "numba.core.types.abstract._type_reconstructor" => items(rest.first()),
            "dill._dill._create_ftype" | "dill.dill._create_ftype" => {
                let mut given: Vec<Value> = rest.first().copied().into_iter().collect();
                given.extend(items(rest.get(1)));
                given
            }
            "functools.reduce" | "_functools.reduce" => {
                let mut given: Vec<Value> = rest.get(1).copied().into_iter().collect();
                given.extend(items(rest.first()));
                given.truncate(2);
                given
            }
            "builtins.map" | "builtins.filter" | "itertools.filterfalse" => rest
                .iter()
                .filter_map(|iterable| self.spread(*iterable).first().copied())
                .collect(),
            "itertools.starmap" => {
                let rows = items(rest.first());
                items(rows.first())
            }
            "builtins.apply" | "copyreg.__newobj_ex__" => items(rest.first()),
            "operator.call"
            | "_operator.call"
            | "copyreg.__newobj__"
            | "dill._dill._create_type"
            | "dill.dill._create_type" => rest.to_vec(),
            "copyreg._reconstructor" => Vec::new(),
            _ => return None,
        })
    }

    /// The dotted path of an import.
    pub(super) fn path_of(&self, value: Value) -> Option<String> {
        match self.subject_of_import(value)? {
            Subject::Path(module, name) => Some(format!("{module}.{name}")),
            _ => None,
        }
    }

    fn subject_of_import(&self, value: Value) -> Option<Subject> {
        match self.node_of(value)? {
            Node::Import(import) => self.subject_of(*import),
            _ => None,
        }
    }

    /// The literal that a value is made of, if it is made of one.
    pub(super) fn literal(&self, value: Value) -> Value {
        let known = match self.node_of(value) {
            Some(Node::Returned { meaning, .. }) => meaning.and_then(|index| self.known(index)),
            _ => None,
        };
        match known {
            Some(Meaning::Bytes(literal)) => *literal,
            _ => value,
        }
    }

    /// What the machine knows under an index.
    pub(super) fn known(&self, index: u32) -> Option<&Meaning> {
        self.meanings.get(usize::try_from(index).ok()?)
    }

    pub(super) fn meaning_of(&self, value: Value) -> Option<Meaning> {
        match self.node_of(value)? {
            Node::Returned { meaning, .. } => self.known((*meaning)?).cloned(),
            _ => None,
        }
    }

    /// What a call returns, if it is one of the functions that are known here.
    pub(super) fn result_of(
        &mut self,
        callee: Value,
        arguments: &[Value],
        opcode: Opcode,
        at: u64,
    ) -> io::Result<Option<Meaning>> {
        let first = arguments.first().copied().unwrap_or(Value::Nil);
        let second = arguments.get(1).copied().unwrap_or(Value::Nil);
        let reached = match self.meaning_of(callee) {
            Some(Meaning::AttributeGetter(names)) => match names.as_slice() {
                [name] => self.subject(first).and_then(|on| attribute(&on, name)),
                _ => None,
            },
            Some(Meaning::ItemGetter(key)) => self.subject(first).and_then(|on| item(&on, &key)),
            Some(_) => None,
            None => {
                let Some(Subject::Path(module, name)) = self.subject_of_import(callee) else {
                    return Ok(None);
                };
                let path = format!("{module}.{name}");
                if let Some(made) = self.carries(&path, callee, arguments, at)? {
                    return Ok(Some(made));
                }
                if let Some(made) = self.made_by(&path, arguments)? {
                    return Ok(Some(made));
                }
                let third = arguments.get(2).copied().unwrap_or(Value::Nil);
                let given = Given {
                    first,
                    one: self.text_of(first)?,
                    two: self.text_of(second)?,
                    three: self.text_of(third)?,
                    count: arguments.len(),
                };
                self.reached_by(&path, &given)
            }
        };
        Ok(self.reach(reached, opcode, at))
    }

    /// The functions that make functions.
    fn made_by(&mut self, path: &str, arguments: &[Value]) -> io::Result<Option<Meaning>> {
        let Some((first, rest)) = arguments.split_first() else {
            return Ok(None);
        };
        let name = self.text_of(*first)?;
        Ok(match (path, name) {
            ("dill._dill._eval_repr" | "dill.dill._eval_repr", Some(text))
                if by_name::is_constant(&text) =>
            {
                Some(Meaning::Constant)
            }
            ("functools.partial" | "_functools.partial", _) => {
                Some(Meaning::Partial(*first, rest.to_vec()))
            }
            ("_codecs.encode" | "codecs.encode" | "builtins.bytes" | "builtins.bytearray", _)
                if matches!(first, Value::Text { .. }) =>
            {
                Some(Meaning::Bytes(*first))
            }
            ("operator.attrgetter" | "_operator.attrgetter", Some(name)) => {
                let mut names = vec![name];
                for value in rest {
                    names.extend(self.text_of(*value)?);
                }
                Some(Meaning::AttributeGetter(names))
            }
            ("operator.itemgetter" | "_operator.itemgetter", Some(key)) if rest.is_empty() => {
                Some(Meaning::ItemGetter(key))
            }
            ("operator.methodcaller" | "_operator.methodcaller", Some(name)) => {
                Some(Meaning::MethodCaller(name, rest.to_vec()))
            }
            _ => None,
        })
    }

    /// The functions that reach something by its name.
    fn reached_by(&self, path: &str, given: &Given) -> Option<Subject> {
        let on = || self.subject(given.first);
        match path {
            "builtins.getattr"
            | "builtins.object.__getattribute__"
            | "inspect.getattr_static"
            | "dill._dill._get_attr"
            | "dill.dill._get_attr"
            | "dill._dill._getattribute"
            | "dill.dill._getattribute" => attribute(&on()?, given.two.as_deref()?),
            "builtins.type" if given.count == 1 => self.class_of(given.first),
            "builtins.__import__" => {
                let name = given.one.as_deref()?;
                Some(Subject::Module(name.split('.').next()?.to_owned()))
            }
            "importlib.import_module"
            | "importlib.__import__"
            | "dill._dill._import_module"
            | "dill.dill._import_module"
            | "cloudpickle.cloudpickle.subimport"
            | "cloudpickle.subimport"
            | "importlib._bootstrap._gcd_import"
            | "_frozen_importlib._gcd_import"
            | "sys.modules.get"
            | "sys.modules.__getitem__"
            | "sys.modules.pop" => Some(Subject::Module(given.one.clone()?)),
            "builtins.dict.get"
            | "builtins.dict.__getitem__"
            | "builtins.dict.pop"
            | "operator.getitem"
            | "_operator.getitem"
            | "operator.__getitem__" => item(&on()?, given.two.as_deref()?),
            "builtins.vars" => attribute(&on()?, "__dict__"),
            "pkgutil.resolve_name" | "pydoc.locate" => {
                let name = given.one.as_deref()?;
                let (module, name) = name.split_once(':').or_else(|| name.rsplit_once('.'))?;
                Some(canonical(module, name))
            }
            _ => by_name::reached(path, given).or_else(|| reached_by_method(path, given)),
        }
    }

    /// The class of a value, as `type(None)` and `type(thing)` give it.
    fn class_of(&self, value: Value) -> Option<Subject> {
        let class =
            |module: &str, name: &str| Some(Subject::Path(module.to_owned(), name.to_owned()));
        if value == Value::Nil {
            return class("builtins", "NoneType");
        }
        match self.subject(value)? {
            // A function's result has a class of its own; only what a class has made is of that class.
            Subject::Instance(module, name)
                if module == "builtins" || name.starts_with(char::is_uppercase) =>
            {
                Some(Subject::Path(module, name))
            }
            Subject::Path(module, name) if module == "builtins" => match name.as_str() {
                "Ellipsis" => class("types", "EllipsisType"),
                "NotImplemented" => class("types", "NotImplementedType"),
                _ => None,
            },
            _ => None,
        }
    }

    /// Notes what was reached as an import of its own.
    fn reach(&mut self, subject: Option<Subject>, opcode: Opcode, at: u64) -> Option<Meaning> {
        let (module, name, origin) = match subject? {
            Subject::Module(module) => return Some(Meaning::Module(module)),
            Subject::Path(module, name) => (module, name, Origin::Attribute),
            Subject::Instance(module, name) => (module, name, Origin::Method),
        };
        let before = self.out.imports.len();
        let import = self.import(opcode, Some(module), Some(name), at);
        if import >= before
            && let Some(import) = self.out.imports.get_mut(import)
        {
            import.origin = origin;
        }
        Some(Meaning::Attribute(import))
    }
}

/// The first arguments of a call, and the texts among them.
pub(super) struct Given {
    first: Value,
    pub(super) one: Option<String>,
    pub(super) two: Option<String>,
    pub(super) three: Option<String>,
    /// How many arguments there are.
    count: usize,
}

/// `module.thing.__getattribute__("name")` and `module.__dict__.get("name")`.
fn reached_by_method(path: &str, given: &Given) -> Option<Subject> {
    let one = given.one.as_deref()?;
    let (on, method) = path.rsplit_once('.')?;
    let (module, name) = on.split_once('.').unwrap_or((on, ""));
    let on = if name.is_empty() {
        Subject::Module(module.to_owned())
    } else {
        canonical(module, name)
    };
    match method {
        "__getattribute__" | "__getattr__" => attribute(&on, one),
        "get" | "__getitem__" | "pop" => item(&on, one),
        _ => None,
    }
}

/// The module of cloudpickle, where it is the copy that a library brings along.
#[must_use]
pub fn unvendored(module: &str) -> &str {
    const BEARERS: &[&str] = &["joblib.externals.", "numba.", "pyspark.", "ray.", "srsly."];
    let mut copies = BEARERS
        .iter()
        .filter_map(|bearer| module.strip_prefix(bearer));
    copies
        .find(|rest| matches!(rest.split('.').next(), Some("cloudpickle")))
        .unwrap_or(module)
}

/// The name as it is known: through other modules to the one that is meant.
pub(super) fn canonical(module: &str, name: &str) -> Subject {
    let module = unvendored(module);
    let module = if module == "__builtin__" {
        "builtins"
    } else {
        module
    };
    let parts: Vec<&str> = name.split('.').take(PARTS).collect();
    let through = parts.iter().rposition(|part| {
        let bare = part.trim_start_matches('_');
        CORE.binary_search(&bare).is_ok()
    });
    match through {
        None => Subject::Path(module.to_owned(), name.to_owned()),
        Some(last) => {
            let core = parts
                .get(last)
                .map_or("", |part| part.trim_start_matches('_'));
            let rest = parts.get(last.saturating_add(1)..).unwrap_or_default();
            if rest.is_empty() {
                Subject::Module(core.to_owned())
            } else {
                Subject::Path(core.to_owned(), rest.join("."))
            }
        }
    }
}

fn attribute(on: &Subject, name: &str) -> Option<Subject> {
    let outer = match on {
        Subject::Module(_) => 0,
        Subject::Path(_, outer) | Subject::Instance(_, outer) => outer.len(),
    };
    // Attributes of attributes would grow a name without end.
    if outer.saturating_add(name.len()) > NAME {
        return None;
    }
    Some(match on {
        Subject::Module(module) => canonical(module, name),
        Subject::Path(module, outer) => canonical(module, &format!("{outer}.{name}")),
        Subject::Instance(module, class) => {
            Subject::Instance(module.clone(), format!("{class}.{name}"))
        }
    })
}

/// `sys.modules["os"]` is a module, `vars(os)["system"]` an attribute.
fn item(on: &Subject, key: &str) -> Option<Subject> {
    match on {
        Subject::Path(module, name) if module == "sys" && name == "modules" => {
            Some(Subject::Module(key.to_owned()))
        }
        Subject::Path(module, name) => {
            let outer = name.strip_suffix("__dict__")?;
            let outer = outer.trim_end_matches('.');
            if outer.is_empty() {
                Some(canonical(module, key))
            } else {
                attribute(&Subject::Path(module.clone(), outer.to_owned()), key)
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_sorted() {
        assert!(CORE.is_sorted());
    }

    #[test]
    fn names_lead_to_what_is_meant() {
        let path = |module: &str, name: &str| Subject::Path(module.to_owned(), name.to_owned());
        assert_eq!(
            canonical("collections", "_sys.modules.get"),
            path("sys", "modules.get")
        );
        assert_eq!(canonical("torch", "os"), Subject::Module("os".to_owned()));
        assert_eq!(canonical("mine", "Net.run"), path("mine", "Net.run"));
        assert_eq!(
            item(&path("os", "__dict__"), "system"),
            Some(path("os", "system"))
        );
        assert_eq!(item(&path("mine", "table"), "system"), None);
    }
}
