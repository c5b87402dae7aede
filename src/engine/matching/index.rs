//! The matching index: everything a decision reads, derived from contacts, agents and document.
//!
//! Invariant: it equals what would be derived afresh (`invariant::check` compares); it changes only in `evolve`.

use std::{collections::BTreeSet, ops::Bound, sync::Arc};

use smallvec::SmallVec;

use crate::{
    engine::{event::Place, load::Strain, names::Names, table::Table},
    model::{
        document::{Document, Empathy, Members, OwnRequirement, Queue, Rule},
        ids::{AgentKey, ChannelKey, ContactKey, QueueKey, SkillKey, SkillName},
        limits::{ATOMS_MAX, CLASSES_MAX},
        requirement::{Condition, Dnf, Level, Requirement, RequirementError},
    },
};

use super::{
    atoms::{ANYONE, Atom, AtomKey, AtomSet, Atoms},
    class::{Alternative, Alternatives, Anchor, Class, ClassId, ClassKey, LaneKey},
    everyone::Everyone,
    heads::{Head, Heads},
    manner::is_for_empathy,
    reach::{Reach, Seeker},
    reserve::Reserve,
    roster::{IdleKey, Roster},
    settle::Freed,
};

/// What the index knows of an agent.
#[derive(Debug, Clone, Default)]
pub struct Stand {
    /// Proficiencies, by skill.
    skills: Vec<(SkillKey, Level)>,
    /// Queues assigned to.
    queues: Vec<QueueKey>,
    /// The atoms in use that it satisfies.
    pub signature: AtomSet,
    /// Where it stands, if it is available at all.
    pub standing: Option<Standing>,
    /// How much it has had of moments of truth.
    pub strain: Strain,
    /// Contacts that wait for this agent alone.
    pub private: BTreeSet<(Place, ContactKey)>,
    /// Contacts that a supervisor wants this agent to take before anything else.
    pub pulled: BTreeSet<(Place, ContactKey)>,
}

impl Stand {
    /// The proficiency in a skill, if the agent has it.
    pub fn level(&self, skill: SkillKey) -> Option<Level> {
        self.skills.iter().find(|(known, _)| *known == skill).map(|(_, level)| *level)
    }

    /// Whether it can take something now.
    pub fn is_ready(&self) -> bool {
        self.standing.is_some_and(|standing| standing.ready != 0)
    }

    /// Whether assigned to a queue.
    pub fn is_assigned(&self, queue: QueueKey) -> bool {
        self.queues.contains(&queue)
    }
}

/// An available agent's place in the rosters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In idle order.
    pub key: IdleKey,
    /// Lanes it can take now.
    pub ready: u64,
    /// Lanes it could take with less work.
    pub blocked: u64,
}

/// Where a contact waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLine {
    /// For anyone in this class.
    Class(ClassKey),
    /// For this agent alone.
    Private(AgentKey),
    /// For this agent alone, and before anything else the agent could take.
    Pulled(AgentKey),
}

/// The index.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub atoms: Atoms,
    lanes: Vec<(ChannelKey, u32)>,
    lane_keys: Table<(ChannelKey, u32), LaneKey>,
    vacant_lanes: Vec<LaneKey>,
    /// Atoms of a document that is being prepared, not yet given to all who satisfy them.
    pending: BTreeSet<AtomKey>,
    classes: Vec<Option<Class>>,
    class_keys: Table<ClassId, ClassKey>,
    vacant: Vec<ClassKey>,
    pub heads: Vec<Heads>,
    /// Of those, the classes of moments of truth.
    pub moments: Vec<Heads>,
    /// Agents who can take something now, by what they can take.
    pub idle: Roster,
    /// Agents who could take something with less work, by what that is.
    pub busy: Roster,
    /// All agents, signed in or not.
    pub everyone: Everyone,
    /// Who could ever take what waits.
    pub reach: Reach,
    /// Empathetic agents kept free, of each document that contacts go by.
    pub reserves: SmallVec<[Reserve; 2]>,
    stands: Vec<Stand>,
    /// Per skill, who has it, by proficiency: a condition that comes into use concerns only those who satisfy it.
    holders: Vec<BTreeSet<(Level, AgentKey)>>,
    assigned: Table<QueueKey, BTreeSet<AgentKey>>,
    pub dirty_agents: BTreeSet<AgentKey>,
    pub dirty_contacts: BTreeSet<(Place, ContactKey)>,
    /// Classes that were paused: whoever follows a contact that was looked at is looked at too.
    pub reopened: BTreeSet<ClassKey>,
    /// Agents who wait for a slice in which they may be offered something.
    pub freed: Freed,
    paused: BTreeSet<QueueKey>,
}

impl Index {
    /// Lets go of everything that is to be looked at.
    pub fn forget_work(&mut self) {
        self.dirty_agents.clear();
        self.dirty_contacts.clear();
        self.reopened.clear();
        self.freed = Freed::default();
        self.reach = Reach::default();
    }

    /// Marks the first of each line that anybody could take from; whoever stands behind is looked at in turn.
    pub fn mark_lines(&mut self) {
        for (key, class) in (0..).map(ClassKey).zip(&self.classes) {
            let Some(class) = class.as_ref().filter(|class| !class.paused) else { continue };
            let Some(head) = class.line.first() else { continue };
            self.dirty_contacts.insert(*head);
            self.reopened.insert(key);
        }
        for stand in self.stands.iter().filter(|stand| stand.is_ready()) {
            self.dirty_contacts.extend(stand.pulled.first().into_iter().chain(stand.private.first()));
        }
    }

    /// The number of a (channel, cost) pair; a new one if it was not in use.
    pub fn lane(&mut self, channel: ChannelKey, cost: u32) -> LaneKey {
        if let Some(lane) = self.lane_keys.get(&(channel, cost)) {
            return *lane;
        }
        let lane = self.vacant_lanes.pop().unwrap_or_else(|| {
            self.lanes.push((channel, cost));
            self.heads.push(Heads::default());
            self.moments.push(Heads::default());
            LaneKey(u8::try_from(self.lanes.len() - 1).expect("two documents together use at most 64 lanes"))
        });
        self.lanes[usize::from(lane.0)] = (channel, cost);
        self.lane_keys.insert((channel, cost), lane);
        lane
    }

    /// Frees the numbers of pairs that are no longer in use. Agents keep standing by them until they are described
    /// again, which means nothing to anybody.
    pub fn free_lanes(&mut self, is_free: impl Fn(&(ChannelKey, u32)) -> bool) {
        for (lane, pair) in (0u8..).map(LaneKey).zip(&self.lanes) {
            if is_free(pair) && self.lane_keys.get(pair) == Some(&lane) {
                self.lane_keys.remove(pair);
                self.vacant_lanes.push(lane);
            }
        }
    }

    /// The number of a (channel, cost) pair in use.
    pub fn find_lane(&self, channel: ChannelKey, cost: u32) -> Option<LaneKey> {
        self.lane_keys.get(&(channel, cost)).copied()
    }

    /// All lanes, by number, those included that no document uses any more.
    pub fn lanes(&self) -> &[(ChannelKey, u32)] {
        &self.lanes
    }

    /// A class in use.
    pub fn class(&self, class: ClassKey) -> &Class {
        self.classes[class.0 as usize].as_ref().expect("a class that a contact waits in exists")
    }

    /// The class of this number, if it is in use.
    pub fn known_class(&self, class: ClassKey) -> Option<&Class> {
        self.classes.get(class.0 as usize)?.as_ref()
    }

    /// The class with this identity, if it is in use.
    pub fn find_class(&self, id: &ClassId) -> Option<ClassKey> {
        self.class_keys.get(id).copied()
    }

    /// Compiles the class with this identity, which is not in use.
    pub fn add_class(
        &mut self,
        id: &ClassId,
        queue: &Queue,
        empathy: Option<&Empathy>,
        skills: &mut Names<SkillName>,
    ) -> ClassKey {
        if self.class_keys.len() >= CLASSES_MAX {
            self.drop_empty_classes();
        }
        let rule = rule_at(queue, id.step);
        let required = combined(rule, id.own.as_deref()).expect("requirements are checked before a contact enters");
        let member = (queue.members == Members::Assigned).then(|| self.atom(Atom::Member(id.queue)));
        let required = id.manner.required(&required, empathy, id.asks.as_deref().unwrap_or_default());
        let mut alternatives = self.compile(&required, member, skills);
        if let (Some(empathy), Some(bar)) = (empathy, id.manner.barred_by().and_then(|bar| self.bar(id.document, bar)))
        {
            let open = alternatives.iter_mut().zip(&required.conjuncts);
            let open = open.filter(|(_, conjunct)| !is_for_empathy(conjunct, empathy));
            open.for_each(|(alternative, _)| alternative.must_not.push(bar));
        }
        let spared = self.spared_atom(id.manner.spares(empathy));
        alternatives.iter_mut().for_each(|alternative| alternative.must_not.extend(spared));
        let required = alternatives;
        let tiers = id.manner.tiers(&rule.prefer, empathy);
        let compiled = tiers.iter().map(|tier| {
            let spared = self.spared_atom(tier.spares);
            let mut alternatives = self.compile(&tier.preferred, None, skills);
            alternatives.iter_mut().for_each(|alternative| alternative.must_not.extend(spared));
            alternatives
        });
        let tiers = compiled.collect();
        let yields = id.manner.yields().and_then(|bar| self.bar(id.document, bar));
        let mut anchors: SmallVec<[Anchor; 1]> = required.iter().map(|needed| self.anchor_of(needed)).collect();
        anchors.sort_unstable();
        anchors.dedup();
        let paused = self.paused.contains(&id.queue);
        let class = Class { id: id.clone(), required, tiers, anchors, line: BTreeSet::new(), yields, paused };
        let key = match self.vacant.pop() {
            Some(vacant) => vacant,
            None => {
                self.classes.push(None);
                ClassKey(u32::try_from(self.classes.len() - 1).expect("classes are limited well below 2^32"))
            }
        };
        self.classes[key.0 as usize] = Some(class);
        self.class_keys.insert(id.clone(), key);
        key
    }

    /// Whether a requirement with conditions not yet in use still fits.
    pub fn has_room(&self) -> bool {
        self.atoms.len() + 64 <= ATOMS_MAX && (self.class_keys.len() < CLASSES_MAX || self.an_empty_class())
    }

    fn an_empty_class(&self) -> bool {
        self.classes.iter().flatten().any(|class| class.line.is_empty())
    }

    fn drop_empty_classes(&mut self) {
        for (number, slot) in (0..).zip(&mut self.classes) {
            if let Some(class) = slot.take_if(|class| class.line.is_empty()) {
                self.class_keys.remove(&class.id);
                self.reach.forget(Seeker::Class(ClassKey(number)));
                self.reopened.remove(&ClassKey(number));
                self.vacant.push(ClassKey(number));
            }
        }
    }

    fn compile(&mut self, dnf: &Dnf, member: Option<AtomKey>, skills: &mut Names<SkillName>) -> Alternatives {
        let mut atom = |condition: &Condition| {
            let skill = SkillKey(skills.intern(&condition.skill));
            self.atom(Atom::Skill(skill, condition.level))
        };
        let mut alternatives = Alternatives::new();
        for conjunct in &dnf.conjuncts {
            let mut must: SmallVec<[AtomKey; 4]> = conjunct.must.iter().map(&mut atom).collect();
            let must_not = conjunct.must_not.iter().map(&mut atom).collect();
            must.extend(member);
            if must.is_empty() {
                must.push(ANYONE);
            }
            alternatives.push(Alternative { must, must_not });
        }
        alternatives
    }

    fn anchor_of(&self, alternative: &Alternative) -> Anchor {
        let rarity = |atom: &AtomKey| (self.atoms.holders(*atom), *atom);
        let first = alternative.must.iter().copied().min_by_key(rarity);
        let first = first.expect("an alternative has at least one positive condition");
        let others = alternative.must.iter().copied().filter(|atom| *atom != first);
        Anchor { first, second: others.min_by_key(rarity).unwrap_or(ANYONE) }
    }

    /// An atom's key; one that was not in use is given to the agents who satisfy it.
    fn atom(&mut self, atom: Atom) -> AtomKey {
        let key = match self.atoms.find(atom) {
            Some(key) if !self.pending.remove(&key) => return key,
            Some(pending) => pending,
            None => self.atoms.add(atom),
        };
        let satisfying: Vec<AgentKey> = match atom {
            Atom::Anyone | Atom::Kept(..) | Atom::Strained(_) => Vec::new(),
            Atom::Skill(skill, level) => {
                let holders = self.holders.get(skill.0 as usize).into_iter();
                holders.flat_map(|holders| holders.range((level, AgentKey(0))..)).map(|(_, agent)| *agent).collect()
            }
            Atom::Member(queue) => self.assigned(queue).collect(),
        };
        for agent in satisfying {
            let stand = &mut self.stands[agent.0 as usize];
            if stand.signature.contains(key) {
                continue;
            }
            stand.signature.insert(key);
            self.everyone.grant(agent, key);
            self.atoms.count_holder(key);
            if let Some(standing) = stand.standing {
                if standing.ready != 0 {
                    self.idle.grant(standing.key, key);
                }
                if standing.blocked != 0 {
                    self.busy.grant(standing.key, key);
                }
            }
        }
        key
    }

    /// Brings the conditions of a queue into use that is not in force yet: agents get them as they are described.
    pub fn prepare_conditions(
        &mut self,
        queue: QueueKey,
        rules: &Queue,
        empathy: Option<&Empathy>,
        skills: &mut Names<SkillName>,
    ) {
        if let Some(empathy) = empathy {
            self.prepare(Atom::Skill(SkillKey(skills.intern(&empathy.skill)), empathy.level));
        }
        if rules.members == Members::Assigned {
            self.prepare(Atom::Member(queue));
        }
        let all = std::iter::once(&rules.rule).chain(rules.steps.iter().map(|step| &step.rule));
        for dnf in all.flat_map(|rule| std::iter::once(&rule.required).chain(&rule.prefer)) {
            for condition in dnf.conjuncts.iter().flat_map(|one| one.must.iter().chain(&one.must_not)) {
                self.prepare(Atom::Skill(SkillKey(skills.intern(&condition.skill)), condition.level));
            }
        }
    }

    /// The same of what a document's moments ask.
    pub fn prepare_moments(&mut self, document: &Document, skills: &mut Names<SkillName>) {
        for moment in document.moments.values() {
            for (skill, level) in &moment.skills {
                self.prepare(Atom::Skill(SkillKey(skills.intern(skill)), *level));
            }
            if let Some(empathy) = document.empathy.as_ref().filter(|empathy| moment.empathy > empathy.level) {
                self.prepare(Atom::Skill(SkillKey(skills.intern(&empathy.skill)), moment.empathy));
            }
        }
    }

    fn prepare(&mut self, atom: Atom) {
        if self.atoms.find(atom).is_none() {
            self.pending.insert(self.atoms.add(atom));
        }
    }

    /// Every agent has been described since the last condition was prepared.
    pub fn conditions_are_ready(&mut self) {
        self.pending.clear();
    }

    /// The key of an atom in use, if all who satisfy it have it.
    pub fn find_ready(&self, atom: Atom) -> Option<AtomKey> {
        self.atoms.find(atom).filter(|key| !self.pending.contains(key))
    }

    /// Enters a contact into a line.
    /// Returns whom it displaced from the front, if anybody.
    pub fn enter_line(&mut self, line: InLine, place: Place, contact: ContactKey) -> Option<ContactKey> {
        self.dirty_contacts.insert((place, contact));
        let front = match line {
            InLine::Private(_) | InLine::Pulled(_) => {
                let own = self.own_line(line);
                let front = own.first().copied();
                own.insert((place, contact));
                front
            }
            InLine::Class(key) => {
                let class = self.classes[key.0 as usize].as_mut().expect("a class that is entered exists");
                let head = class.line.first().copied();
                class.line.insert((place, contact));
                if !class.paused && head.is_none_or(|head| (place, contact) < head) {
                    move_head(&mut self.heads, &mut self.moments, class, key, head, Some((place, contact)));
                }
                head
            }
        };
        front.filter(|front| (place, contact) < *front).map(|(_, displaced)| displaced)
    }

    /// Takes a contact out of its line. Returns who is in front now, if that was this contact.
    pub fn leave_line(&mut self, line: InLine, place: Place, contact: ContactKey) -> Option<ContactKey> {
        self.dirty_contacts.remove(&(place, contact));
        let (front, next) = match line {
            InLine::Private(_) | InLine::Pulled(_) => {
                let own = self.own_line(line);
                let front = own.first().copied();
                own.remove(&(place, contact));
                (front, own.first().copied())
            }
            InLine::Class(key) => {
                let class = self.classes[key.0 as usize].as_mut().expect("a class that is left exists");
                let head = class.line.first().copied();
                class.line.remove(&(place, contact));
                let next = class.line.first().copied();
                if !class.paused && head == Some((place, contact)) {
                    move_head(&mut self.heads, &mut self.moments, class, key, head, next);
                }
                (head, next)
            }
        };
        next.filter(|_| front == Some((place, contact))).map(|(_, promoted)| promoted)
    }

    /// Who stands behind a place in a line.
    pub fn behind(&self, line: InLine, place: Place, contact: ContactKey) -> Option<Head> {
        let line = match line {
            InLine::Private(agent) => &self.stand(agent).private,
            InLine::Pulled(agent) => &self.stand(agent).pulled,
            InLine::Class(class) => &self.class(class).line,
        };
        line.range((Bound::Excluded((place, contact)), Bound::Unbounded)).next().copied()
    }

    fn own_line(&mut self, line: InLine) -> &mut BTreeSet<(Place, ContactKey)> {
        match line {
            InLine::Private(agent) => &mut self.stand_mut(agent).private,
            InLine::Pulled(agent) => &mut self.stand_mut(agent).pulled,
            InLine::Class(_) => unreachable!("a class's line is the class's"),
        }
    }

    /// Takes a queue's classes out of what agents look through.
    pub fn pause(&mut self, queue: QueueKey) {
        self.paused.insert(queue);
        for (key, class) in classes_of(&mut self.classes, queue) {
            class.paused = true;
            self.reopened.remove(&key);
            move_head(&mut self.heads, &mut self.moments, class, key, class.line.first().copied(), None);
        }
    }

    /// Puts them back, and marks the first of each line.
    pub fn reopen(&mut self, queue: QueueKey) {
        self.paused.remove(&queue);
        for (key, class) in classes_of(&mut self.classes, queue) {
            class.paused = false;
            let Some(head) = class.line.first().copied() else { continue };
            move_head(&mut self.heads, &mut self.moments, class, key, None, Some(head));
            self.dirty_contacts.insert(head);
            self.reopened.insert(key);
        }
    }

    /// Who is in front of each of a queue's lines.
    pub fn fronts(&self, queue: QueueKey) -> Vec<ContactKey> {
        let classes = self.classes.iter().flatten().filter(|class| class.id.queue == queue);
        classes.filter_map(|class| class.line.first()).map(|(_, contact)| *contact).collect()
    }

    /// Who is in front of a line.
    pub fn front(&self, line: InLine) -> Option<ContactKey> {
        let front = match line {
            InLine::Private(agent) => self.stand(agent).private.first(),
            InLine::Pulled(agent) => self.stand(agent).pulled.first(),
            InLine::Class(class) => self.class(class).line.first(),
        };
        front.map(|(_, contact)| *contact)
    }

    /// What the index knows of an agent.
    pub fn stand(&self, agent: AgentKey) -> &Stand {
        &self.stands[agent.0 as usize]
    }

    pub(super) fn stand_mut(&mut self, agent: AgentKey) -> &mut Stand {
        &mut self.stands[agent.0 as usize]
    }

    /// Takes over an agent's skills and queues; the agent must not be standing.
    pub fn describe_agent(&mut self, agent: AgentKey, skills: Vec<(SkillKey, Level)>, queues: Vec<QueueKey>) {
        let at = agent.0 as usize;
        if self.stands.len() <= at {
            self.stands.resize_with(at + 1, Stand::default);
        }
        assert!(self.stands[at].standing.is_none(), "an agent is described before it stands");
        let old = std::mem::take(&mut self.stands[at].signature);
        for atom in old.iter().filter(|atom| *atom != ANYONE) {
            self.atoms.discount_holder(atom);
        }
        for (skill, level) in &self.stands[at].skills {
            self.holders[skill.0 as usize].remove(&(*level, agent));
        }
        for queue in std::mem::take(&mut self.stands[at].queues) {
            if let Some(assigned) = self.assigned.get_mut(&queue) {
                assigned.remove(&agent);
            }
        }
        let mut signature = AtomSet::default();
        signature.insert(ANYONE);
        for (skill, level) in &skills {
            if self.holders.len() <= skill.0 as usize {
                self.holders.resize_with(skill.0 as usize + 1, BTreeSet::new);
            }
            self.holders[skill.0 as usize].insert((*level, agent));
            self.atoms.satisfied_by(*skill, *level).for_each(|atom| signature.insert(atom));
        }
        for queue in &queues {
            if self.assigned.get(queue).is_none() {
                self.assigned.insert(*queue, BTreeSet::new());
            }
            self.assigned.get_mut(queue).expect("it was just inserted").insert(agent);
            if let Some(atom) = self.atoms.find(Atom::Member(*queue)) {
                signature.insert(atom);
            }
        }
        for atom in self.strain_atoms(self.stands[at].strain) {
            signature.insert(atom);
        }
        for atom in signature.iter().filter(|atom| *atom != ANYONE) {
            self.atoms.count_holder(atom);
        }
        self.everyone.describe(agent, &old, &signature);
        let stand = &mut self.stands[at];
        let before = std::mem::replace(&mut stand.skills, skills);
        (stand.queues, stand.signature) = (queues, signature);
        self.describe_reserves(agent, &before);
    }

    /// An agent's skills.
    pub fn skills_of(&self, agent: AgentKey) -> &[(SkillKey, Level)] {
        &self.stand(agent).skills
    }

    /// How many have a skill at any level.
    pub fn count_holders(&self, skill: SkillKey) -> usize {
        self.holders.get(skill.0 as usize).map_or(0, BTreeSet::len)
    }

    /// Who has a skill at any level.
    pub fn holders(&self, skill: SkillKey) -> impl Iterator<Item = (AgentKey, Level)> + '_ {
        let holders = self.holders.get(skill.0 as usize).into_iter().flatten();
        holders.map(|(level, agent)| (*agent, *level))
    }

    /// Who is assigned to a queue.
    pub fn assigned(&self, queue: QueueKey) -> impl Iterator<Item = AgentKey> + '_ {
        self.assigned.get(&queue).into_iter().flatten().copied()
    }

    /// Puts an agent where it stands now, and marks it if it can take more than before.
    pub fn place_agent(&mut self, agent: AgentKey, now: Option<Standing>) {
        let before = self.stands.get(agent.0 as usize).and_then(|stand| stand.standing);
        if before == now {
            return;
        }
        if let Some(before) = before {
            let stands = &self.stands;
            let signature = &stands[agent.0 as usize].signature;
            let standing = |agent: AgentKey| stands[agent.0 as usize].standing.expect("only standing agents stand");
            let signature_of = |agent: AgentKey| &stands[agent.0 as usize].signature;
            if before.ready != 0 {
                let moved = |agent| (signature_of(agent), standing(agent).ready);
                self.idle.remove(before.key, signature, before.ready, moved);
            }
            if before.blocked != 0 {
                let moved = |agent| (signature_of(agent), standing(agent).blocked);
                self.busy.remove(before.key, signature, before.blocked, moved);
            }
        }
        self.stand_mut(agent).standing = now;
        if let Some(now) = now {
            let signature = &self.stands[agent.0 as usize].signature;
            if now.ready != 0 {
                self.idle.insert(now.key, signature, now.ready);
            }
            if now.blocked != 0 {
                self.busy.insert(now.key, signature, now.blocked);
            }
        }
        self.place_in_reserves(agent);
        let Some(now) = now else { return };
        if now.ready & !before.map_or(0, |before| before.ready) != 0 {
            self.dirty_agents.insert(agent);
        }
    }

    /// Every contact in a class's line, class by class (for checks).
    pub fn lines(&self) -> impl Iterator<Item = (ClassKey, &Class)> {
        (0..).map(ClassKey).zip(&self.classes).filter_map(|(key, class)| Some((key, class.as_ref()?)))
    }
}

/// Moves a class's head in what agents look through.
fn move_head(
    heads: &mut [Heads],
    moments: &mut [Heads],
    class: &Class,
    key: ClassKey,
    from: Option<Head>,
    to: Option<Head>,
) {
    let lane = usize::from(class.id.lane.0);
    heads[lane].move_to(&class.anchors, key, from, to);
    if class.id.manner.is_moment() {
        moments[lane].move_to(&class.anchors, key, from, to);
    }
}

fn classes_of(classes: &mut [Option<Class>], queue: QueueKey) -> impl Iterator<Item = (ClassKey, &mut Class)> {
    let numbered = (0..).map(ClassKey).zip(classes).filter_map(|(key, class)| Some((key, class.as_mut()?)));
    numbered.filter(move |(_, class)| class.id.queue == queue)
}

/// Lanes with their numbers.
pub fn numbered(lanes: &[(ChannelKey, u32)]) -> impl Iterator<Item = (LaneKey, ChannelKey, u32)> + '_ {
    (0u8..).zip(lanes).map(|(lane, (channel, cost))| (LaneKey(lane), *channel, *cost))
}

/// The rule in force at a step (0 = before the first).
pub fn rule_at(queue: &Queue, step: u8) -> &Rule {
    match step {
        0 => &queue.rule,
        step => queue.steps.get(usize::from(step) - 1).map_or(&queue.rule, |step| &step.rule),
    }
}

/// What an agent needs for a contact of the queue that asks this itself.
pub fn combined(rule: &Rule, own: Option<&Requirement>) -> Result<Dnf, RequirementError> {
    match own {
        Some(own) if rule.own == OwnRequirement::Counts => rule.required.and(&own.to_dnf()?),
        _ => Ok(rule.required.clone()),
    }
}

/// The identity under which contacts that ask this share a class.
pub fn own_of(requirement: &Arc<Requirement>) -> Option<Arc<Requirement>> {
    (!requirement.is_empty()).then(|| Arc::clone(requirement))
}
