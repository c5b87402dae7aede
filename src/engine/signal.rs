//! What a contact's signals do: they are remembered, and its score and place follow at once.
//!
//! Invariant: every change of the score is an event, whether signals or time alone made it; a contact waits with the
//! score that its signals give at this moment. Not here: what signals are worth (`scoring`).

use std::sync::Arc;

use crate::{
    model::{
        care::Care,
        contact::CustomerId,
        ids::{ContactId, ContactKey},
        limits::FACTS_MAX,
        signal::{Signal, Source},
        time::Timestamp,
    },
    scoring::{Evidence, Known, Scored, Taken, assess},
};

use super::{
    assist::{Told, distress_at_hand, suggest},
    command::{Command, Reply},
    emit::Emit,
    event::Event,
    find::open_contact,
    reject::Reject,
    score::rescore,
    state::{Contact, State},
};

/// What a contact's signals said, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// Contacts of the customer within two days when it came, this one included; 0 = not looked up.
    pub contacts: u8,
    pub evidence: Evidence,
    pub scored: Arc<Scored>,
    /// What an agent was last told of how the customer feels.
    pub told: Option<Told>,
}

/// Takes signals about a contact; each is answered by itself.
pub(super) fn signal_contact(out: &mut Emit<'_>, id: &ContactId, signals: &Arc<[Signal]>) -> Result<Reply, Reject> {
    let (key, _) = open_contact(out.state(), id)?;
    let rules = out.state().document.signals;
    let mut tried = heard(out.state().contact(key)).cloned().unwrap_or_default().evidence;
    let judge = |signal: &Signal| match rules.takes(signal.source) {
        true => tried.take(out.now, signal),
        false => Taken::SwitchedOff,
    };
    let taken: Arc<[Taken]> = signals.iter().map(judge).collect();
    let all = taken.iter().all(|taken| taken.counts());
    let counting = || signals.iter().zip(taken.iter()).filter(|(_, taken)| taken.counts());
    let signals = if all { Arc::clone(signals) } else { counting().map(|(signal, _)| signal.clone()).collect() };
    if !signals.is_empty() {
        let before = distress_at_hand(out.state(), out.now, key);
        out.emit(Event::SignalsTaken { contact: key, signals });
        refresh(out, key);
        if let Some(before) = before {
            suggest(out, key, before);
        }
    }
    Ok(Reply::Signals(taken))
}

/// Takes what came with a contact that has just entered its queue, and whatever was heard of it before.
pub(super) fn begin(out: &mut Emit<'_>, contact: ContactKey, signals: &[Signal]) {
    let rules = out.state().document.signals;
    let signals: Arc<[Signal]> = signals.iter().filter(|signal| rules.takes(signal.source)).cloned().collect();
    if !signals.is_empty() {
        out.emit(Event::SignalsTaken { contact, signals });
    }
    refresh(out, contact);
}

/// Lets a contact's score be what its signals give now.
pub(super) fn refresh(out: &mut Emit<'_>, contact: ContactKey) {
    let state = out.state();
    let Some(heard) = heard(state.contact(contact)) else { return };
    let Some(route) = state.contact(contact).route.as_deref() else { return };
    let (document, customer) = (state.document_of(route), &state.contact(contact).details.customer_id);
    let known = Known {
        budget: state.budgets.allowance(out.now, customer, contact, document.head_start.budget),
        contacts: if document.signals.facts { heard.contacts.max(1) } else { 1 },
        was_moment: route.care.moment_of_truth,
    };
    let scored = assess(document, &heard.evidence, known, out.now);
    if scored == *heard.scored {
        return;
    }
    let usual = document.empathy.as_ref().map(|empathy| empathy.hold_in(state.rules_of(route), route.accepting));
    let care = Care {
        moment_of_truth: scored.is_moment,
        empathy: if scored.is_moment { scored.empathy } else { 0 },
        hold: scored.hold.or(usual).filter(|_| scored.is_moment).unwrap_or_default(),
        grade: scored.grade(),
    };
    rescore(out, contact, scored.head_start(), care, Some(Arc::new(scored)));
}

/// What was heard of a contact.
pub(super) fn heard(contact: &Contact) -> Option<&Heard> {
    contact.heard.as_deref()
}

/// When a contact's score will be another by time alone.
pub(super) fn fades_at(contact: &Contact) -> Option<Timestamp> {
    heard(contact)?.scored.next_at
}

/// Why a part of what was said of a contact is refused; `None` = none of it is.
pub fn refused(contact: &ContactId, from: impl IntoIterator<Item = Source>, taken: &[Taken]) -> Option<Reject> {
    from.into_iter().zip(taken).find_map(|(source, taken)| match taken {
        Taken::New | Taken::Revised | Taken::Known => None,
        Taken::Late => Some(Reject::SignalLate(contact.clone())),
        Taken::SwitchedOff => Some(Reject::SignalSwitchedOff(source)),
        Taken::Full => Some(Reject::LimitReached { what: "facts of a contact", limit: FACTS_MAX }),
    })
}

impl State {
    /// What would become of each of these signals now, and of which contact they are. Nothing is taken.
    pub fn judge_signals(
        &self,
        now: Timestamp,
        contact: &ContactId,
        signals: &[Signal],
    ) -> Result<(ContactKey, Vec<Taken>), Reject> {
        let (key, contact) = open_contact(self, contact)?;
        let unheard = Evidence::default();
        let evidence = heard(contact).map_or(&unheard, |heard| &heard.evidence);
        let judge = |signal: &Signal| match self.document.signals.takes(signal.source) {
            true => evidence.judge(now, signal),
            false => Taken::SwitchedOff,
        };
        Ok((key, signals.iter().map(judge).collect()))
    }

    /// The customer of whom signals tell by the name of a contact alone; `None` if they tell nothing personal, or if
    /// nobody in particular.
    pub fn told_of(&self, command: &Command) -> Option<CustomerId> {
        let Command::Signal { contact, signals } = command else { return None };
        let mut events = signals.iter().filter_map(|signal| signal.content.as_ref()).flat_map(|said| &said.events);
        events.find(|event| !event.attributes.is_empty())?;
        let key = self.contact_ids.get(contact)?;
        let customer = &self.contact(*key).details.customer_id;
        (!customer.is_empty()).then(|| CustomerId(customer.clone()))
    }

    /// The number of an open contact.
    pub fn open_contact_key(&self, contact: &ContactId) -> Option<ContactKey> {
        open_contact(self, contact).ok().map(|(key, _)| key)
    }

    /// The effect of signals that count.
    pub(super) fn take_signals(&mut self, now: Timestamp, key: ContactKey, signals: &[Signal]) {
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists is signalled about");
        let heard = contact.heard.get_or_insert_default();
        let settled = self.document.assist.settled;
        // Time alone may have calmed the customer before these signals.
        heard.told.iter_mut().for_each(|told| told.look(&heard.evidence, now, settled));
        for signal in signals {
            heard.evidence.take(now, signal);
        }
        heard.told.iter_mut().for_each(|told| told.look(&heard.evidence, now, settled));
    }
}
