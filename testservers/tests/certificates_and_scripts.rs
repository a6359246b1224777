//! Certificates that are wrong in one way, and servers that follow a script.

mod client;

use client::Client;
use secsmtp_testservers::{CertKind, CertSpec, KeyKind, Pki, Scripted, Step};

#[test]
fn leaves_differ_as_specified() {
    let pki = Pki::new(&[]);
    let good = CertSpec::new(&["mail.test"]);
    let accepted = |identity| {
        let scripted = Scripted::start_implicit(identity, vec![Step::ReadToEnd]).expect("script");
        let client = Client::connect(scripted.addr()).expect("connected");
        client
            .enter_tls(pki.der(CertKind::Root), "mail.test")
            .is_ok()
    };
    assert!(accepted(pki.issue(&good)));
    let spec = || CertSpec::new(&["mail.test"]);
    for fine in [
        spec().signed_by_root(),
        spec().key_kind(KeyKind::P384),
        spec().key_kind(KeyKind::Ed25519),
        spec().without_eku(),
    ] {
        assert!(accepted(pki.issue(&fine)), "{fine:?}");
    }
    for bad in [
        CertSpec::new(&["other.test"]),
        spec().expired(),
        spec().not_yet_valid(),
        spec().self_signed(),
        spec().without_san(),
        spec().client_auth_only(),
        spec().ca(),
        spec().without_intermediate(),
    ] {
        assert!(!accepted(pki.issue(&bad)), "{bad:?}");
    }
    let renewed = pki.issue(&spec().key_of(&pki.identity()));
    assert_eq!(renewed.spki_pin(), pki.spki_pin(CertKind::Leaf));
    assert_ne!(renewed.chain[0], pki.der(CertKind::Leaf));
    assert!(pki.spki_pin(CertKind::Root).starts_with("sha256//"));
}

#[test]
fn scripts_play_and_record() {
    let pki = Pki::new(&[]);
    let scripted = Scripted::start(vec![
        Step::send("220 hello\r\n"),
        Step::expect("ehlo"),
        Step::send("250 STARTTLS\r\n"),
        Step::expect("STARTTLS"),
        Step::send("220 go\r\n"),
        Step::StartTls(pki.identity()),
        Step::expect("EHLO"),
        Step::send("250 fine\r\n"),
        Step::Stall,
    ])
    .expect("script");
    let mut client = Client::connect(scripted.addr()).expect("connected");
    client.reply();
    client.must("EHLO test", "250");
    client.must("STARTTLS", "220");
    let mut client = client
        .enter_tls(pki.der(CertKind::Root), "localhost")
        .expect("TLS");
    client.must("EHLO again", "250 fine");
    client.send(b"into the silence");
    let record = scripted.join();
    assert_eq!(record.clear, b"EHLO test\r\nSTARTTLS\r\n");
    assert_eq!(record.tls, b"EHLO again\r\ninto the silence");
    assert!(
        record.handshake_done && record.error.is_none(),
        "{record:?}"
    );

    let scripted = Scripted::start(vec![Step::expect("EHLO")]).expect("script");
    let mut client = Client::connect(scripted.addr()).expect("connected");
    client.send(b"HELO x\r\n");
    assert!(
        scripted
            .join()
            .error
            .is_some_and(|error| error.contains("expected \"EHLO\""))
    );
}
