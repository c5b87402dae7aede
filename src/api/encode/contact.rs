//! Contacts.

use crate::{
    api::pb,
    engine::view::{ContactState, ContactView},
    model::{
        contact::{ClosedBecause, ContactDetails},
        ids::ContactId,
        signal::{Source, Thousandths, WHOLE},
        time::{Span, Timestamp},
    },
    scoring::{Cause, Contribution},
};

use super::{span, timestamp};

/// A contact as it stands.
pub fn contact(view: ContactView) -> pb::Contact {
    let outcome = view.closed.map_or(pb::ContactOutcome::Unspecified, |(because, _)| outcome(because));
    let open_offers = view
        .offers
        .iter()
        .map(|(offer, agent)| pb::OpenOffer { offer_id: offer.to_string(), agent_id: agent.to_string() });
    pb::Contact {
        contact_id: view.id.to_string(),
        state: contact_state(view.state).into(),
        queue: view.queue.map(|queue| queue.to_string()).unwrap_or_default(),
        channel: view.channel.map(|channel| channel.to_string()).unwrap_or_default(),
        details: Some(details(&view.details)),
        arrival_time: Some(timestamp(view.arrived_at)),
        queue_time: view.queued_at.map(timestamp),
        virtual_arrival_time: view.virtual_arrival.map(timestamp),
        waited_duration: Some(span(view.waited)),
        step: view.step.into(),
        open_offers: open_offers.collect(),
        offers_made: view.offers_made,
        agent_id: view.agent.map(|agent| agent.to_string()).unwrap_or_default(),
        unconfirmed: view.unconfirmed,
        outcome: outcome.into(),
        close_time: view.closed.map(|(_, at)| timestamp(at)),
        moment_of_truth: view.moment_of_truth,
        score: share(view.score),
        head_starts: view.contributions.iter().map(head_start).collect(),
    }
}

/// A contact of which nothing is kept any more but how and when it ended.
pub fn ended(id: &ContactId, (because, at): (ClosedBecause, Timestamp)) -> pb::Contact {
    pb::Contact {
        contact_id: id.to_string(),
        state: pb::ContactState::Closed.into(),
        outcome: outcome(because).into(),
        close_time: Some(timestamp(at)),
        ..pb::Contact::default()
    }
}

fn outcome(because: ClosedBecause) -> pb::ContactOutcome {
    match because {
        ClosedBecause::Handled => pb::ContactOutcome::Handled,
        ClosedBecause::Abandoned => pb::ContactOutcome::Abandoned,
        ClosedBecause::Cancelled => pb::ContactOutcome::Cancelled,
        ClosedBecause::Expired => pb::ContactOutcome::Expired,
        ClosedBecause::NeverCame => pb::ContactOutcome::NeverCame,
    }
}

/// A part of a head start.
pub(super) fn head_start(part: &Contribution) -> pb::HeadStart {
    use pb::HeadStartCause as To;
    let (cause, moment) = match &part.cause {
        Cause::Moment(name) => (To::Moment, name.to_string()),
        Cause::Emotion => (To::Emotion, String::new()),
        Cause::Urgency => (To::Urgency, String::new()),
        Cause::Repeats => (To::Repeats, String::new()),
        Cause::Reach => (To::Reach, String::new()),
        Cause::Value => (To::Value, String::new()),
        Cause::Effort => (To::Effort, String::new()),
    };
    pb::HeadStart {
        cause: cause.into(),
        moment,
        source: source(part.source).into(),
        strength: share(part.strength),
        head_start_duration: Some(span(Span::from_secs(part.seconds.into()))),
        until_time: part.until.map(timestamp),
    }
}

/// Where evidence is from.
pub(super) fn source(source: Source) -> pb::SignalSource {
    match source {
        Source::Fact => pb::SignalSource::Fact,
        Source::Text => pb::SignalSource::Text,
        Source::Voice => pb::SignalSource::Voice,
    }
}

/// Thousandths as a share from 0 to 1.
pub(super) fn share(thousandths: Thousandths) -> f64 {
    f64::from(thousandths) / f64::from(WHOLE)
}

/// Where a contact is in its life.
pub(super) fn contact_state(state: ContactState) -> pb::ContactState {
    match state {
        ContactState::Announced => pb::ContactState::Announced,
        ContactState::Queued => pb::ContactState::Queued,
        ContactState::Parked => pb::ContactState::Parked,
        ContactState::Offered => pb::ContactState::Offered,
        ContactState::Engaged => pb::ContactState::Engaged,
        ContactState::WrapUp => pb::ContactState::WrapUp,
        ContactState::Closed => pb::ContactState::Closed,
    }
}

/// What a contact carries for the agent's eyes.
pub(super) fn details(details: &ContactDetails) -> pb::ContactDetails {
    pb::ContactDetails {
        customer_id: details.customer_id.clone(),
        attributes: details.attributes.clone(),
        context: details.context.clone(),
    }
}
