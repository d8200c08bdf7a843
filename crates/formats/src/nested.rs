//! Walks through a file and everything packed inside it: archives and compressed streams, to a depth.

mod values;

use std::io;

use tutela_core::{Bytes, Limits, Window, escape};

use crate::entry::{Entry, Learned, once};
use crate::kept::Kept;
use crate::stream::{self, Codec, Stream};
use crate::{Format, hdf5, msgpack, npy, ocdbt, rdata, sevenzip, sniff_all, tar, zip};

/// Something inside a file that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it lies; none for the file itself.
    pub member: Option<String>,
    /// Why, as a sentence that goes on from its name.
    pub why: String,
    /// The format, when it is one that is recognised but not understood.
    pub format: Option<Format>,
    /// The limit that it breaks, if that is why.
    pub limit: Option<Limit>,
}

/// A limit that packed data breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// So many packed bytes unpack to more than so many.
    Size {
        /// Packed.
        packed: u64,
        /// What they may unpack to.
        limit: u64,
    },
    /// It is packed deeper than this many levels.
    Depth(u32),
}

/// Shows the file and everything packed inside it to `visit`; returns what could not be looked at.
///
/// A visit that fails ends the walk with its error.
///
/// # Errors
/// What reading the bytes, or `visit`, returns.
pub fn walk(
    bytes: &dyn Bytes,
    limits: &Limits,
    visit: &mut dyn FnMut(&Entry<'_>) -> io::Result<()>,
) -> io::Result<Vec<Unread>> {
    let bytes = &Kept::new(bytes);
    let mut walk = Walk {
        limits,
        visit,
        unread: Vec::new(),
        budget: limits.unpacked_bytes,
        members: limits.members,
    };
    walk.enter(Found::file(bytes), 0)?;
    Ok(walk.unread)
}

/// Something to look at.
#[derive(Clone, Copy)]
struct Found<'a> {
    bytes: &'a dyn Bytes,
    member: Option<&'a str>,
    /// What it is, once that is known.
    formats: &'a [Format],
    /// What the thing is in which it lies.
    around: &'a [Format],
    origin: Option<u64>,
    listed: Option<&'a zip::Member>,
}

impl<'a> Found<'a> {
    const fn file(bytes: &'a dyn Bytes) -> Self {
        Self {
            bytes,
            member: None,
            formats: &[],
            around: &[],
            origin: Some(0),
            listed: None,
        }
    }

    const fn inside(outer: Self, bytes: &'a dyn Bytes, member: &'a str) -> Self {
        Self {
            bytes,
            member: Some(member),
            formats: &[],
            around: outer.formats,
            origin: None,
            listed: None,
        }
    }

    /// Says that the bytes lie in those of `outer`, so far from their beginning.
    fn at(self, outer: Found<'_>, offset: u64) -> Self {
        Self {
            origin: outer.origin.map(|origin| origin.saturating_add(offset)),
            ..self
        }
    }
}

/// What the formats of one entry were parsed into.
#[derive(Default)]
struct Opened {
    zip: Option<zip::Archive>,
    tar: Option<tar::Archive>,
    sevenzip: Option<sevenzip::Archive>,
    rdata: Option<rdata::Image>,
    ocdbt: Option<ocdbt::Node>,
    stream: Option<Stream>,
    /// What was learned meanwhile, so that no check reads it again.
    learned: Learned,
}

struct Walk<'a> {
    limits: &'a Limits,
    visit: &'a mut dyn FnMut(&Entry<'_>) -> io::Result<()>,
    unread: Vec<Unread>,
    /// Bytes that may still be unpacked.
    budget: u64,
    /// Members that may still be visited.
    members: u64,
}

impl Walk<'_> {
    /// Recurses once a level of packing, which the limits bound.
    fn enter(&mut self, found: Found<'_>, depth: u32) -> io::Result<()> {
        let formats = sniff_all(found.bytes, self.limits)?;
        let is_opened = depth < self.limits.depth;
        let opened = if is_opened {
            self.open(found, &formats)?
        } else {
            Opened::default()
        };
        (self.visit)(&Entry {
            member: found.member,
            bytes: found.bytes,
            origin: found.origin,
            formats: &formats,
            around: found.around,
            archive: opened.zip.as_ref(),
            tar: opened.tar.as_ref(),
            sevenzip: opened.sevenzip.as_ref(),
            rdata: opened.rdata.as_ref(),
            stream: opened.stream.as_ref(),
            listed: found.listed,
            is_opened,
            learned: &opened.learned,
        })?;
        for format in formats.iter().copied() {
            if !format.is_understood() {
                self.unread.push(Unread {
                    member: found.member.map(str::to_owned),
                    why: format!("is recognised ({format}) but cannot be looked into"),
                    format: Some(format),
                    limit: None,
                });
            } else if format.is_container() && depth >= self.limits.depth {
                let depth = self.limits.depth;
                let why = format!("is packed deeper than the limit of {depth} levels");
                self.refuse(found.member, why, Some(Limit::Depth(depth)));
            }
        }
        let found = Found {
            formats: &formats,
            ..found
        };
        self.descend(found, opened, depth.saturating_add(1))
    }

    /// Parses what the formats promise; says what could not be parsed.
    fn open(&mut self, found: Found<'_>, formats: &[Format]) -> io::Result<Opened> {
        let mut opened = Opened::default();
        for format in formats.iter().copied() {
            if format.is_zip() {
                opened.zip = Some(zip::read(found.bytes, self.limits)?);
            } else if format == Format::Tar {
                opened.tar = Some(tar::read(found.bytes, self.limits)?);
            } else if format == Format::SevenZip {
                match sevenzip::read(found.bytes, self.limits) {
                    Ok(archive) => opened.sevenzip = Some(archive),
                    Err(sevenzip::Unreadable::Read(error)) => return Err(error),
                    Err(why) => self.skip(found.member, format!("could not be read: {why}")),
                }
            } else if format == Format::Hdf5 {
                once(&opened.learned.hdf5, || {
                    hdf5::read(found.bytes, self.limits)
                })?;
            } else if format == Format::RData {
                opened.rdata = Some(rdata::read(found.bytes, self.limits)?);
            } else if format == Format::Ocdbt {
                opened.ocdbt = ocdbt::read(found.bytes)?;
                if opened.ocdbt.is_none() {
                    self.skip(found.member, "is a database that breaks off".to_owned());
                }
            } else if format == Format::Msgpack {
                once(&opened.learned.msgpack, || {
                    msgpack::read(found.bytes, self.limits)
                })?;
            } else if let Some(codec) = Codec::of(format) {
                opened.stream = self.unpack(found, codec)?;
            }
        }
        Ok(opened)
    }

    fn unpack(&mut self, found: Found<'_>, codec: Codec) -> io::Result<Option<Stream>> {
        let limit = self.limits.member_bytes.min(self.budget);
        match stream::unpack(found.bytes, codec, limit, self.limits) {
            Ok(stream) => {
                self.spend(&stream);
                Ok(Some(stream))
            }
            Err(stream::Failed::Read(error)) => Err(error),
            Err(why) => {
                self.skip(found.member, format!("could not be unpacked: {why}"));
                Ok(None)
            }
        }
    }

    fn descend(&mut self, found: Found<'_>, opened: Opened, depth: u32) -> io::Result<()> {
        let learned = opened.learned;
        if let Some(stream) = opened.stream {
            self.stream(found, &stream, depth)?;
        }
        if let Some(archive) = opened.tar {
            self.tar(found, &archive, depth)?;
        }
        if let Some(file) = learned.hdf5.get().filter(|_| depth <= self.limits.depth) {
            self.hdf5(found, file, depth)?;
        }
        if let Some(image) = opened.rdata {
            self.rdata(found, &image, depth)?;
        }
        if let Some(node) = opened.ocdbt {
            let inner = below(found.member, "node");
            let length = node.end.saturating_sub(node.start);
            let body = Window::new(found.bytes, node.start, length);
            let entry = Found::inside(found, &body, &inner).at(found, node.start);
            self.enter(entry, depth)?;
            self.behind(found, Some(node.after), depth)?;
        }
        if let Some(document) = learned.msgpack.get().filter(|_| depth <= self.limits.depth) {
            self.msgpack(found, document, depth)?;
        }
        if let Some(archive) = opened.sevenzip {
            self.sevenzip(found, &archive, depth)?;
        }
        if let Some(archive) = opened.zip {
            self.zip(found, &archive, depth)?;
        }
        if found.formats.contains(&Format::Npy) && depth <= self.limits.depth {
            let header = once(&learned.npy, || npy::header(found.bytes))?;
            self.arrays(found, header.as_ref(), depth)?;
        }
        Ok(())
    }

    fn skip(&mut self, member: Option<&str>, why: String) {
        self.refuse(member, why, None);
    }

    fn refuse(&mut self, member: Option<&str>, why: String, broken: Option<Limit>) {
        let limit = self.limits.findings;
        // INVARIANT: at least one reason stays, so that the outcome is never clean.
        if self.unread.len() < limit.max(1) {
            self.unread.push(Unread {
                member: member.map(str::to_owned),
                why,
                format: None,
                limit: broken,
            });
        }
    }

    /// Whether one member more may be visited; says so once when not.
    fn admit(&mut self, member: Option<&str>) -> bool {
        match self.members.checked_sub(1) {
            Some(left) => {
                self.members = left;
                true
            }
            None => {
                let limit = self.limits.members;
                self.skip(
                    member,
                    format!("holds more than the limit of {limit} members"),
                );
                false
            }
        }
    }

    fn stream(&mut self, found: Found<'_>, stream: &Stream, depth: u32) -> io::Result<()> {
        let member = found.member;
        self.tell_incomplete(stream, found.bytes.len(), member);
        for fault in &stream.faults {
            if let stream::Fault::TooMany(_) = fault {
                self.skip(member, format!("is a stream with a fault: {fault}"));
            }
        }
        let inner = below(member, "unpacked");
        self.enter(Found::inside(found, &stream.bytes, &inner), depth)?;
        // A loader that knows only one part sees what each part begins with.
        for (number, part) in stream.parts.iter().enumerate().skip(1) {
            if !self.admit(member) {
                break;
            }
            let rest = stream.bytes.get(part.unpacked..).unwrap_or_default();
            if rest.is_empty() {
                continue;
            }
            let inner = below(member, &format!("unpacked from part {number}"));
            self.enter(Found::inside(found, &rest.to_vec(), &inner), depth)?;
        }
        for (start, length) in stream.asides.iter().copied() {
            if !self.admit(member) {
                break;
            }
            let inner = below(member, "aside");
            let window = Window::new(found.bytes, start, length);
            self.enter(
                Found::inside(found, &window, &inner).at(found, start),
                depth,
            )?;
        }
        self.behind(found, stream.trailing(), depth)
    }

    /// Looks at the bytes behind what a container says it holds.
    fn behind(&mut self, found: Found<'_>, from: Option<u64>, depth: u32) -> io::Result<()> {
        let Some(from) = from.filter(|from| *from < found.bytes.len()) else {
            return Ok(());
        };
        let inner = below(found.member, "behind");
        let window = Window::new(found.bytes, from, u64::MAX);
        self.enter(Found::inside(found, &window, &inner).at(found, from), depth)
    }

    /// What stands behind a numpy array: `numpy.save` into one open file writes one array behind the other.
    fn arrays(
        &mut self,
        found: Found<'_>,
        header: Option<&npy::Header>,
        depth: u32,
    ) -> io::Result<()> {
        let mut ends = header.and_then(|header| header.end);
        let mut at = 0_u64;
        while let Some(end) = ends.filter(|end| *end > 0) {
            at = at.saturating_add(end);
            let rest = Window::new(found.bytes, at, u64::MAX);
            if rest.is_empty() || !self.admit(found.member) {
                break;
            }
            let mut magic = [0; 6];
            rest.read_at(0, &mut magic)?;
            ends = match npy::header(&rest)? {
                Some(header) if magic == *npy::MAGIC => header.end,
                _ => None,
            };
            // INVARIANT: an array with a known end has nothing behind it, so these do not nest.
            let inner = below(found.member, "behind");
            let window = Window::new(&rest, 0, ends.unwrap_or(u64::MAX));
            self.enter(Found::inside(found, &window, &inner).at(found, at), depth)?;
        }
        Ok(())
    }

    fn tar(&mut self, found: Found<'_>, archive: &tar::Archive, depth: u32) -> io::Result<()> {
        let member = found.member;
        if !archive.complete {
            self.skip(member, "is a tar archive that breaks off".to_owned());
        }
        for file in archive.members.iter().filter(|file| file.length > 0) {
            if !self.admit(member) {
                break;
            }
            let inner = below(member, &file.name);
            let window = Window::new(found.bytes, file.start, file.length);
            let entry = Found::inside(found, &window, &inner).at(found, file.start);
            self.enter(entry, depth)?;
        }
        self.behind(found, archive.trailing, depth)
    }

    fn sevenzip(
        &mut self,
        found: Found<'_>,
        archive: &sevenzip::Archive,
        depth: u32,
    ) -> io::Result<()> {
        let name = |index: usize| {
            let member = archive.members.get(index);
            below(found.member, member.map_or("", |member| &member.name))
        };
        let limit = self.limits.member_bytes.min(self.budget);
        let mut left = self.budget;
        let missing = archive.unpack(found.bytes, limit, &mut |index, content| {
            left = left.saturating_sub(content.len() as u64);
            self.budget = self.budget.min(left);
            if self.admit(found.member) {
                self.enter(Found::inside(found, &content, &name(index)), depth)?;
            }
            Ok(())
        })?;
        for (index, why) in missing {
            let broken = match why {
                sevenzip::Unreadable::TooLarge(limit) => Some(size(found.bytes.len(), limit)),
                _ => None,
            };
            self.refuse(
                Some(&name(index)),
                format!("could not be read: {why}"),
                broken,
            );
        }
        let from = found.bytes.len().saturating_sub(archive.trailing);
        self.behind(found, Some(from), depth)
    }

    fn zip(&mut self, found: Found<'_>, archive: &zip::Archive, depth: u32) -> io::Result<()> {
        let member = found.member;
        for anomaly in &archive.anomalies {
            if anomaly.fault.blinds() {
                self.skip(
                    member,
                    format!("is a zip archive with a fault: {}", anomaly.fault),
                );
            }
        }
        for file in archive.members.iter().filter(|file| !file.is_folder()) {
            if !self.admit(member) {
                break;
            }
            self.zip_member(found, file, depth)?;
        }
        for loose in archive.loose() {
            if !self.admit(member) {
                break;
            }
            let inner = below(member, &loose.member());
            let window = Window::new(found.bytes, loose.start, loose.length);
            let entry = Found::inside(found, &window, &inner).at(found, loose.start);
            self.enter(entry, depth)?;
        }
        self.behind(found, archive.trailing(found.bytes.len()), depth)
    }

    fn zip_member(&mut self, found: Found<'_>, file: &zip::Member, depth: u32) -> io::Result<()> {
        let inner = below(found.member, &file.name);
        let limit = self.limits.member_bytes.min(self.budget);
        let content = match file.open(found.bytes, limit) {
            Ok(content) => content,
            Err(zip::Unreadable::Read(error)) => return Err(error),
            Err(why) => {
                self.skip(Some(&inner), format!("could not be read: {why}"));
                return Ok(());
            }
        };
        let mut listed = Some(file);
        if let zip::Content::Unpacked(stream) = &content {
            self.spend(stream);
            self.tell_incomplete(stream, file.packed, Some(&inner));
            // A part cannot be compared with what is promised of the whole.
            listed = listed.filter(|_| stream.is_complete());
        }
        let inside = Found::inside(found, &content, &inner);
        let inside = match (&content, file.data) {
            (zip::Content::Stored(_), Some(start)) => inside.at(found, start),
            _ => inside,
        };
        let entry = Found { listed, ..inside };
        self.enter(entry, depth)
    }

    fn spend(&mut self, stream: &Stream) {
        let spent = stream.too_large().unwrap_or(stream.bytes.len() as u64);
        self.budget = self.budget.saturating_sub(spent);
    }

    fn tell_incomplete(&mut self, stream: &Stream, packed: u64, member: Option<&str>) {
        if let Some(limit) = stream.too_large() {
            let why = format!("unpacks to more than the limit of {limit} bytes");
            self.refuse(member, why, Some(size(packed, limit)));
        } else if !stream.is_complete() {
            self.skip(member, "is packed data that breaks off".to_owned());
        }
    }
}

const fn size(packed: u64, limit: u64) -> Limit {
    Limit::Size { packed, limit }
}

fn below(member: Option<&str>, name: &str) -> String {
    let name = escape(name, 200);
    match member {
        None => name,
        Some(outer) => format!("{outer}!{name}"),
    }
}

#[cfg(test)]
mod tests;
