//! Code in models whose formats are not, or not wholly, taken apart.

mod library;

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Reference, Region, Scratch, Sink,
    declare_check, escape,
};
use tutela_formats::torchscript::mobile;
use tutela_formats::{Entry, Format, layers, mnn, onnx, strings};

use crate::config::name_of;
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};
use library::Library;

declare_check! {
    /// Code in models whose formats are not, or not wholly, taken apart.
    ///
    /// # What it finds
    /// In models of TensorRT, RKNN, GGML and CNTK 1, which are only recognised, in those of ONNX Runtime, PyTorch mobile, ExecuTorch, Torch7,
    /// CNTK, MNN and Paddle beside what their own checks read, and in files of no known format that are named like an engine (`.engine`,
    /// `.plan`, `.mnn`, `.cntk`, `.om` and others): programs and libraries for the processor of the host, paths of
    /// libraries to load, and texts that start programs, run code or talk to other computers, written with one byte or with
    /// two a letter. Of a library in a TensorRT engine it is told whether it has the entry points of a plugin, or calls
    /// itself the lean runtime of a version-compatible engine.
    ///
    /// # Why it matters
    /// Several of these formats run what they carry: TensorRT opens the plugins that are packed into an engine when it
    /// deserialises it, whatever `engine_host_code_allowed` says, and runs a lean runtime in it where host code is allowed;
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
    /// A lean runtime is NVIDIA's own in honest engines, and nothing here can tell whether this one is: build without it
    /// (`EXCLUDE_LEAN_RUNTIME`) or declare the file. The file is searched, not understood: code that is packed, encrypted or compiled for an accelerator is
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
                if !format.is_understood() {
                    let place = place(file, entry.member);
                    sink.incomplete(format!(
                        "`{place}` is recognised ({format}) and searched to its end for programs, libraries and commands, \
                         but not understood"
                    ));
                }
                let texts = has_texts(entry, *format, context.limits)?;
                return Search::new(here, format.name()).run(Some(*format), texts, sink);
            }
            if let Some(name) = claimed(here)? {
                let place = place(file, entry.member);
                sink.incomplete(format!(
                    "`{place}` is called {name} and is of no known format: it is searched, not understood"
                ));
                return Search::new(here, name).run(None, true, sink);
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
            | Format::Mnn
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
        Format::Mnn => !mnn::read(entry.bytes, limits)?.faults.is_empty(),
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

/// A search through all bytes of a model.
struct Search<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    /// What the model is called in a sentence.
    name: &'a str,
    /// How many texts were told.
    told: usize,
    /// Where the text told last ends: pieces of a long text overlap.
    reached: u64,
}

impl<'a> Search<'a> {
    const fn new((file, entry): (&'a ArtifactFile, &'a Entry<'a>), name: &'a str) -> Self {
        Self {
            file,
            entry,
            name,
            told: 0,
            reached: 0,
        }
    }

    fn run(&mut self, format: Option<Format>, texts: bool, sink: &mut dyn Sink) -> io::Result<()> {
        let places = strings::programs(self.entry.bytes, MOST)?;
        for (index, start) in places.iter().copied().enumerate() {
            let what = match format {
                Some(Format::TensorRt) => {
                    let end = places.get(index.saturating_add(1)).copied();
                    library::what(self.entry.bytes, start, end)?
                }
                _ => Library::Any,
            };
            let message = format!(
                "a program or library for the host's processor lies in the {}{}",
                self.name,
                what.clause()
            );
            let end = start.saturating_add(64);
            sink.finding(
                self.finding(start, end, message)
                    .with_severity(what.severity()),
            );
        }
        if !texts {
            return Ok(());
        }
        strings::texts(self.entry.bytes, LEAST, &mut |at, text| {
            self.text((at, 1), text, sink);
            Ok(())
        })?;
        self.reached = 0;
        strings::wide_texts(self.entry.bytes, LEAST, &mut |at, text| {
            self.text((at, 2), text, sink);
            Ok(())
        })
    }

    /// Tells a text that says something; its letters take `width` bytes each.
    fn text(&mut self, (at, width): (u64, u64), text: &str, sink: &mut dyn Sink) {
        let Some((within, sign)) = signs::find(text).filter(|_| self.told < MOST) else {
            return;
        };
        let place = |letters: usize| at.saturating_add((letters as u64).saturating_mul(width));
        let (start, end) = (place(within), place(text.len()));
        if start < self.reached {
            return;
        }
        self.reached = end;
        self.told = self.told.saturating_add(1);
        let shown = escape(text.get(within..).unwrap_or(text), 120);
        let message = format!("a text in the {} {}: `{shown}`", self.name, sign.what());
        sink.finding(self.finding(start, end, message));
    }

    fn finding(&self, start: u64, end: u64, message: String) -> Finding {
        CodeInOpaqueModel::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(Region::Bytes { start, end }))
    }
}
