//! Nothing of a secret is left in memory that was given back, and no secret outlives what it was given for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secsmtp::client::Client;
use secsmtp::client::jobs::{EventData, EventWait, PollResult};
use secsmtp::credential::{Credential, NoSecret, SecretProvider, SecretRequest};
use secsmtp::deadline::Deadline;
use secsmtp::error::Stage;
use secsmtp::sasl::{
    DEFAULT_MAX_ITERATIONS, Gs2, Hash, Mechanism, NONCE_LEN, OAuthBearer, Scram, XOAuth2,
};
use secsmtp::support::secret::Secret;
use secsmtp::trust::TlsMode;
use secsmtp_testservers::{Scripted, Step};

use crate::allocator::{RARE, RARE_BLOCKS, left_behind, unwatched};
use crate::memory::{Answer, Esmtp, HOST, Memory, Peer, Point, USER, World};

/// Long, so that what is written behind it does not cover it.
const SECRET: &str = "Wiped-or-not-0123456789-abcdefghijklmnopqrstuvwxyz-and-a-secret-of-many-characters-\
                      0123456789-abcdefghijklmnopqrstuvwxyz-end";

/// Parts of it, as it is and in base64 at each place that a byte of three can have.
fn forms() -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for part in SECRET.as_bytes().chunks_exact(24) {
        forms.push(part.to_vec());
        for lead in 0..3 {
            let encoded = STANDARD.encode([vec![0; lead], part.to_vec()].concat());
            let whole = (lead + part.len()) * 8 / 6;
            forms.push(encoded.as_bytes()[(lead * 8).div_ceil(6)..whole].to_vec());
        }
    }
    forms
}

/// A provider that gives the secret; the library alone copies it.
struct Gives;

impl SecretProvider for Gives {
    fn secret(&self, request: &mut SecretRequest<'_>) -> Result<Secret, NoSecret> {
        Ok(request.answer(SECRET.as_bytes())?)
    }
}

#[test]
fn i04_the_allocator_finds_memory_that_is_not_wiped() {
    let lost = left_behind(forms(), || drop(SECRET.to_owned()));
    assert_eq!(lost, 1);
    let lost = left_behind(forms(), || drop(STANDARD.encode(format!("x{SECRET}"))));
    assert!(lost > 0);
    let wiped = left_behind(forms(), || drop(Secret::new(SECRET.as_bytes())));
    assert_eq!(wiped, 0);
}

#[test]
fn i04_a_login_leaves_nothing_of_its_secret_behind() {
    let replies = ["", "535 5.7.8 no\r\n", "421 4.3.2 closing\r\n", "2x0\r\n"];
    for (mechanism, token) in [
        ("PLAIN", false),
        ("LOGIN", false),
        ("XOAUTH2", true),
        ("OAUTHBEARER", true),
    ] {
        for reply in replies {
            for given in [true, false] {
                let made = match (token, given) {
                    (false, true) => Credential::password(USER, SECRET.as_bytes()),
                    (false, false) => Credential::password_from(USER, Arc::new(Gives)),
                    (true, true) => Credential::token(USER, SECRET.as_bytes()),
                    (true, false) => Credential::token_from(USER, Arc::new(Gives)),
                };
                let mut world = World::new();
                world.credential = made.expect("a login");
                let offer = format!("AUTH {mechanism}");
                let offers: &[&str] = &[Box::leak(offer.into_boxed_str())];
                let mut asked = 0;
                let choose = move |point| {
                    asked += usize::from(point == Point::Auth);
                    let last = asked >= if mechanism == "LOGIN" { 3 } else { 1 };
                    match (point, last, reply) {
                        (Point::Auth, true, "") | (Point::Auth, false, _) => Answer::Good,
                        (Point::Auth, true, reply) => Answer::Reply(reply.as_bytes().to_vec()),
                        _ => Answer::Good,
                    }
                };
                let server = Box::new(Esmtp::new(true, offers, choose));
                let memory = Memory::new(Peer::new(Arc::clone(&world.server), true, server), None);
                memory.state().run_peer = unwatched;
                let mut ended = None;
                let left = left_behind(forms(), || {
                    ended = Some(world.send_to(TlsMode::Implicit, memory));
                    let nothing = Credential::external("").expect("an empty login");
                    world.credential = nothing;
                });
                let case = format!("{mechanism}, then {reply:?}, at hand {given}");
                let ended = ended.expect("it ran");
                assert_eq!(
                    ended.result.is_ok(),
                    reply.is_empty(),
                    "{case}: {}",
                    ended.log
                );
                let received = ended.memory.state().peer.inside.clone();
                let said = |form: &Vec<u8>| received.windows(form.len()).any(|part| part == form);
                assert!(forms().iter().any(said), "{case}");
                assert_eq!(
                    left, 0,
                    "blocks given back with a part of the secret: {case}"
                );
            }
        }
    }
}

/// Each state in which an exchange can be given up, and each way out of it.
#[test]
fn i04_a_scram_exchange_wipes_its_password() {
    let nonce = [7; NONCE_LEN];
    let first = format!("r={}server,s=c2FsdA==,i=4096", STANDARD.encode(nonce));
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
        for challenges in [
            &[][..],
            &[first.as_str()],
            &["nonsense"],
            &["r=another,s=c2FsdA==,i=4096"],
            &[first.as_str(), "v=AAAA"],
            &[first.as_str(), "e=invalid-proof"],
        ] {
            for begun in [false, true] {
                let left = left_behind(forms(), || {
                    let secret = SECRET.as_bytes();
                    let scram =
                        Scram::new(hash, USER, secret, Gs2::No, &nonce, DEFAULT_MAX_ITERATIONS);
                    let mut scram = scram.expect("a password");
                    if begun {
                        assert!(scram.initial().is_some());
                    }
                    for challenge in challenges {
                        let _ = scram.step(challenge.as_bytes());
                    }
                });
                assert_eq!(left, 0, "{challenges:?}");
            }
        }
        // A secret that can't be prepared is wiped as well.
        let unfit = format!("{SECRET}\u{7}");
        let left = left_behind(forms(), || {
            let secret = unfit.as_bytes();
            let scram = Scram::new(hash, USER, secret, Gs2::No, &nonce, DEFAULT_MAX_ITERATIONS);
            assert!(scram.is_err());
        });
        assert_eq!(left, 0);
    }
}

#[test]
fn i04_a_token_is_wiped_wherever_the_login_is_aborted() {
    type Make = fn() -> Box<dyn Mechanism>;
    let makes: [Make; 2] = [
        || Box::new(OAuthBearer::new(USER, SECRET.as_bytes(), HOST, 465)),
        || Box::new(XOAuth2::new(USER, SECRET.as_bytes())),
    ];
    for make in makes {
        for challenges in [&[][..], &["{}"], &["{}", "{}"]] {
            let left = left_behind(forms(), || {
                let mut mechanism = make();
                let _ = mechanism.initial();
                for challenge in challenges {
                    let _ = mechanism.step(challenge.as_bytes());
                }
            });
            assert_eq!(left, 0, "{challenges:?}");
        }
    }
}

/// Long enough for a busy machine.
const LONG: Duration = Duration::from_secs(30);

fn client(world: &World, address: SocketAddr) -> Client {
    let client = Client::new(HOST, 0, &world.policy).expect("a client");
    let (ip, port) = (address.ip().to_string(), u32::from(address.port()));
    client.set_connect(&ip, port).expect("an address");
    client.set_timeout(Stage::Local, LONG);
    let asked = Credential::password_from(USER, Arc::new(Gives)).expect("a login");
    client.set_credential(Some(Arc::new(asked)));
    client
}

static RARE_SECRET: [u8; RARE] = [b'p'; RARE];

/// The answer comes when the job has been given up and does not fetch it any more.
#[test]
fn i04_a_secret_that_was_answered_and_not_used_is_wiped_with_its_job() {
    let world = World::new();
    let config = Arc::clone(&world.server);
    let server = Scripted::start(vec![
        Step::StartTlsWith(config),
        Step::send("220 m\r\n"),
        Step::expect("EHLO"),
        Step::send("250-m\r\n250 AUTH PLAIN\r\n"),
        Step::ReadToEnd,
    ]);
    let server = server.expect("a server");
    let client = client(&world, server.addr());
    let mut given = 0;
    // Now and then the job is over before it has an answer.
    for _ in 0..200 {
        let job = client.submit(&world.message).expect("a job");
        let asked = client.poll(Deadline::after(LONG)).expect("no fork");
        let PollResult::Event(asked) = asked else {
            panic!("{asked:?}");
        };
        assert!(
            matches!(asked.data, EventData::SecretWanted(_)),
            "{asked:?}"
        );
        client.cancel_job(job).expect("a job");
        given += usize::from(client.answer_secret(job, Some(&RARE_SECRET)).is_ok());
        // Its completion is there, and was not taken yet.
        let there = client.await_event(Deadline::after(LONG)).expect("no fork");
        assert_eq!(there, EventWait::Event);
        assert_eq!(
            RARE_BLOCKS.load(Ordering::SeqCst),
            0,
            "the secret is still there"
        );
        // Too late for a job that is over.
        assert!(client.answer_secret(job, Some(&RARE_SECRET)).is_err());
        assert_eq!(
            RARE_BLOCKS.load(Ordering::SeqCst),
            0,
            "one that came too late is there"
        );
        let PollResult::Event(done) = client.poll(Deadline::after(LONG)).expect("no fork") else {
            panic!("no completion");
        };
        assert!(matches!(done.data, EventData::Completed(_)), "{done:?}");
        if given == 10 {
            return;
        }
    }
    panic!("{given} answers were taken");
}
