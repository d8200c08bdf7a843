//! All checks of the program, in one sorted list.

use std::fmt;

use crate::{Check, Docs};

/// All checks of the program, sorted by code.
#[derive(Clone)]
pub struct Catalogue {
    checks: Vec<&'static dyn Check>,
}

/// A check that breaks a rule of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check `{code}`: {rule}")]
pub struct CatalogueError {
    /// The check's code.
    pub code: String,
    /// The rule that it breaks.
    pub rule: String,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.checks.iter().map(|check| check.info().code))
            .finish()
    }
}

impl Catalogue {
    /// Joins the `CHECKS` slices of the capabilities.
    #[must_use]
    pub fn new(slices: &[&[&'static dyn Check]]) -> Self {
        let mut checks: Vec<&'static dyn Check> = slices
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect();
        checks.sort_by_key(|check| check.info().code);
        Self { checks }
    }

    /// All checks, sorted by code.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Check> {
        self.checks.iter().copied()
    }

    /// How many checks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.checks.len()
    }

    /// Whether there are no checks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// The check with this code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&'static dyn Check> {
        self.iter().find(|check| check.info().code == code)
    }

    /// Every rule that a check breaks: codes unique and kebab-case, sections present and in order,
    /// references, pages for all readers, settings within their range.
    #[must_use]
    pub fn faults(&self) -> Vec<CatalogueError> {
        let codes: Vec<&str> = self.iter().map(|check| check.info().code).collect();
        let doubles = codes.windows(2).filter_map(|pair| match pair {
            [first, second] if first == second => Some(fault(first, "its code is used twice")),
            _ => None,
        });
        doubles.chain(self.iter().flat_map(faults_of)).collect()
    }
}

fn fault(code: &str, rule: impl Into<String>) -> CatalogueError {
    CatalogueError {
        code: code.to_owned(),
        rule: rule.into(),
    }
}

fn faults_of(check: &dyn Check) -> Vec<CatalogueError> {
    let info = check.info();
    let mut faults = Vec::new();
    let mut demand = |holds: bool, rule: &str| {
        if !holds {
            faults.push(fault(info.code, rule));
        }
    };
    demand(is_kebab_case(info.code), "its code is not kebab-case");
    demand(!info.title.is_empty(), "it has no title");
    demand(!info.title.ends_with('.'), "its title ends with a period");
    demand(!info.stages.is_empty(), "it belongs to no stage");
    demand(!info.kinds.is_empty(), "it examines no kind of artifact");
    demand(!info.references.is_empty(), "it has no references");
    demand(
        info.docs.headings() == Docs::SECTIONS,
        "its sections are not those of every check, in order",
    );
    demand(info.user.len() > 40, "its page for users is missing");
    demand(
        info.policymaker.len() > 40,
        "its page for policymakers is missing",
    );
    for heading in Docs::SECTIONS {
        demand(
            info.docs.section(heading).is_some(),
            &format!("its section `{heading}` is empty"),
        );
    }
    for setting in info.settings {
        demand(
            is_kebab_case(setting.name),
            &format!("setting `{}` is not kebab-case", setting.name),
        );
        demand(
            (setting.least..=setting.greatest).contains(&setting.default),
            &format!("the default of setting `{}` is out of range", setting.name),
        );
    }
    faults
}

fn is_kebab_case(text: &str) -> bool {
    !text.is_empty()
        && text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}
