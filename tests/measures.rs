//! Measures of moments of truth, from what was kept: who took them, who left, how busy agents are, what words did; the
//! same as plain numbers and as metrics.

use std::sync::Arc;

use attune::{
    api::words,
    engine::{Command, Event, Proposal, Request},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, MomentName, QueueName, SessionId, SkillName, TenantId},
        requirement::Requirement,
        signal::{Signal, SignalKey, Source},
        time::{Span, Timestamp},
    },
    shard::{
        measures::{Group, Kind, Lift, Measures},
        observe::Observer,
    },
    sim::driver::{Driver, Step},
    telemetry::metrics,
};

const DOCUMENT: &str = r#"
    [skills]
    empathy = ""
    [empathy]
    level = 70
    [reserve]
    mode = "off"
    [channels.chat]
    [queues.main]
    service_level = "20s"
    offers = { acceptance = "automatic" }
    [moments.lost]
    triggers = [{ event = "card_lost" }]
"#;

struct World {
    driver: Driver,
    observer: Observer,
}

impl World {
    fn new() -> Self {
        let (driver, founding) = Driver::new(Timestamp(0), document(DOCUMENT));
        let mut observer = Observer::new(10);
        observer.record(&founding, driver.state());
        Self { driver, observer }
    }

    /// Lets a command happen a second later; desktops acknowledge what they are offered, which accepts it.
    fn call(&mut self, command: Command) {
        let passed = self.driver.pass(Span::from_secs(1));
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.observe(&passed);
        self.observe(&step);
        for event in step.events() {
            if let Event::OfferMade { offer, agent, .. } = event {
                let agent = self.driver.state().agent_id(*agent).expect("it is there").clone();
                self.call(Command::AckOffer { agent, offer: *offer });
            }
        }
    }

    fn observe(&mut self, step: &Step) {
        step.records.iter().for_each(|record| self.observer.record(record, self.driver.state()));
        self.observer.publish(self.driver.core());
    }

    fn agent(&mut self, name: &str, empathy: u8) {
        let (agent, session) = (agent(name), SessionId::new("s").unwrap());
        let mut profile = AgentProfile::default();
        profile.skills.insert(SkillName::new("empathy").unwrap(), empathy);
        let put = Command::PutAgent { agent: agent.clone(), profile: Arc::new(profile), expected: Expected::Anything };
        self.call(put);
        let connection = self.driver.next_connection();
        self.call(Command::OpenSession { agent: agent.clone(), session, connection });
        self.call(Command::SetPresence { agent, presence: Presence::Available });
    }

    fn contact(&mut self, name: &str, text: Option<&str>) {
        let heard = |text| Signal {
            key: SignalKey(1),
            revision: 0,
            observed_at: None,
            source: Source::Text,
            content: Some(words::read(text, "en")),
        };
        self.call(Command::EnqueueContact(Box::new(NewContact {
            id: contact(name),
            queue: QueueName::new("main").unwrap(),
            channel: ChannelName::new("chat").unwrap(),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: text.map(heard).into_iter().collect(),
            arrived_at: None,
            details: Arc::new(ContactDetails::default()),
            trace: None,
        })));
    }

    fn measures(&self) -> Measures {
        self.observer.measures(&TenantId::new("default").unwrap())
    }
}

fn document(text: &str) -> Document {
    Document::parse(text, Format::Toml).expect("it is valid")
}

fn agent(name: &str) -> AgentId {
    AgentId::new(name).unwrap()
}

fn contact(name: &str) -> ContactId {
    ContactId::new(name).unwrap()
}

#[test]
fn a_moment_its_neighbours_and_their_agents_are_measured() {
    let handle = metrics::install().unwrap();
    let mut world = World::new();
    world.agent("erin", 80);
    world.agent("omar", 40);
    world.contact("c1", Some("I lost my card abroad and need help right now"));
    world.contact("c2", None);
    world.contact("c3", Some("What are your opening hours?"));
    world.call(Command::CancelContact { contact: contact("c3"), reason: CancelReason::CustomerLeft });

    let measures = world.measures();
    let (moment, routine) = (measures.kinds[Kind::Moment as usize], measures.kinds[Kind::Routine as usize]);
    assert_eq!((moment.accepted, moment.empathetic, moment.in_time, moment.in_time_empathetic), (1, 1, 1, 1));
    assert_eq!((routine.accepted, routine.empathetic, routine.in_time, routine.abandoned), (1, 0, 1, 1));
    assert_eq!((moment.waited, routine.waited), (Span::from_secs(1), Span::from_secs(2)));
    let of = |group: Group| (measures.groups[group as usize].busy, measures.groups[group as usize].capacity);
    assert_eq!((of(Group::Empathetic), of(Group::Other)), ((100, 100), (100, 100)));
    assert_eq!(measures.lifted, Lift::ALL.map(|lift| u64::from(lift != Lift::Together)));
    assert_eq!((measures.texts.read, measures.texts.urgent), (2, 1));
    assert_eq!(measures.moments, [(MomentName::new("lost").unwrap(), 1)].into());

    let text = handle.render();
    for expected in [
        r#"attune_moments_total{tenant="default",moment="lost",source="text"} 1"#,
        r#"attune_care_answered_total{tenant="default",kind="moment",agent="empathetic",service_level="within"} 1"#,
        r#"attune_care_answered_total{tenant="default",kind="routine",agent="other",service_level="within"} 1"#,
        r#"attune_care_answered_total{tenant="default",kind="routine",agent="empathetic",service_level="within"} 0"#,
        r#"attune_care_wait_seconds_count{tenant="default",kind="moment"} 1"#,
        r#"attune_care_abandoned_seconds_count{tenant="default",kind="routine"} 1"#,
        r#"attune_agent_moment_share_ratio_count{tenant="default"} 1"#,
        r#"attune_texts_total{tenant="default",language="en",channel="chat"} 2"#,
        r#"attune_texts_urgent_total{tenant="default",language="en",channel="chat"} 1"#,
        r#"attune_text_contacts_total{tenant="default",lifted="by_words_alone"} 1"#,
        r#"attune_text_contacts_total{tenant="default",lifted="not"} 1"#,
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected}\nis not in\n{text}");
    }
    assert!(!text.contains("\"erin\"") && !text.contains("\"omar\""), "agents are no labels");
}

#[test]
fn occupancy_follows_work_and_who_counts_as_empathetic_follows_the_document() {
    // The other test counts in the process's metrics.
    ::metrics::with_local_recorder(&::metrics::NoopRecorder, occupancy);
}

fn occupancy() {
    let mut world = World::new();
    world.agent("erin", 80);
    world.agent("omar", 40);
    let of = |world: &World| world.measures().groups.map(|group| (group.busy, group.capacity));
    assert_eq!(of(&world), [(0, 100), (0, 100)]);
    world.contact("c1", Some("I lost my card abroad and need help right now"));
    assert_eq!(of(&world), [(100, 100), (0, 100)]);
    let away = Presence::Away { reason: "break".to_owned() };
    world.call(Command::SetPresence { agent: agent("omar"), presence: away });
    assert_eq!(of(&world), [(100, 100), (0, 0)]);
    world.call(Command::CompleteContact { contact: contact("c1") });
    assert_eq!(of(&world), [(0, 100), (0, 0)]);
    let stricter = Arc::new(document(&DOCUMENT.replace("level = 70", "level = 90")));
    world.call(Command::ApplyDocument(Box::new(Proposal::new(stricter))));
    world.call(Command::Tick);
    world.call(Command::Tick);
    assert_eq!(of(&world), [(0, 0), (0, 100)]);
}
