//! `tutela init`: looks at a folder, writes a commented project file, makes keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tutela_core::{Artifact, Kind};

use super::Call;
use crate::args::InitArguments;
use crate::config::FILE_NAME;
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use crate::project::{Rules, Take, apart, recognise};
use crate::state::require_real_folders;
use crate::workplace::Workplace;

pub(super) fn run(arguments: &InitArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let folder = &arguments.path;
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "`{}` is not a folder",
            folder.display()
        )));
    }
    // Before the project file is written: a folder that cannot hold keys is left as it is.
    require_real_folders(folder)?;
    let file = folder.join(FILE_NAME);
    if Workplace::find(folder, call.shared, call.terminal)?.is_none() {
        let bar = call.terminal.bar("looking");
        let apart = apart(folder);
        let artifacts = recognise(folder, &leaving_out(&apart)?, Take::Digest, &bar);
        drop(bar);
        let text = project_file(&name_of(folder), &artifacts, &apart);
        write(&file, text.as_bytes())?;
        call.terminal.say(&format!("wrote {}", file.display()));
    } else {
        call.terminal.say(&format!(
            "`{}` is a project already; its file is left as it is",
            folder.display()
        ));
    }
    let workplace = Workplace::open(folder, call.shared, call.terminal)?;
    workplace.keys_or_new()?;
    call.terminal.say(&format!(
        "next: read {}, then run `tutela check {}`",
        file.display(),
        folder.display()
    ));
    Ok(Exit::Pass)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(file, bytes).map_err(|error| Failure::cannot_write(file, &error))
}

fn name_of(folder: &Path) -> String {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole
        .file_name()
        .map(|name| tutela_core::escape_bytes(name.as_encoded_bytes(), 100));
    name.unwrap_or_else(|| "my-system".to_owned())
}

/// A project file for what was recognised, with what the owner must decide left as comments.
fn project_file(name: &str, artifacts: &[Artifact], apart: &[String]) -> String {
    let data: Vec<&Artifact> = artifacts
        .iter()
        .filter(|artifact| artifact.kind == Kind::Dataset)
        .collect();
    let groups = group(&data);
    let mut text = format!("{HEAD}[system]\nname = {}\n{SYSTEM}\n", quoted(name));
    let ids: Vec<String> = groups.keys().map(|id| quoted(id)).collect();
    let models = artifacts
        .iter()
        .filter(|artifact| artifact.kind == Kind::Model);
    for model in models {
        let _ = writeln!(text, "[[model]]\npath = {}", quoted(&pattern(&model.name)));
        let _ = writeln!(
            text,
            "# The data sets that it learned from.\n# trained_on = [{}]\n",
            ids.join(", ")
        );
    }
    for (id, members) in &groups {
        let _ = writeln!(
            text,
            "[[data]]\nid = {}\npath = {}",
            quoted(id),
            quoted(&members.glob())
        );
        if let Some(split) = members.split() {
            let _ = writeln!(text, "split = {{ {split} }}");
        }
        text.push_str(DATA);
    }
    let apart: Vec<String> = apart.iter().map(|path| quoted(&pattern(path))).collect();
    let _ = write!(text, "{FILES}exclude = [{}]\n\n{GATE}", apart.join(", "));
    text
}

/// Rules that leave out some folders.
fn leaving_out(folders: &[String]) -> Result<Rules, Failure> {
    let mut rules = Rules::default();
    for folder in folders {
        rules.leave_out(&pattern(folder)).map_err(Failure::usage)?;
    }
    Ok(rules)
}

/// The files of one data set: those that differ by the name of their split only, else each on its own.
#[derive(Default)]
struct Members {
    paths: Vec<String>,
    splits: Vec<(&'static str, String)>,
}

impl Members {
    fn glob(&self) -> String {
        match self.paths.as_slice() {
            [only] => pattern(only),
            paths => {
                let list: Vec<String> = paths.iter().map(|path| pattern(path)).collect();
                format!("{{{}}}", list.join(","))
            }
        }
    }

    fn split(&self) -> Option<String> {
        // In the order in which a model meets them.
        let order = |split: &str| SPLITS.iter().position(|(_, known)| *known == split);
        let mut splits = self.splits.clone();
        splits.sort_by_key(|(split, _)| order(split));
        let parts: Vec<String> = splits
            .iter()
            .map(|(split, path)| format!("{split} = {}", quoted(&pattern(path))))
            .collect();
        (parts.len() > 1).then(|| parts.join(", "))
    }
}

const SPLITS: [(&str, &str); 5] = [
    ("train", "train"),
    ("validation", "validation"),
    ("valid", "validation"),
    ("val", "validation"),
    ("test", "test"),
];

fn group(data: &[&Artifact]) -> BTreeMap<String, Members> {
    let mut groups: BTreeMap<String, Members> = BTreeMap::new();
    for artifact in data {
        let (folder, file) = artifact
            .name
            .rsplit_once('/')
            .unwrap_or(("", &artifact.name));
        let stem = file.split('.').next().unwrap_or(file);
        let split = SPLITS.iter().find(|(word, _)| {
            stem.to_ascii_lowercase()
                .split(['-', '_'])
                .any(|part| part == *word)
        });
        let rest: Vec<&str> = stem
            .split(['-', '_'])
            .filter(|part| split.is_none_or(|(word, _)| !part.eq_ignore_ascii_case(word)))
            .collect();
        let folder_name = folder
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or("data");
        let id = if rest.concat().is_empty() {
            folder_name.to_owned()
        } else {
            rest.join("-")
        };
        let known = groups
            .get(&id)
            .is_some_and(|members: &Members| split.is_none() || members.splits.is_empty());
        // Two files of one name in different folders are two data sets.
        let members = groups
            .entry(if known {
                artifact.name.replace('/', "-")
            } else {
                id
            })
            .or_default();
        members.paths.push(artifact.name.clone());
        members
            .splits
            .extend(split.map(|(_, split)| (*split, artifact.name.clone())));
    }
    groups
}

/// A path as a pattern that matches only itself.
fn pattern(path: &str) -> String {
    path.chars().fold(String::new(), |mut pattern, character| {
        if "*?[]{}\\".contains(character) {
            pattern.push('[');
            pattern.push(character);
            pattern.push(']');
        } else {
            pattern.push(character);
        }
        pattern
    })
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string().trim().to_owned()
}

const HEAD: &str = "\
# What Tutela knows about this system. Every command reads this file; `tutela check` is the main one.
schema = 1

";

const SYSTEM: &str = "\
# Under the AI Act: \"provider\" (you build it) or \"deployer\" (you use it).
# role = \"provider\"
# What it is meant for, in a sentence: evidence is about this purpose.
# intended_purpose = \"…\"
# The point of Annex III that it falls under, if any.
# annex_iii = \"…\"
";

const DATA: &str = "\
# The column that a model learns to predict.
# label = \"…\"
# Protected attributes, kept for fairness tests.
# sensitive = []
# Columns that hold personal data; others must hold none.
# personal = []
# The column that tells people apart, so that nobody is in training and test data.
# subject_key = \"…\"
# How old the data are: the column that says when a row was recorded, or the date of collection.
# timestamp = \"…\"
# collected = 2026-01-31
# max_age = \"2y\"

";

const FILES: &str = "\
[files]
# What is left out of every check; the report names it. Add what changes without you, such as caches.
";

const GATE: &str = "\
[gate]
# The mildest severity that denies: info, low, medium, high, critical.
fail_on = \"high\"
# Evidence that must be there: scan, data, sign (signed manifests, see `tutela sign`), or codes of checks.
require = [\"scan\", \"data\"]
max_evidence_age = \"30d\"

[keys]
# Whose signatures count: public key files, and \"self\" for this machine's own key.
trust = [\"self\"]
";

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(name: &str) -> Artifact {
        Artifact::new(name, Kind::Dataset, Vec::new())
    }

    #[test]
    fn what_is_written_can_be_read() {
        let artifacts = [
            Artifact::new("models/a [1].onnx", Kind::Model, Vec::new()),
            dataset("data/train.parquet"),
            dataset("data/test.parquet"),
            dataset("other/loans.csv"),
            dataset("more/loans.csv"),
        ];
        let apart = ["a [b]/node_modules".to_owned()];
        let text = project_file("a \"quoted\" name", &artifacts, &apart);
        let project = crate::config::parse(FILE_NAME, &text, &crate::catalogue()).unwrap();
        assert_eq!(project.system.name, "a \"quoted\" name");
        assert_eq!(project.models[0].path.value, "models/a [[]1[]].onnx");
        let ids: Vec<&str> = project.data.iter().map(|data| data.id.as_str()).collect();
        assert_eq!(ids, ["data", "loans", "more-loans.csv"]);
        assert_eq!(project.data[0].splits.len(), 2);
        let exclude = project.files.exclude.unwrap();
        assert_eq!(exclude[0].value, "a [[]b[]]/node_modules");
    }
}
