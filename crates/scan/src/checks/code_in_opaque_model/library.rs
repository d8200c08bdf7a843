//! What a library in a `TensorRT` engine says that it is.
//!
//! `TensorRT` opens the plugins in an engine when it deserialises it; a lean runtime, which makes an engine independent of
//! the version, only where host code is allowed. Names in a library's table of symbols tell which it is.

use std::io;

use tutela_core::{Bytes, Severity, Window};
use tutela_formats::strings;

/// Bytes behind the start of a library in which its names are looked for; plugins take a few MiB, a lean runtime 30.
const LONGEST: u64 = 256 << 20;
/// What a library of plugins exports (`NvInferRuntimePlugin.h`).
const PLUGIN: &[&str] = &["getCreators", "getPluginCreators", "setLoggerFinder"];

/// What a library is, by the names in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// It has the entry points of a plugin.
    Plugin,
    /// It calls itself the lean runtime.
    Lean,
    /// Neither.
    Any,
}

impl Library {
    /// How a sentence goes on that says that there is one.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Plugin => {
                " and has the entry points of a plugin: it runs when the engine is deserialised"
            }
            Self::Lean => {
                " and calls itself TensorRT's lean runtime: it runs where host code in engines is allowed"
            }
            Self::Any => "",
        }
    }

    pub(super) const fn severity(self) -> Severity {
        match self {
            Self::Plugin => Severity::Critical,
            Self::Lean | Self::Any => Severity::High,
        }
    }
}

/// What the library at a place is; `end` is where the next begins.
pub(super) fn what(bytes: &dyn Bytes, start: u64, end: Option<u64>) -> io::Result<Library> {
    let length = end
        .map_or(LONGEST, |end| end.saturating_sub(start))
        .min(LONGEST);
    let mut found = Library::Any;
    strings::texts(&Window::new(bytes, start, length), 8, &mut |_, text| {
        if PLUGIN.contains(&text) {
            found = Library::Plugin;
        } else if text.starts_with("libnvinfer_lean") && found == Library::Any {
            found = Library::Lean;
        }
        Ok(())
    })?;
    Ok(found)
}
