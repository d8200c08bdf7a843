//! One part of a file as the walk shows it, and what was learned of it so far.

use std::cell::OnceCell;
use std::io;

use tutela_core::{Bytes, Limits, Window};

use crate::pickle::{self, Pickles};
use crate::stream::Stream;
use crate::sweep::{Sweep, sweep};
use crate::{
    Format, coreml, gguf, hdf5, msgpack, npy, onnx, rdata, safetensors, sevenzip, tar, tensorflow,
    tflite, zip,
};

/// A file, or something packed inside it.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Where it lies: member names with `!` between levels, escaped; none for the file itself.
    pub member: Option<&'a str>,
    /// Its bytes, unpacked.
    pub bytes: &'a dyn Bytes,
    /// Where these bytes begin in the file itself; none when they were unpacked.
    pub origin: Option<u64>,
    /// What it is; several when it has several faces.
    pub formats: &'a [Format],
    /// What the thing is in which it lies directly; nothing for the file itself.
    pub around: &'a [Format],
    /// The structure, when it is a zip archive.
    pub archive: Option<&'a zip::Archive>,
    /// The structure, when it is a tar archive.
    pub tar: Option<&'a tar::Archive>,
    /// The structure, when it is a 7z archive.
    pub sevenzip: Option<&'a sevenzip::Archive>,
    /// What is in it, when it is a stream of R.
    pub rdata: Option<&'a rdata::Image>,
    /// What came out, when it is a compressed stream.
    pub stream: Option<&'a Stream>,
    /// How the archive around it describes it, when that is a zip archive.
    pub listed: Option<&'a zip::Member>,
    /// Whether what is packed in it is shown too: not so past the limit of depth.
    pub(crate) is_opened: bool,
    /// What was learned of it, whoever asked first.
    pub(crate) learned: &'a Learned,
}

/// What was learned of one part: each thing is read once, when the first asks for it.
#[derive(Default)]
pub(crate) struct Learned {
    sweep: OnceCell<Sweep>,
    pickles: OnceCell<(u64, Pickles)>,
    pub(crate) npy: OnceCell<Option<npy::Header>>,
    safetensors: OnceCell<safetensors::Header>,
    gguf: OnceCell<gguf::Model>,
    onnx: OnceCell<onnx::Model>,
    pub(crate) hdf5: OnceCell<hdf5::File>,
    pub(crate) msgpack: OnceCell<msgpack::Document>,
    tflite: OnceCell<tflite::Model>,
    tensorflow: OnceCell<tensorflow::Model>,
    coreml: OnceCell<coreml::Model>,
}

impl Entry<'_> {
    /// Whether this is one of the things that it is.
    #[must_use]
    pub fn is(&self, format: Format) -> bool {
        self.formats.contains(&format)
    }

    /// Whether it is of no known format and begins as a text does.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn is_text(&self) -> io::Result<bool> {
        let mut head = [0; 512];
        let count = self.bytes.read_at(0, &mut head)?;
        let head = head.get(..count).unwrap_or_default();
        // A character that the 512 bytes cut in two is none that is wrong.
        let is_utf8 = match std::str::from_utf8(head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        Ok(self.formats.is_empty() && is_utf8 && !head.contains(&0))
    }

    /// What one reading of all bytes tells.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn sweep(&self) -> io::Result<&Sweep> {
        once(&self.learned.sweep, || sweep(self.bytes))
    }

    /// The pickles that a loader of this format would follow, and where they begin; none when it holds none.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn pickles(&self, limits: &Limits) -> io::Result<Option<(u64, &Pickles)>> {
        let start = if self.is(Format::Pickle) || self.is(Format::TorchLegacy) {
            0
        } else {
            match self.npy()? {
                Some(header) if header.objects => header.data,
                _ => return Ok(None),
            }
        };
        let (start, pickles) = once(&self.learned.pickles, || {
            let window = Window::new(self.bytes, start, u64::MAX);
            Ok((start, pickle::describe(&window, limits)?))
        })?;
        Ok(Some((*start, pickles)))
    }

    /// The header, when it is a numpy array whose header can be read.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn npy(&self) -> io::Result<Option<&npy::Header>> {
        if !self.is(Format::Npy) {
            return Ok(None);
        }
        Ok(once(&self.learned.npy, || npy::header(self.bytes))?.as_ref())
    }

    /// The header, as that of a safetensors file.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn safetensors(&self, limits: &Limits) -> io::Result<&safetensors::Header> {
        once(&self.learned.safetensors, || {
            safetensors::read(self.bytes, limits)
        })
    }

    /// The description, as that of a GGUF model.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn gguf(&self, limits: &Limits) -> io::Result<&gguf::Model> {
        once(&self.learned.gguf, || gguf::read(self.bytes, limits))
    }

    /// The description, as that of an ONNX model, or of what onnxruntime made of one.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn onnx(&self, limits: &Limits) -> io::Result<&onnx::Model> {
        once(&self.learned.onnx, || {
            if self.is(Format::OnnxRuntime) {
                onnx::read_runtime(self.bytes, limits)
            } else {
                onnx::read(self.bytes, limits)
            }
        })
    }

    /// The description, as that of an HDF5 file.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn hdf5(&self, limits: &Limits) -> io::Result<&hdf5::File> {
        once(&self.learned.hdf5, || hdf5::read(self.bytes, limits))
    }

    /// The description, as that of a `MessagePack` file.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn msgpack(&self, limits: &Limits) -> io::Result<&msgpack::Document> {
        once(&self.learned.msgpack, || msgpack::read(self.bytes, limits))
    }

    /// The description, as that of a TensorFlow Lite model.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn tflite(&self, limits: &Limits) -> io::Result<&tflite::Model> {
        once(&self.learned.tflite, || tflite::read(self.bytes, limits))
    }

    /// The description, as that of a TensorFlow graph; none when it is none.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn tensorflow(&self, limits: &Limits) -> io::Result<Option<&tensorflow::Model>> {
        let is_graph = |format: &&Format| matches!(format, Format::SavedModel | Format::TfGraph);
        let Some(format) = self.formats.iter().find(is_graph).copied() else {
            return Ok(None);
        };
        let read = || tensorflow::read(self.bytes, format, limits);
        once(&self.learned.tensorflow, read).map(Some)
    }

    /// The description, as that of a Core ML model.
    ///
    /// # Errors
    /// What reading the bytes returns.
    pub fn coreml(&self, limits: &Limits) -> io::Result<&coreml::Model> {
        once(&self.learned.coreml, || coreml::read(self.bytes, limits))
    }
}

/// What the cell holds, read now if nothing is in it yet. The bytes are the same each time.
pub(crate) fn once<T>(cell: &OnceCell<T>, read: impl FnOnce() -> io::Result<T>) -> io::Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let found = read()?;
    Ok(cell.get_or_init(|| found))
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("member", &self.member)
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_not_read_again() {
        let cell = OnceCell::new();
        assert_eq!(*once(&cell, || Ok(1)).unwrap(), 1);
        assert_eq!(*once(&cell, || Ok(2)).unwrap(), 1);
        let failed: OnceCell<u8> = OnceCell::new();
        assert!(once(&failed, || Err(io::ErrorKind::Other.into())).is_err());
        assert_eq!(*once(&failed, || Ok(3)).unwrap(), 3);
    }
}
