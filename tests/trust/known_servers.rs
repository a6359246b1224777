//! C28, C29, C33: pins that were learnt: by an explicit call, whole, none lost, for one host and
//! port, and never on the word of a stranger.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use secsmtp::log::Log;
use secsmtp::status::Status;
use secsmtp::trust::{Host, KnownServer, Pin, Policy, learn};
use secsmtp_testservers::{CertKind, ReferenceConfig, ReferenceServer, ServerIdentity};

use crate::authority::{block, pem};
use crate::world::{HOST, UNKNOWN_PIN, World, ca, client, pin, send};

/// A folder of the test's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("secsmtp-trust-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(host: &str, port: u16, pin: &str) -> KnownServer {
    let host = Host::parse(host).expect("a host");
    let pin = Pin::parse_list(pin).expect("a pin")[0];
    KnownServer::new(&host, port, pin, 1_795_132_800, "a test").expect("an entry")
}

#[test]
fn c29_learners_side_by_side_lose_nothing() {
    let folder = Folder::new();
    let path = folder.path("known");
    thread::scope(|scope| {
        for thread in 0..8_u16 {
            let path = &path;
            scope.spawn(move || {
                for port in 1..=8 {
                    let server = entry(HOST, thread * 8 + port, UNKNOWN_PIN);
                    assert_eq!(learn(path, &server), Ok(true));
                }
            });
        }
    });
    let text = fs::read(&path).expect("a file");
    assert_eq!(KnownServer::parse_file(&text).expect("entries").len(), 64);
    assert!(!fs::exists(folder.path("known.new")).expect("a folder"));
    // A pin that is known already does not change the file.
    assert_eq!(learn(&path, &entry(HOST, 1, UNKNOWN_PIN)), Ok(false));
    assert_eq!(fs::read(&path).expect("a file"), text);
}

#[test]
fn c29_existing_lines_are_kept_and_a_wrong_file_is_not_changed() {
    let folder = Folder::new();
    let path = folder.write("known", "# mine, without an end of line");
    learn(&path, &entry(HOST, 465, UNKNOWN_PIN)).expect("learnt");
    let text = fs::read_to_string(&path).expect("a file");
    assert!(
        text.starts_with("# mine, without an end of line\nmail.example 465 sha256//"),
        "{text}"
    );
    assert!(text.ends_with("2026-11-20T00:00:00Z a test\n"), "{text}");

    let broken = folder.write("broken", "what is this\n");
    let error = learn(&broken, &entry(HOST, 465, UNKNOWN_PIN)).expect_err("a broken file");
    assert!(
        error.status() == Status::File && error.to_string().contains("line 1"),
        "{error}"
    );
    assert_eq!(fs::read(&broken).expect("a file"), b"what is this\n");
    assert!(!fs::exists(folder.path("broken.new")).expect("a folder"));

    let error = learn(&folder.path("none/known"), &entry(HOST, 465, UNKNOWN_PIN));
    assert_eq!(error.expect_err("no folder").status(), Status::File);
}

#[test]
fn c29_only_a_file_is_written_and_none_beyond_1_mib() {
    const MAX: usize = 1024 * 1024;
    let folder = Folder::new();
    let server = entry(HOST, 465, UNKNOWN_PIN);
    let added = format!("{server}\n").len();
    let comments = |len: usize| {
        let mut text = "# a comment of this file\n".repeat(len / 25);
        text.push_str(&"\n".repeat(len - text.len()));
        text
    };
    let full = folder.write("full", comments(MAX - added));
    assert_eq!(learn(&full, &server), Ok(true));
    assert_eq!(fs::read(&full).expect("a file").len(), MAX);

    let file = folder.write("file", "# mine\n");
    for (path, why) in [
        (
            folder.write("fuller", comments(MAX - added + 1)),
            "would be larger than 1 MiB",
        ),
        (
            folder.write("fullest", comments(MAX - 1)),
            "would be larger than 1 MiB",
        ),
        (
            folder.0.to_str().expect("UTF-8").to_owned(),
            "is not a regular file",
        ),
        (format!("{file}/known"), "can't be read"),
    ] {
        let error = learn(&path, &server).expect_err(why);
        assert_eq!(error.status(), Status::File);
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
    let mut policy = Policy::new();
    let error = policy.add_known_servers(folder.0.to_str().expect("UTF-8"), HOST, 465);
    let error = error.expect_err("a folder");
    assert!(
        error.to_string().contains("is not a regular file"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn c29_a_link_that_leads_nowhere_is_not_followed() {
    let folder = Folder::new();
    let (path, target) = (folder.path("known"), folder.path("target"));
    std::os::unix::fs::symlink(&target, &path).expect("a link");
    let error = learn(&path, &entry(HOST, 465, UNKNOWN_PIN)).expect_err("a link");
    let why = "is a symbolic link to a file that does not exist";
    assert!(error.to_string().contains(why), "{error}");
    assert!(!fs::exists(&target).expect("a folder"));
    // One that leads to a file stays a link, and the file gets the line.
    fs::write(&target, "# mine\n").expect("a file");
    assert_eq!(learn(&path, &entry(HOST, 465, UNKNOWN_PIN)), Ok(true));
    assert!(fs::symlink_metadata(&path).expect("a link").is_symlink());
    assert_eq!(
        fs::read_to_string(&target).expect("a file").lines().count(),
        2
    );
}

#[test]
fn c30_a_window_of_one_second_is_one() {
    let mut policy = Policy::new();
    policy
        .add_pin_with_window(UNKNOWN_PIN, 5, 5)
        .expect("a pin");
    let error = policy
        .add_pin_with_window(UNKNOWN_PIN, 6, 5)
        .expect_err("no time");
    assert_eq!(error.status(), Status::Pin);
    assert_eq!(policy.pins().len(), 1);
}

#[test]
fn c29_a_learner_that_was_killed_leaves_nothing_that_blocks_the_next() {
    let folder = Folder::new();
    let path = folder.path("known");
    // The lock is the system's, not that the file exists; and of the next text only a part was written.
    folder.write("known.lock", "");
    folder.write("known.new", "mail.exam");
    assert_eq!(learn(&path, &entry(HOST, 465, UNKNOWN_PIN)), Ok(true));
    let text = fs::read_to_string(&path).expect("a file");
    assert!(
        text.ends_with("a test\n") && text.lines().count() == 2,
        "{text}"
    );
    for left in ["known.new", "known.lock"] {
        assert!(!fs::exists(folder.path(left)).expect("a folder"), "{left}");
    }
}

#[cfg(unix)]
#[test]
fn c29_a_link_or_pipe_in_place_of_the_lock_is_not_followed() {
    let folder = Folder::new();
    let (path, other) = (folder.path("known"), folder.write("other", "mine"));
    std::os::unix::fs::symlink(&other, folder.path("known.lock")).expect("a link");
    std::os::unix::fs::symlink(&other, folder.path("known.new")).expect("a link");
    let error = learn(&path, &entry(HOST, 465, UNKNOWN_PIN)).expect_err("a link");
    assert!(error.to_string().contains("can't be written"), "{error}");
    fs::remove_file(folder.path("known.lock")).expect("a link");
    assert_eq!(learn(&path, &entry(HOST, 465, UNKNOWN_PIN)), Ok(true));
    assert_eq!(fs::read(&other).expect("a file"), b"mine");
}

/// Windows rejects a rename over a file that is read-only, or open without share permission.
#[cfg(windows)]
#[test]
fn c29_a_file_that_another_program_has_open_is_waited_for_and_a_read_only_one_is_left() {
    use std::os::windows::fs::OpenOptionsExt as _;
    const FILE_SHARE_READ: u32 = 1;

    let folder = Folder::new();
    let path = folder.write("known", "# mine\n");
    let mut reading = fs::OpenOptions::new();
    let held = reading.read(true).share_mode(FILE_SHARE_READ).open(&path);
    thread::scope(|scope| {
        let learner = scope.spawn(|| learn(&path, &entry(HOST, 465, UNKNOWN_PIN)));
        thread::sleep(std::time::Duration::from_millis(100));
        drop(held.expect("open"));
        assert_eq!(learner.join().expect("no panic"), Ok(true));
    });

    let set_read_only = |read_only| {
        let mut permissions = fs::metadata(&path).expect("a file").permissions();
        permissions.set_readonly(read_only);
        fs::set_permissions(&path, permissions).expect("permissions");
    };
    let text = fs::read(&path).expect("a file");
    set_read_only(true);
    let error = learn(&path, &entry(HOST, 587, UNKNOWN_PIN)).expect_err("read-only");
    assert_eq!(error.status(), Status::File);
    assert_eq!(fs::read(&path).expect("a file"), text);
    assert!(!fs::exists(folder.path("known.new")).expect("a folder"));
    set_read_only(false);
}

#[test]
fn c33_pins_are_those_of_one_host_and_port() {
    let w = World::get();
    let folder = Folder::new();
    let own = w.good().spki_pin();
    let path = folder.path("known");
    learn(&path, &entry(HOST, 465, &own)).expect("learnt");
    learn(&path, &entry(HOST, 465, UNKNOWN_PIN)).expect("learnt");
    let load = |host: &str, port| {
        let mut policy = Policy::new();
        policy.add_known_servers(&path, host, port).map(|()| policy)
    };
    let policy = load("MAIL.example.", 465).expect("pins");
    assert_eq!(policy.pins().len(), 2);
    let server = ReferenceServer::start(ReferenceConfig::new(w.good())).expect("a server");
    send(HOST, server.implicit_addr(), &policy).expect("sent");
    for (host, port) in [(HOST, 587), ("other.example", 465)] {
        let error = load(host, port).expect_err("no entry");
        assert_eq!(error.status(), Status::NoTrust, "C08: never silently empty");
    }
    assert_eq!(
        load("a b", 465).expect_err("no host").status(),
        Status::Host
    );
    let missing = Policy::new().add_known_servers(&folder.path("none"), HOST, 465);
    assert_eq!(missing.expect_err("no file").status(), Status::File);
}

#[test]
fn c28_nothing_is_learnt_from_an_untrusted_server() {
    let w = World::get();
    let server = ReferenceServer::start(ReferenceConfig::new(w.good())).expect("a server");
    let own = w.pki.spki_pin(CertKind::Leaf);
    let parse = |text: &str| Some(Pin::parse_list(text).expect("a pin")[0]);
    let learnt = |policy: &Policy, confirmed| {
        let client = client(HOST, server.implicit_addr(), policy).expect("a client");
        let report = client.probe(Log::off()).expect("a report");
        report
            .pin_to_learn(confirmed)
            .map(|pin| pin.to_string())
            .map_err(|e| e.status())
    };
    let empty = Policy::new();
    let mut trusting = Policy::new();
    ca(w, &mut trusting);
    let mut wrong = Policy::new();
    pin(&mut wrong, UNKNOWN_PIN);
    assert_eq!(learnt(&empty, None), Err(Status::NoTrust));
    assert_eq!(learnt(&wrong, None), Err(Status::PinMismatch));
    assert_eq!(learnt(&trusting, None), Ok(own.clone()));
    assert_eq!(learnt(&empty, parse(&own)), Ok(own.clone()));
    for policy in [&empty, &trusting, &wrong] {
        assert_eq!(learnt(policy, parse(UNKNOWN_PIN)), Err(Status::PinMismatch));
    }
    // An issuer's key is not the server's.
    let issuer = parse(&w.pki.spki_pin(CertKind::Intermediate));
    assert_eq!(learnt(&empty, issuer), Err(Status::PinMismatch));
}

#[test]
fn c32_a_pin_from_a_certificate_or_public_key_file() {
    let w = World::get();
    let folder = Folder::new();
    let identity = w.good();
    let leaf = &identity.chain[0];
    let spki = spki_of(&identity);
    let both = pem(leaf) + &pem(&identity.chain[1]);
    for (name, file) in [
        ("certificate PEM", folder.write("1", pem(leaf))),
        ("certificate DER", folder.write("2", leaf)),
        ("key PEM", folder.write("3", block("PUBLIC KEY", &spki))),
        ("key DER", folder.write("4", &spki)),
    ] {
        let mut policy = Policy::new();
        policy.add_pin_file(&file).expect(name);
        assert_eq!(
            policy.pins()[0].pin.to_string(),
            identity.spki_pin(),
            "{name}"
        );
    }
    for (why, file) in [
        ("several certificates or keys", folder.write("5", both)),
        ("is not a certificate or public key", folder.write("6", "")),
        (
            "is a private key",
            folder.write("7", block("PRIVATE KEY", identity.key.secret_der())),
        ),
        ("can't be read", folder.write("8", &leaf[..leaf.len() / 2])),
        (
            "can't be read",
            folder.write("9", [&spki[..], b"x"].concat()),
        ),
        (
            "is not a certificate or public key",
            folder.write("10", identity.spki_pin()),
        ),
    ] {
        let error = Policy::new().add_pin_file(&file).expect_err(why);
        assert_eq!(error.status(), Status::Pin, "{why}");
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
    let error = Policy::new().add_pin_file(&folder.path("none"));
    assert_eq!(error.expect_err("no file").status(), Status::File);
}

/// The public key as it stands in the certificate.
fn spki_of(identity: &ServerIdentity) -> Vec<u8> {
    use x509_cert::der::{Decode as _, Encode as _};
    let parsed = x509_cert::Certificate::from_der(&identity.chain[0]).expect("a certificate");
    let key = parsed.tbs_certificate().subject_public_key_info();
    key.to_der().expect("DER")
}
