use proptest::prelude::*;

use super::*;

/// `marshal.dumps` of one source (see `samples/make.py`), by each version.
const SAMPLES: &[(&str, &str)] = &[
    ("3.6", include_str!("samples/names36.b64")),
    ("3.7", include_str!("samples/names37.b64")),
    ("3.8", include_str!("samples/names38.b64")),
    ("3.9", include_str!("samples/names39.b64")),
    ("3.10", include_str!("samples/names310.b64")),
    ("3.11", include_str!("samples/names311.b64")),
    ("3.12", include_str!("samples/names312.b64")),
    ("3.13", include_str!("samples/names313.b64")),
];

fn decoded(text: &str) -> Vec<u8> {
    crate::keras::base64::decode(text.trim(), 1 << 20).unwrap()
}

/// The paths that a function of the sample takes, each with its base and whether it goes on.
fn paths<'a>(bytecode: &'a Bytecode, name: &str) -> Vec<(Base, &'a str, bool)> {
    let function = bytecode
        .functions
        .iter()
        .find(|function| function.name == name)
        .unwrap();
    assert!(function.followed, "{name}");
    let uses = function.uses.iter();
    uses.map(|used| (used.base, used.path.as_str(), used.goes_on))
        .collect()
}

#[test]
fn names_are_followed_in_every_version() {
    for (version, text) in SAMPLES {
        let bytecode = read(&decoded(text));
        assert!(bytecode.complete, "{version}");
        let ordinary = paths(&bytecode, "ordinary");
        for wanted in [
            (Base::Module, "numpy.mean"),
            (Base::Module, "numpy.exp"),
            (Base::Module, "math.sqrt"),
            (Base::Module, "os.path.join"),
            (Base::Value, "eval"),
            (Base::Value, "forward"),
        ] {
            let found = ordinary
                .iter()
                .any(|(base, path, _)| (*base, *path) == wanted);
            assert!(found, "{version}: {wanted:?} is not in {ordinary:?}");
        }
        let globals: Vec<&str> = ordinary
            .iter()
            .filter(|(base, ..)| *base == Base::Global)
            .map(|(_, path, _)| *path)
            .collect();
        assert_eq!(globals, [""; 0], "{version}");
        let goes_on = |name: &str| ordinary.iter().any(|(_, path, on)| *path == name && *on);
        assert!(!goes_on("os"), "{version}: {ordinary:?}");
    }
}

#[test]
fn renamed_and_hidden_modules_are_seen() {
    for (version, text) in SAMPLES {
        let bytecode = read(&decoded(text));
        let hostile = paths(&bytecode, "hostile");
        assert!(
            hostile.contains(&(Base::Module, "os.system", false)),
            "{version}: {hostile:?}"
        );
        // What comes out of a condition is any of its values: the module goes on, and the attribute is told.
        let escaping = paths(&bytecode, "escaping");
        assert!(
            escaping.contains(&(Base::Module, "os", true)),
            "{version}: {escaping:?}"
        );
        assert!(
            escaping
                .iter()
                .any(|(base, path, _)| *base == Base::Value && *path == "system"),
            "{version}: {escaping:?}"
        );
        let writes = |name: &str| {
            let mut functions = bytecode.functions.iter();
            functions
                .find(|function| function.name == name)
                .unwrap()
                .writes
        };
        assert!(!writes("reads") && !writes("reads_bytes"), "{version}");
        assert!(writes("writes"), "{version}");
        let built = paths(&bytecode, "built");
        let getattr = (Base::Global, "getattr", false);
        assert!(built.contains(&getattr), "{version}: {built:?}");
        assert!(
            built.contains(&(Base::Value, "system", true)),
            "{version}: {built:?}"
        );
    }
}

/// Python 3.14's numbers: `import os; os.system("x")`.
#[test]
fn the_instructions_of_python_3_14_are_followed() {
    let mut instructions = vec![128, 0, 94, 0, 82, 0, 73, 0, 112, 0, 86, 0, 80, 3];
    instructions.extend([0; 18]);
    instructions.extend([82, 1, 52, 1, 0, 0, 0, 0, 0, 0, 31, 0, 82, 0, 35, 0]);
    let parts = Parts {
        instructions,
        constants: vec![Constant::Nil, Constant::Text("x".to_owned())],
        names: vec!["os".to_owned(), "system".to_owned()],
        family: Family::Cached,
        complete: true,
        ..Parts::default()
    };
    let function = parts.clone().describe();
    assert!(function.followed);
    assert_eq!(function.uses.len(), 2);
    assert_eq!(function.uses[1].path, "os.system");
    // What stands in a cache is passed over by Python.
    let mut odd = parts;
    odd.instructions[16] = 92;
    assert!(!odd.describe().followed);
}

#[test]
fn a_name_that_no_instruction_takes_counts_as_anything() {
    let parts = Parts {
        instructions: vec![100, 0, 83, 0],
        constants: vec![Constant::Nil],
        names: vec!["eval".to_owned()],
        family: Family::Words,
        complete: true,
        ..Parts::default()
    };
    let uses = parts.describe().uses;
    assert!(uses.iter().any(|used| used.base == Base::Global));
    assert!(uses.iter().any(|used| used.base == Base::Value));
}

#[test]
fn cut_off_functions_are_not_complete() {
    for (version, text) in SAMPLES {
        let bytes = decoded(text);
        for end in 0..bytes.len() {
            assert!(!read(&bytes[..end]).complete, "{version} {end}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(sample in 0..SAMPLES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&bytes));
        let mut code = decoded(SAMPLES[sample].1);
        for (place, byte) in bytes.iter().enumerate() {
            let at = (place * 7 + usize::from(*byte)) % code.len();
            code[at] = *byte;
        }
        drop(read(&code));
    }
}
