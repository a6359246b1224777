//! Messages in flight over one session: what was asked, answered one to one, while more is written.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::channel::{Channel, Fault, Verified};
use crate::deadline::Deadline;
use crate::error::{Answer, Cause, Error, Record, Stage};
use crate::log::Level;
use crate::net::Transport;
use crate::proto::address::Address;
use crate::proto::reply::{self, Reply};

use super::context::Context;
use super::flight::{Asked, Flight, is_acceptance};
use super::limits::Fit;
use super::session::{Session, heard_nothing};

/// Octets of records that wait for the system before anybody waits for it: enough to keep the line
/// busy, and few enough to be forgotten when nothing may follow any more.
pub(super) const BACKLOG: usize = 512 * 1024;

/// The content's patience is for each so many octets (RFC 5321 section 4.5.3.2.5).
const STEP: u64 = 64 * 1024;

/// Octets gathered before the system is asked to take them, when nobody waits for an answer.
const FLUSH: usize = 64 * 1024;

/// Octets that most commands fit into.
const LINE: usize = 128;

/// A question and its place in the text.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub(super) asked: Asked,
    /// The number of its flight.
    pub(super) flight: u64,
    /// Where it ends; unknown while content is read on.
    pub(super) end: u64,
}

/// The connection can't go on; each flight has been told what became of it.
pub(super) struct Broken;

/// Whose fault it is that the connection can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// The line's, or the server's as a whole.
    Nobody,
    /// An answer's, which is always one to the oldest message.
    Oldest,
    /// The message's that is being written.
    Latest,
}

/// The end of what is not written to its end yet.
pub(super) const OPEN: u64 = u64::MAX;

/// How far a wait has come, for which the clock runs once.
struct Patience {
    /// What is waited for, once that is looked at.
    stage: Option<Stage>,
    /// Answers taken in when it began.
    answers: u64,
    /// Text that had left when the clock was started last.
    mark: u64,
    /// How often the system was waited for.
    waits: u64,
}

impl Patience {
    fn new<T: Transport, S>(pipeline: &Pipeline<'_, T, S>) -> Self {
        Self {
            stage: None,
            answers: pipeline.answers,
            mark: pipeline.session.channel.taken(),
            waits: 0,
        }
    }
}

/// The messages in flight, oldest first, and where their outcomes go.
pub(super) struct Pipeline<'s, T, S> {
    pub(super) session: &'s mut Session<Verified<T>>,
    pub(super) sink: S,
    pub(super) flights: VecDeque<Flight>,
    /// The number of the oldest flight.
    pub(super) oldest: u64,
    pub(super) questions: VecDeque<Question>,
    /// One command at a time: the server does not offer PIPELINING.
    pub(super) lockstep: bool,
    pub(super) line: Vec<u8>,
    /// When a wait is to end that no answer has ended.
    until: Deadline,
    /// Answers taken in so far.
    pub(super) answers: u64,
    /// The server has said 421: nothing more is written.
    pub(super) closing: bool,
    usual: Usual,
    /// Whether the line is known to stand: it was looked at since the last reply.
    looked: bool,
    /// The wait that goes on when there is nothing to write.
    waiting: Option<Patience>,
}

/// The last answer to a recipient, and its octets: servers say the same nearly always.
#[derive(Default)]
struct Usual(Option<(Vec<u8>, Arc<Answer>)>);

impl Usual {
    /// The answer, fit to be shown.
    fn shown(&mut self, cx: &Context<'_>, code: u16, said: &[u8]) -> Arc<Answer> {
        if let Some((octets, answer)) = &self.0
            && octets == said
        {
            return Arc::clone(answer);
        }
        let answer = cx.answer(&Reply::scanned(code, said));
        self.0 = Some((said.to_vec(), Arc::clone(&answer)));
        answer
    }
}

impl<'s, T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'s, T, S> {
    /// `looked` if the caller has looked at the line before.
    pub(super) fn new(session: &'s mut Session<Verified<T>>, sink: S, looked: bool) -> Self {
        let lockstep = !session.capabilities.pipelining;
        Self {
            session,
            sink,
            flights: VecDeque::new(),
            oldest: 0,
            questions: VecDeque::new(),
            lockstep,
            line: Vec::with_capacity(LINE),
            until: Deadline::NEVER,
            answers: 0,
            closing: false,
            usual: Usual::default(),
            looked,
            waiting: None,
        }
    }

    /// Begins a flight; what is asked from here on is asked for it.
    pub(super) fn begin(
        &mut self,
        cx: &mut Context<'_>,
        record: Record,
        tag: u64,
        size: Option<u64>,
        partial: bool,
    ) -> Result<(), Broken> {
        let begin = self.session.channel.pushed();
        let mut flight = Flight::new(record, tag, begin, size, partial);
        flight.until = cx.until();
        self.flights.push_back(flight);
        self.let_go_of_the_latest(cx, tag)?;
        self.look(cx)
    }

    /// Sees that the line stands where nothing is outstanding: on one that is known to have ended nothing is
    /// written, so that nothing of the message is in doubt.
    fn look(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        if !self.questions.is_empty() || std::mem::take(&mut self.looked) {
            return Ok(());
        }
        match self.session.channel.receive_ready(cx.deadline()) {
            Err(fault @ (Fault::Lost(_) | Fault::Alert(_) | Fault::Flooded)) => {
                if let Some(flight) = self.flights.back_mut() {
                    flight.record.stage = Stage::Mail;
                }
                Err(self.lose(cx, fault))
            }
            // A cancel or a deadline shows again; what was received is looked at before MAIL.
            _ => Ok(()),
        }
    }

    /// Whether a firewall may have forgotten the connection: nothing is outstanding, and the last reply is
    /// old.
    pub(super) fn may_be_forgotten(&self, cx: &Context<'_>) -> bool {
        self.questions.is_empty() && self.session.heard.elapsed() >= cx.reply_age()
    }

    /// The flight that is being written.
    pub(super) fn current(&mut self) -> Option<&mut Flight> {
        self.flights.back_mut()
    }

    /// Whether the server refused the message that is being written.
    pub(super) fn is_refused(&self) -> bool {
        self.flights.back().is_some_and(|f| f.refusal.is_some())
    }

    /// Whether the current flight's sender and recipients are answered, or the message is refused.
    pub(super) fn envelope_is_answered(&self) -> bool {
        let flight = self.flights.back();
        flight.is_none_or(|f| f.refusal.is_some() || f.envelope_is_accepted())
    }

    /// Whether the server has answered MAIL, which shows that the connection lives.
    pub(super) fn sender_is_answered(&self) -> bool {
        let due = self.questions.front().map(|due| due.asked);
        !matches!(due, Some(Asked::Reset | Asked::Mail))
    }

    /// Tells the outcome of a message of which nothing was written.
    pub(super) fn reject(
        &mut self,
        cx: &mut Context<'_>,
        mut record: Record,
        tag: u64,
        cause: Cause,
    ) {
        std::mem::swap(&mut cx.record, &mut record);
        let error = cx.fail(cause);
        std::mem::swap(&mut cx.record, &mut record);
        (self.sink)(tag, Err(error));
    }

    /// The same with an error that is known.
    pub(super) fn reject_with(&mut self, tag: u64, error: Error) {
        (self.sink)(tag, Err(error));
    }

    /// Messages whose outcome is open.
    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Text written since the oldest open message began.
    pub(super) fn octets_in_flight(&self) -> u64 {
        let begin = self.flights.front().map(|flight| flight.begin);
        let pushed = self.session.channel.pushed();
        begin.map_or(0, |begin| pushed.saturating_sub(begin))
    }

    /// Whether nothing that was asked waits for an answer, unless it is being asked still.
    pub(super) fn is_quiet(&self) -> bool {
        self.questions.front().is_none_or(|due| due.end == OPEN)
    }

    /// Writes a command of the current flight, without a wait unless it is lockstep.
    pub(super) fn ask(
        &mut self,
        cx: &mut Context<'_>,
        asked: Asked,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Broken> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write(&mut line);
        let asked = self.ask_line(cx, asked, &line);
        self.line = line;
        asked?;
        if self.lockstep {
            self.settle(cx, Self::is_quiet)?;
        }
        Ok(())
    }

    fn ask_line(&mut self, cx: &mut Context<'_>, asked: Asked, line: &[u8]) -> Result<(), Broken> {
        if self.lockstep {
            // What was said meanwhile is no answer to this; a break shows again.
            let _ = self.session.channel.receive_ready(cx.deadline());
        }
        self.announce(cx, asked, line)?;
        self.push(cx, line)?;
        self.question(asked, self.session.channel.pushed());
        Ok(())
    }

    /// Notes the stage, sees that nobody spoke unasked, and logs a command.
    pub(super) fn announce(
        &mut self,
        cx: &mut Context<'_>,
        asked: Asked,
        line: &[u8],
    ) -> Result<(), Broken> {
        if let Some(flight) = self.flights.back_mut() {
            flight.record.stage = asked.stage(false);
        }
        if self.questions.is_empty()
            && let Err((cause, answer)) = heard_nothing(self.session.channel.pending(), cx)
        {
            if let Some(flight) = self.flights.back_mut() {
                flight.record.answer = answer;
            }
            return Err(self.fall(cx, cause, Own::Latest));
        }
        cx.record.stage = asked.stage(false);
        cx.say(Level::Debug, || {
            format!("> {}", String::from_utf8_lossy(line.trim_ascii_end()))
        });
        Ok(())
    }

    /// Notes that a reply is to come for the current flight.
    pub(super) fn question(&mut self, asked: Asked, end: u64) {
        let last = self.flights.len().saturating_sub(1) as u64;
        if let Some(flight) = self.flights.back_mut() {
            flight.outstanding = flight.outstanding.saturating_add(1);
        }
        self.questions.push_back(Question {
            asked,
            flight: self.oldest.saturating_add(last),
            end,
        });
    }

    /// Says where the question that was asked last ends.
    pub(super) fn close_question(&mut self, end: u64) {
        if let Some(question) = self.questions.back_mut() {
            question.end = end;
        }
    }

    /// Hands text over.
    pub(super) fn push(&mut self, cx: &mut Context<'_>, text: &[u8]) -> Result<(), Broken> {
        let pushed = self.session.channel.push(text);
        pushed.map_err(|fault| self.lose(cx, fault))
    }

    /// The current flight is written. Its outcome may be known already.
    pub(super) fn land(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        if let Some(flight) = self.flights.back_mut() {
            flight.written = true;
        }
        self.complete(cx);
        if self.session.channel.backlog() >= FLUSH {
            self.turn(cx)?;
        }
        Ok(())
    }

    /// Writes and reads what can be at once, and takes the answers in.
    pub(super) fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        cx.restart_clock();
        self.session.channel.refresh();
        if let Err(fault) = self.session.channel.exchange(false, cx.deadline()) {
            self.mishap(cx, fault)?;
        }
        self.take_answers(cx)?;
        self.let_go(cx)
    }

    /// Writes everything, and reads answers until `done`.
    pub(super) fn settle(
        &mut self,
        cx: &mut Context<'_>,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), Broken> {
        let mut patience = Patience::new(self);
        self.settle_for(cx, &mut patience, |pipeline, _| done(pipeline))
    }

    fn settle_for(
        &mut self,
        cx: &mut Context<'_>,
        patience: &mut Patience,
        done: impl Fn(&Self, u64) -> bool,
    ) -> Result<(), Broken> {
        loop {
            let answered = self.take_answers(cx)?;
            self.let_go(cx)?;
            if done(self, patience.waits) {
                return Ok(());
            }
            // Patience begins anew with each answer, each block that left, and each wait of another
            // kind.
            let stage = self.stage(cx.record.stage);
            let taken = self.session.channel.taken();
            if answered || patience.stage != Some(stage) {
                self.enter(cx, stage);
                (patience.stage, patience.mark) = (Some(stage), taken);
            } else if taken.saturating_sub(patience.mark) >= STEP {
                cx.restart_clock();
                patience.mark = taken;
            }
            match self.session.channel.exchange(true, cx.deadline()) {
                Ok(true) => continue,
                Ok(false) if done(self, patience.waits) => return Ok(()),
                // All is written, and the wait is another one: for the answer.
                Ok(false) if patience.stage != Some(self.stage(stage)) => {}
                Ok(false) => {
                    patience.waits = patience.waits.saturating_add(1);
                    let deadline = cx.deadline().min(self.until);
                    match self.session.channel.wait_ready(deadline) {
                        Err(Fault::TimedOut) if deadline != cx.deadline() => {}
                        Err(fault) => self.mishap(cx, fault)?,
                        Ok(()) => {}
                    }
                }
                Err(fault) => self.mishap(cx, fault)?,
            }
        }
    }

    /// Writes everything, and waits for whatever comes first: an answer, room for more, a wake-up.
    /// As long as no answer comes it is one wait, however often something else ends it.
    /// And it is for no longer than `until`.
    pub(super) fn wait_for_something(
        &mut self,
        cx: &mut Context<'_>,
        until: Deadline,
    ) -> Result<(), Broken> {
        let answers = self.answers;
        let mut patience = match self.waiting.take() {
            Some(patience) if patience.answers == answers => patience,
            _ => Patience::new(self),
        };
        if patience.waits > 0 && cx.deadline().passed(Instant::now()) {
            // What came while nobody looked is in time.
            let _ = self.session.channel.receive_ready(Deadline::NEVER);
            return match self.take_answers(cx)? {
                true => Ok(()),
                false => self.mishap(cx, Fault::TimedOut),
            };
        }
        let before = patience.waits;
        self.until = until;
        let waited = self.settle_for(cx, &mut patience, |pipeline, waits| {
            waits > before || pipeline.answers != answers
        });
        self.until = Deadline::NEVER;
        self.waiting = Some(patience);
        waited
    }

    /// Whether a message to these may go over this session.
    pub(super) fn fit(&self, recipients: &[Address]) -> Fit {
        if self.session.broken {
            return Fit::Later;
        }
        let limits = &self.session.capabilities.limits;
        self.session.used.fit(limits, recipients)
    }

    /// Begins a stage, which is that of the message whose answer is due.
    fn enter(&mut self, cx: &mut Context<'_>, stage: Stage) {
        let due = self.questions.front().map(|due| due.flight);
        let index = due.and_then(|number| usize::try_from(number.checked_sub(self.oldest)?).ok());
        if let Some(flight) = index.and_then(|index| self.flights.get(index)) {
            cx.about(flight.tag);
        }
        cx.enter(stage);
        self.about_the_latest(cx);
    }

    /// What is told is about the message that is being written, unless something else is said.
    pub(super) fn about_the_latest(&self, cx: &mut Context<'_>) {
        if let Some(flight) = self.flights.back() {
            cx.about(flight.tag);
        }
    }

    /// The stage whose patience counts: that of the answer that is due.
    fn stage(&self, otherwise: Stage) -> Stage {
        let taken = self.session.channel.taken();
        let due = self.questions.front();
        due.map_or(otherwise, |due| due.asked.stage(due.end > taken))
    }

    /// Matches what was received with what was asked, one to one; whether there was anything.
    pub(super) fn take_answers(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let matched = self.match_answers(cx);
        matched.map_err(|(cause, own)| self.fall(cx, cause, own))
    }

    /// The same, and what becomes of the connection is left to the caller.
    pub(super) fn match_answers(&mut self, cx: &mut Context<'_>) -> Result<bool, (Cause, Own)> {
        let received = std::mem::take(self.session.channel.pending());
        let mut at = 0_usize;
        let mut fate = Ok(());
        while let Some(question) = self.questions.front().copied() {
            let rest = received.get(at..).unwrap_or_default();
            match reply::scan(rest) {
                Ok(Some((code, octets))) => {
                    at = at.saturating_add(octets);
                    self.questions.pop_front();
                    self.answers = self.answers.saturating_add(1);
                    let said = rest.get(..octets).unwrap_or_default();
                    let more = received.get(at..).unwrap_or_default();
                    let judged = match self.is_one_too_many(question, more) {
                        true => self.doubt(cx, question, code, said),
                        false => self.answer(cx, question, code, said),
                    };
                    fate = judged.map_err(|cause| (cause, Own::Oldest));
                }
                Ok(None) => break,
                Err(fault) => fate = Err((cx.malformed(fault, rest), Own::Nobody)),
            }
            if fate.is_err() {
                break;
            }
        }
        // What nobody asked for stays, and is met by whoever asks next.
        let pending = self.session.channel.pending();
        *pending = received;
        pending.drain(..at);
        if at > 0 {
            self.session.heard = Instant::now();
        }
        fate.map(|()| at > 0)
    }

    /// Whether more was said than asked, which shows with the last answer. Where several were asked at
    /// a time nobody can tell which one was too many. A farewell is none.
    fn is_one_too_many(&self, question: Question, more: &[u8]) -> bool {
        let last = self.questions.is_empty() && question.asked == Asked::End && !self.lockstep;
        last && !more.is_empty() && !more.starts_with(b"421")
    }

    /// Takes no reply for one of this message's.
    fn doubt(
        &mut self,
        cx: &Context<'_>,
        question: Question,
        code: u16,
        said: &[u8],
    ) -> Result<(), Cause> {
        let index = question.flight.saturating_sub(self.oldest);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(flight) = self.flights.get_mut(index) {
            let answer = cx.answer(&Reply::scanned(code, said));
            flight.doubt(answer, question.end > self.session.channel.taken());
        }
        Err(Cause::Unsolicited)
    }

    fn answer(
        &mut self,
        cx: &mut Context<'_>,
        question: Question,
        code: u16,
        said: &[u8],
    ) -> Result<(), Cause> {
        let index = question.flight.saturating_sub(self.oldest);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(flight) = self.flights.get_mut(index) else {
            return Err(Cause::Unsolicited);
        };
        let early = question.end > self.session.channel.taken();
        // What servers say nearly always, and nobody wants to see.
        if matches!(question.asked, Asked::Reset | Asked::Mail)
            && (code, early) == (250, false)
            && !cx.wants_lines()
            && !flight.closing
        {
            flight.passed(question.asked);
            return Ok(());
        }
        let answer = &match question.asked {
            Asked::Rcpt(_) => self.usual.shown(cx, code, said),
            _ => cx.answer(&Reply::scanned(code, said)),
        };
        cx.about(flight.tag);
        std::mem::swap(&mut cx.record, &mut flight.record);
        // What follows from a refusal does not move its stage.
        if flight.refusal.is_none() {
            cx.record.stage = question.asked.stage(early);
        }
        cx.log_answer(answer);
        let judged = flight.answered(cx, question.asked, answer, early, self.closing);
        std::mem::swap(&mut cx.record, &mut flight.record);
        self.about_the_latest(cx);
        judged?;
        match question.asked {
            // From here on whatever is said is said to the content.
            Asked::Data if code == 354 => self.question(Asked::End, OPEN),
            // Without RSET no other message can follow over this connection.
            Asked::Reset if code >= 400 => self.session.broken = true,
            // A refused BDAT may leave the transaction open; RSET sees to it before the next.
            Asked::End if is_acceptance(code) && index.saturating_add(1) == self.flights.len() => {
                self.session.open = false;
            }
            _ => {}
        }
        self.complete(cx);
        Ok(())
    }
}
