//! `TorchServe` archives whose Python code runs programs, loads code or opens connections.

mod planted;
mod rules;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Scratch, Severity, Sink, declare_check,
};
use tutela_formats::zip::{Archive, Member};
use tutela_formats::{Entry, json};

use crate::config::shown;
use crate::inside::{location, member_name, place, read_member};
use crate::together::{EntryCheck, Visitor};
use planted::PLANTED;
use rules::{Said, handler, requirements, source};

declare_check! {
    /// TorchServe archives whose Python code runs programs, loads code or opens connections.
    ///
    /// # What it finds
    /// In a `.mar` archive (a zip with `MAR-INF/MANIFEST.json`): Python files that start programs, run code from text,
    /// load native libraries or open network connections, found by reading their source through its imports;
    /// a handler outside of the archive; compiled Python without source; requirements that are installed from an
    /// address or another index. A handler of the model's own is a medium finding by itself.
    ///
    /// # Why it matters
    /// TorchServe imports the handler when the model is registered, and installs its requirements: whoever makes the
    /// archive runs code on the server, next to everything that it serves.
    ///
    /// # Example
    /// ```text
    /// model.mar!handler.py bytes 40..49: the code uses `os.system`, which starts programs
    /// ```
    ///
    /// # How to fix
    /// Read the handler before you register the archive. Prefer TorchServe's own handlers, build the archive
    /// yourself from weights, and run the server without network access and without rights it does not need.
    ///
    /// # Limits
    /// The source is read, not run: names that are put together from texts are seen only for `getattr`. Calls of
    /// `requests` and the like are found even where they are harmless. Eager weights inside are the pickle check's business.
    ///
    /// # References
    /// CWE-94 (code injection), CWE-829; MITRE ATLAS AML.T0010.003 (supply chain compromise: model),
    /// AML.T0011.000; OWASP LLM03:2025; AI Act article 15(5); TorchServe's documentation of custom handlers.
    pub struct TorchserveHandler {
        code: "torchserve-handler",
        title: "TorchServe archive runs code of its own",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(94),
            Reference::Cwe(829),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://pytorch.org/serve/custom_service.html"),
        ],
        user: "The package that holds this model also holds a program, and the program does things that a model does not need, such as starting other programs or opening connections. Do not use it until somebody has read it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A package whose code opens connections or starts programs on the serving machine is outside of what model tests cover. The evidence names the file by its digest and the call by its place.",
    }
}

impl EntryCheck for TorchserveHandler {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let archive = entry
                .archive
                .filter(|archive| archive.members.iter().any(|member| member.name == MANIFEST));
            match archive {
                Some(archive) => Package {
                    file,
                    entry,
                    context,
                }
                .examine(archive, sink),
                None => Ok(()),
            }
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted.mar", PLANTED)
    }
}

/// Where the manifest lies.
const MANIFEST: &str = "MAR-INF/MANIFEST.json";
/// Source longer than this is not read: handlers are a few KiB.
const LONGEST: u64 = 8 << 20;
/// A `TorchServe` archive.
struct Package<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    context: &'a Context<'a>,
}

impl Package<'_> {
    fn examine(&self, archive: &Archive, sink: &mut dyn Sink) -> io::Result<()> {
        let names: Vec<&str> = archive
            .members
            .iter()
            .map(|member| member.name.as_str())
            .collect();
        let mut listed: Vec<String> = Vec::new();
        for member in archive
            .members
            .iter()
            .filter(|member| member.name == MANIFEST)
        {
            if let Some(bytes) = self.bytes(member, sink)? {
                let document = json::parse(&bytes);
                if document.fault.is_some() {
                    sink.incomplete(format!("`{}` is not JSON", self.name(member)));
                }
                let (said, requirements) = handler(&document, &names);
                listed.extend(requirements);
                self.tell(member, said, sink);
            }
        }
        for member in &archive.members {
            let name = member.name.to_ascii_lowercase();
            let is_list = listed.contains(&member.name) || name.ends_with("requirements.txt");
            if !(is_list || name.ends_with(".py") || name.ends_with(".pyc")) {
                continue;
            }
            if name.ends_with(".pyc") {
                let message = "the archive holds compiled Python, which cannot be read".to_owned();
                self.tell(
                    member,
                    vec![Said::at((0, 0), Severity::Medium, message)],
                    sink,
                );
                continue;
            }
            let Some(bytes) = self.bytes(member, sink)? else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            let said = if is_list {
                requirements(&text)
            } else {
                source(&text)
            };
            self.tell(member, said, sink);
        }
        Ok(())
    }

    /// The member's bytes; what cannot be read is told.
    fn bytes(&self, member: &Member, sink: &mut dyn Sink) -> io::Result<Option<Vec<u8>>> {
        let limit = LONGEST.min(self.context.limits.member_bytes);
        match read_member(self.entry, member, limit)? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) => {
                sink.incomplete(format!("`{}` {why}", self.name(member)));
                Ok(None)
            }
        }
    }

    fn name(&self, member: &Member) -> String {
        shown(&place(self.file, Some(&member_name(self.entry, member))))
    }

    fn tell(&self, member: &Member, said: Vec<Said>, sink: &mut dyn Sink) {
        let mut told: Vec<String> = Vec::new();
        for said in said {
            if told.len() >= 50 || told.contains(&said.message) {
                continue;
            }
            told.push(said.message.clone());
            let inner = member_name(self.entry, member);
            let here = location(self.file, self.entry)
                .in_member(&inner)
                .at(said.region());
            sink.finding(
                TorchserveHandler::INFO
                    .finding(said.message)
                    .with_severity(said.severity)
                    .at(here),
            );
        }
    }
}
