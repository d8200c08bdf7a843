//! An account of every byte: what it is, whether it was examined, and which belong to nothing.

mod account;
#[cfg(test)]
mod tests;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Record, Reference, Region, Scratch, Severity,
    declare_check,
};
use tutela_formats::layout::{Role, Stretch, layout};
use tutela_formats::{Entry, Format, Unread};

use crate::inside::location;
use crate::together::{EntryCheck, Scope, Visitor};

declare_check! {
    /// An account of every byte: what it is, whether it was examined, and which belong to nothing.
    ///
    /// # What it finds
    /// Bytes that belong to nothing that the format of their file knows: behind the last opcode of a pickle, behind
    /// the last element of an array, in the padding of a tar archive, in what a deleted array left in an HDF5 file, in fields that a protocol buffer does not have, between the tables of a TensorFlow Lite model. The evidence says of every file and of everything
    /// packed in it which bytes are what (headers, pickle opcodes, numbers, members, text, zeros) and
    /// whether they were examined as that; what was not is listed first.
    ///
    /// # Why it matters
    /// Nobody reads the bytes between the parts of a file, so they are a place to keep something until a later step
    /// fetches it, and a result that does not say what it saw cannot be relied on: "nothing found" in a file of
    /// which a tenth was looked at is not "clean".
    ///
    /// # Example
    /// ```text
    /// model.pkl bytes 2031..2543: 512 bytes belong to nothing that a Python pickle knows
    /// ```
    ///
    /// # How to fix
    /// Write the file again with the library that made it, or get it from its origin. If a program of your own keeps data
    /// there, keep it in a file of its own that is declared and signed.
    ///
    /// # Limits
    /// Formats that are one text or one tree (JSON, XML) are accounted for as a whole. Gaps in zip
    /// archives, tensors and GGUF models, and what stands behind an archive or a stream, are in the account; the findings
    /// about them are those of `archive-ambiguous`, `safetensors-header`, `gguf-header`, `npy-header`, `onnx-structure` and `msgpack-unsafe-value`. Of many stretches, evidence
    /// keeps the first ones and counts the rest. Chunks that HDF5 has packed are not unpacked, and are not called examined.
    ///
    /// # References
    /// CWE-506 (embedded malicious code); MITRE ATLAS AML.T0018.002
    /// (embed malware); AI Act article 15(5).
    pub struct UnaccountedBytes {
        code: "unaccounted-bytes",
        title: "bytes that belong to nothing",
        severity: Low,
        class: Integrity,
        suite: Scan,
        stages: [Data, Training, Deployment],
        kinds: [Model, Dataset, Files],
        references: [
            Reference::Cwe(506),
            Reference::atlas("AML.T0018.002"),
            Reference::ai_act("15(5)"),
        ],
        user: "A file of this system holds bytes that serve no purpose that anyone could find. Most often that is a leftover; it can also be a hiding place.",
        policymaker: "Evidence about a system has to say what it covers. This check accounts for every byte of every file: what it is, and whether it was examined. Articles 15(5) and 11 of the AI Act ask for resilience and for documentation that can be relied on; the list in the evidence shows what an examiner did not look into.",
    }
}

impl EntryCheck for UnaccountedBytes {
    fn scope(&self) -> Scope {
        // It says itself how much of a file was examined.
        Scope::WholeFiles
    }

    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let stretches = layout(entry, context.limits)?;
            if let Some(finding) = unclaimed(file, entry, &stretches) {
                sink.finding(finding);
            }
            account::tell(file, entry, context.limits, stretches, sink)
        })
    }

    fn ended(
        &self,
        file: &ArtifactFile,
        unread: &[Unread],
        _context: &Context<'_>,
        record: &mut Record,
    ) {
        account::close(file, unread, record);
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted.pkl", b"\x80\x04K\x01.\xff\xfe planted bytes")
    }
}

/// One finding about all bytes of a part that belong to nothing, unless another check tells them.
fn unclaimed(file: &ArtifactFile, entry: &Entry<'_>, stretches: &[Stretch]) -> Option<Finding> {
    let mut found = stretches.iter().filter_map(|stretch| match stretch.role {
        Role::Unclaimed(format) if !is_told(entry, format, stretch.start) => {
            Some((format, stretch.start, stretch.end))
        }
        _ => None,
    });
    let (format, start, end) = found.next()?;
    let length = end.saturating_sub(start);
    let (mut more, mut places) = (0_u64, 0_u64);
    for (_, start, end) in found {
        more = more.saturating_add(end.saturating_sub(start));
        places = places.saturating_add(1);
    }
    let more = match places {
        0 => String::new(),
        places => format!(", and {more} bytes in {places} more places"),
    };
    let belong = if length == 1 {
        "byte belongs"
    } else {
        "bytes belong"
    };
    let message = format!("{length} {belong} to nothing in this format ({format}){more}");
    Some(
        UnaccountedBytes::INFO
            .finding(message)
            .with_severity(Severity::Low)
            .with_identity("unclaimed")
            .at(location(file, entry).at(Region::Bytes { start, end })),
    )
}

/// Whether the check of this format tells it, with what it means there.
fn is_told(entry: &Entry<'_>, format: Format, start: u64) -> bool {
    match format {
        Format::Safetensors | Format::Gguf | Format::SevenZip | Format::Onnx | Format::Msgpack => {
            true
        }
        Format::Npy => matches!(entry.npy(), Ok(Some(header)) if header.end.is_some()),
        Format::Tar => entry
            .tar
            .and_then(|archive| archive.trailing)
            .is_some_and(|trailing| start >= trailing),
        _ => format.is_zip() || format.is_stream(),
    }
}
