//! Reports: one dossier, many formats.
//!
//! A report is rendered from evidence alone: a renderer sees a [`Dossier`], never a check's memory nor the
//! files that were examined. The catalogue lends only help texts, which are found by a check's code and
//! are marked as the text of this version. The same dossier and options give the same bytes.
//!
//! `view` decides *what* is shown, the renderers decide *how*.

pub(crate) mod escaped_json;
mod format;
mod github;
mod html;
mod json;
mod junit;
mod sarif;
mod sarif_model;
mod sarif_text;
mod style;
mod table;
mod text;
mod view;

use std::io;

use tutela_core::{Catalogue, Severity};
use tutela_evidence::Dossier;

pub use format::{Format, ParseFormatError};

/// Where evidence lies below a project, for the commands that a report prints.
pub const EVIDENCE_FOLDER: &str = ".tutela/evidence";

/// What a reader may choose about a report.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Help texts and what this version can check.
    pub catalogue: &'a Catalogue,
    /// The version of the program that renders.
    pub version: &'a str,
    /// The mildest severity that counts as a failure when no gate has decided.
    pub fail_on: Severity,
    /// Whether the terminal formats use colour.
    pub colour: Colour,
    /// How many columns the terminal has; at least 40 are used.
    pub width: usize,
}

/// Whether the terminal formats use colour. Everything can be read without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// No escape sequences at all.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The report could not be written.
    #[error("cannot write the report")]
    Write(#[from] io::Error),
    /// The HTML page could not be put together.
    #[error("cannot put the HTML report together")]
    Html(#[from] askama::Error),
    /// The report could not be turned into JSON.
    #[error("cannot write the report as JSON")]
    Json(#[from] serde_json::Error),
    /// The report could not be turned into XML.
    #[error("cannot write the report as JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
}

/// Renders a dossier.
///
/// # Errors
/// When the writer fails.
pub fn render(
    format: Format,
    dossier: &Dossier,
    options: &Options<'_>,
    writer: &mut dyn io::Write,
) -> Result<(), Error> {
    let view = view::View::new(dossier, options);
    match format {
        Format::Html => html::render(&view, writer),
        Format::Json => json::render(&view, writer),
        Format::Jsonl => json::render_lines(&view, writer),
        Format::Sarif => sarif::render(&view, writer),
        Format::Junit => junit::render(&view, writer),
        Format::Github => github::render(&view, writer),
        Format::Table => table::render(&view, table::Detail::Brief, writer),
        Format::Full => table::render(&view, table::Detail::Full, writer),
    }
}
