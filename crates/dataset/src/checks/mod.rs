//! The checks, one folder each.

mod class_imbalance;
mod constant_column;
mod duplicate_rows;
mod inconsistent_schema;
mod label_leaking_column;
mod manifest_mismatch;
mod missing_values;
mod stale_data;
mod train_test_leakage;
mod undeclared_personal_data;

use tutela_core::Check;

/// The checks of this crate, sorted by code.
pub const CHECKS: &[&dyn Check] = &[
    &class_imbalance::ClassImbalance,
    &constant_column::ConstantColumn,
    &duplicate_rows::DuplicateRows,
    &inconsistent_schema::InconsistentSchema,
    &label_leaking_column::LabelLeakingColumn,
    &manifest_mismatch::ManifestMismatch,
    &missing_values::MissingValues,
    &stale_data::StaleData,
    &train_test_leakage::TrainTestLeakage,
    &undeclared_personal_data::UndeclaredPersonalData,
];
