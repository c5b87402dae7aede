//! The effect of a sweep's events: a document taken over item by item.
//!
//! Invariant: an item is taken over once; a stage that has none left gives way to the next. Not here: what the stages
//! mean (`engine::sweep`).

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use crate::{
    engine::{
        history::DocumentVersion,
        matching::reserve::Founding,
        state::{QueueState, State},
        sweep::{Rules, Stage, Sweep},
    },
    model::{
        document::{Document, Origin, Queue},
        ids::{AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, QueueKey, QueueName, SkillKey},
        time::Timestamp,
    },
};

impl State {
    pub(super) fn begin_sweep(
        &mut self,
        version: u64,
        document: &Arc<Document>,
        moves: &BTreeMap<QueueName, QueueName>,
        origin: &Arc<Origin>,
    ) {
        let mut channels = vec![None; self.channels.len()];
        for (name, rules) in &document.channels {
            let channel = self.channel_names.intern(name) as usize;
            if channels.len() <= channel {
                channels.resize_with(channel + 1, || None);
            }
            channels[channel] = Some(rules.clone());
        }
        let mut number = |name: &QueueName| QueueKey(self.queue_names.intern(name));
        let moves = moves.iter().map(|(from, to)| (number(from), number(to))).collect();
        let cost_min = least_cost(document);
        let other = Rules { version, document: Arc::clone(document), queues: Vec::new(), channels, cost_min };
        self.found_reserve(version, document);
        let lanes_before = self.index.lanes().to_vec();
        let stage = Stage::Queues { after: None };
        self.sweep = Some(Box::new(Sweep { other, origin: Arc::clone(origin), moves, stage, lanes_before }));
    }

    /// Whoever is empathetic by the next document is counted for it as soon as that one has taken the agent over.
    pub(super) fn found_reserve(&mut self, version: u64, document: &Document) {
        let Some(empathy) = &document.empathy else { return };
        let mut number = |skill| SkillKey(self.skill_names.intern(skill));
        let rules = document.reserve.clone();
        let by_skill = rules.k_by_skill.iter().map(|(skill, k)| (number(skill), *k)).collect();
        self.index.found_reserve(Founding {
            version,
            skill: number(&empathy.skill),
            level: empathy.level,
            rules,
            by_skill,
            settings: self.reserve_settings.clone(),
            announced: self.announced,
            agents: self.agent_ids.len(),
        });
    }

    /// Takes over the next so many items of the stage.
    pub(super) fn take_over(&mut self, now: Timestamp, items: usize) {
        let sweep = self.sweep.as_deref().expect("only a sweep under way advances");
        let next = match sweep.stage.clone() {
            Stage::Queues { after } => self.take_over_queues(after, items),
            Stage::Agents { next } => self.take_over_agents(now, next, items),
            Stage::Contacts { after, taken } => self.take_over_contacts(now, after, taken, items),
            Stage::Work { next } => self.take_over_work(next, items),
        };
        match next {
            Some(stage) => self.sweep.as_mut().expect("it was there a moment ago").stage = stage,
            None => self.end_sweep(),
        }
    }

    /// Nothing goes by the document before any more.
    fn end_sweep(&mut self) {
        self.sweep = None;
        self.index.keep_reserve_of(self.version);
        self.end_overflows_unasked();
        for queue in (0u32..).map(QueueKey).take(self.queues.len()) {
            if self.queues[queue.0 as usize].rules.is_none() {
                self.forget_mode(queue);
                self.learnt.forget_queue(queue);
            }
        }
    }

    fn take_over_queues(&mut self, after: Option<QueueName>, items: usize) -> Option<Stage> {
        let sweep = self.sweep.as_ref().expect("only a sweep under way advances");
        let document = Arc::clone(&sweep.other.document);
        let in_use: BTreeSet<(ChannelKey, u32)> = if after.is_none() { self.lanes_in_use() } else { BTreeSet::new() };
        if after.is_none() {
            self.index.free_lanes(|lane| !in_use.contains(lane));
            self.index.prepare_moments(&document, &mut self.skill_names);
        }
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (name, rules) in document.queues.range::<QueueName, _>((from, Bound::Unbounded)).take(items) {
            self.take_over_queue(&document, name, rules);
            last = Some(name.clone());
        }
        let more = last.filter(|last| document.queues.keys().next_back() != Some(last));
        Some(more.map_or(Stage::Agents { next: 0 }, |last| Stage::Queues { after: Some(last) }))
    }

    fn take_over_queue(&mut self, document: &Document, name: &QueueName, rules: &Queue) {
        let queue = QueueKey(self.queue_names.intern(name));
        let at = queue.0 as usize;
        if self.queues.len() <= at {
            self.queues.resize_with(at + 1, QueueState::default);
        }
        self.prepare_queue(document, name, rules);
        let queues = &mut self.sweep.as_mut().expect("only a sweep under way advances").other.queues;
        if queues.len() <= at {
            queues.resize_with(at + 1, || None);
        }
        queues[at] = Some(Arc::new(rules.clone()));
    }

    /// Brings what a queue's contacts may stand in and ask into use.
    pub(super) fn prepare_queue(&mut self, document: &Document, name: &QueueName, rules: &Queue) {
        let queue = QueueKey(self.queue_names.intern(name));
        for (name, channel) in document.channels.iter().filter(|(name, _)| rules.takes(name)) {
            let key = self.channel_names.find(name).expect("the document's channels were numbered first");
            let key = ChannelKey(u16::try_from(key).expect("channels are limited"));
            self.index.lane(key, rules.cost.unwrap_or(channel.cost));
        }
        self.index.prepare_conditions(queue, rules, document.empathy.as_ref(), &mut self.skill_names);
    }

    /// The pairs that contacts may stand in: all that the document in force can bring into use.
    pub fn lanes_in_use(&self) -> BTreeSet<(ChannelKey, u32)> {
        lanes_of(&self.document, |name| self.find_channel(name))
    }

    fn take_over_agents(&mut self, now: Timestamp, next: u32, items: usize) -> Option<Stage> {
        let end = self.agents.len().min(next as usize + items);
        let end = u32::try_from(end).expect("agents are limited well below 2^32");
        for key in (next..end).map(AgentKey) {
            let sweep = self.sweep.as_mut().expect("only a sweep under way advances");
            sweep.stage = Stage::Agents { next: key.0 + 1 };
            self.index.know_below(sweep.other.version, key.0 + 1);
            self.take_over_agent(key);
        }
        if end as usize == self.agents.len() {
            self.put_in_force(now);
            return Some(Stage::Contacts { after: None, taken: 0 });
        }
        Some(Stage::Agents { next: end })
    }

    fn take_over_agent(&mut self, key: AgentKey) {
        if self.agents[key.0 as usize].is_none() {
            return;
        }
        let engagements = self.agent(key).engagements.iter().map(|key| self.engagement(*key));
        let gives_way = engagements.filter(|e| e.is_active() && self.is_interruptible(key, e.channel));
        let interruptible_used = gives_way.map(|engagement| engagement.cost_now).sum();
        let sweep = self.sweep.as_ref().expect("only a sweep under way advances");
        let learns = sweep.other.document.learnt_skill().cloned();
        self.index.place_agent(key, None);
        let agent = self.agents[key.0 as usize].as_mut().expect("it was looked for a moment ago");
        let had_learnt = agent.learnt.is_some();
        agent.learnt = agent.learnt.take().filter(|learnt| learns.as_ref() == Some(&learnt.skill));
        let is_unlearnt = had_learnt && agent.learnt.is_none();
        self.describe_agent(key);
        self.change_agent(key, |agent| agent.interruptible_used = interruptible_used);
        if is_unlearnt {
            self.index.reach.note_agent(key);
            self.review_drain(key);
        }
    }

    /// From now on whoever comes goes by the new document.
    fn put_in_force(&mut self, now: Timestamp) {
        self.index.conditions_are_ready();
        let sweep = self.sweep.as_mut().expect("only a sweep under way advances");
        let other = &mut sweep.other;
        std::mem::swap(&mut self.version, &mut other.version);
        self.index.know_below(self.version, u32::MAX);
        std::mem::swap(&mut self.document, &mut other.document);
        std::mem::swap(&mut self.channels, &mut other.channels);
        std::mem::swap(&mut self.cost_min, &mut other.cost_min);
        other.queues.resize_with(self.queues.len(), || None);
        for (queue, rules) in self.queues.iter_mut().zip(&mut other.queues) {
            std::mem::swap(&mut queue.rules, rules);
        }
        let (source, origin) = (self.document.source.clone(), Arc::clone(&sweep.origin));
        self.history.remember(DocumentVersion { version: self.version, source, applied_at: now, origin });
        self.end_moves_of_dropped_queues();
    }

    fn take_over_contacts(
        &mut self,
        now: Timestamp,
        after: Option<ContactId>,
        taken: usize,
        items: usize,
    ) -> Option<Stage> {
        let next: Vec<(ContactId, ContactKey)> =
            self.contact_ids.after(after.as_ref()).take(items + 1).map(|(id, key)| (id.clone(), *key)).collect();
        for (_, key) in next.iter().take(items) {
            self.take_over_contact(now, *key);
        }
        if next.len() > items {
            return Some(Stage::Contacts { after: Some(next[items - 1].0.clone()), taken: taken + items });
        }
        let moves = !self.sweep.as_ref().expect("only a sweep under way advances").moves.is_empty();
        moves.then_some(Stage::Work { next: 0 })
    }

    /// Lets a contact go by the document in force; one that does already is left alone.
    pub(super) fn take_over_contact(&mut self, now: Timestamp, key: ContactKey) {
        let contact = self.contact(key);
        let (is_closed, is_waiting, version) = (contact.is_closed(), contact.is_waiting(), self.version);
        let route = contact.route.as_deref();
        let Some(route) = route.filter(|route| !is_closed && route.document != version) else { return };
        let mut after = route.clone();
        (after.document, after.queue) = (version, self.goes_on_in(route.queue));
        if is_waiting {
            after.place = self.reordered(&after);
            (after.step, after.overflowed) = self.step_by_rules(now, &after);
        }
        after.phase = self.waits(&after).phase_at(now);
        self.change_route(key, |route| *route = after);
        // Also of one that stays in the line of a single agent.
        self.seek_again(key);
    }

    fn take_over_work(&mut self, next: u32, items: usize) -> Option<Stage> {
        let end = self.agents.len().min(next as usize + items);
        for at in next as usize..end {
            self.move_work(at);
        }
        let end = u32::try_from(end).expect("agents are limited well below 2^32");
        (end as usize != self.agents.len()).then_some(Stage::Work { next: end })
    }

    /// Lets an agent's offers and engagements go on in the queues that take the place of removed ones.
    fn move_work(&mut self, at: usize) {
        let Some(agent) = &self.agents[at] else { return };
        let moves = &self.sweep.as_ref().expect("only a sweep under way advances").moves;
        for key in &agent.offers {
            let offer = self.offers.get_mut(key).expect("an agent's offer exists");
            offer.queue = moves.get(&offer.queue).copied().unwrap_or(offer.queue);
        }
        for key in &agent.engagements {
            let engagement = self.engagements.get_mut(key).expect("an agent's engagement exists");
            self.queues[engagement.queue.0 as usize].engagements -= 1;
            engagement.queue = moves.get(&engagement.queue).copied().unwrap_or(engagement.queue);
            self.queues[engagement.queue.0 as usize].engagements += 1;
        }
    }
}

/// The smallest cost in a document.
pub(super) fn least_cost(document: &Document) -> u32 {
    let own = document.queues.values().filter_map(|queue| queue.cost);
    document.channels.values().map(|channel| channel.cost).chain(own).min().unwrap_or(0)
}

/// Every (channel, cost) pair that a document can bring into use.
pub fn lanes_of<'a, K: Ord>(document: &'a Document, key: impl Fn(&'a ChannelName) -> Option<K>) -> BTreeSet<(K, u32)> {
    let taken = document.queues.values().flat_map(|queue| {
        let taken = document.channels.iter().filter(|(name, _)| queue.takes(name));
        taken.map(|(name, channel)| (name, queue.cost.unwrap_or(channel.cost)))
    });
    taken.filter_map(|(name, cost)| Some((key(name)?, cost))).collect()
}
