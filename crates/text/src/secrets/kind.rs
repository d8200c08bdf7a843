//! What a secret is, and what it opens.

use std::fmt;

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Little by itself: a test key, a key under a passphrase, half of a pair, a token that expires.
    Limited,
    /// One service or account.
    Service,
    /// Whoever it names, everywhere: a private key, a cloud account, a source of code or packages.
    Identity,
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretKind {
    code: &'static str,
    name: &'static str,
    power: Power,
}

impl SecretKind {
    pub(super) const fn new(code: &'static str, name: &'static str, power: Power) -> Self {
        Self { code, name, power }
    }

    /// The kebab-case name used in every output, such as `github-token`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// What it opens.
    #[must_use]
    pub const fn power(self) -> Power {
        self.power
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name)
    }
}
