//! What the project file says about an artifact.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Manifest, Timestamp};

/// What the project file says about an artifact.
///
/// Serialised into the configuration digest of the evidence, so that evidence made under another
/// declaration does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Declaration {
    /// Nothing: the artifact was recognised, not declared.
    #[default]
    None,
    /// A `[[data]]` table.
    Dataset(Box<DatasetDeclaration>),
    /// A `[[model]]` table.
    Model(ModelDeclaration),
    /// The other files of the project.
    Files(FilesDeclaration),
}

impl Declaration {
    /// The data set's declaration, if it is one.
    #[must_use]
    pub const fn dataset(&self) -> Option<&DatasetDeclaration> {
        match self {
            Self::Dataset(declaration) => Some(declaration),
            Self::None | Self::Model(_) | Self::Files(_) => None,
        }
    }

    /// The model's declaration, if it is one.
    #[must_use]
    pub const fn model(&self) -> Option<&ModelDeclaration> {
        match self {
            Self::Model(declaration) => Some(declaration),
            Self::None | Self::Dataset(_) | Self::Files(_) => None,
        }
    }

    /// The state of the signed manifest, for what can have one.
    #[must_use]
    pub const fn manifest(&self) -> Option<&ManifestStatus> {
        match self {
            Self::Dataset(declaration) => Some(&declaration.manifest),
            Self::Model(declaration) => Some(&declaration.manifest),
            Self::None | Self::Files(_) => None,
        }
    }
}

/// What the project file says about a data set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatasetDeclaration {
    /// The column that a model learns to predict.
    pub label: Option<String>,
    /// Protected attributes, kept for fairness tests.
    pub sensitive: Vec<String>,
    /// The column that tells the people in the data apart.
    pub subject_key: Option<String>,
    /// Columns declared to hold personal data.
    pub personal: Vec<String>,
    /// The column that says when a row was recorded.
    pub timestamp: Option<String>,
    /// When the data were collected, where no column says so.
    pub collected: Option<Timestamp>,
    /// The greatest age that the data may have, in days.
    pub max_age_days: Option<u32>,
    /// The signed manifest.
    #[serde(skip)]
    pub manifest: ManifestStatus,
}

/// What the project file says about a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelDeclaration {
    /// What kind of model it is, in the user's words.
    pub kind: Option<String>,
    /// Ids of the data sets that it learned from.
    pub trained_on: Vec<String>,
    /// The signed manifest.
    #[serde(skip)]
    pub manifest: ManifestStatus,
}

/// What the project file says about the other files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilesDeclaration {
    /// Paths of programs that belong to the project.
    pub executables: BTreeSet<String>,
    /// Patterns of what is left out of every check.
    pub exclude: BTreeSet<String>,
}

/// Which part of a data set a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What a model learns from.
    Train,
    /// What decisions during training are made on.
    Validation,
    /// What the finished model is judged on.
    Test,
}

impl Split {
    /// The lower-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// The state of an artifact's signed manifest, established by `evidence` before the checks run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ManifestStatus {
    /// Nobody has signed one.
    #[default]
    Absent,
    /// One is there and a trusted key signed it.
    Verified {
        /// What was signed.
        manifest: Box<Manifest>,
        /// Who signed, as the key's name.
        signer: String,
    },
    /// One is there but cannot be relied on.
    Refused {
        /// Why not.
        why: String,
    },
}
