//! What a stream says and nobody would ever notice.
//!
//! Invariant: moments of truth that a scenario knows of reach the engine, and announcements that it asks for are made.

use super::{Announce, Announced, Arrivals, Row};
use crate::model::document::Place;

/// What a stream says of moments of truth.
pub(super) struct Said<'a> {
    /// Its contacts.
    pub arrivals: Option<&'a Arrivals>,
    /// Whether it has one.
    pub has_moments: bool,
}

impl Said<'_> {
    /// That the engine is told of a trace's moments: by an event, or in the customer's words.
    pub fn check_trace(&self, place: &Place<'_>) {
        let is_untold = |row: &Row| row.is_moment == Some(true) && row.message.is_none();
        if !self.has_moments && self.rows().iter().any(is_untold) {
            let fault = "has moments of truth in its trace, but nothing tells the engine of them; add moments = {}, or \
                         what customers write in a column text";
            place.fault(fault.to_owned());
        }
    }

    /// That somebody can be announced as a moment of truth: by a detector, or by words that a bot has heard before.
    pub fn check_announce(&self, place: &Place<'_>, announce: &Announce) {
        let has_words = self.rows().iter().any(|row| row.message.is_some());
        if announce.whom == Announced::Moments && !self.has_moments && !has_words {
            let fault =
                "is of moments of truth, but there is no table moments; set whom = \"everybody\", or leave it out";
            place.fault(fault.to_owned());
        }
    }

    fn rows(&self) -> &[Row] {
        match self.arrivals {
            Some(Arrivals::Trace(rows)) => rows,
            _ => &[],
        }
    }
}
