//! What to set for a scenario, read from a file or made of a day that was, and whom to hire: loads against staff by formula,
//! and the choices for moments of truth by formula and simulation.
//!
//! `flow` says who comes and `demand` who asks what of agents and how many have it, hour by hour, with the queues of
//! [`erlang`]. For moments of truth `policy` writes choices as a part of the document, `pool` trains agents, `trial` plays
//! each choice beside its neighbours on the same customers, and `careful` puts it together. The formulas are those that the
//! daemon itself goes by: the reserve's ([`forecast::reserve`](crate::forecast::reserve)), the hold's and the release's (the
//! document's own).
//!
//! Invariant: all of it follows from the scenario and its seed. Where simulation and formula disagree, the simulation has
//! the last word, and it is said. Not here: tables and JSON (`cli::advise`).

use super::{
    player::{Hear, Refused},
    scenario::{Length, Scenario},
};
use crate::{
    forecast::Group,
    model::{document::DocumentError, time::Span},
};

mod careful;
mod demand;
pub mod erlang;
mod flow;
mod need;
mod policy;
mod pool;
mod trial;

use careful::Careful;
use demand::Demand;
pub use need::{Goal, Hour, Need};
pub use policy::Setting;
pub use trial::{Lever, Met, Than, Tried, Value, met};

/// What to do.
#[derive(Debug)]
pub struct Advice {
    /// Who asks what, and who has it.
    pub needs: Vec<Need>,
    /// Of moments of truth; none if none come.
    pub care: Option<Care>,
    /// What else is to be said, in the order of its weight.
    pub findings: Vec<Finding>,
    /// Independent runs of each setting that was played.
    pub runs: u32,
    /// Contacts of each that count, if the scenario counts them.
    pub contacts: Option<u64>,
    /// Settings that were played.
    pub played: usize,
}

/// What to do about moments of truth.
#[derive(Debug)]
pub struct Care {
    /// Moments of truth in the hour in which they ask most, in Erlangs.
    pub erlangs: f64,
    /// When that hour begins.
    pub from: Span,
    /// Empathetic agents who are there then.
    pub there: u32,
    /// How many are needed, by the formula; none if no number is enough.
    pub needed_by_formula: Option<u32>,
    /// How many are needed, by simulation; none if training all who are there is not enough.
    pub needed: Option<u32>,
    /// The share of moments that finds nobody while none is kept free.
    pub fail: f64,
    /// Groups for which agents are counted, with what each asks.
    pub reserves: Vec<Reserve>,
    /// As the document is.
    pub before: Met,
    /// As it is advised.
    pub after: Met,
    /// What is advised.
    pub setting: Setting,
    /// Each choice beside its neighbours, all else as advised.
    pub levers: Vec<Tries>,
    /// What is advised as a part of the document, in TOML.
    pub text: String,
}

/// Agents who are kept free for a skill.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// The skill; `None` = of those without another.
    pub group: Group,
    /// How many there are.
    pub agents: usize,
    /// Moments that they may get, in Erlangs.
    pub erlangs: f64,
    /// How many to keep free, by the formula.
    pub by_formula: u32,
    /// Whether that was looked at by itself.
    pub is_tried: bool,
}

/// A lever's values.
#[derive(Debug)]
pub struct Tries {
    /// Which lever.
    pub lever: Lever,
    /// What the others are compared with.
    pub zero: Value,
    /// By the formula.
    pub formula: Option<Value>,
    /// What is advised.
    pub advised: Option<Value>,
    /// All that was tried.
    pub rows: Vec<Tried>,
}

/// Something to know before one follows advice.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Too few agents have what is asked.
    TooFew {
        /// What is asked.
        need: String,
        /// The hour in which most are lacking.
        from: Span,
        /// Who is there.
        there: f64,
        /// How many are needed; none if no number is enough.
        needed: Option<u32>,
        /// Hours in which there are too few.
        hours: usize,
    },
    /// Moments take more of the empathetic agents' time than a reserve can make up for.
    TooFewEmpathetic {
        /// Moments, in Erlangs.
        erlangs: f64,
        /// Who is there.
        there: usize,
        /// Of which group.
        group: Group,
    },
    /// Nothing that was tried is enough.
    NotReached {
        /// The share that was wanted.
        wanted: f64,
        /// The share that is reached by what is advised.
        reached: f64,
    },
    /// Simulation and formula disagree.
    Disagree {
        /// About this.
        lever: Lever,
        /// By the formula.
        formula: Value,
        /// By simulation.
        simulated: Value,
    },
    /// Reports and routing find other agents empathetic.
    OtherEmpathy,
    /// The skills of which only the formula speaks.
    Unchecked(Vec<Group>),
    /// Moments were never seen in the runs.
    Unseen,
    /// What the linter says of the advised document and did not say before.
    Lint(String),
}

/// Why there is no advice.
#[derive(Debug, thiserror::Error)]
pub enum AdviceError {
    /// The scenario is at fault.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The document takes no more.
    #[error("the routing document with what is advised is not valid: {0}")]
    Document(#[from] DocumentError),
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The share of all contacts that is to be answered in time.
    pub service_level: f64,
    /// The share of moments that is to reach an empathetic agent in time; none = as the document's reserve has it.
    pub reached: Option<f64>,
    /// No more contacts are played in a run than this, if the scenario counts them.
    pub contacts_max: u64,
}

/// Looks at a scenario and plays what might be done.
///
/// # Errors
/// Fails if the document takes no such keys, or with the first contact that could never have come.
pub fn advise(scenario: &Scenario, wanted: Wanted, hear: Hear<'_>) -> Result<Advice, AdviceError> {
    let by_document = 1.0 - f64::from(scenario.document.reserve.target) / 100.0;
    let goal = Goal { service_level: wanted.service_level, reached: wanted.reached.unwrap_or(by_document) };
    let mut scenario = scenario.clone();
    if let Length::Contacts(contacts) = &mut scenario.run.length {
        *contacts = (*contacts).min(wanted.contacts_max);
    }
    let demand = Demand::of(&scenario);
    let needs = demand.needs(goal);
    let mut advice = Advice {
        findings: needs.iter().filter_map(too_few).collect(),
        needs,
        care: None,
        runs: scenario.run.runs,
        contacts: match scenario.run.length {
            Length::Contacts(contacts) => Some(contacts),
            Length::Time(_) => None,
        },
        played: 0,
    };
    if let Some(hour) = demand.moments() {
        Careful { scenario: &scenario, demand: &demand, hour, goal, hear }.advise(&mut advice)?;
    }
    Ok(advice)
}

fn too_few(need: &Need) -> Option<Finding> {
    let worst = need.at_worst();
    worst.is_short().then(|| Finding::TooFew {
        need: need.to_string(),
        from: worst.from,
        there: worst.there,
        needed: worst.needed,
        hours: need.short(),
    })
}
