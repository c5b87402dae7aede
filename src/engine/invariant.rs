//! What must always hold, checked against the rules themselves and not against the index.
//!
//! Six questions: does everything derived equal what follows from contacts and agents ([`check`]); is no pair left
//! that could be made ([`check_settled`]); is an offer the one the rules ask for ([`check_offer`], [`check_choice`]);
//! is nobody passed by more than head starts allow ([`check_bound`]); is an uncovered moment truly so
//! ([`check_uncovered`]); is what is explained so ([`check_explained`]). All are exhaustive and slow: for tests and simulation on small worlds.

use std::fmt;

use crate::model::{
    document::Members,
    ids::{AgentKey, ContactKey, OfferKey, QueueKey},
    limits::AGENT_WORK_MAX,
    requirement::{Condition, Conjunct, Dnf},
    time::{Span, Timestamp},
};

use super::{
    derive::step_beyond,
    event::TargetBy,
    evolve::session_due,
    kinds::KindId,
    matching::{
        atoms::AtomKey,
        index::{InLine, combined, numbered, own_of, rule_at},
        settle::passes_over,
    },
    state::{Agent, Contact, Counted, EngagementPhase, Route, Stage, State},
    timer::Timer,
};

/// A broken invariant, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! must {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(Broken(format!($($message)+)));
        }
    };
}

mod bound;
mod empathy;
mod explained;

pub use bound::check_bound;
pub use empathy::check_uncovered;
pub use explained::{check_choice, check_explained};

/// Everything derived equals what follows from contacts and agents, and nothing is taken twice.
pub fn check(state: &State) -> Result<(), Broken> {
    must!(state.history.is_whole(state.version), "the history of documents is not that of version {}", state.version);
    let mut timers = usize::from(state.dedup.due().is_some());
    let mut kinds = 0;
    let mut counts = vec![(0usize, 0u64, 0u64, 0u64, 0u64); state.queues.len()];
    timers += usize::from(state.moves.due().is_some()) + usize::from(state.overflows.due().is_some());
    timers += usize::from(state.hold.is_some()) + usize::from(state.tombstones.due().is_some());
    check_tombstones(state)?;
    check_hold(state)?;
    let (mut in_line, mut open, mut open_offers, mut held_back, mut named) = (0, 0, 0, 0, 0);
    for (id, key) in &state.contact_ids {
        let contact = state.contact(*key);
        must!(contact.id == *id, "contact {id:?} answers to another id");
        check_contact(state, *key, contact)?;
        timers += usize::from(contact.due.is_some());
        open += usize::from(!contact.is_closed());
        let customer = &contact.details.customer_id;
        named += usize::from(!customer.is_empty());
        let is_found = customer.is_empty() || state.contacts_of.contains(customer, *key);
        must!(is_found, "contact {id:?} is not found by its customer");
        let Some(route) = contact.route.as_deref() else { continue };
        kinds += u64::from(!contact.is_closed());
        in_line += usize::from(route.line.is_some());
        open_offers += route.offers.len();
        let reserved = matches!(route.line, Some(InLine::Private(_) | InLine::Pulled(_)));
        let queue = &state.queues[route.queue.0 as usize];
        must!(queue.reserved.contains(&(route.place, *key)) == reserved, "contact {id:?} is reserved: {reserved}");
        held_back += usize::from(reserved);
        let count = &mut counts[route.queue.0 as usize];
        count.0 += usize::from(contact.is_waiting());
        count.1 += u64::from(contact.is_waiting() && !route.offers.is_empty());
        count.2 += u64::from(matches!(contact.stage, Stage::Parked { .. }));
        count.3 += u64::from(matches!(contact.stage, Stage::Engaged(_)));
        count.4 += u64::from(contact.stage == Stage::Waiting && route.unreachable);
    }
    let announced: u64 = state.contact_ids.values().map(|key| announced_by(state.contact(*key))).sum();
    must!(state.announced == announced, "{} thousandths announced, {announced} are", state.announced);
    must!(state.open_contacts == open, "{} open contacts counted, {open} there", state.open_contacts);
    must!(state.contacts.len() == state.contact_ids.len(), "contacts without an id");
    must!(state.contacts_of.len() == named, "{} contacts found by customer, {named} have one", state.contacts_of.len());
    let counted: u64 = state.kinds.iter().map(|kind| kind.open).sum();
    must!(counted == kinds, "{counted} contacts are counted by kind, {kinds} are there");
    for (queue, count) in state.queues.iter().zip(counts) {
        let is = (queue.places.len(), queue.offered, queue.parked, queue.engaged, queue.unreachable);
        must!(is == count, "a queue counts {is:?}, there are {count:?}");
        held_back -= queue.reserved.len();
    }
    must!(held_back == 0, "queues and contacts disagree on who is reserved");
    let is_known = |queue: QueueKey| state.is_sweeping() || state.queues[queue.0 as usize].rules.is_some();
    must!(state.learnt.queues().all(is_known), "something is learnt of a queue that is no more");
    must!(state.overflows.lines().all(|(queue, _)| is_known(queue)), "a queue overflows that is no more");
    must!(state.moves.due().is_none_or(|due| state.timers.stands_at(Timer::Move, due)), "moves have no timer");
    let is_timed = state.overflows.due().is_none_or(|due| state.timers.stands_at(Timer::Overflow, due));
    must!(is_timed, "those whom an overflow is to look at have no timer");

    let (mut engagements, mut idle, mut busy, mut private, mut held) = (0, 0, 0, 0, 0);
    for key in state.agent_ids.values() {
        let agent = state.agent(*key);
        check_agent(state, *key, agent)?;
        empathy::check_learnt(state, agent)?;
        engagements += agent.engagements.len();
        held += agent.offers.len();
        let stand = state.index.stand(*key);
        idle += usize::from(stand.standing.is_some_and(|standing| standing.ready != 0));
        busy += usize::from(stand.standing.is_some_and(|standing| standing.blocked != 0));
        private += stand.private.len() + stand.pulled.len();
        timers += usize::from(session_due(agent).is_some());
        timers += usize::from(agent.load.cools_until().is_some());
        timers += agent.engagements.iter().filter(|key| state.engagement(**key).is_wrap_up()).count();
    }
    timers += held;
    must!(open_offers == held, "contacts hold {open_offers} offers, agents {held}");
    must!(state.offers.len() == held + state.ended_offers.len(), "offers that nobody holds");
    must!(state.engagements.len() == engagements, "engagements that no agent has");
    must!(state.timers.len() == timers, "{} timers stand, {timers} are asked for", state.timers.len());
    check_everyone(state)?;
    empathy::check_reserves(state)?;
    must!((state.index.idle.len(), state.index.busy.len()) == (idle, busy), "rosters hold agents who do not stand");
    let lined: usize = state.index.lines().map(|(_, class)| class.line.len()).sum();
    must!(lined + private == in_line, "{} contacts stand in lines, {in_line} should", lined + private);
    check_heads(state)
}

/// Nobody waits who would overflow and whom no slice is still to come to.
fn check_overflows(state: &State) -> Result<(), Broken> {
    for key in state.contact_ids.values() {
        let contact = state.contact(*key);
        let Some(route) = contact.route.as_deref().filter(|_| contact.stage == Stage::Waiting) else { continue };
        let Some(overflow) = state.overflows.of((route.queue, route.channel)) else { continue };
        let spread = state.overflows.spreads.iter().find(|spread| spread.queue == route.queue);
        let is_to_come = spread.is_some_and(|spread| route.place > spread.through);
        let step = step_beyond(state.rules_of(route), overflow.beyond);
        must!(route.step >= step || is_to_come, "contact {:?} is at step {}, not {step}", contact.id, route.step);
    }
    Ok(())
}

/// Offering that is held has an end, and waits for agents who may still come back.
fn check_hold(state: &State) -> Result<(), Broken> {
    let Some(hold) = &state.hold else { return Ok(()) };
    must!(state.resumed_at.is_none(), "offering is held and goes on");
    must!(state.timers.stands_at(Timer::Hold, hold.until), "held offering has no timer");
    let is_lost = |key: &&AgentKey| {
        let agent = state.agents[key.0 as usize].as_ref();
        agent.and_then(|agent| agent.session.as_ref()).is_some_and(|session| session.lost.is_some())
    };
    let lost = hold.awaited.iter().filter(is_lost).count();
    must!(lost == hold.awaited.len(), "offering waits for {} agents, of whom {lost} may come back", hold.awaited.len());
    Ok(())
}

/// What is left of contacts and offers is of none that are there, and is forgotten in time.
fn check_tombstones(state: &State) -> Result<(), Broken> {
    let tombstones = &state.tombstones;
    let stands = tombstones.due().is_none_or(|due| state.timers.stands_at(Timer::Tombstones, due));
    must!(stands, "what is left of contacts and offers has no timer");
    for id in tombstones.contacts() {
        must!(tombstones.contact(id).is_some(), "what is left of contact {id:?} cannot be found");
        must!(!state.contact_ids.contains_key(id), "contact {id:?} is there, and what is left of it");
    }
    let is_open = |key: &OfferKey| state.offers.get(key).is_some_and(|offer| offer.ended.is_none());
    let open = tombstones.open_offers().filter(is_open).count();
    must!(open == tombstones.open_offers().count(), "an offer that is over is taken for open");
    must!(open == state.offers.len() - state.ended_offers.len(), "an open offer has no place for its end");
    Ok(())
}

/// The bitmaps of all agents say of each what is so, and of nobody else anything.
fn check_everyone(state: &State) -> Result<(), Broken> {
    let everyone = &state.index.everyone;
    let (mut signed_in, mut available) = (0, 0);
    for (id, key) in &state.agent_ids {
        let agent = state.agent(*key);
        (signed_in, available) =
            (signed_in + usize::from(agent.is_signed_in()), available + usize::from(agent.takes_work()));
        let is = (everyone.known.contains(*key), everyone.signed_in.contains(*key), everyone.available.contains(*key));
        must!(is == (true, agent.is_signed_in(), agent.takes_work()), "agent {id:?} is counted as {is:?}");
        let signature = &state.index.stand(*key).signature;
        for atom in (0..).map(AtomKey).take(state.index.atoms.len()) {
            let has = everyone.with_atom(atom).contains(*key);
            must!(has == signature.contains(atom), "agent {id:?} is counted to have {atom:?}: {has}");
        }
        for (lane, channel, cost) in numbered(state.lanes_of(*key)) {
            let takes = everyone.with_lane(lane.0).contains(*key);
            must!(takes == agent.takes_ever(channel, cost), "agent {id:?} is counted to take {lane:?}: {takes}");
        }
    }
    let counts = (everyone.known.len(), everyone.signed_in.len(), everyone.available.len());
    let are = (state.agent_ids.len(), signed_in, available);
    must!(counts == are, "agents known, signed in and available: {counts:?} counted, {are:?} there");
    for atom in (0..).map(AtomKey).take(state.index.atoms.len()) {
        let holders = state.agent_ids.values().filter(|key| state.index.stand(**key).signature.contains(atom)).count();
        must!(everyone.with_atom(atom).len() == holders, "{atom:?} is counted for agents who are gone");
    }
    Ok(())
}

/// Thousandths of an agent that are kept free for a contact that is on its way.
fn announced_by(contact: &Contact) -> u64 {
    match contact.stage {
        Stage::Announced { weight, counted: Counted::Now, .. } => weight.into(),
        _ => 0,
    }
}

fn check_contact(state: &State, key: ContactKey, contact: &Contact) -> Result<(), Broken> {
    let id = &contact.id;
    must!(contact.due == state.contact_due(key), "contact {id:?} has a timer at another time than it should");
    if let Some(due) = contact.due {
        must!(state.timers.stands_at(Timer::Contact(key), due), "contact {id:?} has no timer at {due:?}");
    }
    let offered = contact.route.as_deref().is_some_and(|route| !route.offers.is_empty());
    let ends = contact.due.is_some() || contact.engagement().is_some() || offered;
    must!(ends, "contact {id:?} has neither a deadline nor an agent");
    let Some(route) = contact.route.as_deref() else {
        must!(matches!(contact.stage, Stage::Announced { .. } | Stage::Closed { .. }), "contact {id:?} has no route");
        return Ok(());
    };
    let kind = route.kind.map(|kind| &state.kinds.kind(kind).id);
    let same =
        |kind: &KindId| (kind.queue, kind.channel, &kind.own) == (route.queue, route.channel, &route.requirement);
    must!(kind.is_some() != contact.is_closed() && kind.is_none_or(same), "contact {id:?} is counted to another kind");
    must!(!route.unreachable || route.offers.is_empty(), "contact {id:?} is offered and unreachable");
    must!(contact.is_waiting() || route.offers.is_empty(), "contact {id:?} is {} and offered", contact.stage_name());
    must!(contact.is_waiting() || route.line.is_none(), "contact {id:?} is {} and in line", contact.stage_name());
    let told = contact.heard.as_deref().and_then(|heard| heard.told);
    must!(told.is_none_or(|told| told.at <= state.now), "of contact {id:?} is told what is yet to come");
    if contact.is_waiting() {
        check_waiting(state, key, contact, route)?;
    }
    if let Some(agent) = route.drain {
        must!(state.agent(agent).draining == Some(key), "contact {id:?} has a drain that does not drain");
        must!(state.can_drain(agent, key), "an agent drains for contact {id:?} and cannot take it");
    }
    Ok(())
}

fn check_waiting(state: &State, key: ContactKey, contact: &Contact, route: &Route) -> Result<(), Broken> {
    let id = &contact.id;
    let rules = state.rules_of(route);
    let at_once = usize::from(rules.offers.at_once);
    // Offers made under an earlier document may run on, though the present one allows fewer.
    let present = route.offers.iter().filter(|offer| state.offer(**offer).choice.document == route.document).count();
    must!(present <= at_once, "contact {id:?} has {present} offers, {at_once} allowed");
    let mut agents: Vec<AgentKey> = Vec::new();
    for offer in &route.offers {
        let held = state.offer(*offer);
        must!(held.ended.is_none() && held.contact == key, "contact {id:?} holds a foreign or ended offer");
        must!(!agents.contains(&held.agent), "contact {id:?} is offered twice to one agent");
        agents.push(held.agent);
    }
    must!(route.place == route.place_with(rules.priority), "contact {id:?} stands elsewhere than its head start says");
    must!(route.dynamic >= Span::ZERO, "contact {id:?} is put behind its time by its score");
    let should = contact.stage == Stage::Waiting && route.offers.len() < at_once;
    must!(route.line.is_some() == should, "contact {id:?} is in line: {}, should be: {should}", route.line.is_some());
    match route.line {
        None => {}
        Some(InLine::Private(agent)) => {
            let waits = state.index.stand(agent).private.contains(&(route.place, key));
            must!(waits && is_target(route, agent, TargetBy::Platform), "contact {id:?} does not wait for its agent");
        }
        Some(InLine::Pulled(agent)) => {
            let waits = state.index.stand(agent).pulled.contains(&(route.place, key));
            must!(waits && is_target(route, agent, TargetBy::Supervisor), "contact {id:?} is not pulled to its agent");
        }
        Some(InLine::Class(class)) => {
            let class = state.index.class(class);
            must!(class.line.contains(&(route.place, key)), "contact {id:?} is not in its class's line");
            let own = own_of(&route.requirement);
            let id = &class.id;
            let same = (id.document, id.queue, id.step, &id.own) == (route.document, route.queue, route.step, &own)
                && (id.manner, &id.asks) == (state.manner_of(route), &state.asks_of(key));
            must!(same, "contact {id:?} waits in another class");
        }
    }
    Ok(())
}

fn is_target(route: &Route, agent: AgentKey, by: TargetBy) -> bool {
    route.target.is_some_and(|target| (target.agent, target.by) == (agent, by))
}

fn check_agent(state: &State, key: AgentKey, agent: &Agent) -> Result<(), Broken> {
    let id = &agent.id;
    let is_drawn = 0 < agent.revision && agent.revision <= state.last_revision;
    must!(is_drawn, "agent {id:?} has revision {}, the latest is {}", agent.revision, state.last_revision);
    let mut used = 0;
    for offer in &agent.offers {
        let held = state.offer(*offer);
        must!(held.ended.is_none() && held.agent == key, "agent {id:?} holds a foreign or ended offer");
        must!(state.route(held.contact).offers.contains(offer), "agent {id:?} holds an offer its contact does not");
        let due = held.expires_at.unwrap_or(held.deliver_by);
        must!(state.timers.stands_at(Timer::Offer(*offer), due), "offer {offer} has no timer");
        used += held.cost;
    }
    let mut interruptible = 0;
    for engagement in &agent.engagements {
        let engaged = state.engagement(*engagement);
        must!(engaged.agent == key, "agent {id:?} has another's engagement");
        used += engaged.cost_now;
        if let EngagementPhase::WrapUp { until, latest } = engaged.phase {
            must!(until <= latest, "agent {id:?} wraps up beyond the maximum");
            must!(state.timers.stands_at(Timer::WrapUp(*engagement), until), "a wrap-up of {id:?} has no timer");
        } else {
            interruptible +=
                if engaged.is_active() && state.is_interruptible(key, engaged.channel) { engaged.cost } else { 0 };
        }
    }
    must!(agent.used == used, "agent {id:?} counts {} used, {used} are", agent.used);
    must!(agent.interruptible_used == interruptible, "agent {id:?} miscounts what gives way");
    must!(used <= agent.profile.capacity, "agent {id:?} uses {used} of {}", agent.profile.capacity);
    must!(agent.work_count() <= AGENT_WORK_MAX, "agent {id:?} has too much work");
    if let Some(due) = session_due(agent) {
        must!(state.timers.stands_at(Timer::Session(key), due), "the lost session of {id:?} has no timer");
    }
    empathy::check_strain(state, key, agent)?;
    if let Some(contact) = agent.draining {
        must!(state.route(contact).drain == Some(key), "agent {id:?} drains for a contact that does not know");
    }
    let stand = state.index.stand(key);
    must!(stand.standing == state.standing(key), "agent {id:?} stands elsewhere than it should");
    if let Some(standing) = stand.standing {
        let idle = standing.ready == 0 || state.index.idle.holds(standing.key, &stand.signature, standing.ready);
        let busy = standing.blocked == 0 || state.index.busy.holds(standing.key, &stand.signature, standing.blocked);
        must!(idle && busy, "agent {id:?} does not stand in the rosters as it should");
    }
    Ok(())
}

/// Every non-empty class stands under each of its anchors with its head.
fn check_heads(state: &State) -> Result<(), Broken> {
    let mut expected = vec![0; state.index.heads.len()];
    for (key, class) in state.index.lines() {
        let paused = state.is_paused(class.id.queue);
        must!(class.paused == paused, "a class is paused: {}, its queue: {paused}", class.paused);
        let Some(head) = class.line.first().filter(|_| !paused) else { continue };
        let lane = usize::from(class.id.lane.0);
        for anchor in &class.anchors {
            must!(state.index.heads[lane].holds(*anchor, *head, key), "a class is not under its anchor");
        }
        expected[lane] += class.anchors.len();
    }
    for (heads, expected) in state.index.heads.iter().zip(expected) {
        must!(heads.len() == expected, "{} heads stand, {expected} should", heads.len());
    }
    Ok(())
}

/// Contacts and engagements name each other, and no contact in line has an agent who may take it now: what holds
/// between commands. (Between the events of one, a contact may have left its engagement and not yet be in line.)
pub fn check_settled(state: &State) -> Result<(), Broken> {
    check_overflows(state)?;
    check_engagements(state)?;
    explained::check_alerts(state)?;
    if let Some(hold) = &state.hold {
        must!(!hold.is_over(), "offering is held though enough agents are back");
    }
    if state.resumed_at.is_some() {
        // Slices are yet to make the pairs that are left.
        return Ok(());
    }
    for contact in in_line(state) {
        for agent in state.agent_ids.values() {
            let pair = (&state.contact(contact).id, &state.agent(*agent).id);
            must!(
                !may_take(state, contact, *agent),
                "contact {:?} waits though agent {:?} may take it",
                pair.0,
                pair.1
            );
        }
    }
    Ok(())
}

/// The offer about to be made is the one the rules ask for: nobody further ahead could have this agent, and no agent
/// who fits better is idle.
pub fn check_offer(state: &State, contact: ContactKey, agent: AgentKey) -> Result<(), Broken> {
    let names = (&state.contact(contact).id, &state.agent(agent).id);
    must!(state.hold.is_none(), "contact {:?} is offered to {:?} while offering is held", names.0, names.1);
    if state.agent(agent).draining == Some(contact) {
        return Ok(());
    }
    must!(may_take(state, contact, agent), "contact {:?} is offered to {:?}, who may not take it", names.0, names.1);
    let place = state.route(contact).place;
    for other in in_line(state) {
        let ahead = state.route(other).place < place && may_take(state, other, agent);
        must!(!ahead, "agent {:?} gets {:?}, though {:?} is ahead", names.1, names.0, state.contact(other).id);
    }
    let rank = rank_of(state, contact, agent);
    for other in state.agent_ids.values().filter(|other| may_take(state, contact, **other)) {
        let better = rank_of(state, contact, *other) < rank;
        must!(!better, "contact {:?} goes to {:?}, though {:?} is before", names.0, names.1, state.agent(*other).id);
    }
    Ok(())
}

fn check_engagements(state: &State) -> Result<(), Broken> {
    for key in state.contact_ids.values() {
        let contact = state.contact(*key);
        let Some(engagement) = contact.engagement() else { continue };
        let id = &contact.id;
        let engaged = state.engagements.get(&engagement);
        let engaged = engaged.ok_or_else(|| Broken(format!("contact {id:?} is engaged with nobody")))?;
        must!(engaged.contact == *key, "contact {id:?} is engaged as another");
        let in_wrap_up = matches!(contact.stage, Stage::WrapUp(_));
        must!(engaged.is_wrap_up() == in_wrap_up, "contact {id:?} is {}, its engagement not", contact.stage_name());
    }
    for agent in state.agent_ids.values().map(|key| state.agent(*key)) {
        for engagement in &agent.engagements {
            let engaged = state.engagement(*engagement);
            let known = engaged.is_wrap_up() || state.contact(engaged.contact).engagement() == Some(*engagement);
            must!(known, "agent {:?} is engaged with a contact that is not", agent.id);
        }
    }
    Ok(())
}

fn in_line(state: &State) -> impl Iterator<Item = ContactKey> + '_ {
    let keys = state.contact_ids.values().copied();
    keys.filter(|key| state.contact(*key).route.as_deref().is_some_and(|route| route.line.is_some()))
}

/// Tier, load and idleness, straight from document and profile.
fn rank_of(state: &State, contact: ContactKey, agent: AgentKey) -> (usize, u32, Timestamp, AgentKey) {
    let route = state.route(contact);
    let rule = rule_at(state.rules_of(route), route.step);
    let found = state.agent(agent);
    let tier = rule.prefer.iter().position(|tier| holds(found, tier)).unwrap_or(rule.prefer.len());
    let tier = empathy::tier_of(state, route, found, tier, rule.prefer.len());
    let standing = state.standing(agent).expect("an agent who may take a contact stands");
    (tier, standing.key.load, standing.key.since, agent)
}

/// Whether an agent may take a contact in line now, straight from document and profile: what supervisors pulled to the
/// agent goes before everything else.
fn may_take(state: &State, contact: ContactKey, key: AgentKey) -> bool {
    let pulled = |other: &ContactKey| {
        is_target(state.route(*other), key, TargetBy::Supervisor) && could_take(state, *other, key)
    };
    let first = in_line(state).filter(pulled).min_by_key(|other| state.route(*other).place);
    let route = state.route(contact);
    let is_for_anyone = route.target.is_none_or(|target| state.agents[target.agent.0 as usize].is_none());
    could_take(state, contact, key)
        && first.is_none_or(|first| first == contact)
        && !(is_for_anyone && empathy::is_claimed(state, route, key))
}

/// The same, whatever was pulled.
fn could_take(state: &State, contact: ContactKey, key: AgentKey) -> bool {
    let (route, agent) = (state.route(contact), state.agent(key));
    if state.hold.is_some() || state.is_paused(route.queue) || !agent.takes_work() || agent.draining.is_some() {
        return false;
    }
    if passes_over(state, route, contact, key) {
        return false;
    }
    if let Some(target) = route.target.filter(|target| state.agents[target.agent.0 as usize].is_some()) {
        return target.agent == key && has_room(state, route, key);
    }
    let rules = state.rules_of(route);
    let rule = rule_at(rules, route.step);
    let Ok(required) = combined(rule, Some(&route.requirement)) else { return false };
    let queue = state.queue_name(route.queue);
    let is_member = rules.members == Members::Open || agent.profile.queues.contains(queue);
    is_member
        && holds(agent, &required)
        && has_room(state, route, key)
        && empathy::allows(state, contact, key, &required)
}

fn has_room(state: &State, route: &Route, key: AgentKey) -> bool {
    let agent = state.agent(key);
    let channel = state.channel_name(route.channel);
    let on_channel = |offer: &&OfferKey| state.offer(**offer).channel == route.channel;
    let active = |engaged: &&super::state::Engagement| engaged.channel == route.channel && engaged.cost_now > 0;
    let engaged = agent.engagements.iter().map(|key| state.engagement(*key));
    let count = agent.offers.iter().filter(on_channel).count() + engaged.filter(active).count();
    let limit = agent.profile.channel_limits.get(channel);
    let gives_way = if state.is_interruptible(key, route.channel) { 0 } else { agent.interruptible_used };
    let cost = state.cost_of(route);
    limit.is_none_or(|limit| count < usize::from(*limit))
        && agent.work_count() < AGENT_WORK_MAX
        && agent.used - gives_way + cost <= agent.profile.capacity
}

fn holds(agent: &Agent, dnf: &Dnf) -> bool {
    dnf.conjuncts.iter().any(|conjunct| holds_all(agent, conjunct))
}

fn holds_all(agent: &Agent, conjunct: &Conjunct) -> bool {
    let has = |condition: &Condition| agent.level(&condition.skill) >= condition.level;
    conjunct.must.iter().all(has) && !conjunct.must_not.iter().any(has)
}
