//! Worked examples for help and man pages; a test parses each.

/// A command line, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) what: &'static str,
    pub(crate) command: &'static str,
}

const PROBE: [Example; 3] = [
    Example {
        what: "See who answers, and what to pin",
        command: "secsmtp probe --server mail.example.com",
    },
    Example {
        what: "Check a server that your provider asks you to use with STARTTLS",
        command: "secsmtp probe --server mail.example.com --tls starttls --system-roots",
    },
    Example {
        what: "Learn the pin once its owner has confirmed it out of band",
        command: "secsmtp probe --server mail.example.com --learn known-servers \\
    --confirm sha256//LSKkIN4FwU3DUbGr8uYjgJdBqQHVQkqGqyc4OcVBLHU= --by \"the admin\"",
    },
];

const SEND: [Example; 4] = [
    Example {
        what: "Compose and send a message with an attachment",
        command: "secsmtp send --server mail.example.com --pin-file known-servers \\
    --user alice --password-file secret --from alice@example.com --to bob@example.org \\
    --subject Report --text \"See the file.\" --attach report.pdf",
    },
    Example {
        what: "Send a finished message, trusting the CAs of this machine",
        command: "secsmtp send --server mail.example.com --system-roots \\
    --user alice --password-file secret --from alice@example.com --to bob@example.org message.eml",
    },
    Example {
        what: "Send a message that another program writes, with the password from a password manager",
        command: "report | secsmtp send --server mail.example.com --pin-file known-servers \\
    --user alice --password-command ./mail-password --from alice@example.com --to bob@example.org",
    },
    Example {
        what: "Send the messages in a folder to the recipients in their headers, 60 a minute",
        command: "secsmtp send --server mail.example.com --pin-file known-servers \\
    --user alice --password-file secret --header-envelope --connections 2 --rate 60/60 outgoing",
    },
];

const COMPOSE: [Example; 2] = [
    Example {
        what: "Write a message with text, HTML and a picture to a file",
        command: "secsmtp compose --from \"Anna <anna@example.com>\" --to bob@example.org \\
    --subject Hello --text-file hello.txt --html-file hello.html --inline logo=logo.png \\
    --output message.eml",
    },
    Example {
        what: "Look at what would be sent",
        command: "secsmtp compose --from anna@example.com --to bob@example.org --subject Hello --text Hi",
    },
];

const VERIFY: [Example; 2] = [
    Example {
        what: "Check a new certificate before it is installed",
        command: "secsmtp verify --server mail.example.com --pin-file known-servers --strict chain.pem",
    },
    Example {
        what: "Check whether it is still trusted on 1 January 2027",
        command: "secsmtp verify --server mail.example.com --system-roots --at 1798761600 chain.pem",
    },
];

const COMPLETIONS: [Example; 1] = [Example {
    what: "Complete options in this session of bash",
    command: "source <(secsmtp completions bash)",
}];

/// The examples of a subcommand.
pub(crate) fn of(subcommand: &str) -> &'static [Example] {
    match subcommand {
        "probe" => &PROBE,
        "send" => &SEND,
        "compose" => &COMPOSE,
        "verify" => &VERIFY,
        "completions" => &COMPLETIONS,
        _ => &[],
    }
}
