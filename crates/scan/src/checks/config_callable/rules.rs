//! Which names in a configuration are called, and what the calls do.

use tutela_core::Severity;
use tutela_formats::tree::{Document, Node, Value};

use super::yolo;
use crate::callables::Effect;
use crate::config::{REMARKS, Remark, effect_of_path, is_path, shown};
use crate::signs;
use crate::source::{Deed, acts};

/// A configuration without any of these is of no interest.
pub(super) const WORDS: &[&str] = &[
    "backbone",
    "target",
    "component",
    "download",
    "python/",
    "!new:",
    "!apply:",
    "!name:",
    "class_path",
    "callable",
    "func",
    "factory",
    "entry_point",
    "__import__",
    "os.",
    "subprocess",
    "builtins",
    "eval",
    "exec",
    "()",
    "!!",
    "ruby/",
    "py/",
    "/dev/tcp",
    "curl ",
    "wget ",
];

/// Everything in a configuration that a loader may call and that is not known to be harmless.
pub(super) fn judge(document: &Document) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for root in &document.roots {
        dataset(root, &mut remarks);
        yolo::judge(root, &mut remarks);
        root.each("", &mut |key, node| match &node.value {
            _ if remarks.len() >= REMARKS => {}
            Value::Tagged(tag, _) => tagged(tag, node, &mut remarks),
            Value::Text(text) => {
                called(key, text, node, &mut remarks);
                code(key, text, node, &mut remarks);
            }
            Value::Object(_) => looked_up(node, &mut remarks),
            _ => {}
        });
    }
    remarks
}

/// A description of a data set for YOLO: its `download` is run, as Python or by a shell, when the data are not there.
fn dataset(root: &Node, remarks: &mut Vec<Remark>) {
    let has = |key: &str| root.all(key).next().is_some();
    if !has("names") || !(has("train") || has("val")) {
        return;
    }
    for node in root.all("download") {
        let Some(text) = node.text().map(str::trim) else {
            continue;
        };
        let is_address = text.starts_with("http") && !text.contains(char::is_whitespace);
        if text.is_empty() || is_address {
            continue;
        }
        let deed = match text.strip_prefix("bash ") {
            Some(command) => signs::find(command).map(|(_, sign)| sign.what().to_owned()),
            None => acts(text)
                .into_iter()
                .find(|act| act.deed != Deed::Fetches)
                .map(|act| format!("{} (`{}`)", act.deed.clause(), shown(&act.path))),
        };
        let (severity, what) = match deed {
            Some(deed) => (Severity::High, format!(", which {deed}")),
            None => (Severity::Medium, String::new()),
        };
        let message = format!("`download` is run when the data are not there{what}");
        remarks.push(Remark::about(node, severity, message));
    }
}

/// How a loader treats the value of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The loader calls what it names: Hydra and its like.
    Called,
    /// Some loader may; only a function that runs code is worth a word.
    Perhaps,
}

fn key_of(key: &str) -> Option<Key> {
    /// Hydra, torchtune, Lightning, and jsonpickle's types, functions and objects.
    const CALLED: &[&str] = &[
        "__target__",
        "_call_",
        "_callable_",
        "_cls_",
        "_component_",
        "_factory_",
        "_function_",
        "_target",
        "_target_",
        "class_path",
        "py/function",
        "py/object",
        "py/type",
        "target_",
    ];
    /// The last word of a key that names something to call.
    const PERHAPS: &[&str] = &[
        "call",
        "callable",
        "callback",
        "class",
        "cls",
        "constructor",
        "entrypoint",
        "factory",
        "fn",
        "func",
        "function",
        "handler",
        "hook",
        "impl",
        "init",
        "initializer",
        "loader",
        "method",
        "module",
        "point",
        "postprocessor",
        "preprocessor",
        "reduce",
        "target",
        "type",
    ];
    let lower = key.trim_matches(['@', '$']).to_ascii_lowercase();
    if CALLED.binary_search(&lower.as_str()).is_ok() {
        return Some(Key::Called);
    }
    let last = lower
        .trim_matches('_')
        .rsplit(['_', '-', '.'])
        .next()
        .unwrap_or_default();
    let perhaps = lower == "()" || PERHAPS.binary_search(&last).is_ok();
    perhaps.then_some(Key::Perhaps)
}

fn called(key: &str, text: &str, node: &Node, remarks: &mut Vec<Remark>) {
    // Lightning and setuptools write `module:name`.
    let path = text.trim().replace(':', ".");
    let Some(kind) = key_of(key).filter(|_| is_path(&path)) else {
        return;
    };
    let effect = effect_of_path(&path);
    let severity = match kind {
        Key::Called => severity(&path, effect),
        Key::Perhaps => runs_code(&path).then_some(Severity::Critical),
    };
    if let Some(severity) = severity {
        let message = format!(
            "`{}` calls `{}`, which {}",
            shown(key),
            shown(text),
            effect.clause()
        );
        remarks.push(Remark::about(node, severity, message));
    }
}

/// What runs code under a key that may mean anything: the well-known functions, by their full names.
pub(super) fn runs_code(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once('.') else {
        return false;
    };
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    match module.rsplit('.').next().unwrap_or_default() {
        "os" | "posix" | "nt" => begins(&[
            "system",
            "popen",
            "exec",
            "spawn",
            "posix_spawn",
            "startfile",
        ]),
        "subprocess" | "commands" => begins(&[
            "Popen",
            "call",
            "check_",
            "run",
            "getoutput",
            "getstatusoutput",
        ]),
        "builtins" | "__builtin__" | "__builtins__" => {
            matches!(
                name,
                "eval" | "exec" | "execfile" | "compile" | "__import__" | "getattr"
            )
        }
        "pty" => name == "spawn",
        "runpy" => begins(&["run_"]),
        "importlib" => name == "import_module",
        "pickle" | "marshal" | "dill" | "cloudpickle" => matches!(name, "load" | "loads"),
        "shutil" => name == "rmtree",
        _ => false,
    }
}

/// How bad a call of a path is; none for what libraries of models and trainings do.
fn severity(path: &str, effect: Effect) -> Option<Severity> {
    let top = path.split('.').next().unwrap_or_default();
    let known = LIBRARIES.binary_search(&top).is_ok();
    let name = path.rsplit('.').next().unwrap_or_default();
    match effect {
        Effect::Unknown if known => None,
        // Class methods that make an object; `load` and `save` are not among them.
        Effect::Reaches if known && makes(name) => None,
        Effect::Reaches if known => Some(Severity::Medium),
        // `from_pretrained` and `load_dataset` are how configurations name their inputs.
        _ if known && matches!(name, "from_pretrained" | "from_config" | "load_dataset") => None,
        // What it returns is judged by the entry that names it.
        _ if top == "hydra" && LOOK_UP.contains(&name) => None,
        // A model is made with the names of its weights and its tokenizer, and fetches them.
        Effect::Loads | Effect::Network | Effect::Reads | Effect::Writes
            if MODELS.binary_search(&top).is_ok() && name.starts_with(char::is_uppercase) =>
        {
            None
        }
        effect => effect.severity(),
    }
}

/// Libraries whose classes are models and what trains them. Sorted.
const MODELS: &[&str] = &[
    "diffusers",
    "lightning",
    "monai",
    "nemo",
    "pytorch_lightning",
    "sentence_transformers",
    "speechbrain",
    "timm",
    "torch_geometric",
    "transformers",
];

fn makes(name: &str) -> bool {
    let begins = ["from_", "create", "get_", "build", "init"];
    begins.iter().any(|start| name.starts_with(start)) || name.starts_with(char::is_uppercase)
}

/// Hydra's functions that return what a second entry names.
const LOOK_UP: &[&str] = &["get_class", "get_method", "get_object", "get_static_method"];

fn looked_up(node: &Node, remarks: &mut Vec<Remark>) {
    if node.all("_target_").next().is_some() {
        handed_over(node, remarks);
    }
    let looks_up = |target: &str| LOOK_UP.iter().any(|name| target.ends_with(name));
    if !node.texts("_target_").any(looks_up) {
        return;
    }
    for path in node.all("path") {
        let Some(text) = path.text().filter(|text| is_path(text)) else {
            continue;
        };
        let effect = effect_of_path(text);
        if let Some(severity) = severity(text, effect) {
            let message = format!(
                "`_target_` looks up `{}`, which {}",
                shown(text),
                effect.clause()
            );
            remarks.push(Remark::about(path, severity, message));
        }
    }
}

/// A function that runs code among the arguments of a target: whatever the target does with it, it is no setting.
fn handed_over(node: &Node, remarks: &mut Vec<Remark>) {
    for (key, value) in node
        .entries()
        .iter()
        .filter(|(key, _)| key_of(key).is_none())
    {
        for item in std::iter::once(value).chain(value.items()) {
            if let Some(text) = item.text().filter(|text| is_path(text) && runs_code(text)) {
                let message = format!(
                    "`{}` hands `{}` to a target, which runs code",
                    shown(key),
                    shown(text)
                );
                remarks.push(Remark::about(item, Severity::Critical, message));
            }
        }
    }
}

/// A tag that makes a YAML reader build something other than plain values.
fn tagged(tag: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let plain = tag
        .strip_prefix("tag:yaml.org,2002:")
        .unwrap_or(tag)
        .trim_start_matches('!');
    let told = shown(plain);
    if let Some((kind, path)) = python_tag(plain) {
        let effect = effect_of_path(path);
        let harmless = matches!(effect, Effect::Pure | Effect::Library) || is_file_name(path);
        let severity = match (effect.severity(), kind) {
            _ if harmless => return,
            (Some(Severity::High | Severity::Critical), _) => Severity::Critical,
            (_, "object/apply" | "object/new" | "module") => Severity::High,
            _ => Severity::Medium,
        };
        let message = format!(
            "the tag `{told}` makes an unsafe reader use `{}`, which {}",
            shown(path),
            effect.clause()
        );
        remarks.push(Remark::about(node, severity, message));
    } else if let Some(path) = hyper_tag(plain) {
        let effect = effect_of_path(path);
        if let Some(severity) = severity(path, effect) {
            let message = format!(
                "the tag `{told}` calls `{}`, which {}",
                shown(path),
                effect.clause()
            );
            remarks.push(Remark::about(node, severity, message));
        }
    } else if plain.starts_with("ruby/") || (plain != tag && plain.contains('.') && is_path(plain))
    {
        let message =
            format!("the tag `{told}` makes an unsafe reader build an object of that class");
        remarks.push(Remark::about(node, Severity::High, message));
    }
}

/// `PyYAML`: what a tag does and the name that it does it to.
fn python_tag(tag: &str) -> Option<(&str, &str)> {
    let (kind, path) = tag.strip_prefix("python/")?.split_once(':')?;
    matches!(
        kind,
        "object/apply" | "object/new" | "object" | "name" | "module"
    )
    .then_some((kind, path))
}

/// `HyperPyYAML`, as `SpeechBrain` uses it: `!new:torch.nn.Linear`, `!apply:…`, `!name:…`.
fn hyper_tag(tag: &str) -> Option<&str> {
    let (kind, path) = tag.split_once(':')?;
    (matches!(kind, "new" | "apply" | "name" | "module") && is_path(path)).then_some(path)
}

fn is_file_name(path: &str) -> bool {
    const NAMES: &[&str] = &[
        "Path",
        "PosixPath",
        "PurePath",
        "PurePosixPath",
        "PureWindowsPath",
        "WindowsPath",
    ];
    path.strip_prefix("pathlib.")
        .is_some_and(|name| NAMES.contains(&name))
}

/// A text that is Python code for a careless `eval`.
fn code(key: &str, text: &str, node: &Node, remarks: &mut Vec<Remark>) {
    const BEGINNINGS: &[&str] = &[
        "__import__(",
        "eval(",
        "exec(",
        "import os;",
        "os.popen(",
        "os.system(",
        "subprocess.",
    ];
    let start = text.trim_start().trim_start_matches("lambda:").trim_start();
    let begins = BEGINNINGS
        .iter()
        .any(|beginning| start.starts_with(beginning));
    let imports = ["__import__('", "__import__(\""]
        .iter()
        .any(|call| text.contains(call));
    // A token of a vocabulary is not a whole call.
    let whole = text.len() >= 12 && text.contains('(') && text.contains(')');
    let is_code = whole && (begins || imports) || hands_over_shell(text) || key == "py/repr";
    let severity = if is_code {
        Severity::High
    } else {
        Severity::Medium
    };
    // Prose, data and notebooks speak of code; a setting is short and is nothing else.
    if (is_code || fetches_program(text))
        && text.len() < 2_000
        && !text.contains("\n\n")
        && !is_prose(key)
    {
        let message = format!("`{}` is code: `{}`", shown(key), shown(text));
        remarks.push(Remark::about(node, severity, message));
    }
}

/// A command that hands a shell to the network.
fn hands_over_shell(text: &str) -> bool {
    text.contains("/dev/tcp/") || text.contains("nc -e ")
}

/// A command that fetches a program and runs it: bad manners in honest set-ups, too.
fn fetches_program(text: &str) -> bool {
    let fetches = text.contains("curl ") || text.contains("wget ");
    let runs = ["| sh", "|sh", "| bash", "|bash", "| python", "|python"]
        .iter()
        .any(|part| text.contains(part));
    fetches && runs
}

/// Keys under which text is only read by people or by models.
fn is_prose(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "answer",
        "cmd",
        "code",
        "command",
        "comment",
        "content",
        "description",
        "example",
        "examples",
        "input",
        "instruction",
        "message",
        "note",
        "notes",
        "output",
        "prompt",
        "question",
        "response",
        "run",
        "script",
        "solution",
        "source",
        "text",
        "title",
    ];
    KEYS.binary_search(&key.to_ascii_lowercase().as_str())
        .is_ok()
}

/// Libraries of models and trainings whose classes configurations name. Sorted.
const LIBRARIES: &[&str] = &[
    "accelerate",
    "apex",
    "audiocraft",
    "bionemo",
    "bitsandbytes",
    "catboost",
    "cosmos_predict2",
    "datasets",
    "deepspeed",
    "detectron2",
    "diffusers",
    "einops",
    "encodec",
    "fairseq",
    "fairseq2",
    "hydra",
    "hydra_plugins",
    "ignite",
    "keras",
    "kornia",
    "ldm",
    "lightgbm",
    "lightning",
    "lightning_fabric",
    "megatron",
    "mmcv",
    "mmdet",
    "mmengine",
    "monai",
    "nemo",
    "nemo_automodel",
    "nemo_rl",
    "nemo_run",
    "numpy",
    "omegaconf",
    "open_clip",
    "optuna",
    "pandas",
    "peft",
    "pytorch_lightning",
    "ray",
    "sam2",
    "scipy",
    "segmentation_models_pytorch",
    "sentencepiece",
    "sgm",
    "skimage",
    "sklearn",
    "speechbrain",
    "tensorflow",
    "timm",
    "tokenizers",
    "torch",
    "torch_geometric",
    "torchaudio",
    "torchdata",
    "torchmetrics",
    "torchtitan",
    "torchtune",
    "torchvision",
    "transformer_engine",
    "transformers",
    "trl",
    "ultralytics",
    "vllm",
    "wandb",
    "xformers",
    "xgboost",
];

#[cfg(test)]
mod tests;
