//! Keras models whose configuration carries or calls code.

mod names;
mod python;

use std::collections::BTreeSet;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::bytecode::Bytecode;
use tutela_formats::keras::{Code, Config, Object, Text};
use tutela_formats::{Entry, Format, zip};

use crate::carried::Carried;
use crate::inside::{location, place};
use crate::keras::{config, plain_class};
use crate::together::{EntryCheck, Visitor};
use names::Verdict;

declare_check! {
    /// Keras models whose configuration carries or calls code.
    ///
    /// # What it finds
    /// Lambda layers and other objects that carry Python bytecode; classes and functions that a configuration
    /// takes from outside Keras, such as `os.system` or `subprocess.Popen`; functions of Keras itself that
    /// load, download or write (`keras.utils.get_file`, `keras.models.load_model`) or switch its protection off;
    /// layers that load programs (`TFSMLayer`, `TorchModuleWrapper`); TensorFlow operations on files; YAML tags that
    /// make Python objects; keys that stand twice; a configuration packed so that scanners cannot read it. It reads `.keras` archives, HDF5 models, `keras_metadata.pb` and
    /// configurations of their own, at any depth, wherever an object stands: in layers, arguments of nodes,
    /// losses, metrics, type specifications; and texts that are the source of a program. Bytecode is never executed; its names are shown.
    ///
    /// # Why it matters
    /// A loader makes what the configuration names. In HDF5 models the bytecode of a Lambda layer is taken as it
    /// is, whatever `safe_mode` says, and up to version 3.8 Keras imported any function of any module.
    /// Opening such a model runs its maker's program with your rights.
    ///
    /// # Example
    /// ```text
    /// model.keras!config.json /config/layers/1/config/function: carries Python bytecode; it names `os`, `system`
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. If you made it, write the Lambda layer as a class of your own, register it with
    /// `keras.saving.register_keras_serializable`, and save the model again as `.keras`. Load with a current Keras
    /// and leave `safe_mode` on.
    ///
    /// # Limits
    /// Bytecode is judged by the names that it takes from outside, in Python 2.7 to 3.14: when all of them are harmless it
    /// is a medium finding, a high one when it prints or asks, else, and when it cannot be read, a critical one. A class of the maker's own
    /// package is at most medium: its code is not in the file. Of YAML only lines are read. The graph of a
    /// `SavedModel` is another matter.
    ///
    /// # References
    /// CWE-502 (deserialization of untrusted data), CWE-94 (code injection); CVE-2024-3660, CVE-2025-1550,
    /// CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-49655, CVE-2026-1462, CVE-2021-37678; MITRE ATLAS
    /// AML.T0010.003, AML.T0011.000, AML.T0018.002; OWASP ML06:2023 and LLM03:2025; AI Act article 15(5).
    pub struct KerasCodeInConfig {
        code: "keras-code-in-config",
        title: "Keras model runs code when it is loaded",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::Cwe(94),
            Reference::advisory("CVE-2024-3660"),
            Reference::advisory("CVE-2025-1550"),
            Reference::advisory("CVE-2025-8747"),
            Reference::advisory("CVE-2025-9905"),
            Reference::advisory("CVE-2025-9906"),
            Reference::advisory("CVE-2025-49655"),
            Reference::advisory("CVE-2026-1462"),
            Reference::advisory("CVE-2021-37678"),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::atlas("AML.T0018.002"),
            Reference::owasp("ML06:2023"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://keras.io/guides/serialization_and_saving/"),
        ],
        user: "Opening this model would let whoever made it run programs on your computer. Do not open it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components, pre-trained ones included. A model whose description carries a program is such an attack through the supply chain. The evidence names the file by its digest, the place in its configuration and what the program names; a finding here cannot be waived.",
    }
}

impl EntryCheck for KerasCodeInConfig {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if let Some(archive) = entry.archive
                && entry.formats.contains(&Format::KerasZip)
            {
                concealed(file, entry, archive, sink);
            }
            if let Some(config) = config(entry, context.limits)? {
                Examination {
                    file,
                    entry,
                    config: &config,
                }
                .run(sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted-config.json",
            br#"{"class_name": "Sequential", "config": {"layers": [
                {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}]}}"#,
        )
    }
}

/// Configurations that are packed so that Python unpacks them, but scanners do not.
fn concealed(file: &ArtifactFile, entry: &Entry<'_>, archive: &zip::Archive, sink: &mut dyn Sink) {
    let is_config = |name: &str| name.rsplit('/').next() == Some("config.json");
    let members = archive
        .members
        .iter()
        .filter(|member| is_config(&member.name));
    for member in members.filter(|member| !matches!(member.method, 0 | 8)) {
        let message = format!(
            "`{}` is packed with method {}, which Keras reads but never writes, and which hides it from scanners",
            escape(&member.name, 160),
            member.method
        );
        let finding = KerasCodeInConfig::INFO.finding(message);
        sink.finding(
            finding
                .with_severity(Severity::High)
                .at(location(file, entry)),
        );
    }
}

/// How far from each other the settings of one layer may stand.
const NEAR: usize = 64;

/// One configuration.
struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    config: &'a Config,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) {
        for fault in &self.config.faults {
            sink.incomplete(format!(
                "`{}`: {fault}",
                place(self.file, self.entry.member)
            ));
        }
        for code in &self.config.code {
            sink.finding(self.code(code));
        }
        for object in &self.config.objects {
            if let Some(verdict) = names::judge(object) {
                let shown = name_of(object);
                let message = format!("names `{}`, which {}", escape(&shown, 160), verdict.why);
                sink.finding(
                    self.finding(message, &object.pointer, verdict.severity)
                        .with_identity(shown),
                );
            }
        }
        let code: BTreeSet<&str> = self
            .config
            .code
            .iter()
            .map(|code| code.pointer.as_str())
            .collect();
        for (index, text) in self.config.texts.iter().enumerate() {
            if code.contains(text.pointer.as_str()) {
                continue;
            }
            if let Some(verdict) = self.text(index, text) {
                let message = format!(
                    "the setting `{}` is `{}`, which {}",
                    escape(&text.key, 40),
                    escape(&text.value, 160),
                    verdict.why
                );
                sink.finding(self.finding(message, &text.pointer, verdict.severity));
            }
        }
        for tag in &self.config.tags {
            let message = format!(
                "the YAML tag `{}` makes the loader build a Python object",
                escape(tag, 160)
            );
            sink.finding(self.finding(message, "", Severity::Critical));
        }
        for pointer in &self.config.doubled {
            let message = format!(
                "the key at `{}` stands twice, so loaders differ in what they make",
                escape(pointer, 160)
            );
            sink.finding(self.finding(message, pointer, Severity::High));
        }
    }

    fn code(&self, code: &Code) -> Finding {
        let (severity, why) = judged(code.bytecode.as_ref());
        let (named, excerpt) = match &code.bytecode {
            Some(bytecode) => (
                listed(&bytecode.names(), "it names"),
                bytecode.texts().join(", "),
            ),
            None => (String::new(), String::new()),
        };
        let message = format!(
            "carries Python bytecode, which runs when the model is loaded or used{why}{named}"
        );
        let finding = self.finding(message, &code.pointer, severity);
        if excerpt.is_empty() {
            finding
        } else {
            finding.with_excerpt(&excerpt)
        }
    }

    /// Texts that name something to call.
    fn text(&self, index: usize, text: &Text) -> Option<Verdict> {
        let verdict = |severity, why: &str| {
            Some(Verdict {
                severity,
                why: why.to_owned(),
            })
        };
        if names::is_hostile_source(&text.value) {
            return verdict(Severity::High, "is the source of a program");
        }
        if names::is_module_that_acts(&text.key, &text.value) {
            return verdict(
                Severity::High,
                "is a module that runs programs or code, which no layer needs",
            );
        }
        let owner = text
            .owner
            .and_then(|index| self.config.objects.get(index))?;
        match (plain_class(&owner.class_name), text.key.as_str()) {
            ("Lambda", "function") if !is_identifier(&text.value) => {
                verdict(Severity::High, "is the source of a function, not its name")
            }
            ("Lambda", "function") => names::lambda(self.module_beside(index, text), &text.value)
                .or_else(|| {
                    verdict(
                        Severity::Medium,
                        "is a function that the loader looks up by its name",
                    )
                }),
            ("TFOpLambda", "function")
            | ("ClassMethod" | "InstanceMethod" | "InstanceProperty", "cls_ref") => {
                names::tensorflow_function(&text.value)
            }
            ("TensorFlowOpLayer", "node_def") => {
                let words = text
                    .value
                    .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                let risky = words.into_iter().any(names::is_file_operation);
                risky.then(|| Verdict {
                    severity: Severity::High,
                    why: "is an operation on files or one that runs Python".to_owned(),
                })
            }
            _ => None,
        }
    }

    /// The module that an old Lambda layer writes beside its function.
    fn module_beside(&self, index: usize, function: &Text) -> Option<&str> {
        let folder = function.pointer.rsplit_once('/')?.0;
        let beside = |text: &&Text| {
            text.owner == function.owner
                && text.key == "module"
                && text
                    .pointer
                    .rsplit_once('/')
                    .is_some_and(|(other, _)| other == folder)
        };
        // The settings of one layer are few, and stand together.
        let near = self
            .config
            .texts
            .iter()
            .skip(index.saturating_sub(NEAR))
            .take(2 * NEAR);
        let found = near.into_iter().find(beside)?;
        Some(found.value.as_str()).filter(|module| *module != "__main__")
    }

    fn finding(&self, message: String, pointer: &str, severity: Severity) -> Finding {
        let here = location(self.file, self.entry);
        let here = if pointer.is_empty() {
            here
        } else {
            here.at(Region::Pointer {
                pointer: pointer.to_owned(),
            })
        };
        KerasCodeInConfig::INFO
            .finding(message)
            .with_severity(severity)
            .at(here)
    }
}

/// How bad the code of a function is, and why: what it names decides.
fn judged(bytecode: Option<&Bytecode>) -> (Severity, String) {
    let Some(bytecode) = bytecode else {
        let why = "; it is not bytecode that can be read".to_owned();
        return (Severity::Critical, why);
    };
    let mut carried = Carried::default();
    for function in &bytecode.functions {
        carried.hear(function);
    }
    let harms = bytecode
        .functions
        .iter()
        .filter_map(|function| carried.harm(function));
    match harms.max_by_key(|harm| harm.severity) {
        Some(harm) => {
            let path = escape(&harm.path, 120);
            (
                Severity::Critical,
                format!("; it uses `{path}`, which {}", harm.clause),
            )
        }
        None if !bytecode.complete => (
            Severity::Critical,
            "; it cannot be read to its end".to_owned(),
        ),
        None => match speaks(bytecode) {
            Some(name) => (
                Severity::High,
                format!("; it does more than a layer that calculates: `{name}`"),
            ),
            None => (
                Severity::Medium,
                "; nothing harmful was found in it".to_owned(),
            ),
        },
    }
}

/// A built-in by which code shows itself to a person: no layer needs it, every proof of an attack does.
fn speaks(bytecode: &Bytecode) -> Option<&'static str> {
    let names = bytecode.names();
    ["print", "input", "breakpoint", "help"]
        .into_iter()
        .find(|wanted| names.contains(wanted))
}

/// What an object asks for, as a dotted name.
fn name_of(object: &Object) -> String {
    let name = match object.class_name.as_str() {
        "function" => object.function.as_ref().or(object.registered_name.as_ref()),
        "__typespec__" => object.spec_name.as_ref(),
        _ => None,
    };
    let name = name.unwrap_or(&object.class_name);
    match (&object.module, &object.registered_name) {
        (Some(module), _) => format!("{module}.{name}"),
        (None, Some(registered)) if registered.contains('>') => registered.clone(),
        _ => name.clone(),
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '>'))
}

/// The first names of a list, as the end of a sentence.
fn listed(names: &[&str], verb: &str) -> String {
    const SHOWN: usize = 8;
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", escape(name, 40)))
        .collect();
    let more = if names.len() > SHOWN { " and more" } else { "" };
    format!("; {verb} {}{more}", shown.join(", "))
}
