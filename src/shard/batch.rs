//! One batch: what was applied together, held back until the journal has it.
//!
//! Invariant: everything taken in is answered exactly once, by `release` or by `refuse`; effects leave in the order in
//! which they came about, and questions are answered with what stands after the whole batch. That a document was applied
//! is said once it is in force, many batches later if there is much to take over: whoever hears it may rely on it.

use tokio::sync::oneshot;

use crate::{
    engine::{
        Command, Reject, Reply, Request, refused_signals,
        view::{AgentView, Answer, Notice, OfferView, Query},
    },
    forecast::waits::{self, WaitView},
    journal::{self, Record},
    model::{
        agent::Presence,
        document::DocumentEtag,
        ids::{AgentId, SessionId, TenantId},
        signal::Source,
        time::Timestamp,
    },
};

use super::{
    advice::Advisers,
    core::{Applied, Core, Outcome, TenantUnknown},
    effect::{Effect, GatewayAgent, Opening, To},
    feed::Feeds,
    gather::Report,
    handle::{CallError, Seen, Watch},
    item::{Act, Action, AnswerTo, Item, Lost},
    observe::Observer,
    outbox::Outbox,
    statistics::{Rows, Told, Views},
    streams::Streams,
};

/// What the loop has taken in and not yet let out.
pub(super) struct Batch {
    now: Timestamp,
    items: usize,
    records: Vec<Record>,
    effects: Vec<Effect>,
    documents: Vec<Coming>,
    questions: Vec<Question>,
    surveys: Vec<Survey>,
    waits: Vec<Wait>,
}

/// A document was applied, which its caller is told once it is in force.
pub(super) struct Coming {
    tenant: TenantId,
    etag: DocumentEtag,
    command: &'static str,
    to: To<Reply>,
}

struct Question {
    tenant: TenantId,
    query: Query,
    answer: Option<Result<Seen, CallError>>,
    to: AnswerTo<Seen>,
}

/// Somebody asks for statistics.
struct Survey {
    tenant: TenantId,
    rows: Rows,
    views: Option<Result<Views, CallError>>,
    to: AnswerTo<Told>,
}

/// Somebody asks how long waits will be.
struct Wait {
    tenant: TenantId,
    question: waits::Question,
    answer: Option<Result<Vec<WaitView>, CallError>>,
    to: AnswerTo<Vec<WaitView>>,
}

impl Batch {
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            items: 0,
            records: Vec::new(),
            effects: Vec::new(),
            documents: Vec::new(),
            questions: Vec::new(),
            surveys: Vec::new(),
            waits: Vec::new(),
        }
    }

    /// When it was begun.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Calls taken in.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Takes in what has been applied already.
    pub fn push(&mut self, applied: Applied) {
        let Applied { record, notices, change } = applied;
        let tenant = record.tenant.clone();
        if let Some(change) = change {
            self.effects.push(Effect::Change { tenant: tenant.clone(), seq: record.seq, change });
        }
        self.records.push(record);
        if notices.is_empty() {
            return;
        }
        let gone = sign_outs(&notices);
        self.effects.push(Effect::Notices { tenant: tenant.clone(), notices });
        self.effects.extend(gone.into_iter().map(|agent| Effect::SignOut { tenant: tenant.clone(), agent }));
    }

    /// Lets happen what is due.
    pub fn tick(&mut self, core: &mut Core) {
        for applied in core.tick_due(self.now) {
            self.push(applied);
        }
    }

    /// Takes in what a forecast advises; refused, it is advised anew if it is still wanted.
    pub fn advise(&mut self, core: &mut Core, tenant: &TenantId, command: Command) {
        self.items += 1;
        let _ = self.step(core, tenant, Request { id: None, command });
    }

    /// Applies a call; `connection` is the last stream's number.
    pub fn take(&mut self, core: &mut Core, advisers: &Advisers, item: Item, connection: &mut u64) {
        match item {
            Item::Call { tenant, request, to } => self.call(core, &tenant, request, To::Caller(to)),
            Item::Calls { tenant, requests, to } => self.calls(core, &tenant, requests, to),
            Item::Reports { tenant, reports, to } => self.reports(core, tenant, reports, to),
            Item::Query { tenant, query, to } => {
                self.items += 1;
                self.questions.push(Question { tenant, query, answer: None, to });
            }
            Item::Wait { tenant, question, to } => {
                self.items += 1;
                self.waits.push(Wait { tenant, question, answer: None, to });
            }
            Item::Measure { tenant, to } => {
                self.items += 1;
                match core.state(&tenant) {
                    Some(_) => self.effects.push(Effect::Measure { tenant, to }),
                    None => drop(to.send(Err(CallError::TenantUnknown(tenant)))),
                }
            }
            Item::Statistics { tenant, rows, to } => {
                self.items += 1;
                self.surveys.push(Survey { tenant, rows, views: None, to });
            }
            Item::Learners { tenant, after, limit, to } => {
                self.items += 1;
                // Forecasts have seen nothing that the journal has not, so nobody has to wait for the batch.
                let learners = match core.state(&tenant) {
                    Some(_) => Ok(advisers.learners(&tenant, after.as_ref(), limit)),
                    None => Err(CallError::TenantUnknown(tenant)),
                };
                let _ = to.send(learners);
            }
            Item::Follow { tenant, after, to } => {
                self.items += 1;
                match core.follow(&tenant) {
                    Ok(last) => self.effects.push(Effect::Follow { tenant, after, last, to }),
                    Err(unknown) => drop(to.send(Err(unknown.into()))),
                }
            }
            Item::Watch { tenant, agent, session, to } => {
                *connection += 1;
                self.open(core, *connection, tenant, agent, session, To::Caller(to));
            }
            Item::Acts { tenant, acts, gateway } => {
                for act in acts {
                    self.act(core, &tenant, act, &gateway, connection);
                }
            }
        }
    }

    /// Decides what was gathered of contacts and is due by `until`; to be called once everything has been taken in.
    pub fn fold(&mut self, core: &mut Core, until: Timestamp) {
        let (applied, folded) = core.fold_due(self.now, until);
        applied.into_iter().for_each(|applied| self.push(applied));
        self.effects.extend(folded.into_iter().map(Effect::Folded));
    }

    /// Applies the loss of a stream.
    pub fn lose(&mut self, core: &mut Core, lost: Lost) {
        self.items += 1;
        let Lost { tenant, agent, connection } = lost;
        let command = Command::LoseSession { agent, connection };
        // Refused if the session ended meanwhile; then there is nothing to lose.
        let _ = self.step(core, &tenant, Request { id: None, command });
    }

    fn call(&mut self, core: &mut Core, tenant: &TenantId, request: Request, to: To<Reply>) {
        let command = request.command.name();
        match self.decide(core, tenant, request) {
            Ok(Ok(Reply::Document { etag })) => {
                self.documents.push(Coming { tenant: tenant.clone(), etag, command, to });
            }
            Ok(reply) => self.effects.push(Effect::Reply { command, reply, to }),
            Err(unknown) => to.refuse(unknown.into()),
        }
    }

    fn calls(
        &mut self,
        core: &mut Core,
        tenant: &TenantId,
        requests: Vec<Request>,
        to: oneshot::Sender<Vec<Result<Reply, CallError>>>,
    ) {
        let asked = requests.len();
        let decided = requests.into_iter().map(|request| {
            let command = request.command.name();
            self.decide(core, tenant, request).map(|reply| (command, reply))
        });
        match decided.collect() {
            Ok(replies) => self.effects.push(Effect::Replies { replies, to }),
            // Not there for the first, not there for any.
            Err(unknown) => drop(to.send(vec![Err(unknown.into()); asked])),
        }
    }

    fn reports(
        &mut self,
        core: &mut Core,
        tenant: TenantId,
        reports: Vec<Report>,
        to: oneshot::Sender<Vec<Result<Reply, CallError>>>,
    ) {
        self.items += reports.len();
        let (mut answers, mut outcomes) = (Vec::with_capacity(reports.len()), Vec::new());
        for report in reports {
            let contact = report.contact.clone();
            let sources: Vec<Source> = report.signals.iter().map(|signal| signal.source).collect();
            answers.push(core.gather(self.now, &tenant, report).and_then(|taken| {
                let left = sources.iter().zip(&taken).filter(|(_, taken)| !taken.counts());
                outcomes.extend(left.map(|(source, taken)| (*source, Outcome::Decided(*taken))));
                match refused_signals(&contact, sources, &taken) {
                    Some(reject) => Err(CallError::Reject(reject)),
                    None => Ok(Reply::Signals(taken.into())),
                }
            }));
        }
        self.effects.push(Effect::Heard { tenant, answers, outcomes, to });
    }

    fn decide(
        &mut self,
        core: &mut Core,
        tenant: &TenantId,
        request: Request,
    ) -> Result<Result<Reply, Reject>, TenantUnknown> {
        self.items += 1;
        #[cfg(feature = "planted-faults")]
        if let Some(reply) = super::fault::swallow(&request, self.now) {
            return Ok(Ok(reply));
        }
        self.step(core, tenant, request)
    }

    fn act(&mut self, core: &mut Core, tenant: &TenantId, act: Act, gateway: &Outbox, connection: &mut u64) {
        let Act { agent, session, request, action } = act;
        let from = GatewayAgent { gateway: gateway.clone(), agent: agent.clone(), request: request.clone() };
        if session.is_some() && core.state(tenant).and_then(|state| state.session_of(&agent)) != session.as_ref() {
            self.items += 1;
            let (command, reply) = (action.name(), Err(Reject::NoSession(agent)));
            return self.effects.push(Effect::Reply { command, reply, to: To::Gateway(from) });
        }
        match action {
            Action::Open(session) => {
                *connection += 1;
                self.open(core, *connection, tenant.clone(), agent, session, To::Gateway(from));
            }
            Action::Leave => {
                self.items += 1;
                self.effects.push(Effect::Leave { tenant: tenant.clone(), from });
            }
            Action::Command(command) => {
                self.call(core, tenant, Request { id: Some(request), command }, To::Gateway(from));
            }
        }
    }

    fn open(
        &mut self,
        core: &mut Core,
        connection: u64,
        tenant: TenantId,
        agent: AgentId,
        session: SessionId,
        to: To<Watch>,
    ) {
        self.items += 1;
        let effects = self.effects.len();
        let command = Command::OpenSession { agent: agent.clone(), session: session.clone(), connection };
        let resumed = match self.step(core, &tenant, Request { id: None, command }) {
            Ok(Ok(Reply::Session { resumed })) => resumed,
            Ok(Ok(reply)) => unreachable!("opening a session was answered with {reply:?}"),
            Ok(Err(reject)) => return self.effects.push(Effect::Closed { reject, to }),
            Err(unknown) => return to.refuse(unknown.into()),
        };
        // What opening the session itself led to is part of the picture below; told again it would be there twice.
        for effect in &mut self.effects[effects..] {
            if let Effect::Notices { notices, .. } = effect {
                notices.retain(|(told, _)| *told != agent);
            }
        }
        let (agent, open_offers) = picture(core, &tenant, &agent);
        let opening = Opening { tenant, connection, session, resumed, agent, open_offers, to };
        self.effects.push(Effect::Open(Box::new(opening)));
    }

    fn step(
        &mut self,
        core: &mut Core,
        tenant: &TenantId,
        request: Request,
    ) -> Result<Result<Reply, Reject>, TenantUnknown> {
        let stepped = core.step(self.now, tenant, request)?;
        for applied in stepped.ticks.into_iter().chain(stepped.applied) {
            self.push(applied);
        }
        self.effects.extend(stepped.folded.map(Effect::Folded));
        Ok(stepped.reply)
    }

    /// Keeps those back whose document is not yet in force, and takes over who was kept back and need wait no longer; to
    /// be called once, when everything has been taken in.
    pub fn keep_back(&mut self, core: &Core, kept_back: &mut Vec<Coming>) {
        kept_back.append(&mut self.documents);
        let all = std::mem::take(kept_back);
        (self.documents, *kept_back) = all.into_iter().partition(|coming| coming.is_in_force(core));
    }

    /// Looks up the answers; to be called once, when everything has been taken in.
    pub fn read(&mut self, core: &Core, advisers: &mut Advisers) {
        for question in &mut self.questions {
            let answer = match core.state(&question.tenant) {
                Some(state) => state.query(self.now, &question.query).map_err(CallError::Reject),
                None => Err(CallError::TenantUnknown(question.tenant.clone())),
            };
            question.answer = Some(answer.map(|answer| Seen { answer, as_of: core.last_seq() }));
        }
        for survey in &mut self.surveys {
            survey.views = Some(match core.state(&survey.tenant) {
                Some(state) => Views::of(state, self.now, &survey.rows).map_err(CallError::Reject),
                None => Err(CallError::TenantUnknown(survey.tenant.clone())),
            });
        }
        for Wait { tenant, question, answer, .. } in &mut self.waits {
            *answer = Some(match core.state(tenant) {
                Some(state) => advisers.wait(self.now, tenant, state, question).map_err(CallError::Reject),
                None => Err(CallError::TenantUnknown(tenant.clone())),
            });
        }
    }

    /// What the journal is to keep, in the form in which it is shared with it.
    pub fn records(&mut self) -> journal::Batch {
        std::mem::take(&mut self.records).into()
    }

    /// Lets everything out. Only for a batch that the journal has.
    pub fn release(self, streams: &mut Streams, feeds: &mut Feeds, observer: &mut Observer) {
        self.effects.into_iter().for_each(|effect| effect.release(streams, feeds, observer));
        for Coming { etag, command, to, .. } in self.documents {
            observer.command(command, None);
            to.answer(streams, Ok(Reply::Document { etag }));
        }
        for question in self.questions {
            let answer = question.answer.expect("answers are looked up before the batch is released");
            let _ = question.to.send(answer);
        }
        for Survey { tenant, views, to, .. } in self.surveys {
            let views = views.expect("rows are looked up before the batch is released");
            let _ = to.send(views.map(|views| observer.statistics(self.now, &tenant, views)));
        }
        for Wait { answer, to, .. } in self.waits {
            let _ = to.send(answer.expect("answers are looked up before the batch is released"));
        }
        streams.wake();
    }

    /// What was asked, to be answered otherwise: what stands after this batch may not be told.
    pub fn take_questions(&mut self) -> Vec<Item> {
        let questions = std::mem::take(&mut self.questions).into_iter();
        let surveys = std::mem::take(&mut self.surveys).into_iter();
        let questions = questions.map(|Question { tenant, query, to, .. }| Item::Query { tenant, query, to });
        let waits = std::mem::take(&mut self.waits).into_iter();
        let questions =
            questions.chain(waits.map(|Wait { tenant, question, to, .. }| Item::Wait { tenant, question, to }));
        questions.chain(surveys.map(|Survey { tenant, rows, to, .. }| Item::Statistics { tenant, rows, to })).collect()
    }

    /// Answers with this whoever has waited for too long; the rest waits on for `release` or `refuse`.
    pub fn give_up(&mut self, error: &CallError) {
        let effects = std::mem::take(&mut self.effects).into_iter();
        self.effects = effects.filter_map(|effect| effect.give_up(error)).collect();
        self.documents.drain(..).for_each(|coming| coming.refuse(error));
    }

    /// Answers everything with this, and tells nobody anything.
    pub fn refuse(self, error: &CallError) {
        self.effects.into_iter().for_each(|effect| effect.refuse(error));
        self.documents.into_iter().for_each(|coming| coming.refuse(error));
        for question in self.questions {
            let _ = question.to.send(Err(error.clone()));
        }
        for survey in self.surveys {
            let _ = survey.to.send(Err(error.clone()));
        }
        for wait in self.waits {
            let _ = wait.to.send(Err(error.clone()));
        }
    }
}

impl Coming {
    fn is_in_force(&self, core: &Core) -> bool {
        core.state(&self.tenant).is_some_and(|state| state.etag().version >= self.etag.version)
    }

    /// Nobody will know whether the document comes into force.
    pub fn refuse(self, error: &CallError) {
        self.to.refuse(error.clone());
    }
}

/// Agents who are offline now because they said so; to be offline for any other reason they had to lose their stream.
fn sign_outs(notices: &[(AgentId, Notice)]) -> Vec<AgentId> {
    let gone = |notice: &Notice| matches!(notice, Notice::Presence { presence: Presence::Offline, pending: None });
    notices.iter().filter(|(_, notice)| gone(notice)).map(|(agent, _)| agent.clone()).collect()
}

/// How things stand for an agent.
fn picture(core: &Core, tenant: &TenantId, agent: &AgentId) -> (AgentView, Vec<OfferView>) {
    let state = core.state(tenant).expect("the session was opened in this tenant");
    let view = state.query(core.now(), &Query::Agent(agent.clone()));
    let offers = state.query(core.now(), &Query::OpenOffers(agent.clone()));
    match (view, offers) {
        (Ok(Answer::Agent(view)), Ok(Answer::OpenOffers(offers))) => (*view, offers),
        other => unreachable!("an agent with a session can be read, but got {other:?}"),
    }
}
