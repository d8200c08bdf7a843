//! From a folder to artifacts: every file is listed, classed, and its digest taken, on all cores.

mod discover;
mod manifests;
mod walk;

pub(crate) use discover::{Take, discover, recognise, recognise_files};
pub(crate) use manifests::{Signers, manifest_path, read_envelope, read_manifests};
pub(crate) use walk::{Found, Rules, apart, walk};
