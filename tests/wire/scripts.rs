//! Plays the catalogue's scripts (`tests/wire/scripts/*.peer`) to a client, and holds what came of
//! each against the script's expectation. Everything that a peer received in clear text, or that was
//! not ours, goes through the leak oracle.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secsmtp::client::Client;
use secsmtp::credential::Credential;
use secsmtp::error::{Cause, Error, Outcome, Record, Stage};
use secsmtp::log::{Level, Log};
use secsmtp::message::Message;
use secsmtp::status::TABLE;
use secsmtp::trust::{MinTls, Policy, TlsMode};
use secsmtp_testservers::{
    CertKind, CertSpec, Pki, Script, Scripted, ServerIdentity, SessionRecord,
};

use crate::leak_check;
use crate::memory::{CONTENT, FROM, HOST, PASSWORD, TO, USER};

/// So many scripts run at one time: most of them wait.
const AT_ONCE: usize = 16;
/// The client's timeout for the whole call. A call that reaches it has hung.
const WHOLE: Duration = Duration::from_secs(30);

/// The identities of a peer.
struct People {
    ours: Pki,
    stranger: Pki,
}

impl People {
    fn new() -> Self {
        Self {
            ours: Pki::new(&[HOST]),
            stranger: Pki::new(&[HOST]),
        }
    }

    fn identity(&self, name: &str) -> Option<ServerIdentity> {
        let issue = |spec: CertSpec| Some(self.ours.issue(&spec));
        match name {
            "ours" => Some(self.ours.identity()),
            "stranger" => Some(self.stranger.identity()),
            "next-key" => issue(CertSpec::new(&[HOST])),
            "other-name" => issue(CertSpec::new(&["canonical.test"])),
            "address" => issue(CertSpec::new(&["127.0.0.1"])),
            _ => None,
        }
    }

    fn policy(&self, settings: &Settings<'_>) -> Policy {
        let mut policy = Policy::new();
        let trust = settings.get("trust").unwrap_or("ca");
        if trust.contains("ca") {
            policy
                .add_ca(self.ours.pem(CertKind::Root).as_bytes())
                .expect("a CA");
        }
        if trust.contains("pin") {
            policy
                .add_pin(&self.ours.spki_pin(CertKind::Leaf))
                .expect("a pin");
        }
        if settings.get("mode") == Some("starttls") {
            policy.tls_mode = TlsMode::Starttls;
        }
        if settings.get("min-tls") == Some("1.3") {
            policy.min_tls = MinTls::V1_3;
        }
        policy
    }
}

/// The client's lines of a script.
struct Settings<'a>(&'a [(String, String)]);

impl Settings<'_> {
    const KEYS: [&'static str; 10] = [
        "mode",
        "trust",
        "min-tls",
        "timeout",
        "ehlo-name",
        "recipients",
        "partial",
        "to",
        "content",
        "content-size",
    ];

    fn get(&self, key: &str) -> Option<&str> {
        assert!(Self::KEYS.contains(&key), "{key}");
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    fn message(&self) -> Message {
        let mut message = Message::new();
        message.set_sender(FROM).expect("an address");
        message
            .add_recipient(&bytes_text(self.get("to").unwrap_or(TO)))
            .expect("an address");
        let more = self
            .get("recipients")
            .map_or(1, |n| n.parse().expect("a number"));
        for number in 1..more {
            message
                .add_recipient(&format!("number{number}.{TO}"))
                .expect("an address");
        }
        message.partial = self.get("partial") == Some("yes");
        let content = match (self.get("content"), self.get("content-size")) {
            (Some(text), _) => Script::bytes(text).expect("a text"),
            (None, Some(size)) => {
                let size = size.parse::<usize>().expect("a number");
                [CONTENT, &"a line of large content\r\n".repeat(size / 25)]
                    .concat()
                    .into_bytes()
            }
            (None, None) => CONTENT.as_bytes().to_vec(),
        };
        message.set_content(&content).expect("content");
        message
    }

    fn client(&self, policy: &Policy, server: &Scripted) -> Client {
        let unknown = self
            .0
            .iter()
            .find(|(key, _)| !Self::KEYS.contains(&key.as_str()));
        assert!(unknown.is_none(), "{unknown:?} is no setting");
        let client = Client::new(HOST, 0, policy).expect("a client");
        let address = server.addr();
        client
            .set_connect(&address.ip().to_string(), u32::from(address.port()))
            .expect("a peer");
        client.set_timeout(Stage::Local, WHOLE);
        for (key, value) in self.0 {
            if key == "timeout" {
                let (stage, milliseconds) = value.split_once(' ').expect("stage and time");
                let milliseconds = milliseconds.parse().expect("a number");
                client.set_timeout(stage_of(stage), Duration::from_millis(milliseconds));
            }
        }
        if let Some(name) = self.get("ehlo-name") {
            client.set_ehlo_name(name).expect("a name");
        }
        let login = Credential::password(USER, PASSWORD.as_bytes()).expect("a login");
        client.set_credential(Some(Arc::new(login)));
        client
    }
}

fn bytes_text(text: &str) -> String {
    String::from_utf8(Script::bytes(text).expect("a text")).expect("UTF-8")
}

fn stage_of(name: &str) -> Stage {
    Stage::ALL
        .into_iter()
        .find(|stage| stage.name() == name)
        .unwrap_or_else(|| panic!("{name}"))
}

/// Plays one script; what is wrong with what came of it.
fn play(people: &People, script: &Script) -> Result<(), String> {
    let server =
        Scripted::start(script.steps(|name| people.identity(name))?).map_err(|e| e.to_string())?;
    let settings = Settings(&script.client);
    let client = settings.client(&people.policy(&settings), &server);
    let mut log = String::new();
    let mut sink = |_: Level, _, text: &str| {
        log.push_str(text);
        log.push('\n');
    };
    let sent = client.send(&settings.message(), Log::to(&mut sink, Level::Debug));
    drop(client);
    let mut records = server.join_all(1);
    let received = records.pop().unwrap_or_default();
    let complain = |what: String| {
        let error = sent
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default();
        Err(format!("{what}\n{error}\n{log}peer: {:?}", received.error))
    };
    if !records.is_empty() {
        return complain(format!("{} connections", records.len() + 1));
    }
    if let Err(what) = expected(script, &sent) {
        return complain(what);
    }
    if let Err(what) = silence(script, &received) {
        return complain(what);
    }
    let shown = format!(
        "{log}{}",
        sent.as_ref()
            .map_or_else(ToString::to_string, |_| String::new())
    );
    for text in &script.texts {
        let words = [received.clear.as_slice(), &received.tls].concat();
        let holds = |place: &[u8]| {
            place
                .windows(text.bytes.len().max(1))
                .any(|w| w == text.bytes)
        };
        let right = match text.place.as_str() {
            "received" => holds(&words),
            "not-received" => !holds(&words),
            "shown" => holds(shown.as_bytes()),
            "not-shown" => !holds(shown.as_bytes()),
            _ => received.clear == text.bytes,
        };
        if !right {
            let text = String::from_utf8_lossy(&text.bytes).into_owned();
            return complain(format!("{text:?}: not as it should be\n{shown}"));
        }
    }
    Ok(())
}

/// Outcome, stage, status, and what was released.
fn expected(script: &Script, sent: &Result<Record, Error>) -> Result<(), String> {
    let (record, name) = match sent {
        Ok(record) => (record, "SECSMTP_OK"),
        Err(error) => {
            let row = TABLE.iter().find(|row| row.0 == error.status());
            (&*error.record, row.map_or("?", |row| row.1))
        }
    };
    let status = name
        .trim_start_matches("SECSMTP_E_")
        .trim_start_matches("SECSMTP_");
    let got = (record.outcome.name(), record.stage.name(), status);
    let (outcome, stage, wanted) = &script.expect;
    if got != (outcome.as_str(), stage.as_str(), wanted.as_str()) {
        return Err(format!("came to {got:?}"));
    }
    let late = Cause::Timeout { overall: true };
    if sent.as_ref().is_err_and(|error| *error.cause == late) {
        return Err("hung".to_owned());
    }
    let released = match (record.secret_released, record.content_released) {
        (false, false) => "nothing",
        (true, false) => "secret",
        _ => "content",
    };
    if released != script.released {
        return Err(format!("released {released}"));
    }
    let whole = record.outcome != Outcome::Accepted || record.reply.is_some();
    if whole {
        Ok(())
    } else {
        Err("accepted without an answer".to_owned())
    }
}

/// Asserts that nothing was sent in clear text or to a peer that is not ours.
fn silence(script: &Script, received: &SessionRecord) -> Result<(), String> {
    let leaks = leak_check::leaks();
    let ours = script.first_identity() == Some("ours") && received.handshake_done;
    let reported = std::panic::catch_unwind(|| {
        leaks.assert_only_allowed_lines(&received.clear);
        if !ours {
            leaks.assert_only_allowed_lines(&received.tls);
        }
    });
    reported.map_err(|_| "something leaked".to_owned())
}

/// Plays a file's scripts, several at one time.
fn play_file(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/scripts");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
    let text = [read(name), read("blocks.peer")].join("\n");
    let scripts = Script::parse_file(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
    assert!(!scripts.is_empty());
    let people = People::new();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(why) = play(&people, script) {
                wrong.push(format!("{} {}: {why}", script.ids.join(" "), script.title));
            }
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{name}: {} of {} scripts\n\n{}",
        wrong.len(),
        scripts.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn the_scripts_of_path_and_naming() {
    play_file("a.peer");
}

#[test]
fn the_scripts_of_starttls() {
    play_file("b.peer");
}

#[test]
fn the_scripts_of_tls() {
    play_file("d.peer");
}

#[test]
fn the_scripts_of_replies() {
    play_file("e.peer");
}

#[test]
fn the_scripts_of_the_envelope() {
    play_file("g.peer");
}

#[test]
fn the_scripts_of_content() {
    play_file("h.peer");
}

#[test]
fn the_scripts_of_reuse() {
    play_file("j.peer");
}
