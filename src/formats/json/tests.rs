use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::formats::testing::{self, Said};

fn head(bytes: &[u8]) -> Head<'_> {
    Head { bytes: &bytes[..bytes.len().min(Head::LEN)], whole: bytes.len() <= Head::LEN, extension: None }
}

fn reader(bytes: &[u8]) -> Box<dyn Reader> {
    let (layout, _) = head::look(&head(bytes)).unwrap_or((Layout::Document, Likeness::Possible));
    Box::new(JsonReader::new(layout))
}

fn said(text: &str) -> Said {
    testing::check(&|| reader(text.as_bytes()), text.as_bytes(), &[1, 7, 20, 33, 50, 51, 80])
}

fn columns(said: &Said) -> Vec<String> {
    said.rows.last().unwrap().table.columns.iter().map(|c| c.name.clone()).collect()
}

#[test]
fn an_array_of_objects_is_a_table() {
    let said =
        said("[\n{\"id\": 1, \"email\": \"ann@example.com\"},\n{\"email\": \"bob@example.com\", \"id\": null}\n]\n");
    assert_eq!(said.text_of(""), [["1", "ann@example.com"], ["∅", "bob@example.com"]]);
    assert_eq!(columns(&said), ["id", "email"]);
    assert_eq!((said.rows[1].offset, said.rows[1].line), (41, 3));
    assert!(said.faults.is_empty());
}

#[test]
fn objects_a_line_are_a_table_and_a_broken_line_costs_only_itself() {
    let said = said("{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n{\"a\":3,\n\n{\"a\":4} \n");
    assert_eq!(said.text_of(""), [vec!["1"], vec!["2", "x"], vec!["4", "∅"]]);
    assert_eq!(said.faults.iter().map(|f| (f.line, f.len)).collect::<Vec<_>>(), [(3, 8)]);
}

#[test]
fn columns_are_appended_as_rows_bring_them() {
    let said = said("[{\"a\":1},{\"b\":2},{\"a\":3}]");
    assert_eq!(said.rows.iter().map(|r| r.table.columns.len()).collect::<Vec<_>>(), [1, 2, 2]);
    assert_eq!(said.text_of(""), [vec!["1"], vec!["∅", "2"], vec!["3", "∅"]]);
}

#[test]
fn arrays_inside_a_document_are_tables_named_by_their_path() {
    let said =
        said("{\"meta\":{\"v\":1},\"data\":{\"users\":[{\"id\":1},{\"id\":2}],\"n\":[1,2]},\"posts\":[{\"t\":\"x\"}]}");
    assert_eq!(said.text_of("data.users"), [["1"], ["2"]]);
    assert_eq!(said.text_of("posts"), [["x"]]);
    assert_eq!(said.text_of("meta"), [["1"]]);
}

#[test]
fn a_map_of_alike_objects_is_a_table_with_its_keys() {
    let said = said(
        "{\"users\":{\"u1\":{\"email\":\"a@example.com\",\"pw\":\"x\"},\"u2\":{\"email\":\"b@example.com\",\"pw\":\"y\"}}}",
    );
    assert_eq!(said.text_of("users"), [["u1", "a@example.com", "x"], ["u2", "b@example.com", "y"]]);
    assert_eq!(columns(&said), ["key", "email", "pw"]);
}

#[test]
fn extended_json_collapses_into_its_value() {
    let said = said(
        "{\"_id\":{\"$oid\":\"65\"},\"n\":{\"$numberLong\":\"7\"},\"at\":{\"$date\":{\"$numberLong\":\"9\"}},\"b\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}}\n{\"_id\":{\"$oid\":\"66\"}}\n",
    );
    assert_eq!(columns(&said), ["_id", "n", "at", "b", "b.subType"]);
    assert_eq!(said.text_of("")[0], ["65", "7", "9", "AA==", "00"]);
}

#[test]
fn keycloak_secrets_in_strings_become_columns() {
    let said = said(
        r#"{"realm":"r","users":[{"username":"ann","credentials":[{"type":"password","secretData":"{\"value\":\"q\\/8=\",\"salt\":\"s\"}"},{"type":"otp"}]}]}"#,
    );
    assert_eq!(
        columns(&said),
        [
            "username",
            "credentials[].type",
            "credentials[].secretData.value",
            "credentials[].secretData.salt",
            "credentials[1].type"
        ]
    );
    assert_eq!(said.text_of("users"), [["ann", "password", "q/8=", "s", "otp"]]);
}

#[test]
fn one_record_alone_is_a_row() {
    assert_eq!(
        said("{\"id\":1,\"email\":\"a@example.com\",\"tags\":[\"x\",\"y\"]}").text_of(""),
        [["1", "a@example.com", "x", "y"]]
    );
}

#[test]
fn pretty_printed_objects_one_after_the_other_are_rows() {
    let said = said("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n");
    assert_eq!(said.text_of(""), [["1"], ["2"]]);
    assert_eq!(said.rows[1].line, 4);
}

#[test]
fn escapes_are_undone() {
    assert_eq!(
        said(r#"[{"a":"x\n\"\\\/\u00e9\ud83d\ude00\ud800y","\u0062":1}]"#).text_of(""),
        [["x\n\"\\/é😀\u{fffd}y", "1"]]
    );
}

#[test]
fn what_is_cut_off_is_a_fault_and_earlier_rows_stay() {
    let said = said("[{\"a\":1},{\"a\":2},{\"a\":");
    assert_eq!(said.rows.len(), 2);
    assert_eq!(said.faults.len(), 1);
    assert_eq!((said.faults[0].offset, said.faults[0].len, said.faults[0].what), (17, 5, CUT_OFF));
    let said = self::said("[{\"a\":1},");
    assert_eq!((said.faults.len(), said.not_understood()), (1, 0));
}

#[test]
fn a_broken_row_in_an_array_costs_only_itself() {
    let said = said("[{\"a\":1},{\"a\" 2},{\"a\":3},{\"a\":4,{\"a\":5},{\"a\":7}]");
    assert_eq!(said.text_of(""), [["1"], ["3"], ["5"], ["7"]]);
    assert_eq!(said.faults.len(), 2);
}

#[test]
fn a_value_without_end_is_one_fault_and_memory_stays_bounded() {
    let mut text = b"[{\"a\":1},{\"a\":\"".to_vec();
    text.resize(text.len() + MAX_ROW + 100, b'x');
    text.extend(b"\"},{\"a\":3}]");
    let said = testing::check(&|| reader(&text), &text, &[1 << 20, 7 << 20, MAX_ROW + 30]);
    assert_eq!(said.text_of(""), [["1"], ["3"]]);
    assert_eq!((said.faults.len(), said.faults[0].what), (1, TOO_LONG));
}

#[test]
fn depth_and_width_are_bounded_and_the_row_stays() {
    let deep = format!("[{{\"a\":1,\"b\":{}1{}}}]", "[".repeat(5000), "]".repeat(5000));
    let said = said(&deep);
    let passed_over = |said: &Said| said.faults.iter().map(|f| (f.len, f.what)).collect::<Vec<_>>();
    assert_eq!((said.rows.len(), passed_over(&said)), (1, vec![(0, rows::PASSED_OVER)]));
    let mut wide = String::from("[{\"k0\":0");
    (1..5000).for_each(|i| write!(wide, ",\"k{i}\":{i}").unwrap());
    wide.push_str("}]");
    let said = self::said(&wide);
    assert_eq!(said.rows[0].cells.len(), 512);
    assert_eq!(passed_over(&said), [(0, rows::PASSED_OVER)]);
}

#[test]
fn an_ini_file_or_a_hash_in_braces_is_not_json() {
    for text in ["[section]\nkey=1\n", "{SSHA}abc\n", "[[table]]\n", "{{ template }}", "hello", "", "[true story]"] {
        assert!(Json.sniff(&head(text.as_bytes())).is_none(), "{text}");
    }
    for text in ["{}", "[]", "[1,2]", "{\"a\":1}", " \n[{\"a\":", "[[\"a\"]]"] {
        assert!(Json.sniff(&head(text.as_bytes())).is_some(), "{text}");
    }
}

/// Throughput on one core; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn timing_of_an_account_export() {
    let mut text = String::new();
    for i in 0..300_000 {
        writeln!(
            text,
            "{{\"_id\":{{\"$oid\":\"65a1b2c3d4e5f60718{i:06}\"}},\"email\":\"person{i}@example.com\",\"password\":\"5f4dcc3b5aa765d61d8327deb882cf99\",\"name\":\"Firstname Lastname\",\"active\":true,\"logins\":{i}}}"
        )
        .unwrap();
    }
    testing::timing("JSON lines", &|| reader(text.as_bytes()), text.as_bytes());
    let array = format!("[{}]", text.trim_end().replace('\n', ",\n"));
    testing::timing("JSON array", &|| reader(array.as_bytes()), array.as_bytes());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-c{}\"\\\\\n\u{e9}]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::hash_map("[a-d]{1,2}", inner, 0..3)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_objects_printed_are_as_many_rows(
        rows in prop::collection::vec(prop::collection::hash_map("[a-f]{1,2}", json(), 1..5), 1..8),
        style in 0..3, splits in prop::collection::vec(0_usize..600, 0..6),
    ) {
        let text = match style {
            0 => serde_json::to_string(&rows).unwrap(),
            1 => serde_json::to_string_pretty(&rows).unwrap(),
            _ => rows.iter().map(|r| serde_json::to_string(r).unwrap() + "\n").collect(),
        };
        let layout = if style == 2 { Layout::Lines } else { Layout::Document };
        let said = testing::check(&|| Box::new(JsonReader::new(layout)), text.as_bytes(), &splits);
        prop_assert!(said.faults.is_empty());
        prop_assert_eq!(said.rows.len(), rows.len());
    }

    #[test]
    fn any_bytes_are_accounted_for(text in "[\\[\\]{}\"\\\\:,1a \nt]{0,80}", splits in prop::collection::vec(0_usize..80, 0..6)) {
        for layout in [Layout::Lines, Layout::Sequence, Layout::Document] {
            testing::check(&|| Box::new(JsonReader::new(layout)), text.as_bytes(), &splits);
        }
    }

    #[test]
    fn any_order_of_tokens_is_accounted_for(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"a\":", "{\"a\":1}", "{\"b\":{\"c\":2}}", "1", "null", "\n", " ", "\"",
            "\"\\u00", "\"{\\\"z\\\":1}\"", "\"k\":{\"a\":1},", "{\"u\":[",
        ]), 0..30),
        splits in prop::collection::vec(0_usize..150, 0..6),
    ) {
        let text = tokens.concat();
        for layout in [Layout::Lines, Layout::Sequence, Layout::Document] {
            testing::check(&|| Box::new(JsonReader::new(layout)), text.as_bytes(), &splits);
        }
    }
}

#[test]
fn objects_of_an_inner_list_that_are_not_read_are_told_of() {
    let users = |count: usize| {
        let users: Vec<String> = (0..count).map(|n| format!(r#"{{"login":"u{n}"}}"#)).collect();
        format!(r#"[{{"realm":"a","users":[{}]}},{{"realm":"b","users":[]}}]"#, users.join(","))
    };
    assert!(said(&users(8)).faults.is_empty());
    let more = said(&users(9));
    assert_eq!(more.rows.len(), 2);
    let places: Vec<(u64, u64)> = more.faults.iter().map(|fault| (fault.offset, fault.len)).collect();
    assert_eq!(places, [(1, 0)], "the row is kept, and what it lost is a fault of its own");
}
