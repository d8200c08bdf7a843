//! Runs checks on artifacts, on all cores, and describes what they learned as predicates.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;
use tutela_core::{
    Artifact, Catalogue, Check, Context, Declaration, Digest, Limits, Memo, NoProgress, Progress,
    Record, Settings, Timestamp,
};
use tutela_evidence::gate::{Expected, ExpectedCheck};
use tutela_evidence::{
    ArtifactRecord, CheckPredicate, CheckRecord, Configuration, Run, Tool, canonical_json,
};

use crate::config::Project;
use crate::failure::Failure;

/// Everything besides the artifact on which a result depends.
#[derive(Clone, Copy)]
pub(crate) struct Conditions<'a> {
    /// All checks.
    pub(crate) catalogue: &'a Catalogue,
    /// The project, whose settings count; none for a bare scan.
    pub(crate) project: Option<&'a Project>,
    /// The moment that counts as now.
    pub(crate) as_of: Timestamp,
    /// The seed of every random number.
    pub(crate) seed: u64,
    /// Bounds on what hostile input may cost.
    pub(crate) limits: &'a Limits,
}

impl std::fmt::Debug for Conditions<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Conditions")
            .field("as_of", &self.as_of)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Conditions<'_> {
    /// The settings of a check: the user's, else the defaults.
    #[must_use]
    pub(crate) fn settings(&self, check: &dyn Check) -> Settings {
        let info = check.info();
        let own = self
            .project
            .and_then(|project| project.settings.get(info.code));
        own.into_iter()
            .flatten()
            .fold(Settings::defaults(info), |settings, (name, value)| {
                settings.with(name, *value)
            })
    }

    fn context<'a>(
        &'a self,
        settings: &'a Settings,
        (artifacts, memo): (&'a [Artifact], &'a Memo),
        progress: &'a dyn Progress,
    ) -> Context<'a> {
        Context {
            as_of: self.as_of,
            seed: self.seed,
            limits: self.limits,
            settings,
            artifacts,
            memo,
            progress,
        }
    }

    /// Runs one check on one artifact, as if there were no others.
    #[must_use]
    pub(crate) fn run(&self, check: &'static dyn Check, artifact: &Artifact) -> Record {
        let (settings, memo) = (self.settings(check), Memo::default());
        let artifacts = std::slice::from_ref(artifact);
        let context = self.context(&settings, (artifacts, &memo), &NoProgress);
        tutela_core::run(check, artifact, &context)
    }

    /// Runs several checks on one artifact, in their order.
    fn run_all(
        &self,
        checks: &[&'static dyn Check],
        artifact: &Artifact,
        stage: &Stage<'_>,
    ) -> Vec<CheckPredicate> {
        let settings: Vec<Settings> = checks.iter().map(|check| self.settings(*check)).collect();
        let contexts: Vec<Context<'_>> = settings
            .iter()
            .map(|settings| self.context(settings, (stage.artifacts, &stage.memo), stage.progress))
            .collect();
        let examined = Arc::new(ArtifactRecord::of(artifact));
        tutela_core::run_all(checks, artifact, &contexts)
            .into_iter()
            .zip(checks.iter().zip(&contexts))
            .map(|(record, (check, context))| {
                let (check, configuration) = stage.described(*check, artifact, context);
                let run = Run {
                    tool: Arc::clone(&stage.tool),
                    check,
                    artifact: Arc::clone(&examined),
                    context,
                    configuration,
                };
                CheckPredicate::new(run, record)
            })
            .collect()
    }

    /// What the gate expects evidence about: every artifact as it is now, with every check that applies.
    ///
    /// # Errors
    /// When no digest of an artifact was taken.
    pub(crate) fn expected(&self, artifacts: &[Artifact]) -> Result<Vec<Expected>, Failure> {
        let memo = Memo::default();
        let check = |artifact: &Artifact, check: &dyn Check| {
            let (info, settings) = (check.info(), self.settings(check));
            let context = self.context(&settings, (artifacts, &memo), &NoProgress);
            ExpectedCheck {
                code: info.code.to_owned(),
                suite: info.suite,
                class: info.class,
                configuration: Configuration::of(check, &artifact.declaration, &context).digest,
            }
        };
        artifacts
            .iter()
            .map(|artifact| {
                Ok(Expected {
                    artifact: artifact.name.clone(),
                    kind: artifact.kind,
                    digest: known_digest(artifact)?,
                    declared: artifact.declaration.manifest().is_some(),
                    checks: applicable(self.catalogue, artifact)
                        .map(|it| check(artifact, it))
                        .collect(),
                })
            })
            .collect()
    }
}

/// What all tasks of one examination share.
struct Stage<'a> {
    artifacts: &'a [Artifact],
    progress: &'a dyn Progress,
    memo: Memo,
    tool: Arc<Tool>,
    /// Every check, and its configuration on artifacts of which nothing was declared: mostly there are many.
    checks: BTreeMap<&'static str, (Arc<CheckRecord>, Arc<Configuration>)>,
}

impl<'a> Stage<'a> {
    fn new(
        conditions: &Conditions<'_>,
        artifacts: &'a [Artifact],
        progress: &'a dyn Progress,
    ) -> Self {
        let memo = Memo::default();
        let described = |check: &'static dyn Check| {
            let settings = conditions.settings(check);
            let context = conditions.context(&settings, (artifacts, &memo), &NoProgress);
            let configuration = Configuration::of(check, &Declaration::None, &context);
            let record = CheckRecord::of(check.info());
            (
                check.info().code,
                (Arc::new(record), Arc::new(configuration)),
            )
        };
        Self {
            artifacts,
            progress,
            checks: conditions.catalogue.iter().map(described).collect(),
            memo,
            tool: Arc::new(tool()),
        }
    }

    /// The check, and its configuration on this artifact.
    fn described(
        &self,
        check: &dyn Check,
        artifact: &Artifact,
        context: &Context<'_>,
    ) -> (Arc<CheckRecord>, Arc<Configuration>) {
        let own = || Arc::new(Configuration::of(check, &artifact.declaration, context));
        match self.checks.get(check.info().code) {
            Some((record, undeclared)) if artifact.declaration == Declaration::None => {
                (Arc::clone(record), Arc::clone(undeclared))
            }
            Some((record, _)) => (Arc::clone(record), own()),
            None => (Arc::new(CheckRecord::of(check.info())), own()),
        }
    }
}

/// An artifact's place, with what a check learned of it.
pub(crate) type Examined = (usize, CheckPredicate);

/// Runs every chosen check on every artifact that it applies to; the order is that of artifacts, then codes.
#[must_use]
pub(crate) fn examine(
    conditions: &Conditions<'_>,
    artifacts: &[Artifact],
    only: &[String],
    progress: &dyn Progress,
) -> Vec<Examined> {
    let chosen = |check: &&'static dyn Check| {
        only.is_empty() || only.iter().any(|code| code == check.info().code)
    };
    let stage = Stage::new(conditions, artifacts, progress);
    let examine = |(index, artifact): (usize, &Artifact)| {
        let mut predicates: Vec<CheckPredicate> =
            tasks(applicable(conditions.catalogue, artifact).filter(chosen))
                .into_par_iter()
                .flat_map_iter(|checks| conditions.run_all(&checks, artifact, &stage))
                .collect();
        predicates.sort_by(|left, right| left.check.code.cmp(&right.check.code));
        let examined = predicates.into_iter();
        examined.map(move |predicate| (index, predicate))
    };
    let artifacts = artifacts.par_iter().enumerate();
    artifacts.flat_map_iter(examine).collect()
}

/// Checks of one group are one task, any other check is one of its own.
fn tasks(checks: impl Iterator<Item = &'static dyn Check>) -> Vec<Vec<&'static dyn Check>> {
    let (grouped, single): (Vec<_>, Vec<_>) = checks.partition(|check| check.group().is_some());
    let mut tasks: Vec<Vec<&'static dyn Check>> =
        single.into_iter().map(|check| vec![check]).collect();
    if !grouped.is_empty() {
        tasks.push(grouped);
    }
    tasks
}

fn applicable(
    catalogue: &Catalogue,
    artifact: &Artifact,
) -> impl Iterator<Item = &'static dyn Check> {
    let kind = artifact.kind;
    catalogue
        .iter()
        .filter(move |check| check.info().applies_to(kind))
}

/// The digest by which evidence knows an artifact.
///
/// # Errors
/// When none was taken.
pub(crate) fn known_digest(artifact: &Artifact) -> Result<Digest, Failure> {
    artifact
        .known_digest()
        .map_err(|error| Failure::because("nothing can be claimed of an artifact", &error))
}

/// The digest by which a predicate is known: that of its canonical JSON.
///
/// # Errors
/// When it has none, so that no digest could name it.
pub(crate) fn digest_of<T: Serialize>(predicate: &T) -> Result<Digest, Failure> {
    canonical_json(predicate)
        .map(|bytes| Digest::of(&bytes))
        .map_err(|error| Failure::because("a result cannot be written down", &error))
}

/// This program, as evidence names it.
#[must_use]
pub(crate) fn tool() -> Tool {
    Tool {
        name: "tutela".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tutela_core::{ArtifactFile, Kind};

    use super::*;

    /// What the gate expects of each check of the model, while a lock file and notes beside it have these texts.
    fn expected(lock: &str, notes: &str) -> BTreeMap<String, Digest> {
        let folder = tempfile::tempdir().unwrap();
        let artifact = |name: &str, kind, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let file = ArtifactFile::take(name, &path, &NoProgress).unwrap();
            Artifact::new(name, kind, vec![file])
        };
        let artifacts = [
            artifact("model.bin", Kind::Model, "model"),
            artifact("uv.lock", Kind::Files, lock),
            artifact("notes.txt", Kind::Files, notes),
        ];
        let conditions = Conditions {
            catalogue: &crate::catalogue(),
            project: None,
            as_of: "2026-11-20".parse().unwrap(),
            seed: 0,
            limits: &Limits::default(),
        };
        let all = conditions.expected(&artifacts).unwrap_or_default();
        let model = all.into_iter().find(|it| it.artifact == "model.bin");
        let checks = model.unwrap().checks.into_iter();
        checks.map(|it| (it.code, it.configuration)).collect()
    }

    #[test]
    fn another_lock_file_makes_old_evidence_about_the_model_void() {
        let before = expected("version = 1\n", "a");
        let after = expected("version = 2\n", "a");
        // A text that no lock file and no requirement names says nothing of packages.
        assert_eq!(before, expected("version = 1\n", "b"));
        let changed: Vec<&String> = before
            .iter()
            .filter(|(code, digest)| after.get(*code) != Some(digest))
            .map(|(code, _)| code)
            .collect();
        assert_eq!(changed, ["vulnerable-loader"]);
    }
}
