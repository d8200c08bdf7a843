//! Names that no ordinary template uses.

/// Names that lead from a template's values to Python's functions and modules.
pub(super) fn is_escape(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "_TemplateReference__context",
        "cr_code",
        "cr_frame",
        "f_back",
        "f_builtins",
        "f_code",
        "f_globals",
        "f_locals",
        "func_code",
        "func_globals",
        "gi_code",
        "gi_frame",
        "im_class",
        "im_func",
        "im_self",
        "tb_frame",
        "tb_next",
    ];
    let inner = name
        .strip_prefix("__")
        .and_then(|rest| rest.strip_suffix("__"));
    let is_dunder = inner.is_some_and(|inner| {
        inner
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            && !inner.is_empty()
    });
    is_dunder || NAMES.binary_search(&name).is_ok()
}

/// Functions that run code or programs, whatever object they are reached through.
pub(crate) fn is_runner(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "Popen",
        "__import__",
        "check_call",
        "check_output",
        "eval",
        "exec",
        "execfile",
        "getoutput",
        "import_module",
        "popen",
        "spawn",
        "subclasses",
        "system",
        "urlopen",
    ];
    NAMES.binary_search(&name).is_ok()
}
