//! Which bytes were examined as what, told part by part and closed when the whole file was seen.

use std::collections::HashSet;
use std::io;

use tutela_core::{ArtifactFile, Limits, Record, Sink, Stretch, Unit, escape};
use tutela_formats::layout::{self, Role};
use tutela_formats::{Entry, Unread};

use crate::inside::{is_searched, place};
use crate::together::tell_unread;

/// What comes out of a stream, by the name that the walk gives it.
const UNPACKED: &str = "unpacked";

/// Tells what the bytes of one part are. A member counts as examined until the end of the file says otherwise.
pub(super) fn tell(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    limits: &Limits,
    stretches: Vec<layout::Stretch>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let is_searched = entry.bytes.len() <= limits.raw_bytes && is_searched(entry)?;
    let place = place(file, entry.member);
    for stretch in stretches {
        let examined = match stretch.role {
            Role::Numbers
            | Role::Raw
            | Role::Unclaimed(_)
            | Role::Part(_)
            | Role::Undivided(_) => is_searched,
            // A text inside of a format is looked at by the search, if at all.
            Role::Text => is_searched || entry.formats.is_empty(),
            Role::PackedNumbers | Role::Opaque(_) => false,
            _ => true,
        };
        sink.stretch(Stretch {
            examined,
            place: place.clone(),
            start: stretch.start,
            end: stretch.end,
            holds: holds(&stretch.role),
            what: stretch.role.to_string(),
        });
    }
    Ok(())
}

/// The name of what is in bytes of this role and is told by itself.
fn holds(role: &Role) -> Option<String> {
    match role {
        Role::Member(name) => Some(escape(name, 200)),
        Role::Packed(_) => Some(UNPACKED.to_owned()),
        _ => None,
    }
}

/// Closes the account of a file: what holds a part that was not examined is no longer called examined. How much of a
/// member such a part is cannot be told when it was unpacked, so none of the member is claimed.
pub(super) fn close(file: &ArtifactFile, unread: &[Unread], record: &mut Record) {
    let whole = place(file, None);
    let mut missing = missing(unread);
    for stretch in record.stretches.iter().filter(|it| !it.examined) {
        insert_all(within(&whole, &stretch.place), &mut missing);
    }
    for stretch in &mut record.stretches {
        let inner = inner(within(&whole, &stretch.place), stretch.holds.as_deref());
        if inner.is_some_and(|inner| missing.contains(inner.as_str())) {
            stretch.examined = false;
        }
    }
    let is_left = |stretch: &&Stretch| !stretch.examined && stretch.place == whole;
    let lengths = record.stretches.iter().filter(is_left);
    let left: u64 = lengths.map(|it| it.end.saturating_sub(it.start)).sum();
    // What is wrong with the file as a whole may concern any of its bytes.
    let is_whole = unread.iter().any(|unread| unread.member.is_none());
    let examined = if is_whole && left == 0 {
        0
    } else {
        file.size().saturating_sub(left)
    };
    record.examined(Unit::Bytes, examined, file.size());
    tell_unread(file, unread, record);
}

/// The name of a member in its file; nothing for the file itself.
fn within<'a>(file: &str, place: &'a str) -> &'a str {
    let rest = place.strip_prefix(file).unwrap_or_default();
    rest.strip_prefix('!').unwrap_or(rest)
}

/// A name, and the names of everything that it lies in.
fn insert_all(member: &str, names: &mut HashSet<String>) {
    let ends = member.match_indices('!').map(|(end, _)| end);
    for end in ends.chain([member.len()]) {
        names.extend(member.get(..end).map(str::to_owned));
    }
}

/// The name of what is in a stretch, from the file on.
fn inner(outer: &str, holds: Option<&str>) -> Option<String> {
    let name = holds?;
    Some(if outer.is_empty() {
        name.to_owned()
    } else {
        format!("{outer}!{name}")
    })
}

/// The names of what was not read and of everything that it lies in. What breaks off is called by the name of the stream,
/// so what comes out of it counts too.
fn missing(unread: &[Unread]) -> HashSet<String> {
    let mut missing = HashSet::new();
    for member in unread.iter().filter_map(|it| it.member.as_deref()) {
        insert_all(member, &mut missing);
    }
    for part in unread.iter().filter(|it| it.format.is_none()) {
        let unpacked = match &part.member {
            Some(member) => format!("{member}!{UNPACKED}"),
            None => UNPACKED.to_owned(),
        };
        missing.insert(unpacked);
    }
    missing
}
