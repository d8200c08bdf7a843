//! Tests of the program as its users meet it: one binary, one module a subject.

mod end_to_end;
mod report;
mod support;
