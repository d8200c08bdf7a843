//! The vocabulary of Tutela.
//!
//! Every other crate speaks in these words. Data flows one way: an [`Artifact`] and a [`Context`] go
//! into a [`Check`]; [`Finding`]s, [`Measure`]s and [`Coverage`] come out through a [`Sink`] and are
//! gathered in a [`Record`], which `evidence` signs. Nothing here touches the terminal, the
//! environment, the clock or randomness: those enter through parameters.

mod artifact;
mod bytes;
mod catalogue;
mod check;
mod clock;
mod context;
mod coverage;
mod declaration;
mod digest;
mod excerpt;
mod finding;
mod limits;
mod location;
mod manifest;
mod measure;
mod outcome;
mod reference;
mod runner;
mod scratch;
mod severity;
mod sink;

pub use artifact::{Artifact, ArtifactFile, Kind, Unread};
pub use bytes::{Bytes, FileBytes, FileIdentity, Reader, Window, read_all};
pub use catalogue::{Catalogue, CatalogueError};
pub use check::{Audience, Check, CheckInfo, Class, Describe, Docs, Group, Setting, Stage, Suite};
pub use clock::{Timestamp, TimestampError};
pub use context::{Context, Memo, NoProgress, Progress, Settings};
pub use coverage::{Coverage, Skipped, Stretch, Unit};
pub use declaration::{
    DatasetDeclaration, Declaration, FilesDeclaration, ManifestStatus, ModelDeclaration, Split,
};
pub use digest::{Digest, DigestError, Hasher, combine};
pub use excerpt::{escape, escape_bytes};
pub use finding::{Confidence, Finding, Step};
pub use limits::Limits;
pub use location::{Location, Region};
pub use manifest::{ColumnPrint, Manifest, ManifestFile, TablePrint};
pub use measure::{Measure, MeasureError, Uncertainty};
pub use outcome::Outcome;
pub use reference::Reference;
pub use runner::{run, run_all};
pub use scratch::Scratch;
pub use severity::{ParseSeverityError, Severity};
pub use sink::{Record, Sink};

/// Why a check could not do its work.
///
/// Never used for something that was *found*: hostile or malformed input is a [`Finding`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the artifact could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The path as the user knows it.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the one whose digest was taken.
    #[error("`{path}` changed while it was being examined")]
    Changed {
        /// The path as the user knows it.
        path: String,
    },
    /// An artifact has no digest, so that nothing can be claimed of it.
    #[error("no digest of `{name}` was taken")]
    NoDigest {
        /// The artifact's name.
        name: String,
    },
    /// A limit on resources was reached before the work was done.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What was too large, in the user's words.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// Anything else that kept the check from looking.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Renders the error and all its causes on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
