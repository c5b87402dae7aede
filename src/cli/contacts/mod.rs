//! `attune contacts`: contacts as the platform drives them.
//!
//! Invariant: each verb is one call (a list: one a page), with the daemon's own answer. Not here: what supervisors do to
//! contacts (`supervise`, though the verbs stand here), why a contact waits (`explain`).

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use crate::api::pb;

use super::{
    arguments::{parse_span, span},
    failure::Failure,
    options::{Format, Options},
    output::time,
    session::{self, Session},
    supervise,
};

mod place;
mod show;
mod signal;

pub use place::Place;

/// Looks at contacts, lets them in and drives them as a platform does
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists contacts in the order of their ids, closed ones of the last ten minutes included
    #[command(after_help = "Example:\n  attune contacts list --queue cards --state queued --state offered")]
    List(List),
    /// Shows one contact
    #[command(after_help = "Example:\n  attune contacts get c1")]
    Get(One),
    /// Shows a waiting contact's position in line
    #[command(after_help = "Example:\n  attune contacts position c1")]
    Position(One),
    /// Says that a contact is on its way
    #[command(after_help = "Examples:\n  attune contacts announce c1 --in 2m --customer 4711\n  \
                            attune contacts announce c1 --in 30s --moment --probability 0.7")]
    Announce(place::Announce),
    /// Lets a contact enter a queue
    #[command(
        after_help = "Example:\n  attune contacts enqueue c1 --queue cards --channel chat --require 'lang_en>=60'"
    )]
    Enqueue(place::Enqueue),
    /// Says something about a contact's customer: what happened, what is known, what was said and how
    #[command(after_help = signal::EXAMPLES)]
    Signal(signal::Signal),
    /// Replaces a contact's details, what it asks of an agent, or both
    #[command(after_help = "Example:\n  attune contacts update c1 --require lang_pl --context 'writes Polish'")]
    Update(place::Update),
    /// Keeps a waiting contact's place without offering it
    #[command(after_help = "Example:\n  attune contacts park c1 --for 30m")]
    Park(Park),
    /// Offers a parked contact again
    #[command(after_help = "Example:\n  attune contacts release c1")]
    Release(One),
    /// Puts a contact back to waiting, in its queue or another
    #[command(after_help = "Example:\n  attune contacts requeue c1 --queue loans --place keep")]
    Requeue(place::Requeue),
    /// Passes an engaged contact on: to a queue, an agent, or whoever has some skills
    #[command(after_help = "Example:\n  attune contacts transfer c1 --agent ana --window 1m")]
    Transfer(place::Transfer),
    /// Ends an engagement; wrap-up follows if the queue gives one
    #[command(after_help = "Example:\n  attune contacts complete c1")]
    Complete(One),
    /// Ends a contact before an agent handled it
    #[command(after_help = "Example:\n  attune contacts cancel c1 --because customer-left")]
    Cancel(Cancel),
    /// As a supervisor: sends a waiting contact to another queue
    #[command(after_help = "Example:\n  attune contacts move c1 --queue loans --reason 'asked for a loan'")]
    Move(supervise::MoveContact),
    /// As a supervisor: reserves a waiting contact for an agent, whatever it requires
    #[command(after_help = "Example:\n  attune contacts pull c1 --agent ana --window 2m --reason 'knows the case'")]
    Pull(supervise::Pull),
    /// As a supervisor: gives a waiting contact a head start
    #[command(after_help = "Example:\n  attune contacts prioritise c1 --head-start 10m --reason 'third call today'")]
    Prioritise(supervise::Prioritise),
    /// Erases a customer whose contacts are closed: from the daemon at once, from its journal with the customer's key
    #[command(after_help = "Example:\n  attune contacts erase 4711 --reason 'asked for it on 12 May'")]
    Erase(supervise::Erase),
}

#[derive(Debug, Args)]
struct One {
    /// The contact
    contact: String,
}

#[derive(Debug, Args)]
struct List {
    /// Only of this queue
    #[arg(long)]
    queue: Option<String>,

    /// Only in this state; may be given several times
    #[arg(long = "state", value_enum)]
    states: Vec<State>,

    /// At most so many
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Debug, Args)]
struct Park {
    /// The contact
    contact: String,

    /// Released by itself after this: at most 24 hours, which is also the default
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    longest: Option<std::time::Duration>,
}

#[derive(Debug, Args)]
struct Cancel {
    /// The contact
    contact: String,

    /// Why: the customer left (counts as abandonment), or the platform withdraws it
    #[arg(long, value_enum)]
    because: Because,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Because {
    CustomerLeft,
    Withdrawn,
}

/// A contact's state, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Announced,
    Queued,
    Parked,
    Offered,
    Engaged,
    WrapUp,
    Closed,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    session::run(&arguments.options, async |session| match arguments.verb {
        Verb::List(list) => list.run(&session).await,
        Verb::Get(One { contact }) => {
            let answer =
                session.client.call(pb::GetContactRequest { contact_id: contact, ..Default::default() }).await?;
            let contact = answer.contact.unwrap_or_default();
            match session.out.format {
                Format::Json => session.out.json(&contact),
                Format::Table => session.out.text(&show::one(&contact).render(session.out.style)),
            }
        }
        Verb::Position(one) => position(&session, one.contact).await,
        Verb::Announce(announce) => announce.run(&session).await,
        Verb::Enqueue(enqueue) => enqueue.run(&session).await,
        Verb::Signal(signal) => signal.run(&session).await,
        Verb::Update(update) => update.run(&session).await,
        Verb::Park(Park { contact, longest }) => {
            let longest = longest.map(span);
            let call = pb::ParkContactRequest { contact_id: contact.clone(), longest, ..Default::default() };
            let answer = session.client.call(call).await?;
            session.out.say(&answer, || format!("{contact} is parked"))
        }
        Verb::Release(One { contact }) => {
            let call = pb::ReleaseContactRequest { contact_id: contact.clone(), ..Default::default() };
            let answer = session.client.call(call).await?;
            session.out.say(&answer, || format!("{contact} is offered again"))
        }
        Verb::Requeue(requeue) => requeue.run(&session).await,
        Verb::Transfer(transfer) => transfer.run(&session).await,
        Verb::Complete(One { contact }) => {
            let call = pb::CompleteContactRequest { contact_id: contact.clone(), ..Default::default() };
            let answer = session.client.call(call).await?;
            session.out.say(&answer, || match time::time(answer.wrap_up_end_time.as_ref()) {
                end if end.is_empty() => format!("{contact} is handled"),
                end => format!("{contact} is handled; wrap-up ends at {end}"),
            })
        }
        Verb::Move(supervised) => supervised.run(&session).await,
        Verb::Pull(supervised) => supervised.run(&session).await,
        Verb::Prioritise(supervised) => supervised.run(&session).await,
        Verb::Erase(supervised) => supervised.run(&session).await,
        Verb::Cancel(Cancel { contact, because }) => {
            let reason = match because {
                Because::CustomerLeft => pb::CancelReason::CustomerLeft,
                Because::Withdrawn => pb::CancelReason::Withdrawn,
            };
            let reason = reason.into();
            let call = pb::CancelContactRequest { contact_id: contact.clone(), reason, ..Default::default() };
            let answer = session.client.call(call).await?;
            session.out.say(&answer, || format!("{contact} is closed"))
        }
    })
}

async fn position(session: &Session, contact: String) -> Result<(), Failure> {
    let answer =
        session.client.call(pb::GetPositionRequest { contact_id: contact.clone(), ..Default::default() }).await?;
    session.out.say(&answer, || {
        let waited = time::span(answer.waited_duration.as_ref());
        let pb::GetPositionResponse { queue, ahead, waiting, .. } = &answer;
        format!("{contact} is number {} of {waiting} in {queue}, and has waited {waited}", ahead + 1)
    })
}

impl List {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let states: Vec<i32> = self.states.into_iter().map(|state| pb::ContactState::from(state).into()).collect();
        let (mut left, mut page_token, mut listed) = (self.limit, String::new(), Vec::new());
        while left > 0 {
            let call = pb::ListContactsRequest {
                queue: self.queue.clone().unwrap_or_default(),
                states: states.clone(),
                page_size: i32::try_from(left.min(500)).unwrap_or(500),
                page_token,
                ..Default::default()
            };
            let page = session.client.call(call).await?;
            left = left.saturating_sub(page.contacts.len());
            match session.out.format {
                Format::Json => page.contacts.iter().try_for_each(|contact| session.out.json(contact))?,
                Format::Table => listed.extend(page.contacts),
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if session.out.format == Format::Table {
            session.out.table(&show::many(&listed))?;
        }
        if left == 0 && !page_token.is_empty() {
            eprintln!("there are more than {}; --limit shows more", self.limit);
        }
        Ok(())
    }
}

impl From<State> for pb::ContactState {
    fn from(state: State) -> Self {
        match state {
            State::Announced => Self::Announced,
            State::Queued => Self::Queued,
            State::Parked => Self::Parked,
            State::Offered => Self::Offered,
            State::Engaged => Self::Engaged,
            State::WrapUp => Self::WrapUp,
            State::Closed => Self::Closed,
        }
    }
}
