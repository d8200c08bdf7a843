//! `TorchScript` programs that reach out of the model.

mod judge;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Context, Error, Reference, Region, Scratch, Sink, Window,
    declare_check, escape,
};
use tutela_formats::torchscript::mobile::{self, Packed};
use tutela_formats::torchscript::{self, source};
use tutela_formats::zip::{Archive, Member};
use tutela_formats::{Entry, Format, sniff, strings};

use crate::inside::{location, member_name, place, read_member};
use crate::together::{EntryCheck, Visitor};
use judge::{Said, said_of_fault, said_of_operator, said_of_source};

declare_check! {
    /// TorchScript programs that reach out of the model.
    ///
    /// # What it finds
    /// In TorchScript models, also in those for mobile devices: operators that write or read files (`torch.save`,
    /// `torch.from_file`, torchvision's `read_file` and `write_file`), call Python, run functions on other machines, and
    /// operators and classes of libraries that do not come with torch. Names are followed through assignments,
    /// `getattr` and methods of tensors; texts are followed to the call that uses them. What only calculates, prints
    /// or raises is no finding. In models for mobile devices that are flatbuffers also the source that they bring along, and
    /// every offset, number of an operator, register, constant or storage that leads out of its list.
    ///
    /// # Why it matters
    /// A TorchScript file is a program. `torch.jit.load` runs the parts of it that set up objects, and the first
    /// prediction runs the rest, with the rights of the process: `torch.save` with a path inside a model can
    /// overwrite a start-up file, `torch.from_file` can read a key and give it out as a prediction. The loader of
    /// flatbuffers follows their numbers as they are, in several versions without asking whether they are in their lists.
    ///
    /// # Example
    /// ```text
    /// model.pt!model/code/__torch__.py bytes 214..260: line 7 uses `torch.save`, which writes files: `/home/user/.bashrc`
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. If it is yours, move the reading and writing out of it, into the program that calls it,
    /// and export again. An operator of a library (medium) needs that library's code: get it from a source that you
    /// trust.
    ///
    /// # Limits
    /// A path that is put together while the model runs, or lies in an attribute, is not known; operators that read or
    /// write any file are reported whatever the path. Files of other formats that a flatbuffer brings along are not
    /// looked into, and make it incomplete. The list of operators is that of torch 2.15 and torchvision 0.29: one that
    /// torch has given up is a finding of low severity.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-94 (code injection), CWE-125 (out-of-bounds
    /// read); CVE-2024-31584; MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5);
    /// PyTorch's security policy.
    pub struct TorchscriptUnsafeOperator {
        code: "torchscript-unsafe-operator",
        title: "TorchScript program reaches out of the model",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(94),
            Reference::Cwe(125),
            Reference::advisory("CVE-2024-31584"),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/pytorch/pytorch/blob/main/SECURITY.md"),
        ],
        user: "Using this model would let whoever made it read or change files on the computer that runs it, your data among them. Do not use it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components, pre-trained ones included. A model that reads, writes or calls out while it predicts is such a component. The evidence names the operator, the line and the file by its digest.",
    }
}

/// Findings in one member; more say nothing new.
const MOST: usize = 50;
/// Source longer than this is not read: that of the largest models takes a few MiB.
const LONGEST: u64 = 64 << 20;

impl EntryCheck for TorchscriptUnsafeOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let package = Package {
                file,
                entry,
                context,
            };
            if entry.formats.contains(&Format::TorchMobile) {
                return package.mobile(sink);
            }
            let is_script = entry.formats.contains(&Format::TorchScript);
            match entry.archive.filter(|_| is_script) {
                Some(archive) => package.examine(archive, sink),
                None => Ok(()),
            }
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted.pt", PLANTED)
    }
}

/// An archive whose only source is `torch.save(x, "/planted/inert")`.
const PLANTED: &[u8] = include_bytes!("planted.zip");

struct Package<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Package<'_> {
    fn examine(&self, archive: &Archive, sink: &mut dyn Sink) -> io::Result<()> {
        for member in &archive.members {
            let names = [Some(member.name.as_str()), member.local_name.as_deref()];
            let ends = |end: &str| names.iter().flatten().any(|name| name.ends_with(end));
            if !(ends(".py") || ends("bytecode.pkl")) {
                continue;
            }
            let Some(bytes) = self.bytes(member, sink)? else {
                continue;
            };
            if ends(".py") {
                self.source(member, &bytes, sink);
            }
            if ends("bytecode.pkl") {
                self.bytecode(member, &bytes, sink)?;
            }
        }
        Ok(())
    }

    fn source(&self, member: &Member, bytes: &[u8], sink: &mut dyn Sink) {
        let source = source::read(bytes);
        if let Some((at, fault)) = source.fault {
            sink.incomplete(format!("`{}` byte {at}: {fault}", self.name(member)));
        }
        self.tell(Some(member), said_of_source(&source), sink);
    }

    fn bytecode(&self, member: &Member, bytes: &dyn Bytes, sink: &mut dyn Sink) -> io::Result<()> {
        let operators = torchscript::operators(bytes, self.context.limits)?;
        if operators.overflowed {
            let name = self.name(member);
            sink.incomplete(format!("`{name}` names more operators than are kept"));
        }
        let said = operators
            .names
            .iter()
            .filter_map(|(name, region)| said_of_operator(name, *region));
        self.tell(Some(member), said.collect(), sink);
        Ok(())
    }

    /// A flatbuffer for mobile devices: what it names, the source that it brings along, and what is broken.
    fn mobile(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let module = mobile::read(self.entry.bytes, self.context.limits)?;
        let here = place(self.file, self.entry.member);
        let names = module.names.iter();
        let mut said: Vec<Said> = names
            .filter_map(|(name, region)| said_of_operator(name, *region))
            .collect();
        if !module.faults.is_empty() {
            said.extend(self.texts()?);
        }
        for packed in &module.sources {
            said.extend(self.packed_source(packed, sink)?);
        }
        for fault in &module.faults {
            match fault.at() {
                Some(at) => said.push(said_of_fault(fault, at)),
                None => sink.incomplete(format!("`{here}`: {fault}")),
            }
        }
        for packed in &module.extra {
            let window = Window::new(self.entry.bytes, packed.start, packed.length());
            let format = sniff(&window, self.context.limits)?;
            if let Some(format) =
                format.filter(|format| !matches!(format, Format::Json | Format::Xml))
            {
                let name = escape(&packed.name, 120);
                sink.incomplete(format!(
                    "`{here}` brings along a file `{name}` ({format}) that is not looked into"
                ));
            }
        }
        self.tell(None, said, sink);
        Ok(())
    }

    /// What is broken is searched for the names of operators, since its loader may see more of it.
    fn texts(&self) -> io::Result<Vec<Said>> {
        let mut said = Vec::new();
        strings::texts(self.entry.bytes, 6, &mut |at, text| {
            let end = at.saturating_add(text.len() as u64);
            let known = said_of_operator(text, (at, end)).filter(|said: &Said| said.is_certain);
            said.extend(known);
            Ok(())
        })?;
        Ok(said)
    }

    fn packed_source(&self, packed: &Packed, sink: &mut dyn Sink) -> io::Result<Vec<Said>> {
        let name = escape(&packed.name, 120);
        let here = place(self.file, self.entry.member);
        let limit = LONGEST.min(self.context.limits.member_bytes);
        let length = usize::try_from(packed.length().min(limit)).unwrap_or_default();
        let mut bytes = vec![0; length];
        self.entry.bytes.read_exact_at(packed.start, &mut bytes)?;
        if packed.length() > limit {
            sink.incomplete(format!(
                "`{here}`: the source `{name}` is longer than the limit of {limit} bytes"
            ));
        }
        let source = source::read(&bytes);
        if let Some((at, fault)) = source.fault {
            let at = packed.start.saturating_add(at);
            sink.incomplete(format!("`{here}` byte {at}: {fault}"));
        }
        let mut said = said_of_source(&source);
        for said in &mut said {
            let (start, end) = said.region;
            said.region = (
                packed.start.saturating_add(start),
                packed.start.saturating_add(end),
            );
            said.message = format!("in the source `{name}`, {}", said.message);
        }
        Ok(said)
    }

    /// The member's bytes; what cannot be read is told.
    fn bytes(&self, member: &Member, sink: &mut dyn Sink) -> io::Result<Option<Vec<u8>>> {
        let limit = LONGEST.min(self.context.limits.member_bytes);
        match read_member(self.entry, member, limit)? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) => {
                sink.incomplete(format!("`{}` {why}", self.name(member)));
                Ok(None)
            }
        }
    }

    fn name(&self, member: &Member) -> String {
        place(self.file, Some(&member_name(self.entry, member)))
    }

    fn tell(&self, member: Option<&Member>, said: Vec<Said>, sink: &mut dyn Sink) {
        let mut told: Vec<String> = Vec::new();
        for said in said {
            if told.len() >= MOST || told.contains(&said.identity) {
                continue;
            }
            told.push(said.identity.clone());
            let whole = location(self.file, self.entry);
            let here = match member {
                Some(member) => whole.in_member(member_name(self.entry, member)),
                None => whole,
            };
            let region = Region::Bytes {
                start: said.region.0,
                end: said.region.1,
            };
            sink.finding(
                TorchscriptUnsafeOperator::INFO
                    .finding(said.message)
                    .with_severity(said.severity)
                    .with_identity(said.identity)
                    .at(here.at(region)),
            );
        }
    }
}
