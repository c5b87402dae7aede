//! Who comes, hour by hour: contacts that go the same way and ask the same of agents.
//!
//! Invariant: rates are means, nothing is drawn of them; what a detector takes for a moment of truth counts as one, because
//! that is what routing goes by. Not here: who could serve them (`demand`).

use std::collections::BTreeMap;

use rand::{SeedableRng, rngs::StdRng};

use super::erlang::{Part, Patience};
use crate::{
    model::{
        document::{Document, Moment, Queue},
        ids::{ChannelName, QueueName, SkillName},
        requirement::{Condition, Conjunct, Dnf, Requirement},
        time::Span,
    },
    sim::scenario::{
        Arrivals, Detector, Distribution, Length, Row, Scenario, Stream, detector::Said, distribution::seconds,
    },
};

mod recorded;

const HOUR: Span = Span::from_secs(3_600);
/// So many hours are looked at, at most: a week that begins within one.
const HOURS_MAX: i64 = 169;
/// So often a detector with scores is asked.
const ASKED: u32 = 4_000;

/// Contacts that come the same way and ask the same of agents.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Their class in reports.
    pub class: usize,
    /// Where they go.
    pub queue: QueueName,
    /// How they come.
    pub channel: ChannelName,
    /// What an agent must have who takes one, before steps relax it …
    pub required: Dnf,
    /// … and one who takes a moment of truth as long as it is held.
    pub held: Dnf,
    /// How long one takes, in seconds, whoever has it.
    pub takes: f64,
    /// How long its agent writes up, in seconds of what the contact itself took of the agent.
    pub wrap_up: f64,
    /// How long customers wait.
    pub patience: Patience,
    /// Contacts an hour, by hour: all of them, and those that are taken for moments of truth.
    pub comes: Vec<(f64, f64)>,
}

impl Flow {
    /// Skills that all who may take one have.
    pub fn asks(&self) -> Vec<SkillName> {
        let (first, others) = self.required.conjuncts.split_first().expect("there is an alternative at least");
        let all_have =
            |skill: &SkillName| others.iter().all(|other| other.must.iter().any(|must| must.skill == *skill));
        first.must.iter().map(|must| must.skill.clone()).filter(all_have).collect()
    }

    /// Whether any of them is a moment of truth.
    pub fn has_moments(&self) -> bool {
        self.comes.iter().any(|(_, moments)| *moments > 0.0)
    }
}

/// The hours that are looked at.
#[derive(Debug, Clone)]
pub struct Hours {
    /// Of each, from when to when the scenario has it.
    pub all: Vec<(Span, Span)>,
}

impl Hours {
    /// Those in which contacts count; of a scenario that counts contacts, those in which anything changes.
    pub fn of(scenario: &Scenario) -> Self {
        let from = Span(scenario.run.from.0 + scenario.run.warm_up.0);
        let until = match (scenario.run.length, last_change(scenario)) {
            (Length::Time(length), _) => Span(scenario.run.from.0 + length.0),
            (Length::Contacts(_), last) if last > from => Span(last.0 + HOUR.0),
            // Every hour is as every other.
            (Length::Contacts(_), _) => return Self { all: vec![(from, Span(from.0 + HOUR.0))] },
        };
        let first = from.0 / HOUR.0;
        let last = ((until.0 - 1) / HOUR.0).min(first + HOURS_MAX - 1);
        let hour = |at: i64| (Span(at * HOUR.0).max(from), Span((at + 1) * HOUR.0).min(until));
        let mut all: Vec<(Span, Span)> = (first..=last).map(hour).filter(|(from, until)| from < until).collect();
        // A few minutes say nothing about an hour: they go with the hour beside them.
        let is_brief = |(from, until): (Span, Span)| until.0 - from.0 < HOUR.0 / 2;
        if let [begins, next, ..] = &mut all[..]
            && is_brief(*begins)
        {
            next.0 = begins.0;
            all.remove(0);
        }
        if let [.., last, ends] = &mut all[..]
            && is_brief(*ends)
        {
            last.1 = ends.1;
            all.pop();
        }
        Self { all }
    }
}

/// When the last rate, shift or share of moments begins or ends.
fn last_change(scenario: &Scenario) -> Span {
    let of_stream = |stream: &Stream| {
        let rates = match &stream.arrivals {
            Arrivals::Load { .. } => None,
            Arrivals::Rates(rates) => rates.last().map(|(from, _)| *from),
            Arrivals::Trace(rows) => rows.last().map(|row| row.at),
            Arrivals::Recorded(rows) => rows.last().map(|row| row.at),
        };
        let moments = stream.moments.as_ref().and_then(|moments| moments.share.last()).map(|(from, _)| *from);
        rates.max(moments)
    };
    let shifts = scenario.groups.iter().flat_map(|group| &group.shifts).map(|(from, _)| *from);
    scenario.streams.iter().filter_map(of_stream).chain(shifts).max().unwrap_or(Span::ZERO)
}

/// Everybody who comes in these hours; `empathy` is what an empathetic agent has.
pub fn flows(scenario: &Scenario, hours: &Hours, empathy: &Condition) -> Vec<Flow> {
    let of_stream = |stream: &Stream| match &stream.arrivals {
        Arrivals::Trace(rows) => of_trace(scenario, stream, rows, hours, empathy),
        Arrivals::Load { .. } | Arrivals::Rates(_) => vec![of_rates(scenario, stream, hours, empathy)],
        Arrivals::Recorded(rows) => recorded::flows(scenario, rows, hours, empathy),
    };
    scenario.streams.iter().flat_map(of_stream).collect()
}

fn of_rates(scenario: &Scenario, stream: &Stream, hours: &Hours, empathy: &Condition) -> Flow {
    let noticed = Noticed::of(stream);
    let comes = hours.all.iter().map(|(from, until)| {
        let come = match &stream.arrivals {
            Arrivals::Load { per_second, .. } => per_second * 3_600.0,
            Arrivals::Rates(rates) => mean_rate(rates, *from, *until) * 3_600.0,
            Arrivals::Trace(_) | Arrivals::Recorded(_) => 0.0,
        };
        (come, come * noticed.share_at(*from))
    });
    let patience = Patience::all(Part::of(stream.patience.as_ref()));
    let kind = Kind::of(scenario, stream, Way::of(stream), (stream.handling.mean(), patience));
    kind.flow(&scenario.document, empathy, comes.collect())
}

/// Of rates that change by steps, in contacts a second.
fn mean_rate(rates: &[(Span, f64)], from: Span, until: Span) -> f64 {
    let ends = rates.iter().skip(1).map(|(from, _)| *from).chain([Span(i64::MAX)]);
    let come =
        |((begins, rate), ends): (&(Span, f64), Span)| rate * (ends.min(until).0 - (*begins).max(from).0).max(0) as f64;
    rates.iter().zip(ends).map(come).sum::<f64>() / (until.0 - from.0).max(1) as f64
}

/// Where contacts go, and what they ask themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    class: usize,
    queue: QueueName,
    channel: ChannelName,
}

impl Way {
    fn of(stream: &Stream) -> Self {
        Self { class: stream.class, queue: stream.queue.clone(), channel: stream.channel.clone() }
    }
}

/// Rows of a trace that go the same way.
fn of_trace(scenario: &Scenario, stream: &Stream, rows: &[Row], hours: &Hours, empathy: &Condition) -> Vec<Flow> {
    let class_of = |row: &Row| {
        let named = row.class.as_deref().and_then(|name| scenario.classes.iter().position(|class| class == name));
        named.unwrap_or(stream.class)
    };
    let mut ways: BTreeMap<Way, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let queue = row.queue.clone().unwrap_or_else(|| stream.queue.clone());
        let channel = row.channel.clone().unwrap_or_else(|| stream.channel.clone());
        ways.entry(Way { class: class_of(row), queue, channel }).or_default().push(row);
    }
    let (usual, noticed) = (stream.handling.mean(), Noticed::of(stream));
    let of_way = |(way, rows): (Way, Vec<&Row>)| {
        let takes = rows.iter().map(|row| row.handling.map_or(usual, seconds)).sum::<f64>() / rows.len() as f64;
        let known: Vec<f64> = rows.iter().filter_map(|row| row.patience).map(seconds).collect();
        let mut patience = Patience::default();
        patience.add((rows.len() - known.len()) as f64, Part::of(stream.patience.as_ref()));
        if !known.is_empty() {
            patience.add(known.len() as f64, Part::drawn(known));
        }
        let comes = hours.all.iter().map(|(from, until)| {
            let within: Vec<&&Row> = rows.iter().filter(|row| (*from..*until).contains(&row.at)).collect();
            let an_hour = 3_600.0 / seconds(Span(until.0 - from.0));
            let moment = |row: &&&Row| match (row.is_moment, &row.message) {
                (Some(is_moment), Some(_)) => f64::from(u8::from(is_moment)),
                (Some(is_moment), None) => noticed.share_of(row.at, is_moment),
                (None, _) => noticed.share_at(row.at),
            };
            (within.len() as f64 * an_hour, within.iter().map(moment).sum::<f64>() * an_hour)
        });
        Kind::of(scenario, stream, way, (takes, patience)).flow(&scenario.document, empathy, comes.collect())
    };
    ways.into_iter().map(of_way).collect()
}

/// Contacts that are alike.
struct Kind<'s> {
    way: Way,
    /// What they ask beyond what their queue asks.
    asks: &'s Requirement,
    /// What makes moments of truth of some of them.
    moments: Vec<&'s Moment>,
    /// How long one takes, in seconds.
    takes: f64,
    /// How long its agent writes up, in seconds, if that is another time than the queue gives.
    wrap_up: Option<f64>,
    patience: Patience,
}

impl<'s> Kind<'s> {
    fn of(scenario: &'s Scenario, stream: &'s Stream, way: Way, (takes, patience): (f64, Patience)) -> Self {
        let moments = stream.triggered(&scenario.document);
        let wrap_up = stream.wrap_up.as_ref().map(Distribution::mean);
        Self { way, asks: &stream.requirement, moments, takes, wrap_up, patience }
    }

    fn flow(self, document: &Document, empathy: &Condition, comes: Vec<(f64, f64)>) -> Flow {
        let Way { class, queue, channel } = self.way;
        let rules = &document.queues[&queue];
        let own = self.asks.to_dnf().unwrap_or_else(|_| Dnf::anyone());
        // What the engine would refuse shows when it is played.
        let required = rules.rule.required.and(&own).unwrap_or_else(|_| rules.rule.required.clone());
        let level = self.moments.iter().map(|moment| moment.empathy).fold(empathy.level, u8::max);
        let skills = self.moments.iter().flat_map(|moment| &moment.skills);
        let skills = skills.map(|(skill, level)| Condition { skill: skill.clone(), level: *level });
        let by_moments = skills.chain([Condition { skill: empathy.skill.clone(), level }]).collect();
        let by_moments = Dnf { conjuncts: vec![Conjunct { must: by_moments, must_not: Vec::new() }] };
        let held = required.and(&by_moments).unwrap_or_else(|_| by_moments.clone());
        let wrap_up = wrap_up_mean(document, rules, self.wrap_up, &channel);
        Flow { class, queue, channel, required, held, takes: self.takes, wrap_up, patience: self.patience, comes }
    }
}

/// How long a contact's agent writes up, in seconds of what the contact itself took of the agent.
fn wrap_up_mean(document: &Document, rules: &Queue, drawn: Option<f64>, channel: &ChannelName) -> f64 {
    if rules.wrap_up.time == Span::ZERO {
        return 0.0;
    }
    let takes = drawn.map_or(seconds(rules.wrap_up.time), |drawn| drawn.min(seconds(rules.wrap_up.max)));
    let cost = cost(document, rules, channel);
    takes * f64::from(rules.wrap_up.cost.unwrap_or(cost)) / f64::from(cost.max(1))
}

/// What a contact takes of an agent's capacity.
pub fn cost(document: &Document, rules: &Queue, channel: &ChannelName) -> u32 {
    rules.cost.or(document.channels.get(channel).map(|channel| channel.cost)).unwrap_or(1)
}

/// How well a stream's moments of truth are noticed.
struct Noticed<'s> {
    stream: &'s Stream,
    /// From each time of day on: of moments, and of all others, the share that is taken for one.
    pieces: Vec<(Span, [f64; 2])>,
}

impl<'s> Noticed<'s> {
    fn of(stream: &'s Stream) -> Self {
        let moments = stream.moments.iter();
        let pieces = moments
            .flat_map(|moments| moments.share.iter().map(|(from, share)| (*from, flagged(&moments.detector, *share))));
        Self { stream, pieces: pieces.collect() }
    }

    /// Of all contacts, at a time of day.
    fn share_at(&self, at: Span) -> f64 {
        let Some(moments) = &self.stream.moments else { return 0.0 };
        let share = moments.share_at(at);
        share * self.share_of(at, true) + (1.0 - share) * self.share_of(at, false)
    }

    /// Of moments, or of all others.
    fn share_of(&self, at: Span, is_moment: bool) -> f64 {
        let begun = self.pieces.iter().rev().find(|(from, _)| *from <= at).or(self.pieces.first());
        begun.map_or(0.0, |(_, [moments, others])| if is_moment { *moments } else { *others })
    }
}

/// Of moments, and of all others, the share that a detector takes for one.
fn flagged(detector: &Detector, prior: f64) -> [f64; 2] {
    match detector {
        Detector::Rates { true_positive, false_positive } => [*true_positive, *false_positive],
        Detector::Scores { .. } => {
            let mut rng = StdRng::seed_from_u64(1);
            let is_flag = |said| matches!(said, Said::Event { is_flag: true, .. });
            [true, false].map(|is_moment| {
                let flags = (0..ASKED).filter(|_| is_flag(detector.says(is_moment, prior, &mut rng))).count();
                flags as f64 / f64::from(ASKED)
            })
        }
        // Of words nobody knows before they are read.
        Detector::Perfect | Detector::Words(_) => [1.0, 0.0],
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    const HEAD: &str = r#"
[document]
text = """
[empathy]
[skills]
empathy = ''
cards = ''
polish = ''
[channels.voice]
[queues.main]
[queues.cards]
require = { all = ['cards>=60'] }
[moments.stolen]
triggers = [{ event = 'stolen' }]
empathy = 80
skills = { polish = 30 }
"""
[agents.desk]
count = 2
[streams.calls]
queue = "main"
channel = "voice"
handling = "4m"
"#;

    fn read(text: &str, folder: &Path) -> Vec<Flow> {
        let scenario = Scenario::read(text, folder, None).unwrap_or_else(|error| panic!("{error}"));
        let empathy = Condition { skill: SkillName::new("empathy").unwrap(), level: 70 };
        flows(&scenario, &Hours::of(&scenario), &empathy)
    }

    #[test]
    fn rates_are_means_of_each_hour_and_what_a_detector_takes_for_moments_counts() {
        let text = format!(
            "run = {{ from = '08:30', until = '10:30' }}\n{HEAD}rates = [{{ from = '08:00', per_hour = 40 }}, {{ from = \
             '09:15', per_hour = 80 }}]\n[streams.calls.moments]\nevent = 'stolen'\nshare = 0.1\ndetector = {{ \
             true_positive = 0.8, false_positive = 0.1 }}\n"
        );
        let flows = read(&text, Path::new(""));
        let comes: Vec<(f64, f64)> = flows[0].comes.clone();
        assert_eq!(comes.iter().map(|(all, _)| *all).collect::<Vec<_>>(), [40.0, 70.0, 80.0]);
        assert!((comes[0].1 - 40.0 * (0.08 + 0.09)).abs() < 1e-9, "{comes:?}");
        let held: Vec<String> =
            flows[0].held.conjuncts[0].must.iter().map(|must| format!("{}>={}", must.skill, must.level)).collect();
        assert_eq!(held, ["empathy>=80", "polish>=30"]);
        let scores = text.replace("true_positive = 0.8, false_positive = 0.1", "auc = 0.9");
        let moments = read(&scores, Path::new(""))[0].comes[0].1;
        assert!(moments > 0.5 && moments < 4.0, "half of them at most are probable enough: {moments}");
    }

    #[test]
    fn rows_of_a_trace_go_by_their_ways() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "time,queue,handling,patience,moment\n00:10:00,,100,30,0\n00:20:00,cards,,,1\n01:59:00,,300,,1\n";
        fs::write(folder.path().join("trace.csv"), rows).unwrap();
        let flows = read(&format!("{HEAD}trace = 'trace.csv'\nmoments = {{}}\n"), folder.path());
        let by_queue = |name: &str| flows.iter().find(|flow| flow.queue.as_str() == name).unwrap();
        let (main, cards) = (by_queue("main"), by_queue("cards"));
        assert_eq!((main.takes, cards.takes), (200.0, 240.0));
        assert_eq!(cards.comes, [(1.0, 1.0), (0.0, 0.0)]);
        assert_eq!(main.comes[0], (1.0, 0.0));
        assert_eq!((cards.asks().len(), main.asks().len()), (1, 0));
    }
}
