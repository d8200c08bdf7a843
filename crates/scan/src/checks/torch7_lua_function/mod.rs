//! Functions of Lua inside of Torch7 files.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Bytes, Context, Error, Reference, Region, Scratch, Severity, Sink,
    Window, declare_check, escape, read_all,
};
use tutela_formats::torch7::{self, Fault, Function};
use tutela_formats::{Entry, Format};

use crate::inside::{location, place};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Functions of Lua inside of Torch7 files.
    ///
    /// # What it finds
    /// In files of Torch 7 (`.t7`, `.net`, binary and text): every function in Lua's compiled form, with what it names
    /// of the operating system; and tables, texts, tensors and storages that declare more than the file holds.
    ///
    /// # Why it matters
    /// `torch.load` gives the bytes of such a function to `loadstring` and puts the result where the model's own methods
    /// are looked for, so that the next call of `forward` runs it. Compiled Lua is not verified when it is loaded: a
    /// crafted function breaks out of the interpreter.
    ///
    /// # Example
    /// ```text
    /// net.t7 bytes 412..458: a function of Lua that names `os.execute`
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Convert it where nothing can be lost, or get the weights in a format without code
    /// (safetensors). Layers need no functions of their own: most files have none.
    ///
    /// # Limits
    /// Compiled functions are searched for the names that they use, not decompiled; one that puts its names together
    /// while it runs is reported as a function, without them. Classes with readers of their own in C end the reading,
    /// which leaves the file incomplete.
    ///
    /// # References
    /// CWE-502 (deserialisation of untrusted data), CWE-94 (code injection); MITRE ATLAS AML.T0018.002 (embed malware),
    /// AML.T0011.000 (unsafe AI artifacts); AI Act article 15(5).
    pub struct Torch7LuaFunction {
        code: "torch7-lua-function",
        title: "Torch7 file brings functions",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(502),
            Reference::Cwe(94),
            Reference::atlas("AML.T0018.002"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://github.com/torch/torch7/blob/master/doc/serialization.md"),
        ],
        user: "This model carries a small program that runs when the model is used. It could do anything on the computer that opens it.",
        policymaker: "Article 15(5) of the AI Act asks that systems resist attempts to alter them through their components. A model that carries compiled code is a program of a stranger and has to be treated as one. The evidence names the file by its digest and the code by its place.",
    }
}

/// Functions that are told for one file; more say nothing new.
const MOST: usize = 20;
/// Bytes of a function that are searched.
const LONGEST: u64 = 1 << 20;

impl EntryCheck for Torch7LuaFunction {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            if entry.formats.contains(&Format::Torch7) {
                examine(file, entry, context, sink)?;
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        let function = b"\x08\0\0\0\x01\0\0\0\x10\0\0\0\x1bLJ\x02\x07os\x0cexecute\0\0\0\0\0";
        scratch.write("planted.t7", function)
    }
}

fn examine(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let read = torch7::read(entry.bytes, context.limits)?;
    let at = |start: u64, end: u64| location(file, entry).at(Region::Bytes { start, end });
    for function in read.functions.iter().take(MOST) {
        let (severity, message) = judge(entry.bytes, function)?;
        let end = function.at.saturating_add(function.length);
        sink.finding(
            Torch7LuaFunction::INFO
                .finding(message)
                .with_severity(severity)
                .at(at(function.at, end)),
        );
    }
    match &read.fault {
        Some(fault @ Fault::Beyond { at: start, .. }) => sink.finding(
            Torch7LuaFunction::INFO
                .finding(fault.to_string())
                .at(at(*start, start.saturating_add(4))),
        ),
        Some(fault) => {
            let here = place(file, entry.member);
            sink.incomplete(format!("`{here}` was not read to its end: {fault}"));
        }
        None => {}
    }
    Ok(())
}

/// What a function names.
fn judge(bytes: &dyn Bytes, function: &Function) -> io::Result<(Severity, String)> {
    let length = function.length.min(LONGEST);
    let code = read_all(&Window::new(bytes, function.at, length), LONGEST)?;
    let named = NAMES.iter().find(|(words, _)| {
        let mut words = words.split('.');
        words.all(|word| holds_word(&code, word.as_bytes()))
    });
    Ok(match named {
        Some((name, severity)) => (
            *severity,
            format!("a function of Lua that names `{}`", escape(name, 80)),
        ),
        None => (
            Severity::Medium,
            "a function of Lua, which runs when the model is used".to_owned(),
        ),
    })
}

/// What no layer needs, by the words in which a compiled function keeps a name.
const NAMES: &[(&str, Severity)] = &[
    ("os.execute", Severity::Critical),
    ("io.popen", Severity::Critical),
    ("package.loadlib", Severity::Critical),
    ("ffi.load", Severity::Critical),
    ("ffi.cdef", Severity::Critical),
    ("loadstring", Severity::Critical),
    ("dofile", Severity::High),
    ("loadfile", Severity::High),
    ("os.remove", Severity::High),
    ("os.rename", Severity::High),
    ("os.getenv", Severity::High),
    ("io.open", Severity::High),
    ("socket", Severity::High),
    ("debug", Severity::High),
    ("require", Severity::Medium),
];

/// Whether a word stands in compiled code: constants lie between lengths and zero bytes.
fn holds_word(code: &[u8], word: &[u8]) -> bool {
    let is_letter = |at: Option<usize>| {
        let byte = at.and_then(|at| code.get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    (0..code.len()).any(|at| {
        code.get(at..).is_some_and(|rest| rest.starts_with(word))
            && !is_letter(at.checked_sub(1))
            && !is_letter(at.checked_add(word.len()))
    })
}
