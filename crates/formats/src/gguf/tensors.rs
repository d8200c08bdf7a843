//! The descriptions of tensors.

use std::collections::HashSet;

use tutela_core::escape_bytes;

use super::kinds::packing;
use super::metadata::{named, wrong_name};
use super::reader::{Reader, Stop};
use super::{Fault, KEPT, Model, Value};

/// Dimensions of a tensor (`GGML_MAX_DIMS`).
const DIMENSIONS: u32 = 4;
/// Dimensions that are read at all; more are as good as a wrong count.
const MOST_DIMENSIONS: u32 = 64;
/// Bytes of a name. Some programs built on ggml have made room for more than it has, none for this.
const NAME: usize = 1024;
/// Bytes of a name for which ggml has room (`GGML_MAX_NAME`, less its end).
const NAME_IN_TEXT_MODELS: usize = 63;
/// Architectures that only programs with ggml's own limits load (`LLM_ARCH_NAMES` of llama.cpp). Sorted.
#[rustfmt::skip]
const TEXT_MODELS: &[&str] = &[
    "arctic", "baichuan", "bert", "bitnet", "bloom", "chameleon", "chatglm", "codeshell", "cohere2", "command-r",
    "dbrx", "deepseek", "deepseek2", "exaone", "falcon", "gemma", "gemma2", "gemma3", "glm4", "gpt-oss", "gpt2", "gptj",
    "gptneox", "granite", "grok", "internlm2", "jais", "jina-bert-v2", "llama", "llama4", "mamba", "minicpm", "minicpm3",
    "mpt", "nemotron", "nomic-bert", "olmo", "olmo2", "olmoe", "openelm", "orion", "phi2", "phi3", "plamo", "qwen", "qwen2",
    "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "refact", "rwkv6", "rwkv7", "smollm3", "stablelm", "starcoder",
    "starcoder2", "t5", "xverse",
];

/// A tensor of a GGUF file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// Its name, escaped.
    pub name: String,
    /// Its shape, the fastest dimension first.
    pub shape: Vec<u64>,
    /// The number of its type.
    pub kind: u32,
    /// Where its bytes start, from the start of the data.
    pub offset: u64,
    /// Bytes that type and shape make, when they can be told.
    pub size: Option<u64>,
    /// Where its description starts in the file.
    pub start: u64,
    /// One past its description.
    pub end: u64,
}

pub(super) fn read(reader: &mut Reader<'_>, count: u64, model: &mut Model) -> Result<(), Stop> {
    reader.enter("the descriptions of its tensors");
    let mut seen = HashSet::new();
    let longest = longest_name(model);
    for _ in 0..count {
        reader.step()?;
        let start = reader.at();
        let raw = reader.text()?;
        let name = escape_bytes(&raw, 200);
        if let Some(why) = wrong_name(&raw, longest) {
            model.note(start, reader.at(), named("tensor name", &raw, why));
        }
        let dimensions = reader.u32()?;
        let shape = shape(reader, dimensions)?;
        let kind = reader.u32()?;
        let offset = reader.u64()?;
        let end = reader.at();
        if dimensions > DIMENSIONS {
            let name = name.clone();
            model.note(start, end, Fault::Dimensions { name, dimensions });
        }
        if !seen.insert(raw) {
            model.note(start, end, Fault::DuplicateTensor(name.clone()));
        }
        if model.tensors.len() >= KEPT {
            return Err(reader.over("the number of tensors", KEPT as u64));
        }
        let mut tensor = Tensor {
            name,
            shape,
            kind,
            offset,
            size: None,
            start,
            end,
        };
        match size_of(&tensor) {
            Ok(size) => tensor.size = Some(size),
            Err(fault) => model.note(start, end, fault),
        }
        model.tensors.push(tensor);
    }
    Ok(())
}

fn longest_name(model: &Model) -> usize {
    let is_text_model = match model.value("general.architecture") {
        Some(Value::Text(name)) => TEXT_MODELS.binary_search(&name.as_str()).is_ok(),
        _ => false,
    };
    if is_text_model {
        NAME_IN_TEXT_MODELS
    } else {
        NAME
    }
}

fn shape(reader: &mut Reader<'_>, dimensions: u32) -> Result<Vec<u64>, Stop> {
    if dimensions > MOST_DIMENSIONS {
        return Err(Stop::Fault(Fault::Count {
            what: "dimensions of a tensor",
            count: u64::from(dimensions),
            possible: u64::from(DIMENSIONS),
        }));
    }
    (0..dimensions).map(|_| reader.length()).collect()
}

/// Bytes of a tensor. Readers count items as signed 64 bits (`ggml_nelements`), so half of the range is left.
fn size_of(tensor: &Tensor) -> Result<u64, Fault> {
    const MOST: u64 = i64::MAX as u64;
    let overflow = || Fault::Overflow(tensor.name.clone());
    let items = tensor
        .shape
        .iter()
        .try_fold(1_u64, |product, size| product.checked_mul(*size))
        .filter(|items| *items <= MOST && tensor.shape.iter().all(|size| *size <= MOST))
        .ok_or_else(overflow)?;
    let packing = packing(tensor.kind).ok_or_else(|| Fault::UnknownType {
        name: tensor.name.clone(),
        kind: tensor.kind,
    })?;
    let row = tensor.shape.first().copied().unwrap_or(1);
    if row % packing.items != 0 {
        return Err(Fault::Block {
            name: tensor.name.clone(),
            row,
            block: packing.items,
        });
    }
    (items / packing.items)
        .checked_mul(packing.bytes)
        .filter(|size| *size <= MOST)
        .ok_or_else(overflow)
}
