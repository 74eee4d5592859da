//! `XposedOrNot`'s passwords interface: `GET {base}/pass/anon/{10 hex}` with the beginning of the password's Keccak-512 (as it
//! was before it became SHA-3), which takes the password itself to compute.
//!
//! Status 200 has the beginning that was asked and how often the password was seen; 404 says that it was not. Nothing more
//! of the digest is ever compared, so two passwords that begin alike are one to this service: among a billion it takes one
//! in a thousand questions about unknown passwords for known. And forty bits are nearly a name: the service learns which
//! known password is meant. It is asked only when it is named.

use reqwest::{Client, Url};
use serde::Deserialize;

use super::lookup::{Lookup, LookupOptions, Protocol};
use super::{Source, SourceError};
use crate::model::{Digest, DigestKind, Exposure};

/// The public service.
pub const XPOSEDORNOT: &str = "https://passwords.xposedornot.com/api/v1";

/// The service.
pub struct XposedOrNot(Lookup<Anonymous>);

impl XposedOrNot {
    /// Prepares to ask; nothing is sent.
    pub fn new(options: LookupOptions) -> Result<Self, SourceError> {
        Ok(Self(Lookup::new(Anonymous, options)?))
    }
}

impl Source for XposedOrNot {
    fn name(&self) -> String {
        self.0.name()
    }

    fn takes(&self) -> &[DigestKind] {
        self.0.takes()
    }

    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        self.0.ask(digests, answer);
    }
}

struct Anonymous;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SearchPassAnon")]
    found: Found,
}

#[derive(Deserialize)]
struct Found {
    anon: String,
    count: Count,
}

/// The service writes it as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u64),
    Text(String),
}

impl Protocol for Anonymous {
    const TAKES: &'static [DigestKind] = &[DigestKind::Keccak];

    fn question(&self, client: &Client, base: &Url, _: DigestKind, beginning: &str) -> reqwest::RequestBuilder {
        client.get(base.join(&format!("pass/anon/{beginning}")).expect("hex digits are a path"))
    }

    fn read(&self, body: &[u8], beginning: &str, digests: &[Digest]) -> Option<Vec<Exposure>> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let count = match answer.found.count {
            Count::Number(count) => count,
            Count::Text(count) => count.parse().ok()?,
        };
        let ours = answer.found.anon.eq_ignore_ascii_case(beginning) && count > 0;
        ours.then(|| vec![Exposure::Seen(Some(count)); digests.len()])
    }

    fn known(&self, _: DigestKind) -> Digest {
        // Of `password`: a6818b8188b36c44d17784c5551f63accc5deaf8786f9d0ad1ae3cd8d887cbab….
        Digest::Keccak([0xa6, 0x81, 0x8b, 0x81, 0x88])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_must_be_about_what_was_asked() {
        let asked = [Digest::Keccak([0x80, 0x8d, 0x63, 0xba, 0x47])];
        let read = |body: &str| Anonymous.read(body.as_bytes(), "808d63ba47", &asked);
        let body = |anon: &str, count: &str| {
            format!(r#"{{"SearchPassAnon":{{"anon":"{anon}","char":"D:5;A:0;S:0;L:5","count":{count},"wordlist":0}}}}"#)
        };
        let seen = Some(vec![Exposure::Seen(Some(11_999_477))]);
        assert_eq!(read(&body("808d63ba47", "\"11999477\"")), seen);
        assert_eq!(read(&body("808D63BA47", "11999477")), seen);
        for bad in
            [&body("808d63ba48", "\"3\""), &body("808d63ba47", "\"0\""), &body("808d63ba47", "\"many\""), "{}", ""]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
