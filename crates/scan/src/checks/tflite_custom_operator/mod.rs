//! TensorFlow Lite models with operators from outside, or with offsets that leave the file.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::tflite::{Custom, Fault};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::tensorflow::effects::{self, Effect};
use crate::tensorflow::judge;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// TensorFlow Lite models with operators from outside, or with offsets that leave the file.
    ///
    /// # What it finds
    /// Flex operators, which run TensorFlow's own, that read or write files, call Python or talk over the
    /// network; custom operators, which need code that does not come with the runtime; offsets, vectors and
    /// external buffers that reach outside the file; operators and tensors that name entries which do not
    /// exist; and graphs that run themselves without end.
    ///
    /// # Why it matters
    /// The runtime maps the file into memory and follows its offsets. One that leads out of it reads or
    /// writes memory that belongs to something else: a crash at best, the attacker's code at worst. A Flex
    /// operator brings all of TensorFlow's reach to the device, and a custom operator whatever its author
    /// linked in.
    ///
    /// # Example
    /// ```text
    /// model.tflite bytes 412..416: operator `FlexWriteFile` runs `WriteFile`, which writes files
    /// ```
    ///
    /// # How to fix
    /// Do not run the model. Get it from its origin again, or convert the original model again with built-in
    /// operators only (`TFLITE_BUILTINS`). For a custom operator, make sure that you know whose code runs it.
    ///
    /// # Limits
    /// Shapes and types of tensors are not compared with what each operator wants. The paths that reach a
    /// Flex operator are not followed. Operators that come with the runtime's optional libraries are taken
    /// as harmless by their names.
    ///
    /// # References
    /// CWE-125 (out-of-bounds read), CWE-787 (out-of-bounds write), CWE-829; CVE-2020-15209, CVE-2020-15211;
    /// MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5).
    pub struct TfliteCustomOperator {
        code: "tflite-custom-operator",
        title: "TensorFlow Lite model with foreign operators or broken offsets",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(125),
            Reference::Cwe(787),
            Reference::Cwe(829),
            Reference::advisory("CVE-2020-15209"),
            Reference::advisory("CVE-2020-15211"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://ai.google.dev/edge/litert/models/ops_custom"),
        ],
        user: "The model in this app may crash the device, or let whoever made the model run programs on it. Do not install it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against manipulated components. A model file that makes its runtime read outside its memory, or run code that nobody declared, is such a component. The evidence names the operator or the offset and the file by its digest.",
    }
}

impl EntryCheck for TfliteCustomOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Tflite) {
                examine(file, entry, context, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // The offset of the root table leads out of the file.
        scratch.write("planted.tflite", b"\xff\xff\0\0TFL3\0\0\0\0\0\0\0\0")
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let model = entry.tflite(context.limits)?;
    for fault in &model.faults {
        let Some(at) = fault.at() else {
            sink.incomplete(format!("`{}`: {fault}", place(file, entry.member)));
            continue;
        };
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(4),
        };
        sink.finding(
            TfliteCustomOperator::INFO
                .finding(fault.to_string())
                .with_severity(severity(fault))
                .at(location(file, entry).at(region)),
        );
    }
    // Each operator once, however often it runs.
    let mut told = BTreeMap::new();
    for custom in &model.custom {
        if let Some((severity, message)) = judged(custom) {
            told.entry((severity, message)).or_insert(custom.at);
        }
    }
    for ((severity, message), at) in told {
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(4),
        };
        sink.finding(
            TfliteCustomOperator::INFO
                .finding(message)
                .with_severity(severity)
                .at(location(file, entry).at(region)),
        );
    }
    Ok(())
}

const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Cycle { .. } => Severity::Medium,
        _ => Severity::High,
    }
}

/// What is wrong with a custom operator; none for those of the runtime's own libraries.
fn judged(custom: &Custom) -> Option<(Severity, String)> {
    let name = escape(&custom.name, 120);
    if let Some(operator) = custom.name.strip_prefix("Flex") {
        let Some(node) = &custom.node else {
            let bare = effects::effect(operator).0;
            let why = if custom.used {
                "has options that cannot be read"
            } else {
                "is declared but not run"
            };
            let is_idle = !custom.used && bare == Effect::Pure;
            let message = format!("operator `{name}`, which {}, {why}", bare.clause());
            return (!is_idle).then(|| (bare_severity(bare), message));
        };
        let verdict = judge::alone(node)?;
        return Some((
            verdict.severity,
            format!("operator `{name}`: {}", verdict.message),
        ));
    }
    if RUNTIME.binary_search(&custom.name.as_str()).is_ok() {
        return None;
    }
    if effects::is_telling(&custom.name) {
        let message = format!("custom operator `{name}` says that it reaches out of the process");
        return Some((Severity::High, message));
    }
    let message =
        format!("custom operator `{name}` needs code that does not come with the runtime");
    Some((Severity::Medium, message))
}

/// How bad a Flex operator is when only its name is known.
const fn bare_severity(effect: Effect) -> Severity {
    match effect {
        Effect::Executes | Effect::Reads | Effect::Writes | Effect::Network | Effect::Telling => {
            Severity::High
        }
        _ => Severity::Medium,
    }
}

/// Custom operators of the runtime's own optional libraries, sorted.
const RUNTIME: &[&str] = &[
    "AudioSpectrogram",
    "Convolution2DTransposeBias",
    "DetectionPostprocess",
    "Landmarks2TransformMatrix",
    "MaxPoolingWithArgmax2D",
    "MaxUnpooling2D",
    "Mfcc",
    "MultinomialV2",
    "NumericVerify",
    "RFFT2D",
    "RandomStandardNormal",
    "RandomUniform",
    "RoIAlign",
    "SignalDelay",
    "SignalEnergy",
    "SignalFft",
    "SignalFilterBank",
    "SignalFramer",
    "SignalIrfft",
    "SignalOverlapAdd",
    "SignalPCAN",
    "SignalRfft",
    "SignalStacker",
    "SignalWindow",
    "SimpleMemoryArena",
    "TFLite_Detection_PostProcess",
    "TransformLandmarks",
    "TransformTensorBilinear",
    "edgetpu-custom-op",
];
