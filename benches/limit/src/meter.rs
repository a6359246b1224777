//! Wall clock, CPU and memory, as every client of the benches reports them.

use std::fs;
use std::time::{Duration, Instant};

/// A measurement between `restart` (or else `start`) and `stop`.
pub(crate) struct Meter {
    began: Instant,
    since: Instant,
    cpu_before: u64,
    wall: Duration,
    total: Duration,
    cpu: u64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            since: now,
            cpu_before: cpu_time(),
            wall: Duration::ZERO,
            total: Duration::ZERO,
            cpu: 0,
        }
    }

    /// Restarts the measurement after the warm-up.
    pub(crate) fn restart(&mut self) {
        self.cpu_before = cpu_time();
        self.since = Instant::now();
    }

    pub(crate) fn stop(&mut self) {
        let now = Instant::now();
        self.wall = now - self.since;
        self.total = now - self.began;
        self.cpu = cpu_time() - self.cpu_before;
    }

    pub(crate) fn json(&self, messages: usize) -> String {
        format!(
            "{{\"messages\": {messages}, \"seconds\": {:.6}, \"total\": {:.6}, \"cpu\": {:.6}, \
             \"peak_kb\": {}}}\n",
            self.wall.as_secs_f64(),
            self.total.as_secs_f64(),
            self.cpu as f64 / 1e9,
            peak_memory(),
        )
    }
}

/// The CPU time of the threads of this process, in nanoseconds.
fn cpu_time() -> u64 {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return 0;
    };
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// The most memory that was ever resident, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
