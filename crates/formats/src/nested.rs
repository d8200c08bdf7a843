//! Walks through a file and everything packed inside it: zip, tar, gzip and zlib, to a depth.

use std::io;

use tutela_core::{Bytes, Limits, Window, escape};

use crate::inflate::{self, Wrapper};
use crate::{Format, hdf5, sniff_all, tar, zip};

/// A file, or something packed inside it.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Where it lies: member names with `!` between levels, escaped; none for the file itself.
    pub member: Option<&'a str>,
    /// Its bytes, unpacked.
    pub bytes: &'a dyn Bytes,
    /// What it is; several when it has several faces.
    pub formats: &'a [Format],
    /// The structure, when it is a zip archive.
    pub archive: Option<&'a zip::Archive>,
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("member", &self.member)
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

/// Something inside a file that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it lies; none for the file itself.
    pub member: Option<String>,
    /// Why, as a sentence that goes on from its name.
    pub why: String,
    /// The format, when it is one that is recognised but not understood.
    pub format: Option<Format>,
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
    let mut walk = Walk {
        limits,
        visit,
        unread: Vec::new(),
        budget: limits.unpacked_bytes,
        members: limits.members,
    };
    walk.enter(bytes, None, 0)?;
    Ok(walk.unread)
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
    fn enter(&mut self, bytes: &dyn Bytes, member: Option<&str>, depth: u32) -> io::Result<()> {
        let formats = sniff_all(bytes, self.limits)?;
        let archive = if formats.iter().copied().any(is_zip) {
            Some(zip::read(bytes, self.limits)?)
        } else {
            None
        };
        (self.visit)(&Entry {
            member,
            bytes,
            formats: &formats,
            archive: archive.as_ref(),
        })?;
        for format in formats {
            if !format.is_understood() {
                self.unread.push(Unread {
                    member: member.map(str::to_owned),
                    why: format!("is recognised ({format}) but cannot be looked into"),
                    format: Some(format),
                });
            }
            if !format.is_container() {
                continue;
            }
            if depth >= self.limits.depth {
                let depth = self.limits.depth;
                self.skip(
                    member,
                    format!("is packed deeper than the limit of {depth} levels"),
                );
                continue;
            }
            match (format, &archive) {
                (Format::Gzip, _) => self.stream(bytes, member, Wrapper::Gzip, depth)?,
                (Format::Zlib, _) => self.stream(bytes, member, Wrapper::Zlib, depth)?,
                (Format::Tar, _) => self.tar(bytes, member, depth)?,
                (Format::Hdf5, _) => self.hdf5(bytes, member, depth)?,
                (_, Some(archive)) if is_zip(format) => self.zip(bytes, archive, member, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn skip(&mut self, member: Option<&str>, why: String) {
        let limit = self.limits.findings;
        // INVARIANT: at least one reason stays, so that the outcome is never clean.
        if self.unread.len() < limit.max(1) {
            self.unread.push(Unread {
                member: member.map(str::to_owned),
                why,
                format: None,
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

    fn stream(
        &mut self,
        bytes: &dyn Bytes,
        member: Option<&str>,
        wrapper: Wrapper,
        depth: u32,
    ) -> io::Result<()> {
        let limit = self.limits.member_bytes.min(self.budget);
        match inflate::unpack(bytes, wrapper, limit) {
            Ok(unpacked) => {
                self.budget = self.budget.saturating_sub(unpacked.bytes.len() as u64);
                if !unpacked.complete {
                    self.skip(member, "is packed data that breaks off".to_owned());
                }
                let inner = below(member, "unpacked");
                self.enter(&unpacked.bytes, Some(&inner), depth.saturating_add(1))
            }
            Err(inflate::Failed::Read(error)) => Err(error),
            Err(why) => {
                self.skip(member, format!("could not be unpacked: {why}"));
                Ok(())
            }
        }
    }

    fn tar(&mut self, bytes: &dyn Bytes, member: Option<&str>, depth: u32) -> io::Result<()> {
        let archive = tar::read(bytes, self.limits)?;
        if !archive.complete {
            self.skip(member, "is a tar archive that breaks off".to_owned());
        }
        for file in &archive.members {
            if !self.admit(member) {
                break;
            }
            let inner = below(member, &file.name);
            let window = Window::new(bytes, file.start, file.length);
            self.enter(&window, Some(&inner), depth.saturating_add(1))?;
        }
        Ok(())
    }

    /// The texts and lists of bytes in an HDF5 file: Keras keeps a model in an attribute, `PyTables` pickles in both.
    fn hdf5(&mut self, bytes: &dyn Bytes, member: Option<&str>, depth: u32) -> io::Result<()> {
        let file = hdf5::read(bytes, self.limits)?;
        for fault in &file.faults {
            self.skip(member, format!("is an HDF5 file with a fault: {fault}"));
        }
        for (index, object) in file.objects.iter().enumerate() {
            let attributes = object.attributes.iter().flat_map(|attribute| {
                let values = attribute.values.iter().filter(|value| !is_name(value));
                values.map(|value| (format!("@{}", attribute.name), value))
            });
            let lists = object.dataset.iter().flat_map(|dataset| &dataset.lists);
            let lists = lists
                .enumerate()
                .map(|(number, list)| (format!("[{number}]"), list));
            let joined = object.joined();
            let joined = joined
                .iter()
                .map(|(name, value)| (format!("@{name}"), value));
            for (name, value) in joined.chain(attributes).chain(lists) {
                if !self.admit(member) {
                    return Ok(());
                }
                let inner = below(member, &format!("{}{name}", file.path(index)));
                self.enter(value, Some(&inner), depth.saturating_add(1))?;
            }
            if holds_objects(object) {
                let path = file.path(index);
                self.skip(
                    member,
                    format!("keeps Python objects in `{path}`, packed so that they are not read"),
                );
            }
        }
        Ok(())
    }

    fn zip(
        &mut self,
        bytes: &dyn Bytes,
        archive: &zip::Archive,
        member: Option<&str>,
        depth: u32,
    ) -> io::Result<()> {
        for anomaly in &archive.anomalies {
            if matches!(
                anomaly.fault,
                zip::Fault::TooMany(_) | zip::Fault::NoDirectory
            ) {
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
            let inner = below(member, &file.name);
            let limit = self.limits.member_bytes.min(self.budget);
            match file.open(bytes, limit) {
                Ok(content) => {
                    if let zip::Content::Unpacked(unpacked) = &content {
                        self.budget = self.budget.saturating_sub(unpacked.bytes.len() as u64);
                        if !unpacked.complete {
                            self.skip(Some(&inner), "is packed data that breaks off".to_owned());
                        }
                    }
                    self.enter(&content, Some(&inner), depth.saturating_add(1))?;
                }
                Err(zip::Unreadable::Read(error)) => return Err(error),
                Err(why) => self.skip(Some(&inner), format!("could not be read: {why}")),
            }
        }
        Ok(())
    }
}

/// Whether a data set holds pickles of `PyTables` that were not read.
fn holds_objects(object: &hdf5::Object) -> bool {
    let is_mark = |attribute: &hdf5::Attribute| {
        attribute.name == "PSEUDOATOM" && attribute.values.iter().any(|value| value == b"object")
    };
    let unread = object
        .dataset
        .as_ref()
        .is_some_and(|dataset| !dataset.lists_complete);
    unread && object.attributes.iter().any(is_mark)
}

/// Whether a text is short and plain: the name of a weight or a unit, nothing that holds anything.
fn is_name(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-/:, ".contains(byte);
    text.len() < 4 || (text.len() <= 200 && text.iter().all(is_plain))
}

const fn is_zip(format: Format) -> bool {
    matches!(
        format,
        Format::Zip | Format::TorchZip | Format::Npz | Format::KerasZip
    )
}

fn below(member: Option<&str>, name: &str) -> String {
    let name = escape(name, 200);
    match member {
        None => name,
        Some(outer) => format!("{outer}!{name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    type Seen = Vec<(Option<String>, Vec<Format>)>;

    fn seen(bytes: &[u8], limits: &Limits) -> (Seen, Vec<Unread>) {
        let mut seen = Vec::new();
        let unread = walk(&bytes.to_vec(), limits, &mut |entry| {
            seen.push((entry.member.map(str::to_owned), entry.formats.to_vec()));
            Ok(())
        });
        (seen, unread.unwrap())
    }

    #[test]
    fn packing_is_looked_through() {
        let (seen, unread) = seen(&gzip(&zlib(b"\x80\x04N.")), &Limits::default());
        assert_eq!(unread, []);
        assert_eq!(
            seen[2],
            (Some("unpacked!unpacked".to_owned()), vec![Format::Pickle])
        );
    }

    #[test]
    fn limits_make_it_incomplete() {
        let deep = (0..4).fold(b"\x80\x04N.".to_vec(), |bytes, _| gzip(&bytes));
        let limits = Limits {
            depth: 3,
            ..Limits::default()
        };
        let (visited, unread) = seen(&deep, &limits);
        assert_eq!((visited.len(), unread.len()), (4, 1));
        let small = Limits {
            unpacked_bytes: 10,
            ..Limits::default()
        };
        assert!(
            seen(&gzip(&[7; 100]), &small).1[0]
                .why
                .contains("limit of 10 bytes")
        );
    }

    #[test]
    fn what_is_only_recognised_is_never_clean() {
        for bytes in [
            &b"7z\xbc\xaf\x27\x1c"[..],
            b"GGUF\x03",
            // Not read to its end is not clean either.
            b"\x89HDF\r\n\x1a\n",
        ] {
            assert_eq!(seen(bytes, &Limits::default()).1.len(), 1);
        }
    }
}
