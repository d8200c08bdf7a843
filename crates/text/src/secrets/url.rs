//! Passwords inside addresses: `scheme://user:password@host`.

use tutela_core::Confidence;

use super::detector::{Case, Detector, Found, Hit, Rule};
use super::kind::{Power, SecretKind};
use super::value::is_placeholder;

/// Schemes of databases, caches, queues and directories.
const DATABASES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mssql",
    "sqlserver",
    "oracle",
    "mongodb",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "kafka",
    "cassandra",
    "clickhouse",
    "cockroachdb",
    "couchdb",
    "elasticsearch",
    "neo4j",
    "bolt",
    "nats",
    "ldap",
    "ldaps",
    "jdbc",
    "snowflake",
    "influxdb",
    "valkey",
    "trino",
    "presto",
];
/// What the user part may have at most; RFC 3986 sets no limit.
const LONGEST: usize = 512;

/// Passwords inside addresses.
pub(super) const DETECTORS: &[Detector] = &[
    Detector {
        kind: SecretKind::new(
            "database-url",
            "password in a database address",
            Power::Service,
        ),
        anchors: &["://"],
        case: Case::Exact,
        rule: Rule::Custom(|hit| password(hit, Sort::Database)),
        source: "RFC 3986 section 3.2.1; PostgreSQL, MongoDB and Redis documentation: connection URIs",
    },
    Detector {
        kind: SecretKind::new("basic-auth-url", "password in an address", Power::Service),
        anchors: &["://"],
        case: Case::Exact,
        rule: Rule::Custom(|hit| password(hit, Sort::Other)),
        source: "RFC 3986 section 3.2.1; RFC 7617",
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Database,
    Other,
}

fn password(hit: &Hit<'_>, wanted: Sort) -> Found {
    (sort_of(hit)? == wanted).then_some(())?;
    let after = hit.after();
    let near = after.get(..LONGEST).unwrap_or(after);
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace() || byte.is_ascii_control() || b"/\"'`<>\\?#,;()|".contains(byte)
    };
    let length = near.iter().position(ends).unwrap_or(near.len());
    let authority = near.get(..length)?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    let (user_part, host) = (authority.get(..at)?, authority.get(at + 1..)?);
    let colon = user_part.iter().position(|byte| *byte == b':')?;
    let (user, password) = (user_part.get(..colon)?, user_part.get(colon + 1..)?);
    let sound = !password.is_empty()
        && host
            .first()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'[')
        && user_part
            .iter()
            .all(|byte| !matches!(byte, b'{' | b'}' | b'$' | b'*' | b'[' | b']'))
        && !is_placeholder(password)
        && !is_documentation(host);
    // `app:app@localhost` is how every tutorial starts a database on one's own machine.
    let confidence = match (is_local(host), user == password) {
        (true, true) => return None,
        (true, false) => Confidence::Low,
        (false, true) => Confidence::Medium,
        (false, false) => Confidence::High,
    };
    let start = hit.range.end + colon + 1;
    sound.then(|| (start..start + password.len(), confidence))
}

fn sort_of(hit: &Hit<'_>) -> Option<Sort> {
    let before = hit.before().iter().rev().take(40);
    let is_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
    let length = before.take_while(is_scheme).count();
    let scheme = hit
        .text
        .get(hit.range.start - length..hit.range.start)?
        .to_ascii_lowercase();
    // `postgresql+asyncpg` is a driver of postgresql.
    let base = scheme.split(|byte| *byte == b'+').next()?;
    let known = DATABASES.iter().any(|name| name.as_bytes() == base);
    (!scheme.is_empty()).then_some(if known { Sort::Database } else { Sort::Other })
}

fn is_local(host: &[u8]) -> bool {
    let name = host.split(|byte| *byte == b':').next().unwrap_or_default();
    name.starts_with(b"127.") || name == b"localhost" || !name.contains(&b'.')
}

/// Names that RFC 2606 reserves for documentation.
fn is_documentation(host: &[u8]) -> bool {
    let name = host
        .split(|byte| *byte == b':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let reserved: [&[u8]; 6] = [
        b"example.com",
        b"example.org",
        b"example.net",
        b".example",
        b".test",
        b".invalid",
    ];
    reserved.iter().any(|ending| name.ends_with(ending))
}
