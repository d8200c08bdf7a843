//! What functions of R do that no model needs.

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

/// Functions by what they do, each group with the reason why it is here.
///
/// R's own are those whose sources hand an argument to the interpreter's `system`, `dyn.load`, `download.file`, `url`,
/// `source` or the like, found by listing every function that the packages of R 4.2.2 export and the calls in it; a
/// function that reaches one of them with a constant (`Sys.timezone`, `detectCores`) or with what it has made itself
/// (`texi2dvi`) is left out. Of other packages, those of which it is the purpose.
const TABLE: &[(Effect, &[&str])] = &[
    // base: give their first argument to a shell, or start it; `shell` and `shell.exec` on Windows.
    (
        Effect::Executes,
        &[
            "system",
            "system2",
            "shell",
            "shell.exec",
            "pipe",
            ".Script",
        ],
    ),
    // tools and utils: `R CMD` with arguments; an editor or a pager is a program that a variable or an argument names.
    (Effect::Executes, &["Rcmd", "Rscript"]),
    // sys, processx, callr, rstudioapi: start programs, that is their purpose.
    (
        Effect::Executes,
        &[
            "exec_wait",
            "exec_background",
            "exec_internal",
            "r_bg",
            "r_process",
            "rcmd",
            "rcmd_bg",
            "rscript",
            "terminalExecute",
            "terminalSend",
        ],
    ),
    // base: load a compiled library, whose initialiser runs.
    (Effect::Loads, &["dyn.load", "library.dynam"]),
    // utils, remotes, devtools, pak, BiocManager: install packages, whose scripts run.
    (
        Effect::Loads,
        &[
            "install.packages",
            "update.packages",
            "install_github",
            "install_url",
            "install_git",
            "install_local",
            "install_bitbucket",
            "install_gitlab",
            "install_svn",
            "install_version",
            "install_cran",
            "install_bioc",
            "pkg_install",
            "biocLite",
        ],
    ),
    // Rcpp, inline, reticulate, V8, rJava, JuliaCall: compile or run code of other languages from text or a file.
    (
        Effect::Loads,
        &[
            "sourceCpp",
            "cppFunction",
            "evalCpp",
            "cfunction",
            "py_run_string",
            "py_run_file",
            "py_eval",
            "source_python",
            "julia_eval",
            "julia_command",
            "jrun",
            ".jaddClassPath",
        ],
    ),
    // devtools: fetch code and run it.
    (Effect::Loads, &["source_url", "source_gist"]),
    // base, methods, utils: run the code in a file that may be an address.
    (
        Effect::Source,
        &["source", "sys.source", "evalSource", "insertSource"],
    ),
    // base and utils: open connections, or fetch an address.
    (
        Effect::Network,
        &[
            "download.file",
            "download.packages",
            "url",
            "socketConnection",
            "socketAccept",
            "serverSocket",
            "make.socket",
            "curlGetHeaders",
            "url.show",
            "browseURL",
            "nsl",
        ],
    ),
    // curl, httr, httr2, RCurl: the same, that is their purpose.
    (
        Effect::Network,
        &[
            "curl_download",
            "curl_fetch_memory",
            "curl_fetch_disk",
            "GET",
            "POST",
            "PUT",
            "getURL",
            "getURLContent",
            "postForm",
            "req_perform",
        ],
    ),
    // base: variables such as `PATH`, `R_PROFILE` and `LD_PRELOAD`, one by one or from a file.
    (Effect::Environment, &["Sys.setenv", "readRenviron"]),
    // base: write, move or delete files that an argument names.
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

/// Arguments that name a program which the function starts.
const PROGRAMS: &[(&str, &str)] = &[
    ("browseURL", "browser"),
    ("file.edit", "editor"),
    ("file.show", "pager"),
    ("help.start", "browser"),
    ("makeCluster", "rscript"),
    ("makePSOCKcluster", "rscript"),
    ("tar", "tar"),
    ("untar", "tar"),
    ("unzip", "unzip"),
    ("zip", "zip"),
];

/// Whether an argument of a function names a program that it starts. R writes to one where a file begins with `|`.
pub(super) fn starts(function: &str, argument: Option<&str>, text: &str) -> bool {
    let names_program = argument.is_some_and(|name| PROGRAMS.contains(&(function, name)));
    // What an empty text and R's own ways mean, and the usual programs.
    let is_usual = matches!(text, "" | "internal" | "tar" | "unzip" | "zip");
    let names_file = match function {
        "cat" | "write" => argument == Some("file"),
        "pdf" | "postscript" | "xfig" => matches!(argument, None | Some("file")),
        _ => false,
    };
    names_program && !is_usual || names_file && text.len() > 1 && text.starts_with('|')
}

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
        "gsub",
        "strsplit",
        "strtoi",
        "as.hexmode",
        "memCompress",
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
