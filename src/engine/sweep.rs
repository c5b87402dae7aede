//! A document comes into force slice by slice, so that no slice holds the shard for longer than a millisecond or two.
//!
//! Taken at the apply, it goes through four stages, each advanced by recorded events of so many items:
//! 1. **queues**: its queues get their numbers, its conditions and (channel, cost) pairs come into use. Nothing is in
//!    force yet, and the bits of new conditions are nobody's;
//! 2. **agents**: each gets the bits, and from then on stands in the new document's order of idleness. When the last one
//!    has, the document is in force: whoever comes now goes by it, and whoever waits still goes by the one before;
//! 3. **contacts**: each is taken over with its place, step, line and timer, or moved if its queue is gone. Until then
//!    all of these follow from the document before, exactly as if nothing had happened. Places of both are comparable,
//!    so agents see one order;
//! 4. **work**: what agents hold of removed queues follows, and the document before is forgotten.
//!
//! Invariant: at every event each contact goes by exactly one document, every index equals what follows from that, and
//! no pair that could be made is left. When the sweep ends, all is as if the document had always been in force.
//! While it is prepared (stages 1 and 2), whatever enters must fit both documents; one sweep runs at a time. A world as
//! small as a slice never sees any of this: all happens in the command.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    document::{Channel, Document, LongestIdle, Origin, Queue},
    ids::{AgentKey, ChannelKey, ContactId, ContactKey, QueueKey, QueueName},
    requirement::Requirement,
};

use super::{
    document::matchable,
    emit::Emit,
    event::Event,
    reject::Reject,
    state::{Route, State},
    view::{SweepStage, SweepView},
};

/// A document on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The document that is not in force: the next one up to stage 2, then the one before.
    pub other: Rules,
    /// By whom it was applied, and why.
    pub origin: Arc<Origin>,
    /// Where contacts of removed queues go.
    pub moves: BTreeMap<QueueKey, QueueKey>,
    /// How far it is.
    pub stage: Stage,
    /// The (channel, cost) pairs by which agents stand who have not been taken over.
    pub lanes_before: Vec<(ChannelKey, u32)>,
}

/// A document, by the numbers of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub version: u64,
    pub document: Arc<Document>,
    pub queues: Vec<Option<Arc<Queue>>>,
    pub channels: Vec<Option<Channel>>,
    pub cost_min: u32,
}

impl Rules {
    /// A queue's rules, if the document has it.
    pub fn queue(&self, queue: QueueKey) -> Option<&Arc<Queue>> {
        self.queues.get(queue.0 as usize)?.as_ref()
    }
}

/// What is being taken over, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Queues, after this one.
    Queues { after: Option<QueueName> },
    /// Agents, from this number on.
    Agents { next: u32 },
    /// Contacts, after this one; so many are behind it.
    Contacts { after: Option<ContactId>, taken: usize },
    /// Agents' work, from this number on.
    Work { next: u32 },
}

impl Stage {
    /// Whether the document is not yet in force.
    pub fn is_preparing(&self) -> bool {
        matches!(self, Self::Queues { .. } | Self::Agents { .. })
    }
}

/// Does one slice of the document on its way.
pub(super) fn sweep(out: &mut Emit<'_>) {
    advance(out, out.state().slice_items);
}

/// Takes over up to so many items.
pub(super) fn advance(out: &mut Emit<'_>, items: usize) {
    let mut left = items;
    while let Some(sweep) = out.state().sweep.as_deref().filter(|_| left > 0) {
        let slice = left.min(out.state().left_in(&sweep.stage)).max(1);
        if matches!(sweep.stage, Stage::Contacts { .. }) {
            for (contact, from, queue) in out.state().to_move(slice) {
                out.emit(Event::ContactMoved { contact, from, queue });
            }
        }
        out.emit(Event::DocumentSwept { items: u32::try_from(slice).unwrap_or(u32::MAX) });
        left -= slice;
    }
}

/// Takes a contact over ahead of its turn, so that what changes now is judged by the document in force alone.
pub(super) fn take_over_now(out: &mut Emit<'_>, contact: ContactKey) {
    let state = out.state();
    if let Some(route) = state.contact(contact).route.as_deref().filter(|route| route.document != state.version) {
        let (from, queue) = (route.queue, state.goes_on_in(route.queue));
        out.emit(Event::ContactMoved { contact, from, queue });
    }
}

/// While a document is prepared, what enters must fit it as well: it will be there when the document comes into force.
pub(super) fn check_fits_next(
    state: &State,
    queue: QueueKey,
    channel: ChannelKey,
    own: &Requirement,
) -> Result<(), Reject> {
    if state.fits_next(queue, channel, own) { Ok(()) } else { Err(Reject::DocumentSweeping) }
}

impl State {
    /// Whether a document is on its way.
    pub fn is_sweeping(&self) -> bool {
        self.sweep.is_some()
    }

    /// How much a slice does, in worlds that are made for looking at slices.
    #[doc(hidden)]
    pub fn sweep_in_slices_of(&mut self, items: usize) {
        self.slice_items = items;
    }

    /// What is left of the sweep under way.
    pub(super) fn sweep_view(&self) -> Option<SweepView> {
        let sweep = self.sweep.as_deref()?;
        let stage = match sweep.stage {
            Stage::Queues { .. } => SweepStage::Queues,
            Stage::Agents { .. } => SweepStage::Agents,
            Stage::Contacts { .. } => SweepStage::Contacts,
            Stage::Work { .. } => SweepStage::Work,
        };
        let next = if sweep.stage.is_preparing() { sweep.other.version } else { self.version };
        Some(SweepView { version: next, stage, left: self.left_in(&sweep.stage) as u64 })
    }

    /// About so many items are left of a stage: contacts come and go meanwhile.
    fn left_in(&self, stage: &Stage) -> usize {
        let agents = |next: u32| self.agents.len().saturating_sub(next as usize);
        match stage {
            Stage::Queues { after: None } => self.sweep.as_ref().map_or(0, |sweep| sweep.other.document.queues.len()),
            Stage::Queues { after: Some(_) } => {
                let sweep = self.sweep.as_ref();
                sweep.map_or(0, |sweep| sweep.other.document.queues.len() - sweep.other.queues.iter().flatten().count())
            }
            Stage::Agents { next } | Stage::Work { next } => agents(*next),
            Stage::Contacts { taken, .. } => self.contact_ids.len().saturating_sub(*taken),
        }
    }

    /// Those of the next so many contacts whose queue is gone, out of which and where each goes.
    fn to_move(&self, items: usize) -> Vec<(ContactKey, QueueKey, QueueKey)> {
        let Some(sweep) = self.sweep.as_deref().filter(|sweep| !sweep.moves.is_empty()) else { return Vec::new() };
        let Stage::Contacts { after, .. } = &sweep.stage else { return Vec::new() };
        let next = self.contact_ids.after(after.as_ref()).take(items).map(|(_, key)| *key);
        let moved = next.filter_map(|key| {
            let contact = self.contact(key);
            let route = contact.route.as_deref().filter(|_| !contact.is_closed())?;
            let former = route.document != self.version;
            Some((key, route.queue, *sweep.moves.get(&route.queue).filter(|_| former)?))
        });
        moved.collect()
    }

    /// The queue in which contacts of this one go on under the document in force.
    pub(super) fn goes_on_in(&self, queue: QueueKey) -> QueueKey {
        match &self.sweep {
            Some(sweep) if !sweep.stage.is_preparing() => sweep.moves.get(&queue).copied().unwrap_or(queue),
            _ => queue,
        }
    }

    /// Whether a contact would have its place in a document that is being prepared.
    pub(super) fn fits_next(&self, queue: QueueKey, channel: ChannelKey, own: &Requirement) -> bool {
        let Some(sweep) = self.sweep.as_deref().filter(|sweep| sweep.stage.is_preparing()) else { return true };
        let document = &sweep.other.document;
        let name = self.queue_name(sweep.moves.get(&queue).copied().unwrap_or(queue));
        let channel = self.channel_name(channel);
        document.queues.get(name).is_some_and(|rules| {
            document.channels.contains_key(channel)
                && rules.takes(channel)
                && (own.is_empty() || matchable(document, rules, own).is_ok())
        })
    }

    /// The document other than the one in force, if this contact goes by it.
    fn former(&self, route: &Route) -> Option<&Rules> {
        let sweep = self.sweep.as_deref().filter(|_| route.document != self.version)?;
        Some(&sweep.other)
    }

    /// The rules of a contact's queue, by the document that the contact goes by.
    pub(super) fn rules_of(&self, route: &Route) -> &Arc<Queue> {
        match self.former(route) {
            Some(former) => former.queue(route.queue).expect("a contact goes by a document that has its queue"),
            None => self.rules(route.queue),
        }
    }

    /// The document that a contact goes by.
    pub(super) fn document_of(&self, route: &Route) -> &Document {
        self.document_of_version(route.document)
    }

    /// The document of this version: the one in force, or while a sweep runs the one before.
    pub(super) fn document_of_version(&self, version: u64) -> &Document {
        let former = self.sweep.as_deref().filter(|_| version != self.version);
        former.map_or(&self.document, |sweep| &sweep.other.document)
    }

    /// What a contact takes of an agent's capacity, by the document that it goes by.
    pub(super) fn cost_of(&self, route: &Route) -> u32 {
        let Some(former) = self.former(route) else { return self.cost(route.queue, route.channel) };
        let channel = former.channels[usize::from(route.channel.0)].as_ref();
        let channel = channel.expect("a contact goes by a document that has its channel");
        self.rules_of(route).cost.unwrap_or(channel.cost)
    }

    /// The smallest cost in the document that a contact goes by.
    pub(super) fn cost_min_of(&self, route: &Route) -> u32 {
        self.former(route).map_or(self.cost_min, |former| former.cost_min)
    }

    /// Whether an agent has been taken over by a document that is not in force yet.
    fn is_ahead(&self, agent: AgentKey) -> Option<&Rules> {
        let sweep = self.sweep.as_deref()?;
        matches!(sweep.stage, Stage::Agents { next } if agent.0 < next).then_some(&sweep.other)
    }

    /// By what idleness of an agent is told.
    pub(super) fn idleness_of(&self, agent: AgentKey) -> LongestIdle {
        self.is_ahead(agent).map_or(self.document.longest_idle, |next| next.document.longest_idle)
    }

    /// Whether an agent's work of a channel gives way; that of a channel that the document dropped does not.
    pub(super) fn is_interruptible(&self, agent: AgentKey, channel: ChannelKey) -> bool {
        let channels = self.is_ahead(agent).map_or(&self.channels, |next| &next.channels);
        channels.get(usize::from(channel.0)).and_then(Option::as_ref).is_some_and(|rules| rules.interruptible)
    }

    /// The (channel, cost) pairs by which an agent stands.
    pub(super) fn lanes_of(&self, agent: AgentKey) -> &[(ChannelKey, u32)] {
        match self.sweep.as_deref() {
            Some(sweep) if sweep.stage.is_preparing() && self.is_ahead(agent).is_none() => &sweep.lanes_before,
            _ => self.index.lanes(),
        }
    }
}
