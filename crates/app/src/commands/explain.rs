//! `tutela explain`: the rule page of a check, offline, for three kinds of reader.

use std::fmt::Write as _;

use tutela_core::{Audience, Catalogue, CheckInfo};

use super::Call;
use crate::args::ExplainArguments;
use crate::config::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::output::print;

pub(super) fn run(arguments: &ExplainArguments, _call: Call<'_>) -> Result<Exit, Failure> {
    let catalogue = crate::catalogue();
    let text = match &arguments.code {
        None => list(&catalogue),
        Some(code) => {
            let check = catalogue
                .get(code)
                .ok_or_else(|| unknown(code, &catalogue))?;
            explain(check.info(), arguments.reader.into())
        }
    };
    print(text.as_bytes())?;
    Ok(Exit::Pass)
}

/// The failure for a code that no check has.
pub(super) fn unknown(code: &str, catalogue: &Catalogue) -> Failure {
    let hint = did_you_mean(code, catalogue.iter().map(|check| check.info().code));
    Failure::usage(format!("there is no check `{code}`"))
        .with_hint(hint.unwrap_or_else(|| "`tutela explain` lists all checks".to_owned()))
}

fn list(catalogue: &Catalogue) -> String {
    let width = catalogue
        .iter()
        .map(|check| check.info().code.len())
        .max()
        .unwrap_or_default();
    catalogue.iter().fold(String::new(), |mut text, check| {
        let info = check.info();
        let _ = writeln!(
            text,
            "{:width$}  {:8}  {}",
            info.code, info.severity, info.title
        );
        text
    })
}

/// The page of one check for one kind of reader.
#[must_use]
fn explain(info: &CheckInfo, audience: Audience) -> String {
    let mut text = format!("{}: {}\n\n", info.code, info.title);
    match audience {
        Audience::Developer => {
            let _ = writeln!(text, "{}\n\n{}", facts(info), info.docs.markdown().trim());
            settings(info, &mut text);
        }
        Audience::User => text.push_str(&paragraphs(info.user)),
        Audience::Policymaker => {
            text.push_str(&paragraphs(info.policymaker));
            let _ = writeln!(text, "\nProvisions and names: {}", references(info));
            let _ = writeln!(text, "Evidence: `tutela check`, then `tutela report html`");
        }
    }
    text
}

fn facts(info: &CheckInfo) -> String {
    let stages: Vec<&str> = info.stages.iter().map(|stage| stage.as_str()).collect();
    let kinds: Vec<&str> = info.kinds.iter().map(|kind| kind.as_str()).collect();
    format!(
        "severity: {}   class: {}   suite: {}\nexamines: {}   life cycle: {}\nnames: {}",
        info.severity,
        info.class.as_str(),
        info.suite.as_str(),
        kinds.join(", "),
        stages.join(", "),
        references(info),
    )
}

fn references(info: &CheckInfo) -> String {
    info.references
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn settings(info: &CheckInfo, text: &mut String) {
    if info.settings.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n# Settings\n\n[checks.{}]", info.code);
    for setting in info.settings {
        let _ = writeln!(
            text,
            "{} = {}  # {} to {}; {}",
            setting.name, setting.default, setting.least, setting.greatest, setting.help
        );
    }
}

/// One paragraph a line becomes lines that fit a terminal.
fn paragraphs(text: &str) -> String {
    let mut wrapped = String::new();
    for paragraph in text.split('\n') {
        let mut width = 0;
        for word in paragraph.split_whitespace() {
            if width + word.chars().count() > 88 {
                wrapped.push('\n');
                width = 0;
            } else if width > 0 {
                wrapped.push(' ');
            }
            wrapped.push_str(word);
            width += word.chars().count() + 1;
        }
        wrapped.push('\n');
    }
    wrapped
}
