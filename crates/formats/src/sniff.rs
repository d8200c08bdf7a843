//! Tells formats by content. A name is a hint and never decides.

use std::io;

use tutela_core::{Bytes, Limits};

use crate::input::Input;
use crate::kept::Kept;
use crate::stream::{self, Codec};
use crate::{
    Format, boosted, coreml, executable, hdf5, json, keras, layers, mnn, models, msgpack, npy,
    onnx, pickle, rdata, safetensors, tar, tensorflow, torch7, xml, zip,
};

/// What the bytes are, if they are of a known format.
///
/// # Errors
/// What reading the bytes returns.
///
/// # Examples
/// ```
/// use tutela_core::Limits;
/// use tutela_formats::{Format, sniff};
/// let bytes = b"#!/bin/sh\necho hello\n".to_vec();
/// assert_eq!(sniff(&bytes, &Limits::default()).unwrap(), Some(Format::Script));
/// ```
pub fn sniff(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Option<Format>> {
    let bytes = Kept::new(bytes);
    match first_faces(&bytes, limits)?.first() {
        Some(format) => Ok(Some(*format)),
        None => Ok(other_faces(&bytes, limits)?.first().copied()),
    }
}

/// Everything that the bytes are: a file may be a pickle at its start and a zip archive at its end.
///
/// # Errors
/// What reading the bytes returns.
pub fn sniff_all(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Vec<Format>> {
    let mut found = first_faces(bytes, limits)?;
    found.extend(other_faces(bytes, limits)?);
    Ok(found)
}

/// What the bytes are by how they begin.
fn first_faces(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Vec<Format>> {
    let head = Input::new(bytes).prefix(0, 512)?.to_vec();
    let mut found = Vec::new();
    if let Some(format) = by_head(bytes, &head, limits)? {
        found.push(format);
    }
    if found.first() == Some(&Format::KerasConfig) && json::looks_like(&head) {
        found.push(Format::Json);
    }
    if found.first() == Some(&Format::Json)
        && let Some(model) = boosted::recognise_json(&head)
    {
        // It is still a text that readers of configurations would take.
        found.insert(0, model);
    }
    Ok(found)
}

/// What the bytes are besides what their head says.
fn other_faces(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Vec<Format>> {
    let mut found = Vec::new();
    if hdf5::signature(bytes)?.is_some_and(|at| at > 0) {
        // Behind a user block, which may be anything that a loader knows.
        found.push(Format::Hdf5);
    }
    if let Some(format) = zip_format(bytes, limits)? {
        // A zip that begins as one is nothing else; behind other bytes it is a second face.
        found.push(format);
    }
    Ok(found)
}

/// What a recogniser may look at.
pub(crate) struct Head<'a> {
    /// The whole file.
    pub(crate) bytes: &'a dyn Bytes,
    /// Its first 512 bytes, or fewer.
    pub(crate) start: &'a [u8],
    /// How much a recogniser may spend.
    pub(crate) limits: &'a Limits,
}

/// Says whether the bytes are of its format.
type Recogniser = fn(&Head<'_>) -> io::Result<Option<Format>>;

/// Asked in this order; the first that knows the bytes decides. The weakest signs come last.
const RECOGNISERS: &[Recogniser] = &[
    |head| Ok(by_magic(head.start)),
    |head| Ok(rdata::looks_like(head.start).then_some(Format::RData)),
    |head| stream::behind_skippable(head.bytes),
    |head| executable::recognise(head.bytes),
    |head| Ok(models::recognise(head.start)),
    |head| Ok(torch7::looks_like(head.bytes, head.start)?.then_some(Format::Torch7)),
    |head| Ok(boosted::recognise(head.start)),
    |head| Ok(safetensors::looks_like(head.bytes)?.then_some(Format::Safetensors)),
    |head| Ok(tar::looks_like(head.bytes)?.then_some(Format::Tar)),
    |head| Ok(is_hdf5(head.start).then_some(Format::Hdf5)),
    |head| Ok(is_zlib(head).then_some(Format::Zlib)),
    |head| Ok(is_zfile(head).then_some(Format::ZFile)),
    |head| Ok(is_lzma(head).then_some(Format::Lzma)),
    |head| Ok(layers::is_cntk(head.bytes, head.start)?.then_some(Format::Cntk)),
    |head| Ok(coreml::looks_like(head.bytes)?.then_some(Format::CoreMl)),
    |head| Ok(layers::is_caffe(head.bytes, head.start)?.then_some(Format::Caffe)),
    |head| Ok(onnx::looks_like(head.bytes)?.then_some(Format::Onnx)),
    |head| Ok(keras::looks_like(head.bytes, head.start)?.then_some(Format::KerasConfig)),
    |head| Ok(json::looks_like(head.start).then_some(Format::Json)),
    |head| Ok(xml::looks_like(head.start).then_some(Format::Xml)),
    |head| tensorflow::recognise(head.bytes),
    |head| Ok(is_saved_model(head.start).then_some(Format::SavedModel)),
    |head| Ok(keras::looks_like_metadata(head.bytes, head.start)?.then_some(Format::KerasMetadata)),
    |head| Ok(msgpack::looks_like(head.bytes, head.start)?.then_some(Format::Msgpack)),
    |head| Ok(mnn::looks_like(head.bytes)?.then_some(Format::Mnn)),
    |head| Ok(is_pickle(head)?.then_some(Format::Pickle)),
];

fn by_head(bytes: &dyn Bytes, start: &[u8], limits: &Limits) -> io::Result<Option<Format>> {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(None);
    }
    let head = Head {
        bytes,
        start,
        limits,
    };
    for recognise in RECOGNISERS {
        if let Some(format) = recognise(&head)? {
            return Ok(Some(format));
        }
    }
    Ok(None)
}

fn by_magic(head: &[u8]) -> Option<Format> {
    const MAGICS: &[(usize, &[u8], Format)] = &[
        // The magic number that torch pickles first: 0x1950a86a20f9469cfc6c.
        (
            0,
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
            Format::TorchLegacy,
        ),
        (0, npy::MAGIC, Format::Npy),
        (0, b"GGUF", Format::Gguf),
        // `ggml`, `ggmf`, `ggjt` and `ggla` as numbers of 32 bits, with a version in the last three.
        (0, b"lmgg", Format::Ggml),
        (0, b"fmgg", Format::Ggml),
        (0, b"tjgg", Format::Ggml),
        (0, b"algg", Format::Ggml),
        (4, b"TFL3", Format::Tflite),
        (0, b"\x1f\x8b\x08", Format::Gzip),
        (0, b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
        (0, b"Rar!\x1a\x07", Format::Rar),
        (0, b"\xfd7zXZ\0", Format::Xz),
        (0, b"\x28\xb5\x2f\xfd", Format::Zstd),
        (0, b"\x04\x22\x4d\x18", Format::Lz4),
        (0, b"\x02\x21\x4c\x18", Format::Lz4),
    ];
    let found = MAGICS
        .iter()
        .find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    let is_bzip2 = matches!(
        head,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', ..]
    );
    found
        .map(|(_, _, format)| *format)
        .or(is_bzip2.then_some(Format::Bzip2))
}

/// HDF5 at the start; behind a user block it is a second face.
fn is_hdf5(head: &[u8]) -> bool {
    head.starts_with(b"\x89HDF\r\n\x1a\n")
}

/// A two-byte header with its own check, and something that unpacks.
///
/// Only the window of 32 KiB that every writer asks for: others would make random weights look packed.
fn is_zlib(head: &Head<'_>) -> bool {
    let [method, flags, ..] = *head.start else {
        return false;
    };
    // Deflate with a window of at most 32 KiB, and no preset dictionary (RFC 1950, section 2.2).
    let is_deflate = method & 0x0f == 8 && method >> 4 <= 7 && flags & 0x20 == 0;
    let checks = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    is_deflate && checks && begins(head, Codec::Zlib)
}

/// `ZF` and a hexadecimal number, and something that unpacks.
fn is_zfile(head: &Head<'_>) -> bool {
    let Some([b'Z', b'F', size @ ..]) = head.start.get(..stream::ZFILE_HEADER) else {
        return false;
    };
    // Python's `int` takes blanks around, a sign and underscores.
    let is_number = |byte: &u8| byte.is_ascii_hexdigit() || b" xX_+-L".contains(byte);
    size.iter().all(is_number) && begins(head, Codec::ZFile)
}

/// A properties byte, a dictionary of 2^n or 3·2^n bytes, a size that is unknown or believable (the rules
/// by which `xz` tells), and something that unpacks. Small integers look like that too, so the rarer
/// properties need an unknown size.
fn is_lzma(head: &Head<'_>) -> bool {
    let [properties, a, b, c, d, size @ .., 0] = head.start.get(..14).unwrap_or_default() else {
        return false;
    };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let odd = dictionary >> dictionary.trailing_zeros().min(31);
    let size = size.try_into().map_or(0, u64::from_le_bytes);
    *properties < 225
        && (dictionary == u32::MAX || (dictionary >= 1 << 12 && matches!(odd, 1 | 3)))
        && (size == u64::MAX || (*properties == 0x5d && size < 1 << 38))
        && begins(head, Codec::Lzma)
}

/// Whether the first bytes unpack, to more than chance would give.
fn begins(head: &Head<'_>, codec: Codec) -> bool {
    let start = tutela_core::Window::new(head.bytes, 0, 64 << 10);
    match stream::unpack(&start, codec, 64, head.limits) {
        Ok(stream) if stream.is_complete() => !stream.bytes.is_empty(),
        Ok(stream) => stream.bytes.len() >= 8,
        Err(_) => false,
    }
}

/// `saved_model_schema_version: 1`, then a `MetaGraphDef` with its `MetaInfoDef`.
fn is_saved_model(head: &[u8]) -> bool {
    head.starts_with(b"\x08\x01\x12") && head.get(4..12).is_some_and(|rest| rest.contains(&0x0a))
}

fn is_pickle(head: &Head<'_>) -> io::Result<bool> {
    let declared = matches!(head.start, [0x80, 0..=5, ..]);
    // One byte tells most files apart from a pickle without running anything.
    let can_begin = head
        .start
        .first()
        .and_then(|byte| pickle::Opcode::from_byte(*byte))
        .is_some();
    if !can_begin {
        return Ok(false);
    }
    if declared {
        // With its magic, a few opcodes that can be followed are enough; the checks follow the rest.
        let start = tutela_core::Window::new(head.bytes, 0, 4 << 10);
        let briefly = Limits {
            steps: 16,
            ..*head.limits
        };
        return Ok(pickle::glance(&start, &briefly)?.examined > 3);
    }
    // Most pickles call something soon, and then the rest need not be followed twice.
    let begun = Limits {
        steps: 256,
        ..*head.limits
    };
    Ok(pickle::glance(head.bytes, &begun)?.calls_by_name()
        || pickle::glance(head.bytes, head.limits)?.is_plausible())
}

fn zip_format(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Option<Format>> {
    if !zip::is_zip(bytes)? {
        return Ok(None);
    }
    let archive = zip::read(bytes, limits)?;
    let begins = Input::new(bytes).prefix(0, 2)? == b"PK";
    if archive.members.is_empty() && !begins {
        return Ok(None);
    }
    let has = |wanted: &dyn Fn(&str) -> bool| {
        archive
            .members
            .iter()
            .any(|member| wanted(&member.name) || member.local_name.as_deref().is_some_and(wanted))
    };
    let is_array = |name: &str| name.ends_with(".npy");
    Ok(Some(
        if has(&|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
            // The code of TorchScript lies in files of their own.
            if has(&|name| name.contains("/code/") || name.ends_with("/bytecode.pkl")) {
                Format::TorchScript
            } else {
                Format::TorchZip
            }
        } else if has(&|name| is_at(name, ".data/extern_modules")) {
            Format::TorchPackage
        } else if has(&|name| {
            is_at(name, "archive_format") || is_at(name, "serialized_exported_program.json")
        }) {
            Format::TorchExport
        } else if has(&|name| name == "config.json")
            && has(&|name| {
                name == "metadata.json"
                    || name.ends_with(".weights.h5")
                    || name.starts_with("model.weights.")
            })
        {
            Format::KerasZip
        } else if !archive.members.is_empty()
            && archive.members.iter().all(|member| is_array(&member.name))
        {
            Format::Npz
        } else {
            Format::Zip
        },
    ))
}

/// Whether a member is called so, at the top or in the one folder that torch puts everything into.
fn is_at(name: &str, wanted: &str) -> bool {
    let folder = name.strip_suffix(wanted);
    folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<Format> {
        sniff(&bytes.to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn formats_are_told_by_content() {
        for (bytes, format) in [
            (&b"\x80\x04N."[..], Format::Pickle),
            (b"cos\nsystem\n(S'echo inert'\ntR.", Format::Pickle),
            (
                b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
                Format::TorchLegacy,
            ),
            (b"\x93NUMPY\x01\0", Format::Npy),
            (b"GGUF\x03\0\0\0", Format::Gguf),
            (b"\x1c\0\0\0TFL3", Format::Tflite),
            (b"\x89HDF\r\n\x1a\n\0", Format::Hdf5),
            (b"\x7fELF\x02\x01\x01", Format::Elf),
            (b"\x02\0\0\0\0\0\0\0{}", Format::Safetensors),
            (b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
            (b"BZh91AY&SY", Format::Bzip2),
            (b" {\"a\": 1}", Format::Json),
        ] {
            assert_eq!(of(bytes), Some(format), "{}", bytes.escape_ascii());
        }
        let mut behind = vec![7; 512];
        behind.extend(b"\x89HDF\r\n\x1a\n");
        assert_eq!(of(&behind), Some(Format::Hdf5));
    }

    #[test]
    fn ordinary_files_are_none() {
        for text in [
            "",
            "hello",
            "import os\nos.system('x')\n",
            "a,b\n1,2\n",
            "<html></html>",
            "(define x)",
            "Index of terms\n",
            "None",
            "I am text.\nIt goes on.\n",
            "x = 1\n",
            "# title\n\ntext.\n",
            "]",
            "Kind: model\n",
            "Gamma rays\n",
            "package main\n",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn noise_is_no_pickle() {
        // Weights look like this, and a model has hundreds of parts (xorshift64, Marsaglia 2003).
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..256).flat_map(|_| noise()).collect();
            assert_ne!(of(&bytes), Some(Format::Pickle), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_file_with_two_faces_shows_both() {
        // An empty archive behind a pickle is told once it holds a member.
        let mut bytes = b"\x80\x04N.".to_vec();
        let at = bytes.len();
        bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a");
        let directory = bytes.len() - at;
        bytes.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0");
        bytes.extend([0; 16]);
        bytes.extend(b"a");
        bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0");
        bytes.extend(u32::try_from(directory).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        assert_eq!(
            sniff_all(&bytes, &Limits::default()).unwrap(),
            [Format::Pickle, Format::Zip]
        );
    }
}
