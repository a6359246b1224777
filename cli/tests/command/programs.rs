//! A program that gives the password: the deadline and a cancel end it, and what it started holds nothing
//! up. A password on standard input.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::place::{PASSWORD, Place, run};

fn asking(place: &Place, program: &str) -> Command {
    let mut command = place.trusting();
    command.args(["--user", "alice", "--password-command", program]);
    command.arg(place.mail());
    command
}

/// Returns whether a process runs, and is not a zombie.
fn is_alive(id: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{}/stat", id.trim()));
    state.is_ok_and(|state| !state.contains(") Z "))
}

#[test]
fn the_deadline_bounds_the_program_and_ends_it() {
    // One that sleeps itself, one whose child does, one that writes all the time, and one that is deaf to
    // a polite end.
    let bodies = [
        "exec sleep 1000",
        "sleep 1000",
        "while :; do echo; sleep 0.2; done",
        "trap '' TERM INT HUP; while :; do sleep 0.2; done",
    ];
    let check = |number: usize, body: &str| {
        let place = Place::new(&format!("deadline-{number}"));
        let id = place.path("id");
        let program = place.script("program", &format!("echo $$ > {id}\n{body}"));
        let (code, text) = run(asking(&place, &program).args(["--timeout", "8"]));
        assert_eq!(
            (code, place.server.mail_count()),
            (Some(10), 0),
            "{body}: {text}"
        );
        assert!(
            text.contains("the timeout of the whole call passed."),
            "{text}"
        );
        assert!(
            !is_alive(&fs::read_to_string(&id).expect("it ran")),
            "{body}"
        );
    };
    thread::scope(|scope| {
        for (number, body) in bodies.into_iter().enumerate() {
            scope.spawn(move || check(number, body));
        }
    });
}

#[test]
fn a_signal_ends_the_program() {
    let place = Place::new("cancel");
    let id = place.path("id");
    let program = place.script(
        "program",
        &format!("echo $$ > {id}.new; mv {id}.new {id}; exec sleep 1000"),
    );
    let mut command = asking(&place, &program);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it");
    while !fs::exists(&id).expect("a folder") {
        sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    let output = child.wait_with_output().expect("its end");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(10), "{text}");
    assert!(text.contains("the call was cancelled."), "{text}");
    assert!(!is_alive(&fs::read_to_string(&id).expect("it ran")));
}

#[test]
fn child_processes_of_the_program_do_not_delay_the_send() {
    let place = Place::new("agent");
    let id = place.path("id");
    // An agent that stays, with the program's output open.
    let body = format!("sleep 1000 &\necho $! > {id}\nprintf '{PASSWORD}'");
    let program = place.script("program", &body);
    let (code, text) = run(&mut asking(&place, &program));
    let agent = fs::read_to_string(&id).expect("it ran");
    assert!(is_alive(&agent), "it was left alone");
    assert!(
        Command::new("kill")
            .arg(agent.trim())
            .status()
            .expect("kill")
            .success()
    );
    assert_eq!((code, place.server.mail_count()), (Some(0), 1), "{text}");

    // More than a secret is long, from one that stays too.
    let program = place.script("program", "yes & yes");
    let (code, text) = run(&mut asking(&place, &program));
    assert!(
        code == Some(10) && text.contains("none was given"),
        "{text}"
    );
}

#[test]
fn a_password_is_read_from_standard_input() {
    let place = Place::new("input");
    for (given, expected) in [
        (PASSWORD.to_owned(), Some(0)),
        (format!("{PASSWORD}\n"), Some(0)),
        (format!("{PASSWORD}\r\n"), Some(0)),
        ("another".to_owned(), Some(11)),
        (String::new(), Some(10)),
        ("x".repeat(20_000), Some(10)),
    ] {
        let mut command = place.trusting();
        command
            .args(["--user", "alice", "--password-file", "-"])
            .arg(place.mail());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("the command");
        // It may not read all of it.
        let _ = child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(given.as_bytes());
        assert_eq!(child.wait().expect("its end").code(), expected);
    }
    // Not both at once.
    let (code, text) = run(place
        .trusting()
        .args(["--user", "alice", "--password-file", "-"]));
    assert!(code == Some(64) && text.contains("not both"), "{text}");
}
