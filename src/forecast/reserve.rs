//! How many empathetic agents to keep free for moments of truth, skill by skill, as their live load asks.
//!
//! With a Erlangs of moments of truth and n empathetic agents at work, keeping one more of them free divides the share of
//! moments that find nobody: fail(k) ≈ fail(0) · ∏ a / (n − j + 1) for j from 1 to k. fail(0) is estimated from what
//! happened: how many moments did not reach an empathetic agent in time, against what the product of that time says. The
//! smallest k whose share is within the document's target is advised.
//!
//! Invariant: it advises for documents alone that leave k to it, and takes back what it advised under any other. k rises
//! once the target is clearly missed, and falls by one at a time, once the lower one would do with room to spare. Where moments take more than
//! seven tenths of the empathetic agents' time there are too few of them: k is left as it is, and that is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::Command,
    model::{
        document::{Document, ReserveMode},
        ids::SkillName,
        limits::{RESERVE_AGENTS_MIN, RESERVE_MAX},
        time::{Span, Timestamp},
    },
};

use super::{
    decay::{Fading, seconds},
    staff::{Group, Staff},
};

/// How long the moments that come make the rate.
const RATE_HALF_LIFE: Span = Span::from_secs(1_800);
/// How long moments count for how long one takes, and for how many reach nobody.
const SHARE_HALF_LIFE: Span = Span::from_secs(4 * 3_600);
/// So many have to come before they say anything.
const ENOUGH: u32 = 10;
/// As if so many moments had been seen before: a quarter of them find nobody while none is kept free, and one takes five
/// minutes.
const PRIOR_MOMENTS: f64 = 20.0;
const PRIOR_FAIL: f64 = 0.25;
const PRIOR_SECONDS: f64 = 300.0;
const PRIOR_HANDLED: f64 = 2.0;
/// With more load on each than this there are too few …
pub const LOAD_MAX: f64 = 0.7;
/// … and with less than this there are enough again.
const LOAD_ENOUGH: f64 = 0.65;
/// A larger k is asked for once the target is missed by this factor …
const MISSED: f64 = 1.25;
/// … and a smaller one must meet this share of it …
const ROOM_TO_SPARE: f64 = 0.6;
/// … after so long.
const STAYS: Span = Span::from_secs(1_200);
/// In a centre that kept agents free, so many fewer may be at work before it stops.
const AGENTS_SLACK: usize = 2;

/// How moments of truth and empathetic agents stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Moments of truth that are handled at once, on average.
    pub erlangs: f64,
    /// Empathetic agents at work.
    pub empathetic: usize,
    /// The most that are kept free of any group, where that follows the load.
    pub kept: u32,
    /// Groups in which there are too few.
    pub short: BTreeSet<Group>,
}

/// The load of moments of truth, and what follows.
#[derive(Debug)]
pub struct AutoReserve {
    since: Option<Timestamp>,
    moments: u32,
    /// Moments that came, by the skills they ask; `None` = they ask none.
    came: BTreeMap<Group, Fading>,
    /// All of them.
    all: Fading,
    /// How long those took that ended, and how many did.
    handled: (Fading, Fading),
    /// Moments that reached nobody empathetic in time, and how many would have if nobody had failed by k alone.
    failed: (Fading, Fading),
    /// What the engine goes by instead of the document, and since when.
    set: BTreeMap<Group, (u32, Timestamp)>,
    /// By what each group's k divides the share that finds nobody, as of the last advice.
    divided: BTreeMap<Group, f64>,
    load: Load,
}

impl Default for AutoReserve {
    fn default() -> Self {
        let pair = || (Fading::new(SHARE_HALF_LIFE), Fading::new(SHARE_HALF_LIFE));
        Self {
            since: None,
            moments: 0,
            came: BTreeMap::new(),
            all: Fading::new(RATE_HALF_LIFE),
            handled: pair(),
            failed: pair(),
            set: BTreeMap::new(),
            divided: BTreeMap::new(),
            load: Load::default(),
        }
    }
}

impl AutoReserve {
    /// Something happened at this time; the first time is when counting begins.
    pub fn begin(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
    }

    /// Skills that a document no longer has are not counted by.
    pub fn follow(&mut self, document: &Document) {
        let is_known = |group: &Group| group.as_ref().is_none_or(|skill| document.skills.contains_key(skill));
        self.came.retain(|group, _| is_known(group));
    }

    /// A contact is a moment of truth now and asks these skills.
    pub fn moment_came(&mut self, now: Timestamp, asks: &[SkillName]) {
        self.moments = self.moments.saturating_add(1);
        self.all.add(now, 1.0);
        let mut count = |group| self.came.entry(group).or_insert_with(|| Fading::new(RATE_HALF_LIFE)).add(now, 1.0);
        asks.iter().cloned().map(Some).for_each(&mut count);
        if asks.is_empty() {
            count(None);
        }
    }

    /// One was handled, wrap-up included.
    pub fn moment_handled(&mut self, now: Timestamp, took: Span) {
        self.handled.0.add(now, seconds(took));
        self.handled.1.add(now, 1.0);
    }

    /// One that asks these skills reached an empathetic agent in time, or did not.
    pub fn judge(&mut self, now: Timestamp, asks: &[SkillName], reached: bool) {
        let of = |group: &Group| self.divided.get(group).copied();
        let by_skill = asks.iter().filter_map(|skill| of(&Some(skill.clone()))).reduce(f64::min);
        // Whoever asks nothing may go to any group: the one that keeps the most free counts.
        let divided = by_skill.or_else(|| self.divided.values().copied().reduce(f64::min)).unwrap_or(1.0);
        self.failed.0.add(now, if reached { 0.0 } else { 1.0 });
        self.failed.1.add(now, divided);
    }

    /// The engine goes by this.
    pub fn set(&mut self, now: Timestamp, group: &Group, k: Option<u32>) {
        match k {
            Some(k) => drop(self.set.insert(group.clone(), (k, now))),
            None => drop(self.set.remove(group)),
        }
    }

    /// How things stood when advice was last given.
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// What the engine should go by instead.
    pub fn advice(&mut self, now: Timestamp, document: &Document, staff: &Staff) -> Vec<Command> {
        let (handling, fail) = (self.handling(now), self.fail(now));
        let before = std::mem::take(&mut self.load.short);
        self.load =
            Load { empathetic: staff.empathetic(), erlangs: self.rate(now, &self.all) * handling, ..Load::default() };
        self.divided.clear();
        let groups: BTreeSet<Group> = staff.groups().keys().chain(self.set.keys()).cloned().collect();
        let mut advice = Vec::new();
        for group in groups {
            let known = self.set.get(&group).copied();
            let agents = staff.groups().get(&group).copied().unwrap_or(0);
            let load = self.load_of(now, &group, staff) * handling;
            let most = if before.contains(&group) { LOAD_ENOUGH } else { LOAD_MAX };
            let is_short = agents > 0 && load > most * agents as f64 && is_left_to_load(document, None);
            if is_short {
                self.load.short.insert(group.clone());
            }
            let wanted = if !is_left_to_load(document, group.as_ref()) {
                None
            } else if self.moments < ENOUGH || is_short || agents == 0 {
                known.map(|(k, _)| k)
            } else if staff.available() + slack(known) < RESERVE_AGENTS_MIN {
                Some(0)
            } else {
                let ask = Ask { load, agents, fail, target: f64::from(document.reserve.target) / 100.0 };
                Some(ask.settled(now, known))
            };
            let k = wanted.unwrap_or_else(|| fixed(document, group.as_ref(), staff));
            self.divided.insert(group.clone(), divided(load, agents, k));
            self.load.kept = self.load.kept.max(wanted.unwrap_or(0));
            let is_known = group.as_ref().is_none_or(|skill| document.skills.contains_key(skill));
            if wanted != known.map(|(k, _)| k) && is_known {
                advice.push(Command::SetReserve { skill: group, k: wanted });
            }
        }
        advice
    }

    fn load_of(&self, now: Timestamp, group: &Group, staff: &Staff) -> f64 {
        let rate = |group: &Group| self.came.get(group).map_or(0.0, |came| self.rate(now, came));
        may_get(group, staff, rate)
    }

    fn rate(&self, now: Timestamp, came: &Fading) -> f64 {
        self.since.map_or(0.0, |since| came.per_second(now, since))
    }

    /// How long a moment takes, in seconds.
    fn handling(&self, now: Timestamp) -> f64 {
        let (took, count) = (self.handled.0.at(now), self.handled.1.at(now));
        (took + PRIOR_SECONDS * PRIOR_HANDLED) / (count + PRIOR_HANDLED)
    }

    /// The share that would find nobody if nobody were kept free.
    fn fail(&self, now: Timestamp) -> f64 {
        let (failed, expected) = (self.failed.0.at(now), self.failed.1.at(now));
        ((failed + PRIOR_FAIL * PRIOR_MOMENTS) / (expected + PRIOR_MOMENTS)).min(1.0)
    }
}

/// Of moments that come at these rates, by the skill they ask, those that agents of a group may get: whoever asks their
/// skill, and of those that ask none as large a share as theirs of all empathetic agents.
pub fn may_get(group: &Group, staff: &Staff, rate: impl Fn(&Group) -> f64) -> f64 {
    let agents = staff.groups().get(group).copied().unwrap_or(0);
    let share = agents as f64 / staff.empathetic().max(1) as f64;
    let own = if group.is_some() { rate(group) } else { 0.0 };
    own + rate(&None) * share
}

/// What k is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    /// Erlangs of moments that these agents may get.
    pub load: f64,
    /// How many of them are at work.
    pub agents: usize,
    /// The share of moments that finds nobody while none is kept free.
    pub fail: f64,
    /// The share that may find nobody.
    pub target: f64,
}

impl Ask {
    /// The k to go by, given the one in force and since when it is.
    fn settled(&self, now: Timestamp, known: Option<(u32, Timestamp)>) -> u32 {
        let needed = self.smallest();
        match known {
            Some((k, since)) if needed < k => {
                let has_room = self.share(k - 1) <= self.target * ROOM_TO_SPARE;
                if has_room && now - since >= STAYS { k - 1 } else { k.min(self.most()) }
            }
            Some((k, _)) if self.share(k) <= self.target * MISSED => k,
            _ => needed,
        }
    }

    /// The smallest k that meets the target, or the one that comes nearest.
    pub fn smallest(&self) -> u32 {
        let most = self.most();
        (0..most).find(|k| self.share(*k) <= self.target).unwrap_or(most)
    }

    /// Beyond this many, keeping one more free promises nothing.
    fn most(&self) -> u32 {
        let others = (self.agents as f64 - self.load).floor().max(0.0) as u32 + 1;
        others.min(u32::try_from(self.agents).unwrap_or(u32::MAX)).min(RESERVE_MAX)
    }

    /// Whether there are too few agents for any k to help.
    pub fn is_short(&self) -> bool {
        self.load > LOAD_MAX * self.agents as f64
    }

    /// The share that finds nobody while so many are kept free.
    pub fn share(&self, k: u32) -> f64 {
        self.fail * divided(self.load, self.agents, k)
    }
}

/// By what keeping k of so many agents free divides the share that finds nobody.
fn divided(load: f64, agents: usize, k: u32) -> f64 {
    let of = |taken: u32| agents as f64 - f64::from(taken);
    (0..k).map(of).take_while(|left| *left >= 1.0).map(|left| (load / left).min(1.0)).product()
}

fn slack(known: Option<(u32, Timestamp)>) -> usize {
    if known.is_some_and(|(k, _)| k > 0) { AGENTS_SLACK } else { 0 }
}

/// Whether a document leaves it to the load how many of a group are kept free.
fn is_left_to_load(document: &Document, skill: Option<&SkillName>) -> bool {
    let rules = &document.reserve;
    let keeps = matches!(rules.mode, ReserveMode::Soft | ReserveMode::Fixed) && document.empathy.is_some();
    keeps && rules.k.is_none() && skill.is_none_or(|skill| !rules.k_by_skill.contains_key(skill))
}

/// What is kept free by the document alone.
fn fixed(document: &Document, skill: Option<&SkillName>, staff: &Staff) -> u32 {
    let rules = &document.reserve;
    let by_skill = skill.and_then(|skill| rules.k_by_skill.get(skill)).copied();
    let usual = || u32::from(staff.available() >= RESERVE_AGENTS_MIN);
    match rules.mode {
        ReserveMode::Soft | ReserveMode::Fixed if document.empathy.is_some() => {
            by_skill.or(rules.k).unwrap_or_else(usual)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        agent::{AgentProfile, Presence},
        document::Format,
        ids::{AgentId, AgentKey},
    };

    fn document(reserve: &str) -> Document {
        let text = format!(
            "empathy = {{}}\n[reserve]\n{reserve}\n[skills]\nempathy = ''\ncards = ''\n[channels.voice]\n[queues.main]\n"
        );
        Document::parse(&text, Format::Toml).unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    /// So many agents at work, so many of them empathetic.
    fn staff(agents: u32, empathetic: u32, document: &Document) -> Staff {
        let mut staff = Staff::default();
        staff.follow(document);
        for agent in 0..agents {
            let skill = (agent < empathetic).then(|| (SkillName::new("empathy").unwrap(), 80));
            let profile = AgentProfile { skills: skill.into_iter().collect(), ..AgentProfile::default() };
            staff.put(AgentKey(agent), &AgentId::new(&format!("a{agent}")).unwrap(), &Arc::new(profile));
            staff.set_presence(AgentKey(agent), &Presence::Available);
        }
        staff
    }

    /// Lets a moment come every so many seconds, each of five minutes, and does what is advised.
    fn run(auto: &mut AutoReserve, document: &Document, staff: &Staff, times: std::ops::Range<i64>, every: i64) -> u32 {
        auto.begin(at(times.start));
        for secs in times {
            if secs % every == 0 {
                auto.moment_came(at(secs), &[]);
                auto.moment_handled(at(secs), Span::from_secs(300));
            }
            if secs % 60 == 0 {
                for command in auto.advice(at(secs), document, staff) {
                    let Command::SetReserve { skill, k } = command else { panic!("{command:?}") };
                    auto.set(at(secs), &skill, k);
                }
            }
        }
        auto.set.get(&None).map_or(0, |(k, _)| *k)
    }

    #[test]
    fn the_formula_gives_the_smallest_that_is_enough() {
        // The policy's centre: 3.8 Erlangs on ten agents; a quarter fail, a tenth with one kept, a twenty-fifth with two.
        let ask = |target| Ask { load: 3.8, agents: 10, fail: 0.25, target };
        assert_eq!([0.3, 0.1, 0.05, 0.02].map(|target| ask(target).smallest()), [0, 1, 2, 3]);
        assert_eq!(ask(0.000_01).smallest(), 7, "it stops where one more promises nothing");
        assert!((divided(3.8, 10, 2) - 0.38 * 3.8 / 9.0).abs() < 1e-9);
    }

    #[test]
    fn it_follows_the_load_up_at_once_and_down_slowly() {
        let document = document("target = 5");
        let (staff, mut auto) = (staff(50, 10, &document), AutoReserve::default());
        let quiet = run(&mut auto, &document, &staff, 0..7_200, 170);
        assert_eq!(quiet, 1, "a quarter of .18 is less than a twentieth");
        let busy = run(&mut auto, &document, &staff, 7_200..14_400, 60);
        assert!(busy >= 3, "five Erlangs, and {busy} kept");
        let later = run(&mut auto, &document, &staff, 14_400..15_300, 170);
        assert!(later >= busy - 1, "not all at once: {later} after a quarter of an hour");
        assert_eq!(run(&mut auto, &document, &staff, 15_300..36_000, 170), 2, "one would do, but barely");
    }

    #[test]
    fn too_few_are_told_of_and_k_stays() {
        let document = document("");
        let (staff, mut auto) = (staff(50, 10, &document), AutoReserve::default());
        let before = run(&mut auto, &document, &staff, 0..7_200, 75);
        assert!(auto.load().short.is_empty());
        let after = run(&mut auto, &document, &staff, 7_200..14_400, 36);
        assert_eq!(auto.load().short, BTreeSet::from([None]), "{:?}", auto.load());
        assert!(after <= before + 2, "{before} before, {after} after: it rose no further than while there were enough");
        let stays = run(&mut auto, &document, &staff, 14_400..21_600, 36);
        assert_eq!(stays, after);
    }

    #[test]
    fn a_small_centre_and_a_document_that_says_so_keep_what_they_say() {
        let document_left = document("");
        let mut auto = AutoReserve::default();
        assert_eq!(run(&mut auto, &document_left, &staff(12, 4, &document_left), 0..7_200, 150), 0);
        assert_eq!(run(&mut auto, &document_left, &staff(50, 10, &document_left), 7_200..14_400, 75), 1);
        let fixed = document("k = 2");
        let advice = auto.advice(at(14_400), &fixed, &staff(50, 10, &fixed));
        assert_eq!(advice, [Command::SetReserve { skill: None, k: None }], "what was advised is taken back");
        let by_skill = document("k_by_skill = { cards = 2 }");
        assert!(is_left_to_load(&by_skill, None));
        assert!(!is_left_to_load(&by_skill, SkillName::new("cards").ok().as_ref()));
    }

    #[test]
    fn each_skill_is_kept_free_by_its_own_moments() {
        let (document, cards) = (document("target = 5"), SkillName::new("cards").unwrap());
        let mut staff = Staff::default();
        staff.follow(&document);
        for agent in 0..40 {
            let skills: &[&str] = match agent {
                0..10 => &["empathy", "cards"],
                10..20 => &["empathy"],
                _ => &["cards"],
            };
            let skills = skills.iter().map(|skill| (SkillName::new(skill).unwrap(), 80)).collect();
            staff.put(
                AgentKey(agent),
                &AgentId::new(&format!("a{agent}")).unwrap(),
                &Arc::new(AgentProfile { skills, ..AgentProfile::default() }),
            );
            staff.set_presence(AgentKey(agent), &Presence::Available);
        }
        let mut auto = AutoReserve::default();
        auto.begin(at(0));
        for secs in (0..7_200).step_by(60) {
            auto.moment_came(at(secs), std::slice::from_ref(&cards));
            if secs % 600 == 0 {
                auto.moment_came(at(secs), &[]);
            }
        }
        let advice = auto.advice(at(7_200), &document, &staff);
        let k_of = |group: Group| {
            let found = advice.iter().find_map(|command| match command {
                Command::SetReserve { skill, k } if *skill == group => *k,
                _ => None,
            });
            found.expect("it is said for every group")
        };
        assert!(k_of(Some(cards)) >= 3, "five Erlangs on ten: {advice:?}");
        assert_eq!(k_of(None), 1, "a quarter of an Erlang on ten");
    }

    #[test]
    fn failing_more_often_than_thought_keeps_more() {
        let document = document("target = 10");
        let (staff, mut auto) = (staff(50, 10, &document), AutoReserve::default());
        let before = run(&mut auto, &document, &staff, 0..3_600, 75);
        (0..200).for_each(|_| auto.judge(at(3_600), &[], false));
        assert!(run(&mut auto, &document, &staff, 3_600..3_700, 75) > before);
    }
}
