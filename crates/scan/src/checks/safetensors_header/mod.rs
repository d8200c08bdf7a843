//! Safetensors headers that break the format's rules.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::safetensors::Fault;
use tutela_formats::{Entry, Format};

use crate::claims::{Claim, claim, concealed, program};
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Safetensors headers that break the format's rules.
    ///
    /// # What it finds
    /// Headers longer than the file or than readers accept, text that is not UTF-8 or JSON, keys that
    /// stand twice, types that do not exist, shapes that overflow or do not fit their bytes, tensors that
    /// overlap or lie outside the file, bytes that no tensor covers and what lies in them, tensors whose bytes
    /// are a program, `__metadata__` that is not text, names with control characters, fields that do not exist,
    /// and a file called `.safetensors` that is something else.
    ///
    /// # Why it matters
    /// The format is safe because its rules leave no room: every byte belongs to one tensor. A gap or a tail
    /// can carry a payload past a scanner; overlapping tensors and doubled keys let two readers load two
    /// different models from one signed file; a huge length exhausts the memory of a careless reader.
    ///
    /// # Example
    /// ```text
    /// model.safetensors bytes 0..96: 4096 bytes follow the last tensor
    /// ```
    ///
    /// # How to fix
    /// Get the file again from its origin and compare digests. If you made it, save it again with the
    /// reference library. Never "repair" a header by hand: what the extra bytes were for is the question.
    ///
    /// # Limits
    /// The header and the first bytes of each tensor are read: the values of the weights are not judged. Types
    /// newer than the table are reported as unknown, at medium when their name and size agree. Texts in
    /// `__metadata__` are judged by whether they start programs or run code, not by what they say. Formats other than safetensors are other checks' business.
    ///
    /// # References
    /// CWE-1284 (improper validation of specified quantity), CWE-20; MITRE ATLAS AML.T0010.003 (supply chain
    /// compromise: model); AI Act article 15(5); the format's description in the safetensors repository.
    pub struct SafetensorsHeader {
        code: "safetensors-header",
        title: "safetensors header breaks the format's rules",
        severity: High,
        class: Integrity,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(1284),
            Reference::Cwe(20),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/huggingface/safetensors#format"),
        ],
        user: "The file that holds this model is damaged or has been tampered with. Two programs may read two different models from it, so nobody can say which one decides about you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to alter a system through its components. A model file in which readers can see different contents cannot be attested: the evidence of tests made on one reading says nothing about the other.",
    }
}

impl EntryCheck for SafetensorsHeader {
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
        let header = br#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"w and a tail that no tensor covers");
        scratch.write("planted.safetensors", &bytes)
    }
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if !self.entry.formats.contains(&Format::Safetensors) {
            return self.misnamed(sink);
        }
        let header = self.entry.safetensors(self.context.limits)?;
        let buffer = header.length.saturating_add(8);
        for fault in &header.faults {
            self.tell(fault, buffer, sink)?;
        }
        for (key, text) in &header.metadata {
            if let Some(message) = signs::in_description(key, text) {
                sink.finding(self.finding(0, buffer.min(self.entry.bytes.len()), message));
            }
        }
        for tensor in &header.tensors {
            let start = buffer.saturating_add(tensor.start);
            if tensor.end > tensor.start
                && let Some(program) = program(self.entry.bytes, start)?
            {
                let name = escape(&tensor.name, 200);
                let message = format!(
                    "the bytes of tensor `{name}` are something else: {}",
                    program.name()
                );
                let end = buffer.saturating_add(tensor.end);
                sink.finding(self.finding(start, end, message));
            }
        }
        Ok(())
    }

    fn misnamed(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let name = self.entry.member.unwrap_or(&self.file.path);
        match claim(name, "safetensors", self.entry)? {
            Claim::Kept => {}
            Claim::Pointer => sink.incomplete(format!(
                "`{}` is only a pointer to a file kept elsewhere",
                place(self.file, self.entry.member)
            )),
            Claim::Broken(what) => sink.finding(
                SafetensorsHeader::INFO
                    .finding(format!(
                        "the file is called safetensors but its content is something else: {what}"
                    ))
                    .at(location(self.file, self.entry)),
            ),
        }
        Ok(())
    }

    fn tell(&self, fault: &Fault, buffer: u64, sink: &mut dyn Sink) -> io::Result<()> {
        let length = self.entry.bytes.len();
        let (start, end) = match fault {
            Fault::Unread(_) => {
                let place = place(self.file, self.entry.member);
                sink.incomplete(format!("`{place}`: {fault}"));
                return Ok(());
            }
            Fault::Gap { start, end } => {
                (buffer.saturating_add(*start), buffer.saturating_add(*end))
            }
            Fault::Trailing(bytes) => (length.saturating_sub(*bytes), length),
            _ => (0, buffer.min(length)),
        };
        let mut message = fault.to_string();
        if let Fault::Gap { .. } | Fault::Trailing(_) = fault {
            message.push_str(&concealed(
                self.entry.bytes,
                start,
                end,
                self.context.limits,
            )?);
        }
        sink.finding(
            self.finding(start, end, message)
                .with_severity(severity(fault)),
        );
        Ok(())
    }

    fn finding(&self, start: u64, end: u64, message: String) -> Finding {
        SafetensorsHeader::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(Region::Bytes { start, end }))
    }
}

/// The reference library cannot write any of these; only what it reads and newer types are milder.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Padding { blank: true } | Fault::Dtype { fits: true, .. } => Severity::Medium,
        _ => Severity::High,
    }
}
