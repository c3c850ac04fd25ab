//! Encrypted connections, with a certificate that is replaced while the daemon runs.

use crate::daemon::Daemon;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Writes a new certificate with its key.
fn write(folder: &Path) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(["localhost".to_owned()]);
    let CertifiedKey { cert, signing_key } = made.expect("a certificate");
    std::fs::write(folder.join("certificate.pem"), cert.pem()).expect("written");
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("written");
    cert.der().clone()
}

/// What the daemon answers to somebody who trusts this certificate alone.
async fn get(address: &str, trusted: &CertificateDer<'static>) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("there are versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let request = b"GET /api/v1/sports HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_encrypted_and_a_new_certificate_is_taken_over() {
    let (folder, files) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let first = write(files.path());
    let path = |name: &str| files.path().join(name).to_str().expect("text").to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let settings = [
        ("SERVER__CERTIFICATE", certificate.as_str()),
        ("SERVER__KEY", key.as_str()),
    ];
    let (daemon, log) = Daemon::start_heard(folder.path(), &settings);
    let answer = get(&daemon.public.0, &first).await.expect("it is trusted");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer
            .to_lowercase()
            .contains("strict-transport-security: max-age="),
        "{answer}"
    );
    let plain = daemon
        .public
        .raw(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert!(!plain.starts_with(b"HTTP/1.1"), "{plain:?}");

    let second = write(files.path());
    log.until("the certificate was read again");
    assert!(
        get(&daemon.public.0, &first).await.is_err(),
        "it is another one now"
    );
    get(&daemon.public.0, &second).await.expect("it is trusted");
}
