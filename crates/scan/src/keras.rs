//! What the checks of Keras models share: finding the configurations, wherever they lie.

use std::io;

use tutela_core::Limits;
use tutela_formats::keras::{self, Config};
use tutela_formats::{Entry, Format};

/// The Keras archives that a walk has entered.
#[derive(Debug, Default)]
pub(crate) struct Archives {
    /// Their members' names begin so.
    prefixes: Vec<String>,
}

impl Archives {
    /// Remembers an entry that is a Keras archive; its members come after it.
    pub(crate) fn note(&mut self, entry: &Entry<'_>) {
        if entry.formats.contains(&Format::KerasZip) {
            self.prefixes.push(
                entry
                    .member
                    .map_or_else(String::new, |member| format!("{member}!")),
            );
        }
    }

    /// The name that an entry has in a Keras archive, when it lies directly in one.
    pub(crate) fn name_of<'a>(&self, entry: &Entry<'a>) -> Option<&'a str> {
        let member = entry.member?;
        self.prefixes
            .iter()
            .filter_map(|prefix| member.strip_prefix(prefix.as_str()))
            .find(|name| !name.contains('!'))
    }

    /// The configuration in an entry. What Keras would read by its name is read whatever it looks like.
    pub(crate) fn config(&self, entry: &Entry<'_>, limits: &Limits) -> io::Result<Option<Config>> {
        if entry.formats.contains(&Format::KerasMetadata) {
            return keras::read_metadata(entry.bytes, limits).map(Some);
        }
        if entry.formats.contains(&Format::KerasConfig) || self.is_read_by_name(entry) {
            return keras::read(entry.bytes, limits).map(Some);
        }
        Ok(None)
    }

    fn is_read_by_name(&self, entry: &Entry<'_>) -> bool {
        let attribute = entry.member.and_then(|member| member.rsplit_once('@'));
        self.name_of(entry) == Some("config.json")
            || attribute.is_some_and(|(_, name)| matches!(name, "model_config" | "training_config"))
    }
}

/// The class of a Keras object without the package that it is registered in, and without its module.
pub(crate) fn plain_class(class: &str) -> &str {
    class.rsplit(['>', '.']).next().unwrap_or(class)
}
