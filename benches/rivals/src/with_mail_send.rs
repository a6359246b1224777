//! mail-send: its client on one thread of tokio.

use std::error::Error;
use std::fs;
use std::sync::Arc;

use mail_send::mail_builder::MessageBuilder;
use mail_send::smtp::message::Message;
use mail_send::{Credentials, SmtpClientBuilder};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::meter::Meter;
use crate::{Job, WARM};

pub(crate) fn run(job: &Job) -> Result<Meter, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(send(job))
}

async fn send(job: &Job) -> Result<Meter, Box<dyn Error>> {
    let text = if job.attach {
        WARM.to_vec()
    } else {
        fs::read(&job.file)?
    };
    let mut meter = Meter::start();
    let _ = ring::default_provider().install_default();
    let mut builder = SmtpClientBuilder::new("127.0.0.1", job.port)?
        .implicit_tls(true)
        .helo_host("bench.test")
        .credentials(Credentials::new("alice", "correct horse"));
    builder.tls_connector = connector(&job.ca)?;
    let mut client = builder.connect().await?;
    if !job.cold {
        client.send(message(&text)).await?;
        meter.restart();
    }
    for _ in 0..job.count {
        if job.attach {
            let message = MessageBuilder::new()
                .from("alice@mail.test")
                .to("bob@mail.test")
                .subject("A file")
                .attachment("application/octet-stream", "file", fs::read(&job.file)?);
            client.send(message).await?;
        } else {
            client.send(message(&text)).await?;
        }
    }
    meter.stop();
    client.quit().await?;
    Ok(meter)
}

fn message(text: &[u8]) -> Message<'_> {
    Message::new("alice@mail.test", ["bob@mail.test"], text)
}

/// The bench's CA instead of the system's.
fn connector(ca: &[u8]) -> Result<TlsConnector, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca)?)?;
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}
