//! The command's trust: no environment variable changes it; learning; the options of policies.

use std::fs;
use std::process::Command;

use secsmtp_testservers::CertKind;

use crate::place::{HOST, Place, run};

/// A pin of no key.
const UNKNOWN_PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn d17_the_environment_adds_no_root_and_gets_no_keys() {
    let place = Place::new("environment");
    let root = place.write("root.pem", &place.pki.pem(CertKind::Root));
    let keys = place.path("keys.log");
    let with_environment = |command: &mut Command| {
        command
            .env("SSL_CERT_FILE", &root)
            .env("SSL_CERT_DIR", &place.folder)
            .env("SSLKEYLOGFILE", &keys);
        run(command)
    };
    // The extra root is not trusted, whichever roots are asked for by name.
    for roots in ["--system-roots", "--mozilla-roots"] {
        let (code, text) = with_environment(place.send().arg(roots));
        assert_eq!(code, Some(10), "{text}");
        assert!(
            text.contains("UNKNOWN_ISSUER") || text.contains("E_ROOTS"),
            "{text}"
        );
    }
    assert_eq!(place.server.mail_count(), 0);
    // Given as it should be, it is; and no key was logged in either case.
    let (code, text) = with_environment(place.send().args(["--ca-file", &root]));
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(place.server.mail_count(), 1);
    assert!(!fs::exists(&keys).expect("a folder"), "keys were logged");
}

#[test]
fn c28_a_probe_learns_only_trusted_or_confirmed_pins() {
    let place = Place::new("learn");
    let known = place.path("known");
    let root = place.write("root.pem", &place.pki.pem(CertKind::Root));
    let own = place.pki.spki_pin(CertKind::Leaf);
    let issuer = place.pki.spki_pin(CertKind::Intermediate);
    let learn = |more: &[&str]| {
        run(place
            .command("probe")
            .args(["--json", "--learn", &known])
            .args(more))
    };
    // A stranger's, another's, the issuer's: refused, and nothing is written.
    for more in [&[][..], &["--confirm", &issuer], &["--pin", UNKNOWN_PIN]] {
        let (code, text) = learn(more);
        assert!(
            code == Some(10) && text.contains("\"learnt\":false"),
            "{text}"
        );
        assert!(!fs::exists(&known).expect("a folder"));
    }
    let (code, text) = learn(&["--confirm", &own, "--by", "the admin"]);
    assert!(
        code == Some(0) && text.contains("\"learnt\":true"),
        "{text}"
    );
    let (code, text) = learn(&["--ca-file", &root]);
    assert_eq!(code, Some(0), "{text}");
    let file = fs::read_to_string(&known).expect("a file");
    assert_eq!(file.matches(&own).count(), 1, "known already: {file}");
    assert!(file.contains("the admin"), "{file}");

    // It is what a send goes by, and a send does not write it.
    let (code, text) = run(place.send().args(["--pin-file", &known]));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(place.send().args(["--pin-file", &known, "--port", "2465"]));
    assert!(
        code == Some(10) && text.contains("has no pin for mail.example port 2465"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(&known).expect("a file"), file);
}

#[test]
fn the_options_of_a_policy_reach_it() {
    let place = Place::new("options");
    let chain = place.pki.pem(CertKind::Leaf) + &place.pki.pem(CertKind::Intermediate);
    let chain = place.write("chain.pem", &chain);
    let leaf = place.write("leaf.pem", &place.pki.pem(CertKind::Leaf));
    let verify = |host: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secsmtp"));
        run(command
            .args(["verify", "--server", host])
            .args(more)
            .arg(&chain))
    };
    assert_eq!(verify(HOST, &["--pin-of", &leaf]).0, Some(0));
    assert_eq!(verify("other.example", &["--pin-of", &leaf]).0, Some(0));
    assert_eq!(
        verify("other.example", &["--pin-of", &leaf, "--strict"]).0,
        Some(10)
    );
    // A file that is not there is no list, and never passed over.
    let (code, text) = verify(HOST, &["--pin-of", &leaf, "--crl-file", "/nonexistent"]);
    assert!(code == Some(10) && text.contains("--crl-file"), "{text}");
    let (code, text) = run(place.send().args([
        "--pin-of",
        &leaf,
        "--client-certificate",
        &leaf,
        "--client-key",
        &leaf,
    ]));
    assert!(
        code == Some(10) && text.contains("client certificate"),
        "{text}"
    );
}

/// A pipe would be waited for, a device read without end or replaced, and a dangling link replaced.
#[cfg(unix)]
#[test]
fn c29_only_a_regular_file_is_learnt_into_and_read_from() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    let place = Place::new("regular");
    let root = place.write("root.pem", &place.pki.pem(CertKind::Root));
    let learn = |path: &str| {
        run(place
            .command("probe")
            .args(["--ca-file", &root, "--learn", path]))
    };
    let pipe = place.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let (dangling, loop_, folder) = (
        place.path("dangling"),
        place.path("loop"),
        place.path("folder"),
    );
    symlink(place.path("nowhere"), &dangling).expect("a link");
    symlink(&loop_, &loop_).expect("a link");
    fs::create_dir(&folder).expect("a folder");
    for (path, why) in [
        (pipe.as_str(), "is not a regular file"),
        ("/dev/full", "is not a regular file"),
        ("/dev/zero", "is not a regular file"),
        (&folder, "is not a regular file"),
        (
            &dangling,
            "is a symbolic link to a file that does not exist",
        ),
        (&loop_, "can't be read"),
    ] {
        let (code, text) = learn(path);
        assert!(code == Some(10) && text.contains("NOT LEARNT."), "{text}");
        assert!(text.contains(&format!("{path} {why}")), "{path}: {text}");
        let (code, text) = run(place.send().args(["--pin-file", path]));
        assert!(code == Some(10) && text.contains(path), "{path}: {text}");
    }
    let kind = |path: &str| fs::symlink_metadata(path).expect("it is left").file_type();
    assert!(kind(&pipe).is_fifo() && kind("/dev/full").is_char_device());
    assert!(kind(&dangling).is_symlink() && !fs::exists(place.path("nowhere")).expect("a folder"));

    // A link to a regular file is followed, and stays.
    let (file, link) = (place.write("file", ""), place.path("link"));
    symlink(&file, &link).expect("a link");
    let (code, text) = learn(&link);
    assert_eq!(code, Some(0), "{text}");
    assert!(kind(&link).is_symlink());
    let (code, text) = run(place.send().args(["--pin-file", &link]));
    assert_eq!(code, Some(0), "{text}");
}

/// The lock of a learner that was killed is the system's to release.
#[cfg(target_os = "linux")]
#[test]
fn c29_a_learner_waits_for_one_that_lives_and_for_none_that_was_killed() {
    use std::io::{Read as _, Write as _};
    use std::process::Stdio;

    let place = Place::new("lock");
    let root = place.write("root.pem", &place.pki.pem(CertKind::Root));
    let (known, lock) = (place.path("known"), place.path("known.lock"));
    let mut other = Command::new("flock")
        .args(["--close", &lock, "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("flock");
    let mut input = other.stdin.take().expect("a pipe");
    // Its repeated output shows that it holds the lock.
    input.write_all(b"x").expect("a pipe");
    let output = other.stdout.as_mut().expect("a pipe");
    output.read_exact(&mut [0]).expect("its lock");
    let mut probe = place.command("probe");
    probe.args(["--ca-file", &root, "--learn", &known]);
    let (code, text) = run(&mut probe);
    assert_eq!(code, Some(10), "{text}");
    assert!(
        text.contains("is being written by another program"),
        "{text}"
    );
    other.kill().expect("it lives");
    other.wait().expect("its end");
    let (code, text) = run(&mut probe);
    assert_eq!(code, Some(0), "{text}");
}
