//! One self-contained page: no script, nothing loaded, a strict content-security policy, under 1 MB.
//!
//! Text enters the page only through the template, which escapes it; before that, `text::show` has made
//! control and bidirectional characters visible. The page is also well-formed XML, so that a test can
//! parse it and see that no hostile text became an element or an attribute.

mod account;
mod audit;
mod coverage;
mod findings;
mod measures;
mod page;
mod plot;
mod prose;

use std::io;

use askama::Template as _;

use self::page::Page;
use super::Error;
use super::view::View;

/// The page stays under this many bytes, whatever the evidence holds.
const MOST_BYTES: usize = 1_000_000;

/// How much of each part is shown.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// Findings in all.
    findings: usize,
    /// Findings of one check, so that one noisy check does not hide the others.
    per_check: usize,
    /// Rows of each table.
    rows: usize,
    /// Characters of a message or an excerpt.
    text: usize,
}

impl Budget {
    const FULL: Self = Self {
        findings: 400,
        per_check: 40,
        rows: 200,
        text: 400,
    };

    const fn half(self) -> Self {
        Self {
            findings: self.findings / 2,
            per_check: self.per_check.div_ceil(2),
            rows: self.rows / 2,
            // Below this, text says nothing.
            text: if self.text > 80 {
                self.text / 2
            } else {
                self.text
            },
        }
    }
}

/// A list that was cut where the budget ended.
#[derive(Debug)]
struct Cut<T> {
    shown: Vec<T>,
    more: usize,
}

impl<T> Cut<T> {
    fn of(items: impl IntoIterator<Item = T>, most: usize) -> Self {
        let mut items = items.into_iter();
        let shown = items.by_ref().take(most).collect();
        Self {
            shown,
            more: items.count(),
        }
    }

    /// Builds only what is shown, because building the rest may cost more than the page.
    fn map<S>(
        sources: impl IntoIterator<Item = S>,
        most: usize,
        build: impl FnMut(S) -> T,
    ) -> Self {
        let cut = Cut::of(sources, most);
        Self {
            shown: cut.shown.into_iter().map(build).collect(),
            more: cut.more,
        }
    }

    const fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.more == 0
    }
}

/// Writes the page.
pub(super) fn render(view: &View<'_>, writer: &mut dyn io::Write) -> Result<(), Error> {
    let mut budget = Budget::FULL;
    let mut page = Page::new(view, budget).render()?;
    // Halving a finite budget ends: an empty one leaves only the fixed parts.
    while page.len() >= MOST_BYTES && budget.rows > 0 {
        budget = budget.half();
        page = Page::new(view, budget).render()?;
    }
    writer.write_all(page.as_bytes())?;
    Ok(())
}
