//! What a signer vouches for: the files of an artifact, and the rows of a table.

use serde::{Deserialize, Serialize};

use crate::{Artifact, ArtifactFile, Digest, Error, Kind};

/// The files of an artifact with their digests, as somebody signed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The artifact's name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The artifact's digest.
    pub digest: Digest,
    /// Its files, sorted by path.
    pub files: Vec<ManifestFile>,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestFile {
    /// Path relative to the project, `/` between parts.
    pub path: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Size in bytes.
    pub size: u64,
    /// For a table: digests by which a changed cell is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TablePrint>,
}

/// Digests of a table by blocks of rows and by columns: together they point at a changed cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TablePrint {
    /// Number of rows.
    pub rows: u64,
    /// Rows in a block; the last block may have fewer.
    pub block_rows: u64,
    /// Digest of each block of rows, over all columns.
    pub blocks: Vec<Digest>,
    /// The columns in order.
    pub columns: Vec<ColumnPrint>,
}

/// The digest of one column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnPrint {
    /// The column's name.
    pub name: String,
    /// Its data type, as Arrow writes it.
    pub data_type: String,
    /// Digest over all its values.
    pub digest: Digest,
}

impl Manifest {
    /// Describes an artifact as it is now, without tables.
    ///
    /// # Errors
    /// [`Error::NoDigest`] when no digest of it was taken.
    pub fn of(artifact: &Artifact) -> Result<Self, Error> {
        let describe = |file: &ArtifactFile| {
            let digest = file.digest.ok_or_else(|| Error::NoDigest {
                name: file.path.clone(),
            })?;
            Ok(ManifestFile {
                path: file.path.clone(),
                digest,
                size: file.size(),
                table: None,
            })
        };
        Ok(Self {
            name: artifact.name.clone(),
            kind: artifact.kind,
            digest: artifact.known_digest()?,
            files: artifact
                .files
                .iter()
                .map(describe)
                .collect::<Result<_, Error>>()?,
        })
    }
}
