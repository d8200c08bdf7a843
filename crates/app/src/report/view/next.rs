//! What to do next: the shortest list of commands that helps most.

use tutela_evidence::gate::Verdict;

use super::{Tone, View};
use crate::report::text::{MESSAGE, count, show};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Why.
    pub(crate) message: String,
    /// The command; none when nothing but reading helps.
    pub(crate) command: Option<String>,
    /// How urgent.
    pub(crate) tone: Tone,
    /// How many reasons more the same command cures.
    pub(crate) more: usize,
}

impl View<'_> {
    /// The first things to do, most urgent first, and how many there are in all.
    pub(crate) fn steps(&self, most: usize) -> (Vec<Step>, usize) {
        let mut steps: Vec<Step> = Vec::new();
        match &self.dossier.decision {
            Some(decision) => {
                for reason in &decision.predicate.reasons {
                    let tone = match reason.verdict {
                        Verdict::Deny => Tone::Red,
                        Verdict::Incomplete | Verdict::Allow => Tone::Amber,
                    };
                    add(&mut steps, tone, &reason.message, Some(&reason.cure));
                }
                for warning in &decision.predicate.warnings {
                    if warning.cure.is_some() {
                        add(
                            &mut steps,
                            Tone::Grey,
                            &warning.message,
                            warning.cure.as_deref(),
                        );
                    }
                }
            }
            None => self.undecided_steps(&mut steps),
        }
        let all = steps.len();
        steps.truncate(most);
        (steps, all)
    }

    fn undecided_steps(&self, steps: &mut Vec<Step>) {
        for row in &self.rows {
            let tone = if self.fails(row) {
                Tone::Red
            } else {
                Tone::Amber
            };
            let command = format!("tutela explain {}", show(&row.finding.code, MESSAGE));
            add(steps, tone, &row.finding.message, Some(&command));
        }
        for (evidence, why) in self.incomplete() {
            let command = format!(
                "tutela explain {}",
                show(&evidence.predicate.check.code, MESSAGE)
            );
            let message = format!(
                "`{}` could not finish: {}",
                evidence.predicate.check.code,
                why.first().map_or("no reason given", String::as_str)
            );
            add(steps, Tone::Amber, &message, Some(&command));
        }
        let message =
            "Make signed evidence and a decision of it: describe the project, then check it";
        add(
            steps,
            Tone::Grey,
            message,
            Some("tutela init && tutela check"),
        );
    }
}

/// Adds a step, or counts it with the one that has the same command.
fn add(steps: &mut Vec<Step>, tone: Tone, message: &str, command: Option<&str>) {
    let command = command
        .map(|command| show(command, MESSAGE))
        .filter(|command| !command.is_empty());
    let same = steps
        .iter_mut()
        .find(|step| command.is_some() && step.command == command);
    if let Some(same) = same {
        same.more = same.more.saturating_add(1);
        return;
    }
    steps.push(Step {
        message: show(message, MESSAGE),
        command,
        tone,
        more: 0,
    });
}

impl Step {
    /// `and 3 reasons more`, or nothing.
    pub(crate) fn also(&self) -> Option<String> {
        (self.more > 0).then(|| format!("and {} more", count(self.more, "reason", "reasons")))
    }
}
