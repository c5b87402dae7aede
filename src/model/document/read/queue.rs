//! A queue as written: its defaults, its ranges, and the parts of it that depend on each other.
//!
//! Invariant: here a queue is read by itself; whatever looks at another queue or at the channels' costs is in `check`.

use std::collections::BTreeMap;

use super::{
    super::{
        Acceptance, Declining, Escalate, MaxSize, MaxWait, Members, OfferRules, Queue, ServiceLevelBy, WaitOutcome,
        WrapUp,
    },
    Defined,
    place::{Object, Place},
    rule::{read_rule, read_steps},
    span::{SPAN_MAX, SPAN_MIN, written_span},
};
use crate::model::{
    ids::{ChannelName, QueueName},
    limits::{CAPACITY_MAX, CHANNELS_MAX, CONTACTS_OPEN_MAX, OFFERS_AT_ONCE_MAX},
    time::Span,
};

/// Largest head start a queue may have.
pub(super) const PRIORITY_MAX: Span = Span::from_secs(86_400);

/// Most contacts a queue may be limited to.
pub(super) const CONTACTS_MAX: u32 = CONTACTS_OPEN_MAX as u32;

/// Room for a note with an agent who asks for it, where a queue sets wrap-up but no maximum.
const WRAP_UP_MAX_DEFAULT: Span = Span::from_secs(300);

pub(super) const MEMBERS: &[(&str, Members)] = &[("open", Members::Open), ("assigned", Members::Assigned)];

pub(super) const ACCEPTANCE: &[(&str, Acceptance)] =
    &[("by_agent", Acceptance::ByAgent), ("automatic", Acceptance::Automatic)];

pub(super) const DECLINING: &[(&str, Declining)] =
    &[("allowed", Declining::Allowed), ("forbidden", Declining::Forbidden)];

pub(super) const SERVICE_LEVEL_BY: &[(&str, ServiceLevelBy)] = &[
    ("answered_only", ServiceLevelBy::AnsweredOnly),
    ("abandon_ignored", ServiceLevelBy::AbandonIgnored),
    ("abandon_negative", ServiceLevelBy::AbandonNegative),
    ("abandon_positive", ServiceLevelBy::AbandonPositive),
    ("short_abandons_excluded", ServiceLevelBy::ShortAbandonsExcluded),
    ("event_timed", ServiceLevelBy::EventTimed),
];

pub(super) const THEN: &[(&str, Then)] =
    &[("give_up", Then::GiveUp), ("overflow", Then::Overflow), ("escalate", Then::Escalate)];

/// What a queue does at the end of waiting, before it is known where to.
#[derive(Clone, Copy)]
pub(super) enum Then {
    GiveUp,
    Overflow,
    Escalate,
}

/// Every queue of the table.
pub(super) fn read_queues(object: &Object<'_>, defined: &Defined) -> BTreeMap<QueueName, Queue> {
    let entry = |(name, place): (Option<QueueName>, Place<'_>)| {
        // A queue whose rules are unreadable is defined all the same: those that lead to it are not at fault.
        let queue = read_queue(place.object_or_empty(), defined);
        Some((name?, queue))
    };
    object.named(QueueName::new).filter_map(entry).collect()
}

fn read_queue(mut object: Object<'_>, defined: &Defined) -> Queue {
    let description = object.get("description").and_then(|p| p.text()).unwrap_or_default().to_owned();
    let priority = object.get("priority").and_then(|p| p.span(Span::ZERO, PRIORITY_MAX));
    let service_level = span_or(&mut object, "service_level", Span::ZERO, Span::from_secs(20));
    let service_level_by = object.get("service_level_by").and_then(|p| p.choice(SERVICE_LEVEL_BY)).unwrap_or_default();
    let short_abandon = span_or(&mut object, "short_abandon", Span::ZERO, Span::from_secs(5));
    let channels = object.get("channels").map(|p| read_taken_channels(&p, defined)).unwrap_or_default();
    let written_cost = object.get("cost");
    let cost = written_cost.as_ref().and_then(|p| p.number(1..=CAPACITY_MAX));
    let members = object.get("members").and_then(|p| p.choice(MEMBERS)).unwrap_or_default();
    let rule = read_rule(&mut object, defined);
    let steps = read_steps(&mut object, &rule, defined);
    let offers = read_offers(object.section("offers"));
    let mut wrap_up = read_wrap_up(object.section("wrap_up"));
    if cost.is_none() && written_cost.is_some() {
        // Nothing is known of the cost that was meant, so nothing can be said of the wrap-up's beside it.
        wrap_up.cost = None;
    }
    let queue = Queue {
        description,
        priority: priority.unwrap_or(Span::ZERO),
        service_level,
        service_level_by,
        short_abandon,
        channels,
        cost,
        members,
        rule,
        steps,
        offers,
        wrap_up,
        max_wait: read_max_wait(object.section("max_wait")),
        max_size: object.get("max_size").and_then(|p| read_max_size(&p)),
        escalate: object.get("escalate").and_then(|p| read_escalate(&p)),
        drain_after: span_or(&mut object, "drain_after", Span::ZERO, Span::from_secs(30)),
    };
    object.finish();
    queue
}

fn span_or(object: &mut Object<'_>, key: &'static str, least: Span, default: Span) -> Span {
    object.get(key).and_then(|p| p.span(least, SPAN_MAX)).unwrap_or(default)
}

fn read_taken_channels(place: &Place<'_>, defined: &Defined) -> Vec<ChannelName> {
    let mut taken: Vec<ChannelName> = Vec::new();
    for item in place.items().unwrap_or_default() {
        let Some(channel) = item.name(ChannelName::new) else { continue };
        if !defined.channels.contains(&channel) {
            item.unknown_name(channel.as_str(), "channels", defined.channels.iter().map(ChannelName::as_str));
        }
        if taken.contains(&channel) {
            item.fault(format!("names {:?} a second time; name each channel once", channel.as_str()));
        } else if taken.len() < CHANNELS_MAX {
            taken.push(channel);
        }
    }
    taken
}

fn read_offers(mut object: Object<'_>) -> OfferRules {
    let at_once = object.get("at_once").and_then(|p| p.number(1..=OFFERS_AT_ONCE_MAX));
    let offers = OfferRules {
        at_once: at_once.unwrap_or(1),
        time: span_or(&mut object, "time", SPAN_MIN, Span::from_secs(20)),
        extension_max: span_or(&mut object, "extension_max", Span::ZERO, Span::ZERO),
        acceptance: object.get("acceptance").and_then(|p| p.choice(ACCEPTANCE)).unwrap_or_default(),
        declining: object.get("declining").and_then(|p| p.choice(DECLINING)).unwrap_or_default(),
    };
    object.finish();
    offers
}

fn read_wrap_up(mut object: Object<'_>) -> WrapUp {
    let time = span_or(&mut object, "time", Span::ZERO, Span::ZERO);
    let default = if time == Span::ZERO { Span::ZERO } else { time.max(WRAP_UP_MAX_DEFAULT) };
    let max = object.get("max").and_then(|p| {
        let max = p.span(Span::ZERO, SPAN_MAX)?;
        if max < time {
            let (max, time) = (written_span(max), written_span(time));
            p.fault(format!("is {max}; must be no shorter than the wrap-up itself, {time}"));
        }
        Some(max)
    });
    let cost = object.get("cost").and_then(|p| p.number(0..=CAPACITY_MAX));
    object.finish();
    WrapUp { time, max: max.unwrap_or(default), cost }
}

fn read_max_wait(mut object: Object<'_>) -> MaxWait {
    let after = span_or(&mut object, "after", SPAN_MIN, Span::from_secs(3_600));
    // A word that is none of these says nothing about whether a queue belongs beside it.
    let then = object.get("then").map_or(Some(Then::GiveUp), |p| p.choice(THEN));
    let outcome = match then {
        None | Some(Then::GiveUp) => {
            let queue = object.get("queue").filter(|_| then.is_some());
            if let Some(queue) = queue {
                queue.fault("is given, but contacts give up; set then = \"overflow\" or \"escalate\"".to_owned());
            }
            WaitOutcome::GiveUp
        }
        Some(Then::Overflow) => read_target(&mut object).map_or(WaitOutcome::GiveUp, WaitOutcome::Overflow),
        Some(Then::Escalate) => read_target(&mut object).map_or(WaitOutcome::GiveUp, WaitOutcome::Escalate),
    };
    object.finish();
    MaxWait { after, then: outcome }
}

fn read_target(object: &mut Object<'_>) -> Option<QueueName> {
    object.need("queue", "name the queue that contacts go to").and_then(|p| p.name(QueueName::new))
}

fn read_max_size(place: &Place<'_>) -> Option<MaxSize> {
    let mut object = place.object()?;
    let contacts = object.need("contacts", "say how many may wait").and_then(|p| p.number(1..=CONTACTS_MAX));
    let overflow = object.get("overflow").and_then(|p| p.name(QueueName::new));
    object.finish();
    // A faulty number must not hide what is wrong with the target.
    Some(MaxSize { contacts: contacts.unwrap_or(CONTACTS_MAX), overflow })
}

fn read_escalate(place: &Place<'_>) -> Option<Escalate> {
    let mut object = place.object()?;
    let remedy = "say after how many offers that nobody accepts";
    let after_offers = object.need("after_offers", remedy).and_then(|p| p.number(1..=u16::MAX));
    let queue = read_target(&mut object);
    object.finish();
    Some(Escalate { after_offers: after_offers.unwrap_or(u16::MAX), queue: queue? })
}
