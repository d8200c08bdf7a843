//! Lines for a terminal, grouped by artifact: what was found, what was clean, what to do next.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use tutela_core::{Outcome, Severity};

use super::Error;
use super::style::{Style, fit, pad, wrap};
use super::text::{MESSAGE, NAME, count, count_u64, show, size};
use super::view::{Group, Row, Status, Tone, View, verify_command};

/// How many findings of one artifact the brief form shows.
const BRIEF: usize = 25;
/// How many steps are suggested.
const STEPS: usize = 5;
/// How far what belongs to a finding is indented.
const INDENT: usize = 14;

/// How much is said about each finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Two lines.
    Brief,
    /// Everything.
    Full,
}

/// Writes the report.
pub(super) fn render(
    view: &View<'_>,
    detail: Detail,
    writer: &mut dyn io::Write,
) -> Result<(), Error> {
    let mut table = Table {
        view,
        detail,
        style: Style::new(view.options.colour, view.options.width),
        text: Vec::new(),
    };
    table.head()?;
    for group in view.artifacts() {
        table.artifact(&group)?;
    }
    table.refused()?;
    table.gate()?;
    table.steps()?;
    table.summary()?;
    writer.write_all(&table.text)?;
    Ok(())
}

struct Table<'a> {
    view: &'a View<'a>,
    detail: Detail,
    style: Style,
    text: Vec<u8>,
}

impl Table<'_> {
    fn head(&mut self) -> io::Result<()> {
        let style = self.style;
        let headline = self.view.headline();
        let word = format!(
            " {} {} ",
            headline.tone.symbol(),
            headline.word.to_uppercase()
        );
        let system = show(&self.view.dossier.system, NAME);
        writeln!(
            self.text,
            "{}  {}",
            style.verdict(headline.tone, &word),
            style.bold(&fit(&system, style.width))
        )?;
        for line in wrap(&headline.sentence, style.width) {
            writeln!(self.text, "{line}")?;
        }
        writeln!(
            self.text,
            "{}",
            style.dim(&format!("as of {}", self.view.dossier.as_of))
        )?;
        if let Some(alarm) = self.view.alarm() {
            for line in wrap(&format!("! {alarm}"), style.width) {
                writeln!(self.text, "{}", style.tone(Tone::Amber, &line))?;
            }
        }
        Ok(())
    }

    fn artifact(&mut self, group: &Group<'_>) -> io::Result<()> {
        let style = self.style;
        let name = format!("{} {}", group.kind.as_str(), show(group.name, NAME));
        let mut facts = format!(
            "{}, {}",
            count_u64(group.files, "file", "files"),
            size(group.bytes)
        );
        if group.is_digested() {
            facts = format!("{facts}, sha256:{}", group.subject.short());
        }
        writeln!(self.text, "\n{}", style.bold(&fit(&name, style.width)))?;
        writeln!(
            self.text,
            "  {}",
            style.dim(&fit(&facts, style.width.saturating_sub(2)))
        )?;
        if group.checks.is_empty() {
            return writeln!(self.text, "  signed in this state; no check saw it so");
        }
        let rows: Vec<&Row<'_>> = self.view.rows_on(group).collect();
        let shown = match self.detail {
            Detail::Brief => BRIEF,
            Detail::Full => usize::MAX,
        };
        for row in rows.iter().take(shown) {
            self.row(row)?;
        }
        let more = rows.len().saturating_sub(shown);
        if more > 0 {
            let findings = count(more, "finding", "findings");
            writeln!(self.text, "  … {findings} more; `-f full` lists all")?;
        }
        self.outcomes(group)
    }

    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let style = self.style;
        let symbol = match row.status {
            Status::Waived(_) | Status::Known(_) => "~",
            Status::Open if self.view.fails(row) => Tone::Red.symbol(),
            Status::Open => Tone::Amber.symbol(),
        };
        let label = format!("{symbol} {}", pad(row.finding.severity.as_str(), 9));
        let code = show(&row.finding.code, NAME);
        let room = style.width.saturating_sub(INDENT);
        let code = fit(&code, room);
        let place = show(&row.finding.location.to_string(), MESSAGE);
        let left = room
            .saturating_sub(unicode_width::UnicodeWidthStr::width(code.as_str()).saturating_add(2));
        write!(
            self.text,
            "  {} {}",
            style.severity(row.finding.severity, &label),
            style.bold(&code)
        )?;
        if place.is_empty() {
            writeln!(self.text)?;
        } else if left >= 20 {
            writeln!(self.text, "  {}", fit(&place, left))?;
        } else {
            writeln!(self.text)?;
            self.indented("", &place)?;
        }
        match self.detail {
            Detail::Brief => {
                let message = fit(&show(&row.finding.message, MESSAGE), room);
                writeln!(self.text, "{}{message}", " ".repeat(INDENT))?;
            }
            Detail::Full => self.details(row)?,
        }
        let note = match self.detail {
            Detail::Brief => row.status.brief(),
            Detail::Full => row.status.note(),
        };
        if let Some(note) = note {
            self.indented("", &note)?;
        }
        Ok(())
    }

    fn details(&mut self, row: &Row<'_>) -> io::Result<()> {
        let finding = row.finding;
        self.indented("", &show(&finding.message, usize::MAX))?;
        if let Some(excerpt) = &finding.excerpt {
            self.indented("found: ", &show(excerpt, MESSAGE))?;
        }
        if finding.trace.len() > 1 {
            for step in &finding.trace {
                let place = step.region.as_ref();
                let place = place.map_or_else(String::new, |place| format!("{place}: "));
                let text = show(&step.text, MESSAGE);
                self.indented("step: ", &format!("{place}{text}"))?;
            }
        }
        if let Some(fix) = &finding.fix {
            self.indented("fix: ", &show(fix, MESSAGE))?;
        }
        let references = row
            .evidence
            .predicate
            .check
            .references
            .iter()
            .chain(&finding.references);
        let names: Vec<String> = references
            .map(|reference| show(&reference.to_string(), MESSAGE))
            .collect();
        if !names.is_empty() {
            self.indented("see: ", &names.join(", "))?;
        }
        self.indented("confidence: ", finding.confidence.as_str())?;
        self.indented("evidence: ", &row.evidence.id.to_string())
    }

    fn indented(&mut self, label: &str, text: &str) -> io::Result<()> {
        let room = self.style.width.saturating_sub(INDENT);
        for line in wrap(&format!("{label}{text}"), room) {
            writeln!(self.text, "{}{line}", " ".repeat(INDENT))?;
        }
        Ok(())
    }

    fn outcomes(&mut self, group: &Group<'_>) -> io::Result<()> {
        let style = self.style;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        // One part that cannot be looked at makes many checks incomplete for the same reasons.
        let mut unchecked: Vec<(&[String], Vec<String>)> = Vec::new();
        for evidence in &group.checks {
            let predicate = &evidence.predicate;
            let counter = counts.entry(predicate.outcome.as_str()).or_default();
            *counter = counter.saturating_add(1);
            if let Outcome::Incomplete { why } = &predicate.outcome {
                let code = show(&predicate.check.code, NAME);
                match unchecked
                    .iter_mut()
                    .find(|(known, _)| *known == why.as_slice())
                {
                    Some((_, codes)) => codes.push(code),
                    None => unchecked.push((why, vec![code])),
                }
            }
        }
        for (why, codes) in unchecked {
            let room = style.width.saturating_sub(INDENT);
            let codes = match codes.as_slice() {
                [code] => code.clone(),
                codes => format!("{} checks: {}", codes.len(), codes.join(", ")),
            };
            let mark = style.tone(Tone::Amber, &pad("? unchecked", 11));
            writeln!(self.text, "  {mark} {}", style.bold(&fit(&codes, room)))?;
            for why in why {
                self.indented("", &show(why, MESSAGE))?;
            }
        }
        let get = |name: &str| counts.get(name).copied().unwrap_or_default();
        let clean = get("clean");
        if clean > 0 {
            let line = format!("✓ {}", count(clean, "check clean", "checks clean"));
            writeln!(self.text, "  {}", style.tone(Tone::Green, &line))?;
        }
        if get("not-applicable") > 0 {
            let line = format!(
                "– {} not apply",
                count(get("not-applicable"), "check does", "checks do")
            );
            writeln!(self.text, "  {}", style.dim(&line))?;
        }
        Ok(())
    }

    fn refused(&mut self) -> io::Result<()> {
        if self.view.dossier.refused.is_empty() {
            return Ok(());
        }
        writeln!(self.text, "\n{}", self.style.bold("Refused evidence"))?;
        for refused in &self.view.dossier.refused {
            let line = format!(
                "✗ {}: {}",
                show(&refused.file, NAME),
                show(&refused.why, MESSAGE)
            );
            self.plain(&line)?;
        }
        Ok(())
    }

    fn gate(&mut self) -> io::Result<()> {
        let Some(decision) = &self.view.dossier.decision else {
            return Ok(());
        };
        let decision = &decision.predicate;
        if !decision.waivers.is_empty() {
            writeln!(self.text, "\n{}", self.style.bold("Waivers"))?;
        }
        for waiver in &decision.waivers {
            let left = match waiver.days_left {
                days if days < 0 => format!("EXPIRED {}", waiver.expires.date()),
                1 => "1 day left".to_owned(),
                days => format!("{days} days left"),
            };
            let findings = count_u64(waiver.covered, "finding", "findings");
            let (rule, owner) = (show(&waiver.rule, NAME), show(&waiver.owner, NAME));
            let reason = show(&waiver.reason, MESSAGE);
            self.plain(&format!(
                "~ {rule}: {left}, covers {findings}, {owner}: {reason}"
            ))?;
        }
        let warnings: Vec<String> = decision
            .warnings
            .iter()
            .map(|warning| show(&warning.message, MESSAGE))
            .collect();
        let disagreements = self.view.disagreements();
        if !warnings.is_empty() || !disagreements.is_empty() {
            writeln!(self.text, "\n{}", self.style.bold("Warnings"))?;
        }
        for warning in warnings.iter().chain(&disagreements) {
            self.plain(&format!("! {warning}"))?;
        }
        Ok(())
    }

    fn plain(&mut self, text: &str) -> io::Result<()> {
        for (place, line) in wrap(text, self.style.width.saturating_sub(4))
            .iter()
            .enumerate()
        {
            let indent = if place == 0 { "  " } else { "    " };
            writeln!(self.text, "{indent}{line}")?;
        }
        Ok(())
    }

    fn steps(&mut self) -> io::Result<()> {
        let (steps, all) = self.view.steps(STEPS);
        if steps.is_empty() {
            return Ok(());
        }
        writeln!(self.text, "\n{}", self.style.bold("What to do next"))?;
        for (place, step) in steps.iter().enumerate() {
            let more = step
                .also()
                .map(|also| format!(" ({also})"))
                .unwrap_or_default();
            self.plain(&format!(
                "{}. {}{more}",
                place.saturating_add(1),
                step.message
            ))?;
            if let Some(command) = &step.command {
                // A command that is cut or broken cannot be copied.
                writeln!(self.text, "     $ {}", self.style.command(command))?;
            }
        }
        let more = all.saturating_sub(steps.len());
        if more > 0 {
            writeln!(self.text, "  … and {} more", count(more, "step", "steps"))?;
        }
        Ok(())
    }

    fn summary(&mut self) -> io::Result<()> {
        let view = self.view;
        let open = view.open();
        let worst_first = Severity::ALL.iter().rev();
        let counted = worst_first.filter_map(|severity| {
            let number = open.get(severity).copied().filter(|number| *number > 0)?;
            Some((*severity, format!("{number} {severity}")))
        });
        let counted: Vec<(Severity, String)> = counted.collect();
        let plain: Vec<&str> = counted.iter().map(|(_, text)| text.as_str()).collect();
        let painted = counted
            .iter()
            .map(|(severity, text)| self.style.severity(*severity, text));
        let painted: Vec<String> = painted.collect();
        writeln!(self.text)?;
        if plain.is_empty() {
            writeln!(self.text, "no open findings")?;
        } else if plain.join(", ").len() <= self.style.width {
            writeln!(self.text, "{}", painted.join(", "))?;
        } else {
            writeln!(self.text, "{}", painted.join(",\n"))?;
        }
        let answered = view
            .rows
            .iter()
            .filter(|row| row.status != Status::Open)
            .count();
        let mut line = count(view.dossier.checks.len(), "result", "results");
        for (number, what) in [
            (answered, "answered for"),
            (view.incomplete().count(), "not checked"),
            (view.dossier.refused.len(), "refused"),
        ] {
            if number > 0 {
                line = format!("{line}, {number} {what}");
            }
        }
        for line in wrap(&line, self.style.width) {
            writeln!(self.text, "{}", self.style.dim(&line))?;
        }
        if let (Detail::Full, Some(decision)) = (self.detail, &view.dossier.decision) {
            writeln!(
                self.text,
                "{}",
                self.style.command(&verify_command(decision.id))
            )?;
        }
        Ok(())
    }
}
