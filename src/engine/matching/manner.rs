//! What empathy has to do with who takes a class's contacts: whom it needs, whom it leaves alone, and in which order.
//!
//! Invariant: in a document without `[empathy]` everything is as if this were not there. A moment of truth that is held
//! needs an empathetic agent who does not cool down; afterwards anyone may take it, empathetic agents first, of them those
//! who had the fewest, and whoever cools down last. A routine contact goes to others
//! first, and leaves alone whom the reserve keeps free until its wait releases them; even then no moment of truth that
//! waits goes without.

use crate::model::{
    care::{Care, Grade},
    document::{Document, Empathy, Queue, ReserveMode},
    limits::TIERS_MAX,
    requirement::{Condition, Conjunct, Dnf, Level},
    time::{Span, Timestamp},
};

use super::reserve::{Bar, Reserve};
use crate::engine::load::Strain;

/// What the contacts of a class ask of empathy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Manner {
    /// Nothing: their document knows no empathetic agents.
    #[default]
    Plain,
    /// They leave empathetic agents to others.
    Routine {
        /// Which of them they must not take at first; `None` = all are there for them.
        bar: Option<Bar>,
        /// How far their wait has released them.
        phase: Phase,
    },
    /// They are moments of truth, for agents with so much empathy.
    Moment {
        /// At this level or above.
        level: Level,
        /// Nobody else may take them yet.
        held: bool,
    },
}

/// Preferred agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// What they satisfy.
    pub preferred: Dnf,
    /// Who had so much of moments of truth, or more, is not among them; `None` = that does not matter.
    pub spares: Option<Strain>,
}

/// How far waiting has changed what empathy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Phase {
    /// A moment of truth is held for empathetic agents, and a routine contact leaves the reserve alone.
    #[default]
    First,
    /// A routine contact may take of the reserve, but for its floor.
    Released,
    /// Anyone may take a moment of truth, and a routine contact may take anyone.
    Last,
}

impl Phase {
    /// The one after it, where there is one.
    pub fn next(self) -> Self {
        match self {
            Self::First => Self::Released,
            Self::Released | Self::Last => Self::Last,
        }
    }
}

/// What a phase follows from.
#[derive(Debug, Clone, Copy)]
pub struct Waits<'a> {
    /// The document that the contact goes by.
    pub document: &'a Document,
    /// Its queue.
    pub queue: &'a Queue,
    /// Whether its channel can wait anyway.
    pub is_deferrable: bool,
    /// Which empathetic agents its document keeps free.
    pub reserve: Option<&'a Reserve>,
    /// What it asks.
    pub care: Care,
    /// Since when it is what it is.
    pub care_since: Timestamp,
    /// Since when it is in its queue.
    pub queued_at: Timestamp,
    /// How long an agent who is asked there usually takes to accept.
    pub accepting: Span,
}

impl Waits<'_> {
    /// The phase that the contact has reached.
    pub fn phase_at(&self, now: Timestamp) -> Phase {
        let Some(_) = &self.document.empathy else { return Phase::First };
        if self.care.moment_of_truth {
            // Without a reserve there would be nobody to wait for.
            let is_reserved = self.reserve.is_some_and(Reserve::is_in_force);
            let hold = if self.is_deferrable || !is_reserved { Span::ZERO } else { self.care.hold };
            return if now >= self.care_since.max(self.queued_at) + hold { Phase::Last } else { Phase::First };
        }
        let (rules, waited) = (&self.document.reserve, now - self.queued_at);
        if waited >= rules.floor_until || rules.mode == ReserveMode::Off {
            Phase::Last
        } else if waited < rules.release_in(self.queue, self.accepting) {
            Phase::First
        } else if rules.floor == 0 {
            Phase::Last
        } else {
            Phase::Released
        }
    }

    /// When the phase after this one begins.
    pub fn next_after(&self, phase: Phase) -> Option<Timestamp> {
        self.document.empathy.as_ref()?;
        match phase {
            Phase::Last => None,
            _ if self.care.moment_of_truth => Some(self.care_since.max(self.queued_at) + self.care.hold),
            Phase::First => Some(self.queued_at + self.document.reserve.release_in(self.queue, self.accepting)),
            Phase::Released => Some(self.queued_at + self.document.reserve.floor_until),
        }
    }
}

impl Manner {
    /// Of a contact that asks this, in a phase.
    pub fn of(document: &Document, care: &Care, phase: Phase) -> Self {
        let Some(empathy) = &document.empathy else { return Self::Plain };
        if care.moment_of_truth {
            return Self::Moment { level: empathy.level.max(care.empathy), held: phase == Phase::First };
        }
        match document.reserve.mode {
            ReserveMode::Soft | ReserveMode::Fixed => Self::Routine { bar: Some(Bar::Reserve), phase },
            ReserveMode::Graded => Self::Routine { bar: Some(Bar::Price(care.grade)), phase },
            ReserveMode::Off => Self::Routine { bar: None, phase: Phase::Last },
        }
    }

    /// Whether its contacts are moments of truth.
    pub fn is_moment(self) -> bool {
        matches!(self, Self::Moment { .. })
    }

    /// What its contacts must not take now.
    pub fn barred_by(self) -> Option<Bar> {
        match self {
            Self::Routine { bar, phase: Phase::First } => bar,
            Self::Routine { bar: Some(_), phase: Phase::Released } => Some(Bar::Floor),
            _ => None,
        }
    }

    /// Whom its contacts leave to a moment of truth that waits, though they may take them.
    pub fn yields(self) -> Option<Bar> {
        match self {
            Self::Routine { bar, phase: Phase::Released | Phase::Last } => bar,
            _ => None,
        }
    }

    /// Whether its contacts are held for empathetic agents.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Moment { held: true, .. })
    }

    /// What an agent needs where this is asked anyway, and that by its moments.
    pub fn required(self, asked: &Dnf, empathy: Option<&Empathy>, by_moments: &[Condition]) -> Dnf {
        match (self, empathy) {
            (Self::Moment { level, held: true }, Some(empathy)) => {
                let empathetic = with(asked, &empathy.condition(level));
                by_moments.iter().fold(empathetic, |asked, condition| with(&asked, condition))
            }
            _ => asked.clone(),
        }
    }

    /// Who is spared altogether where this is asked: had so much of moments of truth, or more.
    pub fn spares(self, empathy: Option<&Empathy>) -> Option<Strain> {
        let is_held = matches!(self, Self::Moment { held: true, .. });
        empathy.filter(|empathy| is_held && empathy.protection.limits_rows()).map(|_| Strain::Cooling)
    }

    /// Preferred agents, best first, where these are preferred anyway; everybody else comes after the last.
    pub fn tiers(self, prefer: &[Dnf], empathy: Option<&Empathy>) -> Vec<Tier> {
        let everybody = Dnf { conjuncts: vec![Conjunct::default()] };
        let plain = |preferred: &Dnf| Tier { preferred: preferred.clone(), spares: None };
        let mut tiers: Vec<Tier> = match (self, empathy) {
            (Self::Plain, _) | (_, None) => prefer.iter().map(plain).collect(),
            (Self::Moment { level, held }, Some(empathy)) => {
                let all = || prefer.iter().chain([&everybody]);
                let rows = empathy.protection.limits_rows();
                let shares = empathy.protection.limits_shares();
                // Each of them in two: who had little first.
                let spared = (rows && !held).then_some(Strain::Cooling);
                let sparing = |preferred: Dnf| {
                    let light = shares.then(|| Tier { preferred: preferred.clone(), spares: Some(Strain::Heavy) });
                    light.into_iter().chain([Tier { preferred, spares: spared }])
                };
                if held {
                    all().cloned().flat_map(sparing).collect()
                } else {
                    let condition = empathy.condition(level);
                    let mut tiers: Vec<Tier> = all().map(|tier| with(tier, &condition)).flat_map(sparing).collect();
                    let rested = |preferred: Dnf| Tier { preferred, spares: spared };
                    // Not as empathetic as it needs, but more than others.
                    if level > empathy.level {
                        tiers.push(rested(with(&everybody, &empathy.condition(empathy.level))));
                    }
                    tiers.extend(all().cloned().map(rested));
                    tiers
                }
            }
            (Self::Routine { bar, .. }, Some(empathy)) => {
                let is_graded = matches!(bar, Some(Bar::Price(grade)) if grade > Grade::default());
                let first = if is_graded { with } else { without };
                let condition = empathy.condition(empathy.level);
                let first = prefer.iter().chain([&everybody]).map(|tier| first(tier, &condition));
                let first = first.map(|preferred| Tier { preferred, spares: None });
                first.chain(prefer.iter().map(plain)).collect()
            }
        };
        // The last of them would be everybody, who come last anyway.
        tiers.pop_if(|last| last.spares.is_none() && last.preferred == everybody);
        tiers.truncate(TIERS_MAX - 1);
        tiers
    }
}

/// Whether only empathetic agents can meet an alternative: then there is nobody to leave it to.
pub fn is_for_empathy(conjunct: &Conjunct, empathy: &Empathy) -> bool {
    conjunct.must.iter().any(|asked| asked.skill == empathy.skill && asked.level >= empathy.level)
}

fn with(dnf: &Dnf, condition: &Condition) -> Dnf {
    let with = |conjunct: &Conjunct| {
        let mut with = conjunct.clone();
        with.must.push(condition.clone());
        with
    };
    Dnf { conjuncts: dnf.conjuncts.iter().map(with).collect() }
}

fn without(dnf: &Dnf, condition: &Condition) -> Dnf {
    let without = |conjunct: &Conjunct| {
        let mut without = conjunct.clone();
        without.must_not.push(condition.clone());
        without
    };
    Dnf { conjuncts: dnf.conjuncts.iter().map(without).collect() }
}
