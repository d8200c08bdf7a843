//! Taking the digest of an artifact, beside a loop that does nothing but read and SHA-256.
//!
//! `TUTELA_BENCH_MIB` sets the size of the file; the default is small enough for any disk.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use tutela_core::{ArtifactFile, NoProgress};

const MIB: usize = 1 << 20;

fn size() -> usize {
    let wanted = std::env::var("TUTELA_BENCH_MIB")
        .ok()
        .and_then(|text| text.parse().ok());
    wanted.unwrap_or(64_usize) * MIB
}

fn make(path: &Path, bytes: usize) {
    let block: Vec<u8> = (0..MIB)
        .map(|place| u8::try_from(((place * 31) >> 3) & 0xff).unwrap())
        .collect();
    let mut file = File::create(path).unwrap();
    (0..bytes / MIB).for_each(|_| file.write_all(&block).unwrap());
}

/// The bar: the same reads into the same buffer, and nothing else.
fn bare(path: &Path) -> [u8; 32] {
    let mut file = File::open(path).unwrap();
    let mut buffer = vec![0_u8; 256 << 10];
    let mut hasher = Sha256::new();
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return hasher.finalize().into(),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn hashing(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("a"), folder.path().join("b")];
    paths.iter().for_each(|path| make(path, size()));
    let take = |path: &Path| {
        ArtifactFile::take("a", path, &NoProgress)
            .unwrap()
            .digest
            .unwrap()
    };
    assert_eq!(*take(&paths[0]).as_bytes(), bare(&paths[0]));
    let mut group = criterion.benchmark_group("hashing");
    group
        .sample_size(10)
        .throughput(Throughput::Bytes(size() as u64));
    group.bench_function("bare loop", |bencher| bencher.iter(|| bare(&paths[0])));
    group.bench_function("artifact", |bencher| bencher.iter(|| take(&paths[0])));
    group.throughput(Throughput::Bytes(2 * size() as u64));
    group.bench_function("two artifacts, all cores", |bencher| {
        bencher.iter(|| paths.par_iter().map(|path| take(path)).collect::<Vec<_>>());
    });
    group.finish();
}

criterion_group!(benches, hashing);
criterion_main!(benches);
