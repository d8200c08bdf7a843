//! What is wrong between a document of a layout and the blobs that it names.

use std::collections::BTreeSet;
use std::io;

use tutela_core::{Bytes, Hasher, Limits, Severity, escape};
use tutela_formats::oci::{self, Descriptor, Document, Kind, Named};
use tutela_formats::{Format, sniff_all};

use super::store::{self, Store};
use crate::names;

/// A sentence about a place in a document, or about a whole blob.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) region: Option<(u64, u64)>,
}

impl Said {
    fn new(severity: Severity, region: Option<(u64, u64)>, message: String) -> Self {
        Self {
            severity,
            message,
            region,
        }
    }
}

/// The SHA-256 of bytes, as text.
pub(super) fn digest(bytes: &dyn Bytes) -> io::Result<String> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; usize::try_from(bytes.len().clamp(1, 256 << 10)).unwrap_or(1)];
    let mut at = 0_u64;
    loop {
        match bytes.read_at(at, &mut buffer)? {
            0 => return Ok(hasher.finish().to_hex()),
            count => {
                hasher.update(buffer.get(..count).unwrap_or_default());
                at = at.saturating_add(count as u64);
            }
        }
    }
}

/// A blob whose content is not that of its name.
pub(super) fn digests(named: &str, found: &str) -> Vec<Said> {
    if named == found {
        return Vec::new();
    }
    let message = format!("the blob has the SHA-256 {found}, not the one that names it");
    vec![Said::new(Severity::High, None, message)]
}

/// A white-out hides a file of a lower layer; what it names must lie in its own folder.
pub(super) fn white_out(path: &str) -> Vec<Said> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hidden = name.strip_prefix(".wh.");
    if !hidden.is_some_and(|hidden| matches!(hidden, "" | "." | "..")) {
        return Vec::new();
    }
    let message = format!("the white-out `{}` hides a folder above", escape(path, 200));
    vec![Said::new(Severity::High, None, message)]
}

/// A document in its layout.
pub(super) struct Inside<'a> {
    pub(super) store: &'a dyn Store,
    /// The folder that has the blobs; none when there are none.
    pub(super) root: Option<String>,
    /// The document's own path.
    pub(super) path: &'a str,
    pub(super) limits: &'a Limits,
    /// Whether only the structure was asked for.
    pub(super) brief: bool,
}

impl Inside<'_> {
    /// Everything that is wrong.
    pub(super) fn judge(&self, document: &Document) -> io::Result<Vec<Said>> {
        let mut said = Vec::new();
        for descriptor in &document.descriptors {
            by_itself(descriptor, &mut said);
            if let Some(blob) = self.blob(descriptor)? {
                against(descriptor, &*blob, self.limits, &mut said)?;
            }
        }
        for named in &document.paths {
            path(document.kind, named, &mut said);
        }
        if document.kind == Kind::Saved && !self.brief {
            self.saved(document, &mut said)?;
        }
        if document.kind == Kind::Index && self.is_top() {
            self.unnamed(document, &mut said)?;
        }
        Ok(said)
    }

    /// What a manifest needs and what does not lie here.
    pub(super) fn missing(&self, document: &Document) -> io::Result<Vec<String>> {
        let mut missing = Vec::new();
        for descriptor in &document.descriptors {
            // An index may name manifests for machines that nobody asked for, and a subject lies elsewhere.
            let matters = document.kind == Kind::Manifest && descriptor.role != "subject";
            // What is no digest at all is a finding.
            let matters = matters && self.root.is_some() && is_digest(&descriptor.digest);
            if matters && self.blob(descriptor)?.is_none() {
                let digest = escape(&descriptor.digest, 100);
                let why = match descriptor.sha256() {
                    Some(_) => "is named and does not lie here",
                    None => "is named by a digest that is not computed",
                };
                missing.push(format!("the {} `{digest}` {why}", descriptor.role));
            }
        }
        if document.kind == Kind::Saved {
            for named in &document.paths {
                if self.beside(&named.path)?.is_none() {
                    let path = escape(&named.path, 200);
                    missing.push(format!(
                        "the {} `{path}` is named and does not lie here",
                        named.role
                    ));
                }
            }
        }
        Ok(missing)
    }

    fn blob(&self, descriptor: &Descriptor) -> io::Result<Option<Box<dyn Bytes + '_>>> {
        let (Some(root), Some(digits)) = (&self.root, descriptor.sha256()) else {
            return Ok(None);
        };
        for place in store::places(root, digits) {
            if let Some(bytes) = self.store.open(&place)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// A file by its path from the document's folder.
    fn beside(&self, path: &str) -> io::Result<Option<Box<dyn Bytes + '_>>> {
        let path = names::tidy(path);
        self.store
            .open(&store::join(crate::inside::folder(self.path), &path))
    }

    fn is_top(&self) -> bool {
        let beside = store::join(crate::inside::folder(self.path), "oci-layout");
        self.path.rsplit('/').next() == Some("index.json") && self.store.holds(&beside)
    }

    /// `docker save` names configurations by their digests, and they hold those of the layers.
    fn saved(&self, document: &Document, said: &mut Vec<Said>) -> io::Result<()> {
        for config in document.paths.iter().filter(|named| named.role == "config") {
            let stem = config.path.strip_suffix(".json");
            let Some(bytes) = self.beside(&config.path)? else {
                continue;
            };
            if let Some(stem) = stem.filter(|stem| oci::is_sha256(stem)) {
                let found = digest(&*bytes)?;
                said.extend(digests(stem, &found).into_iter().map(|it| Said {
                    region: Some(config.region),
                    ..it
                }));
            }
            let Some(image) = store::document(&*bytes)? else {
                continue;
            };
            // One image only: with several, which layers belong to which cannot be told from the list.
            if document
                .paths
                .iter()
                .filter(|it| it.role == "config")
                .count()
                == 1
            {
                self.unpacked(document, &image, said)?;
            }
        }
        Ok(())
    }

    /// The digests of the unpacked layers, in their order.
    fn unpacked(
        &self,
        document: &Document,
        image: &Document,
        said: &mut Vec<Said>,
    ) -> io::Result<()> {
        let layers = document.paths.iter().filter(|named| named.role == "layer");
        for (layer, promised) in layers.zip(&image.paths) {
            let Some(digits) = promised.path.strip_prefix("sha256:") else {
                continue;
            };
            let Some(bytes) = self.beside(&layer.path)? else {
                continue;
            };
            let is_plain = sniff_all(&*bytes, self.limits)?.first() == Some(&Format::Tar);
            if is_plain && digest(&*bytes)? != digits {
                let path = escape(&layer.path, 200);
                let message =
                    format!("the layer `{path}` is not the one that the configuration promises");
                said.push(Said::new(Severity::High, Some(layer.region), message));
            }
        }
        Ok(())
    }

    /// Blobs that no document of the layout names.
    fn unnamed(&self, index: &Document, said: &mut Vec<Said>) -> io::Result<()> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        let blobs = self.store.below(&store::join(root, "blobs/"));
        let mut known: BTreeSet<String> = digits(index).collect();
        for path in &blobs {
            if let Some(bytes) = self.store.open(path)?
                && let Some(document) = store::document(&*bytes)?
            {
                known.extend(digits(&document));
            }
        }
        for path in blobs {
            if oci::named_by(&path).is_some_and(|digits| !known.contains(digits)) {
                let path = escape(&path, 200);
                let message = format!("no manifest names the blob `{path}`");
                said.push(Said::new(Severity::Low, None, message));
            }
        }
        Ok(())
    }
}

fn digits(document: &Document) -> impl Iterator<Item = String> {
    let descriptors = document.descriptors.iter();
    descriptors.filter_map(|descriptor| descriptor.sha256().map(str::to_owned))
}

/// What is wrong with a descriptor, whatever the blob is.
fn by_itself(descriptor: &Descriptor, said: &mut Vec<Said>) {
    let region = Some(descriptor.region);
    let role = descriptor.role;
    let digest = escape(&descriptor.digest, 120);
    if !is_digest(&descriptor.digest) {
        let is_path = descriptor.digest.contains(['/', '\\']) || descriptor.digest.contains("..");
        let (severity, what) = if is_path {
            (Severity::Critical, "a path, which clients open or write")
        } else {
            (Severity::Medium, "no digest")
        };
        let message = format!("the digest of the {role}, `{digest}`, is {what}");
        said.push(Said::new(severity, region, message));
    }
    for (key, name) in &descriptor.names {
        if let Some(wrong) = names::judge(name) {
            let (key, name) = (escape(key, 80), escape(name, 200));
            let message = format!(
                "the name of the {role} (`{key}`), `{name}`, {}",
                wrong.message
            );
            said.push(Said::new(wrong.severity, region, message));
        }
    }
    if let Some(url) = descriptor.urls.first() {
        let url = escape(url, 200);
        let message = format!("the {role} is fetched from elsewhere: `{url}`");
        said.push(Said::new(Severity::Medium, region, message));
    }
}

/// An algorithm, a colon and digits: the grammar of the specification, without its separators.
fn is_digest(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+._=-".contains(&byte))
    };
    let known = algorithm != "sha256" || oci::is_sha256(encoded);
    is_word(algorithm) && is_word(encoded) && known
}

/// What is wrong between a descriptor and its blob.
fn against(
    descriptor: &Descriptor,
    blob: &dyn Bytes,
    limits: &Limits,
    said: &mut Vec<Said>,
) -> io::Result<()> {
    let region = Some(descriptor.region);
    let role = descriptor.role;
    if descriptor.size != Some(blob.len()) {
        let promised = descriptor.size.map_or_else(
            || "no number of bytes".to_owned(),
            |size| format!("{size} bytes"),
        );
        let message = format!(
            "the manifest promises {promised} for the {role}, and the blob has {}",
            blob.len()
        );
        said.push(Said::new(Severity::High, region, message));
    }
    let found = sniff_all(blob, limits)?;
    if let Some((severity, what)) = differs(&descriptor.media_type, &found) {
        let media_type = escape(&descriptor.media_type, 120);
        let message = format!("the {role} is said to be `{media_type}` and is {what}");
        said.push(Said::new(severity, region, message));
    }
    Ok(())
}

/// What content is, when it is not what its media type says.
fn differs(media_type: &str, found: &[Format]) -> Option<(Severity, String)> {
    let expected = expected(media_type)?;
    let is_expected = |format: &Format| match expected {
        Expected::These(formats) => formats.contains(format),
        Expected::Text => !format.is_model() && !format.is_program() && !format.is_container(),
    };
    let Some(odd) = found.iter().find(|format| !is_expected(format)) else {
        // Empty layers and encrypted ones are of no known format.
        return None;
    };
    let runs = odd.is_program()
        || matches!(
            odd,
            Format::Pickle | Format::TorchLegacy | Format::TorchZip | Format::TorchScript
        );
    let severity = if runs {
        Severity::High
    } else {
        Severity::Medium
    };
    Some((severity, format!("something else: {odd}")))
}

enum Expected {
    These(&'static [Format]),
    Text,
}

fn expected(media_type: &str) -> Option<Expected> {
    use Format::{Ggml, Gguf, Gzip, Json, Safetensors, Tar, Zstd};
    let ends = |end: &str| media_type.ends_with(end);
    if let Some(part) = media_type.strip_prefix("application/vnd.ollama.image.") {
        return match part {
            "model" | "projector" | "adapter" => Some(Expected::These(&[Gguf, Ggml, Safetensors])),
            "template" | "system" | "license" | "params" | "messages" | "prompt" => {
                Some(Expected::Text)
            }
            _ => None,
        };
    }
    if ends("+gzip") || ends(".tar.gzip") {
        Some(Expected::These(&[Gzip]))
    } else if ends("+zstd") {
        Some(Expected::These(&[Zstd]))
    } else if ends(".tar") || ends("+tar") {
        Some(Expected::These(&[Tar]))
    } else if ends("+json") {
        Some(Expected::These(&[Json]))
    } else if media_type.contains("gguf") {
        Some(Expected::These(&[Gguf]))
    } else {
        None
    }
}

/// A path that a loader opens or writes.
fn path(kind: Kind, named: &Named, said: &mut Vec<Said>) {
    if kind == Kind::Image {
        return;
    }
    if let Some(wrong) = names::judge(&named.path) {
        let path = escape(&named.path, 200);
        let message = format!("the {} `{path}` {}", named.role, wrong.message);
        said.push(Said::new(wrong.severity, Some(named.region), message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_held_against_content() {
        for (media_type, found, severity) in [
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                Format::Gzip,
                None,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                Format::Elf,
                Some(Severity::High),
            ),
            (
                "application/vnd.oci.image.layer.v1.tar",
                Format::Gzip,
                Some(Severity::Medium),
            ),
            ("application/vnd.ollama.image.model", Format::Gguf, None),
            (
                "application/vnd.ollama.image.model",
                Format::Pickle,
                Some(Severity::High),
            ),
            ("application/vnd.ollama.image.params", Format::Json, None),
            (
                "application/vnd.ollama.image.template",
                Format::Script,
                Some(Severity::High),
            ),
            ("application/octet-stream", Format::Elf, None),
        ] {
            let found = differs(media_type, &[found]).map(|(severity, _)| severity);
            assert_eq!(found, severity, "{media_type}");
        }
        assert_eq!(differs("application/vnd.oci.image.layer.v1.tar", &[]), None);
    }

    #[test]
    fn digests_are_no_paths() {
        let digits = "0".repeat(64);
        assert!(is_digest(&format!("sha256:{digits}")));
        assert!(is_digest("sha512:abc"));
        for text in [
            "",
            "sha256:1",
            "sha256:../../x",
            "../../etc/passwd",
            "sha256",
        ] {
            assert!(!is_digest(text), "{text}");
        }
    }

    #[test]
    fn white_outs_hide_files_only() {
        assert!(white_out("a/.wh.b").is_empty() && white_out("a/.wh..wh..opq").is_empty());
        assert_eq!(white_out("a/.wh...").len(), 1);
    }
}
