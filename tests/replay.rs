//! `attune replay` on journals that the production shard wrote in virtual time: a day decided again, and the same day
//! under another document.
//!
//! Protects: what is recorded is reproduced bit for bit, whatever differs is named with both, history's column is what
//! happened, and a difference has the sign that the rules give it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command as Process,
    sync::Arc,
};

use attune::{
    engine::{Command, Event, Request, State, command::Destination},
    journal::{
        Digest, Journal, LostKeys, Record, Seq, Snapshot,
        disk::{DiskJournal, Settings, Syncing},
        inspect,
        log::{Log, Making},
        seal::Plain,
        snapshot,
        volume::Folder,
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, KeepPlace, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, SessionId, TenantId},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    sim::{
        driver::{Driver, Step},
        history::{History, NoDay, Period, Watcher},
        player,
        scenario::{
            Scenario,
            survival::{Seen, Survival},
        },
        study::{METRICS, Metric, Of, Study},
    },
};
use chaos::Chaos;
use serde_json::Value;
use tempfile::TempDir;

#[path = "properties/chaos.rs"]
#[expect(dead_code, reason = "what only the properties ask of it")]
mod chaos;

/// Small, so that a day takes several.
const SEGMENT: u64 = 64 << 10;

/// Two queues, twelve agents of whom three are empathetic, and more work than they can do at once.
const DAY: &str = r#"
within = "30s"
run = { runs = 1, seed = 5, from = "08:00", until = "10:30" }
[document]
text = """
[skills]
empathy = ''
cards = ''
[channels.voice]
[queues.cards]
service_level = '30s'
require = { all = ['cards'] }
wrap_up = { time = '20s', max = '1m' }
[queues.general]
service_level = '1m'
"""
[agents.warm]
count = 3
empathy = 85
skills = { cards = 80 }
acceptance = { time = { lognormal = "3s", variation = 0.5 } }
[agents.early]
count = 5
skills = { cards = 60 }
shifts = [{ from = "08:00", until = "09:45" }]
acceptance = { time = "4s", missed = 0.05, declined = 0.05, back_after = "40s" }
[agents.late]
count = 6
shifts = [{ from = "08:30", until = "09:10" }, { from = "09:20", until = "11:00" }]
acceptance = { time = "2s" }
[streams.cards]
queue = "cards"
channel = "voice"
per_hour = 120
handling = { lognormal = "3m", variation = 0.7 }
patience = { exponential = "2m" }
wrap_up = { exponential = "20s" }
moments = { share = 0.15 }
[streams.general]
queue = "general"
channel = "voice"
per_hour = 90
handling = { exponential = "4m" }
patience = { exponential = "4m" }
moments = { share = 0.1 }
"#;

/// Moments of truth go first, to the empathetic, and wait for them a while.
const MOMENTS_FIRST: &str = "
[head_start]
max = '1h'
[empathy]
consecutive_max = 0
share_max = 100
[moments.moment]
triggers = [{ event = 'moment_of_truth' }]
weight = 100
half_life = '7d'
head_start = '30m'
hold = '10s'
";

fn day() -> Scenario {
    Scenario::read(DAY, Path::new(""), None).unwrap_or_else(|error| panic!("{error}"))
}

fn records(scenario: &Scenario) -> Vec<Record> {
    let mut records = Vec::new();
    let played = player::play(scenario, 5, &|_| panic!("nobody writes"), &mut |record| records.push(record.clone()));
    played.unwrap_or_else(|refused| panic!("{refused}"));
    records
}

fn document(text: &str) -> Document {
    Document::parse(text, Format::Toml).unwrap_or_else(|error| panic!("{error}"))
}

/// The document of the day, as it was written.
fn own() -> String {
    day().document.source.text.to_string()
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A folder with a journal in it, and documents beside it.
struct Place(TempDir);

impl Place {
    fn with(records: &[Record]) -> Self {
        let place = Self(TempDir::new().expect("a folder"));
        let folder = Folder::make(&place.folder()).expect("it is made");
        let mut log = Log::open(folder, None, SEGMENT, Making::WhenNeeded, drop).expect("it opens");
        records.chunks(3).for_each(|batch| log.append(batch).expect("there is room"));
        place
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn document(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    fn run(&self, words: &[&str]) -> Ran {
        let mut command = Process::new(env!("CARGO_BIN_EXE_attune"));
        let output = command.env_clear().arg("replay").arg(self.folder()).args(words).output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ran {
            code: output.status.code().expect("it ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn json(&self, words: &[&str]) -> Value {
        let text = self.run(&[words, &["--format", "json"]].concat()).ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }
}

fn digest(records: &[Record]) -> String {
    let mut digest = Digest::default();
    records.iter().for_each(|record| digest.take(record));
    format!("{:016x}", digest.value())
}

/// The world before a record, as a snapshot.
fn snapshot_before(records: &[Record], seq: Seq) -> Snapshot {
    let before: Vec<&Record> = records.iter().filter(|record| record.seq < seq).collect();
    let mut state = State::new();
    for record in &before {
        record.events.iter().for_each(|event| state.evolve(record.now, event));
    }
    let last = before.last().expect("some come before");
    Snapshot { next: seq, now: last.now, worlds: vec![(last.tenant.clone(), state)] }
}

fn history(records: &[Record], period: Period) -> History {
    let mut watcher = Watcher::new(TenantId::new("default").expect("a name"), period, None);
    records.iter().for_each(|record| watcher.take(record));
    watcher.finish().expect("there is a day")
}

#[test]
fn a_day_is_decided_again_bit_for_bit() {
    let records = records(&day());
    let place = Place::with(&records);
    let text = place.run(&[]).ok();
    let commands = records.iter().filter(|record| !matches!(record.input.command, Command::Tick | Command::Sweep));
    let expected = format!(
        "{} records, {} commands, all decided as recorded; digest {}\n",
        records.len(),
        commands.count(),
        digest(&records)
    );
    assert!(text.starts_with(&expected), "{text}, not {expected}");
    let told = place.json(&["--tenant", "default"]);
    assert_eq!((&told["digest"], &told["undecided"]), (&digest(&records).into(), &0.into()));
}

#[test]
fn a_backup_a_daemons_own_folder_and_what_is_left_behind_a_snapshot_are_decided_alike() {
    let records = records(&day());
    let place = Place::with(&[]);
    let settings = Settings {
        folder: place.folder(),
        segment_bytes: SEGMENT,
        syncing: Syncing::EachBatch,
        lost_keys: LostKeys::Refuse,
    };
    let mut journal = DiskJournal::open(settings, drop).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one thread");
    runtime.block_on(async {
        for batch in records.chunks(50) {
            journal.append(batch.into()).await.expect("it takes it");
        }
    });
    // Somebody has it open, with fields sealed.
    assert_eq!(place.json(&[])["digest"], digest(&records));
    let copy = Place(TempDir::new().expect("a folder"));
    let to = copy.folder().display().to_string();
    let backup = Process::new(env!("CARGO_BIN_EXE_attune"))
        .args(["journal", "backup", &to, "--with-keys", "--folder"])
        .arg(place.folder())
        .output()
        .expect("it runs");
    assert!(backup.status.success(), "{backup:?}");
    assert_eq!(copy.json(&[])["digest"], digest(&records));
    drop(journal);

    let from = records[records.len() / 2].seq;
    let left = &records[records.len() / 2..];
    let place = Place::with(&records);
    let folder = Folder::make(&place.folder()).expect("it is there");
    snapshot::write(&folder, &Plain, snapshot_before(&records, from)).expect("there is room");
    let segments = inspect::segments_of(&place.folder()).expect("they are there");
    for (file, next) in segments.iter().zip(&segments[1..]).filter(|(_, next)| next.first <= from) {
        assert!(file.first < next.first);
        fs::remove_file(place.folder().join(&file.name)).expect("it is removed");
    }
    assert!(inspect::segments_of(&place.folder()).expect("they are there")[0].first > Seq::FIRST);
    let told = place.json(&[]);
    assert_eq!((&told["digest"], &told["records"]), (&digest(left).into(), &left.len().into()));
    assert_eq!(told["from_snapshot"], from.0);
    assert!(place.run(&[]).ok().starts_with(&format!("begins with record {from}: a snapshot stands")));
}

#[test]
fn whatever_differs_is_named_with_both() {
    let good = records(&day());
    // Another agent than this engine chooses.
    let mut wrong = good.clone();
    let agents: Vec<_> = good
        .iter()
        .flat_map(|record| &record.events)
        .filter_map(|event| if let Event::AgentPut { agent, .. } = event { Some(*agent) } else { None })
        .collect();
    let is_offer = |event: &Event| matches!(event, Event::OfferMade { .. });
    let at = wrong.iter().rposition(|record| record.events.iter().any(is_offer)).expect("there is one");
    let event = wrong[at].events.iter_mut().find(|event| is_offer(event)).expect("there is one");
    let Event::OfferMade { agent, .. } = event else { unreachable!("it is one") };
    let (chosen, other) = (*agent, *agents.iter().find(|other| *other != agent).expect("there are two"));
    *agent = other;
    let place = Place::with(&wrong);
    let said = place.run(&[]).failed(2);
    assert!(said.contains(&format!("record {} is decided otherwise", wrong[at].seq)), "{said}");
    let shown = |what: &str, agent| {
        let line = said.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what} is not in {said}"));
        assert!(line.contains("OfferMade") && line.contains(&format!("agent: {agent:?}")), "{line}");
    };
    shown("as recorded: ", other);
    shown("as decided:  ", chosen);
    let told = place.run(&["--format", "json"]);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!((&told["as_recorded"], &told["record"]["seq"]), (&false.into(), &wrong[at].seq.0.into()));

    // Another document than the one that was put in force.
    let mut wrong = good.clone();
    let Event::DocumentApplied { document: applied, .. } = &mut wrong[0].events[0] else { panic!("{:?}", wrong[0]) };
    *applied = Arc::new(document(&format!("{}\n[queues.third]\n", own())));
    let said = Place::with(&wrong).run(&[]).failed(2);
    assert!(said.contains("record 1 is decided otherwise") && said.contains("DocumentApplied { version: 1"), "{said}");

    // What is missing at the end of a record.
    let mut wrong = good.clone();
    let at = wrong.iter().rposition(|record| record.events.len() > 2).expect("some have more");
    wrong[at].events.pop();
    let said = Place::with(&wrong).run(&[]).failed(2);
    assert!(said.contains(&format!("record {} is", at + 1)) && said.contains("as recorded: nothing more"), "{said}");
}

/// Counts by hand, from the events alone.
#[derive(Debug, Default, PartialEq)]
struct ByHand {
    offered: u64,
    answered: u64,
    abandoned: u64,
    in_time: u64,
    waited: f64,
}

fn by_hand(records: &[Record], queue: Option<&str>, within: i64) -> ByHand {
    let (mut came, mut offers) = (BTreeMap::new(), BTreeMap::new());
    let (mut found, mut answered, mut closed) = (ByHand::default(), BTreeSet::new(), BTreeSet::new());
    for record in records {
        for event in &record.events {
            match event {
                Event::ContactQueued { contact, .. } => {
                    let Command::EnqueueContact(new) = &record.input.command else { panic!("{record:?}") };
                    if queue.is_none_or(|queue| new.queue.as_str() == queue) {
                        came.insert(*contact, record.now);
                        found.offered += 1;
                    }
                }
                Event::OfferMade { offer, contact, .. } => drop(offers.insert(*offer, *contact)),
                Event::OfferAccepted { offer, .. } => {
                    let contact = offers[offer];
                    if let Some(at) = came.get(&contact).filter(|_| answered.insert(contact)) {
                        let waited = (record.now.0 - at.0) as f64 / 1e6;
                        found.answered += 1;
                        found.in_time += u64::from(waited <= within as f64);
                        found.waited += waited;
                    }
                }
                Event::ContactClosed { contact, .. } if !answered.contains(contact) => {
                    closed.insert(*contact);
                    if let Some(at) = came.get(contact) {
                        found.abandoned += 1;
                        found.waited += (record.now.0 - at.0) as f64 / 1e6;
                    }
                }
                _ => {}
            }
        }
    }
    // Whoever waits as the records end has waited until then.
    let ended = records.last().expect("there are some").now;
    let waits = came.iter().filter(|(contact, _)| !answered.contains(contact) && !closed.contains(contact));
    found.waited += waits.map(|(_, at)| (ended.0 - at.0) as f64 / 1e6).sum::<f64>();
    found
}

fn study(history: &History) -> Study {
    let inputs = history.inputs(Document::clone(&history.document), 2, 1).expect("it knows its own day");
    history.study(&inputs.scenario)
}

fn value(study: &Study, of: Of, key: &str) -> f64 {
    study.estimate(of, Metric::named(key)).unwrap_or_else(|| panic!("there is {key}")).mean
}

#[test]
fn historys_column_is_what_the_events_say() {
    let records = records(&day());
    let history = history(&records, Period::default());
    let study = study(&history);
    assert_eq!(study.classes, ["cards", "general"]);
    for (of, queue, within) in [(Of::Class(0), "cards", 30), (Of::Class(1), "general", 60)] {
        let hand = by_hand(&records, Some(queue), within);
        assert!(hand.answered > 80 && hand.abandoned > 5, "{hand:?}");
        for (key, expected) in [
            ("offered", hand.offered as f64),
            ("answered", hand.answered as f64),
            ("abandoned", hand.abandoned as f64),
            ("in_time_share", hand.in_time as f64 / hand.offered as f64),
            ("wait_mean", hand.waited / hand.offered as f64),
        ] {
            assert!((value(&study, of, key) - expected).abs() < 1e-9, "{queue} {key}: {expected} by hand");
        }
    }
    let all = by_hand(&records, None, 0);
    assert_eq!(value(&study, Of::All, "offered"), all.offered as f64);
    // Two shifts of the late agents' two hours, and everybody's work, are in the time that is watched.
    let groups: Vec<usize> = (0..study.groups.len()).collect();
    let occupancy = study.occupancy(&groups).expect("they were there").mean;
    assert!((0.6..1.0).contains(&occupancy), "{occupancy}");
    let answered: u64 = study.loads(&groups).iter().map(|load| load.answered).sum();
    assert_eq!(answered, all.answered);
}

#[test]
fn only_contacts_of_the_time_asked_for_count_and_a_day_without_any_is_said() {
    let records = records(&day());
    let at = |minutes: i64| Timestamp(0) + Span::from_secs((8 * 60 + minutes) * 60);
    let period = Period { from: Some(at(30)), until: Some(at(60)) };
    let came = records.iter().filter(|record| {
        (at(30)..at(60)).contains(&record.now) && matches!(record.input.command, Command::EnqueueContact(_))
    });
    let history = history(&records, period);
    assert_eq!(history.counts().contacts, came.count() as u64);
    assert_eq!(history.begins, at(0), "what came before is played as well");
    assert_eq!(value(&study(&history), Of::All, "offered"), history.counts().contacts as f64);
    let of = |from: i64| {
        let mut watcher =
            Watcher::new(TenantId::new("default").expect("a name"), Period { from: Some(at(from)), until: None }, None);
        records.iter().for_each(|record| watcher.take(record));
        watcher.finish().err()
    };
    assert_eq!((of(10_000), of(170)), (Some(NoDay::Nothing), Some(NoDay::Nobody)));
}

/// Where agents are not asked, and no customer was cut short who now is not, there is nothing to draw.
#[test]
fn where_nothing_is_left_to_chance_the_same_document_gives_the_day_itself() {
    let asked_nobody = DAY.replace("service_level", "offers = { acceptance = 'automatic' }\nservice_level");
    let day = Scenario::read(&asked_nobody, Path::new(""), None).unwrap_or_else(|error| panic!("{error}"));
    // Whoever came before half past ten was answered or left before the records end.
    let until = Some(Timestamp(0) + Span::from_secs((10 * 60 + 30) * 60));
    let history = history(&records(&day), Period { from: None, until });
    assert_eq!(history.counts().unfinished, 0);
    let inputs = history.inputs(Document::clone(&history.document), 2, 1).expect("it knows its own day");
    let was = history.study(&inputs.scenario);
    let same = Study::of(&inputs.scenario, &|_| panic!("nobody writes"), |_, _| {}).expect("all of them come");
    for (name, of) in was.rows() {
        for metric in METRICS {
            let [was, same] = [&was, &same].map(|study| study.estimate(of, metric).map(|found| found.mean));
            assert_eq!(was, same, "{name} {}", metric.key);
        }
    }
    for (group, (name, _)) in was.groups.iter().enumerate() {
        let [was, same] = [&was, &same].map(|study| study.occupancy(&[group]).expect("they were there").mean);
        assert!((was - same).abs() < 1e-9, "{name} {was} {same}");
    }
}

#[test]
fn the_same_document_comes_near_to_history_and_another_rule_shows_its_sign() {
    let place = Place::with(&records(&day()));
    let candidate = place.document("moments.toml", &format!("{MOMENTS_FIRST}\n{}", own()));
    let told = place.json(&["--with", &candidate, "--runs", "8"]);
    let number = |path: &[&str]| {
        let found = path.iter().fold(&told, |at, key| &at[*key]);
        found.as_f64().unwrap_or_else(|| panic!("{path:?} is {found} in {told}"))
    };
    let (history, same) = (
        number(&["contacts", "all", "answered", "history"]),
        number(&["contacts", "all", "answered", "same", "value"]),
    );
    assert!((history - same).abs() < 0.05 * history, "{history} were answered, {same} are simulated");
    let (history, same) = (
        number(&["contacts", "all", "wait_mean", "history"]),
        number(&["contacts", "all", "wait_mean", "same", "value"]),
    );
    assert!((history - same).abs() < 0.25 * history, "{history} s were waited, {same} s are simulated");
    let moments = ["contacts", "moments_of_truth"];
    for (measure, is_more) in [("wait_mean", false), ("empathetic_in_time_share", true)] {
        let row = |key: &str| number(&[moments[0], moments[1], measure, key]);
        let mean = number(&[moments[0], moments[1], measure, "difference", "value"]);
        assert_eq!(mean > 0.0, is_more, "{measure} {mean}");
        assert!(mean.abs() > row("half_width_95"), "{measure}: {mean} is clear");
    }

    // A document against itself differs in nothing.
    let own = place.document("own.toml", &own());
    let told = place.json(&["--with", &own, "--runs", "2"]);
    assert_eq!(told["hashes"]["same"], told["hashes"]["candidate"]);
    assert_eq!(told["contacts"]["all"]["wait_mean"]["difference"]["value"], 0.0);
}

#[test]
fn a_replay_reads_as_one_screen_and_says_what_it_cannot_know() {
    let place = Place::with(&records(&day()));
    let candidate = place.document("moments.toml", &format!("{MOMENTS_FIRST}\n{}", own()));
    let text = place.run(&["--with", &candidate, "--runs", "4", "--to", "1970-01-01T10:00:00Z"]).ok();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(text.starts_with("tenant default, 1970-01-01T08:00:00Z to 1970-01-01T10:00:00Z: "), "{text}");
    let heads: Vec<&[&str]> =
        lines.iter().map(Vec::as_slice).filter(|line| line.contains(&"history") && !line.contains(&"that")).collect();
    let names: Vec<&str> = heads.iter().map(|line| line[0]).collect();
    assert_eq!(names, ["all", "moments", "all", "cards", "general", "cards,", "cards,", "others"], "{text}");
    assert!(lines.iter().any(|line| {
        line.join(" ") == "CONTACTS CAME ANSWERED LEFT MEAN WAIT 8 OF 10 WITHIN IN TIME BY EMPATHETIC"
    }));
    assert!(lines.iter().any(|line| line.join(" ") == "AGENTS COUNT ANSWERED MOMENTS OCCUPIED"));
    assert_eq!(lines.iter().filter(|line| line.first() == Some(&"difference")).count(), 8);
    assert!(text.contains("A replay cannot know how long customers who were answered would have stayed"));
    assert!(text.lines().count() <= 55, "{} lines", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 130), "{text}");
}

/// A row's cells, of the part of a page's table that stands under a title.
fn cells<'p>(page: &'p str, section: &str, row: &str) -> Vec<&'p str> {
    let part = page.split("<th colspan='5'>").find(|part| part.starts_with(&format!("{section}</th>")));
    let part = part.unwrap_or_else(|| panic!("{section} is not in {page}"));
    let begin = format!("<tr><td>{row}</td>");
    let (_, rest) = part.split_once(&begin).unwrap_or_else(|| panic!("{row} is not in {part}"));
    let (rest, _) = rest.split_once("</tr>").expect("rows end");
    rest.split("<td>").skip(1).map(|cell| cell.trim_end_matches("</td>")).collect()
}

/// What JSON has of a measure, as a page writes it.
fn written(told: &Value, factor: f64, digits: usize, suffix: &str, points: &str) -> Vec<String> {
    let number = |path: &str| {
        let found = told.pointer(path).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("{path} is not in {told}")) * factor
    };
    let plain =
        ["/history", "/same/value", "/candidate/value"].map(|path| format!("{:.digits$}{suffix}", number(path)));
    let (mean, half) = (number("/difference/value"), number("/half_width_95"));
    assert!(mean.abs() >= 0.05, "it would be told without a sign: {told}");
    let clear = if told["is_clear"] == true { " *" } else { "" };
    let digits = digits.min(1);
    plain.into_iter().chain([format!("{mean:+.digits$} ±{half:.digits$}{points}{clear}")]).collect()
}

#[test]
fn a_report_needs_nothing_else_and_has_the_numbers_of_json() {
    let place = Place::with(&records(&day()));
    let candidate = place.document("moments <b>'&first.toml", &format!("{MOMENTS_FIRST}\n{}", own()));
    let report = place.0.path().join("report.html");
    let path = report.to_str().expect("text");
    let told = place.json(&["--with", &candidate, "--runs", "6", "--report", path]);
    let page = fs::read_to_string(&report).expect("it is written");
    for part in ["http", "<script", "src=", "href=", "@import", "url(", "NaN", "inf,"] {
        assert!(!page.contains(part), "{part} is in {page}");
    }
    assert!(
        page.contains("moments &lt;b&gt;&#39;&amp;first.toml") && !page.contains("<b>"),
        "names are escaped: {page}"
    );
    assert_eq!(page.matches("<svg").count(), 8);
    // Three days in each picture, and every bar has a length.
    for picture in page.split("<svg").skip(1).filter(|picture| picture.contains("<polyline")) {
        assert!(["history", "same", "candidate"].iter().all(|day| picture.contains(&format!("</i>{day}</span>"))));
    }
    let bars: Vec<&str> = page.split("<rect").skip(1).collect();
    let moments = |key: &str| {
        let of = &told["contacts"]["moments_of_truth"][key];
        [&of["history"], &of["same"]["value"], &of["candidate"]["value"]].map(|mean| mean.as_f64().expect("a number"))
    };
    let [offered, answered, left, blocked] = ["offered", "answered", "abandoned_share", "blocked_share"].map(moments);
    let unserved = (0..3).filter(|at| 1.0 - answered[*at] / offered[*at] - left[*at] - blocked[*at] > 0.0005).count();
    assert!(unserved > 0, "somebody still waits as the records end");
    let fates = 3 * 4 + unserved;
    assert_eq!(bars.len(), 3 * 3 + fates + 3 * 3, "all and two queues, what became of moments, three teams");

    for (section, of) in [
        ("all", &told["contacts"]["all"]),
        ("moments of truth", &told["contacts"]["moments_of_truth"]),
        ("all others", &told["contacts"]["all_others"]),
        ("cards", &told["classes"]["cards"]["all"]),
        ("general", &told["classes"]["general"]["all"]),
    ] {
        let share = written(&of["in_time_share"], 100.0, 1, " %", " points");
        assert_eq!(cells(&page, section, "in time"), share, "{section}");
        assert_eq!(cells(&page, section, "mean wait"), written(&of["wait_mean"], 1.0, 1, " s", " s"), "{section}");
    }
    for (name, team) in told["groups"].as_object().expect("teams") {
        let section = format!("{name}: {} agents", team["agents"]);
        let occupied = written(&team["occupancy"], 100.0, 1, " %", " points");
        assert_eq!(cells(&page, &section, "occupied"), occupied, "{name}");
    }
    // At a glance, with what it comes to.
    let gap = written(&told["occupancy_gap"], 100.0, 1, " %", " points");
    let found = &page[page.find("<td>the load of empathetic agents less that of others</td>").expect("a row")..];
    assert!(found.starts_with(&format!(
        "<td>the load of empathetic agents less that of others</td><td>{}</td><td>{}</td><td>{}</td><td>{}<small>",
        gap[0],
        gap[1],
        gap[2],
        gap[3].trim_end_matches(" *"),
    )));
    // The rule brings moments of truth to the empathetic, and the first sentence says so with its numbers.
    let reached = written(&told["contacts"]["moments_of_truth"]["empathetic_in_time_share"], 100.0, 1, " %", " points");
    let sentence = format!(
        "the share of moments of truth with an empathetic agent in time rises from {} to {} ({}), which is better",
        reached[1],
        reached[2],
        reached[3].trim_end_matches(" *"),
    );
    let answer = page.split("<p class='answer'>").nth(1).expect("an answer");
    assert!(
        answer.starts_with("Under the candidate ") && answer.contains(&sentence.replace(" %", "\u{a0}%")),
        "{sentence} is not in {answer}"
    );
    for remark in told["remarks"].as_array().expect("a list") {
        assert!(page.contains(&format!("<li>{}.</li>", remark.as_str().expect("text"))), "{remark}");
    }
    assert!(page.contains(told["cannot_know"].as_str().expect("text")));

    // Of a document against itself nothing is said to change.
    let own = place.document("own.toml", &own());
    place.run(&["--with", &own, "--runs", "2", "--report", path]).ok();
    let page = fs::read_to_string(&report).expect("it is written");
    assert!(page.contains("Under the candidate nothing of this changes by more than chance makes."), "{page}");
    let nowhere = place.0.path().join("nowhere/report.html");
    let said = place.run(&["--with", &own, "--runs", "2", "--report", nowhere.to_str().expect("text")]).failed(1);
    assert!(said.contains("failed to write") && said.contains("nowhere/report.html"), "{said}");
    assert!(place.run(&["--report", path]).failed(2).contains("--with"));
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let played = records(&day());
    let place = Place::with(&played);
    let said = place.run(&["--tenant", "nobody"]).failed(2);
    assert!(said.contains("no records of a tenant \"nobody\"; it has default"), "{said}");
    let lacking = own().replace("[queues.general]", "[queues.other]");
    let lacking = place.document("lacking.toml", &lacking);
    let said = place.run(&["--with", &lacking]).failed(2);
    assert!(said.contains("the day cannot be played under"), "{said}");
    assert!(said.contains("has no queue \"general\", to which contacts came ("), "{said}");
    let own = place.document("own.toml", &own());
    let said = place.run(&["--with", &own, "--from", "1990-01-01T00:00:00Z"]).failed(1);
    assert!(said.contains("no records of that time"), "{said}");
    let said = place.run(&["--with", &own, "--from", "yesterday"]).failed(2);
    assert!(said.contains("say it as 2026-11-22T14:00:00Z"), "{said}");
    assert!(place.run(&["--from", "1990-01-01T00:00:00Z"]).failed(2).contains("--with"));
    let said = place.run(&["--with", "nowhere.toml"]).failed(2);
    assert!(said.contains("nowhere.toml"), "{said}");

    let empty = Place::with(&[]);
    let said = empty.run(&[]).failed(1);
    assert!(said.contains("has no records"), "{said}");
    assert!(empty.run(&["--with", &own]).failed(1).contains("has no records"));
    let nowhere = Place(TempDir::new().expect("a folder"));
    assert!(nowhere.run(&[]).failed(2).contains("is no folder"));

    // Two tenants, one after the other.
    let mut both = Vec::new();
    for record in &played {
        for tenant in ["default", "other"] {
            let seq = Seq(both.len() as u64 + 1);
            both.push(Record { seq, tenant: TenantId::new(tenant).expect("a name"), ..record.clone() });
        }
    }
    let place = Place::with(&both);
    assert!(place.run(&["--with", &own]).failed(2).contains("say whose day with --tenant: default, other"));
    assert_eq!(place.json(&["--tenant", "other"])["digest"], digest(&played));
    assert_eq!(place.json(&[])["records"], both.len());
}

#[test]
fn behind_a_snapshot_agents_are_there_from_the_beginning() {
    let records = records(&day());
    let from = records[records.len() / 2].seq;
    let left = &records[records.len() / 2..];
    let tenant = TenantId::new("default").expect("a name");
    let mut watcher = Watcher::new(tenant, Period::default(), Some(snapshot_before(&records, from)));
    left.iter().for_each(|record| watcher.take(record));
    let history = watcher.finish().expect("there is a day");
    assert_eq!(history.counts().agents, 14);
    assert!(history.remarks.at_hand > 5, "{:?}", history.remarks);
    let inputs = history.inputs(Document::clone(&history.document), 2, 1).expect("it is played");
    let played = Study::of(&inputs.scenario, &|_| panic!("nobody writes"), |_, _| {}).expect("all of them come");
    let (was, same) = (study(&history), played);
    let (was, same) = (value(&was, Of::All, "answered"), value(&same, Of::All, "answered"));
    assert!((was - same).abs() < 0.15 * was, "{was} were answered, {same} are simulated");
}

/// A world in which every step is by hand.
struct Desk {
    driver: Driver,
    records: Vec<Record>,
}

impl Desk {
    fn open() -> Self {
        let text = "[channels.voice]\n[queues.first]\n[queues.second]\n[skills]\nempathy = ''\n";
        let (driver, founded) = Driver::new(Timestamp(0) + Span::from_secs(1_000), document(text));
        Self { driver, records: vec![founded] }
    }

    fn ask(&mut self, command: Command) -> Vec<Event> {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.take(step)
    }

    fn take(&mut self, step: Step) -> Vec<Event> {
        let events = step.events().cloned().collect();
        self.records.extend(step.records);
        events
    }

    fn pass(&mut self, secs: i64) {
        let step = self.driver.pass(Span::from_secs(secs));
        self.take(step);
    }

    fn agent(&mut self, name: &str) -> AgentId {
        let agent = AgentId::new(name).expect("a name");
        let profile = Arc::new(AgentProfile::default());
        self.ask(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
        let session = SessionId::new("s").expect("a name");
        let connection = self.driver.next_connection();
        self.ask(Command::OpenSession { agent: agent.clone(), session, connection });
        self.presence(&agent, Presence::Available);
        agent
    }

    fn presence(&mut self, agent: &AgentId, presence: Presence) -> Vec<Event> {
        self.ask(Command::SetPresence { agent: agent.clone(), presence })
    }

    fn contact(&mut self, name: &str, queue: &str) -> (ContactId, Option<OfferKey>) {
        let id = ContactId::new(name).expect("a name");
        let new = NewContact {
            id: id.clone(),
            queue: QueueName::new(queue).expect("a name"),
            channel: ChannelName::new("voice").expect("a name"),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: Vec::new(),
            arrived_at: None,
            details: Arc::default(),
            trace: None,
        };
        let events = self.ask(Command::EnqueueContact(Box::new(new)));
        (id, offer_of(&events))
    }

    fn accept(&mut self, agent: &AgentId, offer: OfferKey) {
        self.ask(Command::AckOffer { agent: agent.clone(), offer });
        self.pass(3);
        self.ask(Command::AcceptOffer { agent: agent.clone(), offer });
    }

    fn complete(&mut self, contact: &ContactId) -> Vec<Event> {
        self.ask(Command::CompleteContact { contact: contact.clone() })
    }
}

fn offer_of(events: &[Event]) -> Option<OfferKey> {
    events.iter().find_map(|event| if let Event::OfferMade { offer, .. } = event { Some(*offer) } else { None })
}

/// One contact is passed on and handled twice; the other leaves; an agent has a break.
#[test]
fn a_transfer_is_further_handling_and_the_same_inputs_come_again() {
    let mut desk = Desk::open();
    let ana = desk.agent("ana");
    desk.pass(10);
    let (first, offer) = desk.contact("c1", "first");
    desk.accept(&ana, offer.expect("ana is free"));
    desk.pass(2);
    let (second, none) = desk.contact("c2", "first");
    assert_eq!(none, None);
    desk.pass(60);
    desk.ask(Command::CancelContact { contact: second, reason: CancelReason::CustomerLeft });
    desk.pass(38);
    desk.presence(&ana, Presence::Away { reason: "break".to_owned() });
    let to = Destination::Queue(QueueName::new("second").expect("a name"));
    desk.ask(Command::TransferContact { contact: first.clone(), to, place: KeepPlace::New });
    desk.pass(30);
    let offer = offer_of(&desk.presence(&ana, Presence::Available)).expect("it waits for ana");
    desk.accept(&ana, offer);
    desk.pass(200);
    desk.complete(&first);
    let records = desk.records;

    let history = history(&records, Period::default());
    let counts = history.counts();
    assert_eq!((counts.contacts, counts.passed_on, counts.withdrawn, counts.unfinished), (2, 1, 0, 0));
    let inputs = history.inputs(Document::clone(&history.document), 1, 1).expect("it is played");
    let (was, mut played) = (history.study(&inputs.scenario), Vec::new());
    assert_eq!((value(&was, Of::All, "answered"), value(&was, Of::All, "abandoned")), (1.0, 1.0));
    assert_eq!(value(&was, Of::All, "wait_mean"), (3.0 + 60.0) / 2.0, "the first wait alone is counted");
    let outcome = player::play(&inputs.scenario, 1, &|_| panic!("nobody writes"), &mut |record| {
        played.push(record.clone());
    });
    let outcome = outcome.unwrap_or_else(|refused| panic!("{refused}"));
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    // With one agent, one reaction time and nothing cut short, everything happens again when it did.
    let happened = |records: &[Record]| -> Vec<(Timestamp, &'static str)> {
        let of = |record: &Record| (record.now, record.input.command.name());
        let counts = |name: &str| !matches!(name, "tick" | "sweep" | "put_agent" | "open_session" | "ack_offer");
        records.iter().map(of).filter(|(_, name)| counts(name)).collect()
    };
    assert_eq!(happened(&played), happened(&records));
    let [was, same] = [&was.runs[0].1, &outcome].map(|outcome| outcome.groups[0].busy.iter().sum::<f64>());
    assert!((was - same).abs() < 1e-6, "busy {was} s, simulated {same} s");
}

/// Every command there is, in an order that no day has: announcements, signals, parking, transfers, lost sessions,
/// supervisors, documents. Whatever it is, each contact has one fate, in history and as it is played.
#[test]
fn whatever_happened_is_a_day_in_which_everybody_has_one_fate() {
    let (mut came, mut played, mut told) = (0, 0, 0);
    for seed in 1..=24 {
        let mut chaos = Chaos::new(seed);
        let (mut driver, founded) = Driver::new(chaos.start(), chaos.document());
        let mut records = vec![founded];
        for _ in 0..300 {
            records.extend(driver.pass(chaos.pause()).records);
            let command = chaos.command(&mut driver);
            records.extend(driver.request(Request { id: None, command }).records);
        }
        let mut watcher = Watcher::new(TenantId::new("default").expect("a name"), Period::default(), None);
        records.iter().for_each(|record| watcher.take(record));
        let Ok(history) = watcher.finish() else { continue };
        let Ok(inputs) = history.inputs(Document::clone(&history.document), 2, seed) else { continue };
        let was = history.study(&inputs.scenario);
        let all = |study: &Study| {
            let figures = study.runs[0].1.figures(|_| true);
            assert!(figures.answered + figures.tally.abandoned + figures.blocked <= figures.tally.offered);
            figures.tally.offered
        };
        assert_eq!(all(&was), history.counts().contacts, "seed {seed}");
        came += all(&was);
        // A contact that names what came later, such as an agent, is refused by name.
        if let Ok(same) = Study::of(&inputs.scenario, &|_| panic!("nobody writes"), |_, _| {}) {
            assert_eq!(all(&same), all(&was), "seed {seed}");
            played += 1;
            told += records.iter().filter(|record| matches!(record.input.command, Command::Signal { .. })).count();
        }
    }
    assert!(came > 300 && played >= 8 && told > 50, "{came} came, {played} days were played, {told} signals");
}

/// Remission of 21 children with leukaemia under 6-mercaptopurine, in weeks (Freireich et al., Blood 21, 1963), with
/// the estimate as Cox and Oakes print it (Analysis of Survival Data, 1984, table 4.1); and Kaplan and Meier's own
/// example (1958, section 2).
#[test]
fn patience_is_estimated_as_in_the_textbook() {
    let week = |weeks: f64| Span((weeks * 1e6) as i64);
    let seen = |lasted: f64, ended: bool| Seen { lasted: week(lasted), ended };
    let ended = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(|at| seen(at, true));
    let lasted = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0].map(|at| seen(at, false));
    let curve = Survival::of(ended.into_iter().chain(lasted).collect());
    let known = [(6.0, 0.857), (7.0, 0.807), (10.0, 0.753), (13.0, 0.690), (16.0, 0.627), (22.0, 0.538), (23.0, 0.448)];
    for (at, expected) in known {
        let found = curve.beyond(week(at));
        assert!((found - expected).abs() < 6e-4, "after {at} weeks {found}, not {expected}");
    }
    assert_eq!(curve.beyond(week(5.9)), 1.0);

    let ended = [0.8, 3.1, 5.4, 9.2].map(|at| seen(at, true));
    let lasted = [1.0, 2.7, 7.0, 12.1].map(|at| seen(at, false));
    let curve = Survival::of(ended.into_iter().chain(lasted).collect());
    for (at, expected) in [(0.8, 0.875), (3.1, 0.7), (5.4, 0.525), (9.2, 0.2625)] {
        assert!((curve.beyond(week(at)) - expected).abs() < 1e-12, "after {at}");
    }
}
