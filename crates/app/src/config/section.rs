//! Reads one table of a project file, key by key, and remembers which keys it knows.

use std::cell::RefCell;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};
use tutela_core::Timestamp;

use super::problem::{Problem, did_you_mean};

/// A value and the bytes of the project file that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Problems found so far, shared by all sections of one file.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, message: impl Into<String>, span: Range<usize>, hint: Option<String>) {
        self.0.borrow_mut().push(Problem {
            message: message.into(),
            span,
            hint,
        });
    }

    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.span.start);
        problems
    }
}

/// One table of a project file.
pub(super) struct Section<'a> {
    name: String,
    table: &'a dyn TableLike,
    span: Range<usize>,
    problems: &'a Problems,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        name: &str,
        table: &'a dyn TableLike,
        span: Range<usize>,
        problems: &'a Problems,
    ) -> Self {
        Self {
            name: name.to_owned(),
            table,
            span,
            problems,
            known: RefCell::default(),
        }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn problem(&self, message: impl Into<String>, span: Range<usize>) {
        self.problems.add(message, span, None);
    }

    pub(super) fn problem_with_hint(
        &self,
        message: impl Into<String>,
        span: Range<usize>,
        hint: impl Into<String>,
    ) {
        self.problems.add(message, span, Some(hint.into()));
    }

    fn item(&self, key: &'static str) -> Option<&'a Item> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    fn span_of(&self, item: &Item) -> Range<usize> {
        item.span().unwrap_or_else(|| self.span())
    }

    fn wrong_type(&self, key: &str, expected: &str, item: &Item) {
        let message = format!(
            "`{key}` in {}: expected {expected}, found {}",
            self.name,
            item.type_name()
        );
        self.problem(message, self.span_of(item));
    }

    /// Reads a value that is accepted by `read`, or reports what was expected.
    fn value<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let item = self.item(key)?;
        let value = item.as_value().and_then(read);
        if value.is_none() {
            self.wrong_type(key, expected, item);
        }
        value.map(|value| Spanned {
            value,
            span: self.span_of(item),
        })
    }

    pub(super) fn string(&self, key: &'static str) -> Option<Spanned<String>> {
        self.value(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn required(&self, key: &'static str) -> Option<Spanned<String>> {
        let text = self.string(key);
        match &text {
            None if self.table.get(key).is_none() => {
                self.problem(format!("{} lacks `{key}`", self.name), self.span());
            }
            Some(text) if text.value.trim().is_empty() => {
                self.problem(
                    format!("`{key}` in {} is empty", self.name),
                    text.span.clone(),
                );
            }
            _ => return text,
        }
        None
    }

    /// Whether the key is there at all.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.table.get(key).is_some()
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<Spanned<bool>> {
        self.value(key, "`true` or `false`", Value::as_bool)
    }

    pub(super) fn strings(&self, key: &'static str) -> Vec<Spanned<String>> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let Some(array) = item.as_array() else {
            self.wrong_type(key, "an array of strings", item);
            return Vec::new();
        };
        let read = |value: &Value| {
            let span = value.span().unwrap_or_else(|| self.span_of(item));
            let text = value.as_str();
            if text.is_none() {
                let message = format!(
                    "`{key}` in {}: expected a string, found {}",
                    self.name,
                    value.type_name()
                );
                self.problem(message, span.clone());
            }
            text.map(|text| Spanned {
                value: text.to_owned(),
                span,
            })
        };
        array.iter().filter_map(read).collect()
    }

    pub(super) fn integer(&self, key: &'static str) -> Option<Spanned<i64>> {
        self.value(key, "an integer", Value::as_integer)
    }

    pub(super) fn number(&self, key: &'static str) -> Option<Spanned<f64>> {
        self.value(key, "a number", number)
    }

    /// Reads a date, written as a TOML date or as a string.
    pub(super) fn date(&self, key: &'static str) -> Option<Spanned<Timestamp>> {
        let text = self.value(key, "a date such as 2026-11-23", |value| {
            let date = value.as_datetime().map(ToString::to_string);
            date.or_else(|| value.as_str().map(str::to_owned))
        })?;
        match text.value.parse() {
            Ok(value) => Some(Spanned {
                value,
                span: text.span,
            }),
            Err(error) => {
                self.problem(format!("`{key}` in {}: {error}", self.name), text.span);
                None
            }
        }
    }

    /// Reads a span of time such as `"90d"`, in days.
    pub(super) fn days(&self, key: &'static str) -> Option<u32> {
        let text = self.string(key)?;
        let days = parse_days(&text.value);
        if days.is_none() {
            let message = format!(
                "`{key}` in {}: `{}` is not a span of time",
                self.name, text.value
            );
            self.problem_with_hint(
                message,
                text.span,
                "write days, weeks, months or years: `90d`, `12w`, `6m`, `2y`",
            );
        }
        days
    }

    /// Reads one of a few words.
    pub(super) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.string(key)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text.value)
            .map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!(
                "`{key}` in {}: expected one of `{}`, found `{}`",
                self.name,
                known.join("`, `"),
                text.value
            );
            self.problems
                .add(message, text.span, did_you_mean(&text.value, known));
        }
        found
    }

    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        let item = self.item(key)?;
        if let Some(table) = item.as_table_like() {
            return Some(Section::new(
                &format!("`[{key}]`"),
                table,
                self.span_of(item),
                self.problems,
            ));
        }
        self.wrong_type(key, "a table", item);
        None
    }

    pub(super) fn tables(&self, key: &'static str) -> Vec<Self> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let Some(tables) = item.as_array_of_tables() else {
            self.wrong_type(
                key,
                &format!("tables, each beginning with `[[{key}]]`"),
                item,
            );
            return Vec::new();
        };
        let name = format!("`[[{key}]]`");
        tables
            .iter()
            .map(|table| {
                let span = table.span().unwrap_or_else(|| self.span_of(item));
                Section::new(&name, table, span, self.problems)
            })
            .collect()
    }

    /// Every key with its item, for tables whose keys are the user's; marks them all as known.
    pub(super) fn entries(&self) -> Vec<(Spanned<String>, &'a Item)> {
        let span = |key: &str, item: &Item| {
            let own = self
                .table
                .get_key_value(key)
                .and_then(|(key, _)| key.span());
            own.unwrap_or_else(|| self.span_of(item))
        };
        self.table
            .iter()
            .map(|(key, item)| {
                (
                    Spanned {
                        value: key.to_owned(),
                        span: span(key, item),
                    },
                    item,
                )
            })
            .collect()
    }

    /// Reads the number that an entry holds.
    pub(super) fn entry_number(&self, key: &str, item: &Item) -> Option<Spanned<f64>> {
        let value = item.as_value().and_then(number);
        if value.is_none() {
            self.wrong_type(key, "a number", item);
        }
        value.map(|value| Spanned {
            value,
            span: self.span_of(item),
        })
    }

    pub(super) fn entry_table(&self, key: &str, item: &'a Item) -> Option<Self> {
        let table = item.as_table_like();
        if table.is_none() {
            self.wrong_type(key, "a table", item);
        }
        table.map(|table| {
            Section::new(
                &format!("`{key}`"),
                table,
                self.span_of(item),
                self.problems,
            )
        })
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _item) in self.entries() {
            if !known.contains(&key.value.as_str()) {
                let message = format!("unknown key `{}` in {}", key.value, self.name);
                let hint = did_you_mean(&key.value, known.iter().copied())
                    .or_else(|| Some(format!("known keys are `{}`", known.join("`, `"))));
                self.problems.add(message, key.span, hint);
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    let whole = value
        .as_integer()
        .and_then(|whole| i32::try_from(whole).ok())
        .map(f64::from);
    value
        .as_float()
        .or(whole)
        .filter(|number| number.is_finite())
}

/// Reads `90d`, `12w`, `6m` (of 30 days) or `2y` (of 365 days).
fn parse_days(text: &str) -> Option<u32> {
    let unit = text.chars().last()?;
    let count: u32 = text.strip_suffix(unit)?.trim().parse().ok()?;
    let days = match unit {
        'd' => 1,
        'w' => 7,
        'm' => 30,
        'y' => 365,
        _ => return None,
    };
    count.checked_mul(days).filter(|days| *days > 0)
}

#[cfg(test)]
mod tests {
    use super::parse_days;

    #[test]
    fn spans_of_time() {
        assert_eq!(parse_days("90d"), Some(90));
        assert_eq!(parse_days("2y"), Some(730));
        for wrong in ["", "d", "90", "-1d", "0d", "1.5y", "9999999999y", "3é"] {
            assert_eq!(parse_days(wrong), None, "{wrong}");
        }
    }
}
