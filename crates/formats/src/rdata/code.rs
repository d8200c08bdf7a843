//! R code as a tree of plain nodes, and as text for people.

use std::fmt::Write as _;

use tutela_core::escape;

/// A node of an [`Image`](super::Image).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(super) u32);

impl Id {
    /// `NULL`.
    pub const NULL: Self = Self(0);
    /// An argument that is left out.
    pub const MISSING: Self = Self(1);
    /// A value that was not worked out yet.
    pub const UNBOUND: Self = Self(2);
    /// Data, of which nothing more is known.
    pub const DATA: Self = Self(3);
    /// An environment.
    pub const ENVIRONMENT: Self = Self(4);
}

/// What R code is made of. Texts are as written, not escaped.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Node {
    /// `NULL`.
    Null,
    /// An argument that is left out.
    Missing,
    /// A value that was not worked out yet.
    Unbound,
    /// Data that is no part of code.
    Data,
    /// An environment.
    Environment,
    /// The environment of a package.
    Package(String),
    /// A name.
    Name(String),
    /// A primitive function, by its name.
    Primitive(String),
    /// Texts, as a constant.
    Texts(Vec<String>),
    /// Numbers, as a constant.
    Numbers(Vec<f64>),
    /// Bytes, as a constant.
    Bytes(Vec<u8>),
    /// A list or an expression, or the constants of byte code.
    List(Vec<Id>),
    /// One link of a call or of a list of pairs.
    Link {
        /// Whether it begins a call: what is called, then the arguments.
        is_call: bool,
        /// The name of the argument.
        tag: Id,
        /// What is called, or the argument.
        first: Id,
        /// The link behind it.
        rest: Id,
    },
    /// A function.
    Function {
        /// Where it looks names up.
        environment: Id,
        /// Its arguments with their defaults.
        formals: Id,
        /// What it does.
        body: Id,
    },
    /// Code that runs when its value is asked for.
    Promise {
        /// Where it looks names up.
        environment: Id,
        /// Its value, if that was worked out.
        value: Id,
        /// The code.
        code: Id,
    },
}

/// An argument of a call: its name and what is given.
pub type Argument<'a> = (Option<&'a str>, Id);

/// Nodes by their number.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    nodes: Vec<Node>,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            nodes: vec![
                Node::Null,
                Node::Missing,
                Node::Unbound,
                Node::Data,
                Node::Environment,
            ],
        }
    }
}

impl Code {
    /// The node with a number.
    #[must_use]
    pub fn get(&self, id: Id) -> &Node {
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        self.nodes.get(index).unwrap_or(&Node::Null)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(id.0).ok()?)
    }

    /// Adds a node; none when there are as many as are kept.
    pub(super) fn add(&mut self, node: Node, most: usize) -> Option<Id> {
        let id = u32::try_from(self.nodes.len()).ok()?;
        if self.nodes.len() >= most {
            return None;
        }
        self.nodes.push(node);
        Some(Id(id))
    }

    /// The name that a node is.
    #[must_use]
    pub fn name(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Node::Name(name) | Node::Primitive(name) => Some(name),
            _ => None,
        }
    }

    /// The links of a call or a list from a node on: the name of each argument and the argument.
    pub fn links(&self, from: Id) -> impl Iterator<Item = (Option<&str>, Id)> {
        let mut next = from;
        // A list of byte code may lead back into itself.
        let mut left = 10_000_usize;
        std::iter::from_fn(move || {
            let Node::Link {
                tag, first, rest, ..
            } = self.get(next)
            else {
                return None;
            };
            left = left.checked_sub(1)?;
            next = *rest;
            Some((self.name(*tag), *first))
        })
    }

    /// What a call calls and its arguments; none when it is no call.
    #[must_use]
    pub fn call(&self, id: Id) -> Option<(Id, Vec<Argument<'_>>)> {
        match self.get(id) {
            Node::Link {
                is_call: true,
                first,
                rest,
                ..
            } => Some((*first, self.links(*rest).collect())),
            _ => None,
        }
    }

    /// The code as R writes it, at most so many letters, escaped.
    #[must_use]
    pub fn show(&self, id: Id, most: usize) -> String {
        let mut text = String::new();
        self.write(id, 0, most, &mut text);
        escape(&text, most)
    }

    /// Recurses to a fixed depth, whatever the depth of the code.
    fn write(&self, id: Id, depth: u32, most: usize, text: &mut String) {
        const DEPTH: u32 = 24;
        if depth > DEPTH || text.len() > most {
            text.push('…');
            return;
        }
        let inner = depth.saturating_add(1);
        let done = match self.get(id) {
            Node::Null => write!(text, "NULL"),
            Node::Missing | Node::Unbound => Ok(()),
            Node::Data => write!(text, "<data>"),
            Node::Environment => write!(text, "<environment>"),
            Node::Package(name) => write!(text, "<namespace:{name}>"),
            Node::Name(name) | Node::Primitive(name) => write!(text, "{name}"),
            Node::Texts(texts) => write!(text, "{}", joined(texts.iter().map(|it| quoted(it)))),
            Node::Numbers(numbers) => {
                write!(text, "{}", joined(numbers.iter().map(f64::to_string)))
            }
            Node::Bytes(bytes) => write!(text, "<{} bytes>", bytes.len()),
            Node::List(ids) => {
                text.push_str("list(");
                self.write_all(ids.iter().map(|id| (None, *id)), inner, most, text);
                write!(text, ")")
            }
            Node::Link { is_call: false, .. } => {
                text.push_str("pairlist(");
                self.write_all(self.links(id), inner, most, text);
                write!(text, ")")
            }
            Node::Link { first, rest, .. } => {
                self.write_call((*first, *rest), inner, most, text);
                Ok(())
            }
            Node::Function { formals, body, .. } => {
                text.push_str("function(");
                self.write_all(self.links(*formals), inner, most, text);
                text.push_str(") ");
                self.write(*body, inner, most, text);
                Ok(())
            }
            Node::Promise { code, .. } => {
                self.write(*code, inner, most, text);
                Ok(())
            }
        };
        // INVARIANT: writing into a `String` does not fail.
        let _ = done;
    }

    fn write_call(&self, call: (Id, Id), depth: u32, most: usize, text: &mut String) {
        let (callee, rest) = call;
        let infix = self.name(callee).filter(|name| {
            [
                "::", ":::", "$", "@", "<-", "<<-", "=", "~", "+", "-", "*", "/", "|>",
            ]
            .contains(name)
        });
        let two: Vec<Id> = self.links(rest).map(|(_, id)| id).take(3).collect();
        if let (Some(sign), [left, right]) = (infix, two.as_slice()) {
            self.write(*left, depth, most, text);
            let is_tight = matches!(sign, "::" | ":::" | "$" | "@");
            let space = if is_tight { "" } else { " " };
            for part in [space, sign, space] {
                text.push_str(part);
            }
            return self.write(*right, depth, most, text);
        }
        self.write(callee, depth, most, text);
        text.push('(');
        self.write_all(self.links(rest), depth, most, text);
        text.push(')');
    }

    fn write_all<'a>(
        &self,
        ids: impl Iterator<Item = (Option<&'a str>, Id)>,
        depth: u32,
        most: usize,
        text: &mut String,
    ) {
        for (place, (name, id)) in ids.enumerate() {
            if place > 0 {
                text.push_str(", ");
            }
            if text.len() > most {
                text.push('…');
                return;
            }
            if let Some(name) = name {
                text.push_str(name);
                if self.get(id) == &Node::Missing {
                    continue;
                }
                text.push_str(" = ");
            }
            self.write(id, depth, most, text);
        }
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.take(20).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("c({})", parts.join(", ")),
    }
}
