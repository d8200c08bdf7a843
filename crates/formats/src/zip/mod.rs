//! Reads zip archives as a lenient loader would, and tells where a strict one would see something else.
//!
//! A zip archive says everything twice: in the central directory at its end, and in a header before each
//! member. Loaders differ in which they believe, and an attacker shows each what suits him
//! (CVE-2025-1944, CVE-2025-1945, CVE-2025-10156). So both are read, every difference is told, and a
//! member is readable wherever *some* loader could read it.

mod directory;
mod end;
mod extra;
mod local;
mod member;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{Bytes, Limits};

pub use extra::Loose;
pub use member::{Content, Unreadable};

/// A zip archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Archive {
    /// The members, those of the central directory first, then those that it conceals.
    pub members: Vec<Member>,
    /// Everything that two loaders may read differently, or that cannot be read.
    pub anomalies: Vec<Anomaly>,
    /// Where the comment begins, and behind it the bytes after the archive.
    comment: Option<u64>,
    /// Directories, end records, and the sizes that stand behind members.
    structure: Vec<(u64, u64)>,
    /// What in its headers may hold anything.
    loose: Vec<Loose>,
}

impl Archive {
    /// Where directories, end records and the sizes behind members lie, start and end; the members' own headers aside.
    #[must_use]
    pub fn structure(&self) -> &[(u64, u64)] {
        &self.structure
    }

    /// Extra fields of no known form, and comments of members.
    #[must_use]
    pub fn loose(&self) -> &[Loose] {
        &self.loose
    }

    /// Where the bytes begin behind the last record, if `length` leaves any: the comment and what follows.
    #[must_use]
    pub fn trailing(&self, length: u64) -> Option<u64> {
        self.comment.filter(|comment| *comment < length)
    }
}

/// A member of a zip archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name in the central directory, or in its own header when it is not listed there.
    pub name: String,
    /// Another name that it has for some loaders: in its own header or in an extra field.
    pub local_name: Option<String>,
    /// How it is packed: 0 stored, 8 deflate, others by the zip specification.
    pub method: u16,
    /// The general-purpose flags of both headers together.
    pub flags: u16,
    /// The checksum that the directory declares.
    pub crc: u32,
    /// Its size in the archive.
    pub packed: u64,
    /// Its declared size when unpacked.
    pub unpacked: u64,
    /// Where its header is.
    pub header: u64,
    /// Where its data starts; none when its header cannot be read.
    pub data: Option<u64>,
    /// Whether the central directory names it, and describes it so.
    pub listed: bool,
    /// Its mode, where a Unix system wrote the archive.
    pub mode: u16,
}

impl Member {
    /// Whether its flags say that it is encrypted.
    #[must_use]
    pub const fn claims_encryption(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether it is a symbolic link: its content is the target.
    #[must_use]
    pub const fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// Whether it stands for a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.name.ends_with('/') && self.packed == 0
    }
}

/// Something about a zip archive that loaders may read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Which member, by its index; none for the whole archive.
    pub member: Option<usize>,
    /// What.
    pub fault: Fault,
}

/// What loaders may read differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The central directory is missing or broken; the members were found by their own headers.
    #[error("the central directory is missing or broken")]
    NoDirectory,
    /// There is more than one end record, so loaders may read different directories.
    #[error("there are several end records, so loaders may read different directories")]
    SeveralEnds,
    /// Bytes stand before the archive.
    #[error("{0} bytes stand before the archive")]
    Prefix(u64),
    /// Bytes stand behind the archive.
    #[error("{0} bytes stand behind the archive")]
    Trailing(u64),
    /// The two headers give different names.
    #[error("the directory calls a member `{listed}`, its own header calls it `{local}`")]
    Name {
        /// In the directory, escaped.
        listed: String,
        /// In the member's header, escaped.
        local: String,
    },
    /// An extra field gives another name (0x7075, Unicode Path), which only some loaders read.
    #[error("a header calls a member `{name}`, its Unicode extra field calls it `{other}`")]
    OtherName {
        /// In the header, escaped.
        name: String,
        /// In the extra field, escaped.
        other: String,
    },
    /// The two headers give different packing methods.
    #[error("the directory says packing method {listed}, the member's header says {local}")]
    Method {
        /// In the directory.
        listed: u16,
        /// In the member's header.
        local: u16,
    },
    /// The two headers give different sizes.
    #[error("the directory says {listed} bytes, the member's header says {local}")]
    Size {
        /// In the directory.
        listed: u64,
        /// In the member's header.
        local: u64,
    },
    /// The two headers give different checksums.
    #[error("the directory says checksum {listed:08x}, the member's header says {local:08x}")]
    Crc {
        /// In the directory.
        listed: u32,
        /// In the member's header.
        local: u32,
    },
    /// A member is stored, so its two sizes must be one.
    #[error("a member is stored as it is, but has {packed} bytes packed and {unpacked} unpacked")]
    StoredSize {
        /// In the archive.
        packed: u64,
        /// When unpacked.
        unpacked: u64,
    },
    /// The two headers give different flags.
    #[error("the directory has flags 0x{listed:04x}, the member's header has 0x{local:04x}")]
    Flags {
        /// In the directory.
        listed: u16,
        /// In the member's header.
        local: u16,
    },
    /// Flags claim encryption.
    #[error("flags 0x{0:04x} claim encryption or patched data, which some loaders ignore")]
    Encryption(u16),
    /// Two members have the same name and different contents.
    #[error("two different members are called `{0}`")]
    Duplicate(String),
    /// Two members have the same name and, by their checksums, the same content.
    #[error("the member `{0}` is there twice")]
    Repeated(String),
    /// Two members have names that some loaders take for the same.
    #[error("some loaders take the members `{0}` and `{1}` for the same")]
    Alike(String, String),
    /// Two members share bytes.
    #[error("the member `{0}` lies inside the member `{1}`")]
    Overlap(String, String),
    /// A name that some loaders cut at its zero byte.
    #[error("some loaders cut the name `{0}` at its zero byte")]
    Nul(String),
    /// A member of a directory that only some loaders find.
    #[error("only some loaders find the directory that names the member `{0}`")]
    OtherDirectory(String),
    /// A member that the central directory does not name.
    #[error("the directory conceals the member `{0}`")]
    Unlisted(String),
    /// A member's header is not where the directory says.
    #[error("the member has no header where the directory says")]
    NoHeader,
    /// The directory promises another number of members than it has.
    #[error("the end record promises {declared} members, the directory has {found}")]
    Count {
        /// In the end record.
        declared: u64,
        /// In the directory.
        found: u64,
    },
    /// The archive claims to be spread over several disks.
    #[error("the archive claims to be spread over several disks")]
    Disks,
    /// Bytes between the members belong to none.
    #[error("{length} bytes from byte {at} belong to no member")]
    Gap {
        /// Where they begin.
        at: u64,
        /// How many.
        length: u64,
    },
    /// Bytes that belong to no member were too many to look for members in them.
    #[error("{0} bytes that belong to no member were not searched")]
    Unsearched(u64),
    /// There are more members than the limit.
    #[error("there are more members than the limit of {0}")]
    TooMany(u64),
}

impl Fault {
    /// Whether something may be there that was not read.
    #[must_use]
    pub const fn blinds(&self) -> bool {
        matches!(
            self,
            Self::NoDirectory | Self::TooMany(_) | Self::Unsearched(_)
        )
    }
}

/// Whether the bytes end as a zip archive does, or begin as one.
///
/// # Errors
/// What reading the bytes returns.
pub fn is_zip(bytes: &dyn Bytes) -> io::Result<bool> {
    let mut head = [0; 4];
    if bytes.len() < 22 {
        return Ok(false);
    }
    bytes.read_exact_at(0, &mut head)?;
    Ok(head == *b"PK\x03\x04" || head == *b"PK\x05\x06" || end::has_end(bytes)?)
}

/// Reads the structure of a zip archive; the members' data is not read.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Archive> {
    directory::read(bytes, limits)
}
