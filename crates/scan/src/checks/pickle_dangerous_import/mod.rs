//! Pickles that would run an attacker's code when they are loaded.

mod usage;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Check, Context, Error, Finding, Reference, Region, Scratch,
    Severity, Sink, Window, declare_check, escape,
};
use tutela_formats::pickle::{self, Call, Import, Pickles};
use tutela_formats::{Entry, Format, npy, zip};

use crate::callables::Effect;
use crate::inside::{Inside, Scope, location, place};
use usage::usage;

declare_check! {
    /// Pickles that would run an attacker's code when they are loaded.
    ///
    /// # What it finds
    /// Imports in Python pickles whose call can start programs, run code, load further code, use the
    /// network, touch files or change the interpreter, such as `os.system`, `builtins.eval` or
    /// `runpy.run_path`. It looks into raw pickles of every protocol, several in a row, PyTorch files old
    /// and new, numpy arrays of objects, `.npz`, joblib files, and pickles inside zip, tar, gzip and zlib,
    /// whatever the files are called. Names put together through the memo, calls on the results of calls,
    /// and payloads that run before the stream breaks are followed by running the opcodes symbolically;
    /// nothing is imported or called. A name that is not known to be harmless is a medium finding.
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
    /// The effect of a name comes from a short reviewed table, and from a database that is derived from the
    /// sources of Python and of the common libraries, in several versions each. The derivation follows calls
    /// and whose data steers them, not every trick: what it finds harmless may still be abusable through an
    /// attribute that is looked up by name, and what lies in compiled modules is judged by its name. A name
    /// that neither knows is a medium finding.
    /// Data inside the pickle (a text that is itself a pickle) is not run through. Where the stream cannot
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

impl Check for PickleDangerousImport {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        context.each_file(artifact, sink, |file, bytes, sink| {
            let inside = Inside {
                file,
                bytes,
                context,
                scope: Scope::AnyFormat,
            };
            inside.examine(sink, &mut |entry, sink| {
                Examination {
                    file,
                    entry,
                    context,
                }
                .run(sink)
            })
        });
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted-model.bin",
            b"\x80\x02cos\nsystem\nX\x0a\x00\x00\x00echo inert\x85R.",
        )
    }
}

/// One file, or one member of an archive, and what is known around it.
struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let bytes = self.entry.bytes;
        let is = |format| self.entry.formats.contains(&format);
        if is(Format::Pickle) || is(Format::TorchLegacy) {
            self.pickles(bytes, 0, sink)?;
        } else if is(Format::Npy) {
            self.array(sink)?;
        } else if self.entry.formats.is_empty() {
            self.broken(sink)?;
        }
        if let Some(archive) = self.entry.archive
            && (is(Format::TorchZip) || is(Format::Npz) || is(Format::KerasZip))
        {
            self.two_faces(archive, sink);
        }
        Ok(())
    }

    fn pickles(&self, bytes: &dyn Bytes, offset: u64, sink: &mut dyn Sink) -> io::Result<()> {
        let pickles = pickle::describe(bytes, self.context.limits)?;
        for (index, import) in pickles.imports.iter().enumerate() {
            if let Some(finding) = self.judge(&pickles, index, import, offset) {
                sink.finding(finding);
            }
        }
        self.tell_faults(&pickles, offset, sink);
        Ok(())
    }

    fn array(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let bytes = self.entry.bytes;
        match npy::header(bytes)? {
            Some(header) if header.objects => {
                let data = Window::new(bytes, header.data, u64::MAX);
                self.pickles(&data, header.data, sink)
            }
            Some(_) => Ok(()),
            None => {
                sink.incomplete(format!(
                    "`{}` begins as a numpy array but its header cannot be read",
                    self.place()
                ));
                Ok(())
            }
        }
    }

    /// Bytes that are no whole pickle may still begin as one, and a loader stops only where it breaks.
    fn broken(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let mut first = [0];
        let begins = self.entry.bytes.read_at(0, &mut first)? == 1
            && pickle::Opcode::from_byte(first[0]).is_some();
        if !begins {
            return Ok(());
        }
        let pickles = pickle::describe(self.entry.bytes, self.context.limits)?;
        let mut found = false;
        for (index, import) in pickles.imports.iter().enumerate() {
            if is_named(import)
                && let Some(finding) = self.judge(&pickles, index, import, 0)
                && finding.severity >= Severity::High
            {
                found = true;
                sink.finding(finding);
            }
        }
        if found {
            self.tell_faults(&pickles, 0, sink);
        }
        Ok(())
    }

    fn judge(
        &self,
        pickles: &Pickles,
        index: usize,
        import: &Import,
        offset: u64,
    ) -> Option<Finding> {
        let known = match (&import.module, &import.name) {
            (Some(module), Some(name)) => usage(pickles, index).effect(module, name),
            _ => Effect::Unknown,
        };
        let patched = import.patched.then_some(Severity::High);
        let severity = known.severity().max(patched)?;
        let shown = call_of(pickles, index, import);
        let message = sentence(import, known, shown);
        let region = Region::Bytes {
            start: import.start.saturating_add(offset),
            end: import.end.saturating_add(offset),
        };
        let finding = PickleDangerousImport::INFO
            .finding(message)
            .with_severity(severity)
            .with_identity(import.to_string())
            .at(location(self.file, self.entry).at(region));
        Some(match shown {
            Some(call) => finding.with_excerpt(&call.expression),
            None => finding,
        })
    }

    /// Says what was not followed, and what an honest pickler never writes.
    fn tell_faults(&self, pickles: &Pickles, offset: u64, sink: &mut dyn Sink) {
        let place = self.place();
        let mut odd = None;
        let mut told = 0_usize;
        for anomaly in &pickles.anomalies {
            let at = anomaly.at.saturating_add(offset);
            if anomaly.fault.blinds() {
                told = told.saturating_add(1);
                if told <= 3 {
                    sink.incomplete(format!("`{place}` byte {at}: {}", anomaly.fault));
                }
            } else if !matches!(anomaly.fault, pickle::Fault::Trailing(_)) {
                odd.get_or_insert((at, anomaly.fault.to_string()));
            }
        }
        let Some((at, fault)) = odd else {
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
                .with_severity(Severity::Medium)
                .at(location(self.file, self.entry).at(region)),
        );
    }

    /// A zip archive that shows different loaders different things.
    fn two_faces(&self, archive: &zip::Archive, sink: &mut dyn Sink) {
        let differs = |anomaly: &&zip::Anomaly| {
            !matches!(
                anomaly.fault,
                zip::Fault::Prefix(_) | zip::Fault::Trailing(_) | zip::Fault::TooMany(_)
            )
        };
        let mut found = archive.anomalies.iter().filter(differs);
        let Some(first) = found.next() else {
            return;
        };
        let more = found.count();
        let more = if more == 0 {
            String::new()
        } else {
            format!(", and {more} more differences")
        };
        sink.finding(
            PickleDangerousImport::INFO
                .finding(format!(
                    "loaders may read this archive differently: {}{more}",
                    first.fault
                ))
                .with_severity(Severity::Medium)
                .at(location(self.file, self.entry)),
        );
    }

    fn place(&self) -> String {
        place(self.file, self.entry.member)
    }
}

/// Lines of text read as imports too, but seldom with names that Python would take.
fn is_named(import: &Import) -> bool {
    let is_name = |part: &Option<String>| part.as_deref().is_some_and(pickle::is_dotted_name);
    is_name(&import.module) && is_name(&import.name)
}

/// The call that tells most about an import: the longest one in which it takes part.
fn call_of<'a>(pickles: &'a Pickles, index: usize, import: &Import) -> Option<&'a Call> {
    const LOOKED_AT: usize = 1_000;
    let name = import.to_string();
    let direct = |call: &&Call| call.callee == pickle::Callee::Import(index);
    pickles
        .calls
        .iter()
        .take(LOOKED_AT)
        .filter(|call| call.expression.contains(&name))
        .max_by_key(|call| call.expression.len())
        .or_else(|| pickles.calls.iter().find(direct))
}

fn sentence(import: &Import, known: Effect, shown: Option<&Call>) -> String {
    let clause = if import.patched && known.severity() < Some(Severity::High) {
        "overwrites attributes of what it imports"
    } else {
        known.clause()
    };
    match shown {
        Some(call) if call.expression.starts_with(&import.to_string()) => {
            let more = import.called.saturating_sub(1);
            let more = if more == 0 || import.called == 0 {
                String::new()
            } else {
                format!(" and {more} more times")
            };
            format!("calls `{}`{more}, which {clause}", escape(&call.expression, 200))
        }
        Some(call) => format!(
            "uses `{import}` in `{}`, which {clause}",
            escape(&call.expression, 200)
        ),
        None => format!("imports `{import}`, which {clause}"),
    }
}
