//! Models of `MNN`: operators and files from outside, and numbers that lead out.

use std::io;

use tutela_core::{ArtifactFile, Context, Severity, Sink, escape};
use tutela_formats::Entry;
use tutela_formats::mnn::{self, Kind, Reach};

use super::report;
use crate::inside::place;
use crate::tensorflow::effects;
use crate::tensorflow::paths::{self, reach};

/// Tells what is wrong with a model.
pub(super) fn tell(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let model = mnn::read(entry.bytes, context.limits)?;
    let mut told: Vec<(Severity, String, u64)> = Vec::new();
    for fault in &model.faults {
        match fault.at() {
            Some(at) => told.push((Severity::High, fault.to_string(), at)),
            None => sink.incomplete(format!("`{}`: {fault}", place(file, entry.member))),
        }
    }
    for reach in &model.reaches {
        let (severity, message) = judge(reach);
        told.push((severity, message, reach.at));
    }
    told.sort_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
    told.dedup_by(|one, other| one.1 == other.1);
    report(told.into_iter(), (file, entry), sink);
    Ok(())
}

fn judge(found: &Reach) -> (Severity, String) {
    let text = escape(&found.text, 160);
    let by_name = if effects::is_telling(&found.text) {
        Severity::High
    } else {
        Severity::Medium
    };
    match found.kind {
        Kind::Plugin => (
            by_name,
            format!("an operator needs the plugin `{text}` of the host"),
        ),
        Kind::Engine => (
            by_name,
            format!("an operator `{text}` is for an engine of the host"),
        ),
        _ => {
            // The converter writes the place of its own output, which ends so.
            let is_own = found.text.ends_with(".weight");
            let severity = match reach(&found.text) {
                paths::Reach::Grave => Severity::High,
                paths::Reach::Outside if !is_own => Severity::High,
                _ => Severity::Medium,
            };
            (
                severity,
                format!("an operator reads its weights from the file `{text}`"),
            )
        }
    }
}
