//! What each rule for moments of truth is worth: a contact centre of fifty agents, ten of them empathetic, under one
//! policy after the other, against what an independent simulator found (8 × 400,000 contacts each).
//!
//! The short table runs everywhere, with room for chance; `cargo test --test policy -- --ignored --nocapture` plays the
//! long one, which must come within 1.5 points or 5 % of every number.

use attune::{
    model::time::Span,
    sim::centre::{Plan, Policy, Report, play},
};

/// A policy and what is expected of it: moments of truth on empathetic agents in time, on anyone in time, their mean wait
/// and how many hang up, the service level, the mean wait of routine contacts, and the first at loads .80 and 1.10.
struct Row {
    name: &'static str,
    policy: Policy,
    expected: [f64; 8],
}

fn rows() -> Vec<Row> {
    let (none, strict, hold) = (Span::ZERO, Span::from_secs(3_600), Span::from_secs(20));
    // The table is of the rules alone: agents are not protected from it.
    let empathy =
        |reserve: &str| format!("empathy = {{ consecutive_max = 0, share_max = 100 }}\nreserve = {{ {reserve} }}");
    let policy =
        |rules: &str, head_start, hold, announced| Policy { rules: rules.to_owned(), head_start, hold, announced };
    let fit = empathy("mode = 'off'");
    // A hold asks for a reserve somewhere; nobody here has that skill.
    let held = empathy("mode = 'fixed', k = 0, k_by_skill = { none = 1 }, floor_until = '1h'");
    let kept = |k: u32| empathy(&format!("mode = 'fixed', k = {k}, floor_until = '1h'"));
    let soft = empathy("mode = 'soft', k = 2, release = '19s', floor_until = '1h'");
    let ahead = Span::from_secs(30);
    let row = |name, policy, expected| Row { name, policy, expected };
    vec![
        row("first come, longest idle", policy("", none, none, none), [16.4, 82.4, 7.4, 4.1, 82.2, 7.5, 19.5, 10.4]),
        row("priority, longest idle", policy("", strict, none, none), [19.4, 97.6, 2.1, 1.1, 82.8, 7.9, 20.0, 19.0]),
        row("first come, fit", policy(&fit, none, none, none), [60.2, 82.4, 7.4, 4.1, 82.2, 7.5, 90.5, 27.2]),
        row("priority, fit", policy(&fit, strict, none, none), [63.3, 97.6, 2.1, 1.1, 82.8, 7.9, 90.9, 35.8]),
        row("+ hold 20 s", policy(&held, strict, hold, none), [74.7, 80.7, 7.3, 4.1, 82.2, 7.6, 93.9, 54.1]),
        row("+ reserve 1", policy(&kept(1), strict, hold, none), [90.4, 92.8, 2.8, 1.6, 80.2, 9.0, 97.6, 82.3]),
        row("+ reserve 2", policy(&kept(2), strict, hold, none), [95.8, 96.9, 1.2, 0.7, 77.3, 10.6, 98.9, 92.0]),
        row("+ soft 2 till 19 s", policy(&soft, strict, hold, none), [83.6, 86.4, 4.8, 2.7, 82.1, 8.6, 96.9, 63.8]),
        row("+ announced 30 s", policy(&held, strict, hold, ahead), [86.9, 90.3, 3.8, 2.1, 82.0, 8.1, 96.7, 76.6]),
    ]
}

fn measured(report: &Report) -> [f64; 6] {
    let moments = &report.moments;
    [
        moments.empathetic_share(),
        moments.in_time_share(),
        moments.mean_wait(),
        moments.abandoned_share(),
        report.service_level(),
        report.routine.mean_wait(),
    ]
}

/// Plays every row; what is further off than so many points and so much of the number.
fn off(contacts: usize, points: f64, share: f64) -> Vec<String> {
    const COLUMNS: [&str; 8] = ["MoT on E", "on anyone", "wait", "left", "SL", "routine", "E at .80", "E at 1.10"];
    println!("{:26} {}", "", COLUMNS.map(|column| format!("{column:>14}")).concat());
    let mut faults = Vec::new();
    for Row { name, policy, expected } in rows() {
        let at = |load, seed| play(&Plan::usual(load, contacts, seed), &policy);
        let usual = measured(&at(0.95, 1));
        let (low, high) = (at(0.80, 2).moments.empathetic_share(), at(1.10, 3).moments.empathetic_share());
        let found: Vec<f64> = usual.into_iter().chain([low, high]).collect();
        let cells = found.iter().zip(expected).map(|(found, expected)| format!("{found:8.1} ({expected:4.1})"));
        println!("{name:26} {}", cells.map(|cell| format!("{cell:>14}")).collect::<String>());
        for ((found, expected), column) in found.iter().zip(expected).zip(COLUMNS) {
            let error = (found - expected).abs();
            if error > points && error > share * expected {
                faults.push(format!("{name}, {column}: {found:.1}, {expected} was expected"));
            }
        }
    }
    faults
}

#[test]
fn a_short_table_shows_what_each_rule_is_worth() {
    let faults = off(6_000, 6.0, 0.2);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[ignore = "minutes: run it when a rule for moments of truth changes"]
fn the_long_table_is_the_published_one() {
    let faults = off(400_000, 1.5, 0.05);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
