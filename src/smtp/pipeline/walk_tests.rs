//! Every sequence of kinds of replies to some messages, on the pipeline alone: bytes in, commands and events
//! out. What is asserted of each are statements about its outcomes, not a copy of the rules.

use super::*;
use crate::error::{Error, Outcome};
use crate::message::Message;
use crate::smtp::parameters::parameters;
use crate::smtp::wire::ehlo::Capabilities;

/// Replies that are chosen; all behind them accept.
const DEPTH: usize = 7;

/// A kind of reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The reply that lets the transaction go on.
    Accept,
    /// 354, where it is not due.
    GoAhead,
    Reject,
    /// The reply that is due, and one more.
    Double,
    Malformed,
    /// 421, and an end of the connection that another host can have made.
    Closing,
    /// 421, and an orderly end of TLS.
    OrderlyClosing,
    /// An end of the connection; the last byte has left.
    Lost,
    /// An end of the connection; the last byte has not left.
    LostBeforeLastByte,
}

const CLASSES: [Class; 9] = [
    Class::Accept,
    Class::Reject,
    Class::GoAhead,
    Class::Double,
    Class::Malformed,
    Class::Closing,
    Class::OrderlyClosing,
    Class::Lost,
    Class::LostBeforeLastByte,
];

impl Class {
    /// The replies to a command.
    fn text(self, command: CommandKind) -> &'static str {
        match (self, command) {
            (Self::Accept, CommandKind::Data) => "354 go\r\n",
            (Self::Accept, _) => "250 ok\r\n",
            (Self::Double, CommandKind::Data) => "354 go\r\n250 more\r\n",
            (Self::Double, _) => "250-ok\r\n250 ok\r\n250 more\r\n",
            (Self::GoAhead, CommandKind::Data) => "250 what\r\n",
            (Self::GoAhead, _) => "354 what\r\n",
            (Self::Reject, _) => "450 4.2.0 later\r\n",
            (Self::Malformed, _) => "2x0 what\r\n",
            (Self::Closing | Self::OrderlyClosing, _) => "421 closing\r\n",
            (Self::Lost | Self::LostBeforeLastByte, _) => "",
        }
    }

    /// The codes of [`Self::text`].
    fn codes(self, command: CommandKind) -> Vec<u16> {
        let lines = self.text(command).lines();
        let last_lines = lines.filter(|line| line.as_bytes()[3] == b' ');
        last_lines
            .filter_map(|line| line[..3].parse().ok())
            .collect()
    }
}

/// The messages that are sent, and the extensions that the server offers.
#[derive(Debug, Clone, Copy)]
struct Case {
    features: Features,
    recipients: usize,
    partial: bool,
    messages: usize,
    is_idle: bool,
    /// The reply to the content comes before its last block.
    is_early: bool,
    filter: EventFilter,
}

const LOCKSTEP: Case = Case {
    features: Features {
        pipelining: false,
        chunking: false,
    },
    recipients: 1,
    partial: false,
    messages: 2,
    is_idle: false,
    is_early: false,
    filter: EventFilter {
        replies: true,
        progress: true,
    },
};

/// A command that was sent, and the message that it belongs to.
#[derive(Debug, Clone, Copy)]
struct Command {
    message: usize,
    kind: CommandKind,
}

/// One sequence.
struct Run<'a> {
    case: Case,
    sequence: &'a [Class],
    pipeline: Pipeline,
    redactor: Redactor,
    /// Commands, each of which has one reply.
    commands: Vec<Command>,
    /// Kinds that were chosen so far, and the codes of the replies that the pipeline took.
    chosen: usize,
    codes: Vec<u16>,
    /// The bytes that were received and not taken.
    unread: Vec<u8>,
    queued: u64,
    /// Text that has not left at the end.
    unsent: u64,
    /// The end of each message's content.
    ends: Vec<Option<u64>>,
    results: Vec<Vec<Result<Record, Error>>>,
}

impl<'a> Run<'a> {
    fn new(case: Case, sequence: &'a [Class]) -> Self {
        Self {
            case,
            sequence,
            pipeline: Pipeline::new(case.features, false, 0, case.filter),
            redactor: Redactor::default(),
            commands: Vec::new(),
            chosen: 0,
            codes: Vec::new(),
            unread: Vec::new(),
            queued: 0,
            unsent: 0,
            ends: vec![None; case.messages],
            results: (0..case.messages).map(|_| Vec::new()).collect(),
        }
    }

    fn progress(&self) -> WriteProgress {
        WriteProgress {
            sent: self.queued - self.unsent,
            partially_sent: self.queued,
        }
    }

    /// Sends all messages, as far as the connection goes; returns how many were begun.
    fn play(&mut self, message: &Prepared) -> usize {
        for number in 0..self.case.messages {
            if self.pipeline.is_closed() {
                self.finish();
                return number;
            }
            let parameters = parameters(&Capabilities::default(), message).unwrap();
            self.pipeline.begin(NewMessage {
                message: message.clone(),
                parameters,
                record: Record {
                    recipients: message.recipients_not_sent(),
                    ..Record::default()
                },
                id: number as u64,
                deadline: Deadline::NEVER,
                is_idle: self.case.is_idle,
            });
            if let Err(failure) = self.send(number) {
                self.fail(&failure);
                return number + 1;
            }
        }
        self.finish();
        self.case.messages
    }

    fn finish(&mut self) {
        while self.pipeline.len() > 0 {
            if let Err(failure) = self.reply() {
                return self.fail(&failure);
            }
        }
    }

    fn send(&mut self, message: usize) -> Result<(), Failure> {
        let mut pieces = 0;
        loop {
            let mut line = Vec::new();
            let unread = Unread {
                bytes: &self.unread,
                redactor: &self.redactor,
            };
            match self.pipeline.step(&mut line, unread)? {
                Step::Send(kind) => {
                    assert!(line.ends_with(b"\r\n"));
                    self.queued += line.len() as u64;
                    self.commands.push(Command { message, kind });
                }
                Step::Content => {
                    pieces += 1;
                    self.send_piece(message, pieces)?;
                }
                Step::Wait => self.reply()?,
                Step::Ready => {
                    self.pipeline.report_finished(self.progress());
                    self.take_events();
                    return Ok(());
                }
            }
        }
    }

    /// The content has two pieces of 10 bytes.
    fn send_piece(&mut self, message: usize, piece: usize) -> Result<(), Failure> {
        let last = piece == 2;
        if self.case.features.chunking {
            let mut line = Vec::new();
            let unread = Unread {
                bytes: &self.unread,
                redactor: &self.redactor,
            };
            let kind = self.pipeline.queue_chunk(10, last, &mut line, unread)?;
            self.queued += line.len() as u64;
            self.commands.push(Command { message, kind });
        } else if last && self.case.is_early {
            self.reply()?;
        }
        self.queued += 10;
        if last {
            self.ends[message] = Some(self.queued);
        }
        match self.case.features.chunking {
            true => Ok(()),
            false => self.pipeline.queue_block(10, last),
        }
    }

    /// Receive what the sequence has for the next command.
    fn reply(&mut self) -> Result<(), Failure> {
        let command = self.commands[self.codes.len()];
        let class = self.sequence.get(self.chosen).copied();
        let class = class.unwrap_or(Class::Accept);
        self.chosen += 1;
        if class.text(command.kind).starts_with("354") && command.kind == CommandKind::Data {
            // The content has its own reply.
            let kind = CommandKind::ContentEnd;
            self.commands.push(Command { kind, ..command });
        }
        self.unread
            .extend_from_slice(class.text(command.kind).as_bytes());
        let before = self.pipeline.replies_taken();
        let unread = Unread {
            bytes: &self.unread,
            redactor: &self.redactor,
        };
        let (taken, matched) = self.pipeline.input(unread, self.progress());
        let replies = usize::try_from(self.pipeline.replies_taken() - before).unwrap();
        self.codes
            .extend(class.codes(command.kind).into_iter().take(replies));
        self.unread.drain(..taken);
        self.take_events();
        matched?;
        match class {
            Class::Lost | Class::LostBeforeLastByte => {
                self.unsent = u64::from(class == Class::LostBeforeLastByte);
                let kind = std::io::ErrorKind::ConnectionReset;
                Err(Cause::Lost { kind }.into())
            }
            Class::Closing | Class::OrderlyClosing => panic!("the connection goes on behind 421"),
            _ => Ok(()),
        }
    }

    fn fail(&mut self, failure: &Failure) {
        self.pipeline.note_reply(failure);
        if failure.cause == Cause::Closing {
            self.pipeline.set_closing();
            self.pipeline.report_finished(self.progress());
            if self.sequence.contains(&Class::OrderlyClosing) {
                self.pipeline.set_unprocessed();
            }
        }
        self.pipeline.abort(failure, self.progress());
        self.take_events();
        assert!(self.pipeline.is_closed() && self.pipeline.len() == 0);
    }

    fn take_events(&mut self) {
        while let Some(event) = self.pipeline.poll_event() {
            let (id, result) = match event {
                Event::Done(id, result) => (id, Some(result)),
                Event::Reply(id, ..) | Event::Recipient(id, ..) => (id, None),
                Event::Progress(id, _) | Event::Accepted(id) => (id, None),
            };
            let results = &mut self.results[usize::try_from(id).unwrap()];
            assert!(results.is_empty(), "an event behind the result of {id}");
            results.extend(result);
        }
    }

    /// The replies to the commands of a message that were taken.
    fn replies_to(&self, message: usize) -> impl Iterator<Item = (CommandKind, u16)> {
        let taken = self.commands.iter().zip(&self.codes);
        let own = taken.filter(move |(command, _)| command.message == message);
        own.map(|(command, code)| (command.kind, *code))
    }

    /// Returns whether each command has the reply that accepts the message.
    fn is_accepted_throughout(&self, message: usize) -> bool {
        let replies: Vec<_> = self.replies_to(message).collect();
        let rcpt = |(kind, code): &&(CommandKind, u16)| {
            matches!(kind, CommandKind::Rcpt(_)) && is_acceptance(*code)
        };
        let accepted = replies.iter().filter(rcpt).count();
        let enough = match self.case.partial {
            true => accepted > 0,
            false => accepted == self.case.recipients,
        };
        let others = replies.iter().all(|(kind, code)| match kind {
            CommandKind::Rcpt(_) => true,
            CommandKind::Data => *code == 354,
            _ => is_acceptance(*code),
        });
        let has_end = replies
            .iter()
            .any(|(kind, _)| *kind == CommandKind::ContentEnd);
        enough && others && has_end
    }

    /// Assert what is true of every sequence, and return the outcomes.
    fn check(&self, begun: usize) -> Vec<Outcome> {
        assert!(
            self.codes.len() <= self.commands.len(),
            "more replies than commands"
        );
        let is_closing = self.codes.contains(&421);
        let sent = self.progress().sent;
        let mut outcomes = Vec::new();
        for message in 0..begun {
            let [result] = &self.results[message][..] else {
                panic!("{} results", self.results[message].len());
            };
            let record = match result {
                Ok(record) => record,
                Err(error) => &error.record,
            };
            let is_whole = self.ends[message].is_some_and(|end| end <= sent);
            let is_accepted = self.is_accepted_throughout(message);
            let content_reply = self
                .replies_to(message)
                .find(|(kind, _)| *kind == CommandKind::ContentEnd);
            match record.outcome {
                Outcome::Accepted => {
                    assert!(result.is_ok());
                    assert!(is_whole && is_accepted, "accepted, and not by each reply");
                }
                Outcome::Refused => {
                    let mut replies = self.replies_to(message);
                    assert!(
                        replies.any(|(_, code)| code >= 400 && code != 421),
                        "refused by no reply"
                    );
                }
                Outcome::Unknown => {
                    assert!(is_whole, "in doubt without its last byte");
                    let doubled = self.sequence.contains(&Class::Double);
                    assert!(!is_accepted || doubled, "in doubt although accepted");
                    let clean = |(_, code): (CommandKind, u16)| code < 400 || code == 421;
                    let refused = content_reply.is_some_and(|reply| !clean(reply));
                    assert!(!refused || doubled, "in doubt although rejected");
                }
                Outcome::NotSent => {
                    assert!(!is_whole || is_closing, "left whole, and called not sent");
                }
                Outcome::None => panic!("a message without an outcome"),
            }
            let left = self.ends[message].is_some_and(|end| end - 20 < self.queued);
            assert!(!left || record.content_released, "content left unsaid");
            outcomes.push(record.outcome);
        }
        let unbegun = self.results.iter().skip(begun);
        assert!(unbegun.into_iter().all(Vec::is_empty));
        outcomes
    }
}

fn message(case: Case) -> Prepared {
    let mut message = Message::new();
    message.set_sender("a@mail.test").unwrap();
    for number in 0..case.recipients {
        message
            .add_recipient(&format!("{number}@mail.test"))
            .unwrap();
    }
    message.partial = case.partial;
    message.set_content(b"Subject: x\r\n\r\nx\r\n").unwrap();
    message.prepare().unwrap()
}

/// Visit all sequences that begin with `prefix` and that the connection asks for.
fn visit(case: Case, message: &Prepared, prefix: &mut Vec<Class>, seen: &mut [usize; 5]) {
    for class in CLASSES {
        prefix.push(class);
        let mut run = Run::new(case, prefix);
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let begun = run.play(message);
            run.check(begun)
        }));
        let outcomes = checked.unwrap_or_else(|_| panic!("{prefix:?} in {case:?}"));
        outcomes.iter().for_each(|one| seen[*one as usize] += 1);
        let goes_on = run.chosen > prefix.len() && prefix.len() < DEPTH;
        if goes_on {
            visit(case, message, prefix, seen);
        }
        prefix.pop();
    }
}

/// Walk all sequences; each outcome occurs.
fn walk(case: Case) {
    let mut seen = [0; 5];
    visit(case, &message(case), &mut Vec::new(), &mut seen);
    let [none, outcomes @ ..] = seen;
    assert!(
        none == 0 && outcomes.iter().all(|count| *count > 0),
        "{seen:?} in {case:?}"
    );
}

fn each_form(case: Case) {
    for (pipelining, chunking) in [(false, false), (false, true), (true, false), (true, true)] {
        walk(Case {
            features: Features {
                pipelining,
                chunking,
            },
            ..case
        });
    }
}

#[test]
fn h10_h13_h14_each_sequence_of_replies_to_two_messages_gives_each_its_own_outcome() {
    each_form(LOCKSTEP);
}

#[test]
fn h14_h15_each_sequence_of_replies_to_three_messages_that_are_not_logged() {
    each_form(Case {
        messages: 3,
        filter: EventFilter {
            replies: false,
            progress: false,
        },
        ..LOCKSTEP
    });
}

#[test]
fn g15_g16_h14_each_sequence_of_replies_to_messages_to_several_recipients() {
    for partial in [false, true] {
        each_form(Case {
            recipients: 2,
            partial,
            ..LOCKSTEP
        });
    }
}

#[test]
fn j04_each_sequence_of_replies_where_the_last_reply_is_old() {
    each_form(Case {
        is_idle: true,
        ..LOCKSTEP
    });
}

#[test]
fn h12_each_sequence_of_replies_of_which_one_comes_before_the_end_of_the_content() {
    for pipelining in [false, true] {
        let mut seen = [0; 5];
        let case = Case {
            features: Features {
                pipelining,
                chunking: false,
            },
            is_early: true,
            ..LOCKSTEP
        };
        visit(case, &message(case), &mut Vec::new(), &mut seen);
        let [_, not_sent, refused, accepted, unknown] = seen;
        // A reply before its content is no acceptance, and nothing left whole.
        assert!(
            not_sent > 0 && refused > 0 && accepted == 0 && unknown == 0,
            "{seen:?}"
        );
    }
}

/// A message that is given up at any point has its result at once, and the others keep theirs.
#[test]
fn a_message_given_up_at_any_point_has_one_result_and_the_others_their_own() {
    for (pipelining, chunking) in [(true, false), (true, true)] {
        let case = Case {
            features: Features {
                pipelining,
                chunking,
            },
            messages: 3,
            ..LOCKSTEP
        };
        let prepared = message(case);
        for given_up in 0..case.messages {
            for replies_before in 0..14 {
                let mut run = Run::new(case, &[]);
                give_up_at(&mut run, &prepared, given_up, replies_before);
            }
        }
    }
}

fn give_up_at(run: &mut Run<'_>, prepared: &Prepared, given_up: usize, replies_before: usize) {
    for number in 0..run.case.messages {
        let parameters = parameters(&Capabilities::default(), prepared).unwrap();
        run.pipeline.begin(NewMessage {
            message: prepared.clone(),
            parameters,
            record: Record {
                recipients: prepared.recipients_not_sent(),
                ..Record::default()
            },
            id: number as u64,
            deadline: Deadline::NEVER,
            is_idle: false,
        });
        run.send(number).unwrap();
    }
    let mut left = replies_before;
    while run.pipeline.len() > 0 && left > 0 {
        run.reply().unwrap();
        left -= 1;
    }
    let was_done = !run.results[given_up].is_empty();
    let progress = run.progress();
    let id = given_up as u64;
    let outcome = run
        .pipeline
        .give_up(|one| one.id == id, &Cause::Cancelled, progress);
    run.take_events();
    match outcome {
        Ok(reported) => assert_eq!(reported, !was_done),
        Err(failure) => run.fail(&failure),
    }
    run.finish();
    for (number, results) in run.results.iter().enumerate() {
        let [result] = &results[..] else {
            panic!("{} results of {number}", results.len());
        };
        match (number == given_up && !was_done, result) {
            (false, result) => assert!(result.is_ok(), "{number} beside {given_up}: {result:?}"),
            (true, Err(error)) => {
                assert_eq!(*error.cause, Cause::Cancelled);
                assert_eq!(error.record.outcome, Outcome::Unknown);
            }
            (true, Ok(_)) => panic!("{number} was given up"),
        }
    }
}
