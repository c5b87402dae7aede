//! The judge: everything that the journal took, held against what was acknowledged, against the engine's own rules, and
//! against what came back after a crash.
//!
//! Invariant: a record counts as kept once its append has returned, or once a recovery has brought it back. Each is then
//! decided anew by a replica that no crash ever touched, and must come to the same events; what happens to contacts is
//! written down from the events alone. Not here: what clients are told (`clients`).

use std::collections::BTreeMap;

use attune::{
    engine::{
        Command, Event, Reject, Reply, Request, State,
        event::EngagementOver,
        invariant::{check, check_settled},
        view::{ContactState, ContactView},
    },
    journal::{Batch, Record, Seq, Snapshot, codec, seal::Plain},
    model::{
        ids::{AgentKey, ContactId, ContactKey, EngagementKey, OfferKey, RequestId, TenantId},
        limits::REQUEST_KEPT_SECS,
        supervision::Action,
        time::{Span, Timestamp},
    },
    shard::core::Core,
};

use crate::{
    coverage::{Coverage, Faults},
    erasure::Erasures,
    reports::Reports,
};

/// What is due may be late by so much: the loop's timers count milliseconds.
const LATE_MAX: Span = Span::from_millis(20);

/// Lengths of a snapshot, before what is in it.
const HEADS: usize = 32;

/// Knows everything.
#[derive(Default)]
pub struct Judge {
    /// Everything kept, from the first record on.
    pub records: Vec<Record>,
    /// An append that is under way, or that was when the machine went.
    open: Option<Batch>,
    worlds: BTreeMap<TenantId, World>,
    /// When each request was accepted last, as what, and how it was answered.
    accepted: BTreeMap<(TenantId, RequestId), (Timestamp, Command, Reply)>,
    erasures: Erasures,
    pub reports: Reports,
    pub coverage: Coverage,
    pub faults: Faults,
    /// The first thing that was wrong.
    broken: Option<String>,
    /// Whether replicas decide nothing anew, and only follow.
    follows: bool,
}

/// A tenant's replica, and what its events say of contacts.
struct World {
    replica: State,
    contacts: BTreeMap<ContactKey, Told>,
    ids: BTreeMap<ContactId, ContactKey>,
    offers: BTreeMap<OfferKey, (ContactKey, AgentKey)>,
    engagements: BTreeMap<EngagementKey, ContactKey>,
}

/// A contact, by its events.
#[derive(Debug)]
struct Told {
    id: ContactId,
    stage: ContactState,
    arrival: Option<Timestamp>,
    offers: BTreeMap<OfferKey, AgentKey>,
    engaged: Option<(EngagementKey, AgentKey)>,
}

impl Judge {
    /// One who only follows, and has to find what is wrong from outside.
    pub fn following() -> Self {
        Self { follows: true, ..Self::default() }
    }

    /// The first thing that was wrong, if anything was.
    pub fn verdict(&mut self) -> Result<(), String> {
        self.broken.take().map_or(Ok(()), Err)
    }

    fn blame(&mut self, result: Result<(), String>) {
        if let (Err(broken), None) = (result, &self.broken) {
            self.broken = Some(broken);
        }
    }

    /// The last record's number.
    pub fn last(&self) -> Seq {
        self.records.last().map_or(Seq(0), |record| record.seq)
    }

    /// The time by the records, which never runs backwards, or by the clock.
    pub fn now(&self, clock: Timestamp) -> Timestamp {
        self.records.last().map_or(clock, |record| record.now.max(clock))
    }

    /// An append begins.
    pub fn submitted(&mut self, batch: &Batch) {
        self.open = Some(batch.clone());
    }

    /// It is over, and has taken its batch.
    pub fn kept(&mut self) {
        let batch = self.open.take().expect("an append that ends has begun");
        for record in batch.iter() {
            let taken = self.take(record);
            self.blame(taken);
        }
    }

    /// What a recovery brought back, from this record on, is what was kept, and of an append that never returned all or
    /// nothing.
    pub fn recovered(&mut self, from: Seq, records: &[Record]) -> Result<(), String> {
        let before = usize::try_from(from.0 - 1).expect("there are few records");
        let Some(known) = self.records.len().checked_sub(before) else {
            return Err(format!("recovery begins with record {from}, and the last is {}", self.last()));
        };
        let open = self.open.take();
        if records.len() < known {
            let lost = &self.records[before + records.len()];
            return Err(format!("record {} is lost, which was acknowledged: {lost:?}", lost.seq));
        }
        let more = records.len() - known;
        if more > 0 {
            let Some(open) = open.filter(|open| open.len() == more) else {
                let more = &records[known..];
                return Err(format!("half of an append came back, or what was never appended: {more:?}"));
            };
            self.faults.count("what nobody heard of happened");
            open.iter().try_for_each(|record| self.take(record))?;
        } else if open.is_some() {
            self.faults.count("what nobody heard of never happened");
        }
        for (kept, found) in self.records[before..].iter().zip(records) {
            self.erasures.check_same(kept, found)?;
        }
        self.verdict()
    }

    /// What can be read of the journal, from this record on and with the archive, is all that was kept, but for who is
    /// erased.
    pub fn check_all(&self, from: Seq, records: &[Record]) -> Result<(), String> {
        let before = usize::try_from(from.0 - 1).expect("there are few records");
        let kept = self.records.get(before..).unwrap_or_default();
        if kept.len() != records.len() {
            return Err(format!("of {} records from {from} on {} can be read", kept.len(), records.len()));
        }
        for (kept, found) in kept.iter().zip(records) {
            self.erasures.check_same(kept, found)?;
            self.erasures.check_gone(kept.seq, found)?;
        }
        Ok(())
    }

    /// A snapshot is not ahead of what was kept, or may have been.
    pub fn check_not_ahead(&self, next: Seq) -> Result<(), String> {
        let open = self.open.as_ref().map_or(0, |open| open.len() as u64);
        if next.0 > self.last().0 + open + 1 {
            return Err(format!("there is a snapshot up to {next}, and the last record is {}", self.last()));
        }
        Ok(())
    }

    /// A snapshot has nobody who is erased.
    pub fn check_snapshot(&self, snapshot: Snapshot) -> Result<(), String> {
        self.erasures.check_snapshot(snapshot)
    }

    /// How many customers are erased.
    pub fn erased(&self) -> usize {
        self.erasures.count()
    }

    /// Recovered worlds are those that the records come to when they are decided anew, once both are indexed anew, as
    /// happens next.
    pub fn compare(&self, core: &Core) -> Result<(), String> {
        let indexed = |state: &State| {
            let mut state = state.clone();
            state.evolve(core.now(), &Event::Reindexed {});
            state
        };
        for (tenant, world) in &self.worlds {
            let (back, kept) = (core.state(tenant).map(indexed), indexed(&world.replica));
            if back.as_ref() != Some(&kept) {
                let difference = difference(kept, back.unwrap_or_default());
                return Err(format!("the world of {tenant} did not come back as it was: {difference}"));
            }
        }
        let known = core.tenants().count();
        if known == self.worlds.len() { Ok(()) } else { Err(format!("{known} tenants came back")) }
    }

    /// Goes on as a recovered shard does.
    pub fn resume(&mut self) {
        self.worlds.values_mut().for_each(|world| world.replica.end_recovery());
    }

    /// Nothing that was due is forgotten; to be asked while nothing is appended.
    pub fn check_due(&self, clock: Timestamp) -> Result<(), String> {
        if self.open.is_some() {
            return Ok(());
        }
        for (tenant, world) in &self.worlds {
            if let Some(due) = world.replica.next_deadline()
                && due + LATE_MAX < clock
            {
                return Err(format!("what was due for {tenant} at {due:?} has not happened at {clock:?}"));
            }
        }
        Ok(())
    }

    /// Nothing that was accepted by stream waits for longer than it may; to be asked of a machine that serves, or that was
    /// asked to stop and has.
    pub fn check_gathered(&mut self, clock: Timestamp) -> Result<(), String> {
        if self.open.is_some() {
            return Ok(());
        }
        let worlds = &self.worlds;
        self.reports.check(clock, |tenant, contact| {
            let told = worlds.get(tenant).and_then(|world| world.contacts.get(world.ids.get(contact)?));
            told.is_some_and(|told| told.stage != ContactState::Closed)
        })
    }

    /// The machine is gone, and with it what was only gathered.
    pub fn ended(&mut self) {
        if self.reports.lose() {
            self.faults.count("what came by stream was accepted and is lost");
        }
    }

    /// A request was answered: that is kept, and so it was answered before.
    pub fn answered(&self, tenant: &TenantId, request: &Request, reply: &Reply) -> Result<(), String> {
        let id = request.id.as_ref().expect("clients name their requests");
        match self.accepted.get(&(tenant.clone(), id.clone())) {
            None => Err(format!("{request:?} was answered with {reply:?}, and nothing of it is kept")),
            Some((_, command, _)) if *command != request.command => {
                Err(format!("{request:?} was answered, but {command:?} had been accepted under its id"))
            }
            Some((_, _, first)) if first != reply => {
                Err(format!("{request:?} was answered with {reply:?}, and with {first:?} before"))
            }
            Some(_) => Ok(()),
        }
    }

    /// A request, sent then or later, was refused: it had not been accepted before.
    pub fn refused(
        &mut self,
        tenant: &TenantId,
        request: &Request,
        sent: Timestamp,
        reject: &Reject,
        clock: Timestamp,
    ) -> Result<(), String> {
        let id = request.id.as_ref().expect("clients name their requests");
        let oldest = self.now(clock) - Span::from_secs(REQUEST_KEPT_SECS - 1);
        let Some((at, command, _)) = self.accepted.get(&(tenant.clone(), id.clone())) else {
            return match reject {
                Reject::RequestReused(_) => Err(format!("{request:?} was refused, and its id was never used")),
                _ => Ok(()),
            };
        };
        if *at >= sent || *at < oldest {
            return Ok(());
        }
        match reject {
            Reject::RequestReused(_) if *command != request.command => {
                self.faults.count("another command under the same id");
                Ok(())
            }
            _ => Err(format!("{request:?} was refused ({reject}), though {command:?} was accepted at {at:?}")),
        }
    }

    /// The state of the contact that a command names, for coverage.
    pub fn state_of(&self, tenant: &TenantId, command: &Command) -> Option<&'static str> {
        let world = self.worlds.get(tenant)?;
        let contact = match command {
            Command::AckOffer { offer, .. }
            | Command::AcceptOffer { offer, .. }
            | Command::DeclineOffer { offer, .. }
            | Command::ExtendOffer { offer, .. } => {
                return Some(match world.offers.get(offer) {
                    Some((contact, _)) => world.contacts.get(contact).map_or("unknown", |told| name(told.stage)),
                    None => "unknown",
                });
            }
            other => contact_of(other)?,
        };
        let told = world.ids.get(contact).and_then(|key| world.contacts.get(key));
        Some(told.map_or("unknown", |told| name(told.stage)))
    }

    /// Contacts as they were read are as their events say, and of those acknowledged none is missing. `read` shows the
    /// last record.
    pub fn check_contacts(&self, tenant: &TenantId, read: &[ContactView], known: &[ContactId]) -> Result<(), String> {
        let Some(world) = self.worlds.get(tenant) else { return Ok(()) };
        let read: BTreeMap<&ContactId, &ContactView> = read.iter().map(|view| (&view.id, view)).collect();
        for told in world.contacts.values() {
            let Some(view) = read.get(&told.id) else {
                return Err(format!("contact {} is gone, and should be {}", told.id, name(told.stage)));
            };
            if view.state != told.stage {
                return Err(format!("contact {} is {:?}, and should be {:?}", told.id, view.state, told.stage));
            }
            if told.stage != ContactState::Closed && view.virtual_arrival != told.arrival {
                let (is, was) = (view.virtual_arrival, told.arrival);
                return Err(format!("contact {} has the place {is:?}, and had {was:?}", told.id));
            }
            let offers: Vec<OfferKey> = view.offers.iter().map(|(offer, _)| *offer).collect();
            if offers != told.offers.keys().copied().collect::<Vec<_>>() {
                return Err(format!(
                    "contact {} has the offers {offers:?}, and should have {:?}",
                    told.id, told.offers
                ));
            }
        }
        match known.iter().find(|id| !world.ids.contains_key(*id)) {
            Some(lost) => Err(format!("contact {lost} was acknowledged, and no record has it")),
            None => Ok(()),
        }
    }

    /// A record is kept.
    fn take(&mut self, record: &Record) -> Result<(), String> {
        let tenant = &record.tenant;
        let state = self.state_of(tenant, &record.input.command);
        let world = self.worlds.entry(tenant.clone()).or_default();
        let context = |broken: String| format!("record {} ({:?}): {broken}", record.seq, record.input.command);
        world.check_order(record).map_err(context)?;
        let read = record.events.iter().try_for_each(|event| world.read(event));
        read.map_err(context)?;
        if self.follows {
            record.events.iter().for_each(|event| world.replica.evolve(record.now, event));
        } else {
            world.decide(record).map_err(context)?;
        }
        for event in &record.events {
            if let Event::RequestAccepted { request, reply, .. } = event {
                let accepted = (record.now, record.input.command.clone(), reply.clone());
                self.accepted.insert((tenant.clone(), request.clone()), accepted);
            }
            if matches!(event, Event::Stalled { .. }) {
                self.faults.count("everybody's deadlines move");
            }
        }
        match state {
            Some(state) => self.coverage.accepted(record.input.command.name(), state),
            None => self.coverage.accepted(record.input.command.name(), "-"),
        }
        if let Some(last) = self.records.last()
            && last.now > record.now
        {
            return Err(format!("record {} is of {:?}, and the one before of {:?}", record.seq, record.now, last.now));
        }
        self.reports.take(record).map_err(context)?;
        self.erasures.take(record);
        self.records.push(record.clone());
        Ok(())
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            replica: State::new(),
            contacts: BTreeMap::new(),
            ids: BTreeMap::new(),
            offers: BTreeMap::new(),
            engagements: BTreeMap::new(),
        }
    }
}

impl World {
    /// Whatever was due before the record has happened.
    fn check_order(&self, record: &Record) -> Result<(), String> {
        let waits_for_what_is_due = !matches!(
            record.input.command,
            Command::Tick | Command::Sweep | Command::Resume { .. } | Command::Stall { .. } | Command::ApplyDocument(_)
        );
        if waits_for_what_is_due
            && let Some(due) = self.replica.next_deadline()
            && due <= record.now
        {
            return Err(format!("it was decided at {:?}, before what was due at {due:?}", record.now));
        }
        Ok(())
    }

    /// Decides the record's command anew.
    fn decide(&mut self, record: &Record) -> Result<(), String> {
        let outcome = self.replica.apply(record.now, &record.input, Record::fingerprint);
        if outcome.events != record.events {
            return Err(format!("it led to {:?}, and leads to {:?}", record.events, outcome.events));
        }
        check(&self.replica).map_err(|broken| broken.to_string())?;
        check_settled(&self.replica).map_err(|broken| broken.to_string())
    }

    /// Writes down what an event says of a contact.
    fn read(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::ContactAnnounced { contact, id, .. } => self.come(*contact, id, ContactState::Announced, None)?,
            Event::ContactQueued { contact, queued } => {
                self.come(*contact, &queued.id, ContactState::Queued, Some(queued.place.virtual_arrival))?;
            }
            Event::ContactRequeued { contact, place, .. } => {
                let told = self.told(*contact)?;
                (told.stage, told.arrival, told.engaged) = (ContactState::Queued, Some(place.virtual_arrival), None);
            }
            Event::ContactPrioritised { contact, place, .. } | Event::ContactScored { contact, place, .. } => {
                self.told(*contact)?.arrival = Some(place.virtual_arrival);
            }
            Event::ContactParked { contact, .. } => self.told(*contact)?.stage = ContactState::Parked,
            Event::ContactReleased { contact } => self.told(*contact)?.stage = ContactState::Queued,
            Event::OfferMade { offer, contact, agent, .. } => {
                let told = self.told(*contact)?;
                if told.stage != ContactState::Queued || !told.offers.is_empty() || told.engaged.is_some() {
                    return Err(format!("{offer} is made for {told:?}"));
                }
                told.offers.insert(*offer, *agent);
                told.stage = ContactState::Offered;
                if self.offers.insert(*offer, (*contact, *agent)).is_some() {
                    return Err(format!("{offer} is made twice"));
                }
            }
            Event::OfferAccepted { offer, engagement } => {
                let agent = self.end_offer(*offer)?;
                let contact = self.offers[offer].0;
                self.engagements.insert(*engagement, contact);
                let told = self.told(contact)?;
                if let Some((other, _)) = told.engaged {
                    return Err(format!("contact {} is accepted, and engaged as {other:?}", told.id));
                }
                (told.stage, told.engaged) = (ContactState::Engaged, Some((*engagement, agent)));
            }
            Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. } => drop(self.end_offer(*offer)?),
            Event::WrapUpStarted { engagement, because: EngagementOver::Completed, .. } => {
                let contact = self.engagements[engagement];
                self.told(contact)?.stage = ContactState::WrapUp;
            }
            Event::ContactClosed { contact, .. } => {
                let told = self.told(*contact)?;
                if told.stage == ContactState::Closed {
                    return Err(format!("contact {} ends twice", told.id));
                }
                (told.stage, told.engaged) = (ContactState::Closed, None);
            }
            Event::ContactForgotten { contact } => {
                let told = self.contacts.remove(contact).ok_or("what never came is forgotten")?;
                if told.stage != ContactState::Closed && told.stage != ContactState::Announced {
                    return Err(format!("contact {} is forgotten while it is {:?}", told.id, told.stage));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn come(
        &mut self,
        key: ContactKey,
        id: &ContactId,
        stage: ContactState,
        arrival: Option<Timestamp>,
    ) -> Result<(), String> {
        let told = Told { id: id.clone(), stage, arrival, offers: BTreeMap::new(), engaged: None };
        let before = self.contacts.insert(key, told).map(|before| before.stage);
        self.ids.insert(id.clone(), key);
        match before {
            None | Some(ContactState::Announced) => Ok(()),
            Some(stage) => Err(format!("contact {id} comes while it is {stage:?}")),
        }
    }

    fn told(&mut self, contact: ContactKey) -> Result<&mut Told, String> {
        self.contacts.get_mut(&contact).ok_or_else(|| format!("{contact:?} never came"))
    }

    /// An offer is over; whose it was.
    fn end_offer(&mut self, offer: OfferKey) -> Result<AgentKey, String> {
        let contact = self.offers.get(&offer).ok_or_else(|| format!("{offer} was never made"))?.0;
        let told = self.told(contact)?;
        let agent = told.offers.remove(&offer).ok_or_else(|| format!("{offer} ends twice"))?;
        if told.stage == ContactState::Offered {
            told.stage = ContactState::Queued;
        }
        Ok(agent)
    }
}

/// Where a snapshot of one world differs from one of the other.
fn difference(one: State, other: State) -> String {
    let tenant = TenantId::new("t").expect("it obeys the grammar");
    let bytes = |state: State| {
        let mut bytes = Vec::new();
        codec::state::put(&Plain, &tenant, state, &mut bytes);
        bytes
    };
    let (one, other) = (bytes(one), bytes(other));
    // Lengths come first.
    let from = one.iter().zip(&other).skip(HEADS).position(|(one, other)| one != other).map_or(HEADS, |at| at + HEADS);
    let around = |bytes: &[u8]| {
        let shown = from.saturating_sub(40)..(from + 40).min(bytes.len());
        bytes.get(shown).unwrap_or_default().escape_ascii().to_string()
    };
    format!("at byte {from} of a snapshot\n  {}\nbecame\n  {}", around(&one), around(&other))
}

/// The contact that a command names.
pub fn contact_of(command: &Command) -> Option<&ContactId> {
    match command {
        Command::EnqueueContact(new) => Some(&new.id),
        Command::AnnounceContact { contact, .. }
        | Command::UpdateContact { contact, .. }
        | Command::Signal { contact, .. }
        | Command::ParkContact { contact, .. }
        | Command::ReleaseContact { contact }
        | Command::RequeueContact { contact, .. }
        | Command::TransferContact { contact, .. }
        | Command::CompleteContact { contact }
        | Command::CancelContact { contact, .. }
        | Command::ReportConnectFailed { contact, .. }
        | Command::ExtendWrapUp { contact, .. }
        | Command::EndWrapUp { contact, .. } => Some(contact),
        Command::Supervise(supervision) => match &supervision.action {
            Action::MoveContact { contact, .. }
            | Action::PullContact { contact, .. }
            | Action::PrioritiseContact { contact, .. } => Some(contact),
            _ => None,
        },
        _ => None,
    }
}

fn name(state: ContactState) -> &'static str {
    match state {
        ContactState::Announced => "announced",
        ContactState::Queued => "queued",
        ContactState::Parked => "parked",
        ContactState::Offered => "offered",
        ContactState::Engaged => "engaged",
        ContactState::WrapUp => "in wrap-up",
        ContactState::Closed => "closed",
    }
}
