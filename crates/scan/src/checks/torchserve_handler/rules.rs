//! What the parts of a `TorchServe` archive do: manifest, source and requirements.

use tutela_core::{Region, Severity};
use tutela_formats::tree::Document;

use crate::config::shown;
use crate::source::{Deed, acts};

/// Something to say about bytes of a member.
pub(super) struct Said {
    region: (u64, u64),
    /// How bad it is.
    pub(super) severity: Severity,
    /// The sentence.
    pub(super) message: String,
}

impl Said {
    pub(super) const fn at(region: (u64, u64), severity: Severity, message: String) -> Self {
        Self {
            region,
            severity,
            message,
        }
    }

    pub(super) const fn region(&self) -> Region {
        Region::Bytes {
            start: self.region.0,
            end: self.region.1,
        }
    }
}

/// What the manifest says of the handler, and the files of requirements that it names.
pub(super) fn handler(document: &Document, names: &[&str]) -> (Vec<Said>, Vec<String>) {
    /// Handlers that `TorchServe` brings.
    const OWN: &[&str] = &[
        "base_handler",
        "image_classifier",
        "image_segmenter",
        "object_detector",
        "text_classifier",
        "text_handler",
        "vision_handler",
    ];
    let (mut said, mut listed) = (Vec::new(), Vec::new());
    for root in &document.roots {
        root.each("", &mut |key, node| {
            let Some(text) = node.text().filter(|text| !text.is_empty()) else {
                return;
            };
            let region = (node.start, node.end);
            if key == "requirementsFile" {
                listed.push(text.to_owned());
            }
            let is_file = matches!(
                key,
                "handler" | "modelFile" | "serializedFile" | "requirementsFile" | "configFile"
            );
            if is_file
                && (text.contains("..") || text.starts_with(['/', '\\']) || text.contains("://"))
            {
                let message = format!(
                    "the manifest's `{key}` is `{}`, outside of the archive",
                    shown(text)
                );
                said.push(Said::at(region, Severity::High, message));
            } else if key == "handler" && !OWN.contains(&text) {
                let file = text.split(':').next().unwrap_or_default();
                let with_end = format!("{file}.py");
                let is_there = names.iter().any(|name| *name == file || *name == with_end);
                let whose = if is_there {
                    "of its own"
                } else {
                    "that it does not hold"
                };
                let message = format!(
                    "the archive has a handler {whose}, `{}`, which the server imports",
                    shown(text)
                );
                said.push(Said::at(region, Severity::Medium, message));
            }
        });
    }
    (said, listed)
}

/// What Python source does that serving a model does not need.
pub(super) fn source(text: &str) -> Vec<Said> {
    acts(text)
        .into_iter()
        .map(|act| {
            let severity = match act.deed {
                Deed::Pickles => Severity::Medium,
                _ => Severity::High,
            };
            let message = format!(
                "the code uses `{}`, which {}",
                shown(&act.path),
                act.deed.clause()
            );
            Said::at(act.region, severity, message)
        })
        .collect()
}

/// Requirements that are installed from elsewhere than the usual index.
pub(super) fn requirements(text: &str) -> Vec<Said> {
    const OPTIONS: &[&str] = &[
        "--extra-index-url",
        "--find-links",
        "--index-url",
        "--trusted-host",
        "-f ",
        "-i ",
    ];
    let mut said = Vec::new();
    let mut start = 0_u64;
    for line in text.split('\n') {
        let end = start.saturating_add(line.len() as u64);
        let plain = line.split(" #").next().unwrap_or_default().trim();
        let from_elsewhere = OPTIONS.iter().any(|option| plain.starts_with(option))
            || (plain.contains("://") && !plain.starts_with('#'));
        if from_elsewhere {
            let message = format!(
                "a requirement is installed from elsewhere: `{}`",
                shown(plain)
            );
            said.push(Said::at((start, end), Severity::Medium, message));
        }
        start = end.saturating_add(1);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(text: &str) -> Option<Severity> {
        source(text).iter().map(|said| said.severity).max()
    }

    #[test]
    fn code_that_serving_does_not_need_is_found() {
        for text in [
            "import os\nos.system('x')",
            "from subprocess import Popen as P\nP(['x'])",
            "import socket, pty, os\ns = socket.socket()",
            "exec(open('x').read())",
            "__import__('os').system('x')",
            "import builtins\nbuiltins.eval('1')",
            "import urllib.request\nurllib.request.urlopen('x')",
            "from ctypes import CDLL",
        ] {
            assert_eq!(worst(text), Some(Severity::High), "{text}");
        }
    }

    #[test]
    fn ordinary_handlers_are_not() {
        let text = "import os, json, logging\nimport torch\nfrom ts.torch_handler.base_handler import BaseHandler\n\
            class H(BaseHandler):\n  def initialize(self, context):\n    self.model = torch.jit.load(os.path.join(context.dir, 'm.pt'))\n\
            \x20   self.model.eval()\n    # os.system('x')\n    self.run('eval(x)')\n    os.environ['A'] = os.getcwd()\n";
        assert_eq!(worst(text), None);
        assert!(requirements("torch==2.4\n# https://x\nnumpy # see http://y\n").is_empty());
        assert_eq!(
            requirements("a @ https://x/y.whl\n--index-url http://z\n").len(),
            2
        );
    }
}
