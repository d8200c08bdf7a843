//! What an ONNX `location` means, judged as text and then on the disk.

use std::path::PathBuf;

use tutela_core::{ArtifactFile, Context, Severity};

use crate::inside::folder;

/// What is wrong with a location.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::checks) struct Wrong {
    pub(in crate::checks) severity: Severity,
    pub(in crate::checks) why: String,
}

fn wrong(severity: Severity, why: impl Into<String>) -> Wrong {
    Wrong {
        severity,
        why: why.into(),
    }
}

/// Judges a location as text, for every system at once: a model travels.
pub(in crate::checks) fn judge(location: &str) -> Result<(), Wrong> {
    let critical = |why| Err(wrong(Severity::Critical, why));
    let mut letters = location.chars();
    let has_drive = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.next() == Some(':');
    if location.is_empty() {
        return Err(wrong(Severity::High, "is empty"));
    }
    if location.starts_with(['/', '\\']) {
        return critical("is an absolute path");
    }
    if has_drive {
        return critical("names a drive");
    }
    if location.contains("://") {
        return critical("is an address");
    }
    if location.split(['/', '\\']).any(|part| part == "..") {
        return critical("leads out of the model's folder");
    }
    if location.contains('\\') {
        return Err(wrong(
            Severity::High,
            "holds a backslash, which is a separator on Windows only",
        ));
    }
    if location.chars().any(char::is_control) {
        return Err(wrong(Severity::High, "holds control characters"));
    }
    Ok(())
}

/// Finds the file and returns its length.
///
/// The project's own list of files comes first: what is examined is what was listed. Only then the disk.
pub(super) fn find(file: &ArtifactFile, location: &str, context: &Context<'_>) -> Result<u64, Wrong> {
    let tidy: Vec<&str> = location
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let base = folder(&file.path);
    let path = if base.is_empty() {
        tidy.join("/")
    } else {
        format!("{base}/{}", tidy.join("/"))
    };
    let listed = context
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.files)
        .find(|other| other.path == path);
    if let Some(other) = listed {
        stays_inside(file, &other.source, tidy.len())?;
        return Ok(other.size());
    }
    let Some(source) = file.source.parent() else {
        return Err(wrong(Severity::High, "has no folder to lie in"));
    };
    let target = tidy.iter().fold(source.to_owned(), |path, part| path.join(part));
    stays_inside(file, &target, tidy.len())?;
    match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
        Ok(_) => Err(wrong(Severity::High, "is not a regular file")),
        Err(_) => Err(wrong(Severity::High, "does not exist")),
    }
}

/// A symbolic link may lead anywhere, whatever the text says.
fn stays_inside(file: &ArtifactFile, target: &PathBuf, parts: usize) -> Result<(), Wrong> {
    let (Some(folder), Ok(real)) = (file.source.parent(), std::fs::canonicalize(target)) else {
        return Ok(());
    };
    // The folder that the location starts from, seen from the target: as many parts up.
    let start = target.ancestors().nth(parts).unwrap_or(folder);
    match std::fs::canonicalize(start) {
        Ok(start) if !real.starts_with(&start) => Err(wrong(
            Severity::Critical,
            "is a symbolic link that leads out of the model's folder",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_judged_for_every_system() {
        for bad in [
            "", "/etc/passwd", "\\\\server\\share", "C:\\w", "c:w", "../w", "a/../../w", "a\\..\\w",
            "a\\b", "https://x/w", "w\0",
        ] {
            assert!(judge(bad).is_err(), "{bad:?}");
        }
        for good in ["w.bin", "weights/w.bin", "..w", "a..b/c", "wö.bin", "."] {
            assert_eq!(judge(good), Ok(()), "{good:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_not_lead_out() {
        use std::os::unix::fs::symlink;

        use tutela_core::{Limits, NoProgress, Settings};

        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("model/inner")).unwrap();
        for name in ["outside.bin", "model/m.onnx", "model/inner/w.bin"] {
            std::fs::write(root.join(name), "12345678").unwrap();
        }
        symlink("../outside.bin", root.join("model/out.bin")).unwrap();
        symlink("..", root.join("model/up")).unwrap();
        symlink("inner/w.bin", root.join("model/in.bin")).unwrap();
        let file = ArtifactFile::take("model/m.onnx", &root.join("model/m.onnx"), &NoProgress);
        let context = Context {
            as_of: "2026-11-01".parse().unwrap(),
            seed: 1,
            limits: &Limits::default(),
            settings: &Settings::default(),
            artifacts: &[],
            progress: &NoProgress,
        };
        let file = file.unwrap();
        let of = |location| find(&file, location, &context).map_err(|wrong| wrong.severity);
        assert_eq!(of("inner/w.bin"), Ok(8));
        assert_eq!(of("in.bin"), Ok(8));
        assert_eq!(of("out.bin"), Err(Severity::Critical));
        assert_eq!(of("up/outside.bin"), Err(Severity::Critical));
        assert_eq!(of("inner"), Err(Severity::High));
        assert_eq!(of("gone"), Err(Severity::High));
    }
}
