//! Python code inside of archives of `torch.package` and `torch.export`.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check,
};
use tutela_formats::{Entry, Format};

use crate::config::{name_of, shown, text_of};
use crate::inside::{location, place};
use crate::source::{Act, Deed, acts};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Python code inside of archives of torch.package and torch.export that does what a model has no need for.
    ///
    /// # What it finds
    /// In the Python files of such an archive: code that starts programs, runs text as code, connects to other
    /// computers, or, when it is imported, fetches files or loads libraries; and compiled Python, which cannot be read.
    ///
    /// # Why it matters
    /// `torch.package` brings the code of a model with its weights. `PackageImporter` imports it when an object is
    /// loaded: what stands at the top of a file runs at once, before the model is used.
    ///
    /// # Example
    /// ```text
    /// model.pt!net/detector/utils.py bytes 120..129: the code uses `os.system`, which starts programs
    /// ```
    ///
    /// # How to fix
    /// Do not load the package. Read the code that is told, or get the model as weights (safetensors) and its code from
    /// the repository of its authors.
    ///
    /// # Limits
    /// Code is read, not run: a call that is put together from parts is missed. Libraries that `torch.export` compiled
    /// are native code; `unexpected-executable` reports them, wherever they lie.
    ///
    /// # References
    /// CWE-94 (code injection), CWE-829 (inclusion of functionality from untrusted control sphere); MITRE ATLAS
    /// AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5).
    pub struct TorchPackageCode {
        code: "torch-package-code",
        title: "code in a PyTorch package does what a model has no need for",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(94),
            Reference::Cwe(829),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://docs.pytorch.org/docs/stable/package.html"),
        ],
        user: "The package that holds this model also holds a program, and the program does things that a model does not need, such as starting other programs. Do not use it until somebody has read it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. Code that comes with weights and starts programs is outside of what model tests cover. The evidence names the file by its digest and the call by its place.",
    }
}

/// Source longer than this is not read: code of models is below 1 MiB.
const LONGEST: u64 = 8 << 20;
/// Findings in one file; more say nothing new.
const MOST: usize = 50;

impl EntryCheck for TorchPackageCode {
    fn begin<'a>(&self, _artifact: &'a Artifact, _context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let is_package =
                |format: &Format| matches!(format, Format::TorchPackage | Format::TorchExport);
            if entry.around.iter().any(is_package) {
                examine(file, entry, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted.pt", PLANTED)
    }
}

/// A package with the file `c.py`: `import os\nos.system("echo inert")\n`.
const PLANTED: &[u8] = include_bytes!("planted.pt");

fn examine(file: &ArtifactFile, entry: &Entry<'_>, sink: &mut dyn Sink) -> io::Result<()> {
    let name = name_of(file, entry).to_ascii_lowercase();
    if name.ends_with(".pyc") {
        let message = "the package holds compiled Python, which cannot be read";
        sink.finding(
            TorchPackageCode::INFO
                .finding(message.to_owned())
                .with_severity(Severity::Medium)
                .at(location(file, entry)),
        );
    }
    if !name.ends_with(".py") {
        return Ok(());
    }
    let Some(text) = text_of(entry.bytes, LONGEST)? else {
        if !entry.bytes.is_empty() {
            let place = place(file, entry.member);
            sink.incomplete(format!("`{place}` is no text that could be read"));
        }
        return Ok(());
    };
    let mut told: Vec<String> = Vec::new();
    for act in acts(&text) {
        let path = shown(&act.path);
        let message = format!("the code uses `{path}`, which {}", act.deed.clause());
        if told.len() < MOST && !told.contains(&message) {
            told.push(message.clone());
            let (start, end) = act.region;
            sink.finding(
                TorchPackageCode::INFO
                    .finding(message)
                    .with_severity(severity(&act))
                    .at(location(file, entry).at(Region::Bytes { start, end })),
            );
        }
    }
    Ok(())
}

/// Many models fetch their weights, or load pickles, when they are told to.
const fn severity(act: &Act) -> Severity {
    match act.deed {
        Deed::Programs | Deed::Code | Deed::Connects => Severity::High,
        Deed::Fetches | Deed::Native if act.at_once => Severity::High,
        _ => Severity::Medium,
    }
}
