//! ONNX files that break the rules of their encoding.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check,
};
use tutela_formats::Entry;
use tutela_formats::onnx::Fault;

use crate::claims::{Claim, claim, concealed};
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// ONNX files that break the rules of their encoding.
    ///
    /// # What it finds
    /// Bytes behind the model or inside a message that are no field, fields that do not exist or are written
    /// as another type, fields that stand twice where the format allows one, shapes that overflow, tensors
    /// whose bytes do not fit their shape, metadata that starts programs or runs code, and a file called `.onnx` that is something else. What lies in bytes
    /// that readers step over is named when it is a program, a pickle or an archive. In models that onnxruntime made
    /// of ONNX ones (`.ort`): offsets that leave the file, numbers of nodes that leave their list, and the same of shapes,
    /// tensors and metadata.
    ///
    /// # Why it matters
    /// ONNX is a protocol buffer, and readers of those step over what they do not know and merge what stands
    /// twice, each in its own way. So one signed file can show a harmless operator to a scanner and another to
    /// the program that runs it, or carry a payload that nobody looks at. A wrong shape makes a careless reader
    /// read or write past its memory.
    ///
    /// # Example
    /// ```text
    /// model.onnx bytes 120..180: field 99 of a model does not exist, and its 60 bytes are stepped over
    /// ```
    ///
    /// # How to fix
    /// Get the file again from its origin and compare digests. If you made it, export it again: no library
    /// writes such a file. Loading it and saving it again would hide what it was.
    ///
    /// # Limits
    /// Fields that a later version of ONNX may have added are reported at medium. The values of the weights and
    /// the meaning of the graph are not judged.
    ///
    /// # References
    /// CWE-436 (interpretation conflict), CWE-1284 (improper validation of specified quantity); MITRE ATLAS
    /// AML.T0010.003 (supply chain compromise: model); AI Act article 15(5); `onnx.proto`.
    pub struct OnnxStructure {
        code: "onnx-structure",
        title: "ONNX file breaks the rules of its encoding",
        severity: High,
        class: Integrity,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(436),
            Reference::Cwe(1284),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"),
        ],
        user: "The file that holds this model is damaged or has been tampered with. Two programs may run two different models from it, so nobody can say which one decides about you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to alter a system through its components. A model file in which programs see different contents, or which carries bytes that none of them looks at, cannot be attested: tests of one reading say nothing about the other.",
    }
}

impl EntryCheck for OnnxStructure {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            Examination {
                file,
                entry,
                context,
            }
            .run(sink)
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // ModelProto { ir_version: 9, graph { node { op_type: "Relu" } } }, then field 99.
        scratch.write(
            "planted.onnx",
            b"\x08\x09\x3a\x08\x0a\x06\x22\x04Relu\x9a\x06\x07payload",
        )
    }
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if !self.entry.formats.iter().any(|format| format.is_onnx()) {
            return self.misnamed(sink);
        }
        let model = self.entry.onnx(self.context.limits)?;
        for fault in &model.faults {
            self.tell(fault, sink)?;
        }
        for (key, text) in &model.metadata {
            if let Some(message) = signs::in_description(key, text) {
                let here = location(self.file, self.entry);
                sink.finding(OnnxStructure::INFO.finding(message).at(here));
            }
        }
        Ok(())
    }

    fn tell(&self, fault: &Fault, sink: &mut dyn Sink) -> io::Result<()> {
        let Some((start, end)) = fault.place() else {
            let place = place(self.file, self.entry.member);
            sink.incomplete(format!("`{place}`: {fault}"));
            return Ok(());
        };
        let mut message = fault.to_string();
        let mut severity = severity(fault);
        let hidden = match fault {
            Fault::Unknown { from, end, .. } => Some((*from, *end)),
            Fault::Malformed(at) => Some((*at, self.entry.bytes.len())),
            _ => None,
        };
        if let Some((from, to)) = hidden {
            let what = concealed(self.entry.bytes, from, to, self.context.limits)?;
            if !what.is_empty() {
                severity = Severity::High;
                message.push_str(&what);
            }
        }
        sink.finding(
            OnnxStructure::INFO
                .finding(message)
                .with_severity(severity)
                .at(location(self.file, self.entry).at(Region::Bytes { start, end })),
        );
        Ok(())
    }

    fn misnamed(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let name = self.entry.member.unwrap_or(&self.file.path);
        match claim(name, "onnx", self.entry)? {
            Claim::Kept => {}
            Claim::Pointer => sink.incomplete(format!(
                "`{}` is only a pointer to a file kept elsewhere",
                place(self.file, self.entry.member)
            )),
            Claim::Broken(what) => sink.finding(
                OnnxStructure::INFO
                    .finding(format!(
                        "the file is called onnx but its content is something else: {what}"
                    ))
                    .at(location(self.file, self.entry)),
            ),
        }
        Ok(())
    }
}

/// No library writes any of these; only a field of a later version may be one that is not known yet.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Unknown {
            plausible: true, ..
        }
        | Fault::UnknownType { kind: ..64, .. }
        | Fault::Elsewhere { .. } => Severity::Medium,
        _ => Severity::High,
    }
}
