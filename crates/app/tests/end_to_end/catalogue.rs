//! The checks of all capabilities together.

use std::path::Path;

#[test]
fn all_checks_together_break_no_rule() {
    let catalogue = tutela_app::catalogue();
    assert_eq!(catalogue.faults(), []);
    assert!(catalogue.len() >= 15);
}

#[test]
fn every_check_has_a_page() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    for check in tutela_app::catalogue().iter() {
        let page = rules.join(format!("{}.md", check.info().code));
        assert!(
            page.is_file(),
            "{} is missing; `cargo xtask docs` writes it",
            page.display()
        );
    }
}
