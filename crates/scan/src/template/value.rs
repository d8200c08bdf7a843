//! What is known of the value of an expression before it runs: enough to see names that are put together.

/// What is known of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The text, when it is certain.
    pub(super) text: Option<String>,
    /// The whole number, when it is certain.
    pub(super) number: Option<u64>,
    /// The items, when it is a list that is written down.
    pub(super) items: Option<Vec<Self>>,
    /// Whether a part of it is a piece of a name with two underscores.
    pub(super) tainted: bool,
    /// Whether it is written down at all, however unclear its value: a text, a list, or what is made of them.
    pub(super) literal: bool,
}

/// The longest text that is put together.
const LONGEST: usize = 4_096;
/// The heaviest list that is kept: a list of lists of lists would grow without bound.
const WEIGHT: usize = 1_024;
/// The longest list that is kept.
const ITEMS: usize = 256;

impl Known {
    pub(super) fn text(text: String) -> Self {
        Self {
            tainted: text.contains("__") || text == "_",
            text: (text.len() <= LONGEST).then_some(text),
            literal: true,
            ..Self::default()
        }
    }

    pub(super) fn number(number: Option<u64>) -> Self {
        Self {
            number,
            literal: true,
            ..Self::default()
        }
    }

    /// How much memory it takes, about, in units of 16 bytes.
    fn weight(&self) -> usize {
        let text = self.text.as_ref().map_or(0, String::len) / 16;
        let items = self.items.iter().flatten().map(Self::weight);
        items.fold(text.saturating_add(1), usize::saturating_add)
    }

    pub(super) fn list(mut items: Vec<Self>) -> Self {
        items.truncate(ITEMS);
        let weight = items
            .iter()
            .map(Self::weight)
            .fold(0, usize::saturating_add);
        if weight > WEIGHT {
            return Self::made_of(&items);
        }
        Self {
            tainted: items.iter().any(|item| item.tainted),
            items: Some(items),
            literal: true,
            ..Self::default()
        }
    }

    /// A value of which only its parts are known.
    pub(super) fn made_of<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut made = Self::default();
        for part in parts {
            made.tainted |= part.tainted;
            made.literal |= part.literal;
        }
        made
    }

    /// One of two values, as in `a if c else b`.
    pub(super) fn either(first: Self, second: &Self) -> Self {
        if first == *second {
            return first;
        }
        // Each branch was judged where it stands; what is known of both at once is their taint.
        Self::made_of([&first, second])
    }

    fn shown(&self) -> Option<String> {
        self.text
            .clone()
            .or_else(|| self.number.map(|number| number.to_string()))
    }

    /// `left ~ right` and `left + right`.
    pub(super) fn joined(left: &Self, right: &Self) -> Self {
        if let (Some(first), Some(second)) = (&left.items, &right.items) {
            return Self::list(first.iter().chain(second).cloned().collect());
        }
        match (left.shown(), right.shown()) {
            (Some(first), Some(second)) if left.text.is_some() || right.text.is_some() => {
                Self::text(first + &second)
            }
            _ => Self::made_of([left, right]),
        }
    }

    /// `left * right`.
    pub(super) fn times(left: &Self, right: &Self) -> Self {
        let pair = match (&left.text, right.number, &right.text, left.number) {
            (Some(text), Some(count), _, _) | (_, _, Some(text), Some(count)) => {
                Some((text, count))
            }
            _ => None,
        };
        let count = pair.and_then(|(_, count)| usize::try_from(count).ok());
        match (pair, count) {
            (Some((text, _)), Some(count)) if text.len().saturating_mul(count) <= LONGEST => {
                Self::text(text.repeat(count))
            }
            _ => Self::made_of([left, right]),
        }
    }

    /// `left % right` and `left|format(right…)`: `%s` and `%c` are filled in.
    pub(super) fn formatted(&self, arguments: &[Self]) -> Self {
        let Some(pattern) = &self.text else {
            return Self::made_of(std::iter::once(self).chain(arguments));
        };
        let flat: Vec<&Self> = arguments
            .iter()
            .flat_map(|argument| match &argument.items {
                Some(items) => items.iter().collect::<Vec<_>>(),
                None => vec![argument],
            })
            .collect();
        let mut next = flat.iter();
        let mut text = String::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            match (characters.next(), next.next()) {
                (
                    Some('c'),
                    Some(Self {
                        number: Some(code), ..
                    }),
                ) => {
                    text.extend(u32::try_from(*code).ok().and_then(char::from_u32));
                }
                (Some('s' | 'c' | 'd'), Some(argument)) if argument.shown().is_some() => {
                    text.extend(argument.shown());
                }
                _ => return Self::made_of(std::iter::once(self).chain(arguments)),
            }
        }
        Self::text(text)
    }

    /// `'{0}{x}'.format(…)`: each field is filled with the next argument.
    pub(super) fn braces(&self, arguments: &[Self]) -> Self {
        let unknown = || Self::made_of(std::iter::once(self).chain(arguments));
        let Some(pattern) = &self.text else {
            return unknown();
        };
        let mut text = String::new();
        let mut rest = pattern.as_str();
        let mut count = 0_usize;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((field, behind)) = after.split_once('}') else {
                return unknown();
            };
            let index = field.parse().unwrap_or(count);
            let Some(filled) = arguments.get(index).and_then(Self::shown) else {
                return unknown();
            };
            text.push_str(before);
            text.push_str(&filled);
            rest = behind;
            count = count.saturating_add(1);
        }
        text.push_str(rest);
        Self::text(text)
    }

    /// `[…]|join(separator)`.
    pub(super) fn join(&self, separator: &str) -> Self {
        let Some(items) = &self.items else {
            return self.text.as_ref().map_or_else(
                || Self::made_of([self]),
                |text| {
                    let letters: Vec<String> = text.chars().map(String::from).collect();
                    Self::text(letters.join(separator))
                },
            );
        };
        let parts: Option<Vec<String>> = items.iter().map(Self::shown).collect();
        parts.map_or_else(
            || Self::made_of([self]),
            |parts| Self::text(parts.join(separator)),
        )
    }

    /// The text changed by a function.
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        self.text
            .as_ref()
            .map_or_else(|| Self::made_of([self]), |text| Self::text(change(text)))
    }

    /// The text or list turned round.
    pub(super) fn reversed(&self) -> Self {
        match &self.items {
            Some(items) => Self::list(items.iter().rev().cloned().collect()),
            None => self.map(|text| text.chars().rev().collect()),
        }
    }

    /// An item of a list or a character of a text.
    pub(super) fn item(&self, index: &Self) -> Self {
        let place = index.number.and_then(|number| usize::try_from(number).ok());
        let letter = |text: &String| {
            place
                .and_then(|place| text.chars().nth(place))
                .map(|letter| Self::text(letter.to_string()))
        };
        let item = || {
            self.items
                .as_ref()
                .and_then(|items| items.get(place?))
                .cloned()
        };
        self.text
            .as_ref()
            .and_then(letter)
            .or_else(item)
            .unwrap_or_else(|| Self::made_of([self]))
    }

    /// Pieces of a text between separators.
    pub(super) fn split(&self, separator: Option<&str>) -> Self {
        let Some(text) = &self.text else {
            return Self::made_of([self]);
        };
        let parts: Vec<Self> = match separator {
            Some(separator) if !separator.is_empty() => text
                .split(separator)
                .map(|part| Self::text(part.to_owned()))
                .collect(),
            _ => text
                .split_whitespace()
                .map(|part| Self::text(part.to_owned()))
                .collect(),
        };
        Self::list(parts)
    }
}
