//! Numpy arrays that are not as numpy writes them.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    Window, declare_check, escape,
};
use tutela_formats::npy::{self, Fault};
use tutela_formats::{Entry, Format, sniff, zip};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Numpy arrays that are not as numpy writes them.
    ///
    /// # What it finds
    /// The header of a `.npy` file, also inside `.npz` archives, is read twice: as the Python literal that it must be, and
    /// as readers do that look for words in it. Told are: headers that are expressions, nest too deep, are longer than
    /// the file or than numpy reads without being told to trust it, keys that stand twice, are missing or unknown,
    /// versions that do not exist, shapes that are negative or overflow, more data than the file has, files behind the
    /// data, types in which the two readings differ, and two members of an archive that are one array to numpy.
    ///
    /// # Why it matters
    /// numpy takes the last of two keys and decodes escapes, other readers take the first and do not: a scanner can
    /// be shown numbers where numpy loads Python objects, which is a pickle and runs code. Readers that evaluate the
    /// header run what is in it. A shape that overflows makes readers in C allocate little and write much.
    ///
    /// # Example
    /// ```text
    /// weights.npy bytes 0..128: the key `descr` stands twice: numpy takes the last, others the first
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Get it again from its origin and compare digests; or load it with
    /// `allow_pickle=False` in a sandbox and save it again.
    ///
    /// # Limits
    /// Numbers are not judged. The size of types that numpy itself does not write (`float64`, `f4,i4`) is not
    /// compared with the file. Arrays that were saved one behind the other in one file are no finding. Headers of more
    /// than 4 MiB are not read. Objects inside arrays are the business of the check of pickles.
    ///
    /// # References
    /// CWE-436 (interpretation conflict), CWE-95 (eval injection), CWE-190 (integer overflow), CWE-1284 (improper
    /// validation of specified quantity); CVE-2019-6446 (pickles in numpy arrays); MITRE ATLAS AML.T0010.003 (supply
    /// chain compromise: model); AI Act article 15(5); numpy's description of the format.
    pub struct NpyHeader {
        code: "npy-header",
        title: "numpy array is not as numpy writes it",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(436),
            Reference::Cwe(95),
            Reference::Cwe(190),
            Reference::Cwe(1284),
            Reference::advisory("CVE-2019-6446"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"),
        ],
        user: "A file with the numbers of this model has been put together so that one program sees something else in it than another, or to break the program that opens it. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their data and components. Numbers that two programs read differently are not the numbers that were tested. The evidence names the file by its digest and what is wrong with its header.",
    }
}

/// A file with so much more data than it has is no download that broke off.
const ABSURD: u128 = 1 << 40;

impl EntryCheck for NpyHeader {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let examination = Examination {
                file,
                entry,
                context,
            };
            if let Some(archive) = entry.archive {
                examination.names(archive, sink);
            }
            if entry.formats.contains(&Format::Npy) {
                examination.array(sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let text = "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (0,)}";
        let length = [u8::try_from(text.len()).unwrap_or_default(), 0];
        let bytes = [b"\x93NUMPY\x01\0".as_slice(), &length, text.as_bytes()].concat();
        scratch.write("planted.npy", &bytes)
    }
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn array(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let bytes = self.entry.bytes;
        let (data, faults) = match npy::read(bytes)? {
            Ok(header) => (header.data, header.faults),
            Err(fault) => (bytes.len(), vec![fault]),
        };
        for fault in faults {
            match &fault {
                Fault::Trailing(length) => self.behind(*length, sink)?,
                Fault::TooLong(_) => {
                    let place = place(self.file, self.entry.member);
                    sink.incomplete(format!("`{place}`: {fault}"));
                }
                _ => {
                    let finding = self.finding(0, data, fault.to_string());
                    sink.finding(finding.with_severity(severity(&fault)));
                }
            }
        }
        Ok(())
    }

    /// Another array behind the first is how several are saved in one file; anything else is not.
    fn behind(&self, length: u64, sink: &mut dyn Sink) -> io::Result<()> {
        let end = self.entry.bytes.len();
        let start = end.saturating_sub(length);
        let rest = Window::new(self.entry.bytes, start, u64::MAX);
        let (severity, what) = match sniff(&rest, self.context.limits)? {
            Some(Format::Npy) => return Ok(()),
            Some(format) => (Severity::High, format!(": a {format}")),
            None => (Severity::Low, String::new()),
        };
        let message = format!("{}{what}", Fault::Trailing(length));
        sink.finding(self.finding(start, end, message).with_severity(severity));
        Ok(())
    }

    /// `numpy.load` gives both `a` and `a.npy` the name `a`.
    fn names(&self, archive: &zip::Archive, sink: &mut dyn Sink) {
        let mut names: Vec<&str> = archive.members.iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        let both = names
            .iter()
            .filter_map(|name| name.strip_suffix(".npy"))
            .filter(|name| names.binary_search(name).is_ok());
        for name in both.take(10) {
            let shown = escape(name, 100);
            let message = format!("`{shown}` and `{shown}.npy` are one array to numpy");
            let finding = self.finding(0, self.entry.bytes.len(), message);
            sink.finding(finding.with_severity(Severity::Medium));
        }
    }

    fn finding(&self, start: u64, end: u64, message: String) -> Finding {
        NpyHeader::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(Region::Bytes { start, end }))
    }
}

/// What two readers take differently, or what breaks one, is worse than what all refuse.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Short { wanted, .. } if *wanted < ABSURD => Severity::Medium,
        Fault::Version(..)
        | Fault::Long(_)
        | Fault::Grammar
        | Fault::Encoding(_)
        | Fault::Missing(_)
        | Fault::Unknown(_)
        | Fault::Ends { .. } => Severity::Medium,
        _ => Severity::High,
    }
}
