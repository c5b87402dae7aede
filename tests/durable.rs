//! The daemon is killed and started again: what it acknowledged is still so.
//!
//! Clients keep their own ledger of answers. After each kill all of it that is new, and some of the rest, is held against
//! the daemon that came back; after the last one, everything. `ATTUNE_KILLS` sets how often (default 5). A build with
//! planted faults is killed on a disk that forgets what was not synced, too, and on one that does not sync.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use attune::api::pb::{
    self, agent_service_client::AgentServiceClient, contact_service_client::ContactServiceClient,
    watch_offers_response::Event,
};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{task::JoinSet, time::sleep};
use tonic::{Code, Status, transport::Channel};

const AGENTS: usize = 4;
const PLATFORMS: usize = 4;
/// Short enough for many kills, long enough for hundreds of contacts.
const LIFE_MILLIS: std::ops::Range<u64> = 100..600;
/// Of contacts that nothing was heard of since the kill before, so many are looked at.
const SAMPLE: usize = 200;
/// Reads under way at once.
const READERS: usize = 8;
/// What a power cut may take, where a sync comes later; and what that sync may take on a busy machine.
#[cfg(feature = "planted-faults")]
const SYNCED_EVERY: Duration = Duration::from_millis(200);
#[cfg(feature = "planted-faults")]
const A_SYNC: Duration = Duration::from_secs(3);
/// A closed contact is remembered for ten minutes.
const REMEMBERED: Duration = Duration::from_secs(540);

/// What the daemon's journal is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// The machine's, which a kill takes nothing from.
    Real,
    /// The same, with what was answered synced ten seconds later.
    SyncedLater,
    /// What was not synced is lost with the process.
    #[cfg(feature = "planted-faults")]
    Forgetful,
    /// The same, with what was answered synced later.
    #[cfg(feature = "planted-faults")]
    ForgetfulSyncedLater,
    /// And the journal's syncs do nothing.
    #[cfg(feature = "planted-faults")]
    Deaf,
}

fn synced_every(command: &mut Command, every: Duration) {
    command.args(["--journal-durability", "async", "--journal-async-sync-ms", &every.as_millis().to_string()]);
}

/// A daemon as a process, killed without notice when dropped.
struct Process {
    child: Child,
    channel: Channel,
}

impl Process {
    async fn start(folder: &Path, disk: Disk) -> Self {
        Self::start_with(folder, disk, &[]).await
    }

    async fn start_with(folder: &Path, disk: Disk, flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attuned"));
        command.env_clear().args(["--log-format", "json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.arg("--journal-folder").arg(folder).args(flags);
        match disk {
            Disk::Real => {}
            Disk::SyncedLater => synced_every(&mut command, Duration::from_secs(10)),
            #[cfg(feature = "planted-faults")]
            Disk::Forgetful => _ = command.env("ATTUNE_DISK", "forgetful"),
            #[cfg(feature = "planted-faults")]
            Disk::ForgetfulSyncedLater => {
                synced_every(command.env("ATTUNE_DISK", "forgetful"), SYNCED_EVERY);
            }
            #[cfg(feature = "planted-faults")]
            Disk::Deaf => _ = command.env("ATTUNE_DISK", "deaf"),
        }
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the daemon starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log is piped")).lines();
        let mut seen = Vec::new();
        let address = loop {
            let line = log.next().unwrap_or_else(|| panic!("it ended: {seen:#?}")).expect("a line");
            let found: Value = serde_json::from_str(&line).expect("a log line is an object");
            if found["message"] == "ready" {
                break found["api"].as_str().expect("where it listens").to_owned();
            }
            seen.push(line);
        };
        std::thread::spawn(move || log.for_each(drop));
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
        Self { child, channel: channel.connect().await.expect("it answers") }
    }

    /// Asks it to stop, and waits until it has.
    fn stop(mut self) {
        let ask = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(ask.expect("there is a kill").success());
        assert!(self.child.wait().expect("it ends").success());
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the daemon acknowledged.
#[derive(Default)]
struct Ledger {
    /// Contacts that are in line, by their virtual arrival.
    queued: BTreeMap<String, Option<Place>>,
    /// Whom each was given to.
    taken: BTreeMap<String, String>,
    completed: BTreeMap<String, Instant>,
    /// Acceptances whose answer never came, and whose: they may have happened or not.
    unknown: BTreeMap<String, String>,
    /// Completed, and by whom; whether the wrap-up is over is not known.
    wrapping: BTreeMap<String, String>,
    /// Contacts of which something was heard since they were last held against the daemon.
    news: BTreeSet<String>,
    violations: Vec<String>,
}

/// A virtual arrival, as the wire has it.
type Place = (i64, i32);

type Shared = Arc<Mutex<Ledger>>;

/// What is held against the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What is new, and some of the rest.
    News,
    /// All that it must still know.
    Everything,
}

impl Ledger {
    /// The contacts to be looked at, which are no news any more.
    fn look(&mut self, look: Look, random: &mut StdRng) -> Vec<String> {
        let news = std::mem::take(&mut self.news);
        let is_known =
            |contact: &&String| self.completed.get(*contact).is_none_or(|completed| completed.elapsed() < REMEMBERED);
        let rest: Vec<&String> =
            self.queued.keys().filter(|contact| !news.contains(*contact)).filter(is_known).collect();
        let rest: Vec<String> = match look {
            Look::News => rest.sample(random, SAMPLE).map(|contact| (*contact).clone()).collect(),
            Look::Everything => rest.into_iter().cloned().collect(),
        };
        news.into_iter().chain(rest).collect()
    }
}

/// An id for a call that is never repeated.
fn once() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("once-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn is_gone(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal)
}

/// Sends contact after contact until the daemon is gone; the same one again if its answer never came.
async fn platform(channel: Channel, ledger: Shared, number: usize, life: usize) {
    send(channel, ledger, number, life, (enqueue, Duration::ZERO)).await;
}

/// The same, with requests as this makes them of a contact's id.
async fn send(
    channel: Channel,
    ledger: Shared,
    number: usize,
    life: usize,
    (request_of, pause): (fn(&str) -> pb::EnqueueContactRequest, Duration),
) {
    let mut contacts = ContactServiceClient::new(channel);
    for count in 0.. {
        let contact = format!("c{number}-{life}-{count}");
        let request = request_of(&contact);
        match contacts.enqueue_contact(request).await {
            Ok(answer) => {
                let place = answer.into_inner().virtual_arrival_time.map(|at| (at.seconds, at.nanos));
                {
                    let mut ledger = ledger.lock();
                    ledger.news.insert(contact.clone());
                    ledger.queued.insert(contact, place);
                }
                sleep(pause).await;
            }
            Err(status) if is_gone(&status) => return,
            Err(status) if status.code() == Code::ResourceExhausted => sleep(Duration::from_millis(5)).await,
            Err(status) => return ledger.lock().violations.push(format!("{contact} was refused: {status}")),
        }
    }
}

fn enqueue(contact: &str) -> pb::EnqueueContactRequest {
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{contact}"),
        contact_id: contact.into(),
        queue: "cards".into(),
        channel: "chat".into(),
        ..Default::default()
    }
}

/// With as much context as a contact may have, so that the journal fills up in seconds.
fn enqueue_with_much_to_tell(contact: &str) -> pb::EnqueueContactRequest {
    let context = format!("{contact} {}", "tells all of it again, ".repeat(340));
    let details = Some(pb::ContactDetails { customer_id: format!("of-{contact}"), context, ..Default::default() });
    pb::EnqueueContactRequest { details, ..enqueue(contact) }
}

/// Takes what is offered and completes it, until the daemon is gone.
async fn desktop(channel: Channel, ledger: Shared, agent: String) {
    let _ = work(channel, &ledger, &agent).await.map_err(|status| {
        if !is_gone(&status) {
            ledger.lock().violations.push(format!("{agent}: {status}"));
        }
    });
}

async fn work(channel: Channel, ledger: &Shared, agent: &str) -> Result<(), Status> {
    let (mut agents, mut contacts) = (AgentServiceClient::new(channel.clone()), ContactServiceClient::new(channel));
    let session_id = format!("session-{agent}");
    let watch = pb::WatchOffersRequest { agent_id: agent.into(), session_id, ..Default::default() };
    let mut stream = agents.watch_offers(watch).await?.into_inner();
    let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
    let available = pb::SetPresenceRequest {
        request_id: once(),
        agent_id: agent.into(),
        presence: Some(presence),
        ..Default::default()
    };
    agents.set_presence(available).await?;
    take_up(&mut contacts, &mut agents, ledger, agent).await?;
    while let Some(message) = stream.message().await? {
        let Some(Event::Offer(offer)) = message.event else { continue };
        let (offer_id, contact) = (offer.offer_id, offer.contact_id);
        let ack = pb::AckOfferRequest {
            request_id: once(),
            agent_id: agent.into(),
            offer_id: offer_id.clone(),
            ..Default::default()
        };
        if let Err(status) = agents.ack_offer(ack).await {
            if is_gone(&status) {
                return Err(status);
            }
            // Rescinded meanwhile.
            continue;
        }
        let request_id = format!("accept-{offer_id}");
        let accept = pb::AcceptOfferRequest { request_id, agent_id: agent.into(), offer_id, ..Default::default() };
        match agents.accept_offer(accept).await {
            Ok(_) => {
                let mut ledger = ledger.lock();
                ledger.news.insert(contact.clone());
                if let Some(other) = ledger.taken.insert(contact.clone(), agent.to_owned()) {
                    ledger.violations.push(format!("{contact} was given to {agent} and to {other}"));
                }
            }
            Err(status) if is_gone(&status) => {
                let mut ledger = ledger.lock();
                ledger.news.insert(contact.clone());
                ledger.unknown.insert(contact, agent.to_owned());
                return Err(status);
            }
            Err(_) => continue,
        }
        sleep(Duration::from_millis(3)).await;
        complete(&mut contacts, &mut agents, ledger, agent, &contact).await?;
    }
    Ok(())
}

/// Ends what the last kill interrupted.
async fn take_up(
    contacts: &mut ContactServiceClient<Channel>,
    agents: &mut AgentServiceClient<Channel>,
    ledger: &Shared,
    agent: &str,
) -> Result<(), Status> {
    let of_agent = |what: &BTreeMap<String, String>| -> Vec<String> {
        what.iter().filter(|(_, taker)| *taker == agent).map(|(contact, _)| contact.clone()).collect()
    };
    let (unknown, wrapping) = {
        let ledger = ledger.lock();
        (of_agent(&ledger.unknown), of_agent(&ledger.wrapping))
    };
    for contact in wrapping {
        end_wrap_up(agents, ledger, agent, &contact).await?;
    }
    for id in unknown {
        let message = pb::GetContactRequest { contact_id: id.clone(), ..Default::default() };
        let found = contacts.get_contact(message).await?.into_inner().contact.expect("an answer has the contact");
        let mut ledger = ledger.lock();
        ledger.unknown.remove(&id);
        if found.state() == pb::ContactState::Engaged && found.agent_id == agent {
            ledger.taken.insert(id, agent.to_owned());
        }
    }
    let mine: Vec<String> = {
        let ledger = ledger.lock();
        of_agent(&ledger.taken).into_iter().filter(|contact| !ledger.completed.contains_key(contact)).collect()
    };
    for contact in mine {
        complete(contacts, agents, ledger, agent, &contact).await?;
    }
    Ok(())
}

async fn complete(
    contacts: &mut ContactServiceClient<Channel>,
    agents: &mut AgentServiceClient<Channel>,
    ledger: &Shared,
    agent: &str,
    contact: &str,
) -> Result<(), Status> {
    let request_id = format!("complete-{contact}");
    let complete = pb::CompleteContactRequest { request_id, contact_id: contact.into(), ..Default::default() };
    contacts.complete_contact(complete).await?;
    {
        let mut ledger = ledger.lock();
        ledger.news.insert(contact.to_owned());
        ledger.completed.insert(contact.to_owned(), Instant::now());
        ledger.wrapping.insert(contact.to_owned(), agent.to_owned());
    }
    end_wrap_up(agents, ledger, agent, contact).await
}

async fn end_wrap_up(
    agents: &mut AgentServiceClient<Channel>,
    ledger: &Shared,
    agent: &str,
    contact: &str,
) -> Result<(), Status> {
    let over = pb::EndWrapUpRequest {
        request_id: once(),
        agent_id: agent.into(),
        contact_id: contact.into(),
        ..Default::default()
    };
    match agents.end_wrap_up(over).await {
        Err(status) if is_gone(&status) => Err(status),
        _ => {
            ledger.lock().wrapping.remove(contact);
            Ok(())
        }
    }
}

/// Holds what was acknowledged against the daemon: what is wrong.
async fn compare(channel: &Channel, ledger: &Shared, look: Look, random: &mut StdRng) -> Vec<String> {
    let (contacts, mut wrong) = {
        let mut ledger = ledger.lock();
        (ledger.look(look, random), std::mem::take(&mut ledger.violations))
    };
    let mut readers = JoinSet::new();
    for some in contacts.chunks(contacts.len().div_ceil(READERS).max(1)) {
        let (channel, ledger, some) = (channel.clone(), ledger.clone(), some.to_vec());
        readers.spawn(async move {
            let (mut contacts, mut wrong) = (ContactServiceClient::new(channel), Vec::new());
            for id in some {
                let message = pb::GetContactRequest { contact_id: id.clone(), ..Default::default() };
                match contacts.get_contact(message).await {
                    Ok(answer) => {
                        let found = answer.into_inner().contact.expect("an answer has the contact");
                        wrong.extend(faults(&ledger.lock(), &id, &found));
                    }
                    Err(status) => wrong.push(format!("{id} is lost: {status}")),
                }
            }
            wrong
        });
    }
    while let Some(found) = readers.join_next().await {
        wrong.extend(found.expect("readers do not break"));
    }
    wrong
}

/// Where a contact is not as it was acknowledged.
fn faults(ledger: &Ledger, id: &str, found: &pb::Contact) -> Vec<String> {
    use pb::ContactState::{Closed, Engaged, Offered, Queued, WrapUp};
    let mut wrong = Vec::new();
    let (taker, state) = (ledger.taken.get(id), found.state());
    let allowed: &[pb::ContactState] = match (taker, ledger.completed.contains_key(id)) {
        (_, true) => &[WrapUp, Closed],
        // The answer to its completion may have been lost.
        (Some(_), false) => &[Engaged, WrapUp, Closed],
        (None, false) if ledger.unknown.contains_key(id) => &[Queued, Offered, Engaged],
        (None, false) => &[Queued, Offered],
    };
    if !allowed.contains(&state) {
        wrong.push(format!("{id} is {state:?}, not one of {allowed:?}"));
    }
    let found_place = found.virtual_arrival_time.map(|at| (at.seconds, at.nanos));
    // Nothing is known of the place of one whose own answer was lost, even if it was offered.
    if let Some(place) = ledger.queued.get(id)
        && found_place != *place
    {
        wrong.push(format!("{id} has the place {found_place:?}, not {place:?}"));
    }
    if let (Some(taker), Engaged) = (taker, state)
        && found.agent_id != *taker
    {
        wrong.push(format!("{id} is with {:?}, not with {taker}", found.agent_id));
    }
    wrong
}

async fn found_agents(channel: &Channel) {
    let mut agents = AgentServiceClient::new(channel.clone());
    for number in 0..AGENTS {
        let skills = BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]);
        let message = pb::PutAgentRequest {
            request_id: format!("put-{number}"),
            agent_id: format!("agent-{number}"),
            profile: Some(pb::AgentProfile { skills, ..Default::default() }),
            ..Default::default()
        };
        agents.put_agent(message).await.expect("the agent is put");
    }
}

/// How many kills, unless it is said otherwise.
fn kills(usual: usize) -> usize {
    std::env::var("ATTUNE_KILLS").map_or(usual, |text| text.parse().expect("a whole number"))
}

/// Waits for something, half a minute at most.
async fn until(holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() && since.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Kills the daemon under load, so many times or until something is wrong; what is.
async fn kill(kills: usize, disk: Disk) -> Vec<String> {
    let (folder, ledger, started) = (TempDir::new().expect("a folder"), Shared::default(), Instant::now());
    let mut random = StdRng::seed_from_u64(1);
    for life in 0..=kills {
        let process = Process::start(&folder.path().join("journal"), disk).await;
        let look = if life == kills { Look::Everything } else { Look::News };
        let wrong = compare(&process.channel, &ledger, look, &mut random).await;
        if !wrong.is_empty() || life == kills {
            let ledger = ledger.lock();
            let [queued, taken, completed] = [ledger.queued.len(), ledger.taken.len(), ledger.completed.len()];
            println!(
                "{disk:?} disk, {life} kills in {:?}: {queued} contacts acknowledged, {taken} taken, {completed} completed, \
                 {} violations",
                started.elapsed(),
                wrong.len()
            );
            assert!(completed >= 10 * life, "there was load: {completed} completed");
            return wrong;
        }
        found_agents(&process.channel).await;
        let mut clients = JoinSet::new();
        for number in 0..PLATFORMS {
            clients.spawn(platform(process.channel.clone(), ledger.clone(), number, life));
        }
        for number in 0..AGENTS {
            clients.spawn(desktop(process.channel.clone(), ledger.clone(), format!("agent-{number}")));
        }
        sleep(Duration::from_millis(random.random_range(LIFE_MILLIS))).await;
        // On a machine that others keep busy a life lasts until there was load.
        until(|| ledger.lock().completed.len() >= 10 * (life + 1)).await;
        process.kill();
        while let Some(ended) = clients.join_next().await {
            ended.expect("clients do not break");
        }
    }
    unreachable!("the last life returns")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_every_kill() {
    assert_eq!(kill(kills(5), Disk::Real).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_every_kill_before_it_is_synced() {
    assert_eq!(kill(kills(2), Disk::SyncedLater).await, Vec::<String>::new());
}

/// What a power cut takes of answers that were not synced is an end of them, and no longer than the window.
#[cfg(feature = "planted-faults")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_was_answered_before_it_was_synced_the_end_is_lost_and_nothing_before() {
    let folder = TempDir::new().expect("a folder");
    let journal = folder.path().join("journal");
    let process = Process::start(&journal, Disk::ForgetfulSyncedLater).await;
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    let (began, mut answered) = (Instant::now(), Vec::new());
    while began.elapsed() < SYNCED_EVERY + A_SYNC + Duration::from_secs(2) {
        contacts.enqueue_contact(enqueue(&format!("c{}", answered.len()))).await.expect("taken");
        answered.push(Instant::now());
    }
    process.kill();
    let killed = Instant::now();
    let process = Process::start(&journal, Disk::ForgetfulSyncedLater).await;
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    let mut is_there = Vec::new();
    for number in 0..answered.len() {
        let message = pb::GetContactRequest { contact_id: format!("c{number}"), ..Default::default() };
        is_there.push(match contacts.get_contact(message).await {
            Ok(_) => true,
            Err(status) if status.code() == Code::NotFound => false,
            Err(status) => panic!("c{number}: {status}"),
        });
    }
    let left = is_there.iter().take_while(|is_there| **is_there).count();
    let sure = answered.iter().filter(|at| killed - **at > SYNCED_EVERY + A_SYNC).count();
    println!("{} answered, {left} left, {sure} of them for sure", answered.len());
    assert!(is_there[left..].iter().all(|is_there| !is_there), "something in the middle is lost");
    assert!(left >= sure, "more is lost than the window");
}

#[cfg(feature = "planted-faults")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_every_kill_on_a_disk_that_forgets_what_was_not_synced() {
    assert_eq!(kill(kills(5), Disk::Forgetful).await, Vec::<String>::new());
}

#[cfg(feature = "planted-faults")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_does_not_sync_is_caught() {
    let wrong = kill(kills(5), Disk::Deaf).await;
    assert!(wrong.iter().any(|wrong| wrong.contains("is lost")), "nothing was found to be lost: {wrong:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_was_stopped_starts_from_its_snapshot() {
    let folder = TempDir::new().expect("a folder");
    let journal = folder.path().join("journal");
    let snapshots = || {
        let names = std::fs::read_dir(&journal).expect("it is there").map(|entry| entry.expect("readable").file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".snapshot")).count()
    };
    let (ledger, mut random) = (Shared::default(), StdRng::seed_from_u64(1));
    for life in 0..3 {
        let process = Process::start(&journal, Disk::Real).await;
        assert_eq!(snapshots(), life.min(2));
        assert_eq!(
            compare(&process.channel, &ledger, Look::Everything, &mut random).await,
            Vec::<String>::new(),
            "after {life} stops"
        );
        found_agents(&process.channel).await;
        let mut clients = JoinSet::new();
        clients.spawn(platform(process.channel.clone(), ledger.clone(), 0, life));
        clients.spawn(desktop(process.channel.clone(), ledger.clone(), "agent-0".to_owned()));
        until(|| ledger.lock().queued.len() > 20 * (life + 1)).await;
        process.stop();
        while let Some(ended) = clients.join_next().await {
            ended.expect("clients do not break");
        }
    }
    // And killed behind its snapshots, as ever.
    let process = Process::start(&journal, Disk::Real).await;
    assert_eq!(
        (snapshots(), compare(&process.channel, &ledger, Look::Everything, &mut random).await),
        (2, Vec::<String>::new())
    );
    found_agents(&process.channel).await;
    process.kill();
    let process = Process::start(&journal, Disk::Real).await;
    assert_eq!(compare(&process.channel, &ledger, Look::Everything, &mut random).await, Vec::<String>::new());
    assert!(ledger.lock().queued.len() > 20, "there was load");
}

/// A folder's files with this ending; none if it is not there.
fn files_in(folder: &Path, ending: &str) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|has| has == ending)))
        .count()
}

/// Files are as small as they can be: under load the daemon goes through many, makes snapshots of them and archives them,
/// and is killed whatever it does. Whoever looks at the journal meanwhile finds it whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_snapshots_the_archive_and_kills() {
    const SMALL: [&str; 4] = ["--journal-segment-mib", "1", "--journal-snapshot-mib", "1"];
    const LIVES: usize = 3;
    let place = TempDir::new().expect("a folder");
    let (folder, archive) = (place.path().join("journal"), place.path().join("journal/archive"));
    let (ledger, mut random, mut looks) = (Shared::default(), StdRng::seed_from_u64(3), 0);
    for life in 0..=LIVES {
        let process = Process::start_with(&folder, Disk::Real, &SMALL).await;
        let look = if life == LIVES { Look::Everything } else { Look::News };
        let wrong = compare(&process.channel, &ledger, look, &mut random).await;
        assert_eq!(wrong, Vec::<String>::new(), "after {life} kills");
        if life == LIVES {
            break;
        }
        found_agents(&process.channel).await;
        let mut clients = JoinSet::new();
        for number in 0..PLATFORMS {
            let (channel, ledger) = (process.channel.clone(), ledger.clone());
            // A MiB a second: the snapshots are to keep up with it on any machine.
            let calmly =
                (enqueue_with_much_to_tell as fn(&str) -> pb::EnqueueContactRequest, Duration::from_millis(30));
            clients.spawn(send(channel, ledger, number, life, calmly));
        }
        for number in 0..AGENTS {
            clients.spawn(desktop(process.channel.clone(), ledger.clone(), format!("agent-{number}")));
        }
        let (archived, since) = (files_in(&archive, "journal"), Instant::now());
        while files_in(&archive, "journal") == archived && since.elapsed() < Duration::from_secs(300) {
            let output = Command::new(env!("CARGO_BIN_EXE_attune"))
                .env_clear()
                .args(["journal", "verify", "--folder"])
                .arg(&folder)
                .output();
            let output = output.expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            looks += 1;
            sleep(Duration::from_millis(100)).await;
        }
        assert!(files_in(&archive, "journal") > archived, "segments go to the archive while the daemon runs");
        process.kill();
        while let Some(ended) = clients.join_next().await {
            ended.expect("clients do not break");
        }
    }
    let (segments, archived) = (files_in(&folder, "journal"), files_in(&archive, "journal"));
    let contacts = ledger.lock().queued.len();
    println!("{contacts} contacts in {segments} segments and {archived} archived ones, looked at {looks} times");
    assert_eq!(files_in(&folder, "snapshot"), 2);
    assert!(segments > 0 && archived >= LIVES, "{segments} segments and {archived} archived ones");
}

/// Whether a text can be read in any file of a folder.
fn is_plain_in(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("it is there").any(|entry| {
        let path = entry.expect("readable").path();
        let has = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        if path.is_dir() { is_plain_in(&path, text) } else { has(fs::read(&path).expect("readable")) }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_gone_from_the_daemon_its_journal_and_its_snapshots() {
    const CUSTOMERS: [&str; 2] = ["kim-of-elm-street", "lee-of-oak-avenue"];
    let folder = TempDir::new().expect("a folder");
    let journal = folder.path().join("journal");
    let named = async |process: &Process| {
        let mut contacts = ContactServiceClient::new(process.channel.clone());
        let mut named = Vec::new();
        for contact_id in CUSTOMERS {
            let message = pb::GetContactRequest { contact_id: contact_id.replace('-', "_"), ..Default::default() };
            let contact = contacts.get_contact(message).await.expect("it is remembered").into_inner().contact;
            let details = contact.expect("an answer has one").details.unwrap_or_default();
            named.push((details.customer_id, details.context));
        }
        named
    };
    let process = Process::start(&journal, Disk::Real).await;
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    for customer in CUSTOMERS {
        let (customer_id, context) = (customer.to_owned(), format!("{customer} lost a card"));
        let details = Some(pb::ContactDetails { customer_id, context, ..Default::default() });
        let contact_id = customer.replace('-', "_");
        contacts.enqueue_contact(pb::EnqueueContactRequest { details, ..enqueue(&contact_id) }).await.expect("taken");
        let (request_id, reason) = (format!("end-{contact_id}"), pb::CancelReason::CustomerLeft.into());
        let cancel = pb::CancelContactRequest { request_id, contact_id, reason, ..Default::default() };
        contacts.cancel_contact(cancel).await.expect("it is cancelled");
    }
    process.stop();
    let process = Process::start(&journal, Disk::Real).await;
    let known = CUSTOMERS.map(|customer| (customer.to_owned(), format!("{customer} lost a card")));
    assert_eq!(named(&process).await, known, "a snapshot has them");
    let erase = pb::EraseCustomerRequest {
        request_id: "erase".into(),
        actor: "sam".into(),
        reason: "asked for it".into(),
        customer_id: CUSTOMERS[0].into(),
        ..Default::default()
    };
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    contacts.erase_customer(erase.clone()).await.expect("nothing is open");
    process.kill();

    let left = [Default::default(), known[1].clone()];
    let process = Process::start(&journal, Disk::Real).await;
    assert_eq!(named(&process).await, left, "a snapshot from before, and the record behind it");
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    contacts.erase_customer(erase).await.expect("a repeated request is answered as before");
    process.stop();
    let process = Process::start(&journal, Disk::Real).await;
    assert_eq!(named(&process).await, left, "a snapshot from behind it");
    process.stop();
    for customer in CUSTOMERS {
        assert!(!is_plain_in(&journal, customer), "{customer} can be read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_and_repeated_requests_go_on_where_they_were() {
    let folder = TempDir::new().expect("a folder");
    let journal = folder.path().join("journal");
    let process = Process::start(&journal, Disk::Real).await;
    found_agents(&process.channel).await;
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    let first = contacts.enqueue_contact(enqueue("c1")).await.expect("taken").into_inner();
    let mut agents = AgentServiceClient::new(process.channel.clone());
    let watch = pb::WatchOffersRequest { agent_id: "agent-0".into(), session_id: "s0".into(), ..Default::default() };
    let stream = agents.watch_offers(watch.clone()).await.expect("the stream opens");
    process.kill();
    drop(stream);

    let process = Process::start(&journal, Disk::Real).await;
    let mut contacts = ContactServiceClient::new(process.channel.clone());
    let again = contacts.enqueue_contact(enqueue("c1")).await.expect("the first answer").into_inner();
    assert_eq!(again, first);
    let mut other = enqueue("c1");
    other.queue = "loans".into();
    let status = contacts.enqueue_contact(other).await.expect_err("another request under the same id");
    assert!(status.message().contains("was used before"), "{status}");
    let mut agents = AgentServiceClient::new(process.channel.clone());
    let mut stream = agents.watch_offers(watch).await.expect("the stream opens").into_inner();
    let message = stream.message().await.expect("the stream lives").expect("it begins");
    let Some(Event::Welcome(welcome)) = message.event else { panic!("a stream begins with a welcome") };
    assert_eq!(welcome.session_id, "s0");
    let second = Command::new(env!("CARGO_BIN_EXE_attuned"))
        .env_clear()
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .arg("--journal-folder")
        .arg(&journal)
        .output()
        .expect("it runs");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("is in use by another process"), "{said}");
}
