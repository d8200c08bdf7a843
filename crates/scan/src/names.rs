//! Where a name in an archive leads, judged for every system at once: a file travels.

use tutela_core::Severity;

/// What is wrong with a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Paths with the same fault are told once.
    pub(crate) sort: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) region: Option<(u64, u64)>,
}

impl Wrong {
    pub(crate) fn new(sort: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            sort,
            severity,
            message: message.into(),
            region: None,
        }
    }

    /// Puts the subject before what is said of it.
    pub(crate) fn saying(mut self, subject: &str) -> Self {
        self.message = format!("{subject} {}", self.message);
        self
    }
}

/// Judges the name of a member.
pub(crate) fn judge(name: &str) -> Option<Wrong> {
    // Some loaders cut a name at its zero byte.
    let cut = name.split('\0').next().unwrap_or_default();
    for name in [name, cut] {
        if let Some(wrong) = leads_out(name, 0) {
            return Some(wrong);
        }
    }
    let is_odd = |character: char| character.is_control();
    name.chars().any(is_odd).then(|| {
        Wrong::new(
            "control-characters",
            Severity::Medium,
            "has control characters in its name",
        )
    })
}

/// Judges where a link leads, from the folder of the member called `from`.
pub(crate) fn judge_target(from: &str, target: &str) -> Option<Wrong> {
    let depth = above(from).count();
    leads_out(target, depth).map(|wrong| Wrong {
        sort: "link",
        ..wrong
    })
}

/// The folders above a name, outermost first.
pub(crate) fn above(name: &str) -> impl Iterator<Item = String> {
    let tidy = tidy(name);
    let places: Vec<usize> = tidy.match_indices('/').map(|(place, _)| place).collect();
    places
        .into_iter()
        .filter_map(move |place| tidy.get(..place).map(str::to_owned))
}

/// A name with one sort of slash and without parts that stay where they are.
pub(crate) fn tidy(name: &str) -> String {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

/// Whether a path leads out of a folder, from `depth` levels inside it.
fn leads_out(path: &str, depth: usize) -> Option<Wrong> {
    let high = |sort, message| Some(Wrong::new(sort, Severity::High, message));
    if path.starts_with(['/', '\\']) {
        return high("absolute", "is an absolute path");
    }
    let mut letters = path.chars();
    let is_drive = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && matches!(letters.next(), Some('/' | '\\'));
    if is_drive {
        return high("drive", "names a drive");
    }
    let mut depth = depth;
    for part in path.split(['/', '\\']) {
        // Windows drops blanks at the end of a part.
        match part.trim_end_matches(' ') {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return high("climbs-out", "leads out of the folder"),
            },
            _ => depth = depth.saturating_add(1),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_for_every_system() {
        for bad in [
            "../a",
            "a/../../b",
            "a\\..\\..\\b",
            "/etc/passwd",
            "\\\\server\\share",
            "C:\\a",
            "c:/a",
            ".. /a",
            "a\0/../../b",
            "\0",
            "a\u{1b}[2J",
        ] {
            assert!(judge(bad).is_some(), "{bad:?}");
        }
        for good in [
            "a",
            "a/b",
            "./a",
            "a/../b",
            "..a/b",
            "a..",
            "...",
            "a\\b",
            "wö/x",
            "c:a",
            "",
            "a/b/../../c",
        ] {
            assert_eq!(judge(good), None, "{good:?}");
        }
    }

    #[test]
    fn links_start_from_their_own_folder() {
        assert_eq!(judge_target("a/b/link", "../../c"), None);
        assert!(judge_target("a/b/link", "../../../c").is_some());
        assert!(judge_target("link", "/etc").is_some());
        assert_eq!(judge_target("", "a/b"), None);
        assert!(judge_target("", "../a").is_some());
    }

    #[test]
    fn folders_above_a_name_are_tidy() {
        let above: Vec<String> = above("./a//b\\c").collect();
        assert_eq!(above, ["a", "a/b"]);
    }
}
