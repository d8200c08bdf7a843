//! Judges a node by its operator's effect and by where the paths that reach it lead.

use tutela_core::{Severity, escape};
use tutela_formats::Format;
use tutela_formats::tensorflow::{Asset, Model, Node};

use super::effects::{Effect, Slot, effect};
use super::paths::{Reach, reach};
use super::resolve::{Names, shown};

/// What is wrong with a node.
pub(crate) struct Verdict {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The operator, and what makes two verdicts on it the same.
    pub(crate) identity: String,
}

/// What is known of a node's paths.
struct Paths {
    worst: Reach,
    shown: Vec<String>,
    /// Whether the operator wants an input that the node does not have, as only hand-made files do.
    lacks_input: bool,
}

/// Judges a node inside its graph.
pub(crate) fn in_graph(
    node: &Node,
    scope: usize,
    names: &Names<'_>,
    model: &Model,
    format: Format,
) -> Option<Verdict> {
    let (effect, slot) = effect(&node.op);
    // A function of the file may be called by its name, but not by that of an operator: TensorFlow refuses
    // to shadow one, and so does this.
    let is_call = matches!(effect, Effect::Custom | Effect::Telling) && names.is_function(&node.op);
    if is_call || effect == Effect::Pure || node.op.is_empty() {
        return None;
    }
    let within = model.scopes.get(scope);
    let mut texts = Vec::new();
    let mut lacks_input = false;
    match slot {
        Slot::Input(index) => match node.inputs.get(index) {
            Some(input) => texts = names.texts(scope, input),
            None => lacks_input = true,
        },
        Slot::Attribute(name) => texts.extend(node.texts(name).iter().map(String::as_str)),
        // A debugger that nothing is sent to, and a reader of files in a model to be served, are made by hand.
        Slot::Nowhere => lacks_input = effect == Effect::Records && format == Format::SavedModel,
    }
    lacks_input |= effect == Effect::Debugs && node.inputs.is_empty();
    let paths = paths(&texts, lacks_input);
    verdict(
        node,
        effect,
        &paths,
        format,
        &within.map_or_else(String::new, shown),
    )
}

/// Judges a node that stands alone, as in a Flex operator: its inputs come from elsewhere.
pub(crate) fn alone(node: &Node) -> Option<Verdict> {
    let (effect, slot) = effect(&node.op);
    let texts: Vec<&str> = match slot {
        Slot::Attribute(name) => node.texts(name).iter().map(String::as_str).collect(),
        Slot::Input(_) | Slot::Nowhere => Vec::new(),
    };
    verdict(node, effect, &paths(&texts, false), Format::SavedModel, "")
}

/// Judges the place of a file that the model reads when it is loaded.
pub(crate) fn asset(asset: &Asset) -> Option<Verdict> {
    let leads = reach(&asset.file);
    if leads < Reach::Outside {
        return None;
    }
    let file = escape(&asset.file, 200);
    Some(Verdict {
        severity: if leads == Reach::Grave {
            Severity::Critical
        } else {
            Severity::High
        },
        message: format!("the model reads the asset `{file}`, which lies outside its folder"),
        identity: format!("asset {file}"),
    })
}

fn paths(texts: &[&str], lacks_input: bool) -> Paths {
    let mut judged: Vec<(Reach, &str)> = texts.iter().map(|text| (reach(text), *text)).collect();
    judged.sort_by(|left, right| right.cmp(left));
    judged.dedup();
    let worst = judged.first().map_or(Reach::Nothing, |(reach, _)| *reach);
    let shown = judged
        .iter()
        .filter(|(reach, _)| *reach != Reach::Nothing)
        .take(3);
    Paths {
        worst,
        shown: shown.map(|(_, text)| escape(text, 200)).collect(),
        lacks_input,
    }
}

fn verdict(
    node: &Node,
    effect: Effect,
    paths: &Paths,
    format: Format,
    scope: &str,
) -> Option<Verdict> {
    let severity = severity(effect, paths, format)?;
    let operator = escape(&node.op, 120);
    let mut message = format!(
        "node `{}`{scope} is `{operator}`, which {}",
        escape(&node.name, 120),
        effect.clause()
    );
    if !paths.shown.is_empty() {
        let list: Vec<String> = paths.shown.iter().map(|path| format!("`{path}`")).collect();
        message = format!("{message}: {}", list.join(", "));
    }
    Some(Verdict {
        severity,
        message,
        identity: format!("{operator} {}", paths.shown.join(" ")),
    })
}

/// How bad an effect with these paths is; none for what every model does.
fn severity(effect: Effect, paths: &Paths, format: Format) -> Option<Severity> {
    use Severity::{Critical, High, Low, Medium};
    let leads_out = paths.worst >= Reach::Outside;
    let is_grave = paths.worst == Reach::Grave;
    let either = |condition, yes, no| if condition { yes } else { no };
    match effect {
        Effect::Executes | Effect::RunsGraph | Effect::Network | Effect::Telling => Some(High),
        Effect::Reads => Some(either(is_grave, Critical, High)),
        Effect::Writes => Some(either(leads_out, Critical, High)),
        // A graph kept from training names the data it was trained on; a model to be served does not.
        Effect::Records => {
            let is_served = format == Format::SavedModel && leads_out;
            Some(either(
                is_grave || is_served || paths.lacks_input,
                High,
                Medium,
            ))
        }
        Effect::Caches if paths.shown.is_empty() => None,
        Effect::Caches => Some(either(leads_out, High, Medium)),
        Effect::Saves => (leads_out || paths.lacks_input).then_some(High),
        // Fine-tuned models name the checkpoint that they began from, wherever that was.
        Effect::Restores | Effect::Looks => match paths.worst {
            Reach::Grave => Some(High),
            Reach::Outside => Some(Medium),
            Reach::Nothing | Reach::Inside => None,
        },
        Effect::Logs => Some(either(is_grave, High, Low)),
        Effect::Prints => {
            let to_file = paths.shown.iter().any(|path| path.contains("file:"));
            to_file.then_some(either(leads_out, High, Medium))
        }
        Effect::Debugs => {
            let sends = !paths.shown.is_empty() || paths.lacks_input;
            Some(either(sends, High, Medium))
        }
        Effect::Maps => {
            let packed = |path: &String| path.starts_with("memmapped_package://");
            let is_own = !paths.shown.is_empty() && paths.shown.iter().all(packed) && !is_grave;
            (!is_own).then_some(High)
        }
        Effect::Describes => {
            let carries =
                |path: &String| path.starts_with("local://") || path.starts_with("bytes://");
            (!paths.shown.iter().all(carries)).then_some(High)
        }
        Effect::Peers | Effect::Aborts | Effect::Calls | Effect::Custom => Some(Medium),
        Effect::Pure => None,
    }
}
