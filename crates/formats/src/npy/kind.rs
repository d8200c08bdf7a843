//! Types of arrays as headers write them (`numpy.lib.format.descr_to_dtype`).

use super::literal::Literal;

/// What a type is, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// Bytes of one item; none when it is not known.
    pub(super) size: Option<u128>,
    /// Whether it holds Python objects, so that the data is a pickle.
    pub(super) objects: bool,
}

/// The type that a header describes; recurses once a level of the literal, which its reader bounds.
pub(super) fn of(descr: &Literal) -> Kind {
    match descr {
        Literal::Text(code) => of_code(code),
        // A type and its shape.
        Literal::Tuple(parts) => match parts.as_slice() {
            [inner, shape] => repeated(of(inner), shape),
            _ => Kind::default(),
        },
        Literal::List(fields) => fields.iter().map(of_field).fold(
            Kind {
                size: Some(0),
                objects: false,
            },
            |all, field| Kind {
                size: all
                    .size
                    .zip(field.size)
                    .and_then(|(all, field)| all.checked_add(field)),
                objects: all.objects || field.objects,
            },
        ),
        _ => Kind::default(),
    }
}

fn of_field(field: &Literal) -> Kind {
    let (Literal::Tuple(parts) | Literal::List(parts)) = field else {
        return Kind::default();
    };
    match parts.as_slice() {
        [_name, inner] => of(inner),
        [_name, inner, shape] => repeated(of(inner), shape),
        _ => Kind::default(),
    }
}

fn repeated(kind: Kind, shape: &Literal) -> Kind {
    let count = count(shape).and_then(|count| u128::try_from(count).ok());
    Kind {
        size: kind
            .size
            .zip(count)
            .and_then(|(size, count)| size.checked_mul(count)),
        objects: kind.objects,
    }
}

/// How many items a shape has; none when it overflows or is no shape.
pub(super) fn count(shape: &Literal) -> Option<i128> {
    match shape {
        Literal::Number(number) => *number,
        Literal::Tuple(items) | Literal::List(items) => {
            items.iter().try_fold(1_i128, |count, item| match item {
                Literal::Number(Some(number)) => count.checked_mul(*number),
                _ => None,
            })
        }
        _ => None,
    }
}

/// A type as a text: `<f8`, `O`, `float64`, or several with commas between them.
pub(super) fn of_code(code: &str) -> Kind {
    let parts = code.split(',').map(str::trim);
    let objects = parts.clone().any(is_object);
    let size = match parts.collect::<Vec<_>>().as_slice() {
        [only] if !objects => size_of(only),
        _ => None,
    };
    Kind { size, objects }
}

/// `O`, `|O8`, `2O`, `(3)O`, `object`, `object_`.
fn is_object(code: &str) -> bool {
    let code = code.rsplit(')').next().unwrap_or(code);
    let is_order = |letter: char| letter.is_ascii_digit() || "|<>= ".contains(letter);
    let code = code.trim_start_matches(is_order).trim_end();
    let is_letter = code
        .strip_prefix('O')
        .is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit()));
    is_letter || matches!(code, "object" | "object_" | "Object0")
}

/// The size of a plain type in bytes.
fn size_of(code: &str) -> Option<u128> {
    let code = code.trim_start_matches(['|', '<', '>', '=']);
    let mut letters = code.chars();
    let kind = letters.next()?;
    let rest = letters.as_str();
    // Dates have their unit behind their size.
    let digits = rest.split('[').next().unwrap_or(rest);
    let number: u128 = digits.parse().ok()?;
    match kind {
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'a' | 'V' | 'M' | 'm' => Some(number),
        'U' => number.checked_mul(4),
        _ => None,
    }
}
