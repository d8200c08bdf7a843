//! Objects of R that hold code which harms.

mod effects;
mod fold;
mod judge;
mod text;

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::Entry;
use tutela_formats::rdata::{Code, Fault, Id, Image, Node, Restored};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Objects of R that hold code which harms.
    ///
    /// # What it finds
    /// In files of `saveRDS`, `save` and `serialize` (binary and text, versions 2 and 3): promises where R writes
    /// none, which run when the object is looked at; functions, calls, formulas, byte code and variables that are
    /// worked out at each access which start programs, run text as code, load libraries or packages, talk to other
    /// computers or change files that other programs obey; functions of a workspace that R itself calls (`.First`)
    /// or that take the place of what everybody calls; objects whose class runs the code of a package to restore
    /// them, or maps a file into memory; and streams that break the format's rules.
    ///
    /// # Why it matters
    /// Models of R hold functions and calls as a matter of course, and `predict` or `print` runs them. Whoever
    /// makes the file decides what they do. A promise needs not even that: R before 4.4.0 runs it as soon as the
    /// object is used at all (CVE-2024-27322).
    ///
    /// # Example
    /// ```text
    /// model.rds!unpacked bytes 31..35: the promise, which runs when it is looked at, calls `system("…")`, which starts programs
    /// ```
    ///
    /// # How to fix
    /// Do not load the file, also not with a new R. Get the model as data (PMML, ONNX, the JSON of xgboost) or
    /// train it again. If the code is your own, keep it in a package and leave only numbers in the file.
    ///
    /// # Limits
    /// Functions are told by their names and how these are put together from constants (pasted, cut, reversed,
    /// replaced, translated, decoded, kept in variables); a name that is worked out from data is missed. One that is
    /// decoded from constants in a way that is not followed is high. The instructions of byte code are not followed, only its constants. Functions in
    /// C that a package brings are not looked at. Code that a person keeps in a workspace for work of their own,
    /// such as a function that starts a program, is reported too.
    ///
    /// # References
    /// CWE-502 (deserialization of untrusted data), CWE-94; CVE-2024-27322; MITRE ATLAS AML.T0011.000 (unsafe AI
    /// artifacts), AML.T0018.002 (embed malware); AI Act article 15(5).
    pub struct RUnsafeCall {
        code: "r-unsafe-call",
        title: "R object holds code that harms",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::Cwe(94),
            Reference::advisory("CVE-2024-27322"),
            Reference::atlas("AML.T0011.000"),
            Reference::atlas("AML.T0018.002"),
            Reference::ai_act("15(5)"),
            Reference::link("https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Serialization-Formats"),
        ],
        user: "The file of this model contains instructions that take over the computer of whoever opens it in R. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against manipulated components. An R object that runs commands when it is opened or used is malware in the shape of a model. The evidence shows the call and names the file by its digest.",
    }
}

/// Classes that R itself brings and that restore plain data.
const OWN_CLASSES: &[&str] = &[
    "compact_intseq",
    "compact_realseq",
    "deferred_string",
    "wrap_complex",
    "wrap_integer",
    "wrap_list",
    "wrap_logical",
    "wrap_raw",
    "wrap_real",
    "wrap_string",
];

impl EntryCheck for RUnsafeCall {
    fn begin<'a>(&self, _artifact: &'a Artifact, _context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if let Some(image) = entry.rdata {
                examine(file, entry, image, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // An open promise in the global environment: `system("inert")`.
        let mut bytes = b"X\n\0\0\0\x02\0\x04\x02\x02\0\x02\x03\0".to_vec();
        bytes.extend(
            b"\0\0\x04\x05\0\0\0\xfd\0\0\0\xfc\0\0\0\x06\0\0\0\x01\0\x04\0\x09\0\0\0\x06system",
        );
        bytes.extend(b"\0\0\0\x02\0\0\0\x10\0\0\0\x01\0\x04\0\x09\0\0\0\x05inert\0\0\0\xfe");
        scratch.write("planted.rds", &bytes)
    }
}

fn examine(file: &ArtifactFile, entry: &Entry<'_>, image: &Image, sink: &mut dyn Sink) {
    let finding = |at: u64, severity: Severity, message: String| -> Finding {
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(4),
        };
        RUnsafeCall::INFO
            .finding(message)
            .with_severity(severity)
            .at(location(file, entry).at(region))
    };
    // Each once, however often it is held.
    let mut told = BTreeMap::new();
    for held in &image.held {
        let (verdicts, complete) = judge::judge(image, held);
        for verdict in verdicts {
            told.entry(verdict).or_insert(held.at);
        }
        if !complete {
            let place = place(file, entry.member);
            sink.incomplete(format!(
                "`{place}`: the code at byte {} is too long",
                held.at
            ));
        }
    }
    for (verdict, at) in told {
        sink.finding(finding(at, verdict.severity, verdict.message));
    }
    for restored in &image.restored {
        if let Some((severity, message)) = by_class(restored, &image.code) {
            sink.finding(finding(restored.at, severity, message));
        }
    }
    if let Some(name) = image.persistent.first() {
        let name = escape(name, 120);
        let message =
            format!("the object `{name}` can be restored only by a function of the reader");
        sink.finding(finding(0, Severity::Medium, message));
    }
    for fault in &image.faults {
        if let Some(severity) = severity(fault) {
            sink.finding(finding(
                fault.at().unwrap_or_default(),
                severity,
                fault.to_string(),
            ));
        }
    }
}

/// What restoring an object by its class does.
fn by_class(restored: &Restored, code: &Code) -> Option<(Severity, String)> {
    let (class, package) = (escape(&restored.class, 120), escape(&restored.package, 120));
    if restored.package == "base" && OWN_CLASSES.contains(&restored.class.as_str()) {
        return None;
    }
    if restored.class.starts_with("mmap") {
        let path = first_text(code, restored.state).unwrap_or_default();
        let path = escape(&path, 200);
        let message = format!("loading it maps the file `{path}` into memory (class `{class}`)");
        return Some((Severity::High, message));
    }
    let message = format!("loading it runs code of the package `{package}` (class `{class}`)");
    Some((Severity::Medium, message))
}

/// The first text in a small tree.
fn first_text(code: &Code, id: Id) -> Option<String> {
    let mut waiting = vec![id];
    for _ in 0..100 {
        match code.get(waiting.pop()?) {
            Node::Texts(texts) => return texts.first().cloned(),
            Node::List(ids) => waiting.extend(ids.iter().rev().take(20)),
            Node::Link { first, rest, .. } => waiting.extend([*rest, *first]),
            _ => {}
        }
    }
    None
}

/// What R stops at does nothing; what it follows without a check reaches outside its memory.
const fn severity(fault: &Fault) -> Option<Severity> {
    match fault {
        Fault::Reference { .. } => Some(Severity::High),
        Fault::Length { .. } | Fault::Type { .. } | Fault::Wanted { .. } | Fault::Number { .. } => {
            Some(Severity::Medium)
        }
        _ => None,
    }
}
