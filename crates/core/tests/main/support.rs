//! A check that does what a test tells it to, and artifacts in temporary folders.

use std::path::Path;

use tutela_core::{
    Artifact, ArtifactFile, Check, CheckInfo, Context, Error, Kind, Limits, NoProgress, Record,
    Reference, Scratch, Settings, Sink, Timestamp, declare_check,
};

declare_check! {
    /// A check of the tests.
    ///
    /// # What it finds
    /// What it is told to.
    ///
    /// # Why it matters
    /// It shows how results are kept.
    ///
    /// # Example
    /// None.
    ///
    /// # How to fix
    /// Nothing.
    ///
    /// # Limits
    /// All.
    ///
    /// # References
    /// CWE-1.
    pub struct Sample {
        code: "sample-check",
        title: "A check of the tests",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Files],
        references: [Reference::Cwe(1)],
        user: "A page for people who use the system, long enough to say something.",
        policymaker: "A page for people who answer for the system, long enough to say something.",
    }
}

impl Check for Sample {
    fn run(&self, _: &Artifact, _: &Context<'_>, _: &mut dyn Sink) -> Result<(), Error> {
        Ok(())
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted", b"fault")
    }
}

/// A check whose work is a closure.
pub(crate) struct Does<F>(pub F);

impl<F> tutela_core::Describe for Does<F> {
    fn info(&self) -> &'static CheckInfo {
        const { &Sample::INFO }
    }
}

impl<F> Check for Does<F>
where
    F: Fn(&Artifact, &Context<'_>, &mut dyn Sink) -> Result<(), Error> + Sync,
{
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        (self.0)(artifact, context, sink)
    }

    fn plant(&self, _scratch: &mut Scratch) -> Result<(), Error> {
        Ok(())
    }
}

/// Runs a closure as a check, with limits.
pub(crate) fn run_with<F>(artifact: &Artifact, limits: &Limits, work: F) -> Record
where
    F: Fn(&Artifact, &Context<'_>, &mut dyn Sink) -> Result<(), Error> + Sync,
{
    let settings = Settings::default();
    let context = Context {
        as_of: Timestamp::from_seconds(0),
        seed: 0,
        limits,
        settings: &settings,
        artifacts: &[],
        memo: &tutela_core::Memo::default(),
        progress: &NoProgress,
    };
    tutela_core::run(&Does(work), artifact, &context)
}

/// Runs a closure as a check.
pub(crate) fn run<F>(artifact: &Artifact, work: F) -> Record
where
    F: Fn(&Artifact, &Context<'_>, &mut dyn Sink) -> Result<(), Error> + Sync,
{
    run_with(artifact, &Limits::default(), work)
}

/// An artifact of files with these names and contents.
pub(crate) fn files(folder: &Path, contents: &[(&str, &str)]) -> Artifact {
    let take = |(name, text): &(&str, &str)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        ArtifactFile::take(*name, &path, &NoProgress).unwrap()
    };
    Artifact::new("files", Kind::Files, contents.iter().map(take).collect())
}
