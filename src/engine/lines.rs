//! Lines as they stand, for whoever says how long a wait will be: who could take a contact from when on, how many stand
//! before it, and what those agents are at.
//!
//! Invariant: `&State` only, and whole numbers only; what is asked of a line costs about the same however many wait in it.
//! Not here: how long all that takes (`forecast::waits`).

use std::collections::BTreeMap;

use crate::model::{
    care::Care,
    document::Members,
    ids::{AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, QueueKey, QueueName},
    requirement::{Condition, Conjunct, Requirement},
    time::{Span, Timestamp},
};

use super::{
    derive::{next_step, step_at},
    event::Place,
    find::{channel_named, open_contact, queue_named, wrong_state},
    matching::{
        atoms::Atom,
        class::ClassKey,
        index::{InLine, combined, rule_at},
        manner::{Manner, Phase, Waits, is_for_empathy},
    },
    reject::Reject,
    score::check_dynamic,
    state::{Contact, Route, Stage as Life, State},
    waiting::{check_requirement, queue_with_room},
};

pub use super::matching::everyone::AgentSet;

/// The most changes of who may take a contact that are looked ahead to.
const STAGES_MAX: usize = 6;
/// Idle agents looked at to find one whom a contact would get at once.
const IDLE_EXAMINED_MAX: usize = 1_024;

/// A contact that has not joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The queue it would join.
    pub queue: QueueName,
    /// The channel it would come by.
    pub channel: ChannelName,
    /// What it would ask itself.
    pub requirement: Requirement,
    /// Whether it would be a moment of truth.
    pub moment_of_truth: bool,
    /// The head start it would have beside its queue's.
    pub head_start: Span,
}

/// Where a contact stands, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its queue.
    pub queue: QueueKey,
    /// Its channel.
    pub channel: ChannelKey,
    /// Its place.
    pub place: Place,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// Whether it is a moment of truth.
    pub is_moment: bool,
    /// Whether agents can be offered it.
    pub turn: Turn,
    /// How those of its queue count who overflow.
    pub overflow: Overflow,
    /// Who may take it from when on, the present first.
    pub stages: Vec<Stage>,
}

/// Whether agents can be offered a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It waits for one.
    Waits,
    /// Somebody is asked to take it now.
    Offered,
    /// It is parked, its queue is paused, or offering is held after a restart.
    NotOffered,
}

/// How contacts of its queue count that other agents take as well because they overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// As far as they are left to the agents of whoever asks.
    AsItIs,
    /// As if they did not: wholly, and whoever is with other agents would still wait.
    None,
}

/// Who may take a contact from a time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// From then on.
    pub from: Timestamp,
    /// Of the agents who are there for new work, those who may, busy or not.
    pub agents: AgentSet,
}

/// Contacts of one queue that wait for the same agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// Its number, for [`State::crowd_before`]; another crowd may bear it once this one is gone.
    pub number: u32,
    /// Their queue.
    pub queue: QueueKey,
    /// Their channel.
    pub channel: ChannelKey,
    /// How many they are.
    pub waiting: usize,
    /// The number of what they ask: crowds with the same wait for the same agents, whom [`State::crowd_takers`] tells.
    pub asks: usize,
}

/// What an agent is at: so many thousandths of all that the agent could do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The queue it is of.
    pub queue: QueueKey,
    /// The channel it came by.
    pub channel: ChannelKey,
    /// Thousandths of the agent.
    pub share: u32,
}

impl State {
    /// Which contact waits under this id, and where it stands.
    pub fn spot_named(&self, now: Timestamp, id: &ContactId) -> Result<(ContactKey, Spot), Reject> {
        let (key, contact) = open_contact(self, id)?;
        if !contact.is_waiting() {
            return Err(wrong_state(contact, "waiting"));
        }
        Ok((key, self.spot_of(now, key, contact)))
    }

    /// Where a contact stands; `None` if it does not wait.
    pub fn spot(&self, now: Timestamp, key: ContactKey) -> Option<Spot> {
        let contact = self.contacts.get(&key).filter(|contact| contact.is_waiting())?;
        Some(self.spot_of(now, key, contact))
    }

    /// Whether a contact waits.
    pub fn is_waiting(&self, key: ContactKey) -> bool {
        self.contacts.get(&key).is_some_and(Contact::is_waiting)
    }

    /// Whether a contact waits in this queue and nobody is asked to take it.
    pub fn is_in_line(&self, key: ContactKey, queue: QueueKey) -> bool {
        self.is_waiting(key) && self.route(key).queue == queue && self.route(key).offers.is_empty()
    }

    /// Where a contact would stand that joined now.
    pub fn spot_for(&self, now: Timestamp, newcomer: &Newcomer) -> Result<Spot, Reject> {
        let asked = queue_named(self, "queue", &newcomer.queue)?;
        let channel = channel_named(self, &newcomer.channel)?;
        if !self.rules(asked).takes(&newcomer.channel) {
            let (queue, channel) = (newcomer.queue.clone(), newcomer.channel.clone());
            return Err(Reject::ChannelNotTaken { queue, channel });
        }
        check_dynamic(newcomer.head_start)?;
        check_requirement(self, asked, "requirement", &newcomer.requirement)?;
        let queue = queue_with_room(self, asked)?;
        let care = if newcomer.moment_of_truth { Care::moment(Span::ZERO) } else { Care::default() };
        let (line, own) = ((queue, channel), &newcomer.requirement);
        let stages = self.newcomer_stages(now, line, own, care, self.first_step(line));
        let spot = self.newcomer_spot(now, line, newcomer.head_start, stages);
        Ok(Spot { is_moment: newcomer.moment_of_truth, ..spot })
    }

    /// Where a contact would stand that joined a line now, is no moment of truth and asks nothing, as if nobody of its
    /// queue overflowed; whether there is room for it is left aside.
    pub fn spot_without_overflow(&self, now: Timestamp, line: (QueueKey, ChannelKey)) -> Option<Spot> {
        let asks_nothing = Requirement::default();
        let stages = self.has_line(line).then(|| self.newcomer_stages(now, line, &asks_nothing, Care::default(), 0))?;
        let overflow = match self.overflows.of(line) {
            Some(_) => Overflow::None,
            None => Overflow::AsItIs,
        };
        Some(Spot { overflow, ..self.newcomer_spot(now, line, Span::ZERO, stages) })
    }

    /// That of a routine contact.
    fn newcomer_spot(
        &self,
        now: Timestamp,
        (queue, channel): (QueueKey, ChannelKey),
        head_start: Span,
        stages: Vec<Stage>,
    ) -> Spot {
        let virtual_arrival = now - self.rules(queue).priority - head_start;
        let turn = if self.gives_out(queue) { Turn::Waits } else { Turn::NotOffered };
        let place = Place { virtual_arrival, sequence: self.next_sequence };
        let overflow = Overflow::AsItIs;
        Spot { queue, channel, place, arrived_at: now, is_moment: false, turn, overflow, stages }
    }

    /// Whether the document in force has this queue and this channel.
    fn has_line(&self, (queue, channel): (QueueKey, ChannelKey)) -> bool {
        self.queues.get(queue.0 as usize).is_some_and(|queue| queue.rules.is_some())
            && self.channels.get(usize::from(channel.0)).is_some_and(Option::is_some)
    }

    /// Of the agents who are there for new work, those who may take what comes by this line and asks this, as it comes.
    pub fn takers(
        &self,
        now: Timestamp,
        line: (QueueKey, ChannelKey),
        own: &Requirement,
        care: Care,
    ) -> Option<AgentSet> {
        let stages = || self.newcomer_stages(now, line, own, care, self.first_step(line));
        self.has_line(line).then(|| stages().swap_remove(0).agents)
    }

    /// Everybody who is there for new work, busy or not.
    pub fn present(&self) -> AgentSet {
        self.index.everyone.available.clone()
    }

    /// Whether these are all who are there for new work.
    pub fn are_present(&self, agents: &AgentSet) -> bool {
        self.index.everyone.available == *agents
    }

    /// The channels that a queue takes.
    pub fn channels_of(&self, queue: &QueueName) -> Result<Vec<ChannelName>, Reject> {
        let rules = self.rules(queue_named(self, "queue", queue)?);
        Ok(self.document.channels.keys().filter(|channel| rules.takes(channel)).cloned().collect())
    }

    /// Everybody who waits for anyone, by what they wait for; nobody of queues that give nothing out. Looks at each line
    /// once, and at no contact and no agent.
    pub fn crowds(&self) -> impl Iterator<Item = Crowd> + '_ {
        let waiting = self.index.lines().filter(|(_, class)| !class.line.is_empty() && !class.paused);
        let mut asked = BTreeMap::new();
        waiting.map(move |(key, class)| {
            let next = asked.len();
            let asks = *asked.entry((class.id.lane, &class.required)).or_insert(next);
            let (channel, _) = self.index.lanes()[usize::from(class.id.lane.0)];
            Crowd { number: key.0, queue: class.id.queue, channel, waiting: class.line.len(), asks }
        })
    }

    /// Of the agents who are there for new work, those who may take a crowd, busy or not.
    pub fn crowd_takers(&self, crowd: u32) -> AgentSet {
        let mut agents = AgentSet::default();
        let Some(class) = self.index.known_class(ClassKey(crowd)) else { return agents };
        for alternative in &class.required {
            let mut some = self.index.everyone.available.clone();
            alternative.must.iter().for_each(|atom| some.keep(self.index.everyone.with_atom(*atom)));
            alternative.must_not.iter().for_each(|atom| some.drop(self.index.everyone.with_atom(*atom)));
            agents.add(&some);
        }
        agents.keep(self.index.everyone.with_lane(class.id.lane.0));
        agents
    }

    /// How many of a crowd stand before a place; no more than `most` are counted.
    pub fn crowd_before(&self, crowd: u32, place: Place, most: usize) -> usize {
        let class = self.index.known_class(ClassKey(crowd));
        class.map_or(0, |class| class.line.range(..(place, ContactKey(0))).take(most).count())
    }

    /// How many of a queue stand before a place and are not being offered, parked ones left out in proportion.
    pub fn queue_before(&self, queue: QueueKey, place: Place) -> usize {
        let Some(queue) = self.queues.get(queue.0 as usize) else { return 0 };
        let (before, all) = (queue.places.rank(place), queue.places.len());
        // Whoever is offered was first in line.
        let offered = usize::try_from(queue.offered).unwrap_or(usize::MAX);
        let parked = usize::try_from(queue.parked).unwrap_or(usize::MAX);
        before.saturating_sub(offered).saturating_sub(parked.saturating_mul(before) / all.max(1))
    }

    /// How many wait in all queues, offered and parked ones included.
    pub fn waiting(&self) -> u64 {
        self.queues.iter().map(|queue| queue.places.len() as u64).sum()
    }

    /// How many wait in a queue, offered and parked ones included.
    pub fn queue_waiting(&self, queue: QueueKey) -> usize {
        self.queues.get(queue.0 as usize).map_or(0, |queue| queue.places.len())
    }

    /// How many of a queue are with agents.
    pub fn queue_engaged(&self, queue: QueueKey) -> u64 {
        self.queues.get(queue.0 as usize).map_or(0, |queue| queue.engaged)
    }

    /// How many of a queue stand before a place, offered and parked ones included.
    pub fn rank(&self, queue: QueueKey, place: Place) -> usize {
        self.queues.get(queue.0 as usize).map_or(0, |queue| queue.places.rank(place))
    }

    /// Whether a queue's contacts are offered at all.
    pub fn gives_out(&self, queue: QueueKey) -> bool {
        self.hold.is_none() && !self.is_paused(queue)
    }

    /// Whether one of these agents could be offered a contact of this line at once.
    pub fn is_one_free(&self, (queue, channel): (QueueKey, ChannelKey), agents: &AgentSet) -> bool {
        let Some(lane) = self.index.find_lane(channel, self.cost(queue, channel)) else { return false };
        self.index.idle.with_lane(lane).take(IDLE_EXAMINED_MAX).any(|agent| agents.contains(agent))
    }

    /// What so many of these agents are at, at the most: of more of them every second, third and so on.
    pub fn work_of(&self, agents: &AgentSet, most: usize) -> Vec<Piece> {
        let mut work = Vec::new();
        for agent in agents.iter().step_by(agents.len().div_ceil(most.max(1)).max(1)) {
            // They may have been counted a moment ago.
            let Some(at) = self.agents.get(agent.0 as usize).and_then(Option::as_ref) else { continue };
            let engaged = at.engagements.iter().map(|key| self.engagement(*key));
            let engaged = engaged.map(|engagement| (engagement.queue, engagement.channel, engagement.cost_now));
            let offered = at.offers.iter().map(|key| self.offer(*key));
            let offered = offered.map(|offer| (offer.queue, offer.channel, offer.cost));
            let pieces = engaged.chain(offered).filter(|(.., cost)| *cost > 0);
            work.extend(pieces.map(|(queue, channel, cost)| Piece {
                queue,
                channel,
                share: self.share(agent, channel, cost),
            }));
        }
        work
    }

    /// The line of a contact, and how many thousandths of an agent it takes.
    pub fn piece_of(&self, contact: ContactKey, agent: AgentKey) -> Option<Piece> {
        let route = self.contacts.get(&contact)?.route.as_deref()?;
        let is_there = self.agents.get(agent.0 as usize).is_some_and(Option::is_some);
        let cost = self.index.find_lane(route.channel, self.cost_of(route)).map(|_| self.cost_of(route));
        let share = cost.filter(|_| is_there).map_or(1_000, |cost| self.share(agent, route.channel, cost));
        Some(Piece { queue: route.queue, channel: route.channel, share })
    }

    /// What a cost takes of an agent: of the capacity, or of the most there may be of the channel if that is less.
    fn share(&self, agent: AgentKey, channel: ChannelKey, cost: u32) -> u32 {
        let at = self.agent(agent);
        let by_capacity = cost.saturating_mul(1_000) / at.profile.capacity.max(1);
        let by_limit = at.limit(channel).map_or(0, |limit| 1_000 / u32::from(limit.max(1)));
        by_capacity.max(by_limit).clamp(1, 1_000)
    }

    fn spot_of(&self, now: Timestamp, key: ContactKey, contact: &Contact) -> Spot {
        let route = self.route(key);
        let turn = match contact.stage {
            Life::Parked { .. } => Turn::NotOffered,
            _ if !self.gives_out(route.queue) => Turn::NotOffered,
            _ if route.offers.is_empty() => Turn::Waits,
            _ => Turn::Offered,
        };
        let (queue, channel, place) = (route.queue, route.channel, route.place);
        let (is_moment, stages) = (route.care.moment_of_truth, self.stages_of(now, key, route));
        let (arrived_at, overflow) = (contact.arrived_at, Overflow::AsItIs);
        Spot { queue, channel, place, arrived_at, is_moment, turn, overflow, stages }
    }

    fn stages_of(&self, now: Timestamp, key: ContactKey, route: &Route) -> Vec<Stage> {
        let asks = self.asks_of(key);
        let asking = Asking {
            state: self,
            waits: self.waits(route),
            version: route.document,
            line: (route.queue, route.channel),
            own: &route.requirement,
            asks: asks.as_deref().unwrap_or_default(),
            excluded: &route.excluded,
        };
        let Some(InLine::Private(target) | InLine::Pulled(target)) = route.line else {
            return asking.stages(now, route.step, route.phase);
        };
        let mut alone = AgentSet::default();
        alone.set(target, self.index.everyone.available.contains(target));
        let mut stages = vec![Stage { from: now, agents: alone }];
        if let Some(until) = route.target.and_then(|target| target.until) {
            let step = step_at(asking.waits.queue, until - route.queued_at).max(route.step);
            stages.extend(asking.stages(until, step, asking.waits.phase_at(until)));
        }
        stages
    }

    /// Who may take one that comes by this line now, asks this and begins at this step.
    fn newcomer_stages(
        &self,
        now: Timestamp,
        line: (QueueKey, ChannelKey),
        own: &Requirement,
        care: Care,
        step: u8,
    ) -> Vec<Stage> {
        let waits = Waits {
            document: &self.document,
            queue: self.rules(line.0),
            is_deferrable: self.channel(line.1).interruptible,
            reserve: self.index.reserve(self.version),
            care,
            care_since: now,
            queued_at: now,
            accepting: self.learnt.accepting(line.0, line.1),
        };
        let phase = waits.phase_at(now);
        let asking = Asking { state: self, waits, version: self.version, line, own, asks: &[], excluded: &[] };
        asking.stages(now, step, phase)
    }
}

/// What a contact asks as it waits on.
struct Asking<'a> {
    state: &'a State,
    waits: Waits<'a>,
    /// The document that it goes by.
    version: u64,
    line: (QueueKey, ChannelKey),
    own: &'a Requirement,
    /// What its moments ask of skills while it is held.
    asks: &'a [Condition],
    excluded: &'a [AgentKey],
}

impl Asking<'_> {
    fn stages(&self, from: Timestamp, mut step: u8, mut phase: Phase) -> Vec<Stage> {
        let mut stages = vec![Stage { from, agents: self.agents(step, phase) }];
        while stages.len() < STAGES_MAX {
            let next_step = next_step(self.waits.queue, step);
            let step_at = next_step.map(|(_, after)| self.waits.queued_at + after);
            let next_phase = self.waits.next_after(phase);
            let Some(at) = [step_at, next_phase].into_iter().flatten().min() else { break };
            step = next_step.filter(|_| step_at == Some(at)).map_or(step, |(next, _)| next);
            if next_phase == Some(at) {
                phase = self.waits.phase_at(at).max(phase.next());
            }
            let agents = self.agents(step, phase);
            if stages.last().is_none_or(|last| last.agents != agents) {
                stages.push(Stage { from: at.max(from), agents });
            }
        }
        stages
    }

    /// Who is there for new work and may take it at a step and in a phase.
    fn agents(&self, step: u8, phase: Phase) -> AgentSet {
        let (state, document) = (self.state, self.waits.document);
        let (queue, channel) = self.line;
        let mut agents = AgentSet::default();
        let cost = self.waits.queue.cost.unwrap_or_else(|| state.channel(channel).cost);
        let Some(lane) = state.index.find_lane(channel, cost) else { return agents };
        let Ok(asked) = combined(rule_at(self.waits.queue, step), Some(self.own)) else { return agents };
        let (manner, empathy) = (Manner::of(document, &self.waits.care, phase), document.empathy.as_ref());
        let everyone = &state.index.everyone;
        let mut there = everyone.available.clone();
        there.keep(everyone.with_lane(lane.0));
        if self.waits.queue.members == Members::Assigned {
            there.keep(&state.assigned_to(queue));
        }
        let spared = manner.spares(empathy).and_then(|strain| state.index.atoms.find(Atom::Strained(strain)));
        if let Some(spared) = spared {
            there.drop(everyone.with_atom(spared));
        }
        let bar = manner.barred_by().and_then(|bar| state.index.bar(self.version, bar));
        for conjunct in &manner.required(&asked, empathy, self.asks).conjuncts {
            let mut some = there.clone();
            state.narrow(&mut some, conjunct);
            let is_for_empathy = empathy.is_some_and(|empathy| is_for_empathy(conjunct, empathy));
            if let Some(bar) = bar.filter(|_| !is_for_empathy) {
                some.drop(everyone.with_atom(bar));
            }
            agents.add(&some);
        }
        for excluded in self.excluded {
            agents.remove(*excluded);
        }
        agents
    }
}

impl State {
    fn narrow(&self, agents: &mut AgentSet, conjunct: &Conjunct) {
        conjunct.must.iter().for_each(|condition| self.with_each(condition, |holding| agents.keep(holding)));
        conjunct.must_not.iter().for_each(|condition| self.with_each(condition, |holding| agents.drop(holding)));
    }

    /// Looks at who satisfies a condition: the bitmap if some class asks the same, else those who have the skill.
    fn with_each(&self, condition: &Condition, look: impl FnOnce(&AgentSet)) {
        let skill = self.skill_names.find(&condition.skill).map(crate::model::ids::SkillKey);
        let atom = skill.and_then(|skill| self.index.find_ready(Atom::Skill(skill, condition.level)));
        if let Some(atom) = atom {
            return look(self.index.everyone.with_atom(atom));
        }
        let mut holding = AgentSet::default();
        let holders = skill.into_iter().flat_map(|skill| self.index.holders(skill));
        holders.filter(|(_, has)| *has >= condition.level).for_each(|(agent, _)| holding.insert(agent));
        look(&holding);
    }

    fn assigned_to(&self, queue: QueueKey) -> AgentSet {
        let mut assigned = AgentSet::default();
        self.index.assigned(queue).for_each(|agent| assigned.insert(agent));
        assigned
    }
}
