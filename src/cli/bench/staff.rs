//! The agents of an office, and how they are connected.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tonic::{Status, transport::Channel};

use crate::api::pb::{self, agent_service_client::AgentServiceClient as Agents};

use super::{board::Board, desk::Desk, gateway::Gateway};

/// Calls under way at once while an office is set up.
const AT_ONCE: usize = 64;

/// What an agent does with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// Completes it at once.
    AtOnce,
    /// Completes it after this.
    For(Duration),
    /// Keeps it until [`Staff::complete`].
    Held,
}

/// Agents who are signed in.
#[derive(Debug)]
pub enum Staff {
    /// Each at a desktop with a stream of its own.
    Desks(Vec<Arc<Desk>>),
    /// All behind one call.
    Gateway(Arc<Gateway>),
}

/// What all agents of a staff have in common.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The tenant.
    pub tenant: String,
    /// Tells this office's ids from those of others at the same server, now or a while ago.
    pub run: String,
    /// What they do with contacts.
    pub handling: Handling,
    /// Where everything is noted.
    pub board: Arc<Board>,
}

/// An agent's id.
pub fn agent_id(number: usize) -> String {
    format!("a{number}")
}

/// Which agent that is.
pub fn number_of(agent: &str) -> Option<usize> {
    agent.strip_prefix('a')?.parse().ok()
}

/// Tells the server of agents and the skills that each has.
pub async fn put(
    channel: &Channel,
    terms: &Terms,
    agents: impl IntoIterator<Item = (String, Vec<String>)>,
) -> Result<(), Status> {
    let puts = agents.into_iter().map(|(agent_id, skills)| {
        let skills = skills.into_iter().map(|skill| (skill, 100)).collect();
        let request = pb::PutAgentRequest {
            tenant: terms.tenant.clone(),
            request_id: format!("put-{}-{agent_id}", terms.run),
            agent_id,
            profile: Some(pb::AgentProfile { skills, ..Default::default() }),
            ..Default::default()
        };
        let mut agents = Agents::new(channel.clone());
        async move { agents.put_agent(request).await.map(drop) }
    });
    all(puts).await
}

impl Staff {
    /// Signs agents in at desktops of their own; their streams share these connections evenly.
    pub async fn at_desks(channels: &[Channel], agents: usize, terms: &Terms) -> Result<Self, Status> {
        let desk = |number: usize| {
            Arc::new(Desk {
                number,
                agent: agent_id(number),
                channel: channels[number % channels.len()].clone(),
                terms: terms.clone(),
            })
        };
        let desks: Vec<_> = (0..agents).map(desk).collect();
        all(desks.iter().cloned().map(Desk::sign_in)).await?;
        Ok(Self::Desks(desks))
    }

    /// Ends an engagement of this agent's.
    pub fn complete(&self, agent: usize, contact: String) {
        match self {
            Self::Desks(desks) => {
                let desk = Arc::clone(&desks[agent]);
                tokio::spawn(async move { desk.complete(contact).await });
            }
            Self::Gateway(gateway) => gateway.complete(agent, contact),
        }
    }
}

/// Makes all calls, some at once; ends with the first that fails.
async fn all<F>(calls: impl Iterator<Item = F>) -> Result<(), Status>
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    for call in calls {
        if under_way.len() >= AT_ONCE
            && let Some(done) = under_way.join_next().await
        {
            done.expect("a panic ends the process")?;
        }
        under_way.spawn(call);
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("a panic ends the process")?;
    }
    Ok(())
}
