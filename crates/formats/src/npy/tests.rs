//! Headers as numpy writes them, and as it would not.

use super::*;

fn array(descr: &str) -> Vec<u8> {
    with(
        &format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}\n"),
        1,
        &[0; 16],
    )
}

fn with(text: &str, version: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    }
    bytes.extend(text.bytes());
    bytes.extend(data);
    bytes
}

fn of(bytes: &[u8]) -> Header {
    read(&bytes.to_vec()).unwrap().unwrap()
}

fn faults(text: &str) -> Vec<Fault> {
    of(&with(text, 1, &[0; 16])).faults
}

#[test]
fn objects_are_seen_wherever_they_stand() {
    let objects = |descr| of(&array(descr)).objects;
    for descr in [
        "'|O'",
        "'O8'",
        "[('a', '<f8'), ('b', '|O')]",
        "[('a', ('|O', (2,)))]",
        "[('a', [('b', 'O')], (3,))]",
        "('O', (2,))",
        "'f4,O'",
        "'(2,)O'",
        "'object'",
        // As Python reads them, though other readers may not.
        r"'\x4f'",
        r"'\x7cO'",
        "'|' 'O'",
        r"'\u004f'",
        r"'\117'",
        r"'\N{LATIN CAPITAL LETTER O}'",
        "'''|O'''",
        "u'|O'",
        "(# none\n'O')",
    ] {
        assert!(objects(descr), "{descr}");
    }
    assert!(!objects("'<f8'"));
    assert!(!objects("[('Other', '<i4')]"));
    assert!(!objects("[('O', '<i4')]"));
}

#[test]
fn what_numpy_writes_is_whole() {
    for (descr, data) in [
        ("'<f8'", 16),
        ("'|b1'", 2),
        ("'<U3'", 24),
        ("'<M8[ns]'", 16),
        ("[('a', '<f4', (2,)), ('b', '|S4'), ('', '|V4')]", 32),
    ] {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}   \n");
        for version in 1..=3 {
            let bytes = with(&text, version, &vec![0; data]);
            let header = of(&bytes);
            assert_eq!(header.faults, [], "{descr}");
            assert_eq!(header.end, Some(bytes.len() as u64));
        }
    }
    // Python 2 wrote long numbers with an `L`, and read them again.
    assert_eq!(
        faults("{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }"),
        []
    );
    assert_eq!(
        faults("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"),
        []
    );
}

#[test]
fn what_numpy_does_not_write_is_told() {
    for (text, wanted) in [
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
            "the shape is negative",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 4)}",
            "the shape is negative or overflows",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
            "want 24 bytes, but the file has 16",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}",
            "8 bytes stand behind",
        ),
        (
            "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
            "the key `descr` stands twice",
        ),
        (
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
            "no valid `fortran_order`",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': 2}",
            "no valid `shape`",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}",
            "the key `x`",
        ),
        (
            "{'descr': __import__('os').system('echo inert'), 'fortran_order': False, 'shape': (2,)}",
            "an expression",
        ),
        ("{'descr': '<f8', 'fortran_order'}", "no Python dictionary"),
    ] {
        let found: Vec<String> = faults(text).iter().map(ToString::to_string).collect();
        assert!(
            found.iter().any(|fault| fault.contains(wanted)),
            "{text}: {found:?}"
        );
    }
    let deep = format!("{{'descr': {}'O'", "(".repeat(5_000));
    assert_eq!(faults(&deep), [Fault::TooDeep]);
    assert!(of(&with(&deep, 1, &[])).objects);
    let version = of(&with("{}", 9, &[])).faults;
    assert_eq!(version.first(), Some(&Fault::Version(9, 0)));
    let long = format!(
        "{{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}}{}",
        " ".repeat(20_000)
    );
    assert_eq!(faults(&long), [Fault::Long(20_055)]);
}

#[test]
fn truncated_at_every_byte() {
    let whole = array("'|O'");
    let parsed = header(&whole).unwrap().unwrap();
    assert_eq!(parsed.data, whole.len() as u64 - 16);
    for length in 0..whole.len() - 16 {
        assert_eq!(header(&whole[..length].to_vec()).unwrap(), None);
    }
}
