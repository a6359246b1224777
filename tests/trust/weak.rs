//! C19, D01: weak keys, weak hashes and old versions, from OpenSSL, which still makes them when
//! asked to. In pin-only mode no path is built: there the handshake's signature check refuses them.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use secsmtp::status::Status;
use secsmtp::trust::{Host, Policy, now_at, verify_pem};

use crate::oracle::has_openssl;
use crate::world::{HOST, send};

/// A self-signed certificate and its key.
struct Weak {
    folder: PathBuf,
}

impl Weak {
    /// A certificate with a key of these options and a signature by this hash.
    fn new(name: &str, key: &[&str], hash: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("secsmtp-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let weak = Self { folder };
        let mut command = Command::new("openssl");
        command.args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "9",
            "-subj",
            "/CN=mail.example",
            hash,
        ]);
        command
            .args(["-addext", "subjectAltName=DNS:mail.example"])
            .arg("-newkey")
            .args(key);
        command
            .arg("-keyout")
            .arg(weak.key())
            .arg("-out")
            .arg(weak.certificate());
        let made = command.output().expect("openssl");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        weak
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// Trusts its key, whatever it is.
    fn pinned(&self) -> Policy {
        let mut policy = Policy::new();
        let pem = fs::read(self.certificate()).expect("a certificate");
        policy.add_pin_of(&pem).expect("a pin");
        policy
    }
}

impl Drop for Weak {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// OpenSSL's server, which prints what it receives.
struct Server(Child, SocketAddr);

impl Server {
    fn start(weak: &Weak, more: &[&str]) -> Self {
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-cipher", "ALL:@SECLEVEL=0"])
            .args(["-accept", &address.to_string()])
            .args([
                "-cert",
                path(&weak.certificate()),
                "-key",
                path(&weak.key()),
            ])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a server");
        let up = (0..2000).any(|_| {
            sleep(Duration::from_millis(20));
            TcpStream::connect(address).is_ok()
        });
        assert!(up, "the server does not listen");
        Self(child, address)
    }

    /// The bytes that it received inside TLS.
    fn end(mut self) -> String {
        let _ = self.0.kill();
        let mut received = String::new();
        let stdout = self.0.stdout.as_mut().expect("a pipe");
        let _ = stdout.read_to_string(&mut received);
        let _ = self.0.wait();
        received
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn c19_a_weak_key_is_refused_even_if_it_is_pinned() {
    if !has_openssl() {
        return;
    }
    for (name, key) in [
        ("rsa-1024", &["rsa:1024"][..]),
        ("p-192", &["ec", "-pkeyopt", "ec_paramgen_curve:prime192v1"]),
        (
            "secp256k1",
            &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        ),
    ] {
        let weak = Weak::new(name, key, "-sha256");
        for version in ["-tls1_2", "-tls1_3"] {
            let server = Server::start(&weak, &[version]);
            let error = send(HOST, server.1, &weak.pinned()).expect_err(name);
            assert_eq!(
                error.status(),
                Status::Handshake,
                "{name} {version}: {error}"
            );
            assert_eq!(server.end(), "", "{name} {version}");
        }
    }
}

/// The server completes the handshake with a good key: only the key made the difference.
#[test]
fn c19_a_good_key_is_accepted() {
    if !has_openssl() {
        return;
    }
    let good = Weak::new("rsa-2048", &["rsa:2048"], "-sha256");
    let server = Server::start(&good, &[]);
    let client = crate::world::client(HOST, server.1, &good.pinned()).expect("a client");
    client.set_timeout(secsmtp::error::Stage::Greeting, Duration::from_millis(300));
    let sent = client.send(&crate::world::message(), secsmtp::log::Log::off());
    let error = sent.expect_err("no greeting comes");
    assert_eq!(error.status(), Status::Timeout, "{error}");
    assert_eq!(error.record.stage, secsmtp::error::Stage::Greeting);
    assert_eq!(server.end(), "");
}

#[test]
fn c19_a_weak_hash_is_refused_by_anchors() {
    if !has_openssl() {
        return;
    }
    let root = Weak::new("root", &["rsa:2048"], "-sha256");
    for (hash, expected) in [("-sha1", Status::BadCertificate), ("-sha256", Status::Ok)] {
        let leaf = Weak::new(&format!("leaf{hash}"), &["rsa:2048"], "-sha256");
        let request = leaf.folder.join("request.pem");
        let extensions = leaf.folder.join("extensions");
        fs::write(&extensions, "subjectAltName=DNS:mail.example\n").expect("a file");
        let run = |arguments: &[&str]| {
            let made = Command::new("openssl")
                .args(arguments)
                .output()
                .expect("openssl");
            assert!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
        };
        run(&[
            "req",
            "-new",
            "-subj",
            "/CN=leaf",
            "-key",
            path(&leaf.key()),
            "-out",
            path(&request),
        ]);
        run(&[
            "x509",
            "-req",
            hash,
            "-days",
            "9",
            "-in",
            path(&request),
            "-extfile",
            path(&extensions),
            "-CA",
            path(&root.certificate()),
            "-CAkey",
            path(&root.key()),
            "-CAcreateserial",
            "-out",
            path(&leaf.certificate()),
        ]);
        let mut policy = Policy::new();
        policy.add_ca_file(path(&root.certificate())).expect("a CA");
        let pem = fs::read(leaf.certificate()).expect("a certificate");
        let host = Host::parse(HOST).expect("a host");
        let verdict = verify_pem(&policy, &host, &pem, now_at(None)).expect("a chain");
        let status = verdict
            .judgement
            .as_ref()
            .map_or_else(|r| r.status(), |_| Status::Ok);
        assert_eq!(status, expected, "{hash}: {verdict}");
    }
}

#[test]
fn d01_a_server_of_old_versions_is_refused() {
    if !has_openssl() {
        return;
    }
    let good = Weak::new("old", &["rsa:2048"], "-sha256");
    for version in ["-tls1", "-tls1_1"] {
        let server = Server::start(&good, &[version]);
        let error = send(HOST, server.1, &good.pinned()).expect_err(version);
        assert_eq!(error.status(), Status::Handshake, "{version}: {error}");
        assert_eq!(server.end(), "", "{version}");
    }
}
