//! The table of `arrows.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which crate stands where and may use what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The most packages that `Cargo.lock` may hold.
    pub(crate) packages: usize,
    /// Packages that `Cargo.lock` may not hold.
    #[serde(default)]
    pub(crate) forbidden: Vec<String>,
    /// The crates of the product.
    #[serde(rename = "crate")]
    pub(crate) crates: BTreeMap<String, House>,
    /// Crates that are no part of the product.
    #[serde(default)]
    pub(crate) tool: BTreeMap<String, Tool>,
}

/// A crate of the product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct House {
    pub(crate) storey: u8,
    pub(crate) job: String,
    #[serde(default)]
    pub(crate) may_use: Vec<String>,
    #[serde(default)]
    pub(crate) sideways: Vec<String>,
    #[serde(default)]
    pub(crate) owns: Vec<String>,
    pub(crate) lines: Option<usize>,
}

/// A crate that is no part of the product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    pub(crate) job: String,
    #[serde(default)]
    pub(crate) may_use: Vec<String>,
    /// Heavy libraries that it uses although a crate of the product owns them.
    #[serde(default)]
    pub(crate) borrows: Vec<String>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Result<Self, toml_edit::de::Error> {
        toml_edit::de::from_str(text)
    }

    /// The crate that owns a library, if it is a heavy one.
    pub(crate) fn owner(&self, library: &str) -> Option<&str> {
        self.crates
            .iter()
            .find(|(_, house)| house.owns.iter().any(|pattern| covers(pattern, library)))
            .map(|(name, _)| name.as_str())
    }

    /// Whether a crate may use another one of ours.
    pub(crate) fn allows(&self, from: &str, to: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|name| name == to);
        let house = self
            .crates
            .get(from)
            .is_some_and(|house| listed(&house.may_use) || listed(&house.sideways));
        house
            || self
                .tool
                .get(from)
                .is_some_and(|tool| listed(&tool.may_use))
    }

    /// Whether a tool may use a heavy library that is not its own.
    pub(crate) fn lends(&self, tool: &str, library: &str) -> bool {
        self.tool
            .get(tool)
            .is_some_and(|tool| tool.borrows.iter().any(|pattern| covers(pattern, library)))
    }

    /// Whether the table names this crate.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.crates.contains_key(name) || self.tool.contains_key(name)
    }
}

/// Whether `pattern`, a name or `family-*`, covers `name`.
pub(crate) fn covers(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or_else(|| pattern == name, |family| name.starts_with(family))
}
