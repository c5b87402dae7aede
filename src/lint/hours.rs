//! What a document asks, beside who is there at each time and who comes then.
//!
//! Invariant: times are the shifts' and the contacts' own, so a gap of ten minutes is found; what is told of all agents
//! together (`staffing`) is not told again by the hour; where whoever comes could be answered within the service level,
//! or by those whom the queue lets in or sends contacts on to, nothing is said. Not here: how busy agents are, how long
//! customers stay and who tries again (simulation).

use std::collections::BTreeMap;

use super::{
    Kind, Say,
    day::{Come, Day, Flow, Gap, Group},
    present::{Course, There},
    staffing::{Kept, kept, phases, rules, shown},
    words::{Piece, Told, clock},
};
use crate::model::{
    document::{Document, Members, OwnRequirement, Queue, Rule, written_span},
    ids::QueueName,
    limits::HOPS_MAX,
    requirement::Condition,
    time::Span,
};

/// Looks at every queue that contacts come to.
pub(super) fn look(document: &Document, day: &Day, say: Say<'_>) {
    for (name, queue) in &document.queues {
        let flows: Vec<&Flow> = day.flows.iter().filter(|flow| flow.queue == *name).collect();
        let line = Line { document, day, name, queue };
        let mut told: BTreeMap<Told, Vec<(&Flow, u64)>> = BTreeMap::new();
        for flow in &flows {
            line.look(flow, &mut |what, count_milli| told.entry(what).or_default().push((flow, count_milli)));
        }
        for (what, of) in &told {
            say(what.kind, &["queues", name.as_str()], what.words(of, flows.len() > 1));
        }
    }
}

/// A queue and its name.
#[derive(Clone, Copy)]
struct Line<'d> {
    document: &'d Document,
    day: &'d Day,
    name: &'d QueueName,
    queue: &'d Queue,
}

/// What becomes of a contact, as far as shifts and the document say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Somebody may take it from then on.
    Waits(Span),
    /// Nobody may before it has waited so long, wherever it is sent.
    Leaves(Span),
}

impl<'d> Line<'d> {
    fn look(&self, flow: &Flow, tell: &mut dyn FnMut(Told, u64)) {
        let course = self.course(flow);
        self.nobody(flow, &course, tell);
        self.one_agent(flow, &course, tell);
        self.without_empathy(flow, &course, tell);
    }

    fn nobody(&self, flow: &Flow, course: &Course, tell: &mut dyn FnMut(Told, u64)) {
        if !self.groups().any(|group| self.may_ever(group, flow, &[])) {
            return;
        }
        let gaps = gaps(flow, course, |there| there.served == 0, |come| come.contacts_milli);
        let late = gaps.filter(|gap| self.is_late(flow, gap));
        let pieces: Vec<Piece> = late.map(|gap| Piece { gap, beside: self.becomes(flow, &gap) }).collect();
        let others_there = |piece: &Piece| course.at(piece.gap.from).all > 0;
        let rest = if pieces.iter().any(others_there) {
            "when nobody is there who may take them at any step; let those who are there take them by a step, or \
             somebody who may work then"
        } else {
            "when nobody is there; let somebody work then who may take them, or send them by max_wait to a queue that is \
             served then"
        };
        Told::tell(Kind::QueueNobodyThere, &pieces, rest.to_owned(), tell);
    }

    /// Whether the first who comes waits longer than the service level allows.
    fn is_late(&self, flow: &Flow, gap: &Gap) -> bool {
        match self.fate(flow, gap.from) {
            Fate::Waits(until) => until.0 - gap.from.0 > self.queue.service_level.0,
            Fate::Leaves(_) => true,
        }
    }

    fn becomes(&self, flow: &Flow, gap: &Gap) -> String {
        match (self.fate(flow, gap.from), self.fate(flow, gap.last)) {
            (Fate::Waits(until), _) => format!("who stays waits until {}", clock(until)),
            (Fate::Leaves(waited), Fate::Leaves(_)) => {
                format!("who comes leaves unanswered after {}", written_span(waited))
            }
            (Fate::Leaves(waited), Fate::Waits(until)) => format!(
                "who comes before {} leaves unanswered after {}, who comes later waits until {}",
                clock(self.first_answered(flow, gap)),
                written_span(waited),
                clock(until)
            ),
        }
    }

    /// From when on whoever comes is answered in the end, in a gap where the first is not and the last is.
    fn first_answered(&self, flow: &Flow, gap: &Gap) -> Span {
        let (mut lost, mut answered) = (gap.from.0, gap.last.0);
        while answered - lost > 1 {
            let between = lost + (answered - lost) / 2;
            match self.fate(flow, Span(between)) {
                Fate::Waits(_) => answered = between,
                Fate::Leaves(_) => lost = between,
            }
        }
        Span(answered)
    }

    fn fate(&self, flow: &Flow, comes: Span) -> Fate {
        for (begins, line) in self.ways() {
            let entered = comes + begins;
            let begun: Vec<(Span, &Rule)> = phases(line.queue).collect();
            for (at, (after, rule)) in begun.iter().enumerate() {
                let ends = begun.get(at + 1).map_or(line.queue.max_wait.after, |(next, _)| *next);
                let may = self.groups().filter(|group| line.may(group, flow, &flow.asks, rule));
                let first = may.filter_map(|group| group.first_within(entered + *after, entered + ends)).min();
                if let Some(first) = first {
                    return Fate::Waits(first);
                }
            }
        }
        Fate::Leaves(self.ways().map(|(_, line)| line.queue.max_wait.after).fold(Span::ZERO, |all, own| all + own))
    }

    /// The queues that a contact goes through if nobody takes it, each with how long after it came.
    fn ways(self) -> impl Iterator<Item = (Span, Self)> {
        let next = |(begins, line): &(Span, Self)| {
            let name = line.queue.sends_on_to()?;
            let next = Self { name, queue: line.document.queues.get(name)?, ..*line };
            Some((*begins + line.queue.max_wait.after, next))
        };
        std::iter::successors(Some((Span::ZERO, self)), next).take(usize::from(HOPS_MAX) + 1)
    }

    fn one_agent(&self, flow: &Flow, course: &Course, tell: &mut dyn FnMut(Told, u64)) {
        let serving = self.groups().filter(|group| self.serves(group));
        let is_told = serving.map(|group| group.agents.len()).sum::<usize>() < 2;
        if is_told || self.queue.members == Members::Assigned || self.queue.sends_on_to().is_some() {
            return;
        }
        let is_alone = |there: There| there.own == 1 && there.served == 1 && there.all > 1;
        let gaps = gaps(flow, course, is_alone, |come| come.contacts_milli);
        let long = gaps.filter(|gap| gap.until.0 - gap.from.0 > self.queue.service_level.0);
        // One may take over from another.
        let only = |gap: Gap| {
            let until = Span(gap.until.0.max(gap.from.0 + 1));
            let may = self.groups().filter(|group| self.may_ever(group, flow, &flow.asks));
            let mut there: Vec<(Span, &str)> = may
                .filter_map(|group| Some((group.first_within(gap.from, until)?, group.agents[0].as_str())))
                .collect();
            there.sort_unstable();
            let names: Vec<&str> = there.iter().map(|(_, name)| *name).collect();
            Piece { gap, beside: names.join(", then ") }
        };
        let pieces: Vec<Piece> = long.map(only).collect();
        let rest = "when of those who are there one agent alone may take them; let a second one work then, or add a step \
                    that asks less";
        Told::tell(Kind::QueueOneAgentThere, &pieces, rest.to_owned(), tell);
    }

    fn without_empathy(&self, flow: &Flow, course: &Course, tell: &mut dyn FnMut(Told, u64)) {
        let Some(condition) = self.empathy() else { return };
        if !self.groups().any(|group| self.serves(group) && has(group, &condition)) {
            return;
        }
        let lacks = |there: There| there.own > 0 && there.empathetic == 0;
        let pieces: Vec<Piece> = gaps(flow, course, lacks, |come| come.moments_milli)
            .map(|gap| Piece { gap, beside: String::new() })
            .collect();
        let rest = format!(
            "when nobody with {} is there who may take them; let one of the empathetic agents work then",
            shown(&condition)
        );
        Told::tell(Kind::EmpathyNotThere, &pieces, rest, tell);
    }

    /// What an empathetic agent has, where moments of truth go by that.
    fn empathy(&self) -> Option<Condition> {
        let empathy = self.document.empathy.as_ref().filter(|_| !self.document.moments.is_empty());
        empathy.map(|empathy| empathy.condition(0))
    }

    /// Who is there at each time, of those who may take contacts of a flow and of all.
    fn course(&self, flow: &Flow) -> Course {
        let mut course = Course::default();
        let empathy = self.empathy();
        for group in self.groups() {
            let is_empathetic = empathy.as_ref().is_some_and(|condition| has(group, condition));
            let own = rules(self.queue).any(|rule| self.may(group, flow, &flow.asks, rule));
            let served = self.may_ever(group, flow, &flow.asks);
            let one = |is: bool| if is { group.agents.len() } else { 0 };
            let there =
                There { served: one(served), own: one(own), empathetic: one(own && is_empathetic), all: one(true) };
            course.add(group, Span::ZERO, there);
        }
        for (begins, line) in self.ways().skip(1) {
            for group in self.groups().filter(|group| line.may_ever(group, flow, &flow.asks)) {
                // Who is sent on meets those who are there by then.
                course.add(group, begins, There { served: group.agents.len(), ..There::default() });
            }
        }
        course
    }

    fn groups(&self) -> impl Iterator<Item = &'d Group> + use<'d> {
        self.day.groups.iter()
    }

    /// Whether agents of a group may take a contact of a flow that asks this itself, with nothing else to do.
    fn may(&self, group: &Group, flow: &Flow, asks: &[Condition], rule: &Rule) -> bool {
        kept(self.document, &group.profile, (self.name, self.queue), &flow.channel, rule) == Kept::Not
            && (rule.own == OwnRequirement::Waived || asks.iter().all(|own| has(group, own)))
    }

    /// Whether they may at a step that a wait alone leads to.
    fn may_ever(&self, group: &Group, flow: &Flow, asks: &[Condition]) -> bool {
        phases(self.queue).any(|(_, rule)| self.may(group, flow, asks, rule))
    }

    /// Whether they may serve the queue at all, by any channel.
    fn serves(&self, group: &Group) -> bool {
        let taken = self.document.channels.keys().filter(|channel| self.queue.takes(channel));
        let may =
            |channel, rule| kept(self.document, &group.profile, (self.name, self.queue), channel, rule) == Kept::Not;
        taken.into_iter().any(|channel| rules(self.queue).any(|rule| may(channel, rule)))
    }
}

/// Times at which it is so, as far as any contacts come then.
fn gaps(
    flow: &Flow,
    course: &Course,
    is_so: impl Fn(There) -> bool,
    counted: fn(&Come) -> u64,
) -> impl Iterator<Item = Gap> {
    course.times(is_so).into_iter().filter_map(move |time| flow.within(time, counted))
}

fn has(group: &Group, condition: &Condition) -> bool {
    group.profile.skills.get(&condition.skill).is_some_and(|level| *level >= condition.level)
}
