//! Telling an agent that the customer at hand feels worse.
//!
//! Invariant: said only of a contact that an agent is engaged with, when a signal raised its customer's distress to the
//! document's level; again only once that has settled or another agent has it, and not before the stated time. It is read
//! of the customer and never of the agent. Not here: what distress is (`scoring::mood`).

use crate::{
    model::{
        ids::{ContactKey, EngagementKey},
        signal::{Source, Thousandths},
        time::Timestamp,
    },
    scoring::Evidence,
};

use super::{
    emit::Emit,
    event::Event,
    signal::heard,
    state::{Stage, State},
};

/// How badly a customer feels, and by which signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Distress {
    /// How badly, in thousandths.
    pub level: Thousandths,
    /// By words or by voice.
    pub source: Source,
}

/// What an agent was last told of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// At which engagement.
    pub engagement: EngagementKey,
    /// Whether the customer has felt better since.
    pub settled: bool,
}

/// How badly the customer feels whom an agent is engaged with, if the agent is to be told of such things.
pub(super) fn distress_at_hand(state: &State, now: Timestamp, contact: ContactKey) -> Option<Thousandths> {
    let is_told = state.document.assist.on && matches!(state.contact(contact).stage, Stage::Engaged(_));
    is_told.then(|| distress(state, now, contact).map_or(0, |distress| distress.level))
}

/// Tells the agent if the customer feels worse than `before`, and badly enough.
pub(super) fn suggest(out: &mut Emit<'_>, contact: ContactKey, before: Thousandths) {
    let (state, rules) = (out.state(), out.state().document.assist);
    let Stage::Engaged(engagement) = state.contact(contact).stage else { return };
    let worse = |why: &Distress| why.level > before && why.level >= rules.distress;
    let Some(why) = distress(state, out.now, contact).filter(worse) else { return };
    let told = heard(state.contact(contact)).and_then(|heard| heard.told);
    let is_news =
        told.is_none_or(|told| rules.again_at(told.at) <= out.now && (told.settled || told.engagement != engagement));
    if is_news {
        let agent = state.engagement(engagement).agent;
        out.emit(Event::AssistSuggested { contact, agent, why });
    }
}

fn distress(state: &State, now: Timestamp, contact: ContactKey) -> Option<Distress> {
    distress_of(&heard(state.contact(contact))?.evidence, now)
}

fn distress_of(evidence: &Evidence, now: Timestamp) -> Option<Distress> {
    evidence.mood(now).distress(now).map(|(level, source)| Distress { level, source })
}

impl Told {
    /// Notes whether the customer feels better by now.
    pub(super) fn look(&mut self, evidence: &Evidence, now: Timestamp, settled: Thousandths) {
        self.settled |= distress_of(evidence, now).is_none_or(|distress| distress.level <= settled);
    }
}

impl State {
    /// The effect of a suggestion.
    pub(super) fn tell_distress(&mut self, now: Timestamp, key: ContactKey) {
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists is told of");
        let engagement = contact.engagement().expect("only a contact that is engaged is told of");
        contact.heard.get_or_insert_default().told = Some(Told { at: now, engagement, settled: false });
    }
}
