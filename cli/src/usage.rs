//! A wrong command line as a sentence.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::quote;

/// Options that other programs have and this one does not, and what to do instead.
const ELSEWHERE: [(&str, &str); 4] = [
    ("--password", SECRET),
    ("--token", SECRET),
    ("--insecure", UNVERIFIED),
    ("--no-verify", UNVERIFIED),
];

const SECRET: &str = "other users of the machine see arguments, so a secret comes from --password-file, \
                      --password-env, --password-command, --token-file or --token-command";
const UNVERIFIED: &str = "nothing is sent to a server that is not verified; `secsmtp probe` shows its key \
                          for --pin, and --ca-file trusts an own CA";

/// The sentence, without a line end of its own. What was typed is escaped.
pub(crate) fn sentence(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        Some(ContextValue::Strings(texts)) => texts.first().map_or("", String::as_str),
        _ => "",
    };
    let argument = text(ContextKind::InvalidArg);
    let option = name(argument);
    let value = quote(text(ContextKind::InvalidValue));
    let sentence = match error.kind() {
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            format!("{option} needs a value: {}", plain(argument))
        }
        ErrorKind::InvalidValue => {
            format!("{option} takes {}, not {value}", choices(error))
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string);
            format!("{option} {}, not {value}", why.unwrap_or_default())
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let sentence = format!("there is no option {} here", quote(argument));
            let known = ELSEWHERE.iter().find(|(option, _)| *option == argument);
            match known {
                Some((_, instead)) => return format!("{sentence}: {instead}"),
                None => sentence,
            }
        }
        ErrorKind::UnknownArgument => {
            format!("{} has no place here", quote(argument))
        }
        ErrorKind::InvalidSubcommand => {
            let word = quote(text(ContextKind::InvalidSubcommand));
            format!("there is no subcommand {word}")
        }
        ErrorKind::TooManyValues => format!("{option} takes no value, and {value} was given"),
        ErrorKind::ArgumentConflict => {
            let other = name(text(ContextKind::PriorArg));
            format!("{option} and {other} exclude each other")
        }
        ErrorKind::MissingRequiredArgument => format!("{} is missing", missing(error)),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        // The others arise from settings that no option of this command has.
        other => other.to_string(),
    };
    sentence + &suggestion(error)
}

/// The choices of an option, as part of a sentence.
fn choices(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => match values.as_slice() {
            [] => "another value".to_owned(),
            [one] => one.clone(),
            [others @ .., last] => format!("{} or {last}", others.join(", ")),
        },
        _ => "another value".to_owned(),
    }
}

/// The arguments that are missing.
fn missing(error: &clap::Error) -> String {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(arguments)) => {
            let arguments: Vec<String> = arguments.iter().map(|text| plain(text)).collect();
            arguments.join(", ")
        }
        _ => "an argument".to_owned(),
    }
}

/// A question about what may have been meant, or nothing.
fn suggestion(error: &clap::Error) -> String {
    let kinds = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    let suggested = kinds.into_iter().find_map(|kind| error.get(kind));
    let word = match suggested {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        Some(ContextValue::Strings(words)) => words.last().map(String::as_str),
        _ => None,
    };
    word.map_or(String::new(), |word| format!(": did you mean {word}?"))
}

/// The name of an option without the form of its value: `--port` of `--port <PORT>`.
fn name(argument: &str) -> &str {
    let name = argument.split([' ', '=']).next().unwrap_or(argument);
    name.trim_matches(['<', '>', '[', ']'])
}

/// An option and the form of its value, without clap's brackets.
fn plain(argument: &str) -> String {
    argument.replace(['<', '>'], "")
}
