//! The checks of this crate: one folder and one line each.

use tutela_core::{Artifact, Check, Context, Digest, Error, Group, Scratch, Sink};

use crate::together::{self, EntryCheck, Together};

/// Declares each check's module, makes it a [`Check`] of the group, and lists it in [`CHECKS`].
macro_rules! checks {
    ($($module:ident::$check:ident,)+) => {
        $(mod $module;)+

        /// The checks of this crate, sorted by code.
        pub const CHECKS: &[&dyn Check] = &[$(&$module::$check),+];

        static TOGETHER: Together = Together(&[$(&$module::$check),+]);

        $(
            impl Check for $module::$check {
                fn run(
                    &self,
                    artifact: &Artifact,
                    context: &Context<'_>,
                    sink: &mut dyn Sink,
                ) -> Result<(), Error> {
                    together::alone(self, artifact, context, sink);
                    Ok(())
                }

                fn plant(&self, scratch: &mut Scratch) -> Result<(), Error> {
                    EntryCheck::plant(self, scratch)
                }

                fn beside(&self, context: &Context<'_>) -> Option<Digest> {
                    EntryCheck::beside(self, context)
                }

                fn group(&self) -> Option<&'static dyn Group> {
                    Some(&TOGETHER)
                }
            }
        )+
    };
}

checks! {
    archive_ambiguous::ArchiveAmbiguous,
    archive_bomb::ArchiveBomb,
    archive_path_escape::ArchivePathEscape,
    boosted_tree_bounds::BoostedTreeBounds,
    chat_template_code::ChatTemplateCode,
    code_in_opaque_model::CodeInOpaqueModel,
    concealed_payload::ConcealedPayload,
    config_callable::ConfigCallable,
    coreml_custom_code::CoremlCustomCode,
    executorch_custom_operator::ExecutorchCustomOperator,
    exposed_secret::ExposedSecret,
    foreign_package_source::ForeignPackageSource,
    gguf_header::GgufHeader,
    graph_foreign_operator::GraphForeignOperator,
    hdf5_external_link::Hdf5ExternalLink,
    keras_code_in_config::KerasCodeInConfig,
    keras_file_reference::KerasFileReference,
    msgpack_unsafe_value::MsgpackUnsafeValue,
    npy_header::NpyHeader,
    oci_layout_mismatch::OciLayoutMismatch,
    onnx_custom_operator::OnnxCustomOperator,
    onnx_external_data::OnnxExternalData,
    onnx_structure::OnnxStructure,
    openvino_weights_range::OpenvinoWeightsRange,
    pickle_dangerous_import::PickleDangerousImport,
    r_unsafe_call::RUnsafeCall,
    remote_code_config::RemoteCodeConfig,
    safetensors_header::SafetensorsHeader,
    skops_unsafe_node::SkopsUnsafeNode,
    tensorflow_checkpoint_range::TensorflowCheckpointRange,
    tensorflow_unsafe_operator::TensorflowUnsafeOperator,
    tflite_custom_operator::TfliteCustomOperator,
    torch_package_code::TorchPackageCode,
    torch7_lua_function::Torch7LuaFunction,
    torchscript_unsafe_operator::TorchscriptUnsafeOperator,
    torchserve_handler::TorchserveHandler,
    unaccounted_bytes::UnaccountedBytes,
    unexpected_executable::UnexpectedExecutable,
    vulnerable_loader::VulnerableLoader,
    xml_entity_expansion::XmlEntityExpansion,
    zarr_pickle_codec::ZarrPickleCodec,
}
