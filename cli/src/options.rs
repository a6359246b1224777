//! The command line, as data.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lexopt::ValueExt as _;
use lexopt::prelude::{Long, Short, Value};
use secsmtp::client::BatchOptions;
use secsmtp::message::ContentRules;
use secsmtp::sasl::{BindingType, ChannelBinding};
use secsmtp::support::redact::escape;

use crate::composition::{self, Composition};
use crate::delivery::{self, Delivery};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Send,
    Compose,
    Probe,
    Verify,
    Help,
    Version,
}

/// Where the secret of the login is.
#[derive(Debug)]
pub(crate) enum SecretSource {
    PasswordFile(PathBuf),
    PasswordEnv(OsString),
    TokenFile(PathBuf),
    /// Run when it is needed.
    PasswordCommand(PathBuf),
    TokenCommand(PathBuf),
}

/// Who signs: a key and a selector for each, and a domain for each or one for all.
#[derive(Debug, Default)]
pub(crate) struct Signers {
    pub(crate) keys: Vec<PathBuf>,
    pub(crate) selectors: Vec<String>,
    pub(crate) domains: Vec<String>,
    /// Fields that are named where a mail has none; without this the usual ones.
    pub(crate) absent: Option<String>,
}

impl Signers {
    fn is_complete(&self) -> bool {
        let (keys, domains) = (self.keys.len(), self.domains.len());
        let absent = self.absent.is_none() || keys > 0;
        absent && keys == self.selectors.len() && (domains == keys || (domains == 1 && keys > 0))
    }

    /// Domain, selector and key of each.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str, &Path)> {
        let domains = self
            .domains
            .iter()
            .chain(self.domains.last().into_iter().cycle());
        let both = self.selectors.iter().zip(&self.keys);
        domains
            .zip(both)
            .map(|(domain, (selector, key))| (domain.as_str(), selector.as_str(), key.as_path()))
    }
}

/// Everything on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) action: Action,
    pub(crate) server: String,
    pub(crate) port: u32,
    pub(crate) starttls: bool,
    pub(crate) connect: Option<(String, u32)>,
    pub(crate) ca_files: Vec<String>,
    pub(crate) certificate_files: Vec<String>,
    pub(crate) pins: Vec<String>,
    pub(crate) key_files: Vec<String>,
    pub(crate) pin_files: Vec<String>,
    pub(crate) crl_files: Vec<String>,
    pub(crate) strict: bool,
    pub(crate) client_certificate: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) learn: Option<String>,
    pub(crate) learn_by: Option<String>,
    pub(crate) confirm: Option<String>,
    pub(crate) system_roots: bool,
    pub(crate) mozilla_roots: bool,
    pub(crate) tls_1_3: bool,
    pub(crate) ehlo_name: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) secret: Option<SecretSource>,
    pub(crate) external: bool,
    pub(crate) mechanisms: Vec<String>,
    pub(crate) floor: Option<String>,
    pub(crate) channel_binding: Option<ChannelBinding>,
    pub(crate) binding_type: BindingType,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    pub(crate) partial: bool,
    pub(crate) rules: ContentRules,
    pub(crate) composition: Composition,
    pub(crate) one_click: bool,
    pub(crate) signers: Signers,
    pub(crate) output: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) at: Option<u64>,
    pub(crate) json: bool,
    pub(crate) verbose: bool,
    /// Several mails in one run.
    pub(crate) bulk: BatchOptions,
    pub(crate) rate: Option<(u32, Duration)>,
    pub(crate) burst: u32,
    pub(crate) delivery: Delivery,
    pub(crate) files: Vec<PathBuf>,
}

impl Options {
    fn new(action: Action) -> Self {
        Self {
            action,
            server: String::new(),
            port: 0,
            starttls: false,
            connect: None,
            ca_files: Vec::new(),
            certificate_files: Vec::new(),
            pins: Vec::new(),
            key_files: Vec::new(),
            pin_files: Vec::new(),
            crl_files: Vec::new(),
            strict: false,
            client_certificate: None,
            client_key: None,
            learn: None,
            learn_by: None,
            confirm: None,
            system_roots: false,
            mozilla_roots: false,
            tls_1_3: false,
            ehlo_name: None,
            user: None,
            secret: None,
            external: false,
            mechanisms: Vec::new(),
            floor: None,
            channel_binding: None,
            binding_type: BindingType::TlsExporter,
            from: Vec::new(),
            to: Vec::new(),
            partial: false,
            rules: ContentRules::default(),
            composition: Composition::default(),
            one_click: false,
            signers: Signers::default(),
            output: None,
            timeout: None,
            at: None,
            json: false,
            verbose: false,
            bulk: BatchOptions::default(),
            rate: None,
            burst: 1,
            delivery: Delivery::default(),
            files: Vec::new(),
        }
    }
}

/// Reads the command line.
pub(crate) fn parse(mut args: lexopt::Parser) -> Result<Options, String> {
    read(&mut args).map_err(|error| words(&error))
}

/// The error of a command line; what the caller typed is shown escaped.
fn words(error: &lexopt::Error) -> String {
    use lexopt::Error as E;
    let quote = |value: &OsStr| quote_bytes(value.as_encoded_bytes());
    match error {
        E::MissingValue { option: None } => "a value is missing".to_owned(),
        E::MissingValue {
            option: Some(option),
        } => format!("{option} needs a value"),
        E::UnexpectedOption(option) => {
            format!("there is no option {} here", quote(option.as_ref()))
        }
        E::UnexpectedArgument(value) => format!("{} has no place here", quote(value)),
        E::UnexpectedValue { option, value } => {
            format!("{option} takes no value, and {} was given", quote(value))
        }
        E::ParsingFailed { value, .. } => {
            format!("{} is no number that fits", quote(value.as_ref()))
        }
        E::NonUnicodeValue(value) => format!("{} is not UTF-8 text", quote(value)),
        // The texts of this file.
        E::Custom(why) => why.to_string(),
    }
}

/// A word of the command line in a message: it may hold what turns a terminal's line into another.
pub(crate) fn quote(word: &str) -> String {
    quote_bytes(word.as_bytes())
}

fn quote_bytes(word: &[u8]) -> String {
    format!("\"{}\"", escape(word, 200))
}

fn read(args: &mut lexopt::Parser) -> Result<Options, lexopt::Error> {
    let action = match args.next()? {
        Some(Value(word)) => match word.to_str() {
            Some("send") => Action::Send,
            Some("compose") => Action::Compose,
            Some("probe") => Action::Probe,
            Some("verify") => Action::Verify,
            Some("help") => Action::Help,
            _ => return Err("the first word must be send, compose, probe or verify".into()),
        },
        Some(Long("help") | Short('h')) => Action::Help,
        Some(Long("version") | Short('V')) => Action::Version,
        Some(other) => return Err(other.unexpected()),
        None => return Err("what to do? send, compose, probe or verify".into()),
    };
    let mut o = Options::new(action);
    while let Some(arg) = args.next()? {
        let sending = action == Action::Send;
        let composing = sending || action == Action::Compose;
        match arg {
            Long("help") | Short('h') => o.action = Action::Help,
            Long("server") => o.server = args.value()?.string()?,
            Long("ca-file") => o.ca_files.push(args.value()?.string()?),
            Long("certificate") => o.certificate_files.push(args.value()?.string()?),
            Long("pin") => o.pins.push(args.value()?.string()?),
            Long("pin-of") => o.key_files.push(args.value()?.string()?),
            Long("pin-file") => o.pin_files.push(args.value()?.string()?),
            Long("crl-file") => o.crl_files.push(args.value()?.string()?),
            Long("strict") => o.strict = true,
            Long("system-roots") => o.system_roots = true,
            Long("mozilla-roots") => o.mozilla_roots = true,
            Long("json") => o.json = true,
            Long("verbose") | Short('v') => o.verbose = true,
            Long("at") if action == Action::Verify => o.at = Some(args.value()?.parse()?),
            Long("learn") if action == Action::Probe => o.learn = Some(args.value()?.string()?),
            Long("by") if action == Action::Probe => o.learn_by = Some(args.value()?.string()?),
            Long("confirm") if action == Action::Probe => {
                o.confirm = Some(args.value()?.string()?);
            }
            Long("client-certificate") if sending => {
                o.client_certificate = Some(args.value()?.string()?);
            }
            Long("client-key") if sending => o.client_key = Some(args.value()?.string()?),
            Long("port") => o.port = port(&args.value()?.string()?)?,
            Long("tls") if action != Action::Verify => {
                o.starttls = one_of(args, "--tls", [("implicit", false), ("starttls", true)])?;
            }
            Long("min-tls") if action != Action::Verify => {
                o.tls_1_3 = one_of(args, "--min-tls", [("1.2", false), ("1.3", true)])?;
            }
            Long("connect") if action != Action::Verify => {
                o.connect = Some(address(&args.value()?.string()?)?);
            }
            Long("timeout") if action != Action::Verify => {
                o.timeout = Some(seconds(&args.value()?.string()?)?);
            }
            Long("ehlo-name") if sending => o.ehlo_name = Some(args.value()?.string()?),
            Long("user") if sending => o.user = Some(args.value()?.string()?),
            Long("password-file") if sending => {
                set_secret(&mut o, SecretSource::PasswordFile(args.value()?.into()))?;
            }
            Long("password-env") if sending => {
                set_secret(&mut o, SecretSource::PasswordEnv(args.value()?))?;
            }
            Long("token-file") if sending => {
                set_secret(&mut o, SecretSource::TokenFile(args.value()?.into()))?;
            }
            Long("password-command") if sending => {
                set_secret(&mut o, SecretSource::PasswordCommand(args.value()?.into()))?;
            }
            Long("token-command") if sending => {
                set_secret(&mut o, SecretSource::TokenCommand(args.value()?.into()))?;
            }
            Long("external") if sending => o.external = true,
            Long("mechanism") if sending => o.mechanisms.push(args.value()?.string()?),
            Long("floor") if sending => o.floor = Some(args.value()?.string()?),
            Long("channel-binding") if sending => {
                let word = args.value()?.string()?;
                o.channel_binding = Some(binding(&word)?);
            }
            Long("binding-type") if sending => {
                let types = [
                    ("tls-exporter", BindingType::TlsExporter),
                    ("tls-server-end-point", BindingType::TlsServerEndPoint),
                ];
                o.binding_type = one_of(args, "--binding-type", types)?;
            }
            Long("from") if composing => o.from.push(args.value()?.string()?),
            Long("to") if composing => o.to.push(args.value()?.string()?),
            Long("partial") if sending => o.partial = true,
            Long("strict-lines") if sending => o.rules.strict = true,
            Long("binary") if sending => o.rules.binary = true,
            Long("header-envelope") if sending => o.rules.envelope = true,
            Long("one-click") if composing => o.one_click = true,
            Long("dkim-key") if composing => o.signers.keys.push(args.value()?.into()),
            Long("dkim-selector") if composing => {
                o.signers.selectors.push(args.value()?.string()?);
            }
            Long("dkim-domain") if composing => o.signers.domains.push(args.value()?.string()?),
            Long("dkim-absent-fields") if composing => {
                o.signers.absent = Some(args.value()?.string()?);
            }
            Long("output") if action == Action::Compose => o.output = Some(args.value()?.into()),
            Long(option) if composing && composition::OPTIONS.contains(&option) => {
                let option = option.to_owned();
                o.composition.add(&option, args.value()?.string()?);
            }
            Long("connections") if sending => {
                o.bulk.connections = count("--connections", &args.value()?.string()?, 64)?;
            }
            Long("window") if sending => {
                o.bulk.window.messages = count("--window", &args.value()?.string()?, 100_000)?;
            }
            Long("rate") if sending => o.rate = Some(rate(&args.value()?.string()?)?),
            Long("burst") if sending => {
                o.burst = count("--burst", &args.value()?.string()?, 1_000_000)?;
            }
            Long("stop-on-error") if sending => o.bulk.stop_on_error = true,
            Long("require-tls") if sending => o.delivery.require_tls = true,
            Long("trace") if sending => o.delivery.trace = true,
            Long(option) if sending && delivery::OPTIONS.contains(&option) => {
                let option = option.to_owned();
                o.delivery.add(&option, args.value()?.string()?);
            }
            Value(path) if sending || (action == Action::Verify && o.files.is_empty()) => {
                o.files.push(path.into());
            }
            other => return Err(other.unexpected()),
        }
    }
    check(&o)?;
    Ok(o)
}

/// What no action can do without.
fn check(o: &Options) -> Result<(), lexopt::Error> {
    if matches!(o.action, Action::Help | Action::Version) {
        return Ok(());
    }
    let is_input = |path: &Path| path.as_os_str() == "-";
    if o.files.len() > 1 && o.files.iter().any(|path| is_input(path)) {
        return Err("standard input is one mail, and stands alone".into());
    }
    let secret_is_input = match &o.secret {
        Some(SecretSource::PasswordFile(path) | SecretSource::TokenFile(path)) => is_input(path),
        _ => false,
    };
    let mail_is_input = match o.files.first() {
        Some(path) => is_input(path),
        None => !o.composition.is_asked_for(),
    };
    if secret_is_input && mail_is_input {
        return Err("standard input is the mail or the password, not both: name a FILE".into());
    }
    if o.delivery.trace && !o.delivery.has_deliver_by() {
        return Err("--trace needs --deliver-by".into());
    }
    if o.burst > 1 && o.rate.is_none() {
        return Err("--burst needs --rate".into());
    }
    if o.composition.is_asked_for() && !o.files.is_empty() {
        return Err("a mail is composed or taken from FILE, not both".into());
    }
    let rules = o.rules;
    if o.composition.is_asked_for() && (rules.strict || rules.binary || rules.envelope) {
        return Err(
            "--strict-lines, --binary and --header-envelope are for a mail from FILE".into(),
        );
    }
    if rules.envelope && (!o.from.is_empty() || !o.to.is_empty()) {
        return Err("the envelope is --header-envelope or --from and --to, not both".into());
    }
    if o.from.len() > 1 && !o.composition.is_asked_for() {
        return Err("--from is the envelope's one sender, unless a mail is composed".into());
    }
    if o.one_click && !o.composition.is_asked_for() {
        return Err("--one-click needs --unsubscribe".into());
    }
    if !o.signers.is_complete() {
        return Err(
            "each --dkim-key needs its --dkim-selector, and its --dkim-domain or one for all; \
             --dkim-absent-fields needs a --dkim-key"
                .into(),
        );
    }
    if o.action == Action::Compose {
        return Ok(());
    }
    if o.server.is_empty() {
        return Err("--server HOST is missing: the name to verify".into());
    }
    if o.action == Action::Verify && o.files.is_empty() {
        return Err("the file with the chain is missing".into());
    }
    if o.client_certificate.is_some() != o.client_key.is_some() {
        return Err("--client-certificate and --client-key need each other".into());
    }
    if o.learn.is_none() && (o.learn_by.is_some() || o.confirm.is_some()) {
        return Err("--by and --confirm need --learn FILE".into());
    }
    if o.external && (o.secret.is_some() || o.client_certificate.is_none()) {
        return Err("--external needs --client-certificate, and no password or token".into());
    }
    match (&o.user, &o.secret) {
        _ if o.external => Ok(()),
        (Some(_), None) => Err("--user needs a password or token, or --external".into()),
        (None, Some(_)) => Err("a password or token needs --user".into()),
        (None, None) if !o.mechanisms.is_empty() => Err("--mechanism needs --user".into()),
        (None, None) if o.floor.is_some() => Err("--floor needs --user".into()),
        (None, None) if o.channel_binding.is_some() => Err("--channel-binding needs --user".into()),
        _ => Ok(()),
    }
}

fn set_secret(o: &mut Options, source: SecretSource) -> Result<(), lexopt::Error> {
    if o.secret.replace(source).is_some() {
        return Err("only one password or token".into());
    }
    Ok(())
}

fn one_of<T: Copy>(
    args: &mut lexopt::Parser,
    option: &str,
    choices: [(&str, T); 2],
) -> Result<T, lexopt::Error> {
    let word = args.value()?.string()?;
    let found = choices.iter().find(|choice| choice.0 == word);
    found.map(|choice| choice.1).ok_or_else(|| {
        format!(
            "{option} takes {} or {}, not {}",
            choices[0].0,
            choices[1].0,
            quote(&word)
        )
        .into()
    })
}

fn binding(word: &str) -> Result<ChannelBinding, lexopt::Error> {
    match word {
        "off" => Ok(ChannelBinding::Off),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err(format!(
            "--channel-binding takes off, prefer or require, not {}",
            quote(word)
        )
        .into()),
    }
}

fn port(text: &str) -> Result<u32, lexopt::Error> {
    let wrong = || format!("{} is no port: a number from 1 to 65535", quote(text)).into();
    text.parse::<u16>()
        .ok()
        .filter(|port| *port > 0)
        .map(u32::from)
        .ok_or_else(wrong)
}

fn seconds(text: &str) -> Result<Duration, lexopt::Error> {
    let wrong = || format!("--timeout {}: a number of seconds above 0", quote(text)).into();
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0);
    seconds
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(wrong)
}

/// A number from 1 on.
fn count<N>(option: &str, text: &str, most: N) -> Result<N, lexopt::Error>
where
    N: std::str::FromStr + PartialOrd + From<u8> + Copy + std::fmt::Display,
{
    let number = text.parse::<N>().ok();
    let number = number.filter(|number| *number >= N::from(1) && *number <= most);
    number.ok_or_else(|| format!("{option} {}: a number from 1 to {most}", quote(text)).into())
}

/// `N/SECONDS`.
fn rate(text: &str) -> Result<(u32, Duration), lexopt::Error> {
    let wrong = || lexopt::Error::from(format!("--rate {}: not MAILS/SECONDS", quote(text)));
    let (mails, time) = text.split_once('/').ok_or_else(wrong)?;
    let time = time.parse::<f64>().ok().filter(|time| *time > 0.0);
    let time = time.and_then(|time| Duration::try_from_secs_f64(time).ok());
    let time = time.filter(|time| !time.is_zero()).ok_or_else(wrong)?;
    Ok((count("--rate", mails, 1_000_000)?, time))
}

/// `ADDR:PORT` or `[V6]:PORT`.
fn address(text: &str) -> Result<(String, u32), lexopt::Error> {
    let wrong = || {
        let text = quote(text);
        lexopt::Error::from(format!("--connect {text}: not ADDR:PORT or [V6]:PORT"))
    };
    let (host, number) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (host.contains(':') && !bracketed) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port(number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        parse(lexopt::Parser::from_args(line.split(' ')))
    }

    #[test]
    fn what_makes_no_sense_is_usage() {
        for bad in [
            "",
            "sand",
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
            "probe --server h --subject s",
            "send",
            "send --server",
            "send --server h --tls none",
            "send --server h --connect ::1:25",
            "send --server h --connect a",
            "send --server h --port 0",
            "send --server h --port 65536",
            "send --server h --user u",
            "send --server h --password-env V",
            "send --server h --user u --password-file -",
            "send --server h --user u --token-file - -",
            "send --server h --timeout 0",
            "send --server h --timeout nan",
            "send --server h a -",
            "verify --server h a b",
            "send --server h --connections 65 a b",
            "send --server h --window 0 a b",
            "send --server h --rate 5 a b",
            "send --server h --rate 0/1 a b",
            "send --server h --rate 1/0 a b",
            "send --server h --burst 2 a b",
            "send --server h --trace a",
            "probe --server h --rate 1/1",
            "compose --require-tls --subject s",
            "probe --server h --from a@b",
            "probe --server h file",
            "verify --server h",
            "send --server h --user u --password-env V --token-file f",
            "send --server h --insecure",
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
            "send --server h --floor PLAIN",
            "send --server h --external",
            "send --server h --user u --password-env V --binding-type tls-unique",
            "send --server h --external --client-certificate c --client-key k --password-env V",
            "send --server h --user u --password-command c --token-command c",
            "probe --server h --external --client-certificate c --client-key k",
            "send --server h --channel-binding off",
            "send --server h --user u --password-env V --channel-binding never",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_makes_sense_is_read() {
        let o = of("send --server h --connect [::1]:25 --to a@b --to c@d --timeout 1.5 -").unwrap();
        assert_eq!(o.connect, Some(("[::1]".to_owned(), 25)));
        assert_eq!(
            (o.to.len(), o.timeout),
            (2, Some(Duration::from_millis(1500)))
        );
        let o = of("send --server h --connections 3 --rate 10/60 --burst 2 a.eml b.eml").unwrap();
        assert_eq!((o.files.len(), o.bulk.connections, o.burst), (2, 3, 2));
        assert_eq!(o.rate, Some((10, Duration::from_secs(60))));
        assert!(of("verify --server h --at 5 chain.pem").is_ok());
        assert!(of("send --server h --user u --password-file - a.eml").is_ok());
        assert!(of("send --server h --user u --token-file - --subject s").is_ok());
        let o = of("compose --from a@b --from c@d --sender s@t --subject s").unwrap();
        assert_eq!(o.from, ["a@b", "c@d"]);
        let o = of(
            "compose --dkim-key k --dkim-selector s --dkim-domain d --dkim-key l --dkim-selector t",
        )
        .unwrap();
        let each: Vec<_> = o.signers.each().collect();
        assert_eq!(
            each,
            [("d", "s", Path::new("k")), ("d", "t", Path::new("l"))]
        );
        assert_eq!(of("--help").unwrap().action, Action::Help);
    }
}
