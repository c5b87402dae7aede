//! What came of a day, counted as the player counts what comes of playing it.
//!
//! Invariant: every contact that came within the time has exactly one fate; whoever waits as the records end was not
//! served. Not here: what would have come of it otherwise (`player`).

use rustc_hash::FxHashMap;

use crate::{
    model::{ids::EngagementKey, time::Timestamp},
    sim::{
        player::{
            outcome::{Fate, Leaf, Outcome},
            staff::Staff,
            watch::Waiting,
        },
        scenario::Scenario,
        study::Study,
    },
};

use super::{
    History,
    agents::{Doing, Mark, Marked},
    contacts::{End, Past},
    inputs::class_of,
};

impl History {
    /// The day itself as a study of one run, in the classes and groups of a scenario that was made of it.
    pub fn study(&self, scenario: &Scenario) -> Study {
        let mut outcome = Outcome::new(scenario);
        for past in self.contacts.all.iter().filter(|past| past.came_at >= self.from) {
            let leaf = leaf(scenario, past);
            let (fate, until) = match past.waited {
                Some((at, End::Answered(agent))) => (Fate::Answered(agent), at),
                Some((at, End::Left | End::Expired)) => (Fate::Abandoned, at),
                Some((at, End::Withdrawn)) => (Fate::Unserved, at),
                None => (Fate::Unserved, self.ended),
            };
            outcome.count(leaf, past.came_at, fate, until - past.came_at);
        }
        let mut staff = Staff::new(scenario, (self.from, Some(self.until)), outcome.clock());
        self.mark(scenario, &mut staff);
        staff.stop(self.until);
        staff.into_loads().iter().zip(&mut outcome.groups).for_each(|(worked, load)| load.add(worked));
        outcome.waiting = self.waiting(scenario);
        outcome.observed = self.until - self.from;
        outcome.contacts = self.contacts.all.len() as u64;
        Study {
            runs: vec![(0, outcome)],
            classes: scenario.classes.clone(),
            groups: scenario.groups.iter().map(|group| (group.name.clone(), group.is_empathetic)).collect(),
            has_moments: scenario.has_moments(),
        }
    }

    /// Who was there, and how busy with what.
    fn mark(&self, scenario: &Scenario, staff: &mut Staff<'_>) {
        let mut loads: FxHashMap<EngagementKey, f64> = FxHashMap::default();
        for Mark { at, agent, what } in &self.seats.marks {
            match what {
                Marked::There(is_there) => staff.is_there(*agent, *is_there, *at),
                Marked::Load(engagement, contact, doing) => {
                    let Some(past) = self.contacts.all.get(*contact) else { continue };
                    let load = self.load(scenario, past, *doing);
                    let before = loads.insert(*engagement, load).unwrap_or(0.0);
                    staff.work(*agent, load - before, *at);
                }
            }
        }
    }

    fn load(&self, scenario: &Scenario, past: &Past, doing: Doing) -> f64 {
        let (cost, wrap_up) = scenario.costs(&past.new.queue, &past.new.channel);
        match doing {
            Doing::Work => cost,
            Doing::WrapUp => wrap_up.unwrap_or(cost),
            Doing::Nothing => 0.0,
        }
    }

    /// Contacts times seconds in line, by class: all others, and moments of truth.
    fn waiting(&self, scenario: &Scenario) -> Vec<f64> {
        let line = |past: &Past| class_of(scenario, &past.new.queue) * 2 + usize::from(past.is_moment);
        let ended = |past: &Past| past.waited.map_or(self.ended, |(at, _)| at);
        let joins = self.contacts.all.iter().map(|past| (past.came_at, true, line(past)));
        let leaves = self.contacts.all.iter().map(|past| (ended(past), false, line(past)));
        let mut moves: Vec<(Timestamp, bool, usize)> = joins.chain(leaves).collect();
        // At one moment whoever comes is there before somebody leaves.
        moves.sort_unstable_by_key(|(at, joins, _)| (*at, !joins));
        let mut lines = vec![Waiting::new(self.from, Some(self.until)); scenario.classes.len() * 2];
        for (at, joins, line) in moves {
            if joins { lines[line].join(at) } else { lines[line].leave(at) }
        }
        lines.iter_mut().for_each(|line| line.stop(self.until));
        lines.iter().map(Waiting::area).collect()
    }
}

fn leaf(scenario: &Scenario, past: &Past) -> Leaf {
    Leaf { class: class_of(scenario, &past.new.queue), is_moment: past.is_moment, is_flagged: past.is_moment }
}
