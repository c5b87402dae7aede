//! A contact, explained: its place, what it asks, who is left, and what waiting leads to.
//!
//! Invariant: the verdict follows from the counts that are shown with it.

use crate::{
    engine::{
        OfferingHeld,
        matching::index::InLine,
        reject::Reject,
        signal::heard,
        state::{Route, Stage, State},
        view::ContactState,
    },
    model::{
        document::written_span,
        ids::{ContactId, ContactKey, QueueKey},
        limits::AHEAD_NAMED_MAX,
        time::{Span, Timestamp},
    },
    scoring::{Cause, Contribution},
};

use super::{
    choice::choices,
    count, counted, reach,
    terms::{Asked, Skill, Terms},
    terms_of,
    view::{
        ConditionCount, ContactExplained, ContactVerdict, Hurdle, PlaceExplained, Prospect, ProspectKind,
        TermsExplained, WaitingExplained,
    },
};

/// What there is to say of a contact that has ended.
const OVER: &str = "it is over";

/// Explains a contact.
pub fn explain(state: &State, now: Timestamp, id: &ContactId) -> Result<ContactExplained, Reject> {
    let Some(key) = state.contact_ids.get(id).copied() else {
        let over = |_| ContactExplained {
            id: id.clone(),
            state: ContactState::Closed,
            verdict: ContactVerdict::Closed,
            summary: OVER.to_owned(),
            waiting: None,
            choices: Vec::new(),
        };
        return state.tombstones.contact(id).map(over).ok_or_else(|| Reject::ContactUnknown(id.clone()));
    };
    let contact = state.contact(key);
    let choices = if contact.is_closed() { Vec::new() } else { choices(state, key) };
    let terms = contact.is_waiting().then(|| terms_of(state, key));
    let waiting = terms.as_ref().map(|terms| waiting(state, now, terms));
    let (verdict, summary) = match (contact.state(), &waiting, &terms) {
        (ContactState::Announced, ..) => {
            (ContactVerdict::Announced, "it was announced and has not come yet".to_owned())
        }
        (ContactState::Closed, ..) => (ContactVerdict::Closed, OVER.to_owned()),
        (ContactState::Parked, Some(waiting), _) => {
            let until = waiting.place.parked_until.map(|until| in_time(until, now)).unwrap_or_default();
            (ContactVerdict::Parked, format!("it is parked and offered to nobody until it is released, or {until}"))
        }
        (ContactState::Queued, Some(waiting), Some(terms)) => of_waiting(state, now, terms, waiting),
        (found, ..) => {
            let verdict =
                if found == ContactState::Offered { ContactVerdict::Offered } else { ContactVerdict::Engaged };
            let why: Vec<&str> = choices.iter().map(|choice| choice.summary.as_str()).collect();
            (verdict, why.join("; "))
        }
    };
    Ok(ContactExplained { id: id.clone(), state: contact.state(), verdict, summary, waiting, choices })
}

fn waiting(state: &State, now: Timestamp, terms: &Terms<'_>) -> WaitingExplained {
    WaitingExplained {
        place: place(state, terms),
        terms: asked(state, terms),
        conditions: count::conditions(state, terms),
        prospects: prospects(state, now, terms),
    }
}

fn place(state: &State, terms: &Terms<'_>) -> PlaceExplained {
    let (route, contact) = (terms.route, state.contact(terms.contact));
    let places = &state.queues[route.queue.0 as usize].places;
    let before = |(_, key): &(_, ContactKey)| state.contact(*key).id.clone();
    let ahead_alike = match route.line {
        Some(InLine::Class(class)) => {
            let line = state.index.class(class).line.range(..(route.place, terms.contact));
            line.take(AHEAD_NAMED_MAX).map(before).collect()
        }
        Some(InLine::Private(agent)) => {
            let line = state.index.stand(agent).private.range(..(route.place, terms.contact));
            line.take(AHEAD_NAMED_MAX).map(before).collect()
        }
        Some(InLine::Pulled(agent)) => {
            let line = state.index.stand(agent).pulled.range(..(route.place, terms.contact));
            line.take(AHEAD_NAMED_MAX).map(before).collect()
        }
        None => Vec::new(),
    };
    PlaceExplained {
        queue: state.queue_name(route.queue).clone(),
        ahead: places.rank(route.place) as u64,
        waiting: places.len() as u64,
        ahead_alike,
        arrived_at: contact.arrived_at,
        ordered_from: route.ordered_from,
        priority: terms.asked.rules.priority,
        head_start: route.head_start,
        dynamic: route.dynamic,
        contributions: heard(contact).map(|heard| heard.scored.contributions.clone()).unwrap_or_default(),
        withheld: heard(contact).map_or(0, |heard| heard.scored.withheld),
        score: heard(contact).map_or(0, |heard| heard.scored.score),
        virtual_arrival: route.place.virtual_arrival,
        queued_at: route.queued_at,
        parked_until: match contact.stage {
            Stage::Parked { until, .. } => Some(until),
            _ => None,
        },
        offers_made: route.offers_made,
        draining: route.drain.map(|agent| state.agent(agent).id.clone()),
    }
}

fn asked(state: &State, terms: &Terms<'_>) -> TermsExplained {
    let (route, asked) = (terms.route, &terms.asked);
    let id = |agent| state.agent_id(agent).cloned();
    TermsExplained {
        channel: state.channel_name(route.channel).clone(),
        cost: asked.cost,
        step: route.step,
        overflowed: route.overflowed.map(|overflowed| (overflowed.beyond, overflowed.at)),
        document: state.version,
        requirement: asked.words(),
        own_waived: asked.waives(&route.requirement),
        alternatives: count::alternatives(state, asked),
        target: terms.target.and_then(|target| Some((id(target.agent)?, target.until))),
        excluded: route.excluded.iter().filter_map(|agent| id(*agent)).collect(),
        refusals: route.refusals.iter().filter_map(|r| Some((id(r.agent)?, r.until?, r.times))).collect(),
    }
}

/// What waiting leads to; a contact that waits for one agent for good passes its steps unheeded.
fn prospects(state: &State, now: Timestamp, terms: &Terms<'_>) -> Vec<Prospect> {
    let (route, rules) = (terms.route, terms.asked.rules);
    let mut all = Vec::new();
    if terms.target.is_none_or(|target| target.until.is_some()) {
        for (number, step) in (1u8..).zip(&rules.steps).skip(usize::from(route.step)) {
            // When an overflow begins nobody knows.
            let Some(after) = step.after else { continue };
            let at = (route.queued_at + after).max(now);
            all.extend(prospect(state, route, at, ProspectKind::Step(number), route.queue, number));
        }
    }
    if let Some(until) = terms.target.and_then(|target| target.until) {
        all.extend(prospect(state, route, until, ProspectKind::TargetReleased, route.queue, route.step));
    }
    let ends_at = (route.queued_at + rules.max_wait.after + route.parked_for).max(now);
    let next = rules.sends_on_to().and_then(|name| Some((name, state.find_queue(name)?)));
    match next {
        Some((name, queue)) => {
            all.extend(prospect(state, route, ends_at, ProspectKind::Overflow(name.clone()), queue, 0));
        }
        None => all.push(Prospect {
            at: ends_at,
            kind: ProspectKind::Expires,
            requirement: String::new(),
            agents: 0,
            available: 0,
        }),
    }
    all.retain(|prospect| prospect.at <= ends_at);
    all.sort_by_key(|prospect| prospect.at);
    all
}

fn prospect(
    state: &State,
    route: &Route,
    at: Timestamp,
    kind: ProspectKind,
    queue: QueueKey,
    step: u8,
) -> Option<Prospect> {
    let asked = Asked::of(state, route, queue, step)?;
    let mut eligible = count::eligible(state, &asked, &route.excluded);
    let agents = eligible.len() as u64;
    eligible.keep(&state.index.everyone.available);
    Some(Prospect { at, kind, requirement: asked.words(), agents, available: eligible.len() as u64 })
}

/// The verdict on a contact in line, and its sentence.
fn of_waiting(
    state: &State,
    now: Timestamp,
    terms: &Terms<'_>,
    waiting: &WaitingExplained,
) -> (ContactVerdict, String) {
    let left =
        |last: Hurdle| waiting.conditions.iter().rfind(|count| count.hurdle <= last).map_or(0, |count| count.left);
    let (ever, signed_in) = (left(Hurdle::Excluded), left(Hurdle::SignedIn));
    let (available, with_room) = (left(Hurdle::Available), left(Hurdle::Room));
    let place = nth(waiting.place.ahead + 1);
    let queue = &waiting.place.queue;
    let could = counted(ever, "agent");
    let (verdict, why) = if ever == 0 && reach::taken_by(state, terms, &terms.route.excluded).is_none() {
        (ContactVerdict::Unreachable, nobody(&waiting.conditions, "and waiting will not change that"))
    } else if ever == 0 {
        let later = "at this step, but somebody could as it waits on";
        (ContactVerdict::NobodyAtThisStep, nobody(&waiting.conditions, later))
    } else if state.is_paused(terms.route.queue) {
        let paused = format!("{queue} is paused and offers nothing{}", paused_because(state, terms.route.queue));
        (ContactVerdict::QueuePaused, paused)
    } else if let Some(OfferingHeld { until: at, sessions, missing }) = state.offering_held() {
        let until = until(now, Some(at));
        let held =
            format!("nothing is offered{until} at most: {missing} of {sessions} agents are not back after the restart");
        (ContactVerdict::OfferingHeld, held)
    } else if signed_in == 0 {
        (ContactVerdict::NobodySignedIn, format!("{could} could take it, none is signed in"))
    } else if available == 0 {
        (ContactVerdict::NobodyAvailable, format!("{could} could take it, {signed_in} signed in, none is available"))
    } else if with_room == 0 {
        let are = counted(available, "agent");
        (ContactVerdict::AllBusy, format!("{are} could take it, all are busy; it is {place} in {queue}"))
    } else if left(Hurdle::Held) == 0 {
        let (are, until) = (counted(with_room, "agent"), until(now, terms.phase_ends_at(state)));
        let skilled: Vec<String> = terms.held_for(state).iter().skip(1).map(Skill::words).collect();
        let with = if skilled.is_empty() { String::new() } else { format!(" with {}", skilled.join(" and ")) };
        let held = format!("{are} with room could take it, but it is held for an empathetic one{with}{until}");
        (ContactVerdict::Held, held)
    } else if left(Hurdle::Reserved) == 0 {
        let (are, until) = (counted(with_room, "agent"), until(now, terms.phase_ends_at(state)));
        let kept = format!("{are} with room could take it, but they are kept free for moments of truth{until}");
        (ContactVerdict::Reserved, kept)
    } else if left(Hurdle::Barred) == 0 {
        let are = counted(with_room, "agent");
        (
            ContactVerdict::AllBarred,
            format!("{are} with room could take it, but each refused it lately or is at it already"),
        )
    } else {
        (ContactVerdict::Next, "it is being offered".to_owned())
    };
    let only = match &waiting.terms.target {
        Some((agent, Some(until))) => format!("it waits for {agent} alone, until {}: ", in_time(*until, now)),
        Some((agent, None)) => format!("it waits for {agent} alone: "),
        None => String::new(),
    };
    let helps = what_helps(now, &waiting.prospects);
    let overflowed = overflowed(&waiting.terms);
    (verdict, format!("{only}{why}{helps}{overflowed}{}", head_start(&waiting.place)))
}

/// What brought it to its step ahead of its time, in words.
fn overflowed(terms: &TermsExplained) -> String {
    let words = |(beyond, at): (Span, Timestamp)| {
        format!("; overflow: at {} the estimated wait was beyond {}", time_of_day(at), written_span(beyond))
    };
    terms.overflowed.map(words).unwrap_or_default()
}

/// What its signals give it in the line, in words.
fn head_start(place: &PlaceExplained) -> String {
    let words = |part: &Contribution| {
        let of = match &part.cause {
            Cause::Moment(name) => format!("moment {name}"),
            cause => cause.name().to_owned(),
        };
        let until = part.until.map(|until| format!(" until {}", time_of_day(until))).unwrap_or_default();
        format!("{}s of head start from {of} by {}{until}", part.seconds, part.source.name())
    };
    let withheld = (place.withheld > 0).then(|| {
        format!("{}s more withheld, since the customer's words and voice had their share of the day", place.withheld)
    });
    let given = place.contributions.iter().filter(|part| part.seconds > 0).map(words);
    let given = given.chain(withheld).collect::<Vec<_>>().join(", ");
    if given.is_empty() { given } else { format!("; {given}") }
}

/// Hours, minutes and seconds of the universal day.
fn time_of_day(at: Timestamp) -> String {
    let seconds = at.0.div_euclid(1_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// For how much longer, in words.
fn until(now: Timestamp, at: Option<Timestamp>) -> String {
    let left = |at: Timestamp| Span::from_secs(((at - now).as_millis().max(0) + 999) / 1_000);
    at.map(|at| format!(" for another {}", left(at))).unwrap_or_default()
}

/// Who paused a queue and why, in words.
fn paused_because(state: &State, queue: QueueKey) -> String {
    let set = state.queues[queue.0 as usize].mode_set.as_ref();
    set.map(|(_, by)| format!(" ({}: {})", by.actor, by.reason)).unwrap_or_default()
}

/// Which condition leaves nobody, in words.
fn nobody(conditions: &[ConditionCount], when: &str) -> String {
    let Some(last) = conditions.iter().find(|count| count.left == 0 && count.removed > 0) else {
        return format!("there is no agent at all, {when}");
    };
    let (words, of) = (&last.words, last.removed);
    match last.hurdle {
        Hurdle::Member => format!("no agent is {words} (0 of {of}), {when}"),
        Hurdle::Channel => format!("nobody who has what it asks {words} (0 of {of}), {when}"),
        Hurdle::Excluded => format!("it excludes everybody who could take it ({}), {when}", counted(of, "agent")),
        _ => format!("no agent anywhere has {words} (0 of {of}), {when}"),
    }
}

/// The first prospect that lets somebody in.
fn what_helps(now: Timestamp, prospects: &[Prospect]) -> String {
    let Some(next) = prospects.iter().find(|prospect| prospect.agents > 0) else { return String::new() };
    let (agents, when) = (counted(next.agents, "agent"), in_time(next.at, now));
    match &next.kind {
        ProspectKind::Step(step) => format!("; step {step} {when} lets {agents} take it, {} available", next.available),
        ProspectKind::TargetReleased => format!("; then {agents} may take it, {} available", next.available),
        ProspectKind::Overflow(queue) => format!("; {when} it goes on to {queue}, where {agents} could take it"),
        ProspectKind::Expires => String::new(),
    }
}

fn in_time(at: Timestamp, now: Timestamp) -> String {
    format!("in {}", Span::from_secs(((at - now).as_millis().max(0) + 999) / 1_000))
}

fn nth(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
