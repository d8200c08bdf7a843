//! TensorFlow checkpoints whose index does not fit their data.

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::tensorflow::checkpoint::{self, Index, Tensor};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// TensorFlow checkpoints whose index does not fit their data.
    ///
    /// # What it finds
    /// Tensors in a checkpoint's `.index` that lie outside the data file beside it, overlap each other, name a
    /// data file that does not belong to the checkpoint, or whose size does not fit their shape and type; and
    /// bytes behind the last tensor, which nothing loads.
    ///
    /// # Why it matters
    /// The index says which bytes become which weight. When two tensors share bytes, or a size and a shape
    /// disagree, two readers can load two different models from one signed file; bytes that no tensor covers
    /// can carry a payload past a scanner.
    ///
    /// # Example
    /// ```text
    /// variables/variables.index: tensor `w` wants bytes 0..4096 of `variables.data-00000-of-00001`,
    /// which has 16
    /// ```
    ///
    /// # How to fix
    /// Get the checkpoint again from its origin, all its files together, and compare digests. If you made it,
    /// save it again.
    ///
    /// # Limits
    /// Checksums are not recomputed. An index without its data file beside it, or inside an archive, is judged
    /// by itself only. The values of the weights are not judged.
    ///
    /// # References
    /// CWE-1284 (improper validation of specified quantity); MITRE ATLAS AML.T0010.003 (supply chain
    /// compromise: model); AI Act article 15(5); TensorFlow's `tensor_bundle.proto`.
    pub struct TensorflowCheckpointRange {
        code: "tensorflow-checkpoint-range",
        title: "TensorFlow checkpoint's index does not fit its data",
        severity: High,
        class: Integrity,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(1284),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto"),
        ],
        user: "The files of this model do not fit together: they are damaged or have been tampered with. Nobody can say which model decides about you.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to alter a system through its components. Weights whose place is in doubt cannot be attested: tests made on one reading say nothing about another. The evidence names the tensor, the bytes and the file by its digest.",
    }
}

impl EntryCheck for TensorflowCheckpointRange {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::TfCheckpoint) {
                let index = checkpoint::read(entry.bytes, context.limits)?;
                for fault in &index.faults {
                    sink.incomplete(format!("`{}`: {fault}", place(file, entry.member)));
                }
                let examination = Examination {
                    file,
                    entry,
                    context,
                };
                examination.run(&index, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // One tensor of one float that says it takes eight bytes.
        let data = b"\0\0\x02\x08\x01\0\x01\x04w\x08\x01\x28\x08\0\0\0\0\x01\0\0\0";
        let blocks = b"\0\x01\x02~\0\x15\0\0\0\0\x01\0\0\0";
        let mut bytes = data.to_vec();
        bytes.extend([0; 5]);
        bytes.extend(blocks);
        bytes.extend([0; 5]);
        bytes.extend([0, 0, 26, 14]);
        bytes.extend([0; 36]);
        bytes.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
        scratch.write("planted.index", &bytes)
    }
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, index: &Index, sink: &mut dyn Sink) {
        // Start, end and name of each tensor, by data file.
        let mut shards: BTreeMap<u64, Vec<(u64, u64, &str)>> = BTreeMap::new();
        for tensor in index.tensors.iter().filter(|tensor| !tensor.sliced) {
            match judge(tensor, index.shards) {
                Ok(end) => {
                    let ranges = shards.entry(tensor.shard).or_default();
                    ranges.push((tensor.offset, end, &tensor.name));
                }
                Err(why) => sink.finding(self.finding(why)),
            }
        }
        for (shard, mut ranges) in shards {
            ranges.sort_unstable();
            self.overlaps(&ranges, sink);
            self.fits(shard, index.shards, &ranges, sink);
        }
    }

    fn overlaps(&self, ranges: &[(u64, u64, &str)], sink: &mut dyn Sink) {
        let mut furthest: Option<&(u64, u64, &str)> = None;
        for range in ranges.iter().filter(|range| range.0 < range.1) {
            if let Some(before) = furthest.filter(|before| range.0 < before.1) {
                sink.finding(self.finding(format!(
                    "tensors `{}` and `{}` share bytes",
                    escape(before.2, 120),
                    escape(range.2, 120)
                )));
            }
            if furthest.is_none_or(|before| range.1 > before.1) {
                furthest = Some(range);
            }
        }
    }

    /// Compares with the data file, when it lies beside the index.
    fn fits(&self, shard: u64, shards: u64, ranges: &[(u64, u64, &str)], sink: &mut dyn Sink) {
        let Some((name, size)) = self.data_file(shard, shards) else {
            return;
        };
        for (start, end, tensor) in ranges.iter().filter(|range| range.1 > size) {
            sink.finding(self.finding(format!(
                "tensor `{}` wants bytes {start}..{end} of `{name}`, which has {size}",
                escape(tensor, 120)
            )));
        }
        let last = ranges.iter().map(|range| range.1).max().unwrap_or_default();
        if let Some(behind) = size.checked_sub(last).filter(|behind| *behind > 0) {
            let message = format!("{behind} bytes of `{name}` follow its last tensor");
            sink.finding(self.finding(message).with_severity(Severity::Medium));
        }
    }

    /// The data file's name and size; the project's own list comes first, then the disk.
    fn data_file(&self, shard: u64, shards: u64) -> Option<(String, u64)> {
        let prefix = self.file.path.strip_suffix(".index")?;
        if self.entry.member.is_some() {
            return None;
        }
        let path = format!("{prefix}.data-{shard:05}-of-{shards:05}");
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let mut files = self
            .context
            .artifacts
            .iter()
            .flat_map(|artifact| &artifact.files);
        let listed = files.find(|file| file.path == path).map(ArtifactFile::size);
        let size = listed.or_else(|| {
            let metadata = std::fs::metadata(self.file.source.with_file_name(&name)).ok()?;
            metadata.is_file().then_some(metadata.len())
        });
        size.map(|size| (escape(&name, 120), size))
    }

    fn finding(&self, message: String) -> Finding {
        TensorflowCheckpointRange::INFO
            .finding(message)
            .at(location(self.file, self.entry))
    }
}

/// Where the tensor ends, or what is wrong with it.
fn judge(tensor: &Tensor, shards: u64) -> Result<u64, String> {
    let name = escape(&tensor.name, 120);
    let (shard, size) = (tensor.shard, tensor.size);
    if shard >= shards.max(1) {
        return Err(format!(
            "tensor `{name}` lies in data file {shard}, but there are {shards}"
        ));
    }
    if let Some(expected) = tensor.expected().filter(|expected| *expected != size) {
        return Err(format!(
            "tensor `{name}` takes {size} bytes, but its shape and type make {expected}"
        ));
    }
    let end = tensor.offset.checked_add(size);
    end.ok_or_else(|| format!("tensor `{name}` ends beyond any file"))
}
