//! What the class of an object in a Keras configuration makes a loader do.
//!
//! Up to version 3.8 Keras imported whatever `module` and `class_name` named (CVE-2025-1550); later versions were
//! led through functions of Keras itself (CVE-2025-8747, CVE-2025-9906). So a class of a layer is
//! expected, and everything else is judged by what it does.

use tutela_core::{Severity, escape};
use tutela_formats::keras::Object;

use super::python::is_python;
use crate::callables::{Effect, effect, package_effect};
use crate::keras::plain_class;

/// How bad an object is, and why, as a sentence that goes on from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) severity: Severity,
    pub(super) why: String,
}

/// What kind of thing a configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Class,
    Function,
}

/// Judges what an object asks the loader to find; none for what Keras writes itself.
pub(super) fn judge(object: &Object) -> Option<Verdict> {
    let class = object.class_name.as_str();
    let (name, kind) = match class {
        "function" => (
            object
                .function
                .as_deref()
                .or(object.registered_name.as_deref())?,
            Kind::Function,
        ),
        "__typespec__" => (object.spec_name.as_deref()?, Kind::Class),
        _ if class.starts_with("__") && class.ends_with("__") => return None,
        _ => (class, Kind::Class),
    };
    if kind == Kind::Class
        && let Some(why) = risky_class(plain_class(name))
    {
        return verdict(Severity::High, why);
    }
    match (&object.module, name.rsplit_once('.')) {
        (Some(module), _) => named(module, name, kind),
        (None, Some((module, name))) => named(module, name, kind),
        (None, None) => registered(object, name),
    }
}

/// A function of TensorFlow by its public name, as a `TFOpLambda` calls it.
pub(super) fn tensorflow_function(path: &str) -> Option<Verdict> {
    let parts: Vec<&str> = path
        .split('.')
        .filter(|part| !matches!(*part, "tf" | "tensorflow" | "compat" | "v1" | "v2"))
        .collect();
    let area = parts.first().copied().unwrap_or_default();
    let name = parts.last().copied().unwrap_or_default();
    let runs = matches!(
        name,
        "py_function"
            | "py_func"
            | "numpy_function"
            | "load_library"
            | "load_op_library"
            | "load_file_system_library"
            | "PyFunc"
            | "PyFuncStateless"
            | "EagerPyFunc"
    );
    let loads = is_unsafe_keras(name) || matches!(area, "saved_model" | "hub");
    let files = parts.contains(&"gfile")
        || is_file_operation(name)
        || matches!(area, "summary" | "train")
        || (matches!(area, "io" | "raw_ops") && (name.contains("file") || name.contains("File")));
    if runs {
        verdict(Severity::Critical, "runs code that it is given")
    } else if loads {
        verdict(Severity::Critical, "loads further code or files")
    } else if files {
        verdict(Severity::High, "reads or writes files")
    } else {
        None
    }
}

/// Whether an operation of a TensorFlow graph touches files or runs Python.
pub(super) fn is_file_operation(name: &str) -> bool {
    matches!(
        name,
        "ReadFile"
            | "WriteFile"
            | "MatchingFiles"
            | "PyFunc"
            | "PyFuncStateless"
            | "EagerPyFunc"
            | "read_file"
            | "write_file"
            | "matching_files"
            | "Save"
            | "SaveV2"
            | "SaveSlices"
            | "Restore"
            | "RestoreV2"
            | "RestoreSlice"
            | "ShardedFilename"
            | "MergeV2Checkpoints"
            | "WholeFileReaderV2"
            | "TextLineDataset"
            | "TFRecordDataset"
            | "FixedLengthRecordDataset"
            | "LoadDataset"
    )
}

fn verdict(severity: Severity, why: impl Into<String>) -> Option<Verdict> {
    Some(Verdict {
        severity,
        why: why.into(),
    })
}

/// Layers of Keras that load code of their own, wherever they are said to come from.
fn risky_class(class: &str) -> Option<&'static str> {
    match class {
        "TFSMLayer" => Some("loads a TensorFlow program from a path that the model gives"),
        "TorchModuleWrapper" => Some("unpickles a PyTorch module that the model carries"),
        "KerasFileEditor" => Some("opens files that the model names"),
        _ => None,
    }
}

fn named(module: &str, name: &str, kind: Kind) -> Option<Verdict> {
    let plain = plain_class(name);
    let root = module.split('.').next().unwrap_or_default();
    let family = root == "keras" || root == "tf_keras" || root.starts_with("keras_");
    let is_tensorflow = matches!(
        root,
        "tensorflow" | "tf" | "tensorflow_core" | "tensorflow_estimator"
    );
    if family || (is_tensorflow && module.split('.').any(|part| part == "keras")) {
        return of_keras(module, plain, kind);
    }
    if is_tensorflow {
        return of_tensorflow(module, plain, kind);
    }
    if module == "builtins" && kind == Kind::Function && effect(module, plain) == Effect::Unknown {
        // The caller's own function or one of Keras: only its name is written.
        return None;
    }
    of_other(module, plain, kind)
}

/// Functions of Keras that load, download, unpack or switch protection off.
fn is_unsafe_keras(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "_from_directory",
        "archive",
        "deserializ",
        "download",
        "enable_unsafe",
        "func_load",
        "get_file",
        "global_attribute",
        "import_",
        "load_",
        "model_from_",
        "register_",
        "save_",
        "set_backend",
        "write_",
        "run_script",
    ];
    PARTS.iter().any(|part| name.contains(part)) || matches!(name, "load" | "save" | "export")
}

fn of_keras(module: &str, name: &str, kind: Kind) -> Option<Verdict> {
    let is_layer = |part: &&str| {
        !matches!(
            *part,
            "tensorflow"
                | "tf"
                | "python"
                | "src"
                | "_src"
                | "api"
                | "_tf_keras"
                | "keras"
                | "v1"
                | "v2"
                | "_v1"
                | "_v2"
        )
    };
    let area = module.split('.').skip(1).find(is_layer).unwrap_or_default();
    let is_class = name
        .trim_start_matches('_')
        .starts_with(|letter: char| letter.is_ascii_uppercase());
    if is_unsafe_keras(name) && !is_class {
        return verdict(
            Severity::Critical,
            "is a function of Keras that loads, downloads or writes, or switches its protection off",
        );
    }
    match kind {
        Kind::Class
            if is_class
                && matches!(
                    area,
                    "callbacks" | "saving" | "export" | "datasets" | "config"
                ) =>
        {
            verdict(
                Severity::High,
                "is no part of a model, but a tool that touches files or settings",
            )
        }
        Kind::Class if is_class => None,
        Kind::Class => verdict(
            Severity::High,
            "is a function of Keras where the class of a layer belongs",
        ),
        Kind::Function if is_pure_area(area) => None,
        Kind::Function if area.is_empty() || is_class => None,
        Kind::Function => verdict(
            Severity::High,
            "is a function of Keras that no model needs by name",
        ),
    }
}

/// Parts of Keras whose functions only compute.
fn is_pure_area(area: &str) -> bool {
    matches!(
        area,
        "activations"
            | "applications"
            | "constraints"
            | "initializers"
            | "layers"
            | "losses"
            | "metrics"
            | "nn"
            | "numpy"
            | "ops"
            | "operations"
            | "optimizers"
            | "random"
            | "regularizers"
            | "tree"
            | "quantizers"
            | "dtype_policies"
            | "linalg"
            | "math"
    )
}

fn of_tensorflow(module: &str, name: &str, kind: Kind) -> Option<Verdict> {
    let path = format!("{module}.{name}");
    let found = tensorflow_function(&path);
    let is_class = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    match found {
        Some(found) => Some(found),
        None if is_class => None,
        None if kind == Kind::Class => verdict(
            Severity::High,
            "is a function where the class of a layer belongs",
        ),
        None => None,
    }
}

/// A name outside Keras and TensorFlow.
fn of_other(module: &str, name: &str, kind: Kind) -> Option<Verdict> {
    let known = effect(module, name);
    let is_class = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    match known.severity() {
        Some(severity) if severity >= Severity::High => verdict(Severity::Critical, known.clause()),
        _ if matches!(module, "builtins" | "collections" | "datetime") && known == Effect::Pure => {
            None
        }
        _ if is_python(module) => verdict(
            // A class that only makes a value harms nobody, but has no place in a model.
            if known == Effect::Pure {
                Severity::Medium
            } else {
                Severity::Critical
            },
            "is a part of Python itself, which no model needs",
        ),
        None if !is_class && kind == Kind::Class => verdict(
            Severity::High,
            "is a function of a library where the class of a layer belongs",
        ),
        _ => verdict(
            Severity::Medium,
            "is code of a package that Keras would import, and not known to be harmless",
        ),
    }
}

/// A class or function that the caller must have registered before loading.
fn registered(object: &Object, name: &str) -> Option<Verdict> {
    let full = object.registered_name.as_deref().unwrap_or(name);
    let (package, plain) = full
        .rsplit_once(['>', '.'])
        .or_else(|| name.rsplit_once('>'))?;
    if is_python(package) && effect(package, plain) != Effect::Pure {
        let why = format!(
            "is registered under a package of Python, `{}`",
            escape(package, 60)
        );
        return verdict(Severity::High, why);
    }
    let is_kerass = matches!(
        package,
        "keras" | "keras_nlp" | "keras_hub" | "keras_cv" | "Addons" | "Vision" | "Text"
    ) || (package == "Custom" && is_optimizer(plain));
    if is_kerass {
        return None;
    }
    verdict(
        Severity::Low,
        "is the maker's own code, which must be at hand to load the model",
    )
}

/// Keras 2 writes its own optimizers as `Custom>Adam`.
fn is_optimizer(name: &str) -> bool {
    matches!(
        name,
        "Adadelta"
            | "Adafactor"
            | "Adagrad"
            | "Adam"
            | "AdamW"
            | "Adamax"
            | "Ftrl"
            | "Lion"
            | "LossScaleOptimizer"
            | "Nadam"
            | "RMSprop"
            | "SGD"
    )
}

/// The function of a Lambda layer that is only named, with its module where one is given.
pub(super) fn lambda(module: Option<&str>, name: &str) -> Option<Verdict> {
    let module = module.or_else(|| name.rsplit_once('.').map(|(module, _)| module));
    let known = effect(module.unwrap_or("builtins"), plain_class(name));
    if known.severity() >= Some(Severity::High) {
        return verdict(Severity::Critical, known.clause());
    }
    module.and_then(|module| named(module, name, Kind::Function))
}

/// Whether a setting such as `fn_module` names a module that starts programs or runs code. `module` itself is judged
/// with the class or the function that it belongs to.
pub(super) fn is_module_that_acts(key: &str, value: &str) -> bool {
    key.ends_with("_module") && package_effect(value).severity() == Some(Severity::Critical)
}

/// Whether a text is Python that starts programs or runs code: nothing in a model needs such a text.
pub(super) fn is_hostile_source(text: &str) -> bool {
    const CALLS: &[&str] = &[
        "__import__(",
        "eval(",
        "exec(",
        "execfile(",
        "getattr(__builtins__",
        "importlib.import_module(",
        "marshal.loads(",
        "os.execv",
        "os.popen(",
        "os.spawn",
        "os.system(",
        "pickle.loads(",
        "pty.spawn(",
        "runpy.run_",
        "socket.socket(",
        "subprocess.Popen(",
        "subprocess.call(",
        "subprocess.check_",
        "subprocess.getoutput(",
        "subprocess.run(",
        "urllib.request.urlopen(",
        "webbrowser.open(",
    ];
    let is_inside = |before: Option<char>| {
        before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
    };
    CALLS.iter().any(|call| {
        text.match_indices(call)
            .any(|(at, _)| !is_inside(text.get(..at).and_then(|before| before.chars().next_back())))
    })
}
