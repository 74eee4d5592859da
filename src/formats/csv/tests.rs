use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::formats::testing::{self, Said};

fn head(bytes: &[u8]) -> Head<'_> {
    Head { bytes: &bytes[..bytes.len().min(Head::LEN)], whole: bytes.len() <= Head::LEN, extension: None }
}

fn reader(bytes: &[u8]) -> Box<dyn Reader> {
    let found = head::look(&head(bytes)).expect("the head is taken for a table");
    Box::new(CsvReader::new(found))
}

fn said(text: &[u8]) -> Said {
    testing::check(&|| reader(text), text, &[3, 11, 12, 30, 31, 47])
}

fn is_csv(text: &str) -> bool {
    Csv.sniff(&head(text.as_bytes())).is_some()
}

#[test]
fn every_delimiter_and_line_end_gives_the_same_rows() {
    for delimiter in [",", ";", "\t", "|"] {
        for newline in ["\n", "\r\n", "\r"] {
            let text = "id,email,password\n1,ann@example.com,\"a\nb\"\n2,bob@example.com,x\"y\n";
            let text = text.replace(',', delimiter).replace('\n', newline);
            let said = said(text.as_bytes());
            assert_eq!(
                said.text_of(""),
                [
                    vec!["1".to_string(), "ann@example.com".into(), format!("a{newline}b")],
                    vec!["2".into(), "bob@example.com".into(), "x\"y".into()]
                ],
                "{text:?}"
            );
            assert!(said.rows[0].table.named_columns);
            assert_eq!(said.rows[1].line, 4);
            assert!(said.faults.is_empty());
        }
    }
}

#[test]
fn a_byte_order_mark_and_excels_sep_line_are_passed() {
    let said = said(b"\xef\xbb\xbfsep=;\r\nid;email\r\n1;ann@example.com\r\n");
    assert_eq!(said.text_of(""), [["1", "ann@example.com"]]);
    assert_eq!(said.rows[0].table.columns[0].name, "id");
    assert_eq!((said.rows[0].offset, said.rows[0].line), (20, 3));
}

#[test]
fn a_file_without_header_has_made_up_names() {
    let said = said(b"1,ann@example.com,secret\n2,bob@example.com,hidden\n");
    assert_eq!(said.rows.len(), 2);
    assert!(!said.rows[0].table.named_columns);
    assert_eq!(said.rows[0].table.columns[2].name, "column 3");
}

#[test]
fn a_ragged_row_is_a_fault_and_its_neighbours_stay() {
    let said =
        said(b"id,email,password\n1,a@example.com,x\n2,b@example.com,y,z\n3,c@example.com\n4,d@example.com,w,,\n\n");
    assert_eq!(said.text_of(""), [["1", "a@example.com", "x"], ["4", "d@example.com", "w"]]);
    assert_eq!(said.faults.iter().map(|f| (f.line, f.len)).collect::<Vec<_>>(), [(3, 20), (4, 16)]);
}

#[test]
fn a_quote_that_is_never_closed_is_a_fault_from_where_its_row_began() {
    let text = b"id,email\n1,a@example.com\n2,b@example.com\n3,\"c@example.com\n4,d@example.com\n";
    let found = head::look(&head(&text[..41])).unwrap();
    let shape = Arc::new(Shape { dialect: found.dialect, table: found.table, required: found.required });
    let make = || -> Box<dyn Reader> {
        Box::new(CsvReader { carry: Carry::default(), rows: Rows::new(shape.clone(), found.skip) })
    };
    let said = testing::check(&make, text, &[45, 60]);
    assert_eq!(said.rows.len(), 2);
    assert_eq!(said.faults.len(), 1);
    assert_eq!((said.faults[0].offset, said.faults[0].line), (41, 4));
}

#[test]
fn a_quote_that_is_never_closed_costs_about_a_megabyte_and_not_the_file() {
    let mut text = b"id,email\n1,a@example.com\n".to_vec();
    for i in 0..100_000 {
        let quote = if i == 5_000 { "\"" } else { "" };
        text.extend(format!("{i},{quote}someone{i}@example.com\n").bytes());
    }
    let splits = [100, 200_000, 900_000, 1_500_001];
    let said = testing::check(&|| reader(&text), &text, &splits);
    assert_eq!(said.faults.len(), 1);
    assert!(said.not_understood() < (1 << 20) + 100 && said.rows.len() > 60_000);
}

#[test]
fn a_row_without_end_is_one_fault_and_memory_stays_bounded() {
    let mut text = b"id,email\n1,a@example.com\n2,".to_vec();
    text.resize(text.len() + MAX_ROW + 100, b'x');
    text.extend(b"\n3,c@example.com\n");
    let said = testing::check(&|| reader(&text), &text, &[1 << 20, 5 << 20, MAX_ROW + 30]);
    assert_eq!(said.text_of(""), [["1", "a@example.com"], ["3", "c@example.com"]]);
    assert_eq!(said.faults.len(), 1);
}

#[test]
fn a_cell_is_cut_and_its_row_kept() {
    let text = format!("id,email\n1,{}\n2,\"{}\"\n", "x".repeat(MAX_CELL + 7), "\"\"".repeat(MAX_CELL + 7));
    let text = format!("id,email,note\n9,z@example.com,\n{}", text[9..].replace('\n', ",\n"));
    let said = said(text.as_bytes());
    assert_eq!(said.rows[1].cells[1].as_ref().unwrap().len(), MAX_CELL);
    assert_eq!(said.rows[2].cells[1].as_ref().unwrap().len(), MAX_CELL);
}

#[test]
fn mysql_tab_files_have_their_escapes_undone() {
    let said = said(b"1\tann@example.com\t\\N\n2\tbob@example.com\ta\\tb\\\nc\n3\tcy@example.com\t\\\\N\n");
    assert_eq!(
        said.text_of(""),
        [["1", "ann@example.com", "∅"], ["2", "bob@example.com", "a\tb\nc"], ["3", "cy@example.com", "\\N"]]
    );
    assert_eq!(said.rows[2].line, 4);
}

#[test]
fn bytes_that_are_not_text_stay_as_they_are() {
    let said = said(b"id;name\n1;J\xfcrgen\n2;a\0b\n");
    assert_eq!(said.rows[0].cells[1].as_deref(), Some(&b"J\xfcrgen"[..]));
    assert_eq!(said.rows[1].cells[1].as_deref(), Some(&b"a\0b"[..]));
}

#[test]
fn a_list_under_a_plain_name_is_a_table_of_one_column() {
    let text = b"password\nhunter2\na,b\n\"quoted\n";
    assert_eq!(Csv.sniff(&head(text)), Some(Likeness::Possible));
    assert_eq!(said(text).text_of(""), [["hunter2"], ["a,b"], ["\"quoted"]]);
    assert!(!is_csv("apples\npears\nplums\n"));
}

#[test]
fn what_is_no_table_is_not_taken_for_one() {
    for text in [
        "Dear John,\nthank you for the letter, which came today.\nRegards,\nBen\n",
        "Hello, world\nGoodbye, everybody else\n",
        "fn main() {\n    let a = 1;\n    let b = 2;\n    println!(\"{a} {b}\");\n}\n",
        "int a = 1;\nint b = 2;\nint c = 3;\n",
        "2024-01-01 10:00:00,123 INFO started the server\n2024-01-01 10:00:01,456 INFO listening on port\n",
        "# Title\n\nSome text, with commas, here.\n\n- one\n- two\n",
        "| name | password |\n|------|----------|\n| ann  | x        |\n",
        "{\"id\": 1, \"email\": \"a\"}\n{\"id\": 2, \"email\": \"b\"}\n",
        "INSERT INTO users VALUES (1,'a');\nINSERT INTO users VALUES (2,'b');\n",
        "<users>\n<user a=\"1\", b=\"2\"/>\n</users>\n",
        "key = value\nother = value\n",
        "",
        "\n\n\n",
    ] {
        assert!(!is_csv(text), "{text}");
    }
    assert!(Csv.sniff(&head(&[0; 4096])).is_none());
}

#[test]
fn a_header_alone_is_an_empty_table() {
    assert!(is_csv("id,email,password\n"));
    assert!(said(b"id,email,password\n").rows.is_empty());
}

/// Throughput on one core; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn timing_of_an_account_export() {
    let mut text = b"id,email,password,name,last_login\n".to_vec();
    for i in 0..400_000 {
        text.extend(
            format!(
                "{i},person{i}@example.com,5f4dcc3b5aa765d61d8327deb882cf99,Firstname Lastname,2024-05-06 07:08:09\n"
            )
            .bytes(),
        );
    }
    testing::timing("CSV", &|| reader(&text), &text);
}

fn cell() -> impl Strategy<Value = String> {
    "[a-c,;\"\n\r \\\\|\t]{0,6}"
}

proptest! {
    #[test]
    fn a_table_printed_as_csv_is_read_back(rows in prop::collection::vec((cell(), cell()), 0..20),
                                           crlf: bool, splits in prop::collection::vec(0_usize..400, 0..6)) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("id,email,password{end}0,a@example.com,pw{end}");
        for (i, (a, b)) in rows.iter().enumerate() {
            let quoted = |s: &String| format!("\"{}\"", s.replace('"', "\"\""));
            write!(text, "{i},{},{}{end}", quoted(a), quoted(b)).unwrap();
        }
        let shape = Arc::new(Shape {
            dialect: Dialect { delimiter: b',', newline: b'\n', quotes: true, escape: false },
            table: Arc::new(Table {
                name: String::new(),
                columns: ["id", "email", "password"].map(crate::model::Column::named).to_vec(),
                named_columns: true,
            }),
            required: 3,
        });
        let skip = 17 + end.len();
        let make = || -> Box<dyn Reader> {
            Box::new(CsvReader { carry: Carry::default(), rows: Rows::new(shape.clone(), skip) })
        };
        let said = testing::check(&make, text.as_bytes(), &splits);
        prop_assert!(said.faults.is_empty());
        prop_assert_eq!(said.rows.len(), rows.len() + 1);
        for (row, (a, b)) in said.rows[1..].iter().zip(&rows) {
            prop_assert_eq!(row.cells[1].as_deref(), Some(a.as_bytes()));
            prop_assert_eq!(row.cells[2].as_deref(), Some(b.as_bytes()));
        }
    }

    #[test]
    fn any_bytes_are_accounted_for(text in "[ab,;\"\n\r\\\\N\t]{0,120}", delimiter in prop::sample::select(vec![b',', b'\t', b'\n']),
                                   quotes: bool, escape: bool, skip in 0_usize..5,
                                   splits in prop::collection::vec(0_usize..120, 0..6)) {
        let shape = Arc::new(Shape {
            dialect: Dialect { delimiter, newline: b'\n', quotes, escape },
            table: Arc::new(Table {
                name: String::new(),
                columns: ["a", "b"].map(crate::model::Column::named).to_vec(),
                named_columns: true,
            }),
            required: 2,
        });
        let make = || -> Box<dyn Reader> {
            Box::new(CsvReader { carry: Carry::default(), rows: Rows::new(shape.clone(), skip) })
        };
        testing::check(&make, text.as_bytes(), &splits);
        if let Some(found) = head::look(&head(text.as_bytes())) {
            drop(found);
            testing::check(&|| reader(text.as_bytes()), text.as_bytes(), &splits);
        }
    }
}
