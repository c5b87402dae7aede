//! From a day that was to a scenario that can be played under any document: the same contacts and agents, and what was
//! cut short drawn as it lasted for others.
//!
//! Invariant: two documents meet the same inputs, run by run; a document under which they could not have come is
//! refused with everything that it lacks. A customer who left is as patient again; of one who was answered it is known
//! how long they stayed, and beyond that they are as patient as others of the queue (of its moments of truth, or of its
//! others, where enough of them left).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    engine::{Command, command::Destination},
    model::{
        agent::AgentProfile,
        document::Document,
        ids::{ChannelName, QueueName, SkillName},
        requirement::{Level, Requirement},
        supervision::Action,
        time::{Span, Timestamp},
    },
    sim::scenario::{
        Acceptance, Arrivals, Distribution, Group, Length, Recorded, Run, Scenario, Stream, Turn, WaitingRoom,
        distribution::seconds,
        recorded::{Onward, Time, Work},
        survival::{Seen, Survival},
    },
};

use super::{
    History,
    agents::{Offers, Seat},
    contacts::{End, Leg, Past},
};

/// So many of a kind have to have left for their patience to be told apart from their queue's.
const LEFT_MIN: usize = 30;
/// So many offers an agent has to have had to be told apart from the others.
const OFFERS_MIN: u64 = 20;
/// Answered within this counts as in time where the day's document says nothing of a queue.
const WITHIN: Span = Span::from_secs(20);
/// How soon an agent who did not answer is back, if nobody ever was.
const BACK_AFTER: Span = Span::from_secs(60);
/// What stands for empathy where the day's document has nothing that does.
const EMPATHY: &str = "empathy";
const EMPATHY_LEVEL: Level = 70;
/// Most teams that agents are told apart by.
const TEAMS_MAX: usize = 6;

/// What is played.
#[derive(Debug)]
pub struct Inputs {
    /// The contacts, agents and commands of the day, under a document.
    pub scenario: Scenario,
    /// Agents' skills, queues and channels, and modes of queues, that the document does not know: the day is played
    /// without.
    pub left_out: Vec<String>,
}

/// Why a day cannot be played under a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    /// What the document lacks, a line each.
    #[error("{}", .0.join("\n"))]
    Lacks(Vec<String>),
    /// No work came to its end.
    #[error("no agent brought any work to its end in that time, so nothing says how long it takes")]
    NothingDone,
}

impl History {
    /// The day under a document, to be played so often from this seed on.
    ///
    /// # Errors
    /// Names all that contacts of the day need and the document lacks.
    pub fn inputs(&self, document: Document, runs: u32, seed: u64) -> Result<Inputs, Unplayable> {
        self.check(&document)?;
        let (mut left_out, targets) = (LeftOut::default(), self.targets());
        let (empathy, level) = self.empathy();
        let commands = self.commands(&document, &mut left_out);
        let groups = self.groups(&document, (&empathy, level), &mut left_out);
        let rows = self.rows(&targets)?;
        let first = &self.contacts.all[0].new;
        let stream = Stream {
            name: "recorded".to_owned(),
            queue: first.queue.clone(),
            channel: first.channel.clone(),
            requirement: Requirement::default(),
            arrivals: Arrivals::Recorded(rows.into()),
            handling: Distribution::Constant(0.0),
            patience: None,
            wrap_up: None,
            waiting_room: WaitingRoom::Open,
            retrial: None,
            moments: None,
            announce: None,
            class: 0,
        };
        let scenario = Scenario {
            description: String::new(),
            document,
            run: Run {
                runs,
                seed,
                from: self.begins - Timestamp(0),
                warm_up: self.from - self.begins,
                length: Length::Time(self.until - self.begins),
            },
            within: WITHIN,
            empathy,
            empathy_level: level,
            groups,
            streams: vec![stream],
            classes: targets.iter().map(|(queue, _)| queue.as_str().to_owned()).collect(),
            targets: targets.iter().map(|(_, target)| *target).collect(),
            commands,
        };
        Ok(Inputs { scenario, left_out: left_out.lines() })
    }

    /// Agents who have the same skills, and are empathetic or not, as far as they are few kinds: names and places.
    pub fn teams(&self, scenario: &Scenario) -> Vec<(String, Vec<usize>)> {
        let has_empathy = self.empathy.is_some();
        let kind = |at: usize, by_skills: bool| {
            let group = &scenario.groups[at];
            let skills = group.skills.keys().filter(|skill| by_skills && **skill != scenario.empathy);
            let skills: Vec<&str> = skills.map(SkillName::as_str).collect();
            let empathy = has_empathy.then_some(if group.is_empathetic { "empathetic" } else { "others" });
            let skills = (!skills.is_empty()).then(|| skills.join("+"));
            let parts: Vec<&str> = skills.as_deref().into_iter().chain(empathy).collect();
            if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
        };
        let teams = |by_skills: bool| {
            let mut teams: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            (0..scenario.groups.len()).for_each(|at| teams.entry(kind(at, by_skills)).or_default().push(at));
            teams
        };
        let by_skills = teams(true);
        let teams = if by_skills.len() > TEAMS_MAX { teams(false) } else { by_skills };
        teams.into_iter().collect()
    }

    /// Contacts that count, those of them that agents passed on or gave back, and those that the platform took back.
    pub fn counts(&self) -> Counts {
        let counted = || self.contacts.all.iter().filter(|past| past.came_at >= self.from);
        let count = |is: fn(&Past) -> bool| counted().filter(|past| is(past)).count() as u64;
        Counts {
            contacts: count(|_| true),
            passed_on: count(|past| past.legs.iter().any(|leg| leg.then.is_some())),
            withdrawn: count(|past| matches!(past.waited, Some((_, End::Withdrawn)))),
            unfinished: count(|past| past.waited.is_none()),
            agents: self.seats.len() as u64,
        }
    }

    /// The queues that contacts came to, in the order of their names, and when an answer is in time there.
    fn targets(&self) -> Vec<(QueueName, Span)> {
        let queues: BTreeSet<&QueueName> = self.contacts.all.iter().map(|past| &past.new.queue).collect();
        let target = |queue: &QueueName| self.document.queues.get(queue).map_or(WITHIN, |rules| rules.service_level);
        queues.into_iter().map(|queue| (queue.clone(), target(queue))).collect()
    }

    fn empathy(&self) -> (SkillName, Level) {
        let usual = || (SkillName::new(EMPATHY).expect("it obeys the grammar"), EMPATHY_LEVEL);
        self.empathy.clone().unwrap_or_else(usual)
    }

    fn commands(&self, document: &Document, left_out: &mut LeftOut) -> Vec<(Span, Command)> {
        let knows = |command: &Command| match command {
            Command::Supervise(supervision) => match &supervision.action {
                Action::SetQueueMode { queue, .. } => document.queues.contains_key(queue),
                _ => true,
            },
            _ => true,
        };
        let mut commands = Vec::with_capacity(self.commands.len());
        for (at, command) in self.commands.iter().filter(|(at, _)| *at < self.until) {
            if knows(command) {
                commands.push((*at - Timestamp(0), command.clone()));
            } else {
                left_out.note("modes of queues that the document does not know", 1);
            }
        }
        commands
    }

    fn groups(&self, document: &Document, empathy: (&SkillName, Level), left_out: &mut LeftOut) -> Vec<Group> {
        let mut all = Offers::default();
        self.seats.all.iter().for_each(|seat| all.add(&seat.offers));
        let group = |seat: &Seat| {
            let profile = seat.profile_at(self.from);
            let learns = document.learnt_skill().is_some();
            let turn = |(at, turn): &(Timestamp, Turn)| {
                let turn = match turn {
                    Turn::Profile(profile) => Turn::Profile(Arc::new(known_to(document, profile, left_out))),
                    Turn::Empathy(_) if !learns || profile.empathy_fixed => return None,
                    other => other.clone(),
                };
                Some((*at - Timestamp(0), turn))
            };
            let turns: Vec<(Span, Turn)> = seat.turns.iter().filter_map(turn).collect();
            Group {
                name: seat.id.as_str().to_owned(),
                agents: vec![seat.id.clone()],
                skills: profile.skills.clone(),
                queues: profile.queues.clone(),
                capacity: profile.capacity,
                channel_limits: profile.channel_limits.clone(),
                is_empathetic: seat.level_at(self.from, empathy.0) >= empathy.1,
                shifts: Vec::new(),
                turns,
                handling: None,
                pace: 1.0,
                acceptance: acceptance(&seat.offers, &all),
            }
        };
        self.seats.all.iter().map(group).collect()
    }

    fn rows(&self, targets: &[(QueueName, Span)]) -> Result<Vec<Arc<Recorded>>, Unplayable> {
        let curves = Curves::of(self)?;
        let row = |past: &Past| {
            let queue = &past.new.queue;
            let class = targets.iter().position(|(name, _)| name == queue).expect("classes are the contacts' queues");
            let stayed = past.waited.map_or(self.ended, |(at, _)| at) - past.came_at;
            let patience = match past.waited {
                Some((_, End::Left)) => Some(Time::Seen(stayed)),
                Some((_, End::Withdrawn)) => None,
                _ => Some(Time::Beyond(stayed, curves.patience(past))),
            };
            let is_withdrawn = matches!(past.waited, Some((_, End::Withdrawn)));
            Arc::new(Recorded {
                at: past.came_at - Timestamp(0),
                contact: Arc::clone(&past.new),
                class,
                is_moment: past.is_moment,
                patience,
                withdrawn: is_withdrawn.then_some(stayed),
                told: past.told.clone(),
                work: self.work(past, &curves.handling(queue)),
                wrap_up: past.legs.last().and_then(|leg| leg.wrapped_up),
            })
        };
        Ok(self.contacts.all.iter().map(row).collect())
    }

    fn work(&self, past: &Past, curve: &Arc<Survival>) -> Vec<Work> {
        let of = |leg: &Leg| Work {
            takes: match leg.is_over {
                true => Time::Seen(leg.worked),
                false => Time::Beyond(leg.worked_by(self.ended), Arc::clone(curve)),
            },
            then: leg.then.clone().map(|command| Onward { command, stays: leg.stays }),
        };
        let mut work: Vec<Work> = past.legs.iter().map(of).collect();
        if work.last().is_none_or(|last| last.then.is_some()) {
            work.push(Work { takes: Time::Beyond(Span::ZERO, Arc::clone(curve)), then: None });
        }
        work
    }

    /// That the document has whatever the day's contacts name.
    fn check(&self, document: &Document) -> Result<(), Unplayable> {
        let mut lacks = Lacks { document, found: BTreeMap::new() };
        for past in &self.contacts.all {
            lacks.contact(&past.new.queue, &past.new.channel);
            lacks.requirement(&past.new.requirement);
            past.told.iter().for_each(|(_, command)| lacks.command(command));
            past.legs.iter().filter_map(|leg| leg.then.as_ref()).for_each(|command| lacks.command(command));
        }
        let lines = lacks.lines();
        if lines.is_empty() { Ok(()) } else { Err(Unplayable::Lacks(lines)) }
    }
}

/// How much of a day there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Contacts that came.
    pub contacts: u64,
    /// Those of them that an agent passed on, or gave back.
    pub passed_on: u64,
    /// Those that the platform took back before an answer.
    pub withdrawn: u64,
    /// Those that wait as the records end.
    pub unfinished: u64,
    /// Agents there were, there or not.
    pub agents: u64,
}

/// The place of a queue among a scenario's classes.
pub(super) fn class_of(scenario: &Scenario, queue: &QueueName) -> usize {
    scenario.classes.iter().position(|class| class == queue.as_str()).expect("classes are the contacts' queues")
}

impl Seat {
    /// The level of a skill that counts, by the record or as it was learnt.
    fn level_at(&self, at: Timestamp, skill: &SkillName) -> Level {
        let profile = self.profile_at(at);
        let before = self.turns.iter().take_while(|(from, _)| *from <= at);
        let learnt = before.filter_map(|(_, turn)| match turn {
            Turn::Empathy(level) => Some(*level),
            Turn::Profile(_) | Turn::Presence(_) => None,
        });
        let learnt = learnt.last().flatten().filter(|_| !profile.empathy_fixed);
        learnt.or(profile.skills.get(skill).copied()).unwrap_or(0)
    }
}

/// How somebody takes offers; as all do, where there were few.
fn acceptance(own: &Offers, all: &Offers) -> Acceptance {
    let of = if own.len() >= OFFERS_MIN { own } else { all };
    let share = |count: u64| if of.len() == 0 { 0.0 } else { count as f64 / of.len() as f64 };
    let times: Vec<f64> = of.accepted.iter().map(|time| seconds(*time)).collect();
    let mut away = all.away.clone();
    away.sort_unstable();
    Acceptance {
        time: (!times.is_empty()).then(|| Distribution::Empirical(times.into())),
        missed: share(of.missed),
        declined: share(of.declined),
        back_after: away.get(away.len() / 2).copied().unwrap_or(BACK_AFTER),
    }
}

/// An agent's record without what a document does not know.
fn known_to(document: &Document, profile: &AgentProfile, left_out: &mut LeftOut) -> AgentProfile {
    let mut profile = profile.clone();
    let (skills, queues, limits) = (profile.skills.len(), profile.queues.len(), profile.channel_limits.len());
    profile.skills.retain(|skill, _| document.skills.contains_key(skill));
    profile.queues.retain(|queue| document.queues.contains_key(queue));
    profile.channel_limits.retain(|channel, _| document.channels.contains_key(channel));
    left_out.note("skills of agents that the document does not know", skills - profile.skills.len());
    left_out.note("queues of agents that the document does not know", queues - profile.queues.len());
    left_out.note("channels of agents that the document does not know", limits - profile.channel_limits.len());
    profile
}

/// What a day is played without.
#[derive(Debug, Default)]
struct LeftOut(BTreeMap<&'static str, usize>);

impl LeftOut {
    fn note(&mut self, what: &'static str, count: usize) {
        if count > 0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    fn lines(self) -> Vec<String> {
        self.0.into_iter().map(|(what, count)| format!("{what}: {count}")).collect()
    }
}

/// What a document lacks, and how often that is needed.
struct Lacks<'d> {
    document: &'d Document,
    found: BTreeMap<String, u64>,
}

impl Lacks<'_> {
    fn contact(&mut self, queue: &QueueName, channel: &ChannelName) {
        match self.document.queues.get(queue) {
            None => self.note(format!("has no queue {:?}, to which contacts came", queue.as_str())),
            Some(rules) if !rules.takes(channel) => {
                let (queue, channel) = (queue.as_str(), channel.as_str());
                self.note(format!("has a queue {queue:?} that does not take {channel:?}, by which contacts came"));
            }
            Some(_) => {}
        }
        if !self.document.channels.contains_key(channel) {
            self.note(format!("has no channel {:?}, by which contacts came", channel.as_str()));
        }
    }

    fn requirement(&mut self, requirement: &Requirement) {
        for condition in requirement.conditions() {
            if !self.document.skills.contains_key(&condition.skill) {
                self.note(format!("has no skill {:?}, for which contacts ask", condition.skill.as_str()));
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::RequeueContact { queue: Some(queue), .. }
            | Command::TransferContact { to: Destination::Queue(queue), .. }
                if !self.document.queues.contains_key(queue) =>
            {
                self.note(format!("has no queue {:?}, to which contacts were passed on", queue.as_str()));
            }
            Command::TransferContact { to: Destination::Skills(skills), .. } => self.requirement(skills),
            Command::UpdateContact { requirement: Some(requirement), .. } => self.requirement(requirement),
            _ => {}
        }
    }

    fn note(&mut self, what: String) {
        *self.found.entry(what).or_default() += 1;
    }

    fn lines(self) -> Vec<String> {
        self.found.into_iter().map(|(what, count)| format!("{what} ({count})")).collect()
    }
}

/// How patient customers are, and how long work takes, as far as that was seen.
struct Curves<'h> {
    patience: BTreeMap<(&'h QueueName, bool), Arc<Survival>>,
    handling: BTreeMap<&'h QueueName, Arc<Survival>>,
    /// For queues in which no work came to its end.
    all_handling: Arc<Survival>,
}

impl<'h> Curves<'h> {
    fn of(history: &'h History) -> Result<Self, Unplayable> {
        let mut stayed: BTreeMap<(&QueueName, bool), Vec<Seen>> = BTreeMap::new();
        let mut worked: BTreeMap<&QueueName, Vec<Seen>> = BTreeMap::new();
        for past in &history.contacts.all {
            let (at, ended) = match past.waited {
                Some((at, end)) => (at, end == End::Left),
                None => (history.ended, false),
            };
            let lasted = at - past.came_at;
            stayed.entry((&past.new.queue, past.is_moment)).or_default().push(Seen { lasted, ended });
            let of = |leg: &Leg| Seen { lasted: leg.worked_by(history.ended), ended: leg.is_over };
            worked.entry(&past.new.queue).or_default().extend(past.legs.iter().map(of));
        }
        let all: Vec<Seen> = worked.values().flatten().copied().collect();
        let all_handling = Arc::new(Survival::of(all));
        if !all_handling.is_known() {
            return Err(Unplayable::NothingDone);
        }
        let handling = worked.into_iter().map(|(queue, seen)| (queue, Arc::new(Survival::of(seen)))).collect();
        Ok(Self { patience: told_apart(&stayed), handling, all_handling })
    }

    fn patience(&self, past: &Past) -> Arc<Survival> {
        Arc::clone(&self.patience[&(&past.new.queue, past.is_moment)])
    }

    fn handling(&self, queue: &QueueName) -> Arc<Survival> {
        let own = self.handling.get(queue).filter(|curve| curve.is_known());
        Arc::clone(own.unwrap_or(&self.all_handling))
    }
}

/// A curve for each kind of which enough left, and its queue's for the others.
fn told_apart<'h>(
    stayed: &BTreeMap<(&'h QueueName, bool), Vec<Seen>>,
) -> BTreeMap<(&'h QueueName, bool), Arc<Survival>> {
    let whole = |queue: &QueueName| {
        let all = stayed.iter().filter(|((of, _), _)| *of == queue).flat_map(|(_, seen)| seen);
        Survival::of(all.copied().collect())
    };
    let curve = |((queue, is_moment), seen): (&(&'h QueueName, bool), &Vec<Seen>)| {
        let is_enough = seen.iter().filter(|seen| seen.ended).count() >= LEFT_MIN;
        let curve = if is_enough { Survival::of(seen.clone()) } else { whole(queue) };
        ((*queue, *is_moment), Arc::new(curve))
    };
    stayed.iter().map(curve).collect()
}
