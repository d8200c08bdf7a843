//! Safetensors headers that break the format's rules.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check,
};
use tutela_formats::safetensors::{self, Fault};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Safetensors headers that break the format's rules.
    ///
    /// # What it finds
    /// Headers longer than the file or than readers accept, text that is not UTF-8 or JSON, keys that
    /// stand twice, types that do not exist, shapes that overflow or do not fit their bytes, tensors that
    /// overlap or lie outside the file, bytes that no tensor covers, `__metadata__` that is not text, and a
    /// file called `.safetensors` that is something else.
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
    /// Only the header is read: the values of the weights are not judged. Types newer than the table are
    /// reported as unknown, at medium. Formats other than safetensors are other checks' business.
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
        Box::new(move |file, entry, sink| examine(file, entry, context, sink))
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let header = br#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"w and a tail that no tensor covers");
        scratch.write("planted.safetensors", &bytes)
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let here = || location(file, entry);
    let name = entry.member.unwrap_or(&file.path);
    if !entry.formats.contains(&Format::Safetensors) {
        if claims_to_be(name) {
            sink.finding(misnamed(entry).at(here()));
        }
        return Ok(());
    }
    let header = safetensors::read(entry.bytes, context.limits)?;
    let region = Region::Bytes {
        start: 0,
        end: header.length.saturating_add(8).min(entry.bytes.len()),
    };
    for fault in header.faults {
        if let Fault::Unread(_) = fault {
            sink.incomplete(format!("`{}`: {fault}", place(file, entry.member)));
            continue;
        }
        sink.finding(
            SafetensorsHeader::INFO
                .finding(fault.to_string())
                .with_severity(severity(&fault))
                .at(here().at(region.clone())),
        );
    }
    Ok(())
}

fn claims_to_be(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}

fn misnamed(entry: &Entry<'_>) -> tutela_core::Finding {
    let what = entry
        .formats
        .first()
        .map_or("of no known format", |format| format.name());
    SafetensorsHeader::INFO.finding(format!(
        "the file is called safetensors but its content is something else: {what}"
    ))
}

/// A reader that keeps the rules refuses the file; what conceals or exhausts is worse than what is untidy.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Padding
        | Fault::Start(_)
        | Fault::Metadata
        | Fault::UnknownField { .. }
        | Fault::Dtype { .. } => Severity::Medium,
        _ => Severity::High,
    }
}
