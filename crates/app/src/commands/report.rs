//! `tutela report`: renders evidence, and nothing but evidence.

use super::Call;
use crate::args::ReportArguments;
use crate::failure::{Exit, Failure};
use crate::output::{Press, outputs};
use crate::report::Format;
use crate::snapshot::snapshot;
use crate::workplace::Workplace;

pub(super) fn run(arguments: &ReportArguments, call: Call<'_>) -> Result<Exit, Failure> {
    let format: Format = arguments
        .format
        .parse()
        .map_err(|error: crate::report::ParseFormatError| Failure::usage(error.to_string()))?;
    let outputs = outputs(call.shared, format)?;
    let workplace = Workplace::open(&arguments.path, call.shared, call.terminal)?;
    let trust = workplace.trust()?;
    let dossier =
        workplace
            .store()
            .dossier(&trust, &workplace.project.system.name, workplace.as_of())?;
    if dossier.checks.is_empty() && dossier.refused.is_empty() {
        let folder = arguments.path.display();
        return Err(
            Failure::incomplete(format!("`{folder}` has no evidence to report"))
                .with_hint(format!("`tutela check {folder}` makes it")),
        );
    }
    let press = Press {
        catalogue: &workplace.catalogue,
        fail_on: workplace.project.gate.fail_on,
        terminal: call.terminal,
    };
    press.print(&snapshot(dossier), &outputs)?;
    Ok(Exit::Pass)
}
