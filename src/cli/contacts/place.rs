//! Verbs that give a contact its place, what it asks and what is known of it: announce, enqueue, update, requeue,
//! transfer.

use std::time::{Duration, SystemTime};

use clap::{ArgGroup, Args, ValueEnum};

use crate::{
    api::pb,
    cli::{
        arguments::{parse_attribute, parse_condition, parse_span, parse_time, span},
        failure::Failure,
        output::time,
        session::Session,
    },
};

/// What is known of a contact, for the agent's eyes.
#[derive(Debug, Args)]
struct Details {
    /// The platform's id of the customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,

    /// A fact of the platform's; may be given several times
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = parse_attribute)]
    attributes: Vec<(String, String)>,

    /// Free context for the desktop
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
}

/// What a contact asks of an agent.
#[derive(Debug, Args)]
struct Requirement {
    /// A skill that an agent must have, with the least proficiency if it counts; may be given several times
    #[arg(long = "require", value_name = "SKILL[>=LEVEL]", value_parser = parse_condition)]
    all: Vec<pb::SkillCondition>,

    /// One of several skills of which an agent must have at least one
    #[arg(long = "require-any", value_name = "SKILL[>=LEVEL]", value_parser = parse_condition)]
    any: Vec<pb::SkillCondition>,

    /// A skill that an agent must not have
    #[arg(long = "require-none", value_name = "SKILL[>=LEVEL]", value_parser = parse_condition)]
    none: Vec<pb::SkillCondition>,
}

/// Whether a contact keeps the place that its waiting earned.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Place {
    Keep,
    New,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("when").required(true))]
pub(super) struct Announce {
    /// The contact's id, chosen by you
    contact: String,

    /// Expected in this time: at most an hour
    #[arg(long = "in", value_name = "TIME", value_parser = parse_span, group = "when")]
    ahead: Option<Duration>,

    /// Expected then, such as 2026-11-22T14:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "when")]
    at: Option<prost_types::Timestamp>,

    /// It will be a moment of truth: an empathetic agent is kept free for it if there is one to spare
    #[arg(long)]
    moment: bool,

    /// How probably it comes, from 0 to 1; without it, certainly
    #[arg(long, value_name = "SHARE", requires = "moment")]
    probability: Option<f64>,

    #[command(flatten)]
    details: Details,
}

#[derive(Debug, Args)]
pub(super) struct Enqueue {
    /// The contact's id, chosen by you
    contact: String,

    /// The queue
    #[arg(long)]
    queue: String,

    /// The channel it came by
    #[arg(long)]
    channel: String,

    #[command(flatten)]
    requirement: Requirement,

    /// An agent it should reach
    #[arg(long, value_name = "AGENT")]
    target: Option<String>,

    /// How long only that agent may take it; without it, as long as it waits
    #[arg(long, value_name = "TIME", value_parser = parse_span, requires = "target")]
    window: Option<Duration>,

    /// An agent who must not take it; may be given several times
    #[arg(long = "exclude", value_name = "AGENT")]
    excluded: Vec<String>,

    /// When it really arrived, if before now
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    arrived: Option<prost_types::Timestamp>,

    #[command(flatten)]
    details: Details,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The contact
    contact: String,

    #[command(flatten)]
    requirement: Requirement,

    /// It asks nothing any more beyond what its queue asks
    #[arg(long, conflicts_with_all = ["all", "any", "none"])]
    require_nothing: bool,

    #[command(flatten)]
    details: Details,
}

#[derive(Debug, Args)]
pub(super) struct Requeue {
    /// The contact
    contact: String,

    /// Another queue
    #[arg(long)]
    queue: Option<String>,

    /// Whether it keeps the place that its waiting earned
    #[arg(long, value_enum, default_value_t = Place::Keep)]
    place: Place,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("destination").required(true).multiple(true)
    .args(["queue", "agent", "all", "any", "none"]))]
pub(super) struct Transfer {
    /// The contact
    contact: String,

    /// To a queue: another, or the same again
    #[arg(long, conflicts_with_all = ["agent", "all", "any", "none"])]
    queue: Option<String>,

    /// To an agent
    #[arg(long, conflicts_with_all = ["all", "any", "none"])]
    agent: Option<String>,

    /// How long only that agent may take it; without it, as long as it waits
    #[arg(long, value_name = "TIME", value_parser = parse_span, requires = "agent")]
    window: Option<Duration>,

    #[command(flatten)]
    requirement: Requirement,

    /// Whether it keeps the place that its waiting earned
    #[arg(long, value_enum, default_value_t = Place::Keep)]
    place: Place,
}

impl Announce {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, ahead, at, moment, probability, details } = self;
        let expected_time = ahead.map(|ahead| prost_types::Timestamp::from(SystemTime::now() + ahead)).or(at);
        let details = details.given();
        let call = pb::AnnounceContactRequest {
            contact_id: contact.clone(),
            expected_time,
            details,
            moment_of_truth: moment,
            probability,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{contact} is expected at {}", time::time(expected_time.as_ref())))
    }
}

impl Enqueue {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let contact = self.contact.clone();
        let call = pb::EnqueueContactRequest {
            contact_id: self.contact,
            queue: self.queue,
            channel: self.channel,
            requirement: self.requirement.given(),
            target: self.target.map(|agent_id| pb::TargetAgent { agent_id, window: self.window.map(span) }),
            excluded_agent_ids: self.excluded,
            arrival_time: self.arrived,
            details: self.details.given(),
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || queued(&contact, &answer.queue, answer.virtual_arrival_time.as_ref()))
    }
}

impl Update {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, requirement, require_nothing, details } = self;
        let requirement = if require_nothing { Some(pb::Requirement::default()) } else { requirement.given() };
        let details = details.given();
        if requirement.is_none() && details.is_none() {
            return Err(Failure::Usage("nothing to change: give a detail or a requirement".to_owned()));
        }
        let call = pb::UpdateContactRequest { contact_id: contact.clone(), details, requirement, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{contact} is changed"))
    }
}

impl Requeue {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { contact, queue, place } = self;
        let call = pb::RequeueContactRequest {
            contact_id: contact.clone(),
            queue: queue.unwrap_or_default(),
            place: pb::Place::from(place).into(),
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || queued(&contact, &answer.queue, answer.virtual_arrival_time.as_ref()))
    }
}

impl Transfer {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        use pb::transfer_contact_request::Destination;
        let Self { contact, queue, agent, window, requirement, place } = self;
        let agent = agent.map(|agent_id| pb::TargetAgent { agent_id, window: window.map(span) });
        let destination = queue
            .map(Destination::Queue)
            .or_else(|| agent.map(Destination::Agent))
            .or_else(|| requirement.given().map(Destination::Skills));
        let place = pb::Place::from(place).into();
        let call = pb::TransferContactRequest { contact_id: contact.clone(), destination, place, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || queued(&contact, &answer.queue, answer.virtual_arrival_time.as_ref()))
    }
}

impl Details {
    /// None if nothing was said.
    fn given(self) -> Option<pb::ContactDetails> {
        let Self { customer, attributes, context } = self;
        let said = customer.is_some() || context.is_some() || !attributes.is_empty();
        said.then(|| pb::ContactDetails {
            customer_id: customer.unwrap_or_default(),
            attributes: attributes.into_iter().collect(),
            context: context.unwrap_or_default(),
        })
    }
}

impl Requirement {
    /// None if nothing was said.
    fn given(self) -> Option<pb::Requirement> {
        let Self { all, any, none } = self;
        let said = !(all.is_empty() && any.is_empty() && none.is_empty());
        said.then_some(pb::Requirement { all, any, none, at_least: None })
    }
}

impl From<Place> for pb::Place {
    fn from(place: Place) -> Self {
        match place {
            Place::Keep => Self::Keep,
            Place::New => Self::New,
        }
    }
}

/// Where a contact now waits, in words.
fn queued(contact: &str, queue: &str, place: Option<&prost_types::Timestamp>) -> String {
    format!("{contact} waits in {queue}, placed as of {}", time::time(place))
}
