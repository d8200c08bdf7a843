//! The binary format that `XGBoost` wrote before JSON and UBJSON (`learner.cc`, `gbtree_model.cc` and `tree_model.cc`
//! of its versions 0.7 to 3.0): structures of C++ one after the other.

use tutela_core::escape;

use super::Text;
use super::fault::{Fault, Flaws};
use super::shape::{Branch, follow};
use crate::little::{u32_at, u64_at};

/// The mark that most files begin with.
const MAGIC: &[u8] = b"binf";
/// `LearnerModelParam`, `GBTreeModelParam`, `GBLinearModelParam` and `TreeParam`.
const LEARNER: usize = 136;
const FOREST: usize = 160;
const LINEAR: usize = 136;
const TREE: usize = 148;
/// A node, and its statistics.
const NODE: usize = 20;
const STATISTICS: usize = 16;
/// Names of objectives and boosters are short words.
const NAME: u64 = 64;

/// Whether the bytes begin as a model: with its mark, or with the names of an objective and a booster.
pub(super) fn looks_like(head: &[u8]) -> bool {
    if let Some(rest) = head.strip_prefix(MAGIC) {
        return rest.len() >= 4;
    }
    let word = |at: usize| -> Option<(&[u8], usize)> {
        let length = u64_at(head, at).filter(|length| (1..NAME).contains(length))?;
        let start = at.checked_add(8)?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        Some((head.get(start..end)?, end))
    };
    let Some((objective, next)) = word(LEARNER) else {
        return false;
    };
    let is_word =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":_".contains(byte);
    let booster = word(next).map(|(booster, _)| booster);
    objective.iter().all(is_word) && matches!(booster, Some(b"gbtree" | b"gblinear" | b"dart"))
}

/// Reads a model; returns its texts and where it ends.
pub(super) fn read(bytes: &[u8], flaws: &mut Flaws) -> (Vec<Text>, u64) {
    let start = if bytes.starts_with(MAGIC) {
        MAGIC.len()
    } else {
        0
    };
    let mut reader = Reader {
        bytes,
        at: start,
        texts: Vec::new(),
        flaws,
    };
    // What stops the reading was told.
    let _told = reader.model();
    let end = reader.at as u64;
    (reader.texts, end)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    texts: Vec<Text>,
    flaws: &'a mut Flaws,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, what: &str) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        match taken {
            Some(_) => self.at = end?,
            None => self.tell(Fault::Ends(what.to_owned())),
        }
        taken
    }

    fn tell(&mut self, fault: Fault) {
        let at = self.at as u64;
        self.flaws.add(at, at.saturating_add(1), fault);
    }

    /// A count of 64 bits of things that take at least so many bytes each.
    fn count(&mut self, least: usize, what: &str) -> Option<usize> {
        let length = u64_at(self.take(8, what)?, 0)?;
        let left = self.bytes.len().saturating_sub(self.at);
        let count = usize::try_from(length).ok();
        let fits = count.filter(|count| count.checked_mul(least).is_some_and(|size| size <= left));
        if fits.is_none() {
            let what = what.to_owned();
            let (length, left) = (i128::from(length), left as u64);
            self.tell(Fault::Length { what, length, left });
        }
        fits
    }

    fn text(&mut self, what: &str) -> Option<String> {
        let place = self.at as u64;
        let count = self.count(1, what)?;
        let text = String::from_utf8_lossy(self.take(count, what)?).into_owned();
        self.texts.push(Text {
            place,
            key: what.to_owned(),
            text: text.clone(),
        });
        Some(text)
    }

    fn model(&mut self) -> Option<()> {
        let learner = self.take(LEARNER, "the parameters of the model")?;
        let number = |at: usize| u32_at(learner, at).unwrap_or_default();
        let (features, classes) = (number(4), number(8).cast_signed());
        self.flaws
            .bound(8, f64::from(classes), (0, i64::from(i32::MAX)), &|| {
                "`num_class`".to_owned()
            });
        let targets = number(28).cast_signed().max(1);
        let groups = i64::from(classes.max(1)).saturating_mul(i64::from(targets));
        let has_attributes = number(12) != 0;
        let has_metrics = number(16) != 0;
        self.text("the name of the objective")?;
        let booster = self.text("the name of the booster")?;
        match booster.as_str() {
            "gbtree" | "dart" => self.forest((features, groups), booster == "dart")?,
            "gblinear" => self.linear((features, groups))?,
            other => {
                let fault = Fault::Broken(format!("the booster `{}`", escape(other, 60)));
                self.tell(fault);
                return None;
            }
        }
        if has_attributes {
            for _ in 0..self.count(16, "the attributes")? {
                self.text("an attribute")?;
                self.text("an attribute")?;
            }
        }
        if has_metrics && self.at < self.bytes.len() {
            for _ in 0..self.count(8, "the metrics")? {
                self.text("a metric")?;
            }
        }
        Some(())
    }

    fn linear(&mut self, (features, groups): (u32, i64)) -> Option<()> {
        // Its own counts are left at zero by later versions.
        self.take(LINEAR, "the parameters of the linear model")?;
        let place = self.at as u64;
        let found = self.count(4, "the weights")?;
        self.take(found.checked_mul(4)?, "the weights")?;
        let expected = i64::from(features).saturating_add(1).saturating_mul(groups);
        // A model that was never trained has no weights.
        if found != 0 {
            let expected = usize::try_from(expected).unwrap_or(usize::MAX);
            self.flaws.size(place, (expected, found), &|| {
                "the list of weights".to_owned()
            });
        }
        Some(())
    }

    fn forest(&mut self, (features, groups): (u32, i64), is_dart: bool) -> Option<()> {
        let place = self.at as u64;
        let head = self.take(FOREST, "the parameters of the trees")?;
        let declared = u32_at(head, 0)?.cast_signed();
        let left = self.bytes.len().saturating_sub(self.at);
        let room = i64::try_from(left / TREE).unwrap_or(i64::MAX);
        if !self
            .flaws
            .bound(place, f64::from(declared), (0, room), &|| {
                "the number of trees".to_owned()
            })
        {
            return None;
        }
        let count = usize::try_from(declared).ok()?;
        for number in 0..count {
            self.tree(number, features)?;
        }
        let place = self.at as u64;
        let list = self.take(count.checked_mul(4)?, "the groups of the trees")?;
        let most = groups.saturating_sub(1);
        for group in list.chunks_exact(4) {
            let group = u32_at(group, 0)?.cast_signed();
            self.flaws.bound(place, f64::from(group), (0, most), &|| {
                "the group of a tree".to_owned()
            });
        }
        if is_dart && count > 0 {
            let place = self.at as u64;
            let found = self.count(4, "the weights of the trees")?;
            self.flaws.size(place, (count, found), &|| {
                "the list of weights of the trees".to_owned()
            });
            self.take(found.checked_mul(4)?, "the weights of the trees")?;
        }
        Some(())
    }

    fn tree(&mut self, number: usize, features: u32) -> Option<()> {
        let place = self.at as u64;
        let head = self.take(TREE, "a tree")?;
        let declared = u32_at(head, 4)?.cast_signed();
        let own = u32_at(head, 16)?;
        if u32_at(head, 20)?.cast_signed() > 1 {
            self.tell(Fault::Limit {
                what: "a leaf of several values",
                limit: 1,
            });
            return None;
        }
        let left = self.bytes.len().saturating_sub(self.at);
        let room = i64::try_from(left / (NODE + STATISTICS)).unwrap_or(i64::MAX);
        let what = || format!("the number of nodes of tree {number}");
        if !self
            .flaws
            .bound(place, f64::from(declared), (1, room), &what)
        {
            return None;
        }
        let count = usize::try_from(declared).ok()?;
        let nodes = self.take(count.checked_mul(NODE)?, "the nodes of a tree")?;
        self.take(count.checked_mul(STATISTICS)?, "the statistics of a tree")?;
        let tree = Tree {
            nodes,
            count,
            features: own.max(features),
            place,
            number,
        };
        tree.check(self.flaws);
        Some(())
    }
}

struct Tree<'a> {
    nodes: &'a [u8],
    count: usize,
    features: u32,
    place: u64,
    number: usize,
}

impl Tree<'_> {
    fn field(&self, node: usize, field: usize) -> Option<u32> {
        u32_at(self.nodes, node.checked_mul(NODE)?.checked_add(field)?)
    }

    fn check(&self, flaws: &mut Flaws) {
        let most = i64::try_from(self.count)
            .unwrap_or(i64::MAX)
            .saturating_sub(1);
        for node in 1..self.count {
            // The highest bit says which child of its parent the node is.
            let parent = self.field(node, 0).unwrap_or_default() & 0x7fff_ffff;
            let what = || format!("the parent of node {node} of tree {}", self.number);
            flaws.bound(self.place, f64::from(parent), (0, most), &what);
        }
        let mut branches = |node: usize, flaws: &mut Flaws| {
            let left = self.field(node, 4)?.cast_signed();
            let right = self.field(node, 8)?.cast_signed();
            if left == -1 {
                return None;
            }
            // The highest bit says where a missing value goes.
            let feature = self.field(node, 12)? & 0x7fff_ffff;
            let what = || format!("the feature of node {node} of tree {}", self.number);
            let most_feature = i64::from(self.features).saturating_sub(1);
            flaws.bound(self.place, f64::from(feature), (0, most_feature), &what);
            Some([left, right].map(|child| {
                let what = || format!("a child of node {node} of tree {}", self.number);
                match flaws.bound(self.place, f64::from(child), (1, most), &what) {
                    true => usize::try_from(child).map_or(Branch::Nowhere, Branch::Node),
                    false => Branch::Nowhere,
                }
            }))
        };
        let name = || format!("tree {}", self.number);
        follow((self.count, 0), &mut branches, (self.place, &name), flaws);
    }
}
