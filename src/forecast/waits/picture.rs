//! Who competes with a contact: those who stand before it and those who will pass, each as far as they take the agents who
//! could take it.
//!
//! Of a crowd whose agents are partly the contact's own, that part of the crowd takes them: a crowd of a hundred that
//! fifty agents serve takes ten agents of them from a contact that only these ten can serve as often as twenty contacts
//! would. A contact stands behind whoever has an earlier place, and behind later ones that will have one: those who come
//! with more head start, until it has waited for the difference.
//!
//! Invariant: what is costly to see (who may take what, and what they are at) is looked at once a second at the most, in
//! the order of the agents' numbers; how many stand before a place is as it is. Not here: how long it takes (`flow`).

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use smallvec::SmallVec;

use crate::{
    engine::{
        State,
        event::Place,
        lines::{AgentSet, Piece},
    },
    forecast::decay::{Fading, seconds},
    model::{
        care::Care,
        ids::QueueKey,
        requirement::Requirement,
        time::{Span, Timestamp},
    },
};

use super::{flow::Passing, work::Line};

/// How long a picture is good.
const GOOD_FOR: Span = Span::from_secs(1);
/// Sets of agents told apart; with more of them the rest is taken for everybody's.
const POOLS_MAX: usize = 512;
/// Agents whose work is looked at.
const AT_WORK_EXAMINED: usize = 64;
/// Of smaller crowds those before a place are counted one by one, where a queue has several.
const COUNTED_MAX: usize = 64;
/// How long arrivals make the rate.
const ARRIVALS_HALF_LIFE: Span = Span::from_secs(900);
/// What an arrival's head start counts in the mean.
const HEAD_START_WEIGHT: f64 = 0.05;
/// Streams with a head start that are looked at: contacts of a queue and a channel, moments of truth or others, with about
/// the same head start.
const PASSERS_MAX: usize = 256;
/// In so many queues, those with the most waiting, it is seen how many stand before a place; in the rest it is taken to be
/// the same part of them.
const QUEUES_SEEN_MAX: usize = 64;
/// Fewer a second pass nobody.
const RATE_MIN: f64 = 1e-6;

/// How contacts come, by what they are.
#[derive(Debug, Default)]
pub struct Streams {
    since: Option<Timestamp>,
    streams: BTreeMap<(Line, Kind, Size), Stream>,
}

/// Moments of truth have head starts and agents of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Moment,
    Routine,
}

/// How large a head start is: none, up to a second, two, four, and so on. Who has much passes others than who has little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Size(u32);

impl Size {
    fn of(head_start: Span) -> Self {
        let millis = u64::try_from(head_start.as_millis()).unwrap_or(0);
        Self(u64::BITS - (millis / 1_000).leading_zeros() + u32::from(millis > 0))
    }
}

#[derive(Debug)]
struct Stream {
    came: Fading,
    /// Seconds, on average.
    head_start: f64,
    /// What the last of them asked.
    asked: Arc<Requirement>,
    care: Care,
}

/// A contact that came.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Where.
    pub line: Line,
    /// How much earlier its place is than its arrival.
    pub head_start: Span,
    /// What it asks itself.
    pub asked: Arc<Requirement>,
    /// What it asks of empathy.
    pub care: Care,
}

impl Streams {
    /// A contact came.
    pub fn note(&mut self, now: Timestamp, arrival: Arrival) {
        self.since.get_or_insert(now);
        let Arrival { line, head_start, asked, care } = arrival;
        let kind = if care.moment_of_truth { Kind::Moment } else { Kind::Routine };
        let (size, head_start) = (Size::of(head_start), seconds(head_start));
        let fresh = || Stream { came: Fading::new(ARRIVALS_HALF_LIFE), head_start, asked: Arc::clone(&asked), care };
        let stream = self.streams.entry((line, kind, size)).or_insert_with(fresh);
        stream.came.add(now, 1.0);
        stream.head_start += (head_start - stream.head_start) * HEAD_START_WEIGHT;
        (stream.asked, stream.care) = (asked, care);
    }

    /// Lets go of streams into queues that are no more.
    pub fn retain(&mut self, is_kept: impl Fn(QueueKey) -> bool) {
        self.streams.retain(|((queue, _), ..), _| is_kept(*queue));
    }
}

/// How things stood when they were last looked at.
#[derive(Debug, Default)]
pub struct Picture {
    at: Option<Timestamp>,
    /// The first is everybody who is there.
    pools: Vec<Pool>,
    /// By queue, those with the most waiting.
    queues: Vec<(QueueKey, Vec<Standing>)>,
    /// All others.
    others: Vec<Standing>,
    passers: Vec<Passer>,
}

#[derive(Debug)]
struct Pool {
    agents: AgentSet,
    count: usize,
    /// What they are at, once somebody asked.
    work: Option<Vec<Piece>>,
}

#[derive(Debug)]
struct Standing {
    number: u32,
    line: Line,
    waiting: usize,
    pool: usize,
}

#[derive(Debug)]
struct Passer {
    pool: usize,
    rate: f64,
    head_start: f64,
}

/// Those before a contact, as far as they take its agents.
#[derive(Debug, Default)]
pub struct Before {
    /// How many.
    pub contacts: f64,
    /// Of them, by line.
    pub lines: SmallVec<[(Line, f64); 4]>,
}

impl Before {
    /// So many more of a line.
    pub fn add(&mut self, line: Line, contacts: f64) {
        if contacts <= 0.0 {
            return;
        }
        self.contacts += contacts;
        match self.lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += contacts,
            None => self.lines.push((line, contacts)),
        }
    }
}

impl Picture {
    /// Looks, unless it did a moment ago.
    pub fn look(&mut self, now: Timestamp, state: &State, streams: &Streams) {
        if self.at.is_some_and(|at| (Span::ZERO..GOOD_FOR).contains(&(now - at))) {
            return;
        }
        self.at = Some(now);
        (self.pools, self.passers) = (Vec::new(), Vec::new());
        self.pool(state.present());
        let mut queues: BTreeMap<QueueKey, Vec<Standing>> = BTreeMap::new();
        for crowd in state.crowds() {
            let pool = self.pool(crowd.agents);
            let line = (crowd.queue, crowd.channel);
            let standing = Standing { number: crowd.number, line, waiting: crowd.waiting, pool };
            queues.entry(crowd.queue).or_default().push(standing);
        }
        self.queues = queues.into_iter().collect();
        self.queues.sort_by_cached_key(|(_, crowds)| Reverse(crowds.iter().map(|crowd| crowd.waiting).sum::<usize>()));
        let others = self.queues.split_off(self.queues.len().min(QUEUES_SEEN_MAX));
        self.others = gathered(others.into_iter().flat_map(|(_, crowds)| crowds));
        let Some(since) = streams.since else { return };
        let passing = streams.streams.iter().filter(|(_, stream)| stream.head_start > 0.0);
        for ((line, ..), stream) in passing.take(PASSERS_MAX) {
            let rate = stream.came.per_second(now, since);
            if rate < RATE_MIN {
                continue;
            }
            if let Some(agents) = state.takers(now, *line, &stream.asked, stream.care) {
                let pool = self.pool(agents);
                self.passers.push(Passer { pool, rate, head_start: stream.head_start });
            }
        }
    }

    /// Forgets what it saw: another document is in force, or whatever else makes it wrong.
    pub fn forget(&mut self) {
        self.at = None;
    }

    /// Which part of each set of agents is among these.
    pub fn shares(&self, agents: &AgentSet) -> Vec<f64> {
        let share = |pool: &Pool| match pool.count {
            0 => 0.0,
            count => pool.agents.common(agents) as f64 / count as f64,
        };
        self.pools.iter().map(share).collect()
    }

    /// What these agents are at.
    pub fn work(&mut self, state: &State, agents: &AgentSet) -> Vec<Piece> {
        let pool = self.pool(agents.clone());
        let pool = &mut self.pools[pool];
        if pool.agents != *agents {
            return state.work_of(agents, AT_WORK_EXAMINED);
        }
        pool.work.get_or_insert_with(|| state.work_of(agents, AT_WORK_EXAMINED)).clone()
    }

    /// Who stands before a place of this line, by which part of each set of agents is the contact's own.
    pub fn before(&self, state: &State, line: Line, place: Place, shares: &[f64]) -> Before {
        let mut before = Before::default();
        if !self.queues.iter().any(|(queue, _)| *queue == line.0) {
            before.add(line, state.queue_before(line.0, place) as f64);
        }
        let (mut seen, mut waiting) = (0, 0);
        for (queue, crowds) in &self.queues {
            if crowds.iter().all(|crowd| shares[crowd.pool] == 0.0) {
                continue;
            }
            let all = state.queue_before(*queue, place);
            seen += all;
            waiting += crowds.iter().map(|crowd| crowd.waiting).sum::<usize>();
            match crowds.as_slice() {
                _ if all == 0 => {}
                [only] => before.add(only.line, all as f64 * shares[only.pool]),
                _ => {
                    let own = if line.0 == *queue { line } else { crowds[0].line };
                    told_apart(state, (crowds, own), (place, all), shares, &mut before);
                }
            }
        }
        let part = if waiting == 0 { 1.0 } else { (seen as f64 / waiting as f64).min(1.0) };
        for crowd in &self.others {
            before.add(crowd.line, crowd.waiting as f64 * part * shares[crowd.pool]);
        }
        before
    }

    /// Who will pass a place.
    pub fn passing(&self, now: Timestamp, place: Place, shares: &[f64]) -> Vec<Passing> {
        let ahead = seconds(now - place.virtual_arrival);
        let passing = self.passers.iter().filter(|passer| passer.head_start > ahead && shares[passer.pool] > 0.0);
        passing
            .map(|passer| Passing { rate: passer.rate * shares[passer.pool], until: passer.head_start - ahead })
            .collect()
    }

    /// The number of a set of agents.
    fn pool(&mut self, agents: AgentSet) -> usize {
        if let Some(known) = self.pools.iter().position(|pool| pool.agents == agents) {
            return known;
        }
        if self.pools.len() >= POOLS_MAX {
            return 0;
        }
        let count = agents.len();
        self.pools.push(Pool { agents, count, work: None });
        self.pools.len() - 1
    }
}

/// Who stands before a place of a queue with several crowds, `all` together.
fn told_apart(
    state: &State,
    (crowds, own): (&[Standing], Line),
    (place, all): (Place, usize),
    shares: &[f64],
    before: &mut Before,
) {
    let large: usize = crowds.iter().map(|crowd| crowd.waiting).filter(|waiting| *waiting > COUNTED_MAX).sum();
    let mut left = all;
    for crowd in crowds.iter().filter(|crowd| crowd.waiting <= COUNTED_MAX) {
        let counted = state.crowd_before(crowd.number, place, COUNTED_MAX).min(left);
        left -= counted;
        before.add(crowd.line, counted as f64 * shares[crowd.pool]);
    }
    if large == 0 {
        // Whoever came since the look, taken for the contact's own kind.
        return before.add(own, left as f64);
    }
    for crowd in crowds.iter().filter(|crowd| crowd.waiting > COUNTED_MAX) {
        let part = left as f64 * crowd.waiting as f64 / large as f64;
        before.add(crowd.line, part * shares[crowd.pool]);
    }
}

/// Crowds of the same line and agents as one, whichever its queue.
fn gathered(crowds: impl Iterator<Item = Standing>) -> Vec<Standing> {
    let mut gathered: BTreeMap<(usize, u16), Standing> = BTreeMap::new();
    for crowd in crowds {
        let waiting = crowd.waiting;
        let known = gathered.entry((crowd.pool, crowd.line.1.0)).or_insert(Standing { waiting: 0, ..crowd });
        known.waiting += waiting;
    }
    gathered.into_values().collect()
}
