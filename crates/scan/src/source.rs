//! What Python source does that using a model does not need, told from the names that it uses.

use tutela_formats::python;

/// What a name in the source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Starts a program or a shell.
    Programs,
    /// Runs text or bytes as code.
    Code,
    /// Loads a native library.
    Native,
    /// Opens connections, or sends to one.
    Connects,
    /// Fetches something from an address.
    Fetches,
    /// Loads pickles.
    Pickles,
}

impl Deed {
    /// How a sentence goes on.
    pub(crate) const fn clause(self) -> &'static str {
        match self {
            Self::Programs => "starts programs",
            Self::Code => "runs or loads code",
            Self::Native => "loads native code",
            Self::Connects => "opens network connections",
            Self::Fetches => "fetches from the network",
            Self::Pickles => "loads pickles, which can run code",
        }
    }
}

/// A name in the source that does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    /// The name, through its imports.
    pub(crate) path: String,
    /// What it does.
    pub(crate) deed: Deed,
    /// Whether it stands where importing the file runs it, or making an object of a class in it.
    pub(crate) at_once: bool,
    /// Where it stands.
    pub(crate) region: (u64, u64),
}

/// Acts that are told of one file.
const ACTS: usize = 500;

/// Everything in Python source that does something, in its order.
pub(crate) fn acts(text: &str) -> Vec<Act> {
    python::uses(text)
        .into_iter()
        .filter_map(|used| {
            let deed = deed(&used.path, used.is_called)?;
            Some((used, deed))
        })
        .take(ACTS)
        .map(|(used, deed)| Act {
            at_once: runs_at_once(text, used.region.0),
            path: used.path,
            deed,
            region: used.region,
        })
        .collect()
}

/// Functions that run without anybody calling them: when an object is made, unpickled or let go.
const UNASKED: &[&str] = &[
    "__init__",
    "__new__",
    "__init_subclass__",
    "__setstate__",
    "__del__",
    "__getattr__",
    "from_pretrained",
    "initialize",
];

/// Whether a place is outside of every function but those that run unasked.
fn runs_at_once(text: &str, at: u64) -> bool {
    /// Lines that are looked back over; longer functions are taken for the file's own statements.
    const LINES: usize = 2_000;
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let before = text.get(..at).unwrap_or_default();
    let mut lines = before.rsplit('\n');
    let mut indent = lines.next().map_or(0, indentation);
    for line in lines.take(LINES) {
        let inner = line.trim_start();
        if inner.is_empty() || inner.starts_with('#') || indentation(line) >= indent {
            continue;
        }
        indent = indentation(line);
        let inner = inner.strip_prefix("async ").unwrap_or(inner);
        if let Some(rest) = inner.strip_prefix("def ") {
            let name = rest.split('(').next().unwrap_or_default().trim();
            return UNASKED.contains(&name);
        }
    }
    true
}

fn indentation(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

/// What a name does, if that is something that a model has no need for.
pub(crate) fn deed(path: &str, is_called: bool) -> Option<Deed> {
    let bare = path.strip_prefix("builtins.").unwrap_or(path);
    if matches!(bare, "eval" | "exec" | "__import__") && is_called {
        return Some(Deed::Code);
    }
    if path.split('.').any(|part| part == "__builtins__") {
        return Some(Deed::Code);
    }
    let (module, name) = path.split_once('.')?;
    match module {
        "os" | "posix" | "nt" => starts_program(name).then_some(Deed::Programs),
        "subprocess" | "pty" | "pexpect" | "commands" | "popen2" => {
            let is_constant = name
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '_');
            let is_error = name.ends_with("Error") || name.ends_with("Expired");
            (!is_constant && !is_error).then_some(Deed::Programs)
        }
        "asyncio" => name
            .starts_with("create_subprocess")
            .then_some(Deed::Programs),
        "socket" => matches!(
            name,
            "socket" | "create_connection" | "create_server" | "socketpair"
        )
        .then_some(Deed::Connects),
        "urllib" => {
            (name.starts_with("request") || name.starts_with("url")).then_some(Deed::Fetches)
        }
        "requests" | "httpx" | "aiohttp" | "urllib3" | "urllib2" => requests(name),
        "ftplib" | "smtplib" | "telnetlib" | "paramiko" | "websocket" | "websockets" => {
            Some(Deed::Connects)
        }
        "http" => name.starts_with("client.").then_some(Deed::Connects),
        "ctypes" | "cffi" => Some(Deed::Native),
        "marshal" | "runpy" | "code" => is_called.then_some(Deed::Code),
        "pickle" | "dill" | "cloudpickle" => {
            matches!(name, "load" | "loads" | "Unpickler").then_some(Deed::Pickles)
        }
        _ => None,
    }
}

fn starts_program(name: &str) -> bool {
    let program = ["exec", "spawn", "posix_spawn", "fork"]
        .iter()
        .any(|start| name.starts_with(start));
    program || matches!(name, "system" | "popen" | "startfile" | "dup2" | "__dict__")
}

/// What a client of HTTP does: its exceptions and adapters do nothing.
fn requests(name: &str) -> Option<Deed> {
    const SENDS: &[&str] = &["post", "put", "patch", "delete", "request"];
    if name.contains("exceptions") || name.contains("adapters") {
        return None;
    }
    let sends = SENDS.contains(&name);
    Some(if sends { Deed::Connects } else { Deed::Fetches })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(text: &str) -> Vec<bool> {
        acts(text).into_iter().map(|act| act.at_once).collect()
    }

    #[test]
    fn what_runs_unasked_is_told() {
        for text in [
            "import os\nos.system('x')\n",
            "import os\nif True:\n  os.system('x')\n",
            "import os\nclass M:\n  y = os.system('x')\n",
            "import os\nclass M:\n  def __init__(self):\n    if 1:\n      # c\n\n      os.system('x')\n",
            "import os\ndef f():\n  pass\nos.system('x')\n",
        ] {
            assert_eq!(at_once(text), [true], "{text}");
        }
        for text in [
            "import os\ndef f():\n  os.system('x')\n",
            "import os\nclass M:\n  async def run(self):\n    with a:\n      os.system('x')\n",
        ] {
            assert_eq!(at_once(text), [false], "{text}");
        }
    }

    #[test]
    fn deeds_are_told_apart() {
        for (text, deed) in [
            ("import requests\nrequests.get(u)", Some(Deed::Fetches)),
            ("import requests\nrequests.post(u)", Some(Deed::Connects)),
            ("from requests.exceptions import HTTPError", None),
            ("__builtins__['eval']('1')", Some(Deed::Code)),
            ("import os\nos.__dict__['x']", Some(Deed::Programs)),
            (
                "import asyncio\nasyncio.create_subprocess_shell('x')",
                Some(Deed::Programs),
            ),
            ("import torch\nmodel.eval()\ntorch.compile(m)", None),
        ] {
            let found = acts(text).first().map(|act| act.deed);
            assert_eq!(found, deed, "{text}");
        }
    }
}
