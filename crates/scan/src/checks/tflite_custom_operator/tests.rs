//! The list of the runtime's operators.

use super::*;

#[test]
fn the_list_is_sorted() {
    assert!(RUNTIME.is_sorted());
}
