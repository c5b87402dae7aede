//! Overflow by estimate: who goes on, when, and what stays of it.

use std::sync::Arc;

use super::Overflow;
use crate::{
    engine::{
        Command, Event, Proposal, Reject, Request, State,
        explain::view::{Explain, Explained},
        invariant::check,
        view::{Answer, Query},
    },
    model::{
        care::Care,
        contact::{KeepPlace, NewContact},
        document::{Document, Format},
        ids::{ActorId, ChannelName, ContactId, ContactKey, QueueName},
        limits::{MOVE_PAUSE_MILLIS, MOVE_SLICE_MAX},
        requirement::Requirement,
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
};

/// More than two slices.
const CROWD: usize = 2 * MOVE_SLICE_MAX + 50;
const TWO_MINUTES: Span = Span::from_secs(120);
const FIVE_MINUTES: Span = Span::from_secs(300);

const DOCUMENT: &str = "
    skills = { cards = '', payments = '' }
    channels = { voice = {}, chat = {}, email = {} }
    [queues.main]
    channels = ['voice', 'chat']
    require = { all = ['cards'] }
    max_wait = { after = '2h' }
    [[queues.main.steps]]
    after = '10m'
    when_wait_over = '2m'
    require = { any = ['cards', 'payments'] }
    [[queues.main.steps]]
    when_wait_over = '5m'
    require = {}
    [[queues.main.steps]]
    after = '20m'
    own = 'waived'
    [queues.rest]
";

struct World {
    state: State,
    now: Timestamp,
}

impl World {
    fn open() -> Self {
        let mut world = Self { state: State::new(), now: Timestamp(0) };
        world.document(DOCUMENT);
        world
    }

    /// With so many contacts who wait, `c1` first.
    fn with(contacts: usize) -> Self {
        let mut world = Self::open();
        (1..=contacts).for_each(|number| drop(world.enqueue(number, "main", "voice")));
        world
    }

    fn document(&mut self, text: &str) -> Vec<Event> {
        let document = Document::parse(text, Format::Toml).unwrap_or_else(|error| panic!("{error}"));
        let mut events = self.call(Command::ApplyDocument(Box::new(Proposal::new(Arc::new(document)))));
        while self.state.has_slices() {
            events.extend(self.call(Command::Sweep));
        }
        events
    }

    fn enqueue(&mut self, number: usize, queue: &str, channel: &str) -> Vec<Event> {
        self.call(Command::EnqueueContact(Box::new(NewContact {
            id: contact(number),
            queue: queue_name(queue),
            channel: ChannelName::new(channel).expect("a name"),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            details: Arc::default(),
            trace: None,
        })))
    }

    fn overflow(&mut self, channel: &str, beyond: Option<Span>) -> Vec<Event> {
        self.call(set_overflow("main", channel, beyond))
    }

    fn supervise(&mut self, action: Action) -> Vec<Event> {
        let actor = ActorId::new("sue").expect("a name");
        self.call(Command::Supervise(Arc::new(Supervision { actor, reason: "a test".to_owned(), action })))
    }

    fn call(&mut self, command: Command) -> Vec<Event> {
        self.answer(command).expect("nothing is refused here")
    }

    fn answer(&mut self, command: Command) -> Result<Vec<Event>, Reject> {
        let outcome = self.state.apply(self.now, &Request { id: None, command }, |_| 0);
        check(&self.state).unwrap_or_else(|broken| panic!("{broken}"));
        outcome.reply.map(|_| outcome.events)
    }

    /// Lets so much time pass, each deadline at its own time.
    fn pass(&mut self, span: Span) -> Vec<Event> {
        let (until, mut events) = (self.now + span, Vec::new());
        while let Some(due) = self.state.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            events.extend(self.call(Command::Tick));
        }
        self.now = until;
        events
    }

    fn step(&self, number: usize) -> u8 {
        self.state.route(self.key(number)).step
    }

    fn key(&self, number: usize) -> ContactKey {
        *self.state.contact_ids.get(&contact(number)).expect("it came")
    }

    fn why(&self, number: usize) -> (String, Option<(Span, Timestamp)>) {
        let question = Query::Explain(Explain::Contact(contact(number)));
        let Ok(Answer::Explained(explained)) = self.state.query(self.now, &question) else { panic!("it is there") };
        let Explained::Contact(explained) = *explained else { panic!("a contact was asked for") };
        (explained.summary, explained.waiting.expect("it waits").terms.overflowed)
    }
}

fn contact(number: usize) -> ContactId {
    ContactId::new(&format!("c{number}")).expect("a name")
}

fn queue_name(name: &str) -> QueueName {
    QueueName::new(name).expect("a name")
}

fn set_overflow(queue: &str, channel: &str, beyond: Option<Span>) -> Command {
    Command::SetOverflow { queue: queue_name(queue), channel: ChannelName::new(channel).expect("a name"), beyond }
}

/// The steps that were reached by these events, by contact.
fn reached(events: &[Event]) -> Vec<(ContactKey, u8, Option<Span>)> {
    let steps = events.iter().filter_map(|event| match event {
        Event::StepReached { contact, step, beyond } => Some((*contact, *step, *beyond)),
        _ => None,
    });
    steps.collect()
}

#[test]
fn those_who_wait_go_on_slice_by_slice_and_whoever_comes_at_once() {
    let mut world = World::with(CROWD);
    let first = reached(&world.overflow("voice", Some(TWO_MINUTES)));
    assert_eq!(first.len(), MOVE_SLICE_MAX, "one command takes one slice");
    assert_eq!(first[0], (world.key(1), 1, Some(TWO_MINUTES)), "in the order in which they stand");
    assert_eq!((world.step(MOVE_SLICE_MAX), world.step(MOVE_SLICE_MAX + 1)), (1, 0));

    let came = reached(&world.enqueue(CROWD + 1, "main", "voice"));
    assert_eq!(came, [(world.key(CROWD + 1), 1, Some(TWO_MINUTES))], "whoever comes waits for no slice");
    assert_eq!(reached(&world.enqueue(CROWD + 2, "main", "chat")), [], "by another channel nobody overflows");

    let second = reached(&world.pass(Span::from_millis(MOVE_PAUSE_MILLIS)));
    assert_eq!(second.len(), MOVE_SLICE_MAX);
    let rest = reached(&world.pass(Span::from_secs(1)));
    assert_eq!(rest.len(), CROWD - 2 * MOVE_SLICE_MAX, "nobody goes on twice");
    assert!((1..=CROWD + 1).all(|number| world.step(number) == 1) && world.step(CROWD + 2) == 0);
    assert!(world.state.overflows.spreads.is_empty());
    assert_eq!(reached(&world.pass(Span::from_secs(590))), [], "the step is reached already");
}

#[test]
fn longer_waits_open_later_steps_and_time_goes_on_from_there() {
    let mut world = World::with(2);
    assert_eq!(reached(&world.overflow("voice", Some(FIVE_MINUTES))).len(), 2);
    assert_eq!((world.step(1), world.step(2)), (2, 2), "steps hold what those before them say");
    assert_eq!(reached(&world.overflow("voice", Some(TWO_MINUTES))), [], "shorter again");
    world.enqueue(3, "main", "voice");
    assert_eq!((world.step(2), world.step(3)), (2, 1));
    let later = reached(&world.pass(Span::from_secs(1_200)));
    assert_eq!(later.iter().map(|(_, step, beyond)| (*step, *beyond)).collect::<Vec<_>>(), [(3, None); 3]);
}

#[test]
fn a_step_that_was_reached_is_kept_when_the_overflow_is_over() {
    let mut world = World::open();
    world.now = Timestamp(Span::from_secs(3_600).0);
    world.enqueue(1, "main", "voice");
    world.overflow("voice", Some(TWO_MINUTES));
    let (why, overflowed) = world.why(1);
    assert!(why.ends_with("; overflow: at 01:00:00Z the estimated wait was beyond 2m"), "{why}");
    assert_eq!(overflowed, Some((TWO_MINUTES, world.now)));
    world.overflow("voice", None);
    world.enqueue(2, "main", "voice");
    assert_eq!((world.step(1), world.step(2)), (1, 0));
    assert_eq!(world.why(2).1, None);

    // Also under a document that says the same of it, and something else besides.
    world.document(&DOCUMENT.replace("after = '2h'", "after = '3h'"));
    assert_eq!((world.step(1), world.step(2)), (1, 0));
    // Where no step waits for so little, it has what its wait reaches.
    world.document(&DOCUMENT.replace("when_wait_over = '2m'", "when_wait_over = '4m'"));
    assert_eq!((world.step(1), world.why(1).1), (0, None));
}

#[test]
fn a_document_is_followed_while_a_queue_overflows() {
    let mut world = World::with(2);
    world.overflow("voice", Some(FIVE_MINUTES));
    world.document(&DOCUMENT.replace("'5m'", "'6m'"));
    assert_eq!((world.step(1), world.step(2)), (1, 1), "beyond five minutes is beyond two");
    world.enqueue(3, "main", "voice");
    assert_eq!(world.step(3), 1);
    let without = DOCUMENT.replace("when_wait_over = '2m'", "").replace("when_wait_over = '5m'", "after = '15m'");
    world.document(&without);
    assert_eq!((1..=3).map(|number| world.step(number)).collect::<Vec<_>>(), [0; 3]);
    assert_eq!(world.state.overflows.lines().count(), 0, "no step asks any more");
    world.document(DOCUMENT);
    assert!((1..=3).all(|number| world.step(number) == 0), "nobody said that waits are long");
}

#[test]
fn an_overflow_that_is_over_stops_where_it_is() {
    let mut world = World::with(CROWD);
    world.overflow("voice", Some(TWO_MINUTES));
    let open: Vec<Overflow> = world.state.overflows.open.values().copied().collect();
    assert_eq!(open, [Overflow { beyond: TWO_MINUTES, since: world.now }]);
    assert!(world.state.overflows.due().is_some());
    world.overflow("voice", None);
    assert_eq!((world.state.overflows.due(), reached(&world.pass(Span::from_secs(60)))), (None, vec![]));
    assert_eq!((world.step(MOVE_SLICE_MAX), world.step(MOVE_SLICE_MAX + 1)), (1, 0));
    // What is known already changes nothing.
    assert_eq!(world.overflow("voice", None), []);
}

#[test]
fn whoever_changes_places_meanwhile_is_not_forgotten() {
    let mut world = World::with(CROWD);
    world.overflow("voice", Some(TWO_MINUTES));
    assert_eq!(world.step(CROWD), 0);
    let head_start = Span::from_secs(600);
    let moved = world.supervise(Action::PrioritiseContact { contact: contact(CROWD), head_start });
    assert_eq!(reached(&moved), [(world.key(CROWD), 1, Some(TWO_MINUTES))]);
    let parks = |contact, longest| Command::ParkContact { contact, longest };
    world.call(parks(contact(CROWD - 1), Span::from_secs(60)));
    world.call(parks(contact(CROWD - 2), Span::from_secs(5)));
    world.pass(Span::from_secs(1));
    assert_eq!((world.step(CROWD - 1), world.step(CROWD - 2)), (0, 0), "parked ones do not go on");
    assert_eq!(reached(&world.pass(Span::from_secs(5))), [(world.key(CROWD - 2), 1, Some(TWO_MINUTES))]);
    let released = world.call(Command::ReleaseContact { contact: contact(CROWD - 1) });
    assert_eq!(reached(&released), [(world.key(CROWD - 1), 1, Some(TWO_MINUTES))]);
}

#[test]
fn whoever_comes_from_another_queue_overflows_and_whoever_leaves_does_not() {
    let mut world = World::with(1);
    world.enqueue(2, "rest", "voice");
    world.overflow("voice", Some(TWO_MINUTES));
    let mut send = |number, queue| {
        let action = Action::MoveContact { contact: contact(number), queue: queue_name(queue), place: KeepPlace::Keep };
        reached(&world.supervise(action)).len()
    };
    assert_eq!((send(2, "main"), send(1, "rest")), (1, 0));
    assert_eq!((world.step(2), world.step(1)), (1, 0));
    assert_eq!((world.why(1).1, world.why(2).1), (None, Some((TWO_MINUTES, world.now))));
}

#[test]
fn only_what_a_step_waits_for_can_be_exceeded() {
    let mut world = World::open();
    let mut refused = |command| world.answer(command).expect_err("it is refused");
    let beyond = Some(TWO_MINUTES);
    assert!(matches!(refused(set_overflow("man", "voice", beyond)), Reject::QueueUnknown { field: "queue", .. }));
    assert!(matches!(refused(set_overflow("main", "fax", beyond)), Reject::ChannelUnknown { field: "channel", .. }));
    assert!(matches!(refused(set_overflow("main", "email", beyond)), Reject::ChannelNotTaken { .. }));
    for (queue, span) in [("main", Span::from_secs(121)), ("rest", TWO_MINUTES)] {
        let reject = refused(set_overflow(queue, "voice", Some(span)));
        assert!(matches!(reject, Reject::OutOfRange { field: "beyond", .. }), "{reject:?}");
    }
}
