//! The one error of the program: what went wrong, and what to do about it.
