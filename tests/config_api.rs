//! Configuration over the wire: documents with history, differences, dry run and roll-back; agents with etags; imports.

use std::{collections::BTreeMap, time::Instant};

use attune::{
    api::pb::{
        self, agent_row_result::Result as RowResult, agent_service_client::AgentServiceClient,
        config_service_client::ConfigServiceClient, contact_service_client::ContactServiceClient,
        diff_documents_request::To, enqueue_contact_result::Result as Enqueued,
    },
    app::Daemon,
};
use tokio_stream::StreamExt;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

struct Wire {
    daemon: Daemon,
    agents: AgentServiceClient<Channel>,
    config: ConfigServiceClient<Channel>,
    contacts: ContactServiceClient<Channel>,
}

impl Wire {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            daemon,
            agents: AgentServiceClient::new(channel.clone()),
            config: ConfigServiceClient::new(channel.clone()),
            contacts: ContactServiceClient::new(channel),
        }
    }

    async fn document(&mut self, version: u64) -> pb::GetDocumentResponse {
        let message = pb::GetDocumentRequest { version, ..Default::default() };
        self.config.get_document(message).await.expect("is read").into_inner()
    }

    async fn apply(&mut self, id: &str, text: &str) -> Result<pb::ApplyDocumentResponse, Status> {
        self.config.apply_document(apply(id, text)).await.map(tonic::Response::into_inner)
    }

    async fn diff(&mut self, from_version: u64, to: To) -> Vec<(String, Option<String>, Option<String>)> {
        let message = pb::DiffDocumentsRequest { from_version, to: Some(to), ..Default::default() };
        let found = self.config.diff_documents(message).await.expect("is compared").into_inner();
        assert_eq!(found.left_out, 0);
        found.differences.into_iter().map(|one| (one.path, one.old_value, one.new_value)).collect()
    }

    async fn enqueue(&mut self, contact: &str, queue: &str) {
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: queue.into(),
            channel: "voice".into(),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("is queued");
    }

    /// Queues so many contacts, `c0` and on, for whom nobody is there.
    async fn crowd(&mut self, count: usize, queue: &str) {
        let contact = |number| pb::EnqueueContactRequest {
            request_id: format!("crowd-{number}"),
            contact_id: format!("c{number}"),
            queue: queue.into(),
            channel: "voice".into(),
            ..Default::default()
        };
        let contacts: Vec<_> = (0..count).map(contact).collect();
        let requests: Vec<_> =
            contacts.chunks(500).map(|some| pb::EnqueueContactsRequest { contacts: some.to_vec() }).collect();
        let answers = self.contacts.enqueue_contacts(tokio_stream::iter(requests)).await.expect("the call opens");
        let (mut answers, mut queued) = (answers.into_inner(), 0);
        while let Some(answer) = answers.next().await {
            let results = answer.expect("the stream lives").results;
            queued += results.iter().filter(|one| matches!(one.result, Some(Enqueued::Enqueued(_)))).count();
        }
        assert_eq!(queued, count);
    }

    async fn queue_of(&mut self, contact: &str) -> String {
        let message = pb::GetContactRequest { contact_id: contact.into(), ..Default::default() };
        let answer = self.contacts.get_contact(message).await.expect("is read").into_inner();
        answer.contact.expect("a contact").queue
    }

    async fn import(&mut self, batches: Vec<pb::ImportAgentsRequest>) -> Result<Vec<pb::AgentRowResult>, Status> {
        let mut answers = self.agents.import_agents(tokio_stream::iter(batches)).await?.into_inner();
        let mut results = Vec::new();
        while let Some(answer) = answers.next().await {
            results.extend(answer?.results);
        }
        Ok(results)
    }
}

const YAML: &str = "\
channels: { voice: {}, chat: { cost: 34 } }
skills: { claims: Claims }
queues:
  claims: { require: { all: [claims] } }
  rest: {}
";

fn yaml(text: &str) -> pb::DocumentText {
    pb::DocumentText { format: pb::DocumentFormat::Yaml.into(), text: text.into() }
}

fn apply(id: &str, text: &str) -> pb::ApplyDocumentRequest {
    pb::ApplyDocumentRequest {
        request_id: id.into(),
        document: Some(yaml(text)),
        author: "pat".into(),
        note: format!("because of {id}"),
        ..Default::default()
    }
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().expect("a refusal has a reason").reason)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn a_document_has_a_history_that_can_be_read_compared_and_restored() {
    let mut wire = Wire::open().await;
    let first = wire.document(0).await;
    assert_eq!((first.version, first.details.as_ref().unwrap().author.as_str()), (1, "attuned"));
    let second = wire.apply("d2", YAML).await.expect("is applied");
    let changed = YAML.replace("rest: {}", "rest: { priority: 10s }");
    let third = pb::ApplyDocumentRequest { etag: second.etag.clone(), ..apply("d3", &changed) };
    let third = wire.config.apply_document(third).await.expect("is applied").into_inner();
    assert_eq!((second.version, third.version), (2, 3));

    let listed = pb::ListDocumentVersionsRequest { page_size: 2, ..Default::default() };
    let page = wire.config.list_document_versions(listed.clone()).await.expect("is listed").into_inner();
    let rest = pb::ListDocumentVersionsRequest { page_token: page.next_page_token, ..listed };
    let rest = wire.config.list_document_versions(rest).await.expect("is listed").into_inner();
    let versions: Vec<_> = page.versions.iter().chain(&rest.versions).collect();
    assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((versions[1].author.as_str(), versions[1].note.as_str()), ("pat", "because of d2"));
    assert_eq!((versions[1].etag.as_str(), versions[1].size_bytes), (second.etag.as_str(), YAML.len() as u64));
    assert!(versions[1].apply_time.is_some() && rest.next_page_token.is_empty());
    assert_eq!(wire.document(2).await.document.unwrap().text, YAML, "to the byte");

    let added = ("queues.rest.priority".to_owned(), None, some("\"10s\""));
    assert_eq!(wire.diff(2, To::ToVersion(3)).await, std::slice::from_ref(&added));
    assert_eq!(wire.diff(2, To::ToDocument(yaml(&changed))).await, [added]);
    let removed = ("queues.rest.priority".to_owned(), some("\"10s\""), None);
    assert_eq!(wire.diff(0, To::ToVersion(2)).await, [removed]);

    let back = pb::RollBackDocumentRequest {
        request_id: "back".into(),
        version: 2,
        etag: third.etag,
        author: "sam".into(),
        note: "the head start was too much".into(),
        ..Default::default()
    };
    let restored = wire.config.roll_back_document(back.clone()).await.expect("is applied").into_inner();
    assert_eq!(restored.version, 4);
    let again = wire.config.roll_back_document(back.clone()).await.expect("is answered").into_inner();
    assert_eq!(again, restored, "a repeated request has the same answer");
    let now = wire.document(0).await;
    let details = now.details.unwrap();
    assert_eq!((now.document.unwrap().text.as_str(), details.rolled_back_to), (YAML, 2));
    assert_eq!((details.author.as_str(), &details.etag), ("sam", &restored.etag));

    let stale = pb::RollBackDocumentRequest { request_id: "stale".into(), ..back.clone() };
    let refused = wire.config.roll_back_document(stale).await.expect_err("is refused");
    assert_eq!(reason(&refused), (Code::Aborted, "VERSION_MISMATCH".into()));
    assert_eq!(refused.get_details_error_info().unwrap().metadata["actual"], restored.etag);
    let never = pb::RollBackDocumentRequest { request_id: "never".into(), version: 99, ..back };
    let refused = wire.config.roll_back_document(never).await.expect_err("is refused");
    assert_eq!(reason(&refused), (Code::NotFound, "DOCUMENT_VERSION_UNKNOWN".into()));
    assert_eq!(refused.get_details_error_info().unwrap().metadata["latest"], "4");
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let mut wire = Wire::open().await;
    wire.apply("d1", YAML).await.expect("is applied");
    for contact in ["c1", "c2"] {
        wire.enqueue(contact, "rest").await;
    }
    let before = wire.document(0).await;
    let without = YAML.replace("  rest: {}\n", "  other: {}\n").replace("chat: { cost: 34 }", "email: {}");
    let mut dry = pb::ApplyDocumentRequest { validate_only: true, ..apply("d2", &without) };
    let answer = wire.config.apply_document(dry.clone()).await.expect("is an answer").into_inner();
    let preview = answer.preview.expect("a preview");
    assert_eq!((answer.version, answer.etag.as_str()), (before.version + 1, ""));
    let queues: Vec<_> =
        preview.queues.iter().map(|queue| (queue.queue.as_str(), queue.change(), queue.moved)).collect();
    assert_eq!(queues, [("other", pb::QueueChange::Added, 0), ("rest", pb::QueueChange::Removed, 2)]);
    assert_eq!((preview.added_channels, preview.removed_channels), (vec!["email".to_owned()], vec!["chat".to_owned()]));
    assert_eq!(preview.refusals.len(), 1);
    assert!(preview.refusals[0].message.contains("rest"), "{:?}", preview.refusals[0]);
    assert_eq!(preview.refusals[0].code, Code::FailedPrecondition as i32);

    dry.moves = vec![pb::QueueMove { from: "rest".into(), to: "other".into() }];
    let answer = wire.config.apply_document(dry.clone()).await.expect("is an answer").into_inner();
    let preview = answer.preview.expect("a preview");
    assert_eq!((preview.refusals.len(), preview.queues[1].to.as_str()), (0, "other"));
    assert_eq!(wire.document(0).await, before, "nothing changed");

    let real = pb::ApplyDocumentRequest { validate_only: false, ..dry };
    let applied = wire.config.apply_document(real).await.expect("is applied").into_inner();
    assert_eq!((applied.version, applied.preview), (before.version + 1, None));

    let back = pb::RollBackDocumentRequest {
        request_id: "back".into(),
        version: before.version,
        validate_only: true,
        ..Default::default()
    };
    let answer = wire.config.roll_back_document(back).await.expect("is an answer").into_inner();
    assert_eq!(answer.preview.expect("a preview").refusals.len(), 1, "the contacts are in the other queue now");
    wire.daemon.shutdown().await;
}

/// The sweep takes several hundred slices, so that each call below has many of them to come in between.
#[tokio::test]
async fn a_queue_in_which_many_wait_is_removed_slice_by_slice_and_only_one_document_at_a_time() {
    const AGENTS: usize = 1_000;
    const WAITING: usize = 30_000;
    let mut wire = Wire::open().await;
    let before = wire.apply("before", YAML).await.expect("is applied");
    let agents: Vec<_> = (0..AGENTS)
        .map(|number| pb::AgentRow {
            agent_id: format!("agent-{number}"),
            profile: Some(pb::AgentProfile::default()),
            ..Default::default()
        })
        .collect();
    let batches = agents.chunks(100).enumerate().map(|(number, rows)| batch(format!("import-{number}"), rows.to_vec()));
    assert_eq!(wire.import(batches.collect()).await.expect("is answered").len(), AGENTS);
    wire.crowd(WAITING, "rest").await;

    let mut removing = apply("remove", &YAML.replace("  rest: {}\n", "  other: { priority: 10s }\n"));
    removing.moves = vec![pb::QueueMove { from: "rest".into(), to: "other".into() }];
    let mut config = wire.config.clone();
    let asked = removing.clone();
    let applying = tokio::spawn(async move { config.apply_document(asked).await.map(tonic::Response::into_inner) });
    let mut told = loop {
        let document = wire.document(0).await;
        if document.sweep.is_some() {
            break document;
        }
    };
    let refused = wire.apply("meanwhile", YAML).await.expect_err("one document at a time");
    assert_eq!(reason(&refused), (Code::Aborted, "DOCUMENT_SWEEPING".into()));
    assert!(refused.get_details_retry_info().expect("a hint").retry_delay.is_some_and(|delay| !delay.is_zero()));
    wire.enqueue("meanwhile", "claims").await;

    let applied = applying.await.expect("nothing panics").expect("is applied");
    assert_eq!(applied.version, before.version + 1);
    let mut sweeps = 0;
    let mut is_answered = false;
    while let Some(sweep) = &told.sweep {
        assert_eq!(sweep.version, applied.version);
        let in_force = sweep.stage() >= pb::DocumentSweepStage::Contacts;
        assert!(in_force || !is_answered, "answered for before it was in force: {sweep:?}");
        assert_eq!(told.version, if in_force { applied.version } else { before.version }, "{sweep:?}");
        assert!(sweep.left_items <= (WAITING + 1) as u64, "{sweep:?}");
        let next = wire.document(0).await;
        if let Some(later) = &next.sweep {
            let how_far = |sweep: &pb::DocumentSweep| (sweep.stage, std::cmp::Reverse(sweep.left_items));
            assert!(how_far(later) >= how_far(sweep), "{later:?} after {sweep:?}");
        }
        (told, is_answered, sweeps) = (next, true, sweeps + 1);
    }
    assert!(sweeps > 1, "it was over before anybody could ask how far it is");
    assert_eq!((told.version, told.etag), (applied.version, applied.etag.clone()));
    for contact in ["c0", "c12345", "c29999"] {
        assert_eq!(wire.queue_of(contact).await, "other");
    }
    let again = wire.config.apply_document(removing).await.expect("is answered as before").into_inner();
    assert_eq!(again, applied);
    wire.apply("after", YAML).await.expect_err("the contacts are in the queue that this one removes");
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn violations_say_where_in_the_text() {
    let mut wire = Wire::open().await;
    let wrong = YAML.replace("cost: 34", "cost: 34, interuptible: true").replace("rest: {}", "rest: { cost: 0 }");
    let message = pb::ValidateDocumentRequest { document: Some(yaml(&wrong)), ..Default::default() };
    let found = wire.config.validate_document(message).await.expect("an answer").into_inner().violations;
    let places: Vec<_> = found.iter().map(|one| (one.path.as_str(), one.line, one.column)).collect();
    assert_eq!(places, [("channels.chat.interuptible", 1, 42), ("queues.rest.cost", 5, 11)]);
    let refused = wire.apply("d1", &wrong).await.expect_err("is refused");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "DOCUMENT_INVALID".into()));
    let listed = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(listed[1].field, "document.queues.rest.cost");
    assert_eq!(listed[1].description, "is 0; must be from 1 to 10000 (line 5, column 11)");

    let compare = pb::DiffDocumentsRequest { to: Some(To::ToDocument(yaml("a: ["))), ..Default::default() };
    let refused = wire.config.diff_documents(compare).await.expect_err("is refused");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "DOCUMENT_INVALID".into()));
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "to_document.text");
    wire.daemon.shutdown().await;
}

fn profile(level: u32) -> Option<pb::AgentProfile> {
    Some(pb::AgentProfile { skills: BTreeMap::from([("cards".into(), level)]), ..Default::default() })
}

fn put(id: &str, level: u32, etag: &str, mode: pb::PutMode) -> pb::PutAgentRequest {
    pb::PutAgentRequest {
        request_id: id.into(),
        agent_id: "ana".into(),
        profile: profile(level),
        etag: etag.into(),
        mode: mode.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn nobody_overwrites_a_change_to_an_agent_unseen() {
    let mut wire = Wire::open().await;
    let mut put_ana = async |message| wire.agents.put_agent(message).await.map(|response| response.into_inner().etag);
    let missing = put_ana(put("p0", 50, "", pb::PutMode::Replace)).await.expect_err("is refused");
    assert_eq!(reason(&missing), (Code::NotFound, "AGENT_UNKNOWN".into()));
    let first = put_ana(put("p1", 50, "", pb::PutMode::Create)).await.expect("is put");
    let there = put_ana(put("p2", 50, "", pb::PutMode::Create)).await.expect_err("is refused");
    assert_eq!(reason(&there), (Code::AlreadyExists, "AGENT_EXISTS".into()));
    assert_eq!(put_ana(put("p3", 50, &first, pb::PutMode::Unspecified)).await.expect("is put"), first, "no change");
    let second = put_ana(put("p4", 60, &first, pb::PutMode::Replace)).await.expect("is put");
    assert_ne!(first, second);
    let stale = put_ana(put("p5", 70, &first, pb::PutMode::Unspecified)).await.expect_err("is refused");
    assert_eq!(reason(&stale), (Code::Aborted, "AGENT_CHANGED".into()));
    assert_eq!(stale.get_details_error_info().unwrap().metadata["actual"], second);
    let both = put_ana(put("p6", 70, &first, pb::PutMode::Create)).await.expect_err("is refused");
    assert_eq!(both.get_details_bad_request().unwrap().field_violations[0].field, "etag");

    let read = pb::GetAgentRequest { agent_id: "ana".into(), ..Default::default() };
    let read = wire.agents.get_agent(read).await.expect("is read").into_inner().agent.unwrap();
    assert_eq!((&read.etag, read.profile.unwrap().skills["cards"]), (&second, 60));
    let mut delete =
        pb::DeleteAgentRequest { request_id: "x1".into(), agent_id: "ana".into(), etag: first, ..Default::default() };
    let stale = wire.agents.delete_agent(delete.clone()).await.expect_err("is refused");
    assert_eq!(reason(&stale), (Code::Aborted, "AGENT_CHANGED".into()));
    (delete.request_id, delete.etag) = ("x2".into(), second);
    wire.agents.delete_agent(delete).await.expect("is deleted");
    wire.daemon.shutdown().await;
}

fn row(agent: impl Into<String>, level: u32) -> pb::AgentRow {
    pb::AgentRow { agent_id: agent.into(), profile: profile(level), ..Default::default() }
}

fn batch(id: impl Into<String>, agents: Vec<pb::AgentRow>) -> pb::ImportAgentsRequest {
    pb::ImportAgentsRequest { request_id: id.into(), agents, ..Default::default() }
}

#[tokio::test]
async fn an_import_has_a_result_for_every_row_and_refuses_only_what_is_wrong() {
    let mut wire = Wire::open().await;
    let mut unknown = row("cay", 50);
    unknown.profile.as_mut().unwrap().skills.insert("crads".into(), 10);
    let first = batch("i1", vec![row("ana", 50), row("b e n", 101), unknown]);
    let second = batch("i2", vec![row("dan", 60)]);
    let dry = pb::ImportAgentsRequest { validate_only: true, ..first.clone() };
    let checked = wire.import(vec![dry]).await.expect("is answered");
    assert!(matches!(&checked[0].result, Some(RowResult::Etag(etag)) if etag.is_empty()));

    let results = wire.import(vec![first.clone(), second.clone()]).await.expect("is answered");
    let rows: Vec<_> = results.iter().map(|result| (result.index, result.agent_id.as_str())).collect();
    assert_eq!(rows, [(0, "ana"), (1, "b e n"), (2, "cay"), (3, "dan")]);
    let told = |result: &pb::AgentRowResult| match result.result.as_ref().expect("a result") {
        RowResult::Etag(_) => String::new(),
        RowResult::Refused(refused) => refused.message.clone(),
    };
    for (checked, result) in checked.iter().zip(&results) {
        assert_eq!(told(checked), told(result), "a dry run refuses what the import refuses");
    }
    assert!(told(&results[1]).starts_with("agent_id contains ' '") && told(&results[1]).ends_with("(and 1 more)"));
    assert!(told(&results[2]).contains("did you mean \"cards\"?"));
    assert_eq!(wire.import(vec![first.clone(), second]).await.expect("is answered"), results, "as often as it is sent");
    let listed =
        wire.agents.list_agents(pb::ListAgentsRequest::default()).await.expect("is listed").into_inner().agents;
    assert_eq!(listed.iter().map(|agent| agent.agent_id.as_str()).collect::<Vec<_>>(), ["ana", "dan"]);

    let other = batch("i1", vec![row("eve", 10)]);
    let refused = wire.import(vec![other]).await.expect_err("ends the call");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "REQUEST_REUSED".into()));
    let many = batch("i3", (0..101).map(|number| row(format!("m{number}"), 10)).collect());
    let refused = wire.import(vec![many]).await.expect_err("ends the call");
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "agents");
    wire.daemon.shutdown().await;
}

/// Prints what it measured; the numbers that count are those of a release build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo test --release --test config_api -- --ignored --nocapture"]
async fn a_hundred_thousand_agents_are_imported_while_contacts_are_routed() {
    const AGENTS: usize = 100_000;
    let mut wire = Wire::open().await;
    let batches: Vec<_> = (0..AGENTS / 100)
        .map(|number| {
            let rows = (0..100).map(|at| row(format!("agent-{number}-{at}"), 1 + (number * 7 + at) as u32 % 100));
            batch(format!("import-{number}"), rows.collect())
        })
        .collect();
    let mut contacts = wire.contacts.clone();
    let (done, mut is_done) = tokio::sync::oneshot::channel::<()>();
    let routing = tokio::spawn(async move {
        let mut delays = Vec::new();
        while is_done.try_recv().is_err() {
            let message = pb::EnqueueContactRequest {
                request_id: format!("e{}", delays.len()),
                contact_id: format!("c{}", delays.len()),
                queue: "cards".into(),
                channel: "chat".into(),
                ..Default::default()
            };
            let started = Instant::now();
            contacts.enqueue_contact(message).await.expect("is queued");
            delays.push(started.elapsed());
        }
        delays.sort_unstable();
        delays
    });
    let started = Instant::now();
    let results = wire.import(batches).await.expect("is answered");
    let took = started.elapsed();
    drop(done);
    let delays = routing.await.expect("contacts are routed");
    assert_eq!(results.len(), AGENTS);
    assert!(results.iter().all(|row| matches!(row.result, Some(RowResult::Etag(_)))));
    let at = |share: usize| delays[(delays.len() - 1) * share / 1_000];
    println!(
        "{AGENTS} agents in {took:?}; meanwhile {} contacts enqueued, one after the other: p50 {:?}, p99 {:?}, longest {:?}",
        delays.len(),
        at(500),
        at(990),
        at(1_000),
    );
    wire.daemon.shutdown().await;
}
