//! Events in the words of a contact centre.
//!
//! Invariant: every event either has words here or is named below as one that a story does not tell, because the line
//! that caused it already says so or because nobody outside can see it. `…` marks what an expectation may leave out.

use std::collections::BTreeMap;

use attune::{
    engine::{
        Event, Phase, State,
        event::{ChoiceRule, EngagementOver, PresenceBecause, Requeued, Rescinded, Unmet},
        view::{Answer, Query},
    },
    model::{
        agent::Presence,
        contact::ClosedBecause,
        document::written_span,
        ids::{AgentKey, ContactId, ContactKey, EngagementKey, OfferKey},
        supervision::QueueMode,
        time::Timestamp,
    },
};

use super::script::written_time;

/// Something that happened, in words.
#[derive(Debug, Clone)]
pub struct Happening {
    pub at: Timestamp,
    words: String,
    /// What may be left out.
    detail: String,
    /// For offers of one contact made together, which are told in one line.
    offered: Option<ContactKey>,
}

impl Happening {
    pub fn of(at: Timestamp, words: impl Into<String>) -> Self {
        Self { at, words: words.into(), detail: String::new(), offered: None }
    }

    /// Everything there is to say.
    pub fn whole(&self) -> String {
        if self.detail.is_empty() { self.words.clone() } else { format!("{} {}", self.words, self.detail) }
    }

    /// Whether an expectation means this.
    pub fn is(&self, expected: &str) -> bool {
        expected == self.words || expected == self.whole()
    }

    /// Tells the next happening in the same line, if the two are offers of one contact.
    pub fn join(&mut self, next: &Happening) -> bool {
        let same = self.offered.is_some() && (self.offered, self.at) == (next.offered, next.at);
        if same {
            let (_, agent) = next.words.split_once("-> ").expect("an offer names its agent");
            self.words += &format!(", {agent}");
        }
        same
    }
}

/// Who is who in the events of one story.
#[derive(Default)]
pub struct Cast {
    contacts: BTreeMap<ContactKey, (String, Timestamp)>,
    agents: BTreeMap<AgentKey, String>,
    /// Revisions of each agent's profile, in order.
    revisions: BTreeMap<String, Vec<u64>>,
    offers: BTreeMap<OfferKey, (ContactKey, AgentKey)>,
    engagements: BTreeMap<EngagementKey, (ContactKey, AgentKey)>,
}

impl Cast {
    /// The latest offer of this contact to this agent, open or not.
    pub fn offer(&self, agent: &str, contact: &str) -> Option<OfferKey> {
        let offers = self.offers.iter().rev();
        let same = |(c, a): &(ContactKey, AgentKey)| self.contact(*c) == contact && self.agent(*a) == agent;
        offers.filter(|(_, parties)| same(parties)).map(|(offer, _)| *offer).next()
    }

    /// The revision of an agent's profile when it was put for the nth time.
    pub fn revision(&self, agent: &str, time: usize) -> Result<u64, String> {
        let revisions = self.revisions.get(agent).map(Vec::as_slice).unwrap_or_default();
        let revision = time.checked_sub(1).and_then(|at| revisions.get(at));
        revision.copied().ok_or(format!("{agent} was put {} times, not {time}", revisions.len()))
    }

    /// Whom an offer is made to.
    pub fn offered_to(&self, offer: OfferKey) -> &str {
        self.agent(self.offers[&offer].1)
    }

    /// Learns who an event is about.
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::AgentPut { agent, id, revision, .. } => {
                self.agents.insert(*agent, id.to_string());
                self.revisions.entry(id.to_string()).or_default().push(*revision);
            }
            Event::ContactAnnounced { contact, id, expected_at, .. } => {
                self.contacts.insert(*contact, (id.to_string(), *expected_at));
            }
            Event::ContactQueued { contact, queued } => {
                self.contacts.insert(*contact, (queued.id.to_string(), queued.arrived_at));
            }
            Event::OfferMade { offer, contact, agent, .. } => drop(self.offers.insert(*offer, (*contact, *agent))),
            Event::OfferAccepted { offer, engagement } => {
                self.engagements.insert(*engagement, self.offers[offer]);
            }
            _ => {}
        }
    }

    /// Tells an event; `None` if a story does not.
    pub fn tell(&self, at: Timestamp, event: &Event, state: &State) -> Option<Happening> {
        let (words, detail) = self.words(at, event, state)?;
        let offered = match event {
            Event::OfferMade { contact, .. } => Some(*contact),
            _ => None,
        };
        Some(Happening { at, words, detail, offered })
    }

    fn words(&self, at: Timestamp, event: &Event, state: &State) -> Option<(String, String)> {
        let contact = |key: &ContactKey| self.contact(*key);
        let agent = |key: &AgentKey| self.agent(*key);
        let offer = |key: &OfferKey| self.parties(self.offers[key]);
        let engaged = |key: &EngagementKey| self.parties(self.engagements[key]);
        let plain = match event {
            Event::RequestAccepted { .. }
            | Event::RequestsForgotten { .. }
            | Event::DocumentApplied { .. }
            | Event::DocumentSwept { .. }
            | Event::AgentPut { .. }
            | Event::AgentDeleted { .. }
            | Event::SessionRescinded { .. }
            | Event::ContactAnnounced { .. }
            | Event::ContactUpdated { .. }
            | Event::SignalsTaken { .. }
            | Event::ContactForgotten { .. }
            | Event::TombstonesForgotten { .. }
            | Event::RefusalEnded { .. }
            | Event::DrainPostponed { .. }
            | Event::OfferingCaughtUp {}
            | Event::Reindexed {} => return None,

            Event::SessionOpened { agent: who, resumed: true, .. } => format!("session of {} resumed", agent(who)),
            Event::SessionOpened { agent: who, .. } => format!("session of {} new", agent(who)),
            Event::SessionLost { agent: who, .. } => format!("session of {} lost", agent(who)),
            Event::SessionEnded { agent: who } => format!("session of {} ended", agent(who)),
            Event::PresenceSet { agent: who, presence, because } => {
                let because = match because {
                    PresenceBecause::Asked => "",
                    PresenceBecause::WorkEnded => " because work ended",
                    PresenceBecause::Rona => " because rona",
                    PresenceBecause::RonaWithdrawn => " because rona withdrawn",
                    PresenceBecause::SessionLost => " because session lost",
                    PresenceBecause::Supervised => " because supervised",
                };
                format!("presence of {} {}{because}", agent(who), presence_words(presence))
            }
            Event::PresencePending { agent: who, presence } => {
                format!("presence of {} {} once work ends", agent(who), presence_words(presence))
            }
            Event::AgentRested { agent: who } => format!("{} rested", agent(who)),
            Event::RonaSuspended { until } => format!("rona suspended until {}", written_time(*until)),

            Event::ContactQueued { contact: who, queued } => {
                format!("queued {} in {}", contact(who), state.queue_name(queued.queue))
            }
            Event::ContactRequeued { contact: who, queue, because, .. } => {
                let because = match because {
                    Requeued::Asked => "asked",
                    Requeued::Transferred => "transferred",
                    Requeued::Overflowed => "overflowed",
                    Requeued::Escalated => "escalated",
                    Requeued::ConnectFailed => "connect failed",
                    Requeued::AgentLost => "agent lost",
                    Requeued::Moved => "moved",
                };
                format!("requeued {} in {} because {because}", contact(who), state.queue_name(*queue))
            }
            Event::ContactMoved { contact: who, queue, .. } => {
                format!("moved {} to {}", contact(who), state.queue_name(*queue))
            }
            Event::ContactParked { contact: who, until } => {
                format!("parked {} until {}", contact(who), written_time(*until))
            }
            Event::CustomerErased { customer, .. } => format!("erased {}", customer.0),
            Event::ContactReleased { contact: who } => format!("released {}", contact(who)),
            Event::StepReached { contact: who, step, beyond: None } => format!("step {step} of {}", contact(who)),
            Event::StepReached { contact: who, step, .. } => format!("step {step} of {} by overflow", contact(who)),
            Event::OverflowSet { queue, channel, beyond } => {
                let (queue, channel) = (state.queue_name(*queue), state.channel_name(*channel));
                match beyond {
                    Some(beyond) => format!("{channel} of {queue} overflows beyond {}", written_span(*beyond)),
                    None => format!("{channel} of {queue} overflows no more"),
                }
            }
            Event::OverflowSpread { queue, .. } => format!("{} goes on overflowing", state.queue_name(*queue)),
            Event::OverflowSpreadEnded { queue } => format!("all of {} overflows", state.queue_name(*queue)),
            Event::MomentExpected { contact: who, counted: true } => format!("expecting {}", contact(who)),
            Event::MomentExpected { contact: who, .. } => format!("{} expected no more", contact(who)),
            Event::PhaseReached { contact: who, phase } => match phase {
                Phase::Released => format!("reserve released to {} but for its floor", contact(who)),
                _ if is_moment(at, contact(who), state) => format!("hold of {} over", contact(who)),
                _ => format!("reserve released to {}", contact(who)),
            },
            Event::OfferingHeld { until, awaited, spared } => format!(
                "offering held until {} for {} of {} sessions",
                written_time(*until),
                awaited.len() - *spared as usize,
                awaited.len()
            ),
            Event::OfferingResumed { missing: 0 } => "offering goes on".to_owned(),
            Event::OfferingResumed { missing } => format!("offering goes on with {missing} missing"),
            Event::Stalled { by } => format!("{by} given back to all deadlines on others"),
            Event::ReserveSet { skill, k } => {
                let of = skill.as_ref().map_or("the rest", |skill| skill.as_str());
                match k {
                    Some(k) => format!("{k} kept free of {of}"),
                    None => format!("as many kept free of {of} as the document says"),
                }
            }
            Event::AcceptanceLearnt { queue, channel, usual } => {
                let (queue, channel) = (state.queue_name(*queue), state.channel_name(*channel));
                match usual {
                    Some(usual) => format!("accepting {channel} of {queue} takes {}s", usual.0 / 1_000_000),
                    None => format!("accepting {channel} of {queue} takes as long as anywhere"),
                }
            }
            Event::ShowRateLearnt { source, thousandths } => match thousandths {
                Some(thousandths) => format!("{source} keeps {thousandths} of 1000"),
                None => format!("{source} keeps what it says"),
            },
            Event::EmpathyLearnt { agent: who, level } => match level {
                Some(level) => format!("empathy of {} is {level}", agent(who)),
                None => format!("empathy of {} is what the record says", agent(who)),
            },
            Event::TargetReleased { contact: who } => format!("anyone may take {}", contact(who)),
            Event::ContactUnreachable { contact: who, unmet } => {
                let because = match unmet {
                    Unmet::Agents => "there are no agents".to_owned(),
                    Unmet::Condition(condition) => format!("nobody has {}", state.condition_words(*condition)),
                    Unmet::Together => "nobody has all of it".to_owned(),
                    Unmet::Room => "nobody ever has room".to_owned(),
                    Unmet::Excluded => "everybody is excluded".to_owned(),
                    Unmet::Target => "its target never has room".to_owned(),
                };
                return Some((format!("unreachable {}", contact(who)), format!("because {because}")));
            }
            Event::MomentUncovered { contact: who } => format!("nobody empathetic for {}", contact(who)),
            Event::ContactReachable { contact: who } => format!("reachable {}", contact(who)),
            Event::DrainStarted { contact: who, agent: whom } => {
                format!("draining {} for {}", agent(whom), contact(who))
            }
            Event::ContactPulled { contact: who, target } => {
                let until = target.until.map(|until| format!(" until {}", written_time(until))).unwrap_or_default();
                format!("pulled {} to {}{until}", contact(who), agent(&target.agent))
            }
            Event::ContactPrioritised { contact: who, head_start, .. } => {
                format!("head start of {} {head_start}", contact(who))
            }
            Event::ContactScored { contact: who, dynamic, care, .. } => {
                let kind = if care.moment_of_truth { "moment of truth" } else { "routine" };
                return Some((format!("scored {} {kind}", contact(who)), format!("head start {dynamic}")));
            }
            Event::AssistSuggested { contact: who, agent: whom, why } => {
                let detail = format!("because distress {} by {}", why.level / 10, why.source.name());
                return Some((format!("assist {} with {}", agent(whom), contact(who)), detail));
            }
            Event::ContactClosed { contact: who, because, .. } => {
                let because = match because {
                    ClosedBecause::Handled => "handled",
                    ClosedBecause::Abandoned => "abandoned",
                    ClosedBecause::Cancelled => "cancelled",
                    ClosedBecause::Expired => "expired",
                    ClosedBecause::NeverCame => "never came",
                };
                format!("closed {} {because}", contact(who))
            }

            Event::OfferMade { contact: who, agent: whom, choice, .. } => {
                let because = match choice.rule {
                    ChoiceRule::LongestIdle => "longest idle",
                    ChoiceRule::FirstInLine => "first in line",
                    ChoiceRule::Target => "target",
                    ChoiceRule::Pulled => "pulled",
                };
                return Some((format!("offered {} -> {}", contact(who), agent(whom)), format!("because {because}")));
            }
            Event::OfferDelivered { offer: which, expires_at } => {
                let (who, whom) = offer(which);
                format!("rings {who} at {whom} until {}", written_time(*expires_at))
            }
            Event::OfferExtended { offer: which, expires_at } => {
                let (who, whom) = offer(which);
                format!("rings {who} at {whom} until {}", written_time(*expires_at))
            }
            Event::OfferAccepted { offer: which, .. } => {
                let (who, whom) = offer(which);
                let (_, arrived_at) = self.contacts[&self.offers[which].0];
                return Some((format!("engaged {who} with {whom}"), format!("waited {}", at - arrived_at)));
            }
            Event::OfferDeclined { offer: which, reason, .. } => {
                let (who, whom) = offer(which);
                return Some((format!("declined {who} by {whom}"), format!("because {reason}")));
            }
            Event::OfferExpired { offer: which, .. } => {
                let (who, whom) = offer(which);
                format!("expired {who} at {whom}")
            }
            Event::OfferRescinded { offer: which, because, .. } => {
                let because = match because {
                    Rescinded::Taken => "taken",
                    Rescinded::ContactLeft => "contact left",
                    Rescinded::Undelivered => "undelivered",
                    Rescinded::SessionLost => "session lost",
                    Rescinded::AgentLeft => "agent left",
                };
                let (who, whom) = offer(which);
                format!("rescinded {who} from {whom} because {because}")
            }

            Event::EngagementInterrupted { engagement } => {
                let (who, whom) = engaged(engagement);
                format!("interrupted {who} at {whom}")
            }
            Event::EngagementResumed { engagement } => {
                let (who, whom) = engaged(engagement);
                format!("resumed {who} at {whom}")
            }
            Event::EngagementUnconfirmed { engagement } => {
                let (who, whom) = engaged(engagement);
                format!("unconfirmed {who} with {whom}")
            }
            Event::EngagementConfirmed { engagement } => {
                let (who, whom) = engaged(engagement);
                format!("confirmed {who} with {whom}")
            }
            Event::WrapUpStarted { engagement, until, .. } | Event::WrapUpExtended { engagement, until } => {
                let (who, whom) = engaged(engagement);
                format!("wrap-up {who} at {whom} until {}", written_time(*until))
            }
            // The other ways to end an engagement are told by what becomes of the contact.
            Event::EngagementEnded { engagement, because: EngagementOver::WrappedUp, .. } => {
                let (who, whom) = engaged(engagement);
                format!("wrapped up {who} at {whom}")
            }
            Event::EngagementEnded { .. } => return None,

            Event::Supervised { supervision } => format!("noted: {} because {}", supervision.actor, supervision.reason),
            Event::QueueModeSet { queue, mode, .. } => {
                let mode = match mode {
                    QueueMode::Open => "open",
                    QueueMode::Paused => "paused",
                    QueueMode::Draining => "draining",
                };
                format!("queue {} {mode}", state.queue_name(*queue))
            }
            Event::QueueMoveStarted { from, to, .. } => {
                format!("moving {} to {}", state.queue_name(*from), state.queue_name(*to))
            }
            Event::QueueMoveAdvanced { from, moved, left, .. } => {
                format!("moving {}: {moved} on, {left} stay", state.queue_name(*from))
            }
            Event::QueueMoveEnded { from, to, moved, left } => {
                format!("moved {} to {}: {moved}, {left} stay", state.queue_name(*from), state.queue_name(*to))
            }
        };
        Some((plain, String::new()))
    }

    fn contact(&self, key: ContactKey) -> &str {
        &self.contacts[&key].0
    }

    fn agent(&self, key: AgentKey) -> &str {
        &self.agents[&key]
    }

    fn parties(&self, (contact, agent): (ContactKey, AgentKey)) -> (&str, &str) {
        (self.contact(contact), self.agent(agent))
    }
}

fn presence_words(presence: &Presence) -> String {
    match presence {
        Presence::Offline => "offline".to_owned(),
        Presence::Available => "available".to_owned(),
        Presence::Away { reason } => format!("away {reason}"),
    }
}

fn is_moment(at: Timestamp, contact: &str, state: &State) -> bool {
    let id = ContactId::new(contact).expect("a contact of the story has a name");
    matches!(state.query(at, &Query::Contact(id)), Ok(Answer::Contact(view)) if view.moment_of_truth)
}
