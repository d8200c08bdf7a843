//! Archives whose members would be written outside the folder that they are unpacked into.

use std::collections::{BTreeMap, BTreeSet};

use tutela_core::{
    Artifact, Bytes, Context, Error, Reference, Region, Scratch, Severity, declare_check, escape,
    read_all,
};
use tutela_formats::{Entry, Format, ocdbt, sevenzip, stream, tar, zip};

use crate::inside::location;
use crate::names::{self, Wrong};
use crate::together::{EntryCheck, Visitor};

/// A link's target is a path; longer than this is an abuse.
const TARGET: u64 = 4 << 10;

declare_check! {
    /// Archives whose members would be written outside the folder that they are unpacked into.
    ///
    /// # What it finds
    /// Names of members of zip, tar and 7z archives, names in gzip headers, and files that an Orbax database names, that are absolute, name a
    /// drive or a network share, or climb out with `..`, by either slash; symbolic and hard links that
    /// lead out; members that would be written through a symbolic link of the same archive; devices and
    /// pipes. It looks into archives inside archives, whatever the files are called.
    ///
    /// # Why it matters
    /// Many model formats are archives that the loader unpacks: `.nemo`, `.mar`, `.keras`, saved models,
    /// data sets. A name such as `../../.bashrc` or a link to `/etc` lets whoever made the file overwrite
    /// or read the files of whoever unpacks it: code runs without a pickle.
    ///
    /// # Example
    /// ```text
    /// model.tar.gz!unpacked: the member `../../.ssh/authorized_keys` leads out of the folder
    /// ```
    ///
    /// # How to fix
    /// Do not unpack the file. Get it again from its publisher and compare digests. If you made it, pack
    /// with relative names. When you must unpack unknown archives, use a loader that refuses such names:
    /// Python's `tarfile` with `filter="data"`.
    ///
    /// # Limits
    /// Names are judged for all systems at once, so that `C:x`, harmless on Linux, is found too. Images of
    /// operating systems hold absolute links and devices for good reasons, and are reported all the same.
    ///
    /// # References
    /// CWE-22 (path traversal), CWE-59 (link following); MITRE ATLAS AML.T0010.003 (supply chain
    /// compromise: model), AML.T0011.000 (unsafe AI artifacts); OWASP ML06:2023; AI Act article 15(5);
    /// Python's documentation of extraction filters.
    pub struct ArchivePathEscape {
        code: "archive-path-escape",
        title: "archive writes outside its folder",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(22),
            Reference::Cwe(59),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
            Reference::link("https://docs.python.org/3/library/tarfile.html#extraction-filters"),
        ],
        user: "Opening this file would let whoever made it put files into places where they do not belong on your computer, or read yours. Do not open it, and tell the person who gave it to you.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components. A package that writes outside its own folder alters the system that receives it. The evidence names the file by its digest and the member by its name.",
    }
}

impl EntryCheck for ArchivePathEscape {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let mut paths = paths(entry);
            if entry.formats.contains(&Format::Ocdbt) {
                let named = ocdbt::paths(entry.bytes, context.limits)?;
                paths.extend(named.iter().filter_map(|text| of_ocdbt(text)));
            }
            for (wrong, more) in sorted(paths) {
                let more = match more {
                    0 => String::new(),
                    more => format!(", and {more} more such names"),
                };
                let mut place = location(file, entry);
                if let Some((start, end)) = wrong.region {
                    place = place.at(Region::Bytes { start, end });
                }
                sink.finding(
                    Self::INFO
                        .finding(format!("{}{more}", wrong.message))
                        .with_severity(wrong.severity)
                        .with_identity(wrong.sort)
                        .at(place),
                );
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // An empty gzip stream that remembers an absolute path.
        let bytes = b"\x1f\x8b\x08\x08\0\0\0\0\x02\x03/etc/x\0\x03\0\0\0\0\0\0\0\0\0";
        scratch.write("planted.gz", bytes)
    }
}

/// A path in an archive.
struct Path {
    name: String,
    /// Where a link leads.
    target: Option<String>,
    kind: Kind,
    region: Option<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    SymbolicLink,
    HardLink,
    Device,
}

fn paths(entry: &Entry<'_>) -> Vec<Path> {
    let mut paths = Vec::new();
    if let Some(archive) = entry.archive {
        for member in &archive.members {
            of_zip(entry.bytes, member, &mut paths);
        }
    }
    if let Some(archive) = entry.tar {
        paths.extend(archive.members.iter().map(of_tar));
    }
    if let Some(archive) = entry.sevenzip {
        paths.extend(archive.members.iter().map(of_sevenzip));
    }
    if let Some(stream) = entry.stream {
        paths.extend(stream.faults.iter().filter_map(of_stream));
    }
    paths
}

fn of_zip(bytes: &dyn Bytes, member: &zip::Member, paths: &mut Vec<Path>) {
    let is_link = member.is_link();
    // A link that cannot be read is none that a loader could make.
    let target = is_link
        .then(|| member.open(bytes, TARGET).ok())
        .flatten()
        .and_then(|content| read_all(&content, TARGET).ok())
        .map(|target| String::from_utf8_lossy(&target).into_owned());
    let end = member.data.unwrap_or(member.header);
    for name in std::iter::once(&member.name).chain(&member.local_name) {
        paths.push(Path {
            name: name.clone(),
            target: target.clone(),
            kind: if is_link {
                Kind::SymbolicLink
            } else {
                Kind::Plain
            },
            region: Some((member.header, end)),
        });
    }
}

fn of_tar(member: &tar::Member) -> Path {
    Path {
        name: member.name.clone(),
        target: member.target.clone(),
        kind: match member.kind {
            tar::Kind::SymbolicLink => Kind::SymbolicLink,
            tar::Kind::HardLink => Kind::HardLink,
            tar::Kind::Device => Kind::Device,
            _ => Kind::Plain,
        },
        region: Some((member.start.saturating_sub(512), member.start)),
    }
}

/// The target of a link is packed; what is written through it is found by its name.
fn of_sevenzip(member: &sevenzip::Member) -> Path {
    Path {
        name: member.name.clone(),
        target: None,
        kind: if member.is_link {
            Kind::SymbolicLink
        } else {
            Kind::Plain
        },
        region: None,
    }
}

/// The files that a database names, cut where a way up begins: letters before it may be lengths.
fn of_ocdbt(text: &str) -> Option<Path> {
    let at = text.find("../").or_else(|| text.find("..\\"))?;
    Some(Path {
        name: text.get(at..)?.to_owned(),
        target: None,
        kind: Kind::Plain,
        region: None,
    })
}

fn of_stream(fault: &stream::Fault) -> Option<Path> {
    match fault {
        stream::Fault::Name(name) => Some(Path {
            name: name.clone(),
            target: None,
            kind: Kind::Plain,
            region: None,
        }),
        _ => None,
    }
}

/// What is wrong, the first of each sort with the number of the others.
fn sorted(paths: Vec<Path>) -> Vec<(Wrong, u64)> {
    let links: BTreeSet<String> = paths
        .iter()
        .filter(|path| path.kind == Kind::SymbolicLink)
        .map(|path| names::tidy(&path.name))
        .collect();
    let mut sorts: BTreeMap<&'static str, (Wrong, u64)> = BTreeMap::new();
    for path in paths {
        for mut wrong in judge(&path, &links) {
            wrong.region = path.region;
            sorts
                .entry(wrong.sort)
                .and_modify(|(_, more)| *more = more.saturating_add(1))
                .or_insert((wrong, 0));
        }
    }
    sorts.into_values().collect()
}

fn judge(path: &Path, links: &BTreeSet<String>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let shown = escape(&path.name, 200);
    if let Some(found) = names::judge(&path.name) {
        wrong.push(found.saying(&format!("the member `{shown}`")));
    }
    if let Some(target) = &path.target {
        // A symbolic link is read from its own folder, a hard link from the archive's.
        let base = match path.kind {
            Kind::SymbolicLink => path.name.as_str(),
            _ => "",
        };
        let to = escape(target, 200);
        if let Some(found) = names::judge_target(base, target) {
            wrong.push(found.saying(&format!("the link `{shown}` to `{to}`")));
        }
    }
    if names::above(&path.name).any(|folder| links.contains(&folder)) {
        let message = format!("the member `{shown}` would be written through a symbolic link");
        wrong.push(Wrong::new("through-link", Severity::High, message));
    }
    if path.kind == Kind::Device {
        // Python's own filter for data refuses them; an extraction as root makes a way to the raw disk of them.
        let message = format!("the member `{shown}` is a device or a pipe, which no model needs");
        wrong.push(Wrong::new("device", Severity::High, message));
    }
    wrong
}
