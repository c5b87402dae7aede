//! The bank's agents: who speaks what and knows what.
//!
//! Invariant: seeded; every language and subject that customers ask for is served by somebody, however few agents there
//! are, and skills follow demand, so that no queue is left to chance.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{Language, Messages};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// As the daemon knows the agent.
    pub id: String,
    /// Proficiency per skill.
    pub skills: BTreeMap<String, u32>,
}

/// Who has the skill of that name at this proficiency is empathetic, as the bank's document says.
const EMPATHETIC: u32 = 70;

impl Agent {
    /// How good at it the agent is; 0 = not known to be.
    pub fn empathy(&self) -> u32 {
        self.skills.get("empathy").copied().unwrap_or(0)
    }

    /// Whether moments of truth go to this agent first.
    pub fn is_empathetic(&self) -> bool {
        self.empathy() >= EMPATHETIC
    }
}

/// Of those with the same first language one in so many is empathetic, and one at least.
const EMPATHETIC_EVERY: usize = 4;
/// What people are in distress about.
const DISTRESSING: [&str; 4] = ["cards", "fraud", "accounts", "complaints"];
/// Queues that ask for the skill of the same name.
const SUBJECTS: [&str; 7] = ["cards", "accounts", "payments", "digital", "fraud", "loans", "complaints"];

/// So many agents, for the customers who bring these messages.
pub fn staff(seed: u64, agents: usize, messages: &Messages) -> Vec<Agent> {
    let mut rng = StdRng::seed_from_u64(seed.rotate_left(17));
    let languages = messages.languages();
    let mut spoken = first_languages(&languages, agents);
    spoken.shuffle(&mut rng);
    let mut staff: Vec<Agent> = (1..=agents).map(|number| new_agent(number, agents)).collect();
    let mut speakers: BTreeMap<Language, Vec<usize>> = BTreeMap::new();
    for (at, first) in spoken.iter().copied().enumerate() {
        let others = languages.iter().map(|(language, _)| *language).filter(|language| *language != first);
        let mut others: Vec<Language> = others.collect();
        others.shuffle(&mut rng);
        others.truncate(rng.random_range(0..=2));
        for language in others.into_iter().chain([first]) {
            staff[at].skills.insert(language.skill().to_owned(), rng.random_range(70..=100));
            speakers.entry(language).or_default().push(at);
        }
    }
    for (language, _) in &languages {
        let list = speakers.entry(*language).or_default();
        if list.is_empty() {
            let at = rng.random_range(0..agents);
            staff[at].skills.insert(language.skill().to_owned(), 80);
            list.push(at);
        }
    }
    for (language, list) in &speakers {
        train(&mut staff, list, &messages.queues(*language), &mut rng);
    }
    let first = spoken;
    for (language, _) in &languages {
        let speakers = (0..agents).filter(|at| first[*at] == *language);
        for (nth, at) in speakers.enumerate() {
            comfort(&mut staff[at], nth % EMPATHETIC_EVERY == 0, &mut rng);
        }
    }
    staff
}

fn new_agent(number: usize, agents: usize) -> Agent {
    let digits = agents.to_string().len().max(2);
    Agent { id: format!("agent-{number:0digits$}"), skills: BTreeMap::new() }
}

/// Everybody's first language, in proportion to the customers'.
fn first_languages(languages: &[(Language, f64)], agents: usize) -> Vec<Language> {
    let mut given: Vec<(Language, f64, f64)> =
        languages.iter().map(|(language, share)| (*language, *share, 0.0)).collect();
    let next = |_| {
        let behind = |(_, share, given): &(Language, f64, f64)| share / (given + 1.0);
        let most = given.iter_mut().max_by(|a, b| behind(a).total_cmp(&behind(b))).expect("there are messages");
        most.2 += 1.0;
        most.0
    };
    (0..agents).map(next).collect()
}

/// Gives each speaker of a language two or three subjects, those first that its customers lack most.
fn train(staff: &mut [Agent], speakers: &[usize], demand: &[(&str, f64)], rng: &mut StdRng) {
    let wanted: Vec<(&str, f64)> = demand.iter().copied().filter(|(queue, _)| SUBJECTS.contains(queue)).collect();
    let knows = |agent: &Agent, subject: &str| agent.skills.contains_key(subject);
    let count = |agent: &Agent| SUBJECTS.iter().filter(|subject| knows(agent, subject)).count();
    let supply = |staff: &[Agent], subject: &str| speakers.iter().filter(|at| knows(&staff[**at], subject)).count();
    for at in speakers {
        let subjects = rng.random_range(2..=3);
        while count(&staff[*at]) < subjects.min(wanted.len()) {
            let lacking = |(subject, share): &&(&str, f64)| share / (supply(staff, subject) as f64 + 0.5);
            let unknown = wanted.iter().filter(|(subject, _)| !knows(&staff[*at], subject));
            let Some((subject, _)) = unknown.max_by(|a, b| lacking(a).total_cmp(&lacking(b))) else { break };
            staff[*at].skills.insert((*subject).to_owned(), rng.random_range(65..=95));
        }
    }
    // Few agents know more, so that nobody waits in vain.
    for (subject, _) in &wanted {
        if supply(staff, subject) == 0 {
            let least = speakers.iter().min_by_key(|at| count(&staff[**at])).expect("every language is spoken");
            staff[*least].skills.insert((*subject).to_owned(), rng.random_range(65..=95));
        }
    }
}

/// Says how good an agent is with people in distress. Who is good at it has been there for long, and knows what distress
/// is mostly about.
fn comfort(agent: &mut Agent, is_empathetic: bool, rng: &mut StdRng) {
    let empathy = if is_empathetic { EMPATHETIC..=95 } else { 20..=EMPATHETIC - 5 };
    agent.skills.insert("empathy".to_owned(), rng.random_range(empathy));
    if is_empathetic {
        for subject in DISTRESSING {
            let known = agent.skills.entry(subject.to_owned()).or_insert(0);
            *known = (*known).max(rng.random_range(65..=95));
        }
    }
    if rng.random_bool(0.4) {
        agent.skills.insert("retention".to_owned(), rng.random_range(40..=95));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_and_subject_is_served_however_few_agents_there_are() {
        let messages = Messages::shipped();
        for (seed, agents) in [(1, 1), (2, 5), (3, 60), (4, 60), (5, 300)] {
            let staff = staff(seed, agents, &messages);
            assert_eq!(staff.len(), agents);
            for (language, _) in messages.languages() {
                for (queue, _) in messages.queues(language).iter().filter(|(queue, _)| SUBJECTS.contains(queue)) {
                    let serves = |agent: &Agent| {
                        let has = |skill: &str| agent.skills.get(skill).is_some_and(|level| *level >= 60);
                        has(language.skill()) && has(queue)
                    };
                    assert!(staff.iter().any(serves), "{agents} agents: nobody for {queue} in {}", language.tag());
                }
            }
        }
    }

    #[test]
    fn staff_is_the_same_for_the_same_seed() {
        let messages = Messages::shipped();
        assert_eq!(staff(9, 60, &messages), staff(9, 60, &messages));
        assert_ne!(staff(9, 60, &messages), staff(10, 60, &messages));
    }
}
