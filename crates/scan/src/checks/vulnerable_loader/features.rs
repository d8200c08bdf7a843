//! What in a part of a file reaches weaknesses of loaders.

use std::collections::BTreeSet;
use std::io;

use tutela_core::{ArtifactFile, Context};
use tutela_formats::{Entry, Format, hdf5, keras};

use crate::advisories::Trigger;
use crate::config::{name_of, text_of};
use crate::keras::{config, plain_class};

/// Configurations longer than this are not looked into for single keys.
const CONFIGURATION: u64 = 1 << 20;

/// What was seen in a part of a file.
#[derive(Debug, Default)]
pub(super) struct Features {
    /// The formats whose loaders read it.
    pub(super) formats: Vec<Format>,
    /// What reaches weaknesses.
    pub(super) triggers: BTreeSet<Trigger>,
}

/// Looks at a part of a file.
pub(super) fn of(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
) -> io::Result<Features> {
    let mut features = Features::default();
    for format in entry.formats.iter().copied() {
        let pickle_inside = format == Format::Pickle && entry.around.contains(&Format::TorchZip);
        // Keras models are judged at their configuration, which says more; the pickle of a torch archive is the archive's.
        if pickle_inside || matches!(format, Format::KerasZip | Format::Hdf5) {
            continue;
        }
        if format == Format::TorchScript {
            // torch.load takes it too, and passes it on to the loader of code.
            features.formats.push(Format::TorchZip);
        }
        features.formats.push(format);
        features.triggers.extend(of_format(format, entry, context)?);
    }
    if entry.formats.contains(&Format::Hdf5) {
        of_hdf5(entry.hdf5(context.limits)?, &mut features.triggers);
    }
    if let Some(config) = config(entry, context.limits)? {
        let around = [Format::KerasZip, Format::Hdf5];
        let outer = around.iter().filter(|format| entry.around.contains(format));
        features.formats.extend(outer);
        of_keras(&config, &mut features.triggers);
    }
    of_text(file, entry, &mut features.triggers)?;
    Ok(features)
}

fn of_format(
    format: Format,
    entry: &Entry<'_>,
    context: &Context<'_>,
) -> io::Result<Option<Trigger>> {
    let (has, trigger) = match format {
        Format::TorchScript => (true, Trigger::TorchScript),
        Format::Gguf => {
            let model = entry.gguf(context.limits)?;
            let has = model.value("tokenizer.chat_template").is_some();
            (has, Trigger::ChatTemplate)
        }
        Format::Onnx => {
            let model = entry.onnx(context.limits)?;
            (!model.external.is_empty(), Trigger::ExternalData)
        }
        Format::Npy => {
            let objects = entry.npy()?.is_some_and(|header| header.objects);
            (objects, Trigger::ObjectArray)
        }
        _ => return Ok(None),
    };
    Ok(has.then_some(trigger))
}

fn of_hdf5(file: &hdf5::File, triggers: &mut BTreeSet<Trigger>) {
    let mut datasets = file
        .objects
        .iter()
        .filter_map(|object| object.dataset.as_ref());
    let is_external = |link: &hdf5::Link| matches!(link.target, hdf5::Target::External { .. });
    if file.links.iter().any(is_external) || datasets.clone().any(|it| !it.external.is_empty()) {
        triggers.insert(Trigger::OtherFiles);
    }
    if datasets.any(|it| it.sources.iter().any(|source| source.file != ".")) {
        triggers.insert(Trigger::VirtualData);
    }
}

fn of_keras(config: &keras::Config, triggers: &mut BTreeSet<Trigger>) {
    for object in &config.objects {
        let class = plain_class(&object.class_name);
        let module = object.module.as_deref().unwrap_or("keras");
        let is_own = module == "keras" || module.starts_with("keras.") || module == "builtins";
        match class {
            "Lambda" | "__lambda__" => drop(triggers.insert(Trigger::Lambda)),
            "TFSMLayer" => drop(triggers.insert(Trigger::TfsmLayer)),
            "TorchModuleWrapper" => drop(triggers.insert(Trigger::TorchModule)),
            "StringLookup" | "IntegerLookup" | "TextVectorization" | "IndexLookup" => {
                triggers.insert(Trigger::Lookup);
            }
            _ => {}
        }
        if class == "function" || !is_own {
            triggers.insert(Trigger::Function);
        }
    }
    if !config.code.is_empty() {
        triggers.insert(Trigger::Lambda);
    }
}

fn of_text(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    triggers: &mut BTreeSet<Trigger>,
) -> io::Result<()> {
    let is_json = entry.formats.contains(&Format::Json);
    let name = name_of(file, entry);
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    if !is_json && !is_yaml {
        return Ok(());
    }
    let Some(text) = text_of(entry.bytes, CONFIGURATION)? else {
        return Ok(());
    };
    if is_yaml && (text.contains("!!python/") || text.contains("tag:yaml.org,2002:python/")) {
        triggers.insert(Trigger::YamlTag);
    }
    let calls = ["\"OperatorFuncNode\"", "\"MethodNode\""];
    if name == "schema.json" && calls.iter().any(|node| text.contains(node)) {
        triggers.insert(Trigger::SkopsNode);
    }
    if is_json && text.contains("\"auto_map\"") {
        triggers.insert(Trigger::AutoMap);
    }
    if is_json && text.contains("\"_attn_implementation_internal\"") {
        triggers.insert(Trigger::Attention);
    }
    Ok(())
}
