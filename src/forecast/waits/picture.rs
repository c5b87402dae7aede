//! Who competes with a contact: those who stand before it and those who will pass, each as far as they take the agents who
//! could take it.
//!
//! Of a crowd whose agents are partly the contact's own, that part of the crowd takes them: a crowd of a hundred that
//! fifty agents serve takes ten agents of them from a contact that only these ten can serve as often as twenty contacts
//! would. A contact stands behind whoever has an earlier place, and behind later ones that will have one: those who come
//! with more head start, until it has waited for the difference.
//!
//! Invariant: what is costly to see (who may take what, and what they are at) is looked at once a second, and as agents
//! come or go at most four times: whoever goes is taken out at once, and whoever comes counts from the next look on. A look
//! takes each line in which somebody waits once, and for each thing that lines ask one set of agents, a bit an agent; no
//! contact, and no agent by itself. How many stand before a place is as it is. Not here: how long it takes (`flow`).

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
        ids::{ChannelKey, QueueKey},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
};

use super::{flow::Passing, work::Line};

/// How long a picture is good.
const GOOD_FOR: Span = Span::from_secs(1);
/// The same where others are there since.
const GOOD_ENOUGH_FOR: Span = Span::from_millis(250);
/// Sets of agents told apart by what is asked; with more of them those who wait in one queue are taken to wait for the same
/// agents.
const POOLS_MAX: usize = 1_024;
/// Sets of agents somebody asked about of which it is kept what was seen.
const VIEWS_MAX: usize = 256;
/// Agents whose work is looked at.
pub const AT_WORK_EXAMINED: usize = 64;
/// Of smaller crowds those before a place are counted one by one, where a queue has several.
const COUNTED_MAX: usize = 64;
/// How long arrivals make the rate.
const ARRIVALS_HALF_LIFE: Span = Span::from_secs(900);
/// What an arrival's head start counts in the mean.
const HEAD_START_WEIGHT: f64 = 0.05;
/// Streams with a head start that are looked at, those of which most come: contacts of a queue and a channel, moments of truth or others, with about
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
pub enum Kind {
    /// Of truth.
    Moment,
    /// All others.
    Routine,
}

impl Kind {
    /// Of a contact that is a moment of truth, or is none.
    pub fn of(is_moment: bool) -> Self {
        if is_moment { Self::Moment } else { Self::Routine }
    }
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
        let kind = Kind::of(care.moment_of_truth);
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
    /// Everybody who is there.
    present: AgentSet,
    /// Whether they are others than at the look.
    are_others: bool,
    /// Of each set, those who are there.
    pools: Vec<Pool>,
    /// By queue, those with the most waiting.
    queues: Vec<(QueueKey, Vec<Standing>)>,
    /// All others by queue …
    small: BTreeMap<QueueKey, Vec<Standing>>,
    /// … and together.
    others: Vec<Standing>,
    passers: Vec<Passer>,
    views: BTreeMap<AgentSet, View>,
}

#[derive(Debug)]
struct Pool {
    agents: AgentSet,
    count: usize,
}

/// What is seen of a contact's agents.
#[derive(Debug, Clone)]
pub struct View {
    /// Which part of each set of agents is among these.
    shares: Arc<[f64]>,
    /// The same for crowds of the contact's own queue.
    own: Arc<[f64]>,
    /// How many these agents are.
    pub agents: usize,
    /// What those of them are at who were looked at …
    pub work: Arc<[Piece]>,
    /// … and which part of these that takes.
    pub busy: f64,
}

/// Sets of agents as they are met, each with its number.
#[derive(Debug, Default)]
struct Pools(BTreeMap<AgentSet, usize>);

impl Pools {
    fn number(&mut self, agents: AgentSet) -> usize {
        let next = self.0.len();
        *self.0.entry(agents).or_insert(next)
    }

    fn are_full(&self) -> bool {
        self.0.len() >= POOLS_MAX
    }

    fn in_order(self) -> Vec<Pool> {
        let mut numbered: Vec<_> = self.0.into_iter().collect();
        numbered.sort_unstable_by_key(|(_, number)| *number);
        numbered.into_iter().map(|(agents, _)| Pool { count: agents.len(), agents }).collect()
    }
}

#[derive(Debug)]
struct Standing {
    number: u32,
    line: Line,
    waiting: usize,
    pool: usize,
}

impl Standing {
    fn gathers_with(&self) -> (usize, ChannelKey) {
        (self.pool, self.line.1)
    }
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
        let are_others = !state.are_present(&self.present);
        let good_for = if are_others || self.are_others { GOOD_ENOUGH_FOR } else { GOOD_FOR };
        if !self.at.is_some_and(|at| (Span::ZERO..good_for).contains(&(now - at))) {
            self.look_again(now, state, streams);
        } else if are_others {
            self.take_out(state);
        }
    }

    /// Takes those out who are there no more.
    fn take_out(&mut self, state: &State) {
        self.are_others = true;
        self.present = state.present();
        self.views.clear();
        for pool in &mut self.pools {
            pool.agents.keep(&self.present);
            pool.count = pool.agents.len();
        }
    }

    fn look_again(&mut self, now: Timestamp, state: &State, streams: &Streams) {
        self.at = Some(now);
        self.are_others = false;
        self.present = state.present();
        self.views.clear();
        let (mut pools, mut queues) = (Pools::default(), BTreeMap::<QueueKey, Vec<Standing>>::new());
        // By what crowds ask: who may take them is put together once.
        let mut asked: BTreeMap<usize, usize> = BTreeMap::new();
        for crowd in state.crowds() {
            let crowds = queues.entry(crowd.queue).or_default();
            let pool = match (asked.get(&crowd.asks), crowds.first()) {
                (Some(pool), _) => *pool,
                (None, Some(first)) if pools.are_full() => first.pool,
                (None, _) => {
                    let pool = pools.number(state.crowd_takers(crowd.number));
                    asked.insert(crowd.asks, pool);
                    pool
                }
            };
            let line = (crowd.queue, crowd.channel);
            crowds.push(Standing { number: crowd.number, line, waiting: crowd.waiting, pool });
        }
        self.queues = queues.into_iter().collect();
        self.queues.sort_by_cached_key(|(_, crowds)| Reverse(crowds.iter().map(|crowd| crowd.waiting).sum::<usize>()));
        self.small = self.queues.split_off(self.queues.len().min(QUEUES_SEEN_MAX)).into_iter().collect();
        self.others = gathered(self.small.values().flatten());
        self.passers = passers(now, state, streams, &mut pools);
        self.pools = pools.in_order();
    }

    /// Forgets what it saw: another document is in force, or whatever else makes it wrong.
    pub fn forget(&mut self) {
        self.at = None;
    }

    /// What is seen of these agents, who are there.
    pub fn view(&mut self, state: &State, agents: &AgentSet) -> View {
        if let Some(known) = self.views.get(agents) {
            return known.clone();
        }
        let share = |pool: &Pool| match pool.count {
            0 => 0.0,
            count => pool.agents.common(agents) as f64 / count as f64,
        };
        let shares: Arc<[f64]> = self.pools.iter().map(share).collect();
        let (count, work) = (agents.len(), state.work_of(agents, AT_WORK_EXAMINED));
        let taken: u32 = work.iter().map(|piece| piece.share).sum();
        let examined = count.div_ceil(count.div_ceil(AT_WORK_EXAMINED).max(1)).max(1);
        let busy = f64::from(taken) / 1_000.0 / examined as f64;
        let view = View { own: Arc::clone(&shares), shares, agents: count, work: work.into(), busy };
        if self.views.len() >= VIEWS_MAX {
            self.views.clear();
        }
        self.views.insert(agents.clone(), view.clone());
        view
    }

    /// The same as if those of a queue whom more agents than these may take were left to these.
    pub fn undivided(&self, queue: QueueKey, agents: &AgentSet, view: View) -> View {
        let mut own = view.own.to_vec();
        let long = self.queues.iter().filter(|(of, _)| *of == queue).flat_map(|(_, crowds)| crowds);
        for crowd in long.chain(self.small.get(&queue).into_iter().flatten()) {
            if self.pools[crowd.pool].agents.common(agents) == agents.len() {
                own[crowd.pool] = 1.0;
            }
        }
        View { own: own.into(), ..view }
    }

    /// Who stands before a place of this line, as far as they take the agents of this view.
    pub fn before(&self, state: &State, line: Line, place: Place, View { shares, own, .. }: &View) -> Before {
        let mut before = Before::default();
        let small = self.small.get(&line.0).map(Vec::as_slice);
        let is_long = self.queues.iter().any(|(queue, _)| *queue == line.0);
        if small.is_none() && !is_long {
            before.add(line, state.queue_before(line.0, place) as f64);
        }
        let long = self.queues.iter().map(|(queue, crowds)| (*queue, crowds.as_slice()));
        let (mut seen, mut waiting) = (0, 0);
        for (queue, crowds) in long.chain(small.map(|own| (line.0, own))) {
            let shares = if queue == line.0 { own } else { shares };
            if crowds.iter().all(|crowd| shares[crowd.pool] == 0.0) {
                continue;
            }
            let all = state.queue_before(queue, place);
            seen += all;
            waiting += crowds.iter().map(|crowd| crowd.waiting).sum::<usize>();
            match crowds {
                _ if all == 0 => {}
                [only] => before.add(only.line, all as f64 * shares[only.pool]),
                _ => {
                    let own = if line.0 == queue { line } else { crowds[0].line };
                    told_apart(state, (crowds, own), (place, all), shares, &mut before);
                }
            }
        }
        let part = if waiting == 0 { 1.0 } else { (seen as f64 / waiting as f64).min(1.0) };
        for crowd in &self.others {
            let counted = small.unwrap_or_default().iter().filter(|own| own.gathers_with() == crowd.gathers_with());
            let others = crowd.waiting - counted.map(|own| own.waiting).sum::<usize>();
            before.add(crowd.line, others as f64 * part * shares[crowd.pool]);
        }
        before
    }

    /// Who will pass a place.
    pub fn passing(&self, now: Timestamp, place: Place, View { shares, .. }: &View) -> Vec<Passing> {
        let ahead = seconds(now - place.virtual_arrival);
        let passing = self.passers.iter().filter(|passer| passer.head_start > ahead && shares[passer.pool] > 0.0);
        passing
            .map(|passer| Passing { rate: passer.rate * shares[passer.pool], until: passer.head_start - ahead })
            .collect()
    }
}

/// Those who come with a head start.
fn passers(now: Timestamp, state: &State, streams: &Streams, pools: &mut Pools) -> Vec<Passer> {
    let Some(since) = streams.since else { return Vec::new() };
    let passing = streams.streams.iter().filter(|(_, stream)| stream.head_start > 0.0);
    let rated = passing.map(|((line, ..), stream)| (stream.came.per_second(now, since), *line, stream));
    let mut rated: Vec<_> = rated.filter(|(rate, ..)| *rate >= RATE_MIN).collect();
    rated.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    let taken = rated.into_iter().take(PASSERS_MAX).filter_map(|(rate, line, stream)| {
        let agents = state.takers(now, line, &stream.asked, stream.care)?;
        Some(Passer { pool: pools.number(agents), rate, head_start: stream.head_start })
    });
    taken.collect()
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

/// Crowds of the same channel and agents as one, whichever their queues.
fn gathered<'a>(crowds: impl Iterator<Item = &'a Standing>) -> Vec<Standing> {
    let mut gathered: BTreeMap<(usize, ChannelKey), Standing> = BTreeMap::new();
    for crowd in crowds {
        let known = gathered.entry(crowd.gathers_with()).or_insert(Standing { waiting: 0, ..*crowd });
        known.waiting += crowd.waiting;
    }
    gathered.into_values().collect()
}
