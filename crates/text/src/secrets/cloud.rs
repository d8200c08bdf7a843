//! Keys of cloud accounts.

use tutela_core::Confidence;

use super::detector::{Alphabet, Case, Detector, Found, Hit, Rule, run};
use super::kind::{Power, SecretKind};
use super::value::{Sorts, entropy, is_filler};

const AWS_SECRET: SecretKind = SecretKind::new(
    "aws-secret-access-key",
    "AWS secret access key",
    Power::Identity,
);
const AWS_SOURCE: &str = "AWS IAM user guide: unique identifiers; managing access keys";

/// Keys of cloud accounts.
pub(super) const DETECTORS: &[Detector] = &[
    Detector {
        kind: SecretKind::new("aws-access-key-id", "AWS access key id", Power::Limited),
        anchors: &["AKIA", "ASIA", "ABIA", "ACCA"],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Upper, 16..=16, is_aws_id),
        source: AWS_SOURCE,
    },
    Detector {
        kind: AWS_SECRET,
        anchors: &[
            "secret_access_key",
            "secretaccesskey",
            "secret_key",
            "secretkey",
        ],
        case: Case::Any,
        rule: Rule::Custom(|hit| aws_secret(hit, 24)),
        source: AWS_SOURCE,
    },
    Detector {
        kind: AWS_SECRET,
        anchors: &["AKIA"],
        case: Case::Exact,
        rule: Rule::Custom(|hit| {
            let id = hit
                .text
                .get(hit.range.start..hit.range.end.checked_add(16)?)?;
            is_aws_id(id).then_some(())?;
            aws_secret(hit, 160)
        }),
        source: AWS_SOURCE,
    },
    Detector {
        kind: SecretKind::new("google-api-key", "Google API key", Power::Service),
        anchors: &["AIza"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 35..=35),
        source: "Google Cloud documentation: API keys",
    },
    Detector {
        kind: SecretKind::new(
            "google-oauth-secret",
            "Google OAuth client secret",
            Power::Service,
        ),
        anchors: &["GOCSPX-"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 28..=28),
        source: "Google Cloud documentation: OAuth clients",
    },
    Detector {
        kind: SecretKind::new(
            "azure-storage-key",
            "Azure storage account key",
            Power::Identity,
        ),
        anchors: &["AccountKey="],
        case: Case::Exact,
        rule: Rule::Custom(|hit| azure_key(hit, 88)),
        source: "Azure Storage documentation: configure connection strings (512-bit key in Base64)",
    },
    Detector {
        kind: SecretKind::new(
            "azure-shared-access-key",
            "Azure shared access key",
            Power::Service,
        ),
        anchors: &["SharedAccessKey="],
        case: Case::Exact,
        rule: Rule::Custom(|hit| azure_key(hit, 44)),
        source: "Azure Event Hubs and IoT Hub documentation: connection strings (256-bit key in Base64)",
    },
    Detector {
        kind: SecretKind::new(
            "azure-client-secret",
            "Azure application secret",
            Power::Identity,
        ),
        anchors: &["Q~"],
        case: Case::Exact,
        rule: Rule::Custom(azure_client_secret),
        source: "Microsoft Purview: Azure AD client secret entity definition",
    },
    Detector {
        kind: SecretKind::new(
            "alibaba-access-key-id",
            "Alibaba Cloud access key id",
            Power::Limited,
        ),
        anchors: &["LTAI"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 16..=20),
        source: "Alibaba Cloud documentation: AccessKey pair",
    },
    Detector {
        kind: SecretKind::new("digitalocean-token", "DigitalOcean token", Power::Identity),
        anchors: &["dop_v1_", "doo_v1_", "dor_v1_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Hex, 64..=64),
        source: "DigitalOcean API reference: authentication",
    },
];

/// Base32 after the prefix (digits 2–7 only), and not one of the documentation's keys.
fn is_aws_id(id: &[u8]) -> bool {
    let body = id.get(4..).unwrap_or_default();
    body.iter()
        .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7'))
        && !is_filler(body)
}

/// Forty characters of Base64 that look random, at most `reach` bytes after the anchor.
fn aws_secret(hit: &Hit<'_>, reach: usize) -> Found {
    let after = hit.after();
    let near = after.get(..reach + 41).unwrap_or(after);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut start = 0;
    for piece in near.chunk_by(|left, right| is_part(*left) == is_part(*right)) {
        let sorts = Sorts::of(piece);
        let random = piece.len() == 40
            && is_part(*piece.first()?)
            && (sorts.lower && sorts.upper && sorts.digit)
            && entropy(piece) > 4.2
            && !is_filler(piece);
        if random {
            let start = hit.range.end + start;
            return Some((start..start + 40, Confidence::High));
        }
        start += piece.len();
    }
    None
}

/// A Base64 key of a fixed length that ends in its padding.
fn azure_key(hit: &Hit<'_>, length: usize) -> Found {
    let after = hit.after();
    let found = run(after, Alphabet::Base64, length + 1);
    let key = after.get(..found)?;
    let sound = found == length && key.ends_with(b"=") && !is_filler(key) && entropy(key) > 4.0;
    sound.then(|| (hit.range.end..hit.range.end + length, Confidence::High))
}

/// Three characters, a digit, `Q~`, then 31 to 34 more.
fn azure_client_secret(hit: &Hit<'_>) -> Found {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_~.-".contains(byte);
    let start = hit.range.start.checked_sub(4)?;
    let head = hit.text.get(start..hit.range.start)?;
    let tail = hit
        .after()
        .iter()
        .take(40)
        .take_while(|byte| is_part(byte))
        .count();
    let outside = start.checked_sub(1).and_then(|place| hit.text.get(place));
    let sound = head.iter().all(is_part)
        && head.last().is_some_and(u8::is_ascii_digit)
        && !outside.is_some_and(is_part)
        && (31..=34).contains(&tail);
    let end = hit.range.end + tail;
    (sound && !is_filler(hit.text.get(start..end)?)).then_some((start..end, Confidence::High))
}
