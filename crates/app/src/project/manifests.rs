//! Signed manifests that lie beside what they describe.

use std::fs;
use std::io;
use std::path::Path;

use tutela_core::{Artifact, Declaration, ManifestStatus, escape};
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

/// Reads and verifies the manifests of all declared artifacts, and tells each declaration what was found.
///
/// Returns the envelopes that verified, so that they can be logged.
#[must_use]
pub(crate) fn read_manifests(
    root: &Path,
    artifacts: &mut [Artifact],
    project: &Project,
    trust: &SignerTrust,
) -> Vec<Vec<u8>> {
    let mut envelopes = Vec::new();
    for artifact in artifacts {
        let Some(path) = manifest_path(artifact, project) else {
            continue;
        };
        let (status, envelope) = read(root, &path, &artifact.name, trust);
        envelopes.extend(envelope);
        match &mut artifact.declaration {
            Declaration::Dataset(declaration) => declaration.manifest = status,
            Declaration::Model(declaration) => declaration.manifest = status,
            _ => {}
        }
    }
    envelopes
}

fn read(
    root: &Path,
    path: &str,
    name: &str,
    trust: &SignerTrust,
) -> (ManifestStatus, Option<Vec<u8>>) {
    let refuse = |why: String| {
        (
            ManifestStatus::Refused {
                why: format!("`{}`: {why}", escape(path, 300)),
            },
            None,
        )
    };
    let file = root.join(path);
    let bytes = match fs::metadata(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return (ManifestStatus::Absent, None);
        }
        Err(error) => return refuse(error.to_string()),
        Ok(metadata) if metadata.len() > ENVELOPE_LIMIT => {
            return refuse(format!(
                "{} bytes exceed the limit of {ENVELOPE_LIMIT}",
                metadata.len()
            ));
        }
        Ok(_) => match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => return refuse(error.to_string()),
        },
    };
    match verify_manifest(&bytes, trust) {
        Ok((manifest, _)) if manifest.name != name => refuse(format!(
            "it vouches for `{}`, not for `{}`",
            escape(&manifest.name, 100),
            escape(name, 100)
        )),
        Ok((manifest, signers)) => {
            let signer = signers.join(" and ");
            (
                ManifestStatus::Verified {
                    manifest: Box::new(manifest),
                    signer,
                },
                Some(bytes),
            )
        }
        Err(error) => refuse(crate::failure::chain(&error)),
    }
}
