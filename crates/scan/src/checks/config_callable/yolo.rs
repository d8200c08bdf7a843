//! Descriptions of YOLO models: lists of layers, of which loaders evaluate every name and every text.
//!
//! A layer is `[from, number, module, arguments]`. `YOLOv5` and what came from it hand the module, the texts among the
//! arguments and `activation` to `eval`; later versions look the module up among everything that their file imports.

use tutela_core::Severity;
use tutela_formats::python;
use tutela_formats::tree::{Node, Value};

use super::rules::runs_code;
use crate::callables::Effect;
use crate::config::{REMARKS, Remark, effect_of_path, is_path, shown};
use crate::source::deed;

/// Where a description keeps its layers.
const PARTS: &[&str] = &["backbone", "decoder", "encoder", "head", "model", "neck"];
/// Built-in functions that no layer needs, and that lead to everything else.
const REACHING: &[&str] = &[
    "__import__",
    "breakpoint",
    "compile",
    "delattr",
    "eval",
    "exec",
    "getattr",
    "globals",
    "input",
    "locals",
    "open",
    "setattr",
    "vars",
];
/// Functions that the loaders of YOLO import beside their layers: they install, fetch or unpickle.
const HELPERS: &[&str] = &[
    "attempt_download",
    "attempt_download_asset",
    "attempt_load",
    "attempt_load_one_weight",
    "attempt_load_weights",
    "check_requirements",
    "download",
    "safe_download",
    "torch_safe_load",
];

/// Everything in a description of a model that is more than a layer.
pub(super) fn judge(root: &Node, remarks: &mut Vec<Remark>) {
    let mut found = false;
    for part in PARTS {
        for node in root.all(part) {
            node.each(part, &mut |key, node| {
                if let Some((module, arguments)) = layer(node) {
                    found = true;
                    told(key, module, remarks);
                    for argument in arguments {
                        told(key, argument, remarks);
                    }
                }
            });
        }
    }
    if found {
        for key in ["activation", "act"] {
            root.all(key).for_each(|node| told(key, node, remarks));
        }
    }
}

/// The module and the arguments of a layer.
fn layer(node: &Node) -> Option<(&Node, &[Node])> {
    let [from, number, module, arguments, ..] = node.items() else {
        return None;
    };
    // YAML's reader keeps numbers as the texts that they are.
    let is_number = |node: &Node| match &node.value {
        Value::Other => true,
        Value::Text(text) => text.parse::<f64>().is_ok(),
        _ => false,
    };
    let comes_from =
        is_number(from) || !from.items().is_empty() && from.items().iter().all(is_number);
    let Value::List(arguments) = &arguments.value else {
        return None;
    };
    (comes_from && is_number(number) && module.text().is_some()).then_some((module, arguments))
}

/// What is wrong with a text that is evaluated.
fn told(key: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let Some(text) = node.text().map(str::trim) else {
        return;
    };
    if remarks.len() >= REMARKS {
        return;
    }
    if let Some((severity, why)) = evaluated(text) {
        let message = format!(
            "`{}` has a layer evaluate `{}`, which {why}",
            shown(key),
            shown(text)
        );
        remarks.push(Remark::about(node, severity, message));
    }
}

/// What evaluating a text does, beyond naming or making a layer.
fn evaluated(text: &str) -> Option<(Severity, &'static str)> {
    if is_path(text) {
        return named(text, true);
    }
    if !text.contains('(') && !text.contains("__") {
        return None;
    }
    // Attributes of anything, as in `().__class__`, lead to everything that Python has.
    if text.contains("__") {
        return Some((Severity::Critical, "reaches into Python itself"));
    }
    python::uses(text)
        .into_iter()
        .filter_map(|used| match deed(&used.path, used.is_called) {
            Some(deed) => Some((Severity::Critical, deed.clause())),
            None => named(&used.path, used.is_called),
        })
        .max_by_key(|(severity, _)| *severity)
}

/// What using a name does: the names of layers do nothing.
fn named(path: &str, is_called: bool) -> Option<(Severity, &'static str)> {
    if path.split('.').any(|part| part.starts_with("__")) {
        return Some((Severity::Critical, "reaches into Python itself"));
    }
    if is_called && HELPERS.binary_search(&path).is_ok() {
        return Some((Severity::High, "installs, fetches or unpickles"));
    }
    let effect = effect_of_path(path);
    if runs_code(path) || is_called && REACHING.binary_search(&path).is_ok() {
        return Some((Severity::Critical, clause(effect)));
    }
    let severity = effect.severity()?;
    (severity >= Severity::High).then_some((severity, effect.clause()))
}

fn clause(effect: Effect) -> &'static str {
    match effect {
        Effect::Unknown | Effect::Pure | Effect::Library => "no layer needs",
        known => known.clause(),
    }
}

#[cfg(test)]
mod tests {
    use tutela_formats::yaml;

    use super::*;

    fn worst(text: &str) -> Option<Severity> {
        let document = yaml::read_text(text);
        assert_eq!(document.fault, None, "{text}");
        let mut remarks = Vec::new();
        document
            .roots
            .iter()
            .for_each(|root| judge(root, &mut remarks));
        remarks.iter().map(|remark| remark.severity).max()
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(REACHING.is_sorted() && HELPERS.is_sorted());
    }

    #[test]
    fn what_is_evaluated_is_judged() {
        for layer in [
            "[-1, 1, os.system, ['echo inert']]",
            "[-1, 1, exec, ['1']]",
            "[[-1, 4], 1, subprocess.run, ['id']]",
            "[-1, 1, torch.hub.load, ['a', 'b']]",
            "[-1, 1, torch.os.system, ['id']]",
            "[-1, 1, check_requirements, ['inert']]",
            "[-1, 1, 'getattr(os, chr(115))', []]",
            "[-1, 1, '().__class__.__base__', []]",
            "[-1, 1, Conv, ['os.popen(1)']]",
            "[-1, 1, Conv, ['(lambda: __import__(chr(111)))()']]",
            "[-1, 1, map, ['os.system', '[1]']]",
        ] {
            let text = format!("nc: 80\nbackbone:\n  - {layer}\nhead: []\n");
            assert!(worst(&text) >= Some(Severity::High), "{layer}");
        }
        let text = "backbone:\n  - [-1, 1, Conv, [64]]\nactivation: eval(chr(49))\n";
        assert!(worst(text) >= Some(Severity::High));
    }

    #[test]
    fn layers_are_not() {
        for layer in [
            "[-1, 1, Conv, [64, 6, 2, 2]]",
            "[-1, 1, nn.Upsample, [None, 2, 'nearest']]",
            "[[17, 20, 23], 1, Detect, [nc, anchors]]",
            "[-1, 3, C3, [1024, False]]",
            "[-1, 1, torch.nn.Identity, []]",
            "[-1, 1, torchvision.ops.DeformConv2d, [64, 64, 3]]",
            "[-1, 1, conv_bn_relu_maxpool, [32]]",
            "[-1, 1, TorchVision, [512, 'convnext_tiny', 'DEFAULT', True, 2, True]]",
            "[-1, 1, Conv, [64, 3, 1, 'nn.LeakyReLU(0.1)']]",
            "[-1, 1, Index, [0, 'os.system is only a word']]",
        ] {
            let text = format!(
                "nc: 80\nactivation: nn.SiLU()\nbackbone:\n  - {layer}\nhead:\n  - {layer}\n"
            );
            assert_eq!(worst(&text), None, "{layer}");
        }
        assert_eq!(worst("data: [[1, 2, os.system, [3]]]\n"), None);
    }
}
