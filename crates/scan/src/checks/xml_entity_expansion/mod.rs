//! XML of models that attacks its parser or leads it to other files.

mod rules;

use tutela_core::{Artifact, Context, Error, Reference, Scratch, declare_check};
use tutela_formats::{Format, xml};

use crate::config::report;
use crate::inside::place;
use crate::together::{EntryCheck, Visitor};
use rules::judge;

declare_check! {
    /// XML of models that attacks its parser or leads it to other files.
    ///
    /// # What it finds
    /// In XML files such as PMML and OpenVINO models: entities that refer to files or addresses, entities that
    /// stand for far more text than they hold (a "billion laughs"), document types outside of the file,
    /// `XInclude`, encodings that hide a document from whoever reads its bytes (EBCDIC, UTF-7), and in PMML and OpenVINO models scripts, program libraries and paths that lead out of the folder.
    ///
    /// # Why it matters
    /// A parser that resolves external entities sends the attacker files of the machine or calls addresses in its
    /// network; one that expands a bomb uses all memory. Models in XML are read by tools that nobody expects
    /// to open a connection.
    ///
    /// # Example
    /// ```text
    /// model.pmml bytes 60..104: the entity `x` refers to `file:///etc/passwd`
    /// ```
    ///
    /// # How to fix
    /// Delete the file, or remove the document type declaration: neither PMML nor OpenVINO needs one. Read XML with a
    /// parser that refuses DTDs, such as Python's `defusedxml`.
    ///
    /// # Limits
    /// Documents longer than 64 MiB are not read, nor those in encodings that are not known. What a referenced DTD would declare is not known. HTML is not looked at.
    ///
    /// # References
    /// CWE-611 (improper restriction of XML external entity reference), CWE-776 (XML entity expansion), CWE-918;
    /// MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5); the OWASP cheat sheet on XXE.
    pub struct XmlEntityExpansion {
        code: "xml-entity-expansion",
        title: "XML attacks its parser or leads it to other files",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(611),
            Reference::Cwe(776),
            Reference::Cwe(918),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html"),
        ],
        user: "Opening this model could send files of your computer to a stranger or make the computer stop. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter or disable them through their components. A model file that reads other files or exhausts memory when it is opened is such an attempt. The evidence names the file by its digest and the declaration by its place.",
    }
}

impl EntryCheck for XmlEntityExpansion {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if !entry.formats.contains(&Format::Xml) {
                return Ok(());
            }
            let document = xml::read(entry.bytes, context.limits)?;
            if let Some(why) = &document.unread {
                sink.incomplete(format!("`{}`: {why}", place(file, entry.member)));
            }
            report(&Self::INFO, judge(&document), (file, entry), sink);
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let document = br#"<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY planted SYSTEM "file:///planted">]><PMML>&planted;</PMML>"#;
        scratch.write("planted.pmml", document)
    }
}
