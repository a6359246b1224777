//! `secsmtp completions`, and the man pages: both made of the command's own description.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use secsmtp::support::io_words::io_words;

use crate::examples;
use crate::exit::Exit;
use crate::failure::shown;
use crate::streams::{ERR, OUT};

/// Which completions to print.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Exit {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "secsmtp", &mut text);
        OUT.write(text);
        Exit::Success
    }
}

/// The folder for man pages.
#[derive(Debug, Args)]
pub(crate) struct ManPages {
    /// The folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl ManPages {
    pub(crate) fn run(&self, command: Command) -> Exit {
        match write_man_pages(command, &self.folder) {
            Ok(()) => Exit::Success,
            Err(error) => {
                let (folder, why) = (shown(&self.folder), io_words(&error));
                ERR.line(&format!("secsmtp: {folder} can't be written ({why})"));
                Exit::NotSent
            }
        }
    }
}

/// Writes a page of the command and one of each subcommand.
fn write_man_pages(command: Command, folder: &Path) -> io::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    fs::create_dir_all(folder)?;
    let subcommands = command.get_subcommands();
    let subcommands: Vec<Command> = subcommands
        .filter(|one| !one.is_hide_set())
        .cloned()
        .collect();
    for page in [&command].into_iter().chain(&subcommands) {
        let (name, text) = man_page(page)?;
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The file name and the text of a page.
fn man_page(command: &Command) -> io::Result<(String, Vec<u8>)> {
    let is_subcommand = !command.has_subcommands();
    // The text after the options has sections of its own.
    let man = Man::new(command.clone().after_long_help(None))
        // An empty date would let the next argument take its place.
        .date(" ")
        .source(concat!("libsecsmtp ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut text = Vec::new();
    man.render(&mut text)?;
    text.extend(ending(command.get_name(), is_subcommand).to_roff().bytes());
    Ok((man.get_filename(), text))
}

/// Exit status, examples and references.
fn ending(name: &str, is_subcommand: bool) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::ALL {
        roff.control("TP", []);
        roff.text([bold((exit as u8).to_string())]);
        roff.text([roman(meaning)]);
    }
    let examples = examples::of(name);
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for example in examples {
        roff.control("PP", []);
        roff.text([roman(format!("{}:", example.what))]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        for line in example.command.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff.control("RE", []);
    }
    roff.control("SH", ["SEE ALSO"]);
    match is_subcommand {
        true => roff.text([
            bold("secsmtp"),
            roman("(1), "),
            bold("libsecsmtp"),
            roman("(3)"),
        ]),
        false => roff.text([bold("libsecsmtp"), roman("(3)")]),
    };
    roff
}
