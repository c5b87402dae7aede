//! What followers of a tenant are told.

use std::time::Duration;

use crate::{
    api::{
        decode::{WatchContent, WatchFilter},
        pb::{self, watch_response::Message},
    },
    engine::change::{ContactRow, Details, Happening, HappeningKind},
    journal::Seq,
    model::time::{Span, Timestamp},
    shard::{Beginning, Entry},
};

use super::{
    agent::{agent, presence},
    contact::contact,
    offer::RECONNECT_AFTER_SHUTDOWN,
    span,
    supervisor::supervision,
    timestamp,
    wait::queue,
};

/// Rows or events of one message: with the largest rows still below the 4 MiB that clients take by default.
const PART_MAX: usize = 200;

/// Why a stream begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// The token is of another process.
    OtherEpoch,
    /// It is too old.
    TooOld,
    /// It is of another filter.
    FilterChanged,
    /// The follower is too slow.
    FellBehind,
    /// Every contact moved.
    DocumentApplied,
}

impl Restart {
    /// The reason that a reader's beginning gives, if it gives one.
    pub fn of(beginning: Beginning) -> Option<Self> {
        match beginning {
            Beginning::Resumed | Beginning::Present => None,
            Beginning::OtherEpoch => Some(Self::OtherEpoch),
            Beginning::TooOld => Some(Self::TooOld),
        }
    }

    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherEpoch => "other_epoch",
            Self::TooOld => "too_old",
            Self::FilterChanged => "filter_changed",
            Self::FellBehind => "fell_behind",
            Self::DocumentApplied => "document_applied",
        }
    }
}

/// The stream begins after this record.
pub fn started(start: pb::WatchStart, restart: Option<Restart>, after: Seq, heartbeat: Duration) -> Message {
    use pb::WatchRestartReason as Reason;
    let reason = match restart {
        None => Reason::Unspecified,
        Some(Restart::OtherEpoch) => Reason::OtherEpoch,
        Some(Restart::TooOld) => Reason::TooOld,
        Some(Restart::FilterChanged) => Reason::FilterChanged,
        Some(Restart::FellBehind) => Reason::FellBehind,
        Some(Restart::DocumentApplied) => Reason::DocumentApplied,
    };
    Message::Started(pb::WatchStarted {
        start: start.into(),
        restart_reason: reason.into(),
        sequence: after.0,
        heartbeat_interval: Some(span(Span(i64::try_from(heartbeat.as_micros()).unwrap_or(i64::MAX)))),
    })
}

/// A change as the filter lets it pass, in parts that fit a message; none if nothing of it does.
pub fn change(entry: &Entry, filter: &WatchFilter) -> Vec<Message> {
    let (seq, change) = (entry.seq, &entry.change);
    let mut events = Vec::new();
    if filter.content != WatchContent::Rows {
        for (index, happening) in (0u32..).zip(&change.happenings) {
            let kind = kind(happening.kind);
            if filter.takes_happening(kind.into(), happening, &change.contacts) {
                events.push(event(index, kind, happening));
            }
        }
    }
    let (mut contacts, mut agents, mut gone, mut queues) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if filter.content != WatchContent::Events {
        let rows = change.contacts.iter().filter(|row| filter.takes_row(row));
        contacts = rows.map(contact_row).collect();
        let rows = change.agents.iter().filter(|view| filter.takes_agent(&view.id));
        agents = rows.cloned().map(agent).collect();
        gone = change.gone.iter().filter(|id| filter.takes_agent(id)).map(ToString::to_string).collect();
        let rows = change.queues.iter().filter(|view| filter.takes_queue(&view.name));
        queues = rows.map(|view| queue(view, change.at)).collect();
    }
    let mut parts = Vec::new();
    while !(events.is_empty() && contacts.is_empty() && agents.is_empty() && gone.is_empty() && queues.is_empty()) {
        parts.push(Message::Change(pb::WatchChange {
            sequence: seq.0,
            change_time: Some(timestamp(change.at)),
            events: first_of(&mut events),
            contacts: first_of(&mut contacts),
            agents: first_of(&mut agents),
            deleted_agent_ids: first_of(&mut gone),
            queues: first_of(&mut queues),
        }));
    }
    parts
}

/// Everything up to a record was told.
pub fn watch_checkpoint(seq: Seq, now: Timestamp) -> Message {
    Message::Checkpoint(pb::WatchCheckpoint { sequence: seq.0, server_time: Some(timestamp(now)) })
}

/// The last message.
pub fn watch_ended() -> Message {
    Message::Ended(pb::WatchEnded { reconnect_after: Some(span(RECONNECT_AFTER_SHUTDOWN)) })
}

fn first_of<T>(rows: &mut Vec<T>) -> Vec<T> {
    let rest = rows.split_off(rows.len().min(PART_MAX));
    std::mem::replace(rows, rest)
}

fn contact_row(row: &ContactRow) -> pb::Contact {
    let whole = contact(row.view.clone());
    match row.details {
        Details::New => whole,
        Details::Known => pb::Contact { details: None, ..whole },
    }
}

fn event(index: u32, kind: pb::WatchEventKind, happening: &Happening) -> pb::WatchEvent {
    fn text(name: Option<&impl ToString>) -> String {
        name.map(ToString::to_string).unwrap_or_default()
    }
    pb::WatchEvent {
        index,
        kind: kind.into(),
        contact_id: text(happening.contact.as_ref()),
        agent_id: text(happening.agent.as_ref()),
        queue: text(happening.queue.as_ref()),
        from_queue: text(happening.from_queue.as_ref()),
        offer_id: text(happening.offer.as_ref()),
        cause: happening.because.to_string(),
        end_time: happening.until.map(timestamp),
        step: happening.step.into(),
        presence: happening.presence.clone().map(presence),
        document_version: happening.document_version,
        moved_contacts: happening.moved.0,
        left_contacts: happening.moved.1,
        action: happening.supervision.as_deref().map(supervision),
    }
}

fn kind(kind: HappeningKind) -> pb::WatchEventKind {
    use HappeningKind as From;
    use pb::WatchEventKind as To;
    match kind {
        From::DocumentApplied => To::DocumentApplied,
        From::AgentPut => To::AgentPut,
        From::AgentDeleted => To::AgentDeleted,
        From::SessionOpened => To::SessionOpened,
        From::SessionLost => To::SessionLost,
        From::SessionEnded => To::SessionEnded,
        From::PresenceSet => To::PresenceSet,
        From::PresencePending => To::PresencePending,
        From::RonaSuspended => To::RonaSuspended,
        From::ContactAnnounced => To::ContactAnnounced,
        From::ContactQueued => To::ContactQueued,
        From::ContactRequeued => To::ContactRequeued,
        From::ContactUpdated => To::ContactUpdated,
        From::ContactParked => To::ContactParked,
        From::ContactReleased => To::ContactReleased,
        From::StepReached => To::StepReached,
        From::TargetReleased => To::TargetReleased,
        From::ContactPulled => To::ContactPulled,
        From::ContactPrioritised => To::ContactPrioritised,
        From::AgentRested => To::AgentRested,
        From::MomentUncovered => To::MomentUncovered,
        From::PhaseReached => To::PhaseReached,
        From::ContactScored => To::ContactScored,
        From::AssistSuggested => To::AssistSuggested,
        From::ContactClosed => To::ContactClosed,
        From::OfferMade => To::OfferMade,
        From::OfferDelivered => To::OfferDelivered,
        From::OfferExtended => To::OfferExtended,
        From::OfferAccepted => To::OfferAccepted,
        From::OfferDeclined => To::OfferDeclined,
        From::OfferExpired => To::OfferExpired,
        From::OfferRescinded => To::OfferRescinded,
        From::EngagementInterrupted => To::EngagementInterrupted,
        From::EngagementResumed => To::EngagementResumed,
        From::EngagementUnconfirmed => To::EngagementUnconfirmed,
        From::EngagementConfirmed => To::EngagementConfirmed,
        From::WrapUpStarted => To::WrapUpStarted,
        From::WrapUpExtended => To::WrapUpExtended,
        From::EngagementEnded => To::EngagementEnded,
        From::Supervised => To::Supervised,
        From::QueueModeSet => To::QueueModeSet,
        From::QueueOverflowSet => To::QueueOverflowSet,
        From::QueueMoveStarted => To::QueueMoveStarted,
        From::QueueMoveEnded => To::QueueMoveEnded,
        From::ContactUnreachable => To::ContactUnreachable,
        From::ContactReachable => To::ContactReachable,
        From::ContactMoved => To::ContactMoved,
        From::OfferingHeld => To::OfferingHeld,
        From::OfferingResumed => To::OfferingResumed,
    }
}
