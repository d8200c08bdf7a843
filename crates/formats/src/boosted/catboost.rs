//! Models of `CatBoost`: `CBM1`, a flatbuffer (`model.fbs`), then parts; or the same as JSON.

use std::io;

use tutela_core::{Bytes, Limits, Window, escape};

use super::Text;
use super::fault::{Fault, Flaws};
use super::item::Item;
use crate::flat::{Broken, Flat, Table, Vector};

/// The mark and the size of the flatbuffer.
const HEAD: u64 = 8;
/// A tree that asks more questions has more leaves than memory.
const DEPTH: i64 = 31;
/// The longest text that is kept: the settings of the training are a few KiB.
const TEXT: u64 = 64 << 10;
/// A branch that ends in its own node.
const NO_LEAF: u64 = 0xffff_ffff;

/// Reads a binary model; returns its texts and where it ends.
pub(super) fn read(
    bytes: &dyn Bytes,
    limits: &Limits,
    flaws: &mut Flaws,
) -> io::Result<(Vec<Text>, u64)> {
    let mut start = [0; 4];
    let length = bytes.len();
    if length < HEAD {
        flaws.add(0, length, Fault::Ends("the head".to_owned()));
        return Ok((Vec::new(), length));
    }
    bytes.read_exact_at(4, &mut start)?;
    let size = u64::from(u32::from_le_bytes(start));
    if size > length.saturating_sub(HEAD) {
        let left = length.saturating_sub(HEAD);
        let fault = Fault::Length {
            what: "the description of the model".to_owned(),
            length: i128::from(size),
            left,
        };
        flaws.add(4, HEAD, fault);
        return Ok((Vec::new(), length));
    }
    let core = Window::new(bytes, HEAD, size);
    let mut model = Core {
        flat: Flat::new(&core, limits),
        flaws,
        texts: Vec::new(),
        has_parts: false,
    };
    match model.read() {
        Ok(()) => {}
        Err(Broken::Read(error)) => return Err(error),
        Err(Broken::Outside(at)) => {
            let at = at.saturating_add(HEAD);
            model.flaws.add(at, at.saturating_add(4), Fault::Offset);
        }
        Err(Broken::Steps) => {
            let fault = Fault::Limit {
                what: "the size of the description",
                limit: limits.steps,
            };
            model.flaws.add(0, length, fault);
        }
    }
    // Parts say their own sizes in formats of their own; without any, the model ends here.
    let end = if model.has_parts {
        length
    } else {
        HEAD.saturating_add(size)
    };
    Ok((model.texts, end))
}

struct Core<'a> {
    flat: Flat<'a>,
    flaws: &'a mut Flaws,
    texts: Vec<Text>,
    has_parts: bool,
}

impl Core<'_> {
    fn read(&mut self) -> Result<(), Broken> {
        let root = self.flat.target(0)?;
        let root = self.flat.table(root)?;
        self.text(root, 0, "format")?;
        let facts = self.flat.vector(root, 2, 4)?;
        for number in 0..facts.count {
            let fact = self.flat.item(facts, number)?;
            let key = self.flat.text(fact, 0, 200)?.unwrap_or_default();
            self.text(fact, 1, &key)?;
        }
        self.has_parts = self.flat.vector(root, 3, 4)?.count > 0;
        match self.flat.inner(root, 1)? {
            Some(trees) => self.trees(trees),
            None => {
                self.flaws.add(
                    HEAD,
                    HEAD,
                    Fault::Missing("the description of the trees".to_owned()),
                );
                Ok(())
            }
        }
    }

    fn text(&mut self, table: Table, field: u64, key: &str) -> Result<(), Broken> {
        if let Some(text) = self.flat.text(table, field, TEXT)? {
            self.texts.push(Text {
                place: table.at.saturating_add(HEAD),
                key: key.to_owned(),
                text,
            });
        }
        Ok(())
    }

    fn trees(&mut self, trees: Table) -> Result<(), Broken> {
        let place = trees.at.saturating_add(HEAD);
        let dimension = self.signed(trees, 0)?;
        self.flaws
            .bound(place, dimension, (1, i64::from(i32::MAX)), &|| {
                "the number of values of a leaf".to_owned()
            });
        let splits = self.numbers(trees, 1)?;
        let sizes = self.numbers(trees, 2)?;
        let offsets = self.numbers(trees, 3)?;
        let values = self.flat.vector(trees, 8, 8)?.count;
        let steps = self.flat.vector(trees, 10, 4)?;
        let questions = self.questions(trees)?;
        let layout = Layout {
            place,
            dimension,
            splits: &splits,
            sizes: &sizes,
            values,
        };
        layout.offsets(&offsets, self.flaws);
        layout.questions((questions, steps.count > 0), self.flaws);
        if steps.count == 0 {
            layout.leaves(self.flaws);
            return Ok(());
        }
        self.branches(trees, steps, &layout)
    }

    fn signed(&mut self, table: Table, field: u64) -> Result<f64, Broken> {
        let number = self.flat.value(table, field, 4)?;
        Ok(f64::from(
            u32::try_from(number).unwrap_or_default().cast_signed(),
        ))
    }

    fn numbers(&mut self, table: Table, field: u64) -> Result<Vec<f64>, Broken> {
        let vector = self.flat.vector(table, field, 4)?;
        let bytes = self
            .flat
            .span(vector.start, vector.count.saturating_mul(4))?;
        let number = |word: &[u8]| crate::little::u32_at(word, 0).unwrap_or_default();
        Ok(bytes
            .chunks_exact(4)
            .map(|word| f64::from(number(word).cast_signed()))
            .collect())
    }

    /// How many questions the features allow: one for each border and each value.
    fn questions(&mut self, trees: Table) -> Result<u64, Broken> {
        let mut total = 0_u64;
        // The list of features in the trees, and the lists of borders or values in a feature.
        for (field, lists) in [(5, &[3_u64][..]), (6, &[1]), (7, &[1]), (13, &[3])] {
            let features = self.flat.vector(trees, field, 4)?;
            for number in 0..features.count {
                let feature = self.flat.item(features, number)?;
                for list in lists {
                    let count = self.flat.vector(feature, *list, 4)?.count;
                    total = total.saturating_add(count);
                }
            }
        }
        Ok(total)
    }

    /// Trees whose branches are steps forward: to the left so many nodes, to the right so many; none is a leaf.
    fn branches(&mut self, trees: Table, steps: Vector, layout: &Layout<'_>) -> Result<(), Broken> {
        let leaves = self.flat.vector(trees, 11, 4)?;
        let nodes = layout.splits.len();
        let count = |vector: Vector| usize::try_from(vector.count).unwrap_or(usize::MAX);
        let fits = self.flaws.size(layout.place, (nodes, count(steps)), &|| {
            "the list of steps".to_owned()
        }) & self.flaws.size(layout.place, (nodes, count(leaves)), &|| {
            "the list of leaves".to_owned()
        });
        if !fits {
            return Ok(());
        }
        let ends = layout.ends();
        let mut tree = 0_usize;
        for node in 0..nodes as u64 {
            while ends.get(tree).is_some_and(|end| *end <= node) {
                tree = tree.saturating_add(1);
            }
            let end = ends.get(tree).copied().unwrap_or_default();
            let step = self
                .flat
                .number(steps.start.saturating_add(node.saturating_mul(4)), 4)?;
            let (left, right) = (step & 0xffff, step >> 16);
            for forward in [left, right] {
                if node.saturating_add(forward) >= end {
                    layout.outside(
                        format!("a branch of node {node}"),
                        (forward, end.saturating_sub(node)),
                        self.flaws,
                    );
                }
            }
            let leaf = self
                .flat
                .number(leaves.start.saturating_add(node.saturating_mul(4)), 4)?;
            let is_leaf = left == 0 || right == 0;
            if is_leaf && leaf >= layout.values
                || !is_leaf && leaf != NO_LEAF && leaf >= layout.values.max(1)
            {
                layout.outside(
                    format!("the leaf of node {node}"),
                    (leaf, layout.values),
                    self.flaws,
                );
            }
        }
        Ok(())
    }
}

/// The lists that describe the trees.
struct Layout<'a> {
    place: u64,
    dimension: f64,
    splits: &'a [f64],
    sizes: &'a [f64],
    values: u64,
}

impl Layout<'_> {
    fn outside(&self, what: String, (value, count): (u64, u64), flaws: &mut Flaws) {
        let fault = Fault::Outside {
            what,
            value: value.to_string(),
            least: 0,
            most: i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(1),
        };
        flaws.add(self.place, self.place.saturating_add(1), fault);
    }

    /// Where each tree ends in the list of questions.
    fn ends(&self) -> Vec<u64> {
        let mut total = 0_u64;
        let sizes = self
            .sizes
            .iter()
            .map(|size| super::xgboost::index(*size).unwrap_or_default());
        sizes
            .map(|size| {
                total = total.saturating_add(size as u64);
                total
            })
            .collect()
    }

    /// Each tree begins where the one before ends.
    fn offsets(&self, offsets: &[f64], flaws: &mut Flaws) {
        let most = i64::try_from(self.splits.len()).unwrap_or(i64::MAX);
        for size in self.sizes {
            if !flaws.bound(self.place, *size, (0, most), &|| {
                "the size of a tree".to_owned()
            }) {
                return;
            }
        }
        let total = usize::try_from(self.ends().last().copied().unwrap_or_default());
        flaws.size(
            self.place,
            (total.unwrap_or(usize::MAX), self.splits.len()),
            &|| "the list of questions".to_owned(),
        );
        if offsets.is_empty()
            || !flaws.size(self.place, (self.sizes.len(), offsets.len()), &|| {
                "the list of offsets".to_owned()
            })
        {
            return;
        }
        let starts = [0].into_iter().chain(self.ends());
        for (start, offset) in starts.zip(offsets) {
            let start = i64::try_from(start).unwrap_or(i64::MAX);
            flaws.bound(self.place, *offset, (start, start), &|| {
                "the offset of a tree".to_owned()
            });
        }
    }

    fn questions(&self, (questions, has_leaves): (u64, bool), flaws: &mut Flaws) {
        let most = i64::try_from(questions)
            .unwrap_or(i64::MAX)
            .saturating_sub(1);
        // Nodes that are leaves ask nothing.
        let least = if has_leaves { -1 } else { 0 };
        for split in self.splits {
            flaws.bound(self.place, *split, (least, most.max(least)), &|| {
                "a question of a tree".to_owned()
            });
        }
    }

    /// A tree that asks so many questions has two leaves for each answer.
    fn leaves(&self, flaws: &mut Flaws) {
        let mut total = 0.0_f64;
        for size in self.sizes {
            if !flaws.bound(self.place, *size, (0, DEPTH), &|| {
                "the depth of a tree".to_owned()
            }) {
                return;
            }
            total += size.exp2();
        }
        total *= self.dimension;
        let values = usize::try_from(self.values).unwrap_or(usize::MAX);
        let expected = super::xgboost::index(total).unwrap_or(usize::MAX);
        flaws.size(self.place, (expected, values), &|| {
            "the list of leaf values".to_owned()
        });
    }
}

/// Holds a model in JSON against its own counts.
pub(super) fn check_json(root: &Item, flaws: &mut Flaws) {
    let features = |key: &str| root.path(&["features_info", key]).and_then(Item::len);
    let numeric = features("float_features").unwrap_or_default();
    let categorical = features("categorical_features").unwrap_or_default();
    let counts = (numeric, categorical);
    if let Some((place, trees)) = root.entry("oblivious_trees") {
        for (number, tree) in trees.items().iter().enumerate() {
            oblivious(tree, (place, number), counts, flaws);
        }
    }
    if let Some((place, trees)) = root.entry("trees") {
        for (number, tree) in trees.items().iter().enumerate() {
            nested(tree, (place, number), counts, flaws);
        }
    }
}

fn oblivious(
    tree: &Item,
    (place, number): (u64, usize),
    counts: (usize, usize),
    flaws: &mut Flaws,
) {
    let splits = tree.get("splits").map_or(&[][..], Item::items);
    for split in splits {
        question(split, (place, number), counts, flaws);
    }
    let depth = u32::try_from(splits.len()).unwrap_or(u32::MAX);
    let leaves = 1_usize
        .checked_shl(depth)
        .filter(|_| i64::from(depth) <= DEPTH);
    let found = |key: &str| tree.get(key).and_then(Item::len).unwrap_or_default();
    let Some(leaves) = leaves else {
        let most = DEPTH;
        let fault = Fault::Outside {
            what: format!("the depth of tree {number}"),
            value: depth.to_string(),
            least: 0,
            most,
        };
        return flaws.add(place, place.saturating_add(1), fault);
    };
    let (values, weights) = (found("leaf_values"), found("leaf_weights"));
    if values == 0 || !values.is_multiple_of(leaves) {
        flaws.size(place, (leaves, values), &|| {
            format!("`leaf_values` of tree {number}")
        });
    }
    if weights != 0 {
        flaws.size(place, (leaves, weights), &|| {
            format!("`leaf_weights` of tree {number}")
        });
    }
}

/// A tree of branches; recurses once a level, which the reader of JSON bounds.
fn nested(node: &Item, (place, number): (u64, usize), counts: (usize, usize), flaws: &mut Flaws) {
    if let Some(split) = node.get("split") {
        question(split, (place, number), counts, flaws);
        for side in ["left", "right"] {
            match node.get(side) {
                Some(branch) => nested(branch, (place, number), counts, flaws),
                None => {
                    let fault =
                        Fault::Missing(format!("the {side} branch of a node of tree {number}"));
                    flaws.add(place, place.saturating_add(1), fault);
                }
            }
        }
    }
}

/// What a node asks: a feature that there is.
fn question(
    split: &Item,
    (place, number): (u64, usize),
    (numeric, categorical): (usize, usize),
    flaws: &mut Flaws,
) {
    for (key, count) in [
        ("float_feature_index", numeric),
        ("cat_feature_index", categorical),
    ] {
        let Some(value) = split.get(key).and_then(Item::number) else {
            continue;
        };
        let most = i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(1);
        flaws.bound(place, value, (0, most), &|| {
            format!("`{}` in tree {number}", escape(key, 40))
        });
    }
}
