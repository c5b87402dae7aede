//! A contact's one line in the log, when it has ended: what it says, when, and what it never says.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use attune::{
    engine::{Command, Event, Request},
    journal::Record,
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, SessionId},
        requirement::Requirement,
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    shard::observe::Observer,
    sim::driver::{Driver, Step},
};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

const DOCUMENT: &str = r#"
    [channels.voice]
    [channels.email]
    interruptible = true
    [queues.calls]
    wrap_up = { time = "30s" }
    [queues.mail]
"#;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Every line, without what all lines of a log have.
    fn lines(&self) -> Vec<Value> {
        let line = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let fields = line.as_object_mut().unwrap();
            assert!(fields.remove("timestamp").is_some());
            assert_eq!(fields.remove("level"), Some(json!("INFO")));
            assert_eq!(fields.remove("target"), Some(json!("attune::contact")));
            assert_eq!(fields.remove("message"), Some(json!("contact ended")));
            assert_eq!(fields.remove("tenant"), Some(json!("default")));
            line
        };
        self.text().lines().map(line).collect()
    }
}

struct World {
    driver: Driver,
    records: Vec<Record>,
    observer: Observer,
    log: Log,
}

impl World {
    fn new(observer: Observer) -> Self {
        let document = Document::parse(DOCUMENT, Format::Toml).expect("it is valid");
        let (driver, founding) = Driver::new(Timestamp(0), document);
        let mut world = Self { driver, records: Vec::new(), observer, log: Log::default() };
        world.observe(founding);
        world
    }

    /// Lets a command happen at this second; the offer that it led to, if it did.
    fn at(&mut self, second: i64, command: Command) -> Option<OfferKey> {
        let passed = self.driver.pass_until(Timestamp(second * 1_000_000));
        self.take(passed);
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        let made = step.events().find_map(|event| match event {
            Event::OfferMade { offer, .. } => Some(*offer),
            _ => None,
        });
        self.take(step);
        made
    }

    fn take(&mut self, step: Step) {
        step.records.into_iter().for_each(|record| self.observe(record));
    }

    fn observe(&mut self, record: Record) {
        let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(self.log.clone()).finish();
        tracing::subscriber::with_default(log, || self.observer.record(&record, self.driver.state()));
        self.records.push(record);
    }

    fn sign_in(&mut self) {
        let (agent, session) = (ana(), SessionId::new("s").unwrap());
        let profile = Arc::new(AgentProfile::default());
        self.at(1, Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
        let connection = self.driver.next_connection();
        self.at(1, Command::OpenSession { agent: agent.clone(), session, connection });
        self.at(1, Command::SetPresence { agent, presence: Presence::Available });
    }

    fn accept(&mut self, second: i64, offer: OfferKey) {
        self.at(second, Command::AckOffer { agent: ana(), offer });
        self.at(second + 4, Command::AcceptOffer { agent: ana(), offer });
    }

    /// Of one customer, who comes before others for coming again: an email is set aside for a call; a call is left by its customer; somebody never comes.
    fn play(&mut self) {
        self.sign_in();
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = TraceContext::parse(trace, "").unwrap();
        let email = self.at(10, enqueue("e1", "mail", "email", Some(trace))).unwrap();
        self.accept(10, email);
        let call = self.at(20, enqueue("v1", "calls", "voice", None)).unwrap();
        self.accept(20, call);
        self.at(44, Command::CompleteContact { contact: contact("v1") });
        self.at(100, Command::CompleteContact { contact: contact("e1") });
        let declined = self.at(110, enqueue("v2", "calls", "voice", None)).unwrap();
        self.at(110, Command::AckOffer { agent: ana(), offer: declined });
        self.at(115, Command::DeclineOffer { agent: ana(), offer: declined, reason: "4711 again".to_owned() });
        self.at(120, Command::CancelContact { contact: contact("v2"), reason: CancelReason::CustomerLeft });
        let announced = Announced { moment_of_truth: false, probability: 500 };
        self.at(
            130,
            Command::AnnounceContact {
                contact: contact("v3"),
                expected_at: Timestamp(140_000_000),
                announced,
                source: None,
                details: details(),
            },
        );
        let passed = self.driver.pass_until(Timestamp(300_000_000));
        self.take(passed);
    }
}

fn ana() -> AgentId {
    AgentId::new("ana").unwrap()
}

fn contact(id: &str) -> ContactId {
    ContactId::new(id).unwrap()
}

fn details() -> Arc<ContactDetails> {
    let attributes = [("iban".to_owned(), "DE02 4711".to_owned())].into();
    Arc::new(ContactDetails { customer_id: "4711".to_owned(), attributes, context: "calls as 4711".to_owned() })
}

fn enqueue(id: &str, queue: &str, channel: &str, trace: Option<TraceContext>) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: contact(id),
        queue: QueueName::new(queue).unwrap(),
        channel: ChannelName::new(channel).unwrap(),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: details(),
        trace: trace.map(Box::new),
    }))
}

fn live() -> Observer {
    let mut observer = Observer::new(10).with_lines(true);
    observer.go_live();
    observer
}

#[test]
fn every_contact_has_its_line_once_it_has_ended() {
    let mut world = World::new(live());
    world.play();
    let expected = [
        json!({
            "contact": "v1", "queue": "calls", "channel": "voice", "outcome": "handled", "offers": 1,
            "waited_ms": 4_000, "talk_ms": 20_000, "wrap_up_ms": 30_000, "head_start_ms": 22_000, "moment_of_truth": false,
        }),
        json!({
            "contact": "e1", "queue": "mail", "channel": "email", "outcome": "handled", "offers": 1,
            "waited_ms": 4_000, "talk_ms": 32_000, "hold_ms": 54_000, "moment_of_truth": false,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        }),
        json!({
            "contact": "v2", "queue": "calls", "channel": "voice", "outcome": "abandoned", "offers": 1, "declined": 1,
            "waited_ms": 10_000, "head_start_ms": 45_000, "moment_of_truth": false,
        }),
        json!({ "contact": "v3", "outcome": "never_came", "offers": 0, "moment_of_truth": false }),
    ];
    assert_eq!(world.log.lines(), expected);
    let text = world.log.text();
    assert!(!text.contains("4711") && !text.contains("iban"), "a customer is named in {text}");
}

#[test]
fn what_a_start_repeats_is_not_told_again_and_what_it_could_not_see_is_partial() {
    let mut silent = World::new(Observer::new(10).with_lines(true));
    silent.play();
    assert_eq!(silent.log.text(), "", "nothing is news");
    let mut off = Observer::new(10).with_lines(false);
    off.go_live();
    let mut off = World::new(off);
    off.play();
    assert_eq!(off.log.text(), "", "it is switched off");

    // Begun anew while a contact waits, as from a snapshot.
    let mut world = World::new(live());
    world.sign_in();
    let offer = world.at(10, enqueue("v1", "calls", "voice", None)).unwrap();
    world.observer = live();
    world.accept(10, offer);
    world.at(24, Command::CompleteContact { contact: contact("v1") });
    let passed = world.driver.pass_until(Timestamp(60_000_000));
    world.take(passed);
    let lines = world.log.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["partial"], &lines[0]["talk_ms"], &lines[0]["offers"]),
        (&json!(true), &json!(10_000), &json!(0))
    );
}
