//! The tree and its proofs against RFC 6962's own examples and against `ct-merkle`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use tutela_core::Digest;

use super::super::proof::{TreeHead, verify_consistency, verify_inclusion};
use super::super::tree::{Tree, leaf_hash};

fn tree(entries: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::default();
    entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
    tree
}

fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| number.to_string().into_bytes())
        .collect()
}

/// The eight entries and the roots that Certificate Transparency's implementations share
/// (`merkle_tree_test`, from RFC 6962's reference implementation).
#[test]
fn roots_of_the_reference_implementation() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let owned: Vec<Vec<u8>> = entries.iter().map(|entry| entry.to_vec()).collect();
    let tree = tree(&owned);
    for (size, root) in (0..).zip(roots) {
        assert_eq!(tree.root(size).unwrap().to_hex(), root, "{size}");
    }
    // The audit paths of the same test.
    let path = |index, size| -> Vec<String> {
        let proof = tree.inclusion(index, size).unwrap();
        proof.iter().map(Digest::to_hex).collect()
    };
    assert_eq!(path(0, 1), [""; 0]);
    assert_eq!(
        path(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

fn oracle(entries: &[Vec<u8>]) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    entries.iter().for_each(|entry| tree.push(entry.clone()));
    tree
}

fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(Digest::as_bytes).copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_another_implementation(size in 1_usize..700, pick in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
        let entries = entries(size);
        let (mine, theirs) = (tree(&entries), oracle(&entries));
        let root = mine.root(size as u64).unwrap();
        prop_assert_eq!(root.as_bytes().to_vec(), theirs.root().as_bytes().to_vec());

        let index = pick.index(size);
        let proof = mine.inclusion(index as u64, size as u64).unwrap();
        let their_proof = theirs.prove_inclusion(index);
        prop_assert_eq!(joined(&proof), their_proof.as_bytes().to_vec());
        prop_assert!(verify_inclusion(&entries[index], index as u64, size as u64, &root, &proof));

        let earlier = cut.index(size) + 1;
        let proof = mine.consistency(earlier as u64, size as u64).unwrap();
        if earlier < size {
            let their_proof = theirs.prove_consistency(size - earlier);
            prop_assert_eq!(joined(&proof), their_proof.as_bytes().to_vec());
        }
        let heads = |size: usize| TreeHead { size: size as u64, root: mine.root(size as u64).unwrap() };
        prop_assert!(verify_consistency(&heads(earlier), &heads(size), &proof));
    }

    #[test]
    fn nothing_but_the_true_proof_verifies(size in 2_usize..600, pick in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let entries = entries(size);
        let tree = tree(&entries);
        let root = tree.root(size as u64).unwrap();
        let index = pick.index(size);
        let proof = tree.inclusion(index as u64, size as u64).unwrap();
        let holds = |index: u64, size: u64, entry: &[u8], proof: &[Digest]| verify_inclusion(entry, index, size, &root, proof);
        let entry = &entries[index];
        let (at, of) = (index as u64, size as u64);
        prop_assert!(holds(at, of, entry, &proof));
        prop_assert!(!holds(at, of, b"other", &proof));
        prop_assert!(!holds(at, of, entry, &proof[1..]));
        prop_assert!(!holds(at, of, entry, &[&proof[..], &[root]].concat()));
        prop_assert!(!holds((at + 1) % of, of, entry, &proof));
        prop_assert!(!holds(of, of, entry, &proof));
        prop_assert!(!holds(at, of, entry, &flipped(&proof, bit.index(proof.len() * 256))));

        let earlier = cut.index(size - 1) as u64 + 1;
        let proof = tree.consistency(earlier, of).unwrap();
        let head = |size| TreeHead { size, root: tree.root(size).unwrap() };
        prop_assert!(verify_consistency(&head(earlier), &head(of), &proof));
        prop_assert!(!verify_consistency(&head(earlier), &head(of), &flipped(&proof, bit.index(proof.len() * 256))));
        prop_assert!(!verify_consistency(&head(earlier), &head(of), &proof[1..]));
        prop_assert!(!verify_consistency(&head(of), &head(earlier), &proof));
        let forged = TreeHead { size: earlier, root: Digest::of(b"forged") };
        prop_assert!(!verify_consistency(&forged, &head(of), &proof));
    }

    #[test]
    fn forgetting_is_never_having_known(size in 0_usize..600, cut in any::<prop::sample::Index>()) {
        let entries = entries(size);
        let shorter = cut.index(size + 1);
        let mut whole = tree(&entries);
        whole.truncate(shorter as u64);
        prop_assert_eq!(&whole, &tree(&entries[..shorter]));
        entries[shorter..].iter().for_each(|entry| whole.push(leaf_hash(entry)));
        prop_assert_eq!(whole, tree(&entries));
    }
}

fn flipped(proof: &[Digest], bit: usize) -> Vec<Digest> {
    let mut proof = proof.to_vec();
    let mut bytes = *proof[bit / 256].as_bytes();
    bytes[bit % 256 / 8] ^= 1 << (bit % 8);
    proof[bit / 256] = Digest::from_bytes(bytes);
    proof
}

/// A claimed size or index must not cost time or memory, or overflow.
#[test]
fn absurd_sizes_are_refused() {
    let root = Digest::of(b"");
    for size in [0, 1, u64::MAX] {
        for index in [0, 1, u64::MAX - 1, u64::MAX] {
            assert!(!verify_inclusion(b"", index, size, &root, &[root; 70]));
        }
        let head = |size| TreeHead { size, root };
        assert!(!verify_consistency(&head(size), &head(u64::MAX - 1), &[root; 130]) || size == 0);
    }
}
