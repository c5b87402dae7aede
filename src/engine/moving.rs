//! Emptying a queue into another: slice by slice, so that other work gets its turn in between.
//!
//! Invariant: a move takes the contacts that waited when it was asked for and none that came later, in the order in
//! which they stand, each at most once; a queue is emptied into one other at a time. Not here: the move of a single
//! contact (`supervise`).

use std::{collections::VecDeque, ops::Bound};

use crate::model::{
    contact::KeepPlace,
    ids::{ContactKey, QueueKey, QueueName},
    limits::{MOVE_PAUSE_MILLIS, MOVE_SLICE_MAX},
    time::{Span, Timestamp},
};

use super::{
    command::Reply,
    emit::Emit,
    event::{Event, Place, Requeued, Rescinded},
    offer::rescind_offers,
    reject::Reject,
    state::{Stage, State},
    timer::Timer,
    waiting::{Change, queue_for, requeue},
};

/// Moves under way, the one whose turn it is first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves(pub(crate) VecDeque<Move>);

/// One queue's move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub from: QueueKey,
    pub to: QueueKey,
    pub place: KeepPlace,
    /// The first sequence that came too late for it.
    pub(crate) before: u64,
    /// The last place that was looked at.
    pub(crate) through: Option<Place>,
    pub(crate) moved: u64,
    pub(crate) left: u64,
    pub(crate) next_at: Timestamp,
}

impl Moves {
    /// The move out of a queue.
    pub fn of(&self, from: QueueKey) -> Option<&Move> {
        self.0.iter().find(|job| job.from == from)
    }

    /// Whose turn it is.
    pub fn first(&self) -> Option<QueueKey> {
        self.0.front().map(|job| job.from)
    }

    /// When the next slice is due.
    pub fn due(&self) -> Option<Timestamp> {
        self.0.iter().map(|job| job.next_at).min()
    }

    /// When the last of them has its turn.
    fn last_at(&self) -> Timestamp {
        self.0.iter().map(|job| job.next_at).max().unwrap_or(Timestamp(i64::MIN))
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Sends everything that waits in a queue to another, the first slice at once.
pub(super) fn move_queue(out: &mut Emit<'_>, from: QueueKey, to: QueueKey, place: KeepPlace) -> Reply {
    let state = out.state();
    let waiting = state.queues[from.0 as usize].places.len() as u64;
    out.emit(Event::QueueMoveStarted { from, to, place, before: state.next_sequence });
    advance(out, from);
    Reply::Moving { waiting }
}

/// Does the slice that is due.
pub(super) fn move_due(out: &mut Emit<'_>) {
    let from = out.state().moves.first().expect("the timer stands only while there is a move");
    advance(out, from);
}

/// Where a contact goes that is to go to this queue.
pub(super) fn destination(state: &State, contact: ContactKey, queue: &QueueName) -> Result<QueueKey, Reject> {
    let route = state.route(contact);
    queue_for(state, queue, route, &route.requirement)
}

/// Lets it go; a parked one stays parked.
pub(super) fn send(out: &mut Emit<'_>, contact: ContactKey, to: QueueKey, place: KeepPlace) -> Reply {
    let stage = out.state().contact(contact).stage;
    rescind_offers(out, contact, Rescinded::ContactLeft);
    let reply = requeue(out, contact, to, place, Requeued::Moved, Change::default());
    if let Stage::Parked { until, .. } = stage {
        out.emit(Event::ContactParked { contact, until });
    }
    reply
}

fn advance(out: &mut Emit<'_>, from: QueueKey) {
    let job = out.state().moves.of(from).expect("a move that advances is under way").clone();
    let after = job.through.map_or(Bound::Unbounded, Bound::Excluded);
    let places = &out.state().queues[from.0 as usize].places;
    let slice: Vec<(Place, ContactKey)> = places.after(after).take(MOVE_SLICE_MAX).collect();
    let (mut moved, mut left) = (0, 0);
    for (place, contact) in &slice {
        if place.sequence >= job.before {
            continue;
        }
        let to = out.state().queue_name(job.to).clone();
        match destination(out.state(), *contact, &to) {
            Ok(to) if to != from => {
                send(out, *contact, to, job.place);
                moved += 1;
            }
            _ => left += 1,
        }
    }
    match slice.last() {
        Some((through, _)) if slice.len() == MOVE_SLICE_MAX => {
            // One slice at a time, however many queues are being emptied.
            let next_at = out.state().moves.last_at().max(out.now) + Span::from_millis(MOVE_PAUSE_MILLIS);
            out.emit(Event::QueueMoveAdvanced { from, through: *through, moved, left, next_at });
        }
        _ => {
            let (moved, left) = (job.moved + u64::from(moved), job.left + u64::from(left));
            out.emit(Event::QueueMoveEnded { from, to: job.to, moved, left });
        }
    }
}

/// The effect of a move's events.
impl State {
    pub(super) fn start_move(&mut self, from: QueueKey, to: QueueKey, place: KeepPlace, before: u64) {
        let next_at = self.now;
        self.change_moves(|moves| {
            moves.retain(|job| job.from != from);
            moves.push_back(Move { from, to, place, before, through: None, moved: 0, left: 0, next_at });
        });
    }

    pub(super) fn advance_move(&mut self, from: QueueKey, through: Place, moved: u32, left: u32, next_at: Timestamp) {
        self.change_moves(|moves| {
            let at = moves.iter().position(|job| job.from == from).expect("only a move under way advances");
            let mut job = moves.remove(at).expect("found just now");
            (job.through, job.next_at) = (Some(through), next_at);
            (job.moved, job.left) = (job.moved + u64::from(moved), job.left + u64::from(left));
            // By turns: the next slice is another queue's, if another is being emptied.
            moves.push_back(job);
        });
    }

    pub(super) fn end_move(&mut self, from: QueueKey) {
        self.change_moves(|moves| moves.retain(|job| job.from != from));
    }

    /// Moves from and to queues that the document dropped are over.
    pub(super) fn end_moves_of_dropped_queues(&mut self) {
        let queues: Vec<bool> = self.queues.iter().map(|queue| queue.rules.is_some()).collect();
        let stands = |queue: QueueKey| queues[queue.0 as usize];
        self.change_moves(|moves| moves.retain(|job| stands(job.from) && stands(job.to)));
    }

    fn change_moves(&mut self, change: impl FnOnce(&mut VecDeque<Move>)) {
        let before = self.moves.due();
        change(&mut self.moves.0);
        self.timers.move_to(Timer::Move, before, self.moves.due());
    }
}
