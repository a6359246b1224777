//! The matrix: each case is a server, a policy and the expected status, run in both TLS modes.

use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{ReferenceConfig, ReferenceServer, ServerIdentity, TlsVersions};

use crate::world::{HOST, MODES, TIMEOUT, World, assert_nothing_left, send};

/// One row.
pub(crate) struct Case {
    /// The catalogue's id and what is the matter.
    pub(crate) name: &'static str,
    /// The name to verify.
    pub(crate) host: &'static str,
    pub(crate) server: fn(&World) -> ServerIdentity,
    pub(crate) tls: TlsVersions,
    /// Given the certificate that the server shows, for policies that name it.
    pub(crate) policy: fn(&World, &mut Policy, &ServerIdentity),
    pub(crate) expected: Status,
}

impl Case {
    /// A row for the usual name and both TLS versions.
    pub(crate) fn new(
        name: &'static str,
        expected: Status,
        server: fn(&World) -> ServerIdentity,
        policy: fn(&World, &mut Policy, &ServerIdentity),
    ) -> Self {
        Self {
            name,
            host: HOST,
            server,
            tls: TlsVersions::Both,
            policy,
            expected,
        }
    }

    /// The case for another name.
    pub(crate) fn host(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn tls(mut self, versions: TlsVersions) -> Self {
        self.tls = versions;
        self
    }

    fn run(&self) {
        let world = World::get();
        let identity = (self.server)(world);
        let mut policy = Policy::new();
        (self.policy)(world, &mut policy, &identity);
        let mut config = ReferenceConfig::new(identity);
        config.tls = self.tls;
        let server = ReferenceServer::start(config).expect("a server");
        for mode in MODES {
            policy.tls_mode = mode;
            self.run_in(mode, &policy, &server);
        }
    }

    fn run_in(&self, mode: TlsMode, policy: &Policy, server: &ReferenceServer) {
        let name = format!("{} ({mode:?})", self.name);
        let address = match mode {
            TlsMode::Implicit => server.implicit_addr(),
            TlsMode::Starttls => server.starttls_addr(),
        };
        let before = server.mail_count();
        let connections = server.sessions().len();
        let sent = send(self.host, address, policy);
        assert!(server.wait_idle(TIMEOUT), "{name}: the server is busy");
        let sessions = server.sessions();
        // A11, A12: a verdict is final; no other address, port or mode is tried.
        assert_eq!(sessions.len(), connections + 1, "{name}: connections");
        let record = sessions.last().expect("a session");
        match sent {
            Ok(receipt) => {
                assert_eq!(self.expected, Status::Ok, "{name}: it was trusted");
                assert_eq!(receipt.outcome, Outcome::Accepted, "{name}");
                assert_eq!(server.mail_count(), before + 1, "{name}");
            }
            Err(error) => {
                assert_eq!(error.status(), self.expected, "{name}: {error}");
                assert_eq!(error.record.stage, Stage::Tls, "{name}: {error}");
                assert_eq!(error.record.outcome, Outcome::NotSent, "{name}");
                assert!(
                    !error.record.secret_released && !error.record.content_released,
                    "{name}"
                );
                assert_nothing_left(&name, mode, record);
                assert_eq!(server.mail_count(), before, "{name}");
            }
        }
    }
}

/// Runs all of them, and tells of each that failed.
pub(crate) fn run(cases: &[Case], at_least: usize) {
    assert!(cases.len() >= at_least, "only {} cases", cases.len());
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| std::panic::catch_unwind(|| case.run()).is_err())
        .map(|case| case.name)
        .collect();
    assert!(failed.is_empty(), "failed: {failed:#?}");
}
