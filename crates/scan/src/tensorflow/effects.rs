//! The effect of each operator. Almost all of them only calculate; those that do more are in the table.
//!
//! An operator is known when a released TensorFlow registers it (`known_operators.txt`, made by
//! `list_operators.py`); any other needs code that does not come with TensorFlow.

use std::collections::HashSet;
use std::sync::LazyLock;

/// What running an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Calls Python.
    Executes,
    /// Runs a graph that it is given as data.
    RunsGraph,
    /// Reads any file, or lists folders.
    Reads,
    /// Reads records of a data set from files.
    Records,
    /// Keeps a data set in a file, when it is given a name.
    Caches,
    /// Writes any file.
    Writes,
    /// Writes tensors: how every model saves itself.
    Saves,
    /// Reads tensors: how every model is loaded.
    Restores,
    /// Fills a lookup table from a file.
    Looks,
    /// Writes logs of training.
    Logs,
    /// Prints; to a file when told so.
    Prints,
    /// Sends tensors to a debugger's address.
    Debugs,
    /// Reads a description of messages from a file when told so.
    Describes,
    /// Maps a file into memory when it is not one of the model's package.
    Maps,
    /// Talks over the network.
    Network,
    /// Talks to the other machines of a training.
    Peers,
    /// Ends the process.
    Aborts,
    /// Calls a function of the compiler's runtime by name.
    Calls,
    /// Not of TensorFlow, and its name says that it runs programs or reaches out.
    Telling,
    /// Not of TensorFlow.
    Custom,
    /// Calculates.
    Pure,
}

/// Where the operator's path or address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// In this input.
    Input(usize),
    /// In this attribute.
    Attribute(&'static str),
    /// Nowhere in the node.
    Nowhere,
}

use Effect::{
    Aborts, Caches, Calls, Debugs, Describes, Executes, Logs, Looks, Maps, Network, Peers, Prints,
    Reads, Records, Restores, RunsGraph, Saves, Writes,
};
use Slot::{Attribute, Input, Nowhere};

/// Sorted by name, so that an entry is found by bisection.
#[rustfmt::skip]
const TABLE: &[(&str, Effect, Slot)] = &[
    ("Abort", Aborts, Nowhere),
    ("CSVDataset", Records, Input(0)), ("CSVDatasetV2", Records, Input(0)),
    ("CacheDataset", Caches, Input(1)), ("CacheDatasetV2", Caches, Input(1)),
    ("CalibrationStatisticsSaver", Logs, Attribute("output_file_path")),
    ("Copy", Debugs, Attribute("debug_ops_spec")), ("CopyHost", Debugs, Attribute("debug_ops_spec")),
    ("CreateSummaryDbWriter", Logs, Input(1)), ("CreateSummaryFileWriter", Logs, Input(1)),
    ("DTensorRestoreV2", Restores, Input(0)),
    ("DataServiceDataset", Network, Input(2)), ("DataServiceDatasetV2", Network, Input(2)),
    ("DataServiceDatasetV3", Network, Input(2)), ("DataServiceDatasetV4", Network, Input(2)),
    ("DatasetFromGraph", RunsGraph, Nowhere), ("DatasetToTFRecord", Writes, Input(1)),
    ("DebugIdentity", Debugs, Attribute("debug_urls")), ("DebugIdentityV2", Debugs, Attribute("debug_urls")),
    ("DebugIdentityV3", Debugs, Attribute("debug_urls")), ("DebugNanCount", Debugs, Attribute("debug_urls")),
    ("DebugNumericSummary", Debugs, Attribute("debug_urls")),
    ("DebugNumericSummaryV2", Debugs, Attribute("debug_urls")),
    ("DecodeProtoV2", Describes, Attribute("descriptor_source")),
    ("DistributedSave", Writes, Input(1)), ("DumpTensor", Writes, Attribute("log_dir_path")),
    ("EagerPyFunc", Executes, Attribute("token")),
    ("EncodeProto", Describes, Attribute("descriptor_source")),
    ("ExperimentalCSVDataset", Records, Input(0)), ("ExperimentalDatasetToTFRecord", Writes, Input(1)),
    ("ExperimentalLMDBDataset", Records, Input(0)), ("ExperimentalMatchingFilesDataset", Reads, Input(0)),
    ("ExperimentalSqlDataset", Reads, Input(1)),
    ("FileSystemSetConfiguration", Network, Input(0)),
    ("FixedLengthRecordDataset", Records, Input(0)), ("FixedLengthRecordDatasetV2", Records, Input(0)),
    ("FixedLengthRecordReader", Records, Nowhere), ("FixedLengthRecordReaderV2", Records, Nowhere),
    ("FixedUnigramCandidateSampler", Looks, Attribute("vocab_file")),
    ("GenerateVocabRemapping", Looks, Input(0)), ("GeneratorDataset", Executes, Nowhere),
    ("ImmutableConst", Maps, Attribute("memory_region_name")), ("ImportEvent", Logs, Nowhere),
    ("InitializeTableFromTextFile", Looks, Input(1)), ("InitializeTableFromTextFileV2", Looks, Input(1)),
    ("LMDBDataset", Records, Input(0)), ("LMDBReader", Records, Nowhere),
    ("ListSnapshotChunksDataset", Records, Input(0)), ("LoadAndRemapMatrix", Restores, Input(0)),
    ("LoadDataset", Records, Input(0)),
    ("MatchingFiles", Reads, Input(0)), ("MatchingFilesDataset", Reads, Input(0)),
    ("MergeV2Checkpoints", Saves, Input(1)),
    ("PrintV2", Prints, Attribute("output_stream")),
    ("PyFunc", Executes, Attribute("token")), ("PyFuncStateless", Executes, Attribute("token")),
    ("ReadFile", Reads, Input(0)), ("RecordInput", Records, Attribute("file_pattern")),
    ("RegisterDataset", Network, Input(1)), ("RegisterDatasetV2", Network, Input(1)),
    ("RemoteCall", Peers, Input(0)),
    ("Restore", Restores, Input(0)), ("RestoreSlice", Restores, Input(0)), ("RestoreV2", Restores, Input(0)),
    ("RpcCall", Network, Nowhere), ("RpcCheckStatus", Network, Nowhere), ("RpcClient", Network, Input(0)),
    ("RpcGetValue", Network, Nowhere), ("RpcServer", Network, Input(0)),
    ("RpcServerRegister", Network, Nowhere), ("RpcServerStart", Network, Nowhere),
    ("Save", Saves, Input(0)), ("SaveDataset", Writes, Input(1)), ("SaveDatasetV2", Writes, Input(1)),
    ("SaveSlices", Saves, Input(0)), ("SaveV2", Saves, Input(0)),
    ("Skipgram", Records, Attribute("filename")),
    ("SnapshotChunkDataset", Records, Input(0)), ("SnapshotDataset", Writes, Input(1)),
    ("SnapshotDatasetReader", Records, Input(0)), ("SnapshotDatasetV2", Writes, Input(1)),
    ("SqlDataset", Reads, Input(1)),
    ("TFRecordDataset", Records, Input(0)), ("TFRecordDatasetV2", Records, Input(0)),
    ("TFRecordReader", Records, Nowhere), ("TFRecordReaderV2", Records, Nowhere),
    ("TextLineDataset", Records, Input(0)), ("TextLineReader", Records, Nowhere),
    ("TextLineReaderV2", Records, Nowhere),
    ("WholeFileReader", Records, Nowhere), ("WholeFileReaderV2", Records, Nowhere),
    ("WorkerHeartbeat", Peers, Nowhere), ("WriteFile", Writes, Input(0)),
    ("XlaCustomCall", Calls, Attribute("target_name")),
    ("XlaCustomCallV2", Calls, Attribute("call_target_name")),
];

/// The operators that a released TensorFlow registers.
static KNOWN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("known_operators.txt").lines().collect());

/// What an operator does, and where its path is.
pub(crate) fn effect(operator: &str) -> (Effect, Slot) {
    let found = TABLE.binary_search_by_key(&operator, |entry| entry.0);
    if let Some((_, effect, slot)) = found.ok().and_then(|index| TABLE.get(index)) {
        return (*effect, *slot);
    }
    let effect = if !KNOWN.contains(operator) {
        if is_telling(operator) {
            Effect::Telling
        } else {
            Effect::Custom
        }
    } else if operator.starts_with("Collective") {
        Peers
    } else {
        Effect::Pure
    };
    (effect, Nowhere)
}

/// Whether a name says that the operator runs programs or reaches out of the process.
pub(crate) fn is_telling(operator: &str) -> bool {
    const ALONE: &[&str] = &[
        "backdoor",
        "bash",
        "cmd",
        "command",
        "download",
        "downloader",
        "eval",
        "exec",
        "execute",
        "exfil",
        "exfiltrate",
        "exploit",
        "http",
        "inject",
        "malicious",
        "malware",
        "payload",
        "popen",
        "powershell",
        "process",
        "py",
        "python",
        "rce",
        "reverse",
        "shell",
        "socket",
        "spawn",
        "subprocess",
        "system",
        "upload",
        "url",
    ];
    const VERBS: &[&str] = &[
        "delete", "load", "open", "read", "remove", "unlink", "write",
    ];
    const OBJECTS: &[&str] = &["dir", "file", "files", "folder", "library", "plugin"];
    let words = words(operator);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // "Process" and "reverse" alone are what data is put through.
    let alone = words.iter().any(|word| {
        ALONE.contains(&word.as_str()) && !matches!(word.as_str(), "process" | "reverse")
    });
    alone || (has(&["process"]) && has(&["create", "start", "run"])) || (has(VERBS) && has(OBJECTS))
}

/// The words of a name in camel case or with other signs between, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    let letters: Vec<char> = name.chars().take(200).collect();
    for (index, letter) in letters.iter().enumerate() {
        let next_is_lower = letters
            .get(index.saturating_add(1))
            .is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase() && (was_lower || next_is_lower);
        if (begins || !letter.is_ascii_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_ascii_alphabetic() {
            word.push(letter.to_ascii_lowercase());
        }
        was_lower = letter.is_ascii_lowercase();
    }
    words.push(word);
    words
}

impl Effect {
    /// The effect as a clause after "which".
    pub(crate) const fn clause(self) -> &'static str {
        match self {
            Self::Executes => "calls Python",
            Self::RunsGraph => {
                "runs a graph that it is given as data, out of sight of whoever looks at this one"
            }
            Self::Reads => "reads files",
            Self::Records => "reads records from files",
            Self::Caches => "keeps data in a file",
            Self::Writes => "writes files",
            Self::Saves => "saves tensors to files",
            Self::Restores => "loads tensors from files",
            Self::Looks => "reads a vocabulary from a file",
            Self::Logs => "writes logs",
            Self::Prints => "prints to a file",
            Self::Debugs => "sends tensors to a debugger's address",
            Self::Describes => "reads message descriptions from a file",
            Self::Maps => "maps a file into memory",
            Self::Network => "talks over the network",
            Self::Peers => "talks to other machines",
            Self::Aborts => "ends the process",
            Self::Calls => "calls a function of the runtime by its name",
            Self::Telling => "is not of TensorFlow and says that it reaches out of the process",
            Self::Custom => "is not of TensorFlow and needs code of its own",
            Self::Pure => "calculates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_of_known_operators() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (name, _, _) in TABLE {
            assert!(KNOWN.contains(name), "{name}");
        }
        assert!(KNOWN.len() > 1900);
    }

    #[test]
    fn no_operator_that_could_touch_the_world_is_overlooked() {
        // Known operators with a telling name that were read and found to calculate.
        let harmless = [
            "ExecuteTPUEmbeddingPartitioner",
            "TPUExecute",
            "TPUExecuteAndUpdateVariables",
            "TfLiteSubgraphExecute",
            "Xlog1py",
            "ShutdownTPUSystem",
            "_DisconnectHostFromDistributedTPUSystem",
        ];
        let overlooked: Vec<&&str> = KNOWN
            .iter()
            .filter(|name| is_telling(name) && effect(name).0 == Effect::Pure)
            .filter(|name| !harmless.contains(name))
            .collect();
        assert_eq!(overlooked, Vec::<&&str>::new());
    }

    #[test]
    fn names_that_are_not_of_tensorflow_are_told_apart() {
        for name in [
            "ShellExecute",
            "PyCall",
            "Exec",
            "SystemCommand",
            "HTTPDownload",
            "LoadLibrary",
            "my>run_shell",
            "CustomReadFile",
            "EvalPython",
        ] {
            assert_eq!(effect(name).0, Effect::Telling, "{name}");
        }
        for name in [
            "Addons>Gelu",
            "TRTEngineOp2",
            "DecodeOpus",
            "SimpleMLInferenceOp",
            "ReverseIt",
            "Process",
        ] {
            assert_eq!(effect(name).0, Effect::Custom, "{name}");
        }
        assert_eq!(effect("MatMul").0, Effect::Pure);
    }
}
