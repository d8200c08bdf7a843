//! What a check may know besides the artifact.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Artifact, CheckInfo, Limits, Timestamp};

/// The settings of one check: every setting it declares, with its default or the user's value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(BTreeMap<String, f64>);

impl Settings {
    /// The defaults that a check declares.
    #[must_use]
    pub fn defaults(info: &CheckInfo) -> Self {
        Self(
            info.settings
                .iter()
                .map(|setting| (setting.name.to_owned(), setting.default))
                .collect(),
        )
    }

    /// Replaces one value. The caller has checked name and range.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// The value of a setting; NaN, which no comparison accepts, for one that the check never declared.
    #[must_use]
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }

    /// All settings in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

/// Told how far the work has come. Calls come from many threads.
pub trait Progress: Sync {
    /// So many more bytes are done.
    fn advance(&self, bytes: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _bytes: u64) {}
}

/// What checks work out once for all artifacts of a run: one value of each type.
#[derive(Debug, Default)]
pub struct Memo(Mutex<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memo {
    /// The value of a type, made by whoever asks first; `make` must not ask again.
    pub fn of<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&TypeId::of::<T>()).cloned();
        let found = found.and_then(|value| value.downcast().ok());
        found.unwrap_or_else(|| {
            let made = Arc::new(make());
            known.insert(TypeId::of::<T>(), Arc::<T>::clone(&made));
            made
        })
    }
}

/// What a check may know besides the artifact.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment that counts as now.
    pub as_of: Timestamp,
    /// Where a check draws random numbers, it seeds its generator with this.
    pub seed: u64,
    /// Bounds on what hostile input may cost.
    pub limits: &'a Limits,
    /// The settings of this check.
    pub settings: &'a Settings,
    /// All artifacts of the project.
    pub artifacts: &'a [Artifact],
    /// What was worked out before from all artifacts of the project.
    pub memo: &'a Memo,
    /// Told how far the work has come.
    pub progress: &'a dyn Progress,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Context")
            .field("as_of", &self.as_of)
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
