//! Envelopes: the standard's vector, other implementations' signatures, and every changed byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tutela_core::{Digest, Kind, Manifest, ManifestFile};
use tutela_evidence::keys::{StatementKey, StatementVerifier};
use tutela_evidence::{
    Envelope, EnvelopeError, PAYLOAD_TYPE, SignerTrust, Statement, StatementError, Verified, pae,
    sign_manifest, sign_statement, verify_manifest, verify_statement,
};

use crate::support::{Counter, ring, statement};

/// The example of the DSSE specification (`protocol.md`, *Test Vectors*).
#[test]
fn pae_of_the_specification() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

/// The key and the signature of the same vector: deterministic, so ours must be equal to it, in DER.
#[test]
fn signature_of_the_specification() {
    struct Given;
    impl tutela_evidence::keys::Entropy for Given {
        fn fill(&mut self, buffer: &mut [u8]) -> std::io::Result<()> {
            let hex = "d73ec437fd6346e3619c5ebfdfff0f6916804955ad32ac9ac492b0ede1f6ffb7";
            buffer.copy_from_slice(Digest::from_hex(hex).unwrap().as_bytes());
            Ok(())
        }
    }
    let raw =
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    let raw = STANDARD.decode(raw).unwrap();
    let der = p256::ecdsa::Signature::from_slice(&raw).unwrap().to_der();
    let key = StatementKey::generate(&mut Given).unwrap();
    let message = pae("http://example.com/HelloWorld", b"hello world");
    assert_eq!(key.sign(&message).unwrap(), der.as_bytes());
    assert!(key.verifier().verifies(&message, der.as_bytes()));
}

fn key(seed: u8) -> StatementKey {
    StatementKey::generate(&mut Counter(seed)).unwrap()
}

fn signed() -> (Vec<u8>, SignerTrust) {
    let key = key(1);
    let bytes = sign_statement(&statement("text"), &key).unwrap();
    (bytes, SignerTrust::one(key.verifier()))
}

type Any = Verified<serde_json::Value>;

#[test]
fn signing_twice_gives_the_same_bytes() {
    let (bytes, trust) = signed();
    assert_eq!(bytes, sign_statement(&statement("text"), &key(1)).unwrap());
    let verified: Any = verify_statement(&bytes, &trust).unwrap();
    assert_eq!(verified.statement, statement("text"));
    assert_eq!(verified.signers, [key(1).verifier().id()]);
    let envelope = Envelope::from_bytes(&bytes).unwrap();
    assert_eq!(verified.id, Digest::of(envelope.payload()));
    assert_eq!(
        bytes,
        tutela_evidence::canonical_json(
            &serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
        )
        .unwrap()
    );
}

#[test]
fn every_changed_byte_is_refused() {
    let (bytes, trust) = signed();
    for place in 0..bytes.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[place] ^= change;
            assert!(
                verify_statement::<serde_json::Value>(&changed, &trust).is_err(),
                "byte {place} ^ {change:#x}"
            );
        }
        assert!(verify_statement::<serde_json::Value>(&bytes[..place], &trust).is_err());
    }
    for more in [" ", "\n", "{}"] {
        let longer = [bytes.as_slice(), more.as_bytes()].concat();
        assert!(verify_statement::<serde_json::Value>(&longer, &trust).is_err());
    }
}

#[test]
fn two_of_three() {
    let keys = [key(1), key(2), key(3)];
    let verifiers = || keys.iter().map(|key| key.verifier().clone());
    let two = SignerTrust::new(verifiers(), 2).unwrap();
    let payload = Envelope::from_bytes(&signed().0)
        .unwrap()
        .payload()
        .to_vec();
    let mut envelope = Envelope::sign(payload, &keys[0]).unwrap();
    assert_eq!(
        envelope.verify(&two),
        Err(EnvelopeError::TooFew {
            found: 1,
            needed: 2
        })
    );
    // The same key twice is one signature.
    envelope.add_signature(&keys[0]).unwrap();
    assert_eq!(
        envelope.verify(&two),
        Err(EnvelopeError::TooFew {
            found: 1,
            needed: 2
        })
    );
    // A stranger's does not count, and does not disturb.
    envelope.add_signature(&key(9)).unwrap();
    assert!(envelope.verify(&two).is_err());
    envelope.add_signature(&keys[2]).unwrap();
    assert_eq!(envelope.verify(&two).unwrap().len(), 2);
    let read = Envelope::from_bytes(&envelope.to_bytes()).unwrap();
    assert_eq!(read, envelope);

    assert!(SignerTrust::new(verifiers(), 0).is_err());
    assert!(SignerTrust::new(verifiers(), 4).is_err());
    assert!(SignerTrust::new(verifiers().chain(verifiers()), 4).is_err());
    assert!(SignerTrust::new([], 1).is_err());
}

/// Of the two equivalent ECDSA signatures only the one that we write is taken.
#[test]
fn the_other_equivalent_signature_is_refused() {
    let key = key(1);
    let message = pae(PAYLOAD_TYPE, b"{}");
    let der = key.sign(&message).unwrap();
    let low = p256::ecdsa::Signature::from_der(&der).unwrap();
    let high =
        p256::ecdsa::Signature::from_scalars(low.r().to_bytes(), (-*low.s()).to_bytes()).unwrap();
    let high = high.to_der().as_bytes().to_vec();
    assert!(
        key.verifier().verifies(&message, &high),
        "another implementation may write it"
    );
    assert!(!key.verifier().verifies_strictly(&message, &high));
    let envelope = Envelope::sign(b"{}".to_vec(), &key).unwrap().to_bytes();
    let text = String::from_utf8(envelope).unwrap();
    let swapped = text.replace(&STANDARD.encode(&der), &STANDARD.encode(&high));
    assert_ne!(text, swapped);
    let envelope = Envelope::from_bytes(swapped.as_bytes()).unwrap();
    assert!(matches!(
        envelope.verify(&SignerTrust::one(key.verifier())),
        Err(EnvelopeError::BadSignature { .. })
    ));
}

#[test]
fn signed_but_not_a_canonical_statement() {
    let key = key(1);
    let trust = SignerTrust::one(key.verifier());
    let check = |payload: &str| {
        let bytes = Envelope::sign(payload.as_bytes().to_vec(), &key)
            .unwrap()
            .to_bytes();
        verify_statement::<serde_json::Value>(&bytes, &trust).unwrap_err()
    };
    assert_eq!(check("{ }"), StatementError::NotCanonical);
    assert_eq!(check(r#"{"a":1,"a":1}"#), StatementError::NotCanonical);
    assert!(matches!(check("{}"), StatementError::Malformed(_)));
    let other = String::from_utf8(
        tutela_evidence::canonical_json(&Statement {
            statement_type: "https://in-toto.io/Statement/v0.1".to_owned(),
            ..statement("x")
        })
        .unwrap(),
    )
    .unwrap();
    assert!(matches!(check(&other), StatementError::Malformed(_)));
}

fn manifest() -> Manifest {
    Manifest {
        name: "model".to_owned(),
        kind: Kind::Model,
        digest: Digest::of(b"model"),
        files: vec![ManifestFile {
            path: "models/a.onnx".to_owned(),
            digest: Digest::of(b"a"),
            size: 1,
            table: None,
        }],
    }
}

#[test]
fn manifests() {
    let ring = ring(0);
    let trust = SignerTrust::one(ring.statement.verifier());
    let bytes = sign_manifest(&manifest(), &ring.statement).unwrap();
    let (read, signers) = verify_manifest(&bytes, &trust).unwrap();
    assert_eq!(read, manifest());
    assert_eq!(signers, [ring.statement.verifier().id()]);

    let stranger = SignerTrust::one(key(9).verifier());
    assert!(verify_manifest(&bytes, &stranger).is_err());
    let other = sign_statement(&statement("x"), &ring.statement).unwrap();
    assert!(matches!(
        verify_manifest(&other, &trust),
        Err(StatementError::PredicateType { .. })
    ));
    let lying = Statement::new(
        "model",
        Digest::of(b"other"),
        tutela_evidence::MANIFEST_PREDICATE,
        manifest(),
    );
    let lying = sign_statement(&lying, &ring.statement).unwrap();
    assert_eq!(
        verify_manifest(&lying, &trust),
        Err(StatementError::Subject)
    );
}

#[test]
fn a_key_is_known_by_its_pem_text() {
    let verifier = key(1).verifier().clone();
    assert!(verifier.to_pem().ends_with("-----END PUBLIC KEY-----\n"));
    assert_eq!(
        verifier.id(),
        Digest::of(verifier.to_pem().as_bytes()).to_hex()
    );
    assert_eq!(
        StatementVerifier::from_pem(verifier.to_pem()).unwrap(),
        verifier
    );
}
