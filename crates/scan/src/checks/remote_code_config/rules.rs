//! Which entries of a configuration make a loader run code, loader by loader.

use tutela_core::Severity;
use tutela_formats::tree::{Document, Node, Value};

use crate::beside::{Beside, Code};
use crate::callables::Effect;
use crate::config::{REMARKS, Remark, effect_of_path, is_path, shown};

/// A configuration without any of these is of no interest.
pub(super) const WORDS: &[&str] = &[
    "auto_map",
    "trust_remote_code",
    "custom_pipeline",
    "_class_name",
    "\"type\"",
    "loader_module",
    "custom_code",
    "parent_library",
    "custom_generate",
    "remote_code",
    "model_file",
    "attn_implementation",
    "experts_implementation",
];

/// What lies around a configuration.
pub(super) struct Around<'a> {
    /// Its name without folders.
    pub(super) name: &'a str,
    /// Whether it is YAML: settings of whoever trains or measures, more often than of a model.
    pub(super) is_yaml: bool,
    /// The code beside it.
    pub(super) beside: Beside<'a>,
}

/// Everything in a configuration that makes a loader run code.
pub(super) fn judge(document: &Document, around: &Around<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for root in &document.roots {
        root.each("", &mut |key, node| {
            if remarks.len() < REMARKS {
                entry(key, node, around, &mut remarks);
            }
        });
        modules(root, around, &mut remarks);
    }
    // A flag adds nothing to code that was read.
    let worst = remarks.iter().map(|remark| remark.severity).max();
    trusted(document, around, worst, &mut remarks);
    remarks
}

fn entry(key: &str, node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    match key {
        "auto_map" => imports(key, node, around, remarks),
        "custom_pipelines" => {
            for (_, pipeline) in node.entries() {
                for code in pipeline.all("impl") {
                    imports(key, code, around, remarks);
                }
            }
        }
        "custom_pipeline" | "custom_generate" => imports(key, node, around, remarks),
        "loader_module" => loader(node, around, remarks),
        "parent_library" => adapter(node, around, remarks),
        "model_file" => file(node, around, remarks),
        _ if key
            .trim_end_matches("_internal")
            .ends_with("_implementation") =>
        {
            kernel(key, node, remarks);
        }
        _ => {}
    }
    if node.all("_class_name").next().is_some() {
        pipeline(node, around, remarks);
    }
}

/// An entry whose texts, at any depth below it, name classes to import.
fn imports(key: &str, node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    if matches!(node.value, Value::List(_)) {
        // The walk shows a list's items under the same key.
        return;
    }
    let mut texts = Vec::new();
    node.each("", &mut |_, below| {
        if let Some(text) = below.text().filter(|text| !text.is_empty()) {
            texts.push((below, text));
        }
    });
    for (below, text) in texts.into_iter().take(REMARKS) {
        let module = text.rsplit_once('.').map_or(text, |(module, _)| module);
        let code = around.beside.code(module, &["custom_generate"]);
        let message = format!(
            "`{key}` makes the loader import `{}`, {}",
            shown(text),
            code.clause()
        );
        remarks.push(Remark::about(below, severity(&code, text), message));
    }
}

/// How bad it is to import a class: what the code does, and what the name alone says.
fn severity(code: &Code, path: &str) -> Severity {
    let named = effect_of_path(path).severity();
    named
        .filter(|named| *named >= Severity::High)
        .map_or(code.severity(), |named| named.max(code.severity()))
}

/// Flags that tell a loader to run code, judged last: `worst` is how bad the code is that the rest names.
fn trusted(
    document: &Document,
    around: &Around<'_>,
    worst: Option<Severity>,
    remarks: &mut Vec<Remark>,
) {
    let severity = match worst {
        Some(worst) => worst.max(Severity::Medium),
        None if around.is_yaml => Severity::Medium,
        None => Severity::High,
    };
    for root in &document.roots {
        root.each("", &mut |key, node| {
            let is_flag = matches!(
                key,
                "trust_remote_code" | "custom_code" | "allow_remote_code"
            );
            if is_flag && is_set(node) && remarks.len() < REMARKS {
                let message =
                    format!("`{key}` tells the loader to run code that comes with a model");
                remarks.push(Remark::about(node, severity, message));
            }
        });
    }
}

fn is_set(node: &Node) -> bool {
    match &node.value {
        Value::Bool(flag) => *flag,
        Value::Text(text) => matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "true" | "1" | "yes"
        ),
        _ => false,
    }
}

fn loader(node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    let Some(module) = node.text().filter(|module| is_path(module)) else {
        return;
    };
    let top = module.split('.').next().unwrap_or_default();
    if top == "mlflow" && effect_of_path(module) != Effect::Programs {
        return;
    }
    // MLflow puts the folder `code` on the path, whatever it is called in the model's own folder.
    let code = around
        .beside
        .code(module, &["code", "code_path", "src", "data"]);
    let message = format!(
        "`loader_module` makes the loader import `{}`, {}",
        shown(module),
        code.clause()
    );
    remarks.push(Remark::about(node, severity(&code, module), message));
}

/// mlx-lm runs the Python file that holds the model.
fn file(node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    let Some(module) = node.text().and_then(|file| file.strip_suffix(".py")) else {
        return;
    };
    let path = module.replace('/', ".");
    let code = around.beside.code(&path, &[]);
    let message = format!(
        "`model_file` makes the loader run `{}.py`, {}",
        shown(module),
        code.clause()
    );
    remarks.push(Remark::about(node, severity(&code, &path), message));
}

/// transformers fetches an implementation that is written as a repository, and imports it.
fn kernel(key: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let is_name = |part: &str| {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.@:".contains(letter);
        !part.is_empty() && part.chars().all(is_part)
    };
    let repository = node.text().filter(|text| {
        let text = text.split_once('|').map_or(*text, |(_, text)| text);
        matches!(text.split_once('/'), Some((owner, name)) if is_name(owner) && is_name(name))
    });
    let Some(repository) = repository else { return };
    // The one that transformers itself falls back on.
    let severity = if repository.contains("kernels-community/") {
        Severity::Medium
    } else {
        Severity::High
    };
    let message = format!(
        "`{}` makes the loader run code of the repository `{}`",
        shown(key),
        shown(repository)
    );
    remarks.push(Remark::about(node, severity, message));
}

/// PEFT imports the `parent_library` of an adapter's `auto_mapping` to find the class of its base model.
fn adapter(node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    let Some(module) = node.text().filter(|module| is_path(module)) else {
        return;
    };
    let top = module.split('.').next().unwrap_or_default();
    if LIBRARIES.binary_search(&top).is_ok() || top == "__main__" {
        return;
    }
    let code = around.beside.code(module, &[]);
    let message = format!(
        "`parent_library` makes the loader import `{}`, {}",
        shown(module),
        code.clause()
    );
    remarks.push(Remark::about(node, severity(&code, module), message));
}

/// A diffusers `model_index.json`: each component is a library and a class.
fn pipeline(node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    let names: Vec<&Node> = node.all("_class_name").collect();
    for name in &names {
        class_name(name, around, remarks);
    }
    let is_index = around.name == "model_index.json"
        || names
            .iter()
            .any(|name| name.text().is_none_or(|text| text.contains("Pipeline")));
    for (key, part) in node.entries() {
        let [library, class] = part.items() else {
            continue;
        };
        let (Some(library_name), Some(class_name)) = (library.text(), class.text()) else {
            continue;
        };
        // In other configurations a pair may be two classes, such as two kinds of block.
        let is_component = is_index
            || library_name.starts_with(char::is_lowercase)
                && class_name.starts_with(char::is_uppercase);
        if key != "_class_name" && is_component {
            component((key, library_name, class_name), part, around, remarks);
        }
    }
}

fn component(
    (key, library, class): (&str, &str, &str),
    node: &Node,
    around: &Around<'_>,
    remarks: &mut Vec<Remark>,
) {
    let top = library.split('.').next().unwrap_or_default();
    let judged = effect_of_path(&format!("{library}.{class}")).severity();
    let known = LIBRARIES.binary_search(&top).is_ok() || PIPELINES.binary_search(&library).is_ok();
    if known && judged < Some(Severity::Critical) {
        return;
    }
    // Each component has a folder of its own, in which its code lies.
    let code = around.beside.code(library, &[key]);
    let message = format!(
        "a component is the class `{}` of `{}`, which is not a library of diffusers: the loader imports it, {}",
        shown(class),
        shown(library),
        code.clause()
    );
    let severity = severity(&code, &format!("{library}.{class}"));
    remarks.push(Remark::about(node, severity, message));
}

/// The class of a diffusers configuration: of the library, unless it is a pair or a path.
fn class_name(node: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    if let [module, class] = node.items() {
        let module = module.text().unwrap_or_default();
        let class = class.text().unwrap_or_default();
        let code = around.beside.code(module, &[]);
        let message = format!(
            "the pipeline is the class `{}` of `{}`, {}",
            shown(class),
            shown(module),
            code.clause()
        );
        let severity = severity(&code, &format!("{module}.{class}"));
        remarks.push(Remark::about(node, severity, message));
        return;
    }
    let Some(text) = node
        .text()
        .filter(|text| text.contains('.') && is_path(text))
    else {
        return;
    };
    let top = text.split('.').next().unwrap_or_default();
    let judged = effect_of_path(text).severity();
    if LIBRARIES.binary_search(&top).is_err() || judged >= Some(Severity::Critical) {
        let message = format!(
            "`_class_name` is `{}`, which is not a class of diffusers",
            shown(text)
        );
        let severity = judged.max(Some(Severity::High)).unwrap_or(Severity::High);
        remarks.push(Remark::about(node, severity, message));
    }
}

/// A sentence-transformers `modules.json`: a list of numbered modules with a path and a type.
fn modules(root: &Node, around: &Around<'_>, remarks: &mut Vec<Remark>) {
    for item in root.items() {
        let is_module = item.all("idx").next().is_some() && item.all("path").next().is_some();
        if !is_module {
            continue;
        }
        for node in item.all("type") {
            let Some(text) = node.text() else { continue };
            let top = text.split('.').next().unwrap_or_default();
            let known = matches!(
                top,
                "sentence_transformers" | "pylate" | "model2vec" | "setfit"
            );
            let effect = effect_of_path(text);
            // Its own classes load the weights beside them.
            let is_class = text
                .rsplit('.')
                .next()
                .is_some_and(|name| name.starts_with(char::is_uppercase));
            let loads = is_class && matches!(effect, Effect::Loads | Effect::Network);
            if known && (loads || effect.severity() < Some(Severity::Critical)) {
                continue;
            }
            let module = text.rsplit_once('.').map_or(text, |(module, _)| module);
            let folder = item.texts("path").next().unwrap_or_default();
            let code = around.beside.code(module, &[folder]);
            let message = format!(
                "a module is of the type `{}`, which is not of sentence-transformers: the loader imports it, {}",
                shown(text),
                code.clause()
            );
            remarks.push(Remark::about(node, severity(&code, text), message));
        }
    }
}

/// Libraries whose classes diffusers loads as components. Sorted.
const LIBRARIES: &[&str] = &[
    "accelerate",
    "controlnet_aux",
    "diffusers",
    "flax",
    "gguf",
    "huggingface_hub",
    "insightface",
    "k_diffusion",
    "nemo",
    "onnxruntime",
    "open_clip",
    "openvino",
    "optimum",
    "peft",
    "sentence_transformers",
    "timm",
    "tokenizers",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
];

/// Folders of diffusers with pipelines of their own, which components name without the library. Sorted.
const PIPELINES: &[&str] = &[
    "ace_step",
    "allegro",
    "alt_diffusion",
    "amused",
    "animatediff",
    "anyflow",
    "audio_diffusion",
    "audioldm",
    "audioldm2",
    "aura_flow",
    "blip_diffusion",
    "bria",
    "bria_fibo",
    "bria_fibo2",
    "chroma",
    "chronoedit",
    "cogvideo",
    "cogview3",
    "cogview4",
    "consisid",
    "consistency_models",
    "controlnet",
    "controlnet_hunyuandit",
    "controlnet_sd3",
    "controlnet_xs",
    "cosmos",
    "dance_diffusion",
    "ddim",
    "ddpm",
    "deepfloyd_if",
    "deprecated",
    "diffusion_gemma",
    "dit",
    "dreamlite",
    "easyanimate",
    "ernie_image",
    "flux",
    "flux2",
    "free_noise_utils",
    "glm_image",
    "helios",
    "hidream_image",
    "hunyuan_image",
    "hunyuan_video",
    "hunyuan_video1_5",
    "hunyuandit",
    "i2vgen_xl",
    "ideogram4",
    "joyimage",
    "kandinsky",
    "kandinsky2_2",
    "kandinsky3",
    "kandinsky5",
    "kandinsky6",
    "kolors",
    "krea2",
    "latent_consistency_models",
    "latent_diffusion",
    "latte",
    "ledits_pp",
    "llada2",
    "longcat_audio_dit",
    "longcat_image",
    "ltx",
    "ltx2",
    "lucy",
    "lumina",
    "lumina2",
    "marigold",
    "mochi",
    "motif_video",
    "musicldm",
    "nucleusmoe_image",
    "omnigen",
    "ovis_image",
    "pag",
    "paint_by_example",
    "pia",
    "pixart_alpha",
    "pndm",
    "prx",
    "qwenimage",
    "qwenimage21",
    "repaint",
    "rfd4_proteina",
    "sana",
    "sana_video",
    "sana_wm",
    "score_sde_ve",
    "semantic_stable_diffusion",
    "shap_e",
    "skyreels_v2",
    "spectrogram_diffusion",
    "stable_audio",
    "stable_audio_3",
    "stable_cascade",
    "stable_diffusion",
    "stable_diffusion_3",
    "stable_diffusion_attend_and_excite",
    "stable_diffusion_diffedit",
    "stable_diffusion_gligen",
    "stable_diffusion_k_diffusion",
    "stable_diffusion_ldm3d",
    "stable_diffusion_panorama",
    "stable_diffusion_safe",
    "stable_diffusion_sag",
    "stable_diffusion_xl",
    "stable_video_diffusion",
    "stochastic_karras_ve",
    "t2i_adapter",
    "text_to_video_synthesis",
    "unclip",
    "unconditional_image_generation",
    "unidiffuser",
    "versatile_diffusion",
    "visualcloze",
    "vq_diffusion",
    "wan",
    "wuerstchen",
    "z_image",
];

#[cfg(test)]
mod tests;
