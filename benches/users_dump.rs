//! Writes a mysqldump of one users table to standard output: `users_dump BYTES [lean]`, at least that many bytes.
//!
//! Shaped like a real one: header, CREATE TABLE, extended INSERTs of about 1 MB a line, about 540 bytes a row. The columns
//! are those that web frameworks' user tables have today: identity, password, names, address, dates, and for the last
//! login address, user agent, a remember token, settings as JSON; `lean` leaves out the last five columns (260 bytes a
//! row). The people are invented. Passwords
//! are stored as unsalted SHA-1, so that an audit has everything to do for every account: recognise, look up, compare with
//! the row's own words, find equal ones. One password in eight is drawn from a short list, as in real tables; the rest is
//! unique. The same size gives the same bytes.

use std::io::{self, BufWriter, Write};

use sha1::{Digest, Sha1};

const FIRST: [&str; 24] = [
    "Anna", "Bela", "Chloe", "Dario", "Elif", "Femke", "Goran", "Hanna", "Igor", "Jana", "Karim", "Lena", "Marek",
    "Nora", "Otto", "Paula", "Quirin", "Rosa", "Sven", "Tamar", "Ugo", "Vera", "Wanda", "Yusuf",
];
const LAST: [&str; 24] = [
    "Albers", "Bianchi", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Horvat", "Ivanova", "Jansen", "Kowalski",
    "Lopes", "Meier", "Novak", "Olsen", "Petit", "Quint", "Rossi", "Schulz", "Tanner", "Urban", "Vogel", "Weber",
    "Zeman",
];
const STREET: [&str; 8] =
    ["Lindenweg", "Mill Lane", "Rue du Port", "Calle Mayor", "Via Roma", "Dorpsstraat", "Ulica Lipowa", "Rua Nova"];
const CITY: [&str; 8] = ["Aarau", "Brugge", "Coimbra", "Dijon", "Essen", "Faro", "Graz", "Hull"];
const AGENT: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
];
const COMMON: [&str; 16] = [
    "123456",
    "password",
    "qwerty",
    "111111",
    "12345678",
    "abc123",
    "1234567",
    "password1",
    "iloveyou",
    "monkey",
    "dragon",
    "letmein",
    "football",
    "sunshine",
    "princess",
    "welcome",
];

/// Sebastiano Vigna's `SplitMix64`: small, fast, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

fn main() -> io::Result<()> {
    let wanted: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or_else(|| {
        eprintln!("usage: users_dump BYTES");
        std::process::exit(2);
    });
    let lean = std::env::args().nth(2).is_some_and(|word| word == "lean");
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut written = 0;
    let head = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n\
                /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n\
                DROP TABLE IF EXISTS `users`;\nCREATE TABLE `users` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n  \
                `username` varchar(64) NOT NULL,\n  `email` varchar(190) NOT NULL,\n  `password` char(40) NOT NULL,\n  \
                `first_name` varchar(64) DEFAULT NULL,\n  `last_name` varchar(64) DEFAULT NULL,\n  \
                `phone` varchar(32) DEFAULT NULL,\n  `street` varchar(128) DEFAULT NULL,\n  `postcode` varchar(12) DEFAULT NULL,\n  \
                `city` varchar(64) DEFAULT NULL,\n  `created_at` datetime NOT NULL,\n  `updated_at` datetime NOT NULL,\n  \
                `last_login_at` datetime DEFAULT NULL,\n  `last_login_ip` varchar(45) DEFAULT NULL,\n  \
                `is_active` tinyint(1) NOT NULL,\n  `role` varchar(16) NOT NULL,\nMORE  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\n\
                LOCK TABLES `users` WRITE;\n";
    let more = "  `remember_token` varchar(100) DEFAULT NULL,\n  `avatar` varchar(190) DEFAULT NULL,\n  \
                `last_user_agent` varchar(255) DEFAULT NULL,\n  `locale` varchar(8) DEFAULT NULL,\n  `settings` longtext DEFAULT NULL,\n";
    let head = head.replace("MORE", if lean { "" } else { more });
    out.write_all(head.as_bytes())?;
    written += head.len() as u64;
    let mut random = Random(7);
    let mut id = 0_u64;
    let mut line = Vec::with_capacity(1 << 21);
    while written < wanted {
        line.clear();
        line.extend_from_slice(b"INSERT INTO `users` VALUES ");
        while line.len() < (1 << 20) - 512 {
            id += 1;
            if !line.ends_with(b" ") {
                line.push(b',');
            }
            row(&mut line, id, lean, &mut random)?;
        }
        line.extend_from_slice(b";\n");
        out.write_all(&line)?;
        written += line.len() as u64;
    }
    out.write_all(b"UNLOCK TABLES;\n-- Dump completed\n")?;
    out.flush()
}

fn row(line: &mut Vec<u8>, id: u64, lean: bool, random: &mut Random) -> io::Result<()> {
    let (first, last) = (random.of(&FIRST), random.of(&LAST));
    let password = match random.below(200) {
        0..25 => random.of(&COMMON).to_owned(),
        25 => format!("{}{id}", last.to_lowercase()),
        _ => format!("{}{:x}", last, random.next() & 0xff_ffff_ffff),
    };
    let date = |random: &mut Random, year: u64| {
        format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}",
            year + random.below(6),
            1 + random.below(12),
            1 + random.below(28),
            random.below(24),
            random.below(60),
            random.below(60)
        )
    };
    let (created, updated, seen) = (date(random, 2014), date(random, 2020), date(random, 2020));
    write!(
        line,
        "({id},'{}{id}','{}.{}{id}@mail.example','{}','{first}','{last}','+{} {} {}','{} {}','{}','{}','{created}','{updated}',\
         '{seen}','10.{}.{}.{}',{},'{}'",
        last.to_lowercase(),
        first.to_lowercase(),
        last.to_lowercase(),
        hex::encode(Sha1::digest(password.as_bytes())),
        30 + random.below(20),
        100 + random.below(900),
        1_000_000 + random.below(9_000_000),
        random.of(&STREET),
        1 + random.below(200),
        10_000 + random.below(90_000),
        random.of(&CITY),
        random.below(256),
        random.below(256),
        random.below(256),
        u64::from(random.below(20) != 0),
        if random.below(5000) == 0 { "admin" } else { "member" },
    )?;
    if !lean {
        const TOKEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789Zz";
        let token: String = (0..60).map(|_| char::from(TOKEN[random.below(64) as usize])).collect();
        write!(
            line,
            ",'{token}','https://cdn.mail.example/avatars/{:03}/{id}.jpg','{}','{}','{{\\\"theme\\\":\\\"{}\\\",\\\"newsletter\\\":{}}}'",
            id % 1000,
            random.of(&AGENT),
            random.of(&["de", "en", "fr", "pl"]),
            random.of(&["dark", "light"]),
            random.below(2) == 0,
        )?;
    }
    line.push(b')');
    Ok(())
}
