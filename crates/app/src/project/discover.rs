//! Which files belong to which artifact.
//!
//! Declared models and data sets come first; then files that are recognised as one; what remains is one
//! artifact of kind [`Kind::Files`], so that a hundred thousand small files are one claim and not many.

use std::io;
use std::path::Path;

use globset::GlobMatcher;
use rayon::prelude::*;
use tutela_core::{
    Artifact, ArtifactFile, Declaration, FileBytes, FilesDeclaration, Kind, Limits,
    ModelDeclaration, Progress, Split, Unread,
};

use tutela_formats::concealed::Finder;

use super::walk::{Found, Listing, Rules, Taken, USUAL, walk};
use crate::config::{DataEntry, ModelEntry, Problem, Project, Spanned};

/// The name of the artifact of all other files.
const OTHER_FILES: &str = "files";

/// Endings of data files, where nobody declares them.
const DATA_ENDINGS: [&str; 6] = [".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".pq"];

/// How much of each file is read when it is taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Every byte: the digest is taken, and what may be concealed is marked.
    Digest,
    /// Nothing: checks read what they need.
    Nothing,
}

/// How files are taken up, and who is told how far that has come.
#[derive(Clone, Copy)]
struct Taking<'a> {
    take: Take,
    progress: &'a dyn Progress,
}

/// The artifacts of a project.
#[derive(Debug)]
pub(crate) struct Discovery {
    /// Models, then data sets, then other files; each by name.
    pub(crate) artifacts: Vec<Artifact>,
    /// Declarations that match nothing.
    pub(crate) problems: Vec<Problem>,
}

/// An artifact whose digests are not taken yet.
struct Plan {
    name: String,
    kind: Kind,
    files: Vec<(Found, Option<Split>)>,
    declaration: Declaration,
}

/// Finds the artifacts of a declared project.
#[must_use]
pub(crate) fn discover(root: &Path, project: &Project, progress: &dyn Progress) -> Discovery {
    let mut problems = Vec::new();
    let listing = walk(root, &rules(project, &mut problems));
    let mut taken = Taken::new();
    let mut plans = Vec::new();
    for entry in &project.data {
        plans.extend(plan_data(entry, &listing, &mut taken, &mut problems));
    }
    for entry in &project.models {
        plans.extend(plan_models(entry, &listing, &mut taken, &mut problems));
    }
    let executables = project
        .files
        .executables
        .iter()
        .filter_map(|glob| matcher(glob, &mut problems))
        .collect::<Vec<_>>();
    let declared = |path: &str| executables.iter().any(|glob| glob.is_match(path));
    let declaration = FilesDeclaration {
        executables: listing
            .files
            .iter()
            .map(|file| file.path.clone())
            .filter(|path| declared(path))
            .collect(),
        exclude: exclude(project).into_iter().collect(),
    };
    let artifacts = finish(
        plans,
        listing,
        &taken,
        Declaration::Files(declaration),
        Taking {
            take: Take::Digest,
            progress,
        },
    );
    Discovery {
        artifacts,
        problems,
    }
}

/// What a project leaves out.
fn exclude(project: &Project) -> Vec<String> {
    match &project.files.exclude {
        Some(globs) => globs.iter().map(|glob| glob.value.clone()).collect(),
        None => USUAL.map(str::to_owned).to_vec(),
    }
}

fn rules(project: &Project, problems: &mut Vec<Problem>) -> Rules {
    let mut rules = Rules::default().follow(project.files.follow_links);
    match &project.files.exclude {
        Some(globs) => {
            for glob in globs {
                if let Err(message) = rules.leave_out(&glob.value) {
                    problems.push(no_pattern(message, glob));
                }
            }
        }
        None => USUAL.iter().for_each(|usual| drop(rules.leave_out(usual))),
    }
    rules
}

/// Finds the artifacts of a folder that nobody declared.
#[must_use]
pub(crate) fn recognise(
    folder: &Path,
    rules: &Rules,
    take: Take,
    progress: &dyn Progress,
) -> Vec<Artifact> {
    undeclared(walk(folder, rules), take, progress)
}

/// Finds the artifacts of files that nobody declared.
#[must_use]
pub(crate) fn recognise_files(
    files: Vec<Found>,
    take: Take,
    progress: &dyn Progress,
) -> Vec<Artifact> {
    let listing = Listing {
        files,
        ..Listing::default()
    };
    undeclared(listing, take, progress)
}

fn undeclared(listing: Listing, take: Take, progress: &dyn Progress) -> Vec<Artifact> {
    finish(
        Vec::new(),
        listing,
        &Taken::new(),
        Declaration::None,
        Taking { take, progress },
    )
}

fn plan_data(
    entry: &DataEntry,
    listing: &Listing,
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let splits: Vec<(Split, GlobMatcher)> = entry
        .splits
        .iter()
        .filter_map(|(split, glob)| Some((*split, matcher(glob, problems)?)))
        .collect();
    let matched = matching(&entry.path, listing, taken, problems);
    let split_of = |path: &str| {
        splits
            .iter()
            .find(|(_, glob)| glob.is_match(path))
            .map(|(split, _)| *split)
    };
    for ((_, glob), (_, pattern)) in splits.iter().zip(&entry.splits) {
        if !matched.iter().any(|file| glob.is_match(&file.path)) {
            problems.push(nothing_matches(pattern, "no file of this data set matches"));
        }
    }
    let files = matched
        .into_iter()
        .map(|file| (file.clone(), split_of(&file.path)))
        .collect::<Vec<_>>();
    (!files.is_empty()).then(|| Plan {
        name: entry.id.clone(),
        kind: Kind::Dataset,
        files,
        declaration: Declaration::Dataset(Box::new(entry.declaration.clone())),
    })
}

/// Each file that matches is a model of its own.
fn plan_models(
    entry: &ModelEntry,
    listing: &Listing,
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> Vec<Plan> {
    let declaration = ModelDeclaration {
        kind: entry.kind.clone(),
        trained_on: entry.trained_on.clone(),
        ..ModelDeclaration::default()
    };
    let plan = |file: Found| Plan {
        name: file.path.clone(),
        kind: Kind::Model,
        files: vec![(file, None)],
        declaration: Declaration::Model(declaration.clone()),
    };
    matching(&entry.path, listing, taken, problems)
        .into_iter()
        .map(plan)
        .collect()
}

/// The files that a declaration claims; signed manifests lie beside what they describe and never belong to it.
fn matching(
    glob: &Spanned<String>,
    listing: &Listing,
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> Vec<Found> {
    let Some(pattern) = matcher(glob, problems) else {
        return Vec::new();
    };
    let claimed = |file: &&Found| {
        pattern.is_match(&file.path)
            && !file.path.ends_with(".manifest.json")
            && !taken.contains(&file.path)
    };
    let files: Vec<Found> = listing.files.iter().filter(claimed).cloned().collect();
    // One that cannot be read makes the other files incomplete.
    let unread = |unread: &Unread| pattern.is_match(&unread.path);
    if files.is_empty() && !listing.unread.iter().any(unread) {
        problems.push(nothing_matches(glob, "no file matches"));
    }
    taken.extend(files.iter().map(|file| file.path.clone()));
    files
}

fn nothing_matches(glob: &Spanned<String>, what: &str) -> Problem {
    Problem {
        message: format!("{what} `{}`", glob.value),
        span: glob.span.clone(),
        hint: Some("the path is relative to the project's folder; `*` stays in a folder, `**` goes into all".to_owned()),
    }
}

fn matcher(glob: &Spanned<String>, problems: &mut Vec<Problem>) -> Option<GlobMatcher> {
    super::walk::matcher(&glob.value)
        .map_err(|message| problems.push(no_pattern(message, glob)))
        .ok()
}

fn no_pattern(message: String, glob: &Spanned<String>) -> Problem {
    Problem {
        message,
        span: glob.span.clone(),
        hint: None,
    }
}

/// Classes what is left, takes all digests, and sorts.
fn finish(
    mut plans: Vec<Plan>,
    listing: Listing,
    taken: &Taken,
    other: Declaration,
    taking: Taking<'_>,
) -> Vec<Artifact> {
    let left: Vec<Found> = listing
        .files
        .into_iter()
        .filter(|file| !taken.contains(&file.path))
        .collect();
    let classed: Vec<(Kind, Found)> = left
        .into_par_iter()
        .map(|file| (class_of(&file), file))
        .collect();
    let mut others = Vec::new();
    for (kind, file) in classed {
        if kind == Kind::Files {
            others.push((file, None));
        } else {
            let (name, files) = (file.path.clone(), vec![(file, None)]);
            plans.push(Plan {
                name,
                kind,
                files,
                declaration: Declaration::None,
            });
        }
    }
    let has_others = !others.is_empty()
        || !listing.unread.is_empty()
        || !listing.links.is_empty()
        || !listing.skipped.is_empty();
    if has_others {
        plans.push(Plan {
            name: OTHER_FILES.to_owned(),
            kind: Kind::Files,
            files: others,
            declaration: other,
        });
    }
    let mut artifacts: Vec<Artifact> = plans
        .into_par_iter()
        .map(|plan| plan.take(taking))
        .collect();
    let others = artifacts
        .iter()
        .position(|artifact| artifact.kind == Kind::Files);
    if let Some(place) = others {
        let files = artifacts.swap_remove(place);
        let mut files = files.with_gaps(listing.unread, listing.links);
        files.skipped.extend(listing.skipped);
        artifacts.push(files);
    }
    artifacts.sort_by(|left, right| (left.kind, &left.name).cmp(&(right.kind, &right.name)));
    artifacts
}

impl Plan {
    fn take(self, taking: Taking<'_>) -> Artifact {
        let taken: Vec<Result<ArtifactFile, Unread>> = self
            .files
            .into_par_iter()
            .map(|(found, split)| {
                take(&found, taking)
                    .map(|file| ArtifactFile { split, ..file })
                    .map_err(|error| Unread {
                        path: found.path,
                        why: error.to_string(),
                    })
            })
            .collect();
        let mut files = Vec::new();
        let mut unread = Vec::new();
        for result in taken {
            match result {
                Ok(file) => files.push(file),
                Err(missing) => unread.push(missing),
            }
        }
        Artifact::new(self.name, self.kind, files)
            .declared(self.declaration)
            .with_gaps(unread, Vec::new())
    }
}

/// Takes up a file; where its digest is taken, what may be concealed in it is marked on the way.
fn take(found: &Found, taking: Taking<'_>) -> io::Result<ArtifactFile> {
    if taking.take == Take::Nothing {
        return ArtifactFile::note(found.path.clone(), &found.source);
    }
    let mut finder = Finder::default();
    let see = &mut |bytes: &[u8]| finder.see(bytes);
    let file = ArtifactFile::take_through(found.path.clone(), &found.source, taking.progress, see)?;
    let marks = finder.finish();
    Ok(ArtifactFile {
        // Where there are too many, the check has to say so.
        marks: (!marks.overflowed).then_some(marks.places),
        ..file
    })
}

/// What a file is that nobody declared. One that cannot be opened stays with the other files, as unread.
fn class_of(file: &Found) -> Kind {
    let lower = file.path.to_ascii_lowercase();
    if DATA_ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return Kind::Dataset;
    }
    let limits = Limits::default();
    let format =
        FileBytes::open(&file.source).and_then(|bytes| tutela_formats::sniff(&bytes, &limits));
    match format {
        Ok(Some(format)) if format.is_model() => Kind::Model,
        _ => Kind::Files,
    }
}
