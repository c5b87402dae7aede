//! What is learnt of agents whose truth is known: simulated outcomes, day by day.

use std::sync::Arc;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::model::{agent::AgentProfile, document::Format};

const DAY: Span = EVERY;
const DAYS: i64 = 60;

/// A learning tenant with agents by record and truth, both as levels.
struct Team {
    outcomes: Outcomes,
    staff: Staff,
    truths: Vec<f64>,
    random: StdRng,
    commands: Vec<(i64, Command)>,
}

fn key(agent: usize) -> AgentKey {
    AgentKey(u32::try_from(agent).unwrap())
}

fn id(agent: usize) -> AgentId {
    AgentId::new(&format!("a{agent:02}")).unwrap()
}

fn profile(level: Level, is_fixed: bool) -> Arc<AgentProfile> {
    let skills = [(SkillName::new("empathy").unwrap(), level)].into_iter().filter(|(_, level)| *level > 0).collect();
    Arc::new(AgentProfile { skills, empathy_fixed: is_fixed, ..AgentProfile::default() })
}

impl Team {
    fn new(agents: &[(Level, f64)]) -> Self {
        let text =
            "empathy = {}\nlearning = { empathy = true }\n[skills]\nempathy = ''\n[channels.voice]\n[queues.main]\n";
        let document = Document::parse(text, Format::Toml).unwrap();
        let (mut outcomes, mut staff) = (Outcomes::default(), Staff::default());
        outcomes.follow(&document);
        staff.follow(&document);
        for (at, (recorded, _)) in agents.iter().enumerate() {
            staff.put(key(at), &id(at), &profile(*recorded, false));
        }
        let truths = agents.iter().map(|(_, truth)| *truth).collect();
        Self { outcomes, staff, truths, random: StdRng::seed_from_u64(7), commands: Vec::new() }
    }

    /// A contact ends: hard ones (moments of truth, distressed at the start, on the channel where it is worse) end worse.
    fn contact(&mut self, agent: usize, hardness: u8) {
        let is_moment = hardness > 1;
        let kind = Kind { is_moment, start: Some(hardness * 2), channel: ChannelKey(u16::from(hardness % 2)) };
        let easy = 0.62 - 0.08 * f64::from(hardness) - if is_moment { 0.05 } else { 0.0 };
        let truth = (self.truths[agent] - UNKNOWN) * WORTH;
        let left = (easy + truth + self.random.random_range(-0.25..0.25)).clamp(0.0, 1.0);
        self.outcomes.note(Outcome { agent: key(agent), kind, left });
    }

    /// The end of a day: what is advised is taken over, as the shard does.
    fn end_day(&mut self, day: i64) {
        let now = Timestamp(day * DAY.0);
        for command in self.outcomes.advice(now, &self.staff) {
            let Command::LearnEmpathy { agent, level } = &command else { panic!("{command:?}") };
            let at = (0..self.truths.len()).find(|at| id(*at) == *agent).unwrap();
            self.staff.learn(key(at), *level);
            self.outcomes.set(now, key(at), &self.staff.said(key(at)).unwrap());
            self.commands.push((day, command));
        }
    }

    fn level(&self, agent: usize) -> Level {
        let said = self.staff.said(key(agent)).unwrap();
        said.learnt.unwrap_or(said.recorded)
    }

    fn found(&self, agent: usize) -> &Learner {
        self.outcomes.found().iter().find(|learner| learner.agent == id(agent)).unwrap()
    }
}

/// Twenty agents whose records say nothing of the truth, each with five contacts of all sorts a day.
fn two_months() -> Team {
    let agents: Vec<(Level, f64)> = (0..20).map(|at| (60, f64::from((at * 7) % 20) * 4.0 + 12.0)).collect();
    let mut team = Team::new(&agents);
    for day in 0..=DAYS {
        for contact in 0..100 {
            let agent = contact % 20;
            // Whom the line sends the hard ones is no matter of merit.
            let hardness = (contact / 20 + agent) % 4;
            team.contact(agent, u8::try_from(hardness).unwrap());
        }
        team.end_day(day);
    }
    team
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |of: &f64| {
        let below = values.iter().filter(|other| *other < of).count() as f64;
        below + (values.iter().filter(|other| *other == of).count() as f64 - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// Spearman's.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() - 1) as f64 / 2.0;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

#[test]
fn the_learnt_order_is_the_true_one() {
    let team = two_months();
    let learnt: Vec<f64> = (0..20).map(|agent| f64::from(team.level(agent))).collect();
    let found: Vec<f64> = (0..20).map(|agent| f64::from(team.found(agent).found)).collect();
    let (by_level, by_found) = (rank_correlation(&learnt, &team.truths), rank_correlation(&found, &team.truths));
    println!("rank correlation with the truth: {by_level:.3} by learnt level, {by_found:.3} by what was found");
    assert!(by_level > 0.9 && by_found > 0.9, "{by_level:.3}, {by_found:.3}");
    let models: Vec<&Learner> = team.outcomes.found().iter().filter(|learner| learner.is_role_model).collect();
    assert_eq!(models.len(), 2, "a tenth of twenty");
    let best = |learner: &&Learner| (0..20).any(|at| id(at) == learner.agent && team.truths[at] >= 80.0);
    assert!(models.iter().all(best), "{models:?}");
    let covered = (0..20).filter(|at| {
        let Learner { within, .. } = team.found(*at);
        (f64::from(within.0)..=f64::from(within.1)).contains(&(team.truths[*at] + mean_shift(&team)))
    });
    let covered = covered.count();
    println!("{covered} of 20 truths are within their bounds");
    assert!(covered >= 15, "most truths are within their bounds: {covered}");
}

/// Levels are relative: records and truths may be centred elsewhere.
fn mean_shift(team: &Team) -> f64 {
    let found: f64 = team.outcomes.found().iter().map(|learner| f64::from(learner.found)).sum();
    (found - team.truths.iter().sum::<f64>()) / team.truths.len() as f64
}

#[test]
fn a_level_changes_by_one_tier_a_day_and_then_stays() {
    let team = two_months();
    for agent in 0..20 {
        let steps = team
            .commands
            .iter()
            .filter(|(_, command)| matches!(command, Command::LearnEmpathy { agent: who, .. } if *who == id(agent)));
        let (mut day_before, mut level_before) = (-1, 60);
        for (day, command) in steps.clone() {
            let Command::LearnEmpathy { level: Some(level), .. } = command else { panic!("{command:?}") };
            assert!(*day > day_before && level.abs_diff(level_before) <= TIER, "day {day}: {level_before} to {level}");
            (day_before, level_before) = (*day, *level);
        }
        let late = steps.filter(|(day, _)| *day > 40).count();
        assert!(late <= 2, "agent {agent} changed {late} times in the last twenty days");
    }
}

#[test]
fn easy_contacts_gain_nothing_and_hard_ones_lose_nothing() {
    // Alike in truth; one takes only the easy ones, one only the hard ones, the others all of them.
    let mut team = Team::new(&[(60, 50.0); 10]);
    for day in 0..=DAYS {
        for _ in 0..6 {
            team.contact(0, 0);
            team.contact(1, 3);
        }
        for contact in 0..48 {
            team.contact(2 + contact % 8, u8::try_from((contact / 8 + contact) % 4).unwrap());
        }
        team.end_day(day);
    }
    let found = |agent| i16::from(team.found(agent).found);
    let others: i16 = (2..10).map(found).sum::<i16>() / 8;
    println!("easy contacts {}, hard ones {}, the others {others}", found(0), found(1));
    assert!((found(0) - others).abs() <= 6, "easy contacts: {} beside {others}", found(0));
    assert!((found(1) - others).abs() <= 6, "hard contacts: {} beside {others}", found(1));
    assert!(team.level(0) <= 70 && team.level(1) >= 50);
}

#[test]
fn under_thirty_outcomes_the_record_speaks() {
    let mut team = Team::new(&[(60, 100.0), (60, 10.0)]);
    team.end_day(0);
    for contact in 0..ENOUGH {
        team.contact(0, 1);
        if contact + 1 < ENOUGH {
            team.contact(1, 1);
        }
    }
    (1..=5).for_each(|day| team.end_day(day));
    assert!(team.level(0) > 60, "thirty say something");
    assert_eq!((team.level(1), team.found(1).outcomes), (60, 29));
    assert!(team.found(1).within.0 < team.found(1).found, "it is shown all the same");
}

#[test]
fn a_record_that_is_fixed_stands_until_that_is_withdrawn() {
    let mut team = Team::new(&[(80, 10.0), (60, 60.0), (60, 60.0)]);
    team.staff.put(key(0), &id(0), &profile(80, true));
    for day in 0..20 {
        (0..30).for_each(|contact| team.contact(contact % 3, 1));
        team.end_day(day);
    }
    assert_eq!(team.level(0), 80);
    assert!(team.found(0).is_fixed && team.found(0).found < 60, "that it drifts is seen: {:?}", team.found(0));
    team.staff.put(key(0), &id(0), &profile(80, false));
    team.end_day(20);
    assert_eq!(team.level(0), 70);
}

#[test]
fn the_same_outcomes_give_the_same_levels() {
    let (one, other) = (two_months(), two_months());
    assert!(!one.commands.is_empty());
    assert_eq!(one.commands, other.commands);
    assert_eq!(one.outcomes.found(), other.outcomes.found());
}

#[test]
fn who_changes_is_seen_to() {
    let mut team = Team::new(&[(60, 60.0); 6]);
    for day in 0..DAYS {
        (0..30).for_each(|contact| team.contact(contact % 6, 1));
        team.end_day(day);
    }
    let before = team.level(0);
    team.truths[0] = 10.0;
    for day in DAYS..3 * DAYS {
        (0..30).for_each(|contact| team.contact(contact % 6, 1));
        team.end_day(day);
    }
    assert!(team.level(0) + 20 <= before, "{before} before, {} after", team.level(0));
}

#[test]
fn tiers_are_left_only_for_something_clearly_else() {
    assert_eq!(next_tier(60, 67), None);
    assert_eq!(next_tier(60, 68), Some(70));
    assert_eq!(next_tier(75, 90), Some(80));
    assert_eq!(next_tier(75, 60), Some(70));
    assert_eq!(next_tier(70, 62), Some(60));
    assert_eq!(next_tier(10, 0), None, "nobody loses the skill");
    assert_eq!(next_tier(0, 50), Some(10), "nobody gets it all at once");
    assert_eq!(next_tier(100, 100), None);
}
