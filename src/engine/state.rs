//! One tenant's world: everything the engine knows, in one place.
//!
//! Invariant: it changes only by `evolve`; what can be derived (lines, rosters, timers, counts) is brought up to date
//! there and nowhere else. Two states that evolved the same events are equal.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use smallvec::SmallVec;

use crate::model::{
    agent::{AgentProfile, Presence},
    care::Care,
    contact::{ClosedBecause, ContactDetails},
    document::{Channel, Document, Queue},
    ids::{
        AgentId, AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, EngagementKey, OfferKey, QueueKey,
        QueueName, SessionId, SkillName,
    },
    limits::SWEEP_ITEMS_MAX,
    requirement::{Level, Requirement},
    supervision::{QueueMode, Supervision},
    time::{Span, Timestamp},
    trace::TraceContext,
};

use super::{
    actions::Actions,
    budgets::Budgets,
    customers::Customers,
    dedup::Dedup,
    directory::Directory,
    erase::ContactsOf,
    event::{Choice, Place, Rescinded, Target},
    history::History,
    hold::Hold,
    kinds::{KindKey, Kinds},
    learnt::{Learnt, LearntLevel},
    load::Load,
    matching::{
        index::{InLine, Index},
        manner::Phase,
        places::Places,
        reserve::Group,
    },
    moving::Moves,
    names::Names,
    overflow::{Overflowed, Overflows},
    signal::Heard,
    storm::Storm,
    sweep::Sweep,
    table::Table,
    timer::Timers,
    tombstones::Tombstones,
};

/// One tenant's world.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) now: Timestamp,
    pub(super) document: Arc<Document>,
    pub(super) version: u64,
    pub(super) history: History,
    pub(super) queue_names: Names<QueueName>,
    pub(super) channel_names: Names<ChannelName>,
    pub(super) skill_names: Names<SkillName>,
    pub(super) queues: Vec<QueueState>,
    pub(super) channels: Vec<Option<Channel>>,
    /// A document on its way into force, or out of it.
    pub(super) sweep: Option<Box<Sweep>>,
    /// How much of a sweep one slice does, and how many offers when offering goes on after a hold.
    pub(super) slice_items: usize,

    pub(super) contacts: Table<ContactKey, Contact>,
    pub(super) contact_ids: Directory<ContactId, ContactKey>,
    pub(super) open_contacts: usize,
    /// By their customers.
    pub(super) contacts_of: ContactsOf,
    /// Who came lately.
    pub(super) customers: Customers,
    /// What their feelings and words have bought in the line.
    pub(super) budgets: Budgets,
    pub(super) kinds: Kinds,
    pub(super) agents: Vec<Option<Agent>>,
    pub(super) agent_ids: Directory<AgentId, AgentKey>,
    /// The latest revision of any agent: they rise over the tenant's life.
    pub(super) last_revision: u64,
    pub(super) sessions: u32,
    /// The smallest cost in the document: only larger ones can be passed by for lack of capacity.
    pub(super) cost_min: u32,
    pub(super) offers: Table<OfferKey, Offer>,
    /// Ended offers, oldest first: they answer for themselves a little longer.
    pub(super) ended_offers: VecDeque<(Timestamp, OfferKey)>,
    pub(super) engagements: Table<EngagementKey, Engagement>,

    /// What is left of contacts and offers that are over.
    pub(super) tombstones: Tombstones,
    pub(super) dedup: Dedup,
    pub(super) timers: Timers,
    /// Offering waits for agents to come back after a restart.
    pub(super) hold: Option<Hold>,
    /// Offering went on then, and slices still offer what waited for it.
    pub(super) resumed_at: Option<Timestamp>,
    pub(super) storm: Storm,
    /// Queues that are emptied into others.
    pub(super) moves: Moves,
    /// Queues that overflow by the estimated wait.
    pub(super) overflows: Overflows,
    /// What supervisors did lately.
    pub(super) actions: Actions,
    /// How many empathetic agents are kept free, where that was set since the document.
    pub(super) reserve_settings: BTreeMap<Group, u32>,
    /// Announced moments of truth, in thousandths of an agent.
    pub(super) announced: u64,
    /// What was learnt outside and taken over.
    pub(super) learnt: Learnt,
    pub(super) index: Index,

    pub(super) next_contact: u64,
    pub(super) next_offer: u64,
    pub(super) next_engagement: u64,
    pub(super) next_sequence: u64,
}

/// A queue: its rules in the present document, and its counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Absent if the present document does not name it.
    pub rules: Option<Arc<Queue>>,
    pub mode: QueueMode,
    /// Since when it has this mode, and by whose word; absent if nobody ever changed it.
    pub mode_set: Option<(Timestamp, Arc<Supervision>)>,
    /// Every waiting contact, offered and parked ones included.
    pub places: Places,
    pub offered: u64,
    pub parked: u64,
    pub engaged: u64,
    /// In line, and nobody anywhere could ever take them.
    pub unreachable: u64,
    /// Engagements in any phase, those of contacts that went on elsewhere included.
    pub engagements: u64,
    /// Waiting contacts in the lines of single agents.
    pub reserved: BTreeSet<(Place, ContactKey)>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub stage: Stage,
    pub details: Arc<ContactDetails>,
    pub arrived_at: Timestamp,
    /// Absent while it is only announced.
    pub route: Option<Box<Route>>,
    /// What its signals said; absent while there were none.
    pub heard: Option<Box<Heard>>,
    /// Its one timer, if any.
    pub due: Option<Timestamp>,
}

/// Where a contact is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `weight` thousandths of an agent are kept free for it while it is counted.
    Announced {
        forget_at: Timestamp,
        weight: u16,
        counted: Counted,
    },
    Waiting,
    Parked {
        since: Timestamp,
        until: Timestamp,
    },
    Engaged(EngagementKey),
    WrapUp(EngagementKey),
    Closed {
        because: ClosedBecause,
        at: Timestamp,
        forget_at: Timestamp,
    },
}

/// Whether empathetic agents are kept free for an announced contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is too far off.
    NotYet,
    /// They are.
    Now,
    /// It is none they are kept free for, or it did not come.
    NoMore,
}

/// A contact's way through queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub queue: QueueKey,
    pub channel: ChannelKey,
    /// The document it goes by: the one in force, or during a sweep the one before.
    pub document: u64,
    pub place: Place,
    /// The arrival its place counts from: its own, or that of a re-queue with a new place.
    pub ordered_from: Timestamp,
    /// What a supervisor gave it; negative = it stands behind its time.
    pub head_start: Span,
    /// What its score gives it, in whole seconds; never negative.
    pub dynamic: Span,
    /// What it asks of empathy.
    pub care: Care,
    /// Since when it is a moment of truth, or is none.
    pub care_since: Timestamp,
    /// How long an agent who is asked usually takes to accept, as it was known when it came into this queue.
    pub accepting: Span,
    /// How far its wait has changed what empathy asks.
    pub phase: Phase,
    /// When it entered this queue; steps and the maximum wait count from here.
    pub queued_at: Timestamp,
    /// Time spent parked, which does not count towards the maximum wait.
    pub parked_for: Span,
    pub step: u8,
    /// What brought it to its step ahead of its time, or to one before.
    pub overflowed: Option<Overflowed>,
    pub requirement: Arc<Requirement>,
    pub target: Option<Target>,
    pub excluded: SmallVec<[AgentKey; 2]>,
    pub refusals: SmallVec<[Refusal; 1]>,
    pub offers: SmallVec<[OfferKey; 1]>,
    pub offers_made: u32,
    pub hops: u8,
    /// An agent takes nothing else until this contact fits.
    pub drain: Option<AgentKey>,
    pub drain_not_before: Timestamp,
    pub line: Option<InLine>,
    /// Absent only once it is closed.
    pub kind: Option<KindKey>,
    /// An alert says that nobody anywhere could ever take it.
    pub unreachable: bool,
    /// An alert said that no empathetic agent is signed in for it.
    pub uncovered: bool,
    /// When an agent first accepted it.
    pub answered_at: Option<Timestamp>,
    /// Where in a trace it began.
    pub trace: Option<Box<TraceContext>>,
}

/// An agent who does not get a contact again for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub agent: AgentKey,
    /// Until when; `None` = it may get the contact again, but the count stays.
    pub until: Option<Timestamp>,
    pub times: u8,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    pub profile: Arc<AgentProfile>,
    /// Stands before the profile's.
    pub learnt: Option<LearntLevel>,
    /// That of the profile; never that of another profile, of this agent or any other.
    pub revision: u64,
    /// The most at once per channel, by the channel's number.
    pub channel_limits: SmallVec<[(ChannelKey, u16); 4]>,
    pub presence: Presence,
    pub pending: Option<Presence>,
    pub session: Option<Session>,
    pub offers: SmallVec<[OfferKey; 2]>,
    pub engagements: SmallVec<[EngagementKey; 4]>,
    /// Capacity taken by all of them.
    pub used: u32,
    /// The part of it that gives way to channels that are not interruptible.
    pub interruptible_used: u32,
    /// Offers in a row that expired, per channel.
    pub misses: SmallVec<[(ChannelKey, u8); 2]>,
    pub last_contact_ended: Timestamp,
    pub available_since: Timestamp,
    /// What it took lately of moments of truth.
    pub load: Load,
    /// Takes nothing but this contact.
    pub draining: Option<ContactKey>,
}

/// An agent's stay on the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub connection: u64,
    pub lost: Option<LostSession>,
}

/// A session whose stream broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostSession {
    /// When open offers are rescinded; `None` once they were.
    pub rescind_at: Option<Timestamp>,
    /// When the agent counts as gone.
    pub grace_ends_at: Timestamp,
}

/// An offer, open or recently ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub contact: ContactKey,
    pub agent: AgentKey,
    pub queue: QueueKey,
    pub channel: ChannelKey,
    pub cost: u32,
    pub made_at: Timestamp,
    pub deliver_by: Timestamp,
    /// How long the agent has from the delivery on.
    pub time: Span,
    pub delivered_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub choice: Choice,
    pub ended: Option<(OfferEnd, Timestamp)>,
}

/// How an offer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferEnd {
    Accepted,
    Declined,
    Expired,
    Rescinded(Rescinded),
}

/// An accepted contact until wrap-up ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    pub contact: ContactKey,
    pub contact_id: ContactId,
    pub agent: AgentKey,
    pub queue: QueueKey,
    pub channel: ChannelKey,
    /// What it takes of the agent's capacity now: 0 while interrupted, the wrap-up's cost in wrap-up.
    pub cost_now: u32,
    /// What it takes while active.
    pub cost: u32,
    pub phase: EngagementPhase,
    /// Whether it was a moment of truth when it was accepted.
    pub is_moment: bool,
    pub accepted_at: Timestamp,
    /// The offer it came of, when that was made, and why to this agent.
    pub offer: OfferKey,
    pub offered_at: Timestamp,
    pub choice: Choice,
    /// The agent did not come back and nobody has confirmed it.
    pub unconfirmed: bool,
}

impl Contact {
    /// Whether these details make it another customer's than the one who was named.
    pub fn becomes_anothers(&self, details: &ContactDetails) -> bool {
        !self.details.customer_id.is_empty() && self.details.customer_id != details.customer_id
    }

    /// Takes over details. What happened to a customer is told with attributes that go when the customer is erased; so
    /// they do not stay with a contact that is another's.
    pub fn describe(&mut self, details: &Arc<ContactDetails>) {
        if self.becomes_anothers(details)
            && let Some(heard) = &mut self.heard
        {
            heard.evidence.forget_attributes();
        }
        self.details = Arc::clone(details);
    }

    /// Waiting, offered or parked.
    pub fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Parked { .. })
    }

    /// Over.
    pub fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. })
    }

    /// The state's name, for messages.
    pub fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Announced { .. } => "announced",
            Stage::Waiting if self.route.as_deref().is_some_and(|route| !route.offers.is_empty()) => "offered",
            Stage::Waiting => "queued",
            Stage::Parked { .. } => "parked",
            Stage::Engaged(_) => "engaged",
            Stage::WrapUp(_) => "in wrap-up",
            Stage::Closed { .. } => "closed",
        }
    }
}

impl Route {
    /// Its place where this is the queue's part of the head start.
    pub fn place_with(&self, priority: Span) -> Place {
        let virtual_arrival = self.ordered_from - priority - self.head_start - self.dynamic;
        Place { virtual_arrival, sequence: self.place.sequence }
    }
}

impl Engagement {
    /// Whether it was set aside for work that does not wait.
    pub fn is_interrupted(&self) -> bool {
        self.phase == EngagementPhase::Interrupted
    }

    /// Whether the agent is at it.
    pub fn is_active(&self) -> bool {
        self.phase == EngagementPhase::Active
    }

    /// Whether it is over but for wrap-up.
    pub fn is_wrap_up(&self) -> bool {
        matches!(self.phase, EngagementPhase::WrapUp { .. })
    }
}

impl Agent {
    /// A new agent: offline, idle since ever.
    pub fn new(id: AgentId, profile: Arc<AgentProfile>) -> Self {
        Self {
            id,
            profile,
            learnt: None,
            revision: 0,
            channel_limits: SmallVec::new(),
            presence: Presence::Offline,
            pending: None,
            session: None,
            offers: SmallVec::new(),
            engagements: SmallVec::new(),
            used: 0,
            interruptible_used: 0,
            misses: SmallVec::new(),
            last_contact_ended: Timestamp::default(),
            available_since: Timestamp::default(),
            load: Load::default(),
            draining: None,
        }
    }
}

impl Agent {
    /// Skills and levels as they count: what was learnt stands before the record.
    pub fn skills(&self) -> impl Iterator<Item = (&SkillName, Level)> {
        let learnt = self.learnt.as_ref().map(|learnt| (&learnt.skill, learnt.level));
        let others = self.profile.skills.iter().map(|(skill, level)| (skill, *level));
        others.filter(move |(skill, _)| learnt.is_none_or(|(learnt, _)| learnt != *skill)).chain(learnt)
    }

    /// The level of a skill as it counts; 0 = does not have it.
    pub fn level(&self, skill: &SkillName) -> Level {
        self.skills().find(|(has, _)| *has == skill).map_or(0, |(_, level)| level)
    }

    /// The record's level of a skill, where another was learnt.
    pub fn unlearnt(&self, skill: &SkillName) -> Option<Level> {
        let is_learnt = self.learnt.as_ref().is_some_and(|learnt| learnt.skill == *skill);
        is_learnt.then(|| self.profile.skills.get(skill).copied().unwrap_or(0))
    }
}

/// What an agent does with an engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngagementPhase {
    Active,
    Interrupted,
    WrapUp { until: Timestamp, latest: Timestamp },
}

impl State {
    /// A world before its first document: nothing can enter it until one is applied.
    pub fn new() -> Self {
        Self {
            now: Timestamp(i64::MIN),
            document: Arc::new(Document::empty()),
            version: 0,
            history: History::default(),
            queue_names: Names::default(),
            channel_names: Names::default(),
            skill_names: Names::default(),
            queues: Vec::new(),
            channels: Vec::new(),
            sweep: None,
            slice_items: SWEEP_ITEMS_MAX,
            contacts: Table::default(),
            contact_ids: Directory::default(),
            open_contacts: 0,
            contacts_of: ContactsOf::default(),
            customers: Customers::default(),
            budgets: Budgets::default(),
            kinds: Kinds::default(),
            agents: Vec::new(),
            agent_ids: Directory::default(),
            last_revision: 0,
            sessions: 0,
            cost_min: 0,
            offers: Table::default(),
            ended_offers: VecDeque::new(),
            engagements: Table::default(),
            tombstones: Tombstones::default(),
            dedup: Dedup::default(),
            timers: Timers::default(),
            hold: None,
            resumed_at: None,
            storm: Storm::default(),
            moves: Moves::default(),
            overflows: Overflows::default(),
            actions: Actions::default(),
            reserve_settings: BTreeMap::new(),
            announced: 0,
            learnt: Learnt::default(),
            index: Index::default(),
            next_contact: 1,
            next_offer: 1,
            next_engagement: 1,
            next_sequence: 1,
        }
    }

    /// When time alone will next make something happen.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.timers.next(), self.index.reach.due()].into_iter().flatten().min()
    }

    /// A contact that an event or an index names.
    pub(super) fn contact(&self, key: ContactKey) -> &Contact {
        self.contacts.get(&key).expect("contacts are named by events and indices only while they exist")
    }

    /// A contact's route; it has one from its first queue on.
    pub(super) fn route(&self, key: ContactKey) -> &Route {
        self.contact(key).route.as_ref().expect("a contact that was queued has a route")
    }

    /// An agent that an event or an index names.
    pub(super) fn agent(&self, key: AgentKey) -> &Agent {
        self.agents[key.0 as usize].as_ref().expect("agents are named by events and indices only while they exist")
    }

    /// An offer that an agent or a contact holds.
    pub(super) fn offer(&self, key: OfferKey) -> &Offer {
        self.offers.get(&key).expect("offers are held only while they exist")
    }

    /// An engagement that an agent or a contact holds.
    pub(super) fn engagement(&self, key: EngagementKey) -> &Engagement {
        self.engagements.get(&key).expect("engagements are held only while they exist")
    }

    /// A queue's rules; until a sweep is over also those of a queue that the document in force has removed.
    pub(super) fn rules(&self, queue: QueueKey) -> &Arc<Queue> {
        let rules = self.queues[queue.0 as usize].rules.as_ref();
        let rules = rules.or_else(|| self.sweep.as_ref()?.other.queue(queue));
        rules.expect("a document that drops a queue with contacts says where they go")
    }

    /// A channel's rules; no document drops one that is in use.
    pub(super) fn channel(&self, channel: ChannelKey) -> &Channel {
        let rules = self.channels[channel.0 as usize].as_ref();
        rules.expect("a document that drops a channel in use is refused")
    }

    /// What a contact of this queue and channel takes of an agent's capacity.
    pub(super) fn cost(&self, queue: QueueKey, channel: ChannelKey) -> u32 {
        self.rules(queue).cost.unwrap_or_else(|| self.channel(channel).cost)
    }

    /// Whether a queue gives no contacts out.
    pub(super) fn is_paused(&self, queue: QueueKey) -> bool {
        self.queues[queue.0 as usize].mode == QueueMode::Paused
    }

    /// The number of a queue that the present document names.
    pub(super) fn find_queue(&self, name: &QueueName) -> Option<QueueKey> {
        let key = QueueKey(self.queue_names.find(name)?);
        self.queues.get(key.0 as usize)?.rules.as_ref().map(|_| key)
    }

    /// The queue of the document in force in which contacts sent to this one go on.
    pub(super) fn find_onward(&self, name: &QueueName) -> Option<QueueKey> {
        let key = self.goes_on_in(QueueKey(self.queue_names.find(name)?));
        self.queues.get(key.0 as usize)?.rules.as_ref().map(|_| key)
    }

    /// The number of a channel that the present document names.
    pub(super) fn find_channel(&self, name: &ChannelName) -> Option<ChannelKey> {
        let key = u16::try_from(self.channel_names.find(name)?).expect("channels are limited to 32");
        self.channels.get(usize::from(key))?.as_ref().map(|_| ChannelKey(key))
    }

    /// A queue's name.
    pub fn queue_name(&self, queue: QueueKey) -> &QueueName {
        self.queue_names.name(queue.0)
    }

    /// A channel's name.
    pub fn channel_name(&self, channel: ChannelKey) -> &ChannelName {
        self.channel_names.name(u32::from(channel.0))
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal in everything but what follows from the rest and depends on how it came about (the index, the kinds, whose
/// contacts are whose, what awaits settling: `invariant` holds all of these against the rest), and how much a slice does.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        // Every field is named: one that is added does not compile until it is said here whether it is compared.
        let Self {
            now,
            document,
            version,
            history,
            queue_names,
            channel_names,
            skill_names,
            queues,
            channels,
            sweep,
            slice_items: _,
            contacts,
            contact_ids,
            open_contacts,
            contacts_of: _,
            customers,
            budgets,
            kinds: _,
            agents,
            agent_ids,
            last_revision,
            sessions,
            cost_min,
            offers,
            ended_offers,
            engagements,
            tombstones,
            dedup,
            timers,
            hold,
            resumed_at,
            storm,
            moves,
            overflows,
            actions,
            reserve_settings,
            announced,
            learnt,
            index: _,
            next_contact,
            next_offer,
            next_engagement,
            next_sequence,
        } = self;
        *now == other.now
            && *document == other.document
            && *version == other.version
            && *history == other.history
            && *queue_names == other.queue_names
            && *channel_names == other.channel_names
            && *skill_names == other.skill_names
            && *queues == other.queues
            && *channels == other.channels
            && *sweep == other.sweep
            && *contacts == other.contacts
            && *contact_ids == other.contact_ids
            && *open_contacts == other.open_contacts
            && *customers == other.customers
            && *budgets == other.budgets
            && *agents == other.agents
            && *agent_ids == other.agent_ids
            && *last_revision == other.last_revision
            && *sessions == other.sessions
            && *cost_min == other.cost_min
            && *offers == other.offers
            && *ended_offers == other.ended_offers
            && *engagements == other.engagements
            && *tombstones == other.tombstones
            && *dedup == other.dedup
            && *timers == other.timers
            && *hold == other.hold
            && *resumed_at == other.resumed_at
            && *storm == other.storm
            && *moves == other.moves
            && *overflows == other.overflows
            && *actions == other.actions
            && *reserve_settings == other.reserve_settings
            && *announced == other.announced
            && *learnt == other.learnt
            && *next_contact == other.next_contact
            && *next_offer == other.next_offer
            && *next_engagement == other.next_engagement
            && *next_sequence == other.next_sequence
    }
}
