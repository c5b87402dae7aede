//! Contacts as people read them.

use crate::{
    api::pb,
    cli::output::{
        fields::Fields,
        table::Table,
        time::{span, time},
        words::word,
    },
};

/// A row each.
pub(super) fn many(contacts: &[pb::Contact]) -> Table {
    let mut table = Table::new(&["CONTACT", "STATE", "QUEUE", "CHANNEL", ">WAITED", "AGENT", "CUSTOMER"]);
    for contact in contacts {
        let details = contact.details.as_ref();
        table.row([
            contact.contact_id.clone(),
            state(contact),
            contact.queue.clone(),
            contact.channel.clone(),
            span(contact.waited_duration.as_ref()),
            agents(contact),
            details.map(|details| details.customer_id.clone()).unwrap_or_default(),
        ]);
    }
    table
}

/// Everything there is to know.
pub(super) fn one(contact: &pb::Contact) -> Fields {
    let mut fields = Fields::default();
    fields
        .tell("contact", &contact.contact_id)
        .tell("state", state(contact))
        .tell("queue", &contact.queue)
        .tell("channel", &contact.channel)
        .tell("arrived", time(contact.arrival_time.as_ref()))
        .tell("in this queue since", time(contact.queue_time.as_ref()))
        .tell("waited", span(contact.waited_duration.as_ref()));
    if contact.virtual_arrival_time != contact.arrival_time {
        fields.tell("placed as if arrived", time(contact.virtual_arrival_time.as_ref()));
    }
    if contact.step > 0 {
        fields.tell("step", contact.step.to_string());
    }
    if contact.offers_made > 0 {
        fields.tell("offers made", contact.offers_made.to_string());
    }
    fields.tell("agent", agents(contact)).tell("closed", time(contact.close_time.as_ref()));
    if let Some(details) = &contact.details {
        let attributes: Vec<String> = details.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        fields
            .tell("customer", &details.customer_id)
            .tell("attributes", attributes.join("\n"))
            .tell("context", &details.context);
    }
    fields
}

/// The state, with how it ended.
fn state(contact: &pb::Contact) -> String {
    let state = word(contact.state().as_str_name(), "CONTACT_STATE_");
    match contact.outcome() {
        pb::ContactOutcome::Unspecified if contact.unconfirmed => format!("{state}, unconfirmed"),
        pb::ContactOutcome::Unspecified => state,
        outcome => format!("{state}: {}", word(outcome.as_str_name(), "CONTACT_OUTCOME_")),
    }
}

/// Who has it, or is offered it.
fn agents(contact: &pb::Contact) -> String {
    let offered: Vec<&str> = contact.open_offers.iter().map(|offer| offer.agent_id.as_str()).collect();
    match offered.is_empty() {
        true => contact.agent_id.clone(),
        false => format!("({})", offered.join(", ")),
    }
}
