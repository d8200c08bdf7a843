//! Programs and pickles in the middle of weights.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Reference, Region, Scratch, Severity,
    Sink, declare_check,
};
use tutela_formats::concealed::{Concealed, begins};
use tutela_formats::pickle::{self, Callee, Pickles};
use tutela_formats::Entry;

use crate::callables::effect;
use crate::inside::{is_searched, location, place};
use crate::together::{EntryCheck, Scope, Visitor};

/// The smallest part of a file that can conceal something worth a search.
const LEAST: u64 = 32;

declare_check! {
    /// Programs and pickles in the middle of weights.
    ///
    /// # What it finds
    /// Native programs, scripts and pickles that would run code, which begin somewhere inside the raw numbers of a
    /// model: in the tensor storages of a PyTorch archive, behind the pickles of an old PyTorch file, between the
    /// tensors of a safetensors or GGUF file, in a numpy array, anywhere in an ONNX, HDF5, TensorFlow, Core ML or MessagePack
    /// file, or in a part of an archive that is of no known format.
    /// Every byte is looked at, in the same reading in which the digest of the file or the checksum of the part is
    /// taken. `tutela scan --structure` leaves this check out, and says so.
    ///
    /// # Why it matters
    /// Weights are gigabytes that nobody reads, so they are a good place for the second stage of an attack: a small, harmless
    /// looking loader reads it from there, and scanners that look at headers see nothing.
    ///
    /// # Example
    /// ```text
    /// model.pt!archive/data/7 bytes 524288..524352: a pickle that calls os.system begins in the middle of raw data
    /// ```
    ///
    /// # How to fix
    /// Do not load the file, and find out who made it. If the bytes are meant to be there, such as compiled kernels
    /// beside weights, ship them as files of their own that are declared and signed.
    ///
    /// # Limits
    /// What is encrypted, packed with a key, spread over several tensors or over the low bits of weights is not
    /// found. A pickle without a protocol (protocol 0 or 1) is found at the beginning of a part only. A pickle whose imports are
    /// all harmless is not reported.
    ///
    /// # References
    /// CWE-506 (embedded malicious code); MITRE ATLAS AML.T0018.002 (embed malware), AML.T0010.003 (supply chain
    /// compromise: model); AI Act article 15(5); Wang et al., EvilModel: Hiding Malware Inside of Neural Network Models,
    /// arXiv 2107.08590.
    pub struct ConcealedPayload {
        code: "concealed-payload",
        title: "something that runs is concealed in raw data",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(506),
            Reference::atlas("AML.T0018.002"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://arxiv.org/abs/2107.08590"),
        ],
        user: "A program is hidden inside this model. Together with another piece of software it could take over the computer on which the model runs.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against third parties who alter a system through its components. Malware hidden in weights is such an alteration. The evidence names the file by its digest and the bytes in it.",
    }
}

impl EntryCheck for ConcealedPayload {
    fn scope(&self) -> Scope {
        Scope::Containers
    }

    fn left_out(&self, limits: &Limits) -> Option<&'static str> {
        (limits.raw_bytes == 0).then_some("only the structure of files was asked for")
    }

    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let search = Search {
                file,
                entry,
                context,
            };
            search.run(sink)
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let weights = [0xbf_u8; 4096];
        let pickle = b"\x80\x02cos\nsystem\nX\x0b\0\0\0echo inert!\x85R.";
        scratch.write(
            "planted-weights.bin",
            &[&weights, pickle.as_slice(), &weights].concat(),
        )
    }
}

struct Search<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Search<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if self.entry.bytes.len() < LEAST || !is_searched(self.entry)? {
            return Ok(());
        }
        if self.entry.bytes.len() > self.context.limits.raw_bytes {
            let place = place(self.file, self.entry.member);
            let limit = self.context.limits.raw_bytes;
            sink.incomplete(format!(
                "`{place}` is larger than the limit of {limit} raw bytes that are searched"
            ));
            return Ok(());
        }
        let Some(marks) = self.marks()? else {
            sink.incomplete(format!(
                "`{}` has too many places where something seems to begin",
                place(self.file, self.entry.member)
            ));
            return Ok(());
        };
        // Where the entry itself begins, other checks look.
        let mut after = 1;
        let mut known = None;
        for mark in marks.into_iter().filter(|mark| *mark > 0) {
            if mark < after {
                continue;
            }
            if known.is_none() {
                known = Some(self.followed()?);
            }
            let is_known = known
                .iter()
                .flatten()
                .any(|(start, end)| (*start..*end).contains(&mark));
            if is_known {
                continue;
            }
            if let Some((finding, end)) = self.judge(mark)? {
                after = end;
                sink.finding(finding);
            }
        }
        Ok(())
    }

    /// Places in the entry where something seems to begin; none when there are too many.
    fn marks(&self) -> io::Result<Option<Vec<u64>>> {
        let length = self.entry.bytes.len();
        if let (Some(origin), Some(marks)) = (self.entry.origin, &self.file.marks) {
            let end = origin.saturating_add(length);
            let from = marks.partition_point(|mark| *mark < origin);
            let inside = marks.get(from..).unwrap_or_default().iter();
            let inside = inside.take_while(|mark| **mark < end);
            return Ok(Some(
                inside.map(|mark| mark.saturating_sub(origin)).collect(),
            ));
        }
        let marks = &self.entry.sweep()?.marks;
        Ok((!marks.overflowed).then(|| marks.places.clone()))
    }

    /// The parts that are looked at by themselves: pickles, and the members of an archive with their headers.
    fn followed(&self) -> io::Result<Vec<(u64, u64)>> {
        let members = self.entry.archive.iter().flat_map(|it| &it.members);
        let mut followed: Vec<(u64, u64)> = members
            .filter_map(|member| {
                let end = member.data?.saturating_add(member.packed);
                Some((member.header, end))
            })
            .collect();
        if let Some((start, pickles)) = self.entry.pickles(self.context.limits)? {
            let place = |at: u64| at.saturating_add(start);
            let streams = pickles.streams.iter();
            followed.extend(streams.map(|stream| (place(stream.start), place(stream.end))));
        }
        Ok(followed)
    }

    /// The finding about what begins at a place, and where it ends.
    fn judge(&self, at: u64) -> io::Result<Option<(Finding, u64)>> {
        let (what, severity, length) = match begins(self.entry.bytes, at, self.context.limits)? {
            Some(Concealed::Program(format)) => (format.name().to_owned(), Severity::High, 64),
            Some(Concealed::Pickle(pickles)) => match worst(&pickles) {
                Some((severity, call)) => {
                    let what = format!("pickle that calls {call}");
                    (what, severity, pickles.examined)
                }
                None => return Ok(None),
            },
            Some(Concealed::Archive) => ("zip archive".to_owned(), Severity::Low, 4),
            _ => return Ok(None),
        };
        let end = at.saturating_add(length);
        let finding = ConcealedPayload::INFO
            .finding(format!("a {what} begins in the middle of raw data"))
            .with_severity(severity)
            .at(location(self.file, self.entry).at(Region::Bytes { start: at, end }));
        Ok(Some((finding, end)))
    }
}

/// The worst thing that a pickle calls, when it is bad enough to be no accident.
fn worst(pickles: &Pickles) -> Option<(Severity, String)> {
    let called = |call: &pickle::Call| match call.callee {
        Callee::Import(index) => pickles.imports.get(index),
        _ => None,
    };
    let judged = pickles.calls.iter().filter_map(|call| {
        let import = called(call)?;
        let (module, name) = (import.module.as_ref()?, import.name.as_ref()?);
        let severity = effect(module, name).severity()?;
        Some((severity, format!("`{}`", call.expression)))
    });
    judged
        .filter(|(severity, _)| *severity >= Severity::High)
        .max_by_key(|(severity, _)| *severity)
}
