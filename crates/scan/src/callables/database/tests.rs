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
fn every_library_is_sorted_and_every_line_is_understood() {
    let libraries = libraries(SHIPPED.bytes);
    assert!(libraries.len() > 100);
    assert!(libraries.is_sorted_by(|one, next| one.name < next.name));
    for library in &libraries {
        let text = Text::unpack(library.packed);
        let modules: Vec<&str> = text
            .sections
            .iter()
            .map(|section| text.parts(*section).0)
            .collect();
        assert!(
            modules.is_sorted_by(|one, next| one < next),
            "{}",
            library.name
        );
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
        b"tutela callables 2\nos 0 1\n\nx",
        b"tutela callables 1\nos 0 100\n\nx",
        b"tutela callables 1\nos 0\n\nx",
        b"tutela callables 1\nos 18446744073709551615 2\n\nx",
    ];
    for bytes in heads {
        assert_eq!(
            Database::new(bytes).look_up("os", "system"),
            Answer::NoSuchLibrary
        );
    }
    let database = Database::new(b"tutela callables 1\nos 0 1\n\nx");
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
