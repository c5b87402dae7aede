//! `attune advise`: its formulas against worlds that are known, its choices against what they cost, and what it writes
//! against the reader and the linter of documents.

use std::{fs, path::Path};

use attune::{
    journal::{
        Record,
        log::{Log, Making},
        volume::Folder,
    },
    lint,
    model::{
        document::{Document, Format, ReserveMode},
        ids::TenantId,
        time::{Span, Timestamp},
    },
    sim::{
        advice::{
            Advice, Care, Finding, Lever, Need, Tries, Value, Wanted, advise,
            erlang::{Line, Part, Patience, Within},
        },
        history::{Period, Watcher},
        player,
        scenario::{Length, Scenario},
    },
};

fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/simulate").join(name)
}

fn read(text: &str) -> Scenario {
    Scenario::read(text, Path::new(""), None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn advised(scenario: &Scenario) -> Advice {
    let wanted = Wanted { service_level: 0.8, reached: None, contacts_max: 700 };
    advise(scenario, wanted, &|_| panic!("nobody writes anything")).unwrap_or_else(|error| panic!("{error}"))
}

fn need<'a>(advice: &'a Advice, asked: &str) -> &'a Need {
    let found = advice.needs.iter().find(|need| need.to_string() == asked);
    found.unwrap_or_else(|| panic!("{asked} is not among {:?}", advice.needs))
}

fn care(advice: &Advice) -> &Care {
    advice.care.as_ref().expect("moments come")
}

fn tries(care: &Care, lever: Lever) -> &Tries {
    care.levers.iter().find(|tries| tries.lever == lever).expect("it was tried")
}

fn document(queues: &str) -> String {
    format!(
        "[document]\ntext = '''\n[skills]\nempathy = \"\"\ncards = \"\"\n[channels.voice]\n[channels.chat]\ncost = 34\n{queues}'''\n"
    )
}

const AUTOMATIC: &str = "offers = { acceptance = \"automatic\" }\n";

/// Cards are busy in the morning, and two of twelve agents know about them; one of these comes at ten.
fn cards() -> Scenario {
    let queues =
        format!("[queues.main]\n{AUTOMATIC}[queues.cards]\nrequire = {{ all = [\"cards>=60\"] }}\n{AUTOMATIC}");
    read(&format!(
        r#"
run = {{ from = "08:00", until = "12:00" }}
{}
[agents.desk]
count = 10
[agents.early]
skills = {{ cards = 80 }}
[agents.late]
skills = {{ cards = 60 }}
shifts = [{{ from = "10:00", until = "18:00" }}]
[agents.newcomer]
skills = {{ cards = 59 }}
[streams.calls]
queue = "main"
channel = "voice"
per_hour = 60
handling = "5m"
[streams.cards]
queue = "cards"
channel = "voice"
rates = [{{ from = "08:00", per_hour = 30 }}, {{ from = "11:00", per_hour = 3 }}]
handling = {{ exponential = "4m" }}
patience = {{ exponential = "2m" }}
"#,
        document(&queues)
    ))
}

#[test]
fn a_skill_that_too_few_have_is_named_with_its_hours_and_how_many_are_needed() {
    let advice = advised(&cards());
    let cards = need(&advice, "cards>=60");
    let seen: Vec<_> = cards.hours.iter().map(|hour| (hour.contacts.round(), hour.there.round())).collect();
    assert_eq!(seen, [(30.0, 1.0), (30.0, 1.0), (30.0, 2.0), (3.0, 2.0)]);
    let worst = cards.at_worst();
    assert!((worst.erlangs - 2.0).abs() < 1e-9 && worst.from == Span::from_secs(8 * 3_600), "{worst:?}");
    // Two Erlangs whose customers wait two minutes on average: by the formula, for eight of ten within twenty seconds.
    let patience = Patience::all(Part::Exponential(120.0));
    let line = Line { per_second: 30.0 / 3_600.0, takes: 240.0, patience };
    assert_eq!(worst.needed, line.needed(0.8, &Within::all(20.0)));
    assert!(worst.needed.is_some_and(|needed| (3..=4).contains(&needed)), "{worst:?}");
    assert_eq!((cards.short(), cards.hours[3].is_short()), (3, false));
    let found: Vec<_> = advice.findings.iter().collect();
    assert!(
        matches!(&found[..], [Finding::TooFew { need, there, hours: 3, .. }] if need == "cards>=60" && *there == 1.0),
        "{found:?}"
    );
    let all = need(&advice, "anyone").at_worst();
    assert!((all.contacts - 90.0).abs() < 1e-9 && (all.there - 12.0).abs() < 1e-9 && !all.is_short(), "{all:?}");
    assert_eq!(all.classes.values().map(|contacts| contacts.round()).collect::<Vec<_>>(), [60.0, 30.0]);
    assert!(advice.care.is_none() && advice.played == 0, "nothing is a moment of truth, so nothing is played");
}

#[test]
fn agents_who_do_several_at_once_or_take_their_time_count_as_much() {
    let scenario = |queue: &str, agents: &str, channel: &str| {
        let text = format!(
            "run = {{ length = '2h' }}\n{}[agents.desk]\ncount = 4\n{agents}[streams.main]\nqueue = 'main'\nchannel = \
             '{channel}'\nper_hour = 30\nhandling = {{ exponential = '4m' }}\n",
            document(&format!("[queues.main]\n{queue}"))
        );
        need(&advised(&read(&text)), "anyone").at_worst().clone()
    };
    let call = scenario(AUTOMATIC, "", "voice");
    assert!((call.erlangs - 2.0).abs() < 1e-9 && (call.takes - 240.0).abs() < 1e-9);
    // Erlang C for two Erlangs: three have eight of ten within twenty seconds no more, four have.
    assert_eq!(call.needed, Some(4));
    let chat = scenario(AUTOMATIC, "", "chat");
    assert!((chat.erlangs - 1.0).abs() < 1e-9 && chat.needed < call.needed, "two at once: {chat:?}");
    let slow = scenario(AUTOMATIC, "pace = 1.5\n", "voice");
    assert!((slow.erlangs - 3.0).abs() < 1e-9 && slow.needed > call.needed, "{slow:?}");
    let asked = "acceptance = { time = '6s', missed = 0.1, back_after = '30s' }\n";
    let missed = scenario("offers = { time = '20s' }\n", asked, "voice");
    // Six seconds each, and one miss for nine answers: its offer of 20 s and half a minute away.
    assert!((missed.takes - (240.0 + 6.0 + 50.0 / 9.0)).abs() < 1e-6, "{missed:?}");
    assert!(missed.in_time < call.in_time, "{missed:?}");
}

/// Twenty agents, some of them empathetic, at a load, a tenth of which is moments of truth.
fn centre(empathetic: u32, load: f64) -> Scenario {
    read(&format!(
        r#"
run = {{ runs = 4, warm_up = "20m", contacts = 700 }}
{}
[agents.empathetic]
count = {empathetic}
empathy = 80
[agents.others]
count = {}
[streams.calls]
queue = "main"
channel = "voice"
load = {load}
handling = {{ exponential = "200s" }}
patience = {{ exponential = "180s" }}
moments = {{ share = 0.1 }}
"#,
        document(&format!("[queues.main]\n{AUTOMATIC}")),
        20 - empathetic,
    ))
}

#[test]
fn where_there_are_plenty_nobody_is_kept_free() {
    let scenario = centre(10, 0.4);
    let advice = advised(&scenario);
    let care = care(&advice);
    assert!((care.erlangs - 0.8).abs() < 1e-9 && care.there == 10, "{care:?}");
    let kept = tries(care, Lever::Reserve(None));
    assert_eq!((kept.formula, kept.advised), (Some(Value::Agents(0)), Some(Value::Agents(0))));
    assert!(care.after.reached.mean > 0.9 && care.fail < 0.1, "{care:?}");
    assert!(care.before.reached.mean < care.after.reached.mean, "its own document knows no empathy");
    assert!(care.levers.iter().all(|tries| !matches!(tries.lever, Lever::Hold | Lever::Release)));
    assert!(care.needed.is_some_and(|needed| needed < 10), "{:?}", care.needed);
    assert!(advice.findings.iter().all(|found| matches!(found, Finding::Disagree { .. })), "{:?}", advice.findings);
    let document = scenario.document.overlaid(&care.text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document.reserve.k, Some(0));
    assert!(document.empathy.is_some_and(|empathy| empathy.level == 70));
}

#[test]
fn too_few_empathetic_agents_are_told_of_and_more_would_do() {
    let scenario = centre(2, 0.8);
    let advice = advised(&scenario);
    let care = care(&advice);
    // 1.6 Erlangs of moments on two.
    let short = advice.findings.iter().find(|found| matches!(found, Finding::TooFewEmpathetic { .. }));
    assert!(matches!(short, Some(Finding::TooFewEmpathetic { there: 2, group: None, .. })), "{:?}", advice.findings);
    assert!(care.needed_by_formula.is_some_and(|needed| needed >= 3), "{care:?}");
    assert!(care.needed.is_some_and(|needed| (4..=20).contains(&needed)), "{:?}", care.needed);
    let rows = &tries(care, Lever::Empathetic).rows;
    let needed = care.needed.map(Value::Agents);
    let with = rows.iter().find(|row| Some(row.value) == needed).expect("it was played");
    let gained = with.than.as_ref().expect("it is another number").reached;
    assert!(gained.difference.mean > 0.1 && gained.is_clear(), "{gained:?}");
    assert!(need(&advice, "empathy>=70 (moments)").at_worst().is_short());
}

#[test]
fn the_shipped_example_is_advised_and_each_choice_has_its_price() {
    let mut scenario = Scenario::load(&shipped("centre.toml"), None).unwrap_or_else(|error| panic!("{error}"));
    scenario.run.runs = 4;
    scenario.run.warm_up = Span::from_secs(900);
    assert!(matches!(scenario.run.length, Length::Contacts(50_000)));
    let advice = advised(&scenario);
    assert_eq!(advice.contacts, Some(700));
    let care = care(&advice);
    assert!((care.erlangs - 3.8).abs() < 1e-9 && care.there == 10, "{care:?}");
    let kept = tries(care, Lever::Reserve(None));
    assert!(kept.formula >= Some(Value::Agents(1)) && kept.advised >= Some(Value::Agents(1)), "{kept:?}");
    assert!(care.after.reached.mean > care.before.reached.mean + 0.3, "{care:?}");
    // Keeping more free: more moments reach, others wait longer.
    let last = kept.rows.last().and_then(|row| row.than).expect("more than none");
    assert!(last.reached.difference.mean > 0.05 && last.reached.is_clear(), "{last:?}");
    assert!(last.routine_wait.difference.mean > 0.0 && last.routine_in_time.difference.mean < 0.0, "{last:?}");
    let release = tries(care, Lever::Release);
    assert_eq!(release.formula, Some(Value::Time(Span::from_secs(19))), "in time for twenty seconds");
    let values: Vec<_> = release.rows.iter().map(|row| row.value).collect();
    assert_eq!(values, [0, 19, 38].map(|secs| Value::Time(Span::from_secs(secs))));
    let later = release.rows.last().and_then(|row| row.than).expect("later than at once");
    assert!(later.reached.difference.mean > 0.0 && later.routine_wait.difference.mean > 0.0, "{later:?}");
    let hold = tries(care, Lever::Hold);
    assert_eq!(hold.formula, Some(Value::Time(Span::from_secs(10))));
    let longer = hold.rows.last().and_then(|row| row.than).expect("longer than not at all");
    assert!(longer.moment_wait.difference.mean > 0.0, "who is held waits: {longer:?}");
    // Every row of a lever but the one it is compared with says by how much it differs.
    for tries in &care.levers {
        for row in &tries.rows {
            assert_eq!(row.than.is_none(), row.value == tries.zero, "{tries:?}");
        }
    }

    // What is advised is a part of the document as it stands in a file.
    let own = fs::read_to_string(shipped("routing/fifo.toml")).expect("it is shipped");
    let written = format!("{own}\n{}", care.text);
    let document = Document::parse(&written, Format::Toml).unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(lint::document(&document), [], "{written}");
    assert_eq!(document.reserve.mode, ReserveMode::Soft);
    let laid = scenario.document.overlaid(&care.text).expect("it is valid");
    assert_eq!((laid.empathy, laid.reserve, laid.moments), (document.empathy, document.reserve, document.moments));
}

fn attune(arguments: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attune"));
    let output = command.env_clear().current_dir(shipped("")).args(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

/// An hour of a few contacts.
const SMALL: &str = r#"
run = { runs = 4, length = "1h" }
agents = { ana = { empathy = 90 }, desk = { count = 15 } }
[document]
text = '''
[skills]
empathy = ""
[channels.voice]
[queues.main]
'''
[streams.calls]
queue = "main"
channel = "voice"
per_hour = 60
handling = "4m"
moments = { share = 0.3 }
"#;

#[test]
fn it_is_told_to_people_and_to_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.toml");
    fs::write(&path, SMALL).expect("it is written");
    let path = path.to_str().expect("it is text");
    let (code, stdout, stderr) = attune(&["advise", path, "--target", "15s", "--format", "json"]);
    assert_eq!((code, stdout.lines().count()), (0, 1), "{stdout}{stderr}");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!((&told["runs"], &told["within_s"]), (&4.into(), &15.0.into()));
    let busiest = &told["needs"][0]["busiest"];
    assert_eq!((&busiest["contacts_per_hour"], &busiest["classes"]["calls"]), (&60.0.into(), &60.0.into()));
    let moments = &told["moments_of_truth"];
    assert_eq!(moments["empathetic"], 1);
    assert!(moments["erlangs"].as_f64().is_some_and(|erlangs| (erlangs - 1.2).abs() < 1e-9), "{moments}");
    for choice in moments["choices"].as_array().expect("a list") {
        let rows = choice["rows"].as_array().expect("a list");
        let has_advised = rows.iter().any(|row| row["value"] == choice["advised"]);
        assert!(has_advised || choice["advised"].is_null(), "{choice}");
        assert!(rows.iter().all(|row| row["reached"]["value"].is_f64() && row["routine_wait"]["error"].is_f64()));
    }
    assert!(told["findings"].as_array().expect("a list").iter().any(|found| found["kind"] == "too-few-empathetic"));
    assert!(moments["document"].as_str().is_some_and(|text| text.contains("[reserve]")), "{moments}");

    let (code, stdout, stderr) = attune(&["advise", path, "--quick"]);
    assert_eq!(code, 0, "{stderr}");
    for part in ["empathy>=70 (moments)", "as it is", "as advised", "empathetic agents", "[moments.moment_of_truth]"] {
        assert!(stdout.contains(part), "{part} is not in {stdout}");
    }
}

/// A morning of two queues with targets of their own, empathetic agents among the first, and a shift that begins late.
const MORNING: &str = r#"
run = { runs = 4, seed = 3, from = "08:00", until = "11:00" }
[document]
text = """
[skills]
empathy = ''
cards = ''
[empathy]
[moments.dear]
triggers = [{ event = 'moment_of_truth' }]
weight = 100
[channels.voice]
[queues.cards]
service_level = '30s'
require = { all = ['cards'] }
offers = { acceptance = 'automatic' }
[queues.general]
service_level = '1m'
offers = { acceptance = 'automatic' }
"""
[agents.kind]
count = 3
empathy = 85
skills = { cards = 80 }
[agents.desk]
count = 9
skills = { cards = 60 }
[agents.late]
count = 4
shifts = [{ from = "09:00", until = "11:00" }]
[streams.cards]
queue = "cards"
channel = "voice"
per_hour = 90
handling = { exponential = "3m" }
patience = { exponential = "4m" }
moments = { share = 0.2 }
[streams.general]
queue = "general"
channel = "voice"
per_hour = 60
handling = { exponential = "4m" }
patience = { exponential = "4m" }
"#;

fn played(scenario: &Scenario) -> Vec<Record> {
    let mut records = Vec::new();
    let played = player::play(scenario, 7, &|_| panic!("nobody writes"), &mut |record| records.push(record.clone()));
    played.unwrap_or_else(|refused| panic!("{refused}"));
    records
}

/// What came from outside on that morning, as it is recorded.
fn as_recorded(records: &[Record], period: Period) -> Scenario {
    let mut watcher = Watcher::new(TenantId::new("default").expect("a name"), period, None);
    records.iter().for_each(|record| watcher.take(record));
    let history = watcher.finish().expect("there is a day");
    history.inputs(Document::clone(&history.document), 4, 1).expect("it can be played").scenario
}

#[test]
fn a_morning_of_ones_own_is_advised_as_the_scenario_that_it_came_of() {
    let scenario = read(MORNING);
    let until = Some(Timestamp(0) + Span::from_secs(11 * 3_600));
    let recorded = as_recorded(&played(&scenario), Period { from: None, until });
    let (of_scenario, of_day) = (advised(&scenario), advised(&recorded));
    for asked in ["anyone", "cards", "empathy>=70 (moments)"] {
        let (expected, found) = (need(&of_scenario, asked), need(&of_day, asked));
        assert_eq!(expected.hours.len(), found.hours.len());
        for (expected, found) in expected.hours.iter().zip(&found.hours) {
            assert_eq!((found.from, found.there), (expected.from, expected.there), "{asked}");
            let off = (found.contacts - expected.contacts).abs();
            assert!(off < 4.0 * expected.contacts.sqrt(), "{asked}: {found:?}, not {expected:?}");
            let off = (found.takes / expected.takes - 1.0).abs();
            assert!(off < 0.25, "{asked}: {found:?}, not {expected:?}");
        }
    }
    // Each queue has its own target, and the day's agents are advised by name.
    assert_eq!(recorded.targets, [30, 60].map(Span::from_secs));
    let care = care(&of_day);
    assert_eq!((care.there, recorded.groups.len()), (3, 16));
    let document = recorded.document.overlaid(&care.text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document.reserve.mode, ReserveMode::Soft);
    let rows = &tries(care, Lever::Empathetic).rows;
    let reached: Vec<f64> = rows.iter().map(|row| row.met.reached.mean).collect();
    assert!(rows.len() > 2 && reached.first() < reached.last(), "who is trained reaches more of them: {rows:?}");
}

#[test]
fn the_longer_of_two_targets_lets_fewer_agents_do() {
    let needed = |target: &str| {
        let text = MORNING.replace("service_level = '1m'", &format!("service_level = '{target}'"));
        // The record goes on until the last of them is through, into an hour in which nobody comes.
        let advice = advised(&as_recorded(&played(&read(&text)), Period::default()));
        let worst = need(&advice, "anyone").at_worst();
        assert!(worst.contacts > 0.0, "{worst:?}");
        worst.needed.expect("some number is enough")
    };
    assert!(needed("30m") < needed("5s"), "{} {}", needed("30m"), needed("5s"));
}

#[test]
fn a_journal_is_advised_beside_what_was() {
    let records = played(&read(MORNING));
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Folder::make(&folder.path().join("journal")).expect("it is made");
    let mut log = Log::open(journal, None, 1 << 20, Making::WhenNeeded, drop).expect("it opens");
    records.chunks(50).for_each(|batch| log.append(batch).expect("there is room"));
    let path = folder.path().join("journal");
    let path = path.to_str().expect("it is text");
    let (code, stdout, stderr) = attune(&["advise", "--journal", path, "--quick", "--format", "json"]);
    assert_eq!(code, 0, "{stderr}");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!((&told["runs"], &told["within_s"]), (&4.into(), &serde_json::Value::Null));
    assert_eq!(told["within_s_by_class"], serde_json::json!({ "cards": 30.0, "general": 60.0 }));
    let moments = &told["moments_of_truth"];
    assert!(moments["was"]["reached"]["value"].is_f64() && moments["choices"].is_array(), "{moments}");
    // Whatever is compared is in time within the same.
    let at_once = attune(&["advise", "--journal", path, "--quick", "--target", "1ms", "--format", "json"]).1;
    let at_once: serde_json::Value = serde_json::from_str(&at_once).expect("it is JSON");
    let in_time = |told: &serde_json::Value| told["was"]["routine_in_time"]["value"].as_f64().expect("a number");
    assert!(in_time(&at_once["moments_of_truth"]) < in_time(moments), "{at_once}");
    let (code, stdout, stderr) = attune(&["advise", "--journal", path, "--quick", "--target", "15s"]);
    assert_eq!(code, 0, "{stderr}");
    for part in ["tenant default, 1970-01-01T08:00", "as it was", "cannot know", "80.0 % in 15s"] {
        assert!(stdout.contains(part), "{part} is not in {stdout}");
    }
    for (arguments, expected) in [
        (&["centre.toml", "--journal", path][..], "cannot be used with"),
        (&["--journal", path, "--load", "0.9"], "cannot be used with"),
        (&["centre.toml", "--tenant", "default"], "are for a day of a --journal"),
        (&["--journal", path, "--tenant", "nobody"], "no records of a tenant \"nobody\""),
        (&["--quick"], "<SCENARIO"),
    ] {
        let (code, _, stderr) = attune(&[&["advise"], arguments].concat());
        assert!(code == 2 && stderr.contains(expected), "{expected} is not in {stderr}");
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    for (arguments, code, expected) in [
        (&["centre.toml", "--moments", "1.5"][..], 2, "say it as a share"),
        (&["centre.toml", "--service-level", "0"], 2, "say it as a share"),
        (&["centre.toml", "--target", "0s"], 2, "more than nothing"),
        (&["centre.toml", "--target", "soon"], 2, "say it as 500ms"),
        (&["centre.toml", "--runs", "3"], 2, "ask for --runs 4 or more"),
        (&["nowhere.toml"], 1, "nowhere.toml"),
        (&["routing/fifo.toml"], 2, "agents"),
        (&["centre.toml", "--document", "centre.toml"], 2, "centre.toml"),
    ] {
        let (found, _, stderr) = attune(&[&["advise"], arguments].concat());
        assert_eq!(found, code, "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{expected} is not in {stderr}");
    }
    let (code, help, _) = attune(&["advise", "--help"]);
    assert!(code == 0 && help.contains("--quick") && help.contains("--moments"), "{help}");
}
