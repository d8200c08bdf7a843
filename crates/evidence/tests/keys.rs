//! Key files, and every wrong thing that may lie in their place.

use std::fs;
use std::path::Path;

use tutela_evidence::keys::{
    KeyError, KeyRing, LogKey, LogVerifier, StatementKey, StatementVerifier,
};

use crate::support::{Counter, name, ring};

fn made() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    KeyRing::create(&keys, &name(), &mut Counter(0)).unwrap();
    (folder, keys)
}

#[test]
fn made_and_loaded() {
    let (_folder, keys) = made();
    let loaded = KeyRing::load(&keys).unwrap();
    assert_eq!(loaded.statement.verifier(), ring(0).statement.verifier());
    assert_eq!(loaded.log.verifier(), ring(0).log.verifier());
    let public = StatementVerifier::load(&keys.join("statement.pub")).unwrap();
    assert_eq!(public, *loaded.statement.verifier());
    let public = LogVerifier::load(&keys.join("log.pub")).unwrap();
    assert_eq!(public, *loaded.log.verifier());
    assert_eq!(public.name(), &name());
}

#[test]
fn never_overwritten() {
    let (_folder, keys) = made();
    let before = crate::support::snapshot(&keys);
    let error = KeyRing::create(&keys, &name(), &mut Counter(7)).unwrap_err();
    assert!(matches!(error, KeyError::Exists { .. }), "{error}");
    assert_eq!(crate::support::snapshot(&keys), before);
    // Not even one of the four, and nothing is half-made beside it.
    for file in ["statement.pem", "log.pem", "statement.pub"] {
        fs::remove_file(keys.join(file)).unwrap();
    }
    assert!(KeyRing::create(&keys, &name(), &mut Counter(7)).is_err());
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn private_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, keys) = made();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&keys), 0o700);
    for file in ["statement.pem", "log.pem"] {
        let path = keys.join(file);
        assert_eq!(mode(&path), 0o600);
        for exposed in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            let error = KeyRing::load(&keys).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { .. }), "{error}");
            assert!(error.hint().unwrap().contains("chmod 600"));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(KeyRing::load(&keys).is_ok());
}

#[test]
fn missing_swapped_and_damaged() {
    let (_folder, keys) = made();
    let path = |file: &str| keys.join(file);
    let read = |file: &str| fs::read(path(file)).unwrap();
    let restore = |file: &str, bytes: &[u8]| fs::write(path(file), bytes).unwrap();
    let (statement, log) = (read("statement.pem"), read("log.pem"));

    restore("statement.pem", &log);
    let error = KeyRing::load(&keys).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "expected a P-256 private key, found an Ed25519 key");
    assert!(error.hint().unwrap().contains("swapped"));
    restore("statement.pem", &statement);

    restore("log.pem", &statement);
    let error = KeyRing::load(&keys).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "expected an Ed25519 private key, found a P-256 key");
    restore("log.pem", &log);

    let other = ring(9);
    let public = read("statement.pub");
    restore(
        "statement.pub",
        other.statement.verifier().to_pem().as_bytes(),
    );
    assert!(matches!(
        KeyRing::load(&keys),
        Err(KeyError::Mismatch { .. })
    ));
    restore("statement.pub", &public);
    let public = read("log.pub");
    restore("log.pub", format!("{}\n", other.log.verifier()).as_bytes());
    assert!(matches!(
        KeyRing::load(&keys),
        Err(KeyError::Mismatch { .. })
    ));
    restore("log.pub", &public);

    for file in ["statement.pem", "log.pem", "statement.pub", "log.pub"] {
        let bytes = read(file);
        restore(file, &vec![b'x'; 100_000]);
        assert!(KeyRing::load(&keys).is_err(), "{file}");
        for length in [0, 10, bytes.len() / 2] {
            restore(file, &bytes[..length]);
            assert!(KeyRing::load(&keys).is_err(), "{file} of {length} bytes");
        }
        fs::remove_file(path(file)).unwrap();
        let error = KeyRing::load(&keys).unwrap_err();
        assert!(matches!(error, KeyError::Missing { .. }), "{file}: {error}");
        fs::create_dir(path(file)).unwrap();
        assert!(matches!(KeyRing::load(&keys), Err(KeyError::Read { .. })));
        fs::remove_dir(path(file)).unwrap();
        let restored = fs::File::options()
            .write(true)
            .create_new(true)
            .open(path(file));
        std::io::Write::write_all(&mut restored.unwrap(), &bytes).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path(file), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    assert!(KeyRing::load(&keys).is_ok());
}

/// Made by OpenSSL 3.0 for these tests and used nowhere else; `cases/keys/README.md` has the commands.
#[test]
fn keys_of_openssl() {
    let case = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cases/keys")
            .join(file);
        fs::read_to_string(path).unwrap()
    };
    let public = StatementVerifier::from_pem(&case("p256.pub")).unwrap();
    for file in ["p256-pkcs8.pem", "p256-sec1.pem", "p256-parameters.pem"] {
        let key = StatementKey::from_pem(&case(file)).unwrap();
        assert_eq!(*key.verifier(), public, "{file}");
    }
    // Signed with `openssl dgst -sha256 -sign`.
    let der = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/keys/message.sig"))
        .unwrap();
    assert!(public.verifies(b"message", &der));
    assert!(!public.verifies(b"massage", &der));
    assert!(LogKey::from_pem(name(), &case("ed25519.pem")).is_ok());

    let found = |text: &str| match StatementKey::from_pem(text).unwrap_err() {
        KeyError::WrongType { found, .. } => found,
        other => other.to_string(),
    };
    assert_eq!(found(&case("ed25519.pem")), "an Ed25519 key");
    assert_eq!(found(&case("rsa.pem")), "an RSA key");
    assert_eq!(found(&case("p384.pem")), "a P-384 key");
    assert_eq!(found(&case("p256.pub")), "a public key");
    assert_eq!(
        found(&case("encrypted.pem")),
        "the private key is encrypted with a passphrase"
    );
    assert_eq!(
        found("-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        "an OpenSSH key"
    );
    assert_eq!(found("-----BEGIN CERTIFICATE-----\n"), "a certificate");
    assert!(found("nothing").contains("no PEM block"));
    let public = StatementVerifier::from_pem(&case("p256-pkcs8.pem")).unwrap_err();
    assert!(
        public.to_string().ends_with("found a private key"),
        "{public}"
    );
    let verifier = case("p256.pub").parse::<LogVerifier>().unwrap_err();
    assert!(
        verifier.to_string().ends_with("found a PEM file"),
        "{verifier}"
    );
}

#[test]
fn printing_shows_no_secret() {
    let ring = ring(0);
    let text = format!("{ring:?}");
    let secret = ring.statement.to_pem().unwrap();
    let body = secret.lines().nth(1).unwrap();
    assert!(!text.contains(body));
    assert!(text.contains(ring.statement.verifier().id()));
    assert!(!text.to_lowercase().contains("secret"), "{text}");
    // The seeds count up from 0 and from 32: neither may appear in any usual form.
    assert!(
        !text.contains("0, 1, 2, 3") && !text.contains("00010203") && !text.contains("20212223")
    );
}

#[test]
fn names_of_logs() {
    for bad in ["", "a b", "a+b", "a\nb", "a\u{a0}b", &"x".repeat(256)] {
        assert!(
            bad.parse::<tutela_evidence::keys::LogName>().is_err(),
            "{bad}"
        );
    }
    assert!(
        "example.com/log"
            .parse::<tutela_evidence::keys::LogName>()
            .is_ok()
    );
}
