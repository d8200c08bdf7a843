//! Versions of Python packages in the order of PEP 440, and ranges of them.

use std::cmp::Ordering;

/// A version by PEP 440. Two are equal when installers take them as the same: `1.0` and `v1`.
///
/// Numbers past 2^64 are taken as 2^64 - 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    epoch: u64,
    /// Without zeros at the end.
    release: Vec<u64>,
    pre: Pre,
    post: Option<u64>,
    dev: Dev,
    local: Vec<Local>,
}

/// What comes before a release. A development version of a final release comes before its first alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    /// Only a development version.
    Development,
    Alpha(u64),
    Beta(u64),
    Candidate(u64),
    Release,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Numbered(u64),
    Finished,
}

/// A part of a local version: numbers come after words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(u64),
}

impl Version {
    /// Reads a version; none when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        /// Longer than any version, shorter than what would cost time.
        const LONGEST: usize = 200;
        let text = text.trim();
        if text.len() > LONGEST || !text.is_ascii() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let (public, local) = match lower.split_once('+') {
            Some((public, local)) => (public, locals(local)?),
            None => (lower.as_str(), Vec::new()),
        };
        let mut rest = public.strip_prefix('v').unwrap_or(public);
        let mut epoch = 0;
        if let Some((number, after)) = rest.split_once('!') {
            epoch = whole(number)?;
            rest = after;
        }
        let mut release = vec![take_number(&mut rest)?];
        while let Some(after) = rest.strip_prefix('.')
            && after.starts_with(|first: char| first.is_ascii_digit())
        {
            rest = after;
            release.push(take_number(&mut rest)?);
        }
        while release.last() == Some(&0) {
            release.pop();
        }
        let pre = take_pre(&mut rest);
        let post = take_post(&mut rest);
        let dev = take_word(&mut rest, &["dev"]).map(|(_, number)| number);
        if !rest.is_empty() {
            return None;
        }
        let pre = match (pre, post, dev) {
            (Some(pre), _, _) => pre,
            (None, None, Some(_)) => Pre::Development,
            (None, _, _) => Pre::Release,
        };
        Some(Self {
            epoch,
            release,
            pre,
            post,
            dev: dev.map_or(Dev::Finished, Dev::Numbered),
            local,
        })
    }

    /// The same version without its local part: advisories speak of `2.5.1`, builds are called `2.5.1+cu124`.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.local.clear();
        self
    }

    /// The first version that has no longer the first `kept` numbers of this one: `2.6.dev0` for `2.5` and two.
    fn after_prefix(&self, kept: usize) -> Self {
        let mut release = self.release.clone();
        release.resize(kept.max(1), 0);
        if let Some(last) = release.last_mut() {
            *last = last.saturating_add(1);
        }
        Self {
            release,
            ..self.first()
        }
    }

    /// The first version of the same release.
    fn first(&self) -> Self {
        Self {
            pre: Pre::Development,
            post: None,
            dev: Dev::Numbered(0),
            local: Vec::new(),
            ..self.clone()
        }
    }
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn take_number(rest: &mut &str) -> Option<u64> {
    let end = rest
        .find(|next: char| !next.is_ascii_digit())
        .unwrap_or(rest.len());
    let (number, after) = rest.split_at_checked(end)?;
    *rest = after;
    whole(number)
}

/// A separator, one of the words, a separator, and a number that may be left out.
fn take_word<'w>(rest: &mut &str, words: &[&'w str]) -> Option<(&'w str, u64)> {
    let separators = ['.', '-', '_'];
    let bare = rest.strip_prefix(separators).unwrap_or(rest);
    let word = words.iter().find(|word| bare.starts_with(**word))?;
    let mut after = bare.strip_prefix(*word)?;
    let mut numbered = after.strip_prefix(separators).unwrap_or(after);
    let number = take_number(&mut numbered);
    if number.is_some() {
        after = numbered;
    }
    *rest = after;
    Some((word, number.unwrap_or(0)))
}

fn take_pre(rest: &mut &str) -> Option<Pre> {
    let words = ["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"];
    let (word, number) = take_word(rest, &words)?;
    Some(match word {
        "alpha" | "a" => Pre::Alpha(number),
        "beta" | "b" => Pre::Beta(number),
        _ => Pre::Candidate(number),
    })
}

fn take_post(rest: &mut &str) -> Option<u64> {
    if let Some(mut after) = rest.strip_prefix('-')
        && let Some(number) = take_number(&mut after)
    {
        *rest = after;
        return Some(number);
    }
    take_word(rest, &["post", "rev", "r"]).map(|(_, number)| number)
}

fn locals(text: &str) -> Option<Vec<Local>> {
    text.split(['.', '-', '_'])
        .map(|part| match whole(part) {
            Some(number) => Some(Local::Number(number)),
            None => (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
                .then(|| Local::Word(part.to_owned())),
        })
        .collect()
}

/// All versions from one to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// The least, and whether it belongs to the range; none when there is no least.
    pub from: Option<(Version, bool)>,
    /// The greatest, and whether it belongs to the range; none when there is no greatest.
    pub to: Option<(Version, bool)>,
}

/// How a range lies to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// No version is in both.
    Apart,
    /// Every version of the first is in the second.
    Within,
    /// Some are, some are not.
    Overlapping,
}

impl Range {
    /// Just one version.
    #[must_use]
    pub fn exactly(version: Version) -> Self {
        Self {
            from: Some((version.clone(), true)),
            to: Some((version, true)),
        }
    }

    /// The only version of the range, if it is one.
    #[must_use]
    pub fn only(&self) -> Option<&Version> {
        match (&self.from, &self.to) {
            (Some((from, true)), Some((to, true))) if from == to => Some(from),
            _ => None,
        }
    }

    /// Reads specifiers such as `>=2.0,<3`; none when they are not understood. `!=` narrows nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut range = Self::default();
        let parts = text.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty() && *part != "*") {
            range.narrow(&Self::of_specifier(part)?);
        }
        Some(range)
    }

    fn of_specifier(part: &str) -> Option<Self> {
        let end = part
            .find(|next: char| !"=<>!~^".contains(next))
            .unwrap_or(part.len());
        let (operator, text) = part.split_at_checked(end)?;
        let text = text.trim();
        if operator == "!=" {
            return Some(Self::default());
        }
        let stem = text.strip_suffix(".*");
        let version = Version::parse(stem.unwrap_or(text))?;
        let written = stem
            .unwrap_or(text)
            .trim_start_matches(['v', 'V'])
            .split('.')
            .take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .count();
        let prefix = |kept: usize| Self {
            from: Some((version.clone(), true)),
            to: Some((version.after_prefix(kept), false)),
        };
        Some(match operator {
            "==" | "=" | "" | "===" if stem.is_some() => Self {
                from: Some((version.first(), true)),
                ..prefix(written)
            },
            "==" | "===" | "=" | "" => Self::exactly(version),
            "~=" => prefix(written.saturating_sub(1)),
            // Poetry's: the last written number may grow, or what is left of it.
            "~" => prefix(written.min(2)),
            "^" => {
                let zeros = version.release.iter().take_while(|it| **it == 0).count();
                prefix(zeros.saturating_add(1).min(written))
            }
            ">=" => Self {
                from: Some((version, true)),
                to: None,
            },
            ">" => Self {
                from: Some((version, false)),
                to: None,
            },
            "<=" => Self {
                from: None,
                to: Some((version, true)),
            },
            // `<2.6` leaves out the pre-releases of 2.6 too.
            "<" if version.pre == Pre::Release => Self {
                from: None,
                to: Some((version.first(), false)),
            },
            "<" => Self {
                from: None,
                to: Some((version, false)),
            },
            _ => return None,
        })
    }

    /// Keeps what is in both.
    pub fn narrow(&mut self, other: &Self) {
        if let Some(from) = &other.from
            && self
                .from
                .as_ref()
                .is_none_or(|own| starts(own, from).is_lt())
        {
            self.from = Some(from.clone());
        }
        if let Some(to) = &other.to
            && self.to.as_ref().is_none_or(|own| ends(own, to).is_gt())
        {
            self.to = Some(to.clone());
        }
    }

    /// How this range lies to another.
    #[must_use]
    pub fn relation(&self, other: &Self) -> Relation {
        let before = |to: &Option<(Version, bool)>, from: &Option<(Version, bool)>| match (to, from)
        {
            (Some((to, closed)), Some((from, open))) => {
                to < from || (to == from && !(*closed && *open))
            }
            _ => false,
        };
        if before(&self.to, &other.from) || before(&other.to, &self.from) {
            return Relation::Apart;
        }
        let begins = match (&self.from, &other.from) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(from)) => starts(own, from).is_ge(),
        };
        let stops = match (&self.to, &other.to) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(to)) => ends(own, to).is_le(),
        };
        if begins && stops {
            Relation::Within
        } else {
            Relation::Overlapping
        }
    }
}

fn starts(left: &(Version, bool), right: &(Version, bool)) -> Ordering {
    (&left.0, !left.1).cmp(&(&right.0, !right.1))
}

fn ends(left: &(Version, bool), right: &(Version, bool)) -> Ordering {
    (&left.0, left.1).cmp(&(&right.0, right.1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One version a line, in the order of the `packaging` library; equal ones on one line.
    const ORDERED: &str = include_str!("versions.txt");

    #[test]
    fn the_order_is_that_of_packaging() {
        let lines: Vec<Vec<Version>> = ORDERED
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                line.split(' ')
                    .map(|it| Version::parse(it).unwrap())
                    .collect()
            })
            .collect();
        assert!(lines.len() > 300);
        for (place, line) in lines.iter().enumerate() {
            assert!(line.iter().all(|version| version == &line[0]));
            for later in &lines[place + 1..] {
                assert!(line[0] < later[0], "{:?} {:?}", line[0], later[0]);
            }
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "", "a", "1.", "1..2", "1+", "1+_", "2012g", "1.0.x", "==1", "1 2", "١",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_are_those_of_specifiers() {
        let relation = |left: &str, right: &str| {
            Range::parse(left)
                .unwrap()
                .relation(&Range::parse(right).unwrap())
        };
        for (left, right, expected) in [
            ("==2.5.1", "<2.6.0", Relation::Within),
            ("==2.6.0", "<2.6.0", Relation::Apart),
            ("==2.6.0rc1", "<2.6.0", Relation::Apart),
            (">=2.0", "<2.6.0", Relation::Overlapping),
            (">=2.0,<2.5", "<2.6.0", Relation::Within),
            (">=2.6", "<2.6.0", Relation::Apart),
            ("~=2.5.1", "<2.6.0", Relation::Within),
            ("~=2.5", "<2.6.0", Relation::Overlapping),
            ("==2.5.*", "<2.6.0", Relation::Within),
            ("^2.5", "<2.6.0", Relation::Overlapping),
            ("^0.2.30", ">=0.2.30,<=0.2.71", Relation::Overlapping),
            ("~2.5", "<2.6.0", Relation::Within),
            ("!=2.5", "<2.6", Relation::Overlapping),
            ("", "<2.6", Relation::Overlapping),
            (">3", "<=3", Relation::Apart),
            (">=3", "<=3", Relation::Overlapping),
        ] {
            assert_eq!(relation(left, right), expected, "{left} {right}");
        }
        assert_eq!(Range::parse(">=two"), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[0-9a-z.!+_ -]{0,20}", any in ".{0,30}") {
            for text in [text, any] {
                drop(Version::parse(&text));
                drop(Range::parse(&text));
            }
        }
    }
}
