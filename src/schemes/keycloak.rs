//! Keycloak's `credential` table: two columns of JSON, `secret_data` with key and salt, `credential_data` with algorithm and
//! iterations, which is read from the column beside; or both in one object, as exports have them.
//!
//! A form's parameters are the algorithm (8 bits, from the top; 0 where the other column has it) and the iterations.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use serde_json::Value;

use super::pbkdf2::Prf;
use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast,
    grading,
};
use crate::model::{Form, FormDef, FormKind, Grade, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "keycloak",
    prefixes: &["{\"", "{ "],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&FORM],
    layouts: &[],
    schemes: &[&Keycloak],
};

static FORM: FormDef = FormDef { name: "keycloak", kind: FormKind::Modular, digest_len: 0 };

/// Longest cell that is looked into.
const LONGEST: usize = 4096;
/// Place of the algorithm in a form's parameters.
const SHIFT: u32 = 56;

#[derive(Deserialize)]
struct Both {
    secret_data: Secret,
    credential_data: Credential,
}

#[derive(Deserialize)]
struct Secret {
    value: String,
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    hash_iterations: u64,
    algorithm: String,
    #[serde(default)]
    additional_parameters: Value,
}

#[derive(Clone, Copy)]
enum Kdf {
    Sha1 = 1,
    Sha256 = 2,
    Sha512 = 3,
    Argon2 = 4,
}

impl Kdf {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Sha1, "pbkdf2", "pbkdf2-sha1"),
        (Self::Sha256, "pbkdf2-sha256", "pbkdf2-sha256"),
        (Self::Sha512, "pbkdf2-sha512", "pbkdf2-sha512"),
        (Self::Argon2, "argon2", "argon2id"),
    ];

    fn of(form: Form) -> Option<(Self, &'static str)> {
        let found = Self::ALL.iter().find(|(kdf, ..)| *kdf as u64 == form.params >> SHIFT)?;
        Some((found.0, found.2))
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, theirs, _)| *theirs == name).map(|(kdf, ..)| *kdf)
    }
}

fn recognise(value: &[u8]) -> Option<Form> {
    let (secret, credential) = read(value)?;
    let is_base64 = |text: &str| codec::base64_len(text.as_bytes()).is_some_and(|len| len >= 8);
    if !is_base64(&secret.value) || codec::base64_len(secret.salt.as_bytes()).is_none() {
        return None;
    }
    let params = match credential {
        None => 0,
        Some(credential) => {
            let kdf = Kdf::named(&credential.algorithm)?;
            (kdf as u64) << SHIFT | credential.hash_iterations.min((1 << SHIFT) - 1)
        }
    };
    Some(Form { def: &FORM, params })
}

fn read(value: &[u8]) -> Option<(Secret, Option<Credential>)> {
    if value.len() > LONGEST || memchr::memmem::find(value, b"\"salt\"").is_none() {
        return None;
    }
    if let Ok(both) = serde_json::from_slice::<Both>(value) {
        return Some((both.secret_data, Some(both.credential_data)));
    }
    serde_json::from_slice::<Secret>(value).ok().map(|secret| (secret, None))
}

struct Keycloak;

impl Scheme for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &[&FORM] }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Value
    }
    fn protection(&self) -> Protection {
        Protection::PasswordHash
    }
    fn policy_key(&self) -> &'static str {
        "keycloak"
    }
    fn describe(&self, form: Form) -> String {
        let iterations = form.params & ((1 << SHIFT) - 1);
        Kdf::of(form)
            .map_or_else(|| "keycloak".to_owned(), |(_, name)| format!("keycloak {name} {iterations} iterations"))
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        match Kdf::of(form) {
            // Keycloak's defaults, 7 MiB and five passes, where the value does not say otherwise.
            Some((Kdf::Argon2, key)) => {
                let passes = form.params & ((1 << SHIFT) - 1);
                grading::by_minima(policy, key, [7168, passes, 1], &format!("m=7168 t={passes} p=1"))
            }
            Some((_, key)) => grading::by_count(policy, key, "iteration count", form.params & ((1 << SHIFT) - 1)),
            None => {
                let told = grading::fixed(policy, self.policy_key(), "the iteration count is in another column");
                Graded { grade: told.grade.min(Grade::Legacy), ..told }
            }
        }
    }
    fn work(&self, form: Form) -> u64 {
        let iterations = form.params & ((1 << SHIFT) - 1);
        match Kdf::of(form) {
            Some((Kdf::Sha1, _)) => Prf::Sha1.work(iterations).max(1),
            Some((Kdf::Sha256, _)) => Prf::Sha256.work(iterations).max(1),
            Some((Kdf::Sha512, _)) => Prf::Sha512.work(iterations).max(1),
            Some((Kdf::Argon2, _)) => iterations.saturating_mul(7_168_000).max(1),
            // Of Keycloak's defaults, the costliest.
            None => Prf::Sha512.work(210_000),
        }
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let (secret, credential) = read(stored.value).ok_or(Unverifiable::Malformed)?;
        let credential = match credential {
            Some(credential) => credential,
            None => {
                serde_json::from_slice(stored.salt.ok_or(Unverifiable::Missing)?).map_err(|_| Unverifiable::Missing)?
            }
        };
        let decode = |text: &str| codec::base64_bytes(text.as_bytes()).ok_or(Unverifiable::Malformed);
        let (key, salt) = (decode(&secret.value)?, decode(&secret.salt)?);
        let iterations = credential.hash_iterations;
        match Kdf::named(&credential.algorithm).ok_or(Unverifiable::Malformed)? {
            Kdf::Sha1 => Prf::Sha1.is_key(candidate, &salt, iterations, &key),
            Kdf::Sha256 => Prf::Sha256.is_key(candidate, &salt, iterations, &key),
            Kdf::Sha512 => Prf::Sha512.is_key(candidate, &salt, iterations, &key),
            Kdf::Argon2 => argon2(&credential, candidate, &salt, &key),
        }
    }
}

/// Argon2 by Keycloak's additional parameters: lists of one text each.
fn argon2(credential: &Credential, candidate: &[u8], salt: &[u8], key: &[u8]) -> Result<bool, Unverifiable> {
    let text = |name: &str| credential.additional_parameters[name][0].as_str();
    let number = |name: &str, default: u64| match text(name) {
        None => Ok(default),
        Some(text) => codec::decimal(text.as_bytes()).ok_or(Unverifiable::Malformed),
    };
    let (memory, lanes, passes) = (number("memory", 7168)?, number("parallelism", 1)?, credential.hash_iterations);
    let work = memory.saturating_mul(passes).saturating_mul(1_000);
    if work > MAX_WORK || memory.saturating_mul(1024) > MAX_MEMORY || candidate.len() > MAX_CANDIDATE || key.len() > 512
    {
        return Err(Unverifiable::TooCostly);
    }
    let algorithm = match text("type") {
        Some("d") => Algorithm::Argon2d,
        Some("i") => Algorithm::Argon2i,
        _ => Algorithm::Argon2id,
    };
    let narrow = |n: u64| u32::try_from(n).map_err(|_| Unverifiable::TooCostly);
    let params = Params::new(narrow(memory)?, narrow(passes)?, narrow(lanes)?, Some(key.len()))
        .map_err(|_| Unverifiable::Malformed)?;
    let version = if text("version") == Some("1.0") { Version::V0x10 } else { Version::V0x13 };
    let mut computed = vec![0; key.len()];
    Argon2::new(algorithm, version, params)
        .hash_password_into(candidate, salt, &mut computed)
        .map_err(|_| Unverifiable::Malformed)?;
    Ok(fast::same(key, &computed))
}
