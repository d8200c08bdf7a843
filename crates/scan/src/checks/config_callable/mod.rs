//! Configurations that name what a loader will call: Hydra targets, YAML tags of Python, code as text.

mod rules;
mod yolo;

use tutela_core::{Artifact, Context, Error, Reference, Scratch, declare_check};

use crate::config::{document, report};
use crate::together::{EntryCheck, Visitor};
use rules::{WORDS, judge};

declare_check! {
    /// Configurations that make a loader call functions that run code.
    ///
    /// # What it finds
    /// Names of callables in JSON and YAML, also inside NeMo and other archives, judged by the same table as
    /// the imports of a pickle: Hydra's `_target_`, `class_path` and their like that name `os.system`,
    /// `builtins.exec`, `torch.load` or anything else that starts programs, runs or loads code, talks over the
    /// network or touches files; YAML tags such as `!!python/object/apply:os.system`; texts that are Python code
    /// such as `__import__('os').system(…)`; the `download` of a data set for YOLO, which is run; layers of a
    /// YOLO model (`[-1, 1, os.system, ["…"]]`), whose names and texts are evaluated. Names that are not known to be harmless are medium findings.
    ///
    /// # Why it matters
    /// Hydra calls whatever `_target_` names, with the arguments that stand beside it, and `yaml.load` with an
    /// unsafe loader does the same for tags. A `.nemo` file is a tar archive whose `model_config.yaml` is used
    /// that way when the model is restored: no pickle is needed to run a program.
    ///
    /// # Example
    /// ```text
    /// model.nemo!model_config.yaml bytes 30..39: `_target_` calls `os.system`, which can start programs
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. Find out where the file came from and who loaded it. For a medium finding, read
    /// what the named class does; allow-list targets before you instantiate them, and use `yaml.safe_load`.
    ///
    /// # Limits
    /// The effect of a name comes from a table, not from the library's code. Interpolations that build a name
    /// are not resolved. Keys of loaders that nobody has described are judged only when they name what runs code.
    ///
    /// # References
    /// CWE-470 (use of externally-controlled input to select classes or code), CWE-502, CWE-94;
    /// CVE-2025-23304 (NeMo); MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000; OWASP
    /// LLM03:2025; AI Act article 15(5); Hydra's documentation of `instantiate`.
    pub struct ConfigCallable {
        code: "config-callable",
        title: "configuration makes the loader call what runs code",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(470),
            Reference::Cwe(502),
            Reference::Cwe(94),
            Reference::advisory("CVE-2025-23304"),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://hydra.cc/docs/advanced/instantiate_objects/overview/"),
        ],
        user: "The settings that come with this model tell the computer to start a program. Opening the model would let its maker do what you can do. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. Settings that start programs are such an attack in a file that looks harmless to people and to most scanners. The evidence names the file by its digest and the entry by its place; a finding here cannot be waived.",
    }
}

impl EntryCheck for ConfigCallable {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if let Some(document) = document((file, entry), context, WORDS, sink)? {
                report(&Self::INFO, judge(&document), (file, entry), sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let config = b"model:\n  _target_: os.system\n  _args_: [echo inert]\n";
        scratch.write("planted/model_config.yaml", config)
    }
}
