//! The types of tensors that ggml knows, and the bytes that they take.

/// How the items of a tensor are packed: so many items in a block of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// Items in a block; the first dimension must be a multiple of it.
    pub items: u64,
    /// Bytes that a block takes.
    pub bytes: u64,
}

/// `enum ggml_type` of ggml.h with `type_traits` of ggml.c: number, items and bytes of a block.
///
/// 4, 5, 31 to 33 and 36 to 38 were removed from ggml, but files with them exist.
const PACKINGS: &[(u32, u64, u64)] = &[
    (0, 1, 4),
    (1, 1, 2),
    (2, 32, 18),
    (3, 32, 20),
    (6, 32, 22),
    (7, 32, 24),
    (8, 32, 34),
    (9, 32, 36),
    (10, 256, 84),
    (11, 256, 110),
    (12, 256, 144),
    (13, 256, 176),
    (14, 256, 210),
    (15, 256, 292),
    (16, 256, 66),
    (17, 256, 74),
    (18, 256, 98),
    (19, 256, 50),
    (20, 32, 18),
    (21, 256, 110),
    (22, 256, 82),
    (23, 256, 136),
    (24, 1, 1),
    (25, 1, 2),
    (26, 1, 4),
    (27, 1, 8),
    (28, 1, 8),
    (29, 256, 56),
    (30, 1, 2),
    (31, 32, 18),
    (32, 32, 18),
    (33, 32, 18),
    (34, 256, 54),
    (35, 256, 66),
    (36, 32, 18),
    (37, 32, 18),
    (38, 32, 18),
    (39, 32, 17),
    (40, 64, 36),
    (41, 128, 18),
];

/// How items of a type are packed; none for a type that is not known.
pub(super) fn packing(kind: u32) -> Option<Packing> {
    PACKINGS
        .iter()
        .find(|(number, ..)| *number == kind)
        .map(|(_, items, bytes)| Packing {
            items: *items,
            bytes: *bytes,
        })
}
