//! The bank's day in virtual time: the customers, agents and moods that the demo plays over the wire, under any document,
//! in as long as deciding takes. So the same day can be had under two policies, contact by contact.
//!
//! Invariant: the engine alone decides, by commands as in production; a customer and an agent do the same under every
//! document as far as they can. The same day under the same document ends the same. Not here: streams and connections,
//! which only the demo over the wire has.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, rngs::StdRng};

use super::{
    bank::{
        Agent, EMAIL, GENERAL,
        habits::{self, BACK_AFTER_RONA, BREAK, Mood, WORKS_FOR, chance},
    },
    driver::{Driver, Step},
    tally::{Report, Tally},
    workload::{
        Contact, Course,
        draw::{between, exponential},
    },
};
use crate::{
    engine::{Command, Event, Request, command::Destination, event::PresenceBecause},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, ClosedBecause, ContactDetails, KeepPlace, NewContact},
        document::Document,
        ids::{
            AgentId, AgentKey, ChannelName, ContactId, ContactKey, EngagementKey, OfferKey, QueueName, SessionId,
            SkillName,
        },
        requirement::{Condition, Level, Requirement},
        signal::Signal,
        time::{Span, Timestamp},
    },
};

/// What proficiency customers ask of an agent who speaks their language.
pub const FLUENT: Level = 50;
/// Answered within this counts as in time.
const IN_TIME: Span = Span::from_secs(20);

/// Who comes and who works.
#[derive(Debug)]
pub struct Day {
    /// When it begins, as time of day.
    pub from: Duration,
    /// When nobody comes any more.
    pub until: Duration,
    /// Who comes, in order.
    pub contacts: Vec<Contact>,
    /// Who works.
    pub staff: Vec<Agent>,
    /// What agents' moods and breaks follow from.
    pub seed: u64,
}

/// What became of a day.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By contact, in the day's order.
    pub fates: Vec<Fate>,
    /// Numbers of the contacts that were a moment of truth at any time.
    pub moments: BTreeSet<u32>,
}

/// What became of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// Its number in the day.
    pub number: u32,
    /// Whether somebody holds the line: an email does not count as in time or late.
    pub is_live: bool,
    /// How long it waited for an answer, or until it ended without one.
    pub waited: Span,
    /// Who answered first; `None` = nobody did.
    pub answered_by: Option<Answered>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// An empathetic agent.
    Empathetic,
    /// Another one.
    Other,
}

impl Outcome {
    /// In sums, where these numbers are moments of truth and everything else is routine.
    pub fn report(&self, moments: &BTreeSet<u32>) -> Report {
        let mut report = Report::default();
        for fate in self.fates.iter().filter(|fate| fate.is_live) {
            let is_moment = moments.contains(&fate.number);
            fate.count(if is_moment { &mut report.moments } else { &mut report.routine });
        }
        report
    }
}

impl Fate {
    /// Adds it to a tally.
    pub fn count(&self, tally: &mut Tally) {
        let in_time = self.answered_by.filter(|_| self.waited <= IN_TIME);
        tally.offered += 1;
        tally.waited += self.waited.0 as f64 / 1e6;
        tally.abandoned += u64::from(self.answered_by.is_none());
        tally.in_time += u64::from(in_time.is_some());
        tally.in_time_empathetic += u64::from(in_time == Some(Answered::Empathetic));
    }
}

/// Lets a day happen under a document; `hear` is what a contact's words say, as it comes.
pub fn play(day: &Day, document: Document, hear: impl Fn(&Contact) -> Vec<Signal>) -> Outcome {
    let mut bank = Bank::open(day, document);
    while let Some(Reverse((at, _, what))) = bank.agenda.pop() {
        bank.pass_until(at);
        bank.happen(what, &hear);
    }
    let fates = bank.guests.iter().filter_map(Guest::fate).collect();
    Outcome { fates, moments: bank.moments }
}

/// What comes next; agents and customers by their place in the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Comes(usize),
    /// Patience is over, unless the customer's stage changed meanwhile.
    Leaves(usize, u32),
    Reacts(usize, OfferKey, Reaction),
    /// The work is done, unless it was set aside meanwhile.
    Finishes(usize, u32),
    Pauses(usize),
    Returns(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reaction {
    Takes,
    Declines,
}

/// A contact, and where it stands.
struct Guest<'d> {
    contact: &'d Contact,
    came_at: Timestamp,
    came: bool,
    /// Counts changes of what it waits for.
    turn: u32,
    /// With this agent now.
    with: Option<usize>,
    course: Course,
    /// Work that is left, at that time.
    left: (Span, Timestamp),
    engaged: u32,
    answered: Option<(Span, Answered)>,
    ended: Option<Span>,
}

struct Bank<'d> {
    day: &'d Day,
    driver: Driver,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, Happening)>>,
    planned: u64,
    guests: Vec<Guest<'d>>,
    breaks: Vec<StdRng>,
    agents: BTreeMap<AgentKey, usize>,
    keys: BTreeMap<ContactKey, usize>,
    offers: BTreeMap<OfferKey, (usize, usize)>,
    engagements: BTreeMap<EngagementKey, usize>,
    unanswered: Vec<OfferKey>,
    moments: BTreeSet<u32>,
}

impl<'d> Guest<'d> {
    fn new(contact: &'d Contact) -> Self {
        Self {
            contact,
            came_at: time_of(contact.at),
            came: false,
            turn: 0,
            with: None,
            course: contact.course,
            left: (Span::ZERO, Timestamp(0)),
            engaged: 0,
            answered: None,
            ended: None,
        }
    }

    fn fate(&self) -> Option<Fate> {
        let ended = self.answered.map(|(waited, _)| waited).or(self.ended);
        let (number, is_live) = (self.contact.number, self.contact.channel.name != EMAIL);
        let answered_by = self.answered.map(|(_, by)| by);
        ended.filter(|_| self.came).map(|waited| Fate { number, is_live, waited, answered_by })
    }
}

impl<'d> Bank<'d> {
    fn open(day: &'d Day, document: Document) -> Self {
        let (driver, _) = Driver::new(time_of(day.from) - Span::from_secs(1), document);
        let number = |at: usize| at as u64 + 1;
        let mut bank = Self {
            day,
            driver,
            agenda: BinaryHeap::new(),
            planned: 0,
            guests: day.contacts.iter().map(Guest::new).collect(),
            breaks: (0..day.staff.len()).map(|at| chance(day.seed, number(at) << 32)).collect(),
            agents: BTreeMap::new(),
            keys: BTreeMap::new(),
            offers: BTreeMap::new(),
            engagements: BTreeMap::new(),
            unanswered: Vec::new(),
            moments: BTreeSet::new(),
        };
        for at in 0..day.staff.len() {
            bank.sign_in(at);
            let works_for = exponential(&mut bank.breaks[at], WORKS_FOR);
            bank.plan(time_of(day.from) + span(works_for), Happening::Pauses(at));
        }
        for at in 0..day.contacts.len() {
            bank.plan(bank.guests[at].came_at, Happening::Comes(at));
        }
        bank
    }

    fn plan(&mut self, at: Timestamp, what: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((at, self.planned, what)));
    }

    fn sign_in(&mut self, at: usize) {
        let agent = agent_id(&self.day.staff[at]);
        let mut profile = AgentProfile::default();
        for (skill, level) in &self.day.staff[at].skills {
            let skill = SkillName::new(skill).expect("the bank's skills obey the grammar");
            profile.skills.insert(skill, Level::try_from(*level).expect("proficiencies end at 100"));
        }
        let (session, connection) = (SessionId::new("s").expect("it obeys the grammar"), self.driver.next_connection());
        let put = Command::PutAgent { agent: agent.clone(), profile: Arc::new(profile), expected: Expected::Anything };
        let step = self.command(put);
        for event in step.events() {
            if let Event::AgentPut { agent, .. } = event {
                self.agents.insert(*agent, at);
            }
        }
        self.command(Command::OpenSession { agent: agent.clone(), session, connection });
        self.command(Command::SetPresence { agent, presence: Presence::Available });
    }

    fn pass_until(&mut self, until: Timestamp) {
        while let Some(due) = self.driver.state().next_deadline().filter(|due| *due <= until) {
            let step = self.driver.pass_until(due);
            self.follow(&step);
        }
        let step = self.driver.pass_until(until);
        self.follow(&step);
    }

    fn happen(&mut self, what: Happening, hear: &impl Fn(&Contact) -> Vec<Signal>) {
        match what {
            Happening::Comes(at) => self.come(at, hear),
            Happening::Leaves(at, turn) if self.guests[at].turn == turn => self.leave(at),
            Happening::Finishes(at, turn) if self.guests[at].turn == turn => self.finish(at),
            Happening::Leaves(..) | Happening::Finishes(..) => {}
            Happening::Reacts(agent, offer, reaction) => self.react(agent, offer, reaction),
            Happening::Pauses(at) => self.pause(at),
            Happening::Returns(at) => {
                let agent = agent_id(&self.day.staff[at]);
                self.call(Command::SetPresence { agent, presence: Presence::Available });
            }
        }
    }

    fn come(&mut self, at: usize, hear: &impl Fn(&Contact) -> Vec<Signal>) {
        let contact = self.guests[at].contact;
        let skill = SkillName::new(contact.message.language.skill()).expect("it obeys the grammar");
        let new = NewContact {
            id: contact_id(contact),
            queue: QueueName::new(&contact.queue).expect("it obeys the grammar"),
            channel: ChannelName::new(contact.channel.name).expect("it obeys the grammar"),
            requirement: Requirement { all: vec![Condition { skill, level: FLUENT }], ..Requirement::default() },
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: hear(contact),
            arrived_at: None,
            details: Arc::new(ContactDetails::default()),
            trace: None,
        };
        self.guests[at].came = self.call(Command::EnqueueContact(Box::new(new)));
        if self.guests[at].came && self.guests[at].turn == 0 {
            self.wait(at);
        }
    }

    /// The customer waits from now on, as long as patience lasts.
    fn wait(&mut self, at: usize) {
        let guest = &mut self.guests[at];
        (guest.with, guest.turn) = (None, guest.turn + 1);
        let turn = guest.turn;
        if let Some(patience) = guest.contact.patience {
            self.plan(self.driver.now() + span(patience), Happening::Leaves(at, turn));
        }
    }

    fn leave(&mut self, at: usize) {
        let contact = contact_id(self.guests[at].contact);
        if self.call(Command::CancelContact { contact, reason: CancelReason::CustomerLeft }) {
            let now = self.driver.now();
            let guest = &mut self.guests[at];
            guest.ended = Some(now - guest.came_at);
            guest.turn += 1;
        }
    }

    fn react(&mut self, agent: usize, offer: OfferKey, reaction: Reaction) {
        let id = agent_id(&self.day.staff[agent]);
        let declined = reaction == Reaction::Declines
            && self.call(Command::DeclineOffer { agent: id.clone(), offer, reason: "not now".to_owned() });
        if !declined {
            // Somebody else may have been faster, or the customer has left.
            self.call(Command::AcceptOffer { agent: id, offer });
        }
    }

    fn engage(&mut self, at: usize, agent: usize) {
        let now = self.driver.now();
        let guest = &mut self.guests[at];
        guest.course = if guest.engaged == 0 { guest.contact.course } else { Course::Handled };
        (guest.with, guest.turn, guest.engaged) = (Some(agent), guest.turn + 1, guest.engaged + 1);
        let takes = match guest.course {
            Course::ConnectFails => Span::ZERO,
            Course::Transferred => span(guest.contact.handling / 2),
            Course::Handled => span(guest.contact.handling),
        };
        guest.left = (takes, now);
        if guest.course != Course::ConnectFails {
            let by = if self.day.staff[agent].is_empathetic() { Answered::Empathetic } else { Answered::Other };
            guest.answered.get_or_insert((now - guest.came_at, by));
        }
        let turn = guest.turn;
        self.plan(now + takes, Happening::Finishes(at, turn));
    }

    /// The agent has set the contact aside for more urgent work, or takes it up again.
    fn set_aside(&mut self, at: usize, aside: bool) {
        let now = self.driver.now();
        let guest = &mut self.guests[at];
        let (left, since) = guest.left;
        guest.turn += 1;
        let turn = guest.turn;
        if aside {
            guest.left = (Span(left.0 - (now - since).0).max(Span::ZERO), now);
        } else {
            guest.left = (left, now);
            self.plan(now + left, Happening::Finishes(at, turn));
        }
    }

    fn finish(&mut self, at: usize) {
        let Guest { contact, course, with, .. } = self.guests[at];
        let Some(agent) = with else { return };
        let contact = contact_id(contact);
        self.call(match course {
            Course::Handled => Command::CompleteContact { contact },
            Course::Transferred => {
                let to = Destination::Queue(QueueName::new(GENERAL).expect("it obeys the grammar"));
                Command::TransferContact { contact, to, place: KeepPlace::Keep }
            }
            Course::ConnectFails => {
                let (agent, reason) = (agent_id(&self.day.staff[agent]), "no line".to_owned());
                Command::ReportConnectFailed { agent, contact, reason }
            }
        });
    }

    /// A break, and when the next one is due; none begins after the day's end.
    fn pause(&mut self, at: usize) {
        let now = self.driver.now();
        if now >= time_of(self.day.until) {
            return;
        }
        let lasts = span(between(&mut self.breaks[at], BREAK / 2, BREAK * 3 / 2));
        let works_for = span(WORKS_FOR.mul_f64(self.breaks[at].random_range(0.5..1.5)));
        self.plan(now + lasts, Happening::Returns(at));
        self.plan(now + lasts + works_for, Happening::Pauses(at));
        let (agent, reason) = (agent_id(&self.day.staff[at]), "break".to_owned());
        self.call(Command::SetPresence { agent, presence: Presence::Away { reason } });
    }

    /// True if it was taken.
    fn call(&mut self, command: Command) -> bool {
        let step = self.command(command);
        self.follow(&step);
        step.reply.is_ok()
    }

    fn command(&mut self, command: Command) -> Step {
        self.driver.request(Request { id: None, command })
    }

    /// Takes in what happened; desktops acknowledge at once what they are offered.
    fn follow(&mut self, step: &Step) {
        for event in step.events() {
            self.see(event);
        }
        while let Some(offer) = self.unanswered.pop() {
            let (_, agent) = self.offers[&offer];
            let agent = agent_id(&self.day.staff[agent]);
            self.call(Command::AckOffer { agent, offer });
        }
    }

    fn see(&mut self, event: &Event) {
        match event {
            Event::ContactQueued { contact, queued } => {
                let number: usize = queued.id.as_str()[1..].parse().expect("contacts are numbered");
                self.keys.insert(*contact, number - self.day.contacts[0].number as usize);
            }
            Event::ContactScored { contact, care, .. } if care.moment_of_truth => {
                self.moments.insert(self.guests[self.keys[contact]].contact.number);
            }
            Event::ContactRequeued { contact, .. } => {
                let at = self.keys[contact];
                if self.guests[at].with.is_some() {
                    self.wait(at);
                }
            }
            Event::ContactClosed { contact, because, .. } => {
                let Some(at) = self.keys.remove(contact) else { return };
                let (now, guest) = (self.driver.now(), &mut self.guests[at]);
                guest.turn += 1;
                if *because == ClosedBecause::Expired {
                    guest.ended = Some(now - guest.came_at);
                }
            }
            Event::OfferMade { offer, contact, agent, .. } => self.offered(*offer, *contact, *agent),
            Event::OfferAccepted { offer, engagement } => {
                let (at, agent) = self.offers[offer];
                self.engagements.insert(*engagement, at);
                self.engage(at, agent);
            }
            Event::EngagementInterrupted { engagement } => self.set_aside(self.engagements[engagement], true),
            Event::EngagementResumed { engagement } => self.set_aside(self.engagements[engagement], false),
            Event::PresenceSet { agent, because: PresenceBecause::Rona, .. } => {
                let (now, at) = (self.driver.now(), self.agents[agent]);
                self.plan(now + span(BACK_AFTER_RONA), Happening::Returns(at));
            }
            _ => {}
        }
    }

    fn offered(&mut self, offer: OfferKey, contact: ContactKey, agent: AgentKey) {
        let (at, agent) = (self.keys[&contact], self.agents[&agent]);
        self.offers.insert(offer, (at, agent));
        self.unanswered.push(offer);
        let (mood, after) = habits::reaction(self.day.seed, agent as u64 + 1, self.guests[at].contact.number);
        let reaction = match mood {
            Mood::Takes => Reaction::Takes,
            Mood::Declines => Reaction::Declines,
            Mood::Misses => return,
        };
        self.plan(self.driver.now() + span(after), Happening::Reacts(agent, offer, reaction));
    }
}

fn agent_id(agent: &Agent) -> AgentId {
    AgentId::new(&agent.id).expect("the bank's agents obey the grammar")
}

fn contact_id(contact: &Contact) -> ContactId {
    ContactId::new(&format!("c{}", contact.number)).expect("it obeys the grammar")
}

fn time_of(at: Duration) -> Timestamp {
    Timestamp(0) + span(at)
}

fn span(time: Duration) -> Span {
    Span(i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4))
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{
            document::Format,
            ids::EventName,
            signal::{Content, Happened, SignalKey, Source},
        },
        sim::{
            bank::{self, Messages},
            workload::Workload,
        },
    };

    use super::*;

    fn morning(seed: u64) -> Day {
        let messages = Messages::shipped();
        let (from, until) = (Duration::from_secs(36_000), Duration::from_secs(39_600));
        let document = Document::embedded_default();
        let contacts = Workload::new(seed, messages.clone(), &document, (from, until), 40, 0.9).collect();
        Day { from, until, contacts, staff: bank::staff(seed, 40, &messages), seed }
    }

    /// Every tenth customer says that a card was stolen.
    fn hear(contact: &Contact) -> Vec<Signal> {
        let event = EventName::new("card_stolen").expect("a name");
        let happened = Happened { event, confidence: 1_000, attributes: Default::default() };
        let content = Content { events: vec![happened], ..Content::default() };
        let (key, observed_at) = (SignalKey(1), None);
        let signal = Signal { key, revision: 0, observed_at, source: Source::Text, content: Some(content) };
        if contact.number.is_multiple_of(10) { vec![signal] } else { Vec::new() }
    }

    #[test]
    fn a_day_ends_the_same_again_and_every_contact_has_a_fate() {
        let day = morning(3);
        let document = || Document::parse(&bank::document_toml(), Format::Toml).expect("it is valid");
        let (once, again) = (play(&day, document(), hear), play(&day, document(), hear));
        assert_eq!((&once.fates, &once.moments), (&again.fates, &again.moments));
        assert_eq!(once.fates.len(), day.contacts.len());
        let tenths: Vec<u32> = (1..=day.contacts.len() as u32).filter(|number| number.is_multiple_of(10)).collect();
        assert_eq!(once.moments.iter().copied().collect::<Vec<_>>(), tenths);
    }

    #[test]
    fn moments_reach_empathetic_agents_by_the_banks_document_and_not_by_who_came_first() {
        let day = morning(5);
        let document = Document::parse(&bank::document_toml(), Format::Toml).expect("it is valid");
        let with = play(&day, document, hear);
        let plain = play(&day, bank::first_come(), hear);
        assert_eq!(plain.moments, BTreeSet::new());
        let share = |outcome: &Outcome| outcome.report(&with.moments).moments.empathetic_share();
        assert!(share(&with) > share(&plain), "{} against {}", share(&with), share(&plain));
    }
}
