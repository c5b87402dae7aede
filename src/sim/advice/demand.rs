//! Who asks what of agents, hour by hour, and how many of those who have it are there.
//!
//! Contacts that ask the same go together in a [`Need`]: everybody; whoever asks a skill at a level; whoever asks several
//! at once; and moments of truth, which are to reach empathetic agents. Each hour stands for itself, at its mean rate and
//! staff (Green, Kolesar and Soares 2001, "Improving the SIPP approach"). What such agents are needed for besides is not
//! counted: too few for a need alone are too few in any case.
//!
//! Invariant: nothing is drawn and nothing played. Not here: formulas (`erlang`), what routing makes of it (`trial`).

use std::{collections::BTreeMap, fmt};

use rand::{SeedableRng, rngs::StdRng};

use super::erlang::{Line, Part, Patience};
use crate::{
    model::{
        document::{Acceptance, Declining, Document, Members, Moment, Queue, Trigger},
        ids::{ChannelName, QueueName, SkillName},
        requirement::{Condition, Conjunct, Dnf, Level},
        time::Span,
    },
    sim::scenario::{
        Arrivals, Detector, Distribution, Group, Length, Row, Scenario, Stream, detector::Said, distribution::seconds,
    },
};

const HOUR: Span = Span::from_secs(3_600);
/// So many hours are looked at, at most: a week.
const HOURS_MAX: i64 = 168;
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
    takes: f64,
    wrap_up: f64,
    patience: Patience,
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
        let until = match scenario.run.length {
            Length::Time(length) => Span(scenario.run.from.0 + length.0),
            Length::Contacts(_) => Span(last_change(scenario).max(from).0 + HOUR.0),
        };
        let first = from.0 / HOUR.0;
        let last = ((until.0 - 1) / HOUR.0).min(first + HOURS_MAX - 1);
        let hour = |at: i64| (Span(at * HOUR.0).max(from), Span((at + 1) * HOUR.0).min(until));
        Self { all: (first..=last).map(hour).filter(|(from, until)| from < until).collect() }
    }
}

/// When the last rate, shift or share of moments begins or ends.
fn last_change(scenario: &Scenario) -> Span {
    let of_stream = |stream: &Stream| {
        let rates = match &stream.arrivals {
            Arrivals::Load { .. } => None,
            Arrivals::Rates(rates) => rates.last().map(|(from, _)| *from),
            Arrivals::Trace(rows) => rows.last().map(|row| row.at),
        };
        let moments = stream.moments.as_ref().and_then(|moments| moments.share.last()).map(|(from, _)| *from);
        rates.max(moments)
    };
    let shifts = scenario.groups.iter().flat_map(|group| &group.shifts).map(|(from, _)| *from);
    scenario.streams.iter().filter_map(of_stream).chain(shifts).max().unwrap_or(Span::ZERO)
}

/// What contacts of a scenario ask.
#[derive(Debug)]
pub struct Demand<'s> {
    scenario: &'s Scenario,
    /// What an empathetic agent has.
    pub empathy: Condition,
    /// The hours.
    pub hours: Hours,
    /// Contacts that are alike.
    pub flows: Vec<Flow>,
}

impl<'s> Demand<'s> {
    /// Of a scenario under its document.
    pub fn of(scenario: &'s Scenario) -> Self {
        let own = Condition { skill: scenario.empathy.clone(), level: scenario.empathy_level };
        let empathy = scenario.document.empathy.as_ref().map_or(own, |empathy| empathy.condition(0));
        let hours = Hours::of(scenario);
        let mut flows = Vec::new();
        for stream in &scenario.streams {
            match &stream.arrivals {
                Arrivals::Trace(rows) => flows.extend(of_trace(scenario, stream, rows, &hours, &empathy)),
                Arrivals::Load { .. } | Arrivals::Rates(_) => flows.push(of_rates(scenario, stream, &hours, &empathy)),
            }
        }
        Self { scenario, empathy, hours, flows }
    }

    /// Every need, the widest first.
    pub fn needs(&self, goal: Goal) -> Vec<Need> {
        let single = |condition: &Condition| Dnf {
            conjuncts: vec![Conjunct { must: vec![condition.clone()], must_not: Vec::new() }],
        };
        let mut asked: Vec<(Dnf, bool)> = vec![(Dnf::anyone(), false)];
        let mut ask = |dnf: Dnf, of_moments: bool| {
            if !asked.contains(&(dnf.clone(), of_moments)) {
                asked.push((dnf, of_moments));
            }
        };
        let conditions = |dnf: &Dnf| dnf.conjuncts.iter().flat_map(|one| one.must.clone()).collect::<Vec<_>>();
        for required in self.flows.iter().map(|flow| &flow.required) {
            let all = conditions(required);
            all.iter().map(single).filter(|one| required.implies(one)).for_each(|one| ask(one, false));
        }
        self.flows.iter().for_each(|flow| ask(flow.required.clone(), false));
        if self.moments().is_some() {
            ask(single(&self.empathy), true);
            self.flows.iter().filter(|flow| flow.has_moments()).for_each(|flow| ask(flow.held.clone(), true));
        }
        asked.into_iter().map(|(required, of_moments)| self.need(required, of_moments, goal)).collect()
    }

    /// The hour in which moments of truth ask most of the empathetic agents who are there; none if none ever come.
    pub fn moments(&self) -> Option<usize> {
        let hours = 0..self.hours.all.len();
        let per_agent = |hour: &usize| {
            let come: f64 = self.flows.iter().map(|flow| flow.comes[*hour].1).sum();
            come / self.empathetic(*hour).max(0.5)
        };
        hours.filter(|hour| per_agent(hour) > 0.0).max_by(|a, b| per_agent(a).total_cmp(&per_agent(b)).then(b.cmp(a)))
    }

    /// How many empathetic agents are there in an hour who may serve one of the moments, on average.
    pub fn empathetic(&self, hour: usize) -> f64 {
        let groups = self.scenario.groups.iter().filter(|group| self.serves_moments(group));
        groups.map(|group| there(group, self.hours.all[hour])).sum()
    }

    fn serves_moments(&self, group: &Group) -> bool {
        let has = group.skills.get(&self.empathy.skill).is_some_and(|level| *level >= self.empathy.level);
        has && self.moment_could_go_to(group, &group.skills)
    }

    /// Whether agents of a group could take a moment of truth if they had these skills.
    pub fn moment_could_go_to(&self, group: &Group, skills: &BTreeMap<SkillName, Level>) -> bool {
        let could = |flow: &Flow| flow.required.holds(skills) && self.at_once(group, flow) > 0.0;
        self.flows.iter().any(|flow| flow.has_moments() && could(flow))
    }

    /// The moments of an hour that ask a skill (or none), in Erlangs.
    pub fn moments_asking(&self, skill: Option<&SkillName>, hour: usize) -> f64 {
        let asks = |flow: &&Flow| {
            let asks = flow.asks();
            skill.map_or(asks.is_empty(), |skill| asks.contains(skill))
        };
        self.flows.iter().filter(asks).map(|flow| self.moments_of(flow, hour)).sum()
    }

    /// All moments of an hour, in Erlangs.
    pub fn moments_at(&self, hour: usize) -> f64 {
        self.flows.iter().map(|flow| self.moments_of(flow, hour)).sum()
    }

    fn moments_of(&self, flow: &Flow, hour: usize) -> f64 {
        flow.comes[hour].1 / 3_600.0 * self.work(flow, hour, &flow.held).agent_seconds
    }

    /// How many contacts of a flow an agent of a group may have at once; 0 = may not serve it, whatever the skills.
    fn at_once(&self, group: &Group, flow: &Flow) -> f64 {
        let document = &self.scenario.document;
        let Some(rules) = document.queues.get(&flow.queue) else { return 0.0 };
        if rules.members == Members::Assigned && !group.queues.contains(&flow.queue) {
            return 0.0;
        }
        let room = group.capacity / cost(document, rules, &flow.channel).max(1);
        let most = group.channel_limits.get(&flow.channel).map_or(room, |most| room.min(u32::from(*most)));
        f64::from(most)
    }

    /// What a contact of a flow takes of those agents who satisfy this, as many of each sort as are there.
    fn work(&self, flow: &Flow, hour: usize, required: &Dnf) -> Work {
        let mut all = Work::default();
        let mut agents = 0.0;
        for is_there in [true, false] {
            for group in self.scenario.groups.iter().filter(|group| required.holds(&group.skills)) {
                let at_once = self.at_once(group, flow);
                let count = if is_there { there(group, self.hours.all[hour]) } else { group.len() as f64 };
                if at_once > 0.0 && count > 0.0 {
                    let asked = self.asked(group, flow);
                    let takes = flow_takes(flow, group) + flow.wrap_up + asked.occupies;
                    all.seconds += count * takes;
                    all.agent_seconds += count * takes / at_once;
                    all.accepting += count * asked.waits;
                    agents += count;
                }
            }
            if agents > 0.0 {
                return Work {
                    seconds: all.seconds / agents,
                    agent_seconds: all.agent_seconds / agents,
                    accepting: all.accepting / agents,
                };
            }
        }
        let takes = flow.takes + flow.wrap_up;
        Work { seconds: takes, agent_seconds: takes, accepting: 0.0 }
    }

    /// What asking agents of a group costs: how long the customer waits for it, and how long it keeps agents from others.
    fn asked(&self, group: &Group, flow: &Flow) -> Asked {
        let acceptance = &group.acceptance;
        let rules = &self.scenario.document.queues[&flow.queue];
        if rules.offers.acceptance == Acceptance::Automatic || acceptance.is_at_once() {
            return Asked::default();
        }
        let waits = acceptance.time.as_ref().map_or(0.0, Distribution::mean);
        let may_decline = rules.offers.declining == Declining::Allowed;
        let declined = if may_decline { acceptance.declined } else { 0.0 };
        let taken = (1.0 - acceptance.missed - declined).max(0.01);
        let misses_max = self.scenario.document.channels.get(&flow.channel).map_or(1, |channel| channel.misses_max);
        let away = seconds(rules.offers.time) + seconds(acceptance.back_after) / f64::from(misses_max.max(1));
        let lost = (acceptance.missed * away + declined * waits) / taken;
        let in_vain = (acceptance.missed * seconds(rules.offers.time) + declined * waits) / taken;
        Asked { waits: waits + in_vain, occupies: waits + lost }
    }

    fn need(&self, required: Dnf, of_moments: bool, goal: Goal) -> Need {
        let asks = |flow: &&Flow| {
            let own = if of_moments { &flow.held } else { &flow.required };
            (!of_moments || flow.has_moments()) && own.implies(&required)
        };
        let flows: Vec<&Flow> = self.flows.iter().filter(asks).collect();
        let share = if of_moments { goal.reached } else { goal.service_level };
        let hours: Vec<Hour> =
            (0..self.hours.all.len()).map(|hour| self.hour(&flows, (&required, of_moments), hour, share)).collect();
        let lacks = |hour: &Hour| hour.needed.map_or(f64::INFINITY, |needed| f64::from(needed) - hour.there);
        let worse = |a: &usize, b: &usize| {
            let (left, right) = (&hours[*a], &hours[*b]);
            lacks(left).total_cmp(&lacks(right)).then(left.erlangs.total_cmp(&right.erlangs)).then(b.cmp(a))
        };
        let busiest = (0..hours.len()).max_by(worse).unwrap_or(0);
        Need { required, of_moments, hours, busiest }
    }

    fn hour(&self, flows: &[&Flow], (required, of_moments): (&Dnf, bool), hour: usize, share: f64) -> Hour {
        let (from, until) = self.hours.all[hour];
        let serves =
            |group: &&Group| required.holds(&group.skills) && flows.iter().any(|flow| self.at_once(group, flow) > 0.0);
        let there: f64 = self.scenario.groups.iter().filter(serves).map(|group| there(group, (from, until))).sum();
        let mut classes: BTreeMap<usize, f64> = BTreeMap::new();
        let (mut seconds_each, mut agent_seconds, mut accepting, mut come) = (0.0, 0.0, 0.0, 0.0);
        let mut patience = Patience::default();
        for flow in flows {
            let (all, moments) = flow.comes[hour];
            let count = if of_moments { moments } else { all };
            if count == 0.0 {
                continue;
            }
            *classes.entry(flow.class).or_default() += count;
            let work = self.work(flow, hour, if of_moments { &flow.held } else { &flow.required });
            seconds_each += count * work.seconds;
            agent_seconds += count * work.agent_seconds;
            accepting += count * work.accepting;
            patience.add_all(count, &flow.patience);
            come += count;
        }
        if come == 0.0 {
            return Hour { from, there, ..Hour::default() };
        }
        let line = Line { per_second: come / 3_600.0, takes: seconds_each / come, patience };
        // Agents who have several at once serve as so many.
        let at_once = (seconds_each / agent_seconds.max(f64::MIN_POSITIVE)).max(1.0);
        let within = seconds(self.scenario.within) - accepting / come;
        let servers = |agents: f64| whole((agents * at_once).floor());
        let needed = line.needed(share, within).map(|servers| whole((f64::from(servers) / at_once).ceil()));
        Hour {
            from,
            contacts: come,
            classes,
            erlangs: agent_seconds / 3_600.0,
            takes: seconds_each / come,
            there,
            needed: needed.filter(|_| within >= 0.0),
            in_time: Some(if within < 0.0 { 0.0 } else { line.met(servers(there), within).in_time }),
        }
    }
}

/// What a contact takes of agents, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    seconds: f64,
    /// Of a whole agent.
    agent_seconds: f64,
    accepting: f64,
}

/// What asking agents costs, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    waits: f64,
    occupies: f64,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// The share of all contacts that is to be answered in time.
    pub service_level: f64,
    /// The share of moments of truth that is to reach an empathetic agent in time.
    pub reached: f64,
}

/// What some contacts ask, and who has it.
#[derive(Debug, Clone)]
pub struct Need {
    /// What they ask.
    pub required: Dnf,
    /// Whether it is asked of moments of truth alone, as long as they are held.
    pub of_moments: bool,
    /// Hour by hour.
    pub hours: Vec<Hour>,
    /// The hour in which most are lacking, or which has most to do.
    pub busiest: usize,
}

impl Need {
    /// The busiest hour.
    pub fn at_worst(&self) -> &Hour {
        &self.hours[self.busiest]
    }

    /// Hours in which there are too few.
    pub fn short(&self) -> usize {
        self.hours.iter().filter(|hour| hour.is_short()).count()
    }

    /// Erlangs and agents, on average over the hours.
    pub fn over_all(&self) -> (f64, f64) {
        let count = self.hours.len().max(1) as f64;
        let sum = |of: fn(&Hour) -> f64| self.hours.iter().map(of).sum::<f64>() / count;
        (sum(|hour| hour.erlangs), sum(|hour| hour.there))
    }
}

/// As documents have it: `passwords>=30`, several joined by `and`, alternatives by `or`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let condition = |(not, condition): (&str, &Condition)| match condition.level {
            1 => format!("{not}{}", condition.skill),
            level => format!("{not}{}>={level}", condition.skill),
        };
        let conjunct = |one: &Conjunct| {
            let must = one.must.iter().map(|must| ("", must)).chain(one.must_not.iter().map(|not| ("not ", not)));
            let all: Vec<String> = must.map(condition).collect();
            if all.is_empty() { "anyone".to_owned() } else { all.join(" and ") }
        };
        let all: Vec<String> = self.required.conjuncts.iter().map(conjunct).collect();
        write!(f, "{}{}", all.join(" or "), if self.of_moments { " (moments)" } else { "" })
    }
}

/// An hour of a need.
#[derive(Debug, Clone, Default)]
pub struct Hour {
    /// When it begins.
    pub from: Span,
    /// Contacts an hour …
    pub contacts: f64,
    /// … by class.
    pub classes: BTreeMap<usize, f64>,
    /// How many agents they keep at work, with wrap-up and what offers cost.
    pub erlangs: f64,
    /// How long one takes, all that included, in seconds.
    pub takes: f64,
    /// Agents who are there and have what is asked, on average.
    pub there: f64,
    /// How many are needed; none if no number is enough.
    pub needed: Option<u32>,
    /// The share that is in time with those who are there, if they do nothing else; none if nobody comes.
    pub in_time: Option<f64>,
}

impl Hour {
    /// Whether there are too few.
    pub fn is_short(&self) -> bool {
        self.in_time.is_some() && self.needed.is_none_or(|needed| self.there + 1e-9 < f64::from(needed))
    }
}

/// How many agents of a group are there, on average over a time.
pub fn there(group: &Group, (from, until): (Span, Span)) -> f64 {
    let length = (until.0 - from.0).max(1) as f64;
    let overlap = |(begins, ends): &(Span, Span)| ((*ends).min(until).0 - (*begins).max(from).0).max(0) as f64;
    let share = match group.shifts.as_slice() {
        [] => 1.0,
        shifts => shifts.iter().map(overlap).sum::<f64>() / length,
    };
    share * group.len() as f64
}

fn flow_takes(flow: &Flow, group: &Group) -> f64 {
    group.handling.as_ref().map_or(flow.takes, Distribution::mean) * group.pace
}

fn cost(document: &Document, rules: &Queue, channel: &ChannelName) -> u32 {
    rules.cost.or(document.channels.get(channel).map(|channel| channel.cost)).unwrap_or(1)
}

impl Flow {
    /// Whether any of them is a moment of truth.
    pub fn has_moments(&self) -> bool {
        self.comes.iter().any(|(_, moments)| *moments > 0.0)
    }
}

fn of_rates(scenario: &Scenario, stream: &Stream, hours: &Hours, empathy: &Condition) -> Flow {
    let noticed = Noticed::of(stream);
    let comes = hours.all.iter().map(|(from, until)| {
        let come = match &stream.arrivals {
            Arrivals::Load { per_second, .. } => per_second * 3_600.0,
            Arrivals::Rates(rates) => mean_rate(rates, *from, *until) * 3_600.0,
            Arrivals::Trace(_) => 0.0,
        };
        (come, come * noticed.share_at(*from))
    });
    let way = (stream.class, stream.queue.clone(), stream.channel.clone());
    let patience = Patience::all(Part::of(stream.patience.as_ref()));
    flow(scenario, stream, way, (stream.handling.mean(), patience), comes.collect(), empathy)
}

/// Of rates that change by steps, in contacts a second.
fn mean_rate(rates: &[(Span, f64)], from: Span, until: Span) -> f64 {
    let ends = rates.iter().skip(1).map(|(from, _)| *from).chain([Span(i64::MAX)]);
    let come =
        |((begins, rate), ends): (&(Span, f64), Span)| rate * (ends.min(until).0 - (*begins).max(from).0).max(0) as f64;
    rates.iter().zip(ends).map(come).sum::<f64>() / (until.0 - from.0).max(1) as f64
}

type Way = (usize, QueueName, ChannelName);

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
        ways.entry((class_of(row), queue, channel)).or_default().push(row);
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
        flow(scenario, stream, way, (takes, patience), comes.collect(), empathy)
    };
    ways.into_iter().map(of_way).collect()
}

fn flow(
    scenario: &Scenario,
    stream: &Stream,
    (class, queue, channel): Way,
    (takes, patience): (f64, Patience),
    comes: Vec<(f64, f64)>,
    empathy: &Condition,
) -> Flow {
    let document = &scenario.document;
    let rules = &document.queues[&queue];
    let own = stream.requirement.to_dnf().unwrap_or_else(|_| Dnf::anyone());
    // What the engine would refuse shows when it is played.
    let required = rules.rule.required.and(&own).unwrap_or_else(|_| rules.rule.required.clone());
    let moments = triggered(document, stream);
    let level = moments.iter().map(|moment| moment.empathy).fold(empathy.level, u8::max);
    let skills = moments.iter().flat_map(|moment| &moment.skills);
    let skills = skills.map(|(skill, level)| Condition { skill: skill.clone(), level: *level });
    let by_moments = skills.chain([Condition { skill: empathy.skill.clone(), level }]).collect();
    let by_moments = Dnf { conjuncts: vec![Conjunct { must: by_moments, must_not: Vec::new() }] };
    let held = required.and(&by_moments).unwrap_or_else(|_| by_moments.clone());
    let wrap_up = wrap_up_mean(document, rules, stream, &channel);
    Flow { class, queue, channel, required, held, takes, wrap_up, patience, comes }
}

/// How long a contact's agent writes up, in seconds of what the contact itself took of the agent.
fn wrap_up_mean(document: &Document, rules: &Queue, stream: &Stream, channel: &ChannelName) -> f64 {
    if rules.wrap_up.time == Span::ZERO {
        return 0.0;
    }
    let usual = seconds(rules.wrap_up.time);
    let takes = stream.wrap_up.as_ref().map_or(usual, |drawn| drawn.mean().min(seconds(rules.wrap_up.max)));
    let cost = cost(document, rules, channel);
    takes * f64::from(rules.wrap_up.cost.unwrap_or(cost)) / f64::from(cost.max(1))
}

/// The document's moments that a stream's event makes.
pub fn triggered<'d>(document: &'d Document, stream: &Stream) -> Vec<&'d Moment> {
    let Some(moments) = &stream.moments else { return Vec::new() };
    let of_event = |trigger: &Trigger| match trigger {
        Trigger::Event { event, attributes, .. } => *event == moments.event && attributes.is_empty(),
        Trigger::Distress(_) | Trigger::Repeats(_) => false,
    };
    document.moments.values().filter(|moment| moment.triggers.iter().any(of_event)).collect()
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as many as agents, and not negative")]
fn whole(number: f64) -> u32 {
    number.max(0.0) as u32
}
