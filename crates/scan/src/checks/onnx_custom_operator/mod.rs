//! ONNX models with operators that only code of the host can run.

mod judge;
mod standard;

use std::collections::BTreeSet;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Sink, declare_check, escape,
};
use tutela_formats::Entry;
use tutela_formats::onnx::Model;

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};
use judge::Judgement;

declare_check! {
    /// ONNX models with operators that only code of the host can run.
    ///
    /// # What it finds
    /// Operators that run Python (`PyOp`, `PyCustomOp`, `PythonOp`, and functions of `ai.onnx.contrib`), that send
    /// data to a service, that say by their names that they run or load something, or that are given a library or a
    /// module; domains that only look like a known one; functions that take the place of a standard operator;
    /// compiled code named outside the model's folder; and any other operator that neither the standard nor
    /// onnxruntime knows. They are found in every graph, sub-graph and function, in ONNX models and in what onnxruntime
    /// made of them (`.ort`), there also among the operators that it will put in place of others.
    ///
    /// # Why it matters
    /// ONNX computes and does nothing else, as long as its operators are the standard ones. A custom operator is
    /// a library or a Python function that the host loads because the model wants it: with the operator, code
    /// of a stranger becomes part of the program. A function called `Relu` that does something else makes a review
    /// of the graph worthless.
    ///
    /// # Example
    /// ```text
    /// model.onnx bytes 12..60: `ai.onnx.contrib`'s `PyOp` runs Python code of the host: module `evil`
    /// ```
    ///
    /// # How to fix
    /// Ask for a model with standard operators only. If you need a custom operator, take its library from its
    /// makers, review it, and load it from a path of yours, never from one that came with the model.
    ///
    /// # Limits
    /// What an operator does is told from its name, its domain and its texts; its code lies elsewhere. Custom
    /// operators that are known to nobody are at medium: many good models have one, for a plugin of an inference
    /// engine. Operators newer than the table of standard ones are reported as unknown.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-94 (code injection); MITRE ATLAS
    /// AML.T0011.000 (unsafe AI artifacts), AML.T0010.003 (supply chain compromise: model); AI Act article
    /// 15(5); onnxruntime's "Custom operators".
    pub struct OnnxCustomOperator {
        code: "onnx-custom-operator",
        title: "ONNX model needs code of the host to run",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(94),
            Reference::atlas("AML.T0011.000"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://onnxruntime.ai/docs/reference/operators/add-custom-op.html"),
        ],
        user: "This model asks the computer that runs it to run other programs as well. Whoever made it could use that to read your data or to take over the computer.",
        policymaker: "Article 15(5) of the AI Act asks that systems resist attempts to alter them through their components. A model that needs code from elsewhere is two components, and testing the one says nothing about the other. The evidence names the operator and its place; code that runs from the model itself cannot be waived.",
    }
}

impl EntryCheck for OnnxCustomOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.iter().any(|format| format.is_onnx()) {
                let model = entry.onnx(context.limits)?;
                examine(file, entry, model, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // ModelProto { ir_version: 9, graph { node { op_type: "PyOp", domain: "ai.onnx.contrib" } } }
        scratch.write(
            "planted.onnx",
            b"\x08\x09\x3a\x19\x0a\x17\x22\x04PyOp\x3a\x0fai.onnx.contrib",
        )
    }
}

fn examine(file: &ArtifactFile, entry: &Entry<'_>, model: &Model, sink: &mut dyn Sink) {
    for fault in model.faults.iter().filter(|fault| fault.leaves_unread()) {
        sink.incomplete(format!("`{}`: {fault}", place(file, entry.member)));
    }
    let defined: BTreeSet<(&str, &str)> = model
        .functions
        .iter()
        .map(|function| (judge::domain(&function.domain), function.name.as_str()))
        .collect();
    // One operator with many sets of texts is one finding, unless the texts change what is said.
    let mut told = BTreeSet::new();
    let mut tell = |what: String, judged: Judgement, start: u64, end: u64| {
        let message = format!("{what} {}", judged.why);
        if told.insert(message.clone()) {
            sink.finding(
                OnnxCustomOperator::INFO
                    .finding(message)
                    .with_severity(judged.severity)
                    .at(location(file, entry).at(Region::Bytes { start, end })),
            );
        }
    };
    for used in &model.operators {
        if let Some(judged) = judge::operator(used, &defined) {
            let what = format!(
                "`{}`'s operator `{}`",
                shown(&used.domain),
                escape(&used.name, 80)
            );
            tell(what, judged, used.at, used.end);
        }
    }
    for function in &model.functions {
        if let Some(judged) = judge::function(function) {
            let (domain, name) = (shown(&function.domain), escape(&function.name, 80));
            let what = format!("the model's own function `{name}` of `{domain}`");
            tell(what, judged, function.at, function.end);
        }
    }
}

fn shown(domain: &str) -> String {
    escape(judge::domain(domain), 80)
}
