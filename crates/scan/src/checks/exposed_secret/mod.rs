//! Finds private keys, tokens and passwords that lie open in text files.

mod report;
#[cfg(test)]
mod tests;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Context, Error, Reference, Scratch, Sink, Skipped, Unit,
    declare_check,
};
use tutela_text::{Reading, each_window, find_secrets_in};

use crate::together::{EntryCheck, Scope, Visitor};
use report::Reporter;

declare_check! {
    /// Private keys, tokens and passwords that lie open in the project's files.
    ///
    /// # What it finds
    /// More than fifty kinds of secrets in text files: private keys whose content really is one (PKCS #1,
    /// PKCS #8, SEC 1, OpenSSH, OpenPGP, PuTTY, age), keys of cloud accounts, tokens of code and package
    /// hosts, model hosts and services, passwords in addresses, in `.netrc` and container logins, and values
    /// of names such as `password` or `api_key`. Where the format has a checksum (GitHub, npm, age) the
    /// checksum decides; where it has a structure (keys, web tokens, macaroons) the structure does; only for
    /// named values entropy does. Templates, references to a secret store and the examples of documentation
    /// are no secrets.
    ///
    /// # Why it matters
    /// Whoever can read the project can use the secret: fetch the training data, replace the model, push to
    /// the repository, spend the money. Files are copied, published and indexed; automated thieves try a
    /// published key within minutes. A secret stays in the history after the line is gone.
    ///
    /// # Example
    /// `config/train.env:3:18 exposed GitHub token, as GITHUB_TOKEN`
    ///
    /// # How to fix
    /// 1. Revoke it where it was issued, now: deleting the line does not help.
    /// 2. Make a new one with fewer rights, and keep it in the environment or a secret store.
    /// 3. Look through the issuer's log for uses that were not yours.
    /// 4. Remove it from the history (`git filter-repo`), and tell those who have copies.
    ///
    /// # Limits
    /// It looks at text as it is: not inside archives, compressed or binary files (a file with a NUL byte in
    /// its first 8 KiB, Parquet among them, is told as skipped), not at Base64 within text other than keys
    /// and web tokens, not at earlier commits. It does not ask the issuer whether a secret still works. A
    /// weak password made of letters only, or one without a telling name, is missed. A random value with a
    /// telling name that is no secret is a false alarm; its confidence is medium or low.
    ///
    /// # References
    /// CWE-798 (hard-coded credentials), CWE-312 (cleartext storage), ATLAS AML.T0055 (unsecured
    /// credentials), OWASP LLM02:2025 (sensitive information disclosure), AI Act art. 15(5) (resilience
    /// against unauthorised third parties), GDPR art. 32(1) (security of processing).
    pub struct ExposedSecret {
        code: "exposed-secret",
        title: "A key, token or password lies open in a file",
        severity: High,
        class: Secret,
        suite: Scan,
        stages: [Training, Deployment, Maintenance],
        kinds: [Files, Model, Dataset],
        references: [
            Reference::Cwe(798), Reference::Cwe(312), Reference::atlas("AML.T0055"),
            Reference::owasp("LLM02:2025"), Reference::ai_act("15(5)"), Reference::gdpr("32(1)"),
            Reference::link("https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/"),
        ],
        user: "Keys to the system, or to the data behind it, were left where others can read them. Someone \
            else may have read or changed what the system knows about you.",
        policymaker: "Article 15(5) of the AI Act demands protection against third parties who try to alter \
            use or performance; article 32(1) of the GDPR demands security of processing. An exposed \
            credential breaches both. If it opened personal data, the 72 hours of article 33 may be running.",
    }
}

impl EntryCheck for ExposedSecret {
    fn scope(&self) -> Scope {
        Scope::WholeFiles
    }

    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| match entry.member {
            None => examine(file, entry.bytes, context.limits.findings, sink),
            Some(_) => Ok(()),
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // In pieces, so that this file holds nothing that looks like a secret.
        let planted = format!("DATABASE_URL=postgres://{}:{}@{}/loans\n", "trainer", "pl4nted-Kq7w9z", "db.internal.net");
        scratch.write("planted.env", planted.as_bytes())
    }
}

fn examine(
    file: &ArtifactFile,
    bytes: &dyn Bytes,
    most: usize,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let mut reporter = Reporter::new(&file.path, most);
    let reading = each_window(bytes, &mut |window| {
        for span in find_secrets_in(window.text) {
            if window.owns(span.range.start) {
                reporter.see(window, &span, sink);
            }
        }
    })?;
    reporter.finish(sink);
    let examined = match reading {
        Reading::Text { bytes, .. } => bytes,
        Reading::Binary => {
            sink.skipped(Skipped {
                what: file.path.clone(),
                why: "not text: it has a NUL byte in its first 8 KiB".to_owned(),
            });
            0
        }
    };
    sink.examined(Unit::Bytes, examined, bytes.len());
    Ok(())
}
