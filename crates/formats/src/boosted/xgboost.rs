//! Models of `XGBoost` as JSON or UBJSON (its `model.schema`): trees are lists of numbers that point into each other.

use super::fault::{Fault, Flaws};
use super::item::Item;
use super::shape::{Branch, follow};

/// The parent of a root: the largest number of 31 bits, or none.
const NO_PARENT: [f64; 2] = [2_147_483_647.0, -1.0];
/// What stands for no child.
const NO_CHILD: std::ops::Range<f64> = -1.0..0.0;
/// The place of a node that was cut away has this feature (all bits set, as `XGBoost` stores it).
const DELETED: [f64; 3] = [2_147_483_647.0, 4_294_967_295.0, -1.0];
/// More categories are refused (`OutOfRangeCat`, `common/categorical.h`): a category is a bit in a field.
const CATEGORIES: i64 = 1 << 24;

/// Holds a model against its own counts.
pub(super) fn check(root: &Item, flaws: &mut Flaws) {
    // What is pickled holds the settings beside the model.
    let root = root.get("Model").unwrap_or(root);
    let Some(learner) = root.get("learner") else {
        return;
    };
    let Some(booster) = learner.get("gradient_booster") else {
        flaws.add(0, 1, Fault::Missing("`gradient_booster`".to_owned()));
        return;
    };
    let parameter = |key: &str| {
        let value = learner.path(&["learner_model_param", key]);
        value.and_then(Item::number).unwrap_or_default()
    };
    let groups = parameter("num_class").max(1.0) * parameter("num_target").max(1.0);
    let features = parameter("num_feature");
    for place in ["num_class", "num_target"] {
        flaws.bound(0, parameter(place), (0, i64::from(i32::MAX)), &|| {
            format!("`{place}`")
        });
    }
    flaws.bound(0, features, (0, i64::from(u32::MAX)), &|| {
        "`num_feature`".to_owned()
    });
    let inner = booster.get("gbtree").unwrap_or(booster);
    let Some(model) = inner.get("model") else {
        // The settings of a booster are written in the same way, without a model.
        return;
    };
    let forest = Forest {
        model,
        features,
        groups,
    };
    if let Some((at, weights)) = model.entry("weights") {
        forest.linear((at, weights), flaws);
    } else {
        forest.check(flaws);
    }
    if let Some((at, drop)) = booster.entry("weight_drop") {
        let sizes = (forest.trees().len(), drop.len().unwrap_or_default());
        flaws.size(at, sizes, &|| "`weight_drop`".to_owned());
    }
}

struct Forest<'a> {
    model: &'a Item,
    features: f64,
    groups: f64,
}

impl Forest<'_> {
    fn trees(&self) -> &[Item] {
        self.model.get("trees").map_or(&[], Item::items)
    }

    /// A linear model has a weight for each feature, and a bias, for each group.
    fn linear(&self, (at, weights): (u64, &Item), flaws: &mut Flaws) {
        let found = weights.len().unwrap_or_default();
        // A model that was never trained has no weights.
        if found != 0 {
            let expected = index((self.features + 1.0) * self.groups).unwrap_or(usize::MAX);
            flaws.size(at, (expected, found), &|| "`weights`".to_owned());
        }
    }

    fn check(&self, flaws: &mut Flaws) {
        let trees = self.trees();
        let count = trees.len();
        let declared = self.model.path(&["gbtree_model_param", "num_trees"]);
        match declared.and_then(Item::number) {
            Some(declared) => {
                let bounds = (as_most(count, 0), as_most(count, 0));
                flaws.bound(0, declared, bounds, &|| "`num_trees`".to_owned());
            }
            None => flaws.add(0, 1, Fault::Missing("`num_trees`".to_owned())),
        }
        self.lists(count, flaws);
        let mut seen = vec![false; count];
        for (number, tree) in trees.iter().enumerate() {
            identity(tree, &mut seen, flaws);
            Tree::of(tree, number).check(self.features, flaws);
        }
    }

    /// The lists that go with the trees: the group of each, and where each round begins.
    fn lists(&self, count: usize, flaws: &mut Flaws) {
        if let Some((at, groups)) = self.model.entry("tree_info") {
            let numbers = groups.numbers().unwrap_or_default();
            flaws.size(at, (count, numbers.len()), &|| "`tree_info`".to_owned());
            let most = index(self.groups).unwrap_or(1);
            for group in numbers {
                flaws.bound(at, *group, (0, as_most(most, 1)), &|| {
                    "a group in `tree_info`".to_owned()
                });
            }
        }
        if let Some((at, rounds)) = self.model.entry("iteration_indptr") {
            let numbers = rounds.numbers().unwrap_or_default();
            rising((at, numbers), count, "`iteration_indptr`", flaws);
        }
        if let Some(categories) = self.model.get("cats") {
            containers(categories, flaws);
        }
    }
}

/// The number of a tree is the place that it is written to when it is loaded.
fn identity(tree: &Item, seen: &mut [bool], flaws: &mut Flaws) {
    let Some((at, id)) = tree.entry("id") else {
        return;
    };
    let id = id.number().unwrap_or(f64::NAN);
    let most = as_most(seen.len(), 1);
    if flaws.bound(at, id, (0, most), &|| "the `id` of a tree".to_owned())
        && let Some(seen) = index(id).and_then(|id| seen.get_mut(id))
        && std::mem::replace(seen, true)
    {
        flaws.add(
            at,
            at.saturating_add(1),
            Fault::Doubled(format!("`id` {id} of a tree")),
        );
    }
}

/// Offsets that must rise from zero to a count.
fn rising((at, numbers): (u64, &[f64]), count: usize, what: &str, flaws: &mut Flaws) {
    let mut before = 0_i64;
    for number in numbers {
        if !flaws.bound(at, *number, (before, as_most(count, 0)), &|| {
            format!("an offset in {what}")
        }) {
            return;
        }
        before = index(*number).map_or(before, |number| as_most(number, 0));
    }
    if let Some(last) = numbers.last() {
        let end = as_most(count, 0);
        flaws.bound(at, *last, (end, end), &|| {
            format!("the last offset in {what}")
        });
    }
}

/// The categories that the model was trained on (from `XGBoost` 3.1): texts as offsets into their letters.
fn containers(categories: &Item, flaws: &mut Flaws) {
    let encodings = categories.get("enc").map_or(&[][..], Item::items);
    let mut total = 0_usize;
    for encoding in encodings {
        let values = encoding
            .get("values")
            .and_then(Item::len)
            .unwrap_or_default();
        match encoding.entry("offsets") {
            Some((at, offsets)) => {
                let numbers = offsets.numbers().unwrap_or_default();
                rising((at, numbers), values, "`offsets` of categories", flaws);
                total = total.saturating_add(numbers.len().saturating_sub(1));
            }
            None => total = total.saturating_add(values),
        }
    }
    if let Some((at, segments)) = categories.entry("feature_segments") {
        let numbers = segments.numbers().unwrap_or_default();
        rising((at, numbers), total, "`feature_segments`", flaws);
    }
    if let Some((at, sorted)) = categories.entry("sorted_idx") {
        let numbers = sorted.numbers().unwrap_or_default();
        flaws.size(at, (total, numbers.len()), &|| "`sorted_idx`".to_owned());
        for number in numbers {
            flaws.bound(at, *number, (0, as_most(total, 1)), &|| {
                "an index in `sorted_idx`".to_owned()
            });
        }
    }
}

struct Tree<'a> {
    item: &'a Item,
    number: usize,
    place: u64,
}

impl<'a> Tree<'a> {
    fn of(item: &'a Item, number: usize) -> Self {
        let place = match item {
            Item::Object(entries) => entries.first().map_or(0, |(_, at, _)| *at),
            _ => 0,
        };
        Self {
            item,
            number,
            place,
        }
    }

    fn list(&self, key: &str) -> Option<&'a [f64]> {
        self.item.get(key)?.numbers()
    }

    fn named(&self, what: &str) -> String {
        format!("{what} of tree {}", self.number)
    }

    fn check(&self, features: f64, flaws: &mut Flaws) {
        let parameter = |key| self.item.path(&["tree_param", key]).and_then(Item::number);
        let Some(declared) = parameter("num_nodes") else {
            let missing = Fault::Missing(self.named("`num_nodes`"));
            return flaws.add(self.place, self.place.saturating_add(1), missing);
        };
        let most = i64::from(i32::MAX);
        if !flaws.bound(self.place, declared, (1, most), &|| {
            self.named("`num_nodes`")
        }) {
            return;
        }
        let count = index(declared).unwrap_or_default();
        let vector = parameter("size_leaf_vector").unwrap_or_default();
        if !self.sizes((count, vector > 1.0), flaws) {
            return;
        }
        let own = parameter("num_feature").unwrap_or_default();
        self.parents(count, flaws);
        self.branches((count, features.max(own)), flaws);
        self.categories(count, flaws);
    }

    /// Every list has an entry for each node; a loader allocates by one and reads by another.
    fn sizes(&self, (count, is_vector): (usize, bool), flaws: &mut Flaws) -> bool {
        const REQUIRED: &[&str] = &[
            "left_children",
            "right_children",
            "parents",
            "split_indices",
            "split_conditions",
        ];
        const OTHERS: &[&str] = &[
            "default_left",
            "split_type",
            "base_weights",
            "sum_hessian",
            "loss_changes",
        ];
        let mut fits = true;
        for key in REQUIRED {
            match self.item.entry(key) {
                Some((at, list)) => {
                    let found = list.numbers().map_or(0, <[f64]>::len);
                    fits &= flaws.size(at, (count, found), &|| self.named(&format!("`{key}`")));
                }
                None => {
                    let missing = Fault::Missing(self.named(&format!("`{key}`")));
                    flaws.add(self.place, self.place.saturating_add(1), missing);
                    fits = false;
                }
            }
        }
        for key in OTHERS {
            let found = self
                .item
                .entry(key)
                .and_then(|(at, list)| Some((at, list.len()?)));
            let Some((at, found)) = found.filter(|(_, found)| *found > 0) else {
                continue;
            };
            // A leaf of several values keeps them for every node, or in lists of its own.
            let varies = is_vector && !matches!(*key, "default_left" | "split_type");
            if !varies {
                flaws.size(at, (count, found), &|| self.named(&format!("`{key}`")));
            }
        }
        fits
    }

    /// A loader looks at the parent of each node as soon as it has read the lists.
    fn parents(&self, count: usize, flaws: &mut Flaws) {
        let Some((at, list)) = self.item.entry("parents") else {
            return;
        };
        for (node, parent) in list.numbers().unwrap_or_default().iter().enumerate() {
            let is_root = node == 0 && NO_PARENT.contains(parent);
            if !is_root {
                flaws.bound(at, *parent, (0, as_most(count, 1)), &|| {
                    self.named(&format!("the parent of node {node}"))
                });
            }
        }
    }

    /// The highest number of a leaf that holds several values, -1 where leaves hold one.
    fn leaves(&self) -> i64 {
        let vector = self.item.path(&["tree_param", "size_leaf_vector"]);
        let width = vector.and_then(Item::number).and_then(index).unwrap_or(1);
        let values = self.list("leaf_weights").map_or(0, <[f64]>::len);
        as_most(values.checked_div(width).unwrap_or_default(), 1)
    }

    fn branches(&self, (count, features): (usize, f64), flaws: &mut Flaws) {
        let list = |key| self.list(key).unwrap_or_default();
        let (left, right, split) = (
            list("left_children"),
            list("right_children"),
            list("split_indices"),
        );
        // INVARIANT: a model of no features has no splits, so the bound below may be zero.
        let most_feature = index(features).map_or(0, |features| as_most(features, 1));
        let leaves = self.leaves();
        let mut at_node = |node: usize, flaws: &mut Flaws| {
            let (left, right) = (*left.get(node)?, *right.get(node)?);
            if NO_CHILD.contains(&left) {
                // A leaf has no other child either; where leaves hold several values, it has its number there.
                let what = || self.named(&format!("the leaf of node {node}"));
                flaws.bound(self.place, right, (-1, leaves), &what);
                return None;
            }
            let feature = *split.get(node)?;
            if !DELETED.contains(&feature) || node == 0 {
                flaws.bound(self.place, feature, (0, most_feature), &|| {
                    self.named(&format!("the feature of node {node}"))
                });
            }
            Some([left, right].map(|child| {
                let what = || self.named(&format!("a child of node {node}"));
                match flaws.bound(self.place, child, (1, as_most(count, 1)), &what) {
                    true => index(child).map_or(Branch::Nowhere, Branch::Node),
                    false => Branch::Nowhere,
                }
            }))
        };
        follow(
            (count, 0),
            &mut at_node,
            (self.place, &|| format!("tree {}", self.number)),
            flaws,
        );
    }

    /// Sets of categories: for some nodes, so many entries from so far in one list.
    fn categories(&self, count: usize, flaws: &mut Flaws) {
        let Some((at, nodes)) = self.item.entry("categories_nodes") else {
            return;
        };
        let nodes = nodes.numbers().unwrap_or_default();
        let list = |key| self.list(key).unwrap_or_default();
        let (all, segments, sizes) = (
            list("categories"),
            list("categories_segments"),
            list("categories_sizes"),
        );
        for (key, found) in [
            ("categories_segments", segments.len()),
            ("categories_sizes", sizes.len()),
        ] {
            flaws.size(at, (nodes.len(), found), &|| {
                self.named(&format!("`{key}`"))
            });
        }
        for node in nodes {
            flaws.bound(at, *node, (0, as_most(count, 1)), &|| {
                self.named("a node in `categories_nodes`")
            });
        }
        for (start, size) in segments.iter().zip(sizes) {
            let end = start + size;
            let what = || self.named("the end of a segment of categories");
            if flaws.bound(at, end, (0, as_most(all.len(), 0)), &what) {
                flaws.bound(at, *start, (0, as_most(all.len(), 0)), &|| {
                    self.named("a segment of categories")
                });
                flaws.bound(at, *size, (0, as_most(all.len(), 0)), &|| {
                    self.named("the size of a segment of categories")
                });
            }
        }
        for category in all {
            flaws.bound(at, *category, (0, CATEGORIES), &|| self.named("a category"));
        }
    }
}

/// The largest number below a count, or the count itself with nothing taken off.
fn as_most(count: usize, less: i64) -> i64 {
    i64::try_from(count)
        .unwrap_or(i64::MAX)
        .saturating_sub(less)
}

/// A number as an index.
pub(super) fn index(number: f64) -> Option<usize> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers from 0 to 2^53 are exact"
    )]
    ((0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0)
        .then_some(number as usize)
}
