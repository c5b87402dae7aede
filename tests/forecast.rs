//! What is learnt from the records and taken back in: the automatic reserve follows a day's load, accepting takes as long
//! as it takes, and sources are worth what they keep.

use std::sync::Arc;

use attune::{
    engine::{Command, Event},
    forecast::Forecast,
    journal::Record,
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::{Announced, Care},
        contact::{CancelReason, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, SessionId, SkillName, SourceName},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    sim::{
        centre::{Plan, Policy, Report, play},
        driver::Driver,
    },
};

fn kept(reserve: &str, plan: &Plan) -> Report {
    let rules = format!(
        "empathy = {{ consecutive_max = 0, share_max = 100 }}\nreserve = {{ mode = 'fixed', floor_until = '1h'{reserve} }}"
    );
    let (head_start, hold) = (Span::from_secs(3_600), Span::from_secs(20));
    play(plan, &Policy { rules, head_start, hold, announced: Span::ZERO })
}

/// A day on which the share of moments of truth rises from four in a hundred to twelve.
#[test]
fn the_reserve_follows_the_load_of_a_day() {
    let plan = Plan { moments: 0.04, growth: 3.0, ..Plan::usual(0.95, 10_000, 7) };
    let fixed = [1, 2, 3].map(|k| kept(&format!(", k = {k}"), &plan));
    let auto = kept(", target = 5", &plan);
    let row = |name: &str, report: &Report| {
        let (share, level) = (report.moments.empathetic_share(), report.service_level());
        println!("{name:8} {share:5.1} % on empathetic agents, service level {level:.1} %, kept {:?}", report.kept);
    };
    (1..).zip(&fixed).for_each(|(k, report)| row(&format!("k = {k}"), report));
    row("auto", &auto);
    assert!(fixed.iter().all(|report| report.kept.is_empty()), "what the document says is left alone");
    let (first, most) = (auto.kept[0], *auto.kept.iter().max().unwrap());
    assert!(first + 2 <= most, "it rises with the load: {:?}", auto.kept);
    assert!(auto.kept.len() < 25, "it does not flap: {:?}", auto.kept);
    let share = |report: &Report| report.moments.empathetic_share();
    assert!(share(&auto) > share(&fixed[1]), "two all day are too few");
    assert!((share(&auto) - 95.0).abs() < 2.0, "of a hundred five may find nobody: {}", share(&auto));
    assert!(auto.service_level() > fixed[2].service_level() - 0.5, "and it costs no more than three all day");
}

#[test]
#[ignore = "minutes: what the automatic reserve is worth beside fixed ones"]
fn the_automatic_reserve_beside_fixed_ones() {
    for load in [0.80, 0.95, 1.10] {
        for rules in [", k = 1", ", k = 2", ", target = 10", ", target = 5"] {
            let report = kept(rules, &Plan::usual(load, 40_000, 11));
            let (share, level) = (report.moments.empathetic_share(), report.service_level());
            let waits = report.routine.mean_wait();
            println!(
                "load {load:.2}{rules:14} {share:5.1} % on E, {level:.1} % in time, routine {waits:.1} s, kept {:?}",
                report.kept
            );
            assert!(report.kept.len() < 150, "it does not flap");
        }
    }
}

/// Three of ten announced moments of truth never come.
#[test]
fn what_a_source_does_not_keep_costs_routine_contacts_less_once_it_is_known() {
    let plan = Plan { no_shows: 3.0 / 7.0, ..Plan::usual(0.95, 12_000, 9) };
    let rules = "empathy = {}\nreserve = { mode = 'fixed', k = 0, k_by_skill = { none = 1 }, floor_until = '1h' }";
    let (head_start, hold) = (Span::from_secs(3_600), Span::from_secs(20));
    let policy = Policy { rules: rules.to_owned(), head_start, hold, announced: Span::from_secs(30) };
    let believed = play(&plan, &policy);
    let known = play(&Plan { source: SourceName::new("ivr").ok(), ..plan.clone() }, &policy);
    let honest = play(&Plan { no_shows: 0.0, ..plan.clone() }, &policy);
    for (name, report) in [("honest", &honest), ("believed", &believed), ("known", &known)] {
        let (share, level) = (report.moments.empathetic_share(), report.service_level());
        let waits = report.routine.mean_wait();
        println!("{name:8} {share:5.1} % on empathetic agents, service level {level:.1} %, routine {waits:.2} s");
    }
    assert!(known.routine.mean_wait() < believed.routine.mean_wait(), "fewer are kept free in vain");
    let lost = honest.moments.empathetic_share() - known.moments.empathetic_share();
    assert!(lost < 3.0, "and moments find somebody as before: {lost:.1} points fewer");
}

const START: Timestamp = Timestamp(1_000_000_000_000);

/// One queue, one agent who is empathetic, and everything that was recorded.
struct Office {
    driver: Driver,
    records: Vec<Record>,
    contacts: u32,
}

impl Office {
    fn open() -> Self {
        let text = "empathy = {}\n[skills]\nempathy = ''\n[channels.voice]\n[queues.main]\nwrap_up = { time = 0 }\n";
        let (mut driver, founded) = Driver::new(START, Document::parse(text, Format::Toml).unwrap());
        driver.learn(&founded);
        let mut office = Self { driver, records: vec![founded], contacts: 0 };
        let agent = AgentId::new("ana").unwrap();
        let skills = [(SkillName::new("empathy").unwrap(), 80)].into();
        let profile = Arc::new(AgentProfile { skills, ..AgentProfile::default() });
        let connection = office.driver.next_connection();
        office.call(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
        let session = SessionId::new("s").unwrap();
        office.call(Command::OpenSession { agent: agent.clone(), session, connection });
        office.call(Command::SetPresence { agent, presence: Presence::Available });
        office
    }

    fn call(&mut self, command: Command) -> Vec<Event> {
        let step = self.driver.call(command);
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.keep(step.records)
    }

    fn pass(&mut self, span: Span) -> Vec<Event> {
        let step = self.driver.pass(span);
        self.keep(step.records)
    }

    fn keep(&mut self, records: Vec<Record>) -> Vec<Event> {
        let events = records.iter().flat_map(|record| record.events.clone()).collect();
        self.records.extend(records);
        events
    }

    fn next(&mut self) -> ContactId {
        self.contacts += 1;
        ContactId::new(&format!("c{}", self.contacts)).unwrap()
    }

    fn enqueue(&mut self, id: &ContactId) -> Vec<Event> {
        self.call(Command::EnqueueContact(Box::new(NewContact {
            id: id.clone(),
            queue: QueueName::new("main").unwrap(),
            channel: ChannelName::new("voice").unwrap(),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            details: Arc::default(),
        })))
    }

    /// A contact that ana accepts after so long, and completes.
    fn handle(&mut self, accepting: Span) {
        let id = self.next();
        let offer = offer_of(&self.enqueue(&id)).expect("ana is free");
        let agent = AgentId::new("ana").unwrap();
        self.call(Command::AckOffer { agent: agent.clone(), offer });
        self.pass(accepting);
        self.call(Command::AcceptOffer { agent, offer });
        self.pass(Span::from_secs(30));
        self.call(Command::CompleteContact { contact: id });
    }

    /// Every setting that was taken over, in order.
    fn learnt(&self) -> Vec<&Event> {
        let is_learnt = |event: &&Event| {
            matches!(event, Event::AcceptanceLearnt { .. } | Event::ShowRateLearnt { .. } | Event::ReserveSet { .. })
        };
        self.records.iter().flat_map(|record| &record.events).filter(is_learnt).collect()
    }
}

fn offer_of(events: &[Event]) -> Option<OfferKey> {
    events.iter().find_map(|event| match event {
        Event::OfferMade { offer, .. } => Some(*offer),
        _ => None,
    })
}

/// When a routine contact that waits while ana is busy may take whoever is kept free, after coming.
fn released_after(office: &mut Office) -> Span {
    let (first, second) = (office.next(), office.next());
    office.enqueue(&first);
    office.enqueue(&second);
    let came_at = office.driver.now();
    office.pass(Span::from_secs(60));
    let released = office.records.iter().find_map(|record| {
        let is_later = record.now > came_at;
        let reached = record.events.iter().any(|event| matches!(event, Event::PhaseReached { .. }));
        (is_later && reached).then(|| record.now - came_at)
    });
    for contact in [first, second] {
        office.call(Command::CancelContact { contact, reason: CancelReason::Withdrawn });
    }
    released.expect("the reserve gives way in time")
}

#[test]
fn the_reserve_gives_way_in_time_for_agents_who_take_eight_seconds_to_accept() {
    let mut office = Office::open();
    let before = released_after(&mut office);
    (0..60).for_each(|_| office.handle(Span::from_secs(8)));
    let usual = office.learnt().iter().rev().find_map(|event| match event {
        Event::AcceptanceLearnt { usual, .. } => *usual,
        _ => None,
    });
    let usual = usual.expect("eight seconds are not the usual three");
    assert!((usual.0 - 8_000_000).abs() <= 800_000, "{usual}");
    assert_eq!(office.learnt().len(), 1, "it is said once: {:?}", office.learnt());
    let after = released_after(&mut office);
    assert_eq!(after.0 + usual.0, before.0 + Span::from_secs(3).0, "{before} before, {after} after");
}

#[test]
fn a_source_that_keeps_half_of_its_promises_is_worth_half() {
    let mut office = Office::open();
    let source = SourceName::new("ivr").unwrap();
    let announce = |office: &mut Office| {
        let (contact, expected_at) = (office.next(), office.driver.now() + Span::from_secs(90));
        let announced = Announced { moment_of_truth: true, probability: 1_000 };
        let command = Command::AnnounceContact {
            contact: contact.clone(),
            expected_at,
            announced,
            source: Some(source.clone()),
            details: Arc::default(),
        };
        let weight = office.call(command).iter().find_map(|event| match event {
            Event::ContactAnnounced { weight, .. } => Some(*weight),
            _ => None,
        });
        (contact, weight.expect("it was announced"))
    };
    assert_eq!(announce(&mut office).1, 1_000, "nothing is known of it yet");
    for at in 0..100 {
        let (contact, _) = announce(&mut office);
        office.pass(Span::from_secs(90));
        if at % 2 == 0 {
            office.enqueue(&contact);
            office.call(Command::CancelContact { contact, reason: CancelReason::CustomerLeft });
        }
        office.pass(Span::from_secs(60));
    }
    let (_, weight) = announce(&mut office);
    assert!((450..=600).contains(&weight), "{weight} thousandths");
}

#[test]
fn the_same_records_give_the_same_advice_and_the_same_world() {
    let mut office = Office::open();
    (0..80).for_each(|at| office.handle(Span::from_secs(5 + at % 4)));
    let mut forecast = Forecast::new();
    let mut advised: Vec<Command> = Vec::new();
    for record in &office.records {
        forecast.record(record.now, &record.events, office.driver.state());
        advised.extend(forecast.advice(record.now).unwrap_or_default());
    }
    let is_learnt =
        |command: &&Command| matches!(command, Command::LearnAcceptance { .. } | Command::SetReserve { .. });
    let recorded: Vec<&Command> = office.records.iter().map(|record| &record.input.command).filter(is_learnt).collect();
    assert_eq!(advised.iter().collect::<Vec<_>>(), recorded);
    assert!(!recorded.is_empty());
    let again = attune::shard::core::Core::recover(office.records.clone()).unwrap();
    let tenant = &office.records[0].tenant;
    assert!(again.state(tenant) == Some(office.driver.state()), "recovery knows what was learnt");
}
