//! Pickles that would run an attacker's code when they are loaded.

mod given;
mod judge;
mod method;
mod mild;
mod usage;
mod value;

use std::io;
use std::ops::Range;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Context, Error, Finding, Reference, Region, Scratch, Severity,
    Sink, Step, Window, declare_check,
};
use tutela_formats::pickle::{self, Pickles};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Scope, Visitor};
use judge::{Judge, Verdict};

declare_check! {
    /// Pickles that would run an attacker's code when they are loaded.
    ///
    /// # What it finds
    /// Imports in Python pickles whose call can start programs, run code, load further code, use the
    /// network, touch files or change the interpreter, such as `os.system`, `builtins.eval` or
    /// `runpy.run_path`. It looks into raw pickles of every protocol, several in a row, PyTorch files old
    /// and new, numpy arrays of objects, `.npz`, joblib files, and pickles inside zip, tar, 7z, gzip, zlib,
    /// bzip2, xz, lzma, Zstandard and LZ4, whatever the files are called. Names put together through the memo, calls on the results of calls,
    /// payloads that run before the stream breaks, and pickles inside values are followed by running the
    /// opcodes symbolically, as both of Python's loaders would; nothing is imported or called. A name that is
    /// not known to be harmless is a medium finding, and a high one when what it returns is called or given
    /// attributes that decide how it behaves. Functions and classes whose code the pickle carries (cloudpickle, dill,
    /// `marshal`, modules traced by `torch.fx`) are judged by what that code takes from outside: harmless names are a medium finding, those that start
    /// programs, connect, write, load or run code, and code that cannot be read, a high or critical one. A stream that Python's loaders read differently is a high one.
    ///
    /// # Why it matters
    /// Loading a pickle runs whatever it names: there is no safe way to load one from an untrusted source.
    /// A model file from a public hub is the usual way in; real ones have opened reverse shells. Scanners
    /// that look only at a list of names or at the file's extension miss most of the published tricks.
    ///
    /// # Example
    /// ```text
    /// model.pt!archive/data.pkl bytes 2..14: calls `os.system("curl … | sh")`, which can start programs
    /// ```
    ///
    /// # How to fix
    /// Delete the file and find out where it came from and who has loaded it: treat that machine as
    /// compromised. Get the weights as safetensors, or load with `torch.load(…, weights_only=True)` from
    /// PyTorch 2.6 on. For a medium finding, read what the named class does when it is made; if it is yours,
    /// keep its weights instead of the object.
    ///
    /// # Limits
    /// The effect of a name comes from a database that was derived from the sources of common libraries, and from
    /// a reviewed table before it, not from what is installed. The derivation misses some effects, of compiled
    /// code above all; a name that it does not know is a medium finding, and a high one when the pickle gives it
    /// a text and its name says what it does, or the text is code, the name of a function that harms, or, for a
    /// function, an address or a path out of the folder.
    /// Code by value is read, not run, for Python 3.6 to 3.14; of older Python each name counts as all that it could be.
    /// Attributes of values that only exist when it runs are judged by their names. Bytecode written by hand to be
    /// valid for one version and to do something else in another can deceive it.
    /// Texts and bytes inside the pickle are followed when they are pickles themselves, bare, in base64, base32, base85
    /// or hexadecimal, or packed with zlib, gzip, bzip2, xz or lzma; other codings are not undone. Of functions that reach others by name only
    /// the usual ones of the standard library are followed, with constant arguments. Where the stream cannot
    /// be followed, or a format cannot be looked into, the outcome is incomplete, never clean. Encrypted
    /// archives are incomplete.
    ///
    /// # References
    /// CWE-502 (deserialization of untrusted data); MITRE ATLAS AML.T0010.003 (supply chain compromise:
    /// model), AML.T0011.000 (unsafe AI artifacts), AML.T0018.002 (embed malware); OWASP ML06:2023 (AI
    /// supply chain attacks) and LLM03:2025; AI Act article 15(5); Python's documentation of `pickle`.
    pub struct PickleDangerousImport {
        code: "pickle-dangerous-import",
        title: "pickle runs code when it is loaded",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(502),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::atlas("AML.T0018.002"),
            Reference::owasp("ML06:2023"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://docs.python.org/3/library/pickle.html"),
        ],
        user: "Opening this model would let whoever made it run programs on your computer: read your files, steal passwords, spy on what you do. Do not open it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components, pre-trained ones included. A model file that runs code on loading is such an attack through the supply chain. The evidence names the file by its digest and the call by its place; a finding here cannot be waived.",
    }
}

impl EntryCheck for PickleDangerousImport {
    fn scope(&self) -> Scope {
        Scope::AnyFormat
    }

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
        scratch.write(
            "planted-model.bin",
            b"\x80\x02cos\nsystem\nX\x0a\x00\x00\x00echo inert\x85R.",
        )
    }
}

/// Bytes ahead of a pickle, in data of no known format, within which it is looked for: one read.
const AHEAD: u64 = 16 << 10;
/// Bytes behind a pickle within which another is looked for.
const BEHIND: u64 = 1 << 20;

/// One file, or one member of an archive, and what is known around it.
struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if let Some((offset, pickles)) = self.entry.pickles(self.context.limits)? {
            self.pickles(pickles, offset, sink)?;
        } else if self.entry.is(Format::Npy) {
            self.array(sink)?;
        } else if self.entry.formats.is_empty() {
            self.broken(sink)?;
        }
        Ok(())
    }

    fn pickles(&self, pickles: &Pickles, offset: u64, sink: &mut dyn Sink) -> io::Result<()> {
        for verdict in Judge::new(pickles).verdicts() {
            sink.finding(self.finding(verdict, offset));
        }
        self.tell_faults(pickles, offset, sink);
        let end = pickles.examined;
        let bytes = Window::new(self.entry.bytes, offset, u64::MAX);
        self.concealed(&bytes, end..end.saturating_add(BEHIND), offset, sink)
    }

    /// A loader that seeks, or skips what it does not know, runs what lies behind other bytes.
    fn concealed(
        &self,
        bytes: &dyn Bytes,
        range: Range<u64>,
        offset: u64,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        if self.entry.archive.is_some() {
            // Its members are walked through one by one.
            return Ok(());
        }
        let limits = self.context.limits;
        for (at, pickles) in pickle::concealed(bytes, range.start, range.end, limits)? {
            for mut verdict in Judge::new(&pickles).verdicts() {
                if verdict.is_named && verdict.severity >= Severity::High {
                    verdict
                        .message
                        .push_str("; it lies behind bytes that are no pickle");
                    sink.finding(self.finding(verdict, offset.saturating_add(at)));
                }
            }
        }
        Ok(())
    }

    fn array(&self, sink: &mut dyn Sink) -> io::Result<()> {
        if self.entry.npy()?.is_none() {
            sink.incomplete(format!(
                "`{}` begins as a numpy array but its header cannot be read",
                self.place()
            ));
        }
        Ok(())
    }

    /// Bytes that are no whole pickle may still begin as one, and a loader stops only where it breaks.
    fn broken(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let mut first = [0];
        let begins = self.entry.bytes.read_at(0, &mut first)? == 1
            && pickle::Opcode::from_byte(first[0]).is_some();
        if !begins {
            return self.concealed(self.entry.bytes, 0..AHEAD, 0, sink);
        }
        let pickles = pickle::describe(self.entry.bytes, self.context.limits)?;
        let verdicts = Judge::new(&pickles).verdicts();
        let mut found = false;
        for verdict in verdicts {
            if verdict.is_named && verdict.severity >= Severity::High {
                found = true;
                sink.finding(self.finding(verdict, 0));
            }
        }
        if found {
            self.tell_faults(&pickles, 0, sink);
            return Ok(());
        }
        self.concealed(self.entry.bytes, 0..AHEAD, 0, sink)
    }

    fn finding(&self, verdict: Verdict, offset: u64) -> Finding {
        let region = Region::Bytes {
            start: verdict.start.saturating_add(offset),
            end: verdict.end.saturating_add(offset),
        };
        let finding = PickleDangerousImport::INFO
            .finding(verdict.message)
            .with_severity(verdict.severity)
            .with_identity(verdict.identity)
            .with_trace(moved(verdict.trace, offset))
            .at(location(self.file, self.entry).at(region));
        match verdict.excerpt {
            Some(excerpt) => finding.with_excerpt(&excerpt),
            None => finding,
        }
    }

    /// Says what was not followed, and what an honest pickler never writes.
    fn tell_faults(&self, pickles: &Pickles, offset: u64, sink: &mut dyn Sink) {
        let place = self.place();
        let mut odd: Option<(Severity, u64, String)> = None;
        let mut told = 0_usize;
        for anomaly in &pickles.anomalies {
            let at = anomaly.at.saturating_add(offset);
            if anomaly.fault.blinds() {
                told = told.saturating_add(1);
                if told <= 3 {
                    sink.incomplete(format!("`{place}` byte {at}: {}", anomaly.fault));
                }
            } else if !matches!(anomaly.fault, pickle::Fault::Trailing(_)) {
                let severity = fault_severity(&anomaly.fault);
                // The worst is told; of equals the first.
                if odd.as_ref().is_none_or(|(worst, ..)| *worst < severity) {
                    odd = Some((severity, at, anomaly.fault.to_string()));
                }
            }
        }
        let Some((severity, at, fault)) = odd else {
            return;
        };
        let message = format!("the pickle is not one that a pickler writes: {fault}");
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(1),
        };
        sink.finding(
            PickleDangerousImport::INFO
                .finding(message)
                .with_severity(severity)
                .at(location(self.file, self.entry).at(region)),
        );
    }

    fn place(&self) -> String {
        place(self.file, self.entry.member)
    }
}

/// The same steps in bytes that begin further on.
fn moved(mut steps: Vec<Step>, offset: u64) -> Vec<Step> {
    for step in &mut steps {
        if let Some(Region::Bytes { start, end }) = &mut step.region {
            *start = start.saturating_add(offset);
            *end = end.saturating_add(offset);
        }
    }
    steps
}

/// A stream that loaders read differently conceals something; any other fault only breaks it.
const fn fault_severity(fault: &pickle::Fault) -> Severity {
    match fault {
        pickle::Fault::Frame | pickle::Fault::Expansion => Severity::High,
        _ => Severity::Medium,
    }
}
