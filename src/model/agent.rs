//! An agent as the platform describes one, and what an agent says about being there.
//!
//! Invariant: nothing here says what an agent feels; emotion is inferred for customers only.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ids::{AgentId, ChannelName, QueueName, SkillName},
    requirement::Level,
};

/// What the platform tells of an agent; a resource of its own, not part of the routing document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentProfile {
    /// For people to read.
    pub display_name: String,
    /// Proficiency per skill, 1-100.
    pub skills: BTreeMap<SkillName, Level>,
    /// Queues with assigned members that this agent serves; sorted.
    pub queues: Vec<QueueName>,
    /// Total capacity against which channels' costs count, 1-10,000 (usually 100).
    pub capacity: u32,
    /// Most contacts at once per channel; a channel that is not listed is limited by capacity alone, and 0 refuses it.
    pub channel_limits: BTreeMap<ChannelName, u16>,
    /// The record's word on empathy stands, whatever is learnt.
    pub empathy_fixed: bool,
    /// The platform's own facts, handed back as they are.
    pub attributes: BTreeMap<String, String>,
}

impl Default for AgentProfile {
    fn default() -> Self {
        Self {
            display_name: String::new(),
            skills: BTreeMap::new(),
            queues: Vec::new(),
            capacity: 100,
            channel_limits: BTreeMap::new(),
            empathy_fixed: false,
            attributes: BTreeMap::new(),
        }
    }
}

/// An agent to create or change: one put, or one row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentRow {
    /// Who.
    pub agent: AgentId,
    /// What is to be in force.
    pub profile: Arc<AgentProfile>,
    /// What must be so before.
    pub expected: Expected,
}

/// What must be so of an agent before the profile is put or the agent deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Expected {
    /// Nothing.
    #[default]
    Anything,
    /// There is no such agent.
    Absent,
    /// There is one.
    Present,
    /// There is one, of this revision.
    Revision(u64),
}

/// Whether an agent can be offered work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Presence {
    /// Not signed in.
    #[default]
    Offline,
    /// Ready for work, as far as capacity goes.
    Available,
    /// Signed in, not ready; the reason is the platform's word ("break", "training") or the engine's ("rona").
    Away {
        /// Why.
        reason: String,
    },
}
