//! Describes the documents of container layouts: OCI indices and manifests, what `docker save` writes, Ollama's manifests.
//!
//! They are JSON; what is kept are the descriptors (media type, digest, size) of the blobs that a loader fetches by them,
//! and the names under which it would write them.

use memchr::memmem;

use crate::json;
use crate::tree::{Node, Value};

/// The longest document that is read: registries refuse manifests of more than 4 MiB.
pub const LONGEST: u64 = 4 << 20;
/// Descriptors of one document that are kept.
const DESCRIPTORS: usize = 10_000;

/// Most JSON has none of these and is not parsed.
const WORDS: &[&str] = &[
    "digest",
    "diff_ids",
    "Layers",
    "manifests",
    "manifestVersion",
];

/// A document of a container layout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// Which document it is.
    pub kind: Kind,
    /// What it says of the blobs.
    pub descriptors: Vec<Descriptor>,
    /// Paths of files that a loader opens or writes.
    pub paths: Vec<Named>,
}

/// Which document of a layout it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A list of manifests.
    Index,
    /// A configuration and its layers.
    Manifest,
    /// The list that `docker save` writes: a configuration and layers, by their paths in the archive.
    Saved,
    /// The configuration of a `ModelKit`: what it holds, and where it is unpacked to.
    Kit,
    /// The configuration of an image: the digests of its layers when they are unpacked.
    Image,
}

/// A path in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// What the path is for.
    pub role: &'static str,
    /// The path, as written.
    pub path: String,
    /// Where it stands in the document.
    pub region: (u64, u64),
}

/// What a document says of a blob. Texts are as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptor {
    /// `manifest`, `config`, `layer` and so on.
    pub role: &'static str,
    /// What it is said to be.
    pub media_type: String,
    /// Its digest: `sha256:` and 64 digits.
    pub digest: String,
    /// How many bytes it has, when that is a number.
    pub size: Option<u64>,
    /// Where else it may be fetched from.
    pub urls: Vec<String>,
    /// The names under which a client writes it, with the annotations that say so.
    pub names: Vec<(String, String)>,
    /// Where it stands in the document.
    pub region: (u64, u64),
}

impl Descriptor {
    /// The digits of its SHA-256, when that is what the digest is.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        let digits = self.digest.strip_prefix("sha256:")?;
        is_sha256(digits).then_some(digits)
    }
}

/// Whether a text is a SHA-256 as layouts write it: 64 digits in lower case.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The SHA-256 in a blob's own path, which names it: `blobs/sha256/…`, or `blobs/sha256-…` as Ollama keeps them.
#[must_use]
pub fn named_by(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let is_folder = |wanted: &str| {
        folder
            .strip_suffix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    let digits = match name.strip_prefix("sha256-") {
        Some(digits) if is_folder("blobs") => digits,
        None if is_folder("blobs/sha256") => name,
        _ => return None,
    };
    is_sha256(digits).then_some(digits)
}

/// Reads a document; none when the JSON is none of a layout.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Document> {
    let text = json::decode(bytes);
    let has_word = |word: &&str| memmem::find(&text, word.as_bytes()).is_some();
    if !WORDS.iter().any(has_word) {
        return None;
    }
    let parsed = json::parse(bytes);
    let root = parsed.roots.first()?;
    let document = match &root.value {
        Value::List(items) => saved(items)?,
        _ => described(root, &text)?,
    };
    Some(document)
}

fn described(root: &Node, text: &[u8]) -> Option<Document> {
    let has = |key: &str| root.all(key).next().is_some();
    let mut descriptors = Vec::new();
    let mut add = |role: &'static str, node: &Node| {
        if descriptors.len() < DESCRIPTORS && node.all("digest").next().is_some() {
            descriptors.push(descriptor(role, node, text));
        }
    };
    let is_versioned = has("schemaVersion") || has("mediaType");
    let kind = if is_versioned && has("manifests") {
        Kind::Index
    } else if is_versioned && (has("layers") || has("config") || has("blobs")) {
        Kind::Manifest
    } else if root.texts("manifestVersion").next().is_some() && (has("package") || has("model")) {
        return Some(kit(root));
    } else if has("rootfs") && (has("architecture") || has("config") || has("modelfs")) {
        Kind::Image
    } else {
        return None;
    };
    for (key, role) in [
        ("manifests", "manifest"),
        ("layers", "layer"),
        ("blobs", "blob"),
    ] {
        for list in root.all(key) {
            list.items().iter().for_each(|item| add(role, item));
        }
    }
    for (key, role) in [("config", "config"), ("subject", "subject")] {
        root.all(key).for_each(|item| add(role, item));
    }
    let layers = root.all("rootfs").flat_map(|rootfs| rootfs.all("diff_ids"));
    let paths = layers
        .flat_map(Node::items)
        .filter_map(|item| named("unpacked layer", item))
        .collect();
    Some(Document {
        kind,
        descriptors,
        paths,
    })
}

/// `[{"Config": "….json", "RepoTags": […], "Layers": ["…/layer.tar"]}]`.
fn saved(items: &[Node]) -> Option<Document> {
    let images = || items.iter().filter(|item| is_image(item));
    images().next()?;
    let configs = images()
        .flat_map(|image| image.all("Config"))
        .filter_map(|node| named("config", node));
    let layers = images()
        .flat_map(|image| image.all("Layers"))
        .flat_map(Node::items)
        .filter_map(|node| named("layer", node));
    Some(Document {
        kind: Kind::Saved,
        descriptors: Vec::new(),
        paths: configs.chain(layers).take(DESCRIPTORS).collect(),
    })
}

fn is_image(item: &Node) -> bool {
    item.texts("Config").next().is_some() && item.all("Layers").next().is_some()
}

/// Every `path` below `model`, `code`, `datasets`, `docs` and `prompts`.
fn kit(root: &Node) -> Document {
    let mut paths = Vec::new();
    root.each("", &mut |key, node| {
        if key == "path" && paths.len() < DESCRIPTORS {
            paths.extend(named("path", node));
        }
    });
    Document {
        kind: Kind::Kit,
        descriptors: Vec::new(),
        paths,
    }
}

fn named(role: &'static str, node: &Node) -> Option<Named> {
    Some(Named {
        role,
        path: node.text()?.to_owned(),
        region: (node.start, node.end),
    })
}

fn descriptor(role: &'static str, node: &Node, text: &[u8]) -> Descriptor {
    // The last of a doubled key counts for most readers; who writes two wants something.
    let last = |key: &str| node.texts(key).last().unwrap_or_default().to_owned();
    let urls = node.all("urls").flat_map(Node::items);
    let names = node.all("annotations").flat_map(|map| map.entries());
    Descriptor {
        role,
        media_type: last("mediaType"),
        digest: last("digest"),
        size: node.all("size").last().and_then(|size| number(size, text)),
        urls: urls.filter_map(Node::text).map(str::to_owned).collect(),
        names: names
            .filter(|(key, _)| is_name(key))
            .filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned())))
            .collect(),
        region: (node.start, node.end),
    }
}

/// Annotations by which clients (ORAS, modctl, kit) name the file that they write.
fn is_name(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    matches!(last, "title" | "filepath" | "filename" | "path")
}

fn number(node: &Node, text: &[u8]) -> Option<u64> {
    let start = usize::try_from(node.start).ok()?;
    let end = usize::try_from(node.end).ok()?;
    let digits = std::str::from_utf8(text.get(start..end)?).ok()?;
    digits.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn a_manifest_is_described() {
        let text = format!(
            r#"{{"schemaVersion": 2, "config": {{"mediaType": "c", "digest": "sha256:{DIGITS}", "size": 2}},
            "layers": [{{"mediaType": "l", "digest": "sha512:x", "size": "2", "urls": ["http://localhost/x"],
            "annotations": {{"org.opencontainers.image.title": "../a", "other": "b"}}}}]}}"#
        );
        let document = read(text.as_bytes()).unwrap();
        assert_eq!(document.kind, Kind::Manifest);
        let [layer, config] = &document.descriptors[..] else {
            panic!("two descriptors");
        };
        assert_eq!((config.size, config.sha256()), (Some(2), Some(DIGITS)));
        assert_eq!((layer.size, layer.sha256()), (None, None));
        assert_eq!(layer.names.len(), 1);
        assert_eq!(layer.urls, ["http://localhost/x"]);
    }

    #[test]
    fn other_documents_are_told_apart() {
        for (text, kind) in [
            (
                r#"[{"Config": "a.json", "RepoTags": null, "Layers": ["b/layer.tar"]}]"#,
                Some(Kind::Saved),
            ),
            (
                r#"{"schemaVersion": 2, "manifests": []}"#,
                Some(Kind::Index),
            ),
            (
                r#"{"manifestVersion": "1.0.0", "model": {"path": "m"}}"#,
                Some(Kind::Kit),
            ),
            (
                r#"{"architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}"#,
                Some(Kind::Image),
            ),
            (r#"{"layers": [1], "config": {}}"#, None),
            (r#"{"model_type": "llama"}"#, None),
            ("[1, 2]", None),
            ("", None),
        ] {
            assert_eq!(read(text.as_bytes()).map(|it| it.kind), kind, "{text}");
        }
    }

    #[test]
    fn blobs_are_named_by_their_digests() {
        assert_eq!(named_by(&format!("a/blobs/sha256/{DIGITS}")), Some(DIGITS));
        assert_eq!(named_by(&format!("blobs/sha256-{DIGITS}")), Some(DIGITS));
        assert_eq!(named_by(&format!("blobs/{DIGITS}")), None);
        assert_eq!(named_by(&format!("myblobs/sha256/{DIGITS}")), None);
        assert_eq!(named_by("blobs/sha256/x"), None);
    }

    #[test]
    fn truncated_at_every_byte() {
        let text = br#"{"schemaVersion": 2, "layers": [{"digest": "sha256:0", "size": 1}]}"#;
        for length in 0..text.len() {
            let document = read(&text[..length]);
            assert!(document.is_none_or(|it| it.descriptors.len() <= 1));
        }
    }
}
