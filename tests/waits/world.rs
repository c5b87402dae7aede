//! A contact centre in virtual time whose waits are estimated as a daemon does it: by what happens, and nothing else.
//!
//! Beside each estimate stand those of others, made at the same moment: the wait of whoever was served last, a moving
//! average as Asterisk keeps one, and the mean of all, which only hindsight knows.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    sync::Arc,
};

use attune::{
    engine::{Command, Event, Request},
    forecast::waits::{Outcome, QUANTILES, Telling, Waits, loss},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, AgentKey, ChannelName, ContactId, ContactKey, OfferKey, QueueName, SessionId, SkillName},
        requirement::{AtLeast, Condition, Requirement},
        time::{Span, Timestamp},
    },
    sim::driver::{Driver, Step},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Contacts alike.
#[derive(Clone)]
pub struct Kind {
    pub queue: &'static str,
    /// A second, where the load is what it is on average.
    pub rate: f64,
    /// Seconds, on average; exponential.
    pub handling: f64,
    /// Seconds, on average; exponential. None waits for ever.
    pub patience: Option<f64>,
    pub head_start: Span,
    /// Held for so long; `None` = it is no moment of truth.
    pub moment: Option<Span>,
    pub asks: Option<&'static str>,
}

impl Kind {
    pub fn routine(rate: f64, patience: Option<f64>) -> Self {
        Self { queue: "main", rate, handling: HANDLING, patience, head_start: Span::ZERO, moment: None, asks: None }
    }
}

/// Five minutes.
pub const HANDLING: f64 = 300.0;

/// What happens.
pub struct Plan {
    pub document: &'static str,
    /// What each agent has: skills and levels.
    pub agents: Vec<&'static [(&'static str, u8)]>,
    pub kinds: Vec<Kind>,
    /// The load at this second, as a factor; never above the second number.
    pub load: (fn(f64) -> f64, f64),
    /// How many times as long as usual whoever is answered at this second takes.
    pub longer: fn(f64) -> f64,
    /// At these seconds so many agents leave at once, once their work is done, or come back.
    pub shifts: Vec<(f64, Shift)>,
    pub contacts: usize,
    pub seed: u64,
}

#[derive(Clone, Copy)]
pub enum Shift {
    Leaves(usize),
    Comes(usize),
}

/// A contact that waited, was served and had an estimate.
#[derive(Clone, Copy)]
pub struct Sample {
    pub kind: usize,
    /// When it came, in seconds.
    pub at: f64,
    pub waited: f64,
    pub mean: f64,
    pub told: [f64; QUANTILES.len()],
    pub last_served: f64,
    pub moving_average: f64,
    /// How many waited as it came.
    pub waiting: u64,
}

/// What came of it.
pub struct Report {
    pub samples: Vec<Sample>,
    /// Contacts that had to wait and had no estimate.
    pub unknown: usize,
    /// Estimates that were judged.
    pub judged: usize,
}

/// How good estimates are, as shares of the mean wait.
#[derive(Debug, Clone, Copy)]
pub struct Errors {
    pub estimator: f64,
    pub last_served: f64,
    pub moving_average: f64,
    pub constant: f64,
}

impl Report {
    /// The samples of a kind, without the first tenth of all contacts.
    pub fn of_kind(&self, kind: usize) -> Vec<Sample> {
        let from = self.samples.len() / 10;
        self.samples[from..].iter().filter(|sample| sample.kind == kind).copied().collect()
    }
}

pub fn mean_wait(samples: &[Sample]) -> f64 {
    samples.iter().map(|sample| sample.waited).sum::<f64>() / samples.len() as f64
}

/// Root mean square error over the mean wait.
pub fn errors(samples: &[Sample]) -> Errors {
    let mean = mean_wait(samples);
    let of = |estimate: &dyn Fn(&Sample) -> f64| {
        let squares = samples.iter().map(|sample| (estimate(sample) - sample.waited).powi(2)).sum::<f64>();
        (squares / samples.len() as f64).sqrt() / mean
    };
    Errors {
        estimator: of(&|sample| sample.mean),
        last_served: of(&|sample| sample.last_served),
        moving_average: of(&|sample| sample.moving_average),
        constant: of(&|_| mean),
    }
}

/// Of a hundred waits, how many were within what was told.
pub fn held(samples: &[Sample]) -> [f64; QUANTILES.len()] {
    let share = |at: usize| {
        let within = samples.iter().filter(|sample| sample.waited <= sample.told[at]).count();
        within as f64 / samples.len() as f64 * 100.0
    };
    std::array::from_fn(share)
}

/// The same of P80, in each tenth of the samples by how many waited.
pub fn held_by_load(samples: &[Sample]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by_key(|sample| sample.waiting);
    let tenth = |at: usize| &sorted[at * sorted.len() / 10..(at + 1) * sorted.len() / 10];
    (0..10).map(|at| held(tenth(at))[1]).collect()
}

/// Pinball loss over the mean wait, of each quantile.
pub fn lost(samples: &[Sample]) -> [f64; QUANTILES.len()] {
    let mean = mean_wait(samples);
    std::array::from_fn(|at| {
        let sum: f64 = samples.iter().map(|sample| loss(&QUANTILES[at], sample.told[at], sample.waited)).sum();
        sum / samples.len() as f64 / mean
    })
}

/// The pinball loss of the range that always tells the same, of each quantile: what a range must beat.
pub fn lost_by_constant(samples: &[Sample]) -> [f64; QUANTILES.len()] {
    let mean = mean_wait(samples);
    let mut waits: Vec<f64> = samples.iter().map(|sample| sample.waited).collect();
    waits.sort_by(f64::total_cmp);
    std::array::from_fn(|at| {
        let told = waits[(waits.len() as f64 * QUANTILES[at].share) as usize];
        let sum: f64 = waits.iter().map(|waited| loss(&QUANTILES[at], told, *waited)).sum();
        sum / waits.len() as f64 / mean
    })
}

struct Draw {
    kind: usize,
    comes_at: f64,
    handling: f64,
    patience: f64,
    is_over: bool,
    told: Option<(f64, [f64; QUANTILES.len()])>,
    last_served: f64,
    moving_average: f64,
    waiting: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Completes,
    Comes,
    HangsUp,
    Shifts,
}

struct World<'a> {
    plan: &'a Plan,
    driver: Driver,
    waits: Waits,
    contacts: Vec<Draw>,
    agenda: BinaryHeap<Reverse<(Timestamp, Happening, usize)>>,
    agents: BTreeMap<AgentKey, usize>,
    keys: BTreeMap<ContactKey, usize>,
    offers: VecDeque<(OfferKey, ContactKey, AgentKey)>,
    last_served: f64,
    moving_average: f64,
    report: Report,
}

/// Lets a plan happen.
pub fn play(plan: &Plan) -> Report {
    let mut world = World::open(plan);
    while let Some(Reverse((at, what, number))) = world.agenda.pop() {
        world.pass_until(at);
        world.happen(what, number);
    }
    world.report
}

fn at(secs: f64) -> Timestamp {
    Timestamp((secs * 1e6) as i64)
}

impl<'a> World<'a> {
    fn open(plan: &'a Plan) -> Self {
        let document = Document::parse(plan.document, Format::Toml).expect("the document is written by hand");
        let (driver, founded) = Driver::new(Timestamp(0), document);
        let mut world = Self {
            plan,
            driver,
            waits: Waits::default(),
            contacts: draw(plan),
            agenda: BinaryHeap::new(),
            agents: BTreeMap::new(),
            keys: BTreeMap::new(),
            offers: VecDeque::new(),
            last_served: 0.0,
            moving_average: 0.0,
            report: Report { samples: Vec::new(), unknown: 0, judged: 0 },
        };
        world.waits.record(founded.now, &founded.events, world.driver.state(), Telling::Estimates);
        (0..plan.agents.len()).for_each(|number| world.hire(number));
        for (number, contact) in world.contacts.iter().enumerate() {
            world.agenda.push(Reverse((at(contact.comes_at), Happening::Comes, number)));
        }
        for (number, (secs, _)) in plan.shifts.iter().enumerate() {
            world.agenda.push(Reverse((at(*secs), Happening::Shifts, number)));
        }
        world
    }

    fn hire(&mut self, number: usize) {
        let agent = agent_id(number);
        let skill = |(name, level): &(&str, u8)| (SkillName::new(name).expect("a name"), *level);
        let profile =
            AgentProfile { skills: self.plan.agents[number].iter().map(skill).collect(), ..AgentProfile::default() };
        let put = Command::PutAgent { agent: agent.clone(), profile: Arc::new(profile), expected: Expected::Anything };
        let session = SessionId::new("s").expect("a session");
        let connection = self.driver.next_connection();
        self.call(put);
        self.call(Command::OpenSession { agent: agent.clone(), session, connection });
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
        match what {
            Happening::Comes => self.comes(number),
            Happening::HangsUp if self.contacts[number].is_over => {}
            Happening::HangsUp => {
                self.contacts[number].is_over = true;
                self.call(Command::CancelContact { contact: contact_id(number), reason: CancelReason::CustomerLeft });
            }
            Happening::Completes => self.call(Command::CompleteContact { contact: contact_id(number) }),
            Happening::Shifts => {
                let (count, presence) = match self.plan.shifts[number].1 {
                    Shift::Leaves(count) => (count, Presence::Away { reason: "shift".to_owned() }),
                    Shift::Comes(count) => (count, Presence::Available),
                };
                for agent in 0..count {
                    self.call(Command::SetPresence { agent: agent_id(agent), presence: presence.clone() });
                }
            }
        }
    }

    fn comes(&mut self, number: usize) {
        let kind = &self.plan.kinds[self.contacts[number].kind];
        let waiting = self.driver.state().waiting();
        let draw = &mut self.contacts[number];
        (draw.last_served, draw.moving_average) = (self.last_served, self.moving_average);
        draw.waiting = waiting;
        if draw.patience.is_finite() {
            self.agenda.push(Reverse((at(draw.comes_at + draw.patience), Happening::HangsUp, number)));
        }
        let asked = kind.asks.map(|skill| Condition { skill: SkillName::new(skill).expect("a name"), level: 1 });
        let new = NewContact {
            signals: Vec::new(),
            id: contact_id(number),
            queue: QueueName::new(kind.queue).expect("a name"),
            channel: ChannelName::new("voice").expect("a name"),
            requirement: Requirement {
                all: asked.into_iter().collect(),
                any: Vec::new(),
                none: Vec::new(),
                at_least: None::<AtLeast>,
            },
            target: None,
            excluded: Vec::new(),
            care: kind.moment.map(Care::moment).unwrap_or_default(),
            dynamic: kind.head_start,
            arrived_at: None,
            trace: None,
            details: Arc::new(ContactDetails::default()),
        };
        self.call(Command::EnqueueContact(Box::new(new)));
        for outcome in self.waits.outcomes() {
            match outcome {
                Outcome::Told { mean, waits, .. } => self.contacts[number].told = Some((mean, waits)),
                Outcome::Unknown { .. } => self.report.unknown += 1,
                Outcome::Judged { .. } => self.report.judged += 1,
            }
        }
    }

    fn call(&mut self, command: Command) {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "the world asks for nothing that is refused: {:?}", step.reply);
        self.follow(&step);
    }

    /// Takes in what happened; whoever is offered a contact has it at once.
    fn follow(&mut self, step: &Step) {
        for record in &step.records {
            self.waits.record(record.now, &record.events, self.driver.state(), Telling::Estimates);
        }
        for event in step.events() {
            match event {
                Event::AgentPut { agent, id, .. } => {
                    self.agents.insert(*agent, id.as_str()[1..].parse().expect("agents are numbered"));
                }
                Event::ContactQueued { contact, queued } => {
                    self.keys.insert(*contact, queued.id.as_str()[1..].parse().expect("contacts are numbered"));
                }
                Event::ContactClosed { contact, .. } => drop(self.keys.remove(contact)),
                Event::OfferMade { offer, contact, agent, .. } => self.offers.push_back((*offer, *contact, *agent)),
                _ => {}
            }
        }
        while let Some((offer, contact, agent)) = self.offers.pop_front() {
            self.answer(offer, self.keys[&contact], self.agents[&agent]);
        }
    }

    fn answer(&mut self, offer: OfferKey, number: usize, agent: usize) {
        let now = self.driver.now();
        let draw = &mut self.contacts[number];
        draw.is_over = true;
        let waited = (now - at(draw.comes_at)).0 as f64 / 1e6;
        let handling = draw.handling * (self.plan.longer)(now.0 as f64 / 1e6);
        self.agenda.push(Reverse((now + Span((handling * 1e6) as i64), Happening::Completes, number)));
        self.last_served = waited;
        self.moving_average = (self.moving_average * 3.0 + waited) / 4.0;
        if let Some((mean, told)) = draw.told.take() {
            self.report.samples.push(Sample {
                kind: draw.kind,
                at: draw.comes_at,
                waited,
                mean,
                told,
                last_served: draw.last_served,
                moving_average: draw.moving_average,
                waiting: draw.waiting,
            });
        }
        self.call(Command::AckOffer { agent: agent_id(agent), offer });
        let judged = self.waits.outcomes();
        self.report.judged += judged.iter().filter(|outcome| matches!(outcome, Outcome::Judged { .. })).count();
    }
}

fn agent_id(number: usize) -> AgentId {
    AgentId::new(&format!("a{number}")).expect("it obeys the grammar")
}

fn contact_id(number: usize) -> ContactId {
    ContactId::new(&format!("c{number}")).expect("it obeys the grammar")
}

/// All chance there is.
fn draw(plan: &Plan) -> Vec<Draw> {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let mut exponential = |mean: f64| -mean * random.random_range(f64::MIN_POSITIVE..1.0).ln();
    let (load, highest) = plan.load;
    let all: f64 = plan.kinds.iter().map(|kind| kind.rate).sum();
    let (mut secs, mut contacts) = (120.0, Vec::with_capacity(plan.contacts));
    while contacts.len() < plan.contacts {
        secs += exponential(1.0 / (all * highest));
        // The distance to the next of a Poisson process is uniform in its own probability.
        let (kept, which) = ((-exponential(1.0)).exp(), (-exponential(1.0)).exp());
        if kept * highest > load(secs) {
            continue;
        }
        let mut left = which * all;
        let kind = plan.kinds.iter().position(|kind| {
            left -= kind.rate;
            left <= 0.0
        });
        let kind = kind.unwrap_or(plan.kinds.len() - 1);
        let Kind { handling, patience, .. } = plan.kinds[kind];
        contacts.push(Draw {
            kind,
            comes_at: secs,
            handling: exponential(handling),
            patience: patience.map_or(f64::INFINITY, &mut exponential),
            is_over: false,
            told: None,
            last_served: 0.0,
            moving_average: 0.0,
            waiting: 0,
        });
    }
    contacts
}
