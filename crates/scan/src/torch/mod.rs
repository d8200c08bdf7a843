//! What torch's operators and library classes do to the world.
//!
//! An operator is known when torch or torchvision registers it (`known_operators.txt`, made by
//! `list_operators.py`); almost all of them only calculate, and those that do more are in the table.

use std::collections::HashSet;
use std::sync::LazyLock;

use tutela_core::Severity::{self, Critical, High, Low, Medium};

use crate::tensorflow::effects::is_telling;
use crate::tensorflow::paths::{Reach, reach};

/// What running an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Writes any file.
    Writes,
    /// Reads any file, or maps it into memory.
    Reads,
    /// Runs functions on other machines.
    Network,
    /// Calls Python.
    Executes,
    /// Talks to the other machines of a training.
    Peers,
    /// Not of torch, and its name says that it runs programs or reaches out.
    Telling,
    /// Of a library that has to be loaded first.
    Custom,
    /// In torch's own name space, but of another version or of none.
    Unknown,
    /// Calculates.
    Pure,
}

/// Sorted by name, so that an entry is found by bisection.
#[rustfmt::skip]
const TABLE: &[(&str, Effect)] = &[
    ("aten::from_file", Effect::Reads), ("aten::save", Effect::Writes), ("debugprims::load_tensor", Effect::Reads),
    ("image::read_file", Effect::Reads), ("image::write_file", Effect::Writes),
    ("prim::IgnoredPythonOp", Effect::Executes), ("prim::PythonOp", Effect::Executes),
    ("prim::rpc_async", Effect::Network), ("prim::rpc_remote", Effect::Network), ("prim::rpc_sync", Effect::Network),
];

/// Name spaces whose operators talk to the other machines of a training.
const PEERS: &[&str] = &[
    "_c10d_functional",
    "_c10d_functional_autograd",
    "c10d",
    "symm_mem",
];
/// Name spaces of classes that torch itself registers and that only hold numbers.
const CLASSES: &[&str] = &[
    "_nnapi",
    "aten",
    "backendutils",
    "cuda",
    "mkldnn",
    "profiler",
    "profiling",
    "quantized",
    "rnn",
    "sparse",
    "vulkan",
    "xnnpack",
];

/// The operators that torch and torchvision register.
static KNOWN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("known_operators.txt").lines().collect());

/// What an operator does, by its full name such as `aten::save`.
pub(crate) fn effect(operator: &str) -> Effect {
    let found = TABLE.binary_search_by_key(&operator, |entry| entry.0);
    if let Some((_, effect)) = found.ok().and_then(|index| TABLE.get(index)) {
        return *effect;
    }
    let (space, _) = operator.split_once("::").unwrap_or((operator, ""));
    if PEERS.contains(&space) {
        Effect::Peers
    } else if KNOWN.contains(operator) {
        Effect::Pure
    } else if matches!(space, "aten" | "prim") {
        Effect::Unknown
    } else if is_telling(operator) {
        Effect::Telling
    } else {
        Effect::Custom
    }
}

/// What comes with a class of a library, by what follows `torch.classes.` in its name.
pub(crate) fn class_effect(class: &str) -> Effect {
    let (space, _) = class.split_once('.').unwrap_or((class, ""));
    match space {
        "c10d" | "dist_rpc" => Effect::Peers,
        _ if CLASSES.contains(&space) => Effect::Pure,
        _ if is_telling(class) => Effect::Telling,
        _ => Effect::Custom,
    }
}

impl Effect {
    /// The effect as a clause after "which"; none when there is nothing to say.
    pub(crate) const fn clause(self) -> Option<&'static str> {
        match self {
            Self::Writes => Some("writes files"),
            Self::Reads => Some("reads files"),
            Self::Network => Some("runs functions on other machines"),
            Self::Executes => Some("calls Python"),
            Self::Peers => Some("talks to other machines"),
            Self::Telling => Some("is not of torch and says that it reaches out of the process"),
            Self::Custom => Some("is not of torch and needs a library of its own"),
            Self::Unknown => Some("is not of this version of torch"),
            Self::Pure => None,
        }
    }

    /// How bad it is, when these texts are given to it.
    pub(crate) fn severity(self, texts: &[String]) -> Severity {
        let worst = texts.iter().map(|text| reach(text)).max();
        let leads_out = worst.is_some_and(|reach| reach >= Reach::Outside);
        match self {
            Self::Writes if leads_out => Critical,
            Self::Reads if worst == Some(Reach::Grave) => Critical,
            Self::Writes | Self::Reads | Self::Network | Self::Executes | Self::Telling => High,
            Self::Peers | Self::Custom => Medium,
            Self::Unknown | Self::Pure => Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_of_known_operators() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (name, _) in TABLE {
            assert!(KNOWN.contains(name), "{name}");
        }
        assert!(KNOWN.len() > 2_000);
    }

    #[test]
    fn no_operator_that_could_touch_the_world_is_overlooked() {
        let overlooked: Vec<&&str> = KNOWN
            .iter()
            .filter(|name| is_telling(name) && effect(name) == Effect::Pure)
            // x times the logarithm of 1 + y.
            .filter(|name| **name != "aten::special_xlog1py")
            .collect();
        assert_eq!(overlooked, Vec::<&&str>::new());
    }

    #[test]
    fn operators_of_libraries_are_told_apart() {
        assert_eq!(effect("aten::add"), Effect::Pure);
        assert_eq!(effect("torchvision::nms"), Effect::Pure);
        assert_eq!(effect("torch_scatter::scatter_sum"), Effect::Custom);
        assert_eq!(effect("evil::run_shell"), Effect::Telling);
        assert_eq!(effect("aten::not_there"), Effect::Unknown);
        assert_eq!(
            class_effect("quantized.Conv2dPackedParamsBase"),
            Effect::Pure
        );
        assert_eq!(class_effect("tensorrt.Engine"), Effect::Custom);
    }
}
