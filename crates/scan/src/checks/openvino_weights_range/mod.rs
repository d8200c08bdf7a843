//! `OpenVINO` models whose weights lie outside of their file.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Sink,
    declare_check, escape,
};
use tutela_formats::xml::{self, Element};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// OpenVINO models whose weights lie outside of their file.
    ///
    /// # What it finds
    /// In the `.xml` of an OpenVINO model: constants whose place in the `.bin` file is negative, overflows, or
    /// is no number; whose size is not what their type and shape need; and, where the `.bin` file lies beside it,
    /// constants that reach beyond its end.
    ///
    /// # Why it matters
    /// The runtime is written in C++ and takes weights from the memory that the `.bin` file is mapped into, at the
    /// place and in the size that the `.xml` names. A place outside of it is memory of the program: it is read into
    /// the model, or the program breaks. A size that does not fit its shape makes a kernel read on behind the weights.
    ///
    /// # Example
    /// ```text
    /// model.xml bytes 180..262: constant at 4096 of 64 bytes reaches beyond `model.bin`, which has 4100 bytes
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. Get both files again from one origin and compare digests; the usual accident is
    /// a `.bin` of another model, or one that was not downloaded to its end.
    ///
    /// # Limits
    /// Types that are not known, and texts, are compared with the file only. A `.bin` file under another name is not
    /// looked for. Constants may share bytes, as the converter itself lets equal ones do.
    ///
    /// # References
    /// CWE-125 (out-of-bounds read), CWE-190 (integer overflow), CWE-1284 (improper validation of specified quantity);
    /// MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5); OpenVINO's description of its
    /// format.
    pub struct OpenvinoWeightsRange {
        code: "openvino-weights-range",
        title: "OpenVINO weights lie outside of their file",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(125),
            Reference::Cwe(190),
            Reference::Cwe(1284),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://docs.openvino.ai/2025/documentation/openvino-ir-format.html"),
        ],
        user: "The files that hold this model do not fit each other, or were made to break the program that opens them. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model that takes its weights from outside of its own files is such an attempt, or is not the model that was tested. The evidence names the file by its digest and the constant by its place.",
    }
}

impl EntryCheck for OpenvinoWeightsRange {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Xml) {
                examine((file, entry), context, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let layer = r#"<layer id="0" type="Const"><data element_type="f32" shape="4" offset="-16" size="16"/></layer>"#;
        let text = format!(r#"<?xml version="1.0"?><net name="m"><layers>{layer}</layers></net>"#);
        scratch.write("planted.xml", text.as_bytes())
    }
}

fn examine(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let document = xml::read(entry.bytes, context.limits)?;
    if document.root != "net" {
        return Ok(());
    }
    if let Some(why) = &document.unread {
        sink.incomplete(format!("`{}`: {why}", place(file, entry.member)));
    }
    let weights = match entry.member {
        None => weights(file, context),
        Some(_) => None,
    };
    for element in &document.ranges {
        if let Some(why) = judge(element, weights.as_ref()) {
            sink.finding(finding((file, entry), element, why));
        }
    }
    Ok(())
}

/// The name and size of the file of weights: listed in the project, or on the disk.
fn weights(file: &ArtifactFile, context: &Context<'_>) -> Option<(String, u64)> {
    let path = format!("{}.bin", file.path.strip_suffix(".xml")?);
    let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let artifacts = context.artifacts.iter();
    let mut files = artifacts.flat_map(|artifact| &artifact.files);
    let listed = files.find(|file| file.path == path).map(ArtifactFile::size);
    let size = listed.or_else(|| {
        let metadata = std::fs::metadata(file.source.with_file_name(&name)).ok()?;
        metadata.is_file().then_some(metadata.len())
    });
    size.map(|size| (escape(&name, 120), size))
}

/// What is wrong with the place of a constant.
fn judge(element: &Element, weights: Option<&(String, u64)>) -> Option<String> {
    let value = |key: &str| {
        let mut attributes = element.attributes.iter();
        attributes
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.trim())
    };
    let (offset, size) = (value("offset")?, value("size")?);
    let number = |text: &str| text.parse::<u64>().ok();
    let (Some(start), Some(length)) = (number(offset), number(size)) else {
        return Some(format!(
            "constant at `{}` of `{}` bytes: no place in a file",
            escape(offset, 40),
            escape(size, 40)
        ));
    };
    let end = start.checked_add(length);
    let Some(end) = end.filter(|end| i64::try_from(*end).is_ok()) else {
        return Some(format!(
            "constant at {start} of {length} bytes reaches beyond any file"
        ));
    };
    if let Some((name, whole)) = weights
        && end > *whole
    {
        return Some(format!(
            "constant at {start} of {length} bytes reaches beyond `{name}`, which has {whole} bytes"
        ));
    }
    let bits = bits(value("element_type")?)?;
    let shape = value("shape")?;
    match needed(shape, bits) {
        Some(needed) if needed == length => None,
        Some(needed) => Some(format!(
            "constant of {length} bytes, but its shape and type need {needed}"
        )),
        None => Some(format!(
            "constant whose shape `{}` is negative or overflows",
            escape(shape, 80)
        )),
    }
}

/// Bits of one item of a type, where all have the same.
fn bits(kind: &str) -> Option<u64> {
    Some(match kind {
        "f64" | "i64" | "u64" => 64,
        "f32" | "i32" | "u32" => 32,
        "f16" | "bf16" | "i16" | "u16" => 16,
        "boolean" | "i8" | "u8" | "f8e4m3" | "f8e5m2" | "f8e8m0" => 8,
        _ => return None,
    })
}

/// Bytes that a shape needs; a shape without numbers is one item.
fn needed(shape: &str, bits: u64) -> Option<u64> {
    let dimensions = shape.split(',').map(str::trim);
    let count = dimensions
        .filter(|dimension| !dimension.is_empty())
        .try_fold(1_u64, |count, dimension| {
            count.checked_mul(dimension.parse().ok()?)
        })?;
    Some(count.checked_mul(bits)?.div_ceil(8))
}

fn finding((file, entry): (&ArtifactFile, &Entry<'_>), element: &Element, why: String) -> Finding {
    let (start, end) = element.region;
    OpenvinoWeightsRange::INFO
        .finding(why)
        .at(location(file, entry).at(Region::Bytes { start, end }))
}
