//! An agent's work with a contact, to its end: handled, passed on, or never connected.
//!
//! Invariant: the agent knows that the contact is there; if the daemon denies it, the contact is lost. Time set aside
//! for more urgent work does not count.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::{
    api::pb::{
        self, agent_service_client::AgentServiceClient as Agents,
        contact_service_client::ContactServiceClient as Contacts,
    },
    shard::clock,
    sim::{
        bank::GENERAL,
        day::Answered,
        workload::{Contact, Course},
    },
};

use super::{desktop::Desktop, line::CallError, show::Taken};

/// Handles the contact of an accepted offer.
pub async fn handle(desktop: &Desktop, number: u32, offer: &pb::Offer) -> Result<(), CallError> {
    let (contact, before) = {
        let mut ledger = desktop.office.ledger();
        let entry = ledger.entry(number);
        let before = entry.holds.iter().filter(|hold| hold.engaged_since.is_some()).count() - 1;
        (Arc::clone(&entry.contact), before)
    };
    // Who was passed on is not passed on again, and who could not be connected can be the second time.
    let course = if before == 0 { contact.course } else { Course::Handled };
    if course == Course::ConnectFails {
        return connect_failed(desktop, number, offer).await;
    }
    let by = if desktop.agent.is_empathetic() { Answered::Empathetic } else { Answered::Other };
    let (waited, is_moment) = {
        let mut ledger = desktop.office.ledger();
        (ledger.answered(number, by, clock::now()), ledger.entry(number).is_moment)
    };
    if let Some(waited) = waited {
        let taken = Taken { agent: &desktop.agent, waited: desktop.office.clock.played(waited), is_moment };
        desktop.office.show().taken(desktop.office.clock.now(), &contact, &taken);
    }
    let set_aside = desktop.follow_set_aside(number);
    let takes = if course == Course::Transferred { contact.handling / 2 } else { contact.handling };
    let done = work(desktop, set_aside, takes).await;
    desktop.forget_engagement(number);
    match (done, course) {
        (false, _) => Ok(()),
        (true, Course::Transferred) => transfer(desktop, &contact).await,
        (true, _) => complete(desktop, number).await,
    }
}

/// Works for so long, not counting time set aside; false if the run ends before.
async fn work(desktop: &Desktop, mut set_aside: watch::Receiver<bool>, takes: Duration) -> bool {
    let crew = &desktop.office.crew;
    let mut left = desktop.office.clock.real(takes);
    loop {
        let resumed = tokio::select! {
            resumed = set_aside.wait_for(|set_aside| !set_aside) => resumed.is_ok(),
            () = crew.stopped() => return false,
        };
        let began = Instant::now();
        tokio::select! {
            done = crew.wait_until(began + left) => return done,
            _ = set_aside.changed(), if resumed => left = left.saturating_sub(began.elapsed()),
        }
    }
}

async fn complete(desktop: &Desktop, number: u32) -> Result<(), CallError> {
    let sent_at = clock::now();
    let request = pb::CompleteContactRequest {
        request_id: format!("complete-{number}"),
        contact_id: format!("c{number}"),
        ..Default::default()
    };
    let completed = desktop.office.platform.call("CompleteContact", |channel| {
        let request = request.clone();
        async move { Contacts::new(channel).complete_contact(request).await }
    });
    if unless_denied(desktop, number, completed.await)?.is_some() {
        desktop.office.ledger().completed(number, &desktop.agent.id, sent_at, clock::now());
    }
    Ok(())
}

async fn transfer(desktop: &Desktop, contact: &Contact) -> Result<(), CallError> {
    let (number, sent_at) = (contact.number, clock::now());
    let request = pb::TransferContactRequest {
        request_id: format!("transfer-{number}"),
        contact_id: format!("c{number}"),
        place: pb::Place::Keep.into(),
        destination: Some(pb::transfer_contact_request::Destination::Queue(GENERAL.to_owned())),
        ..Default::default()
    };
    let transferred = desktop.office.platform.call("TransferContact", |channel| {
        let request = request.clone();
        async move { Contacts::new(channel).transfer_contact(request).await }
    });
    if unless_denied(desktop, number, transferred.await)?.is_some() {
        let mut ledger = desktop.office.ledger();
        ledger.counts.transferred += 1;
        ledger.passed_on(number, &desktop.agent.id, sent_at);
    }
    Ok(())
}

async fn connect_failed(desktop: &Desktop, number: u32, offer: &pb::Offer) -> Result<(), CallError> {
    let sent_at = clock::now();
    let request = pb::ReportConnectFailedRequest {
        request_id: format!("failed-{}", offer.offer_id),
        agent_id: desktop.agent.id.clone(),
        contact_id: format!("c{number}"),
        reason: "no line".to_owned(),
        ..Default::default()
    };
    let reported = desktop.line.call("ReportConnectFailed", |channel| {
        let request = request.clone();
        async move { Agents::new(channel).report_connect_failed(request).await }
    });
    let reported = reported.await;
    desktop.forget_engagement(number);
    if unless_denied(desktop, number, reported)?.is_some() {
        let mut ledger = desktop.office.ledger();
        ledger.counts.connect_failed += 1;
        ledger.passed_on(number, &desktop.agent.id, sent_at);
    }
    Ok(())
}

/// The answer, or nothing if the daemon denies the engagement: the contact is lost.
fn unless_denied<T>(desktop: &Desktop, number: u32, answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match error.reason() {
            Some("CONTACT_UNKNOWN" | "CONTACT_STATE" | "CONTACT_CLOSED" | "ENGAGEMENT_UNKNOWN") => {
                let why = format!("{} is engaged with it, and the daemon denies that: {error}", desktop.agent.id);
                desktop.office.ledger().lost(number, why);
                Ok(None)
            }
            _ => Err(error),
        },
    }
}
