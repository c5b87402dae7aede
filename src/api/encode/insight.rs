//! Explanations.

use crate::{
    api::{
        page_token::{self, List},
        pb,
    },
    engine::{
        OfferEnd,
        explain::view::{
            AgentExplained, AgentVerdict, Candidate, ChannelRoom, ChoiceExplained, ConditionCount, ContactExplained,
            ContactVerdict, Hurdle, Obstacle, OfferExplained, PairExplained, PairVerdict, PlaceExplained, Prospect,
            ProspectKind, QueueEligibility, TermsExplained,
        },
    },
    forecast::Learner,
    model::{
        ids::{AgentId, QueueName},
        time::{Span, Timestamp},
    },
};

use super::{
    agent::agent,
    contact::{contact_state, head_start, share},
    offer::choice,
    signed_span, span, timestamp,
};

/// A contact; `now` is the time of answering.
pub fn contact_explained(explained: ContactExplained, now: Timestamp) -> pb::ExplainContactResponse {
    let (place, terms, conditions, prospects) = match explained.waiting {
        Some(waiting) => (Some(waiting.place), Some(waiting.terms), waiting.conditions, waiting.prospects),
        None => (None, None, Vec::new(), Vec::new()),
    };
    pb::ExplainContactResponse {
        contact_id: explained.id.to_string(),
        state: contact_state(explained.state).into(),
        verdict: contact_verdict(explained.verdict).into(),
        summary: explained.summary,
        place: place.map(contact_place),
        terms: terms.map(contact_terms),
        conditions: conditions.into_iter().map(condition_count).collect(),
        prospects: prospects.into_iter().map(|p| prospect(p, now)).collect(),
        choices: explained.choices.into_iter().map(choice_explained).collect(),
    }
}

/// A page of candidates.
pub fn candidates(candidates: Vec<Candidate>, next: Option<AgentId>) -> pb::ListCandidatesResponse {
    pb::ListCandidatesResponse {
        candidates: candidates.into_iter().map(candidate).collect(),
        next_page_token: page_token::encode(List::Candidates, next.as_ref().map(|last| last.as_str())),
    }
}

/// A page of what is known of agents' empathy, of so many rows at most.
pub fn learners(learners: &[Learner], limit: usize) -> pb::ListEmpathyResponse {
    let next = learners.last().filter(|_| learners.len() == limit);
    pb::ListEmpathyResponse {
        agents: learners.iter().map(learner).collect(),
        next_page_token: page_token::encode(List::Learners, next.map(|last| last.agent.as_str())),
    }
}

fn learner(learner: &Learner) -> pb::AgentEmpathy {
    pb::AgentEmpathy {
        agent_id: learner.agent.to_string(),
        recorded_level: learner.recorded.into(),
        learnt_level: learner.learnt.map(u32::from),
        fixed: learner.is_fixed,
        outcomes: learner.outcomes,
        found_level: learner.found.into(),
        found_level_min: learner.within.0.into(),
        found_level_max: learner.within.1.into(),
        learnt_time: learner.since.map(timestamp),
        role_model: learner.is_role_model,
    }
}

/// An agent.
pub fn agent_explained(explained: AgentExplained) -> pb::ExplainAgentResponse {
    let (next, next_obstacles) =
        explained.next.map(|(next, obstacles)| (next.to_string(), obstacles)).unwrap_or_default();
    let next_queue = explained.next_queue.as_ref().map(QueueName::as_str);
    pb::ExplainAgentResponse {
        agent: Some(agent(explained.agent)),
        verdict: agent_verdict(explained.verdict).into(),
        summary: explained.summary,
        draining_contact_id: explained.draining.map(|contact| contact.to_string()).unwrap_or_default(),
        next_contact_id: next,
        next_obstacles: next_obstacles.iter().map(obstacle).collect(),
        channels: explained.channels.into_iter().map(channel_room).collect(),
        queues: explained.queues.into_iter().map(queue_eligibility).collect(),
        next_page_token: page_token::encode(List::Eligibilities, next_queue),
    }
}

/// A pair.
pub fn pair_explained(explained: PairExplained) -> pb::ExplainPairResponse {
    pb::ExplainPairResponse {
        candidate: Some(candidate(explained.candidate)),
        verdict: pair_verdict(explained.verdict).into(),
        summary: explained.summary,
        earlier_contact_id: explained.earlier.map(|contact| contact.to_string()).unwrap_or_default(),
        choices: explained.choices.into_iter().map(choice_explained).collect(),
    }
}

/// An offer.
pub fn offer_explained(explained: OfferExplained) -> pb::ExplainOfferResponse {
    let outcome = match explained.ended {
        None => pb::OfferOutcome::Unspecified,
        Some(OfferEnd::Accepted) => pb::OfferOutcome::Accepted,
        Some(OfferEnd::Declined) => pb::OfferOutcome::Declined,
        Some(OfferEnd::Expired) => pb::OfferOutcome::Expired,
        Some(OfferEnd::Rescinded(_)) => pb::OfferOutcome::Rescinded,
    };
    pb::ExplainOfferResponse {
        contact_id: explained.contact.to_string(),
        queue: explained.queue.to_string(),
        choice: Some(choice_explained(explained.choice)),
        outcome: outcome.into(),
    }
}

fn contact_place(place: PlaceExplained) -> pb::ContactPlace {
    pb::ContactPlace {
        queue: place.queue.to_string(),
        ahead: place.ahead,
        waiting: place.waiting,
        ahead_contact_ids: place.ahead_alike.iter().map(ToString::to_string).collect(),
        arrival_time: Some(timestamp(place.arrived_at)),
        counted_from_time: Some(timestamp(place.ordered_from)),
        priority_head_start_duration: Some(span(place.priority)),
        supervisor_head_start_duration: Some(signed_span(place.head_start)),
        dynamic_head_start_duration: Some(span(place.dynamic)),
        score: share(place.score),
        head_starts: place.contributions.iter().map(head_start).collect(),
        withheld_head_start_duration: Some(span(Span::from_secs(place.withheld.into()))),
        virtual_arrival_time: Some(timestamp(place.virtual_arrival)),
        queue_time: Some(timestamp(place.queued_at)),
        parked_until_time: place.parked_until.map(timestamp),
        offers_made: place.offers_made,
        draining_agent_id: place.draining.map(|agent| agent.to_string()).unwrap_or_default(),
    }
}

fn contact_terms(terms: TermsExplained) -> pb::ContactTerms {
    let alternatives = terms
        .alternatives
        .into_iter()
        .map(|alternative| pb::Alternative { skills: skill_counts(alternative.skills), met: alternative.met });
    let refusals = terms.refusals.into_iter().map(|(agent, until, times)| pb::AgentRefusal {
        agent_id: agent.to_string(),
        until_time: Some(timestamp(until)),
        times: times.into(),
    });
    let (beyond, overflowed_at) = terms.overflowed.unzip();
    let (target, until) = terms.target.map(|(agent, until)| (agent.to_string(), until)).unwrap_or_default();
    pb::ContactTerms {
        channel: terms.channel.to_string(),
        cost: terms.cost,
        step: terms.step.into(),
        document_version: terms.document,
        requirement: terms.requirement,
        own_waived: terms.own_waived,
        alternatives: alternatives.collect(),
        target_agent_id: target,
        target_until_time: until.map(timestamp),
        excluded_agent_ids: terms.excluded.iter().map(ToString::to_string).collect(),
        refusals: refusals.collect(),
        overflow_beyond_duration: beyond.map(span),
        overflow_time: overflowed_at.map(timestamp),
    }
}

fn skill_counts(skills: Vec<(String, u64)>) -> Vec<pb::SkillCount> {
    skills.into_iter().map(|(skill, met)| pb::SkillCount { skill, met }).collect()
}

fn condition_count(count: ConditionCount) -> pb::ConditionCount {
    pb::ConditionCount {
        hurdle: hurdle(count.hurdle).into(),
        condition: count.words,
        removed: count.removed,
        left: count.left,
    }
}

fn prospect(prospect: Prospect, now: Timestamp) -> pb::Prospect {
    let (kind, step, queue) = match prospect.kind {
        ProspectKind::Step(step) => (pb::ProspectKind::Step, step, String::new()),
        ProspectKind::TargetReleased => (pb::ProspectKind::TargetReleased, 0, String::new()),
        ProspectKind::Overflow(queue) => (pb::ProspectKind::Overflow, 0, queue.to_string()),
        ProspectKind::Expires => (pb::ProspectKind::Expires, 0, String::new()),
    };
    pb::Prospect {
        begin_time: Some(timestamp(prospect.at)),
        begin_remaining: Some(span(prospect.at - now)),
        kind: kind.into(),
        step: step.into(),
        queue,
        requirement: prospect.requirement,
        agents: prospect.agents,
        available: prospect.available,
    }
}

fn choice_explained(explained: ChoiceExplained) -> pb::ChoiceExplanation {
    let kept = explained.choice.runners_up.iter().flatten().zip(&explained.runners_up);
    let runners_up = kept.map(|(kept, agent)| pb::RunnerUp {
        agent_id: agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        tier: kept.tier.into(),
        load: kept.load,
        idle_since_time: Some(timestamp(kept.idle_since)),
    });
    pb::ChoiceExplanation {
        offer_id: explained.offer.to_string(),
        agent_id: explained.agent.to_string(),
        offer_time: Some(timestamp(explained.made_at)),
        agents: explained.choice.agents.into(),
        runners_up: runners_up.collect(),
        choice: Some(choice(explained.choice)),
        skills: skill_counts(explained.skills),
        summary: explained.summary,
    }
}

fn candidate(candidate: Candidate) -> pb::Candidate {
    pb::Candidate {
        agent_id: candidate.agent.to_string(),
        obstacles: candidate.obstacles.iter().map(obstacle).collect(),
        tier: candidate.tier.into(),
        load: candidate.load,
        idle_since_time: candidate.idle_since.map(timestamp),
    }
}

fn obstacle(obstacle: &Obstacle) -> pb::Obstacle {
    let kind = match obstacle {
        Obstacle::NotTarget { .. } => pb::ObstacleKind::NotTarget,
        Obstacle::NotMember { .. } => pb::ObstacleKind::NotMember,
        Obstacle::SkillMissing { .. } => pb::ObstacleKind::SkillMissing,
        Obstacle::SkillForbidden { .. } => pb::ObstacleKind::SkillForbidden,
        Obstacle::ChannelRefused { .. } => pb::ObstacleKind::ChannelRefused,
        Obstacle::TooLarge { .. } => pb::ObstacleKind::TooLarge,
        Obstacle::Excluded => pb::ObstacleKind::Excluded,
        Obstacle::SignedOut => pb::ObstacleKind::SignedOut,
        Obstacle::SessionLost { .. } => pb::ObstacleKind::SessionLost,
        Obstacle::NotAvailable { .. } => pb::ObstacleKind::NotAvailable,
        Obstacle::Leaving { .. } => pb::ObstacleKind::Leaving,
        Obstacle::Draining { .. } => pb::ObstacleKind::Draining,
        Obstacle::NoCapacity { .. } => pb::ObstacleKind::NoCapacity,
        Obstacle::ChannelFull { .. } => pb::ObstacleKind::ChannelFull,
        Obstacle::WorkFull { .. } => pb::ObstacleKind::WorkFull,
        Obstacle::Held { .. } => pb::ObstacleKind::Held,
        Obstacle::CoolingDown { .. } => pb::ObstacleKind::CoolingDown,
        Obstacle::Reserved { .. } => pb::ObstacleKind::Reserved,
        Obstacle::Refused { .. } => pb::ObstacleKind::Refused,
        Obstacle::Offered => pb::ObstacleKind::Offered,
        Obstacle::Engaged => pb::ObstacleKind::Engaged,
        Obstacle::QueuePaused { .. } => pb::ObstacleKind::QueuePaused,
        Obstacle::OfferingHeld { .. } => pb::ObstacleKind::OfferingHeld,
    };
    pb::Obstacle {
        hurdle: hurdle(obstacle.hurdle()).into(),
        kind: kind.into(),
        summary: obstacle.to_string(),
        until_time: obstacle.until().map(timestamp),
    }
}

fn channel_room(room: ChannelRoom) -> pb::ChannelRoom {
    pb::ChannelRoom {
        channel: room.channel.to_string(),
        cost: room.cost,
        has_room: room.obstacles.is_empty(),
        obstacles: room.obstacles.iter().map(obstacle).collect(),
    }
}

fn queue_eligibility(eligibility: QueueEligibility) -> pb::QueueEligibility {
    pb::QueueEligibility {
        queue: eligibility.queue.to_string(),
        waiting: eligibility.waiting,
        obstacles: eligibility.obstacles.iter().map(obstacle).collect(),
        eligible_from_step: eligibility.eligible_from_step.map(u32::from),
    }
}

fn hurdle(hurdle: Hurdle) -> pb::Hurdle {
    match hurdle {
        Hurdle::Target => pb::Hurdle::Target,
        Hurdle::Member => pb::Hurdle::Member,
        Hurdle::Skills => pb::Hurdle::Skills,
        Hurdle::Channel => pb::Hurdle::Channel,
        Hurdle::Excluded => pb::Hurdle::Excluded,
        Hurdle::SignedIn => pb::Hurdle::SignedIn,
        Hurdle::Available => pb::Hurdle::Available,
        Hurdle::Room => pb::Hurdle::Room,
        Hurdle::Held => pb::Hurdle::Held,
        Hurdle::Reserved => pb::Hurdle::Reserved,
        Hurdle::Barred => pb::Hurdle::Barred,
        Hurdle::Paused => pb::Hurdle::Paused,
        Hurdle::Restarted => pb::Hurdle::Restarted,
    }
}

fn contact_verdict(verdict: ContactVerdict) -> pb::ContactVerdict {
    match verdict {
        ContactVerdict::Announced => pb::ContactVerdict::Announced,
        ContactVerdict::Offered => pb::ContactVerdict::Offered,
        ContactVerdict::Parked => pb::ContactVerdict::Parked,
        ContactVerdict::Engaged => pb::ContactVerdict::Engaged,
        ContactVerdict::Closed => pb::ContactVerdict::Closed,
        ContactVerdict::Unreachable => pb::ContactVerdict::Unreachable,
        ContactVerdict::NobodyAtThisStep => pb::ContactVerdict::NobodyAtThisStep,
        ContactVerdict::NobodySignedIn => pb::ContactVerdict::NobodySignedIn,
        ContactVerdict::NobodyAvailable => pb::ContactVerdict::NobodyAvailable,
        ContactVerdict::AllBusy => pb::ContactVerdict::AllBusy,
        ContactVerdict::Held => pb::ContactVerdict::Held,
        ContactVerdict::Reserved => pb::ContactVerdict::Reserved,
        ContactVerdict::AllBarred => pb::ContactVerdict::AllBarred,
        ContactVerdict::QueuePaused => pb::ContactVerdict::QueuePaused,
        ContactVerdict::OfferingHeld => pb::ContactVerdict::OfferingHeld,
        ContactVerdict::Next => pb::ContactVerdict::Next,
    }
}

fn agent_verdict(verdict: AgentVerdict) -> pb::AgentVerdict {
    match verdict {
        AgentVerdict::SignedOut => pb::AgentVerdict::SignedOut,
        AgentVerdict::NotAvailable => pb::AgentVerdict::NotAvailable,
        AgentVerdict::Draining => pb::AgentVerdict::Draining,
        AgentVerdict::Busy => pb::AgentVerdict::Busy,
        AgentVerdict::OfferingHeld => pb::AgentVerdict::OfferingHeld,
        AgentVerdict::NothingWaits => pb::AgentVerdict::NothingWaits,
        AgentVerdict::Next => pb::AgentVerdict::Next,
    }
}

fn pair_verdict(verdict: PairVerdict) -> pb::PairVerdict {
    match verdict {
        PairVerdict::Together => pb::PairVerdict::Together,
        PairVerdict::NotEligible => pb::PairVerdict::NotEligible,
        PairVerdict::NotNow => pb::PairVerdict::NotNow,
        PairVerdict::AnotherWasChosen => pb::PairVerdict::AnotherWasChosen,
        PairVerdict::Next => pb::PairVerdict::Next,
    }
}
