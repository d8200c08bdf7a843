//! GGUF files that break the format's rules.

mod values;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check,
};
use tutela_formats::gguf::{Fault, Flaw};
use tutela_formats::{Entry, Format};

use crate::claims::{Claim, claim, concealed};
use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// GGUF files that break the format's rules.
    ///
    /// # What it finds
    /// Counts and lengths that the file has no room for, types and versions that do not exist, keys and
    /// tensors that stand twice, names and texts with NUL or control characters, names that lead out of a
    /// folder, sizes and counts that overflow or do not agree, an alignment that is no power of two, shapes that overflow, tensors that overlap, are not
    /// aligned or lie outside the file, bytes that belong to no tensor, and a file called `.gguf` that is
    /// something else. Versions 1 to 3 and both byte orders are read.
    ///
    /// # Why it matters
    /// Programs that run GGUF models are written in C and C++ and take counts, lengths and shapes from the
    /// file. A number chosen for it has made llama.cpp write past its memory more than once, which runs the
    /// attacker's code as soon as the model is opened. Bytes that no tensor covers carry payloads, and doubled
    /// keys let two programs see two models in one file.
    ///
    /// # Example
    /// ```text
    /// model.gguf bytes 24..64: `k` declares 18446744073709551615 bytes or items, but only 40 bytes are left
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Get it again from its origin and compare digests; if you made it, convert it
    /// again with a current version of the converter. Keep the program that loads it up to date.
    ///
    /// # Limits
    /// Only the header and what lies between tensors is read: weights are not judged. Types of tensors newer
    /// than the table, and those of programs that add their own, are reported at medium. Names longer than
    /// ggml's 63 bytes are not reported, since programs built on it allow more. The templates of chats are
    /// another check's business.
    ///
    /// # References
    /// CWE-190 (integer overflow), CWE-1284 (improper validation of specified quantity), CWE-787 (out-of-bounds
    /// write); CVE-2024-21802, CVE-2024-21825, CVE-2024-21836, CVE-2024-23496 and CVE-2024-23605 (heap overflows
    /// in llama.cpp's GGUF reader); MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act
    /// article 15(5); ggml's description of the format.
    pub struct GgufHeader {
        code: "gguf-header",
        title: "GGUF file breaks the format's rules",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(190),
            Reference::Cwe(1284),
            Reference::Cwe(787),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::advisory("CVE-2024-21802"),
            Reference::advisory("CVE-2024-21825"),
            Reference::advisory("CVE-2024-21836"),
            Reference::advisory("CVE-2024-23496"),
            Reference::advisory("CVE-2024-23605"),
            Reference::link("https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"),
        ],
        user: "The file that holds this model is damaged, or was made to break the program that opens it. Opening it could let a stranger run programs on your computer.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model file with impossible numbers is such an attempt against the program that loads it, or is not the file that was tested. The evidence names the file by its digest and the bytes that break the rule.",
    }
}

impl EntryCheck for GgufHeader {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            Examination {
                file,
                entry,
                context,
            }
            .run(sink)
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // Version 3, no tensors, 2^60 key-value pairs.
        let counts = [0, 1_u64 << 60].map(u64::to_le_bytes).concat();
        let bytes = [b"GGUF\x03\0\0\0".as_slice(), &counts].concat();
        scratch.write("planted.gguf", &bytes)
    }
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if !self.entry.formats.contains(&Format::Gguf) {
            return self.misnamed(sink);
        }
        let model = self.entry.gguf(self.context.limits)?;
        for flaw in &model.flaws {
            self.tell(flaw, sink)?;
        }
        for (entry, why) in values::wrong(model) {
            sink.finding(self.finding(entry.start, entry.end, why));
        }
        Ok(())
    }

    fn misnamed(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let name = self.entry.member.unwrap_or(&self.file.path);
        // GGUF's predecessors keep its name at times; they are told as not understood.
        if self.entry.formats.contains(&Format::Ggml) {
            return Ok(());
        }
        match claim(name, "gguf", self.entry)? {
            Claim::Kept => {}
            Claim::Pointer => sink.incomplete(format!(
                "`{}` is only a pointer to a file kept elsewhere",
                place(self.file, self.entry.member)
            )),
            Claim::Broken(what) => sink.finding(
                GgufHeader::INFO
                    .finding(format!(
                        "the file is called gguf but its content is something else: {what}"
                    ))
                    .at(location(self.file, self.entry)),
            ),
        }
        Ok(())
    }

    fn tell(&self, flaw: &Flaw, sink: &mut dyn Sink) -> io::Result<()> {
        if let Fault::Limit { .. } = flaw.fault {
            let place = place(self.file, self.entry.member);
            sink.incomplete(format!("`{place}`: {}", flaw.fault));
            return Ok(());
        }
        let mut message = flaw.fault.to_string();
        let mut severity = severity(&flaw.fault);
        if let Fault::Gap(_) | Fault::Trailing(_) | Fault::Padding(_) = flaw.fault {
            let what = concealed(self.entry.bytes, flaw.start, flaw.end, self.context.limits)?;
            if !what.is_empty() {
                severity = Severity::High;
                message.push_str(&what);
            }
        }
        sink.finding(
            self.finding(flaw.start, flaw.end, message)
                .with_severity(severity),
        );
        Ok(())
    }

    fn finding(&self, start: u64, end: u64, message: String) -> Finding {
        GgufHeader::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(Region::Bytes { start, end }))
    }
}

/// What can break a reader or conceals bytes is worse than what is only newer or untidy.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        // A newer ggml continues its row; programs built on it have types of their own in these ranges.
        Fault::UnknownType {
            kind: 0..64 | 97..100 | 133..160 | 200..240 | 335..346 | 397..400,
            ..
        }
        | Fault::Boolean { .. }
        | Fault::Padding(..64) => Severity::Medium,
        _ => Severity::High,
    }
}
