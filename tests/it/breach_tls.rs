//! The range protocol over HTTP/2 behind TLS, with certificates made on the spot.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use credaudit::breach::{Hibp, HibpOptions};
use credaudit::model::{DigestKind, Exposure, Unasked};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::{TlsAcceptor, rustls};

use crate::range_server::{self, Ranges, ask, ntlm, sha1, words};

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    streams: AtomicUsize,
    at_a_time: AtomicUsize,
    most_at_a_time: AtomicUsize,
    protocols: Mutex<HashSet<Vec<u8>>>,
}

/// Base URL, authority in PEM, and what the server saw.
fn start(words: &[String]) -> (String, String, Arc<Seen>) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap().signed_by(&key, &authority).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let (ranges, seen) = (Arc::new(Ranges::of(words)), Arc::new(Seen::default()));
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&ranges), Arc::clone(&shared)));
            }
        });
    });
    (base, authority.pem(), seen)
}

async fn serve(stream: tokio::net::TcpStream, acceptor: TlsAcceptor, ranges: Arc<Ranges>, seen: Arc<Seen>) {
    seen.connections.fetch_add(1, Ordering::SeqCst);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    seen.handshakes.fetch_add(1, Ordering::SeqCst);
    seen.protocols.lock().unwrap().insert(stream.get_ref().1.alpn_protocol().unwrap_or_default().to_vec());
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (ranges, seen) = (Arc::clone(&ranges), Arc::clone(&seen));
        tokio::spawn(async move {
            seen.streams.fetch_add(1, Ordering::SeqCst);
            let now = seen.at_a_time.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most_at_a_time.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            let uri = request.uri();
            let kind = if uri.query() == Some("mode=ntlm") { DigestKind::Ntlm } else { DigestKind::Sha1 };
            let padded = request.headers().get("add-padding").is_some_and(|value| value == "true");
            let body = ranges.body(uri.path().strip_prefix("/range/").unwrap(), kind, padded);
            let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
            stream.send_data(body.into(), true).unwrap();
            seen.at_a_time.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn options(base_url: &str) -> HibpOptions {
    HibpOptions {
        base_url: base_url.into(),
        first_wait: Duration::from_millis(4),
        timeout: Duration::from_secs(5),
        ..HibpOptions::default()
    }
}

#[test]
fn questions_share_one_connection_that_speaks_http_2_by_agreement() {
    let words = words(100);
    let (base, authority, seen) = start(&words);
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("authority.pem");
    std::fs::write(&ca, authority).unwrap();
    let source = Hibp::new(HibpOptions { ca: Some(ca), ..options(&base) }).unwrap();
    let answers = ask(&source, words.iter().flat_map(|word| [sha1(word), ntlm(word)]));
    for (at, word) in words.iter().enumerate() {
        assert_eq!(answers[&sha1(word)], range_server::seen(at + 1));
        assert_eq!(answers[&ntlm(word)], range_server::seen(at + 1));
    }
    assert_eq!(*seen.protocols.lock().unwrap(), HashSet::from([b"h2".to_vec()]));
    assert_eq!(seen.connections.load(Ordering::SeqCst), 1);
    assert_eq!(seen.streams.load(Ordering::SeqCst), 200);
    let most = seen.most_at_a_time.load(Ordering::SeqCst);
    assert!((8..=32).contains(&most), "{most} questions at a time");
}

#[test]
fn a_server_that_cannot_prove_who_it_is_is_asked_nothing() {
    let words = words(1);
    let (base, _, seen) = start(&words);
    let (_, other, _) = start(&words);
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("other.pem");
    std::fs::write(&ca, other).unwrap();
    for ca in [None, Some(ca)] {
        match Hibp::new(HibpOptions { ca: ca.clone(), ..options(&base) }) {
            Ok(source) => {
                let answers = ask(&source, [sha1(&words[0])]);
                assert_eq!(answers[&sha1(&words[0])], Exposure::Unknown(Unasked::Unreachable));
            }
            Err(error) => assert!(ca.is_none(), "only for want of the system's certificates, not: {error}"),
        }
    }
    assert_eq!(seen.handshakes.load(Ordering::SeqCst), 0);
}

#[test]
fn certificates_that_cannot_be_read_are_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let no_certificate = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for (name, content) in [("empty.pem", ""), ("text.pem", "hello"), ("bad.pem", no_certificate)] {
        let ca = folder.path().join(name);
        std::fs::write(&ca, content).unwrap();
        let error = Hibp::new(HibpOptions { ca: Some(ca), ..options("https://127.0.0.1:1") }).err().unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
    let ca = Some(folder.path().join("missing.pem"));
    assert!(Hibp::new(HibpOptions { ca, ..options("https://127.0.0.1:1") }).is_err());
}
