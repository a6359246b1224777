//! A send through the library's own session code, over memory.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, SupportedProtocolVersion};
use secsmtp::channel::{Cleartext, Probed, Verified};
use secsmtp::channel::{ProbeSetup, Setup};
use secsmtp::credential::Credential;
use secsmtp::deadline::Timeouts;
use secsmtp::error::{Error, Outcome, Record};
use secsmtp::log::{Level, Log, Watcher};
use secsmtp::message::Message;
use secsmtp::smtp::{
    Context, NextMessage, Opening, Session, StreamEnd, Window, upgrade, upgrade_probe,
};
use secsmtp::trust::{Host, Policy, TlsMode};
use secsmtp_testservers::{CertKind, Pki};

use super::peer::{Dialogue, Peer};
use super::stream_of;
use super::transport::{Fault, Memory};

pub(crate) const HOST: &str = "mail.test";
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "a-Secret hard to guess";
pub(crate) const FROM: &str = "alice.sender@mail.test";
pub(crate) const TO: &str = "bob.recipient@mail.test";
pub(crate) const CONTENT: &str = "Subject: The content marker\r\n\r\n.A line of the body\r\n";

/// A server's identity, a policy that trusts its key, a login and a message: made once.
pub(crate) struct World {
    pub(crate) server: Arc<ServerConfig>,
    setups: [Setup; 2],
    /// The parameters of the setup for implicit TLS.
    pub(crate) policy: Policy,
    pub(crate) credential: Credential,
    pub(crate) message: Message,
    /// The maximum age of the last reply for content to be sent together with MAIL: always, or with zero never.
    pub(crate) reply_age: Duration,
}

/// The end of a send.
pub(crate) struct Ended {
    pub(crate) result: Result<(), Error>,
    pub(crate) memory: Memory,
    pub(crate) log: String,
}

impl Ended {
    /// The result of the message.
    pub(crate) fn outcome(&self) -> Outcome {
        self.result
            .as_ref()
            .map_or_else(|error| error.record.outcome, |()| Outcome::Accepted)
    }
}

type Logged = Session<Verified<Memory>>;

/// Sends one message over a session.
fn send_one(
    session: &mut Logged,
    cx: &mut Context<'_>,
    message: &Message,
    base: Record,
) -> Result<(), Error> {
    let mut left = Some(message.prepare()?);
    let mut result = None;
    let next = || {
        left.take()
            .map_or(NextMessage::End, |message| NextMessage::Message(0, message))
    };
    session.send_all(
        cx,
        Window::default(),
        &stream_of(next, |_, it| result = Some(it)),
        base,
    );
    result.expect("a result").map(|_| ())
}

/// A session that outlives a message: what one costs is then the message's own.
pub(crate) struct Kept {
    session: Logged,
    pub(crate) memory: Memory,
}

impl Kept {
    /// Sends a message; what was noted of the messages before is forgotten.
    pub(crate) fn send(&mut self, message: &Message) -> Result<(), Error> {
        self.memory.state().forget();
        send_one(&mut self.session, &mut quiet(), message, Record::default())
    }

    /// True if another message may follow.
    pub(crate) fn can_go_on(&self) -> bool {
        self.session.can_go_on()
    }
}

fn quiet() -> Context<'static> {
    Context::new(HOST, 465, Timeouts::default(), Log::off())
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(&rustls::version::TLS13)
    }

    /// One whose server speaks this version of TLS.
    pub(crate) fn over(version: &'static SupportedProtocolVersion) -> Self {
        let pki = Pki::new(&[HOST]);
        let identity = pki.identity();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .expect("an identity");
        server.send_tls13_tickets = 1;
        // For what a TLS library can't be brought to say.
        server.enable_secret_extraction = true;
        let policy = |mode| {
            let mut policy = Policy::new();
            policy.tls_mode = mode;
            policy
                .add_pin(&pki.spki_pin(CertKind::Leaf))
                .expect("a pin");
            policy
        };
        let setup = |mode| {
            let policy = policy(mode);
            Setup::new(&Arc::new(policy), &Host::parse(HOST).expect("a host")).expect("a setup")
        };
        let mut message = Message::new();
        message.set_sender(FROM).expect("an address");
        message.add_recipient(TO).expect("an address");
        message.set_content(CONTENT.as_bytes()).expect("content");
        Self {
            server: Arc::new(server),
            setups: [setup(TlsMode::Implicit), setup(TlsMode::Starttls)],
            policy: policy(TlsMode::Implicit),
            credential: Credential::password(USER, PASSWORD.as_bytes()).expect("a login"),
            message,
            reply_age: Duration::MAX,
        }
    }

    fn context<'a>(&self, log: Log<'a>) -> Context<'a> {
        let mut timeouts = Timeouts::default();
        timeouts.set_reply_age(self.reply_age);
        Context::new(HOST, 465, timeouts, log)
    }

    /// Sends the world's message to this dialogue, with a fault on the way.
    pub(crate) fn send(
        &self,
        mode: TlsMode,
        dialogue: Box<dyn Dialogue>,
        fault: Option<Fault>,
    ) -> Ended {
        let implicit = mode == TlsMode::Implicit;
        let peer = Peer::new(Arc::clone(&self.server), implicit, dialogue);
        self.send_to(mode, Memory::new(peer, fault))
    }

    /// Sends the world's message over this connection.
    pub(crate) fn send_to(&self, mode: TlsMode, memory: Memory) -> Ended {
        let mut log = String::new();
        let mut sink = |_: Level, _, text: &str| {
            log.push_str(text);
            log.push('\n');
        };
        let result = {
            let log = Log::to(&mut sink, Level::Debug);
            let mut cx = self.context(log);
            self.run(mode, memory.clone(), &mut cx)
        };
        Ended {
            result,
            memory,
            log,
        }
    }

    /// Sends the world's message over this connection, and gives the progress that is reported.
    pub(crate) fn progress(&self, memory: Memory) -> Vec<u64> {
        struct Progress(Vec<u64>);
        impl Watcher for Progress {
            fn progress(&mut self, written: u64, _: Option<u64>) {
                self.0.push(written);
            }
        }
        let mut progress = Progress(Vec::new());
        let mut cx = self.context(Log::events(&mut progress));
        let _ = self.run(TlsMode::Implicit, memory, &mut cx);
        progress.0
    }

    /// Looks at the peer, over implicit TLS.
    pub(crate) fn probe(&self, memory: Memory) -> Result<(), Error> {
        let mut cx = quiet();
        let host = Host::parse(HOST).expect("a host");
        let setup = ProbeSetup::new(&self.policy, &host)?;
        let mut opening = Opening::new(&mut cx, Record::default());
        let probed = upgrade_probe(Cleartext::new(memory), &setup, &mut opening)?;
        let session = Session::<Probed<_>>::open(probed, &mut opening)?;
        session.quit(&mut cx);
        Ok(())
    }

    /// Streams the world's message so many times, and gives what became of each.
    pub(crate) fn stream(
        &self,
        messages: usize,
        dialogue: Box<dyn Dialogue>,
        fault: Option<Fault>,
    ) -> (Vec<Result<Record, Error>>, Memory) {
        let peer = Peer::new(Arc::clone(&self.server), true, dialogue);
        let memory = Memory::new(peer, fault);
        let mut numbers = 0..messages as u64;
        let next = || {
            let number = numbers.next();
            number.map_or(NextMessage::End, |n| {
                NextMessage::Message(n, self.message.prepare().expect("a message"))
            })
        };
        let (_, results) = self.stream_over(memory.clone(), next);
        (results, memory)
    }

    /// Streams what `next` gives, over this connection.
    pub(crate) fn stream_over(
        &self,
        memory: Memory,
        next: impl FnMut() -> NextMessage,
    ) -> (Option<StreamEnd>, Vec<Result<Record, Error>>) {
        let mut cx = self.context(Log::off());
        let mut results = Vec::new();
        let Ok((mut session, base)) = self.open(memory, &mut cx) else {
            return (None, results);
        };
        let done = |number, result| {
            assert_eq!(number as usize, results.len(), "in the order given");
            results.push(result);
        };
        let ended = session.send_all(&mut cx, Window::default(), &stream_of(next, done), base);
        session.quit(&mut cx);
        (Some(ended), results)
    }

    /// A session over implicit TLS that is logged in, for as many messages as it is good for.
    pub(crate) fn keep(&self, dialogue: Box<dyn Dialogue>) -> Kept {
        let peer = Peer::new(Arc::clone(&self.server), true, dialogue);
        let memory = Memory::new(peer, None);
        let session = self.open(memory.clone(), &mut quiet());
        Kept {
            session: session.expect("a server that logs in").0,
            memory,
        }
    }

    fn open(&self, memory: Memory, cx: &mut Context<'_>) -> Result<(Logged, Record), Error> {
        let mut opening = Opening::new(cx, Record::default());
        let verified = upgrade(Cleartext::new(memory), &self.setups[0], &mut opening)?;
        let mut session = Logged::open(verified, &mut opening, None)?;
        session.authenticate(&mut opening, &self.credential)?;
        Ok((session, opening.connection_record().message_record(false)))
    }

    /// The steps of `Client::send` from the connected stream on.
    fn run(&self, mode: TlsMode, memory: Memory, cx: &mut Context<'_>) -> Result<(), Error> {
        let (mut session, base) = match mode {
            TlsMode::Implicit => self.open(memory, cx)?,
            TlsMode::Starttls => {
                let mut opening = Opening::new(cx, Record::default());
                let clear = Cleartext::new(memory);
                let clear = Session::<Cleartext<_>>::open(clear, &mut opening)?;
                let mut session = clear.starttls(&mut opening, &self.setups[1], None)?;
                session.authenticate(&mut opening, &self.credential)?;
                (session, opening.connection_record().message_record(false))
            }
        };
        send_one(&mut session, cx, &self.message, base)?;
        session.quit(cx);
        Ok(())
    }
}
