//! Archives as the tools of every day make them: what is in them is read as if it lay in a folder, whatever they are in
//! themselves; bombs and damage end in a sentence.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use credaudit::formats::Head;
use credaudit::sources::{Limits, Member, Target, Unit, find};
use credaudit::spool::Store;

const LIMITS: Limits = Limits { max_text: 1 << 40, max_ratio: 200, block: 1 << 16, hash: false };

fn store() -> Arc<Store> {
    Store::new(1 << 20, std::env::temp_dir())
}

/// Runs a tool in `folder`, which must succeed.
fn run(folder: &Path, command: &str) {
    let done = Command::new("sh").arg("-ec").arg(command).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Everything found below one target: names with their bytes, or with why there are none.
#[derive(Debug, Default)]
struct Found {
    read: Vec<(String, Vec<u8>)>,
    wrong: Vec<(String, String)>,
    own: u64,
}

impl Found {
    fn below(target: &Path) -> Self {
        Self::within(target, &LIMITS)
    }

    fn within(target: &Path, limits: &Limits) -> Self {
        let (units, skips) = find(&[Target::Path(target.into())], &store());
        assert!(skips.is_empty(), "{skips:?}");
        let mut found = Self::default();
        for unit in &units {
            found.add(unit, limits);
        }
        found
    }

    fn add(&mut self, unit: &Unit, limits: &Limits) {
        let mut input = match unit.open(limits) {
            Ok(input) => input,
            Err(e) => return self.wrong.push((unit.name().into(), e.0)),
        };
        let first = match input.next_block() {
            Ok(first) => first.map(|b| b.bytes().to_vec()).unwrap_or_default(),
            Err(e) => return self.wrong.push((unit.name().into(), e.0)),
        };
        let head = first[..first.len().min(Head::LEN)].to_vec();
        if unit.archive(&head).is_some() {
            let input = unit.open(limits).unwrap();
            let contents = unit
                .members(&head, input, limits, &mut |member| {
                    match member {
                        Member::Unit(unit) => self.add(&unit, limits),
                        Member::Skipped(skip) => self.wrong.push((skip.what, skip.why)),
                    }
                    Ok(ControlFlow::Continue(()))
                })
                .unwrap();
            self.own += contents.own;
            self.wrong.extend(contents.error.map(|e| (unit.name().to_owned(), e.0)));
            return;
        }
        let mut bytes = first;
        loop {
            match input.next_block() {
                Ok(Some(block)) => bytes.extend_from_slice(block.bytes()),
                Ok(None) => break self.read.push((unit.name().into(), bytes)),
                Err(e) => {
                    self.read.push((unit.name().into(), bytes));
                    break self.wrong.push((unit.name().into(), e.0));
                }
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.read.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// A folder with a dump, a larger file, an empty one and a long name.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("in");
    let long = "x".repeat(120);
    fs::create_dir_all(root.join("deep").join(&long)).unwrap();
    fs::write(root.join("dump.sql"), "INSERT INTO users (login, password) VALUES ('anna', 'hello');\n").unwrap();
    fs::write(root.join("deep").join(&long).join("b.csv"), "a;b\n1;2\n").unwrap();
    fs::write(root.join("empty"), "").unwrap();
    let noise: Vec<u8> = (0..700_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(root.join("noise.bin"), noise).unwrap();
    folder
}

#[test]
fn archives_of_every_kind_give_the_files_that_went_in() {
    let folder = tree();
    let at = |name: &str| folder.path().join(name);
    let plain = Found::below(&at("in"));
    assert_eq!(plain.read.len(), 4);
    for (archive, command) in [
        ("gnu.tar", "tar --format=gnu -cf gnu.tar -C in ."),
        ("pax.tar", "tar --format=posix -cf pax.tar -C in ."),
        ("packed.tgz", "tar -czf packed.tgz -C in ."),
        ("packed.tar.xz", "tar -cJf packed.tar.xz -C in ."),
        ("packed.tar.zst", "tar --zstd -cf packed.tar.zst -C in ."),
        ("deflated.zip", "cd in && zip -qr ../deflated.zip ."),
        ("stored.zip", "cd in && zip -q0r ../stored.zip ."),
        ("bzipped.zip", "cd in && zip -qrZ bzip2 ../bzipped.zip ."),
        ("lzma2.7z", "cd in && 7z a -bd ../lzma2.7z . >../log"),
        ("ppmd.7z", "cd in && 7z a -bd -m0=PPMd ../ppmd.7z . >../log"),
        ("bzip2.7z", "cd in && 7z a -bd -m0=BZip2 -ms=off ../bzip2.7z . >../log"),
        ("lzma.zip", "cd in && 7z a -bd -tzip -mm=LZMA ../lzma.zip . >../log"),
        ("new.cpio", "cd in && find . | cpio -o --quiet -H newc >../new.cpio"),
        ("crc.cpio.gz", "cd in && find . | cpio -o --quiet -H crc | gzip >../crc.cpio.gz"),
    ] {
        run(folder.path(), command);
        let found = Found::below(&at(archive));
        assert!(found.wrong.is_empty(), "{archive}: {:?}", found.wrong);
        let stripped = |name: &str| name.trim_start_matches("./").to_owned();
        let mut read: Vec<_> = found.read.iter().map(|(name, bytes)| (stripped(name), bytes)).collect();
        let mut expected: Vec<_> = plain.read.iter().map(|(name, bytes)| (name.clone(), bytes)).collect();
        read.sort();
        expected.sort();
        assert!(read == expected, "{archive}: {:?}", found.names());
    }
}

#[test]
fn every_byte_of_a_plain_container_is_a_members_or_its_own() {
    let folder = tree();
    run(
        folder.path(),
        "tar -cf a.tar -C in . && cd in && ar rc ../a.ar dump.sql noise.bin && find . | cpio -o --quiet -H newc >../a.cpio",
    );
    for name in ["a.tar", "a.ar", "a.cpio"] {
        let path = folder.path().join(name);
        let found = Found::below(&path);
        let read: u64 = found.read.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        assert_eq!(read + found.own, fs::metadata(path).unwrap().len(), "{name}");
    }
}

#[test]
fn packages_are_archives_in_archives() {
    let folder = tree();
    run(
        folder.path(),
        "mkdir -p deb/DEBIAN deb/opt/app && cp in/dump.sql deb/opt/app/ && \
         printf 'Package: app\\nVersion: 1\\nArchitecture: all\\nMaintainer: A <a@example.org>\\nDescription: x\\n' >deb/DEBIAN/control && \
         dpkg-deb --build deb app.deb >log",
    );
    let found = Found::below(&folder.path().join("app.deb"));
    assert!(found.wrong.is_empty(), "{:?}", found.wrong);
    assert!(found.names().contains(&"data.tar.xz!./opt/app/dump.sql"), "{:?}", found.names());

    run(
        folder.path(),
        "cat >app.spec <<E\nName: app\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n%description\nx\n%install\n\
         mkdir -p %{buildroot}/opt/app\ncp $PWD/in/dump.sql %{buildroot}/opt/app/\n%files\n/opt/app/dump.sql\nE\n\
         HOME=$PWD rpmbuild --quiet -bb --define \"_topdir $PWD/rpm\" --define \"_rpmdir $PWD\" app.spec >log 2>&1",
    );
    let found = Found::below(&folder.path().join("noarch/app-1-1.noarch.rpm"));
    assert!(found.wrong.is_empty(), "{:?}", found.wrong);
    assert_eq!(found.names(), ["payload!./opt/app/dump.sql"]);
}

#[test]
fn a_container_image_is_opened_layer_by_layer() {
    let folder = tree();
    run(
        folder.path(),
        "mkdir -p image/blobs/sha256 && tar -czf image/blobs/sha256/aa -C in . && echo '{}' >image/index.json && \
         tar -cf image.tar -C image .",
    );
    let found = Found::below(&folder.path().join("image.tar"));
    assert!(found.wrong.is_empty(), "{:?}", found.wrong);
    assert!(found.names().contains(&"./blobs/sha256/aa!./dump.sql"), "{:?}", found.names());
}

#[test]
fn an_archive_can_be_read_from_a_pipe() {
    let folder = tree();
    run(folder.path(), "tar -czf a.tgz -C in . && cd in && zip -qr ../a.zip .");
    for name in ["a.tgz", "a.zip"] {
        let pipe = fs::File::open(folder.path().join(name)).unwrap();
        let unit = Unit::from_reader("-", Box::new(pipe), &store());
        let mut found = Found::default();
        found.add(&unit, &LIMITS);
        assert!(found.wrong.is_empty(), "{name}: {:?}", found.wrong);
        assert_eq!(found.read.len(), 4, "{name}");
    }
}

#[test]
fn members_under_a_password_are_named_and_the_rest_is_read() {
    let folder = tree();
    run(
        folder.path(),
        "cd in && zip -q ../a.zip noise.bin && zip -qP geheim ../a.zip dump.sql && 7z a -bd -pgeheim ../a.7z . >../log",
    );
    let found = Found::below(&folder.path().join("a.zip"));
    assert_eq!(found.names(), ["noise.bin"]);
    assert_eq!(found.wrong.len(), 1);
    assert!(
        found.wrong[0].0 == "dump.sql" && found.wrong[0].1.contains("encrypted with a password"),
        "{:?}",
        found.wrong
    );
    let found = Found::below(&folder.path().join("a.7z"));
    assert!(found.wrong.iter().any(|(_, why)| why.contains("encrypted with a password")), "{:?}", found.wrong);
}

#[test]
fn damage_is_told_and_what_came_before_it_stands() {
    let folder = tree();
    run(
        folder.path(),
        "tar -cf a.tar -C in dump.sql noise.bin && cd in && zip -q ../a.zip dump.sql noise.bin && ar rc ../a.ar dump.sql noise.bin && \
         printf 'dump.sql\\nnoise.bin\\n' | cpio -o --quiet -H newc >../a.cpio && 7z a -bd ../a.7z dump.sql noise.bin >../log",
    );
    for name in ["a.tar", "a.ar", "a.cpio", "a.zip", "a.7z"] {
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        for cut in [whole.len() / 2, whole.len() * 9 / 10, 70] {
            // What tells a tar is its first 512 bytes, and a cpio its first 110.
            if cut < 512 && matches!(name, "a.tar" | "a.cpio") {
                continue;
            }
            fs::write(&path, &whole[..cut]).unwrap();
            let found = Found::below(&path);
            assert!(!found.wrong.is_empty(), "{name} cut at {cut} looks whole");
            for (_, why) in &found.wrong {
                assert!(why.contains("damaged"), "{name}: {why}");
            }
            if cut > 1000 && !matches!(name, "a.zip" | "a.7z") {
                assert!(found.read[0].0 == "dump.sql" && found.read[0].1.ends_with(b"'hello');\n"), "{name}");
            }
        }
        // A flipped byte within a member: checksums tell where the kind has any.
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x55;
        fs::write(&path, &flipped).unwrap();
        let found = Found::below(&path);
        assert_eq!(found.wrong.is_empty(), !matches!(name, "a.zip" | "a.7z"), "{name}: {:?}", found.wrong);
    }
}

#[test]
fn a_sparse_tar_that_declares_sixteen_gigabytes_ends_at_the_ratio() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [("gnu.tar", "gnu"), ("pax.tar", "posix")] {
        run(folder.path(), &format!("truncate -s 16G hole && tar --format={format} -Scf {name} hole && rm hole"));
        let path = folder.path().join(name);
        assert!(fs::metadata(&path).unwrap().len() < 200_000);
        let found = Found::below(&path);
        let read: usize = found.read.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(read < 64 << 20, "{name}: {read} bytes");
        if format == "gnu" {
            assert!(found.wrong.iter().any(|(_, why)| why.contains("archive bomb")), "{name}: {:?}", found.wrong);
        }
    }
}

#[test]
fn zips_of_zips_of_zeros_share_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    run(
        folder.path(),
        "truncate -s 200M 0 && zip -q 0.zip 0 && rm 0 && for i in $(seq 16); do cp 0.zip a$i.zip; done && zip -q 1.zip a*.zip && rm a*.zip && \
         for i in $(seq 16); do cp 1.zip b$i.zip; done && zip -q nested.zip b*.zip && rm b*.zip",
    );
    let found = Found::below(&folder.path().join("nested.zip"));
    let read: usize = found.read.iter().map(|(_, bytes)| bytes.len()).sum();
    let stored = fs::metadata(folder.path().join("nested.zip")).unwrap().len() as usize;
    assert!(read <= (stored * 200).max(64 << 20), "{read} bytes from {stored}");
    assert!(found.wrong.iter().all(|(_, why)| why.contains("archive bomb")), "{:?}", found.wrong);
    assert!(!found.wrong.is_empty());
}

#[test]
fn archives_ten_deep_are_opened_eight_deep_and_then_named() {
    let folder = tempfile::tempdir().unwrap();
    run(
        folder.path(),
        "echo deepest >file && tar -cf 1.tar file && for i in 2 3 4 5 6 7 8 9 10; do tar -cf $i.tar $((i-1)).tar; done",
    );
    let found = Found::below(&folder.path().join("8.tar"));
    assert_eq!((found.names().len(), found.wrong.len()), (1, 0), "{found:?}");
    let found = Found::below(&folder.path().join("10.tar"));
    assert!(found.read.is_empty());
    assert_eq!(
        found.wrong,
        [(
            "9.tar!8.tar!7.tar!6.tar!5.tar!4.tar!3.tar!2.tar".to_owned(),
            "archives are nested more than 8 deep: unpack it by hand and audit what is inside".to_owned()
        )]
    );
}

#[test]
fn text_that_only_begins_like_an_archive_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut block = vec![b'a'; 1024];
    block[148..156].copy_from_slice(b"0012345\0");
    for bytes in [block, b"070701 is where we live\n".to_vec(), b"".to_vec(), vec![0; 1024]] {
        let path = folder.path().join("file");
        fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
        let found = Found::below(&path);
        assert_eq!((found.read.len(), found.wrong.len()), (1, 0), "{found:?}");
    }
}

#[test]
fn accounts_in_a_packed_backup_are_judged_like_those_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40).map(|i| format!("('user{i}','user{i}@example.org','{}'),\n", digest(i))).collect();
    let dump = format!(
        "CREATE TABLE users (login varchar(20), email varchar(60), password char(40));\nINSERT INTO users VALUES\n{}\n",
        rows.trim_end().trim_end_matches(',').to_owned() + ";"
    );
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/dump.sql"), dump).unwrap();
    run(
        folder.path(),
        "tar -czf inner.tgz -C in . && zip -q backup.zip inner.tgz && zip -qP geheim secret.zip in/dump.sql",
    );
    let judged = |target: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_credaudit"))
            .args(["audit", "--quiet", "--format", "json", target])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let (code, plain) = judged("in");
    let (packed_code, packed) = judged("backup.zip");
    assert_eq!((code, packed_code), (Some(1), Some(1)));
    assert_eq!(packed["accounts"], plain["accounts"]);
    assert_eq!(packed["accounts"]["total"], 40);
    let units: Vec<&str> = packed["tables"].as_array().unwrap().iter().filter_map(|t| t["unit"].as_str()).collect();
    assert_eq!(units, ["inner.tgz!./dump.sql"]);
    let bytes = &packed["bytes"];
    let sum = ["rows", "other", "not_understood"].iter().map(|key| bytes[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(bytes["read"].as_u64().unwrap(), sum);
    let (code, locked) = judged("secret.zip");
    assert_eq!(code, Some(2), "what was not read never looks clean");
    assert!(locked["skipped"].to_string().contains("encrypted with a password"), "{}", locked["skipped"]);
}

/// SHA-1 of a password that is in the embedded list for every fourth account.
fn digest(number: usize) -> String {
    use sha1::{Digest, Sha1};
    let password = if number.is_multiple_of(4) { "monkey".to_owned() } else { format!("q{number}!Zx{number}") };
    Sha1::digest(password).iter().map(|b| format!("{b:02x}")).collect()
}
