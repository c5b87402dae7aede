//! Protects what a document's author relies on: every fault is named at once and in place, and what is left out has the
//! documented default.

use super::{
    super::{Members, OwnRequirement, Queue, ServiceLevelBy, WaitOutcome},
    span::{SPAN_MAX, parse_span, written_span},
    *,
};
use crate::model::{
    ids::QueueName,
    requirement::{Condition, Dnf},
};

fn toml(text: &str) -> Result<Document, DocumentError> {
    Document::parse(text, Format::Toml)
}

/// The faults of a text, one a line.
#[track_caller]
fn faults(text: &str) -> String {
    toml(text).expect_err("the document should be refused").to_string()
}

fn queue<'d>(document: &'d Document, name: &str) -> &'d Queue {
    &document.queues[&QueueName::new(name).unwrap()]
}

const SMALLEST: &str = "channels.voice = {}\nqueues.main = {}\n";

#[test]
fn the_default_document_is_valid_and_leads_everywhere_it_says() {
    let document = Document::embedded_default();
    assert_eq!(document.channels.len(), 8);
    assert_eq!(document.skills.len(), 15);
    assert_eq!(document.queues.len(), 9);
    assert_eq!(queue(&document, "fraud").priority, Span::from_secs(120));
    assert_eq!(queue(&document, "fraud").offers.at_once, 2);
    assert_eq!(queue(&document, "general").rule.required, Dnf::anyone());
    assert_eq!(queue(&document, "general").steps[0].rule.own, OwnRequirement::Waived);
    let general = QueueName::new("general").unwrap();
    assert_eq!(queue(&document, "cards").max_wait.then, WaitOutcome::Overflow(general));
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let document = toml(&format!("{SMALLEST}channels.chat.cost = 34\nqueues.noted.wrap_up.time = '20s'")).unwrap();
    assert_eq!(document.longest_idle, LongestIdle::SinceLastContact);
    assert_eq!((document.session_grace, document.day_begins), (Span::from_secs(60), Span::ZERO));
    assert_eq!(document.refusal_pause, RefusalPause::default());
    let channel = |name| &document.channels[&ChannelName::new(name).unwrap()];
    assert_eq!((channel("voice").cost, channel("voice").misses_max), (100, 1));
    assert_eq!(channel("voice").on_agent_lost, OnAgentLost::Keep);
    assert_eq!((channel("chat").interruptible, channel("chat").misses_max), (false, 2));
    assert_eq!(channel("chat").on_agent_lost, OnAgentLost::Requeue);
    let main = queue(&document, "main");
    assert_eq!((main.priority, main.service_level), (Span::ZERO, Span::from_secs(20)));
    assert_eq!((main.short_abandon, main.service_level_by), (Span::from_secs(5), ServiceLevelBy::AbandonNegative));
    assert_eq!((main.members, main.offers.at_once), (Members::Open, 1));
    assert_eq!((main.offers.time, main.offers.extension_max), (Span::from_secs(20), Span::ZERO));
    assert_eq!((main.wrap_up.time, main.wrap_up.max, main.wrap_up.cost), (Span::ZERO, Span::ZERO, None));
    assert_eq!((main.max_wait.after, &main.max_wait.then), (Span::from_secs(3_600), &WaitOutcome::GiveUp));
    assert_eq!((main.drain_after, &main.rule.required), (Span::from_secs(30), &Dnf::anyone()));
    assert_eq!(queue(&document, "noted").wrap_up.max, Span::from_secs(300));
}

const WAIVED: OwnRequirement = OwnRequirement::Waived;

#[test]
fn a_step_keeps_what_it_does_not_say() {
    let document = toml(
        r#"
        skills = { claims = "", calm = "" }
        channels.voice = {}
        [queues.main]
        require = { all = ["claims>=60"] }
        prefer = [{ all = ["calm"] }]
        steps = [
            { after = "10s", own = "waived" },
            { after = "20s", require = {} },
            { after = "30s", prefer = [], own = "counts" },
        ]
        "#,
    )
    .unwrap();
    let main = queue(&document, "main");
    let [first, second, third] = [0, 1, 2].map(|index| &main.steps[index].rule);
    assert_eq!((&first.required, &first.prefer, first.own), (&main.rule.required, &main.rule.prefer, WAIVED));
    assert_eq!((&second.required, &second.prefer, second.own), (&Dnf::anyone(), &main.rule.prefer, WAIVED));
    assert_eq!((&third.required, third.prefer.len(), third.own), (&Dnf::anyone(), 0, OwnRequirement::Counts));
}

#[test]
fn a_step_begins_after_a_wait_or_when_one_is_expected() {
    let with = |steps: &str| format!("{SMALLEST}[queues.stepped]\nsteps = [{steps}]");
    let document = toml(&with("{ when_wait_over = '2m' }, { after = 60 }, { after = '2m', when_wait_over = '5m' }"));
    let document = document.unwrap();
    let [minute, two, five] = [60, 120, 300].map(|secs| Some(Span::from_secs(secs)));
    let begins = queue(&document, "stepped").steps.iter().map(|step| (step.after, step.when_wait_over));
    assert_eq!(begins.collect::<Vec<_>>(), [(None, two), (minute, None), (two, five)]);
    assert_eq!(queue(&document, "stepped").overflow_spans().collect::<Vec<_>>(), [two, five].map(Option::unwrap));
    assert_eq!(
        faults(&with("{ when_wait_over = '5m' }, { after = 60, when_wait_over = '5m' }, { when_wait_over = 0 }")),
        "queues.stepped.steps[1].when_wait_over: is 5m; must be longer than in the step before it, 5m: steps begin in their \
         order\nqueues.stepped.steps[2].when_wait_over: is 0s; must be from 1ms to 7d"
    );
}

#[test]
fn the_same_content_is_the_same_document_in_every_notation() {
    let value: serde_json::Value = toml::from_str(DEFAULT_TOML).unwrap();
    let toml = Document::embedded_default();
    // YAML takes JSON as it is.
    for format in [Format::Json, Format::Yaml] {
        let read = Document::parse(&value.to_string(), format).unwrap();
        assert_eq!(Document { source: toml.source.clone(), ..read }, toml);
    }
}

#[test]
fn a_fault_is_placed_at_its_key_in_every_notation() {
    for (format, text) in [
        (Format::Toml, "channels.voice = {}\n[queues.main]\n  cost = 0\nsteps = [\n  {},\n]\n"),
        (
            Format::Json,
            "{\"channels\": {\"voice\": {}},\n \"queues\": {\"main\":{\n  \"cost\": 0,\"steps\":\n[\n  {}]}}}",
        ),
        (Format::Yaml, "channels: {voice: {}}\nqueues: {main: {\n  cost: 0, steps: [\n\n  {}]}}"),
    ] {
        let error = Document::parse(text, format).unwrap_err();
        let expected = "f:3:3: queues.main.cost: is 0; must be from 1 to 10000\n\
                        f:5:3: queues.main.steps[0].after: \
                        is required; say after how long a wait it begins, such as \"60s\", \
                        or with when_wait_over how long a wait is to be expected";
        assert_eq!(error.in_file("f"), expected, "{format}");
    }
}

#[test]
fn what_a_rule_refers_to_is_placed_too() {
    let text = "channels.voice = {}\n[queues.main]\nescalate = { after_offers = 1,\n  queue = 'rest' }";
    let place = "f:4:3: queues.main.escalate.queue: names \"rest\", which is not defined under queues";
    assert_eq!(toml(text).unwrap_err().in_file("f"), place);
}

#[test]
fn yaml_is_read_as_its_version_1_2_says() {
    let text = "\
# Anchors are fine, and so is text over several lines.
skills:
  no: Norwegian
  polish: &about >-
    A language
    and a metal
channels:
  voice: &usual {cost: 0x64}
  chat: *usual
queues:
  main:
    description: *about
    require: {all: [no, 'polish>=60']}
    service_level: 30
    offers: {declining: \"forbidden\"}
";
    let document = Document::parse(text, Format::Yaml).unwrap();
    let main = queue(&document, "main");
    assert_eq!(document.channels[&ChannelName::new("chat").unwrap()].cost, 100);
    assert_eq!((main.description.as_str(), main.service_level), ("A language and a metal", Span::from_secs(30)));
    assert_eq!(main.rule.require.all.len(), 2);
}

#[test]
fn yaml_that_means_no_document_is_refused_in_place() {
    for (text, fault) in [
        ("a: 1\na: 2", "line 2, column 1: not valid YAML: the key \"a\" is given twice"),
        (
            "a: 1\n---\nb: 2",
            "line 2, column 1: not valid YAML: a second document begins here; a routing document is one",
        ),
        ("a: !!int '1'", "line 1, column 4: not valid YAML: a tag stands here; write the value without one"),
        ("[a]: 1", "line 1, column 1: not valid YAML: a key must be a word"),
        ("a: &a [*a]", "line 1, column 8: not valid YAML: an alias stands for something that is not finished yet"),
        ("", "must be a table, and is null"),
    ] {
        assert_eq!(Document::parse(text, Format::Yaml).unwrap_err().to_string(), fault, "{text}");
    }
    let written = |text: &str| Document::parse(&format!("longest_idle: {text}"), Format::Yaml).unwrap_err();
    for (text, kind) in [
        ("~", "null"),
        ("True", "true or false"),
        ("-0", "a whole number"),
        ("0o17", "a whole number"),
        ("1.5e3", "a number with a fraction"),
        (".inf", "a number with a fraction"),
    ] {
        let found = written(text).to_string();
        assert!(found.contains(&format!("and is {kind}")), "{text}: {found}");
    }
    for word in ["yes", "1h", "1_000", "0b1", ".", "1e", "'true'", "!!str 5"] {
        let found = written(word).to_string();
        assert!(found.contains("must be \"since_last_contact\", ") && !found.contains("and is"), "{word}: {found}");
    }
}

#[test]
fn a_small_text_cannot_become_a_large_document() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, repeated) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{repeated}"); 10].join(", "));
    }
    let error = Document::parse(&bomb, Format::Yaml).unwrap_err().to_string();
    assert!(error.contains("aliases repeat more than 16777216 bytes"), "{error}");
    for (format, open) in [(Format::Toml, "a = ["), (Format::Json, "["), (Format::Yaml, "- "), (Format::Yaml, "[")] {
        let text = format!("{open}{}", open.trim_start_matches("a = ").repeat(100_000));
        let error = Document::parse(&text, format).unwrap_err();
        assert!(matches!(error, DocumentError::Syntax { .. }), "{format}: {error}");
    }
}

#[test]
fn a_document_with_many_faults_reports_every_one_in_place() {
    let text = r#"
        longest_idle = "since_lunch"
        session_grace = "8d"
        day_begins = "25h"
        sesion_grace = "60s"

        [skills]
        claims = "Claims"
        calm = 7
        "två" = "no ASCII"

        [channels]
        voice = { cost = 0 }
        chat = { cost = 34, interuptible = true, on_agent_lost = "drop" }
        fax = "slow"

        [queues.claims]
        priority = "25h"
        channels = ["voice", "chatt", "voice"]
        require = { all = ["claimss>=60", "claims>=0", "claims>=abc", "a b"] }
        prefer = [{ at_least = { of = ["claims", "claims>=50"] } }, { all = ["claims"], none = ["claims"] }]
        steps = [
            { after = "60s", require = { any = ["claims"] } },
            { after = "30s", own = "ignored" },
            { require = { all = ["clams"] } },
            { after = 1.5, require = { any = "claims", some = [] } },
        ]
        offers = { at_once = 17, time = "0s", acceptance = "automatic", declining = 1 }
        wrap_up = { time = "2m", max = "1m", cost = 50 }
        max_wait = { after = "0s", then = "overflow", queue = "claims" }
        max_size = { contacts = 0, overflow = "written" }
        escalate = { after_offers = 0, queue = "clams" }
        drain_after = "soon"
        [queues.written]
        channels = ["chat"]
        members = "some"
        max_wait = { queue = "claims" }
        max_size = {}

        [queues.noted]
        wrap_up.cost = 35

        [queues.loose]
        cost = "much"
        max_wait = { then = "escalate" }
        escalate = { after_offers = 3, queue = "written" }
        wrap_up.cost = 35
    "#;
    let expected = r#"
longest_idle: is "since_lunch"; must be "since_last_contact", "since_available" or "lowest_load"
session_grace: is 8d; must be from 0s to 7d
day_begins: is 25h; must be from 0s to 1d
skills.calm: must be text, and is a whole number
skills."två": contains 'å'; allowed are letters and digits of ASCII and . _ : @ / + = -
channels.chat.on_agent_lost: is "drop"; must be "keep" or "requeue"
channels.chat.interuptible: is not a known key; did you mean "interruptible"?
channels.fax: must be a table, and is text
channels.voice.cost: is 0; must be from 1 to 10000
queues.claims.priority: is 25h; must be from 0s to 1d
queues.claims.channels[1]: names "chatt", which is not defined under channels; did you mean "chat"?
queues.claims.channels[2]: names "voice" a second time; name each channel once
queues.claims.require.all[0]: names "claimss", which is not defined under skills; did you mean "claims"?
queues.claims.require.all[1]: asks for a proficiency outside 1 to 100; write a condition as "claims>=60"
queues.claims.require.all[2]: asks for a proficiency outside 1 to 100; write a condition as "claims>=60"
queues.claims.require.all[3]: contains ' '; allowed are letters and digits of ASCII and . _ : @ / + = -
queues.claims.prefer[0].at_least.count: is required; say how many of the skills are needed
queues.claims.prefer[0].at_least.of: names a skill twice, which would count it twice; name each once
queues.claims.prefer[1]: can never hold: it demands and forbids the same skill, or asks for more skills than it lists
queues.claims.steps[1].after: is 30s; must be later than the step before it, at 1m
queues.claims.steps[1].own: is "ignored"; must be "counts" or "waived"
queues.claims.steps[2].after: is required; say after how long a wait it begins, such as "60s",
    or with when_wait_over how long a wait is to be expected
queues.claims.steps[2].require.all[0]: names "clams", which is not defined under skills; did you mean "claims"?
queues.claims.steps[3].after: must be a duration such as "20s", and is a number with a fraction
queues.claims.steps[3].require.any: must be a list, and is text
queues.claims.steps[3].require.some: is not a known key; known here are all, any, none, at_least
queues.claims.offers.at_once: is 17; must be from 1 to 16
queues.claims.offers.time: is 0s; must be from 1ms to 7d
queues.claims.offers.declining: must be "allowed" or "forbidden", and is a whole number
queues.claims.wrap_up.max: is 1m; must be no shorter than the wrap-up itself, 2m
queues.claims.max_wait.after: is 0s; must be from 1ms to 7d
queues.claims.max_size.contacts: is 0; must be from 1 to 1000000
queues.claims.escalate.after_offers: is 0; must be from 1 to 65535
queues.claims.drain_after: is "soon"; write a duration as "250ms", "20s", "5m", "1h" or "2d"
queues.loose.cost: must be a whole number from 1 to 10000, and is text
queues.loose.max_wait.queue: is required; name the queue that contacts go to
queues.written.members: is "some"; must be "open" or "assigned"
queues.written.max_wait.queue: is given, but contacts give up; set then = "overflow" or "escalate"
queues.written.max_size.contacts: is required; say how many may wait
sesion_grace: is not a known key; did you mean "session_grace"?
queues.claims.max_wait.queue: names this queue itself; name another
queues.claims.max_size.overflow: names "written", which does not take voice;
    contacts go only where their channel is taken
queues.claims.escalate.queue: names "clams", which is not defined under queues
queues.loose.escalate.queue: names "written", which does not take fax, voice;
    contacts go only where their channel is taken
queues.noted.wrap_up.cost: is 35; must not exceed what the contact itself takes, 34 by chat
"#;
    let found = faults(text);
    // Line by line, so that a difference shows as one.
    let expected = expected.replace("\n    ", " ");
    let (mut found, mut expected) = (found.lines(), expected.trim().lines());
    loop {
        let (found, expected) = (found.next(), expected.next());
        assert_eq!(found, expected);
        if found.is_none() {
            break;
        }
    }
}

#[test]
fn an_empty_document_is_told_what_it_needs() {
    let nothing = "channels: is required; define at least one channel\n\
                   queues: is required; define at least one queue";
    assert_eq!(faults(""), nothing);
    let empty = "channels: is empty; define at least one of the channels\n\
                 queues: is empty; define at least one of the queues";
    assert_eq!(faults("channels = {}\nqueues = {}"), empty);
}

#[test]
fn a_syntax_error_names_line_and_column() {
    let error = toml("[skills]\nclaims = = 3").unwrap_err();
    assert_eq!(error.violations()[0].at, Position { line: 2, column: 10 });
    let error = Document::parse("{\"queues\": {\"a\": {},\n \"a\": {}}}", Format::Json).unwrap_err();
    assert_eq!(error.violations().len(), 1);
    assert_eq!(error.to_string(), "line 2, column 2: not valid JSON: the key \"a\" is given twice");
    let unfinished = Document::parse("[1, 2", Format::Json).unwrap_err();
    assert_eq!(unfinished.to_string(), "line 1, column 5: not valid JSON: EOF while parsing a list");
    assert_eq!(Document::parse("[]", Format::Json).unwrap_err().to_string(), "must be a table, and is a list");
}

#[test]
fn a_document_too_long_is_not_read() {
    let error = toml(&"#".repeat(DOCUMENT_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error, DocumentError::TooLarge { bytes: DOCUMENT_BYTES_MAX + 1 });
    assert_eq!(error.violations().len(), 1);
}

#[test]
fn a_hostile_document_gets_a_bounded_answer() {
    let misspelt: String = (0..5_000).map(|i| format!("qeues{i} = 1\n")).collect();
    let violations = toml(&format!("{misspelt}{SMALLEST}")).unwrap_err().violations();
    assert_eq!(violations.len(), 1_001);
    assert_eq!(violations[1_000].message, "has 4000 more violations, which are not listed");
}

#[test]
fn limits_are_named_where_they_are_passed() {
    let channels: String = (0..33).map(|i| format!("channels.c{i} = {{}}\n")).collect();
    assert_eq!(faults(&format!("{channels}queues.main = {{}}")), "channels: has 33 channels; at most 32 are allowed");

    let steps: Vec<String> = (1..=17).map(|i| format!("{{ after = {i} }}")).collect();
    let text = format!("{SMALLEST}[queues.stepped]\nsteps = [{}]", steps.join(", "));
    assert_eq!(faults(&text), "queues.stepped.steps: has 17 steps; at most 16 are allowed");

    let text = format!("{SMALLEST}[queues.choosy]\nprefer = [{}]", vec!["{}"; 16].join(", "));
    assert_eq!(faults(&text), "queues.choosy.prefer: has 16 tiers; at most 15 are allowed");

    let costs: String = (1..=65).map(|cost| format!("queues.q{cost}.cost = {cost}\n")).collect();
    let lanes = "queues: have 65 distinct pairs of channel and cost; at most 64 are allowed, so let queues share costs";
    assert_eq!(faults(&format!("channels.voice = {{}}\n{costs}")), lanes);
}

#[test]
fn a_requirement_that_cannot_be_matched_is_refused_in_place() {
    let skills: String = (0..9).map(|i| format!("skills.s{i} = ''\n")).collect();
    let any: Vec<String> = (0..9).map(|i| format!("'s{i}'")).collect();
    let text = format!("{skills}channels.voice = {{}}\nqueues.main.require.any = [{}]", any.join(", "));
    assert_eq!(
        faults(&text),
        "queues.main.require: expands to 9 alternatives; at most 8 can be matched, so use fewer any/at_least skills"
    );
}

#[test]
fn a_name_that_reads_as_a_path_is_quoted_in_paths() {
    let text = "channels.voice = {}\n[queues.'claims.v2@berlin']\ncost = 0";
    assert_eq!(faults(text), "queues.\"claims.v2@berlin\".cost: is 0; must be from 1 to 10000");
}

#[test]
fn durations_are_read_and_written_in_every_unit() {
    for (text, span) in [
        ("250ms", Some(Span::from_millis(250))),
        ("20s", Some(Span::from_secs(20))),
        ("5m", Some(Span::from_secs(300))),
        ("1h", Some(Span::from_secs(3_600))),
        ("2d", Some(Span::from_secs(172_800))),
        ("0s", Some(Span::ZERO)),
        ("99999999999999999999d", Some(Span(i64::MAX))),
        ("", None),
        ("20", None),
        ("s", None),
        ("-5s", None),
        ("1.5s", None),
        ("1h30m", None),
        ("5 m", None),
        ("5M", None),
        ("٣s", None),
    ] {
        assert_eq!(parse_span(text), span, "{text:?}");
        if let Some(span) = span.filter(|span| *span <= SPAN_MAX) {
            assert_eq!(written_span(span), text);
        }
    }
    let document = toml(&format!("session_grace = 90\n{SMALLEST}")).unwrap();
    assert_eq!(document.session_grace, Span::from_secs(90));
    for (written, fault) in [
        ("-1", "is -1s; must be from 0s to 7d"),
        ("604801", "is 604801s; must be from 0s to 7d"),
        ("'8d'", "is 8d; must be from 0s to 7d"),
        ("1.0", "must be a duration such as \"20s\", and is a number with a fraction"),
        ("true", "must be a duration such as \"20s\", and is true or false"),
        ("'1 h'", "is \"1 h\"; write a duration as \"250ms\", \"20s\", \"5m\", \"1h\" or \"2d\""),
    ] {
        assert_eq!(faults(&format!("session_grace = {written}\n{SMALLEST}")), format!("session_grace: {fault}"));
    }
}

#[test]
fn conditions_are_a_skill_or_a_skill_at_a_level() {
    let read = |condition: &str| {
        toml(&format!("skills.claims = ''\nchannels.voice = {{}}\nqueues.main.require.all = ['{condition}']"))
    };
    for (text, level) in [("claims", 1), ("claims>=1", 1), ("claims>=60", 60), ("claims >= 100", 100)] {
        let document = read(text).unwrap();
        let skill = SkillName::new("claims").unwrap();
        assert_eq!(queue(&document, "main").rule.require.all, [Condition { skill, level }], "{text}");
    }
    for (text, fault) in [
        ("claims>=0", "asks for a proficiency outside 1 to 100; write a condition as \"claims>=60\""),
        ("claims>=101", "asks for a proficiency outside 1 to 100; write a condition as \"claims>=60\""),
        ("claims>=+5", "asks for a proficiency outside 1 to 100; write a condition as \"claims>=60\""),
        ("claims>60", "contains '>'; allowed are letters and digits of ASCII and . _ : @ / + = -"),
        ("", "is required"),
        ("claism", "names \"claism\", which is not defined under skills; did you mean \"claims\"?"),
        ("poetry", "names \"poetry\", which is not defined under skills"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), format!("queues.main.require.all[0]: {fault}"));
    }
}

#[test]
fn empathy_is_learnt_only_if_asked_for_and_of_somebody() {
    let read = |rules: &str| toml(&format!("{rules}\nskills.empathy = ''\n{SMALLEST}"));
    assert_eq!(read("empathy = {}").unwrap().learnt_skill(), None);
    assert_eq!(read("empathy = {}\nlearning = { empathy = false }").unwrap().learnt_skill(), None);
    let skill = SkillName::new("empathy").unwrap();
    assert_eq!(read("empathy = {}\nlearning = { empathy = true }").unwrap().learnt_skill(), Some(&skill));
    assert_eq!(
        read("learning = { empathy = true }").unwrap_err().to_string(),
        "learning: is about empathetic agents; say in [empathy] who they are"
    );
}
