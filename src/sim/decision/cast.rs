//! Who is in a world: agents with their profiles, and what contacts ask for.
//!
//! Invariant: whoever has a scarce skill is busy, and idle agents have common skills only. Everything is drawn from one
//! fixed seed, so that a world is the same each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::Arc,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::model::{
    agent::AgentProfile,
    care::Care,
    contact::{ContactDetails, NewContact, TargetAgent},
    ids::{AgentId, ChannelName, ContactId, QueueName, SkillName},
    requirement::{Condition, Requirement},
    time::Span,
};

use super::shape::{SCARCE, SKILLS, Shape, Side, Twist};

/// The skill that every heir of the row of ineligible heads has.
const ANCHOR: usize = SKILLS - 1;
const HEIR: usize = SKILLS - 2;
/// Classes at the head of that row.
pub(super) const HEADS: usize = 1_000;

/// The people of a world.
pub(super) struct Cast {
    shape: Shape,
    pub(super) random: StdRng,
    /// Queue and requirement of every contact, in the order in which they came, which is how the engine counts them.
    pub(super) kinds: Vec<(usize, usize)>,
    pub(super) agents: Vec<AgentId>,
    /// Agents by number who have a skill.
    holders: Vec<Vec<usize>>,
    queues: Vec<QueueName>,
    skills: Vec<SkillName>,
    voice: ChannelName,
    details: Arc<ContactDetails>,
}

impl Cast {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            shape,
            random: StdRng::seed_from_u64(11),
            kinds: Vec::new(),
            agents: Vec::new(),
            holders: vec![Vec::new(); SKILLS],
            queues: (0..shape.queues).map(|queue| name(&format!("q{queue}"), QueueName::new)).collect(),
            skills: (0..SKILLS).map(|skill| name(&format!("s{skill}"), SkillName::new)).collect(),
            voice: name("voice", ChannelName::new),
            details: Arc::default(),
        }
    }

    /// From now on contacts come only into the other queues; the name of the last, and of the first.
    pub(super) fn drop_last_queue(&mut self) -> (QueueName, QueueName) {
        self.shape.queues -= 1;
        let last = self.queues.pop().expect("a world has several queues");
        (last, self.queues[0].clone())
    }

    /// The profile of somebody who never signs in; they make the second skill of the ineligible heads less rare than
    /// the first.
    pub(super) fn ghost(&self) -> AgentProfile {
        let skills = (SCARCE..HEIR).map(|skill| (self.skills[skill].clone(), 100)).collect();
        AgentProfile { skills, ..AgentProfile::default() }
    }

    /// One of the contacts at the head of the row whom no agent may take.
    pub(super) fn head(&mut self, head: usize) -> NewContact {
        let second = Condition { skill: self.skills[SCARCE + head % 20].clone(), level: 1 + (head / 20) as u8 };
        let anchor = Condition { skill: self.skills[ANCHOR].clone(), level: 50 };
        let requirement = Requirement { all: vec![anchor, second], ..Requirement::default() };
        self.kinds.push((0, 0));
        self.contact_asking(0, requirement)
    }

    pub(super) fn side(&self, number: usize) -> Side {
        if number % 100 < self.shape.idle_percent { Side::Idle } else { Side::Busy }
    }

    pub(super) fn profile(&mut self, number: usize) -> AgentProfile {
        let side = self.side(number);
        let mut queues = Vec::new();
        let mut skills = BTreeMap::new();
        let twist = self.shape.twist;
        if twist == Twist::Assigned {
            let half = self.shape.queues / 2;
            let base = if side == Side::Idle { 0 } else { half };
            let chosen: BTreeSet<usize> =
                (0..400).map(|_| base + self.random.random_range(0..half)).take(220).collect();
            queues = chosen.into_iter().take(200).map(|queue| self.queues[queue].clone()).collect();
            queues.sort_unstable();
        }
        let (scarce, common) = match (side, twist) {
            (Side::Busy, Twist::IneligibleHeads) => (0, 3),
            (Side::Busy, Twist::Unique) => (6, 4),
            (Side::Idle, Twist::Unique) => (0, 10),
            (Side::Busy, _) => (3, 2),
            (Side::Idle, _) => (0, 5),
        };
        let mut chosen: Vec<usize> = Vec::new();
        for (many, base) in [(scarce, SCARCE), (common, 0)] {
            let mut left = many;
            while left > 0 {
                let skill = base + self.random.random_range(0..SCARCE);
                if !chosen.contains(&skill) {
                    chosen.push(skill);
                    left -= 1;
                }
            }
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            chosen.extend([ANCHOR, HEIR]);
        }
        if twist == Twist::NobodyHasBoth && chosen.contains(&0) {
            chosen.retain(|skill| *skill != 1);
        }
        for skill in chosen {
            skills.insert(self.skills[skill].clone(), self.random.random_range(1..=100));
            self.holders[skill].push(number);
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            skills.insert(self.skills[ANCHOR].clone(), 100);
            skills.insert(self.skills[HEIR].clone(), 100);
        }
        if twist == Twist::Empathy && number.is_multiple_of(5) {
            skills.insert(name("empathy", SkillName::new), 80);
        }
        AgentProfile { skills, queues, ..AgentProfile::default() }
    }

    pub(super) fn contact(&mut self, side: Side) -> NewContact {
        let queue = self.random.random_range(0..self.shape.queues);
        let own = self.random.random_range(0..self.shape.own.max(1));
        self.contact_of(side, queue, own)
    }

    pub(super) fn contact_of(&mut self, side: Side, queue: usize, own: usize) -> NewContact {
        self.kinds.push((queue, own));
        let twist = self.shape.twist;
        if twist == Twist::Assigned {
            let half = self.shape.queues / 2;
            let queue = if side == Side::Idle { queue % half } else { half + queue % half };
            return self.contact_asking(queue, Requirement::default());
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            let heir = Condition { skill: self.skills[HEIR].clone(), level: 1 + (own % 50) as u8 };
            return self.contact_asking(queue, Requirement { all: vec![heir], ..Requirement::default() });
        }
        if side == Side::Idle && twist == Twist::NobodyHasBoth {
            let all = [0, 1].map(|skill| Condition { skill: self.skills[skill].clone(), level: 1 });
            return self.contact_asking(0, Requirement { all: all.into(), ..Requirement::default() });
        }
        let base = if side == Side::Busy { SCARCE } else { 0 };
        // The queue asks for common skill `queue % SCARCE` itself, so arrivals ask for another one.
        let skill = if side == Side::Busy { own * 3 + queue * 7 } else { queue + 1 + own % (SCARCE - 1) } % SCARCE;
        let level = match (twist, self.shape.own) {
            (Twist::Unique, _) => 1 + (own * 2 + queue) % 100,
            (_, 0..=8) => [20, 50, 80][own % 3],
            _ => 1 + (own / 25) * 2,
        };
        let condition = Condition { skill: self.skills[base + skill].clone(), level: level as u8 };
        let mut contact = self.contact_asking(queue, Requirement { all: vec![condition], ..Requirement::default() });
        if twist == Twist::Personal {
            self.make_personal(&mut contact, side, base + skill);
        }
        contact
    }

    fn make_personal(&mut self, contact: &mut NewContact, side: Side, skill: usize) {
        let holders = &self.holders[skill];
        let mut any = || loop {
            let holder = holders[self.random.random_range(0..holders.len())];
            let idle = holder % 100 < self.shape.idle_percent;
            if idle == (side == Side::Idle) {
                break self.agents[holder].clone();
            }
        };
        let excluded: Vec<AgentId> = (0..16).map(|_| any()).collect();
        let target = any();
        match self.random.random_range(0..100) {
            0..15 => {
                contact.excluded = excluded;
                contact.excluded.sort_unstable();
                contact.excluded.dedup();
            }
            15..30 => contact.target = Some(TargetAgent { agent: target, window: None }),
            _ => {}
        }
    }

    fn contact_asking(&self, queue: usize, requirement: Requirement) -> NewContact {
        let is_moment = self.shape.twist == Twist::Empathy && self.kinds.len().is_multiple_of(12);
        NewContact {
            id: name(&format!("contact-{:09}", self.kinds.len()), ContactId::new),
            queue: self.queues[queue].clone(),
            channel: self.voice.clone(),
            requirement,
            target: None,
            excluded: Vec::new(),
            care: if is_moment { Care::moment(Span::from_secs(10)) } else { Care::default() },
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            details: Arc::clone(&self.details),
            trace: None,
        }
    }
}

pub(super) fn name<N, E: Debug>(text: &str, new: impl Fn(&str) -> Result<N, E>) -> N {
    new(text).expect("the bench's names obey the grammar")
}
