//! A contact centre of one queue in distributions: contacts come at random, some are moments of truth, some agents are
//! empathetic, everybody accepts at once. What a rule is worth shows here, against numbers that mathematics knows.
//!
//! Invariant: the engine alone decides, by a document and commands as in production; this world only lets contacts come,
//! ring, be handled and hang up. The same plan draws the same contacts under every policy. Not here: a real day
//! (`workload`), the tables that are expected (`tests/policy.rs`).

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    driver::{Driver, Step},
    workload::draw::exponential,
};
use crate::{
    engine::{Command, Event, Request},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, NewContact},
        document::{Document, Format},
        ids::{
            AgentId, AgentKey, ChannelName, ContactId, ContactKey, OfferKey, QueueName, SessionId, SkillName,
            SourceName,
        },
        requirement::Requirement,
        time::{Span, Timestamp},
    },
};

/// Who comes and who works.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Agents, all alike but for empathy.
    pub agents: usize,
    /// How many of them are empathetic.
    pub empathetic: usize,
    /// The share of contacts that are moments of truth …
    pub moments: f64,
    /// … of the first; it changes evenly to so many times as much of the last.
    pub growth: f64,
    /// So many of the announced moments of truth have another one announced after them that never comes.
    pub no_shows: f64,
    /// Who announces, if that is said.
    pub source: Option<SourceName>,
    /// Work that comes, as a share of what the agents can do.
    pub load: f64,
    /// How long a contact takes on average.
    pub handling: Duration,
    /// How long a customer waits on average.
    pub patience: Duration,
    /// Contacts that count; a twentieth more come before.
    pub contacts: usize,
    /// What all chance follows from.
    pub seed: u64,
}

impl Plan {
    /// Fifty agents, ten of them empathetic; every twelfth contact a moment of truth; five minutes each.
    pub fn usual(load: f64, contacts: usize, seed: u64) -> Self {
        let (handling, patience) = (Duration::from_secs(300), Duration::from_secs(180));
        Self {
            agents: 50,
            empathetic: 10,
            moments: 0.08,
            growth: 1.0,
            no_shows: 0.0,
            source: None,
            load,
            handling,
            patience,
            contacts,
            seed,
        }
    }
}

/// How they are routed.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// `[empathy]` and `[reserve]` of the document; empty = it knows neither.
    pub rules: String,
    /// The head start of a moment of truth.
    pub head_start: Span,
    /// How long it is held for an empathetic agent.
    pub hold: Span,
    /// How long before it comes it is announced; zero = it is not.
    pub announced: Span,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Moments of truth.
    pub moments: Tally,
    /// All others.
    pub routine: Tally,
    /// How many empathetic agents were kept free, each time that another number was advised.
    pub kept: Vec<u32>,
}

/// What came of contacts of one kind.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many came.
    pub offered: u64,
    /// Answered within twenty seconds …
    pub in_time: u64,
    /// … by an empathetic agent.
    pub in_time_empathetic: u64,
    /// How many hung up.
    pub abandoned: u64,
    /// How long all of them waited, those who hung up included.
    pub waited: f64,
}

impl Tally {
    fn share(&self, count: u64) -> f64 {
        count as f64 / self.offered.max(1) as f64 * 100.0
    }

    /// Answered in time by an empathetic agent, in percent.
    pub fn empathetic_share(&self) -> f64 {
        self.share(self.in_time_empathetic)
    }

    /// Answered in time, in percent.
    pub fn in_time_share(&self) -> f64 {
        self.share(self.in_time)
    }

    /// Hung up, in percent.
    pub fn abandoned_share(&self) -> f64 {
        self.share(self.abandoned)
    }

    /// The mean wait in seconds.
    pub fn mean_wait(&self) -> f64 {
        self.waited / self.offered.max(1) as f64
    }
}

impl Report {
    /// Answered in time of all that came, in percent.
    pub fn service_level(&self) -> f64 {
        let in_time = self.moments.in_time + self.routine.in_time;
        in_time as f64 / (self.moments.offered + self.routine.offered).max(1) as f64 * 100.0
    }
}

const IN_TIME: Span = Span::from_secs(20);

/// One contact's chance.
struct Draw {
    comes_at: Timestamp,
    is_moment: bool,
    handling: Span,
    patience: Span,
    waited: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Completes,
    Announced,
    AnnouncedInVain,
    Comes,
    HangsUp,
}

/// Lets a plan happen under a policy.
pub fn play(plan: &Plan, policy: &Policy) -> Report {
    let mut centre = Centre::open(plan, policy);
    while let Some(Reverse((at, what, number))) = centre.agenda.pop() {
        centre.pass_until(at);
        centre.happen(what, number);
    }
    centre.report
}

struct Centre<'a> {
    plan: &'a Plan,
    policy: &'a Policy,
    driver: Driver,
    contacts: Vec<Draw>,
    agenda: BinaryHeap<Reverse<(Timestamp, Happening, usize)>>,
    /// The first contact that counts.
    first: usize,
    empathetic: usize,
    agents: BTreeMap<AgentKey, usize>,
    keys: BTreeMap<ContactKey, usize>,
    offers: Vec<(OfferKey, ContactKey, AgentKey)>,
    report: Report,
}

impl<'a> Centre<'a> {
    fn open(plan: &'a Plan, policy: &'a Policy) -> Self {
        let text = format!(
            "{}\n[skills]\nempathy = ''\nnone = ''\n[channels.voice]\n[queues.main]\noffers = {{ acceptance = 'automatic' }}\n",
            policy.rules
        );
        let document = Document::parse(&text, Format::Toml).expect("the policy's rules are written by hand");
        let (mut driver, founded) = Driver::new(Timestamp(0), document);
        driver.learn(&founded);
        let (contacts, agenda) = (draw(plan), BinaryHeap::new());
        let first = contacts.len() - plan.contacts;
        let mut centre = Self {
            plan,
            policy,
            driver,
            contacts,
            agenda,
            first,
            empathetic: plan.empathetic,
            agents: BTreeMap::new(),
            keys: BTreeMap::new(),
            offers: Vec::new(),
            report: Report::default(),
        };
        (0..plan.agents).for_each(|number| centre.hire(number));
        for (number, contact) in centre.contacts.iter().enumerate() {
            centre.agenda.push(Reverse((contact.comes_at, Happening::Comes, number)));
            if contact.is_moment && policy.announced > Span::ZERO {
                centre.agenda.push(Reverse((contact.comes_at - policy.announced, Happening::Announced, number)));
            }
        }
        if policy.announced > Span::ZERO {
            let in_vain = draw_in_vain(plan, &centre.contacts);
            centre.agenda.extend(in_vain.map(|(number, at)| Reverse((at, Happening::AnnouncedInVain, number))));
        }
        centre
    }

    fn hire(&mut self, number: usize) {
        let agent = AgentId::new(&format!("a{number}")).expect("it obeys the grammar");
        let mut profile = AgentProfile::default();
        if number < self.empathetic {
            profile.skills.insert(SkillName::new("empathy").expect("it obeys the grammar"), 80);
        }
        let put = Command::PutAgent { agent: agent.clone(), profile: Arc::new(profile), expected: Expected::Anything };
        let session = SessionId::new("s").expect("it obeys the grammar");
        let connection = self.driver.next_connection();
        let opens = Command::OpenSession { agent: agent.clone(), session, connection };
        self.call(put);
        self.call(opens);
        self.call(Command::SetPresence { agent, presence: Presence::Available });
    }

    fn pass_until(&mut self, until: Timestamp) {
        while let Some(due) = self.driver.state().next_deadline().filter(|due| *due <= until) {
            let step = self.driver.pass_until(due);
            self.follow(&step);
        }
        let step = self.driver.pass_until(until);
        self.follow(&step);
    }

    fn happen(&mut self, what: Happening, number: usize) {
        let contact = ContactId::new(&format!("c{number}")).expect("it obeys the grammar");
        let draw = &self.contacts[number];
        match what {
            Happening::Announced => self.announce(contact, draw.comes_at),
            Happening::AnnouncedInVain => {
                let nobody = ContactId::new(&format!("n{number}")).expect("it obeys the grammar");
                self.announce(nobody, self.driver.now() + self.policy.announced);
            }
            Happening::Comes => {
                self.agenda.push(Reverse((draw.comes_at + draw.patience, Happening::HangsUp, number)));
                let is_moment = draw.is_moment;
                let new = NewContact {
                    signals: Vec::new(),
                    id: contact,
                    queue: QueueName::new("main").expect("it obeys the grammar"),
                    channel: ChannelName::new("voice").expect("it obeys the grammar"),
                    requirement: Requirement::default(),
                    target: None,
                    excluded: Vec::new(),
                    care: if is_moment { Care::moment(self.policy.hold) } else { Care::default() },
                    dynamic: if is_moment { self.policy.head_start } else { Span::ZERO },
                    arrived_at: None,
                    details: Arc::new(ContactDetails::default()),
                    trace: None,
                };
                self.tally(number, |tally| tally.offered += 1);
                self.call(Command::EnqueueContact(Box::new(new)));
            }
            Happening::HangsUp if draw.waited.is_none() => {
                let patience = draw.patience;
                self.contacts[number].waited = Some(patience);
                self.tally(number, |tally| {
                    tally.abandoned += 1;
                    tally.waited += patience.0 as f64 / 1e6;
                });
                self.call(Command::CancelContact { contact, reason: CancelReason::CustomerLeft });
            }
            Happening::HangsUp => {}
            Happening::Completes => self.call(Command::CompleteContact { contact }),
        }
    }

    fn announce(&mut self, contact: ContactId, expected_at: Timestamp) {
        let announced = Announced { moment_of_truth: true, probability: 1_000 };
        let source = self.plan.source.clone();
        let details = Arc::new(ContactDetails::default());
        self.call(Command::AnnounceContact { contact, expected_at, announced, source, details });
    }

    fn call(&mut self, command: Command) {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "the world asks for nothing that is refused: {:?}", step.reply);
        self.follow(&step);
    }

    /// Takes in what happened; whoever is offered a contact has it at once.
    fn follow(&mut self, step: &Step) {
        for event in step.events() {
            match event {
                Event::AgentPut { agent, id, .. } => {
                    let number = id.as_str()[1..].parse().expect("agents are numbered");
                    self.agents.insert(*agent, number);
                }
                Event::ContactQueued { contact, queued } => {
                    let number = queued.id.as_str()[1..].parse().expect("contacts are numbered");
                    self.keys.insert(*contact, number);
                }
                Event::ContactClosed { contact, .. } => drop(self.keys.remove(contact)),
                Event::ReserveSet { k: Some(k), .. } => self.report.kept.push(*k),
                Event::OfferMade { offer, contact, agent, .. } => self.offers.push((*offer, *contact, *agent)),
                _ => {}
            }
        }
        while let Some((offer, contact, agent)) = self.offers.pop() {
            self.answer(offer, self.keys[&contact], self.agents[&agent]);
        }
    }

    fn answer(&mut self, offer: OfferKey, number: usize, agent: usize) {
        let now = self.driver.now();
        let draw = &mut self.contacts[number];
        let waited = now - draw.comes_at;
        draw.waited = Some(waited);
        self.agenda.push(Reverse((now + draw.handling, Happening::Completes, number)));
        let is_empathetic = agent < self.empathetic;
        self.tally(number, |tally| {
            tally.waited += waited.0 as f64 / 1e6;
            tally.in_time += u64::from(waited <= IN_TIME);
            tally.in_time_empathetic += u64::from(waited <= IN_TIME && is_empathetic);
        });
        let agent = AgentId::new(&format!("a{agent}")).expect("it obeys the grammar");
        self.call(Command::AckOffer { agent, offer });
    }

    fn tally(&mut self, number: usize, count: impl FnOnce(&mut Tally)) {
        if number < self.first {
            return;
        }
        let is_moment = self.contacts[number].is_moment;
        count(if is_moment { &mut self.report.moments } else { &mut self.report.routine });
    }
}

fn draw(plan: &Plan) -> Vec<Draw> {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let gap = plan.handling.div_f64(plan.load * plan.agents as f64);
    let mut at = Timestamp(0) + Span::from_secs(120);
    let span = |drawn: Duration| Span(i64::try_from(drawn.as_micros()).unwrap_or(i64::MAX / 4));
    let contacts = plan.contacts + plan.contacts / 20;
    let mut contact = |number: usize| {
        at = at + span(exponential(&mut random, gap));
        let grown = 1.0 + (plan.growth - 1.0) * number as f64 / contacts as f64;
        Draw {
            comes_at: at,
            is_moment: random.random::<f64>() < plan.moments * grown,
            handling: span(exponential(&mut random, plan.handling)),
            patience: span(exponential(&mut random, plan.patience)),
            waited: None,
        }
    };
    (0..contacts).map(&mut contact).collect()
}

/// When contacts that never come are announced, each some time after a moment of truth; other chance stays as it is.
fn draw_in_vain(plan: &Plan, contacts: &[Draw]) -> impl Iterator<Item = (usize, Timestamp)> {
    let mut random = StdRng::seed_from_u64(plan.seed + 1);
    let moments = contacts.iter().enumerate().filter(|(_, contact)| contact.is_moment);
    moments.filter_map(move |(number, contact)| {
        let (is_one, after) = (random.random::<f64>() < plan.no_shows, exponential(&mut random, plan.handling));
        is_one.then(|| (number, contact.comes_at + Span(i64::try_from(after.as_micros()).unwrap_or(0))))
    })
}
