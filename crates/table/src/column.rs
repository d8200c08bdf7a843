//! What is known of a column before its rows are read again.

/// The sort of values that a column holds.
///
/// All of Arrow's types are mapped to these seven; what has no place among them (lists, structures,
/// durations …) is text in Arrow's own notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Real,
    /// Calendar dates.
    Date,
    /// Moments.
    Moment,
    /// Anything written in letters.
    Text,
    /// Raw bytes.
    Bytes,
}

impl Kind {
    /// What a person calls the values.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Boolean => "truth values",
            Self::Integer => "whole numbers",
            Self::Real => "numbers",
            Self::Date => "dates",
            Self::Moment => "moments",
            Self::Text => "text",
            Self::Bytes => "raw bytes",
        }
    }

    /// Whether the values are numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Real)
    }

    /// The name of Arrow's type that stands for it.
    #[must_use]
    pub const fn arrow_name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Int64",
            Self::Real => "Float64",
            Self::Date => "Date32",
            Self::Moment => "Timestamp",
            Self::Text => "Utf8",
            Self::Bytes => "Binary",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name; made up (`column_3`) where the file has none.
    pub name: String,
    /// What sort of values it holds.
    pub kind: Kind,
    /// Its type as the file declares it, in Arrow's notation; inferred for CSV and JSON Lines.
    pub data_type: String,
    /// What its values look like one by one, most frequent first; empty where the file declares types.
    /// Members left out of a JSON object are not counted.
    pub lexical: Vec<LexicalCount>,
}

/// What one value looks like in a format that declares no types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lexical {
    /// Nothing between the delimiters, or JSON's `null`.
    Null,
    /// A word that stands for a missing value, such as `NA`.
    NullWord,
    /// `true` or `false`.
    Boolean,
    /// A whole number that fits into 64 bits.
    Integer,
    /// A number with a fraction or an exponent.
    Real,
    /// A date such as `2026-11-23`.
    Date,
    /// A moment such as `2026-11-23T08:00:00Z`.
    Moment,
    /// Anything else.
    Text,
}

impl Lexical {
    pub(crate) const ALL: [Self; 8] = [
        Self::Null,
        Self::NullWord,
        Self::Boolean,
        Self::Integer,
        Self::Real,
        Self::Date,
        Self::Moment,
        Self::Text,
    ];

    /// What a person calls such values.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Null => "empty values",
            Self::NullWord => "words for a missing value",
            Self::Boolean => "truth values",
            Self::Integer => "whole numbers",
            Self::Real => "numbers",
            Self::Date => "dates",
            Self::Moment => "moments",
            Self::Text => "text",
        }
    }
}

/// How many values of a column look like this, and where the first one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexicalCount {
    /// What they look like.
    pub lexical: Lexical,
    /// How many there are.
    pub count: u64,
    /// The row of the first one, counted from 0.
    pub first_row: u64,
}

/// Counts what the values of one column look like, and settles on a kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inference {
    counts: [(u64, u64); Lexical::ALL.len()],
}

impl Inference {
    pub(crate) fn see(&mut self, lexical: Lexical, row: u64) {
        if let Some((count, first)) = self.counts.get_mut(lexical as usize) {
            if *count == 0 {
                *first = row;
            }
            *count = count.saturating_add(1);
        }
    }

    fn count(&self, lexical: Lexical) -> u64 {
        self.counts
            .get(lexical as usize)
            .map_or(0, |(count, _first)| *count)
    }

    /// The narrowest kind that every value fits; text when there is none.
    pub(crate) fn kind(&self) -> Kind {
        let has = |lexical| self.count(lexical) > 0;
        let numbers = has(Lexical::Integer) || has(Lexical::Real);
        let dates = has(Lexical::Date) || has(Lexical::Moment);
        match (has(Lexical::Text), has(Lexical::Boolean), numbers, dates) {
            (false, true, false, false) => Kind::Boolean,
            (false, false, true, false) if has(Lexical::Real) => Kind::Real,
            (false, false, true, false) => Kind::Integer,
            (false, false, false, true) if has(Lexical::Moment) => Kind::Moment,
            (false, false, false, true) => Kind::Date,
            _ => Kind::Text,
        }
    }

    pub(crate) fn column(&self, name: String) -> Column {
        let kind = self.kind();
        let mut lexical: Vec<LexicalCount> = Lexical::ALL
            .into_iter()
            .zip(self.counts)
            .filter(|(_lexical, (count, _first))| *count > 0)
            .map(|(lexical, (count, first_row))| LexicalCount {
                lexical,
                count,
                first_row,
            })
            .collect();
        lexical.sort_by_key(|seen| (std::cmp::Reverse(seen.count), seen.lexical));
        Column {
            name,
            kind,
            data_type: kind.arrow_name().to_owned(),
            lexical,
        }
    }
}
