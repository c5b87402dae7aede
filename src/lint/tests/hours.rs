//! Who is there when and who comes when, by planted gaps, and by days on which nothing is amiss.

use super::{agents, parse};
use crate::{
    lint::{Come, Day, Flow, Group, Kind},
    model::{
        ids::{ChannelName, QueueName, SkillName},
        requirement::Condition,
        time::Span,
    },
};

const HOUR: i64 = 3_600_000_000;

fn time(text: &str) -> Span {
    let (hours, minutes) = text.split_once(':').expect("hours and minutes");
    let number = |text: &str| text.parse::<i64>().expect("a number");
    Span(number(hours) * HOUR + number(minutes) * 60_000_000)
}

fn times(text: &str) -> (Span, Span) {
    let (from, until) = text.split_once('-').expect("from-until");
    (time(from), time(until))
}

/// Who works, as `07:00-15:00,16:00-20:00 ana cards=80` or `always ben`.
fn group(line: &&str) -> Group {
    let (shifts, agent) = line.split_once(' ').expect("when, and who");
    let shifts = if shifts == "always" { Vec::new() } else { shifts.split(',').map(times).collect() };
    let [agent] = agents(&[agent]).try_into().expect("one agent");
    Group { name: agent.id.clone(), agents: vec![agent.id], profile: agent.profile, shifts }
}

/// Who comes, as `main chat 07:00-21:00 120`, and behind that `moments=6` and `cards>=60`.
fn flow(line: &&str) -> Flow {
    let mut words = line.split_whitespace();
    let mut word = || words.next().expect("a word");
    let (queue, channel, (from, until)) = (word(), word(), times(word()));
    let contacts_milli = word().parse::<u64>().expect("a number") * 1_000;
    let (mut moments_milli, mut asks) = (0, Vec::new());
    for more in words {
        if let Some(moments) = more.strip_prefix("moments=") {
            moments_milli = moments.parse::<u64>().expect("a number") * 1_000;
        } else {
            let (skill, level) = more.split_once(">=").expect("skill>=level");
            let skill = SkillName::new(skill).expect("a name");
            asks.push(Condition { skill, level: level.parse().expect("a number") });
        }
    }
    Flow {
        queue: QueueName::new(queue).expect("a name"),
        channel: ChannelName::new(channel).expect("a name"),
        asks,
        comes: vec![Come { from, until, contacts_milli, moments_milli }],
    }
}

fn day(groups: &[&str], flows: &[&str]) -> Day {
    Day { groups: groups.iter().map(group).collect(), flows: flows.iter().map(flow).collect() }
}

/// All that is said of a day, apart from skills that only other tests need.
fn told(text: &str, groups: &[&str], flows: &[&str]) -> Vec<String> {
    let skills = "skills = { cards = '', loans = '', empathy = '' }";
    let document = parse(&format!("{skills}\n{text}\n[channels.chat]\ncost = 20\n[channels.voice]\n"));
    let remarks = super::super::day(&document, &day(groups, flows));
    remarks.iter().filter(|remark| remark.kind != Kind::SkillUnused).map(ToString::to_string).collect()
}

/// A planted fault: what is said of queues, who works, who comes, and the remark.
pub(super) struct Planted {
    text: &'static str,
    groups: &'static [&'static str],
    flows: &'static [&'static str],
    pub(super) kind: Kind,
    remark: &'static str,
}

const CARE: &str = "empathy = {}\nmoments.x = { triggers = [{ event = 'dear' }] }\n[queues.main]";

pub(super) const PLANTED: &[Planted] = &[
    // Ten minutes between two shifts, off the hour: who comes then waits.
    Planted {
        text: "[queues.main]",
        groups: &["08:05-12:25 ana", "12:35-16:00 ben"],
        flows: &["main chat 08:05-16:00 475"],
        kind: Kind::QueueNobodyThere,
        remark: "queues.main: gets 10 contacts from 12:25 to 12:35 (who stays waits until 12:35), when nobody is there; \
                 let somebody work then who may take them, or send them by max_wait to a queue that is served then",
    },
    // A night: most have waited their longest before the morning.
    Planted {
        text: "[queues.main]\nmax_wait = { after = '30m' }",
        groups: &["06:00-14:00 ana", "14:00-22:00 ben", "30:00-38:00 ana2"],
        flows: &["main chat 06:00-32:00 2600"],
        kind: Kind::QueueNobodyThere,
        remark: "queues.main: gets 800 contacts from 22:00 to 30:00 (who comes before 29:30 leaves unanswered after 30m, \
                 who comes later waits until 30:00), when nobody is there; let somebody work then who may take them, or \
                 send them by max_wait to a queue that is served then",
    },
    // At both ends of the day, and those who are there may not take them. Whoever asks more is told apart.
    Planted {
        text: "[queues.main]\nrequire = { all = ['cards'] }\nmax_wait = { after = '10m' }",
        groups: &["08:00-20:00 ana cards=50", "08:00-20:00 cleo cards=40", "always ben"],
        flows: &["main chat 07:30-21:00 270", "main voice 09:00-19:00 10", "main voice 10:00-11:00 6 loans>=60"],
        kind: Kind::QueueNobodyThere,
        remark: "queues.main: gets 30 contacts by chat from 07:30 to 08:00 (who comes before 07:50 leaves unanswered \
                 after 10m, who comes later waits until 08:00) and from 20:00 to 21:00 (who comes leaves unanswered \
                 after 10m), when nobody is there who may take them at any step; let those who are there take them by a \
                 step, or somebody who may work then\n\
                 queues.main: gets 6 contacts by voice asking loans>=60 from 10:00 to 11:00 (who comes leaves unanswered \
                 after 10m), when nobody is there who may take them at any step; let those who are there take them by a \
                 step, or somebody who may work then",
    },
    // Nobody is there where they are sent on either.
    Planted {
        text: "[queues.main]\nmembers = 'assigned'\nmax_wait = { after = '1m', then = 'overflow', queue = 'night' }\n\
               [queues.night]\nmax_wait = { after = '4m' }",
        groups: &["08:00-20:00 ana @main", "20:00-22:00 ben", "always cleo @main capacity=10"],
        flows: &["main chat 08:00-23:00 1500"],
        kind: Kind::QueueNobodyThere,
        remark: "queues.main: gets 102 contacts from 21:59 to 23:00 (who comes leaves unanswered after 5m), when nobody is \
                 there who may take them at any step; let those who are there take them by a step, or somebody who may \
                 work then",
    },
    Planted {
        text: "[queues.main]\nrequire = { all = ['cards'] }",
        groups: &["always ana cards=50", "08:00-12:00,13:00-16:00 ben cards=60", "always cleo"],
        flows: &["main chat 08:00-16:00 80"],
        kind: Kind::QueueOneAgentThere,
        remark: "queues.main: gets 10 contacts from 12:00 to 13:00 (ana), when of those who are there one agent alone may \
                 take them; let a second one work then, or add a step that asks less",
    },
    // One takes over from another.
    Planted {
        text: "[queues.main]\nrequire = { all = ['cards'] }",
        groups: &["12:00-16:00 ana cards=50", "08:00-12:00 ben cards=60", "always cleo"],
        flows: &["main chat 08:00-16:00 80"],
        kind: Kind::QueueOneAgentThere,
        remark: "queues.main: gets 80 contacts from 08:00 to 16:00 (ben, then ana), when of those who are there one agent \
                 alone may take them; let a second one work then, or add a step that asks less",
    },
    Planted {
        text: CARE,
        groups: &["08:00-15:00 ana empathy=80", "always ben empathy=69", "always cleo"],
        flows: &["main chat 08:00-16:00 80 moments=8", "main voice 08:00-20:00 80"],
        kind: Kind::EmpathyNotThere,
        remark: "queues.main: gets 1 moment of truth by chat from 15:00 to 16:00, when nobody with empathy>=70 is there \
                 who may take them; let one of the empathetic agents work then",
    },
];

#[test]
fn each_gap_planted_in_a_day_is_told_with_its_times_and_nothing_else() {
    for fault in PLANTED {
        let mut expected: Vec<String> =
            fault.remark.lines().map(|remark| format!("{remark} ({})", fault.kind)).collect();
        let mut found = told(fault.text, fault.groups, fault.flows);
        // Agents of whom only the times matter.
        found.retain(|remark| !remark.starts_with("agents."));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", fault.text);
    }
}

#[test]
fn days_on_which_nothing_is_amiss_are_without_a_remark() {
    let mail = "[queues.main]\nservice_level = '12h'\nmax_wait = { after = '2d' }";
    let days: &[(&str, &[&str], &[&str])] = &[
        // One shift ends as the next begins, over midnight; before and after nobody comes.
        ("[queues.main]", &["14:00-22:00 ana", "22:00-30:00 ben"], &["main chat 14:00-30:00 160"]),
        // Letters of the night are answered in time in the morning.
        (mail, &["08:00-20:00 ana", "32:00-44:00 ben"], &["main chat 08:00-44:00 360"]),
        // A step lets those in who are there.
        (
            "[queues.main]\nrequire = { all = ['cards'] }\nsteps = [{ after = '2m', require = {} }]",
            &["08:00-12:00 ana cards=50", "always ben", "always cleo"],
            &["main chat 08:00-16:00 80"],
        ),
        // What the contact asks itself is waived after a while.
        (
            "[queues.main]\nsteps = [{ after = '2m', own = 'waived' }]",
            &["08:00-12:00 ana loans=50", "always ben", "always cleo"],
            &["main chat 08:00-16:00 80 loans>=50"],
        ),
        // At night another queue's agents take what is sent on to them.
        (
            "[queues.main]\nmembers = 'assigned'\nmax_wait = { after = '1m', then = 'overflow', queue = 'night' }\n\
             [queues.night]\nrequire = { all = ['cards'] }",
            &["08:00-20:00 ana @main", "19:59-33:00 ben cards=60", "always cleo cards=70"],
            &["main chat 08:00-32:00 80"],
        ),
        // One alone at night, with nobody else there, is how the shifts were meant.
        ("[queues.main]", &["08:00-20:00 ana", "08:00-20:00 ben", "20:00-30:00 cleo"], &["main chat 08:00-30:00 220"]),
        // Moments of truth come while somebody is there for them; at other times contacts are others.
        (
            CARE,
            &["08:00-15:00 ana empathy=80", "always ben", "always cleo"],
            &["main chat 08:00-15:00 80 moments=8", "main voice 08:00-20:00 80"],
        ),
    ];
    for (text, groups, flows) in days {
        assert_eq!(told(text, groups, flows), [""; 0], "{text}");
    }
}

#[test]
fn what_is_so_of_all_agents_at_all_times_is_told_once() {
    let nobody = told(
        "[queues.main]\nrequire = { all = ['cards'] }",
        &["08:00-16:00 ana", "08:00-16:00 ben"],
        &["main chat 08:00-16:00 80"],
    );
    let kinds = |remarks: &[String]| {
        let kind = |remark: &String| remark.rsplit(" (").next().map_or(String::new(), |kind| kind.replace(')', ""));
        let mut kinds: Vec<String> = remarks.iter().map(kind).collect();
        kinds.sort();
        kinds
    };
    let expected = ["agent-unreached", "agent-unreached", "queue-nobody-serves", "skill-nobody-has"];
    assert_eq!(kinds(&nobody), expected, "{nobody:?}");
    let one = told(
        "[queues.main]\nrequire = { all = ['cards'] }\n[queues.all]",
        &["always ana cards=50", "always ben"],
        &["main chat 08:00-16:00 80"],
    );
    assert_eq!(kinds(&one), ["queue-one-agent"], "{one:?}");
    let careless = told(CARE, &["always ana", "always ben"], &["main chat 08:00-16:00 80 moments=8"]);
    assert_eq!(kinds(&careless), ["queue-without-empathy"], "{careless:?}");
}

#[test]
fn agents_who_are_alike_are_told_of_together() {
    let mut day = day(&["always desk cards=50"], &["main chat 08:00-16:00 80"]);
    day.groups[0].agents = agents(&["desk-1", "desk-2"]).into_iter().map(|agent| agent.id).collect();
    let document = parse("skills = { cards = '' }\n[channels.chat]\n[queues.main]\nrequire = { none = ['cards'] }");
    let remarks = super::super::day(&document, &day);
    let of_agents: Vec<&str> =
        remarks.iter().map(|remark| remark.said.path.as_str()).filter(|path| path.starts_with("agents.")).collect();
    assert_eq!(of_agents, ["agents.desk"], "{remarks:?}");
}

#[test]
fn of_many_times_the_first_are_named() {
    let nights = ["00:00-20:00", "24:00-44:00", "48:00-68:00", "72:00-92:00", "96:00-116:00", "120:00-140:00"];
    let shifts = nights.join(",");
    let said =
        told("[queues.main]", &[&format!("{shifts} ana"), &format!("{shifts} ben")], &["main chat 00:00-144:00 1440"]);
    let [said] = said.try_into().expect("one remark");
    assert!(said.starts_with("queues.main: gets 240 contacts from 20:00 to 24:00 (who comes before 23:00 "), "{said}");
    assert!(said.contains("from 92:00 to 96:00 (") && !said.contains("from 116:00"), "{said}");
    assert!(said.contains(" and 2 times more, when nobody is there; "), "{said}");
}

#[test]
fn a_contact_of_a_moment_is_told_at_that_moment() {
    let mut day = day(&["08:00-16:00 ana", "08:00-16:00 ben"], &["main chat 07:59-07:59 1"]);
    day.flows[0].comes[0].from.0 += 1_000_000;
    day.flows[0].comes[0].until.0 += 1_000_000;
    let document = parse("[channels.chat]\n[queues.main]");
    let [remark] = super::super::day(&document, &day).try_into().expect("one remark");
    let said = remark.said.message;
    assert!(said.starts_with("gets 1 contact at 07:59:01 (who stays waits until 08:00), when"), "{said}");
    day.flows[0].comes[0].from = time("08:00");
    day.flows[0].comes[0].until = time("08:00");
    assert_eq!(super::super::day(&document, &day), []);
}
