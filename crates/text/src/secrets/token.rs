//! Tokens of services, each known by its first letters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tutela_core::Confidence;

use super::detector::{Alphabet, Case, Detector, Found, Hit, Rule, run};
use super::kind::{Power, SecretKind};
use super::value::{Sorts, entropy, is_filler};
use crate::crc::{base62, crc32};

/// Tokens of services.
pub(super) const DETECTORS: &[Detector] = &[
    Detector {
        kind: SecretKind::new("github-token", "GitHub token", Power::Identity),
        anchors: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Alphanumeric, 36..=36, has_crc),
        source: "GitHub blog, 2021-04-05: Behind GitHub's new authentication token formats (CRC-32 in base 62)",
    },
    Detector {
        kind: SecretKind::new(
            "github-fine-grained-token",
            "GitHub fine-grained token",
            Power::Identity,
        ),
        anchors: &["github_pat_"],
        case: Case::Exact,
        rule: Rule::Custom(github_fine_grained),
        source: "GitHub docs: managing your personal access tokens",
    },
    Detector {
        kind: SecretKind::new("gitlab-token", "GitLab token", Power::Identity),
        anchors: &[
            "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-",
            "glagent-", "gloas-",
        ],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::UrlDot, 20..=300),
        source: "GitLab docs: token overview, token prefixes",
    },
    Detector {
        kind: SecretKind::new("npm-token", "npm token", Power::Identity),
        anchors: &["npm_"],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Alphanumeric, 36..=36, has_crc),
        source: "GitHub blog, 2021-09-23: npm has a new access token format (CRC-32 in base 62)",
    },
    Detector {
        kind: SecretKind::new("pypi-token", "PyPI token", Power::Identity),
        anchors: &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 50..=1000),
        source: "PyPI help: API tokens; a macaroon whose location is pypi.org or test.pypi.org",
    },
    Detector {
        kind: SecretKind::new("rubygems-token", "RubyGems key", Power::Identity),
        anchors: &["rubygems_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Hex, 48..=48),
        source: "RubyGems guides: API key scopes",
    },
    Detector {
        kind: SecretKind::new("crates-io-token", "crates.io token", Power::Identity),
        anchors: &["cio"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 32..=32),
        source: "crates.io, PR 3780: token prefix",
    },
    Detector {
        kind: SecretKind::new("docker-token", "Docker Hub token", Power::Identity),
        anchors: &["dckr_pat_", "dckr_oat_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 27..=36),
        source: "Docker docs: access tokens",
    },
    Detector {
        kind: SecretKind::new("hugging-face-token", "Hugging Face token", Power::Identity),
        anchors: &["hf_", "api_org_"],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Alphanumeric, 34..=37, is_letters_mostly),
        source: "Hugging Face docs: user access tokens",
    },
    Detector {
        kind: SecretKind::new("openai-key", "OpenAI key", Power::Service),
        anchors: &["T3BlbkFJ"],
        case: Case::Exact,
        rule: Rule::Custom(openai),
        source: "OpenAI platform docs: API keys; T3BlbkFJ is `OpenAI` in Base64",
    },
    Detector {
        kind: SecretKind::new("anthropic-key", "Anthropic key", Power::Service),
        anchors: &["sk-ant-api03-", "sk-ant-admin01-", "sk-ant-oat01-"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 90..=110),
        source: "Anthropic API docs: authentication",
    },
    Detector {
        kind: SecretKind::new("groq-key", "Groq key", Power::Service),
        anchors: &["gsk_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 52..=52),
        source: "Groq docs: API keys",
    },
    Detector {
        kind: SecretKind::new("xai-key", "xAI key", Power::Service),
        anchors: &["xai-"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 80..=80),
        source: "xAI docs: API keys",
    },
    Detector {
        kind: SecretKind::new("perplexity-key", "Perplexity key", Power::Service),
        anchors: &["pplx-"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 48..=48),
        source: "Perplexity docs: API keys",
    },
    Detector {
        kind: SecretKind::new("replicate-token", "Replicate token", Power::Service),
        anchors: &["r8_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 37..=37),
        source: "Replicate docs: API tokens",
    },
    Detector {
        kind: SecretKind::new("databricks-token", "Databricks token", Power::Identity),
        anchors: &["dapi"],
        case: Case::Exact,
        rule: Rule::Custom(databricks),
        source: "Databricks docs: personal access tokens",
    },
    Detector {
        kind: SecretKind::new("slack-token", "Slack token", Power::Service),
        anchors: &[
            "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-",
        ],
        case: Case::Exact,
        rule: Rule::Checked(Alphabet::Url, 20..=250, has_digits),
        source: "Slack docs: token types",
    },
    Detector {
        kind: SecretKind::new("slack-webhook", "Slack webhook", Power::Service),
        anchors: &["hooks.slack.com/services/"],
        case: Case::Exact,
        rule: Rule::Custom(slack_webhook),
        source: "Slack docs: incoming webhooks",
    },
    Detector {
        kind: SecretKind::new("stripe-live-key", "Stripe live key", Power::Identity),
        anchors: &["sk_live_", "rk_live_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 24..=247),
        source: "Stripe docs: API keys",
    },
    Detector {
        kind: SecretKind::new("stripe-test-key", "Stripe test key", Power::Limited),
        anchors: &["sk_test_", "rk_test_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 24..=247),
        source: "Stripe docs: API keys",
    },
    Detector {
        kind: SecretKind::new(
            "stripe-webhook-secret",
            "Stripe webhook secret",
            Power::Service,
        ),
        anchors: &["whsec_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 32..=64),
        source: "Stripe docs: webhook signatures",
    },
    Detector {
        kind: SecretKind::new("sendgrid-key", "SendGrid key", Power::Service),
        anchors: &["SG."],
        case: Case::Exact,
        rule: Rule::Custom(sendgrid),
        source: "Twilio SendGrid docs: API keys",
    },
    Detector {
        kind: SecretKind::new("telegram-token", "Telegram bot token", Power::Service),
        anchors: &[":AA"],
        case: Case::Exact,
        rule: Rule::Custom(telegram),
        source: "Telegram Bot API: authorizing your bot",
    },
    Detector {
        kind: SecretKind::new("shopify-token", "Shopify token", Power::Service),
        anchors: &["shpat_", "shpca_", "shppa_", "shpss_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Hex, 32..=32),
        source: "Shopify docs: access token formats",
    },
    Detector {
        kind: SecretKind::new("grafana-token", "Grafana token", Power::Service),
        anchors: &["glsa_"],
        case: Case::Exact,
        rule: Rule::Custom(grafana),
        source: "Grafana docs: service accounts",
    },
    Detector {
        kind: SecretKind::new("vault-token", "HashiCorp Vault token", Power::Identity),
        anchors: &["hvs.", "hvb."],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Url, 24..=300),
        source: "Vault docs: tokens",
    },
    Detector {
        kind: SecretKind::new("terraform-token", "Terraform Cloud token", Power::Identity),
        anchors: &[".atlasv1."],
        case: Case::Exact,
        rule: Rule::Custom(terraform),
        source: "HCP Terraform docs: API tokens",
    },
    Detector {
        kind: SecretKind::new("linear-key", "Linear key", Power::Service),
        anchors: &["lin_api_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Alphanumeric, 40..=40),
        source: "Linear docs: API keys",
    },
    Detector {
        kind: SecretKind::new("supabase-token", "Supabase token", Power::Service),
        anchors: &["sbp_"],
        case: Case::Exact,
        rule: Rule::Token(Alphabet::Hex, 40..=40),
        source: "Supabase docs: management API",
    },
    Detector {
        kind: SecretKind::new("jwt", "JSON web token", Power::Limited),
        anchors: &["eyJ"],
        case: Case::Exact,
        rule: Rule::Custom(jwt),
        source: "RFC 7519; RFC 7515 section 3.1",
    },
];

/// The last six characters are the CRC-32 of the thirty before them, in base 62.
fn has_crc(token: &[u8]) -> bool {
    let body = token
        .len()
        .checked_sub(36)
        .and_then(|start| token.get(start..));
    let Some((entropy, checksum)) = body.and_then(|body| body.split_at_checked(30)) else {
        return false;
    };
    base62(checksum) == Some(u64::from(crc32(entropy)))
}

/// Random letters of both cases; identifiers such as `hf_` + snake case never get this far.
fn is_letters_mostly(token: &[u8]) -> bool {
    let body = token
        .rsplit(|byte| *byte == b'_')
        .next()
        .unwrap_or_default();
    let sorts = Sorts::of(body);
    sorts.lower && sorts.upper && entropy(body) > 3.5
}

/// A token of Slack has the numbers of its workspace.
fn has_digits(token: &[u8]) -> bool {
    token.iter().filter(|byte| byte.is_ascii_digit()).count() >= 8
}

/// Parts of fixed lengths after an anchor, with one separator between them.
fn parts(hit: &Hit<'_>, separator: u8, lengths: &[(Alphabet, usize, usize)]) -> Found {
    let mut rest = hit.after();
    for (place, (alphabet, least, most)) in lengths.iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(&[separator])?;
        }
        let length = run(rest, *alphabet, most + 1);
        (*least..=*most).contains(&length).then_some(())?;
        rest = rest.get(length..)?;
    }
    let end = hit.text.len() - rest.len();
    let whole = hit.text.get(hit.range.end..end)?;
    let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    (ends && hit.begins_word() && !is_filler(whole))
        .then_some((hit.range.start..end, Confidence::High))
}

/// Twenty-two characters, `_`, fifty-nine more.
fn github_fine_grained(hit: &Hit<'_>) -> Found {
    parts(
        hit,
        b'_',
        &[
            (Alphabet::Alphanumeric, 22, 22),
            (Alphabet::Alphanumeric, 59, 59),
        ],
    )
}

fn sendgrid(hit: &Hit<'_>) -> Found {
    parts(
        hit,
        b'.',
        &[(Alphabet::Url, 22, 22), (Alphabet::Url, 43, 43)],
    )
}

fn grafana(hit: &Hit<'_>) -> Found {
    parts(
        hit,
        b'_',
        &[(Alphabet::Alphanumeric, 32, 32), (Alphabet::Hex, 8, 8)],
    )
}

fn databricks(hit: &Hit<'_>) -> Found {
    let found = parts(hit, b'-', &[(Alphabet::Hex, 32, 32), (Alphabet::Hex, 1, 1)]);
    found.or_else(|| parts(hit, b'-', &[(Alphabet::Hex, 32, 32)]))
}

fn slack_webhook(hit: &Hit<'_>) -> Found {
    let upper = (Alphabet::Upper, 8, 14);
    parts(hit, b'/', &[upper, upper, (Alphabet::Alphanumeric, 24, 24)])
}

/// `sk-`, perhaps a sort of key, random characters, the anchor, random characters.
fn openai(hit: &Hit<'_>) -> Found {
    let before = hit.before().iter().rev().take(200);
    let length = before.take_while(|byte| Alphabet::Url.has(**byte)).count();
    let start = hit.range.start - length;
    let end = hit.range.end + run(hit.after(), Alphabet::Url, 200);
    let whole = hit.text.get(start..end)?;
    let sound = whole.starts_with(b"sk-") && whole.len() >= 48 && !is_filler(whole);
    sound.then_some((start..end, Confidence::High))
}

/// The bot's number before the colon, thirty-five characters after it.
fn telegram(hit: &Hit<'_>) -> Found {
    let before = hit.before();
    let digits = before
        .iter()
        .rev()
        .take(11)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let outside = before
        .len()
        .checked_sub(digits + 1)
        .and_then(|place| before.get(place));
    let length = run(hit.after(), Alphabet::Url, 34);
    let start = hit.range.start - digits;
    let end = hit.range.end + length;
    let sound = (8..=10).contains(&digits)
        && length == 33
        && !outside.is_some_and(u8::is_ascii_alphanumeric)
        && !is_filler(hit.text.get(hit.range.end..end)?);
    sound.then_some((start..end, Confidence::High))
}

fn terraform(hit: &Hit<'_>) -> Found {
    let before = hit.before().iter().rev().take(15);
    let head = before
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let tail = run(hit.after(), Alphabet::Url, 71);
    let range = hit.range.start - head..hit.range.end + tail;
    let sound = head == 14 && (60..=70).contains(&tail) && !is_filler(hit.text.get(range.clone())?);
    sound.then_some((range, Confidence::High))
}

/// Three parts of Base64; the first is a JSON object that names an algorithm.
fn jwt(hit: &Hit<'_>) -> Found {
    // RFC 7519 sets no limit; tokens travel in HTTP headers, which servers cut at 8 KiB.
    const LONGEST: usize = 8 << 10;
    let whole = hit.text.get(hit.range.start..)?;
    let length = run(whole, Alphabet::UrlDot, LONGEST);
    let mut pieces = whole.get(..length)?.split(|byte| *byte == b'.');
    let (header, payload, signature) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let header_json = json(header)?;
    let payload_json = json(payload)?;
    // The token that jwt.io shows and half the web copies.
    let shown = payload_json
        .get("sub")
        .is_some_and(|sub| sub == "1234567890");
    let sound = hit.begins_word()
        && header_json.get("alg")?.is_string()
        && payload_json.is_object()
        && !shown;
    let end = hit.range.start + header.len() + payload.len() + signature.len() + 2;
    (sound && signature.len() >= 20).then_some((hit.range.start..end, Confidence::High))
}

fn json(part: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
