//! credaudit reads database dumps, grades how every password in them is stored, and names the accounts
//! that must be reset, how soon, and why, without ever showing a password.
//!
//! Data flows one way:
//!
//! ```text
//! Target ─ sources ─▶ Unit ─ formats ─▶ Table batches ─ columns ─▶ roles ─▶ schemes, guess, breach ─▶ judge ─▶ report
//! ```
//!
//! Modules in reading order: [`model`] (the words everything speaks), [`sources`] (where bytes come from), [`formats`]
//! (bytes to tables), [`columns`] (what each column is), [`schemes`] (how a value was made), [`reversible`]
//! (encrypted instead of hashed, turned back), [`guess`] (does a common
//! password open it), [`breach`] (how often was it seen), [`judge`] (what to do about it), [`audit`] (the pipeline that
//! joins them), [`report`] (what people and programs read).

pub mod audit;
pub mod breach;
pub mod cli;
pub mod columns;
pub mod error;
pub mod formats;
#[doc(hidden)]
pub mod fuzzing;
pub mod gate;
pub mod guess;
pub mod judge;
pub mod model;
pub mod report;
pub mod reversible;
pub mod schemes;
pub mod secrets;
pub mod settings;
pub mod sources;
pub mod spool;
