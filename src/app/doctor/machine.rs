//! Files, clocks, memory and processors. What a system does not tell is left out.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::shard::clock;

use super::Finding;

/// Each desktop that connects itself takes a file; the rest is for ports, logs and the runtime.
const FILES_OF_ITS_OWN: u64 = 100;
/// Fewer open files than this surprise a call centre of a usual size.
const FILES_MIN: u64 = 16_384;
/// A contact that waits, as measured (see README, Benchmarks), and about 1 KiB of context.
const CONTACT_BYTES: u64 = 1_600;
/// Below this the daemon has no room for a busy hour …
const MEMORY_MIN: u64 = 1 << 30;
/// … and below this for itself.
const MEMORY_LEAST: u64 = 128 << 20;
/// 2026-01-01: no clock is right that shows less.
const YEAR_2026_MICROS: i64 = 1_767_225_600_000_000;
/// How long both clocks are watched.
const WATCHED: Duration = Duration::from_millis(100);
/// How far they may drift apart in that time.
const DRIFT_MAX: Duration = Duration::from_millis(5);
/// Clock sources that are read without asking the kernel.
const FAST_CLOCKS: [&str; 5] = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page", "xen"];

/// What there is to say.
pub(super) fn examine() -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(fs::read_to_string("/proc/self/limits").ok().and_then(|limits| open_files(&limits)));
    findings.push(clocks());
    findings.extend(clock_source());
    findings.extend(fs::read_to_string("/proc/meminfo").ok().and_then(|memory| {
        let limit = number_in("/sys/fs/cgroup/memory.max");
        Some(memory_left(available(&memory)?.min(limit.unwrap_or(u64::MAX))))
    }));
    findings.push(processors(thread::available_parallelism().map_or(1, usize::from)));
    findings
}

/// A file with nothing but a number.
pub(super) fn number_in(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// From the table of `/proc/self/limits`: name, soft limit, hard limit, unit.
fn open_files(limits: &str) -> Option<Finding> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut limits = line.split_whitespace().map(|limit| limit.parse().unwrap_or(u64::MAX));
    let (soft, hard) = (limits.next()?, limits.next()?);
    let agents = soft.saturating_sub(FILES_OF_ITS_OWN);
    let found = format!("{soft} may be open: about {agents} agents that connect themselves, or far more by gateways");
    Some(match soft {
        FILES_MIN.. => Finding::ok("files", found),
        _ if hard >= FILES_MIN => Finding::warn(
            "files",
            found,
            format!("`ulimit -n {FILES_MIN}` before it starts, or LimitNOFILE={FILES_MIN} for systemd"),
        ),
        _ => Finding::warn(
            "files",
            found,
            format!("have the hard limit ({hard}) raised: LimitNOFILE={FILES_MIN} for systemd"),
        ),
    })
}

/// Both clocks side by side for a moment: deadlines go by one, what is told by the other.
fn clocks() -> Finding {
    let (wall, monotonic) = (clock::now(), Instant::now());
    thread::sleep(WATCHED);
    let (wall_after, passed) = (clock::now(), monotonic.elapsed());
    if wall.0 < YEAR_2026_MICROS {
        return Finding::fail("clocks", "the clock shows a time before 2026", "set the clock, by NTP or chrony");
    }
    let told = Duration::from_micros(u64::try_from(wall_after.0 - wall.0).unwrap_or(0));
    let drift = told.abs_diff(passed);
    if drift > DRIFT_MAX {
        let found = format!("wall clock and monotonic clock drifted apart by {drift:?} within {WATCHED:?}");
        return Finding::warn("clocks", found, "somebody steps the clock; let NTP or chrony slew it instead");
    }
    Finding::ok("clocks", format!("in step within {} µs", drift.as_micros()))
}

fn clock_source() -> Option<Finding> {
    let source = fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").ok()?;
    let source = source.trim();
    let found = format!("clock source {source}");
    Some(match FAST_CLOCKS.contains(&source) {
        true => Finding::ok("clocks", found),
        false => Finding::warn("clocks", found, "every reading asks the kernel; use tsc or the hypervisor's own clock"),
    })
}

/// Bytes that `/proc/meminfo` says can be had.
fn available(memory: &str) -> Option<u64> {
    let line = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

fn memory_left(bytes: u64) -> Finding {
    let found = format!(
        "{} MiB to be had: room for about {} waiting contacts with 1 KiB of context each",
        bytes >> 20,
        bytes / CONTACT_BYTES
    );
    match bytes {
        MEMORY_MIN.. => Finding::ok("memory", found),
        MEMORY_LEAST.. => Finding::warn("memory", found, "give it 1 GiB: what waits is kept in memory"),
        _ => Finding::fail("memory", found, "give it 1 GiB: what waits is kept in memory"),
    }
}

fn processors(count: usize) -> Finding {
    match count {
        1 => Finding::warn("processors", "1", "give it 2: the kernel's network work wants one of its own"),
        count => Finding::ok("processors", count.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn too_few_files_are_a_warning_with_a_way_out() {
        let limits = |soft: &str| {
            format!("Limit  Soft Limit  Hard Limit  Units\nMax open files            {soft}     524288    files\n")
        };
        let finding = open_files(&limits("1024")).unwrap();
        assert_eq!(finding.state, State::Warn);
        assert!(finding.found.contains("about 924 agents") && finding.advice.contains("ulimit -n"), "{finding:?}");
        assert_eq!(open_files(&limits("unlimited")).unwrap().state, State::Ok);
        assert_eq!(open_files("nothing"), None);
    }

    #[test]
    fn memory_and_processors_are_measured_against_what_they_must_carry() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2097152 kB\n"), Some(2 << 30));
        assert_eq!(memory_left(2 << 30).state, State::Ok);
        assert_eq!(memory_left(512 << 20).state, State::Warn);
        assert_eq!(memory_left(64 << 20).state, State::Fail);
        assert_eq!((processors(1).state, processors(2).state), (State::Warn, State::Ok));
        assert_eq!(clocks().check, "clocks");
    }
}
