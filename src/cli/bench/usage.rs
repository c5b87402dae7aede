//! What a process has used: time on the processor, and memory it holds.
//!
//! Invariant: a figure is there or it is not; where the system does not tell (anywhere but on Linux), nothing is guessed.

use std::{fs, path::PathBuf, time::Duration};

/// A process, to be asked what it uses.
#[derive(Debug, Clone)]
pub struct Process {
    folder: PathBuf,
}

impl Process {
    /// By its number.
    pub fn new(pid: u32) -> Self {
        Self { folder: PathBuf::from(format!("/proc/{pid}")) }
    }

    /// The one that asks.
    pub fn own() -> Self {
        Self { folder: PathBuf::from("/proc/self") }
    }

    /// Time on the processor since it began, over all its threads that still run.
    pub fn cpu(&self) -> Option<Duration> {
        // In nanoseconds here, and in hundredths of a second in `stat`, which is too coarse for a round of seconds.
        let tasks = fs::read_dir(self.folder.join("task")).ok()?;
        let mut nanos = 0;
        for task in tasks {
            // A thread may end between the two.
            let Ok(text) = fs::read_to_string(task.ok()?.path().join("schedstat")) else { continue };
            nanos += text.split_whitespace().next()?.parse::<u64>().ok()?;
        }
        Some(Duration::from_nanos(nanos))
    }

    /// Bytes of memory that it holds now.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(self.folder.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
    }
}

/// The processor's name, if the system tells.
pub fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(name.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// How many threads want a processor, on average over the last minute.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_costs_time_and_memory_is_held() {
        let process = Process::own();
        let before = process.cpu().unwrap();
        let began = Instant::now();
        // Whatever rounds it, it rises.
        while process.cpu().unwrap() <= before {
            assert!(began.elapsed() < Duration::from_secs(30));
        }
        assert!(process.resident_bytes().unwrap() > 1 << 20);
        assert_eq!(Process::new(u32::MAX).cpu(), None);
        assert_eq!(Process::new(u32::MAX).resident_bytes(), None);
    }
}
