//! The last question: what of a contact that has no end in the books?
//!
//! Invariant: the daemon's answer must fit what customer and agent know. A contact that it still has where the books
//! have it has a place; one it does not know, or has elsewhere, is lost.

use crate::{
    api::pb::{self, contact_service_client::ContactServiceClient as Contacts},
    shard::clock,
};

use super::{
    ledger::{Ending, Stage},
    line::CallError,
    office::Office,
};

/// Asks for every acknowledged contact without an end.
pub async fn look_up_all(office: &Office) -> Result<(), CallError> {
    let open: Vec<u32> = {
        let ledger = office.ledger();
        let entries = ledger.entries().iter();
        let open = entries.filter(|entry| entry.acknowledged && entry.ending.is_none() && entry.lost.is_none());
        open.map(|entry| entry.contact.number).collect()
    };
    for number in open {
        look_up(office, number).await?;
    }
    Ok(())
}

/// Asks for one contact and enters what comes of it.
pub async fn look_up(office: &Office, number: u32) -> Result<(), CallError> {
    let asked_at = clock::now();
    let asked = office
        .platform
        .call("GetContact", |channel| async move {
            let request = pb::GetContactRequest { contact_id: format!("c{number}"), ..Default::default() };
            Contacts::new(channel).get_contact(request).await
        })
        .await;
    let contact = match asked {
        Ok(answer) => answer.contact.unwrap_or_default(),
        Err(error) if error.reason() == Some("CONTACT_UNKNOWN") => {
            office.ledger().lost(number, "it was acknowledged, and nobody knows it".to_owned());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut ledger = office.ledger();
    let stage = ledger.entry(number).stage();
    match (stage, contact.state(), contact.outcome()) {
        (Stage::Waiting, pb::ContactState::Queued | pb::ContactState::Offered | pb::ContactState::Parked, _) => {
            ledger.has_place(number, asked_at);
        }
        (Stage::Engaged, pb::ContactState::Engaged, _) if ledger.entry(number).is_with(&contact.agent_id) => {
            ledger.has_place(number, asked_at);
        }
        (Stage::Waiting, pb::ContactState::Closed, pb::ContactOutcome::Expired) => {
            ledger.ended(number, Ending::TimedOut, clock::now());
        }
        (stage, state, outcome) => {
            let stage = format!("{stage:?}").to_lowercase();
            let (state, outcome) = (state.as_str_name(), outcome.as_str_name());
            ledger.lost(number, format!("it is {stage} in the books, {state} with {outcome} at the daemon"));
        }
    }
    Ok(())
}
