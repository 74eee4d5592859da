//! What each column is: from its name, from its values, from its neighbours.
//!
//! [`ColumnStats`] keeps what the values of one column showed, small and mergeable; [`assign`] gives every column of a
//! table a [`Role`](crate::model::Role) from those statistics and from the names; [`may_be_credential`] decides early
//! which columns must be kept at all, [`may_be_proved`], [`may_be_digest_of`] and [`suppose`] where a proof is worth looking for. [`active_value`] and [`is_privileged`] read the cells of the flag columns.
//!
//! It is not a grader: how a credential was made is the business of the scheme family, whose
//! [`Form`](crate::model::Form) of each value comes in from outside.

mod assign;
mod cells;
mod look;
mod names;
mod products;
mod shape;
mod values;
mod verdicts;

pub use assign::{assign, may_be_credential, may_be_digest_of, may_be_proved, suppose};
pub use cells::{active_value, is_privilege_flag, is_privileged, is_privileged_login};
pub use products::{Product, products};
pub use values::ColumnStats;
