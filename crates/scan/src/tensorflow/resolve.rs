//! Finds the constant texts that reach an input of a node, through other nodes and into functions.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use tutela_formats::tensorflow::{Model, Node, Scope};

/// Nodes that are gone through for one input; real paths take a handful.
const STEPS: usize = 500;

/// Nodes and texts that are gone through for one file: a hostile graph may lead every one of its nodes
/// through every other.
const BUDGET: usize = 2_000_000;

/// Nodes and functions of a file by their names.
pub(crate) struct Names<'a> {
    model: &'a Model,
    /// Nodes by scope and name.
    nodes: HashMap<(usize, &'a str), &'a Node>,
    /// The scopes and nodes that call a function, by graph and name.
    callers: HashMap<(u64, &'a str), Vec<(usize, &'a Node)>>,
    functions: HashSet<&'a str>,
    /// Nodes that hold the path of an asset, by graph and name.
    assets: HashSet<(u64, &'a str)>,
    /// What is left of the budget.
    left: Cell<usize>,
}

/// Where the search goes on: an input, in a scope.
type Place<'a> = (usize, &'a str);

impl<'a> Names<'a> {
    pub(crate) fn new(model: &'a Model) -> Self {
        let functions = model
            .scopes
            .iter()
            .filter_map(|scope| scope.function.as_deref())
            .collect();
        let mut names = Self {
            model,
            nodes: HashMap::new(),
            callers: HashMap::new(),
            functions,
            assets: model
                .assets
                .iter()
                .map(|asset| (asset.graph, base(&asset.tensor)))
                .collect(),
            left: Cell::new(BUDGET),
        };
        for (index, scope) in model.scopes.iter().enumerate() {
            for node in &scope.nodes {
                names.nodes.insert((index, node.name.as_str()), node);
                let called = node.functions().chain([node.op.as_str()]);
                for function in called.filter(|name| names.functions.contains(name)) {
                    let callers = names.callers.entry((scope.graph, function)).or_default();
                    // A function that is called from everywhere need not be followed to all places.
                    if callers.len() < STEPS {
                        callers.push((index, node));
                    }
                }
            }
        }
        names
    }

    /// Whether an operator is a function of the file.
    pub(crate) fn is_function(&self, operator: &str) -> bool {
        self.functions.contains(operator)
    }

    /// Whether paths were left unfollowed because there were too many.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// The constant texts that may reach the input. The path of an asset is none: when the model is loaded,
    /// it is replaced by the asset's place in the model.
    pub(crate) fn texts(&self, scope: usize, input: &'a str) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting: Vec<Place<'a>> = vec![(scope, input)];
        while let Some((scope, input)) = waiting.pop() {
            let base = base(input);
            if self.is_exhausted()
                || input.starts_with('^')
                || seen.len().max(found.len()) >= STEPS
                || !seen.insert((scope, base))
            {
                continue;
            }
            match self.nodes.get(&(scope, base)) {
                Some(node) => {
                    if node.op == "Const" && !self.is_asset(scope, base) {
                        found.extend(node.texts("value").iter().map(String::as_str));
                    }
                    let spent = node.texts("value").len().saturating_add(1);
                    self.left.set(self.left.get().saturating_sub(spent));
                    waiting.extend(followed(node).map(|input| (scope, input)));
                    waiting.extend(self.behind_nothing(scope, node).map(|input| (scope, input)));
                }
                None => self.outward(scope, base, &mut waiting),
            }
        }
        found
    }

    fn is_asset(&self, scope: usize, node: &str) -> bool {
        let scope = self.model.scopes.get(scope);
        scope.is_some_and(|scope| {
            // A graph in a text has none, whatever its nodes are called.
            scope.function.is_none() && !scope.is_held && self.assets.contains(&(scope.graph, node))
        })
    }

    /// The inputs of a joined text that stand behind empty ones only, and so begin it.
    fn behind_nothing(&self, scope: usize, node: &'a Node) -> impl Iterator<Item = &'a str> {
        let is_empty = |input: &&String| {
            let node = self.nodes.get(&(scope, base(input)));
            node.is_some_and(|node| node.op == "Const" && node.texts("value").concat().is_empty())
        };
        let joined = node.inputs.iter().filter(|_| node.op == "StringJoin");
        let empty = joined.clone().take_while(is_empty).count();
        joined
            .take(empty.saturating_add(1))
            .skip(1)
            .map(String::as_str)
    }

    /// Goes on from a function's argument to what its callers give.
    fn outward(&self, scope: usize, argument: &str, waiting: &mut Vec<Place<'a>>) {
        let Some(function) = self.model.scopes.get(scope) else {
            return;
        };
        let place = function.arguments.iter().position(|name| name == argument);
        let (Some(place), Some(name)) = (place, &function.function) else {
            return;
        };
        let callers = self.callers.get(&(function.graph, name.as_str()));
        for (scope, node) in callers.into_iter().flatten() {
            // The first input of these says which function runs, or where.
            let shift = usize::from(matches!(
                node.op.as_str(),
                "If" | "StatelessIf" | "Case" | "StatelessCase" | "RemoteCall"
            ));
            let input = node.inputs.get(place.saturating_add(shift));
            waiting.extend(input.map(|input| (*scope, input.as_str())));
        }
    }
}

/// The inputs that decide the beginning of the texts that a node puts out.
fn followed(node: &Node) -> impl Iterator<Item = &str> {
    let (skip, take) = match node.op.as_str() {
        "Identity"
        | "IdentityN"
        | "StringJoin"
        | "Reshape"
        | "ExpandDims"
        | "Squeeze"
        | "PlaceholderWithDefault"
        | "ShardedFilename"
        | "ShardedFilespec"
        | "Snapshot"
        | "EnsureShape"
        | "StopGradient"
        | "Unbatch"
        | "TensorSliceDataset"
        | "TensorDataset"
        | "RepeatDataset"
        | "StringStrip"
        | "Tile"
        | "GatherV2"
        | "StridedSlice"
        | "Slice"
        | "DecodeBase64"
        | "StringLower"
        | "StringUpper"
        | "GuaranteeConst"
        | "ShuffleDataset"
        | "RegexReplace"
        | "StaticRegexReplace"
        | "Substr"
        | "StringFormat" => (0, 1),
        "Pack" | "ConcatV2" | "Merge" | "Concat" => (0, usize::MAX),
        "Select" | "SelectV2" => (1, 2),
        _ => (0, 0),
    };
    node.inputs.iter().map(String::as_str).skip(skip).take(take)
}

/// The node of an input or a tensor: the part in front of the colon.
fn base(input: &str) -> &str {
    input.split(':').next().unwrap_or(input)
}

/// What a scope is called in a sentence.
pub(crate) fn shown(scope: &Scope) -> String {
    let of = scope.function.as_ref().map_or_else(String::new, |name| {
        format!(" of function `{}`", tutela_core::escape(name, 120))
    });
    let held = " of a graph that a text of this one holds";
    of + if scope.is_held { held } else { "" }
}
