//! Enzoic's passwords interface: `GET {base}/passwords?partial_sha256={10 hex}`, likewise for MD5 and SHA-1; the one service
//! that can be asked about columns of unsalted MD5 and SHA-256.
//!
//! Basic authentication with key and secret. Status 200 has all candidates that begin alike, each with its three hashes and
//! how often it was exposed; 404 says that there is none. Ten hex digits are forty bits: of the billions of passwords in
//! such a collection nearly each has its own, so the service learns rather which known password is meant than a crowd it is
//! in. That is why it is asked only when it is named.

use reqwest::{Client, Url};
use serde::Deserialize;

use super::lookup::{Lookup, LookupOptions, Protocol};
use super::{Source, SourceError};
use crate::model::{Digest, DigestKind, Exposure, Secret};

/// The public service.
pub const ENZOIC: &str = "https://api.enzoic.com/v1";

/// What a subscription comes with.
#[derive(Clone, Debug)]
pub struct EnzoicKey {
    /// The public half.
    pub key: String,
    /// The other half.
    pub secret: Secret,
}

/// The service.
pub struct Enzoic(Lookup<Passwords>);

impl Enzoic {
    /// Prepares to ask; nothing is sent.
    pub fn new(key: EnzoicKey, options: LookupOptions) -> Result<Self, SourceError> {
        Ok(Self(Lookup::new(Passwords(key), options)?))
    }
}

impl Source for Enzoic {
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

struct Passwords(EnzoicKey);

#[derive(Deserialize)]
struct Answer {
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    md5: String,
    sha1: String,
    sha256: String,
    /// Whether it was in a breach, and not in a list for cracking only.
    revealed_in_exposure: bool,
    #[serde(default)]
    exposure_count: u64,
}

impl Candidate {
    fn hash(&self, kind: DigestKind) -> Option<Digest> {
        let hash = match kind {
            DigestKind::Md5 => &self.md5,
            DigestKind::Sha1 => &self.sha1,
            DigestKind::Sha256 => &self.sha256,
            DigestKind::Ntlm | DigestKind::Keccak => return None,
        };
        let bytes = hex::decode(hash).ok().filter(|bytes| bytes.len() == kind.len())?;
        Digest::of(kind, &bytes)
    }
}

impl Protocol for Passwords {
    const TAKES: &'static [DigestKind] = &[DigestKind::Sha1, DigestKind::Md5, DigestKind::Sha256];

    fn question(&self, client: &Client, base: &Url, kind: DigestKind, beginning: &str) -> reqwest::RequestBuilder {
        let name = match kind {
            DigestKind::Md5 => "partial_md5",
            DigestKind::Sha256 => "partial_sha256",
            DigestKind::Sha1 | DigestKind::Ntlm | DigestKind::Keccak => "partial_sha1",
        };
        let mut url = base.join("passwords").expect("a word is a path");
        url.query_pairs_mut().append_pair(name, beginning);
        let secret = String::from_utf8_lossy(self.0.secret.expose());
        client.get(url).basic_auth(&self.0.key, Some(secret))
    }

    fn read(&self, body: &[u8], beginning: &str, digests: &[Digest]) -> Option<Vec<Exposure>> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let kind = digests.first()?.kind();
        let known: Vec<(Digest, Exposure)> = answer
            .candidates
            .iter()
            .map(|candidate| {
                let count = Some(candidate.exposure_count).filter(|count| candidate.revealed_in_exposure && *count > 0);
                Some((candidate.hash(kind)?, Exposure::Seen(count)))
            })
            .collect::<Option<_>>()?;
        // An answer to another question is none, and "nothing" is said with another status.
        let ours = |digest: &Digest| hex::encode(digest.bytes()).starts_with(beginning);
        if known.is_empty() || !known.iter().all(|(digest, _)| ours(digest)) {
            return None;
        }
        let find = |digest: &Digest| known.iter().find(|(known, _)| known == digest).map_or(Exposure::NotSeen, |k| k.1);
        Some(digests.iter().map(find).collect())
    }

    fn known(&self, kind: DigestKind) -> Digest {
        // Of `password`.
        let hash = match kind {
            DigestKind::Md5 => "5f4dcc3b5aa765d61d8327deb882cf99",
            DigestKind::Sha256 => "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
            DigestKind::Sha1 | DigestKind::Ntlm | DigestKind::Keccak => "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        };
        let kind = if matches!(kind, DigestKind::Md5 | DigestKind::Sha256) { kind } else { DigestKind::Sha1 };
        let bytes = hex::decode(hash).expect("published digests are hex");
        Digest::of(kind, &bytes).expect("and whole")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol() -> Passwords {
        Passwords(EnzoicKey { key: "k".into(), secret: Secret::new(b"s") })
    }

    fn candidate(md5: &str, revealed: bool, count: u64) -> String {
        let hash = |digits: usize| format!("{md5}{}", "0".repeat(digits.saturating_sub(md5.len())));
        format!(
            r#"{{"md5":"{md5}","sha1":"{}","sha256":"{}","revealedInExposure":{revealed},"relativeExposureFrequency":2,"exposureCount":{count}}}"#,
            hash(40),
            hash(64)
        )
    }

    #[test]
    fn candidates_are_compared_whole_and_an_answer_to_another_question_is_none() {
        let (one, two) = ("5f4dcc3b5aa765d61d8327deb882cf99", "5f4dcc3b5a0000000000000000000000");
        let md5 = |hash: &str| Digest::of(DigestKind::Md5, &hex::decode(hash).unwrap()).unwrap();
        let read = |body: &str| protocol().read(body.as_bytes(), "5f4dcc3b5a", &[md5(two), md5(one)]);
        let body = format!(r#"{{"candidates":[{}]}}"#, candidate(one, true, 9));
        assert_eq!(read(&body), Some(vec![Exposure::NotSeen, Exposure::Seen(Some(9))]));
        let body = format!(r#"{{"candidates":[{},{}]}}"#, candidate(one, false, 0), candidate(two, true, 3));
        assert_eq!(read(&body), Some(vec![Exposure::Seen(Some(3)), Exposure::Seen(None)]), "listed, not counted");
        let other = candidate("6f4dcc3b5aa765d61d8327deb882cf99", true, 1);
        let with_other = format!(r#"{{"candidates":[{},{other}]}}"#, candidate(one, true, 9));
        let short = format!(r#"{{"candidates":[{}]}}"#, candidate("5f4dcc3b5a", true, 9));
        for bad in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"candidates":[]}"#,
            r#"{"candidates":[{}]}"#,
            &with_other,
            &short,
            &body[..40],
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?}", EnzoicKey { key: "k".into(), secret: Secret::new(b"hunter2") });
        assert!(!shown.contains("hunter2"));
    }
}
