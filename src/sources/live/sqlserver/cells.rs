//! Values of SQL Server as the texts that its own scripts would show; binary values as bytes.

use std::io::Write as _;

use tiberius::ColumnData;

use super::super::batches::Batches;

/// The expression that gives the values of a column, by its type in the catalogue, as a text, a number or bytes. What the
/// client would have to decode by code page or calendar is converted by the server, which knows both.
pub(super) fn expression(name: &str, kind: &str, length: i64) -> String {
    match kind {
        "char" | "varchar" if (1..=4000).contains(&length) => format!("CONVERT(nvarchar({length}), {name})"),
        "char" | "varchar" | "text" | "ntext" | "xml" | "json" => format!("CONVERT(nvarchar(max), {name})"),
        "sql_variant" => format!("CONVERT(nvarchar(4000), {name})"),
        // ODBC's canonical form, as scripts and logs have it.
        "date" | "time" | "datetime" | "smalldatetime" | "datetime2" | "datetimeoffset" => {
            format!("CONVERT(nvarchar(40), {name}, 121)")
        }
        "decimal" | "numeric" | "money" | "smallmoney" => format!("CONVERT(nvarchar(50), {name})"),
        "image" => format!("CONVERT(varbinary(max), {name})"),
        "nchar" | "nvarchar" | "binary" | "varbinary" | "timestamp" | "rowversion" | "bit" | "tinyint" | "smallint"
        | "int" | "bigint" | "real" | "float" | "uniqueidentifier" => name.to_owned(),
        // Types made of code: each can say itself.
        _ => format!("{name}.ToString()"),
    }
}

/// Whether a primary key of this type can be cut into ranges.
pub(super) fn is_whole_number(kind: &str) -> bool {
    matches!(kind, "tinyint" | "smallint" | "int" | "bigint")
}

/// A value as the server gave it; `None` for NULL. An error is a type that no expression above gives.
pub(super) fn with<T>(value: &ColumnData<'_>, take: impl FnOnce(Option<&[u8]>) -> T) -> Result<T, &'static str> {
    // Enough for every number.
    let mut room = [0; 40];
    let mut number = |args: std::fmt::Arguments<'_>| {
        let mut rest = &mut room[..];
        let fits = rest.write_fmt(args).is_ok();
        let left = rest.len();
        if fits { 40 - left } else { 0 }
    };
    let length = match value {
        ColumnData::String(text) => return Ok(take(text.as_deref().map(str::as_bytes))),
        ColumnData::Binary(bytes) => return Ok(take(bytes.as_deref())),
        ColumnData::U8(Some(n)) => number(format_args!("{n}")),
        ColumnData::I16(Some(n)) => number(format_args!("{n}")),
        ColumnData::I32(Some(n)) => number(format_args!("{n}")),
        ColumnData::I64(Some(n)) => number(format_args!("{n}")),
        ColumnData::F32(Some(n)) if is_plain(f64::from(*n)) => number(format_args!("{n}")),
        ColumnData::F64(Some(n)) if is_plain(*n) => number(format_args!("{n}")),
        ColumnData::F32(Some(n)) => number(format_args!("{n:e}")),
        ColumnData::F64(Some(n)) => number(format_args!("{n:e}")),
        ColumnData::Bit(Some(bit)) => number(format_args!("{}", u8::from(*bit))),
        ColumnData::Guid(Some(id)) => number(format_args!("{id:X}")),
        ColumnData::U8(None)
        | ColumnData::I16(None)
        | ColumnData::I32(None)
        | ColumnData::I64(None)
        | ColumnData::F32(None)
        | ColumnData::F64(None)
        | ColumnData::Bit(None)
        | ColumnData::Guid(None) => return Ok(take(None)),
        _ => return Err("it holds a type of value that is not known here"),
    };
    Ok(take(Some(&room[..length])))
}

/// Whether a number is short without an exponent.
fn is_plain(n: f64) -> bool {
    n == 0.0 || (1e-5..1e16).contains(&n.abs())
}

/// The next cell of a row.
pub(super) fn put(batches: &mut Batches, index: usize, value: &ColumnData<'_>) -> Result<(), &'static str> {
    with(value, |bytes| match bytes {
        Some(bytes) => batches.cell(index, bytes),
        None => batches.null(index),
    })
}

/// A value as text.
pub(super) fn text(value: &ColumnData<'_>) -> Option<String> {
    with(value, |bytes| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_scripts_show() {
        let shown = |value: ColumnData<'static>| text(&value);
        assert_eq!(shown(ColumnData::I64(Some(i64::MIN))).as_deref(), Some("-9223372036854775808"));
        assert_eq!(shown(ColumnData::Bit(Some(true))).as_deref(), Some("1"));
        assert_eq!(shown(ColumnData::String(Some("ünï".into()))).as_deref(), Some("ünï"));
        assert_eq!(shown(ColumnData::F64(Some(-f64::MIN_POSITIVE))).as_deref(), Some("-2.2250738585072014e-308"));
        assert_eq!(shown(ColumnData::F64(Some(1_612_345_678.0))).as_deref(), Some("1612345678"));
        assert_eq!(shown(ColumnData::I32(None)), None);
        let guid = tiberius::Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(shown(ColumnData::Guid(Some(guid))).as_deref(), Some("01020304-0506-0708-090A-0B0C0D0E0F10"));
        assert!(with(&ColumnData::Date(None), |_| ()).is_err());
    }

    #[test]
    fn texts_of_code_pages_and_calendars_are_converted_by_the_server() {
        assert_eq!(expression("[a]", "varchar", 40), "CONVERT(nvarchar(40), [a])");
        assert_eq!(expression("[a]", "varchar", -1), "CONVERT(nvarchar(max), [a])");
        assert_eq!(expression("[a]", "varchar", 8000), "CONVERT(nvarchar(max), [a])");
        assert_eq!(expression("[a]", "nvarchar", 80), "[a]");
        assert_eq!(expression("[a]", "datetime2", 8), "CONVERT(nvarchar(40), [a], 121)");
        assert_eq!(expression("[a]", "hierarchyid", 892), "[a].ToString()");
    }
}
