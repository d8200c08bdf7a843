//! Runs the cases that lie beside each check.

mod measured;

#[test]
fn cases() {
    tutela_testkit::run_cases(env!("CARGO_MANIFEST_DIR"), tutela_scan::CHECKS);
}
