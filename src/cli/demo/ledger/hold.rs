//! One agent's hold on a contact: an offer as the agent saw it, and the engagement it may have become.
//!
//! Invariant: `surely_until` only claims what its agent can prove: until then the daemon itself had the hold open.
//!
//! Proof, and nothing else, moves it: a call about the hold answered with OK shows that it was open when that call was
//! first *sent*; an offer that expired was open until its expiry time, one that went undelivered until its delivery
//! limit. When a message *arrives* proves nothing, since each stream has its own pace.

use crate::model::time::Timestamp;

/// An offer as a stream shows it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Whom it is shown to.
    pub agent: String,
    /// Its id.
    pub offer: String,
    /// The queue it was made from.
    pub queue: String,
    /// When it was made, as the daemon says.
    pub made_at: Timestamp,
    /// Unless it is acknowledged before this, it is withdrawn.
    pub deliver_by: Timestamp,
    /// When it came down the stream.
    pub seen_at: Timestamp,
    /// The contact came and an agent was free for it.
    pub found_free_agent: bool,
}

/// How an offer ended for its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nobody answered in time.
    Expired,
    /// It was not acknowledged in time.
    Undelivered,
    /// The daemon took it back for any other reason.
    Withdrawn,
    /// The agent said no.
    Declined,
    /// A call about it was refused.
    Refused,
}

/// One agent's hold.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Whose.
    pub agent: String,
    /// The offer.
    pub offer: String,
    /// The queue it was made from.
    pub queue: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it came down the stream.
    pub seen_at: Timestamp,
    /// The contact came and an agent was free for it.
    pub found_free_agent: bool,
    /// Until then the daemon had it open, provably.
    pub surely_until: Timestamp,
    /// Since then it is an engagement, provably: the acceptance was answered.
    pub engaged_since: Option<Timestamp>,
    deliver_by: Timestamp,
    expires_at: Option<Timestamp>,
    released: bool,
    sight: Sight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Open,
    /// The stream broke; it may be open or not.
    Unseen,
    Over,
}

impl Hold {
    /// Shown just now.
    pub fn new(shown: Shown) -> Self {
        let Shown { agent, offer, queue, made_at, deliver_by, seen_at, found_free_agent } = shown;
        Self {
            agent,
            offer,
            queue,
            made_at,
            seen_at,
            found_free_agent,
            surely_until: made_at,
            engaged_since: None,
            deliver_by,
            expires_at: None,
            released: false,
            sight: Sight::Open,
        }
    }

    pub(super) fn is(&self, agent: &str, offer: &str) -> bool {
        self.agent == agent && self.offer == offer
    }

    pub(super) fn is_open(&self) -> bool {
        self.sight == Sight::Open
    }

    pub(super) fn reopen(&mut self) {
        if self.sight == Sight::Unseen {
            self.sight = Sight::Open;
        }
    }

    pub(super) fn lose_sight(&mut self) {
        if self.sight == Sight::Open && self.engaged_since.is_none() {
            self.sight = Sight::Unseen;
        }
    }

    pub(super) fn confirm(&mut self, sent_at: Timestamp) {
        self.surely_until = self.surely_until.max(sent_at);
    }

    pub(super) fn deliver(&mut self, sent_at: Timestamp, expires_at: Timestamp) {
        self.confirm(sent_at);
        self.expires_at = Some(expires_at);
    }

    pub(super) fn accept(&mut self, sent_at: Timestamp, now: Timestamp) {
        self.confirm(sent_at);
        self.engaged_since = Some(now);
        self.sight = Sight::Over;
    }

    /// The end of the engagement, which was there when its agent said so.
    pub(super) fn release(&mut self, sent_at: Timestamp) {
        if self.engaged_since.is_some() && !self.released {
            self.confirm(sent_at);
            self.released = true;
        }
    }

    /// False if that is no news.
    pub(super) fn end(&mut self, over: Over) -> bool {
        if self.sight == Sight::Over {
            return false;
        }
        match over {
            Over::Expired => self.confirm(self.expires_at.unwrap_or(self.made_at)),
            Over::Undelivered => self.confirm(self.deliver_by),
            Over::Withdrawn | Over::Declined | Over::Refused => {}
        }
        self.sight = Sight::Over;
        true
    }
}
