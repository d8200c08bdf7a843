//! Configurations that make a loader run Python code which is not a library's.

mod rules;

use tutela_core::{Artifact, Context, Error, Reference, Scratch, declare_check};
use tutela_formats::Format;

use crate::beside::{Beside, Code};
use crate::config::{Remark, document, name_of, report};
use crate::together::{EntryCheck, Visitor};
use rules::{Around, WORDS, judge};

declare_check! {
    /// Configurations that make a loader run Python code which is not a library's.
    ///
    /// # What it finds
    /// Entries of JSON and YAML configurations that name code beside the weights or in another repository:
    /// `auto_map` and `custom_pipelines` of transformers, `trust_remote_code`, components and pipelines in a
    /// diffusers `model_index.json` that are not of a known library, modules in a sentence-transformers
    /// `modules.json` that are not of its library, an MLflow `loader_module` of its own, a `model_file` of mlx-lm, an
    /// implementation (`_attn_implementation_internal` and the like) that is a repository, and
    /// `custom_generate/generate.py`, which needs no entry. Keys may stand twice, be escaped or lie at any depth; files
    /// are told by content and looked for in archives too.
    ///
    /// Python files beside the configuration, and what they import from there, are read. Code that starts programs,
    /// runs text as code, sends something away, or does anything with the network as soon as it is loaded, is a high
    /// finding; code that does none of that is a medium one. Code that is not there, or lies in another repository, is
    /// high: what will run is decided later, by somebody else.
    ///
    /// # Why it matters
    /// A model directory with only safetensors in it looks safe, but one line in `config.json` is enough:
    /// the loader imports the named Python file, from the directory or from a repository that its owner can
    /// change later, and everything in it runs with the user's rights.
    ///
    /// # Example
    /// ```text
    /// config.json bytes 120..160: `auto_map` makes the loader import `modeling_x.Model`, code that comes with the model
    /// ```
    ///
    /// # How to fix
    /// Prefer a model whose architecture is part of the library, and remove the entry. If you need the code,
    /// read it, copy it into your own repository, pin the revision, and never pass `trust_remote_code=True`
    /// for a repository that you have not read.
    ///
    /// # Limits
    /// Code is read, not run: a function whose name is put together from texts is seen only for `getattr`. Code in an
    /// archive beside its configuration counts as absent, and so does code longer than 8 MiB. Libraries that loaders
    /// know by name are taken as honest. Configurations longer than 64 MiB (YAML: 4 MiB) are not read.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-94; MITRE ATLAS
    /// AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); OWASP LLM03:2025;
    /// AI Act article 15(5); the transformers documentation of custom models.
    pub struct RemoteCodeConfig {
        code: "remote-code-config",
        title: "configuration makes the loader run code that comes with the model",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(94),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://huggingface.co/docs/transformers/custom_models"),
        ],
        user: "Opening this model would also run a program that its maker wrote. Whoever made it, or takes over its page, can do with your computer what you can do. Ask for a version without a program.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A configuration that fetches and runs code makes the provider's control depend on a third party, who can change it after the assessment. The evidence names the file by its digest and the entry by its place.",
    }
}

impl EntryCheck for RemoteCodeConfig {
    fn begin<'a>(&self, artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.member.is_none() && is_generation(&file.path) {
                let code = Beside::new(&file.path, &artifact.files).code("generate", &[]);
                let remark = generation(&code, entry.bytes.len());
                sink.finding(remark.finding(&Self::INFO, file, entry));
            }
            let Some(document) = document((file, entry), context, WORDS, sink)? else {
                return Ok(());
            };
            // Beside an archive lies nothing that what is packed in it would import.
            let files = match entry.member {
                None => artifact.files.as_slice(),
                Some(_) => &[],
            };
            let around = Around {
                name: name_of(file, entry),
                is_yaml: !entry.formats.contains(&Format::Json),
                beside: Beside::new(&file.path, files),
            };
            let remarks = judge(&document, &around);
            report(&Self::INFO, remarks, (file, entry), sink);
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let config =
            br#"{"model_type": "planted", "auto_map": {"AutoModel": "modeling_planted.Planted"}}"#;
        scratch.write("planted/config.json", config)
    }
}

/// Whether transformers runs a file by its place, with no entry in any configuration (`custom_generate`).
fn is_generation(path: &str) -> bool {
    path == "custom_generate/generate.py" || path.ends_with("/custom_generate/generate.py")
}

fn generation(code: &Code, length: u64) -> Remark {
    let found = match code {
        Code::Harmless(_) => "nothing harmful was found in it".to_owned(),
        Code::Harmful { what, .. } => format!("it {what}"),
        _ => "it could not be read to its end".to_owned(),
    };
    Remark {
        severity: code.severity(),
        message: format!("transformers runs this file when the model generates text; {found}"),
        region: (0, length),
    }
}
