//! What customers and agents do, as the commands that a platform gives for them.
//!
//! Invariant: nothing is asked that a platform could not ask; what is refused is counted, and the day goes on, unless it is
//! a contact that no day would have let in.

use super::*;
use crate::{
    model::{
        ids::{EventName, SourceName},
        signal::{Happened, Signal, SignalKey, Source as SignalSource},
    },
    scoring::{Evidence, Known, assess},
    sim::scenario::{Announce, detector::confidence},
};

/// The provider of what scenarios tell.
const PROVIDER: &str = "simulate";

impl Player<'_> {
    /// Puts an agent, who signs in at once or with the first shift.
    pub(super) fn hire(&mut self, agent: usize) {
        let (id, group) = (self.staff.id(agent), self.staff.group(agent));
        let profile = match group.turns.first() {
            Some((_, Turn::Profile(profile))) => Arc::clone(profile),
            _ => Arc::new(group.profile()),
        };
        let put = Command::PutAgent { agent: id.clone(), profile, expected: Expected::Anything };
        let step = self.driver.request(Request { id: None, command: put });
        let key = step.events().find_map(|event| match event {
            Event::AgentPut { agent, .. } => Some(*agent),
            _ => None,
        });
        if let Some(key) = key {
            self.staff.know(key, agent);
        }
        self.follow(step);
        let session = SessionId::new("s").expect("it obeys the grammar");
        let connection = self.driver.next_connection();
        self.call(Command::OpenSession { agent: id, session, connection });
        let now = self.driver.now();
        for (from, until) in &group.shifts {
            let (from, until) = (Timestamp(0) + *from, Timestamp(0) + *until);
            if until > now {
                self.plan(from, Happening::Begins(agent));
                self.plan(until, Happening::GoesHome(agent));
            }
        }
        for (turn, (at, _)) in group.turns.iter().enumerate().skip(1) {
            self.plan(Timestamp(0) + *at, Happening::Turns(agent, turn));
        }
        if group.shifts.is_empty() && group.turns.is_empty() {
            self.set_presence(agent, Presence::Available);
        }
    }

    /// What is recorded of an agent becomes of them.
    pub(super) fn turn(&mut self, agent: usize, turn: usize) {
        let (_, turn) = &self.staff.group(agent).turns[turn];
        let id = self.staff.id(agent);
        let command = match turn.clone() {
            Turn::Profile(profile) => Command::PutAgent { agent: id, profile, expected: Expected::Anything },
            Turn::Presence(presence) => Command::SetPresence { agent: id, presence },
            Turn::Empathy(level) => Command::LearnEmpathy { agent: id, level },
        };
        self.call(command);
    }

    /// What a platform or a supervisor asks of itself.
    pub(super) fn command(&mut self, at: usize) {
        let (_, command) = &self.scenario.commands[at];
        self.call(command.clone());
    }

    pub(super) fn set_presence(&mut self, agent: usize, presence: Presence) {
        let agent = self.staff.id(agent);
        self.call(Command::SetPresence { agent, presence });
    }

    pub(super) fn announce(&mut self, slot: usize) {
        let guest = &self.guests[slot];
        let (id, stream, comes_at) = (guest.id.clone(), guest.stream, guest.comes_at);
        let of_moments = |announce: &Announce| announce.whom == Announced::Moments;
        if self.scenario.streams[stream].announce.as_ref().is_some_and(of_moments) && !self.foresees(slot) {
            return;
        }
        let in_vain = guest.in_vain.clone();
        self.tell_ahead(id, stream, comes_at);
        for after in in_vain {
            let Some(announce) = &self.scenario.streams[stream].announce else { continue };
            let expected_at = comes_at + after;
            self.plan(expected_at - announce.ahead_max, Happening::AnnouncedInVain(stream, expected_at));
        }
    }

    pub(super) fn announce_in_vain(&mut self, stream: usize, expected_at: Timestamp) {
        self.in_vain += 1;
        let id = format!("{}-nobody-{}", self.scenario.streams[stream].name, self.in_vain);
        self.tell_ahead(ContactId::new(&id).expect("a name and a number are a name"), stream, expected_at);
    }

    /// Whether a contact is a moment of truth before it is in any queue: where the detector reads words, by those that the
    /// customer has said to a bot, as the document's moments have them.
    fn foresees(&self, slot: usize) -> bool {
        let (guest, now) = (&self.guests[slot], self.driver.now());
        if !matches!(guest.told, Told::Words(_)) {
            return guest.is_flagged;
        }
        let document = &self.scenario.document;
        let mut evidence = Evidence::default();
        for signal in self.signals(slot).iter().filter(|signal| document.signals.takes(signal.source)) {
            evidence.take(now, signal);
        }
        assess(document, &evidence, Known::default(), now).is_moment
    }

    fn tell_ahead(&mut self, contact: ContactId, stream: usize, expected_at: Timestamp) {
        let Some(announce) = &self.scenario.streams[stream].announce else { return };
        let moment_of_truth = announce.whom == Announced::Moments;
        let announced = care::Announced { moment_of_truth, probability: announce.probability };
        let source: Option<SourceName> = announce.source.clone();
        let details = Arc::clone(&self.details);
        self.call(Command::AnnounceContact { contact, expected_at, announced, source, details });
    }

    pub(super) fn come(&mut self, slot: usize) {
        let now = self.driver.now();
        self.outcome.contacts += 1;
        let counts = self.window.counts(now);
        if self.window.closed_at == Some(now) {
            self.stop_watching(now);
        }
        let new = self.new_contact(slot);
        let guest = &mut self.guests[slot];
        (guest.counts, guest.waits) = (counts, true);
        let line = guest.class * 2 + usize::from(guest.is_moment);
        self.waiting[line].join(now);
        self.coming = Some(slot);
        let came = self.ask(Command::EnqueueContact(Box::new(new)));
        self.coming = None;
        match came {
            Ok(()) => {}
            Err(Reject::QueueFull { .. } | Reject::QueueDraining(_)) => return self.blocked(slot),
            Err(reject) => {
                let contact = self.guests[slot].id.clone();
                self.refused.get_or_insert(Refused { contact, reject });
                return;
            }
        }
        let guest = &self.guests[slot];
        if guest.is_settled {
            return;
        }
        let (stamp, is_offered) = (guest.stamp, guest.offers_open > 0);
        match self.scenario.streams[guest.stream].waiting_room {
            WaitingRoom::None if !is_offered => self.turn_away(slot),
            _ => {
                if let Some(patience) = guest.patience {
                    self.plan(now + patience, Happening::HangsUp(slot, stamp));
                }
                self.expect_recorded(slot);
            }
        }
    }

    /// What a platform tells of a contact as it comes.
    fn new_contact(&self, slot: usize) -> NewContact {
        let guest = &self.guests[slot];
        if let Some(recorded) = &guest.recorded {
            return NewContact { trace: None, ..NewContact::clone(&recorded.contact) };
        }
        NewContact {
            id: guest.id.clone(),
            queue: guest.queue.clone(),
            channel: guest.channel.clone(),
            requirement: self.scenario.streams[guest.stream].requirement.clone(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: self.signals(slot),
            arrived_at: None,
            trace: None,
            details: Arc::clone(&self.details),
        }
    }

    /// Plans what is recorded of a contact while it waits.
    fn expect_recorded(&mut self, slot: usize) {
        let Some(recorded) = self.guests[slot].recorded.clone() else { return };
        let (now, stamp) = (self.driver.now(), self.guests[slot].stamp);
        for (said, (after, _)) in recorded.told.iter().enumerate() {
            self.plan(now + *after, Happening::Told(slot, stamp, said));
        }
        if let Some(after) = recorded.withdrawn {
            self.plan(now + after, Happening::TakenBack(slot, stamp));
        }
    }

    /// Tells or asks what was told and asked of a contact that waits.
    pub(super) fn tell(&mut self, slot: usize, said: usize) {
        let recorded = self.guests[slot].recorded.as_ref();
        let command = recorded.map(|recorded| recorded.told[said].1.clone());
        command.into_iter().for_each(|command| _ = self.call(command));
    }

    /// The platform takes a contact back that waits.
    pub(super) fn take_back(&mut self, slot: usize) {
        let waited = self.driver.now() - self.guests[slot].comes_at;
        self.settle(slot, Fate::Unserved, waited);
        self.cancel(slot, CancelReason::Withdrawn);
    }

    /// There is no room for a contact.
    fn blocked(&mut self, slot: usize) {
        self.settle(slot, Fate::Blocked, Span::ZERO);
        self.guests[slot].is_closed = true;
        self.try_again(slot);
        self.guests.leave_if_over(slot);
    }

    /// What is said of a contact as it comes.
    fn signals(&self, slot: usize) -> Vec<Signal> {
        let guest = &self.guests[slot];
        let signal = |source, content| Signal {
            key: SignalKey::of(PROVIDER, "moment"),
            revision: 0,
            observed_at: None,
            source,
            content: Some(content),
        };
        match &guest.told {
            Told::Said(Said::Nothing) => Vec::new(),
            Told::Words(message) => vec![signal(SignalSource::Text, (self.hear)(message))],
            Told::Said(Said::Event { probability, .. }) => {
                let moments = self.scenario.streams[guest.stream].moments.as_ref();
                let event: Option<EventName> = moments.map(|moments| moments.event.clone());
                let happened = event.map(|event| Happened {
                    event,
                    confidence: confidence(*probability),
                    attributes: Default::default(),
                });
                let content = Content { events: happened.into_iter().collect(), ..Content::default() };
                vec![signal(SignalSource::Fact, content)]
            }
        }
    }

    fn turn_away(&mut self, slot: usize) {
        self.settle(slot, Fate::Blocked, Span::ZERO);
        self.cancel(slot, CancelReason::Withdrawn);
    }

    pub(super) fn hang_up(&mut self, slot: usize) {
        let waited = self.driver.now() - self.guests[slot].comes_at;
        self.settle(slot, Fate::Abandoned, waited);
        self.cancel(slot, CancelReason::CustomerLeft);
    }

    fn cancel(&mut self, slot: usize, reason: CancelReason) {
        self.try_again(slot);
        self.guests.restamp(slot);
        let contact = self.guests[slot].id.clone();
        self.call(Command::CancelContact { contact, reason });
    }

    /// Lets a customer who was not answered come back, if that is what they do.
    pub(super) fn try_again(&mut self, slot: usize) {
        let guest = &self.guests[slot];
        let stream = &self.scenario.streams[guest.stream];
        let Some(retrial) = stream.retrial.as_ref().filter(|retrial| guest.attempt < retrial.most) else { return };
        let mut rng = chance(self.seed ^ guest.chance, 3);
        if rng.random::<f64>() >= retrial.share {
            return;
        }
        let comes_at = self.driver.now() + retrial.after.draw(&mut rng);
        let again = source::again(guest, stream, comes_at, self.seed);
        let slot = self.guests.put(again);
        let stamp = self.guests[slot].stamp;
        self.plan(comes_at, Happening::Comes(slot, stamp));
    }

    pub(super) fn finish(&mut self, slot: usize) {
        let stamp = self.guests.restamp(slot);
        let (now, guest) = (self.driver.now(), &self.guests[slot]);
        let (contact, engaged) = (guest.id.clone(), guest.engaged);
        if let Some(onward) = guest.onward().cloned() {
            let stays = onward.stays;
            if self.call(self.asked_by(engaged, onward.command)) {
                stays.into_iter().for_each(|stays| self.plan(now + stays, Happening::HangsUp(slot, stamp)));
                return;
            }
        }
        self.call(Command::CompleteContact { contact });
    }

    /// The same, by whoever has the contact now.
    fn asked_by(&self, engaged: Option<(EngagementKey, usize)>, command: Command) -> Command {
        match (command, engaged) {
            (Command::ReportConnectFailed { contact, reason, .. }, Some((_, agent))) => {
                Command::ReportConnectFailed { agent: self.staff.id(agent), contact, reason }
            }
            (command, _) => command,
        }
    }

    /// The agent has written up before the queue's time for it is over.
    pub(super) fn wrap_up(&mut self, slot: usize) {
        let guest = &self.guests[slot];
        let (contact, Some((_, agent))) = (guest.id.clone(), guest.engaged) else { return };
        let agent = self.staff.id(agent);
        self.call(Command::EndWrapUp { agent, contact });
    }

    /// The agent needs longer to write up than the queue gives.
    pub(super) fn write_on(&mut self, slot: usize, by: Span) {
        let guest = &self.guests[slot];
        let (contact, Some((_, agent))) = (guest.id.clone(), guest.engaged) else { return };
        let agent = self.staff.id(agent);
        self.call(Command::ExtendWrapUp { agent, contact, by });
    }

    pub(super) fn accept(&mut self, offer: OfferKey) {
        // Somebody else may have been faster, or the customer has left.
        if let Some((_, agent)) = self.offers.get(&offer) {
            let agent = self.staff.id(*agent);
            self.call(Command::AcceptOffer { agent, offer });
        }
    }

    pub(super) fn decline(&mut self, offer: OfferKey) {
        let Some((_, agent)) = self.offers.get(&offer) else { return };
        let agent = self.staff.id(*agent);
        let declined = Command::DeclineOffer { agent, offer, reason: "not now".to_owned() };
        // Where that is forbidden, it is taken.
        if !self.call(declined) {
            self.accept(offer);
        }
    }

    /// True if it was taken.
    fn call(&mut self, command: Command) -> bool {
        self.ask(command).is_ok()
    }

    fn ask(&mut self, command: Command) -> Result<(), Reject> {
        let step = self.driver.request(Request { id: None, command });
        let refused = step.reply.as_ref().err().cloned();
        self.follow(step);
        match refused {
            None => Ok(()),
            Some(reject) => {
                *self.outcome.refused.entry(reject.name()).or_default() += 1;
                Err(reject)
            }
        }
    }

    /// Desktops show at once what they are offered, and agents react as they do.
    pub(super) fn react(&mut self, offer: OfferKey) {
        let Some(&(slot, agent)) = self.offers.get(&offer) else { return };
        let reaction = self.staff.reaction(agent, &self.guests[slot], self.seed);
        let acknowledged = Command::AckOffer { agent: self.staff.id(agent), offer };
        // Where acceptance is automatic, this was it.
        if !self.call(acknowledged) || !self.offers.contains_key(&offer) {
            return;
        }
        let now = self.driver.now();
        match reaction {
            staff::Reaction::Accepts(Span::ZERO) => self.accept(offer),
            staff::Reaction::Accepts(after) => self.plan(now + after, Happening::Accepts(offer)),
            staff::Reaction::Declines(after) => self.plan(now + after, Happening::Declines(offer)),
            staff::Reaction::Misses => {}
        }
    }
}
