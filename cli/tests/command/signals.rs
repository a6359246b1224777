//! A signal during a send: the outcome is printed and is the exit status; a second one ends at once.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::place::{PASSWORD, Place};

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the command")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("its end");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_signal_before_the_content_is_not_sent() {
    let place = Place::new("early");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = silent.local_addr().expect("an address").to_string();
    for name in ["-TERM", "-INT"] {
        for (action, extra) in [("send", &["--json"][..]), ("send", &[]), ("probe", &[])] {
            let mut command = match action {
                "send" => place.trusting(),
                action => place.command(action),
            };
            if action == "send" {
                command.arg(place.mail());
            }
            let child = start(command.args(["--connect", &at]).args(extra));
            let (mut connection, _) = silent.accept().expect("a connection");
            // It has begun.
            connection.read_exact(&mut [0]).expect("a ClientHello");
            signal(&child, name);
            let (code, text) = end(child);
            assert_eq!(code, Some(10), "{text}");
            assert!(text.contains("the call was cancelled."), "{text}");
        }
    }
}

#[test]
fn a_signal_behind_the_content_is_unknown() {
    // A reply that does not end.
    let place = Place::with("late", |server| {
        let reply = ("DATA-END".to_owned(), "250-wait\r\n".to_owned());
        server.override_reply.extend([reply]);
    });
    let mut command = place.trusting();
    let password = place.write("password", PASSWORD);
    command.args(["--user", "alice", "--password-file", &password]);
    let child = start(command.arg(place.mail()));
    while place.server.mail_count() == 0 {
        sleep(Duration::from_millis(5));
    }
    signal(&child, "-TERM");
    let (code, text) = end(child);
    assert!(
        code == Some(12) && text.contains("UNKNOWN."),
        "{code:?} {text}"
    );
}

#[test]
fn of_several_mails_those_left_are_not_begun() {
    let place = Place::with("several", |server| {
        let reply = ("DATA-END".to_owned(), "250-wait\r\n".to_owned());
        server.override_reply.extend([reply]);
    });
    let mut command = place.trusting();
    let password = place.write("password", PASSWORD);
    command.args([
        "--user",
        "alice",
        "--password-file",
        &password,
        "--window",
        "1",
    ]);
    let child = start(command.args([place.mail(), place.mail(), place.mail()]));
    while place.server.mail_count() == 0 {
        sleep(Duration::from_millis(5));
    }
    signal(&child, "-INT");
    let (code, text) = end(child);
    assert!(
        code == Some(12) && text.contains("UNKNOWN."),
        "{code:?} {text}"
    );
    // The cancel may reach the next message itself.
    assert!(text.contains("NOT BEGUN. "), "{text}");
    assert_eq!(place.server.mail_count(), 1);
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new("second");
    let pipe = place.path("pipe.eml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .expect("mkfifo")
            .success()
    );
    // A mail that never comes: no cancel ends the wait for it.
    let mut child = start(place.trusting().args([&pipe, &place.mail()]));
    let writer = loop {
        let mut options = OpenOptions::new();
        match options.write(true).custom_flags(O_NONBLOCK).open(&pipe) {
            Ok(writer) => break writer,
            Err(_) => assert!(child.try_wait().expect("a child").is_none(), "it ended"),
        }
        sleep(Duration::from_millis(5));
    };
    signal(&child, "-INT");
    signal(&child, "-TERM");
    let status = child.wait().expect("its end");
    assert!(matches!(status.signal(), Some(2 | 15)), "{status:?}");
    drop(writer);
}

/// Opening fails where no reader is.
const O_NONBLOCK: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 4 };
