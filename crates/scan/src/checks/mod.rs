//! The checks of this crate: one folder and one line each.

use tutela_core::Check;

/// Declares each check's module and lists it in [`CHECKS`].
macro_rules! checks {
    ($($module:ident::$check:ident,)+) => {
        $(mod $module;)+

        /// The checks of this crate, sorted by code.
        pub const CHECKS: &[&dyn Check] = &[$(&$module::$check),+];
    };
}

checks! {
    chat_template_code::ChatTemplateCode,
    config_callable::ConfigCallable,
    exposed_secret::ExposedSecret,
    onnx_external_data::OnnxExternalData,
    pickle_dangerous_import::PickleDangerousImport,
    remote_code_config::RemoteCodeConfig,
    safetensors_header::SafetensorsHeader,
    skops_unsafe_node::SkopsUnsafeNode,
    torchserve_handler::TorchserveHandler,
    unexpected_executable::UnexpectedExecutable,
    xml_entity_expansion::XmlEntityExpansion,
}
