//! Where a path in a graph leads.

/// Where a path leads, from harmless to worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Nowhere, or into memory.
    Nothing,
    /// To a file below the working folder.
    Inside,
    /// To a place of the machine or to a store of files.
    Outside,
    /// Up through `..`, to the web, or to what holds secrets or is run.
    Grave,
}

/// Judges a path as text, for every system at once: a model travels.
pub(crate) fn reach(path: &str) -> Reach {
    let lower = path.trim().to_ascii_lowercase().replace('\\', "/");
    if lower.is_empty() || lower.starts_with("ram://") {
        return Reach::Nothing;
    }
    let (scheme, rest) = lower
        .split_once("://")
        .map_or((None, lower.as_str()), |(scheme, rest)| {
            (Some(scheme), rest)
        });
    let climbs = rest.split('/').any(|part| part == "..");
    if climbs
        || is_sensitive(rest)
        || matches!(scheme, Some("http" | "https" | "ftp" | "grpc" | "tcp"))
    {
        return Reach::Grave;
    }
    let mut letters = rest.chars();
    let has_drive = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.next() == Some(':');
    if scheme.is_some() || has_drive || rest.starts_with(['/', '~', '$', '%']) {
        return Reach::Outside;
    }
    Reach::Inside
}

/// Places that hold keys and passwords, or what the system runs at its start.
fn is_sensitive(path: &str) -> bool {
    const PARTS: &[&str] = &[
        ".aws",
        ".azure",
        ".bash_history",
        ".bash_profile",
        ".bashrc",
        ".config",
        ".docker",
        ".env",
        ".git-credentials",
        ".gitconfig",
        ".gnupg",
        ".kube",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".profile",
        ".pypirc",
        ".ssh",
        ".vimrc",
        ".zshrc",
        "authorized_keys",
        "cron.d",
        "crontab",
        "id_ecdsa",
        "id_ed25519",
        "id_rsa",
        "passwd",
        "shadow",
        "site-packages",
        "startup",
        "sudoers",
        "system32",
        "win.ini",
    ];
    const STARTS: &[&str] = &[
        "/bin/",
        "/boot/",
        "/dev/",
        "/etc/",
        "/lib/",
        "/proc/",
        "/root/",
        "/sbin/",
        "/sys/",
        "/usr/bin/",
        "/usr/lib/",
        "/usr/local/bin/",
        "/var/run/",
        "/var/spool/",
        "c:/windows/",
    ];
    STARTS.iter().any(|start| path.starts_with(start))
        || path.split('/').any(|part| PARTS.contains(&part))
        || path.starts_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_judged_for_every_system() {
        for path in [
            "/etc/passwd",
            "../x",
            "a/../../b",
            "~/.ssh/id_rsa",
            "/home/u/.aws/credentials",
            "file:///etc/shadow",
            "https://example.com/x",
            "..\\..\\x",
            "C:\\Windows\\win.ini",
            "/proc/self/environ",
        ] {
            assert_eq!(reach(path), Reach::Grave, "{path}");
        }
        for path in [
            "/tmp/x",
            "/home/u/vocab.txt",
            "D:\\data\\x",
            "gs://bucket/model.ckpt",
            "\\\\host\\share",
        ] {
            assert_eq!(reach(path), Reach::Outside, "{path}");
        }
        for path in ["model", "variables/variables", "vocab.txt", "a..b/c"] {
            assert_eq!(reach(path), Reach::Inside, "{path}");
        }
        assert_eq!(reach(""), Reach::Nothing);
    }
}
