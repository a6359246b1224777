//! A setter that fails leaves its object as it was.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "dkim")]
use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
use secsmtp::argument::InvalidArgument;
use secsmtp::client::jobs::Limits;
use secsmtp::client::{Client, Rate};
use secsmtp::credential::Credential;
use secsmtp::error::{Error, Outcome};
#[cfg(feature = "dkim")]
use secsmtp::message::Signer;
use secsmtp::message::{ContentRules, Field, MAX_RECIPIENTS, Message, Part};
use secsmtp::smtp::Window;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{CertKind, ReferenceServer};

use crate::support::*;

fn bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    message.preview(&mut take).unwrap();
    bytes
}

type Failing<T, E = Error> = (&'static str, fn(&mut T) -> Result<(), E>);

/// Each setter of a message with what it refuses.
const OF_A_MESSAGE: &[Failing<Message>] = &[
    ("sender", |m| m.set_sender("no address")),
    ("recipient", |m| m.add_recipient("a@b c@d")),
    ("content, empty", |m| m.set_content(b"")),
    ("content with a NUL", |m| {
        m.set_content(b"Subject: x\r\n\r\na\0b")
    }),
    ("content by rules", |m| {
        let rules = ContentRules {
            envelope: true,
            ..ContentRules::default()
        };
        m.set_content_by(b"Subject: no envelope\r\n\r\nx\r\n", rules)
    }),
    ("content of a file", |m| {
        m.set_content_file("/none".as_ref(), ContentRules::default())
    }),
    ("content of a function", |m| {
        let pull = |_, _: &mut [u8]| Err("gone".to_owned());
        m.set_content_pull(Arc::new(pull), None, ContentRules::default())
    }),
    ("address", |m| m.add_address(Field::To, "no address", "")),
    ("name", |m| m.add_address(Field::To, "a@b.test", "a\r\nb")),
    ("addresses, the second wrong", |m| {
        m.add_addresses(Field::Cc, "a@b.test, no address")
    }),
    ("senders", |m| {
        m.add_addresses(Field::Sender, "a@b.test, c@d.test")
    }),
    ("group as author", |m| {
        m.add_addresses(Field::From, "Team: a@b.test;")
    }),
    ("subject", |m| m.set_subject("a\r\nb")),
    ("date", |m| m.set_date(-1, 0)),
    ("zone", |m| m.set_date(0, 2000)),
    ("message id", |m| m.set_message_id("two words")),
    ("in-reply-to", |m| m.add_in_reply_to("two words")),
    ("reference", |m| m.add_reference("two words")),
    ("header name", |m| m.add_header("Subject", "x")),
    ("header value", |m| m.add_header("X-Own", "a\r\nb")),
    ("unsubscribe", |m| m.add_unsubscribe("ftp://x")),
    ("calendar", |m| m.set_calendar("no method", "x")),
    ("alternative", |m| m.add_alternative(&Part::memory(*b"x"))),
    ("notify", |m| m.set_notify(999)),
    ("envelope id", |m| m.set_envelope_id("ä")),
    ("original recipient", |m| {
        m.set_original_recipient(0, "no address")
    }),
    ("index of a recipient", |m| {
        m.set_original_recipient(MAX_RECIPIENTS, "a@b.test")
    }),
    ("priority", |m| m.set_mt_priority(Some(10))),
];

#[track_caller]
fn each_fails<T, E: Into<Error>>(
    object: &mut T,
    setters: &[Failing<T, E>],
    mut unchanged: impl FnMut(&T, &str),
) {
    for (what, set) in setters {
        let error: Error = set(object).map_err(Into::into).expect_err(what);
        assert_eq!(error.record.outcome, Outcome::None, "{what}");
        assert_sentence(&error);
        unchanged(object, what);
    }
}

#[cfg(feature = "dkim")]
fn signer() -> Signer {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Signer::new("mail.test", "s", key.as_ref()).unwrap()
}

#[test]
fn a_finished_message_is_sent_after_any_rejected_setter() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_reuse(LONG, 1000).unwrap();
    let mut whole = message();
    let before = bytes(&whole);
    each_fails(&mut whole, OF_A_MESSAGE, |whole, what| {
        assert_eq!(bytes(whole), before, "{what}");
        let record = send(&client, whole).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(record.recipients.len(), 1, "{what}");
        assert_eq!(record.outcome, Outcome::Accepted, "{what}");
    });
}

#[test]
fn a_composed_message_stays_the_same_after_any_refused_setter() {
    let mut composed = Message::new();
    composed.add_address(Field::From, FROM, "").unwrap();
    composed.add_address(Field::To, TO, "").unwrap();
    composed.set_text("The text.\n");
    let mut part = Part::memory(*b"bytes");
    part.set_content_id("one@mail.test").unwrap();
    composed.add_part(&part).unwrap();
    #[cfg(feature = "dkim")]
    for _ in 0..10 {
        composed.add_signer(&signer()).unwrap();
    }
    // Date, Message-ID and boundaries are made by the first look.
    let before = bytes(&composed);
    let same = |composed: &Message, what: &str| assert_eq!(bytes(composed), before, "{what}");
    each_fails(&mut composed, OF_A_MESSAGE, same);
    let twice = composed.add_part(&part).unwrap_err();
    same(&composed, &twice.to_string());
    #[cfg(feature = "dkim")]
    {
        composed.add_signer(&signer()).unwrap_err();
        same(&composed, "one signer too many");
    }
    // Also while a copy of it is being sent.
    let copy = composed.clone();
    each_fails(&mut composed, OF_A_MESSAGE, same);
    #[cfg(feature = "dkim")]
    {
        composed.add_signer(&signer()).unwrap_err();
        same(&composed, "one signer too many beside a copy");
    }
    same(&copy, "the copy");
    // Nothing was remembered that a setter which succeeds would bring to light.
    composed.set_subject("Now").unwrap();
    let after = String::from_utf8(bytes(&composed)).unwrap();
    for word in ["a@b.test", "X-Own", "Cc:", "Sender:", "ftp:", "no method"] {
        assert!(!after.contains(word), "{word}: {after}");
    }
}

#[test]
fn lists_that_are_full_stay_as_they_are() {
    let mut full = message();
    for _ in 1..MAX_RECIPIENTS {
        full.add_recipient(TO).unwrap();
    }
    let count = |message: &Message| format!("{message:?}");
    let before = count(&full);
    full.add_recipient(TO).unwrap_err();
    assert_eq!(count(&full), before);
    let mut composed = Message::new();
    composed.add_address(Field::From, FROM, "").unwrap();
    for _ in 0..1000 {
        composed.add_header("X-Own", "x").unwrap();
    }
    let before = bytes(&composed);
    composed.add_header("X-Own", "x").unwrap_err();
    assert_eq!(bytes(&composed), before);
}

#[test]
fn a_part_keeps_its_name_type_and_id() {
    let mut part = Part::memory(*b"bytes");
    part.set_name("name.txt").unwrap();
    part.set_type("text/csv").unwrap();
    part.set_content_id("id@mail.test").unwrap();
    let shown = |part: &Part| {
        let mut message = Message::new();
        message.add_address(Field::From, FROM, "").unwrap();
        message.set_html("<img src=\"cid:id@mail.test\">");
        message.add_part(part).unwrap();
        String::from_utf8(bytes(&message)).unwrap()
    };
    let setters: &[Failing<Part>] = &[
        ("name", |part| part.set_name("a\r\nb")),
        ("dots", |part| part.set_name("..")),
        ("type", |part| part.set_type("multipart/mixed")),
        ("id", |part| part.set_content_id("two words")),
    ];
    each_fails(&mut part, setters, |part, what| {
        for field in ["name.txt", "text/csv", "<id@mail.test>"] {
            assert!(shown(part).contains(field), "{what}: {field}");
        }
    });
}

#[cfg(feature = "dkim")]
#[test]
fn a_signer_signs_the_same_fields_for_the_same_time() {
    let mut signer = signer();
    signer.set_fields("from:subject").unwrap();
    signer.set_lifetime(Some(60)).unwrap();
    let setters: &[Failing<Signer>] = &[
        ("no time", |s| s.set_lifetime(Some(0))),
        ("too long", |s| s.set_lifetime(Some(u32::MAX))),
        ("names, the second wrong", |s| s.set_fields("to:two words")),
        ("its own field", |s| s.set_fields("to:dkim-signature")),
    ];
    each_fails(&mut signer, setters, |signer, what| {
        let mut signed = message();
        let content = format!("From: <{FROM}>\r\nTo: <{TO}>\r\n{CONTENT}");
        signed.set_content(content.as_bytes()).unwrap();
        signed.add_signer(signer).unwrap();
        let shown = String::from_utf8(bytes(&signed)).unwrap();
        assert!(
            shown.contains(" x=") && !shown.contains(":to"),
            "{what}: {shown}"
        );
    });
}

#[test]
fn a_policy_trusts_the_same() {
    let pki = pki();
    let mut policy = policy(&pki, TlsMode::Implicit);
    policy.add_pin(&"00".repeat(32)).unwrap();
    let before = format!("{policy:?}");
    static MIXED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    MIXED.get_or_init(|| {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        [pki.pem(CertKind::Root).as_bytes(), broken.as_bytes()].concat()
    });
    let setters: &[Failing<Policy, InvalidArgument>] = &[
        ("CAs, the second wrong", |p| p.add_ca(MIXED.get().unwrap())),
        ("CA file", |p| p.add_ca_file("/none")),
        ("pins, the second wrong", |p| {
            p.add_pin(&format!("{};x", "11".repeat(32)))
        }),
        ("pin in time", |p| {
            p.add_pin_with_window(&"11".repeat(32), 2, 1)
        }),
        ("pin of a key", |p| p.add_pin_of(b"x")),
        ("pin file", |p| p.add_pin_file("/none")),
        ("known servers", |p| p.add_known_servers("/none", HOST, 465)),
        ("list", |p| p.add_crl(b"x")),
        ("list file", |p| p.add_crl_file("/none")),
        ("certificates", |p| p.add_certificate(MIXED.get().unwrap())),
        ("certificate file", |p| p.add_certificate_file("/none")),
        ("client certificate", |p| {
            p.set_client_certificate(b"x", b"y")
        }),
        ("client files", |p| {
            p.set_client_certificate_files("/none", "/none")
        }),
    ];
    each_fails(&mut policy, setters, |policy, what| {
        assert_eq!(format!("{policy:?}"), before, "{what}");
    });
}

#[test]
fn a_login_goes_on_as_it_was_set() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    let mut login = Credential::password(USER, PASSWORD.as_bytes()).unwrap();
    login.add_mechanism("LOGIN").unwrap();
    let setters: &[Failing<Credential>] = &[
        ("mechanism", |login| login.add_mechanism("NONE")),
        ("mechanism of a token", |login| {
            login.add_mechanism("XOAUTH2")
        }),
        ("min_mechanism", |login| {
            login.set_min_mechanism("OAUTHBEARER")
        }),
        ("iterations", |login| login.set_max_iterations(1)),
    ];
    each_fails(&mut login, setters, |login, what| {
        client.set_credential(Some(Arc::new(login.clone())));
        let record = send(&client, &message()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mechanism = record.peer.as_ref().and_then(|peer| peer.mechanism);
        assert_eq!(mechanism, Some("LOGIN"), "{what}");
    });
}

#[test]
fn a_client_keeps_its_settings_and_its_connection() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let mut client = client(&policy(&pki, TlsMode::Implicit), server.implicit_addr());
    client.set_reuse(LONG, 1000).unwrap();
    send(&client, &message()).unwrap();
    let setters: &[Failing<Client>] = &[
        ("address", |c| c.set_connect("a b", 1)),
        ("port", |c| c.set_connect("127.0.0.1", 65_536)),
        ("name", |c| c.set_ehlo_name("two words")),
        ("messages", |c| c.set_reuse(Duration::ZERO, 0)),
        ("limits", |c| {
            c.set_limits(Limits {
                connections: 1,
                jobs: 0,
                events: 1,
            })
        }),
        ("window", |c| {
            c.set_window(Window {
                messages: 0,
                bytes: 1,
            })
        }),
        ("rate", |c| {
            c.set_rate(Some(Rate {
                messages: 1,
                per: Duration::ZERO,
                burst: 1,
            }))
        }),
    ];
    each_fails(&mut client, setters, |client, what| {
        let record = send(client, &message()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(record.reused, "{what}");
    });
}
