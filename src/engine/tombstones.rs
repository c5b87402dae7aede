//! What is left of contacts and offers that are over: that there were such, and how and when they ended.
//!
//! A caller may come back late: with a contact that was enqueued yesterday, or an offer that a desktop still shows. Both
//! learn what became of it, and no id is given to anything else meanwhile. Invariant: each is kept for
//! [`TOMBSTONE_KEPT_SECS`] from its end and none is forgotten earlier; one pass forgets a limited number; new contacts
//! are refused while there is no room.
//! In a full table a contact takes some 80 bytes beside its id's text, 32 of them to name the id twice; an offer takes 16
//! to 32. Not here: what a closed contact was, which is kept whole for some minutes (`state`).

use std::collections::VecDeque;

use crate::model::{
    contact::ClosedBecause,
    ids::{AgentKey, ContactId, OfferKey},
    limits::{CONTACTS_ENDED_MAX, FORGOTTEN_PER_PASS_MAX, OFFERS_ENDED_MAX, TOMBSTONE_KEPT_SECS},
    time::{Span, Timestamp},
};

use super::{dedup::next_pass, reject::Reject, state::OfferEnd, table::Table};

const KEPT: Span = Span::from_secs(TOMBSTONE_KEPT_SECS);

/// They are forgotten together, minute by minute: a record for each would double what a contact's life takes.
const TOGETHER: Span = Span::from_secs(60);

/// Contacts and offers that ended within a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    contacts: Table<ContactId, (ClosedBecause, Timestamp)>,
    /// In the order of their ends.
    contacts_by_age: VecDeque<ContactId>,
    /// The number of the first of `offers`.
    first_offer: u64,
    /// By number, without a gap; none while it is open.
    offers: VecDeque<Option<EndedOffer>>,
    /// No more is forgotten before that: the last pass left something over.
    not_before: Option<Timestamp>,
}

/// How an offer to an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedOffer {
    pub agent: AgentKey,
    pub end: OfferEnd,
    pub at: Timestamp,
}

/// All of them, as lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptTombstones {
    pub contacts: Vec<KeptContact>,
    pub first_offer: u64,
    /// The number after the last.
    pub last_offer: u64,
    pub offers: Vec<(OfferKey, EndedOffer)>,
    pub not_before: Option<Timestamp>,
}

/// What is left of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptContact {
    pub id: ContactId,
    pub because: ClosedBecause,
    pub at: Timestamp,
}

impl Tombstones {
    /// How and when a contact ended.
    pub fn contact(&self, id: &ContactId) -> Option<(ClosedBecause, Timestamp)> {
        self.contacts.get(id).copied()
    }

    /// How an offer ended.
    pub fn offer(&self, key: OfferKey) -> Option<EndedOffer> {
        let at = usize::try_from(key.0.checked_sub(self.first_offer)?).ok()?;
        self.offers.get(at).copied().flatten()
    }

    /// Whether one more contact will find room beside so many closed ones, and its offers.
    pub fn check_room(&self, closed: usize) -> Result<(), Reject> {
        if self.contacts_by_age.len() + closed >= CONTACTS_ENDED_MAX {
            return Err(Reject::LimitReached { what: "contacts ended within a day", limit: CONTACTS_ENDED_MAX });
        }
        if self.offers.len() >= OFFERS_ENDED_MAX {
            return Err(Reject::LimitReached { what: "offers ended within a day", limit: OFFERS_ENDED_MAX });
        }
        Ok(())
    }

    /// Keeps what is left of a contact.
    pub fn bury_contact(&mut self, id: ContactId, because: ClosedBecause, at: Timestamp) {
        self.contacts.insert(id.clone(), (because, at));
        self.contacts_by_age.push_back(id);
    }

    /// Makes room for an offer that was just made.
    pub fn open_offer(&mut self, key: OfferKey) {
        if self.offers.is_empty() {
            self.first_offer = key.0;
        }
        assert_eq!(key.0, self.first_offer + self.offers.len() as u64, "offers are numbered without a gap");
        self.offers.push_back(None);
    }

    /// Keeps what is left of an offer.
    pub fn bury_offer(&mut self, key: OfferKey, ended: EndedOffer) {
        let at = usize::try_from(key.0 - self.first_offer).expect("there are less than 2^32 offers");
        self.offers[at] = Some(ended);
    }

    /// When the oldest are to be forgotten.
    pub fn due(&self) -> Option<Timestamp> {
        let contact = self.contacts_by_age.front().map(|id| self.ended_at(id));
        let offer = self.offers.front().copied().flatten().map(|ended| ended.at);
        let over = contact.into_iter().chain(offer).min()? + KEPT;
        let minutes = over.0.div_euclid(TOGETHER.0) + i64::from(over.0.rem_euclid(TOGETHER.0) > 0);
        let together = Timestamp(minutes * TOGETHER.0);
        Some(self.not_before.map_or(together, |at| at.max(together)))
    }

    /// How many contacts and how many offers have been kept for long enough by now, at most as many of each as one pass
    /// forgets.
    pub fn over(&self, now: Timestamp) -> (u32, u32) {
        let is_over = |at: Timestamp| at + KEPT <= now;
        let contacts = self.contacts_by_age.iter().take(FORGOTTEN_PER_PASS_MAX);
        let contacts = contacts.take_while(|id| is_over(self.ended_at(id)));
        let ended = |offer: &&Option<EndedOffer>| offer.is_some_and(|ended| is_over(ended.at));
        let offers = self.offers.iter().take(FORGOTTEN_PER_PASS_MAX).take_while(ended);
        let number = |count: usize| u32::try_from(count).expect("a pass is limited well below 2^32");
        (number(contacts.count()), number(offers.count()))
    }

    /// Forgets the oldest.
    pub fn forget(&mut self, now: Timestamp, contacts: u32, offers: u32) {
        for id in self.contacts_by_age.drain(..contacts as usize) {
            self.contacts.remove(&id);
        }
        self.offers.drain(..offers as usize);
        self.first_offer += u64::from(offers);
        self.not_before = next_pass(now, contacts.max(offers));
    }

    /// How many contacts are kept.
    pub fn contacts_len(&self) -> usize {
        self.contacts_by_age.len()
    }

    /// How many offers are kept, those included that are open.
    pub fn offers_len(&self) -> usize {
        self.offers.len()
    }

    /// Taken apart.
    pub(super) fn into_kept(self, rest: &dyn Fn()) -> KeptTombstones {
        let Self { mut contacts, contacts_by_age, first_offer, offers, not_before } = self;
        let contact = |id| {
            let (because, at) = contacts.remove(&id).expect("both hold the same contacts");
            KeptContact { id, because, at }
        };
        let contacts = contacts_by_age.into_iter().inspect(|_| rest()).map(contact).collect();
        let last_offer = first_offer + offers.len() as u64;
        let numbered = (first_offer..).map(OfferKey).zip(offers).inspect(|_| rest());
        let offers = numbered.filter_map(|(key, ended)| Some((key, ended?))).collect();
        KeptTombstones { contacts, first_offer, last_offer, offers, not_before }
    }

    /// Put together.
    pub(super) fn of_kept(kept: KeptTombstones, rest: &dyn Fn()) -> Self {
        let KeptTombstones { contacts, first_offer, last_offer, offers, not_before } = kept;
        let mut tombstones = Self { not_before, ..Self::default() };
        for KeptContact { id, because, at } in contacts {
            tombstones.bury_contact(id, because, at);
            rest();
        }
        tombstones.first_offer = first_offer;
        (first_offer..last_offer).for_each(|_| tombstones.offers.push_back(None));
        for (key, ended) in offers {
            tombstones.bury_offer(key, ended);
            rest();
        }
        tombstones
    }

    /// Contacts that are kept, in the order of their ends (for checks).
    pub fn contacts(&self) -> impl Iterator<Item = &ContactId> {
        self.contacts_by_age.iter()
    }

    /// Offers that are kept and open (for checks).
    pub fn open_offers(&self) -> impl Iterator<Item = OfferKey> {
        (self.first_offer..).map(OfferKey).zip(&self.offers).filter(|(_, ended)| ended.is_none()).map(|(key, _)| key)
    }

    fn ended_at(&self, id: &ContactId) -> Timestamp {
        self.contacts.get(id).expect("both hold the same contacts").1
    }
}

#[cfg(test)]
mod tests {
    use crate::model::limits::FORGET_PAUSE_MILLIS;

    use super::*;

    const NOON: Timestamp = Timestamp(1_700_049_600_000_000);

    fn id(number: u32) -> ContactId {
        ContactId::new(&format!("c{number}")).unwrap()
    }

    fn ended(at: Timestamp) -> EndedOffer {
        EndedOffer { agent: AgentKey(1), end: OfferEnd::Declined, at }
    }

    #[test]
    fn a_contact_is_known_for_a_day_and_forgotten_with_the_others_of_its_minute() {
        let mut tombstones = Tombstones::default();
        let second = |number: u32| NOON + Span::from_secs(number.into());
        (1..=61).for_each(|number| tombstones.bury_contact(id(number), ClosedBecause::Handled, second(number)));
        let due = tombstones.due().unwrap();
        assert_eq!(due, NOON + KEPT + Span::from_secs(60));
        assert_eq!(tombstones.over(due), (60, 0));
        tombstones.forget(due, 60, 0);
        assert_eq!(tombstones.contact(&id(60)), None);
        assert_eq!(tombstones.contact(&id(61)), Some((ClosedBecause::Handled, second(61))));
        assert_eq!(tombstones.due(), Some(due + TOGETHER));
    }

    #[test]
    fn offers_are_found_by_number_whatever_the_order_of_their_ends() {
        let mut tombstones = Tombstones::default();
        (5..9).map(OfferKey).for_each(|key| tombstones.open_offer(key));
        tombstones.bury_offer(OfferKey(6), ended(NOON));
        assert_eq!((tombstones.offer(OfferKey(6)), tombstones.offer(OfferKey(5))), (Some(ended(NOON)), None));
        assert_eq!((tombstones.offer(OfferKey(4)), tombstones.offer(OfferKey(9))), (None, None), "never seen");
        let much_later = NOON + KEPT + KEPT;
        assert_eq!(tombstones.over(much_later), (0, 0), "one that is open stands before it");
        tombstones.bury_offer(OfferKey(5), ended(NOON + Span::from_secs(9)));
        assert_eq!(tombstones.over(much_later), (0, 2));
        tombstones.forget(much_later, 0, 2);
        assert_eq!(tombstones.open_offers().collect::<Vec<_>>(), [OfferKey(7), OfferKey(8)]);
        tombstones.forget(much_later, 0, 0);
        tombstones.open_offer(OfferKey(9));
        assert_eq!(tombstones.offer(OfferKey(6)), None);
    }

    #[test]
    fn a_day_that_ended_at_once_is_forgotten_in_passes_with_pauses_between() {
        let mut tombstones = Tombstones::default();
        (1..=3_000).for_each(|number| tombstones.bury_contact(id(number), ClosedBecause::Handled, NOON));
        (1..=4_000).map(OfferKey).for_each(|key| tombstones.open_offer(key));
        (1..=4_000).map(OfferKey).for_each(|key| tombstones.bury_offer(key, ended(NOON)));
        let (mut passes, mut at) = (0, NOON + KEPT);
        while let Some(due) = tombstones.due() {
            assert!(passes == 0 || due == at + Span::from_millis(FORGET_PAUSE_MILLIS), "a pause, and no longer");
            let (contacts, offers) = tombstones.over(due);
            assert!(contacts.max(offers) as usize <= FORGOTTEN_PER_PASS_MAX && contacts.max(offers) > 0);
            tombstones.forget(due, contacts, offers);
            (passes, at) = (passes + 1, due);
        }
        assert_eq!(passes, 4_000usize.div_ceil(FORGOTTEN_PER_PASS_MAX));
        assert_eq!((tombstones.contacts_len(), tombstones.offers_len()), (0, 0));
    }

    #[test]
    fn an_offer_takes_16_bytes_and_a_contact_no_more_than_it_says() {
        assert_eq!(size_of::<Option<EndedOffer>>(), 16);
        let entry = size_of::<(ContactId, (ClosedBecause, Timestamp))>();
        // A table is at least half full but for the moment it grows, and has a byte beside each place.
        assert!(entry + size_of::<ContactId>() <= 48, "an entry has {entry} bytes");
    }
}
