//! What each pane shows: rows of cells, in the order and of the queues that the view asks for.
//!
//! Invariant: pure. What a colour says, a word says, too. Not here: how wide columns are and where they stand (`draw`).

use crate::{
    api::pb::{ContactState, PresenceState, QueueMode, WorkState},
    cli::output::{time::clock, words::word},
    model::time::{Span, Timestamp},
};

use super::{
    alerts,
    view::{Order, Pane, View},
    wall::{Agent, Contact, Queue, Wall},
};

/// Work that is named of an agent; the rest is counted.
const WORK_NAMED: usize = 3;

/// A pane's rows below its titles.
#[derive(Debug)]
pub struct Grid {
    /// What is in it, in words.
    pub title: String,
    /// Untitled where the rows speak for themselves.
    pub columns: &'static [Column],
    pub rows: Vec<Row>,
}

/// A row, with a cell for each column.
#[derive(Debug)]
pub struct Row {
    pub cells: Vec<String>,
    pub tone: Tone,
}

/// How much a row asks to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// It stands back.
    Dim,
    /// It stands out.
    Strong,
    /// Somebody should do something.
    Bad,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    pub title: &'static str,
    pub side: Side,
    pub room: Room,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// How much room a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many columns of the terminal.
    Fixed(u16),
    /// This part of what the fixed ones leave.
    Part(u16),
}

const fn text(title: &'static str, part: u16) -> Column {
    Column { title, side: Side::Left, room: Room::Part(part) }
}

const fn short(title: &'static str, width: u16) -> Column {
    Column { title, side: Side::Left, room: Room::Fixed(width) }
}

const fn number(title: &'static str, width: u16) -> Column {
    Column { title, side: Side::Right, room: Room::Fixed(width) }
}

const QUEUES: &[Column] = &[
    text("QUEUE", 3),
    number("LEVEL", 5),
    number("WAITING", 7),
    number("LONGEST", 8),
    number("OFFERED", 7),
    number("PARKED", 6),
    number("ENGAGED", 7),
    text("MODE", 2),
];
const MOMENTS: &[Column] =
    &[text("CONTACT", 2), text("QUEUE", 2), number("WAITS", 8), text("STATE", 3), text("WHY", 5)];
const WAITING: &[Column] =
    &[text("CONTACT", 3), text("QUEUE", 3), short("CHANNEL", 9), number("WAITS", 8), text("STATE", 4), short("", 6)];
const AGENTS: &[Column] =
    &[text("AGENT", 3), text("PRESENCE", 3), number("LOAD", 7), number("MOMENTS", 7), text("WORK", 5)];
const ALERTS: &[Column] = &[number("", 9), text("", 1)];

/// What a pane shows at this time of the daemon's clock.
pub fn grid(pane: Pane, wall: &Wall, view: &View, now: Timestamp) -> Grid {
    let show = Show { wall, view, now };
    match pane {
        Pane::Queues => show.queues(),
        Pane::Moments => show.moments(),
        Pane::Waiting => show.waiting(),
        Pane::Agents => show.agents(),
        Pane::Alerts => show.alerts(),
    }
}

struct Show<'a> {
    wall: &'a Wall,
    view: &'a View,
    now: Timestamp,
}

impl Show<'_> {
    fn queues(&self) -> Grid {
        let oldest = self.wall.oldest();
        let since = |name: &str| oldest.get(name).copied();
        let level = |name: &str| self.wall.levels.as_ref()?.get(name);
        let mut queues: Vec<_> = self.wall.queues().filter(|(name, _)| self.takes(name)).collect();
        match self.view.order(Pane::Queues) {
            Order::Longest => queues.sort_by_key(|(name, _)| since(name).unwrap_or(Timestamp::FAR)),
            Order::Most => queues.sort_by_key(|(_, queue)| u64::MAX - queue.waiting),
            Order::Name | Order::Presence | Order::Latest => {}
        }
        let row = |(name, queue): (&str, &Queue)| Row {
            cells: vec![
                name.to_owned(),
                level(name).map(|percent| format!("{percent} %")).unwrap_or_default(),
                some(queue.waiting),
                since(name).map(|since| span(self.now - since)).unwrap_or_default(),
                some(queue.offered),
                some(queue.parked),
                some(queue.engaged),
                remarks(queue),
            ],
            tone: match queue {
                Queue { unreachable: 1.., .. } | Queue { mode: QueueMode::Paused, .. } => Tone::Bad,
                Queue { waiting: 0, engaged: 0, .. } => Tone::Dim,
                _ => Tone::Plain,
            },
        };
        Grid { title: format!("Queues {}", queues.len()), columns: QUEUES, rows: queues.into_iter().map(row).collect() }
    }

    fn moments(&self) -> Grid {
        let mut moments = self.contacts(|contact| contact.is_moment && contact.state != ContactState::Announced);
        self.sort(Pane::Moments, &mut moments);
        // Who waits now comes before who is looked after already.
        moments.sort_by_key(|(_, contact)| !contact.is_waiting());
        let waiting = moments.iter().filter(|(_, contact)| contact.is_waiting()).count();
        let row = |(id, contact): (&str, &Contact)| Row {
            cells: vec![
                id.to_owned(),
                contact.queue.clone(),
                if contact.is_waiting() { span(self.now - contact.arrived_at) } else { String::new() },
                state(contact),
                contact.why.clone(),
            ],
            tone: if contact.is_waiting() { Tone::Strong } else { Tone::Plain },
        };
        Grid {
            title: format!("Moments of truth: {waiting} waiting, {} with agents", moments.len() - waiting),
            columns: MOMENTS,
            rows: moments.into_iter().map(row).collect(),
        }
    }

    fn waiting(&self) -> Grid {
        let mut waiting = self.contacts(Contact::is_waiting);
        self.sort(Pane::Waiting, &mut waiting);
        let row = |(id, contact): (&str, &Contact)| Row {
            cells: vec![
                id.to_owned(),
                contact.queue.clone(),
                contact.channel.clone(),
                span(self.now - contact.arrived_at),
                state(contact),
                if contact.is_moment { "moment".to_owned() } else { String::new() },
            ],
            tone: if contact.is_moment { Tone::Strong } else { Tone::Plain },
        };
        Grid {
            title: format!("Waiting {}", waiting.len()),
            columns: WAITING,
            rows: waiting.into_iter().map(row).collect(),
        }
    }

    fn agents(&self) -> Grid {
        let serves = |agent: &Agent| {
            let at_work = agent.work.iter().any(|work| self.takes(&work.queue));
            self.view.filter.is_empty() || at_work || agent.queues.iter().any(|queue| self.takes(queue))
        };
        let mut agents: Vec<_> = self.wall.agents().filter(|(_, agent)| serves(agent)).collect();
        match self.view.order(Pane::Agents) {
            Order::Presence => agents.sort_by_key(|(_, agent)| rank(agent)),
            Order::Most => agents.sort_by_key(|(_, agent)| u32::MAX - agent.used),
            Order::Longest | Order::Name | Order::Latest => {}
        }
        let count = |wanted| agents.iter().filter(|(_, agent)| agent.presence == wanted).count();
        let (available, away, offline) =
            (count(PresenceState::Available), count(PresenceState::Away), count(PresenceState::Offline));
        let title = format!("Agents {}: {available} available, {away} away, {offline} offline", agents.len());
        let row = |(id, agent): (&str, &Agent)| Row {
            cells: vec![
                if agent.name.is_empty() { id.to_owned() } else { format!("{id} {}", agent.name) },
                presence(agent),
                if agent.used > 0 { format!("{}/{}", agent.used, agent.capacity) } else { String::new() },
                moments(agent),
                work(agent),
            ],
            tone: match agent.presence {
                _ if agent.is_cut_off && !agent.work.is_empty() => Tone::Bad,
                PresenceState::Offline | PresenceState::Unspecified => Tone::Dim,
                PresenceState::Available | PresenceState::Away => Tone::Plain,
            },
        };
        Grid { title, columns: AGENTS, rows: agents.into_iter().map(row).collect() }
    }

    fn alerts(&self) -> Grid {
        let standing = alerts::standing(self.wall, self.now);
        let title = match standing.len() {
            0 => "Alerts: none now".to_owned(),
            number => format!("Alerts: {number} now"),
        };
        let now = standing.into_iter().map(|text| Row { cells: vec!["now".to_owned(), text], tone: Tone::Bad });
        let lately = self.wall.lately.iter().map(|(at, text)| {
            let ago = format!("{} ago", span(self.now - at));
            Row { cells: vec![ago, text], tone: Tone::Plain }
        });
        Grid { title, columns: ALERTS, rows: now.chain(lately).collect() }
    }

    fn contacts(&self, wanted: impl Fn(&Contact) -> bool) -> Vec<(&str, &Contact)> {
        self.wall.contacts().filter(|(_, contact)| wanted(contact) && self.takes(&contact.queue)).collect()
    }

    fn sort(&self, pane: Pane, contacts: &mut [(&str, &Contact)]) {
        if self.view.order(pane) == Order::Longest {
            contacts.sort_by_key(|(_, contact)| contact.arrived_at);
        }
    }

    fn takes(&self, queue: &str) -> bool {
        queue.contains(&self.view.filter)
    }
}

/// What a queue is to be looked at for.
fn remarks(queue: &Queue) -> String {
    let unreachable = (queue.unreachable > 0).then(|| format!("{} unreachable", queue.unreachable));
    let moving = (!queue.moving_to.is_empty()).then(|| format!("moving to {}", queue.moving_to));
    let mode = alerts::mode(queue).map(str::to_owned);
    let remarks = unreachable.into_iter().chain(mode).chain(moving);
    remarks.collect::<Vec<_>>().join(", ")
}

/// Where a contact is, and with whom.
fn state(contact: &Contact) -> String {
    let with = contact.agents.join(", ");
    match contact.state {
        ContactState::Offered => format!("offered {with}"),
        ContactState::Engaged if contact.unconfirmed => format!("with {with}?"),
        ContactState::Engaged => format!("with {with}"),
        ContactState::WrapUp => format!("wrap-up {with}"),
        state => word(state.as_str_name(), "CONTACT_STATE_"),
    }
}

fn presence(agent: &Agent) -> String {
    let named = |state: PresenceState| word(state.as_str_name(), "PRESENCE_STATE_");
    let mut words = named(agent.presence);
    if !agent.reason.is_empty() {
        words = format!("{words}: {}", agent.reason);
    }
    if let Some(pending) = agent.pending {
        words = format!("{words} → {}", named(pending));
    }
    if agent.is_cut_off {
        words = format!("cut off, {words}");
    }
    words
}

/// Of the last contacts, the moments of truth.
fn moments(agent: &Agent) -> String {
    match agent.moments {
        _ if agent.is_cooling_down => "rests".to_owned(),
        (0, _) => String::new(),
        (moments, of) => format!("{moments}/{of}"),
    }
}

/// What an agent has at hand.
fn work(agent: &Agent) -> String {
    let named = agent.work.iter().take(WORK_NAMED).map(|work| {
        let state = match work.state {
            WorkState::Engaged | WorkState::Unspecified => String::new(),
            state => format!("{} ", word(state.as_str_name(), "WORK_STATE_")),
        };
        format!("{state}{} {}", work.queue, work.contact)
    });
    let left = agent.work.len().saturating_sub(WORK_NAMED);
    named.chain((left > 0).then(|| format!("and {left} more"))).collect::<Vec<_>>().join(", ")
}

/// Those at work, those who are free, those who are away, those who are gone.
fn rank(agent: &Agent) -> u8 {
    match agent.presence {
        _ if !agent.work.is_empty() => 0,
        PresenceState::Available => 1,
        PresenceState::Away => 2,
        PresenceState::Offline | PresenceState::Unspecified => 3,
    }
}

/// A count, unless it is nothing.
fn some(count: u64) -> String {
    if count > 0 { count.to_string() } else { String::new() }
}

/// A length of time as on a clock; clocks that disagree by a moment make none negative.
pub(super) fn span(span: Span) -> String {
    clock((span.0 / 1_000_000).max(0))
}
