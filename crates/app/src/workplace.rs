//! An opened project: its declaration, its keys, its evidence, and the moment that counts as now.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tutela_core::{Artifact, Catalogue, Limits, Progress, Timestamp};
use tutela_evidence::gate::Policy;
use tutela_evidence::keys::{
    KeyError, KeyRing, LogName, LogVerifier, StatementVerifier, SystemEntropy,
};
use tutela_evidence::log::{Backdating, Moment};
use tutela_evidence::{SignerTrust, Store, Trust};

use crate::args::Shared;
use crate::config::{self, ConfigError, Problem, Project, Spanned};
use crate::examine::Conditions;
use crate::failure::{Failure, chain};
use crate::output::write_whole;
use crate::project::{Signers, discover, read_manifests};
pub(crate) use crate::state::STATE_FOLDER;
use crate::state::{KEY_FOLDER, require_real_folders};
use crate::terminal::Terminal;

/// Keeps private keys out of version control; everything else there may be shared.
const IGNORE: &str = "# Private keys never leave this machine. Evidence and log may be shared.\nkeys/*.pem\n.keys-*\n";

/// The word for this machine's own key in `[keys] trust`.
const SELF: &str = "self";

/// An opened project.
#[derive(Debug)]
pub(crate) struct Workplace {
    /// The project's folder.
    pub(crate) root: PathBuf,
    /// What its file declares.
    pub(crate) project: Project,
    /// All checks.
    pub(crate) catalogue: Catalogue,
    /// The person at the terminal.
    pub(crate) terminal: Terminal,
    /// The moment that counts as now.
    pub(crate) moment: Moment,
    file: PathBuf,
}

/// The artifacts of a project, and the envelopes of the manifests that verified.
#[derive(Debug)]
pub(crate) struct Stock {
    /// Models, then data sets, then other files.
    pub(crate) artifacts: Vec<Artifact>,
    /// Signed manifests as they lie in the project.
    pub(crate) manifests: Vec<Vec<u8>>,
}

/// The moment that counts as now.
#[must_use]
pub(crate) fn moment(shared: &Shared) -> Moment {
    match shared.as_of {
        Some(now) => Moment {
            now,
            backdating: Backdating::Allowed,
        },
        None => Moment {
            now: by_the_machine(SystemTime::now()),
            backdating: Backdating::Refused,
        },
    }
}

/// The moment by the machine's clock, which may be set to before 1970.
fn by_the_machine(clock: SystemTime) -> Timestamp {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(match clock.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => seconds(before.duration()).saturating_neg(),
    })
}

impl Workplace {
    /// Opens the project of a folder; none when nothing declares one.
    ///
    /// # Errors
    /// When the folder, its project file or its state folder cannot be used.
    pub(crate) fn find(
        folder: &Path,
        shared: &Shared,
        terminal: Terminal,
    ) -> Result<Option<Self>, Failure> {
        if !folder.exists() {
            return Err(Failure::usage(format!(
                "`{}` does not exist",
                folder.display()
            )));
        }
        if !folder.is_dir() {
            let hint = format!("`tutela scan {}` examines a single file", folder.display());
            return Err(
                Failure::usage(format!("`{}` is not a folder", folder.display())).with_hint(hint),
            );
        }
        let file = match &shared.config {
            Some(file) => Some(file.clone()),
            None => config::find(folder)?,
        };
        let Some(file) = file else { return Ok(None) };
        require_real_folders(folder)?;
        let catalogue = crate::catalogue();
        let project = config::load(&file, &catalogue)?;
        Ok(Some(Self {
            root: folder.to_owned(),
            project,
            catalogue,
            terminal,
            moment: moment(shared),
            file,
        }))
    }

    /// Opens the project of a folder, which must have one.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub(crate) fn open(
        folder: &Path,
        shared: &Shared,
        terminal: Terminal,
    ) -> Result<Self, Failure> {
        Self::find(folder, shared, terminal)?.ok_or_else(|| {
            Failure::usage(format!(
                "`{}` has no {}",
                folder.display(),
                config::FILE_NAME
            ))
            .with_hint(format!("`tutela init {}` writes one", folder.display()))
        })
    }

    /// The moment that counts as now.
    #[must_use]
    pub(crate) const fn as_of(&self) -> Timestamp {
        self.moment.now
    }

    /// The folder of keys, evidence and log.
    #[must_use]
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join(STATE_FOLDER)
    }

    /// The folder of keys.
    #[must_use]
    pub(crate) fn key_folder(&self) -> PathBuf {
        self.state().join(KEY_FOLDER)
    }

    /// The evidence on disk.
    #[must_use]
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.state())
    }

    /// This machine's keys.
    ///
    /// # Errors
    /// When there are none or they cannot be used.
    pub(crate) fn keys(&self) -> Result<KeyRing, Failure> {
        Ok(KeyRing::load(&self.key_folder())?)
    }

    /// This machine's keys, made now if there are none.
    ///
    /// # Errors
    /// When they cannot be used or made.
    pub(crate) fn keys_or_new(&self) -> Result<KeyRing, Failure> {
        let folder = self.key_folder();
        self.prepare().map_err(|error| self.no_place(&error))?;
        if folder.exists() {
            return self.keys();
        }
        let keys = self.make_keys(&folder)?;
        self.terminal.say(&format!(
            "made keys in {} (the private ones never leave it)",
            folder.display()
        ));
        Ok(keys)
    }

    /// Makes the folder of keys, evidence and log, with private keys kept out of version control.
    fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(self.state())?;
        let ignore = self.state().join(".gitignore");
        if ignore.exists() {
            return Ok(());
        }
        write_whole(&ignore, IGNORE.as_bytes())
    }

    fn no_place(&self, error: &io::Error) -> Failure {
        Failure::incomplete(format!(
            "`{}` cannot be used: {error}",
            self.state().display()
        ))
        .with_hint("evidence needs a place to be kept; `tutela scan` writes nothing")
    }

    /// Makes keys aside and moves them into place, so that a run that is killed leaves all of them or none.
    fn make_keys(&self, folder: &Path) -> Result<KeyRing, Failure> {
        let state = self.state();
        let aside = tempfile::Builder::new()
            .prefix(".keys-")
            .tempdir_in(&state)
            .map_err(|error| self.no_place(&error))?;
        let new = aside.path().join("keys");
        let name = log_name(&self.project.system.name)?;
        let keys = KeyRing::create(&new, &name, &mut SystemEntropy)?;
        match fs::rename(&new, folder) {
            Ok(()) => Ok(keys),
            // Another run was faster; its keys are the project's.
            Err(_) if folder.exists() => self.keys(),
            Err(error) => Err(self.no_place(&error)),
        }
    }

    /// Whose signatures count: on statements those that the project trusts, on the log its own key.
    ///
    /// # Errors
    /// When a key is missing or is not one.
    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        Ok(Trust {
            signers: self.signers()?,
            log: self.log_verifier()?,
        })
    }

    /// The public key of the project's log.
    ///
    /// # Errors
    /// When it is missing or is not one.
    pub(crate) fn log_verifier(&self) -> Result<LogVerifier, Failure> {
        Ok(LogVerifier::load(&self.key_folder().join("log.pub"))?)
    }

    /// Whose signatures on statements count.
    ///
    /// # Errors
    /// When a key is missing or is not one, or there are fewer keys than signatures demanded.
    pub(crate) fn signers(&self) -> Result<SignerTrust, Failure> {
        let mut keys = Vec::new();
        for name in &self.project.trust {
            keys.push(self.trusted_key(name)?);
        }
        SignerTrust::new(keys, self.project.gate.signatures)
            .map_err(|error| Failure::usage(chain(&error)))
    }

    /// What the project file calls each trusted key, by id.
    fn key_names(&self) -> BTreeMap<String, String> {
        let named = |name: &Spanned<String>| {
            let key = self.trusted_key(name).ok()?;
            Some((key.id().to_owned(), name.value.clone()))
        };
        self.project.trust.iter().filter_map(named).collect()
    }

    fn trusted_key(&self, name: &Spanned<String>) -> Result<StatementVerifier, Failure> {
        if name.value == SELF {
            return Ok(StatementVerifier::load(
                &self.key_folder().join("statement.pub"),
            )?);
        }
        StatementVerifier::load(&self.root.join(&name.value)).map_err(|error| {
            let message = format!("the trusted key cannot be used: {}", chain(&error));
            self.misconfigured(vec![Problem {
                message,
                span: name.span.clone(),
                hint: error.hint(),
            }])
        })
    }

    /// Lists the artifacts, takes their digests, and verifies their manifests.
    ///
    /// # Errors
    /// When a declaration matches nothing.
    pub(crate) fn stock(
        &self,
        signers: &SignerTrust,
        progress: &dyn Progress,
    ) -> Result<Stock, Failure> {
        let mut found = discover(&self.root, &self.project, progress);
        if !found.problems.is_empty() {
            return Err(self.misconfigured(found.problems));
        }
        let signers = Signers {
            trust: signers,
            names: &self.key_names(),
        };
        let manifests = read_manifests(&self.root, &mut found.artifacts, &self.project, signers);
        Ok(Stock {
            artifacts: found.artifacts,
            manifests,
        })
    }

    /// What the gate demands.
    #[must_use]
    pub(crate) fn policy(&self, signers: &SignerTrust) -> Policy {
        let gate = &self.project.gate;
        let own = StatementVerifier::load(&self.key_folder().join("statement.pub"));
        Policy {
            fail_on: gate.fail_on,
            require: gate.require.clone(),
            max_evidence_age_days: gate.max_evidence_age_days,
            thresholds: gate.thresholds.clone(),
            waivers: self.project.waivers.clone(),
            trusted_keys: signers.keys().map(|key| key.id().to_owned()).collect(),
            signatures: gate.signatures,
            own_key: own.ok().map(|key| key.id().to_owned()),
        }
    }

    /// Everything besides the artifact on which results depend.
    #[must_use]
    pub(crate) fn conditions<'a>(&'a self, seed: u64, limits: &'a Limits) -> Conditions<'a> {
        Conditions {
            catalogue: &self.catalogue,
            project: Some(&self.project),
            as_of: self.as_of(),
            seed,
            limits,
        }
    }

    /// A failure that points at lines of the project file.
    #[must_use]
    pub(crate) fn misconfigured(&self, problems: Vec<Problem>) -> Failure {
        let text = config::read(&self.file).unwrap_or_default();
        let error = ConfigError {
            file: self.file.display().to_string(),
            text,
            problems,
        };
        Failure::usage(error.render().trim_end().to_owned())
    }
}

/// The name of a project's log, from the system's name.
fn log_name(system: &str) -> Result<LogName, KeyError> {
    let plain = |character: char| {
        if character.is_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    let slug: String = system.chars().take(100).map(plain).collect();
    format!("tutela.local/{slug}").parse::<LogName>()
}
