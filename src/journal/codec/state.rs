//! A world's parts, field by field: what a snapshot has of it.
//!
//! The same tables as for records, and the same fields are sealed. What follows from other fields is named behind a semicolon and left out.

use std::collections::{BTreeSet, VecDeque};

use smallvec::{Array, SmallVec};

use crate::{
    engine::{
        State,
        kept::{
            Actions, Agent, Contact, Cooldown, Counted, DocumentVersion, EndedOffer, Engagement, EngagementPhase,
            Grant, Heard, Hold, Kept as World, KeptBudgets, KeptContact, KeptQueue, KeptRequest, KeptSweep,
            KeptTombstones, Learnt, LearntLevel, Load, LostSession, Move, Offer, OfferEnd, Overflow, Overflowed,
            Refusal, Route, Session, Spread, Stage, Storm, SweepStage, Told,
        },
    },
    model::{
        document::{Format, Source},
        ids::TenantId,
    },
    scoring::{
        Evidence, decay, evidence,
        mood::{Mood, Named, PeakEnd},
    },
};

use super::{
    super::seal::Seal,
    personal::{Opening, Personal, Sealing},
    wire::{
        Broken, Kept, Out, Reader, Rest, choice, found, plain, put_fields, put_number, put_unless_empty, record,
        stands_for,
    },
};

/// Lists that are kept in other ways in memory.
macro_rules! lists {
    ($([$($of:tt)*] $type:ty, $item:ty);+ $(;)?) => {$(
        impl<$($of)*> Kept for $type where $item: Kept {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                self.iter().for_each(|item| {
                    item.put_field(number, to);
                    to.rest();
                });
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut item = None;
                Kept::take_field(&mut item, kind, from)?;
                slot.get_or_insert_default().extend(item);
                from.rest();
                Ok(())
            }

            fn empty() -> Option<Self> {
                Some(Self::default())
            }

            fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    )+};
}

lists! {
    [A: Array] SmallVec<A>, A::Item;
    [T] VecDeque<T>, T;
    [T: Ord] BTreeSet<T>, T;
}

stands_for! {
    // The digest follows.
    Source: (String, Format), |source| (source.text.as_ref().to_owned(), source.format), |(text, format)| {
        Ok(Self::new(&text, format))
    };
}

plain! {
    Counted { 1: NotYet, 2: Now, 3: NoMore }
}

record! {
    World {
        1: now, 2: document, 3: version, 4: history, 5: queue_names, 6: channel_names, 7: skill_names, 8: queues,
        9: sweep, 10: contacts, 11: customers, 12: budgets, 13: agents, 14: agent_numbers, 15: last_revision,
        16: offers, 17: ended_offers, 18: engagements, 19: requests, 20: storm, 21: moves, 22: actions,
        23: reserve_settings, 24: learnt, 25: next_contact, 26: next_offer, 27: next_engagement, 28: next_sequence,
        29: tombstones, 30: hold, 31: resumed_at, 32: requests_not_before, 33: overflows,
        34: overflow_spreads,
    }
    KeptTombstones { 1: contacts, 2: first_offer, 3: last_offer, 4: offers, 5: not_before }
    KeptContact { 1: id, 2: because, 3: at }
    EndedOffer { 1: agent, 2: end, 3: at }
    Hold { 1: until, 2: awaited, 3: spared, 4: sessions }
    DocumentVersion { 1: version, 2: source, 3: applied_at, 4: origin }
    KeptQueue { 1: mode, 2: mode_set }
    KeptSweep { 1: version, 2: document, 3: origin, 4: moves, 5: stage }
    KeptBudgets { 1: granted, 2: order }
    Grant { 1: contact, 2: seconds, 3: at }
    KeptRequest { 1: at, 2: request, 3: fingerprint, 4: reply }
    Storm { 1: window_began, 2: expiries, 3: suspended_until, 4: sent_away }
    Move { 1: from, 2: to, 3: place, 4: before, 5: through, 6: moved, 7: left, 8: next_at }
    Overflow { 1: beyond, 2: since }
    Spread { 1: queue, 2: through, 3: next_at }
    Overflowed { 1: beyond, 2: at }
    Actions { 1: newest, 2: taken }
    Learnt { 1: acceptance, 2: show_rates }
    LearntLevel { 1: skill, 2: level }

    Contact { 1: id, 2: stage, 3: details, 4: arrived_at, 5: route, 6: heard; due }
    Route {
        1: queue, 2: channel, 3: document, 4: place, 5: ordered_from, 6: head_start, 7: dynamic, 8: care,
        9: care_since, 10: accepting, 11: phase, 12: queued_at, 13: parked_for, 14: step, 15: requirement, 16: target,
        17: excluded, 18: refusals, 19: offers, 20: offers_made, 21: hops, 22: drain, 23: drain_not_before,
        24: unreachable, 25: uncovered, 26: answered_at, 27: trace, 28: overflowed;
        line, kind
    }
    Refusal { 1: agent, 2: until, 3: times }
    Heard { 1: contacts, 2: evidence, 3: scored, 4: told }
    Told { 1: at, 2: engagement, 3: settled }
    Evidence { 1: feelings, 2: facts, 3: folded }
    evidence::Kept { 1: at, 2: signal }
    Mood { 1: text, 2: voice, 3: urgency, 4: reached, 5: named, 6: count, 7: surest, 8: voice_agrees }
    PeakEnd { 1: peak, 2: end, 3: at }
    Named { 1: happened, 2: at, 3: source }
    decay::Decay { 1: at, 2: half_life, 3: strength, 4: seconds }

    Agent {
        1: id, 2: profile, 3: learnt, 4: revision, 5: channel_limits, 6: presence, 7: pending, 8: session, 9: offers,
        10: engagements, 11: used, 12: interruptible_used, 13: misses, 14: last_contact_ended, 15: available_since,
        16: load, 17: draining,
    }
    Session { 1: id, 2: connection, 3: lost }
    LostSession { 1: rescind_at, 2: grace_ends_at }
    Load { 1: recent, 2: contacts, 3: in_a_row, 4: last_taken, 5: is_heavy, 6: cooldown }
    Cooldown { 1: lasts, 2: until }
    Offer {
        1: contact, 2: agent, 3: queue, 4: channel, 5: cost, 6: made_at, 7: deliver_by, 8: time, 9: delivered_at,
        10: expires_at, 11: choice, 12: ended,
    }
    Engagement {
        1: contact, 2: contact_id, 3: agent, 4: queue, 5: channel, 6: cost_now, 7: cost, 8: phase, 9: is_moment,
        10: accepted_at, 11: offer, 12: offered_at, 13: choice, 14: unconfirmed,
    }
}

choice! {
    Stage {
        1: Announced { 1: forget_at, 2: weight, 3: counted },
        2: Waiting {},
        3: Parked { 1: since, 2: until },
        4: Closed { 1: because, 2: at, 3: forget_at };
        5: Engaged,
        6: WrapUp,
    }
}
choice! {
    OfferEnd { 1: Accepted {}, 2: Declined {}, 3: Expired {}; 4: Rescinded }
}
choice! {
    EngagementPhase { 1: Active {}, 2: Interrupted {}, 3: WrapUp { 1: until, 2: latest } }
}
choice! {
    SweepStage {
        1: Queues { 1: after },
        2: Agents { 1: next },
        3: Contacts { 1: after, 2: taken },
        4: Work { 1: next },
    }
}

/// A tenant with its world.
struct Tenant {
    tenant: TenantId,
    world: World,
}

record! {
    Tenant { 1: tenant, 2: world }
}

/// The number of a snapshot's field that holds a tenant.
const TENANT: u32 = 1;

/// Appends a tenant's world, what is personal in it sealed.
pub fn put(seal: &dyn Seal, tenant: &TenantId, state: State, to: &mut Vec<u8>) {
    put_resting(seal, tenant, state, &|| (), to);
}

/// The same, and calls `rest` between small pieces of it.
pub fn put_resting(seal: &dyn Seal, tenant: &TenantId, state: State, rest: &dyn Fn(), to: &mut Vec<u8>) {
    let mut out = Out::new(to, Sealing::new(seal, tenant)).resting(Rest(Some(rest)));
    Tenant { tenant: tenant.clone(), world: state.into_kept(rest) }.put_field(TENANT, &mut out);
}

/// The worlds in these bytes, what is sealed in them opened.
pub fn take(seal: &dyn Seal, bytes: &[u8]) -> Result<Vec<(TenantId, State)>, Broken> {
    let worlds = take_told(seal, bytes, &|| ())?;
    Ok(worlds.into_iter().map(|(tenant, state, _)| (tenant, state)).collect())
}

/// The same, each with whether something of it is erased; calls `rest` between small pieces.
pub fn take_told(seal: &dyn Seal, bytes: &[u8], rest: &dyn Fn()) -> Result<Vec<(TenantId, State, Personal)>, Broken> {
    let opening = Opening::new(seal).resting(Rest(Some(rest)));
    let (mut from, mut worlds) = (Reader::opened_by(&opening, bytes), Vec::new());
    while let Some((number, kind)) = from.tag()? {
        match number {
            TENANT => {
                let mut slot: Option<Tenant> = None;
                Kept::take_field(&mut slot, kind, &mut from)?;
                let Tenant { tenant, world } = found(slot, "a tenant")?;
                let personal = opening.end_world(&tenant);
                worlds.push((tenant, State::of_kept(world, rest), personal));
            }
            _ => from.skip(kind)?,
        }
    }
    Ok(worlds)
}
