//! The counters, and the definition of a wait.
//!
//! **A wait**: all bytes that had come from the client were answered, the answers had been given
//! to the system (with a delay: at the end of it), and then the client says something more, or ends
//! the connection. So the client had nothing to do but to wait for those answers. Bytes of TLS's
//! handshake and what follows QUIT don't count. Without a delay a client that streams without ever
//! waiting may be counted as waiting, whenever the sink was faster than the next bytes: so waits
//! are counted with a delay.

use std::fs;
use std::time::Instant;

/// The progress of the dialogue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Messages answered with 250.
    pub(crate) messages: u64,
    /// Bytes of content, without dot-stuffing and the final dot.
    pub(crate) content: u64,
    /// Replies, the greeting too.
    pub(crate) replies: u64,
    /// TLS records with application data that came.
    pub(crate) records: u64,
    /// Bytes that came, as the socket has them.
    pub(crate) bytes: u64,
    /// No byte has come since the last reply.
    pub(crate) idle: bool,
    /// QUIT was answered.
    pub(crate) quit: bool,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug)]
struct Moment {
    progress: Progress,
    at: Instant,
}

/// One connection's counts.
#[derive(Debug)]
pub(crate) struct Counts {
    waits: u64,
    cold_waits: Option<u64>,
    reads: u64,
    /// Replies given to the system when a wait was counted last.
    replies_then: u64,
    /// The number of bytes that the replies written last had answered.
    answered: Progress,
    /// The CPU time of this thread at the reply to the first message. Read only then and at the end,
    /// because reading it takes longer than a message.
    cpu_then: u64,
    first: Option<Moment>,
    last: Option<Moment>,
    began: Instant,
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            waits: 0,
            cold_waits: None,
            reads: 0,
            replies_then: 0,
            answered: Progress::default(),
            cpu_then: 0,
            first: None,
            last: None,
            began: Instant::now(),
        }
    }

    /// Bytes came, or the end; before them, `bytes_before` had come.
    pub(crate) fn arrived(&mut self, bytes_before: u64) {
        self.reads += 1;
        let answered = self.answered;
        let news = answered.replies > self.replies_then;
        if news && answered.idle && !answered.quit && answered.bytes == bytes_before {
            self.waits += 1;
            self.replies_then = answered.replies;
            if answered.messages > 0 {
                self.cold_waits.get_or_insert(self.waits);
            }
        }
    }

    /// Answers were given to the system.
    pub(crate) fn answered(&mut self, progress: Progress) {
        if progress.messages > self.answered.messages {
            let moment = Moment {
                progress,
                at: Instant::now(),
            };
            if self.first.is_none() {
                self.first = Some(moment);
                self.cpu_then = cpu_time();
            }
            self.last = Some(moment);
        }
        self.answered = progress;
    }

    /// Everything, and what lies between the first message's answer and the last one's. Called on
    /// the thread that served.
    pub(crate) fn json(&self) -> String {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return "{\"messages\": 0}\n".to_owned();
        };
        let (a, b) = (first.progress, last.progress);
        let total = last.at.duration_since(self.began).as_secs_f64();
        let later = last.at.duration_since(first.at).as_secs_f64();
        let cpu = cpu_time().saturating_sub(self.cpu_then) as f64 / 1e9;
        format!(
            "{{\"messages\": {}, \"content\": {}, \"waits\": {}, \"cold_waits\": {}, \
             \"cold_records\": {}, \"records\": {}, \"bytes\": {}, \"reads\": {}, \"seconds\": \
             {total:.6}, \"later\": {{\"messages\": {}, \"records\": {}, \"bytes\": {}, \"seconds\": {later:.6}, \
             \"cpu\": {cpu:.6}}}}}\n",
            b.messages,
            b.content,
            self.waits,
            self.cold_waits.unwrap_or(self.waits),
            a.records,
            b.records,
            b.bytes,
            self.reads,
            b.messages - a.messages,
            b.records - a.records,
            b.bytes - a.bytes,
        )
    }
}

/// The CPU time of this thread, in nanoseconds; 0 where the system does not report it.
fn cpu_time() -> u64 {
    fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
