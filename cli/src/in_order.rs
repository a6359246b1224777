//! Values of several options in the order in which they stand on the command line.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

/// A value that several repeatable options give.
pub(crate) trait OptionValue: Clone + Send + Sync + 'static {
    /// The options, each with this type of value.
    fn options() -> Vec<Arg>;
}

/// The values in the order given, whichever option gave them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InOrder<T>(pub(crate) Vec<T>);

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: OptionValue> FromArgMatches for InOrder<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found = Vec::new();
        for option in T::options() {
            let option = option.get_id().as_str();
            let indices = matches.indices_of(option).into_iter().flatten();
            let values = matches.get_many::<T>(option).into_iter().flatten();
            found.extend(indices.zip(values.cloned()));
        }
        found.sort_by_key(|(index, _)| *index);
        Ok(Self(found.into_iter().map(|(_, value)| value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T: OptionValue> Args for InOrder<T> {
    fn augment_args(command: Command) -> Command {
        command.args(T::options())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
