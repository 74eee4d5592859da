//! What must hold for any bytes that are taken for a list, a range, records or a corpus file; fuzzing and a replay of what
//! it found call it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ring::digest::{SHA256, digest};
use sha1::{Digest as _, Sha1};
use tempfile::TempDir;

use super::header::{BODY, HOLES_LEN, LEN, Section, Shape};
use super::key::{Entry, Key};
use super::slot::{SLOT, Slot, TAIL, seal};
use super::{BuildOptions, Builder, Corpus, Header, Variant, lines, records};
use crate::breach::Range;
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// Digests that a corpus of these checks holds; as many others are asked for.
const KNOWN: u64 = 40;

/// Checks one property of `data`, whose first byte chooses it; panics where it does not hold.
pub fn any(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let kind = if choice & 0x80 == 0 { DigestKind::Sha1 } else { DigestKind::Ntlm };
    match choice % 5 {
        0 => list(kind, rest),
        1 => range(kind, rest),
        2 => binary(kind, rest),
        3 => flipped(rest),
        _ => crafted(kind, rest),
    }
}

/// A list cut in two where a line ends gives the same digests, and shows them all.
fn list(kind: DigestKind, data: &[u8]) {
    let Some((cut, text)) = data.split_first() else { return };
    let mut whole = Vec::new();
    let read = lines::lines(text, kind, false, &mut whole);
    let cut = text.len() * usize::from(*cut) / 256;
    let cut = memchr::memchr(b'\n', &text[cut..]).map_or(text.len(), |newline| cut + newline + 1);
    let mut parts = Vec::new();
    let first = lines::lines(&text[..cut], kind, false, &mut parts);
    let both = first.and_then(|first| lines::lines(&text[cut..], kind, false, &mut parts).map(|second| first + second));
    assert_eq!(read.is_ok(), both.is_ok());
    assert!(whole == parts, "a cut changes nothing");
    let shown = text.to_ascii_lowercase();
    for Entry { key, .. } in whole {
        let hex = hex::encode(&key.bytes()[..kind.len()]);
        assert!(memchr::memmem::find(&shown, hex.as_bytes()).is_some(), "a digest that is not there");
    }
    let mut ascending = Vec::new();
    if lines::lines(text, kind, true, &mut ascending).is_ok() {
        assert!(ascending.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}

/// What the protocol's reader takes is taken with the same number of lines; what is taken ascends and has its prefix.
fn range(kind: DigestKind, data: &[u8]) {
    let Some((prefix, body)) = data.split_first_chunk::<2>() else { return };
    let prefix = u32::from(u16::from_le_bytes(*prefix)) << 4 | 5;
    let mut entries = Vec::new();
    let read = lines::range(prefix, body, kind, &mut entries);
    if let Ok(range) = Range::parse(body, kind) {
        assert_eq!((read, range.len()), (Ok(()), entries.len()));
    }
    if read.is_ok() {
        assert!(!entries.is_empty() && entries.iter().all(|entry| entry.key.prefix() == prefix && entry.count > 0));
        assert!(entries.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}

/// Every whole record is read, in their order, and what is left over is told.
fn binary(kind: DigestKind, data: &[u8]) {
    let folder = TempDir::new().expect("a folder for the check");
    let path = folder.path().join("records");
    fs::write(&path, data).expect("room for the check");
    let mut entries = Vec::new();
    let file = File::open(&path).expect("it was just written");
    let read = records::read(&path, file, kind, false, &mut |more| {
        entries.extend_from_slice(more);
        Ok(())
    });
    let len = records::len(kind);
    assert_eq!(read.is_ok(), data.len().is_multiple_of(len));
    let digests = data.chunks_exact(len).map(|record| Key::of(&Digest::of(kind, record).expect("a whole digest")));
    assert!(entries.iter().map(|entry| entry.key).eq(digests));
    let _ = records::sniff(data, kind);
}

fn digests(from: u64) -> Vec<Digest> {
    let mut digests: Vec<Digest> =
        (from..from + KNOWN).map(|n| Digest::Sha1(Sha1::digest(format!("pw{n}")).into())).collect();
    digests.sort_unstable();
    digests
}

/// The bytes of a small corpus.
fn whole(variant: Variant) -> &'static [u8] {
    static WHOLE: [OnceLock<Vec<u8>>; 4] = [const { OnceLock::new() }; 4];
    WHOLE[variant as usize].get_or_init(|| {
        let folder = TempDir::new().expect("a folder for the check");
        let path = folder.path().join("whole");
        // Several buckets, some of them empty.
        let options =
            BuildOptions { kind: DigestKind::Sha1, variant, expected: 600, source: "a check".into(), date: 1 };
        let mut builder = Builder::create(&path, options).expect("room for the check");
        for (at, digest) in digests(0).iter().enumerate() {
            builder.push_sorted(digest, at as u64 * 20).expect("they ascend");
        }
        builder.finish().expect("room for the check");
        fs::read(&path).expect("it was just written")
    })
}

/// A corpus file with some bits flipped: every answer is right or "damaged", and `verify` refuses it.
fn flipped(data: &[u8]) {
    let Some((variant, edits)) = data.split_first() else { return };
    let variant = Variant::ALL[usize::from(variant % 4)];
    let right = whole(variant);
    let mut bytes = right.to_vec();
    for edit in edits.as_chunks::<3>().0 {
        // Near an end of the file is where there is more than zeros.
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % bytes.len();
        let at = if edit[0].is_multiple_of(2) { at } else { bytes.len() - 1 - at };
        bytes[at] ^= edit[2];
    }
    let same = bytes == right;
    with(&bytes, |corpus| {
        assert_eq!(corpus.verify(&|_| ()).is_ok(), same);
        let known = digests(0);
        let all: Vec<Digest> = known.iter().copied().chain(digests(KNOWN)).collect();
        corpus.lookup(&all, &mut |at, exposure| match exposure {
            Exposure::Unknown(Unasked::Damaged) => assert!(!same),
            Exposure::Seen(count) => assert_eq!(count, Some((at as u64 * 20).max(1))),
            Exposure::NotSeen => assert!(at >= known.len(), "what is there is denied"),
            Exposure::Unknown(why) => assert!(why == Unasked::Unconfirmed && variant.is_filter()),
        });
        let mut body = Vec::new();
        if variant == Variant::Full && corpus.range(Key::of(&known[3]).prefix(), &mut body).is_ok() {
            let range = Range::parse(&body, DigestKind::Sha1).expect("a range of a whole corpus is one");
            assert_eq!(range.exposure(&known[3]), Exposure::Seen(Some(60)));
        }
    });
}

/// A file whose checksums are all right and whose content is anything: asked everything, it does not panic.
fn crafted(kind: DigestKind, data: &[u8]) {
    let Some((&[variant, bits, split], content)) = data.split_first_chunk::<3>() else { return };
    let variant = Variant::ALL[usize::from(variant % 4)];
    let buckets = match variant {
        Variant::Compact => 1 + u64::from(bits % 32),
        _ => 1 << (bits % 6),
    };
    let mut bytes = vec![0; BODY as usize];
    let (index, data) = match Shape::index_len(variant, buckets) {
        None => {
            let (fingerprints, directory) = content.split_at(content.len() * usize::from(split) / 256);
            let data = section(fingerprints, &mut bytes);
            (section(directory, &mut bytes), data)
        }
        Some(index_len) => {
            let mut content = content.to_vec();
            content.resize(content.len().max(index_len as usize), 0);
            let (index, data) = content.split_at_mut(index_len as usize);
            if variant == Variant::Compact {
                seal_slots(index, data);
            } else {
                seal_buckets(index, data);
            }
            (section(index, &mut bytes), section(data, &mut bytes))
        }
    };
    let header = Header {
        kind,
        variant,
        buckets: if variant.is_filter() { 0 } else { buckets },
        entries: KNOWN,
        holes: 0,
        date: 0,
        source: String::new(),
        index,
        data,
        holes_sum: digest(&SHA256, &bytes[LEN..LEN + HOLES_LEN]).as_ref().try_into().expect("SHA-256 has 32 bytes"),
    };
    bytes[..LEN].copy_from_slice(&header.encode());
    with(&bytes, |corpus| {
        let _ = corpus.verify(&|_| ());
        let all: Vec<Digest> =
            digests(0)
                .into_iter()
                .map(|sha1| {
                    if kind == DigestKind::Sha1 { sha1 } else { Digest::of(kind, sha1.bytes()).expect("it is longer") }
                })
                .collect();
        let mut answered = BTreeSet::new();
        corpus.lookup(&all, &mut |at, _| assert!(answered.insert(at)));
        assert_eq!(answered.len(), all.len());
        for prefix in [0, 1 << 19, (1 << 20) - 1] {
            let _ = corpus.range(prefix, &mut Vec::new());
        }
    });
}

/// Gives every bucket its checksum, wherever the index says it lies.
fn seal_buckets(index: &[u8], data: &mut [u8]) {
    let places: Vec<usize> = index.as_chunks().0.iter().map(|place| u64::from_le_bytes(*place) as usize).collect();
    for (number, place) in places.windows(2).enumerate() {
        seal_bucket(number, data.get_mut(place[0]..place[1]));
    }
}

fn seal_bucket(number: usize, bucket: Option<&mut [u8]>) {
    if let Some((sum, body)) = bucket.and_then(|bucket| bucket.split_first_chunk_mut()) {
        *sum = crc(number, body);
    }
}

/// Gives every slot and every tail its checksum.
fn seal_slots(index: &mut [u8], data: &mut [u8]) {
    for (number, slot) in index.as_chunks_mut::<SLOT>().0.iter_mut().enumerate() {
        let last = u64::from_le_bytes(slot[TAIL..TAIL + 8].try_into().expect("eight bytes"));
        seal_bucket(number, data.get_mut(Slot::tail_at(last)));
        seal(slot, number as u64);
    }
}

fn crc(number: usize, bytes: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new_with_initial(number as u32);
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

/// A section at the end of `file`.
fn section(content: &[u8], file: &mut Vec<u8>) -> Section {
    let at = file.len() as u64;
    file.extend_from_slice(content);
    Section { at, len: content.len() as u64, sum: digest(&SHA256, content).as_ref().try_into().expect("32 bytes") }
}

/// Opens `bytes` as a corpus file; what cannot be opened is refused with its name.
fn with(bytes: &[u8], then: impl FnOnce(&Corpus)) {
    let folder = TempDir::new().expect("a folder for the check");
    let path: PathBuf = folder.path().join("checked.corpus");
    fs::write(&path, bytes).expect("room for the check");
    match Corpus::open(Path::new(&path)) {
        Ok(corpus) => then(&corpus),
        Err(error) => assert!(error.to_string().contains("checked.corpus")),
    }
}
