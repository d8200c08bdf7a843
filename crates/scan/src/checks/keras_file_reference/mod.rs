//! Keras models that name files or addresses to read.

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::keras::{Config, Text};
use tutela_formats::{Entry, Format, zip};

use super::onnx_external_data::place;
use crate::inside::location;
use crate::keras::{config, name_in_archive, plain_class};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Keras models that name files or addresses to read.
    ///
    /// # What it finds
    /// A `vocabulary` that is a path instead of a list of words (`StringLookup`, `IntegerLookup`,
    /// `TextVectorization`); other settings of layers that are absolute paths, lead up through `..`, or are
    /// addresses; members of a `.keras` archive that would be unpacked outside its folder; and programs or pickles
    /// among them, which Keras never writes.
    ///
    /// # Why it matters
    /// A loader opens the named file with its own rights. The words of a vocabulary can be asked for again, so a
    /// model can carry off a password file, or make a server fetch an address inside its network.
    ///
    /// # Example
    /// ```text
    /// model.keras!config.json /config/layers/1/config/vocabulary: StringLookup reads `/etc/passwd`, which is an absolute path
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. If you made it, give the layer its words as a list and save the model again; use Keras
    /// 3.12 or later, which refuses paths.
    ///
    /// # Limits
    /// A relative path is a medium finding: old versions wrote one where the vocabulary came from a file. Which
    /// setting of a layer of your own is a path is told by its name.
    ///
    /// # References
    /// CWE-73 (external control of file name or path), CWE-22 (path traversal), CWE-918 (server-side request
    /// forgery); CVE-2025-12058; MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5).
    pub struct KerasFileReference {
        code: "keras-file-reference",
        title: "Keras model reads files or addresses of its maker's choice",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(73),
            Reference::Cwe(22),
            Reference::Cwe(918),
            Reference::advisory("CVE-2025-12058"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
        ],
        user: "This model tells the program that runs it to read other files or addresses. It could give out passwords or other people's data as if they were its answers.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model that makes its loader open files or addresses of the attacker's choice is such an exploit, and may be a breach of personal data. The evidence names the layer and the path.",
    }
}

impl EntryCheck for KerasFileReference {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let examination = Examination { file, entry };
            if let Some(archive) = entry.archive
                && entry.formats.contains(&Format::KerasZip)
            {
                examination.members(archive, sink);
            }
            if let Some(name) = name_in_archive(entry) {
                examination.member(name, sink);
            }
            if let Some(config) = config(entry, context.limits)? {
                examination.texts(&config, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted-config.json",
            br#"{"class_name": "StringLookup", "config": {"vocabulary": "/etc/hostname"}}"#,
        )
    }
}

/// One file, or one part of it.
struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
}

impl Examination<'_> {
    fn texts(&self, config: &Config, sink: &mut dyn Sink) {
        for text in &config.texts {
            let owner = text.owner.and_then(|index| config.objects.get(index));
            let class = owner.map_or("", |object| plain_class(&object.class_name));
            if let Some((severity, why)) = judge(class, text) {
                let message = format!(
                    "{} reads `{}`, which {why}",
                    shown_class(class),
                    escape(&text.value, 160)
                );
                let pointer = Region::Pointer {
                    pointer: text.pointer.clone(),
                };
                sink.finding(
                    self.finding(message)
                        .with_severity(severity)
                        .at(location(self.file, self.entry).at(pointer)),
                );
            }
        }
    }

    fn members(&self, archive: &zip::Archive, sink: &mut dyn Sink) {
        for member in &archive.members {
            let names = [Some(&member.name), member.local_name.as_ref()];
            let wrong = names
                .into_iter()
                .flatten()
                .find_map(|name| Some((name, place::judge(name).err()?)));
            if let Some((name, wrong)) = wrong {
                let message = format!(
                    "the archive holds `{}`, which {}",
                    escape(name, 160),
                    wrong.why
                );
                sink.finding(self.finding(message));
            }
        }
    }

    fn member(&self, name: &str, sink: &mut dyn Sink) {
        let odd = |format: &&Format| {
            format.is_program()
                || matches!(
                    format,
                    Format::Pickle | Format::TorchLegacy | Format::TorchZip | Format::TorchScript
                )
        };
        if let Some(format) = self.entry.formats.iter().find(odd) {
            let message = format!("the archive holds a {format}, which Keras never writes");
            sink.finding(self.finding(message).with_severity(Severity::Medium));
        } else if is_program_name(name) {
            let message = format!(
                "the archive holds a program, `{}`, which Keras never writes",
                escape(name, 160)
            );
            sink.finding(self.finding(message));
        }
    }

    fn finding(&self, message: String) -> Finding {
        KerasFileReference::INFO
            .finding(message)
            .at(location(self.file, self.entry))
    }
}

fn shown_class(class: &str) -> String {
    if class.is_empty() {
        "the configuration".to_owned()
    } else {
        escape(class, 60)
    }
}

/// Names that Python, the system or a browser takes for a program.
fn is_program_name(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending)
        .to_ascii_lowercase();
    matches!(
        ending.as_str(),
        "bat"
            | "cmd"
            | "com"
            | "dll"
            | "dylib"
            | "exe"
            | "jar"
            | "js"
            | "pkl"
            | "ps1"
            | "pth"
            | "py"
            | "pyc"
            | "pyd"
            | "pyo"
            | "sh"
            | "so"
            | "vbs"
    )
}

/// Settings that are paths or addresses by their names.
fn is_path_key(key: &str) -> bool {
    matches!(
        key,
        "cache_dir"
            | "cache_subdir"
            | "checkpoint"
            | "directory"
            | "export_dir"
            | "file"
            | "file_name"
            | "file_path"
            | "filename"
            | "filepath"
            | "fname"
            | "handle"
            | "idf_weights"
            | "log_dir"
            | "model_path"
            | "origin"
            | "path"
            | "saved_model_path"
            | "url"
            | "uri"
            | "vocab_file"
            | "vocabulary"
            | "vocabulary_file"
            | "vocabulary_path"
            | "weights_path"
    )
}

fn judge(class: &str, text: &Text) -> Option<(Severity, String)> {
    let is_lookup = matches!(
        class,
        "StringLookup" | "IntegerLookup" | "IndexLookup" | "TextVectorization"
    );
    let is_vocabulary = is_lookup
        && matches!(
            text.key.as_str(),
            "vocabulary" | "input_vocabulary" | "idf_weights"
        );
    if text.listed || text.value.is_empty() || !(is_vocabulary || is_path_key(&text.key)) {
        return None;
    }
    let lower = text.value.to_ascii_lowercase();
    match place::judge(&text.value) {
        Err(_) if !is_vocabulary && lower.starts_with("https://") => {
            Some((Severity::Medium, "is an address on the network".to_owned()))
        }
        Err(wrong) => Some((Severity::High, wrong.why)),
        Ok(()) if text.value.starts_with('~') || lower.starts_with("file:") => {
            Some((Severity::High, "leads out of the model's folder".to_owned()))
        }
        Ok(()) if is_vocabulary => Some((
            Severity::Medium,
            "is a file, not a list of words".to_owned(),
        )),
        Ok(()) => None,
    }
}
