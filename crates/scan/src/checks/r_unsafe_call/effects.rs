//! What functions of R do that no model needs. Reviewed by hand against the manuals of base R and of the packages.

/// What calling a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Deletes or writes files.
    Writes,
    /// Changes variables of the process that later programs obey.
    Environment,
    /// Talks to other computers.
    Network,
    /// Runs code from a file.
    Source,
    /// Loads a library, a package, or code of another language.
    Loads,
    /// Starts a program.
    Executes,
}

impl Effect {
    /// How a sentence goes on.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Writes => "changes files",
            Self::Environment => "changes the environment of later programs",
            Self::Network => "talks to other computers",
            Self::Source => "runs code from elsewhere",
            Self::Loads => "loads foreign code",
            Self::Executes => "starts programs",
        }
    }
}

/// Functions by what they do.
const TABLE: &[(Effect, &[&str])] = &[
    (
        Effect::Executes,
        &[
            "system",
            "system2",
            "shell",
            "shell.exec",
            "pipe",
            "exec_wait",
            "exec_background",
            "exec_internal",
            "r_bg",
            "rcmd",
            "rscript",
            "terminalExecute",
        ],
    ),
    (
        Effect::Loads,
        &[
            "dyn.load",
            "install.packages",
            "install_github",
            "install_url",
            "install_git",
            "install_local",
            "install_bitbucket",
            "install_gitlab",
            "install_svn",
            "sourceCpp",
            "cppFunction",
            "evalCpp",
            "py_run_string",
            "py_run_file",
            "py_eval",
            "source_python",
            "source_url",
            "source_gist",
            "jrun",
        ],
    ),
    (Effect::Source, &["source", "sys.source"]),
    (
        Effect::Network,
        &[
            "download.file",
            "url",
            "socketConnection",
            "make.socket",
            "curl_download",
            "curl_fetch_memory",
            "curl_fetch_disk",
            "GET",
            "POST",
            "PUT",
            "getURL",
            "getURLContent",
            "postForm",
            "url.show",
            "browseURL",
            "nsl",
            "req_perform",
        ],
    ),
    (Effect::Environment, &["Sys.setenv"]),
    (
        Effect::Writes,
        &[
            "unlink",
            "file.remove",
            "file.copy",
            "file.rename",
            "file.append",
            "file.symlink",
            "file.link",
            "writeLines",
            "writeBin",
            "Sys.chmod",
            "dput",
            "sink",
        ],
    ),
];

/// What a function does by its name; none for what a model may well call.
pub(super) fn effect(name: &str) -> Option<Effect> {
    TABLE
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(effect, _)| *effect)
}

/// Functions that call a function which is given to them.
pub(super) fn calls_its_argument(name: &str) -> bool {
    [
        "lapply",
        "sapply",
        "vapply",
        "Map",
        "mapply",
        "Reduce",
        "Filter",
        "do.call",
        "apply",
        "tapply",
        "outer",
        "Vectorize",
        "match.fun",
        "map",
        "walk",
        "rapply",
        "eapply",
        "exec",
        "parLapply",
        "mclapply",
        "Find",
        "Position",
        "invoke",
        "tryCatch",
        "withCallingHandlers",
    ]
    .contains(&name)
}

/// Functions that turn text or bytes into code.
pub(super) fn makes_code(name: &str) -> bool {
    [
        "parse",
        "str2lang",
        "str2expression",
        "parse_expr",
        "parse_exprs",
        "unserialize",
    ]
    .contains(&name)
}

/// Functions that evaluate code.
pub(super) fn evaluates(name: &str) -> bool {
    [
        "eval",
        "evalq",
        "eval.parent",
        "eval_tidy",
        "withVisible",
        "local",
        "eval_bare",
    ]
    .contains(&name)
}

/// Functions that get what they give from elsewhere, or decode it.
pub(super) fn conceals(name: &str) -> bool {
    [
        "url",
        "readLines",
        "readRDS",
        "scan",
        "rawToChar",
        "intToUtf8",
        "base64decode",
        "base64_dec",
        "base64_decode",
        "chartr",
        "memDecompress",
        "getURL",
        "GET",
        "content",
        "download.file",
        "readChar",
        "readBin",
        "utf8ToInt",
        "rev",
        "bitwXor",
        "xor",
    ]
    .contains(&name)
}

/// Variables of a workspace that R calls by itself, or that stand in the way of what everybody calls.
pub(super) fn is_hook(name: &str) -> bool {
    [
        ".First",
        ".First.sys",
        ".Last",
        ".Last.sys",
        ".onLoad",
        ".onAttach",
        "print",
        "q",
        "quit",
        "library",
        "require",
        "c",
        "summary",
        "predict",
        "plot",
        "head",
        "str",
        "ls",
        "rm",
        "+",
        "<-",
        "{",
        "(",
        "[",
        "[[",
        "$",
        "if",
        "for",
        "function",
        "return",
        "list",
        "names",
        "data.frame",
        "load",
        "save",
        "exists",
        "options",
    ]
    .contains(&name)
}

/// Places whose content later programs run.
pub(super) fn is_sensitive(path: &str) -> bool {
    [
        ".bashrc",
        ".profile",
        ".bash_profile",
        ".zshrc",
        ".Rprofile",
        ".Renviron",
        ".ssh/",
        "/etc/",
        "crontab",
        "cron.d",
        "Startup",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "R_PROFILE",
        "R_LIBS",
        "PYTHONPATH",
        "PROMPT_COMMAND",
    ]
    .iter()
    .any(|part| path.contains(part))
}
