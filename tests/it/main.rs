//! Tests from outside: what a caller of the library or the program sees.
#![allow(clippy::unwrap_used)] // In tests a panic is the report.
#![allow(clippy::format_collect)] // Inputs are built to be read here, not to be built quickly.

mod archives;
mod bad_input;
mod blocks;
mod breach;
mod breach_audit;
mod breach_sources;
mod canary;
mod cli;
mod column_proofs;
mod columns;
mod corpus;
mod demo;
mod dumps;
mod formulas;
mod fuzz_corpus;
mod gate;
mod gate_archives;
mod gate_bytes;
mod gate_ci;
mod gate_git;
mod gate_lines;
mod gate_monsters;
mod identify;
mod laws;
mod live;
#[cfg(feature = "mongodb")]
mod mongod;
mod people;
mod program;
mod published;
mod range_store;
mod readme;
mod schemes;
mod secrets;
mod serve;
mod servers;
mod sources;
mod sqlite;
#[cfg(feature = "sqlserver")]
mod tds;
mod web;
