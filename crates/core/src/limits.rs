//! Bounds on what hostile input may cost.

use serde::{Deserialize, Serialize};

/// Bounds on what hostile input may cost. What breaks one is a finding or an incomplete outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Bytes that one value, header or archive member may take in memory.
    pub member_bytes: u64,
    /// Bytes that all members of one file may unpack to.
    pub unpacked_bytes: u64,
    /// Members of one archive.
    pub members: u64,
    /// Archives inside archives.
    pub depth: u32,
    /// Steps of an interpreter over one stream.
    pub steps: u64,
    /// Findings that one check keeps for one artifact; the rest are counted.
    pub findings: usize,
    /// Stretches of bytes that one check keeps for one artifact; the rest are counted.
    pub stretches: usize,
    /// Bytes of raw numbers in one part of a file that are searched for what is concealed in them. 0 looks at the
    /// structure alone.
    pub raw_bytes: u64,
    /// Rows of one data set that are held in memory at once.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A pickle of a large state dictionary is a few MiB; 256 MiB leaves room for inline arrays.
            member_bytes: 256 << 20,
            unpacked_bytes: 4 << 30,
            members: 100_000,
            depth: 8,
            steps: 50_000_000,
            findings: 1_000,
            stretches: 10_000,
            raw_bytes: u64::MAX >> 11,
            rows: 50_000_000,
        }
    }
}
