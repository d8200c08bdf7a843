//! Packages that are installed with a model and come from elsewhere than the public registries.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Reference, Region, Scratch, Severity, declare_check,
    escape,
};
use tutela_formats::packages::{LENGTH, Source};

use crate::config::{name_of, text_of};
use crate::inside::{folder, location};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Packages that are installed with a model and come from elsewhere than the public registries.
    ///
    /// # What it finds
    /// In requirements, `conda.yaml`, `python_env.yaml` and `bentofile.yaml`: another package index (`--index-url`,
    /// `--extra-index-url`, `--find-links`), hosts whose certificates are not checked (`--trusted-host`), and packages
    /// named by an address. Beside an MLflow model or in a BentoML bundle, where they are installed by the machine
    /// that serves the model, these are high findings; elsewhere, or with a known registry, they are not. An address
    /// without encryption is told everywhere.
    ///
    /// # Why it matters
    /// Installing a package runs its code. `mlflow models serve` and `bentoml build` install what the model's folder
    /// lists, without asking: whoever controls the index or the address controls the machine. An extra index also lets
    /// its owner replace any other package of the list, by a higher version.
    ///
    /// # Example
    /// ```text
    /// model/requirements.txt bytes 0..47: `--extra-index-url` is `http://files.example.net/simple`, which is no public registry
    /// ```
    ///
    /// # How to fix
    /// Take packages from the public registries or your own, pinned and with hashes, and serve models with
    /// `--env-manager local` in an environment that you made.
    ///
    /// # Limits
    /// Names of packages are not judged: a false name in a public registry is missed. An index of one's own company
    /// is not known here; waive the finding. Addresses in variables are not resolved. Repositories on the public code
    /// hosts are told at low, whoever owns them.
    ///
    /// # References
    /// CWE-829 (inclusion of functionality from untrusted control sphere), CWE-494 (download of code without integrity
    /// check); MITRE ATLAS AML.T0010.001 (supply chain compromise: AI software); OWASP LLM03:2025; AI Act article 15(5);
    /// the documentation of MLflow's models.
    pub struct ForeignPackageSource {
        code: "foreign-package-source",
        title: "a model's packages come from elsewhere than the registries",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(829),
            Reference::Cwe(494),
            Reference::atlas("AML.T0010.001"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://mlflow.org/docs/latest/ml/model/dependencies/"),
        ],
        user: "Starting this model also installs programs from an address that nobody vouches for. Whoever owns the address can do with the computer what you can do.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist attempts to alter them through their components. Packages that are fetched from a private address when a model starts can be exchanged after the assessment. The evidence names the file by its digest and the line.",
    }
}

impl EntryCheck for ForeignPackageSource {
    fn begin<'a>(&self, artifact: &'a Artifact, _context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let name = name_of(file, entry);
            let is_bundle = matches!(name, "bentofile.yaml" | "bentofile.yml");
            let lists = matches!(
                Source::of(name),
                Some(Source::Requirements | Source::Environment)
            );
            if !is_bundle && !lists {
                return Ok(());
            }
            let Some(text) = text_of(entry.bytes, LENGTH)? else {
                return Ok(());
            };
            let is_served = is_bundle || is_beside_model(file, artifact);
            for told in judge(&text, is_served) {
                let (start, end) = told.region;
                sink.finding(
                    Self::INFO
                        .finding(told.message)
                        .with_severity(told.severity)
                        .at(location(file, entry).at(Region::Bytes { start, end })),
                );
            }
            Ok::<(), io::Error>(())
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write(
            "planted/bentofile.yaml",
            b"service: a:b\npython:\n  index_url: http://planted.example.net/simple\n",
        )
    }
}

/// Whether a server installs what the file lists: an `MLmodel` or a `bentofile.yaml` lies in its folder.
fn is_beside_model(file: &ArtifactFile, artifact: &Artifact) -> bool {
    let here = folder(&file.path);
    artifact.files.iter().any(|other| {
        let name = other.path.rsplit('/').next().unwrap_or_default();
        folder(&other.path) == here
            && matches!(name, "MLmodel" | "bentofile.yaml" | "bentofile.yml")
    })
}

/// A line worth a word.
struct Told {
    severity: Severity,
    message: String,
    region: (u64, u64),
}

/// Lines of one file that are told.
const MOST: usize = 100;

fn judge(text: &str, is_served: bool) -> Vec<Told> {
    let mut told = Vec::new();
    let mut at = 0_u64;
    for line in text.split_inclusive('\n') {
        let end = at.saturating_add(line.len() as u64);
        if told.len() < MOST
            && let Some((severity, message)) = judge_line(line, is_served)
        {
            told.push(Told {
                severity,
                message,
                region: (at, end),
            });
        }
        at = end;
    }
    told
}

/// Options of pip and keys of `BentoML` that name a place of packages.
const OPTIONS: &[&str] = &[
    "--extra-index-url",
    "--find-links",
    "--index-url",
    "--trusted-host",
    "-f",
    "-i",
    "extra_index_url",
    "find_links",
    "index_url",
    "trusted_host",
];

fn judge_line(line: &str, is_served: bool) -> Option<(Severity, String)> {
    let line = line
        .trim()
        .trim_start_matches("- ")
        .trim_matches(['"', '\'', ' ']);
    if line.starts_with('#') {
        return None;
    }
    let end = line.find([' ', '=', ':', '\t']).unwrap_or(line.len());
    let (option, value) = line.split_at_checked(end)?;
    if OPTIONS.contains(&option) {
        let place = value.trim_matches([' ', '=', ':', '\t', '"', '\'', '[', ']']);
        let is_unchecked = option.contains("trusted");
        return place_of(place, is_served, is_unchecked).map(|(severity, why)| {
            let message = format!("`{option}` is `{}`, {why}", escape(place, 120));
            (severity, message)
        });
    }
    let start = line.find("://")?;
    let from = line.get(..start)?.rfind([' ', '@', '\t', '"', '\'']);
    let place = line.get(from.map_or(0, |from| from.saturating_add(1))..)?;
    let (severity, why) = place_of(place, is_served, false)?;
    let message = format!("a package comes from `{}`, {why}", escape(place, 120));
    Some((severity, message))
}

/// How bad a place is, and why; none for the registries that all use.
fn place_of(place: &str, is_served: bool, is_unchecked: bool) -> Option<(Severity, &'static str)> {
    if place.is_empty() || place.contains("${") || place.starts_with("file:") {
        return None;
    }
    let (scheme, rest) = place.split_once("://").unwrap_or(("", place));
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let host = host
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if scheme.is_empty() && !is_unchecked {
        // A folder beside the file.
        return None;
    }
    let of = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| {
            host == *name
                || host
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.'))
        })
    };
    let known = of(REGISTRIES);
    let served = if is_served {
        Severity::High
    } else {
        Severity::Medium
    };
    match (scheme, known) {
        _ if of(CODE_HOSTS) => Some((Severity::Low, "whose owner can change it at any time")),
        ("http" | "git+http" | "ftp", _) => Some((served, "which anybody on the way can replace")),
        (_, true) => None,
        _ if is_unchecked => Some((served, "whose certificate is not checked")),
        _ => Some((
            if is_served {
                Severity::High
            } else {
                Severity::Low
            },
            "which is no public registry",
        )),
    }
}

/// Registries and the hosts of well-known libraries' own wheels.
const REGISTRIES: &[&str] = &[
    "anaconda.org",
    "anaconda.com",
    "data.pyg.org",
    "data.dgl.ai",
    "download.pytorch.org",
    "download.openmmlab.com",
    "files.pythonhosted.org",
    "huggingface.co",
    "ngc.nvidia.com",
    "nvidia.com",
    "pypi.org",
    "pypi.python.org",
    "pythonhosted.org",
    "pytorch.org",
    "storage.googleapis.com",
    "paddlepaddle.org.cn",
    "tuna.tsinghua.edu.cn",
    "mirrors.aliyun.com",
];

/// Where anybody may keep a repository.
const CODE_HOSTS: &[&str] = &["github.com", "gitlab.com", "bitbucket.org", "github.io"];
