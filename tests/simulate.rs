//! The simulator against mathematics: queues whose waits are known exactly, and what must hold in every one of them.
//!
//! Short runs have a tolerance of their own beside four standard errors; `cargo test --release --test simulate --
//! --ignored --nocapture` plays the long ones, whose standard errors are at most half a percent (shares: a quarter of a
//! point).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use attune::{
    engine::{Command, Event},
    journal::{
        Digest, Record,
        memory::{MemoryStorage, Retention},
    },
    model::{
        document::{Document, Format},
        ids::{ChannelName, ContactId, TenantId},
        signal::Signal,
        time::{Span, Timestamp},
    },
    shard::{clock::Clock, observe::Observer, recover::Recovered, run},
    sim::{
        player::{self, outcome::Outcome},
        scenario::{Arrivals, Length, Run, Scenario, distribution::seconds, load_document},
        study::{METRICS, Metric, Of, Study, compare},
    },
};
use tokio::time::{Duration, Instant, sleep_until};

/// Queues without limits in which whoever is offered a contact has it.
const OPEN: &str = "offers = { acceptance = 'automatic' }\nmax_wait = { after = '7d' }\n";
const VOICE: &str = "[skills]\nempathy = ''\nnobody = ''\n[channels.voice]\n";
/// Moments of truth go first and are held so long; agents are not protected from them.
const MOMENTS: &str = "[empathy]\nconsecutive_max = 0\nshare_max = 100\n[head_start]\nmax = '1h'\n[moments.moment]\n\
                       triggers = [{ event = 'moment_of_truth' }]\nweight = 100\nhalf_life = '7d'\nhead_start = '1h'\n";

fn read(text: &str) -> Scenario {
    Scenario::read(text, Path::new(""), None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A scenario of one document, these agents, this many contacts after two hours of warming up, and these streams.
fn scenario(document: &str, agents: &str, (runs, contacts): (u32, u32), streams: &str) -> Scenario {
    let run = format!("run = {{ runs = {runs}, seed = 11, warm_up = '2h', contacts = {contacts} }}");
    read(&format!("{run}\n[document]\ntext = \"\"\"\n{document}\n\"\"\"\n[agents]\n{agents}\n{streams}"))
}

fn stream(name: &str, rest: &str) -> String {
    format!("[streams.{name}]\nqueue = '{name}'\nchannel = 'voice'\nhandling = {{ exponential = '300s' }}\n{rest}\n")
}

fn main_queue() -> String {
    format!("{VOICE}[queues.main]\n{OPEN}")
}

fn study(scenario: &Scenario) -> Study {
    let study = Study::of(scenario, &|_| panic!("nobody writes anything"), |_, _| {});
    study.unwrap_or_else(|refused| panic!("{refused}"))
}

fn play(scenario: &Scenario, seed: u64) -> Outcome {
    watch(scenario, seed, |_| {})
}

fn watch(scenario: &Scenario, seed: u64, mut watch: impl FnMut(&Record)) -> Outcome {
    let played = player::play(scenario, seed, &|_| panic!("nobody writes anything"), &mut watch);
    played.unwrap_or_else(|refused| panic!("{refused}"))
}

/// A queue with what is known of it: of these contacts, by this measure.
struct Case {
    name: &'static str,
    scenario: Scenario,
    /// What the long run has to be multiplied with: some lines move slowly.
    times: u32,
    known: Vec<(Of, &'static str, f64)>,
}

/// Reference values: Erlang's and Palm's formulas and Cobham's for priorities; two groups of agents by an independent
/// computation. Handling 300 s.
fn cases(length: impl Fn(u32) -> (u32, u32)) -> Vec<Case> {
    let calls = |load: &str, rest: &str| stream("main", &format!("load = {load}\n{rest}"));
    let patience = "patience = { exponential = '180s' }";
    let queue = |name: &str, priority: &str| format!("[queues.{name}]\npriority = '{priority}'\n{OPEN}");
    let lines = [queue("high", "24h"), queue("middle", "12h"), queue("low", "0s")].concat();
    let three = [("high", ".2"), ("middle", ".3"), ("low", ".4")];
    let three = three.map(|(name, load)| stream(name, &format!("load = 0{load}"))).concat();
    let pool = "empathetic = { count = 4, empathy = 80 }\nothers = { count = 16 }";
    let mixed = calls("0.95", &format!("{patience}\nmoments = {{ share = 0.08 }}"));
    let overflow = format!("[reserve]\nmode = 'off'\n{MOMENTS}hold = '0s'\n{}", main_queue());
    let held = format!("[reserve]\nmode = 'fixed'\nk = 1\nfloor_until = '7d'\n{MOMENTS}hold = '7d'\n{}", main_queue());
    let case = |name, document: &str, agents: &str, streams: &str, times, known: &[(Of, &'static str, f64)]| Case {
        name,
        scenario: scenario(document, agents, length(times), streams),
        times,
        known: known.to_vec(),
    };
    vec![
        case(
            "Erlang B, 10 agents, a = 10",
            &main_queue(),
            "desk = { count = 10 }",
            &calls("1.0", "waiting_room = 'none'"),
            1,
            &[(Of::All, "blocked_share", 0.2146)],
        ),
        case(
            "Erlang C, n = 10, a = 8",
            &main_queue(),
            "desk = { count = 10 }",
            &calls("0.8", ""),
            48,
            &[(Of::All, "waited_share", 0.4092), (Of::All, "wait_mean", 61.377)],
        ),
        case(
            "Erlang A, n = 50, load .95",
            &main_queue(),
            "desk = { count = 50 }",
            &calls("0.95", patience),
            12,
            &[
                (Of::All, "wait_mean", 7.5268),
                (Of::All, "abandoned_share", 0.0418),
                (Of::All, "in_time_share", 0.8216),
                (Of::All, "waited_share", 0.3344),
            ],
        ),
        case(
            "priority, n = 10, a = 2/3/4",
            &format!("{VOICE}{lines}"),
            "desk = { count = 10 }",
            &three,
            36,
            &[
                (Of::Class(0), "wait_mean", 25.0774),
                (Of::Class(1), "wait_mean", 401.2389),
                (Of::Class(2), "wait_mean", 50.1549),
            ],
        ),
        case(
            "4 E + 16 O, reserve 0, overflow",
            &overflow,
            pool,
            &mixed,
            6,
            &[
                (Of::Moments, "empathetic_in_time_share", 0.5135),
                (Of::Moments, "in_time_share", 0.8755),
                (Of::Routine, "wait_mean", 14.8367),
            ],
        ),
        case(
            "4 E + 16 O, reserve 1, held",
            &held,
            pool,
            &mixed,
            6,
            &[(Of::Moments, "empathetic_in_time_share", 0.806), (Of::Routine, "wait_mean", 17.3496)],
        ),
    ]
}

/// Plays all cases; what is further off than four standard errors and so much of the number beside.
fn off(cases: Vec<Case>, tolerance: f64, error_max: f64) -> Vec<String> {
    let mut faults = Vec::new();
    for Case { name, scenario, known, times } in cases {
        let study = study(&scenario);
        for (of, key, expected) in known {
            let metric = Metric::named(key);
            let found = study.estimate(of, metric).expect("there are such contacts");
            let error = found.error.expect("there are several runs");
            println!("{name:34} {of:?} {key:26} {:9.4} ±{error:.4} ({expected})", found.mean);
            let is_share = key.ends_with("_share");
            if error > if is_share { error_max / 2.0 } else { error_max * expected } {
                faults.push(format!("{name}, {key}: the error is {error:.4}; play it longer ({times} times so far)"));
            }
            if (found.mean - expected).abs() > 4.0 * error + tolerance * expected {
                faults.push(format!("{name}, {key}: {:.4} ±{error:.4}, {expected} was expected", found.mean));
            }
        }
    }
    faults
}

#[test]
fn waits_are_what_mathematics_says() {
    let faults = off(cases(|times| (6, 1_000 + 500 * times.min(4))), 0.05, f64::INFINITY);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[ignore = "minutes in release: run it when the player or the order of lines changes"]
fn waits_are_what_mathematics_says_to_half_a_percent() {
    let faults = off(cases(|times| (16, 60_000 * times)), 0.0, 0.005);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A centre in which there is a bit of everything.
fn mixed(contacts: u32, rules: &str, agents: &str) -> Scenario {
    let patience = "patience = { exponential = '180s' }\nmoments = { share = 0.1 }";
    let calls = stream("main", &format!("load = 0.6\n{patience}\nretrial = {{ share = 0.3, after = '2m' }}"));
    let other = stream("other", &format!("load = 0.35\n{patience}"));
    let document = format!("{rules}{VOICE}[queues.main]\n{OPEN}[queues.other]\nmax_size = {{ contacts = 4 }}\n{OPEN}");
    scenario(&document, agents, (2, contacts), &format!("{calls}{other}"))
}

const TWO_GROUPS: &str = "empathetic = { count = 5, empathy = 80 }\nothers = { count = 15 }";

#[test]
fn what_came_is_what_was_answered_left_or_turned_away_and_lines_are_as_long_as_waits_say() {
    let scenario = mixed(8_000, &format!("[reserve]\nmode = 'fixed'\nk = 1\n{MOMENTS}"), TWO_GROUPS);
    let outcome = play(&scenario, 3);
    let all = outcome.figures(|_| true);
    assert_eq!(all.tally.offered, 8_000);
    assert_eq!(all.answered + all.tally.abandoned + all.blocked, 8_000);
    assert!(all.answered > 0 && all.tally.abandoned > 0 && all.blocked > 0, "{all:?}");
    assert_eq!(outcome.refused.keys().collect::<Vec<_>>(), [&"queue_full"]);
    for class in 0..2 {
        for is_moment in [false, true] {
            let waits = outcome.figures(|leaf| leaf.class == class && leaf.is_moment == is_moment).tally.waited;
            let area = outcome.waiting[class * 2 + usize::from(is_moment)];
            // Little 1961; they differ by who waits as counting begins and ends.
            assert!((area / waits - 1.0).abs() < 0.02, "class {class}, {is_moment}: {area} against {waits}");
        }
    }
    let worked: f64 = outcome.groups.iter().map(|group| group.busy.iter().sum::<f64>()).sum();
    let expected = all.answered as f64 * 300.0;
    assert!((worked / expected - 1.0).abs() < 0.05, "work is answered contacts times handling: {worked}, {expected}");
}

#[test]
fn with_equal_service_and_no_abandonment_no_order_changes_the_work_in_line() {
    let waited = |priorities: [&str; 2]| {
        let queue = |(name, priority)| format!("[queues.{name}]\npriority = '{priority}'\n{OPEN}");
        let document = format!("{VOICE}{}{}", queue(("main", priorities[0])), queue(("other", priorities[1])));
        let of = |name, load| stream(name, &format!("load = {load}")).replace("exponential", "constant");
        let streams = format!("{}{}", of("main", 0.4), of("other", 0.5));
        // Everybody counts: no edges.
        let scenario = scenario(&document, "desk = { count = 6 }", (1, 3_000), &streams);
        let scenario = Scenario { run: Run { warm_up: Span::ZERO, ..scenario.run }, ..scenario };
        let outcome = play(&scenario, 5);
        (outcome.figures(|leaf| leaf.class == 0).tally.waited, outcome.figures(|_| true).tally.waited)
    };
    let [fifo, first, second] = [["0s", "0s"], ["24h", "0s"], ["0s", "24h"]].map(waited);
    assert!(first.0 < fifo.0 && fifo.0 < second.0, "the order is another one: {first:?} {fifo:?} {second:?}");
    for other in [first, second] {
        // The last contacts that count are others under another order.
        assert!((other.1 / fifo.1 - 1.0).abs() < 0.01, "{other:?} against {fifo:?}");
    }
}

/// Who was answered when.
fn answers(scenario: &Scenario) -> Vec<(Timestamp, u64)> {
    let (mut offers, mut answers) = (BTreeMap::new(), Vec::new());
    watch(scenario, 7, |record| {
        for event in &record.events {
            match event {
                Event::OfferMade { offer, contact, .. } => _ = offers.insert(*offer, contact.0),
                Event::OfferAccepted { offer, .. } => answers.push((record.now, offers[offer])),
                _ => {}
            }
        }
    });
    answers
}

#[test]
fn without_reserve_and_with_equal_scores_contacts_are_served_as_they_come_to_the_microsecond() {
    let routine = |rules: &str| {
        let mut scenario = mixed(3_000, rules, TWO_GROUPS);
        scenario.streams.iter_mut().for_each(|stream| stream.moments = None);
        answers(&scenario)
    };
    let plain = routine("");
    assert_eq!(plain, routine(&format!("[reserve]\nmode = 'fixed'\nk = 0\n{MOMENTS}")));
    assert!(plain.len() > 2_000);
}

#[test]
fn whom_first_come_first_served_gives_to_empathetic_agents_is_their_share_of_all() {
    let text = fs::read_to_string(shipped("centre.toml")).unwrap();
    let mut scenario = Scenario::read(&text, &shipped(""), None).unwrap_or_else(|error| panic!("{error}"));
    scenario.run.length = Length::Contacts(8_000);
    let all = play(&scenario, 2).figures(|_| true).tally;
    let expected = all.in_time_share() * 10.0 / 50.0;
    assert!((all.empathetic_share() - expected).abs() < 1.0, "{} against {expected}", all.empathetic_share());
}

#[test]
fn the_more_are_kept_free_the_better_for_moments_and_the_worse_for_others() {
    let study_of = |k: u32| {
        let rules = format!("[reserve]\nmode = 'fixed'\nk = {k}\nfloor_until = '7d'\n{MOMENTS}hold = '20s'\n");
        study(&mixed(4_000, &rules, TWO_GROUPS))
    };
    let studies = [0, 1, 3].map(study_of);
    for pair in studies.windows(2) {
        let differs = |of, key| compare(&pair[0], &pair[1], of, Metric::named(key)).unwrap().difference.mean;
        assert!(differs(Of::Moments, "empathetic_in_time_share") > 0.0);
        assert!(differs(Of::Routine, "wait_mean") > 0.0);
    }
}

#[test]
fn agents_names_change_nothing() {
    let scenario = mixed(2_000, &format!("[reserve]\nmode = 'fixed'\nk = 1\n{MOMENTS}"), TWO_GROUPS);
    let mut swapped = scenario.clone();
    swapped.groups.iter_mut().for_each(|group| group.agents.reverse());
    let (one, other) = (play(&scenario, 9), play(&swapped, 9));
    assert_ne!(one.digest, other.digest, "their names are among what happened");
    for metric in METRICS {
        assert_eq!(metric.of(&one.figures(|_| true)), metric.of(&other.figures(|_| true)), "{}", metric.key);
    }
    assert_eq!(answers(&scenario), answers(&swapped));
}

#[test]
fn a_contact_that_could_never_come_ends_the_run_by_name_instead_of_counting_as_blocked() {
    let mut scenario = mixed(500, "", "desk = { count = 20 }");
    scenario.streams[1].channel = ChannelName::new("fax").unwrap();
    let refused = player::play(&scenario, 1, &|_| panic!("nobody writes anything"), &mut |_| {}).unwrap_err();
    assert_eq!((refused.contact.as_str(), refused.reject.name()), ("other-1", "channel_unknown"));
    assert!(refused.to_string().starts_with("contact other-1 was refused: there is no channel fax"), "{refused}");
    let refused = Study::of(&scenario, &|_| panic!("nobody writes anything"), |_, _| {}).unwrap_err();
    assert_eq!(refused.contact.as_str(), "other-1");
}

/// What a trace of such rows, by voice to the queue main where they say nothing else, is refused for.
fn fault_of_trace(rows: &str, document: &str, rest: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trace.csv"), rows).unwrap();
    let head = format!("document = {{ text = \"\"\"\n{document}\"\"\" }}\nagents.desk = {{ count = 2 }}");
    let text = format!("{head}\n{}trace = 'trace.csv'\n", stream("main", rest));
    Scenario::read(&text, folder.path(), None).map_or_else(|error| error.in_file("s.toml"), |_| String::new())
}

#[test]
fn a_row_goes_to_a_queue_that_takes_its_channel() {
    let document = format!(
        "{VOICE}[channels.chat]\n[queues.main]\nchannels = ['voice']\n[queues.chats]\n\
                            channels = ['chat']\n"
    );
    let refused = |rows: &str| fault_of_trace(rows, &document, "");
    assert_eq!(refused("time,queue,channel\n10,,\n20,chats,chat\n30,main,voice\n"), "");
    let fault = refused("time,queue,channel\n10,,\n20,chats,\n30,,chat\n");
    for part in
        [":3: channel \"voice\" is not taken by queue \"chats\"", ":4: channel \"chat\" is not taken by queue \"main\""]
    {
        assert!(fault.contains(part), "{part} is not in {fault}");
    }
}

#[test]
fn moments_that_nobody_would_notice_and_announcements_of_nobody_are_faults() {
    let trace = |rows: &str, rest: &str| fault_of_trace(rows, &main_queue(), rest);
    let untold = "streams.main: has moments of truth in its trace, but nothing tells the engine of them";
    let rows = "time,moment\n10,0\n20,1\n";
    assert!(trace(rows, "").contains(untold), "{}", trace(rows, ""));
    for (rows, rest) in [
        (rows, "moments = {}"),
        ("time,moment\n10,0\n20,0\n", ""),
        ("time,moment,text\n10,0,\n20,1,my card was stolen\n", ""),
    ] {
        assert_eq!(trace(rows, rest), "", "{rows}{rest}");
    }

    let folder = tempfile::tempdir().unwrap();
    let said = "{\"text\": \"help\", \"moment\": true}\n{\"text\": \"hello\", \"moment\": false}\n";
    fs::write(folder.path().join("said.jsonl"), said).unwrap();
    fs::write(folder.path().join("said.csv"), "time,moment,text\n10,1,help\n").unwrap();
    let with = |arrivals: &str, moments: &str, announce: &str| {
        let text = format!(
            "run = {{ length = '1h' }}\ndocument = {{ text = \"\"\"\n{}\"\"\" }}\nagents.desk = {{}}\n{}",
            main_queue(),
            stream("main", &format!("{arrivals}\n{moments}\nannounce = {{ ahead = '30s', {announce} }}"))
        );
        Scenario::read(&text, folder.path(), None).map_or_else(|error| error.in_file("s.toml"), |_| String::new())
    };
    let (hourly, words) = ("per_hour = 9", "moments = { share = 1, detector = { messages = 'said.jsonl' } }");
    let (traced, flags) = ("trace = 'said.csv'", "moments = { detector = { auc = 0.9 } }");
    let fault = with(hourly, "", "whom = 'moments'");
    let expected = "streams.main.announce: is of moments of truth, but there is no table moments";
    assert!(fault.contains(expected), "{expected} is not in {fault}");
    assert_eq!(with(hourly, "", "whom = 'everybody'"), "");
    // Words are heard by a bot before.
    for (arrivals, moments) in [
        (hourly, words),
        (traced, flags),
        (traced, ""),
        (hourly, "moments = { share = 0.1, detector = { auc = 0.9 } }"),
    ] {
        assert_eq!(with(arrivals, moments, "whom = 'moments'"), "", "{arrivals} {moments}");
    }
}

#[test]
fn reports_have_so_many_classes_and_scenarios_so_many_runs_at_most() {
    let trace = |classes: u32| {
        let rows: String = (0..classes * 2).map(|row| format!("{row},c{}\n", row % classes)).collect();
        // One class is the stream's own.
        fault_of_trace(&format!("time,class\n{rows}"), &main_queue(), "")
    };
    assert_eq!(trace(99), "");
    for classes in [100, 5_000] {
        assert!(trace(classes).contains("streams: has more than 100 classes"), "{}", trace(classes));
    }
    let text = |runs: u32| {
        loaded(&format!("document = {{ text = \"\"\"\n{}\"\"\" }}", main_queue()))
            .replace("runs = 2", &format!("runs = {runs}"))
    };
    assert_eq!(read(&text(1_000)).run.runs, 1_000);
    let error = Scenario::read(&text(1_001), Path::new(""), None).unwrap_err().in_file("s.toml");
    assert!(error.contains("run.runs: is 1001; must be from 1 to 1000"), "{error}");
    let (code, _, stderr) = attune(&["simulate", "centre.toml", "--runs", "1001"]);
    assert_eq!(code, 2, "{stderr}");
}

/// Behaviour of agents and customers that uses every kind of chance there is.
const EVERYTHING: &str = r#"
run = { runs = 1, from = "08:00", until = "11:00" }
[document]
file = "reserve-1.toml"
[agents.ana]
empathy = 90
pace = 1.5
[agents.desk]
count = 6
shifts = [{ from = "08:00", until = "09:30" }, { from = "10:00", until = "12:00" }]
handling = { erlang = "4m", stages = 3 }
acceptance = { time = { lognormal = "5s", variation = 0.5 }, missed = 0.02, declined = 0.02 }
[streams.calls]
queue = "main"
channel = "voice"
rates = [{ from = "08:00", per_hour = 60 }, { from = "09:00", per_hour = 140 }]
handling = { lognormal = "3m", variation = 0.8 }
patience = { empirical = ["20s", "2m", "5m"] }
retrial = { share = 0.5, after = { exponential = "5m" } }
moments = { share = [{ from = "08:00", share = 0.1 }, { from = "10:00", share = 0.2 }], detector = { auc = 0.9 } }
announce = { ahead = { exponential = "30s" }, no_shows = 0.3, source = "ivr", whom = "everybody" }
[streams.faults]
queue = "main"
channel = "voice"
per_hour = 10
handling = "4m"
moments = { share = 0.3, detector = { true_positive = 0.7, false_positive = 0.1 } }
"#;

#[test]
fn the_same_seed_has_the_same_hash_and_another_one_another() {
    let scenario = Scenario::read(EVERYTHING, &shipped("routing"), None).unwrap_or_else(|error| panic!("{error}"));
    let [one, again, other] = [1, 1, 2].map(|seed| play(&scenario, seed));
    assert_eq!(one.digest, again.digest);
    assert_ne!(one.digest, other.digest);
    let all = one.figures(|_| true);
    assert!(all.tally.offered > 300 && all.answered > 100, "{all:?}");
}

/// Whoever changes what is drawn changes what every seed stands for, and every study that was made with it.
#[test]
fn a_seed_draws_the_same_on_every_machine() {
    let scenario = Scenario::read(EVERYTHING, &shipped("routing"), None).unwrap_or_else(|error| panic!("{error}"));
    let came = came(&scenario);
    let at = |name: &str| came.iter().find(|(_, id, _)| id.as_str() == name).map(|(at, ..)| at.0);
    let pinned = [28_870_130_646, 29_010_373_343, 36_223_224_025, 29_395_316_403];
    assert_eq!(["calls-1", "calls-2", "calls-200", "faults-1"].map(at), pinned.map(Some));
}

/// Who came when, and what was said of them.
fn came(scenario: &Scenario) -> Vec<(Timestamp, ContactId, Vec<Signal>)> {
    let mut came = Vec::new();
    watch(scenario, 4, |record| {
        if let Command::EnqueueContact(new) = &record.input.command {
            came.push((record.now, new.id.clone(), new.signals.clone()));
        }
    });
    came
}

#[test]
fn two_documents_meet_the_same_customers() {
    let under = |document: &str| {
        let text = EVERYTHING.replace("reserve-1", document).replace("retrial", "# retrial");
        came(&Scenario::read(&text, &shipped("routing"), None).unwrap_or_else(|error| panic!("{error}")))
    };
    let (one, other) = (under("fifo"), under("reserve-1"));
    assert!(one.len() > 300);
    let both = one.len().min(other.len());
    assert_eq!(one[..both], other[..both]);
}

/// A stream given by its load, on three agents; the scenario has a document of its own or not.
fn loaded(own: &str) -> String {
    format!("run = {{ runs = 2, length = '4h' }}\n{own}\n[agents.desk]\ncount = 3\n{}", stream("main", "load = 0.8"))
}

#[test]
fn who_comes_by_a_load_is_the_same_whatever_wrap_up_is_under_test() {
    let document = |wrap_up: &str| format!("{}wrap_up = {{ time = '{wrap_up}' }}\n", main_queue());
    let own = format!("document = {{ text = \"\"\"\n{}\"\"\" }}", document("60s"));
    let under = |wrap_up: &str, load: Option<f64>| {
        let given = Document::parse(&document(wrap_up), Format::Toml).unwrap();
        let read = Scenario::read(&loaded(&own), Path::new(""), Some(given));
        let mut scenario = read.unwrap_or_else(|error| panic!("{error}"));
        load.map(|load| scenario.set_load(load));
        came(&scenario)
    };
    for load in [None, Some(0.4)] {
        let (one, other) = (under("10s", load), under("5m", load));
        let both = one.len().min(other.len());
        assert!(both > 40 && one[..both] == other[..both], "{}, {}", one.len(), other.len());
    }
    assert!(under("10s", Some(0.4)).len() < under("10s", None).len());
    // Three agents, eight tenths, 300 s and the minute of its own document.
    let plain = read(&loaded(&own));
    let Arrivals::Load { per_second, .. } = plain.streams[0].arrivals else { panic!("{:?}", plain.streams[0]) };
    assert!((per_second - 3.0 * 0.8 / 360.0).abs() < 1e-12, "{per_second}");

    // Where a scenario names no document, both come as the first says.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let (one, other) = (file("one.toml", document("10s")), file("other.toml", document("5m")));
    let told = json(&["compare", &one, &other, "--scenario", &file("centre.toml", loaded("")), "--format", "json"]);
    let offered = &told["contacts"]["all"]["offered"];
    assert!(offered["first"]["value"].as_f64().unwrap() > 80.0, "{offered}");
    assert_eq!(offered["difference"]["value"], 0.0, "the same customers: {offered}");
}

#[test]
fn a_load_is_refused_where_nobody_can_say_what_agents_can_do() {
    let fault = |document: &str, agents: &str| {
        let document = format!("{VOICE}{document}");
        let text = format!(
            "run = {{ length = '1h' }}\ndocument = {{ text = \"\"\"\n{document}\"\"\" }}\n[agents.desk]\n{agents}\n{}",
            stream("main", "load = 0.8")
        );
        Scenario::read(&text, Path::new(""), None).map_or_else(|error| error.in_file("s.toml"), |_| String::new())
    };
    let (plain, light) = ("[queues.main]\n", "[queues.main]\ncost = 40\n");
    let written_up = "[queues.main]\nwrap_up = { time = '1m', cost = 10 }\n";
    for (document, agents, why) in [
        (plain, "shifts = [{ from = '08:00', until = '16:00' }]", "has shifts"),
        (plain, "pace = 1.5", "has a pace"),
        (plain, "handling = '4m'", "has a handling of its own"),
        (plain, "capacity = 200", "has room for several at once"),
        (light, "", "has room for several at once"),
        (plain, "capacity = 99", "has no room for one"),
        (written_up, "capacity = 110", "has room for another while writing up"),
    ] {
        let expected = format!("streams.main: is given by its load, but \"desk\" {why}; say how many come by per_hour");
        let fault = fault(document, agents);
        assert!(fault.contains(&expected), "{expected} is not in {fault}");
    }
    for (document, agents) in
        [(plain, "count = 7"), (light, "channel_limits = { voice = 1 }"), (written_up, "capacity = 100")]
    {
        assert_eq!(fault(document, agents), "", "{document}{agents}");
    }
}

/// Times in whole milliseconds, as far as a runtime's timers reach.
const TRACED: &str = r#"
run = { runs = 1 }
[document]
file = "FOLDER/routing/reserve-1.toml"
[agents.ana]
empathy = 90
[agents.desk]
count = 3
[streams.calls]
queue = "main"
channel = "voice"
trace = "trace.csv"
patience = "90s"
moments = {}
"#;

/// The player's commands at their times, given to the shard as the daemon runs it, lead to the same events.
#[test]
fn the_production_shard_comes_to_the_same_hash() {
    let folder = tempfile::tempdir().unwrap();
    let row = |at: u32| format!("{},{},{}\n", 5 + at * 23, 60 + at * 37 % 120, u8::from(at.is_multiple_of(9)));
    let rows: String = (0..200).map(row).collect();
    fs::write(folder.path().join("trace.csv"), format!("time,handling,moment\n{rows}")).unwrap();
    let text = TRACED.replace("FOLDER", shipped("").to_str().unwrap());
    let scenario = Scenario::read(&text, folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    let mut records = Vec::new();
    let outcome = watch(&scenario, 1, |record| records.push(record.clone()));
    assert!(outcome.figures(|_| true).tally.abandoned > 0 && outcome.figures(|leaf| leaf.is_moment).answered > 5);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let produced = runtime.block_on(produce(&scenario, &records));
    let hash = |records: &[Record]| {
        let mut digest = Digest::default();
        records.iter().for_each(|record| digest.take(record));
        digest.value()
    };
    for (played, produced) in records.iter().zip(&produced) {
        assert_eq!((played.now, &played.events), (produced.now, &produced.events), "{:?}", played.input);
    }
    assert_eq!((records.len(), outcome.digest), (produced.len(), hash(&produced)));
}

async fn produce(scenario: &Scenario, played: &[Record]) -> Vec<Record> {
    let (clock, began) = (Clock::starting_at(played[0].now), Instant::now());
    let (tenant, storage) = (TenantId::new("default").unwrap(), MemoryStorage::new(Retention::Everything));
    let mut recovered = Recovered::new(Observer::new(1_000));
    let founded = recovered.core.add_tenant(clock.now(), tenant.clone(), Arc::new(scenario.document.clone()));
    let (shard, task) = run::resume_by(clock, recovered, vec![founded.unwrap()], storage.open());
    for record in played {
        let after = seconds(record.now - played[0].now);
        sleep_until(began + Duration::from_secs_f64(after)).await;
        // What the shard does of itself.
        let is_its_own = matches!(
            record.input.command,
            Command::Tick
                | Command::Sweep
                | Command::ApplyDocument(_)
                | Command::SetReserve { .. }
                | Command::LearnAcceptance { .. }
                | Command::LearnShowRate { .. }
                | Command::SetOverflow { .. }
        );
        if !is_its_own {
            shard.call(&tenant, record.input.clone()).await.unwrap();
        }
    }
    task.stop().await.unwrap();
    storage.records()
}

fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/simulate").join(name)
}

#[test]
fn every_shipped_document_fits_every_shipped_scenario() {
    let mut documents: Vec<_> =
        fs::read_dir(shipped("routing")).unwrap().map(|document| document.unwrap().path()).collect();
    documents.retain(|path| !path.ends_with("help-desk.toml"));
    assert_eq!(documents.len(), 11);
    for name in ["centre", "announced", "no-shows", "detector", "flags-at-10", "flags-at-50"] {
        for document in &documents {
            let document = load_document(document).unwrap_or_else(|fault| panic!("{fault}"));
            Scenario::load(&shipped(&format!("{name}.toml")), Some(document)).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

fn attune(arguments: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attune"));
    let output = command.env_clear().current_dir(shipped("")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let (code, stdout, stderr) = attune(arguments);
    assert_eq!((code, stdout.lines().count()), (0, 1), "{stdout}{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn the_scenario_that_explains_everything_is_played_told_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.html");
    let told = json(&["simulate", "everything.toml", "--format", "json", "--report", report.to_str().unwrap()]);
    assert_eq!((&told["runs"], told["hashes"].as_array().unwrap().len()), (&4.into(), 4));
    let of = |row: &str, key: &str| told["contacts"][row][key]["value"].as_f64().unwrap();
    let sum = of("all", "answered") + of("all", "abandoned") + of("all", "blocked");
    assert!((of("all", "offered") - sum).abs() < 1e-9 && sum > 150.0, "{sum}");
    let parts = of("moments_of_truth", "offered") + of("all_others", "offered");
    assert!((of("all", "offered") - parts).abs() < 1e-9);
    assert!(of("flagged", "offered") > 0.0);
    assert_eq!(told["classes"]["chat"]["all"]["offered"]["value"], 10.0);
    assert!(told["classes"]["passwords"]["moments_of_truth"]["offered"]["value"].as_f64().unwrap() > 0.0);
    for group in ["ana", "desk", "newcomers"] {
        let occupancy = told["groups"][group]["occupancy"]["value"].as_f64().unwrap();
        assert!(occupancy > 0.05 && occupancy < 1.0, "{group}: {occupancy}");
    }
    assert!(told["contacts"]["all"]["wait_p90"]["error"].is_f64());
    let page = fs::read_to_string(report).unwrap();
    assert_eq!(page.matches("<svg").count(), 5);
    assert!(!page.contains("http"), "it needs nothing else");
    assert!(!page.contains("NaN") && !page.contains("inf,"), "every point has its place");

    let (code, stdout, stderr) = attune(&["simulate", "everything.toml", "--runs", "1", "--seed", "5"]);
    assert_eq!(code, 0, "{stderr}");
    for part in ["A small help desk on a morning", "moments of truth", "newcomers", "1 run", "hash"] {
        assert!(stdout.contains(part), "{part} is not in {stdout}");
    }
}

/// Real customers' words, where the data is there.
#[test]
fn moments_in_customers_own_words_find_empathetic_agents() {
    if !shipped("../../../../shared/data/en_banking77.jsonl").exists() {
        return eprintln!("left out: there is no ../shared/data beside this clone");
    }
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(shipped("bank.toml")).unwrap();
    let text = text.replace("file = \"routing", &format!("file = \"{}", shipped("routing").display()));
    let text = text.replace("../../../../shared", shipped("../../../../shared").to_str().unwrap());
    let path = folder.path().join("bank.toml");
    fs::write(&path, text.replace("\"20:00\"", "\"09:30\"")).unwrap();
    let told = json(&["simulate", path.to_str().unwrap(), "--runs", "2", "--format", "json"]);
    let of = |row: &str, key: &str| told["contacts"][row][key]["value"].as_f64().unwrap();
    assert!(of("flagged", "offered") > 10.0, "the analyser finds some of them");
    let gained = of("flagged", "empathetic_in_time_share") - of("not_flagged", "empathetic_in_time_share");
    assert!(gained > 0.4, "and they are brought to empathetic agents: {gained}");
}

#[test]
fn two_documents_are_compared_on_one_screen() {
    let arguments = ["compare", "routing/fifo.toml", "routing/reserve-1.toml", "--scenario", "centre.toml"];
    // A short scenario of the same centre.
    let folder = tempfile::tempdir().unwrap();
    let short = fs::read_to_string(shipped("centre.toml")).unwrap().replace("contacts = 50000", "contacts = 600");
    let short = short.replace("routing/", shipped("routing/").to_str().unwrap());
    let path = folder.path().join("short.toml");
    fs::write(&path, short).unwrap();
    let mut arguments = arguments.map(str::to_owned);
    arguments[4] = path.to_str().unwrap().to_owned();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--runs", "4"]).collect();
    let (code, stdout, stderr) = attune(&arguments);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().count() <= 24, "one screen: {stdout}");
    let rows = stdout.lines().filter(|line| line.contains(" ±")).count();
    assert!(stdout.contains(&format!("corrected for all {rows} that are shown\n(Holm 1979)")), "{stdout}");
    let row = stdout.lines().find(|line| line.contains("moments of truth") && line.contains("by empathetic"));
    assert!(row.is_some_and(|row| row.ends_with("better")), "{stdout}");
    let told = json(&[&arguments[..], &["--format", "json"]].concat());
    let share = &told["contacts"]["moments_of_truth"]["empathetic_in_time_share"];
    assert!(share["difference"]["value"].as_f64().unwrap() > 0.4 && share["is_clear"] == true, "{share}");
    assert_eq!(told["contacts"]["all"]["offered"]["difference"]["value"], 0.0, "the same customers");
    // What the screen shows is corrected for, and nothing else.
    assert_eq!(told["family"], serde_json::json!({ "differences": rows, "correction": "Holm 1979", "level": 0.05 }));
    let (alone, corrected) = (share["p"].as_f64().unwrap(), share["p_corrected"].as_f64().unwrap());
    assert!(alone < corrected && corrected <= alone * rows as f64, "{share}");
    assert!(told["contacts"]["all"]["offered"]["is_clear"].is_null());
}

#[test]
fn several_documents_are_compared_with_the_first_on_one_screen_line_by_line_and_in_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let short = fs::read_to_string(shipped("centre.toml")).unwrap().replace("contacts = 50000", "contacts = 400");
    let short = short.replace("warm_up = \"1h\"", "warm_up = \"10m\"");
    let short = short.replace("routing/", shipped("routing/").to_str().unwrap());
    let (path, report) = (folder.path().join("short.toml"), folder.path().join("report.html"));
    fs::write(&path, short).unwrap();
    let documents = ["fifo", "fit", "fifo", "reserve-1"].map(|name| format!("routing/{name}.toml"));
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let rest = ["--scenario", path.to_str().unwrap(), "--runs", "6", "--report", report.to_str().unwrap()];
    let arguments = [&["compare"], &documents[..], &rest].concat();
    let (code, stdout, stderr) = attune(&arguments);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().count() <= 24, "one screen: {stdout}");
    let reached = stdout.lines().find(|line| line.contains("by empathetic")).unwrap();
    let cells: Vec<&str> = reached.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!((cells.len(), cells[6], cells[8]), (9, "~", "better"), "{stdout}");
    assert_eq!(cells[2], cells[5], "the same document is the same");
    let (code, stdout, stderr) = attune(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!((code, stdout.lines().count()), (0, 3), "{stderr}");
    let lines: Vec<serde_json::Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, document) in lines.iter().zip(&documents[1..]) {
        assert_eq!((&line["first"], &line["second"]), (&documents[0].into(), &(*document).into()));
    }
    let same = &lines[1]["contacts"]["all"]["wait_mean"];
    assert_eq!((&same["p"], &same["is_clear"]), (&1.0.into(), &false.into()));
    assert!(lines.iter().all(|line| line["family"] == lines[0]["family"]));
    let page = fs::read_to_string(&report).unwrap();
    assert_eq!(page.matches("<svg").count(), 8);
    assert!(!page.contains("http") && !page.contains("NaN") && !page.contains("inf,"), "{page}");
    // Files of one name are told apart by their paths.
    assert!(page.contains("routing/fifo.toml</td>") && page.contains("routing/reserve-1.toml</b> against"), "{page}");

    let nine = ["routing/fifo.toml"; 9];
    assert_eq!(attune(&[&["compare"], &nine[..], &rest].concat()).0, 2);
    assert_eq!(attune(&["compare", "routing/fifo.toml", "--scenario", "centre.toml"]).0, 2);
}

#[test]
fn classes_of_any_name_hide_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("routing.toml");
    fs::write(&document, main_queue()).unwrap();
    let streams = [("calls", "all"), ("chats", "all_others"), ("faults", "a b"), ("more", "a_b")];
    let of = |(name, class): (&str, &str)| {
        stream(name, &format!("class = '{class}'\nload = 0.2\nmoments = {{ share = 0.5 }}"))
            .replace(&format!("queue = '{name}'"), "queue = 'main'")
    };
    let text = format!(
        "run = {{ runs = 2, length = '10h' }}\ndocument = {{ file = 'routing.toml' }}\nagents.desk = {{ count = 3 }}\n{}",
        streams.map(of).concat()
    );
    let path = folder.path().join("centre.toml");
    fs::write(&path, text).unwrap();
    let (path, document) = (path.to_str().unwrap(), document.to_str().unwrap());
    let simulated = json(&["simulate", path, "--format", "json"]);
    let compared = json(&["compare", document, document, "--scenario", path, "--format", "json"]);
    for (told, value) in [(&simulated, "/value"), (&compared, "/first/value")] {
        let offered = |row: &serde_json::Value| row["offered"].pointer(value).unwrap().as_f64().unwrap();
        let (all, classes) = (offered(&told["contacts"]["all"]), told["classes"].as_object().unwrap());
        assert_eq!(classes.keys().collect::<Vec<_>>(), ["a b", "a_b", "all", "all_others"]);
        let sum: f64 = classes.values().map(|class| offered(&class["all"])).sum();
        assert!((all - sum).abs() < 1e-9 && sum > 100.0, "{all} are not {sum}");
        let moments: f64 = classes.values().map(|class| offered(&class["moments_of_truth"])).sum();
        assert!((offered(&told["contacts"]["moments_of_truth"]) - moments).abs() < 1e-9);
        assert!((offered(&told["contacts"]["all_others"]) - (all - moments)).abs() < 1e-9);
    }
}

/// A scenario may name groups as reports name all of some kind together.
#[test]
fn groups_of_any_name_hide_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("routing.toml");
    fs::write(&document, main_queue()).unwrap();
    let text = format!(
        "run = {{ runs = 2, length = '10h' }}\ndocument = {{ file = 'routing.toml' }}\nagents.all_empathetic = {{ count = \
         2 }}\nagents.all_others = {{ empathy = 80 }}\nagents.empathetic = {{ count = 3, empathy = 80 }}\n{}",
        stream("main", "load = 0.7")
    );
    let path = folder.path().join("centre.toml");
    fs::write(&path, text).unwrap();
    let (path, document) = (path.to_str().unwrap(), document.to_str().unwrap());
    let simulated = json(&["simulate", path, "--format", "json"]);
    let compared = json(&["compare", document, document, "--scenario", path, "--format", "json"]);
    for told in [&simulated, &compared] {
        let groups = told["groups"].as_object().unwrap();
        assert_eq!(groups.keys().collect::<Vec<_>>(), ["all_empathetic", "all_others", "empathetic"]);
        assert_eq!(told["by_empathy"].as_object().unwrap().len(), 2);
    }
    let answered = |row: &serde_json::Value| row["answered"]["value"].as_f64().unwrap();
    let groups = ["all_others", "empathetic"].map(|name| answered(&simulated["groups"][name]));
    assert!((answered(&simulated["by_empathy"]["empathetic"]) - groups.iter().sum::<f64>()).abs() < 1e-9);
    let others = answered(&simulated["groups"]["all_empathetic"]);
    assert!((answered(&simulated["by_empathy"]["others"]) - others).abs() < 1e-9 && others > 0.0);
}

/// What was read of a bot's conversation keeps somebody free for it, as a detector's word does.
#[test]
fn moments_in_customers_words_are_announced_as_a_bot_heard_them() {
    let folder = tempfile::tempdir().unwrap();
    let said = "{\"text\": \"my card was stolen\", \"lang\": \"en\", \"moment\": true}\n\
                {\"text\": \"where do I find my invoices\", \"lang\": \"en\", \"moment\": false}\n";
    fs::write(folder.path().join("said.jsonl"), said).unwrap();
    let document = format!("catalogues = ['bank']\n[empathy]\nlevel = 70\n{}", main_queue());
    let moments = "moments = { share = 0.2, detector = { messages = 'said.jsonl' } }";
    let announced =
        format!("{}\n[streams.main.announce]\nahead = '30s'", stream("main", &format!("load = 0.8\n{moments}")));
    let text = format!(
        "run = {{ contacts = 200 }}\n[document]\ntext = \"\"\"\n{document}\"\"\"\n[agents]\n{TWO_GROUPS}\n{announced}"
    );
    let scenario = Scenario::read(&text, folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    let hear = |message: &attune::sim::scenario::Message| attune::api::words::read(&message.text, &message.language);
    let (mut announced, mut moments) = (BTreeSet::new(), BTreeSet::new());
    let mut names = BTreeMap::new();
    let mut watch = |record: &Record| {
        if let Command::AnnounceContact { contact, expected_at, announced: said, .. } = &record.input.command {
            assert_eq!(*expected_at - record.now, Span::from_secs(30));
            assert!(said.moment_of_truth);
            announced.insert(contact.clone());
        }
        for event in &record.events {
            match event {
                Event::ContactQueued { contact, queued } => _ = names.insert(*contact, queued.id.clone()),
                Event::ContactScored { contact, care, .. } if care.moment_of_truth => {
                    moments.insert(names[contact].clone());
                }
                _ => {}
            }
        }
    };
    let outcome = player::play(&scenario, 3, &hear, &mut watch).unwrap_or_else(|refused| panic!("{refused}"));
    assert!(moments.len() > 20 && announced.len() >= moments.len(), "{} of {}", announced.len(), moments.len());
    // Whoever is announced at the end has not come yet.
    assert!(moments.is_subset(&announced), "{moments:?} {announced:?}");
    assert!(outcome.figures(|leaf| leaf.is_moment != leaf.is_flagged).tally.offered == 0);
}

/// The hash that a shipped scenario has on every machine: another one here says that arithmetic, chance or what the engine
/// does has changed, and with it every study that was made before. Where that is meant, keep the new one.
#[test]
fn a_shipped_scenario_comes_to_the_hash_that_is_kept() {
    let hash = |(name, document): (&str, &str)| {
        let document =
            load_document(&shipped(&format!("routing/{document}.toml"))).unwrap_or_else(|fault| panic!("{fault}"));
        let scenario = Scenario::load(&shipped(&format!("{name}.toml")), Some(document));
        let mut scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
        scenario.run.length = Length::Contacts(1_000);
        format!("{:016x}", play(&scenario, scenario.run.seed).digest)
    };
    let found = [("centre", "reserve-1"), ("no-shows", "hold"), ("detector", "graded")].map(hash);
    assert_eq!(found, ["ab82faf09719a572", "60cee216439c1989", "2484a066ff5b513b"]);
}

/// The hash is promised no further than arithmetic reaches.
#[test]
fn the_help_says_on_which_machines_a_hash_is_the_same() {
    let (code, help, stderr) = attune(&["simulate", "--help"]);
    assert_eq!(code, 0, "{stderr}");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let promise = "on every machine, or on machines of one kind where the document has k = \"auto\" or words are read";
    assert!(help.contains(promise), "{help}");
}

#[test]
fn what_cannot_be_played_ends_with_its_place_and_the_code_for_wrong_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.toml");
    fs::write(&path, "run = { length = \"1h\" }\n[agents.desk]\ncount = 0\n").unwrap();
    let (code, _, stderr) = attune(&["simulate", path.to_str().unwrap()]);
    assert_eq!(code, 2, "{stderr}");
    for part in ["wrong.toml:1:1: document: is required", ":3:1: agents.desk.count: is 0", "streams: is required"] {
        assert!(stderr.contains(part), "{part} is not in {stderr}");
    }
    fs::write(folder.path().join("trace.csv"), "time,moment,colour\n").unwrap();
    let text = "[document]\nfile = \"ROUTING/fifo.toml\"\n[agents.desk]\n[streams.calls]\nqueue = \"main\"\n\
                channel = \"voice\"\ntrace = \"trace.csv\"\n";
    fs::write(&path, text.replace("ROUTING", shipped("routing").to_str().unwrap())).unwrap();
    let (code, _, stderr) = attune(&["simulate", path.to_str().unwrap()]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("trace.csv:1: \"colour\" is not a known column"), "{stderr}");
    let (code, _, stderr) = attune(&["simulate", "nowhere.toml"]);
    assert_eq!(code, 1, "{stderr}");
}

#[test]
fn everything_that_is_wrong_is_named_with_its_place() {
    let text = r#"
run = { runs = 0, length = "1h", contacts = 5 }
[document]
text = "[channels.voice]\n[queues.main]\n"
[agents.desk]
count = 5
empathy = 80
shift = []
[streams.calls]
queue = "mian"
channel = "voice"
load = 1.5e3
handling = { exponential = "5m", lognormal = "4m" }
moments = { share = 8, detector = { auc = 0.4 } }
announce = { ahead = "soon" }
[streams.nothing]
queue = "main"
channel = "voice"
load = 0.5
handling = "0s"
"#;
    let error = Scenario::read(text, Path::new(""), None).unwrap_err().in_file("s.toml");
    for expected in [
        "s.toml:2:9: run.runs: is 0; must be from 1 to",
        "s.toml:7:1: agents.desk.empathy: names \"empathy\", which is not defined under skills of the routing document",
        "s.toml:8:1: agents.desk.shift: is not a known key; did you mean \"shifts\"?",
        "s.toml:10:1: streams.calls.queue: names \"mian\", which is not defined under queues of the routing document; did \
         you mean \"main\"?",
        "s.toml:12:1: streams.calls.load: is 1.5e3; must be a number from 0.000001 to 100\n",
        "streams.calls.handling: must have exactly one of exponential",
        "streams.calls.moments.share: is 8; must be a number from 0 to 1",
        "streams.calls.moments.detector.auc: is 0.4; must be a number from 0.5 to 0.999999",
        "streams.calls.announce.ahead: is \"soon\"; write a duration as",
        "streams.nothing: is given by its load, but takes no time",
    ] {
        assert!(error.contains(expected), "{expected}\nis not in\n{error}");
    }
    assert!(error.lines().count() == 10, "{error}");
}
