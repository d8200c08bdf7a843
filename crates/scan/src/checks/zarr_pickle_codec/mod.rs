//! Zarr arrays (Orbax and others) whose chunks are pickles.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Scratch, Severity, Sink, declare_check,
};
use tutela_formats::Entry;
use tutela_formats::tree::{Document, Node};

use crate::config::{Remark, document, report, shown};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Zarr arrays whose chunks are pickles.
    ///
    /// # What it finds
    /// In the descriptions of Zarr arrays (`.zarray`, `.zmetadata`, `zarr.json`): a filter or codec by which each chunk is
    /// unpickled when it is read. It is high where the chunks are packed in a way that is not looked into (Blosc and
    /// others), else medium: the chunks are then looked into like any pickle.
    ///
    /// # Why it matters
    /// Orbax and many data sets keep arrays as folders of chunks with a description beside them. The description decides
    /// how chunks are read; with the codec `pickle`, reading a number runs whatever the chunk says.
    ///
    /// # Example
    /// ```text
    /// step/.zarray bytes 120..144: the codec `pickle` unpickles every chunk, and `blosc` hides what is in them
    /// ```
    ///
    /// # How to fix
    /// Do not read the array. Have it written again with numbers or texts of fixed width (`vlen-utf8`).
    ///
    /// # Limits
    /// Which files are the chunks of an array is not worked out. Codecs that an application registers are not known.
    ///
    /// # References
    /// CWE-502 (deserialisation of untrusted data); MITRE ATLAS AML.T0010.003 (supply chain compromise: model),
    /// AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5); the codecs of numcodecs.
    pub struct ZarrPickleCodec {
        code: "zarr-pickle-codec",
        title: "array whose chunks are pickles",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(502),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://numcodecs.readthedocs.io/en/stable/other/pickles.html"),
        ],
        user: "The numbers of this model are stored so that reading them can start a program. Do not open it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against manipulated components. Numbers that run code when they are read are not data but a program of a stranger. The evidence names the description by its place and the file by its digest.",
    }
}

impl EntryCheck for ZarrPickleCodec {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| examine((file, entry), context, sink))
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let array = br#"{"zarr_format": 2, "dtype": "|O", "shape": [1], "filters": [{"id": "pickle"}], "compressor": {"id": "blosc"}}"#;
        scratch.write("planted/.zarray", array)
    }
}

fn examine(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    if let Some(document) = document((file, entry), context, &["zarr_format"], sink)? {
        report(
            &ZarrPickleCodec::INFO,
            judge(&document),
            (file, entry),
            sink,
        );
    }
    Ok(())
}

/// Every codec that unpickles, in every array that is described.
fn judge(document: &Document) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for root in &document.roots {
        root.each("", &mut |_, node| {
            if node.all("zarr_format").next().is_some() {
                array(node, &mut remarks);
            }
        });
    }
    remarks
}

fn array(array: &Node, remarks: &mut Vec<Remark>) {
    let mut pickles = Vec::new();
    let mut hiding = None;
    // A group of Zarr 3 describes its arrays inside of itself; a codec is found with the outer one then, too.
    array.each("", &mut |_, node| {
        for name in node.texts("id").chain(node.texts("name")) {
            let plain = name.strip_prefix("numcodecs.").unwrap_or(name);
            if plain == "pickle" {
                pickles.push(node);
            } else if HIDING.contains(&plain) {
                hiding = Some(plain);
            }
        }
    });
    for node in pickles {
        let (severity, message) = match hiding {
            Some(name) => (
                Severity::High,
                format!(
                    "the codec `pickle` unpickles every chunk, and `{}` hides what is in them",
                    shown(name)
                ),
            ),
            None => (
                Severity::Medium,
                "the codec `pickle` unpickles every chunk".to_owned(),
            ),
        };
        remarks.push(Remark::about(node, severity, message));
    }
}

/// Ways of packing that are not looked into: their streams are no files of their own.
const HIDING: &[&str] = &["blosc", "lz4", "pcodec", "shuffle", "zfpy"];
