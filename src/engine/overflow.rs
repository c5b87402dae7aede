//! Overflow by estimate: steps that begin while waits are expected to be long, before anybody has waited that long.
//!
//! That they are is found outside (`forecast::waits`) and comes as a recorded command, for each queue and channel: the
//! longest span that a step of the queue names and the wait of whoever joins now is expected to exceed. Whoever comes by
//! that channel then reaches the last step of such a span at once, and whoever waits reaches it slice by slice, in the order
//! in which they stand. It is the step that waiting alone would have brought later: the contact keeps its place, and the
//! queue's own agents may still take it.
//!
//! Invariant: a contact never leaves a step that it has reached, also when the overflow is over: that ends for those who come
//! then. Under another document it has the step that its wait, or the span that brought it here, reaches there. A parked
//! contact overflows once it is released. Not here: what is expected, and when it is long for long enough (`forecast`).

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
};

use crate::model::{
    document::DocumentEtag,
    ids::{ChannelKey, ChannelName, ContactKey, QueueKey, QueueName},
    limits::{MOVE_PAUSE_MILLIS, MOVE_SLICE_MAX},
    time::{Span, Timestamp},
};

use super::{
    command::Reply,
    derive::{step_at, step_beyond},
    emit::Emit,
    event::{Event, Place},
    find::{channel_named, queue_named},
    reject::Reject,
    state::{Route, Stage, State},
    timer::Timer,
    view::OverflowView,
};

/// Contacts that come into a queue by a channel.
type Line = (QueueKey, ChannelKey);

/// What overflows, and who is still to be let go on, the queue whose turn it is first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overflows {
    pub(crate) open: BTreeMap<Line, Overflow>,
    pub(crate) spreads: VecDeque<Spread>,
}

/// Waits that are expected to be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow {
    /// Beyond this.
    pub beyond: Span,
    /// Since then.
    pub since: Timestamp,
}

/// How far those who wait in a queue have been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    pub queue: QueueKey,
    pub through: Place,
    pub next_at: Timestamp,
}

/// Why a contact is at a step ahead of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflowed {
    /// The estimated wait was beyond this.
    pub beyond: Span,
    /// Then.
    pub at: Timestamp,
}

impl Overflows {
    /// Since when waits of a line are expected to be long, and how long.
    pub fn of(&self, line: Line) -> Option<Overflow> {
        self.open.get(&line).copied()
    }

    /// When the next slice is due.
    pub fn due(&self) -> Option<Timestamp> {
        self.spreads.iter().map(|spread| spread.next_at).min()
    }

    /// The lines that overflow.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.open.keys().copied()
    }

    fn of_queue(&self, queue: QueueKey) -> impl Iterator<Item = (ChannelKey, Overflow)> {
        let channels = (queue, ChannelKey(0))..=(queue, ChannelKey(u16::MAX));
        self.open.range(channels).map(|((_, channel), overflow)| (*channel, *overflow))
    }

    /// When the last of them has its turn.
    fn last_at(&self) -> Timestamp {
        self.spreads.iter().map(|spread| spread.next_at).max().unwrap_or(Timestamp(i64::MIN))
    }
}

/// Takes over what waits are expected to exceed; what is known already changes nothing.
pub(super) fn set_overflow(
    out: &mut Emit<'_>,
    queue: &QueueName,
    channel: &ChannelName,
    beyond: Option<Span>,
) -> Result<Reply, Reject> {
    let state = out.state();
    let (key, line_channel) = (queue_named(state, "queue", queue)?, channel_named(state, channel)?);
    let rules = state.rules(key);
    if !rules.takes(channel) {
        return Err(Reject::ChannelNotTaken { queue: queue.clone(), channel: channel.clone() });
    }
    if beyond.is_some_and(|beyond| rules.overflow_spans().all(|span| span != beyond)) {
        return Err(Reject::OutOfRange { field: "beyond", problem: "must be what a step of the queue waits for" });
    }
    let before = state.overflows.of((key, line_channel)).map(|overflow| overflow.beyond);
    if before != beyond {
        out.emit(Event::OverflowSet { queue: key, channel: line_channel, beyond });
        if beyond > before {
            spread(out, key, Bound::Unbounded);
        }
    }
    Ok(Reply::Done)
}

/// Does the slice that is due.
pub(super) fn spread_due(out: &mut Emit<'_>) {
    let spreads = &out.state().overflows.spreads;
    let next = *spreads.front().expect("the timer stands only while somebody is to be looked at");
    spread(out, next.queue, Bound::Excluded(next.through));
}

/// Lets a contact that waits overflow, if those of its queue and channel do.
pub(super) fn overflow(out: &mut Emit<'_>, contact: ContactKey) {
    let state = out.state();
    if state.contact(contact).stage != Stage::Waiting {
        return;
    }
    let route = state.route(contact);
    let Some(overflow) = state.overflows.of((route.queue, route.channel)) else { return };
    let rules = state.rules_of(route);
    let step = step_beyond(rules, overflow.beyond);
    if step > route.step {
        let beyond = rules.steps[usize::from(step) - 1].when_wait_over;
        out.emit(Event::StepReached { contact, step, beyond });
    }
}

fn spread(out: &mut Emit<'_>, queue: QueueKey, after: Bound<Place>) {
    let places = &out.state().queues[queue.0 as usize].places;
    let slice: Vec<(Place, ContactKey)> = places.after(after).take(MOVE_SLICE_MAX).collect();
    for (_, contact) in &slice {
        overflow(out, *contact);
    }
    let overflows = &out.state().overflows;
    match slice.last() {
        Some((through, _)) if slice.len() == MOVE_SLICE_MAX => {
            // One slice at a time, however many queues overflow.
            let next_at = overflows.last_at().max(out.now) + Span::from_millis(MOVE_PAUSE_MILLIS);
            out.emit(Event::OverflowSpread { queue, through: *through, next_at });
        }
        _ if overflows.spreads.iter().any(|spread| spread.queue == queue) => {
            out.emit(Event::OverflowSpreadEnded { queue });
        }
        _ => {}
    }
}

/// The effect of an overflow's events.
impl State {
    pub(super) fn take_overflow(&mut self, now: Timestamp, line: Line, beyond: Option<Span>) {
        self.change_overflows(|overflows| {
            match beyond {
                Some(beyond) => overflows.open.insert(line, Overflow { beyond, since: now }),
                None => overflows.open.remove(&line),
            };
            if overflows.of_queue(line.0).next().is_none() {
                overflows.spreads.retain(|spread| spread.queue != line.0);
            }
        });
    }

    pub(super) fn spread_overflow(&mut self, queue: QueueKey, through: Place, next_at: Timestamp) {
        self.change_overflows(|overflows| {
            // By turns: the next slice is another queue's, if another overflows.
            overflows.spreads.retain(|spread| spread.queue != queue);
            overflows.spreads.push_back(Spread { queue, through, next_at });
        });
    }

    pub(super) fn end_overflow_spread(&mut self, queue: QueueKey) {
        self.change_overflows(|overflows| overflows.spreads.retain(|spread| spread.queue != queue));
    }

    /// What no step of the document in force waits for is over.
    pub(super) fn end_overflows_unasked(&mut self) {
        let is_asked = |(queue, channel): &Line| {
            let rules = self.queues[queue.0 as usize].rules.as_ref();
            let is_there = self.channels[usize::from(channel.0)].is_some();
            is_there
                && rules.is_some_and(|rules| {
                    rules.overflow_spans().next().is_some() && rules.takes(self.channel_name(*channel))
                })
        };
        let over: Vec<Line> = self.overflows.lines().filter(|line| !is_asked(line)).collect();
        over.into_iter().for_each(|line| self.take_overflow(self.now, line, None));
    }

    /// The step of a waiting contact by the rules of its queue, whatever it had reached by others, and what brought it
    /// there ahead of its time.
    pub(super) fn step_by_rules(&self, now: Timestamp, route: &Route) -> (u8, Option<Overflowed>) {
        let rules = self.rules(route.queue);
        let waited = step_at(rules, now - route.queued_at);
        let open = self.overflows.of((route.queue, route.channel));
        let open = open.map(|overflow| Overflowed { beyond: overflow.beyond, at: now });
        // Of equal ones the earlier is told.
        let overflowed = [route.overflowed, open].into_iter().flatten();
        let overflowed = overflowed.map(|overflowed| (step_beyond(rules, overflowed.beyond), overflowed));
        match overflowed.reduce(|one, other| if other.0 > one.0 { other } else { one }) {
            Some((step, overflowed)) if step > 0 => (step.max(waited), Some(overflowed)),
            _ => (waited, None),
        }
    }

    fn change_overflows(&mut self, change: impl FnOnce(&mut Overflows)) {
        let before = self.overflows.due();
        change(&mut self.overflows);
        self.timers.move_to(Timer::Overflow, before, self.overflows.due());
    }
}

/// A line that may overflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverflowRule {
    /// The queue.
    pub queue: QueueKey,
    /// The channel.
    pub channel: ChannelKey,
    /// The waits beyond which it does, shortest first.
    pub spans: Vec<Span>,
}

/// What forecasts and whoever looks from outside ask.
impl State {
    /// Every line for which the document in force has such a step, and which document that is.
    pub fn overflow_rules(&self) -> (DocumentEtag, Vec<OverflowRule>) {
        let queues = (0u32..).map(QueueKey).zip(&self.queues);
        let rules = queues.filter_map(|(queue, at)| Some((queue, at.rules.as_ref()?)));
        let all = rules.flat_map(|(queue, rules)| {
            let spans: Vec<Span> = rules.overflow_spans().collect();
            let asked = self.document.channels.keys().filter(|channel| !spans.is_empty() && rules.takes(channel));
            let channels: Vec<ChannelKey> = asked.filter_map(|channel| self.find_channel(channel)).collect();
            channels.into_iter().map(move |channel| OverflowRule { queue, channel, spans: spans.clone() })
        });
        (self.etag(), all.collect())
    }

    /// The span that waits of a line are taken to exceed.
    pub fn overflows_beyond(&self, queue: QueueKey, channel: ChannelKey) -> Option<Span> {
        self.overflows.of((queue, channel)).map(|overflow| overflow.beyond)
    }

    /// The step to which whoever joins a line now goes at once.
    pub(super) fn first_step(&self, (queue, channel): Line) -> u8 {
        self.overflows.of((queue, channel)).map_or(0, |overflow| step_beyond(self.rules(queue), overflow.beyond))
    }

    /// By which channels a queue overflows.
    pub(super) fn overflow_views(&self, queue: QueueKey) -> Vec<OverflowView> {
        let view = |(channel, Overflow { beyond, since })| OverflowView {
            channel: self.channel_name(channel).clone(),
            beyond,
            since,
        };
        self.overflows.of_queue(queue).map(view).collect()
    }
}

#[cfg(test)]
mod tests;
