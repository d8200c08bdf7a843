//! TensorFlow graphs whose operators reach out of the model.

use std::collections::BTreeMap;
use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Sink, declare_check,
};
use tutela_formats::tensorflow::Model;
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::tensorflow::judge::{self, Verdict};
use crate::tensorflow::resolve::Names;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// TensorFlow graphs whose operators reach out of the model.
    ///
    /// # What it finds
    /// Operators that read or write files, list folders, call Python, print into files, talk to debuggers,
    /// data services or other machines, and operators that no TensorFlow registers, wherever they stand in a
    /// `SavedModel`, a `.meta` file or a frozen graph, binary or text: in graphs, functions and functions of
    /// functions, and in graphs that a text of a binary one holds (`DatasetFromGraph` runs such). Constant paths
    /// are followed to the operator that uses them. Assets outside the model's folder are found too. How every
    /// model saves and loads its own variables, looks up its vocabulary and prints to the screen is no finding.
    ///
    /// # Why it matters
    /// A TensorFlow graph is a program. Loading a model runs its initialisers, and the first prediction runs
    /// the rest, with the rights of the process: a model can send a private key as a prediction, write a
    /// start-up file, or fetch further code. TensorFlow's own advice is to treat models as code.
    ///
    /// # Example
    /// ```text
    /// saved_model.pb bytes 3120..3188: node `WriteFile` of function `__inference_f_7` is `WriteFile`,
    /// which writes files: `/home/user/.bashrc`
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. Find out where it came from. If it is yours, move the reading and writing out
    /// of the graph, into the program that calls it, and export again. An operator of a library (medium)
    /// needs that library's code: get it from a source that you trust.
    ///
    /// # Limits
    /// A path that is put together while the model runs is not known; operators that read or write any file
    /// are reported whatever the path. Compiled code inside `XlaCallModule` is not read. Graphs kept from
    /// training may read records or name the checkpoint that they began from: medium, unless the path is one
    /// of the system's or holds keys. The table of operators is that of TensorFlow 2.12 and 2.21.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-94 (code injection); MITRE
    /// ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); OWASP
    /// ML06:2023 (AI supply chain attacks); AI Act article 15(5); TensorFlow's "Using TensorFlow Securely".
    pub struct TensorflowUnsafeOperator {
        code: "tensorflow-unsafe-operator",
        title: "TensorFlow graph reaches out of the model",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(94),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"),
        ],
        user: "Using this model would let whoever made it read or change files on the computer that runs it, your data among them. Do not use it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components, pre-trained ones included. A model that reads, writes or calls out while it predicts is such a component. The evidence names the operator, the path and the file by its digest; a finding here cannot be waived.",
    }
}

impl EntryCheck for TensorflowUnsafeOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| examine(file, entry, context, sink))
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // SavedModel { 1, meta_graphs { graph_def { node { name: "w", op: "WriteFile" } } } }
        scratch.write(
            "planted/saved_model.pb",
            b"\x08\x01\x12\x12\x12\x10\x0a\x0e\x0a\x01w\x12\x09WriteFile",
        )
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let is_graph = |format: &&Format| matches!(format, Format::SavedModel | Format::TfGraph);
    let Some(format) = entry.formats.iter().find(is_graph).copied() else {
        let name = entry.member.unwrap_or(&file.path);
        if entry.formats.is_empty() && claims_to_be(name) {
            sink.incomplete(format!(
                "`{}` is called a SavedModel but cannot be read as one",
                place(file, entry.member)
            ));
        }
        return Ok(());
    };
    let Some(model) = entry.tensorflow(context.limits)? else {
        return Ok(());
    };
    for fault in &model.faults {
        sink.incomplete(format!("`{}`: {fault}", place(file, entry.member)));
    }
    let names = Names::new(model);
    for (_, (verdict, region)) in verdicts(model, &names, format) {
        sink.finding(
            TensorflowUnsafeOperator::INFO
                .finding(verdict.message)
                .with_severity(verdict.severity)
                .with_identity(verdict.identity)
                .at(location(file, entry).at(region)),
        );
    }
    if names.is_exhausted() {
        let place = place(file, entry.member);
        sink.incomplete(format!("`{place}`: there are too many paths to follow"));
    }
    Ok(())
}

fn claims_to_be(name: &str) -> bool {
    let last = name.rsplit(['/', '!']).next().unwrap_or(name);
    matches!(last, "saved_model.pb" | "saved_model.pbtxt")
}

/// The verdicts on a model, each operator with the same paths once, in the order of the file.
fn verdicts(
    model: &Model,
    names: &Names<'_>,
    format: Format,
) -> BTreeMap<(u64, String), (Verdict, Region)> {
    let mut found: BTreeMap<String, (Verdict, Region)> = BTreeMap::new();
    for (index, scope) in model.scopes.iter().enumerate() {
        for node in &scope.nodes {
            if let Some(verdict) = judge::in_graph(node, index, names, model, format) {
                let region = Region::Bytes {
                    start: node.at,
                    end: node.end,
                };
                found
                    .entry(verdict.identity.clone())
                    .or_insert((verdict, region));
            }
        }
    }
    for asset in &model.assets {
        if let Some(verdict) = judge::asset(asset) {
            let region = Region::Bytes {
                start: asset.at,
                end: asset.end,
            };
            found
                .entry(verdict.identity.clone())
                .or_insert((verdict, region));
        }
    }
    let start = |region: &Region| match region {
        Region::Bytes { start, .. } => *start,
        _ => 0,
    };
    let by_place = found
        .into_iter()
        .map(|(identity, found)| ((start(&found.1), identity), found));
    by_place.collect()
}
