//! TLS of the public listener: certificate and key from files, read again when they change.

use super::config::{Server, changes};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS.
#[derive(Debug, Error)]
#[allow(missing_docs)] // the messages say it
pub enum TlsError {
    #[error("the file {path}: {source}", path = path.display())]
    File { path: PathBuf, source: pem::Error },
    #[error("certificate and key: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Encrypts connections. Clones belong together.
#[derive(Clone, Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    present: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// With the files of the configuration, if it names some.
    ///
    /// # Errors
    /// Files that cannot be read or do not belong together.
    pub fn open(server: &Server) -> Result<Option<Self>, TlsError> {
        if !server.is_encrypted() {
            return Ok(None);
        }
        let present = read(&server.certificate, &server.key)?;
        Ok(Some(Self {
            certificate: server.certificate.clone(),
            key: server.key.clone(),
            present: Arc::new(RwLock::new(Arc::new(present))),
        }))
    }

    /// What encrypts a connection that begins now.
    pub fn acceptor(&self) -> TlsAcceptor {
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(present.clone())
    }

    /// Reads the files again. When they make no sense, as between the change of one and of the other, the present ones stay.
    pub fn reload(&self) {
        match read(&self.certificate, &self.key) {
            Ok(new) => {
                *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(event = "certificate_changed", "the certificate was read again");
            }
            Err(error) => {
                tracing::error!(event = "certificate_refused", %error, "the certificate stays as it is");
            }
        }
    }

    /// Follows changes of the files as long as the daemon runs.
    ///
    /// # Errors
    /// A folder that cannot be watched.
    pub fn follow(&self) -> io::Result<()> {
        for file in [&self.certificate, &self.key] {
            let mut changed = changes::of(file)?;
            let tls = self.clone();
            tokio::spawn(async move {
                while changed.recv().await.is_some() {
                    tls.reload();
                }
            });
        }
        Ok(())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(failed(certificate))?;
    let chain: Result<Vec<_>, pem::Error> = chain.collect();
    let chain = chain.map_err(failed(certificate))?;
    if chain.is_empty() {
        return Err(failed(certificate)(pem::Error::NoItemsFound));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(failed(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What encrypts requests this daemon makes.
pub fn choose_provider() {
    // Fails when somebody was first, who chose one that serves as well.
    let _ = ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    /// Writes a new certificate with its key.
    fn write(server: &Server) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(&server.certificate, cert.pem()).expect("written");
        std::fs::write(&server.key, signing_key.serialize_pem()).expect("written");
    }

    fn files(folder: &Path) -> Server {
        Server {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
            ..Server::default()
        }
    }

    #[test]
    fn without_files_there_is_none_and_files_that_make_no_sense_are_named() {
        assert!(Tls::open(&Server::default()).expect("nothing to read").is_none());
        let folder = tempfile::tempdir().expect("a folder");
        let server = files(folder.path());
        let missing = Tls::open(&server).expect_err("no file").to_string();
        assert!(missing.contains("certificate.pem"), "{missing}");
        write(&server);
        assert!(Tls::open(&server).expect("they belong together").is_some());
        std::fs::write(&server.key, "no key").expect("written");
        let broken = Tls::open(&server).expect_err("no key").to_string();
        assert!(broken.contains("key.pem"), "{broken}");
    }

    #[test]
    fn new_files_are_taken_over_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let server = files(folder.path());
        write(&server);
        let tls = Tls::open(&server).expect("reads").expect("there are files");
        let present = || tls.present.read().expect("not poisoned").clone();
        let first = present();
        std::fs::write(&server.certificate, "half").expect("written");
        tls.reload();
        assert!(Arc::ptr_eq(&first, &present()), "the old one stays");
        write(&server);
        tls.reload();
        assert!(!Arc::ptr_eq(&first, &present()), "the new one is in force");
    }
}
