//! Runs the cases that lie beside each check.

mod measured;

#[test]
fn cases() {
    tutela_testkit::run_cases(env!("CARGO_MANIFEST_DIR"), tutela_scan::CHECKS);
}

#[test]
fn the_catalogue_has_no_faults() {
    let faults = tutela_core::Catalogue::new(&[tutela_scan::CHECKS]).faults();
    assert_eq!(faults, []);
    let codes: Vec<&str> = tutela_scan::CHECKS
        .iter()
        .map(|check| check.info().code)
        .collect();
    assert!(codes.is_sorted(), "{codes:?}");
}
