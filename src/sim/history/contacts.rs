//! Who came, what was told of them, how long they stayed, and how long agents had to do with them.
//!
//! Invariant: a contact's waiting ends once: with the first agent who accepts it, or without one. What was asked of it
//! after that, by an agent who passed it on, is kept with the engagement that it ended. Not here: what of it is known
//! to be cut short (`inputs`).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{
    engine::{Command, Event},
    journal::Record,
    model::{
        contact::{ClosedBecause, KeepPlace, NewContact},
        ids::{ContactKey, EngagementKey, OfferKey},
        time::{Span, Timestamp},
    },
};

use super::agents::{Doing, Seats};

/// Everybody who came, in order.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    pub all: Vec<Past>,
    /// Those who are there.
    open: FxHashMap<ContactKey, usize>,
    offers: FxHashMap<OfferKey, Offered>,
    engagements: FxHashMap<EngagementKey, Engaged>,
}

/// A contact that was.
#[derive(Debug)]
pub(super) struct Past {
    pub came_at: Timestamp,
    pub new: Arc<NewContact>,
    /// Whether it was taken for a moment of truth while it waited.
    pub is_moment: bool,
    /// What was told and asked of it while it waited, since it came.
    pub told: Vec<(Span, Command)>,
    /// How and when its waiting ended.
    pub waited: Option<(Timestamp, End)>,
    pub legs: Vec<Leg>,
    /// Since when it waits for somebody else, after an engagement.
    again_since: Option<Timestamp>,
}

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By this agent.
    Answered(usize),
    /// The customer left.
    Left,
    /// The queue's longest wait was over.
    Expired,
    /// The platform took it back.
    Withdrawn,
}

/// An engagement.
#[derive(Debug)]
pub(super) struct Leg {
    /// How long was worked, up to `since` if work goes on.
    pub worked: Span,
    /// Since when, while work goes on.
    since: Option<Timestamp>,
    /// Whether the work came to its end.
    pub is_over: bool,
    /// What was asked with that, if the contact went on.
    pub then: Option<Command>,
    /// How long the customer stayed after it, if they left unanswered.
    pub stays: Option<Span>,
    /// When writing up began, and when the queue ends it.
    wrap_up: Option<(Timestamp, Timestamp)>,
    /// How long was written up, if that was another time than the queue gives.
    pub wrapped_up: Option<Span>,
}

impl Leg {
    /// How long was worked by then.
    pub fn worked_by(&self, now: Timestamp) -> Span {
        self.worked + self.since.map_or(Span::ZERO, |since| now - since)
    }

    fn stop(&mut self, now: Timestamp) {
        self.worked = self.worked_by(now);
        self.since = None;
    }
}

#[derive(Debug, Clone, Copy)]
struct Offered {
    /// Of those who came; `None` = it was there before.
    contact: Option<usize>,
    agent: usize,
    made_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Engaged {
    contact: usize,
    leg: usize,
    agent: usize,
}

impl Contacts {
    /// Takes in what happened to contacts, and what agents did with them.
    pub fn follow(&mut self, record: &Record, event: &Event, seats: &mut Seats) {
        let (now, command) = (record.now, &record.input.command);
        match event {
            Event::ContactQueued { contact, queued } => {
                if let Command::EnqueueContact(new) = command {
                    self.came(now, *contact, new, queued.care.moment_of_truth);
                }
            }
            Event::SignalsTaken { contact, .. }
            | Event::ContactUpdated { contact, .. }
            | Event::ContactParked { contact, .. }
            | Event::ContactReleased { contact } => self.told(now, *contact, command),
            Event::ContactScored { contact, care, .. } => {
                self.told(now, *contact, command);
                if let Some(past) = self.waiting(*contact) {
                    past.is_moment |= care.moment_of_truth;
                }
            }
            Event::ContactRequeued { contact, .. } => {
                self.told(now, *contact, command);
                self.requeued(now, *contact, command);
            }
            Event::ContactClosed { contact, because, .. } => self.closed(now, *contact, *because),
            Event::OfferMade { offer, contact, agent, .. } => {
                let contact = self.open.get(contact).copied();
                if let Some(agent) = seats.of(*agent) {
                    self.offers.insert(*offer, Offered { contact, agent, made_at: now });
                }
            }
            Event::OfferAccepted { offer, engagement } => self.accepted(now, *offer, *engagement, seats),
            Event::OfferDeclined { offer, .. } => {
                if let Some(offered) = self.offers.remove(offer) {
                    seats.all[offered.agent].offers.declined += 1;
                }
            }
            Event::OfferExpired { offer, .. } => {
                if let Some(offered) = self.offers.remove(offer) {
                    seats.all[offered.agent].offers.missed += 1;
                }
            }
            Event::OfferRescinded { offer, .. } => drop(self.offers.remove(offer)),
            Event::EngagementInterrupted { engagement } => self.does(now, *engagement, Doing::Nothing, seats),
            Event::EngagementResumed { engagement } => self.does(now, *engagement, Doing::Work, seats),
            Event::WrapUpStarted { engagement, until, .. } => {
                self.over(now, *engagement);
                if let Some(leg) = self.leg(*engagement) {
                    leg.wrap_up = Some((now, *until));
                }
                self.does(now, *engagement, Doing::WrapUp, seats);
            }
            Event::EngagementEnded { engagement, .. } => {
                self.over(now, *engagement);
                self.does(now, *engagement, Doing::Nothing, seats);
                self.wrapped_up(now, *engagement);
                self.engagements.remove(engagement);
            }
            _ => {}
        }
    }

    fn came(&mut self, now: Timestamp, contact: ContactKey, new: &NewContact, is_moment: bool) {
        let place = self.all.len();
        self.open.insert(contact, place);
        self.all.push(Past {
            came_at: now,
            new: Arc::new(new.clone()),
            is_moment,
            told: Vec::new(),
            waited: None,
            legs: Vec::new(),
            again_since: None,
        });
    }

    /// A contact that waits for its first answer.
    fn waiting(&mut self, contact: ContactKey) -> Option<&mut Past> {
        let place = *self.open.get(&contact)?;
        Some(&mut self.all[place]).filter(|past| past.waited.is_none())
    }

    /// What was said of a contact that waits is said once, however much it changed.
    fn told(&mut self, now: Timestamp, contact: ContactKey, command: &Command) {
        let (Command::UpdateContact { contact: id, .. }
        | Command::ScoreContact { contact: id, .. }
        | Command::Signal { contact: id, .. }
        | Command::ParkContact { contact: id, .. }
        | Command::ReleaseContact { contact: id }
        | Command::RequeueContact { contact: id, .. }) = command
        else {
            return;
        };
        // What follows for another contact follows again.
        let Some(past) = self.waiting(contact).filter(|past| past.new.id == *id) else { return };
        let after = now - past.came_at;
        if past.told.last().is_none_or(|last| last.0 != after || last.1 != *command) {
            past.told.push((after, command.clone()));
        }
    }

    fn accepted(&mut self, now: Timestamp, offer: OfferKey, engagement: EngagementKey, seats: &mut Seats) {
        let Some(Offered { contact, agent, made_at }) = self.offers.remove(&offer) else { return };
        seats.all[agent].offers.accepted.push(now - made_at);
        let Some(contact) = contact else { return };
        let past = &mut self.all[contact];
        past.waited.get_or_insert((now, End::Answered(agent)));
        past.again_since = None;
        let leg = past.legs.len();
        past.legs.push(Leg {
            worked: Span::ZERO,
            since: Some(now),
            is_over: false,
            then: None,
            stays: None,
            wrap_up: None,
            wrapped_up: None,
        });
        self.engagements.insert(engagement, Engaged { contact, leg, agent });
        seats.mark(now, agent, engagement, contact, Doing::Work);
    }

    fn leg(&mut self, engagement: EngagementKey) -> Option<&mut Leg> {
        let Engaged { contact, leg, .. } = *self.engagements.get(&engagement)?;
        Some(&mut self.all[contact].legs[leg])
    }

    fn does(&mut self, now: Timestamp, engagement: EngagementKey, doing: Doing, seats: &mut Seats) {
        let Some(Engaged { contact, agent, .. }) = self.engagements.get(&engagement).copied() else { return };
        seats.mark(now, agent, engagement, contact, doing);
        if let Some(leg) = self.leg(engagement).filter(|leg| !leg.is_over) {
            leg.stop(now);
            leg.since = (doing == Doing::Work).then_some(now);
        }
    }

    /// The work itself is done.
    fn over(&mut self, now: Timestamp, engagement: EngagementKey) {
        if let Some(leg) = self.leg(engagement).filter(|leg| !leg.is_over) {
            leg.stop(now);
            leg.is_over = true;
        }
    }

    fn wrapped_up(&mut self, now: Timestamp, engagement: EngagementKey) {
        let Some(leg) = self.leg(engagement) else { return };
        leg.wrapped_up = leg.wrap_up.filter(|(_, until)| now != *until).map(|(since, _)| now - since);
    }

    /// A contact waits again: where an agent sent it, or back in its place since nobody has it any more.
    fn requeued(&mut self, now: Timestamp, contact: ContactKey, command: &Command) {
        let Some(&place) = self.open.get(&contact) else { return };
        let past = &mut self.all[place];
        let Some(leg) = past.legs.last_mut().filter(|_| past.waited.is_some() && past.again_since.is_none()) else {
            return;
        };
        let is_asked = matches!(
            command,
            Command::TransferContact { .. } | Command::RequeueContact { .. } | Command::ReportConnectFailed { .. }
        );
        let back = || Command::RequeueContact { contact: past.new.id.clone(), queue: None, place: KeepPlace::Keep };
        leg.then = Some(if is_asked { command.clone() } else { back() });
        past.again_since = Some(now);
    }

    fn closed(&mut self, now: Timestamp, contact: ContactKey, because: ClosedBecause) {
        let Some(place) = self.open.remove(&contact) else { return };
        let past = &mut self.all[place];
        let end = match because {
            ClosedBecause::Abandoned => End::Left,
            ClosedBecause::Cancelled | ClosedBecause::NeverCame | ClosedBecause::Handled => End::Withdrawn,
            ClosedBecause::Expired => End::Expired,
        };
        past.waited.get_or_insert((now, end));
        if let (ClosedBecause::Abandoned, Some(since), Some(leg)) = (because, past.again_since, past.legs.last_mut()) {
            leg.stays = Some(now - since);
        }
    }
}
