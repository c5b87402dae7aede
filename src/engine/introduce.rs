//! What whoever follows events must know of a world whose events it did not see.
//!
//! Invariant: only what stands for itself is told: documents, agents, and what was learnt or set. Of contacts and their
//! work nothing is, since their beginnings are not known any more; nobody counts anything twice. Not here: what followers
//! over the wire begin with (`read`).

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{agent::Presence, document::Origin, ids::SkillKey};

use super::{
    event::{Event, PresenceBecause},
    state::State,
};

impl State {
    /// The fewest events that lead to the same document, agents and settings.
    pub fn introduction(&self) -> Vec<Event> {
        let coming = self.sweep.as_deref().filter(|sweep| sweep.stage.is_preparing());
        let (version, document) =
            coming.map_or((self.version, &self.document), |sweep| (sweep.other.version, &sweep.other.document));
        let origin = Arc::new(Origin::default());
        let document = Arc::clone(document);
        let mut told = vec![Event::DocumentApplied { version, document, moves: BTreeMap::new(), origin }];
        for key in self.agent_ids.values() {
            let agent = self.agent(*key);
            let (id, profile) = (agent.id.clone(), Arc::clone(&agent.profile));
            told.push(Event::AgentPut { agent: *key, id, profile, revision: agent.revision });
            if agent.presence != Presence::Offline {
                let (presence, because) = (agent.presence.clone(), PresenceBecause::Asked);
                told.push(Event::PresenceSet { agent: *key, presence, because });
            }
            if let Some(learnt) = &agent.learnt {
                told.push(Event::EmpathyLearnt { agent: *key, level: Some(learnt.level) });
            }
        }
        let skill = |key: &SkillKey| self.skill_names.name(key.0).clone();
        let kept_free = self.reserve_settings.iter();
        told.extend(kept_free.map(|(group, k)| Event::ReserveSet { skill: group.as_ref().map(skill), k: Some(*k) }));
        let acceptance = self.learnt.acceptance.iter();
        told.extend(acceptance.map(|((queue, channel), usual)| Event::AcceptanceLearnt {
            queue: *queue,
            channel: *channel,
            usual: Some(*usual),
        }));
        let show_rates = self.learnt.show_rates.iter();
        told.extend(show_rates.map(|(source, thousandths)| Event::ShowRateLearnt {
            source: source.clone(),
            thousandths: Some(*thousandths),
        }));
        told
    }
}
