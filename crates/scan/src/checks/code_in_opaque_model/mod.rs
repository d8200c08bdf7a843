//! Code in models whose formats are only recognised.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Limits, Reference, Region, Scratch, Sink,
    declare_check, escape,
};
use tutela_formats::{Entry, Format, layers, strings};

use crate::inside::location;
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Code in models whose formats are only recognised.
    ///
    /// # What it finds
    /// In models of ExecuTorch, PyTorch mobile, ONNX Runtime, TensorRT, RKNN, Torch7, Paddle and GGML, which are not taken
    /// apart: programs and libraries for the processor of the host, paths of libraries to load, and texts
    /// that start programs, run code or talk to other computers.
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
    /// missed, and the file stays incomplete in other checks. The vocabulary of a model of program text can
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
            let format = entry.formats.iter().find(|format| is_opaque(**format));
            format.map_or(Ok(()), |format| {
                examine((file, entry), *format, context.limits, sink)
            })
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted.engine",
            b"ftrt\0\0\0\0plugin\0/tmp/planted/plugin.so\0",
        )
    }
}

/// The models that only this check looks into.
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
    )
}

/// Whether a text in a model says something: vocabularies hold any word, and a Paddle program the lines of the script
/// that made it, where it is followed operator by operator.
fn has_texts(entry: &Entry<'_>, format: Format, limits: &Limits) -> io::Result<bool> {
    Ok(match format {
        Format::Ggml => false,
        Format::Paddle => !layers::read(entry.bytes, format, limits)?.faults.is_empty(),
        _ => true,
    })
}

fn examine(
    (file, entry): (&ArtifactFile, &Entry<'_>),
    format: Format,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let finding = |start: u64, end: u64, message: String| -> Finding {
        CodeInOpaqueModel::INFO
            .finding(message)
            .at(location(file, entry).at(Region::Bytes { start, end }))
    };
    for start in strings::programs(entry.bytes, MOST)? {
        let message = format!("a program or library for the host's processor lies in the {format}");
        sink.finding(finding(start, start.saturating_add(64), message));
    }
    if !has_texts(entry, format, limits)? {
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
                let message = format!("a text in the {format} {}: `{shown}`", sign.what());
                sink.finding(finding(start, end, message));
            }
        }
        Ok(())
    })
}
