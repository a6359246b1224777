//! Everything of trust that reads octets from outside: pins, hosts, certificates, lists, files and
//! served chains. None may panic, and what was read must mean the same when it is written.

use secsmtp::tls::{Certificate, Host, KnownServer, Pin, Policy, now_at, verify_pem};

/// A target's name, which is its corpus folder's, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 9] = [
    ("trust_host", host),
    ("trust_pin", pin),
    ("trust_pin_of", pin_of),
    ("trust_ca", ca),
    ("trust_certificate", certificate),
    ("trust_crl", crl),
    ("trust_client_certificate", client_certificate),
    ("trust_known_servers", known_servers),
    ("trust_chain", chain),
];

/// The CA of the corpus, a list of it, and a time at which they are good.
const ROOT: &[u8] = include_bytes!("../corpus/trust_ca/root.pem");
const LIST: &[u8] = include_bytes!("../corpus/trust_crl/root.pem");
const AT: u64 = 2_000_000_000;

/// A host is normalised once: its form is its own form.
pub fn host(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(host) = Host::parse(text) {
        assert!(host.as_str().is_ascii());
        assert_eq!(Host::parse(host.as_str()).as_ref(), Ok(&host));
    }
}

/// A pin's text is read as that pin.
pub fn pin(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for pin in Pin::parse_list(text).unwrap_or_default() {
        assert_eq!(Pin::parse_list(&pin.to_string()), Ok(vec![pin]));
    }
}

/// A file that gives a pin gives one.
pub fn pin_of(data: &[u8]) {
    let mut policy = Policy::new();
    if policy.add_pin_of(data).is_ok() {
        assert_eq!(policy.pins().len(), 1);
    }
}

/// A file that is taken adds somebody to trust.
pub fn ca(data: &[u8]) {
    let mut policy = Policy::new();
    let taken = policy.add_ca(data).is_ok();
    assert_eq!(policy.is_empty(), !taken);
}

/// A certificate in words, and as the only one trusted.
pub fn certificate(data: &[u8]) {
    if let Some(certificate) = Certificate::describe(&data.into()) {
        for text in [&certificate.subject, &certificate.issuer] {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
    let mut policy = Policy::new();
    let taken = policy.add_certificate(data).is_ok();
    assert_eq!(policy.is_empty(), !taken);
}

/// A list, read and then asked.
pub fn crl(data: &[u8]) {
    let mut policy = anchored();
    if policy.add_crl(data).is_ok() {
        judge(&policy, include_bytes!("../corpus/trust_chain/good.pem"));
    }
}

/// A chain and a key in one file.
pub fn client_certificate(data: &[u8]) {
    let _ = Policy::new().set_client_certificate(data, data);
}

/// An entry's line is read as that entry.
pub fn known_servers(data: &[u8]) {
    for server in KnownServer::parse_file(data).unwrap_or_default() {
        let line = server.to_string();
        assert_eq!(KnownServer::parse_file(line.as_bytes()), Ok(vec![server]));
    }
}

/// A served chain before each kind of policy; the words of the verdict are made too.
pub fn chain(data: &[u8]) {
    let mut pinned = Policy::new();
    let _ = pinned.add_pin_of(ROOT);
    let mut strict = Policy::new();
    if strict.add_certificate(data).is_ok() {
        strict.strict = true;
        judge(&strict, data);
    }
    let mut listed = anchored();
    let _ = listed.add_crl(LIST);
    for policy in [&Policy::new(), &pinned, &anchored(), &listed] {
        judge(policy, data);
    }
}

fn anchored() -> Policy {
    let mut policy = Policy::new();
    let _ = policy.add_ca(ROOT);
    policy
}

fn judge(policy: &Policy, chain: &[u8]) {
    let Ok(host) = Host::parse("mail.example") else {
        return;
    };
    if let Ok(verdict) = verify_pem(policy, &host, chain, now_at(Some(AT))) {
        assert!(!verdict.to_string().is_empty());
        assert!(!policy.is_empty() || verdict.judgement.is_err());
    }
}
