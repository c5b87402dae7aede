//! The pure heart: commands in, events out.
//!
//! Reading order: [`command`], [`event`], [`reject`] (the words); [`state`], [`evolve`], [`derive`] (what there is and
//! how it changes); [`contact`], [`score`], [`learnt`], [`signal`], [`assist`], [`agent`], [`offer`], [`supervise`],
//! [`document`], [`erase`], [`tick`], [`stall`], [`hold`], [`overflow`] (what decides), on top of [`engagement`], [`waiting`],
//! [`moving`] and [`find`]; [`load`] and [`budgets`] (what agents and customers had lately); [`matching`] (who takes what); [`view`],
//! [`read`], [`lines`], [`windows`], [`notice`], [`change`], [`summary`] (what may be seen); [`kept`] (what is not derived);
//! [`explain`] (why); [`invariant`] (what must always hold).
//!
//! Invariant: no clock, no I/O, no randomness, no logging, no floats, no hash order. Time is an argument and never runs
//! backwards. A refused command leaves no trace; an accepted one is exactly its events.
//!
//! Nobody waits for ever. Lines are ordered by virtual arrival, which is arrival less head start, so among contacts of
//! equal capacity cost that an agent may take at an instant, none is passed by one that arrived more than
//! `max(head start) − min(head start)` of those contacts later ([`invariant::check_bound`] holds every offer against it).
//! The dynamic part of a head start is capped by the document (`[head_start]`), the queue's and a supervisor's are their
//! own choice. What else can pass a contact ends by itself: a larger cost gets an agent who drains, a hold and the reserve
//! end with a phase, a refusal and a target agent's window have a time, and every queue has a longest wait.

#![deny(clippy::float_arithmetic, clippy::disallowed_methods, clippy::disallowed_types)]

mod actions;
mod agent;
mod alert;
mod assist;
mod budgets;
pub mod change;
pub mod command;
mod contact;
mod customers;
mod dedup;
mod derive;
mod directory;
mod document;
mod emit;
mod engagement;
mod erase;
pub mod event;
mod evolve;
pub mod explain;
mod find;
pub mod history;
mod hold;
mod introduce;
pub mod invariant;
pub(crate) mod kept;
mod kinds;
mod learnt;
pub mod lines;
pub mod load;
mod matching;
mod moving;
mod names;
mod notice;
mod offer;
mod overflow;
mod read;
pub mod reject;
mod score;
mod signal;
mod stall;
mod state;
mod storm;
pub mod summary;
mod supervise;
mod sweep;
mod table;
mod tick;
mod timer;
mod tombstones;
pub mod view;
mod waiting;
pub mod windows;

use crate::model::time::Timestamp;

pub use assist::Distress;
pub use command::{Command, Proposal, Reply, Request};
pub use event::Event;
pub use hold::{HoldRules, OfferingHeld};
pub use matching::manner::Phase;
#[doc(hidden)]
pub use matching::settle::Seeker;
pub use read::{AvailableFacts, ContactFacts, OfferFacts, SeatFacts};
pub use reject::Reject;
pub use signal::refused as refused_signals;
pub use state::{OfferEnd, State};

use emit::Emit;

/// What a command led to.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub reply: Result<Reply, Reject>,
    /// What happened, in order; empty if it was refused or a repetition.
    pub events: Vec<Event>,
}

impl State {
    /// Whether this very request was accepted before, so that it does nothing more.
    pub fn has_answered(&self, request: &Request, fingerprint: fn(&Command) -> u64) -> bool {
        let answered = |id| matches!(self.dedup.answer(id, fingerprint(&request.command)), Ok(Some(_)));
        request.id.as_ref().is_some_and(answered)
    }

    /// Decides a command, lets it happen, and matches whatever became possible by it. `fingerprint` tells one command from
    /// another, for as long as requests are remembered: through restarts and upgrades.
    pub fn apply(&mut self, now: Timestamp, request: &Request, fingerprint: fn(&Command) -> u64) -> Outcome {
        let now = now.max(self.now);
        let repeatable = request.id.as_ref().map(|id| (id, fingerprint(&request.command)));
        if let Some((id, fingerprint)) = repeatable {
            match self.dedup.answer(id, fingerprint) {
                Ok(None) => {}
                Ok(Some(reply)) => return Outcome { reply: Ok(reply), events: Vec::new() },
                Err(reject) => return Outcome { reply: Err(reject), events: Vec::new() },
            }
        }
        let resumed_at = self.resumed_at;
        let mut out = Emit::new(self, now);
        let reply = decide(&mut out, &request.command);
        if let Ok(reply) = &reply {
            hold::review(&mut out);
            hold::settle(&mut out, &request.command, resumed_at);
            alert::review(&mut out);
            if let Some((id, fingerprint)) = repeatable {
                out.emit(Event::RequestAccepted { request: id.clone(), fingerprint, reply: reply.clone() });
            }
        }
        let events = out.into_events();
        assert!(reply.is_ok() || events.is_empty(), "a refused command leaves no trace");
        Outcome { reply, events }
    }
}

fn decide(out: &mut Emit<'_>, command: &Command) -> Result<Reply, Reject> {
    match command {
        Command::Tick => {
            tick::tick(out);
            Ok(Reply::Done)
        }
        Command::Sweep => {
            sweep::sweep(out);
            Ok(Reply::Done)
        }
        Command::Resume { since, hold } => stall::resume(out, *since, *hold),
        Command::Stall { since } => stall::stall(out, *since),
        Command::ApplyDocument(proposal) => document::apply_document(out, proposal),
        Command::PutAgent { agent, profile, expected } => agent::put_agent(out, agent, profile, *expected),
        Command::PutAgents { rows } => Ok(agent::put_agents(out, rows)),
        Command::DeleteAgent { agent, expected } => agent::delete_agent(out, agent, *expected),
        Command::OpenSession { agent, session, connection } => agent::open_session(out, agent, session, *connection),
        Command::LoseSession { agent, connection } => agent::lose_session(out, agent, *connection),
        Command::SetPresence { agent, presence } => agent::set_presence(out, agent, presence),
        Command::AnnounceContact { contact, expected_at, announced, source, details } => {
            contact::announce_contact(out, contact, *expected_at, *announced, source.as_ref(), details)
        }
        Command::EnqueueContact(new) => contact::enqueue_contact(out, new),
        Command::UpdateContact { contact, details, requirement } => {
            contact::update_contact(out, contact, details.as_ref(), requirement.as_ref())
        }
        Command::ScoreContact { contact, dynamic, care } => score::score_contact(out, contact, *dynamic, care),
        Command::Signal { contact, signals } => signal::signal_contact(out, contact, signals),
        Command::ParkContact { contact, longest } => contact::park_contact(out, contact, *longest),
        Command::ReleaseContact { contact } => contact::release_contact(out, contact),
        Command::RequeueContact { contact, queue, place } => {
            contact::requeue_contact(out, contact, queue.as_ref(), *place)
        }
        Command::TransferContact { contact, to, place } => contact::transfer_contact(out, contact, to, *place),
        Command::CompleteContact { contact } => contact::complete_contact(out, contact),
        Command::CancelContact { contact, reason } => contact::cancel_contact(out, contact, *reason),
        Command::AckOffer { agent, offer } => offer::ack_offer(out, agent, *offer),
        Command::AcceptOffer { agent, offer } => offer::accept_offer(out, agent, *offer),
        Command::DeclineOffer { agent, offer, reason } => offer::decline_offer(out, agent, *offer, reason),
        Command::ExtendOffer { agent, offer, by } => offer::extend_offer(out, agent, *offer, *by),
        Command::ReportConnectFailed { agent, contact, .. } => offer::report_connect_failed(out, agent, contact),
        Command::ExtendWrapUp { agent, contact, by } => engagement::extend_wrap_up(out, agent, contact, *by),
        Command::EndWrapUp { agent, contact } => engagement::end_wrap_up(out, agent, contact),
        Command::SetReserve { skill, k } => score::set_reserve(out, skill.as_ref(), *k),
        Command::LearnAcceptance { queue, channel, usual } => learnt::learn_acceptance(out, queue, channel, *usual),
        Command::LearnShowRate { source, thousandths } => learnt::learn_show_rate(out, source, *thousandths),
        Command::LearnEmpathy { agent, level } => learnt::learn_empathy(out, agent, *level),
        Command::SetOverflow { queue, channel, beyond } => overflow::set_overflow(out, queue, channel, *beyond),
        Command::Supervise(supervision) => supervise::supervise(out, supervision),
    }
}
