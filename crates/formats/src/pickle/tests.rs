//! Pickles assembled by hand; none is ever loaded.

use proptest::prelude::*;

use super::*;

fn of(bytes: &[u8]) -> Pickles {
    describe(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn expressions(bytes: &[u8]) -> Vec<String> {
    let calls = of(bytes).calls;
    calls.into_iter().map(|call| call.expression).collect()
}

fn faults(bytes: &[u8]) -> Vec<Fault> {
    let anomalies = of(bytes).anomalies;
    anomalies.into_iter().map(|anomaly| anomaly.fault).collect()
}

#[test]
fn a_call_in_every_protocol() {
    let wanted = ["os.system(\"echo inert\")"];
    for bytes in [
        &b"cos\nsystem\n(S'echo inert'\ntR."[..],
        b"(S'echo inert'\nios\nsystem\n.",
        b"(cos\nsystem\nVecho inert\no.",
        b"\x80\x02cos\nsystem\nU\x0aecho inert\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0aecho inert\x85R.",
        b"\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x8c\x0aecho inert\x85R.",
        b"\x80\x02cos\nsystem\nX\x0a\0\0\0echo inert\x85\x81.",
        b"S'\\x6fs'\nV\\u0073ystem\n\x93S'echo inert'\n\x85R.",
    ] {
        assert_eq!(expressions(bytes), wanted, "{}", bytes.escape_ascii());
        assert!(of(bytes).is_plausible());
    }
}

#[test]
fn names_go_through_memo_pop_dup_and_marks() {
    // `os` is stored under 7, dropped, and fetched again; a mark and a duplicate are thrown away.
    let bytes = b"S'os'\np7\n0(N1g7\n20S'system'\n\x93(S'echo inert'\ntR.";
    let pickles = of(bytes);
    assert_eq!(pickles.calls[0].expression, "os.system(\"echo inert\")");
    assert_eq!(pickles.anomalies, []);
    let import = &pickles.imports[0];
    assert_eq!((import.opcode, import.called), (Opcode::StackGlobal, 1));
}

#[test]
fn calls_on_results_are_shown_whole() {
    let bytes = b"coperator\nattrgetter\n(S'system'\ntRcbuiltins\n__import__\n(S'os'\ntR\x85R(S'echo inert'\ntR.";
    assert_eq!(
        expressions(bytes).last().unwrap(),
        "operator.attrgetter(\"system\")(builtins.__import__(\"os\"))(\"echo inert\")"
    );
}

#[test]
fn what_runs_before_the_stream_breaks_is_told() {
    let pickles = of(b"cos\nsystem\n(S'echo inert'\ntR\xff rest");
    assert_eq!(pickles.calls.len(), 1);
    assert!(!pickles.streams[0].complete);
    assert_eq!(pickles.anomalies[0].fault, Fault::UnknownOpcode(0xff));
    assert!(pickles.anomalies[0].fault.blinds());
    assert_eq!(pickles.examined, 28);
}

#[test]
fn several_pickles_and_data_behind_them() {
    let twice = b"\x80\x02N.\x80\x02cos\nsystem\nU\x0aecho inert\x85R.";
    assert_eq!(of(twice).streams.len(), 2);
    assert_eq!(expressions(twice), ["os.system(\"echo inert\")"]);
    let then_data = of(b"\x80\x02N.\x00\x01\x02\x03");
    assert_eq!(then_data.streams.len(), 1);
    assert_eq!(then_data.anomalies[0].fault, Fault::Trailing(8));
    assert_eq!(then_data.examined, 4);
}

#[test]
fn faults_have_names() {
    assert_eq!(
        faults(b"R."),
        [
            Fault::Underflow(Opcode::Reduce),
            Fault::Underflow(Opcode::Reduce),
            Fault::CalledUnknown(Opcode::Reduce),
        ]
    );
    assert_eq!(faults(b"t."), [Fault::NoMark(Opcode::Tuple)]);
    assert_eq!(faults(b"h\x05."), [Fault::MissingMemo(5)]);
    assert_eq!(faults(b"\x80\x09."), [Fault::Protocol(9)]);
    assert_eq!(faults(b"\x82\x01."), [Fault::Extension(1)]);
    assert_eq!(faults(b"K\x01)R."), [Fault::CalledData(Opcode::Reduce)]);
    assert_eq!(faults(b"NN\x93."), [Fault::UnresolvedImport]);
    assert_eq!(faults(b"gx\n."), [Fault::Malformed(Opcode::Get)]);
    assert_eq!(faults(b"\x80\x04\x95\xff\0\0\0\0\0\0\0N."), [Fault::Frame]);
    assert_eq!(
        faults(b"\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01."),
        [Fault::Frame]
    );
    assert_eq!(
        faults(b"T\xff\xff\xff\xff."),
        [Fault::Malformed(Opcode::BinString)]
    );
    assert_eq!(faults(b""), []);
}

#[test]
fn patching_a_module_is_told() {
    let pickles = of(b"ctorch\n_utils\n}S'x'\ncbuiltins\neval\nsb.");
    assert!(pickles.imports[0].patched);
    assert_eq!(
        pickles.calls[0].expression,
        "torch._utils.__setstate__({\"x\": builtins.eval})"
    );
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        steps: 10,
        ..Limits::default()
    };
    let pickles = describe(&vec![b'N'; 100], &limits).unwrap();
    assert!(matches!(
        pickles.anomalies[0].fault,
        Fault::Limit { limit: 10, .. }
    ));
    assert_eq!(pickles.examined, 10);
    // A million calls of one name stay a few hundred descriptions.
    let mut many = b"cm\nf\nq\0".to_vec();
    for _ in 0..100_000 {
        many.extend_from_slice(b"0h\0)R");
    }
    many.push(b'.');
    let pickles = of(&many);
    assert_eq!(pickles.imports[0].called, 100_000);
    assert_eq!(pickles.calls.len() as u64, CALLS_SHOWN);
}

/// The pieces that joblib writes: a wrapper of two 8-byte items, then a call behind the raw bytes.
fn joblib(dtype: &[u8], raw: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(".to_vec();
    bytes.extend_from_slice(b"X\x05\0\0\0shapeK\x02\x85X\x05\0\0\0dtypecnumpy\ndtype\nX\x02\0\0\0");
    bytes.extend_from_slice(dtype);
    bytes.extend_from_slice(b"\x89\x88\x87Rub");
    bytes.extend_from_slice(raw);
    bytes.extend_from_slice(b"cos\nsystem\nX\x0a\0\0\0echo inert\x85R.");
    bytes
}

#[test]
fn raw_arrays_of_joblib_do_not_blind() {
    let pickles = of(&joblib(b"f8", &[0xff; 16]));
    assert_eq!(
        pickles.calls.last().unwrap().expression,
        "os.system(\"echo inert\")"
    );
    assert_eq!(pickles.anomalies, []);
    let objects = of(&joblib(b"O8", b"\x80\x02cposix\nsystem\nU\x02id\x85R."));
    let all: Vec<_> = objects
        .calls
        .iter()
        .map(|call| call.expression.as_str())
        .collect();
    assert!(all.contains(&"posix.system(\"id\")") && all.contains(&"os.system(\"echo inert\")"));
    assert_eq!(faults(&joblib(b"zz", &[])), [Fault::RawArray]);
}

#[test]
fn text_is_not_mistaken_for_a_pickle() {
    for text in [
        "cat\ndog\nemu\n",
        "import os\nprint(1)\n",
        "{\"a\": 1}",
        "(hello)",
        "hello.",
    ] {
        assert!(!of(text.as_bytes()).is_plausible(), "{text}");
    }
}

#[test]
fn truncated_at_every_byte() {
    let whole = joblib(b"f8", &[0xff; 16]);
    for length in 0..whole.len() {
        let pickles = of(&whole[..length]);
        let complete = pickles.streams.iter().all(|stream| stream.complete);
        assert!(length == 0 || !complete, "{length}");
        assert!(
            length == 0
                || pickles
                    .anomalies
                    .iter()
                    .any(|anomaly| anomaly.fault.blinds())
        );
    }
}

#[test]
fn opcodes_round_trip() {
    for opcode in Opcode::ALL {
        assert_eq!(Opcode::from_byte(*opcode as u8), Some(*opcode));
    }
    assert_eq!(Opcode::ALL.len(), 68);
}

proptest! {
    #[test]
    fn any_bytes_are_described_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let pickles = of(&bytes);
        prop_assert!(pickles.examined <= bytes.len() as u64);
        for call in &pickles.calls {
            prop_assert!(call.expression.chars().count() <= 401);
        }
    }

    #[test]
    fn opcode_soup_never_loses_an_import(
        soup in proptest::collection::vec(proptest::sample::select(&b"N(0124K)]}tlaseubR\x81\x94\x93"[..]), 0..60)
    ) {
        let mut bytes = b"\x80\x04cos\nsystem\n".to_vec();
        bytes.extend(soup.iter().map(|byte| if *byte == b'4' { b'N' } else { *byte }));
        let pickles = of(&bytes);
        prop_assert_eq!(pickles.imports[0].to_string(), "os.system");
    }

    #[test]
    fn texts_resolve_whatever_their_encoding(name in "[a-z_]{1,40}") {
        let escaped: String = name.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        let unicode: String = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let bytes = format!("S'{escaped}'\nV{unicode}\n\u{93}.").replace('\u{93}', "\u{1}");
        let mut bytes = bytes.into_bytes();
        bytes.iter_mut().filter(|byte| **byte == 1).for_each(|byte| *byte = 0x93);
        prop_assert_eq!(of(&bytes).imports[0].to_string(), format!("{name}.{name}"));
    }
}

#[test]
fn an_import_is_never_lost_for_want_of_room() {
    // Many containers, then an import through the memo: still one import and its call.
    let mut bytes = b"\x80\x04".to_vec();
    for _ in 0..1_000 {
        bytes.extend_from_slice(b"](NNNNNNNNe0");
    }
    bytes.extend_from_slice(b"cos\nsystem\nq\x00h\x00h\x00)R.");
    let pickles = of(&bytes);
    assert_eq!((pickles.imports.len(), pickles.imports[0].called), (1, 1));
    assert_eq!(pickles.calls[0].expression, "os.system()");
}
