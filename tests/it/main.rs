//! Tests that see the crate from outside, one module for each concern.

mod schemes;
