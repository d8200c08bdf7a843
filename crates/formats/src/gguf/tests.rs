//! Files assembled part by part, each with one broken rule.

use proptest::prelude::*;

use super::*;

/// Writes numbers in the order and width of a version.
#[derive(Clone, Copy)]
struct Writer {
    version: u32,
    order: Order,
}

const V3: Writer = Writer {
    version: 3,
    order: Order::Little,
};

impl Writer {
    fn u32(self, value: u32) -> Vec<u8> {
        match self.order {
            Order::Little => value.to_le_bytes().to_vec(),
            Order::Big => value.to_be_bytes().to_vec(),
        }
    }

    fn u64(self, value: u64) -> Vec<u8> {
        match self.order {
            Order::Little => value.to_le_bytes().to_vec(),
            Order::Big => value.to_be_bytes().to_vec(),
        }
    }

    fn length(self, value: u64) -> Vec<u8> {
        if self.version == 1 {
            self.u32(u32::try_from(value).unwrap())
        } else {
            self.u64(value)
        }
    }

    fn text(self, text: &[u8]) -> Vec<u8> {
        [self.length(text.len() as u64), text.to_vec()].concat()
    }

    fn entry(self, key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
        [self.text(key.as_bytes()), self.u32(kind), value.to_vec()].concat()
    }

    fn array(self, kind: u32, count: u64, items: &[u8]) -> Vec<u8> {
        [self.u32(kind), self.length(count), items.to_vec()].concat()
    }

    fn tensor(self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Vec<u8> {
        let mut bytes = self.text(name.as_bytes());
        bytes.extend(self.u32(u32::try_from(shape.len()).unwrap()));
        for size in shape {
            bytes.extend(self.length(*size));
        }
        bytes.extend(self.u32(kind));
        bytes.extend(self.u64(offset));
        bytes
    }

    fn file(self, entries: &[Vec<u8>], tensors: &[Vec<u8>], data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.u32(self.version));
        bytes.extend(self.length(tensors.len() as u64));
        bytes.extend(self.length(entries.len() as u64));
        bytes.extend(entries.concat());
        bytes.extend(tensors.concat());
        if !data.is_empty() {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
        }
        bytes.extend(data);
        bytes
    }

    fn sound(self) -> Vec<u8> {
        let words = [self.text(b"a"), self.text(b"b")].concat();
        let entries = [
            self.entry("general.architecture", 8, &self.text(b"llama")),
            self.entry("llama.block_count", 4, &self.u32(2)),
            self.entry("flag", 7, &[1]),
            self.entry("tokenizer.ggml.tokens", 9, &self.array(8, 2, &words)),
            self.entry("scores", 9, &self.array(6, 3, &[0; 12])),
        ];
        let tensors = [
            self.tensor("a", &[4, 2], 0, 0),
            self.tensor("b", &[32], 8, 32),
        ];
        let data = [vec![7; 32], vec![7; 34], vec![0; 30]].concat();
        self.file(&entries, &tensors, &data)
    }
}

fn of(bytes: &[u8]) -> Model {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

fn flaws(bytes: &[u8]) -> Vec<String> {
    let model = of(bytes);
    model
        .flaws
        .iter()
        .map(|flaw| flaw.fault.to_string())
        .collect()
}

#[test]
fn every_version_and_order_reads_the_same() {
    for (version, order) in [
        (1, Order::Little),
        (2, Order::Little),
        (3, Order::Little),
        (3, Order::Big),
    ] {
        let model = of(&Writer { version, order }.sound());
        assert_eq!(model.flaws, [], "{version} {order:?}");
        assert_eq!((model.version, model.order), (version, order));
        assert_eq!(
            model.value("general.architecture"),
            Some(&Value::Text("llama".to_owned()))
        );
        assert_eq!(
            model.value("llama.block_count"),
            Some(&Value::Whole(Kind::Uint32, 2))
        );
        assert_eq!(
            model.value("tokenizer.ggml.tokens"),
            Some(&Value::Texts(vec!["a".to_owned(), "b".to_owned()]))
        );
        assert_eq!(model.value("scores"), Some(&Value::Array(Kind::Float32, 3)));
        assert_eq!(model.tensors[1].shape, [32]);
        assert_eq!(model.tensors[1].size, Some(34));
        assert_eq!(model.data % 32, 0);
    }
}

#[test]
fn the_end_may_be_aligned_or_not() {
    let whole = V3.sound();
    for cut in [0, 1, 30] {
        assert_eq!(flaws(&whole[..whole.len() - cut]), [""; 0], "{cut}");
    }
    assert!(flaws(&whole[..whole.len() - 31])[0].contains("wants 34 bytes"));
}

#[test]
fn counts_and_lengths_are_held_against_the_file() {
    let mut counts = V3.file(&[], &[], &[]);
    counts[8..16].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    assert!(flaws(&counts)[0].contains("1152921504606846976 tensors"));
    counts[8..16].copy_from_slice(&[0; 8]);
    counts[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(flaws(&counts)[0].contains("18446744073709551615 key-value pairs"));
    let key = [u64::MAX.to_le_bytes().to_vec(), vec![b'k'; 20]].concat();
    let text = V3.entry(
        "k",
        8,
        &[u64::MAX.to_le_bytes().to_vec(), vec![0; 20]].concat(),
    );
    for entry in [
        key,
        text,
        V3.entry("k", 9, &V3.array(8, 1 << 61, &[0; 20])),
        V3.entry("k", 9, &V3.array(10, (1 << 61) + 1, &[0; 20])),
        V3.entry("k", 9, &V3.array(9, 1 << 61, &[0; 20])),
    ] {
        let flaws = flaws(&V3.file(&[entry], &[], &[]));
        assert!(flaws[0].contains("are left in the file"), "{flaws:?}");
    }
}

#[test]
fn each_broken_rule_of_the_metadata_is_named() {
    let nul = V3.text(b"llama\0evil");
    let deep = (0..6).fold(V3.array(0, 1, &[1]), |inner, _| V3.array(9, 1, &inner));
    for (entries, wanted) in [
        (vec![V3.entry("a", 7, &[2])], "the Boolean `a` is 2"),
        (vec![V3.entry("a", 13, &[0; 8])], "unknown type 13"),
        (
            vec![V3.entry("a", 9, &V3.array(99, 1, &[0; 8]))],
            "unknown type 99",
        ),
        (
            vec![V3.entry("a", 0, &[1]), V3.entry("a", 0, &[2])],
            "`a` stands twice",
        ),
        (vec![V3.entry("", 0, &[1])], "the key `` is empty"),
        (
            vec![V3.entry("a\u{1b}", 0, &[1])],
            "holds control characters",
        ),
        (vec![V3.entry("a", 8, &nul)], "the text of `a` holds a NUL"),
        (vec![V3.entry("a", 9, &deep)], "arrays in arrays"),
        (
            vec![V3.entry("general.alignment", 4, &V3.u32(24))],
            "is 24;",
        ),
        (vec![V3.entry("general.alignment", 4, &V3.u32(0))], "is 0;"),
        (
            vec![V3.entry("general.alignment", 8, &V3.text(b"32"))],
            "`general.alignment` is",
        ),
    ] {
        let flaws = flaws(&V3.file(&entries, &[], &[]));
        assert!(
            flaws.iter().any(|flaw| flaw.contains(wanted)),
            "{wanted}: {flaws:?}"
        );
    }
}

#[test]
fn each_broken_rule_of_the_tensors_is_named() {
    let huge = 1 << 62;
    for (tensors, data, wanted) in [
        (
            vec![V3.tensor("a", &[8], 0, 0); 2],
            32,
            "two tensors are called `a`",
        ),
        (vec![V3.tensor("a", &[1; 5], 0, 0)], 4, "5 dimensions"),
        (
            vec![V3.tensor("a", &[1; 65], 0, 0)],
            4,
            "65 dimensions of a tensor",
        ),
        (vec![V3.tensor("a", &[huge, 4], 0, 0)], 4, "overflows"),
        (
            vec![V3.tensor("a", &[0, huge, 9], 0, 0)],
            4,
            "follow the last tensor",
        ),
        (vec![V3.tensor("a", &[0, u64::MAX], 0, 0)], 4, "overflows"),
        (vec![V3.tensor("a", &[huge], 0, 0)], 4, "overflows"),
        (
            vec![V3.tensor("a", &[31], 8, 0)],
            34,
            "a row of tensor `a` has 31 items",
        ),
        (vec![V3.tensor("a", &[1], 999, 0)], 4, "unknown type 999"),
    ] {
        names_the_broken_rule(&tensors, data, wanted);
    }
}

#[test]
fn each_wrong_place_of_a_tensor_is_named() {
    for (tensors, data, wanted) in [
        (vec![V3.tensor("a", &[1], 0, 4)], 8, "not aligned to 32"),
        (
            vec![V3.tensor("a", &[9], 0, 0)],
            32,
            "wants 36 bytes from 0 of the data, which has 32",
        ),
        (
            vec![V3.tensor("a", &[1], 0, u64::MAX - 31)],
            32,
            "wants 4 bytes",
        ),
        (
            vec![V3.tensor("a", &[1], 0, 64)],
            96,
            "64 bytes belong to no tensor",
        ),
        (
            vec![V3.tensor("a", &[9], 0, 0), V3.tensor("b", &[8], 0, 32)],
            64,
            "`a` and `b` share",
        ),
        (
            vec![V3.tensor("a", &[1], 0, 0)],
            33,
            "29 bytes follow the last tensor",
        ),
        (
            vec![V3.tensor("a", &[1], 0, 0)],
            32,
            "28 bytes that only align",
        ),
        (
            vec![V3.tensor("a\0b", &[1], 0, 0)],
            4,
            "holds control characters",
        ),
    ] {
        names_the_broken_rule(&tensors, data, wanted);
    }
}

fn names_the_broken_rule(tensors: &[Vec<u8>], data: usize, wanted: &str) {
    let flaws = flaws(&V3.file(&[], tensors, &vec![7; data]));
    assert!(
        flaws.iter().any(|flaw| flaw.contains(wanted)),
        "{wanted}: {flaws:?}"
    );
}

#[test]
fn an_alignment_is_obeyed() {
    let entries = [V3.entry("general.alignment", 4, &V3.u32(8))];
    let tensors = [V3.tensor("a", &[1], 0, 0), V3.tensor("b", &[1], 0, 8)];
    let mut bytes = V3.file(&entries, &tensors, &[]);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend([7, 7, 7, 7, 0, 0, 0, 0, 7, 7, 7, 7]);
    assert_eq!(flaws(&bytes), [""; 0]);
}

#[test]
fn unknown_versions_end_the_reading() {
    for version in [0, 4, u32::MAX] {
        let bytes = [MAGIC, &version.to_le_bytes(), &[0; 16]].concat();
        assert!(!of(&bytes).is_complete(), "{version}");
    }
}

#[test]
fn limits_are_told() {
    let limits = Limits {
        member_bytes: 10,
        ..Limits::default()
    };
    let model = read(&V3.sound(), &limits).unwrap();
    assert!(!model.is_complete());
}

#[test]
fn truncated_at_every_byte() {
    let whole = V3.sound();
    for length in 4..whole.len() - 30 {
        assert_ne!(of(&whole[..length]).flaws, [], "{length}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_described(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let model = of(&[b"GGUF\x03\0\0\0", &bytes[..]].concat());
        prop_assert!(model.metadata.len() <= bytes.len());
    }

    #[test]
    fn any_mutation_is_described(at in 4_usize..300, value in any::<u8>()) {
        let mut bytes = V3.sound();
        let at = at % bytes.len();
        bytes[at] = value;
        let model = of(&bytes);
        // A higher count takes what follows for tensors; each takes a name, a shape, a type and a place.
        prop_assert!(model.tensors.len() <= bytes.len() / 24);
    }
}
