//! lettre: the blocking transport with its pool held to one connection.

use std::error::Error;
use std::fs;

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Message, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};

use crate::meter::Meter;
use crate::{Job, WARM};

pub(crate) fn run(job: &Job) -> Result<Meter, Box<dyn Error>> {
    let text = if job.attach {
        WARM.to_vec()
    } else {
        fs::read(&job.file)?
    };
    let mut meter = Meter::start();
    let tls = TlsParameters::builder("127.0.0.1".to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(Certificate::from_pem(&job.ca)?)
        .build()?;
    let transport = SmtpTransport::builder_dangerous("127.0.0.1")
        .port(job.port)
        .tls(Tls::Wrapper(tls))
        .credentials(Credentials::new("alice".into(), "correct horse".into()))
        .authentication(vec![Mechanism::Plain])
        .pool_config(PoolConfig::new().max_size(1))
        .build();
    let (sender, recipient) = ("alice@mail.test".parse()?, "bob@mail.test".parse()?);
    let envelope = Envelope::new(Some(sender), vec![recipient])?;
    if !job.cold {
        transport.send_raw(&envelope, &text)?;
        meter.restart();
    }
    for _ in 0..job.count {
        if job.attach {
            let part = Attachment::new("file".to_owned()).body(
                fs::read(&job.file)?,
                ContentType::parse("application/octet-stream")?,
            );
            transport.send(&with_part(part)?)?;
        } else {
            transport.send_raw(&envelope, &text)?;
        }
    }
    meter.stop();
    Ok(meter)
}

fn with_part(part: SinglePart) -> Result<Message, Box<dyn Error>> {
    Ok(Message::builder()
        .from("alice@mail.test".parse()?)
        .to("bob@mail.test".parse()?)
        .subject("A file")
        .singlepart(part)?)
}
