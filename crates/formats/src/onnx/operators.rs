//! The operators of a model, each once.

use std::collections::BTreeMap;

use super::{Fault, KEPT, Model, Operator};

/// Operators are told apart by domain, name and texts.
type Key = (String, String, Vec<(String, String)>);

#[derive(Default)]
pub(super) struct Operators(BTreeMap<Key, Operator>);

impl Operators {
    /// Counts the use of an operator, and notes its domain.
    pub(super) fn keep(&mut self, model: &mut Model, operator: Operator) {
        let is_standard = matches!(operator.domain.as_str(), "" | "ai.onnx");
        if !is_standard && model.domains.len() < 1000 {
            model.domains.insert(operator.domain.clone());
        }
        let key = (
            operator.domain.clone(),
            operator.name.clone(),
            operator.texts.clone(),
        );
        if let Some(known) = self.0.get_mut(&key) {
            known.count = known.count.saturating_add(operator.count);
            if operator.at < known.at {
                (known.at, known.end) = (operator.at, operator.end);
            }
        } else if self.0.len() < KEPT {
            self.0.insert(key, operator);
        } else {
            model.note(Fault::Limit {
                what: "different operators",
                limit: KEPT as u64,
            });
        }
    }

    /// Gives the model its operators in the order of their places.
    pub(super) fn settle(self, model: &mut Model) {
        model.operators = self.0.into_values().collect();
        model.operators.sort_by_key(|operator| operator.at);
    }
}

impl Operator {
    /// The texts of standard operators are of no interest; those of Python operators say what runs.
    pub(super) fn texts_matter(&self) -> bool {
        !self.domain.is_empty() || self.name.starts_with("Py")
    }
}
