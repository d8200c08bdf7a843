//! What the checks share: walking through a file and telling what could not be looked at.

use std::io;

use tutela_core::{ArtifactFile, Bytes, Context, Error, Location, Sink, Unit, escape};
use tutela_formats::{Entry, Format, Unread, walk};

/// What a check cares about when something is recognised but cannot be looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: the format itself might hold what the check looks for.
    AnyFormat,
    /// Only containers: any other format cannot hold it.
    Containers,
}

/// One file to look through.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'a> {
    /// The file.
    pub(crate) file: &'a ArtifactFile,
    /// Its bytes.
    pub(crate) bytes: &'a dyn Bytes,
    /// What the check may know.
    pub(crate) context: &'a Context<'a>,
    /// What the check cares about.
    pub(crate) scope: Scope,
}

impl Inside<'_> {
    /// Shows the file and everything in it to `visit`, and tells the sink what was not looked at.
    pub(crate) fn examine(
        self,
        sink: &mut dyn Sink,
        visit: &mut dyn FnMut(&Entry<'_>, &mut dyn Sink) -> io::Result<()>,
    ) -> Result<(), Error> {
        self.examine_all(sink, visit).map(|_unread_is_told| ())
    }

    /// The same; returns what was not looked at.
    pub(crate) fn examine_all(
        self,
        sink: &mut dyn Sink,
        visit: &mut dyn FnMut(&Entry<'_>, &mut dyn Sink) -> io::Result<()>,
    ) -> Result<Vec<Unread>, Error> {
        let file = self.file;
        let unread = walk(self.bytes, self.context.limits, &mut |entry| {
            visit(entry, sink)
        })
        .map_err(|source| Error::Read {
            path: file.path.clone(),
            source,
        })?;
        let mut examined = file.size();
        for skipped in unread.iter().filter(|unread| matters(unread, self.scope)) {
            sink.incomplete(format!(
                "`{}` {}",
                place(file, skipped.member.as_deref()),
                skipped.why
            ));
            // How much of the file a part inside it is cannot be told, so none of it is claimed.
            examined = 0;
        }
        sink.examined(Unit::Bytes, examined, file.size());
        Ok(unread)
    }
}

fn matters(unread: &Unread, scope: Scope) -> bool {
    scope == Scope::AnyFormat || unread.format.is_none_or(Format::is_container)
}

/// The file, or the member inside it.
pub(crate) fn location(file: &ArtifactFile, entry: &Entry<'_>) -> Location {
    let location = Location::file(file.path.clone());
    match entry.member {
        Some(member) => location.in_member(member),
        None => location,
    }
}

/// The place as it is shown in a sentence.
pub(crate) fn place(file: &ArtifactFile, member: Option<&str>) -> String {
    let path = escape(&file.path, 300);
    member.map_or_else(|| path.clone(), |member| format!("{path}!{member}"))
}

/// The folder of a path, empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
