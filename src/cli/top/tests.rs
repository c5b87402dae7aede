//! The wall of a small bank on a busy morning, told message by message, on screens of two sizes.
//!
//! The screens are beside this file as text. After a change that is meant they are written anew by
//! `ATTUNE_SCREENS=write cargo test --lib cli::top`, and looked at.

use std::{env, fs, path::Path};

use prost_types::{Duration, Timestamp as WireTime};
use ratatui::{Terminal, backend::TestBackend};

use crate::api::pb::{self, watch_response::Message};

use super::*;

/// Nine in the morning.
const NOW: i64 = 1_764_061_200;
/// This machine's clock is slow by so much.
const SLOW: i64 = 90;

const QUEUES: [&str; 8] =
    ["cards", "claims", "fraud", "general", "investments", "loans", "mortgages", "young-customers"];
const CHANNELS: [&str; 3] = ["voice", "chat", "email"];
const NAMES: [&str; 12] = [
    "Ana María Fernández",
    "Ben",
    "李小龙",
    "Dana",
    "Eryk Wiśniewski",
    "রহিমা খাতুন",
    "Grace",
    "Hà",
    "Ivo",
    "Jo",
    "Kim",
    "Lee",
];

/// Numbers that look like chance and are the same for ever (Steele, Lea, Flood, 2014: SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

fn at(seconds: i64) -> Option<WireTime> {
    Some(WireTime { seconds, nanos: 0 })
}

fn lasting(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

fn message(message: Message) -> pb::WatchResponse {
    pb::WatchResponse { resume_token: "t".into(), message: Some(message) }
}

fn contact(chance: &mut Chance, number: usize) -> pb::Contact {
    let waited = i64::try_from(chance.below(900)).unwrap();
    let is_moment = chance.below(5) == 0;
    let part = |cause: pb::HeadStartCause, moment: &str, source: pb::SignalSource, seconds| pb::HeadStart {
        cause: cause.into(),
        moment: moment.into(),
        source: source.into(),
        head_start_duration: lasting(seconds),
        ..Default::default()
    };
    let mut contact = pb::Contact {
        contact_id: format!("c{number:03}"),
        state: pb::ContactState::Queued.into(),
        queue: chance.of(&QUEUES).into(),
        channel: chance.of(&CHANNELS).into(),
        details: Some(pb::ContactDetails { customer_id: "NOBODY SEES THIS".into(), ..Default::default() }),
        arrival_time: at(NOW - waited),
        moment_of_truth: is_moment,
        ..Default::default()
    };
    if is_moment {
        let moment = chance.of(&["card_stolen", "bereavement", "account_locked"]);
        contact.head_starts = vec![
            part(pb::HeadStartCause::Emotion, "", pb::SignalSource::Text, 45),
            part(pb::HeadStartCause::Moment, moment, pb::SignalSource::Fact, 240),
        ];
    }
    match chance.below(8) {
        0 => {
            contact.state = pb::ContactState::Offered.into();
            contact.open_offers = vec![pb::OpenOffer { offer_id: "1".into(), agent_id: "a04".into() }];
        }
        1 | 2 => {
            contact.state = pb::ContactState::Engaged.into();
            contact.agent_id = format!("a{:02}", chance.below(12));
        }
        3 => contact.state = pb::ContactState::Parked.into(),
        _ => {}
    }
    contact
}

fn agent(chance: &mut Chance, number: usize, contacts: &[pb::Contact]) -> pb::Agent {
    let agent_id = format!("a{number:02}");
    let engaged = contacts.iter().filter(|contact| contact.agent_id == agent_id);
    let work: Vec<pb::Work> = engaged
        .map(|contact| pb::Work {
            contact_id: contact.contact_id.clone(),
            queue: contact.queue.clone(),
            channel: contact.channel.clone(),
            state: pb::WorkState::Engaged.into(),
            ..Default::default()
        })
        .collect();
    let (state, reason) = match chance.below(5) {
        _ if !work.is_empty() => (pb::PresenceState::Available, ""),
        0 => (pb::PresenceState::Away, "break"),
        1 => (pb::PresenceState::Offline, ""),
        _ => (pb::PresenceState::Available, ""),
    };
    pb::Agent {
        agent_id,
        profile: Some(pb::AgentProfile { display_name: NAMES[number].into(), ..Default::default() }),
        presence: Some(pb::Presence { state: state.into(), reason: reason.into() }),
        session: Some(pb::AgentSession { session_id: "s".into(), connected: number != 3 }),
        capacity_used: 30 * u32::try_from(work.len()).unwrap(),
        work,
        moment_load: Some(pb::MomentLoad {
            moments: u32::try_from(number % 4).unwrap(),
            contacts: 20,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn queue(name: &str, contacts: &[pb::Contact]) -> pb::QueueStatistics {
    let count = |states: &[pb::ContactState]| {
        contacts.iter().filter(|contact| contact.queue == name && states.contains(&contact.state())).count() as u64
    };
    use pb::ContactState::{Engaged, Offered, Parked, Queued};
    let mut queue = pb::QueueStatistics {
        queue: name.into(),
        waiting: count(&[Queued, Offered, Parked]),
        offered: count(&[Offered]),
        parked: count(&[Parked]),
        engaged: count(&[Engaged]),
        oldest_time: at(NOW - 60),
        oldest_waited_duration: lasting(60),
        mode: pb::QueueMode::Open.into(),
        ..Default::default()
    };
    if name == "loans" {
        queue.mode = pb::QueueMode::Paused.into();
        queue.mode_setting = Some(pb::QueueModeSetting {
            actor: "sam".into(),
            reason: "the system is down".into(),
            ..Default::default()
        });
    }
    queue.unreachable = if name == "mortgages" { 1 } else { 0 };
    queue
}

/// A snapshot in two pages, and what happened then.
fn told() -> Vec<pb::WatchResponse> {
    let mut chance = Chance(7);
    let mut contacts: Vec<pb::Contact> = (0..60).map(|number| contact(&mut chance, number)).collect();
    let agents = (0..NAMES.len()).map(|number| agent(&mut chance, number, &contacts)).collect();
    let queues = QUEUES.iter().map(|name| queue(name, &contacts)).collect();
    let started = pb::WatchStarted { start: pb::WatchStart::Snapshot.into(), sequence: 100, ..Default::default() };
    let late = contacts.split_off(30);
    // The first change is older than the rows of the second page, which must outlast it.
    let stale = pb::Contact { queue: "general".into(), contact_id: late[0].contact_id.clone(), ..Default::default() };
    let ended = pb::Contact { state: pb::ContactState::Closed.into(), ..contacts[0].clone() };
    let event = |kind: pb::WatchEventKind, cause: &str| pb::WatchEvent {
        kind: kind.into(),
        contact_id: "c042".into(),
        agent_id: "a07".into(),
        queue: "loans".into(),
        cause: cause.into(),
        ..Default::default()
    };
    vec![
        message(Message::Started(started)),
        message(Message::SnapshotPage(pb::WatchSnapshotPage { sequence: 105, contacts, ..Default::default() })),
        message(Message::SnapshotPage(pb::WatchSnapshotPage { sequence: 110, contacts: late, agents, queues })),
        message(Message::SnapshotComplete(pb::WatchSnapshotComplete { sequence: 100 })),
        message(Message::Change(pb::WatchChange {
            sequence: 101,
            change_time: at(NOW - 3),
            contacts: vec![stale],
            ..Default::default()
        })),
        message(Message::Change(pb::WatchChange {
            sequence: 120,
            change_time: at(NOW - 2),
            events: vec![
                event(pb::WatchEventKind::PresenceSet, "rona"),
                event(pb::WatchEventKind::PresenceSet, "asked"),
                event(pb::WatchEventKind::MomentUncovered, ""),
            ],
            contacts: vec![ended],
            deleted_agent_ids: vec!["a11".into()],
            ..Default::default()
        })),
        message(Message::Checkpoint(pb::WatchCheckpoint { sequence: 120, server_time: at(NOW) })),
    ]
}

fn wall() -> Wall {
    let mut wall = Wall::default();
    told().into_iter().for_each(|message| wall.take(local(0), message));
    let kind = |accepted, accepted_in_time, abandoned| {
        Some(pb::KindStatistics { accepted, accepted_in_time, abandoned, ..Default::default() })
    };
    let (moments_of_truth, routine) = (kind(40, 39, 0), kind(900, 801, 20));
    wall.statistics = Some(pb::GetMomentStatisticsResponse { moments_of_truth, routine, ..Default::default() });
    // In one of the queues nobody has waited of late.
    let levels =
        [("cards", 91), ("claims", 100), ("fraud", 64), ("general", 0), ("loans", 88), ("young-customers", 97)];
    wall.levels = Some(levels.map(|(queue, percent)| (queue.to_owned(), percent)).into());
    wall
}

/// This machine's clock, so many seconds later.
fn local(seconds: i64) -> Timestamp {
    Timestamp((NOW - SLOW + seconds) * 1_000_000)
}

fn drawn(wall: &Wall, view: &mut View, (width, height): (u16, u16), later: i64) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let look = Look { name: "bank at http://127.0.0.1:7700", coloured: true };
    let draw = |frame: &mut ratatui::Frame<'_>| {
        draw::screen(frame.area(), frame.buffer_mut(), wall, view, look, local(later));
    };
    terminal.draw(draw).unwrap();
    draw::text(terminal.backend().buffer())
}

/// Compares a screen with the one that is kept.
fn check(name: &str, screen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/top/screens").join(name);
    if env::var("ATTUNE_SCREENS").is_ok_and(|what| what == "write") {
        fs::write(&path, screen).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(screen == kept, "{name} is another screen:\n{screen}\ninstead of\n{kept}");
}

#[test]
fn a_small_screen_and_a_large_one_show_everything() {
    for (width, height) in [(80, 24), (160, 50)] {
        check(&format!("{width}x{height}.txt"), &drawn(&wall(), &mut View::new(String::new()), (width, height), 0));
    }
}

#[test]
fn a_pane_can_have_the_screen_of_one_queue() {
    let mut view = View::new("cards".to_owned());
    (view.focus, view.zoomed) = (view::Pane::Waiting, true);
    check("zoomed.txt", &drawn(&wall(), &mut view, (80, 12), 0));
}

#[test]
fn a_lost_connection_is_told_with_since_when() {
    let mut wall = wall();
    wall.lose(local(10), "the stream ended".to_owned());
    wall.lose(local(40), "nobody answers".to_owned());
    let screen = drawn(&wall, &mut View::new(String::new()), (80, 24), 85);
    assert!(screen.lines().next().unwrap().ends_with("LOST since 09:00:10Z, 1:15"), "{screen}");
    assert!(screen.contains("trying again. nobody answers"), "{screen}");
    assert!(screen.contains("cards"), "what was there is still shown: {screen}");

    // Resumed, every row is kept; begun anew, none is.
    let resumed = pb::WatchStarted { start: pb::WatchStart::Resumed.into(), ..Default::default() };
    wall.take(local(90), message(Message::Started(resumed)));
    assert_eq!((wall.line.clone(), wall.queues().count()), (Line::Live, QUEUES.len()));
    let anew = pb::WatchStarted { start: pb::WatchStart::Snapshot.into(), ..Default::default() };
    wall.take(local(90), message(Message::Started(anew)));
    assert_eq!((wall.line.clone(), wall.queues().count()), (Line::Reading, 0));
}

#[test]
fn nothing_of_a_customer_is_kept_and_rows_outlast_older_ones() {
    let wall = wall();
    assert!(!format!("{wall:?}").contains("NOBODY SEES THIS"));
    let of = |id: &str| wall.contacts().find(|(name, _)| *name == id).map(|(_, contact)| contact.clone());
    assert_eq!(of("c000"), None, "it ended");
    assert_ne!(of("c030").unwrap().arrived_at, Timestamp(0), "the older change came later");
    assert_eq!(wall.agents().count(), NAMES.len() - 1);
    assert_eq!(wall.lately.iter().count(), 2, "who asked to be away is no alert");
}

#[test]
fn every_size_and_every_pane_can_be_drawn() {
    let wall = wall();
    for (width, height) in [(1, 1), (2, 3), (10, 4), (20, 10), (79, 7), (131, 60), (132, 5), (400, 100)] {
        for focus in view::Pane::ALL {
            let mut view = View::new(String::new());
            view.focus = focus;
            view.first = [usize::MAX / 2; 5];
            for (zoomed, help) in [(false, false), (true, false), (false, true)] {
                (view.zoomed, view.help) = (zoomed, help);
                let screen = drawn(&wall, &mut view, (width, height), 0);
                assert_eq!(screen.lines().count(), usize::from(height));
            }
            assert!(view.first[focus as usize] < 100, "scrolling ends where the rows do");
        }
    }
}
