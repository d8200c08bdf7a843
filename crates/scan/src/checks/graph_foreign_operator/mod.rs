//! Operators of Paddle, `MXNet`, Caffe, CNTK and MNN models that run Python or reach out of the process.

mod mnn;

use std::collections::BTreeMap;
use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, Sink,
    declare_check, escape,
};
use tutela_formats::layers::{self, Fault, Model, Operator};
use tutela_formats::{Entry, Format};

use crate::callables::{Effect, effect};
use crate::config::{document, is_path, text_of};
use crate::inside::{location, place};
use crate::signs;
use crate::tensorflow::paths::{Reach, reach};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Operators of Paddle, MXNet, Caffe, CNTK and MNN models that run Python or reach out of the process.
    ///
    /// # What it finds
    /// In Paddle programs (`.pdmodel`, and the JSON of Paddle 3): operators that call Python, write files or talk to other computers. In MXNet
    /// graphs (`-symbol.json`): `Custom` operators, which need code of their own, and the old native operators, which
    /// jump to an address that stands in the file. In Caffe nets (`.caffemodel`, `.prototxt`): layers that import a
    /// Python module and call a name in it. In CNTK models (`.dnn`, `.cmf`): functions of the user, for which the loader
    /// runs `from module import class` as a text or opens a native library by its name. In MNN models: operators
    /// of plugins and engines, files of weights outside of the model's folder, offsets and numbers of tensors that lead out. In all of them, settings that start programs, run code or name a library by
    /// its path; and arrays of weights that declare more than the file holds.
    ///
    /// # Why it matters
    /// These frameworks build what the graph names when it is loaded. A Caffe layer with the module `os` and the name
    /// `system` is a call of it; an address in an MXNet graph is run as it stands.
    ///
    /// # Example
    /// ```text
    /// net.prototxt bytes 412..424: a layer calls `subprocess.Popen`, which can start programs
    /// ```
    ///
    /// # How to fix
    /// Do not load the model. Get it as ONNX or safetensors, or from its publisher again. Where a layer of your own in
    /// Python is meant, read its code, and pin it beside the model.
    ///
    /// # Limits
    /// Code that a layer imports from elsewhere is not read. Operators that a library adds under a plain name are not
    /// told from built-in ones. Sparse MXNet arrays and networks of CNTK 1 are not looked into.
    ///
    /// # References
    /// CWE-94 (code injection), CWE-470 (use of externally-controlled input to select code), CWE-829, CWE-822 (untrusted
    /// pointer); MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI artifacts); AI Act
    /// article 15(5).
    pub struct GraphForeignOperator {
        code: "graph-foreign-operator",
        title: "Paddle, MXNet, Caffe, CNTK or MNN model runs foreign code",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(94),
            Reference::Cwe(470),
            Reference::Cwe(822),
            Reference::Cwe(829),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
        ],
        user: "One of the building blocks of this model is not mathematics but a call of a program. Opening the model would let its maker do what you can do.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through pre-trained components. A model whose layers call programs is such an attack. The evidence names the layer by its place and the file by its digest.",
    }
}

/// Findings in one file; more say nothing new.
const MOST: usize = 50;
/// The longest net in text form that is read: the deepest are about 1 MiB.
const LONGEST: u64 = 16 << 20;

impl EntryCheck for GraphForeignOperator {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Mnn) {
                return mnn::tell((file, entry), context, sink);
            }
            let model = model((file, entry), context, sink)?;
            model.map_or(Ok(()), |(framework, model)| {
                tell((file, entry), &framework, &model, sink);
                Ok(())
            })
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let layer = b"layer { name: \"a\" type: \"Python\" python_param { module: \"os\" layer: \"system\" param_str: \"echo inert\" } }\n";
        scratch.write("planted.prototxt", layer)
    }
}

/// Which framework builds a model.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framework {
    Paddle,
    MxNet,
    Caffe,
    Cntk,
}

/// The model that an entry is, if it is one of these.
fn model(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<Option<(Framework, Model)>> {
    for (format, framework) in [
        (Format::Paddle, Framework::Paddle),
        (Format::MxNet, Framework::MxNet),
        (Format::Caffe, Framework::Caffe),
        (Format::Cntk, Framework::Cntk),
    ] {
        if entry.formats.contains(&format) {
            let model = layers::read(entry.bytes, format, context.limits)?;
            return Ok(Some((framework, model)));
        }
    }
    if entry.formats.contains(&Format::Json) {
        let words = ["arg_nodes", "node_row_ptr", "base_code"];
        let document = document((file, entry), context, &words, sink)?;
        let program = document.as_ref().and_then(layers::program);
        if let Some(model) = program {
            return Ok(Some((Framework::Paddle, model)));
        }
        let model = document.as_ref().and_then(layers::symbol);
        return Ok(model.map(|model| (Framework::MxNet, model)));
    }
    if entry.formats.is_empty()
        && let Some(text) = text_of(entry.bytes, LONGEST)?
    {
        return Ok(layers::prototxt(&text).map(|model| (Framework::Caffe, model)));
    }
    Ok(None)
}

fn tell(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    framework: &Framework,
    model: &Model,
    sink: &mut dyn Sink,
) {
    let mut told = BTreeMap::new();
    for fault in &model.faults {
        match fault {
            Fault::Beyond { at, .. } => {
                told.entry((Severity::High, fault.to_string()))
                    .or_insert(*at);
            }
            _ => sink.incomplete(format!("`{}`: {fault}", place(file, entry.member))),
        }
    }
    for operator in &model.operators {
        for (severity, message) in judge(*framework, operator) {
            told.entry((severity, message)).or_insert(operator.at);
        }
    }
    let told = told.into_iter().rev();
    let told = told.map(|((severity, message), at)| (severity, message, at));
    report(told, (file, entry), sink);
}

/// Tells the first of what is wrong, worst first, with where it stands.
fn report(
    told: impl Iterator<Item = (Severity, String, u64)>,
    (file, entry): (&ArtifactFile, &Entry<'_>),
    sink: &mut dyn Sink,
) {
    for (severity, message, at) in told.take(MOST) {
        let region = Region::Bytes {
            start: at,
            end: at.saturating_add(4),
        };
        sink.finding(
            GraphForeignOperator::INFO
                .finding(message)
                .with_severity(severity)
                .at(location(file, entry).at(region)),
        );
    }
}

/// Everything that is wrong with an operator.
fn judge(framework: Framework, operator: &Operator) -> Vec<(Severity, String)> {
    let by_kind = match framework {
        Framework::Paddle => paddle(operator),
        Framework::MxNet => mxnet(operator),
        Framework::Caffe => caffe(operator),
        Framework::Cntk => cntk(operator),
    };
    let texts = operator.texts.iter().filter_map(|(name, text)| {
        let (at, sign) = signs::find(text)?;
        let shown = escape(text.get(at..).unwrap_or(text), 120);
        let name = escape(name, 80);
        let what = sign.what();
        Some((
            Severity::High,
            format!("the setting `{name}` of an operator {what}: `{shown}`"),
        ))
    });
    by_kind.into_iter().chain(texts).collect()
}

fn paddle(operator: &Operator) -> Option<(Severity, String)> {
    let (dialect, name) = operator
        .kind
        .split_once('.')
        .unwrap_or(("", &operator.kind));
    let is_grave = |(_, text): &(String, String)| reach(text) == Reach::Grave;
    let (severity, what) = match name {
        _ if dialect == "py_op" => (Severity::High, "calls a function of Python"),
        _ if dialect == "custom_op" => (Severity::Medium, "needs a library of its own"),
        "py_func" | "py_layer" => (Severity::High, "calls a function of Python"),
        "save" | "save_combine" => (Severity::High, "writes a file when it runs"),
        "listen_and_serv" | "heter_listen_and_serv" => {
            (Severity::High, "waits for other computers")
        }
        "load" | "load_combine" | "read_file" if operator.texts.iter().any(is_grave) => {
            (Severity::High, "reads a file of the system when it runs")
        }
        "load" | "load_combine" | "read_file" => (Severity::Medium, "reads a file when it runs"),
        // Its other half, which Python keeps, is for training.
        "pylayer" => (Severity::Low, "has a part that only Python has"),
        "send" | "recv" | "recv_save" | "send_and_recv" | "send_v2" | "recv_v2" | "p_send"
        | "p_recv" => (Severity::Medium, "talks to other computers"),
        _ => return None,
    };
    let kind = escape(&operator.kind, 80);
    Some((severity, format!("operator `{kind}` {what}")))
}

fn mxnet(operator: &Operator) -> Option<(Severity, String)> {
    match operator.kind.as_str() {
        "_Native" | "_NDArray" => Some((
            Severity::High,
            format!(
                "operator `{}` jumps to the address that stands in the file",
                operator.kind
            ),
        )),
        "Custom" => {
            let kind = escape(operator.text("op_type").unwrap_or_default(), 80);
            let message =
                format!("operator `Custom` needs code that the model does not bring: `{kind}`");
            Some((Severity::Medium, message))
        }
        _ => None,
    }
}

/// The loader imports a class by running a text, or opens a library by its name.
fn cntk(operator: &Operator) -> Option<(Severity, String)> {
    let modules = operator.all("module");
    if operator.kind == "native" {
        let judged = modules.map(|module| {
            let is_path = module.contains(['/', '\\']) || module.contains("..");
            let severity = if is_path {
                Severity::High
            } else {
                Severity::Medium
            };
            let shown = escape(module, 120);
            let message = format!("a function has the loader open the library `{shown}`");
            (severity, message)
        });
        return judged.max();
    }
    let mut judged = Vec::new();
    for module in modules {
        for class in operator.all("class") {
            judged.push(cntk_class(module, class));
        }
    }
    judged.into_iter().max()
}

/// `from module import class` is run as a text, and what it names is given the state of the function.
fn cntk_class(module: &str, class: &str) -> (Severity, String) {
    let text = escape(&format!("from {module} import {class}"), 160);
    if !is_path(module) || !is_path(class) {
        let message =
            format!("a function has the loader run `{text}`, which is more than an import");
        return (Severity::Critical, message);
    }
    let effect = effect(module, class);
    match effect.severity() {
        Some(severity) if effect != Effect::Unknown => (
            severity,
            format!(
                "a function has the loader run `{text}`, which {}",
                effect.clause()
            ),
        ),
        _ => (
            Severity::Medium,
            format!("a function has the loader run `{text}`, which the model does not bring"),
        ),
    }
}

/// The layer is called with its settings as the only argument.
fn caffe(operator: &Operator) -> Option<(Severity, String)> {
    if operator.kind != "Python" {
        return None;
    }
    let module = operator.text("module").unwrap_or_default();
    let name = operator.text("layer").unwrap_or_default();
    let path = escape(&format!("{module}.{name}"), 120);
    let effect = effect(module, name);
    match effect.severity() {
        Some(severity) if effect != Effect::Unknown => Some((
            severity,
            format!("a layer calls `{path}`, which {}", effect.clause()),
        )),
        _ => Some((
            Severity::Medium,
            format!("a layer calls `{path}`, which the model does not bring"),
        )),
    }
}
