//! From the text of a project file to a [`Project`].

use std::collections::BTreeMap;

use toml_edit::{Document, TableLike};
use tutela_core::{Catalogue, CheckInfo, DatasetDeclaration, Split};

use super::demands::{gate, waiver};
use super::problem::{ConfigError, Problem, did_you_mean};
use super::section::{Problems, Section, Spanned};
use super::{DataEntry, FilesEntry, ModelEntry, Project, System};

/// The only version of the project file so far.
const SCHEMA: i64 = 1;

/// Reads the text of a project file. `file` is its name, for messages.
///
/// # Errors
/// Every problem of the file at once.
pub fn parse(file: &str, text: &str, catalogue: &Catalogue) -> Result<Project, ConfigError> {
    let refuse = |problems| ConfigError {
        file: file.to_owned(),
        text: text.to_owned(),
        problems,
    };
    let document = Document::parse(text).map_err(|error| {
        refuse(vec![Problem {
            message: error.message().replace('\n', "; "),
            span: error.span().unwrap_or(0..0),
            hint: None,
        }])
    })?;
    let problems = Problems::default();
    let whole = 0..text.len().min(1);
    let tool = document.get("tool").and_then(|tool| tool.get("tutela"));
    let table: &dyn TableLike = match tool.and_then(toml_edit::Item::as_table_like) {
        Some(table) if file.ends_with("pyproject.toml") => table,
        _ => document.as_table(),
    };
    let root = Section::new("the project file", table, whole, &problems);
    let project = project(&root, catalogue);
    root.finish();
    let problems = problems.into_sorted();
    if problems.is_empty() {
        Ok(project)
    } else {
        Err(refuse(problems))
    }
}

fn project(root: &Section<'_>, catalogue: &Catalogue) -> Project {
    check_schema(root);
    let data: Vec<DataEntry> = root
        .tables("data")
        .into_iter()
        .filter_map(data_entry)
        .collect();
    let mut known = Vec::new();
    for entry in &data {
        if known.contains(&entry.id.as_str()) {
            root.problem(
                format!("two `[[data]]` tables have the id `{}`", entry.id),
                entry.path.span.clone(),
            );
        }
        known.push(entry.id.as_str());
    }
    let models = root
        .tables("model")
        .into_iter()
        .filter_map(|section| model_entry(section, &known))
        .collect();
    Project {
        system: root.table("system").map_or_else(unnamed, system),
        models,
        files: root.table("files").map(files).unwrap_or_default(),
        settings: root
            .table("checks")
            .map(|section| settings(&section, catalogue))
            .unwrap_or_default(),
        gate: root
            .table("gate")
            .map(|section| gate(section, catalogue))
            .unwrap_or_default(),
        waivers: root
            .tables("waiver")
            .into_iter()
            .filter_map(|section| waiver(section, catalogue))
            .collect(),
        trust: trust(root),
        data,
    }
}

fn check_schema(root: &Section<'_>) {
    match root.integer("schema") {
        Some(schema) if schema.value == SCHEMA => {}
        Some(schema) => root.problem(
            format!(
                "schema {} is not known to this version; expected {SCHEMA}",
                schema.value
            ),
            schema.span,
        ),
        None => root.problem_with_hint(
            "the project file lacks `schema`",
            root.span(),
            "begin it with `schema = 1`",
        ),
    }
}

fn unnamed() -> System {
    System {
        name: "unnamed".to_owned(),
        role: None,
        intended_purpose: None,
        annex_iii: None,
    }
}

fn system(section: Section<'_>) -> System {
    let name = section
        .required("name")
        .map_or_else(|| unnamed().name, |name| name.value);
    let roles = [("provider", "provider"), ("deployer", "deployer")];
    let role = section.word("role", &roles).map(str::to_owned);
    let intended_purpose = section.string("intended_purpose").map(|text| text.value);
    let annex_iii = section.string("annex_iii").map(|text| text.value);
    section.finish();
    System {
        name,
        role,
        intended_purpose,
        annex_iii,
    }
}

fn files(section: Section<'_>) -> FilesEntry {
    let executables = section.strings("executables");
    let says = section.has("exclude");
    let exclude = section.strings("exclude");
    let follow_links = section.flag("follow_links");
    section.finish();
    FilesEntry {
        executables,
        exclude: says.then_some(exclude),
        follow_links: follow_links.is_some_and(|flag| flag.value),
    }
}

fn model_entry(section: Section<'_>, data: &[&str]) -> Option<ModelEntry> {
    let path = section
        .required("path")
        .filter(|path| is_inside(&section, path));
    let kind = section.string("kind").map(|text| text.value);
    let manifest = section
        .string("manifest")
        .filter(|path| is_inside(&section, path))
        .map(|text| text.value);
    let mut trained_on = Vec::new();
    for id in section.strings("trained_on") {
        if data.contains(&id.value.as_str()) {
            trained_on.push(id.value);
        } else {
            let hint = did_you_mean(&id.value, data.iter().copied())
                .unwrap_or_else(|| "declare it with `[[data]]` and this `id`".to_owned());
            section.problem_with_hint(
                format!("no `[[data]]` has the id `{}`", id.value),
                id.span,
                hint,
            );
        }
    }
    section.finish();
    Some(ModelEntry {
        path: path?,
        kind,
        trained_on,
        manifest,
    })
}

fn data_entry(section: Section<'_>) -> Option<DataEntry> {
    let id = section.required("id");
    let path = section
        .required("path")
        .filter(|path| is_inside(&section, path));
    let text = |key| section.string(key).map(|text| text.value);
    let texts = |key| {
        section
            .strings(key)
            .into_iter()
            .map(|text| text.value)
            .collect()
    };
    let declaration = DatasetDeclaration {
        label: text("label"),
        sensitive: texts("sensitive"),
        subject_key: text("subject_key"),
        personal: texts("personal"),
        timestamp: text("timestamp"),
        collected: section.date("collected").map(|date| date.value),
        max_age_days: section.days("max_age"),
        ..DatasetDeclaration::default()
    };
    let splits = section.table("split").map(splits).unwrap_or_default();
    let manifest = section
        .string("manifest")
        .filter(|path| is_inside(&section, path))
        .map(|text| text.value);
    section.finish();
    Some(DataEntry {
        id: id?.value,
        path: path?,
        splits,
        declaration,
        manifest,
    })
}

fn splits(section: Section<'_>) -> Vec<(Split, Spanned<String>)> {
    let parts = [
        ("train", Split::Train),
        ("validation", Split::Validation),
        ("test", Split::Test),
    ];
    let splits = parts
        .into_iter()
        .filter_map(|(key, split)| section.string(key).map(|glob| (split, glob)))
        .filter(|(_, glob)| is_inside(&section, glob))
        .collect();
    section.finish();
    splits
}

/// Whether a path stays in the project; evidence about files elsewhere could not be repeated by others.
fn is_inside(section: &Section<'_>, path: &Spanned<String>) -> bool {
    let text = &path.value;
    let leaves = text.starts_with(['/', '\\'])
        || text.contains(':')
        || text.split(['/', '\\']).any(|part| part == "..");
    if leaves {
        section.problem(
            format!("`{text}` leaves the project; expected a path below it"),
            path.span.clone(),
        );
    }
    !leaves
}

fn settings(
    section: &Section<'_>,
    catalogue: &Catalogue,
) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut settings = BTreeMap::new();
    for (code, item) in section.entries() {
        let Some(info) = known_check(section, &code, catalogue) else {
            continue;
        };
        let Some(table) = section.entry_table(&code.value, item) else {
            continue;
        };
        settings.insert(code.value, settings_of(&table, info));
    }
    settings
}

fn settings_of(section: &Section<'_>, info: &CheckInfo) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    for (key, item) in section.entries() {
        let Some(setting) = info
            .settings
            .iter()
            .find(|setting| setting.name == key.value)
        else {
            let known: Vec<&str> = info.settings.iter().map(|setting| setting.name).collect();
            let hint = did_you_mean(&key.value, known.iter().copied()).unwrap_or_else(|| {
                if known.is_empty() {
                    "this check has no settings".to_owned()
                } else {
                    format!("known settings are `{}`", known.join("`, `"))
                }
            });
            section.problem_with_hint(
                format!("check `{}` has no setting `{}`", info.code, key.value),
                key.span,
                hint,
            );
            continue;
        };
        let Some(number) = section.entry_number(&key.value, item) else {
            continue;
        };
        if (setting.least..=setting.greatest).contains(&number.value) {
            values.insert(key.value, number.value);
        } else {
            let message = format!(
                "`{}` of check `{}` is {}; expected {} to {}",
                key.value, info.code, number.value, setting.least, setting.greatest
            );
            section.problem(message, number.span);
        }
    }
    values
}

pub(super) fn known_check(
    section: &Section<'_>,
    code: &Spanned<String>,
    catalogue: &Catalogue,
) -> Option<&'static CheckInfo> {
    let check = catalogue.get(&code.value).map(|check| check.info());
    if check.is_none() {
        let hint = did_you_mean(&code.value, catalogue.iter().map(|check| check.info().code))
            .unwrap_or_else(|| "`tutela explain` lists all checks".to_owned());
        section.problem_with_hint(
            format!("there is no check `{}`", code.value),
            code.span.clone(),
            hint,
        );
    }
    check
}

fn trust(root: &Section<'_>) -> Vec<Spanned<String>> {
    let Some(section) = root.table("keys") else {
        return vec![Spanned {
            value: "self".to_owned(),
            span: 0..0,
        }];
    };
    let keys = section.strings("trust");
    if keys.is_empty() {
        let hint = "write `trust = [\"self\"]` to trust this machine's own key";
        section.problem_with_hint("`[keys]` trusts nobody", section.span(), hint);
    }
    for key in keys.iter().filter(|key| key.value != "self") {
        is_inside(&section, key);
    }
    section.finish();
    keys
}
