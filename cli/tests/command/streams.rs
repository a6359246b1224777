//! Streams that take nothing change neither what is sent nor the exit status.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::process::{Command, Stdio};

use crate::place::{PASSWORD, Place};

const MAILS: usize = 20;

/// A stream to which writes fail.
fn closed() -> Stdio {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    let full = OpenOptions::new().write(true).open("/dev/full");
    full.expect("Linux").into()
}

/// The exit status, and the output of the stream that works; the other one is standard output if
/// `out_fails`.
fn run(command: &mut Command, out_fails: bool, failing: Stdio) -> (Option<i32>, String) {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let (out, err) = match out_fails {
        true => (failing, writer.into()),
        false => (writer.into(), failing),
    };
    let mut child = command
        .stdout(out)
        .stderr(err)
        .spawn()
        .expect("the command");
    // Its own copies of the ends, so that the reader sees the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("UTF-8");
    (child.wait().expect("its end").code(), text)
}

fn mails(place: &Place) -> String {
    let folder = place.path("mails");
    fs::create_dir(&folder).expect("a folder");
    for number in 0..MAILS {
        place.write(&format!("mails/{number:02}.eml"), "Subject: x\r\n\r\nx\r\n");
    }
    folder
}

#[test]
fn a_stream_that_fails_stops_no_mail_and_the_other_one_reports_it() {
    let place = Place::new("streams");
    let (folder, password) = (mails(&place), place.write("password", PASSWORD));
    let mut sent = 0;
    for (more, fails) in [
        (&[][..], closed as fn() -> Stdio),
        (&[], full),
        (&["--json"], closed),
        (&["--json"], full),
        (&["--connections", "3"], closed),
    ] {
        let mut command = place.trusting();
        command.args(["--user", "alice", "--password-file", &password]);
        command.args(more).arg(&folder);
        let (code, text) = run(&mut command, true, fails());
        sent += MAILS;
        assert_eq!((code, place.server.mail_count()), (Some(0), sent), "{text}");
        assert!(
            text.contains("standard output could not be written"),
            "{text}"
        );

        let (code, text) = run(command.arg("--verbose"), false, fails());
        sent += MAILS;
        assert_eq!((code, place.server.mail_count()), (Some(0), sent), "{text}");
        let json = more.contains(&"--json");
        let said = text.contains("standard error could not be written");
        assert_eq!(said, !json, "{text}");
        assert_eq!(text.lines().count(), MAILS + usize::from(said), "{text}");

        // Neither of the two.
        command.stdout(fails()).stderr(fails());
        let status = command.status().expect("the command");
        sent += MAILS;
        assert_eq!((status.code(), place.server.mail_count()), (Some(0), sent));
    }
}

#[test]
fn each_action_keeps_its_exit_status_on_streams_that_take_nothing() {
    let place = Place::with("statuses", |server| {
        server.reject_rcpt = vec!["unknown@mail.example".to_owned()];
    });
    let chain = place.write("chain.pem", "no certificate");
    let secsmtp = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secsmtp"));
        command.args(words);
        command
    };
    let refused = |to: &str| {
        let (mail, password) = (place.mail(), place.write("password", PASSWORD));
        let mut command = place.trusting();
        command.args([
            "--user",
            "alice",
            "--password-file",
            &password,
            "--to",
            to,
            &mail,
        ]);
        command
    };
    let pin = "00".repeat(32);
    for (mut command, expected) in [
        (refused("unknown@mail.example"), 11),
        (refused("not an address"), 10),
        (
            secsmtp(&["verify", "--server", "h.example", "--pin", &pin, &chain]),
            10,
        ),
        (place.command("probe"), 10),
        (secsmtp(&["--help"]), 0),
        (secsmtp(&["--version"]), 0),
        (secsmtp(&["send", "--insecure"]), 64),
    ] {
        for fails in [closed as fn() -> Stdio, full] {
            for out_fails in [true, false] {
                let (code, text) = run(&mut command, out_fails, fails());
                assert_eq!(code, Some(expected), "{command:?}: {text}");
            }
            command.stdout(fails()).stderr(fails());
            let status = command.status().expect("the command");
            assert_eq!(status.code(), Some(expected), "{command:?}");
        }
    }
    // Here the output is all that was asked for.
    let compose = [
        "compose",
        "--from",
        "a@b.example",
        "--to",
        "c@d.example",
        "--subject",
        "x",
    ];
    let (code, text) = run(&mut secsmtp(&compose), true, full());
    assert!(
        code == Some(10) && text.contains("can't be written (no space left)"),
        "{text}"
    );
}
