//! Catalogues of moments that are shipped: a start for an industry, to be kept, changed entry by entry, or copied.
//!
//! Invariant: each text is valid by itself (a test reads it), and uses no skill, because skills are the operator's own.
//! Events are the same in every language. Not here: what a document makes of them (`read`).

use std::{collections::BTreeMap, sync::LazyLock};

use super::{Moment, read};
use crate::model::ids::MomentName;

/// A shipped catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Catalogue {
    /// Of every industry; whoever names another has it as well.
    Common,
    /// Airlines and airports.
    Airline,
    /// Banks and payment services.
    Bank,
    /// Telephone, internet and television.
    Telecom,
    /// Electricity, gas, water and heating.
    Utility,
    /// Shops and their deliveries.
    Retail,
    /// Surgeries, hospitals, pharmacies and health insurers.
    Health,
}

/// What all of them say, read once.
static SHIPPED: LazyLock<BTreeMap<Catalogue, BTreeMap<MomentName, Moment>>> = LazyLock::new(|| {
    Catalogue::ALL.into_iter().map(|catalogue| (catalogue, read::read_catalogue(catalogue))).collect()
});

impl Catalogue {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Common, Self::Airline, Self::Bank, Self::Telecom, Self::Utility, Self::Retail, Self::Health];

    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Airline => "airline",
            Self::Bank => "bank",
            Self::Telecom => "telecom",
            Self::Utility => "utility",
            Self::Retail => "retail",
            Self::Health => "health",
        }
    }

    /// As it is shipped.
    pub const fn toml(self) -> &'static str {
        match self {
            Self::Common => include_str!("catalogues/common.toml"),
            Self::Airline => include_str!("catalogues/airline.toml"),
            Self::Bank => include_str!("catalogues/bank.toml"),
            Self::Telecom => include_str!("catalogues/telecom.toml"),
            Self::Utility => include_str!("catalogues/utility.toml"),
            Self::Retail => include_str!("catalogues/retail.toml"),
            Self::Health => include_str!("catalogues/health.toml"),
        }
    }

    /// Its moments.
    pub fn moments(self) -> &'static BTreeMap<MomentName, Moment> {
        &SHIPPED[&self]
    }

    /// All moments of these: the common ones first, and of two with one name that of the catalogue named later.
    pub fn together(named: &[Self]) -> BTreeMap<MomentName, Moment> {
        let common = (!named.is_empty()).then_some(Self::Common);
        let all = common.into_iter().chain(named.iter().copied().filter(|catalogue| *catalogue != Self::Common));
        all.flat_map(Self::moments).map(|(name, moment)| (name.clone(), moment.clone())).collect()
    }
}
