//! What may be wrong with a model of trees.

/// Something wrong, and the bytes that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where it starts in the file.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// What it is.
    pub fault: Fault,
}

/// A rule that is broken. Names from the file are escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A number that leads out of what it counts or points into.
    #[error("{what} is {value}, outside of {least} to {most}")]
    Outside {
        /// What the number is.
        what: String,
        /// The number as the file gives it.
        value: String,
        /// The least that there can be.
        least: i64,
        /// The most that there can be.
        most: i64,
    },
    /// A list that is not as long as the model says.
    #[error("{what} has {found} entries where the model has {expected}")]
    Size {
        /// The list.
        what: String,
        /// How long it should be.
        expected: u64,
        /// How long it is.
        found: u64,
    },
    /// A node that is reached twice: the tree runs in a circle, or two branches share a part.
    #[error("node {node} of {tree} is reached twice, so that walking the tree may never end")]
    Circle {
        /// The tree.
        tree: String,
        /// The node.
        node: u64,
    },
    /// A text or list that declares more than the file has.
    #[error("{what} declares {length} bytes or items, but only {left} bytes are left in the file")]
    Length {
        /// What is too long.
        what: String,
        /// The length that it declares.
        length: i128,
        /// The bytes that are left.
        left: u64,
    },
    /// Two entries under one key: loaders differ in which of them counts.
    #[error("the key {0} stands twice")]
    Doubled(String),
    /// An offset or a size in a flatbuffer that leads out of it.
    #[error("an offset or a size at this place leads out of the description of the model")]
    Offset,
    /// Something that every model has.
    #[error("{0} is missing")]
    Missing(String),
    /// Something that is not what it should be.
    #[error("{0} is not what the format allows here")]
    Broken(String),
    /// The file ends too early.
    #[error("the file ends inside {0}")]
    Ends(String),
    /// Values inside values, deeper than any model needs: loaders recurse into them.
    #[error("values nest deeper than {0} levels, which loaders follow until their stack ends")]
    TooDeep(usize),
    /// Bytes behind the model.
    #[error("{0} bytes stand behind the model")]
    Trailing(u64),
    /// Two readings that differ: what one loader takes for a tree is not what another takes.
    #[error("{0}")]
    Readings(String),
    /// More than is read; the rest was not looked at.
    #[error("{what} is beyond the limit of {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is read.
        limit: u64,
    },
}

/// Collects flaws, of which a hostile file may have millions.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    pub(super) list: Vec<Flaw>,
}

impl Flaws {
    /// So many say enough about one file.
    const MOST: usize = 100;

    pub(super) fn add(&mut self, start: u64, end: u64, fault: Fault) {
        if self.list.len() < Self::MOST {
            self.list.push(Flaw { start, end, fault });
        }
    }

    /// Holds a number against its bounds, both of which are allowed.
    pub(super) fn bound(
        &mut self,
        place: u64,
        value: f64,
        bounds: (i64, i64),
        what: &dyn Fn() -> String,
    ) -> bool {
        let (least, most) = bounds;
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts in memory stay far below 2^53, where a double is exact"
        )]
        let fits = value >= least as f64 && value <= most as f64 && value.fract() == 0.0;
        if !fits {
            let fault = Fault::Outside {
                what: what(),
                value: value.to_string(),
                least,
                most,
            };
            self.add(place, place.saturating_add(1), fault);
        }
        fits
    }

    /// Holds the length of a list against what it should be.
    pub(super) fn size(
        &mut self,
        place: u64,
        (expected, found): (usize, usize),
        what: &dyn Fn() -> String,
    ) -> bool {
        if expected != found {
            let fault = Fault::Size {
                what: what(),
                expected: expected as u64,
                found: found as u64,
            };
            self.add(place, place.saturating_add(1), fault);
        }
        expected == found
    }
}
