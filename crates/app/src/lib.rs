//! The program `tutela`, as a library so that its parts can be tested.

pub mod report;
