//! The other end: a live TLS server that is fed bytes and gives bytes, around a dialogue.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::{ContentType, ServerConfig, ServerConnection};

use super::esmtp::Point;
use super::sealed::Sealed;

/// An action of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says these bytes.
    Say(Vec<u8>),
    /// Send these bytes, as the reply that is due here.
    Reply(Point, Vec<u8>),
    /// Begins TLS.
    StartTls,
    /// A message was received to its end.
    Taken,
    /// Says these bytes for ever, each time that the client would have to wait.
    Flood(Vec<u8>),
    /// Changes the keys of TLS for ever, likewise.
    FloodKeys,
    /// Puts these bytes on the line, beside TLS.
    Raw(Vec<u8>),
    /// Says one record of this type, sealed by hand; from here on all are.
    Seal(ContentType, Vec<u8>),
    /// Send these bytes endlessly, as the reply that is due here.
    FloodSealed(ContentType, Vec<u8>),
    /// Closes, in order.
    Close,
}

/// A reply, and after how many bytes to the client it is there whole.
pub(crate) struct Reply {
    pub(crate) point: Point,
    pub(crate) said: Vec<u8>,
    pub(crate) end: u64,
}

/// The dialogue that answers the client.
pub(crate) trait Dialogue: Send {
    /// The first words.
    fn begin(&mut self) -> Vec<Act>;
    /// Returns the actions of the dialogue for the received bytes.
    fn hear(&mut self, bytes: &[u8]) -> Vec<Act>;
}

/// The peer, with all received bytes and the positions that decide an outcome.
pub(crate) struct Peer {
    config: Arc<ServerConfig>,
    tls: Option<ServerConnection>,
    sealed: Option<Sealed>,
    begun: bool,
    dialogue: Box<dyn Dialogue>,
    out: VecDeque<u8>,
    said: u64,
    closed: bool,
    flood: Option<Act>,
    /// Bytes said by floods.
    pub(crate) flooded: u64,
    /// The change of a middlebox in the ClientHello.
    pub(crate) tamper: Option<fn(&mut Vec<u8>)>,
    /// Words that go with the last of the handshake.
    pub(crate) eager: Option<Vec<u8>>,
    /// Everything received, as it came.
    pub(crate) raw: Vec<u8>,
    /// Bytes received in clear text before TLS.
    pub(crate) clear: Vec<u8>,
    /// Bytes received inside TLS.
    pub(crate) inside: Vec<u8>,
    /// The number of bytes sent to the client and received from it when the handshake was complete.
    pub(crate) handshake_at: (u64, u64),
    /// For each message, after how many bytes from the client it was there whole.
    pub(crate) taken_at: Vec<u64>,
    /// For each answer to a message, after how many bytes to the client it is there whole.
    pub(crate) answered_at: Vec<u64>,
    /// All replies, in order.
    pub(crate) replies: Vec<Reply>,
}

impl Peer {
    /// A peer that speaks TLS from the first byte, or only when its dialogue says so.
    pub(crate) fn new(
        config: Arc<ServerConfig>,
        implicit: bool,
        dialogue: Box<dyn Dialogue>,
    ) -> Self {
        let mut peer = Self {
            config,
            tls: None,
            sealed: None,
            begun: false,
            dialogue,
            out: VecDeque::new(),
            said: 0,
            closed: false,
            flood: None,
            flooded: 0,
            tamper: None,
            eager: None,
            raw: Vec::new(),
            clear: Vec::new(),
            inside: Vec::new(),
            handshake_at: (0, 0),
            taken_at: Vec::new(),
            answered_at: Vec::new(),
            replies: Vec::new(),
        };
        if implicit {
            peer.start_tls();
        } else {
            peer.begin();
        }
        peer
    }

    /// Bytes that were sent and not yet read.
    pub(crate) fn outgoing(&mut self) -> &mut VecDeque<u8> {
        &mut self.out
    }

    /// Goes on with a flood, when all that was said is read.
    pub(crate) fn refill(&mut self) {
        if !self.out.is_empty() || self.closed {
            return;
        }
        let before = self.said;
        match self.flood.clone() {
            Some(Act::Flood(bytes)) => self.say(&bytes),
            Some(Act::FloodKeys) => {
                if let Some(tls) = &mut self.tls {
                    tls.refresh_traffic_keys().expect("TLS 1.3");
                }
                self.flush();
            }
            Some(Act::FloodSealed(kind, payload)) => self.seal(kind, &payload),
            _ => {}
        }
        self.flooded += self.said - before;
    }

    /// Begins a new record of received and sent bytes.
    pub(crate) fn forget(&mut self) {
        for received in [&mut self.raw, &mut self.clear, &mut self.inside] {
            received.clear();
        }
        self.taken_at.clear();
        self.answered_at.clear();
        self.replies.clear();
    }

    /// The number of bytes sent so far, close_notify included.
    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    /// Returns whether nothing more will be sent.
    pub(crate) fn has_closed(&self) -> bool {
        self.closed
    }

    /// Takes bytes; `total` is how many came in all.
    pub(crate) fn receive(&mut self, bytes: &[u8], total: u64) {
        self.raw.extend_from_slice(bytes);
        if let Some(sealed) = &mut self.sealed {
            match sealed.open(bytes) {
                Some(received) if received.is_empty() => {}
                Some(received) => self.hear_inside(&received, total),
                None => self.closed = true,
            }
            return;
        }
        let Some(tls) = &mut self.tls else {
            self.clear.extend_from_slice(bytes);
            if !self.closed {
                self.hear(bytes, total);
            }
            return;
        };
        let mut rest = bytes;
        let mut received = Vec::new();
        let began = tls.is_handshaking();
        while !rest.is_empty() {
            if tls.read_tls(&mut rest).is_err() || tls.process_new_packets().is_err() {
                self.flush();
                self.closed = true;
                return;
            }
            let _ = tls.reader().read_to_end(&mut received);
        }
        let greets = !self.begun && !tls.is_handshaking();
        if began && !tls.is_handshaking() {
            self.handshake_at = (self.said, total);
            let words = self.eager.take().unwrap_or_default();
            tls.writer()
                .write_all(&words)
                .expect("room for a few words");
        }
        self.flush();
        if greets {
            self.begin();
        }
        if !received.is_empty() {
            self.hear_inside(&received, total);
        }
    }

    /// A peer that has closed still gets bytes that were written before the close was seen, and ignores them.
    fn hear_inside(&mut self, received: &[u8], total: u64) {
        self.inside.extend_from_slice(received);
        if !self.closed {
            self.hear(received, total);
        }
    }

    fn begin(&mut self) {
        self.begun = true;
        let acts = self.dialogue.begin();
        self.act(acts, 0);
    }

    fn hear(&mut self, bytes: &[u8], total: u64) {
        let acts = self.dialogue.hear(bytes);
        self.act(acts, total);
    }

    fn act(&mut self, acts: Vec<Act>, total: u64) {
        for act in acts {
            match act {
                Act::Say(bytes) => self.say(&bytes),
                Act::Reply(point, said) => {
                    self.say(&said);
                    let end = self.said;
                    if point == Point::Content {
                        self.answered_at.push(end);
                    }
                    self.replies.push(Reply { point, said, end });
                }
                Act::StartTls => self.start_tls(),
                Act::Taken => self.taken_at.push(total),
                Act::Flood(_) | Act::FloodKeys | Act::FloodSealed(..) => self.flood = Some(act),
                Act::Raw(bytes) => self.put(&bytes),
                Act::Seal(kind, payload) => self.seal(kind, &payload),
                Act::Close => self.close(),
            }
        }
    }

    fn start_tls(&mut self) {
        let config = Arc::clone(&self.config);
        self.tls = Some(ServerConnection::new(config).expect("a good configuration"));
    }

    fn seal(&mut self, kind: ContentType, payload: &[u8]) {
        if let Some(tls) = self.tls.take() {
            self.sealed = Some(Sealed::new(tls));
        }
        let sealed = self.sealed.as_mut().expect("TLS was begun");
        let record = sealed.seal(kind, payload);
        self.put(&record);
    }

    fn say(&mut self, bytes: &[u8]) {
        if self.sealed.is_some() {
            return self.seal(ContentType::ApplicationData, bytes);
        }
        match &mut self.tls {
            None => self.put(bytes),
            Some(tls) => {
                tls.writer().write_all(bytes).expect("room for a reply");
                self.flush();
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend(bytes);
        self.said += bytes.len() as u64;
    }

    fn flush(&mut self) {
        let mut records = Vec::new();
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            if tls.write_tls(&mut records).is_err() {
                break;
            }
        }
        if let Some(tamper) = self.tamper.take_if(|_| !records.is_empty()) {
            tamper(&mut records);
        }
        self.put(&records);
    }

    fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        self.flush();
        self.closed = true;
    }
}
