//! Core ML models that need code or files which are not part of them.

use tutela_core::{
    Artifact, Context, Error, Reference, Region, Scratch, Severity, declare_check, escape,
};
use tutela_formats::coreml::{Kind, Name};
use tutela_formats::tree::Document;
use tutela_formats::{Entry, Format};

use crate::config::{REMARKS, Remark, document, report, shown};
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Core ML models that need code or files which are not part of them.
    ///
    /// # What it finds
    /// Custom layers and custom models, which name a class of the program that loads the model; linked models whose file
    /// or search path is absolute or climbs out of the folder, and the same of files with the weights of a program and of
    /// parts that the manifest of an `.mlpackage` names; texts handed to such classes, and texts of the
    /// description, that are commands or code. Networks in branches, loops and pipelines, and programs in MIL, are looked
    /// into.
    ///
    /// # Why it matters
    /// A Core ML model is data until it names a class: the loader makes an object of it and hands it what the model says.
    /// A linked model is loaded from wherever the path leads, with everything that lies there.
    ///
    /// # Example
    /// ```text
    /// model.mlmodel bytes 40..58: a linked model is loaded from `../../inert.mlmodel`, outside of the folder
    /// ```
    ///
    /// # How to fix
    /// Use a model of standard layers. If you need a custom class, read its source and ship it with your own program;
    /// replace linked models by a pipeline in one file.
    ///
    /// # Limits
    /// What the class does is not known here: it is part of the program. Serialised models are not looked into
    /// and make the outcome incomplete. That the weights of a program reach into their file is not compared.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-22 (path traversal); MITRE ATLAS
    /// AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5);
    /// the Core ML model format specification.
    pub struct CoremlCustomCode {
        code: "coreml-custom-code",
        title: "Core ML model needs code or files of others",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(22),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://apple.github.io/coremltools/mlmodel/index.html"),
        ],
        user: "This model asks the program that opens it for parts that do not come with it. Whoever made it may have chosen parts that harm you. Ask for a version that is complete.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A model that draws in code or files from elsewhere can change after it was assessed. The evidence names the file by its digest and the name by its place.",
    }
}

impl EntryCheck for CoremlCustomCode {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if !is_coreml(entry) {
                if let Some(document) = document((file, entry), context, &[ITEMS], sink)? {
                    report(&Self::INFO, package(&document), (file, entry), sink);
                }
                return Ok(());
            }
            let model = entry.coreml(context.limits)?;
            let unread = model
                .is_opaque
                .then_some("it holds a serialised model, which is not looked into");
            for why in model.unread.into_iter().chain(unread) {
                sink.incomplete(format!("`{}`: {why}", place(file, entry.member)));
            }
            for name in &model.names {
                let Some((severity, message)) = judge(name) else {
                    continue;
                };
                let (start, end) = name.region;
                let here = location(file, entry).at(Region::Bytes { start, end });
                sink.finding(Self::INFO.finding(message).with_severity(severity).at(here));
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted.mlmodel",
            b"\x08\x05\xe2\x22\x0f\x0a\x0d\x0a\x0b\x0a\x09../x/y.ml",
        )
    }
}

fn is_coreml(entry: &Entry<'_>) -> bool {
    entry.formats.contains(&Format::CoreMl)
}

/// How bad a name is, and what to say of it.
fn judge(name: &Name) -> Option<(Severity, String)> {
    let text = shown(&name.text);
    match name.kind {
        Kind::LayerClass | Kind::ModelClass => {
            let what = match name.kind {
                Kind::LayerClass => "layer",
                _ => "model",
            };
            let message = format!("a custom {what} makes the program use its class `{text}`");
            Some((class(&name.text), message))
        }
        Kind::LinkedFile | Kind::SearchPath if leads_out(&name.text) => {
            let message = format!("a linked model is loaded from `{text}`, outside of the folder");
            Some((Severity::High, message))
        }
        // The folder of the model is written as `@model_path`.
        Kind::Weights
            if leads_out(name.text.strip_prefix("@model_path/").unwrap_or(&name.text)) =>
        {
            let message =
                format!("weights are read from `{text}`, outside of the folder of the model");
            Some((Severity::High, message))
        }
        Kind::LinkedFile => {
            let message = format!("a linked model is loaded from `{text}`");
            Some((Severity::Low, message))
        }
        Kind::Parameter => {
            let (at, sign) = signs::find(&name.text)?;
            let rest = escape(name.text.get(at..).unwrap_or_default(), 120);
            let message = format!("a text for a custom class {}: `{rest}`", sign.what());
            Some((Severity::High, message))
        }
        Kind::Description => {
            let message = signs::in_description(&name.key, &name.text)?;
            Some((Severity::High, message))
        }
        _ => None,
    }
}

/// What the manifest of an `.mlpackage` calls the list of its parts.
const ITEMS: &str = "itemInfoEntries";

/// Parts of a package that lie elsewhere: the loader opens them by the path below `Data` that the manifest says.
fn package(document: &Document) -> Vec<Remark> {
    let items = document.roots.iter().flat_map(|root| root.all(ITEMS));
    let parts = items
        .flat_map(|items| items.entries())
        .map(|(_, part)| part);
    let paths = parts.flat_map(|part| part.all("path"));
    let out = paths.filter(|path| path.text().is_some_and(leads_out));
    out.take(REMARKS)
        .map(|path| {
            let text = shown(path.text().unwrap_or_default());
            let message = format!("a part of the package lies at `{text}`, outside of it");
            Remark::about(path, Severity::High, message)
        })
        .collect()
}

/// A class has a plain name, perhaps with that of its module before it; anything else is none that a program has.
fn class(name: &str) -> Severity {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$');
    if name.chars().all(is_plain) {
        Severity::Medium
    } else {
        Severity::High
    }
}

/// Whether a path leads out of the folder of the model. `$BUNDLE_MAIN` and its like stay in the program.
fn leads_out(path: &str) -> bool {
    path.split(':').any(|path| {
        path.starts_with(['/', '\\', '~'])
            || path.split(['/', '\\']).any(|part| part.trim() == "..")
    })
}
