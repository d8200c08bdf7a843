//! Paddle 3: programs as JSON (`inference.json`, `__model__.json`), in the intermediate representation that it calls PIR.
//!
//! Names of dialects are written as numbers, names of keys as letters: an operator is `{"#": "1.relu", "A": attributes, "I":
//! inputs, "O": outputs}`, an attribute `{"N": name, "AT": {"#": type, "D": value}}`.

use crate::tree::{Document, Node};

use super::{Model, Operator};

/// Letters of a text that are kept.
const LETTERS: usize = 4096;

/// Describes a program; none when the document is none.
#[must_use]
pub fn program(document: &Document) -> Option<Model> {
    let is_program = |root: &Node| {
        let mut bases = root.all("base_code");
        bases.any(|base| base.texts("magic").any(|magic| magic == "pir"))
    };
    let mut roots = document.roots.iter().filter(|root| is_program(root));
    let root = roots.next()?;
    let mut model = Model::default();
    root.each("", &mut |key, node| {
        if key == "ops" && !node.entries().is_empty() {
            model.keep(operator(node));
        }
    });
    Some(model)
}

fn operator(node: &Node) -> Operator {
    let written = node.texts("#").last().unwrap_or_default();
    let mut operator = Operator {
        kind: full_name(written),
        at: node.start,
        ..Operator::default()
    };
    for attribute in node.all("A").flat_map(Node::items) {
        let name = attribute.texts("N").last().unwrap_or_default();
        for value in attribute.all("AT") {
            value.each("", &mut |key, node| {
                let text = node.text().filter(|_| matches!(key, "D" | ""));
                if let Some(text) = text {
                    operator.add(name, text.chars().take(LETTERS).collect());
                }
            });
        }
    }
    operator
}

/// The name of an operator with that of its dialect in full (`schema.cc` of Paddle 3.3).
fn full_name(written: &str) -> String {
    const DIALECTS: &[(&str, &str)] = &[
        ("0", "builtin"),
        ("1", "pd_op"),
        ("2", "cf"),
        ("3", "custom_op"),
        ("4", "dist_op"),
    ];
    let Some((dialect, name)) = written.split_once('.') else {
        return written.to_owned();
    };
    let known = DIALECTS.iter().find(|(number, _)| *number == dialect);
    let dialect = known.map_or(dialect, |(_, dialect)| dialect);
    format!("{dialect}.{name}")
}
