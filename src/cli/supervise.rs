//! What supervisors do, behind `contacts`, `queues` and `agents`: move, pull, prioritise, force presence, pause, drain.
//!
//! Invariant: every action says who and why; both are kept in the event log.

use std::env;

use clap::{Args, ValueEnum};

use crate::api::pb;

use super::{
    arguments::{parse_signed_span, parse_span, span},
    contacts::Place,
    failure::Failure,
    options::Format,
    output::{
        table::Table,
        time::{self, time},
        words::{counted, word},
    },
    session::Session,
};

/// Who does it, and why.
#[derive(Debug, Clone, Args)]
pub struct By {
    /// Who does it; without it, $USER
    #[arg(long, value_name = "NAME", default_value_t = user())]
    actor: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Whoever is signed in at this machine.
pub fn user() -> String {
    env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

#[derive(Debug, Args)]
pub struct MoveContact {
    /// The contact
    contact: String,

    /// Where to
    #[arg(long)]
    queue: String,

    /// Whether it keeps the place that its waiting earned
    #[arg(long, value_enum, default_value_t = Place::Keep)]
    place: Place,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Pull {
    /// The contact
    contact: String,

    /// Who gets it
    #[arg(long)]
    agent: String,

    /// How long nobody else does; without it, as long as it waits
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    window: Option<std::time::Duration>,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Prioritise {
    /// The contact
    contact: String,

    /// The head start in all, such as 5m or -90s; 0s takes an earlier one away
    #[arg(long, value_name = "TIME", value_parser = parse_signed_span, allow_hyphen_values = true)]
    head_start: prost_types::Duration,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Erase {
    /// The customer, by the platform's id
    customer: String,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct ForcePresence {
    /// The agent
    agent: String,

    /// What to be
    #[arg(value_enum)]
    state: super::agents::State,

    /// When
    #[arg(long, value_enum, default_value_t = Timing::AfterWork)]
    timing: Timing,

    #[command(flatten)]
    by: By,
}

/// When a forced presence takes effect.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Timing {
    Immediately,
    AfterWork,
}

#[derive(Debug, Args)]
pub struct OneQueue {
    /// The queue
    queue: String,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct MoveQueue {
    /// The queue to empty
    queue: String,

    /// Where its contacts go
    #[arg(long)]
    to: String,

    /// Whether they keep the places that their waiting earned
    #[arg(long, value_enum, default_value_t = Place::Keep)]
    place: Place,

    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Actions {
    /// At most so many, newest first
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

impl MoveContact {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, queue, place, by: By { actor, reason } } = self;
        let place = pb::Place::from(place).into();
        let call =
            pb::MoveContactRequest { contact_id: contact.clone(), queue, place, actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || {
            format!("{contact} waits in {}, placed as of {}", answer.queue, time(answer.virtual_arrival_time.as_ref()))
        })
    }
}

impl Pull {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, agent, window, by: By { actor, reason } } = self;
        let target = Some(pb::TargetAgent { agent_id: agent.clone(), window: window.map(span) });
        let call =
            pb::PullContactRequest { contact_id: contact.clone(), agent: target, actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{contact} is reserved for {agent}"))
    }
}

impl Prioritise {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, head_start, by: By { actor, reason } } = self;
        let call = pb::PrioritiseContactRequest {
            contact_id: contact.clone(),
            head_start: Some(head_start),
            actor,
            reason,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{contact} is placed as of {}", time(answer.virtual_arrival_time.as_ref())))
    }
}

impl Erase {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { customer, by: By { actor, reason } } = self;
        let call = pb::EraseCustomerRequest { customer_id: customer.clone(), actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{customer} is erased"))
    }
}

impl ForcePresence {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { agent, state, timing, by: By { actor, reason } } = self;
        let state = pb::PresenceState::from(state);
        let presence = match state {
            pb::PresenceState::Away => pb::Presence { state: state.into(), reason: reason.clone() },
            _ => pb::Presence { state: state.into(), reason: String::new() },
        };
        let timing = match timing {
            Timing::Immediately => pb::PresenceTiming::Immediately,
            Timing::AfterWork => pb::PresenceTiming::AfterWork,
        };
        let call = pb::ForcePresenceRequest {
            agent_id: agent.clone(),
            presence: Some(presence),
            timing: timing.into(),
            actor,
            reason,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        let shown = word(state.as_str_name(), "PRESENCE_STATE_");
        session.out.say(&answer, || match answer.pending {
            true => format!("{agent} will be {shown} when the present work ends"),
            false => format!("{agent} is {shown}"),
        })
    }
}

impl OneQueue {
    /// No offers.
    pub async fn pause(self, session: &Session) -> Result<(), Failure> {
        let Self { queue, by: By { actor, reason } } = self;
        let call = pb::PauseQueueRequest { queue: queue.clone(), actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{queue} is paused: contacts wait and are not offered"))
    }

    /// No new contacts.
    pub async fn drain(self, session: &Session) -> Result<(), Failure> {
        let Self { queue, by: By { actor, reason } } = self;
        let call = pb::DrainQueueRequest { queue: queue.clone(), actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{queue} drains: it takes no new contacts"))
    }

    /// As before.
    pub async fn reopen(self, session: &Session) -> Result<(), Failure> {
        let Self { queue, by: By { actor, reason } } = self;
        let call = pb::ReopenQueueRequest { queue: queue.clone(), actor, reason, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{queue} is open"))
    }
}

impl MoveQueue {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { queue, to, place, by: By { actor, reason } } = self;
        let place = pb::Place::from(place).into();
        let call = pb::MoveQueueRequest {
            queue: queue.clone(),
            destination_queue: to.clone(),
            place,
            actor,
            reason,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{} on the way from {queue} to {to}", counted(answer.waiting, "contact")))
    }
}

impl Actions {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let (mut actions, mut page_token) = (Vec::new(), String::new());
        while actions.len() < self.limit {
            let call = pb::ListActionsRequest { page_size: 500, page_token, ..Default::default() };
            let page = session.client.call(call).await?;
            actions.extend(page.actions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        actions.truncate(self.limit);
        if session.out.format == Format::Json {
            return actions.iter().try_for_each(|action| session.out.json(action));
        }
        let mut table = Table::new(&["TIME", "WHO", "WHAT", "WHY"]);
        for action in &actions {
            table.row([time(action.action_time.as_ref()), action.actor.clone(), what(action), action.reason.clone()]);
        }
        session.out.table(&table)
    }
}

/// An action in words: `move-contact c1 to loans`.
fn what(action: &pb::SupervisorAction) -> String {
    let mut words = vec![word(action.kind().as_str_name(), "SUPERVISOR_ACTION_KIND_")];
    words.extend(
        [&action.contact_id, &action.queue, &action.agent_id].into_iter().filter(|name| !name.is_empty()).cloned(),
    );
    if !action.destination_queue.is_empty() {
        words.push(format!("to {}", action.destination_queue));
    }
    if let Some(presence) = &action.presence {
        words.push(word(presence.state().as_str_name(), "PRESENCE_STATE_"));
    }
    if action.mode() != pb::QueueMode::Unspecified {
        words.push(word(action.mode().as_str_name(), "QUEUE_MODE_"));
    }
    if let Some(head_start) = &action.head_start {
        words.push(format!("by {}", time::span(Some(head_start))));
    }
    words.join(" ")
}
