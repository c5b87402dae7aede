//! A customer: comes, waits, and leaves when patience is over; between agents, waits again.
//!
//! Invariant: leaving counts when the daemon has acknowledged it, and never while an agent's acceptance may be under
//! way; what the daemon then says it knows nothing of is lost.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::{
    api::pb::{self, contact_service_client::ContactServiceClient as Contacts},
    shard::clock,
    sim::{day::FLUENT, workload::Contact},
};

use super::{
    ledger::{Ending, Stage},
    line::CallError,
    office::Office,
};

/// Plays one contact's customer to the end.
pub async fn play(office: Arc<Office>, contact: Arc<Contact>) -> Result<(), CallError> {
    let number = contact.number;
    let request = enqueue(&contact);
    let stage = office.ledger().arrived(Arc::clone(&contact), clock::now());
    let placed = office
        .platform
        .call("EnqueueContact", |channel| {
            let request = request.clone();
            async move { Contacts::new(channel).enqueue_contact(request).await }
        })
        .await;
    match placed {
        Ok(_) => office.ledger().acknowledged(number),
        Err(error) if matches!(error.reason(), Some("QUEUE_FULL" | "LIMIT_REACHED")) => {
            office.ledger().counts.refused += 1;
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    office.show().arrived(office.clock.now(), &contact);
    look(&office, &contact).await?;
    wait(&office, &contact, stage).await
}

/// Asks whether the daemon takes it for a moment of truth, as it stands after its first words.
async fn look(office: &Office, contact: &Contact) -> Result<(), CallError> {
    let number = contact.number;
    let asked = office.platform.call("GetContact", |channel| async move {
        let request = pb::GetContactRequest { contact_id: format!("c{number}"), ..Default::default() };
        Contacts::new(channel).get_contact(request).await
    });
    let seen = match asked.await {
        Ok(answer) => answer.contact.unwrap_or_default(),
        // That it is unknown is found by whoever needs it next.
        Err(error) if error.reason() == Some("CONTACT_UNKNOWN") => return Ok(()),
        Err(error) => return Err(error),
    };
    if seen.moment_of_truth {
        office.ledger().entry(number).is_moment = true;
        let named = seen.head_starts.iter().find(|part| !part.moment.is_empty());
        let name = named.map_or("by its score", |part| part.moment.as_str());
        let parts = seen.head_starts.iter().filter_map(|part| part.head_start_duration);
        let real = Duration::from_secs(parts.map(|part| u64::try_from(part.seconds).unwrap_or(0)).sum());
        office.show().moment(office.clock.now(), contact, name, office.clock.played(real));
    }
    Ok(())
}

/// Waits, as often as the contact waits, until it is over.
async fn wait(office: &Office, contact: &Contact, mut stage: watch::Receiver<Stage>) -> Result<(), CallError> {
    loop {
        let now = *stage.borrow_and_update();
        match (now, contact.patience) {
            (Stage::Ended, _) => return Ok(()),
            (Stage::Waiting, Some(patience)) => {
                let until = Instant::now() + office.clock.real(patience);
                tokio::select! {
                    changed = stage.changed() => if changed.is_err() { return Ok(()) },
                    still = office.crew.wait_until(until) => {
                        if !still || leave(office, contact).await? { return Ok(()) }
                        // Refused for now: an agent is taking the contact.
                        tokio::select! {
                            changed = stage.changed() => if changed.is_err() { return Ok(()) },
                            () = office.crew.stopped() => return Ok(()),
                        }
                    }
                }
            }
            _ => tokio::select! {
                changed = stage.changed() => if changed.is_err() { return Ok(()) },
                () = office.crew.stopped() => return Ok(()),
            },
        }
    }
}

/// Leaves; false if that is not possible now.
async fn leave(office: &Office, contact: &Contact) -> Result<bool, CallError> {
    let number = contact.number;
    let request = pb::CancelContactRequest {
        // A customer may try again after being with an agent, and then it is another request.
        request_id: format!("leave-{number}-{}", clock::now().0),
        contact_id: format!("c{number}"),
        reason: pb::CancelReason::CustomerLeft.into(),
        ..Default::default()
    };
    let left = office
        .platform
        .call("CancelContact", |channel| {
            let request = request.clone();
            async move { Contacts::new(channel).cancel_contact(request).await }
        })
        .await;
    match left {
        Ok(_) => {
            office.ledger().ended(number, Ending::Abandoned, clock::now());
            office.show().left(office.clock.now(), contact);
            Ok(true)
        }
        Err(error) => match error.reason() {
            Some("CONTACT_STATE") => Ok(false),
            Some("CONTACT_CLOSED") => super::audit::look_up(office, number).await.map(|()| true),
            Some("CONTACT_UNKNOWN") => {
                office
                    .ledger()
                    .lost(number, "it was acknowledged, and when its customer left nobody knew it".to_owned());
                Ok(true)
            }
            _ => Err(error),
        },
    }
}

fn enqueue(contact: &Contact) -> pb::EnqueueContactRequest {
    let condition =
        pb::SkillCondition { skill: contact.message.language.skill().to_owned(), proficiency: u32::from(FLUENT) };
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{}", contact.number),
        contact_id: format!("c{}", contact.number),
        queue: contact.queue.clone(),
        channel: contact.channel.name.to_owned(),
        requirement: Some(pb::Requirement { all: vec![condition], ..Default::default() }),
        details: Some(pb::ContactDetails { context: contact.message.text.clone(), ..Default::default() }),
        text: contact.message.text.clone(),
        text_language: contact.message.language.tag().to_owned(),
        ..Default::default()
    }
}
