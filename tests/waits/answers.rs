//! What is answered to whoever asks how long a wait will be, in small worlds where one can tell by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use attune::{
    engine::{Command, Event, Reject, Request},
    forecast::waits::{Choice, Estimate, LOADS, Of, Outcome, QUANTILES, Question, Telling, Unknown, WaitView, Waits},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, ContactDetails, CustomerId, NewContact},
        document::{Document, Format},
        ids::{ActorId, AgentId, AgentKey, ChannelName, ContactId, ContactKey, QueueName, SessionId, SkillName},
        limits::WAIT_PLACES_MAX,
        requirement::Requirement,
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    sim::driver::{Driver, Step},
};

/// Agents take what they are offered at once, and a contact takes five minutes.
struct Desk {
    driver: Driver,
    waits: Waits,
    agents: BTreeMap<AgentKey, AgentId>,
    ids: BTreeMap<ContactKey, ContactId>,
    /// With agents, in the order in which they were taken.
    engaged: Vec<ContactId>,
    came: u32,
}

impl Desk {
    fn open(document: &str) -> Self {
        let rules = "offers = { acceptance = 'automatic' }\nmax_wait = { after = '12h' }\n";
        let text = document.replace("RULES", rules);
        let (driver, founded) = Driver::new(Timestamp(0), Document::parse(&text, Format::Toml).expect("it is valid"));
        let mut desk = Self {
            driver,
            waits: Waits::default(),
            agents: BTreeMap::new(),
            ids: BTreeMap::new(),
            engaged: Vec::new(),
            came: 0,
        };
        desk.waits.record(founded.now, &founded.events, desk.driver.state(), Telling::Estimates);
        desk
    }

    fn hire(&mut self, names: std::ops::Range<usize>, skill: Option<&str>) {
        for name in names {
            let (agent, session) = (agent(name), SessionId::new("s").unwrap());
            let skills = skill.iter().map(|skill| (SkillName::new(skill).unwrap(), 80)).collect();
            let profile = Arc::new(AgentProfile { skills, ..AgentProfile::default() });
            let connection = self.driver.next_connection();
            self.call(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
            self.call(Command::OpenSession { agent: agent.clone(), session, connection });
            self.be(name, Presence::Available);
        }
    }

    fn be(&mut self, name: usize, presence: Presence) {
        self.call(Command::SetPresence { agent: agent(name), presence });
    }

    fn enqueue(&mut self, queue: &str, customer: &str) -> ContactId {
        self.enqueue_by("voice", queue, customer)
    }

    fn enqueue_by(&mut self, channel: &str, queue: &str, customer: &str) -> ContactId {
        self.came += 1;
        let id = ContactId::new(&format!("c{}", self.came)).unwrap();
        let details = ContactDetails { customer_id: customer.to_owned(), ..ContactDetails::default() };
        self.call(Command::EnqueueContact(Box::new(NewContact {
            id: id.clone(),
            queue: QueueName::new(queue).unwrap(),
            channel: ChannelName::new(channel).unwrap(),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            trace: None,
            details: Arc::new(details),
        })));
        id
    }

    fn hang_up(&mut self, contact: ContactId) {
        self.call(Command::CancelContact { contact, reason: CancelReason::CustomerLeft });
    }

    /// Five minutes later all who were with agents are done.
    fn pass(&mut self) {
        let step = self.driver.pass(Span::from_secs(300));
        self.follow(&step);
        for contact in std::mem::take(&mut self.engaged) {
            self.call(Command::CompleteContact { contact });
        }
    }

    fn call(&mut self, command: Command) {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.follow(&step);
        for event in step.events() {
            match event {
                Event::AgentPut { agent, id, .. } => drop(self.agents.insert(*agent, id.clone())),
                Event::ContactQueued { contact, queued } => drop(self.ids.insert(*contact, queued.id.clone())),
                _ => {}
            }
        }
        for event in step.events() {
            if let Event::OfferMade { offer, contact, agent, .. } = event {
                self.engaged.push(self.ids[contact].clone());
                self.call(Command::AckOffer { agent: self.agents[agent].clone(), offer: *offer });
            }
        }
    }

    fn follow(&mut self, step: &Step) {
        for record in &step.records {
            self.waits.record(record.now, &record.events, self.driver.state(), Telling::Estimates);
        }
    }

    fn ask(&mut self, question: &Question) -> Vec<WaitView> {
        self.waits.answer(self.driver.now(), self.driver.state(), question).expect("it is not refused")
    }

    fn refused(&mut self, question: &Question) -> Reject {
        self.waits.answer(self.driver.now(), self.driver.state(), question).expect_err("it is refused")
    }

    fn idle(&mut self, secs: i64) {
        let step = self.driver.pass(Span::from_secs(secs));
        self.follow(&step);
    }

    /// How what was told turned out since this was last asked: what it was, and how long the wait was from then on.
    fn told(&mut self) -> Vec<([f64; QUANTILES.len()], f64)> {
        let outcomes = self.waits.outcomes().into_iter();
        let told = outcomes.filter_map(|outcome| match outcome {
            Outcome::Judged { of: Of::Told, waits, waited, .. } => Some((waits, waited)),
            _ => None,
        });
        told.collect()
    }

    fn wait_of(&mut self, contact: &ContactId) -> Result<Estimate, Unknown> {
        self.ask(&Question::Contact(contact.clone()))[0].estimate
    }

    fn quickest(&mut self, queues: &[&str], told: Option<&str>) -> Vec<(String, Result<Estimate, Unknown>)> {
        let options = queues.iter().map(|queue| choice(queue)).collect();
        let told = told.map(|customer| CustomerId(customer.to_owned()));
        let views = self.ask(&Question::Newcomer { options, told }).into_iter();
        views.map(|view| (view.queue.to_string(), view.estimate)).collect()
    }
}

fn agent(name: usize) -> AgentId {
    AgentId::new(&format!("a{name}")).unwrap()
}

/// So many teams of one agent with a queue each; the agents have handled three contacts, and two wait in each queue.
fn teams(count: usize) -> Desk {
    let mut text = "[channels.voice]\n[skills]\n".to_owned();
    (0..count).for_each(|team| text += &format!("s{team} = ''\n"));
    (0..count).for_each(|team| text += &format!("[queues.q{team}]\nrequire = {{ all = ['s{team}'] }}\nRULES"));
    let mut desk = Desk::open(&text);
    for team in 0..count {
        desk.hire(team..team + 1, Some(&format!("s{team}")));
        (0..6).for_each(|_| _ = desk.enqueue(&format!("q{team}"), ""));
    }
    (0..3).for_each(|_| desk.pass());
    desk
}

fn choice(queue: &str) -> Choice {
    Choice {
        queue: QueueName::new(queue).unwrap(),
        channel: None,
        requirement: Requirement::default(),
        moment_of_truth: false,
        head_start: Span::ZERO,
    }
}

fn secs(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

fn away() -> Presence {
    Presence::Away { reason: "shift".to_owned() }
}

const BOTH: &str = "[channels.voice]\n[channels.email]\n[queues.main]\nRULES";
const ONE: &str = "[channels.voice]\n[queues.main]\nRULES";
const TWO: &str = "[skills]\nleft = ''\nright = ''\n[channels.voice]\n[queues.left]\nrequire = { all = ['left'] }\nRULES\
                   [queues.right]\nrequire = { all = ['right'] }\nRULES";

#[test]
fn a_wait_is_unknown_until_somebody_is_there_and_three_were_handled() {
    let mut desk = Desk::open(ONE);
    let first = desk.enqueue("main", "");
    assert_eq!(desk.wait_of(&first), Err(Unknown::NobodyThere));
    desk.hire(0..1, None);
    for _ in 0..3 {
        let next = desk.enqueue("main", "");
        assert_eq!(desk.wait_of(&next), Err(Unknown::FewStarts));
        desk.pass();
    }
    let next = desk.enqueue("main", "");
    let known = desk.wait_of(&next).expect("three were handled");
    assert!((secs(known.mean) - 300.0).abs() < 1.0, "{known:?}");
    assert!(known.waits.is_sorted() && known.waits[2] > Span::from_secs(400), "three say little: {known:?}");
}

#[test]
fn what_other_agents_handled_supports_no_wait() {
    let mut desk = Desk::open(TWO);
    desk.hire(0..1, Some("left"));
    desk.hire(1..2, Some("right"));
    (0..9).for_each(|_| _ = desk.enqueue("left", ""));
    (0..5).for_each(|_| desk.pass());
    desk.enqueue("right", "");
    let right = desk.enqueue("right", "");
    assert_eq!(desk.wait_of(&right), Err(Unknown::FewStarts));
    let newcomer = desk.quickest(&["right", "left"], None);
    assert!(newcomer[0].0 == "left" && newcomer[0].1.is_ok(), "{newcomer:?}");
    assert_eq!(newcomer[1].1, Err(Unknown::FewStarts));
    (0..3).for_each(|_| _ = desk.enqueue("right", ""));
    (0..3).for_each(|_| desk.pass());
    let next = desk.enqueue("right", "");
    assert!(desk.wait_of(&next).is_ok(), "three were handled");
}

#[test]
fn agents_who_will_go_are_missing_at_once() {
    let mut desk = Desk::open(ONE);
    desk.hire(0..10, None);
    (0..60).for_each(|_| _ = desk.enqueue("main", ""));
    (0..4).for_each(|_| desk.pass());
    let last = desk.enqueue("main", "");
    let before = desk.wait_of(&last).expect("forty were handled");
    assert!((secs(before.mean) - 330.0).abs() < 5.0, "ten before it, one each thirty seconds: {before:?}");
    assert_eq!(before.before, 10);
    (0..5).for_each(|name| desk.be(name, away()));
    let after = desk.wait_of(&last).expect("five go on");
    assert!((secs(after.mean) - 660.0).abs() < 10.0, "half as many, twice as long: {after:?}");
    (5..10).for_each(|name| desk.be(name, away()));
    assert_eq!(desk.wait_of(&last), Err(Unknown::NobodyThere));
    (0..10).for_each(|name| desk.be(name, Presence::Available));
    let step = desk.driver.pass(Span::from_millis(250));
    desk.follow(&step);
    let again = desk.wait_of(&last).expect("all are back");
    assert_eq!((again.mean, again.before), (before.mean, 10), "a quarter of a second later they are seen");
}

#[test]
fn each_of_many_teams_has_its_own_line_and_counts_it_once() {
    let mut desk = teams(600);
    // The first queues are looked at one by one, and the last are not.
    for team in [0, 63, 64, 65, 511, 512, 599] {
        let last = desk.enqueue(&format!("q{team}"), "");
        let known = desk.wait_of(&last).expect("three were handled");
        assert_eq!(known.before, 2, "team {team}: {known:?}");
        assert!((secs(known.mean) - 900.0).abs() < 1.0, "team {team}: {known:?}");
    }
}

#[test]
fn patience_is_that_of_the_line_while_it_is_tried() {
    let (mut plain, mut beside) = (Desk::open(BOTH), Desk::open(BOTH));
    for desk in [&mut plain, &mut beside] {
        desk.hire(0..1, None);
        let callers: Vec<_> = (0..10).map(|_| desk.enqueue("main", "")).collect();
        (0..3).for_each(|_| desk.pass());
        callers.into_iter().skip(6).take(2).for_each(|caller| desk.hang_up(caller));
    }
    // Letters wait for long and are withdrawn; a caller is put aside for long and hangs up.
    let letters: Vec<_> = (0..8).map(|_| beside.enqueue_by("email", "main", "")).collect();
    let aside = beside.enqueue("main", "");
    beside.call(Command::ParkContact { contact: aside.clone(), longest: Span::from_secs(3_600) });
    for desk in [&mut plain, &mut beside] {
        let step = desk.driver.pass(Span::from_secs(1_800));
        desk.follow(&step);
    }
    letters.into_iter().chain([aside]).for_each(|contact| beside.hang_up(contact));
    let [alone, others] = [&mut plain, &mut beside].map(|desk| {
        (0..5).for_each(|_| _ = desk.enqueue("main", ""));
        let last = desk.enqueue("main", "");
        desk.wait_of(&last).expect("three were handled")
    });
    assert_eq!(alone.before, others.before);
    assert!((secs(alone.mean) / secs(others.mean) - 1.0).abs() < 0.02, "{alone:?}, {others:?}");
}

#[test]
fn others_who_may_take_it_later_shorten_a_wait() {
    let steps = "steps = [{ after = '2m', require = {} }]";
    let text = format!(
        "[skills]\npolish = ''\n[channels.voice]\n[queues.main]\nrequire = {{ all = ['polish'] }}\nRULES{steps}\n"
    );
    let (mut alone, mut relaxed) = (Desk::open(&text.replace(steps, "")), Desk::open(&text));
    for desk in [&mut alone, &mut relaxed] {
        desk.hire(0..1, Some("polish"));
        for _ in 0..4 {
            desk.enqueue("main", "");
            desk.pass();
        }
        // One is at work, four stand before the last.
        (0..5).for_each(|_| _ = desk.enqueue("main", ""));
        desk.hire(1..10, None);
    }
    let (alone_last, relaxed_last) = (alone.enqueue("main", ""), relaxed.enqueue("main", ""));
    let (alone, relaxed) = (alone.wait_of(&alone_last).unwrap(), relaxed.wait_of(&relaxed_last).unwrap());
    assert!(secs(alone.mean) > 1_400.0, "{alone:?}");
    assert!((120.0..300.0).contains(&secs(relaxed.mean)), "nine more from two minutes on: {relaxed:?}");
}

#[test]
fn as_many_queues_and_channels_are_compared_as_one_call_may_take() {
    let channels: String = (0..16).map(|channel| format!("[channels.c{channel}]\n")).collect();
    let mut desk = Desk::open(&format!("{channels}[queues.main]\nRULES"));
    let asks = |options| Question::Newcomer { options: vec![choice("main"); options], told: None };
    assert_eq!(desk.ask(&asks(4)).len(), WAIT_PLACES_MAX);
    let refused = desk.refused(&asks(5));
    assert!(matches!(refused, Reject::LimitReached { limit: WAIT_PLACES_MAX, .. }), "{refused}");
}

#[test]
fn a_head_start_is_a_place_before_others_who_wait() {
    let mut desk = Desk::open(ONE);
    desk.hire(0..1, None);
    (0..8).for_each(|_| _ = desk.enqueue("main", ""));
    (0..3).for_each(|_| desk.pass());
    let behind = desk.ask(&Question::Newcomer { options: vec![choice("main")], told: None });
    let before = Choice { head_start: Span::from_secs(3_600), ..choice("main") };
    let ahead = desk.ask(&Question::Newcomer { options: vec![before], told: None });
    assert_eq!((behind[0].ahead, ahead[0].ahead), (4, 0));
    assert_eq!((behind[0].estimate.unwrap().before, ahead[0].estimate.unwrap().before), (4, 0));
}

#[test]
fn not_everybody_is_sent_the_same_way() {
    let mut desk = Desk::open(TWO);
    desk.hire(0..2, Some("left"));
    desk.hire(2..4, Some("right"));
    for queue in ["left", "right"] {
        (0..8).for_each(|_| _ = desk.enqueue(queue, ""));
    }
    (0..3).for_each(|_| desk.pass());
    let asked = |desk: &mut Desk, told| desk.quickest(&["left", "right"], told)[0].0.clone();
    let nobody: Vec<String> = (0..3).map(|_| asked(&mut desk, None)).collect();
    assert!(nobody.iter().all(|queue| *queue == nobody[0]), "asking alone changes nothing: {nobody:?}");
    let customers = ["ada", "bob", "cyd", "dan"];
    let sent: Vec<String> = customers.iter().map(|customer| asked(&mut desk, Some(customer))).collect();
    assert!(sent[0] != sent[1] && sent[2] != sent[3], "each is sent where fewer were: {sent:?}");
    let again: Vec<String> = (0..3).map(|_| asked(&mut desk, Some("dan"))).collect();
    assert!(again.iter().all(|queue| *queue == sent[3]), "whoever asks again is told the same: {again:?}");

    let counted = |desk: &mut Desk, queue| desk.quickest(&[queue], None)[0].1.expect("it is known").before;
    let told = counted(&mut desk, &sent[0]);
    desk.enqueue(&sent[0], "ada");
    assert_eq!(counted(&mut desk, &sent[0]), told, "a customer who has come stands there and is told of no more");
    let [bob_told, dan_told] = [1, 3].map(|at| counted(&mut desk, &sent[at]));
    let action = Action::EraseCustomer { customer: CustomerId("bob".to_owned()) };
    let (actor, reason) = (ActorId::new("maria").unwrap(), "the customer asked for it".to_owned());
    desk.call(Command::Supervise(Arc::new(Supervision { actor, reason, action })));
    assert_eq!(counted(&mut desk, &sent[1]), bob_told - 1, "nobody counts who is erased");
    let step = desk.driver.pass(Span::from_secs(59));
    desk.follow(&step);
    assert_eq!(counted(&mut desk, &sent[3]), dan_told - u64::from(sent[1] == sent[3]), "dan may still come");
    let step = desk.driver.pass(Span::from_secs(1));
    desk.follow(&step);
    assert!(
        counted(&mut desk, &sent[3]) < dan_told - u64::from(sent[1] == sent[3]),
        "a minute later he counts no more"
    );
}

/// One agent who has handled three contacts and is at a fourth; two wait.
fn busy() -> Desk {
    let mut desk = Desk::open(ONE);
    desk.hire(0..1, None);
    (0..6).for_each(|_| _ = desk.enqueue("main", ""));
    (0..3).for_each(|_| desk.pass());
    desk.waits.outcomes();
    desk
}

#[test]
fn what_a_customer_was_told_before_joining_is_judged_when_an_agent_takes_the_contact() {
    let mut desk = busy();
    let told = desk.quickest(&["main"], Some("ada"))[0].1.expect("three were handled").waits.map(secs);
    desk.idle(59);
    desk.enqueue("main", "bob");
    desk.enqueue("main", "ada");
    (0..3).for_each(|_| desk.pass());
    assert_eq!(desk.told(), [], "bob was told nothing");
    desk.pass();
    assert_eq!(desk.told(), [(told, 1_200.0)], "from joining on");
}

#[test]
fn the_last_answer_about_a_contact_that_waits_is_judged_and_no_other() {
    let mut desk = busy();
    let told = desk.quickest(&["main"], Some("ada"))[0].1.expect("three were handled");
    let ada = desk.enqueue("main", "ada");
    desk.idle(100);
    desk.wait_of(&ada).expect("it is known");
    desk.pass();
    let last = desk.wait_of(&ada).expect("it is known");
    assert_ne!(last.waits, told.waits);
    (0..2).for_each(|_| desk.pass());
    assert_eq!(desk.told(), [(last.waits.map(secs), 600.0)]);
}

#[test]
fn nobody_was_told_of_what_was_parked_or_told_too_long_ago_or_of_another_line() {
    let mut desk = busy();
    desk.quickest(&["main"], Some("late"));
    desk.idle(60);
    desk.enqueue("main", "late");
    let parked = desk.enqueue("main", "");
    desk.wait_of(&parked).expect("it is known");
    desk.call(Command::ParkContact { contact: parked.clone(), longest: Span::from_secs(3_600) });
    desk.call(Command::ReleaseContact { contact: parked });
    (0..6).for_each(|_| desk.pass());
    assert_eq!(desk.told(), []);

    let mut desk = Desk::open(TWO);
    desk.hire(0..1, Some("left"));
    desk.hire(1..2, Some("right"));
    for queue in ["left", "right"] {
        (0..6).for_each(|_| _ = desk.enqueue(queue, ""));
    }
    (0..3).for_each(|_| desk.pass());
    assert!(desk.quickest(&["left"], Some("ada"))[0].1.is_ok());
    desk.enqueue("right", "ada");
    (0..6).for_each(|_| desk.pass());
    assert_eq!(desk.told(), []);
}

#[test]
fn the_load_at_which_a_contact_came_is_known_when_it_is_judged() {
    let mut desk = busy();
    // Two stand before it, and one is with the only agent.
    desk.enqueue("main", "");
    (0..3).for_each(|_| desk.pass());
    let mut loads = desk.waits.outcomes().into_iter().filter_map(|outcome| match outcome {
        Outcome::Judged { of: Of::Entry(load), waited, .. } => Some((LOADS[load.band()], waited)),
        _ => None,
    });
    assert_eq!(loads.next_back(), Some(("4.20", 900.0)), "three pieces of work in hand");
}

#[test]
fn a_look_takes_each_line_once_and_each_set_of_agents_once_however_many_wait() {
    let mut text = "[channels.voice]\n[skills]\n".to_owned();
    (0..3).for_each(|skill| text += &format!("s{skill} = ''\n"));
    (0..30).for_each(|queue| text += &format!("[queues.q{queue}]\nrequire = {{ all = ['s{}'] }}\nRULES", queue % 3));
    let mut desk = Desk::open(&text);
    (0..3).for_each(|skill| desk.hire(skill * 4..skill * 4 + 4, Some(&format!("s{skill}"))));
    (0..12).for_each(|agent| _ = desk.enqueue(&format!("q{agent}"), ""));
    let mut seen = Vec::new();
    for contacts in [1, 20] {
        (0..contacts * 30).for_each(|contact| _ = desk.enqueue(&format!("q{}", contact % 30), ""));
        let crowds: Vec<_> = desk.driver.state().crowds().collect();
        let asked: BTreeSet<_> = crowds.iter().map(|crowd| crowd.asks).collect();
        let sets: BTreeSet<_> = crowds.iter().map(|crowd| desk.driver.state().crowd_takers(crowd.number)).collect();
        let waiting: usize = crowds.iter().map(|crowd| crowd.waiting).sum();
        assert_eq!(sets.iter().map(|set| set.len()).sum::<usize>(), 12, "each skill's agents are a set");
        seen.push((crowds.len(), asked.len(), sets.len(), waiting));
    }
    assert_eq!(seen, [(30, 3, 3, 30), (30, 3, 3, 630)]);
}
