//! Where everything in a model lies, by the tables of schema.fbs (version 3c, TensorFlow 2.21).
//!
//! The walk reads what runs; this goes through everything else too, with the same reader: it knows of each table only
//! which fields lead elsewhere. A table that has fields that are not known may lead anywhere, so then not everything is
//! told apart.

use std::collections::BTreeSet;

use crate::extent::{Extents, LONG, Sort};
use crate::flat::{Broken, Flat, Table};

/// A table of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Model,
    OperatorCode,
    SubGraph,
    Tensor,
    Quantization,
    Sparsity,
    Dimension,
    Variant,
    Operator,
    Buffer,
    Named,
    Signature,
    /// Options and details, by the fields of theirs that lead elsewhere.
    Options(&'static [Field]),
}

/// A field that leads elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Field(u64, Leads);

/// Where a field leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leads {
    Table(Kind),
    Tables(Kind),
    /// Items of so many bytes.
    Items(u64),
    Text,
    /// Bytes that the schema says no more of.
    Bytes(Blob),
    /// A table whose kind the field before it says.
    Union(Choice),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blob {
    Numbers,
    Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    Builtin,
    Builtin2,
    Details,
    Indices,
}

/// Options with one list of numbers.
const LIST_OF_4: &[Field] = &[Field(0, Leads::Items(4))];
const LIST_OF_8: &[Field] = &[Field(0, Leads::Items(8))];

impl Kind {
    /// The fields that lead elsewhere.
    const fn fields(self) -> &'static [Field] {
        use Leads::{Bytes, Items, Tables, Text};
        match self {
            Self::Model => &[
                Field(1, Tables(Self::OperatorCode)),
                Field(2, Tables(Self::SubGraph)),
                Field(3, Text),
                Field(4, Tables(Self::Buffer)),
                Field(5, Items(4)),
                Field(6, Tables(Self::Named)),
                Field(7, Tables(Self::Signature)),
            ],
            Self::OperatorCode => &[Field(1, Text)],
            Self::Buffer => &[Field(0, Bytes(Blob::Numbers))],
            Self::Named => &[Field(0, Text)],
            Self::Signature => &[
                Field(0, Tables(Self::Named)),
                Field(1, Tables(Self::Named)),
                Field(2, Text),
                Field(3, Text),
            ],
            Self::Options(fields) => fields,
            _ => self.graph_fields(),
        }
    }

    /// The fields of tables below a graph.
    const fn graph_fields(self) -> &'static [Field] {
        use Leads::{Bytes, Items, Table, Tables, Text, Union};
        match self {
            Self::SubGraph => &[
                Field(0, Tables(Self::Tensor)),
                Field(1, Items(4)),
                Field(2, Items(4)),
                Field(3, Tables(Self::Operator)),
                Field(4, Text),
            ],
            Self::Tensor => &[
                Field(0, Items(4)),
                Field(3, Text),
                Field(4, Table(Self::Quantization)),
                Field(6, Table(Self::Sparsity)),
                Field(7, Items(4)),
                Field(9, Tables(Self::Variant)),
            ],
            Self::Quantization => &[
                Field(0, Items(4)),
                Field(1, Items(4)),
                Field(2, Items(4)),
                Field(3, Items(8)),
                Field(5, Union(Choice::Details)),
            ],
            Self::Sparsity => &[
                Field(0, Items(4)),
                Field(1, Items(4)),
                Field(2, Tables(Self::Dimension)),
            ],
            Self::Dimension => &[
                Field(3, Union(Choice::Indices)),
                Field(5, Union(Choice::Indices)),
            ],
            Self::Variant => LIST_OF_4,
            Self::Operator => &[
                Field(1, Items(4)),
                Field(2, Items(4)),
                Field(4, Union(Choice::Builtin)),
                Field(5, Bytes(Blob::Options)),
                Field(7, Items(1)),
                Field(8, Items(4)),
                Field(12, Union(Choice::Builtin2)),
            ],
            _ => &[],
        }
    }

    /// The last field that the schema knows.
    const fn last(self) -> u64 {
        match self {
            Self::Model => 7,
            Self::OperatorCode => 3,
            // Both have a number more in later versions, and tensors two.
            Self::SubGraph => 5,
            Self::Operator => 13,
            Self::Tensor => 10,
            Self::Quantization => 6,
            Self::Sparsity | Self::Buffer => 2,
            Self::Dimension => 5,
            Self::Variant => 2,
            Self::Named => 1,
            Self::Signature => 4,
            // What was added to options so far are numbers.
            Self::Options(_) => u64::MAX,
        }
    }
}

impl Choice {
    /// The table of a number; none for one that the schema does not know.
    const fn kind(self, number: u64) -> Option<Kind> {
        use Leads::{Bytes, Items, Text};
        let fields: &[Field] = match (self, number) {
            (Self::Details, 1) => &[Field(0, Bytes(Blob::Options))],
            (Self::Details, 2) => &[],
            (Self::Indices, 1) => LIST_OF_4,
            (Self::Indices, 2) => &[Field(0, Items(2))],
            (Self::Indices, 3) => &[Field(0, Items(1))],
            (Self::Builtin, 3) => &[Field(1, Items(4)), Field(2, Items(4))],
            // Reshape, squeeze and bucketize.
            (Self::Builtin, 17 | 30 | 115) => LIST_OF_4,
            // The handle of a variable.
            (Self::Builtin, 111) => &[Field(0, Text), Field(1, Text)],
            (Self::Builtin, 1..=126) => &[],
            (Self::Builtin2, 2 | 6 | 9 | 17) => LIST_OF_8,
            (Self::Builtin2, 3 | 10) => {
                &[Field(0, Items(8)), Field(1, Items(8)), Field(2, Items(8))]
            }
            (Self::Builtin2, 4) => &[
                Field(0, Items(8)),
                Field(1, Items(8)),
                Field(2, Items(8)),
                Field(3, Items(8)),
                Field(4, Items(1)),
                Field(7, Items(8)),
                Field(10, Items(8)),
                Field(13, Items(8)),
                Field(16, Items(4)),
            ],
            (Self::Builtin2, 5) => &[
                Field(0, Text),
                Field(2, Text),
                Field(4, Items(4)),
                Field(5, Bytes(Blob::Options)),
            ],
            (Self::Builtin2, 7) => &[Field(1, Items(8)), Field(2, Items(8)), Field(3, Items(8))],
            (Self::Builtin2, 12) => &[
                Field(0, Items(8)),
                Field(1, Items(8)),
                Field(2, Items(8)),
                Field(3, Items(8)),
                Field(4, Items(4)),
            ],
            (Self::Builtin2, 13) => &[
                Field(0, Items(8)),
                Field(1, Items(8)),
                Field(2, Items(8)),
                Field(3, Items(8)),
                Field(4, Items(8)),
            ],
            (Self::Builtin2, 16) => &[
                Field(0, Items(8)),
                Field(1, Items(8)),
                Field(2, Items(8)),
                Field(4, Items(8)),
            ],
            (Self::Builtin2, 21) => &[Field(0, Text), Field(2, Bytes(Blob::Options))],
            (Self::Builtin2, 1..=20) => &[],
            _ => return None,
        };
        Some(Kind::Options(fields))
    }
}

/// Goes through all tables from the root on.
pub(super) fn map(flat: &mut Flat<'_>) -> std::io::Result<Extents> {
    let mut map = Map {
        flat,
        extents: Extents::default(),
        waiting: Vec::new(),
        seen: BTreeSet::new(),
        described: BTreeSet::new(),
    };
    map.extents.note(0, 8, Sort::Structure);
    let root = map.flat.target(0).and_then(|at| map.flat.table(at));
    map.go_on(root, Kind::Model)?;
    while let Some((table, kind)) = map.waiting.pop() {
        let done = map.table(table, kind);
        map.settle(done)?;
    }
    Ok(map.extents)
}

struct Map<'a, 'b> {
    flat: &'a mut Flat<'b>,
    extents: Extents,
    waiting: Vec<(Table, Kind)>,
    seen: BTreeSet<(u64, Kind)>,
    /// Descriptions of fields, which tables share.
    described: BTreeSet<u64>,
}

impl Map<'_, '_> {
    /// What is broken is told where it is read for what runs; here it only means that not all is told apart.
    fn settle(&mut self, done: Result<(), Broken>) -> std::io::Result<()> {
        match done {
            Ok(()) => Ok(()),
            Err(Broken::Read(error)) => Err(error),
            Err(Broken::Steps) => {
                self.waiting.clear();
                self.extents.stop();
                Ok(())
            }
            Err(Broken::Outside(_)) => {
                self.extents.stop();
                Ok(())
            }
        }
    }

    fn go_on(&mut self, table: Result<Table, Broken>, kind: Kind) -> std::io::Result<()> {
        let known = table.map(|table| {
            if self.seen.insert((table.at, kind)) {
                self.waiting.push((table, kind));
            }
        });
        self.settle(known)
    }

    fn table(&mut self, table: Table, kind: Kind) -> Result<(), Broken> {
        let (start, end) = table.span();
        self.extents.note(start, end, Sort::Structure);
        let (start, end) = table.description();
        if self.described.insert(start) {
            self.extents.note(start, end, Sort::Structure);
        }
        if table.count() > kind.last().saturating_add(1) {
            self.extents.stop();
        }
        for field in kind.fields() {
            self.lead(table, *field)?;
        }
        if kind == Kind::Buffer {
            self.outside(table, (1, 2), Sort::Numbers)?;
        } else if kind == Kind::Operator {
            self.outside(table, (9, 10), Sort::Raw)?;
        }
        Ok(())
    }

    /// Bytes behind the flatbuffer, by their place and length.
    fn outside(&mut self, table: Table, fields: (u64, u64), sort: Sort) -> Result<(), Broken> {
        let start = self.flat.value(table, fields.0, 8)?;
        let length = self.flat.value(table, fields.1, 8)?;
        if start > 1 {
            self.extents.note(start, start.saturating_add(length), sort);
        }
        Ok(())
    }

    fn lead(&mut self, table: Table, Field(number, leads): Field) -> Result<(), Broken> {
        match leads {
            Leads::Items(size) => self.items(table, number, size, Sort::Structure),
            Leads::Bytes(Blob::Numbers) => self.items(table, number, 1, Sort::Numbers),
            Leads::Bytes(Blob::Options) => self.items(table, number, 1, Sort::Raw),
            Leads::Text => self.text(table, number),
            Leads::Table(kind) => {
                if let Some(inner) = self.flat.inner(table, number)? {
                    self.go_on(Ok(inner), kind)?;
                }
                Ok(())
            }
            Leads::Tables(kind) => {
                let list = self.flat.vector(table, number, 4)?;
                self.items(table, number, 4, Sort::Structure)?;
                for index in 0..list.count {
                    let item = self.flat.item(list, index);
                    if matches!(item, Err(Broken::Steps)) {
                        return Err(Broken::Steps);
                    }
                    self.go_on(item, kind)?;
                }
                Ok(())
            }
            Leads::Union(choice) => self.union(table, number, choice),
        }
    }

    fn union(&mut self, table: Table, number: u64, choice: Choice) -> Result<(), Broken> {
        let kind = self.flat.value(table, number.saturating_sub(1), 1)?;
        let Some(inner) = self.flat.inner(table, number)? else {
            return Ok(());
        };
        let Some(kind) = choice.kind(kind) else {
            self.extents.stop();
            return Ok(());
        };
        self.go_on(Ok(inner), kind)?;
        Ok(())
    }

    /// A list, behind the number of its items.
    fn items(&mut self, table: Table, number: u64, size: u64, sort: Sort) -> Result<(), Broken> {
        let list = self.flat.vector(table, number, size)?;
        if list.start == 0 {
            return Ok(());
        }
        let end = list.start.saturating_add(list.count.saturating_mul(size));
        let short = sort == Sort::Raw && end.saturating_sub(list.start) < LONG;
        let sort = if short { Sort::Structure } else { sort };
        let head = list.start.saturating_sub(4);
        self.extents.note(head, list.start, Sort::Structure);
        self.extents.note(list.start, end, sort);
        Ok(())
    }

    /// A text, behind its length and before a zero.
    fn text(&mut self, table: Table, number: u64) -> Result<(), Broken> {
        let text = self.flat.vector(table, number, 1)?;
        if text.start == 0 {
            return Ok(());
        }
        let end = text.start.saturating_add(text.count);
        self.extents.note_text((text.start, end));
        let head = text.start.saturating_sub(4);
        self.extents
            .note(head, end.saturating_add(1), Sort::Structure);
        Ok(())
    }
}
