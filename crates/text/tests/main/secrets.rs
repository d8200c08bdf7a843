//! Secrets by structure and checksum, and what only looks like one.
//!
//! No token stands here whole: each is put together while the test runs, so that scanners of source
//! code, this one included, find nothing in this file.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tutela_core::Confidence::{self, High};
use tutela_text::find_secrets;
use tutela_text::secrets::kinds;

/// Letters and digits without a pattern: a linear congruential generator (Knuth, MMIX).
fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let place = usize::try_from(state >> 33).unwrap() % alphabet.len();
            char::from(alphabet.as_bytes()[place])
        })
        .collect()
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn found(text: &str) -> Vec<(&'static str, &str, Confidence)> {
    let spans = find_secrets(text);
    spans
        .into_iter()
        .map(|span| (span.kind.code(), &text[span.range], span.confidence))
        .collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    found(text).into_iter().map(|span| span.0).collect()
}

/// CRC-32 the other way round: long division of polynomials, bit by bit, then base 62.
fn checksum(body: &str) -> String {
    let mut bits: Vec<u8> = body
        .bytes()
        .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1))
        .collect();
    bits.extend([0; 32]);
    bits.iter_mut().take(32).for_each(|bit| *bit ^= 1);
    let polynomial = 0x1_04C1_1DB7_u64;
    for start in 0..bits.len() - 32 {
        if bits[start] == 1 {
            for place in 0..33 {
                bits[start + place] ^= u8::try_from(polynomial >> (32 - place) & 1).unwrap();
            }
        }
    }
    let rest = &bits[bits.len() - 32..];
    let mut value = rest
        .iter()
        .rev()
        .fold(0_u32, |value, bit| value << 1 | u32::from(*bit))
        ^ u32::MAX;
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".as_bytes();
    let mut text = Vec::new();
    for _ in 0..6 {
        text.insert(0, digits[usize::try_from(value % 62).unwrap()]);
        value /= 62;
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn the_published_example_of_the_checksum() {
    // From the public description of the format; revoked before it was printed.
    assert_eq!(
        checksum(&["zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ"].concat()),
        "0mLq17"
    );
}

#[test]
fn checksums_decide() {
    for (prefix, code) in [
        ("ghp_", "github-token"),
        ("gho_", "github-token"),
        ("npm_", "npm-token"),
    ] {
        let body = random(ALNUM, 30, 7);
        let token = format!("{prefix}{body}{}", checksum(&body));
        let text = format!("remote = {token}\n");
        assert_eq!(found(&text), [(code, token.as_str(), High)]);
        for place in 4..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(codes(&changed).is_empty(), "{place}");
        }
    }
}

/// One token of each structure.
fn tokens() -> Vec<(&'static str, String)> {
    let r = |length| random(ALNUM, length, 11);
    vec![
        (
            "github-fine-grained-token",
            format!("github_pat_{}_{}", r(22), r(59)),
        ),
        ("gitlab-token", format!("glpat-{}", r(20))),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", r(130))),
        ("hugging-face-token", format!("hf_{}", r(34))),
        ("openai-key", format!("sk-proj-{}T3BlbkFJ{}", r(74), r(74))),
        ("openai-key", format!("sk-{}T3BlbkFJ{}", r(20), r(20))),
        (
            "anthropic-key",
            format!("sk-ant-api03-{}-{}AA", r(50), random(ALNUM, 42, 3)),
        ),
        (
            "slack-token",
            format!(
                "xoxb-{}-{}-{}",
                random("0123456789", 12, 5),
                random("0123456789", 13, 6),
                r(24)
            ),
        ),
        ("stripe-live-key", format!("sk_live_{}", r(24))),
        ("stripe-test-key", format!("sk_test_{}", r(24))),
        ("google-api-key", format!("AIza{}", r(35))),
        (
            "sendgrid-key",
            format!("SG.{}.{}", r(22), random(ALNUM, 43, 2)),
        ),
        ("telegram-token", format!("{}:AA{}", "728194356", r(33))),
        ("aws-access-key-id", format!("AKIA{}", random(UPPER, 16, 4))),
        (
            "digitalocean-token",
            format!("dop_v1_{}", random(HEX, 64, 4)),
        ),
        ("databricks-token", format!("dapi{}-2", random(HEX, 32, 4))),
        ("replicate-token", format!("r8_{}", r(37))),
        (
            "grafana-token",
            format!("glsa_{}_{}", r(32), random(HEX, 8, 4)),
        ),
        (
            "terraform-token",
            format!("{}.atlasv1.{}", r(14), random(ALNUM, 67, 8)),
        ),
        ("azure-client-secret", format!("aB18Q~{}", r(34))),
        ("groq-key", format!("gsk_{}", r(52))),
        ("vault-token", format!("hvs.{}", r(90))),
    ]
}

#[test]
fn tokens_by_structure() {
    for (code, token) in tokens() {
        for text in [
            format!("key: \"{token}\""),
            token.clone(),
            format!("({token}),\n"),
        ] {
            let spans = found(&text);
            assert_eq!(spans, [(code, token.as_str(), High)], "{text}");
        }
        assert!(
            codes(&format!("x{token}"))
                .iter()
                .all(|other| *other != code || code == "azure-client-secret"),
            "inside a word: {token}"
        );
        let cut: String = token.chars().take(token.len() - 12).collect();
        assert!(
            codes(&cut).is_empty()
                || matches!(
                    code,
                    "pypi-token" | "slack-token" | "openai-key" | "vault-token" | "stripe-live-key"
                ),
            "cut short: {cut}"
        );
    }
}

#[test]
fn cloud_pairs_and_connection_strings() {
    let id = format!("AKIA{}", random(UPPER, 16, 4));
    let secret = random(&format!("{ALNUM}+/"), 40, 9);
    for text in [
        format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"),
        format!("{id},{secret}"),
        format!("{{\"AccessKeyId\": \"{id}\", \"SecretAccessKey\": \"{secret}\"}}"),
    ] {
        let spans = found(&text);
        assert_eq!(
            spans,
            [
                ("aws-access-key-id", id.as_str(), High),
                ("aws-secret-access-key", secret.as_str(), High)
            ],
            "{text}"
        );
    }
    let key = STANDARD.encode(random(ALNUM, 64, 12));
    let text = format!(
        "DefaultEndpointsProtocol=https;AccountName=models;AccountKey={key};EndpointSuffix=core.windows.net"
    );
    assert_eq!(found(&text), [("azure-storage-key", key.as_str(), High)]);
    // The keys that the documentation of AWS uses.
    assert!(codes(&["AKIAIOSFODNN7", "EXAMPLE"].concat()).is_empty());
    assert!(
        codes(
            &[
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/",
                "bPxRfiCYEXAMPLEKEY"
            ]
            .concat()
        )
        .is_empty()
    );
}

/// A PEM block around DER that begins as a key does.
fn pem(label: &str, content: &[u8], line: &str) -> String {
    let text = STANDARD.encode(content);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----{line}{}{line}-----END {label}-----",
        lines.join(line)
    )
}

fn der(start: &[u8]) -> Vec<u8> {
    let mut inner = start.to_vec();
    inner.extend(random(ALNUM, 300 - start.len(), 21).bytes());
    [&[0x30, 0x82, 1, 44][..], &inner].concat()
}

#[test]
fn private_keys_are_known_by_their_content() {
    let open = der(&[2, 1, 0]);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        for line in ["\n", "\r\n", "\\n"] {
            let block = pem(label, &open, line);
            assert_eq!(
                found(&format!("key = \"{block}\"")),
                [("private-key", block.as_str(), High)]
            );
        }
    }
    let locked = pem("ENCRYPTED PRIVATE KEY", &der(&[0x30, 0x40]), "\n");
    assert_eq!(codes(&locked), ["encrypted-private-key"]);
    let old = pem("RSA PRIVATE KEY", &der(&[9, 9]), "\n").replace(
        "KEY-----\n",
        "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
    );
    assert_eq!(codes(&old), ["encrypted-private-key"]);
    let ssh = |cipher: &str| {
        let mut content = b"openssh-key-v1\0\0\0\0".to_vec();
        content.push(u8::try_from(cipher.len()).unwrap());
        content.extend(cipher.bytes().chain(random(ALNUM, 100, 3).bytes()));
        pem("OPENSSH PRIVATE KEY", &content, "\n")
    };
    assert_eq!(codes(&ssh("none")), ["private-key"]);
    assert_eq!(codes(&ssh("aes256-ctr")), ["encrypted-private-key"]);
    // Cut off in the middle it is a key; without content it is a text about keys.
    let block = pem("PRIVATE KEY", &open, "\n");
    assert_eq!(codes(&block[..200]), ["private-key"]);
    for nothing in [
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        &pem("PUBLIC KEY", &open, "\n"),
        &pem("CERTIFICATE", &open, "\n"),
        &pem("PRIVATE KEY", &der(&[9, 9]), "\n"),
    ] {
        assert!(codes(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn age_keys_have_a_checksum() {
    // The key of the age test vectors (C2SP CCTV), in two parts.
    let key = [
        "AGE-SECRET-KEY-1",
        "XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6",
    ]
    .concat();
    assert_eq!(found(&key), [("age-secret-key", key.as_str(), High)]);
    assert!(codes(&key.replace("XMWWC", "XMWWD")).is_empty());
}

#[test]
fn web_tokens_decode() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let token = |payload: &str| {
        format!(
            "{}.{}.{}",
            part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
            part(payload),
            random(ALNUM, 43, 5)
        )
    };
    let real = token("{\"sub\":\"service-42\",\"exp\":1893456000}");
    assert_eq!(
        found(&format!("Authorization: Bearer {real}")),
        [("jwt", real.as_str(), High)]
    );
    assert!(
        codes(&token("{\"sub\":\"1234567890\",\"name\":\"John Doe\"}")).is_empty(),
        "the example of jwt.io"
    );
    assert!(
        codes(&format!(
            "eyJ{}.{}.{}",
            random(ALNUM, 20, 1),
            random(ALNUM, 20, 2),
            random(ALNUM, 43, 3)
        ))
        .is_empty()
    );
}

#[test]
fn passwords_in_addresses() {
    let password = random(ALNUM, 14, 31);
    let text = format!("DATABASE_URL=postgresql+asyncpg://app:{password}@db.internal.net:5432/x");
    assert_eq!(found(&text), [("database-url", password.as_str(), High)]);
    let text = format!("https://deploy:{password}@git.internal.net/model.git");
    assert_eq!(found(&text), [("basic-auth-url", password.as_str(), High)]);
    for nothing in [
        "postgres://user:password@db.internal.net/x",
        "postgres://postgres:postgres@localhost:5432/x",
        "https://user:${TOKEN}@host.net/",
        "mysql://root:<password>@host.net",
        "https://host.net:8080/a@b",
        "redis://localhost:6379",
        "https://a:b-c-d-e9@example.com/",
        "postgres://{user}:{password}@{host}/",
    ] {
        assert!(codes(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn passwords_by_their_name() {
    let secret = random(ALNUM, 32, 41);
    for (text, code) in [
        ("password = \"tr0ub4dor&3\"", "password"),
        ("DB_PASSWORD=tr0ub4dor&3x", "password"),
        ("\"password\": \"tr0ub4dor&3\",", "password"),
        ("password: 'tr0ub4dor&3'", "password"),
        ("<password>tr0ub4dor&3</password>", "password"),
        ("config[\"password\"] = 'tr0ub4dor&3'", "password"),
        ("password: str = \"tr0ub4dor&3\"", "password"),
        ("{\\\"password\\\": \\\"tr0ub4dor&3\\\"}", "password"),
        (&format!("api_key = \"{secret}\""), "secret-key"),
        (&format!("CLIENT_SECRET={secret}"), "secret-key"),
        (&format!("hub_token: {secret}"), "access-token"),
        (
            "machine api.internal.net\n  login ada\n  password tr0ub4dor&3\n",
            "netrc-password",
        ),
        (
            &format!(
                "{{\"auths\": {{\"r.io\": {{\"auth\": \"{}\"}}}}}}",
                STANDARD.encode("ada:tr0ub4dor&3")
            ),
            "docker-login",
        ),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

#[test]
fn names_without_a_secret() {
    let hash = random(HEX, 64, 3);
    for text in [
        "password = \"changeme\"",
        "password = \"${DB_PASSWORD}\"",
        "password = os.environ[\"DB_PASSWORD\"]",
        "password = getpass(\"Password: \")",
        "password = \"your-password-1\"",
        "PASSWORD=",
        "password: <secret1>",
        "password = \"xxxxxxxxxxxx1\"",
        "password == \"tr0ub4dor&3\"",
        "label_password: \"form.login.password1\"",
        "password_hash = \"tr0ub4dor&3\"",
        "token = tokens[i + 1]",
        "pad_token = \"<|pad1234567890987|>\"",
        "eos_token: \"a1b2c3d4e5f6g7h8i9j0k\"",
        "tokenizer = \"bert-base-uncased-2024-11-x86\"",
        "secret = vault.read(\"kv/db1\")",
        "api_key = args.api_key_from_user_2024",
        "secret: /run/secrets/db_2024_main_1",
        "\"password\": \"string\"",
        "def f(password: str, token: str = None):",
        "// password: see 1Password",
        "max_tokens = 4096",
        "NEED_PASSWORD: u32 = 16384u32",
        "const PASSWORD = 0xC00002DF",
        "password: super::Win32::Foundation::HANDLE32",
        "api_key: {{ .Values.apiKey123456789 }}",
        "secretKeyRef: name: db-secret-2024",
        &format!(
            "\"integrity\": \"sha512-{}\"",
            STANDARD.encode(random(ALNUM, 64, 3))
        ),
        &format!("requests==2.32.0 --hash=sha256:{hash}"),
        &format!("sha256: {hash}"),
        "id: 550e8400-e29b-41d4-a716-446655440000",
        &format!("ghp_{}", "x".repeat(36)),
        &format!("sk_live_{}", "1234567890abcdefghijklmn"),
        "hf_transfer_enabled_by_default_in_the_hub",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example.org",
    ] {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
}

#[test]
fn every_kind_says_where_its_structure_is_written() {
    let all: Vec<_> = kinds().collect();
    assert!(all.len() >= 50, "{}", all.len());
    for (kind, source) in all {
        assert!(source.len() > 8, "{}", kind.code());
        let named = kind
            .code()
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(named && !kind.to_string().is_empty(), "{}", kind.code());
    }
}
