//! What is left out of a walk: only what somebody declared, and the files that this program itself keeps.

use globset::{GlobBuilder, GlobMatcher};

use crate::state::STATE_FOLDER;

/// What a project leaves out when it does not say so itself: histories of version control at its root.
pub(crate) const USUAL: [&str; 3] = [".git", ".hg", ".svn"];

/// What is left out, and whether links are followed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    left_out: Vec<(String, GlobMatcher)>,
    follow: bool,
}

impl Rules {
    /// Adds a pattern of paths to leave out; a folder that matches is left out with all that it holds.
    ///
    /// # Errors
    /// Why it is not a pattern.
    pub(crate) fn leave_out(&mut self, pattern: &str) -> Result<(), String> {
        let matcher = matcher(pattern.trim_end_matches('/'))?;
        self.left_out.push((pattern.to_owned(), matcher));
        Ok(())
    }

    /// Says whether links that lead out of the folder are followed.
    #[must_use]
    pub(crate) const fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    pub(super) const fn follows(&self) -> bool {
        self.follow
    }

    /// The pattern that leaves a path out.
    pub(super) fn pattern_for(&self, path: &str) -> Option<&str> {
        self.left_out
            .iter()
            .find(|(_, matcher)| matcher.is_match(path))
            .map(|(pattern, _)| pattern.as_str())
    }
}

/// A pattern of paths relative to the project: `*` stays in a folder, `**` goes into all.
///
/// # Errors
/// Why it is not a pattern.
pub(crate) fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    let plain = pattern.strip_prefix("./").unwrap_or(pattern);
    GlobBuilder::new(plain)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| format!("`{pattern}` is not a pattern: {}", error.kind()))
}

/// Whether a path below a project is a file that this program keeps there.
///
/// The name of the folder alone would be a place to hide in, so anything else below it is examined.
pub(super) fn is_own(path: &str) -> bool {
    let Some(below) = path
        .strip_prefix(STATE_FOLDER)
        .and_then(|below| below.strip_prefix('/'))
    else {
        return false;
    };
    match below.split_once('/') {
        None => matches!(
            below,
            ".gitignore"
                | ".lock"
                | "baseline.json"
                | "baseline.tlog-proof"
                | "log.seen"
                | "report.html"
        ),
        Some(("keys", name)) => is_key(name),
        Some(("evidence", name)) => is_evidence(name),
        Some(("log", name)) => is_log(name),
        Some((folder, below)) if folder.starts_with(".keys-") => {
            below.strip_prefix("keys/").is_some_and(is_key)
        }
        Some(_) => false,
    }
}

fn is_key(name: &str) -> bool {
    matches!(
        name,
        "log.pem" | "log.pub" | "statement.pem" | "statement.pub"
    )
}

fn is_evidence(name: &str) -> bool {
    let id = name
        .strip_suffix(".json")
        .or_else(|| name.strip_suffix(".tlog-proof"));
    id.is_some_and(|id| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Tiles are named by number (C2SP tlog-tiles, "Merkle Tree"): `tile/0/x001/234.p/56`.
fn is_log(name: &str) -> bool {
    let Some(tile) = name.strip_prefix("tile/") else {
        return matches!(name, ".lock" | "checkpoint");
    };
    let number = |part: &str| {
        let part = part.strip_prefix('x').unwrap_or(part);
        let part = part.strip_suffix(".p").unwrap_or(part);
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let tile = tile.strip_prefix("entries/").unwrap_or(tile);
    tile.split('/').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_are_known_by_their_whole_path() {
        let id = "0".repeat(64);
        for own in [
            ".tutela/report.html",
            ".tutela/keys/statement.pem",
            ".tutela/log/checkpoint",
            ".tutela/log/tile/entries/x001/234.p/56",
            ".tutela/log/tile/0/000",
            &format!(".tutela/evidence/{id}.tlog-proof"),
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            ".tutela",
            ".tutela/x.pkl",
            ".tutela/keys/x.pkl",
            ".tutela/log/tile/0/x.pkl",
            ".tutela/log/tile/",
            ".tutela/evidence/model.json",
            "models/.tutela/report.html",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn a_folder_is_left_out_with_or_without_a_slash() {
        let mut rules = Rules::default();
        rules.leave_out("build/").unwrap();
        rules.leave_out("**/node_modules").unwrap();
        assert_eq!(rules.pattern_for("build"), Some("build/"));
        assert_eq!(
            rules.pattern_for("web/node_modules"),
            Some("**/node_modules")
        );
        assert_eq!(rules.pattern_for("src/build"), None);
        rules.leave_out("[").unwrap_err();
    }
}
