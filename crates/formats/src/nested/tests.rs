//! Things packed in things.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Seen = Vec<(Option<String>, Vec<Format>)>;

fn seen(bytes: &[u8], limits: &Limits) -> (Seen, Vec<Unread>) {
    let mut seen = Vec::new();
    let unread = walk(&bytes.to_vec(), limits, &mut |entry| {
        seen.push((entry.member.map(str::to_owned), entry.formats.to_vec()));
        Ok(())
    });
    (seen, unread.unwrap())
}

#[test]
fn packing_is_looked_through() {
    let (seen, unread) = seen(&gzip(&zlib(b"\x80\x04N.")), &Limits::default());
    assert_eq!(unread, []);
    assert_eq!(
        seen[2],
        (Some("unpacked!unpacked".to_owned()), vec![Format::Pickle])
    );
}

#[test]
fn limits_make_it_incomplete() {
    let deep = (0..4).fold(b"\x80\x04N.".to_vec(), |bytes, _| gzip(&bytes));
    let limits = Limits {
        depth: 3,
        ..Limits::default()
    };
    let (visited, unread) = seen(&deep, &limits);
    assert_eq!((visited.len(), unread.len()), (4, 1));
    assert_eq!(unread[0].limit, Some(Limit::Depth(3)));
    let small = Limits {
        unpacked_bytes: 10,
        ..Limits::default()
    };
    let packed = gzip(&[7; 100]);
    let refused = &seen(&packed, &small).1[0];
    assert!(refused.why.contains("limit of 10 bytes"));
    assert_eq!(refused.limit, Some(size(packed.len() as u64, 10)));
}

#[test]
fn what_is_only_recognised_is_never_clean() {
    for bytes in [
        &b"7z\xbc\xaf\x27\x1c"[..],
        b"lmgg\x01\0\0\0",
        b"Rar!\x1a\x07\0",
        // Not read to its end is not clean either.
        b"\x89HDF\r\n\x1a\n",
    ] {
        assert_eq!(seen(bytes, &Limits::default()).1.len(), 1);
    }
}
