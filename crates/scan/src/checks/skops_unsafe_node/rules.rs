//! What the nodes of a skops schema build, node by node.

use tutela_core::Severity;
use tutela_formats::tree::{Document, Node};

use crate::callables::effect;
use crate::config::{REMARKS, Remark, shown};
use crate::template::is_runner;

/// A text without this is no skops schema.
pub(super) const WORDS: &[&str] = &["__loader__"];

/// Nodes that skops has, in any protocol. Sorted.
const LOADERS: &[&str] = &[
    "BytearrayNode",
    "BytesNode",
    "CachedNode",
    "ConstructorFromReduceNode",
    "DTypeNode",
    "DatetimeTimedeltaNode",
    "DefaultDictNode",
    "DictNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "MethodNode",
    "NdArrayNode",
    "ObjectNode",
    "OperatorFuncNode",
    "PartialNode",
    "QuantileForestNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "ReduceNode",
    "SGDNode",
    "SetNode",
    "SliceNode",
    "SparseMatrixNode",
    "TreeNode",
    "TupleNode",
    "TypeNode",
    "ZoneInfoNode",
    "_DictWithDeprecatedKeysNode",
];

/// Libraries of estimators whose classes are loaded as a matter of course. Sorted.
const LIBRARIES: &[&str] = &[
    "catboost",
    "category_encoders",
    "imblearn",
    "lightgbm",
    "numpy",
    "pandas",
    "quantile_forest",
    "scipy",
    "sklearn",
    "sklego",
    "skrub",
    "tabpfn",
    "xgboost",
];

/// Everything in a schema that no estimator needs.
pub(super) fn judge(document: &Document) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for root in &document.roots {
        root.each("", &mut |_, node| {
            for loader in node.texts("__loader__") {
                if remarks.len() < REMARKS {
                    one(loader, node, &mut remarks);
                }
            }
        });
    }
    remarks
}

fn one(loader: &str, node: &Node, remarks: &mut Vec<Remark>) {
    // A cached node only points at another one.
    for module in node.texts("__module__") {
        for class in node.texts("__class__") {
            named((module, class), loader, node, remarks);
            match loader {
                "OperatorFuncNode" => operator((module, class), node, remarks),
                "MethodNode" => method((module, class), node, remarks),
                _ => mismatch((module, class), loader, node, remarks),
            }
        }
    }
    for content in node.all("content") {
        for module in content.texts("module_path") {
            for function in content.texts("function") {
                named((module, function), loader, content, remarks);
            }
        }
    }
    if LOADERS.binary_search(&loader).is_err() {
        let message = format!(
            "a node has the loader `{}`, which skops does not have",
            shown(loader)
        );
        remarks.push(about(node, Severity::Medium, message));
    }
}

/// The node without its content, which may be the whole model.
fn about(node: &Node, severity: Severity, message: String) -> Remark {
    let mut remark = Remark::about(node, severity, message);
    remark.region.1 = remark.region.1.min(node.start.saturating_add(200));
    remark
}

/// What the node names, by what calling it does.
fn named((module, name): (&str, &str), loader: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let top = module.split('.').next().unwrap_or_default();
    let known = LIBRARIES.binary_search(&top).is_ok();
    let by_itself = loader == "OperatorFuncNode" && module == "operator";
    let effect = effect(module, name);
    let severity = match effect.severity() {
        _ if by_itself => None,
        // Libraries of estimators are full of functions that nobody has listed.
        Some(Severity::Medium) if known => None,
        Some(Severity::High) if known => Some(Severity::Medium),
        other => other,
    };
    if let Some(severity) = severity {
        let message = format!(
            "a `{}` names `{}.{}`, which {}",
            shown(loader),
            shown(module),
            shown(name),
            effect.clause()
        );
        remarks.push(about(node, severity, message));
    }
}

fn operator((module, name): (&str, &str), node: &Node, remarks: &mut Vec<Remark>) {
    if module != "operator" {
        let message = format!(
            "an `OperatorFuncNode` claims the module `{}` instead of `operator`",
            shown(module)
        );
        remarks.push(about(node, Severity::Critical, message));
    }
    if !matches!(name, "attrgetter" | "itemgetter") {
        let message = format!(
            "an `OperatorFuncNode` makes `operator.{}`, which calls what it is given",
            shown(name)
        );
        remarks.push(about(node, Severity::Critical, message));
    }
    let mut private = None;
    let mut runs = None;
    for attributes in node.all("attrs") {
        attributes.each("", &mut |key, below| {
            let Some(text) = below.text().filter(|_| key == "content") else {
                return;
            };
            if text.split(['.', '"']).any(|part| part.starts_with("__")) {
                private.get_or_insert_with(|| text.to_owned());
            }
            // A key may be called anything, an attribute of this name is a function that runs programs or code.
            if name == "attrgetter" && text.split(['.', '"']).any(is_runner) {
                runs.get_or_insert_with(|| text.to_owned());
            }
        });
    }
    if let Some(text) = runs {
        let message = format!(
            "an `OperatorFuncNode` reaches `{}`, the name of a function that runs programs or code",
            shown(&text)
        );
        remarks.push(about(node, Severity::High, message));
    }
    if let Some(text) = private {
        let message = format!(
            "an `OperatorFuncNode` reaches the private attribute `{}`",
            shown(&text)
        );
        remarks.push(about(node, Severity::Critical, message));
    }
}

fn method(claimed: (&str, &str), node: &Node, remarks: &mut Vec<Remark>) {
    for content in node.all("content") {
        for name in content.texts("func") {
            if name.starts_with('_') || name.contains('.') {
                let message = format!(
                    "a `MethodNode` reaches the private attribute `{}`",
                    shown(name)
                );
                remarks.push(about(node, Severity::Critical, message));
            }
            method_of(claimed, name, node, remarks);
        }
        for object in content.all("obj") {
            let agrees = |key, wanted: &str| object.texts(key).all(|text| text == wanted);
            if !agrees("__module__", claimed.0) || !agrees("__class__", claimed.1) {
                let message = format!(
                    "a `MethodNode` claims the class `{}.{}` but holds an object of another one",
                    shown(claimed.0),
                    shown(claimed.1)
                );
                remarks.push(about(node, Severity::Critical, message));
            }
        }
    }
}

fn method_of((module, class): (&str, &str), name: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let top = module.split('.').next().unwrap_or_default();
    if LIBRARIES.binary_search(&top).is_ok() {
        return;
    }
    let effect = effect(module, &format!("{class}.{name}"));
    if let Some(severity) = effect
        .severity()
        .filter(|severity| *severity >= Severity::High)
    {
        let message = format!(
            "a `MethodNode` names `{}.{}`, which {}",
            shown(class),
            shown(name),
            effect.clause()
        );
        remarks.push(about(node, severity, message));
    }
}

/// Loaders that build values of one class, whatever class the node shows to the person who is asked for trust.
fn mismatch((module, class): (&str, &str), loader: &str, node: &Node, remarks: &mut Vec<Remark>) {
    let fits = match loader {
        "JsonNode" | "SliceNode" | "BytesNode" | "BytearrayNode" | "PartialNode" => {
            matches!(module, "builtins" | "functools")
        }
        "NdArrayNode"
        | "DTypeNode"
        | "MaskedArrayNode"
        | "RandomStateNode"
        | "RandomGeneratorNode" => {
            module == "numpy" || module.starts_with("numpy.") || module == "builtins"
        }
        "SparseMatrixNode" => module.starts_with("scipy."),
        "TreeNode" | "LossNode" | "SGDNode" | "_DictWithDeprecatedKeysNode" => {
            module.starts_with("sklearn.")
        }
        _ => true,
    };
    if !fits {
        let message = format!(
            "a `{}` shows the class `{}.{}`, which that loader does not build",
            shown(loader),
            shown(module),
            shown(class)
        );
        remarks.push(about(node, Severity::High, message));
    }
}

#[cfg(test)]
mod tests {
    use tutela_formats::json;

    use super::*;

    fn worst(text: &str) -> Option<Severity> {
        judge(&json::parse(text.as_bytes()))
            .iter()
            .map(|remark| remark.severity)
            .max()
    }

    fn node(loader: &str, module: &str, class: &str, more: &str) -> String {
        format!(
            r#"{{"x": [{{"__loader__": "{loader}", "__module__": "{module}", "__class__": "{class}"{more}}}]}}"#
        )
    }

    #[test]
    fn nodes_that_run_code_are_found() {
        assert!(LOADERS.is_sorted() && LIBRARIES.is_sorted());
        let text = r#", "attrs": {"__loader__": "JsonNode", "__module__": "builtins", "__class__": "str", "content": "\"__class__\""}"#;
        let object = r#", "content": {"func": "dumps", "obj": {"__loader__": "ObjectNode", "__module__": "x", "__class__": "Y"}}"#;
        let private = r#", "content": {"func": "__globals__", "obj": {"__module__": "sklearn.a", "__class__": "B"}}"#;
        for text in [
            node("FunctionNode", "os", "system", ""),
            node(
                "FunctionNode",
                "builtins",
                "x",
                r#", "content": {"module_path": "subprocess", "function": "Popen"}"#,
            ),
            node("TypeNode", "builtins", "eval", ""),
            node("ObjectNode", "subprocess", "Popen", ""),
            node("ConstructorFromReduceNode", "builtins", "exec", ""),
            node("OperatorFuncNode", "operator", "methodcaller", ""),
            node("OperatorFuncNode", "sklearn.x", "attrgetter", ""),
            node("OperatorFuncNode", "operator", "attrgetter", text),
            node(
                "OperatorFuncNode",
                "operator",
                "attrgetter",
                r#", "attrs": {"content": [{"content": "\"path.os.system\""}]}"#,
            ),
            node("MethodNode", "json", "JSONEncoder", object),
            node("MethodNode", "sklearn.a", "B", private),
            node("NdArrayNode", "mine", "X", ""),
            node("ListNode", "os", "system", ""),
        ] {
            assert!(worst(&text) >= Some(Severity::High), "{text}");
        }
        assert_eq!(
            worst(&node("NewNode", "sklearn.a", "B", "")),
            Some(Severity::Medium)
        );
        assert_eq!(
            worst(&node("ObjectNode", "mine", "Model", "")),
            Some(Severity::Medium)
        );
    }

    #[test]
    fn ordinary_nodes_are_not() {
        for text in [
            node(
                "ObjectNode",
                "sklearn.linear_model._logistic",
                "LogisticRegression",
                "",
            ),
            node("FunctionNode", "numpy", "log1p", ""),
            node(
                "FunctionNode",
                "sklearn.feature_selection._univariate_selection",
                "f_classif",
                "",
            ),
            node(
                "OperatorFuncNode",
                "operator",
                "attrgetter",
                r#", "attrs": {"content": "\"a\""}"#,
            ),
            node(
                "OperatorFuncNode",
                "operator",
                "itemgetter",
                r#", "attrs": {"content": "\"system\""}"#,
            ),
            node("PartialNode", "functools", "partial", ""),
            node("DictNode", "collections", "OrderedDict", ""),
            node("TypeNode", "builtins", "int", ""),
        ] {
            assert_eq!(worst(&text), None, "{text}");
        }
    }
}
