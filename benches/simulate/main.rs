//! How many contacts a second a simulation plays, beside a bare queue that routes nothing.
//!
//! Three centres: fifty agents and one queue (95 % load, patience, eight moments of truth in a hundred contacts); a
//! thousand agents with four of twenty skills each, and a queue for each skill; and a day of thirty thousand contacts, whose
//! agents come in shifts. The floor is the first of them as a textbook has it: arrivals, times of handling and patience
//! drawn, and a heap of when agents are free, in one loop. Each is played several times, in turn, and the median is told.
//! `cargo bench --bench simulate`; `-- --quick` with a tenth of the contacts.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fmt::Write,
    hint::black_box,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use attune::sim::{player, scenario::Scenario};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const ROUNDS: usize = 5;
const AGENTS: usize = 50;
const SKILLS: usize = 20;
/// Contacts an hour over the day, from eight to eight: 30,000 in all.
const BY_HOUR: [u32; 12] = [1_500, 2_700, 3_300, 3_400, 3_000, 2_400, 2_300, 2_600, 2_800, 2_600, 2_000, 1_400];

fn main() -> ExitCode {
    let part = if std::env::args().any(|argument| argument == "--quick") { 10 } else { 1 };
    let centres = [
        ("50 agents, one queue", one_queue(200_000 / part)),
        ("1,000 agents, 20 skills", many_skills(200_000 / part)),
        ("a day of 30,000, by shifts", a_day(part)),
    ]
    .map(|(name, text)| (name, read(&text)));
    println!("{:28} {:>10} {:>10} {:>12} {:>8}", "", "contacts", "seconds", "contacts/s", "of bare");
    let bare = median(|| {
        let contacts = 200_000 / part;
        (contacts, bare_queue(contacts))
    });
    row("a bare queue of 50 agents", bare, bare);
    for (name, scenario) in &centres {
        let played = median(|| {
            let outcome = player::play(scenario, 1, &|_| unreachable!("nobody writes"), &mut |_| {});
            let outcome = outcome.expect("the engine takes whoever comes");
            black_box(outcome.digest);
            (u32::try_from(outcome.contacts).expect("not so many"), ())
        });
        row(name, played, bare);
    }
    ExitCode::SUCCESS
}

/// The median of how long it took, with how many contacts came.
fn median<T>(mut play: impl FnMut() -> (u32, T)) -> (u32, Duration) {
    let mut took: Vec<(Duration, u32)> = (0..ROUNDS)
        .map(|_| {
            let since = Instant::now();
            let (contacts, played) = play();
            black_box(played);
            (since.elapsed(), contacts)
        })
        .collect();
    took.sort_unstable();
    let (took, contacts) = took[ROUNDS / 2];
    (contacts, took)
}

fn row(name: &str, played: (u32, Duration), bare: (u32, Duration)) {
    let speed = |(contacts, took): (u32, Duration)| f64::from(contacts) / took.as_secs_f64();
    let (seconds, speed, of_bare) = (played.1.as_secs_f64(), speed(played), speed(played) / speed(bare));
    println!("{name:28} {:>10} {seconds:>10.3} {speed:>12.0} {of_bare:>8.4}", played.0);
}

/// Everybody is answered in the order of arrival by whoever is free first, or leaves; how many were answered.
fn bare_queue(contacts: u32) -> u32 {
    const HANDLING: f64 = 300.0;
    const PATIENCE: f64 = 180.0;
    let mut rng = StdRng::seed_from_u64(1);
    let mut drawn = |mean: f64| -mean * (1.0 - rng.random::<f64>()).ln();
    let between = HANDLING / (AGENTS as f64 * 0.95);
    let (mut now, mut answered) = (0.0, 0);
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    let mut free: BinaryHeap<Reverse<u64>> = (0..AGENTS).map(|_| Reverse(0)).collect();
    for _ in 0..contacts {
        now += drawn(between);
        let (patience, handling) = (drawn(PATIENCE), drawn(HANDLING));
        let Reverse(first) = *free.peek().expect("there are agents");
        let begins = first.max(micros(now));
        if begins <= micros(now + patience) {
            free.pop();
            free.push(Reverse(begins + micros(handling)));
            answered += 1;
        }
    }
    answered
}

fn read(text: &str) -> Scenario {
    Scenario::read(text, Path::new(""), None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn one_queue(contacts: u32) -> String {
    format!(
        r#"
[document]
text = """
[empathy]
[skills]
empathy = ''
[channels.voice]
[queues.main]
service_level = '20s'
[moments.moment]
triggers = [{{ event = 'moment_of_truth' }}]
"""
[run]
runs = 1
contacts = {contacts}
[agents.empathetic]
count = 10
empathy = 80
[agents.others]
count = 40
[streams.calls]
queue = "main"
channel = "voice"
load = 0.95
handling = {{ exponential = "300s" }}
patience = {{ exponential = "180s" }}
moments = {{ share = 0.08 }}
"#
    )
}

fn many_skills(contacts: u32) -> String {
    let mut document = String::from("[channels.voice]\n[skills]\n");
    let mut agents = String::new();
    let mut streams = String::new();
    for skill in 0..SKILLS {
        _ = writeln!(document, "s{skill} = ''");
    }
    for skill in 0..SKILLS {
        _ = writeln!(document, "[queues.q{skill}]\nrequire = {{ all = ['s{skill}>=40'] }}");
        let has: Vec<String> = [0, 1, 5, 11].map(|next| format!("s{} = 70", (skill + next) % SKILLS)).into();
        _ = writeln!(agents, "[agents.g{skill}]\ncount = 50\nskills = {{ {} }}", has.join(", "));
        _ = writeln!(
            streams,
            "[streams.c{skill}]\nqueue = 'q{skill}'\nchannel = 'voice'\nper_hour = 570\nhandling = {{ exponential = \
             '300s' }}\npatience = {{ exponential = '180s' }}"
        );
    }
    format!("[document]\ntext = \"\"\"\n{document}\"\"\"\n[run]\nruns = 1\ncontacts = {contacts}\n{agents}{streams}")
}

fn a_day(part: u32) -> String {
    let hours = BY_HOUR.iter().enumerate();
    let rates =
        hours.map(|(hour, contacts)| format!("{{ from = '{:02}:00', per_hour = {} }}", hour + 8, contacts / part));
    let rates: Vec<String> = rates.chain(["{ from = '20:00', per_hour = 0 }".to_owned()]).collect();
    let early = 150 / part;
    format!(
        r#"
[document]
text = """
[channels.voice]
[queues.main]
wrap_up = {{ time = '20s' }}
"""
[run]
runs = 1
from = "07:59"
warm_up = "1m"
until = "20:00"
[agents.early]
count = {early}
shifts = [{{ from = "08:00", until = "16:00" }}]
[agents.late]
count = {early}
shifts = [{{ from = "12:00", until = "20:00" }}]
[agents.middle]
count = {early}
shifts = [{{ from = "09:00", until = "18:00" }}]
[streams.calls]
queue = "main"
channel = "voice"
rates = [{}]
handling = {{ lognormal = "240s", variation = 0.8 }}
patience = {{ exponential = "300s" }}
"#,
        rates.join(", ")
    )
}
