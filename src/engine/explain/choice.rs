//! Why an agent was chosen, from what the offer's event kept.
//!
//! Invariant: nothing is recomputed: the sentence is as true years later as it was then.

use crate::{
    engine::{
        event::{Choice, ChoiceRule, MetCondition},
        reject::Reject,
        state::{Contact, State},
    },
    model::{
        ids::{AgentKey, ContactKey, OfferKey, SkillKey},
        requirement::{Condition, Level},
        time::Timestamp,
    },
};

use super::{
    counted,
    view::{ChoiceExplained, OfferExplained, written},
};

/// Explains an offer that is open or ended within the last minute.
pub fn explain(state: &State, key: OfferKey) -> Result<OfferExplained, Reject> {
    let offer = state.offers.get(&key).ok_or(Reject::OfferUnknown(key))?;
    let contact = state.contacts.get(&offer.contact).ok_or(Reject::OfferUnknown(key))?;
    let choice = explained(state, key, offer.agent, offer.made_at, &offer.choice);
    Ok(OfferExplained {
        contact: contact.id.clone(),
        queue: state.queue_name(offer.queue).clone(),
        choice: choice.ok_or(Reject::OfferUnknown(key))?,
        ended: offer.ended.map(|(end, _)| end),
    })
}

/// Why the agents of a contact were chosen: of its open offers, or of its engagement.
pub fn choices(state: &State, key: ContactKey) -> Vec<ChoiceExplained> {
    let contact = state.contact(key);
    let offers = contact.route.as_deref().map(|route| route.offers.as_slice()).unwrap_or_default();
    let open = offers.iter().filter_map(|key| {
        let offer = state.offer(*key);
        explained(state, *key, offer.agent, offer.made_at, &offer.choice)
    });
    open.chain(engaged(state, contact)).collect()
}

fn engaged(state: &State, contact: &Contact) -> Option<ChoiceExplained> {
    let engagement = state.engagement(contact.engagement()?);
    explained(state, engagement.offer, engagement.agent, engagement.offered_at, &engagement.choice)
}

/// `None` once the agent was deleted.
fn explained(
    state: &State,
    offer: OfferKey,
    agent: AgentKey,
    made_at: Timestamp,
    choice: &Choice,
) -> Option<ChoiceExplained> {
    let agent = state.agent_id(agent)?.clone();
    let skills = choice.met.iter().flatten().map(|met| (words(state, met.condition), u64::from(met.agents)));
    let runners_up = choice.runners_up.iter().flatten().map(|next| state.agent_id(next.agent).cloned());
    let runners_up: Vec<_> = runners_up.collect();
    let why = match choice.rule {
        ChoiceRule::Target => format!("the contact asked for {agent}"),
        ChoiceRule::Pulled => format!("a supervisor pulled the contact to {agent}"),
        ChoiceRule::FirstInLine => {
            format!("{agent} became free, and the contact was first in line of those that {agent} may take")
        }
        ChoiceRule::LongestIdle => format!(
            "{agent} was the longest idle of the free agents who fit best (tier {}, {} in use)",
            choice.tier, choice.load
        ),
    };
    let next = match runners_up.iter().flatten().next() {
        Some(next) => format!("; {next} would have been next"),
        None if matches!(choice.rule, ChoiceRule::Target | ChoiceRule::Pulled) => String::new(),
        None => "; nobody else was free".to_owned(),
    };
    let among = counted(choice.agents.into(), "agent");
    let summary = format!("{why}{next} (of {among}, by document version {})", choice.document);
    Some(ChoiceExplained { offer, agent, made_at, choice: *choice, skills: skills.collect(), runners_up, summary })
}

impl State {
    /// A condition that an event keeps by numbers, in words.
    pub fn condition_words(&self, condition: MetCondition) -> String {
        words(self, condition)
    }
}

fn words(state: &State, condition: MetCondition) -> String {
    let skill =
        |skill: SkillKey, level: Level| written(&Condition { skill: state.skill_names.name(skill.0).clone(), level });
    match condition {
        MetCondition::Skill(key, level) => skill(key, level),
        MetCondition::NotSkill(key, level) => format!("not {}", skill(key, level)),
        MetCondition::Member(queue) => format!("assigned to {}", state.queue_name(queue)),
    }
}
