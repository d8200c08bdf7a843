//! Public names for what a check is about: weaknesses, attack techniques, articles of law.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A public name for what a check is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "scheme", content = "id")]
#[non_exhaustive]
pub enum Reference {
    /// A weakness of the Common Weakness Enumeration, by number.
    Cwe(u32),
    /// A technique of MITRE ATLAS, such as `AML.T0010`.
    Atlas(Cow<'static, str>),
    /// An entry of an OWASP list, such as `ML06:2023` or `LLM03:2025`.
    Owasp(Cow<'static, str>),
    /// An article of Regulation (EU) 2024/1689, such as `15(5)`.
    AiAct(Cow<'static, str>),
    /// An article of Regulation (EU) 2016/679, such as `5(1)(d)`.
    Gdpr(Cow<'static, str>),
    /// A published advisory, such as `CVE-2025-1716`.
    Advisory(Cow<'static, str>),
    /// A specification or paper, by address.
    Link(Cow<'static, str>),
}

impl Reference {
    /// A technique of MITRE ATLAS.
    #[must_use]
    pub const fn atlas(id: &'static str) -> Self {
        Self::Atlas(Cow::Borrowed(id))
    }
    /// An entry of an OWASP list.
    #[must_use]
    pub const fn owasp(id: &'static str) -> Self {
        Self::Owasp(Cow::Borrowed(id))
    }
    /// An article of the AI Act.
    #[must_use]
    pub const fn ai_act(id: &'static str) -> Self {
        Self::AiAct(Cow::Borrowed(id))
    }
    /// An article of the GDPR.
    #[must_use]
    pub const fn gdpr(id: &'static str) -> Self {
        Self::Gdpr(Cow::Borrowed(id))
    }
    /// A published advisory.
    #[must_use]
    pub const fn advisory(id: &'static str) -> Self {
        Self::Advisory(Cow::Borrowed(id))
    }
    /// A specification or paper.
    #[must_use]
    pub const fn link(address: &'static str) -> Self {
        Self::Link(Cow::Borrowed(address))
    }

    /// Where the public text stands, if it has an address.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Cwe(number) => Some(format!(
                "https://cwe.mitre.org/data/definitions/{number}.html"
            )),
            Self::Atlas(id) => Some(format!("https://atlas.mitre.org/techniques/{id}")),
            Self::Advisory(id) => Some(format!("https://osv.dev/vulnerability/{id}")),
            Self::AiAct(_) => Some("https://eur-lex.europa.eu/eli/reg/2024/1689/oj".to_owned()),
            Self::Gdpr(_) => Some("https://eur-lex.europa.eu/eli/reg/2016/679/oj".to_owned()),
            Self::Link(address) => Some(address.clone().into_owned()),
            Self::Owasp(_) => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cwe(number) => write!(formatter, "CWE-{number}"),
            Self::Atlas(id) => write!(formatter, "ATLAS {id}"),
            Self::Owasp(id) => write!(formatter, "OWASP {id}"),
            Self::AiAct(id) => write!(formatter, "AI Act art. {id}"),
            Self::Gdpr(id) => write!(formatter, "GDPR art. {id}"),
            Self::Advisory(id) | Self::Link(id) => formatter.write_str(id),
        }
    }
}
