//! What the account of a file says, and what it must not say.

use tutela_core::{
    Artifact, ArtifactFile, Context, Kind, Limits, NoProgress, Outcome, Record, Settings, Unit,
};

use super::UnaccountedBytes;

fn examined(name: &str, bytes: &[u8], limits: &Limits) -> Record {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = ArtifactFile::take(name, &path, &NoProgress).unwrap();
    let artifact = Artifact::new("model", Kind::Model, vec![file]);
    let settings = Settings::default();
    let context = Context {
        as_of: "2026-11-01".parse().unwrap(),
        seed: 1,
        limits,
        settings: &settings,
        artifacts: std::slice::from_ref(&artifact),
        memo: &tutela_core::Memo::default(),
        progress: &NoProgress,
    };
    tutela_core::run(&UnaccountedBytes, &artifact, &context)
}

/// Place, start and end of what was not examined.
fn left(record: &Record) -> Vec<(&str, u64, u64)> {
    let stretches = record.stretches.iter().filter(|it| !it.examined);
    stretches
        .map(|it| (it.place.as_str(), it.start, it.end))
        .collect()
}

/// Examined and total bytes.
fn coverage(record: &Record) -> (u64, u64) {
    let [bytes] = record.coverage.as_slice() else {
        panic!("{:?}", record.coverage);
    };
    assert_eq!(bytes.unit, Unit::Bytes);
    (bytes.examined, bytes.total)
}

/// A zip archive of members: name, packing method (0 stored), data as it lies there.
fn stored(members: &[(&str, u16, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, method, data) in members {
        let start = u32::try_from(bytes.len()).unwrap();
        let length = u32::try_from(data.len()).unwrap();
        let mut fixed = [[0; 2], method.to_le_bytes(), [0; 2], [0; 2]].concat();
        fixed.extend(crc(data));
        fixed.extend([length.to_le_bytes(), length.to_le_bytes()].concat());
        fixed.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fixed.extend([0; 2]);
        bytes.extend(
            [
                b"PK\x03\x04\x14\0".as_slice(),
                &fixed,
                name.as_bytes(),
                data,
            ]
            .concat(),
        );
        directory.extend([b"PK\x01\x02\x14\0\x14\0".as_slice(), &fixed, &[0; 10]].concat());
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

fn crc(data: &[u8]) -> [u8; 4] {
    let sweep = tutela_formats::sweep(&data.to_vec()).unwrap();
    sweep.crc.to_le_bytes()
}

/// A gzip stream of one block that is stored as it is.
fn gzip(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    bytes.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    bytes.extend(data);
    bytes.extend(crc(data));
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

const PICKLE: &[u8] = b"\x80\x04K\x01.";

#[test]
fn numbers_that_were_not_searched_are_not_called_examined() {
    let archive = stored(&[("m/data.pkl", 0, PICKLE), ("m/data/0", 0, &[0xbf; 64])]);
    let all = examined("m.pt", &archive, &Limits::default());
    assert_eq!(left(&all), []);
    assert_eq!(coverage(&all), (archive.len() as u64, archive.len() as u64));
    let structure = Limits {
        raw_bytes: 0,
        ..Limits::default()
    };
    let record = examined("m.pt", &archive, &structure);
    let start = archive.windows(8).position(|it| it == [0xbf; 8]).unwrap() as u64;
    assert_eq!(
        left(&record),
        [("m.pt", start, start + 64), ("m.pt!m/data/0", 0, 64)]
    );
    let length = archive.len() as u64;
    assert_eq!(coverage(&record), (length - 64, length));
}

#[test]
fn packed_numbers_that_nobody_unpacks_are_not_called_examined() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/benign/hdf5/chunk-indexes.h5"
    );
    let file = std::fs::read(path).unwrap();
    let all = examined("m.h5", &file, &Limits::default());
    assert_eq!(left(&all), []);
    let held = all.stretches.iter().filter_map(|it| it.holds.as_deref());
    assert!(held.clone().any(|name| name == "/grows packed[values]"));
    let structure = Limits {
        raw_bytes: 0,
        ..Limits::default()
    };
    let record = examined("m.h5", &file, &structure);
    let packed = record.stretches.iter().filter(|it| it.what == "packed numbers");
    assert_eq!(packed.clone().count(), 2);
    assert!(packed.clone().all(|it| !it.examined && it.holds.is_none()));
}

#[test]
fn a_model_with_an_archive_behind_it_is_searched() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/benign/tensorflow/plain.tflite"
    );
    let model = std::fs::read(path).unwrap();
    let metadata = stored(&[("labels.txt", 0, b"one\ntwo\n")]);
    // The archive's offsets count from its own beginning, as its writers do.
    let record = examined("m.tflite", &[model, metadata].concat(), &Limits::default());
    assert_eq!(left(&record), []);
    assert!(record.stretches.iter().any(|it| it.what == "numbers"));
}

#[test]
fn a_member_that_cannot_be_read_is_not_called_examined() {
    let inner = stored(&[("m.pkl", 0, PICKLE), ("rare", 98, &[0xc3; 40])]);
    let outer = stored(&[("inner.zip", 0, &inner)]);
    let record = examined("outer.zip", &outer, &Limits::default());
    assert!(matches!(record.outcome(), Outcome::Incomplete { .. }));
    let places: Vec<&str> = left(&record).iter().map(|(place, ..)| *place).collect();
    assert_eq!(places, ["outer.zip", "outer.zip!inner.zip"]);
    let length = outer.len() as u64;
    assert_eq!(coverage(&record), (length - inner.len() as u64, length));
}

#[test]
fn a_stream_that_breaks_off_is_not_called_examined() {
    let packed = gzip(&[PICKLE, &[7; 4000]].concat());
    let whole = examined("m.gz", &packed, &Limits::default());
    let length = packed.len() as u64;
    assert_eq!(coverage(&whole), (length, length));
    let record = examined("m.gz", &packed[..packed.len() - 9], &Limits::default());
    assert!(matches!(record.outcome(), Outcome::Incomplete { .. }));
    assert_eq!(coverage(&record), (0, length - 9));
}

#[test]
fn what_is_left_out_of_the_list_is_counted() {
    let members: Vec<(String, Vec<u8>)> = (0..30_u8)
        .map(|number| (format!("m{number}"), vec![0xc0 | number; 4]))
        .collect();
    let members: Vec<(&str, u16, &[u8])> = members
        .iter()
        .map(|(name, data)| (name.as_str(), 0, data.as_slice()))
        .collect();
    let limits = Limits {
        stretches: 10,
        ..Limits::default()
    };
    let record = examined("m.zip", &stored(&members), &limits);
    assert_eq!(record.stretches.len(), 10);
    // A header, a member and its content for each, and the directory.
    assert_eq!(record.stretches_omitted, 30 * 3 + 1 - 10);
}
