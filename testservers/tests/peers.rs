//! The test servers against each other: the behaviour that the tests of the library rely on.

mod client;

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::Client;
use secsmtp_testservers::{
    CertKind, Hotel, HotelConfig, Pki, ReferenceConfig, ReferenceServer, TlsVersions, Trick,
};

const SOON: Duration = Duration::from_secs(30);
/// Lines that begin with dots, as written and as sent.
const MAIL: &[u8] = b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\nb\xc3\xa4r \xff\r\n";
const STUFFED: &[u8] = b"Subject: dots\r\n\r\n..\r\n...two\r\n..one\r\nb\xc3\xa4r \xff\r\n.\r\n";

fn plain_login() -> String {
    format!(
        "AUTH PLAIN {}",
        STANDARD.encode("\0alice\0correct horse battery staple")
    )
}

fn deliver(client: &mut Client) {
    let offer = client.must("EHLO test", "250");
    assert!(offer.contains("AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER") && !offer.contains("STARTTLS"));
    client.must("MAIL FROM:<a@mail.test>", "530 5.7.0");
    client.must(&plain_login(), "235 2.7.0");
    client.must("RCPT TO:<b@mail.test>", "503");
    client.must("MAIL FROM:<a@mail.test> SIZE=60 BODY=8BITMIME", "250 2.1.0");
    client.must("DATA", "554 5.5.1");
    client.must("RCPT TO:<b@mail.test>", "250 2.1.5");
    client.must("DATA", "354");
    client.send(STUFFED);
    assert!(client.reply().starts_with("250 2.0.0"));
    client.must("QUIT", "221");
}

#[test]
fn a_mail_arrives_byte_for_byte_over_both_ports() {
    let pki = Pki::new(&[]);
    let dir = std::env::temp_dir().join(format!("secsmtp-peers-{}", std::process::id()));
    for versions in [TlsVersions::Both, TlsVersions::Only12, TlsVersions::Only13] {
        let mut config = ReferenceConfig::new(pki.identity());
        config.dir = Some(dir.clone());
        config.tls = versions;
        let server = ReferenceServer::start(config).expect("reference");
        let root = pki.der(CertKind::Root);

        let client = Client::connect(server.implicit_addr()).expect("connected");
        let mut client = client.enter_tls(root.clone(), "mail.test").expect("TLS");
        assert!(client.reply().starts_with("220"));
        deliver(&mut client);
        drop(client);

        let mut client = Client::connect(server.starttls_addr()).expect("connected");
        assert!(client.reply().starts_with("220"));
        let offer = client.must("EHLO test", "250");
        assert!(offer.contains("STARTTLS") && !offer.contains("AUTH"));
        client.must("AUTH PLAIN", "538 5.7.11");
        client.must("STARTTLS", "220");
        let mut client = client.enter_tls(root, "127.0.0.1").expect("TLS");
        deliver(&mut client);
        drop(client);

        assert!(server.wait_for_mails(2, SOON) && server.wait_idle(SOON));
        for mail in server.mails() {
            assert_eq!(mail.content, MAIL);
            assert_eq!(
                (mail.from.as_str(), mail.user.as_deref()),
                ("a@mail.test", Some("alice"))
            );
            assert_eq!((mail.to, mail.tls), (vec!["b@mail.test".to_owned()], true));
        }
        let sessions = server.sessions();
        assert!(sessions[0].clear.is_empty() && sessions[0].handshake_done);
        assert_eq!(sessions[0].server_name.as_deref(), Some("mail.test"));
        assert_eq!(
            sessions[1].clear,
            b"EHLO test\r\nAUTH PLAIN\r\nSTARTTLS\r\n"
        );
        assert!(sessions[1].tls.ends_with(b".\r\nQUIT\r\n"));
    }
    for number in 1..=6 {
        assert_eq!(
            fs::read(dir.join(format!("{number:04}.eml"))).expect("kept"),
            MAIL
        );
    }
    assert_eq!(fs::read_dir(&dir).expect("directory").count(), 6);
    fs::remove_dir_all(dir).expect("removed");
}

fn logged_out(config: ReferenceConfig, pki: &Pki) -> (ReferenceServer, Client) {
    let server = ReferenceServer::start(config).expect("reference");
    let client = Client::connect(server.implicit_addr()).expect("connected");
    let mut client = client
        .enter_tls(pki.der(CertKind::Root), "mail.test")
        .expect("TLS");
    client.reply();
    client.must("EHLO test", "250");
    (server, client)
}

#[test]
fn every_mechanism_accepts_only_correct_credentials() {
    let pki = Pki::new(&[]);
    let password = STANDARD.encode("correct horse battery staple");
    let name = STANDARD.encode("alice");
    let plain = STANDARD.encode("alice\0alice\0correct horse battery staple");
    let xoauth2 = STANDARD.encode("user=alice\x01auth=Bearer alice-token\x01\x01");
    let bearer = STANDARD.encode("n,a=alice,\x01host=mail.test\x01auth=Bearer alice-token\x01\x01");
    let wrong_bearer = STANDARD.encode("n,a=alice,\x01auth=Bearer no\x01\x01");
    let wrong_plain = STANDARD.encode("\0alice\0no");
    let exchanges: Vec<Vec<(String, &str)>> = vec![
        vec![("AUTH PLAIN".into(), "334"), (plain.clone(), "235")],
        vec![(format!("AUTH PLAIN {plain}"), "235")],
        vec![(format!("AUTH PLAIN {wrong_plain}"), "535 5.7.8")],
        vec![("AUTH PLAIN".into(), "334"), ("*".into(), "501")],
        vec![("AUTH PLAIN !!!".into(), "501 5.5.2")],
        vec![
            ("AUTH LOGIN".into(), "334"),
            (name.clone(), "334"),
            (password.clone(), "235"),
        ],
        vec![(format!("AUTH LOGIN {name}"), "334"), (password, "235")],
        vec![(format!("AUTH LOGIN {name}"), "334"), (name, "535")],
        vec![(format!("AUTH XOAUTH2 {xoauth2}"), "235")],
        vec![(format!("auth oauthbearer {bearer}"), "235")],
        vec![
            (format!("AUTH OAUTHBEARER {wrong_bearer}"), "334"),
            ("AQ==".into(), "535"),
        ],
        vec![("AUTH CRAM-MD5".into(), "504")],
    ];
    for exchange in exchanges {
        let (_server, mut client) = logged_out(ReferenceConfig::new(pki.identity()), &pki);
        for (line, code) in exchange {
            client.must(&line, code);
        }
    }
}

#[test]
fn recipients_and_overrides_are_refused_as_configured() {
    let pki = Pki::new(&[]);
    let mut config = ReferenceConfig::new(pki.identity());
    config.require_auth = false;
    config.reject_rcpt.push("gone@mail.test".to_owned());
    config.defer_rcpt.push("busy@mail.test".to_owned());
    config
        .override_reply
        .insert("DATA-END".to_owned(), "554 5.6.0 no\r\n".to_owned());
    config
        .override_reply
        .insert("NOOP".to_owned(), "421 4.3.2 bye\r\n".to_owned());
    let (server, mut client) = logged_out(config, &pki);
    client.must("MAIL FROM:<> SIZE=99999999", "552");
    client.must("MAIL FROM:<> ODD=1", "555");
    client.must("MAIL FROM:<\u{e4}@mail.test>", "553 5.6.7");
    client.must("MAIL FROM:<>", "250");
    client.must("RCPT TO:<gone@mail.test>", "550 5.1.1");
    client.must("RCPT TO:<busy@mail.test>", "450 4.2.1");
    client.must("RCPT TO:<b@mail.test>", "250");
    client.must("DATA", "354");
    client.must("text\r\n.", "554 5.6.0");
    client.must("DATA", "503");
    client.must("NOOP", "421");
    drop(client);
    assert!(server.wait_idle(SOON));
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn clear_text_behind_starttls_is_refused() {
    let pki = Pki::new(&[]);
    let server = ReferenceServer::start(ReferenceConfig::new(pki.identity())).expect("reference");
    let mut client = Client::connect(server.starttls_addr()).expect("connected");
    client.reply();
    client.must("EHLO test", "250");
    client.must("STARTTLS\r\nNOOP", "554");
}

#[test]
fn the_hotel_hides_starttls_and_captures_a_careless_clients_login() {
    let pki = Pki::new(&[]);
    let server = ReferenceServer::start(ReferenceConfig::new(pki.identity())).expect("reference");
    let config = HotelConfig::new(
        Trick::HideStarttls,
        server.implicit_addr(),
        server.starttls_addr(),
    );
    let hotel = Hotel::start(config).expect("hotel");
    assert_eq!(hotel.implicit_addr(), None);
    let mut client = Client::connect(hotel.starttls_addr()).expect("connected");
    assert!(client.reply().starts_with("220"));
    let offer = client.must("EHLO test", "250");
    assert!(!offer.contains("STARTTLS"), "{offer}");
    assert!(offer.ends_with("250 AUTH PLAIN LOGIN\r\n"), "{offer}");
    client.must("STARTTLS", "502");
    client.must(&plain_login(), "235");
    client.must("MAIL FROM:<a@mail.test>", "250");
    client.must("RCPT TO:<b@mail.test>", "250");
    client.must("DATA", "354");
    client.must("secret\r\n.", "250");
    client.must("QUIT", "221");
    drop(client);
    assert!(hotel.wait_idle(SOON));
    let captured = String::from_utf8(hotel.captured()).expect("text");
    assert!(captured.contains(&plain_login()) && captured.contains("secret"));
    assert!(hotel.captured_decrypted().is_empty());
    assert_eq!(server.mail_count(), 0);
}

#[test]
fn the_hotels_certificate_is_accepted_only_by_clients_that_trust_its_ca() {
    let pki = Pki::new(&[]);
    let server = ReferenceServer::start(ReferenceConfig::new(pki.identity())).expect("reference");
    let (implicit, starttls) = (server.implicit_addr(), server.starttls_addr());
    let config = HotelConfig::new(Trick::OwnCertificate, implicit, starttls);
    let hotel = Hotel::start(config).expect("hotel");
    let port = hotel.implicit_addr().expect("a port");

    // A client that trusts only the reference authority sends nothing inside TLS.
    let client = Client::connect(port).expect("connected");
    assert!(
        client
            .enter_tls(pki.der(CertKind::Root), "mail.test")
            .is_err()
    );
    let mut client = Client::connect(hotel.starttls_addr()).expect("connected");
    client.reply();
    client.must("EHLO test", "250");
    client.must("STARTTLS", "220");
    assert!(
        client
            .enter_tls(pki.der(CertKind::Root), "mail.test")
            .is_err()
    );
    assert!(hotel.wait_idle(SOON));
    assert!(hotel.captured_decrypted().is_empty());
    assert_eq!(hotel.captured_clear(), b"EHLO test\r\nSTARTTLS\r\n");
    assert_eq!(hotel.errors().len(), 2);

    // A client that also trusts the hotel's CA is intercepted, although the mail arrives.
    for (name, implicit) in [
        ("mail.test", true),
        ("127.0.0.1", true),
        ("localhost", false),
    ] {
        let addr = if implicit {
            port
        } else {
            hotel.starttls_addr()
        };
        let mut client = Client::connect(addr).expect("connected");
        if !implicit {
            client.reply();
            client.must("EHLO test", "250");
            client.must("STARTTLS", "220");
        }
        let mut client = client
            .enter_tls(root_of(hotel.ca_pem()), name)
            .expect("TLS");
        if implicit {
            client.reply();
        }
        deliver(&mut client);
    }
    assert!(server.wait_for_mails(3, SOON));
    assert!(server.mails().iter().all(|mail| mail.content == MAIL));
    let captured = String::from_utf8_lossy(&hotel.captured_decrypted()).into_owned();
    assert_eq!(captured.matches(&plain_login()).count(), 3);
}

fn root_of(pem: &str) -> rustls::pki_types::CertificateDer<'static> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).expect("base64").into()
}
