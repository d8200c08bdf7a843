//! Models of boosted trees whose numbers lead out of the model.

use std::io;

use tutela_core::{
    Artifact, ArtifactFile, Context, Error, Finding, Reference, Region, Scratch, Severity, Sink,
    declare_check,
};
use tutela_formats::boosted::{self, Fault, Flaw};
use tutela_formats::{Entry, Format};

use crate::claims::concealed;
use crate::inside::{location, place};
use crate::signs;
use crate::together::{EntryCheck, Visitor};

declare_check! {
    /// Models of boosted trees whose numbers lead out of the model.
    ///
    /// # What it finds
    /// XGBoost (JSON, UBJSON and the old binary format), LightGBM (text) and CatBoost (binary and JSON) models are read
    /// and held against their own counts: children, parents and leaves that do not exist, trees that run in a circle,
    /// features and categories that the model does not have, lists that are longer or shorter than the nodes they
    /// belong to, lengths that the file has no room for, values nested deeper than a loader's stack, keys that
    /// stand twice, bytes behind the model, and texts that start programs or run code.
    ///
    /// # Why it matters
    /// The libraries are written in C++ and follow most of these numbers as they stand: a parent or a tree number
    /// out of bounds is read or written outside of their memory while the model is loaded, a child out of bounds
    /// while it predicts, and a circle never ends. That crashes a service, and at worst runs what an attacker
    /// has put there.
    ///
    /// # Example
    /// ```text
    /// model.json bytes 412..413: a child of node 0 of tree 3 is 1048576, outside of 1 to 14
    /// ```
    ///
    /// # How to fix
    /// Do not load the file. Get it again from its origin and compare digests, or train and save it again: the
    /// libraries never write such a file.
    ///
    /// # Limits
    /// Values of leaves are not judged, so a model that answers wrongly passes. Models in JSON and UBJSON of more than
    /// 64 MiB are incomplete; so are old binary models of XGBoost whose leaves hold several values. The parts behind the
    /// description of a CatBoost model (statistics of categories and words) are not read. LightGBM's dump as JSON is no
    /// model that it loads, and is not read. Exports of CatBoost as Python or C++ are programs, and judged as such.
    /// Boosters inside pickles are the business of the checks of pickles.
    ///
    /// # References
    /// CWE-125 (out-of-bounds read), CWE-787 (out-of-bounds write), CWE-835 (infinite loop), CWE-1284 (improper validation
    /// of specified quantity); MITRE ATLAS AML.T0010.003 (supply chain compromise: model), AML.T0011.000 (unsafe AI
    /// artifacts); AI Act article 15(5); XGBoost's description of its format.
    pub struct BoostedTreeBounds {
        code: "boosted-tree-bounds",
        title: "model of trees leads out of its own bounds",
        severity: High,
        class: Vulnerability,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        references: [
            Reference::Cwe(125),
            Reference::Cwe(787),
            Reference::Cwe(835),
            Reference::Cwe(1284),
            Reference::atlas("AML.T0010.003"),
            Reference::atlas("AML.T0011.000"),
            Reference::ai_act("15(5)"),
            Reference::link("https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"),
        ],
        user: "The file that holds this model is damaged, or was made to break the program that opens it. Opening it could stop that program or let a stranger take it over.",
        policymaker: "Article 15(5) of the AI Act asks for resilience against attempts to exploit vulnerabilities of the system. A model whose numbers lead out of it is such an attempt against the library that loads it, or is not the model that was tested. The evidence names the file by its digest and the number that breaks the rule.",
    }
}

impl EntryCheck for BoostedTreeBounds {
    fn begin<'a>(&self, _artifact: &'a Artifact, context: &'a Context<'a>) -> Visitor<'a> {
        Box::new(move |file, entry, sink| {
            let mut formats = entry.formats.iter().copied();
            let Some(format) = formats.find(|format| is_boosted(*format)) else {
                return Ok(());
            };
            let examination = Examination {
                file,
                entry,
                format,
                context,
            };
            examination.run(sink)
        })
    }

    fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
        // One tree of two leaves, of which the second does not exist.
        let text = "tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\n\nTree=0\nnum_leaves=2\nnum_cat=0\n\
                    split_feature=0\nthreshold=0.5\ndecision_type=2\nleft_child=-1\nright_child=-9\n\
                    leaf_value=0 1\n\nend of trees\n";
        scratch.write("planted.txt", text.as_bytes())
    }
}

const fn is_boosted(format: Format) -> bool {
    matches!(
        format,
        Format::XgBoost | Format::LightGbm | Format::CatBoost
    )
}

struct Examination<'a> {
    file: &'a ArtifactFile,
    entry: &'a Entry<'a>,
    format: Format,
    context: &'a Context<'a>,
}

impl Examination<'_> {
    fn run(&self, sink: &mut dyn Sink) -> io::Result<()> {
        let limits = self.context.limits;
        let model = boosted::read(self.entry.bytes, self.format, limits)?;
        for flaw in &model.flaws {
            self.tell(flaw, sink)?;
        }
        for text in &model.texts {
            if let Some(why) = signs::in_description(&text.key, &text.text) {
                sink.finding(self.finding(text.place, text.place.saturating_add(1), why));
            }
        }
        if model.end < self.entry.bytes.len() && model.flaws.is_empty() {
            let length = self.entry.bytes.len().saturating_sub(model.end);
            let flaw = Flaw {
                start: model.end,
                end: self.entry.bytes.len(),
                fault: Fault::Trailing(length),
            };
            self.tell(&flaw, sink)?;
        }
        Ok(())
    }

    fn tell(&self, flaw: &Flaw, sink: &mut dyn Sink) -> io::Result<()> {
        if let Fault::Limit { .. } = flaw.fault {
            let place = place(self.file, self.entry.member);
            sink.incomplete(format!("`{place}`: {}", flaw.fault));
            return Ok(());
        }
        let mut message = flaw.fault.to_string();
        let mut severity = severity(&flaw.fault);
        if let Fault::Trailing(_) = flaw.fault {
            let what = concealed(self.entry.bytes, flaw.start, flaw.end, self.context.limits)?;
            if !what.is_empty() {
                severity = Severity::High;
                message.push_str(&what);
            }
        }
        let finding = self.finding(flaw.start, flaw.end, message);
        sink.finding(finding.with_severity(severity));
        Ok(())
    }

    fn finding(&self, start: u64, end: u64, message: String) -> Finding {
        BoostedTreeBounds::INFO
            .finding(message)
            .at(location(self.file, self.entry).at(Region::Bytes { start, end }))
    }
}

/// What a loader follows out of its memory is worse than what it refuses.
const fn severity(fault: &Fault) -> Severity {
    match fault {
        Fault::Offset
        | Fault::Missing(_)
        | Fault::Broken(_)
        | Fault::Ends(_)
        | Fault::Trailing(_)
        | Fault::Readings(_) => Severity::Medium,
        _ => Severity::High,
    }
}
