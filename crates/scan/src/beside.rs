//! The Python code that lies beside a configuration which names it: found, followed and judged.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tutela_core::{ArtifactFile, Severity, read_all};
use tutela_formats::python;

use crate::config::shown;
use crate::inside::folder;
use crate::source::{Act, Deed, acts};

/// What a loader would run for a module that a configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Code {
    /// Code of another repository, which can change at any time.
    Elsewhere(String),
    /// Nothing of that name lies here, so what will run is not known.
    Absent,
    /// It lies here and does nothing that a model has no need for.
    Harmless(String),
    /// It lies here and does.
    Harmful {
        /// The file.
        file: String,
        /// The name in it, and what that does.
        what: String,
    },
    /// It lies here and was not read to its end.
    Unread(String),
}

impl Code {
    /// How bad it is that a loader runs it.
    pub(crate) const fn severity(&self) -> Severity {
        match self {
            Self::Harmless(_) => Severity::Medium,
            _ => Severity::High,
        }
    }

    /// What it is, as the end of a sentence.
    pub(crate) fn clause(&self) -> String {
        match self {
            Self::Elsewhere(repository) => {
                format!("code of the repository `{}`", shown(repository))
            }
            Self::Absent => "code that comes with the model and does not lie here".to_owned(),
            Self::Harmless(file) => {
                format!(
                    "which lies beside it as `{}`; nothing harmful was found in it",
                    shown(file)
                )
            }
            Self::Harmful { file, what } => {
                format!("and the code beside it, `{}`, {what}", shown(file))
            }
            Self::Unread(file) => {
                format!(
                    "which lies beside it as `{}` and could not be read to its end",
                    shown(file)
                )
            }
        }
    }
}

/// Source that is read for one configuration: the code of a model is below 1 MiB.
const BUDGET: u64 = 8 << 20;
/// Files that are followed for one module.
const FILES: usize = 200;

/// The files among which code is looked for.
pub(crate) struct Beside<'a> {
    files: &'a [ArtifactFile],
    folder: &'a str,
    left: RefCell<u64>,
    known: RefCell<BTreeMap<String, Code>>,
}

impl<'a> Beside<'a> {
    /// Begins at the folder of a path.
    pub(crate) fn new(path: &'a str, files: &'a [ArtifactFile]) -> Self {
        Self {
            files,
            folder: folder(path),
            left: RefCell::new(BUDGET),
            known: RefCell::new(BTreeMap::new()),
        }
    }

    /// The code of a module, looked for in the folder and in these folders below it.
    pub(crate) fn code(&self, module: &str, below: &[&str]) -> Code {
        if let Some((repository, _)) = module.split_once("--") {
            return Code::Elsewhere(repository.to_owned());
        }
        let key = format!("{module}\n{}", below.join("\n"));
        if let Some(code) = self.known.borrow().get(&key) {
            return code.clone();
        }
        let code = self
            .find(module, below)
            .map_or(Code::Absent, |file| self.follow(file));
        self.known.borrow_mut().insert(key, code.clone());
        code
    }

    fn find(&self, module: &str, below: &[&str]) -> Option<&'a ArtifactFile> {
        let below = below.iter().map(|name| join(self.folder, name));
        std::iter::once(self.folder.to_owned())
            .chain(below)
            .find_map(|folder| self.module(&folder, module))
    }

    /// The file of a module in a folder, as a file or as a package.
    fn module(&self, folder: &str, module: &str) -> Option<&'a ArtifactFile> {
        let stem = join(folder, &module.replace('.', "/"));
        [format!("{stem}.py"), format!("{stem}/__init__.py")]
            .iter()
            .find_map(|path| self.file(path))
    }

    fn file(&self, path: &str) -> Option<&'a ArtifactFile> {
        let at = self
            .files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()?;
        self.files.get(at)
    }

    /// Reads a file and what it imports from beside it; the worst that was found decides.
    fn follow(&self, first: &'a ArtifactFile) -> Code {
        let mut waiting = vec![first];
        let mut seen: BTreeSet<&str> = BTreeSet::from([first.path.as_str()]);
        while let Some(file) = waiting.pop() {
            let Some(text) = self.read(file) else {
                return Code::Unread(file.path.clone());
            };
            if let Some(act) = acts(&text).iter().find(|act| is_harmful(act)) {
                let what = format!("uses `{}`, which {}", shown(&act.path), act.deed.clause());
                return Code::Harmful {
                    file: file.path.clone(),
                    what,
                };
            }
            for used in python::uses(&text) {
                let found = self.imported(&file.path, &used.path);
                waiting.extend(found.filter(|found| seen.insert(&found.path)));
            }
            if seen.len() > FILES {
                return Code::Unread(first.path.clone());
            }
        }
        Code::Harmless(first.path.clone())
    }

    /// The file that an import leads to, if it lies here: `.module.Name` and `module.Name`.
    fn imported(&self, from: &str, path: &str) -> Option<&'a ArtifactFile> {
        let name = path.trim_start_matches('.');
        let dots = path.len().saturating_sub(name.len());
        let mut base = folder(from);
        for _ in 1..dots {
            base = folder(base);
        }
        // The last part may be a name in the module, or a module itself.
        let module = name.rsplit_once('.').map_or(name, |(module, _)| module);
        self.module(base, name)
            .or_else(|| self.module(base, module))
    }

    fn read(&self, file: &ArtifactFile) -> Option<String> {
        let left = self.left.borrow().checked_sub(file.size())?;
        *self.left.borrow_mut() = left;
        let bytes = read_all(&file.open().ok()?, BUDGET).ok()?;
        // What is no text is no source that Python reads.
        String::from_utf8(bytes).ok()
    }
}

/// What models with code of their own have no need for. Many fetch images or weights when they are told to.
const fn is_harmful(act: &Act) -> bool {
    match act.deed {
        Deed::Programs | Deed::Code | Deed::Connects => true,
        Deed::Fetches | Deed::Native => act.at_once,
        Deed::Pickles => false,
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
