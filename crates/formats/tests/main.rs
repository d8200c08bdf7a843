//! Tests against recorded behaviour of other programs.

mod loaders;

#[test]
fn no_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}")) {
        let name = entry.map(|entry| entry.file_name());
        let name = name.unwrap_or_else(|error| panic!("{error}"));
        let name = name.to_string_lossy();
        let stem = name.trim_end_matches(".rs");
        assert!(
            stem == "main" || main.contains(&format!("mod {stem};")),
            "{stem}"
        );
    }
}
