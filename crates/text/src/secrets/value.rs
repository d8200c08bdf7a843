//! Telling a secret from a placeholder.

/// Parts of values that stand for a secret in documentation and templates.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "dummy",
    "your_",
    "your-",
    "yourpass",
    "yoursecret",
    "yourtoken",
    "yourapi",
    "xxxx",
    "****",
    "....",
    "____",
    "todo",
    "fixme",
    "redacted",
    "insert",
    "replace",
    "sample",
    "fake",
    "goes-here",
    "goes_here",
    "gohere",
    "-here",
    "_here",
    "not-a-real",
    "not_a_real",
    "notreal",
    "notasecret",
    "foobar",
    "lorem",
];
/// Beginnings of a reference to where the secret really is.
const REFERENCES: &[&str] = &[
    "$",
    "<",
    "{",
    "%",
    "@",
    "#",
    "&",
    "!",
    "env.",
    "env:",
    "env(",
    "process.env",
    "os.environ",
    "os.getenv",
    "getenv",
    "secrets.",
    "secret://",
    "vault:",
    "vault/",
    "ref+",
    "enc(",
    "enc[",
    "arn:",
    "file:",
    "/run/secrets",
    "op://",
    "projects/",
    "settings.",
    "config.",
    "self.",
    "args.",
    "http://",
    "https://",
];
/// Whole values that open nothing, or that everyone tries first.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "test",
    "testing",
    "none",
    "null",
    "true",
    "false",
    "string",
    "undefined",
    "admin",
    "root",
    "default",
    "guest",
    "user",
    "username",
    "postgres",
    "mysql",
    "redis",
    "mypassword",
    "mysecret",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pw",
    "pwd",
];

/// Whether a value only stands for a secret: a template, a reference, an example.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    let bare =
        lower.trim_end_matches(|character: char| character.is_ascii_digit() || character == '!');
    let template = ["${", "{{", "$(", "<%", "%(", "#{", "{0}", "%s"];
    WORDS.contains(&bare)
        || REFERENCES.iter().any(|start| lower.starts_with(start))
        || template.iter().any(|part| lower.contains(part))
        || is_filler(value)
}

/// Whether characters were filled in for show: few different ones, a counting row, a word like `example`.
pub(super) fn is_filler(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let has = |part: &&str| {
        let part = part.as_bytes();
        lower.windows(part.len()).any(|window| window == part)
    };
    let rows: [&str; 4] = ["0123456789", "1234567890", "abcdefghij", "qwertyuiop"];
    let wanted = if value.len() >= 16 { 6 } else { 3 };
    distinct(value) < wanted || PLACEHOLDERS.iter().any(&has) || rows.iter().any(has)
}

/// How many different bytes there are.
fn distinct(value: &[u8]) -> usize {
    let mut sorted = value.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

/// Shannon's entropy of the characters in bits each; 4 is the most that hexadecimal digits reach.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut sorted = value.to_vec();
    sorted.sort_unstable();
    // Lengths of values are bounded by a few hundred, so the conversion is exact.
    let exact = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
    let total = exact(value.len());
    sorted
        .chunk_by(|left, right| left == right)
        .map(|same| exact(same.len()) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// Which sorts of characters a value has.
pub(super) struct Sorts {
    /// Lower case.
    pub lower: bool,
    /// Upper case.
    pub upper: bool,
    /// Digits.
    pub digit: bool,
    /// Anything that no identifier, path or version has.
    pub special: bool,
}

impl Sorts {
    /// Looks at every character.
    pub(super) fn of(value: &[u8]) -> Self {
        let has = |wanted: fn(&u8) -> bool| value.iter().any(wanted);
        Self {
            lower: has(u8::is_ascii_lowercase),
            upper: has(u8::is_ascii_uppercase),
            digit: has(u8::is_ascii_digit),
            special: has(|byte| {
                !byte.is_ascii_alphanumeric()
                    && !matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b' ')
            }),
        }
    }
}
