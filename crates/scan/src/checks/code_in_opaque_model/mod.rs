//! Code in models whose formats are not, or not wholly, taken apart.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Reference, Region, Scratch, Sink,
    declare_check, escape,
};
use tutela_formats::torchscript::mobile;
use tutela_formats::{Entry, Format, layers, onnx, strings};

use crate::config::name_of;
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Code in models whose formats are not, or not wholly, taken apart.
    ///
    /// # What it finds
    /// In models of TensorRT, RKNN, GGML and CNTK 1, which are only recognised, in those of ONNX Runtime, PyTorch mobile, ExecuTorch, Torch7,
    /// CNTK and Paddle beside what their own checks read, and in files of no known format that are named like an engine (`.engine`,
    /// `.plan`, `.mnn`, `.cntk`, `.om` and others): programs and libraries for the processor of the host, paths of
    /// libraries to load, and texts that start programs, run code or talk to other computers.
    ///
    /// # Why it matters
    /// Several of these formats run what they carry: a TensorRT engine loads the plugins that are packed into it,
    /// a Torch7 file brings functions of Lua, a Paddle program can call Python. Weights do not hold such texts by
    /// chance, so one of them says what the file is for.
    ///
    /// # Example
    /// ```text
    /// net.t7 bytes 412..458: a text in the Torch7 model starts programs: `os.execute("curl …`
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Get the model in a format that carries no code (safetensors, ONNX), or build the
    /// engine yourself from one.
    ///
    /// # Limits
    /// The file is searched, not understood: code that is packed, encrypted or compiled for an accelerator is
    /// missed, and a file that is only recognised stays incomplete in other checks. The vocabulary of a model of program text can
    /// hold such words; GGML files, which carry vocabularies, are therefore searched for programs only.
    ///
    /// # References
    /// CWE-506 (embedded malicious code), CWE-829 (inclusion of functionality from untrusted control sphere);
    /// MITRE ATLAS AML.T0018.002 (embed malware), AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5).
    pub struct CodeInOpaqueModel {
        code: "code-in-opaque-model",
        title: "code in a model that cannot be taken apart",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(506),
            Reference::Cwe(829),
            Reference::atlas("AML.T0018.002"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
        ],
        user: "This model carries instructions that have nothing to do with its task, such as starting other programs on the computer that opens it.",
        policymaker: "Article 15(5) of the AI Act asks that systems resist attempts to alter them through their components. A model that carries code is a program of a stranger and has to be treated as one. The evidence names the file by its digest and shows the text.",
    }
}

/// Findings in one file; more say nothing new.
const MOST: usize = 20;
/// The shortest text that is looked at.
const LEAST: usize = 5;

impl EntryCheck for CodeInOpaqueModel {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let here = (file, entry);
            let format = entry.formats.iter().find(|format| is_opaque(**format));
            if let Some(format) = format {
                let texts = has_texts(entry, *format, context.limits)?;
                return examine(here, format.name(), texts, sink);
            }
            if let Some(name) = claimed(here)? {
                let place = place(file, entry.member);
                sink.incomplete(format!(
                    "`{place}` is called {name} and is of no known format: it is searched, not understood"
                ));
                return examine(here, name, true, sink);
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted.engine",
            b"ftrt\0\0\0\0plugin\0/tmp/planted/plugin.so\0",
        )
    }
}

/// The models that are searched for texts, those among them that other checks read too.
const fn is_opaque(format: Format) -> bool {
    matches!(
        format,
        Format::ExecuTorch
            | Format::OnnxRuntime
            | Format::TorchMobile
            | Format::TensorRt
            | Format::Rknn
            | Format::Torch7
            | Format::Paddle
            | Format::Ggml
            | Format::Cntk
            | Format::CntkNetwork
    )
}

/// What the name of a file says that it is, when its content is of no known format and no text. A name decides
/// nothing but that the bytes are worth a search.
fn claimed((file, entry): (&ArtifactFile, &Entry<'_>)) -> io::Result<Option<&'static str>> {
    let name = name_of(file, entry);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = ENDINGS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending));
    let Some((_, claim)) = known.filter(|_| entry.formats.is_empty() && !entry.bytes.is_empty())
    else {
        return Ok(None);
    };
    let mut head = [0; 4096];
    let count = entry.bytes.read_at(0, &mut head)?;
    let head = head.get(..count).unwrap_or_default();
    let is_odd = |byte: &u8| matches!(byte, 0..=8 | 14..=31 | 0x7f);
    // A letter that the window cuts is no fault of the text.
    let is_text =
        std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    Ok((!is_text || head.iter().any(is_odd)).then_some(*claim))
}

/// Endings of engines and models in formats that are not told by their content, or not in every version.
const ENDINGS: &[(&str, &str)] = &[
    ("bmodel", "model for Sophon processors"),
    ("caffemodel", "Caffe model"),
    ("cmf", "CNTK model"),
    ("cntk", "CNTK model"),
    ("dlc", "model for Qualcomm processors"),
    ("dnn", "CNTK model"),
    ("engine", "TensorRT engine"),
    ("hef", "model for Hailo processors"),
    ("kmodel", "model for Kendryte processors"),
    ("mnn", "MNN model"),
    ("nb", "Paddle Lite model"),
    ("om", "model for Ascend processors"),
    ("pdiparams", "Paddle model"),
    ("pdmodel", "Paddle model"),
    ("plan", "TensorRT engine"),
    ("pte", "ExecuTorch model"),
    ("rknn", "RKNN model"),
    ("t7", "Torch7 model"),
    ("tmfile", "Tengine model"),
    ("trt", "TensorRT engine"),
    ("xmodel", "model for Xilinx processors"),
];

/// Whether a text in a model says something: vocabularies hold any word, and a Paddle program the lines of the script
/// that made it, where it is followed operator by operator.
fn has_texts(entry: &Entry<'_>, format: Format, limits: &Limits) -> io::Result<bool> {
    Ok(match format {
        Format::Ggml => false,
        Format::Paddle => !layers::read(entry.bytes, format, limits)?.faults.is_empty(),
        Format::TorchMobile => !mobile::read(entry.bytes, limits)?.faults.is_empty(),
        Format::OnnxRuntime => {
            let model = entry.onnx(limits)?;
            !model.faults.is_empty() || !model.operators.iter().any(has_words)
        }
        _ => true,
    })
}

/// Whether an operator of ONNX brings words along: those of tokenizers, of classic learning, of texts.
fn has_words(operator: &onnx::Operator) -> bool {
    let is_classic = operator.domain.starts_with("ai.onnx.ml");
    let words = ["String", "Token", "Vocab", "TfIdf", "Label", "Bpe"];
    is_classic || words.iter().any(|word| operator.name.contains(word))
}

fn examine(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    name: &str,
    texts: bool,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let finding = |start: u64, end: u64, message: String| -> Finding {
        CodeInOpaqueModel::INFO
            .finding(message)
            .at(location(file, entry).at(Region::Bytes { start, end }))
    };
    for start in strings::programs(entry.bytes, MOST)? {
        let message = format!("a program or library for the host's processor lies in the {name}");
        sink.finding(finding(start, start.saturating_add(64), message));
    }
    if !texts {
        return Ok(());
    }
    let mut told = 0_usize;
    let mut reached = 0;
    strings::texts(entry.bytes, LEAST, &mut |at, text| {
        // Pieces of a long text overlap; what lies in the part shown before was told.
        if let Some((within, sign)) = signs::find(text)
            && told < MOST
        {
            let start = at.saturating_add(within as u64);
            if start >= reached {
                let shown = escape(text.get(within..).unwrap_or(text), 120);
                let end = at.saturating_add(text.len() as u64);
                reached = end;
                told = told.saturating_add(1);
                let message = format!("a text in the {name} {}: `{shown}`", sign.what());
                sink.finding(finding(start, end, message));
            }
        }
        Ok(())
    })
}
