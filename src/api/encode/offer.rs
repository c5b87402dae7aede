//! What an agent's stream is told.

use std::time::Duration;

use crate::{
    api::pb::{self, gateway_frame::Event as GatewayEvent, watch_offers_response::Event as StreamEvent},
    engine::{
        event::{Choice, ChoiceRule, Rescinded},
        view::{AgentView, MomentView, Notice, OfferView},
    },
    model::{
        document::Handling,
        ids::SessionId,
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    shard::StreamEnd,
};

use super::{
    agent::{agent, presence, work},
    contact::{details, share, source},
    span, timestamp,
};

/// How long a desktop waits before it comes back to a daemon that shuts down: time for another to take over.
pub(super) const RECONNECT_AFTER_SHUTDOWN: Span = Span::from_millis(500);

/// The events of one kind of stream, each of which may be any of these.
pub trait Tells:
    From<pb::Welcome>
    + From<pb::Offer>
    + From<pb::Rescind>
    + From<pb::ContactUpdated>
    + From<pb::PresenceChanged>
    + From<pb::WorkChanged>
    + From<pb::AssistSuggested>
    + From<pb::Checkpoint>
    + From<pb::GoAway>
{
}

macro_rules! tells {
    ($event:ident: $($kind:ident),+) => {
        $(impl From<pb::$kind> for $event {
            fn from(told: pb::$kind) -> Self {
                Self::$kind(told)
            }
        })+

        impl Tells for $event {}
    };
}

tells!(StreamEvent: Welcome, Offer, Rescind, ContactUpdated, PresenceChanged, WorkChanged, AssistSuggested, Checkpoint, GoAway);
tells!(GatewayEvent: Welcome, Offer, Rescind, ContactUpdated, PresenceChanged, WorkChanged, AssistSuggested, Checkpoint, GoAway);

/// The first message.
pub fn welcome(
    session: &SessionId,
    resumed: bool,
    view: AgentView,
    open_offers: usize,
    heartbeat: Duration,
) -> pb::Welcome {
    pb::Welcome {
        session_id: session.to_string(),
        resumed,
        agent: Some(agent(view)),
        open_offers: u32::try_from(open_offers).unwrap_or(u32::MAX),
        heartbeat_interval: Some(span(Span(i64::try_from(heartbeat.as_micros()).unwrap_or(i64::MAX)))),
    }
}

/// A contact is offered; `now` is the time of sending.
pub fn offer(view: OfferView, now: Timestamp) -> pb::Offer {
    pb::Offer {
        offer_id: view.offer.to_string(),
        contact_id: view.contact.to_string(),
        queue: view.queue.to_string(),
        channel: view.channel.to_string(),
        details: Some(details(&view.details)),
        arrival_time: Some(timestamp(view.arrived_at)),
        waited_duration: Some(span(now - view.arrived_at)),
        offer_time: Some(timestamp(view.made_at)),
        deliver_by_time: Some(timestamp(view.deliver_by)),
        deliver_by_remaining: Some(span(view.deliver_by - now)),
        answer_duration: Some(span(view.offer_time)),
        expire_time: view.expires_at.map(timestamp),
        expire_remaining: view.expires_at.map(|at| span(at - now)),
        automatic: view.automatic,
        may_decline: view.may_decline,
        choice: Some(choice(view.choice)),
        moments: view.moments.iter().map(moment).collect(),
        trace_context: view.trace.as_deref().map(trace_context),
    }
}

/// A place in a trace.
fn trace_context(trace: &TraceContext) -> pb::TraceContext {
    pb::TraceContext { traceparent: trace.parent(), tracestate: trace.state().to_owned() }
}

/// A moment that a contact is.
fn moment(view: &MomentView) -> pb::ContactMoment {
    let handling = match view.handling {
        Handling::Timed => pb::MomentHandling::Timed,
        Handling::Untimed => pb::MomentHandling::Untimed,
    };
    pb::ContactMoment {
        name: view.name.to_string(),
        since_time: Some(timestamp(view.since)),
        handling: handling.into(),
    }
}

/// Something happened; `now` is the time of sending.
pub fn notice<E: Tells>(notice: Notice, now: Timestamp) -> E {
    match notice {
        Notice::Offer(view) => offer(*view, now).into(),
        Notice::Rescind { offer, contact, because } => pb::Rescind {
            offer_id: offer.to_string(),
            contact_id: contact.to_string(),
            reason: rescind_reason(because).into(),
        }
        .into(),
        Notice::ContactUpdated { contact, details: new, moments } => pb::ContactUpdated {
            contact_id: contact.to_string(),
            details: Some(details(&new)),
            moments: moments.iter().map(moment).collect(),
        }
        .into(),
        Notice::Assist { contact, why } => pb::AssistSuggested {
            contact_id: contact.to_string(),
            distress: share(why.level),
            source: source(why.source).into(),
        }
        .into(),
        Notice::Presence { presence: new, pending } => {
            pb::PresenceChanged { presence: Some(presence(new)), pending_presence: pending.map(presence) }.into()
        }
        Notice::Work { contact, work: now_is } => {
            pb::WorkChanged { contact_id: contact.to_string(), work: now_is.map(work) }.into()
        }
    }
}

/// The stream is alive.
pub fn checkpoint(last_sequence: u64, now: Timestamp) -> pb::Checkpoint {
    pb::Checkpoint { last_sequence, server_time: Some(timestamp(now)) }
}

/// The last message.
pub fn end(end: StreamEnd) -> pb::GoAway {
    let (reason, reconnect_after) = match end {
        StreamEnd::Replaced => (pb::GoAwayReason::Replaced, None),
        StreamEnd::SignedOut => (pb::GoAwayReason::SignedOut, None),
        StreamEnd::TooSlow => (pb::GoAwayReason::TooSlow, Some(Span::ZERO)),
        StreamEnd::ShuttingDown => (pb::GoAwayReason::ShuttingDown, Some(RECONNECT_AFTER_SHUTDOWN)),
    };
    pb::GoAway { reason: reason.into(), reconnect_after: reconnect_after.map(span) }
}

/// Why an offer went to this agent.
pub(super) fn choice(choice: Choice) -> pb::Choice {
    let rule = match choice.rule {
        ChoiceRule::LongestIdle => pb::ChoiceRule::LongestIdle,
        ChoiceRule::FirstInLine => pb::ChoiceRule::FirstInLine,
        ChoiceRule::Target => pb::ChoiceRule::Target,
        ChoiceRule::Pulled => pb::ChoiceRule::Pulled,
    };
    pb::Choice {
        rule: rule.into(),
        tier: choice.tier.into(),
        idle_since_time: Some(timestamp(choice.idle_since)),
        step: choice.step.into(),
        document_version: choice.document,
    }
}

fn rescind_reason(because: Option<Rescinded>) -> pb::RescindReason {
    match because {
        None => pb::RescindReason::Expired,
        Some(Rescinded::Taken) => pb::RescindReason::Taken,
        Some(Rescinded::ContactLeft) => pb::RescindReason::ContactLeft,
        Some(Rescinded::Undelivered) => pb::RescindReason::Undelivered,
        Some(Rescinded::SessionLost) => pb::RescindReason::SessionLost,
        Some(Rescinded::AgentLeft) => pb::RescindReason::AgentLeft,
    }
}
