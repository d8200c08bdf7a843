//! What the checks of Keras models share: finding the configurations, wherever they lie.

use std::io;

use tutela_core::Limits;
use tutela_formats::keras::{self, Config};
use tutela_formats::{Entry, Format};

/// The name that an entry has in a Keras archive, when it lies directly in one.
pub(crate) fn name_in_archive<'a>(entry: &Entry<'a>) -> Option<&'a str> {
    let inside = entry.around.contains(&Format::KerasZip);
    entry
        .member
        .filter(|_| inside)
        .and_then(|member| member.rsplit('!').next())
}

/// The configuration in an entry. What Keras would read by its name is read whatever it looks like.
pub(crate) fn config(entry: &Entry<'_>, limits: &Limits) -> io::Result<Option<Config>> {
    if entry.formats.contains(&Format::KerasMetadata) {
        return keras::read_metadata(entry.bytes, limits).map(Some);
    }
    if entry.formats.contains(&Format::KerasConfig) || is_read_by_name(entry) {
        return keras::read(entry.bytes, limits).map(Some);
    }
    Ok(None)
}

fn is_read_by_name(entry: &Entry<'_>) -> bool {
    let attribute = entry.member.and_then(|member| member.rsplit_once('@'));
    name_in_archive(entry) == Some("config.json")
        || attribute.is_some_and(|(_, name)| matches!(name, "model_config" | "training_config"))
}

/// The class of a Keras object without the package that it is registered in, and without its module.
pub(crate) fn plain_class(class: &str) -> &str {
    class.rsplit(['>', '.']).next().unwrap_or(class)
}
