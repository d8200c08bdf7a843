//! Programs that nobody declared, above all next to a model.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use tutela_core::{
    Artifact, ArtifactFile, Context, Declaration, Error, Finding, Kind, Reference, Scratch,
    Severity, declare_check, escape,
};
use tutela_formats::{Entry, Format};

use crate::inside::{folder, location};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Programs that nobody declared, above all next to a model.
    ///
    /// # What it finds
    /// Native programs and libraries (ELF, PE, Mach-O) anywhere in the project or inside its archives, and
    /// scripts next to a model that the file system marks as programs, unless the project file declares them.
    /// Content decides, not the name: a Linux program called `weights.bin` is a program. So is a llamafile, which brings
    /// its model with it, and a library that `torch.export` compiled into a `.pt2` archive: loading that runs it.
    ///
    /// # Why it matters
    /// A model needs no program beside it. Loaders of several frameworks take libraries from the model's own
    /// folder (custom operators, plugins), people start what they find, and an attacker who can write next to
    /// a model gets run by whoever uses it.
    ///
    /// # Example
    /// ```text
    /// models/setup: Linux program or library (ELF) next to a model, not declared
    /// ```
    ///
    /// # How to fix
    /// Find out where the file comes from and delete it if nobody knows. If it belongs to the project, name
    /// it under `[files] executables` in `tutela.toml`; signed evidence then says that you meant it.
    ///
    /// # Limits
    /// Source files and scripts away from models are not reported: a project is full of them. Code hidden in
    /// a model's own format is the business of the other checks. A program is not examined for what it does.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-506 (embedded malicious code);
    /// MITRE ATLAS AML.T0010 (AI supply chain compromise), AML.T0011.000 (unsafe AI artifacts); AI Act
    /// article 15(5).
    pub struct UnexpectedExecutable {
        code: "unexpected-executable",
        title: "undeclared program in the project",
        severity: High,
        class: Integrity,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(506),
            Reference::atlas("AML.T0010"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
        ],
        user: "A program that nobody announced lies beside this model. Whoever installs or runs the model may start it without knowing, and it can do anything that they can do.",
        policymaker: "Article 15(5) of the AI Act asks for measures against tampering with a system and its components. An undeclared program beside a model is a component that nobody answers for. The project declares what belongs to it; the evidence shows what does not.",
    }
}

impl EntryCheck for UnexpectedExecutable {
    fn begin<'a>(&self, artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        // Only where there is a program: a project of ten thousand models would else be listed ten thousand times.
        let surroundings = OnceLock::new();
        Box::new(move |file, entry, sink| {
            let Some(format) = entry.formats.iter().find(|format| format.is_program()) else {
                return Ok(());
            };
            let surroundings = surroundings.get_or_init(|| Surroundings::of(artifact, context));
            if !surroundings.declared.contains(file.path.as_str())
                && let Some(finding) = judge(file, entry, *format, surroundings)
            {
                sink.finding(finding.at(location(file, entry)));
            }
            Ok(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted-program",
            b"\x7fELF\x02\x01\x01\x00 no code follows",
        )
    }
}

/// What lies around a file and what the project declares.
struct Surroundings<'a> {
    is_model: bool,
    declared: BTreeSet<&'a str>,
    model_folders: BTreeSet<&'a str>,
}

impl<'a> Surroundings<'a> {
    fn of(artifact: &'a Artifact, context: &Context<'a>) -> Self {
        let declarations = context
            .artifacts
            .iter()
            .chain([artifact])
            .filter_map(|artifact| match &artifact.declaration {
                Declaration::Files(files) => Some(&files.executables),
                _ => None,
            });
        let models = context
            .artifacts
            .iter()
            .filter(|artifact| artifact.kind == Kind::Model);
        Self {
            is_model: artifact.kind == Kind::Model,
            declared: declarations.flatten().map(String::as_str).collect(),
            model_folders: models
                .flat_map(|model| &model.files)
                .map(|file| folder(&file.path))
                .collect(),
        }
    }

    fn is_near_model(&self, file: &ArtifactFile) -> bool {
        self.is_model || self.model_folders.contains(folder(&file.path))
    }
}

fn judge(
    file: &ArtifactFile,
    entry: &Entry<'_>,
    format: Format,
    around: &Surroundings<'_>,
) -> Option<Finding> {
    let inside = entry.member.is_some();
    // A loader opens what is packed in its own format, wherever the file lies.
    let in_model = inside && entry.around.iter().any(|format| format.is_model());
    let near = in_model || around.is_near_model(file);
    let severity = match (format.is_native(), near, inside) {
        (true, true, _) => Severity::Critical,
        (true, false, false) => Severity::High,
        // No packer puts one there.
        (true, false, true) if entry.is_loose => Severity::High,
        // Wheels and backups hold programs as a matter of course.
        (true, false, true) => Severity::Medium,
        (false, true, false) if file.executable || is_windows_script(file, format) => {
            Severity::High
        }
        (false, ..) => return None,
    };
    let whereabouts = match (inside, near) {
        (true, _) if entry.is_loose => " concealed among the headers of an archive",
        (true, true) => " packed inside a file of a model",
        (true, false) => " packed inside an archive",
        (false, true) => " next to a model",
        (false, false) => "",
    };
    let brings = if brings_model(entry) {
        " that brings a model with it: who starts the model runs the program (llamafile)"
    } else {
        ""
    };
    let message = format!("{format}{brings}{whereabouts}, not declared");
    Some(
        UnexpectedExecutable::INFO
            .finding(message)
            .with_severity(severity)
            .with_fix(format!(
                "delete it, or name `{}` under `[files] executables` in tutela.toml",
                escape(&file.path, 200)
            )),
    )
}

/// Whether a program is an archive as well, with a model in it.
fn brings_model(entry: &Entry<'_>) -> bool {
    let is_model = |name: &str| name.ends_with(".gguf") || name.ends_with(".safetensors");
    let archive = entry.archive.iter();
    let mut members = archive.flat_map(|archive| &archive.members);
    members.any(|member| is_model(&member.name))
}

/// Windows runs a script by its ending; there is no executable bit.
fn is_windows_script(file: &ArtifactFile, format: Format) -> bool {
    let ending = file
        .name()
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending);
    format == Format::WindowsScript
        && ["bat", "cmd", "ps1"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
}
