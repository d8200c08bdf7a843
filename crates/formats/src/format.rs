//! The formats that files are told apart by.

use std::fmt;

/// What a file is by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One or several Python pickles.
    Pickle,
    /// A `PyTorch` file of before 1.6: pickles, then raw numbers.
    TorchLegacy,
    /// A `PyTorch` zip archive with a `data.pkl`.
    TorchZip,
    /// A zip archive of numpy arrays.
    Npz,
    /// A Keras 3 archive.
    KerasZip,
    /// Any other zip archive.
    Zip,
    /// A numpy array.
    Npy,
    /// A safetensors file.
    Safetensors,
    /// An ONNX model.
    Onnx,
    /// A GGUF model.
    Gguf,
    /// An HDF5 file, such as a Keras model of before Keras 3.
    Hdf5,
    /// A TensorFlow Lite model.
    Tflite,
    /// A TensorFlow `SavedModel`.
    SavedModel,
    /// An ELF program or library.
    Elf,
    /// A Windows program or library.
    Pe,
    /// A macOS program or library.
    MachO,
    /// A script with a `#!` line.
    Script,
    /// A Windows batch or PowerShell script.
    WindowsScript,
    /// A gzip stream.
    Gzip,
    /// A zlib stream.
    Zlib,
    /// A tar archive.
    Tar,
    /// A 7z archive.
    SevenZip,
    /// A RAR archive.
    Rar,
    /// A bzip2 stream.
    Bzip2,
    /// An xz or lzma stream.
    Xz,
    /// A Zstandard stream.
    Zstd,
    /// An LZ4 stream.
    Lz4,
}

impl Format {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pickle => "Python pickle",
            Self::TorchLegacy => "PyTorch model (legacy)",
            Self::TorchZip => "PyTorch model",
            Self::Npz => "numpy archive",
            Self::KerasZip => "Keras model",
            Self::Zip => "zip archive",
            Self::Npy => "numpy array",
            Self::Safetensors => "safetensors model",
            Self::Onnx => "ONNX model",
            Self::Gguf => "GGUF model",
            Self::Hdf5 => "HDF5 file",
            Self::Tflite => "TensorFlow Lite model",
            Self::SavedModel => "TensorFlow SavedModel",
            Self::Elf => "Linux program or library (ELF)",
            Self::Pe => "Windows program or library (PE)",
            Self::MachO => "macOS program or library (Mach-O)",
            Self::Script => "script",
            Self::WindowsScript => "Windows script",
            Self::Gzip => "gzip stream",
            Self::Zlib => "zlib stream",
            Self::Tar => "tar archive",
            Self::SevenZip => "7z archive",
            Self::Rar => "RAR archive",
            Self::Bzip2 => "bzip2 stream",
            Self::Xz => "xz stream",
            Self::Zstd => "Zstandard stream",
            Self::Lz4 => "LZ4 stream",
        }
    }

    /// Whether a file of this format is loaded as a model, or as a part of one.
    #[must_use]
    pub const fn is_model(self) -> bool {
        matches!(
            self,
            Self::Pickle
                | Self::TorchLegacy
                | Self::TorchZip
                | Self::KerasZip
                | Self::Safetensors
                | Self::Onnx
                | Self::Gguf
                | Self::Hdf5
                | Self::Tflite
                | Self::SavedModel
        )
    }

    /// Whether the operating system can run it or load it as a library.
    #[must_use]
    pub const fn is_program(self) -> bool {
        self.is_native() || matches!(self, Self::Script | Self::WindowsScript)
    }

    /// Whether it holds machine code.
    #[must_use]
    pub const fn is_native(self) -> bool {
        matches!(self, Self::Elf | Self::Pe | Self::MachO)
    }

    /// Whether it holds other files.
    #[must_use]
    pub const fn is_container(self) -> bool {
        matches!(
            self,
            Self::TorchZip
                | Self::Npz
                | Self::KerasZip
                | Self::Zip
                | Self::Gzip
                | Self::Zlib
                | Self::Tar
                | Self::SevenZip
                | Self::Rar
                | Self::Bzip2
                | Self::Xz
                | Self::Zstd
                | Self::Lz4
        )
    }

    /// Whether this crate can look inside. What it only recognises must never be called clean.
    #[must_use]
    pub const fn is_understood(self) -> bool {
        !matches!(
            self,
            Self::KerasZip
                | Self::Gguf
                | Self::Hdf5
                | Self::Tflite
                | Self::SavedModel
                | Self::SevenZip
                | Self::Rar
                | Self::Bzip2
                | Self::Xz
                | Self::Zstd
                | Self::Lz4
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
