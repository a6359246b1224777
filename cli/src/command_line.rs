//! The command line: subcommands, help, and from words to options.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::compose::Compose;
use crate::examples::{self, Example};
use crate::exit::Exit;
use crate::pages::{Completions, ManPages};
use crate::probe::Probe;
use crate::send::Send;
use crate::usage;
use crate::verify::Verify;

/// Send mail to the named server over a verified channel, or say why not
///
/// Nothing but EHLO, STARTTLS and QUIT is written before the server is verified by what you chose to
/// trust: pinned keys, certificates or CAs. `secsmtp probe` shows a server's key; `secsmtp help send`
/// explains each option of send, with examples.
#[derive(Debug, Parser)]
#[command(
    name = "secsmtp",
    version,
    args_override_self = true,
    subcommand_required = true
)]
struct CommandLine {
    #[command(subcommand)]
    action: Action,
}

/// The subcommand.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Send one message or several
    ///
    /// A finished message (RFC 5322) comes from FILE or from standard input; of a file over a megabyte
    /// no more than that is held in memory. Several FILEs, and the files of a folder, are messages of
    /// their own: each has a line that says what became of it, they share connections, and the next one
    /// is sent while replies are on their way. Without FILE a message is composed by the options for
    /// that.
    ///
    /// At least one option of the group Trust is needed. Within a kind (pins, certificates, CAs) any may
    /// match; each kind that is given must hold. A password or token is never an argument, because other
    /// users of the machine see those.
    ///
    /// SIGINT (Ctrl-C) or SIGTERM cancels: the outcome is printed and is the exit status. A second one
    /// ends the command at once.
    #[command(override_usage = "\
secsmtp send --server HOST TRUST [OPTIONS] --from ADDR --to ADDR [FILE]...
       secsmtp send --server HOST TRUST [OPTIONS] --from ADDR --to ADDR --subject TEXT --text TEXT ...")]
    Send(Box<Send>),

    /// Write a composed message to a file or to standard output, without a network
    #[command(override_usage = "\
secsmtp compose --from ADDRESS --to ADDRESS --subject TEXT --text TEXT [OPTIONS]")]
    Compose(Box<Compose>),

    /// Show who answers at a server, and what to pin
    ///
    /// Connects, writes nothing but EHLO, STARTTLS and QUIT, and prints the certificates, the keys and
    /// what the server offers. Without an option of the group Trust nothing is trusted, and the exit
    /// status is 10.
    #[command(override_usage = "secsmtp probe --server HOST [TRUST] [OPTIONS]")]
    Probe(Box<Probe>),

    /// Give the verdict on a certificate chain in a file, without a network
    ///
    /// The verdict is that of send and probe for a server that shows this chain.
    #[command(override_usage = "secsmtp verify --server HOST TRUST [OPTIONS] CHAIN")]
    Verify(Box<Verify>),

    /// Print the completions of a shell
    Completions(Completions),

    /// Write the man pages into a folder
    #[command(hide = true)]
    ManPages(ManPages),
}

impl Action {
    /// Returns whether results are JSON, so that standard output contains nothing else.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Send(send) => send.json(),
            Self::Probe(probe) => probe.json(),
            Self::Verify(verify) => verify.json(),
            Self::Compose(_) | Self::Completions(_) | Self::ManPages(_) => false,
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Send(send) => send.check(),
            Self::Compose(compose) => compose.check(),
            Self::Probe(probe) => probe.check(),
            Self::Verify(_) | Self::Completions(_) | Self::ManPages(_) => Ok(()),
        }
    }

    pub(crate) fn run(&self) -> Exit {
        match self {
            Self::Send(send) => send.run(),
            Self::Compose(compose) => compose.run(),
            Self::Probe(probe) => probe.run(),
            Self::Verify(verify) => verify.run(),
            Self::Completions(completions) => completions.run(command()),
            Self::ManPages(pages) => pages.run(command()),
        }
    }
}

/// A command line that leads to no action.
#[derive(Debug)]
pub(crate) enum NoAction {
    /// Help or the version, for standard output.
    Information(String),
    /// A wrong command line, as lines for standard error.
    Usage(String),
}

/// The command with its examples.
pub(crate) fn command() -> Command {
    CommandLine::command()
        .mut_subcommands(|subcommand| {
            let text = after_help(subcommand.get_name());
            subcommand.after_long_help(text)
        })
        .after_long_help(after_help(""))
}

/// Reads the words of the command line, the command's own name first.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Action, NoAction> {
    let words: Vec<OsString> = words.into_iter().collect();
    let subcommand = words.get(1).and_then(|word| word.to_str()).unwrap_or("");
    let wrong = |sentence: &str| NoAction::Usage(usage(subcommand, sentence, None));
    let incomplete = |sentence: &str| {
        let example = examples::of(subcommand).first();
        NoAction::Usage(usage(subcommand, sentence, example))
    };
    let parsed = command().try_get_matches_from(&words);
    let parsed = parsed.and_then(|matches| CommandLine::from_arg_matches(&matches));
    let CommandLine { action } = parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            NoAction::Information(error.to_string().trim_end().to_owned())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            wrong("a subcommand is missing")
        }
        ErrorKind::MissingRequiredArgument => incomplete(&usage::sentence(&error)),
        _ => wrong(&usage::sentence(&error)),
    })?;
    action.check().map_err(|sentence| wrong(&sentence))?;
    Ok(action)
}

/// Lines about a wrong command line: what is wrong, perhaps what a right one looks like, and where to read on.
fn usage(subcommand: &str, sentence: &str, example: Option<&Example>) -> String {
    let command = CommandLine::command();
    let mut text = format!("secsmtp: {sentence}\n");
    if let Some(example) = example {
        text += &format!("Example: {}\n", example.command);
    }
    if command.find_subcommand(subcommand).is_some() {
        return text + &format!("Help: secsmtp help {subcommand}");
    }
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        let about = subcommand.get_about().map(ToString::to_string);
        text += &format!(
            "  {:11}  {}\n",
            subcommand.get_name(),
            about.unwrap_or_default()
        );
    }
    text + "Help: secsmtp --help"
}

/// Examples and exit statuses, behind the options of the long help.
fn after_help(subcommand: &str) -> String {
    let mut text = String::new();
    let examples = match subcommand {
        "" => "probe",
        subcommand => subcommand,
    };
    text += "Examples:\n";
    for example in examples::of(examples) {
        let command = example.command.replace('\n', "\n  ");
        text += &format!("  {}:\n    {command}\n", example.what);
    }
    text += "\nExit status:\n";
    for (exit, meaning) in Exit::ALL {
        text += &format!("  {:>2}  {meaning}\n", exit as u8);
    }
    text + "Of several messages the highest counts."
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a shell's line with quotation marks, line continuations and a pipe.
    fn words(line: &str) -> Vec<OsString> {
        let line = line.replace("\\\n", " ");
        let line = line.rsplit(" | ").next().expect("a command");
        let mut words = Vec::new();
        for (index, part) in line.split('"').enumerate() {
            match index % 2 {
                0 => words.extend(part.split_whitespace().map(OsString::from)),
                _ => words.push(part.into()),
            }
        }
        words
    }

    fn parsed(line: &str) -> Result<Action, String> {
        match parse(words(&format!("secsmtp {line}"))) {
            Ok(action) => Ok(action),
            Err(NoAction::Usage(text) | NoAction::Information(text)) => Err(text),
        }
    }

    #[test]
    fn the_description_of_the_command_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn each_example_and_each_line_of_the_documentation_is_a_command_line() {
        let mut lines = Vec::new();
        for subcommand in command().get_subcommands() {
            let examples = examples::of(subcommand.get_name()).iter();
            lines.extend(examples.map(|example| example.command.to_owned()));
        }
        for page in [
            include_str!("../../README.md"),
            include_str!("../../docs/command.md"),
        ] {
            let page = page.replace("\\\n", " ");
            let shown = page.lines().filter_map(|line| line.strip_prefix("$ "));
            lines.extend(
                shown
                    .filter(|line| line.contains("secsmtp"))
                    .map(str::to_owned),
            );
        }
        assert!(lines.len() > 12, "{lines:?}");
        for line in lines.iter().filter(|line| !line.contains("<(")) {
            let (_, arguments) = line.split_once("secsmtp ").expect(line);
            assert!(parsed(arguments).is_ok(), "{line}: {:?}", parsed(arguments));
        }
    }

    #[test]
    fn the_documentation_lists_subcommands_and_exit_statuses() {
        let page = include_str!("../../docs/command.md");
        for (exit, meaning) in Exit::ALL {
            let row = format!("| {} | {meaning} |", exit as u8);
            assert!(page.contains(&row), "{row}");
        }
        for subcommand in command().get_subcommands().filter(|one| !one.is_hide_set()) {
            let (name, about) = (subcommand.get_name(), subcommand.get_about());
            let row = format!("| `{name}` | {} |", about.expect("a line on it"));
            assert!(page.contains(&row), "{row}");
        }
    }

    #[test]
    fn each_option_has_a_line_of_help_in_a_group() {
        for subcommand in command().get_subcommands() {
            for option in subcommand.get_opts() {
                let help = option.get_help().map_or(String::new(), ToString::to_string);
                let is_line = !help.is_empty() && !help.ends_with('.');
                assert!(is_line, "{}: {help}", option.get_id());
                assert!(option.get_help_heading().is_some(), "{}", option.get_id());
            }
        }
    }

    #[test]
    fn a_mistyped_word_is_answered_with_the_one_that_is_meant() {
        for (line, meant) in [
            ("sned", "send"),
            ("send --sever h", "--server"),
            ("send --server h --tls startls", "starttls"),
            ("send --passwordfile f", "--password-file"),
        ] {
            let text = parsed(line).expect_err(line);
            assert!(text.contains(&format!("did you mean {meant}?")), "{text}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_a_sentence_with_the_option() {
        for (line, sentence) in [
            ("", "a subcommand is missing"),
            ("send", "--server HOST is missing"),
            ("send --server", "--server needs a value: --server HOST"),
            (
                "probe --server --json",
                "--server needs a value: --server HOST",
            ),
            (
                "send --server h --port 65536",
                "--port takes a number from 1 to 65535, not \"65536\"",
            ),
            (
                "send --server h --tls none",
                "--tls takes implicit or starttls, not \"none\"",
            ),
            (
                "send --server h --connect ::1:25",
                "--connect takes ADDRESS:PORT, or [ADDRESS]:PORT for IPv6, not \"::1:25\"",
            ),
            (
                "send --server h --notify success,often",
                "--notify takes success, failure, delay or never, not \"often\"",
            ),
            ("probe --server h file", "\"file\" has no place here"),
            (
                "probe --server h --json=yes",
                "--json takes no value, and \"yes\" was given",
            ),
            ("send --server h --zzz", "there is no option \"--zzz\" here"),
            (
                "send --server h --user u --password-env V --token-file f",
                "--password-env and --token-file exclude each other",
            ),
            ("verify --server h", "CHAIN is missing"),
            ("send --server h --trace a", "--trace needs --deliver-by"),
        ] {
            let text = parsed(line).expect_err(line);
            let first = text.lines().next().expect("a line");
            assert_eq!(first, format!("secsmtp: {sentence}"), "{line}");
        }
        for (line, instead) in [
            ("send --password x", "--password-file"),
            ("probe --insecure", "--pin"),
        ] {
            let text = parsed(line).expect_err(line);
            assert!(
                text.contains(instead) && !text.contains("did you mean"),
                "{text}"
            );
        }
    }

    #[test]
    fn contradictions_are_usage() {
        for line in [
            "compose --server h file",
            "send --server h --subject s file",
            "send --server h --one-click",
            "send --server h --header-envelope --to a@b file",
            "send --server h --header-envelope --from a@b file",
            "send --server h --from a@b --from c@d file",
            "send --server h --sender a@b file",
            "probe --server h --sender a@b",
            "send --server h --strict-lines --subject s",
            "send --server h --binary --subject s",
            "probe --server h --binary",
            "compose --strict-lines --subject s",
            "compose --server h --subject s",
            "probe --server h --subject s",
            "send --server h --connect a",
            "send --server h --port 0",
            "send --server h --user u",
            "send --server h --password-env V",
            "send --server h --user u --password-file -",
            "send --server h --user u --token-file - -",
            "send --server h --timeout 0",
            "send --server h --timeout nan",
            "send --server h a -",
            "verify --server h a b",
            "verify --server h --tls starttls a",
            "send --server h --connections 65 a b",
            "send --server h --window 0 a b",
            "send --server h --rate 5 a b",
            "send --server h --rate 0/1 a b",
            "send --server h --rate 1/0 a b",
            "send --server h --burst 2 a b",
            "probe --server h --rate 1/1",
            "compose --require-tls --subject s",
            "probe --server h --from a@b",
            "send --server h --mechanism PLAIN",
            "send --server h --at 5",
            "send --server h --dkim-key k --dkim-selector s",
            "send --server h --dkim-key k --dkim-domain d",
            "send --server h --dkim-domain d",
            "send --server h --dkim-absent-fields cc",
            "compose --dkim-key k --dkim-key l --dkim-selector s --dkim-domain d",
            "probe --server h --dkim-key k --dkim-selector s --dkim-domain d",
            "send --server h --learn f",
            "verify --server h --learn f chain.pem",
            "probe --server h --confirm p",
            "probe --server h --by me",
            "send --server h --client-key k",
            "send --server h --client-certificate c",
            "probe --server h --client-certificate c --client-key k",
            "send --server h --min-mechanism PLAIN",
            "send --server h --external",
            "send --server h --user u --password-env V --binding-type tls-unique",
            "send --server h --external --client-certificate c --client-key k --password-env V",
            "send --server h --user u --password-command c --token-command c",
            "probe --server h --external --client-certificate c --client-key k",
            "send --server h --channel-binding off",
            "send --server h --user u --password-env V --channel-binding never",
        ] {
            let text = parsed(line).expect_err(line);
            assert!(text.starts_with("secsmtp: "), "{line}: {text}");
        }
    }

    #[test]
    fn combinations_that_make_sense_are_read() {
        for line in [
            "send --server h --connect [::1]:25 --to a@b --to c@d --timeout 1.5 -",
            "send --server h --connections 3 --rate 10/60 --burst 2 a.eml b.eml",
            "verify --server h --at 5 chain.pem",
            "send --server h --user u --password-file - a.eml",
            "send --server h --user u --token-file - --subject s",
            "send --server h --port 25 --port 465 --json --json",
            "send --server h --mt-priority -3 --hold 60 --hold-until 70 a.eml",
            "send --server h --subject -x --text --html",
            "compose --from a@b --from c@d --sender s@t --subject s",
            "compose --text t --text-file f --html-file f --html h",
            "compose --dkim-key k --dkim-selector s --dkim-domain d --dkim-key l --dkim-selector t",
        ] {
            assert!(parsed(line).is_ok(), "{line}: {:?}", parsed(line));
        }
    }
}
