//! Secrets known only by the name they are given: `password = "…"`, `.netrc`, Docker logins.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tutela_core::Confidence;

use super::detector::{Alphabet, Case, Detector, Found, Hit, Rule, run};
use super::kind::{Power, SecretKind};
use super::token;
use super::value::{Sorts, entropy, is_placeholder};

/// The longest value looked at.
const LONGEST: usize = 256;
/// Beginnings of names in which `token` means a key and not a piece of text.
const TOKEN_NAMES: &[&str] = &[
    "access", "api", "app", "auth", "bearer", "bot", "deploy", "git", "github", "gitlab", "hf",
    "hub", "id", "jwt", "oauth", "personal", "private", "refresh", "secret", "service", "session",
    "slack", "user", "wandb", "x",
];

/// Secrets known by their name.
pub(super) const DETECTORS: &[Detector] = &[
    Detector {
        kind: SecretKind::new("password", "password", Power::Service),
        anchors: &[
            "password",
            "passwd",
            "passphrase",
            "passwort",
            "pwd",
            "db_pass",
            "dbpass",
            "userpass",
        ],
        case: Case::Any,
        rule: Rule::Custom(password),
        source: "CWE-259; entropy after Shannon 1948",
    },
    Detector {
        kind: SecretKind::new("secret-key", "secret key", Power::Service),
        anchors: &[
            "secret",
            "secret_key",
            "secretkey",
            "secret-key",
            "api_key",
            "apikey",
            "api-key",
            "access_key",
            "accesskey",
            "auth_key",
            "private_key",
            "privatekey",
            "encryption_key",
            "signing_key",
            "master_key",
            "secret_token",
            "account_key",
            "subscription_key",
            "credential",
        ],
        case: Case::Any,
        rule: Rule::Custom(key),
        source: "CWE-798; entropy after Shannon 1948",
    },
    Detector {
        kind: SecretKind::new("access-token", "access token", Power::Service),
        anchors: &["token"],
        case: Case::Any,
        rule: Rule::Custom(access_token),
        source: "RFC 6750; entropy after Shannon 1948",
    },
    Detector {
        kind: SecretKind::new(
            "netrc-password",
            "password in a .netrc file",
            Power::Service,
        ),
        anchors: &["machine "],
        case: Case::Exact,
        rule: Rule::Custom(netrc),
        source: "GNU inetutils manual: the .netrc file",
    },
    Detector {
        kind: SecretKind::new(
            "docker-login",
            "login of a container registry",
            Power::Service,
        ),
        anchors: &["\"auth\""],
        case: Case::Exact,
        rule: Rule::Custom(docker),
        source: "Docker CLI reference: config.json, auths (Base64 of user:password)",
    },
];

/// A value on the right side of an assignment.
struct Value<'a> {
    text: &'a [u8],
    start: usize,
    /// Without quotes a program's own names look like values.
    quoted: bool,
}

impl Value<'_> {
    fn found(&self, confidence: Confidence) -> (Range<usize>, Confidence) {
        (self.start..self.start + self.text.len(), confidence)
    }
}

fn password(hit: &Hit<'_>) -> Found {
    let value = assigned(hit)?;
    let sorts = Sorts::of(value.text);
    let letters = sorts.lower || sorts.upper;
    // Words, paths and identifiers have no digits among their letters and nothing special.
    let mixed = (letters && (sorts.digit || sorts.special)) || (sorts.digit && sorts.special);
    let (least, bits) = if value.quoted { (6, 2.2) } else { (8, 2.7) };
    let long_enough = (least..=128).contains(&value.text.len());
    let sound =
        long_enough && mixed && entropy(value.text) >= bits && !repeats_name(hit, value.text);
    sound.then(|| value.found(Confidence::Medium))
}

fn key(hit: &Hit<'_>) -> Found {
    random(hit, &assigned(hit)?)
}

fn access_token(hit: &Hit<'_>) -> Found {
    let name = name_before(hit).to_ascii_lowercase();
    let is_key = name.is_empty()
        || name
            .split(|byte| matches!(byte, b'_' | b'-' | b'.'))
            .any(|word| TOKEN_NAMES.iter().any(|known| known.as_bytes() == word))
        || TOKEN_NAMES.iter().any(|known| name == known.as_bytes());
    is_key.then_some(())?;
    random(hit, &assigned(hit)?)
}

/// A long value of letters and digits without any pattern.
fn random(hit: &Hit<'_>, value: &Value<'_>) -> Found {
    let text = value.text;
    let sorts = Sorts::of(text);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./+=~:".contains(byte);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let (least, bits) = if value.quoted { (16, 3.0) } else { (20, 3.4) };
    let sound = (least..=LONGEST).contains(&text.len())
        && text.iter().all(is_part)
        && (sorts.lower || sorts.upper)
        && digits >= 2
        && entropy(text) >= bits
        && !repeats_name(hit, text)
        && !is_path(text)
        && !is_disproved(text);
    sound.then(|| value.found(Confidence::Medium))
}

/// Whether the value begins like a token that carries its own proof, and the proof fails.
fn is_disproved(value: &[u8]) -> bool {
    token::DETECTORS
        .iter()
        .any(|detector| match &detector.rule {
            Rule::Checked(_, lengths, test) => detector.anchors.iter().any(|anchor| {
                let body = value.strip_prefix(anchor.as_bytes());
                body.is_some_and(|body| lengths.contains(&body.len())) && !test(value)
            }),
            Rule::Token(..) | Rule::Custom(_) => false,
        })
}

/// Whether the value says the name again, as identifiers and message keys do: `key: "login.password1"`.
fn repeats_name(hit: &Hit<'_>, value: &[u8]) -> bool {
    let name = hit
        .text
        .get(hit.range.clone())
        .unwrap_or_default()
        .to_ascii_lowercase();
    value
        .to_ascii_lowercase()
        .windows(name.len())
        .any(|window| window == name)
}

/// Words between slashes or dots: a path, a host name, a dotted key.
fn is_path(value: &[u8]) -> bool {
    let words: Vec<&[u8]> = value.split(|byte| matches!(byte, b'/' | b'.')).collect();
    let is_word = |word: &&[u8]| word.len() <= 12 && !word.iter().any(u8::is_ascii_uppercase);
    words.len() > 2 && words.iter().all(is_word)
}

/// The part of the identifier before the anchor: `github_` of `github_token`.
fn name_before<'a>(hit: &Hit<'a>) -> &'a [u8] {
    let before = hit.before();
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = before.iter().rev().take(64).take_while(is_name).count();
    let name = before.get(before.len() - length..).unwrap_or_default();
    name.strip_suffix(b"_")
        .or_else(|| name.strip_suffix(b"-"))
        .unwrap_or(name)
}

/// The value assigned to the name that ends with the anchor.
fn assigned<'a>(hit: &Hit<'a>) -> Option<Value<'a>> {
    let after = hit.after();
    let near = after.get(..LONGEST * 2).unwrap_or(after);
    let line = near.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let rest = after_equals(line)?;
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    // `\"` is a quote inside a JSON string.
    let opened = rest
        .strip_prefix(b"\\")
        .filter(|rest| rest.first().is_some_and(is_quote))
        .unwrap_or(rest);
    let quote = opened.first().copied().filter(|byte| is_quote(byte));
    let (text, body) = match quote {
        Some(quote) => {
            let body = opened.get(1..)?;
            let end = body.iter().position(|byte| *byte == quote)?;
            (body.get(..end)?, body)
        }
        None => (bare_value(rest)?, rest),
    };
    let text = text.strip_suffix(b"\\").unwrap_or(text);
    let whole =
        !text.is_empty() && !text.iter().any(u8::is_ascii_whitespace) && !is_placeholder(text);
    whole.then(|| Value {
        text,
        start: hit.range.end + (line.len() - body.len()),
        quoted: quote.is_some(),
    })
}

/// What follows `=`, `:`, `:=`, `=>` or the `>` of an element, past a type annotation.
fn after_equals(line: &[u8]) -> Option<&[u8]> {
    // The rest of the name must be nothing, so that `password_hash` and `tokenizer` are other names.
    let rest = line.strip_prefix(b"\\").unwrap_or(line);
    let rest = match rest {
        [b'"' | b'\'', b']', rest @ ..] | [b'"' | b'\'', rest @ ..] => rest,
        [b'>', rest @ ..] => return Some(rest),
        rest => rest,
    };
    let rest = rest.trim_ascii_start();
    let rest = match rest {
        [b':', b'=', rest @ ..] | [b'=', b'>', rest @ ..] => rest,
        // A comparison gives nobody a password.
        [b'=', b'=' | b'~', ..] => return None,
        [b'=', rest @ ..] => rest,
        [b':', rest @ ..] => past_type(rest),
        _ => return None,
    };
    Some(rest.trim_ascii_start())
}

/// Steps over `str =` in `password: str = "…"`.
fn past_type(rest: &[u8]) -> &[u8] {
    let trimmed = rest.trim_ascii_start();
    let is_type = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_[]|&.?".contains(byte);
    let length = trimmed.iter().take_while(is_type).count();
    match trimmed.get(length..).unwrap_or_default().trim_ascii_start() {
        [b'=', value @ ..] if length > 0 => value,
        _ => rest,
    }
}

/// A value without quotes, unless it is an expression.
fn bare_value(rest: &[u8]) -> Option<&[u8]> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b",;\"'`<>&)]}".contains(byte);
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    let value = rest.get(..length)?;
    let is_expression = value
        .iter()
        .any(|byte| matches!(byte, b'(' | b'[' | b'{' | b'|'));
    let is_path = value.windows(2).any(|pair| pair == b"::");
    (!is_expression && !is_path && !is_number(value)).then_some(value)
}

/// A number as programs write it: `0xC000`, `16384u32`, `10_000ms`.
fn is_number(value: &[u8]) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    let digits = value.iter().take_while(is_digit).count();
    let unit = value.get(digits..).unwrap_or_default();
    value.starts_with(b"0x")
        || (digits > 0 && unit.len() <= 5 && unit.iter().all(u8::is_ascii_alphanumeric))
}

/// `machine host login name password secret`, on one line or several.
fn netrc(hit: &Hit<'_>) -> Found {
    let after = hit.after();
    let near = after.get(..LONGEST * 2).unwrap_or(after);
    let words: Vec<Range<usize>> = words(near).take(5).collect();
    let word = |place: usize| near.get(words.get(place)?.clone());
    let secret = word(4)?;
    let sound = word(1)? == b"login" && word(3)? == b"password" && !is_placeholder(secret);
    let start = hit.range.end + words.get(4)?.start;
    sound.then(|| (start..start + secret.len(), Confidence::High))
}

/// Where the words of a text stand.
fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    text.chunk_by(|left, right| left.is_ascii_whitespace() == right.is_ascii_whitespace())
        .map(move |piece| {
            end += piece.len();
            (end - piece.len()..end, piece)
        })
        .filter(|(_, piece)| !piece.first().is_some_and(u8::is_ascii_whitespace))
        .map(|(range, _)| range)
}

/// `"auth": "Base64 of user:password"`.
fn docker(hit: &Hit<'_>) -> Found {
    let rest = hit
        .after()
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let length = run(rest, Alphabet::Base64, LONGEST * 8);
    let text = rest.get(..length)?;
    let login = STANDARD.decode(text).ok()?;
    let colon = login.iter().position(|byte| *byte == b':')?;
    let readable = login.iter().all(|byte| byte.is_ascii_graphic());
    let secret = login.get(colon + 1..)?;
    let start = hit.text.len() - rest.len();
    let sound = rest.get(length) == Some(&b'"') && readable && colon > 0 && secret.len() >= 4;
    (sound && !is_placeholder(secret)).then(|| (start..start + length, Confidence::High))
}
