//! Says what was found without saying the secret.
//!
//! INVARIANT: nothing of a secret but its masked beginning leaves this file. Also no digest of it: whoever
//! has the digest of a short password can try passwords until one fits.

use std::collections::BTreeMap;

use tutela_core::{Confidence, Describe as _, Finding, Location, Region, Severity, Sink};
use tutela_text::{Power, SecretKind, SecretSpan, TextWindow, mask};

use super::ExposedSecret;

/// Parts of names that tell a name from a value; only such a name is shown.
const TELLING: &[&str] = &[
    "pass", "pwd", "secret", "key", "token", "auth", "cred", "url", "uri", "dsn", "connection",
];
/// No name is longer.
const LONGEST_NAME: usize = 60;

/// Turns the spans of one file into findings.
pub(super) struct Reporter<'a> {
    path: &'a str,
    most: usize,
    /// How often each kind and name was seen.
    seen: BTreeMap<(SecretKind, String), u64>,
    told: usize,
    untold: u64,
}

impl<'a> Reporter<'a> {
    /// Starts a file, of which at most `most` secrets are told one by one.
    pub(super) const fn new(path: &'a str, most: usize) -> Self {
        Self {
            path,
            most,
            seen: BTreeMap::new(),
            told: 0,
            untold: 0,
        }
    }

    /// Tells one secret.
    pub(super) fn see(&mut self, window: &TextWindow<'_>, span: &SecretSpan, sink: &mut dyn Sink) {
        if self.told >= self.most {
            self.untold += 1;
            return;
        }
        self.told += 1;
        let name = name_before(window.text, span.range.start).unwrap_or_default();
        let count = self.seen.entry((span.kind, name.clone())).or_default();
        *count += 1;
        let identity = format!("{} {name} #{count}", span.kind.code());
        let place = window.place(span.range.start);
        let secret = window.text.get(span.range.clone()).unwrap_or_default();
        let region = Region::Line {
            line: place.line,
            column: place.column,
        };
        let finding = found(span, &name)
            .at(Location::file(self.path).at(region))
            .with_identity(identity)
            .with_excerpt(&mask(&String::from_utf8_lossy(secret)));
        sink.finding(finding);
    }

    /// Tells how many there were beyond the limit.
    pub(super) fn finish(self, sink: &mut dyn Sink) {
        if self.untold > 0 {
            let message = format!("{} more exposed secrets", self.untold);
            let finding = ExposedSecret.info().finding(message).with_identity("more secrets");
            sink.finding(finding.at(Location::file(self.path)));
        }
    }
}

fn found(span: &SecretSpan, name: &str) -> Finding {
    let kind = span.kind;
    let message = if name.is_empty() {
        format!("exposed {kind}")
    } else {
        format!("exposed {kind}, as `{name}`")
    };
    ExposedSecret
        .info()
        .finding(message)
        .with_severity(severity(kind, span.confidence))
        .with_confidence(span.confidence)
        .with_fix(format!(
            "revoke the {kind} where it was issued, keep a new one in the environment or a secret store, and \
             remove this one from the history (`git filter-repo`)"
        ))
}

/// What the secret opens decides, softened by doubt.
const fn severity(kind: SecretKind, confidence: Confidence) -> Severity {
    match (kind.power(), confidence) {
        (Power::Identity, Confidence::High) => Severity::Critical,
        (Power::Identity, _) | (Power::Service, Confidence::High | Confidence::Medium) => Severity::High,
        (Power::Service | Power::Limited, _) => Severity::Medium,
    }
}

/// The name to which the value at `start` is given, when it reads like one.
fn name_before(text: &[u8], start: usize) -> Option<String> {
    let before = text.get(start.saturating_sub(2 * LONGEST_NAME)..start)?;
    let line = before.rsplit(|byte| *byte == b'\n').next()?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = line.iter().rposition(|byte| *byte == b'=' || *byte == b':' || *byte == b'>')?;
    let line = line.get(..end)?;
    let last = line.iter().rposition(|byte| is_name(*byte))?;
    let first = line.get(..last)?.iter().rposition(|byte| !is_name(*byte)).map_or(0, |place| place + 1);
    let name = std::str::from_utf8(line.get(first..=last)?).ok()?;
    let lower = name.to_ascii_lowercase();
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let tells = name.len() <= LONGEST_NAME && digits <= 3 && TELLING.iter().any(|part| lower.contains(part));
    tells.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_only_when_they_are_names() {
        let name = |text: &str| name_before(text.as_bytes(), text.len());
        assert_eq!(name("x\nexport DB_PASSWORD=\""), Some("DB_PASSWORD".to_owned()));
        assert_eq!(name("{\"api-key\": \""), Some("api-key".to_owned()));
        assert_eq!(name("<password>"), Some("password".to_owned()));
        assert_eq!(name("https://hunter7:"), None, "half of a login is no name");
        assert_eq!(name("password\n"), None);
        assert_eq!(name(""), None);
    }
}
