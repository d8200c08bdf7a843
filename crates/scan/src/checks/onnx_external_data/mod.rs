//! ONNX models whose weights lie where they should not.

pub(super) mod place;

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::Entry;
use tutela_formats::onnx::External;

use crate::inside::{location, place as shown_place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// ONNX models whose weights lie where they should not.
    ///
    /// # What it finds
    /// Tensors whose `external_data` names a file by an absolute path, through `..`, with a drive letter, a
    /// backslash or an address, or through a symbolic link that leads out of the model's folder; names that are
    /// devices; the model itself; files that are missing; keys that stand twice or do not exist; offsets and lengths that are no numbers, reach past the file, do not fit the tensor's
    /// shape, or cut into another tensor. Tensors are found wherever the format allows them: in sub-graphs,
    /// attributes, functions, sparse tensors and training information.
    ///
    /// # Why it matters
    /// The program that loads the model opens the named file with its own rights. A model can so read a key
    /// or a password file into a tensor and give it out as a prediction, and saving the model again can
    /// overwrite files. ONNX itself had to be mended for this more than once.
    ///
    /// # Example
    /// ```text
    /// model.onnx bytes 120..180: tensor `w` lies in `../../etc/passwd`, which leads out of the model's folder
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Get it from its origin again, or save it with its weights inside
    /// (`onnx.save_model(model, path, save_as_external_data=False)`).
    ///
    /// # Limits
    /// The checksum of external data is not recomputed; the file itself is covered by the artifact's digest
    /// when it belongs to the model. A hard link is only told at low, since package managers make them. A model inside an archive is
    /// judged by the text of its locations only, and said to be incomplete for the rest.
    ///
    /// # References
    /// CWE-22 (path traversal), CWE-59 (link following); CVE-2022-25882, CVE-2024-27318, CVE-2026-27489; MITRE
    /// ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5); ONNX's "External Data".
    pub struct OnnxExternalData {
        code: "onnx-external-data",
        title: "ONNX model reads files outside its folder or range",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(22),
            Reference::Cwe(59),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::advisory("CVE-2022-25882"),
            Reference::advisory("CVE-2024-27318"),
            Reference::advisory("CVE-2026-27489"),
            Reference::link("https://onnx.ai/onnx/repo-docs/ExternalData.html"),
        ],
        user: "This model tells the program that runs it to read other files of the computer. It could give out passwords or other people's data as if they were its answers.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model that makes its runtime open files of the attacker's choice is such an exploit, and may be a breach of personal data. The evidence names the file, the tensor and the path.",
    }
}

impl EntryCheck for OnnxExternalData {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.iter().any(|format| format.is_onnx()) {
                let model = entry.onnx(context.limits)?;
                for fault in model.faults.iter().filter(|fault| fault.leaves_unread()) {
                    let place = shown_place(file, entry.member);
                    sink.incomplete(format!("`{place}`: {fault}"));
                }
                let mut examination = Examination {
                    file,
                    entry,
                    context,
                    ranges: BTreeMap::new(),
                };
                examination.run(&model.external, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // ModelProto { ir_version: 9, graph { initializer { name: "w", external_data { location … } } } }
        let entry = b"\x0a\x08location\x12\x0d../../outside";
        let mut tensor = b"\x42\x01w\x6a\x19".to_vec();
        tensor.extend_from_slice(entry);
        tensor.extend_from_slice(b"\x70\x01");
        let mut bytes = b"\x08\x09\x3a\x22\x2a\x20".to_vec();
        bytes.extend_from_slice(&tensor);
        scratch.write("planted.onnx", &bytes)
    }
}

/// Bytes of one file that a tensor takes.
struct Range {
    start: u64,
    end: u64,
    tensor: String,
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
    ranges: BTreeMap<String, Vec<Range>>,
}

impl Examination<'_> {
    fn run(&mut self, tensors: &[External], sink: &mut dyn Sink) {
        for tensor in tensors {
            self.tensor(tensor, sink);
        }
        for (location, ranges) in &mut self.ranges {
            ranges.sort_by_key(|range| (range.start, range.end));
            for pair in ranges.windows(2) {
                let [first, second] = pair else { continue };
                // The same range twice is one weight used twice.
                let same = first.start == second.start && first.end == second.end;
                if !same && second.start < first.end {
                    let message = format!(
                        "tensors `{}` and `{}` share bytes of `{}`",
                        first.tensor,
                        second.tensor,
                        escape(location, 200)
                    );
                    sink.finding(
                        OnnxExternalData::INFO
                            .finding(message)
                            .at(crate::inside::location(self.file, self.entry)),
                    );
                }
            }
        }
        if self.entry.member.is_some() && !tensors.is_empty() {
            sink.incomplete(format!(
                "`{}` keeps tensors in other files of its archive, which are not compared",
                shown_place(self.file, self.entry.member)
            ));
        }
    }

    fn tensor(&mut self, tensor: &External, sink: &mut dyn Sink) {
        let name = escape(&tensor.tensor, 120);
        self.keys(tensor, &name, sink);
        if !tensor.declared {
            let message = format!(
                "tensor `{name}` names external data without declaring it, so loaders differ in what they read"
            );
            sink.finding(
                self.finding(tensor, message)
                    .with_severity(Severity::Medium),
            );
        }
        let Some(path) = &tensor.location else {
            let message = format!("tensor `{name}` lies in another file but does not name it");
            sink.finding(self.finding(tensor, message));
            return;
        };
        let impossible = impossible(tensor);
        if let Some(why) = impossible {
            let message = format!("tensor `{name}` has {why}");
            sink.finding(self.finding(tensor, message).with_severity(Severity::High));
        }
        let shown = escape(path, 200);
        let found = place::judge(path).and_then(|()| match self.entry.member {
            None => place::find(self.file, path, self.context).map(Some),
            Some(_) => Ok(None),
        });
        match found {
            Ok(Some(length)) => {
                if place::has_other_names(self.file, path) {
                    let message = format!(
                        "tensor `{name}` lies in `{shown}`, a hard link that can be changed under another name"
                    );
                    sink.finding(self.finding(tensor, message).with_severity(Severity::Low));
                }
                if impossible.is_none() {
                    self.range(tensor, path, length, sink);
                }
            }
            Ok(None) => {}
            Err(wrong) => {
                let message = format!("tensor `{name}` lies in `{shown}`, which {}", wrong.why);
                sink.finding(self.finding(tensor, message).with_severity(wrong.severity));
            }
        }
    }

    fn keys(&self, tensor: &External, name: &str, sink: &mut dyn Sink) {
        for key in &tensor.doubled {
            let message = format!(
                "tensor `{name}` has the external-data key `{key}` twice, so loaders differ in what they read"
            );
            sink.finding(self.finding(tensor, message));
        }
        for key in &tensor.odd_keys {
            // Python's loader set attributes of an object by these names.
            let severity = if key.starts_with('_') {
                Severity::High
            } else {
                Severity::Medium
            };
            let key = escape(key, 60);
            let message = format!("tensor `{name}` has the odd external-data key `{key}`");
            sink.finding(self.finding(tensor, message).with_severity(severity));
        }
    }

    fn range(&mut self, tensor: &External, path: &str, available: u64, sink: &mut dyn Sink) {
        let name = escape(&tensor.tensor, 120);
        let offset = number(tensor.offset.as_deref(), 0);
        let (Some(start), Some(length)) = (
            offset,
            number(
                tensor.length.as_deref(),
                available.saturating_sub(offset.unwrap_or_default()),
            ),
        ) else {
            let message = format!("tensor `{name}` has an offset or length that is not a number");
            sink.finding(self.finding(tensor, message));
            return;
        };
        let shown = escape(path, 200);
        let end = start.checked_add(length).filter(|end| *end <= available);
        let Some(end) = end else {
            let message = format!(
                "tensor `{name}` wants {length} bytes from {start} of `{shown}`, which has {available}"
            );
            sink.finding(self.finding(tensor, message));
            return;
        };
        if let Some(size) = tensor.size.filter(|size| *size != length) {
            let message = format!(
                "tensor `{name}` has {length} bytes in `{shown}`, but its shape and type make {size}"
            );
            sink.finding(self.finding(tensor, message));
        }
        self.ranges.entry(path.to_owned()).or_default().push(Range {
            start,
            end,
            tensor: name,
        });
    }

    fn finding(&self, tensor: &External, message: String) -> Finding {
        let region = Region::Bytes {
            start: tensor.at,
            end: tensor.end,
        };
        OnnxExternalData::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(region))
    }
}

/// What no file can have, whatever lies beside the model: loaders add these numbers up and read there.
fn impossible(tensor: &External) -> Option<&'static str> {
    let wanted = [&tensor.offset, &tensor.length].map(|text| text.as_deref().map(str::trim));
    if wanted.iter().flatten().any(|text| text.starts_with('-')) {
        return Some("a negative offset or length");
    }
    let parsed = wanted.map(|text| text.map_or(Ok(0), str::parse::<u64>));
    let end = match parsed {
        [Ok(offset), Ok(length)] => offset.checked_add(length),
        _ => return None,
    };
    end.is_none_or(|end| i64::try_from(end).is_err())
        .then_some("an offset and length that overflow")
}

/// A number as written, or the default when it is absent.
fn number(text: Option<&str>, default: u64) -> Option<u64> {
    text.map_or(Some(default), |text| text.parse().ok())
}
