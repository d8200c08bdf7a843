//! The instructions of each version of Python, as far as they say where a name comes from.
//!
//! Numbers and the counts of cache entries are facts of the interpreters 3.6 to 3.14; `opcode.opmap` and
//! `opcode._inline_cache_entries` of each give them.

use super::Family;

/// What an instruction does, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Pushes a constant.
    Constant,
    /// Pushes something of which nothing is known, and takes so many values for it.
    Makes(u8),
    /// Pushes a global or a built-in.
    Global,
    /// Pushes what a name stands for in the body of a class or module; takes so many values first.
    Named(u8),
    /// Pushes a local variable.
    Local,
    /// Pushes two local variables.
    TwoLocals,
    /// Stores into a local variable.
    StoreLocal,
    /// Stores into one local variable and pushes another.
    StoreLoad,
    /// Stores into two local variables.
    TwoStores,
    /// Stores under a name of the module or class.
    StoreName,
    /// Stores to where it is not followed, taking so many values.
    Takes(u8),
    /// Takes an attribute of the top value; some versions say in the argument whether to call it.
    Attribute,
    /// Takes an attribute to call it, which leaves two values.
    Method,
    /// Takes an attribute of the class above, with three values.
    SuperAttribute,
    /// Sets or deletes an attribute, taking so many values.
    SetAttribute(u8),
    /// Imports a module; takes two values.
    Import,
    /// Pushes a name of the module on top.
    ImportFrom,
    /// Calls what lies below the arguments, in so many places.
    Call(u8),
    /// The same, with a tuple of names on top.
    CallNamed(u8),
    /// Names the last arguments of the call that follows, by a constant.
    Keywords,
    /// Makes one value of as many as the argument says.
    Builds,
    /// Makes a text of a value, and of a format if a bit of the argument says so.
    Formats,
    /// Pushes the empty place that some calls need.
    Null,
    /// Puts eight more bits ahead of the next argument.
    Extend,
    /// Does nothing to the values.
    Nothing,
    /// Begins a function.
    Begin,
    /// Something else, after which nothing is known of the values.
    Other,
}

/// How arguments are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    /// Bits below the index in the argument of a global.
    pub(super) global: u32,
    /// Bits below the index in the argument of an attribute.
    pub(super) attribute: u32,
}

/// One version, or several that do not differ here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    operations: &'static [(u8, Operation)],
    caches: &'static [(u8, usize)],
    pub(super) packing: Packing,
    /// Whether a function begins with [`Operation::Begin`] and instructions have caches behind them.
    pub(super) is_cached: bool,
}

impl Version {
    pub(super) fn operation(&self, number: u8) -> Operation {
        let found = self.operations.iter().find(|entry| entry.0 == number);
        found.map_or(Operation::Other, |entry| entry.1)
    }

    pub(super) fn caches(&self, number: u8) -> usize {
        let found = self.caches.iter().find(|entry| entry.0 == number);
        found.map_or(0, |entry| entry.1)
    }
}

/// The versions whose instructions a family may be written in.
pub(super) const fn versions(family: Family) -> &'static [Version] {
    match family {
        Family::Words => &[WORDS],
        Family::Cached => &[PYTHON_311, PYTHON_312, PYTHON_313, PYTHON_314],
        Family::Unknown => &[],
    }
}

use Operation as O;

const WORDS: Version = Version {
    operations: &[
        (1, O::Takes(1)),
        (9, O::Nothing),
        (19, O::Makes(2)),
        (20, O::Makes(2)),
        (22, O::Makes(2)),
        (23, O::Makes(2)),
        (24, O::Makes(2)),
        (25, O::Makes(2)),
        (26, O::Makes(2)),
        (27, O::Makes(2)),
        (90, O::StoreName),
        (91, O::Nothing),
        (95, O::SetAttribute(2)),
        (96, O::SetAttribute(1)),
        (97, O::StoreName),
        (98, O::Nothing),
        (100, O::Constant),
        (101, O::Named(0)),
        (102, O::Builds),
        (103, O::Builds),
        (104, O::Builds),
        (106, O::Attribute),
        (107, O::Makes(2)),
        (108, O::Import),
        (109, O::ImportFrom),
        (116, O::Global),
        (124, O::Local),
        (125, O::StoreLocal),
        (131, O::Call(1)),
        (135, O::Makes(0)),
        (136, O::Makes(0)),
        (133, O::Builds),
        (137, O::Takes(1)),
        (155, O::Formats),
        (157, O::Builds),
        (141, O::CallNamed(1)),
        (144, O::Extend),
        (148, O::Makes(0)),
        (160, O::Method),
        (161, O::Call(2)),
    ],
    caches: &[],
    packing: Packing {
        global: 0,
        attribute: 0,
    },
    is_cached: false,
};

const PYTHON_311: Version = Version {
    operations: &[
        (1, O::Takes(1)),
        (2, O::Null),
        (9, O::Nothing),
        (25, O::Makes(2)),
        (90, O::StoreName),
        (91, O::Nothing),
        (95, O::SetAttribute(2)),
        (96, O::SetAttribute(1)),
        (97, O::StoreName),
        (98, O::Nothing),
        (100, O::Constant),
        (101, O::Named(0)),
        (102, O::Builds),
        (103, O::Builds),
        (104, O::Builds),
        (106, O::Attribute),
        (107, O::Makes(2)),
        (108, O::Import),
        (109, O::ImportFrom),
        (116, O::Global),
        (122, O::Makes(2)),
        (124, O::Local),
        (125, O::StoreLocal),
        (135, O::Nothing),
        (136, O::Makes(0)),
        (137, O::Makes(0)),
        (133, O::Builds),
        (138, O::Takes(1)),
        (155, O::Formats),
        (157, O::Builds),
        (144, O::Extend),
        (148, O::Makes(0)),
        (149, O::Nothing),
        (151, O::Begin),
        (160, O::Method),
        (166, O::Nothing),
        (171, O::Call(2)),
        (172, O::Keywords),
    ],
    caches: &[
        (25, 4),
        (60, 1),
        (92, 1),
        (95, 4),
        (106, 4),
        (107, 2),
        (116, 5),
        (122, 1),
        (160, 10),
        (166, 1),
        (171, 4),
    ],
    packing: Packing {
        global: 1,
        attribute: 0,
    },
    is_cached: true,
};

const PYTHON_312: Version = Version {
    operations: &[
        (1, O::Takes(1)),
        (2, O::Null),
        (9, O::Nothing),
        (25, O::Makes(2)),
        (90, O::StoreName),
        (91, O::Nothing),
        (95, O::SetAttribute(2)),
        (96, O::SetAttribute(1)),
        (97, O::StoreName),
        (98, O::Nothing),
        (100, O::Constant),
        (101, O::Named(0)),
        (102, O::Builds),
        (103, O::Builds),
        (104, O::Builds),
        (106, O::Attribute),
        (107, O::Makes(2)),
        (108, O::Import),
        (109, O::ImportFrom),
        (116, O::Global),
        (122, O::Makes(2)),
        (124, O::Local),
        (125, O::StoreLocal),
        (127, O::Local),
        (135, O::Nothing),
        (136, O::Makes(0)),
        (137, O::Makes(0)),
        (133, O::Builds),
        (138, O::Takes(1)),
        (155, O::Formats),
        (157, O::Builds),
        (141, O::SuperAttribute),
        (143, O::Local),
        (144, O::Extend),
        (149, O::Nothing),
        (151, O::Begin),
        (171, O::Call(2)),
        (172, O::Keywords),
        (175, O::Named(1)),
        (176, O::Makes(1)),
    ],
    caches: &[
        (25, 1),
        (60, 1),
        (92, 1),
        (93, 1),
        (95, 4),
        (106, 9),
        (107, 1),
        (116, 4),
        (122, 1),
        (123, 1),
        (141, 1),
        (171, 3),
    ],
    packing: Packing {
        global: 1,
        attribute: 1,
    },
    is_cached: true,
};

const PYTHON_313: Version = Version {
    operations: &[
        (5, O::Makes(2)),
        (14, O::Makes(1)),
        (15, O::Makes(2)),
        (30, O::Nothing),
        (32, O::Takes(1)),
        (34, O::Null),
        (45, O::Makes(2)),
        (47, O::Builds),
        (49, O::Builds),
        (50, O::Builds),
        (51, O::Builds),
        (52, O::Builds),
        (53, O::Call(2)),
        (57, O::CallNamed(2)),
        (58, O::Makes(2)),
        (60, O::Makes(1)),
        (62, O::Nothing),
        (63, O::SetAttribute(1)),
        (66, O::Nothing),
        (67, O::Nothing),
        (71, O::Extend),
        (74, O::ImportFrom),
        (75, O::Import),
        (82, O::Attribute),
        (83, O::Constant),
        (84, O::Makes(0)),
        (85, O::Local),
        (86, O::Local),
        (87, O::Local),
        (88, O::TwoLocals),
        (89, O::Makes(1)),
        (90, O::Named(1)),
        (91, O::Global),
        (92, O::Named(0)),
        (93, O::SuperAttribute),
        (94, O::Nothing),
        (108, O::SetAttribute(2)),
        (109, O::Takes(1)),
        (110, O::StoreLocal),
        (111, O::StoreLoad),
        (112, O::TwoStores),
        (113, O::StoreName),
        (114, O::StoreName),
        (149, O::Begin),
    ],
    caches: &[
        (5, 1),
        (39, 1),
        (40, 3),
        (45, 1),
        (53, 3),
        (58, 1),
        (59, 1),
        (72, 1),
        (77, 1),
        (82, 9),
        (91, 4),
        (93, 1),
        (97, 1),
        (98, 1),
        (99, 1),
        (100, 1),
        (104, 1),
        (108, 4),
        (117, 1),
    ],
    packing: Packing {
        global: 1,
        attribute: 1,
    },
    is_cached: true,
};

const PYTHON_314: Version = Version {
    operations: &[
        (12, O::Makes(1)),
        (13, O::Makes(2)),
        (27, O::Nothing),
        (28, O::Nothing),
        (31, O::Takes(1)),
        (33, O::Null),
        (44, O::Makes(2)),
        (46, O::Builds),
        (48, O::Builds),
        (49, O::Builds),
        (50, O::Builds),
        (51, O::Builds),
        (52, O::Call(2)),
        (55, O::CallNamed(2)),
        (56, O::Makes(2)),
        (58, O::Makes(1)),
        (60, O::Nothing),
        (61, O::SetAttribute(1)),
        (64, O::Nothing),
        (65, O::Nothing),
        (69, O::Extend),
        (72, O::ImportFrom),
        (73, O::Import),
        (80, O::Attribute),
        (81, O::Makes(0)),
        (82, O::Constant),
        (83, O::Makes(0)),
        (84, O::Local),
        (85, O::Local),
        (86, O::Local),
        (87, O::TwoLocals),
        (88, O::Local),
        (89, O::TwoLocals),
        (90, O::Makes(1)),
        (91, O::Named(1)),
        (92, O::Global),
        (93, O::Named(0)),
        (94, O::Makes(0)),
        (96, O::SuperAttribute),
        (97, O::Nothing),
        (110, O::SetAttribute(2)),
        (111, O::Takes(1)),
        (112, O::StoreLocal),
        (113, O::StoreLoad),
        (114, O::TwoStores),
        (115, O::StoreName),
        (116, O::StoreName),
        (128, O::Begin),
    ],
    caches: &[
        (38, 1),
        (39, 3),
        (44, 5),
        (52, 3),
        (55, 3),
        (56, 1),
        (57, 1),
        (70, 1),
        (75, 1),
        (80, 9),
        (92, 4),
        (96, 1),
        (100, 1),
        (101, 1),
        (102, 1),
        (103, 1),
        (106, 1),
        (110, 4),
        (119, 1),
    ],
    packing: Packing {
        global: 1,
        attribute: 1,
    },
    is_cached: true,
};
