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
    let all = expressions(bytes);
    assert!(all.contains(
        &"operator.attrgetter(\"system\")(builtins.__import__(\"os\"))(\"echo inert\")".to_owned()
    ));
    assert_eq!(all.last().unwrap(), "os.system(\"echo inert\")");
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
    assert_eq!(
        faults(b"\x80\x04\x95\xff\0\0\0\0\0\0\0N."),
        [Fault::FrameLength]
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
fn a_class_in_a_persistent_id_is_the_class() {
    let module = b"(X\x06\0\0\0modulecos\nsystem\nNNtQX\x0a\0\0\0echo inert\x85R.";
    assert_eq!(expressions(module), ["os.system(\"echo inert\")"]);
    assert_eq!(faults(module), []);
    let storage = b"(X\x07\0\0\0storagecos\nsystem\nNNtQX\x0a\0\0\0echo inert\x85R.";
    assert_eq!(faults(storage), [Fault::CalledUnknown(Opcode::Reduce)]);
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

/// A frame of this length, then what it begins with.
fn framed(length: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 4, 0x95, length, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(rest);
    bytes
}

#[test]
fn a_frame_that_is_straddled_is_read_both_ways() {
    // From memory the module is `aaaos`; from a file the C loader drops `aaa` and imports `os`.
    let bytes = framed(4, b"caaaos\nsystem\n)R.");
    let pickles = of(&bytes);
    let names: Vec<String> = pickles.imports.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["aaaos.system", "os.system"]);
    assert_eq!(expressions(&bytes), ["aaaos.system()", "os.system()"]);
    assert_eq!(
        pickles.anomalies,
        [Anomaly {
            at: 11,
            fault: Fault::Frame
        }]
    );
    // A text straddles.
    let bytes = framed(4, b"X\x02\0\0\0ab0cos\nsystem\n)R.");
    assert!(faults(&bytes).contains(&Fault::Frame));
    // The argument lies wholly behind the frame: every loader reads on, but no pickler writes it.
    assert_eq!(faults(&framed(1, b"K\x01.")), [Fault::Frame]);
    assert_eq!(faults(&framed(5, b"B\x02\0\0\0ab.")), [Fault::Frame]);
    // As picklers write what is large: behind the frame with its opcode.
    assert_eq!(faults(&framed(1, b"NB\x02\0\0\0ab0.")), []);
    // STOP inside a frame: the next pickle begins behind STOP or behind the frame.
    let mut bytes = framed(5, b"N.abc");
    bytes.extend_from_slice(b"\x80\x02cos\nsystem\n)R.");
    assert!(expressions(&bytes).contains(&"os.system()".to_owned()));
}

#[test]
fn the_python_loader_takes_the_last_line_for_whole() {
    assert_eq!(expressions(b"(S'id'\nios\nsystemX"), ["os.system(\"id\")"]);
    assert_eq!(expressions(b"cos\nsystemX"), [""; 0]);
}

#[test]
fn numbers_of_protocol_0_are_read_as_python_does() {
    for (line, number) in [
        ("0x10", 16),
        ("010", 8),
        ("1_0", 10),
        ("-0b11", -3),
        (" 7 ", 7),
        ("+1", 1),
    ] {
        let bytes = format!("cm\nf\n(I{line}\ntR.");
        assert_eq!(expressions(bytes.as_bytes()), [format!("m.f({number})")]);
    }
}

#[test]
fn a_backslash_hides_an_escape_in_raw_unicode() {
    assert_eq!(
        expressions(b"cm\nf\n(V\\\\u0041\\u0041\ntR."),
        ["m.f(\"\\\\u0041A\")"]
    );
}

#[test]
fn methods_that_opcodes_call_are_told() {
    let bytes = b"csys\npath\nS'/tmp'\na.";
    assert_eq!(expressions(bytes), ["sys.path.extend(\"/tmp\")"]);
    assert!(of(bytes).imports[0].patched);
    assert_eq!(
        expressions(b"cmine\nTable\n)RS'k'\nK\x01s."),
        ["mine.Table()", "mine.Table().__setitem__(\"k\", 1)"]
    );
    let built = of(b"cmine\nNet\n)R}S'__class__'\nNsb.");
    assert_eq!(built.calls[1].keys, ["__class__"]);
}

#[test]
fn arguments_that_are_no_tuple_split_loaders() {
    assert_eq!(
        faults(b"cm\nf\n]S'x'\naR."),
        [Fault::Arguments(Opcode::Reduce)]
    );
    assert_eq!(expressions(b"cm\nf\n]S'x'\naR."), ["m.f(\"x\")"]);
}

#[test]
fn an_extension_that_the_pickle_registers_is_known() {
    let bytes = b"ccopyreg\nadd_extension\n(S'os'\nS'system'\nK\x05tR0\x82\x05S'id'\n\x85R.";
    assert_eq!(expressions(bytes).last().unwrap(), "os.system(\"id\")");
    assert_eq!(faults(bytes), []);
}

#[test]
fn chains_lead_to_what_is_called() {
    let get = "cbuiltins\ngetattr\n(cbuiltins\n__import__\n(S'os'\ntRS'system'\ntR(S'id'\ntR.";
    let items = "coperator\ngetitem\n(csys\nmodules\nS'os'\ntRp1\n0cbuiltins\ngetattr\n(g1\nS'system'\ntR(S'id'\ntR.";
    let vars = "coperator\ngetitem\n(cbuiltins\nvars\n(cimportlib\nimport_module\n(S'os'\ntRtRS'system'\ntR(S'id'\ntR.";
    let caller =
        "coperator\nmethodcaller\n(S'system'\nS'id'\ntR(cbuiltins\n__import__\n(S'os'\ntRtR.";
    let partial = "cfunctools\npartial\n(cos\nsystem\nS'id'\ntR)R.";
    let reduce = "cfunctools\nreduce\n(cbuiltins\ngetattr\n(cbuiltins\n__import__\n(S'os'\ntRS'system'\nltR(S'id'\ntR.";
    let map = "cbuiltins\nmap\n(cos\nsystem\n(S'id'\nltR.";
    let dotted = "ctorch.x\n_os.system\n(S'id'\ntR.";
    let hook = "ccollections\n_sys.modules.get\n(S'os'\ntRp1\n0cbuiltins\ngetattr\n(g1\nS'system'\ntR(S'id'\ntR.";
    for chain in [get, items, vars, caller, partial, reduce, map, hook] {
        let pickles = of(chain.as_bytes());
        assert_eq!(
            pickles.calls.last().unwrap().expression,
            "os.system(\"id\")",
            "{chain:?}"
        );
        assert_eq!(pickles.anomalies, []);
    }
    assert_eq!(
        expressions(dotted.as_bytes()),
        ["torch.x._os.system(\"id\")"]
    );
}

#[test]
fn pickles_inside_values_are_followed() {
    let inner = b"\x80\x02cos\nsystem\nU\x02id\x85R.";
    let bytes = |value: &[u8]| {
        let mut bytes = b"\x80\x04B".to_vec();
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
        bytes.push(b'.');
        bytes
    };
    let plain = of(&bytes(inner));
    assert_eq!(plain.imports[0].to_string(), "os.system");
    assert_eq!(
        (plain.imports[0].start, plain.imports[0].inside),
        (9, Some(0))
    );
    assert_eq!(
        (plain.nested[0].start, plain.nested[0].codings.len()),
        (7, 0)
    );
    // Two levels: offsets still count from the start of the file.
    let twice = of(&bytes(&bytes(inner)));
    assert_eq!(twice.imports[0].start, 16);
    assert_eq!(twice.nested.len(), 1);
    for coded in [
        &b"gAJjb3MKc3lzdGVtClUCaWSFUi4="[..],
        b"8002636f730a73797374656d0a5502696485522e",
        b"Y29zCnN5c3RlbQooUydpZCcKdFIu",
    ] {
        let pickles = of(&bytes(coded));
        assert_eq!(
            pickles.calls[0].expression,
            "os.system(\"id\")",
            "{}",
            coded.escape_ascii()
        );
        assert_eq!(pickles.nested[0].codings.len(), 1);
    }
    let harmless = of(&bytes(b"cat\n(dog)\n."));
    assert_eq!((harmless.imports, harmless.anomalies), (vec![], vec![]));
}

#[test]
fn a_loader_that_is_given_a_pickle_is_told_apart() {
    let fed = |value: &[u8]| {
        let mut bytes = b"\x80\x02ctorch.storage\n_load_from_bytes\nB".to_vec();
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\x85R.");
        let import = of(&bytes).imports[0].clone();
        (import.called, import.fed)
    };
    assert_eq!(fed(b"\x80\x02}q\0."), (1, 1));
    assert_eq!(fed(b"\x80\x02RRRR."), (1, 0));
    assert_eq!(fed(b"whatever it is"), (1, 0));
}

#[test]
fn bombs_stay_small() {
    // Partials of partials, a call that comes down to itself, deep containers, and far memo entries.
    let mut chain = b"cfunctools\npartial\nq\x00cm\nf\n".to_vec();
    for _ in 0..20_000 {
        // partial(previous), which stays below its own use.
        chain.extend_from_slice(b"q\x010h\x00h\x01\x85R");
    }
    chain.extend_from_slice(b")R.");
    let pickles = of(&chain);
    assert!(pickles.imports[0].called >= 20_000);
    let mut nested = b"\x80\x04".to_vec();
    nested.extend(std::iter::repeat_n(b'(', 1_000_000));
    nested.extend(std::iter::repeat_n(b'l', 1_000_000));
    assert!(of(&[&nested[..], b"."].concat()).streams[0].complete);
    // Attributes of attributes do not grow a name without end.
    let mut long = b"cbuiltins\ngetattr\nq\x00cm\nN\nq\x01".to_vec();
    long.extend(b"0h\x00h\x01U\x01a\x86Rq\x01".repeat(2_000));
    long.push(b'.');
    let longest = of(&long)
        .imports
        .iter()
        .map(|import| import.to_string().len())
        .max();
    assert!(longest < Some(400));
    // A value in a value in a value: each level is followed once, to the limit.
    let mut inner = b"\x80\x02cos\nsystem\n)R.".to_vec();
    for _ in 0..12 {
        let mut outer = b"\x80\x04B".to_vec();
        outer.extend(u32::try_from(inner.len()).unwrap().to_le_bytes());
        outer.extend_from_slice(&inner);
        outer.push(b'.');
        inner = outer;
    }
    let deep = of(&inner);
    assert!(deep.anomalies.iter().any(|anomaly| anomaly.fault.blinds()));
    assert!(deep.nested.len() <= 8);
}

proptest! {
    #[test]
    fn frames_and_calls_never_panic(
        soup in proptest::collection::vec(
            proptest::sample::select(&b"\x95\0\x01cio\nm\nf\n()tRb}s]aeu\x90\x81\x92\x93\x85q\x01h\x01UX\x02V20."[..]), 0..200)
    ) {
        let pickles = of(&soup);
        for call in &pickles.calls {
            if let Callee::Import(index) = call.callee {
                prop_assert!(index < pickles.imports.len());
            }
        }
    }
}
