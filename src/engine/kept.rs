//! A world taken apart into what cannot be derived, and put together again.
//!
//! Invariant: a world that was put together goes on as the one that was taken apart would after a restart, command by
//! command. Both ways name every field of [`State`]: one that is added does not compile until it is said here whether it
//! is kept. Both ways call `rest` between small pieces, so that whoever takes a large world apart beside a shard may let
//! that go on. Not here: bytes (`journal::codec`), and deriving the rest (`evolve::reindex`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::model::{
    contact::CustomerId,
    document::{Document, Origin},
    ids::{
        AgentKey, ChannelKey, ChannelName, ContactKey, EngagementKey, OfferKey, QueueKey, QueueName, SkillKey,
        SkillName,
    },
    limits::SWEEP_ITEMS_MAX,
    supervision::{QueueMode, Supervision},
    time::Timestamp,
};

pub use super::{
    actions::Actions,
    assist::Told,
    history::DocumentVersion,
    learnt::{Learnt, LearntLevel},
    load::Load,
    moving::Move,
    overflow::{Overflow, Overflowed, Spread},
    signal::Heard,
    state::{
        Agent, Contact, Counted, Engagement, EngagementPhase, LostSession, Offer, OfferEnd, Refusal, Route, Session,
        Stage, State,
    },
    storm::Storm,
    sweep::Stage as SweepStage,
};
pub(crate) use super::{
    budgets::{Grant, KeptBudgets},
    dedup::KeptRequest,
    hold::Hold,
    load::Cooldown,
    tombstones::{EndedOffer, KeptContact, KeptTombstones},
};

use super::{
    budgets::Budgets,
    customers::Customers,
    dedup::Dedup,
    directory::Directory,
    erase::ContactsOf,
    history::History,
    kinds::Kinds,
    matching::index::Index,
    moving::Moves,
    names::Names,
    overflow::Overflows,
    state::QueueState,
    sweep::{Rules, Sweep},
    table::Table,
    timer::Timers,
    tombstones::Tombstones,
};

mod parts;

/// What a world is made of; of contacts and agents all that does not follow from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub now: Timestamp,
    /// Absent before the first document is in force.
    pub document: Option<Arc<Document>>,
    pub version: u64,
    pub history: Vec<Arc<DocumentVersion>>,
    pub queue_names: Vec<QueueName>,
    pub channel_names: Vec<ChannelName>,
    pub skill_names: Vec<SkillName>,
    pub queues: Vec<KeptQueue>,
    pub sweep: Option<KeptSweep>,
    /// In order of their ids.
    pub contacts: Vec<(ContactKey, Contact)>,
    pub customers: Vec<(Timestamp, CustomerId)>,
    pub budgets: KeptBudgets,
    /// In order of their numbers.
    pub agents: Vec<(AgentKey, Agent)>,
    /// How many numbers agents have had.
    pub agent_numbers: usize,
    pub last_revision: u64,
    pub offers: Vec<(OfferKey, Offer)>,
    pub ended_offers: Vec<(Timestamp, OfferKey)>,
    pub engagements: Vec<(EngagementKey, Engagement)>,
    pub requests: Vec<KeptRequest>,
    /// No more of them are forgotten before that.
    pub requests_not_before: Option<Timestamp>,
    pub tombstones: KeptTombstones,
    pub hold: Option<Hold>,
    pub resumed_at: Option<Timestamp>,
    pub storm: Storm,
    pub moves: Vec<Move>,
    pub overflows: BTreeMap<(QueueKey, ChannelKey), Overflow>,
    pub overflow_spreads: Vec<Spread>,
    pub actions: Actions,
    pub reserve_settings: BTreeMap<Option<SkillKey>, u32>,
    pub learnt: Learnt,
    pub next_contact: u64,
    pub next_offer: u64,
    pub next_engagement: u64,
    pub next_sequence: u64,
}

/// What was done to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptQueue {
    pub mode: QueueMode,
    pub mode_set: Option<(Timestamp, Arc<Supervision>)>,
}

/// A document on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptSweep {
    pub version: u64,
    /// The one that is not in force; absent if that is the one before the first.
    pub document: Option<Arc<Document>>,
    pub origin: Arc<Origin>,
    pub moves: BTreeMap<QueueKey, QueueKey>,
    pub stage: SweepStage,
}

impl State {
    /// Takes the world apart; what follows from the rest is left out, also of contacts.
    pub(crate) fn into_kept(self, rest: &dyn Fn()) -> Kept {
        let Self {
            now,
            document,
            version,
            history,
            queue_names,
            channel_names,
            skill_names,
            queues,
            channels: _,
            sweep,
            slice_items: _,
            mut contacts,
            contact_ids,
            open_contacts: _,
            contacts_of: _,
            customers,
            budgets,
            kinds: _,
            agents,
            agent_ids: _,
            last_revision,
            sessions: _,
            cost_min: _,
            mut offers,
            ended_offers,
            mut engagements,
            dedup,
            timers: _,
            tombstones,
            hold,
            resumed_at,
            storm,
            moves,
            overflows,
            actions,
            reserve_settings,
            announced: _,
            learnt,
            index: _,
            next_contact,
            next_offer,
            next_engagement,
            next_sequence,
        } = self;
        let (requests, requests_not_before) = dedup.into_kept(rest);
        let taken_apart = |key: ContactKey, contact| {
            rest();
            (key, underived(contact))
        };
        let agent_numbers = agents.len();
        let agents: Vec<(AgentKey, Agent)> =
            (0u32..).map(AgentKey).zip(agents).filter_map(|(key, agent)| Some((key, agent?))).collect();
        let open = agents.iter().flat_map(|(_, agent)| agent.offers.iter().copied());
        let held = open.chain(ended_offers.iter().map(|(_, offer)| *offer));
        let engaged = agents.iter().flat_map(|(_, agent)| agent.engagements.iter().copied());
        Kept {
            now,
            document: kept_document(document),
            version,
            history: history.into_kept(),
            queue_names: queue_names.into_numbered(),
            channel_names: channel_names.into_numbered(),
            skill_names: skill_names.into_numbered(),
            queues: queues.into_iter().map(KeptQueue::of).collect(),
            sweep: sweep.map(|sweep| KeptSweep::of(*sweep)),
            contacts: contact_ids.values().map(|key| taken_apart(*key, taken(&mut contacts, key))).collect(),
            customers: customers.into_kept(rest),
            budgets: budgets.into_kept(rest),
            offers: held.map(|key| (key, taken(&mut offers, &key))).collect(),
            engagements: engaged.map(|key| (key, taken(&mut engagements, &key))).collect(),
            agents,
            agent_numbers,
            last_revision,
            ended_offers: ended_offers.into(),
            requests,
            requests_not_before,
            tombstones: tombstones.into_kept(rest),
            hold,
            resumed_at,
            storm,
            moves: moves.0.into(),
            overflows: overflows.open,
            overflow_spreads: overflows.spreads.into(),
            actions,
            reserve_settings,
            learnt,
            next_contact,
            next_offer,
            next_engagement,
            next_sequence,
        }
    }

    /// Puts a world together.
    pub(crate) fn of_kept(kept: Kept, rest: &dyn Fn()) -> Self {
        let Kept {
            now,
            document,
            version,
            history,
            queue_names,
            channel_names,
            skill_names,
            queues,
            sweep,
            contacts,
            customers,
            budgets,
            agents,
            agent_numbers,
            last_revision,
            offers,
            ended_offers,
            engagements,
            requests,
            requests_not_before,
            tombstones,
            hold,
            resumed_at,
            storm,
            moves,
            overflows,
            overflow_spreads,
            actions,
            reserve_settings,
            learnt,
            next_contact,
            next_offer,
            next_engagement,
            next_sequence,
        } = kept;
        let mut contact_ids = Directory::default();
        for (key, contact) in &contacts {
            contact_ids.insert(contact.id.clone(), *key);
            rest();
        }
        let mut agent_ids = Directory::default();
        agents.iter().for_each(|(key, agent)| agent_ids.insert(agent.id.clone(), *key));
        let mut numbered: Vec<Option<Agent>> = Vec::new();
        numbered.resize_with(agent_numbers, || None);
        agents.into_iter().for_each(|(key, agent)| numbered[key.0 as usize] = Some(agent));
        let mut state = Self {
            now,
            document: document_of(document),
            version,
            history: History::of_kept(history),
            queue_names: Names::numbered(queue_names),
            channel_names: Names::numbered(channel_names),
            skill_names: Names::numbered(skill_names),
            queues: queues.into_iter().map(KeptQueue::into_queue).collect(),
            channels: Vec::new(),
            sweep: sweep.map(|sweep| Box::new(sweep.into_sweep())),
            slice_items: SWEEP_ITEMS_MAX,
            contacts: table(contacts, rest),
            contact_ids,
            open_contacts: 0,
            contacts_of: ContactsOf::default(),
            customers: Customers::of_kept(customers, rest),
            budgets: Budgets::of_kept(budgets, rest),
            kinds: Kinds::default(),
            agents: numbered,
            agent_ids,
            last_revision,
            sessions: 0,
            cost_min: 0,
            offers: table(offers, rest),
            ended_offers: ended_offers.into(),
            engagements: table(engagements, rest),
            dedup: Dedup::of_kept(requests, requests_not_before, rest),
            timers: Timers::default(),
            tombstones: Tombstones::of_kept(tombstones, rest),
            hold,
            resumed_at,
            storm,
            moves: Moves(moves.into()),
            overflows: Overflows { open: overflows, spreads: overflow_spreads.into() },
            actions,
            reserve_settings,
            announced: 0,
            learnt,
            index: Index::default(),
            next_contact,
            next_offer,
            next_engagement,
            next_sequence,
        };
        state.reindex(rest);
        state
    }
}

impl KeptQueue {
    fn of(queue: QueueState) -> Self {
        let QueueState {
            rules: _,
            mode,
            mode_set,
            places: _,
            offered: _,
            parked: _,
            engaged: _,
            unreachable: _,
            engagements: _,
            reserved: _,
        } = queue;
        Self { mode, mode_set }
    }

    fn into_queue(self) -> QueueState {
        let Self { mode, mode_set } = self;
        QueueState { mode, mode_set, reserved: BTreeSet::new(), ..QueueState::default() }
    }
}

impl KeptSweep {
    fn of(sweep: Sweep) -> Self {
        let Sweep { other, origin, moves, stage, lanes_before: _ } = sweep;
        let Rules { version, document, queues: _, channels: _, cost_min: _ } = other;
        Self { version, document: kept_document(document), origin, moves, stage }
    }

    fn into_sweep(self) -> Sweep {
        let Self { version, document, origin, moves, stage } = self;
        let document = document_of(document);
        let other = Rules { version, document, queues: Vec::new(), channels: Vec::new(), cost_min: 0 };
        Sweep { other, origin, moves, stage, lanes_before: Vec::new() }
    }
}

fn kept_document(document: Arc<Document>) -> Option<Arc<Document>> {
    (*document != Document::empty()).then_some(document)
}

fn document_of(kept: Option<Arc<Document>>) -> Arc<Document> {
    kept.unwrap_or_else(|| Arc::new(Document::empty()))
}

fn underived(mut contact: Contact) -> Contact {
    contact.due = None;
    if let Some(route) = &mut contact.route {
        (route.line, route.kind) = (None, None);
    }
    contact
}

fn taken<K: Eq + std::hash::Hash, V>(table: &mut Table<K, V>, key: &K) -> V {
    table.remove(key).expect("what is named by a list is in its table")
}

fn table<K: Eq + std::hash::Hash, V>(entries: Vec<(K, V)>, rest: &dyn Fn()) -> Table<K, V> {
    let mut table = Table::default();
    for (key, value) in entries {
        table.insert(key, value);
        rest();
    }
    table
}
