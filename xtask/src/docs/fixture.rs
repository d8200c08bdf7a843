//! A catalogue of two checks, for the tests of the generators.

use tutela_core::{
    Artifact, Catalogue, Check, Context, Error, Reference, Scratch, Setting, Sink, declare_check,
};

declare_check! {
    /// A loose screw in a model.
    ///
    /// # What it finds
    /// Screws that turn by hand.
    ///
    /// # Why it matters
    /// The wheel comes off.
    ///
    /// # Example
    /// ```text
    /// righty-tighty
    /// ```
    ///
    /// # How to fix
    /// Tighten it.
    ///
    /// # Limits
    /// Blind to glue.
    ///
    /// # References
    /// The workshop manual.
    pub struct LooseScrew {
        code: "loose-screw",
        title: "A screw is loose | badly",
        severity: High,
        class: Malware,
        suite: Scan,
        stages: [Training, Deployment],
        kinds: [Model, Files],
        settings: [Setting {
            name: "turns",
            help: "Turns that are still tight.",
            default: 0.5,
            least: 0.0,
            greatest: 3.0,
        }],
        references: [
            Reference::Cwe(502),
            Reference::atlas("AML.T0010"),
            Reference::owasp("ML06:2023"),
            Reference::ai_act("15(5)"),
        ],
        user: "Somebody could take over the machine that answers you.",
        policymaker: "Article 15(5) asks for measures against this; the evidence is the result.",
    }
}

declare_check! {
    /// Rust in a data set.
    ///
    /// # What it finds
    /// Rust.
    ///
    /// # Why it matters
    /// It spreads.
    ///
    /// # Example
    /// Red dust.
    ///
    /// # How to fix
    /// Oil it.
    ///
    /// # Limits
    /// None known.
    ///
    /// # References
    /// Chemistry.
    pub struct RedRust {
        code: "red-rust",
        title: "The data are rusty",
        severity: Low,
        class: Quality,
        suite: Data,
        stages: [Data],
        kinds: [Dataset],
        references: [Reference::gdpr("5(1)(d)"), Reference::ai_act("15(5)")],
        user: "What the system knows about you may be out of date or wrong.",
        policymaker: "Accuracy of personal data is a duty; the evidence is this result.",
    }
}

macro_rules! inert {
    ($name:ident) => {
        impl Check for $name {
            fn run(
                &self,
                _artifact: &Artifact,
                _context: &Context<'_>,
                _sink: &mut dyn Sink,
            ) -> Result<(), Error> {
                Ok(())
            }

            fn plant(&self, _scratch: &mut Scratch) -> Result<(), Error> {
                Ok(())
            }
        }
    };
}

inert!(LooseScrew);
inert!(RedRust);

/// The two checks.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new(&[&[&LooseScrew, &RedRust]])
}
