//! Methods of objects that a pickle keeps and does not call.

use tutela_core::Severity;
use tutela_formats::pickle::{Import, Origin};

use crate::callables::effect_when_made;

/// Methods with two underscores that compute. Sorted.
const COMPUTING: &[&str] = &[
    "__abs__",
    "__add__",
    "__and__",
    "__bool__",
    "__contains__",
    "__eq__",
    "__float__",
    "__ge__",
    "__gt__",
    "__hash__",
    "__int__",
    "__iter__",
    "__le__",
    "__len__",
    "__lt__",
    "__mul__",
    "__ne__",
    "__neg__",
    "__or__",
    "__repr__",
    "__str__",
    "__sub__",
    "__truediv__",
];
/// Whether it is a method of an object, and is kept.
pub(super) fn is_of_object(import: &Import) -> bool {
    import.origin == Origin::Method && import.called == 0
}

/// Whether it is one that does nothing until somebody calls it.
pub(super) fn is_harmless(import: &Import) -> bool {
    is_of_object(import) && severity(import) < Some(Severity::High)
}

/// A method of an object that is kept and not called: no worse than its class.
pub(super) fn severity(import: &Import) -> Option<Severity> {
    let (Some(module), Some(name)) = (&import.module, &import.name) else {
        return Some(Severity::Medium);
    };
    let (class, method) = name.rsplit_once('.').unwrap_or((name, ""));
    if method.starts_with("__") && COMPUTING.binary_search(&method).is_err() {
        return Some(Severity::High);
    }
    // The object is there already, mostly made by `__new__` and a state.
    effect_when_made(module, class).severity()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_are_sorted() {
        assert!(COMPUTING.is_sorted());
    }
}
