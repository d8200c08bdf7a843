use super::*;

/// What R 4.2.2 wrote (`corpus/make_r.R`).
const FILES: &[&[u8]] = &[
    include_bytes!("../../../../corpus/benign/r/lm-ascii.rds"),
    include_bytes!("../../../../corpus/benign/r/promise-in-closure.rds"),
    include_bytes!("../../../../corpus/benign/r/compiled.rds"),
    include_bytes!("../../../../corpus/benign/r/active-binding.rds"),
    include_bytes!("../../../../corpus/benign/r/values.rds"),
    include_bytes!("../../../../corpus/benign/r/native.rds"),
];

fn described(bytes: &[u8]) -> Image {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

#[test]
fn what_r_writes_is_read_to_its_last_byte() {
    for bytes in FILES {
        assert!(looks_like(&bytes[..bytes.len().min(512)]));
        let image = described(bytes);
        assert_eq!(image.faults, []);
        let rest = bytes[usize::try_from(image.end).unwrap()..].trim_ascii();
        assert_eq!(rest, b"");
    }
}

#[test]
fn code_is_kept_with_its_place() {
    let image = described(FILES[1]);
    let kinds: Vec<(Kind, Place, &str)> = image
        .held
        .iter()
        .map(|held| (held.kind, held.place, held.name.as_str()))
        .collect();
    assert!(kinds.contains(&(Kind::Function, Place::Whole, "")));
    assert!(kinds.contains(&(Kind::Promise, Place::Variable, "unused")));
    let promise = image
        .held
        .iter()
        .find(|held| held.name == "unused")
        .unwrap();
    assert_eq!(image.code.show(promise.node, 80), r#"stop("never")"#);
    let image = described(FILES[3]);
    assert!(
        image
            .held
            .iter()
            .any(|held| held.place == Place::Active && held.name == "now")
    );
    let image = described(FILES[4]);
    assert!(
        image
            .restored
            .iter()
            .any(|it| it.class == "compact_intseq" && it.package == "base")
    );
    assert_eq!(image.raws[0].length, 20);
    assert_eq!(described(FILES[5]).header.encoding, Some(Encoding::Little));
}

#[test]
fn truncated_at_every_byte() {
    for bytes in FILES {
        let whole = described(bytes);
        let end = usize::try_from(whole.end).unwrap();
        let step = if end > 1000 { 7 } else { 1 };
        for length in (0..end).step_by(step) {
            let part = described(&bytes[..length]);
            // A number as text that breaks off is still a number.
            let is_text = whole.header.encoding == Some(Encoding::Ascii);
            assert!(!part.faults.is_empty() || is_text, "{length}");
        }
    }
}

#[test]
fn depth_and_counts_are_bounded() {
    let head = b"X\n\0\0\0\x02\0\x04\x02\x02\0\x02\x03\0";
    let mut deep = head.to_vec();
    for _ in 0..1_000_000 {
        deep.extend(b"\0\0\0\x13\0\0\0\x01");
    }
    assert_eq!(described(&deep).faults.len(), 1);
    let huge = [
        &head[..],
        b"\0\0\0\x0e\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
    ]
    .concat();
    assert!(matches!(
        described(&huge).faults[..],
        [Fault::Length { .. }]
    ));
    let nowhere = [&head[..], b"\0\0\x09\xff"].concat();
    assert!(matches!(
        described(&nowhere).faults[..],
        [Fault::Reference { index: 9, .. }]
    ));
}
