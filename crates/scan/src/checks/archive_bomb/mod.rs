//! Small files that unpack to far more than a machine can take.

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Location, Record, Reference, Scratch,
    Severity, Sink, declare_check,
};
use tutela_formats::{Limit, Unread};

use crate::together::{EntryCheck, Visitor};

/// Deflate reaches 1,032 to 1 on zeros; weights and texts stay below 20, sparse ones below 100.
const RATIO: u64 = 100;

declare_check! {
    /// Small files that unpack to far more than a machine can take.
    ///
    /// # What it finds
    /// Archives and compressed streams that unpack to more than the limits, at more than a hundred times
    /// their size, in one member or in all together, and archives inside archives deeper than the limit.
    ///
    /// # Why it matters
    /// Whoever loads such a file loses the machine: memory or disk run full, the service stops, and a
    /// scanner that gives up may let through what stands behind. A few kilobytes suffice.
    ///
    /// # Example
    /// ```text
    /// model.npz!w.npy: 264 KiB unpack to more than 256 MiB
    /// ```
    ///
    /// # How to fix
    /// Do not unpack the file. If it is a huge array of zeros and you know so, store it without packing,
    /// or as a sparse array.
    ///
    /// # Limits
    /// An honest array that is almost all zeros, and larger than the limit, looks the same. What stays
    /// below the limits is unpacked and examined and is not reported. Members that share bytes, the trick
    /// of the strongest bombs, are also found by `archive-ambiguous`.
    ///
    /// # References
    /// CWE-409 (data amplification), CWE-400 (uncontrolled resource consumption); MITRE ATLAS AML.T0029
    /// (denial of AI service); OWASP LLM10:2025 (unbounded consumption); AI Act article 15(4) and (5).
    pub struct ArchiveBomb {
        code: "archive-bomb",
        title: "small file unpacks to more than a machine can take",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(409),
            Reference::Cwe(400),
            Reference::atlas("AML.T0029"),
            Reference::owasp("LLM10:2025"),
            Reference::ai_act("15(5)"),
        ],
        user: "Opening this file would fill the memory or the disk of your computer until it stops. Do not open it.",
        policymaker: "Article 15(4) of the AI Act asks that high-risk systems are robust against errors and faults, and article 15(5) that they resist attempts to alter their use. A file that exhausts the machine that loads it takes the system out of service. The evidence names the file by its digest and the member that does it.",
    }
}

impl EntryCheck for ArchiveBomb {
    fn begin<'a>(&self, _artifact: &'a Artifact, _context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(|_file, _entry, _sink| Ok(()))
    }

    fn ended(
        &self,
        file: &ArtifactFile,
        unread: &[Unread],
        context: &Context<'_>,
        record: &mut Record,
    ) {
        // One finding tells it; a bomb has as many members as its maker likes.
        let found = unread
            .iter()
            .find_map(|unread| judge(unread, file, context.limits));
        if let Some(finding) = found {
            record.finding(finding);
        }
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // Stored zip archives inside each other, deeper than any limit.
        let mut bytes = b"x".to_vec();
        for _ in 0..32 {
            bytes = stored(&bytes);
        }
        scratch.write("planted.zip", &bytes)
    }
}

fn judge(unread: &Unread, file: &ArtifactFile, limits: &Limits) -> Option<Finding> {
    let message = match unread.limit? {
        Limit::Size { packed, limit } if is_bomb(packed, limit) => {
            format!("{packed} bytes unpack to more than {limit}")
        }
        // The rest of what a file may unpack to was too little, since so much came out before.
        Limit::Size { limit, .. }
            if limit < limits.member_bytes && is_bomb(file.size(), limits.unpacked_bytes) =>
        {
            let (size, most) = (file.size(), limits.unpacked_bytes);
            format!("{size} bytes unpack to more than {most} in all")
        }
        Limit::Depth(depth) => format!("archives lie inside each other deeper than {depth} levels"),
        _ => return None,
    };
    let place = Location::file(file.path.clone());
    let place = match &unread.member {
        Some(member) => place.in_member(member),
        None => place,
    };
    Some(
        ArchiveBomb::INFO
            .finding(message)
            .with_severity(Severity::High)
            .at(place),
    )
}

const fn is_bomb(packed: u64, unpacked: u64) -> bool {
    unpacked / RATIO >= packed
}

/// A zip archive with one stored member.
fn stored(data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    let sizes = [&[0; 14][..], &size, &size, &[1, 0, 0, 0]].concat();
    let mut bytes = [b"PK\x03\x04", &sizes[..], b"a", data].concat();
    let directory = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    bytes.extend([b"PK\x01\x02\0\0", &sizes[..], &[0; 14], b"a"].concat());
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0");
    bytes.extend(directory);
    bytes.extend([0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_decides() {
        assert!(is_bomb(264 << 10, 256 << 20));
        assert!(!is_bomb(200 << 20, 256 << 20));
        assert!(is_bomb(1, 100) && !is_bomb(1, 99));
    }
}
