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
    code_in_opaque_model::CodeInOpaqueModel,
    exposed_secret::ExposedSecret,
    gguf_header::GgufHeader,
    onnx_custom_operator::OnnxCustomOperator,
    onnx_external_data::OnnxExternalData,
    onnx_structure::OnnxStructure,
    pickle_dangerous_import::PickleDangerousImport,
    safetensors_header::SafetensorsHeader,
    unexpected_executable::UnexpectedExecutable,
}
