//! Down to the login: TCP, the PRELOGIN exchange, and TLS, which this protocol wraps into PRELOGIN packets (MS-TDS 2.2.6.5
//! and 3.2.5.2). The driver then finds a server that asks for no encryption, since there is one already: its own PRELOGIN
//! is answered here.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Bytes of a packet's header: kind, status, length (big-endian), process, number, window.
const HEADER: usize = 8;
/// Bytes of a packet before the login has agreed on another size (MS-TDS 2.2.3.1).
const PACKET: usize = 4096;
/// Kinds of packet (MS-TDS 2.2.3.1.1).
const PRELOGIN: u8 = 0x12;
const ANSWER: u8 = 0x04;
/// Status: the last packet of its message.
const LAST: u8 = 0x01;

/// Values of the option ENCRYPTION (MS-TDS 2.2.6.5).
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;

/// What is wanted of the transport.
pub(super) enum Wanted {
    /// In the clear, because the address says so.
    Clear,
    /// TLS if the server has it.
    Offered(ClientConfig),
    /// TLS or nothing.
    Required(ClientConfig),
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoWay {
    Io(io::Error),
    /// What the two sides want of encryption does not meet.
    Terms(&'static str),
}

impl From<io::Error> for NoWay {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Connects, agrees on encryption, and makes the handshake.
pub(super) async fn open(host: &str, port: u16, wanted: &Wanted) -> Result<Link, NoWay> {
    let mut tcp = TcpStream::connect((host, port)).await?;
    tcp.set_nodelay(true)?;
    let ours = if matches!(wanted, Wanted::Clear) { NOT_SUPPORTED } else { ON };
    tcp.write_all(&request(ours)).await?;
    let mut answer = packet(&mut tcp).await?;
    let place = encryption(&answer).ok_or_else(|| garbled("no PRELOGIN answer of SQL Server"))?;
    let theirs = std::mem::replace(&mut answer[place], NOT_SUPPORTED);
    let has_tls = !matches!(theirs, OFF | NOT_SUPPORTED);
    let config = match (wanted, has_tls) {
        (Wanted::Clear, true) => {
            return Err(NoWay::Terms("the server demands encryption: take encrypt=false out of the address"));
        }
        (Wanted::Required(_), false) => {
            return Err(NoWay::Terms(
                "the server offers no encryption: give it a certificate, or write encrypt=false if the network between \
                 may read along",
            ));
        }
        (Wanted::Clear | Wanted::Offered(_), false) => {
            return Ok(Link { wire: Wire::Clear(tcp), greeting: Greeting::new(answer) });
        }
        (Wanted::Offered(config) | Wanted::Required(config), true) => config,
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| NoWay::Terms("the name of the server is none that a certificate can be made out to"))?;
    let wrapped = Wrapped { tcp, wrapping: true, out: Vec::new(), sending: Vec::new(), head: Vec::new(), left: 0 };
    let mut tls = TlsConnector::from(Arc::new(config.clone())).connect(name, wrapped).await?;
    tls.get_mut().0.wrapping = false;
    Ok(Link { wire: Wire::Tls(Box::new(tls)), greeting: Greeting::new(answer) })
}

fn garbled(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The client's PRELOGIN packet.
fn request(encryption: u8) -> Vec<u8> {
    // Version of the client, encryption, instance (any), thread, several results at a time (no).
    let options: [(u8, &[u8]); 5] = [(0, &[0; 6]), (1, &[encryption]), (2, &[0]), (3, &[0; 4]), (4, &[0])];
    let mut at = options.len() * 5 + 1;
    let (mut heads, mut values) = (Vec::new(), Vec::<u8>::new());
    for (option, value) in options {
        heads.push(option);
        heads.extend((at as u16).to_be_bytes());
        heads.extend((value.len() as u16).to_be_bytes());
        values.extend(value);
        at += value.len();
    }
    heads.push(0xff);
    let mut packet = header(heads.len() + values.len(), true).to_vec();
    packet.extend(heads);
    packet.extend(values);
    packet
}

fn header(payload: usize, last: bool) -> [u8; HEADER] {
    let length = ((payload + HEADER) as u16).to_be_bytes();
    [PRELOGIN, if last { LAST } else { 0 }, length[0], length[1], 0, 0, 1, 0]
}

/// One packet of the server, header included.
async fn packet(tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; HEADER];
    tcp.read_exact(&mut packet).await?;
    let length = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    if packet[0] != ANSWER || !(HEADER..=PACKET).contains(&length) {
        return Err(garbled("what answers there does not speak as SQL Server does"));
    }
    packet.resize(length, 0);
    tcp.read_exact(&mut packet[HEADER..]).await?;
    Ok(packet)
}

/// Where in an answer the byte is that says what the server wants of encryption.
fn encryption(packet: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        let option = packet.get(at..at + 5).filter(|option| option[0] != 0xff)?;
        let offset = usize::from(u16::from_be_bytes([option[1], option[2]]));
        if option[0] == 1 {
            return Some(HEADER + offset).filter(|place| *place < packet.len());
        }
        at += 5;
    }
}

/// A connection that wraps what is sent into PRELOGIN packets, and unwraps what comes, while the handshake lasts.
struct Wrapped {
    tcp: TcpStream,
    wrapping: bool,
    /// Written, not yet in packets.
    out: Vec<u8>,
    /// In packets, not yet sent.
    sending: Vec<u8>,
    /// Of the header that is coming in.
    head: Vec<u8>,
    /// Bytes of the packet that is coming in.
    left: usize,
}

impl Wrapped {
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.out.is_empty() {
            let mut rest = &std::mem::take(&mut self.out)[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(PACKET - HEADER));
                self.sending.extend(header(now.len(), later.is_empty()));
                self.sending.extend(now);
                rest = later;
            }
        }
        while !self.sending.is_empty() {
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(context, &self.sending))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sending.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wrapped {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.wrapping {
            return Pin::new(&mut this.tcp).poll_read(context, buf);
        }
        ready!(this.poll_send(context))?;
        while this.left == 0 {
            let mut room = [0; HEADER];
            let mut part = ReadBuf::new(&mut room[this.head.len()..]);
            ready!(Pin::new(&mut this.tcp).poll_read(context, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.head.extend_from_slice(part.filled());
            if this.head.len() == HEADER {
                let length = usize::from(u16::from_be_bytes([this.head[2], this.head[3]]));
                if !matches!(this.head[0], PRELOGIN | ANSWER) || length < HEADER {
                    return Poll::Ready(Err(garbled("the handshake is broken off by something else")));
                }
                this.left = length - HEADER;
                this.head.clear();
            }
        }
        let mut part = buf.take(this.left);
        ready!(Pin::new(&mut this.tcp).poll_read(context, &mut part))?;
        let read = part.filled().len();
        let bytes = part.filled().to_vec();
        buf.put_slice(&bytes);
        this.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.wrapping {
            return Pin::new(&mut this.tcp).poll_write(context, bytes);
        }
        this.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.tcp).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(context)
    }
}

enum Wire {
    Clear(TcpStream),
    Tls(Box<TlsStream<Wrapped>>),
}

/// The driver's PRELOGIN, which is not sent, and the answer that it gets.
struct Greeting {
    asked: Vec<u8>,
    over: bool,
    answer: Vec<u8>,
    given: usize,
}

impl Greeting {
    fn new(answer: Vec<u8>) -> Self {
        Self { asked: Vec::new(), over: false, answer, given: 0 }
    }
}

/// A server that is ready for the driver's PRELOGIN, and then for its login.
pub(super) struct Link {
    wire: Wire,
    greeting: Greeting,
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let left = &this.greeting.answer[this.greeting.given..];
        if !left.is_empty() {
            let now = left.len().min(buf.remaining());
            buf.put_slice(&left[..now]);
            this.greeting.given += now;
            return Poll::Ready(Ok(()));
        }
        match &mut this.wire {
            Wire::Clear(tcp) => Pin::new(tcp).poll_read(context, buf),
            Wire::Tls(tls) => Pin::new(tls).poll_read(context, buf),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let greeting = &mut this.greeting;
        if !greeting.over {
            let length = match *greeting.asked {
                [_, _, high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
                _ => HEADER,
            };
            let now = bytes.len().min(length.max(HEADER) - greeting.asked.len());
            greeting.asked.extend_from_slice(&bytes[..now]);
            if let [_, _, high, low, ..] = *greeting.asked {
                greeting.over = greeting.asked.len() >= usize::from(u16::from_be_bytes([high, low])).max(HEADER);
            }
            return Poll::Ready(Ok(now));
        }
        match &mut this.wire {
            Wire::Clear(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Wire::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Clear(tcp) => Pin::new(tcp).poll_flush(context),
            Wire::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Clear(tcp) => Pin::new(tcp).poll_shutdown(context),
            Wire::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_encryption_is_found_in_any_answer() {
        let mut packet = request(ON);
        packet[0] = ANSWER;
        let place = encryption(&packet).unwrap();
        assert_eq!((packet[place], usize::from(packet[3])), (ON, packet.len()));
        assert_eq!(encryption(&packet[..12]), None, "cut short");
        assert_eq!(encryption(&[ANSWER, 1, 0, 9, 0, 0, 1, 0, 0xff]), None);
        // An offset that leads out of the packet.
        assert_eq!(encryption(&[ANSWER, 1, 0, 14, 0, 0, 1, 0, 1, 0xff, 0xff, 0, 1, 0xff]), None);
    }
}
