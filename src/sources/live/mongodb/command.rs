//! Commands as they are sent, and as a dry run prints them.

use mongodb::bson::{Bson, Document};

/// A command as JSON, as the shell's `db.runCommand` takes it (Extended JSON where JSON has no such type), with the
/// database that it is sent to.
pub(super) fn shown(database: &str, command: &Document) -> String {
    let mut whole = command.clone();
    whole.insert("$db", database);
    let mut out = String::new();
    write(&mut out, &Bson::Document(whole));
    out
}

fn write(out: &mut String, value: &Bson) {
    match value {
        Bson::Document(document) => {
            out.push('{');
            for (number, (name, value)) in document.iter().enumerate() {
                if number > 0 {
                    out.push_str(", ");
                }
                string(out, name);
                out.push_str(": ");
                write(out, value);
            }
            out.push('}');
        }
        Bson::String(text) => string(out, text),
        Bson::Int32(n) => out.push_str(&n.to_string()),
        Bson::Int64(n) => out.push_str(&n.to_string()),
        Bson::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Bson::ObjectId(id) => out.push_str(&format!("{{\"$oid\": \"{id}\"}}")),
        Bson::Timestamp(time) => {
            out.push_str(&format!("{{\"$timestamp\": {{\"t\": {}, \"i\": {}}}}}", time.time, time.increment));
        }
        // Commands hold nothing else.
        _ => out.push_str("null"),
    }
}

fn string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{doc, oid::ObjectId};

    use super::*;

    #[test]
    fn commands_are_shown_in_their_order_and_names_cannot_leave_their_quotes() {
        let id = ObjectId::parse_str("507f1f77bcf86cd799439011").unwrap();
        let command = doc! {"find": "a\"}; x", "filter": {"_id": {"$gte": id, "$lt": 7i64}}, "all": true};
        assert_eq!(
            shown("app", &command),
            "{\"find\": \"a\\\"}; x\", \"filter\": {\"_id\": {\"$gte\": {\"$oid\": \"507f1f77bcf86cd799439011\"}, \
             \"$lt\": 7}}, \"all\": true, \"$db\": \"app\"}"
        );
    }
}
