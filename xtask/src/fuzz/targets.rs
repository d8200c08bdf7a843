//! What is fuzzed. A parser is one line in [`TARGETS`].

use std::fmt::Debug;

use tutela_core::{Artifact, ArtifactFile, Bytes, Context, Kind, Limits, NoProgress, Settings};
use tutela_formats as formats;

/// Something that takes any bytes.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Parses the bytes and says what it saw.
    pub(crate) run: fn(&[u8]) -> String,
}

macro_rules! targets {
    ($($name:literal: |$bytes:ident, $limits:ident| $run:expr,)*) => {
        /// Everything that is fuzzed.
        pub(crate) const TARGETS: &[Target] = &[$(Target {
            name: $name,
            run: |input| {
                let ($bytes, $limits) = (&input.to_vec(), &LIMITS);
                said(&$run)
            },
        }),*];
    };
}

targets! {
    "boosted": |bytes, limits| boosted(bytes, limits),
    "bytecode": |bytes, _limits| (formats::bytecode::looks_like(bytes), formats::bytecode::read(bytes)),
    "checkpoint": |bytes, limits| formats::tensorflow::checkpoint::read(bytes, limits),
    "concealed": |bytes, limits| (formats::sweep(bytes).is_ok(), formats::concealed::begins(bytes, 0, limits)),
    "coreml": |bytes, limits| (formats::coreml::looks_like(bytes), formats::coreml::read(bytes, limits)),
    "executable": |bytes, _limits| formats::executable::recognise(bytes),
    "executorch": |bytes, limits| formats::executorch::read(bytes, limits),
    "gguf": |bytes, limits| formats::gguf::read(bytes, limits),
    "hdf5": |bytes, limits| formats::hdf5::read(bytes, limits),
    "json": |bytes, limits| formats::json::read(bytes, limits),
    "keras": |bytes, limits| (formats::keras::read(bytes, limits), formats::keras::read_metadata(bytes, limits)),
    "layers": |bytes, limits| layers(bytes, limits),
    "layout": |bytes, limits| accounted(bytes, limits),
    "mnn": |bytes, limits| formats::mnn::read(bytes, limits),
    "msgpack": |bytes, limits| formats::msgpack::read(bytes, limits),
    "npy": |bytes, _limits| formats::npy::read(bytes),
    "ocdbt": |bytes, limits| (formats::ocdbt::read(bytes), formats::ocdbt::paths(bytes, limits)),
    "oci": |bytes, _limits| (formats::oci::read(bytes), formats::oci::named_by(&String::from_utf8_lossy(bytes))),
    "onnx": |bytes, limits| formats::onnx::read(bytes, limits),
    "onnxruntime": |bytes, limits| formats::onnx::read_runtime(bytes, limits),
    "packages": |bytes, _limits| listed(bytes),
    "pickle": |bytes, limits| formats::pickle::describe(bytes, limits),
    "python": |bytes, _limits| formats::python::uses(&String::from_utf8_lossy(bytes)),
    "rdata": |bytes, limits| formats::rdata::read(bytes, limits),
    "safetensors": |bytes, limits| formats::safetensors::read(bytes, limits),
    "sevenzip": |bytes, limits| formats::sevenzip::read(bytes, limits),
    "sniff": |bytes, limits| formats::sniff_all(bytes, limits),
    "stream": |bytes, limits| unpacked(bytes, limits),
    "tar": |bytes, limits| formats::tar::read(bytes, limits),
    "tensorflow": |bytes, limits| formats::tensorflow::read(bytes, formats::Format::SavedModel, limits),
    "tflite": |bytes, limits| formats::tflite::read(bytes, limits),
    "toml": |bytes, _limits| formats::toml::read_text(&String::from_utf8_lossy(bytes)),
    "torch7": |bytes, limits| formats::torch7::read(bytes, limits),
    "torch_mobile": |bytes, limits| formats::torchscript::mobile::read(bytes, limits),
    "torchscript": |bytes, limits| (formats::torchscript::source::read(bytes), formats::torchscript::operators(bytes, limits)),
    "walk": |bytes, limits| walked(bytes, limits),
    "xml": |bytes, limits| formats::xml::read(bytes, limits),
    "yaml": |bytes, _limits| formats::yaml::read_text(&String::from_utf8_lossy(bytes)),
    "zip": |bytes, limits| formats::zip::read(bytes, limits),
    "scan": |bytes, limits| scanned(bytes, limits),
}

/// Small, so that what breaks a limit is reached by small inputs.
const LIMITS: Limits = Limits {
    member_bytes: 1 << 20,
    unpacked_bytes: 4 << 20,
    members: 200,
    depth: 4,
    steps: 100_000,
    findings: 50,
    stretches: 1_000,
    raw_bytes: 1 << 20,
    rows: 1_000,
};

fn said(description: &impl Debug) -> String {
    format!("{description:?}")
}

fn unpacked(bytes: &dyn Bytes, limits: &Limits) -> Vec<String> {
    use formats::stream::{Codec, unpack};
    let faults = |codec| unpack(bytes, codec, limits.member_bytes, limits).map(|it| it.faults);
    let codecs = formats::Format::ALL.iter().filter_map(|it| Codec::of(*it));
    let raw = [Codec::Deflate, Codec::LzmaInZip(Some(1_000))];
    codecs
        .chain(raw)
        .map(|codec| said(&faults(codec)))
        .collect()
}

/// The models of every framework whose layers are read, and the text form.
fn layers(bytes: &[u8], limits: &Limits) -> impl Debug {
    use formats::Format;
    let read = |format| formats::layers::read(&bytes.to_vec(), format, limits);
    let models = [Format::Paddle, Format::MxNet, Format::Caffe, Format::Cntk].map(read);
    let text = String::from_utf8_lossy(bytes);
    let document = formats::json::parse(bytes);
    let graph = (
        formats::layers::symbol(&document),
        formats::layers::program(&document),
    );
    (models, formats::layers::prototxt(&text), graph)
}

/// A model of trees as each library reads it.
fn boosted(bytes: &dyn Bytes, limits: &Limits) -> Vec<String> {
    use formats::Format::{CatBoost, LightGbm, XgBoost};
    let readers = [XgBoost, LightGbm, CatBoost].into_iter();
    readers
        .map(|format| said(&formats::boosted::read(bytes, format, limits)))
        .collect()
}

/// Every reader of lock files and requirements.
fn listed(bytes: &[u8]) -> Vec<formats::packages::Listing> {
    let paths = [
        "requirements.txt",
        "uv.lock",
        "pylock.toml",
        "Pipfile.lock",
        "pyproject.toml",
        "environment.yml",
        "pixi.lock",
        "a.dist-info/METADATA",
    ];
    let sources = paths.into_iter().filter_map(formats::packages::Source::of);
    sources
        .map(|source| formats::packages::read(source, bytes))
        .collect()
}

/// The account of every part, which has to be without gap and overlap.
fn accounted(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let mut roles = Vec::new();
    let walked = formats::walk(&bytes.to_vec(), limits, &mut |entry| {
        let mut at = 0;
        for stretch in formats::layout::layout(entry, limits)? {
            assert!(
                stretch.start == at && stretch.end > at,
                "a gap at byte {at}"
            );
            at = stretch.end;
            roles.push(stretch.role.to_string());
        }
        assert_eq!(at, entry.bytes.len(), "not all bytes have a role");
        Ok(())
    });
    roles.push(said(&walked));
    roles
}

fn walked(bytes: &dyn Bytes, limits: &Limits) -> impl Debug {
    let mut seen = Vec::new();
    let unread = formats::walk(bytes, limits, &mut |entry| {
        seen.push(entry.formats.to_vec());
        Ok(())
    });
    (seen, unread)
}

/// Every check of model files on one file, as `tutela scan` runs them.
fn scanned(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let path = std::env::temp_dir().join(format!("tutela-fuzz-{}", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return Vec::new();
    }
    let file = ArtifactFile::take("model", &path, &NoProgress);
    let Ok(artifact) = file.map(|file| Artifact::new("model", Kind::Model, vec![file])) else {
        return Vec::new();
    };
    let Ok(as_of) = "2026-11-01".parse() else {
        return Vec::new();
    };
    let catalogue = tutela_app::catalogue();
    let checks = catalogue
        .iter()
        .filter(|it| it.info().applies_to(Kind::Model));
    let mut said = Vec::new();
    for check in checks {
        let settings = Settings::defaults(check.info());
        let context = Context {
            as_of,
            seed: 0,
            limits,
            settings: &settings,
            artifacts: std::slice::from_ref(&artifact),
            memo: &tutela_core::Memo::default(),
            progress: &NoProgress,
        };
        let record = tutela_core::run(check, &artifact, &context);
        let outcome = format!("{:?}", record.outcome());
        // The runner catches panics, so that one check cannot end a scan; here each is a fault.
        #[expect(
            clippy::panic,
            reason = "this is how a target tells that it found something"
        )]
        if outcome.contains("internal error") {
            panic!("{}: {outcome}", check.info().code);
        }
        let messages = record
            .findings
            .iter()
            .map(|finding| finding.message.clone());
        said.push(outcome);
        said.extend(messages);
    }
    said
}
