//! Every byte of a part has one role, whatever the part is.

use std::io::Write as _;
use std::path::Path;

use tutela_core::Limits;

use super::{Role, Stretch, layout};
use crate::walk;

/// What each part is made of, by its name; empty for the file itself.
fn mapped(bytes: &[u8]) -> Vec<(String, Vec<Stretch>)> {
    let mut found = Vec::new();
    let limits = Limits::default();
    walk(&bytes.to_vec(), &limits, &mut |entry| {
        let stretches = layout(entry, &limits)?;
        let mut at = 0;
        for stretch in &stretches {
            assert_eq!(stretch.start, at, "{stretches:?}");
            assert!(stretch.end > at);
            at = stretch.end;
        }
        assert_eq!(at, entry.bytes.len());
        found.push((entry.member.unwrap_or_default().to_owned(), stretches));
        Ok(())
    })
    .unwrap();
    found
}

/// The roles of the file itself, with their lengths.
fn roles(bytes: &[u8]) -> Vec<(String, u64)> {
    let (_, stretches) = mapped(bytes).remove(0);
    let role = |it: Stretch| (it.role.to_string(), it.end - it.start);
    stretches.into_iter().map(role).collect()
}

/// Roles as they are expected.
fn expected(roles: &[(&str, u64)]) -> Vec<(String, u64)> {
    roles
        .iter()
        .map(|(role, length)| ((*role).to_owned(), *length))
        .collect()
}

#[test]
fn tensors_and_what_lies_between_them() {
    let header = br#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[8,10]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(b"AAAAhideBB");
    file.extend([0; 3]);
    assert_eq!(
        roles(&file),
        expected(&[
            ("headers (safetensors model)", 8 + header.len() as u64),
            ("numbers", 4),
            ("belongs to nothing (safetensors model)", 4),
            ("numbers", 2),
            ("zeros", 3),
        ])
    );
}

/// A header of a tar archive with the sizes and the checksum that it needs, and the data in whole blocks.
fn tarred(name: &str, data: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    block[148..156].fill(b' ');
    block[156] = b'0';
    block[257..262].copy_from_slice(b"ustar");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    block.extend(data);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

#[test]
fn a_tar_archive_with_something_in_its_padding() {
    let mut file = [tarred("a", b"hello"), vec![0; 1024]].concat();
    file[612] = 7;
    assert_eq!(
        roles(&file),
        expected(&[
            ("headers (tar archive)", 512),
            ("members, each told by itself", 5),
            ("zeros", 95),
            ("belongs to nothing (tar archive)", 1),
            ("zeros", 411 + 1024),
        ])
    );
}

#[test]
fn a_stream_and_what_follows_it() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"\x80\x04K\x01.").unwrap();
    let packed = encoder.finish().unwrap();
    let file = [packed.as_slice(), b"left"].concat();
    let found = mapped(&file);
    assert_eq!(
        roles(&file),
        expected(&[
            ("packed data (gzip stream)", packed.len() as u64),
            ("belongs to nothing (gzip stream)", 4),
        ])
    );
    assert_eq!(found[1].0, "unpacked");
    assert_eq!(found[1].1[0].role, Role::Opcodes);
}

/// A field of a protocol buffer whose value is a span of less than 128 bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
    bytes.extend(content);
    bytes
}

#[test]
fn numbers_texts_and_strangers_of_an_onnx_model() {
    let node = field(1, &[field(1, b"x"), field(4, b"Relu")].concat());
    // A tensor of three floats in `float_data`, and one of four bytes in `raw_data`.
    let floats = field(5, &[vec![8, 3, 16, 1], field(4, &[1; 12])].concat());
    let raw = field(5, &[vec![8, 4, 16, 2], field(9, b"abcd")].concat());
    let text = field(10, &[b'd'; 70]);
    // The type of an input, with a field that the format does not know.
    let kind = field(
        2,
        &[field(1, &[8, 1]), vec![0xfa, 1, 2, b'!', b'!']].concat(),
    );
    let input = field(11, &[field(1, b"x"), kind].concat());
    let graph = [node.clone(), floats, raw, text, input].concat();
    let file = [
        vec![
            8,
            9,
            0x3a,
            0x80 | u8::try_from(graph.len() & 127).unwrap(),
            1,
        ],
        graph,
    ]
    .concat();
    let before = 5 + node.len() as u64;
    assert_eq!(
        roles(&file),
        expected(&[
            ("headers (ONNX model)", before + 2 + 4 + 2),
            ("numbers", 12),
            ("headers (ONNX model)", 2 + 4 + 2),
            ("numbers", 4),
            ("headers (ONNX model)", 2),
            ("text", 70),
            ("headers (ONNX model)", 2 + 3 + 2 + 4),
            ("belongs to nothing (ONNX model)", 5),
        ])
    );
}

#[test]
fn numbers_and_parts_of_messagepack() {
    let mut file = b"\x83\xa1w\xc7\x0f\x01\x93\x91\x01\xa5uint8\xc4\x04abcd".to_vec();
    file.extend(b"\xa5bytes\xc4\x0ctwelve bytes");
    file.extend(b"\xa4text\xd9\x46");
    file.extend([b't'; 70]);
    file.extend(b"behind");
    let found = mapped(&file);
    assert_eq!(
        roles(&file),
        expected(&[
            ("headers (MessagePack file)", 17),
            ("numbers", 4),
            ("headers (MessagePack file)", 8),
            ("members, each told by itself", 12),
            ("headers (MessagePack file)", 7),
            ("text", 70),
            ("belongs to nothing (MessagePack file)", 6),
        ])
    );
    assert_eq!(found[1].0, "bytes at 29");
}

/// A file of the corpus that a real library wrote.
fn real(name: &str) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/benign");
    std::fs::read(corpus.join(name)).unwrap()
}

/// Bytes of a role in the file itself.
fn sum(bytes: &[u8], role: &str) -> u64 {
    let of_role = roles(bytes).into_iter().filter(|it| it.0 == role);
    of_role.map(|it| it.1).sum()
}

#[test]
fn files_of_h5py_are_told_apart_completely() {
    let left = |name: &str| {
        let bytes = real(name);
        let roles = [
            "belongs to nothing (HDF5 file)",
            "not told apart (HDF5 file)",
        ];
        roles.map(|role| sum(&bytes, role))
    };
    for name in [
        "plain-earliest",
        "plain-v108",
        "plain-latest",
        "user-block",
        "chunk-indexes",
        "chunk-pages",
    ] {
        assert_eq!(left(&format!("hdf5/{name}.h5")), [0, 0], "{name}");
    }
    // What an array that was deleted left behind: its header, as HDF5 cut the file where its values were.
    let [left, undivided] = left("hdf5/edited.h5");
    assert!((50..300).contains(&left) && undivided == 0, "{left}");
}

#[test]
fn values_of_an_hdf5_file_lie_where_its_indexes_say() {
    let bytes = real("hdf5/chunk-indexes.h5");
    // One chunk, ten, twenty-five of four, four in a tree, and two references to texts.
    assert_eq!(sum(&bytes, "numbers"), 4 * 100 + 2 * 16);
    assert!((50..400).contains(&sum(&bytes, "packed numbers")));
    assert_eq!(sum(&real("hdf5/chunk-pages.h5"), "numbers"), 10);
    assert_eq!(
        sum(
            &real("hdf5/user-block.h5"),
            "parts that are stepped over (HDF5 file)"
        ),
        512
    );
}

#[test]
fn what_may_hide_in_the_headers_of_a_zip_archive_is_told_by_itself() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/malicious");
    let file = |name: &str| {
        let bytes = std::fs::read(corpus.join("concealed-in-headers").join(name)).unwrap();
        let found = mapped(&bytes);
        found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    // The field stands in both headers of the member, and the directory is read first.
    let expected = [
        "",
        "notes.txt",
        "extra field 0x4246 at 164",
        "extra field 0x4246 at 47",
    ];
    assert_eq!(file("pickle-extra-padding.zip"), expected);
    assert_eq!(
        file("pickle-comment.zip"),
        ["", "notes.txt", "comment at 108"]
    );
}

/// What libraries wrote has no gap, and nothing in it is unknown.
#[test]
fn models_of_real_libraries_are_told_apart_completely() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/benign");
    let mut files = 0;
    for folder in ["tensorflow", "coreml", "onnx", "flax", "keras"] {
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            for (member, stretches) in mapped(&std::fs::read(&path).unwrap()) {
                for it in stretches {
                    let is_left = matches!(it.role, Role::Unclaimed(_) | Role::Undivided(_));
                    assert!(!is_left, "{}!{member}: {it:?}", path.display());
                }
            }
            files += 1;
        }
    }
    assert!(files > 15, "{files}");
}

/// Every way to conceal something in a gap, by the recipes of the corpus: the payload, byte by byte, belongs to nothing,
/// and nothing else does but the number and the length of the field that holds it.
#[test]
fn payloads_in_gaps_belong_to_nothing() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/malicious/concealed-in-gaps");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let program = |it: &[u8]| it.starts_with(b"\x7fELF");
        let is_payload = |it: &[u8]| program(it) || it.starts_with(b"\x80\x04\x95");
        let payload = bytes.windows(4).position(is_payload).unwrap();
        // Of a program, what is not zero; behind MessagePack, a pickle's first byte is a value.
        let length = if program(&bytes[payload..]) { 7 } else { 40 };
        let (_, stretches) = mapped(&bytes).remove(0);
        for (at, _) in (0_u64..).zip(&bytes) {
            let role = &stretches.iter().find(|it| at < it.end).unwrap().role;
            let is_left = matches!(role, Role::Unclaimed(_));
            let inside = (payload as u64 + 1..payload as u64 + length).contains(&at);
            let near = (payload as u64).saturating_sub(3)..payload as u64 + 64;
            assert!(is_left || !inside, "{}: {at} is {role}", path.display());
            assert!(!is_left || near.contains(&at), "{}: {at}", path.display());
        }
        files += 1;
    }
    assert_eq!(files, 22);
}

#[test]
fn what_is_cut_off_is_still_accounted_for() {
    let chunks = real("hdf5/chunk-indexes.h5");
    for length in (0..chunks.len()).step_by(61) {
        mapped(&chunks[..length]);
    }
    let whole = [
        tarred("a", b"hello"),
        tarred("b", b"\x80\x04N."),
        vec![0; 1024],
    ]
    .concat();
    for length in 0..whole.len() {
        // Asserts for every part that its stretches are without gap or overlap.
        mapped(&whole[..length]);
    }
}

/// Every file of the corpus, hostile ones too.
#[test]
fn no_file_of_the_corpus_leaves_a_gap() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let mut folders = vec![corpus.join("benign"), corpus.join("malicious")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                mapped(&std::fs::read(&path).unwrap());
                files += 1;
            }
        }
    }
    assert!(files > 500);
}
