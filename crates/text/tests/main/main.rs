//! Behaviour of the engines through their public door.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test fails by panicking"
)]

mod personal;
mod properties;
mod secrets;
mod windows;

/// A forgotten file is a test that never runs.
#[test]
fn every_file_is_a_module() {
    let main = include_str!("main.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/main");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let known = stem == "main" || main.contains(&format!("mod {stem};"));
        assert!(known || path.is_dir(), "{} is not a module", path.display());
    }
}
