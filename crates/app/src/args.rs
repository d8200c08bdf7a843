//! What can be typed. The doc comments here are the help texts and the command reference.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tutela_core::{Audience, Severity, Timestamp};

/// Secures an AI system over its whole life; every claim is signed evidence that anyone can verify.
///
/// Without a command it checks the project in the current folder.
#[derive(Debug, Parser)]
#[command(name = "tutela", version, propagate_version = true, max_term_width = 100, after_help = AFTER)]
pub struct Arguments {
    /// What to do; `check` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options that every command shares.
    #[command(flatten)]
    pub shared: Shared,
}

const AFTER: &str = "\
Exit codes:
  0  pass
  1  findings at or over the threshold, the gate denies, or something signed was changed
  2  wrong usage or configuration
  3  incomplete: something could not be checked or verified
  4  internal error";

/// The largest seed that JSON can hold exactly in every reader (RFC 8785, section 3.2.2.3).
const MAX_SEED: u64 = (1 << 53) - 1;

/// Options that every command shares.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Shared options")]
pub struct Shared {
    /// The project file [default: tutela.toml in the project's folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Output format, repeatable: `FORMAT` to standard output or `FORMAT=FILE`
    ///
    /// Formats: table, full, html, json, jsonl, sarif, junit, github.
    #[arg(short, long = "format", global = true, value_name = "FORMAT[=FILE]")]
    pub formats: Vec<String>,
    /// Write the output to a file instead of standard output
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Refuse everything that needs a network (no command of this version does)
    #[arg(long, global = true)]
    pub offline: bool,
    /// The moment that counts as now, such as 2026-11-23; makes a run repeatable
    #[arg(long, global = true, value_name = "DATE")]
    pub as_of: Option<Timestamp>,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at a folder, write a commented tutela.toml, make keys
    Init(InitArguments),
    /// Run every check, sign and log the evidence, decide, report (the main job)
    Check(CheckArguments),
    /// Examine files without a project: static, fast, nothing is written or signed
    Scan(ScanArguments),
    /// Sign the manifest of data sets, models, files or folders, or evidence once more
    Sign(SignArguments),
    /// Verify evidence, the log, manifests and the artifacts they speak of, offline
    Verify(VerifyArguments),
    /// Decide from the evidence that is there
    Gate(GateArguments),
    /// Render evidence for people and machines
    Report(ReportArguments),
    /// Explain a check, offline; without a code, list all checks
    Explain(ExplainArguments),
    /// Look into the transparency log
    #[command(subcommand)]
    Log(LogCommand),
    /// Print completions for a shell
    Completions(CompletionsArguments),
}

impl Default for CheckArguments {
    /// What a bare `tutela` does.
    fn default() -> Self {
        Self {
            path: PathBuf::from("."),
            only: Vec::new(),
            self_test: false,
            baseline: None,
            seed: 0,
        }
    }
}

impl Default for ScanArguments {
    fn default() -> Self {
        Self {
            paths: vec![PathBuf::from(".")],
            only: Vec::new(),
            fail_on: Severity::High,
            exclude: Vec::new(),
            follow: false,
            structure: false,
        }
    }
}

/// `tutela init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `tutela check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Run only these checks, by code; repeatable (the gate still demands all that are required)
    #[arg(long, value_name = "CODE")]
    pub only: Vec<String>,
    /// Plant each check's fault in a scratch copy and show that it goes red
    #[arg(long)]
    pub self_test: bool,
    /// Let only findings that are not in this signed baseline deny
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// The seed of every random number
    #[arg(long, default_value_t = 0, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    pub seed: u64,
}

/// `tutela scan`.
#[derive(Debug, Clone, Args)]
pub struct ScanArguments {
    /// Files and folders; `-` is standard input
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Run only these checks, by code; repeatable
    #[arg(long, value_name = "CODE")]
    pub only: Vec<String>,
    /// The mildest severity that ends with exit code 1
    #[arg(long, default_value_t = Severity::High, value_name = "SEVERITY")]
    pub fail_on: Severity,
    /// Leave out what matches, relative to the folder, such as `**/node_modules`; repeatable
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Follow links that lead out of the folder
    #[arg(long)]
    pub follow: bool,
    /// Look at the structure of files alone: raw numbers are not searched for what may be concealed in them
    #[arg(long)]
    pub structure: bool,
}

/// `tutela sign`.
#[derive(Debug, Args)]
pub struct SignArguments {
    /// Ids of data sets, paths of models, files, folders, or evidence [default: all that the project declares]
    pub targets: Vec<String>,
    /// The project's folder
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub project: PathBuf,
    /// A private key, PKCS#8 or SEC1 PEM, P-256 [default: the project's own]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `tutela verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// A project's folder, evidence files, or signed files and folders
    #[arg(default_value = ".")]
    pub targets: Vec<PathBuf>,
    /// A public key to trust, SPKI PEM; repeatable [default: what the project trusts]
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// The log's public key, as a note verifier key [default: the project's own]
    #[arg(long, value_name = "FILE")]
    pub log_key: Option<PathBuf>,
}

/// `tutela gate`.
#[derive(Debug, Args)]
pub struct GateArguments {
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Let only findings that are not in this signed baseline deny
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    pub baseline: Option<PathBuf>,
    /// Sign what is found now as the baseline
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// The seed that the evidence was made with
    #[arg(long, default_value_t = 0, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    pub seed: u64,
}

/// `tutela report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The format: table, full, html, json, jsonl, sarif, junit, github
    #[arg(value_name = "FORMAT")]
    pub format: String,
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `tutela explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code of a check
    pub code: Option<String>,
    /// Who reads it
    #[arg(long = "for", value_enum, default_value_t = Reader::Developer, value_name = "READER")]
    pub reader: Reader,
}

/// Who reads an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reader {
    /// Who writes and ships the system.
    Developer,
    /// Who uses it, or about whom it decides.
    User,
    /// Who answers for it before the law.
    Policymaker,
}

impl From<Reader> for Audience {
    fn from(reader: Reader) -> Self {
        match reader {
            Reader::Developer => Self::Developer,
            Reader::User => Self::User,
            Reader::Policymaker => Self::Policymaker,
        }
    }
}

/// `tutela log`.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Show the checkpoint and the last entries
    Show(LogShowArguments),
    /// Print the proof that an entry is in the log, as a .tlog-proof text
    Prove(LogProveArguments),
    /// Recompute the whole log from its entries
    Fsck(LogArguments),
}

/// `tutela log fsck`, and what the others share.
#[derive(Debug, Args)]
pub struct LogArguments {
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `tutela log show`.
#[derive(Debug, Args)]
pub struct LogShowArguments {
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How many entries to show, newest last
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    pub last: u64,
}

/// `tutela log prove`.
#[derive(Debug, Args)]
pub struct LogProveArguments {
    /// The entry: its index, or the first digits of the evidence's id
    pub entry: String,
    /// The project's folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `tutela completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    pub shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
