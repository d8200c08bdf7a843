//! Reads the parts of XML by which a parser is attacked: the DTD, inclusions, and what names other files.
//!
//! Nothing is expanded and nothing is resolved. Of the elements only those are kept that the attacks on
//! model formats (PMML, `OpenVINO`) use; the layers and trees of a model are passed over.

use std::collections::{BTreeMap, HashMap};
use std::io;

use tutela_core::{Bytes, Limits, escape, read_all};

use crate::tree::LENGTH;

mod encoding;

/// What an XML document says about things outside of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Xml {
    /// The name of the root element, empty when there is none.
    pub root: String,
    /// The document type declaration's reference to a file, with its public name if it has one.
    pub external: Option<External>,
    /// The entities that it declares.
    pub entities: Vec<Entity>,
    /// Elements with an attribute or content that a check may want to see.
    pub elements: Vec<Element>,
    /// Attributes of elements that say where their data lies in a file of weights: `offset` and `size`.
    pub ranges: Vec<Element>,
    /// How many bytes the entity references in the text stand for, saturating.
    pub expanded: u64,
    /// The encoding, when it hides the document from whoever reads its bytes: EBCDIC, UTF-7.
    pub hidden_by: Option<String>,
    /// Why a part was not read.
    pub unread: Option<String>,
}

/// A reference to something outside of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The address.
    pub system: String,
    /// Whether it has a public name, as the DTDs of standards have.
    pub is_public: bool,
    /// Where it stands.
    pub region: (u64, u64),
}

/// A declared entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Whether it is a parameter entity, which only the DTD uses.
    pub is_parameter: bool,
    /// What it refers to, when that is outside of the document.
    pub external: Option<String>,
    /// How many bytes it stands for, saturating.
    pub expanded: u64,
    /// Where it stands.
    pub region: (u64, u64),
}

/// An element that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// The text behind it, bounded, when elements of this name can hold a program.
    pub content: String,
    /// Where its start tag stands.
    pub region: (u64, u64),
}

/// Entities and elements that are kept.
const KEPT: usize = 10_000;
/// Places of weights that are kept: the largest models have some ten thousand.
const RANGES: usize = 200_000;
/// Levels of entities within entities that are followed.
const LEVELS: usize = 32;
/// Bytes of an element's content that are kept.
const CONTENT: usize = 4_096;

/// Whether the bytes begin as XML does. HTML is none.
#[must_use]
pub fn looks_like(start: &[u8]) -> bool {
    let decoded = encoding::decode(start);
    let text = String::from_utf8_lossy(decoded.text.trim_ascii_start()).to_ascii_lowercase();
    if text.starts_with("<?xml") {
        return !text.contains("<!doctype html");
    }
    if let Some(rest) = text.strip_prefix("<!doctype") {
        return !rest.trim_start().starts_with("html");
    }
    let is_element = text
        .strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    let is_model = text.starts_with("<pmml") || text.starts_with("<net ");
    is_element && !text.starts_with("<html") && (is_model || text.contains("xmlns"))
}

/// Reads a document.
///
/// # Errors
/// What reading the bytes returns.
pub fn read(bytes: &dyn Bytes, limits: &Limits) -> io::Result<Xml> {
    let longest = LENGTH.min(limits.member_bytes);
    if bytes.len() > longest {
        return Ok(Xml {
            unread: Some("the document is longer than is read".to_owned()),
            ..Xml::default()
        });
    }
    let bytes = read_all(bytes, longest)?;
    let decoded = encoding::decode(&bytes);
    let mut xml = parse(&String::from_utf8_lossy(&decoded.text));
    xml.hidden_by = decoded.hides;
    if let Some(name) = decoded.unknown {
        let name = escape(&name, 60);
        xml.unread = Some(format!(
            "the document is encoded in `{name}`, which is not known"
        ));
    }
    Ok(xml)
}

/// Reads a document in memory.
#[must_use]
pub fn parse(text: &str) -> Xml {
    let mut reader = Reader {
        text,
        at: 0,
        values: HashMap::new(),
        xml: Xml::default(),
    };
    reader.document();
    reader.xml
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The values of internal entities.
    values: HashMap<String, String>,
    xml: Xml,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    /// Goes behind the next `end`, or to the end of the text.
    fn behind(&mut self, end: &str) -> &'a str {
        let rest = self.rest();
        let length = rest.find(end).unwrap_or(rest.len());
        self.skip(length.saturating_add(end.len()));
        rest.get(..length).unwrap_or_default()
    }

    fn document(&mut self) {
        let mut references: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(open) = self.rest().find('<') {
            let text = self.rest().get(..open).unwrap_or_default();
            if !self.values.is_empty() {
                for name in names(text) {
                    let count = references.entry(name.to_owned()).or_default();
                    *count = count.saturating_add(1);
                }
            }
            self.skip(open);
            self.tag();
        }
        let mut sizes = Sizes {
            values: &self.values,
            known: HashMap::new(),
        };
        for (name, count) in &references {
            let each = sizes.of(name, 0);
            self.xml.expanded = self
                .xml
                .expanded
                .saturating_add(each.saturating_mul(*count));
        }
        for entity in &mut self.xml.entities {
            let key = key(&entity.name, entity.is_parameter);
            entity.expanded = sizes.of(&key, 0);
        }
        if self.xml.root.is_empty() {
            self.xml.unread = Some("the document has no element".to_owned());
        }
    }

    fn tag(&mut self) {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            self.behind("-->");
        } else if rest.starts_with("<![CDATA[") {
            self.behind("]]>");
        } else if rest.starts_with("<?") {
            self.behind("?>");
        } else if rest
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!DOCTYPE"))
        {
            self.doctype();
        } else {
            self.element();
        }
    }

    fn doctype(&mut self) {
        let start = self.at as u64;
        self.skip(9);
        self.word();
        let id = self.external_id();
        self.xml.external = id.map(|(system, is_public)| External {
            system,
            is_public,
            region: (start, self.at as u64),
        });
        self.space();
        if self.rest().starts_with('[') {
            self.skip(1);
            self.subset();
        }
        self.behind(">");
    }

    fn subset(&mut self) {
        loop {
            self.space();
            let rest = self.rest();
            if rest.is_empty() {
                return;
            }
            if rest.starts_with(']') {
                self.skip(1);
                return;
            }
            if rest.starts_with("<!ENTITY") {
                self.entity();
            } else if rest.starts_with("<!--") {
                self.behind("-->");
            } else if rest.starts_with("<?") {
                self.behind("?>");
            } else if rest.starts_with('<') {
                self.declaration();
            } else {
                let next = rest.char_indices().nth(1).map_or(rest.len(), |(at, _)| at);
                self.skip(next);
            }
        }
    }

    /// Goes behind a declaration of the DTD; a `>` between quotes does not end it.
    fn declaration(&mut self) {
        while let Some(found) = self.rest().find(['>', '"', '\'']) {
            let quote = self
                .rest()
                .get(found..found.saturating_add(1))
                .unwrap_or_default();
            self.skip(found.saturating_add(1));
            if quote == ">" {
                return;
            }
            self.behind(quote);
        }
        self.at = self.text.len();
    }

    fn entity(&mut self) {
        let start = self.at as u64;
        self.skip("<!ENTITY".len());
        self.space();
        let is_parameter = self.rest().starts_with('%');
        if is_parameter {
            self.skip(1);
        }
        let name = self.word().to_owned();
        let external = self.external_id().map(|(system, _)| system);
        let value = self.quoted().unwrap_or_default();
        if external.is_none() && self.values.len() < KEPT {
            // The first declaration of a name is the one that counts.
            let key = key(&name, is_parameter);
            self.values.entry(key).or_insert_with(|| value.to_owned());
        }
        self.declaration();
        if self.xml.entities.len() < KEPT {
            self.xml.entities.push(Entity {
                name,
                is_parameter,
                external,
                expanded: 0,
                region: (start, self.at as u64),
            });
        }
    }

    /// `SYSTEM "address"` or `PUBLIC "name" "address"`.
    fn external_id(&mut self) -> Option<(String, bool)> {
        self.space();
        let rest = self.rest();
        let is_public = rest.starts_with("PUBLIC");
        if !is_public && !rest.starts_with("SYSTEM") {
            return None;
        }
        self.skip(6);
        if is_public {
            self.quoted();
        }
        let system = self.quoted().unwrap_or_default().to_owned();
        Some((system, is_public))
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.skip(rest.len().saturating_sub(rest.trim_start().len()));
    }

    /// The next word, up to white space or a sign of XML.
    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let stop = |next: char| {
            next.is_whitespace() || matches!(next, '>' | '/' | '=' | '[' | '"' | '\'' | '<')
        };
        let length = rest.find(stop).unwrap_or(rest.len());
        self.skip(length);
        rest.get(..length).unwrap_or_default()
    }

    fn quoted(&mut self) -> Option<&'a str> {
        self.space();
        let quote = match self.rest().chars().next() {
            Some('"') => "\"",
            Some('\'') => "'",
            _ => return None,
        };
        self.skip(1);
        Some(self.behind(quote))
    }

    fn element(&mut self) {
        let start = self.at as u64;
        self.skip(1);
        let name = self.word();
        let is_first = self.xml.root.is_empty()
            && name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        if is_first {
            name.clone_into(&mut self.xml.root);
        }
        let mut attributes = Vec::new();
        loop {
            self.space();
            let rest = self.rest();
            if rest.is_empty() || rest.starts_with('<') {
                break;
            }
            if rest.starts_with('>') {
                self.skip(1);
                break;
            }
            let key = self.word();
            self.space();
            if self.rest().starts_with('=') {
                self.skip(1);
                let value = self.quoted().unwrap_or_else(|| self.word());
                attributes.push((key, value));
            } else if key.is_empty() {
                let next = self.rest().chars().next().map_or(1, char::len_utf8);
                self.skip(next);
            }
        }
        self.keep(name, &attributes, start);
    }

    fn keep(&mut self, name: &str, attributes: &[(&str, &str)], start: u64) {
        let local = name.rsplit(':').next().unwrap_or_default();
        let has = |wanted: &str| attributes.iter().any(|(key, _)| *key == wanted);
        if has("offset") && has("size") && self.xml.ranges.len() < RANGES {
            let element = self.element_of(name, attributes, start);
            self.xml.ranges.push(element);
        }
        let holds = matches!(local, "Extension" | "script" | "Script");
        let wanted =
            holds || local == "include" || attributes.iter().any(|(key, _)| is_reference(key));
        if !wanted || self.xml.elements.len() >= KEPT {
            return;
        }
        let content = if holds {
            let rest = self.rest();
            let most = rest.len().min(CONTENT);
            let end = (0..=most).rev().find(|end| rest.is_char_boundary(*end));
            let near = rest.get(..end.unwrap_or_default()).unwrap_or_default();
            near.split("</").next().unwrap_or_default().to_owned()
        } else {
            String::new()
        };
        let element = self.element_of(name, attributes, start);
        self.xml.elements.push(Element { content, ..element });
    }

    fn element_of(&self, name: &str, attributes: &[(&str, &str)], start: u64) -> Element {
        let attributes = attributes.iter();
        Element {
            name: name.to_owned(),
            attributes: attributes
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            content: String::new(),
            region: (start, self.at as u64),
        }
    }
}

/// Attributes that name a file, a library or a program.
fn is_reference(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "command",
        "extension_path",
        "file",
        "filename",
        "href",
        "implementation",
        "lib",
        "library",
        "location",
        "path",
        "plugin",
        "script",
        "source",
        "src",
        "uri",
        "url",
    ];
    let local = key
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    KEYS.binary_search(&local.as_str()).is_ok()
}

/// The names of the entities that a text refers to.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('&').skip(1).filter_map(|part| {
        let (name, _) = part.split_once(';')?;
        (!name.is_empty() && name.len() < 200 && !name.starts_with('#')).then_some(name)
    })
}

/// Parameter entities have names of their own.
fn key(name: &str, is_parameter: bool) -> String {
    if is_parameter {
        format!("%{name}")
    } else {
        name.to_owned()
    }
}

/// How many bytes entities stand for, each worked out once.
struct Sizes<'a> {
    values: &'a HashMap<String, String>,
    known: HashMap<String, u64>,
}

impl Sizes<'_> {
    /// Recurses to [`LEVELS`]; deeper counts as endless, and so does an entity that holds itself.
    fn of(&mut self, name: &str, level: usize) -> u64 {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        if level >= LEVELS {
            return u64::MAX;
        }
        let values = self.values;
        let Some(value) = values.get(name) else {
            return 1;
        };
        let mut total = value.len() as u64;
        for inner in names(value) {
            total = total.saturating_add(self.of(inner, level.saturating_add(1)));
        }
        self.known.insert(name.to_owned(), total);
        total
    }
}

#[cfg(test)]
mod tests;
