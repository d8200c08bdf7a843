//! What a piece of personal data is.

use std::fmt;

/// What a piece of personal data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PersonalKind {
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Number of a payment card.
    PaymentCard,
    /// Bank account number.
    Iban,
    /// Internet address.
    IpAddress,
    /// A number that a state gave to a person.
    NationalId(NationalId),
}

/// Which state's number it is, by the country's ISO 3166 code, and what the number is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId {
    country: &'static str,
    name: &'static str,
}

impl NationalId {
    pub(super) const fn new(country: &'static str, name: &'static str) -> Self {
        Self { country, name }
    }

    /// The country's two-letter code, in lower case.
    #[must_use]
    pub const fn country(self) -> &'static str {
        self.country
    }
}

impl PersonalKind {
    /// A number that a state gave to a person.
    pub(super) const fn national(country: &'static str, name: &'static str) -> Self {
        Self::NationalId(NationalId::new(country, name))
    }

    /// The kebab-case name used in every output, such as `e-mail` or `de-steuer-id`.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Email => "e-mail".to_owned(),
            Self::Phone => "phone".to_owned(),
            Self::PaymentCard => "payment-card".to_owned(),
            Self::Iban => "iban".to_owned(),
            Self::IpAddress => "ip-address".to_owned(),
            Self::NationalId(id) => format!("{}-{}", id.country, id.name),
        }
    }
}

impl fmt::Display for PersonalKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email => formatter.write_str("e-mail address"),
            Self::Phone => formatter.write_str("phone number"),
            Self::PaymentCard => formatter.write_str("payment card number"),
            Self::Iban => formatter.write_str("bank account number (IBAN)"),
            Self::IpAddress => formatter.write_str("internet address"),
            Self::NationalId(id) => {
                let country = id.country.to_ascii_uppercase();
                write!(formatter, "national id ({country}, {})", id.name)
            }
        }
    }
}
