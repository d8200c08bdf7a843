//! HDF5 files that lead to other files, or claim more values than they hold.

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::hdf5::{Dataset, File, Layout, Target};
use tutela_formats::{Entry, Format};

use super::onnx_external_data::place;
use crate::inside::location;
use crate::together::{EntryCheck, Visitor};

/// Deflate packs at most 1,032 to 1; what claims more than this for its whole file holds no such values.
const RATIO: u64 = 1_100;
/// Claims below this exhaust nothing.
const SMALL: u64 = 256 << 20;

declare_check! {
    /// HDF5 files that lead to other files, or claim more values than they hold.
    ///
    /// # What it finds
    /// External links, data sets whose bytes lie in other files, virtual data sets put together from other files, and
    /// links of user-defined kinds; and data sets that claim far more values than a file of this length can
    /// hold. Old and new groups, dense storage and user blocks are followed.
    ///
    /// # Why it matters
    /// HDF5 opens the other file by itself, with the rights of the program that loads the model. A model
    /// file can so read a key or a password file into a weight and give it out again; Keras had to be mended for
    /// that. A claim of a huge size exhausts the memory of the loader.
    ///
    /// # Example
    /// ```text
    /// model.weights.h5: `/layers/dense/vars/0` takes its values from `/etc/passwd`, which is an absolute path
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Keras never writes such links: get the file from its origin again. If the file is yours
    /// and not a model, copy the data into it (`h5repack`, or read and write it with h5py).
    ///
    /// # Limits
    /// A relative external link in a file that is not a Keras model is a medium finding, since large data sets are split
    /// that way. Whether the other file exists is not looked at. Values of data sets are not read.
    ///
    /// # References
    /// CWE-73 (external control of file name or path), CWE-22 (path traversal), CWE-770 (allocation without limits);
    /// CVE-2026-1669, CVE-2026-0897; MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article
    /// 15(5); the HDF5 File Format Specification.
    pub struct Hdf5ExternalLink {
        code: "hdf5-external-link",
        title: "HDF5 file reads other files",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(73),
            Reference::Cwe(22),
            Reference::Cwe(770),
            Reference::advisory("CVE-2026-1669"),
            Reference::advisory("CVE-2026-0897"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"),
        ],
        user: "This model tells the program that runs it to read other files of the computer. It could give out passwords or other people's data as if they were its answers.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model that makes its loader open files of the attacker's choice is such an exploit, and may be a breach of personal data. The evidence names the file, the data set and the path.",
    }
}

impl EntryCheck for Hdf5ExternalLink {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Hdf5) {
                let description = entry.hdf5(context.limits)?;
                Examination {
                    file,
                    entry,
                    is_keras: is_keras(description, entry.member.unwrap_or(&file.path)),
                }
                .run(description, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted.h5", &planted())
    }
}

/// The smallest file with an external link: a superblock of version 2 and a root group with one link message.
fn planted() -> Vec<u8> {
    let mut link = b"\x01\x08\x40\x01x\x0c\x00\x00../outside\0/\0".to_vec();
    let length = u16::try_from(link.len().saturating_sub(7)).unwrap_or_default();
    link.splice(5..7, length.to_le_bytes());
    let mut bytes = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00".to_vec();
    bytes.extend_from_slice(&0_u64.to_le_bytes());
    bytes.extend_from_slice(&u64::MAX.to_le_bytes());
    let size = u8::try_from(link.len().saturating_add(4)).unwrap_or_default();
    bytes.extend_from_slice(&u64::from(size).saturating_add(48 + 7 + 4).to_le_bytes());
    bytes.extend_from_slice(&48_u64.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(b"OHDR\x02\x00");
    bytes.push(size);
    bytes.push(6);
    bytes.extend_from_slice(&u16::try_from(link.len()).unwrap_or_default().to_le_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&link);
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// Whether Keras wrote the file, by its attributes, its groups or its name in an archive.
fn is_keras(file: &File, name: &str) -> bool {
    let named = |name: &str| {
        matches!(
            name,
            "backend"
                | "keras_version"
                | "layer_names"
                | "model_config"
                | "training_config"
                | "weight_names"
        )
    };
    let attributes = file.objects.iter().flat_map(|object| &object.attributes);
    let by_attribute = attributes
        .into_iter()
        .any(|attribute| named(&attribute.name));
    let of_keras = |name: &str| matches!(name, "vars" | "_layer_checkpoint_dependencies");
    let by_group = file.objects.iter().any(|object| of_keras(&object.name));
    let by_link = file.links.iter().any(|link| of_keras(&link.name));
    by_attribute || by_group || by_link || name.ends_with(".weights.h5")
}

/// One HDF5 file.
struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    is_keras: bool,
}

impl Examination<'_> {
    fn run(&self, file: &File, sink: &mut dyn Sink) {
        for link in &file.links {
            let path = file.path_below(link.parent, &link.name);
            match &link.target {
                Target::External {
                    file: other,
                    object,
                } => {
                    let object = escape(object, 80);
                    let what = format!("`{path}` leads to `{object}` in");
                    sink.finding(self.other(&what, other, self.usual()));
                }
                Target::UserDefined(class) => {
                    let message = format!(
                        "`{path}` is a link of the user-defined kind {class}, which a plugin follows"
                    );
                    sink.finding(self.finding(message));
                }
                _ => {}
            }
        }
        for (index, object) in file.objects.iter().enumerate() {
            if let Some(dataset) = &object.dataset {
                self.dataset(&file.path(index), dataset, sink);
            }
        }
    }

    fn dataset(&self, path: &str, dataset: &Dataset, sink: &mut dyn Sink) {
        for other in &dataset.external {
            // Raw bytes of any file: no reader of models needs that.
            sink.finding(self.other(
                &format!("`{path}` takes its values from"),
                other,
                Severity::High,
            ));
        }
        for source in dataset.sources.iter().filter(|source| source.file != ".") {
            let what = format!("`{path}` shows `{}` of", escape(&source.dataset, 80));
            sink.finding(self.other(&what, &source.file, self.usual()));
        }
        self.claims(path, dataset, sink);
    }

    /// A data set that claims more than its file can hold.
    fn claims(&self, path: &str, dataset: &Dataset, sink: &mut dyn Sink) {
        let available = self.entry.bytes.len();
        if dataset.layout == Layout::Virtual || !dataset.external.is_empty() {
            return;
        }
        let claimed = dataset.unpacked();
        let holds = available.saturating_mul(RATIO).max(SMALL);
        if claimed.is_none_or(|claimed| claimed > holds) {
            let claimed = claimed.map_or_else(
                || "more than 2^64".to_owned(),
                |claimed| claimed.to_string(),
            );
            let message =
                format!("`{path}` claims {claimed} bytes of values in a file of {available} bytes");
            sink.finding(self.finding(message).with_severity(self.usual()));
        } else if let Layout::Contiguous {
            at: Some(at),
            length,
        } = dataset.layout
            && at.saturating_add(length) > available
        {
            let message = format!("the values of `{path}` reach past the end of the file");
            sink.finding(self.finding(message).with_severity(Severity::Medium));
        }
    }

    /// Large data sets may be split over files; Keras never does that.
    const fn usual(&self) -> Severity {
        if self.is_keras {
            Severity::High
        } else {
            Severity::Medium
        }
    }

    fn other(&self, what: &str, other: &str, usual: Severity) -> Finding {
        let (severity, why) = match place::judge(other) {
            Err(wrong) => (Severity::High, wrong.why),
            Ok(()) => (usual, "is another file".to_owned()),
        };
        let message = format!("{what} `{}`, which {why}", escape(other, 160));
        self.finding(message).with_severity(severity)
    }

    fn finding(&self, message: String) -> Finding {
        Hdf5ExternalLink::INFO
            .finding(message)
            .at(location(self.file, self.entry))
    }
}
