//! Advisories of the libraries that load model files: which versions of which package, and what in a file reaches them.
//!
//! Each names where its versions were read. A database may bring further ones: it fills the same [`Advisory`].

use tutela_formats::Format;
use tutela_formats::packages::{Range, Version};

/// A weakness of a loader that a model file reaches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Advisory<'a> {
    /// Its public name.
    pub(crate) id: &'a str,
    /// Its other names.
    pub(crate) aliases: &'a [&'a str],
    /// The packages of `PyPI` that have it, normalised.
    pub(crate) packages: &'a [&'a str],
    /// The versions that have it: from the first, and up to but without the second.
    pub(crate) ranges: &'a [(&'a str, &'a str)],
    /// The formats of files that reach it.
    pub(crate) formats: &'a [Format],
    /// What in the file reaches it.
    pub(crate) trigger: Trigger,
    /// What happens, as the end of a sentence.
    pub(crate) effect: &'a str,
    /// Where the versions were read.
    pub(crate) source: &'a str,
}

/// What in a file reaches a weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trigger {
    /// Any file of the format may; what would show it is not looked for.
    Any,
    /// `TorchScript` code.
    TorchScript,
    /// A Lambda layer of Keras.
    Lambda,
    /// A function, or an object of a module that is not of Keras.
    Function,
    /// A lookup layer of Keras, which may name a vocabulary file.
    Lookup,
    /// A layer that loads a `SavedModel` from a path.
    TfsmLayer,
    /// A layer of Keras that unpickles a module of `PyTorch`.
    TorchModule,
    /// HDF5 data or links that lie in other files.
    OtherFiles,
    /// HDF5 data sets put together from those of other files.
    VirtualData,
    /// A node of skops that calls a method or a function of `operator`.
    SkopsNode,
    /// A numpy array of Python objects.
    ObjectArray,
    /// A chat template.
    ChatTemplate,
    /// Tensors in other files.
    ExternalData,
    /// A YAML tag that makes Python objects.
    YamlTag,
    /// `auto_map` in a configuration.
    AutoMap,
    /// `_attn_implementation_internal` in a configuration.
    Attention,
}

impl Trigger {
    /// What it is called in a sentence.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Any => "its format",
            Self::TorchScript => "TorchScript code",
            Self::Lambda => "a Lambda layer",
            Self::Function => "a function or class that is not of Keras",
            Self::Lookup => "a lookup layer",
            Self::TfsmLayer => "a TFSMLayer",
            Self::TorchModule => "a TorchModuleWrapper",
            Self::OtherFiles => "data that lie in other files",
            Self::VirtualData => "data sets put together from other files",
            Self::SkopsNode => "a node that calls a method",
            Self::ObjectArray => "an array of Python objects",
            Self::ChatTemplate => "a chat template",
            Self::ExternalData => "external data",
            Self::YamlTag => "a YAML tag of Python",
            Self::AutoMap => "`auto_map`",
            Self::Attention => "`_attn_implementation_internal`",
        }
    }
}

impl Trigger {
    /// Whether ordinary files of the format have it too: then the finding is about the loader alone.
    pub(crate) const fn is_ordinary(self) -> bool {
        matches!(
            self,
            Self::Any
                | Self::TorchScript
                | Self::Lookup
                | Self::ObjectArray
                | Self::ChatTemplate
                | Self::ExternalData
                | Self::AutoMap
                | Self::SkopsNode
        )
    }
}

impl Advisory<'_> {
    /// The versions that have it.
    pub(crate) fn vulnerable(&self) -> impl Iterator<Item = (Range, &str)> {
        self.ranges.iter().map(|(from, fixed)| {
            let range = Range {
                from: Version::parse(from).map(|version| (version, true)),
                to: Version::parse(fixed).map(|version| (version, false)),
            };
            (range, *fixed)
        })
    }
}

const KERAS: &[Format] = &[Format::KerasZip];
const KERAS_ALL: &[Format] = &[Format::KerasZip, Format::Hdf5, Format::KerasConfig];
const TENSORFLOW: &[&str] = &["tensorflow", "tensorflow-cpu", "tensorflow-gpu"];
const TORCH: &[Format] = &[Format::TorchZip, Format::TorchLegacy];
const PICKLES: &[Format] = &[Format::Pickle, Format::TorchZip, Format::TorchLegacy];
const CODE: &str = "loading the file can run code of its maker";
const MISSED: &str = "the scanner overlooks malicious files of this format";

macro_rules! advisories {
    ($($id:literal $aliases:expr, $packages:expr, $ranges:expr, $formats:expr, $trigger:ident, $effect:expr, $source:literal;)*) => {
        /// The advisories that are built in, by package.
        pub(crate) const ADVISORIES: &[Advisory<'static>] = &[$(Advisory {
            id: $id,
            aliases: $aliases,
            packages: $packages,
            ranges: $ranges,
            formats: $formats,
            trigger: Trigger::$trigger,
            effect: $effect,
            source: $source,
        }),*];
    };
}

advisories! {
    "CVE-2024-3660" &[], &["keras"], &[("0", "2.13.0")], KERAS_ALL, Lambda, CODE, "CERT/CC VU#253266";
    "CVE-2025-1550" &["GHSA-48g7-3x6r-xfhp"], &["keras"], &[("3.0.0", "3.9.0")], KERAS, Function, CODE, "GHSA-48g7-3x6r-xfhp";
    "CVE-2025-8747" &["GHSA-c9rc-mg46-23w3"], &["keras"], &[("3.0.0", "3.11.0")], KERAS, Function, CODE, "JFrog; GHSA-c9rc-mg46-23w3";
    "CVE-2025-9906" &["GHSA-36fq-jgmw-4r9c"], &["keras"], &[("0", "3.11.0")], KERAS, Function, CODE, "GHSA-36fq-jgmw-4r9c";
    "CVE-2025-49655" &[], &["keras"], &[("3.11.0", "3.11.3")], KERAS, TorchModule, CODE, "NVD";
    "CVE-2025-9905" &["GHSA-36rr-ww3j-vrjv"], &["keras"], &[("3.0.0", "3.11.3")], &[Format::Hdf5], Lambda, CODE, "GHSA-36rr-ww3j-vrjv; the first version is that of Keras 3";
    "CVE-2025-12058" &["GHSA-mq84-hjqx-cwf2"], &["keras"], &[("0", "3.12.0")], KERAS, Lookup, "loading the file can read other files or addresses", "GHSA-mq84-hjqx-cwf2";
    "CVE-2026-0897" &["GHSA-xfhx-r7ww-5995"], &["keras"], &[("3.0.0", "3.12.1"), ("3.13.0", "3.13.2")], &[Format::KerasZip, Format::Hdf5], Any, "loading altered weights exhausts the memory", "GHSA-xfhx-r7ww-5995";
    "CVE-2026-1462" &["GHSA-4f3f-g24h-fr8m"], &["keras"], &[("3.0.0", "3.12.1"), ("3.13.0", "3.13.2")], KERAS, TfsmLayer, CODE, "GHSA-4f3f-g24h-fr8m";
    "CVE-2026-1669" &["GHSA-3m4q-jmj6-r34q"], &["keras"], &[("3.0.0", "3.12.1"), ("3.13.0", "3.13.2")], &[], OtherFiles, "loading the weights reads files of the computer into the model", "GHSA-3m4q-jmj6-r34q";
    "CVE-2026-12480" &["GHSA-26c4-7vv6-867j"], &["keras"], &[("0", "3.12.3"), ("3.13.0", "3.15.0")], &[], VirtualData, "loading the weights reads files of the computer into the model", "GHSA-26c4-7vv6-867j";
    "CVE-2026-12484" &["GHSA-v2w2-w228-c444"], &["keras"], &[("0", "3.12.3"), ("3.13.0", "3.15.0")], KERAS, TorchModule, CODE, "GHSA-v2w2-w228-c444";
    "CVE-2024-34359" &["GHSA-56xg-wfcc-g829"], &["llama-cpp-python"], &[("0", "0.2.72")], &[Format::Gguf], ChatTemplate, "the template is run outside a sandbox, so that it can run code of its maker", "GHSA-56xg-wfcc-g829";
    "CVE-2019-6446" &["PYSEC-2019-108"], &["numpy"], &[("0", "1.16.3")], &[Format::Npy], ObjectArray, "numpy.load unpickles it without being asked", "PYSEC-2019-108 says 1.16.1; the default changed in 1.16.3";
    "CVE-2022-25882" &["PYSEC-2023-38"], &["onnx"], &[("0", "1.13.0")], &[Format::Onnx], ExternalData, "loading the model can read files outside its folder", "PYSEC-2023-38";
    "CVE-2024-27318" &["GHSA-whh8-fjgc-qp73"], &["onnx"], &[("0", "1.16.0")], &[Format::Onnx], ExternalData, "loading the model can read files outside its folder", "GHSA-whh8-fjgc-qp73; release notes of onnx 1.16.0";
    "CVE-2026-27489" &["GHSA-3r9x-f23j-gc73"], &["onnx"], &[("0", "1.21.0")], &[Format::Onnx], ExternalData, "loading the model can read files outside its folder through links", "GHSA-3r9x-f23j-gc73";
    "CVE-2026-34445" &[], &["onnx"], &[("0", "1.21.0")], &[Format::Onnx], ExternalData, "loading the model sets attributes of the loader's own objects", "NVD";
    "CVE-2025-1716" &[], &["picklescan"], &[("0", "0.0.21")], PICKLES, Any, MISSED, "NVD";
    "CVE-2025-1889" &[], &["picklescan"], &[("0", "0.0.22")], PICKLES, Any, MISSED, "NVD";
    "CVE-2025-1944" &[], &["picklescan"], &[("0", "0.0.23")], &[Format::TorchZip], Any, MISSED, "NVD";
    "CVE-2025-1945" &[], &["picklescan"], &[("0", "0.0.23")], &[Format::TorchZip], Any, MISSED, "NVD";
    "CVE-2025-10155" &["GHSA-jgw4-cr84-mqxg"], &["picklescan"], &[("0", "0.0.31")], PICKLES, Any, MISSED, "GHSA-jgw4-cr84-mqxg";
    "CVE-2025-10156" &["GHSA-mjqp-26hc-grxg"], &["picklescan"], &[("0", "0.0.31")], &[Format::TorchZip], Any, MISSED, "GHSA-mjqp-26hc-grxg";
    "CVE-2025-10157" &["GHSA-f7qq-56ww-84cr"], &["picklescan"], &[("0", "0.0.31")], PICKLES, Any, MISSED, "GHSA-f7qq-56ww-84cr";
    "CVE-2026-56315" &[], &["picklescan"], &[("0", "1.0.4")], PICKLES, Any, MISSED, "NVD";
    "CVE-2021-4118" &["PYSEC-2021-874", "GHSA-2vj5-px25-gjrp"], &["pytorch-lightning"], &[("0", "1.6.0")], &[], YamlTag, CODE, "PYSEC-2021-874";
    "CVE-2017-18342" &["PYSEC-2018-49", "GHSA-rprw-h62v-c2w7"], &["pyyaml"], &[("0", "5.1")], &[], YamlTag, CODE, "PYSEC-2018-49";
    "CVE-2019-20477" &["PYSEC-2020-176", "GHSA-3pqx-4fqf-j49f"], &["pyyaml"], &[("5.1", "5.2b1")], &[], YamlTag, CODE, "PYSEC-2020-176";
    "CVE-2020-1747" &["PYSEC-2020-96", "GHSA-6757-jp84-gxfx"], &["pyyaml"], &[("5.1", "5.3.1")], &[], YamlTag, CODE, "PYSEC-2020-96";
    "CVE-2020-14343" &["PYSEC-2021-142", "GHSA-8q59-q68h-6hv4"], &["pyyaml"], &[("0", "5.4")], &[], YamlTag, CODE, "PYSEC-2021-142";
    "CVE-2025-54412" &["GHSA-m7f4-hrc6-fwg3"], &["skops"], &[("0", "0.12.0")], &[], SkopsNode, CODE, "GHSA-m7f4-hrc6-fwg3";
    "CVE-2025-54413" &["GHSA-4v6w-xpmh-gfgp"], &["skops"], &[("0", "0.12.0")], &[], SkopsNode, CODE, "GHSA-4v6w-xpmh-gfgp";
    "CVE-2025-54886" &[], &["skops"], &[("0", "0.13.0")], &[Format::Pickle], Any, "skops' model cards load it with joblib, which runs code of its maker", "NVD";
    "CVE-2020-15206" &["PYSEC-2020-129"], TENSORFLOW, &[("0", "1.15.4"), ("2.0.0", "2.0.3"), ("2.1.0", "2.1.2"), ("2.2.0", "2.2.1"), ("2.3.0", "2.3.1")], &[Format::SavedModel], Any, "loading an altered model corrupts memory", "PYSEC-2020-129";
    "CVE-2020-15209" &["PYSEC-2020-132"], TENSORFLOW, &[("0", "1.15.4"), ("2.0.0", "2.0.3"), ("2.1.0", "2.1.2"), ("2.2.0", "2.2.1"), ("2.3.0", "2.3.1")], &[Format::Tflite], Any, "running an altered model follows a null pointer", "PYSEC-2020-132";
    "CVE-2021-29603" &["PYSEC-2021-240"], TENSORFLOW, &[("0", "2.1.4"), ("2.2.0", "2.2.3"), ("2.3.0", "2.3.3"), ("2.4.0", "2.4.2")], &[Format::Tflite], Any, "running an altered model writes past its memory", "PYSEC-2021-240";
    "CVE-2021-29606" &["PYSEC-2021-243"], TENSORFLOW, &[("0", "2.1.4"), ("2.2.0", "2.2.3"), ("2.3.0", "2.3.3"), ("2.4.0", "2.4.2")], &[Format::Tflite], Any, "running an altered model reads past its memory", "PYSEC-2021-243";
    "CVE-2025-32434" &["GHSA-53q9-r3pm-6pq6"], &["torch"], &[("0", "2.6.0")], TORCH, TorchScript, "torch.load runs code of its maker even with weights_only=True", "GHSA-53q9-r3pm-6pq6";
    "CVE-2026-24747" &[], &["torch"], &[("0", "2.10.0")], TORCH, Any, "torch.load corrupts memory even with weights_only=True", "NVD";
    "CVE-2023-6730" &[], &["transformers"], &[("0", "4.36.0")], &[Format::Pickle], Any, CODE, "NVD";
    "CVE-2023-7018" &[], &["transformers"], &[("0", "4.36.0")], &[Format::Pickle], Any, CODE, "NVD";
    "CVE-2024-11392" &[], &["transformers"], &[("0", "4.48.0")], PICKLES, Any, CODE, "NVD";
    "CVE-2024-11393" &["GHSA-wrfc-pvp9-mr9g"], &["transformers"], &[("0", "4.48.0")], PICKLES, Any, CODE, "GHSA-wrfc-pvp9-mr9g";
    "CVE-2024-11394" &[], &["transformers"], &[("0", "4.48.0")], PICKLES, Any, CODE, "NVD";
    "CVE-2026-4372" &[], &["transformers"], &[("4.56.0", "5.3.0")], &[], Attention, "loading the model fetches and runs code of another repository", "NVD";
    "CVE-2025-24357" &["GHSA-rh4j-5rhw-hr54"], &["vllm"], &[("0", "0.7.0")], PICKLES, Any, CODE, "GHSA-rh4j-5rhw-hr54";
    "CVE-2026-22807" &["GHSA-2pc9-4j83-qjmr"], &["vllm"], &[("0.10.1", "0.14.0")], &[], AutoMap, "loading the model runs its code without being asked", "GHSA-2pc9-4j83-qjmr";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_can_be_compared_and_every_package_is_normal() {
        for advisory in ADVISORIES {
            let ranges: Vec<(Range, &str)> = advisory.vulnerable().collect();
            assert!(
                !ranges.is_empty() && !advisory.source.is_empty(),
                "{}",
                advisory.id
            );
            for (range, _) in ranges {
                let (from, to) = (range.from.unwrap(), range.to.unwrap());
                assert!(from.0 < to.0, "{}", advisory.id);
            }
            for package in advisory.packages {
                assert_eq!(*package, tutela_formats::packages::normalise(package));
            }
            assert!(!advisory.formats.is_empty() || advisory.trigger != Trigger::Any);
        }
    }
}
