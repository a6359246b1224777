//! Records under the session's own keys, sealed by hand: a peer that holds them can say what no TLS
//! library can be brought to say, tickets without end or a request to renegotiate.

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};

/// The head of a record.
const HEAD: usize = 5;

/// Both directions of a connection whose handshake is over.
pub(crate) struct Sealed {
    encrypter: Box<dyn MessageEncrypter>,
    decrypter: Box<dyn MessageDecrypter>,
    /// The numbers of the next records, to the client and from it.
    next: (u64, u64),
    unread: Vec<u8>,
}

impl Sealed {
    /// Takes the keys out of a connection that allows it.
    pub(crate) fn new(tls: ServerConnection) -> Self {
        let suite = tls
            .negotiated_cipher_suite()
            .expect("the handshake is over");
        let secrets = tls.dangerous_extract_secrets();
        let secrets = secrets.expect("a configuration that gives them");
        let ((out, tx), (inn, rx)) = (secrets.tx, secrets.rx);
        let ((key, iv), (read_key, read_iv)) = (keys(tx), keys(rx));
        let (encrypter, decrypter) = match suite {
            SupportedCipherSuite::Tls13(suite) => (
                suite.aead_alg.encrypter(key, iv),
                suite.aead_alg.decrypter(read_key, read_iv),
            ),
            SupportedCipherSuite::Tls12(suite) => {
                let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
                let (salt, explicit) = iv.as_ref().split_at(fixed);
                let read_salt = &read_iv.as_ref()[..fixed];
                (
                    suite.aead_alg.encrypter(key, salt, explicit),
                    suite.aead_alg.decrypter(read_key, read_salt),
                )
            }
        };
        Self {
            encrypter,
            decrypter,
            next: (out, inn),
            unread: Vec::new(),
        }
    }

    /// One record.
    pub(crate) fn seal(&mut self, typ: ContentType, payload: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(payload),
        };
        let sealed = self.encrypter.encrypt(message, self.next.0);
        self.next.0 += 1;
        sealed.expect("room for a record").encode()
    }

    /// The text in what came, of whole records; `None` where one can't be read.
    pub(crate) fn open(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.unread.extend_from_slice(bytes);
        let mut text = Vec::new();
        while let Some((head, rest)) = self.unread.split_first_chunk::<HEAD>() {
            let (kind, length) = (head[0], usize::from(u16::from_be_bytes([head[3], head[4]])));
            let Some(payload) = rest.get(..length) else {
                break;
            };
            let mut payload = payload.to_vec();
            self.unread.drain(..HEAD + length);
            let version = ProtocolVersion::TLSv1_2;
            let record = InboundOpaqueMessage::new(kind.into(), version, &mut payload);
            let plain = self.decrypter.decrypt(record, self.next.1).ok()?;
            self.next.1 += 1;
            if plain.typ == ContentType::ApplicationData {
                text.extend_from_slice(plain.payload);
            }
        }
        Some(text)
    }
}

fn keys(secrets: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => panic!("a suite of another kind"),
    }
}
