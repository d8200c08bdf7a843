//! Runs one check on one artifact, so that nothing it does can be mistaken for clean.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Artifact, Check, Context, Group, Kind, Limits, Record, Sink, escape};

/// How many unread files are named one by one.
const NAMED: usize = 20;

/// Runs one check on one artifact.
///
/// An error, a panic, a file that could not be read, a file that changed meanwhile: each makes the
/// outcome incomplete. What was found before stays found.
#[must_use]
pub fn run(check: &dyn Check, artifact: &Artifact, context: &Context<'_>) -> Record {
    let record = alone(check, artifact, context);
    finish(record, artifact, &changed(artifact), context.limits)
}

/// Runs several checks on one artifact; those of one group together. One context and one record each.
#[must_use]
pub fn run_all(
    checks: &[&'static dyn Check],
    artifact: &Artifact,
    contexts: &[Context<'_>],
) -> Vec<Record> {
    let mut records: Vec<Option<Record>> = checks.iter().map(|_| None).collect();
    for (place, check) in checks.iter().enumerate() {
        let Some(group) = check.group() else { continue };
        if records.get(place).is_some_and(Option::is_some) {
            continue;
        }
        let members: Vec<usize> = (place..checks.len())
            .filter(|other| checks.get(*other).is_some_and(|it| belongs(*it, group)))
            .collect();
        for (member, record) in together(group, &members, checks, artifact, contexts) {
            if let Some(slot) = records.get_mut(member) {
                *slot = Some(record);
            }
        }
    }
    let all = records.into_iter().zip(checks.iter().zip(contexts));
    let records: Vec<Record> = all
        .map(|(record, (check, context))| {
            record.unwrap_or_else(|| alone(*check, artifact, context))
        })
        .collect();
    // Asked once, when all have looked.
    let changed = changed(artifact);
    records
        .into_iter()
        .zip(contexts)
        .map(|(record, context)| finish(record, artifact, &changed, context.limits))
        .collect()
}

/// The files that are not what they were when they were taken up.
fn changed(artifact: &Artifact) -> Vec<&str> {
    let files = artifact.files.iter().filter(|file| file.has_changed());
    files.map(|file| file.path.as_str()).collect()
}

fn belongs(check: &dyn Check, group: &dyn Group) -> bool {
    check
        .group()
        .is_some_and(|own| std::ptr::addr_eq(std::ptr::from_ref(own), std::ptr::from_ref(group)))
}

/// The records of a group; none when one of its checks panics, so that each is then run alone.
fn together(
    group: &dyn Group,
    members: &[usize],
    checks: &[&'static dyn Check],
    artifact: &Artifact,
    contexts: &[Context<'_>],
) -> Vec<(usize, Record)> {
    let codes: Vec<&'static str> = members
        .iter()
        .filter_map(|member| checks.get(*member))
        .map(|check| check.info().code)
        .collect();
    let contexts: Vec<Context<'_>> = members
        .iter()
        .filter_map(|member| contexts.get(*member).copied())
        .collect();
    let records = catch_unwind(AssertUnwindSafe(|| group.run(&codes, artifact, &contexts)));
    members
        .iter()
        .copied()
        .zip(records.unwrap_or_default())
        .collect()
}

fn alone(check: &dyn Check, artifact: &Artifact, context: &Context<'_>) -> Record {
    let mut record = Record::default();
    match catch_unwind(AssertUnwindSafe(|| {
        check.run(artifact, context, &mut record)
    })) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => record.incomplete(error.chain()),
        Err(panic) => {
            record.incomplete(format!("internal error: {}", panic_message(panic.as_ref())));
        }
    }
    record
}

/// Adds what the artifact itself says: what could not be read, what changed, what was left out.
fn finish(mut record: Record, artifact: &Artifact, changed: &[&str], limits: &Limits) -> Record {
    name_unread(artifact, &mut record);
    name_some(changed.iter(), &mut record, |path| {
        format!(
            "`{}` changed while it was being examined",
            escape(path, 300)
        )
    });
    artifact
        .skipped
        .iter()
        .cloned()
        .for_each(|skipped| record.skipped(skipped));
    name_files(artifact, &mut record);
    record.settle(limits);
    record
}

/// Says of each finding which bytes it is about, where the artifact's own digest does not.
fn name_files(artifact: &Artifact, record: &mut Record) {
    if artifact.files.len() < 2 && artifact.kind != Kind::Files {
        return;
    }
    for finding in &mut record.findings {
        let path = finding.location.file.as_deref();
        let place = artifact
            .files
            .binary_search_by(|file| Some(file.path.as_str()).cmp(&path));
        finding.file_digest = place
            .ok()
            .and_then(|place| artifact.files.get(place))
            .and_then(|file| file.digest);
    }
}

fn name_unread(artifact: &Artifact, record: &mut Record) {
    name_some(artifact.unread.iter(), record, |unread| {
        format!(
            "`{}` could not be read: {}",
            escape(&unread.path, 300),
            unread.why
        )
    });
}

/// Names the first few and counts the rest.
fn name_some<T>(
    items: impl Iterator<Item = T>,
    record: &mut Record,
    describe: impl Fn(T) -> String,
) {
    let mut more = 0_usize;
    for (count, item) in items.enumerate() {
        if count < NAMED {
            record.incomplete(describe(item));
        } else {
            more = more.saturating_add(1);
        }
    }
    if more > 0 {
        record.incomplete(format!("and {more} more files"));
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the check panicked".to_owned())
}
