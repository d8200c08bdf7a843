//! The checks of this crate look at files together: each file is opened and taken apart once, and every part of it
//! is shown to every check before the next part is unpacked.

use std::io;

use rayon::prelude::*;
use tutela_core::{
    Artifact, ArtifactFile, Context, Describe, Digest, Error, Group, Limits, Record, Scratch, Sink,
    Skipped, Unit, escape,
};
use tutela_formats::{Entry, Format, Unread, walk};

use crate::inside::place;

/// Looks at one part of a file: the file itself, or something packed inside it.
pub(crate) type Visitor<'a> =
    Box<dyn Fn(&ArtifactFile, &Entry<'_>, &mut dyn Sink) -> io::Result<()> + Sync + 'a>;

/// A check of files that looks at one part at a time.
pub(crate) trait EntryCheck: Describe + Sync {
    /// What it cares about when something is recognised but cannot be looked into.
    fn scope(&self) -> Scope {
        Scope::Containers
    }

    /// Why it is left out under these limits, if it is; then it examines nothing, and the evidence says so.
    fn left_out(&self, _limits: &Limits) -> Option<&'static str> {
        None
    }

    /// Begins with an artifact; the visitor is then shown every part of every file, on all cores.
    fn begin<'a>(&self, artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a>;

    /// Ends with a file, of which these parts could not be looked at; the record is that of this file alone.
    fn ended(
        &self,
        _file: &ArtifactFile,
        _unread: &[Unread],
        _context: &Context<'_>,
        _record: &mut Record,
    ) {
    }

    /// The digest of what else its result depends on ([`Check::beside`](tutela_core::Check::beside)).
    fn beside(&self, _context: &Context<'_>) -> Option<Digest> {
        None
    }

    /// Plants the fault that this check exists to find ([`Check::plant`](tutela_core::Check::plant)).
    ///
    /// # Errors
    /// When the fault could not be planted.
    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error>;
}

/// What a check cares about when something is recognised but cannot be looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: the format itself might hold what the check looks for.
    AnyFormat,
    /// Only containers: any other format cannot hold it.
    Containers,
    /// Nothing: the check looks at whole files, and says itself how much of them it examined.
    WholeFiles,
}

/// The group of all checks of this crate.
pub(crate) struct Together(pub(crate) &'static [&'static dyn EntryCheck]);

/// One check at work on one artifact.
struct Member<'a> {
    check: &'a dyn EntryCheck,
    visit: Visitor<'a>,
    /// Why it is left out, if it is.
    left_out: Option<&'static str>,
}

impl<'a> Member<'a> {
    fn new(check: &'a dyn EntryCheck, artifact: &'a Artifact, context: &'a Context<'a>) -> Self {
        Self {
            check,
            visit: check.begin(artifact, context),
            left_out: check.left_out(context.limits),
        }
    }
}

impl Group for Together {
    fn run(
        &self,
        codes: &[&'static str],
        artifact: &Artifact,
        contexts: &[Context<'_>],
    ) -> Vec<Record> {
        let members: Vec<Member<'_>> = codes
            .iter()
            .zip(contexts)
            .filter_map(|(code, context)| {
                let check = self.0.iter().find(|check| check.info().code == *code)?;
                Some(Member::new(*check, artifact, context))
            })
            .collect();
        let Some(context) = contexts.first() else {
            return Vec::new();
        };
        run(&members, artifact, context)
    }
}

/// Runs one check of this crate by itself.
pub(crate) fn alone(
    check: &dyn EntryCheck,
    artifact: &Artifact,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let member = Member::new(check, artifact, context);
    for record in run(&[member], artifact, context) {
        sink.absorb(record);
    }
}

fn run(members: &[Member<'_>], artifact: &Artifact, context: &Context<'_>) -> Vec<Record> {
    let mut records: Vec<Record> = members.iter().map(|_| Record::default()).collect();
    // In chunks, so that a hundred thousand files do not hold as many records at once.
    for chunk in artifact.files.chunks(1024) {
        let parts: Vec<Vec<Record>> = chunk
            .par_iter()
            .map(|file| examine(members, file, context))
            .collect();
        for (all, part) in records.iter_mut().zip(transposed(parts, members.len())) {
            part.into_iter().for_each(|record| all.absorb(record));
        }
    }
    records
}

/// From records by file and check to records by check and file.
fn transposed(parts: Vec<Vec<Record>>, checks: usize) -> Vec<Vec<Record>> {
    let mut turned: Vec<Vec<Record>> = (0..checks).map(|_| Vec::new()).collect();
    for part in parts {
        for (records, record) in turned.iter_mut().zip(part) {
            records.push(record);
        }
    }
    turned
}

/// Takes one file apart for all checks. A check whose visit fails is shown no more of it.
fn examine(members: &[Member<'_>], file: &ArtifactFile, context: &Context<'_>) -> Vec<Record> {
    let mut records: Vec<Record> = members.iter().map(|_| Record::default()).collect();
    let mut failed: Vec<Option<io::Error>> = members.iter().map(|_| None).collect();
    let unread = file.open().and_then(|bytes| {
        walk(&bytes, context.limits, &mut |entry| {
            for (member, (record, failure)) in
                members.iter().zip(records.iter_mut().zip(&mut failed))
            {
                if failure.is_none() && member.left_out.is_none() {
                    *failure = (member.visit)(file, entry, record).err();
                }
            }
            Ok(())
        })
        .map_err(|source| reading(file, source))
    });
    context.progress.advance(file.size());
    let failed = failed.into_iter().zip(members);
    for (record, (failure, member)) in records.iter_mut().zip(failed) {
        if let Some(why) = member.left_out {
            leave_out(file, why, record);
            continue;
        }
        match (&unread, failure) {
            (_, Some(source)) => tell(file, &reading(file, source), record),
            (Err(error), None) => tell(file, error, record),
            (Ok(unread), None) => {
                member.check.ended(file, unread, context, record);
                cover(file, member.check.scope(), unread, record);
            }
        }
    }
    records
}

fn reading(file: &ArtifactFile, source: io::Error) -> Error {
    Error::Read {
        path: file.path.clone(),
        source,
    }
}

fn tell(file: &ArtifactFile, error: &Error, record: &mut Record) {
    let path = escape(&file.path, 300);
    record.incomplete(format!("`{path}`: {}", error.chain()));
}

/// Says that a check has seen nothing of a file, because that was asked for.
fn leave_out(file: &ArtifactFile, why: &str, record: &mut Record) {
    record.examined(Unit::Bytes, 0, file.size());
    record.skipped(Skipped {
        what: "raw data".to_owned(),
        why: why.to_owned(),
    });
}

/// Says what could not be looked at in a file.
pub(crate) fn tell_unread(file: &ArtifactFile, unread: &[Unread], record: &mut Record) {
    for part in unread {
        let place = place(file, part.member.as_deref());
        record.incomplete(format!("`{place}` {}", part.why));
    }
}

/// Says how much of a file a check has seen.
fn cover(file: &ArtifactFile, scope: Scope, unread: &[Unread], record: &mut Record) {
    if scope == Scope::WholeFiles {
        return;
    }
    let mut examined = file.size();
    for part in unread.iter().filter(|unread| matters(unread, scope)) {
        let place = place(file, part.member.as_deref());
        record.incomplete(format!("`{place}` {}", part.why));
        // How much of the file a part inside it is cannot be told, so none of it is claimed.
        examined = 0;
    }
    record.examined(Unit::Bytes, examined, file.size());
}

fn matters(unread: &Unread, scope: Scope) -> bool {
    scope == Scope::AnyFormat || unread.format.is_none_or(Format::is_container)
}
