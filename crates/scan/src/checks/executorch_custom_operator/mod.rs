//! `ExecuTorch` programs with operators from outside, or with offsets that leave the file.

use std::collections::BTreeMap;
use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::executorch::{self, Program};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::tensorflow::effects;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// ExecuTorch programs with operators from outside, or with offsets that leave the file.
    ///
    /// # What it finds
    /// In `.pte` programs: offsets, segments, constants and indices that reach outside the program, the file or their
    /// list; tensors whose shape no memory holds or whose order of dimensions is none; operators of libraries that do
    /// not come with the runtime; and parts that are handed to a backend that nobody knows.
    ///
    /// # Why it matters
    /// The runtime runs on telephones and follows the offsets of the file without asking again, unless it was built to
    /// verify them. One that leads out reads or writes memory that belongs to something else. An operator or a backend
    /// from outside is code that its author linked in.
    ///
    /// # Example
    /// ```text
    /// model.pte bytes 412..416: the call of an operator at byte 412 names number 9 of a list of 2
    /// ```
    ///
    /// # How to fix
    /// Do not run the program. Export the original model again with a current version of ExecuTorch, and load programs
    /// of others with `Program::Verification::InternalConsistency`.
    ///
    /// # Limits
    /// The bytes that a backend gets (XNNPACK, Core ML, QNN and others) are in formats of their own: they are searched
    /// for programs and commands, not understood, and a program with such parts is incomplete. What operators want of
    /// their arguments is not compared with what they get.
    ///
    /// # References
    /// CWE-125 (out-of-bounds read), CWE-787 (out-of-bounds write), CWE-829 (inclusion of functionality from untrusted
    /// control sphere); MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5).
    pub struct ExecutorchCustomOperator {
        code: "executorch-custom-operator",
        title: "ExecuTorch program with foreign operators or broken offsets",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(125),
            Reference::Cwe(787),
            Reference::Cwe(829),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://docs.pytorch.org/executorch/stable/pte-file-format.html"),
        ],
        user: "The model in this app may crash the device, or let whoever made the model run programs on it. Do not install it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against manipulated components. A model file that makes its runtime read or write outside its memory is such a component. The evidence names the place in the file, and the file by its digest.",
    }
}

impl EntryCheck for ExecutorchCustomOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::ExecuTorch) {
                examine(file, entry, context, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // The offset of the root table leads out of the file.
        scratch.write("planted.pte", b"\xfc\xff\0\0ET12\0\0\0\0\0\0\0\0")
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let program = executorch::read(entry.bytes, context.limits)?;
    let here = place(file, entry.member);
    let mut told = BTreeMap::new();
    for fault in &program.faults {
        match fault.at() {
            Some(at) => {
                told.entry((Severity::High, fault.to_string()))
                    .or_insert(at);
            }
            None => sink.incomplete(format!("`{here}`: {fault}")),
        }
    }
    judge(&program, &mut told);
    for ((severity, message), at) in told.into_iter().rev().take(MOST) {
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(4),
        };
        sink.finding(
            ExecutorchCustomOperator::INFO
                .finding(message)
                .with_severity(severity)
                .at(location(file, entry).at(region)),
        );
    }
    if let Some(delegate) = program.delegates.first() {
        let id = escape(&delegate.id, 120);
        sink.incomplete(format!(
            "`{here}` has parts for the backend `{id}`, which are searched but not understood"
        ));
    }
    Ok(())
}

/// Findings in one file, the worst first: a program that breaks off has hundreds.
const MOST: usize = 50;

/// Operators and backends from outside, each once.
fn judge(program: &Program, told: &mut BTreeMap<(Severity, String), u64>) {
    for operator in &program.operators {
        let library = operator.name.split("::").next().unwrap_or_default();
        if LIBRARIES.binary_search(&library).is_ok() {
            continue;
        }
        let name = escape(&operator.name, 120);
        let reaches = effects::is_telling(&operator.name);
        let (severity, what) = if reaches {
            (Severity::High, "says that it reaches out of the process")
        } else {
            (
                Severity::Medium,
                "needs code that does not come with the runtime",
            )
        };
        told.entry((severity, format!("operator `{name}` {what}")))
            .or_insert(operator.at);
    }
    for delegate in &program.delegates {
        if BACKENDS.binary_search(&delegate.id.as_str()).is_err() {
            let id = escape(&delegate.id, 120);
            let message = format!("a part is handed to the backend `{id}`, which nobody knows");
            told.entry((Severity::Medium, message))
                .or_insert(delegate.at);
        }
    }
}

/// Libraries of operators that come with the runtime and its own extensions, sorted.
const LIBRARIES: &[&str] = &[
    "aten",
    "cadence",
    "cortex_m",
    "dim_order_ops",
    "et_vk",
    "executorch_prim",
    "llama",
    "quantized_decomposed",
    "torchao",
];

/// Backends that come with the runtime, sorted.
const BACKENDS: &[&str] = &[
    "AotiBackend",
    "ArmBackend",
    "CoreMLBackend",
    "CudaBackend",
    "EnnBackend",
    "EthosUBackend",
    "MPSBackend",
    "MetalBackend",
    "NeuropilotBackend",
    "NxpNeutronBackend",
    "OpenvinoBackend",
    "QnnBackend",
    "VGFBackend",
    "VulkanBackend",
    "XnnpackBackend",
];
