//! Tests that need more than the crate: other programs, files, whole runs. One binary, a module per concern.

mod sqlite;
