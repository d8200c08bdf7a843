//! What the hunt begins with: the corpus, and the cases of the checks.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

/// Larger files slow the hunt and teach it little.
const LARGEST: usize = 12 << 10;

/// Every small file of the corpus and of the cases, in the order of their paths.
pub(crate) fn all(root: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let mut paths = Vec::new();
    let mut waiting = vec![
        root.join("corpus"),
        root.join("crates/scan/src/checks"),
        root.join("crates/formats/src/bytecode/samples"),
    ];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::read(&folder))? {
            let path = entry.map_err(Error::read(&folder))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_none_or(|it| it != "rs" && it != "py") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut seeds = Vec::new();
    for path in paths {
        let mut bytes = fs::read(&path).map_err(Error::read(&path))?;
        if path.extension().is_some_and(|extension| extension == "b64") {
            bytes.retain(|byte| !byte.is_ascii_whitespace());
            bytes = STANDARD.decode(&bytes).unwrap_or_default();
        }
        if bytes.len() <= LARGEST {
            seeds.push(bytes);
        }
    }
    Ok(seeds)
}
