//! Ways of breaking a file.

#![expect(
    clippy::ptr_arg,
    reason = "all mutations have one type, also those that keep the length"
)]

use super::pickles;
use super::random::Random;

/// No input grows beyond this: a parser's faults show in small files, and small files are fast.
const LONGEST: usize = 16 << 10;

/// Numbers that lie at the edge of some type.
const EDGES: &[u64] = &[
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
];

/// Words that some format gives a meaning to.
const WORDS: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"\x80\x04",
    b"\x95",
    b"GGUF",
    b"\x89HDF\r\n\x1a\n",
    b"OHDR",
    b"TREE",
    b"HEAP",
    b"SNOD",
    b"GCOL",
    b"FRHP",
    b"TFL3",
    b"\x93NUMPY",
    b"ustar",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\0",
    b"BZh91AY&SY",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"x\x9c",
    b"{\"",
    b"[[[[",
    b"}}",
    b"{{",
    b"{%",
    b"%}",
    b"<!ENTITY",
    b"<!DOCTYPE",
    b"&a;",
    b"!!python/",
    b"&a [*a]",
    b"'descr'",
    b"data_offsets",
    b"config.json",
    b"data.pkl",
    b"__class__",
    b"\xff\xff\xff\xff",
    b"cos\nsystem\n",
];

type Mutation = fn(&mut Vec<u8>, &[Vec<u8>], &mut Random);

const MUTATIONS: &[Mutation] = &[
    flip, flip, set, edge, edge, word, remove, repeat, insert, splice, cut, swap, pickle,
];

/// Breaks an input in one to eight ways.
pub(crate) fn mutate(input: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    for _ in 0..=random.below(8) {
        if let Some(mutation) = random.choose(MUTATIONS) {
            mutation(input, others, random);
        }
    }
    input.truncate(LONGEST);
}

fn flip(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let bit = 1 << random.below(8);
    let at = random.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bit;
    }
}

fn set(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len());
    let new = random.byte();
    if let Some(byte) = input.get_mut(at) {
        *byte = new;
    }
}

/// Writes a number of the edge over 1, 2, 4 or 8 bytes, in either order.
fn edge(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let value = random.choose(EDGES).copied().unwrap_or_default();
    let width = 1 << random.below(4);
    let mut raw = value.to_le_bytes();
    if random.below(4) == 0 {
        raw.reverse();
    }
    let at = random.below(input.len());
    for (target, byte) in input.iter_mut().skip(at).zip(raw.iter().take(width)) {
        *target = *byte;
    }
}

fn word(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let word = random.choose(WORDS).copied().unwrap_or_default();
    put(input, word, random);
}

fn remove(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let (from, to) = range(input, random);
    input.drain(from..to);
}

/// Repeats a part many times: counts, depth and members grow.
fn repeat(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let (from, to) = range(input, random);
    let part: Vec<u8> = input.get(from..to).unwrap_or_default().to_vec();
    let times = 1 + random.below(200);
    let many: Vec<u8> = part
        .iter()
        .copied()
        .cycle()
        .take((part.len() * times).min(LONGEST))
        .collect();
    input.splice(to..to, many);
}

fn insert(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let bytes: Vec<u8> = (0..=random.below(16)).map(|_| random.byte()).collect();
    put(input, &bytes, random);
}

/// Puts a part of another input in.
fn splice(input: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    let Some(other) = random.choose(others) else {
        return;
    };
    let (from, to) = range(other, random);
    let part = other.get(from..to).unwrap_or_default();
    put(input, part, random);
}

fn cut(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let length = random.below(input.len() + 1);
    input.truncate(length);
}

fn swap(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let (from, to) = range(input, random);
    let part: Vec<u8> = input.drain(from..to).collect();
    put(input, &part, random);
}

/// A pickle of valid opcodes in place of everything, or in the middle.
fn pickle(input: &mut Vec<u8>, _: &[Vec<u8>], random: &mut Random) {
    let made = pickles::generate(random);
    if random.below(2) == 0 {
        *input = made;
    } else {
        put(input, &made, random);
    }
}

/// Inserts, or writes over.
fn put(input: &mut Vec<u8>, bytes: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let over = if random.below(2) == 0 { bytes.len() } else { 0 };
    let end = at.saturating_add(over).min(input.len());
    input.splice(at..end, bytes.iter().copied());
}

fn range(input: &[u8], random: &mut Random) -> (usize, usize) {
    let from = random.below(input.len() + 1);
    let most = input.len().saturating_sub(from).min(256);
    (from, from + random.below(most + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_takes_every_input() {
        let mut random = Random::new(1);
        for mutation in MUTATIONS {
            for length in [0, 1, 2, 300] {
                for _ in 0..50 {
                    let mut input = vec![7; length];
                    mutation(&mut input, &[Vec::new(), vec![1, 2, 3]], &mut random);
                }
            }
        }
        let mut long = vec![0; LONGEST * 2];
        mutate(&mut long, &[], &mut random);
        assert!(long.len() <= LONGEST);
    }
}
