//! Tests from outside: what a caller of the library or the program sees.
#![allow(clippy::unwrap_used)] // In tests a panic is the report.

mod bad_input;
mod blocks;
mod breach;
mod canary;
mod cli;
mod columns;
mod dumps;
mod fuzz_corpus;
mod people;
mod program;
mod schemes;
mod servers;
mod sources;
mod sqlite;
