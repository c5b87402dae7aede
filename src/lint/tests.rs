//! Every sort of remark by a planted fault, and none where there is nothing to say.

use std::{collections::BTreeSet, path::Path};

use super::{Agent, Kind, Remark};
use crate::model::{
    agent::AgentProfile,
    document::{Catalogue, DEFAULT_TOML, Document, Format},
    ids::{AgentId, ChannelName, QueueName, SkillName},
};

mod hours;

fn told(text: &str) -> Vec<String> {
    let text = format!("{text}\n[channels.chat]\n");
    let document = Document::parse(&text, Format::Toml).unwrap_or_else(|error| panic!("{error}"));
    super::document(&document).iter().map(|remark| remark.said.to_string()).collect()
}

/// A document with nothing to remark on, and one thing more.
fn told_beside(more: &str) -> Vec<String> {
    told(&format!("empathy = {{}}\nskills = {{ empathy = '', billing = '' }}\nqueues.main = {{}}\n{more}"))
}

#[test]
fn shipped_texts_need_no_remark() {
    for catalogue in Catalogue::ALL {
        let named = format!("catalogues = ['{}']", catalogue.name());
        assert_eq!(told_beside(&named), [""; 0]);
    }
    // Copied into a document they are its own, and then every moment is looked at.
    for catalogue in Catalogue::ALL {
        assert_eq!(told_beside(catalogue.toml()), [""; 0], "{}", catalogue.name());
    }
    let default = Document::parse(DEFAULT_TOML, Format::Toml).expect("it is valid");
    assert_eq!(super::document(&default), []);
}

#[test]
fn each_planted_fault_is_told_once_and_nothing_else() {
    let event = "triggers = [{ event = 'dear' }]";
    let planted = [
        (
            format!("head_start = {{ max = 60 }}\nmoments.x = {{ {event}, head_start = 61 }}"),
            "moments.x.head_start: is 61s; of all evidence together at most 1m count",
        ),
        (
            "moments.x = { triggers = [{ event = 'dear', from = ['text'] }], head_start = 120 }".to_owned(),
            "moments.x.head_start: is 2m, and only words make this moment; they give 90s at most, unless a fact, a \
             repeat or a voice goes with them",
        ),
        (
            format!(
                "signals = {{ text = false, voice = false }}\nhead_start = {{ repeats = {{ weight = 20 }} }}\n\
                 moments.x = {{ {event}, weight = 20 }}"
            ),
            "moments.x.weight: is 20; with everything that [head_start] counts beside it the score comes to 67, and a \
             moment of truth begins at 70",
        ),
        (
            format!("moments.x = {{ {event}, weight = 0, head_start = 0 }}"),
            "moments.x.weight: is 0, and no head start is given: the moment changes nothing; leave it out",
        ),
        (
            "moments.x = { triggers = [{ event = 'card_stollen' }] }".to_owned(),
            "moments.x.triggers: name the event \"card_stollen\", which only a platform can declare; did you mean \
             \"card_stolen\"?",
        ),
        (
            "signals = { voice = false }\nmoments.x = { triggers = [{ event = 'dear', from = ['voice'] }] }".to_owned(),
            "moments.x.triggers: never come: \"dear\" counts from voice alone, and [signals] switches that off",
        ),
        (
            "signals = { voice = false, text = false }\nmoments.x = { triggers = [{ distress = 50 }] }".to_owned(),
            "moments.x.triggers: never come: distress comes of words and voice alone, and [signals] switches that off",
        ),
        (
            "signals = { facts = false }\nmoments.x = { triggers = [{ repeats = 3 }] }".to_owned(),
            "moments.x.triggers: never come: repeats are facts, and [signals] switches that off",
        ),
        (
            format!("moments.x = {{ {event}, empathy = 70 }}"),
            "moments.x.empathy: is 70; [empathy] asks 70 for every moment of truth, so this asks no more",
        ),
        (
            format!("moments.x = {{ {event}, hold = 21 }}"),
            "moments.x.hold: is 21s; by then it is too late for the service level of every queue, the longest of \
             which is 20s",
        ),
        (
            format!("reserve = {{ mode = 'off' }}\nmoments.x = {{ {event}, hold = 5 }}"),
            "moments.x.hold: holds contacts for agents whom [reserve] mode = \"off\" keeps nobody of: it is not done",
        ),
        (
            format!("moments.x = {{ {event}, hold = 0, skills = {{ billing = 60 }} }}"),
            "moments.x.skills: are asked only as long as a contact is held for an empathetic agent, and this one never \
             is",
        ),
        (
            format!("moments.x = {{ {event}, offer_time = 20 }}"),
            "moments.x.offer_time: is 20s; every queue gives 20s or more already",
        ),
        (
            "queues.calm = { require = { all = ['empathy>=80'] } }".to_owned(),
            "queues.calm.require: asks empathy of everybody who serves it, so that there is nobody else whom a routine \
             contact could take; keep nobody free with [reserve] k = 0, or ask empathy in prefer",
        ),
    ];
    for (text, remark) in planted {
        assert_eq!(told_beside(&text), [remark], "{text}");
    }
    let nobody = "says what moments of truth are, and without [empathy] nobody is empathetic: they only move contacts in \
                  their lines; say in [empathy] who is";
    let own = told(&format!("queues.main = {{}}\nmoments.x = {{ {event} }}"));
    assert_eq!(own, [format!("moments: {nobody}")]);
    assert_eq!(told("queues.main = {}\ncatalogues = ['bank']"), [format!("catalogues: {nobody}")]);
}

#[test]
fn a_remark_names_its_place() {
    let text = "empathy = {}\n[skills]\nempathy = ''\n[channels.chat]\n[queues.main]\n[moments.x]\n\
                offer_time = '5s'\ntriggers = [{ event = 'dear' }]";
    let document = Document::parse(text, Format::Toml).expect("it is valid");
    let [remark] = super::document(&document).try_into().expect("one remark");
    assert_eq!((remark.said.at.line, remark.said.at.column), (7, 1));
}

fn parse(text: &str) -> Document {
    Document::parse(text, Format::Toml).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Agents as `ana cards=80 empathy=70 @vip capacity=50 chat:0`.
fn agents(lines: &[&str]) -> Vec<Agent> {
    let agent = |line: &&str| {
        let mut words = line.split_whitespace();
        let id = AgentId::new(words.next().expect("a name")).expect("a name");
        let mut profile = AgentProfile::default();
        for word in words {
            if let Some(queue) = word.strip_prefix('@') {
                profile.queues.push(QueueName::new(queue).expect("a name"));
            } else if let Some(capacity) = word.strip_prefix("capacity=") {
                profile.capacity = capacity.parse().expect("a number");
            } else if let Some((channel, limit)) = word.split_once(':') {
                profile
                    .channel_limits
                    .insert(ChannelName::new(channel).expect("a name"), limit.parse().expect("a number"));
            } else {
                let (skill, level) = word.split_once('=').expect("skill=level");
                profile.skills.insert(SkillName::new(skill).expect("a name"), level.parse().expect("a number"));
            }
        }
        Agent { id, profile }
    };
    lines.iter().map(agent).collect()
}

fn said(remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(|remark| format!("{}: {}", remark.kind, remark.said.path)).collect()
}

/// A planted fault: what is said of queues, the agents if they matter, and the remark with its path.
struct Planted {
    text: &'static str,
    agents: &'static [&'static str],
    remark: &'static str,
}

const fn alone(text: &'static str, remark: &'static str) -> Planted {
    Planted { text, agents: &[], remark }
}

const fn beside(text: &'static str, agents: &'static [&'static str], remark: &'static str) -> Planted {
    Planted { text, agents, remark }
}

const PLANTED: &[Planted] = &[
    alone(
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nmax_wait = { after = '5m' }\n\
         steps = [{ after = '6m', require = { all = ['cards'] } }]",
        "step-never-applies: queues.main.steps[0].after",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nmax_wait = { after = '5m' }\n\
         steps = [{ after = '4m', when_wait_over = '5m', require = { all = ['cards'] } }]",
        "overflow-too-late: queues.main.steps[0].when_wait_over",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nsteps = [{ after = '1m', require = { all = ['cards>=60'] } }]",
        "step-changes-nothing: queues.main.steps[0]",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards'] }\nsteps = [{ after = '1m', require = { all = ['cards>=60'] } }]",
        "step-narrows: queues.main.steps[0].require",
    ),
    alone(
        "[queues.main]\nrequire = { none = ['cards'] }\nprefer = [{ all = ['cards>=60'] }]",
        "preference-never-met: queues.main.prefer[0]",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nprefer = [{ all = ['cards'] }, { all = ['loans'] }]",
        "preference-says-nothing: queues.main.prefer[0]",
    ),
    alone(
        "[queues.main]\nprefer = [{ all = ['cards'] }, { all = ['cards>=60'] }]",
        "preference-says-nothing: queues.main.prefer[1]",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards'] }\nmax_wait = { after = '5m', then = 'escalate', queue = 'other' }\n\
         [queues.other]\nrequire = { all = ['loans'] }\nmax_wait = { after = '5m', then = 'overflow', queue = 'main' }",
        "overflow-loop: queues.main.max_wait.queue",
    ),
    alone(
        "[queues.main]\nrequire = { all = ['cards'] }\nmax_wait = { after = '5m', then = 'overflow', queue = 'other' }\n\
         [queues.other]\nrequire = { all = ['cards>=60'] }",
        "overflow-adds-nobody: queues.main.max_wait.queue",
    ),
    alone(
        "[queues.main]\noffers = { time = '30s' }\nmax_wait = { after = '25s' }\ndrain_after = '5s'",
        "offer-outlasts-wait: queues.main.offers.time",
    ),
    alone(
        "[queues.main]\nservice_level = '10m'\nmax_wait = { after = '5m' }",
        "target-beyond-wait: queues.main.service_level",
    ),
    alone(
        "[queues.main]\ncost = 100\ndrain_after = '5m'\nmax_wait = { after = '5m' }\n[queues.small]\ncost = 20",
        "drain-never-begins: queues.main.drain_after",
    ),
    alone(
        "[queues.main]\npriority = '10m'\n[queues.other]\nmax_wait = { after = '5m' }",
        "priority-starves: queues.main.priority",
    ),
    alone(
        "empathy = {}\nreserve = { mode = 'fixed', k = 1, floor_until = '10m' }\n[queues.main]\nmax_wait = { after = '5m' }",
        "reserve-starves: queues.main.max_wait.after",
    ),
    alone("empathy = { hold = '30s' }\n[queues.main]\nservice_level = '20s'", "hold-too-long: empathy.hold"),
    alone("[queues.main]\nchannels = ['chat']\n[channels.fax]", "channel-unused: channels.fax"),
    beside(
        "[queues.main]\nrequire = { all = ['cards'] }\n[queues.all]",
        &["ana loans=50", "ben loans=60"],
        "queue-nobody-serves: queues.main.require, skill-nobody-has: skills.cards",
    ),
    beside(
        "[queues.main]\nmembers = 'assigned'\n[queues.all]",
        &["ana", "ben"],
        "queue-nobody-serves: queues.main.members",
    ),
    beside(
        "[queues.main]\ncost = 80\n[queues.all]",
        &["ana capacity=50", "ben chat:0"],
        "queue-nobody-serves: queues.main.require, agent-unreached: agents.ben, queue-one-agent: queues.all.require",
    ),
    beside(
        "[queues.main]\nrequire = { all = ['cards'] }\n[queues.all]",
        &["ana cards=50", "ben"],
        "queue-one-agent: queues.main.require",
    ),
    beside(
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nsteps = [{ after = '1m', require = {} }]",
        &["ana cards=50", "ben"],
        "queue-nobody-serves: queues.main.require, level-nobody-has: skills.cards",
    ),
    beside(
        "[queues.main]\nrequire = { all = ['cards'] }",
        &["ana cards=50", "ben cards=60", "cleo"],
        "agent-unreached: agents.cleo",
    ),
    beside(
        "[queues.main]",
        &["ana crads=50", "ben @mian"],
        "agent-names-unknown: agents.ana, agent-names-unknown: agents.ben",
    ),
    beside("[queues.main]", &["ana @main", "ben"], "assignment-says-nothing: agents.ana"),
    beside("[skills]\nidle = ''\n[queues.main]", &["ana", "ben"], "skill-unused: skills.idle"),
    beside(
        "empathy = {}\nreserve = { mode = 'fixed', k = 2 }\n[queues.main]",
        &["ana empathy=80", "ben empathy=90", "cleo", "dan"],
        "reserve-keeps-all: reserve.k",
    ),
    beside(
        "empathy = {}\nmoments.x = { triggers = [{ event = 'dear' }] }\n[queues.main]\nrequire = { all = ['cards'] }\n[queues.all]",
        &["ana empathy=80", "ben cards=90", "cleo cards=80"],
        "queue-without-empathy: queues.main.require",
    ),
];

/// With the skills and channels that everything planted needs; skills that nobody asks are had by everybody's neighbour.
fn planted(planted: &Planted) -> (Document, Vec<Agent>) {
    let text = planted.text;
    let own = if text.contains("[skills]") { "" } else { "skills = { cards = '', loans = '', empathy = '' }\n" };
    let document = parse(&format!("{own}{text}\n[channels.chat]\ncost = 20\n"));
    (document, agents(planted.agents))
}

#[test]
fn each_fault_planted_in_queues_is_told_and_nothing_else() {
    for fault in PLANTED {
        let (document, agents) = planted(fault);
        let mut remarks = super::document(&document);
        remarks.extend(super::staffing(&document, &agents));
        // Skills that only other plants need.
        remarks.retain(|remark| remark.kind != Kind::SkillUnused || fault.text.contains("[skills]"));
        let mut found = said(&remarks);
        let mut expected: Vec<&str> = fault.remark.split(", ").collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(
            found,
            expected,
            "{}\n{}",
            fault.text,
            remarks.iter().map(Remark::to_string).collect::<Vec<_>>().join("\n")
        );
    }
}

/// What sensible people write, and nothing is to be said of.
#[test]
fn sensible_documents_are_without_a_remark() {
    let sensible = [
        // Languages are asked by contacts; the last preference is everybody.
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nprefer = [{ all = ['cards>=90'] }, { all = ['cards>=60'] }]\n\
         steps = [{ after = '45s', require = { all = ['cards>=30'] } }]",
        // A general queue takes what waits too long.
        "[queues.main]\nrequire = { all = ['cards>=60'] }\nmax_wait = { after = '5m', then = 'overflow', queue = 'general' }\n\
         [queues.general]\nrequire = {}",
        // Supervisors are before all others, and take what has waited.
        "[queues.main]\nmax_wait = { after = '15m', then = 'escalate', queue = 'supervisors' }\n\
         [queues.supervisors]\nrequire = { all = ['cards>=90'] }\npriority = '1h'\n[queues.vip]\npriority = '2m'",
        // Short waits that end elsewhere.
        "[queues.main]\noffers = { acceptance = 'automatic' }\nmax_wait = { after = '15s', then = 'overflow', queue = 'other' }\n\
         require = { all = ['cards'] }\n[queues.other]",
        // A hold of the whole target: a wait of exactly that is in time.
        "empathy = { hold = '20s' }\nreserve = { k = 1 }\n[queues.main]\nservice_level = '20s'",
    ];
    for text in sensible {
        let document = parse(&format!("skills = {{ cards = '', empathy = '' }}\n{text}\n[channels.chat]\ncost = 20\n"));
        assert_eq!(said(&super::document(&document)), [""; 0], "{text}");
    }
    let document = parse(
        "skills = { cards = '', loans = '', trainee = '' }\n[channels.chat]\n[queues.main]\n\
         require = { any = ['cards', 'loans>=90'], none = ['trainee'] }\nprefer = [{ all = ['cards>=95'] }]\n\
         [queues.own]\nmembers = 'assigned'",
    );
    let staff = agents(&["ana cards=60 @own", "ben loans=80 cards=50"]);
    assert_eq!(said(&super::staffing(&document, &staff)), [""; 0]);
}

#[test]
fn every_sort_of_remark_has_a_plant_a_name_and_a_reason() {
    let planted: BTreeSet<&str> = PLANTED
        .iter()
        .flat_map(|fault| fault.remark.split(", "))
        .filter_map(|remark| remark.split(':').next())
        .collect();
    for kind in Kind::ALL {
        let of_moments = include_str!("moments.rs").contains(&format!("Kind::{kind:?},"));
        let by_the_hour = hours::PLANTED.iter().any(|fault| fault.kind == *kind);
        assert!(planted.contains(kind.name()) || of_moments || by_the_hour, "{kind} has no plant");
        assert!(!kind.why().ends_with('.') && kind.why().len() > 20, "{kind}");
        assert!(kind.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind}");
    }
}

#[test]
fn every_shipped_document_is_without_a_remark() {
    let mut looked = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("it is there").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&entry).expect("it can be read");
                // Settings and scenarios are no routing documents.
                if let Ok(document) = Document::parse(&text, Format::Toml) {
                    let mut remarks = super::document(&document);
                    if entry.ends_with("priority.toml") {
                        // What a document without empathy is worth is what they are there to show.
                        remarks.retain(|remark| remark.kind != Kind::MomentsWithoutEmpathy);
                    }
                    assert_eq!(remarks, [], "{}", entry.display());
                    looked += 1;
                }
            }
        }
    }
    assert!(looked >= 8, "{looked} documents were found");
    assert_eq!(super::document(&parse(DEFAULT_TOML)), []);
}
