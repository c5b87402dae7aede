//! Matching to a fixpoint after a command: every pair that became possible is made, in order of the contacts' places.
//!
//! A pair can only have become possible through a contact that came (back) into line or an agent who can take more, so
//! only those are looked at. Of all pairs now possible the one whose contact is first in line is offered first, to its
//! best agent; therefore no agent takes a contact while one further ahead could have been theirs, and no contact goes
//! to an agent while one who fits better was idle. Greedy is exact here: nearly every command frees one agent or brings
//! one contact. Where a restart brings thousands at once (`hold`), what is left after so many offers stays marked for the
//! next slice, and so does what commands between slices free or bring.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use crate::{
    engine::{
        emit::Emit,
        event::{ChoiceRule, Event, Place},
        state::{Agent, Route, State},
    },
    model::{
        ids::{AgentKey, ContactKey, OfferKey},
        limits::DELIVERY_MILLIS,
        time::Span,
    },
};

use super::{
    choice::choice,
    class::{Alternative, Class, ClassKey, satisfies},
    heads::{Head, Heads},
    index::{InLine, numbered},
};

/// A search's result and what it cost.
pub(in crate::engine) struct Best<T> {
    pub found: Option<T>,
    examined: u32,
    /// An agent was left to a moment of truth that waits, or left contacts to others for its sake.
    yields: bool,
}

impl<T> Best<T> {
    fn nothing() -> Self {
        Self { found: None, examined: 0, yields: false }
    }
}

/// An agent for a contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub agent: AgentKey,
    pub tier: u8,
}

/// Whether every pair is made that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Settled {
    Wholly,
    InPart,
}

/// Offers what can be offered now, and makes no more than so many offers; agents get what they keep free for in any case.
pub(in crate::engine) fn settle(out: &mut Emit<'_>, offers_max: usize) -> Settled {
    let index = &out.state().index;
    if index.dirty_agents.is_empty() && index.dirty_contacts.is_empty() && index.freed.is_empty() && offers_max > 0 {
        return Settled::Wholly;
    }
    if out.state().hold.is_some() {
        keep_back(out);
        return Settled::InPart;
    }
    let mut freed = freed(out);
    // What waited for offering to go on has not just come, whether its agent did or not.
    let is_resuming = out.state().resumed_at.is_some();
    let came = if is_resuming { ChoiceRule::FirstInLine } else { ChoiceRule::LongestIdle };
    let (mut in_vain, mut yielding, mut left) = (InVain::default(), BTreeSet::new(), offers_max);
    loop {
        // What happened meanwhile may have freed more (an offer rescinded, a drain ended).
        for agent in std::mem::take(&mut out.work().dirty_agents) {
            freed.look(out.state(), agent);
            in_vain.classes.clear();
        }
        if left == 0 {
            out.work().freed = freed;
            return Settled::InPart;
        }
        left -= 1;
        let arrived = first_arrived(out, &mut in_vain, &mut yielding);
        let taken = freed.first(out.state());
        match (arrived, taken) {
            (Some((place, contact, best, examined)), Some((other, ..))) if place <= other => {
                offer(out, contact, best, came, examined);
            }
            (Some((_, contact, best, examined)), None) => offer(out, contact, best, came, examined),
            (_, Some((_, contact, agent, examined))) if freed.is_alone(out.state(), contact) => {
                offer(out, contact, Chosen { agent, tier: 0 }, ChoiceRule::FirstInLine, examined);
            }
            (_, Some((_, contact, _, examined))) => {
                let best = best_agent(out.state(), contact);
                let chosen = best.found.expect("the agent who was found for this contact can take it");
                offer(out, contact, chosen, ChoiceRule::FirstInLine, examined + best.examined);
            }
            (None, None) => {
                out.work().reopened.clear();
                return Settled::Wholly;
            }
        }
        freed.round += 1;
        freed.look_again(out.state());
        // Whom they left to a moment of truth may be theirs, now that one more has gone.
        yielding.retain(|(_, contact)| out.state().route(*contact).line.is_some());
        out.work().dirty_contacts.append(&mut yielding);
    }
}

/// Agents who can take more, those included who wait for this since an earlier command. Whoever had to make room, or kept
/// free for one contact, goes on with that.
fn freed(out: &mut Emit<'_>) -> Freed {
    let agents = std::mem::take(&mut out.work().dirty_agents);
    for agent in &agents {
        resume_interrupted(out, *agent);
        if let Some(contact) = out.state().drained_for(*agent) {
            offer(out, contact, Chosen { agent: *agent, tier: 0 }, ChoiceRule::FirstInLine, 1);
        }
    }
    let mut freed = std::mem::take(&mut out.work().freed);
    freed.round += 1;
    agents.into_iter().for_each(|agent| freed.look(out.state(), agent));
    freed
}

/// Offers nothing for now: when offering goes on, every line is looked at.
fn keep_back(out: &mut Emit<'_>) {
    while let Some(agent) = out.work().dirty_agents.pop_first() {
        resume_interrupted(out, agent);
    }
    while let Some((_, contact)) = out.work().dirty_contacts.pop_first() {
        out.work().reach.note_waiting(contact);
    }
    out.work().reopened.clear();
}

/// Agents who can take more, each with the contact that is first for them. What is first only moves back as offers are
/// made, so a stale entry is looked up again when its turn comes; but whoever left contacts to a moment of truth may
/// come to have an earlier one, and is looked up after every offer.
#[derive(Debug, Clone, Default)]
pub struct Freed {
    heap: BinaryHeap<Reverse<(Place, ContactKey, AgentKey, u32)>>,
    /// Those who left contacts to a moment of truth, each with what is first for the agent now.
    yielding: BTreeMap<AgentKey, Option<Head>>,
    /// Counts offers; what was looked up in this round need not be looked up again.
    round: u32,
    examined: u32,
}

impl Freed {
    /// Whether there is nobody.
    fn is_empty(&self) -> bool {
        self.heap.is_empty() && self.yielding.is_empty()
    }

    fn look(&mut self, state: &State, agent: AgentKey) {
        let best = best_contact(state, agent);
        self.examined += best.examined;
        if best.yields {
            self.yielding.insert(agent, best.found);
            return;
        }
        self.yielding.remove(&agent);
        if let Some((place, contact)) = best.found {
            self.heap.push(Reverse((place, contact, agent, self.round)));
        }
    }

    fn look_again(&mut self, state: &State) {
        for agent in std::mem::take(&mut self.yielding).into_keys() {
            self.look(state, agent);
        }
    }

    /// Whether the first of these agents is the only one who can take this contact: it waited in vain until now, and
    /// nobody else was freed.
    fn is_alone(&self, state: &State, contact: ContactKey) -> bool {
        let came = state.index.dirty_contacts.contains(&(state.route(contact).place, contact));
        let agents = self.heap.len() + self.yielding.values().flatten().count();
        agents == 1 && !came && state.resumed_at.is_none()
    }

    fn first(&mut self, state: &State) -> Option<(Place, ContactKey, AgentKey, u32)> {
        let first = self.first_in_heap(state);
        let yielding = self.yielding.iter().filter_map(|(agent, found)| found.map(|(place, key)| (place, key, *agent)));
        let (place, contact, agent) = first.into_iter().chain(yielding).min()?;
        Some((place, contact, agent, std::mem::take(&mut self.examined)))
    }

    fn first_in_heap(&mut self, state: &State) -> Option<(Place, ContactKey, AgentKey)> {
        while let Some(Reverse((place, contact, agent, round))) = self.heap.peek().copied() {
            let entry = (place, contact, agent);
            if round == self.round {
                return Some(entry);
            }
            // Whoever was freed again and again has several, which come to be alike.
            while self
                .heap
                .peek()
                .is_some_and(|Reverse((place, contact, agent, _))| entry == (*place, *contact, *agent))
            {
                self.heap.pop();
            }
            self.look(state, agent);
        }
        None
    }
}

/// Classes whose every contact seeks in vain, as long as nobody is freed: when many come at once, one search is enough.
#[derive(Default)]
struct InVain {
    classes: BTreeSet<ClassKey>,
}

impl InVain {
    /// The agent for a contact in line, if it is worth seeking.
    fn best_agent(&mut self, state: &State, contact: ContactKey) -> Best<Chosen> {
        let Some(InLine::Class(class)) = state.route(contact).line else { return best_agent(state, contact) };
        if self.classes.contains(&class) {
            return Best::nothing();
        }
        let best = best_agent(state, contact);
        if best.found.is_none() && !best.yields && is_for_anyone(state.route(contact)) {
            self.classes.insert(class);
        }
        best
    }
}

/// Whether a contact passes nobody over, so that what is true of it is true of its whole class.
fn is_for_anyone(route: &Route) -> bool {
    route.excluded.is_empty() && route.refusals.is_empty() && route.offers.is_empty() && route.answered_at.is_none()
}

/// The first contact in line that came into it and has an agent. Those that left one to a moment of truth are noted.
fn first_arrived(
    out: &mut Emit<'_>,
    in_vain: &mut InVain,
    yielding: &mut BTreeSet<Head>,
) -> Option<(Place, ContactKey, Chosen, u32)> {
    while let Some((place, contact)) = out.state().index.dirty_contacts.first().copied() {
        let best = in_vain.best_agent(out.state(), contact);
        if let Some(chosen) = best.found {
            return Some((place, contact, chosen, best.examined));
        }
        if best.yields {
            yielding.insert((place, contact));
        }
        // One who passes nobody over and yields stands for the whole class: nobody behind finds anybody before it does.
        if !best.yields || !is_for_anyone(out.state().route(contact)) {
            look_behind(out, contact);
        }
        out.work().dirty_contacts.remove(&(place, contact));
        out.work().reach.note_waiting(contact);
    }
    None
}

/// Where a line was marked by its first, whoever stands behind a contact that is dealt with is looked at next.
fn look_behind(out: &mut Emit<'_>, contact: ContactKey) {
    let state = out.state();
    match state.route(contact).line {
        Some(InLine::Class(key)) if state.index.reopened.contains(&key) => look_behind_in_class(out, contact, key),
        Some(line @ (InLine::Private(agent) | InLine::Pulled(agent))) if state.resumed_at.is_some() => {
            let next = state.index.behind(line, state.route(contact).place, contact);
            let next = next.filter(|_| state.index.stand(agent).is_ready());
            out.work().dirty_contacts.extend(next);
        }
        Some(_) | None => {}
    }
}

/// The same in a class that was paused, or in which nothing was offered for a while: as long as there is an idle agent for
/// the class at all.
fn look_behind_in_class(out: &mut Emit<'_>, contact: ContactKey, key: ClassKey) {
    let state = out.state();
    let route = state.route(contact);
    let class = state.index.class(key);
    let taken = |agent| pulled_for(state, agent).is_some();
    let idle = state.index.idle.first(class.id.lane, &class.required, None, taken, &mut 0);
    match state.index.behind(InLine::Class(key), route.place, contact).filter(|_| idle.is_some()) {
        Some(next) => _ = out.work().dirty_contacts.insert(next),
        None => _ = out.work().reopened.remove(&key),
    }
}

/// The contact that is first for an agent who can take more.
fn best_contact(state: &State, key: AgentKey) -> Best<(Place, ContactKey)> {
    match state.index.stand(key).standing {
        Some(standing) => best_contact_by(state, key, standing.ready),
        None => Best::nothing(),
    }
}

/// The contact that is first for an agent in these lanes.
pub(in crate::engine) fn best_contact_by(state: &State, key: AgentKey, lanes: u64) -> Best<(Place, ContactKey)> {
    let mut examined = 0;
    if let Some(pulled) = first_own(state, key, lanes, &state.index.stand(key).pulled, &mut examined) {
        return Best { found: Some(pulled), examined, yields: false };
    }
    let private = first_own(state, key, lanes, &state.index.stand(key).private, &mut examined);
    let before = private.map(|(place, _)| place);
    let mut best = first_in_lines(state, key, lanes, before);
    best.found = best.found.or(private);
    best.examined += examined;
    best
}

/// The first place before `before` in the classes' lines.
fn first_in_lines(state: &State, key: AgentKey, lanes: u64, before: Option<Place>) -> Best<Head> {
    let signature = &state.index.stand(key).signature;
    let mut best = Best::nothing();
    // Hardly anybody is barred from a head, so the first of all heads is nearly always the answer. Only if not are the
    // lines behind the heads walked.
    best.found = search(state, key, lanes, &state.index.heads, before, &mut best.examined, |_| false);
    let line = best.found.and_then(|(_, contact)| state.route(contact).line);
    let Some(InLine::Class(class)) = line else { return best };
    let yields = |class: &Class| class.yields.is_some_and(|bar| signature.contains(bar));
    if yields(state.index.class(class)) {
        let claimed = search(state, key, lanes, &state.index.moments, None, &mut best.examined, |_| false);
        best.yields = claimed.is_some();
    }
    if best.yields {
        // A moment of truth that waits for this agent goes before those that were released to the agent by waiting.
        best.found = search(state, key, lanes, &state.index.heads, before, &mut best.examined, yields);
    }
    best
}

/// The first contact before `before` that an agent may be offered, of the classes that are not left out.
fn search(
    state: &State,
    key: AgentKey,
    lanes: u64,
    heads: &[Heads],
    before: Option<Place>,
    examined: &mut u32,
    left_out: impl Fn(&Class) -> bool + Copy,
) -> Option<Head> {
    let head = |head, class: &Class, _: &mut u32| (!left_out(class)).then_some(head);
    match first_in_classes(state, key, lanes, heads, before, examined, head) {
        Some((_, contact)) if !may_be_offered(state, contact, key) => {
            let walk = |_, class: &Class, examined: &mut u32| {
                if left_out(class) { None } else { first_for(state, class, key, examined) }
            };
            first_in_classes(state, key, lanes, heads, before, examined, walk)
        }
        head => head,
    }
}

/// Whether a moment of truth waits that this agent may take, and is to take before what the class has.
pub(super) fn is_claimed(state: &State, key: AgentKey, class: &Class) -> bool {
    let stand = state.index.stand(key);
    let Some(standing) = stand.standing.filter(|_| class.yields.is_some_and(|bar| stand.signature.contains(bar)))
    else {
        return false;
    };
    search(state, key, standing.ready, &state.index.moments, None, &mut 0, |_| false).is_some()
}

/// The first contact of one of an agent's own lines that the agent may take in these lanes.
fn first_own(
    state: &State,
    key: AgentKey,
    lanes: u64,
    line: &BTreeSet<(Place, ContactKey)>,
    examined: &mut u32,
) -> Option<Head> {
    line.iter().copied().find(|(_, contact)| {
        *examined += 1;
        let route = state.route(*contact);
        lanes & state.lane_bit(route) != 0 && !state.is_paused(route.queue) && may_be_offered(state, *contact, key)
    })
}

/// The pulled contact that an agent takes before anything else.
pub(super) fn pulled_for(state: &State, agent: AgentKey) -> Option<Head> {
    let stand = state.index.stand(agent);
    if stand.pulled.is_empty() {
        return None;
    }
    first_own(state, agent, stand.standing?.ready, &stand.pulled, &mut 0)
}

/// The first place before `before` that `first` finds in the classes whose requirement this agent satisfies.
fn first_in_classes(
    state: &State,
    key: AgentKey,
    lanes: u64,
    heads: &[Heads],
    mut before: Option<Place>,
    examined: &mut u32,
    first: impl Fn(Head, &Class, &mut u32) -> Option<Head>,
) -> Option<Head> {
    let signature = &state.index.stand(key).signature;
    let mut best = None;
    for (lane, ..) in numbered(state.index.lanes()).filter(|(lane, ..)| lanes & lane.bit() != 0) {
        for bucket in heads[usize::from(lane.0)].under(signature) {
            for (head, class) in bucket.iter().copied() {
                *examined += 1;
                if before.is_some_and(|before| before <= head.0) {
                    break;
                }
                let class = state.index.class(class);
                if !satisfies(signature, &class.required) {
                    continue;
                }
                let found = first(head, class, examined);
                if let Some(found) = found.filter(|(place, _)| before.is_none_or(|before| *place < before)) {
                    before = Some(found.0);
                    best = Some(found);
                }
            }
        }
    }
    best
}

/// The first contact of a class that this agent is not barred from.
fn first_for(state: &State, class: &Class, agent: AgentKey, examined: &mut u32) -> Option<(Place, ContactKey)> {
    class.line.iter().copied().find(|(_, contact)| {
        *examined += 1;
        may_be_offered(state, *contact, agent)
    })
}

fn may_be_offered(state: &State, contact: ContactKey, agent: AgentKey) -> bool {
    !passes_over(state, state.route(contact), contact, agent)
}

/// The agent for a contact in line: best tier, then longest idle.
fn best_agent(state: &State, key: ContactKey) -> Best<Chosen> {
    let mut best = Best::nothing();
    let route = state.route(key);
    match route.line {
        None => {}
        Some(_) if state.is_paused(route.queue) => {}
        Some(line @ (InLine::Private(agent) | InLine::Pulled(agent))) => {
            best.examined = 1;
            let ready = state.index.stand(agent).standing.is_some_and(|s| s.ready & state.lane_bit(route) != 0);
            let first = pulled_for(state, agent).is_none_or(|pulled| line == InLine::Pulled(agent) && pulled.1 == key);
            if ready && first && may_be_offered(state, key, agent) {
                best.found = Some(Chosen { agent, tier: 0 });
            }
        }
        Some(InLine::Class(class)) => best = best_in_class(state, key, state.index.class(class)),
    }
    best
}

/// The agent for a contact that waits, or would wait, in a class.
fn best_in_class(state: &State, key: ContactKey, class: &Class) -> Best<Chosen> {
    let (mut examined, mut yields, route) = (0, false, state.route(key));
    let mut barred = |agent| {
        let is_barred = passes_over(state, route, key, agent) || pulled_for(state, agent).is_some();
        let is_claimed = !is_barred && is_claimed(state, agent, class);
        yields |= is_claimed;
        is_barred || is_claimed
    };
    let mut first_of = |tier: Option<&[Alternative]>| {
        let first = state.index.idle.first(class.id.lane, &class.required, tier, &mut barred, &mut examined)?;
        Some(first.agent)
    };
    // Where nobody is idle for it, no tier need be looked through.
    let found = first_of(None).map(|anyone| {
        let preferred = (0u8..).zip(&class.tiers).find_map(|(tier, alternatives)| {
            let agent = first_of(Some(alternatives.as_slice()))?;
            Some(Chosen { agent, tier })
        });
        let last = u8::try_from(class.tiers.len()).expect("tiers are limited to 16");
        preferred.unwrap_or(Chosen { agent: anyone, tier: last })
    });
    Best { found, examined, yields }
}

/// A contact and the class in which it waits, or would: what is known when the search for its agent begins.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Seeker {
    contact: ContactKey,
    class: ClassKey,
}

/// The two searches alone, for measuring them: what they would find now, and how much they looked at.
impl State {
    /// The contact that an agent would get with nothing else to do.
    #[doc(hidden)]
    pub fn contact_for(&self, agent: AgentKey) -> (Option<ContactKey>, u32) {
        let lanes = self.index.stand(agent).standing.map_or(0, |standing| standing.ready | standing.blocked);
        let best = best_contact_by(self, agent, lanes);
        (best.found.map(|(_, contact)| contact), best.examined)
    }

    /// A contact that seeks an agent of its class.
    #[doc(hidden)]
    pub fn seeker(&self, contact: ContactKey) -> Option<Seeker> {
        let route = self.route(contact);
        let class = self.find_class(route.queue, route.channel, route.step, &route.requirement, &route.care)?;
        Some(Seeker { contact, class })
    }

    /// The agent who would get it.
    #[doc(hidden)]
    pub fn agent_for(&self, seeker: Seeker) -> (Option<AgentKey>, u32) {
        let best = best_in_class(self, seeker.contact, self.index.class(seeker.class));
        (best.found.map(|chosen| chosen.agent), best.examined)
    }
}

/// The least loaded agent who could take a contact if it had less work, and is not draining for another.
pub fn agent_to_drain(state: &State, key: ContactKey) -> Option<AgentKey> {
    let route = state.route(key);
    let barred = |agent| passes_over(state, route, key, agent) || state.agent(agent).draining.is_some();
    match route.line? {
        InLine::Private(agent) | InLine::Pulled(agent) => {
            (!barred(agent) && state.can_drain(agent, key)).then_some(agent)
        }
        InLine::Class(class) => {
            let class = state.index.class(class);
            let least = state.index.busy.first(class.id.lane, &class.required, None, barred, &mut 0);
            least.map(|least| least.agent)
        }
    }
}

/// Whether this contact is not for this agent for now: excluded, refused, offered or still wrapped up.
pub fn passes_over(state: &State, route: &Route, contact: ContactKey, agent: AgentKey) -> bool {
    route.excluded.contains(&agent)
        || route.refusals.iter().any(|refusal| refusal.agent == agent && refusal.until.is_some())
        || route.offers.iter().any(|offer| state.offer(*offer).agent == agent)
        || (route.answered_at.is_some() && has_engagement(state, state.agent(agent), contact))
}

/// Whether an agent is engaged with a contact, or wraps it up.
pub fn has_engagement(state: &State, agent: &Agent, contact: ContactKey) -> bool {
    agent.engagements.iter().any(|engagement| state.engagement(*engagement).contact == contact)
}

/// Work that was set aside goes on as soon as it fits, in the order in which it was accepted.
fn resume_interrupted(out: &mut Emit<'_>, agent: AgentKey) {
    let engagements = out.state().agent(agent).engagements.clone();
    for engagement in engagements {
        let (state, interrupted) = (out.state(), out.state().engagement(engagement));
        // While the agent drains, what was set aside goes on waiting too: the larger contact has waited longer.
        let fits = interrupted.cost <= state.agent(agent).free() && state.agent(agent).draining.is_none();
        if interrupted.is_interrupted() && fits {
            out.emit(Event::EngagementResumed { engagement });
        }
    }
}

fn offer(out: &mut Emit<'_>, contact: ContactKey, chosen: Chosen, rule: ChoiceRule, examined: u32) {
    let choice = choice(out.state(), out.now, contact, chosen, rule, examined);
    let offer = OfferKey(out.state().next_offer);
    let deliver_by = out.now + Span::from_millis(DELIVERY_MILLIS);
    look_behind(out, contact);
    make_room(out, contact, chosen.agent);
    let time = out.state().offer_time(contact);
    out.emit(Event::OfferMade { offer, contact, agent: chosen.agent, deliver_by, time, choice });
    if choice.rule == ChoiceRule::Pulled {
        // Whoever was turned away for this contact's sake may still find room.
        out.work().dirty_agents.insert(chosen.agent);
    }
}

/// Sets interruptible work aside, the latest accepted first, until the contact's cost fits.
fn make_room(out: &mut Emit<'_>, contact: ContactKey, agent: AgentKey) {
    let route = out.state().route(contact);
    let cost = out.state().cost_of(route);
    for engagement in out.state().agent(agent).engagements.clone().into_iter().rev() {
        let state = out.state();
        if cost <= state.agent(agent).free() {
            return;
        }
        let engaged = state.engagement(engagement);
        if engaged.is_active() && state.is_interruptible(agent, engaged.channel) {
            out.emit(Event::EngagementInterrupted { engagement });
        }
    }
}
