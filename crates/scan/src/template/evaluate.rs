//! Reads the expressions of a template as Jinja does, and judges what they reach while it goes.
//!
//! Nothing is run. Texts that are written down are followed through operators, filters, methods and
//! variables, so that a name put together from pieces is judged as the name that it becomes.

use std::collections::HashMap;

use tutela_core::Severity;

use super::arguments::{Arguments, method};
use super::cursor::Cursor;
use super::names::{is_escape, is_runner};
use super::token::{Tag, Token};
use super::value::Known;

/// Levels of brackets that are followed; beyond them the tag is judged by its tokens.
const DEPTH: usize = 64;
/// Variables that are followed.
const VARIABLES: usize = 1_000;
/// A loop or text longer than this only serves to use up time and memory.
const ENDLESS: u64 = 10_000_000;

/// Something that a template does and an ordinary one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    /// How bad it is.
    pub(super) severity: Severity,
    /// What it does, as a clause after "the template".
    pub(super) does: String,
}

/// Follows the tags of one template.
#[derive(Default)]
pub(super) struct Evaluator {
    variables: HashMap<String, Known>,
    /// What was found in the tag that is being read.
    pub(super) deeds: Vec<Deed>,
}

/// What stands between brackets, at their own level.
#[derive(Default)]
struct Items {
    values: Vec<Known>,
    commas: usize,
    colons: usize,
}

impl Evaluator {
    /// Reads a tag and returns what it does.
    pub(super) fn tag(&mut self, tag: &Tag) -> Vec<Deed> {
        let trimmed = match tag.tokens.as_slice() {
            [Token::Sign("-" | "+"), rest @ ..] => rest,
            all => all,
        };
        let trimmed = match trimmed {
            [rest @ .., Token::Sign("-" | "+")] => rest,
            all => all,
        };
        let mut cursor = Cursor {
            tokens: trimmed,
            at: 0,
            depth: 0,
        };
        if tag.is_statement {
            self.statement(&mut cursor);
        } else {
            self.expressions(&mut cursor);
        }
        std::mem::take(&mut self.deeds)
    }

    fn note(&mut self, severity: Severity, does: String) {
        self.deeds.push(Deed { severity, does });
    }

    fn statement(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.name() {
            Some("for") => self.loop_over(cursor),
            Some("set") => self.assign(cursor),
            Some(word @ ("include" | "import" | "from" | "extends")) => {
                let file = self.expression(cursor);
                let what = file
                    .text
                    .map_or_else(String::new, |text| format!(" `{text}`"));
                self.note(
                    Severity::High,
                    format!("has `{word}`, which reads another file{what}"),
                );
                self.expressions(cursor);
            }
            Some("filter") => {
                let value = self.filter(&Known::default(), cursor);
                self.postfix(value, cursor);
            }
            Some("macro" | "block") => {
                cursor.name();
                self.expressions(cursor);
            }
            _ => self.expressions(cursor),
        }
    }

    /// Reads expression after expression to the end of the tag, over whatever lies between.
    fn expressions(&mut self, cursor: &mut Cursor<'_>) {
        while cursor.peek().is_some() {
            let before = cursor.at;
            self.expression(cursor);
            if cursor.at == before {
                cursor.next();
            }
        }
    }

    fn loop_over(&mut self, cursor: &mut Cursor<'_>) {
        let mut names = Vec::new();
        while let Some(token) = cursor.next() {
            match token {
                Token::Name(name) if name == "in" => break,
                Token::Name(name) => names.push(name.clone()),
                _ => {}
            }
        }
        let over = self.expression(cursor);
        let each = over.items.as_ref().map_or_else(
            || Known::made_of([&over]),
            |items| {
                items
                    .iter()
                    .cloned()
                    .reduce(|first, second| Known::either(first, &second))
                    .unwrap_or_default()
            },
        );
        for name in names {
            self.bind(name, each.clone());
        }
        self.expressions(cursor);
    }

    fn bind(&mut self, name: String, value: Known) {
        if self.variables.len() < VARIABLES || self.variables.contains_key(&name) {
            self.variables.insert(name, value);
        }
    }

    fn assign(&mut self, cursor: &mut Cursor<'_>) {
        let mut names = Vec::new();
        while let Some(token) = cursor.peek() {
            match token {
                Token::Sign("=") => break,
                Token::Name(name) => names.push(name.clone()),
                _ => {}
            }
            cursor.next();
        }
        cursor.sign("=");
        let value = self.expression(cursor);
        // `{% set ns.x = … %}` is known under the attribute's name, which is close enough for a taint.
        match names.as_slice() {
            [name] => {
                self.bind(name.clone(), value);
            }
            [object, attribute] => {
                self.variables
                    .insert(format!("{object}.{attribute}"), value);
            }
            _ => {}
        }
        self.expressions(cursor);
    }

    /// An expression with `if … else …` behind it.
    fn expression(&mut self, cursor: &mut Cursor<'_>) -> Known {
        if cursor.depth >= DEPTH {
            self.by_tokens(cursor);
            return Known::default();
        }
        cursor.depth = cursor.depth.saturating_add(1);
        let value = self.operators(cursor);
        let value = if cursor.word("if") {
            self.operators(cursor);
            if cursor.word("else") {
                let other = self.expression(cursor);
                Known::either(value, &other)
            } else {
                value
            }
        } else {
            value
        };
        cursor.depth = cursor.depth.saturating_sub(1);
        value
    }

    /// Operands and operators from left to right. Precedence does not matter for what is looked for,
    /// except that `*` and `%` bind before `~` and `+`.
    fn operators(&mut self, cursor: &mut Cursor<'_>) -> Known {
        let mut whole = self.product(cursor);
        loop {
            if cursor.sign("~") || cursor.sign("+") {
                let right = self.product(cursor);
                whole = Known::joined(&whole, &right);
            } else if comparison(cursor) {
                let right = self.product(cursor);
                // `a or 'text'` and `a and 'text'` have the value of one side.
                whole = Known::made_of([&whole, &right]);
            } else {
                return whole;
            }
        }
    }

    fn product(&mut self, cursor: &mut Cursor<'_>) -> Known {
        let mut whole = self.operand(cursor);
        loop {
            if cursor.sign("*") {
                let right = self.operand(cursor);
                let count = right.number.or(whole.number).unwrap_or_default();
                if count >= ENDLESS && (whole.text.is_some() || right.text.is_some()) {
                    self.note(Severity::High, format!("repeats a text {count} times"));
                }
                whole = Known::times(&whole, &right);
            } else if cursor.sign("%") {
                let right = self.operand(cursor);
                whole = whole.formatted(&[right]);
            } else if cursor.sign("//") || cursor.sign("/") || cursor.sign("**") {
                let right = self.operand(cursor);
                whole = Known::made_of([&whole, &right]);
            } else {
                return whole;
            }
        }
    }

    fn operand(&mut self, cursor: &mut Cursor<'_>) -> Known {
        let mut changed = false;
        while cursor.word("not") || cursor.sign("-") || cursor.sign("+") {
            changed = true;
        }
        let value = self.atom(cursor);
        let value = self.postfix(value, cursor);
        if changed {
            Known::made_of([&value])
        } else {
            value
        }
    }

    fn atom(&mut self, cursor: &mut Cursor<'_>) -> Known {
        match cursor.peek() {
            Some(Token::Text(first)) => {
                let mut text = first.clone();
                cursor.next();
                // Texts that follow each other are one text.
                while let Some(Token::Text(more)) = cursor.peek() {
                    text.push_str(more);
                    cursor.next();
                }
                Known::text(text)
            }
            Some(Token::Number(number)) => {
                cursor.next();
                Known::number(*number)
            }
            Some(Token::Name(name)) => {
                cursor.next();
                self.variable(name, cursor)
            }
            Some(Token::Sign("(")) => {
                cursor.next();
                let mut items = self.items(cursor, ")");
                match items.values.pop() {
                    Some(only) if items.commas == 0 && items.values.is_empty() => only,
                    last => Known::list(items.values.into_iter().chain(last).collect()),
                }
            }
            Some(Token::Sign("[")) => {
                cursor.next();
                Known::list(self.items(cursor, "]").values)
            }
            Some(Token::Sign("{")) => {
                cursor.next();
                Known::list(self.items(cursor, "}").values)
            }
            _ => Known::default(),
        }
    }

    /// A name: a variable of the template, or one that the engine gives it.
    fn variable(&mut self, name: &str, cursor: &Cursor<'_>) -> Known {
        if is_escape(name) {
            self.note(
                Severity::High,
                format!("uses the name `{name}`, which leads into Python"),
            );
        }
        let is_called = matches!(cursor.peek(), Some(Token::Sign("(")));
        if is_called && is_runner(name) && !self.variables.contains_key(name) {
            self.note(
                Severity::Critical,
                format!("calls `{name}`, which runs code or programs"),
            );
        }
        if is_called && name == "range" {
            self.long_loop(cursor);
        }
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// `range(…)` with a number that no conversation has.
    fn long_loop(&mut self, cursor: &Cursor<'_>) {
        let rest = cursor.tokens.get(cursor.at..).unwrap_or_default();
        let count = rest
            .iter()
            .take_while(|token| **token != Token::Sign(")"))
            .filter_map(|token| match token {
                Token::Number(number) => *number,
                _ => None,
            })
            .max();
        if let Some(count) = count.filter(|count| *count >= ENDLESS) {
            self.note(Severity::High, format!("loops {count} times"));
        }
    }

    /// What stands between brackets, keys and values alike.
    fn items(&mut self, cursor: &mut Cursor<'_>, close: &str) -> Items {
        let mut items = Items::default();
        while cursor.peek().is_some() && !cursor.sign(close) {
            let before = cursor.at;
            if cursor.sign(",") {
                items.commas = items.commas.saturating_add(1);
                continue;
            }
            if cursor.sign(":") {
                items.colons = items.colons.saturating_add(1);
                continue;
            }
            let item = self.expression(cursor);
            items.values.push(item);
            if cursor.at == before {
                cursor.next();
            }
        }
        items
    }

    fn postfix(&mut self, mut value: Known, cursor: &mut Cursor<'_>) -> Known {
        loop {
            if cursor.sign(".") {
                value = self.attribute(&value, cursor);
            } else if cursor.sign("[") {
                value = self.subscript(&value, cursor);
            } else if cursor.sign("(") {
                let arguments = self.arguments(cursor);
                // An engine may know `getattr`; no function of a chat wants such a name.
                for text in arguments.placed.iter().filter_map(|it| it.text.clone()) {
                    self.reach(&text, "gives a function the name");
                }
                value = Known::made_of(std::iter::once(&value).chain(&arguments.placed));
            } else if cursor.sign("|") {
                value = self.filter(&value, cursor);
            } else if cursor.word("is") {
                self.test(cursor);
                value = Known::default();
            } else {
                return value;
            }
        }
    }

    fn test(&mut self, cursor: &mut Cursor<'_>) {
        cursor.word("not");
        cursor.name();
        if cursor.sign("(") {
            self.arguments(cursor);
        } else if matches!(cursor.peek(), Some(Token::Text(_) | Token::Number(_))) {
            cursor.next();
        }
    }

    fn attribute(&mut self, value: &Known, cursor: &mut Cursor<'_>) -> Known {
        let Some(name) = cursor.name() else {
            cursor.next();
            return Known::made_of([value]);
        };
        self.reach(name, "reaches the attribute");
        if !cursor.sign("(") {
            return Known::made_of([value]);
        }
        if is_runner(name) {
            self.note(
                Severity::Critical,
                format!("calls `{name}`, which runs code or programs"),
            );
        }
        let arguments = self.arguments(cursor);
        match name {
            "join" => arguments.first().map_or_else(Known::default, |items| {
                items.join(value.text.as_deref().unwrap_or_default())
            }),
            "format" | "format_map" => {
                self.fields(value);
                value.braces(&arguments.all())
            }
            "get" | "pop" | "__getitem__" => {
                self.reach_known(arguments.first(), "reaches the entry", false);
                Known::made_of([value])
            }
            _ => method(name, value, &arguments),
        }
    }

    fn subscript(&mut self, value: &Known, cursor: &mut Cursor<'_>) -> Known {
        let from = cursor.at;
        let items = self.items(cursor, "]");
        let between = cursor.tokens.get(from..cursor.at).unwrap_or_default();
        if items.colons > 0 {
            let backwards = matches!(
                between,
                [Token::Sign(":"), Token::Sign(":"), Token::Sign("-"), ..]
            );
            return if backwards {
                value.reversed()
            } else {
                Known::made_of([value])
            };
        }
        let index = items.values.first();
        self.reach_known(index, "reaches the entry", false);
        index.map_or_else(Known::default, |index| value.item(index))
    }

    fn arguments(&mut self, cursor: &mut Cursor<'_>) -> Arguments {
        let mut found = Arguments::default();
        while cursor.peek().is_some() && !cursor.sign(")") {
            let before = cursor.at;
            if cursor.sign(",") || cursor.sign("*") || cursor.sign("**") {
                continue;
            }
            let name = match (
                cursor.peek(),
                cursor.tokens.get(cursor.at.saturating_add(1)),
            ) {
                (Some(Token::Name(name)), Some(Token::Sign("="))) => {
                    cursor.at = cursor.at.saturating_add(2);
                    Some(name.clone())
                }
                _ => None,
            };
            let value = self.expression(cursor);
            match name {
                Some(name) => found.named.push((name, value)),
                None => found.placed.push(value),
            }
            if cursor.at == before {
                cursor.next();
            }
        }
        // `dict(a=…)|join` makes a text of names that never stood between quotes.
        let names = found
            .named
            .iter()
            .map(|(name, _)| Known::text(name.clone()));
        let names: Vec<Known> = names.collect();
        found.placed.extend(names);
        found
    }

    fn filter(&mut self, value: &Known, cursor: &mut Cursor<'_>) -> Known {
        let Some(name) = cursor.name() else {
            return Known::default();
        };
        let arguments = if cursor.sign("(") {
            self.arguments(cursor)
        } else {
            Arguments::default()
        };
        match name {
            "attr" => {
                self.reach_known(arguments.first(), "reaches with `attr` the attribute", true);
                if matches!(arguments.text(0), Some("format" | "format_map")) {
                    self.fields(value);
                }
                Known::default()
            }
            "map" | "selectattr" | "rejectattr" | "groupby" | "sort" | "sum" | "unique" | "min"
            | "max" => {
                for argument in &arguments.all() {
                    self.reach_known(Some(argument), "reaches the attribute", false);
                }
                Known::made_of([value])
            }
            "join" => value.join(arguments.text(0).unwrap_or_default()),
            "format" => value.formatted(&arguments.placed),
            _ => method(name, value, &arguments),
        }
    }

    /// A name that is reached, judged part by part: `map(attribute='a.b')` goes through both.
    fn reach(&mut self, path: &str, how: &str) {
        for name in path.split('.') {
            if is_escape(name) {
                let does = format!("{how} `{name}`, which leads out of the template into Python");
                self.note(Severity::Critical, does);
                return;
            }
        }
    }

    /// `'{0.a[b]}'.format(x)` reaches attributes and entries of what it is given, as Python's own code does.
    fn fields(&mut self, pattern: &Known) {
        let Some(text) = pattern.text.clone() else {
            if pattern.tainted {
                let does = "formats a text that it puts together from pieces with underscores";
                self.note(Severity::High, does.to_owned());
            }
            return;
        };
        for field in text.split('{').skip(1) {
            let path = field.split(['}', '!', ':']).next().unwrap_or_default();
            self.reach(
                &path.replace(['[', ']'], "."),
                "reaches by a format the attribute",
            );
        }
    }

    /// A name that is computed: certain, pieced together, or unknown.
    fn reach_known(&mut self, name: Option<&Known>, how: &str, must_be_clear: bool) {
        let Some(name) = name else { return };
        if let Some(text) = &name.text {
            self.reach(&text.clone(), how);
        } else if name.tainted {
            let does = format!("{how} whose name it puts together from pieces with underscores");
            self.note(Severity::High, does);
        } else if must_be_clear {
            self.note(Severity::High, format!("{how} whose name it computes"));
        }
    }

    /// The last resort for what cannot be read as an expression: names and texts by themselves.
    fn by_tokens(&mut self, cursor: &mut Cursor<'_>) {
        while let Some(token) = cursor.next() {
            if let Token::Name(text) | Token::Text(text) = token {
                self.reach(text, "names");
            }
        }
    }
}

/// Goes over an operator between two values that does not put a text together.
fn comparison(cursor: &mut Cursor<'_>) -> bool {
    const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "<", ">", "-"];
    if SIGNS.iter().any(|sign| cursor.sign(sign)) {
        return true;
    }
    if cursor.word("not") {
        return cursor.word("in");
    }
    cursor.word("and") || cursor.word("or") || cursor.word("in")
}
