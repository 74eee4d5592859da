//! Writes `demo/nursery.sql` to standard output: the database of a company that lets parents watch their children at
//! nursery, as `MariaDB`'s `mysqldump` writes it.
//!
//! Everybody and everything in it is invented; the faults are not. Modelled on what became known of a webcam service for
//! nurseries in 2021: parents' passwords stored as they are, recorders that share a few factory passwords, a business
//! server whose `admin` still has the password it was installed with. The same program gives the same bytes.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha512;

/// How many rows.
pub(crate) const PARENTS: usize = 120;
/// Every fifteenth parent has left and is switched off.
pub(crate) const FORMER_PARENT: usize = 15;
/// One recorder for each nursery.
pub(crate) const RECORDERS: usize = NURSERIES.len();
/// Staff accounts: the first half was never moved on from SHA-1.
pub(crate) const STAFF: usize = 24;
/// Rows of the forum.
pub(crate) const FORUM: usize = 32;

const FORENAMES: [&str; 24] = [
    "Aisha", "Ben", "Carys", "Daniel", "Eleri", "Femi", "Grace", "Harriet", "Imran", "Joanna", "Kwame", "Laura", "Mei",
    "Niamh", "Oliver", "Priya", "Quentin", "Rosa", "Sam", "Tomasz", "Una", "Viktor", "Wendy", "Yusuf",
];
const SURNAMES: [&str; 25] = [
    "Abara",
    "Bellweather",
    "Cartmel",
    "Dunmore",
    "Eastwick",
    "Fenwright",
    "Garlick",
    "Hollins",
    "Iqbal",
    "Jessop",
    "Kowal",
    "Lambourne",
    "Marchbank",
    "Nettleship",
    "O'Hara",
    "Pemberley",
    "Quayle",
    "Rushworth",
    "Sandhu",
    "Thistlewood",
    "Underhay",
    "Varley",
    "Whitcombe",
    "Yardley",
    "Zielinski",
];
const NURSERIES: [&str; 40] = [
    "Acorn House",
    "Alder Lane",
    "Appletree",
    "Badger's Wood",
    "Beehive",
    "Birch Hill",
    "Bluebell",
    "Bramble Corner",
    "Bright Steps",
    "Buttercup",
    "Castle Green",
    "Cherry Tree",
    "Chestnut Row",
    "Clover Field",
    "Copper Beech",
    "Daisy Chain",
    "Duckling Pond",
    "Elm Court",
    "Fern Bank",
    "First Friends",
    "Foxglove",
    "Hazel Grove",
    "Hedgehog",
    "Honeycomb",
    "Ivy Cottage",
    "Ladybird",
    "Larkspur",
    "Little Oaks",
    "Maple Row",
    "Meadow View",
    "Nutkin",
    "Orchard Gate",
    "Otters' Holt",
    "Poppyfield",
    "Primrose",
    "Robin's Nest",
    "Rowan House",
    "Skylark",
    "Sunny Bank",
    "Willow Brook",
];
/// Words that parents make passwords of.
const WORDS: [&str; 16] = [
    "Biscuit",
    "Marmalade",
    "Teddy",
    "Rosie",
    "Pickle",
    "Bramley",
    "Noodle",
    "Willow",
    "Tractor",
    "Puddle",
    "Otter",
    "Gruffle",
    "Custard",
    "Hopscotch",
    "Pebble",
    "Sprout",
];
/// Among the hundred commonest passwords of any list.
const COMMON: [&str; 6] = ["123456", "password", "qwerty", "iloveyou", "abc123", "monkey"];
/// What such recorders leave the factory with, by their published manuals; the same few stand in every nursery.
const FACTORY: [&str; 3] = ["888888", "666666", "12345"];

/// Sebastiano Vigna's `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }

    fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.fill_with(|| self.next() as u8);
        bytes
    }

    fn moment(&mut self, year: usize, years: usize) -> String {
        format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}",
            year + self.below(years),
            1 + self.below(12),
            1 + self.below(28),
            6 + self.below(14),
            self.below(60),
            self.below(60)
        )
    }

    /// A word, a sign or none, and a year or another number: what people choose when nobody stops them.
    fn password(&mut self) -> String {
        let (word, sign) = (self.of(&WORDS), self.of(&["", "", "!", "_", "."]));
        match self.below(4) {
            0 => format!("{word}{sign}{}", 2009 + self.below(11)),
            1 => format!("{word}{}{sign}", 10 + self.below(90)),
            2 => format!("{}{}{}", word.to_lowercase(), self.of(&WORDS), 1 + self.below(99)),
            _ => format!("{word}{sign}{}", self.of(&WORDS).to_lowercase()),
        }
    }
}

/// The whole dump.
pub(crate) fn dump() -> String {
    let mut random = Random(2021);
    let mut out = String::from(HEADER);
    recorders(&mut random, &mut out);
    cameras(&mut random, &mut out);
    files(&mut random, &mut out);
    forum(&mut random, &mut out);
    parents(&mut random, &mut out);
    odoo(&mut random, &mut out);
    sessions(&mut random, &mut out);
    staff(&mut random, &mut out);
    out.push_str(FOOTER);
    out
}

const HEADER: &str = "\
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: nursery
-- ------------------------------------------------------
-- Server version\t10.11.6-MariaDB-0+deb12u1
--
-- An example: people, nurseries and addresses are invented (demo/generate.rs).

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
";
const FOOTER: &str = "
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
-- Dump completed on 2021-02-19 17:18:00
";

/// One table as `mysqldump` writes it: structure, then one `INSERT` with a row a line.
fn table(out: &mut String, name: &str, columns: &str, rows: impl Iterator<Item = String>) {
    let columns = columns.trim().replace("; ", ",\n  ");
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n--\n-- Table structure for table `{name}`\n--\n\nDROP TABLE IF EXISTS `{name}`;\nCREATE TABLE `{name}` (\n  \
         {columns}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\n--\n-- Dumping data for table `{name}`\n--\n\n\
         LOCK TABLES `{name}` WRITE;\n/*!40000 ALTER TABLE `{name}` DISABLE KEYS */;\nINSERT INTO `{name}` VALUES\n"
    );
    let rows: Vec<String> = rows.map(|row| format!("({row})")).collect();
    let _ = write!(out, "{};\n/*!40000 ALTER TABLE `{name}` ENABLE KEYS */;\nUNLOCK TABLES;\n", rows.join(",\n"));
}

/// A string in SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Lower-case letters only: part of a host name or a login.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

/// The `n`-th person of a list that repeats after 600.
fn person(n: usize) -> (&'static str, &'static str) {
    (FORENAMES[n % FORENAMES.len()], SURNAMES[(n * 7 + n / FORENAMES.len()) % SURNAMES.len()])
}

/// Factory passwords under `admin`, one recorder a nursery.
fn recorders(random: &mut Random, out: &mut String) {
    let rows = NURSERIES.iter().enumerate().map(|(n, nursery)| {
        let password = FACTORY[[0, 0, 0, 1, 0, 2, 1, 0][n % 8]];
        format!(
            "{},{},'{}.dvr.example',{},'admin','{password}','{}'",
            n + 1,
            quoted(nursery),
            plain(nursery),
            [8000, 37777, 8080][random.below(3)],
            random.of(&["DVR-4108", "DVR-4116", "NVR-2208"]),
        )
    });
    let columns = "`id` int(11) NOT NULL AUTO_INCREMENT; `nursery` varchar(80) NOT NULL; `host` varchar(120) NOT NULL; \
                   `port` int(11) NOT NULL; `login` varchar(32) NOT NULL; `password` varchar(32) NOT NULL; \
                   `model` varchar(32) DEFAULT NULL; PRIMARY KEY (`id`)";
    table(out, "recorders", columns, rows);
}

/// No credentials: the SHA-1 is of the firmware.
fn cameras(random: &mut Random, out: &mut String) {
    let rows = (0..2 * RECORDERS).map(|n| {
        let version = format!("2.{}.{}", random.below(4), random.below(10));
        format!(
            "{},{},'{}','{version}','{}'",
            n + 1,
            n / 2 + 1,
            ["Play room", "Garden", "Baby room", "Hall"][n % 4],
            hex::encode(Sha1::digest(version.as_bytes()))
        )
    });
    let columns = "`id` int(11) NOT NULL AUTO_INCREMENT; `recorder_id` int(11) NOT NULL; `name` varchar(40) NOT NULL; \
                   `firmware` varchar(16) DEFAULT NULL; `firmware_sha1` char(40) DEFAULT NULL; PRIMARY KEY (`id`)";
    table(out, "cameras", columns, rows);
}

/// No credentials: the MD5 is of a picture.
fn files(random: &mut Random, out: &mut String) {
    let rows = (0..40).map(|n| {
        format!(
            "{},'{}-{n:03}.jpg',{},'{}','{}'",
            n + 1,
            plain(NURSERIES[random.below(NURSERIES.len())]),
            20_000 + random.below(900_000),
            random.hex(32),
            random.moment(2018, 3)
        )
    });
    let columns = "`id` int(11) NOT NULL AUTO_INCREMENT; `name` varchar(120) NOT NULL; `size` int(11) NOT NULL; \
                   `md5` char(32) NOT NULL; `uploaded` datetime NOT NULL; PRIMARY KEY (`id`)";
    table(out, "files", columns, rows);
}

/// MD5 with a salt in a column of its own, one in four of a common password.
fn forum(random: &mut Random, out: &mut String) {
    let rows = (0..FORUM).map(|n| {
        let (forename, surname) = person(n + 300);
        let salt = random.hex(8);
        let password = if n % 4 == 0 { random.of(&COMMON).to_owned() } else { random.password() };
        let hash = hex::encode(Md5::digest(format!("{salt}{password}")));
        let login = format!("{}_{}", plain(forename), n + 11);
        let email = format!("{}.{}@post.example", plain(forename), plain(surname));
        format!("{},'{login}','{email}','{hash}','{salt}',{},'{}'", n + 1, random.below(90), random.moment(2016, 4))
    });
    let columns = "`user_id` int(11) NOT NULL AUTO_INCREMENT; `username` varchar(60) NOT NULL; \
                   `user_email` varchar(120) NOT NULL; `user_password` char(32) NOT NULL; `user_salt` char(8) NOT NULL; \
                   `posts` int(11) NOT NULL DEFAULT 0; `joined` datetime NOT NULL; PRIMARY KEY (`user_id`)";
    table(out, "forum_user", columns, rows);
}

/// Passwords as they are, in a column whose name does not say so.
fn parents(random: &mut Random, out: &mut String) {
    let rows = (0..PARENTS).map(|n| {
        let (forename, surname) = person(n);
        let username = match n % 3 {
            0 => format!("{}.{}", plain(forename), plain(surname)),
            1 => format!("{}{}", plain(surname), plain(&forename[..1])),
            _ => format!("{}{}", plain(forename), 60 + n),
        };
        let password = match n % 20 {
            4 | 13 => random.of(&COMMON).to_owned(),
            17 => format!("{username}1"),
            _ => random.password(),
        };
        let active = (n + 1) % FORMER_PARENT != 0;
        let (created, seen) = if active {
            (random.moment(2015, 5), random.moment(2020, 1))
        } else {
            (random.moment(2012, 2), random.moment(2014, 3))
        };
        format!(
            "{},'{forename}',{},'{username}','{}.{}{n}@{}.example',{},'{created}','{seen}',{}",
            n + 1,
            quoted(surname),
            plain(forename),
            plain(surname),
            random.of(&["mail", "post", "family"]),
            quoted(&password),
            u8::from(active)
        )
    });
    let columns = "`id` int(11) NOT NULL AUTO_INCREMENT; `forename` varchar(60) NOT NULL; `surname` varchar(60) NOT NULL; \
                   `username` varchar(60) NOT NULL; `email` varchar(120) NOT NULL; `code` varchar(64) NOT NULL; \
                   `created` datetime NOT NULL; `last_login` datetime DEFAULT NULL; \
                   `active` tinyint(1) NOT NULL DEFAULT 1; PRIMARY KEY (`id`); UNIQUE KEY `username` (`username`)";
    table(out, "parents", columns, rows);
}

/// Odoo's users under its own scheme; `admin` has the password of a new installation.
fn odoo(random: &mut Random, out: &mut String) {
    const ROUNDS: u32 = 25_000;
    let rows = (0..10).map(|n| {
        let (forename, surname) = person(n + 410);
        let (login, password) = match n {
            0 => ("admin".to_owned(), "admin".to_owned()),
            _ => (
                format!("{}.{}@office.example", plain(forename), plain(surname)),
                format!("{}{}", random.password(), random.hex(6)),
            ),
        };
        let salt = random.bytes();
        let mut key = [0; 64];
        pbkdf2::pbkdf2_hmac::<Sha512>(password.as_bytes(), &salt, ROUNDS, &mut key);
        // Passlib's base64 writes a full stop for the plus sign.
        let text = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes).replace('+', ".");
        format!(
            "{},1,'{login}','$pbkdf2-sha512${ROUNDS}${}${}',1,{},'{}'",
            n + 2,
            text(&salt),
            text(&key),
            n + 3,
            random.moment(2019, 2)
        )
    });
    let columns = "`id` int(11) NOT NULL; `active` tinyint(1) DEFAULT 1; `login` varchar(120) NOT NULL; \
                   `password` varchar(160) DEFAULT NULL; `company_id` int(11) NOT NULL; `partner_id` int(11) NOT NULL; \
                   `write_date` datetime DEFAULT NULL; PRIMARY KEY (`id`)";
    table(out, "res_users", columns, rows);
}

/// No passwords: secrets that a log-out ends.
fn sessions(random: &mut Random, out: &mut String) {
    let rows = (0..60).map(|n| {
        format!(
            "'{}',{},'192.0.2.{}','{}'",
            random.hex(64),
            (n * 7) % PARENTS + 1,
            1 + random.below(254),
            random.moment(2021, 1)
        )
    });
    let columns = "`token` char(64) NOT NULL; `parent_id` int(11) NOT NULL; `ip` varchar(40) NOT NULL; \
                   `expires` datetime NOT NULL; PRIMARY KEY (`token`)";
    table(out, "sessions", columns, rows);
}

/// One column, two schemes: unsalted SHA-1 from the old site, bcrypt since. One bcrypt password is its login.
fn staff(random: &mut Random, out: &mut String) {
    const COST: u32 = 10;
    let rows = (0..STAFF).map(|n| {
        let (forename, surname) = person(n + 500);
        let login = format!("{}{}", plain(&forename[..1]), plain(surname));
        let hash = if n < STAFF / 2 {
            let password = if n % 5 == 1 { random.of(&COMMON).to_owned() } else { random.password() };
            hex::encode(Sha1::digest(password.as_bytes()))
        } else {
            let password =
                if n == STAFF / 2 + 3 { login.clone() } else { format!("{}{}", random.password(), random.hex(4)) };
            let parts = bcrypt::hash_with_salt(password, COST, random.bytes()).expect("cost and length are in range");
            parts.format_for_version(bcrypt::Version::TwoY)
        };
        format!(
            "{},'{login}','{login}@nurserywatch.example',{},'{hash}','{}','{}'",
            n + 1,
            quoted(&format!("{forename} {surname}")),
            if n == 2 || n == STAFF / 2 { "admin" } else { "support" },
            random.moment(if n < STAFF / 2 { 2013 } else { 2019 }, 2)
        )
    });
    let columns = "`id` int(11) NOT NULL AUTO_INCREMENT; `login` varchar(40) NOT NULL; `email` varchar(120) NOT NULL; \
                   `name` varchar(120) NOT NULL; `password` varchar(100) NOT NULL; `role` varchar(20) NOT NULL; \
                   `password_changed` datetime NOT NULL; PRIMARY KEY (`id`)";
    table(out, "staff", columns, rows);
}

fn main() -> io::Result<()> {
    io::stdout().write_all(dump().as_bytes())
}
