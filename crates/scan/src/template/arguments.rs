//! What methods and filters are given, and what they make of it.

use super::value::Known;

/// Arguments of a call: by place, and by name.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) placed: Vec<Known>,
    pub(super) named: Vec<(String, Known)>,
}

impl Arguments {
    pub(super) fn first(&self) -> Option<&Known> {
        self.placed.first()
    }

    pub(super) fn text(&self, index: usize) -> Option<&str> {
        self.placed.get(index)?.text.as_deref()
    }

    pub(super) fn all(&self) -> Vec<Known> {
        let named = self.named.iter().map(|(_, value)| value);
        self.placed.iter().chain(named).cloned().collect()
    }
}

/// What a method or filter makes of a text.
pub(super) fn method(name: &str, value: &Known, arguments: &Arguments) -> Known {
    match name {
        "lower" => value.map(str::to_lowercase),
        "upper" => value.map(str::to_uppercase),
        "strip" | "trim" => value.map(|text| text.trim().to_owned()),
        "reverse" => value.reversed(),
        "list" => value.text.as_ref().map_or_else(
            || value.clone(),
            |text| {
                Known::list(
                    text.chars()
                        .map(|letter| Known::text(letter.to_string()))
                        .collect(),
                )
            },
        ),
        "first" => value.item(&Known::number(Some(0))),
        "last" => value.reversed().item(&Known::number(Some(0))),
        "string" | "safe" | "e" | "escape" | "forceescape" | "encode" | "decode" => value.clone(),
        "split" => value.split(arguments.text(0)),
        "replace" => match (arguments.text(0), arguments.text(1)) {
            (Some(old), Some(new)) if !old.is_empty() && new.len() < 64 => {
                value.map(|text| text.replace(old, new))
            }
            _ => Known::made_of(std::iter::once(value).chain(&arguments.placed)),
        },
        "default" | "d" => Known::made_of(std::iter::once(value).chain(&arguments.placed)),
        _ => Known::made_of([value]),
    }
}
