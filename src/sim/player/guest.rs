//! A contact with all that is chance about it, and where it stands.
//!
//! Invariant: what was planned for a contact carries its stamp, and a contact whose stage changes gets another one; so
//! whatever was planned for the stage before does nothing.

use std::{
    ops::{Index, IndexMut},
    sync::Arc,
};

use crate::{
    model::{
        ids::{ChannelName, ContactId, EngagementKey, QueueName},
        time::{Span, Timestamp},
    },
    sim::scenario::{
        Message, Recorded,
        detector::Said,
        recorded::{Onward, Work},
    },
};

/// A customer's contact.
#[derive(Debug)]
pub struct Guest {
    pub id: ContactId,
    /// Its stream's place.
    pub stream: usize,
    pub class: usize,
    pub queue: QueueName,
    pub channel: ChannelName,
    pub comes_at: Timestamp,
    pub handling: Span,
    pub patience: Option<Span>,
    pub wrap_up: Option<Span>,
    /// Whether it truly is a moment of truth.
    pub is_moment: bool,
    pub told: Told,
    /// What it was once, if it is one that came before.
    pub recorded: Option<Arc<Recorded>>,
    /// So long before it comes it is announced, if it is.
    pub announced: Option<Span>,
    /// So many announced ones never come, each expected so long after this one.
    pub in_vain: Vec<Span>,
    /// What chance at agents' hands follows from.
    pub chance: u64,
    /// How often this customer tried before.
    pub attempt: u32,

    /// Changes with its stage.
    pub stamp: u64,
    /// Whether it counts.
    pub counts: bool,
    /// Whether it was taken for a moment of truth.
    pub is_flagged: bool,
    /// It waits, and whoever watches lines knows.
    pub waits: bool,
    /// What becomes of it is known.
    pub is_settled: bool,
    pub is_closed: bool,
    /// Offers made of it, and how many are open.
    pub offers: u32,
    pub offers_open: u32,
    /// With this agent.
    pub engaged: Option<(EngagementKey, usize)>,
    /// How often somebody began to work for it, and how many have not given back all that it took.
    pub answers: usize,
    pub at_work: u32,
    /// Work that is left, at that time.
    pub left: (Span, Timestamp),
}

/// What the engine is told of it as it comes.
#[derive(Debug, Clone)]
pub enum Told {
    /// What a detector says.
    Said(Said),
    /// The customer's words.
    Words(Message),
}

/// Everybody who is there or on the way, in places that are used again.
#[derive(Debug, Default)]
pub struct Guests {
    slots: Vec<Option<Guest>>,
    free: Vec<usize>,
    stamps: u64,
}

impl Guests {
    /// One more; its place.
    pub fn put(&mut self, mut guest: Guest) -> usize {
        self.stamps += 1;
        guest.stamp = self.stamps;
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(guest);
                slot
            }
            None => {
                self.slots.push(Some(guest));
                self.slots.len() - 1
            }
        }
    }

    /// Its stage is another one; its new stamp.
    pub fn restamp(&mut self, slot: usize) -> u64 {
        self.stamps += 1;
        let stamp = self.stamps;
        self[slot].stamp = stamp;
        stamp
    }

    /// Whether it still has this stamp.
    pub fn is(&self, slot: usize, stamp: u64) -> bool {
        self.slots[slot].as_ref().is_some_and(|guest| guest.stamp == stamp)
    }

    /// Gives its place away once it is closed and nobody works for it.
    pub fn leave_if_over(&mut self, slot: usize) {
        let is_over = |guest: &Guest| guest.is_closed && guest.at_work == 0;
        if self.slots[slot].take_if(|guest| is_over(guest)).is_some() {
            self.free.push(slot);
        }
    }

    /// Places of those who are there.
    pub fn slots(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|slot| self.slots[*slot].is_some()).collect()
    }
}

impl Index<usize> for Guests {
    type Output = Guest;

    fn index(&self, slot: usize) -> &Guest {
        self.slots[slot].as_ref().expect("a stamp or a key that is in use leads to somebody who is there")
    }
}

impl IndexMut<usize> for Guests {
    fn index_mut(&mut self, slot: usize) -> &mut Guest {
        self.slots[slot].as_mut().expect("a stamp or a key that is in use leads to somebody who is there")
    }
}

/// Where a contact comes from and goes to.
#[derive(Debug, Clone)]
pub struct Way {
    pub stream: usize,
    pub class: usize,
    pub queue: QueueName,
    pub channel: ChannelName,
}

/// What is chance about a contact.
#[derive(Debug, Clone)]
pub struct Chance {
    pub handling: Span,
    pub patience: Option<Span>,
    pub wrap_up: Option<Span>,
    pub is_moment: bool,
    pub told: Told,
    pub chance: u64,
}

impl Guest {
    /// What is done with it now, or was last, of one that is recorded: the last of it for as often as it takes.
    pub fn work(&self) -> Option<&Work> {
        let all = &self.recorded.as_ref()?.work;
        all.get(self.answers.saturating_sub(1)).or(all.last())
    }

    /// Where it goes after what is done with it now.
    pub fn onward(&self) -> Option<&Onward> {
        self.work().and_then(|work| work.then.as_ref())
    }

    /// One who is to come then.
    pub fn new(id: ContactId, way: Way, comes_at: Timestamp, of: Chance) -> Self {
        let Way { stream, class, queue, channel } = way;
        let Chance { handling, patience, wrap_up, is_moment, told, chance } = of;
        let is_flagged = matches!(told, Told::Said(Said::Event { is_flag: true, .. }));
        Self {
            id,
            stream,
            class,
            queue,
            channel,
            comes_at,
            handling,
            patience,
            wrap_up,
            is_moment,
            told,
            recorded: None,
            announced: None,
            in_vain: Vec::new(),
            chance,
            attempt: 0,
            stamp: 0,
            counts: false,
            is_flagged,
            waits: false,
            is_settled: false,
            is_closed: false,
            offers: 0,
            offers_open: 0,
            engaged: None,
            answers: 0,
            at_work: 0,
            left: (Span::ZERO, Timestamp(0)),
        }
    }
}
