//! The expected outcome of each message of a stream, from the server's replies and how much of them
//! arrived. Each command has one reply, in order: where a server sends fewer or more, it is not known
//! can tell which answer is whose, and less is demanded.

use secsmtp::error::Outcome;
use secsmtp::smtp::wire::reply::parse;

use super::esmtp::Point;
use super::peer::Reply;
use super::transport::State;

/// The facts about each message of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) recipients: usize,
    pub(crate) partial: bool,
}

#[derive(Debug, Clone, Default)]
struct Fate {
    /// The server has its MAIL.
    begun: bool,
    /// The server has it whole.
    whole: bool,
    accepted: bool,
    refused: bool,
    sender_refused: bool,
    /// Recipients that were answered, and those of them that were taken.
    answered: usize,
    taken: usize,
    /// There is no recipient to deliver it to.
    void: bool,
    /// 421 was said to it.
    closing: bool,
}

/// The end of a dialogue before all commands have replies.
enum End {
    /// Nothing more came through, or what came did not fit.
    Lost,
    /// The server said 421.
    Closing,
}

/// The client's interpretation of the bytes at the position of one reply.
enum ReceivedReply {
    Code(u16),
    /// No reply.
    Malformed,
    /// Not all of one, or more than one.
    Shifted,
}

/// The message of each reply.
fn sorted(replies: &[Reply]) -> impl Iterator<Item = (usize, &Reply)> {
    let mut mails = 0_usize;
    replies.iter().filter_map(move |reply| {
        mails += usize::from(reply.point == Point::Mail);
        match reply.point {
            Point::Rset => Some((mails, reply)),
            Point::Mail | Point::Rcpt | Point::Data | Point::Chunk | Point::Content => {
                Some((mails - 1, reply))
            }
            _ => None,
        }
    })
}

/// The outcomes of this number of messages, if each command had one reply as long as it was read.
pub(crate) fn expected(state: &State, begun: usize, shape: Shape) -> Option<Vec<Outcome>> {
    let mut fates: Vec<Fate> = heard_of(&state.peer.inside, begun)
        .map(|(begun, whole)| Fate {
            begun,
            whole,
            ..Fate::default()
        })
        .collect();
    // The position of the first 421, and whether later bytes are still read.
    let (mut closing, mut over) = (None, false);
    // Its farewell has come through, and nothing but 421 before it.
    let mut silent = state.peer.has_closed() && state.to_client >= state.peer.said();
    for (index, reply) in sorted(&state.peer.replies) {
        if closing.is_some() {
            silent &= reply.said.is_empty() || reply.said.starts_with(b"421");
        }
        if over {
            continue;
        }
        if reply.end > state.to_client {
            over = true;
            continue;
        }
        match received(&reply.said) {
            ReceivedReply::Code(code) => {
                match fates[index].hear(reply.point, code, shape, closing.is_some()) {
                    Some(End::Closing) => drop(closing.get_or_insert(index)),
                    Some(End::Lost) => over = true,
                    None => {}
                }
            }
            ReceivedReply::Malformed => over = true,
            ReceivedReply::Shifted if is_last(state, reply) => over = true,
            ReceivedReply::Shifted => return None,
        }
    }
    let outcome = |(index, fate): (usize, &Fate)| {
        let passed_over = silent && !fate.closing && closing.is_some_and(|at| index > at);
        fate.outcome(passed_over)
    };
    Some(fates.iter().enumerate().map(outcome).collect())
}

/// The outcome of one message with one recipient, whose questions were answered by these codes.
pub(crate) fn outcome_of_one(whole: bool, answers: &[(Point, u16)]) -> Outcome {
    let mut fate = Fate {
        begun: true,
        whole,
        ..Fate::default()
    };
    let shape = Shape {
        recipients: 1,
        partial: false,
    };
    let fits = |(point, code): &(Point, u16)| fate.hear(*point, *code, shape, false).is_none();
    let _ = answers.iter().all(fits);
    fate.outcome(false)
}

/// Facts that hold for any shift of the replies: a message that the server does not have completely is neither accepted
/// nor in doubt, and what it has whole is not called unsent unless it said that it was closing.
pub(crate) fn is_possible(state: &State, reported: &[Outcome]) -> bool {
    let replies = &state.peer.replies;
    let closing = replies
        .iter()
        .any(|reply| reply.said.windows(3).any(|w| w == b"421"));
    let received = heard_of(&state.peer.inside, reported.len());
    reported
        .iter()
        .zip(received)
        .all(|(reported, (_, whole))| match reported {
            Outcome::Accepted | Outcome::Unknown => whole,
            Outcome::NotSent => !whole || closing,
            Outcome::Refused => true,
            Outcome::None => false,
        })
}

/// Returns whether the MAIL of each of this number of messages came in, and whether completely; a server that has
/// closed may not have looked at it.
fn heard_of(inside: &[u8], begun: usize) -> impl Iterator<Item = (bool, bool)> {
    let mut whole = vec![false; begun];
    let (mut mails, mut rest) = (0, inside);
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let (line, behind) = rest.split_at(end + 2);
        rest = behind;
        if line.starts_with(b"MAIL ") {
            mails += 1;
        } else if let Some(size) = line.strip_prefix(b"BDAT ") {
            let last = size.ends_with(b" LAST\r\n");
            let digits = size.iter().take_while(|byte| byte.is_ascii_digit());
            let size = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
            let Some(behind) = rest.get(size..) else {
                break;
            };
            rest = behind;
            whole[mails - 1] |= last;
        } else if line == b".\r\n" {
            whole[mails - 1] = true;
        }
    }
    let received = move |(index, whole)| (index < mails, whole);
    whole.into_iter().enumerate().map(received)
}

fn received(said: &[u8]) -> ReceivedReply {
    match parse(said) {
        Ok(Some((reply, taken))) if taken == said.len() => ReceivedReply::Code(reply.code),
        Ok(_) => ReceivedReply::Shifted,
        Err(_) => ReceivedReply::Malformed,
    }
}

/// Returns whether a partial reply stays partial, because no bytes follow it.
fn is_last(state: &State, reply: &Reply) -> bool {
    let part = matches!(parse(&reply.said), Ok(None));
    let said = |other: &Reply| other.end > reply.end && !other.said.is_empty();
    part && !state.peer.replies.iter().any(said)
}

impl Fate {
    /// Takes a reply in; how it ends the dialogue, if it does. `closing` if 421 was said before.
    fn hear(&mut self, point: Point, code: u16, shape: Shape, closing: bool) -> Option<End> {
        if self.closing {
            // It says no and yes, or no twice.
            if point == Point::Content {
                self.void = code >= 400;
            }
            return None;
        }
        let begins = matches!(point, Point::Rset | Point::Mail);
        let wanted = !self.refused && (self.taken > 0 || self.answered < shape.recipients);
        if code == 421 || closing && begins && code >= 400 {
            self.closing = true;
            self.answered += usize::from(point == Point::Rcpt);
            let all_rejected = self.taken == 0 && self.answered == shape.recipients;
            self.void |= all_rejected || begins;
            return Some(End::Closing);
        }
        match (point, code) {
            (Point::Rset | Point::Mail, ..300) => {}
            // The server may accept data after a rejected RSET all the same.
            (Point::Rset, 400..) => {
                self.refused = !self.begun;
                return Some(End::Lost);
            }
            (Point::Mail, 400..) => {
                (self.refused, self.sender_refused) = (true, true);
            }
            // Behind a refused sender it says nothing of the recipient.
            (Point::Rcpt, ..300) => {
                self.answered += 1;
                self.taken += usize::from(!self.sender_refused);
                self.count(shape);
            }
            (Point::Rcpt, 400..) => {
                self.answered += 1;
                self.count(shape);
            }
            (Point::Data, 354) | (Point::Chunk, ..300) if wanted => {}
            (Point::Content, ..300) if wanted => self.accepted = true,
            (Point::Data | Point::Chunk | Point::Content, 400..) => self.refused = true,
            // Some say so although they refused each recipient; they have not all of the content.
            (Point::Data, 354) | (Point::Chunk, ..300) => return Some(End::Lost),
            // An invalid reply puts a rejection in doubt: it may have belonged to another message.
            _ => {
                self.refused = false;
                return Some(End::Lost);
            }
        }
        None
    }

    /// A message that the server has not processed can't have been accepted.
    fn outcome(&self, passed_over: bool) -> Outcome {
        match self {
            Fate { accepted: true, .. } => Outcome::Accepted,
            Fate { refused: true, .. } => Outcome::Refused,
            Fate { whole: true, .. } if !self.void && !passed_over => Outcome::Unknown,
            _ => Outcome::NotSent,
        }
    }

    fn count(&mut self, shape: Shape) {
        let all = self.answered == shape.recipients;
        let refused = self.answered - self.taken;
        self.refused |= all && refused > 0 && (self.taken == 0 || !shape.partial);
    }
}
