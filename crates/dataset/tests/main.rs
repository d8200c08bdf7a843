//! Runs the cases that lie beside each check.

#[test]
fn cases() {
    tutela_testkit::run_cases(env!("CARGO_MANIFEST_DIR"), tutela_dataset::CHECKS);
}
