//! Tests of the reports.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "fixtures of tests: a crash is a failed test"
)]

mod catalogue;
mod fixture;
mod golden;
mod hostile;
mod html;
mod json;
mod junit;
mod sarif;
mod scale;

use tutela_app::report::{Colour, Format, Options, render};
use tutela_core::{Catalogue, Severity};
use tutela_evidence::Dossier;

/// Renders with the fixture's catalogue.
fn rendered(format: Format, dossier: &Dossier) -> String {
    let catalogue = catalogue::catalogue();
    rendered_with(format, dossier, &options(&catalogue))
}

fn rendered_with(format: Format, dossier: &Dossier, options: &Options<'_>) -> String {
    let mut buffer = Vec::new();
    render(format, dossier, options, &mut buffer).unwrap();
    String::from_utf8(buffer).unwrap()
}

const fn options(catalogue: &Catalogue) -> Options<'_> {
    Options {
        catalogue,
        version: "0.1.0",
        fail_on: Severity::High,
        colour: Colour::Plain,
        width: 100,
    }
}
