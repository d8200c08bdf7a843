//! E-mail addresses, found from their `@`.

use std::ops::Range;

use tutela_core::Confidence;

use super::{PersonalKind, PersonalSpan};

/// RFC 5321 section 4.5.3.1 allows 64 bytes before the `@` and 255 after it.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;
/// Names of files such as `icon@2x.png` have the shape of an address.
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html",
];
/// Mailboxes of a role, not of a person (RFC 2142 and common use).
const ROLES: &[&str] = &[
    "abuse",
    "admin",
    "contact",
    "dpo",
    "hello",
    "hostmaster",
    "info",
    "legal",
    "mail",
    "marketing",
    "no-reply",
    "noreply",
    "office",
    "postmaster",
    "press",
    "privacy",
    "root",
    "sales",
    "security",
    "support",
    "team",
    "webmaster",
];

/// The address around an `@`, not reaching before `floor`.
///
/// The names that people really have: letters, digits and `._%+-` before the `@`, a host name after it.
/// Quoted local parts and addresses in other scripts are not looked for.
pub(super) fn around(text: &[u8], at: usize, floor: usize) -> Option<PersonalSpan> {
    let local = local_part(text, at, floor)?;
    let end = domain(text, at)?;
    let before = text.get(..local.start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    // `https://user@host/` and `git@host:path` name a machine.
    if before.ends_with(b"//") || matches!(after, [b':', next, ..] if !next.is_ascii_whitespace()) {
        return None;
    }
    let name = text.get(local.clone())?.to_ascii_lowercase();
    let is_role = ROLES.iter().any(|role| role.as_bytes() == name);
    Some(PersonalSpan {
        kind: PersonalKind::Email,
        range: local.start..end,
        confidence: if is_role {
            Confidence::Low
        } else {
            Confidence::High
        },
        valid: true,
    })
}

fn local_part(text: &[u8], at: usize, floor: usize) -> Option<Range<usize>> {
    let before = text.get(floor..at)?;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let length = before
        .iter()
        .rev()
        .take(LOCAL + 1)
        .take_while(is_name)
        .count();
    let name = text.get(at - length..at)?;
    let led = name
        .iter()
        .take_while(|byte| !byte.is_ascii_alphanumeric() && **byte != b'_')
        .count();
    let name = name.get(led..)?;
    let sound = (1..=LOCAL).contains(&name.len())
        && name.last().is_some_and(|last| *last != b'.')
        && !name.windows(2).any(|pair| pair == b"..");
    sound.then(|| at - name.len()..at)
}

/// One past the end of the host name after an `@`.
fn domain(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at + 1..)?;
    let rest = rest.get(..DOMAIN).unwrap_or(rest);
    let is_host = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let length = rest.iter().take_while(is_host).count();
    // A full stop or dash that ends the sentence is not part of the name.
    let tail = rest.get(..length)?.iter().rev();
    let trimmed = tail
        .take_while(|byte| !byte.is_ascii_alphanumeric())
        .count();
    let host = rest.get(..length - trimmed)?;
    let labels: Vec<&[u8]> = host.split(|byte| *byte == b'.').collect();
    let (last, others) = labels.split_last()?;
    let sound = |label: &&[u8]| {
        (1..=63).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-")
    };
    let top = last.to_ascii_lowercase();
    let is_top =
        (last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic)) || top.starts_with(b"xn--");
    let is_file = FILES.iter().any(|ending| ending.as_bytes() == top);
    (!others.is_empty() && labels.iter().all(sound) && is_top && !is_file)
        .then(|| at + 1 + host.len())
}
