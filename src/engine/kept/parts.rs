//! Which parts of what is kept of a world have something in them, so that a fixture can be held to have something of all.
//!
//! Invariant: every table is named, and every choice and option below one: a field that is added does not compile until it
//! is said here which part it is. Not here: worlds that have everything (`tests/formats`).

use std::collections::BTreeMap;

use super::{
    Actions, Agent, Contact, Counted, Engagement, EngagementPhase, Heard, Hold, Kept, KeptBudgets, KeptQueue,
    KeptSweep, KeptTombstones, Learnt, Load, LostSession, Offer, OfferEnd, Route, Session, Stage, State, Storm,
    SweepStage,
};
use crate::model::contact::ContactDetails;

/// Parts by their names, and whether there is something of each.
type Parts = BTreeMap<&'static str, bool>;

impl State {
    /// The parts of which a snapshot can have something, and whether it has in this world.
    #[doc(hidden)]
    pub fn kept_parts(self) -> Parts {
        let Kept {
            now: _,
            document,
            version: _,
            history,
            queue_names,
            channel_names,
            skill_names,
            queues,
            sweep,
            contacts,
            customers,
            budgets: KeptBudgets { granted, order },
            agents,
            agent_numbers: _,
            last_revision: _,
            offers,
            ended_offers,
            engagements,
            requests,
            requests_not_before,
            tombstones:
                KeptTombstones { contacts: ended_contacts, first_offer: _, last_offer: _, offers: ended, not_before },
            hold,
            resumed_at,
            storm: Storm { window_began: _, expiries: _, suspended_until, sent_away },
            moves,
            overflows,
            overflow_spreads,
            actions: Actions { newest, taken: _ },
            reserve_settings,
            learnt: Learnt { acceptance, show_rates },
            next_contact: _,
            next_offer: _,
            next_engagement: _,
            next_sequence: _,
        } = self.into_kept(&|| ());
        let mut parts = Parts::from([
            ("document", document.is_some()),
            ("history", !history.is_empty()),
            ("queue_names", !queue_names.is_empty()),
            ("channel_names", !channel_names.is_empty()),
            ("skill_names", !skill_names.is_empty()),
            ("customers", !customers.is_empty()),
            ("budgets.granted", !granted.is_empty()),
            ("budgets.order", !order.is_empty()),
            ("ended_offers", !ended_offers.is_empty()),
            ("requests", !requests.is_empty()),
            ("requests_not_before", requests_not_before.is_some()),
            ("tombstones.contacts", !ended_contacts.is_empty()),
            ("tombstones.offers", !ended.is_empty()),
            ("tombstones.not_before", not_before.is_some()),
            ("resumed_at", resumed_at.is_some()),
            ("storm.suspended_until", suspended_until.is_some()),
            ("storm.sent_away", !sent_away.is_empty()),
            ("moves", !moves.is_empty()),
            ("moves.through", moves.iter().any(|job| job.through.is_some())),
            ("overflows", !overflows.is_empty()),
            ("overflow_spreads", !overflow_spreads.is_empty()),
            ("actions", !newest.is_empty()),
            ("reserve_settings", !reserve_settings.is_empty()),
            ("learnt.acceptance", !acceptance.is_empty()),
            ("learnt.show_rates", !show_rates.is_empty()),
        ]);
        add(&mut parts, QUEUE, queues.iter().map(queue));
        add(&mut parts, SWEEP, sweep.iter().map(swept));
        add(
            &mut parts,
            HOLD,
            hold.iter().map(|Hold { until: _, awaited, spared: _, sessions: _ }| [true, !awaited.is_empty()]),
        );
        add(&mut parts, CONTACT, contacts.iter().map(|(_, found)| contact(found)));
        add(&mut parts, ROUTE, contacts.iter().filter_map(|(_, found)| found.route.as_deref()).map(route));
        add(&mut parts, AGENT, agents.iter().map(|(_, found)| agent(found)));
        add(&mut parts, OFFER, offers.iter().map(|(_, found)| offer(found)));
        add(&mut parts, ENGAGEMENT, engagements.iter().map(|(_, found)| engagement(found)));
        parts
    }
}

/// Adds the parts of things of a kind: there is something of each that one of the things has.
fn add<const N: usize>(parts: &mut Parts, names: [&'static str; N], things: impl Iterator<Item = [bool; N]>) {
    parts.extend(names.map(|name| (name, false)));
    for thing in things {
        for (name, has) in names.iter().zip(thing) {
            *parts.get_mut(name).expect("it was added just now") |= has;
        }
    }
}

const QUEUE: [&str; 2] = ["queue", "queue.mode_set"];

fn queue(KeptQueue { mode: _, mode_set }: &KeptQueue) -> [bool; 2] {
    [true, mode_set.is_some()]
}

const SWEEP: [&str; 8] = [
    "sweep",
    "sweep.document",
    "sweep.moves",
    "sweep.queues",
    "sweep.agents",
    "sweep.contacts",
    "sweep.contacts.after",
    "sweep.work",
];

fn swept(KeptSweep { version: _, document, origin: _, moves, stage }: &KeptSweep) -> [bool; 8] {
    [
        true,
        document.is_some(),
        !moves.is_empty(),
        matches!(stage, SweepStage::Queues { .. }),
        matches!(stage, SweepStage::Agents { .. }),
        matches!(stage, SweepStage::Contacts { .. }),
        matches!(stage, SweepStage::Contacts { after: Some(_), .. }),
        matches!(stage, SweepStage::Work { .. }),
    ]
}

const HOLD: [&str; 2] = ["hold", "hold.awaited"];

const CONTACT: [&str; 15] = [
    "contact.customer",
    "contact.attributes",
    "contact.context",
    "contact.heard",
    "contact.feelings",
    "contact.facts",
    "contact.told",
    "contact.announced",
    "contact.announced.counted",
    "contact.waiting",
    "contact.parked",
    "contact.engaged",
    "contact.wrap_up",
    "contact.closed",
    "contact.moments",
];

fn contact(Contact { id: _, stage, details, arrived_at: _, route: _, heard, due: _ }: &Contact) -> [bool; 15] {
    let ContactDetails { customer_id, attributes, context } = &**details;
    let heard = heard.as_deref();
    let evidence = heard.map(|Heard { contacts: _, evidence, scored: _, told: _ }| evidence);
    [
        !customer_id.is_empty(),
        !attributes.is_empty(),
        !context.is_empty(),
        heard.is_some(),
        evidence.is_some_and(|evidence| !evidence.feelings.is_empty()),
        evidence.is_some_and(|evidence| !evidence.facts.is_empty()),
        heard.is_some_and(|heard| heard.told.is_some()),
        matches!(stage, Stage::Announced { .. }),
        matches!(stage, Stage::Announced { counted: Counted::Now, .. }),
        matches!(stage, Stage::Waiting),
        matches!(stage, Stage::Parked { .. }),
        matches!(stage, Stage::Engaged(_)),
        matches!(stage, Stage::WrapUp(_)),
        matches!(stage, Stage::Closed { .. }),
        heard.is_some_and(|heard| heard.scored.skills.is_some()),
    ]
}

const ROUTE: [&str; 11] = [
    "route",
    "route.overflowed",
    "route.requirement",
    "route.target",
    "route.excluded",
    "route.refusals",
    "route.offers",
    "route.drain",
    "route.unreachable",
    "route.answered_at",
    "route.trace",
];

fn route(route: &Route) -> [bool; 11] {
    let Route {
        queue: _,
        channel: _,
        document: _,
        place: _,
        ordered_from: _,
        head_start: _,
        dynamic: _,
        care: _,
        care_since: _,
        accepting: _,
        phase: _,
        queued_at: _,
        parked_for: _,
        step: _,
        overflowed,
        requirement,
        target,
        excluded,
        refusals,
        offers,
        offers_made: _,
        hops: _,
        drain,
        drain_not_before: _,
        line: _,
        kind: _,
        unreachable,
        uncovered: _,
        answered_at,
        trace,
    } = route;
    [
        true,
        overflowed.is_some(),
        !requirement.is_empty(),
        target.is_some(),
        !excluded.is_empty(),
        !refusals.is_empty(),
        !offers.is_empty(),
        drain.is_some(),
        *unreachable,
        answered_at.is_some(),
        trace.is_some(),
    ]
}

const AGENT: [&str; 12] = [
    "agent",
    "agent.learnt",
    "agent.channel_limits",
    "agent.pending",
    "agent.session",
    "agent.lost",
    "agent.lost.rescind_at",
    "agent.offers",
    "agent.engagements",
    "agent.misses",
    "agent.draining",
    "agent.cooldown",
];

fn agent(agent: &Agent) -> [bool; 12] {
    let Agent {
        id: _,
        profile: _,
        learnt,
        revision: _,
        channel_limits,
        presence: _,
        pending,
        session,
        offers,
        engagements,
        used: _,
        interruptible_used: _,
        misses,
        last_contact_ended: _,
        available_since: _,
        load: Load { recent: _, contacts: _, in_a_row: _, last_taken: _, is_heavy: _, cooldown },
        draining,
    } = agent;
    let lost = session.as_ref().and_then(|Session { id: _, connection: _, lost }| lost.as_ref());
    [
        true,
        learnt.is_some(),
        !channel_limits.is_empty(),
        pending.is_some(),
        session.is_some(),
        lost.is_some(),
        lost.is_some_and(|LostSession { rescind_at, grace_ends_at: _ }| rescind_at.is_some()),
        !offers.is_empty(),
        !engagements.is_empty(),
        !misses.is_empty(),
        draining.is_some(),
        cooldown.is_some(),
    ]
}

const OFFER: [&str; 7] = [
    "offer",
    "offer.delivered_at",
    "offer.expires_at",
    "offer.accepted",
    "offer.declined",
    "offer.expired",
    "offer.rescinded",
];

fn offer(offer: &Offer) -> [bool; 7] {
    let Offer {
        contact: _,
        agent: _,
        queue: _,
        channel: _,
        cost: _,
        made_at: _,
        deliver_by: _,
        time: _,
        delivered_at,
        expires_at,
        choice: _,
        ended,
    } = offer;
    let ended = ended.as_ref().map(|(end, _)| end);
    [
        true,
        delivered_at.is_some(),
        expires_at.is_some(),
        matches!(ended, Some(OfferEnd::Accepted)),
        matches!(ended, Some(OfferEnd::Declined)),
        matches!(ended, Some(OfferEnd::Expired)),
        matches!(ended, Some(OfferEnd::Rescinded(_))),
    ]
}

const ENGAGEMENT: [&str; 5] = [
    "engagement.active",
    "engagement.interrupted",
    "engagement.wrap_up",
    "engagement.is_moment",
    "engagement.unconfirmed",
];

fn engagement(engagement: &Engagement) -> [bool; 5] {
    let Engagement {
        contact: _,
        contact_id: _,
        agent: _,
        queue: _,
        channel: _,
        cost_now: _,
        cost: _,
        phase,
        is_moment,
        accepted_at: _,
        offer: _,
        offered_at: _,
        choice: _,
        unconfirmed,
    } = engagement;
    [
        matches!(phase, EngagementPhase::Active),
        matches!(phase, EngagementPhase::Interrupted),
        matches!(phase, EngagementPhase::WrapUp { .. }),
        *is_moment,
        *unconfirmed,
    ]
}
