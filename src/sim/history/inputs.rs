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
    engine::Command,
    model::{
        document::Document,
        ids::{QueueName, SkillName},
        requirement::{Level, Requirement},
        supervision::Action,
        time::{Span, Timestamp},
    },
    sim::scenario::{
        Acceptance, Arrivals, Distribution, Group, Length, Recorded, Run, Scenario, Stream, Turn, WaitingRoom,
        distribution::seconds,
        recorded::{Onward, Time, Work},
        survival::Survival,
    },
};

use super::{
    History,
    agents::{Offers, Seat},
    contacts::{End, Leg, Past},
    curves::Curves,
    lacks::{LeftOut, known_to, lacking},
};

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
        lacking(&self.contacts.all, &document)?;
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
            let level = seat.level_at(self.from, empathy.0);
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
            let mut skills = profile.skills.clone();
            if level > 0 && document.learnt_skill() == Some(empathy.0) {
                skills.insert(empathy.0.clone(), level);
            }
            Group {
                name: seat.id.as_str().to_owned(),
                agents: vec![seat.id.clone()],
                skills,
                queues: profile.queues.clone(),
                capacity: profile.capacity,
                channel_limits: profile.channel_limits.clone(),
                is_empathetic: level >= empathy.1,
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
