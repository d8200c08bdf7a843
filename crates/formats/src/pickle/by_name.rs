//! The functions of dill and cloudpickle that give a type, class or constant for its written name.
//!
//! Both write builtin types as a call with the type's name. What matters is the type that is named: a slice
//! is harmless, the type of functions makes code.

use super::is_dotted_name;
use super::semantics::{Given, Subject, canonical};

/// Names that dill has for types which lie elsewhere. Sorted.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("AttrGetterType", "operator", "attrgetter"),
    ("BufferedRandomType", "io", "BufferedRandom"),
    ("BufferedReaderType", "io", "BufferedReader"),
    ("BufferedWriterType", "io", "BufferedWriter"),
    ("ClassType", "builtins", "type"),
    ("ExitType", "builtins", "exit"),
    ("FileType", "io", "TextIOWrapper"),
    ("InputType", "io", "BytesIO"),
    ("ItemGetterType", "operator", "itemgetter"),
    ("OutputType", "io", "BytesIO"),
    ("PartialType", "functools", "partial"),
    ("PyBufferedRandomType", "io", "BufferedRandom"),
    ("PyBufferedReaderType", "io", "BufferedReader"),
    ("PyBufferedWriterType", "io", "BufferedWriter"),
    ("PyTextWrapperType", "io", "TextIOWrapper"),
    ("SocketType", "socket", "socket"),
    ("StringIOType", "io", "StringIO"),
    ("SuperType", "builtins", "super"),
    ("TextWrapperType", "io", "TextIOWrapper"),
    ("XRangeType", "builtins", "range"),
];
/// The longest text that is looked at as a constant: a range has at most three numbers.
const CONSTANT: usize = 80;

/// What one of these functions gives for its arguments, if it is one of them.
pub(super) fn reached(path: &str, given: &Given) -> Option<Subject> {
    let texts = [&given.one, &given.two, &given.three];
    by_texts(path, texts.map(|text| text.as_deref()))
}

fn by_texts(path: &str, [first, second, third]: [Option<&str>; 3]) -> Option<Subject> {
    let (module, function) = path.rsplit_once('.')?;
    match (module, function) {
        ("dill._dill" | "dill.dill", "_load_type") => Some(named_type(first?)),
        ("dill._dill" | "dill.dill", "_create_namedtuple") => {
            // It looks for a class of that name in that module before it makes one.
            Some(canonical(third?, first?))
        }
        ("dill._dill" | "dill.dill", "_getattr") => {
            // It evaluates what stands between the second pair of quotes: `<method 'x' of 'str' objects>`.
            let class = third?.split('\'').nth(3)?;
            let name = second?;
            (is_dotted_name(class) && is_dotted_name(name))
                .then(|| canonical("builtins", &format!("{class}.{name}")))
        }
        ("cloudpickle.cloudpickle" | "cloudpickle", "_builtin_type") => match first? {
            "ClassType" => Some(named_type("ClassType")),
            name => Some(canonical("types", name)),
        },
        _ => None,
    }
}

/// dill writes a builtin type under its own name, and the others as the module `types` calls them.
fn named_type(name: &str) -> Subject {
    let elsewhere = ELSEWHERE.binary_search_by_key(&name, |entry| entry.0).ok();
    if let Some((_, module, name)) = elsewhere.and_then(|index| ELSEWHERE.get(index)) {
        return Subject::Path((*module).to_owned(), (*name).to_owned());
    }
    let is_of_types = name != "NoneType"
        && (name.ends_with("Type") || matches!(name, "GenericAlias" | "SimpleNamespace"));
    let module = if is_of_types { "types" } else { "builtins" };
    Subject::Path(module.to_owned(), name.to_owned())
}

/// Whether evaluating a text gives a constant and does nothing else.
pub(super) fn is_constant(text: &str) -> bool {
    if text.len() > CONSTANT {
        return false;
    }
    let is_whole = |number: &str| {
        let digits = number.strip_prefix('-').unwrap_or(number);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let numbers = text
        .strip_prefix("range(")
        .or_else(|| text.strip_prefix("xrange("))
        .and_then(|rest| rest.strip_suffix(')'));
    match numbers {
        Some(numbers) => numbers.split(", ").all(is_whole),
        None => {
            matches!(
                text,
                "Ellipsis" | "NotImplemented" | "None" | "True" | "False"
            ) || is_whole(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(ELSEWHERE.is_sorted_by_key(|entry| entry.0));
    }

    #[test]
    fn types_are_found_where_they_lie() {
        let path =
            |module: &str, name: &str| Some(Subject::Path(module.to_owned(), name.to_owned()));
        let dill = |name| by_texts("dill._dill._load_type", [Some(name), None, None]);
        assert_eq!(dill("slice"), path("builtins", "slice"));
        assert_eq!(dill("NoneType"), path("builtins", "NoneType"));
        assert_eq!(dill("CodeType"), path("types", "CodeType"));
        assert_eq!(dill("PartialType"), path("functools", "partial"));
        let cloudpickle = |name| {
            by_texts(
                "cloudpickle.cloudpickle._builtin_type",
                [Some(name), None, None],
            )
        };
        assert_eq!(
            cloudpickle("SimpleNamespace"),
            path("types", "SimpleNamespace")
        );
        assert_eq!(cloudpickle("CodeType"), path("types", "CodeType"));
        let tuple = by_texts(
            "dill._dill._create_namedtuple",
            [Some("system"), None, Some("posix")],
        );
        assert_eq!(tuple, path("posix", "system"));
    }

    #[test]
    fn only_constants_are_constants() {
        for text in [
            "Ellipsis",
            "NotImplemented",
            "range(0, 3)",
            "range(-1, 3, 2)",
            "12",
        ] {
            assert!(is_constant(text), "{text}");
        }
        for text in [
            "exit()",
            "range(0, f())",
            "range()",
            "",
            "-",
            "__import__('os')",
        ] {
            assert!(!is_constant(text), "{text}");
        }
    }
}
