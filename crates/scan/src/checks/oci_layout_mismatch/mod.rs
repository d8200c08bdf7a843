//! Container layouts (OCI, docker save, `ModelKit`, Ollama) that are not what their manifests say.

mod judge;
mod store;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Context, Error, Finding, Reference, Region, Scratch, Severity,
    Sink, Skipped, declare_check, escape,
};
use tutela_formats::{Entry, Format, oci};

use crate::inside::location;
use crate::together::{EntryCheck, Visitor};
use judge::Said;
use store::{Folder, Store, Tar};

declare_check! {
    /// Container layouts that are not what their manifests say.
    ///
    /// # What it finds
    /// In OCI layouts, archives of `docker save`, ModelKits and Ollama's store, as folders and as tar archives: blobs
    /// whose digest or size differs from the one by which they are named; digests that are paths; names under which a
    /// client would write a layer outside of its folder; layers that are something else than their media type says,
    /// above all programs and pickles; layers that are fetched from somewhere else; white-outs that reach out of the
    /// folder; and blobs that no manifest names. The layers themselves are taken apart by the other checks.
    ///
    /// # Why it matters
    /// Registries pass models on as layers. A client trusts the digest in the manifest, and most check it on the way
    /// in; what lies on a disk or in an archive is often no longer checked. Two clients had the hole that a digest or a
    /// title such as `../../.bashrc` was taken as a path, so that pulling a model wrote files anywhere.
    ///
    /// # Example
    /// ```text
    /// model.tar!blobs/sha256/44136f…ff8a: the blob has the SHA-256 ba7816bf…, not the one that names it
    /// ```
    ///
    /// # How to fix
    /// Pull the model again, by its digest, from its publisher. When the manifest itself is wrong, tell the
    /// publisher; do not unpack the layout.
    ///
    /// # Limits
    /// Digests other than SHA-256 are not computed, which leaves the blob incomplete. Signatures of manifests are not
    /// verified. Blobs that no manifest names are taken for leftovers; other checks look into them all the same.
    ///
    /// # References
    /// CWE-354 (improper validation of an integrity check value), CWE-22 (path traversal), CWE-345; CVE-2024-37032;
    /// MITRE ATLAS AML.T0010.003 (supply chain compromise: model); AI Act article 15(5); the OCI image layout
    /// specification.
    pub struct OciLayoutMismatch {
        code: "oci-layout-mismatch",
        title: "container layout that is not what its manifest says",
        severity: High,
        class: Integrity,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(354),
            Reference::Cwe(22),
            Reference::Cwe(345),
            Reference::advisory("CVE-2024-37032"),
            Reference::atlas("AML.T0010.003"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/opencontainers/image-spec/blob/main/image-layout.md"),
        ],
        user: "A part of this model was exchanged after it was packed, or its list of contents would put files into places where they do not belong. Do not use it, and get it again from its publisher.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against third parties who alter a system through its components. A model whose parts no longer have the digests of its manifest was altered on the way. The evidence names the part, the digest that was promised and the one that was found.",
    }
}

impl EntryCheck for OciLayoutMismatch {
    fn begin<'a>(&self, artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let visit = Visit {
                file,
                entry,
                context,
            };
            if let Some(archive) = entry.tar {
                visit.archive(&Tar::new(entry.bytes, archive), sink)?;
            }
            if entry.member.is_none() {
                visit.file(&Folder::new(&artifact.files), sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let digits = "0123456789abcdef".repeat(4);
        scratch.write(&format!("planted/blobs/sha256/{digits}"), b"exchanged")
    }
}

struct Visit<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Visit<'_> {
    /// A file of a folder: a blob, a document, or neither.
    fn file(&self, folder: &Folder<'_>, sink: &mut dyn Sink) -> io::Result<()> {
        if let Some(digits) = oci::named_by(&self.file.path) {
            if self.is_brief() {
                self.leave_out(sink);
            } else {
                let found = match &self.file.digest {
                    Some(digest) => digest.to_hex(),
                    None => judge::digest(self.entry.bytes)?,
                };
                self.tell(None, judge::digests(digits, &found), sink);
            }
        }
        if self.entry.formats.contains(&Format::Json) {
            self.document(None, self.entry.bytes, folder, sink)?;
        }
        Ok(())
    }

    /// An archive of a layout: every blob and every document in it.
    fn archive(&self, tar: &Tar<'_>, sink: &mut dyn Sink) -> io::Result<()> {
        for path in tar.paths() {
            self.tell(Some(path), judge::white_out(path), sink);
        }
        if !tar.is_layout() {
            return Ok(());
        }
        for path in tar.paths() {
            let Some(bytes) = tar.open(path)? else {
                continue;
            };
            match oci::named_by(path) {
                Some(_) if self.is_brief() => self.leave_out(sink),
                Some(digits) => {
                    let found = judge::digest(&*bytes)?;
                    self.tell(Some(path), judge::digests(digits, &found), sink);
                }
                None => {}
            }
            self.document(Some(path), &*bytes, tar, sink)?;
        }
        Ok(())
    }

    /// One document of a layout; anything else is left alone.
    fn document(
        &self,
        member: Option<&str>,
        bytes: &dyn Bytes,
        store: &dyn Store,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        let Some(document) = store::document(bytes)? else {
            return Ok(());
        };
        let path = member.unwrap_or(&self.file.path);
        let inside = judge::Inside {
            store,
            root: store::root(store, path),
            path,
            limits: self.context.limits,
            brief: self.is_brief(),
        };
        self.tell(member, inside.judge(&document)?, sink);
        for missing in inside.missing(&document)? {
            let place = crate::inside::place(self.file, member);
            sink.incomplete(format!("`{place}`: {missing}"));
        }
        Ok(())
    }

    const fn is_brief(&self) -> bool {
        self.context.limits.raw_bytes == 0
    }

    fn leave_out(&self, sink: &mut dyn Sink) {
        let what = escape(&self.file.path, 300);
        sink.skipped(Skipped {
            what: format!("the digest of `{what}`"),
            why: "only the structure of files was asked for".to_owned(),
        });
    }

    fn tell(&self, member: Option<&str>, said: Vec<Said>, sink: &mut dyn Sink) {
        for said in said {
            sink.finding(self.finding(member, said));
        }
    }

    fn finding(&self, member: Option<&str>, said: Said) -> Finding {
        let mut place = location(self.file, self.entry);
        if let Some(member) = member {
            let name = escape(member, 200);
            let name = match self.entry.member {
                Some(outer) => format!("{outer}!{name}"),
                None => name,
            };
            place = place.in_member(&name);
        }
        if let Some((start, end)) = said.region {
            place = place.at(Region::Bytes { start, end });
        }
        Self::of(said.severity, said.message).at(place)
    }

    fn of(severity: Severity, message: String) -> Finding {
        OciLayoutMismatch::INFO
            .finding(message)
            .with_severity(severity)
    }
}
