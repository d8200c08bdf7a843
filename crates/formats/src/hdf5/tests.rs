use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::stream::{Codec, unpack};

/// Files that h5py made, with the same contents in both generations of the format.
fn sample(name: &str) -> Vec<u8> {
    let text = match name {
        "old" => include_str!("samples/old.zlib.b64"),
        _ => include_str!("samples/new.zlib.b64"),
    };
    let packed = crate::keras::base64::decode(text, 1 << 20).unwrap();
    unpack(&packed, Codec::Zlib, 1 << 20, &Limits::default())
        .unwrap()
        .bytes
}

fn of(bytes: &[u8]) -> File {
    read(&bytes.to_vec(), &Limits::default()).unwrap()
}

/// One line for each thing that the witness lists too.
fn listing(file: &File) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, object) in file.objects.iter().enumerate() {
        let path = full_path(file, index);
        for attribute in &object.attributes {
            let mut line = format!("attr {path} {} ", attribute.name);
            if matches!(attribute.class, Class::Text | Class::VariableText) {
                write!(line, "text {}", attribute.elements).unwrap();
                let values: Vec<String> = attribute.values.iter().map(|value| hex(value)).collect();
                if attribute.elements > 0 {
                    write!(line, " {}", values.join(",")).unwrap();
                }
            } else {
                write!(line, "other {}", attribute.elements).unwrap();
            }
            lines.push(line);
        }
        match &object.dataset {
            None => lines.push(format!("object {path}")),
            Some(dataset) => lines.push(format!("dataset {path} {}", shown(dataset))),
        }
    }
    for link in &file.links {
        let path = full_path(file, link.parent);
        let path = format!("{}/{}", path.trim_end_matches('/'), link.name);
        match &link.target {
            Target::Soft(target) => lines.push(format!("soft {path} {target}")),
            Target::External { file, object } => lines.push(format!("ext {path} {file} {object}")),
            _ => {}
        }
    }
    lines.sort();
    lines
}

fn full_path(file: &File, index: usize) -> String {
    let object = &file.objects[index];
    match object.parent {
        None => "/".to_owned(),
        Some(parent) => format!(
            "{}/{}",
            full_path(file, parent).trim_end_matches('/'),
            object.name
        ),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn shown(dataset: &Dataset) -> String {
    let shape = dataset.shape.as_ref().map_or("none".to_owned(), |shape| {
        let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
        shape.join("x")
    });
    let layout = match dataset.layout {
        Layout::Unknown => "unknown",
        Layout::Compact => "compact",
        Layout::Contiguous { .. } => "contiguous",
        Layout::Chunked => "chunked",
        Layout::Virtual => "virtual",
    };
    let filters: Vec<String> = dataset.filters.iter().map(u16::to_string).collect();
    let sources: Vec<String> = dataset
        .sources
        .iter()
        .map(|source| format!("{}|{}", source.file, source.dataset))
        .collect();
    format!(
        "[{shape}] {} {layout} [{}] [{}] [{}]",
        dataset.element,
        filters.join(","),
        dataset.external.join(";"),
        sources.join(";")
    )
}

/// Compares with the listing that h5py makes of the same file: `TUTELA_HDF5` names a folder of files, each with
/// its `.txt` beside it.
#[test]
#[ignore = "needs TUTELA_HDF5"]
fn the_witness_sees_the_same() {
    let folder = std::env::var_os("TUTELA_HDF5").unwrap();
    let mut compared = 0;
    for entry in std::fs::read_dir(Path::new(&folder)).unwrap() {
        let path = entry.unwrap().path();
        let Ok(expected) = std::fs::read_to_string(format!("{}.txt", path.display())) else {
            continue;
        };
        let file = read(&std::fs::read(&path).unwrap(), &Limits::default()).unwrap();
        assert_eq!(file.faults, [], "{}", path.display());
        let seen = listing(&file);
        let expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        let missing: Vec<&String> = expected
            .iter()
            .filter(|line| !seen.contains(line))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", path.display());
        assert_eq!(seen.len(), expected.len(), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn both_generations_say_the_same() {
    let old = of(&sample("old"));
    assert_eq!(old.faults, []);
    let lines = listing(&old);
    for line in [
        "attr / fixed text 1 6f66206669786564206c656e677468",
        "attr / n other 3",
        "attr / text text 1 6f66207661726961626c65206c656e677468",
        "ext /ext other.h5 /x",
        "object /",
        "object /g",
        "soft /soft /g/data",
        "dataset /g/out [4] 1 contiguous [] [../outside] []",
    ] {
        assert!(lines.iter().any(|seen| seen == line), "{line} in {lines:?}");
    }
    let new = of(&sample("new"));
    assert_eq!(new.faults, []);
    let more = listing(&new);
    for line in &lines {
        assert!(more.contains(line), "{line} in {more:?}");
    }
    assert!(more.contains(&"attr /many a11 text 1 3131".to_owned()));
    assert!(more.contains(&"dataset /v [4] 4 virtual [] [] [v.h5|d]".to_owned()));
}

#[test]
fn a_second_name_is_a_link() {
    for name in ["old", "new"] {
        let file = of(&sample(name));
        let twice = |link: &Link| matches!(link.target, Target::Object(_));
        assert_eq!(file.links.iter().filter(|link| twice(link)).count(), 1);
    }
}

#[test]
fn lists_of_bytes_are_read() {
    let file = of(&sample("old"));
    let lists = |file: &File| {
        let dataset = file
            .objects
            .iter()
            .filter_map(|object| object.dataset.as_ref());
        let found = dataset.filter(|dataset| dataset.class == Some(Class::Variable));
        found
            .map(|dataset| (dataset.lists.clone(), dataset.lists_complete))
            .next()
            .unwrap()
    };
    let whole = vec![b"\x80\x04N.".to_vec(), b"two".to_vec()];
    assert_eq!(lists(&file), (whole.clone(), true));
    let mut moved = vec![7; 512];
    moved.extend(sample("old"));
    assert_eq!(lists(&of(&moved)), (whole, true));
    // The newer index of chunks is not read, and that is said.
    assert_eq!(lists(&of(&sample("new"))), (vec![], false));
}

#[test]
fn cut_texts_are_joined() {
    let attribute = |name: &str| Attribute {
        name: name.to_owned(),
        class: Class::VariableText,
        elements: 1,
        values: vec![name.as_bytes().to_vec()],
    };
    let names = [
        "model0",
        "model1",
        "model10",
        "model2",
        "x0",
        "1",
        "0",
        "layer_100",
    ];
    let object = Object {
        parent: None,
        name: String::new(),
        at: 0,
        attributes: names.map(attribute).to_vec(),
        dataset: None,
    };
    assert_eq!(object.joined(), [("model", b"model0model1model2".to_vec())]);
}

#[test]
fn a_user_block_moves_everything() {
    for name in ["old", "new"] {
        let mut bytes = vec![7; 2048];
        bytes.extend(sample(name));
        let file = of(&bytes);
        assert_eq!((file.user_block, file.faults.len()), (2048, 0));
        assert_eq!(listing(&file), listing(&of(&sample(name))));
    }
}

/// A file that lost its end is whole or at fault; never does it say less without a fault.
#[test]
fn cut_off_files_are_at_fault() {
    for name in ["old", "new"] {
        let whole = sample(name);
        let full = listing(&of(&whole));
        for end in 0..whole.len() {
            let file = of(&whole[..end]);
            assert!(
                !file.faults.is_empty() || listing(&file) == full,
                "{name} {end}"
            );
        }
    }
}

#[test]
fn limits_are_faults() {
    let limits = Limits {
        members: 3,
        ..Limits::default()
    };
    let file = read(&sample("new"), &limits).unwrap();
    let limit = |fault: &Fault| matches!(fault, Fault::Limit { limit: 3, .. });
    assert!(file.faults.iter().any(limit));
}

proptest! {
    #[test]
    fn damage_never_panics(
        name in prop_oneof![Just("old"), Just("new")],
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = sample(name);
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let file = of(&bytes);
        for index in 0..file.objects.len() {
            prop_assert!(file.path(index).starts_with('/'));
        }
    }
}
