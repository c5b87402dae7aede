//! A world that has every feature in it, and commands that mostly make sense there.

use std::{collections::BTreeMap, sync::Arc};

use attune::{
    engine::{
        Command, Proposal, State,
        command::Destination,
        view::{AgentView, Answer, ContactFilter, ContactState, ContactView, Query, WorkState},
    },
    model::{
        agent::{AgentProfile, AgentRow, Expected, Presence},
        care::{Announced, Care, Grade},
        contact::{CancelReason, ContactDetails, CustomerId, KeepPlace, NewContact, TargetAgent},
        document::{Document, DocumentEtag, Format, Origin},
        ids::{
            ActorId, AgentId, ChannelName, ContactId, EventName, OfferKey, QueueName, SessionId, SkillName, SourceName,
        },
        requirement::{Condition, Requirement},
        signal::{Content, Feeling, Happened, Measure, Signal, SignalKey, Source, WHOLE},
        supervision::{Action, PresenceTiming, QueueMode, Supervision},
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    sim::driver::Driver,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const AGENTS: u64 = 6;
const QUEUES: [&str; 6] = ["calls", "chats", "mail", "team", "rush", "rest"];
const CHANNELS: [&str; 4] = ["voice", "video", "chat", "email"];
const SKILLS: [&str; 4] = ["a", "b", "c", "d"];
/// Queues that a document may leave out.
const REMOVED: &[&[&str]] = &[&[], &[], &[], &["mail"], &["team"], &["mail", "team"]];
/// Agents are told of a contact's distress at most so often.
pub const ASSIST_EVERY_SECS: i64 = 5;
/// Contacts open at once: enough for lines to form, few enough to check all pairs.
const OPEN_MAX: usize = 14;

/// A source of commands.
pub struct Chaos {
    random: StdRng,
    contacts: u64,
    sessions: u64,
    connections: BTreeMap<u64, u64>,
}

impl Chaos {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), contacts: 0, sessions: 0, connections: BTreeMap::new() }
    }

    pub fn start(&mut self) -> Timestamp {
        Timestamp(self.random.random_range(0..1_000_000_000))
    }

    /// Mostly moments, sometimes long enough for every timer, hardly ever so long that what has ended is forgotten.
    pub fn pause(&mut self) -> Span {
        match self.random.random_range(0..1_000) {
            0..450 => Span::ZERO,
            450..750 => Span::from_millis(self.random.random_range(0..3_000)),
            750..950 => Span::from_secs(self.random.random_range(1..30)),
            950..999 => Span::from_secs(self.random.random_range(30..900)),
            _ => Span::from_secs(self.random.random_range(86_400..90_000)),
        }
    }

    /// So many milliseconds at most.
    pub fn millis(&mut self, most: i64) -> i64 {
        self.random.random_range(0..=most)
    }

    /// Items of a slice, so few that a sweep of this world takes many.
    pub fn slice_items(&mut self) -> usize {
        self.random.random_range(1..5)
    }

    pub fn wants_slice(&mut self) -> bool {
        self.random.random_range(0..2) == 0
    }

    pub fn wants_restart(&mut self) -> bool {
        self.random.random_range(0..100) == 0
    }

    pub fn wants_stall(&mut self) -> bool {
        self.random.random_range(0..60) == 0
    }

    pub fn wants_snapshot(&mut self) -> bool {
        self.random.random_range(0..40) == 0
    }

    pub fn wants_repeat(&mut self) -> bool {
        self.random.random_range(0..10) == 0
    }

    /// A document with every feature; numbers vary, so that applying another one moves things.
    pub fn document(&mut self) -> Document {
        self.document_without(&[])
    }

    /// The same without some of its queues.
    pub fn document_without(&mut self, removed: &[&str]) -> Document {
        let idle = *self.pick(&["since_last_contact", "since_available", "lowest_load"]);
        let priority = self.random.random_range(0..120);
        let at_once = self.random.random_range(1..4);
        let step = self.random.random_range(5..40);
        let over = *self.pick(&[90, 300]);
        let (asked, asked_level) = (self.word(&["a", "b"]), *self.pick(&[1, 40, 80]));
        let mail = r#"
            [queues.mail]
            channels = ["email"]
            require = { all = ["b>=20"] }
            max_wait = { after = "10m", then = "escalate", queue = "rush" }
            "#;
        let team = r#"
            [queues.team]
            members = "assigned"
            require = { any = ["c>=50", "d>=50"] }
            offers = { declining = "forbidden" }
            max_size = { contacts = 4 }
            drain_after = "15s"
            "#;
        let if_kept = |name, text| if removed.contains(&name) { "" } else { text };
        // Some documents know empathetic agents, by one skill or another.
        let empathy = match self.random.random_range(0..4) {
            0 => String::new(),
            _ => {
                let skill = self.word(&["c", "d"]);
                let (level, floor) = (*self.pick(&[30, 60]), self.random.random_range(0..2));
                let mode = self.word(&["soft", "soft", "fixed", "graded", "off"]);
                let (k, of_a) = (self.random.random_range(0..3), self.random.random_range(0..3));
                let (row, share) = (self.random.random_range(0..3), *self.pick(&[20, 50, 100]));
                let learns = self.random.random_range(0..3) > 0;
                format!(
                    "learning = {{ empathy = {learns} }}
                     empathy = {{ skill = \"{skill}\", level = {level}, consecutive_max = {row}, cooldown = \"25s\", share_max = {share} }}
                    reserve = {{ mode = \"{mode}\", k = {k}, floor = {floor}, floor_until = \"40s\", k_by_skill = {{ a = {of_a} }} }}"
                )
            }
        };
        let (mail, team) = (if_kept("mail", mail), if_kept("team", team));
        let text = format!(
            r#"
            longest_idle = "{idle}"
            {empathy}
            session_grace = "20s"
            moments.lost = {{ triggers = [{{ event = "lost" }}, {{ distress = 50 }}], half_life = "1m", skills = {{ {asked} = {asked_level} }}, hold = "15s", offer_time = "25s" }}
            assist = {{ distress = 30, every = "{ASSIST_EVERY_SECS}s" }}
            moments.stuck = {{ triggers = [{{ event = "stuck", from = ["fact"] }}], head_start = "20s", weight = 40 }}
            [skills]
            a = ""
            b = ""
            c = ""
            d = ""
            [channels.voice]
            cost = 100
            [channels.video]
            cost = 100
            on_agent_lost = "requeue"
            [channels.chat]
            cost = 40
            misses_max = 2
            [channels.email]
            cost = 30
            interruptible = true
            [queues.calls]
            channels = ["voice", "video"]
            require = {{ all = ["a>=40"], none = ["d>=90"] }}
            prefer = [{{ all = ["a>=80"] }}, {{ all = ["b"] }}]
            steps = [{{ after = "{step}s", when_wait_over = "60s", require = {{ any = ["a", "b"] }} }},
                     {{ after = "60s", when_wait_over = "{over}s", require = {{}}, own = "waived" }}]
            offers = {{ at_once = {at_once}, time = "15s", extension_max = "20s" }}
            wrap_up = {{ time = "10s", max = "30s", cost = 50 }}
            max_wait = {{ after = "4m", then = "overflow", queue = "rest" }}
            escalate = {{ after_offers = 5, queue = "rush" }}
            drain_after = "10s"
            [queues.chats]
            channels = ["chat"]
            require = {{ at_least = {{ count = 2, of = ["a", "b", "c"] }} }}
            steps = [{{ after = "{step}s", require = {{ any = ["a", "b", "c"] }} }},
                     {{ when_wait_over = "90s", require = {{ any = ["a", "b", "c", "d"] }} }}]
            offers = {{ acceptance = "automatic" }}
            wrap_up = {{ time = "5s" }}
            max_size = {{ contacts = 3, overflow = "rest" }}
            max_wait = {{ after = "6m" }}
            {mail}
            {team}
            [queues.rush]
            priority = "{priority}s"
            cost = 60
            wrap_up = {{ time = "8s", cost = 0 }}
            drain_after = "5s"
            [queues.rest]
            max_wait = {{ after = "5m" }}
            "#
        );
        Document::parse(&text, Format::Toml).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The state of what a command names, for the coverage table.
    pub fn state_touched(&self, state: &State, now: Timestamp, command: &Command) -> &'static str {
        let id = match command {
            Command::EnqueueContact(new) => &new.id,
            Command::AnnounceContact { contact, .. }
            | Command::UpdateContact { contact, .. }
            | Command::ScoreContact { contact, .. }
            | Command::Signal { contact, .. }
            | Command::ParkContact { contact, .. }
            | Command::ReleaseContact { contact }
            | Command::RequeueContact { contact, .. }
            | Command::TransferContact { contact, .. }
            | Command::CompleteContact { contact }
            | Command::CancelContact { contact, .. }
            | Command::ReportConnectFailed { contact, .. }
            | Command::ExtendWrapUp { contact, .. }
            | Command::EndWrapUp { contact, .. } => contact,
            Command::PutAgent { agent, .. }
            | Command::DeleteAgent { agent, .. }
            | Command::OpenSession { agent, .. }
            | Command::LoseSession { agent, .. }
            | Command::SetPresence { agent, .. }
            | Command::AckOffer { agent, .. }
            | Command::AcceptOffer { agent, .. }
            | Command::DeclineOffer { agent, .. }
            | Command::ExtendOffer { agent, .. }
            | Command::LearnEmpathy { agent, .. } => return agent_state(state, now, agent),
            Command::Supervise(supervision) => match &supervision.action {
                Action::MoveContact { contact, .. }
                | Action::PullContact { contact, .. }
                | Action::PrioritiseContact { contact, .. } => contact,
                Action::ForcePresence { agent, .. } => return agent_state(state, now, agent),
                Action::EraseCustomer { .. } => return "-",
                Action::MoveQueue { from: queue, .. } | Action::SetQueueMode { queue, .. } => {
                    return queue_state(state, now, queue);
                }
            },
            Command::SetReserve { .. } | Command::LearnAcceptance { .. } | Command::LearnShowRate { .. } => {
                return "-";
            }
            Command::SetOverflow { queue, .. } => return queue_state(state, now, queue),
            Command::Tick
            | Command::Sweep
            | Command::Resume { .. }
            | Command::Stall { .. }
            | Command::ApplyDocument(_)
            | Command::PutAgents { .. } => return "-",
        };
        match state.query(now, &Query::Contact(id.clone())) {
            Ok(Answer::Contact(contact)) => contact_state(contact.state),
            _ => "unknown",
        }
    }

    /// Something that could happen next: usually to something that is there.
    pub fn command(&mut self, driver: &mut Driver) -> Command {
        let contacts = list(driver);
        let open: Vec<&ContactView> = contacts.iter().filter(|c| c.state != ContactState::Closed).collect();
        let agents = agents(driver);
        let offers: Vec<(AgentId, OfferKey)> = agents
            .iter()
            .flat_map(|agent| agent.work.iter().map(|work| (agent.id.clone(), work.state)))
            .filter_map(|(agent, state)| match state {
                WorkState::Offered(offer) => Some((agent, offer)),
                _ => None,
            })
            .collect();
        if (agents.len() as u64) < AGENTS {
            return self.put_agent(&agents);
        }
        if !offers.is_empty() && self.random.random_range(0..100) < 45 {
            let (agent, offer) = self.pick(&offers).clone();
            return self.answer(agent, offer);
        }
        match self.random.random_range(0..100) {
            0..26 if open.len() < OPEN_MAX => self.enqueue(&open),
            0..29 => self.about_contact(&open, &contacts),
            29..31 => self.announce(driver.now()),
            31..50 => self.sign_in(driver, &agents),
            50..54 => self.lose_session(&agents),
            54..56 => self.put_agent(&agents),
            56..57 => {
                let rows = (0..self.random.random_range(0..4)).map(|_| self.agent_row(&agents)).collect();
                Command::PutAgents { rows }
            }
            57..58 => {
                let agent = self.agent();
                let expected = self.expected(&agents, &agent);
                Command::DeleteAgent { agent, expected }
            }
            58..60 => self.apply_document(),
            60 => Command::Tick,
            61 => {
                let skill = *self.pick(&[None, Some("a"), Some("b"), Some("e")]);
                let skill = skill.map(|skill| SkillName::new(skill).expect("it obeys the grammar"));
                let k = *self.pick(&[None, Some(0), Some(1), Some(2)]);
                Command::SetReserve { skill, k }
            }
            62..64 => self.learn(),
            64..70 => self.supervise(&open),
            _ => self.about_contact(&open, &contacts),
        }
    }

    /// Another document, sometimes without a queue or two, whose contacts mostly have somewhere to go.
    fn apply_document(&mut self) -> Command {
        let removed = *self.pick(REMOVED);
        let queue = |name: &str| QueueName::new(name).expect("it obeys the grammar");
        let mut moves = BTreeMap::new();
        for name in removed {
            match self.random.random_range(0..8) {
                0 => {}
                1 => drop(moves.insert(queue(name), queue("calls"))),
                _ => drop(moves.insert(queue(name), queue(self.word(&["rest", "rush"])))),
            }
        }
        let version = self.random.random_range(0..8);
        let expected = (version < 2).then_some(DocumentEtag { version, digest: 7 });
        let restores = (version == 7).then(|| self.random.random_range(0..3));
        let origin = Origin { author: "chaos".to_owned(), note: String::new(), restores };
        let document = Arc::new(self.document_without(removed));
        Command::ApplyDocument(Box::new(Proposal { document, expected, moves, origin }))
    }

    /// Something that takes a contact that waits out of its line, or moves it; `None` = nobody waits.
    pub fn take_from_line(&mut self, driver: &Driver) -> Option<Command> {
        let waiting = list(driver).into_iter().filter(|contact| contact.state == ContactState::Queued);
        let waiting: Vec<ContactId> = waiting.map(|contact| contact.id).collect();
        let contact = (!waiting.is_empty()).then(|| self.pick(&waiting).clone())?;
        Some(match self.random.random_range(0..8) {
            0..5 => self.cancel(contact),
            5 => self.requeue(contact),
            6 => self.score(contact),
            _ => Command::ParkContact { contact, longest: self.seconds(1..60) },
        })
    }

    fn answer(&mut self, agent: AgentId, offer: OfferKey) -> Command {
        match self.random.random_range(0..20) {
            0..9 => Command::AckOffer { agent, offer },
            9..16 => Command::AcceptOffer { agent, offer },
            16..17 => Command::DeclineOffer { agent, offer, reason: "busy".to_owned() },
            17..18 => Command::ExtendOffer { agent, offer, by: self.seconds(1..15) },
            18..19 => Command::AcceptOffer { agent, offer: OfferKey(offer.0.saturating_sub(1)) },
            _ => Command::AcceptOffer { agent: self.agent(), offer },
        }
    }

    fn about_contact(&mut self, open: &[&ContactView], all: &[ContactView]) -> Command {
        let Some(contact) = (!open.is_empty()).then(|| (*self.pick(open)).clone()) else { return self.enqueue(open) };
        let agent = contact.agent.clone().unwrap_or_else(|| self.agent());
        let id = contact.id.clone();
        if self.random.random_range(0..12) == 0 {
            // Something that mostly does not fit.
            let id = self.pick(all).id.clone();
            return match self.random.random_range(0..5) {
                0 => Command::CompleteContact { contact: id },
                1 => Command::ReleaseContact { contact: id },
                2 => self.transfer(id),
                3 => self.cancel(id),
                _ => Command::EndWrapUp { agent: self.agent(), contact: id },
            };
        }
        let choice = self.random.random_range(0..12);
        match (contact.state, choice) {
            (ContactState::Announced, 0..4) => self.cancel(id),
            (ContactState::Announced, _) => self.enqueue_as(id),
            (ContactState::Parked, 0..7) => Command::ReleaseContact { contact: id },
            (ContactState::Engaged, 0..6) => Command::CompleteContact { contact: id },
            (ContactState::Engaged, 6..8) => self.transfer(id),
            (ContactState::Engaged, 8) => {
                Command::ReportConnectFailed { agent, contact: id, reason: "busy line".to_owned() }
            }
            (ContactState::WrapUp, 0..5) => Command::EndWrapUp { agent, contact: id },
            (ContactState::WrapUp, 5..9) => Command::ExtendWrapUp { agent, contact: id, by: self.seconds(1..12) },
            (_, 9) => self.requeue(id),
            (_, 10) => self.update(id),
            (ContactState::Queued | ContactState::Offered, 0..3) => self.cancel(id),
            (ContactState::Queued | ContactState::Offered, 3..6) => {
                Command::ParkContact { contact: id, longest: self.seconds(1..60) }
            }
            _ => self.update(id),
        }
    }

    fn supervise(&mut self, open: &[&ContactView]) -> Command {
        let waits = |contact: &&&ContactView| {
            matches!(contact.state, ContactState::Queued | ContactState::Offered | ContactState::Parked)
        };
        let waiting: Vec<ContactId> = open.iter().filter(waits).map(|contact| contact.id.clone()).collect();
        let place = *self.pick(&[KeepPlace::Keep, KeepPlace::New]);
        let action = match self.random.random_range(0..16) {
            0..8 if !waiting.is_empty() => {
                let contact = self.pick(&waiting).clone();
                match self.random.random_range(0..8) {
                    0..2 => Action::MoveContact { contact, queue: self.queue(), place },
                    2..5 => {
                        let window = (self.random.random_range(0..2) == 0).then(|| self.seconds(0..40));
                        Action::PullContact { contact, to: TargetAgent { agent: self.agent(), window } }
                    }
                    _ => Action::PrioritiseContact { contact, head_start: self.seconds(-600..600) },
                }
            }
            8 => Action::MoveQueue { from: self.queue(), to: self.queue(), place },
            9..11 => Action::SetQueueMode { queue: self.queue(), mode: QueueMode::Paused },
            11 => Action::SetQueueMode { queue: self.queue(), mode: QueueMode::Draining },
            12 => Action::EraseCustomer { customer: CustomerId(self.word(&["kim", "lee", "sue"]).to_owned()) },
            13..15 => Action::SetQueueMode { queue: self.queue(), mode: QueueMode::Open },
            _ => {
                let away = Presence::Away { reason: "meeting".to_owned() };
                let presence = self.pick(&[Presence::Available, away, Presence::Offline]).clone();
                let timing = *self.pick(&[PresenceTiming::Immediately, PresenceTiming::AfterWork]);
                Action::ForcePresence { agent: self.agent(), presence, timing }
            }
        };
        let actor = ActorId::new("sam").expect("it obeys the grammar");
        Command::Supervise(Arc::new(Supervision { actor, reason: "because".to_owned(), action }))
    }

    fn queue(&mut self) -> QueueName {
        QueueName::new(self.word(&QUEUES)).expect("it obeys the grammar")
    }

    pub fn enqueue(&mut self, open: &[&ContactView]) -> Command {
        self.contacts += 1;
        let fresh = ContactId::new(&format!("c{}", self.contacts)).expect("it obeys the grammar");
        let id = match open.first() {
            Some(known) if self.random.random_range(0..25) == 0 => known.id.clone(),
            _ => fresh,
        };
        self.enqueue_as(id)
    }

    fn enqueue_as(&mut self, id: ContactId) -> Command {
        let queue = *self.pick(&QUEUES);
        let channel = match queue {
            "calls" => *self.pick(&["voice", "video", "voice", "chat"]),
            "chats" => "chat",
            "mail" => "email",
            _ => *self.pick(&CHANNELS),
        };
        let target = (self.random.random_range(0..8) == 0).then(|| {
            let window = (self.random.random_range(0..3) > 0).then(|| self.seconds(0..40));
            TargetAgent { agent: self.agent(), window }
        });
        let excluded = match self.random.random_range(0..6) {
            0 => vec![self.agent()],
            _ => Vec::new(),
        };
        let details = self.details();
        // Not drawn, so that what else is drawn stays the same.
        let trace = (self.contacts % 3 == 1).then(|| {
            let parent = format!("00-{:032x}-{:016x}-01", self.contacts, self.contacts);
            Box::new(TraceContext::parse(&parent, "attune=chaos").expect("it is one"))
        });
        Command::EnqueueContact(Box::new(NewContact {
            id,
            queue: QueueName::new(queue).expect("it obeys the grammar"),
            channel: ChannelName::new(channel).expect("it obeys the grammar"),
            requirement: self.requirement(),
            target,
            excluded,
            care: self.care(),
            dynamic: self.seconds(0..120),
            signals: (0..self.random.random_range(0..3)).map(|_| self.signal()).collect(),
            arrived_at: None,
            details,
            trace,
        }))
    }

    /// Of few customers, who come again and again; the first are nobody in particular.
    fn details(&mut self) -> Arc<ContactDetails> {
        let customer_id = self.word(&["", "", "kim", "lee"]).to_owned();
        let (attributes, context) = (self.attributes(), self.word(&["", "called twice"]).to_owned());
        Arc::new(ContactDetails { customer_id, attributes, context })
    }

    fn attributes(&mut self) -> BTreeMap<String, String> {
        let value = self.word(&["", "gold", "silver"]).to_owned();
        BTreeMap::from([("tier".to_owned(), value)]).into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn requirement(&mut self) -> Requirement {
        match self.random.random_range(0..6) {
            0 => Requirement { all: vec![self.condition()], ..Requirement::default() },
            1 => Requirement { any: vec![self.condition(), self.condition()], ..Requirement::default() },
            2 => Requirement { none: vec![self.condition()], ..Requirement::default() },
            _ => Requirement::default(),
        }
    }

    fn condition(&mut self) -> Condition {
        let skill = SkillName::new(self.word(&SKILLS)).expect("it obeys the grammar");
        Condition { skill, level: *self.pick(&[1, 30, 60]) }
    }

    /// What a projection of the events might have found.
    fn learn(&mut self) -> Command {
        if self.random.random_range(0..3) == 0 {
            let (queue, channel) =
                *self.pick(&[("calls", "voice"), ("calls", "video"), ("chats", "chat"), ("rest", "voice")]);
            let beyond = *self.pick(&[None, Some(60), Some(90), Some(300)]);
            return Command::SetOverflow {
                queue: QueueName::new(queue).expect("it obeys the grammar"),
                channel: ChannelName::new(channel).expect("it obeys the grammar"),
                beyond: beyond.map(Span::from_secs),
            };
        }
        if self.random.random_range(0..2) == 0 {
            let level = *self.pick(&[None, Some(10), Some(40), Some(70), Some(100)]);
            return Command::LearnEmpathy { agent: self.agent(), level };
        }
        if self.random.random_range(0..2) == 0 {
            let thousandths = *self.pick(&[None, Some(0), Some(400), Some(1_000)]);
            return Command::LearnShowRate { source: self.source(), thousandths };
        }
        let queue = QueueName::new(self.word(&QUEUES)).expect("it obeys the grammar");
        let channel = ChannelName::new(self.word(&CHANNELS)).expect("it obeys the grammar");
        let usual = *self.pick(&[None, Some(Span::ZERO), Some(Span::from_secs(2)), Some(Span::from_secs(60))]);
        Command::LearnAcceptance { queue, channel, usual }
    }

    fn source(&mut self) -> SourceName {
        SourceName::new(self.word(&["ivr", "bot"])).expect("it obeys the grammar")
    }

    fn announce(&mut self, now: Timestamp) -> Command {
        self.contacts += 1;
        let contact = ContactId::new(&format!("c{}", self.contacts)).expect("it obeys the grammar");
        let soon = now + Span::from_millis(self.millis(200_000));
        let expected_at = *self.pick(&[Timestamp(1_000_000_000), soon]);
        let moment_of_truth = self.random.random_range(0..2) == 0;
        let announced = Announced { moment_of_truth, probability: *self.pick(&[300, 500, 1_000]) };
        let source = (self.random.random_range(0..3) > 0).then(|| self.source());
        let details = self.details();
        Command::AnnounceContact { contact, expected_at, announced, source, details }
    }

    fn score(&mut self, contact: ContactId) -> Command {
        if self.random.random_range(0..4) > 0 {
            let count = self.random.random_range(1..4);
            return Command::Signal { contact, signals: (0..count).map(|_| self.signal()).collect() };
        }
        Command::ScoreContact { contact, dynamic: self.seconds(0..180), care: self.care() }
    }

    /// One of few, so that they are revised and withdrawn as well.
    fn signal(&mut self) -> Signal {
        let mut share = || self.random.random_range(0..=1_000u16);
        let (arousal, confidence, urgency, value) = (share(), share(), share(), share());
        let source = *self.pick(&[Source::Fact, Source::Text, Source::Voice]);
        let mut content = Content::default();
        if source == Source::Fact {
            content.customer.value = Some(value);
        } else {
            let valence = self.random.random_range(-1_000..=500);
            content.feeling = Some(Feeling { valence, arousal, confidence });
            content.urgency = Some(Measure { value: urgency, confidence });
        }
        if self.random.random_range(0..2) == 0 {
            let event = EventName::new(self.word(&["lost", "stuck"])).expect("it obeys the grammar");
            // What is declared is so.
            let confidence = if source == Source::Fact { WHOLE } else { confidence };
            content.events.push(Happened { event, confidence, attributes: self.attributes() });
        }
        let content = (self.random.random_range(0..5) > 0).then_some(content);
        let (key, revision) = (SignalKey(self.random.random_range(0..50)), self.random.random_range(0..3));
        Signal { key, revision, observed_at: None, source, content }
    }

    /// Mostly routine.
    fn care(&mut self) -> Care {
        let grade = Grade::new(self.random.random_range(0..7)).expect("six is the highest");
        match self.random.random_range(0..4) {
            0 => Care { empathy: *self.pick(&[0, 0, 60, 90]), ..Care::moment(self.seconds(0..30)) },
            1 => Care { grade, ..Care::default() },
            _ => Care::default(),
        }
    }

    fn update(&mut self, contact: ContactId) -> Command {
        if self.random.random_range(0..2) == 0 {
            return self.score(contact);
        }
        let requirement = (self.random.random_range(0..2) == 0).then(|| self.requirement());
        Command::UpdateContact { contact, details: Some(self.details()), requirement }
    }

    fn requeue(&mut self, contact: ContactId) -> Command {
        let queue = match self.random.random_range(0..2) {
            0 => None,
            _ => Some(QueueName::new(self.word(&["rest", "rush", "calls"])).expect("it obeys the grammar")),
        };
        Command::RequeueContact { contact, queue, place: *self.pick(&[KeepPlace::Keep, KeepPlace::New]) }
    }

    fn transfer(&mut self, contact: ContactId) -> Command {
        let to = match self.random.random_range(0..4) {
            0 => Destination::Agent(TargetAgent { agent: self.agent(), window: Some(self.seconds(0..30)) }),
            1 => Destination::Skills(self.requirement()),
            _ => Destination::Queue(QueueName::new(self.word(&["rest", "rush"])).expect("it obeys the grammar")),
        };
        Command::TransferContact { contact, to, place: *self.pick(&[KeepPlace::Keep, KeepPlace::New]) }
    }

    fn cancel(&mut self, contact: ContactId) -> Command {
        let reason = *self.pick(&[CancelReason::CustomerLeft, CancelReason::Withdrawn]);
        Command::CancelContact { contact, reason }
    }

    pub fn put_agent(&mut self, agents: &[AgentView]) -> Command {
        let AgentRow { agent, profile, expected } = self.agent_row(agents);
        Command::PutAgent { agent, profile, expected }
    }

    /// Mostly nothing; otherwise what is so, or was.
    fn expected(&mut self, agents: &[AgentView], agent: &AgentId) -> Expected {
        let revision = agents.iter().find(|view| view.id == *agent).map_or(1, |view| view.revision);
        match self.random.random_range(0..12) {
            0 => Expected::Absent,
            1 => Expected::Present,
            2 => Expected::Revision(revision),
            3 => Expected::Revision(revision + 1),
            _ => Expected::Anything,
        }
    }

    fn agent_row(&mut self, agents: &[AgentView]) -> AgentRow {
        let mut profile = AgentProfile::default();
        for skill in SKILLS {
            if self.random.random_range(0..3) > 0 {
                let level = *self.pick(&[10, 35, 45, 65, 85, 95]);
                profile.skills.insert(SkillName::new(skill).expect("it obeys the grammar"), level);
            }
        }
        if self.random.random_range(0..2) == 0 {
            profile.queues.push(QueueName::new("team").expect("it obeys the grammar"));
        }
        if self.random.random_range(0..3) == 0 {
            let channel = ChannelName::new(self.word(&CHANNELS)).expect("it obeys the grammar");
            profile.channel_limits.insert(channel, self.random.random_range(0..3));
        }
        profile.capacity = *self.pick(&[100, 100, 140, 60]);
        profile.empathy_fixed = self.random.random_range(0..5) == 0;
        let agent = self.agent();
        let expected = self.expected(agents, &agent);
        AgentRow { agent, profile: Arc::new(profile), expected }
    }

    /// Agents come (back) to work more often than they leave.
    fn sign_in(&mut self, driver: &mut Driver, agents: &[AgentView]) -> Command {
        let agent = self.pick(agents).clone();
        let connected = agent.session.as_ref().is_some_and(|(_, connected)| *connected);
        let choice = self.random.random_range(0..10);
        if !connected || choice == 0 {
            let session = match agent.session {
                Some((session, _)) if self.random.random_range(0..2) == 0 => session,
                _ => {
                    self.sessions += 1;
                    SessionId::new(&format!("s{}", self.sessions)).expect("it obeys the grammar")
                }
            };
            let connection = driver.next_connection();
            self.connections.insert(number(&agent.id), connection);
            return Command::OpenSession { agent: agent.id, session, connection };
        }
        let presence = match choice {
            1 => Presence::Away { reason: "break".to_owned() },
            2 => Presence::Offline,
            _ => Presence::Available,
        };
        Command::SetPresence { agent: agent.id, presence }
    }

    fn lose_session(&mut self, agents: &[AgentView]) -> Command {
        let agent = self.pick(agents).id.clone();
        let connection = self.connections.get(&number(&agent)).copied().unwrap_or(0);
        Command::LoseSession { agent, connection }
    }

    fn agent(&mut self) -> AgentId {
        AgentId::new(&format!("a{}", self.random.random_range(0..AGENTS))).expect("it obeys the grammar")
    }

    fn seconds(&mut self, range: std::ops::Range<i64>) -> Span {
        Span::from_secs(self.random.random_range(range))
    }

    fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick::<&'static str>(from)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.random.random_range(0..from.len());
        &from[at]
    }
}

fn number(agent: &AgentId) -> u64 {
    agent.as_str()[1..].parse().expect("agents are numbered")
}

fn list(driver: &Driver) -> Vec<ContactView> {
    let query = Query::Contacts { after: None, limit: 500, filter: ContactFilter::default() };
    match driver.state().query(driver.now(), &query) {
        Ok(Answer::Contacts { contacts, .. }) => contacts,
        other => panic!("a list of contacts was answered with {other:?}"),
    }
}

fn agents(driver: &Driver) -> Vec<AgentView> {
    match driver.state().query(driver.now(), &Query::Agents { after: None, limit: 500 }) {
        Ok(Answer::Agents { agents, .. }) => agents,
        other => panic!("a list of agents was answered with {other:?}"),
    }
}

fn agent_state(state: &State, now: Timestamp, agent: &AgentId) -> &'static str {
    match state.query(now, &Query::Agent(agent.clone())) {
        Ok(Answer::Agent(view)) => match (&view.presence, &view.pending, &view.session) {
            (_, _, Some((_, false))) => "lost",
            (_, Some(_), _) => "pending",
            (Presence::Offline, ..) => "offline",
            (Presence::Away { .. }, ..) => "away",
            (Presence::Available, ..) if view.work.is_empty() => "idle",
            (Presence::Available, ..) => "busy",
        },
        _ => "unknown",
    }
}

fn queue_state(state: &State, now: Timestamp, queue: &QueueName) -> &'static str {
    match state.query(now, &Query::Queue(queue.clone())) {
        Ok(Answer::Queue(view)) => match view.mode {
            QueueMode::Paused => "paused",
            QueueMode::Draining => "draining",
            QueueMode::Open if view.waiting == 0 => "empty",
            QueueMode::Open => "open",
        },
        _ => "unknown",
    }
}

fn contact_state(state: ContactState) -> &'static str {
    match state {
        ContactState::Announced => "announced",
        ContactState::Queued => "queued",
        ContactState::Parked => "parked",
        ContactState::Offered => "offered",
        ContactState::Engaged => "engaged",
        ContactState::WrapUp => "wrap-up",
        ContactState::Closed => "closed",
    }
}
