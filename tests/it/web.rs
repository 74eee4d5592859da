//! A small HTTP server on the loopback interface, for whatever protocol a test needs; remembers every request's head.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server.
pub(crate) struct Web {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// `answer` gets a request's head and gives the whole response; an empty one ends the connection.
    pub(crate) fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new((answer, heads.clone()));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let mut stream = stream;
                    loop {
                        let mut head = String::new();
                        while !head.ends_with("\r\n\r\n") {
                            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                                return;
                            }
                        }
                        shared.1.lock().unwrap().push(head.clone());
                        let response = (shared.0)(&head);
                        if response.is_empty() || stream.write_all(&response).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, heads }
    }

    /// Every request's head, in order.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Ends a connection by a reset (RST), as a firewall or a process that breaks off does; no clone of it may be left.
pub(crate) fn reset(stream: TcpStream) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _entered = runtime.enter();
    stream.set_nonblocking(true).unwrap();
    // Nothing is kept for the other side when it is closed.
    tokio::net::TcpStream::from_std(stream).unwrap().set_zero_linger().unwrap();
}

/// The path with its query of a request.
pub(crate) fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

/// A response with a length.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response
}
