//! Tests from outside: what a caller of the library or the program sees.
#![allow(clippy::unwrap_used)] // In tests a panic is the report.

mod sources;
