//! A small catalogue, so that the goldens do not change whenever a real check does.

use tutela_core::{
    Artifact, Catalogue, Check, Context, Error, Reference, Scratch, Sink, declare_check,
};

declare_check! {
    /// Finds pickle files that import dangerous modules.
    ///
    /// # What it finds
    /// A pickle that imports a function which can run a command, such as `os.system`.
    ///
    /// # Why it matters
    /// Loading a pickle calls what it names. Whoever wrote the file then runs code
    /// with the rights of the process that loads the model.
    ///
    /// # Example
    /// ```text
    /// cos
    /// system
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Ask its author for the weights in a format without code:
    ///
    /// - `safetensors` for tensors
    /// - ONNX for whole models
    ///
    /// # Limits
    /// It does not follow code that another module runs while it is imported.
    ///
    /// # References
    /// CWE-502.
    pub struct PickleImports {
        code: "pickle-dangerous-imports",
        title: "Pickle imports a dangerous function",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::atlas("AML.T0010"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
        ],
        user: "A program in the model could read or change what the service knows about you.",
        policymaker: "Article 15(5) demands protection against manipulated models; this is evidence of it.",
    }
}

declare_check! {
    /// Finds secrets.
    ///
    /// # What it finds
    /// Keys, passwords and tokens in text files.
    ///
    /// # Why it matters
    /// Whoever reads the file can act in your name.
    ///
    /// # Example
    /// A token in `config.env`.
    ///
    /// # How to fix
    /// Revoke the secret first, then remove it from the file and from the history.
    ///
    /// # Limits
    /// Secrets without structure or checksum are not found.
    ///
    /// # References
    /// CWE-798.
    pub struct Secrets {
        code: "secret-in-file",
        title: "Secret in a file",
        severity: High,
        class: Secret,
        suite: Scan,
        stages: [Deployment, Maintenance],
        kinds: [Files],
        references: [Reference::Cwe(798), Reference::gdpr("32(1)")],
        user: "Somebody who finds the key could read what the service stores about you.",
        policymaker: "Article 32 GDPR demands security of processing; a published key breaks it.",
    }
}

declare_check! {
    /// Finds columns with missing values.
    ///
    /// # What it finds
    /// Columns in which a large share of values is missing.
    ///
    /// # Why it matters
    /// A model learns who is missing instead of what is true.
    ///
    /// # Example
    /// `age` is missing in 12 % of the rows.
    ///
    /// # How to fix
    /// Find out why values are missing before you fill them.
    ///
    /// # Limits
    /// Values such as `-1` or `unknown` that stand for a missing one are not recognised.
    ///
    /// # References
    /// AI Act, article 10(3).
    pub struct MissingValues {
        code: "dataset-missing-values",
        title: "Values are missing",
        severity: Medium,
        class: Quality,
        suite: Data,
        stages: [Data, Training],
        kinds: [Dataset],
        references: [Reference::ai_act("10(3)")],
        user: "A decision about you may rest on data that leaves people like you out.",
        policymaker: "Article 10(3) demands data that are complete to the best extent possible.",
    }
}

declare_check! {
    /// Finds data that are too old.
    ///
    /// # What it finds
    /// Data sets older than the project allows.
    ///
    /// # Why it matters
    /// The world moves on; the model does not.
    ///
    /// # Example
    /// Collected 400 days ago, at most 90 are allowed.
    ///
    /// # How to fix
    /// Collect again, or declare a longer age with a reason.
    ///
    /// # Limits
    /// It believes the declared date when there is no timestamp column.
    ///
    /// # References
    /// AI Act, article 10(2).
    pub struct StaleData {
        code: "dataset-stale",
        title: "Data are too old",
        severity: Low,
        class: Quality,
        suite: Data,
        stages: [Data, Maintenance],
        kinds: [Dataset],
        references: [Reference::ai_act("10(2)")],
        user: "A decision about you may rest on how things were long ago.",
        policymaker: "Article 10(2) demands an assessment of whether the data are suitable.",
    }
}

macro_rules! never_runs {
    ($($name:ident),+) => {$(
        impl Check for $name {
            fn run(&self, _: &Artifact, _: &Context<'_>, _: &mut dyn Sink) -> Result<(), Error> {
                Ok(())
            }
            fn plant(&self, _: &mut Scratch) -> Result<(), Error> {
                Ok(())
            }
        }
    )+};
}
never_runs!(PickleImports, Secrets, MissingValues, StaleData);

const CHECKS: &[&dyn Check] = &[&MissingValues, &StaleData, &PickleImports, &Secrets];

/// The catalogue of the fixture.
pub(super) fn catalogue() -> Catalogue {
    let catalogue = Catalogue::new(&[CHECKS]);
    assert_eq!(catalogue.faults(), []);
    catalogue
}
