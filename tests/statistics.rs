//! Statistics over windows, from what was kept: every wait of a small day counted by hand, the windows in which it shows,
//! what metrics say of it, and what a restart leaves.

use std::sync::Arc;

use attune::{
    engine::{Command, Event, Request, State, command::Destination},
    forecast::waits::Outcome,
    journal::Record,
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, ContactDetails, KeepPlace, NewContact},
        document::{Document, Format, ServiceLevelBy},
        ids::{ActorId, AgentId, ChannelName, ContactId, QueueName, SessionId, TenantId},
        requirement::Requirement,
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    shard::{
        core::Core,
        observe::Observer,
        statistics::{Row, Rows, Scope, Told, counts::Counts, windows::Window},
    },
    sim::driver::{Driver, Step},
    telemetry::{exposition::Exposition, metrics::METRICS},
};

/// A minute before midnight in Hanoi.
const START: Timestamp = Timestamp(1_700_067_540_000_000);

const DOCUMENT: &str = r#"
    day_begins = "17h"
    [channels.voice]
    [channels.chat]
    [queues.main]
    service_level = "20s"
    service_level_by = "short_abandons_excluded"
    offers = { acceptance = "automatic" }
    wrap_up = { time = "10s" }
    max_wait = { after = "60s", then = "overflow", queue = "second" }
    [queues.second]
    service_level = "30s"
    service_level_by = "abandon_ignored"
    offers = { acceptance = "automatic" }
    [queues.quiet]
    channels = ["chat"]
"#;

struct World {
    driver: Driver,
    observer: Observer,
    records: Vec<Record>,
}

impl World {
    fn new() -> Self {
        let (driver, founding) = Driver::new(START, Document::parse(DOCUMENT, Format::Toml).unwrap());
        let mut world = Self { driver, observer: Observer::new(10), records: Vec::new() };
        world.observe(&[founding]);
        world
    }

    /// With these agents, who are away.
    fn with(agents: &[&str]) -> Self {
        let mut world = Self::new();
        for name in agents {
            let (agent, session) = (agent(name), SessionId::new("s").unwrap());
            let profile = Arc::new(AgentProfile::default());
            world.call(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
            let connection = world.driver.next_connection();
            world.call(Command::OpenSession { agent, session, connection });
            world.present(name, away());
        }
        world
    }

    fn observe(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.observer.record(record, self.driver.state()));
        self.records.extend_from_slice(records);
        self.observer.publish(self.driver.core());
    }

    fn pass(&mut self, seconds: i64) {
        let step = self.driver.pass(Span::from_secs(seconds));
        self.observe(&step.records);
    }

    fn call(&mut self, command: Command) -> Step {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.observe(&step.records);
        step
    }

    fn present(&mut self, name: &str, presence: Presence) -> Step {
        self.call(Command::SetPresence { agent: agent(name), presence })
    }

    fn enqueue(&mut self, name: &str, channel: &str) {
        self.call(Command::EnqueueContact(Box::new(NewContact {
            id: contact(name),
            queue: queue("main"),
            channel: ChannelName::new(channel).unwrap(),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            trace: None,
            details: Arc::new(ContactDetails::default()),
        })));
    }

    /// The agent takes whatever waits, and nothing after it.
    fn answer(&mut self, name: &str) {
        let step = self.present(name, Presence::Available);
        let made = step.events().find_map(|event| match event {
            Event::OfferMade { offer, .. } => Some(*offer),
            _ => None,
        });
        let offer = made.expect("somebody waits");
        self.call(Command::AckOffer { agent: agent(name), offer });
        self.present(name, away());
    }

    fn complete(&mut self, name: &str) {
        self.call(Command::CompleteContact { contact: contact(name) });
        // Wrap-up.
        self.pass(10);
    }

    /// Waits so long, and is handled.
    fn served(&mut self, name: &str, seconds: i64) {
        self.enqueue(name, "voice");
        self.pass(seconds);
        self.answer("erin");
        self.complete(name);
    }

    /// Waits so long, and leaves.
    fn leaves(&mut self, name: &str, seconds: i64) {
        self.enqueue(name, "voice");
        self.pass(seconds);
        self.call(Command::CancelContact { contact: contact(name), reason: CancelReason::CustomerLeft });
    }

    fn ask(&mut self, rows: &Rows) -> Told {
        let (now, tenant) = (self.driver.now(), tenant());
        self.observer.ask(now, &tenant, self.driver.state(), rows).unwrap()
    }

    fn row(&mut self, queue_name: Option<&str>, channel: Option<&str>) -> Row {
        let channel = channel.map(|name| ChannelName::new(name).unwrap());
        self.ask(&Rows::One(Scope { queue: queue_name.map(queue), channel })).rows.remove(0)
    }

    fn counts(&mut self, queue_name: Option<&str>, window: Window) -> Counts {
        self.row(queue_name, None).counts[window as usize].clone()
    }
}

fn away() -> Presence {
    Presence::Away { reason: "between contacts".to_owned() }
}

fn tenant() -> TenantId {
    TenantId::new("default").unwrap()
}

fn agent(name: &str) -> AgentId {
    AgentId::new(name).unwrap()
}

fn contact(name: &str) -> ContactId {
    ContactId::new(name).unwrap()
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).unwrap()
}

/// Part and whole.
fn level(counts: &Counts, by: ServiceLevelBy) -> (u64, u64) {
    let share = counts.service_level_by(by);
    (share.part, share.whole)
}

/// Ten contacts, each alone in its queue; erin and omar answer. T is 20 s in main and 30 s in second; short is 5 s.
fn small_day(world: &mut World) {
    // Answered after 10 s; after a minute erin passes it on, and 25 s later answers it in second; 40 s of talk.
    world.enqueue("a", "voice");
    world.pass(10);
    world.answer("erin");
    world.pass(60);
    let to = Destination::Queue(queue("second"));
    world.call(Command::TransferContact { contact: contact("a"), to, place: KeepPlace::New });
    world.pass(25);
    world.answer("erin");
    world.pass(40);
    world.complete("a");
    // Answered after exactly T, and a second later than that.
    world.served("b", 20);
    world.served("c", 21);
    // Gone after 4, 5, 12 and 30 s.
    world.leaves("d", 4);
    world.leaves("e", 5);
    world.leaves("f", 12);
    world.leaves("g", 30);
    // Put into second after 8 s, answered there after 31.
    world.enqueue("h", "voice");
    world.pass(8);
    let second = Some(queue("second"));
    world.call(Command::RequeueContact { contact: contact("h"), queue: second, place: KeepPlace::New });
    world.pass(31);
    world.answer("erin");
    world.complete("h");
    // Sent on to second after the longest wait in main, 60 s; gone there after 3.
    world.leaves("i", 63);
    // Answered after 6 s, but never connected; 10 s later, 16 after it came, omar answers.
    world.enqueue("j", "chat");
    world.pass(6);
    world.answer("erin");
    let reason = "no line".to_owned();
    world.call(Command::ReportConnectFailed { agent: agent("erin"), contact: contact("j"), reason });
    world.pass(10);
    world.answer("omar");
    world.complete("j");
}

#[test]
fn a_small_day_with_transfers_requeues_and_short_abandons_is_as_counted_by_hand() {
    let exposition = Exposition::of(METRICS);
    let mut world = metrics::with_local_recorder(&exposition, || {
        let mut world = World::with(&["erin", "omar"]);
        small_day(&mut world);
        world.pass(2);
        world.call(Command::Tick);
        world
    });

    let main = world.counts(Some("main"), Window::ThirtyMinutes);
    // Ten came, and j a second time.
    assert_eq!(main.entered, 11);
    let ends = main.ends;
    assert_eq!((ends.answered, ends.answered_in_time), (5, 4), "a b c j j, all but c in time");
    assert_eq!((ends.abandoned, ends.abandoned_in_time, ends.abandoned_short), (4, 3, 2), "d e f g; d e f; d e");
    assert_eq!((ends.moved_on, ends.moved_on_late, ends.given_up), (2, 1, 0), "h i; i");
    assert_eq!(ends.offered(), 10, "five answered, four gone, and i");
    assert_eq!(level(&main, ServiceLevelBy::AnsweredOnly), (4, 5));
    assert_eq!(level(&main, ServiceLevelBy::AbandonIgnored), (4, 7));
    assert_eq!(level(&main, ServiceLevelBy::AbandonNegative), (4, 10));
    assert_eq!(level(&main, ServiceLevelBy::AbandonPositive), (7, 10));
    assert_eq!(level(&main, ServiceLevelBy::ShortAbandonsExcluded), (4, 8));
    assert_eq!(level(&main, ServiceLevelBy::EventTimed), (4, 10), "met a b j j, missed c g i, gone d e f");
    assert_eq!((main.service_level.part, main.service_level.whole), (4, 8), "as main says");
    assert_eq!((main.transferred, main.connect_failed), (1, 1));
    assert_eq!((main.offers, main.offers_declined, main.offers_missed), (5, 0, 0));
    assert_eq!(main.answered_after.mean(), Some(Span::from_millis(14_600)), "10 20 21 6 16");
    assert_eq!(main.abandoned_after.sum(), Span::from_secs(4 + 5 + 12 + 30));
    // a: a minute of talk; b, c and the second j: none; each with ten seconds of wrap-up. The first j was not handled.
    assert_eq!((main.work.talk, main.work.wrap_up), (Span::from_secs(60), Span::from_secs(40)));
    assert_eq!((main.handling.len(), main.handling.mean()), (4, Some(Span::from_secs(25))));

    let second = world.counts(Some("second"), Window::ThirtyMinutes);
    assert_eq!((second.entered, second.ends.offered()), (3, 3), "a h i");
    assert_eq!((second.ends.answered, second.ends.answered_in_time), (2, 1));
    assert_eq!((second.ends.abandoned, second.ends.abandoned_short), (1, 1));
    assert_eq!((second.service_level.part, second.service_level.whole), (1, 2), "as second says");
    assert_eq!(second.answered_after.mean(), Some(Span::from_secs(28)));
    assert_eq!(second.work.talk, Span::from_secs(40));

    let all = world.counts(None, Window::ThirtyMinutes);
    assert_eq!((all.entered, all.ends.offered(), all.ends.answered), (14, 13, 7));
    assert_eq!((all.service_level.part, all.service_level.whole), (5, 10), "each queue's by its own name");
    assert_eq!(all.answered_after.len(), 7);
    let chat = world.row(Some("main"), Some("chat"));
    assert_eq!(chat.counts[Window::ThirtyMinutes as usize].entered, 2);
    assert_eq!(world.row(None, Some("chat")).counts, chat.counts, "chat came to main only");
    assert_eq!(world.counts(Some("quiet"), Window::Day), Counts::default());

    let text = exposition.render();
    let voice = "tenant=\"default\",queue=\"main\",channel=\"voice\"";
    let chat = "tenant=\"default\",queue=\"main\",channel=\"chat\"";
    for expected in [
        format!("attune_service_level_total{{{voice},result=\"met\"}} 2"),
        format!("attune_service_level_total{{{chat},result=\"met\"}} 2"),
        format!("attune_service_level_total{{{voice},result=\"missed\"}} 3"),
        format!("attune_service_level_total{{{voice},result=\"abandoned\"}} 1"),
        format!("attune_service_level_total{{{voice},result=\"short\"}} 2"),
        format!("attune_abandoned_total{{{voice},when=\"short\"}} 2"),
        format!("attune_abandoned_total{{{voice},when=\"in_time\"}} 1"),
        format!("attune_abandoned_total{{{voice},when=\"late\"}} 1"),
        format!("attune_transfers_total{{{voice}}} 1"),
        format!("attune_handling_seconds_total{{{voice},part=\"talk\"}} 60"),
        format!("attune_handling_seconds_total{{{voice},part=\"wrap_up\"}} 30"),
        "attune_agent_busy_capacity_seconds_total{tenant=\"default\",agent=\"other\"} 14000".to_owned(),
        "attune_agent_capacity_seconds_total{tenant=\"default\",agent=\"other\"} 14000".to_owned(),
        "attune_oldest_waiting_seconds{tenant=\"default\",queue=\"main\"} 0".to_owned(),
        "attune_queues_in_other{tenant=\"default\"} 0".to_owned(),
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected}\nis not in\n{text}");
    }
}

/// In a process's metrics two worlds would be counted together.
fn unseen<T>(test: impl FnOnce() -> T) -> T {
    metrics::with_local_recorder(&metrics::NoopRecorder, test)
}

#[test]
fn the_worked_example_gives_its_three_service_levels() {
    unseen(|| {
        let mut world = World::with(&["erin"]);
        (0..70).for_each(|number| world.served(&format!("in-time-{number}"), 2));
        (0..10).for_each(|number| world.leaves(&format!("left-{number}"), 10));
        (0..20).for_each(|number| world.served(&format!("over-{number}"), 21));
        let counts = world.counts(Some("main"), Window::ThirtyMinutes);
        let percent = |by| (counts.service_level_by(by).ratio().unwrap() * 1_000.0).round() / 10.0;
        assert_eq!(percent(ServiceLevelBy::AbandonIgnored), 77.8);
        assert_eq!(percent(ServiceLevelBy::AbandonNegative), 70.0);
        assert_eq!(percent(ServiceLevelBy::AbandonPositive), 80.0);
    });
}

#[test]
fn a_wait_that_goes_on_for_too_long_shows_when_its_time_is_over_and_no_earlier() {
    unseen(|| {
        let mut world = World::with(&["erin"]);
        world.enqueue("c1", "voice");
        let missed = |world: &mut World| world.counts(Some("main"), Window::OneMinute).first.missed;
        world.pass(20);
        assert_eq!(missed(&mut world), 0, "an answer now would be in time");
        let step = world.driver.pass(Span(1));
        world.observe(&step.records);
        assert_eq!(missed(&mut world), 1);
        let row = world.row(Some("main"), None);
        assert_eq!(row.waiting.unwrap().contacts, 1);
        assert_eq!(row.waiting.unwrap().oldest_since, Some(START));
        world.answer("erin");
        let counts = world.counts(Some("main"), Window::OneMinute);
        assert_eq!((counts.first.met, counts.first.missed), (0, 1), "once");
        assert_eq!(level(&counts, ServiceLevelBy::AbandonNegative), (0, 1));
    });
}

#[test]
fn who_has_waited_for_longest_need_not_stand_first() {
    let exposition = Exposition::of(METRICS);
    metrics::with_local_recorder(&exposition, || {
        let mut world = World::with(&["erin"]);
        let oldest = |world: &mut World| world.row(Some("main"), None).waiting.unwrap();
        world.enqueue("first", "voice");
        world.pass(5);
        world.enqueue("urgent", "voice");
        let action = Action::PrioritiseContact { contact: contact("urgent"), head_start: Span::from_secs(600) };
        let (actor, reason) = (ActorId::new("maria").unwrap(), "third call today".to_owned());
        world.call(Command::Supervise(Arc::new(Supervision { actor, reason, action })));
        world.pass(7);
        let waiting = oldest(&mut world);
        assert_eq!((waiting.contacts, waiting.oldest_since), (2, Some(START)));
        world.call(Command::Tick);
        let shown = |exposition: &Exposition, seconds: u32| {
            let line = format!("attune_oldest_waiting_seconds{{tenant=\"default\",queue=\"main\"}} {seconds}");
            assert!(exposition.render().lines().any(|shown| shown == line), "{line}");
        };
        world.observer.publish_now(world.driver.core());
        shown(&exposition, 12);
        world.answer("erin");
        assert_eq!(oldest(&mut world).oldest_since, Some(START), "the other one was taken");
        let second = Some(queue("second"));
        world.call(Command::RequeueContact { contact: contact("first"), queue: second, place: KeepPlace::New });
        assert_eq!(oldest(&mut world).oldest_since, None);
        let there = world.row(Some("second"), None).waiting.unwrap();
        assert_eq!(there.oldest_since, Some(world.driver.now()), "it waits there from now on");
        world.observer.publish_now(world.driver.core());
        shown(&exposition, 0);
    });
}

#[test]
fn what_is_to_be_expected_is_shown_while_somebody_waits_and_not_of_queues_that_are_counted_together() {
    let shown = |labels: usize| {
        let exposition = Exposition::of(METRICS);
        let p80 = || -> Vec<String> {
            let text = exposition.render();
            let lines = text.lines().filter(|line| line.starts_with("attune_wait_estimate_seconds{"));
            lines.filter(|line| line.contains("\"p80\"")).map(str::to_owned).collect()
        };
        metrics::with_local_recorder(&exposition, || {
            let mut world = World::new();
            world.observer = Observer::new(labels);
            world.enqueue("c1", "voice");
            let main = world.records.iter().flat_map(|record| &record.events).find_map(|event| match event {
                Event::ContactQueued { queued, .. } => Some(queued.queue),
                _ => None,
            });
            let told = Outcome::Told { queue: main.expect("it was"), mean: 60.0, waits: [50.0, 80.0, 90.0] };
            world.observer.waits(&tenant(), world.driver.state(), &[told]);
            world.observer.publish_now(world.driver.core());
            let while_it_waits = p80();
            world.call(Command::CancelContact { contact: contact("c1"), reason: CancelReason::CustomerLeft });
            world.observer.publish_now(world.driver.core());
            (while_it_waits, p80())
        })
    };
    let labels = "tenant=\"default\",queue=\"main\",percentile=\"p80\"";
    let line = |seconds: u32| vec![format!("attune_wait_estimate_seconds{{{labels}}} {seconds}")];
    assert_eq!(shown(10), (line(80), line(0)));
    assert_eq!(shown(0), (Vec::new(), Vec::new()));
}

#[test]
fn windows_slide_and_the_day_begins_in_hanoi() {
    unseen(|| {
        let mut world = World::with(&["erin"]);
        world.enqueue("c1", "voice");
        world.answer("erin");
        let answered = |world: &mut World| Window::ALL.map(|window| world.counts(None, window).ends.answered);
        assert_eq!(answered(&mut world), [1; 5]);
        world.pass(55);
        assert_eq!(answered(&mut world), [1; 5], "the slice of the first five seconds is still in");
        world.pass(5);
        assert_eq!(answered(&mut world), [0, 1, 1, 1, 0], "a minute is over, and it is midnight");
        let told = world.ask(&Rows::Channels);
        assert_eq!(told.starts[Window::Day as usize], world.driver.now());
        assert_eq!(told.rows.len(), 2);
        for (seconds, expected) in [(240, [0, 0, 1, 1, 0]), (600, [0, 0, 0, 1, 0]), (900, [0; 5])] {
            world.pass(seconds);
            assert_eq!(answered(&mut world), expected, "{seconds} s later");
        }
    });
}

#[test]
fn occupancy_is_weighted_by_capacity_and_time() {
    unseen(|| {
        let mut world = World::with(&["erin", "omar"]);
        world.present("erin", Presence::Available);
        world.present("omar", Presence::Available);
        world.pass(30);
        world.enqueue("c1", "voice");
        let offers = [agent("erin"), agent("omar")].map(|agent| open_offer(world.driver.state(), &agent));
        let (who, offer) = match offers {
            [Some(offer), None] => ("erin", offer),
            [None, Some(offer)] => ("omar", offer),
            other => panic!("one of them is offered it: {other:?}"),
        };
        world.call(Command::AckOffer { agent: agent(who), offer });
        world.pass(30);
        let row = world.row(None, None);
        let told = row.tenant.unwrap();
        let others = told.agents[Window::FiveMinutes as usize].groups[1];
        assert_eq!((others.capacity, others.busy), (2 * 60 * 100_000_000, 30 * 100_000_000));
        assert_eq!(told.idle.since_available, Some(START), "the other one");
        world.pass(1);
        world.call(Command::Tick);
    });
}

fn open_offer(state: &State, agent: &AgentId) -> Option<attune::model::ids::OfferKey> {
    use attune::engine::view::{Answer, Query};
    match state.query(START, &Query::OpenOffers(agent.clone())) {
        Ok(Answer::OpenOffers(offers)) => offers.first().map(|offer| offer.offer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_read_of_a_journal_counts_when_it_happened() {
    unseen(|| {
        let mut world = World::with(&["erin", "omar"]);
        small_day(&mut world);
        let asked = Rows::TenantAnd(vec![queue("main"), queue("second")]);
        let before = world.ask(&asked);

        let (mut core, mut observer) = (Core::new(), Observer::new(10));
        for record in &world.records {
            core.repeat(record).unwrap();
            observer.record(record, core.state(&tenant()).unwrap());
        }
        core.end_recovery();
        let state = core.state(&tenant()).unwrap();
        let mut after = observer.ask(world.driver.now(), &tenant(), state, &asked).unwrap();
        // What is found once a second is found anew.
        for (after, before) in after.rows.iter_mut().zip(&before.rows) {
            (after.waiting, after.tenant) = (before.waiting, before.tenant.clone());
        }
        assert_eq!(after, before);
    });
}

#[test]
fn what_is_read_of_a_journal_is_not_counted_in_metrics_again() {
    let mut world = unseen(|| {
        let mut world = World::with(&["erin", "omar"]);
        small_day(&mut world);
        world
    });
    let exposition = Exposition::of(METRICS);
    let shows = |line: &str| {
        let text = exposition.render();
        assert!(text.lines().any(|shown| shown == line), "{line}\nis not in\n{text}");
    };
    metrics::with_local_recorder(&exposition, || {
        let mut core = Core::new();
        world.observer = Observer::new(10);
        for record in &world.records {
            core.repeat(record).unwrap();
            world.observer.record(record, core.state(&tenant()).unwrap());
        }
        exposition.begin_anew();
        world.observer.go_live();
        world.observer.publish_now(world.driver.core());
        let voice = "tenant=\"default\",queue=\"main\",channel=\"voice\"";
        shows(&format!("attune_contacts_enqueued_total{{{voice}}} 0"));
        shows(&format!("attune_wait_seconds_count{{{voice}}} 0"));
        shows(&format!("attune_handling_seconds_total{{{voice},part=\"talk\"}} 0"));
        shows("attune_agent_busy_capacity_seconds_total{tenant=\"default\",agent=\"other\"} 0");
        shows("attune_agents{tenant=\"default\",presence=\"away\"} 2");
        world.enqueue("new", "voice");
        shows(&format!("attune_contacts_enqueued_total{{{voice}}} 1"));
    });
}

#[test]
fn counting_from_a_snapshot_begins_anew_and_says_so_and_knows_who_waits() {
    unseen(|| {
        let mut world = World::with(&["erin"]);
        world.served("before", 1);
        world.enqueue("soon", "voice");
        world.pass(12);
        let mut introduction = world.records.last().unwrap().clone();
        introduction.now = world.driver.now();
        introduction.events = world.driver.state().introduction();
        world.observer = Observer::new(10);
        world.observe(&[introduction.clone()]);
        world.observer.take_over(&tenant(), world.driver.state());
        let told = world.ask(&Rows::One(Scope::default()));
        assert_eq!(told.since, introduction.now);
        assert_eq!(told.rows[0].counts[Window::Day as usize], Counts::default());
        world.pass(9);
        let counts = world.counts(Some("main"), Window::OneMinute);
        assert_eq!((counts.first.missed, counts.entered), (1, 0), "it waits for 21 s by now");
        world.answer("erin");
        let counts = world.counts(Some("main"), Window::OneMinute);
        assert_eq!(counts.answered_after.sum(), Span::from_secs(21));
        assert_eq!(level(&counts, ServiceLevelBy::EventTimed), (0, 1));
    });
}

#[test]
fn state_is_bounded_and_small_for_ten_thousand_queues() {
    unseen(|| {
        let mut world = World::with(&["erin"]);
        let quiet = world.observer.statistics_bytes(&tenant());
        assert_eq!(quiet, 0, "a queue in which nothing happens takes nothing");
        // Every five seconds for an hour, of one queue by one channel, waits of every length.
        for number in 0..720_i64 {
            world.leaves(&format!("c{number}"), number % 60);
            world.pass(5);
        }
        let busy = world.observer.statistics_bytes(&tenant());
        // Lines of main and second, and the channel.
        assert!(busy < 3 * 40_000, "{busy} bytes");
        let told = world.ask(&Rows::Queues { after: None, limit: 1_000 });
        assert_eq!(told.rows.len(), 3);
        println!("{} bytes a busy line", busy / 3);
    });
}
