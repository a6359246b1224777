//! Runs the reference server, the hotel, or both, until standard input ends.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the program prints its addresses for the parent process"
)]

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::{Arg, ValueExt as _};
use secsmtp_testservers::{
    CertKind, Hotel, HotelConfig, Pki, ReferenceConfig, ReferenceServer, TlsVersions, Trick,
};

const USAGE: &str = "\
usage: secsmtp-testservers reference --dir DIR [--user NAME] [--password PW] [--implicit-port N]
                                  [--starttls-port N] [--reject ADDR]... [--extension LINE]...
                                  [--tls 1.2|1.3|chacha20] [--mails-per-connection N]
       secsmtp-testservers hotel --dir DIR --upstream-implicit ADDR:PORT
                                 --upstream-starttls ADDR:PORT
       secsmtp-testservers demo --dir DIR [the options of reference]

Prints NAME=value lines, then READY, and serves until standard input ends.";

type Error = Box<dyn std::error::Error>;

#[derive(Default)]
struct Options {
    command: String,
    dir: Option<PathBuf>,
    user: Option<String>,
    password: Option<String>,
    implicit_port: u16,
    starttls_port: u16,
    reject: Vec<String>,
    extensions: Vec<String>,
    mails_per_connection: Vec<usize>,
    tls: TlsVersions,
    upstream_implicit: Option<SocketAddr>,
    upstream_starttls: Option<SocketAddr>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("secsmtp-testservers: {error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let options = options()?;
    let dir = options.dir.clone().ok_or("--dir is needed")?;
    fs::create_dir_all(&dir)?;
    // Both stay alive until the end of this function.
    let mut server = None;
    let mut hotels = Vec::new();
    let mut lines = Vec::new();
    match options.command.as_str() {
        "reference" => server = Some(start_reference(&options, &dir, &mut lines)?),
        "hotel" => {
            let implicit = options
                .upstream_implicit
                .ok_or("--upstream-implicit is needed")?;
            let starttls = options
                .upstream_starttls
                .ok_or("--upstream-starttls is needed")?;
            hotels = start_hotels(&dir, implicit, starttls, &mut lines)?;
        }
        "demo" => {
            let started = start_reference(&options, &dir, &mut lines)?;
            let (implicit, starttls) = (started.implicit_addr(), started.starttls_addr());
            hotels = start_hotels(&dir, implicit, starttls, &mut lines)?;
            server = Some(started);
        }
        other => return Err(format!("unknown command {other:?}").into()),
    }
    let mut out = io::stdout().lock();
    for (name, value) in lines {
        writeln!(out, "{name}={value}")?;
    }
    writeln!(out, "READY")?;
    out.flush()?;
    wait_for_end()?;
    // The hotels go first: they hold connections to the reference server.
    drop(hotels);
    drop(server);
    Ok(())
}

fn options() -> Result<Options, Error> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(value) if options.command.is_empty() => options.command = value.string()?,
            Arg::Long("dir") => options.dir = Some(parser.value()?.into()),
            Arg::Long("user") => options.user = Some(parser.value()?.string()?),
            Arg::Long("password") => options.password = Some(parser.value()?.string()?),
            Arg::Long("implicit-port") => options.implicit_port = parser.value()?.parse()?,
            Arg::Long("starttls-port") => options.starttls_port = parser.value()?.parse()?,
            Arg::Long("reject") => options.reject.push(parser.value()?.string()?),
            Arg::Long("extension") => options.extensions.push(parser.value()?.string()?),
            Arg::Long("mails-per-connection") => {
                options.mails_per_connection.push(parser.value()?.parse()?);
            }
            Arg::Long("tls") => {
                options.tls = match parser.value()?.string()?.as_str() {
                    "1.2" => TlsVersions::Only12,
                    "1.3" => TlsVersions::Only13,
                    "chacha20" => TlsVersions::OnlyChaCha20,
                    _ => return Err("--tls expects 1.2, 1.3 or chacha20".into()),
                }
            }
            Arg::Long("upstream-implicit") => {
                options.upstream_implicit = Some(parser.value()?.parse()?);
            }
            Arg::Long("upstream-starttls") => {
                options.upstream_starttls = Some(parser.value()?.parse()?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

type Lines = Vec<(&'static str, String)>;

fn start_reference(
    options: &Options,
    dir: &Path,
    lines: &mut Lines,
) -> Result<ReferenceServer, Error> {
    let pki = Pki::new(&[]);
    let (ca_file, password_file) = (dir.join("ca.pem"), dir.join("password.txt"));
    let mail_dir = dir.join("mails");
    let mut config = ReferenceConfig::new(pki.identity());
    let (mut user, mut password) = config.users.remove(0);
    user = options.user.clone().unwrap_or(user);
    password = options.password.clone().unwrap_or(password);
    fs::write(&ca_file, pki.pem(CertKind::Root))?;
    // No line end: the whole file is the password.
    fs::write(&password_file, &password)?;
    config.tokens = vec![(user.clone(), format!("{user}-token"))];
    config.users = vec![(user.clone(), password)];
    config.tls = options.tls;
    config.reject_rcpt.clone_from(&options.reject);
    config.extensions.extend(options.extensions.iter().cloned());
    config
        .mails_per_connection
        .clone_from(&options.mails_per_connection);
    config.dir = Some(mail_dir.clone());
    (config.implicit_port, config.starttls_port) = (options.implicit_port, options.starttls_port);
    // The mails are stored as files; the memory of this process must not grow with them.
    (config.record, config.keep_mails) = (false, false);
    let server = ReferenceServer::start(config)?;
    lines.extend([
        ("REFERENCE_IMPLICIT", server.implicit_addr().to_string()),
        ("REFERENCE_STARTTLS", server.starttls_addr().to_string()),
        ("CA_FILE", ca_file.display().to_string()),
        ("PIN_LEAF", pki.spki_pin(CertKind::Leaf)),
        ("PIN_INTERMEDIATE", pki.spki_pin(CertKind::Intermediate)),
        ("PIN_ROOT", pki.spki_pin(CertKind::Root)),
        ("SERVER_NAME", "mail.test".to_owned()),
        ("MAIL_DIR", mail_dir.display().to_string()),
        ("USER", user),
        ("PASSWORD_FILE", password_file.display().to_string()),
    ]);
    Ok(server)
}

fn start_hotels(
    dir: &Path,
    implicit: SocketAddr,
    starttls: SocketAddr,
    lines: &mut Lines,
) -> Result<Vec<Hotel>, Error> {
    let (clear, decrypted) = (dir.join("hotel-clear.bin"), dir.join("hotel-decrypted.bin"));
    // Each run begins with empty files; both proxies append to them while they run.
    fs::write(&clear, [])?;
    fs::write(&decrypted, [])?;
    let start = |trick| {
        let mut config = HotelConfig::new(trick, implicit, starttls);
        config.dir = Some(dir.to_owned());
        Hotel::start(config)
    };
    let (hide, own) = (start(Trick::HideStarttls)?, start(Trick::OwnCertificate)?);
    let ca_file = dir.join("hotel-ca.pem");
    fs::write(&ca_file, own.ca_pem())?;
    let own_implicit = own
        .implicit_addr()
        .ok_or("the hotel has no implicit port")?;
    lines.extend([
        ("HOTEL_HIDE", hide.starttls_addr().to_string()),
        ("HOTEL_TLS_IMPLICIT", own_implicit.to_string()),
        ("HOTEL_TLS_STARTTLS", own.starttls_addr().to_string()),
        ("HOTEL_CA_FILE", ca_file.display().to_string()),
        ("HOTEL_CLEAR_FILE", clear.display().to_string()),
        ("HOTEL_DECRYPTED_FILE", decrypted.display().to_string()),
    ]);
    Ok(vec![hide, own])
}

/// The parent process holds the other end of standard input: when it exits, so does this process.
fn wait_for_end() -> io::Result<()> {
    let mut ignored = [0_u8; 256];
    while io::stdin().lock().read(&mut ignored)? > 0 {}
    Ok(())
}
