//! `attune agents`: agents' profiles as the platform keeps them, and whether they are there.
//!
//! Invariant: each verb is one call of AgentService (a list: one a page; an import: one for all), with the daemon's own
//! answer. Not here: offers and streams, which are the desktops' (`attune demo` shows both).

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use crate::api::pb;

use super::{
    arguments::{parse_attribute, parse_level},
    failure::Failure,
    options::{Format, Options},
    session::{self, Session},
    supervise,
};

mod empathy;
mod import;
pub(super) mod rows;
mod show;

/// Looks at agents, creates, changes and removes them, and says whether they are there
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists agents in the order of their ids
    #[command(after_help = "Example:\n  attune agents list --presence available")]
    List(List),
    /// Shows one agent, with the work at hand
    #[command(after_help = "Example:\n  attune agents get ana")]
    Get(One),
    /// Creates an agent or replaces the profile, whole
    #[command(after_help = "Example:\n  attune agents put ana --name 'Ana M.' --skill cards=80 --skill lang_en=100")]
    Put(Put),
    /// Removes an agent who is offline and has no work
    #[command(after_help = "Example:\n  attune agents delete ana")]
    Delete(Delete),
    /// Says whether an agent is there; away and offline wait until the present work ends
    #[command(after_help = "Example:\n  attune agents presence ana away --reason training")]
    Presence(Presence),
    /// As a supervisor: gives an agent a presence, now or after the present work
    #[command(after_help = "Example:\n  attune agents force ana away --timing immediately --reason 'left the desk'")]
    Force(supervise::ForcePresence),
    /// Shows what was learnt of agents' empathy, and who the role models are
    #[command(after_help = "Example:\n  attune agents empathy")]
    Empathy(empathy::Empathy),
    /// Creates agents or replaces their profiles, as many as a file has
    #[command(after_help = import::EXAMPLE)]
    Import(import::Import),
}

#[derive(Debug, Args)]
struct One {
    /// The agent
    agent: String,
}

#[derive(Debug, Args)]
struct List {
    /// Only those who are so
    #[arg(long, value_enum)]
    presence: Option<State>,

    /// At most so many
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Debug, Args)]
struct Put {
    /// The agent's id, chosen by you
    agent: String,

    /// For people to read
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// A skill of the routing document with the agent's proficiency, 1-100; may be given several times
    #[arg(long = "skill", value_name = "NAME=LEVEL", value_parser = parse_level)]
    skills: Vec<(String, u32)>,

    /// A queue with assigned members that the agent serves; may be given several times
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,

    /// Total capacity against which channels' costs count; without it, 100
    #[arg(long, value_name = "NUMBER")]
    capacity: Option<u32>,

    /// Most contacts of a channel at once; 0 refuses the channel; may be given several times
    #[arg(long = "channel-limit", value_name = "CHANNEL=NUMBER", value_parser = parse_level)]
    channel_limits: Vec<(String, u32)>,

    /// A fact of the platform's; may be given several times
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = parse_attribute)]
    attributes: Vec<(String, String)>,

    /// The level of empathy stays what is given here, whatever is learnt
    #[arg(long)]
    empathy_fixed: bool,

    /// Only if the profile still has this etag
    #[arg(long, conflicts_with = "create")]
    etag: Option<String>,

    /// Only if there is no such agent
    #[arg(long)]
    create: bool,

    /// Only if there is such an agent
    #[arg(long, conflicts_with = "create")]
    replace: bool,
}

#[derive(Debug, Args)]
struct Delete {
    /// The agent
    agent: String,

    /// Only if the profile still has this etag
    #[arg(long)]
    etag: Option<String>,
}

#[derive(Debug, Args)]
struct Presence {
    /// The agent
    agent: String,

    /// What to be
    #[arg(value_enum)]
    state: State,

    /// Why, if away
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// A state of presence, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    Offline,
    Available,
    Away,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.verb {
        Verb::Import(import) => import.run(&arguments.options),
        verb => session::run(&arguments.options, async |session| verb.run(&session).await),
    }
}

impl Verb {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Get(One { agent }) => {
                let answer = session.client.call(pb::GetAgentRequest { agent_id: agent, ..Default::default() }).await?;
                let agent = answer.agent.unwrap_or_default();
                match session.out.format {
                    Format::Json => session.out.json(&agent),
                    Format::Table => session.out.text(&show::one(&agent).render(session.out.style)),
                }
            }
            Self::Put(put) => put.run(session).await,
            Self::Delete(Delete { agent, etag }) => {
                let etag = etag.unwrap_or_default();
                let call = pb::DeleteAgentRequest { agent_id: agent.clone(), etag, ..Default::default() };
                let answer = session.client.call(call).await?;
                session.out.say(&answer, || format!("{agent} is removed"))
            }
            Self::Presence(presence) => presence.run(session).await,
            Self::Force(supervised) => supervised.run(session).await,
            Self::Empathy(empathy) => empathy.run(session).await,
            Self::Import(_) => unreachable!("an import reads its file before it connects"),
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let wanted = self.presence.map(pb::PresenceState::from);
        let is_wanted = |agent: &pb::Agent| {
            let state = agent.presence.as_ref().map(pb::Presence::state).unwrap_or_default();
            wanted.is_none_or(|wanted| wanted == state)
        };
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let call = pb::ListAgentsRequest { page_size: 500, page_token, ..Default::default() };
            let page = session.client.call(call).await?;
            listed.extend(page.agents.into_iter().filter(is_wanted));
            page_token = page.next_page_token;
            if page_token.is_empty() || listed.len() > self.limit {
                break;
            }
        }
        let more = listed.len() > self.limit;
        listed.truncate(self.limit);
        match session.out.format {
            Format::Json => listed.iter().try_for_each(|agent| session.out.json(agent))?,
            Format::Table => session.out.table(&show::many(&listed))?,
        }
        if more {
            eprintln!("there are more than {}; --limit shows more", self.limit);
        }
        Ok(())
    }
}

impl Put {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let agent = self.agent.clone();
        let profile = pb::AgentProfile {
            display_name: self.name.unwrap_or_default(),
            skills: self.skills.into_iter().collect(),
            queues: self.queues,
            capacity: self.capacity,
            channel_limits: self.channel_limits.into_iter().collect(),
            attributes: self.attributes.into_iter().collect(),
            empathy_fixed: self.empathy_fixed,
        };
        let mode = match (self.create, self.replace) {
            (true, _) => pb::PutMode::Create,
            (_, true) => pb::PutMode::Replace,
            _ => pb::PutMode::Unspecified,
        };
        let call = pb::PutAgentRequest {
            agent_id: self.agent,
            profile: Some(profile),
            etag: self.etag.unwrap_or_default(),
            mode: mode.into(),
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("{agent} is put, etag {}", answer.etag))
    }
}

impl Presence {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { agent, state, reason } = self;
        let state = pb::PresenceState::from(state);
        let presence = pb::Presence { state: state.into(), reason: reason.unwrap_or_default() };
        let shown = show::presence(Some(&presence));
        let call = pb::SetPresenceRequest { agent_id: agent.clone(), presence: Some(presence), ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || match answer.pending {
            true => format!("{agent} will be {shown} when the present work ends"),
            false => format!("{agent} is {shown}"),
        })
    }
}

impl From<State> for pb::PresenceState {
    fn from(state: State) -> Self {
        match state {
            State::Offline => Self::Offline,
            State::Available => Self::Available,
            State::Away => Self::Away,
        }
    }
}
