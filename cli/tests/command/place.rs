//! A server of our own, a folder of files, and the command with the options for both.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use secsmtp_testservers::{CertKind, Pki, ReferenceConfig, ReferenceServer};

pub(crate) const HOST: &str = "mail.example";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Place {
    pub(crate) pki: Pki,
    pub(crate) server: ReferenceServer,
    pub(crate) folder: PathBuf,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, |_| ())
    }

    /// The place with another server.
    pub(crate) fn with(name: &str, change: impl FnOnce(&mut ReferenceConfig)) -> Self {
        let pki = Pki::new(&[HOST]);
        let mut config = ReferenceConfig::new(pki.identity());
        change(&mut config);
        let server = ReferenceServer::start(config).expect("a server");
        let folder =
            std::env::temp_dir().join(format!("secsmtp-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self {
            pki,
            server,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.join(name), text).expect("a file");
        self.path(name)
    }

    /// A program of the system's shell.
    #[cfg(unix)]
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("permissions");
        path
    }

    /// The command, to be given more.
    pub(crate) fn command(&self, action: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secsmtp"));
        command.args([action, "--server", HOST]);
        command.args(["--connect", &self.server.implicit_addr().to_string()]);
        command
    }

    /// A send by the server's own key, to be given a login and mails.
    pub(crate) fn trusting(&self) -> Command {
        let mut command = self.command("send");
        command.args(["--pin", &self.pki.spki_pin(CertKind::Leaf)]);
        command.args(["--from", "alice@mail.example", "--to", "bob@mail.example"]);
        command
    }

    pub(crate) fn mail(&self) -> String {
        self.write("mail.eml", "Subject: x\r\n\r\nx\r\n")
    }

    /// A send with login and mail, and trust in nothing yet.
    pub(crate) fn send(&self) -> Command {
        let mut command = self.command("send");
        let (mail, password) = (self.mail(), self.write("password", PASSWORD));
        command.args(["--json", "--timeout", "20"]);
        command.args(["--user", "alice", "--password-file", &password]);
        command.args(["--from", "alice@mail.example", "--to", "bob@mail.example"]);
        command.arg(&mail);
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Exit status, and what both streams said.
pub(crate) fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the command");
    let words = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code(), words)
}
