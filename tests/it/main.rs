//! Tests of the program as a whole.

// Helpers of tests may unwrap as the tests themselves do; `allow-unwrap-in-tests` does not reach them.
#![allow(clippy::unwrap_used)]

mod cli;
