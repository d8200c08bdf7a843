//! What a check is.
//!
//! A check is one unit struct made by [`declare_check!`](crate::declare_check), whose doc comment is its
//! rule page, and an `impl Check`. It is registered by one line in its crate's `CHECKS` slice.

use crate::{
    Artifact, Confidence, Context, Digest, Error, Finding, Kind, Location, Record, Reference,
    Scratch, Severity, Sink,
};

/// Looks for one thing in an artifact.
pub trait Check: Describe + Sync {
    /// Examines the artifact and tells the sink what it learned.
    ///
    /// Hostile or malformed input is told to the sink; it is never an error.
    ///
    /// # Errors
    /// When the work could not be done; the runner turns that into an incomplete outcome.
    fn run(
        &self,
        artifact: &Artifact,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error>;

    /// Plants the fault that this check exists to find into a scratch copy of an artifact.
    ///
    /// `tutela check --self-test` then expects a finding: a check that cannot go red proves nothing.
    ///
    /// # Errors
    /// When the fault could not be planted.
    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error>;

    /// The digest of what its result depends on beside the artifact, its declaration and the settings: other
    /// artifacts of the project, data that are built in.
    ///
    /// It becomes a part of the configuration that evidence names, so that a gate asks for new evidence when
    /// it changes.
    fn beside(&self, _context: &Context<'_>) -> Option<Digest> {
        None
    }

    /// The checks that look at the same files with it, if it has a group.
    fn group(&self) -> Option<&'static dyn Group> {
        None
    }
}

/// Checks that look at the same files together, so that each file is opened and taken apart once.
pub trait Group: Sync {
    /// Runs checks of the group, given by their codes, on an artifact; one record and one context each.
    fn run(
        &self,
        codes: &[&'static str],
        artifact: &Artifact,
        contexts: &[Context<'_>],
    ) -> Vec<Record>;
}

/// Gives a check its description. Implemented by [`declare_check!`](crate::declare_check).
pub trait Describe {
    /// What the check says about itself.
    fn info(&self) -> &'static CheckInfo;
}

/// What a check says about itself.
#[derive(Debug, Clone, Copy)]
pub struct CheckInfo {
    /// Stable kebab-case name of what is found; never reused, never renamed.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// The usual severity of its findings.
    pub severity: Severity,
    /// What sort of trouble it finds.
    pub class: Class,
    /// The group of checks that a gate can require by name.
    pub suite: Suite,
    /// The stages of the life cycle that its findings belong to.
    pub stages: &'static [Stage],
    /// The kinds of artifact that it can examine.
    pub kinds: &'static [Kind],
    /// What the user can set under `[checks.CODE]`.
    pub settings: &'static [Setting],
    /// Public names for what it is about.
    pub references: &'static [Reference],
    /// The doc comment of the check: its rule page for developers.
    pub docs: Docs,
    /// The page for people who use the system: what may happen to them.
    pub user: &'static str,
    /// The page for policymakers: duty, risk, evidence, deadline.
    pub policymaker: &'static str,
}

impl CheckInfo {
    /// Starts a finding with the check's code and usual severity.
    #[must_use]
    pub fn finding(&self, message: impl Into<String>) -> Finding {
        let message = message.into();
        Finding {
            code: self.code.to_owned(),
            severity: self.severity,
            confidence: Confidence::High,
            identity: message.clone(),
            message,
            location: Location::default(),
            excerpt: None,
            trace: Vec::new(),
            fix: None,
            references: Vec::new(),
            file_digest: None,
        }
    }

    /// Whether the check can examine this kind of artifact.
    #[must_use]
    pub fn applies_to(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// The doc comment of a check, by lines.
#[derive(Debug, Clone, Copy)]
pub struct Docs(pub &'static [&'static str]);

impl Docs {
    /// The sections that every check has, in this order.
    pub const SECTIONS: [&'static str; 6] = [
        "What it finds",
        "Why it matters",
        "Example",
        "How to fix",
        "Limits",
        "References",
    ];

    /// The whole text as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let lines = self
            .0
            .iter()
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The headings in order.
    #[must_use]
    pub fn headings(&self) -> Vec<&'static str> {
        self.0
            .iter()
            .filter_map(|line| line.trim().strip_prefix("# "))
            .collect()
    }

    /// The text under one heading, trimmed; none when it is missing or empty.
    #[must_use]
    pub fn section(&self, heading: &str) -> Option<String> {
        let mut lines = self
            .0
            .iter()
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.find(|line| line.trim().strip_prefix("# ") == Some(heading))?;
        let body: Vec<&str> = lines.take_while(|line| !line.starts_with("# ")).collect();
        let text = body.join("\n").trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// Who reads an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audience {
    /// Who writes and ships the system.
    #[default]
    Developer,
    /// Who uses it, or about whom it decides.
    User,
    /// Who answers for it before the law.
    Policymaker,
}

/// A number that the user can set for a check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Its kebab-case name.
    pub name: &'static str,
    /// One sentence: what it does.
    pub help: &'static str,
    /// The value when the user says nothing.
    pub default: f64,
    /// The least value allowed.
    pub least: f64,
    /// The greatest value allowed.
    pub greatest: f64,
}

/// What sort of trouble a check finds; decides what a waiver or a baseline may cover.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// Something that runs an attacker's code.
    Malware,
    /// Something that is not what was signed or declared.
    Integrity,
    /// A weakness that an attacker can use.
    Vulnerability,
    /// A key, password or token.
    Secret,
    /// Personal data out of place.
    Privacy,
    /// Data or a model that is not fit for its purpose.
    Quality,
}

impl Class {
    /// The kebab-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Integrity => "integrity",
            Self::Vulnerability => "vulnerability",
            Self::Secret => "secret",
            Self::Privacy => "privacy",
            Self::Quality => "quality",
        }
    }

    /// Whether a waiver may cover its findings.
    #[must_use]
    pub const fn can_be_waived(self) -> bool {
        !matches!(self, Self::Malware)
    }

    /// Whether a baseline may cover its findings: known malware and known secrets stay red.
    #[must_use]
    pub const fn can_be_baselined(self) -> bool {
        !matches!(self, Self::Malware | Self::Secret)
    }
}

/// A group of checks that a gate can require by name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Suite {
    /// Model files, programs and secrets.
    Scan,
    /// Quality, integrity and privacy of data sets.
    Data,
}

impl Suite {
    /// All suites.
    pub const ALL: [Self; 2] = [Self::Scan, Self::Data];

    /// The name used in `[gate] require`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Data => "data",
        }
    }
}

/// A stage of the life cycle of an AI system.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Collecting and preparing data.
    Data,
    /// Training.
    Training,
    /// Testing and validation.
    Test,
    /// Deployment.
    Deployment,
    /// Operation and maintenance.
    Maintenance,
}

impl Stage {
    /// All stages in the order of the life cycle.
    pub const ALL: [Self; 5] = [
        Self::Data,
        Self::Training,
        Self::Test,
        Self::Deployment,
        Self::Maintenance,
    ];

    /// The kebab-case name used in every output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Training => "training",
            Self::Test => "test",
            Self::Deployment => "deployment",
            Self::Maintenance => "maintenance",
        }
    }
}

/// Declares a check: a unit struct whose doc comment is its rule page.
///
/// The doc comment has a first line, then the sections of [`Docs::SECTIONS`] in order. Fields `settings`
/// may be left out; all others are required.
#[macro_export]
macro_rules! declare_check {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            code: $code:literal,
            title: $title:literal,
            severity: $severity:ident,
            class: $class:ident,
            suite: $suite:ident,
            stages: [$($stage:ident),+ $(,)?],
            kinds: [$($kind:ident),+ $(,)?],
            $(settings: [$($setting:expr),* $(,)?],)?
            references: [$($reference:expr),+ $(,)?],
            user: $user:literal,
            policymaker: $policymaker:literal $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl $name {
            /// What the check says about itself.
            pub const INFO: $crate::CheckInfo = $crate::CheckInfo {
                code: $code,
                title: $title,
                severity: $crate::Severity::$severity,
                class: $crate::Class::$class,
                suite: $crate::Suite::$suite,
                stages: &[$($crate::Stage::$stage),+],
                kinds: &[$($crate::Kind::$kind),+],
                settings: &[$($($setting),*)?],
                references: &[$($reference),+],
                docs: $crate::Docs(&[$($doc),+]),
                user: $user,
                policymaker: $policymaker,
            };
        }

        impl $crate::Describe for $name {
            fn info(&self) -> &'static $crate::CheckInfo {
                &Self::INFO
            }
        }
    };
}
