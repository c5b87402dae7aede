//! What was learnt outside the engine and taken over: how long accepting usually takes, what announcements are worth, and
//! how empathetic agents are.
//!
//! Invariant: it changes only by recorded commands, so that a replay decides by what was known then. It is bounded by the
//! queues and channels there are and by [`SOURCES_MAX`]. A contact goes by what was known when it came into its queue or
//! was announced: a later value moves nobody's timer. An agent's record stays as it is; what was learnt stands before it
//! only while the document learns and the record does not forbid it. Not here: how it is learnt (`forecast`), and how many agents are
//! kept free (`score`).

use std::collections::BTreeMap;

use crate::model::{
    care::Announced,
    document::USUAL_ACCEPTANCE,
    ids::{AgentId, ChannelKey, ChannelName, QueueKey, QueueName, SkillName, SourceName},
    limits::{ACCEPTANCE_SECS_MAX, SOURCES_MAX},
    requirement::Level,
    time::Span,
};

use super::{
    command::Reply,
    emit::Emit,
    event::Event,
    find::{agent_of, channel_named, queue_named},
    reject::Reject,
    state::State,
};

/// An agent's level of a skill, as it was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearntLevel {
    /// The skill that stands for empathy.
    pub skill: SkillName,
    /// The level, 1-100.
    pub level: Level,
}

/// What is known better than the document's and the platform's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learnt {
    pub(crate) acceptance: BTreeMap<(QueueKey, ChannelKey), Span>,
    /// In thousandths.
    pub(crate) show_rates: BTreeMap<SourceName, u16>,
}

impl Learnt {
    /// How long an agent who is asked usually takes to accept.
    pub fn accepting(&self, queue: QueueKey, channel: ChannelKey) -> Span {
        self.acceptance.get(&(queue, channel)).copied().unwrap_or(USUAL_ACCEPTANCE)
    }

    /// Thousandths of an agent that an announced contact is worth.
    pub fn weight(&self, announced: Announced, source: Option<&SourceName>) -> u16 {
        let rate = source.and_then(|source| self.show_rates.get(source)).copied().unwrap_or(1_000);
        let weight = u32::from(announced.probability) * u32::from(rate) / 1_000;
        u16::try_from(weight).unwrap_or(announced.probability)
    }

    /// What accepting a contact of this queue and channel usually takes now.
    pub fn take_acceptance(&mut self, queue: QueueKey, channel: ChannelKey, usual: Option<Span>) {
        match usual {
            Some(usual) => self.acceptance.insert((queue, channel), usual),
            None => self.acceptance.remove(&(queue, channel)),
        };
    }

    /// What a source's announcements are worth now.
    pub fn take_show_rate(&mut self, source: &SourceName, thousandths: Option<u16>) {
        match thousandths {
            Some(thousandths) => self.show_rates.insert(source.clone(), thousandths),
            None => self.show_rates.remove(source),
        };
    }

    /// No document names the queue any more.
    pub fn forget_queue(&mut self, queue: QueueKey) {
        self.acceptance.retain(|(of, _), _| *of != queue);
    }

    /// The queues of which something is known.
    pub fn queues(&self) -> impl Iterator<Item = QueueKey> {
        self.acceptance.keys().map(|(queue, _)| *queue)
    }
}

/// Takes over how long accepting usually takes.
pub(super) fn learn_acceptance(
    out: &mut Emit<'_>,
    queue: &QueueName,
    channel: &ChannelName,
    usual: Option<Span>,
) -> Result<Reply, Reject> {
    let state = out.state();
    let queue = queue_named(state, "queue", queue)?;
    let channel = channel_named(state, channel)?;
    let is_in_range = |usual: &Span| (Span::ZERO..=Span::from_secs(ACCEPTANCE_SECS_MAX)).contains(usual);
    if !usual.as_ref().is_none_or(is_in_range) {
        return Err(Reject::OutOfRange { field: "usual", problem: "must be from zero to five minutes" });
    }
    out.emit(Event::AcceptanceLearnt { queue, channel, usual });
    Ok(Reply::Done)
}

/// Takes over what a source's announcements are worth.
pub(super) fn learn_show_rate(
    out: &mut Emit<'_>,
    source: &SourceName,
    thousandths: Option<u16>,
) -> Result<Reply, Reject> {
    let known = &out.state().learnt.show_rates;
    if thousandths.is_some() && !known.contains_key(source) && known.len() >= SOURCES_MAX {
        return Err(Reject::LimitReached { what: "sources of announcements", limit: SOURCES_MAX });
    }
    if thousandths.is_some_and(|thousandths| thousandths > 1_000) {
        return Err(Reject::OutOfRange { field: "thousandths", problem: "must be from 0 to 1000" });
    }
    out.emit(Event::ShowRateLearnt { source: source.clone(), thousandths });
    Ok(Reply::Done)
}

/// Takes over how empathetic an agent was found to be; what is known already changes nothing.
pub(super) fn learn_empathy(out: &mut Emit<'_>, id: &AgentId, level: Option<Level>) -> Result<Reply, Reject> {
    let state = out.state();
    let key = agent_of(state, id)?;
    let agent = state.agent(key);
    let problem = match level {
        Some(level) if !(1..=100).contains(&level) => Some("must be from 1 to 100"),
        Some(_) if agent.profile.empathy_fixed => Some("must be left to the record, which is fixed"),
        Some(_) if !state.learns_empathy() => Some("must be learnt by a document that learns empathy"),
        _ => None,
    };
    if let Some(problem) = problem {
        return Err(Reject::OutOfRange { field: "level", problem });
    }
    if agent.learnt.as_ref().map(|learnt| learnt.level) != level {
        out.emit(Event::EmpathyLearnt { agent: key, level });
    }
    Ok(Reply::Done)
}

impl State {
    /// Whether every document in use learns the same skill.
    fn learns_empathy(&self) -> bool {
        let skill = self.document.learnt_skill();
        let other = self.sweep.as_deref().map(|sweep| sweep.other.document.learnt_skill());
        skill.is_some() && other.is_none_or(|other| other == skill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_worth_its_probability_by_what_its_source_keeps() {
        let mut learnt = Learnt::default();
        let source = |name| SourceName::new(name).unwrap();
        learnt.take_show_rate(&source("ivr"), Some(700));
        let promised = Announced { moment_of_truth: true, probability: 500 };
        assert_eq!(learnt.weight(promised, Some(&source("ivr"))), 350);
        assert_eq!(learnt.weight(promised, Some(&source("bot"))), 500);
        assert_eq!(learnt.weight(promised, None), 500);
        learnt.take_show_rate(&source("ivr"), None);
        assert_eq!(learnt, Learnt::default());
    }
}
