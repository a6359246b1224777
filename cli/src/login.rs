//! The options that say who logs in, with a secret from a file, the environment or a program, or with the
//! client certificate.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, PathBufValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum, ValueHint};
use secsmtp::credential::Credential;
use secsmtp::error::Error;
use secsmtp::sasl;
use secsmtp::status::Status;
use secsmtp::trust::Policy;
use zeroize::Zeroizing;

use crate::failure::{OfOption as _, shown, unreadable};
use crate::secret_program::{MAX_SECRET, SecretProgram, drop_line_break};

/// The source of the secret.
#[derive(Debug, Clone)]
enum SecretSource {
    PasswordFile(PathBuf),
    PasswordVariable(OsString),
    PasswordProgram(PathBuf),
    TokenFile(PathBuf),
    TokenProgram(PathBuf),
}

/// When the login is bound to the TLS channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChannelBinding {
    /// Never
    Off,
    /// If the server offers it
    Prefer,
    /// Always, or no login
    Require,
}

/// The type of channel binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BindingType {
    /// This TLS session
    TlsExporter,
    /// The certificate of the server, for servers that know nothing else
    TlsServerEndPoint,
}

/// The login.
#[derive(Debug, Args)]
#[command(next_help_heading = "Login")]
pub(crate) struct Login {
    /// Name to log in with
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    user: Option<String>,

    #[command(flatten)]
    secret: Secret,

    /// Certificate chain to show to the server (PEM), on TLS 1.3
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_certificate: Option<String>,

    /// Private key of --client-certificate (PEM)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    client_key: Option<String>,

    /// Log in by --client-certificate, without a password or token
    ///
    /// --user then is the identity to act as, where that is another.
    #[arg(long)]
    external: bool,

    /// Allow only this SASL mechanism; repeatable
    #[arg(long = "mechanism", value_name = "NAME")]
    mechanisms: Vec<String>,

    /// Allow no weaker SASL mechanism, for example SCRAM-SHA-256-PLUS
    #[arg(long, value_name = "NAME")]
    min_mechanism: Option<String>,

    /// Bind the login to the TLS channel [default: prefer]
    #[arg(long, value_name = "WHEN", value_enum)]
    channel_binding: Option<ChannelBinding>,

    /// Type of channel binding
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = BindingType::TlsExporter)]
    binding_type: BindingType,
}

/// The secret; each option gives a source of its own kind.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Secret {
    /// Password in this file, or with - on standard input
    ///
    /// One line break at its end is no part of the password.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        value_parser = PathBufValueParser::new().map(SecretSource::PasswordFile))]
    password_file: Option<SecretSource>,

    /// Password in this environment variable
    #[arg(long, value_name = "VARIABLE",
        value_parser = OsStringValueParser::new().map(SecretSource::PasswordVariable))]
    password_env: Option<SecretSource>,

    /// Password that this program prints
    ///
    /// Runs as PROGRAM HOST USER first, once the server is verified and not before. One line break at
    /// the end of its output is no part of the password. It has a minute, or less by --timeout, and is
    /// killed then.
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::ExecutablePath,
        value_parser = PathBufValueParser::new().map(SecretSource::PasswordProgram))]
    password_command: Option<SecretSource>,

    /// OAuth 2.0 access token in this file, or with - on standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        value_parser = PathBufValueParser::new().map(SecretSource::TokenFile))]
    token_file: Option<SecretSource>,

    /// OAuth 2.0 access token that this program prints
    ///
    /// Runs like the program of --password-command. If the server refuses the token, it runs once more as
    /// PROGRAM HOST USER refused, and what it prints is tried on a new connection.
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::ExecutablePath,
        value_parser = PathBufValueParser::new().map(SecretSource::TokenProgram))]
    token_command: Option<SecretSource>,
}

impl Secret {
    fn source(&self) -> Option<&SecretSource> {
        let Self {
            password_file,
            password_env,
            password_command,
            token_file,
            token_command,
        } = self;
        let sources = [
            password_file,
            password_env,
            password_command,
            token_file,
            token_command,
        ];
        sources.into_iter().flatten().next()
    }
}

impl Login {
    /// Options that need or exclude each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.client_certificate.is_some() != self.client_key.is_some() {
            return Err("--client-certificate and --client-key need each other".to_owned());
        }
        let secret = self.secret.source();
        if self.external {
            return match (&self.client_certificate, secret) {
                (None, _) => Err("--external needs --client-certificate".to_owned()),
                (Some(_), Some(_)) => Err("--external takes no password and no token".to_owned()),
                (Some(_), None) => Ok(()),
            };
        }
        match (&self.user, secret) {
            (Some(_), Some(_)) => Ok(()),
            (Some(_), None) => Err(
                "--user needs a password or token: --password-file, --password-env, --password-command, \
                 --token-file or --token-command; or --external"
                    .to_owned(),
            ),
            (None, Some(_)) => Err("a password or token needs --user NAME".to_owned()),
            (None, None) => {
                let given = [
                    ("--mechanism", !self.mechanisms.is_empty()),
                    ("--min-mechanism", self.min_mechanism.is_some()),
                    ("--channel-binding", self.channel_binding.is_some()),
                ];
                match given.iter().find(|(_, given)| *given) {
                    Some((option, _)) => Err(format!("{option} needs --user NAME")),
                    None => Ok(()),
                }
            }
        }
    }

    /// Returns whether the secret is on standard input.
    pub(crate) fn reads_input(&self) -> bool {
        match self.secret.source() {
            Some(SecretSource::PasswordFile(path) | SecretSource::TokenFile(path)) => {
                path == Path::new("-")
            }
            Some(
                SecretSource::PasswordVariable(_)
                | SecretSource::PasswordProgram(_)
                | SecretSource::TokenProgram(_),
            )
            | None => false,
        }
    }

    /// Adds the client certificate to a policy.
    pub(crate) fn identify(&self, policy: &mut Policy) -> Result<(), Error> {
        if let (Some(chain), Some(key)) = (&self.client_certificate, &self.client_key) {
            policy.set_client_certificate_files(chain, key)?;
        }
        Ok(())
    }

    /// The login, if there is one.
    pub(crate) fn credential(&self) -> Result<Option<Credential>, Error> {
        let user = self.user.as_deref().unwrap_or_default();
        let mut credential = match self.secret.source() {
            None if self.external => Credential::external(user),
            None => return Ok(None),
            Some(SecretSource::PasswordFile(path)) => {
                Credential::password(user, &secret_file("--password-file", path)?)
            }
            Some(SecretSource::TokenFile(path)) => {
                Credential::token(user, &secret_file("--token-file", path)?)
            }
            Some(SecretSource::PasswordVariable(name)) => {
                let unset = || {
                    let why = format!("names {}, which is not set", shown(Path::new(name)));
                    Error::argument(Status::Secret, "--password-env", why)
                };
                let value = std::env::var_os(name).ok_or_else(unset)?;
                Credential::password(user, value.as_encoded_bytes())
            }
            Some(SecretSource::PasswordProgram(path)) => {
                let program = SecretProgram::new("--password-command", path);
                Credential::password_from(user, Arc::new(program))
            }
            Some(SecretSource::TokenProgram(path)) => {
                let program = SecretProgram::new("--token-command", path);
                Credential::token_from(user, Arc::new(program))
            }
        }?;
        for mechanism in &self.mechanisms {
            let allowed = credential.add_mechanism(mechanism);
            allowed.of_option("--mechanism")?;
        }
        if let Some(mechanism) = &self.min_mechanism {
            credential
                .set_min_mechanism(mechanism)
                .of_option("--min-mechanism")?;
        }
        if let Some(binding) = self.channel_binding {
            credential.set_channel_binding(match binding {
                ChannelBinding::Off => sasl::ChannelBinding::Off,
                ChannelBinding::Prefer => sasl::ChannelBinding::Prefer,
                ChannelBinding::Require => sasl::ChannelBinding::Require,
            });
        }
        credential.set_binding_type(match self.binding_type {
            BindingType::TlsExporter => sasl::BindingType::TlsExporter,
            BindingType::TlsServerEndPoint => sasl::BindingType::TlsServerEndPoint,
        });
        Ok(Some(credential))
    }
}

/// A secret from a file or, named `-`, from standard input, without one final line break.
fn secret_file(option: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let source: io::Result<Box<dyn Read>> = match path == Path::new("-") {
        true => Ok(Box::new(io::stdin().lock())),
        false => File::open(path).map(|file| Box::new(file) as _),
    };
    let limit = MAX_SECRET.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    source
        .and_then(|source| source.take(limit as u64).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, option, &error))?;
    if bytes.len() > MAX_SECRET {
        let why = format!("{} is larger than {MAX_SECRET} bytes", shown(path));
        return Err(Error::argument(Status::Secret, option, why));
    }
    drop_line_break(&mut bytes);
    Ok(bytes)
}
