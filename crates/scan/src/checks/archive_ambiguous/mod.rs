//! Archives and compressed streams in which two loaders see two different things.

mod faults;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Reference, Region, Scratch, Sink,
    Skipped, Window, declare_check,
};
use tutela_formats::{Entry, sniff, zip};

use crate::inside::location;
use crate::together::{EntryCheck, Visitor};
use faults::Judged;

/// Parts up to this size are read for their checksum in any case.
const SMALL: u64 = 64 << 10;

declare_check! {
    /// Archives and compressed streams in which two loaders see two different things.
    ///
    /// # What it finds
    /// Every container is read twice: as lenient loaders read it, and as its format wants it. What
    /// differs is a finding. In zip archives: a member whose own header gives another name, packing,
    /// size or checksum than the directory; another name in a Unicode extra field; members that no directory names, or that only one of
    /// several directories names; members that lie inside each other or have one name; flags that
    /// claim encryption over plain data; data that does not fit its checksum or its declared size;
    /// names with a zero byte; bytes before, between and behind the members. In tar archives: two
    /// sizes of one member, folders with data, broken or global extended headers. In gzip, zlib, bzip2, xz,
    /// lzma, Zstandard, LZ4 and 7z: files that hide behind the end, or in frames and fields that are stepped over. And files that are one thing from
    /// the front and an archive from the back.
    ///
    /// # Why it matters
    /// A scanner that reads the harmless face passes what the loader then runs from the other: that is
    /// how PyTorch archives with a changed flag, name or checksum slipped past scanners. Everything
    /// that any loader might read is examined by the other checks; this one says that somebody made
    /// the file so.
    ///
    /// # Example
    /// ```text
    /// model.pt: the directory calls a member `m/data.pkl`, its own header calls it `m/data.txt`
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Compare its digest with the one its publisher states, and ask where it
    /// came from. If you made it, pack it again with an ordinary program; for a low finding (bytes
    /// before or behind an archive), find out what they are for.
    ///
    /// # Limits
    /// Of an archive in the middle of a file, with other bytes before and behind it, other archives beside
    /// it are not told. Self-extracting archives and archives with a signature block carry bytes outside
    /// their members: low findings. A PyTorch archive saved without checksums (`set_crc32_options(False)`)
    /// does not fit its checksums and is reported. What is really encrypted cannot be compared. RAR
    /// archives are only recognised.
    ///
    /// # References
    /// CWE-436 (interpretation conflict), CWE-354 (improper validation of an integrity check value);
    /// CVE-2025-1944, CVE-2025-1945 and CVE-2025-10156 (scanners stopped by a changed name, flag and
    /// checksum); CVE-2025-62518 (tar members read by the size in the wrong header); MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI
    /// artifacts); OWASP ML06:2023; AI Act article 15(5); PKWARE's APPNOTE on the zip format.
    pub struct ArchiveAmbiguous {
        code: "archive-ambiguous",
        title: "archive shows different loaders different things",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(436),
            Reference::Cwe(354),
            Reference::advisory("CVE-2025-1944"),
            Reference::advisory("CVE-2025-1945"),
            Reference::advisory("CVE-2025-10156"),
            Reference::advisory("CVE-2025-62518"),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
            Reference::link("https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"),
        ],
        user: "The file with this model has been put together so that one program sees something else in it than another. That is how harmful files get past the programs that should catch them. Do not open it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components. A file in which the examiner and the system that uses it read different contents defeats every test and every signature made on one of the readings. Ordinary software does not write such files; the evidence names the difference and its place.",
    }
}

impl EntryCheck for ArchiveAmbiguous {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let comparison = Comparison {
                entry,
                limits: context.limits,
                is_searched: file.marks.is_some(),
            };
            report(comparison.run()?, file, entry, sink);
            if comparison.leaves_out_checksum() {
                sink.skipped(Skipped {
                    what: "checksums of raw data".to_owned(),
                    why: "only the structure of files was asked for".to_owned(),
                });
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // One stored member that the directory calls `a` and its own header `b`.
        let fixed = [&[0; 14][..], &[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]].concat();
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend(&fixed);
        bytes.extend(b"bx");
        bytes.extend(b"PK\x01\x02\0\0");
        bytes.extend(&fixed);
        bytes.extend([0; 14]);
        bytes.extend(b"a");
        bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x20\0\0\0\0\0");
        scratch.write("planted.zip", &bytes)
    }
}

/// One finding for each sort of difference: a large archive may have the same one in every member.
fn report(found: Vec<Judged>, file: &ArtifactFile, entry: &Entry<'_>, sink: &mut dyn Sink) {
    let mut sorts: BTreeMap<&'static str, (Judged, u64)> = BTreeMap::new();
    for judged in found {
        sorts
            .entry(judged.sort)
            .and_modify(|(first, more)| {
                *more = more.saturating_add(1);
                first.severity = first.severity.max(judged.severity);
            })
            .or_insert((judged, 0));
    }
    for (judged, more) in sorts.into_values() {
        sink.finding(finding(&judged, more, file, entry));
    }
}

fn finding(judged: &Judged, more: u64, file: &ArtifactFile, entry: &Entry<'_>) -> Finding {
    let more = match more {
        0 => String::new(),
        more => format!(", and {more} more such differences"),
    };
    let mut place = location(file, entry);
    if let Some((start, end)) = judged.region {
        place = place.at(Region::Bytes { start, end });
    }
    ArchiveAmbiguous::INFO
        .finding(format!("{}{more}", judged.message))
        .with_severity(judged.severity)
        .with_identity(judged.sort)
        .at(place)
}

/// One file, or one member of an archive, and what its readings say.
struct Comparison<'a> {
    entry: &'a Entry<'a>,
    limits: &'a Limits,
    /// Whether what may be concealed was marked while the digest was taken.
    is_searched: bool,
}

impl Comparison<'_> {
    fn run(&self) -> io::Result<Vec<Judged>> {
        let mut found = Vec::new();
        if let Some(archive) = self.entry.archive {
            self.archive(archive, &mut found)?;
        }
        if let Some(member) = self.entry.listed {
            self.content(member, &mut found)?;
        }
        if let Some(archive) = self.entry.tar {
            found.extend(archive.faults.iter().map(faults::of_tar));
            found.extend(self.behind(archive.trailing)?);
        }
        if let Some(stream) = self.entry.stream {
            found.extend(stream.faults.iter().filter_map(faults::of_stream));
            found.extend(self.behind(stream.trailing())?);
            for (start, length) in stream.asides.iter().copied() {
                let window = Window::new(self.entry.bytes, start, length);
                let format = sniff(&window, self.limits)?;
                found.extend(format.map(|format| faults::aside(start, length, format)));
            }
        }
        if let Some(archive) = self.entry.sevenzip
            && archive.trailing > 0
        {
            let from = self.entry.bytes.len().saturating_sub(archive.trailing);
            found.extend(self.behind(Some(from))?);
        }
        Ok(found)
    }

    fn archive(&self, archive: &zip::Archive, found: &mut Vec<Judged>) -> io::Result<()> {
        let first = self.entry.formats.first().copied();
        let is_second_face = first.is_some_and(|first| !first.is_zip());
        if is_second_face {
            found.extend(self.faces(archive)?);
        }
        let broken = archive
            .anomalies
            .iter()
            .any(|anomaly| anomaly.fault == zip::Fault::NoDirectory);
        let is_amid = is_amid(archive);
        for anomaly in &archive.anomalies {
            let member = anomaly.member.and_then(|index| archive.members.get(index));
            let judged = match &anomaly.fault {
                // What lies around a second face is the first one.
                zip::Fault::Prefix(_) | zip::Fault::Trailing(_) if is_second_face => None,
                // Without a directory nothing is listed: that is told once.
                zip::Fault::Unlisted(_) if broken => None,
                zip::Fault::Encryption(_) => match member {
                    Some(member) if self.reads(member)? => Some(faults::of_zip(&anomaly.fault)),
                    _ => None,
                },
                fault if is_amid => faults::of_amid(fault),
                fault => Some(faults::of_zip(fault)),
            };
            found.extend(judged.map(|judged| judged.at(member)));
        }
        Ok(())
    }

    /// Whether a member that claims encryption reads without a key.
    fn reads(&self, member: &zip::Member) -> io::Result<bool> {
        match member.open(self.entry.bytes, self.limits.member_bytes) {
            Ok(_) => Ok(true),
            Err(zip::Unreadable::Read(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// A pickle that ends before the archive begins: from the front a pickle, from the back an archive.
    fn faces(&self, archive: &zip::Archive) -> io::Result<Option<Judged>> {
        let Some((_, pickles)) = self.entry.pickles(self.limits)? else {
            return Ok(None);
        };
        let begins = archive.members.iter().map(|member| member.header).min();
        let ends = pickles.streams.first().map(|stream| stream.end);
        Ok(match (ends, begins) {
            (Some(end), Some(begin)) if end <= begin => Some(faults::two_faces(end, begin)),
            _ => None,
        })
    }

    /// What a member holds, against what the directory says that it holds.
    fn content(&self, member: &zip::Member, found: &mut Vec<Judged>) -> io::Result<()> {
        let bytes = self.entry.bytes;
        if !member.listed || (member.method == 0 && member.packed != member.unpacked) {
            return Ok(());
        }
        let is_loaded = !self.entry.formats.is_empty();
        if bytes.len() != member.unpacked {
            found.push(faults::wrong_size(member.unpacked, bytes.len(), is_loaded));
        }
        if !self.leaves_out_checksum() && !self.is_intact(member)? {
            found.push(faults::wrong_checksum(is_loaded));
        }
        Ok(())
    }

    /// With only the structure asked for, raw numbers are not read for their checksum either.
    fn leaves_out_checksum(&self) -> bool {
        let is_raw = self.entry.listed.is_some() && self.entry.formats.is_empty();
        self.limits.raw_bytes == 0 && is_raw && self.entry.bytes.len() > SMALL
    }

    /// Whether the data has its checksum. Where nobody searched the file before, the search shares this reading.
    fn is_intact(&self, member: &zip::Member) -> io::Result<bool> {
        if self.is_searched || self.limits.raw_bytes == 0 {
            member.is_intact(self.entry.bytes)
        } else {
            Ok(self.entry.sweep()?.crc == member.crc)
        }
    }

    /// Bytes behind the end: padding, or a second file that only some look for.
    fn behind(&self, from: Option<u64>) -> io::Result<Option<Judged>> {
        let Some(from) = from else {
            return Ok(None);
        };
        let window = Window::new(self.entry.bytes, from, u64::MAX);
        let format = sniff(&window, self.limits)?;
        Ok(Some(faults::behind(from, self.entry.bytes.len(), format)))
    }
}

/// Whether other bytes stand before the archive and behind it: it is data of a file, such as a program
/// that carries archives, and what else is found around it may be another one.
fn is_amid(archive: &zip::Archive) -> bool {
    let has = |wanted: fn(&zip::Fault) -> bool| {
        let mut faults = archive.anomalies.iter().map(|anomaly| &anomaly.fault);
        faults.any(wanted)
    };
    has(|fault| matches!(fault, zip::Fault::Prefix(_)))
        && has(|fault| matches!(fault, zip::Fault::Trailing(_)))
}
