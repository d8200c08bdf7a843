//! What an ONNX `location` means, judged as text and then on the disk.

use std::path::PathBuf;

use tutela_core::{ArtifactFile, Context, Severity};

use crate::inside::folder;

/// Bytes of a path (`PATH_MAX` of Linux).
const LONGEST: usize = 4096;

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
///
/// Loaders trim, unescape and expand before they open, each in its own way; no honest name needs any of it.
pub(in crate::checks) fn judge(location: &str) -> Result<(), Wrong> {
    let meant = unescape(location.trim());
    judge_text(location)?;
    if meant != location {
        judge_text(&meant)?;
    }
    if meant.starts_with('~') && meant.contains('/') {
        return Err(wrong(
            Severity::High,
            "begins with `~`, which some loaders take for the home folder",
        ));
    }
    Ok(())
}

/// The escapes of addresses that change where a path leads.
fn unescape(location: &str) -> String {
    let mut plain = location.to_owned();
    for (escaped, letter) in [("%2e", "."), ("%2f", "/"), ("%5c", "\\")] {
        plain = plain.replace(escaped, letter);
        plain = plain.replace(&escaped.to_ascii_uppercase(), letter);
    }
    plain
}

fn judge_text(location: &str) -> Result<(), Wrong> {
    let critical = |why| Err(wrong(Severity::Critical, why));
    let mut letters = location.chars();
    let has_drive = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.next() == Some(':');
    if location.contains("_MEM_ADDR_") {
        return critical(
            "onnxruntime and OpenVINO take for a place in their own memory, so that the model reads whatever lies there",
        );
    }
    if location.is_empty() {
        return Err(wrong(Severity::High, "is empty"));
    }
    if location.len() > LONGEST {
        return Err(wrong(Severity::High, "is longer than any path may be"));
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
    if climbs_out(location) {
        return critical("leads out of the model's folder");
    }
    if location.split(['/', '\\']).any(is_dots_for_windows) {
        return critical(
            "leads out of the model's folder on Windows, which drops the end of such names",
        );
    }
    if location.split(['/', '\\']).any(is_device) {
        return Err(wrong(Severity::High, "names a device on Windows"));
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

/// Whether `..` leads above the folder that a path starts from: `weights/../w` does not, `a/../../w` does.
fn climbs_out(location: &str) -> bool {
    let mut depth = 0_usize;
    for part in location.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth = depth.saturating_add(1),
        }
    }
    false
}

/// Windows drops dots and spaces at the end of a name, so `.. ` is `..`.
fn is_dots_for_windows(part: &str) -> bool {
    part.len() > 2 && part.starts_with("..") && part.trim_end_matches([' ', '.']).is_empty()
}

/// Names that are devices in every folder of Windows, whatever extension follows.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let is = |name: &str| stem.eq_ignore_ascii_case(name);
    let is_port = |name: &str| {
        stem.get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
            && matches!(stem.get(3..), Some(number) if number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ["con", "prn", "aux", "nul"].into_iter().any(is) || ["com", "lpt"].into_iter().any(is_port)
}

/// Finds the file and returns its length.
///
/// The project's own list of files comes first: what is examined is what was listed. Only then the disk.
pub(super) fn find(
    file: &ArtifactFile,
    location: &str,
    context: &Context<'_>,
) -> Result<u64, Wrong> {
    let tidy: Vec<&str> = location
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let straight = straightened(&tidy);
    let base = folder(&file.path);
    let path = if base.is_empty() {
        straight.join("/")
    } else {
        format!("{base}/{}", straight.join("/"))
    };
    if path == file.path {
        return Err(wrong(Severity::High, "is the model itself"));
    }
    let listed = context
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.files)
        .find(|other| other.path == path);
    if let Some(other) = listed {
        stays_inside(file, &other.source, straight.len())?;
        if straight.len() < tidy.len()
            && let Some(source) = file.source.parent()
        {
            // What is gone up from again may be a link, and then `..` is above what it leads to.
            stays_inside(file, &source.join(tidy.join("/")), tidy.len())?;
        }
        return Ok(other.size());
    }
    let Some(source) = file.source.parent() else {
        return Err(wrong(Severity::High, "has no folder to lie in"));
    };
    let target = tidy
        .iter()
        .fold(source.to_owned(), |path, part| path.join(part));
    stays_inside(file, &target, tidy.len())?;
    match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
        Ok(_) => Err(wrong(Severity::High, "is not a regular file")),
        // Not an attack by itself: a model is often looked at before its weights have come.
        Err(_) => Err(wrong(Severity::Medium, "does not exist")),
    }
}

/// The parts of a path without the folders that it goes into and out of again.
fn straightened<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    let mut straight = Vec::new();
    for part in parts {
        if *part == ".." {
            straight.pop();
        } else {
            straight.push(*part);
        }
    }
    straight
}

/// Whether the file has other names: what is written to one of them changes this one.
pub(super) fn has_other_names(file: &ArtifactFile, location: &str) -> bool {
    let target = file.source.parent().map(|folder| folder.join(location));
    target.is_some_and(|target| std::fs::metadata(target).is_ok_and(|found| links(&found) > 1))
}

#[cfg(unix)]
fn links(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
const fn links(_metadata: &std::fs::Metadata) -> u64 {
    1
}

/// A symbolic link may lead anywhere, whatever the text says.
fn stays_inside(file: &ArtifactFile, target: &PathBuf, parts: usize) -> Result<(), Wrong> {
    let (Some(folder), Ok(real)) = (file.source.parent(), std::fs::canonicalize(target)) else {
        return Ok(());
    };
    // A cache of models keeps every file under its digest in one folder and links to it.
    let real_model = std::fs::canonicalize(&file.source).ok();
    if real_model.as_deref().and_then(std::path::Path::parent) == real.parent() {
        return Ok(());
    }
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
            "",
            "/etc/passwd",
            "*/_ORT_MEM_ADDR_/*",
            "*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*",
            "\\\\server\\share",
            "C:\\w",
            "c:w",
            "../w",
            "a/../../w",
            "a/../b/../../w",
            "./../w",
            "a\\..\\w",
            "a\\b",
            "https://x/w",
            "w\0",
            ".. /w",
            ".../w",
            "~/w",
            " /w",
            "%2e%2E/w",
            "NUL",
            "a/com1.bin",
        ] {
            assert!(judge(bad).is_err(), "{bad:?}");
        }
        assert!(judge(&"a/".repeat(3000)).is_err());
        for good in [
            "w.bin",
            "weights/w.bin",
            "weights/../w.bin",
            "a/b/../../w.bin",
            "..w",
            "a..b/c",
            "wö.bin",
            ".",
            "~w",
            "100%.bin",
            "null",
            "console.bin",
            "com.bin",
        ] {
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
            memo: &tutela_core::Memo::default(),
            progress: &NoProgress,
        };
        let file = file.unwrap();
        let of = |location| find(&file, location, &context).map_err(|wrong| wrong.severity);
        assert_eq!(of("inner/w.bin"), Ok(8));
        assert!(!has_other_names(&file, "inner/w.bin"));
        std::fs::hard_link(root.join("outside.bin"), root.join("model/hard.bin")).unwrap();
        assert!(has_other_names(&file, "hard.bin"));
        assert_eq!(of("in.bin"), Ok(8));
        assert_eq!(of("out.bin"), Err(Severity::Critical));
        assert_eq!(of("up/outside.bin"), Err(Severity::Critical));
        assert_eq!(of("m.onnx"), Err(Severity::High));
        assert_eq!(of("inner"), Err(Severity::High));
        assert_eq!(of("gone"), Err(Severity::Medium));
    }
}
