//! Compares an artifact with the manifest that somebody signed.

mod cells;

use std::collections::BTreeMap;

use tutela_core::{
    Artifact, ArtifactFile, Check, Context, Error, Finding, Location, Manifest, ManifestFile,
    ManifestStatus, Reference, Region, Scratch, Severity, Sink, TablePrint, Unit, declare_check,
    escape,
};
use tutela_table::Table;

use cells::Change;

/// Changed cells that are named one by one in each file.
const NAMED: usize = 20;

declare_check! {
    /// A model or data set that is not what was signed.
    ///
    /// # What it finds
    /// Compares every file of a declared model or data set with the signed manifest: files added,
    /// removed, changed. In a changed table it names the cell, the rows or the columns that changed; when
    /// only the encoding changed and all cells are equal, it says so.
    /// A manifest whose signature cannot be relied on is a finding, and so, mildly, is none at all.
    ///
    /// # Why it matters
    /// Whoever can change one row of training data can teach a model a backdoor, and whoever can change
    /// the model need not even do that. The signature is the only thing that tells an attacker's change
    /// from the steward's.
    ///
    /// # Example
    /// `loans.parquet row 17, column income: the value is not the one that steward signed`
    ///
    /// # How to fix
    /// Find out who changed the file and why. If the change is right, let its steward sign again:
    /// `tutela sign loans`. If not, restore the signed file.
    ///
    /// # Limits
    /// It knows digests, not values: it can say which cell changed, not what stood there. Tables of more
    /// than 4,096 rows are compared by blocks of rows, so a block is named instead of a row. Where several
    /// rows and several columns changed at once, their crossings are named, and some of those may be
    /// unchanged. It cannot know whether what was signed was good.
    ///
    /// # References
    /// AI Act art. 15(5) (data and model poisoning), GDPR art. 5(1)(f) (integrity), ATLAS AML.T0020 and
    /// AML.T0018, CWE-345 and CWE-353.
    pub struct ManifestMismatch {
        code: "manifest-mismatch",
        title: "A model or data set is not what was signed",
        severity: Critical,
        class: Integrity,
        suite: Data,
        stages: [Data, Training, Deployment],
        kinds: [Model, Dataset],
        references: [
            Reference::Cwe(345), Reference::Cwe(353), Reference::atlas("AML.T0018"),
            Reference::atlas("AML.T0020"), Reference::ai_act("15(5)"), Reference::gdpr("5(1)(f)"),
        ],
        user: "The system may have learned from data, or may run a model, that somebody changed after it \
            was approved. Its answers about you may then serve whoever made the change.",
        policymaker: "Article 15(5) of the AI Act demands measures against data and model poisoning. A \
            signed manifest, compared at every release, is evidence that what was approved is what runs.",
    }
}

impl Check for ManifestMismatch {
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        match artifact.declaration.manifest() {
            None => {
                let why = "the project file does not declare it, so nobody can have signed it";
                sink.not_applicable(why.to_owned());
                return Ok(());
            }
            Some(ManifestStatus::Absent) => sink.finding(unsigned(artifact)),
            Some(ManifestStatus::Refused { why }) => sink.finding(refused(why)),
            Some(ManifestStatus::Verified { manifest, signer }) => {
                compare(artifact, manifest, signer, context, sink);
            }
        }
        sink.examined(
            Unit::Files,
            artifact.files.len() as u64,
            artifact.files.len() as u64,
        );
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let manifest = Manifest::of(&scratch.artifact)?;
        let verified = ManifestStatus::Verified {
            manifest: Box::new(manifest),
            signer: "self-test".to_owned(),
        };
        match &mut scratch.artifact.declaration {
            tutela_core::Declaration::Model(model) => model.manifest = verified,
            _ => crate::plant::declare(scratch, |declared| declared.manifest = verified),
        }
        let Some(file) = scratch.artifact.files.first() else {
            return Err(Error::Other("there is no file to change".to_owned()));
        };
        let path = file.path.clone();
        scratch.write(&path, b"changed after it was signed")
    }
}

fn unsigned(artifact: &Artifact) -> Finding {
    ManifestMismatch::INFO
        .finding("nobody has signed it, so a change would go unnoticed")
        .with_severity(Severity::Low)
        .with_fix(format!("tutela sign {}", escape(&artifact.name, 80)))
}

fn refused(why: &str) -> Finding {
    ManifestMismatch::INFO
        .finding(format!(
            "its signed manifest cannot be relied on: {}",
            escape(why, 200)
        ))
        .with_severity(Severity::High)
        .with_identity("refused manifest")
}

fn compare(
    artifact: &Artifact,
    manifest: &Manifest,
    signer: &str,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let signed: BTreeMap<&str, &ManifestFile> = manifest
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let present: BTreeMap<&str, &ArtifactFile> = artifact
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let by = escape(signer, 80);
    for (path, _file) in signed
        .iter()
        .filter(|(path, _file)| !present.contains_key(*path))
    {
        tell(
            sink,
            path,
            format!("the file is missing, though `{by}` signed it"),
        );
    }
    for (path, file) in present {
        match signed.get(path) {
            None => tell(
                sink,
                path,
                format!("the file is not among those that `{by}` signed"),
            ),
            Some(known) if Some(known.digest) == file.digest => {}
            Some(known) => compare_file(known, file, &by, context, sink),
        }
    }
    let same_files = manifest.files.len() == artifact.files.len()
        && artifact.files.iter().all(|file| {
            signed
                .get(file.path.as_str())
                .is_some_and(|known| Some(known.digest) == file.digest)
        });
    // Reached when the manifest contradicts itself: its digest is not that of its own files.
    if same_files && Some(manifest.digest) != artifact.digest {
        sink.finding(
            ManifestMismatch::INFO.finding(format!("its digest is not the one that `{by}` signed")),
        );
    }
}

fn tell(sink: &mut dyn Sink, path: &str, message: String) {
    sink.finding(
        ManifestMismatch::INFO
            .finding(message)
            .at(Location::file(path)),
    );
}

fn compare_file(
    known: &ManifestFile,
    file: &ArtifactFile,
    by: &str,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) {
    let changes = known.table.as_ref().and_then(|signed| {
        let now = print_of(file, context)?;
        Some(cells::changes(signed, &now))
    });
    let info = &ManifestMismatch::INFO;
    let place = Location::file(file.path.clone());
    match changes.as_deref() {
        None => {
            let message = format!("the file is not the one that `{by}` signed: its bytes differ");
            sink.finding(info.finding(message).at(place));
        }
        Some([]) => {
            let message = format!(
                "the bytes are not those that `{by}` signed, but every cell is equal: it was written again"
            );
            sink.finding(
                info.finding(message)
                    .at(place)
                    .with_severity(Severity::Medium),
            );
        }
        Some(changes) => {
            for change in changes.iter().take(NAMED) {
                sink.finding(info.finding(change.said(by)).at(change.at(place.clone())));
            }
            let more = changes.len().saturating_sub(NAMED);
            if more > 0 {
                let message = format!("{more} more changes since `{by}` signed");
                sink.finding(
                    info.finding(message)
                        .at(place)
                        .with_identity("more changes"),
                );
            }
        }
    }
}

/// None when it is not a table any more, or cannot be read as one: then the bytes must do.
fn print_of(file: &ArtifactFile, context: &Context<'_>) -> Option<TablePrint> {
    let table = Table::open(file, context.limits).ok()?;
    tutela_table::print(&table).ok()
}

impl Change {
    fn said(&self, by: &str) -> String {
        match self {
            Self::Table(what) => format!("{what} since `{by}` signed"),
            Self::Cell { .. } => format!("the value is not the one that `{by}` signed"),
            Self::Rows { what, .. } => format!("{what} since `{by}` signed"),
            Self::Column(name) => format!(
                "column `{}` does not hold the values that `{by}` signed",
                escape(name, 80)
            ),
        }
    }

    fn at(&self, place: Location) -> Location {
        match self {
            Self::Table(_) => place,
            Self::Cell { row, column } => place.at(Region::Row {
                row: *row,
                column: Some(column.clone()),
            }),
            Self::Rows {
                start, end, column, ..
            } => place.at(Region::Rows {
                start: *start,
                end: *end,
                column: column.clone(),
            }),
            Self::Column(name) => place.at(Region::Column { name: name.clone() }),
        }
    }
}
