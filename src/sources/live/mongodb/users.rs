//! The server's own accounts, `admin.system.users`: each way in which an account may log in is a row.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mongodb::bson::{RawBsonRef, RawDocument};

use super::super::Take;
use super::super::batches::Batches;

/// What it is called in reports.
pub(super) const NAME: &str = "admin.system.users";
/// Columns of its rows.
pub(super) const COLUMNS: [&str; 4] = ["login", "password", "mechanism", "is_superuser"];

/// Roles that may do everything, or make themselves able to.
const ABOVE_ALL: [&str; 4] = ["root", "__system", "userAdminAnyDatabase", "dbAdminAnyDatabase"];

/// Adds the rows of one account; `number` counts them.
pub(super) fn add(batches: &mut Batches, user: &RawDocument, number: &mut u64, take: Take<'_>) -> ControlFlow<()> {
    let text = |name: &str| user.get_str(name).unwrap_or_default();
    let (name, database) = (text("user"), text("db"));
    let login = format!("{database}.{name}");
    let above = user.get_array("roles").is_ok_and(|roles| {
        roles.into_iter().flatten().filter_map(|role| role.as_document()?.get_str("role").ok()).any(|role| {
            // The owner of `admin` may give himself every role.
            ABOVE_ALL.contains(&role)
        })
    });
    let Ok(credentials) = user.get_document("credentials") else { return ControlFlow::Continue(()) };
    for element in credentials {
        let Ok((mechanism, value)) = element else { continue };
        let Some(password) = stored(name, mechanism.as_str(), value) else { continue };
        batches.cell(0, login.as_bytes());
        batches.cell(1, password.as_bytes());
        batches.cell(2, mechanism.as_str().as_bytes());
        batches.cell(3, if above { b"t" } else { b"f" });
        *number += 1;
        if let Some(batch) = batches.end_row(*number) {
            take(batch)?;
        }
    }
    ControlFlow::Continue(())
}

/// The credential in the form in which the schemes know it: `$mongodb-scram$*<kind>*<login>*<iterations>*<salt>*<ServerKey>`
/// for SCRAM, 32 hexadecimal digits for what was before it. `None` where there is no password: certificates, LDAP.
fn stored(name: &str, mechanism: &str, value: RawBsonRef<'_>) -> Option<String> {
    let kind = match mechanism {
        "SCRAM-SHA-1" => 0,
        "SCRAM-SHA-256" => 1,
        "MONGODB-CR" => return value.as_str().map(ToOwned::to_owned),
        _ => return None,
    };
    let of = value.as_document()?;
    let count = match of.get("iterationCount").ok()?? {
        RawBsonRef::Int32(n) => i64::from(n),
        RawBsonRef::Int64(n) => n,
        RawBsonRef::Double(n) => n as i64,
        _ => return None,
    };
    let (salt, key) = (of.get_str("salt").ok()?, of.get_str("serverKey").ok()?);
    Some(format!("$mongodb-scram$*{kind}*{}*{count}*{salt}*{key}", BASE64_STANDARD.encode(name)))
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{RawDocumentBuf, doc};

    use super::*;

    #[test]
    fn each_way_to_log_in_is_a_row_in_the_form_that_the_schemes_know() {
        let user = doc! {
            "_id": "admin.ann", "user": "ann", "db": "admin", "roles": [{"role": "root", "db": "admin"}],
            "credentials": {
                "SCRAM-SHA-1": {"iterationCount": 10_000, "salt": "c2FsdA==", "storedKey": "c3Q=", "serverKey": "a2V5"},
                "SCRAM-SHA-256": {"iterationCount": 15_000, "salt": "c2FsdA==", "storedKey": "c3Q=", "serverKey": "a2V5"},
                "external": true,
            },
        };
        let credentials = RawDocumentBuf::try_from(&user).unwrap();
        let credentials = credentials.get_document("credentials").unwrap();
        let found: Vec<Option<String>> = credentials
            .into_iter()
            .map(|element| {
                let (mechanism, value) = element.unwrap();
                stored("ann", mechanism.as_str(), value)
            })
            .collect();
        assert_eq!(
            found,
            [
                Some("$mongodb-scram$*0*YW5u*10000*c2FsdA==*a2V5".to_owned()),
                Some("$mongodb-scram$*1*YW5u*15000*c2FsdA==*a2V5".to_owned()),
                None
            ]
        );
    }
}
