//! The behaviour of the crate through its public door.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod envelope;
mod keys;
mod log;
mod note;
mod store;
mod support;

/// A module that is not named above would be silently left out.
#[test]
fn every_file_is_a_module() {
    let main = include_str!("main.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(main.contains(&format!("mod {module};")), "{module}");
        }
    }
}
