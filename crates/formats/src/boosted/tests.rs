//! Models made by the libraries (`corpus/make_benign.py`), whole and broken.

use super::*;
use crate::sniff;
use proptest::prelude::*;

macro_rules! corpus {
    ($($path:literal is $format:ident,)*) => {
        /// Files of the corpus and what each is.
        const REAL: &[(&[u8], Format)] = &[$((
            include_bytes!(concat!("../../../../corpus/benign/", $path)),
            Format::$format,
        )),*];
    };
}

corpus! {
    "xgboost/1.2.1-dart.deprecated" is XgBoost,
    "xgboost/1.7.6-linear.deprecated" is XgBoost,
    "xgboost/3.0.5-multi.deprecated" is XgBoost,
    "xgboost/1.2.1-pruned.json" is XgBoost,
    "xgboost/2.0.3-vector-leaves.ubj" is XgBoost,
    "xgboost/3.2.0-vector-leaves.ubj" is XgBoost,
    "xgboost/3.2.0-categories.ubj" is XgBoost,
    "xgboost/3.2.0-dart.json" is XgBoost,
    "lightgbm/2.3.1-multi.txt" is LightGbm,
    "lightgbm/3.3.5-linear.txt" is LightGbm,
    "lightgbm/4.7.0-categories.txt" is LightGbm,
    "lightgbm/4.7.0-one-leaf.txt" is LightGbm,
    "catboost/1.2.5-categories.cbm" is CatBoost,
    "catboost/1.2.10-lossguide.cbm" is CatBoost,
    "catboost/1.2.10-words.cbm" is CatBoost,
    "catboost/1.2.10-lossguide.json" is CatBoost,
}

fn of(bytes: &[u8], format: Format) -> Model {
    read(&bytes.to_vec(), format, &Limits::default()).unwrap()
}

fn faults(bytes: &[u8], format: Format) -> Vec<String> {
    let flaws = of(bytes, format).flaws.into_iter();
    flaws.map(|flaw| flaw.fault.to_string()).collect()
}

#[test]
fn what_the_libraries_write_is_whole() {
    for (bytes, format) in REAL {
        let found = sniff(&bytes.to_vec(), &Limits::default()).unwrap();
        assert_eq!(found, Some(*format));
        let model = of(bytes, *format);
        assert_eq!(model.flaws, []);
        assert_eq!(model.end, bytes.len() as u64);
        assert!(!model.texts.is_empty());
    }
}

#[test]
fn truncated_at_every_byte() {
    for (bytes, format) in REAL {
        // Every byte of what is short, every seventh of the rest.
        let step = if bytes.len() < 2_000 { 1 } else { 7 };
        for length in (0..bytes.len().saturating_sub(1)).step_by(step) {
            let model = of(&bytes[..length], *format);
            // Behind its trees a text of LightGBM only says how it was trained.
            let is_cut = *format != Format::LightGbm && length > 8;
            let has_parts = *format == Format::CatBoost && model.end == length as u64;
            assert!(!is_cut || has_parts || !model.flaws.is_empty(), "{length}");
        }
    }
}

/// The text of a model of `LightGBM` with one value changed.
fn changed(key: &str, value: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(REAL[10].0).into_owned();
    let start = text.find(&format!("\n{key}=")).unwrap() + key.len() + 2;
    let end = start + text[start..].find('\n').unwrap();
    let shift = value.len() as i64 - (end - start) as i64;
    let changed = format!("{}{value}{}", &text[..start], &text[end..]);
    // The size of the first tree goes with it.
    let sizes = changed.find("tree_sizes=").unwrap() + 11;
    let first: i64 = changed[sizes..].split(' ').next().unwrap().parse().unwrap();
    let inside = key != "tree_sizes" && start > text.find("Tree=0").unwrap();
    let size = if inside { first + shift } else { first };
    changed
        .replacen(
            &format!("tree_sizes={first} "),
            &format!("tree_sizes={size} "),
            1,
        )
        .into_bytes()
}

#[test]
fn numbers_that_lead_out_of_a_model_are_told() {
    for (key, value, wanted) in [
        ("num_leaves", "2000000000", "`leaf_value` of tree 0 has"),
        (
            "num_leaves",
            "0",
            "`num_leaves` of tree 0 is 0, outside of 1 to 2147483647",
        ),
        ("num_cat", "-1", "`num_cat` of tree 0 is -1"),
        ("cat_threshold", "1", "a boundary in `cat_boundaries`"),
        ("num_class", "0", "`num_class` is 0"),
        ("tree_sizes", "1 2 3", "`tree_sizes` has 3 entries"),
        (
            "tree_sizes",
            "99999999 2",
            "the size of tree 0 in `tree_sizes` is 99999999",
        ),
        (
            "tree_sizes",
            "50 2",
            "is not how long it is up to the next one",
        ),
    ] {
        let faults = faults(&changed(key, value), Format::LightGbm);
        let is_told = faults.iter().any(|fault| fault.contains(wanted));
        assert!(is_told, "{key}={value}: {faults:?}");
    }
}

#[test]
fn the_same_model_in_json_and_universal_json_is_the_same() {
    let json = include_bytes!("../../../../corpus/benign/xgboost/3.2.0-categories.json");
    let universal = include_bytes!("../../../../corpus/benign/xgboost/3.2.0-categories.ubj");
    let texts = |bytes: &[u8]| -> Vec<String> {
        let texts = of(bytes, Format::XgBoost).texts.into_iter();
        texts.map(|text| text.text).collect()
    };
    assert_eq!(texts(json), texts(universal));
}

#[test]
fn lengths_beyond_the_file_are_told_before_memory_is_taken() {
    let head = b"{L\0\0\0\0\0\0\0\x07learner";
    let huge = (1_i64 << 60).to_be_bytes();
    for (body, wanted) in [
        (
            &b"SL"[..],
            "a text under `learner` declares 1152921504606846976",
        ),
        (b"[$L#L", "a container under `learner` declares"),
        (b"[$Z#L", "a container under `learner` declares"),
        (b"{L", "a key under `learner` declares"),
    ] {
        let bytes = [head, body, &huge].concat();
        let faults = faults(&bytes, Format::XgBoost);
        assert!(faults[0].starts_with(wanted), "{faults:?}");
    }
    let deep = [&head[..], &b"[".repeat(1_000_000)].concat();
    assert!(faults(&deep, Format::XgBoost)[0].starts_with("values nest deeper"));
}

proptest! {
    #[test]
    fn any_change_is_survived(which in 0..REAL.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (bytes, format) = REAL[which];
        let mut bytes = bytes.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let model = of(&bytes, format);
        prop_assert!(model.end <= bytes.len() as u64);
    }
}
