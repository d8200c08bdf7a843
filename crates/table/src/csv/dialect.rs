//! Which delimiter a file uses, and whether its first record names the columns.

use tutela_core::{Bytes as _, FileBytes};

use super::record::{Record, Records};
use crate::column::Inference;
use crate::{Error, Kind, Lexical, Problem, lexical};

/// The UTF-8 byte order mark.
pub(super) const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// The delimiter is settled on this much of the file.
const SAMPLE: u64 = 64 << 10;
/// Records with the usual number of values, in thousandths of all, from which a text is a table.
const REGULAR: usize = 800;
/// Endings by which people say that a file is a table: then it is one, or a broken one.
const TABLES: [&str; 7] = ["csv", "tsv", "tab", "psv", "jsonl", "ndjson", "parquet"];
/// Endings of texts that are something else, however many commas they hold.
const NO_TABLES: [&str; 12] = [
    "md", "html", "htm", "yaml", "yml", "toml", "py", "ipynb", "rst", "css", "js", "svg",
];

/// How to read a file of delimited values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between two values.
    pub(crate) delimiter: u8,
    /// Whether blanks after a delimiter are part of the delimiter.
    pub(crate) padded: bool,
    /// Whether the first record names the columns.
    pub(crate) header: bool,
    /// The usual number of values in a record.
    pub(crate) width: usize,
}

/// A delimiter and how well it fits.
struct Candidate {
    dialect: Dialect,
    records: Vec<Vec<String>>,
    /// Records with the usual width, in thousandths of all.
    regular: usize,
}

/// Settles on a dialect.
pub(super) fn detect(path: &str, bytes: &FileBytes) -> Result<Dialect, Error> {
    let ending = ending(path);
    let is_named_table = TABLES.contains(&ending.as_str());
    let refuse = |why: &str| {
        let path = path.to_owned();
        if is_named_table {
            let problem = Box::new(Problem::of_file(why));
            return Error::Malformed { path, problem };
        }
        let why = why.to_owned();
        Error::NotATable { path, why }
    };
    let sample = sample(path, bytes)?;
    if sample.starts_with(&[0xff, 0xfe]) || sample.starts_with(&[0xfe, 0xff]) {
        return Err(Error::Unsupported {
            path: path.to_owned(),
            what: "text in UTF-16".to_owned(),
        });
    }
    if memchr::memchr(0, &sample).is_some() {
        return Err(refuse("it holds bytes that are not text"));
    }
    if NO_TABLES.contains(&ending.as_str()) {
        return Err(refuse(&format!("its name ends in `.{ending}`")));
    }
    let fitting = [b',', b';', b'\t', b'|']
        .into_iter()
        .filter_map(|delimiter| candidate(path, &sample, delimiter))
        .filter(|candidate| candidate.dialect.width > 1)
        // The last of equals wins, so the order above is turned round.
        .rev()
        .max_by_key(|candidate| (candidate.regular, candidate.dialect.width));
    match fitting {
        Some(found) if is_named_table || is_regular(&found) => Ok(found.settled()),
        _ if is_named_table => candidate(path, &sample, b',')
            .map(Candidate::settled)
            .ok_or_else(|| refuse("it is empty")),
        _ => Err(refuse("no delimiter splits its lines alike")),
    }
}

/// What stands behind the last full stop of a path, in small letters.
pub(crate) fn ending(path: &str) -> String {
    path.rsplit_once('.')
        .map(|(_stem, ending)| ending.to_ascii_lowercase())
        .unwrap_or_default()
}

/// Prose may have one comma in each of two lines; a table goes on.
const fn is_regular(found: &Candidate) -> bool {
    found.regular >= REGULAR && found.records.len() >= 3
}

fn sample(path: &str, bytes: &FileBytes) -> Result<Vec<u8>, Error> {
    let length = bytes.len().min(SAMPLE);
    let mut sample = vec![0; usize::try_from(length).unwrap_or_default()];
    bytes
        .read_exact_at(0, &mut sample)
        .map_err(|source| tutela_core::Error::Read {
            path: path.to_owned(),
            source,
        })?;
    if sample.starts_with(&MARK) {
        sample.drain(..MARK.len());
    }
    if bytes.len() > SAMPLE
        && let Some(end) = memchr::memrchr(b'\n', &sample)
    {
        // The last line is cut; judging it would be unfair.
        sample.truncate(end);
    }
    Ok(sample)
}

fn candidate(path: &str, sample: &[u8], delimiter: u8) -> Option<Candidate> {
    let mut dialect = Dialect {
        delimiter,
        padded: is_padded(sample, delimiter),
        header: false,
        width: 0,
    };
    let mut records = Records::of_sample(sample.to_vec(), dialect);
    let mut record = Record::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    while records.read(path, &mut record).ok()? {
        let values = (0..record.len()).map(|field| record.text(field).unwrap_or_default());
        rows.push(values.map(std::borrow::Cow::into_owned).collect());
    }
    let (width, count) = usual_width(&rows)?;
    dialect.width = width;
    Some(Candidate {
        dialect,
        regular: count.saturating_mul(1000) / rows.len().max(1),
        records: rows,
    })
}

/// The most frequent number of values, and in how many records; the larger of equals.
fn usual_width(rows: &[Vec<String>]) -> Option<(usize, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        let count: &mut usize = counts.entry(row.len()).or_default();
        *count = count.saturating_add(1);
    }
    counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
}

/// Whether a blank follows every delimiter: `39, State-gov, 77516`.
fn is_padded(sample: &[u8], delimiter: u8) -> bool {
    let mut places = memchr::memchr_iter(delimiter, sample).peekable();
    places.peek().is_some()
        && places.all(|place| {
            let next = sample.get(place.saturating_add(1));
            matches!(next, None | Some(b' ' | b'\n' | b'\r'))
        })
}

impl Candidate {
    fn settled(self) -> Dialect {
        let header = has_header(&self.records);
        Dialect {
            header,
            ..self.dialect
        }
    }
}

/// The first record names the columns when it holds text only and the others differ from it: a column
/// of theirs is of another kind, or none of the names occurs below.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some((first, rest)) = records.split_first() else {
        return false;
    };
    let is_name = |text: &String| {
        matches!(
            lexical::classify(text),
            Lexical::Text | Lexical::NullWord | Lexical::Null
        )
    };
    if !first.iter().all(is_name) || first.iter().all(String::is_empty) {
        return false;
    }
    let mut inferences = vec![Inference::default(); first.len()];
    let mut repeated = false;
    for record in rest {
        for ((name, value), inference) in first.iter().zip(record).zip(&mut inferences) {
            inference.see(lexical::classify(value), 0);
            repeated |= !name.is_empty() && name == value;
        }
    }
    let typed = inferences
        .iter()
        .any(|inference| inference.kind() != Kind::Text);
    typed || !repeated
}
