//! The command's trust: no environment variable changes it; learning; the options of policies.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use secsmtp_testservers::{CertKind, Honest, HonestConfig, Pki};

const HOST: &str = "mail.example";
/// A pin that nobody has.
const NOBODYS: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

struct Place {
    pki: Pki,
    server: Honest,
    folder: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let pki = Pki::new(&[HOST]);
        let server = Honest::start(HonestConfig::new(pki.identity())).expect("a server");
        let folder =
            std::env::temp_dir().join(format!("secsmtp-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self {
            pki,
            server,
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.join(name), text).expect("a file");
        self.path(name)
    }

    /// The command, to be given more.
    fn command(&self, action: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secsmtp"));
        command.args([action, "--server", HOST, "--json", "--timeout", "20"]);
        command.args(["--connect", &self.server.implicit_addr().to_string()]);
        command
    }

    fn send(&self) -> Command {
        let mut command = self.command("send");
        let mail = self.write("mail.eml", "Subject: x\r\n\r\nx\r\n");
        let password = self.write("password", "correct horse battery staple\n");
        command.args(["--user", "alice", "--password-file", &password]);
        command.args([
            "--from",
            "alice@mail.example",
            "--to",
            "bob@mail.example",
            &mail,
        ]);
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the command");
    let words = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code(), words)
}

#[test]
fn d17_the_environment_adds_no_root_and_takes_no_keys() {
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
fn c28_a_probe_learns_what_is_trusted_or_confirmed() {
    let place = Place::new("learn");
    let known = place.path("known");
    let root = place.write("root.pem", &place.pki.pem(CertKind::Root));
    let own = place.pki.spki_pin(CertKind::Leaf);
    let issuer = place.pki.spki_pin(CertKind::Intermediate);
    let learn = |more: &[&str]| run(place.command("probe").args(["--learn", &known]).args(more));
    // A stranger's, another's, the issuer's: refused, and nothing is written.
    for more in [&[][..], &["--confirm", &issuer], &["--pin", NOBODYS]] {
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
    assert!(
        code == Some(10) && text.contains("revocation list file"),
        "{text}"
    );
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
