//! Where reports go: standard output or files, written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tutela_core::{Catalogue, Severity};
use tutela_evidence::Dossier;

use crate::args::Shared;
use crate::failure::{Failure, chain};
use crate::report::{self, Colour, Format, Options};
use crate::terminal::Terminal;

/// One report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

impl Output {
    /// Whether it names files and results by their digests.
    pub(crate) const fn names_digests(&self) -> bool {
        !matches!(self.format, Format::Table | Format::Github)
    }
}

/// Reads `-f` and `-o`; `usual` is the format when nothing is said.
///
/// # Errors
/// When a format is unknown, a file has no name, or two reports would go to standard output.
pub(crate) fn outputs(shared: &Shared, usual: Format) -> Result<Vec<Output>, Failure> {
    let mut outputs = Vec::new();
    for text in &shared.formats {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err(no_file(text)),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text.as_str(), None),
        };
        let format = name
            .parse()
            .map_err(|error: report::ParseFormatError| Failure::usage(error.to_string()))?;
        outputs.push(Output { format, file });
    }
    if outputs.is_empty() {
        outputs.push(Output {
            format: usual,
            file: None,
        });
    }
    let mut unplaced: Vec<&mut Output> = outputs
        .iter_mut()
        .filter(|output| output.file.is_none())
        .collect();
    match (unplaced.as_mut_slice(), &shared.output) {
        ([only], Some(file)) => only.file = Some(file.clone()),
        ([], Some(_)) => {
            return Err(Failure::usage(
                "`--output` is given, but every format names its own file",
            ));
        }
        ([_, _, ..], _) => {
            return Err(Failure::usage("several formats would go to the same place")
                .with_hint("give all but one a file: `-f table -f sarif=out.sarif`"));
        }
        _ => {}
    }
    Ok(outputs)
}

fn no_file(text: &str) -> Failure {
    Failure::usage(format!("`{text}` names no file after the `=`"))
        .with_hint("give one, such as `-f html=report.html`, or leave the `=` out")
}

/// Renders reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Press<'a> {
    /// Help texts and what this version can check.
    pub(crate) catalogue: &'a Catalogue,
    /// The mildest severity that counts as a failure.
    pub(crate) fail_on: Severity,
    /// What the person at the terminal asked for.
    pub(crate) terminal: Terminal,
}

impl Press<'_> {
    /// Renders every report that was asked for; one that cannot be written does not keep back the others.
    ///
    /// # Errors
    /// The first, when one or more cannot be written.
    pub(crate) fn print(&self, dossier: &Dossier, outputs: &[Output]) -> Result<(), Failure> {
        let place = |output: &Output| match &output.file {
            Some(file) => self.write_file(output.format, dossier, file),
            None => print(&self.render(output.format, dossier, Colours::OfTerminal)?),
        };
        outputs.iter().map(place).fold(Ok(()), Result::and)
    }

    /// Renders one report into a file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_file(
        &self,
        format: Format,
        dossier: &Dossier,
        file: &Path,
    ) -> Result<(), Failure> {
        let bytes = self.render(format, dossier, Colours::None)?;
        write_whole(file, &bytes).map_err(|error| Failure::cannot_write(file, &error))
    }

    fn render(
        &self,
        format: Format,
        dossier: &Dossier,
        colours: Colours,
    ) -> Result<Vec<u8>, Failure> {
        let coloured = matches!(colours, Colours::OfTerminal) && self.terminal.colours_output();
        let options = Options {
            catalogue: self.catalogue,
            version: env!("CARGO_PKG_VERSION"),
            fail_on: self.fail_on,
            colour: if coloured {
                Colour::Ansi
            } else {
                Colour::Plain
            },
            width: Terminal::width(),
        };
        let mut bytes = Vec::new();
        report::render(format, dossier, &options, &mut bytes)
            .map_err(|error| Failure::incomplete(chain(&error)))?;
        Ok(bytes)
    }
}

/// Whether the terminal's colours apply.
#[derive(Clone, Copy)]
enum Colours {
    OfTerminal,
    None,
}

/// Prints data on standard output. A reader who has seen enough (`| head`) is no error.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::incomplete(
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it.
///
/// A pipe or device, such as `/dev/stdout`, is written to as it is and never replaced.
///
/// # Errors
/// What the operating system returns.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return fs::File::options().write(true).open(file)?.write_all(bytes);
    }
    Staged::write(file, bytes)?.place()
}

/// A file that lies beside its place, complete, and has only to be moved there; dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Staged {
    new: NamedTempFile,
    file: PathBuf,
}

impl Staged {
    /// Writes everything beside the place.
    ///
    /// # Errors
    /// What the operating system returns.
    pub(crate) fn write(file: &Path, bytes: &[u8]) -> io::Result<Self> {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        let mut new = tempfile::Builder::new()
            .prefix(".tutela-")
            .permissions(readable())
            .tempfile_in(folder)?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        Ok(Self {
            new,
            file: file.to_owned(),
        })
    }

    /// Moves it into its place.
    ///
    /// # Errors
    /// What the operating system returns.
    pub(crate) fn place(self) -> io::Result<()> {
        self.new.persist(self.file).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(unix)]
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(not(unix))]
fn readable() -> fs::Permissions {
    // Unused there: the builder ignores permissions.
    fs::metadata(".")
        .map(|metadata| metadata.permissions())
        .unwrap_or_else(|_| unreachable!())
}
