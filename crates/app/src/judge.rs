//! From recorded evidence to a recorded decision.

use std::fmt::Write as _;
use std::path::Path;

use tutela_core::Digest;
use tutela_evidence::gate::{
    BaselineInput, BaselinePredicate, Decision, Expected, Verifier, Vsa, decide,
};
use tutela_evidence::keys::KeyRing;
use tutela_evidence::{
    BASELINE_PREDICATE, Dossier, Draft, Evidence, Standing, Trust, verify_evidence,
};

use crate::failure::{Exit, Failure, chain};
use crate::project::read_envelope;
use crate::snapshot::snapshot;
use crate::workplace::Workplace;

/// What is needed to decide.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    /// The project.
    pub(crate) workplace: &'a Workplace,
    /// This machine's keys, which sign the decision.
    pub(crate) keys: &'a KeyRing,
    /// Whose signatures count.
    pub(crate) trust: &'a Trust,
    /// The artifacts as they are now.
    pub(crate) expected: &'a [Expected],
}

impl Bench<'_> {
    /// Reads all evidence that verifies.
    ///
    /// # Errors
    /// When the evidence cannot be read.
    pub(crate) fn dossier(&self) -> Result<Dossier, Failure> {
        let workplace = self.workplace;
        Ok(workplace.store().dossier(
            self.trust,
            &workplace.project.system.name,
            workplace.as_of(),
        )?)
    }

    /// Decides, logs the decision, and returns the evidence that it speaks of, read back from disk.
    ///
    /// # Errors
    /// When evidence cannot be read or the decision cannot be logged.
    pub(crate) fn judge(&self, baseline: Option<&Path>) -> Result<(Dossier, Exit), Failure> {
        let dossier = self.dossier()?;
        let known = baseline.map(|file| self.baseline(file));
        let input = match &known {
            None => BaselineInput::None,
            Some(Ok(evidence)) => BaselineInput::Verified(evidence),
            Some(Err(why)) => BaselineInput::Unverifiable(why),
        };
        let policy = self.workplace.policy(&self.trust.signers);
        let decision = decide(&policy, self.expected, &dossier, input);
        let exit = Exit::from(decision.verdict);
        let id = self.record(decision)?;
        let mut dossier = self.dossier()?;
        // A decision that was logged before, at the same `--as-of`, is not the last one in the log.
        dossier.decision = id.and_then(|id| self.workplace.store().decision(&id, self.trust));
        Ok((snapshot(dossier), exit))
    }

    /// Signs and logs the decision; returns the evidence's name.
    fn record(&self, decision: Decision) -> Result<Option<Digest>, Failure> {
        let version = env!("CARGO_PKG_VERSION");
        let verifier = Verifier::new("https://tutela.dev/gate", "tutela", version);
        let resource = format!(
            "tutela:system/{}",
            percent_encode(&self.workplace.project.system.name)
        );
        let vsa = Vsa::new(decision, verifier, &resource, "tutela.toml");
        let draft = Draft::new(&vsa.statement(self.expected))
            .map_err(|error| Failure::because("the decision cannot be written down", &error))?;
        let mut store = self.workplace.store();
        let recorded = store.record(self.keys, &[draft], self.workplace.moment)?;
        Ok(recorded.first().map(|recorded| recorded.id))
    }

    /// Reads a baseline; the error says why it cannot be relied on.
    fn baseline(&self, file: &Path) -> Result<Evidence<BaselinePredicate>, String> {
        let read = |path: &Path| {
            let bytes = read_envelope(path).map_err(|error| error.to_string());
            bytes
                .and_then(|bytes| bytes.ok_or_else(|| "it does not exist".to_owned()))
                .map_err(|why| format!("`{}`: {why}", path.display()))
        };
        let envelope = read(file)?;
        let proof = read(&proof_of(file))?;
        let verified = verify_evidence(&envelope, &proof, self.trust)
            .map_err(|error| format!("`{}`: {}", file.display(), chain(&error)))?;
        let statement = verified.signed.statement;
        if statement.predicate_type != BASELINE_PREDICATE {
            return Err(format!(
                "`{}` is no baseline but a `{}`",
                file.display(),
                statement.predicate_type
            ));
        }
        let predicate: BaselinePredicate = serde_json::from_value(statement.predicate)
            .map_err(|error| format!("`{}`: {error}", file.display()))?;
        let subject = statement
            .subject
            .first()
            .map_or(verified.signed.id, |subject| subject.digest.sha256);
        Ok(Evidence {
            id: verified.signed.id,
            subject,
            predicate,
            standing: Standing::Verified {
                signers: verified.signed.signers,
                index: verified.logged.index,
            },
        })
    }
}

/// The proof that belongs to a file of evidence.
#[must_use]
pub(crate) fn proof_of(file: &Path) -> std::path::PathBuf {
    file.with_extension("tlog-proof")
}

/// Escapes what a URI may not hold (RFC 3986, section 2.3).
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}
