//! Tests that need more than the crate: other programs, files, whole runs. One binary, a module per concern.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests; clippy knows only functions marked as such")]

mod sqlite;
