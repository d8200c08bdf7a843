//! Talk goes to standard error, data to standard output; bars and colours only where a person sees them.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tutela_core::Progress;

use crate::args::{Colour, Shared};

/// Work that takes less than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the person at the terminal asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    quiet: bool,
    colour: Colour,
}

impl Terminal {
    /// Reads the choices from the command line.
    #[must_use]
    pub(crate) const fn new(shared: &Shared) -> Self {
        Self {
            quiet: shared.quiet,
            colour: shared.color,
        }
    }

    /// Says something on standard error, unless asked to be quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            Self::insist(text);
        }
    }

    /// Says something on standard error in any case.
    ///
    /// Everything said comes through here, so this is where what would steer the terminal is escaped.
    pub(crate) fn insist(text: &str) {
        // Nobody can be told that standard error is closed.
        drop(writeln!(io::stderr().lock(), "{}", visible(text)));
    }

    /// Whether standard output may hold colours.
    #[must_use]
    pub(crate) fn colours_output(self) -> bool {
        match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !refused && io::stdout().is_terminal()
            }
        }
    }

    /// How many columns the terminal has.
    #[must_use]
    pub(crate) fn width() -> usize {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        columns
            .filter(|columns| (40..=400).contains(columns))
            .unwrap_or(100)
    }

    /// A bar that appears when the work takes longer than a second and somebody is watching.
    #[must_use]
    pub(crate) fn bar(self, what: &str) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes} ({bytes_per_sec})")
        {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Bar {
            bar,
            started: Instant::now(),
            watched: !self.quiet && io::stderr().is_terminal(),
            shown: AtomicBool::new(false),
        }
    }
}

/// The lines of a text, with everything in them escaped that a terminal would obey instead of show.
///
/// Names and paths come from anybody: an escape sequence in one could rewrite what was said before it.
#[must_use]
fn visible(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| tutela_core::escape(line, usize::MAX))
        .collect();
    lines.join("\n")
}

/// A progress bar on standard error.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    started: Instant,
    watched: bool,
    shown: AtomicBool,
}

impl Progress for Bar {
    fn advance(&self, bytes: u64) {
        if !self.watched {
            return;
        }
        self.bar.inc(bytes);
        if self.started.elapsed() > PATIENCE && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn lines_stay_and_what_steers_a_terminal_is_shown() {
        assert_eq!(
            visible("error: `a\u{1b}[31m`\r\n  |\u{9b}\u{7f}\n"),
            "error: `a\\u{1b}[31m`\\r\n  |\\u{9b}\\u{7f}\n"
        );
        let said_before = visible("`\u{1b}`");
        assert_eq!(visible(&said_before), said_before);
    }
}
