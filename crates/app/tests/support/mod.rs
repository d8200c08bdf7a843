//! Projects in temporary folders, and the program run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The moment that counts as now in tests, so that no result depends on the day.
pub(crate) const AS_OF: &str = "2026-11-20";

/// A copy of a project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Fails unless the exit code is this one and nothing panicked.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Fails unless standard output or error contain this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let said = self.out.contains(text) || self.err.contains(text);
        assert!(
            said,
            "nothing says `{text}`\nstdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }
}

impl Project {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A copy of an example of the repository, without what an earlier run left there.
    pub(crate) fn example(name: &str) -> Self {
        let project = Self::empty();
        copy(&example(name), project.path(), &[".tutela"]);
        project
    }

    /// A copy of `examples/credit` that was checked once.
    pub(crate) fn checked() -> Self {
        static CHECKED: OnceLock<Project> = OnceLock::new();
        let original = CHECKED.get_or_init(|| {
            // A static is never dropped, so it lies where builds are cleaned up.
            let project = Self {
                folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            };
            copy(&example("credit"), project.path(), &[".tutela"]);
            project.tutela(&["check", "."]).ends_with(0);
            project
        });
        let project = Self::empty();
        copy(original.path(), project.path(), &[]);
        project
    }

    /// A project with keys of its own.
    pub(crate) fn checked_by_another() -> Self {
        let project = Self::empty();
        project.tutela(&["init", "."]).ends_with(0);
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.at(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    /// Makes a named pipe, which nobody ever writes to.
    #[cfg(unix)]
    pub(crate) fn pipe(&self, path: &str) {
        let made = Command::new("mkfifo").arg(self.at(path)).status();
        assert!(made.unwrap().success());
    }

    /// Replaces a piece of a text file, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert!(text.contains(old), "`{path}` lacks `{old}`");
        fs::write(self.at(path), text.replace(old, new)).unwrap();
    }

    /// All files below a folder of the project, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect(&self.at(folder), &mut files);
        files.sort();
        files
    }

    /// Runs the program in the project's folder at a fixed moment.
    pub(crate) fn tutela(&self, arguments: &[&str]) -> Run {
        self.run(&[arguments, &["--as-of", AS_OF]].concat())
    }

    /// Runs the program in the project's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run::from(output)
    }

    /// The program, ready to be started in the project's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tutela"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("NO_COLOR")
            .env("COLUMNS", "100");
        command
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn copy(from: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if without.iter().any(|left_out| *left_out == name) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(&name), without);
        } else {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
