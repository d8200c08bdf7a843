//! Signed manifests that lie beside what they describe.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use tutela_core::{Artifact, Declaration, FileBytes, ManifestStatus, escape, read_all};
use tutela_evidence::{ENVELOPE_LIMIT, SignerTrust, verify_manifest};

use crate::config::Project;

/// Where the signed manifest of a declared artifact lies, relative to the project.
///
/// `manifest` of the declaration, else beside the first file: the id of a data set, or the model's whole
/// file name, with `.manifest.json`.
#[must_use]
pub(crate) fn manifest_path(artifact: &Artifact, project: &Project) -> Option<String> {
    let declared = match &artifact.declaration {
        Declaration::Dataset(_) => project
            .data
            .iter()
            .find(|entry| entry.id == artifact.name)
            .and_then(|entry| entry.manifest.clone()),
        Declaration::Model(_) => None,
        _ => return None,
    };
    declared.or_else(|| {
        let first = artifact.files.first()?;
        let folder = first.path.strip_suffix(first.name()).unwrap_or_default();
        let name = artifact.name.rsplit('/').next().unwrap_or(&artifact.name);
        Some(format!("{folder}{name}.manifest.json"))
    })
}

/// Whose manifests count, and what the keys are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signers<'a> {
    /// The keys that count.
    pub(crate) trust: &'a SignerTrust,
    /// What the project file calls each key, by id.
    pub(crate) names: &'a BTreeMap<String, String>,
}

/// Reads and verifies the manifests of all declared artifacts, and tells each declaration what was found.
///
/// Returns the envelopes that verified, so that they can be logged.
#[must_use]
pub(crate) fn read_manifests(
    root: &Path,
    artifacts: &mut [Artifact],
    project: &Project,
    signers: Signers<'_>,
) -> Vec<Vec<u8>> {
    let mut envelopes = Vec::new();
    for artifact in artifacts {
        let Some(path) = manifest_path(artifact, project) else {
            continue;
        };
        let status = match read_envelope(&root.join(&path)) {
            Ok(None) => ManifestStatus::Absent,
            Ok(Some(bytes)) => match signers.verified(&bytes, &artifact.name) {
                Ok(status) => {
                    envelopes.push(bytes);
                    status
                }
                Err(why) => refused(&path, &why),
            },
            Err(error) => refused(&path, &error.to_string()),
        };
        match &mut artifact.declaration {
            Declaration::Dataset(declaration) => declaration.manifest = status,
            Declaration::Model(declaration) => declaration.manifest = status,
            _ => {}
        }
    }
    envelopes
}

fn refused(path: &str, why: &str) -> ManifestStatus {
    ManifestStatus::Refused {
        why: format!("`{}`: {why}", escape(path, 300)),
    }
}

/// The bytes of a signed file; none when there is none. A pipe or device is refused, and so is what is too large.
///
/// # Errors
/// What the operating system returns, or what is wrong with the file.
pub(crate) fn read_envelope(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match FileBytes::open(file) {
        Ok(bytes) => read_all(&bytes, ENVELOPE_LIMIT).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Signers<'_> {
    /// The manifest of an artifact, if trusted keys signed it.
    fn verified(self, bytes: &[u8], name: &str) -> Result<ManifestStatus, String> {
        let (manifest, signers) =
            verify_manifest(bytes, self.trust).map_err(|error| crate::failure::chain(&error))?;
        if manifest.name != name {
            return Err(format!(
                "it vouches for `{}`, not for `{}`",
                escape(&manifest.name, 100),
                escape(name, 100)
            ));
        }
        let called = |id: &String| self.names.get(id).unwrap_or(id).clone();
        Ok(ManifestStatus::Verified {
            manifest: Box::new(manifest),
            signer: signers.iter().map(called).collect::<Vec<_>>().join(" and "),
        })
    }
}
