//! Models of `LightGBM`: lines of `key=value`, one block for each tree (`gbdt_model_text.cpp` and `tree.cpp`).

use std::collections::HashMap;
use std::io;

use tutela_core::{Bytes, escape};

use super::Text;
use super::fault::{Fault, Flaws};
use super::shape::{Branch, follow};
use super::xgboost::index;
use crate::input::Input;

/// The longest line that is read: the values of a million leaves take less.
const LINE: u64 = 32 << 20;
/// Texts that are kept: names of features and settings.
const TEXTS: usize = 10_000;
/// A node of this type sends some categories to the left (`kCategoricalMask`).
const CATEGORICAL: u32 = 1;

/// Whether the bytes begin as a model: its first line, and the keys that follow.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let rest = head
        .strip_prefix(b"tree\n")
        .or_else(|| head.strip_prefix(b"tree\r\n"));
    let keys: [&[u8]; 4] = [
        b"version=",
        b"num_class=",
        b"max_feature_idx=",
        b"label_index=",
    ];
    rest.is_some_and(|rest| keys.iter().any(|key| rest.starts_with(key)))
}

/// Reads a model; returns its texts.
pub(super) fn read(bytes: &dyn Bytes, flaws: &mut Flaws) -> io::Result<Vec<Text>> {
    let mut reader = Reader {
        bytes,
        input: Input::new(bytes),
        at: 0,
        texts: Vec::new(),
        flaws,
    };
    reader.model()?;
    Ok(reader.texts)
}

/// The keys of the head or of a tree, each with its place.
type Keys = HashMap<String, (u64, String)>;

struct Reader<'a> {
    bytes: &'a dyn Bytes,
    input: Input<'a>,
    at: u64,
    texts: Vec<Text>,
    flaws: &'a mut Flaws,
}

impl Reader<'_> {
    /// The next line with its place; none at the end, or where a line is too long to be one.
    fn line(&mut self) -> io::Result<Option<(u64, String)>> {
        let start = self.at;
        if start >= self.bytes.len() {
            return Ok(None);
        }
        let end = self.input.newline(start)?.unwrap_or(self.bytes.len());
        let length = end.saturating_sub(start);
        if length > LINE {
            let fault = Fault::Limit {
                what: "the length of a line",
                limit: LINE,
            };
            self.flaws.add(start, end, fault);
            return Ok(None);
        }
        let mut line = vec![0; usize::try_from(length).unwrap_or_default()];
        self.bytes.read_exact_at(start, &mut line)?;
        self.at = end.saturating_add(1);
        let text = String::from_utf8_lossy(&line).into_owned();
        Ok(Some((start, text.trim_end_matches('\r').to_owned())))
    }

    fn note(&mut self, place: u64, text: &str) {
        if self.texts.len() < TEXTS && !text.is_empty() {
            // `key=value` in the head, `[key: value]` in the settings.
            let (key, text) = text
                .split_once('=')
                .or_else(|| text.split_once(": "))
                .unwrap_or(("line", text));
            self.texts.push(Text {
                place,
                key: key.trim_start_matches('[').to_owned(),
                text: text.to_owned(),
            });
        }
    }

    fn model(&mut self) -> io::Result<()> {
        let mut keys = Keys::new();
        let mut trees: Vec<u64> = Vec::new();
        let mut head: Option<Head> = None;
        let mut end = None;
        while let Some((place, line)) = self.line()? {
            let is_tree = line.starts_with("Tree=");
            let is_end = line.starts_with("end of trees");
            if is_tree || is_end {
                self.block(&mut head, &std::mem::take(&mut keys), trees.len());
                if is_end {
                    end = Some(place);
                    break;
                }
                trees.push(place);
            }
            if head.is_none() {
                self.note(place, &line);
            }
            if let Some((key, value)) = line.split_once('=') {
                self.key(&mut keys, (place, key), value);
            }
        }
        if end.is_none() {
            self.block(&mut head, &keys, trees.len());
            let length = self.bytes.len();
            self.flaws
                .add(length, length, Fault::Ends("the trees".to_owned()));
        }
        while let Some((place, line)) = self.line()? {
            self.note(place, &line);
        }
        if let Some(head) = head {
            let length = self.bytes.len();
            head.trees(&trees, (end.unwrap_or(length), length), self.flaws);
        }
        Ok(())
    }

    fn key(&mut self, keys: &mut Keys, (place, key): (u64, &str), value: &str) {
        let doubled = keys
            .insert(key.to_owned(), (place, value.to_owned()))
            .is_some();
        if doubled {
            let fault = Fault::Doubled(format!("`{}`", escape(key, 100)));
            self.flaws.add(place, place.saturating_add(1), fault);
        }
    }

    /// The block that ends here: the head at first, then one tree after the other.
    fn block(&mut self, head: &mut Option<Head>, keys: &Keys, trees: usize) {
        match head {
            None => *head = Some(Head::of(keys, self.flaws)),
            Some(head) => {
                let tree = Tree {
                    keys,
                    number: trees.saturating_sub(1),
                };
                tree.check(head.most_feature, self.flaws);
            }
        }
    }
}

/// What the head says about the trees.
struct Head {
    most_feature: i64,
    per_iteration: u64,
    /// Where the sizes stand, and the sizes.
    sizes: Option<(u64, Vec<f64>)>,
}

impl Head {
    fn of(keys: &Keys, flaws: &mut Flaws) -> Self {
        let number = |key: &str| {
            keys.get(key)
                .and_then(|(at, text)| Some((*at, text.trim().parse::<f64>().ok()?)))
        };
        let bound = |key: &str, least: i64, flaws: &mut Flaws| match number(key) {
            Some((at, value)) => {
                let fits = flaws.bound(at, value, (least, i64::from(i32::MAX)), &|| {
                    format!("`{key}`")
                });
                index(value).filter(|_| fits)
            }
            None => {
                flaws.add(0, 1, Fault::Missing(format!("`{key}`")));
                None
            }
        };
        bound("num_class", 1, flaws);
        let most_feature = bound("max_feature_idx", 0, flaws).unwrap_or_default();
        let per_iteration = match keys.contains_key("num_tree_per_iteration") {
            true => bound("num_tree_per_iteration", 1, flaws).unwrap_or(1),
            false => 1,
        };
        for key in ["feature_names", "feature_infos", "monotone_constraints"] {
            if let Some((at, text)) = keys.get(key).filter(|(_, text)| !text.trim().is_empty()) {
                let found = text.split_whitespace().count();
                let expected = most_feature.saturating_add(1);
                flaws.size(*at, (expected, found), &|| format!("`{key}`"));
            }
        }
        Self {
            most_feature: i64::try_from(most_feature).unwrap_or(i64::MAX),
            per_iteration: per_iteration as u64,
            sizes: keys
                .get("tree_sizes")
                .map(|(at, text)| (*at, numbers(text))),
        }
    }

    /// `LightGBM` cuts the text into trees by these sizes; other readers go from one `Tree=` to the next.
    fn trees(&self, starts: &[u64], (end, length): (u64, u64), flaws: &mut Flaws) {
        let count = starts.len() as u64;
        if !count.is_multiple_of(self.per_iteration.max(1)) {
            let message = format!(
                "{count} trees cannot be shared out to {} an iteration",
                self.per_iteration
            );
            flaws.add(0, 1, Fault::Readings(message));
        }
        let Some((at, sizes)) = &self.sizes else {
            return;
        };
        if !flaws.size(*at, (starts.len(), sizes.len()), &|| {
            "`tree_sizes`".to_owned()
        }) {
            return;
        }
        let ends = starts.iter().skip(1).copied().chain([end]);
        for (number, ((start, next), size)) in starts.iter().zip(ends).zip(sizes).enumerate() {
            let what = || format!("the size of tree {number} in `tree_sizes`");
            let room = i64::try_from(length.saturating_sub(*start)).unwrap_or(i64::MAX);
            if !flaws.bound(*at, *size, (1, room), &what) {
                return;
            }
            if index(*size).map(|size| size as u64) != Some(next.saturating_sub(*start)) {
                let message = format!("{} is not how long it is up to the next one", what());
                return flaws.add(*at, at.saturating_add(1), Fault::Readings(message));
            }
        }
    }
}

struct Tree<'a> {
    keys: &'a Keys,
    number: usize,
}

impl Tree<'_> {
    fn named(&self, what: &str) -> String {
        format!("{what} of tree {}", self.number)
    }

    fn place(&self) -> u64 {
        self.keys.get("Tree").map_or(0, |(at, _)| *at)
    }

    fn list(&self, key: &str) -> Option<(u64, Vec<f64>)> {
        self.keys.get(key).map(|(at, text)| (*at, numbers(text)))
    }

    fn count(&self, key: &str, least: i64, flaws: &mut Flaws) -> Option<usize> {
        let Some((at, list)) = self.list(key) else {
            let missing = Fault::Missing(self.named(&format!("`{key}`")));
            flaws.add(self.place(), self.place().saturating_add(1), missing);
            return None;
        };
        let value = list.first().copied().unwrap_or(f64::NAN);
        let most = i64::from(i32::MAX);
        let fits = flaws.bound(at, value, (least, most), &|| {
            self.named(&format!("`{key}`"))
        });
        index(value).filter(|_| fits)
    }

    fn check(&self, most_feature: i64, flaws: &mut Flaws) {
        let (Some(leaves), Some(categories)) = (
            self.count("num_leaves", 1, flaws),
            self.count("num_cat", 0, flaws),
        ) else {
            return;
        };
        let splits = leaves.saturating_sub(1);
        let mut fits = self.sized("leaf_value", leaves, flaws);
        if splits > 0 {
            for key in [
                "split_feature",
                "threshold",
                "decision_type",
                "left_child",
                "right_child",
            ] {
                fits &= self.sized(key, splits, flaws);
            }
        }
        if !fits {
            return;
        }
        self.branches((leaves, splits), (categories, most_feature), flaws);
        self.categories(categories, flaws);
        self.linear(leaves, most_feature, flaws);
    }

    fn sized(&self, key: &str, expected: usize, flaws: &mut Flaws) -> bool {
        match self.list(key) {
            Some((at, list)) => flaws.size(at, (expected, list.len()), &|| {
                self.named(&format!("`{key}`"))
            }),
            None => {
                let missing = Fault::Missing(self.named(&format!("`{key}`")));
                flaws.add(self.place(), self.place().saturating_add(1), missing);
                false
            }
        }
    }

    /// Children from zero on are inner nodes, those below are leaves: -1 is leaf 0.
    fn branches(
        &self,
        (leaves, splits): (usize, usize),
        (categories, most_feature): (usize, i64),
        flaws: &mut Flaws,
    ) {
        if splits == 0 {
            return;
        }
        let list = |key: &str| self.list(key).map(|(_, list)| list).unwrap_or_default();
        let (left, right) = (list("left_child"), list("right_child"));
        let (features, kinds, thresholds) = (
            list("split_feature"),
            list("decision_type"),
            list("threshold"),
        );
        let place = self.place();
        let bound = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut at_node = |node: usize, flaws: &mut Flaws| {
            flaws.bound(place, *features.get(node)?, (0, most_feature), &|| {
                self.named(&format!("the feature of node {node}"))
            });
            let kind = index(*kinds.get(node)?)
                .and_then(|kind| u32::try_from(kind).ok())
                .unwrap_or_default();
            if kind & CATEGORICAL != 0 {
                let most = bound(categories).saturating_sub(1);
                flaws.bound(place, *thresholds.get(node)?, (0, most), &|| {
                    self.named(&format!("the set of categories of node {node}"))
                });
            }
            let children = [*left.get(node)?, *right.get(node)?];
            Some(children.map(|child| {
                let bounds = (
                    bound(leaves).saturating_neg(),
                    bound(splits).saturating_sub(1),
                );
                let fits = flaws.bound(place, child, bounds, &|| {
                    self.named(&format!("a child of node {node}"))
                });
                match (fits, index(child), index(-1.0 - child)) {
                    (true, Some(node), _) => Branch::Node(node),
                    (true, None, Some(leaf)) => Branch::Leaf(leaf),
                    _ => Branch::Nowhere,
                }
            }))
        };
        follow(
            (splits, leaves),
            &mut at_node,
            (place, &|| format!("tree {}", self.number)),
            flaws,
        );
    }

    /// Sets of categories are bits in words; where each set begins must rise to the number of words.
    fn categories(&self, categories: usize, flaws: &mut Flaws) {
        if categories == 0 {
            return;
        }
        if !self.sized("cat_boundaries", categories.saturating_add(1), flaws) {
            return;
        }
        let (at, boundaries) = self.list("cat_boundaries").unwrap_or_default();
        let words = self.list("cat_threshold").map_or(0, |(_, list)| list.len());
        let most = i64::try_from(words).unwrap_or(i64::MAX);
        let mut before = 0;
        for boundary in &boundaries {
            let what = || self.named("a boundary in `cat_boundaries`");
            if !flaws.bound(at, *boundary, (before, most), &what) {
                return;
            }
            before = index(*boundary)
                .and_then(|next| i64::try_from(next).ok())
                .unwrap_or(before);
        }
        if let Some(last) = boundaries.last() {
            flaws.bound(at, *last, (most, most), &|| {
                self.named("the last boundary in `cat_boundaries`")
            });
        }
    }

    /// Leaves that are linear models: how many features each has, and which.
    fn linear(&self, leaves: usize, most_feature: i64, flaws: &mut Flaws) {
        let is_linear = self
            .list("is_linear")
            .is_some_and(|(_, list)| list.first() == Some(&1.0));
        if !is_linear
            || !self.sized("leaf_const", leaves, flaws)
            || !self.sized("num_features", leaves, flaws)
        {
            return;
        }
        let (at, counts) = self.list("num_features").unwrap_or_default();
        let mut total = 0_usize;
        for count in counts {
            if !flaws.bound(at, count, (0, most_feature.saturating_add(1)), &|| {
                self.named("the number of features of a leaf")
            }) {
                return;
            }
            total = total.saturating_add(index(count).unwrap_or_default());
        }
        for key in ["leaf_features", "leaf_coeff"] {
            self.sized(key, total, flaws);
        }
        let (at, features) = self.list("leaf_features").unwrap_or_default();
        for feature in features {
            flaws.bound(at, feature, (0, most_feature), &|| {
                self.named("a feature of a leaf")
            });
        }
    }
}

/// The numbers of a line; what is none counts as one that fits nowhere.
fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace()
        .map(|word| word.parse().unwrap_or(f64::NAN))
        .collect()
}
