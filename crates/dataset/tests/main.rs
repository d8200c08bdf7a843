//! Runs the cases that lie beside each check.

#[test]
fn cases() {
    tutela_testkit::run_cases(env!("CARGO_MANIFEST_DIR"), tutela_dataset::CHECKS);
}

#[test]
fn the_catalogue_has_no_faults_and_is_sorted() {
    let faults = tutela_core::Catalogue::new(&[tutela_dataset::CHECKS]).faults();
    assert!(faults.is_empty(), "{faults:?}");
    assert!(tutela_dataset::CHECKS.is_sorted_by_key(|check| check.info().code));
}
