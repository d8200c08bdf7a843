//! Model files that reach a known weakness of the library which the project pins to load them.

mod features;

use std::sync::{Arc, OnceLock};

use tutela_core::{
    Artifact, ArtifactFile, Confidence, Context, Digest, Error, Finding, Reference, Scratch,
    Severity, Sink, combine, declare_check, escape,
};
use tutela_formats::Entry;
use tutela_formats::packages::{Package, Relation, Source};

use crate::advisories::{ADVISORIES, Advisory, Trigger};
use crate::inside::{folder, location};
use crate::inventory::{self, Inventory};
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Model files that reach a known weakness of the library which the project pins to load them.
    ///
    /// # What it finds
    /// A model file, a configuration or an array whose loader is pinned in a version with a published
    /// weakness, by a lock file, requirements file or installed package of the same project. Read are
    /// `requirements*.txt` with what they include, constraints, `uv.lock`, `poetry.lock`, `pdm.lock`, `pylock.toml`,
    /// `Pipfile.lock`, `pyproject.toml`, conda environments, `conda-lock.yml`, `pixi.lock` and the `METADATA` of
    /// installed packages, `Pipfile` and `setup.cfg`. High: in the file is what reaches the weakness and what ordinary
    /// files do not have (a Lambda layer, a YAML tag of Python, weights in other files …). Medium: what reaches it is in
    /// every ordinary file of the kind (TorchScript code, a chat template, external data …), or only the format shows. Then
    /// the loader is at fault and not the file, which other checks judge. Low: the requirement allows a vulnerable version
    /// and a mended one, and nothing pins one.
    ///
    /// # Why it matters
    /// A vulnerable library is a risk when something reaches its weakness. A file that does, beside a lock
    /// file that installs the weakness, is what an attacker needs: whoever can change the model, or give
    /// another, runs code at the next load.
    ///
    /// # Example
    /// ```text
    /// model.keras!config.json: it has a Lambda layer, and `uv.lock` line 12 pins keras 2.12.0 (CVE-2024-3660): loading the file can run code of its maker
    /// ```
    ///
    /// # How to fix
    /// Upgrade the package to the version that the finding names, and lock again. Until then load only files
    /// that you made yourself.
    ///
    /// # Limits
    /// Only the advisories that are built in are known, all of them of Python packages. Whether the code of the project loads the
    /// file with that package is not known, so the confidence is never high. A condition on the system (`sys_platform`)
    /// counts as possible. When a lock file lies in a folder above or below the model, those elsewhere are not
    /// compared; `setup.py`, lock files inside archives and requirements inside
    /// scripts are not read. The library that a package carries inside (HDF5 in h5py) is not looked up.
    ///
    /// # References
    /// CWE-1395 (dependency on vulnerable third-party component), CWE-502; MITRE ATLAS AML.T0010.001 (supply chain
    /// compromise: AI software); OWASP LLM03:2025; AI Act article 15(5); PEP 440, PEP 508 and PEP 751.
    pub struct VulnerableLoader {
        code: "vulnerable-loader",
        title: "Model file reaches a known weakness of the pinned loader",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment, Maintenance],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(1395),
            Reference::Cwe(502),
            Reference::atlas("AML.T0010.001"),
            Reference::owasp("LLM03:2025"),
            Reference::ai_act("15(5)"),
            Reference::link("https://peps.python.org/pep-0440/"),
        ],
        user: "The program that opens this model has a known fault, and this model is of the kind that uses it. A stranger who changes the model could run programs on the computer until the program is updated.",
        policymaker: "Article 15(5) of the AI Act asks that high-risk systems resist the exploitation of their vulnerabilities. Here a published one is reachable: a model of the system needs a component in a version that its makers have mended since. The evidence names the model by its digest, the component, the place where it is pinned, the advisory and the version that cures it.",
    }
}

impl EntryCheck for VulnerableLoader {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        let inventory = OnceLock::new();
        Box::new(move |file, entry, sink| {
            let inventory: &Arc<Inventory> = inventory.get_or_init(|| inventory::of(context));
            if inventory.files == 0 && inventory.troubles.is_empty() {
                sink.not_applicable(
                    "no file of the project says which packages it needs".to_owned(),
                );
                return Ok(());
            }
            let reached = reached(&features::of(file, entry, context)?);
            if !reached.is_empty() {
                for why in &inventory.troubles {
                    sink.incomplete(format!("the packages of the project: {why}"));
                }
            }
            for (advisory, trigger) in reached {
                join((advisory, trigger), inventory, (file, entry), sink);
            }
            Ok(())
        })
    }

    fn beside(&self, context: &Context<'_>) -> Option<Digest> {
        let known = Digest::of(format!("{ADVISORIES:?}").as_bytes());
        let files = inventory::digest(context);
        Some(combine([("advisories", &known), ("packages", &files)]))
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        scratch.write("planted/requirements.txt", b"pyyaml==5.3\n")?;
        scratch.write("planted/model.yaml", b"a: !!python/name:inert.name ''\n")
    }
}

/// The advisories that a part of a file reaches, and through what. What was looked for and is not there reaches nothing.
fn reached(features: &features::Features) -> Vec<(&'static Advisory<'static>, Trigger)> {
    ADVISORIES
        .iter()
        .filter_map(|advisory| {
            let of_format = advisory
                .formats
                .iter()
                .any(|format| features.formats.contains(format));
            let has = features.triggers.contains(&advisory.trigger);
            match (advisory.trigger, of_format) {
                (Trigger::Any, true) => Some((advisory, Trigger::Any)),
                (trigger, true) if has => Some((advisory, trigger)),
                (trigger, false) if has && advisory.formats.is_empty() => Some((advisory, trigger)),
                _ => None,
            }
        })
        .collect()
}

/// How a requirement lies to the versions that have the weakness.
struct Pin<'a> {
    path: &'a str,
    package: &'a Package,
    relation: Relation,
    fixed: &'a str,
}

fn join(
    (advisory, trigger): (&Advisory<'_>, Trigger),
    inventory: &Inventory,
    (file, entry): (&ArtifactFile, &Entry<'_>),
    sink: &mut dyn Sink,
) {
    let own = inventory
        .entries
        .iter()
        .filter(|(_, package)| advisory.packages.contains(&package.name.as_str()));
    let near: Vec<&(String, Package)> = own
        .clone()
        .filter(|(path, _)| is_related(path, &file.path))
        .collect();
    // A file that governs the model's folder decides; without one, any of the project may.
    let counted = if near.is_empty() { own.collect() } else { near };
    let pinned = counted.iter().any(|(_, it)| {
        it.versions
            .as_ref()
            .is_some_and(|range| range.only().is_some())
    });
    for (path, package) in counted {
        let Some(pin) = pin(advisory, path, package) else {
            continue;
        };
        // What a lock file decides is no longer open.
        if pin.relation == Relation::Within || !pinned {
            sink.finding(finding((advisory, trigger), &pin).at(location(file, entry)));
        }
    }
}

fn pin<'a>(advisory: &'a Advisory<'_>, path: &'a str, package: &'a Package) -> Option<Pin<'a>> {
    let (relation, fixed) = advisory
        .vulnerable()
        .map(|(range, fixed)| {
            let open = Relation::Overlapping;
            let relation = package
                .versions
                .as_ref()
                .map_or(open, |it| it.relation(&range));
            (relation, fixed)
        })
        .filter(|(relation, _)| *relation != Relation::Apart)
        .min_by_key(|(relation, _)| *relation != Relation::Within)?;
    Some(Pin {
        path,
        package,
        relation,
        fixed,
    })
}

/// Whether one of the two lies in the folder of the other, or below it.
fn is_related(lock: &str, model: &str) -> bool {
    let (lock, model) = (folder(lock), folder(model));
    let holds = |outer: &str, inner: &str| {
        outer.is_empty()
            || inner == outer
            || inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    holds(lock, model) || (!model.is_empty() && holds(model, lock))
}

fn finding((advisory, trigger): (&Advisory<'_>, Trigger), pin: &Pin<'_>) -> Finding {
    let is_pin = pin.relation == Relation::Within;
    let (severity, confidence) = match (is_pin, trigger) {
        (false, _) => (Severity::Low, Confidence::Low),
        (true, Trigger::Any) => (Severity::Medium, Confidence::Low),
        // Every ordinary file of the kind would be blocked; what is wrong with a file itself, other checks say.
        (true, trigger) if trigger.is_ordinary() => (Severity::Medium, Confidence::Medium),
        (true, _) => (Severity::High, Confidence::Medium),
    };
    let (name, line) = (&pin.package.name, pin.package.line);
    let written = escape(pin.package.written.trim_start_matches(['=', ' ']), 60);
    let how = match pin
        .package
        .versions
        .as_ref()
        .map(|range| range.only().is_some())
    {
        Some(true) => format!("pins {name} {written}"),
        Some(false) if is_pin => format!("allows only vulnerable versions of {name} ({written})"),
        _ => format!("may install a vulnerable version of {name}"),
    };
    let condition = pin.package.condition.as_ref();
    let condition = condition.map_or_else(String::new, |it| format!(" where {}", escape(it, 80)));
    let path = escape(pin.path, 300);
    let (id, effect) = (advisory.id, advisory.effect);
    let has = match trigger {
        Trigger::Any => "it is of the kind that reaches a weakness".to_owned(),
        trigger => format!("it has {}", trigger.name()),
    };
    let message = format!("{has}, and `{path}` line {line} {how}{condition} ({id}): {effect}");
    let fixed = pin.fixed;
    let verb = if Source::of(pin.path) == Some(Source::Installed) {
        "install"
    } else {
        "require"
    };
    let advice = format!(
        "{verb} `{name}>={fixed}` and lock again ({})",
        advisory.source
    );
    let mut finding = VulnerableLoader::INFO
        .finding(message)
        .with_severity(severity)
        .with_confidence(confidence)
        .with_identity(format!("{id} {name} {written} {path}"))
        .with_fix(advice)
        .with_reference(Reference::Advisory(id.to_owned().into()));
    for alias in advisory.aliases {
        finding = finding.with_reference(Reference::Advisory((*alias).to_owned().into()));
    }
    finding
}
