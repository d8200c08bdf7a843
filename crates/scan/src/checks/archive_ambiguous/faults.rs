//! What each difference means, and how bad it is.
//!
//! High is what no program writes that means well; medium what a defective one may write; low what
//! ordinary archives have for reasons of their own.

use tutela_core::Severity;
use tutela_formats::{Format, stream, tar, zip};

/// A difference, judged.
pub(super) struct Judged {
    /// Differences of one sort are told once.
    pub(super) sort: &'static str,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) region: Option<(u64, u64)>,
}

impl Judged {
    fn new(sort: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            sort,
            severity,
            message: message.into(),
            region: None,
        }
    }

    fn between(mut self, start: u64, end: u64) -> Self {
        self.region = Some((start, end));
        self
    }

    /// Places it at the header and data of a member.
    pub(super) fn at(self, member: Option<&zip::Member>) -> Self {
        match member {
            Some(member) => {
                let end = member.data.unwrap_or(member.header);
                self.between(member.header, end.saturating_add(member.packed))
            }
            None => self,
        }
    }
}

pub(super) fn of_zip(fault: &zip::Fault) -> Judged {
    use Severity::{High, Low, Medium};
    let (sort, severity) = match fault {
        zip::Fault::Name { .. } => ("name", High),
        zip::Fault::OtherName { .. } => ("other-name", High),
        zip::Fault::Method { .. } => ("method", High),
        zip::Fault::Size { .. } => ("size", High),
        zip::Fault::StoredSize { .. } => ("stored-size", High),
        zip::Fault::Crc { .. } => ("header-checksum", High),
        zip::Fault::Encryption(_) => ("encryption", High),
        zip::Fault::Duplicate(_) => ("duplicate", High),
        zip::Fault::Overlap(..) => ("overlap", High),
        zip::Fault::Nul(_) => ("zero-byte", High),
        zip::Fault::Unlisted(_) => ("unlisted", High),
        zip::Fault::OtherDirectory(_) => ("other-directory", High),
        zip::Fault::SeveralEnds => ("several-ends", High),
        zip::Fault::Alike(..) => ("alike", Medium),
        zip::Fault::Count { .. } => ("count", Medium),
        zip::Fault::Disks => ("disks", Medium),
        zip::Fault::NoHeader => ("no-header", Medium),
        zip::Fault::NoDirectory => ("no-directory", Medium),
        zip::Fault::TooMany(_) => ("too-many", Medium),
        zip::Fault::Unsearched(_) => ("unsearched", Medium),
        zip::Fault::Flags { listed, local } => ("flags", flags(*listed, *local)),
        zip::Fault::Repeated(_) => ("repeated", Low),
        zip::Fault::Prefix(_) => ("prefix", Low),
        zip::Fault::Trailing(_) => ("behind", Low),
        zip::Fault::Gap { .. } => ("gap", Low),
        _ => ("other", Medium),
    };
    Judged::new(sort, severity, fault.to_string())
}

/// The same for an archive in the middle of a file: other archives there are no trick, and no difference.
pub(super) fn of_amid(fault: &zip::Fault) -> Option<Judged> {
    let is_other = matches!(
        fault,
        zip::Fault::SeveralEnds
            | zip::Fault::OtherDirectory(_)
            | zip::Fault::Unlisted(_)
            | zip::Fault::Duplicate(_)
            | zip::Fault::Repeated(_)
            | zip::Fault::Overlap(..)
            | zip::Fault::Gap { .. }
    );
    (!is_other).then(|| of_zip(fault))
}

/// Encryption in one header only is a trick; the rest is how the data was packed.
const fn flags(listed: u16, local: u16) -> Severity {
    if (listed ^ local) & 0x2061 == 0 {
        Severity::Low
    } else {
        Severity::High
    }
}

pub(super) fn of_tar(fault: &tar::Fault) -> Judged {
    let (sort, severity) = match fault {
        tar::Fault::Size { .. } => ("size", Severity::High),
        tar::Fault::Global(_) => ("global", Severity::High),
        tar::Fault::Doubled(_) => ("doubled", Severity::High),
        tar::Fault::Number(_) => ("number", Severity::High),
        tar::Fault::Data(_) => ("folder-data", Severity::Medium),
        tar::Fault::Extended(_) => ("extended", Severity::Medium),
        // A later version of a file is appended, and wins.
        tar::Fault::Duplicate(_) => ("duplicate", Severity::Low),
        _ => ("other", Severity::Medium),
    };
    Judged::new(sort, severity, fault.to_string())
}

/// What stands behind is told with what it is, and a break makes the outcome incomplete.
pub(super) fn of_stream(fault: &stream::Fault) -> Option<Judged> {
    match fault {
        stream::Fault::TooMany(_) => {
            Some(Judged::new("too-many", Severity::Medium, fault.to_string()))
        }
        _ => None,
    }
}

pub(super) fn two_faces(end: u64, begin: u64) -> Judged {
    let message = format!(
        "from the front the file is a pickle that ends at byte {end}, from the back an archive that begins at byte {begin}"
    );
    Judged::new("two-faces", Severity::High, message).between(0, begin)
}

pub(super) fn wrong_size(declared: u64, found: u64, is_loaded: bool) -> Judged {
    let message = format!("the directory says {declared} bytes, the member has {found}");
    Judged::new("content-size", of_content(is_loaded), message)
}

pub(super) fn wrong_checksum(is_loaded: bool) -> Judged {
    let message = "the data does not fit the checksum in the directory, which some loaders ignore";
    Judged::new("checksum", of_content(is_loaded), message)
}

/// Damage hits raw numbers as often as anything else; in what is loaded as code it is seldom chance.
const fn of_content(is_loaded: bool) -> Severity {
    if is_loaded {
        Severity::High
    } else {
        Severity::Medium
    }
}

pub(super) fn behind(from: u64, end: u64, format: Option<Format>) -> Judged {
    let length = end.saturating_sub(from);
    let (severity, what) = match format {
        Some(format) => (
            Severity::High,
            format!(": a {format} that only some loaders read"),
        ),
        None => (Severity::Low, String::new()),
    };
    let message = format!("{length} bytes stand behind the packed data{what}");
    Judged::new("behind", severity, message).between(from, end)
}

/// What unpacking steps over is for notes of the program that packed; a file there is meant for somebody.
pub(super) fn aside(start: u64, length: u64, format: Format) -> Judged {
    let message = format!("{length} bytes that unpacking steps over are a {format}");
    Judged::new("aside", Severity::High, message).between(start, start.saturating_add(length))
}
