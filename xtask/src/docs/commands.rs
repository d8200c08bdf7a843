//! The command reference, from the command line's own definition.

use clap::{Arg, Command};

use super::Page;
use super::markdown::{GENERATED, cell, code, header, row};

/// The reference of a command and of all commands below it.
pub(crate) fn page(command: &Command) -> Page {
    let mut command = command.clone();
    // Gives each command its full name, and the options that all share.
    command.build();
    let shared = table("Options of every command", &command, Arg::is_global_set);
    let mut text = format!(
        "{GENERATED}\n\n# Commands\n\n{}{}{shared}{}",
        body(&command),
        index(&command),
        notes(&command)
    );
    for inner in visible(&command) {
        text.push_str(&section(inner, 2));
    }
    Page {
        path: "docs/commands.md".to_owned(),
        text: text.trim_end().to_owned() + "\n",
    }
}

fn section(command: &Command, level: usize) -> String {
    let mut text = format!(
        "{} `{}`\n\n{}{}",
        "#".repeat(level),
        full_name(command),
        body(command),
        notes(command)
    );
    for inner in visible(command) {
        text.push_str(&section(inner, level.saturating_add(1)));
    }
    text
}

/// What a command does, how it is called, and its own arguments and options.
fn body(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    format!(
        "{}\n\n```text\n{}\n```\n\n{}{}",
        about.trim(),
        usage.trim().trim_start_matches("Usage: "),
        table("Arguments", command, Arg::is_positional),
        table("Options", command, |argument| {
            !argument.is_positional() && !argument.is_global_set()
        }),
    )
}

/// What its help text says at the end.
fn notes(command: &Command) -> String {
    command
        .get_after_long_help()
        .or_else(|| command.get_after_help())
        .map(|notes| format!("```text\n{}\n```\n\n", notes.to_string().trim_end()))
        .unwrap_or_default()
}

fn index(command: &Command) -> String {
    let rows: String = visible(command)
        .map(|inner| {
            let about = inner.get_about().map(ToString::to_string);
            let name = full_name(inner);
            let anchor = name.replace(' ', "-");
            row(&[
                format!("[`{name}`](#{anchor})"),
                cell(&about.unwrap_or_default()),
            ])
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    header(&["command", "what it does"]) + &rows + "\n"
}

/// A titled table of the arguments that `belongs` accepts; nothing when there are none.
fn table(title: &str, command: &Command, belongs: impl Fn(&Arg) -> bool) -> String {
    let rows: String = command
        .get_arguments()
        .filter(|argument| belongs(argument) && !argument.is_hide_set() && !is_help(argument))
        .map(|argument| row(&[name(argument), help(argument)]))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!("**{title}**\n\n{}{rows}\n", header(&["name", "meaning"]))
}

/// `--help` and `--version` are everywhere and need no words.
fn is_help(argument: &Arg) -> bool {
    matches!(argument.get_id().as_str(), "help" | "version")
}

fn name(argument: &Arg) -> String {
    let value = value(argument);
    if argument.is_positional() {
        let many = argument
            .get_num_args()
            .is_some_and(|count| count.max_values() > 1);
        return code(&(value + if many { "..." } else { "" }));
    }
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let value = if argument.get_action().takes_values() {
        format!(" <{value}>")
    } else {
        String::new()
    };
    code(&(names.join(", ") + &value))
}

fn value(argument: &Arg) -> String {
    argument.get_value_names().map_or_else(
        || argument.get_id().as_str().to_uppercase(),
        |names| {
            let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
            names.join(" ")
        },
    )
}

fn help(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut sentences: Vec<String> = help.split("\n\n").map(cell).collect();
    let takes_values = argument.get_action().takes_values();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| takes_values && !value.is_hide_set())
        .map(|value| code(value.get_name()))
        .collect();
    if !values.is_empty() {
        sentences.push(format!("One of {}.", values.join(", ")));
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .filter(|_| takes_values)
        .map(|value| code(&value.to_string_lossy()))
        .collect();
    if !defaults.is_empty() {
        sentences.push(format!("Default: {}.", defaults.join(", ")));
    }
    for sentence in &mut sentences {
        if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
            sentence.push('.');
        }
    }
    sentences.join(" ").trim().to_owned()
}

fn full_name(command: &Command) -> String {
    command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned()
}

/// The commands below, without hidden ones and clap's own `help`.
fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;

    fn fixture() -> Command {
        let format = Arg::new("format")
            .short('f')
            .long("format")
            .value_parser(["table", "json"])
            .default_value("table")
            .action(ArgAction::Append)
            .help("How to print | where");
        let quiet = Arg::new("quiet")
            .long("quiet")
            .global(true)
            .action(ArgAction::SetTrue)
            .help("Say nothing.");
        let show = Command::new("show").about("Shows the log").arg(
            Arg::new("path")
                .value_name("PATH")
                .num_args(0..)
                .long_help("Where it lies\n\nRead [this]"),
        );
        Command::new("tutela")
            .about("Secures")
            .after_help("Exit codes")
            .arg(quiet)
            .subcommand(Command::new("check").about("Checks").arg(format))
            .subcommand(Command::new("log").about("Reads the log").subcommand(show))
            .subcommand(Command::new("secret").hide(true))
    }

    #[test]
    fn all_levels_are_described() {
        let text = page(&fixture()).text;
        for part in [
            "| [`tutela check`](#tutela-check) | Checks |\n",
            "**Options of every command**\n\n| name | meaning |\n| --- | --- |\n\
             | `--quiet` | Say nothing. |\n",
            "## `tutela check`\n\nChecks\n\n```text\ntutela check [OPTIONS]\n```\n",
            "| `-f, --format <FORMAT>` | How to print \\| where. One of `table`, `json`. \
             Default: `table`. |\n",
            "### `tutela log show`\n\nShows the log\n",
            "**Arguments**\n\n| name | meaning |\n| --- | --- |\n\
             | `PATH...` | Where it lies. Read [this]. |\n",
            "```text\nExit codes\n```\n",
        ] {
            assert!(text.contains(part), "missing {part:?} in:\n{text}");
        }
    }

    #[test]
    fn hidden_commands_and_repeated_options_are_left_out() {
        let text = page(&fixture()).text;
        assert!(!text.contains("secret"));
        assert_eq!(text.matches("--quiet").count(), 1);
        assert!(!text.contains("--help"));
    }
}
