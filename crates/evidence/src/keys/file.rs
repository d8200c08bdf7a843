//! Key files: private ones are made for their owner only, and none is ever overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyError;

/// No key text is longer; a longer file is something else.
const LIMIT: u64 = 64 * 1024;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Owner,
    Everyone,
}

/// Writes a new file durably; refuses to touch one that exists.
pub(super) fn create(path: &Path, text: &str, readers: Readers) -> Result<(), KeyError> {
    write_new(path, text, readers).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists {
            path: path.to_owned(),
        },
        _ => KeyError::Write {
            path: path.to_owned(),
            source,
        },
    })
}

fn write_new(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // `create_new` is O_EXCL: it follows no symbolic link that somebody laid there.
    options.write(true).create_new(true);
    restrict(&mut options, readers);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    });
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _readers: Readers) {}

/// Makes a folder that only its owner may enter; one that exists is left as it is.
pub(super) fn create_folder(path: &Path) -> Result<(), KeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| KeyError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Makes the names of new files durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), KeyError> {
    let sync = || -> io::Result<()> {
        if cfg!(unix) {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    };
    sync().map_err(|source| KeyError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Reads a key file that only its owner may read.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let file = open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Asked of the open file, so that it cannot be exchanged in between.
        let metadata = file.metadata().map_err(|source| read(path, source))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
    }
    text(path, file)
}

/// Reads a key file that everyone may read.
pub(super) fn read_public(path: &Path) -> Result<String, KeyError> {
    text(path, open(path)?).map(|text| text.to_string())
}

fn open(path: &Path) -> Result<File, KeyError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => File::open(path).map_err(|source| read(path, source)),
        Ok(_) => Err(read(path, io::Error::other("not a regular file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyError::Missing {
            path: path.to_owned(),
        }),
        Err(error) => Err(read(path, error)),
    }
}

fn text(path: &Path, file: File) -> Result<Zeroizing<String>, KeyError> {
    // Reserved at once: growing would leave copies of the secret in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(
        usize::try_from(LIMIT).unwrap_or(0) + 1,
    ));
    file.take(LIMIT + 1)
        .read_to_string(&mut text)
        .map_err(|source| read(path, source))?;
    if text.len() as u64 > LIMIT {
        return Err(read(path, io::Error::other("too long for a key")));
    }
    Ok(text)
}

fn read(path: &Path, source: io::Error) -> KeyError {
    KeyError::Read {
        path: path.to_owned(),
        source,
    }
}
