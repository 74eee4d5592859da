//! Passwords that can be turned back: encoded or encrypted instead of hashed.
//!
//! [`learn`] looks for a way to turn a column's values back (an encoding, a short key found in the values, a key that was
//! given or published) and says how sure it is; the [`Opening`] it gives then turns back row by row. [`look`] names what
//! an encrypted column is by its statistics, where nothing opens it.
//!
//! Nothing here knows about columns' names or about lists of passwords: whether a word is a common password is asked of
//! the caller.

mod blocks;
mod containers;
mod encoding;
mod keys;
mod layout;
mod look;
mod opening;
mod stream;
mod text;

pub use keys::{Key, Keys};
pub use look::{Look, look};
pub use opening::{Ask, Opening, learn};

/// Values of a column that are looked at: enough for 2 % duplicates to show.
pub const SAMPLE: usize = 1024;

/// Longest value looked at, in bytes; a Laravel payload has 200 to 300, an encrypted password in any other form less.
pub const LONGEST: usize = 512;
