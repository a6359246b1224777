//! No word from outside turns a line into another, and none of Rust's names or escapes is shown.

use std::process::Command;

use crate::place::{Place, run};

const EVIL: &str = "a\u{1b}[2J\r\nACCEPTED. \u{202e}b";
const SHOWN: &str = r"a\x1b[2J\r\nACCEPTED. \u202eb";

#[test]
fn each_word_of_the_command_line_is_shown_escaped() {
    let place = Place::new("words");
    let pin = "00".repeat(32);
    let composing = ["--from", "a@b.example", "--to", "c@d.example"];
    let in_place = |option: &str| format!("{option}={EVIL}");
    let secsmtp = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secsmtp"));
        command.args(words);
        command
    };
    let server = ["send", "--server", "h.example", "--pin", &pin];
    let mut commands = Vec::new();
    // Usage.
    for words in [
        &[EVIL][..],
        &["send", &format!("--{EVIL}")],
        &["probe", EVIL],
        &["send", "--port", EVIL],
        &["send", "--timeout", EVIL],
        &["send", "--rate", EVIL],
        &["send", "--burst", EVIL],
        &["send", "--connect", EVIL],
        &["send", "--tls", EVIL],
        &["send", "--channel-binding", EVIL],
        &["send", &in_place("--json")],
        &["verify", "--at", EVIL],
        &["send", "--notify", EVIL],
        &["send", "--return", EVIL],
        &["send", "--deliver-by", &format!("60:{EVIL}")],
        &["send", "--hold", EVIL],
        &["send", "--mt-priority", EVIL],
        &["send", "--priority", EVIL],
        &["send", "--header", EVIL],
        &["compose", "--inline", EVIL],
        &["compose", "--calendar", EVIL],
    ] {
        commands.push((secsmtp(words), 64));
    }
    // Read later.
    for words in [
        &["--ca-file", EVIL][..],
        &["--certificate", EVIL],
        &["--pin-of", EVIL],
        &["--pin-file", EVIL],
        &["--crl-file", EVIL],
        &["--client-certificate", EVIL, "--client-key", EVIL],
        &["--user", "u", "--password-file", EVIL],
        &["--user", "u", "--password-env", "V", "--mechanism", EVIL],
        &[
            "--dkim-key",
            EVIL,
            "--dkim-selector",
            "s",
            "--dkim-domain",
            "d.example",
        ],
        &[EVIL],
        &[EVIL, "other"],
    ] {
        let mail = place.mail();
        let mut command = secsmtp(&server);
        command
            .args(["--from", "a@b.example", "--to", "c@d.example"])
            .args(words);
        if !words.contains(&"other") && words != [EVIL] {
            command.arg(&mail);
        }
        commands.push((command, 10));
    }
    for option in [
        "--text-file",
        "--html-file",
        "--attach",
        "--cc",
        "--reply-to",
        "--message-id",
        "--in-reply-to",
        "--unsubscribe",
    ] {
        commands.push((secsmtp(&["compose"]), 10));
        let (command, _) = commands.last_mut().expect("one");
        command.args(composing).args([option, EVIL]);
    }
    for option in ["--inline", "--calendar"] {
        commands.push((secsmtp(&["compose"]), 10));
        let (command, _) = commands.last_mut().expect("one");
        command
            .args(composing)
            .args([option, &format!("REQUEST={EVIL}")]);
    }
    let mut shown = 0;
    for (mut command, expected) in commands {
        let (code, text) = run(&mut command);
        assert_eq!(code, Some(expected), "{command:?}: {text}");
        assert!(
            !text.contains(['\u{1b}', '\r', '\u{202e}']),
            "{command:?}: {text}"
        );
        assert!(
            text.lines().all(|line| !line.starts_with("ACCEPTED")),
            "{text}"
        );
        for rust in ["\\u{", "entity", "Os {", "kind:"] {
            assert!(!text.contains(rust), "{command:?}: {text}");
        }
        shown += usize::from(text.contains(SHOWN));
    }
    // Not all repeat the word.
    assert!(shown > 25, "{shown}");
}

#[test]
fn a_missing_file_is_reported_in_plain_text() {
    let place = Place::new("missing");
    for more in [
        ["--ca-file", "/none"],
        ["--pin-file", "/none"],
        ["--pin-of", "/none"],
    ] {
        let (code, text) = run(place.send().args(more));
        assert_eq!(code, Some(10), "{text}");
        assert!(
            text.contains("/none can't be read (no such file or folder)"),
            "{text}"
        );
    }
}
