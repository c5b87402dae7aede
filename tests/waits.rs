//! How good estimates of waits are: named worlds of a contact centre, each in virtual time over the real engine, with an
//! estimator that knows what a daemon knows. Errors are root mean squares as a share of the mean wait, over contacts that
//! waited and were served, beside those of others who estimate.
//!
//! The short worlds run everywhere, against the error of whoever knows the rates on the very same path of events, which in
//! so short a time may be far from the mean; `cargo test --test waits -- --ignored --nocapture` plays the
//! long ones against what is published for them (`PUBLISHED`), too.

#[path = "waits/answers.rs"]
mod answers;
#[path = "waits/world.rs"]
mod world;

use attune::model::time::Span;
use world::{
    Errors, HANDLING, Kind, Plan, Report, Sample, Shift, errors, held, held_by_load, lost, lost_by_constant, mean_wait,
    play,
};

const PLAIN: &str =
    "[channels.voice]\n[queues.main]\noffers = { acceptance = 'automatic' }\nmax_wait = { after = '12h' }\n";

/// Skills, priorities and a reserve: specialists of two kinds in one queue, a queue that comes first, moments of truth.
const MIXED: &str = "
    empathy = { consecutive_max = 0, share_max = 100 }
    reserve = { mode = 'fixed', k = 1, floor_until = '1h' }
    [skills]
    empathy = ''
    english = ''
    polish = ''
    [channels.voice]
    [queues.main]
    offers = { acceptance = 'automatic' }
    [queues.gold]
    priority = '1m'
    offers = { acceptance = 'automatic' }
    [queues.loans]
    offers = { acceptance = 'automatic' }
    require = { all = ['english'] }
    steps = [{ after = '2m', require = {} }]
";

/// What is published for a world: the error of this estimator, of whoever was served last, of a moving average, and of
/// the constant that only hindsight knows. The first one's is below [`EXACT`], so one path's: it is judged by that.
const PUBLISHED: [(&str, [f64; 4]); 4] = [
    ("M/M/50 at .95", [0.220, 0.323, 0.332, 0.993]),
    ("M/M/50+M at .95", [0.482, 0.741, 0.770, 0.823]),
    ("M/M/50+M at 1.10", [0.405, 0.610, 0.630, 0.727]),
    ("two classes at 1.10, routine", [0.435, 0.649, 0.667, 0.743]),
];

/// The exact error of whoever knows the rates of M/M/50 at ρ = .95, of contacts that wait. With q in line before it, a wait is
/// the sum of q+1 times between ends, Erlang(q+1, nμ): the mean is (q+1)/(nμ), and its variance (q+1)/(nμ)² what nobody
/// foresees. In line are q with (1−ρ)ρ^q, so E(q+1) = 1/(1−ρ), and root mean square error ÷ mean wait =
/// √E(q+1) ÷ E(q+1) = √(1−ρ) = √.05.
///
/// A path differs: at 100,000 contacts, of which 57,000 count, its error has a standard deviation of .015 (sixty paths: .186 to
/// .261, mean .2252 ± .0020), for it has seen some seventy independent stretches of a line. Nearly all of that is the path's mean
/// line: of what it was, 1/√(mean of q+1) is the error to be had, [`floor_of`]. On eight paths of 50,000 ours was .2379 ± .0046
/// where knowing the rates was .2338 ± .0047: path by path 1.7 % above it (± .2).
const EXACT: f64 = 0.223_607;

const PATIENCE: Option<f64> = Some(180.0);
const STEADY: (fn(f64) -> f64, f64) = (|_| 1.0, 1.0);
const AS_LONG: fn(f64) -> f64 = |_| 1.0;

/// The error of whoever knows the rates: contacts of the first kind are served in turn, those of all others before them.
fn error_of_knowing(plan: &Plan, samples: &[Sample]) -> f64 {
    let passing: f64 = plan.kinds[1..].iter().map(|kind| kind.rate).sum();
    let starts = plan.agents.len() as f64 / HANDLING - passing;
    let leaving = plan.kinds[0].patience.map_or(0.0, |patience| 1.0 / patience);
    let most = samples.iter().map(|sample| sample.waiting).max().unwrap_or(0);
    let mut waits: Vec<f64> = Vec::new();
    for before in 0..=most {
        let known = waits.last().copied().unwrap_or(0.0);
        waits.push(known + 1.0 / (starts + before as f64 * leaving));
    }
    let squares = samples.iter().map(|sample| (waits[sample.waiting as usize] - sample.waited).powi(2)).sum::<f64>();
    (squares / samples.len() as f64).sqrt() / mean_wait(samples)
}

/// The error of whoever knows the rates of the first world, by the formula of [`EXACT`], on a path whose lines were these.
fn floor_of(samples: &[Sample]) -> f64 {
    let line = samples.iter().map(|sample| sample.waiting as f64 + 1.0).sum::<f64>() / samples.len() as f64;
    line.sqrt().recip()
}

fn mean_and_error(figures: &[f64]) -> (f64, f64) {
    let count = figures.len() as f64;
    let mean = figures.iter().sum::<f64>() / count;
    let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

fn rate(load: f64) -> f64 {
    load * 50.0 / HANDLING
}

fn plain(kinds: Vec<Kind>, contacts: usize, seed: u64) -> Plan {
    Plan {
        document: PLAIN,
        agents: vec![&[]; 50],
        kinds,
        load: STEADY,
        longer: AS_LONG,
        shifts: Vec::new(),
        contacts,
        seed,
    }
}

/// The worlds of [`PUBLISHED`], in its order.
fn published(contacts: usize, seed: u64) -> [Plan; 4] {
    let first = Kind { head_start: Span::from_secs(3_600), ..Kind::routine(rate(1.10) * 0.08, PATIENCE) };
    [
        plain(vec![Kind::routine(rate(0.95), None)], contacts, seed),
        plain(vec![Kind::routine(rate(0.95), PATIENCE)], contacts, seed + 1),
        plain(vec![Kind::routine(rate(1.10), PATIENCE)], contacts, seed + 2),
        plain(vec![Kind::routine(rate(1.10) * 0.92, PATIENCE), first], contacts, seed + 3),
    ]
}

/// Every four hours the load goes up and down by three tenths.
fn tide(contacts: usize, seed: u64) -> Plan {
    let load: (fn(f64) -> f64, f64) = (|secs| 1.0 + 0.3 * (secs * std::f64::consts::TAU / 14_400.0).sin(), 1.3);
    Plan { load, ..plain(vec![Kind::routine(rate(0.95), PATIENCE)], contacts, seed) }
}

/// Ten of fifty agents go at once, and come back an hour later, time and again.
fn shifts(contacts: usize, seed: u64) -> Plan {
    let ends = contacts as f64 / rate(0.85);
    let mut shifts = Vec::new();
    let mut at = 14_400.0;
    while at < ends {
        shifts.extend([(at, Shift::Leaves(10)), (at + 3_600.0, Shift::Comes(10))]);
        at += 14_400.0;
    }
    Plan { shifts, ..plain(vec![Kind::routine(rate(0.85), PATIENCE)], contacts, seed) }
}

/// Within the hour after the fourth, what contacts take doubles, and stays so.
fn doubling(contacts: usize, seed: u64) -> Plan {
    let longer = |secs: f64| 1.0 + ((secs - DOUBLES_AT) / 3_600.0).clamp(0.0, 1.0);
    Plan { longer, ..plain(vec![Kind::routine(rate(0.8), PATIENCE)], contacts, seed) }
}

const DOUBLES_AT: f64 = 14_400.0;

/// Twenty who speak English, twenty who speak Polish, ten who speak both, eight of all empathetic.
fn mixed(contacts: usize, seed: u64) -> Plan {
    type Skills = &'static [(&'static str, u8)];
    const GROUPS: [(usize, Skills); 5] = [
        (16, &[("english", 80)]),
        (4, &[("english", 80), ("empathy", 80)]),
        (16, &[("polish", 80)]),
        (4, &[("polish", 80), ("empathy", 80)]),
        (10, &[("english", 80), ("polish", 80)]),
    ];
    let agents = GROUPS.iter().flat_map(|(count, skills)| std::iter::repeat_n(*skills, *count)).collect();
    let kind = |share: f64| Kind::routine(rate(1.05) * share, PATIENCE);
    let kinds = vec![
        Kind { asks: Some("english"), ..kind(0.30) },
        Kind { asks: Some("polish"), ..kind(0.30) },
        Kind { queue: "gold", ..kind(0.12) },
        Kind { queue: "loans", ..kind(0.20) },
        Kind { moment: Some(Span::from_secs(10)), head_start: Span::from_secs(90), ..kind(0.08) },
    ];
    Plan { document: MIXED, agents, kinds, load: STEADY, longer: AS_LONG, shifts: Vec::new(), contacts, seed }
}

/// Lets plans happen side by side.
fn play_all(plans: &[Plan]) -> Vec<Report> {
    std::thread::scope(|scope| {
        let worlds: Vec<_> = plans.iter().map(|plan| scope.spawn(|| play(plan))).collect();
        worlds.into_iter().map(|world| world.join().expect("a world goes on to its end")).collect()
    })
}

fn show(name: &str, samples: &[Sample]) -> Errors {
    let found = errors(samples);
    let [p50, p80, p90] = held(samples);
    let by_load: Vec<String> = held_by_load(samples).iter().map(|held| format!("{held:.0}")).collect();
    let Errors { estimator, last_served, moving_average, constant } = found;
    println!(
        "{name:32} n {:6} mean {:6.1} s  error {estimator:.4}  last served {last_served:.4}  moving average \
         {moving_average:.4}  constant {constant:.4}",
        samples.len(),
        mean_wait(samples),
    );
    let [lost, constant] = [lost(samples), lost_by_constant(samples)].map(|lost| lost.map(|lost| format!("{lost:.3}")));
    println!("    held P50 {p50:.1} P80 {p80:.1} P90 {p90:.1}, P80 by load {}", by_load.join(" "));
    println!("    pinball loss {} (constant {})", lost.join(" "), constant.join(" "));
    found
}

/// That ranges hold what they say: P80 within so many points overall and in each tenth of the load.
fn check_range(name: &str, samples: &[Sample], overall: f64, by_load: f64) -> Vec<String> {
    let mut faults = Vec::new();
    for (held, share) in held(samples).iter().zip([50.0, 80.0, 90.0]) {
        if (held - share).abs() > overall {
            faults.push(format!("{name}: P{share:.0} held {held:.1} of a hundred"));
        }
    }
    for (tenth, held) in held_by_load(samples).iter().enumerate() {
        if (held - 80.0).abs() > by_load {
            faults.push(format!("{name}: P80 held {held:.1} of a hundred in tenth {tenth} of the load"));
        }
    }
    for (at, (lost, constant)) in lost(samples).iter().zip(lost_by_constant(samples)).enumerate() {
        if *lost >= constant {
            faults.push(format!("{name}: quantile {at} loses {lost:.3}, the constant {constant:.3}"));
        }
    }
    faults
}

fn check_all_are_judged(report: &Report) {
    assert_eq!(report.judged, report.samples.len(), "each estimate of a contact that was served is judged once");
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn short_worlds_have_errors_near_the_published_ones_and_ranges_that_hold() {
    let mut faults = Vec::new();
    for ((name, _), plan) in PUBLISHED.into_iter().zip(published(8_000, 1)) {
        let report = play(&plan);
        check_all_are_judged(&report);
        let samples = report.of_kind(0);
        let (found, knowing) = (show(name, &samples), error_of_knowing(&plan, &samples));
        println!("    error of knowing the rates {knowing:.4}");
        if found.estimator > knowing * 1.10 {
            faults.push(format!("{name}: the error is {:.3}, that of knowing {knowing:.3}", found.estimator));
        }
        if found.estimator > found.last_served * 0.85 || found.estimator > found.moving_average * 0.85 {
            faults.push(format!("{name}: no better than simpler ones: {found:?}"));
        }
        faults.extend(check_range(name, &samples, 5.0, 20.0));
        assert!(report.unknown <= 3, "{name}: {} waits were unknown", report.unknown);
    }
    none(&faults);
}

#[test]
fn agents_who_go_are_felt_at_once() {
    let report = play(&shifts(10_000, 7));
    let late = |sample: &&Sample| {
        let into = sample.at % 14_400.0;
        sample.at > 20_000.0 && (120.0..3_600.0).contains(&into)
    };
    let after: Vec<Sample> = report.samples.iter().filter(late).copied().collect();
    let found = show("two minutes after a fifth has gone", &after);
    assert!(after.len() > 200, "{} waited", after.len());
    assert!(found.estimator < found.last_served * 0.9 && found.estimator < found.moving_average * 0.9, "{found:?}");
    let [_, p80, _] = held(&after);
    assert!((65.0..=95.0).contains(&p80), "P80 held {p80:.1} of a hundred");
}

#[test]
fn handling_that_doubles_within_an_hour_is_followed() {
    let mut later: Vec<Sample> = Vec::new();
    for seed in 61..64 {
        let report = play(&doubling(4_000, seed));
        later.extend(report.samples.iter().filter(|sample| sample.at > DOUBLES_AT + 1_200.0));
    }
    let mut faults = Vec::new();
    for (what, minutes) in [("the rest of the hour", 20..60), ("the hour after", 60..120), ("and then", 120..600)] {
        let within = |sample: &&Sample| minutes.contains(&(((sample.at - DOUBLES_AT) / 60.0) as i64));
        let samples: Vec<Sample> = later.iter().filter(within).copied().collect();
        let found = show(what, &samples);
        if found.estimator > found.last_served * 0.85 || found.estimator > found.moving_average * 0.85 {
            faults.push(format!("{what}: no better than simpler ones: {found:?}"));
        }
        let [_, p80, _] = held(&samples);
        if !(70.0..=90.0).contains(&p80) {
            faults.push(format!("{what}: P80 held {p80:.1} of a hundred"));
        }
    }
    none(&faults);
}

#[test]
fn skills_priorities_and_a_reserve_are_seen() {
    let report = play(&mixed(10_000, 11));
    check_all_are_judged(&report);
    let all: Vec<Sample> = report.samples[report.samples.len() / 10..].to_vec();
    let found = show("skills, priorities, reserve", &all);
    assert!(found.estimator < found.last_served && found.estimator < found.moving_average, "{found:?}");
    assert!(found.estimator < found.constant, "{found:?}");
    let [_, p80, _] = held(&all);
    assert!((72.0..=88.0).contains(&p80), "P80 held {p80:.1} of a hundred");
}

#[test]
#[ignore = "minutes: run it when estimates change"]
fn long_worlds_have_the_published_errors() {
    let mut faults = Vec::new();
    let plans = published(LONG, 21);
    for (((name, [listed, ..]), plan), report) in PUBLISHED.into_iter().zip(&plans).zip(play_all(&plans)) {
        let samples = report.of_kind(0);
        let (found, knowing) = (show(name, &samples), error_of_knowing(plan, &samples));
        println!("    error of knowing the rates {knowing:.4}, published {listed:.3}");
        // Where a path is such that knowing the rates does worse than what is published, nobody can do better on it; and
        // nobody's mean is below what is exact.
        let within = listed.max(knowing) * 1.05;
        if found.estimator > within || found.estimator > knowing * 1.05 {
            faults.push(format!("{name}: the error is {:.4}, that of knowing {knowing:.4}", found.estimator));
        }
        faults.extend(check_range(name, &samples, 2.0, 10.0));
    }
    none(&faults);
}

#[test]
#[ignore = "minutes: run it when estimates change"]
fn many_paths_of_the_first_world_have_the_exact_error() {
    let plans: Vec<Plan> =
        (71..71 + PATHS).map(|seed| published(LONG / 2, seed).into_iter().next().expect("four")).collect();
    let (mut ours, mut known, mut over_known) = (Vec::new(), Vec::new(), Vec::new());
    for pair in plans.chunks(2) {
        for (plan, report) in pair.iter().zip(play_all(pair)) {
            let samples = report.of_kind(0);
            let (found, knowing) = (show("M/M/50 at .95", &samples), error_of_knowing(plan, &samples));
            println!(
                "    error of knowing the rates {knowing:.4}, by the formula for lines as these {:.4}",
                floor_of(&samples)
            );
            ours.push(found.estimator);
            known.push(knowing);
            over_known.push(found.estimator / knowing);
        }
    }
    let [ours, known, over_known] = [ours, known, over_known].map(|figures| mean_and_error(&figures));
    println!("exact {EXACT:.4}, knowing {:.4} ± {:.4}, ours {:.4} ± {:.4}", known.0, known.1, ours.0, ours.1);
    println!("ours over knowing, path by path {:.4} ± {:.4}", over_known.0, over_known.1);
    assert!((known.0 - EXACT).abs() < 3.0 * known.1, "the formula is that of this world");
    assert!(ours.0 < EXACT * 1.05 + 3.0 * ours.1, "ours is {:.4} ± {:.4}", ours.0, ours.1);
    assert!(over_known.0 < 1.05, "ours over knowing is {:.4} ± {:.4}", over_known.0, over_known.1);
}

#[test]
#[ignore = "minutes: run it when estimates change"]
fn long_tides_and_shifts_keep_their_ranges() {
    let mut faults = Vec::new();
    let names = ["load up and down by three tenths", "a fifth goes and comes"];
    for (name, report) in names.into_iter().zip(play_all(&[tide(LONG, 31), shifts(LONG, 41)])) {
        let samples = report.of_kind(0);
        let found = show(name, &samples);
        if found.estimator > found.last_served * 0.85 {
            faults.push(format!("{name}: {found:?}"));
        }
        faults.extend(check_range(name, &samples, 2.0, 10.0));
    }
    none(&faults);
}

#[test]
#[ignore = "minutes: run it when estimates change"]
fn long_mixed_worlds_are_reported() {
    let report = play(&mixed(LONG, 51));
    for (kind, name) in ["english", "polish", "gold", "loans", "moments of truth"].into_iter().enumerate() {
        show(name, &report.of_kind(kind));
    }
    let all: Vec<Sample> = report.samples[report.samples.len() / 10..].to_vec();
    let found = show("all of them", &all);
    assert!(found.estimator < found.last_served.min(found.moving_average), "{found:?}");
    none(&check_range("all of them", &all, 2.0, 10.0));
}

/// Contacts of a long world.
const LONG: usize = 100_000;
/// Paths of half as many.
const PATHS: u64 = 8;
