//! What is packed is searched like what lies in a folder, and findings name the member.

use serde_json::Value;

use crate::gate::{Release, password, places, stripe};

/// A settings file that holds a password in its third line, a script, and a dump.
fn release() -> Release {
    let rows: String =
        (0..40).map(|n| format!("({n},'user{n}','user{n}@example.org','{}{n}'),\n", password())).collect();
    let release = Release::new(&[]);
    std::fs::create_dir_all(release.path("app/config")).unwrap();
    std::fs::write(
        release.path("app/config/x.properties"),
        format!("# settings\nuser=app\ndb.password={}\n", password()),
    )
    .unwrap();
    std::fs::write(release.path("app/pay.py"), format!("import stripe\n\nstripe.api_key = \"{}\"\n", stripe()))
        .unwrap();
    std::fs::write(
        release.path("app/seed.sql"),
        format!(
            "CREATE TABLE users (id int, login varchar(20), email varchar(50), password varchar(30));\n\
             INSERT INTO users VALUES\n{};\n",
            rows.trim_end_matches(",\n")
        ),
    )
    .unwrap();
    release
}

/// What is found of `rule`, as paths with lines.
fn of(report: &Value, rule: &str) -> Vec<String> {
    let prefix = format!("{rule} ");
    places(report).iter().filter_map(|place| place.strip_prefix(&prefix)).map(str::to_owned).collect()
}

#[test]
fn secrets_and_accounts_in_archives_of_every_kind_are_found_at_their_members() {
    let release = release();
    release.sh("cp -r app in/plain");
    let (_, plain) = release.gate(&[]);
    let accounts = &plain["accounts"]["total"];
    assert_eq!(*accounts, 40);
    release.sh("rm -r in/plain");
    for (archive, inside, command) in [
        ("app.jar", "", "cd app && zip -qr ../in/app.jar ."),
        ("app.apk", "", "cd app && zip -q0r ../in/app.apk ."),
        ("app.tar", "", "tar -cf in/app.tar -C app ."),
        ("app.tgz", "", "tar -czf in/app.tgz -C app ."),
        ("app.tar.zst", "", "tar --zstd -cf in/app.tar.zst -C app ."),
        ("app.tar.xz", "", "tar -cJf in/app.tar.xz -C app ."),
        ("app.tar.bz2", "", "tar -cjf in/app.tar.bz2 -C app ."),
        ("app.7z", "", "cd app && 7z a -bd ../in/app.7z . >../log"),
        ("app.cpio", "", "cd app && find . | cpio -o --quiet -H newc >../in/app.cpio"),
        (
            "app.deb",
            "data.tar.xz!/opt/app/",
            "mkdir -p deb/DEBIAN deb/opt && cp -r app deb/opt/app && printf 'Package: app\nVersion: 1\nArchitecture: all\n\
             Maintainer: A <a@example.org>\nDescription: x\n' >deb/DEBIAN/control && dpkg-deb --build deb in/app.deb >log",
        ),
        (
            "app.rpm",
            "payload!/opt/app/",
            "cat >app.spec <<E\nName: app\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n%description\nx\n\
             %install\nmkdir -p %{buildroot}/opt\ncp -r $PWD/app %{buildroot}/opt/app\n%files\n/opt/app\nE\n\
             HOME=$PWD rpmbuild --quiet -bb --define \"_topdir $PWD/rpm\" --define \"_rpmdir $PWD\" app.spec >log 2>&1\n\
             cp noarch/app-1-1.noarch.rpm in/app.rpm",
        ),
        (
            "image.tar",
            "blobs/sha256/aa!/",
            "mkdir -p image/blobs/sha256 && tar -czf image/blobs/sha256/aa -C app . && echo '{}' >image/index.json && \
             tar -cf in/image.tar -C image .",
        ),
    ] {
        release.sh(command);
        let (code, report) = release.gate(&[]);
        assert_eq!(code, 1, "{archive}: {}", report["skipped"]);
        let within = format!("in/{archive}!/{inside}");
        assert_eq!(of(&report, "generic-password"), [format!("{within}config/x.properties:3")], "{archive}");
        assert_eq!(of(&report, "stripe-secret-key"), [format!("{within}pay.py:3")], "{archive}");
        assert_eq!(of(&report, "plaintext"), [format!("{within}seed.sql:3")], "{archive}");
        assert_eq!(&report["accounts"]["total"], accounts, "{archive}");
        let fingerprints = |report: &Value| -> Vec<String> {
            let mut all: Vec<String> = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["fingerprint"].as_str().unwrap().to_owned())
                .collect();
            all.sort();
            all
        };
        assert_eq!(fingerprints(&report), fingerprints(&plain), "{archive}: what is known unpacked is known packed");
        release.sh(&format!("rm in/{archive}"));
    }
}

#[test]
fn a_packed_file_is_searched_and_audited_like_the_file() {
    let release = release();
    for (ending, pack) in [("gz", "gzip"), ("zst", "zstd -q"), ("xz", "xz"), ("bz2", "bzip2")] {
        release.sh(&format!("{pack} <app/seed.sql >in/seed.sql.{ending} && {pack} <app/pay.py >in/pay.py.{ending}"));
    }
    let (code, report) = release.gate(&[]);
    assert_eq!(code, 1);
    let ends = ["bz2", "gz", "xz", "zst"];
    assert_eq!(of(&report, "stripe-secret-key"), ends.map(|ending| format!("in/pay.py.{ending}:3")));
    assert_eq!(of(&report, "plaintext"), ends.map(|ending| format!("in/seed.sql.{ending}:3")));
}

#[test]
fn what_of_an_archive_cannot_be_read_is_named_and_the_rest_is_searched() {
    let release = release();
    release.sh(
        "cd app && zip -q ../in/a.zip pay.py && zip -qP geheim ../in/a.zip seed.sql && zip -q ../in/b.zip pay.py seed.sql && \
         truncate -s -400 ../in/b.zip && tar -cf ../in/c.tar pay.py seed.sql && truncate -s 3000 ../in/c.tar",
    );
    let (code, report) = release.gate(&[]);
    assert_eq!(code, 1);
    assert_eq!(of(&report, "stripe-secret-key"), ["in/a.zip!/pay.py:3", "in/c.tar!/pay.py:3"]);
    let skipped: Vec<(&str, &str)> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["what"].as_str().unwrap(), s["why"].as_str().unwrap()))
        .collect();
    let told = |what: &str, why: &str| {
        assert!(skipped.iter().any(|(w, y)| *w == what && y.contains(why)), "{what}: {skipped:?}");
    };
    told("a.zip!seed.sql", "encrypted with a password");
    told("b.zip", "damaged");
    assert!(skipped.iter().any(|(what, _)| what.starts_with("c.tar")), "{skipped:?}");
    assert_eq!(skipped.len(), skipped.iter().collect::<std::collections::HashSet<_>>().len(), "told once: {skipped:?}");
    assert_eq!(release.gate(&["--fail-on", "never"]).0, 2, "what was not read never looks clean");
}

#[test]
fn other_reports_and_the_baseline_know_members() {
    let release = release();
    release.sh("cd app && zip -qr ../in/app.jar config pay.py");
    let sarif = release.run(&["gate", "in", "--format", "sarif"]).stdout;
    let sarif: Value = serde_json::from_slice(&sarif).unwrap();
    let uri = |result: &Value| {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let uris: Vec<String> = sarif["runs"][0]["results"].as_array().unwrap().iter().map(uri).collect();
    assert_eq!(uris, ["in/app.jar%21/pay.py", "in/app.jar%21/config/x.properties"]);
    assert_eq!(release.run(&["baseline", "in", "--quiet"]).status.code(), Some(0));
    assert_eq!(release.gate(&[]).0, 0);
    release.sh("rm in/app.jar && tar -czf in/other.tgz app/pay.py app/config");
    let (code, report) = release.gate(&[]);
    assert_eq!((code, &report["gate"]["baselined"]), (0, &Value::from(2)), "known wherever it is packed");
    std::fs::write(
        release.path("credaudit.toml"),
        "[[allow]]\nreason = 'test bench'\npaths = ['in/other.tgz!/app/config/**', 'pay.py']\n",
    )
    .unwrap();
    let (code, report) = release.gate(&["--baseline", "none"]);
    assert_eq!((code, &report["gate"]["allowed"]), (0, &Value::from(2)), "{}", report["findings"]);
}
