//! What each format claims.

use std::io;

use tutela_core::Limits;

use super::{Claims, Role};
use crate::extent::{Extents, Sort};
use crate::pickle::Pickles;
use crate::{Entry, Format, gguf, msgpack, npy, safetensors, zip};

/// The bytes that stand before the header of a safetensors file: its length.
const LENGTH: u64 = 8;

/// Claims what a format knows of the part.
pub(super) fn claim(
    entry: &Entry<'_>,
    format: Format,
    limits: &Limits,
    claims: &mut Claims,
) -> io::Result<()> {
    match format {
        Format::Pickle | Format::TorchLegacy | Format::Npy => array(entry, format, limits, claims)?,
        Format::Safetensors => tensors(entry.safetensors(limits)?, claims),
        Format::Gguf => gguf(entry.gguf(limits)?, claims),
        Format::Onnx => noted(&entry.onnx(limits)?.extents, format, u64::MAX, claims),
        _ if !is_opened(entry, format) => claims.claim(0, u64::MAX, &Role::Opaque(format)),
        Format::Tar => tar(entry, claims),
        Format::SevenZip => sevenzip(entry, claims),
        Format::RData => rdata(entry, claims),
        Format::Tflite => noted(&entry.tflite(limits)?.extents, format, 0, claims),
        Format::CoreMl => noted(&entry.coreml(limits)?.extents, format, 0, claims),
        Format::SavedModel | Format::TfGraph => {
            if let Some(model) = entry.tensorflow(limits)? {
                noted(&model.extents, format, 0, claims);
            }
        }
        Format::Hdf5 => noted(&entry.hdf5(limits)?.extents, format, 0, claims),
        Format::Msgpack => msgpack(entry.msgpack(limits)?, claims),
        _ if format.is_zip() => zip(entry, format, claims),
        _ if format.is_stream() => stream(entry, format, claims),
        _ => claims.claim(0, u64::MAX, &Role::Whole(format)),
    }
    Ok(())
}

/// Whether it was looked into: not so where it is broken, or packed deeper than the limit.
fn is_opened(entry: &Entry<'_>, format: Format) -> bool {
    match format {
        Format::Tar => entry.tar.is_some(),
        Format::SevenZip => entry.sevenzip.is_some(),
        Format::RData => entry.rdata.is_some(),
        Format::Hdf5 | Format::Msgpack => entry.is_opened,
        _ if format.is_zip() => entry.archive.is_some(),
        _ if format.is_stream() => entry.stream.is_some(),
        _ => format.is_understood(),
    }
}

/// What a part is that is of no known format.
pub(super) fn unknown(entry: &Entry<'_>) -> io::Result<Role> {
    Ok(if is_storage(entry) {
        Role::Numbers
    } else if entry.is_text()? {
        Role::Text
    } else {
        Role::Raw
    })
}

/// Whether it is a storage of a `PyTorch` archive: `data/0`, `constants/12`; of a package `.data/0.storage`; of an exported
/// program `data/weights/weight_0`, `data/constants/tensor_0`.
fn is_storage(entry: &Entry<'_>) -> bool {
    let is_torch = |format: &Format| {
        matches!(
            format,
            Format::TorchZip | Format::TorchScript | Format::TorchPackage | Format::TorchExport
        )
    };
    let mut steps = entry.member.unwrap_or_default().rsplit('/');
    let (number, folder) = (steps.next().unwrap_or_default(), steps.next());
    entry.around.iter().any(is_torch)
        && match folder {
            Some("data" | "constants") => is_number(number) || is_numbered(number, "tensor_"),
            Some("weights") => is_numbered(number, "weight_"),
            Some(".data") => number.strip_suffix(".storage").is_some_and(is_number),
            _ => false,
        }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(is_number)
}

/// Pickles by themselves, and arrays, whose objects are pickles too.
fn array(
    entry: &Entry<'_>,
    format: Format,
    limits: &Limits,
    claims: &mut Claims,
) -> io::Result<()> {
    if format == Format::Npy
        && let Some(header) = entry.npy()?
    {
        claims.claim(0, header.data, &Role::Headers(format));
        if !header.objects {
            let end = header.end.unwrap_or(u64::MAX);
            claims.claim(header.data, end, &Role::Numbers);
            next_array(entry, end, claims)?;
        }
    }
    if let Some((offset, pickles)) = entry.pickles(limits)? {
        opcodes(pickles, offset, claims);
        if format == Format::TorchLegacy {
            // The storages lie behind the pickles, each behind its number of elements.
            let end = pickles.streams.last().map_or(0, |stream| stream.end);
            claims.claim(end, u64::MAX, &Role::Numbers);
        }
    }
    Ok(())
}

/// `numpy.save` into one open file writes one array behind the other.
fn next_array(entry: &Entry<'_>, end: u64, claims: &mut Claims) -> io::Result<()> {
    let mut magic = [0; npy::MAGIC.len()];
    if end < entry.bytes.len() {
        entry.bytes.read_at(end, &mut magic)?;
    }
    if magic == *npy::MAGIC {
        claims.claim(end, u64::MAX, &Role::Member("behind".to_owned()));
    }
    Ok(())
}

fn opcodes(pickles: &Pickles, offset: u64, claims: &mut Claims) {
    let place = |at: u64| at.saturating_add(offset);
    // First: they lie in the middle of the opcodes.
    for (start, end) in &pickles.arrays {
        claims.claim(place(*start), place(*end), &Role::Numbers);
    }
    for stream in &pickles.streams {
        claims.claim(place(stream.start), place(stream.end), &Role::Opcodes);
    }
}

/// What a parser noted; all else up to a place is structure, if the parser went through everything.
fn noted(extents: &Extents, format: Format, end: u64, claims: &mut Claims) {
    for extent in extents.iter() {
        let role = match extent.sort {
            Sort::Structure => Role::Headers(format),
            Sort::Numbers => Role::Numbers,
            Sort::Packed => Role::PackedNumbers,
            Sort::Text => Role::Text,
            Sort::Raw => Role::Part(format),
            Sort::Nothing => Role::Unclaimed(format),
        };
        claims.claim(extent.start, extent.end, &role);
    }
    if extents.is_partial() {
        claims.claim(0, u64::MAX, &Role::Undivided(format));
    } else {
        claims.claim(0, end, &Role::Headers(format));
    }
}

/// What it keeps in bytes and extensions is told by itself.
fn msgpack(document: &msgpack::Document, claims: &mut Claims) {
    for part in document.shown() {
        let end = part.at.saturating_add(part.length);
        claims.claim(part.at, end, &Role::Member(part.member()));
    }
    let format = Format::Msgpack;
    noted(&document.extents, format, document.read, claims);
}

fn tensors(header: &safetensors::Header, claims: &mut Claims) {
    let data = LENGTH.saturating_add(header.length);
    claims.claim(0, data, &Role::Headers(Format::Safetensors));
    for tensor in &header.tensors {
        let place = |at: u64| data.saturating_add(at);
        claims.claim(place(tensor.start), place(tensor.end), &Role::Numbers);
    }
}

fn gguf(model: &gguf::Model, claims: &mut Claims) {
    claims.claim(0, model.header_end, &Role::Headers(Format::Gguf));
    for tensor in &model.tensors {
        let start = model.data.saturating_add(tensor.offset);
        let end = tensor.size.map(|size| start.saturating_add(size));
        claims.claim(start, end.unwrap_or(start), &Role::Numbers);
    }
}

fn tar(entry: &Entry<'_>, claims: &mut Claims) {
    let Some(archive) = entry.tar else { return };
    for member in &archive.members {
        let end = member.start.saturating_add(member.length);
        claims.claim(member.start, end, &Role::Member(member.name.clone()));
    }
    for (start, end) in &archive.headers {
        claims.claim(*start, *end, &Role::Headers(Format::Tar));
    }
}

/// The packed streams between the two headers cannot be told apart from outside.
fn sevenzip(entry: &Entry<'_>, claims: &mut Claims) {
    let Some(archive) = entry.sevenzip else {
        return;
    };
    let end = entry.bytes.len().saturating_sub(archive.trailing);
    claims.claim(0, end, &Role::Packed(Format::SevenZip));
}

fn rdata(entry: &Entry<'_>, claims: &mut Claims) {
    let Some(image) = entry.rdata else { return };
    for (number, raw) in image.raws.iter().enumerate() {
        if raw.decoded.is_none() {
            let end = raw.at.saturating_add(raw.length);
            claims.claim(raw.at, end, &Role::Member(format!("raw[{number}]")));
        }
    }
    claims.claim(0, image.end, &Role::Whole(Format::RData));
}

fn zip(entry: &Entry<'_>, format: Format, claims: &mut Claims) {
    let Some(archive) = entry.archive else { return };
    for loose in archive.loose() {
        let end = loose.start.saturating_add(loose.length);
        claims.claim(loose.start, end, &Role::Member(loose.member()));
    }
    for (start, end) in archive.structure() {
        claims.claim(*start, *end, &Role::Headers(format));
    }
    for member in &archive.members {
        if let Some(data) = member.data {
            let end = data.saturating_add(length(member));
            claims.claim(data, end, &Role::Member(member.name.clone()));
            claims.claim(member.header, data, &Role::Headers(format));
        }
    }
}

/// What is stored as it is has its length twice, and a loader may believe either.
fn length(member: &zip::Member) -> u64 {
    if member.method == 0 && !member.claims_encryption() {
        member.packed.max(member.unpacked)
    } else {
        member.packed
    }
}

fn stream(entry: &Entry<'_>, format: Format, claims: &mut Claims) {
    // First: they lie in the middle of what is packed.
    for (start, length) in entry.stream.iter().flat_map(|stream| &stream.asides) {
        claims.claim(
            *start,
            start.saturating_add(*length),
            &Role::Member("aside".to_owned()),
        );
    }
    let end = entry.stream.map(|stream| stream.trailing());
    claims.claim(0, end.flatten().unwrap_or(u64::MAX), &Role::Packed(format));
}
