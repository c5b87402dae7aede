//! `attune` as people and programs run it: a child process against a daemon, by its exit codes and what it prints.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use attune::{
    api::pb::{self, agent_service_client::AgentServiceClient, watch_offers_response::Event},
    app::Daemon,
    config::Settings,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::block_in_place;
use tonic::transport::Channel;

struct Desk {
    daemon: Daemon,
}

/// What a run left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn attune() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.env_clear().env("USER", "sam");
    command
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("it ends by itself");
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// It went well; its standard output.
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// It went well and printed one line of JSON.
    fn json(self) -> Value {
        let text = self.ok();
        assert_eq!(text.lines().count(), 1, "one object: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// It failed so; its standard error.
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

impl Desk {
    async fn open() -> Self {
        Self { daemon: Daemon::start(Settings::passing()).await.expect("the daemon starts") }
    }

    fn server(&self) -> String {
        format!("http://{}", self.daemon.addresses().api)
    }

    /// Runs `attune` with these words.
    fn run(&self, words: &str) -> Ran {
        self.run_with(words, "")
    }

    fn run_with(&self, words: &str, input: &str) -> Ran {
        block_in_place(|| {
            let mut command = attune();
            command.args(words.split_whitespace()).env("ATTUNE_SERVER", self.server());
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            Ran::of(child.wait_with_output().unwrap())
        })
    }

    fn json(&self, words: &str) -> Value {
        self.run(&format!("{words} --format json")).json()
    }
}

/// Lines without what differs from run to run: times and waits.
fn steady(table: &str) -> Vec<String> {
    let word = |word: &str| {
        let clock = word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || ":-TZ".contains(c));
        if clock { "…".to_owned() } else { word.to_owned() }
    };
    table.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_s_life_can_be_driven_and_read() {
    let desk = Desk::open().await;
    let enqueue = "contacts enqueue c1 --queue loans --channel chat --customer 4711 --attribute plan=gold \
                   --require lang_en>=60 --context online";
    assert!(desk.run(enqueue).ok().starts_with("c1 waits in loans, placed as of 20"));
    desk.run("contacts enqueue c2 --queue loans --channel voice").ok();

    let contact = desk.json("contacts get c1");
    assert_eq!(contact["contact_id"], "c1");
    assert_eq!(contact["state"], "CONTACT_STATE_QUEUED");
    assert_eq!(contact["details"]["attributes"]["plan"], "gold");
    assert!(contact["arrival_time"].as_str().unwrap().ends_with('Z'), "{contact}");
    let shown = steady(&desk.run("contacts get c1").ok());
    assert_eq!(
        shown,
        [
            "contact c1",
            "state queued",
            "queue loans",
            "channel chat",
            "arrived …",
            "in this queue since …",
            "waited …",
            "placed as if arrived …",
            "customer 4711",
            "attributes plan=gold",
            "context online",
        ]
        .into_iter()
        .filter(|line| contact["virtual_arrival_time"] != contact["arrival_time"] || !line.starts_with("placed"))
        .collect::<Vec<_>>()
    );
    assert_eq!(
        steady(&desk.run("contacts list --queue loans").ok()),
        ["CONTACT STATE QUEUE CHANNEL WAITED AGENT CUSTOMER", "c1 queued loans chat … 4711", "c2 queued loans voice …"]
    );
    assert!(desk.run("contacts position c2").ok().starts_with("c2 is number 2 of 2 in loans"));

    assert_eq!(desk.run("contacts park c1 --for 5m").ok(), "c1 is parked\n");
    let parked = desk.run("contacts list --state parked --format json").ok();
    assert_eq!(parked.lines().count(), 1);
    assert_eq!(desk.run("contacts release c1").ok(), "c1 is offered again\n");
    assert!(desk.run("contacts requeue c1 --queue general --place new").ok().starts_with("c1 waits in general"));
    assert_eq!(desk.run("contacts update c1 --require-nothing --context later").ok(), "c1 is changed\n");
    assert_eq!(desk.run("contacts cancel c1 --because customer-left").ok(), "c1 is closed\n");
    assert_eq!(desk.json("contacts get c1")["outcome"], "CONTACT_OUTCOME_ABANDONED");
    let limited = desk.run("contacts list --limit 1");
    assert!(limited.stderr.contains("more than 1; --limit"), "{}", limited.stderr);
    assert!(desk.run("contacts announce c3 --in 2m").ok().starts_with("c3 is expected at 20"));
    assert!(desk.run("contacts announce c4 --in 30s --moment --probability 0.7").ok().starts_with("c4 is expected at"));
    let wrong = desk.run("contacts announce c5 --in 30s --moment --probability 1.7").failed(2);
    assert!(wrong.contains("probability: ") && wrong.contains("from 0 to 1"), "{wrong}");

    // What is said about a customer, each with an id of its own or one of the provider's.
    assert_eq!(desk.run("contacts signal c2 --event card_stolen --attribute where=abroad").ok(), "c2: taken\n");
    let spoken = "contacts signal c2 --id s1 --modality acoustic --valence=-0.8 --arousal 0.9 --confidence 0.9";
    assert_eq!(desk.run(spoken).ok(), "c2: taken\n");
    assert_eq!(desk.run(spoken).ok(), "c2: that was known already\n");
    let scored = |desk: &Desk| desk.json("contacts get c2")["head_starts"].as_array().map_or(0, Vec::len);
    assert_eq!(scored(&desk), 1, "how the customer feels");
    assert_eq!(desk.run("contacts signal c2 --id s1 --revision 1 --withdraw").ok(), "c2: taken back\n");
    assert_eq!(scored(&desk), 0);
    assert_eq!(desk.json("contacts signal c2 --value 0.9 --reach 0.5")["news"], true);
    assert_eq!(scored(&desk), 2, "what is known of the customer");
    assert!(desk.run("contacts signal c2").failed(2).contains("--event"), "something must be said");
    assert!(desk.run("contacts signal c9 --value 0.9").failed(4).contains("CONTACT_UNKNOWN"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_say_what_where_and_what_to_do() {
    let desk = Desk::open().await;
    let unknown = desk.run("contacts enqueue c1 --queue lons --channel chat").failed(4);
    assert_eq!(
        unknown,
        "error: EnqueueContact was refused: QUEUE_UNKNOWN\n  there is no queue lons in the routing document; did you \
         mean \"loans\"?\n  queue: names nothing that exists: lons\n  hint: `attune queues list` shows those there are\n"
    );
    let wrong = desk.run("contacts enqueue c;1 --queue loans! --channel chat").failed(2);
    assert!(
        wrong.contains("INVALID_REQUEST") && wrong.contains("  contact_id: ") && wrong.contains("  queue: "),
        "{wrong}"
    );

    let error: Value =
        serde_json::from_str(&desk.run("contacts get c9 --format json").failed(4)).expect("errors are JSON, too");
    assert_eq!(error["error"]["reason"], "CONTACT_UNKNOWN");
    assert_eq!(error["error"]["code"], "NotFound");
    assert_eq!(error["error"]["violations"][0]["field"], "contact_id");

    desk.run("contacts enqueue c1 --queue loans --channel chat").ok();
    let state = desk.run("contacts complete c1").failed(1);
    assert!(state.contains("CONTACT_STATE") && state.contains("attune contacts get"), "{state}");
    assert!(desk.run("contacts get c1 --tenant acme").failed(4).contains("TENANT_UNKNOWN"));
    assert!(desk.run("contacts update c1").failed(2).contains("nothing to change"));
    assert!(desk.run("contacts park c1 --for long").failed(2).contains("say it as 500ms, 20s"));
    assert!(desk.run("contacts list --server http://127.0.0.1:1").failed(3).contains("hint: start it with `attuned`"));
    assert!(desk.run("contacts list --server http://[").failed(2).contains("is no address"));

    // The same request again is the same answer and no second effect; another one under its id is refused.
    let enqueue = "contacts enqueue c5 --queue loans --channel chat --request-id r5 --format json";
    assert_eq!(desk.run(enqueue).ok(), desk.run(enqueue).ok());
    let reused = desk.run("contacts enqueue c6 --queue loans --channel chat --request-id r5").failed(2);
    assert!(reused.contains("REQUEST_REUSED"), "{reused}");

    let coloured = desk.run("contacts get c9 --color always").failed(4);
    assert!(coloured.contains("\u{1b}[1;31merror:\u{1b}[0m"), "{coloured}");
}

/// Opens an agent's stream, as a desktop does.
async fn sign_in(desk: &Desk, agent: &str) -> tonic::Streaming<pb::WatchOffersResponse> {
    let channel = Channel::from_shared(desk.server()).unwrap().connect().await.unwrap();
    let message = pb::WatchOffersRequest { agent_id: agent.into(), ..Default::default() };
    AgentServiceClient::new(channel).watch_offers(message).await.expect("the stream opens").into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_put_read_and_removed() {
    let desk = Desk::open().await;
    let put = "agents put ana --skill cards=80 --skill lang_en=100 --capacity 200 --attribute team=red";
    assert!(desk.run(put).ok().starts_with("ana is put, etag "));
    assert!(desk.run("agents put ana --create").failed(1).contains("AGENT_EXISTS"));
    let etag = desk.json("agents get ana")["etag"].as_str().unwrap().to_owned();
    desk.run("agents put ana --skill cards=10").ok();
    assert!(desk.run(&format!("{put} --etag {etag}")).failed(5).contains("AGENT_CHANGED"));
    desk.run(put).ok();
    assert!(desk.run("agents put ben --replace").failed(4).contains("AGENT_UNKNOWN"));
    assert!(desk.run("agents presence ana available").failed(1).contains("NO_SESSION"));

    let _stream = sign_in(&desk, "ana").await;
    assert_eq!(desk.run("agents presence ana away --reason training").ok(), "ana is away: training\n");
    let listed = desk.run("agents list --presence away").ok();
    assert_eq!(
        steady(&listed),
        ["AGENT PRESENCE LOAD WORK SKILLS QUEUES NAME", "ana away: training 0/200 0 cards=80 lang_en=100"]
    );
    assert_eq!(desk.json("agents get ana")["profile"]["skills"]["cards"], 80);
    assert!(desk.run("agents get ana").ok().contains("team=red"));

    assert!(desk.run("agents delete ana").failed(1).contains("AGENT_BUSY"));
    assert_eq!(desk.run("agents presence ana offline").ok(), "ana is offline\n");
    assert_eq!(desk.run("agents delete ana").ok(), "ana is removed\n");
    assert_eq!(desk.run("agents list").ok().lines().count(), 1, "only the titles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_imported_and_each_refusal_is_named_with_its_line() {
    let desk = Desk::open().await;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("agents.csv");
    let mut csv = "agent_id,skills,team\n".to_owned();
    (0..250).for_each(|number| csv.push_str(&format!("a{number:03},cards=50,red\n")));
    fs::write(&path, &csv).unwrap();
    let import = format!("agents import {}", path.display());
    assert_eq!(desk.run(&format!("{import} --dry-run")).ok(), "250 agents would be put, 0 refused\n");
    assert_eq!(desk.run("agents list").ok().lines().count(), 1);
    assert_eq!(desk.run(&import).ok(), "250 agents put, 0 refused\n");
    assert_eq!(desk.json("agents get a249")["profile"]["attributes"]["team"], "red");

    // What is listed can be imported again.
    let listed = desk.run("agents list --format json").ok();
    assert_eq!(listed.lines().count(), 250);
    assert_eq!(desk.run_with("agents import - --format json", &listed).json()["put"], 250);

    fs::write(&path, format!("{csv}b1,juggling=50,red\nb2,cards=50,red\n")).unwrap();
    let some = desk.run(&import);
    assert_eq!((some.code, some.stdout.as_str()), (4, "251 agents put, 1 refused\n"));
    assert!(some.stderr.contains("line 252: b1: SKILL_UNKNOWN: "), "{}", some.stderr);
    fs::write(&path, "agent_id,capacity\nc1,many\n").unwrap();
    assert!(desk.run(&import).failed(2).contains("line 2: capacity is \"many\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_show_what_waits() {
    let desk = Desk::open().await;
    desk.run("contacts enqueue c1 --queue loans --channel chat").ok();
    let table = desk.run("queues list --waiting").ok();
    assert_eq!(steady(&table)[1], "loans 1 0 0 0 …");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let queues = desk.run("queues list --format json").ok();
    assert_eq!(queues.lines().count(), 9);
    assert_eq!(desk.json("queues get loans")["waiting"], 1);
    assert!(desk.run("queues get lons").failed(4).contains("did you mean \"loans\"?"));
    assert!(desk.run("waits contact c1").ok().contains("unknown: nobody there"));
    assert_eq!(desk.json("waits newcomer loans --channel chat --moment --head-start 1m")["ahead"], 0);
    assert!(desk.run("waits newcomer lons --channel chat").failed(4).contains("did you mean \"loans\"?"));
    let quickest = desk.run("waits quickest loans cards --format json --customer ada").ok();
    assert!(quickest.lines().count() > 2, "each channel of each queue: {quickest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_read_checked_and_replaced() {
    let desk = Desk::open().await;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("routing.toml");
    let file = path.display();
    let text = desk.run("config get").ok();
    assert!(text.contains("[queues.loans]"), "{text}");
    assert!(desk.run(&format!("config get --output {file}")).ok().starts_with("version 1 (toml) is in "));
    assert_eq!(desk.run(&format!("config validate {file}")).ok(), format!("{file} is valid\n"));

    fs::write(&path, format!("catalogues = [\"bank\"]\n{text}")).unwrap();
    let warned = desk.run(&format!("config validate {file}")).ok();
    assert!(warned.starts_with(&format!("{file}:1:1: warning: catalogues says what moments of truth are")), "{warned}");
    assert!(warned.ends_with(&format!("{file} is valid\n")), "{warned}");

    fs::write(&path, format!("nonsense = 1\nrubbish = 2\n{text}")).unwrap();
    let invalid = desk.run(&format!("config validate {file}"));
    assert!(
        invalid.stdout.contains(":1:1: nonsense ") && invalid.stdout.contains(":2:1: rubbish "),
        "{}",
        invalid.stdout
    );
    assert!(invalid.failed(2).contains("2 things are wrong"));
    assert!(desk.run(&format!("config apply {file}")).failed(2).contains("DOCUMENT_INVALID"));

    fs::write(&path, format!("# Monday\n{text}")).unwrap();
    assert!(desk.run(&format!("config apply {file}")).ok().starts_with("version 2 is in force"));
    assert!(desk.run("config get").ok().starts_with("# Monday\n"));
    assert_eq!(desk.run("config diff 1 2").ok(), "no difference\n", "a comment is none");
    fs::write(&path, text.replace("[queues.loans]", "[queues.lending]").replace("\"loans\"", "\"lending\"")).unwrap();
    let preview = desk.run(&format!("config apply {file} --dry-run"));
    assert!(preview.stdout.contains("lending") || preview.code == 2, "{}{}", preview.stdout, preview.stderr);
    assert!(desk.run("config rollback 1 --note calm").ok().starts_with("version 1 is in force again, as version 3"));
    let history = desk.run("config history").ok();
    assert_eq!(history.lines().count(), 4, "{history}");
    assert!(history.contains("sam") && history.contains("version 1 again: calm"), "{history}");
    assert_eq!(desk.run("config get --at 1").ok(), text);
    assert_eq!(desk.json("config get")["version"], 3);
    assert_eq!(
        desk.run("config schema settings").ok(),
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/schema/settings.schema.json")).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_is_told_of_contacts_agents_and_offers() {
    let desk = Desk::open().await;
    desk.run("contacts enqueue c1 --queue loans --channel chat --require lang_pl>=60").ok();
    desk.run("agents put ana --skill loans=80").ok();
    let waits = desk.run("explain contact c1").ok();
    assert!(waits.contains("number 1 of 1 in loans") && waits.contains("CONDITION"), "{waits}");
    assert!(waits.contains("lang_pl>=60"), "{waits}");
    assert_eq!(desk.json("explain contact c1")["contact_id"], "c1");
    let candidates = desk.run("explain contact c1 --candidates").ok();
    assert!(candidates.contains("KEPT AWAY BY") && candidates.contains("lang_pl"), "{candidates}");
    let pair = desk.run("explain contact c1 --agent ana").ok();
    assert!(pair.contains("lang_pl"), "{pair}");
    let agent = desk.run("explain agent ana").ok();
    assert!(agent.contains("MAY SERVE"), "{agent}");
    assert!(desk.run("explain offer o99").failed(4).contains("OFFER_UNKNOWN"));

    desk.run("agents put ben --skill loans=80 --skill lang_pl=90 --skill lang_en=90").ok();
    let mut stream = sign_in(&desk, "ben").await;
    desk.run("agents presence ben available").ok();
    let offer = loop {
        if let Some(Event::Offer(offer)) = stream.message().await.unwrap().unwrap().event {
            break offer.offer_id;
        }
    };
    let chosen = desk.run(&format!("explain offer {offer}")).ok();
    assert!(chosen.starts_with("c1 in loans: ") && chosen.contains("ben"), "{chosen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn supervisors_act_under_their_name() {
    let desk = Desk::open().await;
    desk.run("contacts enqueue c1 --queue loans --channel chat").ok();
    assert!(desk.run("contacts move c1 --queue general").failed(2).contains("--reason"), "why is required");
    assert!(desk.run("contacts move c1 --queue general --reason lost").ok().starts_with("c1 waits in general"));
    assert!(desk.run("contacts prioritise c1 --head-start 10m --reason urgent").ok().starts_with("c1 is placed as of"));
    assert!(desk.run("contacts prioritise c1 --head-start -90s --reason calm").ok().starts_with("c1 is placed as of"));
    desk.run("queues pause loans --reason outage").ok();
    assert!(desk.run("queues get loans").ok().contains("paused"));
    desk.run("queues drain loans --reason closing").ok();
    assert!(desk.run("contacts enqueue c2 --queue loans --channel chat").failed(1).contains("QUEUE_DRAINING"));
    desk.run("queues reopen loans --reason back --actor kim").ok();
    assert!(desk.run("queues move general --to loans --reason tidy").ok().starts_with("1 contact on the way"));
    desk.run("contacts enqueue c3 --queue loans --channel chat --customer 4711").ok();
    assert!(desk.run("contacts erase 4711 --reason asked").failed(1).contains("CUSTOMER_BUSY"));
    desk.run("contacts cancel c3 --because withdrawn").ok();
    assert_eq!(desk.run("contacts erase 4711 --reason asked").ok().trim(), "4711 is erased");
    assert!(!desk.run("contacts get c3").ok().contains("4711"));
    let actions = desk.run("queues actions").ok();
    assert!(steady(&actions).iter().any(|line| line == "… sam erase-customer asked"), "{actions}");
    assert!(steady(&actions).iter().any(|line| line == "… sam move-contact c1 to general lost"), "{actions}");
    assert!(actions.contains("kim") && actions.contains("head") | actions.contains("by 10:00"), "{actions}");
    desk.run("agents put ana --skill loans=80").ok();
    assert!(
        desk.run("agents force ana available --timing immediately --reason early").failed(1).contains("NO_SESSION")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_told_as_it_happens_and_resumed() {
    let desk = Desk::open().await;
    let mut watch = attune();
    watch.args(["watch", "--queue", "loans", "--kind", "contact-queued", "--limit", "1", "--server", &desk.server()]);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // When the stream opens is chance, so contacts come until one is told.
    let mut number = 0;
    while watch.try_wait().unwrap().is_none() {
        desk.run(&format!("contacts enqueue c{number} --queue loans --channel chat")).ok();
        number += 1;
        assert!(number < 100, "nothing was told");
    }
    let told = Ran::of(watch.wait_with_output().unwrap());
    assert!(told.stdout.contains("contact-queued") && told.stdout.contains("queue loans"), "{}", told.stdout);
    let token = told.stderr.trim().strip_prefix("go on with --resume ").expect("the token").to_owned();

    desk.run(&format!("contacts enqueue c{number} --queue loans --channel chat")).ok();
    let resumed = "watch --queue loans --kind contact-queued --limit 1 --format json --resume";
    let resumed = desk.run(&format!("{resumed} {token}")).ok();
    let messages: Vec<Value> = resumed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(messages[0]["started"]["start"], "WATCH_START_RESUMED", "{resumed}");
    assert_eq!(messages[1]["change"]["events"][0]["kind"], "WATCH_EVENT_KIND_CONTACT_QUEUED", "{resumed}");
    assert!(desk.run("watch --queue lons --limit 1").failed(4).contains("QUEUE_UNKNOWN"));
    assert!(desk.run("watch --kind nonsense").failed(2).contains("say it as contact-queued"));
}

/// Verbs below a command, as its help lists them.
fn verbs(words: &[String]) -> Vec<String> {
    let help = Ran::of(attune().args(words).arg("--help").output().unwrap()).ok();
    let listed = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default());
    let names = listed.unwrap_or_default().lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every verb with its words, and whether others are below it.
fn all_verbs() -> Vec<(Vec<String>, bool)> {
    let (mut found, mut open) = (Vec::new(), vec![Vec::new()]);
    while let Some(words) = open.pop() {
        let below = verbs(&words);
        found.push((words.clone(), !below.is_empty()));
        open.extend(below.into_iter().map(|verb| [words.clone(), vec![verb]].concat()));
    }
    found
}

#[test]
fn every_verb_shows_an_example_and_has_a_page() {
    let dir = TempDir::new().unwrap();
    assert_eq!(Ran::of(attune().arg("man").arg(dir.path()).output().unwrap()).ok(), "");
    let pages: BTreeSet<String> =
        fs::read_dir(dir.path()).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    let verbs = all_verbs();
    assert!(verbs.len() > 25, "{verbs:?}");
    for (words, has_more) in verbs {
        let page = format!("attune{}.1", words.iter().map(|word| format!("-{word}")).collect::<String>());
        assert!(pages.contains(&page), "{page} is not in {pages:?}");
        let help = Ran::of(attune().args(&words).arg("--help").output().unwrap()).ok();
        assert!(has_more || help.contains("Example"), "attune {}: no example", words.join(" "));
    }
    for page in ["attuned.1", "attuned-check.1", "attuned-doctor.1"] {
        assert!(pages.contains(page), "{page} is not in {pages:?}");
    }
    let page = fs::read_to_string(dir.path().join("attune.1")).unwrap();
    for word in ["contacts", "agents", "queues", "config", "demo", "Exit codes"] {
        assert!(page.contains(word), "{word} is not on the page");
    }
}

#[test]
fn completions_are_made_for_the_usual_shells() {
    for (shell, sign) in [("bash", "_attune()"), ("zsh", "#compdef attune"), ("fish", "complete -c attune")] {
        let script = Ran::of(attune().args(["completions", shell]).output().unwrap()).ok();
        assert!(script.contains(sign) && script.contains("enqueue"), "{shell}");
        let daemon = Ran::of(attune().args(["completions", shell, "--attuned"]).output().unwrap()).ok();
        assert!(daemon.contains("attuned") && daemon.contains("doctor"), "{shell}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moments_in_force_are_listed_and_shipped_ones_printed() {
    let desk = Desk::open().await;
    assert!(desk.run("moments").ok().starts_with("no moments; "));
    let bank = desk.run("moments --catalogue bank --server http://127.0.0.1:1").ok();
    assert!(bank.contains("[moments.card_stolen]"), "{bank}");
    assert!(desk.run("moments --catalogue banks").failed(2).contains("bank"));

    let dir = TempDir::new().unwrap();
    let path = dir.path().join("routing.toml");
    let own = "[moments.card_lost]\ntriggers = [{ event = \"card_gone\", from = [\"fact\"] }]\nskills = { cards = 60 }\n\
               hold = \"8s\"\nhandling = \"untimed\"\n[moments.card_blocked]\noff = true\n";
    let text = desk.run("config get").ok();
    fs::write(&path, format!("catalogues = [\"bank\"]\n{text}\n{own}")).unwrap();
    desk.run(&format!("config apply {}", path.display())).ok();
    let listed = steady(&desk.run("moments").ok());
    assert_eq!(listed[0], "MOMENT FROM WEIGHT HEAD START HALF-LIFE ASKS TRIGGERS");
    for row in [
        "card_lost 80 90s 30m cards>=60 hold 8s untimed card_gone by fact",
        "card_swallowed bank 70 1m 1h card_swallowed",
        "third_contact common 70 1m 2h untimed repeats>=3, repeat_contact",
    ] {
        assert!(listed.iter().any(|line| line == row), "{row} is not in {listed:#?}");
    }
    assert!(!listed.iter().any(|line| line.starts_with("card_blocked ")), "{listed:#?}");
    let json = desk.run("moments --format json").ok();
    let lost = json.lines().find(|line| line.contains("\"card_lost\"")).expect("it is listed");
    let lost: Value = serde_json::from_str(lost).expect("JSON");
    assert_eq!(
        (&lost["catalogue"], &lost["skills"]["cards"], &lost["untimed"]),
        (&Value::Null, &60.into(), &true.into())
    );
}
