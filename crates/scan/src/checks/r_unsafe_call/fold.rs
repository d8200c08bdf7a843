//! Works out the texts that R code puts together from constants, as R would: names and code are concealed so.
//!
//! Everything is a vector, as in R. What cannot be worked out exactly gives nothing: a wrong name would conceal the
//! right one.

use std::collections::HashMap;

use tutela_formats::rdata::{Code, Id, Node};

use super::text;

/// How deep calls are followed.
const DEPTH: u32 = 24;
/// Elements and letters of a value.
pub(super) const LONGEST: usize = 64 << 10;

/// A vector of R.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Texts(Vec<String>),
    Numbers(Vec<f64>),
}

use Value::{Numbers, Texts};

impl Value {
    /// Each element as a text.
    pub(super) fn texts(self) -> Vec<String> {
        match self {
            Texts(texts) => texts,
            Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        }
    }

    fn numbers(self) -> Option<Vec<f64>> {
        match self {
            Numbers(numbers) => Some(numbers),
            Texts(texts) => texts.iter().map(|text| text.trim().parse().ok()).collect(),
        }
    }

    fn length(&self) -> usize {
        match self {
            Texts(texts) => texts.iter().map(|text| text.len().max(1)).sum(),
            Numbers(numbers) => numbers.len(),
        }
    }
}

/// Works values out in one piece of code.
pub(super) struct Fold<'a> {
    pub(super) code: &'a Code,
    /// What variables are set to; nothing for those that are set more than once.
    pub(super) variables: &'a HashMap<String, Option<Id>>,
}

impl Fold<'_> {
    /// The value of an expression, when it is made of constants alone.
    pub(super) fn value(&self, id: Id) -> Option<Value> {
        self.at(id, 0)
    }

    fn at(&self, id: Id, depth: u32) -> Option<Value> {
        let inner = depth.checked_add(1).filter(|inner| *inner < DEPTH)?;
        let value = match self.code.get(id) {
            Node::Texts(texts) => Texts(texts.clone()),
            Node::Bytes(bytes) => Numbers(bytes.iter().copied().map(f64::from).collect()),
            Node::Numbers(numbers) => Numbers(numbers.clone()),
            Node::Name(name) => self.variable(name, inner)?,
            _ => self.call(id, inner)?,
        };
        (value.length() <= LONGEST).then_some(value)
    }

    fn variable(&self, name: &str, depth: u32) -> Option<Value> {
        if let Some(set) = self.variables.get(name) {
            return self.at((*set)?, depth);
        }
        let letters: Vec<String> = ('a'..='z').map(String::from).collect();
        match name {
            "letters" => Some(Texts(letters)),
            "LETTERS" => Some(Texts(letters.iter().map(|it| it.to_uppercase()).collect())),
            _ => None,
        }
    }

    fn call(&self, id: Id, depth: u32) -> Option<Value> {
        let (callee, arguments) = self.code.call(id)?;
        let mut name = self.code.name(callee);
        if let Some((inner, parts)) = self.code.call(callee)
            && matches!(self.code.name(inner), Some("::" | ":::"))
        {
            name = self.code.name(parts.get(1)?.1);
        }
        let mut given = Arguments {
            fold: self,
            depth,
            all: arguments,
        };
        given.apply(name?)
    }
}

/// The arguments of a call, taken by their names first and by their places then, as R does.
struct Arguments<'a> {
    fold: &'a Fold<'a>,
    depth: u32,
    all: Vec<(Option<&'a str>, Id)>,
}

impl Arguments<'_> {
    fn apply(&mut self, name: &str) -> Option<Value> {
        match name {
            "paste" => self.paste(" "),
            "paste0" => self.paste(""),
            "file.path" => self.paste("/"),
            "toString" => Some(Texts(vec![self.first()?.texts().join(", ")])),
            "c" | "unlist" | "list" | "append" => self.joined(),
            "(" | "I" | "identity" | "invisible" | "as.vector" | "noquote" | "force" => {
                self.first()
            }
            "as.character" => Some(Texts(self.first()?.texts())),
            "as.raw" | "as.integer" | "as.numeric" | "as.double" => {
                Some(Numbers(self.first()?.numbers()?))
            }
            "as.hexmode" => Some(Numbers(text::in_base(&self.first()?.texts(), 16)?)),
            "Reduce" | "do.call" => self.reduced(),
            "rev" => Some(match self.first()? {
                Texts(texts) => Texts(texts.into_iter().rev().collect()),
                Numbers(numbers) => Numbers(numbers.into_iter().rev().collect()),
            }),
            ":" => text::range(self.number("")?, self.number("")?).map(Numbers),
            "seq_len" => text::range(1.0, self.number("")?).map(Numbers),
            "[" | "[[" => self.indexed(name),
            "+" | "-" | "*" | "bitwXor" | "xor" | "bitwAnd" | "bitwOr" => self.arithmetic(name),
            _ => self.of_codes(name),
        }
    }

    /// Letters from their codes and back.
    fn of_codes(&mut self, name: &str) -> Option<Value> {
        match name {
            "rawToChar" => Some(Texts(vec![text::letters(&self.first()?.numbers()?)?])),
            "intToUtf8" => {
                let numbers = self.take("x")?.numbers()?;
                let all = text::letters(&numbers)?;
                let is_split = self.take("multiple").is_some();
                Some(Texts(if is_split {
                    all.chars().map(String::from).collect()
                } else {
                    vec![all]
                }))
            }
            "utf8ToInt" | "charToRaw" => {
                let all = self.first()?.texts().concat();
                Some(Numbers(
                    all.chars().map(|it| f64::from(u32::from(it))).collect(),
                ))
            }
            "base64decode" | "base64_dec" | "base64_decode" => {
                let bytes = text::base64(&self.first()?.texts().concat())?;
                Some(Numbers(bytes.into_iter().map(f64::from).collect()))
            }
            _ => self.of_text(name),
        }
    }

    fn of_text(&mut self, name: &str) -> Option<Value> {
        match name {
            "chartr" => {
                let (old, new) = (self.text("old")?, self.text("new")?);
                self.each("x", |it| text::translated(&old, &new, it))
            }
            "tolower" => self.each("x", |it| Some(it.to_lowercase())),
            "toupper" => self.each("x", |it| Some(it.to_uppercase())),
            "trimws" => self.each("x", |it| Some(it.trim().to_owned())),
            "sub" | "gsub" => self.replaced(name == "gsub"),
            "strsplit" => {
                let (all, between) = (self.take("x")?.texts().concat(), self.text("split")?);
                text::split(&all, &between).map(Texts)
            }
            "substr" | "substring" => {
                let from = if name == "substr" { "start" } else { "first" };
                let to = if name == "substr" { "stop" } else { "last" };
                let (from, to) = (self.optional(from), self.optional(to));
                self.substrings(from, to)
            }
            "strtoi" => {
                let texts = self.first()?.texts();
                let base = self.number("base").unwrap_or(10.0);
                text::in_base(&texts, text::small(base)?).map(Numbers)
            }
            "sprintf" => self.printed(),
            "nchar" => {
                let texts = self.first()?.texts();
                let counts = texts.iter().map(|it| it.chars().count());
                Some(Numbers(counts.filter_map(text::number).collect()))
            }
            "strrep" | "rep" => {
                let value = self.first()?.texts();
                let times = text::small(self.number("times")?)?;
                let count = usize::try_from(times).ok()?;
                let size = value.iter().map(String::len).sum::<usize>();
                if size.max(1).checked_mul(count)? > LONGEST {
                    return None;
                }
                Some(Texts(if name == "rep" {
                    std::iter::repeat_n(value, count).flatten().collect()
                } else {
                    value.iter().map(|it| it.repeat(count)).collect()
                }))
            }
            _ => None,
        }
    }

    // ---- arguments ----

    /// The argument of a name, or the first that has none.
    fn take(&mut self, name: &str) -> Option<Value> {
        let named = self.all.iter().position(|(it, _)| *it == Some(name));
        let place = named.or_else(|| self.all.iter().position(|(it, _)| it.is_none()))?;
        let (_, id) = self.all.remove(place);
        self.fold.at(id, self.depth)
    }

    /// The argument of a name, only when it is written with it.
    fn option(&mut self, name: &str) -> Option<Id> {
        let place = self.all.iter().position(|(it, _)| *it == Some(name))?;
        Some(self.all.remove(place).1)
    }

    fn first(&mut self) -> Option<Value> {
        self.take("x")
    }

    fn text(&mut self, name: &str) -> Option<String> {
        Some(self.take(name)?.texts().concat())
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        self.take(name)?.numbers()?.first().copied()
    }

    /// The numbers of an argument that is written with its name; else it is taken by its place, later.
    fn optional(&mut self, name: &str) -> Option<Vec<f64>> {
        let id = self.option(name)?;
        self.fold.at(id, self.depth)?.numbers()
    }

    fn each(&mut self, name: &str, change: impl Fn(&str) -> Option<String>) -> Option<Value> {
        let texts = self.take(name)?.texts();
        let changed: Option<Vec<String>> = texts.iter().map(|it| change(it)).collect();
        changed.map(Texts)
    }

    // ---- functions ----

    fn rest(&mut self) -> Option<Vec<Value>> {
        let all = std::mem::take(&mut self.all);
        all.iter()
            .map(|(_, id)| self.fold.at(*id, self.depth))
            .collect()
    }

    fn joined(&mut self) -> Option<Value> {
        let values = self.rest()?;
        if values.iter().all(|value| matches!(value, Numbers(_))) {
            return Some(Numbers(
                values
                    .into_iter()
                    .filter_map(Value::numbers)
                    .flatten()
                    .collect(),
            ));
        }
        Some(Texts(values.into_iter().flat_map(Value::texts).collect()))
    }

    fn paste(&mut self, between: &str) -> Option<Value> {
        let (separator, collapse) = (self.option("sep"), self.option("collapse"));
        let between_parts = match separator {
            Some(id) => self.fold.at(id, self.depth)?.texts().concat(),
            None => between.to_owned(),
        };
        let collapse = match collapse {
            Some(id) if matches!(self.fold.code.get(id), Node::Null) => None,
            Some(id) => Some(self.fold.at(id, self.depth)?.texts().concat()),
            None => None,
        };
        let columns: Vec<Vec<String>> = self.rest()?.into_iter().map(Value::texts).collect();
        let rows = text::pasted(&columns, &between_parts)?;
        Some(Texts(match collapse {
            Some(between) => vec![rows.join(&between)],
            None => rows,
        }))
    }

    /// `Reduce(paste0, …)` and `do.call(paste0, list(…))`.
    fn reduced(&mut self) -> Option<Value> {
        let place = self
            .all
            .iter()
            .position(|(it, _)| it.is_none_or(|it| it != "args"))?;
        let (_, function) = self.all.remove(place);
        let name = match self.fold.code.get(function) {
            Node::Texts(texts) => texts.first()?.as_str(),
            _ => self.fold.code.name(function)?,
        };
        let between = match name {
            "paste0" => "",
            "paste" => " ",
            "c" => return self.first(),
            _ => return None,
        };
        let parts = self.take("args").or_else(|| self.first())?.texts();
        Some(Texts(vec![parts.join(between)]))
    }

    fn indexed(&mut self, name: &str) -> Option<Value> {
        let (_, object) = *self.all.first()?;
        let value = self.fold.at(object, self.depth)?;
        // `strsplit(…)[[1]]`: the list of one vector is that vector here.
        let is_list = self.fold.code.call(object).is_some_and(|(callee, _)| {
            matches!(self.fold.code.name(callee), Some("strsplit" | "list"))
        });
        let (_, index) = *self.all.get(1)?;
        let index = self.fold.at(index, self.depth)?.numbers()?;
        if is_list && name == "[[" {
            return (index == [1.0]).then_some(value);
        }
        let places: Option<Vec<usize>> = index
            .iter()
            .map(|number| usize::try_from(text::small(*number)?).ok()?.checked_sub(1))
            .collect();
        let places = places?;
        Some(match value {
            Texts(texts) => Texts(
                places
                    .iter()
                    .filter_map(|it| texts.get(*it).cloned())
                    .collect(),
            ),
            Numbers(numbers) => Numbers(
                places
                    .iter()
                    .filter_map(|it| numbers.get(*it).copied())
                    .collect(),
            ),
        })
    }

    fn arithmetic(&mut self, sign: &str) -> Option<Value> {
        let one = self.first()?.numbers()?;
        let Some(other) = self.first() else {
            let negated = (sign == "-").then(|| one.iter().map(|it| -it).collect());
            return negated.map(Numbers);
        };
        text::arithmetic(sign, &one, &other.numbers()?).map(Numbers)
    }

    fn replaced(&mut self, all: bool) -> Option<Value> {
        let is_fixed = self.option("fixed").is_some();
        for ignored in ["perl", "ignore.case", "useBytes"] {
            self.option(ignored);
        }
        let (pattern, by) = (self.text("pattern")?, self.text("replacement")?);
        self.each("x", |it| text::replaced(it, &pattern, &by, (all, is_fixed)))
    }

    fn substrings(&mut self, from: Option<Vec<f64>>, to: Option<Vec<f64>>) -> Option<Value> {
        let texts = self.take("x").or_else(|| self.take("text"))?.texts();
        let from = from.or_else(|| self.first()?.numbers())?;
        let to = to
            .or_else(|| self.first()?.numbers())
            .unwrap_or_else(|| vec![1e6]);
        text::parts(&texts.concat(), &from, &to).map(Texts)
    }

    fn printed(&mut self) -> Option<Value> {
        let format = self.text("fmt")?;
        let given: Option<Vec<String>> = self
            .rest()?
            .into_iter()
            .map(|value| Some(value.texts().first()?.clone()))
            .collect();
        text::printed(&format, &given?).map(|text| Texts(vec![text]))
    }
}
