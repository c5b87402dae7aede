//! The shard's promises, with a journal that can be made to wait, fail and fence.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use attune::{
    engine::{
        Command, Event, HoldRules, Proposal, Reject, Reply, Request,
        view::{Answer, Notice, Query, QueueView},
    },
    journal::{
        Journal, Record, Room, Seq,
        memory::{MemoryStorage, Retention},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::{Announced, Care},
        contact::{CancelReason, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, QueueName, RequestId, SessionId, SourceName, TenantId},
        limits::{BATCH_MAX, INBOX_MAX, SWEEP_ITEMS_MAX},
        requirement::Requirement,
        signal::{Content, Feeling, Signal, SignalKey, Source},
        time::{Span, Timestamp},
    },
    shard::{
        CallError, NoticeStream, Report, ShardHandle, StreamEnd, StreamItem, Watch, clock,
        core::Core,
        observe::Observer,
        run::{self, ShardTask, Status},
        statistics::{Rows, Scope, windows::Window},
    },
    telemetry::metrics,
};
use tokio::{task::yield_now, time::sleep};

const DOCUMENT: &str = "[channels.voice]\ncost = 100\n[queues.billing]\n[queues.billing.wrap_up]\ntime = '0s'\n";

struct Bench {
    tenant: TenantId,
    storage: MemoryStorage,
    shard: ShardHandle,
    task: ShardTask,
}

fn document() -> Arc<Document> {
    Arc::new(Document::parse(DOCUMENT, Format::Toml).unwrap())
}

/// A shard with one tenant of this name, one queue and one agent, ana.
async fn bench_of(tenant: &str) -> Bench {
    let tenant = TenantId::new(tenant).unwrap();
    let storage = MemoryStorage::new(Retention::Everything);
    let mut core = Core::new();
    let founding = vec![core.add_tenant(clock::now(), tenant.clone(), document()).unwrap()];
    let (shard, task) = run::start(core, founding, storage.open(), Observer::new(1_000));
    let bench = Bench { tenant, storage, shard, task };
    bench.call(put_ana()).await.unwrap();
    bench
}

async fn bench() -> Bench {
    bench_of("t").await
}

fn ana() -> AgentId {
    AgentId::new("ana").unwrap()
}

fn put_ana() -> Command {
    Command::PutAgent { agent: ana(), profile: Arc::new(AgentProfile::default()), expected: Expected::Anything }
}

fn billing() -> QueueName {
    QueueName::new("billing").unwrap()
}

fn contact(id: &str) -> ContactId {
    ContactId::new(id).unwrap()
}

fn session(id: &str) -> SessionId {
    SessionId::new(id).unwrap()
}

fn enqueue(id: &str) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: contact(id),
        queue: billing(),
        channel: ChannelName::new("voice").unwrap(),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::default(),
        trace: None,
    }))
}

fn request(command: Command) -> Request {
    Request { id: None, command }
}

impl Bench {
    async fn call(&self, command: Command) -> Result<Reply, CallError> {
        self.shard.call(&self.tenant, request(command)).await
    }

    async fn queue(&self) -> Result<QueueView, CallError> {
        match self.shard.query(&self.tenant, Query::Queue(billing())).await? {
            Answer::Queue(view) => Ok(view),
            other => panic!("{other:?}"),
        }
    }

    async fn watch(&self, id: &str) -> Result<Watch, CallError> {
        self.shard.watch(&self.tenant, ana(), session(id)).await
    }

    /// Ana's stream, ready for work.
    async fn available(&self) -> NoticeStream {
        let mut watch = self.watch("s1").await.unwrap();
        self.call(Command::SetPresence { agent: ana(), presence: Presence::Available }).await.unwrap();
        let told = watch.notices.next().await;
        assert!(matches!(told, StreamItem::Notice(Notice::Presence { presence: Presence::Available, .. })), "{told:?}");
        watch.notices
    }

    /// Whether ana has a session, and whether its stream is open.
    async fn session(&self) -> Option<bool> {
        match self.shard.query(&self.tenant, Query::Agent(ana())).await.unwrap() {
            Answer::Agent(view) => view.session.map(|(_, open)| open),
            other => panic!("{other:?}"),
        }
    }

    async fn session_becomes(&self, wanted: Option<bool>) {
        while self.session().await != wanted {
            yield_now().await;
        }
    }

    async fn status_becomes(&self, wanted: Status) {
        self.task.status().wait_for(|status| *status == wanted).await.unwrap();
    }
}

/// What the stream has ready, if anything.
async fn ready(stream: &mut NoticeStream) -> Option<StreamItem> {
    poll_fn(|cx| match stream.poll_next(cx) {
        Poll::Ready(item) => Poll::Ready(Some(item)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn end_of(mut stream: NoticeStream) -> StreamEnd {
    loop {
        if let StreamItem::End(end) = stream.next().await {
            return end;
        }
    }
}

#[tokio::test]
async fn neither_reply_nor_notice_nor_answer_leaves_before_the_journal_has_it() {
    let bench = Arc::new(bench().await);
    let mut notices = bench.available().await;
    bench.storage.hold();
    let (caller, reader) = (Arc::clone(&bench), Arc::clone(&bench));
    // Both are in the inbox before the loop wakes, so they are one batch.
    let call = tokio::spawn(async move { caller.call(enqueue("c1")).await });
    let query = tokio::spawn(async move { reader.queue().await });
    bench.storage.append_waits().await;
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(!call.is_finished(), "the reply waits");
    assert!(!query.is_finished(), "the answer that saw the contact waits");
    assert_eq!(ready(&mut notices).await, None, "the offer waits");
    assert!(!bench.storage.records().iter().any(|record| record.input.command.name() == "enqueue_contact"));

    bench.storage.release();
    assert!(matches!(call.await.unwrap(), Ok(Reply::Queued { .. })));
    assert_eq!(query.await.unwrap().unwrap().waiting, 1, "a question is answered after the batch that it saw");
    assert!(matches!(notices.next().await, StreamItem::Notice(Notice::Offer(_))));
}

/// Asks until what the journal has was read again.
async fn durable_queue(bench: &Bench) -> QueueView {
    loop {
        match bench.queue().await {
            Err(CallError::Frozen) => yield_now().await,
            answer => return answer.unwrap(),
        }
    }
}

#[tokio::test]
async fn a_failed_append_freezes_the_shard_which_reads_what_is_durable_until_the_journal_takes_the_batch() {
    let bench = Arc::new(bench().await);
    bench.call(enqueue("c0")).await.unwrap();
    let mut notices = bench.available().await;
    assert!(matches!(notices.next().await, StreamItem::Notice(Notice::Offer(_))));
    let kept = bench.storage.records().len();
    bench.storage.break_down();
    let caller = Arc::clone(&bench);
    let call = tokio::spawn(async move { caller.call(enqueue("c1")).await });
    bench.status_becomes(Status::Frozen).await;
    assert_eq!(durable_queue(&bench).await.waiting, 1, "what the journal does not have cannot be read");
    assert_eq!(bench.shard.look(&bench.tenant, Query::Queue(billing())).await.unwrap().as_of, Seq(kept as u64));
    let other = Query::Contact(contact("c1"));
    let unknown = CallError::Reject(Reject::ContactUnknown(contact("c1")));
    assert_eq!(bench.shard.query(&bench.tenant, other).await, Err(unknown));
    assert!(bench.shard.measures(&bench.tenant).await.is_ok());
    let rows = Rows::One(Scope { queue: Some(billing()), channel: None });
    let told = bench.shard.statistics(&bench.tenant, rows.clone()).await.unwrap();
    assert_eq!(told.rows[0].counts[Window::Day as usize].entered, 1);
    sleep(Duration::from_millis(5)).await;
    let later = bench.shard.statistics(&bench.tenant, rows).await.unwrap();
    assert_eq!(later, told, "no time is counted before what happened in it");
    assert_eq!(bench.call(enqueue("c2")).await, Err(CallError::Frozen));
    assert!(matches!(bench.watch("s2").await, Err(CallError::Frozen)));
    assert!(!call.is_finished(), "it may be kept yet");
    assert_eq!(ready(&mut notices).await, None);
    assert_eq!(bench.storage.records().len(), kept);

    bench.storage.mend();
    assert!(matches!(call.await.unwrap(), Ok(Reply::Queued { .. })));
    bench.status_becomes(Status::Serving).await;
    assert_eq!(bench.queue().await.unwrap().waiting, 2);
    bench.call(enqueue("c2")).await.unwrap();
    let recovered = Core::recover(bench.storage.records()).unwrap();
    assert!(recovered.state(&bench.tenant).is_some(), "nothing is missing and nothing is there twice");
}

#[tokio::test]
async fn who_waits_for_a_frozen_shard_is_told_in_time_and_hears_the_outcome_by_asking_again() {
    let bench = bench().await;
    let mut notices = bench.available().await;
    bench.storage.break_down();
    let mut asked = request(enqueue("c1"));
    asked.id = Some(RequestId::new("r1").unwrap());
    assert_eq!(bench.shard.call(&bench.tenant, asked.clone()).await, Err(CallError::OutcomeUnknown));
    assert_eq!(ready(&mut notices).await, None);
    bench.storage.mend();
    bench.status_becomes(Status::Serving).await;
    assert!(matches!(notices.next().await, StreamItem::Notice(Notice::Offer(_))), "agents are told what became of it");
    assert!(matches!(bench.shard.call(&bench.tenant, asked).await, Ok(Reply::Queued { .. })));
    let stalls = bench.storage.records().into_iter().filter(|record| record.input.command.name() == "stall").count();
    assert_eq!(stalls, 1, "nobody answers for the time in which the disk stood still");
}

#[tokio::test]
async fn a_frozen_shard_stops_when_asked_to() {
    let bench = bench().await;
    let notices = bench.available().await;
    let kept = bench.storage.records().len();
    bench.storage.break_down();
    let (shard, tenant) = (bench.shard.clone(), bench.tenant.clone());
    let call = tokio::spawn(async move { shard.call(&tenant, request(enqueue("c1"))).await });
    bench.status_becomes(Status::Frozen).await;
    assert_eq!(bench.task.stop().await.unwrap(), Status::StoppedFrozen);
    assert_eq!(call.await.unwrap(), Err(CallError::OutcomeUnknown));
    assert_eq!(end_of(notices).await, StreamEnd::ShuttingDown);
    assert_eq!(bench.storage.records().len(), kept);
}

#[tokio::test]
async fn a_frozen_shard_that_is_to_stop_tries_on_for_a_while() {
    let bench = bench().await;
    bench.storage.break_down();
    let (shard, tenant) = (bench.shard.clone(), bench.tenant.clone());
    let call = tokio::spawn(async move { shard.call(&tenant, request(enqueue("c1"))).await });
    bench.status_becomes(Status::Frozen).await;
    let storage = bench.storage.clone();
    let stopped = tokio::spawn(bench.task.stop());
    storage.mend();
    assert_eq!(stopped.await.unwrap().unwrap(), Status::Stopped);
    assert!(matches!(call.await.unwrap(), Ok(Reply::Queued { .. })));
    assert_eq!(storage.records().last().unwrap().input.command.name(), "enqueue_contact");
}

/// The first append makes the journal's first segment, which may take its time.
#[tokio::test]
async fn a_start_waits_for_a_journal_that_is_slow() {
    let (storage, mut core) = (MemoryStorage::new(Retention::Everything), Core::new());
    let founding = core.add_tenant(clock::now(), TenantId::new("t").unwrap(), document()).unwrap();
    storage.hold();
    let (_shard, task) = run::start(core, vec![founding], storage.open(), Observer::new(100));
    storage.append_waits().await;
    let mut status = task.status();
    let waits = tokio::time::timeout(Duration::from_secs(3), status.wait_for(|status| *status != Status::Starting));
    assert!(waits.await.is_err(), "there is nothing that could be shown yet");
    storage.release();
    assert_eq!(*status.wait_for(|status| *status != Status::Starting).await.unwrap(), Status::Serving);
}

#[tokio::test]
async fn while_an_append_hangs_what_is_durable_is_read() {
    let bench = Arc::new(bench().await);
    bench.call(enqueue("c0")).await.unwrap();
    let kept = bench.storage.records().len();
    bench.storage.hold();
    let caller = Arc::clone(&bench);
    let call = tokio::spawn(async move { caller.call(enqueue("c1")).await });
    bench.storage.append_waits().await;
    bench.status_becomes(Status::Frozen).await;
    assert_eq!(durable_queue(&bench).await.waiting, 1, "what the journal does not have cannot be read");
    assert_eq!(bench.call(enqueue("c2")).await, Err(CallError::Frozen));
    assert_eq!(call.await.unwrap(), Err(CallError::OutcomeUnknown));
    assert_eq!(bench.storage.records().len(), kept);

    bench.storage.release();
    bench.status_becomes(Status::Serving).await;
    assert_eq!(bench.queue().await.unwrap().waiting, 2, "what hung was kept once");
    let stalls = bench.storage.records().into_iter().filter(|record| record.input.command.name() == "stall").count();
    assert_eq!(stalls, 1, "nobody answers for the time in which the disk stood still");
}

#[tokio::test]
async fn on_a_full_disk_work_is_ended_and_none_is_begun() {
    let bench = bench().await;
    let mut first = request(enqueue("c1"));
    first.id = Some(RequestId::new("r1").unwrap());
    let answer = bench.shard.call(&bench.tenant, first.clone()).await.unwrap();
    bench.call(enqueue("c2")).await.unwrap();
    bench.storage.set_room(Room::Reserve);
    assert_eq!(bench.shard.call(&bench.tenant, first).await, Ok(answer), "what is repeated takes no room");
    let announce = Command::AnnounceContact {
        contact: contact("c3"),
        expected_at: clock::now(),
        announced: Announced::default(),
        source: None,
        details: Arc::default(),
    };
    let apply = Command::ApplyDocument(Box::new(Proposal::new(document())));
    let import = Command::PutAgents { rows: Arc::from([]) };
    for refused in [enqueue("c3"), announce, put_ana(), apply, import] {
        let name = refused.name();
        assert_eq!(bench.call(refused).await, Err(CallError::DiskFull), "{name}");
    }
    let together = vec![request(enqueue("c3")), request(enqueue("c4"))];
    let together = bench.shard.call_all(&bench.tenant, together).unwrap().all().await;
    assert_eq!(together, [Err(CallError::DiskFull), Err(CallError::DiskFull)]);
    let reported = bench.shard.report(&bench.tenant, vec![spoken("c1", 1)]).unwrap().all().await;
    assert_eq!(reported, [Err(CallError::DiskFull)]);

    let mut notices = bench.available().await;
    let StreamItem::Notice(Notice::Offer(offer)) = notices.next().await else { panic!("an offer") };
    bench.call(Command::AckOffer { agent: ana(), offer: offer.offer }).await.unwrap();
    bench.call(Command::AcceptOffer { agent: ana(), offer: offer.offer }).await.unwrap();
    bench.call(Command::CompleteContact { contact: contact("c1") }).await.unwrap();
    let offer = loop {
        match notices.next().await {
            StreamItem::Notice(Notice::Offer(offer)) => break offer,
            StreamItem::Notice(_) => {}
            end => panic!("{end:?}"),
        }
    };
    bench.call(Command::DeclineOffer { agent: ana(), offer: offer.offer, reason: String::new() }).await.unwrap();
    bench.call(Command::CancelContact { contact: contact("c2"), reason: CancelReason::CustomerLeft }).await.unwrap();
    assert_eq!(bench.queue().await.unwrap().waiting, 0);

    bench.storage.set_room(Room::Ample);
    bench.call(enqueue("c3")).await.unwrap();
}

#[tokio::test]
async fn a_fenced_shard_drops_everything_and_stops() {
    let bench = bench().await;
    let notices = bench.available().await;
    bench.storage.fence();
    assert_eq!(bench.call(enqueue("c1")).await, Err(CallError::ShuttingDown));
    bench.status_becomes(Status::Fenced).await;
    assert_eq!(end_of(notices).await, StreamEnd::ShuttingDown);
    assert_eq!(bench.queue().await, Err(CallError::ShuttingDown));
    assert_eq!(bench.task.stop().await.unwrap(), Status::Fenced);
}

#[tokio::test]
async fn a_full_inbox_refuses_at_once_with_a_hint() {
    let bench = bench().await;
    bench.storage.hold();
    let refused = async {
        let mut asked = 0;
        loop {
            tokio::select! {
                biased;
                result = bench.call(enqueue("c1")) => return (asked, result),
                () = yield_now() => asked += 1,
            }
        }
    };
    let (asked, result) = refused.await;
    assert!(matches!(result, Err(CallError::Overloaded { retry_after }) if !retry_after.is_zero()), "{result:?}");
    assert!(asked >= INBOX_MAX / 2, "one tenant's arrivals leave half to others: {asked}");
    bench.storage.release();
    while bench.queue().await.is_err() {
        yield_now().await;
    }
    let taken =
        bench.storage.records().iter().filter(|record| record.input.command.name() == "enqueue_contact").count();
    assert_eq!(taken, 1, "callers who went away are still served, and the others were told the contact exists");
}

#[tokio::test]
async fn the_newest_stream_of_an_agent_wins() {
    let bench = bench().await;
    let first = bench.available().await;
    let second = bench.watch("s1").await.unwrap();
    assert!(second.resumed);
    assert_eq!(second.agent.presence, Presence::Available, "a resumed session is where it was");
    assert_eq!(end_of(first).await, StreamEnd::Replaced);
    bench.queue().await.unwrap();
    assert_eq!(bench.session().await, Some(true), "the first one's end is not the session's");
}

#[tokio::test]
async fn letting_go_of_a_watch_loses_the_session_and_resuming_shows_each_offer_once() {
    let bench = bench().await;
    drop(bench.available().await);
    bench.session_becomes(Some(false)).await;
    bench.call(enqueue("c1")).await.unwrap();
    let mut watch = bench.watch("s1").await.unwrap();
    assert!(watch.resumed);
    assert_eq!(watch.open_offers.len(), 1, "the contact that waited is offered");
    let cancel = Command::CancelContact { contact: contact("c1"), reason: CancelReason::CustomerLeft };
    bench.call(cancel).await.unwrap();
    let told = watch.notices.next().await;
    assert!(matches!(told, StreamItem::Notice(Notice::Rescind { .. })), "not the offer again: {told:?}");
}

#[tokio::test]
async fn signing_out_ends_the_stream_and_the_session() {
    let bench = bench().await;
    let notices = bench.available().await;
    bench.call(Command::SetPresence { agent: ana(), presence: Presence::Offline }).await.unwrap();
    bench.session_becomes(None).await;
    assert_eq!(end_of(notices).await, StreamEnd::SignedOut, "also while the reader still holds on to it");
}

#[tokio::test]
async fn what_is_due_happens_without_a_call() {
    let bench = bench().await;
    let mut notices = bench.available().await;
    bench.call(enqueue("c1")).await.unwrap();
    bench.call(Command::ParkContact { contact: contact("c1"), longest: Span::from_millis(20) }).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(notices.next().await);
    }
    assert!(
        matches!(
            told.as_slice(),
            [
                StreamItem::Notice(Notice::Offer(_)),
                StreamItem::Notice(Notice::Rescind { .. }),
                StreamItem::Notice(Notice::Offer(_))
            ]
        ),
        "{told:?}"
    );
}

#[tokio::test]
async fn draining_ends_streams_and_still_answers_and_stopping_finishes_what_was_taken() {
    let bench = bench().await;
    let notices = bench.available().await;
    bench.task.drain();
    assert_eq!(end_of(notices).await, StreamEnd::ShuttingDown);
    assert!(bench.call(enqueue("c1")).await.is_ok());
    assert!(matches!(bench.watch("s1").await, Err(CallError::ShuttingDown)));

    let Bench { tenant, storage, shard, task } = bench;
    let caller = shard.clone();
    let taken = tokio::spawn({
        let tenant = tenant.clone();
        async move { caller.call(&tenant, request(enqueue("c2"))).await }
    });
    yield_now().await;
    assert_eq!(task.stop().await.unwrap(), Status::Stopped);
    assert!(taken.await.unwrap().is_ok(), "it was in the inbox when the shard was asked to stop");
    assert_eq!(shard.call(&tenant, request(enqueue("c3"))).await, Err(CallError::ShuttingDown));
    assert_eq!(storage.records().last().unwrap().input.command.name(), "enqueue_contact");
}

#[tokio::test]
async fn a_document_is_taken_over_between_calls_and_answered_for_once_it_is_in_force() {
    let bench = bench().await;
    for number in 0..3 * SWEEP_ITEMS_MAX {
        let agent = AgentId::new(&format!("agent-{number}")).unwrap();
        let profile = Arc::new(AgentProfile::default());
        bench.call(Command::PutAgent { agent, profile, expected: Expected::Anything }).await.unwrap();
        bench.call(enqueue(&format!("w{number}"))).await.unwrap();
    }
    let text = format!("{DOCUMENT}[queues.sales]\n");
    let apply = || {
        let document = Arc::new(Document::parse(&text, Format::Toml).unwrap());
        request(Command::ApplyDocument(Box::new(Proposal::new(document))))
    };
    let caller = bench.shard.clone();
    let (tenant, asked) = (bench.tenant.clone(), apply());
    let applied = tokio::spawn(async move { caller.call(&tenant, asked).await });
    yield_now().await;

    // While agents are taken over everybody else is served, but no other document is taken.
    let second = bench.shard.call(&bench.tenant, apply()).await;
    assert_eq!(second, Err(CallError::Reject(Reject::DocumentSweeping)));
    assert!(!applied.is_finished(), "the document was said to be in force before every agent was taken over");
    bench.call(enqueue("between")).await.unwrap();

    assert!(matches!(applied.await.unwrap(), Ok(Reply::Document { .. })));
    let sales = QueueName::new("sales").unwrap();
    assert!(bench.shard.query(&bench.tenant, Query::Queue(sales)).await.is_ok(), "what was said is so");
    let sweep = || async {
        match bench.shard.query(&bench.tenant, Query::Document { version: None, field: "version" }).await.unwrap() {
            Answer::Document { version, sweep } => (version.version, sweep),
            other => panic!("{other:?}"),
        }
    };
    while sweep().await != (2, None) {
        yield_now().await;
    }
    let inputs: Vec<&str> = bench.storage.records().iter().map(|record| record.input.command.name()).collect();
    let between = inputs.iter().rposition(|name| *name == "enqueue_contact").unwrap();
    assert!(inputs[..between].contains(&"sweep"), "{inputs:?}");
    assert!(inputs[between..].iter().filter(|name| **name == "sweep").count() > 3, "{inputs:?}");
}

#[tokio::test]
async fn what_a_restart_kept_back_is_offered_between_calls() {
    let (tenant, now) = (TenantId::new("t").unwrap(), clock::now());
    let id = |number: usize| AgentId::new(&format!("agent-{number:03}")).unwrap();
    let own = |number: usize| session(&format!("s{number}"));
    let mut core = Core::new();
    let mut founding = vec![core.add_tenant(now, tenant.clone(), document()).unwrap()];
    let agents = 5 * SWEEP_ITEMS_MAX;
    for number in 0..agents {
        let (agent, connection) = (id(number), number as u64 + 1);
        let profile = Arc::new(AgentProfile::default());
        let put = Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything };
        let open = Command::OpenSession { agent: agent.clone(), session: own(number), connection };
        for command in [put, open, Command::SetPresence { agent, presence: Presence::Available }] {
            founding.extend(core.step(now, &tenant, request(command)).unwrap().applied);
        }
    }
    let hold = HoldRules { sessions_percent: 100, longest: Span::from_secs(600) };
    founding.extend(core.resume(now, None, Some(hold)));
    for number in 0..agents {
        founding.extend(core.step(now, &tenant, request(enqueue(&format!("c{number}")))).unwrap().applied);
    }
    let storage = MemoryStorage::new(Retention::Everything);
    let (shard, task) = run::start(core, founding, storage.open(), Observer::new(1_000));
    let bench = Bench { tenant, storage, shard, task };
    let mut watches = Vec::new();
    for number in 0..agents {
        assert_eq!(bench.queue().await.unwrap().offered, 0, "{number} of {agents} are back");
        watches.push(bench.shard.watch(&bench.tenant, id(number), own(number)).await.unwrap());
    }
    let offered = bench.queue().await.unwrap().offered as usize;
    assert!((SWEEP_ITEMS_MAX..agents).contains(&offered), "calls are answered in between, with {offered} offered");
    while (bench.queue().await.unwrap().offered as usize) < agents {
        yield_now().await;
    }
    let records = bench.storage.records();
    let contacts = |record: &Record| -> Vec<u64> {
        let offered = record.events.iter().filter_map(|event| match event {
            Event::OfferMade { contact, .. } => Some(contact.0),
            _ => None,
        });
        offered.collect()
    };
    let made: Vec<Vec<u64>> = records.iter().map(contacts).filter(|made| !made.is_empty()).collect();
    assert!(made.iter().all(|made| made.len() == SWEEP_ITEMS_MAX), "{made:?}");
    assert!(made.concat().is_sorted() && made.len() == 5, "in their order, a slice at a time: {made:?}");
    drop(watches);
}

#[tokio::test]
async fn an_unknown_tenant_is_named() {
    let bench = bench().await;
    let other = TenantId::new("other").unwrap();
    let unknown = CallError::TenantUnknown(other.clone());
    assert_eq!(bench.shard.call(&other, request(enqueue("c1"))).await, Err(unknown.clone()));
    assert_eq!(
        bench.shard.query(&other, Query::Document { version: None, field: "version" }).await,
        Err(unknown.clone())
    );
    assert_eq!(bench.shard.watch(&other, ana(), session("s")).await.map(drop), Err(unknown));
}

#[tokio::test]
async fn what_was_kept_is_counted() {
    let handle = metrics::install().unwrap();
    let bench = bench_of("counted").await;
    let mut notices = bench.available().await;
    bench.call(enqueue("c1")).await.unwrap();
    let StreamItem::Notice(Notice::Offer(offer)) = notices.next().await else { panic!("an offer") };
    bench.call(Command::AckOffer { agent: ana(), offer: offer.offer }).await.unwrap();
    bench.call(Command::AcceptOffer { agent: ana(), offer: offer.offer }).await.unwrap();
    bench.call(Command::CompleteContact { contact: contact("c1") }).await.unwrap();
    let line = "tenant=\"counted\",queue=\"billing\",channel=\"voice\"";
    let expected = [
        format!("attune_contacts_enqueued_total{{{line}}} 1"),
        format!("attune_offers_total{{{line},outcome=\"made\"}} 1"),
        format!("attune_offers_total{{{line},outcome=\"accepted\"}} 1"),
        format!("attune_contacts_answered_total{{{line},service_level=\"within\"}} 1"),
        format!("attune_contacts_closed_total{{{line},outcome=\"handled\"}} 1"),
        format!("attune_wait_seconds_count{{{line}}} 1"),
        format!("attune_handle_seconds_count{{{line}}} 1"),
        "attune_agents{tenant=\"counted\",presence=\"available\"} 1".to_owned(),
        "attune_agents{tenant=\"counted\",presence=\"offline\"} 0".to_owned(),
        "attune_sessions_opened_total{tenant=\"counted\",kind=\"new\"} 1".to_owned(),
    ];
    let text = handle.render();
    for expected in expected {
        assert!(text.lines().any(|line| line == expected), "{expected}\nis not in\n{text}");
    }
}

#[test]
fn due_things_happen_before_a_command_and_time_never_runs_backwards() {
    let tenant = TenantId::new("t").unwrap();
    let at = |secs| Timestamp(0) + Span::from_secs(secs);
    let mut core = Core::new();
    core.add_tenant(at(100), tenant.clone(), document()).unwrap();
    core.step(at(100), &tenant, request(enqueue("c1"))).unwrap().reply.unwrap();
    let park = Command::ParkContact { contact: contact("c1"), longest: Span::from_secs(5) };
    core.step(at(100), &tenant, request(park)).unwrap().reply.unwrap();
    assert_eq!(core.next_deadline(), Some(at(105)));
    assert!(core.tick_due(at(104)).is_empty());

    let stepped = core.step(at(110), &tenant, request(enqueue("c2"))).unwrap();
    let ticks: Vec<_> = stepped.ticks.iter().map(|tick| tick.record.input.command.name()).collect();
    assert_eq!(ticks, ["tick"], "the release came before the command");
    let late = core.step(at(50), &tenant, request(enqueue("c3"))).unwrap().applied.unwrap();
    assert_eq!(late.record.now, at(110), "an earlier time counts as the latest one told");
    assert_eq!(late.record.seq.next(), core.next_seq());
}

#[tokio::test]
async fn recovery_from_the_journal_gives_the_same_world() {
    let tenant = TenantId::new("t").unwrap();
    let storage = MemoryStorage::new(Retention::Everything);
    let mut journal = storage.open();
    let mut core = Core::new();
    let mut records = vec![core.add_tenant(Timestamp(1), tenant.clone(), document()).unwrap().record];
    let put = put_ana();
    let open = Command::OpenSession { agent: ana(), session: session("s1"), connection: 1 };
    let presence = Command::SetPresence { agent: ana(), presence: Presence::Available };
    for (at, command) in [put, open, presence, enqueue("c1"), enqueue("c2")].into_iter().enumerate() {
        let stepped = core.step(Timestamp(at as i64 * 1_000), &tenant, request(command)).unwrap();
        records.extend(stepped.ticks.into_iter().chain(stepped.applied).map(|applied| applied.record));
    }
    records.extend(core.tick_due(Timestamp(60_000_000)).into_iter().map(|applied| applied.record));
    journal.append(records.into()).await.unwrap();

    let recovered = Core::recover(journal.read(Seq::FIRST, usize::MAX).unwrap()).unwrap();
    assert!(recovered.state(&tenant) == core.state(&tenant), "evolving the events gives the state that decided them");
    assert_eq!(recovered.next_seq(), core.next_seq());
    assert_eq!(recovered.next_deadline(), core.next_deadline());
    assert!(Core::recover(storage.records().into_iter().skip(1)).is_err(), "a gap is found");
}

fn spoken(id: &str, key: u64) -> Report {
    let feeling = Feeling { valence: -800, arousal: 800, confidence: 900 };
    let content = Some(Content { feeling: Some(feeling), ..Content::default() });
    let signal = Signal { key: SignalKey(key), revision: 0, observed_at: None, source: Source::Voice, content };
    Report { contact: contact(id), signals: vec![signal] }
}

/// How many signals each record of a contact's signals took.
fn folds(bench: &Bench) -> Vec<usize> {
    let records = bench.storage.records();
    let taken = records.iter().filter_map(|record| match &record.input.command {
        Command::Signal { signals, .. } => Some(signals.len()),
        _ => None,
    });
    taken.collect()
}

#[tokio::test]
async fn what_is_reported_is_gathered_and_kept_before_the_shard_stops() {
    let bench = bench().await;
    bench.call(enqueue("c1")).await.unwrap();
    let report = |reports| async { bench.shard.report(&bench.tenant, reports).unwrap().all().await };
    let answers = report(vec![spoken("c1", 1), spoken("c2", 1)]).await;
    assert!(matches!(answers[0], Ok(Reply::Signals(_))), "{answers:?}");
    assert_eq!(answers[1], Err(CallError::Reject(Reject::ContactUnknown(contact("c2")))));
    for key in 2..7 {
        assert!(report(vec![spoken("c1", key)]).await[0].is_ok());
    }
    assert_eq!(folds(&bench), [1], "the first at once; the others wait");
    let storage = bench.storage.clone();
    assert_eq!(bench.task.stop().await.unwrap(), Status::Stopped);
    let last = storage.records().pop().expect("there are records").input.command;
    let Command::Signal { signals, .. } = last else { panic!("{last:?}") };
    let kept: Vec<u64> = signals.iter().map(|signal| signal.key.0).collect();
    assert_eq!(kept, [2, 3, 4, 5, 6], "what waits is kept before the shard stops");
}

#[tokio::test]
async fn a_fold_comes_a_second_after_the_one_before_by_itself() {
    let bench = bench().await;
    bench.call(enqueue("c1")).await.unwrap();
    let report = |reports| async { bench.shard.report(&bench.tenant, reports).unwrap().all().await };
    report(vec![spoken("c1", 1)]).await;
    report(vec![spoken("c1", 2), spoken("c1", 3)]).await;
    let records = loop {
        if folds(&bench).len() == 2 {
            break bench.storage.records();
        }
        yield_now().await;
    };
    assert_eq!(folds(&bench), [1, 2]);
    let at: Vec<Timestamp> = records
        .iter()
        .filter(|record| matches!(record.input.command, Command::Signal { .. }))
        .map(|record| record.now)
        .collect();
    assert!((at[1] - at[0]) >= Span::from_secs(1), "{at:?}");
}

#[tokio::test]
async fn what_a_journal_does_not_keep_was_not_heard() {
    let bench = bench().await;
    bench.call(enqueue("c1")).await.unwrap();
    bench.storage.break_down();
    let answers = bench.shard.report(&bench.tenant, vec![spoken("c1", 1)]).unwrap().all().await;
    assert_eq!(answers, [Err(CallError::OutcomeUnknown)]);
}

#[tokio::test]
async fn more_contacts_than_a_batch_takes_are_all_decided() {
    let bench = bench().await;
    let ids: Vec<String> = (0..BATCH_MAX + 500).map(|number| format!("c{number}")).collect();
    for some in ids.chunks(500) {
        let requests = some.iter().map(|id| request(enqueue(id))).collect();
        let answers = bench.shard.call_all(&bench.tenant, requests).unwrap().all().await;
        assert!(answers.iter().all(Result::is_ok));
    }
    let reports = ids.iter().map(|id| spoken(id, 1)).collect();
    let answers = bench.shard.report(&bench.tenant, reports).unwrap().all().await;
    assert!(answers.iter().all(Result::is_ok));
    while folds(&bench).len() < ids.len() {
        yield_now().await;
    }
    assert_eq!(folds(&bench), vec![1; ids.len()]);
}

#[tokio::test]
async fn what_a_forecast_advises_becomes_a_record_of_its_own() {
    let bench = bench().await;
    let by_empathy = |level: u8| {
        let text = format!("empathy = {{ level = {level} }}\n{DOCUMENT}[skills]\nempathy = ''\n");
        let document = Arc::new(Document::parse(&text, Format::Toml).unwrap());
        Command::ApplyDocument(Box::new(Proposal::new(document)))
    };
    bench.call(by_empathy(70)).await.unwrap();
    for at in 0..30 {
        let id = contact(&format!("m{at}"));
        let announce = Command::AnnounceContact {
            contact: id.clone(),
            expected_at: clock::now(),
            announced: Announced { moment_of_truth: true, probability: 1_000 },
            source: Some(SourceName::new("ivr").unwrap()),
            details: Arc::default(),
        };
        bench.call(announce).await.unwrap();
        bench.call(Command::CancelContact { contact: id, reason: CancelReason::Withdrawn }).await.unwrap();
    }
    let advised = |bench: &Bench| {
        let commands = bench.storage.records().into_iter().map(|record| record.input.command);
        commands.filter(|command| matches!(command, Command::LearnShowRate { .. })).collect::<Vec<_>>()
    };
    bench.queue().await.unwrap();
    assert_eq!(advised(&bench), [], "advice is given once a minute, and at once under a new document");
    bench.call(by_empathy(80)).await.unwrap();
    bench.queue().await.unwrap();
    let source = SourceName::new("ivr").unwrap();
    // Five kept by trust, of thirty-five.
    let kept = |thousandths: u16| Command::LearnShowRate { source: source.clone(), thousandths: Some(thousandths) };
    let found = advised(&bench);
    assert!(found.len() == 1 && (130..170).any(|thousandths| found[0] == kept(thousandths)), "{found:?}");
    let recovered = Core::recover(bench.storage.records()).unwrap();
    assert!(recovered.state(&bench.tenant).is_some());
}
