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
    exposed_secret::ExposedSecret,
    onnx_external_data::OnnxExternalData,
    pickle_dangerous_import::PickleDangerousImport,
    safetensors_header::SafetensorsHeader,
    tensorflow_checkpoint_range::TensorflowCheckpointRange,
    tensorflow_unsafe_operator::TensorflowUnsafeOperator,
    tflite_custom_operator::TfliteCustomOperator,
    unexpected_executable::UnexpectedExecutable,
}
