//! Chat templates that break out of the template into Python.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Scratch, Severity, Sink, declare_check,
};
use tutela_formats::tree::Document;
use tutela_formats::{Entry, Format, gguf};

use crate::config::{REMARKS, Remark, document, name_of, report, text_of};
use crate::template::{is_template, judge_template};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Chat templates that break out of the template into Python.
    ///
    /// # What it finds
    /// Jinja templates that reach what a template has no use for: attributes such as `__class__`,
    /// `__globals__` or `_TemplateReference__context`, frames of generators, calls of `popen` or `eval`, the
    /// filter `attr` with a name that is computed, and `include`, `import` or `extends` of other files. It
    /// looks into `chat_template` and every other text of JSON and YAML files and into template files of their own,
    /// also inside archives. The template is read as Jinja reads it, so a name put together by `~`, `join`,
    /// `format`, `replace`, `reverse`, slices, escapes or variables is judged as the name that it becomes.
    ///
    /// # Why it matters
    /// Every chat request renders the template. Programs that render it without a sandbox run the attacker's
    /// Python code with the first message (CVE-2024-34359 in llama-cpp-python). The weights are untouched, so
    /// scanners of pickles see nothing.
    ///
    /// # Example
    /// ```text
    /// tokenizer_config.json bytes 40..130: the template reaches the attribute `__globals__`, which leads out of the template into Python
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. Compare the template with the one of the original model and get it from there.
    /// Render templates only with Jinja's `ImmutableSandboxedEnvironment`, which transformers uses.
    ///
    /// # Limits
    /// A template that only adds words to the conversation (a hidden instruction) is not found. Names that
    /// come from the conversation itself are not known. Source code, web pages and prose are not read as templates.
    ///
    /// # References
    /// CWE-1336 (improper neutralization of special elements used in a template engine), CWE-94;
    /// CVE-2024-34359; MITRE ATLAS AML.T0010.003 (supply chain compromise: model); OWASP LLM03:2025; AI Act article
    /// 15(5); Jinja's documentation of its sandbox.
    pub struct ChatTemplateCode {
        code: "chat-template-code",
        title: "chat template breaks out into Python",
        severity: Critical,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(1336),
            Reference::Cwe(94),
            Reference::advisory("CVE-2024-34359"),
            Reference::atlas("AML.T0010.003"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://jinja.palletsprojects.com/en/stable/sandbox/"),
        ],
        user: "This model brings a text form that every chat goes through, and the form hides a program. Whoever made it could read what you write and take over the computer that answers you. Do not use it.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A template that runs code is such an attack outside the weights, where most tests do not look. The evidence names the file by its digest and the expression by its place; a finding here cannot be waived.",
    }
}

impl EntryCheck for ChatTemplateCode {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| examine((file, entry), context, sink))
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let template = br"{{ messages[0]['content'] }}{{ cycler.__init__.__globals__ }}";
        scratch.write("planted/chat_template.jinja", template)
    }
}

fn examine(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let name = name_of(file, entry);
    let mut remarks = Vec::new();
    if entry.formats.contains(&Format::Gguf) {
        in_model(entry.gguf(context.limits)?, &mut remarks);
    } else if let Some(document) = document((file, entry), context, &["{{", "{%"], sink)? {
        in_document(&document, &mut remarks);
    }
    // A template may happen to be YAML as well: `{{ x }}` is a mapping of a mapping.
    if let Some(text) = template_text(name, entry)? {
        let least = least_severity(&name.to_ascii_lowercase());
        in_text(&text, least, None, &mut remarks);
    }
    report(&ChatTemplateCode::INFO, remarks, (file, entry), sink);
    Ok(())
}

/// llama.cpp and its bindings render the templates among a model's metadata.
fn in_model(model: &gguf::Model, remarks: &mut Vec<Remark>) {
    for pair in &model.metadata {
        let texts = match &pair.value {
            gguf::Value::Text(text) => std::slice::from_ref(text),
            gguf::Value::Texts(texts) => texts.as_slice(),
            _ => continue,
        };
        for text in texts.iter().filter(|text| is_template(text)) {
            let least = least_severity(&pair.key.to_ascii_lowercase());
            in_text(text, least, Some((pair.start, pair.end)), remarks);
        }
    }
}

fn in_document(document: &Document, remarks: &mut Vec<Remark>) {
    for root in &document.roots {
        root.each("", &mut |key, node| {
            if let Some(text) = node
                .text()
                .filter(|text| remarks.len() < REMARKS && is_template(text))
            {
                let least = least_severity(&key.to_ascii_lowercase());
                in_text(text, least, Some((node.start, node.end)), remarks);
            }
        });
    }
}

/// What counts in a text: everything where it is called a template, else only what is an attack in any.
fn least_severity(name: &str) -> Severity {
    let is_called = ["template", ".jinja", ".j2"];
    if is_called.iter().any(|part| name.contains(part)) {
        Severity::Medium
    } else {
        Severity::Critical
    }
}

fn in_text(text: &str, least: Severity, region: Option<(u64, u64)>, remarks: &mut Vec<Remark>) {
    for deed in judge_template(text) {
        if deed.severity >= least {
            remarks.push(Remark {
                severity: deed.severity,
                message: format!("the template {}: `{}`", deed.does, deed.tag),
                region: region.unwrap_or(deed.region),
            });
        }
    }
}

/// The text of a file that may be a template: anything but source code, web pages and prose.
fn template_text(name: &str, entry: &Entry<'_>) -> io::Result<Option<String>> {
    /// Templates of well-known models are below 20 KiB.
    const LONGEST: u64 = 1 << 20;
    const OTHERS: &[&str] = &[
        "c", "cc", "cfg", "cpp", "css", "csv", "go", "h", "hpp", "htm", "html", "ini", "ipynb",
        "java", "js", "jsonl", "jsx", "md", "py", "pyi", "rb", "rs", "rst", "sh", "svg", "tex",
        "toml", "ts", "tsv", "tsx", "vue", "xml", "yaml", "yml",
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_other = OTHERS
        .binary_search(&extension.to_ascii_lowercase().as_str())
        .is_ok();
    if is_other || !entry.formats.is_empty() {
        return Ok(None);
    }
    Ok(text_of(entry.bytes, LONGEST)?.filter(|text| is_template(text)))
}
