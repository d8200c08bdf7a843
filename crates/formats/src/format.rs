//! The formats that files are told apart by. A new one is a line here and a line in [`sniff`](crate::sniff).

use std::fmt;

use crate::stream::Codec;

/// What a format is good for, and whether this crate can look inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trait {
    /// Loaded as a model, or as a part of one.
    Model,
    /// The operating system runs it or loads it as a library.
    Program,
    /// It holds machine code.
    Native,
    /// It holds other files.
    Container,
    /// It is only recognised: nothing inside it is looked at, so it must never be called clean.
    Opaque,
}

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident: $name:literal [$($quality:ident),*],)*) => {
        /// What a file is by its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$doc])* $variant,)*
        }

        impl Format {
            /// Every format, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// What people call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            const fn traits(self) -> &'static [Trait] {
                match self { $(Self::$variant => &[$(Trait::$quality),*],)* }
            }
        }
    };
}

formats! {
    /// One or several Python pickles.
    Pickle: "Python pickle" [Model],
    /// A `PyTorch` file of before 1.6: pickles, then raw numbers.
    TorchLegacy: "PyTorch model (legacy)" [Model],
    /// A `PyTorch` zip archive with a `data.pkl`.
    TorchZip: "PyTorch model" [Model, Container],
    /// A `PyTorch` archive with `TorchScript` code.
    TorchScript: "TorchScript model" [Model, Container],
    /// An archive of `torch.package`: Python code, and the objects that need it.
    TorchPackage: "PyTorch package with code" [Model, Container],
    /// An archive of `torch.export`, which may bring compiled libraries.
    TorchExport: "exported PyTorch program (pt2)" [Model, Container],
    /// A `TorchScript` model for mobile devices, as a flatbuffer.
    TorchMobile: "PyTorch mobile model" [Model],
    /// A zip archive of numpy arrays.
    Npz: "numpy archive" [Container],
    /// A Keras 3 archive.
    KerasZip: "Keras model" [Model, Container],
    /// Any other zip archive.
    Zip: "zip archive" [Container],
    /// A numpy array.
    Npy: "numpy array" [],
    /// A safetensors file.
    Safetensors: "safetensors model" [Model],
    /// An ONNX model.
    Onnx: "ONNX model" [Model],
    /// A Core ML model.
    CoreMl: "Core ML model" [Model],
    /// A GGUF model.
    Gguf: "GGUF model" [Model],
    /// A model of GGUF's predecessors.
    Ggml: "GGML model" [Model, Opaque],
    /// A program of `ExecuTorch`.
    ExecuTorch: "ExecuTorch model" [Model],
    /// A model in onnxruntime's own format.
    OnnxRuntime: "ONNX Runtime model (ORT)" [Model],
    /// An engine of `TensorRT`.
    TensorRt: "TensorRT engine" [Model, Opaque],
    /// A model for Rockchip's processors.
    Rknn: "RKNN model" [Model, Opaque],
    /// A model of MNN, the library for telephones.
    Mnn: "MNN model" [Model],
    /// A file of Torch 7, the Lua library.
    Torch7: "Torch7 model" [Model],
    /// A program or the parameters of Paddle.
    Paddle: "Paddle model" [Model],
    /// Arrays of `MXNet` with their names.
    MxNet: "MXNet parameters" [Model],
    /// A net of Caffe with its weights.
    Caffe: "Caffe model" [Model],
    /// A model or a checkpoint of CNTK 2.
    Cntk: "CNTK model" [Model],
    /// A network of CNTK 1.
    CntkNetwork: "CNTK network (version 1)" [Model, Opaque],
    /// An HDF5 file, such as a Keras model of before Keras 3.
    Hdf5: "HDF5 file" [Model, Container],
    /// The configuration of a Keras model, as JSON or YAML.
    KerasConfig: "Keras configuration" [Model],
    /// The configurations beside a TensorFlow `SavedModel`.
    KerasMetadata: "Keras metadata" [Model],
    /// A TensorFlow Lite model.
    Tflite: "TensorFlow Lite model" [Model],
    /// A TensorFlow `SavedModel`.
    SavedModel: "TensorFlow SavedModel" [Model],
    /// A TensorFlow graph: a frozen one, or the `.meta` of a checkpoint.
    TfGraph: "TensorFlow graph" [Model],
    /// The index of a TensorFlow checkpoint.
    TfCheckpoint: "TensorFlow checkpoint" [Model],
    /// `MessagePack`, as Flax and msgpack-numpy write it.
    Msgpack: "MessagePack file" [Model, Container],
    /// A node of OCDBT, the database of Orbax checkpoints.
    Ocdbt: "OCDBT database (Orbax)" [Container],
    /// A model of `XGBoost`: JSON, UBJSON or its old binary format.
    XgBoost: "XGBoost model" [Model],
    /// A model of `LightGBM`.
    LightGbm: "LightGBM model" [Model],
    /// A model of `CatBoost`: its binary format or JSON.
    CatBoost: "CatBoost model" [Model],
    /// JSON: configurations, tokenizers, indices.
    Json: "JSON" [],
    /// XML, such as PMML or an `OpenVINO` model.
    Xml: "XML" [],
    /// Objects of R, as `save` and `saveRDS` write them.
    RData: "R objects" [Model, Container],
    /// An ELF program or library.
    Elf: "Linux program or library (ELF)" [Program, Native],
    /// A Windows program or library.
    Pe: "Windows program or library (PE)" [Program, Native],
    /// A macOS program or library.
    MachO: "macOS program or library (Mach-O)" [Program, Native],
    /// A program for several systems at once, such as a llamafile.
    Ape: "program for several systems (APE, llamafile)" [Program, Native],
    /// A script with a `#!` line.
    Script: "script" [Program],
    /// A Windows batch or PowerShell script.
    WindowsScript: "Windows script" [Program],
    /// A gzip stream.
    Gzip: "gzip stream" [Container],
    /// A zlib stream.
    Zlib: "zlib stream" [Container],
    /// A zlib stream behind its unpacked size, as joblib wrote it before 0.10 and still reads it.
    ZFile: "zlib stream of joblib (ZF)" [Container],
    /// A tar archive.
    Tar: "tar archive" [Container],
    /// A 7z archive.
    SevenZip: "7z archive" [Container],
    /// A RAR archive.
    Rar: "RAR archive" [Container, Opaque],
    /// A bzip2 stream.
    Bzip2: "bzip2 stream" [Container],
    /// An xz stream.
    Xz: "xz stream" [Container],
    /// An lzma stream of before xz.
    Lzma: "lzma stream" [Container],
    /// A Zstandard stream.
    Zstd: "Zstandard stream" [Container],
    /// An LZ4 stream.
    Lz4: "LZ4 stream" [Container],
}

impl Format {
    fn has(self, wanted: Trait) -> bool {
        self.traits().contains(&wanted)
    }

    /// Whether a file of this format is loaded as a model, or as a part of one.
    #[must_use]
    pub fn is_model(self) -> bool {
        self.has(Trait::Model)
    }

    /// Whether the operating system can run it or load it as a library.
    #[must_use]
    pub fn is_program(self) -> bool {
        self.has(Trait::Program)
    }

    /// Whether it holds machine code.
    #[must_use]
    pub fn is_native(self) -> bool {
        self.has(Trait::Native)
    }

    /// Whether it holds other files.
    #[must_use]
    pub fn is_container(self) -> bool {
        self.has(Trait::Container)
    }

    /// Whether it is a zip archive, whatever is in it.
    #[must_use]
    pub const fn is_zip(self) -> bool {
        matches!(
            self,
            Self::Zip
                | Self::TorchZip
                | Self::TorchScript
                | Self::TorchPackage
                | Self::TorchExport
                | Self::Npz
                | Self::KerasZip
        )
    }

    /// Whether it is an ONNX model, or what onnxruntime made of one.
    #[must_use]
    pub const fn is_onnx(self) -> bool {
        matches!(self, Self::Onnx | Self::OnnxRuntime)
    }

    /// Whether it is one compressed stream.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        Codec::of(self).is_some()
    }

    /// Whether this crate can look inside. What it only recognises must never be called clean.
    #[must_use]
    pub fn is_understood(self) -> bool {
        !self.has(Trait::Opaque)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
