//! Judges the names that a `TorchScript` program uses.

use tutela_core::{Severity, escape};
use tutela_formats::FlatFault;
use tutela_formats::torchscript::CLASSES;
use tutela_formats::torchscript::source::{Source, Use};

use crate::signs;
use crate::torch::{Effect, class_effect, effect};

/// Something to say about a place in a member.
pub(super) struct Said {
    pub(super) region: (u64, u64),
    pub(super) severity: Severity,
    pub(super) message: String,
    /// What makes two of them the same.
    pub(super) identity: String,
    /// Whether a name alone, found among other bytes, is enough.
    pub(super) is_certain: bool,
}

/// What a source does that a model does not need, in its order.
pub(super) fn said_of_source(source: &Source) -> Vec<Said> {
    source
        .uses
        .iter()
        .filter_map(|used| said_of_use(used, source))
        .collect()
}

/// What an operator or class does, by its full name.
pub(super) fn said_of_operator(name: &str, region: (u64, u64)) -> Option<Said> {
    let effect = match name.strip_prefix(CLASSES) {
        Some(class) => class_effect(class),
        None => effect(name),
    };
    let clause = effect.clause()?;
    let name = escape(name, 120);
    Some(Said {
        region,
        severity: effect.severity(&[]),
        message: format!("the program uses `{name}`, which {clause}"),
        identity: name,
        is_certain: matches!(
            effect,
            Effect::Writes | Effect::Reads | Effect::Network | Effect::Executes
        ),
    })
}

/// What is broken in a flatbuffer, which its loader follows as it is.
pub(super) fn said_of_fault(fault: &FlatFault, at: u64) -> Said {
    Said {
        region: (at, at.saturating_add(4)),
        severity: Severity::High,
        message: fault.to_string(),
        identity: fault.to_string(),
        is_certain: true,
    }
}

fn said_of_use(used: &Use, source: &Source) -> Option<Said> {
    let (severity, clause) = verdict(used, source)?;
    let path = escape(&used.path, 120);
    let shown: Vec<String> = used
        .texts
        .iter()
        .filter(|text| !text.is_empty())
        .take(3)
        .map(|text| format!("`{}`", escape(text, 200)))
        .collect();
    let given = if shown.is_empty() {
        String::new()
    } else {
        format!(": {}", shown.join(", "))
    };
    Some(Said {
        region: used.region,
        severity,
        message: format!("line {} uses `{path}`, which {clause}{given}", used.line),
        identity: format!("{path} {}", shown.join(" ")),
        is_certain: true,
    })
}

fn verdict(used: &Use, source: &Source) -> Option<(Severity, &'static str)> {
    let judged = |effect: Effect| Some((effect.severity(&used.texts), effect.clause()?));
    let mut parts: Vec<&str> = used.path.split('.').collect();
    if let Some(class) = used.path.strip_prefix(CLASSES) {
        return judged(class_effect(class));
    }
    match parts.first().copied()? {
        "torch" | "ops" if parts.len() == 1 => {
            let why = "hands on a whole library, as no exporter writes it";
            return Some((Severity::High, why));
        }
        // `torch.autograd` and `torch.ops` are other ways to the same operators.
        "torch" if matches!(parts.get(1), Some(&"ops")) => {
            parts.remove(0);
        }
        "torch" => return judged(effect(&format!("aten::{}", parts.last()?))),
        "rpc_async" | "rpc_remote" | "rpc_sync" if used.is_called => {
            return judged(Effect::Network);
        }
        _ => {}
    }
    match parts.as_slice() {
        ["ops", space, operator, ..] => judged(effect(&format!("{space}::{operator}"))),
        // A method of a tensor is an operator; one of a module is defined in the archive.
        [.., object, method] if used.is_called => {
            let effect = effect(&format!("aten::{method}"));
            let is_out = matches!(effect, Effect::Writes | Effect::Reads);
            if is_out && !is_module(object, source) {
                return judged(effect);
            }
            python(&used.path)
        }
        _ if used.is_called => python(&used.path),
        _ => None,
    }
}

/// Whether everything of this name is declared as an object of the archive's own classes.
fn is_module(name: &str, source: &Source) -> bool {
    source.types.get(name).is_some_and(|types| {
        let is_class = |name: &String| name.starts_with("__torch__.");
        !types.is_empty() && types.iter().all(is_class)
    })
}

/// Calls that only Python knows: torch refuses them, but nothing else than an attack writes them.
fn python(path: &str) -> Option<(Severity, &'static str)> {
    let (_, sign) = signs::find(&format!("{path}(")).filter(|(at, _)| *at == 0)?;
    Some((Severity::High, sign.what()))
}

#[cfg(test)]
mod tests {
    use tutela_formats::torchscript::source::read;

    use super::*;

    fn worst(text: &str) -> Option<Severity> {
        let source = read(text.as_bytes());
        assert_eq!(source.fault, None);
        said_of_source(&source)
            .iter()
            .map(|said| said.severity)
            .max()
    }

    #[test]
    fn what_reaches_out_is_found() {
        for (text, severity) in [
            ("torch.save(x, \"/etc/cron.d/inert\")", Severity::Critical),
            ("torch.save(x, p)", Severity::High),
            ("torch.autograd.save(x, p)", Severity::High),
            ("f = ops.aten.from_file\nf(p)", Severity::High),
            ("torch.from_file(\"../../.ssh/id_rsa\")", Severity::Critical),
            ("(torch.relu(x)).save(p)", Severity::High),
            ("def f(x: Tensor):\n  x.save(p)\n", Severity::High),
            ("ops.image.read_file(p)", Severity::High),
            ("a, b = torch, 1", Severity::High),
            ("rpc_sync(\"w\", f)", Severity::High),
            ("ops.evil.run_shell(x)", Severity::High),
            ("ops.my_library.fused(x)", Severity::Medium),
            (
                "y : __torch__.torch.classes.tensorrt.Engine = x",
                Severity::Medium,
            ),
            ("import os\nos.system('echo inert')", Severity::High),
        ] {
            assert_eq!(worst(text), Some(severity), "{text}");
        }
    }

    #[test]
    fn what_models_do_is_not() {
        for text in [
            "def save(self: __torch__.Net, x: int) -> int:\n  return x\ndef g(self: __torch__.Net):\n  return self.save(1)\n",
            "x = torch.add(torch.relu(y), 1)\nprint(\"torch.save\", x)\ntorch.warn(\"careful\", 2)",
            "ops.prim.RaiseException(torch.format(\"os.system({})\", x))",
            "y : __torch__.torch.classes.quantized.LinearPackedParamsBase = x",
            "x = ops.torchvision.nms(b, s, 0.5)\nz = ops.quantized.linear_dynamic(x, p)",
            "return (self.model).eval()",
        ] {
            assert_eq!(worst(text), None, "{text}");
        }
    }
}
