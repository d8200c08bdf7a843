//! `MessagePack` files (Flax, msgpack-numpy) whose values make a reader run code, or whose counts are not kept.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::msgpack::{Fault, Kind, Part};
use tutela_formats::{Entry, Format};

use crate::callables::{Effect, effect};
use crate::inside::location;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// MessagePack files whose values make a reader run code, or whose counts are not kept.
    ///
    /// # What it finds
    /// Extensions that name a module and a function, which the reader of LangGraph and its like import and call; arrays of
    /// Python objects, which msgpack-numpy unpickles; and, in every MessagePack file, counts and lengths that reach
    /// past its end, values nested deeper than 512 levels, shapes that do not fit the bytes of their arrays (Flax),
    /// keys that stand twice, and bytes behind the last value. Everything kept in bytes is looked into like a file.
    ///
    /// # Why it matters
    /// Flax keeps the weights of JAX models in this format, and it is data there. Other readers give the same bytes a
    /// meaning: an array becomes a pickle, an extension a call. A count of four thousand million in a file of a
    /// hundred bytes makes a trusting reader take all memory.
    ///
    /// # Example
    /// ```text
    /// flax_model.msgpack bytes 24..51: extension 0 names `os.system`, which can start programs, to be called by its reader
    /// ```
    ///
    /// # How to fix
    /// Do not read the file. Get the weights as safetensors, or write them again with `flax.serialization.to_bytes`
    /// from a source that you trust. Store texts as texts, not as an array of Python objects.
    ///
    /// # Limits
    /// What an application does with an extension of its own is not known; such an extension is looked into, and is not
    /// reported for being there. The pieces of an array that Flax cut up are not added up. Files of only numbers,
    /// without a map or a text, are not told from other data.
    ///
    /// # References
    /// CWE-502 (deserialisation of untrusted data), CWE-1284 (improper validation of a quantity), CWE-674 (uncontrolled
    /// recursion); CVE-2025-64439; MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI
    /// artifacts); AI Act article 15(5); the MessagePack specification.
    pub struct MsgpackUnsafeValue {
        code: "msgpack-unsafe-value",
        title: "MessagePack file that runs code or breaks its reader",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::Cwe(1284),
            Reference::Cwe(674),
            Reference::advisory("CVE-2025-64439"),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/msgpack/msgpack/blob/master/spec.md"),
        ],
        user: "The numbers of this model are packed so that opening them can start a program, or bring the computer to a halt. Do not open it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against manipulated components. Weights that call functions when they are read are not data but a program of a stranger. The evidence names the value by its place and the file by its digest.",
    }
}

impl EntryCheck for MsgpackUnsafeValue {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Msgpack) {
                examine(file, entry, context, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let call = b"\x81\xa6params\xc7\x18\x00\x93\xa2os\xa6system\xabecho inert!";
        scratch.write("planted.msgpack", call)
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let document = entry.msgpack(context.limits)?;
    let at = |start: u64, end: u64| location(file, entry).at(Region::Bytes { start, end });
    for fault in &document.faults {
        // A limit is told where the parts are walked.
        let Some(start) = fault.at() else { continue };
        let severity = severity(fault);
        let finding = finding(fault.to_string(), severity);
        sink.finding(finding.at(at(start, start.saturating_add(1))));
    }
    for part in &document.parts {
        if let Some((severity, message)) = judged(part) {
            let end = part.at.saturating_add(part.length);
            sink.finding(finding(message, severity).at(at(part.at, end)));
        }
    }
    Ok(())
}

fn finding(message: String, severity: Severity) -> Finding {
    MsgpackUnsafeValue::INFO
        .finding(message)
        .with_severity(severity)
}

/// A key that stands twice and bytes behind the end are odd; the others make a reader fail or worse.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::DoubledKey { .. } | Fault::Trailing { .. } | Fault::ObjectType { .. } => {
            Severity::Medium
        }
        _ => Severity::High,
    }
}

fn judged(part: &Part) -> Option<(Severity, String)> {
    match &part.kind {
        // What is in the pickle is judged where it is looked into.
        Kind::Objects => Some((
            Severity::Medium,
            "an array of Python objects, which msgpack-numpy unpickles".to_owned(),
        )),
        Kind::Call { code, module, name } => {
            let effect = effect(module, name);
            let severity = called(effect)?;
            let path = escape(&format!("{module}.{name}"), 120);
            let message = format!(
                "extension {code} names `{path}`, which {}, to be called by its reader",
                effect.clause()
            );
            Some((severity, message))
        }
        _ => None,
    }
}

/// Two words that are the name of nothing known say little: an extension may hold any two texts.
fn called(effect: Effect) -> Option<Severity> {
    match effect {
        Effect::Unknown => Some(Severity::Low),
        effect => effect.severity(),
    }
}
