//! What queues, steps, skills and channels say and cannot mean.
//!
//! Invariant: says nothing that depends on who works; where requirements are compared, "asks no less" is sure and its
//! opposite is not, so that a remark is never a false alarm of that comparison.

use std::collections::BTreeSet;

use super::{Kind, Say};
use crate::model::{
    document::{Acceptance, Document, Members, Queue, ReserveMode, Rule, Step, WaitOutcome, written_span},
    ids::{ChannelName, QueueName},
    requirement::{Condition, Conjunct, Dnf, RequirementError},
    time::Span,
};

/// Looks at all of it.
pub(super) fn look(document: &Document, say: Say<'_>) {
    for (name, queue) in &document.queues {
        Own { document, name, queue }.look(say);
    }
    loops(document, say);
    channels(document, say);
    holds(document, say);
}

/// A queue of the document.
struct Own<'d> {
    document: &'d Document,
    name: &'d QueueName,
    queue: &'d Queue,
}

impl Own<'_> {
    fn look(&self, say: Say<'_>) {
        self.steps(say);
        self.preferences(say);
        let longest = self.queue.max_wait.after;
        let gives_up = self.queue.sends_on_to().is_none();
        let mut of = |kind, section: &str, key: &str, words: Option<String>| {
            if let Some(words) = words {
                let keys = ["queues", self.name.as_str(), section, key];
                say(kind, if key.is_empty() { &keys[..3] } else { &keys }, words);
            }
        };
        let (time, acceptance) = (self.queue.offers.time, self.queue.offers.acceptance);
        let is_last = time >= longest && acceptance == Acceptance::ByAgent;
        of(Kind::OfferOutlastsWait, "offers", "time", is_last.then(|| beside(time, longest)));
        let target = self.queue.service_level;
        let is_out_of_reach = target > longest && gives_up;
        of(Kind::TargetBeyondWait, "service_level", "", is_out_of_reach.then(|| beside(target, longest)));
        let drain = self.queue.drain_after;
        let is_late = drain >= longest && gives_up && self.is_larger_than_others();
        of(Kind::DrainNeverBegins, "drain_after", "", is_late.then(|| beside(drain, longest)));
        of(Kind::PriorityStarves, "priority", "", self.starves());
        of(Kind::ReserveStarves, "max_wait", "after", self.is_starved());
        of(Kind::OverflowAddsNobody, "max_wait", "queue", self.goes_in_vain());
    }

    fn steps(&self, say: Say<'_>) {
        let mut before = &self.queue.rule;
        for (at, step) in self.queue.steps.iter().enumerate() {
            let at = at.to_string();
            let mut of = |kind, key, words| {
                let keys = ["queues", self.name.as_str(), "steps", &at, key];
                say(kind, if key.is_empty() { &keys[..4] } else { &keys }, words);
            };
            let longest = self.queue.max_wait.after;
            match (step.after, step.when_wait_over) {
                (Some(after), None) if after >= longest => of(Kind::StepNeverApplies, "after", beside(after, longest)),
                (_, Some(over)) if over >= longest => {
                    of(Kind::OverflowTooLate, "when_wait_over", beside(over, longest));
                }
                _ => {}
            }
            let (now, then) = (&step.rule, before);
            let is_same = same(&now.required, &then.required);
            if is_same && now.prefer == then.prefer && now.own == then.own {
                let words = "asks what was asked before; leave it out, or say in it what is no longer asked";
                of(Kind::StepChangesNothing, "", words.to_owned());
            } else if !is_same && now.own == then.own && now.required.implies(&then.required) {
                let words = "asks more than was asked before; steps relax, so ask this first and less later";
                of(Kind::StepNarrows, "require", words.to_owned());
            }
            before = &step.rule;
        }
    }

    fn preferences(&self, say: Say<'_>) {
        let rules: Vec<&Rule> =
            std::iter::once(&self.queue.rule).chain(self.queue.steps.iter().map(|step| &step.rule)).collect();
        let mut first = 0_usize;
        // Steps that say nothing of preferences have those before: a tier is for all of them.
        for phases in rules.chunk_by(|a, b| a.prefer == b.prefer) {
            tiers(phases, |kind, at, words| {
                let step = first.checked_sub(1).map(|step| step.to_string());
                match &step {
                    None => say(kind, &["queues", self.name.as_str(), "prefer", at], words),
                    Some(step) => say(kind, &["queues", self.name.as_str(), "steps", step, "prefer", at], words),
                }
            });
            first += phases.len();
        }
    }

    /// Whether one of its contacts takes more of an agent than another contact of that agent's may.
    fn is_larger_than_others(&self) -> bool {
        let shares = |other: &&Queue| {
            let (own, other) = (&self.queue.rule.required, &other.rule.required);
            own.implies(other) || other.implies(own)
        };
        let most = costs(self.document, self.queue).max();
        let least = self.document.queues.values().filter(shares).flat_map(|queue| costs(self.document, queue)).min();
        most > least
    }

    /// Its contacts are before any that may still wait in another queue of the same agents.
    fn starves(&self) -> Option<String> {
        let shares = |other: &Queue| {
            other.members == self.queue.members && other.rule.required.implies(&self.queue.rule.required)
        };
        // Where it goes at the end of its wait it is early enough to be before one of this queue.
        let is_let_before = |other: &Queue| {
            let next = other.sends_on_to().and_then(|next| self.document.queues.get(next));
            next.is_some_and(|next| next.priority.0 + other.max_wait.after.0 > self.queue.priority.0)
        };
        let (name, other) = self.document.queues.iter().find(|(name, other)| {
            *name != self.name
                && self.queue.priority > other.priority
                && self.queue.priority.0 - other.priority.0 >= other.max_wait.after.0
                && shares(other)
                && !is_let_before(other)
        })?;
        let (own, waits) = (written_span(self.queue.priority), written_span(other.max_wait.after));
        Some(format!(
            "is {own}; a contact of {name} waits {waits} at most, so that it never comes before one of this queue; give \
             less, or let contacts of {name} go to a queue with priority"
        ))
    }

    /// The reserve holds out as long as its contacts may wait.
    fn is_starved(&self) -> Option<String> {
        self.document.empathy.as_ref()?;
        let (reserve, longest) = (&self.document.reserve, self.queue.max_wait.after);
        let keeps_long = match reserve.mode {
            ReserveMode::Off => false,
            ReserveMode::Soft => reserve.floor > 0,
            ReserveMode::Fixed | ReserveMode::Graded => reserve.k != Some(0) || !reserve.k_by_skill.is_empty(),
        };
        (keeps_long && reserve.floor_until >= longest).then(|| {
            let until = written_span(reserve.floor_until);
            format!(
                "is {}, and [reserve] floor_until is {until}; let the reserve give way sooner, or contacts wait longer",
                written_span(longest)
            )
        })
    }

    /// Whoever serves the next queue serves this one.
    fn goes_in_vain(&self) -> Option<String> {
        let WaitOutcome::Overflow(target) = &self.queue.max_wait.then else { return None };
        let (here, there) = (self.queue, &self.document.queues[target]);
        let comes = |step: &&Step| step.after.is_some_and(|after| after < here.max_wait.after);
        let last = here.steps.iter().rfind(comes).map_or(&here.rule, |step| &step.rule);
        let mut later = std::iter::once(&there.rule).chain(there.steps.iter().map(|step| &step.rule));
        let is_open = here.members == Members::Open && !last.require.is_empty();
        let is_before =
            there.priority > here.priority || there.sends_on_to().is_some() || costs_less(self.document, there, here);
        let are_known = later.all(|rule| rule.required.implies(&last.required) && rule.own == last.own);
        (is_open && are_known && !is_before).then(|| {
            format!(
                "sends contacts to {target}, which asks no less than this queue does by then; relax this queue by a step, \
                 or send them where others may take them"
            )
        })
    }
}

/// Tiers of a preference, over all phases that have it, that nobody is in, or that leave nothing to those behind them.
fn tiers(phases: &[&Rule], mut say: impl FnMut(Kind, &str, String)) {
    let prefer = &phases[0].prefer;
    for (at, tier) in prefer.iter().enumerate() {
        let key = at.to_string();
        let contradicts = |rule: &&Rule| rule.required.and(tier) == Err(RequirementError::Impossible);
        if phases.iter().all(contradicts) {
            say(Kind::PreferenceNeverMet, &key, "contradicts what is required; take one of the two back".to_owned());
        } else if at + 1 < prefer.len() && phases.iter().all(|rule| rule.required.implies(tier)) {
            let words = "prefers everybody who satisfies the requirement; put it last or leave it out".to_owned();
            say(Kind::PreferenceSaysNothing, &key, words);
        } else if prefer[..at].iter().any(|earlier| tier.implies(earlier)) {
            let words = "has nobody who is not in a tier before it; put the narrower one first".to_owned();
            say(Kind::PreferenceSaysNothing, &key, words);
        }
    }
}

/// Queues that send contacts round: each circle once, at the first of its queues.
fn loops(document: &Document, say: Say<'_>) {
    let mut seen: BTreeSet<&QueueName> = BTreeSet::new();
    for start in document.queues.keys() {
        let mut way = vec![start];
        let mut here = start;
        while let Some(next) = document.queues[here].sends_on_to() {
            if let Some(first) = way.iter().position(|queue| *queue == next) {
                let circle = &way[first..];
                if first == 0 && !circle.iter().any(|queue| seen.contains(queue)) {
                    let names: Vec<&str> = circle.iter().chain([&next]).map(|queue| queue.as_str()).collect();
                    let words = format!(
                        "leads back here, {}; let one of them give up, or go to a queue that somebody always serves",
                        names.join(" → ")
                    );
                    say(Kind::OverflowLoop, &["queues", start.as_str(), "max_wait", "queue"], words);
                }
                break;
            }
            way.push(next);
            here = next;
        }
        seen.insert(start);
    }
}

/// What a rule cannot do without: what all of its alternatives ask.
pub(super) fn needed(rule: &Rule) -> impl Iterator<Item = &Condition> {
    let (first, others) = rule.required.conjuncts.split_first().expect("there is an alternative at least");
    let is_in = |asked: &Condition, conjunct: &Conjunct| {
        conjunct.must.iter().any(|other| other.skill == asked.skill && other.level >= asked.level)
    };
    first.must.iter().filter(move |asked| others.iter().all(|conjunct| is_in(asked, conjunct)))
}

/// Everything that queues and moments say of agents, the document's empathy included.
pub(super) fn asked(document: &Document) -> BTreeSet<Condition> {
    let rules = document
        .queues
        .values()
        .flat_map(|queue| std::iter::once(&queue.rule).chain(queue.steps.iter().map(|step| &step.rule)));
    let expanded = rules.flat_map(|rule| std::iter::once(&rule.required).chain(&rule.prefer));
    let conjuncts = expanded.flat_map(|dnf| &dnf.conjuncts);
    let by_queues = conjuncts.flat_map(|conjunct| conjunct.must.iter().chain(&conjunct.must_not)).cloned();
    let moments = document.moments.values().flat_map(|moment| &moment.skills);
    let by_moments = moments.map(|(skill, level)| Condition { skill: skill.clone(), level: *level });
    let kept = document.reserve.k_by_skill.keys().map(|skill| Condition { skill: skill.clone(), level: 1 });
    let empathy = document.empathy.as_ref().map(|empathy| empathy.condition(0));
    by_queues.chain(by_moments).chain(kept).chain(empathy).collect()
}

fn channels(document: &Document, say: Say<'_>) {
    for channel in document.channels.keys() {
        if !document.queues.is_empty() && !document.queues.values().any(|queue| queue.takes(channel)) {
            let words = "is taken by no queue; name it in a queue's channels, or leave it out";
            say(Kind::ChannelUnused, &["channels", channel.as_str()], words.to_owned());
        }
    }
}

/// A hold that the document itself states, against the shortest target.
fn holds(document: &Document, say: Say<'_>) {
    let Some(hold) = document.empathy.as_ref().and_then(|empathy| empathy.hold) else { return };
    let late = |queue: &&Queue| queue.service_level > Span::ZERO && hold > queue.service_level;
    let names = document.queues.iter().filter(|(_, queue)| late(queue)).map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.collect();
    if !names.is_empty() && document.reserve.mode != ReserveMode::Off {
        let words = format!(
            "is {}, more than the service level of {}; hold for less, or leave it out: then each queue's target sets it",
            written_span(hold),
            names.join(", ")
        );
        say(Kind::HoldTooLong, &["empathy", "hold"], words);
    }
}

/// What contacts of a queue take of an agent, by channel.
fn costs(document: &Document, queue: &Queue) -> impl Iterator<Item = u32> {
    let taken = document.channels.iter().filter(|(name, _): &(&ChannelName, _)| queue.takes(name));
    taken.map(|(_, channel)| queue.cost.unwrap_or(channel.cost))
}

/// Whether some of the contacts fit where they did not before.
fn costs_less(document: &Document, there: &Queue, here: &Queue) -> bool {
    costs(document, there).min() < costs(document, here).min()
}

fn same(a: &Dnf, b: &Dnf) -> bool {
    a.implies(b) && b.implies(a)
}

fn beside(span: Span, longest: Span) -> String {
    let (span, longest) = (written_span(span), written_span(longest));
    format!("is {span}, and max_wait ends at {longest}; let it be shorter, or the wait longer")
}
