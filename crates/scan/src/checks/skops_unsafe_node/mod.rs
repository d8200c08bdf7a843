//! Nodes of a skops file that name what runs code.

mod rules;

use tutela_core::{Artifact, Context, Error, Reference, Scratch, declare_check};

use crate::config::{document, report};
use crate::together::{EntryCheck, Visitor};
use rules::{WORDS, judge};

declare_check! {
    /// Nodes of a skops file that name what runs code.
    ///
    /// # What it finds
    /// In the `schema.json` of a `.skops` archive: nodes whose class or function starts programs, runs or
    /// loads code, talks over the network or touches files, judged by the same table as the imports of a
    /// pickle; `operator.methodcaller` and other functions in an `OperatorFuncNode`; methods with private
    /// names and methods of an object that is not of the class that the node claims; nodes whose loader builds
    /// something else than the class they show; loaders that skops does not have.
    ///
    /// # Why it matters
    /// skops shows a list of types before loading, and asks for trust. Versions before 0.12 could be shown one
    /// harmless type while the node built another, and then ran the attacker's code (CVE-2025-54412,
    /// CVE-2025-54413).
    ///
    /// # Example
    /// ```text
    /// model.skops!schema.json bytes 10..90: an `OperatorFuncNode` makes `operator.methodcaller`, which calls methods by name
    /// ```
    ///
    /// # How to fix
    /// Do not load the file and do not add its types to `trusted`. Update skops. For a medium finding, read what
    /// the named class does when its state is set.
    ///
    /// # Limits
    /// The effect of a name comes from a table. Arrays of objects inside the archive are pickles and are judged by
    /// the pickle check.
    ///
    /// # References
    /// CWE-502 (deserialization of untrusted data), CWE-351 (insufficient type distinction); CVE-2025-54412,
    /// CVE-2025-54413, CVE-2025-54886; MITRE ATLAS AML.T0010.003 (supply chain compromise: model); OWASP ML06:2023; AI
    /// Act article 15(5); skops's documentation of secure persistence.
    pub struct SkopsUnsafeNode {
        code: "skops-unsafe-node",
        title: "skops file names what runs code",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::Cwe(351),
            Reference::advisory("CVE-2025-54412"),
            Reference::advisory("CVE-2025-54413"),
            Reference::advisory("CVE-2025-54886"),
            Reference::atlas("AML.T0010.003"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
            Reference::link("https://skops.readthedocs.io/en/stable/persistence.html"),
        ],
        user: "This model is in a format that is meant to be safe, but it asks the computer to run something that no model needs. Opening it would let its maker do what you can do. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A file that misuses a safe format defeats the control that the provider relies on. The evidence names the file by its digest and the node by its place; a finding here cannot be waived.",
    }
}

impl EntryCheck for SkopsUnsafeNode {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if let Some(document) = document((file, entry), context, WORDS, sink)? {
                report(&Self::INFO, judge(&document), (file, entry), sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let schema = br#"{"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 1}"#;
        scratch.write("planted/schema.json", schema)
    }
}
