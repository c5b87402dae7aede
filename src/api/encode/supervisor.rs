//! What supervisors did.

use std::sync::Arc;

use crate::{
    api::pb,
    engine::view::ActionView,
    model::{
        contact::KeepPlace,
        supervision::{Action, PresenceTiming, QueueMode, Supervision},
        time::Timestamp,
    },
};

use super::{agent::presence, signed_span, span, timestamp};

/// One action.
pub fn action(view: &ActionView) -> pb::SupervisorAction {
    pb::SupervisorAction {
        number: view.number,
        action_time: Some(timestamp(view.at)),
        ..supervision(&view.supervision)
    }
}

/// Who did what and why; without number and time.
pub(super) fn supervision(supervision: &Supervision) -> pb::SupervisorAction {
    let told = pb::SupervisorAction {
        actor: supervision.actor.to_string(),
        reason: supervision.reason.clone(),
        ..Default::default()
    };
    match &supervision.action {
        Action::MoveContact { contact, queue, place: keep } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::MoveContact.into(),
            contact_id: contact.to_string(),
            destination_queue: queue.to_string(),
            place: place(*keep).into(),
            ..told
        },
        Action::MoveQueue { from, to, place: keep } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::MoveQueue.into(),
            queue: from.to_string(),
            destination_queue: to.to_string(),
            place: place(*keep).into(),
            ..told
        },
        Action::PullContact { contact, to } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::PullContact.into(),
            contact_id: contact.to_string(),
            agent_id: to.agent.to_string(),
            window: to.window.map(span),
            ..told
        },
        Action::PrioritiseContact { contact, head_start } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::PrioritiseContact.into(),
            contact_id: contact.to_string(),
            head_start: Some(signed_span(*head_start)),
            ..told
        },
        Action::ForcePresence { agent, presence: given, timing } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::ForcePresence.into(),
            agent_id: agent.to_string(),
            presence: Some(presence(given.clone())),
            timing: match timing {
                PresenceTiming::Immediately => pb::PresenceTiming::Immediately,
                PresenceTiming::AfterWork => pb::PresenceTiming::AfterWork,
            }
            .into(),
            ..told
        },
        Action::EraseCustomer { .. } => {
            pb::SupervisorAction { kind: pb::SupervisorActionKind::EraseCustomer.into(), ..told }
        }
        Action::SetQueueMode { queue, mode: given } => pb::SupervisorAction {
            kind: pb::SupervisorActionKind::SetQueueMode.into(),
            queue: queue.to_string(),
            mode: mode(*given).into(),
            ..told
        },
    }
}

/// A queue's mode.
pub(super) fn mode(mode: QueueMode) -> pb::QueueMode {
    match mode {
        QueueMode::Open => pb::QueueMode::Open,
        QueueMode::Paused => pb::QueueMode::Paused,
        QueueMode::Draining => pb::QueueMode::Draining,
    }
}

/// Since when, who and why.
pub(super) fn mode_setting((at, supervision): &(Timestamp, Arc<Supervision>)) -> pb::QueueModeSetting {
    pb::QueueModeSetting {
        set_time: Some(timestamp(*at)),
        actor: supervision.actor.to_string(),
        reason: supervision.reason.clone(),
    }
}

fn place(place: KeepPlace) -> pb::Place {
    match place {
        KeepPlace::Keep => pb::Place::Keep,
        KeepPlace::New => pb::Place::New,
    }
}
