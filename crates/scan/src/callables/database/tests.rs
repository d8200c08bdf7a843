use tutela_core::Severity;

use super::*;

fn known(module: &str, name: &str) -> (Effect, Effect) {
    match look_up(module, name) {
        Answer::Known { called, made } => (called, made),
        other => panic!("{module}.{name}: {other:?}"),
    }
}

fn both(effect: Effect) -> (Effect, Effect) {
    (effect, effect)
}

#[test]
fn the_shipped_database_has_this_format_and_tells_its_inputs() {
    let (head, _) = split(SHIPPED.bytes).unwrap();
    assert_eq!(head.lines().next(), Some(MAGIC));
    let inputs: Vec<&str> = head.lines().filter(|line| line.starts_with('#')).collect();
    assert!(inputs.iter().any(|line| line.starts_with("# date 20")));
    for package in ["python", "numpy", "scikit-learn", "torch", "pandas"] {
        let start = format!("# {package} ");
        assert!(
            inputs.iter().any(|line| line.starts_with(&start)),
            "{package}"
        );
    }
}

#[test]
fn every_block_is_sorted_and_every_line_is_understood() {
    let blocks = blocks(SHIPPED.bytes);
    assert!(blocks.len() > 300);
    let mut last = (String::new(), String::new());
    for block in &blocks {
        let text = Text::unpack(block.packed);
        let modules: Vec<&str> = text
            .sections
            .iter()
            .map(|section| text.parts(*section).0)
            .collect();
        assert_eq!(modules.first(), Some(&block.first));
        for module in modules {
            let next = (library_of(module).to_owned(), module.to_owned());
            assert!(last < next, "{module}");
            last = next;
        }
        for section in &text.sections {
            let (module, lines) = text.parts(*section);
            let names: Vec<(&str, &str)> = lines
                .lines()
                .map(|line| line.split_once(' ').unwrap())
                .collect();
            assert!(names.is_sorted_by(|one, next| one.0 < next.0), "{module}");
            assert!(
                names.iter().all(|(_, letters)| answer(letters).is_some()),
                "{module}"
            );
        }
    }
}

#[test]
fn a_block_belongs_to_one_library() {
    let (one, two) = (packed(b"a.b\nf p\n\n"), packed(b"c\nf x\n\nc.d\nf r\n\n"));
    let mut bytes = format!(
        "tutela callables 2\na.b 0 {}\nc {} {}\n\n",
        one.len(),
        one.len(),
        two.len()
    )
    .into_bytes();
    bytes.extend([one, two].concat());
    let database = Database::new(bytes.leak());
    let known = |effect| Answer::Known {
        called: effect,
        made: effect,
    };
    assert_eq!(database.look_up("a.b", "f"), known(Effect::Pure));
    assert_eq!(database.look_up("c", "f"), known(Effect::Programs));
    assert_eq!(database.look_up("c.d", "f"), known(Effect::Reads));
    for module in ["a", "a.a", "a.c", "c.a", "c.e"] {
        assert_eq!(
            database.look_up(module, "f"),
            Answer::NoSuchName,
            "{module}"
        );
    }
    for module in ["", "Z", "a_b", "b", "d"] {
        assert_eq!(
            database.look_up(module, "f"),
            Answer::NoSuchLibrary,
            "{module}"
        );
    }
}

/// A zlib stream of one stored block.
fn packed(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in text {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    [
        &[0x78, 0x01, 1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        text,
        &(high << 16 | low).to_be_bytes(),
    ]
    .concat()
}

/// The letters of what a pickle can act with.
const ACTING: &str = "arwincxl";

#[test]
fn gadgets_are_found_by_derivation() {
    let (mut found, mut missed) = (0, Vec::new());
    for line in include_str!("../gadgets.txt").lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [module, name, wanted] = fields.as_slice() else {
            continue;
        };
        if line.starts_with('#') || !wanted.chars().all(|letter| ACTING.contains(letter)) {
            continue;
        }
        match look_up(module, name) {
            Answer::Known { called, .. } if called.severity() >= Some(Severity::High) => found += 1,
            _ => missed.push(format!("{module}.{name}")),
        }
    }
    assert!(found >= GADGETS_FOUND, "{found} found; missed: {missed:?}");
}
/// How many of the gadgets the derived database blocks; may only rise.
const GADGETS_FOUND: usize = 183;

#[test]
fn every_line_of_a_section_is_found() {
    let lines = "Aa p\nB np\n_c x\nzz g";
    for line in lines.lines() {
        let (name, letters) = line.split_once(' ').unwrap();
        assert_eq!(effects(lines, name), answer(letters), "{name}");
    }
    for name in ["", "A", "Aaa", "B ", "b", "zzz"] {
        assert_eq!(effects(lines, name), None, "{name}");
    }
}

#[test]
fn a_broken_database_knows_nothing() {
    let heads: [&'static [u8]; 5] = [
        b"",
        b"tutela callables 3\nos 0 1\n\nx",
        b"tutela callables 2\nos 0 100\n\nx",
        b"tutela callables 2\nos 0\n\nx",
        b"tutela callables 2\nos 18446744073709551615 2\n\nx",
    ];
    for bytes in heads {
        assert_eq!(
            Database::new(bytes).look_up("os", "system"),
            Answer::NoSuchLibrary
        );
    }
    let database = Database::new(b"tutela callables 2\nos 0 1\n\nx");
    assert_eq!(database.look_up("os", "system"), Answer::NoSuchName);
}

#[test]
fn ordinary_classes_make_values() {
    for (module, name) in [
        ("sklearn.ensemble._forest", "RandomForestClassifier"),
        ("sklearn.tree._tree", "Tree"),
        ("sklearn.tree.tree", "DecisionTreeClassifier"),
        ("torch.nn.modules.linear", "Linear"),
        ("torch.nn.modules.container", "Sequential"),
        ("xgboost.core", "Booster"),
        ("lightgbm.basic", "Booster"),
    ] {
        assert_eq!(known(module, name).1, Effect::Pure, "{module}.{name}");
    }
}

#[test]
fn effects_are_found_under_every_name() {
    assert_eq!(known("joblib.numpy_pickle", "load"), both(Effect::Loads));
    assert_eq!(known("joblib", "load"), both(Effect::Loads));
    assert_eq!(
        known("pandas.io.pickle", "read_pickle"),
        both(Effect::Loads)
    );
    assert_eq!(known("pandas", "read_pickle"), both(Effect::Loads));
    assert_eq!(known("shutil", "rmtree"), both(Effect::Writes));
    assert_eq!(known("logging", "FileHandler").0, Effect::Writes);
    assert_eq!(known("pydoc", "pipepager"), both(Effect::Programs));
}

#[test]
fn what_is_not_there_is_told_apart() {
    assert_eq!(look_up("mymodel", "Net"), Answer::NoSuchLibrary);
    assert_eq!(
        look_up("sklearn.ensemble._forest", "Evil"),
        Answer::NoSuchName
    );
    assert_eq!(
        look_up("sklearn.no_such_module", "Evil"),
        Answer::NoSuchName
    );
}
