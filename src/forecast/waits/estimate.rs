//! The estimate: how long a wait from now on will be, by what is known.
//!
//! Of whoever could take the contact it is known how many are there, what they are at and how long that takes; of whoever
//! stands before it, how many are there, who of them take its agents, and how soon they leave ([`picture`](super::picture),
//! [`work`](super::work)). From that follows a mean ([`flow`]), which is scaled by how waits of the queue turned out
//! ([`scale`](super::scale)) and told as a range by how far they were off ([`range`]). What others were told counts for a
//! minute ([`quotes`](super::quotes)).
//!
//! A contact that agents of more kinds may take later, by a step or when a hold or the reserve ends, is served at the
//! first of these turns ([`stages`]). Moments of truth, which wait otherwise than the rest of their queue, have a factor
//! and a range of their own. Whom it is offered to and accepts late is part of the wait: it ends when an agent accepts.
//!
//! Invariant: it reads the state as it stands and decides nothing; an estimate that nothing supports is unknown. Not here:
//! what happens, by which it learns (`waits`), and who was told (`ledger`).

use std::collections::BTreeMap;

use crate::{
    engine::{
        State,
        lines::{AgentSet, Overflow, Piece, Spot, Turn},
    },
    forecast::decay::seconds,
    model::{
        contact::CustomerId,
        ids::QueueKey,
        time::{Span, Timestamp},
    },
};

use super::{
    flow::{self, Flow, Wait},
    load::Load,
    picture::{AT_WORK_EXAMINED, Before, Kind, Picture, Streams, View},
    quotes::Quotes,
    range::{self, Basis, QUANTILES, Range},
    scale::Scale,
    stages,
    work::{End, Line, Patience, Works},
};

/// So many starts have to be known before they say anything.
const STARTS_MIN: f64 = 2.5;
/// A turn so many times as late as another's mean does not come.
const LATE: f64 = 4.0;

/// How long a wait will be from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// On average.
    pub mean: Span,
    /// In the order of [`QUANTILES`]: half of the customers who stay wait so long at the most, 80 %, 90 %.
    pub waits: [Span; QUANTILES.len()],
    /// How many will be served before, by agents who could take it.
    pub before: u64,
    /// Whether the range is the queue's own.
    pub basis: Basis,
}

/// Why nobody can say how long a wait will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Too few contacts have been handled to tell.
    FewStarts,
    /// Nobody is there who could take it.
    NobodyThere,
    /// It is not offered: parked, its queue paused, or offering held after a restart.
    NotOffered,
    /// Its queue takes no more contacts.
    NotTaken,
}

impl Unknown {
    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::FewStarts => "few_starts",
            Self::NobodyThere => "nobody_there",
            Self::NotOffered => "not_offered",
            Self::NotTaken => "not_taken",
        }
    }
}

/// Whose wait is estimated.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of a contact that waits, whom others who were told to come do not pass.
    Waiting,
    /// Of one that has not joined, and who asks for it if that is known.
    Newcomer(Option<&'a CustomerId>),
}

/// An expectation, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    kind: Kind,
    /// By the arithmetic alone.
    flow: Wait,
    /// By how waits of the queue turned out.
    pub wait: Wait,
    before: f64,
    /// In the order of [`QUANTILES`].
    pub waits: [f64; QUANTILES.len()],
    basis: Basis,
}

impl Expected {
    /// As it is told.
    pub fn estimate(&self) -> Estimate {
        Estimate {
            mean: span(self.wait.mean),
            waits: self.waits.map(span),
            before: self.before.round() as u64,
            basis: self.basis,
        }
    }
}

/// What is known of a tenant, by which waits are estimated.
#[derive(Debug, Default)]
pub struct Estimator {
    /// What contacts take of agents' time.
    pub works: Works,
    /// What others were told of late.
    pub quotes: Quotes,
    /// How contacts come.
    pub streams: Streams,
    patience: BTreeMap<Line, Patience>,
    kinds: BTreeMap<(QueueKey, Kind), KindWaits>,
    /// Residuals of all queues.
    pooled: Range,
    picture: Picture,
}

/// How waits of one queue turned out, of moments of truth or of others.
#[derive(Debug, Default)]
struct KindWaits {
    scale: Scale,
    range: Range,
}

impl Estimator {
    /// A customer's patience was tried for so long in this line.
    pub fn try_patience(&mut self, line: Line, tried: Span, end: End) {
        self.patience.entry(line).or_default().note(tried, end);
    }

    /// A contact of this queue, of which this was expected, waited so many seconds.
    pub fn learn(&mut self, queue: QueueKey, expected: &Expected, waited: f64) {
        let Expected { kind, flow, wait, before, waits, basis } = *expected;
        let known = self.kinds.entry((queue, kind)).or_default();
        known.scale.note(flow, before, waited);
        if basis == Basis::Own {
            known.range.judge(waits.map(|told| waited <= told));
        }
        known.range.note(wait, waited);
        self.pooled.note(wait, waited);
    }

    /// Lets go of queues that are no more: another document is in force.
    pub fn retain(&mut self, is_kept: impl Fn(QueueKey) -> bool) {
        self.works.retain(&is_kept);
        self.streams.retain(&is_kept);
        self.patience.retain(|(queue, _), _| is_kept(*queue));
        self.kinds.retain(|(queue, _), _| is_kept(*queue));
        self.picture.forget();
    }

    /// How long a wait from now on is to be expected, and at which load; none while it is being offered.
    pub fn expect(
        &mut self,
        now: Timestamp,
        state: &State,
        spot: &Spot,
        whose: Whose<'_>,
    ) -> Result<(Expected, Option<Load>), Unknown> {
        let line = (spot.queue, spot.channel);
        let key = (spot.queue, Kind::of(spot.is_moment));
        let accepting = self.works.accepting(line);
        match spot.turn {
            Turn::NotOffered => return Err(Unknown::NotOffered),
            Turn::Offered => return Ok((self.expected(key, accepting, 0.0), None)),
            Turn::Waits => {}
        }
        self.picture.look(now, state, &self.streams);
        let (turns, why) = self.turns(now, state, spot, whose);
        let first = turns.iter().find_map(|(_, turned)| *turned).ok_or(why)?;
        let mut wait: Option<(f64, Wait)> = None;
        for (from, turned) in turns.into_iter().rev() {
            let turn = turned.map(|turned| turned.wait);
            wait = match wait {
                None => turn.map(|turn| (from, turn)),
                Some((next_from, next)) => Some((from, stages::then(turn, next_from - from, next))),
            };
        }
        let (from, wait) = wait.ok_or(why)?;
        let mean = from + wait.mean + accepting.mean;
        let wait = Wait { mean, variance: wait.variance + accepting.variance };
        Ok((self.expected(key, wait, first.before), Some(first.load)))
    }

    /// Each turn by the seconds until it begins, none where nobody can say; and why not, if that is so of all.
    fn turns(
        &mut self,
        now: Timestamp,
        state: &State,
        spot: &Spot,
        whose: Whose<'_>,
    ) -> (Vec<(f64, Option<Turned>)>, Unknown) {
        let mut why = Unknown::NobodyThere;
        let mut turns: Vec<(f64, Option<Turned>)> = Vec::new();
        for stage in &spot.stages {
            let from = seconds(stage.from - now).max(0.0);
            // By the mean of an earlier turn this one would come late.
            let is_late = |(begins, turned): &(f64, Option<Turned>)| {
                turned.is_some_and(|turned| begins + turned.wait.mean * LATE < from)
            };
            if turns.iter().any(is_late) {
                break;
            }
            match self.turn(now, state, spot, (&stage.agents, from), whose) {
                Ok(turned) => turns.push((from, Some(turned))),
                Err(unknown) => {
                    turns.push((from, None));
                    if unknown == Unknown::FewStarts {
                        why = unknown;
                    }
                }
            }
        }
        (turns, why)
    }

    /// How long it takes from a time on until one of these agents takes it, if nobody else did.
    fn turn(
        &mut self,
        now: Timestamp,
        state: &State,
        spot: &Spot,
        (agents, from): (&AgentSet, f64),
        whose: Whose<'_>,
    ) -> Result<Turned, Unknown> {
        if agents.is_empty() {
            return Err(Unknown::NobodyThere);
        }
        let line = (spot.queue, spot.channel);
        let mut view = self.picture.view(state, agents);
        if spot.overflow == Overflow::None {
            view = self.picture.undivided(spot.queue, agents, view);
        }
        let mut before = self.picture.before(state, line, spot.place, &view);
        if let Whose::Newcomer(asks) = whose {
            self.quotes.add(now, asks, agents, &mut before);
            if from == 0.0 && before.contacts < 0.5 && state.is_one_free(line, agents) {
                let load = Load::of(view.agents, view.busy, 0.0);
                return Ok(Turned { wait: Wait::NONE, before: 0.0, load });
            }
        }
        if spot.overflow == Overflow::None {
            before.add(line, with_others(state, spot.queue, agents, &view.work));
        }
        let starts = self.starts(line, &view, &before).ok_or(Unknown::FewStarts)?;
        let leaving = self.patience.get(&line).map_or(0.0, |patience| patience.leaving());
        let mut passing = self.picture.passing(now, spot.place, &view);
        let flow = Flow { starts: starts.rate, leaving };
        let mut wait = flow::wait(flow, before.contacts, &mut passing, from);
        // Of few starts the rate is known no better than so.
        wait.variance += wait.mean * wait.mean / starts.seen;
        let load = Load::of(view.agents, view.busy, before.contacts);
        Ok(Turned { wait, before: before.contacts, load })
    }

    fn expected(&self, key: (QueueKey, Kind), flow: Wait, before: f64) -> Expected {
        let known = self.kinds.get(&key);
        let wait = known.map_or(flow, |known| known.scale.applied(flow));
        let (waits, basis) = range::published(wait, known.map(|known| &known.range), &self.pooled);
        Expected { kind: key.1, flow, wait, before, waits, basis }
    }

    /// How many starts a second these agents make of what is before and of this line: first they end what they are at,
    /// then what stands before. Of a line that is not known it is what any contact takes; if none of them is known well
    /// enough, nobody can say.
    fn starts(&self, line: Line, view: &View, before: &Before) -> Option<Starts> {
        let any = self.works.taken_by_any()?;
        let taken = |line: Line| self.works.taken(line).unwrap_or(any);
        let (mut parts, mut speed, mut seen) = (0.0, 0.0, 0.0);
        let mut lines: Vec<Line> = vec![line];
        for piece in view.work.iter() {
            let (at, share) = (line_of(*piece), share_of(*piece));
            parts += share;
            speed += share / taken(at).seconds;
            if !lines.contains(&at) {
                lines.push(at);
            }
        }
        let own = taken(line).seconds;
        let speed = if parts > 0.0 { speed / parts } else { 1.0 / own };
        let ahead: f64 = before.lines.iter().map(|(line, contacts)| contacts * taken(*line).seconds).sum();
        let later = (ahead + own) / (before.contacts + 1.0);
        for (known, _) in &before.lines {
            if !lines.contains(known) {
                lines.push(*known);
            }
        }
        lines.iter().filter_map(|line| self.works.taken(*line)).for_each(|taken| seen += taken.seen);
        let count = view.agents as f64;
        let first = (count / (before.contacts + 1.0)).min(1.0);
        let each = first / speed + (1.0 - first) * later;
        (seen >= STARTS_MIN).then_some(Starts { rate: count / each, seen })
    }
}

/// How many of a queue are with agents other than these, by what these are at as far as that was looked at.
fn with_others(state: &State, queue: QueueKey, agents: &AgentSet, work: &[Piece]) -> f64 {
    let own = work.iter().filter(|piece| piece.queue == queue).count() as f64;
    let each_stands_for = agents.len().div_ceil(AT_WORK_EXAMINED).max(1) as f64;
    (state.queue_engaged(queue) as f64 - own * each_stands_for).max(0.0)
}

/// A turn with some agents: how long it takes, how many are before, and how much there is to do for these agents.
#[derive(Clone, Copy)]
struct Turned {
    wait: Wait,
    before: f64,
    load: Load,
}

/// Starts a second, and on how many it is known.
struct Starts {
    rate: f64,
    seen: f64,
}

/// The queue and channel of a piece of work.
pub fn line_of(piece: Piece) -> Line {
    (piece.queue, piece.channel)
}

/// Which part of its agent a piece of work takes.
pub fn share_of(piece: Piece) -> f64 {
    f64::from(piece.share) / 1_000.0
}

/// A wait in seconds, in tenths of them.
fn span(wait: f64) -> Span {
    Span::from_millis((wait * 10.0).round().clamp(0.0, 1e12) as i64 * 100)
}
