//! One tenant's contacts, followed from queue to queue and counted where they wait, are answered, leave and are handled.
//!
//! Invariant: what is known of a contact follows from its events alone, since the world may be a batch ahead of them; it is
//! let go of when the contact ends. A wait is judged by the rules that its queue had when it began. Of contacts that were
//! under way when counting began (a start from a snapshot), what happens from then on is counted.
//! Not here: what is made of the counts (`counts`), contacts at their agents (`handling`), agents (`agents`).

use std::collections::{BTreeSet, hash_map::Entry};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    counts::{Counts, MomentCounts, Outcome, Patience, Timing, Work},
    handling::Engagements,
    moments::Moments,
    windows::{Additive, Windows},
};
use crate::{
    engine::{ContactFacts, Event, OfferFacts, State, event::Requeued},
    model::{
        contact::ClosedBecause,
        document::{Document, Queue, ServiceLevelBy},
        ids::{ChannelKey, ChannelName, ContactKey, EngagementKey, MomentName, OfferKey, QueueKey, QueueName},
        time::{Span, Timestamp},
    },
    scoring::Cause,
};

/// A queue and a channel.
pub(in crate::shard) type LineKey = (QueueKey, ChannelKey);

/// Waits of one tenant.
#[derive(Debug, Default)]
pub(in crate::shard) struct Waits {
    day_begins: Span,
    rules: FxHashMap<QueueName, Rules>,
    lines: FxHashMap<LineKey, Windows<Counts>>,
    channels: FxHashMap<ChannelKey, Windows<Counts>>,
    queue_keys: FxHashMap<QueueName, QueueKey>,
    channel_keys: FxHashMap<ChannelName, ChannelKey>,
    stays: FxHashMap<ContactKey, Stay>,
    /// Contacts that wait, by queue, who has waited for longest first; no queue in which none does.
    lined_up: FxHashMap<QueueKey, BTreeSet<(Timestamp, ContactKey)>>,
    /// When waits that go on become overdue.
    due: BTreeSet<(Timestamp, ContactKey)>,
    engagements: Engagements,
    moments: Moments,
    noted: Vec<Noted>,
}

/// Something that is also counted elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shard) struct Noted {
    pub line: LineKey,
    pub what: What,
}

/// What of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shard) enum What {
    /// A wait's outcome, or that it became overdue.
    Outcome(Outcome),
    /// An agent passed the contact on.
    Transferred,
    /// Handling ended.
    Handled(Work),
}

/// What a wait is judged by.
#[derive(Debug, Clone, Copy)]
struct Rules {
    service_level: Span,
    by: ServiceLevelBy,
    short_abandon: Span,
}

/// A contact that has not ended.
#[derive(Debug)]
struct Stay {
    line: LineKey,
    rules: Rules,
    /// When the wait began: the present one, or the last if an agent has the contact.
    since: Timestamp,
    is_waiting: bool,
    is_moment: bool,
    /// Entries of the catalogue that it met, by number.
    names: SmallVec<[u16; 2]>,
}

impl Waits {
    /// Counts an event.
    pub fn event(&mut self, now: Timestamp, state: &State, event: &Event) {
        match event {
            Event::DocumentApplied { document, .. } => self.follow(document),
            Event::ContactQueued { contact, queued } => {
                let line = (queued.queue, queued.channel);
                self.begin(now, state, *contact, line, now, queued.care.moment_of_truth);
            }
            Event::ContactRequeued { contact, from, queue, because, .. } => {
                self.requeue(now, state, *contact, *from, *queue, *because);
            }
            Event::ContactMoved { contact, queue, .. } => {
                if let Some(stay) = self.stays.get_mut(contact) {
                    let before = std::mem::replace(&mut stay.line.0, *queue);
                    let (line, since, is_waiting) = (stay.line, stay.since, stay.is_waiting);
                    if is_waiting {
                        self.step_out(before, since, *contact);
                        self.line_up(line.0, since, *contact);
                    }
                    self.know(state, line);
                }
            }
            Event::ContactScored { contact, care, why, .. } => {
                let Some(stay) = self.stays.get_mut(contact) else { return };
                stay.is_moment = care.moment_of_truth;
                for part in why.iter().flat_map(|scored| scored.contributions.iter()) {
                    if let Cause::Moment(name) = &part.cause
                        && let Some(number) = self.moments.number_of(name)
                        && !stay.names.contains(&number)
                    {
                        stay.names.push(number);
                    }
                }
            }
            Event::ContactClosed { contact, because, .. } => self.close(now, state, *contact, *because),
            Event::OfferMade { contact, .. } => self.offer(now, *contact, |counts| counts.offers += 1),
            Event::OfferDeclined { offer, .. } => {
                self.offer_ended(now, state, *offer, |counts| counts.offers_declined += 1);
            }
            Event::OfferExpired { offer, .. } => {
                self.offer_ended(now, state, *offer, |counts| counts.offers_missed += 1);
            }
            Event::OfferAccepted { offer, engagement } => self.answer(now, state, *offer, *engagement),
            other => {
                if let Some((line, work)) = self.engagements.event(now, other) {
                    self.handled(now, line, work);
                }
            }
        }
    }

    /// Counts waits that became overdue before now, each when it did.
    pub fn overdue(&mut self, now: Timestamp) {
        while let Some(&(due, contact)) = self.due.first()
            && due < now
        {
            self.due.pop_first();
            let stay = self.stays.get(&contact).expect("a wait that can become overdue goes on");
            let (line, by) = (stay.line, stay.rules.by);
            self.note(due, line, by, Outcome::Overdue);
        }
    }

    /// Since when the contact waits that has waited in a queue for longest.
    pub fn oldest_in(&self, queue: &QueueName) -> Option<Timestamp> {
        let lined_up = self.lined_up.get(self.queue_keys.get(queue)?)?;
        lined_up.first().map(|(since, _)| *since)
    }

    /// What is to be counted elsewhere as well, since the last time.
    pub fn take_noted(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.noted)
    }

    /// When the tenant's day begins.
    pub fn day_begins(&self) -> Span {
        self.day_begins
    }

    /// A queue's counts, by one channel or by all.
    pub fn of_queue(&self, now: Timestamp, queue: &QueueName, channel: Option<&ChannelName>) -> [Counts; 5] {
        let Some(queue) = self.queue_keys.get(queue) else { return Default::default() };
        let keys = self.channel_keys.iter().filter(|(name, _)| channel.is_none_or(|channel| channel == *name));
        self.sum(now, keys.filter_map(|(_, channel)| self.lines.get(&(*queue, *channel))))
    }

    /// The counts of a channel, or of all.
    pub fn of_channel(&self, now: Timestamp, channel: Option<&ChannelName>) -> [Counts; 5] {
        let keys = self.channel_keys.iter().filter(|(name, _)| channel.is_none_or(|channel| channel == *name));
        self.sum(now, keys.filter_map(|(_, channel)| self.channels.get(channel)))
    }

    /// Moments of truth by name, in the order of names.
    pub fn of_moments(&self, now: Timestamp) -> [Vec<(MomentName, MomentCounts)>; 5] {
        self.moments.read(now, self.day_begins)
    }

    /// Lets go of lines of which nothing is left to tell.
    pub fn forget(&mut self, now: Timestamp) {
        self.lines.retain(|_, windows| !windows.is_over(now, self.day_begins));
    }

    /// What all windows take of memory.
    pub fn bytes(&self) -> usize {
        self.lines.values().chain(self.channels.values()).map(Windows::bytes).sum()
    }

    fn sum<'a>(&self, now: Timestamp, windows: impl Iterator<Item = &'a Windows<Counts>>) -> [Counts; 5] {
        let mut sums: [Counts; 5] = Default::default();
        for windows in windows {
            let read = windows.read(now, self.day_begins);
            sums.iter_mut().zip(read).for_each(|(sum, since)| sum.add(&since.held));
        }
        sums
    }

    fn follow(&mut self, document: &Document) {
        self.day_begins = document.day_begins;
        self.rules = document.queues.iter().map(|(name, queue)| (name.clone(), Rules::of(queue))).collect();
    }

    /// A wait begins; `since` is earlier if it goes on from an answer that came to nothing.
    fn begin(
        &mut self,
        now: Timestamp,
        state: &State,
        contact: ContactKey,
        line: LineKey,
        since: Timestamp,
        is_moment: bool,
    ) {
        let rules = self.rules.get(state.queue_name(line.0)).copied().unwrap_or(Rules::NONE);
        let before = self.stays.remove(&contact);
        if let Some(stay) = before.as_ref().filter(|stay| stay.is_waiting) {
            let (queue, since, due) = (stay.line.0, stay.since, stay.since + stay.rules.service_level);
            self.due.remove(&(due, contact));
            self.step_out(queue, since, contact);
        }
        let (is_moment, names) = before.map_or((is_moment, SmallVec::new()), |stay| (stay.is_moment, stay.names));
        self.stays.insert(contact, Stay { line, rules, since, is_waiting: true, is_moment, names });
        self.line_up(line.0, since, contact);
        self.know(state, line);
        self.count(now, line, |counts| counts.entered += 1);
        let due = since + rules.service_level;
        if due >= now {
            self.due.insert((due, contact));
        } else {
            self.note(now, line, rules.by, Outcome::Overdue);
        }
    }

    fn requeue(
        &mut self,
        now: Timestamp,
        state: &State,
        contact: ContactKey,
        from: QueueKey,
        queue: QueueKey,
        because: Requeued,
    ) {
        let Some(channel) = self.stays.get(&contact).map(|stay| stay.line.1).or_else(|| channel_of(state, contact))
        else {
            return;
        };
        let (line, left) = ((queue, channel), (from, channel));
        if because == Requeued::Transferred {
            self.know(state, left);
            self.count(now, left, |counts| counts.transferred += 1);
            self.noted.push(Noted { line: left, what: What::Transferred });
        }
        let mut since = now;
        if let Some(stay) = self.stays.get(&contact) {
            if stay.is_waiting && queue == from {
                // It was put elsewhere in the same line: its wait goes on.
                return;
            }
            if stay.is_waiting {
                self.end_wait(now, contact, Outcome::MovedOn);
            } else if because == Requeued::ConnectFailed {
                since = stay.since;
            }
        }
        if because == Requeued::ConnectFailed {
            self.know(state, left);
            self.count(now, left, |counts| counts.connect_failed += 1);
        }
        self.begin(now, state, contact, line, since, false);
    }

    fn answer(&mut self, now: Timestamp, state: &State, offer: OfferKey, engagement: EngagementKey) {
        let Some(OfferFacts { contact, agent, .. }) = state.offer_facts(offer) else { return };
        self.meet(now, state, contact);
        let Some(stay) = self.stays.get(&contact) else { return };
        let (line, waited, is_moment, rules) = (stay.line, stay.waited(now), stay.is_moment, stay.rules);
        self.engagements.begin(now, engagement, line);
        self.end_wait(now, contact, Outcome::Answered);
        self.count(now, line, |counts| counts.answered_after.count(waited));
        if is_moment {
            let is_empathetic = state.seat_facts(agent).is_some_and(|facts| facts.is_empathetic);
            let timing = rules.timing(waited);
            self.count_moment(now, contact, |counts| counts.answer(timing, is_empathetic, waited));
        }
    }

    fn close(&mut self, now: Timestamp, state: &State, contact: ContactKey, because: ClosedBecause) {
        match because {
            ClosedBecause::Handled | ClosedBecause::NeverCame => {}
            ClosedBecause::Abandoned | ClosedBecause::Cancelled | ClosedBecause::Expired => {
                self.meet(now, state, contact);
            }
        }
        let Some(stay) = self.stays.get(&contact) else { return };
        if stay.is_waiting {
            let (line, waited, short) = (stay.line, stay.waited(now), stay.rules.short_abandon);
            let patience = if waited <= short { Patience::Short } else { Patience::Long };
            match because {
                ClosedBecause::Abandoned => {
                    self.end_wait(now, contact, |timing| Outcome::Abandoned(timing, patience));
                    self.count(now, line, |counts| counts.abandoned_after.count(waited));
                    self.count_moment_if_any(now, contact);
                }
                ClosedBecause::Expired => self.end_wait(now, contact, Outcome::GivenUp),
                _ => self.end_wait(now, contact, Outcome::MovedOn),
            }
        }
        self.stays.remove(&contact);
    }

    fn count_moment_if_any(&mut self, now: Timestamp, contact: ContactKey) {
        if self.stays.get(&contact).is_some_and(|stay| stay.is_moment) {
            self.count_moment(now, contact, |counts| counts.abandoned += 1);
        }
    }

    fn count_moment(&mut self, now: Timestamp, contact: ContactKey, count: impl Fn(&mut MomentCounts)) {
        let Some(stay) = self.stays.get(&contact) else { return };
        let (line, names) = (stay.line, stay.names.clone());
        self.count(now, line, |counts| count(&mut counts.moments));
        self.moments.count(now, self.day_begins, &names, count);
    }

    /// The present wait ends now, in time or not.
    fn end_wait(&mut self, now: Timestamp, contact: ContactKey, outcome: impl FnOnce(Timing) -> Outcome) {
        let Some(stay) = self.stays.get_mut(&contact).filter(|stay| stay.is_waiting) else { return };
        stay.is_waiting = false;
        let (line, since, rules) = (stay.line, stay.since, stay.rules);
        let timing = rules.timing(stay.waited(now));
        self.due.remove(&(since + rules.service_level, contact));
        self.step_out(line.0, since, contact);
        self.note(now, line, rules.by, outcome(timing));
    }

    /// A contact that nobody saw come waits since it came into its queue; what was overdue by then is not counted.
    pub fn take_over(
        &mut self,
        now: Timestamp,
        state: &State,
        contact: ContactKey,
        facts: ContactFacts,
        is_moment: bool,
    ) {
        let ContactFacts { queue, channel, queued_at: since, .. } = facts;
        let rules = self.rules.get(state.queue_name(queue)).copied().unwrap_or(Rules::NONE);
        let line = (queue, channel);
        self.know(state, line);
        self.stays.insert(contact, Stay { line, rules, since, is_waiting: true, is_moment, names: SmallVec::new() });
        self.line_up(queue, since, contact);
        let due = since + rules.service_level;
        if due >= now {
            self.due.insert((due, contact));
        }
    }

    /// The same of one that is met on its way out.
    fn meet(&mut self, now: Timestamp, state: &State, contact: ContactKey) {
        if !self.stays.contains_key(&contact)
            && let Some(facts) = state.contact_facts(contact)
        {
            self.take_over(now, state, contact, facts, false);
        }
    }

    fn offer(&mut self, now: Timestamp, contact: ContactKey, count: impl Fn(&mut Counts)) {
        if let Some(stay) = self.stays.get(&contact) {
            self.count(now, stay.line, count);
        }
    }

    fn offer_ended(&mut self, now: Timestamp, state: &State, offer: OfferKey, count: impl Fn(&mut Counts)) {
        if let Some(OfferFacts { contact, .. }) = state.offer_facts(offer) {
            self.offer(now, contact, count);
        }
    }

    fn handled(&mut self, now: Timestamp, line: LineKey, work: Work) {
        self.count(now, line, |counts| {
            counts.work.add(&work);
            counts.handling.count(work.total());
        });
        self.noted.push(Noted { line, what: What::Handled(work) });
    }

    fn note(&mut self, now: Timestamp, line: LineKey, by: ServiceLevelBy, outcome: Outcome) {
        self.count(now, line, |counts| counts.count(outcome, by));
        self.noted.push(Noted { line, what: What::Outcome(outcome) });
    }

    fn count(&mut self, now: Timestamp, line: LineKey, count: impl Fn(&mut Counts)) {
        self.lines.entry(line).or_default().count(now, self.day_begins, &count);
        self.channels.entry(line.1).or_default().count(now, self.day_begins, &count);
    }

    fn line_up(&mut self, queue: QueueKey, since: Timestamp, contact: ContactKey) {
        self.lined_up.entry(queue).or_default().insert((since, contact));
    }

    fn step_out(&mut self, queue: QueueKey, since: Timestamp, contact: ContactKey) {
        if let Entry::Occupied(mut lined_up) = self.lined_up.entry(queue) {
            lined_up.get_mut().remove(&(since, contact));
            if lined_up.get().is_empty() {
                lined_up.remove();
            }
        }
    }

    /// Learns the names of a line's queue and channel.
    fn know(&mut self, state: &State, (queue, channel): LineKey) {
        let queue_name = state.queue_name(queue);
        if !self.queue_keys.contains_key(queue_name) {
            self.queue_keys.insert(queue_name.clone(), queue);
        }
        let channel_name = state.channel_name(channel);
        if !self.channel_keys.contains_key(channel_name) {
            self.channel_keys.insert(channel_name.clone(), channel);
        }
    }
}

impl Rules {
    /// Of a queue that no document has named yet.
    const NONE: Self =
        Self { service_level: Span::ZERO, by: ServiceLevelBy::AbandonNegative, short_abandon: Span::ZERO };

    fn of(queue: &Queue) -> Self {
        Self { service_level: queue.service_level, by: queue.service_level_by, short_abandon: queue.short_abandon }
    }

    fn timing(&self, waited: Span) -> Timing {
        if waited <= self.service_level { Timing::InTime } else { Timing::Late }
    }
}

impl Stay {
    fn waited(&self, now: Timestamp) -> Span {
        (now - self.since).max(Span::ZERO)
    }
}

fn channel_of(state: &State, contact: ContactKey) -> Option<ChannelKey> {
    state.contact_facts(contact).map(|facts| facts.channel)
}
